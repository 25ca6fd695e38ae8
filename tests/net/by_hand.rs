//! A client session step by step: every call with its arguments, also where it makes no sense, and what the kernel
//! says to it.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::net::SendFlags;
use sockyard::model::call::{Ending, Function};
use sockyard::model::{
    ClientAction, Errno, Event, Family, OptionSetting, OptionValue, Outcome, ShutdownHow,
    SocketAction, SocketKind, SocketOption, Waited,
};

use crate::harness::Harness;
use crate::peer::{self, FullQueue};
use crate::reading::{
    CLIENT, CLOSE, PEEK, RECV_URGENT, connect, count, descriptor, named, news, received, records,
    recv, send, send_once, send_urgent, sent,
};

/// A TCP socket of IPv4.
const TCP: ClientAction = ClientAction::Socket(Family::Inet, SocketKind::Stream);

/// Nothing is received that was not asked for.
const BY_HAND: ClientAction = ClientAction::On(SocketAction::ReceiveAlone(None));

/// Calls do not wait.
const NON_BLOCKING: ClientAction = ClientAction::On(SocketAction::Blocking(false));

/// More than the kernel takes at once.
const TOO_MUCH: usize = 16 << 20;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A client that is connected to a peer of the test and receives by hand alone.
fn connected_by_hand() -> (Harness, TcpStream) {
    let (listener, address) = peer::listener();
    let mut h = Harness::new();
    h.client(BY_HAND);
    h.client(connect(address));
    h.returned(CLIENT, Function::Getsockname);
    let peer = peer::accept(&listener);
    (h, peer)
}

/// What `recv` returned: the number of bytes and their ending.
#[track_caller]
fn arrived(outcome: &Outcome) -> (usize, Ending) {
    match outcome {
        Outcome::Received { count, ending, .. } => (*count, *ending),
        _ => panic!("{outcome:?}"),
    }
}

/// Waits until the kernel has so many bytes for the first client.
fn queued(h: &mut Harness, bytes: usize) {
    h.ready(CLIENT, &format!("{bytes} bytes wait"), |ready| {
        ready.waiting == bytes
    });
}

#[test]
fn without_a_socket_every_call_is_ebadf() {
    let mut h = Harness::new();
    for action in [
        SocketAction::Bind(address("127.0.0.1:9")),
        send_once(b"a"),
        send_urgent(b"!"),
        SocketAction::SendAll(b"all".to_vec()),
        SocketAction::SendTo(address("[::1]:9"), b"to".to_vec()),
        recv(7),
        RECV_URGENT,
        PEEK,
        SocketAction::Shutdown(ShutdownHow::Read),
        SocketAction::Shutdown(ShutdownHow::Write),
        SocketAction::Shutdown(ShutdownHow::Both),
        SocketAction::Reset,
        SocketAction::Close,
    ] {
        let record = h.does(action);
        assert_eq!(record.outcome, Outcome::Failed(Errno::EBADF), "{record}");
    }
    assert_eq!(
        h.texts(CLIENT),
        [
            "bind(-1, 127.0.0.1:9) = -1 EBADF",
            "send(-1, \"a\", 1, 0) = -1 EBADF",
            "send(-1, \"!\", 1, MSG_OOB) = -1 EBADF",
            "send(-1, \"all\", 3, 0) = -1 EBADF",
            "sendto(-1, \"to\", 2, 0, [::1]:9) = -1 EBADF",
            "recv(-1, …, 7, 0) = -1 EBADF",
            "recv(-1, …, 1, MSG_OOB) = -1 EBADF",
            "recv(-1, …, 100, MSG_PEEK) = -1 EBADF",
            "shutdown(-1, SHUT_RD) = -1 EBADF",
            "shutdown(-1, SHUT_WR) = -1 EBADF",
            "shutdown(-1, SHUT_RDWR) = -1 EBADF",
            "close(-1) = -1 EBADF",
            "close(-1) = -1 EBADF",
        ]
    );
    // Options cannot be asked for by that number in safe Rust, which is told.
    h.client(ClientAction::On(SocketAction::Get(SocketOption::NoDelay)));
    assert!(h.trouble(CLIENT).contains("no socket"));
}

