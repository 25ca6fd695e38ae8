//! The listening socket's thread: binds, listens, accepts in a loop, and starts a thread for each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rustix::event::Timespec;

use super::connection;
use super::resolve::Lookup;
use super::socket::{self, Began, Interest, Ready, Socket};
use super::teller::{Ended, Teller, Timing};
use super::wake::Wake;
use super::worker::{Crew, Orders, Worker};
use crate::model::{
    Actor, Address, Call, ConnectionId, Errno, Family, Moment, Outcome, ServerAction, ServerSetup,
    Service, Waited,
};

const STACK: usize = 256 << 10;

/// How many connections may have a thread at once. Each thread takes four memory maps of the 65,530 that Linux allows a
/// process by default, and a program that runs out of them is aborted.
const MOST_CONNECTIONS: usize = 12_000;

/// How long to wait after an `accept` that failed for want of descriptors or memory. The connection stays in the queue
/// and the listening socket readable, so that without a pause the loop would spin.
const PAUSE: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// Starts the server's thread; it listens once it is ordered to. `accepted` counts the connections that were ever
/// accepted: each has the count as its number.
///
/// # Errors
/// A thread or a descriptor that cannot be had.
pub fn start(crew: &Crew, accepted: Arc<AtomicU64>) -> io::Result<Worker<ServerAction>> {
    let (worker, orders) = Worker::new()?;
    let own = crew.clone();
    crew.spawn(Actor::Server, STACK, move |tell| {
        Server {
            crew: own,
            tell,
            orders,
            lookup: None,
            listening: None,
            accepted,
            served: Arc::default(),
        }
        .run();
    })?;
    Ok(worker)
}

struct Server {
    crew: Crew,
    tell: Teller,
    orders: Orders<ServerAction>,
    lookup: Option<(Lookup, ServerSetup)>,
    listening: Option<Listening>,
    /// How many connections were ever accepted: the last one's number.
    accepted: Arc<AtomicU64>,
    /// How many connections have a thread now.
    served: Arc<AtomicUsize>,
}

/// Tells the threads of all connections to end when it is dropped, whatever the reason: one descriptor for all of them,
/// raised once and for good.
struct Stop(Wake);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.raise();
    }
}

struct Listening {
    socket: Socket,
    service: Service,
    stop: Stop,
    since: Moment,
    waited: Waited,
    short_of_resources: bool,
}

impl Server {
    fn run(mut self) {
        while let Ok(()) | Err(Ended::Failed) = self.step() {}
        // If nobody listens any more, dropping the socket closes it all the same.
        let _ = self.stop();
    }

