//! The clients of the well-known Python tutorials, unchanged but for the newer Python, against each service that they
//! were written for, in each model.

use std::fs;

use libtest_mimic::Trial;

use super::foreign::{Foreign, trial};
use super::play::served;

const MODELS: [&str; 3] = ["serial", "threads", "poll"];

pub fn trials() -> Vec<Trial> {
    let each = |name: &'static str, test: fn(&'static str)| {
        MODELS.into_iter().map(move |model| {
            let name = format!("{name}_served_by_{model}");
            trial(&name, &["python3"], move || test(model))
        })
    };
    let mut trials: Vec<Trial> = Vec::new();
    trials.extend(each("the_first_client_of_the_tutorial", first_client));
    trials.extend(each("the_client_that_tries_each_address", each_address));
    trials.extend(each("the_client_that_is_welcomed", welcomed));
    trials.extend(each("the_client_of_the_ok_server", ok_server));
    trials.extend(each("the_client_that_saves_a_page", saves_a_page));
    trials
}

/// Create, resolve, connect, sendall, recv, close; each step says how it went.
const FIRST: &str = r"
import socket
import sys

try:
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
except OSError as msg:
    print('Failed to create socket. Error message: ' + str(msg))
    sys.exit()

print('Socket Created')

host = sys.argv[1]
port = int(sys.argv[2])

try:
    remote_ip = socket.gethostbyname(host)
except socket.gaierror:
    print('Hostname could not be resolved. Exiting')
    sys.exit()

print('Ip address of ' + host + ' is ' + remote_ip)

s.connect((remote_ip, port))
print('Socket Connected to ' + host + ' on ip ' + remote_ip)

message = 'GET / HTTP/1.1\r\n\r\n'

try:
    s.sendall(message.encode())
except OSError:
    print('Send failed')
    sys.exit()

print('Message send successfully')

reply = s.recv(4096)
print(reply)
s.close()
";

fn first_client(model: &'static str) {
    for (service, reply) in [
        ("echo", r"b'GET / HTTP/1.1\r\n\r\n'"),
        ("ok", r"b'OK...GET / HTTP/1.1\r\n\r\n'"),
        // What it answers to the request may be behind that already.
        ("hello", "b'Welcome"),
        // Since 1999 a request without Host is a bad one, whatever the tutorial says.
        (
            "http",
            r"b'HTTP/1.1 400 Bad Request\r\nServer: sockyard\r\n",
        ),
    ] {
        let (pty, port) = served(&["--service", service, "--model", model], 120, 36);
        let args = ["-u", "-c", FIRST, "localhost", &port.to_string()];
        let mut python = Foreign::start("python3", &args);
        assert_eq!(python.line(), "Socket Created");
        assert_eq!(python.line(), "Ip address of localhost is 127.0.0.1");
        assert_eq!(
            python.line(),
            "Socket Connected to localhost on ip 127.0.0.1"
        );
        assert_eq!(python.line(), "Message send successfully");
        let line = python.line();
        assert!(line.starts_with(reply), "{service} {model}: {line}");
        assert_eq!(python.rest(), "");
        pty.wait_text("0 connected");
        pty.wait_text(" LISTEN ");
    }
}

/// The same by getaddrinfo, as it is done today; receives until the server closes.
const EACH: &str = r"
import socket
import sys

HOST = sys.argv[1]
PORT = int(sys.argv[2])
s = None
for res in socket.getaddrinfo(HOST, PORT, socket.AF_UNSPEC, socket.SOCK_STREAM):
    af, socktype, proto, canonname, sa = res
    try:
        s = socket.socket(af, socktype, proto)
    except OSError as msg:
        s = None
        continue
    try:
        s.connect(sa)
    except OSError as msg:
        s.close()
        s = None
        continue
    break
if s is None:
    print('could not open socket')
    sys.exit(1)
with s:
    s.sendall(b'Hello, world')
    s.shutdown(socket.SHUT_WR)
    data = b''
    while True:
        piece = s.recv(5)
        if not piece:
            break
        data += piece
print('Received', repr(data))
";

