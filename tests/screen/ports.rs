//! The panel that tries a range of ports.

use std::net::IpAddr;
use std::time::Duration;

use sockyard::app::calls::Filter;
use sockyard::app::control::{Control, Input, Pane};
use sockyard::app::{Effect, Msg, Spot};
use sockyard::model::{
    Action, Actor, Call, Errno, Event, Fd, Moment, Outcome, PortEvent, PortVerdict, PortsAction,
};

use crate::support::{Bench, loopback};

/// Types these into the panel's fields and presses Enter.
fn try_ports(bench: &mut Bench, host: &str, first: &str, last: &str) -> Vec<Effect> {
    for (input, text) in [
        (Input::PortsHost, host),
        (Input::PortsFirst, first),
        (Input::PortsLast, last),
    ] {
        bench.app.focus_on(Control::Input(input));
        bench.keys("<c-u>");
        bench.keys(text);
    }
    bench.keys("<enter>")
}

fn began(bench: &mut Bench) {
    let address = IpAddr::from([127, 0, 0, 1]);
    bench.happened(vec![Event::Port(PortEvent::Began(address))]);
}

fn tried(bench: &mut Bench, port: u16, verdict: PortVerdict, millis: u64) {
    let took = Duration::from_millis(millis);
    bench.happened(vec![Event::Port(PortEvent::Tried {
        port,
        verdict,
        took,
    })]);
}

fn ended(bench: &mut Bench) {
    bench.happened(vec![Event::Port(PortEvent::Ended)]);
}

fn is_try(effects: &[Effect]) -> bool {
    matches!(
        effects,
        [Effect::Perform(Action::Ports(PortsAction::Try(_)))]
    )
}

#[test]
fn a_range_has_its_limits() {
    for (host, first, last, said) in [
        ("127.0.0.1", "", "80", "port \"\""),
        ("127.0.0.1", "1", "65536", "port \"65536\""),
        ("127.0.0.1", "80", "79", "the last is before the first"),
        ("127.0.0.1", "1", "1025", "1025 ports are too many"),
        ("", "1", "2", "give a host"),
        ("[]", "1", "2", "give a host"),
    ] {
        let mut bench = Bench::new(120, 36);
        assert_eq!(try_ports(&mut bench, host, first, last), []);
        assert!(bench.told().contains(said), "{}", bench.told());
        assert!(!bench.app.ports.running);
        assert_eq!(bench.app.ports.range, None);
    }
    for (first, last) in [("0", "0"), ("1", "1024"), ("64512", "65535")] {
        let mut bench = Bench::new(120, 36);
        assert!(is_try(&try_ports(&mut bench, "127.0.0.1", first, last)));
        assert!(bench.app.ports.running);
        assert_eq!(bench.app.focus, Control::Ports);
    }
}

#[test]
fn this_machine_is_tried_without_a_question() {
    for host in ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"] {
        let mut bench = Bench::new(120, 36);
        assert!(is_try(&try_ports(&mut bench, host, "1", "2")), "{host}");
        assert_eq!(bench.open(), "nothing");
    }
}

#[test]
fn any_other_host_asks_for_a_yes_first() {
    for host in ["192.0.2.1", "example.org", "0.0.0.0", "2001:db8::1"] {
        let mut bench = Bench::new(120, 36);
        assert_eq!(try_ports(&mut bench, host, "20", "25"), [], "{host}");
        assert_eq!(bench.open(), "question another machine");
        assert!(!bench.app.ports.running);
        let screen = bench.screen();
        assert!(
            screen.contains(&format!("Connect to 6 ports of {host}")),
            "{screen}"
        );
        assert!(screen.contains("allowed to test"), "{screen}");
        for key in ["x", "s", "<enter>", "<tab>", "Y"] {
            assert_eq!(bench.keys(key), [], "{key}");
            assert_eq!(bench.open(), "question another machine", "{key}");
        }
        for no in ["n", "<esc>"] {
            assert_eq!(bench.keys(no), []);
            assert_eq!(bench.open(), "nothing");
            bench.keys("<enter>");
        }
        assert!(is_try(&bench.keys("y")), "{host}");
        assert_eq!(bench.open(), "nothing");
        assert!(bench.app.ports.running);
    }
}

