//! Datagrams: a client without and with a peer, broadcast, multicast, and the UDP server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use sockyard::model::call::{Ending, Function};
use sockyard::model::{
    Actor, Address, CallRecord, ClientAction, Errno, Event, Family, Interface, Offer,
    OptionSetting, OptionValue, Outcome, ServerAction, ServerSetup, Service, ShutdownHow,
    SocketAction, SocketKind, SocketOption, Target,
};

use crate::harness::{Harness, LIMIT};
use crate::reading::{
    CLIENT, CLOSE, PEEK, count, descriptor, named, news, records, recv, send, send_once,
};

const SERVER: Actor = Actor::Server;

/// A UDP socket of IPv4.
const UDP: ClientAction = ClientAction::Socket(Family::Inet, SocketKind::Datagram);

/// Nothing is received that was not asked for.
const BY_HAND: ClientAction = ClientAction::On(SocketAction::ReceiveAlone(None));

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A peer on 127.0.0.1 whose every wait has a limit.
fn peer() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(LIMIT)).expect("a limit");
    let at = socket.local_addr().expect("a bound address");
    (socket, at)
}

/// The next datagram and who sent it.
#[track_caller]
fn take(peer: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut bytes = vec![0; 1 << 16];
    let (count, from) = peer.recv_from(&mut bytes).expect("a datagram");
    bytes.truncate(count);
    (bytes, from)
}

fn target(at: SocketAddr) -> Target {
    Target {
        address: Address {
            host: at.ip().to_string(),
            port: at.port().to_string(),
        },
        family: None,
        kind: SocketKind::Datagram,
    }
}

fn send_to(at: SocketAddr, bytes: impl Into<Vec<u8>>) -> ClientAction {
    ClientAction::SendTo(target(at), bytes.into())
}

fn set(option: SocketOption, on: bool) -> SocketAction {
    SocketAction::Set(OptionSetting::Value(option, OptionValue::Flag(on)))
}

/// A client with a UDP socket that is bound to a port of `ip`, and its address.
fn bound(h: &mut Harness, ip: &str) -> SocketAddr {
    h.calls(UDP);
    h.does(SocketAction::Bind(SocketAddr::new(
        ip.parse().expect("an address"),
        0,
    )));
    named(&h.returned(CLIENT, Function::Getsockname))
}

/// Starts a UDP server on a port of `host`.
fn serve(h: &mut Harness, host: &str, offer: Offer) -> SocketAddr {
    h.server(ServerAction::Start(ServerSetup {
        host: host.to_owned(),
        port: 0,
        kind: SocketKind::Datagram,
        backlog: 1,
        offer,
    }));
    h.listening()
}

fn with(service: Service) -> Offer {
    Offer {
        service,
        ..Offer::default()
    }
}

/// The datagrams that `who` received, with their senders.
fn datagrams(events: &[Event], who: Actor) -> Vec<(Vec<u8>, Option<SocketAddr>)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Received {
                who: by,
                bytes,
                from,
                ..
            } if *by == who => Some((bytes.clone(), *from)),
            _ => None,
        })
        .collect()
}

#[track_caller]
fn ending(record: &CallRecord) -> (usize, Ending, Option<SocketAddr>) {
    match record.outcome {
        Outcome::Received {
            count,
            ending,
            from,
            ..
        } => (count, ending, from),
        _ => panic!("{record}"),
    }
}

#[test]
fn a_datagram_needs_an_address_and_brings_its_senders() {
    let (other, to) = peer();
    let mut h = Harness::new();
    let from = bound(&mut h, "127.0.0.1");
    let fd = descriptor(&h.first(Function::Socket));
    let record = h.does(send_once(b"where to?"));
    assert_eq!(
        record.to_string(),
        format!("send({fd}, \"where to?\", 9, 0) = -1 EDESTADDRREQ")
    );
    let record = h.calls(send_to(to, b"ping"));
    assert_eq!(
        record.to_string(),
        format!("sendto({fd}, \"ping\", 4, 0, {to}) = 4")
    );
    assert_eq!(take(&other), (b"ping".to_vec(), from));
    other.send_to(b"pong", from).expect("room");
    let record = h.returned(CLIENT, Function::Recvfrom);
    assert_eq!(ending(&record), (4, Ending::Datagram, Some(to)));
    assert_eq!(
        record.to_string(),
        format!("recvfrom({fd}, \"pong\", 65536, 0, {to}) = 4")
    );
}

