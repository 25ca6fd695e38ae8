//! What is kept within a bound: the byte log and the journal, each against a model that keeps everything, and how a log
//! is looked at.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use sockyard::app::bytes::{BytesView, Mode, Motion, Position, Room, Row};
use sockyard::model::{
    Actor, ByteLog, Call, CallRecord, Fd, Journal, Moment, Outcome, Waited, glyph,
};

use super::cuts;

/// A chunk as it was pushed.
struct Pushed {
    offset: u64,
    at: Moment,
    bytes: Vec<u8>,
    from: Option<SocketAddr>,
}

/// A log of bytes gives back what was pushed, the newest of it, within its limit, and counts exactly. The first byte is the
/// limit; each pair that follows is something done to it.
pub fn byte_log(bytes: &[u8]) {
    const LIMIT: usize = 1 << 10;
    /// What is held however low the limit is: a block with the marks and the senders of its chunks, and a number for each.
    const LEAST: usize = (64 << 10) + 4_096 * 64 + 256;
    let Some((limit, done)) = bytes.split_first() else {
        return;
    };
    let limit = usize::from(*limit) * LIMIT;
    let mut log = ByteLog::new(limit);
    let mut all: Vec<Pushed> = Vec::new();
    let mut received = 0;
    // The chunks before this one are forgotten.
    let mut gone = 0;
    for (number, pair) in done.chunks_exact(2).enumerate() {
        let (what, size) = (pair[0], usize::from(pair[1]));
        let at = Moment(number as u64);
        let filled = |size: usize| (0..size).map(|i| (i + number) as u8).collect::<Vec<u8>>();
        let from = |port: u8| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, u16::from(port))));
        let (bytes, from, is_datagram) = match what % 16 {
            0..6 => (filled(size), None, false),
            6..8 => (filled(size * 257), None, false),
            8..12 => (filled(size), from(what / 64), true),
            12 => (filled(size), None, true),
            13 => {
                log.shrink_to(size * LIMIT);
                continue;
            }
            14 => {
                log.forget();
                gone = all.len();
                continue;
            }
            _ => {
                log.clear();
                all.clear();
                (received, gone) = (0, 0);
                continue;
            }
        };
        let length = bytes.len();
        if is_datagram {
            log.push_datagram(at, bytes.clone(), from);
        } else {
            log.push(at, bytes.clone());
        }
        if is_datagram || length > 0 {
            all.push(Pushed {
                offset: received,
                at,
                bytes,
                from,
            });
            received += length as u64;
            assert_kept(&log, &all, all.len() - 1);
        }
        assert!(log.held() <= limit.max(LEAST), "{} of {limit}", log.held());
        assert_eq!((log.received(), log.count()), (received, all.len() as u64));
    }
    let kept = log.kept();
    assert_eq!(*kept.end(), all.len() as u64);
    assert!(*kept.start() > gone as u64);
    for number in kept.clone() {
        assert_kept(&log, &all, number as usize - 1);
    }
    let first = all.get(*kept.start() as usize - 1);
    assert_eq!(
        log.forgotten(),
        first.map_or(received, |first| first.offset)
    );
    assert!(log.chunk(*kept.start() - 1).is_none());
    assert!(log.chunk(*kept.end() + 1).is_none());
}

fn assert_kept(log: &ByteLog, all: &[Pushed], index: usize) {
    let pushed = &all[index];
    let chunk = log.chunk(index as u64 + 1).expect("a kept chunk");
    assert_eq!(chunk.bytes, pushed.bytes);
    assert_eq!(
        (chunk.number, chunk.offset, chunk.at, chunk.from),
        (index as u64 + 1, pushed.offset, pushed.at, pushed.from)
    );
}

