//! Every button, by each of its three ways, and the fields and choices beside them.

use std::time::Duration;

use sockyard::app::control::{Button, Bytes, Choice, Control, Input, Pane};
use sockyard::app::{Effect, Msg, Spot};
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Address, Call, ClientAction, ConnectionId, Event, Family, Fd, Model, Offer,
    Outcome, PortRange, PortsAction, RecvFlags, ServerAction, ServerSetup, Service, SocketAction,
    SocketKind,
};

use crate::support::{
    Bench, CLIENT, SERVER, SOCKET, UDP_SOCKET, by_client, connection, on_client, recv, recv_once,
    recvfrom, send, send_once, target,
};

/// Both ends are up, a message and an answer are typed, and nothing is open above the panes.
fn ready() -> Bench {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.client_connects();
    bench.accepted(1, 8, 53_422);
    bench.keys("1ihi<esc>2iyo<esc>");
    bench
}

fn on_connection(action: SocketAction) -> Vec<Action> {
    vec![Action::Connection(ConnectionId(1), action)]
}

/// What each button does to what [`ready`] has: the actions, and what is open then.
fn expected(button: Button) -> (Vec<Action>, &'static str) {
    let to = || target("127.0.0.1", "8888");
    let done = |action| (vec![action], "nothing");
    match button {
        Button::Socket => done(by_client(ClientAction::Socket(
            Family::Inet,
            SocketKind::Stream,
        ))),
        Button::Resolve => done(by_client(ClientAction::Resolve(to()))),
        Button::Connect => done(by_client(ClientAction::Connect(to()))),
        Button::Shutdown => (vec![], "menu Shutdown(Client(ClientId(1)))"),
        Button::Close => done(on_client(SocketAction::Close)),
        Button::Send => done(on_client(send_once(b"hi"))),
        Button::SendAll => done(on_client(SocketAction::SendAll(b"hi".to_vec()))),
        Button::More => (vec![], "menu Verbs(Client(ClientId(1)))"),
        Button::Start => done(Action::Server(ServerAction::Stop)),
        Button::ServerSocket => (
            vec![
                Action::Server(ServerAction::Offer(Offer::default())),
                Action::Server(ServerAction::Socket(Family::Inet, SocketKind::Stream)),
            ],
            "nothing",
        ),
        Button::ServerBind => done(Action::Server(ServerAction::Bind(Address {
            host: "127.0.0.1".to_owned(),
            port: "8888".to_owned(),
        }))),
        Button::Listen => done(Action::Server(ServerAction::Listen(128))),
        Button::Accept => done(Action::Server(ServerAction::Accept)),
        Button::ServerMore => (vec![], "menu Verbs(Connection(ConnectionId(1)))"),
        Button::Answer => (
            on_connection(SocketAction::SendAll(b"yo".to_vec())),
            "nothing",
        ),
        Button::AnswerRecv => (on_connection(recv_once(16_384)), "nothing"),
        Button::AnswerShutdown => (vec![], "menu Shutdown(Connection(ConnectionId(1)))"),
        Button::AnswerClose => (on_connection(SocketAction::Close), "nothing"),
        // The session that is opened is the app's own, who receives as bytes come has nothing to do by hand, and there is
        // no crowd that could be sent away.
        Button::Open | Button::Recv | Button::Dismiss => (vec![], "nothing"),
        Button::Crowd => (
            (2..=11)
                .map(|id| {
                    let id = sockyard::model::ClientId(id);
                    Action::Client(id, ClientAction::Connect(to()))
                })
                .collect(),
            "nothing",
        ),
        Button::Try => done(Action::Ports(PortsAction::Try(PortRange {
            host: "127.0.0.1".to_owned(),
            first: 8_880,
            last: 8_899,
            patience: Duration::from_secs(1),
        }))),
    }
}

