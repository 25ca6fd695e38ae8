//! No descriptor left, no thread left: each is said in plain words, nothing spins, and it goes on by itself when there are
//! some again.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::process::{Resource, Rlimit, getrlimit, getuid, prlimit, setrlimit};

use super::effort::{Effort, pass};
use super::program::{LIMIT, Program, connect, echo, read_to_end};
use super::trial;

const ANY: &str = "127.0.0.1:0";

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for model in ["poll", "threads", "serial"] {
        for quiet in [true, false] {
            let kind = if quiet { "_quiet" } else { "" };
            let name = format!("without_descriptors_{model}{kind}_says_so_waits_and_recovers");
            trials.push(trial(&name, move || descriptors(model, quiet)));
        }
    }
    trials.push(trial(
        "what_a_full_queue_drops_without_descriptors_is_told_at_the_end",
        dropped_without_descriptors,
    ));
    for quiet in [true, false] {
        let kind = if quiet { "_quiet" } else { "" };
        let name = format!("without_threads_serve{kind}_says_so_and_recovers");
        let body = trial(&name, move || threads(quiet));
        trials.push(body.with_ignored_flag(!may_be_nobody()));
    }
    trials
}

/// The lowest descriptor that the program has not.
fn free(program: &Program) -> u64 {
    let folder = format!("/proc/{}/fd", program.id().as_raw_nonzero());
    let names = fs::read_dir(folder).expect("it runs");
    let open: BTreeSet<u64> = names
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    (0..=u64::from(u32::MAX))
        .find(|number| !open.contains(number))
        .expect("one")
}

/// Sets a limit of the program's, and gives back what it was.
fn limit(program: &Program, resource: Resource, current: u64) -> u64 {
    let maximum = getrlimit(resource).maximum;
    let set = Rlimit {
        current: Some(current),
        maximum,
    };
    let before = prlimit(Some(program.id()), resource, set).expect("the limit of a child");
    before.current.or(maximum).unwrap_or(u64::MAX >> 1)
}

fn descriptors(model: &str, quiet: bool) {
    let mut args = vec![ANY, "--model", model];
    args.extend(quiet.then_some("--quiet"));
    let mut program = Program::start(&args);
    let address = program.address();
    // One at a time is all that serial has.
    let held = if model == "serial" { 0 } else { 3 };
    let held: Vec<TcpStream> = (0..held).map(|_| connect(address)).collect();
    for peer in &held {
        assert_eq!(echo(peer, b"hello"), b"hello");
    }
    let first = connect(address);
    if model == "serial" {
        assert_eq!(echo(&first, b"hello"), b"hello");
    }
    drop(first);
    // The last one's close is reported before its descriptor is missed by anybody.
    let told = |program: &mut Program| {
        if quiet {
            program.complaint()
        } else {
            program.line_that(|line| line.contains("EMFILE"))
        }
    };
    let before = {
        // Whatever was under way has come to its end.
        super::effort::wait_until_idle(&program, Duration::from_millis(100));
        let lowest = free(&program);
        limit(&program, Resource::Nofile, lowest)
    };
    let waiting = [connect(address), connect(address)];
    let words = told(&mut program);
    assert!(words.contains("accept("), "{words}");
    assert!(words.contains("= -1 EMFILE"), "{words}");
    // It asks once a second, and does nothing in between.
    let start = Effort::of(&program);
    pass(Duration::from_millis(1_500));
    let now = Effort::of(&program);
    let (woke, ticks) = (
        now.all_sleeps() - start.all_sleeps(),
        now.ticks - start.ticks,
    );
    assert!(
        woke <= 20,
        "its threads have woken up {woke} times in 1.5 s"
    );
    assert!(ticks <= 10, "it has run for {ticks} ticks in 1.5 s");
    for peer in &held {
        assert_eq!(
            echo(peer, b"hello"),
            b"hello",
            "those who were there are served"
        );
    }
    limit(&program, Resource::Nofile, before);
    for peer in waiting {
        assert_eq!(echo(&peer, b"hello"), b"hello", "by itself it goes on");
    }
    let left = program.stop();
    assert_eq!(left.complaints, "", "it is said once");
    let summary = left.summary();
    let (_, failed) = summary.rsplit_once("; accept failed ").expect("failures");
    let count = failed
        .split(' ')
        .next()
        .and_then(|count| count.parse().ok());
    let count: u32 = count.expect("a number");
    assert!((2..=6).contains(&count), "{summary}");
    assert!(
        summary.starts_with(&format!("served {} connections", held.len() + 3)),
        "{summary}"
    );
}

