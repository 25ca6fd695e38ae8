//! Scripts that are played in the real program, with real sockets: by steps and at a pace, taken over and gone back to,
//! begun again, ended in the middle; and every ready-made one to its end.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::ending::{assert_ends, assert_ends_with_its_terminal};
use super::play::{Peer, port_of, shows_row, talking};
use super::pty::{Modes, Program, Pty, shows};

const BINARY: &str = env!("CARGO_BIN_EXE_sockyard");

/// A greeting is received; then a recv waits for what never comes.
const LESSON: &str = r#"say "The server welcomes whoever connects."
server start 127.0.0.1 0 --service hello --model threads
client connect 127.0.0.1 ${server.port}
client recv 1024
expect client received "Welcome"
say "Nothing more comes by itself."
client recv 1024
say "That was it."
"#;

/// What a script needs to pass, whatever was done before it.
const NUMBERED: &str = r#"server start 127.0.0.1 0 --service echo --model threads
client connect 127.0.0.1 ${server.port}
client2 connect 127.0.0.1 ${server.port}
client2 send "hi"
client2 recv 100
expect client2 received "hi"
expect server accepted 2
expect server#2 received "hi"
client2 end
"#;

/// How long nothing has to happen for the program to be idle: longer than anything in it ticks.
const QUIET: Duration = Duration::from_millis(700);

/// The playground in a folder of its own, in which this script is played.
struct Played {
    pty: Pty,
    folder: TempDir,
}

fn played(script: &str, args: &[&str], cols: u16, rows: u16) -> Played {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("lesson.yard"), script).expect("a file");
    let args = [&["--play", "lesson.yard"], args].concat();
    let pty = Pty::spawn(&Program {
        cwd: folder.path().to_str().expect("text"),
        cols,
        rows,
        ..Program::new(BINARY, &args)
    });
    Played { pty, folder }
}

/// Presses Space, and waits for the strip to be paused before this step.
#[track_caller]
fn step_to(pty: &Pty, number: usize, count: usize) {
    pty.keys(" ");
    wait_paused(pty, number, count);
}

#[track_caller]
fn wait_paused(pty: &Pty, number: usize, count: usize) {
    let step = format!("step {number} of {count}");
    pty.wait(&format!("{step}, paused"), |screen| {
        shows_row(screen, &[&step, "paused"])
    });
}

/// Up to the recv that waits for what never comes.
#[track_caller]
fn to_the_recv_that_waits(pty: &Pty) {
    wait_paused(pty, 1, 8);
    for number in 2..=7 {
        step_to(pty, number, 8);
    }
    pty.keys(" ");
    pty.wait_text("client waits in recv()");
}

/// How often each thread of the program has gone to sleep by itself.
fn sleeps(pty: &Pty) -> Vec<(String, String)> {
    let tasks = fs::read_dir(format!("/proc/{}/task", pty.pid())).expect("the program runs");
    let mut found: Vec<(String, String)> = tasks
        .map(|task| task.expect("a thread's folder").path())
        .map(|path| {
            let status = fs::read_to_string(path.join("status")).expect("a thread");
            let sleeps = (status.lines())
                .find(|line| line.starts_with("voluntary_ctxt_switches:"))
                .expect("a field");
            (path.display().to_string(), sleeps.to_owned())
        })
        .collect();
    found.sort();
    found
}

/// Asserts that nothing is drawn and no thread wakes up.
#[track_caller]
fn assert_idle(pty: &Pty) {
    // What is under way may come to its end first.
    let is_quiet = (0..20).any(|_| pty.stays_silent(QUIET));
    assert!(is_quiet, "never quiet:\n{}", pty.screen());
    let before = sleeps(pty);
    assert!(pty.stays_silent(QUIET), "not quiet:\n{}", pty.screen());
    assert_eq!(sleeps(pty), before, "threads have woken up");
}