#[test]
fn results_are_told_in_words_and_counted() {
    let mut bench = Bench::new(120, 36);
    try_ports(&mut bench, "localhost", "79", "90");
    assert!(bench.screen().contains("trying 0 of 12 ports of localhost"));
    began(&mut bench);
    for (port, verdict, millis) in [
        (82, PortVerdict::Closed, 0),
        (80, PortVerdict::Open, 2),
        (81, PortVerdict::Closed, 0),
        (83, PortVerdict::Silent, 1_000),
        (84, PortVerdict::Failed(Errno::EHOSTUNREACH), 1),
        (79, PortVerdict::Closed, 1),
    ] {
        tried(&mut bench, port, verdict, millis);
    }
    let screen = bench.screen();
    for said in [
        "trying 6 of 12 ports of 127.0.0.1",
        "1 open · 3 closed · 1 silent · 1 failed",
        "- 79             closed: refused, nobody listens (1.0 ms)",
        "+ 80             open: somebody listens (connected after 2.0 ms)",
        "- 81 to 82       closed: refused, nobody listens",
        "? 83             no answer in 1.0 s: a firewall drops it",
        "! 84             EHOSTUNREACH",
        "[stop (x)]",
    ] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    ended(&mut bench);
    let screen = bench.screen();
    assert!(
        screen.contains("tried 6 of 12 ports of 127.0.0.1"),
        "{screen}"
    );
    assert!(screen.contains("[try (x)]"), "{screen}");
}

#[test]
fn what_is_under_way_is_stopped_by_the_same_button_and_goes_on_being_shown() {
    let mut bench = Bench::new(120, 36);
    try_ports(&mut bench, "127.0.0.1", "1", "100");
    began(&mut bench);
    tried(&mut bench, 1, PortVerdict::Closed, 0);
    let cancel = Action::Ports(PortsAction::Cancel);
    assert_eq!(bench.action("x"), cancel);
    for elsewhere in ["1x", "2x", "3x", "4x"] {
        assert_eq!(bench.keys(elsewhere), [], "in its own pane alone");
    }
    assert!(bench.app.ports.running);
    assert_eq!(bench.action("5<tab>x"), cancel);
    tried(&mut bench, 2, PortVerdict::Closed, 0);
    ended(&mut bench);
    assert!(!bench.app.ports.running);
    assert!(bench.screen().contains("tried 2 of 100"));
    // Another run begins anew.
    assert!(is_try(&bench.keys("5<enter>")));
    assert_eq!(bench.app.ports.tried(), 0);
}

#[test]
fn the_list_is_scrolled() {
    let mut bench = Bench::new(120, 36);
    try_ports(&mut bench, "127.0.0.1", "1", "100");
    began(&mut bench);
    for port in 1..=100 {
        tried(&mut bench, port, PortVerdict::Open, 1);
    }
    ended(&mut bench);
    let has = |bench: &mut Bench, port: u16| bench.screen().contains(&format!("+ {port:<15}"));
    assert!(has(&mut bench, 1) && !has(&mut bench, 50));
    bench.keys("<pgdn>");
    assert!(!has(&mut bench, 1));
    bench.keys("<end>");
    assert!(has(&mut bench, 100));
    bench.keys("<up>");
    assert!(!has(&mut bench, 100) && has(&mut bench, 99));
    bench.keys("<down><down><down>");
    assert!(has(&mut bench, 100));
    bench.keys("k");
    assert!(!has(&mut bench, 100));
    bench.keys("j<home>");
    assert!(has(&mut bench, 1));
    let spot = bench.spot("+ 3 ");
    bench
        .app
        .update(Msg::Wheel(spot, sockyard::app::bytes::Motion::WheelDown));
    assert!(!has(&mut bench, 3) && has(&mut bench, 4));
}

#[test]
fn the_calls_of_the_ports_are_told_once_some_were_tried() {
    let mut bench = Bench::new(120, 36);
    bench.keys("3");
    assert!(!bench.screen().contains("server ports"));
    bench.keys("5<enter>");
    let (fd, address) = (Fd(9), loopback(8_880));
    let refused = Outcome::Failed(Errno::ECONNREFUSED);
    bench.returned(Actor::Ports, Call::Connect { fd, address }, refused);
    bench.keys("3");
    let screen = bench.screen();
    assert!(
        screen.contains("ports     connect(9, 127.0.0.1:8880)"),
        "{screen}"
    );
    let only = Spot::Filter(Filter::Ports);
    assert!(bench.spots().contains(&only));
    bench.app.update(Msg::Click(only));
    let shown = bench.app.calls.window(bench.app.room.calls);
    assert!(shown.iter().all(|(_, record)| record.who == Actor::Ports) && shown.len() == 1);
}

#[test]
fn a_thread_that_fails_ends_the_run() {
    let mut bench = Bench::new(120, 36);
    bench.keys("5<enter>");
    assert!(bench.app.ports.running);
    bench.happened(vec![Event::Panicked {
        who: Actor::Ports,
        at: Moment(1),
        message: "oh".to_owned(),
    }]);
    assert!(!bench.app.ports.running);
    assert!(is_try(&bench.keys("5<enter>")));
    assert_eq!(bench.app.focus.pane(), Pane::Ports);
}