#[test]
fn an_unconnected_stream_neither_sends_nor_receives() {
    let mut h = Harness::new();
    let fd = descriptor(&h.calls(TCP));
    let cases = [
        (recv(10), Errno::ENOTCONN),
        (PEEK, Errno::ENOTCONN),
        (send_once(b"x"), Errno::EPIPE),
        (SocketAction::SendAll(b"xx".to_vec()), Errno::EPIPE),
        (RECV_URGENT, Errno::EINVAL),
    ];
    for (action, errno) in cases {
        let record = h.does(action);
        assert_eq!(record.outcome, Outcome::Failed(errno), "{record}");
        assert_eq!(record.waited, Waited::No, "{record}");
    }
    assert_eq!(
        h.texts(CLIENT)[1..3],
        [
            format!("recv({fd}, …, 10, 0) = -1 ENOTCONN"),
            format!("recv({fd}, …, 100, MSG_PEEK) = -1 ENOTCONN"),
        ]
    );
    // It is as good as before.
    let (listener, address) = peer::listener();
    h.client(connect(address));
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(
        record.to_string(),
        format!("connect({fd}, {address}) = 0"),
        "on the socket that was there"
    );
    h.client(send(b"now"));
    assert_eq!(peer::read(&peer::accept(&listener), 3), b"now");
}

#[test]
fn shutdown_of_an_unconnected_stream_fails() {
    let mut h = Harness::new();
    let fd = descriptor(&h.calls(TCP));
    for how in ShutdownHow::ALL {
        let record = h.does(SocketAction::Shutdown(how));
        assert_eq!(
            record.to_string(),
            format!("shutdown({fd}, {how}) = -1 ENOTCONN")
        );
    }
}

#[test]
fn a_second_socket_is_refused_and_the_first_is_kept() {
    let mut h = Harness::new();
    let fd = descriptor(&h.calls(TCP));
    h.client(TCP);
    let message = h.trouble(CLIENT);
    assert!(message.contains(&format!("descriptor {fd}")), "{message}");
    assert_eq!(h.functions(), [Function::Socket]);
}

#[test]
fn bind_fails_for_each_reason_that_it_has() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = taken.local_addr().map(|at| (taken, at));
    let (_taken, taken) = taken.expect("a bound address");
    let mut h = Harness::new();
    h.calls(TCP);
    for (to, errno) in [
        (taken, Errno::EADDRINUSE),
        // For documentation, RFC 5737.
        (address("192.0.2.1:0"), Errno::EADDRNOTAVAIL),
        (address("[::1]:0"), Errno::EAFNOSUPPORT),
    ] {
        let record = h.does(SocketAction::Bind(to));
        assert_eq!(record.outcome, Outcome::Failed(errno), "{record}");
    }
    let bind = SocketAction::Bind(address("127.0.0.1:0"));
    assert_eq!(h.does(bind.clone()).outcome, Outcome::Done);
    h.returned(CLIENT, Function::Getsockname);
    let record = h.does(bind);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
}

#[test]
fn a_bound_socket_connects_from_where_it_is_bound() {
    let (listener, to) = peer::listener();
    let mut h = Harness::new();
    h.calls(TCP);
    h.does(SocketAction::Bind(address("127.0.0.5:0")));
    let from = named(&h.returned(CLIENT, Function::Getsockname));
    assert_ne!(from.port(), 0, "the kernel has chosen one");
    h.client(connect(to));
    assert_eq!(
        named(&h.returned(CLIENT, Function::Getsockname)),
        from,
        "after connect"
    );
    let peer = peer::accept(&listener);
    assert_eq!(peer.peer_addr().expect("a peer"), from);
}

#[test]
fn an_address_of_another_family_is_refused_by_the_kernel() {
    let mut h = Harness::new();
    h.calls(TCP);
    h.client(connect(address("[::1]:9")));
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::EAFNOSUPPORT),
        "{record}"
    );
    assert_eq!(count(h.seen(), CLIENT, Function::Close), 0);
}

#[test]
fn a_socket_made_by_hand_is_kept_when_its_connect_is_refused() {
    let (held, to) = peer::refusing();
    let mut h = Harness::new();
    h.calls(TCP);
    for _ in 0..2 {
        h.client(connect(to));
        let record = h.returned(CLIENT, Function::Connect);
        assert_eq!(
            record.outcome,
            Outcome::Failed(Errno::ECONNREFUSED),
            "{record}"
        );
    }
    rustix::net::listen(&held, 1).expect("a listening socket");
    h.client(connect(to));
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(record.outcome, Outcome::Done, "{record}");
    assert_eq!(count(h.seen(), CLIENT, Function::Socket), 1);
    assert_eq!(count(h.seen(), CLIENT, Function::Close), 0);
}

