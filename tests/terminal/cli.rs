//! The command line, and what the environment asks for.

use std::process::{Command, Output, Stdio};

use super::play::{CLIENT_PORT, CONNECTED, free_port, served, talking, with_peer};
use super::pty::{Program, Pty, shows, sockyard};

const BINARY: &str = env!("CARGO_BIN_EXE_sockyard");

/// Runs the program without a terminal.
fn piped(args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.env("SOCKYARD_CONFIG", "/dev/null");
    let output = command.args(args).stdin(Stdio::null()).output();
    output.expect("the program starts")
}

/// The status and the message of a command line that is refused.
#[track_caller]
fn refusal(args: &[&str]) -> String {
    let output = piped(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).expect("a message is text")
}

#[test]
fn help_and_version_need_no_terminal() {
    for (arg, words) in [
        (
            "--help",
            &[
                "Usage: sockyard",
                "--connect",
                "--serve",
                "--service",
                "--model",
                "--delay",
                "--keep",
                "--ascii",
                "--config",
                "XDG_CONFIG_HOME",
                "128+N",
            ][..],
        ),
        ("-h", &["Usage: sockyard"]),
        ("--version", &["sockyard ", env!("CARGO_PKG_VERSION")]),
    ] {
        let output = piped(&[arg]);
        assert!(output.status.success(), "{arg}");
        assert!(output.stderr.is_empty(), "{arg}");
        let text = String::from_utf8(output.stdout).expect("text");
        for word in words {
            assert!(text.contains(word), "{arg} {word}: {text}");
        }
    }
}

#[test]
fn a_bad_command_line_is_named_with_what_would_be_right() {
    for (args, words) in [
        (
            &["--service", "ecko"][..],
            "echo, echo-once, ok, hello, http, discard, daytime, chat, close, manual",
        ),
        (&["--model", "fork"], "serial, threads, poll"),
        (&["--delay", "600001"], "0..=600000"),
        (&["--serve", "127.0.0.1:70000"], "70000"),
        (&["--serve", "127.0.0.1:http"], "0 to 65535"),
        (&["--serve", "8888"], "HOST:PORT"),
        (&["--connect", "nowhere"], "HOST:PORT"),
        (&["--connect", "::1:80"], "[::1]:8888"),
        (&["--keep", "0"], "1..=1024"),
        (&["--port", "80"], "--port"),
        (&["extra"], "extra"),
        (&["completions"], "<SHELL>"),
        (&["completions", "cmd"], "bash, elvish, fish"),
        (&["--ascii", "man"], "--ascii before \"man\""),
        (&["confg"], "'config'"),
    ] {
        let message = refusal(args);
        assert!(message.contains(words), "{args:?}: {message}");
    }
}

#[test]
fn without_a_terminal_it_says_that_it_needs_one() {
    let message = refusal(&[]);
    assert!(message.contains("terminal"), "{message}");

    // One end that is a terminal is not enough, and it is not touched.
    for redirection in [
        "</dev/null",
        ">/dev/null",
        "| cat; test ${PIPESTATUS[0]} = 2 && exit 2",
    ] {
        let script = format!("\"$0\" {redirection}");
        let pty = Pty::spawn(&Program::new("bash", &["-c", &script, BINARY]));
        assert_eq!(pty.wait_exit().exit_code(), 2, "{redirection}");
        assert!(pty.screen().contains("needs a terminal"), "{redirection}");
        assert!(!pty.raw().contains(&0x1b), "{redirection}");
    }
}

#[test]
fn a_service_asked_for_on_the_command_line_is_met_without_a_key() {
    let address = format!("127.0.0.1:{}", free_port());
    let args = [
        "--serve",
        &address,
        "--connect",
        &address,
        "--service",
        "hello",
    ];
    let pty = sockyard(&args, 120, 36);
    pty.wait_text(CONNECTED);
    pty.wait_text(" 1 │ Welcome");
    pty.keys("world<enter>");
    pty.wait_text("Hello,world!");
    pty.keys("exit<enter>");
    pty.wait_text("CLOSE_WAIT");
    pty.wait_text("0 connected");
}

