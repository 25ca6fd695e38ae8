//! Real sockets and the worker threads that own them.
//!
//! [`Yard`] is the door: it takes [`Action`]s and hands each to the worker that it is for. A worker owns its sockets
//! alone, reports every call through its [`teller::Teller`] as events on one bounded channel, and waits in `poll(2)`
//! together with a [`wake::Wake`], so that whatever it waits for can be cancelled without touching the connection.
//!
//! | file | what it owns |
//! |---|---|
//! | [`socket`] | the only place that makes socket calls, each of them recorded |
//! | [`client`] | a client session's thread |
//! | [`server`] | the listening socket's thread |
//! | [`connection`] | an accepted connection's thread, which runs a service |
//! | [`resolve`] | `getaddrinfo` on a thread that can be left behind |
//! | [`teller`], [`wake`], [`worker`], [`clock`] | reporting, waking, threads, time |

pub mod client;
pub mod clock;
pub mod connection;
pub mod resolve;
pub mod server;
pub mod socket;
pub mod teller;
pub mod wake;
pub mod worker;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::model::{Action, Batch, ClientAction, ClientId, ServerAction};
pub use clock::Clock;
use worker::{Crew, Worker};

/// Every socket and worker thread of the program.
pub struct Yard {
    crew: Crew,
    clients: BTreeMap<ClientId, Worker<ClientAction>>,
    server: Option<Worker<ServerAction>>,
    /// How many connections were ever accepted; it outlives a server thread that fails.
    accepted: Arc<AtomicU64>,
}

impl Yard {
    /// An empty yard; workers start when they are first needed and report to `events`.
    #[must_use]
    pub fn new(clock: Clock, events: Sender<Batch>) -> Self {
        Self {
            crew: Crew::new(clock, events),
            clients: BTreeMap::new(),
            server: None,
            accepted: Arc::default(),
        }
    }

    /// Hands `action` to the worker that it is for and returns at once; what comes of it arrives as events.
    ///
    /// # Errors
    /// A thread that could not be started.
    pub fn perform(&mut self, action: Action) -> io::Result<()> {
        match action {
            Action::Client(id, action) => self.tell_client(id, action),
            Action::Server(action) => self.tell_server(action),
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
        if let Some(worker) = &self.server {
            match worker.order(order) {
                Ok(()) => return Ok(()),
                Err(returned) => order = returned,
            }
        }
        let worker = server::start(&self.crew, Arc::clone(&self.accepted))?;
        worker.order(order).map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.server = Some(worker);
        Ok(())
    }

    /// Closes every socket and waits for the worker threads to end, but no longer than `deadline`. Give up the other
    /// end of the events channel first, or a worker may wait for it.
    ///
    /// Returns whether all of them ended in time.
    #[must_use]
    pub fn shut_down(self, deadline: Duration) -> bool {
        drop(self.clients);
        drop(self.server);
        self.crew.wait_until_all_left(deadline)
    }
}