#[test]
fn every_button_does_the_same_by_its_letter_by_enter_by_space_and_by_a_click() {
    for button in Button::ALL {
        let (actions, open) = expected(button);
        let effects: Vec<Effect> = actions.into_iter().map(Effect::Perform).collect();
        let control = Control::Button(button);
        for way in ["letter", "enter", "space", "click"] {
            let mut bench = ready();
            bench.app.focus_on(button.pane().first());
            let done = match way {
                "letter" => bench.keys(&button.letter().to_string()),
                "click" => {
                    let spot = Spot::Control(control, 0);
                    assert!(bench.spots().contains(&spot), "{button:?} is not seen");
                    bench.app.update(Msg::Click(spot))
                }
                key => {
                    bench.app.focus_on(control);
                    bench.keys(if key == "enter" { "<enter>" } else { " " })
                }
            };
            assert_eq!(done, effects, "{button:?} by {way}");
            assert_eq!(bench.open(), open, "{button:?} by {way}");
        }
    }
}

#[test]
fn a_button_whose_arguments_make_no_sense_still_asks_the_kernel() {
    // Nothing is there, and every call is made all the same: what the kernel answers is the lesson.
    let mut bench = Bench::new(120, 36);
    bench.keys("1ihi<esc>1");
    assert_eq!(bench.action("n"), on_client(send_once(b"hi")));
    assert_eq!(
        bench.app.client().message.value(),
        "hi",
        "without a socket nothing was sent: it stays"
    );
    assert_eq!(bench.action("r"), on_client(recv_once(65_536)));
    assert_eq!(bench.action("l"), on_client(SocketAction::Close));
    bench.keys("2");
    assert_eq!(bench.action("e"), Action::Server(ServerAction::Listen(128)));
    assert_eq!(bench.action("a"), Action::Server(ServerAction::Accept));
    bench.client_connects();
    assert!(
        matches!(
            bench.action("1c"),
            Action::Client(_, ClientAction::Connect(_))
        ),
        "connect() on a connected socket is EISCONN"
    );
    assert!(matches!(
        bench.action("k"),
        Action::Client(_, ClientAction::Socket(..))
    ));
}

#[test]
fn the_buttons_of_a_connection_say_why_there_is_nobody_to_answer() {
    for letter in ["n", "r", "d", "l"] {
        let mut bench = Bench::new(120, 36);
        assert_eq!(bench.keys("2"), []);
        assert_eq!(bench.keys(letter), []);
        assert_eq!(bench.told(), "there is no connection yet", "{letter}");
        bench.server_listens();
        bench.accepted(1, 8, 10_000);
        bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
        assert_eq!(bench.keys(letter), []);
        assert_eq!(bench.told(), "server#1 is closed", "{letter}");
    }
}

#[test]
fn an_empty_answer_to_a_connection_is_named() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    assert_eq!(bench.keys("2i<enter>"), []);
    assert!(bench.told().contains("nothing to send"), "{}", bench.told());
}

#[test]
fn an_answer_goes_to_the_selected_connection_and_comes_back_from_the_history() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.accepted(2, 9, 10_001);
    bench.app.focus_on(Control::Connections);
    bench.keys("<home>i");
    let sent = bench.action(r"one\n<enter>");
    let bytes = SocketAction::SendAll(b"one\n".to_vec());
    assert_eq!(sent, Action::Connection(ConnectionId(1), bytes));
    assert_eq!(bench.app.server.answer.value(), "");
    bench.keys("<up>");
    assert_eq!(bench.app.server.answer.value(), r"one\n");
}

#[test]
fn a_bad_escape_in_an_answer_is_named_and_nothing_is_lost() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    assert_eq!(bench.keys(r"2ia\qb<enter>"), []);
    assert!(bench.told().contains("is no escape"), "{}", bench.told());
    assert_eq!(bench.app.server.answer.value(), r"a\qb");
}

#[test]
fn a_resolver_that_waits_is_cancelled_by_its_own_button() {
    let mut bench = Bench::new(120, 36);
    let call = Call::Getaddrinfo {
        host: "slow.example".to_owned(),
        service: "80".to_owned(),
        family: None,
        kind: SocketKind::Stream,
    };
    bench.blocked(CLIENT, call.clone());
    assert!(bench.screen().contains("client ─ resolving"));
    assert!(bench.screen().contains("[cancEl]"));
    let cancel = by_client(ClientAction::CancelConnect);
    assert_eq!(bench.action("1e"), cancel);
    assert_eq!(bench.action("c"), cancel);
    bench.returned(CLIENT, call, Outcome::Cancelled);
    assert!(matches!(
        bench.action("e"),
        Action::Client(_, ClientAction::Resolve(_))
    ));
}

