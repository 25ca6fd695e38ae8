//! What is received on an endpoint: by hand, one `recv` at a time, or alone, whatever comes.

use super::Endpoint;
use super::{Role, cancelled};
use crate::model::call::{Ending, Function};
use crate::model::{Call, Errno, Moment, Readiness, RecvFlags, SocketAction, SocketKind, Waited};
use crate::net::socket::{Arrived, Began, NO_FD, Wanted, without_socket};
use crate::net::teller::{Ended, Teller};

/// A `recv` that a person has asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Receiving {
    pub(super) size: usize,
    pub(super) flags: RecvFlags,
    pub(super) since: Moment,
}

/// Receiving without being asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Alone {
    /// At most so many bytes a call; none if only by hand.
    pub(super) size: Option<usize>,
    /// Since when it waits; none while there is nothing to come: not connected, ended or reset.
    pub(super) since: Option<Moment>,
    /// Whether `recv` was told that this side has shut down receiving: it would say so for ever, and is asked again
    /// only when something is there.
    pub(super) rests: bool,
}

impl Alone {
    /// What it waits for now: at most so many bytes, since then.
    pub(super) const fn waits(self) -> Option<(usize, Moment)> {
        match self {
            Self {
                size: Some(size),
                since: Some(since),
                rests: false,
            } => Some((size, since)),
            Self { .. } => None,
        }
    }

    /// From now on it waits anew, if there is anything to come: somebody else has received.
    pub(super) const fn wait_anew(&mut self, now: Moment) {
        if self.since.is_some() {
            self.since = Some(now);
        }
    }
}

/// What one attempt to receive came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The bytes in the buffer, which have been reported.
    Bytes(Arrived),
    /// The end: the peer has finished sending, or this side has shut the socket down.
    End,
    /// Nothing was there after all.
    Nothing,
    /// An error, which has been reported.
    Failed(Errno),
}

impl Endpoint {
    /// Whether it waits for something to receive: by hand, or alone.
    #[must_use]
    pub const fn is_receiving(&self) -> bool {
        self.receiving.is_some() || self.alone.waits().is_some()
    }

    /// Whether `action` makes or gives up a `recv` in whose place the owner's own may wait.
    #[must_use]
    pub const fn is_received_beside(&self, action: &SocketAction) -> bool {
        match action {
            SocketAction::Recv { .. } | SocketAction::ReceiveAlone(_) => true,
            SocketAction::CancelRecv => self.receiving.is_some(),
            SocketAction::CancelSend
            | SocketAction::Bind(_)
            | SocketAction::Send { .. }
            | SocketAction::SendAll(_)
            | SocketAction::SendTo(..)
            | SocketAction::Shutdown(_)
            | SocketAction::Close
            | SocketAction::Reset
            | SocketAction::Set(_)
            | SocketAction::Get(_)
            | SocketAction::Blocking(_) => false,
        }
    }

    pub(super) fn recv(
        &mut self,
        size: usize,
        flags: RecvFlags,
        tell: &mut Teller,
    ) -> Result<(), Ended> {
        let Some(socket) = &self.socket else {
            let fd = NO_FD;
            return without_socket(Call::Recv { fd, size, flags }, &[], tell);
        };
        if self.receiving.is_some() {
            return tell.trouble("a recv is blocked already: wait for it, or cancel it".to_owned());
        }
        // An urgent byte is never waited for (tcp(7)).
        let at_once = self.non_blocking || self.role == Role::Listening || flags.urgent;
        let ready = at_once || socket.readiness().may_receive();
        let since = tell.now();
        // It is made in the place of what is received alone, whose wait ends with it and begins anew after it.
        self.told.remove(&self.recv_function());
        if ready {
            self.take(size, flags, Began::now(tell), &mut Vec::new(), tell)?;
            self.alone.wait_anew(tell.now());
        } else {
            self.receiving = Some(Receiving { size, flags, since });
        }
        Ok(())
    }

    pub(super) fn receive_alone(
        &mut self,
        size: Option<usize>,
        tell: &mut Teller,
    ) -> Result<(), Ended> {
        self.alone.size = size;
        self.buffer = Vec::new();
        self.alone.wait_anew(tell.now());
        if self.receiving.is_none() {
            // If it goes on to wait, then for another number of bytes.
            self.forget_recv(tell)?;
        }
        Ok(())
    }

    /// What was reported as blocked in `recv` waits no more.
    pub(super) fn forget_recv(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        let function = self.recv_function();
        if self.told.remove(&function) {
            tell.unblocked(function)?;
        }
        Ok(())
    }

    pub(super) const fn recv_function(&self) -> Function {
        if self.tells_sender() {
            Function::Recvfrom
        } else {
            Function::Recv
        }
    }

    /// Whether `recvfrom` is called: many may send to a datagram socket without a peer.
    const fn tells_sender(&self) -> bool {
        match &self.socket {
            Some(socket) => {
                matches!(socket.kind(), SocketKind::Datagram)
                    && !matches!(self.role, Role::Connected)
            }
            None => false,
        }
    }

