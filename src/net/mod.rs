//! Real sockets and the worker threads that own them.
//!
//! [`Yard`] is the door: it takes [`Action`]s and hands each to the worker that it is for. A worker owns its sockets
//! alone, reports every call through its [`teller::Teller`] as events on one bounded channel, and waits in `poll(2)`
//! together with a [`wake::Wake`], so that whatever it waits for can be cancelled without touching the connection.
//!
//! | file | what it owns |
//! |---|---|
//! | [`socket`] | the only place that makes socket calls, each of them recorded |
//! | [`endpoint`] | a socket with the calls that wait on it: everything that can be done by hand |
//! | [`client`], [`outbox`] | a client session's thread, and its datagrams that wait for an address |
//! | [`server`], [`datagrams`] | the server's thread: listening, accepting, and UDP |
//! | [`capacity`] | how much it takes on at once |
//! | [`connection`], [`hub`] | an accepted connection, and how a person and its neighbours reach it |
//! | [`service`], [`http`] | what is said on it: bytes in, bytes out |
//! | [`ports`] | the thread that tries a range of ports |
//! | [`diag`] | the kernel's own tables, as far as they are needed |
//! | [`resolve`] | `getaddrinfo` on a thread that can be left behind |
//! | [`teller`], [`tally`] | reporting, and the numbers that are kept where nothing else is heard |
//! | [`wake`], [`watch`], [`clock`] | waking, waiting, time |
//! | [`worker`], [`spare`] | threads, and those that serve one connection after another |

pub mod capacity;
pub mod client;
pub mod clock;
pub mod connection;
pub mod datagrams;
pub mod diag;
pub mod endpoint;
pub mod http;
pub mod hub;
pub mod outbox;
pub mod ports;
pub mod resolve;
pub mod server;
pub mod service;
pub mod socket;
pub mod spare;
pub mod tally;
pub mod teller;
pub mod wake;
pub mod watch;
pub mod worker;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::model::{Action, Batch, ClientAction, ClientId, PortsAction, ServerAction};
pub use capacity::Capacity;
pub use clock::Clock;
use hub::Hub;
use tally::{Tally, Totals};
pub use teller::Hearing;
use worker::{Crew, Worker};

/// Every socket and worker thread of the program.
pub struct Yard {
    crew: Crew,
    clients: BTreeMap<ClientId, Worker<ClientAction>>,
    server: Option<(Worker<ServerAction>, Hub)>,
    ports: Option<Worker<PortsAction>>,
    capacity: Capacity,
    /// How many connections were ever accepted; it outlives a server thread that fails.
    accepted: Arc<AtomicU64>,
}

impl Yard {
    /// An empty yard; workers start when they are first needed and report to `events`.
    #[must_use]
    pub fn new(clock: Clock, events: Sender<Batch>) -> Self {
        Self::with(clock, events, Hearing::Everything)
    }

    /// The same, of whose server as much is heard as `hearing` says. Of a quiet one little more than that it is there can
    /// be done by hand.
    #[must_use]
    pub fn with(clock: Clock, events: Sender<Batch>, hearing: Hearing) -> Self {
        Self {
            crew: Crew::new(clock, events, hearing),
            clients: BTreeMap::new(),
            server: None,
            ports: None,
            capacity: Capacity::default(),
            accepted: Arc::default(),
        }
    }

    /// The same, whose server takes on as much as `capacity` says.
    #[must_use]
    pub const fn with_capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// Hands `action` to the worker that it is for and returns at once; what comes of it arrives as events.
    ///
    /// # Errors
    /// A thread that could not be started, or a connection that is closed already (`NotFound`).
    pub fn perform(&mut self, action: Action) -> io::Result<()> {
        match action {
            Action::Client(id, ClientAction::End) => {
                // Without orders to wait for its thread closes the socket and ends.
                self.clients.remove(&id);
                Ok(())
            }
            Action::Client(id, action) => self.tell_client(id, action),
            Action::Server(action) => self.tell_server(action),
            Action::Connection(id, action) => match &self.server {
                Some((_, hub)) => hub.act(id, action),
                None => Err(io::ErrorKind::NotFound.into()),
            },
            Action::Ports(action) => self.tell_ports(action),
        }
    }

    fn tell_client(&mut self, id: ClientId, action: ClientAction) -> io::Result<()> {
        let mut order = action;
        if let Some(worker) = self.clients.get(&id) {
            match worker.order(order) {
                Ok(()) => return Ok(()),
                // The worker panicked, which was reported; the session goes on with a new one.
                Err(returned) => order = returned,
            }
        }
        let worker = client::start(&self.crew, id)?;
        worker.order(order).map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.clients.insert(id, worker);
        Ok(())
    }

    fn tell_server(&mut self, action: ServerAction) -> io::Result<()> {
        let mut order = action;
        if let Some((worker, _)) = &self.server {
            match worker.order(order) {
                Ok(()) => return Ok(()),
                Err(returned) => order = returned,
            }
        }
        let (worker, hub) = server::start(&self.crew, self.capacity, Arc::clone(&self.accepted))?;
        worker.order(order).map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.server = Some((worker, hub));
        Ok(())
    }

    fn tell_ports(&mut self, action: PortsAction) -> io::Result<()> {
        let mut order = action;
        if let Some(worker) = &self.ports {
            match worker.order(order) {
                Ok(()) => return Ok(()),
                Err(returned) => order = returned,
            }
        }
        let worker = ports::start(&self.crew)?;
        worker.order(order).map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.ports = Some(worker);
        Ok(())
    }

    /// Tells every worker to close its sockets and end, and gives back what the server's side did. That is complete once
    /// the events channel is disconnected: each worker has its end of it until it has ended.
    #[must_use]
    pub fn leave(self) -> Arc<Tally> {
        Arc::clone(self.crew.tally())
    }

    /// Closes every socket and waits for the worker threads to end, but no longer than `deadline`. Give up the other
    /// end of the events channel first, or a worker may wait for it.
    ///
    /// Returns whether all of them ended in time.
    #[must_use]
    pub fn shut_down(self, deadline: Duration) -> bool {
        self.end(deadline).0
    }

    /// The same; gives back what the server's side did, too. That is complete if all threads ended in time.
    #[must_use]
    pub fn end(self, deadline: Duration) -> (bool, Totals) {
        drop(self.clients);
        drop(self.server);
        drop(self.ports);
        let all = self.crew.wait_until_all_left(deadline);
        (all, self.crew.tally().totals())
    }
}
