//! Several client sessions, and crowds of them.

use std::time::Duration;

use sockyard::app::calls::Filter;
use sockyard::app::client::Receive;
use sockyard::app::control::{Choice, Control, Input, Pane};
use sockyard::app::plan::{Plan, Steps};
use sockyard::app::sessions::Sessions;
use sockyard::app::{Effect, Msg, Spot};
use sockyard::model::{
    Action, ByteLog, Call, ClientAction, ClientId, Errno, Event, Fd, Moment, OptionSetting,
    Outcome, Readiness, SocketAction, SocketKind, SocketOption,
};

use crate::support::{
    Bench, CLIENT, SOCKET, UDP_SOCKET, client, loopback, piece, recv, send, target,
};

/// Opens sessions until there are so many.
fn open(bench: &mut Bench, count: usize) {
    while bench.app.sessions.len() < count {
        assert_eq!(bench.keys("1+"), []);
    }
}

fn front(bench: &Bench) -> u32 {
    bench.app.sessions.front_id().0
}

fn act(id: u32, action: ClientAction) -> Effect {
    Effect::Perform(Action::Client(ClientId(id), action))
}

#[test]
fn a_hundred_sessions_are_opened_and_each_has_its_own_socket() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.front_mut().host.set("::1");
    bench.app.sessions.front_mut().port.set("9");
    open(&mut bench, 100);
    assert_eq!((bench.app.sessions.len(), front(&bench)), (100, 100));
    assert!(
        bench.told().contains("client100 is open"),
        "{}",
        bench.told()
    );
    assert_eq!(bench.app.focus, Pane::Client.first());
    assert_eq!(
        bench.keys("c"),
        [act(100, ClientAction::Connect(target("::1", "9")))],
        "with the settings of the one before"
    );
    for id in 1..=100 {
        bench.connects(client(id), id as i32, 10_000);
        bench.received(client(id), id as i32, format!("I am {id}").as_bytes());
    }
    for id in [1, 64, 100] {
        bench.app.update(Msg::Click(Spot::Session(ClientId(id))));
        let screen = bench.screen();
        assert!(screen.contains(&format!("│ I am {id} ")), "{screen}");
        assert!(screen.contains(&format!(" {id}/100")), "{screen}");
        assert!(
            screen.contains(&format!("ESTABLISHED ─ fd {id} ")),
            "{screen}"
        );
    }
}

#[test]
fn a_new_session_takes_over_settings_and_nothing_else() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.keys("1onalice<enter>");
    bench.app.focus_on(Control::Choice(Choice::LineEnding));
    bench.keys("<right>");
    bench.app.focus_on(Control::Choice(Choice::Receive));
    bench.keys("<right>");
    bench.keys("ihi<esc>1+");
    let new = bench.app.client();
    assert_eq!(new.line_ending.name(), "LF");
    assert_eq!(new.receive, Receive::ByHand);
    assert_eq!((&new.name, new.message.value()), (&None, ""));
    assert_eq!(new.socket.fd, None);
    assert_eq!(new.received.received(), 0);
    let by_hand = ClientAction::On(SocketAction::ReceiveAlone(None));
    let effects = bench.keys("c");
    assert_eq!(effects.len(), 2);
    assert_eq!(effects[0], act(2, by_hand), "its worker knows");
}

#[test]
fn a_crowd_receives_as_bytes_come_whatever_the_session_in_front_does() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1h4");
    let effects = bench.keys("w");
    assert_eq!(effects.len(), 10);
    for effect in effects {
        let Effect::Perform(Action::Client(_, ClientAction::Connect(_))) = effect else {
            panic!("{effect:?}");
        };
    }
}

#[test]
fn brackets_go_round_the_sessions() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1[");
    assert_eq!(front(&bench), 1, "the only one");
    open(&mut bench, 3);
    let mut seen = Vec::new();
    for key in ["]", "]", "]", "[", "[", "["] {
        bench.keys(key);
        seen.push(front(&bench));
    }
    assert_eq!(seen, [1, 2, 3, 2, 1, 3]);
    bench.keys("3]");
    assert_eq!(front(&bench), 1, "from anywhere outside a field");
    bench.keys("1i]");
    assert_eq!(bench.app.client().message.value(), "]");
}

#[test]
fn a_click_on_a_name_brings_a_session_to_the_front() {
    let mut bench = Bench::new(120, 36);
    open(&mut bench, 3);
    bench.click("client2");
    assert_eq!(front(&bench), 2);
    bench.keys("4");
    bench.click("▸client2");
    bench.click("client3  ");
    assert_eq!(front(&bench), 3);
}