#[test]
fn either_button_cancels_a_send_that_is_blocked_and_sendto_too() {
    let sendto = Call::Sendto {
        fd: Fd(7),
        length: 1,
        preview: sockyard::model::Preview::of(b"x"),
        address: crate::support::loopback(8888),
    };
    for call in [send(7, b"x"), sendto] {
        let mut bench = Bench::new(120, 36);
        bench.client_connects();
        bench.blocked(CLIENT, call);
        assert!(bench.app.is_sending());
        for key in ["1n", "1a", "1i<enter>"] {
            let cancel = on_client(SocketAction::CancelSend);
            assert_eq!(bench.action(key), cancel, "{key}");
        }
        let screen = bench.screen();
        assert!(
            screen.contains("[caNcel]") && !screen.contains("[sendAll]"),
            "{screen}"
        );
    }
}

#[test]
fn the_choices_go_round_both_ways() {
    let mut bench = Bench::new(120, 36);
    let mut seen = Vec::new();
    bench.app.focus_on(Control::Choice(Choice::Family));
    for key in ["<right>", " ", "<enter>", "<left>"] {
        bench.keys(key);
        seen.push(bench.app.client().family);
    }
    let (four, six) = (Some(Family::Inet), Some(Family::Inet6));
    assert_eq!(seen, [four, six, None, six]);

    bench.app.focus_on(Control::Choice(Choice::Protocol));
    bench.keys("<right>");
    assert_eq!(bench.app.client().kind, SocketKind::Datagram);
    let Action::Client(_, ClientAction::Socket(family, kind)) = bench.action("1k") else {
        panic!("no socket");
    };
    assert_eq!((family, kind), (Family::Inet6, SocketKind::Datagram));
    bench.keys("ix<esc>1");
    let Action::Client(_, ClientAction::Connect(to)) = bench.action("c") else {
        panic!("no connect");
    };
    assert_eq!((to.family, to.kind), (six, SocketKind::Datagram));
}

#[test]
fn an_ipv6_host_makes_an_ipv6_socket() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.front_mut().host.set("::1");
    bench.app.server.bind.set("[::1]");
    let six = by_client(ClientAction::Socket(Family::Inet6, SocketKind::Stream));
    assert_eq!(bench.action("1k"), six);
    let effects = bench.keys("2k");
    let six = Action::Server(ServerAction::Socket(Family::Inet6, SocketKind::Stream));
    assert_eq!(effects.last(), Some(&Effect::Perform(six)));
    let Action::Server(ServerAction::Start(setup)) = bench.action("s") else {
        panic!("no start");
    };
    assert_eq!(setup.host, "::1");
}

// ---- Receiving -----------------------------------------------------------------------------------------------------

/// What a recv by hand is answered with while a socket is received from as bytes come.
const BY_ITSELF: &str = "it receives as bytes come; h lets you receive by hand";

#[test]
fn receiving_is_switched_between_auto_and_by_hand() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.app.focus_on(Control::Choice(Choice::Receive));
    let by_hand = on_client(SocketAction::ReceiveAlone(None));
    assert_eq!(bench.action("<right>"), by_hand);
    assert!(bench.screen().contains("◂ by hand ▸"));
    let alone = on_client(SocketAction::ReceiveAlone(Some(65_536)));
    assert_eq!(bench.action("<right>"), alone);
    bench.app.focus_on(Control::Input(Input::RecvSize));
    bench.keys("<c-u>16");
    bench.app.focus_on(Control::Choice(Choice::Receive));
    bench.action("<right>");
    let alone = on_client(SocketAction::ReceiveAlone(Some(16)));
    assert_eq!(bench.action("<right>"), alone);
}

