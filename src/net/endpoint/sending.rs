//! What is sent on an endpoint: at once as much as there is room for, and the rest as room comes.

use std::net::SocketAddr;

use super::{Endpoint, Role, cancelled, ignore_failure};
use crate::model::call::Function;
use crate::model::{Call, Errno, Moment, SocketKind, Waited};
use crate::net::socket::{Began, NO_FD, Piece, Socket, without_socket};
use crate::net::teller::{Ended, Teller};

/// Who wants something to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    Person,
    Service,
}

/// Something to be sent.
#[derive(Debug)]
pub(super) struct Message {
    bytes: Vec<u8>,
    /// Whether it is over with the first call, whatever that took.
    once: bool,
    urgent: bool,
    to: Option<SocketAddr>,
    /// Whether it waits for room.
    waits: bool,
    author: Author,
}

impl Message {
    /// The same, as urgent data or not.
    pub(super) fn urgent(self, urgent: bool) -> Self {
        Self { urgent, ..self }
    }

    /// The same, to this address.
    pub(super) fn to(self, address: SocketAddr) -> Self {
        Self {
            to: Some(address),
            ..self
        }
    }

    fn piece(&self) -> Piece<'_> {
        Piece {
            bytes: &self.bytes,
            urgent: self.urgent,
            to: self.to,
            // How a service waits is up to its model.
            blocks: self.waits && self.author == Author::Person,
        }
    }

    /// Has it written by `author` too: what a service has a part in fails for the service.
    fn adopt(&mut self, author: Author) {
        if author == Author::Service {
            self.author = author;
        }
    }
}

/// A message of which the kernel has not yet taken all that it is to take.
#[derive(Debug)]
pub(super) struct Sending {
    message: Message,
    taken: usize,
    pub(super) began: Moment,
    pub(super) waited: Waited,
}

impl Sending {
    const fn begin(message: Message, now: Moment) -> Self {
        Self {
            message,
            taken: 0,
            began: now,
            waited: Waited::No,
        }
    }

    fn rest(&self) -> &[u8] {
        &self.message.bytes[self.taken..]
    }

    /// Lets `more` follow. What was taken is let go of, so that a message that grows as fast as it goes stays small.
    fn append(&mut self, more: &Message) {
        if self.taken >= self.message.bytes.len() / 2 {
            self.message.bytes.drain(..self.taken);
            self.taken = 0;
        }
        self.message.bytes.extend_from_slice(&more.bytes);
        self.message.adopt(more.author);
    }

    pub(super) const fn function(&self) -> Function {
        function_of(self.message.to)
    }

    fn piece(&self) -> Piece<'_> {
        Piece {
            bytes: self.rest(),
            ..self.message.piece()
        }
    }

    pub(super) fn call(&self, socket: &Socket) -> Call {
        self.piece().call(socket.number())
    }
}

impl Endpoint {
    /// Whether a message waits for room.
    #[must_use]
    pub const fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// How many bytes wait for room.
    #[must_use]
    pub fn unsent(&self) -> usize {
        let sending = self.sending.as_ref().map_or(0, |s| s.rest().len());
        let behind = self.behind.as_ref().map_or(0, |b| b.bytes.len());
        sending + behind
    }

    /// What a person wants to be sent.
    pub(super) fn message(&self, bytes: Vec<u8>, once: bool) -> Message {
        let is_datagram =
            matches!(&self.socket, Some(socket) if socket.kind() == SocketKind::Datagram);
        Message {
            bytes,
            // There is no rest of a datagram, and two of them are two.
            once: once || is_datagram,
            urgent: false,
            to: None,
            waits: self.blocks(),
            author: Author::Person,
        }
    }

    /// Sends all of what a service says. It waits for room even where a person's calls do not; whether it failed tells
    /// [`Endpoint::take_failure`].
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn say(&mut self, bytes: Vec<u8>, tell: &mut Teller) -> Result<(), Ended> {
        let message = Message {
            waits: true,
            author: Author::Service,
            ..self.message(bytes, false)
        };
        ignore_failure(self.send(message, tell))
    }

    pub(super) fn send(&mut self, message: Message, tell: &mut Teller) -> Result<(), Ended> {
        let Some(socket) = &self.socket else {
            let call = message.piece().call(NO_FD);
            return without_socket(call, &message.bytes, tell);
        };
        if let Some(sending) = &mut self.sending {
            if message.once {
                return tell
                    .trouble("a send is blocked already: wait for it, or cancel it".to_owned());
            }
            // What is to be sent to the last byte can only follow what is on its way.
            if !sending.message.once {
                sending.append(&message);
            } else if let Some(behind) = &mut self.behind {
                behind.bytes.extend(message.bytes);
                behind.adopt(message.author);
            } else {
                self.behind = Some(message);
            }
            return Ok(());
        }
        let at_once =
            !message.waits || self.role == Role::Listening || self.known.of(socket).may_send();
        self.sending = Some(Sending::begin(message, tell.stamp()));
        if at_once {
            self.send_further(tell)
        } else {
            Ok(())
        }
    }

    /// Sends what there is room for. Of a message that does not wait, what is left after `EAGAIN` is given up.
    pub(super) fn send_further(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        let mut outcome = Ok(());
        while let (Some(socket), Some(mut sending)) = (&self.socket, self.sending.take()) {
            let began = Began {
                at: sending.began,
                waited: sending.waited,
            };
            self.told.remove(&sending.function());
            let message = &sending.message;
            let result = socket.send(sending.piece(), began, tell)?;
            self.known.sent(result, sending.rest().len());
            match result {
                Ok(count) => sending.taken += count,
                // The room that poll saw is gone again.
                Err(Errno::EAGAIN) if message.waits => {}
                // The rest of the message would fail in the same way, and of what is over nothing more comes.
                Err(errno) => {
                    if is_over(errno) && socket.waiting() == 0 {
                        self.alone.since = None;
                    }
                    self.say_failed |= message.author == Author::Service;
                    outcome = Err(Ended::Failed);
                }
            }
            let failed =
                matches!(result, Err(errno) if errno != Errno::EAGAIN || !sending.message.waits);
            let is_done =
                failed || sending.rest().is_empty() || (sending.message.once && result.is_ok());
            let next = if is_done {
                self.behind
                    .take()
                    .map(|message| Sending::begin(message, tell.stamp()))
            } else {
                sending.began = tell.stamp();
                sending.waited = Waited::No;
                Some(sending)
            };
            // The rest waits for room, or the kernel is asked again until it says no.
            let goes_on = next.as_ref().is_some_and(|next| {
                !next.message.waits || (is_done && self.known.of(socket).may_send())
            });
            self.sending = next;
            if !goes_on {
                return outcome;
            }
        }
        outcome
    }

    /// Stops waiting for room to send. Receiving goes on.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn cancel_send(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        self.behind = None;
        if let (Some(socket), Some(sending)) = (&self.socket, self.sending.take()) {
            self.told.remove(&sending.function());
            cancelled(sending.call(socket), sending.began, tell)?;
        }
        Ok(())
    }

    /// Whether something that was said could not be sent to its end since this was asked last.
    pub const fn take_failure(&mut self) -> bool {
        std::mem::replace(&mut self.say_failed, false)
    }
}

const fn function_of(to: Option<SocketAddr>) -> Function {
    match to {
        None => Function::Send,
        Some(_) => Function::Sendto,
    }
}

/// Whether nothing more can come of a stream after this.
const fn is_over(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ECONNRESET | Errno::ETIMEDOUT | Errno::EHOSTUNREACH
    )
}
