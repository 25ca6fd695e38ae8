//! How it ends: on each signal, in the middle of whatever its threads wait for, and when nobody reads it any more.

use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::program::{LIMIT, Program, connect, echo, ended, read, read_to_end, rest};

const ANY: &str = "127.0.0.1:0";

#[test]
fn each_signal_that_asks_for_an_end_gets_an_orderly_one() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let mut program = Program::start(&[ANY]);
        let peer = connect(program.address());
        echo(&peer, b"hello");
        program.signal(signal);
        let left = program.wait();
        assert_eq!(left.status.code(), Some(0), "{signal:?}");
        assert_eq!(
            left.summary(),
            "served 1 connection: 5 B received, 5 B sent"
        );
        assert_eq!(read_to_end(&peer), b"");
        // The connection's close and the listening socket's are printed before.
        let closes = left.lines.iter().filter(|line| line.contains(" close("));
        assert_eq!(closes.count(), 2, "{:?}", left.lines);
    }
}

#[test]
fn it_ends_whatever_its_connections_wait_for() {
    for model in ["serial", "threads", "poll"] {
        for quiet in [&[][..], &["--quiet"]] {
            // One thinks for a minute.
            let args = [&[ANY, "--model", model, "--delay", "60000"], quiet].concat();
            let mut program = Program::start(&args);
            let mut thinks = connect(program.address());
            thinks.write_all(b"hello").expect("room");
            let left = program.stop();
            assert_eq!(left.status.code(), Some(0));
            assert_eq!(left.complaints, "");
            // One receives, and one sends to a peer that does not receive.
            let mut program = Program::start(&[&[ANY, "--model", model], quiet].concat());
            let address = program.address();
            let mut full = connect(address);
            full.set_nonblocking(true).expect("a mode");
            let mut refusals = 0;
            let end = Instant::now() + LIMIT;
            while refusals < 1_000 {
                assert!(Instant::now() < end, "{model} {quiet:?} is never full");
                // The server has no room for its echo, and then none for what it is sent.
                if full.write(&[b'x'; 4096]).is_ok_and(|count| count > 0) {
                    refusals = 0;
                } else {
                    refusals += 1;
                    std::thread::yield_now();
                }
            }
            let _receives = connect(address);
            let left = program.stop();
            assert_eq!(left.status.code(), Some(0));
            assert_eq!(left.complaints, "", "{model} {quiet:?}");
        }
    }
}

#[test]
fn chat_and_http_work_quietly_in_each_model() {
    for model in ["threads", "poll"] {
        let args = [ANY, "--quiet", "--model", model, "--service", "chat"];
        let mut program = Program::start(&args);
        let address = program.address();
        let (mut one, mut other) = (connect(address), connect(address));
        // What is said before the other is there is not heard: it is said until it is.
        let mut came = [0; 2];
        other.set_nonblocking(true).expect("a mode");
        let end = Instant::now() + LIMIT;
        while other.read(&mut came).is_err() {
            assert!(Instant::now() < end, "nothing was passed on");
            one.write_all(b"hi").expect("room");
            std::thread::yield_now();
        }
        assert_eq!(&came, b"hi");
        assert_eq!(program.stop().status.code(), Some(0));

        let args = [ANY, "--quiet", "--model", model, "--service", "http"];
        let mut program = Program::start(&args);
        let mut peer = connect(program.address());
        peer.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .expect("room");
        let page = String::from_utf8(read_to_end(&peer)).expect("text");
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        drop(peer);
        assert_eq!(program.stop().status.code(), Some(0));
    }
}

#[test]
fn it_ends_quietly_when_nobody_reads_it_any_more() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sockyard"))
        .args(["serve", ANY])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut output = child.stdout.take().expect("a pipe");
    let address = first_line(&mut output);
    drop(output);
    // What it prints of this connection goes nowhere; if its first calls already did, it has ended before.
    let _peer: io::Result<TcpStream> = TcpStream::connect_timeout(&address, LIMIT);
    let complaints = read(child.stderr.take().expect("a pipe"));
    let complaints = rest(&complaints, Instant::now() + LIMIT);
    assert_eq!(complaints, [""; 0]);
    let status = ended(&mut child, Instant::now() + LIMIT);
    assert_eq!(status.code(), Some(0));
}

/// Where it listens, by its first line; nothing more is read.
#[track_caller]
fn first_line(output: &mut impl Read) -> SocketAddr {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("its first line");
        line.extend(byte);
    }
    let line = String::from_utf8(line).expect("text");
    let begin = line.find("127.0.0.1:").expect("an address");
    let is_beyond = |c: char| !c.is_ascii_digit() && c != '.' && c != ':';
    let address = line[begin..].split(is_beyond).next();
    address.expect("an address").parse().expect("an address")
}

/// Less than the program's patience with an end that is not orderly, and more than an orderly one ever takes.
const SOON: Duration = Duration::from_secs(3);

/// How long nothing has to happen for a server to be at rest.
const QUIET: Duration = Duration::from_millis(300);

/// Connections that rest until the end: what is printed of them then is more than is gathered before it is written.
const IDLE: usize = 600;

/// A server whose output nobody takes.
struct Unread {
    child: Child,
    address: SocketAddr,
    /// Both ends of its output: it is never at an end.
    output: (PipeReader, PipeWriter),
}

