//! How a run ends that does not come to its end: by a signal, by its limits, without a reader. And what it costs to wait.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::foreign::trial;
use super::played::{BINARY, Playing, play, run};
use super::pty::LIMIT;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("an_interrupt_ends_a_script_with_130", &[], || {
            signalled(Signal::INT, 130);
        }),
        trial("a_termination_ends_a_script_with_143", &[], || {
            signalled(Signal::TERM, 143);
        }),
        trial("a_hangup_ends_a_script_with_129", &[], || {
            signalled(Signal::HUP, 129);
        }),
        trial("a_quit_ends_a_script_with_131", &[], || {
            signalled(Signal::QUIT, 131);
        }),
        trial(
            "an_interrupt_ends_the_program_under_test_too",
            &["python3"],
            interrupted_program,
        ),
        trial("a_step_that_would_hang_ends_at_its_limit", &[], hangs),
        trial("the_whole_script_has_a_limit_too", &[], total),
        trial("the_limits_can_be_told_by_options", &[], options),
        trial(
            "a_call_in_the_background_does_not_hold_up_the_end",
            &[],
            background,
        ),
        trial("a_reader_that_has_heard_enough_ends_it_quietly", &[], head),
        trial("a_full_disk_is_told", &[], full),
        trial(
            "a_file_that_cannot_be_written_fails_the_run_even_after_its_last_line",
            &["bash"],
            unsaved,
        ),
        trial("a_place_that_is_none_fails_the_line", &[], no_place),
        trial("a_full_disk_is_told_by_every_command", &[], full_for_all),
        trial(
            "a_reader_that_has_heard_enough_ends_every_command_quietly",
            &[],
            closed_for_all,
        ),
        trial(
            "an_output_that_nobody_takes_does_not_hold_up_the_end",
            &[],
            unread,
        ),
        trial(
            "what_is_long_and_has_room_for_its_beginning_only_holds_nobody_up",
            &[],
            long_complaint,
        ),
        trial(
            "whoever_is_killed_takes_the_program_under_test_along",
            &["sleep"],
            killed,
        ),
        trial("to_wait_costs_nothing", &["bash"], idle),
    ]
}

/// A script that waits, in a call and then for time to pass; and says when it does.
const WAITS: &str = "server start 127.0.0.1 0 --service manual
client connect 127.0.0.1 ${server.port}
client recv 1024 &
expect client blocked recv
server#1 recv 1024 &
client2 socket
client2 bind 127.0.0.1 0
limit 60s
wait 60s
";

/// Sends a signal once the script waits.
#[track_caller]
fn signal_once_it_waits(playing: &Playing, signal: Signal) {
    // Each actor has a thread of its own. The file of the descriptors tells that all the sockets are there.
    let folder = format!("/proc/{}/fd", playing.pid());
    let sockets = || {
        let Ok(entries) = fs::read_dir(&folder) else {
            return 0;
        };
        let targets = entries
            .flatten()
            .filter_map(|entry| fs::read_link(entry.path()).ok());
        targets
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    };
    let until = Instant::now() + LIMIT;
    // The listening one, both ends of the connection, the second client's; netlink and signals have some too.
    while sockets() < 6 {
        assert!(Instant::now() < until, "it has {} sockets", sockets());
        std::thread::yield_now();
    }
    let pid = Pid::from_raw(playing.pid().cast_signed()).expect("a pid");
    kill_process(pid, signal).expect("it runs");
}

fn signalled(signal: Signal, code: i32) {
    let folder = tempfile::tempdir().expect("a folder");
    let playing = Playing::start(&["run", "-"], folder.path(), WAITS);
    signal_once_it_waits(&playing, signal);
    let played = playing.end();
    played.exits(code);
    assert!(!played.stdout.contains("passed"), "{played:#?}");
    assert_eq!(played.stderr, "");
}

fn interrupted_program() {
    let folder = tempfile::tempdir().expect("a folder");
    // The shell stays, and what it has started is to be ended too.
    let command = "python3 -m http.server --bind 127.0.0.1 0; true";
    for (signal, status) in [(Signal::INT, 130), (Signal::QUIT, 131)] {
        let args = ["run", "-", "--spawn", command];
        let playing = Playing::start(&args, folder.path(), WAITS);
        signal_once_it_waits(&playing, signal);
        playing.end().exits(status);
    }
}

fn hangs() {
    let script = "server start 127.0.0.1 0 --service manual
client connect 127.0.0.1 ${server.port}
limit 200ms
client recv 1024
";
    run(script)
        .exits(1)
        .says("FAILED: -:4: client recv 1024")
        .says("not come to its end within 200ms")
        .says("ends in &");
}

