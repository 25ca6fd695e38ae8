//! Every way to an end or a stop: the terminal is given back, the status tells how, and peers see their sockets close.

use std::fs;
use std::io::Read;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::Signal;

use super::play::{CONNECTED, Peer, connect, served, shows_row, talking, wait_quiet};
use super::pty::{LIMIT, Modes, Pty, shows, sockyard};

/// The terminal while the playground has it; the cursor is hidden outside text fields.
const OURS: Modes = Modes {
    alternate_screen: true,
    bracketed_paste: true,
    mouse: true,
    cursor_hidden: true,
    raw: true,
};

/// Far more than closing some sockets takes, and less than any wait of the program's own would.
pub const SOON: Duration = Duration::from_secs(5);

/// Asserts that the program ends with `status` and leaves the terminal as it found it.
#[track_caller]
pub fn assert_ends(pty: &Pty, status: u32) {
    let end = pty.wait_exit();
    assert_eq!(end.exit_code(), status, "{end}");
    assert_eq!(pty.modes(), Modes::default());
    assert_eq!(pty.screen().trim(), "", "nothing is left on the screen");
}

/// Asserts that the program stops and leaves the terminal to the shell meanwhile.
#[track_caller]
fn assert_stops(pty: &Pty) {
    pty.wait_stopped();
    // It is stopped before all that it wrote has been read here.
    pty.wait("the shell's screen", |screen| !screen.alternate_screen());
    assert_eq!(pty.modes(), Modes::default());
}

#[test]
fn ctrl_c_quits_from_everywhere_and_gives_the_terminal_back() {
    for before in ["<f3>", "i", "<f1>"] {
        let pty = sockyard(&[], 80, 24);
        pty.wait_text("server stopped");
        assert_eq!(pty.modes(), OURS);
        pty.keys(before);
        pty.keys("<c-c>");
        assert_ends(&pty, 0);
    }
}

#[test]
fn a_signal_ends_the_program_and_its_status_is_a_shells() {
    for (signal, status) in [
        (Signal::INT, 130),
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::QUIT, 131),
    ] {
        let (pty, _) = talking(&[], 80, 24);
        pty.kill(signal);
        assert_ends(&pty, status);
    }
}

#[test]
fn the_end_closes_every_connection_at_once() {
    let (pty, port) = talking(&[], 120, 36);
    let mut peers: Vec<Peer> = (0..20).map(|_| Peer::dial(port)).collect();
    pty.wait_text("21 connected");
    for peer in &mut peers {
        peer.send(b"before the end");
        peer.expect(b"before the end");
    }
    let start = Instant::now();
    pty.keys("<c-c>");
    assert_ends(&pty, 0);
    let took = start.elapsed();
    assert!(took < SOON, "{took:?}");
    for peer in &mut peers {
        assert_eq!(peer.drain(), b"");
    }
}

#[test]
fn the_end_does_not_wait_for_a_peer_that_does_not_read() {
    let (pty, port) = served(&[], 120, 36);
    let mut peer = Peer::dial(port);
    // The peer never receives its echo: first that fills every buffer, then the server's send() is blocked.
    let sending = thread::Builder::new().name("flood".to_owned());
    let sending = sending.spawn(move || while peer.try_send(&[b'y'; 4096]) {});
    let sending = sending.expect("a thread can be started");
    pty.wait("the blocked send", |screen| {
        shows_row(screen, &["now server#1 ", "send(", "blocked since"])
    });
    let start = Instant::now();
    pty.kill(Signal::TERM);
    assert_ends(&pty, 143);
    let took = start.elapsed();
    assert!(took < SOON, "{took:?}");
    sending.join().expect("it ends with the connection");
}