#[test]
fn the_size_is_for_the_next_recv_by_hand_or_from_now_on_when_receiving_alone() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.app.focus_on(Control::Input(Input::RecvSize));
    let alone = on_client(SocketAction::ReceiveAlone(Some(5)));
    assert_eq!(bench.action("<c-u>5<enter>"), alone);
    assert!(bench.told().contains("at most 5 bytes"), "{}", bench.told());
    assert_eq!(bench.keys("<esc>r"), [], "outside the field it is one recv");
    assert_eq!(bench.told(), BY_ITSELF);
    bench.app.focus_on(Control::Choice(Choice::Receive));
    bench.keys("<right>");
    stops_waiting(&mut bench);
    bench.app.focus_on(Control::Input(Input::RecvSize));
    assert_eq!(bench.action("<enter>"), on_client(recv_once(5)));
    assert_eq!(
        bench.action("<c-u>0<enter>"),
        on_client(recv_once(0)),
        "no room is a lesson too"
    );
}

#[test]
fn a_size_that_makes_no_sense_is_named() {
    for typed in ["<c-u>", "<c-u>1048577", "<c-u>99999999999999999999"] {
        let mut bench = Bench::new(120, 36);
        bench.client_connects();
        bench.app.focus_on(Control::Input(Input::RecvSize));
        bench.keys(typed);
        assert_eq!(bench.keys("<enter>"), []);
        let told = bench.told();
        assert!(told.contains("give a number from 0 to 1048576"), "{told}");
        assert!(matches!(
            bench.action("<c-u>1048576<enter>"),
            Action::Client(_, ClientAction::On(SocketAction::ReceiveAlone(Some(_))))
        ));
    }
}

#[test]
fn receiving_alone_is_not_shown_as_chosen_when_the_size_makes_no_sense() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.app.focus_on(Control::Choice(Choice::Receive));
    bench.action("<right>");
    bench.app.focus_on(Control::Input(Input::RecvSize));
    bench.keys("<c-u>");
    bench.app.focus_on(Control::Choice(Choice::Receive));
    assert_eq!(bench.keys("<right>"), []);
    assert!(bench.told().contains("give a number"), "{}", bench.told());
    assert!(
        bench.screen().contains("◂ by hand ▸"),
        "the worker was told nothing"
    );
}

#[test]
fn a_recv_by_hand_that_waits_is_cancelled_by_its_own_button_and_one_that_goes_on_alone_is_not() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    assert_eq!(bench.keys("1r"), [], "what waits here waits by itself");
    assert_eq!(bench.told(), BY_ITSELF);
    assert!(bench.screen().contains("[Recv]"));
    let by_hand = on_client(SocketAction::ReceiveAlone(None));
    assert_eq!(bench.action("h"), by_hand);
    for call in [recv(7), recvfrom(7)] {
        bench.blocked(CLIENT, call.clone());
        assert!(bench.screen().contains("[canceR]"));
        assert_eq!(bench.action("1r"), on_client(SocketAction::CancelRecv));
        bench.returned(CLIENT, call, Outcome::Cancelled);
        assert!(!bench.app.is_receiving_by_hand());
    }
}

/// The worker receives no more by itself.
fn stops_waiting(bench: &mut Bench) {
    bench.happened(vec![Event::Unblocked {
        who: CLIENT,
        function: Function::Recv,
    }]);
}

#[test]
fn a_wait_that_ended_without_a_call_is_no_longer_shown() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    assert!(bench.screen().contains("blocked since"));
    stops_waiting(&mut bench);
    assert!(!bench.screen().contains("blocked since"));
}

#[test]
fn a_socket_that_is_not_connected_is_received_from_by_hand_whatever_is_chosen() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1");
    assert_eq!(bench.action("r"), on_client(recv_once(65_536)), "EBADF");
    bench.returned(CLIENT, SOCKET, Outcome::Descriptor(Fd(7)));
    assert_eq!(bench.action("r"), on_client(recv_once(65_536)), "ENOTCONN");
    bench.client_connects();
    assert_eq!(bench.keys("r"), []);
    assert_eq!(bench.told(), BY_ITSELF);
    // In the field Enter sets the size, and says nothing of the rest.
    bench.app.focus_on(Control::Input(Input::RecvSize));
    let alone = on_client(SocketAction::ReceiveAlone(Some(65_536)));
    assert_eq!(bench.action("<enter>"), alone);
    assert_ne!(bench.told(), BY_ITSELF);
}

// ---- The server ----------------------------------------------------------------------------------------------------

