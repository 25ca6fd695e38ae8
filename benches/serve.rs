//! How fast `sockyard serve --quiet` is beside bare servers that do nothing but echo: a mio loop, and a thread for each
//! connection. The same client loads one after the other, several times in turns, and the median of the ratios is
//! printed; 1.00 is as fast as the bare server, and takes as long to compute it.
//!
//! `cargo bench --bench serve`; it takes some twenty seconds. With the argument `memory` it prints instead how much
//! memory each of 10,000 held connections takes.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

/// The bytes of a message.
const MESSAGE: usize = 64;
/// How long one server is loaded at a time.
const SLICE: Duration = Duration::from_millis(500);
/// How often both of a pair are loaded.
const TURNS: usize = 4;
/// What the bare servers receive into.
const BUFFER: usize = 16 << 10;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare", "poll"] => bare_poll().expect("the bare loop runs"),
        ["bare", "threads"] => bare_threads().expect("the bare threads run"),
        ["memory", ..] => memory(),
        _ => speed(),
    }
}

// ---- The bare servers ----------------------------------------------------------------------------------------------

/// A listener on a free port, which is told on standard output.
fn listener() -> io::Result<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    Ok(listener)
}

/// One thread for all, by readiness: receives until nothing more is there, and sends back each piece.
fn bare_poll() -> io::Result<()> {
    const LISTENER: Token = Token(0);
    let listener = listener()?;
    listener.set_nonblocking(true)?;
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(256);
    (poll.registry()).register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut peers: BTreeMap<usize, mio::net::TcpStream> = BTreeMap::new();
    let mut next = 1;
    let mut buffer = vec![0; BUFFER];
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut peer, _)) = listener.accept() {
                    (poll.registry()).register(&mut peer, Token(next), Interest::READABLE)?;
                    peers.insert(next, peer);
                    next += 1;
                }
                continue;
            }
            let Token(number) = event.token();
            let Some(peer) = peers.get_mut(&number) else {
                continue;
            };
            let is_over = loop {
                match peer.read(&mut buffer) {
                    Ok(0) => break true,
                    Ok(count) => {
                        // The client waits for each answer, so that there is always room for it.
                        if peer.write_all(&buffer[..count]).is_err() {
                            break true;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break false,
                    Err(_) => break true,
                }
            };
            if is_over {
                peers.remove(&number);
            }
        }
    }
}

/// A thread for each, as in the textbook.
fn bare_threads() -> io::Result<()> {
    for peer in listener()?.incoming() {
        let mut peer = peer?;
        thread::Builder::new().spawn(move || {
            let mut buffer = vec![0; BUFFER];
            while let Ok(count @ 1..) = peer.read(&mut buffer) {
                if peer.write_all(&buffer[..count]).is_err() {
                    return;
                }
            }
        })?;
    }
    Ok(())
}

/// A server under load; it ends when this is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    /// Kept open, for it writes to it.
    _output: BufReader<ChildStdout>,
}

impl Server {
    fn bare(model: &str) -> Self {
        let this = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(this);
        command.args(["bare", model]);
        Self::start(command)
    }

    fn ours(model: &str) -> Self {
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

    /// How long it has computed, in the kernel and out of it, in the kernel's ticks.
    fn computed(&self) -> f64 {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).expect("it runs");
        // The name, in parentheses, may hold anything; the fields behind it are numbered from 3 (proc(5)).
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let ticks = fields.split_whitespace().skip(11).take(2);
        ticks.map(|n| n.parse::<f64>().expect("a number")).sum()
    }

    /// Its resident memory, in bytes.
    fn memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.parse::<u64>().ok())
            .expect("a number")
            << 10
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended, which the numbers will tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// ---- The load ------------------------------------------------------------------------------------------------------

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

// ---- What is printed -----------------------------------------------------------------------------------------------

fn speed() {
    println!(
        "{:<28} {:>6} {:>14} {:>14}",
        "", "speed", "least to most", "time computed"
    );
    for (model, count) in [("poll", 64), ("poll", 1_000), ("threads", 64)] {
        let (ours, bare) = (Server::ours(model), Server::bare(model));
        let mut load = Load::connect(ours.address, count);
        let mut load_beside = Load::connect(bare.address, count);
        let name = format!("{model}, {count} connections");
        compare(&name, &ours, &bare, || load.run(), || load_beside.run());
    }
    for model in ["poll", "threads"] {
        let (ours, bare) = (Server::ours(model), Server::bare(model));
        let (here, beside) = (ours.address, bare.address);
        let name = format!("{model}, connect and close");
        compare(&name, &ours, &bare, || visits(here), || visits(beside));
    }
}

/// Prints how fast our server is beside the bare one, and how long it computes for the same, which is what other
/// programs that run meanwhile disturb least.
fn compare(
    name: &str,
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
        speeds.push(one / other);
    }
    speeds.sort_by(f64::total_cmp);
    let median = f64::midpoint(speeds[(TURNS - 1) / 2], speeds[TURNS / 2]);
    let range = format!("{:.2} to {:.2}", speeds[0], speeds[TURNS - 1]);
    let computed = (here.1 / here.0) / (beside.1 / beside.0);
    println!("{name:<28} {median:>6.2} {range:>14} {computed:>14.2}");
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

fn memory() {
    const HELD: u64 = 10_000;
    raise_descriptor_limit();
    for model in ["poll", "threads"] {
        let server = Server::ours(model);
        let before = server.memory();
        let held: Vec<TcpStream> = (0..HELD)
            .map(|_| {
                let mut peer = TcpStream::connect(server.address).expect("it accepts");
                peer.write_all(&[b'x'; MESSAGE]).expect("room");
                peer.read_exact(&mut [0; MESSAGE]).expect("an echo");
                peer
            })
            .collect();
        let each = server.memory().saturating_sub(before) / HELD;
        println!(
            "{model:<30} {each} B for each of {} connections",
            held.len()
        );
    }
}

fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where it cannot be raised, connecting fails and says why.
    let _ = setrlimit(Resource::Nofile, raised);
}
