//! What a call's outcome means, in plain words, and what to try next.
//!
//! One sentence of meaning and one of advice for each way in which the calls made here can fail, and for the successes
//! that surprise a learner. The facts are those of the man pages of section 2, `ip(7)`, `tcp(7)`, `getaddrinfo(3)` and
//! RFC 9293; where Linux differs from other systems, the text says "on Linux".

use std::net::{IpAddr, SocketAddr};

use super::call::Ending;
use super::{
    Call, CallRecord, Errno, Fd, LookupError, OptionSetting, OptionValue, Outcome, SocketKind,
    SocketOption, Waited,
};

/// Plain words about an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub meaning: String,
    /// What to try; empty if nothing has to be done.
    pub advice: String,
}

impl Explanation {
    fn new(meaning: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            meaning: meaning.into(),
            advice: advice.into(),
        }
    }

    /// Both sentences in one line.
    #[must_use]
    pub fn line(&self) -> String {
        if self.advice.is_empty() {
            self.meaning.clone()
        } else {
            format!("{}: {}", self.meaning, self.advice)
        }
    }
}

/// What `record` means, if it needs words: every failure does.
#[must_use]
pub fn explain(record: &CallRecord) -> Option<Explanation> {
    match &record.outcome {
        Outcome::Failed(errno) => Some(failed(&record.call, *errno)),
        Outcome::LookupFailed(error) => Some(lookup_failed(&record.call, *error)),
        Outcome::Cancelled => Some(Explanation::new("you stopped waiting for this call", "")),
        Outcome::Received { ending, count, .. } => received(*ending, *count),
        Outcome::Sent(count) => sent(&record.call, *count, record.waited),
        Outcome::Done | Outcome::Value(_) => surprising(&record.call, &record.outcome),
        Outcome::Descriptor(_)
        | Outcome::Accepted { .. }
        | Outcome::Named(_)
        | Outcome::Resolved(_) => None,
    }
}

fn received(ending: Ending, count: usize) -> Option<Explanation> {
    Some(match ending {
        Ending::Stream => Explanation::new(
            "the peer has finished sending (recv 0 is the end of the stream); this side may still send",
            "",
        ),
        Ending::BothStreams => Explanation::new(
            "the peer has finished sending (recv 0 is the end of the stream), and so has this side",
            "nothing more is to come or to go: close the socket",
        ),
        Ending::OwnShutdown => Explanation::new(
            "this side has shut receiving down: recv returns 0 whatever the peer does; on Linux bytes that still come can be received all the same",
            "",
        ),
        Ending::Cut(lost) => Explanation::new(
            format!("the datagram was longer than the buffer: its last {lost} bytes are lost"),
            "one datagram is one recv: give it a larger buffer",
        ),
        Ending::Datagram if count == 0 => Explanation::new(
            "an empty datagram has arrived: with UDP recv 0 is not the end of anything",
            "",
        ),
        Ending::Piece | Ending::Datagram => return None,
    })
}

fn sent(call: &Call, count: usize, waited: Waited) -> Option<Explanation> {
    let Call::Send { length, .. } = call else {
        return None;
    };
    if count >= *length {
        return None;
    }
    let taken = format!(
        "the kernel took {count} of {length} bytes: there is no room for more until the peer has received some"
    );
    let meaning = match waited {
        Waited::NotBlocking => format!(
            "{taken}. A plain program on a blocking socket would wait inside send until all {length} were taken; on a non-blocking one it returns this"
        ),
        Waited::No | Waited::InPoll | Waited::InProgress => taken,
    };
    Some(Explanation::new(
        meaning,
        "the rest is still to be sent: sendall does that by itself",
    ))
}

/// Successes that do something else than a learner expects.
fn surprising(call: &Call, outcome: &Outcome) -> Option<Explanation> {
    match (call, outcome) {
        (
            Call::Setsockopt {
                setting: OptionSetting::Value(SocketOption::Linger, OptionValue::Linger(Some(time))),
                ..
            },
            Outcome::Done,
        ) if time.is_zero() => Some(Explanation::new(
            "from now on close() resets the connection (RST): what is unsent is thrown away",
            "",
        )),
        (
            Call::Setsockopt {
                setting:
                    OptionSetting::Value(
                        SocketOption::ReceiveBuffer | SocketOption::SendBuffer,
                        OptionValue::Number(_),
                    ),
                ..
            },
            Outcome::Done,
        ) => Some(Explanation::new(
            "Linux doubles the number for its own bookkeeping, and keeps it between its limits",
            "get the option to see what it is now",
        )),
        _ => None,
    }
}

