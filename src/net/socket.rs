//! The only place that makes socket calls, and each of them is recorded with its arguments and its result.
//!
//! Sockets are non-blocking and close-on-exec. Waiting is done in `poll(2)` by the workers, so that it can be
//! cancelled: the record of a call that was waited for says so.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::net::{
    AddressFamily, SendFlags, Shutdown, SocketAddrAny, SocketFlags, SocketType, sockopt,
};

use super::teller::{Ended, Teller, Timing};
use super::wake::Wake;
use crate::model::call::Ending;
use crate::model::{
    Call, ConnectionId, Errno, Family, Fd, Interface, Moment, OptionSetting, OptionValue, Outcome,
    Preview, Readiness, RecvFlags, ShutdownHow, SocketKind, SocketOption, Waited,
};

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    /// Shared with whoever is to wake a thread that is blocked inside a call on it, see [`Socket::share`].
    fd: Arc<OwnedFd>,
    family: Family,
    kind: SocketKind,
}

/// How a call that begins by waiting came to be made.
#[derive(Debug, Clone, Copy)]
pub struct Began {
    /// When it, or the waiting for it, began.
    pub at: Moment,
    /// How it waited.
    pub waited: Waited,
}

impl Began {
    /// A call that begins now, without waiting.
    #[must_use]
    pub fn now(tell: &Teller) -> Self {
        Self {
            at: tell.stamp(),
            waited: Waited::No,
        }
    }

    const fn timing(self, entered: Moment) -> Timing {
        Timing {
            began: self.at,
            entered: Some(entered),
            waited: self.waited,
        }
    }
}

/// What a non-blocking `connect` came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connected {
    /// It returned, and the record tells what.
    Returned(Result<(), Errno>),
    /// `EINPROGRESS`: wait until the socket is writable, then ask again.
    InProgress,
}

/// What one `send` or `sendto` is given.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// The bytes.
    pub bytes: &'a [u8],
    /// Whether the last one is urgent.
    pub urgent: bool,
    /// To whom, where that is not the socket's peer.
    pub to: Option<SocketAddr>,
    /// Whether a plain program would wait in the call until all of them were taken.
    pub blocks: bool,
}

impl Piece<'_> {
    /// The record of the call on `fd`.
    #[must_use]
    pub fn call(&self, fd: Fd) -> Call {
        let (length, preview) = (self.bytes.len(), Preview::of(self.bytes));
        let urgent = self.urgent;
        match self.to {
            None => Call::Send {
                fd,
                length,
                preview,
                urgent,
            },
            Some(address) => Call::Sendto {
                fd,
                length,
                preview,
                address,
            },
        }
    }
}

/// What is asked of one `recv` or `recvfrom`, and what its owner knows that the kernel does not tell.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// The call's flags.
    pub flags: RecvFlags,
    /// Whether it is `recvfrom`.
    pub from: bool,
    /// Which directions this side has shut down.
    pub shut: Shut,
}

/// Which directions of a connection this side has shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shut {
    receiving: bool,
    sending: bool,
}

impl Shut {
    /// After another `shutdown`.
    #[must_use]
    pub const fn and(self, how: ShutdownHow) -> Self {
        let (receiving, sending) = match how {
            ShutdownHow::Read => (true, false),
            ShutdownHow::Write => (false, true),
            ShutdownHow::Both => (true, true),
        };
        Self {
            receiving: self.receiving || receiving,
            sending: self.sending || sending,
        }
    }

    /// What it means that `recv` returned 0.
    const fn ending(self) -> Ending {
        match self {
            Self {
                receiving: true, ..
            } => Ending::OwnShutdown,
            Self {
                receiving: false,
                sending: true,
            } => Ending::BothStreams,
            Self {
                receiving: false,
                sending: false,
            } => Ending::Stream,
        }
    }
}

fn errno(error: rustix::io::Errno) -> Errno {
    Errno(error.raw_os_error())
}

fn outcome_of(result: Result<(), rustix::io::Errno>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Failed(errno(error)),
    }
}

