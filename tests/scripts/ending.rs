//! How a run ends that does not come to its end: by a signal, by its limits, without a reader. And what it costs to wait.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::Trial;
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
    let until = std::time::Instant::now() + LIMIT;
    // The listening one, both ends of the connection, the second client's; netlink and signals have some too.
    while sockets() < 6 {
        assert!(
            std::time::Instant::now() < until,
            "it has {} sockets",
            sockets()
        );
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
    let args = [
        "run",
        "-",
        "--spawn",
        "python3 -m http.server --bind 127.0.0.1 0",
    ];
    let playing = Playing::start(&args, folder.path(), WAITS);
    signal_once_it_waits(&playing, Signal::INT);
    playing.end().exits(130);
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
    std::io::Write::write_all(&mut { stdin }, script.as_bytes()).expect("it is read");
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
        said.starts_with("sockyard: ") && said.contains("No space left"),
        "{said}"
    );
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
