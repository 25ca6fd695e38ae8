//! One yard and everything that its workers have reported, in order. Shared by this crate and the two single-test
//! crates `net_shutdown` and `descriptors`, which each need a process of their own.
//!
//! Nothing here sleeps: a test waits for a condition on the collected events with a limit. Dropping the harness shuts
//! the yard down and fails the test if a worker does not end.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Batch, CallRecord, Event, Offer, Outcome, ServerAction, ServerSetup, Service,
    SocketKind,
};
use sockyard::net::{Clock, Yard};

/// How long a condition may take: long enough for a slow and busy machine, as only a failing test ever waits that long.
pub const LIMIT: Duration = Duration::from_secs(20);

/// How many batches the channel holds: small, so that every test with some traffic also meets a full one.
const CAPACITY: usize = 32;

/// How many of the last events a failure message shows.
const SHOWN: usize = 40;

/// A yard with the receiving end of its channel.
pub struct Harness {
    yard: Option<Yard>,
    /// What the workers have sent and nobody has collected yet.
    pub events: Receiver<Batch>,
    seen: Vec<Event>,
    /// For each actor the place in `seen` after the last record that a test was given.
    pub read: BTreeMap<Actor, usize>,
}

impl Harness {
    /// An empty yard.
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// An empty yard with a channel of `capacity` batches; with 0 a worker waits until its report is collected.
    pub fn with_capacity(capacity: usize) -> Self {
        let (sender, events) = crossbeam_channel::bounded(capacity);
        Self {
            yard: Some(Yard::new(Clock::start(), sender)),
            events,
            seen: Vec::new(),
            read: BTreeMap::new(),
        }
    }

    /// Hands `action` to the yard.
    pub fn perform(&mut self, action: Action) -> io::Result<()> {
        self.yard
            .as_mut()
            .expect("the yard is there until the end")
            .perform(action)
    }

    /// Lets the server do `action`.
    pub fn server(&mut self, action: ServerAction) {
        self.perform(Action::Server(action))
            .expect("the server's thread can be started");
    }

    /// Starts the server on a free port of 127.0.0.1, with a thread for each connection, and gives back where it
    /// listens.
    pub fn serve(&mut self, service: Service) -> SocketAddr {
        self.serve_with(Offer {
            service,
            ..Offer::default()
        })
    }

    /// The same with any model and delay.
    pub fn serve_with(&mut self, offer: Offer) -> SocketAddr {
        self.server(ServerAction::Start(ServerSetup {
            host: "127.0.0.1".to_owned(),
            port: 0,
            kind: SocketKind::Stream,
            backlog: 128,
            offer,
        }));
        self.listening()
    }

    /// Waits until the server listens and gives back where.
    pub fn listening(&mut self) -> SocketAddr {
        let record = self.returned(Actor::Server, Function::Getsockname);
        match record.outcome {
            Outcome::Named(address) => address,
            _ => panic!("the server does not listen: {record}"),
        }
    }

    /// Everything collected so far.
    pub fn seen(&self) -> &[Event] {
        &self.seen
    }

    /// Collects one batch if there is one before `end`; says whether there was.
    pub fn collect(&mut self, end: Instant) -> bool {
        match self.events.recv_deadline(end) {
            Ok(batch) => {
                assert!(!batch.is_empty(), "an empty batch was sent");
                self.seen.extend(batch);
                true
            }
            Err(_) => false,
        }
    }

    /// Collects events until `found` finds something in all that were collected.
    #[track_caller]
    pub fn wait<T>(&mut self, what: &str, found: impl Fn(&[Event]) -> Option<T>) -> T {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(it) = found(&self.seen) {
                return it;
            }
            if !self.collect(end) {
                let last = &self.seen[self.seen.len().saturating_sub(SHOWN)..];
                panic!(
                    "no {what} within {LIMIT:?}; the last events:\n{}",
                    story(last)
                );
            }
        }
    }

    /// Waits for the next return of `function` to `who`, after the last one that this gave back for `who`.
    #[track_caller]
    pub fn returned(&mut self, who: Actor, function: Function) -> CallRecord {
        let from = self.read.get(&who).copied().unwrap_or(0);
        let (next, record) = self.wait(&format!("return of {function:?} to {who}"), |events| {
            (from..events.len()).find_map(|at| match &events[at] {
                Event::Returned(record)
                    if record.who == who && record.call.function() == function =>
                {
                    Some((at + 1, record.clone()))
                }
                _ => None,
            })
        });
        self.read.insert(who, next);
        record
    }

    /// Ends the yard as the program does at its end; says whether all workers ended before `deadline`.
    pub fn shut_down(&mut self, deadline: Duration) -> bool {
        self.events = crossbeam_channel::never();
        self.yard.take().is_none_or(|yard| yard.shut_down(deadline))
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let ended = self.shut_down(LIMIT);
        assert!(
            ended || thread::panicking(),
            "a worker did not end within {LIMIT:?}"
        );
    }
}

/// The events as lines, for a failure message.
pub fn story(events: &[Event]) -> String {
    let line = |event: &Event| match event {
        Event::Blocked { who, call, .. } => format!("{who}: {call} waits"),
        Event::Returned(record) => format!("{}: {record}", record.who),
        Event::Received { who, bytes, .. } => format!("{who}: {} bytes", bytes.len()),
        Event::Trouble { who, message, .. } | Event::Panicked { who, message, .. } => {
            format!("{who}: {message}")
        }
        Event::Unblocked { who, function } => format!("{who}: {function:?} waits no more"),
        Event::Ready { who, readiness } => format!("{who}: {readiness:?}"),
        Event::AcceptQueue {
            waiting, backlog, ..
        } => format!("server: queue {waiting}/{backlog}"),
        Event::Unserved { message, .. } => message.clone(),
        Event::Serving { connection, offer } => {
            format!("{}: gets {offer:?}", Actor::Connection(*connection))
        }
        Event::TakenOver(connection) => format!("{}: taken over", Actor::Connection(*connection)),
        Event::Settled { who, actions } => format!("{who}: {actions} settled"),
        Event::Port(event) => format!("ports: {event:?}"),
        Event::Accepting { alone } => format!("server: accepts alone: {alone}"),
        Event::Blocking { who, on } => format!("{who}: calls wait: {on}"),
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}