impl Socket {
    /// `socket(2)`: a TCP or UDP socket of `family`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn open(family: Family, kind: SocketKind, tell: &mut Teller) -> Result<Self, Ended> {
        let began = tell.now();
        let domain = match family {
            Family::Inet => AddressFamily::INET,
            Family::Inet6 => AddressFamily::INET6,
        };
        let type_ = match kind {
            SocketKind::Stream => SocketType::STREAM,
            SocketKind::Datagram => SocketType::DGRAM,
        };
        let result = rustix::net::socket(domain, type_, None);
        let call = Call::Socket { family, kind };
        match result {
            Ok(fd) => {
                let socket = Self::prepared(fd, family, kind);
                let outcome = Outcome::Descriptor(socket.number());
                tell.returned(call, outcome, Timing::at_once(began))?;
                Ok(socket)
            }
            Err(error) => {
                tell.returned(call, Outcome::Failed(errno(error)), Timing::at_once(began))?;
                Err(Ended::Failed)
            }
        }
    }

    /// Flags are set by `ioctl(2)` rather than by arguments of `socket` and `accept4`, so that the calls in the log are
    /// those of the textbook. Both requests take any open descriptor, so there is no failure to handle.
    fn prepared(fd: OwnedFd, family: Family, kind: SocketKind) -> Self {
        let _ = rustix::io::ioctl_fioclex(&fd);
        let _ = rustix::io::ioctl_fionbio(&fd, true);
        Self::from(fd, family, kind)
    }

    fn from(fd: OwnedFd, family: Family, kind: SocketKind) -> Self {
        Self {
            fd: Arc::new(fd),
            family,
            kind,
        }
    }

    /// The descriptor, for somebody who may shut the connection down while its owner is blocked in a call on it.
    #[must_use]
    pub fn share(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.fd)
    }

    /// The descriptor's number, for calls and the screen.
    #[must_use]
    pub fn number(&self) -> Fd {
        Fd(self.fd.as_raw_fd())
    }

    /// The address family that it was made for.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// TCP or UDP.
    #[must_use]
    pub const fn kind(&self) -> SocketKind {
        self.kind
    }

    /// `setsockopt(2)`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn set(&self, setting: OptionSetting, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.now();
        let result = set_option(&self.fd, self.family, setting);
        let (fd, family) = (self.number(), self.family);
        let call = Call::Setsockopt {
            fd,
            setting,
            family,
        };
        finish(call, outcome_of(result), began, tell)
    }

    /// `getsockopt(2)`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn get(&self, option: SocketOption, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.now();
        let outcome = match get_option(&self.fd, self.family, option) {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::Failed(errno(error)),
        };
        let (fd, family) = (self.number(), self.family);
        let call = Call::Getsockopt { fd, option, family };
        finish(call, outcome, began, tell)
    }

    /// `bind(2)`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn bind(&self, address: SocketAddr, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.now();
        let result = rustix::net::bind(&self.fd, &address);
        let fd = self.number();
        finish(Call::Bind { fd, address }, outcome_of(result), began, tell)
    }

    /// `listen(2)`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn listen(&self, backlog: i32, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.now();
        let result = rustix::net::listen(&self.fd, backlog);
        let fd = self.number();
        finish(
            Call::Listen { fd, backlog },
            outcome_of(result),
            began,
            tell,
        )
    }

    /// `getsockname(2)`: the local address.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn local_address(&self, tell: &mut Teller) -> Result<SocketAddr, Ended> {
        let began = tell.now();
        let result = rustix::net::getsockname(&self.fd).and_then(internet_address);
        let outcome = match result {
            Ok(address) => Outcome::Named(address),
            Err(error) => Outcome::Failed(errno(error)),
        };
        let call = Call::Getsockname { fd: self.number() };
        finish(call, outcome, began, tell)?;
        result.map_err(|_| Ended::Failed)
    }

    /// `accept(2)`: the next connection of the accept queue, to be known as `connection`.
    ///
    /// # Errors
    /// The errno in the inner result; [`Ended::Gone`] in the outer.
    pub fn accept(
        &self,
        connection: ConnectionId,
        began: Began,
        tell: &mut Teller,
    ) -> Result<Result<Self, Errno>, Ended> {
        let entered = tell.now();
        let result = rustix::net::acceptfrom(&self.fd).and_then(|(fd, peer)| {
            let peer = internet_address(peer.ok_or(rustix::io::Errno::INVAL)?)?;
            Ok((Self::prepared(fd, self.family, self.kind), peer))
        });
        let outcome = match &result {
            Ok((socket, peer)) => Outcome::Accepted {
                fd: socket.number(),
                peer: *peer,
                connection,
            },
            Err(error) => Outcome::Failed(errno(*error)),
        };
        let call = Call::Accept { fd: self.number() };
        tell.returned(call, outcome, began.timing(entered))?;
        Ok(result.map(|(socket, _)| socket).map_err(errno))
    }

    /// The same without a record, unless it fails; the connection's calls block if `blocks`.
    ///
    /// # Errors
    /// See [`Socket::accept`]; `EAGAIN` is not reported.
    pub fn accept_quietly(
        &self,
        blocks: bool,
        tell: &mut Teller,
    ) -> Result<Result<Self, Errno>, Ended> {
        let mut flags = SocketFlags::CLOEXEC;
        flags.set(SocketFlags::NONBLOCK, !blocks);
        match rustix::net::accept_with(&self.fd, flags) {
            Ok(fd) => Ok(Ok(Self::from(fd, self.family, self.kind))),
            Err(rustix::io::Errno::AGAIN) => Ok(Err(Errno::EAGAIN)),
            Err(error) => {
                let call = Call::Accept { fd: self.number() };
                let outcome = Outcome::Failed(errno(error));
                tell.returned(call, outcome, Timing::at_once(tell.now()))?;
                Ok(Err(errno(error)))
            }
        }
    }

    /// `connect(2)`. `EINPROGRESS` is not reported if `to_the_end`: the handshake goes on, and the call's result comes
    /// with the next [`Socket::connect`] once the socket is writable.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn connect(
        &self,
        address: SocketAddr,
        began: Began,
        to_the_end: bool,
        tell: &mut Teller,
    ) -> Result<Connected, Ended> {
        let entered = tell.now();
        let result = match rustix::net::connect(&self.fd, &address) {
            // The second is of a handshake that was begun without waiting for it.
            Err(rustix::io::Errno::INPROGRESS | rustix::io::Errno::ALREADY) if to_the_end => {
                return Ok(Connected::InProgress);
            }
            result => result,
        };
        let fd = self.number();
        let call = Call::Connect { fd, address };
        tell.returned(call, outcome_of(result), began.timing(entered))?;
        Ok(Connected::Returned(result.map_err(errno)))
    }

    /// `send(2)`, or `sendto(2)` if an address is given: gives the kernel as many of the bytes as it takes; says how
    /// many.
    ///
    /// # Errors
    /// The errno in the inner result; [`Ended::Gone`] in the outer.
    pub fn send(
        &self,
        piece: Piece<'_>,
        began: Began,
        tell: &mut Teller,
    ) -> Result<Result<usize, Errno>, Ended> {
        let flags = if piece.urgent {
            SendFlags::OOB
        } else {
            SendFlags::empty()
        };
        let entered = tell.stamp();
        let result = retry_on_intr(|| match piece.to {
            None => rustix::net::send(&self.fd, piece.bytes, flags),
            Some(address) => rustix::net::sendto(&self.fd, piece.bytes, flags, &address),
        });
        tell.counts().sent += result.unwrap_or(0) as u64;
        let mut timing = began.timing(entered);
        if piece.blocks && result.is_ok_and(|count| count < piece.bytes.len()) {
            timing.waited = Waited::NotBlocking;
        }
        tell.recorded(timing, || {
            let outcome = match result {
                Ok(count) => Outcome::Sent(count),
                Err(error) => Outcome::Failed(errno(error)),
            };
            (piece.call(self.number()), outcome)
        })?;
        Ok(result.map_err(errno))
    }

    /// The record of a `recv` of at most `size` bytes, or of a `recvfrom`.
    #[must_use]
    pub fn recv_call(&self, size: usize, flags: RecvFlags, from: bool) -> Call {
        let fd = self.number();
        if from {
            Call::Recvfrom { fd, size, flags }
        } else {
            Call::Recv { fd, size, flags }
        }
    }

    /// `recv(2)` or `recvfrom(2)`, into the spare capacity of the empty `buffer`, which is all of it. Reports
    /// the call; the bytes are the caller's to report.
    ///
    /// # Errors
    /// The errno in the inner result; [`Ended::Gone`] in the outer.
    pub fn recv(
        &self,
        buffer: &mut Vec<u8>,
        wanted: Wanted,
        began: Began,
        tell: &mut Teller,
    ) -> Result<Result<Arrived, Errno>, Ended> {
        let Wanted { flags, from, shut } = wanted;
        let size = buffer.capacity();
        let mut asked = rustix::net::RecvFlags::empty();
        asked.set(rustix::net::RecvFlags::OOB, flags.urgent);
        asked.set(rustix::net::RecvFlags::PEEK, flags.peek);
        // A datagram's length can be asked for only before it is received.
        let length = match self.kind {
            SocketKind::Stream => 0,
            SocketKind::Datagram => self.waiting(),
        };
        let entered = tell.stamp();
        // Capacity that is none is taken for a mistake.
        let nothing = || -> [u8; 0] { [] };
        let result = retry_on_intr(|| match (from, size) {
            (true, 0) => rustix::net::recvfrom(&self.fd, &mut nothing(), asked)
                .map(|(_, _, sender)| (0, sender)),
            (true, _) => rustix::net::recvfrom(&self.fd, spare_capacity(buffer), asked)
                .map(|(count, _, sender)| (count, sender)),
            (false, 0) => rustix::net::recv(&self.fd, &mut nothing(), asked).map(|_| (0, None)),
            (false, _) => rustix::net::recv(&self.fd, spare_capacity(buffer), asked)
                .map(|(count, _)| (count, None)),
        });
        let result = result.map(|(count, sender)| Received {
            count,
            ending: match self.kind {
                SocketKind::Stream if count == 0 && size > 0 => shut.ending(),
                SocketKind::Stream => Ending::Piece,
                // Of what is only looked at nothing is lost.
                SocketKind::Datagram if length > count && !flags.peek => {
                    Ending::Cut(length - count)
                }
                SocketKind::Datagram => Ending::Datagram,
            },
            from: sender.and_then(|sender| internet_address(sender).ok()),
        });
        if let Ok(received) = &result
            && !flags.peek
        {
            let counts = tell.counts();
            counts.received += received.count as u64;
            counts.datagrams += u64::from(self.kind == SocketKind::Datagram);
        }
        let at = tell.recorded(began.timing(entered), || {
            let outcome = match &result {
                Ok(received) => Outcome::Received {
                    count: received.count,
                    preview: Preview::of(buffer),
                    ending: received.ending,
                    from: received.from,
                },
                Err(error) => Outcome::Failed(errno(*error)),
            };
            (self.recv_call(size, flags, from), outcome)
        })?;
        Ok(result
            .map(|received| Arrived {
                at,
                ending: received.ending,
                from: received.from,
            })
            .map_err(errno))
    }

    /// `shutdown(2)`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn shutdown(&self, how: ShutdownHow, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.now();
        let direction = match how {
            ShutdownHow::Read => Shutdown::Read,
            ShutdownHow::Write => Shutdown::Write,
            ShutdownHow::Both => Shutdown::Both,
        };
        let result = rustix::net::shutdown(&self.fd, direction);
        let fd = self.number();
        finish(Call::Shutdown { fd, how }, outcome_of(result), began, tell)
    }

    /// What can be done with the socket now, without doing it, as `poll(2)` tells; nothing is recorded, for that is no
    /// call on the connection. How many bytes wait is another question: [`Socket::waiting`].
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let mut fds = [PollFd::new(&self.fd, EVERYTHING)];
        // Interrupted, it is asked again; otherwise it fails only without memory, and then nothing is known.
        while poll(&mut fds, Some(&AT_ONCE)) == Err(rustix::io::Errno::INTR) {}
        readiness_of(fds[0].revents())
    }

    /// The same, and whether `wake` is raised.
    #[must_use]
    pub fn readiness_beside(&self, wake: &Wake) -> (bool, Readiness) {
        let mut fds = [
            PollFd::new(&self.fd, EVERYTHING),
            PollFd::new(wake, PollFlags::IN),
        ];
        while poll(&mut fds, Some(&AT_ONCE)) == Err(rustix::io::Errno::INTR) {}
        (
            fds[1].revents().intersects(PollFlags::IN),
            readiness_of(fds[0].revents()),
        )
    }

    /// Bytes in the receive queue, as `ioctl(FIONREAD)` tells; of a datagram socket those of the next datagram. A
    /// listening socket has none.
    #[must_use]
    pub fn waiting(&self) -> usize {
        rustix::io::ioctl_fionread(&self.fd)
            .ok()
            .and_then(|bytes| usize::try_from(bytes).ok())
            .unwrap_or(0)
    }

    /// `close(2)`.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn close(self, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.stamp();
        let fd = self.number();
        // Where it is shared it is closed when that ends, in a moment.
        let result = Arc::into_inner(self.fd).map_or(Ok(()), nix::unistd::close);
        tell.recorded(Timing::at_once(began), || {
            let outcome = match result {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::Failed(Errno(error as i32)),
            };
            (Call::Close { fd }, outcome)
        })?;
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A call on -1, which a program holds that has no socket; `bytes` is what it would send. The kernel answers it as it
/// answers every program: `EBADF`, and that is the lesson.
///
/// # Errors
/// [`Ended::Failed`] or [`Ended::Gone`]
pub fn without_socket(call: Call, bytes: &[u8], tell: &mut Teller) -> Result<(), Ended> {
    use nix::sys::socket::{self as raw, MsgFlags, SockaddrStorage};
    const NONE: i32 = -1;
    let storage = |address: &SocketAddr| SockaddrStorage::from(*address);
    let began = tell.now();
    let result = match &call {
        Call::Bind { address, .. } => raw::bind(NONE, &storage(address)),
        Call::Connect { address, .. } => raw::connect(NONE, &storage(address)),
        Call::Send { urgent, .. } => {
            let mut flags = MsgFlags::empty();
            flags.set(MsgFlags::MSG_OOB, *urgent);
            raw::send(NONE, bytes, flags).map(drop)
        }
        Call::Sendto { address, .. } => {
            raw::sendto(NONE, bytes, &storage(address), MsgFlags::empty()).map(drop)
        }
        Call::Recv { size, flags, .. } => {
            let mut asked = MsgFlags::empty();
            asked.set(MsgFlags::MSG_OOB, flags.urgent);
            asked.set(MsgFlags::MSG_PEEK, flags.peek);
            raw::recv(NONE, &mut vec![0; *size], asked).map(drop)
        }
        Call::Accept { .. } => raw::accept(NONE).map(drop),
        Call::Shutdown { how, .. } => raw::shutdown(
            NONE,
            match how {
                ShutdownHow::Read => raw::Shutdown::Read,
                ShutdownHow::Write => raw::Shutdown::Write,
                ShutdownHow::Both => raw::Shutdown::Both,
            },
        ),
        Call::Close { .. } => nix::unistd::close(NONE),
        // The libraries make these calls on open descriptors alone.
        Call::Getaddrinfo { .. }
        | Call::Socket { .. }
        | Call::Setsockopt { .. }
        | Call::Getsockopt { .. }
        | Call::Listen { .. }
        | Call::Getsockname { .. }
        | Call::Recvfrom { .. }
        | Call::EpollWait { .. } => {
            return tell.trouble("there is no socket: make one first".to_owned());
        }
    };
    let outcome = match result {
        Ok(()) => Outcome::Done,
        Err(error) => Outcome::Failed(Errno(error as i32)),
    };
    finish(call, outcome, began, tell)
}

