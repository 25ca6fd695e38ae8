//! What a review of the app asked for: nothing goes astray, nobody is interrupted, and what is shown is what is done.

use std::path::PathBuf;
use std::time::Duration;

use sockyard::app::control::{Control, Input, Pane};
use sockyard::app::plan::Steps;
use sockyard::app::stage::Stage;
use sockyard::app::{Effect, Msg};
use sockyard::model::{
    Action, Actor, Call, ClientAction, ClientId, ConnectionId, Errno, Event, Fd, LookupError,
    Model, Moment, Offer, Outcome, SaveId, SaveOrder, SaveReport, ServerAction, Service,
    SocketAction, SocketKind,
};

use crate::support::{
    Bench, CLIENT, SERVER, SOCKET, client, connection, loopback, on_client, piece, recv, recv_once,
    send,
};

/// Both ends are up, and an answer is typed.
fn ready() -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.client_connects();
    bench.accepted(1, 8, 53_422);
    bench.keys("2iyo<esc>");
    bench
}

#[test]
fn choices_have_letters_of_their_own() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    assert_eq!(
        bench.action("1h"),
        on_client(SocketAction::ReceiveAlone(None))
    );
    bench.keys("p");
    assert_eq!(bench.app.client().kind, SocketKind::Datagram);
    bench.keys("2p");
    assert_eq!(bench.app.server.kind, SocketKind::Datagram);
    bench.keys("phv");
    assert_eq!(bench.app.server.model, Model::Poll);
    assert_eq!(bench.app.server.service, Service::EchoOnce);
    bench.server_listens();
    let offer = Offer {
        service: Service::Ok,
        model: Model::Poll,
        delay: Duration::ZERO,
    };
    assert_eq!(
        bench.action("v"),
        Action::Server(ServerAction::Offer(offer))
    );
}

#[test]
fn a_service_is_not_shown_as_chosen_while_the_rest_of_the_offer_makes_no_sense() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.app.server.delay.set("");
    for key in ["2v", "h"] {
        assert_eq!(bench.keys(key), []);
        assert!(bench.told().contains("delay"), "{}", bench.told());
    }
    let server = &bench.app.server;
    assert_eq!(
        (server.service, server.model),
        (Service::Echo, Model::Threads)
    );
    let screen = bench.screen();
    assert!(
        screen.contains("◂ echo ▸ ◂ threads ▸") && screen.contains("1 + 0 threads"),
        "{screen}"
    );
    // A stopped server offers nothing yet: what is wrong is named when it is started.
    bench.returned(SERVER, Call::Close { fd: Fd(5) }, Outcome::Done);
    assert_eq!(bench.keys("vh"), []);
    assert_eq!(bench.told(), "");
    let server = &bench.app.server;
    assert_ne!(
        (server.service, server.model),
        (Service::Echo, Model::Threads)
    );
    assert_eq!(bench.keys("s"), []);
    assert!(bench.told().contains("delay"), "{}", bench.told());
}

#[test]
fn what_waits_on_a_connection_is_cancelled_by_its_own_buttons() {
    let mut bench = ready();
    bench.happened(vec![Event::TakenOver(ConnectionId(1))]);
    for (call, key, cancel) in [
        (send(8, b"x"), "n", SocketAction::CancelSend),
        (recv(8), "r", SocketAction::CancelRecv),
    ] {
        bench.blocked(connection(1), call.clone());
        let expected = Action::Connection(ConnectionId(1), cancel);
        assert_eq!(bench.action(&format!("2{key}")), expected);
        bench.returned(connection(1), call, Outcome::Cancelled);
    }
    assert_eq!(
        bench.action("2r"),
        Action::Connection(ConnectionId(1), recv_once(16_384))
    );
}

#[test]
fn whoever_is_answered_stays_the_same_while_the_answer_is_typed() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.keys("2ifor the first");
    bench.accepted(2, 9, 10_001);
    let answer = SocketAction::SendAll(b"for the first".to_vec());
    assert_eq!(
        bench.action("<enter>"),
        Action::Connection(ConnectionId(1), answer)
    );
}

#[test]
fn the_focus_leaves_an_answer_whose_connection_is_closed() {
    let mut bench = Bench::new(120, 36);
    assert_eq!(bench.keys("2i"), []);
    assert!(
        bench.told().contains("nobody to answer"),
        "{}",
        bench.told()
    );
    assert_eq!(bench.app.focus, Pane::Server.first());
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.keys("ihello");
    bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
    assert_eq!(bench.app.focus, Control::Connections);
    assert_eq!(bench.app.server.answer.value(), "hello", "nothing is lost");
}