/// What it means that `call` failed with `errno`.
#[must_use]
pub fn failed(call: &Call, errno: Errno) -> Explanation {
    by_call(call, errno)
        .or_else(|| by_errno(errno))
        .unwrap_or_else(|| {
            Explanation::new(
                format!("the kernel says: {}", errno.description()),
                format!(
                    "see the ERRORS section of the {} man page",
                    call.function().page()
                ),
            )
        })
}

/// Explanations that depend on the function that was called.
fn by_call(call: &Call, errno: Errno) -> Option<Explanation> {
    if errno == Errno::EBADF && descriptor(call) == Some(NO_SOCKET) {
        return Some(Explanation::new(
            "there is no socket: -1 is what a program holds before socket() and after close()",
            "make one first (socket, or connect)",
        ));
    }
    match call {
        Call::Connect { address, .. } => connect_failed(address, errno),
        Call::Bind { address, .. } => bind_failed(address, errno),
        Call::Listen { .. } => listen_failed(errno),
        Call::Accept { .. } => accept_failed(errno),
        Call::Send { urgent: true, .. } if errno == Errno::EOPNOTSUPP => urgent_failed(errno),
        Call::Send { length, .. } => send_failed(*length, errno),
        Call::Sendto {
            length, address, ..
        } => sendto_failed(*length, address, errno),
        Call::Recv { flags, .. } | Call::Recvfrom { flags, .. } if flags.urgent => {
            urgent_failed(errno).or_else(|| recv_failed(errno))
        }
        Call::Recv { .. } | Call::Recvfrom { .. } => recv_failed(errno),
        Call::Setsockopt { setting, .. } => setsockopt_failed(setting, errno),
        Call::Getsockopt { option, .. } => option_failed(*option, errno),
        Call::Shutdown { .. } => match errno {
            Errno::ENOTCONN => Some(Explanation::new(
                "there is no connection to end: this socket is not connected, or the peer has reset it",
                "connect first; close() works on any socket",
            )),
            _ => None,
        },
        Call::Socket { family, .. } => match errno {
            Errno::EACCES | Errno::EPERM => Some(Explanation::new(
                "this program may not make such a socket",
                "a container or a security policy forbids it; ask whoever runs this machine",
            )),
            Errno::EAFNOSUPPORT => Some(Explanation::new(
                format!("this machine's kernel has no {family}"),
                "use the other address family: 127.0.0.1 is IPv4, ::1 is IPv6",
            )),
            _ => None,
        },
        Call::Close { .. } => match errno {
            Errno::EIO => Some(Explanation::new(
                "an earlier write had failed",
                "on Linux the descriptor is closed all the same: do not close it again",
            )),
            _ => None,
        },
        Call::Getaddrinfo { .. } | Call::Getsockname { .. } | Call::EpollWait { .. } => None,
    }
}

/// What a program holds that has no socket.
const NO_SOCKET: Fd = Fd(-1);

const fn descriptor(call: &Call) -> Option<Fd> {
    match call {
        Call::Getaddrinfo { .. } | Call::Socket { .. } | Call::EpollWait { .. } => None,
        Call::Setsockopt { fd, .. }
        | Call::Getsockopt { fd, .. }
        | Call::Bind { fd, .. }
        | Call::Listen { fd, .. }
        | Call::Getsockname { fd }
        | Call::Accept { fd }
        | Call::Connect { fd, .. }
        | Call::Send { fd, .. }
        | Call::Sendto { fd, .. }
        | Call::Recv { fd, .. }
        | Call::Recvfrom { fd, .. }
        | Call::Shutdown { fd, .. }
        | Call::Close { fd } => Some(*fd),
    }
}

fn urgent_failed(errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::EINVAL => Explanation::new(
            "no urgent byte waits: none was sent, it was received already, or it comes in line (SO_OOBINLINE)",
            "the socket is exceptional when one waits",
        ),
        Errno::EAGAIN => Explanation::new(
            "an urgent byte was announced and has not arrived yet",
            "try again; receive what comes before it first",
        ),
        Errno::EOPNOTSUPP => Explanation::new(
            "this kind of socket has no urgent data",
            "only TCP has; UDP sends each datagram for itself",
        ),
        _ => return None,
    })
}

fn option_failed(option: SocketOption, errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::ENOPROTOOPT | Errno::EOPNOTSUPP => Explanation::new(
            format!("this kind of socket has no option {option}"),
            "options of TCP are for TCP sockets; those of multicast and broadcast for UDP",
        ),
        Errno::EINVAL
            if matches!(
                option,
                SocketOption::MulticastTtl | SocketOption::MulticastLoop
            ) =>
        {
            no_multicast()
        }
        Errno::EINVAL | Errno::EDOM => Explanation::new(
            format!("the kernel does not take this value for {option}"),
            "try a smaller one",
        ),
        _ => return None,
    })
}

