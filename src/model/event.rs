//! What a worker thread reports to the screen loop.

use std::net::SocketAddr;
use std::time::Duration;

use super::call::Function;
use super::{Actor, Call, CallRecord, ConnectionId, Moment, Offer, Readiness};

/// Events of one worker in the order in which they happened. Workers send batches so that a fast peer costs the
/// screen loop one wake-up for many calls.
pub type Batch = Vec<Event>;

/// One thing that happened on a worker thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call waits for the kernel, a peer or the resolver. The [`Event::Returned`] of the same actor and the same
    /// function ends it, or that of the actor's `close`.
    Blocked {
        /// Who waits.
        who: Actor,
        /// The call, as it will be made or was made.
        call: Call,
        /// When the wait began.
        since: Moment,
    },
    /// What was reported as blocked waits no more, and no call was made for it.
    Unblocked {
        /// Who waited.
        who: Actor,
        /// In which function.
        function: Function,
    },
    /// A call returned.
    Returned(CallRecord),
    /// The bytes that one `recv` returned; follows its [`Event::Returned`].
    Received {
        /// Whose socket.
        who: Actor,
        /// When the call returned.
        at: Moment,
        /// Exactly the bytes; never empty but for an empty datagram.
        bytes: Vec<u8>,
        /// Who sent the datagram, if `recvfrom` told.
        from: Option<SocketAddr>,
    },
    /// What can be done with a socket now without waiting. Reported when it has changed and its owner has nothing else
    /// to do.
    Ready {
        /// Whose socket.
        who: Actor,
        /// What can be done.
        readiness: Readiness,
    },
    /// How many connections wait to be accepted, as the kernel tells.
    AcceptQueue {
        /// How many wait.
        waiting: u32,
        /// The backlog that the kernel granted.
        backlog: u32,
        /// How often a handshake was left unanswered for want of room, since the socket was made.
        dropped: u32,
    },
    /// Whether the server accepts connections as they come, as far as its model allows, or by hand alone. Reported when it
    /// begins to listen and whenever that changes.
    Accepting {
        /// Whether as they come.
        alone: bool,
    },
    /// Whether the calls on a socket wait until they can be carried out. Reported when that changes.
    Blocking {
        /// Whose socket.
        who: Actor,
        /// Whether they wait.
        on: bool,
    },
    /// The server has given an accepted connection what it offers; follows its `accept`.
    Serving {
        /// Which connection.
        connection: ConnectionId,
        /// What it gets.
        offer: Offer,
    },
    /// An accepted connection is closed at once, unserved: beyond a limit, or for want of a thread or a descriptor. Follows
    /// its `accept`.
    Unserved {
        /// Which connection.
        connection: ConnectionId,
        /// When.
        at: Moment,
        /// Which one, and why, in plain words.
        message: String,
    },
    /// A connection is no longer served: a person has taken it over by receiving on it by hand.
    TakenOver(ConnectionId),
    /// So many of the actions that were handed to a worker are carried out, as far as that goes without waiting. What
    /// they, and whatever was asked before them, wait for now has been reported as [`Event::Blocked`] before this.
    Settled {
        /// Who was to carry them out.
        who: Actor,
        /// How many, since the last time; never 0.
        actions: u32,
    },
    /// The addresses to try were found, or the port to try came to this.
    Port(PortEvent),
    /// A worker's thread failed, which is a bug; its sockets are closed and nothing more comes of it.
    Panicked {
        /// Whose worker.
        who: Actor,
        /// When.
        at: Moment,
        /// What the panic said.
        message: String,
    },
    /// What a worker was asked to do ended in nothing, for a reason that is not a call's result.
    Trouble {
        /// Whose worker.
        who: Actor,
        /// When.
        at: Moment,
        /// What went wrong and what to do, in plain words.
        message: String,
    },
}

/// How the trying of a range of ports goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortEvent {
    /// The host has this address, which is tried.
    Began(std::net::IpAddr),
    /// A port was tried.
    Tried {
        /// The port.
        port: u16,
        /// What was found there.
        verdict: PortVerdict,
        /// How long it took to find out.
        took: Duration,
    },
    /// Nothing more comes: all were tried, or it was cancelled, or the host has no address.
    Ended,
}

/// What a `connect` to a port came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortVerdict {
    /// The handshake succeeded: somebody listens.
    Open,
    /// The host answered that nobody listens there (`ECONNREFUSED`).
    Closed,
    /// No answer in time: a firewall drops the packets, the host is not there, or an accept queue is full.
    Silent,
    /// Another error, which the call's line tells.
    Failed(super::Errno),
}
