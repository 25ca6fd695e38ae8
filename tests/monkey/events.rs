//! What the workers report: any call of anybody with any outcome, bytes, and what came of a save. Much of it cannot be.

use std::net::SocketAddr;
use std::time::Duration;

use sockyard::model::call::{Ending, Function};
use sockyard::model::{
    Actor, Call, CallRecord, ClientId, ConnectionId, Errno, Event, Family, Fd, Interface,
    LookupError, Model, Moment, Offer, OptionSetting, OptionValue, Outcome, PortEvent, PortVerdict,
    Preview, Readiness, RecvFlags, SaveId, SaveReport, Service, ShutdownHow, SocketKind,
    SocketOption, Waited,
};

use crate::run::Monkey;

impl Monkey {
    fn bytes(&mut self) -> Vec<u8> {
        match self.random.below(12) {
            0 => Vec::new(),
            1 => vec![b'x'; self.random.below(200_000)],
            2 => b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n<p>".to_vec(),
            3 => b"\n\r\n".to_vec(),
            _ => {
                let count = 1 + self.random.below(40);
                (0..count).map(|_| self.random.next() as u8).collect()
            }
        }
    }

    pub fn address(&mut self) -> SocketAddr {
        let port = self.random.below(3_000) as u16;
        match self.random.below(4) {
            0 => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), port),
            1 => SocketAddr::from(([0, 0, 0, 0], port)),
            _ => SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    pub fn actor(&mut self) -> Actor {
        match self.random.below(10) {
            0..5 => {
                // Those that are there, those that were, and those that never will be.
                let id = match self.random.below(4) {
                    0 => self.app.sessions.front_id(),
                    1 => ClientId(self.random.below(2_000) as u32),
                    _ => ClientId(1 + self.random.below(12) as u32),
                };
                Actor::Client(id)
            }
            5..7 => Actor::Server,
            7..9 => Actor::Connection(ConnectionId(1 + self.random.below(600) as u64)),
            _ => Actor::Ports,
        }
    }

    fn option(&mut self) -> (SocketOption, OptionValue) {
        let value = self.random.of(&[
            OptionValue::Flag(true),
            OptionValue::Number(u32::MAX),
            OptionValue::Linger(Some(Duration::from_secs(1))),
            OptionValue::Linger(None),
        ]);
        (self.random.of(&SocketOption::ALL), value)
    }

    fn call(&mut self) -> Call {
        let fd = Fd(self.random.below(12) as i32 - 1);
        let family = self.random.of(&[Family::Inet, Family::Inet6]);
        let kind = self.random.of(&SocketKind::ALL);
        let address = self.address();
        let size = self.random.below(70_000);
        let flags = RecvFlags {
            urgent: self.random.one_in(4),
            peek: self.random.one_in(4),
        };
        let bytes = self.bytes();
        let (length, preview) = (bytes.len(), Preview::of(&bytes));
        let how = self.random.of(&ShutdownHow::ALL);
        match self.random.below(18) {
            0 => Call::Getaddrinfo {
                host: self.text(),
                service: self.text(),
                family: None,
                kind,
            },
            1 | 2 => Call::Socket { family, kind },
            3 => {
                let (option, value) = self.option();
                let setting = self.random.of(&[
                    OptionSetting::Value(option, value),
                    OptionSetting::Join(address.ip(), Interface::Any),
                    OptionSetting::Leave(address.ip(), Interface::Index(9)),
                    OptionSetting::MulticastInterface(Interface::Any),
                ]);
                Call::Setsockopt {
                    fd,
                    setting,
                    family,
                }
            }
            4 => Call::Getsockopt {
                fd,
                option: self.option().0,
                family,
            },
            5 => Call::Bind { fd, address },
            6 => Call::Listen {
                fd,
                backlog: self.random.next() as i32,
            },
            7 => Call::Getsockname { fd },
            8 => Call::Accept { fd },
            9 | 10 => Call::Connect { fd, address },
            11 => Call::Send {
                fd,
                length,
                preview,
                urgent: flags.urgent,
            },
            12 => Call::Sendto {
                fd,
                length,
                preview,
                address,
            },
            13 => Call::Recv { fd, size, flags },
            14 => Call::Recvfrom { fd, size, flags },
            15 => Call::Shutdown { fd, how },
            16 => Call::Close { fd },
            _ => Call::EpollWait { sockets: size },
        }
    }

    /// An outcome, which need not be one that the call can have.
    fn outcome(&mut self, call: &Call) -> Outcome {
        let errno = self.random.of(&[
            Errno::ECONNREFUSED,
            Errno::ECONNRESET,
            Errno::EAGAIN,
            Errno::EPIPE,
            Errno::EBADF,
            Errno::EADDRINUSE,
            Errno::ENOTCONN,
            Errno(9_999),
        ]);
        if self.random.one_in(4) {
            return Outcome::Failed(errno);
        }
        let fitting = !self.random.one_in(8);
        let fd = Fd(self.random.below(40) as i32);
        let count = self.random.below(100);
        match call {
            Call::Socket { .. } if fitting => return Outcome::Descriptor(fd),
            Call::Accept { .. } if fitting => return self.accepted(),
            Call::Connect { .. } | Call::Listen { .. } | Call::Bind { .. } | Call::Close { .. }
                if fitting =>
            {
                return Outcome::Done;
            }
            Call::Send { length, .. } | Call::Sendto { length, .. } if fitting => {
                return Outcome::Sent(*length);
            }
            _ => {}
        }
        match self.random.below(9) {
            0 => Outcome::Done,
            1 => Outcome::Descriptor(fd),
            2 => self.accepted(),
            3 => Outcome::Named(self.address()),
            4 => Outcome::Value(self.option().1),
            5 => {
                let count = self.random.below(40);
                Outcome::Resolved((0..count).map(|_| self.address()).collect())
            }
            6 => Outcome::Sent(count),
            7 => Outcome::Received {
                count,
                preview: Preview::of(&self.bytes()),
                ending: self.random.of(&[
                    Ending::Piece,
                    Ending::Stream,
                    Ending::Datagram,
                    Ending::Cut(7),
                ]),
                from: self.random.one_in(2).then(|| self.address()),
            },
            _ => self.random.of(&[
                Outcome::Cancelled,
                Outcome::LookupFailed(LookupError::Eai(-2)),
            ]),
        }
    }