fn each_address(model: &'static str) {
    for (service, reply) in [
        ("echo", "b'Hello, world'"),
        ("echo-once", "b'Hello, world'"),
        ("ok", "b'OK...Hello, world'"),
        ("hello", "b'WelcomeHello,Hello, world!'"),
        ("discard", "b''"),
    ] {
        let (pty, port) = served(&["--service", service, "--model", model], 120, 36);
        let args = ["-u", "-c", EACH, "localhost", &port.to_string()];
        let mut python = Foreign::start("python3", &args);
        assert_eq!(
            python.line(),
            format!("Received {reply}"),
            "{service} {model}"
        );
        assert_eq!(python.rest(), "");
        pty.wait_text("0 connected");
    }
}

/// Says several names and then exit.
const WELCOMED: &str = r"
import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect(('127.0.0.1', int(sys.argv[1])))
print(s.recv(1024).decode('utf-8'))
for data in [b'Michael', b'Tracy', b'Sarah', '你好'.encode()]:
    s.send(data)
    print(s.recv(1024).decode('utf-8'))
s.send(b'exit')
print('end', s.recv(1024))
s.close()
";

fn welcomed(model: &'static str) {
    let (pty, port) = served(&["--service", "hello", "--model", model], 120, 36);
    // One after the other, so that each model can.
    for number in 1..=2 {
        let mut python = Foreign::start("python3", &["-u", "-c", WELCOMED, &port.to_string()]);
        assert_eq!(python.line(), "Welcome");
        for name in ["Michael", "Tracy", "Sarah", "你好"] {
            assert_eq!(python.line(), format!("Hello,{name}!"));
        }
        // After exit it is the server that closes.
        assert_eq!(python.line(), "end b''");
        assert_eq!(python.rest(), "");
        pty.wait_text("0 connected");
        pty.wait(
            &format!("connection {number} to be listed as closed"),
            |screen| screen.contents().matches(" closed ").count() >= number,
        );
    }
}

/// Lines from a person, each answered with OK... in front.
const OK: &str = r"
import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect(('127.0.0.1', int(sys.argv[1])))
for line in sys.stdin:
    s.sendall(line.encode())
    data = s.recv(1024)
    if not data:
        break
    print(data.decode(), end='')
s.close()
print('closed')
";

fn ok_server(model: &'static str) {
    let (pty, port) = served(&["--service", "ok", "--model", model], 120, 36);
    let mut python = Foreign::start("python3", &["-u", "-c", OK, &port.to_string()]);
    for line in ["hello", "how are you", "再见"] {
        python.write(&format!("{line}\n"));
        assert_eq!(python.line(), format!("OK...{line}"));
    }
    pty.wait_text("1 connected");
    python.end_of_input();
    assert_eq!(python.line(), "closed");
    pty.wait_text("0 connected");
}

/// Fetches a page, parts the head from it and saves it.
const SAVES: &str = r"
import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect(('127.0.0.1', int(sys.argv[1])))
s.send(b'GET ' + sys.argv[2].encode() + b' HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n')
buffer = []
while True:
    d = s.recv(1024)
    if d:
        buffer.append(d)
    else:
        break
data = b''.join(buffer)
s.close()
header, html = data.split(b'\r\n\r\n', 1)
print(header.decode('utf-8').splitlines()[0])
with open(sys.argv[3], 'wb') as f:
    f.write(html)
print('saved')
";

fn saves_a_page(model: &'static str) {
    let (pty, port) = served(&["--service", "http", "--model", model], 120, 36);
    let folder = tempfile::tempdir().expect("a folder");
    let (english, chinese) = (
        &include_bytes!("../../assets/pages/index.en.html")[..],
        &include_bytes!("../../assets/pages/index.zh.html")[..],
    );
    for (path, page) in [("/", english), ("/zh", chinese)] {
        let file = folder.path().join("page.html");
        let name = file.to_str().expect("text");
        let args = ["-u", "-c", SAVES, &port.to_string(), path, name];
        let mut python = Foreign::start("python3", &args);
        assert_eq!(python.line(), "HTTP/1.1 200 OK");
        assert_eq!(python.line(), "saved");
        assert!(
            fs::read(&file).expect("it is saved") == page,
            "{path} {model}"
        );
        pty.wait_text("0 connected");
    }
}
