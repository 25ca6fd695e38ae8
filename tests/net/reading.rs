//! What the tests of this crate ask of a harness beyond waiting: orders to the first client, and the story that the
//! collected events tell of one actor.

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sockyard::model::call::Function;
use sockyard::model::{
    Action, Actor, Address, CallRecord, ClientAction, ClientId, ConnectionId, Event, Fd, Offer,
    Outcome, Readiness, RecvFlags, ServerAction, ServerSetup, Service, SocketAction, SocketKind,
    Target,
};

use crate::harness::{Harness, story};

/// The client that most tests use.
pub const CLIENT: Actor = Actor::Client(ClientId::FIRST);

/// The server's connection number `n`.
pub const fn connection(n: u64) -> Actor {
    Actor::Connection(ConnectionId(n))
}

/// To connect to `host` and `port` as typed.
pub fn connect_to(host: &str, port: &str) -> ClientAction {
    ClientAction::Connect(Target::stream(Address {
        host: host.to_owned(),
        port: port.to_owned(),
    }))
}

/// To connect to `address`.
pub fn connect(address: SocketAddr) -> ClientAction {
    connect_to(&address.ip().to_string(), &address.port().to_string())
}

/// To send all of `bytes`.
pub fn send(bytes: impl Into<Vec<u8>>) -> ClientAction {
    ClientAction::On(SocketAction::SendAll(bytes.into()))
}

/// To receive at most `size` bytes by hand.
pub const fn recv(size: usize) -> SocketAction {
    SocketAction::Recv {
        size,
        flags: RecvFlags {
            urgent: false,
            peek: false,
        },
    }
}

/// To look at what comes next without receiving it.
pub const PEEK: SocketAction = SocketAction::Recv {
    size: 100,
    flags: RecvFlags {
        urgent: false,
        peek: true,
    },
};

/// To receive the urgent byte.
pub const RECV_URGENT: SocketAction = SocketAction::Recv {
    size: 1,
    flags: RecvFlags {
        urgent: true,
        peek: false,
    },
};

/// To send `bytes` with one call.
pub fn send_once(bytes: impl Into<Vec<u8>>) -> SocketAction {
    SocketAction::Send {
        bytes: bytes.into(),
        urgent: false,
    }
}

/// To send `bytes`, the last of which is urgent.
pub fn send_urgent(bytes: impl Into<Vec<u8>>) -> SocketAction {
    SocketAction::Send {
        bytes: bytes.into(),
        urgent: true,
    }
}

/// To close the socket.
pub const CLOSE: ClientAction = ClientAction::On(SocketAction::Close);

/// To serve the connections that come from now on with `service`, each on a thread of its own.
pub fn offer(service: Service) -> ServerAction {
    ServerAction::Offer(Offer {
        service,
        ..Offer::default()
    })
}

/// To listen on `port` of `host` with the echo service.
pub fn start(host: &str, port: u16) -> ServerAction {
    ServerAction::Start(ServerSetup {
        host: host.to_owned(),
        port,
        kind: SocketKind::Stream,
        backlog: 128,
        offer: Offer::default(),
    })
}

/// The calls of `who` in the order in which they returned.
pub fn records(events: &[Event], who: Actor) -> impl Iterator<Item = &CallRecord> {
    events.iter().filter_map(move |event| match event {
        Event::Returned(record) if record.who == who => Some(record),
        _ => None,
    })
}

/// The bytes that `who` received.
pub fn received(events: &[Event], who: Actor) -> Vec<u8> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Received { who: by, bytes, .. } if *by == who => Some(&bytes[..]),
            _ => None,
        })
        .collect::<Vec<_>>()
        .concat()
}

/// How many bytes the kernel took from `who`.
pub fn sent(events: &[Event], who: Actor) -> usize {
    records(events, who)
        .map(|record| match record.outcome {
            Outcome::Sent(count) => count,
            _ => 0,
        })
        .sum()
}

/// How many calls of `function` have returned to `who`.
pub fn count(events: &[Event], who: Actor, function: Function) -> usize {
    records(events, who)
        .filter(|record| record.call.function() == function)
        .count()
}

/// The descriptor that `socket` or `accept` returned.
#[track_caller]
pub fn descriptor(record: &CallRecord) -> Fd {
    match record.outcome {
        Outcome::Descriptor(fd) | Outcome::Accepted { fd, .. } => fd,
        _ => panic!("no descriptor: {record}"),
    }
}

