//! Tests of scripts as they play: the state alone, with events in place of the workers'.

use std::time::Duration;

use super::expectation::{Exit, Place};
use super::player::{Pace, Player, ProgramEvent, ProgramOrder};
use super::report::{Report, Verdict};
use super::{Limits, Script};
use crate::app::client::Receive;
use crate::app::{App, Effect, Msg, Settings};
use crate::model::call::{Ending, Waited};
use crate::model::{
    Action, Actor, Call, CallRecord, ClientId, ConnectionId, Errno, Event, Family, Fd, Moment,
    Outcome, PortEvent, PortVerdict, Preview, RecvFlags, SocketKind,
};

const CLIENT: Actor = Actor::Client(ClientId::FIRST);
const FIRST: Actor = Actor::Connection(ConnectionId(1));
const FD: Fd = Fd(7);

/// A script that plays.
struct Play {
    app: App,
    reports: Vec<Report>,
    actions: Vec<Action>,
    orders: Vec<ProgramOrder>,
}

impl Play {
    #[track_caller]
    fn new(script: &str) -> Self {
        Self::with(script, false, 1 << 20)
    }

    /// With a program to test, and with room for so many received bytes.
    #[track_caller]
    fn with(script: &str, program: bool, keep: usize) -> Self {
        let script = Script::read("a", script).expect("a good script");
        let mut app = App::new(&Settings {
            receive: Receive::ByHand,
            keep,
            ..Settings::default()
        });
        let limits = Limits::default();
        app.player = Some(Player::new(
            script,
            limits,
            Pace::AtOnce,
            program,
            Moment::default(),
        ));
        let mut play = Self {
            app,
            reports: Vec::new(),
            actions: Vec::new(),
            orders: Vec::new(),
        };
        play.at(0);
        play
    }

    fn tell(&mut self, msg: Msg) -> &mut Self {
        for effect in self.app.update(msg) {
            match effect {
                Effect::Report(report) => self.reports.push(report),
                Effect::Perform(action) => self.actions.push(action),
                Effect::Program(order) => self.orders.push(order),
                _ => {}
            }
        }
        self
    }

    /// So many milliseconds have passed since the beginning.
    fn at(&mut self, millis: u64) -> &mut Self {
        self.tell(Msg::Now(Moment(millis * 1_000)))
    }

    fn happens(&mut self, events: impl Into<Vec<Event>>) -> &mut Self {
        self.tell(Msg::Happened(events.into()))
    }

    fn returns(&mut self, who: Actor, call: Call, outcome: Outcome) -> &mut Self {
        self.happens([returned(who, call, outcome)])
    }

    /// Everything that was handed to workers is carried out.
    fn settle(&mut self) -> &mut Self {
        let outstanding = self.app.outstanding.clone().into_iter();
        let settled = outstanding.map(|(who, actions)| Event::Settled { who, actions });
        let settled: Vec<Event> = settled.collect();
        self.happens(settled)
    }

    /// The client has a socket that is connected.
    fn connected(&mut self) -> &mut Self {
        self.happens([made_socket(CLIENT), connect(Outcome::Done)])
            .settle()
    }

    fn accepted(&mut self, number: u64) -> &mut Self {
        let accepted = Outcome::Accepted {
            fd: Fd(20),
            peer: "127.0.0.1:50000".parse().expect("an address"),
            connection: ConnectionId(number),
        };
        self.returns(Actor::Server, Call::Accept { fd: Fd(5) }, accepted)
    }

    fn receives(&mut self, who: Actor, bytes: &[u8]) -> &mut Self {
        let mut events = vec![received(who, bytes)];
        if !bytes.is_empty() {
            events.push(Event::Received {
                who,
                at: Moment::default(),
                bytes: bytes.to_vec(),
                from: None,
            });
        }
        self.happens(events)
    }

    fn program(&mut self, event: ProgramEvent) -> &mut Self {
        self.tell(Msg::Program(event))
    }

    fn verdict(&self) -> Option<&Verdict> {
        self.app.player.as_ref()?.verdict.as_ref()
    }

    #[track_caller]
    fn passes(&self) {
        let verdict = self.verdict().expect("it is over");
        assert_eq!(verdict.failure, None);
    }

    #[track_caller]
    fn plays(&self) {
        assert_eq!(self.verdict(), None);
    }