/// The journal keeps the newest calls in the order in which they were made, and a number means the same call as long as
/// nothing comes before it. The first byte is how many are kept; each that follows is a call, so much earlier or later than
/// the one before.
pub fn journal(bytes: &[u8]) {
    let Some((limit, calls)) = bytes.split_first() else {
        return;
    };
    let limit = usize::from(*limit) + 1;
    let mut journal = Journal::new(limit);
    let mut all: Vec<CallRecord> = Vec::new();
    let mut now = 1_000;
    for (fd, step) in calls.iter().enumerate() {
        now = (now + u64::from(*step)).saturating_sub(100);
        let record = CallRecord {
            who: Actor::Server,
            call: Call::Close { fd: Fd(fd as i32) },
            outcome: Outcome::Done,
            entered: Moment(now),
            returned: Moment(now),
            took: Duration::ZERO,
            waited: Waited::No,
        };
        // With less than a thousand calls none is too late to be put in its place.
        let gone = all.len().saturating_sub(limit - 1);
        let is_later = |other: &CallRecord| other.entered > record.entered;
        let later = all[gone..].iter().rev().take_while(|other| is_later(other));
        let at = all.len() - later.count();
        all.insert(at, record.clone());
        assert_eq!(journal.push(record), at as u64);
    }
    let gone = all.len().saturating_sub(limit);
    assert_eq!(journal.total(), all.len() as u64);
    assert_eq!(journal.forgotten(), gone as u64);
    let kept: Vec<(u64, &CallRecord)> = journal.iter().collect();
    let expected: Vec<(u64, &CallRecord)> = (0..).zip(&all).skip(gone).collect();
    assert_eq!(kept, expected);
    for (number, record) in expected {
        assert_eq!(journal.get(number), Some(record));
    }
    assert_eq!(journal.get(all.len() as u64), None);
}

/// Whatever was received is shown in rows that fit and leave nothing out, and wherever a person scrolls there are rows to fill
/// the room. The first two bytes are the room, the rest is received; its first bytes scroll, too.
pub fn view(bytes: &[u8]) {
    const MOTIONS: [Motion; 8] = [
        Motion::Up,
        Motion::Down,
        Motion::WheelUp,
        Motion::WheelDown,
        Motion::PageUp,
        Motion::PageDown,
        Motion::Top,
        Motion::Bottom,
    ];
    /// The longest glyph has ten cells, and is never broken.
    const LEAST: usize = 10;
    let [width, height, received @ ..] = bytes else {
        return;
    };
    let room = Room {
        width: usize::from(*width),
        height: usize::from(height % 16),
    };
    for pieces in cuts(received).iter().skip(2) {
        let mut log = ByteLog::default();
        for piece in pieces {
            log.push(Moment(0), piece.to_vec());
        }
        for mode in Mode::ALL {
            let mut view = BytesView {
                mode,
                position: Position::Tail,
            };
            let tall = Room {
                height: 2 * received.len() + 1,
                ..room
            };
            let all = view.window(&log, tall);
            assert_eq!(view.window(&log, room), last(&all, room.height));
            assert!(all.len() <= received.len() + 1);
            let mut behind = (0, 0, 0);
            for row in &all {
                let chunk = log.chunk(row.chunk).expect("a kept chunk");
                if row.chunk != behind.0 {
                    behind = (behind.0 + 1, 0, 0);
                }
                assert_eq!((row.chunk, row.index, row.start), behind, "{mode:?}");
                let shown = glyph::glyphs(&chunk.bytes[row.start..row.end]);
                let cells: usize = shown.map(|glyph| glyph.width).sum();
                let is_wrapped = matches!(mode, Mode::Text | Mode::Http);
                assert!(!is_wrapped || cells <= room.width.max(LEAST), "{mode:?}");
                behind = (row.chunk, row.index + 1, row.end);
            }
            assert_eq!(behind.0, log.count());
            for byte in received.iter().take(24) {
                let motion = MOTIONS[usize::from(byte % 8)];
                view.scroll(&log, room, motion);
                let window = view.window(&log, room);
                assert_eq!(window.len(), room.height.min(all.len()), "{mode:?}");
                match motion {
                    Motion::Bottom => assert_eq!(window, last(&all, room.height)),
                    Motion::Top => assert_eq!(window, all[..window.len()]),
                    _ if window.is_empty() => {}
                    _ => assert!(all.windows(window.len()).any(|rows| rows == window)),
                }
            }
        }
    }
}

/// The last so many of them.
fn last(all: &[Row], count: usize) -> &[Row] {
    &all[all.len().saturating_sub(count)..]
}