#[test]
fn connect_without_waiting_is_in_progress_then_already_then_connected() {
    let full = FullQueue::new();
    let mut h = Harness::new();
    h.client(NON_BLOCKING);
    for errno in [Errno::EINPROGRESS, Errno::EALREADY, Errno::EALREADY] {
        h.client(connect(full.address));
        let record = h.returned(CLIENT, Function::Connect);
        assert_eq!(record.outcome, Outcome::Failed(errno), "{record}");
        assert_eq!(record.waited, Waited::No, "{record}");
    }
    for action in [recv(10), send_once(b"x")] {
        let record = h.does(action);
        assert_eq!(record.outcome, Outcome::Failed(Errno::EAGAIN), "{record}");
    }
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    assert_eq!(count(h.seen(), CLIENT, Function::Socket), 1);

    // With room in the queue the handshake ends by itself, and what comes is received.
    let (listener, to) = peer::listener();
    h.client(connect(to));
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::EINPROGRESS),
        "{record}"
    );
    let peer = peer::accept(&listener);
    peer::send(&peer, b"hello");
    h.receives(CLIENT, b"hello");
    // The kernel tells the end of the handshake once, and then that it is over.
    for outcome in [Outcome::Done, Outcome::Failed(Errno::EISCONN)] {
        h.client(connect(to));
        assert_eq!(h.returned(CLIENT, Function::Connect).outcome, outcome);
    }
}

#[test]
fn connect_without_waiting_may_be_refused_later() {
    let (_held, to) = peer::refusing();
    let mut h = Harness::new();
    h.client(NON_BLOCKING);
    h.client(connect(to));
    let mut record = h.returned(CLIENT, Function::Connect);
    if record.outcome == Outcome::Failed(Errno::EINPROGRESS) {
        h.ready(CLIENT, "an error waits", |ready| ready.failed);
        h.client(connect(to));
        record = h.returned(CLIENT, Function::Connect);
    }
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::ECONNREFUSED),
        "{record}"
    );
    assert_eq!(count(h.seen(), CLIENT, Function::Close), 0);
}

#[test]
fn a_handshake_begun_without_waiting_can_be_waited_for() {
    let full = FullQueue::new();
    let mut h = Harness::new();
    h.client(NON_BLOCKING);
    h.client(connect(full.address));
    h.returned(CLIENT, Function::Connect);
    h.client(ClientAction::On(SocketAction::Blocking(true)));
    h.client(connect(full.address));
    h.blocked(CLIENT, Function::Connect);
    h.client(ClientAction::CancelConnect);
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(record.outcome, Outcome::Cancelled, "{record}");
}

#[test]
fn one_send_takes_what_there_is_room_for() {
    let (mut h, _peer) = connected_by_hand();
    let record = h.does(send_once(vec![b'x'; TOO_MUCH]));
    let Outcome::Sent(taken) = record.outcome else {
        panic!("{record}");
    };
    assert!(0 < taken && taken < TOO_MUCH, "{taken} bytes were taken");
    assert_eq!(record.waited, Waited::NotBlocking, "it would go on waiting");
    // Another waits for room, and is over with whatever there is room for.
    while sent(h.seen(), CLIENT) < TOO_MUCH {
        h.client(ClientAction::On(send_once(vec![b'x'; TOO_MUCH])));
        let before = count(h.seen(), CLIENT, Function::Send);
        let blocked = h.wait("a send that returned or waits", |events| {
            if count(events, CLIENT, Function::Send) > before {
                return Some(false);
            }
            let last = events.iter().rev().find(|event| {
                matches!(event, Event::Blocked { who, call, .. }
                    if *who == CLIENT && call.function() == Function::Send)
            });
            last.map(|_| true)
        });
        if blocked {
            h.client(ClientAction::On(SocketAction::CancelSend));
            let record = h.returned(CLIENT, Function::Send);
            if record.outcome == Outcome::Cancelled {
                return;
            }
        }
    }
    panic!("the kernel takes everything");
}