#[test]
fn a_script_is_stepped_through_to_its_end() {
    let played = played(NUMBERED, &[], 80, 24);
    let pty = &played.pty;
    wait_paused(pty, 1, 9);
    for number in 2..=9 {
        step_to(pty, number, 9);
    }
    pty.keys(" ");
    pty.wait_text("passed: 9 steps, 3 expectations held");
    pty.wait_text("1 connected");
    // Again: everything is closed, also for somebody from outside, and the numbers are the same.
    let mut guest = Peer::dial(port_of(pty));
    pty.wait_text("2 connected");
    pty.keys("r");
    guest.drain();
    wait_paused(pty, 1, 9);
    pty.wait_text("server stopped");
    pty.keys("p+++");
    pty.wait_text("passed: 9 steps, 3 expectations held");
    pty.wait_text("1 connected");
    pty.keys("<c-c>");
    assert_ends(pty, 0);
}

#[test]
fn to_begin_again_in_a_flood_leaves_no_thread_behind() {
    let script = NUMBERED.replace("client2 end\n", "");
    let played = played(&script, &["--pace", "1ms"], 120, 36);
    let pty = &played.pty;
    wait_paused(pty, 1, 8);
    for _ in 0..5 {
        pty.keys("p");
        pty.wait_text("passed: 8 steps");
        // Each connection has a thread, which mostly waits for room in the channel to the screen.
        let port = port_of(pty);
        let floods: Vec<_> = (0..8)
            .map(|_| {
                let (mut peer, flood) = (Peer::dial(port), thread::Builder::new());
                let flood = flood.name("flood".to_owned());
                let flood = flood.spawn(move || while peer.exchange(&[b'x'; 4096]) {});
                flood.expect("a thread can be started")
            })
            .collect();
        pty.wait_text("10 connected");
        pty.keys("r");
        wait_paused(pty, 1, 8);
        for flood in floods {
            flood.join().expect("it ends with the connection");
        }
    }
    pty.keys("<c-c>");
    assert_ends(pty, 0);
    let raw = pty.raw();
    let told = raw.windows(12).any(|run| run == b"did not end ");
    assert!(!told, "a thread was left behind");
}

#[test]
fn a_script_goes_on_at_its_pace_to_its_end() {
    let played = played(NUMBERED, &["--pace", "20ms"], 120, 36);
    let pty = &played.pty;
    wait_paused(pty, 1, 9);
    pty.wait_text("pace 20ms");
    pty.keys("p");
    pty.wait_text("passed: 9 steps, 3 expectations held");
    assert_idle(pty);
    pty.keys("q");
    pty.wait_gone("passed:");
    pty.wait_text("1 connected");
}

#[test]
fn the_line_play_asks_before_it_closes_what_is_open() {
    let (pty, _) = talking(&[], 120, 36);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lesson.yard");
    fs::write(&path, NUMBERED).expect("a file");
    pty.keys(&format!("<f2>:play {}<enter>", path.display()));
    pty.wait_text("Close everything first?");
    pty.keys("y");
    wait_paused(&pty, 1, 9);
    pty.wait_text("server stopped");
    pty.keys("p+++");
    pty.wait_text("passed: 9 steps, 3 expectations held");
}

#[test]
fn the_config_file_sets_the_pace() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("lesson.yard"), LESSON).expect("a file");
    fs::write(path("config.toml"), "[play]\npace = \"250ms\"\n").expect("a file");
    let (script, config) = (path("lesson.yard"), path("config.toml"));
    for (args, pace) in [(&[][..], "pace 250ms"), (&["--pace", "2s"], "pace 2s")] {
        let args = [&["--play", &script, "--config", &config], args].concat();
        let pty = Pty::spawn(&Program::new(BINARY, &args));
        pty.wait_text(pace);
    }
}

