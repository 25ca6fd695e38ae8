//! Well-known programs at the other end: a few lines each way.

use std::process::Command;

use libtest_mimic::Trial;

use super::foreign::{Foreign, trial};
use super::play::{CONNECTED, CONNECTIONS, free_port, port_of, served, shows_row, wait_received};
use super::pty::{Pty, shows, sockyard};

/// To the field for the backlog, and with what was in it gone; from everywhere.
const BACKLOG: &str = "<f3><s-tab><s-tab><s-tab><s-tab><s-tab><c-u>";

pub fn trials() -> Vec<Trial> {
    vec![
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
        trial(
            "a_client_that_is_killed_is_seen_to_be_gone",
            &["python3"],
            killed_client,
        ),
        trial(
            "a_server_that_is_killed_ends_the_stream_or_resets_it",
            &["python3"],
            killed_server,
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
        trial("redis_answers_a_ping", &["redis-server"], redis_server),
        trial("curl_prints_what_the_service_says", &["curl"], curl_client),
    ]
}

/// The playground with its client connected to `port`.
#[track_caller]
fn connected(port: &str) -> Pty {
    let pty = sockyard(&["--connect", &format!("127.0.0.1:{port}")], 120, 36);
    pty.wait_text(CONNECTED);
    pty
}

fn python_client() {
    let (pty, port) = served(&[], 120, 36);
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
    let mut python = Foreign::python(script, &[&port.to_string()]);
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
    let (pty, port) = served(&["--service", "hello"], 120, 36);
    let script = r#"
s = socket.create_connection((HOST, int(sys.argv[1])))
print(s.recv(100).decode())
for text in ["Python", "exit"]:
    s.sendall(text.encode())
    print(s.recv(100).decode())
"#;
    let mut python = Foreign::python(script, &[&port.to_string()]);
    assert_eq!(python.line(), "Welcome");
    assert_eq!(python.line(), "Hello,Python!");
    assert_eq!(python.line(), "");
    pty.wait_text("0 connected");
    pty.wait_text("send(");
}

fn a_thousand() {
    let (pty, _) = served(&[], 120, 36);
    // With the usual backlog the kernel drops a SYN now and then, and the client tries again after a whole second.
    pty.keys("<f3>s");
    pty.wait_text("server stopped");
    pty.keys(&format!("{BACKLOG}1000<enter>"));
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
    let mut python = Foreign::python(script, &[&port.to_string()]);
    assert_eq!(python.line(), "the last");
    pty.wait_text("1,000 connected");
    pty.keys(CONNECTIONS);
    pty.wait_text("its bytes");
    pty.keys("<end>");
    wait_received(&pty, 1000, 8);
    pty.wait("its row in the list", |screen| {
        shows_row(screen, &["▸1000 ", "ESTABLISHED 8 B ", "the last"])
    });
    pty.keys("<home>");
    wait_received(&pty, 1, 0);
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

fn killed_client() {
    for model in ["serial", "threads", "poll"] {
        let (pty, port) = served(&["--model", model], 120, 36);
        let script = r"
s = socket.create_connection((HOST, int(sys.argv[1])))
s.sendall(b'alive')
print('sent')
input()
";
        let mut python = Foreign::python(script, &[&port.to_string()]);
        assert_eq!(python.line(), "sent");
        // Its echo is never received: the kernel resets the connection of who dies with unread bytes.
        pty.wait_text("1 connected");
        pty.wait_text("send(");
        python.kill();
        pty.wait_text("ECONNRESET");
        pty.wait_text("0 connected");
        pty.wait_text(" LISTEN ");
    }
}

fn killed_server() {
    let script = r"
l = socket.create_server((HOST, 0))
print(l.getsockname()[1])
s, _ = l.accept()
s.sendall(b'alive')
if sys.argv[1] == 'reads': s.recv(100)
print('there')
input()
";
    for (how, end) in [("reads", "CLOSE_WAIT"), ("does not", "ECONNRESET")] {
        let mut python = Foreign::python(script, &[how]);
        let pty = connected(&python.line());
        pty.wait_text(" 1 │ alive");
        pty.keys("are you?<enter>");
        pty.wait_text("send(");
        assert_eq!(python.line(), "there");
        python.kill();
        pty.wait_text(end);
    }
}

fn nc_client() {
    let (pty, port) = served(&[], 120, 36);
    let mut nc = Foreign::start("nc", &["127.0.0.1", &port.to_string()]);
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
    let port = free_port().to_string();
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
        let told = format!(" ports ─ {} ", 4 * attempt);
        pty.wait("the connect to return", |screen| {
            shows(screen, CONNECTED) || shows(screen, &told)
        });
        if pty.find(CONNECTED).is_some() {
            return pty;
        }
        pty.keys("<f2>c");
    }
    panic!("nobody listens on port {port}");
}

fn ncat_client() {
    let (pty, port) = served(&[], 120, 36);
    let mut ncat = Foreign::start("ncat", &["127.0.0.1", &port.to_string()]);
    ncat.write("from ncat\n");
    assert_eq!(ncat.line(), "from ncat");
    pty.wait_text(r" 1 │ from ncat\n");
    ncat.end_of_input();
    drop(ncat);
    pty.wait_text("0 connected");
}

fn socat_server() {
    let port = free_port().to_string();
    let listen = format!("TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr");
    let _socat = Foreign::start("socat", &[&listen, "EXEC:cat"]);
    let pty = connect_when_it_listens(&port);
    pty.keys(r"through cat\n<enter>");
    pty.wait_text(r" 1 │ through cat\n");
}

fn telnet_client() {
    // The end of the line goes out as CR LF, and is no part of a name.
    for (service, answer) in [("hello", "WelcomeHello,you!"), ("ok", "OK...you")] {
        let (pty, port) = served(&["--service", service], 120, 36);
        let mut telnet = Foreign::start("telnet", &["127.0.0.1", &port.to_string()]);
        pty.wait_text("1 connected");
        telnet.write("you\n");
        pty.wait_text(r" 1 │ you\r\n");
        pty.wait_text("send(");
        if service == "hello" {
            telnet.write("exit\n");
            pty.wait_text("0 connected");
        } else {
            pty.keys("<f3>s");
            pty.wait_text("server stopped");
        }
        let text = telnet.rest();
        assert!(text.contains(answer), "{text:?}");
    }
}

fn redis_server() {
    let port = free_port().to_string();
    let args = [
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--port",
        &port,
    ];
    let _redis = Foreign::start("redis-server", &args);
    let pty = connect_when_it_listens(&port);
    pty.keys("<f2>t");
    pty.wait_text("a ping, for redis");
    pty.keys("h");
    pty.wait_text(r"Send PING\r\n");
    pty.keys("<enter>");
    pty.wait_text(r" 1 │ +PONG\r\n");
}

fn curl_client() {
    // What the service says is no HTTP response; in HTTP/0.9 all that came was the body.
    let (pty, port) = served(&["--service", "hello"], 120, 36);
    let url = format!("http://127.0.0.1:{port}/");
    let mut curl = Foreign::start("curl", &["-s", "--http0.9", "--max-time", "20", &url]);
    pty.wait_text(r"GET / HTTP/1.1\r\n");
    pty.keys("<f3>s");
    pty.wait_text("server stopped");
    let text = curl.rest();
    assert!(text.starts_with("WelcomeHello,GET / HTTP/1.1"), "{text:?}");
}