fn total() {
    let script = "limit 100ms --total\nserver start 127.0.0.1 0\nlimit 10s\nexpect server accepted 1 --else \"nobody came\"\n";
    let played = run(script);
    played
        .exits(1)
        .says("FAILED: -:4: ")
        .says("the whole script is not over after 100ms");
    assert!(!played.stdout.contains("symptom"), "{played:#?}");
}

fn options() {
    let script = "server start 127.0.0.1 0\nexpect server accepted 1\n";
    let played = play(&["run", "-", "--limit", "100ms"], script);
    played.exits(1).says("not within 100ms: 0 accepted");
    let script = "wait 30s\n";
    let played = play(&["run", "-", "--total", "100ms"], script);
    played.exits(1).says("after 100ms");
}

fn background() {
    let script = "server start 127.0.0.1 0 --service manual
client connect 127.0.0.1 ${server.port}
client recv 1024 &
";
    let played = run(script);
    played.exits(0);
    assert_eq!(played.stderr, "");
}

fn head() {
    let mut child = Command::new("sh")
        .args(["-c", "\"$0\" run - | head -n 1", BINARY])
        .env("SOCKYARD_CONFIG", "/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("there is a shell");
    let script = "client socket\nwait 50ms\n".repeat(20);
    let stdin = child.stdin.take().expect("it was asked for");
    Write::write_all(&mut { stdin }, script.as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.stdout, b"   1 > client socket\n");
}

fn full() {
    let output = Command::new("sh")
        .args([
            "-c",
            "echo 'client socket' | \"$0\" run - >/dev/full",
            BINARY,
        ])
        .env("SOCKYARD_CONFIG", "/dev/null")
        .output()
        .expect("there is a shell");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("sockyard: cannot write to standard output: the disk is full: make room"),
        "{said}"
    );
}

fn unsaved() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "server start 127.0.0.1 0 --service hello
client connect 127.0.0.1 ${server.port}
client save here.bin
client recv 1024
expect client received \"Welcome\"
";
    fs::write(folder.path().join("a.yard"), script).expect("a file");
    for (limit, status, complaint) in [
        ("unlimited", 0, String::new()),
        (
            "0",
            1,
            format!(
                "sockyard: not saved: no file may become larger than this (ulimit -f) (EFBIG); {} is left empty\n",
                folder.path().join("here.bin").display()
            ),
        ),
    ] {
        let limited = format!(
            "rm -f here.bin; ulimit -f {limit} && exec \"$0\" run a.yard | cat; exit ${{PIPESTATUS[0]}}"
        );
        let output = Command::new("bash")
            .args(["-c", &limited, BINARY])
            .current_dir(folder.path())
            .env("SOCKYARD_CONFIG", "/dev/null")
            .output()
            .expect("there is a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), said),
            (Some(status), complaint.into())
        );
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("\npassed: "), "{said}");
    }
}

fn no_place() {
    for (path, why) in [
        (
            "/dev/full",
            "it is a device, and only files are saved to: /dev/full",
        ),
        ("none/file", "/none does not exist: make it first (ENOENT)"),
    ] {
        run(&format!("client save {path}\nexpect client saved\n"))
            .exits(1)
            .says("not saved: ")
            .says(why);
    }
}

/// Every command that prints one text.
const COMMANDS: [&[&str]; 9] = [
    &["--help"],
    &["-h"],
    &["--version"],
    &["serve", "--help"],
    &["run", "-h"],
    &["help", "check"],
    &["config"],
    &["completions", "bash"],
    &["man"],
];

/// Runs one of them with this as its standard output.
fn printing(args: &[&str], output: Stdio) -> Output {
    Command::new(BINARY)
        .args(args)
        .env("SOCKYARD_CONFIG", "/dev/null")
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .and_then(Child::wait_with_output)
        .expect("the program starts")
}

fn full_for_all() {
    for args in COMMANDS {
        let device = File::options().write(true).open("/dev/full");
        let output = printing(args, device.expect("there is such a device").into());
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.starts_with("sockyard: cannot write to standard output: the disk is full"),
            "{args:?}: {said}"
        );
    }
}