#[test]
fn a_stop_takes_nothing_of_a_steps_time() {
    let script = format!("limit 2s\n{LESSON}");
    let played = played(&script, &[], 80, 24);
    let pty = &played.pty;
    wait_paused(pty, 1, 9);
    for number in 2..=8 {
        step_to(pty, number, 9);
    }
    pty.keys(" ");
    pty.wait_text("client waits in recv()");
    pty.keys("<c-z>");
    pty.wait_stopped();
    // It is stopped before all that it wrote has been read here.
    pty.wait("the shell's screen", |screen| !screen.alternate_screen());
    assert!(pty.stays_silent(Duration::from_secs(3)), "it is stopped");
    pty.kill(Signal::CONT);
    pty.wait_text(" of 2s");
    pty.keys("<esc>");
    pty.wait_text("under way: ");
    assert!(!pty.screen().contains("FAILED"), "{}", pty.screen());
}

#[test]
fn what_is_said_waited_for_and_wrong_is_seen() {
    let script = LESSON.replace("say \"That was it.\"", "");
    let played = played(
        &format!("limit 300ms\n{script}"),
        &["--pace", "1ms"],
        80,
        24,
    );
    let pty = &played.pty;
    pty.wait_text("paused");
    pty.keys("p");
    pty.wait_text("The server welcomes whoever connects.");
    pty.wait_text("client waits in recv()");
    pty.wait_text("FAILED: it has not come to its end within 300ms");
    pty.wait_text("FAILED in line 8");
}

#[test]
fn in_the_middle_a_person_takes_over_and_gives_the_keys_back() {
    let played = played(LESSON, &[], 80, 24);
    let pty = &played.pty;
    to_the_recv_that_waits(pty);
    pty.keys("<esc>");
    pty.wait_text("under way: client recv 1024");
    pty.keys("i");
    pty.wait_text("leave the field");
    pty.keys("ning<enter>");
    // The recv that the script has begun returns what the person has asked for.
    pty.wait_text("2 │ Hello,ning!");
    pty.keys("<f8>");
    wait_paused(pty, 8, 8);
    pty.keys(" ");
    pty.wait_text("passed: 8 steps, 1 expectation held");
}

#[test]
fn a_recv_that_a_script_waits_for_can_be_cancelled_by_hand() {
    let played = played(LESSON, &[], 120, 36);
    let pty = &played.pty;
    to_the_recv_that_waits(pty);
    pty.keys("<tab>");
    pty.wait_text("F8 go on");
    // From whichever control Tab has led to, F2 leads to a button of the client.
    pty.keys("<f2>r");
    pty.wait("the recv to be cancelled", |screen| {
        shows_row(screen, &["recv(", "cancelled"])
    });
    pty.keys("<f8>");
    wait_paused(pty, 8, 8);
}

#[test]
fn while_it_is_paused_nothing_wakes_up() {
    // A step has less time than the pauses last: it is measured from its own beginning.
    let script = format!("limit 1s\n{NUMBERED}");
    let played = played(&script, &[], 80, 24);
    let pty = &played.pty;
    wait_paused(pty, 1, 10);
    assert_idle(pty);
    for number in 2..=6 {
        step_to(pty, number, 10);
    }
    assert_idle(pty);
    step_to(pty, 7, 10);
    pty.keys("<esc>");
    pty.wait_text("F8 go on");
    assert_idle(pty);
    pty.keys("<f8>");
    step_to(pty, 8, 10);
}

#[test]
fn a_signal_ends_it_in_the_middle_of_a_step() {
    for (signal, status) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let played = played(LESSON, &[], 80, 24);
        let pty = &played.pty;
        to_the_recv_that_waits(pty);
        pty.kill(signal);
        assert_ends(pty, status);
    }
}