#[test]
fn a_send_of_a_part_tells_whether_a_plain_one_would_have_gone_on() {
    // One that has waited for room takes a part again.
    let (mut h, peer) = connected_by_hand();
    h.client(send(vec![b'x'; TOO_MUCH]));
    h.blocked(CLIENT, Function::Send);
    h.client(ClientAction::On(SocketAction::CancelSend));
    h.wait("cancelled", |events| {
        records(events, CLIENT)
            .any(|r| r.outcome == Outcome::Cancelled)
            .then_some(())
    });
    h.client(ClientAction::On(send_once(vec![b'x'; TOO_MUCH])));
    h.blocked(CLIENT, Function::Send);
    let before = sent(h.seen(), CLIENT);
    peer::read(&peer, before / 2);
    let last = |h: &Harness| {
        let mut sends: Vec<_> = records(h.seen(), CLIENT)
            .filter(|r| matches!(r.outcome, Outcome::Sent(_)))
            .cloned()
            .collect();
        sends.pop().expect("a send")
    };
    h.wait("a part", |events| {
        (sent(events, CLIENT) > before).then_some(())
    });
    assert!(sent(h.seen(), CLIENT) < before + TOO_MUCH);
    let record = last(&h);
    assert_eq!(record.waited, Waited::NotBlocking, "{record}");
    // On a socket that is not to block that is what send does.
    h.client(NON_BLOCKING);
    peer::read(&peer, before / 2);
    h.ready(CLIENT, "room to send", |ready| ready.writable);
    let record = h.does(send_once(vec![b'x'; TOO_MUCH]));
    let Outcome::Sent(taken) = record.outcome else {
        panic!("{record}");
    };
    assert!(taken < TOO_MUCH);
    assert_eq!(record.waited, Waited::No, "{record}");
}

#[test]
fn what_is_sent_to_the_end_is_told_apart_in_its_last_call_alone() {
    let (mut h, peer) = connected_by_hand();
    h.client(send(vec![b'x'; TOO_MUCH]));
    let reading = peer::beside(move || peer::read(&peer, TOO_MUCH).len());
    h.wait("all of it", |events| {
        (sent(events, CLIENT) == TOO_MUCH).then_some(())
    });
    reading.join().expect("the reader does not fail");
    let mut rest = TOO_MUCH;
    for record in records(h.seen(), CLIENT) {
        if let Outcome::Sent(count) = record.outcome {
            let is_part = count < rest;
            rest -= count;
            assert_eq!(record.waited == Waited::NotBlocking, is_part, "{record}");
        }
    }
}

#[test]
fn calls_that_do_not_wait_say_eagain() {
    let (mut h, peer) = connected_by_hand();
    h.client(NON_BLOCKING);
    for action in [recv(10), PEEK] {
        let record = h.does(action);
        assert_eq!(record.outcome, Outcome::Failed(Errno::EAGAIN), "{record}");
    }
    // A message that is to be sent to the end is given up where the kernel says so.
    h.client(send(vec![b'x'; TOO_MUCH * 4]));
    h.wait("EAGAIN", |events| {
        records(events, CLIENT)
            .any(|record| {
                record.call.function() == Function::Send
                    && record.outcome == Outcome::Failed(Errno::EAGAIN)
            })
            .then_some(())
    });
    // A single one too, as soon as the kernel has found no more room meanwhile.
    let failed = (0..1_000)
        .map(|_| h.does(send_once(vec![b'x'; 64 << 10])).outcome)
        .find(Outcome::is_failure);
    assert_eq!(failed, Some(Outcome::Failed(Errno::EAGAIN)));
    peer::send(&peer, b"hi");
    queued(&mut h, 2);
    assert_eq!(arrived(&h.does(recv(10)).outcome), (2, Ending::Piece));
    let cancelled = records(h.seen(), CLIENT).find(|r| r.outcome == Outcome::Cancelled);
    assert_eq!(cancelled, None);
}

#[test]
fn a_message_of_many_pieces_without_waiting_costs_no_stack() {
    let (mut h, peer) = connected_by_hand();
    let small = OptionSetting::Value(SocketOption::SendBuffer, OptionValue::Number(1));
    h.does(SocketAction::Set(small));
    h.client(NON_BLOCKING);
    // The peer reads as fast as it can, so that there are many pieces now and then.
    let reading = peer::beside(move || peer::read_to_end(&peer).len());
    for _ in 0..20 {
        h.client(send(vec![b'x'; 4 << 20]));
    }
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    let read = reading.join().expect("the reader does not fail");
    assert_eq!(read, sent(h.seen(), CLIENT));
}

