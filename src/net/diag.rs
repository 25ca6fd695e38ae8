//! Asks the Linux kernel what it holds of a TCP socket of this machine: `sock_diag(7)`, which needs no privileges.
//!
//! One request, one answer, each of a few dozen bytes: the exact look-up of a single socket, so that the cost does not
//! grow with the machine's other sockets. The packets are the crate `netlink-packet-sock-diag`'s; what may be believed
//! of an answer is decided here. The descriptor is not one of the playground's sockets: it is in no log.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use netlink_packet_core::{
    NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags, nlas::Nla,
};
use netlink_packet_sock_diag::{AF_INET, AF_INET6, IPPROTO_TCP, SockDiagMessage, TCP_LISTEN};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

/// How long an answer may take. The kernel answers within the request's `send`, in microseconds.
const PATIENCE: Duration = Duration::from_millis(100);

/// Room for a datagram. An answer is below 200 bytes, the end of a dump is a header.
const DATAGRAM: usize = 4096;

/// The accept queue of a listening socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptQueue {
    /// Connections that are established and wait for `accept`.
    pub waiting: u32,
    /// The queue's length as `listen` set it, which the kernel caps at `net.core.somaxconn`. On Linux one more than
    /// this fits.
    pub backlog: u32,
    /// How often the kernel has left a handshake unanswered since the socket was made: a full queue has no room for who
    /// comes next, whose system then tries again. Each try counts; so does the rare packet that is dropped for another reason.
    pub dropped: u32,
}

/// A netlink socket to the kernel of the network namespace in which it was opened.
///
/// One thread asks at a time (it is not `Sync`): two would take each other's answers.
#[derive(Debug)]
pub struct Diag {
    fd: OwnedFd,
    /// The latest request's number, which its answer repeats.
    sequence: Cell<u32>,
}

impl Diag {
    /// Opens the socket and makes sure that the kernel answers questions about TCP.
    ///
    /// # Errors
    /// No descriptor left; or [`io::ErrorKind::Unsupported`] or the kernel's errno where it has no `sock_diag`.
    pub fn open() -> io::Result<Self> {
        let fd = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(SOCK_DIAG),
        )?;
        // Port 0 is the kernel: from now on no other process can put words in its mouth.
        rustix::net::connect(&fd, &SocketAddrNetlink::new(0, 0))?;
        let diag = Self {
            fd,
            sequence: Cell::new(0),
        };
        // A kernel without the module for TCP says ENOENT to everything, which would read as "no such listener". Where
        // there is one, a list of the sockets in no state at all is empty.
        let unspecified = request(AF_INET, SocketId::new_v4(), StateFlags::empty());
        match diag.ask(NLM_F_REQUEST | NLM_F_DUMP, unspecified)? {
            Answer::End => Ok(diag),
            Answer::Absent => Err(io::ErrorKind::Unsupported.into()),
            Answer::Socket(..) => Err(malformed("a socket in no state")),
        }
    }

    /// The accept queue of the TCP socket that listens on `local`, as it was bound: a listener on `0.0.0.0` is found by
    /// `0.0.0.0`. None if the kernel knows no such listener. Where several share the address and port
    /// (`SO_REUSEPORT`), it is one of them.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`], [`io::ErrorKind::InvalidData`], or the kernel's errno
    pub fn accept_queue(&self, local: SocketAddr) -> io::Result<Option<AcceptQueue>> {
        let answer = self.ask(NLM_F_REQUEST, listener_request(local))?;
        match answer {
            Answer::Socket(socket, dropped) => Ok(queue_of(&socket, dropped, local)),
            Answer::Absent => Ok(None),
            Answer::End => Err(malformed("the end of a list that was not asked for")),
        }
    }

    fn ask(&self, flags: u16, request: InetRequest) -> io::Result<Answer> {
        let deadline = Instant::now() + PATIENCE;
        let sequence = self.send(flags, request)?;
        let mut buffer = [0; DATAGRAM];
        loop {
            // An answer of an earlier request, which was given up, is passed over.
            if let Some(answer) = answer_in(self.receive(&mut buffer, deadline)?, sequence)? {
                return Ok(answer);
            }
        }
    }

    /// Sends a request; gives its number.
    fn send(&self, flags: u16, request: InetRequest) -> io::Result<u32> {
        let sequence = self.sequence.get().wrapping_add(1);
        self.sequence.set(sequence);
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = sequence;
        let payload = SockDiagMessage::InetRequest(request).into();
        let mut message = NetlinkMessage::new(header, payload);
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        rustix::net::send(&self.fd, &bytes, SendFlags::empty())?;
        Ok(sequence)
    }

    /// The next datagram, which has to arrive before `deadline`.
    fn receive<'a>(&self, buffer: &'a mut [u8], deadline: Instant) -> io::Result<&'a [u8]> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // Almost always the answer is there already; with TRUNC the count is the datagram's true length.
            match rustix::net::recv(&self.fd, &mut *buffer, RecvFlags::TRUNC) {
                Ok((_, length)) => {
                    return buffer
                        .get(..length)
                        .ok_or_else(|| malformed("a datagram that is too long"));
                }
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let left = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
            match poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(&left)) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// What the kernel said to a request.