    /// The number of the line that fails, and why.
    #[track_caller]
    fn fails(&self) -> (usize, &str) {
        let verdict = self.verdict().expect("it is over");
        let failure = verdict.failure.as_ref().expect("it has failed");
        (failure.number, &failure.why)
    }
}

fn returned(who: Actor, call: Call, outcome: Outcome) -> Event {
    Event::Returned(CallRecord {
        who,
        call,
        outcome,
        entered: Moment::default(),
        returned: Moment::default(),
        took: Duration::ZERO,
        waited: Waited::No,
    })
}

fn made_socket(who: Actor) -> Event {
    let (family, kind) = (Family::Inet, SocketKind::Stream);
    returned(who, Call::Socket { family, kind }, Outcome::Descriptor(FD))
}

fn connect(outcome: Outcome) -> Event {
    let address = "127.0.0.1:9".parse().expect("an address");
    returned(CLIENT, Call::Connect { fd: FD, address }, outcome)
}

fn recv() -> Call {
    Call::Recv {
        fd: FD,
        size: 1_024,
        flags: RecvFlags::default(),
    }
}

fn received(who: Actor, bytes: &[u8]) -> Event {
    let outcome = Outcome::Received {
        count: bytes.len(),
        preview: Preview::of(bytes),
        ending: match bytes {
            [] => Ending::Stream,
            _ => Ending::Piece,
        },
        from: None,
    };
    returned(who, recv(), outcome)
}

fn send(outcome: Outcome) -> Event {
    let call = Call::Send {
        fd: FD,
        length: 2,
        preview: Preview::of(b"hi"),
        urgent: false,
    };
    returned(CLIENT, call, outcome)
}

/// A connected client, of which this is expected.
#[track_caller]
fn expecting(expectations: &str) -> Play {
    let mut play = Play::new(&format!("client connect a 9\n{expectations}"));
    play.connected();
    play
}

#[test]
fn received_bytes_are_read_like_a_book_wherever_recv_has_cut_them() {
    let mut play = expecting("expect client received \"abcd\"\nexpect client received \"ef\"");
    play.receives(CLIENT, b"abc").plays();
    play.receives(CLIENT, b"de").plays();
    play.receives(CLIENT, b"fg").passes();
    // What comes is not what was expected: there is nothing to wait for.
    let mut play = expecting("expect client received \"abcd\"");
    play.receives(CLIENT, b"abx");
    assert_eq!(play.fails(), (2, "it received \"abx\""));
}

#[test]
fn what_is_looked_for_may_stand_behind_other_bytes_and_across_a_cut() {
    let mut play = expecting(
        "expect client received --contains \"lo\\n\"\nexpect client received --matches \"[0-9]+;\"\nexpect client received \"rest\"",
    );
    play.receives(CLIENT, b"hel")
        .receives(CLIENT, b"lo\n1")
        .plays();
    play.receives(CLIENT, b"2;re").plays();
    play.receives(CLIENT, b"st").passes();
    let mut play = expecting("expect client received --matches \"a.c\"");
    play.receives(CLIENT, b"\xffabc").passes();
}

#[test]
fn what_is_looked_for_may_stand_behind_millions_of_bytes() {
    for looked_for in ["--contains \"END\"", "--matches \"E[N]D\""] {
        // It stands across the place at which one search ends and the next begins.
        for before in [(1 << 20) - 2, (1 << 20) - 1, 3_000_000] {
            let script = format!(
                "client connect a 80\nexpect client received {looked_for}\nexpect client received \"!\""
            );
            let mut play = Play::with(&script, false, 16 << 20);
            play.connected();
            for piece in vec![b'.'; before].chunks(60_000) {
                play.receives(CLIENT, piece).plays();
            }
            play.receives(CLIENT, b"E")
                .receives(CLIENT, b"ND!")
                .passes();
        }
    }
}

#[test]
fn a_count_is_of_all_bytes_and_never_comes_back_once_it_is_passed() {
    let mut play = expecting("expect client received --count 4\nexpect client received \"e\"");
    play.receives(CLIENT, b"ab").plays();
    play.receives(CLIENT, b"cd").plays();
    play.receives(CLIENT, b"e").passes();
    let mut play = expecting("expect client received --count 4");
    play.receives(CLIENT, b"abcde");
    assert_eq!(play.fails(), (2, "it received 5 B in all"));
}

