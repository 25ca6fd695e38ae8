//! What the playground takes while nothing happens, and after much has.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel as channel;

use super::process;
use super::receive::CHUNK;
use super::screen::playground;
use super::table::{Bar, float, mib, note, row};

/// How long nothing happens.
const IDLE: Duration = Duration::from_secs(10);
/// How much is received.
const MUCH: u64 = 10 << 30;

/// Wake-ups, computing and memory.
pub fn print() {
    idle();
    full();
}

/// With a connection open and nothing happening.
fn idle() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("its address").to_string();
    let mut terminal = playground(&["--connect", &address]);
    let (_peer, _) = listener.accept().expect("a client");
    terminal.wait(b"ESTABLISHED");
    terminal.pass(Duration::from_secs(1));
    let start = process::memory(terminal.id()).now;
    let wake_ups = process::wake_ups(terminal.id());
    let computed = process::computed(terminal.id());
    let drawn = terminal.pass(IDLE);
    let wake_ups = process::wake_ups(terminal.id()) - wake_ups;
    let computed = process::computed(terminal.id()) - computed;
    let name = "idle for 10 s, a connection open, wake-ups of all threads";
    row(name, float(wake_ups), None, Bar::AtMost(0.0));
    row(
        "  ticks computed meanwhile",
        computed,
        None,
        Bar::AtMost(0.0),
    );
    note(&format!("{drawn} B drawn"));
    row(
        "memory at the start, MiB",
        mib(start),
        None,
        Bar::AtMost(8.0),
    );
}

/// After ten GiB received.
fn full() {
    let sender = Sender::start(u64::MAX);
    let mut terminal = playground(&["--connect", &sender.address.to_string()]);
    terminal.wait(b"ESTABLISHED");
    while sender.sent() < MUCH {
        terminal.pass(Duration::from_millis(50));
    }
    let memory = process::memory(terminal.id());
    row(
        "memory after 10 GiB received, MiB",
        mib(memory.now),
        None,
        Bar::AtMost(40.0),
    );
    note(&format!("at most {:.1} MiB", mib(memory.most)));
    sender.stop();
}

/// A peer that sends so many bytes a second to whoever connects.
pub struct Sender {
    /// Where.
    pub address: SocketAddr,
    stop: channel::Sender<()>,
    sent: Arc<AtomicU64>,
    sending: thread::JoinHandle<()>,
}

impl Sender {
    /// Waits for its client on a free port.
    pub fn start(a_second: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (stop, stopped) = channel::bounded(1);
        let sent = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&sent);
        let sending = thread::Builder::new()
            .name("sender".to_owned())
            .spawn(move || {
                let (mut peer, _) = listener.accept().expect("a client");
                let chunk = vec![b'x'; CHUNK];
                let start = Instant::now();
                let mut done = 0;
                loop {
                    let due = Duration::from_secs_f64(float(done) / float(a_second));
                    if stopped.recv_deadline(start + due).is_ok() {
                        return;
                    }
                    peer.write_all(&chunk).expect("the client reads");
                    done = count.fetch_add(CHUNK as u64, Ordering::Relaxed) + CHUNK as u64;
                }
            });
        Self {
            address,
            stop,
            sent,
            sending: sending.expect("a thread"),
        }
    }

    /// How many bytes were sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Ends it, while its client still receives.
    pub fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.sending.join().expect("it has ended");
    }
}
