//! The server step by step: each call, and the accept queue while nobody accepts.

use std::net::{SocketAddr, TcpStream};

use sockyard::model::call::Function;
use sockyard::model::{
    Actor, Address, Errno, Event, Family, Model, Offer, Outcome, ServerAction, Service,
    ShutdownHow, SocketAction, SocketKind, SocketOption, Waited,
};

use crate::harness::Harness;
use crate::peer;
use crate::reading::{connection, count, descriptor, named, news, recv, send_once, start};

const SERVER: Actor = Actor::Server;

const TCP: ServerAction = ServerAction::Socket(Family::Inet, SocketKind::Stream);

/// Any port of `host`.
fn bind(host: &str) -> ServerAction {
    ServerAction::Bind(Address {
        host: host.to_owned(),
        port: "0".to_owned(),
    })
}

/// A server that listens and accepts by hand.
fn listening(backlog: i32) -> (Harness, SocketAddr) {
    let mut h = Harness::new();
    h.server_calls(TCP);
    h.server_calls(bind("127.0.0.1"));
    let address = named(&h.returned(SERVER, Function::Getsockname));
    let record = h.server_calls(ServerAction::Listen(backlog));
    assert_eq!(record.outcome, Outcome::Done, "{record}");
    (h, address)
}

/// Waits until what was last told of the accept queue is this.
#[track_caller]
fn queue(h: &mut Harness, waiting: u32, backlog: u32) {
    h.wait(&format!("{waiting} of {backlog} in the queue"), |events| {
        let last = events.iter().rev().find_map(|event| match event {
            Event::AcceptQueue {
                waiting, backlog, ..
            } => Some((*waiting, *backlog)),
            _ => None,
        });
        (last == Some((waiting, backlog))).then_some(())
    });
}

#[test]
fn each_step_is_one_call() {
    let (mut h, address) = listening(3);
    queue(&mut h, 0, 3);
    let peer = peer::connect(address);
    queue(&mut h, 1, 3);
    let record = h.server_calls(ServerAction::Accept);
    assert_eq!(record.waited, Waited::No);
    let new = descriptor(&record);
    queue(&mut h, 0, 3);
    peer::send(&peer, b"hello");
    assert_eq!(peer::read(&peer, 5), b"hello");
    h.server_calls(ServerAction::On(SocketAction::Close));
    let fd = descriptor(
        &h.seen()
            .iter()
            .find_map(|event| match event {
                Event::Returned(record) => Some(record.clone()),
                _ => None,
            })
            .expect("socket"),
    );
    let from = peer.local_addr().expect("an address");
    assert_eq!(
        h.texts(SERVER),
        [
            format!("socket(AF_INET, SOCK_STREAM, 0) = {fd}"),
            format!("bind({fd}, 127.0.0.1:0) = 0"),
            format!("getsockname({fd}, {address}) = 0"),
            format!("listen({fd}, 3) = 0"),
            format!("accept({fd}, {from}) = {new}"),
            format!("close({fd}) = 0"),
        ]
    );
    // What was accepted lives on.
    peer::send(&peer, b"more");
    assert_eq!(peer::read(&peer, 4), b"more");
    h.server(ServerAction::Stop);
    assert_eq!(peer::read_to_end(&peer), b"");
}

#[test]
fn the_queue_is_told_as_it_fills_and_as_it_is_emptied() {
    const BACKLOG: u32 = 3;
    let (mut h, address) = listening(BACKLOG as i32);
    queue(&mut h, 0, BACKLOG);
    // One more than the backlog fits.
    let mut peers: Vec<TcpStream> = Vec::new();
    for waiting in 1..=BACKLOG + 1 {
        peers.push(peer::connect(address));
        queue(&mut h, waiting, BACKLOG);
    }
    assert_eq!(count(h.seen(), SERVER, Function::Accept), 0);
    h.ready(SERVER, "a connection waits", |r| {
        r.readable && r.waiting == 0
    });
    for waiting in (0..=BACKLOG).rev() {
        h.server_calls(ServerAction::Accept);
        queue(&mut h, waiting, BACKLOG);
    }
    h.ready(SERVER, "no connection waits", |r| !r.readable);
    let number = u64::from(BACKLOG + 1);
    assert_eq!(count(h.seen(), SERVER, Function::Accept) as u64, number);
    // A larger backlog is told at once.
    h.server_calls(ServerAction::Listen(9));
    queue(&mut h, 0, 9);
}