#[test]
fn half_a_key_does_not_hold_up_the_end() {
    // All that a terminal sends for Alt-[, which also begins every arrow key; a paste that has not come to its end.
    for half in ["<a-[>", "<a-[>200~abc"] {
        let pty = sockyard(&[], 80, 24);
        pty.wait_text("server stopped");
        pty.keys(half);
        // By the time that this is drawn, the half has been read.
        pty.resize(100, 30);
        pty.wait("the new size", |screen| screen.is_filled(30));
        pty.kill(Signal::TERM);
        assert_ends(&pty, 143);
    }
}

#[test]
fn ctrl_z_stops_the_program_and_continuing_brings_the_screen_back() {
    let (pty, port) = talking(&[], 120, 36);
    wait_quiet(&pty);
    let ours = pty.modes();
    for _ in 0..2 {
        let before = pty.screen();
        pty.keys("<c-z>");
        assert_stops(&pty);
        pty.kill(Signal::CONT);
        pty.wait("the screen comes back", Screen::is_back);
        assert_eq!(pty.screen(), before);
        assert_eq!(pty.modes(), ours);
    }
    let mut peer = Peer::dial(port);
    peer.send(b"still served");
    peer.expect(b"still served");
    pty.keys("<c-c>");
    assert_ends(&pty, 0);
}

#[test]
fn a_stop_from_outside_gives_the_terminal_away_and_takes_it_again() {
    let (pty, _) = talking(&[], 120, 36);
    wait_quiet(&pty);
    let before = pty.screen();
    pty.kill(Signal::TSTP);
    assert_stops(&pty);
    pty.kill(Signal::CONT);
    pty.wait("the screen comes back", Screen::is_back);
    assert_eq!(pty.screen(), before);
}

#[test]
fn a_stop_that_cannot_be_caught_is_survived() {
    let (pty, port) = talking(&[], 120, 36);
    let (before, start) = (pty.screen(), pty.raw().len());
    pty.kill(Signal::STOP);
    pty.wait_stopped();
    // The kernel goes on for it: a peer connects and sends meanwhile.
    let mut peer = Peer::dial(port);
    peer.send(b"meanwhile");
    pty.kill(Signal::CONT);
    // Whatever a shell did to the terminal, it is switched on anew.
    pty.wait_raw_after(start, b"\x1b[?1049h");
    peer.expect(b"meanwhile");
    pty.wait_text("2 connected");
    drop(peer);
    pty.wait_text("1 connected");
    let rows = |screen: &str| screen.lines().count();
    assert_eq!(rows(&pty.screen()), rows(&before));
    pty.keys("<c-c>");
    assert_ends(&pty, 0);
}

#[test]
fn a_stop_while_the_size_changes_comes_back_at_the_new_size() {
    let (pty, _) = talking(&[], 120, 36);
    pty.keys("<c-z>");
    assert_stops(&pty);
    pty.resize(80, 24);
    pty.kill(Signal::CONT);
    pty.wait("the screen comes back", Screen::is_back);
    pty.wait("it has the new size", |screen| screen.is_filled(24));
}

#[test]
fn closing_the_terminal_ends_the_program() {
    assert_ends_with_its_terminal(&["--serve", "127.0.0.1:0"], "LISTEN");
}

#[test]
fn closing_the_terminal_ends_a_server_without_a_screen() {
    assert_ends_with_its_terminal(&["serve", "127.0.0.1:0"], "listening on ");
    assert_ends_with_its_terminal(&["serve", "127.0.0.1:0", "--quiet"], "listening on ");
}

#[test]
fn closing_the_terminal_ends_a_script_without_a_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("waits.yard");
    fs::write(&path, "server start 127.0.0.1 0\nwait 1min\n").expect("a file");
    let path = path.to_str().expect("text");
    assert_ends_with_its_terminal(&["run", path], "wait 1min");
}