/// With nothing accepted the queue fills up; the kernel is asked of it at the end, when there is no descriptor to ask with.
fn dropped_without_descriptors() {
    let mut program = Program::start(&[ANY, "--quiet", "--model", "poll", "--backlog", "1"]);
    let address = program.address();
    let lowest = free(&program);
    limit(&program, Resource::Nofile, lowest);
    let waiting = [connect(address), connect(address)];
    let words = program.complaint();
    assert!(words.contains("= -1 EMFILE"), "{words}");
    let short = Duration::from_millis(20);
    TcpStream::connect_timeout(&address, short).expect_err("no room in the queue");
    let left = program.stop();
    let summary = left.summary();
    let told = "; 1 handshake dropped by a full accept queue; accept failed ";
    assert!(summary.contains(told), "{summary}");
    drop(waiting);
}

/// A user that there is not, and that has no other threads: the limit binds no superuser.
const NOBODY: u32 = 61_999;

/// How many threads it may have: those of the program itself, and a few for connections.
const FEW: u64 = 10;

/// Whether the program can run as somebody whom the limit of threads binds.
fn may_be_nobody() -> bool {
    let mut command = as_nobody();
    let ran = command.arg("--version").stdout(Stdio::null()).status();
    let may = getuid().is_root() && ran.is_ok_and(|status| status.success());
    if !may {
        eprintln!(
            "ignored: only the superuser can run the program as one who has no other threads"
        );
    }
    may
}

fn as_nobody() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockyard"));
    command.uid(NOBODY);
    command
}

fn threads(quiet: bool) {
    let mut command = as_nobody();
    command.args(["serve", ANY, "--model", "threads"]);
    command.args(quiet.then_some("--quiet"));
    // The child inherits it; this process is the superuser's.
    let before = getrlimit(Resource::Nproc);
    let few = Rlimit {
        current: Some(FEW),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nproc, few).expect("a lower limit");
    let mut program = Program::run(command);
    setrlimit(Resource::Nproc, before).expect("the limit as it was");
    let address = program.address();
    let mut held = Vec::new();
    let refused = loop {
        let peer = connect(address);
        (&peer).write_all(b"hello").expect("room");
        let mut back = [0; 5];
        if (&peer).read_exact(&mut back).is_err() {
            break held.len() + 1;
        }
        assert_eq!(&back, b"hello");
        held.push(peer);
        assert!(held.len() < FEW as usize, "the limit binds nobody");
    };
    assert!(refused > 1, "there are threads for some");
    let words = format!(
        "server#{refused} is closed unserved: no thread for it can be started (the limit of threads or of memory is reached)"
    );
    let told = |program: &mut Program, words: &str| {
        if quiet {
            assert_eq!(program.complaint(), format!("sockyard: {words}"));
        } else {
            program.line_that(|line| line.contains(words));
        }
    };
    told(&mut program, &words);
    assert_eq!(read_to_end(&connect(address)), b"", "and so is the next");
    for peer in &held {
        assert_eq!(
            echo(peer, b"hello"),
            b"hello",
            "those who were there are served"
        );
    }
    let served = held.len();
    drop(held);
    // Each of them ends in its own time, and then it goes on by itself.
    let end = Instant::now() + LIMIT;
    let mut tries = 2;
    loop {
        let after = connect(address);
        (&after).write_all(b"hello").expect("room");
        if (&after).read_exact(&mut [0; 5]).is_ok() {
            break;
        }
        tries += 1;
        assert!(Instant::now() < end, "nobody is served any more");
    }
    let left = program.stop();
    assert_eq!(left.complaints, "", "it is said once");
    let summary = left.summary();
    let bytes = served * 10 + 5;
    assert_eq!(
        summary,
        format!(
            "served {} connections: {bytes} B received, {bytes} B sent; at most {} at once; {tries} closed unserved",
            served + 1,
            served + 1
        )
    );
}
