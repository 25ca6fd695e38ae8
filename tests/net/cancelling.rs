//! What waits can be given up, wherever it waits, and whoever waited in its place before goes on waiting.

use std::net::{SocketAddr, UdpSocket};

use sockyard::model::call::Function;
use sockyard::model::{
    Actor, CallRecord, Event, Model, Moment, Offer, Outcome, ServerAction, ServerSetup, Service,
    SocketAction, SocketKind, Waited,
};

use crate::harness::{Harness, LIMIT};
use crate::peer;
use crate::reading::{CLIENT, connection, count, descriptor, received, records, recv, sent};

const SERVER: Actor = Actor::Server;

fn offer(service: Service, model: Model) -> Offer {
    Offer {
        service,
        model,
        ..Offer::default()
    }
}

/// Since when `who` was last told to wait.
#[track_caller]
fn waits_since(h: &Harness, who: Actor) -> Moment {
    let last = h.seen().iter().rev().find_map(|event| match event {
        Event::Blocked { who: by, since, .. } if *by == who => Some(*since),
        _ => None,
    });
    last.expect("it waits")
}

/// Waits until `who` waits in a call whose text contains `text`.
#[track_caller]
fn waits_in(h: &mut Harness, who: Actor, text: &str) {
    h.wait(&format!("{who} waiting in {text}"), |events| {
        let last = events.iter().rev().find_map(|event| match event {
            Event::Blocked { who: by, call, .. } if *by == who => Some(Some(call.to_string())),
            Event::Returned(record) if record.who == who => Some(None),
            _ => None,
        });
        last.flatten()
            .is_some_and(|call| call.contains(text))
            .then_some(())
    });
}

/// Waits for the record of a call that was cancelled.
#[track_caller]
fn cancelled(h: &mut Harness, who: Actor, function: Function) -> CallRecord {
    h.wait(&format!("a cancelled {function:?} of {who}"), |events| {
        records(events, who)
            .find(|r| r.call.function() == function && r.outcome == Outcome::Cancelled)
            .cloned()
    })
}

#[test]
fn a_recv_by_hand_on_a_connection_is_cancelled_in_each_model() {
    for model in Model::ALL {
        // One that is a person's from the start, and one that was taken from its service.
        for service in [Service::Manual, Service::Echo] {
            let mut h = Harness::new();
            let address = h.serve_with(offer(service, model));
            let peer = peer::connect(address);
            let fd = descriptor(&h.returned(SERVER, Function::Accept));
            let who = connection(1);
            h.hand(1, recv(7));
            waits_in(&mut h, who, " 7, ");
            h.hand(1, SocketAction::CancelRecv);
            let record = cancelled(&mut h, who, Function::Recv);
            assert_eq!(record.to_string(), format!("recv({fd}, …, 7, 0) cancelled"));
            peer::send(&peer, b"kept");
            h.ready(who, "unread bytes", |r| r.waiting == 4);
            assert_eq!(received(h.seen(), who), b"", "{model}");
            h.hand(1, recv(9));
            h.receives(who, b"kept");
        }
    }
}

#[test]
fn what_is_received_alone_goes_on_after_a_recv_by_hand_was_cancelled() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Manual, model));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        h.hand(1, SocketAction::ReceiveAlone(Some(100)));
        given_up_beside_alone(&mut h, connection(1), &peer, |h, action| h.hand(1, action));
    }
    let (listener, address) = peer::listener();
    let mut h = Harness::new();
    h.connected(address);
    let peer = peer::accept(&listener);
    given_up_beside_alone(&mut h, CLIENT, &peer, |h, action| {
        h.client(sockyard::model::ClientAction::On(action));
    });
}

