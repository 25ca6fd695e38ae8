//! How a person, and each connection's neighbours, reach the threads of accepted connections.
//!
//! Each connection has a box of orders here. A thread of its own waits in `poll(2)` for its socket and for one bell
//! that all of them share: a descriptor for each would halve the number of connections that a process can hold. When
//! it rings every thread looks into its box, and then waits for the bell that has taken the place of the rung one.
//! That costs a moment for each connection, and happens only when a person or a chat has something for one of them.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::net::Shutdown;

use super::tally::Open;
use super::wake::Wake;
use crate::model::{ConnectionId, SocketAction};

/// Something for the owner of a connection.
#[derive(Debug, Clone)]
pub enum Order {
    /// A person does this to its socket.
    Act(SocketAction),
    /// Another connection says this to everyone.
    Say(Arc<[u8]>),
    /// Close and end.
    Stop,
}

/// Who owns a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A thread of its own.
    Thread,
    /// The server's thread, beside others.
    Loop,
}

/// The boxes of all connections.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Mutex<Boxes>>);

#[derive(Debug)]
struct Boxes {
    all: BTreeMap<ConnectionId, Inbox>,
    /// Those of the server's thread that have got something.
    of_loop: Vec<ConnectionId>,
    /// What the threads of connections wait for.
    bell: Wake,
    /// The next bell, made while there was a descriptor for it.
    spare: Option<Wake>,
    /// Whether the bell was rung and there was none to take its place.
    stays_rung: bool,
    /// What the server's thread waits for.
    server: Wake,
}

#[derive(Debug)]
struct Inbox {
    owner: Owner,
    listens_to_chat: bool,
    orders: VecDeque<Order>,
    /// Bytes of chat among the orders.
    chat: usize,
    /// Bytes of chat that found no room.
    lost: usize,
    /// The socket of a thread that is blocked inside its calls, and hears no bell.
    blocked: Option<Arc<OwnedFd>>,
}

/// What an owner finds in its box.
#[derive(Debug, Default)]
pub struct Found {
    /// The orders, oldest first.
    pub orders: VecDeque<Order>,
    /// Bytes of chat that found no room: the peer receives too slowly.
    pub lost: usize,
}

impl Hub {
    /// Bytes of chat that may wait for one connection.
    const MOST_CHAT: usize = 256 << 10;

