//! Bytes into the client's view with the screen drawing, beside a loop of recv that throws them away: the same sender, the
//! same chunk, each receiver a process of its own.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command};
use std::time::Instant;

use super::screen::playground;
use super::table::{Bar, float, note, row};
use super::terminal::Terminal;

/// What each receiver gets.
const BYTES: u64 = 2 << 30;
/// What the sender passes to one write, and the receivers to one recv.
pub const CHUNK: usize = 64 << 10;
/// How often each pair is measured; the median counts.
const ROUNDS: usize = 9;

/// Gigabytes a second.
pub fn print() {
    let mut pairs: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|_| (rate(into_the_view), rate(bare)))
        .collect();
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (here, beside) = pairs[ROUNDS / 2];
    row(
        "received into the view, beside a bare recv loop, GB/s",
        here,
        Some(beside),
        Bar::RatioAtLeast(0.9),
    );
    let ratio = |(here, beside): (f64, f64)| here / beside;
    note(&format!(
        "ratios from {:.2} to {:.2}",
        ratio(pairs[0]),
        ratio(pairs[ROUNDS - 1])
    ));
}

/// How fast a receiver takes what is sent to it, once it has connected to the address that it is started with.
fn rate<Receiver>(start: impl FnOnce(&str) -> Receiver) -> f64 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let receiver = start(&listener.local_addr().expect("its address").to_string());
    let (mut peer, _) = listener.accept().expect("a client");
    let chunk = vec![b'x'; CHUNK];
    let start = Instant::now();
    let mut sent = 0;
    while sent < BYTES {
        peer.write_all(&chunk).expect("the receiver receives");
        sent += CHUNK as u64;
    }
    let took = start.elapsed();
    drop(receiver);
    float(BYTES) / took.as_secs_f64() / 1e9
}

fn into_the_view(address: &str) -> Terminal {
    playground(&["--connect", address])
}

/// A process that ends when this is dropped.
pub struct Bare(Child);

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended, which the sender was told.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Receives what is sent to whoever connects to this address, for nobody.
pub fn bare(address: &str) -> Bare {
    let this = std::env::current_exe().expect("this program has a path");
    let receiver = Command::new(this).args(["beside", "recv", address]).spawn();
    Bare(receiver.expect("it starts"))
}
