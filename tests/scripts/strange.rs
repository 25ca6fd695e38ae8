//! Programs under test that do not behave: whatever they do, the run ends within its limits and nothing of them is left,
//! see [`super::played::Playing::end`].

use std::time::Duration;

use libtest_mimic::Trial;

use super::foreign::trial;
use super::json::objects;
use super::played::{Played, play};

pub fn trials() -> Vec<Trial> {
    let python = &["python3"][..];
    vec![
        trial(
            "a_program_that_never_listens_is_given_up",
            &["sleep"],
            never_listens,
        ),
        trial("a_program_that_is_not_there_is_told", &[], not_there),
        trial(
            "the_last_lines_of_a_program_that_dies_are_shown",
            python,
            dies,
        ),
        trial("a_program_that_listens_late_is_awaited", python, late),
        trial(
            "a_program_that_goes_into_the_background_is_found_and_ended",
            python,
            daemon,
        ),
        trial("what_a_program_leaves_behind_is_ended", python, leaves),
        trial("a_program_that_ignores_sigterm_is_ended", python, ignores),
        trial("a_script_can_end_the_program", python, ended),
        trial("a_flood_of_output_is_cut_short", &["yes"], flood),
        trial("a_line_without_an_end_is_cut_short", &["yes"], endless_line),
        trial("a_program_on_ipv6_is_reached", python, || {
            listens_at("::1", "[::1]:");
        }),
        trial("a_program_on_every_address_is_reached", python, || {
            listens_at("0.0.0.0", "0.0.0.0:");
        }),
        trial(
            "with_few_descriptors_a_program_is_found_and_ended_too",
            python,
            few_descriptors,
        ),
        trial("a_udp_server_can_be_tested", python, udp),
        trial("a_udp_client_can_be_tested", python, udp_client),
        trial("a_server_may_have_a_udp_socket_too", python, udp_beside),
        trial(
            "hostile_output_does_not_reach_the_terminal",
            python,
            hostile,
        ),
    ]
}

/// Tests a Python program.
#[track_caller]
fn test(program: &str, script: &str) -> Played {
    test_with(&[], program, script)
}

/// The same for a program whose start is watched for a while, which on a busy machine takes its time.
fn test_patiently(program: &str, script: &str) -> Played {
    test_with(&["--limit", "20s"], program, script)
}

fn test_with(options: &[&str], program: &str, script: &str) -> Played {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.py");
    let program = format!("import os, signal, socket, sys, time\n{program}\n");
    std::fs::write(&file, program).expect("a file");
    let command = format!("python3 '{}'", file.display());
    play(
        &[&["run", "-", "--spawn", &command], options].concat(),
        script,
    )
}

const LISTENS: &str = "s = socket.create_server(('127.0.0.1', 0))\n";
/// Serves whoever comes, one after the other, with an answer each.
const SERVES: &str = "
while True:
    c, _ = s.accept()
    c.sendall(b'here')
    c.close()
";
const VISIT: &str = "client connect ${program.host} ${program.port}
client recv 1024
expect client received \"here\"
";

fn never_listens() {
    let played = play(
        &["run", "-", "--spawn", "sleep 1000", "--limit", "300ms"],
        "say \"a\"\n",
    );
    played
        .exits(1)
        .says("neither listens on a port nor has connected within 300ms");
}

fn not_there() {
    let played = play(&["run", "-", "--spawn", "./no-such-program"], "say \"a\"\n");
    played
        .exits(1)
        .says("exit status 127")
        .says("no-such-program: not found");
}

fn dies() {
    let program = "print('up and', 'running')\ndef f():\n    return {}['port']\nf()";
    test(program, "say \"a\"\n")
        .exits(1)
        .says("the program ended with exit status 1")
        .says("\nthe program printed last:\n     | up and running\n     | Traceback")
        .says("     | KeyError: 'port'\n");
}

fn late() {
    let program = format!("time.sleep(0.6)\n{LISTENS}{SERVES}");
    test(&program, VISIT).exits(0);
    test(&program, &format!("limit 100ms\nprogram start\n{VISIT}"))
        .exits(1)
        .says("FAILED: -:2: program start");
}

/// The double fork of a daemon, which leaves its group and its session.
const DAEMON: &str = "
if os.fork(): time.sleep(1.5); os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
";

fn daemon() {
    let program = format!("{DAEMON}{LISTENS}{SERVES}");
    test(
        &program,
        &format!(
            "{VISIT}expect program exits 0\n{}",
            VISIT.replace("client", "client2")
        ),
    )
    .exits(0);
}

fn leaves() {
    // A tree of processes, each in a session of its own, all deaf.
    let program = "
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
        time.sleep(1000)
s = socket.create_server(('127.0.0.1', 0))
";
    let played = test(program, "expect program exits 0\n");
    played.exits(0);
}

fn ignores() {
    let program = format!("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{LISTENS}{SERVES}");
    let played = test(&program, VISIT);
    played.exits(0);
    assert!(played.took < Duration::from_secs(20), "{played:#?}");
    test(
        &program,
        &format!("{VISIT}program end\nexpect program exits 9\n"),
    )
    .exits(1)
    .says("FAILED: -:5: expect program exits 9");
}