#[test]
fn a_server_that_cannot_start_says_so_and_the_client_connects_all_the_same() {
    let (other, port) = served(&[], 80, 24);
    let address = format!("127.0.0.1:{port}");
    let pty = sockyard(&["--serve", &address, "--connect", &address], 120, 36);
    pty.wait_text("EADDRINUSE");
    pty.wait_text(CONNECTED);
    other.wait_text("1 connected");
}

#[test]
fn no_color_means_no_colour() {
    for (value, coloured) in [("1", false), ("", true)] {
        let args = ["--connect", &format!("127.0.0.1:{}", free_port())];
        let pty = Pty::spawn(&Program {
            env: &[("NO_COLOR", value)],
            ..Program::new(BINARY, &args)
        });
        pty.wait_text("ECONNREFUSED");
        pty.keys("<f4><up><enter>");
        pty.wait_text("Esc closes");
        assert_eq!(colours(&pty.raw()), coloured, "NO_COLOR={value:?}");
    }
}

#[test]
fn colours_can_be_done_without_by_a_flag_too() {
    for (flag, coloured) in [("--colour=never", false), ("--color=auto", true)] {
        let refused = format!("127.0.0.1:{}", free_port());
        let pty = sockyard(&["--connect", &refused, flag], 80, 24);
        pty.wait_text("ECONNREFUSED");
        pty.keys("<f4><up><enter>");
        pty.wait_text("Esc closes");
        assert_eq!(colours(&pty.raw()), coloured, "{flag}");
    }
}

/// Whether some colour other than the terminal's own is asked for in `raw`.
fn colours(raw: &[u8]) -> bool {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let colour = |number: u16| matches!(number, 30..=38 | 40..=48 | 90..=97 | 100..=107);
    sequences.into_iter().any(|sequence| {
        let first = |part: &str| part.parse().is_ok_and(colour);
        sequence.split(';').any(first)
    })
}

#[test]
fn ascii_means_nothing_else() {
    let (pty, _) = talking_in_ascii();
    pty.keys("hello<enter>");
    pty.wait_text("1 | hello");
    pty.keys("<f4><up><enter>");
    pty.wait_text("Esc closes");
    pty.keys("<enter>");
    pty.wait_gone("Esc closes");
    for key in ["f", "m", "?"] {
        pty.keys(key);
    }
    pty.wait_text("help -");
    let raw = pty.raw();
    let other = raw.iter().position(|byte| !byte.is_ascii());
    assert_eq!(
        other.map(|at| raw[at..].escape_ascii().take(20).collect::<Vec<_>>()),
        None
    );
}

/// As `talking`; the title that it waits for is drawn with other characters.
fn talking_in_ascii() -> (Pty, u16) {
    let (pty, port) = served(&["--ascii"], 120, 36);
    pty.keys(&format!("{CLIENT_PORT}{port}<enter>"));
    pty.wait_text("client - ESTABLISHED");
    pty.wait_text(". 1 connected");
    (pty, port)
}

#[test]
fn received_bytes_beyond_what_is_kept_are_forgotten_and_said_to_be() {
    let (pty, mut peer) = with_peer(&["--keep", "1"], 160, 40);
    for _ in 0..40 {
        peer.send("x".repeat(50_000).as_bytes());
    }
    peer.send(b"\nend");
    pty.wait_text(" │ end");
    pty.wait("how much came and how much is kept", |screen| {
        shows(screen, "2,000,004 B in ") && shows(screen, " kept")
    });
}

#[test]
fn a_server_open_to_the_network_says_so() {
    let pty = sockyard(&["--serve", "0.0.0.0:0"], 120, 36);
    pty.wait_text("open to every machine that can reach this one");
    let (quiet, _) = talking(&[], 120, 36);
    assert!(!quiet.screen().contains("open to every machine"));
}
