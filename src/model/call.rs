//! One socket call: what was called, with which arguments, and what came back.
//!
//! The text of a call is written as `strace(1)` writes it: the C API's argument order, with the arguments that the
//! kernel fills in shown as it filled them.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::option::in_call;
use super::{
    Actor, ConnectionId, Errno, LookupError, Moment, OptionSetting, OptionValue, RecvFlags,
    SocketOption, glyph,
};

/// A file descriptor's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fd(pub i32);

impl fmt::Display for Fd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address family, see `socket(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `AF_INET`: IPv4.
    Inet,
    /// `AF_INET6`: IPv6.
    Inet6,
}

impl Family {
    /// The family that `address` belongs to.
    #[must_use]
    pub const fn of(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::Inet,
            SocketAddr::V6(_) => Self::Inet6,
        }
    }

    /// Whether this is IPv6.
    #[must_use]
    pub const fn is_inet6(self) -> bool {
        matches!(self, Self::Inet6)
    }

    /// The Internet Protocol's version: `IPv4`.
    #[must_use]
    pub const fn protocol(self) -> &'static str {
        match self {
            Self::Inet => "IPv4",
            Self::Inet6 => "IPv6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inet => "AF_INET",
            Self::Inet6 => "AF_INET6",
        })
    }
}

/// The first bytes of what a call carried, enough to recognise it in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    head: Box<[u8]>,
    cut: bool,
}

impl Preview {
    const KEPT: usize = 32;

    /// Keeps the first bytes of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            head: bytes[..bytes.len().min(Self::KEPT)].into(),
            cut: bytes.len() > Self::KEPT,
        }
    }
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dots = if self.cut { "…" } else { "" };
        write!(f, "\"{}\"{dots}", glyph::quoted(&self.head))
    }
}

/// What kind of socket, see `socket(2)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SocketKind {
    /// `SOCK_STREAM`: TCP.
    #[default]
    Stream,
    /// `SOCK_DGRAM`: UDP.
    Datagram,
}

impl SocketKind {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Stream, Self::Datagram];

    /// The protocol's name.
    #[must_use]
    pub const fn protocol(self) -> &'static str {
        match self {
            Self::Stream => "TCP",
            Self::Datagram => "UDP",
        }
    }
}

impl fmt::Display for SocketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "SOCK_STREAM",
            Self::Datagram => "SOCK_DGRAM",
        })
    }
}

/// Which direction `shutdown(2)` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutdownHow {
    /// `SHUT_RD`: nothing more is received.
    Read,
    /// `SHUT_WR`: nothing more is sent; the peer's recv returns 0 once it has everything.
    Write,
    /// `SHUT_RDWR`
    Both,
}

impl ShutdownHow {
    /// Each of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Write, Self::Read, Self::Both];
}

impl fmt::Display for ShutdownHow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "SHUT_RD",
            Self::Write => "SHUT_WR",
            Self::Both => "SHUT_RDWR",
        })
    }
}

