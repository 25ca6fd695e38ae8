//! What a person set before the start: each of it is in its field, and does something.

use sockyard::app::client::{LineEnding, Receive};
use sockyard::app::control::{Button, Control, Input};
use sockyard::app::{App, Effect, Msg, Settings};
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Call, ClientAction, ClientId, Errno, Event, Family, Fd, Outcome, ServerAction,
    SocketAction, SocketKind,
};

use crate::support::{
    Bench, CLIENT, SOCKET, by_client, client, on_client, recv, recv_once, target,
};

/// An app that was set so before its start.
fn with(settings: &Settings) -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.app = App::new(settings);
    bench.draw();
    bench
}

fn by_hand() -> Bench {
    with(&Settings {
        receive: Receive::ByHand,
        ..Settings::default()
    })
}

fn footer(bench: &mut Bench) -> String {
    bench.screen().lines().last().unwrap_or("").to_owned()
}

/// The worker receives no more by itself.
fn stops_waiting(bench: &mut Bench, who: Actor) {
    let function = Function::Recv;
    bench.happened(vec![Event::Unblocked { who, function }]);
}

const BY_HAND: SocketAction = SocketAction::ReceiveAlone(None);

#[test]
fn the_server_and_the_messages_are_as_set() {
    let mut bench = with(&Settings {
        bind: "::1".to_owned(),
        port: 9_999,
        backlog: 3,
        line_ending: LineEnding::CrLf,
        ..Settings::default()
    });
    let Action::Server(ServerAction::Start(setup)) = bench.action("s") else {
        panic!("a start");
    };
    assert_eq!((&setup.host[..], setup.port), ("::1", 9_999));
    assert_eq!(setup.backlog, 3);
    bench.client_connects();
    let sent = on_client(SocketAction::SendAll(b"hi\r\n".to_vec()));
    assert_eq!(bench.action("1ihi<enter>"), sent);
}

#[test]
fn the_worker_is_told_how_to_receive_ahead_of_the_first_thing_that_it_has_to_do_and_once() {
    let socket = ClientAction::Socket(Family::Inet, SocketKind::Stream);
    let connect = ClientAction::Connect(target("127.0.0.1", "8888"));
    for (key, action) in [("k", socket), ("c", connect)] {
        let mut bench = by_hand();
        let told = Effect::Perform(on_client(BY_HAND));
        let action = Effect::Perform(by_client(action));
        assert_eq!(bench.keys("1"), [], "no worker is started for it alone");
        assert_eq!(bench.keys(key), [told, action]);
        assert_eq!(bench.action("l"), on_client(SocketAction::Close));
    }
}

#[test]
fn a_connect_at_the_start_is_preceded_by_it_too() {
    let told = Effect::Perform(on_client(BY_HAND));
    let effects = by_hand().app.start(false, true);
    assert_eq!((effects.len(), &effects[0]), (2, &told));

    let mut bench = by_hand();
    assert_eq!(bench.app.start(true, true).len(), 1, "the server alone");
    let socket = Call::Socket {
        family: Family::Inet,
        kind: SocketKind::Stream,
    };
    let effects = bench.returned(Actor::Server, socket, Outcome::Failed(Errno::EMFILE));
    assert_eq!((effects.len(), &effects[0]), (2, &told));
}

#[test]
fn a_person_who_chooses_anew_before_the_first_call_is_told_once() {
    let mut bench = by_hand();
    let alone = on_client(SocketAction::ReceiveAlone(Some(65_536)));
    assert_eq!(bench.action("1h"), alone);
    assert!(matches!(
        bench.action("c"),
        Action::Client(_, ClientAction::Connect(_))
    ));
}

#[test]
fn a_size_of_its_own_is_told_and_the_usual_one_is_not() {
    let mut bench = with(&Settings {
        recv_size: 16,
        ..Settings::default()
    });
    let told = Effect::Perform(on_client(SocketAction::ReceiveAlone(Some(16))));
    assert_eq!(bench.keys("c")[..1], [told]);
    assert_eq!(bench.action("1r"), on_client(recv_once(16)));
    assert_eq!(with(&Settings::default()).keys("c").len(), 1);
}

#[test]
fn what_no_worker_could_take_is_told_to_the_next() {
    let mut bench = by_hand();
    assert_eq!(bench.keys("c").len(), 2);
    let why = "no worker thread can be started".to_owned();
    bench.app.update(Msg::Undone(CLIENT, why));
    assert_eq!(bench.keys("1c").len(), 2);
}

#[test]
fn another_session_receives_as_the_one_in_front_does() {
    let mut bench = by_hand();
    bench.app.focus_on(Control::Input(Input::RecvSize));
    bench.keys("<c-u>9<esc>+");
    let effects = bench.keys("c");
    let told = Action::Client(ClientId(2), ClientAction::On(BY_HAND));
    assert_eq!(effects[..1], [Effect::Perform(told)]);
    bench.connects(client(2), 9, 10_001);
    stops_waiting(&mut bench, client(2));
    let recv = Action::Client(ClientId(2), ClientAction::On(recv_once(9)));
    bench.app.focus_on(Control::Button(Button::Recv));
    assert_eq!(bench.action("r"), recv);
}

#[test]
fn the_footer_offers_recv_only_where_it_would_come_to_something() {
    let mut bench = Bench::new(160, 36);
    bench.keys("1<esc>");
    assert!(!footer(&mut bench).contains("r recv"), "no socket");
    bench.returned(CLIENT, SOCKET, Outcome::Descriptor(Fd(7)));
    bench.keys("1<esc>");
    assert!(footer(&mut bench).contains("r recv"), "no connection");
    bench.client_connects();
    bench.app.focus_on(Control::Button(Button::Close));
    assert!(!footer(&mut bench).contains("r recv"), "as bytes come");
    bench.app.focus_on(Control::Button(Button::Recv));
    assert!(!footer(&mut bench).contains("recv"), "Enter neither");
    bench.app.focus_on(Control::Input(Input::RecvSize));
    assert!(footer(&mut bench).contains("Enter set the size"));
    bench.keys("<esc>h");
    stops_waiting(&mut bench, CLIENT);
    bench.app.focus_on(Control::Button(Button::Close));
    assert!(footer(&mut bench).contains("r recv"), "by hand");
    bench.app.focus_on(Control::Input(Input::RecvSize));
    bench.blocked(CLIENT, recv(7));
    assert!(footer(&mut bench).contains("Enter cancel"));
}