/// Fills the queue of one, drops three handshakes, and waits until that is told although nobody accepts.
fn dropped_while_nobody_accepts(h: &mut Harness, address: SocketAddr) -> Vec<TcpStream> {
    let mut peers: Vec<TcpStream> = Vec::new();
    for waiting in 1..=2 {
        peers.push(peer::connect(address));
        queue(h, waiting, 1);
    }
    // The kernel does not answer, and would be asked again after a second.
    let short = std::time::Duration::from_millis(20);
    for _ in 0..3 {
        TcpStream::connect_timeout(&address, short).expect_err("no room in the queue");
    }
    let waiting = h.wait("what a full queue has dropped", |events| {
        events.iter().find_map(|event| match event {
            Event::AcceptQueue {
                waiting,
                dropped: 3,
                ..
            } => Some(*waiting),
            _ => None,
        })
    });
    assert_eq!(waiting, 2);
    peers
}

#[test]
fn what_a_full_queue_drops_is_told_while_nobody_accepts() {
    let (mut h, address) = listening(1);
    let _peers = dropped_while_nobody_accepts(&mut h, address);
    h.server_calls(ServerAction::Accept);
    queue(&mut h, 1, 1);
}

#[test]
fn what_a_full_queue_drops_is_told_while_a_serial_server_is_busy() {
    let (mut h, address) = listening(1);
    h.server(ServerAction::Offer(Offer {
        service: Service::Echo,
        model: Model::Serial,
        ..Offer::default()
    }));
    h.server(ServerAction::AcceptAlone(true));
    let _served = peer::connect(address);
    h.returned(SERVER, Function::Accept);
    let _peers = dropped_while_nobody_accepts(&mut h, address);
}

#[test]
fn accept_by_hand_waits_and_can_be_cancelled() {
    let (mut h, address) = listening(1);
    h.server(ServerAction::Accept);
    h.blocked(SERVER, Function::Accept);
    h.server(ServerAction::CancelAccept);
    let record = h.returned(SERVER, Function::Accept);
    assert_eq!(record.outcome, Outcome::Cancelled, "{record}");
    let _peer = peer::connect(address);
    queue(&mut h, 1, 1);
    assert_eq!(count(h.seen(), SERVER, Function::Accept), 1);
    // The wait that was given up is none of the next accept.
    let record = h.server_calls(ServerAction::Accept);
    assert_eq!(record.waited, Waited::No, "{record}");

    h.server(ServerAction::Accept);
    h.blocked(SERVER, Function::Accept);
    let _other = peer::connect(address);
    let record = h.returned(SERVER, Function::Accept);
    assert_eq!(record.waited, Waited::InPoll, "{record}");
    // One at a time.
    let _third = peer::connect(address);
    queue(&mut h, 1, 1);
    assert_eq!(count(h.seen(), SERVER, Function::Accept), 3);
}

#[test]
fn accepting_alone_can_be_switched_on_and_off() {
    let (mut h, address) = listening(5);
    let early: Vec<TcpStream> = (0..3).map(|_| peer::connect(address)).collect();
    queue(&mut h, 3, 5);
    h.server(ServerAction::AcceptAlone(true));
    for _ in &early {
        h.returned(SERVER, Function::Accept);
    }
    h.blocked(SERVER, Function::Accept);
    h.server(ServerAction::AcceptAlone(false));
    h.wait("a wait that is over", |events| {
        matches!(
            news(events),
            Some(Event::Unblocked {
                function: Function::Accept,
                ..
            })
        )
        .then_some(())
    });
    let _late = peer::connect(address);
    queue(&mut h, 1, 5);
    assert_eq!(count(h.seen(), SERVER, Function::Accept), 3);
    let record = h.server_calls(ServerAction::Accept);
    assert_eq!(record.waited, Waited::No, "{record}");
}

/// How the server was told to accept, in order.
fn accepting(h: &Harness) -> Vec<bool> {
    h.seen()
        .iter()
        .filter_map(|event| match event {
            Event::Accepting { alone } => Some(*alone),
            _ => None,
        })
        .collect()
}