#[test]
fn recv_returns_at_most_what_was_asked_for_and_tells_the_end_from_nothing() {
    let (mut h, peer) = connected_by_hand();
    // With no room for a byte it waits for one all the same, and returns 0.
    h.client(ClientAction::On(recv(0)));
    h.blocked(CLIENT, Function::Recv);
    peer::send(&peer, b"hello");
    let record = h.returned(CLIENT, Function::Recv);
    assert_eq!(arrived(&record.outcome), (0, Ending::Piece), "{record}");
    assert_eq!(record.waited, Waited::InPoll);
    assert_eq!(arrived(&h.does(recv(3)).outcome), (3, Ending::Piece));
    assert_eq!(arrived(&h.does(PEEK).outcome), (2, Ending::Piece));
    let record = h.does(recv(usize::MAX));
    assert_eq!(arrived(&record.outcome), (2, Ending::Piece), "{record}");
    h.client(ClientAction::On(recv(9)));
    h.blocked(CLIENT, Function::Recv);
    peer.shutdown(Shutdown::Write).expect("an open connection");
    let record = h.returned(CLIENT, Function::Recv);
    let mut records = vec![record];
    // The end stays the end.
    records.extend([PEEK, recv(9)].map(|action| h.does(action)));
    for record in records {
        assert_eq!(arrived(&record.outcome), (0, Ending::Stream), "{record}");
    }
    let record = h.does(recv(0));
    assert_eq!(arrived(&record.outcome), (0, Ending::Piece), "{record}");

    let fd = descriptor(&h.first(Function::Socket));
    assert_eq!(
        h.texts(CLIENT)[4..9],
        [
            format!("recv({fd}, \"\", 0, 0) = 0"),
            format!("recv({fd}, \"hel\", 3, 0) = 3"),
            format!("recv({fd}, \"lo\", 100, MSG_PEEK) = 2"),
            format!("recv({fd}, \"lo\", {}, 0) = 2", 1 << 20),
            format!("recv({fd}, \"\", 9, 0) = 0"),
        ]
    );
    assert_eq!(
        received(h.seen(), CLIENT),
        b"hello",
        "peeked bytes count once"
    );
}

#[test]
fn a_recv_by_hand_can_be_cancelled() {
    let (mut h, peer) = connected_by_hand();
    h.client(ClientAction::On(recv(5)));
    h.blocked(CLIENT, Function::Recv);
    h.client(ClientAction::On(recv(6)));
    let message = h.trouble(CLIENT);
    assert!(message.contains("blocked already"), "{message}");
    h.client(ClientAction::On(SocketAction::CancelRecv));
    let record = h.returned(CLIENT, Function::Recv);
    let fd = descriptor(&h.first(Function::Socket));
    assert_eq!(record.to_string(), format!("recv({fd}, …, 5, 0) cancelled"));
    peer::send(&peer, b"kept");
    queued(&mut h, 4);
    assert_eq!(received(h.seen(), CLIENT), b"");
    h.does(recv(10));
    h.receives(CLIENT, b"kept");
}

#[test]
fn what_waits_is_told_as_it_grows_while_nobody_receives() {
    let (mut h, peer) = connected_by_hand();
    h.ready(CLIENT, "room to send", |r| r.writable && !r.readable);
    let mut total = 0;
    for length in [1, 10, 100, 1_000, 1] {
        peer::send(&peer, &vec![b'x'; length]);
        total += length;
        queued(&mut h, total);
    }
    assert_eq!(count(h.seen(), CLIENT, Function::Recv), 0);
    h.does(recv(12));
    queued(&mut h, total - 12);
    // What comes alone comes in the pieces that were asked for.
    h.client(ClientAction::On(SocketAction::ReceiveAlone(Some(500))));
    h.receives(CLIENT, &vec![b'x'; total]);
    queued(&mut h, 0);
    h.client(BY_HAND);
    drop(peer);
    h.ready(CLIENT, "the peer's end", |r| r.hung_up && r.readable);
    assert_eq!(h.does(recv(1)).call, h.does(recv(1)).call);
    assert_eq!(
        records(h.seen(), CLIENT)
            .filter(|r| matches!(
                r.outcome,
                Outcome::Received {
                    ending: Ending::Piece,
                    count: 1..=500,
                    ..
                }
            ))
            .count(),
        4
    );
}