/// ip(7) has `EINVAL` for a stream socket.
fn no_multicast() -> Explanation {
    Explanation::new(
        "multicast is for datagram sockets, and the value may be too large",
        "make a UDP socket; a TTL goes up to 255",
    )
}

fn setsockopt_failed(setting: &OptionSetting, errno: Errno) -> Option<Explanation> {
    let group = match setting {
        OptionSetting::Value(option, _) => return option_failed(*option, errno),
        OptionSetting::MulticastInterface(_) => {
            return match errno {
                Errno::EADDRNOTAVAIL | Errno::ENODEV => Some(Explanation::new(
                    "no interface of this machine has that address or index",
                    "ip addr lists both",
                )),
                Errno::EINVAL => Some(no_multicast()),
                _ => None,
            };
        }
        OptionSetting::Join(group, _) | OptionSetting::Leave(group, _) => group,
    };
    Some(match (setting, errno) {
        (_, Errno::ENODEV) => Explanation::new(
            "no interface was found for this group",
            "name one by its address or index (ip addr lists both); 127.0.0.1 stays on this machine",
        ),
        (OptionSetting::Join(..), Errno::EADDRINUSE) => Explanation::new(
            format!("this socket is a member of {group} already"),
            "leave it first",
        ),
        (OptionSetting::Leave(..), Errno::EADDRNOTAVAIL) => Explanation::new(
            format!("this socket is no member of {group} on that interface"),
            "join it first",
        ),
        (_, Errno::EINVAL) => Explanation::new(
            format!("{group} is no multicast group of this socket's family"),
            "groups are 224.0.0.0 to 239.255.255.255 in IPv4 and ff00::/8 in IPv6",
        ),
        (_, Errno::ENOPROTOOPT | Errno::EPROTO) => Explanation::new(
            "this kind of socket has no multicast groups",
            "make a UDP socket of the group's family",
        ),
        (_, Errno::ENOBUFS) => Explanation::new(
            "this socket is a member of as many groups as the kernel allows",
            "leave one first",
        ),
        _ => return None,
    })
}

fn sendto_failed(length: usize, address: &SocketAddr, errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::EACCES => Explanation::new(
            format!(
                "{} is a broadcast address, and this socket may not send to one",
                address.ip()
            ),
            "set SO_BROADCAST first",
        ),
        Errno::EISCONN => Explanation::new(
            "this socket is connected: its peer is fixed",
            "use send without an address",
        ),
        Errno::EINVAL if address.port() == 0 => Explanation::new(
            "port 0 is no port to send to",
            "give the port that the other side is bound to",
        ),
        Errno::EAFNOSUPPORT => Explanation::new(
            "the address is of another family than the socket",
            "an IPv4 socket sends to IPv4 addresses, an IPv6 socket to IPv6 addresses",
        ),
        Errno::ENETUNREACH => Explanation::new(
            format!(
                "this machine has no route to the network of {}",
                address.ip()
            ),
            "check the cable, Wi-Fi or VPN; a multicast group may need an interface",
        ),
        _ => return send_failed(length, errno),
    })
}