#[test]
fn a_name_is_resolved_for_sendto_once() {
    let (other, to) = peer();
    let mut h = Harness::new();
    h.calls(UDP);
    let named = Target {
        address: Address {
            host: "localhost".to_owned(),
            port: to.port().to_string(),
        },
        family: Some(Family::Inet),
        kind: SocketKind::Datagram,
    };
    for number in 1..=3 {
        h.client(ClientAction::SendTo(named.clone(), vec![number]));
        h.returned(CLIENT, Function::Sendto);
        assert_eq!(take(&other).0, [number]);
    }
    assert_eq!(count(h.seen(), CLIENT, Function::Getaddrinfo), 1);
}

fn named_target(host: &str, port: u16) -> Target {
    Target {
        address: Address {
            host: host.to_owned(),
            port: port.to_string(),
        },
        family: None,
        kind: SocketKind::Datagram,
    }
}

/// How many datagrams were told not to be sent.
fn told_unsent(events: &[Event]) -> usize {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Trouble { message, .. } if message.contains("not sent") => message
                .split_once(" datagram")
                .map(|(number, _)| number.parse::<usize>().expect("a number")),
            _ => None,
        })
        .sum()
}

#[test]
fn datagrams_to_a_name_are_sent_in_order_behind_one_look_up() {
    const MANY: u8 = 60;
    let (other, to) = peer();
    // Without room in the channel the worker is held by its report that the look-up goes on.
    let mut h = Harness::with_capacity(0);
    h.calls(UDP);
    for number in 0..MANY {
        // One to an address waits for its turn too.
        let target = match number % 3 {
            0 => target(to),
            _ => named_target("localhost", to.port()),
        };
        h.client(ClientAction::SendTo(target, vec![number]));
    }
    h.wait("all of them sent", |events| {
        (count(events, CLIENT, Function::Sendto) == usize::from(MANY)).then_some(())
    });
    for number in 0..MANY {
        assert_eq!(take(&other).0, [number]);
    }
    assert_eq!(count(h.seen(), CLIENT, Function::Getaddrinfo), 1);
    assert_eq!(told_unsent(h.seen()), 0);
}

#[test]
fn datagrams_to_a_name_that_is_not_found_are_told_to_be_unsent() {
    let (other, to) = peer();
    let mut h = Harness::with_capacity(0);
    h.calls(UDP);
    let nowhere = named_target("no-such-host.invalid", to.port());
    for number in 0..3 {
        h.client(ClientAction::SendTo(nowhere.clone(), vec![number]));
    }
    // What comes behind them is sent all the same.
    h.client(ClientAction::SendTo(
        named_target("localhost", to.port()),
        b"here".to_vec(),
    ));
    assert_eq!(
        h.returned(CLIENT, Function::Sendto).outcome,
        Outcome::Sent(4)
    );
    assert_eq!(take(&other).0, b"here");
    assert_eq!(told_unsent(h.seen()), 3);
}

#[test]
fn whatever_ends_a_look_up_for_datagrams_tells_what_was_not_sent() {
    let actions = [
        ClientAction::Resolve(named_target("localhost", 9)),
        ClientAction::Connect(target(address("127.0.0.1:9"))),
        ClientAction::CancelConnect,
        CLOSE,
        ClientAction::On(SocketAction::Reset),
    ];
    for action in actions {
        let mut h = Harness::with_capacity(0);
        h.calls(UDP);
        let nowhere = named_target("no-such-host.invalid", 9);
        for number in 0..3 {
            h.client(ClientAction::SendTo(nowhere.clone(), vec![number]));
        }
        h.client(action);
        h.wait("what was not sent", |events| {
            (told_unsent(events) == 3).then_some(())
        });
        assert_eq!(count(h.seen(), CLIENT, Function::Sendto), 0);
    }
}

