//! The only place that makes socket calls, and each of them is recorded with its arguments and its result.
//!
//! Sockets are non-blocking and close-on-exec. Waiting is done in `poll(2)` by the workers, so that it can be
//! cancelled: the record of a call that was waited for says so.

use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketAddrAny, SocketType};

use super::teller::{Ended, Teller, Timing};
use super::wake::Wake;
use crate::model::{Call, ConnectionId, Errno, Family, Fd, Moment, Outcome, Preview, Waited};

/// An open socket.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    family: Family,
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
            at: tell.now(),
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
    /// `socket(2)`: a TCP socket of `family`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn open(family: Family, tell: &mut Teller) -> Result<Self, Ended> {
        let began = tell.now();
        let domain = match family {
            Family::Inet => AddressFamily::INET,
            Family::Inet6 => AddressFamily::INET6,
        };
        let result = rustix::net::socket(domain, SocketType::STREAM, None);
        let call = Call::Socket { family };
        match result {
            Ok(fd) => {
                let socket = Self::prepared(fd, family);
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
    fn prepared(fd: OwnedFd, family: Family) -> Self {
        let _ = rustix::io::ioctl_fioclex(&fd);
        let _ = rustix::io::ioctl_fionbio(&fd, true);
        Self { fd, family }
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

    /// `setsockopt(2)` with `SO_REUSEADDR`: bind although old connections of the port are in `TIME_WAIT`.
    ///
    /// # Errors
    /// [`Ended::Failed`] or [`Ended::Gone`]
    pub fn reuse_address(&self, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.now();
        let result = rustix::net::sockopt::set_socket_reuseaddr(&self.fd, true);
        let call = Call::SetReuseAddress { fd: self.number() };
        finish(call, outcome_of(result), began, tell)
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
            Ok((Self::prepared(fd, self.family), peer))
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

    /// `connect(2)`. `EINPROGRESS` is not reported: the handshake goes on, and the call's result comes with the next
    /// [`Socket::connect`] once the socket is writable.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn connect(
        &self,
        address: SocketAddr,
        began: Began,
        tell: &mut Teller,
    ) -> Result<Connected, Ended> {
        let entered = tell.now();
        let result = match rustix::net::connect(&self.fd, &address) {
            Err(rustix::io::Errno::INPROGRESS) => return Ok(Connected::InProgress),
            result => result,
        };
        let fd = self.number();
        let call = Call::Connect { fd, address };
        tell.returned(call, outcome_of(result), began.timing(entered))?;
        Ok(Connected::Returned(result.map_err(errno)))
    }

    /// The record of a `send` of `bytes`.
    #[must_use]
    pub fn send_call(&self, bytes: &[u8]) -> Call {
        Call::Send {
            fd: self.number(),
            length: bytes.len(),
            preview: Preview::of(bytes),
        }
    }

    /// `send(2)`: gives the kernel as many of `bytes` as it takes; says how many.
    ///
    /// # Errors
    /// The errno in the inner result; [`Ended::Gone`] in the outer.
    pub fn send(
        &self,
        bytes: &[u8],
        began: Began,
        tell: &mut Teller,
    ) -> Result<Result<usize, Errno>, Ended> {
        let entered = tell.now();
        let result = rustix::net::send(&self.fd, bytes, SendFlags::empty());
        let outcome = match result {
            Ok(count) => Outcome::Sent(count),
            Err(error) => Outcome::Failed(errno(error)),
        };
        tell.returned(self.send_call(bytes), outcome, began.timing(entered))?;
        Ok(result.map_err(errno))
    }

    /// `recv(2)` into the spare capacity of the empty `buffer`, which is all of it. Reports the call; the bytes are the
    /// caller's to report with the moment that is given back.
    ///
    /// # Errors
    /// The errno in the inner result; [`Ended::Gone`] in the outer.
    pub fn recv(
        &self,
        buffer: &mut Vec<u8>,
        began: Began,
        tell: &mut Teller,
    ) -> Result<Result<Moment, Errno>, Ended> {
        let size = buffer.capacity();
        let entered = tell.now();
        let result = rustix::net::recv(&self.fd, spare_capacity(buffer), RecvFlags::empty());
        let outcome = match &result {
            Ok((count, _)) => Outcome::Received {
                count: *count,
                preview: Preview::of(buffer),
            },
            Err(error) => Outcome::Failed(errno(*error)),
        };
        let fd = self.number();
        let at = tell.returned(Call::Recv { fd, size }, outcome, began.timing(entered))?;
        Ok(result.map(|_| at).map_err(errno))
    }

    /// `close(2)`.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn close(self, tell: &mut Teller) -> Result<(), Ended> {
        let began = tell.now();
        let call = Call::Close { fd: self.number() };
        let outcome = match nix::unistd::close(self.fd) {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Failed(Errno(error as i32)),
        };
        tell.returned(call, outcome, Timing::at_once(began))?;
        Ok(())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
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
    /// To receive or to accept.
    pub const READ: Self = Self {
        readable: true,
        writable: false,
    };
    /// To send, or to learn what a handshake came to.
    pub const WRITE: Self = Self {
        readable: false,
        writable: true,
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

/// What a wait in `poll(2)` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    /// The wake was raised.
    pub woken: bool,
    /// The socket has something to receive, or has ended or failed.
    pub readable: bool,
    /// The socket can be written to, or has ended or failed.
    pub writable: bool,
}

impl Ready {
    /// Whether there is anything to do.
    #[must_use]
    pub const fn any(self) -> bool {
        self.woken || self.readable || self.writable
    }
}

/// Waits until `wake` is raised or `socket`, if there is one, is ready. When nothing is ready yet, `blocked` is called
/// to report what is waited for, and everything reported so far is sent. Says how it waited.
///
/// # Errors
/// [`Ended::Gone`], or [`Ended::Stopped`] when `poll(2)` itself failed, which is reported.
pub fn wait(
    wake: &Wake,
    socket: Option<(&Socket, Interest)>,
    tell: &mut Teller,
    blocked: impl FnOnce(&mut Teller) -> Result<(), Ended>,
) -> Result<(Ready, Waited), Ended> {
    let ready = glance(wake, socket, tell)?;
    if ready.any() {
        return Ok((ready, Waited::No));
    }
    blocked(tell)?;
    tell.flush()?;
    Ok((look(wake, socket, None, tell)?, Waited::InPoll))
}

/// Says what is ready now, without waiting.
///
/// # Errors
/// [`Ended::Stopped`] when `poll(2)` itself failed, which is reported.
pub fn glance(
    wake: &Wake,
    socket: Option<(&Socket, Interest)>,
    tell: &mut Teller,
) -> Result<Ready, Ended> {
    const AT_ONCE: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    look(wake, socket, Some(&AT_ONCE), tell)
}

/// Waits for `time`, or less if `wake` is raised; says whether it was.
///
/// # Errors
/// As [`wait`].
pub fn pause(wake: &Wake, time: &Timespec, tell: &mut Teller) -> Result<Ready, Ended> {
    tell.flush()?;
    look(wake, None, Some(time), tell)
}

/// One `poll(2)`; a signal is no reason to return.
fn look(
    wake: &Wake,
    socket: Option<(&Socket, Interest)>,
    timeout: Option<&Timespec>,
    tell: &mut Teller,
) -> Result<Ready, Ended> {
    let mut fds = [
        PollFd::new(wake, PollFlags::IN),
        // Without a socket the same descriptor stands in, with nothing to wait for.
        match &socket {
            Some((socket, interest)) => PollFd::new(*socket, interest.flags()),
            None => PollFd::new(wake, PollFlags::empty()),
        },
    ];
    loop {
        match poll(&mut fds, timeout) {
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => {
                tell.trouble(format!("poll failed: {error}"))?;
                return Err(Ended::Stopped);
            }
        }
    }
    let ended = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    let found = fds[1].revents();
    let interest = socket.map(|(_, interest)| interest);
    Ok(Ready {
        woken: fds[0].revents().intersects(PollFlags::IN),
        readable: interest.is_some_and(|i| i.readable) && found.intersects(PollFlags::IN | ended),
        writable: interest.is_some_and(|i| i.writable) && found.intersects(PollFlags::OUT | ended),
    })
}