#[test]
fn the_server_starts_with_what_is_in_its_fields() {
    let mut bench = Bench::new(120, 36);
    for (input, typed) in [
        (Input::Bind, "0.0.0.0"),
        (Input::ServerPort, "0"),
        (Input::Backlog, "2"),
        (Input::Delay, "250"),
    ] {
        bench.app.focus_on(Control::Input(input));
        bench.keys("<c-u>");
        bench.keys(typed);
    }
    bench.app.focus_on(Control::Choice(Choice::Service));
    bench.keys("<left>");
    bench.app.focus_on(Control::Choice(Choice::Model));
    bench.keys("<left>");
    bench.app.focus_on(Control::Choice(Choice::ServerProtocol));
    bench.keys("<right>");
    bench.app.focus_on(Control::Input(Input::Bind));
    let setup = ServerSetup {
        host: "0.0.0.0".to_owned(),
        port: 0,
        kind: SocketKind::Datagram,
        backlog: 2,
        offer: Offer {
            service: Service::Manual,
            model: Model::Serial,
            delay: Duration::from_millis(250),
        },
    };
    assert_eq!(
        bench.action("<enter>"),
        Action::Server(ServerAction::Start(setup))
    );
}

#[test]
fn every_service_and_every_model_can_be_offered_while_the_server_runs() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    let offered = |action| match action {
        Action::Server(ServerAction::Offer(offer)) => offer,
        other => panic!("{other:?}"),
    };
    bench.app.focus_on(Control::Choice(Choice::Service));
    let services: Vec<Service> = (0..10)
        .map(|_| offered(bench.action("<left>")).service)
        .collect();
    let mut expected = Service::ALL;
    expected.reverse();
    assert_eq!(services, expected);
    bench.app.focus_on(Control::Choice(Choice::Model));
    let models: Vec<Model> = (0..3)
        .map(|_| offered(bench.action("<right>")).model)
        .collect();
    assert_eq!(models, [Model::Poll, Model::Serial, Model::Threads]);
    bench.app.focus_on(Control::Input(Input::Delay));
    let offer = offered(bench.action("<c-u>1500<enter>"));
    assert_eq!(offer.delay, Duration::from_millis(1_500));
    assert_eq!(bench.keys("<c-u>600001<enter>"), []);
    let told = bench.told();
    assert!(told.contains("milliseconds from 0 to 600000"), "{told}");
}

#[test]
fn the_protocol_of_a_server_that_runs_cannot_be_changed() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.app.focus_on(Control::Choice(Choice::ServerProtocol));
    assert_eq!(bench.keys("<right>"), []);
    assert_eq!(bench.app.server.kind, SocketKind::Stream);
    assert!(bench.told().contains("stop it first"), "{}", bench.told());
}

#[test]
fn a_server_is_stepped_through_by_hand() {
    let mut bench = Bench::new(160, 36);
    let fd = Fd(5);
    let address = crate::support::loopback(8888);
    bench.keys("2");
    assert_eq!(bench.keys("k").len(), 2, "what is offered, and the socket");
    bench.returned(SERVER, SOCKET, Outcome::Descriptor(fd));
    let screen = bench.screen();
    assert!(screen.contains("server ─ CLOSED ─ fd 5"), "{screen}");
    assert!(screen.contains("Step by step: b bind, e listen, a accept."));
    assert!(screen.contains("server: a socket that does not listen yet"));

    assert!(matches!(
        bench.action("b"),
        Action::Server(ServerAction::Bind(_))
    ));
    bench.returned(SERVER, Call::Bind { fd, address }, Outcome::Done);
    bench.returned(SERVER, Call::Getsockname { fd }, Outcome::Named(address));
    assert_eq!(bench.action("e"), Action::Server(ServerAction::Listen(128)));
    let listen = Call::Listen { fd, backlog: 128 };
    bench.returned(SERVER, listen, Outcome::Done);
    bench.accepting(false);
    let screen = bench.screen();
    assert!(
        screen.contains("server ─ LISTEN ─ fd 5 ─ 127.0.0.1:8888"),
        "{screen}"
    );
    assert!(screen.contains("accepts by hand"), "{screen}");

    assert_eq!(bench.action("a"), Action::Server(ServerAction::Accept));
    bench.blocked(SERVER, Call::Accept { fd });
    assert!(bench.screen().contains("[cAncel]"));
    assert_eq!(
        bench.action("a"),
        Action::Server(ServerAction::CancelAccept)
    );
    bench.returned(SERVER, Call::Accept { fd }, Outcome::Cancelled);
    assert!(!bench.app.is_accepting_by_hand());
    assert_eq!(bench.action("a"), Action::Server(ServerAction::Accept));
    bench.accepted(1, 8, 40_000);
    assert_eq!(bench.app.server.connections.open(), 1);

    // The same listen again changes the backlog alone.
    bench.app.focus_on(Control::Input(Input::Backlog));
    bench.keys("<c-u>1");
    assert_eq!(
        bench.action("<esc>e"),
        Action::Server(ServerAction::Listen(1))
    );
}

