//! Whoever hands an action to a worker hears when it is carried out as far as that goes without waiting: of every
//! actor, in every model, and whatever becomes of the connection meanwhile.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Address, ClientAction, ClientId, ConnectionId, Event, Family, Model, Offer,
    PortRange, PortsAction, ServerAction, ServerSetup, Service, SocketAction, SocketKind, Target,
};

use crate::harness::{Harness, LIMIT};
use crate::peer;
use crate::reading::{connection, recv};

const CLIENT: Actor = Actor::Client(ClientId::FIRST);

/// How many actions of `who` are settled.
fn settled(events: &[Event], who: Actor) -> u32 {
    let of_who = events.iter().filter_map(|event| match event {
        Event::Settled { who: by, actions } if *by == who => Some(*actions),
        _ => None,
    });
    of_who.sum()
}

/// Waits until exactly so many actions of `who` are settled, and gives back where that was told.
#[track_caller]
fn wait_settled(h: &mut Harness, who: Actor, actions: u32) -> usize {
    h.wait(&format!("{actions} actions of {who} settled"), |events| {
        let count = settled(events, who);
        assert!(count <= actions, "{count} of {actions} are settled");
        let is_last = |event: &Event| matches!(event, Event::Settled { who: by, .. } if *by == who);
        (count == actions).then(|| events.iter().rposition(is_last).unwrap_or(0))
    })
}

/// Where `who` was told to be blocked in `function` for the last time.
#[track_caller]
fn blocked_at(h: &Harness, who: Actor, function: Function) -> usize {
    let at = h.seen().iter().rposition(|event| {
        matches!(event, Event::Blocked { who: by, call, .. } if *by == who && call.function() == function)
    });
    at.unwrap_or_else(|| panic!("{who} was never blocked in {function:?}"))
}

fn client(action: SocketAction) -> Action {
    Action::Client(ClientId::FIRST, ClientAction::On(action))
}

fn connect(address: std::net::SocketAddr) -> ClientAction {
    ClientAction::Connect(Target::stream(Address {
        host: address.ip().to_string(),
        port: address.port().to_string(),
    }))
}

#[test]
fn what_a_client_waits_for_is_told_before_its_actions_are_settled() {
    let mut h = Harness::new();
    let address = h.serve(Service::Discard);
    h.perform(client(SocketAction::ReceiveAlone(None)))
        .expect("a thread");
    h.perform(Action::Client(ClientId::FIRST, connect(address)))
        .expect("a thread");
    h.returned(CLIENT, Function::Getsockname);
    h.perform(client(recv(100))).expect("a thread");
    let at = wait_settled(&mut h, CLIENT, 3);
    assert!(blocked_at(&h, CLIENT, Function::Recv) < at);
    // A call on no socket fails at once, and is settled too.
    h.perform(client(SocketAction::Close)).expect("a thread");
    h.perform(client(SocketAction::Close)).expect("a thread");
    wait_settled(&mut h, CLIENT, 5);
}

#[test]
fn what_was_asked_of_a_session_that_ends_at_once_is_done_and_settled() {
    let mut h = Harness::new();
    let (_listener, address) = peer::listener();
    h.perform(Action::Client(
        ClientId::FIRST,
        ClientAction::Socket(Family::Inet, SocketKind::Stream),
    ))
    .expect("a thread");
    h.perform(Action::Client(ClientId::FIRST, connect(address)))
        .expect("a thread");
    h.perform(Action::Client(ClientId::FIRST, ClientAction::End))
        .expect("nothing can fail");
    wait_settled(&mut h, CLIENT, 2);
    h.returned(CLIENT, Function::Socket);
}

/// So many batches at the most there are until an action amid a flood is settled.
const BATCHES: usize = 300;

/// Collects batch after batch until so many actions of `who` are settled, while its socket is never empty: its report of
/// what it has received waits until there is more than it can receive before its next one. The harness has to have a
/// channel without room.
#[track_caller]
fn wait_settled_amid_a_flood(h: &mut Harness, mut peer: &TcpStream, who: Actor, actions: u32) {
    peer.set_nonblocking(true).expect("a mode");
    for _ in 0..BATCHES {
        while peer.write(&[b'x'; 16 << 10]).is_ok() {}
        assert!(h.collect(Instant::now() + LIMIT), "no batch");
        if settled(h.seen(), who) == actions {
            return;
        }
    }
    let count = settled(h.seen(), who);
    panic!("{count} of {actions} actions of {who} are settled in a flood");
}

#[test]
fn an_action_amid_a_flood_is_settled() {
    for model in Model::ALL {
        let mut h = Harness::with_capacity(0);
        let address = h.serve_with(Offer {
            service: Service::Discard,
            model,
            delay: Duration::ZERO,
        });
        let peer = peer::connect(address);
        peer::send(&peer, b"x");
        let who = connection(1);
        h.returned(who, Function::Recv);
        let get = SocketAction::Get(sockyard::model::SocketOption::KeepAlive);
        h.perform(Action::Connection(ConnectionId(1), get))
            .expect("it is there");
        wait_settled_amid_a_flood(&mut h, &peer, who, 1);
        h.server(ServerAction::Stop);
        h.returned(who, Function::Close);
    }
}

