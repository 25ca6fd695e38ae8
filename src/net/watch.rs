//! Waiting for whatever happens to any of a thread's sockets: `epoll(7)`, edge-triggered, by `mio`.
//!
//! An edge tells that something has changed, and is told once. So a thread can sleep although bytes that nobody wants
//! to receive yet are waiting, and still hears when more of them come. What can be done now is asked of the socket
//! itself, see [`Socket::readiness`].

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::socket::Socket;
use super::teller::{Ended, Teller};
use super::wake::Wake;

/// The token of the wake; sockets have any other.
const WAKE: Token = Token(usize::MAX);

/// The most that one look brings: what does not fit comes with the next.
const EVENTS: usize = 256;

/// What has become possible with a socket.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what epoll tells of a socket are facts that each may hold or not"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Something to receive or to accept, the end of the stream, or an error.
    pub readable: bool,
    /// Urgent data has come that no `recv` has passed yet (`EPOLLPRI`, see `tcp(7)`).
    pub urgent: bool,
    /// Room to send.
    pub writable: bool,
    /// The peer has finished sending, or the connection has failed: after the last byte there is more to be told.
    pub closed: bool,
}

/// A set of sockets, and a wake, to wait for.
#[derive(Debug)]
pub struct Watch {
    poll: Poll,
    events: Events,
}

impl Watch {
    /// A watch that `wake` ends.
    ///
    /// # Errors
    /// No descriptor or memory left, see `epoll_create1(2)`.
    pub fn new(wake: &Wake) -> io::Result<Self> {
        Self::for_sockets(wake, EVENTS)
    }

    /// The same for a single socket, with room for no more.
    ///
    /// # Errors
    /// As [`Watch::new`].
    pub fn for_one(wake: &Wake) -> io::Result<Self> {
        Self::for_sockets(wake, 2)
    }

    fn for_sockets(wake: &Wake, events: usize) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(
            &mut SourceFd(&wake.as_fd().as_raw_fd()),
            WAKE,
            Interest::READABLE,
        )?;
        Ok(Self {
            poll,
            events: Events::with_capacity(events),
        })
    }

    /// Waits for `socket` too, as number `number`. A socket that is closed leaves by itself.
    ///
    /// # Errors
    /// No memory left, or the system's limit of watches, see `epoll_ctl(2)`.
    pub fn add(&self, socket: &Socket, number: usize) -> io::Result<()> {
        let everything = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
        self.poll.registry().register(
            &mut SourceFd(&socket.as_fd().as_raw_fd()),
            Token(number),
            everything,
        )
    }

    /// Waits until something has changed, but no longer than `limit`. Everything reported so far is sent before.
    ///
    /// # Errors
    /// [`Ended::Gone`], or [`Ended::Stopped`] when `epoll_wait(2)` itself failed, which is reported.
    pub fn wait(&mut self, limit: Option<Duration>, tell: &mut Teller) -> Result<(), Ended> {
        tell.flush()?;
        loop {
            match self.poll.poll(&mut self.events, limit) {
                Ok(()) => return Ok(()),
                // A signal is no reason to return.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    tell.trouble(format!("epoll_wait failed: {error}"))?;
                    return Err(Ended::Stopped);
                }
            }
        }
    }

    /// The numbers of the sockets to which something has happened, and what.
    pub fn stirred(&self) -> impl Iterator<Item = (usize, Edge)> {
        self.events
            .iter()
            .filter(|event| event.token() != WAKE)
            .map(|event| {
                let edge = Edge {
                    readable: event.is_readable(),
                    urgent: event.is_priority(),
                    writable: event.is_writable(),
                    closed: event.is_read_closed() || event.is_error(),
                };
                (event.token().0, edge)
            })
    }
}