/// A call of the socket API with the arguments that the caller chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `getaddrinfo(3)`.
    Getaddrinfo {
        /// The host as typed.
        host: String,
        /// The port number or service name as typed.
        service: String,
        /// The family in the hints; none is `AF_UNSPEC`.
        family: Option<Family>,
        /// The kind of socket in the hints.
        kind: SocketKind,
    },
    /// `socket(2)`.
    Socket {
        /// The address family.
        family: Family,
        /// Which kind.
        kind: SocketKind,
    },
    /// `setsockopt(2)`.
    Setsockopt {
        /// The socket.
        fd: Fd,
        /// The option and its value.
        setting: OptionSetting,
        /// Of which family the socket is: some options have another name in IPv6.
        family: Family,
    },
    /// `getsockopt(2)`.
    Getsockopt {
        /// The socket.
        fd: Fd,
        /// The option.
        option: SocketOption,
        /// See [`Call::Setsockopt`].
        family: Family,
    },
    /// `bind(2)`.
    Bind {
        /// The socket.
        fd: Fd,
        /// The local address asked for.
        address: SocketAddr,
    },
    /// `listen(2)`.
    Listen {
        /// The socket.
        fd: Fd,
        /// How many connections may wait to be accepted; the kernel treats it as a hint.
        backlog: i32,
    },
    /// `getsockname(2)`.
    Getsockname {
        /// The socket.
        fd: Fd,
    },
    /// `accept(2)`.
    Accept {
        /// The listening socket.
        fd: Fd,
    },
    /// `connect(2)`.
    Connect {
        /// The socket.
        fd: Fd,
        /// The peer's address.
        address: SocketAddr,
    },
    /// `send(2)`.
    Send {
        /// The socket.
        fd: Fd,
        /// How many bytes were offered to the kernel.
        length: usize,
        /// The first of them.
        preview: Preview,
        /// Whether with `MSG_OOB`.
        urgent: bool,
    },
    /// `sendto(2)` without flags.
    Sendto {
        /// The socket.
        fd: Fd,
        /// How many bytes were offered to the kernel.
        length: usize,
        /// The first of them.
        preview: Preview,
        /// Where to.
        address: SocketAddr,
    },
    /// `recv(2)`.
    Recv {
        /// The socket.
        fd: Fd,
        /// The size of the buffer: the most that one call may return.
        size: usize,
        /// The flags.
        flags: RecvFlags,
    },
    /// `recvfrom(2)`, which tells the sender too.
    Recvfrom {
        /// The socket.
        fd: Fd,
        /// The size of the buffer: what is longer is cut.
        size: usize,
        /// The flags.
        flags: RecvFlags,
    },
    /// `shutdown(2)`.
    Shutdown {
        /// The socket.
        fd: Fd,
        /// Which direction.
        how: ShutdownHow,
    },
    /// `close(2)`.
    Close {
        /// The socket.
        fd: Fd,
    },
    /// `epoll_wait(2)`: waiting for whichever of many sockets is ready. It is shown while it blocks and not recorded,
    /// for it is no call on a socket.
    EpollWait {
        /// How many sockets are waited for.
        sockets: usize,
    },
}

/// Which function a [`Call`] is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Function {
    /// `getaddrinfo(3)`
    Getaddrinfo,
    /// `socket(2)`
    Socket,
    /// `setsockopt(2)`
    Setsockopt,
    /// `getsockopt(2)`
    Getsockopt,
    /// `bind(2)`
    Bind,
    /// `listen(2)`
    Listen,
    /// `getsockname(2)`
    Getsockname,
    /// `accept(2)`
    Accept,
    /// `connect(2)`
    Connect,
    /// `send(2)`
    Send,
    /// `sendto(2)`
    Sendto,
    /// `recv(2)`
    Recv,
    /// `recvfrom(2)`
    Recvfrom,
    /// `shutdown(2)`
    Shutdown,
    /// `close(2)`
    Close,
    /// `epoll_wait(2)`
    EpollWait,
}

impl Function {
    /// The first in their order, for ranges of keys.
    pub const FIRST: Self = Self::Getaddrinfo;
    /// The last in their order.
    pub const LAST: Self = Self::EpollWait;

    /// Every function.
    pub const ALL: [Self; 16] = [
        Self::Getaddrinfo,
        Self::Socket,
        Self::Setsockopt,
        Self::Getsockopt,
        Self::Bind,
        Self::Listen,
        Self::Getsockname,
        Self::Accept,
        Self::Connect,
        Self::Send,
        Self::Sendto,
        Self::Recv,
        Self::Recvfrom,
        Self::Shutdown,
        Self::Close,
        Self::EpollWait,
    ];