#[test]
fn what_could_not_be_handed_to_a_worker_is_told_and_waited_for_no_more() {
    let mut bench = Bench::new(120, 36);
    bench.keys("4w5x");
    assert!(bench.app.ports.running);
    let why = || "too many threads".to_owned();
    assert_eq!(bench.app.update(Msg::Undone(Actor::Ports, why())), []);
    assert!(!bench.app.ports.running);
    assert_eq!(bench.told(), why());
    let second = client(2);
    bench.app.update(Msg::Undone(second, why()));
    let found = bench.app.sessions.get(ClientId(2));
    let plan = found.and_then(|found| found.plan.clone());
    assert!(plan.is_some_and(|plan| plan.failed));
    for who in [SERVER, connection(7), client(999)] {
        assert_eq!(bench.app.update(Msg::Undone(who, why())), []);
    }
}

#[test]
fn addresses_that_were_asked_for_are_listed_unless_the_person_has_moved_on() {
    let call = || Call::Getaddrinfo {
        host: "localhost".to_owned(),
        service: "http".to_owned(),
        family: None,
        kind: SocketKind::Stream,
    };
    let found = || Outcome::Resolved(vec![loopback(80)]);
    for (keys, open) in [
        ("1e", "menu Addresses"),
        ("1c", "nothing"),
        ("1e2", "nothing"),
        ("1ei", "nothing"),
        ("1e?", "help"),
    ] {
        let mut bench = Bench::new(120, 36);
        bench.keys(keys);
        bench.returned(CLIENT, call(), found());
        assert_eq!(bench.open(), open, "{keys}");
    }
    let mut bench = Bench::new(120, 36);
    bench.keys("1e");
    let failed = Outcome::LookupFailed(LookupError::Eai(-2));
    bench.returned(CLIENT, call(), failed);
    bench.returned(CLIENT, call(), found());
    assert_eq!(bench.open(), "nothing", "once");
}

// ---- Saving --------------------------------------------------------------------------------------------------------

fn open(path: &str) -> Effect {
    Effect::Save(SaveOrder::Open {
        id: SaveId(1),
        path: PathBuf::from(path),
        replace: false,
    })
}

/// Reports a recv with these bytes; gives back the effects of both events.
fn receives(bench: &mut Bench, bytes: &[u8]) -> Vec<Effect> {
    let mut effects = bench.returned(CLIENT, recv(7), piece(bytes));
    if !bytes.is_empty() {
        effects.extend(bench.happened(vec![Event::Received {
            who: CLIENT,
            at: Moment(bench.now),
            bytes: bytes.to_vec(),
            from: None,
        }]));
    }
    effects
}

#[test]
fn whoever_types_is_not_asked_and_the_file_stays() {
    for keys in ["i", "o", "?", "on"] {
        let mut bench = Bench::new(120, 36);
        bench.client_connects();
        bench.keys("1");
        bench.keys("os<enter>1");
        bench.keys(keys);
        let open = bench.open();
        let exists = SaveReport::Exists {
            id: SaveId(1),
            path: "/tmp/old".into(),
            bytes: 1,
        };
        assert_eq!(bench.app.update(Msg::Saved(exists)), []);
        let told = bench.told();
        assert!(
            told.contains("/tmp/old exists and was left as it is"),
            "{told}"
        );
        assert_eq!(bench.open(), open, "a y that is typed is no answer");
        assert!(bench.app.saves.is_empty());
    }
}

#[test]
fn what_is_to_come_can_be_saved_before_there_is_a_socket() {
    let mut bench = Bench::new(120, 36);
    let opened = bench.keys("1os<enter>");
    assert_eq!(opened, [open("received.bin")], "it goes on");
    bench.client_connects();
    let (id, bytes) = (SaveId(1), b"one".to_vec());
    let write = Effect::Save(SaveOrder::Write { id, bytes });
    let finish = Effect::Save(SaveOrder::Finish { id });
    assert_eq!(receives(&mut bench, b"one"), [write]);
    assert_eq!(receives(&mut bench, b""), [finish]);
}

#[test]
fn a_call_that_fails_before_there_is_a_connection_ends_nothing() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1os<enter>");
    let failed = Outcome::Failed(Errno::ENOTCONN);
    assert_eq!(bench.returned(CLIENT, recv(-1), failed), []);
    let close = Call::Close { fd: Fd(-1) };
    let failed = Outcome::Failed(Errno::EBADF);
    assert_eq!(bench.returned(CLIENT, close, failed), []);
}