fn ended() {
    let program =
        format!("{LISTENS}signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n{SERVES}");
    test(
        &program,
        &format!("program start\n{VISIT}program end\nexpect program exits 7\n"),
    )
    .exits(0);
    test(&program, "program start\nprogram end\nprogram start\n")
        .exits(2)
        .complains("-:3:1: the program is started once");
}

fn flood() {
    let args = [
        "run",
        "-",
        "--spawn",
        "exec yes flooded",
        "--limit",
        "500ms",
    ];
    let played = play(&args, "say \"a\"\n");
    played.exits(1).says("no more of them are shown");
    let lines = played.stdout.matches("program | flooded").count();
    assert_eq!(lines, 500);
    // It is read all the same, or it would be held back.
    let args = [
        "run",
        "-",
        "--spawn",
        "yes | head -n 50000; echo at last; yes",
    ];
    play(&args, "program start &\n")
        .exits(2)
        .complains("& stands behind a call");
    let script = "expect program prints \"at last\" --within 20s\n";
    let command =
        "yes | head -n 50000; echo at last; exec python3 -m http.server --bind 127.0.0.1 0";
    if super::foreign::is_installed("python3") {
        play(&["run", "-", "--spawn", command, "--limit", "20s"], script).exits(0);
    }
}

fn endless_line() {
    let command = "yes | tr -d '\\n'";
    let args = [
        "run", "-", "--spawn", command, "--limit", "500ms", "--format", "json",
    ];
    let played = play(&args, "say \"a\"\n");
    played.exits(1);
    let longest = played
        .stdout
        .lines()
        .map(str::len)
        .max()
        .unwrap_or_default();
    assert!(longest < 80_000, "{longest}");
    let last = objects(&played).pop().expect("a verdict");
    assert_eq!(last["passed"], false);
}

fn listens_at(host: &str, shown: &str) {
    let family = if host.contains(':') {
        "socket.AF_INET6"
    } else {
        "socket.AF_INET"
    };
    let program = format!("s = socket.create_server(('{host}', 0), family={family})\n{SERVES}");
    test(&program, VISIT)
        .exits(0)
        .says(&format!("program listens at {shown}"));
}

fn few_descriptors() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.py");
    let mut program = format!("import os, signal, socket, sys, time\n{LISTENS}{SERVES}\n");
    program.push('\n');
    std::fs::write(&file, program).expect("a file");
    let command = format!("python3 '{}'", file.display());
    // The soft limit is raised to the hard one; this is the hard one.
    let limited = "ulimit -n 40; exec \"$0\" \"$@\"";
    let script = folder.path().join("a.yard");
    std::fs::write(&script, VISIT).expect("a file");
    let output = std::process::Command::new("sh")
        .args(["-c", limited, super::played::BINARY, "run"])
        .arg(&script)
        .args(["--spawn", &command])
        .env("SOCKYARD_CONFIG", "/dev/null")
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let name = file.display().to_string();
    let left = procfs::process::all_processes().expect("a table").flatten();
    let is_it = |process: &procfs::process::Process| {
        let words = process.cmdline().unwrap_or_default();
        words.iter().any(|word| word.contains(&name))
    };
    assert_eq!(left.filter(is_it).count(), 0, "it is left running");
}

fn udp() {
    let program = "
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('127.0.0.1', 0))
while True:
    data, peer = s.recvfrom(1024)
    s.sendto(data.upper(), peer)
";
    let script = "client socket --udp
client sendto ${program.host} ${program.port} \"hello\"
client recv 1024
expect client received \"HELLO\"
";
    test_patiently(program, script).exits(0).says(" (UDP)\n");
    // Whoever expects TCP is told.
    let tcp = "client connect ${program.host} ${program.port}\nexpect client connect ok --else \"no TCP\"\n";
    test_patiently(program, tcp)
        .exits(1)
        .says("symptom: no TCP");
}

fn udp_beside() {
    let program = "
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(('127.0.0.1', 0))
import time
time.sleep(0.1)
s = socket.create_server(('127.0.0.1', 0))
c, _ = s.accept()
c.sendall(b'by tcp')
c.close()
";
    let script = "client connect ${program.host} ${program.port}
client autorecv on
expect client received \"by tcp\"
";
    test(program, script).exits(0);
}

fn udp_client() {
    let program = "
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'ning', (os.environ['SOCKYARD_HOST'], int(os.environ['SOCKYARD_PORT'])))
print(s.recv(100).decode())
";
    let script = "server start 127.0.0.1 0 --udp --service hello
program start
expect server received \"ning\"
expect program prints \"Hello,ning!\"
expect program exits 0
";
    test(program, script).exits(0);
}

fn hostile() {
    let program =
        "sys.stdout.buffer.write(b'\\x1b[2J\\x07\\xff\\xe2\\x80\\xae\\r\\n'); sys.exit(1)";
    let played = test(program, "say \"a\"\n");
    played.exits(1);
    let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!played.stdout.contains(hostile), "{played:?}");
}
