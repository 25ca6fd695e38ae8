//! With nothing happening no thread wakes up, whatever state its sockets are in. In a process of its own, because it
//! looks at all threads of the process.

#[path = "net/harness.rs"]
mod harness;
#[path = "net/peer.rs"]
#[expect(dead_code, reason = "this crate needs a part of it")]
mod peer;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, Instant};

use harness::{Harness, LIMIT, story};
use rustix::net::SendFlags;
use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Address, ClientAction, ClientId, ConnectionId, Event, Family, Model, Offer,
    PortRange, PortsAction, Readiness, RecvFlags, ServerAction, Service, ShutdownHow, SocketAction,
    SocketKind, Target,
};

/// How long nothing may happen.
const QUIET: Duration = Duration::from_millis(400);

/// How long it must have been quiet before that counts.
const SETTLED: Duration = Duration::from_millis(200);

const BY_HAND: ClientAction = ClientAction::On(SocketAction::ReceiveAlone(None));
const NON_BLOCKING: ClientAction = ClientAction::On(SocketAction::Blocking(false));

const RECV: SocketAction = SocketAction::Recv {
    size: 100,
    flags: RecvFlags {
        urgent: false,
        peek: false,
    },
};

/// What a thread has done since it began.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Effort {
    name: String,
    /// How often it has gone to sleep, and so has woken up.
    sleeps: u64,
    /// For how many clock ticks of 10 ms it has run: one that spins never sleeps.
    ticks: u64,
}

/// What each thread has done; but for this one and the first, which looks how long this one takes.
fn efforts() -> BTreeMap<PathBuf, Effort> {
    // It names the process and the thread.
    let own = fs::read_link("/proc/thread-self").expect("procfs");
    let first = Some(OsString::from(process::id().to_string()));
    fs::read_dir("/proc/self/task")
        .expect("procfs")
        .map(|task| task.expect("a thread's directory").path())
        .filter(|path| path.file_name() != own.file_name() && path.file_name() != first.as_deref())
        .filter_map(|path| Some((path.clone(), effort(&path)?)))
        .collect()
}

/// None if the thread has ended meanwhile.
fn effort(task: &Path) -> Option<Effort> {
    let status = fs::read_to_string(task.join("status")).ok()?;
    let stat = fs::read_to_string(task.join("stat")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().last())
            .expect("a field")
    };
    let (_, numbers) = stat.rsplit_once(") ").expect("the name in brackets");
    // utime and stime, fields 14 and 15 of proc_pid_stat(5); the first after the name is field 3.
    let times = numbers.split(' ').skip(14 - 3).take(2);
    Some(Effort {
        name: field("Name:").to_owned(),
        sleeps: field("voluntary_ctxt_switches:").parse().expect("a number"),
        ticks: times
            .map(|time| time.parse::<u64>().expect("a number of ticks"))
            .sum(),
    })
}

/// Waits until nothing has happened for a while, and then checks that no thread wakes up.
#[track_caller]
fn assert_idle(what: &str, h: &mut Harness) {
    assert_idle_after(SETTLED, QUIET, what, h);
}

/// The same, after it was quiet for `settled`, and for `quiet`.
#[track_caller]
fn assert_idle_after(settled: Duration, quiet: Duration, what: &str, h: &mut Harness) {
    let end = Instant::now() + LIMIT;
    while h.collect(Instant::now() + settled) {
        assert!(Instant::now() < end, "{what}: never quiet:\n{}", last(h));
    }
    let panics = |event: &&Event| matches!(event, Event::Panicked { .. });
    assert_eq!(h.seen().iter().find(panics), None);
    let before = efforts();
    let heard = h.collect(Instant::now() + quiet);
    assert!(!heard, "{what}: not quiet:\n{}", last(h));
    assert_eq!(
        efforts(),
        before,
        "{what}: threads have woken up\n{}",
        last(h)
    );
}

fn last(h: &Harness) -> String {
    let seen = h.seen();
    story(&seen[seen.len().saturating_sub(40)..])
}

fn client(h: &mut Harness, id: u32, action: ClientAction) {
    h.perform(Action::Client(ClientId(id), action))
        .expect("the client's thread can be started");
}

fn target(at: SocketAddr, kind: SocketKind) -> Target {
    Target {
        address: Address {
            host: at.ip().to_string(),
            port: at.port().to_string(),
        },
        family: None,
        kind,
    }
}

/// Connects the client `id` and gives back the peer's end.
fn connected(h: &mut Harness, id: u32) -> TcpStream {
    let (listener, at) = peer::listener();
    client(h, id, ClientAction::Connect(target(at, SocketKind::Stream)));
    h.returned(Actor::Client(ClientId(id)), Function::Getsockname);
    peer::accept(&listener)
}

