//! A peer that sends a byte at a time, for long.

use std::io::{Read, Write};
use std::thread;

use libtest_mimic::Trial;
use sockyard::model::{ByteLog, Journal, Model, SocketKind};

use super::playground::Playground;
use super::program::connect;
use super::trial;

/// How many bytes there are.
const BYTES: u64 = 200_000;
/// How many of them wait for their echo before the next is sent, so that each is a recv of its own.
const APART: u64 = 50_000;

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for model in Model::ALL {
        let name = format!("bytes_that_drip_are_all_shown_and_counted_with_{model}");
        trials.push(trial(&name, move || drip(model)));
    }
    trials
}

fn byte(number: u64) -> u8 {
    (number % 251) as u8
}

fn drip(model: Model) {
    let (mut playground, address) = Playground::serve(model, SocketKind::Stream, 128);
    let peer = connect(address);
    peer.set_nodelay(true).expect("an option");
    let dripping = thread::Builder::new().name("drip".to_owned());
    let dripping = dripping.spawn(move || {
        let mut back = [0];
        for number in 0..APART {
            (&peer).write_all(&[byte(number)]).expect("room");
            (&peer).read_exact(&mut back).expect("an echo");
            assert_eq!(back[0], byte(number));
        }
        let reader = peer.try_clone().expect("a descriptor");
        let reading = thread::Builder::new().name("read".to_owned());
        let reading = reading.spawn(move || {
            let mut all = Vec::new();
            (&reader)
                .take(BYTES - APART)
                .read_to_end(&mut all)
                .expect("echoes");
            assert!((APART..BYTES).map(byte).eq(all), "other bytes came back");
        });
        for number in APART..BYTES {
            (&peer).write_all(&[byte(number)]).expect("room");
        }
        reading.expect("a thread").join().expect("all of them");
    });
    let dripping = dripping.expect("a thread");
    playground.until("all of them came", |p| {
        p.app.server.connections.bytes() == (BYTES, BYTES)
    });
    dripping.join().expect("all of them");
    playground.until("it is closed", |p| p.app.server.connections.open() == 0);
    let connection = playground.app.server.connections.iter().next();
    let received = &connection.expect("it is listed").received;
    assert!(received.count() > APART, "{} recvs", received.count());
    assert_eq!(received.received(), BYTES);
    // Of each recv more is kept than its one byte, and all of it is within the bound.
    assert!(
        received.held() <= ByteLog::DEFAULT_LIMIT,
        "{} B held",
        received.held()
    );
    for number in received.kept() {
        let chunk = received.chunk(number).expect("it is kept");
        let expected = (chunk.offset..).map(byte).take(chunk.bytes.len());
        assert!(expected.eq(chunk.bytes.iter().copied()), "recv {number}");
    }
    assert!(playground.app.calls.journal.iter().count() <= Journal::DEFAULT_LIMIT);
    playground.assert_calls_are_counted();
    let (frames, slowest, calls) = (
        playground.frames,
        playground.slowest,
        playground.app.calls.journal.total(),
    );
    let totals = playground.end();
    assert_eq!((totals.counts.received, totals.counts.sent), (BYTES, BYTES));
    eprintln!("{calls} calls, {frames} frames, the slowest step {slowest:?}");
}
