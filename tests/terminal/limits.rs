//! Ends and limits while much is going on: saves under way, a hundred sessions, no descriptors left.

use std::fs;
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use super::ending::{SOON, assert_ends};
use super::play::{CLIENT_PORT, CONNECTED, Peer, port_of, served, shows_row, with_peer};
use super::pty::{Program, Pty, shows};
use rustix::process::Signal;

/// What a program of the kernel's `/proc/PID` says of itself.
fn threads(pty: &Pty) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", pty.pid()));
    tasks.expect("the program runs").count()
}

/// The clock ticks of processor time that the program has had, most often hundredths of a second.
fn ticks(pty: &Pty) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pty.pid()));
    let stat = stat.expect("the program runs");
    let (_, after) = stat.rsplit_once(')').expect("a name in brackets");
    let fields: Vec<&str> = after.split_whitespace().collect();
    let number = |i: usize| fields[i].parse::<u64>().expect("a number");
    // utime and stime of proc_pid_stat(5), where the state is the third.
    number(14 - 3) + number(15 - 3)
}

#[test]
fn a_save_that_is_under_way_at_the_end_holds_all_that_was_received() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("saved.bin");
    let (pty, mut peer) = with_peer(&[], 120, 36);
    pty.keys(&format!("<f2>os<c-u>{}<enter>", file.display()));
    pty.wait_text("● saving ");
    let content: Vec<u8> = (0..5_000_000_u32).map(|i| (i * 7 / 5) as u8).collect();
    peer.send(&content);
    pty.wait_text("5,000,000 B in ");
    pty.kill(Signal::TERM);
    assert_ends(&pty, 143);
    assert!(fs::read(&file).expect("a file") == content);
}

#[test]
fn a_save_that_is_ended_in_a_flood_holds_a_beginning_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("saved.bin");
    let (pty, mut peer) = with_peer(&[], 120, 36);
    pty.keys(&format!("<f2>os<c-u>{}<enter>", file.display()));
    pty.wait_text("● saving ");
    // Numbers that count up, eight bytes each, for as long as somebody takes them.
    let sending = thread::Builder::new().name("flood".to_owned());
    let sending = sending.spawn(move || {
        let numbers = |from: u64| (from..from + 1_000).flat_map(u64::to_be_bytes);
        let mut from = 0;
        while peer.try_send(&numbers(from).collect::<Vec<u8>>()) {
            from += 1_000;
        }
    });
    let sending = sending.expect("a thread can be started");
    pty.wait("some megabytes", |screen| {
        shows_row(screen, &["● saving ", " MB "]) && !shows(screen, "saving 0")
    });
    let start = Instant::now();
    pty.kill(Signal::TERM);
    assert_ends(&pty, 143);
    let took = start.elapsed();
    assert!(took < SOON, "{took:?}");
    sending.join().expect("it ends with the connection");
    let saved = fs::read(&file).expect("a file");
    assert!(saved.len() > 1_000_000, "{} B", saved.len());
    for (number, bytes) in (0_u64..).zip(saved.chunks(8)) {
        assert_eq!(bytes, &number.to_be_bytes()[..bytes.len()], "at {number}");
    }
}

#[test]
fn a_file_to_be_replaced_keeps_its_content_when_the_program_ends_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.bin");
    let mut old = fs::File::create(&file).expect("a file");
    old.write_all(b"old").expect("it is written to");
    drop(old);
    let (pty, mut peer) = with_peer(&[], 120, 36);
    pty.keys(&format!("<f2>os<c-u>{}<enter>", file.display()));
    pty.wait_text("exists and has 3 bytes");
    pty.keys("y");
    pty.wait_text("● saving ");
    peer.send(b"new");
    pty.wait_text("● saving 3 B");
    pty.kill(Signal::KILL);
    assert!(!pty.wait_exit().success());
    // A kill gives it no time: the old content is there, and the new beside it.
    assert_eq!(fs::read(&file).expect("a file"), b"old");
}

/// Starts a crowd of `count` that connects, sends and stays.
fn crowd(pty: &Pty, count: usize) {
    pty.keys(&format!("<f5><tab><c-u>{count}<enter>"));
}