#[test]
fn the_list_selects_shows_and_ends_a_session() {
    let mut bench = Bench::new(120, 36);
    open(&mut bench, 5);
    bench.keys("4");
    bench.draw();
    bench.keys("<up><up>");
    assert_eq!(bench.app.sessions.selected(), ClientId(3));
    assert_eq!(front(&bench), 5, "selecting is not showing");
    bench.keys("<home>");
    assert_eq!(bench.app.sessions.selected(), ClientId(1));
    bench.keys("<down><enter>");
    assert_eq!(front(&bench), 2);
    assert_eq!(bench.app.focus, Pane::Client.first());
    bench.keys("4<end>");
    assert_eq!(bench.app.sessions.selected(), ClientId(5));
    assert_eq!(bench.keys("<del>"), [act(5, ClientAction::End)]);
    assert_eq!((bench.app.sessions.len(), front(&bench)), (4, 2));
    bench.keys("<home>");
    assert_eq!(bench.keys("-"), [act(1, ClientAction::End)]);
    assert!(bench.app.sessions.get(ClientId(1)).is_none());
}

#[test]
fn every_session_can_be_reached_in_a_small_list() {
    let mut bench = Bench::new(80, 24);
    open(&mut bench, 40);
    bench.keys("4");
    bench.draw();
    for id in (1..40).rev() {
        bench.keys("<up>");
        assert_eq!(bench.app.sessions.selected(), ClientId(id));
        let spots = bench.spots();
        assert!(spots.contains(&Spot::Session(ClientId(id))), "{id}");
    }
    for id in 2..=40 {
        bench.keys("<down>");
        let spots = bench.spots();
        assert!(spots.contains(&Spot::Session(ClientId(id))), "{id}");
    }
}

#[test]
fn ending_a_session_shows_the_one_before_and_never_ends_the_last() {
    let mut bench = Bench::new(120, 36);
    open(&mut bench, 3);
    bench.keys("1[");
    assert_eq!(bench.keys("-"), [act(2, ClientAction::End)]);
    assert_eq!(front(&bench), 1);
    assert_eq!(bench.keys("-"), [act(1, ClientAction::End)]);
    assert_eq!(front(&bench), 3);
    assert_eq!(bench.keys("-"), []);
    assert!(
        bench.told().contains("the only session"),
        "{}",
        bench.told()
    );
    assert_eq!(bench.keys("o-"), []);
    assert_eq!(bench.app.sessions.len(), 1);
    assert_eq!(bench.keys("4<del>"), []);
    assert_eq!(bench.app.sessions.len(), 1);
    open(&mut bench, 2);
    assert_eq!(front(&bench), 4, "a number is not used twice");
}

#[test]
fn events_of_a_session_that_was_ended_do_no_harm() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    open(&mut bench, 2);
    bench.connects(client(2), 9, 10_001);
    bench.received(client(2), 9, b"before");
    bench.blocked(client(2), send(9, b"x"));
    assert!(bench.app.calls.is_anything_awaited());
    assert_eq!(bench.keys("1-"), [act(2, ClientAction::End)]);
    assert!(!bench.app.calls.is_anything_awaited());
    let total = bench.app.calls.journal.total();

    // What was on its way, and what the worker does to end.
    let gone = client(2);
    bench.blocked(gone, send(9, b"x"));
    assert!(
        !bench.app.calls.is_anything_awaited(),
        "nobody is left who could wait"
    );
    bench.received(gone, 9, b"late");
    bench.happened(vec![
        Event::Ready {
            who: gone,
            readiness: Readiness::default(),
        },
        Event::Unblocked {
            who: gone,
            function: sockyard::model::call::Function::Recv,
        },
        Event::Panicked {
            who: gone,
            at: Moment(1),
            message: "oh".to_owned(),
        },
    ]);
    bench.returned(gone, Call::Close { fd: Fd(9) }, Outcome::Done);
    assert_eq!(
        bench.app.calls.journal.total(),
        total + 2,
        "the calls were made, and are told"
    );
    assert_eq!(bench.app.sessions.len(), 1);
    assert_eq!(bench.app.client().received.received(), 0);
    assert!(bench.screen().contains("client2"), "in the list of calls");
}