/// The descriptor of [`without_socket`].
pub const NO_FD: Fd = Fd(-1);

fn set_option(fd: &OwnedFd, family: Family, setting: OptionSetting) -> rustix::io::Result<()> {
    let inet6 = family.is_inet6();
    match setting {
        OptionSetting::Value(option, value) => set_value(fd, inet6, option, value),
        OptionSetting::Join(IpAddr::V4(group), Interface::Index(index)) => {
            sockopt::set_ip_add_membership_with_ifindex(fd, &group, &Ipv4Addr::UNSPECIFIED, index)
        }
        OptionSetting::Join(IpAddr::V4(group), Interface::Any) => {
            sockopt::set_ip_add_membership(fd, &group, &Ipv4Addr::UNSPECIFIED)
        }
        OptionSetting::Join(IpAddr::V4(group), Interface::Address(interface)) => {
            sockopt::set_ip_add_membership(fd, &group, &interface)
        }
        OptionSetting::Join(IpAddr::V6(group), interface) => {
            sockopt::set_ipv6_add_membership(fd, &group, index_of(interface)?)
        }
        OptionSetting::Leave(IpAddr::V4(group), Interface::Index(index)) => {
            sockopt::set_ip_drop_membership_with_ifindex(fd, &group, &Ipv4Addr::UNSPECIFIED, index)
        }
        OptionSetting::Leave(IpAddr::V4(group), Interface::Any) => {
            sockopt::set_ip_drop_membership(fd, &group, &Ipv4Addr::UNSPECIFIED)
        }
        OptionSetting::Leave(IpAddr::V4(group), Interface::Address(interface)) => {
            sockopt::set_ip_drop_membership(fd, &group, &interface)
        }
        OptionSetting::Leave(IpAddr::V6(group), interface) => {
            sockopt::set_ipv6_drop_membership(fd, &group, index_of(interface)?)
        }
        OptionSetting::MulticastInterface(interface) if inet6 => {
            sockopt::set_ipv6_multicast_if(fd, index_of(interface)?)
        }
        OptionSetting::MulticastInterface(Interface::Index(index)) => {
            sockopt::set_ip_multicast_if_with_ifindex(
                fd,
                &Ipv4Addr::UNSPECIFIED,
                &Ipv4Addr::UNSPECIFIED,
                index,
            )
        }
        OptionSetting::MulticastInterface(Interface::Any) => {
            sockopt::set_ip_multicast_if(fd, &Ipv4Addr::UNSPECIFIED)
        }
        OptionSetting::MulticastInterface(Interface::Address(interface)) => {
            sockopt::set_ip_multicast_if(fd, &interface)
        }
    }
}

