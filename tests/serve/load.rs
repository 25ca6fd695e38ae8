//! Many connections: what the last line says of them is exact, and what cannot be served is said once and counted.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;

use crate::program::{Program, connect, echo, read_to_end};

const ANY: &str = "127.0.0.1:0";

#[test]
fn a_burst_of_a_thousand_connections_is_counted_to_the_last_byte() {
    const THREADS: usize = 4;
    const EACH: usize = 250;
    for model in ["serial", "threads", "poll"] {
        for quiet in [&[][..], &["--quiet"]] {
            let args = [&[ANY, "--model", model, "--backlog", "4096"], quiet].concat();
            let mut program = Program::start(&args);
            let address = program.address();
            let peers: Vec<_> = (0..THREADS)
                .map(|number| {
                    thread::Builder::new()
                        .name(format!("peer {number}"))
                        .spawn(move || {
                            for _ in 0..EACH {
                                let peer = connect(address);
                                assert_eq!(echo(&peer, b"0123456789"), b"0123456789");
                            }
                        })
                        .expect("a thread")
                })
                .collect();
            for peer in peers {
                peer.join().expect("each is answered");
            }
            let left = program.stop();
            assert_eq!(left.status.code(), Some(0));
            let summary = left.summary();
            let (numbers, rest) = summary.split_once("; ").unwrap_or((&summary, ""));
            assert_eq!(
                numbers, "served 1,000 connections: 10,000 B received, 10,000 B sent",
                "{model} {quiet:?}"
            );
            assert!(rest.is_empty() || rest.starts_with("at most "), "{rest}");
            assert_eq!(left.complaints, "");
        }
    }
}

#[test]
fn the_most_at_once_is_told() {
    for model in ["threads", "poll"] {
        let mut program = Program::start(&[ANY, "--quiet", "--model", model]);
        let address = program.address();
        let held: Vec<TcpStream> = (0..50).map(|_| connect(address)).collect();
        for peer in &held {
            echo(peer, b"hello");
        }
        let left = program.stop();
        assert_eq!(
            left.summary(),
            "served 50 connections: 250 B received, 250 B sent; at most 50 at once"
        );
    }
}

#[test]
fn beyond_max_connections_nobody_is_served_and_each_is_counted() {
    for model in ["threads", "poll"] {
        let args = [ANY, "--quiet", "--model", model, "--max-connections", "5"];
        let mut program = Program::start(&args);
        let address = program.address();
        let held: Vec<TcpStream> = (0..5).map(|_| connect(address)).collect();
        for peer in &held {
            assert_eq!(echo(peer, b"hello"), b"hello");
        }
        for _ in 0..20 {
            assert_eq!(read_to_end(&connect(address)), b"", "{model}");
        }
        // Once, for what differs only in its numbers is the same.
        assert_eq!(
            program.complaint(),
            "sockyard: server#6 is closed unserved: 5 connections are open, and --max-connections allows no more"
        );
        for peer in &held {
            assert_eq!(echo(peer, b"hello"), b"hello");
        }
        let left = program.stop();
        assert_eq!(left.complaints, "");
        assert_eq!(
            left.summary(),
            "served 5 connections: 50 B received, 50 B sent; at most 5 at once; 20 closed unserved"
        );
    }
}

#[test]
fn what_a_short_accept_queue_costs_is_told_at_the_end() {
    let args = [ANY, "--quiet", "--model", "serial", "--backlog", "1"];
    let mut program = Program::start(&args);
    let address = program.address();
    let first = connect(address);
    echo(&first, b"hello");
    // Two wait in a queue of one; a third is not answered, and would be asked again after a second.
    let waiting = [connect(address), connect(address)];
    for _ in 0..4 {
        let short = std::time::Duration::from_millis(20);
        TcpStream::connect_timeout(&address, short).expect_err("no room in the queue");
    }
    drop(first);
    for peer in waiting {
        echo(&peer, b"hello");
    }
    let left = program.stop();
    let summary = left.summary();
    assert!(
        summary.ends_with("; 4 handshakes dropped by a full accept queue"),
        "{summary}"
    );
}

#[test]
fn without_descriptors_it_says_so_once_and_goes_on() {
    let args = [ANY, "--quiet", "--model", "poll"];
    let mut program = Program::start_with_descriptors(40, &args);
    let address = program.address();
    let mut held: Vec<TcpStream> = (0..60).map(|_| connect(address)).collect();
    let complaint = program.complaint();
    assert!(complaint.contains("= -1 EMFILE: "), "{complaint}");
    // Those who were accepted are served, and the others once there is room.
    let mut waiting = held.split_off(10);
    for peer in &held {
        assert_eq!(echo(peer, b"hello"), b"hello");
    }
    drop(held);
    let last = waiting.pop().expect("a peer");
    drop(waiting);
    assert_eq!(echo(&last, b"hello"), b"hello");
    let left = program.stop();
    assert_eq!(left.complaints, "");
    let summary = left.summary();
    assert!(summary.contains("; accept failed "), "{summary}");
    assert!(summary.ends_with(" (EMFILE)"), "{summary}");
    // It waits a second after each failure: it does not spin.
    let count = summary.rsplit("failed ").next().expect("a number");
    let count: u32 = count
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    assert!(count < 20, "{summary}");
}

#[test]
fn a_peer_that_resets_is_one_connection_among_others() {
    for model in ["serial", "threads", "poll"] {
        let mut program = Program::start(&[ANY, "--quiet", "--model", model]);
        let address = program.address();
        for _ in 0..20 {
            let mut peer = connect(address);
            peer.write_all(b"hello").expect("room");
            let now = Some(std::time::Duration::ZERO);
            rustix::net::sockopt::set_socket_linger(&peer, now).expect("an option");
        }
        let mut peer = connect(address);
        peer.write_all(b"hello").expect("room");
        peer.shutdown(std::net::Shutdown::Write).expect("connected");
        let mut came = Vec::new();
        peer.read_to_end(&mut came).expect("the end");
        assert_eq!(came, b"hello");
        let extra = peer.write(b"x").map_err(|error| error.kind());
        assert!(!matches!(extra, Err(ErrorKind::WouldBlock)), "{extra:?}");
        let left = program.stop();
        assert_eq!(left.status.code(), Some(0));
        assert_eq!(left.complaints, "");
    }
}

#[test]
fn the_end_that_came_together_with_the_last_bytes_is_seen() {
    let mut program = Program::start(&[ANY, "--quiet", "--model", "serial"]);
    let address = program.address();
    let first = connect(address);
    echo(&first, b"hello");
    // This one waits in the queue until the first has closed: all of it is there when it is accepted.
    let mut next = connect(address);
    next.write_all(b"hello").expect("room");
    next.shutdown(std::net::Shutdown::Write).expect("connected");
    drop(first);
    let mut came = Vec::new();
    next.read_to_end(&mut came).expect("the end");
    assert_eq!(came, b"hello");
    assert_eq!(program.stop().status.code(), Some(0));
}
