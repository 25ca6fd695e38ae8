//! A socket together with the calls that wait on it: what can be done to it by hand, whoever owns it.
//!
//! A call is made at once if it would not block. Otherwise, on a socket that is to block, it waits here until the
//! socket is ready, and the thread that owns the endpoint goes on waiting for everything else too: so a send that is
//! blocked never keeps bytes from being received, and every wait can be cancelled. On a socket that is not to block
//! the call is made all the same, and the kernel says `EAGAIN`.
//!
//! Underneath every socket is non-blocking, so a single `send` takes what there is room for where a blocking one would
//! go on: its record says so ([`Waited::NotBlocking`]). What is received alone ends with the stream; after a shutdown
//! of one's own it goes on for what still comes, and asks only when something is there.
//!
//! `sending` and `receiving` are what waits in either direction, `known` is how it is known what can be done.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::socket::{NO_FD, Shut, Socket, without_socket};
use super::teller::{Ended, Teller, Timing};
use super::wake::Wake;
use super::watch::Edge;
use crate::model::call::Function;
use crate::model::{
    Call, Moment, OptionSetting, OptionValue, Outcome, Readiness, RecvFlags, ShutdownHow,
    SocketAction, SocketKind, SocketOption, Waited,
};

mod known;
mod receiving;
mod sending;

use known::Known;
pub use receiving::Taken;
use receiving::{Alone, Receiving};
use sending::{Message, Sending};

/// A socket and what waits on it.
#[derive(Debug, Default)]
pub struct Endpoint {
    socket: Option<Socket>,
    role: Role,
    shut: Shut,
    non_blocking: bool,
    sending: Option<Sending>,
    /// What is to be sent after a single send that is blocked.
    behind: Option<Message>,
    receiving: Option<Receiving>,
    alone: Alone,
    /// Whether something that was said could not be sent and nobody has asked yet.
    say_failed: bool,
    buffer: Vec<u8>,
    /// How many bytes have come since somebody asked.
    came: usize,
    told: BTreeSet<Function>,
    readiness: Option<Readiness>,
    known: Known,
}

/// What the socket has become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Role {
    /// Neither connected nor listening.
    #[default]
    Alone,
    /// It has a peer: `recv` need not tell who sent.
    Connected,
    /// It listens: no call but `accept` ever waits, whatever `poll(2)` says about connections.
    Listening,
}

impl Endpoint {
    /// An endpoint for a socket that is there: an accepted connection.
    #[must_use]
    pub fn with(socket: Socket, now: Moment) -> Self {
        Self {
            socket: Some(socket),
            role: Role::Connected,
            alone: Alone {
                since: Some(now),
                ..Alone::default()
            },
            ..Self::default()
        }
    }

    /// The same for a connection of which nothing but numbers are kept: the kernel is not asked what could be done.
    /// Its calls block if `blocks`; otherwise whoever watches it says when something happens, see [`Endpoint::stirred`].
    #[must_use]
    pub fn quiet(socket: Socket, blocks: bool) -> Self {
        let writable = Readiness {
            writable: true,
            ..Readiness::default()
        };
        Self {
            known: if blocks {
                Known::Blocks
            } else {
                Known::Edges {
                    ready: writable,
                    urgent: false,
                }
            },
            ..Self::with(socket, Moment::default())
        }
    }

    /// Something has happened to the socket, as its watch tells.
    pub const fn stirred(&mut self, edge: Edge) {
        if let Known::Edges { ready, urgent } = &mut self.known {
            ready.readable |= edge.readable;
            *urgent |= edge.urgent;
            ready.writable |= edge.writable;
            ready.hung_up |= edge.closed;
        }
    }

    /// The socket, if there is one.
    #[must_use]
    pub const fn socket(&self) -> Option<&Socket> {
        self.socket.as_ref()
    }

    /// Takes in a new socket.
    pub fn put(&mut self, socket: Socket, now: Moment) {
        // Datagrams may come as soon as there is a socket; a stream has to be connected first.
        if socket.kind() == SocketKind::Datagram {
            self.alone.since = Some(now);
        }
        self.socket = Some(socket);
        self.nothing_is_shut();
        self.role = Role::Alone;
        self.readiness = None;
    }

    fn nothing_is_shut(&mut self) {
        self.shut = Shut::default();
        self.alone.rests = false;
    }

    /// Whether calls wait until they can be carried out.
    #[must_use]
    pub const fn blocks(&self) -> bool {
        !self.non_blocking
    }