#[test]
fn a_hundred_sessions_leave_no_thread_behind_when_they_go() {
    let (pty, _) = served(&["--model", "poll"], 160, 40);
    pty.wait_text("epoll_wait(");
    let before = threads(&pty);
    crowd(&pty, 100);
    pty.wait_text("100 of 100 connected, 100 heard");
    pty.wait_text("100 connected");
    assert_eq!(threads(&pty), before + 100);
    pty.keys("<f5>g");
    pty.wait_gone("crowd: ");
    pty.wait_text("0 connected");
    // Every call of theirs is in the log by now, close the last; a thread that has said so needs a moment to end.
    let start = Instant::now();
    while threads(&pty) > before && start.elapsed() < SOON {
        thread::yield_now();
    }
    assert_eq!(threads(&pty), before);
}

#[test]
fn the_end_comes_at_once_with_a_hundred_sessions_open() {
    for (keys, signal, status) in [("<c-c>", None, 0), ("", Some(Signal::TERM), 143)] {
        let (pty, _) = served(&[], 160, 40);
        crowd(&pty, 100);
        pty.wait_text("100 of 100 connected, 100 heard");
        let start = Instant::now();
        pty.keys(keys);
        if let Some(signal) = signal {
            pty.kill(signal);
        }
        assert_ends(&pty, status);
        let took = start.elapsed();
        assert!(took < SOON, "{took:?}");
    }
}

#[test]
fn beyond_max_connections_whoever_comes_is_closed_and_counted_on_the_screen() {
    for model in ["threads", "poll"] {
        let args = ["--model", model, "--max-connections", "2"];
        let (pty, port) = served(&args, 120, 36);
        let peers: Vec<Peer> = (0..5).map(|_| Peer::dial(port)).collect();
        pty.wait_text("server#5 is closed unserved: 2 connections are open, and --max-connections");
        pty.wait_text(", 3 unserved");
        pty.wait_text("2 connected");
        drop(peers);
        pty.wait_text("0 connected");
        assert_recovered(&pty, port);
    }
}

/// The playground with its server, and room for 64 descriptors.
fn cramped() -> (Pty, u16) {
    let script = "ulimit -n 64; exec \"$0\" --serve 127.0.0.1:0";
    let pty = Pty::spawn(&Program {
        cols: 160,
        rows: 40,
        ..Program::new("bash", &["-c", script, env!("CARGO_BIN_EXE_sockyard")])
    });
    let port = port_of(&pty);
    (pty, port)
}

/// Asserts that client and server do what they always do.
#[track_caller]
fn assert_recovered(pty: &Pty, port: u16) {
    pty.keys(&format!("{CLIENT_PORT}{port}<enter>"));
    pty.wait_text(CONNECTED);
    pty.keys("<f2>irecovered<enter>");
    pty.wait("the echo in both panes", |screen| {
        screen.contents().matches(" 1 │ recovered").count() == 2
    });
    pty.keys("<c-c>");
    assert!(pty.wait_exit().success());
}

#[test]
fn without_descriptors_for_its_connections_the_server_says_so_and_does_not_spin() {
    let (pty, port) = cramped();
    let peers: Vec<Peer> = (0..100).map(|_| Peer::dial(port)).collect();
    pty.wait_text("EMFILE: this program has no file descriptor left for another");
    // It goes on asking for those that wait, with a pause each time.
    pty.keys("<f4>z");
    let failures = |least: usize| {
        pty.wait(&format!("{least} accepts that fail"), move |screen| {
            let contents = screen.contents();
            let failed = |row: &&str| row.contains("accept(") && row.contains("= -1 EMFILE");
            contents.lines().filter(failed).count() >= least
        });
    };
    failures(1);
    let (start, before) = (Instant::now(), ticks(&pty));
    failures(3);
    let (took, used) = (start.elapsed(), ticks(&pty) - before);
    assert!(took > Duration::from_secs(1), "there is a pause: {took:?}");
    assert!(used < 50, "{used} hundredths of a second in {took:?}");
    pty.keys("z");
    pty.wait_text("[Stop]");
    drop(peers);
    pty.wait_text("queue 0/128");
    pty.wait_text("0 connected");
    assert_recovered(&pty, port);
}

#[test]
fn without_descriptors_for_its_clients_a_crowd_says_so_and_can_be_dismissed() {
    let (pty, port) = cramped();
    crowd(&pty, 100);
    pty.wait("each way in which it says so", |screen| {
        shows(
            screen,
            "EMFILE: this program has no file descriptor left: close some sockets",
        ) && shows(screen, "no worker thread can be started")
    });
    pty.keys("<f5>g");
    pty.wait_gone("crowd: ");
    pty.wait_text("0 connected");
    assert_recovered(&pty, port);
}
