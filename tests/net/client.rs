//! A connected client: sending, receiving, and each way in which a connection ends.

use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, ClientAction, ClientId, Errno, Event, Journal, Outcome, ServerAction, Service,
    SocketAction, Waited,
};

use crate::flood::noise;
use crate::harness::Harness;
use crate::peer;
use crate::reading::{
    CLIENT, CLOSE, connect, connection, count, descriptor, named, received, records, send, sent,
};

/// How long nothing may be reported where a worker that spins would report without end.
const QUIET: Duration = Duration::from_millis(300);

/// More than the kernel keeps for a peer that does not read.
const TOO_MUCH: usize = 32 << 20;

/// A client that is connected to a peer of the test.
fn connected_to_peer() -> (Harness, TcpStream) {
    connected_to_peer_with(Harness::new())
}

fn connected_to_peer_with(mut h: Harness) -> (Harness, TcpStream) {
    let (listener, address) = peer::listener();
    h.connected(address);
    let peer = peer::accept(&listener);
    (h, peer)
}

/// The same with a client whose number no other test uses, so that its thread can be told from theirs.
fn numbered_and_connected(id: ClientId) -> (Harness, Actor, TcpStream) {
    let who = Actor::Client(id);
    let (listener, address) = peer::listener();
    let mut h = Harness::new();
    h.client_number(id, connect(address));
    h.blocked(who, Function::Recv);
    let peer = peer::accept(&listener);
    (h, who, peer)
}

#[test]
fn the_calls_of_an_echo_are_those_of_the_textbook_on_all_three_sockets() {
    let mut h = Harness::new();
    let server = h.serve(Service::Echo);
    h.blocked(Actor::Server, Function::Accept);
    h.connected(server);
    h.blocked(connection(1), Function::Recv);
    h.client(send(b"hello"));
    h.receives(connection(1), b"hello");
    h.receives(CLIENT, b"hello");
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    h.returned(connection(1), Function::Close);
    h.blocked(Actor::Server, Function::Accept);
    h.server(ServerAction::Stop);
    h.returned(Actor::Server, Function::Close);

    let of = |who, function| {
        records(h.seen(), who)
            .find(|record| record.call.function() == function)
            .expect("it was called")
    };
    let (client, port) = (named(of(CLIENT, Function::Getsockname)), server.port());
    assert_ne!(port, 0, "the kernel has chosen one");
    let fd = descriptor(of(CLIENT, Function::Socket));
    assert_eq!(
        h.texts(CLIENT),
        [
            format!("getaddrinfo(\"127.0.0.1\", \"{port}\") = 0 → 127.0.0.1"),
            format!("socket(AF_INET, SOCK_STREAM, 0) = {fd}"),
            format!("connect({fd}, 127.0.0.1:{port}) = 0"),
            format!("getsockname({fd}, {client}) = 0"),
            format!("send({fd}, \"hello\", 5, 0) = 5"),
            format!("recv({fd}, \"hello\", 65536, 0) = 5"),
            format!("close({fd}) = 0"),
        ]
    );
    let fd = descriptor(of(Actor::Server, Function::Socket));
    let accepted = of(Actor::Server, Function::Accept);
    let new = descriptor(accepted);
    assert_eq!(
        h.texts(Actor::Server),
        [
            format!("socket(AF_INET, SOCK_STREAM, 0) = {fd}"),
            format!("setsockopt({fd}, SOL_SOCKET, SO_REUSEADDR, 1) = 0"),
            format!("bind({fd}, 127.0.0.1:0) = 0"),
            format!("listen({fd}, 128) = 0"),
            format!("getsockname({fd}, 127.0.0.1:{port}) = 0"),
            format!("accept({fd}, {client}) = {new}"),
            format!("close({fd}) = 0"),
        ]
    );
    assert_eq!(
        h.texts(connection(1)),
        [
            format!("recv({new}, \"hello\", 16384, 0) = 5"),
            format!("send({new}, \"hello\", 5, 0) = 5"),
            format!("recv({new}, \"\", 16384, 0) = 0"),
            format!("close({new}) = 0"),
        ]
    );
    assert_eq!(accepted.waited, Waited::InPoll);
    assert_eq!(of(CLIENT, Function::Connect).waited, Waited::InProgress);
    assert_eq!(of(CLIENT, Function::Send).waited, Waited::No);
    assert_eq!(of(CLIENT, Function::Recv).waited, Waited::InPoll);
    assert_eq!(of(connection(1), Function::Recv).waited, Waited::InPoll);
}