    /// A hub without connections; `server` wakes the server's thread.
    ///
    /// # Errors
    /// No descriptor left.
    pub fn new(server: Wake) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Boxes {
            all: BTreeMap::new(),
            of_loop: Vec::new(),
            bell: Wake::new()?,
            spare: Some(Wake::new()?),
            stays_rung: false,
            server,
        }))))
    }

    fn boxes(&self) -> MutexGuard<'_, Boxes> {
        // A thread that panicked while it held the lock had only put something into a box or taken it out.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a box; it is gone with what is given back.
    #[must_use]
    pub fn join(&self, id: ConnectionId, owner: Owner, listens_to_chat: bool) -> Seat {
        self.join_blocked(id, owner, listens_to_chat, None)
    }

    /// The same for a thread that will be blocked inside calls on `blocked`, if there is such a socket: to end, that is
    /// shut down.
    #[must_use]
    pub fn join_blocked(
        &self,
        id: ConnectionId,
        owner: Owner,
        listens_to_chat: bool,
        blocked: Option<Arc<OwnedFd>>,
    ) -> Seat {
        let mut boxes = self.boxes();
        boxes.hang_bell();
        boxes.all.insert(
            id,
            Inbox {
                owner,
                listens_to_chat,
                orders: VecDeque::new(),
                chat: 0,
                lost: 0,
                blocked,
            },
        );
        Seat {
            hub: self.clone(),
            id,
            has_left: false,
            open: None,
        }
    }

    /// Puts a person's order into the box of `id`.
    ///
    /// # Errors
    /// There is no such connection any more (`NotFound`), or no descriptor to reach it with.
    pub fn act(&self, id: ConnectionId, action: SocketAction) -> io::Result<()> {
        let mut boxes = self.boxes();
        let gone = || io::Error::new(io::ErrorKind::NotFound, "it is closed already");
        let owner = boxes.all.get(&id).ok_or_else(gone)?.owner;
        boxes.make_spare(owner)?;
        if let Some(inbox) = boxes.all.get_mut(&id) {
            inbox.orders.push_back(Order::Act(action));
        }
        boxes.ring(owner, id);
        Ok(())
    }

    /// Says `bytes` to everyone who listens to chat, but for the one who says it.
    pub fn say(&self, from: ConnectionId, bytes: &[u8]) {
        let bytes: Arc<[u8]> = bytes.into();
        let mut boxes = self.boxes();
        let mut threads = false;
        let mut of_loop = Vec::new();
        for (id, inbox) in &mut boxes.all {
            if *id == from || !inbox.listens_to_chat {
                continue;
            }
            if inbox.chat + bytes.len() > Self::MOST_CHAT {
                inbox.lost += bytes.len();
            } else {
                inbox.chat += bytes.len();
                inbox.orders.push_back(Order::Say(Arc::clone(&bytes)));
            }
            match inbox.owner {
                Owner::Thread => threads = true,
                Owner::Loop => of_loop.push(*id),
            }
        }
        // Without a descriptor it stays in the boxes until the bell can ring again.
        if threads && boxes.make_spare(Owner::Thread).is_ok() {
            boxes.ring(Owner::Thread, from);
        }
        boxes.ring_loop(of_loop);
    }

    /// Tells every connection that is there now to end.
    pub fn stop_all(&self) {
        let mut boxes = self.boxes();
        for inbox in boxes.all.values_mut() {
            inbox.orders.push_back(Order::Stop);
            if let Some(socket) = &inbox.blocked {
                // That ends a call which is blocked. One that is closed by its peer already needs none.
                let _ = rustix::net::shutdown(socket, Shutdown::Both);
            }
        }
        let of_loop: Vec<_> = (boxes.all.iter())
            .filter(|(_, inbox)| inbox.owner == Owner::Loop)
            .map(|(id, _)| *id)
            .collect();
        boxes.ring_loop(of_loop);
        boxes.ring(Owner::Thread, ConnectionId(0));
    }

    /// What is in the box of a thread, and the bell to wait for from now on.
    #[must_use]
    pub fn take(&self, id: ConnectionId) -> (Found, Wake) {
        let mut boxes = self.boxes();
        let found = boxes.all.get_mut(&id).map(Inbox::take);
        (found.unwrap_or_default(), boxes.bell.clone())
    }

    /// What is in the boxes of the connections that the server's thread owns.
    #[must_use]
    pub fn take_of_loop(&self) -> Vec<(ConnectionId, Found)> {
        let mut boxes = self.boxes();
        let mut ids = std::mem::take(&mut boxes.of_loop);
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter()
            .filter_map(|id| Some((id, boxes.all.get_mut(&id)?.take())))
            .collect()
    }
}

impl Boxes {
    fn ring(&mut self, owner: Owner, id: ConnectionId) {
        match owner {
            Owner::Loop => self.ring_loop(vec![id]),
            Owner::Thread => {
                self.bell.raise();
                // Where none was made before, all threads have been told to end, and a bell that stays rung is right
                // until there are others.
                match self.spare.take() {
                    Some(next) => self.bell = next,
                    None => self.stays_rung = true,
                }
                self.spare = Wake::new().ok();
            }
        }
    }

    /// Wakes the server's thread, once for all of `ids`.
    fn ring_loop(&mut self, ids: Vec<ConnectionId>) {
        if !ids.is_empty() {
            self.of_loop.extend(ids);
            self.server.raise();
        }
    }

    /// Takes down a bell that stays rung: those that it was rung for look at it once more, and then for the new one.
    fn hang_bell(&mut self) {
        if self.stays_rung
            && let Some(next) = self.spare.take().or_else(|| Wake::new().ok())
        {
            self.bell = next;
            self.stays_rung = false;
        }
    }

    /// Makes sure that there is a bell to take the place of the one that is to ring for threads: one that stayed rung
    /// would keep all of them looking.
    fn make_spare(&mut self, owner: Owner) -> io::Result<()> {
        if owner == Owner::Thread && self.spare.is_none() {
            self.spare = Some(Wake::new()?);
        }
        Ok(())
    }
}

impl Inbox {
    fn take(&mut self) -> Found {
        self.chat = 0;
        Found {
            orders: std::mem::take(&mut self.orders),
            lost: std::mem::take(&mut self.lost),
        }
    }
}