    /// One `recv` of at most `size` bytes into `buffer`, in place of what is there; reports what came. A buffer of that
    /// capacity is used again.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn take(
        &mut self,
        size: usize,
        flags: RecvFlags,
        began: Began,
        buffer: &mut Vec<u8>,
        tell: &mut Teller,
    ) -> Result<Taken, Ended> {
        buffer.clear();
        if buffer.capacity() != size {
            *buffer = Vec::new();
            buffer.reserve_exact(size);
        }
        let taken = self.recv_into(buffer, flags, began, tell)?;
        Ok(match taken {
            Ok(arrived) if is_end(arrived.ending) => Taken::End,
            Ok(arrived) => {
                // What was only looked at stays in the queue, and comes again.
                if !flags.peek && is_chunk(buffer, arrived) && !tell.is_quiet() {
                    tell.received(arrived.at, buffer.clone(), arrived.from)?;
                }
                Taken::Bytes(arrived)
            }
            Err(Errno::EAGAIN) if self.is_shut() => Taken::End,
            Err(Errno::EAGAIN) => Taken::Nothing,
            Err(errno) => Taken::Failed(errno),
        })
    }

    /// Whether nothing more can come to a datagram socket. After `shutdown(SHUT_RD)` it is readable for ever, and a
    /// `recv` that does not wait says `EAGAIN` for ever.
    fn is_shut(&self) -> bool {
        self.socket.as_ref().is_some_and(|socket| {
            socket.kind() == SocketKind::Datagram && socket.readiness().hung_up
        })
    }

    fn recv_into(
        &mut self,
        buffer: &mut Vec<u8>,
        flags: RecvFlags,
        began: Began,
        tell: &mut Teller,
    ) -> Result<Result<Arrived, Errno>, Ended> {
        let from = self.tells_sender();
        let Some(socket) = &self.socket else {
            return Ok(Err(Errno::EBADF));
        };
        let shut = self.shut;
        let result = socket.recv(buffer, Wanted { flags, from, shut }, began, tell)?;
        self.known.received(result.is_ok(), buffer);
        self.came += buffer.len();
        let is_stream = socket.kind() == SocketKind::Stream;
        let is_over = match result {
            // Once told, it rests: what still comes is received.
            Ok(arrived) if arrived.ending == Ending::OwnShutdown => false,
            Ok(arrived) => is_end(arrived.ending),
            Err(Errno::EAGAIN) => self.is_shut(),
            // A datagram socket lives on: the error was about something sent before.
            Err(_) => is_stream,
        };
        // With either flag other bytes may still be to come.
        if flags == RecvFlags::default() {
            if is_over {
                self.alone.since = None;
            }
            self.alone.rests |= result.is_ok_and(|arrived| arrived.ending == Ending::OwnShutdown);
        }
        Ok(result)
    }

    /// Makes the `recv` that waits, of which there is always at most one; says whether it did.
    pub(super) fn receive_further(
        &mut self,
        ready: Readiness,
        tell: &mut Teller,
    ) -> Result<bool, Ended> {
        if let Some(Receiving { size, flags, since }) = self.receiving.take() {
            let began = self.began_recv(since, tell);
            let taken = self.take(size, flags, began, &mut Vec::new(), tell)?;
            if taken == Taken::Nothing {
                // What poll saw is gone again.
                self.receiving = Some(Receiving { size, flags, since });
            }
            self.alone.wait_anew(tell.now());
            Ok(true)
        } else if let Alone {
            size: Some(size),
            since: Some(since),
            rests,
        } = self.alone
            && (!rests || self.has_news(ready))
        {
            self.receive(size, since, tell)?;
            Ok(true)
        } else {
            Ok(false)
        }
    }

    /// How many bytes have come since this was asked last.
    pub const fn take_came(&mut self) -> usize {
        std::mem::replace(&mut self.came, 0)
    }

    /// Whether there is something to receive on a socket that is always at its end, because this side has shut it down.
    fn has_news(&self, ready: Readiness) -> bool {
        ready.failed || self.socket.as_ref().is_some_and(|s| s.waiting() > 0)
    }

    fn began_recv(&mut self, since: Moment, tell: &Teller) -> Began {
        if self.told.remove(&self.recv_function()) {
            Began {
                at: since,
                waited: Waited::InPoll,
            }
        } else {
            Began::now(tell)
        }
    }

    /// One `recv` that nobody asked for, into a buffer that is kept: this is how floods come in.
    fn receive(&mut self, size: usize, since: Moment, tell: &mut Teller) -> Result<(), Ended> {
        let began = self.began_recv(since, tell);
        let has_rested = self.alone.rests;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.reserve_exact(size);
        let result = self.recv_into(&mut buffer, RecvFlags::default(), began, tell)?;
        if let Ok(arrived) = result
            && is_chunk(&buffer, arrived)
        {
            let bytes = take_received(&mut buffer);
            tell.received(arrived.at, bytes, arrived.from)?;
        }
        self.buffer = buffer;
        self.alone.wait_anew(tell.now());
        if has_rested && result.is_ok_and(|arrived| arrived.ending == Ending::OwnShutdown) {
            // The news was that the connection has failed, and recv does not tell it any more.
            self.alone.since = None;
        }
        Ok(())
    }

    /// Stops waiting for something to receive by hand.
    pub(super) fn cancel_recv(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        let from = self.tells_sender();
        if let (Some(socket), Some(receiving)) = (&self.socket, self.receiving.take()) {
            let call = socket.recv_call(receiving.size, receiving.flags, from);
            self.told.remove(&call.function());
            cancelled(call, receiving.since, tell)?;
            self.alone.wait_anew(tell.now());
        }
        Ok(())
    }
}

/// Whether these bytes are to be shown: an empty datagram is, a piece of nothing is not.
const fn is_chunk(bytes: &[u8], arrived: Arrived) -> bool {
    match arrived.ending {
        Ending::Datagram | Ending::Cut(_) => true,
        Ending::Piece | Ending::Stream | Ending::BothStreams | Ending::OwnShutdown => {
            !bytes.is_empty()
        }
    }
}

/// Whether `recv` has returned 0 of a stream, for whatever reason.
const fn is_end(ending: Ending) -> bool {
    match ending {
        Ending::Stream | Ending::BothStreams | Ending::OwnShutdown => true,
        Ending::Piece | Ending::Datagram | Ending::Cut(_) => false,
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
