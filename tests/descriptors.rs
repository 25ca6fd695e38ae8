//! What happens when the process has no descriptor left. In a process of its own, because the limit is the process's.

#[path = "net/harness.rs"]
mod harness;

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

use harness::{Harness, LIMIT};
use rustix::process::{Resource, getrlimit, setrlimit};
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Address, CallRecord, ClientAction, ClientId, Errno, Event, Offer, Outcome,
    ServerAction, ServerSetup, Service, SocketAction, SocketKind, Target,
};

/// Few enough to use up at once, more than the test process has open at its start.
const DESCRIPTORS: u64 = 64;

#[test]
fn without_descriptors_accept_fails_once_a_second_and_goes_on_when_there_are_some() {
    let client = Actor::Client(ClientId::FIRST);
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    // The client's thread starts while it still can; there is nothing to cancel.
    let order = |h: &mut Harness, id, action| h.perform(Action::Client(id, action));
    let nothing = ClientAction::On(SocketAction::CancelSend);
    order(&mut h, ClientId::FIRST, nothing).expect("a thread");
    let mut first = TcpStream::connect(address).expect("a connection");
    h.returned(Actor::Server, Function::Accept);

    // A server of another yard: without room in its channel it waits after each report until that is collected.
    let mut held = Harness::with_capacity(0);
    held.server(ServerAction::Offer(Offer::default()));

    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(DESCRIPTORS);
    setrlimit(Resource::Nofile, limit).expect("a lower limit is permitted");
    let mut ballast = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        ballast.push(file);
    }

    // A client finds none for its socket, and a new client none to wake its thread with.
    let connect = ClientAction::Connect(Target::stream(Address {
        host: address.ip().to_string(),
        port: address.port().to_string(),
    }));
    order(&mut h, ClientId::FIRST, connect.clone()).expect("the thread lives");
    let record = h.returned(client, Function::Socket);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EMFILE), "{record}");
    let error = order(&mut h, ClientId(2), connect.clone()).expect_err("no descriptor is left");
    assert_eq!(error.raw_os_error(), Some(Errno::EMFILE.0));

    failed_starts_do_not_swallow_the_next_order(&mut held);

    // The one that is free now is the peer's own, so that there is none for the server's end.
    drop(ballast.pop().expect("a spare descriptor"));
    let mut waiting = TcpStream::connect(address).expect("a connection in the accept queue");
    let failed: Vec<CallRecord> = (0..3)
        .map(|_| h.returned(Actor::Server, Function::Accept))
        .collect();
    for record in &failed {
        assert_eq!(record.outcome, Outcome::Failed(Errno::EMFILE), "{record}");
    }
    for pair in failed.windows(2) {
        let between = pair[1].returned.since(pair[0].returned);
        assert!(between.as_millis() >= 900, "only {between:?} between two");
    }
    // The connection that was there before is served all the same.
    exchange(&mut first, b"hello");

    drop(ballast);
    let record = h.returned(Actor::Server, Function::Accept);
    let peer = waiting.local_addr().expect("an address");
    assert!(
        matches!(record.outcome, Outcome::Accepted { peer: from, .. } if from == peer),
        "{record}"
    );
    exchange(&mut waiting, b"me too");
    order(&mut h, ClientId::FIRST, connect).expect("the thread lives");
    h.returned(client, Function::Getsockname);
    let troubles = h
        .seen()
        .iter()
        .filter(|event| matches!(event, Event::Trouble { .. }));
    assert_eq!(troubles.count(), 0);
}

/// With no descriptor a start fails when it makes its socket. The first one's report holds the server, so that the other
/// two orders are there together when it looks for orders again.
fn failed_starts_do_not_swallow_the_next_order(h: &mut Harness) {
    for _ in 0..3 {
        h.server(ServerAction::Start(ServerSetup {
            host: "127.0.0.1".to_owned(),
            port: 0,
            kind: SocketKind::Stream,
            backlog: 1,
            offer: Offer::default(),
        }));
    }
    for _ in 0..3 {
        let record = h.returned(Actor::Server, Function::Socket);
        assert_eq!(record.outcome, Outcome::Failed(Errno::EMFILE), "{record}");
    }
}

/// Sends `bytes` to the echo service and checks that they come back.
fn exchange(peer: &mut TcpStream, bytes: &[u8]) {
    peer.set_read_timeout(Some(LIMIT)).expect("a limit");
    peer.write_all(bytes).expect("the server receives");
    let mut back = vec![0; bytes.len()];
    peer.read_exact(&mut back).expect("the server answers");
    assert_eq!(back, bytes);
}
