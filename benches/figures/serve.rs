//! How fast `sockyard serve --quiet` is beside bare servers that do nothing but echo: a mio loop, and a thread for each
//! connection. The same client loads one after the other, several times in turns, and the median of the ratios counts:
//! 1.00 is as fast as the bare server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::process;
use super::table::{Bar, median, note, row};

/// The bytes of a message.
const MESSAGE: usize = 64;
/// How long one server is loaded at a time.
const SLICE: Duration = Duration::from_millis(500);
/// How often both of a pair are loaded.
const TURNS: usize = 9;

/// Messages a second, and visits a second, in each model.
pub fn print() {
    for (model, count, least) in [
        ("poll", 64, 0.9),
        ("poll", 1_000, 0.9),
        ("threads", 64, 0.95),
        ("threads", 1_000, 0.95),
    ] {
        let (ours, bare) = (Server::ours(model), Server::bare(model));
        let mut load = Load::connect(ours.address, count);
        let mut load_beside = Load::connect(bare.address, count);
        let name = format!("serve --quiet, {model}, {count} connections, messages/s");
        compare(
            &name,
            least,
            &ours,
            &bare,
            || load.run(),
            || load_beside.run(),
        );
    }
    for model in ["poll", "threads"] {
        let (ours, bare) = (Server::ours(model), Server::bare(model));
        let (here, beside) = (ours.address, bare.address);
        let name = format!("serve --quiet, {model}: connect, message, reply, close, 1/s");
        compare(&name, 0.9, &ours, &bare, || visits(here), || visits(beside));
    }
}

/// A server as a process of its own; it ends when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Kept open, for it writes to it.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// The bare one of this model.
    pub fn bare(model: &str) -> Self {
        let this = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(this);
        command.args(["beside", model]);
        Self::start(command)
    }

    /// Ours of this model, which echoes and is quiet.
    pub fn ours(model: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockyard"));
        let args = ["serve", "127.0.0.1:0", "--quiet", "--backlog", "4096"];
        command.args(args).args(["--model", model]);
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        output.read_line(&mut line).expect("its first line");
        let address = line.trim_end().strip_prefix("listening on ");
        let address = address.expect("where it listens").parse();
        Self {
            child,
            address: address.expect("an address"),
            _output: output,
        }
    }

    /// How long it has computed, in the kernel's ticks.
    fn computed(&self) -> f64 {
        process::computed(self.child.id())
    }

    /// Its resident memory, in bytes.
    pub fn memory(&self) -> u64 {
        process::memory(self.child.id()).now
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended, which the numbers will tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Peers that each send a message, wait for all of its echo, and send the next.
struct Load {
    poll: Poll,
    events: Events,
    peers: Vec<(mio::net::TcpStream, usize)>,
}

impl Load {
    fn connect(address: SocketAddr, count: usize) -> Self {
        let poll = Poll::new().expect("a descriptor");
        let peers = (0..count).map(|number| {
            let peer = TcpStream::connect(address).expect("it accepts");
            peer.set_nodelay(true).expect("an option");
            peer.set_nonblocking(true).expect("a mode");
            let mut peer = mio::net::TcpStream::from_std(peer);
            (poll.registry())
                .register(&mut peer, Token(number), Interest::READABLE)
                .expect("a watch");
            peer.write_all(&[b'x'; MESSAGE]).expect("room");
            (peer, 0)
        });
        let peers = peers.collect();
        Self {
            poll,
            events: Events::with_capacity(256),
            peers,
        }
    }

    /// Runs for a while; gives back how many echoes came.
    fn run(&mut self) -> f64 {
        let mut echoes = 0_u32;
        let start = Instant::now();
        let mut buffer = [0; 4 * MESSAGE];
        while start.elapsed() < SLICE {
            self.poll
                .poll(&mut self.events, Some(SLICE))
                .expect("events");
            for event in &self.events {
                let (peer, came) = &mut self.peers[event.token().0];
                while let Ok(count) = peer.read(&mut buffer) {
                    assert!(count > 0, "the server has closed a connection");
                    *came += count;
                    if *came == MESSAGE {
                        *came = 0;
                        echoes += 1;
                        peer.write_all(&[b'x'; MESSAGE]).expect("room");
                    }
                }
            }
        }
        f64::from(echoes)
    }
}

/// Connects for a while, each time for one message and its echo, one after the other; gives back how often.
fn visits(address: SocketAddr) -> f64 {
    let mut count = 0_u32;
    let start = Instant::now();
    while start.elapsed() < SLICE {
        let mut peer = TcpStream::connect(address).expect("it accepts");
        peer.write_all(&[b'x'; MESSAGE]).expect("room");
        peer.read_exact(&mut [0; MESSAGE]).expect("an echo");
        // Reset, so that no port waits in TIME_WAIT.
        let now = Some(Duration::ZERO);
        rustix::net::sockopt::set_socket_linger(peer.as_fd(), now).expect("an option");
        count += 1;
    }
    f64::from(count)
}

/// Prints how fast our server is beside the bare one, and how long it computes for the same, which is what other
/// programs that run meanwhile disturb least.
fn compare(
    name: &str,
    least: f64,
    ours: &Server,
    bare: &Server,
    mut load: impl FnMut() -> f64,
    mut load_beside: impl FnMut() -> f64,
) {
    // The first is for the caches.
    load();
    load_beside();
    let mut speeds = Vec::new();
    let (mut here, mut beside) = ((0.0, 0.0), (0.0, 0.0));
    for _ in 0..TURNS {
        let one = measured(ours, &mut load, &mut here);
        let other = measured(bare, &mut load_beside, &mut beside);
        speeds.push((one / other, one, other));
    }
    let mut ratios: Vec<f64> = speeds.iter().map(|(ratio, ..)| *ratio).collect();
    let ratio = median(&mut ratios);
    let (_, one, other) = (speeds
        .iter()
        .find(|speed| speed.0.total_cmp(&ratio).is_eq()))
    .expect("the median of an odd number is one of them");
    row(name, *one, Some(*other), Bar::RatioAtLeast(least));
    let computed = (here.1 / here.0) / (beside.1 / beside.0);
    note(&format!(
        "ratios from {:.2} to {:.2}; computes {computed:.2} as long for each",
        ratios[0],
        ratios[TURNS - 1]
    ));
}

/// Loads `server`, adds to `sums` how much it did and how long it computed for that, and gives back how fast it was.
fn measured(server: &Server, load: &mut impl FnMut() -> f64, sums: &mut (f64, f64)) -> f64 {
    let (before, start) = (server.computed(), Instant::now());
    let count = load();
    let speed = count / start.elapsed().as_secs_f64();
    sums.0 += count;
    sums.1 += server.computed() - before;
    speed
}