/// Waits until what was last told of the readiness of `who` is so.
#[track_caller]
fn ready(h: &mut Harness, who: Actor, is_so: impl Fn(Readiness) -> bool) {
    h.wait(&format!("readiness of {who}"), |events| {
        let last = events.iter().rev().find_map(|event| match event {
            Event::Ready { who: by, readiness } if *by == who => Some(*readiness),
            _ => None,
        });
        last.is_some_and(&is_so).then_some(())
    });
}

#[test]
fn idle_means_idle() {
    clients_of_tcp();
    clients_that_have_shut_receiving();
    clients_of_udp();
    clients_that_wait();
    for model in Model::ALL {
        connections_by_hand(model);
        connections_of_services(model);
    }
    listening_by_hand();
    udp_servers();
    ports();
}

fn clients_of_tcp() {
    let mut h = Harness::new();
    let mut peers = Vec::new();
    for by_hand in [true, false] {
        let first = peers.len() as u32 + 1;
        for id in first..first + 6 {
            if by_hand {
                client(&mut h, id, BY_HAND);
            }
            peers.push(connected(&mut h, id));
        }
        let of = |offset: u32| (first + offset - 1) as usize;
        // One has unread bytes, one an urgent one, one the peer's end, one bytes and the end, one a reset.
        peer::send(&peers[of(0)], b"unread");
        rustix::net::send(peers[of(1)].as_fd(), b"a!", SendFlags::OOB).expect("room");
        peers[of(2)].shutdown(Shutdown::Write).expect("open");
        peer::send(&peers[of(3)], b"last words");
        peers[of(3)].shutdown(Shutdown::Write).expect("open");
        rustix::net::sockopt::set_socket_linger(&peers[of(4)], Some(Duration::ZERO))
            .expect("a linger time");
        // A reset needs the descriptor closed: another one takes its place.
        peers[of(4)] = connected(&mut h, first + 100);
        // And one has finished itself while the peer has not.
        let shutdown = SocketAction::Shutdown(ShutdownHow::Both);
        client(&mut h, first + 5, ClientAction::On(shutdown));
        h.returned(Actor::Client(ClientId(first + 5)), Function::Shutdown);
        if by_hand {
            ready(&mut h, Actor::Client(ClientId(first)), |r| r.waiting == 6);
            ready(&mut h, Actor::Client(ClientId(first + 1)), |r| {
                r.exceptional
            });
            ready(&mut h, Actor::Client(ClientId(first + 3)), |r| {
                r.hung_up && r.waiting == 10
            });
            ready(&mut h, Actor::Client(ClientId(first + 4)), |r| r.failed);
        }
        peers.push(connected(&mut h, first + 200));
    }
    assert_idle("clients of TCP", &mut h);
}

fn clients_that_have_shut_receiving() {
    let mut h = Harness::new();
    let mut peers = Vec::new();
    for (id, how) in [(1, ShutdownHow::Read), (2, ShutdownHow::Both)] {
        let peer = connected(&mut h, id);
        let shutdown = SocketAction::Shutdown(how);
        client(&mut h, id, ClientAction::On(shutdown));
        h.returned(Actor::Client(ClientId(id)), Function::Recv);
        peers.push(peer);
    }
    assert_idle("clients that have shut receiving", &mut h);
    for peer in &peers {
        peer::send(peer, b"late");
    }
    assert_idle("clients that have received what came late", &mut h);
    drop(peers);
    assert_idle("clients that nobody talks to any more", &mut h);
}

fn clients_of_udp() {
    let mut h = Harness::new();
    let other = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let nobody = other.local_addr().expect("an address");
    drop(other);
    for (id, by_hand) in [(1, true), (2, false)] {
        if by_hand {
            client(&mut h, id, BY_HAND);
        }
        // An error that waits, or was received.
        client(
            &mut h,
            id,
            ClientAction::Connect(target(nobody, SocketKind::Datagram)),
        );
        h.returned(Actor::Client(ClientId(id)), Function::Getsockname);
        let send = SocketAction::SendAll(b"anybody?".to_vec());
        client(&mut h, id, ClientAction::On(send));
    }
    ready(&mut h, Actor::Client(ClientId(1)), |r| r.failed);
    h.returned(Actor::Client(ClientId(2)), Function::Recv);
    // One that is shut down is readable for ever, and has nothing.
    let shutdown = SocketAction::Shutdown(ShutdownHow::Both);
    client(&mut h, 2, ClientAction::On(shutdown));
    h.returned(Actor::Client(ClientId(2)), Function::Shutdown);
    // Datagrams that nobody receives, an empty one first.
    client(&mut h, 3, BY_HAND);
    client(
        &mut h,
        3,
        ClientAction::Socket(Family::Inet, SocketKind::Datagram),
    );
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    client(&mut h, 3, ClientAction::On(SocketAction::Bind(any)));
    let record = h.returned(Actor::Client(ClientId(3)), Function::Getsockname);
    let sockyard::model::Outcome::Named(at) = record.outcome else {
        panic!("{record}");
    };
    let other = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    for datagram in [&b""[..], b"unread"] {
        other.send_to(datagram, at).expect("room");
    }
    ready(&mut h, Actor::Client(ClientId(3)), |r| r.readable);
    assert_idle("clients of UDP", &mut h);
}