#[test]
fn what_is_longer_than_a_datagram_can_be_is_emsgsize() {
    let (_other, to) = peer();
    let mut h = Harness::new();
    h.calls(UDP);
    let record = h.calls(send_to(to, vec![b'x'; 70_000]));
    assert_eq!(record.outcome, Outcome::Failed(Errno::EMSGSIZE), "{record}");
}

#[test]
fn a_datagram_is_whole_or_cut_and_may_be_empty() {
    let (other, at) = peer();
    let mut h = Harness::new();
    h.client(BY_HAND);
    let to = bound(&mut h, "127.0.0.1");
    for datagram in [&b"0123456789"[..], b"", b"abc", b"whole", b"next"] {
        other.send_to(datagram, to).expect("room");
    }
    h.ready(CLIENT, "the first datagram", |r| r.waiting == 10);
    let expected = [
        (PEEK, (10, Ending::Datagram)),
        (recv(4), (4, Ending::Cut(6))),
        (recv(4), (0, Ending::Datagram)),
        (recv(0), (0, Ending::Cut(3))),
        (recv(5), (5, Ending::Datagram)),
        (recv(5), (4, Ending::Datagram)),
    ];
    for (action, (bytes, how)) in expected {
        let record = h.does(action);
        assert_eq!(ending(&record), (bytes, how, Some(at)), "{record}");
    }
    h.client(ClientAction::On(recv(1)));
    h.blocked(CLIENT, Function::Recvfrom);
    let shown: Vec<Vec<u8>> = datagrams(h.seen(), CLIENT)
        .into_iter()
        .map(|(bytes, _)| bytes)
        .collect();
    assert_eq!(shown, [&b"0123"[..], b"", b"", b"whole", b"next"]);
}

#[test]
fn nothing_is_lost_of_a_long_datagram_that_is_only_looked_at() {
    let (other, at) = peer();
    let mut h = Harness::new();
    h.client(BY_HAND);
    let to = bound(&mut h, "127.0.0.1");
    other.send_to(&[b'x'; 250], to).expect("room");
    h.ready(CLIENT, "the datagram", |r| r.waiting == 250);
    let expected = [
        (PEEK, (100, Ending::Datagram)),
        (PEEK, (100, Ending::Datagram)),
        (recv(300), (250, Ending::Datagram)),
    ];
    for (action, (bytes, how)) in expected {
        let record = h.does(action);
        assert_eq!(ending(&record), (bytes, how, Some(at)), "{record}");
    }
}

#[test]
fn a_recv_of_no_size_waits_for_a_datagram_and_loses_it() {
    let (other, at) = peer();
    let mut h = Harness::new();
    h.client(BY_HAND);
    let to = bound(&mut h, "127.0.0.1");
    h.client(ClientAction::On(recv(0)));
    h.blocked(CLIENT, Function::Recvfrom);
    other.send_to(b"gone", to).expect("room");
    let record = h.returned(CLIENT, Function::Recvfrom);
    assert_eq!(ending(&record), (0, Ending::Cut(4), Some(at)));
}

#[test]
fn connected_to_a_port_where_nobody_is_the_second_call_is_refused() {
    let (other, to) = peer();
    drop(other);
    let mut h = Harness::new();
    h.client(BY_HAND);
    h.calls(UDP);
    let connect = ClientAction::Connect(target(to));
    h.client(connect);
    let record = h.returned(CLIENT, Function::Connect);
    assert_eq!(record.outcome, Outcome::Done, "{record}");
    h.returned(CLIENT, Function::Getsockname);
    for call in [send_once(b"again"), recv(10)] {
        let record = h.does(send_once(b"anybody?"));
        assert_eq!(record.outcome, Outcome::Sent(8), "{record}");
        h.ready(CLIENT, "an error waits", |r| r.failed);
        let record = h.does(call);
        assert_eq!(
            record.outcome,
            Outcome::Failed(Errno::ECONNREFUSED),
            "{record}"
        );
    }
    // Each error is told once.
    h.client(ClientAction::On(recv(10)));
    h.blocked(CLIENT, Function::Recv);
}

