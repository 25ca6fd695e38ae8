//! How soon the playground answers, as its user has it: the program in a terminal, beside the least program that draws a
//! frame for each key.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::process;
use super::receive;
use super::rest::Sender;
use super::table::{Bar, float, median, note, part, row};
use super::terminal::{FRAME, Terminal};

/// The cells of the terminal, across and down.
pub const SIZE: (u16, u16) = (120, 36);
/// How often each of a pair is started.
const STARTS: usize = 40;
/// How many keys are typed.
const KEYS: usize = 600;
/// Letters that nothing else on the screen has.
const LETTERS: [&str; 12] = ["α", "β", "γ", "δ", "ε", "ζ", "η", "θ", "ι", "κ", "λ", "μ"];
/// How many connections are held.
const HELD: u64 = 10_000;
/// How much comes in.
const A_SECOND: u64 = 1_000_000_000;

/// The first frame, and keys: while nothing happens, while much comes in, with many connections.
pub fn print() {
    first_frame();
    quiet();
    flood();
    crowd();
}

/// The playground, with these arguments.
pub fn playground(args: &[&str]) -> Terminal {
    Terminal::start(env!("CARGO_BIN_EXE_sockyard"), args, SIZE)
}

fn beside() -> Terminal {
    let this = std::env::current_exe().expect("this program has a path");
    Terminal::start(
        this.to_str().expect("of UTF-8"),
        &["beside", "screen"],
        SIZE,
    )
}

/// From before `fork` and `exec` to the end of the first frame.
fn first_frame() {
    let started = |start: &dyn Fn() -> Terminal| {
        let before = Instant::now();
        let mut terminal = start();
        (terminal.wait(FRAME) - before).as_secs_f64() * 1e3
    };
    let (mut here, mut other) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        here.push(started(&|| playground(&[])));
        other.push(started(&beside));
    }
    let (here, other) = (median(&mut here), median(&mut other));
    row(
        "first frame after exec, ms",
        here,
        Some(other),
        Bar::AtMost(8.0),
    );
}

/// From the key's write to the terminal to the end of the frame that shows it.
fn quiet() {
    let mut other = typed_beside();
    let mut terminal = playground(&[]);
    terminal.wait(FRAME);
    let mut here = typed(&mut terminal);
    let beside = Some(median(&mut other));
    row(
        "key to frame, quiet, median, ms",
        median(&mut here),
        beside,
        Bar::AtMost(1.0),
    );
    let beside = Some(part(&mut other, 99));
    row(
        "key to frame, quiet, 99 of 100, ms",
        part(&mut here, 99),
        beside,
        Bar::AtMost(4.0),
    );
}

/// Types as many letters to the least program.
fn typed_beside() -> Vec<f64> {
    let mut least = beside();
    least.wait(FRAME);
    (0..KEYS)
        .map(|number| {
            let letter = LETTERS[number % LETTERS.len()].as_bytes();
            let time = least.key_to_frame(letter, FRAME);
            least.pass(pause(number));
            time
        })
        .collect()
}

/// Types letters into the client's message field; gives back how many milliseconds each took to be seen.
fn typed(terminal: &mut Terminal) -> Vec<f64> {
    // Out of any field first.
    for key in ["\x1b", "1", "i"] {
        terminal.keys(key.as_bytes());
        terminal.pass(Duration::from_millis(100));
    }
    let mut times = Vec::new();
    for number in 0..KEYS {
        if number % LETTERS.len() == 0 {
            // The field is emptied, so that what is typed is always seen.
            terminal.keys(b"\x15");
            terminal.pass(Duration::from_millis(40));
        }
        let letter = LETTERS[number % LETTERS.len()].as_bytes();
        times.push(terminal.key_to_frame(letter, letter));
        terminal.pass(pause(number));
    }
    times
}

/// How long nothing is typed after so many keys: not in step with the frames.
fn pause(number: usize) -> Duration {
    Duration::from_micros(3_000 + 137 * (number as u64 % 50))
}

/// With a gigabyte a second coming in; beside the least program while a bare receiver gets as much.
fn flood() {
    let sender = Sender::start(A_SECOND);
    let bare = receive::bare(&sender.address.to_string());
    let mut other = typed_beside();
    sender.stop();
    drop(bare);

    let sender = Sender::start(A_SECOND);
    let mut terminal = playground(&["--connect", &sender.address.to_string()]);
    terminal.wait(b"ESTABLISHED");
    let (start, before) = (Instant::now(), sender.sent());
    let mut here = typed(&mut terminal);
    let rate = float(sender.sent() - before) / start.elapsed().as_secs_f64() / 1e9;
    sender.stop();
    row_of_keys("1 GB/s coming in", &mut here, &mut other);
    note(&format!("{rate:.2} GB/s"));
}

/// What 99 of 100 keys do not exceed, and their median.
fn row_of_keys(what: &str, here: &mut [f64], beside: &mut [f64]) {
    row(
        &format!("key to frame, {what}, 99 of 100, ms"),
        part(here, 99),
        Some(part(beside, 99)),
        Bar::AtMost(25.0),
    );
    note(&format!("median {:.2} ms", median(here)));
}

/// With ten thousand connections open to the playground's server.
fn crowd() {
    let address = free_address();
    let args = ["--serve", &address.to_string(), "--model", "poll"];
    let mut terminal = playground(&[&args[..], &["--backlog", "4096"]].concat());
    terminal.wait(b"LISTEN");
    let before = process::memory(terminal.id()).now;
    let held: Vec<TcpStream> = (0..HELD)
        .map(|_| {
            let mut peer = TcpStream::connect(address).expect("it accepts");
            peer.write_all(b"hello").expect("room");
            peer.read_exact(&mut [0; 5]).expect("an echo");
            peer
        })
        .collect();
    terminal.pass(Duration::from_secs(1));
    let each = float(process::memory(terminal.id()).now - before) / float(HELD) / 1024.0;
    row(
        "held on the screen, 10,000, KiB for each",
        each,
        None,
        Bar::AtMost(12.0),
    );
    let mut other = typed_beside();
    row_of_keys("10,000 connections", &mut typed(&mut terminal), &mut other);
    row_of_keys(
        "scrolling through them",
        &mut scrolled(&mut terminal),
        &mut other,
    );
    drop(held);
}

/// Goes to the server's list and through it.
fn scrolled(terminal: &mut Terminal) -> Vec<f64> {
    for key in ["\x1b", "2", "\x1b[H"] {
        terminal.keys(key.as_bytes());
        terminal.pass(Duration::from_millis(100));
    }
    (0..KEYS)
        .map(|number| {
            let key = ["\x1b[6~", "\x1b[B", "\x1b[5~", "\x1b[F", "\x1b[H"][number % 5];
            let time = terminal.key_to_frame(key.as_bytes(), FRAME);
            terminal.pass(pause(number));
            time
        })
        .collect()
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address")
}
