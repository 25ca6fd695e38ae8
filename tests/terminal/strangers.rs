//! Words of strangers on every way to the terminal but the plain TCP connection of `hostile`: datagrams, HTTP answers, names
//! of hosts and files, scripts, programs under test, config files, and all that is printed without the playground.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::Value;

use super::hostile::{PAYLOADS, assert_drawable, assert_tame};
use super::play::{leave_field, with_peer};
use super::pty::{LIMIT, Program, Pty, sockyard};

const BINARY: &str = env!("CARGO_BIN_EXE_sockyard");

/// What would act on a terminal, as text.
const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;t\u{7}\u{1b}]52;c;eA==\u{7}\u{1b}]8;;x\u{1b}\\\u{1b}P1\u{1b}\\\u{9b}2J\u{9d}0;t\u{9c}\u{85}\
    \u{202e}b\u{2067}c\u{2069}\u{e0041}\u{2028}\u{2029}\u{feff}\u{200b}\u{ad}\u{7f}\u{8}z";
/// How it is shown.
const SHOWN: &str = r"a\x1b[2J\x1b]0;t\x07\x1b]52;c;eA==\x07";

/// Asserts that nothing but plain characters and ends of lines was printed.
#[track_caller]
fn assert_printed_tame(raw: &[u8]) {
    let text = str::from_utf8(raw).expect("the program writes UTF-8");
    let text = text.replace("\r\n", "");
    let control = text.chars().find(|c| c.is_control());
    assert_eq!(control, None, "in {text:?}");
    assert_drawable(&text);
}

/// Says a line.
#[track_caller]
fn says(pty: &Pty, line: &str) {
    pty.keys(":");
    pty.wait_text("command line ─");
    pty.keys(&format!("{line}<enter>"));
    pty.wait_gone("command line ─");
}

/// A socket that a datagram of the playground's can be sent to.
fn udp_peer() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.set_read_timeout(Some(LIMIT)).expect("it takes it");
    let port = socket.local_addr().expect("it is bound").port();
    (socket, port)
}

/// What can stand alone in a datagram: what is shown of it fits into a row of the list of calls too.
fn datagrams() -> impl Iterator<Item = (&'static [u8], &'static str)> {
    PAYLOADS.into_iter()
}

#[test]
fn datagrams_never_act_on_the_terminal() {
    let (peer, port) = udp_peer();
    let pty = sockyard(&[], 160, 40);
    pty.wait_text("server stopped");
    let start = pty.raw().len();
    says(&pty, "client socket --udp");
    says(&pty, &format!("client connect 127.0.0.1 {port}"));
    says(&pty, "client send \"hello\"");
    let mut buffer = [0; 100];
    let (_, client) = peer.recv_from(&mut buffer).expect("a datagram");
    for (payload, shown) in datagrams() {
        peer.send_to(payload, client).expect("room");
        pty.wait_text(&format!(" │ {shown}"));
    }
    assert_tame(&pty.raw()[start..]);

    says(&pty, "client close");
    says(&pty, "server start 127.0.0.1 0 --udp --service discard");
    pty.wait_text("server    bind(");
    pty.wait_text("getsockname(");
    let screen = pty.screen();
    let (_, after) = screen.split_once("server 127.0.0.1:").expect("the header");
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    for (payload, shown) in datagrams() {
        peer.send_to(payload, format!("127.0.0.1:{port}"))
            .expect("room");
        pty.wait_text(&format!(" │ {shown}"));
    }
    assert_tame(&pty.raw()[start..]);
}

#[test]
fn an_http_answer_never_acts_on_the_terminal() {
    let (pty, mut peer) = with_peer(&[], 160, 40);
    leave_field(&pty);
    let start = pty.raw().len();
    // No line of a head holds an end of one.
    let is_inside = |byte: &u8| *byte != b'\r' && *byte != b'\n';
    let lines = PAYLOADS
        .map(|(payload, _)| -> Vec<u8> { payload.iter().copied().filter(is_inside).collect() });
    let mut message = [b"HTTP/1.1 200 ", HOSTILE.as_bytes(), b"\r\n"].concat();
    for line in &lines {
        message.extend([b"Name: ", &line[..], b"\r\n", line, b": value\r\n"].concat());
    }
    message.extend(b"Content-Disposition: attachment; filename=\"../");
    message.extend(HOSTILE.as_bytes());
    message.extend(b"\"\r\n\r\n");
    for line in &lines {
        message.extend([line, &b"\n"[..]].concat());
    }
    message.extend(b"the end");
    peer.send(&message);
    pty.wait_text(" │ the end");
    pty.keys("mmm");
    pty.wait_text("body │ the end");
    for _ in 0..60 {
        pty.wheel_up(10, 10);
    }
    pty.wait_text("head │ HTTP/1.1 200");
    assert_tame(&pty.raw()[start..]);
    // Neither does what it says name a file.
    pty.keys("oy");
    pty.wait_text("page.html");
    assert_tame(&pty.raw()[start..]);
}