#[test]
fn a_client_that_receives_alone_lives_on_after_a_refusal() {
    let (other, to) = peer();
    drop(other);
    let mut h = Harness::new();
    // Waits in recvfrom as long as it has no peer, then in recv.
    h.calls(UDP);
    h.blocked(CLIENT, Function::Recvfrom);
    h.client(ClientAction::Connect(target(to)));
    h.returned(CLIENT, Function::Getsockname);
    h.blocked(CLIENT, Function::Recv);
    let waits_no_more = |event: &Event| {
        matches!(
            event,
            Event::Unblocked {
                function: Function::Recvfrom,
                ..
            }
        )
    };
    assert!(h.seen().iter().any(waits_no_more));
    h.client(send(b"anybody?"));
    let record = h.returned(CLIENT, Function::Recv);
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::ECONNREFUSED),
        "{record}"
    );
    h.blocked(CLIENT, Function::Recv);
    let other = UdpSocket::bind(to).expect("the port is still free");
    h.client(send(b"and now?"));
    let (bytes, from) = take(&other);
    assert_eq!(bytes, b"and now?");
    other.send_to(b"yes", from).expect("room");
    h.receives(CLIENT, b"yes");
    // A datagram socket is connected as often as one likes.
    let (third, to) = peer();
    h.client(ClientAction::Connect(target(to)));
    h.returned(CLIENT, Function::Getsockname);
    h.client(send(b"you"));
    assert_eq!(take(&third).0, b"you");
}

#[test]
fn connect_without_a_socket_makes_one_of_the_kind() {
    let (other, to) = peer();
    let mut h = Harness::new();
    h.client(ClientAction::Connect(target(to)));
    h.returned(CLIENT, Function::Getsockname);
    h.client(send(b"hi"));
    assert_eq!(take(&other).0, b"hi");
    let texts = h.texts(CLIENT);
    assert!(texts[0].contains("SOCK_DGRAM"), "{texts:?}");
    assert!(
        texts[1].starts_with("socket(AF_INET, SOCK_DGRAM, 0)"),
        "{texts:?}"
    );
    h.calls(CLOSE);
}

#[test]
fn broadcast_has_to_be_permitted() {
    let mut h = Harness::new();
    // Who is bound to every address hears what is sent to the network's last one.
    let server = serve(&mut h, "0.0.0.0", with(Service::Discard));
    let everyone = SocketAddr::from(([127, 255, 255, 255], server.port()));
    h.calls(UDP);
    let record = h.calls(send_to(everyone, b"hello all"));
    assert_eq!(record.outcome, Outcome::Failed(Errno::EACCES), "{record}");
    let record = h.does(set(SocketOption::Broadcast, true));
    assert_eq!(record.outcome, Outcome::Done, "{record}");
    let record = h.calls(send_to(everyone, b"hello all"));
    assert_eq!(record.outcome, Outcome::Sent(9), "{record}");
    h.receives(SERVER, b"hello all");
}