#[derive(Debug)]
pub enum Answer {
    /// The socket, or one that it took for it, and how many packets it has dropped.
    Socket(InetResponseHeader, u32),
    /// It knows none: `ENOENT`.
    Absent,
    /// The end of a list.
    End,
}

fn request(family: u8, socket_id: SocketId, states: StateFlags) -> InetRequest {
    InetRequest {
        family,
        protocol: IPPROTO_TCP,
        // The last of its numbers is that of dropped packets: SK_MEMINFO_DROPS.
        extensions: ExtensionFlags::SKMEMINFO,
        states,
        socket_id,
    }
}

/// Asks for the one listener on `local`. The kernel looks for connections first, but none has the peer `0.0.0.0:0`.
fn listener_request(local: SocketAddr) -> InetRequest {
    let (family, unspecified) = match local {
        SocketAddr::V4(_) => (AF_INET, SocketId::new_v4()),
        SocketAddr::V6(_) => (AF_INET6, SocketId::new_v6()),
    };
    let id = SocketId {
        source_port: local.port(),
        source_address: local.ip(),
        // A listener on a link-local address is bound to that link.
        interface_id: match local {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(local) => local.scope_id(),
        },
        // Any cookie: INET_DIAG_NOCOOKIE.
        cookie: [0xff; 8],
        ..unspecified
    };
    request(family, id, StateFlags::LISTEN)
}

/// The queue of `socket`, if that is the listener on `local`. The kernel does as for an arriving connection: for want
/// of a listener on the address it falls back to one on `0.0.0.0` or `[::]`, which is another socket.
fn queue_of(socket: &InetResponseHeader, dropped: u32, local: SocketAddr) -> Option<AcceptQueue> {
    let family = match local.ip() {
        IpAddr::V4(_) => AF_INET,
        IpAddr::V6(_) => AF_INET6,
    };
    let id = &socket.socket_id;
    let same = socket.family == family
        && socket.state == TCP_LISTEN
        && id.source_address == local.ip()
        && id.source_port == local.port();
    same.then_some(AcceptQueue {
        waiting: socket.recv_queue,
        backlog: socket.send_queue,
        dropped,
    })
}

/// What `datagram` answers to the request of that number; none if it is about others only.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] for what is no answer (see `netlink(7)`), or the errno that the kernel answered.
pub fn answer_in(datagram: &[u8], sequence: u32) -> io::Result<Option<Answer>> {
    let mut rest = datagram;
    while !rest.is_empty() {
        let header = NetlinkBuffer::new_checked(rest).map_err(malformed)?;
        let length = header.length() as usize;
        let about = header.sequence_number();
        let (message, after) = rest
            .split_at_checked(length)
            .ok_or_else(|| malformed("a message that is cut off"))?;
        // Messages begin at multiples of four bytes.
        rest = after
            .get(length.next_multiple_of(4) - length..)
            .unwrap_or_default();
        if about == sequence
            && let Some(answer) = answer_of(message)?
        {
            return Ok(Some(answer));
        }
    }
    Ok(None)
}

