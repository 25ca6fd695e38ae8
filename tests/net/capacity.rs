//! What a server does not take on it closes at once, in plain words, and counts; it goes on when there is room again.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use sockyard::app::sessions::Sessions;
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Batch, ConnectionId, Event, Model, Offer, Outcome, ServerAction, ServerSetup,
    Service, SocketKind,
};
use sockyard::net::capacity::CLIENTS;
use sockyard::net::tally::Totals;
use sockyard::net::{Capacity, Clock, Hearing, Yard};

use crate::harness::{LIMIT, story};
use crate::peer;

/// An echo server with this capacity, and what it reports.
struct Server {
    yard: Yard,
    events: Receiver<Batch>,
    seen: Vec<Event>,
    address: SocketAddr,
}

impl Server {
    fn start(model: Model, hearing: Hearing, capacity: Capacity) -> Self {
        let (sender, events) = crossbeam_channel::bounded(1_000);
        let yard = Yard::with(Clock::start(), sender, hearing).with_capacity(capacity);
        let mut server = Self {
            yard,
            events,
            seen: Vec::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        server.perform(ServerAction::Start(ServerSetup {
            host: "127.0.0.1".to_owned(),
            port: 0,
            kind: SocketKind::Stream,
            backlog: 128,
            offer: offer(model),
        }));
        server.address = server.wait("it listens", |event| match event {
            Event::Returned(record) => match record.outcome {
                Outcome::Named(address) => Some(address),
                _ => None,
            },
            _ => None,
        });
        server
    }

    fn perform(&mut self, action: ServerAction) {
        self.yard.perform(Action::Server(action)).expect("a thread");
    }

    /// Waits for an event, among all that were ever reported, in which `found` finds something.
    #[track_caller]
    fn wait<T>(&mut self, what: &str, found: impl Fn(&Event) -> Option<T>) -> T {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(it) = self.seen.iter().find_map(&found) {
                return it;
            }
            let batch = self.events.recv_deadline(end);
            let batch = batch.unwrap_or_else(|error| {
                panic!("{error}: {what}\n{}", story(&self.seen));
            });
            self.seen.extend(batch);
        }
    }

    /// A peer that is answered.
    #[track_caller]
    fn served(&self) -> TcpStream {
        let peer = peer::connect(self.address);
        assert_echoes(&peer);
        peer
    }

    /// Waits until the connection `number` is said to be closed unserved, and gives back why.
    #[track_caller]
    fn unserved(&mut self, number: u64) -> String {
        self.wait(&format!("{number} is unserved"), |event| match event {
            Event::Unserved {
                connection,
                message,
                ..
            } if *connection == ConnectionId(number) => Some(message.clone()),
            _ => None,
        })
    }

    /// The names of the calls on the connection `number`'s socket, its accept among them.
    fn calls(&mut self, number: u64) -> Vec<Function> {
        self.wait("its close", |event| match event {
            Event::Returned(record) => (record.who == Actor::Connection(ConnectionId(number))
                && record.call.function() == Function::Close)
                .then_some(()),
            _ => None,
        });
        let own = |event: &Event| match event {
            Event::Returned(record) => match record.outcome {
                Outcome::Accepted { connection, .. } => connection == ConnectionId(number),
                _ => record.who == Actor::Connection(ConnectionId(number)),
            }
            .then(|| record.call.function()),
            _ => None,
        };
        self.seen.iter().filter_map(own).collect()
    }

    fn end(self) -> Totals {
        drop(self.events);
        let (all, totals) = self.yard.end(LIMIT);
        assert!(all, "a worker did not end");
        totals
    }
}

fn offer(model: Model) -> Offer {
    Offer {
        service: Service::Echo,
        model,
        delay: Duration::ZERO,
    }
}

#[track_caller]
fn assert_echoes(peer: &TcpStream) {
    peer::send(peer, b"hello");
    assert_eq!(peer::read(peer, 5), b"hello");
}

const THREE: Capacity = Capacity {
    connections: 3,
    threads: Some(100),
};

#[test]
fn what_a_server_takes_on_leaves_room_for_every_client() {
    assert_eq!(Sessions::MOST, CLIENTS);
}

