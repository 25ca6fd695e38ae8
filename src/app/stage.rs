//! A TCP socket's state as far as the calls made on it tell.
//!
//! It is inferred, not read from the kernel: between two calls the kernel may have moved on.

use crate::model::{Errno, Outcome};

/// A state of RFC 9293, section 3.3.2, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// There is no socket.
    NoSocket,
    /// A socket that is not connected.
    Unconnected,
    /// connect or accept succeeded.
    Established,
    /// recv returned 0: the peer's FIN has come, and only this side may still send.
    CloseWait,
    /// A call told that the connection was reset or given up.
    Broken,
}

impl Stage {
    /// The state's name as RFC 9293 spells it, or plain words where TCP has none.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSocket => "no socket",
            Self::Unconnected | Self::Broken => "CLOSED",
            Self::Established => "ESTABLISHED",
            Self::CloseWait => "CLOSE_WAIT",
        }
    }

    /// The state after a send or recv with this outcome.
    #[must_use]
    pub const fn after(self, outcome: &Outcome) -> Self {
        if matches!(self, Self::Broken) {
            // The error is told once; what recv returns after it is not the peer's end.
            return self;
        }
        match outcome {
            Outcome::Received { count: 0, .. } => Self::CloseWait,
            Outcome::Failed(
                Errno::ECONNRESET
                | Errno::EPIPE
                | Errno::ETIMEDOUT
                | Errno::EHOSTUNREACH
                | Errno::ENETUNREACH
                | Errno::EHOSTDOWN,
            ) => Self::Broken,
            Outcome::Done
            | Outcome::Descriptor(_)
            | Outcome::Accepted { .. }
            | Outcome::Named(_)
            | Outcome::Resolved(_)
            | Outcome::Sent(_)
            | Outcome::Received { .. }
            | Outcome::Failed(_)
            | Outcome::LookupFailed(_)
            | Outcome::Cancelled => self,
        }
    }
}
