//! The playground and real foreign programs: each trial names the one that it needs, and is reported as ignored where
//! that is not installed.

#[expect(
    dead_code,
    reason = "the harness is shared; these tests need a part of it"
)]
#[path = "../terminal/pty.rs"]
mod pty;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};
use vt100::Screen;

use pty::{LIMIT, Pty, shows, sockyard};

fn main() -> ExitCode {
    let trials = vec![
        trial(
            "a_python_client_is_listed_and_echoed",
            &["python3"],
            python_client,
        ),
        trial(
            "a_python_client_is_welcomed_until_it_says_exit",
            &["python3"],
            hello_python,
        ),
        trial(
            "a_thousand_connections_are_held_and_listed",
            &["python3"],
            a_thousand,
        ),
        trial(
            "a_python_http_server_answers_the_client",
            &["python3"],
            http_server,
        ),
        trial(
            "a_python_server_that_resets_is_said_to_have_reset",
            &["python3"],
            reset,
        ),
        trial("nc_as_a_client_is_echoed", &["nc"], nc_client),
        trial("nc_as_a_server_talks_with_the_client", &["nc"], nc_server),
        trial("ncat_as_a_client_is_echoed", &["ncat"], ncat_client),
        trial(
            "socat_as_a_server_echoes_the_client",
            &["socat"],
            socat_server,
        ),
        trial("telnet_talks_with_the_server", &["telnet"], telnet_client),
        trial("curl_prints_what_the_service_says", &["curl"], curl_client),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test that is ignored, and says so in its name, where one of `programs` is not in `PATH`.
fn trial(name: &str, programs: &[&str], test: fn()) -> Trial {
    let missing = programs.iter().any(|program| !is_installed(program));
    let name = format!("{name} (needs {})", programs.join(", "));
    let run = move || {
        test();
        Ok::<(), Failed>(())
    };
    Trial::test(name, run).with_ignored_flag(missing)
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A foreign program, which ends with the test.
struct Foreign {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
}

impl Foreign {
    #[track_caller]
    fn start(program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("it is installed");
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = BufReader::new(output.expect("it was asked for"));
        let (teller, told) = mpsc::channel();
        let reading = thread::Builder::new().name(format!("{program}-read"));
        let started = reading.spawn(move || {
            // Ends with the program, or with the test.
            let mut lines = output.lines().map_while(Result::ok);
            lines.all(|line| teller.send(line).is_ok());
        });
        started.expect("a thread can be started");
        Foreign {
            child,
            input,
            output: told,
        }
    }

    /// A Python program; `HOST` is set there, and what it prints comes at once.
    #[track_caller]
    fn python(script: &str, args: &[&str]) -> Self {
        let script = format!("import socket, sys\nHOST = '127.0.0.1'\n{script}");
        Foreign::start("python3", &[&["-u", "-c", &script][..], args].concat())
    }

    #[track_caller]
    fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input is open");
        input
            .write_all(text.as_bytes())
            .expect("it reads its input");
    }

    fn end_of_input(&mut self) {
        self.input = None;
    }

    /// The next line that it prints, without its end.
    #[track_caller]
    fn line(&mut self) -> String {
        self.output.recv_timeout(LIMIT).expect("it prints a line")
    }

    /// Everything more that it prints until it ends.
    #[track_caller]
    fn rest(&mut self) -> String {
        let mut text = String::new();
        loop {
            match self.output.recv_timeout(LIMIT) {
                Ok(line) => text.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => return text,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {text:?}"),
            }
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.input = None;
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The playground with its server on a port that the kernel chose; gives back that port too.
#[track_caller]
fn served(args: &[&str]) -> (Pty, String) {
    let pty = sockyard(&[&["--serve", "127.0.0.1:0"][..], args].concat(), 120, 36);
    let port = port_of(&pty);
    (pty, port)
}

/// The port on which the header says that the server listens.
#[track_caller]
fn port_of(pty: &Pty) -> String {
    pty.wait_text(" LISTEN ");
    let screen = pty.screen();
    let (_, after) = screen.split_once("server 127.0.0.1:").expect("the header");
    after.chars().take_while(char::is_ascii_digit).collect()
}

/// The playground with its client connected to `port`.
#[track_caller]
fn connected(port: &str) -> Pty {
    let pty = sockyard(&["--connect", &format!("127.0.0.1:{port}")], 120, 36);
    pty.wait_text("client ─ ESTABLISHED");
    pty
}

/// Whether some row of `screen` has all of `parts`, wherever in it.
fn shows_row(screen: &Screen, parts: &[&str]) -> bool {
    let rows = screen.contents();
    rows.lines()
        .any(|row| parts.iter().all(|part| row.contains(part)))
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener
        .local_addr()
        .expect("it is bound")
        .port()
        .to_string()
}

fn python_client() {
    let (pty, port) = served(&[]);
    let script = r#"
s = socket.create_connection((HOST, int(sys.argv[1])))
print(s.getsockname()[1])
s.sendall("grüße 你好\n".encode())
data = b""
while not data.endswith(b"\n"): data += s.recv(100)
print(data.decode(), end="")
input()
s.shutdown(socket.SHUT_WR)
print("rest", s.recv(100))
"#;
    let mut python = Foreign::python(script, &[&port]);
    let own = python.line();
    assert_eq!(python.line(), "grüße 你好");
    pty.wait("the peer with its bytes", |screen| {
        let row =
            |row: &str| row.contains(&format!(":{own} ")) && row.contains("ESTABLISHED 15 B ");
        screen.contents().lines().any(row) && shows(screen, r" 1 │ grüße 你好\n")
    });
    pty.wait_text("1 connected");
    python.write("\n");
    assert_eq!(python.line(), "rest b''");
    pty.wait_text("0 connected");
    pty.wait_text(&format!(":{own} closed"));
}

fn hello_python() {
    let (pty, port) = served(&["--service", "hello"]);
    let script = r#"
s = socket.create_connection((HOST, int(sys.argv[1])))
print(s.recv(100).decode())
for text in ["Python", "exit"]:
    s.sendall(text.encode())
    print(s.recv(100).decode())
"#;
    let mut python = Foreign::python(script, &[&port]);
    assert_eq!(python.line(), "Welcome");
    assert_eq!(python.line(), "Hello,Python!");
    assert_eq!(python.line(), "");
    pty.wait_text("0 connected");
    pty.wait_text("send(");
}

fn a_thousand() {
    let (pty, _) = served(&[]);
    // With the usual backlog the kernel drops a SYN now and then, and the client tries again after a whole second.
    pty.keys("<f3>s");
    pty.wait_text("server stopped");
    pty.keys("<s-tab><s-tab><c-u>1000<enter>");
    let port = port_of(&pty);
    let script = r#"
all = []
for i in range(1000):
    s = socket.create_connection((HOST, int(sys.argv[1])))
    all.append(s)
all[-1].sendall(b"the last")
print(all[-1].recv(100).decode())
input()
for s in all: s.close()
print("closed")
input()
"#;
    let mut python = Foreign::python(script, &[&port]);
    assert_eq!(python.line(), "the last");
    pty.wait_text("1,000 connected");
    pty.keys("<f4><s-tab><s-tab><s-tab>");
    pty.wait_text("its bytes");
    pty.keys("<end>");
    pty.wait("the bytes of the last one", |screen| {
        shows_row(screen, &["#1000 ", "received 8 B in "])
    });
    pty.wait("its row in the list", |screen| {
        shows_row(screen, &["▸1000 ", "ESTABLISHED 8 B ", "the last"])
    });
    pty.keys("<home>");
    pty.wait("the bytes of the first one", |screen| {
        shows_row(screen, &["#1 ", "received 0 B in "])
    });
    python.write("\n");
    assert_eq!(python.line(), "closed");
    pty.wait_text("0 connected");
    pty.wait_text(" LISTEN ");
    pty.keys("<c-c>");
    assert!(pty.wait_exit().success());
}

fn http_server() {
    let script = r#"
import http.server
class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ("you asked for " + self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args): pass
server = http.server.HTTPServer((HOST, 0), Quiet)
print(server.server_port)
server.serve_forever()
"#;
    let mut python = Foreign::python(script, &[]);
    let pty = connected(&python.line());
    pty.keys(r"GET /socks HTTP/1.0\r\n\r\n<enter>");
    pty.wait_text("you asked for /socks");
    pty.wait_text(r"HTTP/1.0 200 OK\r\n");
    // HTTP/1.0 ends with the connection.
    pty.wait_text("CLOSE_WAIT");
}

fn reset() {
    let script = r#"
import struct
l = socket.create_server((HOST, 0))
print(l.getsockname()[1])
s, _ = l.accept()
s.recv(100)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
input()
"#;
    let mut python = Foreign::python(script, &[]);
    let pty = connected(&python.line());
    pty.keys("go<enter>");
    pty.wait_text("ECONNRESET");
}

fn nc_client() {
    let (pty, port) = served(&[]);
    let mut nc = Foreign::start("nc", &["127.0.0.1", &port]);
    nc.write("from nc\n");
    assert_eq!(nc.line(), "from nc");
    pty.wait_text(r" 1 │ from nc\n");
    pty.wait_text("1 connected");
    drop(nc);
    pty.wait_text("0 connected");
}

/// How the installed `nc` is told to listen: the traditional one wants an option for the port, the BSD one must not
/// have it.
fn listening_nc(port: &str) -> Foreign {
    let help = Command::new("nc")
        .arg("-h")
        .output()
        .expect("it is installed");
    let text = [help.stdout, help.stderr].concat();
    if String::from_utf8_lossy(&text).contains("OpenBSD") {
        Foreign::start("nc", &["-l", "127.0.0.1", port])
    } else {
        Foreign::start("nc", &["-l", "-p", port])
    }
}

fn nc_server() {
    let port = free_port();
    let mut nc = listening_nc(&port);
    let pty = connect_when_it_listens(&port);
    pty.keys(r"to nc\n<enter>");
    assert_eq!(nc.line(), "to nc");
    nc.write("from nc\n");
    pty.wait_text(r" 1 │ from nc\n");
    drop(nc);
    pty.wait_text("CLOSE_WAIT");
}

/// The playground with its client connected to a program that has just been started: until that listens, connecting
/// is refused, and a person presses the key again.
#[track_caller]
fn connect_when_it_listens(port: &str) -> Pty {
    let pty = sockyard(&["--connect", &format!("127.0.0.1:{port}")], 120, 36);
    for attempt in 1..10_000 {
        let told = format!("calls ─ {}", 4 * attempt);
        pty.wait("the connect to return", |screen| {
            shows(screen, "client ─ ESTABLISHED") || shows(screen, &told)
        });
        if pty.find("client ─ ESTABLISHED").is_some() {
            return pty;
        }
        pty.keys("<f2>c");
    }
    panic!("nobody listens on port {port}");
}

fn ncat_client() {
    let (pty, port) = served(&[]);
    let mut ncat = Foreign::start("ncat", &["127.0.0.1", &port]);
    ncat.write("from ncat\n");
    assert_eq!(ncat.line(), "from ncat");
    pty.wait_text(r" 1 │ from ncat\n");
    ncat.end_of_input();
    drop(ncat);
    pty.wait_text("0 connected");
}

fn socat_server() {
    let port = free_port();
    let listen = format!("TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr");
    let _socat = Foreign::start("socat", &[&listen, "EXEC:cat"]);
    let pty = connect_when_it_listens(&port);
    pty.keys(r"through cat\n<enter>");
    pty.wait_text(r" 1 │ through cat\n");
}

fn telnet_client() {
    let (pty, port) = served(&["--service", "hello"]);
    let mut telnet = Foreign::start("telnet", &["127.0.0.1", &port]);
    pty.wait_text("1 connected");
    telnet.write("you\n");
    // The end of the line goes out as CR LF.
    pty.wait_text(r" 1 │ you\r\n");
    pty.keys("<f3>s");
    pty.wait_text("server stopped");
    let text = telnet.rest();
    assert!(text.contains("WelcomeHello,you"), "{text:?}");
}

fn curl_client() {
    // What the service says is no HTTP response; in HTTP/0.9 all that came was the body.
    let (pty, port) = served(&["--service", "hello"]);
    let url = format!("http://127.0.0.1:{port}/");
    let mut curl = Foreign::start("curl", &["-s", "--http0.9", "--max-time", "20", &url]);
    pty.wait_text(r"GET / HTTP/1.1\r\n");
    pty.keys("<f3>s");
    pty.wait_text("server stopped");
    let text = curl.rest();
    assert!(text.starts_with("WelcomeHello,GET / HTTP/1.1"), "{text:?}");
}