/// IPv6 names interfaces by their index alone.
const fn index_of(interface: Interface) -> rustix::io::Result<u32> {
    match interface {
        Interface::Any => Ok(0),
        Interface::Index(index) => Ok(index),
        Interface::Address(_) => Err(rustix::io::Errno::NODEV),
    }
}

fn set_value(
    fd: &OwnedFd,
    inet6: bool,
    option: SocketOption,
    value: OptionValue,
) -> rustix::io::Result<()> {
    match (option, value) {
        (SocketOption::NoDelay, OptionValue::Flag(on)) => sockopt::set_tcp_nodelay(fd, on),
        (SocketOption::KeepAlive, OptionValue::Flag(on)) => sockopt::set_socket_keepalive(fd, on),
        (SocketOption::ReuseAddress, OptionValue::Flag(on)) => {
            sockopt::set_socket_reuseaddr(fd, on)
        }
        (SocketOption::OobInline, OptionValue::Flag(on)) => sockopt::set_socket_oobinline(fd, on),
        (SocketOption::Broadcast, OptionValue::Flag(on)) => sockopt::set_socket_broadcast(fd, on),
        (SocketOption::MulticastLoop, OptionValue::Flag(on)) if inet6 => {
            sockopt::set_ipv6_multicast_loop(fd, on)
        }
        (SocketOption::MulticastLoop, OptionValue::Flag(on)) => {
            sockopt::set_ip_multicast_loop(fd, on)
        }
        (SocketOption::ReceiveBuffer, OptionValue::Number(bytes)) => {
            sockopt::set_socket_recv_buffer_size(fd, bytes as usize)
        }
        (SocketOption::SendBuffer, OptionValue::Number(bytes)) => {
            sockopt::set_socket_send_buffer_size(fd, bytes as usize)
        }
        (SocketOption::MulticastTtl, OptionValue::Number(hops)) if inet6 => {
            sockopt::set_ipv6_multicast_hops(fd, hops)
        }
        (SocketOption::MulticastTtl, OptionValue::Number(hops)) => {
            sockopt::set_ip_multicast_ttl(fd, hops)
        }
        (SocketOption::Linger, OptionValue::Linger(time)) => sockopt::set_socket_linger(fd, time),
        // A value of another kind than the option has: no call could be made of it.
        (_, OptionValue::Flag(_) | OptionValue::Number(_) | OptionValue::Linger(_)) => {
            Err(rustix::io::Errno::INVAL)
        }
    }
}

