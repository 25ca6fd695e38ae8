//! The way of a first-time user: how few keys the first echo needs.

use sockyard::app::Effect;
use sockyard::model::{
    Action, ClientAction, Offer, ServerAction, ServerSetup, SocketAction, SocketKind,
};

use crate::support::{Bench, by_client, on_client, send_once, target};

#[test]
fn the_first_echo_takes_three_keys_beside_the_text() {
    let mut bench = Bench::new(120, 36);
    let start = bench.action("s");
    let setup = ServerSetup {
        host: "127.0.0.1".to_owned(),
        port: 8888,
        kind: SocketKind::Stream,
        backlog: 128,
        offer: Offer::default(),
    };
    assert_eq!(start, Action::Server(ServerAction::Start(setup)));
    bench.server_listens();

    let connect = bench.action("c");
    let expected = ClientAction::Connect(target("127.0.0.1", "8888"));
    assert_eq!(connect, by_client(expected));
    bench.client_connects();

    let send = bench.action(r"hello 你好\n<enter>");
    let bytes = "hello 你好\n".as_bytes().to_vec();
    assert_eq!(send, on_client(SocketAction::SendAll(bytes)));
}

#[test]
fn the_first_echo_takes_enter_alone() {
    let mut bench = Bench::new(80, 24);
    bench.action("<enter>");
    bench.server_listens();
    bench.action("<enter>");
    bench.client_connects();
    let send = bench.action("hi<enter>");
    assert_eq!(send, on_client(SocketAction::SendAll(b"hi".to_vec())));
}

#[test]
fn the_first_echo_takes_the_mouse_alone() {
    let mut bench = Bench::new(120, 36);
    assert!(matches!(bench.click("[Start]")[..], [Effect::Perform(_)]));
    bench.server_listens();
    assert!(matches!(bench.click("[Connect]")[..], [Effect::Perform(_)]));
    bench.client_connects();
    bench.keys("hi");
    let sent = bench.click("[seNd]");
    assert_eq!(sent, [Effect::Perform(on_client(send_once(b"hi")))]);
}