#[test]
fn a_client_amid_a_flood_settles_what_it_is_asked() {
    let mut h = Harness::with_capacity(0);
    let (listener, address) = peer::listener();
    h.perform(Action::Client(ClientId::FIRST, connect(address)))
        .expect("a thread");
    // What it tells of its calls is heard: only then it goes on.
    wait_settled(&mut h, CLIENT, 1);
    let flood = peer::accept(&listener);
    let get = SocketAction::Get(sockyard::model::SocketOption::KeepAlive);
    flood.set_nonblocking(true).expect("a mode");
    // Before it is asked for anything there is more than it can receive in one batch.
    while (&flood).write(&[b'x'; 16 << 10]).is_ok() {}
    h.returned(CLIENT, Function::Recv);
    h.perform(client(get)).expect("a thread");
    wait_settled_amid_a_flood(&mut h, &flood, CLIENT, 2);
    h.perform(client(SocketAction::Close)).expect("a thread");
    wait_settled(&mut h, CLIENT, 3);
}

#[test]
fn a_recv_by_hand_on_a_connection_is_told_as_blocked_and_then_settled_in_every_model() {
    for model in Model::ALL {
        let mut h = Harness::new();
        let address = h.serve_with(Offer {
            service: Service::Manual,
            model,
            delay: Duration::ZERO,
        });
        wait_settled(&mut h, Actor::Server, 1);
        let peer = peer::connect(address);
        h.returned(Actor::Server, Function::Accept);
        let who = connection(1);
        h.perform(Action::Connection(ConnectionId(1), recv(100)))
            .expect("it is there");
        let at = wait_settled(&mut h, who, 1);
        assert!(blocked_at(&h, who, Function::Recv) < at, "{model}");
        peer::send(&peer, b"hello");
        h.returned(who, Function::Recv);
        // With something to receive it is not blocked: its result comes first.
        peer::send(&peer, b"again");
        h.wait("news of what waits", |events| {
            let told = |event: &Event| {
                matches!(event, Event::Ready { who: by, readiness } if *by == who && readiness.waiting == 5)
            };
            events.iter().rfind(|event| matches!(event, Event::Ready { who: by, .. } if *by == who))
                .is_some_and(told)
                .then_some(())
        });
        h.perform(Action::Connection(ConnectionId(1), recv(100)))
            .expect("it is there");
        wait_settled(&mut h, who, 2);
        h.returned(who, Function::Recv);
    }
}

#[test]
fn every_action_that_a_connection_took_is_settled_although_it_was_closed_meanwhile() {
    for model in Model::ALL {
        let mut h = Harness::with_capacity(1_000);
        let address = h.serve_with(Offer {
            service: Service::Manual,
            model,
            delay: Duration::ZERO,
        });
        let _peer: TcpStream = peer::connect(address);
        h.returned(Actor::Server, Function::Accept);
        let mut taken = 0;
        // Sooner or later the yard says that the connection is closed; until then it has taken the action.
        loop {
            let action = if taken == 3 {
                SocketAction::Close
            } else {
                SocketAction::Get(sockyard::model::SocketOption::NoDelay)
            };
            match h.perform(Action::Connection(ConnectionId(1), action)) {
                Ok(()) => taken += 1,
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
                    break;
                }
            }
        }
        assert!(taken > 3);
        wait_settled(&mut h, connection(1), taken);
    }
}

#[test]
fn a_crowd_of_actions_is_settled_to_the_last_one() {
    const CLIENTS: u32 = 40;
    const EACH: u32 = 50;
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    for number in 1..=CLIENTS {
        let id = ClientId(number);
        h.perform(Action::Client(id, connect(address)))
            .expect("a thread");
        for _ in 1..EACH {
            let send = SocketAction::SendAll(b"hello".to_vec());
            h.perform(Action::Client(id, ClientAction::On(send)))
                .expect("a thread");
        }
    }
    for number in 1..=CLIENTS {
        wait_settled(&mut h, Actor::Client(ClientId(number)), EACH);
    }
}

#[test]
fn the_server_settles_its_start_its_accept_by_hand_and_its_stop() {
    let mut h = Harness::new();
    for kind in [SocketKind::Stream, SocketKind::Datagram] {
        let before = settled(h.seen(), Actor::Server);
        h.server(ServerAction::Start(ServerSetup {
            host: "127.0.0.1".to_owned(),
            port: 0,
            kind,
            backlog: 5,
            offer: Offer::default(),
        }));
        let at = wait_settled(&mut h, Actor::Server, before + 1);
        let waits = match kind {
            SocketKind::Stream => Function::Accept,
            SocketKind::Datagram => Function::Recvfrom,
        };
        assert!(blocked_at(&h, Actor::Server, waits) < at);
        h.server(ServerAction::Stop);
        wait_settled(&mut h, Actor::Server, before + 2);
    }
    let before = settled(h.seen(), Actor::Server);
    for action in [
        ServerAction::Socket(Family::Inet, SocketKind::Stream),
        ServerAction::Listen(5),
        ServerAction::Accept,
    ] {
        h.server(action);
    }
    let at = wait_settled(&mut h, Actor::Server, before + 3);
    assert!(blocked_at(&h, Actor::Server, Function::Accept) < at);
}

#[test]
fn the_ports_settle_what_they_are_asked() {
    let mut h = Harness::new();
    let range = PortRange {
        host: "127.0.0.1".to_owned(),
        first: 1,
        last: 3,
        patience: Duration::from_secs(5),
    };
    h.perform(Action::Ports(PortsAction::Try(range)))
        .expect("a thread");
    wait_settled(&mut h, Actor::Ports, 1);
    h.perform(Action::Ports(PortsAction::Cancel))
        .expect("a thread");
    wait_settled(&mut h, Actor::Ports, 2);
}