/// What is typed at a terminal that was stopped with Ctrl-S does not come: the program waits for its output.
#[test]
fn a_terminal_that_was_stopped_does_not_hold_up_the_end_of_a_server() {
    for (signal, status) in [(Signal::TERM, 0), (Signal::HUP, 0)] {
        let pty = sockyard(&["serve", "127.0.0.1:0"], 80, 24);
        pty.wait_text("listening on 127.0.0.1:");
        let line = pty.screen();
        let port = line.split_once("127.0.0.1:").map(|(_, port)| {
            let digits = port.chars().take_while(char::is_ascii_digit);
            digits.collect::<String>().parse().expect("a port")
        });
        // Before the peer's lines are to be written.
        pty.wait_text("getsockname(");
        pty.keys("<c-s>");
        let mut peer = Peer::dial(port.expect("a port"));
        peer.send(b"hello");
        peer.expect(b"hello");
        let start = Instant::now();
        pty.kill(signal);
        let end = pty.wait_exit();
        let took = start.elapsed();
        assert_eq!(end.exit_code(), status, "{end}");
        assert!(took < Duration::from_secs(3), "{took:?}");
        peer.drain();
    }
}

/// Asserts that the program ends when its terminal is closed, as when a person closes its window, once it has shown this.
#[track_caller]
pub fn assert_ends_with_its_terminal(args: &[&str], shown: &str) {
    let size = PtySize {
        rows: 24,
        cols: 80,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sockyard"));
    command.args(args);
    command.env("TERM", "xterm-256color");
    command.env("SOCKYARD_CONFIG", "/dev/null");
    let mut child = pair
        .slave
        .spawn_command(command)
        .expect("the program starts");
    let mut killer = child.clone_killer();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().expect("it can be read");
    let (mut seen, mut chunk) = (Vec::new(), [0; 4096]);
    while !String::from_utf8_lossy(&seen).contains(shown) {
        let length = reader.read(&mut chunk).expect("the program draws");
        assert_ne!(length, 0, "it ended: {}", seen.escape_ascii());
        seen.extend_from_slice(&chunk[..length]);
    }
    // With the last of these the terminal is gone, as when a person closes its window.
    drop(reader);
    drop(pair.master);

    let (teller, told) = mpsc::channel();
    let waiting = thread::Builder::new()
        .name("hang-up".to_owned())
        .spawn(move || {
            // Nobody listens any more when the limit has passed.
            let _ = teller.send(child.wait());
        });
    let end = told.recv_timeout(LIMIT);
    if end.is_err() {
        killer.kill().expect("it can be killed");
    }
    waiting
        .expect("a thread can be started")
        .join()
        .expect("it does not panic");
    let end = end
        .expect("the program ends")
        .expect("a child has a status");
    assert!([0, 1, 129].contains(&end.exit_code()), "{end}");
}

#[test]
fn the_shells_screen_is_as_it_was_after_a_conversation() {
    let (pty, port) = served(&[], 80, 24);
    connect(&pty, port);
    pty.keys("hello<enter>");
    pty.wait_text("hello");
    pty.keys("<c-c>");
    assert_ends(&pty, 0);
}

/// What is asked of a screen here.
trait Screen {
    fn is_back(&self) -> bool;
    fn is_filled(&self, rows: usize) -> bool;
}

impl Screen for vt100::Screen {
    /// Whether the playground has the terminal and has drawn on it.
    fn is_back(&self) -> bool {
        self.alternate_screen() && shows(self, CONNECTED)
    }

    /// Whether the footer is in the last of `rows` rows.
    fn is_filled(&self, rows: usize) -> bool {
        let contents = self.contents();
        let footer = contents.lines().nth(rows - 1);
        footer.is_some_and(|row| row.contains("Ctrl-C quit"))
    }
}

#[test]
fn the_end_does_not_wait_for_keys_that_nobody_takes_any_more() {
    // More keys than are on their way at once, behind the one that quits.
    let pty = sockyard(&[], 80, 24);
    pty.wait_text("server stopped");
    pty.keys(&format!("<c-c>{}", "x".repeat(3_000)));
    assert_ends(&pty, 0);
}