/// A connection's place in the hub; dropped with the connection, whatever becomes of its thread.
#[derive(Debug)]
pub struct Seat {
    hub: Hub,
    id: ConnectionId,
    /// Whether the place was given up already.
    has_left: bool,
    /// Stands for it in the count of those that are open.
    open: Option<Open>,
}

impl Seat {
    /// The hub.
    #[must_use]
    pub const fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The connection is open as long as it has this place.
    pub fn opened(&mut self, open: Open) {
        self.open = Some(open);
    }

    /// Gives up the place; what is still in the box is given back.
    #[must_use]
    pub fn leave(&mut self) -> Found {
        if std::mem::replace(&mut self.has_left, true) {
            return Found::default();
        }
        let left = self.hub.boxes().all.remove(&self.id);
        left.map(|mut inbox| inbox.take()).unwrap_or_default()
    }

    /// Whose place it is.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.leave();
    }
}

/// Tells every connection to end when it is dropped, whatever the reason.
#[derive(Debug)]
pub struct StopAll(pub Hub);

impl Drop for StopAll {
    fn drop(&mut self) {
        self.0.stop_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub() -> Hub {
        Hub::new(Wake::new().expect("a descriptor")).expect("descriptors")
    }

    #[test]
    fn an_order_is_found_by_the_one_it_is_for_and_by_nobody_twice() {
        let hub = hub();
        let seats = [1, 2].map(|id| hub.join(ConnectionId(id), Owner::Thread, false));
        hub.act(ConnectionId(2), SocketAction::Close)
            .expect("it is there");
        assert!(hub.act(ConnectionId(3), SocketAction::Close).is_err());
        assert!(hub.take(seats[0].id()).0.orders.is_empty());
        assert_eq!(hub.take(seats[1].id()).0.orders.len(), 1);
        assert!(hub.take(seats[1].id()).0.orders.is_empty());
        drop(seats);
        assert!(hub.act(ConnectionId(2), SocketAction::Close).is_err());
    }

    #[test]
    fn a_bell_that_stays_rung_for_want_of_another_is_replaced_for_those_who_come_after() {
        let hub = hub();
        let early = hub.join(ConnectionId(1), Owner::Thread, false);
        // As if no descriptor were left.
        hub.boxes().spare = None;
        let (_, rung) = hub.take(early.id());
        hub.stop_all();
        let is_rung = |bell: &Wake| rustix::io::read(bell, &mut [0_u8; 8]).is_ok();
        assert!(matches!(
            &hub.take(early.id()).0.orders.make_contiguous()[..],
            [Order::Stop]
        ));
        let _late = hub.join(ConnectionId(2), Owner::Thread, false);
        assert!(!is_rung(&hub.take(ConnectionId(2)).1));
        assert!(is_rung(&rung));
    }

    #[test]
    fn one_message_to_many_wakes_the_servers_thread_once() {
        let server = Wake::new().expect("a descriptor");
        let hub = Hub::new(server.clone()).expect("descriptors");
        let _seats: Vec<Seat> = (1..=5)
            .map(|id| hub.join(ConnectionId(id), Owner::Loop, true))
            .collect();
        hub.say(ConnectionId(1), b"hello");
        let mut raised = [0; 8];
        rustix::io::read(&server, &mut raised).expect("it is raised");
        assert_eq!(u64::from_ne_bytes(raised), 1);
        assert_eq!(hub.take_of_loop().len(), 4);
        // Without anybody to hear it nobody is woken.
        let hub = Hub::new(server.clone()).expect("descriptors");
        hub.say(ConnectionId(1), b"hello?");
        assert!(rustix::io::read(&server, &mut raised).is_err());
    }

    #[test]
    fn chat_reaches_everyone_else_who_listens_and_is_bounded() {
        let hub = hub();
        let _seats = [(1, true), (2, true), (3, false)]
            .map(|(id, chat)| hub.join(ConnectionId(id), Owner::Loop, chat));
        for _ in 0..10 {
            hub.say(ConnectionId(1), &vec![b'x'; 100_000]);
        }
        let found = hub.take_of_loop();
        assert_eq!(found.len(), 1);
        let (id, found) = &found[0];
        assert_eq!(
            (*id, found.orders.len(), found.lost),
            (ConnectionId(2), 2, 800_000)
        );
    }
}
