//! The other ends: plain std sockets on 127.0.0.1, whose every wait has a limit.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::harness::LIMIT;

/// What a listener of a peer accepts from its clients before they must wait: little, so that a send blocks soon.
const SMALL_BUFFER: usize = 64 << 10;

/// A listener on a free port of 127.0.0.1 whose connections have a small receive buffer.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    set_socket_recv_buffer_size(&listener, SMALL_BUFFER).expect("a buffer size");
    let address = listener.local_addr().expect("a bound address");
    (listener, address)
}

/// The next connection of `listener`.
#[track_caller]
pub fn accept(listener: &TcpListener) -> TcpStream {
    wait_until_ready(listener, PollFlags::IN);
    let (stream, _) = listener.accept().expect("a connection");
    limited(stream)
}

/// A connection to `address`.
#[track_caller]
pub fn connect(address: SocketAddr) -> TcpStream {
    limited(TcpStream::connect_timeout(&address, LIMIT).expect("a connection"))
}

/// A socket that is bound to a port of `address`'s host and does not listen: who connects to it is refused, and nobody
/// else can be given the port meanwhile.
pub fn bound(address: SocketAddr) -> rustix::io::Result<OwnedFd> {
    let socket = open(&address, SocketFlags::CLOEXEC)?;
    rustix::net::bind(&socket, &address)?;
    Ok(socket)
}

/// A port of 127.0.0.1 where nobody listens, for as long as the descriptor lives.
pub fn refusing() -> (OwnedFd, SocketAddr) {
    let socket = bound(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = local_address(&socket);
    (socket, address)
}

/// A listener that accepts nothing and whose accept queue is full: who connects to it waits.
pub struct FullQueue {
    /// Where it listens.
    pub address: SocketAddr,
    _sockets: Vec<OwnedFd>,
}

impl FullQueue {
    /// More than any system lets wait with `listen(0)`.
    const CLIENTS: usize = 16;

    /// Fills the accept queue of a new listener.
    pub fn new() -> Self {
        let (listener, address) = refusing();
        rustix::net::listen(&listener, 0).expect("a listening socket");
        let mut sockets = vec![listener];
        for _ in 0..Self::CLIENTS {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let client = open(&address, flags).expect("a socket");
            let result = rustix::net::connect(&client, &address);
            assert_eq!(result, Err(rustix::io::Errno::INPROGRESS));
            sockets.push(client);
        }
        // With the first one connected the queue of `listen(0)` is full.
        wait_until_ready(&sockets[1], PollFlags::OUT);
        Self {
            address,
            _sockets: sockets,
        }
    }
}

/// Sends all of `bytes`.
#[track_caller]
pub fn send(mut stream: &TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).expect("the peer takes the bytes");
}

/// The next `count` bytes.
#[track_caller]
pub fn read(mut stream: &TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).expect("the peer sends");
    bytes
}

/// Everything up to the end of the stream, which must be an orderly one.
#[track_caller]
pub fn read_to_end(mut stream: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("an orderly end");
    bytes
}

/// Ends the connection with a reset.
pub fn reset(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).expect("a linger time");
    drop(stream);
}

/// Runs `body` on a thread of its own; the test joins it.
pub fn beside<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new()
        .name("peer".to_owned())
        .spawn(body)
        .expect("a thread")
}

/// The address that `socket` is bound to.
fn local_address(socket: &impl AsFd) -> SocketAddr {
    let address = rustix::net::getsockname(socket).expect("a bound address");
    SocketAddr::try_from(address).expect("an internet address")
}

fn open(address: &SocketAddr, flags: SocketFlags) -> rustix::io::Result<OwnedFd> {
    let family = if address.is_ipv4() {
        AddressFamily::INET
    } else {
        AddressFamily::INET6
    };
    rustix::net::socket_with(family, SocketType::STREAM, flags, None)
}

fn limited(stream: TcpStream) -> TcpStream {
    stream
        .set_read_timeout(Some(LIMIT))
        .and_then(|()| stream.set_write_timeout(Some(LIMIT)))
        .expect("a limit for waiting");
    stream
}

#[track_caller]
fn wait_until_ready(fd: &impl AsFd, flags: PollFlags) {
    let limit = Timespec::try_from(LIMIT).expect("a time");
    let ready = poll(&mut [PollFd::new(fd, flags)], Some(&limit)).expect("a wait");
    assert_eq!(ready, 1, "no peer within {LIMIT:?}");
}