#[test]
fn a_multicast_group_is_heard_from_joining_to_leaving() {
    let group = Ipv4Addr::new(239, 255, 77, 1);
    let loopback = Interface::Address(Ipv4Addr::LOCALHOST);
    let mut h = Harness::new();
    h.client(BY_HAND);
    let own = bound(&mut h, "0.0.0.0");
    let to = SocketAddr::from((group, own.port()));
    let join = OptionSetting::Join(IpAddr::V4(group), loopback);
    let leave = OptionSetting::Leave(IpAddr::V4(group), loopback);
    let record = h.does(SocketAction::Set(leave));
    assert_eq!(
        record.outcome,
        Outcome::Failed(Errno::EADDRNOTAVAIL),
        "{record}"
    );
    assert_eq!(h.does(SocketAction::Set(join)).outcome, Outcome::Done);
    let out = OptionSetting::MulticastInterface(loopback);
    assert_eq!(h.does(SocketAction::Set(out)).outcome, Outcome::Done);
    let fd = descriptor(&h.first(Function::Socket));
    assert!(h.texts(CLIENT).contains(&format!(
        "setsockopt({fd}, SOL_IP, IP_ADD_MEMBERSHIP, {{239.255.77.1, 127.0.0.1}}) = 0"
    )));
    // One's own datagrams are heard too.
    assert_eq!(h.calls(send_to(to, b"group")).outcome, Outcome::Sent(5));
    let (bytes, how, from) = ending(&h.does(recv(100)));
    assert_eq!((bytes, how), (5, Ending::Datagram));
    assert_eq!(
        from,
        Some(SocketAddr::from((Ipv4Addr::LOCALHOST, own.port())))
    );
    // Once nobody is in the group any more what is sent to it is lost: what comes next is what was sent last.
    assert_eq!(h.does(SocketAction::Set(leave)).outcome, Outcome::Done);
    h.calls(send_to(to, b"left"));
    let direct = SocketAddr::from((Ipv4Addr::LOCALHOST, own.port()));
    h.calls(send_to(direct, b"direct"));
    assert_eq!(ending(&h.does(recv(100))).0, 6);
    assert_eq!(count(h.seen(), CLIENT, Function::Recvfrom), 2);
}

#[test]
fn a_multicast_group_of_ipv6_is_heard() {
    if UdpSocket::bind("[::1]:0").is_err() {
        eprintln!("skipped: no IPv6 loopback here");
        return;
    }
    // The loopback interface is the first that there is.
    let loopback = Interface::Index(1);
    let group = Ipv6Addr::new(0xff01, 0, 0, 0, 0, 0, 0x77, 1);
    let mut h = Harness::new();
    h.client(BY_HAND);
    h.calls(ClientAction::Socket(Family::Inet6, SocketKind::Datagram));
    h.does(SocketAction::Bind(address("[::]:0")));
    let own = named(&h.returned(CLIENT, Function::Getsockname));
    let to = SocketAddr::from((group, own.port()));
    let fd = descriptor(&h.first(Function::Socket));
    let wrong = Interface::Address(Ipv4Addr::LOCALHOST);
    let record = h.does(SocketAction::Set(OptionSetting::Join(
        IpAddr::V6(group),
        wrong,
    )));
    assert_eq!(record.outcome, Outcome::Failed(Errno::ENODEV), "{record}");
    for (setting, text) in [
        (
            OptionSetting::Join(IpAddr::V6(group), loopback),
            "IPV6_JOIN_GROUP, {ff01::77:1, 1}",
        ),
        (
            OptionSetting::MulticastInterface(loopback),
            "IPV6_MULTICAST_IF, 1",
        ),
        (
            OptionSetting::Value(SocketOption::MulticastTtl, OptionValue::Number(1)),
            "IPV6_MULTICAST_HOPS, 1",
        ),
    ] {
        let record = h.does(SocketAction::Set(setting));
        assert_eq!(
            record.to_string(),
            format!("setsockopt({fd}, SOL_IPV6, {text}) = 0")
        );
    }
    // Most systems have no route for multicast over the loopback interface.
    match h.calls(send_to(to, b"group")).outcome {
        Outcome::Sent(5) => assert_eq!(ending(&h.does(recv(100))).0, 5),
        outcome => assert_eq!(outcome, Outcome::Failed(Errno::ENETUNREACH)),
    }
    let leave = OptionSetting::Leave(IpAddr::V6(group), loopback);
    assert_eq!(h.does(SocketAction::Set(leave)).outcome, Outcome::Done);
}

