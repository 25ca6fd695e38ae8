//! Whatever is done in whatever order: no worker panics, each ends when it is told to, and the story that the events
//! tell makes sense.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use sockyard::model::{
    Action, Actor, Address, ClientAction, ClientId, ConnectionId, Event, Family, Fd, Interface,
    Model, Offer, OptionSetting, OptionValue, Outcome, PortRange, PortsAction, RecvFlags,
    ServerAction, ServerSetup, Service, ShutdownHow, SocketAction, SocketKind, SocketOption,
    Target,
};

use crate::harness::{Harness, LIMIT, story};
use crate::peer;
use crate::reading::connect;

/// How many yards are made and dropped, and how much is done in each.
const ROUNDS: u64 = 200;
const STEPS: u64 = 30;

/// Numbers that look random and are the same in each run: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.of(&[0, 1, 5, 100, 70_000, 3 << 20]);
        vec![b'r'; length]
    }

    fn size(&mut self) -> usize {
        self.of(&[0, 1, 10, 4_096, 1 << 20])
    }

    fn kind(&mut self) -> SocketKind {
        self.of(&[SocketKind::Stream, SocketKind::Stream, SocketKind::Datagram])
    }

    fn family(&mut self) -> Family {
        self.of(&[Family::Inet, Family::Inet, Family::Inet6])
    }
}

/// Where things may be sent.
struct Places {
    all: Vec<SocketAddr>,
}

impl Places {
    fn any(&self, numbers: &mut Numbers) -> SocketAddr {
        numbers.of(&self.all)
    }

    fn target(&self, numbers: &mut Numbers) -> Target {
        let at = self.any(numbers);
        Target {
            address: Address {
                host: at.ip().to_string(),
                port: at.port().to_string(),
            },
            family: None,
            kind: numbers.kind(),
        }
    }
}

fn socket_action(numbers: &mut Numbers, places: &Places) -> SocketAction {
    let flag = OptionValue::Flag(numbers.coin());
    match numbers.below(22) {
        0 => SocketAction::Bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        1 | 2 => SocketAction::Send {
            bytes: numbers.bytes(),
            urgent: numbers.coin(),
        },
        3..=5 => SocketAction::SendAll(numbers.bytes()),
        6 => SocketAction::SendTo(places.any(numbers), numbers.bytes()),
        7..=10 => SocketAction::Recv {
            size: numbers.size(),
            flags: RecvFlags {
                urgent: numbers.below(4) == 0,
                peek: numbers.below(4) == 0,
            },
        },
        // Not in single bytes: that is slow and no news.
        11 => SocketAction::ReceiveAlone(Some(numbers.of(&[4_096, 1 << 20]))),
        12 => SocketAction::ReceiveAlone(None),
        13 => SocketAction::Shutdown(numbers.of(&ShutdownHow::ALL)),
        14 => SocketAction::Close,
        15 => SocketAction::Reset,
        16 => SocketAction::Set(OptionSetting::Value(numbers.of(&SocketOption::ALL), flag)),
        17 => SocketAction::Set(OptionSetting::Join(
            Ipv4Addr::new(239, 1, 2, 3).into(),
            Interface::Address(Ipv4Addr::LOCALHOST),
        )),
        18 => SocketAction::Get(numbers.of(&SocketOption::ALL)),
        19 => SocketAction::Blocking(numbers.coin()),
        20 => SocketAction::CancelSend,
        _ => SocketAction::CancelRecv,
    }
}

fn offer(numbers: &mut Numbers) -> Offer {
    Offer {
        service: numbers.of(&Service::ALL),
        model: numbers.of(&Model::ALL),
        delay: Duration::from_millis(numbers.of(&[0, 0, 1, 50, 3_600_000])),
    }
}

fn action(numbers: &mut Numbers, places: &Places, sessions: &mut [u32; 3]) -> Action {
    let address = Address {
        host: "127.0.0.1".to_owned(),
        port: "0".to_owned(),
    };
    match numbers.below(30) {
        0..=9 => {
            let session = &mut sessions[numbers.below(3) as usize];
            let id = ClientId(*session);
            let action = match numbers.below(12) {
                0 => ClientAction::Resolve(places.target(numbers)),
                1 => ClientAction::Socket(numbers.family(), numbers.kind()),
                2..=4 => ClientAction::Connect(places.target(numbers)),
                5 => ClientAction::SendTo(places.target(numbers), numbers.bytes()),
                6 => ClientAction::CancelConnect,
                7 => {
                    // The next one has a number of its own.
                    *session += 3;
                    ClientAction::End
                }
                _ => ClientAction::On(socket_action(numbers, places)),
            };
            Action::Client(id, action)
        }
        10..=19 => Action::Server(match numbers.below(14) {
            0..=2 => ServerAction::Start(ServerSetup {
                host: numbers.of(&["127.0.0.1", "localhost", "::1"]).to_owned(),
                port: 0,
                kind: numbers.kind(),
                backlog: numbers.of(&[0, 1, 128]),
                offer: offer(numbers),
            }),
            3 | 4 => ServerAction::Offer(offer(numbers)),
            5 => ServerAction::Stop,
            6 => ServerAction::Socket(numbers.family(), numbers.kind()),
            7 => ServerAction::Bind(address),
            8 => ServerAction::Listen(numbers.of(&[-1, 0, 1, 128])),
            9 | 10 => ServerAction::Accept,
            11 => ServerAction::AcceptAlone(numbers.coin()),
            12 => ServerAction::CancelAccept,
            _ => ServerAction::On(socket_action(numbers, places)),
        }),
        20..=28 => Action::Connection(
            ConnectionId(1 + numbers.below(6)),
            socket_action(numbers, places),
        ),
        _ if numbers.coin() => Action::Ports(PortsAction::Cancel),
        _ => Action::Ports(PortsAction::Try(PortRange {
            host: "127.0.0.1".to_owned(),
            first: 1,
            last: 40,
            patience: Duration::from_millis(100),
        })),
    }
}