#[test]
fn with_a_new_socket_everything_begins_anew() {
    let mut play = expecting(
        "expect client received \"abc\"\nclient close\nclient connect a 9\nexpect client received \"ab\"",
    );
    play.receives(CLIENT, b"abc");
    play.returns(CLIENT, Call::Close { fd: FD }, Outcome::Done);
    play.settle().connected().plays();
    play.receives(CLIENT, b"abcdef").passes();
}

#[test]
fn bytes_that_are_no_longer_kept_are_passed_over() {
    let script = "client connect a 9\nwait 1s\nexpect client received --contains \"ij\"\nexpect client received \"kl\"";
    let mut play = Play::with(script, false, 8);
    play.connected();
    // It is blocks of at most 64 KiB that are forgotten.
    play.receives(CLIENT, &vec![b'.'; 70_000])
        .receives(CLIENT, b"ijkl");
    let received = &play.app.sessions.front().received;
    assert!(received.forgotten() > 0, "{received:?}");
    play.at(1_000).passes();
}

#[test]
fn the_end_of_a_stream_ends_the_waiting_too() {
    let mut play = expecting("expect client ended\nexpect client state CLOSE_WAIT");
    play.receives(CLIENT, b"ab").plays();
    play.receives(CLIENT, b"").passes();
    let mut play = expecting("expect client received \"abc\"");
    play.receives(CLIENT, b"ab").receives(CLIENT, b"");
    let why = "it received \"ab\", and the peer has finished sending";
    assert_eq!(play.fails(), (2, why));
    for (line, why) in [
        (
            "expect client ended",
            "its connection was reset or given up",
        ),
        (
            "expect client received \"a\"",
            "it received nothing more, and the connection was reset or given up",
        ),
    ] {
        let mut play = expecting(line);
        play.returns(CLIENT, recv(), Outcome::Failed(Errno::ECONNRESET));
        assert_eq!(play.fails(), (2, why));
    }
}

#[test]
fn a_state_is_awaited_and_none_is_no_socket() {
    let mut play =
        Play::new("expect client state none\nclient connect a 9\nexpect client state established");
    play.connected().passes();
    let mut play = expecting("expect client state CLOSED --within 1s");
    play.at(999).plays();
    play.at(1_000);
    assert_eq!(play.fails(), (2, "not within 1s: its state is ESTABLISHED"));
    let mut play = expecting("expect client2 state none");
    assert_eq!(play.at(0).fails(), (2, "there is no client2"));
}

#[test]
fn silence_holds_after_its_time_and_is_broken_by_a_byte() {
    let mut play = expecting("expect client silence 300ms");
    assert_eq!(play.app.wakes_at(), Some(Moment(300_000)));
    play.at(299).plays();
    play.at(300).passes();
    let mut play = expecting("expect client silence 300ms");
    play.receives(CLIENT, b"a");
    assert_eq!(play.fails(), (2, "it received \"a\""));
    // A longer one than the usual limit is no mistake.
    let mut play = expecting("expect client silence 8s");
    play.at(7_999).plays();
    play.at(8_000).passes();
}

#[test]
fn a_call_that_waits_is_told_from_one_that_does_not() {
    let mut play =
        expecting("client recv 1024 &\nexpect client blocked recv\nexpect client recv 2");
    play.plays();
    let blocked = Event::Blocked {
        who: CLIENT,
        call: recv(),
        since: Moment::default(),
    };
    play.happens([blocked]).settle().plays();
    play.receives(CLIENT, b"ab").passes();
    let mut play = expecting("expect client blocked recv");
    play.at(5_000);
    assert_eq!(
        play.fails(),
        (2, "not within 5s: client does not wait in recv")
    );
}

#[test]
fn connections_are_counted() {
    let mut play = Play::new("expect server accepted 2\nexpect server open 2");
    play.accepted(1).plays();
    play.accepted(2).passes();
    let mut play = Play::new("expect server accepted 1 --within 1s\nexpect server accepted 1");
    play.accepted(1).passes();
    let mut play = Play::new("wait 1s\nexpect server accepted 1");
    play.accepted(1).accepted(2).at(1_000);
    assert_eq!(play.fails(), (2, "2 accepted"));
    let mut play = Play::new("expect server queue 2");
    let queue = |waiting| Event::AcceptQueue {
        waiting,
        backlog: 5,
        dropped: 0,
    };
    play.happens([queue(1)]).plays();
    play.happens([queue(3)]).plays();
    play.happens([queue(2)]).passes();
}