#[test]
fn a_server_that_accepts_alone_has_no_accept_to_cancel() {
    let mut bench = Bench::new(120, 36);
    bench.keys("s");
    bench.server_listens();
    assert!(!bench.app.is_accepting_by_hand());
    assert_eq!(bench.action("2a"), Action::Server(ServerAction::Accept));
}

#[test]
fn how_a_server_accepts_is_what_its_worker_tells_whatever_was_pressed() {
    let mut bench = Bench::new(160, 36);
    bench.keys("2");
    assert_eq!(bench.action("e"), Action::Server(ServerAction::Listen(128)));
    assert!(
        bench.app.server.accepts_alone,
        "the kernel may refuse to listen"
    );
    bench.server_listens();
    bench.accepting(false);
    assert!(bench.app.is_accepting_by_hand());
    assert!(bench.screen().contains("accepts by hand"));
    assert_eq!(bench.action("s"), Action::Server(ServerAction::Stop));
    bench.returned(SERVER, Call::Close { fd: Fd(5) }, Outcome::Done);
    bench.action("s");
    assert!(!bench.app.server.accepts_alone, "it does not listen yet");
    bench.server_listens();
    assert!(!bench.app.is_accepting_by_hand());
    assert!(!bench.screen().contains("accepts by hand"));
}

#[test]
fn the_menu_of_the_server_panel_is_for_the_selected_connection_while_one_is_open() {
    let mut bench = ready();
    let (server, selected) = (
        "menu Verbs(Server)",
        "menu Verbs(Connection(ConnectionId(1)))",
    );
    for control in [
        Control::Button(Button::Start),
        Control::Connections,
        Control::Bytes(Bytes::Connection),
        Control::Button(Button::AnswerClose),
    ] {
        bench.app.focus_on(control);
        // Its item o leads to the other, and back.
        for open in [selected, server, selected] {
            assert_eq!(bench.keys("o"), []);
            assert_eq!(bench.open(), open, "{control:?}");
        }
        bench.keys("<esc>");
    }
    bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
    bench.app.focus_on(Control::Connections);
    bench.keys("o");
    assert_eq!(
        bench.open(),
        server,
        "there is nothing to do to a closed one"
    );
    assert_eq!(bench.keys("o"), []);
    assert_eq!(bench.open(), server, "and nothing leads to it");
}

#[test]
fn udp_makes_other_calls_of_the_same_buttons() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.front_mut().kind = SocketKind::Datagram;
    bench.keys("1ihi");
    let to = sockyard::model::Target {
        kind: SocketKind::Datagram,
        ..target("127.0.0.1", "8888")
    };
    let sendto = |bytes: &[u8]| by_client(ClientAction::SendTo(to.clone(), bytes.to_vec()));
    assert_eq!(bench.action("<enter>"), sendto(b"hi"));
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
    assert!(bench.screen().contains("[sendto]") && bench.screen().contains("[Recvfrom]"));
    assert_eq!(bench.action("<enter>"), sendto(b"hi"));
    assert_eq!(bench.app.client().message.value(), "");
    assert_eq!(
        bench.action("<enter>"),
        sendto(b""),
        "an empty datagram is a datagram"
    );
    let (fd, address) = (Fd(7), crate::support::loopback(8888));
    bench.returned(CLIENT, Call::Connect { fd, address }, Outcome::Done);
    assert!(bench.screen().contains("client ─ connected"));
    assert_eq!(bench.action("ho<enter>"), on_client(send_once(b"ho")));
    assert_eq!(
        bench.action("<enter>"),
        on_client(send_once(b"")),
        "an empty datagram is a datagram"
    );
    // The kind that is chosen is for the next socket; this one has its own.
    bench.app.sessions.front_mut().kind = SocketKind::Stream;
    assert_eq!(bench.action("<enter>"), on_client(send_once(b"")));
}