    /// The socket has been connected.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn connected(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        // A datagram socket may have waited in recvfrom, and is to wait in recv.
        self.forget_recv(tell)?;
        self.role = Role::Connected;
        self.nothing_is_shut();
        self.alone.since = Some(tell.now());
        Ok(())
    }

    /// The socket listens, or does so no more.
    pub const fn listens(&mut self, listens: bool) {
        self.role = if listens {
            Role::Listening
        } else {
            Role::Alone
        };
    }

    /// Does `action`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn act(&mut self, action: SocketAction, tell: &mut Teller) -> Result<(), Ended> {
        match action {
            SocketAction::Bind(address) => self.bind(address, tell),
            SocketAction::Send { bytes, urgent } => {
                self.send(self.message(bytes, true).urgent(urgent), tell)
            }
            SocketAction::SendAll(bytes) => self.send(self.message(bytes, false), tell),
            SocketAction::SendTo(address, bytes) => {
                self.send(self.message(bytes, true).to(address), tell)
            }
            SocketAction::Recv { size, flags } => {
                self.recv(size.min(SocketAction::LARGEST_RECV), flags, tell)
            }
            SocketAction::ReceiveAlone(size) => self.receive_alone(
                size.map(|size| size.clamp(1, SocketAction::LARGEST_RECV)),
                tell,
            ),
            SocketAction::Shutdown(how) => self.shutdown(how, tell),
            SocketAction::Close => self.close(tell),
            SocketAction::Reset => self.reset(tell),
            SocketAction::Set(setting) => match &self.socket {
                Some(socket) => socket.set(setting, tell),
                None => no_socket_for_option(tell),
            },
            SocketAction::Get(option) => match &self.socket {
                Some(socket) => socket.get(option, tell),
                None => no_socket_for_option(tell),
            },
            SocketAction::Blocking(on) => {
                self.non_blocking = !on;
                tell.blocking(on)
            }
            SocketAction::CancelSend => self.cancel_send(tell),
            SocketAction::CancelRecv => self.cancel_recv(tell),
        }
    }

    fn shutdown(&mut self, how: ShutdownHow, tell: &mut Teller) -> Result<(), Ended> {
        let Some(socket) = &self.socket else {
            return without_socket(Call::Shutdown { fd: NO_FD, how }, &[], tell);
        };
        socket.shutdown(how, tell)?;
        self.shut = self.shut.and(how);
        Ok(())
    }

    fn bind(&self, address: SocketAddr, tell: &mut Teller) -> Result<(), Ended> {
        let Some(socket) = &self.socket else {
            return without_socket(Call::Bind { fd: NO_FD, address }, &[], tell);
        };
        socket.bind(address, tell)?;
        // The kernel may have chosen the port.
        socket.local_address(tell).map(drop)
    }

    /// Makes those waiting calls that would not block now; says whether there were any.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn proceed(&mut self, ready: Readiness, tell: &mut Teller) -> Result<bool, Ended> {
        let sends = self.sending.is_some() && ready.may_send();
        if sends {
            ignore_failure(self.send_further(tell))?;
        }
        let receives = ready.may_receive() && self.receive_further(ready, tell)?;
        Ok(sends || receives)
    }

    /// Reports what the endpoint waits for, and what could be done with its socket, as far as that is news.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn report(&mut self, ready: Readiness, tell: &mut Teller) -> Result<(), Ended> {
        let function = self.recv_function();
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        let ready = Readiness {
            waiting: if ready.readable { socket.waiting() } else { 0 },
            ..ready
        };
        if self.readiness != Some(ready) {
            self.readiness = Some(ready);
            tell.ready(ready)?;
        }
        if let Some(sending) = &mut self.sending {
            sending.waited = Waited::InPoll;
            if self.told.insert(sending.function()) {
                tell.blocked(sending.call(socket), sending.began)?;
            }
        }
        let waits = match self.receiving {
            Some(Receiving { size, flags, since }) => Some((size, flags, since)),
            None => (self.alone.waits()).map(|(size, since)| (size, RecvFlags::default(), since)),
        };
        if let Some((size, flags, since)) = waits
            && self.told.insert(function)
        {
            let from = function == Function::Recvfrom;
            tell.blocked(socket.recv_call(size, flags, from), since)?;
        }
        Ok(())
    }

    /// `close(2)`; what waits on the socket waits no more.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn close(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        self.cancel_send(tell)?;
        self.cancel_recv(tell)?;
        self.told.clear();
        self.readiness = None;
        self.alone.since = None;
        self.role = Role::Alone;
        self.buffer = Vec::new();
        match self.socket.take() {
            Some(socket) => socket.close(tell),
            None => without_socket(Call::Close { fd: NO_FD }, &[], tell),
        }
    }

    fn reset(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        if let Some(socket) = &self.socket {
            let at_once = OptionValue::Linger(Some(Duration::ZERO));
            // Where the option cannot be set, that is told, and the socket is closed all the same.
            ignore_failure(socket.set(OptionSetting::Value(SocketOption::Linger, at_once), tell))?;
        }
        self.close(tell)
    }

    /// The readiness of the socket now.
    #[must_use]
    pub fn look(&self) -> Readiness {
        self.socket
            .as_ref()
            .map(|socket| self.known.of(socket))
            .unwrap_or_default()
    }

    /// The readiness of the socket now, and whether `wake` is raised.
    #[must_use]
    pub fn look_beside(&self, wake: &Wake) -> (bool, Readiness) {
        match &self.socket {
            Some(socket) => socket.readiness_beside(wake),
            None => (false, Readiness::default()),
        }
    }
}

fn no_socket_for_option(tell: &mut Teller) -> Result<(), Ended> {
    tell.trouble(
        "there is no socket whose options could be asked or set: make one first".to_owned(),
    )
}

/// A call that failed is in the report, and the thread goes on.
///
/// # Errors
/// Everything but [`Ended::Failed`].
pub fn ignore_failure(result: Result<(), Ended>) -> Result<(), Ended> {
    match result {
        Err(Ended::Failed) => Ok(()),
        other => other,
    }
}

/// Reports that nobody waits for `call` any more.
///
/// # Errors
/// [`Ended::Gone`]
pub fn cancelled(call: Call, began: Moment, tell: &mut Teller) -> Result<(), Ended> {
    tell.returned(call, Outcome::Cancelled, Timing::cancelled(began))
        .map(drop)
}