#[test]
fn a_stop_that_cannot_be_caught_is_survived_in_the_middle_of_a_step() {
    let played = played(LESSON, &[], 80, 24);
    let pty = &played.pty;
    to_the_recv_that_waits(pty);
    let start = pty.raw().len();
    pty.kill(Signal::STOP);
    pty.wait_stopped();
    pty.kill(Signal::CONT);
    // Whatever a shell did to the terminal, it is switched on anew.
    let switched = pty.wait_raw_after(start, b"\x1b[?1049h");
    pty.wait_raw_after(switched, b"\x1b[?2026l");
    pty.wait_text("client waits in recv()");
    pty.keys("<esc>");
    pty.wait_text("under way: client recv 1024");
    pty.keys("<c-c>");
    assert_ends(pty, 0);
}

#[test]
fn a_terminal_that_is_closed_ends_it_in_the_middle_of_a_step() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lesson.yard");
    fs::write(&path, LESSON).expect("a file");
    let path = path.to_str().expect("text");
    assert_ends_with_its_terminal(&["--play", path], "paused");
}

#[test]
fn any_size_is_good_in_the_middle_of_a_step() {
    let played = played(LESSON, &[], 80, 24);
    let pty = &played.pty;
    to_the_recv_that_waits(pty);
    for (cols, rows) in [(120, 36), (60, 15), (30, 8), (100, 30), (80, 24)] {
        pty.resize(cols, rows);
        pty.wait(&format!("the script in {cols}x{rows}"), |screen| {
            if cols < 60 {
                return shows(screen, "needs more room");
            }
            let last = screen.contents();
            let footer = last.lines().nth(usize::from(rows) - 1);
            shows(screen, "client waits in recv()")
                && footer.is_some_and(|footer| footer.contains("Ctrl-C quit"))
        });
    }
    pty.keys("<esc>");
    pty.wait_text("F8 go on");
}

#[test]
fn a_script_that_cannot_be_played_is_told_before_the_screen_is_taken() {
    let wrong = "client conect a 80\nsay \"x\"\nwait soon\n";
    let cases = [
        (
            wrong,
            &[
                "lesson.yard:1:8: there is no conect",
                "lesson.yard:3:6: \"soon\" is no duration",
            ][..],
        ),
        ("program start\n", &["sockyard run lesson.yard --spawn"]),
        ("# nothing\n", &["there is nothing to play"]),
    ];
    for (script, told) in cases {
        let played = played(script, &[], 160, 24);
        let pty = &played.pty;
        assert_eq!(pty.wait_exit().exit_code(), 2);
        assert_eq!(pty.modes(), Modes::default());
        assert!(!pty.raw().contains(&0x1b), "the terminal is not touched");
        for told in told {
            assert!(pty.screen().contains(told), "{}", pty.screen());
        }
    }
    let played = played("say \"x\"\n", &["--play", "none.yard"], 160, 24);
    assert_eq!(played.pty.wait_exit().exit_code(), 2);
    let missing = Pty::spawn(&Program {
        cols: 160,
        ..Program::new(BINARY, &["--play", "/nonexistent/none.yard"])
    });
    assert_eq!(missing.wait_exit().exit_code(), 2);
    assert!(
        missing.screen().contains("none.yard: ENOENT"),
        "{}",
        missing.screen()
    );
}

/// The ready-made scripts.
fn ready_made() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scripts");
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|end| end == "yard"))
        .collect();
    found.sort();
    found
}

#[test]
fn every_ready_made_script_is_played_to_its_end() {
    for path in ready_made() {
        let script = fs::read_to_string(&path).expect("a script");
        let played = played(&script, &["--pace", "1ms"], 120, 36);
        let pty = &played.pty;
        pty.wait_text("paused");
        pty.keys("p");
        let name = path.display();
        pty.wait(&format!("{name} to be over"), |screen| {
            shows(screen, "passed: ") || shows(screen, " FAILED in line ")
        });
        assert!(
            pty.screen().contains("passed: "),
            "{name}:\n{}",
            pty.screen()
        );
        pty.keys("<c-c>");
        assert_ends(pty, 0);
        drop(played.folder);
    }
}