#[test]
fn peeking_and_urgent_data_ask_with_their_flags() {
    let mut bench = ready();
    let flags = |urgent, peek| RecvFlags { urgent, peek };
    assert_eq!(
        bench.action("1og"),
        on_client(SocketAction::Recv {
            size: 65_536,
            flags: flags(false, true)
        })
    );
    assert_eq!(
        bench.action("ow"),
        on_client(SocketAction::Recv {
            size: 1,
            flags: flags(true, false)
        })
    );
    assert_eq!(
        bench.action("ou"),
        on_client(SocketAction::Send {
            bytes: b"hi".to_vec(),
            urgent: true
        })
    );
}

#[test]
fn the_letters_of_the_crowd_work_in_its_pane_alone() {
    let mut bench = Bench::new(120, 36);
    for elsewhere in ["1", "2", "3", "5", "5<tab><esc>"] {
        bench.keys(elsewhere);
        assert_eq!(bench.keys("wg"), [], "{elsewhere}");
        assert_eq!(bench.told(), "", "{elsewhere}");
    }
    assert_eq!(bench.app.sessions.len(), 1);
    assert_eq!(bench.keys("4w").len(), 10);
    assert_eq!(bench.app.sessions.len(), 11);
    bench.keys("1g2g3g5g");
    assert_eq!(bench.app.sessions.len(), 11);
    assert_eq!(bench.keys("4g").len(), 10);
    assert_eq!(bench.app.sessions.len(), 1);
}

#[test]
fn letters_lead_to_the_panes_and_stay_in_the_lower_one() {
    for (key, pane) in [
        ("1", Pane::Client),
        ("2", Pane::Server),
        ("3", Pane::Calls),
        ("4", Pane::Sessions),
        ("5", Pane::Ports),
        ("<f2>", Pane::Client),
        ("<f3>", Pane::Server),
        ("<f4>", Pane::Calls),
        ("<f5>", Pane::Sessions),
        ("<f6>", Pane::Ports),
    ] {
        let mut bench = Bench::new(80, 24);
        bench.keys(key);
        assert_eq!(bench.app.focus, pane.first(), "{key}");
        if pane.is_lower() {
            assert_eq!(bench.app.lower, pane);
            bench.keys("1");
            assert_eq!(bench.app.lower, pane, "it goes on being seen");
        } else {
            assert_eq!(bench.app.end, pane);
        }
        bench.keys("1i");
        bench.keys(key);
        if key.len() > 1 {
            assert_eq!(bench.app.focus.pane(), pane, "from a field too");
        }
    }
}

#[test]
fn a_click_on_a_name_leads_to_its_pane() {
    let mut bench = Bench::new(80, 24);
    bench.click("clients");
    assert_eq!(bench.app.focus, Pane::Sessions.first());
    bench.click("ports");
    assert_eq!(bench.app.focus, Pane::Ports.first());
    bench.click("calls 4 clients");
    assert_eq!(bench.app.focus, Pane::Calls.first());
}

#[test]
fn a_thread_of_the_server_that_fails_frees_its_panel() {
    let mut bench = ready();
    let at = sockyard::model::Moment(bench.now);
    for who in [Actor::Server, connection(1), Actor::Ports] {
        bench.happened(vec![Event::Panicked {
            who,
            at,
            message: "oh".to_owned(),
        }]);
        let words = format!("the thread of {who} failed (oh)");
        assert!(bench.told().starts_with(&words), "{}", bench.told());
    }
    assert!(!bench.app.is_server_up());
    assert_eq!(bench.app.server.connections.open(), 0);
}
