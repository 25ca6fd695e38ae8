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

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::socket::{Arrived, Began, NO_FD, Piece, Shut, Socket, Wanted, without_socket};
use super::teller::{Ended, Teller, Timing};
use super::wake::Wake;
use super::watch::Edge;
use crate::model::call::{Ending, Function};
use crate::model::{
    Call, Errno, Moment, OptionSetting, OptionValue, Outcome, Readiness, RecvFlags, ShutdownHow,
    SocketAction, SocketKind, SocketOption, Waited,
};

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
    told: BTreeSet<Function>,
    readiness: Option<Readiness>,
    known: Known,
}

/// How it is known what can be done with the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Known {
    /// The kernel is asked, so that no call is made in vain and the log shows none.
    #[default]
    Asked,
    /// From the edges that its watch has told, and from what the calls since then have returned (`epoll(7)`): nothing is
    /// asked.
    Edges {
        /// What can be done.
        ready: Readiness,
        /// Whether a `recv` may stop at a mark, although there is more behind it.
        urgent: bool,
    },
    /// Everything can be done, for its calls block.
    Blocks,
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

/// Who wants something to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Author {
    Person,
    Service,
}

/// Something to be sent.
#[derive(Debug)]
struct Message {
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
struct Sending {
    message: Message,
    taken: usize,
    began: Moment,
    waited: Waited,
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

    const fn function(&self) -> Function {
        function_of(self.message.to)
    }

    fn piece(&self) -> Piece<'_> {
        Piece {
            bytes: self.rest(),
            ..self.message.piece()
        }
    }

    fn call(&self, socket: &Socket) -> Call {
        self.piece().call(socket.number())
    }
}

/// A `recv` that a person has asked for.
#[derive(Debug, Clone, Copy)]
struct Receiving {
    size: usize,
    flags: RecvFlags,
    since: Moment,
}

/// Receiving without being asked.
#[derive(Debug, Clone, Copy, Default)]
struct Alone {
    /// At most so many bytes a call; none if only by hand.
    size: Option<usize>,
    /// Since when it waits; none while there is nothing to come: not connected, ended or reset.
    since: Option<Moment>,
    /// Whether `recv` was told that this side has shut down receiving: it would say so for ever, and is asked again
    /// only when something is there.
    rests: bool,
}

impl Alone {
    /// What it waits for now: at most so many bytes, since then.
    const fn waits(self) -> Option<(usize, Moment)> {
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
    const fn wait_anew(&mut self, now: Moment) {
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

    /// Does `action`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn act(&mut self, action: SocketAction, tell: &mut Teller) -> Result<(), Ended> {
        match action {
            SocketAction::Bind(address) => self.bind(address, tell),
            SocketAction::Send { bytes, urgent } => {
                let message = self.message(bytes, true);
                self.send(Message { urgent, ..message }, tell)
            }
            SocketAction::SendAll(bytes) => self.send(self.message(bytes, false), tell),
            SocketAction::SendTo(address, bytes) => {
                let to = Some(address);
                let message = self.message(bytes, true);
                self.send(Message { to, ..message }, tell)
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

    /// What a person wants to be sent.
    fn message(&self, bytes: Vec<u8>, once: bool) -> Message {
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

    fn send(&mut self, message: Message, tell: &mut Teller) -> Result<(), Ended> {
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
    fn send_further(&mut self, tell: &mut Teller) -> Result<(), Ended> {
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

    fn recv(&mut self, size: usize, flags: RecvFlags, tell: &mut Teller) -> Result<(), Ended> {
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

    fn receive_alone(&mut self, size: Option<usize>, tell: &mut Teller) -> Result<(), Ended> {
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
    fn forget_recv(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        let function = self.recv_function();
        if self.told.remove(&function) {
            tell.unblocked(function)?;
        }
        Ok(())
    }

    const fn recv_function(&self) -> Function {
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

    /// Makes those waiting calls that would not block now; says whether there were any.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn proceed(&mut self, ready: Readiness, tell: &mut Teller) -> Result<bool, Ended> {
        let mut went_on = false;
        if self.sending.is_some() && ready.may_send() {
            went_on = true;
            ignore_failure(self.send_further(tell))?;
        }
        if !ready.may_receive() {
            return Ok(went_on);
        }
        if let Some(Receiving { size, flags, since }) = self.receiving.take() {
            let began = self.began_recv(since, tell);
            let taken = self.take(size, flags, began, &mut Vec::new(), tell)?;
            if taken == Taken::Nothing {
                // What poll saw is gone again.
                self.receiving = Some(Receiving { size, flags, since });
            }
            self.alone.wait_anew(tell.now());
            went_on = true;
        } else if let Alone {
            size: Some(size),
            since: Some(since),
            rests,
        } = self.alone
            && (!rests || self.has_news(ready))
        {
            self.receive(size, since, tell)?;
            went_on = true;
        }
        Ok(went_on)
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

    /// Stops waiting for something to receive by hand.
    fn cancel_recv(&mut self, tell: &mut Teller) -> Result<(), Ended> {
        let from = self.tells_sender();
        if let (Some(socket), Some(receiving)) = (&self.socket, self.receiving.take()) {
            let call = socket.recv_call(receiving.size, receiving.flags, from);
            self.told.remove(&call.function());
            cancelled(call, receiving.since, tell)?;
            self.alone.wait_anew(tell.now());
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

    /// Whether something that was said could not be sent to its end since this was asked last.
    pub const fn take_failure(&mut self) -> bool {
        std::mem::replace(&mut self.say_failed, false)
    }
}

impl Known {
    fn of(self, socket: &Socket) -> Readiness {
        match self {
            Self::Asked => socket.readiness(),
            Self::Edges { ready, .. } => ready,
            Self::Blocks => Readiness {
                readable: true,
                writable: true,
                ..Readiness::default()
            },
        }
    }

    /// After a `send` of `length` bytes: what took less has no room, and the next edge tells when there is some.
    fn sent(&mut self, result: Result<usize, Errno>, length: usize) {
        if let Self::Edges { ready, .. } = self
            && result.map_or_else(|errno| errno == Errno::EAGAIN, |count| count < length)
        {
            ready.writable = false;
        }
    }

    /// After a `recv` into `buffer`, which is full unless nothing more is there, or unless urgent data comes next: a `recv`
    /// stops in front of it, and no edge tells of what is behind. The end that is still to be received, of a peer that has
    /// finished, is told by its being hung up.
    const fn received(&mut self, came: bool, buffer: &Vec<u8>) {
        let Self::Edges { ready, urgent } = self else {
            return;
        };
        let is_empty = !came || buffer.is_empty();
        if is_empty || (!*urgent && buffer.len() < buffer.capacity()) {
            ready.readable = false;
        }
        if is_empty {
            *urgent = false;
        }
    }
}

const fn function_of(to: Option<SocketAddr>) -> Function {
    match to {
        None => Function::Send,
        Some(_) => Function::Sendto,
    }
}

fn no_socket_for_option(tell: &mut Teller) -> Result<(), Ended> {
    tell.trouble(
        "there is no socket whose options could be asked or set: make one first".to_owned(),
    )
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

/// Whether nothing more can come of a stream after this.
const fn is_over(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ECONNRESET | Errno::ETIMEDOUT | Errno::EHOSTUNREACH
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