fn connect_failed(address: &SocketAddr, errno: Errno) -> Option<Explanation> {
    let (ip, port) = (address.ip(), address.port());
    Some(match errno {
        Errno::ECONNREFUSED if port == 0 => Explanation::new(
            "port 0 is no port that anyone can listen on",
            "give the port that the server printed",
        ),
        Errno::ECONNREFUSED if ip.is_loopback() => Explanation::new(
            format!("nobody listens on {address}, an address of this machine"),
            "start a server there, or check the address and the port",
        ),
        Errno::ECONNREFUSED => Explanation::new(
            format!("{ip} answered that nobody listens on its port {port}"),
            "check the port, and that the server runs and is bound to that address",
        ),
        Errno::ETIMEDOUT => Explanation::new(
            format!("{ip} did not answer at all, however often the kernel asked"),
            "the address may be wrong, the machine off, a firewall drops the packets, or the server's accept queue is full (refused would have answered at once)",
        ),
        Errno::EHOSTUNREACH => Explanation::new(
            format!("no way to the host {ip}: its network answered that it is not there"),
            "check the address and that the machine is on; a firewall can answer this too",
        ),
        Errno::ENETUNREACH => Explanation::new(
            format!("this machine has no route to the network of {ip}"),
            "check the cable, Wi-Fi or VPN; an IPv6 address needs an IPv6 network",
        ),
        Errno::EADDRNOTAVAIL => Explanation::new(
            "no local address or port is left for this connection",
            "wait a minute for old connections to leave TIME_WAIT, or check that the address exists here",
        ),
        Errno::EADDRINUSE => Explanation::new(
            "the local address and port are already used for a connection to the same peer",
            "bind to another source port, or to none",
        ),
        Errno::EACCES | Errno::EPERM => Explanation::new(
            format!("this machine does not allow a connection to {address}"),
            "a local firewall rule forbids it, or the address is a broadcast address",
        ),
        Errno::EISCONN => Explanation::new(
            "this socket is connected or has been: one socket is one connection",
            "close it first, then connect again",
        ),
        Errno::EALREADY => Explanation::new(
            "an earlier connect on this socket is still under way",
            "wait for it, or cancel it",
        ),
        Errno::EINPROGRESS => Explanation::new(
            "the handshake has begun; a non-blocking connect does not wait for its end",
            "wait until the socket is writable, then ask again",
        ),
        Errno::EAFNOSUPPORT => Explanation::new(
            "the address is of another family than the socket",
            "an IPv4 socket connects to IPv4 addresses, an IPv6 socket to IPv6 addresses",
        ),
        Errno::EINVAL => Explanation::new(
            "the kernel does not take this address for this socket",
            "an IPv6 link-local address (fe80::) needs its interface: fe80::1%eth0",
        ),
        Errno::ECONNRESET => Explanation::new(
            "the peer broke off the handshake",
            "the server may be overloaded or a firewall cut in; try again",
        ),
        Errno::ECONNABORTED => Explanation::new(
            "the connection was broken off while it was being made",
            "try again",
        ),
        _ => return None,
    })
}

fn bind_failed(address: &SocketAddr, errno: Errno) -> Option<Explanation> {
    let (ip, port) = (address.ip(), address.port());
    Some(match errno {
        Errno::EADDRINUSE if port == 0 => Explanation::new(
            "the kernel has no free port left to choose",
            "close some sockets, or name a port yourself",
        ),
        Errno::EADDRINUSE => Explanation::new(
            format!(
                "port {port} is taken: another socket is bound to it, or with TCP old connections of it are in TIME_WAIT for a minute"
            ),
            format!(
                "ss -anp 'sport = :{port}' names them; stop that program, set SO_REUSEADDR before bind, or choose another port (0: any free one)"
            ),
        ),
        Errno::EADDRNOTAVAIL => Explanation::new(
            format!("{ip} is not an address of this machine"),
            "bind to one that is: 127.0.0.1 for this machine alone, 0.0.0.0 for all of its addresses (ip addr lists them)",
        ),
        Errno::EACCES | Errno::EPERM if port < 1024 && port > 0 => Explanation::new(
            format!("ports below 1024 are privileged, and {port} is one of them"),
            "choose a port from 1024 to 65535",
        ),
        Errno::EACCES | Errno::EPERM => Explanation::new(
            format!("this program may not bind to {address}"),
            "a security policy forbids it; try another port",
        ),
        Errno::EINVAL if is_link_local(ip) => Explanation::new(
            "an IPv6 link-local address is one of an interface, and none was named",
            "give the interface with it: fe80::1%eth0 (ip addr lists both)",
        ),
        Errno::EINVAL => Explanation::new(
            "the socket already has an address, or this one is no good for it",
            "a socket is bound once: make a new socket for another address",
        ),
        Errno::EAFNOSUPPORT => Explanation::new(
            "the address is of another family than the socket",
            "an IPv4 socket binds to IPv4 addresses, an IPv6 socket to IPv6 addresses",
        ),
        _ => return None,
    })
}

const fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

fn listen_failed(errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::EADDRINUSE => Explanation::new(
            "another socket already listens on this port",
            "stop that program, or choose another port",
        ),
        Errno::EDESTADDRREQ => Explanation::new("the socket has no address yet", "bind it first"),
        Errno::EINVAL => Explanation::new(
            "a connected socket cannot listen",
            "make a new socket for the server",
        ),
        Errno::EOPNOTSUPP => Explanation::new(
            "this kind of socket cannot listen",
            "only stream sockets (TCP) listen; UDP has no connections to accept",
        ),
        _ => return None,
    })
}