#[test]
fn how_connections_are_accepted_is_told_and_begins_anew_with_each_listen() {
    let mut h = Harness::new();
    h.server(ServerAction::AcceptAlone(true));
    let message = h.trouble(SERVER);
    assert!(message.contains("nothing listens"), "{message}");
    h.server_calls(TCP);
    h.server_calls(bind("127.0.0.1"));
    let address = named(&h.returned(SERVER, Function::Getsockname));
    h.server_calls(ServerAction::Listen(5));
    queue(&mut h, 0, 5);
    assert_eq!(
        accepting(&h),
        [false],
        "by hand, whatever was wished before"
    );
    let peer = peer::connect(address);
    queue(&mut h, 1, 5);
    assert_eq!(count(h.seen(), SERVER, Function::Accept), 0);
    h.server(ServerAction::AcceptAlone(true));
    h.server(ServerAction::AcceptAlone(true));
    h.server_calls(ServerAction::Listen(6));
    peer::send(&peer, b"x");
    assert_eq!(peer::read(&peer, 1), b"x");
    queue(&mut h, 0, 6);
    assert_eq!(accepting(&h), [false, true]);
    h.server(ServerAction::Stop);
    h.returned(SERVER, Function::Close);
    h.server(start("127.0.0.1", 0));
    h.listening();
    h.wait("that it accepts alone", |events| {
        matches!(news(events), Some(Event::Blocked { .. })).then_some(())
    });
    assert_eq!(accepting(&h), [false, true, true]);
}

#[test]
fn a_wait_in_accept_ends_with_the_model_that_waits_there() {
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    h.blocked(SERVER, Function::Accept);
    let poll = Offer {
        model: Model::Poll,
        ..Offer::default()
    };
    h.server(ServerAction::Offer(poll));
    h.blocked(SERVER, Function::EpollWait);
    let _one = peer::connect(address);
    let record = h.returned(SERVER, Function::Accept);
    assert_eq!(record.waited, Waited::No, "{record}");
    h.server(ServerAction::Offer(Offer::default()));
    h.blocked(SERVER, Function::Accept);
    let _two = peer::connect(address);
    let record = h.returned(SERVER, Function::Accept);
    assert_eq!(record.waited, Waited::InPoll, "{record}");
}

#[test]
fn a_serial_server_waits_in_accept_since_it_is_free() {
    let mut h = Harness::new();
    let address = h.serve_with(Offer {
        model: Model::Serial,
        ..Offer::default()
    });
    let peer = peer::connect(address);
    h.returned(SERVER, Function::Accept);
    h.blocked(connection(1), Function::Recv);
    drop(peer);
    let closed = h.returned(connection(1), Function::Close).returned;
    h.blocked(SERVER, Function::Accept);
    let since = h.seen().iter().rev().find_map(|event| match event {
        Event::Blocked { who, since, .. } if *who == SERVER => Some(*since),
        _ => None,
    });
    assert!(since.expect("it waits") >= closed);
}

#[test]
fn what_makes_no_sense_is_answered_by_the_kernel() {
    let mut h = Harness::new();
    for (action, errno) in [
        (ServerAction::Accept, Errno::EBADF),
        (bind("127.0.0.1"), Errno::EBADF),
        (ServerAction::On(SocketAction::Close), Errno::EBADF),
    ] {
        let record = h.server_calls(action);
        assert_eq!(record.outcome, Outcome::Failed(errno), "{record}");
    }
    let fd = descriptor(&h.server_calls(TCP));
    let record = h.server_calls(ServerAction::Accept);
    assert_eq!(
        record.to_string(),
        format!("accept({fd}, …) = -1 EINVAL"),
        "it does not listen"
    );
    h.server(TCP);
    assert!(h.trouble(SERVER).contains("has a socket"));
    // On a socket that listens nothing is sent or received, nor waited for.
    h.server_calls(ServerAction::Listen(1));
    let address = named(&h.returned(SERVER, Function::Getsockname));
    assert_ne!(address.port(), 0, "the kernel has chosen one");
    let record = h.server_calls(ServerAction::On(send_once(b"x")));
    assert_eq!(record.outcome, Outcome::Failed(Errno::EPIPE), "{record}");
    let record = h.server_calls(ServerAction::On(recv(9)));
    assert_eq!(record.outcome, Outcome::Failed(Errno::ENOTCONN), "{record}");
    let to = "127.0.0.1:0".parse().expect("an address");
    let record = h.server_calls(ServerAction::On(SocketAction::Bind(to)));
    assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
    h.server(ServerAction::On(SocketAction::Blocking(false)));
    let record = h.server_calls(ServerAction::Accept);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EAGAIN), "{record}");
}