fn closed_for_all() {
    for args in COMMANDS {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let output = printing(args, writer.into());
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

fn unread() {
    let folder = tempfile::tempdir().expect("a folder");
    let exchange = "client sendall \"hello\"\nclient recv 100\n";
    let script = format!(
        "server start 127.0.0.1 0\nclient connect 127.0.0.1 ${{server.port}}\nlimit 1min\n{}",
        exchange.repeat(2_000)
    );
    let file = folder.path().join("long.yard");
    fs::write(&file, script).expect("a file");
    let (mut reader, writer) = io::pipe().expect("a pipe");
    let mut child = Command::new(BINARY)
        .arg("run")
        .arg(&file)
        .args(["--spawn", "exec \"$SOCKYARD\" serve 127.0.0.1:0 --quiet"])
        .env("SOCKYARD", BINARY)
        .env("SOCKYARD_CONFIG", "/dev/null")
        .stdin(Stdio::null())
        .stdout(writer.try_clone().expect("a descriptor"))
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let until = Instant::now() + LIMIT;
    let has_room = || {
        let mut fds = [PollFd::new(&writer, PollFlags::OUT)];
        poll(&mut fds, Some(&Timespec::default())) != Ok(0)
    };
    // For so long that the script has come to a line that finds no room.
    let mut full_since = Instant::now();
    while full_since.elapsed() < Duration::from_millis(500) {
        assert!(Instant::now() < until, "the pipe is not full");
        if has_room() {
            full_since = Instant::now();
        }
        std::thread::yield_now();
    }
    let start = Instant::now();
    let pid = Pid::from_raw(child.id().cast_signed()).expect("a pid");
    kill_process(pid, Signal::TERM).expect("it runs");
    let mut said = String::new();
    let errors = child.stderr.as_mut().expect("a pipe");
    errors.read_to_string(&mut said).expect("text");
    let status = child.wait().expect("it has ended");
    let took = start.elapsed();
    assert_eq!(status.code(), Some(143), "{said}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(said, "");
    drop(writer);
    // With its last writer gone, the program under test among them, the pipe is at its end.
    let mut printed = String::new();
    reader.read_to_string(&mut printed).expect("text");
    assert!(printed.contains("client recv 100"), "{printed}");
}

fn long_complaint() {
    const PAGE: usize = 4096;
    let folder = tempfile::tempdir().expect("a folder");
    // Each wrong line is told with the name of its file.
    let name = "x".repeat(200);
    fs::write(folder.path().join(&name), "q\n".repeat(50)).expect("a file");
    let (mut reader, mut writer) = io::pipe().expect("a pipe");
    let mut filled = 0;
    while {
        let mut fds = [PollFd::new(&writer, PollFlags::OUT)];
        poll(&mut fds, Some(&Timespec::default())) != Ok(0)
    } {
        writer.write_all(&[b'.'; PAGE]).expect("room");
        filled += PAGE;
    }
    reader.read_exact(&mut [0; PAGE]).expect("it is full");
    let mut child = Command::new(BINARY)
        .args(["check", &name])
        .current_dir(folder.path())
        .env("SOCKYARD_CONFIG", "/dev/null")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(writer)
        .spawn()
        .expect("the program starts");
    let until = Instant::now() + LIMIT;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it was started") {
            break status;
        }
        if Instant::now() >= until {
            child.kill().expect("it runs");
            child.wait().expect("it has ended");
            panic!("it waits for somebody who reads");
        }
        std::thread::yield_now();
    };
    assert_eq!(status.code(), Some(2));
    let mut said = String::new();
    reader.read_to_string(&mut said).expect("text");
    let said = &said[filled - PAGE..];
    assert!(said.starts_with(&name), "{said}");
    assert_eq!(said.len(), PAGE);
}

fn killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = "limit 1min\nwait 1min\n";
    let args = ["run", "-", "--spawn", "exec sleep 1000"];
    let playing = Playing::start(&args, folder.path(), script);
    let wait_for = |what: &str, is_so: &dyn Fn(&[String]) -> bool| {
        let until = Instant::now() + LIMIT;
        while !is_so(&playing.processes()) {
            assert!(Instant::now() < until, "{what}: {:?}", playing.processes());
            std::thread::yield_now();
        }
    };
    let sleeps = |all: &[String]| all.iter().any(|line| line.starts_with("sleep\0"));
    wait_for("the program under test does not run", &sleeps);
    let pid = Pid::from_raw(playing.pid().cast_signed()).expect("a pid");
    kill_process(pid, Signal::KILL).expect("it runs");
    wait_for("it is left behind", &|all| all.iter().all(String::is_empty));
}

fn idle() {
    let measure = "TIMEFORMAT='%U %S'; time \"$0\" run - <<<'wait 2s'";
    let output = Command::new("bash")
        .args(["-c", measure, BINARY])
        .env("SOCKYARD_CONFIG", "/dev/null")
        .output()
        .expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    let times: Vec<f64> = said
        .split_whitespace()
        .map(|n| n.parse().expect("a number"))
        .collect();
    let [user, system] = times[..] else {
        panic!("{said}")
    };
    let spent = Duration::from_secs_f64(user + system);
    assert!(spent < Duration::from_millis(400), "{spent:?}");
}