    /// Its name: `send`.
    #[must_use]
    pub fn name(self) -> &'static str {
        let page = self.page();
        page.split_once('(').map_or(page, |(name, _)| name)
    }

    /// The man page: `send(2)`.
    #[must_use]
    pub const fn page(self) -> &'static str {
        match self {
            Self::Getaddrinfo => "getaddrinfo(3)",
            Self::Socket => "socket(2)",
            Self::Setsockopt => "setsockopt(2)",
            Self::Getsockopt => "getsockopt(2)",
            Self::Bind => "bind(2)",
            Self::Listen => "listen(2)",
            Self::Getsockname => "getsockname(2)",
            Self::Accept => "accept(2)",
            Self::Connect => "connect(2)",
            Self::Send => "send(2)",
            Self::Sendto => "sendto(2)",
            Self::Recv => "recv(2)",
            Self::Recvfrom => "recvfrom(2)",
            Self::Shutdown => "shutdown(2)",
            Self::Close => "close(2)",
            Self::EpollWait => "epoll_wait(2)",
        }
    }
}

impl Call {
    /// Which function this is a call of.
    #[must_use]
    pub const fn function(&self) -> Function {
        match self {
            Self::Getaddrinfo { .. } => Function::Getaddrinfo,
            Self::Socket { .. } => Function::Socket,
            Self::Setsockopt { .. } => Function::Setsockopt,
            Self::Getsockopt { .. } => Function::Getsockopt,
            Self::Bind { .. } => Function::Bind,
            Self::Listen { .. } => Function::Listen,
            Self::Getsockname { .. } => Function::Getsockname,
            Self::Accept { .. } => Function::Accept,
            Self::Connect { .. } => Function::Connect,
            Self::Send { .. } => Function::Send,
            Self::Sendto { .. } => Function::Sendto,
            Self::Recv { .. } => Function::Recv,
            Self::Recvfrom { .. } => Function::Recvfrom,
            Self::Shutdown { .. } => Function::Shutdown,
            Self::Close { .. } => Function::Close,
            Self::EpollWait { .. } => Function::EpollWait,
        }
    }

    /// Whether a person waits for this call while it is blocked, rather than for what may come some time.
    #[must_use]
    pub const fn is_awaited(&self) -> bool {
        match self.function() {
            Function::Getaddrinfo | Function::Connect | Function::Send | Function::Sendto => true,
            Function::Socket
            | Function::Setsockopt
            | Function::Getsockopt
            | Function::Bind
            | Function::Listen
            | Function::Getsockname
            | Function::Accept
            | Function::Recv
            | Function::Recvfrom
            | Function::Shutdown
            | Function::Close
            | Function::EpollWait => false,
        }
    }
}

impl fmt::Display for Call {
    /// The call before it has returned; what the kernel would fill in is `…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Getaddrinfo {
                host,
                service,
                family,
                kind,
            } => {
                write!(
                    f,
                    "getaddrinfo(\"{}\", \"{}\"",
                    glyph::quoted(host.as_bytes()),
                    glyph::quoted(service.as_bytes())
                )?;
                // The hints, where they are not those of a plain TCP client.
                match (family, kind) {
                    (None, SocketKind::Stream) => f.write_str(")"),
                    (None, kind) => write!(f, ", {{{kind}}})"),
                    (Some(family), kind) => write!(f, ", {{{family}, {kind}}})"),
                }
            }
            Self::Socket { family, kind } => write!(f, "socket({family}, {kind}, 0)"),
            Self::Setsockopt {
                fd,
                setting,
                family,
            } => {
                let arguments = setting.arguments(family.is_inet6());
                write!(f, "setsockopt({fd}, {arguments})")
            }
            Self::Getsockopt { fd, option, family } => {
                let name = option.qualified(family.is_inet6());
                write!(f, "getsockopt({fd}, {name}, …)")
            }
            Self::Bind { fd, address } => write!(f, "bind({fd}, {address})"),
            Self::Listen { fd, backlog } => write!(f, "listen({fd}, {backlog})"),
            Self::Getsockname { fd } => write!(f, "getsockname({fd}, …)"),
            Self::Accept { fd } => write!(f, "accept({fd}, …)"),
            Self::Connect { fd, address } => write!(f, "connect({fd}, {address})"),
            Self::Send {
                fd,
                length,
                preview,
                urgent,
            } => {
                let flags = if *urgent { "MSG_OOB" } else { "0" };
                write!(f, "send({fd}, {preview}, {length}, {flags})")
            }
            Self::Sendto {
                fd,
                length,
                preview,
                address,
            } => write!(f, "sendto({fd}, {preview}, {length}, 0, {address})"),
            Self::Recv { fd, size, flags } => write!(f, "recv({fd}, …, {size}, {flags})"),
            Self::Recvfrom { fd, size, flags } => {
                write!(f, "recvfrom({fd}, …, {size}, {flags}, …)")
            }
            Self::Shutdown { fd, how } => write!(f, "shutdown({fd}, {how})"),
            Self::Close { fd } => write!(f, "close({fd})"),
            Self::EpollWait { sockets } => {
                let plural = if *sockets == 1 { "" } else { "s" };
                write!(f, "epoll_wait(…) for {sockets} socket{plural}")
            }
        }
    }
}

