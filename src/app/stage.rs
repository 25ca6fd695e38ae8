//! A socket's state as far as the calls made on it tell.
//!
//! It is inferred, not read from the kernel: between two calls the kernel may have moved on.

use crate::model::{Call, Errno, Outcome, ShutdownHow, SocketKind};

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
    /// This side has shut its sending down: its FIN has gone out, and only the peer may still send.
    FinWait,
    /// Both sides have finished sending.
    Ended,
    /// A call told that the connection was reset or given up.
    Broken,
}

impl Stage {
    /// The state's name as RFC 9293 spells it, or plain words where TCP has none.
    #[must_use]
    pub const fn name(self, kind: SocketKind) -> &'static str {
        match (self, kind) {
            (Self::NoSocket, _) => "no socket",
            (Self::Established, SocketKind::Datagram) => "connected",
            (_, SocketKind::Datagram) => "UDP",
            (Self::Unconnected | Self::Broken | Self::Ended, SocketKind::Stream) => "CLOSED",
            (Self::Established, SocketKind::Stream) => "ESTABLISHED",
            (Self::CloseWait, SocketKind::Stream) => "CLOSE_WAIT",
            (Self::FinWait, SocketKind::Stream) => "FIN_WAIT",
        }
    }

    /// Whether the peer has finished sending: a recv returned 0.
    #[must_use]
    pub const fn peer_has_ended(self) -> bool {
        matches!(self, Self::CloseWait | Self::Ended)
    }

    /// The state after a call with this outcome on a socket of this kind.
    #[must_use]
    pub const fn after(self, call: &Call, outcome: &Outcome, kind: SocketKind) -> Self {
        if matches!(kind, SocketKind::Datagram) {
            // UDP has no states: there is a peer, or there is none.
            return match (call, outcome) {
                (Call::Connect { .. }, Outcome::Done) => Self::Established,
                _ => self,
            };
        }
        match (call, outcome) {
            (Call::Connect { .. }, Outcome::Done) => Self::Established,
            // A non-blocking connect says EINPROGRESS; that bytes pass tells that its handshake is over.
            (Call::Send { .. }, Outcome::Sent(1..))
            | (Call::Recv { .. }, Outcome::Received { count: 1.., .. })
                if matches!(self, Self::Unconnected) =>
            {
                Self::Established
            }
            // The error is told once; what recv returns after it is not the peer's end.
            _ if matches!(self, Self::Broken) => self,
            (
                Call::Recv { .. } | Call::Recvfrom { .. },
                Outcome::Received {
                    ending:
                        crate::model::call::Ending::Stream | crate::model::call::Ending::BothStreams,
                    ..
                },
            ) => self.without_peer(),
            (
                Call::Shutdown {
                    how: ShutdownHow::Write | ShutdownHow::Both,
                    ..
                },
                Outcome::Done,
            ) => self.without_sending(),
            (
                _,
                Outcome::Failed(
                    Errno::ECONNRESET
                    | Errno::ETIMEDOUT
                    | Errno::EHOSTUNREACH
                    | Errno::ENETUNREACH
                    | Errno::EHOSTDOWN,
                ),
            ) if self.is_connected() => Self::Broken,
            // After a shutdown of one's own it says nothing of the connection.
            (Call::Send { .. }, Outcome::Failed(Errno::EPIPE))
                if matches!(self, Self::Established | Self::CloseWait) =>
            {
                Self::Broken
            }
            _ => self,
        }
    }

    const fn is_connected(self) -> bool {
        match self {
            Self::Established | Self::CloseWait | Self::FinWait | Self::Ended => true,
            Self::NoSocket | Self::Unconnected | Self::Broken => false,
        }
    }

    const fn without_peer(self) -> Self {
        match self {
            Self::Established => Self::CloseWait,
            Self::FinWait => Self::Ended,
            Self::NoSocket | Self::Unconnected | Self::CloseWait | Self::Ended | Self::Broken => {
                self
            }
        }
    }

    const fn without_sending(self) -> Self {
        match self {
            Self::Established => Self::FinWait,
            Self::CloseWait => Self::Ended,
            Self::NoSocket | Self::Unconnected | Self::FinWait | Self::Ended | Self::Broken => self,
        }
    }
}
