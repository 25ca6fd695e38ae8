//! What the server says on its connections.

use std::net::Shutdown;

use sockyard::model::call::Function;
use sockyard::model::{Actor, Errno, Outcome, Service};

use crate::flood::noise;
use crate::harness::Harness;
use crate::peer;
use crate::reading::{connection, descriptor, offer, sent};

#[test]
fn hello_welcomes_answers_and_closes_at_exit() {
    let mut h = Harness::new();
    let address = h.serve(Service::Hello);
    let peer = peer::connect(address);
    assert_eq!(peer::read(&peer, 7), b"Welcome");
    h.blocked(connection(1), Function::Recv);
    peer::send(&peer, b"ning");
    assert_eq!(peer::read(&peer, 11), b"Hello,ning!");
    peer::send(&peer, b"exit");
    assert_eq!(peer::read_to_end(&peer), b"");
    h.returned(connection(1), Function::Close);
    let fd = descriptor(&h.returned(Actor::Server, Function::Accept));
    assert_eq!(
        h.texts(connection(1)),
        [
            format!("send({fd}, \"Welcome\", 7, 0) = 7"),
            format!("recv({fd}, \"ning\", 1024, 0) = 4"),
            format!("send({fd}, \"Hello,ning!\", 11, 0) = 11"),
            format!("recv({fd}, \"exit\", 1024, 0) = 4"),
            format!("close({fd}) = 0"),
        ]
    );
}

#[test]
fn hello_leaves_out_the_line_end_that_telnet_and_nc_send() {
    let mut h = Harness::new();
    let address = h.serve(Service::Hello);
    for line_end in ["\n", "\r\n"] {
        let peer = peer::connect(address);
        assert_eq!(peer::read(&peer, 7), b"Welcome");
        for (said, answer) in [
            ("ning", "Hello,ning!"),
            ("", "Hello,!"),
            ("a b", "Hello,a b!"),
        ] {
            peer::send(&peer, format!("{said}{line_end}").as_bytes());
            assert_eq!(peer::read(&peer, answer.len()), answer.as_bytes());
        }
        peer::send(&peer, format!("exit{line_end}").as_bytes());
        assert_eq!(peer::read_to_end(&peer), b"", "after {line_end:?}");
    }
}

#[test]
fn hello_answers_each_recv_of_at_most_1024_bytes() {
    let mut h = Harness::new();
    let address = h.serve(Service::Hello);
    let peer = peer::connect(address);
    assert_eq!(peer::read(&peer, 7), b"Welcome");
    h.blocked(connection(1), Function::Recv);
    peer::send(&peer, &[b'x'; 1500]);
    let expected = [
        b"Hello,".as_slice(),
        &[b'x'; 1024],
        b"!Hello,",
        &[b'x'; 476],
        b"!",
    ]
    .concat();
    assert_eq!(peer::read(&peer, expected.len()), expected);
}

#[test]
fn hello_ends_with_the_peer() {
    let mut h = Harness::new();
    let address = h.serve(Service::Hello);
    let peer = peer::connect(address);
    peer.shutdown(Shutdown::Write).expect("an open connection");
    assert_eq!(peer::read_to_end(&peer), b"Welcome");
    let record = h.returned(connection(1), Function::Recv);
    assert!(
        matches!(record.outcome, Outcome::Received { count: 0, .. }),
        "{record}"
    );
    h.returned(connection(1), Function::Close);
}

#[test]
fn echo_sends_back_all_that_came_before_the_peers_end() {
    const LENGTH: usize = 32 << 20;
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    let peer = peer::connect(address);
    let message = noise(LENGTH);
    let (reader, sending) = (peer.try_clone().expect("a descriptor"), message.clone());
    let writing = peer::beside(move || {
        peer::send(&peer, &sending);
        peer.shutdown(Shutdown::Write).expect("an open connection");
    });
    // Nobody reads until the kernel has no room left and the echo has to wait.
    h.blocked(connection(1), Function::Send);
    let reading = peer::beside(move || peer::read_to_end(&reader));
    h.returned(connection(1), Function::Close);
    writing.join().expect("the writer does not fail");
    let back = reading.join().expect("the reader does not fail");
    assert_eq!(back.len(), LENGTH);
    assert!(back == message, "other bytes");
    assert_eq!(sent(h.seen(), connection(1)), LENGTH);
}

#[test]
fn close_ends_each_connection_at_once() {
    let mut h = Harness::new();
    let address = h.serve(Service::Close);
    for number in 1..=3 {
        assert_eq!(peer::read_to_end(&peer::connect(address)), b"");
        let fd = descriptor(&h.returned(Actor::Server, Function::Accept));
        h.returned(connection(number), Function::Close);
        assert_eq!(h.texts(connection(number)), [format!("close({fd}) = 0")]);
    }
}

#[test]
fn another_service_is_for_the_connections_that_come_after() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    let early = peer::connect(address);
    h.returned(Actor::Server, Function::Accept);
    h.server(offer(Service::Hello));
    let late = peer::connect(address);
    assert_eq!(peer::read(&late, 7), b"Welcome");
    peer::send(&early, b"ning");
    peer::send(&late, b"ning");
    assert_eq!(peer::read(&early, 4), b"ning");
    assert_eq!(peer::read(&late, 11), b"Hello,ning!");
    h.server(offer(Service::Close));
    assert_eq!(peer::read_to_end(&peer::connect(address)), b"");
    peer::send(&early, b"!");
    assert_eq!(peer::read(&early, 1), b"!");
}

#[test]
fn a_reset_ends_its_connection_and_no_other() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    let other = peer::connect(address);
    h.blocked(connection(1), Function::Recv);
    let peer = peer::connect(address);
    h.blocked(connection(2), Function::Recv);
    peer::reset(peer);
    let record = h.returned(connection(2), Function::Recv);
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::ECONNRESET),
        "{record}"
    );
    h.returned(connection(2), Function::Close);
    peer::send(&other, b"still here");
    assert_eq!(peer::read(&other, 10), b"still here");
    let next = peer::connect(address);
    peer::send(&next, b"me too");
    assert_eq!(peer::read(&next, 6), b"me too");
}
