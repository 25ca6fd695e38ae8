//! The way of a first-time user: how few keys the first echo needs.

use sockyard::app::Effect;
use sockyard::model::{
    Action, Address, ClientAction, ClientId, ServerAction, ServerSetup, Service,
};

use crate::support::Bench;

#[test]
fn the_first_echo_takes_three_keys_beside_the_text() {
    let mut bench = Bench::new(120, 36);
    let start = bench.action("s");
    let setup = ServerSetup {
        host: "127.0.0.1".to_owned(),
        port: 8888,
        backlog: 128,
        service: Service::Echo,
    };
    assert_eq!(start, Action::Server(ServerAction::Start(setup)));
    bench.server_listens();

    let connect = bench.action("c");
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: "8888".to_owned(),
    };
    let expected = Action::Client(ClientId::FIRST, ClientAction::Connect(address));
    assert_eq!(connect, expected);
    bench.client_connects();

    let send = bench.action(r"hello 你好\n<enter>");
    let bytes = "hello 你好\n".as_bytes().to_vec();
    let expected = Action::Client(ClientId::FIRST, ClientAction::Send(bytes));
    assert_eq!(send, expected);
}

#[test]
fn the_first_echo_takes_enter_alone() {
    let mut bench = Bench::new(80, 24);
    bench.action("<enter>");
    bench.server_listens();
    bench.action("<enter>");
    bench.client_connects();
    let send = bench.action("hi<enter>");
    let expected = Action::Client(ClientId::FIRST, ClientAction::Send(b"hi".to_vec()));
    assert_eq!(send, expected);
}

#[test]
fn the_first_echo_takes_the_mouse_alone() {
    let mut bench = Bench::new(120, 36);
    assert!(matches!(bench.click("[Start]")[..], [Effect::Perform(_)]));
    bench.server_listens();
    assert!(matches!(bench.click("[Connect]")[..], [Effect::Perform(_)]));
    bench.client_connects();
    bench.keys("hi");
    let sent = bench.click("[Send]");
    let action = Action::Client(ClientId::FIRST, ClientAction::Send(b"hi".to_vec()));
    assert_eq!(sent, [Effect::Perform(action)]);
}