#[test]
fn receiving_alone_begins_and_ends_as_it_is_told_to() {
    let (mut h, peer) = connected_by_hand();
    h.client(ClientAction::On(SocketAction::ReceiveAlone(Some(4))));
    h.blocked(CLIENT, Function::Recv);
    h.client(ClientAction::On(SocketAction::ReceiveAlone(Some(8))));
    h.wait("a recv of another size", |events| {
        events
            .iter()
            .any(|event| {
                matches!(event, Event::Blocked { call, .. } if call.to_string().contains(" 8, "))
            })
            .then_some(())
    });
    peer::send(&peer, b"12345678");
    h.receives(CLIENT, b"12345678");
    h.blocked(CLIENT, Function::Recv);
    h.client(BY_HAND);
    h.wait("a wait that is over", |events| {
        matches!(news(events), Some(Event::Unblocked { .. })).then_some(())
    });
    peer::send(&peer, b"9");
    queued(&mut h, 1);
    assert_eq!(count(h.seen(), CLIENT, Function::Recv), 1);
}

#[test]
fn an_urgent_byte_overtakes_and_is_received_on_its_own() {
    let (mut h, peer) = connected_by_hand();
    peer::send(&peer, b"ab");
    rustix::net::send(peer.as_fd(), b"c!", SendFlags::OOB).expect("room");
    h.ready(CLIENT, "an urgent byte", |r| r.exceptional);
    queued(&mut h, 3);
    let record = h.does(RECV_URGENT);
    let fd = descriptor(&h.first(Function::Socket));
    assert_eq!(
        record.to_string(),
        format!("recv({fd}, \"!\", 1, MSG_OOB) = 1")
    );
    // It is there once.
    let record = h.does(RECV_URGENT);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
    peer::send(&peer, b"de");
    // The kernel stops where the urgent byte was, and passes over it.
    while received(h.seen(), CLIENT).len() < 6 {
        h.does(recv(100));
        h.wait("its bytes", |events| {
            matches!(
                news(events),
                Some(Event::Received { .. } | Event::Ready { .. })
            )
            .then_some(())
        });
    }
    assert_eq!(received(h.seen(), CLIENT), b"!abcde");
}

#[test]
fn an_urgent_byte_in_line_is_a_byte_like_any_other() {
    let (mut h, peer) = connected_by_hand();
    let inline = OptionSetting::Value(SocketOption::OobInline, OptionValue::Flag(true));
    h.does(SocketAction::Set(inline));
    rustix::net::send(peer.as_fd(), b"ab!", SendFlags::OOB).expect("room");
    peer::send(&peer, b"c");
    queued(&mut h, 4);
    let record = h.does(RECV_URGENT);
    assert_eq!(record.outcome, Outcome::Failed(Errno::EINVAL), "{record}");
    while received(h.seen(), CLIENT).len() < 4 {
        let before = received(h.seen(), CLIENT).len();
        h.does(recv(100));
        h.wait("its bytes", |events| {
            (received(events, CLIENT).len() > before).then_some(())
        });
    }
    assert_eq!(received(h.seen(), CLIENT), b"ab!c");
}

#[test]
fn an_urgent_byte_is_sent() {
    let (mut h, peer) = connected_by_hand();
    let record = h.does(send_urgent(b"now!"));
    let fd = descriptor(&h.first(Function::Socket));
    assert_eq!(
        record.to_string(),
        format!("send({fd}, \"now!\", 4, MSG_OOB) = 4")
    );
    assert_eq!(peer::read(&peer, 3), b"now");
    let mut byte = [0];
    let (count, _) =
        rustix::net::recv(peer.as_fd(), &mut byte, rustix::net::RecvFlags::OOB).expect("a byte");
    assert_eq!((count, byte), (1, *b"!"));
}

#[test]
fn an_urgent_recv_at_the_end_leaves_what_is_still_to_come() {
    let (mut h, peer) = connected_by_hand();
    peer::send(&peer, b"last words");
    peer.shutdown(Shutdown::Write).expect("an open connection");
    h.ready(CLIENT, "the peer's end", |r| r.hung_up && r.waiting == 10);
    h.does(RECV_URGENT);
    h.client(ClientAction::On(SocketAction::ReceiveAlone(Some(100))));
    h.receives(CLIENT, b"last words");
}