/// What came back from a [`Call`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// 0, and nothing else to tell.
    Done,
    /// A new descriptor, from `socket`.
    Descriptor(Fd),
    /// A new descriptor and who is at its other end, from `accept`.
    Accepted {
        /// The connection's descriptor.
        fd: Fd,
        /// The peer's address.
        peer: SocketAddr,
        /// The number that the connection is known by here.
        connection: ConnectionId,
    },
    /// An address that the kernel filled in, from `getsockname`.
    Named(SocketAddr),
    /// A value that the kernel filled in, from `getsockopt`.
    Value(OptionValue),
    /// Addresses in the resolver's order, from `getaddrinfo`.
    Resolved(Vec<SocketAddr>),
    /// How many bytes the kernel took, from `send` and `sendto`.
    Sent(usize),
    /// What `recv` and `recvfrom` returned.
    Received {
        /// How many bytes.
        count: usize,
        /// The first of them.
        preview: Preview,
        /// What that means beside the bytes.
        ending: Ending,
        /// Who sent the datagram, from `recvfrom`.
        from: Option<SocketAddr>,
    },
    /// -1 and `errno`.
    Failed(Errno),
    /// What `getaddrinfo` returned instead of 0.
    LookupFailed(LookupError),
    /// The person stopped waiting for it; the call itself never returned.
    Cancelled,
}

/// How the bytes that one `recv` returned end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A piece of a stream, cut where the kernel pleased.
    Piece,
    /// The end of the stream: the peer has finished sending.
    Stream,
    /// The end of the stream, and this side has shut down its own sending before: nothing more is said by either.
    BothStreams,
    /// Nothing was there, and this side has shut down receiving: `recv` says so whatever the peer does.
    OwnShutdown,
    /// A whole datagram; with `MSG_PEEK` as much of it as was looked at, for all of it is still there.
    Datagram,
    /// A datagram of which so many bytes did not fit into the buffer and are lost.
    Cut(usize),
}

impl Outcome {
    /// Whether the call failed.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        match self {
            Self::Failed(_) | Self::LookupFailed(_) => true,
            Self::Done
            | Self::Descriptor(_)
            | Self::Accepted { .. }
            | Self::Named(_)
            | Self::Value(_)
            | Self::Resolved(_)
            | Self::Sent(_)
            | Self::Received { .. }
            | Self::Cancelled => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done | Self::Named(_) | Self::Value(_) => f.write_str("= 0"),
            Self::Descriptor(fd) | Self::Accepted { fd, .. } => write!(f, "= {fd}"),
            Self::Resolved(addresses) => {
                f.write_str("= 0 → ")?;
                for (i, address) in addresses.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{}", address.ip())?;
                }
                Ok(())
            }
            Self::Sent(count) | Self::Received { count, .. } => write!(f, "= {count}"),
            Self::Failed(errno) => write!(f, "= -1 {errno}"),
            Self::LookupFailed(error) => write!(f, "= {error}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// How a call came to wait. The sockets here are non-blocking and the waiting is done in `poll(2)`, so that a person
/// can cancel; a plain blocking program would wait inside the call itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// It did not: the call was made at once.
    No,
    /// In `poll(2)`, before the call was made.
    InPoll,
    /// `connect` returned `EINPROGRESS`, `poll(2)` waited for the handshake, and `connect` on the same socket then
    /// told its result, as `connect(2)` has it for non-blocking sockets.
    InProgress,
    /// Not to its end: `send` on a socket that is to block returned with a part of the bytes, for it is non-blocking
    /// underneath. In a plain program it would have waited here, and gone on until all of them were taken. Whether it
    /// waited before that is told by how long it took.
    NotBlocking,
}