#[test]
fn a_listening_socket_that_is_shut_down_can_listen_again() {
    let (mut h, _) = listening(2);
    h.server(ServerAction::AcceptAlone(true));
    h.blocked(SERVER, Function::Accept);
    let shutdown = SocketAction::Shutdown(ShutdownHow::Read);
    h.server_calls(ServerAction::On(shutdown));
    // Linux ends the wait, as with any program that waits in accept. It is told once.
    let record = h.returned(SERVER, Function::Accept);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
    h.server_calls(ServerAction::Listen(2));
    // The port was given back: it was the kernel's choice.
    let address = named(&h.returned(SERVER, Function::Getsockname));
    h.server(ServerAction::AcceptAlone(true));
    h.blocked(SERVER, Function::Accept);
    let peer = peer::connect(address);
    peer::send(&peer, b"x");
    assert_eq!(peer::read(&peer, 1), b"x");
    h.returned(SERVER, Function::Accept);
    let _other = peer::connect(address);
    h.returned(SERVER, Function::Accept);
    queue(&mut h, 0, 2);
    assert_eq!(count(h.seen(), SERVER, Function::Accept), 3);
}

#[test]
fn a_name_is_resolved_for_bind() {
    let mut h = Harness::new();
    h.server_calls(TCP);
    h.server(bind("localhost"));
    let address = named(&h.returned(SERVER, Function::Getsockname));
    assert!(address.ip().is_loopback());
    assert_eq!(
        h.functions_of(SERVER),
        [
            Function::Socket,
            Function::Getaddrinfo,
            Function::Bind,
            Function::Getsockname
        ]
    );
}

#[test]
fn a_look_up_for_bind_gives_way_to_the_next_and_to_close() {
    // Without room in the channel the worker is held by its first report, so that the look-up never ends before the
    // order after it.
    let mut h = Harness::with_capacity(0);
    h.server(TCP);
    h.server(bind("no-such-host.invalid"));
    h.server(bind("localhost"));
    let address = named(&h.returned(SERVER, Function::Getsockname));
    assert!(address.ip().is_loopback());
    h.server(ServerAction::On(SocketAction::Get(SocketOption::KeepAlive)));
    h.server(bind("no-such-host.invalid"));
    h.server(ServerAction::On(SocketAction::Close));
    h.returned(SERVER, Function::Close);
    let texts = h.texts(SERVER);
    let look_ups: Vec<&str> = texts
        .iter()
        .filter(|text| text.starts_with("getaddrinfo"))
        .map(String::as_str)
        .collect();
    assert_eq!(look_ups.len(), 3, "{texts:?}");
    for look_up in [look_ups[0], look_ups[2]] {
        assert!(look_up.contains("no-such-host"), "{look_up}");
        assert!(look_up.ends_with(" cancelled"), "{look_up}");
    }
    assert_eq!(h.functions_of(SERVER).last(), Some(&Function::Close));
}

#[test]
fn stop_resets_those_who_were_never_accepted() {
    let (mut h, address) = listening(2);
    let peer = peer::connect(address);
    queue(&mut h, 1, 2);
    h.server(ServerAction::Stop);
    h.returned(SERVER, Function::Close);
    let error = std::io::Read::read(&mut &peer, &mut [0]).expect_err("a reset");
    assert_eq!(error.raw_os_error(), Some(Errno::ECONNRESET.0));
    assert_eq!(h.functions_of(connection(1)), []);
}

#[test]
fn the_queue_of_an_ipv6_listener_is_told() {
    let mut h = Harness::new();
    h.server_calls(ServerAction::Socket(Family::Inet6, SocketKind::Stream));
    let record = h.server_calls(bind("::1"));
    if record.outcome != Outcome::Done {
        eprintln!("skipped: no IPv6 loopback here: {record}");
        return;
    }
    let address = named(&h.returned(SERVER, Function::Getsockname));
    h.server_calls(ServerAction::Listen(4));
    queue(&mut h, 0, 4);
    let _peer = peer::connect(address);
    queue(&mut h, 1, 4);
}