#[test]
fn the_focus_does_not_follow_a_session_that_is_no_longer_in_front() {
    let mut bench = Bench::new(120, 36);
    open(&mut bench, 2);
    bench.keys("1c]");
    bench.connects(client(2), 9, 10_001);
    assert_eq!(
        bench.app.focus,
        Pane::Client.first(),
        "a message would go out on another socket"
    );
}

#[test]
fn the_calls_of_one_session_can_be_shown_alone() {
    let mut bench = Bench::new(120, 36);
    let names = |bench: &Bench| -> Vec<String> {
        let choices = bench.app.filters();
        choices.into_iter().map(Filter::name).collect()
    };
    assert_eq!(names(&bench), ["all", "clients", "server"]);
    open(&mut bench, 2);
    assert_eq!(names(&bench), ["all", "clients", "client2", "server"]);
    bench.connects(client(1), 7, 10_000);
    bench.connects(client(2), 9, 10_001);
    let click = Spot::Filter(Filter::Session(ClientId(2)));
    assert!(bench.spots().contains(&click));
    bench.app.update(Msg::Click(click));
    let shown = bench.app.calls.window(bench.app.room.calls);
    assert_eq!(shown.len(), 4);
    assert!(shown.iter().all(|(_, record)| record.who == client(2)));
    bench.keys("1[");
    assert_eq!(
        names(&bench),
        ["all", "clients", "client2", "server"],
        "the one that is chosen stays a choice"
    );
    bench.keys("fff");
    assert_eq!(bench.app.calls.filter, Filter::Client);
    bench.keys("f");
    assert_eq!(bench.app.calls.filter, Filter::Session(ClientId(1)));
}

#[test]
fn bytes_of_all_sessions_together_are_bounded_and_the_one_in_front_keeps_most() {
    let mut bench = Bench::new(120, 36);
    open(&mut bench, 8);
    for round in 1..=40_u64 {
        for id in 1..=8 {
            bench.happened(vec![Event::Received {
                who: client(id),
                at: Moment(round),
                bytes: vec![b'x'; 1 << 20],
                from: None,
            }]);
        }
        let held: usize = bench.app.sessions.iter().map(|c| c.received.held()).sum();
        assert!(held <= 35 << 20, "{held}");
        let all = |count: u64| {
            bench
                .app
                .sessions
                .iter()
                .all(|c| c.received.received() == count)
        };
        assert!(all(round << 20));
    }
    let front = bench.app.client().received.held();
    assert!(front > 15 << 20, "{front}");
}

#[test]
fn logs_behind_the_one_in_front_are_cut_so_hard_that_it_is_seldom_needed() {
    let mut bench = Bench::new(120, 36);
    open(&mut bench, 8);
    let keep = ByteLog::DEFAULT_LIMIT;
    let piece = 64 << 10;
    let (mut before, mut cuts) = (0, 0);
    for round in 0..1_600 {
        bench.happened(vec![Event::Received {
            who: client(1 + round % 8),
            at: Moment(1),
            bytes: vec![b'x'; piece],
            from: None,
        }]);
        let held = bench.app.sessions.held();
        let front = bench.app.client().received.held();
        if held < before {
            cuts += 1;
            assert!(held - front <= keep / 2, "{} behind", held - front);
        }
        before = held;
    }
    assert!((2..=6).contains(&cuts), "cut {cuts} times for 100 MiB");
    let front = bench.app.client().received.held();
    assert!(front > 12 << 20, "{front} in front");
}

// ---- Crowds --------------------------------------------------------------------------------------------------------

/// Starts a crowd of so many that take these steps; gives back the effects.
fn crowd(bench: &mut Bench, count: &str, steps: Steps) -> Vec<Effect> {
    bench.app.sessions.steps = steps;
    bench.app.focus_on(Control::Input(Input::Crowd));
    bench.keys("<c-u>");
    bench.keys(count);
    bench.keys("<enter>")
}