    fn step(&mut self) -> Result<(), Ended> {
        let ready = self.wait()?;
        if ready.woken {
            for action in self.orders.take()? {
                // A call that failed is in the report; the orders behind it are still to be carried out.
                if let Err(ended @ (Ended::Stopped | Ended::Gone)) = self.act(action) {
                    return Err(ended);
                }
            }
            self.look_up_further()?;
        } else if self.listening.is_some() {
            // Readable, or the pause after a shortage is over.
            self.accept()?;
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<Ready, Ended> {
        let wake = self.orders.wake();
        let tell = &mut self.tell;
        let Some(listening) = &mut self.listening else {
            return socket::wait(wake, None, tell, |_| Ok(())).map(|(ready, _)| ready);
        };
        if listening.short_of_resources {
            return socket::pause(wake, &PAUSE, tell);
        }
        let Listening {
            socket,
            since,
            waited,
            ..
        } = listening;
        let interest = Some((&*socket, Interest::READ));
        let (ready, how) = socket::wait(wake, interest, tell, |tell| {
            // A wait that an order interrupts goes on: it is reported once.
            if *waited == Waited::InPoll {
                return Ok(());
            }
            tell.blocked(
                Call::Accept {
                    fd: socket.number(),
                },
                *since,
            )
        })?;
        if how == Waited::InPoll {
            *waited = how;
        }
        Ok(ready)
    }

    fn act(&mut self, action: ServerAction) -> Result<(), Ended> {
        match action {
            ServerAction::Start(setup) => self.start(setup),
            ServerAction::Serve(service) => {
                if let Some(listening) = &mut self.listening {
                    listening.service = service;
                }
                if let Some((_, setup)) = &mut self.lookup {
                    setup.service = service;
                }
                Ok(())
            }
            ServerAction::Stop => self.stop(),
        }
    }

    fn start(&mut self, setup: ServerSetup) -> Result<(), Ended> {
        self.stop()?;
        if let Ok(ip) = setup.host.parse() {
            return self.listen(SocketAddr::new(ip, setup.port), &setup);
        }
        let address = Address {
            host: setup.host.clone(),
            port: setup.port.to_string(),
        };
        let began = self.tell.now();
        match Lookup::start(&address, began, self.orders.wake()) {
            Ok(lookup) => {
                self.tell.blocked(lookup.call.clone(), began)?;
                self.lookup = Some((lookup, setup));
                Ok(())
            }
            Err(error) => self
                .tell
                .trouble(format!("no thread for getaddrinfo can be started: {error}")),
        }
    }

    fn look_up_further(&mut self) -> Result<(), Ended> {
        let Some((lookup, setup)) = self.lookup.take() else {
            return Ok(());
        };
        let Some((outcome, addresses)) = lookup.poll() else {
            self.lookup = Some((lookup, setup));
            return Ok(());
        };
        self.tell
            .returned(lookup.call, outcome, Timing::elsewhere(lookup.began))?;
        match addresses.first() {
            Some(address) => self.listen(*address, &setup),
            None => Ok(()),
        }
    }

    fn listen(&mut self, address: SocketAddr, setup: &ServerSetup) -> Result<(), Ended> {
        let stop = match Wake::new() {
            Ok(wake) => Stop(wake),
            Err(error) => {
                return self
                    .tell
                    .trouble(format!("no descriptor to stop the server with: {error}"));
            }
        };
        let socket = Socket::open(Family::of(&address), &mut self.tell)?;
        let ready = socket
            .reuse_address(&mut self.tell)
            .and_then(|()| socket.bind(address, &mut self.tell))
            .and_then(|()| socket.listen(setup.backlog, &mut self.tell))
            // With port 0 the kernel has chosen one.
            .and_then(|()| socket.local_address(&mut self.tell));
        match ready {
            Ok(_) => {
                self.listening = Some(Listening {
                    socket,
                    service: setup.service,
                    stop,
                    since: self.tell.now(),
                    waited: Waited::No,
                    short_of_resources: false,
                });
                Ok(())
            }
            Err(Ended::Failed) => socket.close(&mut self.tell),
            Err(ended) => Err(ended),
        }
    }

    fn accept(&mut self) -> Result<(), Ended> {
        let Some(listening) = &mut self.listening else {
            return Ok(());
        };
        let began = Began {
            at: listening.since,
            waited: std::mem::replace(&mut listening.waited, Waited::No),
        };
        let id = ConnectionId(self.accepted.load(Ordering::Relaxed) + 1);
        let accepted = listening.socket.accept(id, began, &mut self.tell)?;
        listening.since = self.tell.now();
        listening.short_of_resources = matches!(
            accepted,
            Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM)
        );
        let Ok(socket) = accepted else {
            return Ok(());
        };
        self.accepted.store(id.0, Ordering::Relaxed);
        // The connection's own reports must come after its accept.
        self.tell.flush()?;
        let who = Actor::Connection(id);
        let (service, stop) = (listening.service, listening.stop.0.clone());
        let seat = Seat::take(&self.served);
        if seat.number() > MOST_CONNECTIONS {
            self.tell.trouble(format!(
                "{who} is closed unserved: {MOST_CONNECTIONS} connections have a thread each, and more would be too many for one process"
            ))?;
            return connection::refuse(&self.crew, who, socket);
        }
        // The socket follows once the thread runs, so that it is still here to be closed if none can be started.
        let (give, take) = crossbeam_channel::bounded(1);
        let spawned = self.crew.spawn(who, connection::STACK, move |tell| {
            if let Ok(socket) = take.recv() {
                connection::serve(socket, service, &stop, tell);
            }
            drop(seat);
        });
        match spawned {
            Ok(()) => {
                // It fails only if that thread panicked, and then dropping the socket closes it.
                let _ = give.send(socket);
                Ok(())
            }
            Err(error) => {
                self.tell.trouble(format!(
                    "{who} is closed unserved: no thread for it can be started ({error})"
                ))?;
                connection::refuse(&self.crew, who, socket)
            }
        }
    }

    fn stop(&mut self) -> Result<(), Ended> {
        if let Some((lookup, _)) = self.lookup.take() {
            self.tell.returned(
                lookup.call,
                Outcome::Cancelled,
                Timing::cancelled(lookup.began),
            )?;
        }
        match self.listening.take() {
            Some(Listening { socket, stop, .. }) => {
                drop(stop);
                socket.close(&mut self.tell)
            }
            None => Ok(()),
        }
    }
}

/// One of the places for connections; given back when dropped, whatever becomes of the thread.
struct Seat {
    taken: Arc<AtomicUsize>,
    number: usize,
}

impl Seat {
    fn take(taken: &Arc<AtomicUsize>) -> Self {
        Self {
            number: taken.fetch_add(1, Ordering::Relaxed) + 1,
            taken: Arc::clone(taken),
        }
    }

    /// How many places were taken with this one.
    const fn number(&self) -> usize {
        self.number
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