#[test]
fn after_shutdown_nothing_comes_and_nobody_asks_for_ever() {
    let (other, to) = peer();
    let mut h = Harness::new();
    h.client(ClientAction::Connect(target(to)));
    h.returned(CLIENT, Function::Getsockname);
    h.blocked(CLIENT, Function::Recv);
    let record = h.does(SocketAction::Shutdown(ShutdownHow::Read));
    assert_eq!(record.outcome, Outcome::Done, "{record}");
    h.returned(CLIENT, Function::Recv);
    h.client(ClientAction::On(recv(10)));
    h.returned(CLIENT, Function::Recv);
    h.quiet(Duration::from_millis(200));
    assert_eq!(h.does(send_once(b"still")).outcome, Outcome::Sent(5));
    assert_eq!(take(&other).0, b"still");
    // A server's service asks no more, either.
    let at = serve(&mut h, "127.0.0.1", with(Service::Echo));
    h.server(ServerAction::On(SocketAction::SendTo(to, b"hi".to_vec())));
    assert_eq!(take(&other).1, at);
    // Linux shuts down only what is connected, and says so.
    let shutdown = SocketAction::Shutdown(ShutdownHow::Read);
    h.server(ServerAction::On(shutdown));
    let record = h.returned(SERVER, Function::Shutdown);
    assert_eq!(record.outcome, Outcome::Failed(Errno::ENOTCONN), "{record}");
    h.wait("what comes of it", |events| {
        (count(events, SERVER, Function::Recvfrom) > 0).then_some(())
    });
    h.quiet(Duration::from_millis(200));
}

// ---- The server ----------------------------------------------------------------------------------------------------

#[test]
fn a_udp_server_answers_each_datagram_to_its_sender() {
    let mut h = Harness::new();
    let at = serve(&mut h, "127.0.0.1", with(Service::Hello));
    h.blocked(SERVER, Function::Recvfrom);
    let (one, first) = peer();
    let (two, second) = peer();
    one.send_to(b"one\n", at).expect("room");
    assert_eq!(take(&one), (b"Hello,one!".to_vec(), at));
    two.send_to(b"exit", at).expect("room");
    assert_eq!(take(&two), (b"Hello,exit!".to_vec(), at));
    one.send_to(b"", at).expect("room");
    assert_eq!(take(&one), (b"Hello,!".to_vec(), at));
    h.server(ServerAction::Stop);
    h.returned(SERVER, Function::Close);
    let fd = descriptor(records(h.seen(), SERVER).next().expect("socket"));
    assert_eq!(
        h.texts(SERVER),
        [
            format!("socket(AF_INET, SOCK_DGRAM, 0) = {fd}"),
            format!("bind({fd}, 127.0.0.1:0) = 0"),
            format!("getsockname({fd}, {at}) = 0"),
            format!("recvfrom({fd}, \"one\\n\", 65536, 0, {first}) = 4"),
            format!("sendto({fd}, \"Hello,one!\", 10, 0, {first}) = 10"),
            format!("recvfrom({fd}, \"exit\", 65536, 0, {second}) = 4"),
            format!("sendto({fd}, \"Hello,exit!\", 11, 0, {second}) = 11"),
            format!("recvfrom({fd}, \"\", 65536, 0, {first}) = 0"),
            format!("sendto({fd}, \"Hello,!\", 7, 0, {first}) = 7"),
            format!("close({fd}) = 0"),
        ]
    );
}

#[test]
fn the_longest_datagram_is_echoed_whole() {
    let mut h = Harness::new();
    let at = serve(&mut h, "127.0.0.1", with(Service::Echo));
    let (other, _) = peer();
    let longest = vec![b'x'; 65_507];
    other.send_to(&longest, at).expect("room");
    assert!(take(&other).0 == longest);
}