    fn accepted(&mut self) -> Outcome {
        Outcome::Accepted {
            fd: Fd(self.random.below(40) as i32),
            peer: self.address(),
            connection: ConnectionId(1 + self.random.below(600) as u64),
        }
    }

    pub fn event(&mut self) -> Event {
        let who = self.actor();
        let at = Moment(self.now);
        match self.random.below(40) {
            0..18 => {
                self.now += self.random.below(2_000) as u64;
                let (who, call, outcome) = self.returned(who);
                // Reports of different workers come late now and then.
                let late = self.random.of(&[0, 0, 0, 5_000]);
                let entered = Moment(self.now.saturating_sub(late));
                let waited = self
                    .random
                    .of(&[Waited::No, Waited::InPoll, Waited::InProgress]);
                Event::Returned(CallRecord {
                    who,
                    call,
                    outcome,
                    entered,
                    returned: at,
                    took: Duration::from_micros(self.random.below(9_000_000) as u64),
                    waited,
                })
            }
            18..26 => Event::Received {
                who,
                at,
                bytes: self.bytes(),
                from: self.random.one_in(2).then(|| self.address()),
            },
            26..30 => Event::Blocked {
                who,
                call: self.call(),
                since: at,
            },
            30 => Event::Unblocked {
                who,
                function: self.random.of(&[
                    Function::Recv,
                    Function::Send,
                    Function::Connect,
                    Function::Accept,
                ]),
            },
            31 | 32 => Event::Ready {
                who,
                readiness: Readiness {
                    readable: self.random.one_in(2),
                    writable: self.random.one_in(2),
                    waiting: self.random.below(1 << 40),
                    ..Readiness::default()
                },
            },
            33 => Event::AcceptQueue {
                waiting: self.random.below(4) as u32,
                backlog: self.random.below(3) as u32,
                dropped: self.random.below(3) as u32,
            },
            34 => Event::Serving {
                connection: ConnectionId(1 + self.random.below(600) as u64),
                offer: Offer {
                    service: self.random.of(&Service::ALL),
                    model: self.random.of(&Model::ALL),
                    delay: Duration::ZERO,
                },
            },
            35 => self.given_up(at),
            36 | 37 => Event::Port(match self.random.below(6) {
                0 => PortEvent::Began(self.address().ip()),
                1 => PortEvent::Ended,
                _ => PortEvent::Tried {
                    port: self.random.next() as u16,
                    verdict: self.random.of(&[
                        PortVerdict::Open,
                        PortVerdict::Closed,
                        PortVerdict::Silent,
                        PortVerdict::Failed(Errno(9_999)),
                    ]),
                    took: Duration::ZERO,
                },
            }),
            38 if self.random.one_in(2) => Event::Accepting {
                alone: self.random.one_in(2),
            },
            39 if self.random.one_in(2) => Event::Blocking {
                who,
                on: self.random.one_in(2),
            },
            39 => Event::Settled {
                who,
                actions: self.random.below(5) as u32,
            },
            38 => Event::Panicked {
                who,
                at,
                message: self.text(),
            },
            _ => Event::Trouble {
                who,
                at,
                message: self.text(),
            },
        }
    }

    /// A connection that its service leaves, to a person or to nobody.
    fn given_up(&mut self, at: Moment) -> Event {
        let connection = ConnectionId(1 + self.random.below(600) as u64);
        if self.random.one_in(2) {
            return Event::TakenOver(connection);
        }
        Event::Unserved {
            connection,
            at,
            message: self.text(),
        }
    }

    /// A call and its outcome: any of anybody, or what makes the list of connections long.
    fn returned(&mut self, who: Actor) -> (Actor, Call, Outcome) {
        let fd = Fd(self.random.below(40) as i32);
        match self.random.below(8) {
            0 => (Actor::Server, Call::Accept { fd }, self.accepted()),
            1 => {
                let number = 1 + self.random.below(600) as u64;
                let who = Actor::Connection(ConnectionId(number));
                (who, Call::Close { fd }, Outcome::Done)
            }
            _ => {
                let call = self.call();
                let outcome = self.outcome(&call);
                (who, call, outcome)
            }
        }
    }

    pub fn report(&mut self) -> SaveReport {
        let newest = self.open.last().map_or(1, |id| id.0);
        let id = SaveId(newest.saturating_sub(self.random.below(3) as u64));
        let path = self.text().into();
        match self.random.below(6) {
            0 => SaveReport::Exists { id, path, bytes: 9 },
            1 => SaveReport::Opened { id, path },
            2 => SaveReport::CaughtUp,
            3 => SaveReport::Failed {
                id,
                path,
                written: u64::MAX,
                left: self.random.one_in(2),
                why: self.text(),
            },
            _ => SaveReport::Finished { id, path, bytes: 7 },
        }
    }
}