/// The address that `getsockname` filled in.
#[track_caller]
pub fn named(record: &CallRecord) -> SocketAddr {
    match record.outcome {
        Outcome::Named(address) => address,
        _ => panic!("no address: {record}"),
    }
}

/// The processor time that the one thread called `name` has used, in clock ticks.
fn ticks_of_thread(name: &str) -> u64 {
    let mut found = Vec::new();
    for task in fs::read_dir("/proc/self/task").expect("procfs") {
        let path = task.expect("a thread's directory").path();
        // A thread of another test may end between the listing and here.
        let Ok(comm) = fs::read_to_string(path.join("comm")) else {
            continue;
        };
        if comm.trim_end() == name {
            let stat = fs::read_to_string(path.join("stat")).expect("the thread lives");
            let (_, numbers) = stat.rsplit_once(") ").expect("the name in brackets");
            // utime and stime, fields 14 and 15 of proc_pid_stat(5); the first after the name is field 3.
            let times = numbers.split(' ').skip(14 - 3).take(2);
            found.push(
                times
                    .map(|time| time.parse::<u64>().expect("a number of ticks"))
                    .sum(),
            );
        }
    }
    match found[..] {
        [ticks] => ticks,
        _ => panic!("{} threads are called {name}", found.len()),
    }
}

/// The last event that tells something of a socket: that what was asked is settled is no news of it.
pub fn news(events: &[Event]) -> Option<&Event> {
    (events.iter().rev()).find(|event| !matches!(event, Event::Settled { .. }))
}

impl Harness {
    /// Lets the first client do `action`.
    pub fn client(&mut self, action: ClientAction) {
        self.client_number(ClientId::FIRST, action);
    }

    /// Lets the client `id` do `action`.
    pub fn client_number(&mut self, id: ClientId, action: ClientAction) {
        self.perform(Action::Client(id, action))
            .expect("the client's thread can be started");
    }

    /// Lets the first client do `action` and waits until the call that it makes has returned.
    #[track_caller]
    pub fn does(&mut self, action: SocketAction) -> CallRecord {
        self.calls(ClientAction::On(action))
    }

    /// Lets the first client do `action` and waits until the next call of its returns.
    #[track_caller]
    pub fn calls(&mut self, action: ClientAction) -> CallRecord {
        let before = self.number_of_calls(CLIENT);
        self.client(action);
        self.call_after(CLIENT, before)
    }

    /// Lets the server do `action` and waits until the next call of its returns.
    #[track_caller]
    pub fn server_calls(&mut self, action: ServerAction) -> CallRecord {
        let before = self.number_of_calls(Actor::Server);
        self.server(action);
        self.call_after(Actor::Server, before)
    }

    fn number_of_calls(&self, who: Actor) -> usize {
        records(self.seen(), who).count()
    }

    #[track_caller]
    fn call_after(&mut self, who: Actor, before: usize) -> CallRecord {
        let (next, record) = self.wait(&format!("return of another call to {who}"), |events| {
            let mut own = events
                .iter()
                .enumerate()
                .filter_map(|(at, event)| match event {
                    Event::Returned(record) if record.who == who => Some((at + 1, record.clone())),
                    _ => None,
                });
            own.nth(before)
        });
        self.read.insert(who, next);
        record
    }

    /// Does `action` to the accepted connection `number` by hand.
    #[track_caller]
    pub fn hand(&mut self, number: u64, action: SocketAction) {
        self.perform(Action::Connection(ConnectionId(number), action))
            .expect("the connection is there");
    }

    /// Does `action` to the accepted connection `number` and waits until the next call on it returns.
    #[track_caller]
    pub fn hand_calls(&mut self, number: u64, action: SocketAction) -> CallRecord {
        let who = connection(number);
        let before = self.number_of_calls(who);
        self.hand(number, action);
        self.call_after(who, before)
    }

    /// Waits until what was last told of the readiness of `who` is so.
    #[track_caller]
    pub fn ready(&mut self, who: Actor, what: &str, is_so: impl Fn(Readiness) -> bool) {
        self.wait(&format!("readiness of {who}: {what}"), |events| {
            let last = events.iter().rev().find_map(|event| match event {
                Event::Ready { who: by, readiness } if *by == who => Some(*readiness),
                _ => None,
            });
            last.is_some_and(&is_so).then_some(())
        });
    }