fn get_option(
    fd: &OwnedFd,
    family: Family,
    option: SocketOption,
) -> rustix::io::Result<OptionValue> {
    let bytes = |size: usize| OptionValue::Number(u32::try_from(size).unwrap_or(u32::MAX));
    match option {
        SocketOption::NoDelay => sockopt::tcp_nodelay(fd).map(OptionValue::Flag),
        SocketOption::KeepAlive => sockopt::socket_keepalive(fd).map(OptionValue::Flag),
        SocketOption::ReuseAddress => sockopt::socket_reuseaddr(fd).map(OptionValue::Flag),
        SocketOption::OobInline => sockopt::socket_oobinline(fd).map(OptionValue::Flag),
        SocketOption::Broadcast => sockopt::socket_broadcast(fd).map(OptionValue::Flag),
        SocketOption::ReceiveBuffer => sockopt::socket_recv_buffer_size(fd).map(bytes),
        SocketOption::SendBuffer => sockopt::socket_send_buffer_size(fd).map(bytes),
        SocketOption::Linger => sockopt::socket_linger(fd).map(OptionValue::Linger),
        SocketOption::MulticastTtl => match family {
            Family::Inet => sockopt::ip_multicast_ttl(fd),
            Family::Inet6 => sockopt::ipv6_multicast_hops(fd),
        }
        .map(OptionValue::Number),
        SocketOption::MulticastLoop => match family {
            Family::Inet => sockopt::ip_multicast_loop(fd),
            Family::Inet6 => sockopt::ipv6_multicast_loop(fd),
        }
        .map(OptionValue::Flag),
    }
}

