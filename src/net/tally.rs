//! What the server's sockets did, in numbers that cost next to nothing.
//!
//! Each [`super::teller::Teller`] counts for itself in plain numbers and adds them here when it is done; only what has
//! to be known across threads, how many connections there are at once, is counted here as it happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The shared sums.
#[derive(Debug, Default)]
pub struct Tally {
    connections: AtomicU64,
    open: AtomicU64,
    most_at_once: AtomicU64,
    unserved: AtomicU64,
    dropped: AtomicU64,
    datagrams: AtomicU64,
    received: AtomicU64,
    sent: AtomicU64,
}

/// What one thread has counted and not yet added to the [`Tally`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Datagrams that `recvfrom` returned.
    pub datagrams: u64,
    /// Bytes that `recv` and `recvfrom` returned.
    pub received: u64,
    /// Bytes that the kernel took from `send` and `sendto`.
    pub sent: u64,
}

/// The sums of a [`Tally`]; they are complete once the threads that count have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Connections that were accepted.
    pub connections: u64,
    /// The most of them that there were at a time.
    pub most_at_once: u64,
    /// Those that were closed at once: beyond a limit, or for want of a thread or a descriptor.
    pub unserved: u64,
    /// How often a handshake was left unanswered, for the accept queue was full.
    pub dropped: u64,
    /// See [`Counts`].
    pub counts: Counts,
}

impl Tally {
    /// A connection was accepted; what is given back stands for it until it is closed.
    #[must_use]
    pub fn opened(self: &Arc<Self>) -> Open {
        self.connections.fetch_add(1, Relaxed);
        let open = self.open.fetch_add(1, Relaxed) + 1;
        self.most_at_once.fetch_max(open, Relaxed);
        Open(Arc::clone(self))
    }

    /// How many connections are open now.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// A connection was accepted only to be closed at once: it is not among those that are open.
    pub fn turned_away(&self) {
        self.connections.fetch_add(1, Relaxed);
        self.unserved();
    }

    /// A connection that was opened could not be served.
    pub fn unserved(&self) {
        self.unserved.fetch_add(1, Relaxed);
    }

    /// A listening socket is closed whose accept queue had no room so often.
    pub fn dropped(&self, count: u32) {
        self.dropped.fetch_add(u64::from(count), Relaxed);
    }

    /// Adds what a thread has counted.
    pub fn add(&self, counts: Counts) {
        self.datagrams.fetch_add(counts.datagrams, Relaxed);
        self.received.fetch_add(counts.received, Relaxed);
        self.sent.fetch_add(counts.sent, Relaxed);
    }

    /// The sums so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            connections: self.connections.load(Relaxed),
            most_at_once: self.most_at_once.load(Relaxed),
            unserved: self.unserved.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            counts: Counts {
                datagrams: self.datagrams.load(Relaxed),
                received: self.received.load(Relaxed),
                sent: self.sent.load(Relaxed),
            },
        }
    }
}

/// One connection that is open, whatever becomes of the thread that serves it.
#[derive(Debug)]
pub struct Open(Arc<Tally>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_at_once_is_kept_when_connections_go_and_others_come() {
        let tally = Arc::new(Tally::default());
        let first = [tally.opened(), tally.opened(), tally.opened()];
        drop(first);
        let _another = tally.opened();
        let totals = tally.totals();
        assert_eq!((totals.connections, totals.most_at_once), (4, 3));
    }
}
