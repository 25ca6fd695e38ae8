//! How it ends: on each signal, in the middle of whatever its threads wait for, and when nobody reads it any more.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::Signal;

use crate::program::{LIMIT, Program, connect, echo, read, read_to_end, rest};

const ANY: &str = "127.0.0.1:0";

#[test]
fn each_signal_that_asks_for_an_end_gets_an_orderly_one() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
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
            while refusals < 1_000 {
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
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("its first line");
        line.extend(byte);
    }
    drop(output);
    let line = String::from_utf8(line).expect("text");
    let address = line.trim_end().strip_prefix("listening on ");
    let address = address.expect("an address").parse().expect("an address");
    // What it prints of this connection goes nowhere; if its first calls already did, it has ended before.
    let _peer: std::io::Result<TcpStream> = TcpStream::connect::<SocketAddr>(address);
    let complaints = read(child.stderr.take().expect("a pipe"));
    let complaints = rest(&complaints, Instant::now() + LIMIT);
    assert_eq!(complaints, [""; 0]);
    assert_eq!(child.wait().expect("it has ended").code(), Some(0));
}