#[test]
fn reset_reaches_the_peer_as_an_error() {
    let (mut h, peer) = connected_by_hand();
    let fd = descriptor(&h.first(Function::Socket));
    h.client(ClientAction::On(SocketAction::Reset));
    h.returned(CLIENT, Function::Close);
    let texts = h.texts(CLIENT);
    assert_eq!(
        texts[texts.len() - 2..],
        [
            format!("setsockopt({fd}, SOL_SOCKET, SO_LINGER, {{l_onoff=1, l_linger=0}}) = 0"),
            format!("close({fd}) = 0"),
        ]
    );
    let error = std::io::Read::read(&mut &peer, &mut [0]).expect_err("a reset");
    assert_eq!(error.raw_os_error(), Some(Errno::ECONNRESET.0));
}

#[test]
fn a_reset_with_nobody_receiving_waits_for_the_next_call() {
    let (mut h, peer) = connected_by_hand();
    peer::reset(peer);
    h.ready(CLIENT, "an error", |r| r.failed && r.hung_up);
    let record = h.does(recv(1));
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::ECONNRESET),
        "{record}"
    );
    let record = h.does(send_once(b"x"));
    assert_eq!(record.outcome, Outcome::Failed(Errno::EPIPE), "{record}");
    let record = h.does(recv(1));
    assert_eq!(arrived(&record.outcome), (0, Ending::Stream), "{record}");
    let record = h.does(SocketAction::Shutdown(ShutdownHow::Write));
    assert_eq!(record.outcome, Outcome::Failed(Errno::ENOTCONN), "{record}");
}

#[test]
fn each_direction_can_be_shut_down() {
    let (mut h, peer) = connected_by_hand();
    let record = h.does(SocketAction::Shutdown(ShutdownHow::Write));
    assert_eq!(record.outcome, Outcome::Done, "{record}");
    assert_eq!(peer::read_to_end(&peer), b"");
    let record = h.does(send_once(b"x"));
    assert_eq!(record.outcome, Outcome::Failed(Errno::EPIPE), "{record}");
    peer::send(&peer, b"still here");
    queued(&mut h, 10);
    // Linux hands over what came before.
    h.does(SocketAction::Shutdown(ShutdownHow::Read));
    assert_eq!(arrived(&h.does(recv(20)).outcome), (10, Ending::Piece));
    for action in [recv(20), PEEK] {
        let record = h.does(action);
        assert_eq!(
            arrived(&record.outcome),
            (0, Ending::OwnShutdown),
            "{record}"
        );
    }
}

#[test]
fn the_end_of_a_peer_after_ones_own_is_that_of_both() {
    let (mut h, peer) = connected_by_hand();
    h.does(SocketAction::Shutdown(ShutdownHow::Write));
    peer::send(&peer, b"last words");
    drop(peer);
    assert_eq!(arrived(&h.does(recv(20)).outcome), (10, Ending::Piece));
    for action in [PEEK, recv(20)] {
        let record = h.does(action);
        assert_eq!(
            arrived(&record.outcome),
            (0, Ending::BothStreams),
            "{record}"
        );
    }
    // Of a new connection nothing is shut.
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
    let (listener, address) = peer::listener();
    h.client(connect(address));
    h.returned(CLIENT, Function::Getsockname);
    drop(peer::accept(&listener));
    assert_eq!(arrived(&h.does(recv(20)).outcome), (0, Ending::Stream));
}

#[test]
fn what_still_comes_after_ones_own_shutdown_is_received_and_nobody_asks_for_ever() {
    let (listener, address) = peer::listener();
    let mut h = Harness::new();
    h.connected(address);
    let peer = peer::accept(&listener);
    h.does(SocketAction::Shutdown(ShutdownHow::Read));
    let record = h.returned(CLIENT, Function::Recv);
    assert_eq!(arrived(&record.outcome), (0, Ending::OwnShutdown));
    h.quiet(Duration::from_millis(200));
    let mut expected = Vec::new();
    for word in [&b"late"[..], b"later"] {
        peer::send(&peer, word);
        expected.extend_from_slice(word);
        h.receives(CLIENT, &expected);
        h.quiet(Duration::from_millis(200));
    }
    // A recv that was asked for says what it says at once.
    let record = h.does(recv(10));
    assert_eq!(arrived(&record.outcome), (0, Ending::OwnShutdown));
    peer.shutdown(Shutdown::Write).expect("an open connection");
    h.quiet(Duration::from_millis(200));
    assert_eq!(count(h.seen(), CLIENT, Function::Recv), 4);
    // What comes after both directions were shut makes the kernel reset the connection.
    h.does(SocketAction::Shutdown(ShutdownHow::Write));
    let record = h.does(recv(10));
    assert_eq!(arrived(&record.outcome), (0, Ending::OwnShutdown));
}