fn clients_that_wait() {
    let mut h = Harness::new();
    let full = peer::FullQueue::new();
    let (_held, refusing) = peer::refusing();
    let stream = |at| ClientAction::Connect(target(at, SocketKind::Stream));
    // In a handshake, waiting for it and not; refused, and not asked yet; without a connection; without room to send.
    client(&mut h, 1, stream(full.address));
    client(&mut h, 2, NON_BLOCKING);
    client(&mut h, 2, stream(full.address));
    client(&mut h, 3, NON_BLOCKING);
    client(&mut h, 3, stream(refusing));
    client(
        &mut h,
        4,
        ClientAction::Socket(Family::Inet, SocketKind::Stream),
    );
    client(
        &mut h,
        5,
        ClientAction::Socket(Family::Inet, SocketKind::Stream),
    );
    client(&mut h, 5, stream(refusing));
    let peer = connected(&mut h, 6);
    let send = SocketAction::SendAll(vec![b'x'; 32 << 20]);
    client(&mut h, 6, ClientAction::On(send));
    client(&mut h, 7, BY_HAND);
    let other = connected(&mut h, 7);
    client(&mut h, 7, ClientAction::On(RECV));
    h.wait("a blocked send", |events| {
        let blocked = |event: &Event| {
            matches!(event, Event::Blocked { call, .. } if call.function() == Function::Send)
        };
        events.iter().any(blocked).then_some(())
    });
    assert_idle("clients that wait", &mut h);
    drop((peer, other));
}

/// A server whose connections a person has: each is in another state.
fn connections_by_hand(model: Model) {
    let mut h = Harness::new();
    let at = h.serve_with(Offer {
        service: Service::Manual,
        model,
        delay: Duration::ZERO,
    });
    let number = if model == Model::Serial { 1 } else { 8 };
    // A serial server has one after the other, the others have all of them at once.
    for state in 0..8 / number {
        let first = h.seen().len();
        let peers: Vec<TcpStream> = (0..number).map(|_| peer::connect(at)).collect();
        let mut ids: Vec<ConnectionId> = Vec::new();
        while ids.len() < number {
            ids = h.wait("connections", |events| {
                let serving = events[first..].iter().filter_map(|event| match event {
                    Event::Serving { connection, .. } => Some(*connection),
                    _ => None,
                });
                let ids: Vec<ConnectionId> = serving.collect();
                (ids.len() == number).then_some(ids)
            });
        }
        for (offset, peer) in peers.iter().enumerate() {
            match (state + offset) % 8 {
                0 => peer::send(peer, b"unread"),
                1 => {
                    rustix::net::send(peer.as_fd(), b"a!", SendFlags::OOB).expect("room");
                }
                2 => peer.shutdown(Shutdown::Write).expect("open"),
                3 => {
                    peer::send(peer, b"last words");
                    peer.shutdown(Shutdown::Both).expect("open");
                }
                4 => h
                    .perform(Action::Connection(ids[offset], RECV))
                    .expect("it is there"),
                // Shut down by the person, who receives what still comes.
                5 | 6 => {
                    let how = match (state + offset) % 8 {
                        5 => ShutdownHow::Read,
                        _ => ShutdownHow::Both,
                    };
                    for action in [
                        SocketAction::ReceiveAlone(Some(100)),
                        SocketAction::Shutdown(how),
                    ] {
                        h.perform(Action::Connection(ids[offset], action))
                            .expect("it is there");
                    }
                    h.returned(Actor::Connection(ids[offset]), Function::Shutdown);
                    peer::send(peer, b"late");
                }
                _ => {
                    let send = SocketAction::SendAll(vec![b'x'; 32 << 20]);
                    h.perform(Action::Connection(ids[offset], send))
                        .expect("it is there");
                }
            }
        }
        assert_idle(&format!("{model} by hand, state {state}"), &mut h);
        // A reset of all of them.
        for peer in peers {
            peer::reset(peer);
        }
        assert_idle(&format!("{model} by hand, reset, state {state}"), &mut h);
        for id in ids {
            h.perform(Action::Connection(id, SocketAction::Close))
                .expect("it is there");
        }
    }
}

