//! Accepting: when another connection may be taken, who serves it, and what becomes of one that nobody can serve.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Server;
use crate::model::call::Function;
use crate::model::{Actor, ConnectionId, Errno, Event, Model, Offer, Service, Waited, numbers};
use crate::net::connection::{self, Connection};
use crate::net::hub::{Owner, Seat};
use crate::net::socket::{Began, Socket};
use crate::net::teller::Ended;
use crate::net::worker::no_thread;

/// How long to wait after an `accept` that failed for want of descriptors or memory. The connection stays in the queue
/// and the listening socket readable, so that without a pause the loop would spin.
const PAUSE: Duration = Duration::from_secs(1);

/// How many connections are accepted before those that are there are looked after.
const ACCEPTED_AT_ONCE: usize = 16;

impl Server {
    /// Whether another connection may be accepted now.
    pub(super) fn may_accept(&self) -> bool {
        let Some(listening) = &self.listening else {
            return false;
        };
        let is_free = self.offer.model != Model::Serial || self.connections.is_empty();
        listening.short_until.is_none() && (listening.asked || (listening.alone && is_free))
    }

    /// Accepts those that wait, as far as it may; says whether there may be more to do.
    pub(super) fn accept_some(&mut self) -> Result<bool, Ended> {
        let now = self.tell.now();
        if let Some(listening) = &mut self.listening
            && listening.short_until.is_some_and(|until| until <= now)
        {
            listening.short_until = None;
        }
        let mut more = false;
        for count in 0..ACCEPTED_AT_ONCE {
            // A socket that was shut down is hung up: accept tells that it listens no more.
            if !self.may_accept() || !self.is_queued(count) {
                // Where the kernel is not asked an edge tells of the next: nothing is left to look for.
                return Ok(more || count > 0 && !self.tell.is_quiet());
            }
            if self.is_full() && !self.connections.is_empty() {
                // Whoever left before this one came is known of by now, and its place is free once it is closed here too.
                self.look_around(Some(Duration::ZERO))?;
                more |= self.serve()?;
            }
            // Whoever connects after an order was given is served as it says.
            if self.orders.has_some() {
                return Ok(true);
            }
            let waits = self.waits_in_accept();
            let Some(listening) = &mut self.listening else {
                return Ok(false);
            };
            listening.asked = false;
            let began = if waits {
                Began {
                    at: listening.since,
                    waited: Waited::InPoll,
                }
            } else {
                Began::now(&self.tell)
            };
            self.accept(began)?;
        }
        Ok(true)
    }

    /// Whether a connection waits to be accepted, after so many that were.
    fn is_queued(&mut self, accepted: usize) -> bool {
        // An edge tells of one at least. Whether of more is asked, for an accept in vain makes a socket first.
        if self.tell.is_quiet() && (!self.may_be_queued || accepted == 0) {
            return self.may_be_queued;
        }
        self.may_be_queued = self.endpoint.look().may_receive();
        self.may_be_queued
    }

