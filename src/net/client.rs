//! A client session's thread: one socket, driven by orders and by readiness.
//!
//! The thread waits in one place (`Session::wait`) for whatever may happen next: an order, the resolver, the end of a
//! handshake, room to send, bytes to receive. So a send that is blocked never keeps bytes from being received, and
//! every wait can be cancelled.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::vec;

use super::resolve::Lookup;
use super::socket::{self, Began, Connected, Interest, Ready, Socket};
use super::teller::{Ended, Teller, Timing};
use super::worker::{Crew, Orders, Worker};
use crate::model::call::Function;
use crate::model::{
    Actor, Address, Call, ClientAction, ClientId, Errno, Family, Moment, Outcome, Waited,
};

/// The most that one `recv` may return. 64 KiB receives faster than 256 KiB or 1 MiB: it stays in the cache.
pub const RECV_SIZE: usize = 64 << 10;

/// The thread keeps its buffers on the heap and calls nothing deep.
const STACK: usize = 256 << 10;

/// Starts the thread of session `id`.
///
/// # Errors
/// A thread or a descriptor that cannot be had.
pub fn start(crew: &Crew, id: ClientId) -> io::Result<Worker<ClientAction>> {
    let (worker, orders) = Worker::new()?;
    crew.spawn(Actor::Client(id), STACK, move |tell| {
        Session::new(tell, orders).run();
    })?;
    Ok(worker)
}

struct Session {
    tell: Teller,
    orders: Orders<ClientAction>,
    socket: Option<Socket>,
    lookup: Option<Lookup>,
    connecting: Option<Connecting>,
    sending: Option<Sending>,
    /// Since when the session waits for bytes; none when there is nothing to come: not connected, ended or reset.
    receiving: Option<Moment>,
    buffer: Vec<u8>,
    told: Told,
}

/// A `connect` under way.
struct Connecting {
    address: SocketAddr,
    rest: vec::IntoIter<SocketAddr>,
    began: Moment,
}

/// A message of which the kernel has not yet taken all.
struct Sending {
    bytes: Vec<u8>,
    taken: usize,
    began: Moment,
    waited: Waited,
}

impl Sending {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }
}

/// What the session waits for now.
struct Waits<'a> {
    socket: Option<&'a Socket>,
    lookup: Option<&'a Lookup>,
    connecting: Option<&'a Connecting>,
    sending: Option<&'a mut Sending>,
    receiving: Option<Moment>,
}

impl Waits<'_> {
    /// Reports each wait as blocked, unless it was told before.
    fn report(self, told: &mut Told, tell: &mut Teller) -> Result<(), Ended> {
        let mut blocked = |call: Call, since| {
            if told.insert(call.function()) {
                tell.blocked(call, since)
            } else {
                Ok(())
            }
        };
        if let Some(lookup) = self.lookup {
            blocked(lookup.call.clone(), lookup.began)?;
        }
        let Some(socket) = self.socket else {
            return Ok(());
        };
        let fd = socket.number();
        if let Some(Connecting { address, began, .. }) = self.connecting {
            let address = *address;
            blocked(Call::Connect { fd, address }, *began)?;
        }
        if let Some(sending) = self.sending {
            sending.waited = Waited::InPoll;
            blocked(socket.send_call(sending.rest()), sending.began)?;
        }
        if let Some(since) = self.receiving {
            blocked(
                Call::Recv {
                    fd,
                    size: RECV_SIZE,
                },
                since,
            )?;
        }
        Ok(())
    }
}

/// The waits that have been reported as blocked, by the function that waits.
type Told = BTreeSet<Function>;

impl Session {
    fn new(tell: Teller, orders: Orders<ClientAction>) -> Self {
        Self {
            tell,
            orders,
            socket: None,
            lookup: None,
            connecting: None,
            sending: None,
            receiving: None,
            buffer: Vec::new(),
            told: Told::new(),
        }
    }

