//! Who is at the other end: peers that connect to the program's server, and one that it can connect to. They send what
//! would harm a terminal, floods, or nothing, and end in every way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::random::Random;

/// Where the program's server listens, unless the monkey has it listen elsewhere.
const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 8888);
/// Where the hostile peer listens.
const PEER: ([u8; 4], u16) = ([127, 0, 0, 1], 9000);
/// How long a peer rests between two deeds.
const REST: Duration = Duration::from_millis(3);
/// How many connections a peer holds.
const HELD: usize = 12;

/// Texts that would harm a terminal.
const HOSTILE: [&str; 8] = [
    "\x1b[2J\x1b[H\x1b[?1049l",
    "\x1b]52;c;cm0gLXJm\x07",
    "\u{9b}2J\u{9d}0;t\u{9c}\u{202e}abc",
    "你好👩\u{200d}👩\u{200d}👧\u{301}",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "\n",
    "exit\n",
    "\u{feff}a\u{200b}\u{ad}b\u{e000}\0",
];

/// The peers; they end when this is dropped.
pub struct Peers {
    stop: Vec<Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    connected: Arc<AtomicUsize>,
}

impl Peers {
    pub fn start(seed: u64) -> Self {
        let mut peers = Self {
            stop: Vec::new(),
            threads: Vec::new(),
            connected: Arc::default(),
        };
        let listener = TcpListener::bind(SocketAddr::from(PEER)).expect("the namespace is ours");
        listener.set_nonblocking(true).expect("a mode");
        for number in 0..2 {
            let mut random = Random::new(seed + 1 + number);
            let connected = Arc::clone(&peers.connected);
            peers.spawn(move |stop| connects(&mut random, &stop, &connected));
        }
        let mut random = Random::new(seed + 9);
        peers.spawn(move |stop| listens(&mut random, &stop, &listener));
        peers
    }

    fn spawn(&mut self, body: impl FnOnce(Receiver<()>) + Send + 'static) {
        let (stop, stopped) = channel();
        let thread = Builder::new().name("peer".to_owned());
        let thread = thread.spawn(move || body(stopped));
        self.threads.push(thread.expect("a thread can be started"));
        self.stop.push(stop);
    }

    /// Ends them; gives back how many connections the program's server has taken.
    pub fn end(mut self) -> usize {
        self.stop.clear();
        for thread in self.threads.drain(..) {
            thread.join().expect("a peer does not panic");
        }
        self.connected.load(Ordering::Relaxed)
    }
}

/// Whether to go on after a rest.
fn rested(stop: &Receiver<()>) -> bool {
    stop.recv_timeout(REST) == Err(RecvTimeoutError::Timeout)
}

/// Connects to the program's server again and again.
fn connects(random: &mut Random, stop: &Receiver<()>, connected: &AtomicUsize) {
    let mut held = Vec::new();
    while rested(stop) {
        if held.len() < HELD
            && let Ok(peer) = TcpStream::connect_timeout(&SERVER.into(), REST)
        {
            connected.fetch_add(1, Ordering::Relaxed);
            held.extend(ready(peer));
        }
        // There may be a UDP server instead.
        if random.one_in(8)
            && let Ok(socket) = UdpSocket::bind("127.0.0.1:0")
        {
            let text = random.of(&HOSTILE);
            let _ = socket.send_to(text.as_bytes(), SocketAddr::from(SERVER));
        }
        act(random, &mut held);
    }
}

/// Takes whoever connects.
fn listens(random: &mut Random, stop: &Receiver<()>, listener: &TcpListener) {
    let mut held = Vec::new();
    while rested(stop) {
        if let Ok((peer, _)) = listener.accept() {
            held.extend(ready(peer));
        }
        act(random, &mut held);
    }
}

/// A peer that waits for nothing.
fn ready(peer: TcpStream) -> Option<TcpStream> {
    peer.set_nonblocking(true).ok().map(|()| peer)
}

/// Does something to one of those that are held.
fn act(random: &mut Random, held: &mut Vec<TcpStream>) {
    if held.is_empty() {
        return;
    }
    let at = random.below(held.len());
    let mut peer = &held[at];
    // Whatever fails: the program has closed it.
    match random.below(10) {
        0..5 => {
            let text = random.of(&HOSTILE);
            let _ = peer.write(text.as_bytes());
        }
        5 => {
            let bytes: Vec<u8> = (0..2_000).map(|_| random.next() as u8).collect();
            let _ = peer.write(&bytes);
        }
        6 => {
            let _ = peer.write(&vec![b'x'; 200_000]);
        }
        7 => {
            let _ = peer.read(&mut [0; 4_096]);
        }
        8 => {
            let now = Some(Duration::ZERO);
            if random.one_in(2) {
                let _ = rustix::net::sockopt::set_socket_linger(peer, now);
            }
            held.swap_remove(at);
        }
        _ => {
            let _ = peer.shutdown(std::net::Shutdown::Write);
        }
    }
}