#[test]
fn the_journal_shows_a_cause_before_its_effect() {
    const ROUNDS: usize = 100;
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    h.connected(address);
    for number in 1..=ROUNDS {
        h.client(send(b"x"));
        h.receives(CLIENT, &vec![b'x'; number]);
    }
    // What the client has received may be told before what the connection did for it.
    h.wait("every echo's send", |events| {
        (count(events, connection(1), Function::Send) == ROUNDS).then_some(())
    });
    let mut journal = Journal::default();
    for event in h.seen() {
        if let Event::Returned(record) = event {
            journal.push(record.clone());
        }
    }
    let exchange: Vec<_> = journal
        .iter()
        .map(|(_, record)| (record.who, record.call.function()))
        .filter(|(_, function)| matches!(function, Function::Send | Function::Recv))
        .collect();
    let round = [
        (CLIENT, Function::Send),
        (connection(1), Function::Recv),
        (connection(1), Function::Send),
        (CLIENT, Function::Recv),
    ];
    assert_eq!(exchange.len(), ROUNDS * round.len());
    for calls in exchange.chunks(round.len()) {
        assert_eq!(calls, round);
    }
}

#[test]
fn a_wait_that_goes_on_is_reported_as_blocked_once() {
    let (mut h, peer) = connected_to_peer();
    for number in 1..=20 {
        h.client(send(b"x"));
        h.returned(CLIENT, Function::Send);
        assert_eq!(peer::read(&peer, 1), b"x");
        assert_eq!(sent(h.seen(), CLIENT), number);
    }
    let blocked = h.seen().iter().filter(
        |event| matches!(event, Event::Blocked { who, call, .. } if *who == CLIENT && call.function() == Function::Recv),
    );
    assert_eq!(blocked.count(), 1);
}

#[test]
fn messages_arrive_in_the_order_in_which_they_were_sent() {
    let (mut h, peer) = connected_to_peer();
    let mut all = Vec::new();
    for number in 0..1000 {
        let message = format!("message {number};");
        all.extend_from_slice(message.as_bytes());
        h.client(send(message.into_bytes()));
    }
    h.wait("all of them sent", |events| {
        (sent(events, CLIENT) == all.len()).then_some(())
    });
    assert_eq!(peer::read(&peer, all.len()), all);
}

#[test]
fn close_right_after_send_does_not_take_it_back() {
    // Without room in the channel the worker waits to report the first send, so that both orders after it are there by
    // the time the worker looks for orders again.
    let (mut h, peer) = connected_to_peer_with(Harness::with_capacity(0));
    h.client(send(b"a"));
    h.client(send(b"b"));
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    assert_eq!(peer::read_to_end(&peer), b"ab");
}

#[test]
fn what_is_done_without_a_socket_fails_as_the_kernel_says() {
    let mut h = Harness::new();
    h.client(send(b"to nobody"));
    let record = h.returned(CLIENT, Function::Send);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EBADF), "{record}");
    // Nothing waits, so that there is nothing to be cancelled.
    h.client(ClientAction::On(SocketAction::CancelSend));
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    h.quiet(QUIET);
    assert_eq!(
        h.texts(CLIENT),
        [
            "send(-1, \"to nobody\", 9, 0) = -1 EBADF",
            "close(-1) = -1 EBADF"
        ]
    );
}

#[test]
fn a_blocked_send_can_be_cancelled_and_the_connection_is_kept() {
    let (mut h, peer) = connected_to_peer();
    let message = noise(TOO_MUCH);
    h.client(send(message.clone()));
    h.blocked(CLIENT, Function::Send);
    h.client(ClientAction::On(SocketAction::CancelSend));
    h.wait("a cancelled send", |events| {
        records(events, CLIENT)
            .any(|record| {
                record.call.function() == Function::Send && record.outcome == Outcome::Cancelled
            })
            .then_some(())
    });
    let taken = sent(h.seen(), CLIENT);
    assert!(
        0 < taken && taken < message.len(),
        "{taken} bytes were sent"
    );

    peer::send(&peer, b"are you there?");
    h.receives(CLIENT, b"are you there?");
    let rest = b"yes";
    h.client(send(rest));
    // The peer reads so that there is room for the rest.
    assert!(peer::read(&peer, taken) == message[..taken], "other bytes");
    assert_eq!(peer::read(&peer, rest.len()), rest);
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    assert_eq!(peer::read_to_end(&peer), b"");
    assert_eq!(sent(h.seen(), CLIENT), taken + rest.len());
}

#[test]
fn close_during_a_blocked_send_cancels_it_and_the_peer_gets_what_was_taken() {
    let (mut h, peer) = connected_to_peer();
    let message = noise(TOO_MUCH);
    h.client(send(message.clone()));
    h.blocked(CLIENT, Function::Send);
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    let texts = h.texts(CLIENT);
    let fd = descriptor(&h.first(Function::Socket));
    assert!(texts[texts.len() - 2].ends_with("cancelled"), "{texts:?}");
    assert_eq!(texts[texts.len() - 1], format!("close({fd}) = 0"));
    let read = peer::read_to_end(&peer);
    assert_eq!(read.len(), sent(h.seen(), CLIENT));
    assert!(read == message[..read.len()], "other bytes");
}