/// `who` receives alone; a recv by hand waits in its place and is given up.
#[track_caller]
fn given_up_beside_alone(
    h: &mut Harness,
    who: Actor,
    peer: &std::net::TcpStream,
    act: impl Fn(&mut Harness, SocketAction),
) {
    h.blocked(who, Function::Recv);
    act(h, recv(7));
    waits_in(h, who, " 7, ");
    act(h, SocketAction::CancelRecv);
    let given_up = cancelled(h, who, Function::Recv).returned;
    h.blocked(who, Function::Recv);
    assert!(
        waits_since(h, who) >= given_up,
        "it waits anew, not since before"
    );
    peer::send(peer, b"alone");
    h.receives(who, b"alone");
    let record = records(h.seen(), who).last().expect("a recv").clone();
    assert_eq!(record.waited, Waited::InPoll, "{record}");
    assert!(record.took <= record.returned.since(given_up), "{record}");

    // The same with one that is not given up: what comes next is received alone, and has waited since then.
    h.blocked(who, Function::Recv);
    act(h, recv(3));
    waits_in(h, who, " 3, ");
    peer::send(peer, b"abc");
    h.receives(who, b"aloneabc");
    let by_hand = records(h.seen(), who).last().expect("a recv").returned;
    h.blocked(who, Function::Recv);
    assert!(waits_since(h, who) >= by_hand);
}

#[test]
fn a_send_on_a_connection_is_cancelled_in_each_model() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(offer(Service::Manual, model));
        let peer = peer::connect(address);
        h.returned(SERVER, Function::Accept);
        let who = connection(1);
        h.hand(1, SocketAction::SendAll(vec![b'x'; 64 << 20]));
        h.blocked(who, Function::Send);
        h.hand(1, SocketAction::CancelSend);
        cancelled(&mut h, who, Function::Send);
        let taken = sent(h.seen(), who);
        h.hand(1, SocketAction::SendAll(b"after".to_vec()));
        let all = peer::read(&peer, taken + 5);
        assert_eq!(all[taken..], *b"after", "{model}");
    }
}

#[test]
fn a_recvfrom_by_hand_on_the_udp_server_is_cancelled_and_the_service_waits_again() {
    // Without room in the channel both orders are there before the first is reported.
    for capacity in [0, 32] {
        let mut h = Harness::with_capacity(capacity);
        h.server(ServerAction::Start(ServerSetup {
            host: "127.0.0.1".to_owned(),
            port: 0,
            kind: SocketKind::Datagram,
            backlog: 1,
            offer: offer(Service::Echo, Model::Threads),
        }));
        let at: SocketAddr = h.listening();
        h.blocked(SERVER, Function::Recvfrom);
        h.server(ServerAction::On(recv(3)));
        if capacity > 0 {
            waits_in(&mut h, SERVER, " 3, ");
        }
        h.server(ServerAction::On(SocketAction::CancelRecv));
        let record = cancelled(&mut h, SERVER, Function::Recvfrom);
        assert!(
            record.to_string().contains(", 3, 0, …) cancelled"),
            "{record}"
        );
        h.blocked(SERVER, Function::Recvfrom);
        assert!(waits_since(&h, SERVER) >= record.returned);
        let other = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        other.set_read_timeout(Some(LIMIT)).expect("a limit");
        other.send_to(b"yours", at).expect("room");
        let mut answer = [0; 10];
        assert_eq!(other.recv(&mut answer).expect("an answer"), 5);
    }
}

#[test]
fn an_accept_by_hand_is_cancelled_while_a_serial_server_is_busy() {
    let mut h = Harness::new();
    let address = h.serve_with(offer(Service::Echo, Model::Serial));
    let one = peer::connect(address);
    h.blocked(connection(1), Function::Recv);
    h.server(ServerAction::Accept);
    waits_in(&mut h, SERVER, "accept");
    h.server(ServerAction::CancelAccept);
    cancelled(&mut h, SERVER, Function::Accept);
    // The next one waits for its turn.
    let two = peer::connect(address);
    peer::send(&two, b"2");
    peer::send(&one, b"1");
    assert_eq!(peer::read(&one, 1), b"1");
    h.returned(connection(1), Function::Send);
    let accepted = |h: &Harness| {
        records(h.seen(), SERVER)
            .filter(|r| matches!(r.outcome, Outcome::Accepted { .. }))
            .count()
    };
    assert_eq!(accepted(&h), 1);
    drop(one);
    assert_eq!(peer::read(&two, 1), b"2");
    h.returned(connection(2), Function::Send);
    assert_eq!(accepted(&h), 2);
    assert_eq!(count(h.seen(), SERVER, Function::Accept), 3);
}