#[test]
fn another_service_answers_the_datagrams_that_come_after() {
    let mut h = Harness::new();
    let at = serve(&mut h, "127.0.0.1", with(Service::Echo));
    let (other, _) = peer();
    for (service, answer) in [
        (Service::Ok, "OK...x"),
        (Service::EchoOnce, "x"),
        (Service::Hello, "Hello,x!"),
    ] {
        h.server(ServerAction::Offer(with(service)));
        other.send_to(b"x", at).expect("room");
        assert_eq!(take(&other).0, answer.as_bytes());
    }
    h.server(ServerAction::Offer(with(Service::Daytime)));
    other.send_to(b"", at).expect("room");
    assert!(take(&other).0.ends_with(b"\r\n"));
    // These say nothing.
    for (number, service) in (1..).zip([Service::Discard, Service::Close, Service::Http]) {
        h.server(ServerAction::Offer(with(service)));
        other.send_to(b"quiet", at).expect("room");
        h.wait("the datagram", |events| {
            let quiet = |(bytes, _): &(Vec<u8>, _)| bytes == b"quiet";
            let heard = datagrams(events, SERVER);
            (heard.iter().filter(|d| quiet(d)).count() == number).then_some(())
        });
    }
    h.server(ServerAction::Offer(with(Service::Echo)));
    other.send_to(b"end", at).expect("room");
    assert_eq!(take(&other).0, b"end");
}

#[test]
fn a_person_answers_datagrams_by_hand() {
    let mut h = Harness::new();
    let at = serve(&mut h, "127.0.0.1", with(Service::Manual));
    let (other, from) = peer();
    other.send_to(b"question", at).expect("room");
    other.send_to(b"another", at).expect("room");
    h.ready(SERVER, "the first datagram", |r| r.waiting == 8);
    assert_eq!(count(h.seen(), SERVER, Function::Recvfrom), 0);
    let record = h.server_calls(ServerAction::On(recv(100)));
    assert_eq!(ending(&record), (8, Ending::Datagram, Some(from)));
    h.ready(SERVER, "the second datagram", |r| r.waiting == 7);
    let answer = SocketAction::SendTo(from, b"answer".to_vec());
    let record = h.server_calls(ServerAction::On(answer));
    assert_eq!(record.outcome, Outcome::Sent(6), "{record}");
    assert_eq!(take(&other), (b"answer".to_vec(), at));
    // A service takes over what is still there.
    h.server(ServerAction::Offer(with(Service::Ok)));
    assert_eq!(take(&other).0, b"OK...another");
    h.blocked(SERVER, Function::Recvfrom);
    h.server(ServerAction::Offer(with(Service::Manual)));
    h.wait("a wait that is over", |events| {
        matches!(news(events), Some(Event::Unblocked { .. })).then_some(())
    });
}

#[test]
fn a_recv_by_hand_takes_one_datagram_from_the_service() {
    let mut h = Harness::new();
    let at = serve(&mut h, "127.0.0.1", with(Service::Echo));
    h.blocked(SERVER, Function::Recvfrom);
    h.server(ServerAction::On(recv(3)));
    h.wait("the person's recvfrom", |events| {
        events
            .iter()
            .any(|event| {
                matches!(event, Event::Blocked { call, .. } if call.to_string().contains(" 3, "))
            })
            .then_some(())
    });
    let (other, from) = peer();
    other.send_to(b"mine", at).expect("room");
    let record = h.returned(SERVER, Function::Recvfrom);
    assert_eq!(ending(&record), (3, Ending::Cut(1), Some(from)));
    // The service waits again, and says so.
    h.blocked(SERVER, Function::Recvfrom);
    other.send_to(b"yours", at).expect("room");
    assert_eq!(take(&other).0, b"yours");
}

#[test]
fn a_udp_server_takes_several_datagrams_at_once_and_reports_them_together() {
    /// So many are taken before the server looks around.
    const AT_ONCE: usize = 16;
    // Without room in the channel the server is held by each of its reports until it is collected.
    let mut h = Harness::with_capacity(0);
    let at = serve(&mut h, "127.0.0.1", with(Service::Discard));
    let (other, _) = peer();
    for number in 0..3 * AT_ONCE {
        other.send_to(&[number as u8], at).expect("room");
    }
    let mut batches = Vec::new();
    let mut heard = Vec::new();
    while heard.len() < 3 * AT_ONCE {
        let batch = h.events.recv_timeout(LIMIT).expect("a report");
        let own = datagrams(&batch, SERVER);
        batches.push(own.len());
        heard.extend(own.into_iter().map(|(bytes, _)| bytes[0] as usize));
    }
    assert!(heard.into_iter().eq(0..3 * AT_ONCE), "in order");
    // The first may have come alone; while it was reported all the others came.
    assert_eq!(batches.iter().max(), Some(&AT_ONCE), "{batches:?}");
}

