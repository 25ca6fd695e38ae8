//! Thousands of peers that connect at once, each of which sends a message and reads it back.

use std::io::{BufRead, ErrorKind, Read, Write, stdin};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_linger;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::program::{LIMIT, read};

/// What each of them sends.
pub const MESSAGE: &[u8] = b"0123456789";

/// The first argument of this program as a child.
pub const NAME: &str = "crowd";

/// How many addresses they come from: each has some 28,000 ports of its own, of which some may be in use.
const SOURCES: usize = 4;

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Came {
    /// How many got their message back.
    pub answered: usize,
    /// How many were connected, and closed or reset before that.
    pub refused: usize,
}

/// Peers that are connected, or are about to be.
pub struct Crowd {
    poll: Poll,
    peers: Vec<Peer>,
}

struct Peer {
    stream: mio::net::TcpStream,
    has_sent: bool,
    came: usize,
    is_refused: bool,
}

impl Crowd {
    /// Starts `count` handshakes, one behind the other without a pause.
    pub fn connect(address: SocketAddr, count: usize) -> Self {
        let poll = Poll::new().expect("a descriptor");
        let peers = (0..count).map(|number| {
            let mut stream = mio::net::TcpStream::from_std(begin(address, number));
            (poll.registry())
                .register(
                    &mut stream,
                    Token(number),
                    Interest::READABLE | Interest::WRITABLE,
                )
                .expect("a watch");
            Peer {
                stream,
                has_sent: false,
                came: 0,
                is_refused: false,
            }
        });
        let peers = peers.collect();
        Self { poll, peers }
    }

    /// Lets each of them send its message once it is connected, and read it back. Goes on until that is done.
    pub fn talk(&mut self) -> Came {
        let mut came = Came::default();
        let mut events = Events::with_capacity(1_024);
        let end = Instant::now() + LIMIT * 2;
        while came.answered + came.refused < self.peers.len() {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{came:?} of {}", self.peers.len());
            self.poll.poll(&mut events, Some(left)).expect("events");
            for event in &events {
                let peer = &mut self.peers[event.token().0];
                if peer.is_refused || peer.came == MESSAGE.len() {
                    continue;
                }
                peer.proceed();
                came.answered += usize::from(peer.came == MESSAGE.len());
                came.refused += usize::from(peer.is_refused);
            }
        }
        came
    }

    /// Lets each of them send its message once it is connected, and waits for no answer.
    pub fn speak(&mut self) {
        let mut events = Events::with_capacity(1_024);
        let end = Instant::now() + LIMIT * 2;
        while !self.peers.iter().all(|peer| peer.has_sent) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not all of them have sent");
            self.poll.poll(&mut events, Some(left)).expect("events");
            for event in &events {
                self.peers[event.token().0].send();
            }
        }
    }

    /// Resets all of them at once.
    pub fn reset(self) {
        for peer in &self.peers {
            set_socket_linger(&peer.stream, Some(Duration::ZERO)).expect("an option");
        }
    }
}

impl Peer {
    fn send(&mut self) {
        if !self.has_sent {
            match self.stream.write(MESSAGE) {
                Ok(count) => {
                    assert_eq!(count, MESSAGE.len(), "an empty buffer has room for that");
                    self.has_sent = true;
                }
                Err(error) => self.failed(error.kind()),
            }
        }
    }

    fn proceed(&mut self) {
        self.send();
        let mut buffer = [0; 64];
        while self.has_sent && !self.is_refused {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.is_refused = true,
                Ok(count) => {
                    assert_eq!(&buffer[..count], &MESSAGE[self.came..][..count]);
                    self.came += count;
                    if self.came == MESSAGE.len() {
                        return;
                    }
                }
                Err(error) => return self.failed(error.kind()),
            }
        }
    }

    fn failed(&mut self, error: ErrorKind) {
        match error {
            // Not yet: a handshake that is under way is one of them.
            ErrorKind::WouldBlock | ErrorKind::NotConnected => {}
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => self.is_refused = true,
            other => panic!("{other}"),
        }
    }
}

/// Starts a handshake from one of several addresses.
fn begin(address: SocketAddr, number: usize) -> TcpStream {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None);
    let socket = socket.expect("a descriptor");
    let from = Ipv4Addr::new(127, 0, 0, 2 + (number % SOURCES) as u8);
    rustix::net::bind(&socket, &SocketAddr::from((from, 0))).expect("a free port");
    match rustix::net::connect(&socket, &address) {
        Ok(()) | Err(Errno::INPROGRESS) => socket.into(),
        Err(error) => panic!("connect: {error}"),
    }
}

// ---- In a process of its own ---------------------------------------------------------------------------------------

/// A crowd in a process of its own, which has descriptors of its own.
pub struct Elsewhere {
    child: Child,
    says: Receiver<String>,
    input: ChildStdin,
}

impl Elsewhere {
    /// Starts `count` peers of `address`.
    pub fn connect(address: SocketAddr, count: usize) -> Self {
        let own = std::env::current_exe().expect("this program has a path");
        let mut child = Command::new(own)
            .args([NAME, &address.to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        Self {
            says: read(child.stdout.take().expect("a pipe")),
            input: child.stdin.take().expect("a pipe"),
            child,
        }
    }

    /// What became of them, once that is known.
    pub fn came(&self) -> Option<Came> {
        let line = self.says.try_recv().ok()?;
        let mut numbers = line.split(' ').map(|n| n.parse().expect("a number"));
        Some(Came {
            answered: numbers.next().expect("how many"),
            refused: numbers.next().expect("how many"),
        })
    }

    /// Resets all of them at once.
    pub fn reset(&mut self) {
        self.input.write_all(b"reset\n").expect("it listens");
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // It has most likely ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What that process does: connects, talks, says what came of it, and resets when it is told to.
pub fn serve_as_child(args: &[String]) {
    let [address, count] = args else {
        panic!("ADDRESS COUNT, not {args:?}");
    };
    let address = address.parse().expect("an address");
    let mut crowd = Crowd::connect(address, count.parse().expect("a number"));
    let Came { answered, refused } = crowd.talk();
    println!("{answered} {refused}");
    // If whoever has started it is gone, so is the reason to wait.
    let _ = stdin().lock().read_line(&mut String::new());
    crowd.reset();
}