#[test]
fn bytes_that_come_after_all_was_shut_break_the_connection_once() {
    let (listener, address) = peer::listener();
    let mut h = Harness::new();
    h.connected(address);
    let peer = peer::accept(&listener);
    h.does(SocketAction::Shutdown(ShutdownHow::Both));
    let record = h.returned(CLIENT, Function::Recv);
    assert_eq!(arrived(&record.outcome), (0, Ending::OwnShutdown));
    peer::send(&peer, b"too late");
    // The kernel resets it, and what was left waiting is told that.
    let record = h.returned(CLIENT, Function::Recv);
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::ECONNRESET),
        "{record}"
    );
    h.quiet(Duration::from_millis(200));
    h.client(CLOSE);
    h.returned(CLIENT, Function::Close);
}

#[test]
fn what_is_to_be_sent_to_the_end_follows_a_single_send_that_waits() {
    let (mut h, peer) = connected_by_hand();
    // Fills the way to the peer.
    h.client(send(vec![b'a'; TOO_MUCH]));
    h.blocked(CLIENT, Function::Send);
    h.client(ClientAction::On(SocketAction::CancelSend));
    h.wait("cancelled", |events| {
        records(events, CLIENT)
            .any(|r| r.outcome == Outcome::Cancelled)
            .then_some(())
    });
    let filled = sent(h.seen(), CLIENT);
    h.client(ClientAction::On(send_once(b"once")));
    h.blocked(CLIENT, Function::Send);
    h.client(send(b", then all"));
    h.client(send(b" of it"));
    h.client(ClientAction::On(send_once(b"too early")));
    let message = h.trouble(CLIENT);
    assert!(message.contains("blocked already"), "{message}");
    let all = peer::read(&peer, filled + 20);
    assert_eq!(all[filled..], *b"once, then all of it");
    assert_eq!(sent(h.seen(), CLIENT).max(filled + 20), filled + 20);
}

#[test]
fn a_resolve_alone_makes_no_socket() {
    let mut h = Harness::new();
    for (host, family, kind, text) in [
        ("127.0.0.1", None, SocketKind::Stream, "= 0 → 127.0.0.1"),
        (
            "::1",
            Some(Family::Inet6),
            SocketKind::Datagram,
            "= 0 → ::1",
        ),
        (
            "::1",
            Some(Family::Inet),
            SocketKind::Stream,
            "= EAI_ADDRFAMILY",
        ),
    ] {
        let target = sockyard::model::Target {
            address: sockyard::model::Address {
                host: host.to_owned(),
                port: "80".to_owned(),
            },
            family,
            kind,
        };
        let record = h.calls(ClientAction::Resolve(target));
        assert!(record.to_string().ends_with(text), "{record}");
    }
    assert_eq!(h.functions(), [Function::Getaddrinfo; 3]);
}

#[test]
fn ipv6_works_as_well() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        eprintln!("skipped: no IPv6 loopback here");
        return;
    };
    let to = listener.local_addr().expect("a bound address");
    let mut h = Harness::new();
    let fd = descriptor(&h.calls(ClientAction::Socket(Family::Inet6, SocketKind::Stream)));
    h.does(SocketAction::Bind(address("[::1]:0")));
    let from = named(&h.returned(CLIENT, Function::Getsockname));
    h.client(connect(to));
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(record.to_string(), format!("connect({fd}, {to}) = 0"));
    let peer = peer::accept(&listener);
    assert_eq!(peer.peer_addr().expect("a peer"), from);
    h.client(send(b"six"));
    assert_eq!(peer::read(&peer, 3), b"six");
    assert!(h.texts(CLIENT)[0].starts_with("socket(AF_INET6, SOCK_STREAM, 0)"));
}

#[test]
fn a_session_that_ends_closes_its_socket() {
    let (mut h, peer) = connected_by_hand();
    h.client(ClientAction::End);
    h.returned(CLIENT, Function::Close);
    assert_eq!(peer::read_to_end(&peer), b"");
}
