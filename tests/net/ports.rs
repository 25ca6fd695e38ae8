//! A range of ports is tried: open, closed and silent ones, all of them or until it is cancelled.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::time::Duration;

use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Event, Outcome, PortEvent, PortRange, PortVerdict, PortsAction,
};

use crate::harness::Harness;
use crate::peer::{self, FullQueue};
use crate::reading::{count, records};

const PORTS: Actor = Actor::Ports;

/// Long enough for any answer on this machine.
const PATIENCE: Duration = Duration::from_secs(10);

fn range(host: &str, first: u16, last: u16, patience: Duration) -> Action {
    Action::Ports(PortsAction::Try(PortRange {
        host: host.to_owned(),
        first,
        last,
        patience,
    }))
}

fn verdicts(events: &[Event]) -> BTreeMap<u16, PortVerdict> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Port(PortEvent::Tried { port, verdict, .. }) => Some((*port, *verdict)),
            _ => None,
        })
        .collect()
}

fn ends(events: &[Event]) -> usize {
    let ended = |event: &&Event| matches!(event, Event::Port(PortEvent::Ended));
    events.iter().filter(ended).count()
}

impl Harness {
    #[track_caller]
    fn ports(&mut self, action: Action) {
        self.perform(action).expect("the thread can be started");
    }

    #[track_caller]
    fn ended(&mut self, times: usize) {
        self.wait("the end of the range", |events| {
            (ends(events) == times).then_some(())
        });
    }
}

/// Three ports in a row: the first open, the second closed, the third closed too; each is held.
fn three_ports() -> (TcpListener, [OwnedFd; 2], u16) {
    for _ in 0..1_000 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let Some(last) = port.checked_add(2) else {
            continue;
        };
        let held = |port| peer::bound(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        if let (Ok(second), Ok(third)) = (held(port + 1), held(last)) {
            return (listener, [second, third], port);
        }
    }
    panic!("there are no three free ports in a row");
}

#[test]
fn open_and_closed_ports_are_told_apart() {
    let (_listener, _held, first) = three_ports();
    let mut h = Harness::new();
    h.ports(range("127.0.0.1", first, first + 2, PATIENCE));
    h.ended(1);
    assert_eq!(
        verdicts(h.seen()),
        BTreeMap::from([
            (first, PortVerdict::Open),
            (first + 1, PortVerdict::Closed),
            (first + 2, PortVerdict::Closed),
        ])
    );
    let began = Event::Port(PortEvent::Began(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    assert!(h.seen().contains(&began));
    // Each call is told, and no socket is left.
    assert_eq!(count(h.seen(), PORTS, Function::Socket), 3);
    assert_eq!(count(h.seen(), PORTS, Function::Connect), 3);
    assert_eq!(count(h.seen(), PORTS, Function::Close), 3);
}

#[test]
fn a_silent_port_is_given_up_after_a_while() {
    let full = FullQueue::new();
    let port = full.address.port();
    let mut h = Harness::new();
    h.ports(range("127.0.0.1", port, port, Duration::from_millis(50)));
    h.ended(1);
    assert_eq!(
        verdicts(h.seen()),
        BTreeMap::from([(port, PortVerdict::Silent)])
    );
    let record = h.returned(PORTS, Function::Connect);
    assert_eq!(record.outcome, Outcome::Cancelled, "{record}");
    assert_eq!(count(h.seen(), PORTS, Function::Close), 1);
}

#[test]
fn a_range_can_be_cancelled_and_another_begun() {
    let full = FullQueue::new();
    let port = full.address.port();
    let mut h = Harness::new();
    let forever = Duration::from_secs(3600);
    let opened = |events: &[Event], number: usize| {
        (count(events, PORTS, Function::Socket) == number).then_some(())
    };
    h.ports(range("127.0.0.1", port, port, forever));
    h.wait("a handshake", |events| opened(events, 1));
    h.ports(Action::Ports(PortsAction::Cancel));
    h.ended(1);
    assert!(verdicts(h.seen()).is_empty());
    // Another range takes the place of the one that is under way.
    h.ports(range("127.0.0.1", port, port, forever));
    h.wait("a handshake", |events| opened(events, 2));
    let (_listener, _held, first) = three_ports();
    h.ports(range("127.0.0.1", first, first, PATIENCE));
    h.ended(3);
    assert_eq!(
        verdicts(h.seen()),
        BTreeMap::from([(first, PortVerdict::Open)])
    );
    let cancelled = |record: &&sockyard::model::CallRecord| record.outcome == Outcome::Cancelled;
    assert_eq!(records(h.seen(), PORTS).filter(cancelled).count(), 2);
    assert_eq!(count(h.seen(), PORTS, Function::Close), 3);
    // With nothing under way there is nothing to cancel.
    let before = h.seen().len();
    h.ports(Action::Ports(PortsAction::Cancel));
    h.wait("the cancelling settled and nothing else", |events| {
        matches!(&events[before..], [Event::Settled { actions: 1, .. }]).then_some(())
    });
    h.quiet(Duration::from_millis(100));
}

#[test]
fn a_name_is_resolved_and_an_unknown_one_ends_it() {
    let (_listener, _held, first) = three_ports();
    let mut h = Harness::new();
    h.ports(range("localhost", first, first, PATIENCE));
    h.ended(1);
    assert_eq!(count(h.seen(), PORTS, Function::Getaddrinfo), 1);
    // It may be ::1 first.
    assert_eq!(verdicts(h.seen()).len(), 1);
    h.ports(range("no-such-host.invalid", first, first, PATIENCE));
    h.ended(2);
    assert_eq!(verdicts(h.seen()).len(), 1);
}

#[test]
fn many_ports_are_tried_a_few_at_once() {
    // A network of this machine alone in which nobody listens.
    const HOST: &str = "127.77.66.55";
    let mut h = Harness::new();
    h.ports(range(HOST, 65_535 - 1_023, 65_535, PATIENCE));
    h.ended(1);
    let found = verdicts(h.seen());
    assert_eq!(found.len(), PortRange::MOST);
    // A listener on all addresses may be somewhere in between.
    let closed = found.values().filter(|v| **v == PortVerdict::Closed);
    assert!(closed.count() > PortRange::MOST / 2);
    let (mut open, mut most) = (0_usize, 0);
    for record in records(h.seen(), PORTS) {
        match record.call.function() {
            Function::Socket => open += 1,
            Function::Close => open -= 1,
            _ => {}
        }
        most = most.max(open);
    }
    assert_eq!(open, 0);
    assert!(most <= 16, "{most} at once");
}

#[test]
fn no_range_is_over_at_once() {
    let mut h = Harness::new();
    h.ports(range("127.0.0.1", 2, 1, PATIENCE));
    h.ended(1);
    assert_eq!(records(h.seen(), PORTS).count(), 0);
}
