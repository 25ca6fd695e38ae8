//! Sends random bytes to an echo server through a client of a yard, and checks that the same bytes come back: in random
//! pieces, with random pauses, random sizes of recv and of the receive buffer. Shared by the bench and a test.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crc32fast::Hasher;
use crossbeam_channel::{Receiver, bounded};
use sockyard::model::{
    Action, Actor, Address, Batch, ClientAction, ClientId, Event, Model, Offer, OptionSetting,
    OptionValue, Outcome, RecvFlags, ServerAction, ServerSetup, Service, SocketAction, SocketKind,
    SocketOption, Target,
};
use sockyard::net::{Clock, Yard};

/// How long nothing may come before that is a fault.
const PATIENCE: Duration = Duration::from_secs(20);

/// Batches on their way, as many as in the program.
const BATCHES: usize = 32;

/// The most bytes that are under way: more than the buffers of both ends hold, so that both block now and then.
const MOST_UNDER_WAY: u64 = 24 << 20;

/// The largest piece that is sent.
const LARGEST_PIECE: u64 = 1 << 20;

/// What was sent and what came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// How many bytes.
    pub bytes: u64,
    /// Their CRC-32 (that of Ethernet and zip), in the order in which they were sent.
    pub sent: u32,
    /// In the order in which they came back.
    pub came: u32,
    /// In the order in which the server's connection received them, where that is heard.
    pub received: Option<u32>,
    /// In how many pieces they were sent, and by how many recvs they came back.
    pub pieces: (u64, u64),
}

/// Pumps so many random bytes through the embedded echo server of this model.
pub fn embedded(model: Model, bytes: u64, seed: u64) -> Sums {
    let mut pump = Pump::new(bytes, seed);
    pump.perform(Action::Server(ServerAction::Start(ServerSetup {
        host: "127.0.0.1".to_owned(),
        port: 0,
        kind: SocketKind::Stream,
        backlog: 5,
        offer: Offer {
            service: Service::Echo,
            model,
            delay: Duration::ZERO,
        },
    })));
    pump.received = Some(Hasher::new());
    let address = pump.named();
    pump.run(address)
}

/// Pumps so many random bytes through the echo server at `address`.
pub fn through(address: SocketAddr, bytes: u64, seed: u64) -> Sums {
    Pump::new(bytes, seed).run(address)
}

struct Pump {
    yard: Yard,
    events: Receiver<Batch>,
    random: Random,
    total: u64,
    ordered: u64,
    came: u64,
    sent: Hasher,
    back: Hasher,
    received: Option<Hasher>,
    /// The sums of what was sent up to the end of each piece that has not come back.
    expected: VecDeque<(u64, u32)>,
    pieces: (u64, u64),
}

impl Pump {
    fn new(total: u64, seed: u64) -> Self {
        let (sender, events) = bounded(BATCHES);
        Self {
            yard: Yard::new(Clock::start(), sender),
            events,
            random: Random(seed | 1),
            total,
            ordered: 0,
            came: 0,
            sent: Hasher::new(),
            back: Hasher::new(),
            received: None,
            expected: VecDeque::new(),
            pieces: (0, 0),
        }
    }

    fn perform(&mut self, action: Action) {
        self.yard.perform(action).expect("a worker");
    }

    fn client(&mut self, action: SocketAction) {
        let action = ClientAction::On(action);
        self.perform(Action::Client(ClientId::FIRST, action));
    }

    /// Waits for the next `getsockname`: the server listens, or the client is connected.
    fn named(&self) -> SocketAddr {
        loop {
            let batch = self.events.recv_timeout(PATIENCE).expect("an address");
            let named = batch.iter().find_map(|event| match event {
                Event::Returned(record) => match record.outcome {
                    Outcome::Named(address) => Some(address),
                    _ => None,
                },
                _ => None,
            });
            if let Some(address) = named {
                return address;
            }
        }
    }