    /// The calls of `who` so far, each with its outcome, as the log shows them.
    pub fn texts(&self, who: Actor) -> Vec<String> {
        records(self.seen(), who).map(ToString::to_string).collect()
    }

    /// Which functions the first client has called so far.
    pub fn functions(&self) -> Vec<Function> {
        self.functions_of(CLIENT)
    }

    /// Which functions `who` has called so far.
    pub fn functions_of(&self, who: Actor) -> Vec<Function> {
        records(self.seen(), who)
            .map(|record| record.call.function())
            .collect()
    }

    /// The first return of `function` to the first client.
    #[track_caller]
    pub fn first(&self, function: Function) -> CallRecord {
        records(self.seen(), CLIENT)
            .find(|record| record.call.function() == function)
            .expect("it was called")
            .clone()
    }

    /// The descriptors of the first client's sockets, in the order in which they were made.
    pub fn descriptors(&self) -> Vec<Fd> {
        records(self.seen(), CLIENT)
            .filter(|record| record.call.function() == Function::Socket)
            .map(descriptor)
            .collect()
    }

    /// Waits until `who` is blocked in `function`: reported as blocked, and no return since.
    #[track_caller]
    pub fn blocked(&mut self, who: Actor, function: Function) {
        self.wait(&format!("{who} blocked in {function:?}"), |events| {
            let last = events.iter().rev().find(|event| match event {
                Event::Blocked { who: by, call, .. } => *by == who && call.function() == function,
                Event::Returned(record) => record.who == who && record.call.function() == function,
                Event::Unblocked {
                    who: by,
                    function: of,
                } => *by == who && *of == function,
                Event::Received { .. }
                | Event::Ready { .. }
                | Event::AcceptQueue { .. }
                | Event::Accepting { .. }
                | Event::Blocking { .. }
                | Event::Serving { .. }
                | Event::TakenOver(_)
                | Event::Settled { .. }
                | Event::Port(_)
                | Event::Trouble { .. }
                | Event::Unserved { .. }
                | Event::Panicked { .. } => false,
            });
            matches!(last, Some(Event::Blocked { .. })).then_some(())
        });
    }

    /// Waits until `who` has received `bytes` in all.
    #[track_caller]
    pub fn receives(&mut self, who: Actor, bytes: &[u8]) {
        self.wait(&format!("{bytes:?} received by {who}"), |events| {
            (received(events, who) == bytes).then_some(())
        });
    }

    /// Waits for the next trouble of `who` and gives back its message.
    #[track_caller]
    pub fn trouble(&mut self, who: Actor) -> String {
        self.wait(&format!("trouble of {who}"), |events| {
            events.iter().find_map(|event| match event {
                Event::Trouble {
                    who: by, message, ..
                } if *by == who => Some(message.clone()),
                _ => None,
            })
        })
    }

    /// Connects the first client to `address` and waits until it waits for bytes.
    #[track_caller]
    pub fn connected(&mut self, address: SocketAddr) {
        self.client(connect(address));
        let record = self.returned(CLIENT, Function::Connect);
        assert_eq!(record.outcome, Outcome::Done, "{record}");
        self.blocked(CLIENT, Function::Recv);
    }

    /// Checks that no worker reports anything for the length of `time` and that the thread of `who` uses no processor
    /// time meanwhile. Its name must be one that no other test of this process gives to a thread.
    #[track_caller]
    pub fn idle(&mut self, who: Actor, time: Duration) {
        /// A wait may just begin or end, and the kernel charges by the tick of 10 ms.
        const ALLOWED: u64 = 2;
        let before = ticks_of_thread(&who.to_string());
        self.quiet(time);
        let used = ticks_of_thread(&who.to_string()) - before;
        assert!(used <= ALLOWED, "{who} spins: {used} ticks");
    }

    /// Checks that no worker reports anything for the length of `time`.
    #[track_caller]
    pub fn quiet(&mut self, time: Duration) {
        let before = self.seen().len();
        let heard = self.collect(Instant::now() + time);
        assert!(!heard, "not quiet:\n{}", story(&self.seen()[before..]));
    }
}