#[test]
fn a_connection_beyond_the_limit_is_accepted_closed_and_told() {
    for model in [Model::Threads, Model::Poll] {
        let mut server = Server::start(model, Hearing::Everything, THREE);
        let mut held = vec![server.served(), server.served(), server.served()];
        for number in [4, 5, 6] {
            let refused = peer::connect(server.address);
            // It has sent nothing, so that the end is an orderly one.
            assert_eq!(peer::read_to_end(&refused), b"", "{model}");
            assert_eq!(
                server.unserved(number),
                format!(
                    "server#{number} is closed unserved: 3 connections are open, and --max-connections allows no more"
                )
            );
            assert_eq!(server.calls(number), [Function::Accept, Function::Close]);
        }
        held.iter().for_each(assert_echoes);
        // One that goes makes room for another.
        peer::reset(held.remove(1));
        server.calls(2);
        let end = Instant::now() + LIMIT;
        // The place is given back a moment after the close is told.
        let another = loop {
            let another = peer::connect(server.address);
            peer::send(&another, b"hello");
            let mut byte = [0];
            if matches!(std::io::Read::read(&mut &another, &mut byte), Ok(1)) {
                break another;
            }
            assert!(Instant::now() < end, "{model}: nobody is served any more");
        };
        assert_eq!(peer::read(&another, 4), b"ello");
        let totals = server.end();
        assert_eq!(totals.most_at_once, 3, "{totals:?}");
        assert_eq!(totals.connections - totals.unserved, 4, "{totals:?}");
        assert!(totals.unserved >= 3, "{totals:?}");
    }
}

#[test]
fn beyond_the_limit_of_threads_a_connection_is_closed_and_poll_still_serves() {
    let capacity = Capacity {
        connections: 100,
        threads: Some(2),
    };
    let mut server = Server::start(Model::Threads, Hearing::Everything, capacity);
    let held = [(); 2].map(|()| server.served());
    let refused = peer::connect(server.address);
    assert_eq!(peer::read_to_end(&refused), b"");
    assert_eq!(
        server.unserved(3),
        "server#3 is closed unserved: 2 connections have a thread each, and more would be too many for this machine; poll serves them with one"
    );
    assert_eq!(server.calls(3), [Function::Accept, Function::Close]);
    server.perform(ServerAction::Offer(offer(Model::Poll)));
    let others = [(); 3].map(|()| server.served());
    held.iter().chain(&others).for_each(assert_echoes);
    let totals = server.end();
    assert_eq!(
        (totals.connections, totals.unserved, totals.most_at_once),
        (6, 1, 5)
    );
}

#[test]
fn a_quiet_server_has_the_same_limits_and_its_numbers_are_exact() {
    for (model, threads) in [
        (Model::Poll, 100),
        (Model::Threads, 100),
        (Model::Threads, 3),
    ] {
        let capacity = Capacity {
            connections: if threads == 3 { 100 } else { 3 },
            threads: Some(threads),
        };
        let mut server = Server::start(model, Hearing::Quiet, capacity);
        let held = [(); 3].map(|()| server.served());
        for number in 4..=20 {
            let refused = peer::connect(server.address);
            assert_eq!(peer::read_to_end(&refused), b"", "{model} {number}");
            server.unserved(number);
        }
        held.iter().for_each(assert_echoes);
        let totals = server.end();
        assert_eq!(
            (totals.connections, totals.unserved, totals.most_at_once),
            (20, 17, 3)
        );
        assert_eq!((totals.counts.received, totals.counts.sent), (30, 30));
    }
}

#[test]
fn whoever_closes_before_another_comes_makes_room_for_it() {
    const ROUNDS: usize = 100;
    for (model, at_once) in [(Model::Poll, 8), (Model::Serial, 1)] {
        for hearing in [Hearing::Everything, Hearing::Quiet] {
            let capacity = Capacity {
                connections: at_once,
                threads: Some(100),
            };
            let mut server = Server::start(model, hearing, capacity);
            let crowd = |address| (0..at_once).map(move |_| peer::connect(address));
            let mut held: Vec<TcpStream> = crowd(server.address).collect();
            for round in 1..=ROUNDS {
                for peer in &held {
                    peer::send(peer, b"hello");
                }
                for peer in &held {
                    let mut answer = [0; 5];
                    let came = std::io::Read::read_exact(&mut &*peer, &mut answer);
                    assert!(came.is_ok(), "{model} {hearing:?}, round {round}: {came:?}");
                }
                // All go, and as many come at once: there is room for each of them.
                held.clear();
                if round < ROUNDS {
                    held.extend(crowd(server.address));
                }
                server.seen.extend(server.events.try_iter().flatten());
            }
            let totals = server.end();
            let all = (ROUNDS * at_once) as u64;
            assert_eq!((totals.connections, totals.unserved), (all, 0), "{model}");
        }
    }
}
