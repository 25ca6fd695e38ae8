//! What a person can do to a socket, as plain data. A button, a key and a command line flag all end in one [`Action`].

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::call::Function;
use super::{
    Actor, ClientId, ConnectionId, Family, OptionSetting, ShutdownHow, SocketKind, SocketOption,
};

/// One thing that a person does to a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Something a client session does.
    Client(ClientId, ClientAction),
    /// Something the embedded server does.
    Server(ServerAction),
    /// Something done by hand on a connection that the server accepted.
    Connection(ConnectionId, SocketAction),
    /// Something about the range of ports that is being tried.
    Ports(PortsAction),
}

impl Action {
    /// This on the socket of `who`.
    #[must_use]
    pub fn on(who: Actor, action: SocketAction) -> Self {
        match who {
            Actor::Client(id) => Self::Client(id, ClientAction::On(action)),
            Actor::Server => Self::Server(ServerAction::On(action)),
            Actor::Connection(id) => Self::Connection(id, action),
            // It owns no socket that a person could mean; nothing offers this.
            Actor::Ports => Self::Ports(PortsAction::Cancel),
        }
    }

    /// The functions in which it may wait.
    #[must_use]
    pub const fn waits_in(&self) -> &'static [Function] {
        match self {
            Self::Client(_, ClientAction::Resolve(_))
            | Self::Server(ServerAction::Start(_) | ServerAction::Bind(_)) => {
                &[Function::Getaddrinfo]
            }
            Self::Client(_, ClientAction::Connect(_)) => {
                &[Function::Getaddrinfo, Function::Connect]
            }
            Self::Client(_, ClientAction::SendTo(..)) => &[Function::Getaddrinfo, Function::Sendto],
            Self::Server(ServerAction::Accept) => &[Function::Accept],
            Self::Client(_, ClientAction::On(action))
            | Self::Server(ServerAction::On(action))
            | Self::Connection(_, action) => action.waits_in(),
            Self::Client(
                _,
                ClientAction::Socket(..) | ClientAction::CancelConnect | ClientAction::End,
            )
            | Self::Server(
                ServerAction::Offer(_)
                | ServerAction::Stop
                | ServerAction::Socket(..)
                | ServerAction::Listen(_)
                | ServerAction::AcceptAlone(_)
                | ServerAction::CancelAccept,
            )
            | Self::Ports(_) => &[],
        }
    }

    /// The functions that are called for it.
    #[must_use]
    pub const fn calls(&self) -> &'static [Function] {
        match self {
            Self::Client(_, ClientAction::Resolve(_)) => &[Function::Getaddrinfo],
            Self::Client(_, ClientAction::Socket(..)) | Self::Server(ServerAction::Socket(..)) => {
                &[Function::Socket]
            }
            Self::Client(_, ClientAction::Connect(_)) => {
                &[Function::Getaddrinfo, Function::Socket, Function::Connect]
            }
            Self::Client(_, ClientAction::SendTo(..)) => {
                &[Function::Getaddrinfo, Function::Socket, Function::Sendto]
            }
            Self::Server(ServerAction::Start(_)) => &[
                Function::Getaddrinfo,
                Function::Socket,
                Function::Bind,
                Function::Listen,
            ],
            Self::Server(ServerAction::Bind(_)) => &[Function::Getaddrinfo, Function::Bind],
            Self::Server(ServerAction::Listen(_)) => &[Function::Listen],
            Self::Server(ServerAction::Accept) => &[Function::Accept],
            Self::Client(_, ClientAction::On(action))
            | Self::Server(ServerAction::On(action))
            | Self::Connection(_, action) => action.calls(),
            Self::Client(_, ClientAction::CancelConnect | ClientAction::End)
            | Self::Server(
                ServerAction::Offer(_)
                | ServerAction::Stop
                | ServerAction::AcceptAlone(_)
                | ServerAction::CancelAccept,
            )
            | Self::Ports(_) => &[],
        }
    }

    /// Whose socket it is about.
    #[must_use]
    pub const fn who(&self) -> Actor {
        match self {
            Self::Client(id, _) => Actor::Client(*id),
            Self::Server(_) => Actor::Server,
            Self::Connection(id, _) => Actor::Connection(*id),
            Self::Ports(_) => Actor::Ports,
        }
    }
}