    /// One `accept`, and somebody to serve what it returned.
    pub(super) fn accept(&mut self, began: Began) -> Result<(), Ended> {
        self.tell.speak_for(Actor::Server);
        let Some(socket) = self.endpoint.socket() else {
            return Ok(());
        };
        let id = ConnectionId(self.accepted.load(Ordering::Relaxed) + 1);
        let offer = self.offer;
        let owner = match offer.model {
            Model::Threads => Owner::Thread,
            Model::Serial | Model::Poll => Owner::Loop,
        };
        let chats = offer.service == Service::Chat;
        let is_quiet = self.tell.is_quiet();
        // Who hears of the connection can reach it: its place is there before it is told.
        let seat = (!is_quiet).then(|| self.hub.join(id, owner, chats));
        let blocks = connection::blocks_inside(offer, &self.tell);
        let accepted = if is_quiet {
            socket.accept_quietly(blocks, &mut self.tell)?
        } else {
            socket.accept(id, began, &mut self.tell)?
        };
        // It ended the waiting.
        self.told
            .take_if(|call| call.function() == Function::Accept);
        let now = self.tell.now();
        if let Some(listening) = &mut self.listening {
            listening.queue_is_old = true;
            let is_short = matches!(
                accepted,
                Err(Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM)
            );
            listening.short_until = is_short.then_some(now.after(PAUSE));
            // After shutdown(SHUT_RD) it listens no more, and asked again it would say the same for ever.
            if matches!(accepted, Err(Errno::EINVAL)) {
                self.listening = None;
                self.endpoint.listens(false);
            }
        }
        let socket = match accepted {
            Ok(socket) => socket,
            // Another edge tells when there is one again.
            Err(Errno::EAGAIN) => {
                self.may_be_queued = false;
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        let mut seat = seat.unwrap_or_else(|| {
            let blocked = blocks.then(|| socket.share());
            self.hub.join_blocked(id, owner, chats, blocked)
        });
        self.accepted.store(id.0, Ordering::Relaxed);
        if let Some(why) = self.refusal(offer.model) {
            self.crew.tally().turned_away();
            return self.refuse(seat, socket, &why);
        }
        seat.opened(self.crew.tally().opened());
        if !is_quiet {
            self.tell.tell(Event::Serving {
                connection: id,
                offer,
            })?;
        }
        match offer.model {
            Model::Threads => self.serve_elsewhere(seat, socket, offer),
            Model::Serial | Model::Poll => self.serve_here(seat, socket, offer),
        }
    }

    /// Whether as many connections are open as there may be.
    fn is_full(&self) -> bool {
        self.crew.tally().open() >= self.most_connections as u64
    }

    /// Why another connection of this model is not served, if it is not.
    fn refusal(&self, model: Model) -> Option<String> {
        let (connections, threads) = (self.most_connections, self.most_threads);
        if self.is_full() {
            let open = match connections {
                1 => "1 connection is open".to_owned(),
                count => format!("{} connections are open", numbers::grouped(count as u64)),
            };
            return Some(format!("{open}, and --max-connections allows no more"));
        }
        let is_full = model == Model::Threads && self.served.load(Ordering::Relaxed) >= threads;
        is_full.then(|| {
            let have = match threads {
                1 => "1 connection has a thread".to_owned(),
                count => format!(
                    "{} connections have a thread each",
                    numbers::grouped(count as u64)
                ),
            };
            format!(
                "{have}, and more would be too many for this machine; poll serves them with one"
            )
        })
    }

    /// Closes an accepted connection at once.
    fn refuse(&mut self, seat: Seat, socket: Socket, why: &str) -> Result<(), Ended> {
        self.tell.unserved(seat.id(), why)?;
        // The connection's own report must come after its accept.
        self.tell.flush()?;
        connection::refuse(&self.crew, seat, socket)
    }

    fn serve_elsewhere(&mut self, seat: Seat, socket: Socket, offer: Offer) -> Result<(), Ended> {
        // The connection's own reports must come after its accept.
        self.tell.flush()?;
        let who = Actor::Connection(seat.id());
        let place = Place::take(&self.served);
        // The thread takes the socket once it runs, so that it is still here to be closed if none can be started.
        let here = Arc::new(Mutex::new(Some((seat, socket))));
        let there = Arc::clone(&here);
        let serve = move |tell| {
            if let Some((seat, socket)) = take(&there) {
                connection::serve(seat, socket, offer, tell);
            }
            drop(place);
        };
        let spawned = if self.tell.is_quiet() {
            self.spares.run(who, connection::STACK, serve)
        } else {
            // Its name and its calls are seen: it is the thread of this connection alone.
            self.crew.spawn(who, connection::STACK, serve)
        };
        let Err(error) = spawned else {
            return Ok(());
        };
        let Some((seat, socket)) = take(&here) else {
            return Ok(());
        };
        self.crew.tally().unserved();
        let why = format!("no thread for it can be started ({})", no_thread(&error));
        self.refuse(seat, socket, &why)
    }

    fn serve_here(&mut self, seat: Seat, socket: Socket, offer: Offer) -> Result<(), Ended> {
        let id = seat.id();
        let number = usize::try_from(id.0).unwrap_or(usize::MAX - 1);
        if let Err(error) = self.watch.add(&socket, number) {
            self.crew.tally().unserved();
            let why = format!("it cannot be waited for ({error})");
            return self.refuse(seat, socket, &why);
        }
        self.tell.speak_for(Actor::Connection(id));
        let connection = Connection::begin(seat, socket, offer, &mut self.tell)?;
        self.tell.speak_for(Actor::Server);
        self.connections.insert(id, Box::new(connection));
        self.due.insert(id);
        Ok(())
    }
}

/// What is handed to a thread, once.
fn take<T>(handed: &Mutex<Option<T>>) -> Option<T> {
    // Whoever panicked while it held the lock had only taken it out.
    handed.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// One of the places for threads; given back when dropped, whatever becomes of the thread.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(taken: &Arc<AtomicUsize>) -> Self {
        taken.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(taken))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