/// What `recv` returned, without the bytes.
struct Received {
    count: usize,
    ending: Ending,
    from: Option<SocketAddr>,
}

/// Bytes that have arrived: when the call returned, and what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// When the call returned.
    pub at: Moment,
    /// How they end.
    pub ending: Ending,
    /// Who sent the datagram, if `recvfrom` told.
    pub from: Option<SocketAddr>,
}

fn finish(call: Call, outcome: Outcome, began: Moment, tell: &mut Teller) -> Result<(), Ended> {
    let failed = outcome.is_failure();
    tell.returned(call, outcome, Timing::at_once(began))?;
    if failed { Err(Ended::Failed) } else { Ok(()) }
}

fn internet_address(address: SocketAddrAny) -> Result<SocketAddr, rustix::io::Errno> {
    SocketAddr::try_from(address)
}

/// What a wait in `poll(2)` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interest {
    /// Something to receive or accept, or the end of the stream.
    pub readable: bool,
    /// Room to send, or the end of a handshake.
    pub writable: bool,
}

impl Interest {
    /// Nothing but the wake.
    pub const NOTHING: Self = Self {
        readable: false,
        writable: false,
    };

    const fn flags(self) -> PollFlags {
        match (self.readable, self.writable) {
            (true, true) => PollFlags::IN.union(PollFlags::OUT),
            (true, false) => PollFlags::IN,
            (false, true) => PollFlags::OUT,
            (false, false) => PollFlags::empty(),
        }
    }
}