fn accept_failed(errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::EMFILE => Explanation::new(
            "this program has no file descriptor left for another connection",
            "it waits in the accept queue until one is closed; ulimit -n shows the limit",
        ),
        Errno::ENFILE => Explanation::new(
            "the whole machine has no file descriptor left",
            "close something; the connection waits in the accept queue",
        ),
        Errno::ENOBUFS | Errno::ENOMEM => Explanation::new(
            "the kernel has no memory for another connection",
            "close connections; this one waits in the accept queue",
        ),
        Errno::EAGAIN => Explanation::new(
            "no connection waits to be accepted",
            "wait until the listening socket is readable",
        ),
        Errno::ECONNABORTED => Explanation::new(
            "the client gave up before it was accepted",
            "nothing to do: accept the next one",
        ),
        Errno::EINVAL => Explanation::new("this socket does not listen", "call listen first"),
        Errno::EOPNOTSUPP => Explanation::new(
            "this kind of socket has no connections to accept",
            "only stream sockets (TCP) do",
        ),
        // accept(2): Linux passes on errors that the new connection already has.
        Errno::ENETDOWN
        | Errno::EPROTO
        | Errno::ENOPROTOOPT
        | Errno::EHOSTDOWN
        | Errno::EHOSTUNREACH
        | Errno::ENETUNREACH => Explanation::new(
            "the connection failed before it was accepted",
            "nothing to do: accept the next one",
        ),
        Errno::EPERM => Explanation::new(
            "a firewall rule forbids this connection",
            "ask whoever runs this machine",
        ),
        _ => return None,
    })
}

fn send_failed(length: usize, errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::EPIPE => Explanation::new(
            "this socket cannot be written to: it was never connected, was reset, or its sending side is shut down",
            "close it and connect again (the send before this one may have looked fine: it only filled a buffer)",
        ),
        Errno::ECONNRESET => Explanation::new(
            "the peer has thrown this connection away (RST)",
            "close it and connect again; what was sent last may not have arrived",
        ),
        Errno::ENOTCONN => Explanation::new("this socket is not connected", "connect first"),
        Errno::ECONNREFUSED => Explanation::new(
            "an earlier datagram was answered by ICMP: nobody is bound to that port; a connected UDP socket tells it with the next call",
            "check the port; this datagram was not sent, the next one will be",
        ),
        Errno::EDESTADDRREQ => Explanation::new(
            "the socket has no peer and send names none",
            "connect it, or use sendto, which names one",
        ),
        Errno::EAGAIN => Explanation::new(
            "there is no room to send now: the send buffer is full because the peer reads more slowly than you send, or the handshake is not over",
            "wait until the socket is writable",
        ),
        Errno::EMSGSIZE => Explanation::new(
            format!("{length} bytes are too many for one datagram"),
            "UDP carries at most 65,507 bytes over IPv4",
        ),
        Errno::ETIMEDOUT => Explanation::new(
            "the peer has stopped acknowledging what was sent",
            "the machine or the path to it is gone; close and connect again",
        ),
        Errno::EHOSTUNREACH => Explanation::new(
            "the path to the peer is gone: its host cannot be reached any more",
            "check the network; close and connect again",
        ),
        Errno::ENOBUFS | Errno::ENOMEM => Explanation::new(
            "the kernel has no memory for these bytes",
            "send again a little later",
        ),
        _ => return None,
    })
}

fn recv_failed(errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::ECONNRESET => Explanation::new(
            "the peer has thrown the connection away (RST) instead of closing it (FIN)",
            "it crashed, closed with unread data, or reset on purpose; close and connect again",
        ),
        Errno::ENOTCONN => Explanation::new("this socket is not connected", "connect first"),
        Errno::ECONNREFUSED => Explanation::new(
            "an earlier datagram was answered by ICMP: nobody is bound to that port; a connected UDP socket tells it with the next call",
            "check the port",
        ),
        Errno::EAGAIN => Explanation::new(
            "nothing has arrived yet",
            "wait until the socket is readable",
        ),
        Errno::ETIMEDOUT => Explanation::new(
            "the peer has not answered for so long that the kernel gave the connection up",
            "the machine or the path to it is gone; close and connect again",
        ),
        Errno::EHOSTUNREACH => Explanation::new(
            "the path to the peer is gone: its host cannot be reached any more",
            "check the network; close and connect again",
        ),
        Errno::ENOMEM => Explanation::new("the kernel has no memory for this call", "try again"),
        Errno::EINVAL => Explanation::new(
            "the kernel does not take these arguments",
            "check the flags",
        ),
        _ => return None,
    })
}

/// An errno in a line, whatever was called: `EMFILE: this program has no file descriptor left: close some sockets; …`.
#[must_use]
pub fn errno_line(errno: Errno) -> String {
    match by_errno(errno) {
        Some(explanation) => format!("{errno}: {}", explanation.line()),
        None => format!("{errno}: {}", errno.description()),
    }
}