    fn run(mut self, address: SocketAddr) -> Sums {
        let target = Target::stream(Address {
            host: address.ip().to_string(),
            port: address.port().to_string(),
        });
        self.perform(Action::Client(
            ClientId::FIRST,
            ClientAction::Connect(target),
        ));
        self.named();
        self.receive();
        while self.came < self.total {
            self.send();
            self.disturb();
            let batch = self.events.recv_timeout(PATIENCE);
            let batch = batch.unwrap_or_else(|_| {
                panic!("{} of {} B came back, and no more", self.came, self.ordered)
            });
            self.take_in(batch);
        }
        assert_eq!(self.came, self.total);
        drop(self.events);
        let (all, totals) = self.yard.end(PATIENCE);
        assert!(all, "a worker did not end");
        if self.received.is_some() {
            let counts = (totals.counts.received, totals.counts.sent);
            assert_eq!(counts, (self.total, self.total), "what the server counted");
        }
        Sums {
            bytes: self.came,
            sent: self.sent.finalize(),
            came: self.back.finalize(),
            received: self.received.map(Hasher::finalize),
            pieces: self.pieces,
        }
    }

    /// Sends pieces as long as not too much is under way.
    fn send(&mut self) {
        let most = self.random.below(MOST_UNDER_WAY);
        while self.ordered < self.total && self.ordered - self.came <= most {
            // As many small ones as large ones, by their orders of magnitude.
            let magnitude = 1 << self.random.below(LARGEST_PIECE.ilog2().into());
            let length = magnitude + self.random.below(magnitude);
            let length = length.min(self.total - self.ordered);
            let bytes = self.random.bytes(length as usize);
            self.sent.update(&bytes);
            self.ordered += length;
            self.pieces.0 += 1;
            let sum = self.sent.clone().finalize();
            self.expected.push_back((self.ordered, sum));
            self.client(SocketAction::SendAll(bytes));
        }
    }

    /// Now and then does something else.
    fn disturb(&mut self) {
        match self.random.below(200) {
            0 => self.pause(),
            1 => self.by_hand(),
            2 => {
                let size = (256 << 10) + self.random.below(4 << 20) as u32;
                let value = OptionValue::Number(size);
                let buffer = OptionSetting::Value(SocketOption::ReceiveBuffer, value);
                self.client(SocketAction::Set(buffer));
            }
            3..10 => self.receive(),
            _ => {}
        }
    }

    /// Receives with recvs of a random size.
    fn receive(&mut self) {
        let size = 1 << (6 + self.random.below(12));
        self.client(SocketAction::ReceiveAlone(Some(size)));
    }

    /// Receives nothing for some milliseconds: both ends fill up and block.
    fn pause(&mut self) {
        self.client(SocketAction::ReceiveAlone(None));
        let until = Instant::now() + Duration::from_millis(self.random.below(20));
        while let Ok(batch) = self.events.recv_deadline(until) {
            self.take_in(batch);
        }
        self.receive();
    }

    /// Receives once by hand.
    fn by_hand(&mut self) {
        self.client(SocketAction::ReceiveAlone(None));
        // The one before may wait still: it is given up, and takes nothing with it.
        self.client(SocketAction::CancelRecv);
        let size = 1 + self.random.below(5_000) as usize;
        let flags = RecvFlags::default();
        self.client(SocketAction::Recv { size, flags });
        self.receive();
    }

    fn take_in(&mut self, batch: Batch) {
        for event in batch {
            match event {
                Event::Received {
                    who: Actor::Client(_),
                    bytes,
                    ..
                } => self.check(&bytes),
                Event::Received { bytes, .. } => {
                    if let Some(received) = &mut self.received {
                        received.update(&bytes);
                    }
                }
                Event::Returned(record) => {
                    assert!(!record.outcome.is_failure(), "{record}");
                }
                Event::Trouble { message, .. } | Event::Panicked { message, .. } => {
                    panic!("{message}");
                }
                _ => {}
            }
        }
    }

    /// Compares what has come back with what was sent, piece by piece.
    fn check(&mut self, bytes: &[u8]) {
        self.pieces.1 += 1;
        let mut rest = bytes;
        while !rest.is_empty() {
            let (end, sum) = *self
                .expected
                .front()
                .expect("no more came back than was sent");
            let (own, after) = rest.split_at(rest.len().min((end - self.came) as usize));
            self.back.update(own);
            self.came += own.len() as u64;
            rest = after;
            if self.came == end {
                self.expected.pop_front();
                let came = self.back.clone().finalize();
                assert_eq!(came, sum, "other bytes came back before offset {end}");
            }
        }
    }
}

/// Numbers without a pattern, the same for the same seed: xorshift64.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    const fn below(&mut self, limit: u64) -> u64 {
        // The low bits are the weaker ones.
        (self.next() >> 11) % limit
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        for piece in bytes.chunks_mut(8) {
            let number = self.next().to_ne_bytes();
            piece.copy_from_slice(&number[..piece.len()]);
        }
        bytes
    }
}
