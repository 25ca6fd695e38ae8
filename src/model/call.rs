//! One socket call: what was called, with which arguments, and what came back.
//!
//! The text of a call is written as `strace(1)` writes it: the C API's argument order, with the arguments that the
//! kernel fills in shown as it filled them.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Actor, ConnectionId, Errno, LookupError, Moment, glyph};

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

/// A call of the socket API with the arguments that the caller chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `getaddrinfo(3)` for stream sockets.
    Getaddrinfo {
        /// The host as typed.
        host: String,
        /// The port number or service name as typed.
        service: String,
    },
    /// `socket(2)` with `SOCK_STREAM`.
    Socket {
        /// The address family.
        family: Family,
    },
    /// `setsockopt(2)` with `SOL_SOCKET`, `SO_REUSEADDR`, 1.
    SetReuseAddress {
        /// The socket.
        fd: Fd,
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
    /// `send(2)` without flags.
    Send {
        /// The socket.
        fd: Fd,
        /// How many bytes were offered to the kernel.
        length: usize,
        /// The first of them.
        preview: Preview,
    },
    /// `recv(2)` without flags.
    Recv {
        /// The socket.
        fd: Fd,
        /// The size of the buffer: the most that one call may return.
        size: usize,
    },
    /// `close(2)`.
    Close {
        /// The socket.
        fd: Fd,
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
    /// `recv(2)`
    Recv,
    /// `close(2)`
    Close,
}

impl Function {
    /// The first in their order, for ranges of keys.
    pub const FIRST: Self = Self::Getaddrinfo;
    /// The last in their order.
    pub const LAST: Self = Self::Close;
}

impl Call {
    /// Which function this is a call of.
    #[must_use]
    pub const fn function(&self) -> Function {
        match self {
            Self::Getaddrinfo { .. } => Function::Getaddrinfo,
            Self::Socket { .. } => Function::Socket,
            Self::SetReuseAddress { .. } => Function::Setsockopt,
            Self::Bind { .. } => Function::Bind,
            Self::Listen { .. } => Function::Listen,
            Self::Getsockname { .. } => Function::Getsockname,
            Self::Accept { .. } => Function::Accept,
            Self::Connect { .. } => Function::Connect,
            Self::Send { .. } => Function::Send,
            Self::Recv { .. } => Function::Recv,
            Self::Close { .. } => Function::Close,
        }
    }

    /// Whether a person waits for this call while it is blocked, rather than for what may come some time.
    #[must_use]
    pub const fn is_awaited(&self) -> bool {
        match self.function() {
            Function::Getaddrinfo | Function::Connect | Function::Send => true,
            Function::Socket
            | Function::Setsockopt
            | Function::Bind
            | Function::Listen
            | Function::Getsockname
            | Function::Accept
            | Function::Recv
            | Function::Close => false,
        }
    }
}

impl fmt::Display for Call {
    /// The call before it has returned; what the kernel would fill in is `…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Getaddrinfo { host, service } => write!(
                f,
                "getaddrinfo(\"{}\", \"{}\")",
                glyph::quoted(host.as_bytes()),
                glyph::quoted(service.as_bytes())
            ),
            Self::Socket { family } => write!(f, "socket({family}, SOCK_STREAM, 0)"),
            Self::SetReuseAddress { fd } => {
                write!(f, "setsockopt({fd}, SOL_SOCKET, SO_REUSEADDR, 1)")
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
            } => write!(f, "send({fd}, {preview}, {length}, 0)"),
            Self::Recv { fd, size } => write!(f, "recv({fd}, …, {size}, 0)"),
            Self::Close { fd } => write!(f, "close({fd})"),
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
    /// Addresses in the resolver's order, from `getaddrinfo`.
    Resolved(Vec<SocketAddr>),
    /// How many bytes the kernel took, from `send`.
    Sent(usize),
    /// What `recv` returned: 0 means that the peer has finished sending.
    Received {
        /// How many bytes.
        count: usize,
        /// The first of them.
        preview: Preview,
    },
    /// -1 and `errno`.
    Failed(Errno),
    /// What `getaddrinfo` returned instead of 0.
    LookupFailed(LookupError),
    /// The person stopped waiting for it; the call itself never returned.
    Cancelled,
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
            Self::Done | Self::Named(_) => f.write_str("= 0"),
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
            (Call::Recv { fd, size }, Outcome::Received { preview, .. }) => {
                format!("recv({fd}, {preview}, {size}, 0)")
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
                Call::Recv { fd, size: 1024 },
                Outcome::Received {
                    count: 4,
                    preview: Preview::of(b"\x1b\"a\n")
                }
            ),
            r#"recv(7, "\x1b\"a\n", 1024, 0) = 4"#
        );
        assert_eq!(
            record(
                Call::Getaddrinfo {
                    host: "localhost".into(),
                    service: "http".into()
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
