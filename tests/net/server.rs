//! The listening socket: where it can listen and where not, how it stops, and that it can start again.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};

use sockyard::model::call::Function;
use sockyard::model::{Actor, CallRecord, Event, Fd, Outcome, ServerAction, Service};

use crate::harness::{Harness, LIMIT};
use crate::peer;
use crate::reading::{CLIENT, connection, count, descriptor, records, send, start};

const SERVER: Actor = Actor::Server;

#[test]
fn a_port_that_somebody_listens_on_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("a bound address");
    let mut h = Harness::new();
    h.server(start("127.0.0.1", address.port()));
    h.returned(SERVER, Function::Close);
    let fd = descriptor(records(h.seen(), SERVER).next().expect("socket"));
    let texts = h.texts(SERVER);
    // Linux refuses the bind, other systems the listen.
    let bound = format!("bind({fd}, {address}) = 0");
    let refused: &[String] = if texts.contains(&bound) {
        &[bound, format!("listen({fd}, 128) = -1 EADDRINUSE")]
    } else {
        &[format!("bind({fd}, {address}) = -1 EADDRINUSE")]
    };
    let expected = [
        &[
            format!("socket(AF_INET, SOCK_STREAM, 0) = {fd}"),
            format!("setsockopt({fd}, SOL_SOCKET, SO_REUSEADDR, 1) = 0"),
        ],
        refused,
        &[format!("close({fd}) = 0")],
    ]
    .concat();
    assert_eq!(texts, expected);

    drop(taken);
    h.server(start("127.0.0.1", address.port()));
    assert_eq!(h.listening(), address);
}

#[test]
fn an_address_of_another_machine_cannot_be_bound() {
    let mut h = Harness::new();
    // 192.0.2.0/24 is for documentation (RFC 5737).
    h.server(start("192.0.2.1", 0));
    h.returned(SERVER, Function::Close);
    let fd = descriptor(records(h.seen(), SERVER).next().expect("socket"));
    assert_eq!(
        h.texts(SERVER)[2..],
        [
            format!("bind({fd}, 192.0.2.1:0) = -1 EADDRNOTAVAIL"),
            format!("close({fd}) = 0"),
        ]
    );
    assert_serves(&mut h);
}

#[test]
fn a_name_to_listen_at_is_resolved_first() {
    let mut h = Harness::new();
    h.server(start("localhost", 0));
    let address = h.listening();
    let first = h.texts(SERVER).remove(0);
    assert!(
        first.starts_with("getaddrinfo(\"localhost\", \"0\") = 0 → "),
        "{first}"
    );
    let peer = peer::connect(address);
    peer::send(&peer, b"hello");
    assert_eq!(peer::read(&peer, 5), b"hello");
}

#[test]
fn stop_closes_the_listener_and_every_accepted_connection() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    let peers = [peer::connect(address), peer::connect(address)];
    h.connected(address);
    for number in 1..=3 {
        h.blocked(connection(number), Function::Recv);
    }
    let listener = descriptor(records(h.seen(), SERVER).next().expect("socket"));
    let accepted: Vec<Fd> = (0..3)
        .map(|_| descriptor(&h.returned(SERVER, Function::Accept)))
        .collect();
    h.server(ServerAction::Stop);

    let record = h.returned(SERVER, Function::Close);
    assert_eq!(record.to_string(), format!("close({listener}) = 0"));
    for (at, fd) in accepted.iter().enumerate() {
        let who = connection(at as u64 + 1);
        h.returned(who, Function::Close);
        assert_eq!(h.texts(who), [format!("close({fd}) = 0")]);
    }
    for peer in &peers {
        assert_eq!(peer::read_to_end(peer), b"");
    }
    let record = h.returned(CLIENT, Function::Recv);
    assert!(
        matches!(record.outcome, Outcome::Received { count: 0, .. }),
        "{record}"
    );
    let refused = TcpStream::connect_timeout(&address, LIMIT).map(drop);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(io::ErrorKind::ConnectionRefused)
    );
}

#[test]
fn the_port_can_be_bound_again_at_once() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    for number in 1..=5 {
        // The server closes first, so its side of these connections goes through TIME_WAIT on that port.
        let peer = peer::connect(address);
        h.blocked(connection(number), Function::Recv);
        h.server(ServerAction::Stop);
        h.server(start("127.0.0.1", address.port()));
        assert_eq!(h.listening(), address);
        assert_eq!(peer::read_to_end(&peer), b"");
    }
}

#[test]
fn a_start_while_listening_closes_what_was_there_first() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    let peer = peer::connect(address);
    h.blocked(connection(1), Function::Recv);
    h.server(start("127.0.0.1", address.port()));
    assert_eq!(h.listening(), address);
    assert_eq!(peer::read_to_end(&peer), b"");
    h.returned(connection(1), Function::Close);
    let functions: Vec<Function> = records(h.seen(), SERVER)
        .map(|record| record.call.function())
        .skip(5)
        .collect();
    assert_eq!(
        functions,
        [
            Function::Accept,
            Function::Close,
            Function::Socket,
            Function::Setsockopt,
            Function::Bind,
            Function::Listen,
            Function::Getsockname,
        ]
    );
}

#[test]
fn an_accept_is_reported_before_anything_of_its_connection() {
    // Without room in the channel the server waits to report that it waits, and then finds them all in its queue.
    const CONNECTIONS: usize = 50;
    let mut h = Harness::with_capacity(0);
    let address = h.serve(Service::Close);
    for _ in 0..CONNECTIONS {
        drop(peer::connect(address));
    }
    let closed = |event: &&Event| {
        matches!(event, Event::Returned(record)
            if record.who != SERVER && record.call.function() == Function::Close)
    };
    h.wait("every connection's close", |events| {
        (events.iter().filter(closed).count() == CONNECTIONS).then_some(())
    });
    for number in 1..=CONNECTIONS {
        let own = |event: &Event| matches!(event, Event::Returned(record) if record.who == connection(number as u64));
        let first = h.seen().iter().position(own).expect("its close");
        let accepted = count(&h.seen()[..first], SERVER, Function::Accept);
        assert!(accepted >= number, "{number} came before its accept");
    }
}

#[test]
fn connections_are_numbered_over_restarts() {
    let mut h = Harness::new();
    for number in 1..=3 {
        let address = h.serve(Service::Close);
        drop(peer::connect(address));
        h.returned(connection(number), Function::Close);
    }
}

#[test]
fn stop_ends_connections_that_are_blocked_in_send() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    let mut peer = peer::connect(address);
    // The peer only sends, so that the echo has nowhere to go; it ends when the server resets the connection.
    let peer = peer::beside(move || while peer.write_all(&[b'x'; 8 << 10]).is_ok() {});
    h.blocked(connection(1), Function::Send);
    h.server(ServerAction::Stop);
    let record = h.returned(connection(1), Function::Close);
    assert_eq!(record.outcome, Outcome::Done);
    let failed = |record: &&CallRecord| record.outcome.is_failure();
    assert_eq!(records(h.seen(), connection(1)).find(failed), None);
    peer.join().expect("the peer does not fail");
}

/// A server that could not start before starts now and serves.
fn assert_serves(h: &mut Harness) {
    let address = h.serve(Service::Echo);
    h.connected(address);
    h.client(send(b"hello"));
    h.receives(CLIENT, b"hello");
}
