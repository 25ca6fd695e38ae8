//! What can be done with a socket at this moment without waiting, as `poll(2)` and `FIONREAD` tell.

/// A socket's readiness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the flags of poll(2), each independent of the others"
)]
pub struct Readiness {
    /// `POLLIN`: recv or accept would not block; bytes wait, a connection waits, or the stream has ended or failed.
    pub readable: bool,
    /// `POLLOUT`: there is room to send, or the handshake is over.
    pub writable: bool,
    /// `POLLPRI`: an urgent byte waits.
    pub exceptional: bool,
    /// `POLLERR`: an error waits to be told by the next call.
    pub failed: bool,
    /// `POLLRDHUP` or `POLLHUP`: the peer has finished sending, or the connection is over.
    pub hung_up: bool,
    /// Bytes in the receive queue that nobody has received yet; of a datagram socket those of the next datagram.
    pub waiting: usize,
}

impl Readiness {
    /// Whether a send would return at once, if only with an error.
    #[must_use]
    pub const fn may_send(self) -> bool {
        self.writable || self.failed
    }

    /// Whether a recv would return at once, if only with an error.
    #[must_use]
    pub const fn may_receive(self) -> bool {
        self.readable || self.failed || self.hung_up
    }
}