/// A server whose connections are served: they wait for bytes, for room and for their time.
fn connections_of_services(model: Model) {
    let mut h = Harness::new();
    let offer = |service, delay| Offer {
        service,
        model,
        delay: Duration::from_secs(delay),
    };
    let at = h.serve(Service::Echo);
    h.server(ServerAction::Offer(offer(Service::Echo, 0)));
    let mut peers = vec![peer::connect(at)];
    h.returned(Actor::Server, Function::Accept);
    if model != Model::Serial {
        for (service, delay) in [
            (Service::Discard, 0),
            (Service::Chat, 0),
            (Service::Http, 0),
            (Service::Echo, 3_600),
        ] {
            h.server(ServerAction::Offer(offer(service, delay)));
            peers.push(peer::connect(at));
            h.returned(Actor::Server, Function::Accept);
            peer::send(&peers[peers.len() - 1], b"GET ");
        }
        // While it thinks the peer ends.
        peers[4].shutdown(Shutdown::Write).expect("open");
    }
    // Nobody reads the first one's echo; then it comes back, for the next turn.
    let writer = peers[0].try_clone().expect("a descriptor");
    writer.set_nonblocking(true).expect("a mode");
    let mut full = 0;
    while full < 20 {
        // The server waits for whoever collects its reports.
        let patience = if std::io::Write::write(&mut &writer, &[b'x'; 16 << 10]).is_ok() {
            full = 0;
            Duration::ZERO
        } else {
            full += 1;
            Duration::from_millis(10)
        };
        while h.collect(Instant::now() + patience) {}
    }
    // Those who wait in the queue of a serial server wake nobody either.
    let _waiting = peer::connect(at);
    // The kernel finds some more room for a connection that is full, from time to time.
    assert_idle_after(SETTLED * 6, QUIET, &format!("services of {model}"), &mut h);
}

fn listening_by_hand() {
    let mut h = Harness::new();
    h.server(ServerAction::Socket(Family::Inet, SocketKind::Stream));
    h.server(ServerAction::Listen(2));
    let record = h.returned(Actor::Server, Function::Getsockname);
    let sockyard::model::Outcome::Named(at) = record.outcome else {
        panic!("{record}");
    };
    let at = SocketAddr::from(([127, 0, 0, 1], at.port()));
    let _peers = [peer::connect(at), peer::connect(at)];
    // A queue that holds as many as its backlog says is not full yet. What a full one has dropped is asked once a second.
    let quiet = Duration::from_millis(1_200);
    assert_idle_after(SETTLED, quiet, "connections that nobody accepts", &mut h);
    let shutdown = SocketAction::Shutdown(ShutdownHow::Read);
    h.server(ServerAction::AcceptAlone(true));
    h.server(ServerAction::On(shutdown));
    assert_idle("a listening socket that is shut down", &mut h);
}

fn udp_servers() {
    for service in [Service::Manual, Service::Echo] {
        let mut h = Harness::new();
        h.server(ServerAction::Start(sockyard::model::ServerSetup {
            host: "127.0.0.1".to_owned(),
            port: 0,
            kind: SocketKind::Datagram,
            backlog: 0,
            offer: Offer {
                service,
                ..Offer::default()
            },
        }));
        let at = h.listening();
        let other = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        other.send_to(b"a datagram", at).expect("room");
        // The answer of the next one goes to a port where nobody is any more.
        other.send_to(b"another", at).expect("room");
        drop(other);
        assert_idle(&format!("a UDP server, {service}"), &mut h);
        let shutdown = SocketAction::Shutdown(ShutdownHow::Both);
        h.server(ServerAction::On(shutdown));
        assert_idle(&format!("a UDP server shut down, {service}"), &mut h);
    }
}

fn ports() {
    let full = peer::FullQueue::new();
    let port = full.address.port();
    let mut h = Harness::new();
    h.perform(Action::Ports(PortsAction::Try(PortRange {
        host: "127.0.0.1".to_owned(),
        first: port,
        last: port,
        patience: Duration::from_secs(3_600),
    })))
    .expect("the thread can be started");
    h.wait("a handshake", |events| {
        let opened = |event: &Event| {
            matches!(event, Event::Returned(record) if record.call.function() == Function::Socket)
        };
        events.iter().any(opened).then_some(())
    });
    assert_idle("a port that is silent", &mut h);
}