impl Unread {
    #[track_caller]
    fn start(format: &str) -> Self {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let child = Command::new(env!("CARGO_BIN_EXE_sockyard"))
            .args(["serve", ANY, "--format", format])
            .env("SOCKYARD_CONFIG", "/dev/null")
            .stdin(Stdio::null())
            .stdout(writer.try_clone().expect("a descriptor"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let address = first_line(&mut reader);
        let output = (reader, writer);
        Self {
            child,
            address,
            output,
        }
    }

    fn has_room(&self) -> bool {
        let mut fds = [PollFd::new(&self.output.1, PollFlags::OUT)];
        poll(&mut fds, Some(&Timespec::default())) != Ok(0)
    }

    /// Takes what it has printed, if there is anything.
    fn take(&mut self) -> bool {
        let mut fds = [PollFd::new(&self.output.0, PollFlags::IN)];
        if poll(&mut fds, Some(&Timespec::default())) == Ok(0) {
            return false;
        }
        let count = self.output.0.read(&mut [0; 4096]);
        count.expect("its output") > 0
    }

    /// Connects so many peers, and takes what is printed of it.
    #[track_caller]
    fn peers(&mut self, count: usize) -> Vec<TcpStream> {
        let peer = |_| {
            while self.take() {}
            connect(self.address)
        };
        (0..count).map(peer).collect()
    }

    /// Fills what room there is, once the server has nothing more to print: from then on it waits for nobody.
    #[track_caller]
    fn fill_idle(&mut self) {
        let end = Instant::now() + LIMIT;
        let mut last = Instant::now();
        while last.elapsed() < QUIET {
            assert!(Instant::now() < end, "it prints on and on");
            if self.take() {
                last = Instant::now();
            }
            std::thread::yield_now();
        }
        while self.has_room() {
            let written = self.output.1.write(&[b'\n'; 4096]);
            assert_eq!(written.expect("room"), 4096);
        }
    }

    /// Sends and receives until the server does neither any more: it waits for its output.
    #[track_caller]
    fn fill(&self) -> TcpStream {
        let mut peer = connect(self.address);
        peer.set_nonblocking(true).expect("a mode");
        let end = Instant::now() + LIMIT;
        let mut last = Instant::now();
        while self.has_room() || last.elapsed() < QUIET {
            assert!(Instant::now() < end, "the pipe is not full");
            let sent = peer.write(&[b'x'; 4096]);
            let received = peer.read(&mut [0; 4096]);
            if sent.is_ok() || received.is_ok() {
                last = Instant::now();
            }
            std::thread::yield_now();
        }
        peer.set_nonblocking(false).expect("a mode");
        peer
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // It has most likely ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_ends_at_once_although_nobody_takes_its_output() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut server = Unread::start("text");
        let mut peer = server.fill();
        let complaints = read(server.child.stderr.take().expect("a pipe"));
        let pid = Pid::from_raw(server.child.id().cast_signed()).expect("a process");
        let start = Instant::now();
        kill_process(pid, signal).expect("it runs");
        let complaints = rest(&complaints, Instant::now() + LIMIT);
        let status = ended(&mut server.child, Instant::now() + LIMIT);
        let took = start.elapsed();
        assert_eq!(
            status.code(),
            Some(0),
            "{signal:?}: {status} {complaints:?}"
        );
        assert!(took < SOON, "{signal:?}: {took:?}");
        assert_eq!(
            complaints,
            ["sockyard: nobody took the last lines of the output"]
        );
        // Its end of the connection is closed, in order or not.
        let end = peer.read_to_end(&mut Vec::new()).err();
        let kind = end.map(|error| error.kind());
        assert!(
            matches!(kind, None | Some(ErrorKind::ConnectionReset)),
            "{kind:?}"
        );
    }
}

#[test]
fn it_ends_at_once_although_nobody_takes_what_it_prints_of_its_end() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Unread::start("json");
        let peers = server.peers(IDLE);
        server.fill_idle();
        let complaints = read(server.child.stderr.take().expect("a pipe"));
        let pid = Pid::from_raw(server.child.id().cast_signed()).expect("a process");
        let start = Instant::now();
        kill_process(pid, signal).expect("it runs");
        let complaints = rest(&complaints, Instant::now() + LIMIT);
        let status = ended(&mut server.child, Instant::now() + LIMIT);
        let took = start.elapsed();
        assert_eq!(
            status.code(),
            Some(0),
            "{signal:?}: {status} {complaints:?}"
        );
        assert!(took < SOON, "{signal:?}: {took:?}");
        assert_eq!(
            complaints,
            ["sockyard: nobody took the last lines of the output"]
        );
        drop(peers);
    }
}

#[test]
fn a_peer_that_is_killed_with_much_unread_is_one_connection_among_others() {
    for model in ["serial", "threads", "poll"] {
        let mut program = Program::start(&[ANY, "--model", model]);
        let address = program.address();
        // It sends what is echoed, receives nothing of it, and is killed in the middle.
        let script = format!(
            "client connect 127.0.0.1 {}\nclient sendall \"{}\"\nlimit 60s\nwait 60s\n",
            address.port(),
            "x".repeat(16_000),
        );
        let mut peer = Command::new(env!("CARGO_BIN_EXE_sockyard"))
            .args(["run", "-"])
            .env("SOCKYARD_CONFIG", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut input = peer.stdin.take().expect("a pipe");
        input.write_all(script.as_bytes()).expect("it is read");
        drop(input);
        program.line_that(|line| line.contains(" send("));
        peer.kill().expect("it runs");
        peer.wait().expect("it has ended");
        program.line_that(|line| line.contains(" close("));
        assert_eq!(echo(&connect(address), b"hello"), b"hello");
        let left = program.stop();
        assert_eq!(left.status.code(), Some(0));
        assert_eq!(left.complaints, "");
    }
}