fn said(effects: &[Effect]) -> Vec<(u32, &ClientAction)> {
    effects
        .iter()
        .map(|effect| match effect {
            Effect::Perform(Action::Client(id, action)) => (id.0, action),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn a_crowd_has_from_one_to_a_thousand_clients() {
    for wrong in ["", "0", "1001", "99999999999999999999"] {
        let mut bench = Bench::new(120, 36);
        assert_eq!(crowd(&mut bench, wrong, Steps::Say), [], "{wrong}");
        assert!(bench.told().contains("from 1 to 1000"), "{}", bench.told());
        assert_eq!(bench.app.sessions.len(), 1);
    }
    let mut bench = Bench::new(120, 36);
    assert_eq!(crowd(&mut bench, "1000", Steps::Say).len(), 1_000);
    assert_eq!(bench.app.sessions.len(), 1_001);
    assert_eq!(front(&bench), 1, "they come behind the one in front");
    assert_eq!(bench.app.focus, Control::Sessions);
    let more = crowd(&mut bench, "1000", Steps::Say);
    assert_eq!(more.len(), Sessions::MOST - 1_001);
    assert!(
        bench.told().contains("there is no room for more than"),
        "{}",
        bench.told()
    );
    assert_eq!(bench.keys("+"), []);
    assert!(bench.told().contains("end some first"), "{}", bench.told());
    bench.draw();
    let ended = bench.keys("g");
    assert_eq!(ended.len(), Sessions::MOST - 1);
    assert!(said(&ended).iter().all(|(_, a)| **a == ClientAction::End));
    assert_eq!(bench.app.sessions.len(), 1);
    assert_eq!(bench.keys("g"), []);
    assert!(bench.told().contains("no crowd"), "{}", bench.told());
}

#[test]
fn the_clients_of_a_crowd_take_one_step_after_the_other() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1ihey<esc>");
    let effects = crowd(&mut bench, "2", Steps::Visit);
    let connect = ClientAction::Connect(target("127.0.0.1", "8888"));
    assert_eq!(said(&effects), [(2, &connect), (3, &connect)]);
    assert_eq!(
        bench.app.client().message.value(),
        "hey",
        "it can be sent again"
    );

    let say = act(2, ClientAction::On(SocketAction::SendAll(b"hey".to_vec())));
    assert_eq!(bench.connects(client(2), 9, 10_001), [say]);
    let plan = |bench: &Bench, id| {
        let client = bench.app.sessions.get(ClientId(id)).expect("a session");
        client.plan.clone().expect("a plan")
    };
    assert_eq!(plan(&bench, 2).waits_for(), "sending");
    assert_eq!(plan(&bench, 3).waits_for(), "connecting");
    // The kernel takes it in two pieces.
    let two = [(b"hey".as_slice(), 2), (b"y".as_slice(), 1)];
    for (offered, taken) in two {
        let effects = bench.returned(client(2), send(9, offered), Outcome::Sent(taken));
        assert_eq!(effects, []);
    }
    assert_eq!(plan(&bench, 2).waits_for(), "waits for an answer");
    bench.now += 5_000;
    let close = act(2, ClientAction::On(SocketAction::Close));
    assert_eq!(bench.returned(client(2), recv(9), piece(b"hey")), [close]);
    assert_eq!(plan(&bench, 2).answered, Some(Duration::from_micros(5_100)));
    assert_eq!(plan(&bench, 2).waits_for(), "closing");
    let closed = bench.returned(client(2), Call::Close { fd: Fd(9) }, Outcome::Done);
    assert_eq!(closed, []);
    assert!(plan(&bench, 2).is_over() && !plan(&bench, 2).failed);
    let screen = bench.screen();
    assert!(
        screen.contains("crowd: 1 of 2 connected, 1 heard something after 5.4 ms"),
        "{screen}"
    );
}

#[test]
fn each_kind_of_crowd_takes_its_own_steps() {
    for (steps, last) in [
        (Steps::Hold, None),
        (Steps::Reset, Some(SocketAction::Reset)),
        (Steps::Say, None),
    ] {
        let mut bench = Bench::new(120, 36);
        crowd(&mut bench, "1", steps);
        let say = act(
            2,
            ClientAction::On(SocketAction::SendAll(b"hello".to_vec())),
        );
        let after_connect = bench.connects(client(2), 9, 10_001);
        if steps == Steps::Hold {
            assert_eq!(after_connect, []);
        } else {
            assert_eq!(
                after_connect,
                [say],
                "something is said if nothing is typed"
            );
            let sent = bench.returned(client(2), send(9, b"hello"), Outcome::Sent(5));
            let expected: Vec<Effect> = last
                .into_iter()
                .map(|action| act(2, ClientAction::On(action)))
                .collect();
            assert_eq!(sent, expected, "{steps:?}");
        }
    }
}

/// What a connect begins with.
fn resolve() -> Call {
    Call::Getaddrinfo {
        host: "127.0.0.1".to_owned(),
        service: "8888".to_owned(),
        family: None,
        kind: SocketKind::Stream,
    }
}

#[test]
fn a_step_that_fails_is_the_last() {
    let plan = |bench: &Bench| {
        let client = bench.app.sessions.get(ClientId(2)).expect("a session");
        client.plan.clone().expect("a plan")
    };
    let (fd, address) = (Fd(9), loopback(8888));
    let start = || {
        let mut bench = Bench::new(120, 36);
        crowd(&mut bench, "1", Steps::Visit);
        bench
    };

    let mut bench = start();
    bench.returned(client(2), SOCKET, Outcome::Descriptor(fd));
    let refused = Outcome::Failed(Errno::ECONNREFUSED);
    bench.returned(client(2), Call::Connect { fd, address }, refused);
    assert!(!plan(&bench).failed, "the next address may succeed");
    bench.returned(client(2), Call::Close { fd }, Outcome::Done);
    assert!(plan(&bench).failed);
    let screen = bench.screen();
    assert!(screen.contains("0 of 1 connected, 1 failed"), "{screen}");

    let mut bench = start();
    bench.returned(client(2), SOCKET, Outcome::Failed(Errno::EMFILE));
    assert!(plan(&bench).failed);
    assert_eq!(plan(&bench).waits_for(), "failed");
    let none = Outcome::LookupFailed(sockyard::model::LookupError::Eai(-2));
    let mut bench = start();
    bench.returned(client(2), resolve(), none);
    assert!(plan(&bench).failed);
    let mut bench = start();
    bench.returned(client(2), resolve(), Outcome::Cancelled);
    assert!(plan(&bench).failed);

    let mut bench = start();
    bench.connects(client(2), 9, 10_001);
    let reset = Outcome::Failed(Errno::ECONNRESET);
    assert_eq!(bench.returned(client(2), send(9, b"hello"), reset), []);
    assert_eq!(plan(&bench).waits_for(), "failed");

    let mut bench = start();
    bench.connects(client(2), 9, 10_001);
    bench.returned(client(2), send(9, b"hello"), Outcome::Sent(5));
    assert_eq!(bench.returned(client(2), recv(9), piece(b"")), []);
    assert!(plan(&bench).failed, "the end is no answer");
}

#[test]
fn a_client_whose_first_address_refuses_goes_on_with_the_next() {
    let mut bench = Bench::new(120, 36);
    crowd(&mut bench, "1", Steps::Visit);
    let who = client(2);
    let (fd, address) = (Fd(9), "[::1]:8888".parse().expect("an address"));
    bench.returned(who, resolve(), Outcome::Resolved(vec![address]));
    bench.returned(who, SOCKET, Outcome::Descriptor(fd));
    let refused = Outcome::Failed(Errno::ECONNREFUSED);
    bench.returned(who, Call::Connect { fd, address }, refused);
    bench.returned(who, Call::Close { fd }, Outcome::Done);
    assert!(bench.screen().contains("0 of 1 connected, 1 failed"));
    bench.returned(who, SOCKET, Outcome::Descriptor(fd));
    assert!(!bench.screen().contains("failed"), "it is not over yet");
    let address = loopback(8888);
    bench.returned(who, Call::Connect { fd, address }, Outcome::Done);
    let named = Outcome::Named(loopback(10_001));
    let say = act(
        2,
        ClientAction::On(SocketAction::SendAll(b"hello".to_vec())),
    );
    assert_eq!(bench.returned(who, Call::Getsockname { fd }, named), [say]);
    assert!(bench.screen().contains("1 of 1 connected"));
}

#[test]
fn a_client_that_could_not_be_told_to_go_on_has_failed_and_takes_no_more_steps() {
    let mut bench = Bench::new(120, 36);
    crowd(&mut bench, "2", Steps::Visit);
    let why = "client2: its thread is gone".to_owned();
    assert_eq!(bench.app.update(Msg::Undone(client(2), why.clone())), []);
    assert_eq!(bench.told(), why);
    let screen = bench.screen();
    assert!(screen.contains("0 of 2 connected, 1 failed"), "{screen}");
    let found = bench.app.sessions.get(ClientId(3)).expect("a session");
    assert!(found.plan.as_ref().is_some_and(|plan| !plan.failed));
    // A client without a plan has none that could fail.
    bench.app.update(Msg::Undone(CLIENT, why));
    assert!(bench.app.client().plan.is_none());
}

#[test]
fn a_call_by_hand_in_between_is_no_step_of_the_plan() {
    let mut bench = Bench::new(120, 36);
    crowd(&mut bench, "1", Steps::Say);
    bench.connects(client(2), 9, 10_001);
    let set = Call::Setsockopt {
        fd: Fd(9),
        setting: OptionSetting::Value(
            SocketOption::NoDelay,
            sockyard::model::OptionValue::Flag(true),
        ),
        family: sockyard::model::Family::Inet,
    };
    assert_eq!(bench.returned(client(2), set, Outcome::Done), []);
    let found = bench.app.sessions.get(ClientId(2)).expect("a session");
    let waits = found.plan.as_ref().map(Plan::waits_for);
    assert_eq!(waits, Some("sending"));
}

#[test]
fn what_comes_before_the_send_is_no_answer() {
    let mut bench = Bench::new(120, 36);
    crowd(&mut bench, "1", Steps::Say);
    bench.connects(client(2), 9, 10_001);
    bench.received(client(2), 9, b"Welcome");
    bench.sent(client(2), 9, b"hello");
    let plan = |bench: &Bench| {
        let client = bench.app.sessions.get(ClientId(2)).expect("a session");
        client.plan.clone().expect("a plan")
    };
    assert_eq!(plan(&bench).answered, None);
    bench.received(client(2), 9, b"Hello,hello!");
    assert!(plan(&bench).answered.is_some() && plan(&bench).is_over());
}

#[test]
fn a_crowd_is_of_tcp_clients_with_an_address_and_a_message_that_can_be_read() {
    let mut bench = Bench::new(120, 36);
    bench.app.sessions.front_mut().kind = SocketKind::Datagram;
    assert_eq!(crowd(&mut bench, "2", Steps::Say), []);
    assert!(bench.told().contains("choose TCP"), "{}", bench.told());
    bench.app.sessions.front_mut().kind = SocketKind::Stream;
    bench.app.sessions.front_mut().message.set(r"a\q");
    assert_eq!(crowd(&mut bench, "2", Steps::Say), []);
    assert!(bench.told().contains("no escape"), "{}", bench.told());
    bench.app.sessions.front_mut().message.set("");
    bench.app.sessions.front_mut().port.set("");
    assert_eq!(crowd(&mut bench, "2", Steps::Say), []);
    assert!(bench.told().contains("port \"\""), "{}", bench.told());
    assert_eq!(bench.app.sessions.len(), 1);
}

#[test]
fn a_crowd_connects_with_tcp_whatever_the_socket_in_front_is() {
    let mut bench = Bench::new(120, 36);
    bench.returned(CLIENT, UDP_SOCKET, Outcome::Descriptor(Fd(7)));
    let effects = crowd(&mut bench, "1", Steps::Hold);
    let connect = ClientAction::Connect(target("127.0.0.1", "8888"));
    assert_eq!(said(&effects), [(2, &connect)]);
}

#[test]
fn dismissing_the_crowd_leaves_the_other_sessions() {
    let mut bench = Bench::new(120, 36);
    open(&mut bench, 2);
    crowd(&mut bench, "3", Steps::Say);
    open(&mut bench, 6);
    bench.keys("4");
    let ended: Vec<u32> = said(&bench.keys("g")).iter().map(|(id, _)| *id).collect();
    assert_eq!(ended, [3, 4, 5]);
    let left: Vec<u32> = bench
        .app
        .sessions
        .iter()
        .map(|client| client.id.0)
        .collect();
    assert_eq!(left, [1, 2, 6]);
}

#[test]
fn the_steps_of_a_crowd_are_chosen_in_its_panel() {
    let mut bench = Bench::new(120, 36);
    bench.app.focus_on(Control::Choice(Choice::Steps));
    let mut seen = Vec::new();
    for _ in Steps::ALL {
        bench.keys("<right>");
        seen.push(bench.app.sessions.steps);
        let name = format!("◂ {} ▸", bench.app.sessions.steps.name());
        assert!(bench.screen().contains(&name));
    }
    assert_eq!(
        seen,
        [
            Steps::Visit,
            Steps::Greeted,
            Steps::Hold,
            Steps::Reset,
            Steps::Say
        ]
    );
}

#[test]
fn a_session_of_a_crowd_can_be_taken_by_hand() {
    let mut bench = Bench::new(120, 36);
    crowd(&mut bench, "2", Steps::Hold);
    bench.connects(client(3), 9, 10_001);
    bench.draw();
    bench.keys("<end><enter>");
    assert_eq!(front(&bench), 3);
    let sent = bench.keys("imine<enter>");
    let expected = ClientAction::On(SocketAction::SendAll(b"mine".to_vec()));
    assert_eq!(sent, [act(3, expected)]);
}