#[test]
fn ports_are_open_closed_or_not_tried() {
    let tried = |verdict| {
        Event::Port(PortEvent::Tried {
            port: 9,
            verdict,
            took: Duration::ZERO,
        })
    };
    for (verdict, expected) in [
        (PortVerdict::Open, None),
        (PortVerdict::Closed, Some((2, "port 9 is closed"))),
    ] {
        let mut play = Play::new("ports try 127.0.0.1 9\nexpect ports open 9");
        play.happens([tried(verdict), Event::Port(PortEvent::Ended)]);
        play.settle();
        match expected {
            None => play.passes(),
            Some(expected) => assert_eq!(play.fails(), expected),
        }
    }
    let play = Play::new("expect ports silent 9");
    assert_eq!(play.fails(), (1, "port 9 was not tried"));
    // Nobody is there who could be asked.
    let play = Play::new("ports try 192.0.2.1 9");
    assert!(play.fails().1.contains("--allowed"));
    assert!(play.actions.is_empty(), "{:?}", play.actions);
}

#[test]
fn a_call_comes_to_a_number_an_errno_or_any_failure() {
    for (result, outcome) in [
        ("ok", Outcome::Sent(2)),
        ("2", Outcome::Sent(2)),
        ("fails", Outcome::Failed(Errno::EPIPE)),
        ("-1", Outcome::Failed(Errno::EPIPE)),
        ("EPIPE", Outcome::Failed(Errno::EPIPE)),
        ("EWOULDBLOCK", Outcome::Failed(Errno::EAGAIN)),
    ] {
        let mut play = expecting(&format!("client send \"hi\"\nexpect client send {result}"));
        play.happens([send(outcome)]).settle().passes();
    }
    for (result, outcome, why) in [
        (
            "ok",
            Outcome::Failed(Errno::EPIPE),
            "send returned -1 EPIPE",
        ),
        ("3", Outcome::Sent(2), "send returned 2"),
        ("EPIPE", Outcome::Sent(2), "send returned 2"),
    ] {
        let mut play = expecting(&format!("client send \"hi\"\nexpect client send {result}"));
        play.happens([send(outcome)]).settle();
        assert_eq!(play.fails(), (3, why));
    }
    let mut play = expecting("expect client recv 0");
    play.at(5_000);
    let why = "not within 5s: client has not returned from recv";
    assert_eq!(play.fails(), (2, why));
}

#[test]
fn what_a_call_came_to_outlives_other_calls_but_not_the_same_again() {
    let script =
        "client recv 1024 &\nclient send \"hi\"\nexpect client recv 1\nexpect client send 2";
    let mut play = expecting(script);
    play.settle().receives(CLIENT, b"a");
    play.happens([send(Outcome::Sent(2))]).settle().passes();
    let mut play = expecting("client send \"hi\"\nclient send \"hi\"\nexpect client send 1");
    play.happens([send(Outcome::Sent(1))]).settle();
    play.happens([send(Outcome::Sent(2))]).settle();
    assert_eq!(play.fails(), (4, "send returned 2"));
}

#[test]
fn a_call_that_fails_ends_the_script_unless_it_is_expected_to() {
    let refused = || connect(Outcome::Failed(Errno::ECONNREFUSED));
    let mut play = Play::new("client connect a 9\nsay \"never\"");
    play.happens([made_socket(CLIENT), refused()]).settle();
    let why =
        "connect failed with ECONNREFUSED (if it is to fail: expect client connect ECONNREFUSED)";
    assert_eq!(play.fails(), (1, why));
    assert!(!play.reports.contains(&Report::Said("never".to_owned())));
    for expected in ["ECONNREFUSED", "fails"] {
        let script = format!("client connect a 9\nsay \"so\"\nexpect client connect {expected}\n");
        let mut play = Play::new(&script);
        play.happens([made_socket(CLIENT), refused()]).settle();
        play.passes();
    }
    // What is expected of another call is no excuse.
    let mut play = Play::new("client connect a 9\nexpect client socket ok");
    play.happens([made_socket(CLIENT), refused()]).settle();
    assert_eq!(play.fails(), (1, why));
}

