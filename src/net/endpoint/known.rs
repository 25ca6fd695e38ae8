//! How it is known what can be done with a socket: where a record is kept the kernel is asked, so that no call is made in
//! vain; where none is, asking would cost as much as the calls.

use crate::model::{Errno, Readiness};
use crate::net::socket::Socket;

/// How it is known what can be done with the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Known {
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

impl Known {
    pub(super) fn of(self, socket: &Socket) -> Readiness {
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
    pub(super) fn sent(&mut self, result: Result<usize, Errno>, length: usize) {
        if let Self::Edges { ready, .. } = self
            && result.map_or_else(|errno| errno == Errno::EAGAIN, |count| count < length)
        {
            ready.writable = false;
        }
    }

    /// After a `recv` into `buffer`, which is full unless nothing more is there, or unless urgent data comes next: a `recv`
    /// stops in front of it, and no edge tells of what is behind. The end that is still to be received, of a peer that has
    /// finished, is told by its being hung up.
    pub(super) const fn received(&mut self, came: bool, buffer: &Vec<u8>) {
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
