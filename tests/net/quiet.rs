//! Of a quiet server only what it could not do is heard, and the numbers are exact.

use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use crossbeam_channel::Receiver;
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Address, Batch, ClientAction, ClientId, Event, Model, Offer, Outcome,
    ServerAction, ServerSetup, Service, SocketKind, Target,
};
use sockyard::net::tally::Counts;
use sockyard::net::{Clock, Hearing, Yard};

use crate::harness::{LIMIT, story};
use crate::peer;

/// A quiet server, what it reports, and where it listens.
fn serve(offer: Offer) -> (Yard, Receiver<Batch>, SocketAddr) {
    let (sender, events) = crossbeam_channel::bounded(1_000);
    let mut yard = Yard::with(Clock::start(), sender, Hearing::Quiet);
    yard.perform(Action::Server(ServerAction::Start(ServerSetup {
        host: "127.0.0.1".to_owned(),
        port: 0,
        kind: SocketKind::Stream,
        backlog: 128,
        offer,
    })))
    .expect("a thread");
    let address = loop {
        let batch = events.recv_timeout(LIMIT).expect("it listens");
        let found = batch.iter().find_map(|event| match event {
            Event::Returned(record) => match record.outcome {
                Outcome::Named(address) => Some(address),
                _ => None,
            },
            _ => None,
        });
        if let Some(address) = found {
            break address;
        }
    };
    (yard, events, address)
}

#[test]
fn of_connections_nothing_is_reported_and_everything_is_counted() {
    for model in Model::ALL {
        let (yard, events, address) = serve(Offer {
            service: Service::Ok,
            model,
            delay: Duration::ZERO,
        });
        for _ in 0..10 {
            let peer = peer::connect(address);
            peer::send(&peer, b"hello");
            assert_eq!(peer::read(&peer, 10), b"OK...hello");
            peer.shutdown(Shutdown::Write).expect("connected");
            assert_eq!(peer::read_to_end(&peer), b"");
        }
        let (all, totals) = yard.end(LIMIT);
        assert!(all, "a worker did not end");
        assert_eq!(totals.connections, 10);
        assert_eq!(totals.unserved, 0);
        let counts = Counts {
            datagrams: 0,
            received: 50,
            sent: 100,
        };
        assert_eq!(totals.counts, counts, "{model}");
        let told: Vec<Event> = events.try_iter().flatten().collect();
        assert!(
            (told.iter()).all(|event| matches!(event, Event::Settled { .. })),
            "{}",
            story(&told)
        );
    }
}

#[test]
fn a_client_beside_a_quiet_server_is_heard_as_ever() {
    let (mut yard, events, address) = serve(Offer::default());
    let connect = ClientAction::Connect(Target::stream(Address {
        host: address.ip().to_string(),
        port: address.port().to_string(),
    }));
    yard.perform(Action::Client(ClientId::FIRST, connect))
        .expect("a thread");
    let client = Actor::Client(ClientId::FIRST);
    let is_connected = |event: &Event| match event {
        Event::Returned(record) => {
            record.who == client && record.call.function() == Function::Connect
        }
        _ => false,
    };
    while !(events.recv_timeout(LIMIT).expect("a report").iter()).any(is_connected) {}
    let (all, totals) = yard.end(LIMIT);
    assert!(all, "a worker did not end");
    // Nothing of what the client did is the server's.
    assert_eq!(totals.counts, Counts::default());
}

#[test]
fn urgent_data_stalls_no_connection() {
    for model in Model::ALL {
        let (yard, _events, address) = serve(Offer {
            service: Service::Echo,
            model,
            delay: Duration::ZERO,
        });
        for _ in 0..20 {
            // Whoever serves one after the other finds all of it queued once this one is gone.
            let before = peer::connect(address);
            peer::send(&before, b"x");
            assert_eq!(peer::read(&before, 1), b"x", "{model}");
            let peer = peer::connect(address);
            peer::send(&peer, b"aaa");
            // A recv stops in front of it, and passes it over: tcp(7).
            rustix::net::send(&peer, b"b", rustix::net::SendFlags::OOB).expect("there is room");
            peer::send(&peer, b"ccc");
            drop(before);
            assert_eq!(peer::read(&peer, 6), b"aaaccc", "{model}");
        }
        let (all, _) = yard.end(LIMIT);
        assert!(all, "a worker did not end");
    }
}