    /// Runs until the program ends or forgets the session; the socket is then closed.
    fn run(mut self) {
        while let Ok(()) | Err(Ended::Failed) = self.step() {}
        // If nobody listens any more, dropping the socket closes it all the same.
        let _ = self.close();
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
            // An order may have changed what the readiness was about.
            return Ok(());
        }
        if ready.writable {
            if self.connecting.is_some() {
                return self.connect_further();
            }
            self.send_further()?;
        }
        if ready.readable {
            self.receive()?;
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<Ready, Ended> {
        let interest = Interest {
            readable: self.receiving.is_some(),
            writable: self.connecting.is_some() || self.sending.is_some(),
        };
        // A socket at its end is always "ready": one that nothing is expected of is left out.
        let awaited = interest.readable || interest.writable;
        let socket = self.socket.as_ref().filter(|_| awaited);
        let waits = Waits {
            socket: self.socket.as_ref(),
            lookup: self.lookup.as_ref(),
            connecting: self.connecting.as_ref(),
            sending: self.sending.as_mut(),
            receiving: self.receiving,
        };
        let told = &mut self.told;
        let (ready, _) = socket::wait(
            self.orders.wake(),
            socket.map(|socket| (socket, interest)),
            &mut self.tell,
            |tell| waits.report(told, tell),
        )?;
        Ok(ready)
    }

    fn act(&mut self, action: ClientAction) -> Result<(), Ended> {
        match action {
            ClientAction::Connect(address) => self.look_up(&address),
            ClientAction::Send(bytes) => self.send(bytes),
            ClientAction::CancelConnect => self.cancel_connect(),
            ClientAction::CancelSend => self.cancel_send(),
            ClientAction::Close => self.close(),
        }
    }

    fn look_up(&mut self, address: &Address) -> Result<(), Ended> {
        self.cancel_connect()?;
        let began = self.tell.now();
        match Lookup::start(address, began, self.orders.wake()) {
            Ok(lookup) => {
                self.lookup = Some(lookup);
                Ok(())
            }
            Err(error) => self
                .tell
                .trouble(format!("no thread for getaddrinfo can be started: {error}")),
        }
    }

    fn look_up_further(&mut self) -> Result<(), Ended> {
        let Some(lookup) = self.lookup.take() else {
            return Ok(());
        };
        let Some((outcome, addresses)) = lookup.poll() else {
            self.lookup = Some(lookup);
            return Ok(());
        };
        self.told.remove(&Function::Getaddrinfo);
        self.tell
            .returned(lookup.call, outcome, Timing::elsewhere(lookup.began))?;
        let mut rest = addresses.into_iter();
        match rest.next() {
            Some(first) => self.connect(first, rest),
            None => Ok(()),
        }
    }

    /// Connects to `address`, and if that fails to each of `rest`, on a socket of its own each time: after a failed
    /// `connect` the state of a socket is unspecified (`connect(2)`).
    fn connect(
        &mut self,
        address: SocketAddr,
        mut rest: vec::IntoIter<SocketAddr>,
    ) -> Result<(), Ended> {
        if let Some(socket) = &self.socket {
            // The person connects a socket that is in use: the kernel's answer is the lesson.
            let began = Began::now(&self.tell);
            if socket.connect(address, began, &mut self.tell)? == Connected::InProgress {
                self.connecting = Some(Connecting {
                    address,
                    rest: Vec::new().into_iter(),
                    began: began.at,
                });
            }
            return Ok(());
        }
        let mut next = Some(address);
        while let Some(address) = next {
            let socket = match Socket::open(Family::of(&address), &mut self.tell) {
                Ok(socket) => socket,
                // The machine may lack this family and have the next one.
                Err(Ended::Failed) => {
                    next = rest.next();
                    continue;
                }
                Err(ended) => return Err(ended),
            };
            let began = Began::now(&self.tell);
            match socket.connect(address, began, &mut self.tell)? {
                Connected::InProgress => {
                    self.socket = Some(socket);
                    self.connecting = Some(Connecting {
                        address,
                        rest,
                        began: began.at,
                    });
                    return Ok(());
                }
                Connected::Returned(Ok(())) => {
                    self.socket = Some(socket);
                    return self.connected();
                }
                Connected::Returned(Err(_)) => socket.close(&mut self.tell)?,
            }
            next = rest.next();
        }
        Ok(())
    }

    fn connect_further(&mut self) -> Result<(), Ended> {
        let (Some(socket), Some(connecting)) = (&self.socket, self.connecting.take()) else {
            return Ok(());
        };
        let began = Began {
            at: connecting.began,
            waited: Waited::InProgress,
        };
        match socket.connect(connecting.address, began, &mut self.tell)? {
            Connected::InProgress => {
                self.connecting = Some(connecting);
                Ok(())
            }
            Connected::Returned(result) => {
                self.told.remove(&Function::Connect);
                if result.is_ok() {
                    return self.connected();
                }
                self.close()?;
                let mut rest = connecting.rest;
                match rest.next() {
                    Some(address) => self.connect(address, rest),
                    None => Ok(()),
                }
            }
        }
    }

    fn connected(&mut self) -> Result<(), Ended> {
        if let Some(socket) = &self.socket {
            self.buffer = Vec::with_capacity(RECV_SIZE);
            self.receiving = Some(self.tell.now());
            socket.local_address(&mut self.tell)?;
        }
        Ok(())
    }

    fn send(&mut self, bytes: Vec<u8>) -> Result<(), Ended> {
        match &mut self.sending {
            Some(sending) => {
                sending.bytes.extend(bytes);
                Ok(())
            }
            None if self.socket.is_none() => self
                .tell
                .trouble("there is no socket to send on: connect first".to_owned()),
            None if self.connecting.is_some() => self.tell.trouble(
                "the handshake is not over: wait until the socket is connected".to_owned(),
            ),
            None if bytes.is_empty() => Ok(()),
            None => {
                let began = self.tell.now();
                self.sending = Some(Sending {
                    bytes,
                    taken: 0,
                    began,
                    waited: Waited::No,
                });
                self.send_at_once()
            }
        }
    }

    /// Sends what the kernel takes without waiting: a close or a cancellation that was ordered right after the message
    /// must not take it back.
    fn send_at_once(&mut self) -> Result<(), Ended> {
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        let interest = Some((socket, Interest::WRITE));
        if socket::glance(self.orders.wake(), interest, &mut self.tell)?.writable {
            self.send_further()?;
        }
        Ok(())
    }

    fn send_further(&mut self) -> Result<(), Ended> {
        let (Some(socket), Some(mut sending)) = (&self.socket, self.sending.take()) else {
            return Ok(());
        };
        let began = Began {
            at: sending.began,
            waited: sending.waited,
        };
        self.told.remove(&Function::Send);
        match socket.send(sending.rest(), began, &mut self.tell)? {
            Ok(count) => sending.taken += count,
            // The room that poll saw is gone again.
            Err(Errno::EAGAIN) => {}
            // The rest of the message would fail in the same way, and of what is over nothing more comes.
            Err(errno) => {
                if matches!(
                    errno,
                    Errno::ECONNRESET | Errno::ETIMEDOUT | Errno::EHOSTUNREACH
                ) {
                    self.receiving = None;
                }
                return Ok(());
            }
        }
        sending.began = self.tell.now();
        sending.waited = Waited::No;
        if !sending.rest().is_empty() {
            self.sending = Some(sending);
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<(), Ended> {
        let (Some(socket), Some(since)) = (&self.socket, self.receiving) else {
            return Ok(());
        };
        let began = Began {
            at: since,
            waited: if self.told.remove(&Function::Recv) {
                Waited::InPoll
            } else {
                Waited::No
            },
        };
        let result = socket.recv(&mut self.buffer, began, &mut self.tell)?;
        self.receiving = match result {
            // 0 bytes: the peer has finished sending, and nothing more will come.
            Ok(_) if self.buffer.is_empty() => None,
            Ok(at) => {
                let bytes = take_received(&mut self.buffer);
                self.tell.received(at, bytes)?;
                Some(self.tell.now())
            }
            // What poll saw is gone again.
            Err(Errno::EAGAIN) => Some(self.tell.now()),
            Err(_) => None,
        };
        Ok(())
    }

    /// Stops waiting for the resolver or for a handshake; a socket in its handshake is closed.
    fn cancel_connect(&mut self) -> Result<(), Ended> {
        if let Some(lookup) = self.lookup.take() {
            self.told.remove(&Function::Getaddrinfo);
            self.cancelled(lookup.call, lookup.began)?;
        }
        if let Some(Connecting { address, began, .. }) = self.connecting.take() {
            self.told.remove(&Function::Connect);
            if let Some(socket) = self.socket.take() {
                let fd = socket.number();
                self.cancelled(Call::Connect { fd, address }, began)?;
                socket.close(&mut self.tell)?;
            }
        }
        Ok(())
    }

    /// Stops waiting for room to send. Receiving goes on.
    fn cancel_send(&mut self) -> Result<(), Ended> {
        if let (Some(socket), Some(sending)) = (&self.socket, self.sending.take()) {
            let call = socket.send_call(sending.rest());
            self.told.remove(&Function::Send);
            self.cancelled(call, sending.began)?;
        }
        Ok(())
    }

    fn cancelled(&mut self, call: Call, began: Moment) -> Result<(), Ended> {
        self.tell
            .returned(call, Outcome::Cancelled, Timing::cancelled(began))
            .map(drop)
    }

    fn close(&mut self) -> Result<(), Ended> {
        self.cancel_send()?;
        self.cancel_connect()?;
        self.receiving = None;
        self.told.clear();
        self.buffer = Vec::new();
        match self.socket.take() {
            Some(socket) => socket.close(&mut self.tell),
            None => Ok(()),
        }
    }
}

/// The received bytes, leaving `buffer` empty and as large as before: a small piece is copied, one that fills the
/// buffer at least by half goes as it is.
fn take_received(buffer: &mut Vec<u8>) -> Vec<u8> {
    if buffer.len() * 2 >= buffer.capacity() {
        let capacity = buffer.capacity();
        std::mem::replace(buffer, Vec::with_capacity(capacity))
    } else {
        let bytes = buffer.as_slice().to_vec();
        buffer.clear();
        bytes
    }
}
