//! A lot of bytes through a full channel: nothing is lost, nothing changes its place, nothing is reported twice.

use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use sockyard::model::call::Function;
use sockyard::model::{Actor, Batch, Event, Moment, Outcome, Service};

use crate::harness::{Harness, LIMIT};
use crate::reading::{CLIENT, connection, send};

/// How much is sent: many times what the channel and the kernel's buffers hold.
const TOTAL: usize = 64 << 20;

/// How many batches are collected only once the channel is full. With 128 MiB received on both sides, and at most a
/// batch's 256 KiB and one recv more in each, far more batches than these are needed.
const SLOW_BATCHES: usize = 200;

/// What the events have told of one actor's stream.
#[derive(Default)]
struct Stream {
    sent: usize,
    received: usize,
    /// A recv whose bytes must come next.
    announced: Option<(Moment, usize)>,
}

impl Stream {
    fn is_complete(&self) -> bool {
        self.sent >= TOTAL && self.received >= TOTAL
    }
}

#[test]
fn every_byte_comes_back_in_order_although_the_screen_is_slower_than_the_workers() {
    let message = noise(TOTAL);
    let mut h = Harness::new();
    let address = h.serve(Service::Echo);
    h.connected(address);
    h.blocked(connection(1), Function::Recv);
    h.client(send(message.clone()));

    let mut streams = BTreeMap::from([CLIENT, connection(1)].map(|who| (who, Stream::default())));
    let end = Instant::now() + LIMIT * 3;
    for number in 0.. {
        while number < SLOW_BATCHES && !h.events.is_full() {
            assert!(Instant::now() < end, "the channel was never full");
            thread::yield_now();
        }
        let batch = h.events.recv_deadline(end).expect("more events in time");
        follow(&mut streams, &message, batch);
        if streams.values().all(Stream::is_complete) {
            break;
        }
    }
    for (who, stream) in &streams {
        assert_eq!(
            (stream.sent, stream.received, stream.announced),
            (TOTAL, TOTAL, None),
            "sent and received by {who}"
        );
    }
}

/// Checks the events of `batch` against `message`.
fn follow(streams: &mut BTreeMap<Actor, Stream>, message: &[u8], batch: Batch) {
    for event in batch {
        match event {
            Event::Returned(record) => {
                // The listener's own calls are of no interest here.
                let Some(stream) = streams.get_mut(&record.who) else {
                    continue;
                };
                assert_eq!(stream.announced, None, "bytes before {record}");
                match record.outcome {
                    Outcome::Sent(count) => stream.sent += count,
                    Outcome::Received { count, .. } => {
                        stream.announced = Some((record.returned, count));
                    }
                    _ => panic!("{record}"),
                }
            }
            Event::Received { who, at, bytes, .. } => {
                let stream = streams.get_mut(&who).expect("one of both ends");
                assert_eq!(stream.announced.take(), Some((at, bytes.len())));
                let expected = &message[stream.received..][..bytes.len()];
                assert!(bytes == expected, "{who} received other bytes");
                stream.received += bytes.len();
            }
            Event::Blocked { .. }
            | Event::Unblocked { .. }
            | Event::Ready { .. }
            | Event::Settled { .. }
            | Event::AcceptQueue { .. }
            | Event::Accepting { .. }
            | Event::Blocking { .. }
            | Event::Serving { .. } => {}
            Event::TakenOver(_) | Event::Port(_) => panic!("{event:?}"),
            Event::Trouble { message, .. }
            | Event::Unserved { message, .. }
            | Event::Panicked { message, .. } => panic!("{message}"),
        }
    }
}

/// Bytes without a pattern, the same in each run: xorshift64.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_ne_bytes());
    }
    bytes.truncate(length);
    bytes
}