#[test]
fn names_of_hosts_and_files_never_act_on_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let pty = sockyard(&[], 160, 40);
    pty.wait_text("server stopped");
    let start = pty.raw().len();
    let name = r"\x1b]0;t\x07\u{9b}2J\u{202e}x";
    says(&pty, &format!("client connect \"{name}.invalid\" 80"));
    pty.wait_text(&format!("getaddrinfo(\"{name}.invalid\""));
    pty.wait_text("EAI_");
    pty.keys(&format!(":client resolve x \"{name}\"<enter>"));
    pty.wait_text(&format!("\"{name}\" is no port"));
    pty.keys("<esc>");
    pty.wait_gone("command line ─");
    says(
        &pty,
        &format!("play \"{}/{name}\"", folder.path().display()),
    );
    pty.wait_text(&format!("{name}: ENOENT"));
    says(
        &pty,
        &format!("client save \"{}/{name}\"", folder.path().display()),
    );
    pty.wait_text("● saving 0 B");
    says(&pty, "client save --stop");
    pty.wait_text("saved 0 B to ");
    pty.wait_text(name);
    assert_tame(&pty.raw()[start..]);
}

/// A script whose words are hostile, in a file with a hostile name.
fn script(folder: &Path) -> PathBuf {
    let quoted = HOSTILE.replace('\\', "\\\\");
    let plain = quoted.replace(['\u{1b}', '\u{7}', '\u{8}', '\u{7f}'], "");
    let text = format!(
        "# {plain}
say \"{quoted}\"
let name \"{quoted}\"
say \"${{name}}\"
server start 127.0.0.1 0 --service echo
client connect 127.0.0.1 ${{server.port}}
client sendall \"{quoted}\"
client recv 4096
expect client received \"{quoted}\" --else \"{quoted}\"
client2 resolve \"{quoted}\" 80
expect client2 getaddrinfo fails
"
    );
    let file = folder.join(OsStr::from_bytes(b"a\x1b[2J\xff\xc2\x9b\xe2\x80\xae.yard"));
    fs::write(&file, text).expect("a file");
    file
}

/// Starts the program in a terminal, with arguments that may hold anything, by way of a script of the shell.
fn printing(folder: &Path, command: &str) -> Pty {
    fs::write(folder.join("go.sh"), command).expect("a file");
    let script = "cd \"$1\" && . ./go.sh";
    let folder = folder.to_str().expect("text");
    Pty::spawn(&Program {
        cols: 200,
        rows: 50,
        ..Program::new("bash", &["-c", script, BINARY, folder])
    })
}

#[test]
fn a_script_that_is_played_never_acts_on_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    script(folder.path());
    let pty = printing(folder.path(), "exec \"$0\" --play *.yard --pace 0s");
    pty.wait_text(SHOWN);
    let start = pty.raw().len();
    pty.keys("p");
    pty.wait_text("passed");
    assert_tame(&pty.raw()[start..]);
}

#[test]
fn what_a_run_prints_never_acts_on_the_terminal_and_is_the_same_in_json() {
    let folder = tempfile::tempdir().expect("a folder");
    script(folder.path());
    let pty = printing(folder.path(), "exec \"$0\" run *.yard");
    let status = pty.wait_exit();
    let raw = pty.raw();
    assert_printed_tame(&raw);
    let text = String::from_utf8(raw).expect("text");
    assert!(
        status.success() && text.matches(SHOWN).count() > 4,
        "{text}"
    );

    let pty = printing(folder.path(), "exec \"$0\" run *.yard --format json");
    assert!(pty.wait_exit().success());
    assert_printed_tame(&pty.raw());
    let text = String::from_utf8(pty.raw()).expect("text");
    let objects = text
        .lines()
        .map(|line| serde_json::from_str(line).expect(line));
    let objects: Vec<Value> = objects.collect();
    let said: Vec<&str> = objects
        .iter()
        .filter_map(|o| (o["event"] == "said").then(|| o["text"].as_str())?)
        .collect();
    assert_eq!(said, [HOSTILE, HOSTILE]);
}