#[test]
fn a_line_that_ends_in_an_ampersand_is_not_awaited() {
    let mut play = expecting("client recv 1024 &\nsay \"on\"");
    play.plays();
    play.settle().passes();
    let mut play = expecting("client recv 1024\nsay \"on\"");
    let blocked = Event::Blocked {
        who: CLIENT,
        call: recv(),
        since: Moment::default(),
    };
    play.happens([blocked]).settle().plays();
    play.receives(CLIENT, b"a").passes();
}

#[test]
fn what_fails_in_the_background_is_told_at_the_end_unless_it_was_expected() {
    let blocked = || Event::Blocked {
        who: CLIENT,
        call: Call::Connect {
            fd: FD,
            address: "127.0.0.1:80".parse().expect("an address"),
        },
        since: Moment::default(),
    };
    let refused = || connect(Outcome::Failed(Errno::ECONNREFUSED));
    let mut play = Play::new("client connect 127.0.0.1 80 &\nwait 1s\nsay \"x\"");
    play.happens([made_socket(CLIENT), blocked()]).settle();
    play.happens([refused()]).at(1_000);
    let (number, why) = play.fails();
    assert_eq!(number, 1);
    assert!(why.contains("connect failed with ECONNREFUSED"), "{why}");

    let mut play =
        Play::new("client connect 127.0.0.1 80 &\nwait 1s\nexpect client connect ECONNREFUSED");
    play.happens([made_socket(CLIENT), blocked()]).settle();
    play.happens([refused()]).at(1_000).passes();
}

#[test]
fn silence_is_measured_once_there_is_somebody_to_be_silent() {
    let mut play = Play::new("expect server#1 silence 300ms");
    play.at(400).plays();
    // Time alone changes nothing before it is accepted, but for the limit.
    assert_eq!(play.app.wakes_at(), Some(Moment(5_000_000)));
    play.accepted(1).plays();
    assert_eq!(play.app.wakes_at(), Some(Moment(700_000)));
    play.at(699).plays();
    play.at(700).passes();
}

#[test]
fn no_step_waits_for_ever() {
    let mut play = Play::new("limit 200ms\nclient connect a 9");
    assert_eq!(play.app.wakes_at(), Some(Moment(200_000)));
    play.at(199).plays();
    play.at(200);
    let (line, why) = play.fails();
    assert_eq!(line, 2);
    assert!(
        why.starts_with("it has not come to its end within 200ms"),
        "{why}"
    );

    let script = "limit 1s --total\nlimit 10s\nexpect server accepted 1 --else \"nobody came\"";
    let mut play = Play::new(script);
    assert_eq!(play.app.wakes_at(), Some(Moment(1_000_000)));
    play.at(1_000);
    assert!(
        play.fails()
            .1
            .starts_with("the whole script is not over after 1s")
    );
    let failure = play.verdict().and_then(|verdict| verdict.failure.clone());
    assert_eq!(failure.and_then(|failure| failure.symptom), None);

    let mut play = Play::new("wait 30s\nsay \"on\"");
    play.at(29_999).plays();
    play.at(30_000).passes();
}

#[test]
fn a_step_about_a_connection_waits_until_it_is_accepted() {
    let mut play = Play::new("server#1 close");
    assert!(play.actions.is_empty());
    play.accepted(1).plays();
    assert_eq!(play.actions.len(), 1);
    let steps = |report: &&Report| matches!(report, Report::Step(..));
    assert_eq!(play.reports.iter().filter(steps).count(), 1);
    play.returns(FIRST, Call::Close { fd: Fd(20) }, Outcome::Done);
    play.settle().passes();
    let mut play = Play::new("server#1 close");
    play.at(5_000);
    let why = "not within 5s: the server has not accepted server#1";
    assert_eq!(play.fails(), (1, why));
    // One that is gone does not come back.
    let mut play = Play::new("server#1 close\nserver#1 close");
    play.accepted(1)
        .returns(FIRST, Call::Close { fd: Fd(20) }, Outcome::Done);
    play.settle();
    assert_eq!(play.fails(), (2, "server#1 is closed"));
}