#[test]
fn a_million_small_pieces_are_few_orders() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.keys("1");
    for _ in 0..20_000 {
        bench.happened(vec![Event::Received {
            who: CLIENT,
            at: Moment(1),
            bytes: vec![b'x'; 30],
            from: None,
        }]);
    }
    let effects = bench.keys("os<enter>");
    let written: usize = effects
        .iter()
        .map(|effect| match effect {
            Effect::Save(order) => order.weight(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(written, 600_000);
    assert!(effects.len() < 10, "{}", effects.len());
}

// ---- Crowds, and a handshake that is not waited for -----------------------------------------------------------------

#[test]
fn a_client_that_is_greeted_speaks_after_it_was_spoken_to() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.steps = Steps::Greeted;
    bench.app.focus_on(Control::Input(Input::Crowd));
    bench.keys("<c-u>1<enter>");
    let act = |action| Effect::Perform(Action::Client(ClientId(2), ClientAction::On(action)));
    let who = client(2);
    assert_eq!(bench.connects(who, 9, 10_001), [], "it listens first");
    let say = act(SocketAction::SendAll(b"hello".to_vec()));
    assert_eq!(bench.returned(who, recv(9), piece(b"Welcome")), [say]);
    let sent = bench.returned(who, send(9, b"hello"), Outcome::Sent(5));
    assert_eq!(sent, []);
    let close = act(SocketAction::Close);
    let answer = piece(b"Hello,hello!");
    assert_eq!(bench.returned(who, recv(9), answer), [close]);
    bench.returned(who, Call::Close { fd: Fd(9) }, Outcome::Done);
    let found = bench.app.sessions.get(ClientId(2)).expect("a session");
    let plan = found.plan.clone().expect("a plan");
    assert!(plan.is_over() && !plan.failed);
    assert!(plan.heard.is_some() && plan.answered.is_some());
    let screen = bench.screen();
    assert!(
        screen.contains("1 of 1 connected, 1 heard something"),
        "{screen}"
    );
}

#[test]
fn a_greeting_that_never_comes_is_a_failure() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.steps = Steps::Greeted;
    bench.app.focus_on(Control::Input(Input::Crowd));
    bench.keys("<c-u>1<enter>");
    bench.connects(client(2), 9, 10_001);
    assert_eq!(bench.returned(client(2), recv(9), piece(b"")), []);
    assert!(bench.screen().contains("1 failed"));
}

#[test]
fn bytes_that_pass_tell_that_a_handshake_is_over() {
    let mut bench = Bench::new(120, 36);
    bench.returned(CLIENT, SOCKET, Outcome::Descriptor(Fd(7)));
    let (fd, address) = (Fd(7), loopback(8888));
    let progress = Outcome::Failed(Errno::EINPROGRESS);
    bench.returned(CLIENT, Call::Connect { fd, address }, progress);
    assert_eq!(bench.app.client().socket.stage, Stage::Unconnected);
    let waiting = bench.app.clone();
    bench.returned(CLIENT, send(7, b"x"), Outcome::Sent(1));
    assert_eq!(bench.app.client().socket.stage, Stage::Established);

    bench.app = waiting.clone();
    bench.received(CLIENT, 7, b"x");
    assert_eq!(bench.app.client().socket.stage, Stage::Established);

    // What moves no bytes tells nothing.
    bench.app = waiting;
    for (call, outcome) in [
        (send(7, b"x"), Outcome::Failed(Errno::EAGAIN)),
        (send(7, b""), Outcome::Sent(0)),
        (recv(7), Outcome::Failed(Errno::EAGAIN)),
        (recv(7), Outcome::Cancelled),
    ] {
        bench.returned(CLIENT, call, outcome);
        assert_eq!(bench.app.client().socket.stage, Stage::Unconnected);
    }
}

#[test]
fn a_worker_that_takes_the_place_of_one_that_failed_blocks_as_every_one_does_and_is_told_how_to_receive()
 {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.keys("1h");
    let who = CLIENT;
    bench.happened(vec![Event::Blocking { who, on: false }]);
    bench.happened(vec![Event::Panicked {
        who,
        at: Moment(1),
        message: "oh".to_owned(),
    }]);
    let [told, _] = &bench.keys("1c")[..] else {
        panic!("an order ahead of the connect");
    };
    let by_hand = on_client(SocketAction::ReceiveAlone(None));
    assert_eq!(told, &Effect::Perform(by_hand));
    bench.client_connects();
    bench.keys("1");
    let screen = bench.screen();
    assert!(
        screen.contains("◂ by hand ▸") && !screen.contains("non-blocking"),
        "{screen}"
    );
}