#[test]
fn an_order_is_carried_out_before_the_datagrams_that_still_wait() {
    const MANY: usize = 64;
    let mut h = Harness::with_capacity(0);
    let at = serve(&mut h, "127.0.0.1", with(Service::Discard));
    let (other, _) = peer();
    for _ in 0..MANY {
        other.send_to(b"x", at).expect("room");
    }
    // The server is held by its report of the first ones.
    h.server(ServerAction::Offer(with(Service::Echo)));
    h.wait("all of them", |events| {
        (count(events, SERVER, Function::Recvfrom) == MANY).then_some(())
    });
    h.wait("the answers", |events| {
        (count(events, SERVER, Function::Sendto) >= MANY - 16).then_some(())
    });
}

#[test]
fn a_udp_chat_reaches_everyone_who_has_spoken() {
    let mut h = Harness::new();
    let at = serve(&mut h, "127.0.0.1", with(Service::Chat));
    let peers: Vec<(UdpSocket, SocketAddr)> = (0..3).map(|_| peer()).collect();
    for (number, (socket, _)) in peers.iter().enumerate() {
        socket.send_to(b"hi", at).expect("room");
        for (earlier, _) in &peers[..number] {
            assert_eq!(take(earlier), (b"hi".to_vec(), at));
        }
    }
    peers[0].0.send_to(b"to all", at).expect("room");
    assert_eq!(take(&peers[1].0).0, b"to all");
    assert_eq!(take(&peers[2].0).0, b"to all");
    // Nobody hears himself: what comes next to the first is the second's.
    peers[1].0.send_to(b"back", at).expect("room");
    assert_eq!(take(&peers[0].0).0, b"back");
}

#[test]
fn a_thinking_udp_server_answers_in_order() {
    let mut h = Harness::new();
    let offer = Offer {
        delay: Duration::from_millis(50),
        ..with(Service::Echo)
    };
    let at = serve(&mut h, "127.0.0.1", offer);
    let (one, first) = peer();
    let (two, second) = peer();
    one.send_to(b"1", at).expect("room");
    h.wait("the first datagram", |events| {
        (count(events, SERVER, Function::Recvfrom) == 1).then_some(())
    });
    two.send_to(b"2", at).expect("room");
    assert_eq!(take(&one).0, b"1");
    assert_eq!(take(&two).0, b"2");
    h.returned(SERVER, Function::Sendto);
    h.returned(SERVER, Function::Sendto);
    let story: Vec<String> = h.texts(SERVER).split_off(3);
    let expected = [first, first, second, second].map(|at| at.to_string());
    assert_eq!(story.len(), 4);
    for (line, at) in story.iter().zip(&expected) {
        assert!(line.contains(at.as_str()), "{story:?}");
    }
}

#[test]
fn a_udp_server_neither_listens_nor_accepts() {
    let mut h = Harness::new();
    h.server_calls(ServerAction::Socket(Family::Inet, SocketKind::Datagram));
    h.server_calls(ServerAction::Bind(Address {
        host: "127.0.0.1".to_owned(),
        port: "0".to_owned(),
    }));
    for action in [ServerAction::Listen(5), ServerAction::Accept] {
        h.server(action);
    }
    for function in [Function::Listen, Function::Accept] {
        let record = h.returned(SERVER, function);
        assert_eq!(
            record.outcome,
            Outcome::Failed(Errno::EOPNOTSUPP),
            "{record}"
        );
    }
    // Step by step it serves as well.
    let at = named(
        records(h.seen(), SERVER)
            .find(|r| r.call.function() == Function::Getsockname)
            .expect("it is bound"),
    );
    let (other, _) = peer();
    other.send_to(b"hello", at).expect("room");
    assert_eq!(take(&other).0, b"hello");
}