#[test]
fn a_variable_has_the_value_that_it_has_when_its_line_is_done() {
    let mut play =
        Play::new("server start 127.0.0.1 0\nlet there ${server.port}\nclient connect a ${there}");
    let address = "127.0.0.1:4321".parse().expect("an address");
    play.happens([made_socket(Actor::Server)]);
    play.returns(
        Actor::Server,
        Call::Getsockname { fd: Fd(5) },
        Outcome::Named(address),
    );
    play.settle();
    let last = format!("{:?}", play.actions.last());
    assert!(last.contains("4321"), "{last}");

    let play = Play::new("client connect a ${server.port}");
    let failure = play.verdict().and_then(|verdict| verdict.failure.clone());
    let failure = failure.expect("there is no server");
    assert!(failure.is_wrong, "{failure:?}");
    assert!(
        failure.why.contains("${server.port} has no value yet"),
        "{failure:?}"
    );
}

#[test]
fn a_variable_is_text_whatever_stands_in_it() {
    let script = r#"let text "a \"b\" \\n c"
client send "<${text}>""#;
    let play = Play::new(script);
    let sent = format!("{:?}", play.actions.last());
    let bytes = format!("{:?}", br#"<a "b" \n c>"#.to_vec());
    assert!(sent.contains(&bytes), "{sent}");
}

#[test]
fn each_step_is_told_with_what_came_of_it() {
    let mut play = Play::new("say \"one\\ntwo\"\n\nexpect server accepted 1 # a comment\n");
    play.at(20).accepted(1).passes();
    let wanted = [
        Report::Step(1, "say \"one\\ntwo\"".to_owned()),
        Report::Said("one\ntwo".to_owned()),
        Report::Step(3, "expect server accepted 1".to_owned()),
        Report::Held(3, Duration::from_millis(20)),
    ];
    assert_eq!(play.reports[..4], wanted);
    let verdict = play.verdict().expect("it is over");
    assert_eq!((verdict.steps, verdict.held), (2, 1));
    assert_eq!(verdict.took, Duration::from_millis(20));
}

#[test]
fn a_symptom_is_told_of_an_expectation_that_failed() {
    let mut play = expecting("expect client received \"a\" --else \"no answer\"");
    play.receives(CLIENT, b"b");
    let failure = play.verdict().and_then(|verdict| verdict.failure.clone());
    let symptom = failure.and_then(|failure| failure.symptom);
    assert_eq!(symptom.as_deref(), Some("no answer"));
}

fn place(address: &str) -> Place {
    Place {
        address: address.parse().expect("an address"),
        kind: SocketKind::Stream,
    }
}

#[test]
fn a_program_is_started_first_and_awaited_until_it_listens() {
    let mut play = Play::with("client connect ${program.host} ${program.port}", true, 64);
    assert_eq!(play.orders, [ProgramOrder::Start]);
    play.plays();
    play.program(ProgramEvent::Listens(place("0.0.0.0:77")));
    let last = format!("{:?}", play.actions.last());
    assert!(last.contains("127.0.0.1") && last.contains("77"), "{last}");

    let mut play = Play::with("say \"a\"", true, 64);
    play.program(ProgramEvent::Exits(Exit::Status(3)));
    assert_eq!(play.fails(), (0, "the program ended with exit status 3"));
    let mut play = Play::with(
        "server start 127.0.0.1 0\nprogram start\nsay \"a\"",
        true,
        64,
    );
    play.settle().at(5_000);
    let (line, why) = play.fails();
    assert!(line == 2 && why.contains("neither listens"), "{why}");
    let mut play = Play::with("program start\nsay \"a\"", true, 64);
    play.accepted(1).passes();
    let mut play = Play::with("client connect a ${program.port}", true, 64);
    play.accepted(1);
    assert_eq!(play.fails(), (1, "the program does not listen"));
}

#[test]
fn what_a_program_prints_and_how_it_ends_can_be_expected() {
    let script = "expect program running\nexpect program prints \"ready\"\nexpect program exits 0";
    let mut play = Play::with(script, true, 64);
    play.program(ProgramEvent::Listens(place("127.0.0.1:77")))
        .plays();
    play.program(ProgramEvent::Prints(vec!["it is ready now".to_owned()]))
        .plays();
    play.program(ProgramEvent::Exits(Exit::Status(0))).passes();

    let mut play = Play::with("program start\nexpect program prints \"ready\"", true, 64);
    play.program(ProgramEvent::Prints(vec!["almost".to_owned()]));
    play.program(ProgramEvent::Listens(place("127.0.0.1:77")))
        .plays();
    play.program(ProgramEvent::Exits(Exit::Signal(11)));
    let why = "the program ended with signal 11; the last line that it printed is \"almost\"";
    assert_eq!(play.fails(), (2, why));
}