/// Waits until `wake` is raised, `socket` has what it is waited for, or `limit`, if there is one, is over. Everything
/// reported so far is sent before.
///
/// # Errors
/// [`Ended::Gone`], or [`Ended::Stopped`] when `poll(2)` itself failed, which is reported.
pub fn wait(
    wake: &Wake,
    socket: &Socket,
    interest: Interest,
    limit: Option<Duration>,
    tell: &mut Teller,
) -> Result<(), Ended> {
    tell.flush()?;
    let limit = limit.map(|limit| Timespec {
        tv_sec: limit.as_secs() as i64,
        tv_nsec: i64::from(limit.subsec_nanos()),
    });
    let mut fds = [
        PollFd::new(wake, PollFlags::IN),
        PollFd::new(socket, interest.flags()),
    ];
    // A socket at its end is always "ready": one of which nothing is expected is left out.
    let awaited = if interest == Interest::NOTHING { 1 } else { 2 };
    match poll(&mut fds[..awaited], limit.as_ref()) {
        // A signal only makes it look again.
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => {
            tell.trouble(format!("poll failed: {error}"))?;
            Err(Ended::Stopped)
        }
    }
}

/// All that a socket's owner may want to know of it.
const EVERYTHING: PollFlags = PollFlags::IN
    .union(PollFlags::OUT)
    .union(PollFlags::PRI)
    .union(PollFlags::RDHUP);

const fn readiness_of(found: PollFlags) -> Readiness {
    Readiness {
        readable: found.intersects(PollFlags::IN),
        writable: found.intersects(PollFlags::OUT),
        exceptional: found.intersects(PollFlags::PRI),
        failed: found.intersects(PollFlags::ERR),
        hung_up: found.intersects(PollFlags::RDHUP.union(PollFlags::HUP)),
        waiting: 0,
    }
}

/// No time to wait in `poll(2)`.
const AT_ONCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};