/// Explanations that hold whatever was called.
fn by_errno(errno: Errno) -> Option<Explanation> {
    Some(match errno {
        Errno::EMFILE => Explanation::new(
            "this program has no file descriptor left",
            "close some sockets; ulimit -n shows the limit",
        ),
        Errno::ENFILE => Explanation::new(
            "the whole machine has no file descriptor left",
            "close some programs",
        ),
        Errno::ENOBUFS | Errno::ENOMEM => Explanation::new(
            "the kernel has no memory for this",
            "close something and try again",
        ),
        Errno::EBADF => Explanation::new(
            "this descriptor is not open",
            "it was closed before: make a new socket",
        ),
        Errno::ENOTSOCK => Explanation::new("this descriptor is not a socket", "use a socket"),
        Errno::EACCES | Errno::EPERM => Explanation::new(
            "this program has not the right to do that",
            "ask whoever runs this machine",
        ),
        Errno::EAFNOSUPPORT => Explanation::new(
            "this machine does not know that address family",
            "use the other one: IPv4 or IPv6",
        ),
        Errno::EPROTONOSUPPORT | Errno::EPROTOTYPE | Errno::ESOCKTNOSUPPORT => Explanation::new(
            "this protocol does not go with this kind of socket",
            "TCP needs a stream socket, UDP a datagram socket",
        ),
        Errno::EOPNOTSUPP => Explanation::new(
            "this kind of socket cannot do that",
            "listen and accept are for TCP",
        ),
        Errno::ENOPROTOOPT => Explanation::new(
            "this socket has no such option at this level",
            "check the option's name and level",
        ),
        Errno::ENODEV => {
            Explanation::new("there is no such interface", "ip addr lists those that are")
        }
        Errno::EDOM => Explanation::new("the value is too large", "try a smaller one"),
        Errno::EINVAL => Explanation::new(
            "the kernel does not take these arguments in this state",
            "check the order of the calls",
        ),
        Errno::EFAULT => Explanation::new(
            "an address in memory was wrong",
            "this is a bug of sockyard: please report it",
        ),
        Errno::EINTR => Explanation::new(
            "a signal came before anything happened",
            "make the call again",
        ),
        Errno::EAGAIN => Explanation::new("the call would have to wait", "try again later"),
        Errno::ENETDOWN => Explanation::new("the network interface is down", "switch it on"),
        Errno::ENETUNREACH => Explanation::new(
            "this machine has no route to that network",
            "check the cable, Wi-Fi or VPN",
        ),
        Errno::EHOSTUNREACH | Errno::EHOSTDOWN => Explanation::new(
            "the host cannot be reached",
            "check the address and that the machine is on",
        ),
        Errno::EADDRINUSE => Explanation::new("this address is in use", "choose another port"),
        Errno::EADDRNOTAVAIL => Explanation::new(
            "this address is not one of this machine's",
            "ip addr lists those that are",
        ),
        Errno::ENOTCONN => Explanation::new("this socket is not connected", "connect first"),
        Errno::EISCONN => Explanation::new("this socket is already connected", "close it first"),
        Errno::ECONNREFUSED => Explanation::new("nobody listens there", "check the port"),
        Errno::ECONNRESET => Explanation::new(
            "the peer has thrown the connection away (RST)",
            "close and connect again",
        ),
        Errno::ECONNABORTED => Explanation::new(
            "the connection was broken off by this machine",
            "close and connect again",
        ),
        Errno::EPIPE => Explanation::new(
            "this connection can no longer be written to",
            "close and connect again",
        ),
        Errno::ETIMEDOUT => Explanation::new("nobody answered in time", "check the address"),
        Errno::EINPROGRESS => Explanation::new("it has begun and goes on", "wait for its end"),
        Errno::EALREADY => Explanation::new("it is already under way", "wait for its end"),
        Errno::EDESTADDRREQ => {
            Explanation::new("no destination address was given", "connect or bind first")
        }
        Errno::EMSGSIZE => Explanation::new("the message is too long", "send less at once"),
        Errno::EPROTO => Explanation::new("the protocol went wrong", "close and connect again"),
        Errno::EIO => Explanation::new("input or output failed", "close and try again"),
        _ => return None,
    })
}