/// What a client session can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientAction {
    /// `getaddrinfo` alone.
    Resolve(Target),
    /// `socket`, of this family and kind.
    Socket(Family, SocketKind),
    /// `getaddrinfo`, then `socket` and `connect` for each address in the resolver's order until one succeeds.
    /// With a socket already open, `connect` is called on that one, and the kernel says what it thinks of it.
    Connect(Target),
    /// `sendto`; a host that is a name is resolved first.
    SendTo(Target, Vec<u8>),
    /// Stop waiting for the resolver or for a handshake.
    CancelConnect,
    /// Something that can be done to any socket.
    On(SocketAction),
    /// Close the socket, if there is one, and end the session. Another session has another number, for the reports of
    /// this one may come late.
    End,
}

/// What can be done to any socket that is there, whoever owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketAction {
    /// `bind` to this address.
    Bind(SocketAddr),
    /// `send` once: the kernel takes as much as it has room for.
    Send {
        /// The message.
        bytes: Vec<u8>,
        /// Whether its last byte is urgent: `MSG_OOB`.
        urgent: bool,
    },
    /// `send` until the kernel has taken every byte.
    SendAll(Vec<u8>),
    /// `sendto` this address.
    SendTo(SocketAddr, Vec<u8>),
    /// `recv` once, at most this many bytes; on a datagram socket without a peer `recvfrom`.
    Recv {
        /// The size of the buffer.
        size: usize,
        /// What is asked of the call beside that.
        flags: RecvFlags,
    },
    /// Receive whatever comes, at most this many bytes a call; or, with none, only when told to.
    ReceiveAlone(Option<usize>),
    /// `shutdown`.
    Shutdown(ShutdownHow),
    /// `close`.
    Close,
    /// `setsockopt(SO_LINGER, {on, 0})`, then `close`: the peer gets RST instead of FIN.
    Reset,
    /// `setsockopt`.
    Set(OptionSetting),
    /// `getsockopt`.
    Get(SocketOption),
    /// Whether calls wait until they can be carried out, as on a socket without `O_NONBLOCK`.
    Blocking(bool),
    /// Stop waiting for room to send. The connection is kept; what the kernel took is on its way.
    CancelSend,
    /// Stop waiting for something to receive.
    CancelRecv,
}

impl SocketAction {
    /// The functions in which it may wait.
    #[must_use]
    pub const fn waits_in(&self) -> &'static [Function] {
        match self {
            Self::Send { .. } | Self::SendAll(_) => &[Function::Send],
            Self::SendTo(..) => &[Function::Sendto],
            Self::Recv { .. } => &[Function::Recv, Function::Recvfrom],
            Self::Bind(_)
            | Self::ReceiveAlone(_)
            | Self::Shutdown(_)
            | Self::Close
            | Self::Reset
            | Self::Set(_)
            | Self::Get(_)
            | Self::Blocking(_)
            | Self::CancelSend
            | Self::CancelRecv => &[],
        }
    }

    /// The functions that are called for it.
    #[must_use]
    pub const fn calls(&self) -> &'static [Function] {
        match self {
            Self::Bind(_) => &[Function::Bind],
            Self::Send { .. } | Self::SendAll(_) => &[Function::Send],
            Self::SendTo(..) => &[Function::Sendto],
            Self::Recv { .. } => &[Function::Recv, Function::Recvfrom],
            Self::Shutdown(_) => &[Function::Shutdown],
            Self::Close => &[Function::Close],
            Self::Reset => &[Function::Setsockopt, Function::Close],
            Self::Set(_) => &[Function::Setsockopt],
            Self::Get(_) => &[Function::Getsockopt],
            Self::ReceiveAlone(_) | Self::Blocking(_) | Self::CancelSend | Self::CancelRecv => &[],
        }
    }

    /// The most that one `recv` returns unless told otherwise. 64 KiB receives faster than 256 KiB or 1 MiB: it stays in
    /// the cache.
    pub const USUAL_RECV: usize = 64 << 10;
    /// The same by hand on an accepted connection.
    pub const CONNECTION_RECV: usize = 16_384;
    /// The same on the socket of a UDP server: no datagram is longer.
    pub const DATAGRAM_RECV: usize = 65_536;
    /// The most that one `recv` may be asked for: what it returned is shown in one piece.
    pub const LARGEST_RECV: usize = 1 << 20;
}