/// What one message says; none if it is mere padding.
fn answer_of(message: &[u8]) -> io::Result<Option<Answer>> {
    let message = NetlinkMessage::<SockDiagMessage>::deserialize(message).map_err(malformed)?;
    match message.payload {
        NetlinkPayload::Noop => Ok(None),
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
            let dropped = response.nlas.iter().find_map(|attribute| match attribute {
                Nla::MemInfo(memory) => Some(memory.drops),
                _ => None,
            });
            // A kernel that does not tell has, for all one knows, dropped none.
            Ok(Some(Answer::Socket(response.header, dropped.unwrap_or(0))))
        }
        NetlinkPayload::Done(done) if done.code == 0 => Ok(Some(Answer::End)),
        NetlinkPayload::Done(done) => failure(done.code).map(Some),
        NetlinkPayload::Error(error) => failure(error.raw_code()).map(Some),
        other => Err(malformed(format!(
            "a message of type {}",
            other.message_type()
        ))),
    }
}

/// The meaning of an error's code, a negative errno. (The library's conversion to an error overflows for the least
/// number.)
fn failure(code: i32) -> io::Result<Answer> {
    match code.checked_neg() {
        Some(errno) if errno == Errno::NOENT.raw_os_error() => Ok(Answer::Absent),
        Some(errno) if errno > 0 => Err(io::Error::from_raw_os_error(errno)),
        _ => Err(malformed(format!("an error of code {code}"))),
    }
}

