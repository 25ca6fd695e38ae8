//! Whether every byte comes back: random bytes through a client and an echo server, in random pieces with random pauses,
//! and the checksums of what was sent and of what came back. The server is the embedded one in each model, and then
//! `sockyard serve` in each.
//!
//! `cargo bench --bench integrity` pumps 1 GiB through each; `cargo bench --bench integrity -- 10` ten.

mod driver;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use driver::Sums;
use sockyard::model::Model;
use sockyard::model::numbers::grouped;

/// How many GiB unless the argument says otherwise.
const USUAL: u64 = 1;

fn main() {
    // Cargo adds one of its own.
    let amount = std::env::args().skip(1).find_map(|arg| arg.parse().ok());
    let bytes = amount.unwrap_or(USUAL) << 30;
    println!(
        "{:<24} {:>15} {:>9} {:>9} {:>10} {:>10}  {:>20}",
        "server", "bytes", "CRC sent", "CRC back", "pieces", "recvs", "time"
    );
    for (seed, model) in (1..).zip(Model::ALL) {
        run(&format!("embedded, {model}"), || {
            driver::embedded(model, bytes, seed)
        });
    }
    for (seed, model) in (11..).zip(Model::ALL) {
        let serve = Serve::start(model);
        run(&format!("serve --quiet, {model}"), || {
            driver::through(serve.address(), bytes, seed)
        });
    }
}

fn run(name: &str, pump: impl FnOnce() -> Sums) {
    let start = Instant::now();
    let sums = pump();
    let took = start.elapsed();
    assert_eq!(sums.sent, sums.came, "{name}: other bytes came back");
    if let Some(received) = sums.received {
        assert_eq!(sums.sent, received, "{name}: the server received others");
    }
    println!(
        "{name:<24} {:>15}  {:08x}  {:08x} {:>10} {:>10}  {:>6.1} s, {:>5.0} MB/s",
        grouped(sums.bytes),
        sums.sent,
        sums.came,
        grouped(sums.pieces.0),
        grouped(sums.pieces.1),
        took.as_secs_f64(),
        f64::from((sums.bytes / 1_000_000) as u32) / took.as_secs_f64()
    );
}

/// `sockyard serve`; it ends when this is dropped.
struct Serve {
    child: Child,
    line: String,
}

impl Serve {
    fn start(model: Model) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_sockyard"))
            .args(["serve", "127.0.0.1:0", "--quiet", "--model", model.name()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("its first line");
        Self { child, line }
    }

    fn address(&self) -> std::net::SocketAddr {
        let address = self.line.trim_end().strip_prefix("listening on ");
        address
            .expect("where it listens")
            .parse()
            .expect("an address")
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended, which the numbers will tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