/// Flags of `recv(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecvFlags {
    /// `MSG_OOB`: the urgent byte.
    pub urgent: bool,
    /// `MSG_PEEK`: leave what is returned in the receive queue.
    pub peek: bool,
}

impl fmt::Display for RecvFlags {
    /// As `strace(1)` writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.urgent, self.peek) {
            (false, false) => "0",
            (true, false) => "MSG_OOB",
            (false, true) => "MSG_PEEK",
            (true, true) => "MSG_OOB|MSG_PEEK",
        })
    }
}

/// What the embedded server can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAction {
    /// `socket`, `setsockopt(SO_REUSEADDR)`, `bind`, `listen`, then `accept` in a loop.
    Start(ServerSetup),
    /// What connections accepted from now on are served with.
    Offer(Offer),
    /// `close` the listening socket and every accepted connection.
    Stop,
    /// `socket`, of this family and kind.
    Socket(Family, SocketKind),
    /// `bind`; a host that is a name is resolved first.
    Bind(Address),
    /// `listen` with this backlog.
    Listen(i32),
    /// `accept` once, by hand.
    Accept,
    /// Whether connections are accepted as they come, as far as the model allows, or by hand alone.
    AcceptAlone(bool),
    /// Stop waiting for a connection to accept.
    CancelAccept,
    /// Something that can be done to any socket.
    On(SocketAction),
}

/// A host and a port as a person types them, before anything is resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or a numeric address; IPv6 without brackets.
    pub host: String,
    /// A number or a service name such as `http`.
    pub port: String,
}

impl Address {
    /// The socket address, if both parts are numbers and nothing has to be resolved.
    #[must_use]
    pub fn numeric(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(
            self.host.parse().ok()?,
            self.port.parse().ok()?,
        ))
    }
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

/// An address and what kind of socket it is for: what `getaddrinfo` is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where.
    pub address: Address,
    /// Only addresses of this family, or of any.
    pub family: Option<Family>,
    /// For this kind of socket.
    pub kind: SocketKind,
}

impl Target {
    /// A TCP address of any family.
    #[must_use]
    pub const fn stream(address: Address) -> Self {
        Self {
            address,
            family: None,
            kind: SocketKind::Stream,
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
    /// TCP or UDP. A UDP server neither listens nor accepts.
    pub kind: SocketKind,
    /// The second argument of `listen(2)`.
    pub backlog: i32,
    /// What each accepted connection, or each datagram, is served with.
    pub offer: Offer,
}

/// What a new connection gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offer {
    /// What is said on it.
    pub service: Service,
    /// How it is served beside the others.
    pub model: Model,
    /// How long the service thinks before each answer.
    pub delay: Duration,
}

impl ServerSetup {
    /// The backlog unless told otherwise. A crowd connects faster than it is accepted: a short queue would make some of it
    /// wait for a second.
    pub const USUAL_BACKLOG: i32 = 128;
}

impl Offer {
    /// The longest that a service may think: ten minutes.
    pub const LONGEST_DELAY: Duration = Duration::from_secs(600);

    /// Reads a delay as it is typed, in milliseconds.
    ///
    /// # Errors
    /// What can be typed instead.
    pub fn parse_delay(text: &str) -> Result<Duration, String> {
        let delay = text.parse().map(Duration::from_millis).ok();
        delay
            .filter(|delay| *delay <= Self::LONGEST_DELAY)
            .ok_or_else(|| {
                format!(
                    "delay \"{text}\": give milliseconds from 0 to {}",
                    Self::LONGEST_DELAY.as_millis()
                )
            })
    }
}

/// How the server serves many connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Model {
    /// One connection at a time; the next waits in the accept queue.
    Serial,
    /// A thread for each connection.
    #[default]
    Threads,
    /// One thread for all of them, which waits for whichever is ready.
    Poll,
}