/// A call that has returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// Who called.
    pub who: Actor,
    /// What was called.
    pub call: Call,
    /// What came back.
    pub outcome: Outcome,
    /// When the kernel was entered; for a call that was waited for, after the wait. The log is in this order: of two
    /// ends it shows the cause before its effect.
    pub entered: Moment,
    /// When it returned.
    pub returned: Moment,
    /// How long it took, the waiting for it included.
    pub took: Duration,
    /// How it waited.
    pub waited: Waited,
}

impl CallRecord {
    /// The call with the arguments that the kernel filled in.
    #[must_use]
    pub fn call_text(&self) -> String {
        match (&self.call, &self.outcome) {
            (Call::Accept { fd }, Outcome::Accepted { peer, .. }) => {
                format!("accept({fd}, {peer})")
            }
            (Call::Getsockname { fd }, Outcome::Named(address)) => {
                format!("getsockname({fd}, {address})")
            }
            (Call::Getsockopt { fd, option, family }, Outcome::Value(value)) => {
                let name = option.qualified(family.is_inet6());
                format!("getsockopt({fd}, {name}, {})", in_call(*value))
            }
            (Call::Recv { fd, size, flags }, Outcome::Received { preview, .. }) => {
                format!("recv({fd}, {preview}, {size}, {flags})")
            }
            (Call::Recvfrom { fd, size, flags }, Outcome::Received { preview, from, .. }) => {
                let from = from.map_or_else(|| "NULL".to_owned(), |from| from.to_string());
                format!("recvfrom({fd}, {preview}, {size}, {flags}, {from})")
            }
            (call, _) => call.to_string(),
        }
    }
}

impl fmt::Display for CallRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.call_text(), self.outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientId;

    fn record(call: Call, outcome: Outcome) -> String {
        CallRecord {
            who: Actor::Client(ClientId::FIRST),
            call,
            outcome,
            entered: Moment(0),
            returned: Moment(0),
            took: Duration::ZERO,
            waited: Waited::No,
        }
        .to_string()
    }

    #[test]
    fn calls_read_as_strace_writes_them() {
        let address: SocketAddr = "127.0.0.1:8888".parse().expect("an address");
        let fd = Fd(7);
        assert_eq!(
            record(
                Call::Connect { fd, address },
                Outcome::Failed(Errno::ECONNREFUSED)
            ),
            "connect(7, 127.0.0.1:8888) = -1 ECONNREFUSED"
        );
        assert_eq!(
            record(
                Call::Accept { fd },
                Outcome::Accepted {
                    fd: Fd(8),
                    peer: address,
                    connection: ConnectionId(1)
                }
            ),
            "accept(7, 127.0.0.1:8888) = 8"
        );
        assert_eq!(
            record(
                Call::Recv {
                    fd,
                    size: 1024,
                    flags: RecvFlags::default()
                },
                Outcome::Received {
                    count: 4,
                    preview: Preview::of(b"\x1b\"a\n"),
                    ending: Ending::Piece,
                    from: None,
                }
            ),
            r#"recv(7, "\x1b\"a\n", 1024, 0) = 4"#
        );
        assert_eq!(
            record(
                Call::Getaddrinfo {
                    host: "localhost".into(),
                    service: "http".into(),
                    family: None,
                    kind: SocketKind::Stream,
                },
                Outcome::Resolved(vec!["[::1]:80".parse().expect("an address"), address])
            ),
            r#"getaddrinfo("localhost", "http") = 0 → ::1, 127.0.0.1"#
        );
    }

    #[test]
    fn a_long_message_is_cut_in_the_line_and_says_so() {
        let text = Preview::of(&[b'x'; 100]).to_string();
        assert_eq!(text, format!("\"{}\"…", "x".repeat(32)));
    }
}