#[test]
fn bytes_are_received_while_a_send_is_blocked() {
    let (mut h, peer) = connected_to_peer();
    h.client(send(vec![b'x'; TOO_MUCH]));
    h.blocked(CLIENT, Function::Send);
    peer::send(&peer, b"one");
    h.receives(CLIENT, b"one");
    peer::send(&peer, b" two");
    h.receives(CLIENT, b"one two");
    h.blocked(CLIENT, Function::Send);
}

#[test]
fn the_end_of_the_stream_is_received_once_and_then_sending_fails() {
    let id = ClientId(901);
    let (mut h, who, peer) = numbered_and_connected(id);
    drop(peer);
    let record = h.returned(who, Function::Recv);
    assert!(
        matches!(record.outcome, Outcome::Received { count: 0, .. }),
        "{record}"
    );

    h.idle(who, QUIET);

    h.client_number(id, send(b"a"));
    let record = h.returned(who, Function::Send);
    assert_eq!(record.outcome, Outcome::Sent(1), "the peer may still read");
    let failed = (0..1000).find_map(|_| {
        h.client_number(id, send(b"b"));
        let record = h.returned(who, Function::Send);
        (record.outcome != Outcome::Sent(1)).then_some(record)
    });
    let failed = failed.expect("the peer has reset the connection");
    assert!(
        matches!(
            failed.outcome,
            Outcome::Failed(Errno::EPIPE | Errno::ECONNRESET)
        ),
        "{failed}"
    );
    h.idle(who, QUIET);
    assert_eq!(count(h.seen(), who, Function::Recv), 1);
    assert_eq!(count(h.seen(), who, Function::Close), 0);
    h.client_number(id, CLOSE);
    let record = h.returned(who, Function::Close);
    assert_eq!(record.outcome, Outcome::Done);
}

#[test]
fn a_peer_that_has_finished_sending_still_receives() {
    let (mut h, peer) = connected_to_peer();
    peer::send(&peer, b"my last words");
    peer.shutdown(Shutdown::Write).expect("an open connection");
    h.wait("the end of the stream", |events| {
        records(events, CLIENT)
            .any(|record| matches!(record.outcome, Outcome::Received { count: 0, .. }))
            .then_some(())
    });
    assert_eq!(received(h.seen(), CLIENT), b"my last words");
    for _ in 0..3 {
        h.client(send(b"yes?"));
        assert_eq!(peer::read(&peer, 4), b"yes?");
    }
    h.client(CLOSE);
    assert_eq!(peer::read_to_end(&peer), b"");
}

#[test]
fn a_reset_is_received_once_and_the_socket_stays_until_it_is_closed() {
    let id = ClientId(902);
    let (mut h, who, peer) = numbered_and_connected(id);
    peer::reset(peer);
    let record = h.returned(who, Function::Recv);
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::ECONNRESET),
        "{record}"
    );
    h.idle(who, QUIET);
    h.client_number(id, send(b"x"));
    let record = h.returned(who, Function::Send);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EPIPE), "{record}");
    h.client_number(id, CLOSE);
    let record = h.returned(who, Function::Close);
    assert_eq!(record.outcome, Outcome::Done);
    assert_eq!(count(h.seen(), who, Function::Recv), 1);
}

#[test]
fn after_close_the_next_connect_makes_a_new_socket() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    for number in 1..=3 {
        h.connected(address);
        h.client(send(b"x"));
        h.receives(CLIENT, &vec![b'x'; number]);
        h.client(CLOSE);
        h.returned(CLIENT, Function::Close);
        h.returned(connection(number as u64), Function::Close);
    }
    assert_eq!(h.descriptors().len(), 3);
}

#[test]
fn an_order_to_a_client_does_not_wait_for_the_screen() {
    // Nobody collects, so the client can report nothing; its orders are taken all the same.
    let mut h = Harness::with_capacity(0);
    for _ in 0..1000 {
        h.client(send(b"x"));
    }
    h.perform(Action::Client(ClientId::FIRST, CLOSE))
        .expect("an order");
    h.wait("1000 failed sends and a failed close", |events| {
        let calls = (events.iter()).filter(|event| matches!(event, Event::Returned(_)));
        (calls.count() == 1001).then_some(())
    });
    assert_eq!(count(h.seen(), CLIENT, Function::Send), 1000);
    assert_eq!(count(h.seen(), CLIENT, Function::Close), 1);
}