impl Model {
    /// Every model, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Serial, Self::Threads, Self::Poll];

    /// The name as it is typed and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Threads => "threads",
            Self::Poll => "poll",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Serial => "one connection at a time, the next waits",
            Self::Threads => "a thread for each connection",
            Self::Poll => "one thread for all, by readiness",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the server says on an accepted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Service {
    /// Sends back every byte.
    #[default]
    Echo,
    /// Sends back what the first recv returned, then closes.
    EchoOnce,
    /// Answers each recv with `OK...` and what it returned.
    Ok,
    /// Sends `Welcome`, then answers each recv with `Hello,DATA!` until `exit` or the peer's end.
    Hello,
    /// Serves a page of its own over HTTP/1.1.
    Http,
    /// Receives and says nothing (RFC 863).
    Discard,
    /// Sends the date and the time, then closes (RFC 867).
    Daytime,
    /// Passes on what each peer says to all the others.
    Chat,
    /// Closes at once.
    Close,
    /// Does nothing by itself: a person receives and answers.
    Manual,
}

impl Service {
    /// Every service, in the order in which they are offered.
    pub const ALL: [Self; 10] = [
        Self::Echo,
        Self::EchoOnce,
        Self::Ok,
        Self::Hello,
        Self::Http,
        Self::Discard,
        Self::Daytime,
        Self::Chat,
        Self::Close,
        Self::Manual,
    ];

    /// The name as it is typed and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::EchoOnce => "echo-once",
            Self::Ok => "ok",
            Self::Hello => "hello",
            Self::Http => "http",
            Self::Discard => "discard",
            Self::Daytime => "daytime",
            Self::Chat => "chat",
            Self::Close => "close",
            Self::Manual => "manual",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Echo => "sends back every byte",
            Self::EchoOnce => "sends back one recv(), then closes",
            Self::Ok => "answers OK... and the data",
            Self::Hello => "says Welcome, then Hello,DATA! until exit",
            Self::Http => "serves a page to browsers and curl",
            Self::Discard => "receives and says nothing",
            Self::Daytime => "says what time it is, then closes",
            Self::Chat => "passes it on to everyone else",
            Self::Close => "closes every connection at once",
            Self::Manual => "you receive and answer by hand",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What can be done about a range of ports that is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortsAction {
    /// `connect` to each port of the range, a few at once.
    Try(PortRange),
    /// Stop; ports that were not tried yet stay untried.
    Cancel,
}

/// Ports of one host to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortRange {
    /// The host: a name or a numeric address.
    pub host: String,
    /// The first port.
    pub first: u16,
    /// The last port, not before the first.
    pub last: u16,
    /// How long one handshake may take before the port counts as silent.
    pub patience: Duration,
}

impl PortRange {
    /// The most ports of one run.
    pub const MOST: usize = 1_024;

    /// Whether it can be tried.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let Self { first, last, .. } = self;
        if last < first {
            return Err(format!(
                "ports {first} to {last}: the last is before the first"
            ));
        }
        if self.count() > Self::MOST {
            return Err(format!(
                "{} ports are too many for one run: at most {}",
                self.count(),
                Self::MOST
            ));
        }
        Ok(())
    }

    /// How many ports it has.
    #[must_use]
    pub const fn count(&self) -> usize {
        (self.last as usize + 1).saturating_sub(self.first as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_counts_both_of_its_ends() {
        let range = |first, last| PortRange {
            host: String::new(),
            first,
            last,
            patience: Duration::ZERO,
        };
        assert_eq!(range(80, 80).count(), 1);
        assert_eq!(range(0, 65_535).count(), 65_536);
        assert_eq!(range(2, 1).count(), 0);
    }

    #[test]
    fn only_numbers_need_no_resolver() {
        let address = |host: &str, port: &str| Address {
            host: host.to_owned(),
            port: port.to_owned(),
        };
        assert_eq!(address("::1", "80").numeric(), "[::1]:80".parse().ok());
        assert_eq!(address("localhost", "80").numeric(), None);
        assert_eq!(address("127.0.0.1", "http").numeric(), None);
    }
}
