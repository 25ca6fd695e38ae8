//! What a failure means that depends on the function that was called.

use std::net::{IpAddr, SocketAddr};

use super::Explanation;
use crate::model::{Call, Errno, Fd, OptionSetting, SocketOption};

/// Explanations that depend on the function that was called.
pub(super) fn by_call(call: &Call, errno: Errno) -> Option<Explanation> {
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
pub(super) const NO_SOCKET: Fd = Fd(-1);

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
