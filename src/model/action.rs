//! What a person can do to a socket, as plain data. A button, a key and a command line flag all end in one [`Action`].

use std::fmt;

use super::ClientId;

/// One thing that a person does to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Something a client session does.
    Client(ClientId, ClientAction),
    /// Something the embedded server does.
    Server(ServerAction),
}

/// What a client session can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAction {
    /// `getaddrinfo`, then `socket` and `connect` for each address in the resolver's order until one succeeds.
    /// With a socket already open, `connect` is called on that one, and the kernel says what it thinks of it.
    Connect(Address),
    /// `send` until the kernel has taken every byte.
    Send(Vec<u8>),
    /// Stop waiting for the resolver or for a handshake.
    CancelConnect,
    /// Stop waiting for room to send. The connection is kept; what the kernel took is on its way.
    CancelSend,
    /// `close`.
    Close,
}

/// What the embedded server can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAction {
    /// `socket`, `setsockopt(SO_REUSEADDR)`, `bind`, `listen`, then `accept` in a loop.
    Start(ServerSetup),
    /// What connections accepted from now on are served with.
    Serve(Service),
    /// `close` the listening socket and every accepted connection.
    Stop,
}

/// A host and a port as a person types them, before anything is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or a numeric address; IPv6 without brackets.
    pub host: String,
    /// A number or a service name such as `http`.
    pub port: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Where the server listens and what it does there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSetup {
    /// The address to bind to: numeric, or a name that is resolved.
    pub host: String,
    /// The port; 0 lets the kernel choose a free one.
    pub port: u16,
    /// The second argument of `listen(2)`.
    pub backlog: i32,
    /// What each accepted connection is served with.
    pub service: Service,
}

/// What the server says on an accepted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Service {
    /// Sends back every byte.
    #[default]
    Echo,
    /// Sends `Welcome`, then answers each recv with `Hello,DATA!` until `exit` or the peer's end.
    Hello,
    /// Closes at once.
    Close,
}

impl Service {
    /// Every service, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Echo, Self::Hello, Self::Close];

    /// The name as it is typed and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Hello => "hello",
            Self::Close => "close",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Echo => "sends back every byte",
            Self::Hello => "says Welcome, then Hello,DATA! until exit",
            Self::Close => "closes every connection at once",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
