//! What it prints: the first line, the calls in both forms, trouble, and the last line.

use std::io::Write;
use std::net::{TcpListener, UdpSocket};

use serde_json::Value;

use crate::program::{LIMIT, Program, connect, echo, read_to_end};

const ANY: &str = "127.0.0.1:0";
const MODELS: [&str; 3] = ["serial", "threads", "poll"];

#[test]
fn the_first_line_names_the_real_port_and_each_model_echoes_there() {
    for model in MODELS {
        for quiet in [&[][..], &["--quiet"]] {
            let mut program = Program::start(&[&[ANY, "--model", model], quiet].concat());
            let address = program.address();
            assert_ne!(address.port(), 0);
            let peer = connect(address);
            assert_eq!(echo(&peer, b"hello"), b"hello");
            assert_eq!(echo(&peer, &vec![b'x'; 100_000]).len(), 100_000);
            drop(peer);
            let left = program.stop();
            assert_eq!(left.status.code(), Some(0));
            assert_eq!(
                left.summary(),
                "served 1 connection: 100,005 B received, 100,005 B sent",
                "{model} {quiet:?}"
            );
            assert_eq!(left.complaints, "");
        }
    }
}

#[test]
fn the_calls_of_the_server_and_of_each_connection_are_printed_as_in_the_panel() {
    let mut program = Program::start(&[ANY]);
    let address = program.address();
    for start in ["socket(", "setsockopt(", "bind(", "listen(", "getsockname("] {
        let line = program.line();
        assert!(line.contains(&format!(" server    {start}")), "{line}");
    }
    let peer = connect(address);
    echo(&peer, b"\x1b[2Jhi");
    let line = program.line();
    let local = peer.local_addr().expect("an address");
    assert!(line.contains(&format!(", {local}) = ")), "{line}");
    let line = program.line();
    assert!(line.contains(" server#1  recv("), "{line}");
    assert!(line.contains(r#", "\x1b[2Jhi", 16384, 0) = 6"#), "{line}");
    drop(peer);
    program.line_that(|line| line.contains("└ the peer has finished sending"));
    program.line_that(|line| line.contains("close("));
    let left = program.stop();
    // The listening socket is closed before the last line.
    assert!(
        left.lines[0].contains("server    close("),
        "{:?}",
        left.lines
    );
    assert_eq!(left.lines.len(), 2);
}

fn keys(object: &Value) -> Vec<&str> {
    let map = object.as_object().expect("an object");
    map.keys().map(String::as_str).collect()
}

#[test]
fn each_json_line_is_an_object_with_the_documented_keys() {
    let mut program = Program::start(&[ANY, "--format", "json", "--service", "ok"]);
    let object = |line: &str| -> Value { serde_json::from_str(line).expect(line) };
    let first = object(&program.line());
    assert_eq!(keys(&first), ["address", "event", "protocol"]);
    assert_eq!(first["event"], "listening");
    let address = first["address"].as_str().expect("text").parse();
    let peer = connect(address.expect("an address"));
    (&peer).write_all(b"\xff\n").expect("room");
    peer.shutdown(std::net::Shutdown::Write).expect("connected");
    assert_eq!(read_to_end(&peer), b"OK...\xff\n");
    let accept = object(&program.line_that(|line| line.contains("\"accept\"")));
    assert_eq!(
        keys(&accept),
        [
            "at_us",
            "call",
            "connection",
            "event",
            "function",
            "outcome",
            "peer",
            "time",
            "took_us",
            "value",
            "waited",
            "who"
        ]
    );
    assert_eq!(accept["connection"], "server#1");
    let recv = object(&program.line());
    assert_eq!(
        (&recv["function"], &recv["value"]),
        (&"recv".into(), &2.into())
    );
    assert_eq!(recv["outcome"], "2");
    let received = object(&program.line());
    assert_eq!(keys(&received), ["at_us", "count", "data", "event", "who"]);
    assert_eq!(received["data"], "\\xff\\n");
    let end = object(&program.line_that(|line| line.contains("\"means\"")));
    assert_eq!(
        (&end["who"], &end["value"]),
        (&"server#1".into(), &0.into())
    );
    let left = program.stop();
    assert_eq!(left.status.code(), Some(0));
    for line in &left.lines {
        object(line);
    }
    let last = object(left.lines.last().expect("a summary"));
    assert_eq!(
        keys(&last),
        [
            "accept_failures",
            "connections",
            "datagrams",
            "event",
            "handshakes_dropped",
            "most_at_once",
            "received_bytes",
            "sent_bytes",
            "took_us",
            "unserved"
        ]
    );
    assert_eq!(
        (&last["connections"], &last["sent_bytes"]),
        (&1.into(), &7.into())
    );
}

#[test]
fn quiet_is_two_lines() {
    for format in ["text", "json"] {
        let mut program = Program::start(&[ANY, "--quiet", "--format", format]);
        let first = program.line();
        let address = first
            .split(['"', ' '])
            .find_map(|word| word.parse().ok())
            .expect("an address");
        let peer = connect(address);
        echo(&peer, b"hello");
        let left = program.stop();
        assert_eq!(left.lines.len(), 1, "{:?}", left.lines);
        assert_eq!(left.complaints, "");
    }
}

#[test]
fn a_port_that_is_taken_is_explained_and_ends_it_with_1() {
    let taken = TcpListener::bind(ANY).expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for quiet in [&[][..], &["--quiet"]] {
        let left = Program::start(&[&[address.as_str()], quiet].concat()).wait();
        assert_eq!(left.status.code(), Some(1));
        assert!(left.lines.is_empty(), "{:?}", left.lines);
        let complaints = left.complaints;
        assert!(complaints.starts_with("sockyard: bind("), "{complaints}");
        assert!(complaints.contains("EADDRINUSE: "), "{complaints}");
    }
}

#[test]
fn a_command_line_that_is_wrong_ends_it_with_2() {
    for (args, words) in [
        (&["8888"][..], "HOST:PORT"),
        (&["--service", "ecko"], "echo"),
        (&["--service", "manual"], "needs a person"),
        (&["--udp", "--service", "http"], "needs connections"),
        (&["--udp", "--model", "poll"], "cannot be used"),
        (&["--format", "xml"], "json"),
    ] {
        let left = Program::start(args).wait();
        assert_eq!(left.status.code(), Some(2), "{args:?}");
        assert!(left.complaints.contains(words), "{}", left.complaints);
        assert!(left.lines.is_empty());
    }
}

#[test]
fn whoever_is_reachable_from_elsewhere_is_told_so() {
    let mut program = Program::start(&["0.0.0.0:0", "--quiet"]);
    program.address();
    let complaint = program.complaint();
    assert!(
        complaint.contains("is open to every machine that can reach this one"),
        "{complaint}"
    );
    assert_eq!(program.stop().status.code(), Some(0));
}

#[test]
fn datagrams_are_answered_and_counted() {
    for quiet in [&[][..], &["--quiet"]] {
        let mut program = Program::start(&[&[ANY, "--udp"], quiet].concat());
        let first = program.line();
        let address = first.strip_prefix("listening on ").expect("a first line");
        let peer = UdpSocket::bind(ANY).expect("a port");
        peer.set_read_timeout(Some(LIMIT)).expect("an option");
        for _ in 0..3 {
            peer.send_to(b"hello", address).expect("room");
            let mut came = [0; 10];
            let (count, _) = peer.recv_from(&mut came).expect("an answer");
            assert_eq!(&came[..count], b"hello");
        }
        if quiet.is_empty() {
            program.line_that(|line| line.contains("recvfrom("));
        }
        let left = program.stop();
        assert_eq!(
            left.summary(),
            "received 3 datagrams: 15 B received, 15 B sent"
        );
        if !quiet.is_empty() {
            assert_eq!(left.lines.len(), 1);
        }
    }
}

#[test]
fn help_tells_the_options_the_statuses_and_the_schema() {
    let left = Program::start(&["--help"]).wait();
    assert_eq!(left.status.code(), Some(0));
    let text = left.lines.join("\n");
    for words in [
        "--quiet",
        "Exit status: 0",
        "took_us",
        "otherwise at 127.0.0.1:8888",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(
        left.lines.iter().all(|line| line.chars().count() <= 130),
        "{text}"
    );
}