fn malformed(what: impl std::fmt::Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("sock_diag answered {what}"),
    )
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    /// A listener with a backlog of one's own choice, which `std` does not offer.
    fn listener(address: &str, backlog: i32) -> io::Result<(TcpListener, SocketAddr)> {
        let address: SocketAddr = address.parse().expect("an address");
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::CLOEXEC;
        let fd = rustix::net::socket_with(family, SocketType::STREAM, flags, None)?;
        rustix::net::bind(&fd, &address)?;
        rustix::net::listen(&fd, backlog)?;
        let listener = TcpListener::from(fd);
        let local = listener.local_addr()?;
        Ok((listener, local))
    }

    fn queue(diag: &Diag, local: SocketAddr) -> Option<(u32, u32)> {
        let found = diag.accept_queue(local).expect("an answer");
        found.map(|queue| (queue.waiting, queue.backlog))
    }

    /// Asks until so many wait: a handshake's last packet may be on its way after `connect` returned.
    fn await_queue(diag: &Diag, local: SocketAddr, expected: (u32, u32)) {
        let limit = Instant::now() + Duration::from_secs(10);
        loop {
            let found = queue(diag, local);
            if found == Some(expected) {
                return;
            }
            assert!(Instant::now() < limit, "{found:?} instead of {expected:?}");
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_queue_fills_to_one_more_than_the_backlog_and_accept_takes_from_it() {
        let diag = Diag::open().expect("sock_diag");
        for backlog in [0, 1, 5, 10] {
            let (listener, local) = listener("127.0.0.1:0", backlog).expect("a listener");
            let backlog = backlog as u32;
            assert_eq!(queue(&diag, local), Some((0, backlog)));
            let mut clients = Vec::new();
            for waiting in 1..=backlog + 1 {
                clients.push(TcpStream::connect(local).expect("room in the queue"));
                await_queue(&diag, local, (waiting, backlog));
            }
            let accepted = listener.accept().expect("a waiting connection");
            await_queue(&diag, local, (backlog, backlog));
            drop((accepted, clients));
        }
    }

    #[test]
    fn a_handshake_for_which_the_queue_has_no_room_is_counted() {
        let diag = Diag::open().expect("sock_diag");
        let dropped = |local| {
            let queue = diag.accept_queue(local).expect("an answer");
            queue.expect("the listener").dropped
        };
        let (_other, another) = listener("127.0.0.1:0", 1).expect("a listener");
        let (listener, local) = listener("127.0.0.1:0", 1).expect("a listener");
        let clients = [(); 2].map(|()| TcpStream::connect(local).expect("room in the queue"));
        await_queue(&diag, local, (2, 1));
        assert_eq!(dropped(local), 0);
        // No answer comes in this time: the kernel tries again after a second.
        let limit = Duration::from_millis(20);
        TcpStream::connect_timeout(&local, limit).expect_err("no room in the queue");
        assert_eq!(dropped(local), 1);
        assert_eq!(dropped(another), 0, "each listener has its own count");
        drop((listener, clients));
    }

    #[test]
    fn a_closed_listener_is_none_although_its_connections_live() {
        let diag = Diag::open().expect("sock_diag");
        let (listener, local) = listener("127.0.0.1:0", 5).expect("a listener");
        let client = TcpStream::connect(local).expect("a connection");
        let (accepted, peer) = listener.accept().expect("the connection");
        assert_eq!(queue(&diag, local), Some((0, 5)));
        assert_eq!(queue(&diag, peer), None, "the client's end");
        drop(listener);
        assert_eq!(queue(&diag, local), None, "the server's end");
        drop((accepted, client));
    }

    #[test]
    fn a_listener_on_all_addresses_is_found_by_that_name_alone() {
        let diag = Diag::open().expect("sock_diag");
        let (_listener, local) = listener("0.0.0.0:0", 7).expect("a listener");
        assert_eq!(queue(&diag, local), Some((0, 7)));
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, local.port()));
        let client = TcpStream::connect(loopback).expect("a connection");
        await_queue(&diag, local, (1, 7));
        assert_eq!(queue(&diag, loopback), None);
        drop(client);
    }

    #[test]
    fn two_listeners_of_one_port_are_told_apart() {
        let diag = Diag::open().expect("sock_diag");
        let (_one, first) = listener("127.0.0.1:0", 3).expect("a listener");
        let (_two, second) = listener(&format!("127.0.0.2:{}", first.port()), 4).expect("another");
        let client = TcpStream::connect(second).expect("a connection");
        await_queue(&diag, second, (1, 4));
        assert_eq!(queue(&diag, first), Some((0, 3)));
        let third = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 3), first.port()));
        assert_eq!(queue(&diag, third), None);
        drop(client);
    }

    #[test]
    fn listeners_of_ipv6_are_found() {
        let diag = Diag::open().expect("sock_diag");
        for address in ["[::1]:0", "[::]:0", "[::ffff:127.0.0.1]:0"] {
            let (listener, local) = match listener(address, 2) {
                Ok(found) => found,
                Err(error) => {
                    eprintln!("skipped: no listener on {address} here: {error}");
                    continue;
                }
            };
            assert_eq!(queue(&diag, local), Some((0, 2)), "{address}");
            let client = TcpStream::connect(local).expect("a connection");
            await_queue(&diag, local, (1, 2));
            // One on [::] serves IPv4 as well, and still it is no listener on 0.0.0.0.
            let all = SocketAddr::from((Ipv4Addr::UNSPECIFIED, local.port()));
            assert_eq!(queue(&diag, all), None, "{address}");
            drop((listener, client));
        }
    }

    #[test]
    fn a_late_answer_of_an_earlier_request_is_passed_over() {
        let diag = Diag::open().expect("sock_diag");
        let (_one, first) = listener("127.0.0.1:0", 3).expect("a listener");
        let (_two, second) = listener("127.0.0.1:0", 4).expect("a listener");
        diag.send(NLM_F_REQUEST, listener_request(first))
            .expect("a request whose answer nobody reads");
        assert_eq!(queue(&diag, second), Some((0, 4)));
        assert_eq!(queue(&diag, first), Some((0, 3)));
    }

    #[test]
    fn an_answer_that_does_not_come_is_not_waited_for() {
        let diag = Diag::open().expect("sock_diag");
        let mut buffer = [0; DATAGRAM];
        let error = diag
            .receive(&mut buffer, Instant::now() + Duration::from_millis(1))
            .expect_err("nothing was asked");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn an_answer_without_room_is_an_error_and_not_half_an_answer() {
        let diag = Diag::open().expect("sock_diag");
        let (_listener, local) = listener("127.0.0.1:0", 3).expect("a listener");
        diag.send(NLM_F_REQUEST, listener_request(local))
            .expect("a request");
        let deadline = Instant::now() + Duration::from_secs(10);
        let error = diag
            .receive(&mut [0; 20], deadline)
            .expect_err("more than twenty bytes");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn the_descriptor_is_closed_on_exec() {
        let diag = Diag::open().expect("sock_diag");
        let flags = rustix::io::fcntl_getfd(&diag.fd).expect("flags");
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    }

    /// The kernel's own words about a listener, and the number of the request.
    fn genuine() -> (Vec<u8>, u32, SocketAddr) {
        let diag = Diag::open().expect("sock_diag");
        let (_listener, local) = listener("127.0.0.1:0", 3).expect("a listener");
        let sequence = diag
            .send(NLM_F_REQUEST, listener_request(local))
            .expect("a request");
        let mut buffer = [0; DATAGRAM];
        let deadline = Instant::now() + Duration::from_secs(10);
        let datagram = diag.receive(&mut buffer, deadline).expect("an answer");
        (datagram.to_vec(), sequence, local)
    }

    /// Numbers that look random and are the same in each run (xorshift).
    fn numbers() -> impl FnMut() -> u32 {
        let mut state = 0x9e37_79b9_u32;
        move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        }
    }

    #[test]
    fn an_answer_is_recognised_by_its_number_and_complete_or_an_error() {
        let (datagram, sequence, local) = genuine();
        let Ok(Some(Answer::Socket(socket, dropped))) = answer_in(&datagram, sequence) else {
            panic!("no socket in {datagram:?}");
        };
        assert_eq!(
            queue_of(&socket, dropped, local).map(|queue| queue.backlog),
            Some(3)
        );
        assert!(matches!(answer_in(&datagram, sequence ^ 1), Ok(None)));
        for length in 1..datagram.len() {
            let error = answer_in(&datagram[..length], sequence).expect_err("cut off");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
        // A connection (the state 1 is ESTABLISHED) has other queues in the same fields.
        let mut connection = datagram.clone();
        connection[17] = 1;
        let Ok(Some(Answer::Socket(socket, dropped))) = answer_in(&connection, sequence) else {
            panic!("no socket in {connection:?}");
        };
        assert_eq!(queue_of(&socket, dropped, local), None);
        // After a message for somebody else it is found as well.
        let mut both = datagram.clone();
        both[8..12].copy_from_slice(&sequence.wrapping_add(7).to_ne_bytes());
        both.extend_from_slice(&datagram);
        assert!(matches!(
            answer_in(&both, sequence),
            Ok(Some(Answer::Socket(..)))
        ));
    }

    /// A message of the kernel's that tells an error, by `NLMSG_ERROR` (2) or by the end of a list (3).
    fn error_message(kind: u16, code: i32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&20_u32.to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&1_u32.to_ne_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&code.to_ne_bytes());
        bytes
    }

    #[test]
    fn errors_of_the_kernel_keep_their_number() {
        for kind in [2, 3] {
            let absent = answer_in(&error_message(kind, -2), 1);
            assert!(matches!(absent, Ok(Some(Answer::Absent))), "{absent:?}");
            let refused = answer_in(&error_message(kind, -1), 1).expect_err("EPERM");
            assert_eq!(refused.raw_os_error(), Some(1));
            for code in [i32::MIN, 1, i32::MAX] {
                let error = answer_in(&error_message(kind, code), 1).expect_err("no errno");
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
            }
        }
        // Nobody asked for an acknowledgement.
        let error = answer_in(&error_message(2, 0), 1).expect_err("no answer");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let end = answer_in(&error_message(3, 0), 1);
        assert!(matches!(end, Ok(Some(Answer::End))), "{end:?}");
    }

    #[test]
    fn hostile_bytes_are_errors_and_never_a_panic() {
        let mut number = numbers();
        let (datagram, sequence, local) = genuine();
        let look = |bytes: &[u8]| {
            if let Ok(Some(Answer::Socket(socket, dropped))) = answer_in(bytes, sequence) {
                let _ = queue_of(&socket, dropped, local);
            }
        };
        // Every value in every place of a genuine answer.
        for place in 0..datagram.len() {
            let mut bytes = datagram.clone();
            for value in 0..=u8::MAX {
                bytes[place] = value;
                look(&bytes);
            }
        }
        // Noise, bare and behind a header that looks right and has each type of message.
        for round in 0..100_000_u32 {
            let length = number() as usize % 300;
            let mut bytes: Vec<u8> = (0..length).map(|_| number() as u8).collect();
            look(&bytes);
            if length >= 18 {
                let kind = [0, 1, 2, 3, 4, 20, 20, 20][round as usize % 8];
                bytes[..4].copy_from_slice(&(length as u32).to_ne_bytes());
                bytes[4..6].copy_from_slice(&u16::to_ne_bytes(kind));
                bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
                bytes[16] = [AF_INET, AF_INET6, 1, 0][number() as usize % 4];
                look(&bytes);
            }
        }
    }
}