/// What it means that `getaddrinfo` returned `error`.
#[must_use]
pub fn lookup_failed(call: &Call, error: LookupError) -> Explanation {
    let (host, service, protocol) = match call {
        Call::Getaddrinfo {
            host,
            service,
            kind,
            ..
        } => (host.as_str(), service.as_str(), kind.protocol()),
        _ => ("", "", SocketKind::Stream.protocol()),
    };
    match error {
        LookupError::System(errno) => Explanation::new(
            format!("the resolver itself failed: {}", errno.description()),
            "check that /etc/resolv.conf can be read and that descriptors are left",
        ),
        LookupError::NulByte => {
            Explanation::new("a name cannot hold a NUL byte", "take it out of the name")
        }
        LookupError::Eai(number) => match number {
            -1 => Explanation::new(
                "the hints had bad flags",
                "this is a bug of sockyard: please report it",
            ),
            -2 if host.is_empty() => {
                Explanation::new("no host was given", "type one: 127.0.0.1 is this machine")
            }
            -2 => Explanation::new(
                format!("nobody knows a host named {host}"),
                "check the spelling; 127.0.0.1 is this machine",
            ),
            -3 => Explanation::new(
                format!("the name server did not answer when asked for {host}"),
                "check the network and try again; a numeric address needs no name server",
            ),
            -4 => Explanation::new(
                format!("the name server answered that it cannot tell {host}'s address"),
                "trying again will not help: use another name server, or a numeric address",
            ),
            -5 => Explanation::new(
                format!("{host} exists but has no address"),
                "it may have only mail or text records; check the name",
            ),
            -6 => Explanation::new(
                "the resolver does not know that address family",
                "use IPv4 or IPv6",
            ),
            -7 => Explanation::new(
                "the resolver does not know that kind of socket",
                "use a stream or a datagram socket",
            ),
            -8 => Explanation::new(
                format!("no {protocol} service is named {service}"),
                "give a port from 0 to 65535, or a name from /etc/services such as http",
            ),
            -9 => Explanation::new(
                format!("{host} has no address of the family asked for"),
                "try the other family: IPv4 or IPv6",
            ),
            -10 => Explanation::new(
                "the resolver has no memory left",
                "close something and try again",
            ),
            -12 => Explanation::new("the name is too long for the resolver", "check the name"),
            -100 | -101 | -104 => Explanation::new("the look-up was interrupted", "try again"),
            -105 => Explanation::new(
                format!("{host} cannot be written as an international domain name"),
                "check the spelling",
            ),
            other => Explanation::new(
                format!("the resolver says error {other}"),
                "see getaddrinfo(3)",
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{
        Actor, ClientId, Family, Interface, Moment, Preview, RecvFlags, ShutdownHow,
    };

    fn calls() -> Vec<Call> {
        let fd = Fd(7);
        let address: SocketAddr = "127.0.0.1:81".parse().expect("an address");
        let (family, kind) = (Family::Inet, SocketKind::Stream);
        let (length, preview) = (70_000, Preview::of(b"x"));
        let (size, flags) = (1024, RecvFlags::default());
        let urgent = RecvFlags {
            urgent: true,
            ..flags
        };
        let group = "239.1.2.3".parse().expect("an address");
        let setsockopt = |setting| Call::Setsockopt {
            fd,
            setting,
            family,
        };
        vec![
            Call::Getaddrinfo {
                host: "nowhere".into(),
                service: "81".into(),
                family: None,
                kind,
            },
            Call::Socket { family, kind },
            setsockopt(OptionSetting::Value(
                SocketOption::NoDelay,
                OptionValue::Flag(true),
            )),
            setsockopt(OptionSetting::Join(group, Interface::Any)),
            setsockopt(OptionSetting::Leave(group, Interface::Any)),
            setsockopt(OptionSetting::MulticastInterface(Interface::Any)),
            Call::Getsockopt {
                fd,
                option: SocketOption::Linger,
                family,
            },
            Call::Bind { fd, address },
            Call::Listen { fd, backlog: 5 },
            Call::Getsockname { fd },
            Call::Accept { fd },
            Call::Connect { fd, address },
            Call::Send {
                fd,
                length,
                preview: preview.clone(),
                urgent: false,
            },
            Call::Sendto {
                fd,
                length,
                preview,
                address,
            },
            Call::Recv { fd, size, flags },
            Call::Recv {
                fd,
                size,
                flags: urgent,
            },
            Call::Recvfrom { fd, size, flags },
            Call::Shutdown {
                fd,
                how: ShutdownHow::Write,
            },
            Call::Close { fd },
            Call::Close { fd: NO_SOCKET },
        ]
    }

    #[test]
    fn every_errno_that_the_calls_can_give_is_explained_in_our_own_words() {
        let errnos = [
            Errno::EACCES,
            Errno::EADDRINUSE,
            Errno::EADDRNOTAVAIL,
            Errno::EAFNOSUPPORT,
            Errno::EAGAIN,
            Errno::EALREADY,
            Errno::EBADF,
            Errno::ECONNABORTED,
            Errno::ECONNREFUSED,
            Errno::ECONNRESET,
            Errno::EDESTADDRREQ,
            Errno::EDOM,
            Errno::EFAULT,
            Errno::EHOSTDOWN,
            Errno::EHOSTUNREACH,
            Errno::EINPROGRESS,
            Errno::EINTR,
            Errno::EINVAL,
            Errno::EIO,
            Errno::EISCONN,
            Errno::EMFILE,
            Errno::EMSGSIZE,
            Errno::ENETDOWN,
            Errno::ENETUNREACH,
            Errno::ENFILE,
            Errno::ENODEV,
            Errno::ENOBUFS,
            Errno::ENOMEM,
            Errno::ENOPROTOOPT,
            Errno::ENOTCONN,
            Errno::ENOTSOCK,
            Errno::EOPNOTSUPP,
            Errno::EPERM,
            Errno::EPIPE,
            Errno::EPROTO,
            Errno::EPROTONOSUPPORT,
            Errno::EPROTOTYPE,
            Errno::ESOCKTNOSUPPORT,
            Errno::ETIMEDOUT,
        ];
        for call in calls() {
            for errno in errnos {
                let said = failed(&call, errno);
                assert!(
                    !said.meaning.starts_with("the kernel says"),
                    "{call} {errno}"
                );
                assert!(!said.advice.is_empty(), "{call} {errno}");
            }
        }
    }

    #[test]
    fn every_resolver_error_has_its_name_and_words() {
        let call = &calls()[0];
        for number in LookupError::NUMBERS {
            let error = LookupError::Eai(number);
            assert!(
                error.name().starts_with("EAI_") && error.name() != "EAI_?",
                "{number}"
            );
            let said = lookup_failed(call, error);
            assert!(!said.meaning.contains("says error"), "{number}");
            assert!(!said.advice.is_empty(), "{number}");
        }
    }

    #[test]
    fn an_errno_without_words_of_ours_still_says_something() {
        let said = failed(&Call::Close { fd: Fd(1) }, Errno(98_765)).line();
        assert!(said.contains("close(2)"), "{said}");
    }

    /// What is said to a call with this outcome, which waited like that.
    fn said(call: Call, outcome: Outcome, waited: Waited) -> Option<String> {
        let explanation = explain(&CallRecord {
            who: Actor::Client(ClientId::FIRST),
            call,
            outcome,
            entered: Moment(0),
            returned: Moment(0),
            took: Duration::ZERO,
            waited,
        });
        explanation.map(|said| said.line())
    }

    #[test]
    fn a_send_of_a_part_says_what_a_blocking_socket_would_do_where_it_is_to_block() {
        let send = Call::Send {
            fd: Fd(7),
            length: 10,
            preview: Preview::of(b"0123456789"),
            urgent: false,
        };
        let said = |count, waited| said(send.clone(), Outcome::Sent(count), waited);
        let blocking = said(3, Waited::NotBlocking).expect("words");
        assert!(
            blocking.contains("3 of 10 bytes")
                && blocking.contains("would wait inside send until all 10 were taken")
                && blocking.contains("on a non-blocking one it returns this"),
            "{blocking}"
        );
        let plain = said(3, Waited::No).expect("words");
        assert!(
            plain.contains("3 of 10 bytes") && !plain.contains("blocking"),
            "{plain}"
        );
        assert_eq!(said(10, Waited::InPoll), None);
    }

    #[test]
    fn a_recv_of_nothing_says_who_has_ended_what() {
        let said = |ending| {
            let recv = Call::Recv {
                fd: Fd(7),
                size: 10,
                flags: RecvFlags::default(),
            };
            let outcome = Outcome::Received {
                count: 0,
                preview: Preview::of(b""),
                ending,
                from: None,
            };
            said(recv, outcome, Waited::No).expect("words")
        };
        let peers = said(Ending::Stream);
        assert!(peers.contains("this side may still send"), "{peers}");
        let both = said(Ending::BothStreams);
        assert!(both.contains("the peer has finished sending"), "{both}");
        assert!(!both.contains("may still send"), "{both}");
        let own = said(Ending::OwnShutdown);
        assert!(own.contains("this side has shut receiving down"), "{own}");
        assert!(!own.contains("the peer has finished"), "{own}");
    }

    #[test]
    fn refused_on_loopback_names_the_port_and_the_way_out() {
        let address = "127.0.0.1:81".parse().expect("an address");
        let said = failed(&Call::Connect { fd: Fd(9), address }, Errno::ECONNREFUSED).line();
        assert!(
            said.starts_with(
                "nobody listens on 127.0.0.1:81, an address of this machine: start a server there"
            ),
            "{said}"
        );
    }
}
