//! Who makes a socket call: a client session, the server's listening socket, or one accepted connection.

use std::fmt;

/// A client session's number, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u32);

impl ClientId {
    /// The session that exists from the start.
    pub const FIRST: Self = Self(1);
    /// The last that can be asked for: enough for all sessions of a life, and more can still follow.
    pub const LAST: Self = Self(1_000_000_000);
}

/// An accepted connection's number, counted from 1 over the life of the program and never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The owner of a visible socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A client session.
    Client(ClientId),
    /// The embedded server: its listening socket.
    Server,
    /// One connection that the embedded server accepted.
    Connection(ConnectionId),
    /// The panel that tries a range of ports.
    Ports,
}

impl Actor {
    /// Whether this is the server's side: the listener or one of its connections.
    #[must_use]
    pub const fn is_server_side(self) -> bool {
        match self {
            Self::Client(_) | Self::Ports => false,
            Self::Server | Self::Connection(_) => true,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(ClientId::FIRST) => f.pad("client"),
            Self::Client(ClientId(n)) => f.pad(&format!("client{n}")),
            Self::Server => f.pad("server"),
            Self::Connection(ConnectionId(n)) => f.pad(&format!("server#{n}")),
            Self::Ports => f.pad("ports"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_action_language() {
        let names = [
            Actor::Client(ClientId(1)),
            Actor::Client(ClientId(2)),
            Actor::Server,
            Actor::Connection(ConnectionId(3)),
            Actor::Ports,
        ]
        .map(|actor| actor.to_string());
        assert_eq!(names, ["client", "client2", "server", "server#3", "ports"]);
    }
}