#[test]
fn nothing_panics_and_everything_ends_whatever_is_done() {
    let full = peer::FullQueue::new();
    let (_held, refusing) = peer::refusing();
    let (_listener, listening) = peer::listener();
    let mut numbers = Numbers(0x50_c4_7a_2d);
    let (mut calls, mut connections) = (0, 0);
    for round in 0..ROUNDS {
        // A small channel in some rounds, so that workers are dropped while they wait for it.
        let mut h = Harness::with_capacity(numbers.of(&[0, 1, 32]));
        let mut places = Places {
            all: vec![full.address, refusing, listening],
        };
        let mut sessions = [1, 2, 3];
        if numbers.below(4) != 0 {
            let server = h.serve_with(offer(&mut numbers));
            places.all.extend([server; 4]);
            for id in 1..=2 {
                h.client_number(ClientId(id), connect(server));
            }
        }
        for _ in 0..STEPS {
            // A connection that is not there is an answer, too.
            let _ = h.perform(action(&mut numbers, &places, &mut sessions));
            let patience = Duration::from_micros(numbers.of(&[0, 0, 300, 2_000]));
            let end = Instant::now() + patience;
            while h.collect(end) {}
            let listens = h.seen().iter().rev().find_map(|event| match event {
                Event::Returned(record) if record.who == Actor::Server => match record.outcome {
                    Outcome::Named(address) => Some(address),
                    _ => None,
                },
                _ => None,
            });
            // Most of what is connected to is the server.
            places.all.extend(listens);
        }
        if numbers.coin() {
            // All of the rest, so that the end is looked at too.
            let ended = h.shut_down(LIMIT);
            assert!(ended, "round {round}: a worker did not end");
        }
        let panics = h
            .seen()
            .iter()
            .filter(|e| matches!(e, Event::Panicked { .. }));
        assert_eq!(panics.count(), 0, "round {round}:\n{}", story(h.seen()));
        assert_sensible(h.seen(), round);
        assert_no_spin(h.seen(), round);
        calls += h
            .seen()
            .iter()
            .filter(|e| matches!(e, Event::Returned(_)))
            .count();
        connections += h
            .seen()
            .iter()
            .filter(|e| matches!(e, Event::Serving { .. }))
            .count();
    }
    // It is worth nothing if little comes of it.
    eprintln!("{calls} calls, {connections} connections");
    assert!(calls > 2_000, "{calls} calls");
    assert!(connections > 100, "{connections} connections");
}

/// A descriptor is used by nobody before it was made and after it was closed.
fn assert_sensible(events: &[Event], round: u64) {
    let mut open: BTreeSet<(Actor, Fd)> = BTreeSet::new();
    for event in events {
        let Event::Returned(record) = event else {
            continue;
        };
        match &record.outcome {
            Outcome::Descriptor(fd) => {
                open.insert((record.who, *fd));
            }
            Outcome::Accepted { fd, connection, .. } => {
                open.insert((Actor::Connection(*connection), *fd));
            }
            _ => {}
        }
        let text = record.call.to_string();
        let used = text
            .split_once('(')
            .and_then(|(_, rest)| rest.split([',', ')']).next())
            .and_then(|fd| fd.parse::<i32>().ok());
        if let Some(fd) = used
            && fd >= 0
        {
            assert!(
                open.contains(&(record.who, Fd(fd))),
                "round {round}: {} uses {text}, which it does not have:\n{}",
                record.who,
                story(events)
            );
            if text.starts_with("close") {
                open.remove(&(record.who, Fd(fd)));
            }
        }
    }
}

/// Nobody asks again and again for what is not there. By hand it is asked for a few times at most.
fn assert_no_spin(events: &[Event], round: u64) {
    let mut failures: BTreeMap<(Actor, String), u64> = BTreeMap::new();
    for event in events {
        if let Event::Returned(record) = event
            && record.outcome.is_failure()
        {
            let times = failures.entry((record.who, record.to_string()));
            *times.or_default() += 1;
        }
    }
    let most = failures.into_iter().max_by_key(|(_, times)| *times);
    if let Some(((who, text), times)) = most {
        assert!(
            times <= STEPS,
            "round {round}: {who}: {text}, {times} times"
        );
    }
}