#[test]
fn what_a_program_under_test_prints_never_acts_on_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut all: Vec<u8> = PAYLOADS
        .map(|(payload, _)| [payload, b"\n"].concat())
        .concat();
    all.extend(HOSTILE.as_bytes());
    fs::write(folder.path().join("printed"), all).expect("a file");
    fs::write(folder.path().join("a.yard"), "say \"a\"\n").expect("a file");
    for format in ["text", "json"] {
        let command =
            format!("exec \"$0\" run a.yard --spawn 'cat printed; exit 1' --format {format}");
        let pty = printing(folder.path(), &command);
        assert_eq!(pty.wait_exit().exit_code(), 1);
        let raw = pty.raw();
        assert_printed_tame(&raw);
        let text = String::from_utf8(raw).expect("text");
        let shown = if format == "text" {
            SHOWN
        } else {
            &SHOWN.replace('\\', r"\\")
        };
        assert!(text.contains(shown), "{text}");
    }
}

#[test]
fn what_a_server_prints_never_acts_on_the_terminal() {
    for (options, format) in [
        ("", "text"),
        ("", "json"),
        ("--udp", "text"),
        ("--udp", "json"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let command = format!("exec \"$0\" serve 127.0.0.1:0 {options} --format {format}");
        let pty = printing(folder.path(), &command);
        pty.wait_text("127.0.0.1:");
        let first = pty.screen();
        let (_, after) = first.split_once("127.0.0.1:").expect("the first line");
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        let address = format!("127.0.0.1:{port}");
        if options == "--udp" {
            let (peer, _) = udp_peer();
            for (payload, _) in PAYLOADS {
                peer.send_to(payload, &address).expect("room");
            }
            peer.send_to(b"the end", &address).expect("room");
        } else {
            let mut peer = TcpStream::connect(&address).expect("it listens");
            for (payload, _) in PAYLOADS {
                peer.write_all(payload).expect("room");
            }
            peer.write_all(b"the end").expect("room");
            peer.shutdown(std::net::Shutdown::Write).expect("connected");
        }
        // What the shell printed is none of it.
        let end = if options == "--udp" {
            &b"the end"[..]
        } else {
            b"close("
        };
        pty.wait_raw(end);
        pty.kill(Signal::TERM);
        assert!(pty.wait_exit().success());
        assert_printed_tame(&pty.raw());
    }
}

#[test]
fn what_is_wrong_with_arguments_scripts_and_config_files_never_acts_on_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    script(folder.path());
    let at = |name: &str| folder.path().join(name);
    fs::write(
        at("wrong.txt"),
        format!("{HOSTILE}\nclient {HOSTILE}\nsay \"\\u{{{HOSTILE}}}\"\n"),
    )
    .expect("a file");
    fs::write(
        at("key.toml"),
        format!("\"{}\" = 1\n", HOSTILE.escape_unicode()),
    )
    .expect("a file");
    fs::write(
        at("value.toml"),
        format!("service = \"{}\"\n", HOSTILE.escape_unicode()),
    )
    .expect("a file");
    fs::write(at("raw.toml"), format!("service = {HOSTILE}\n")).expect("a file");
    symlink(BINARY, at("h\u{1b}[2J\u{9b}\u{202e}")).expect("a link");
    let name = r"$'a\e[2J\x07\xc2\x9b\xe2\x80\xae\xff'";
    for command in [
        format!("\"$0\" {name}"),
        format!("\"$0\" --service {name}"),
        format!("\"$0\" --connect {name}"),
        format!("\"$0\" --{name}"),
        format!("\"$0\" --config {name} run x"),
        format!("\"$0\" run {name}"),
        format!("\"$0\" run {name} --format json"),
        format!("\"$0\" check {name} *.yard wrong.txt"),
        format!("\"$0\" --play {name}"),
        "\"$0\" run wrong.txt --format json".to_owned(),
        "\"$0\" --config key.toml run x".to_owned(),
        "\"$0\" --config value.toml run x".to_owned(),
        "\"$0\" --config raw.toml run x".to_owned(),
        "SOCKYARD_CONFIG=raw.toml \"$0\"".to_owned(),
        "./h* --help; ./h* --nothing".to_owned(),
        format!("\"$0\" serve {name}"),
    ] {
        let pty = printing(folder.path(), &command);
        assert_eq!(pty.wait_exit().exit_code(), 2, "{command}");
        let raw = pty.raw();
        assert!(!raw.is_empty(), "{command}");
        assert_printed_tame(&raw);
    }
}
