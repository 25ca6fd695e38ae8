//! The bytes that a socket received, in the pieces in which `recv` returned them, within a bound of memory.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::Moment;

/// A log of received chunks. The oldest are forgotten when the log would outgrow its limit; the counters are exact for
/// ever.
#[derive(Debug, Clone)]
pub struct ByteLog {
    blocks: VecDeque<Block>,
    chunks: VecDeque<Mark>,
    /// Who sent the chunks from this number on, as far as that is known. Before the first of them it is not.
    senders: VecDeque<Sender>,
    limit: usize,
    held: usize,
    received: u64,
    count: u64,
}

/// From which chunk on, and who.
type Sender = (u64, Option<SocketAddr>);

/// What one `recv` returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Which call returned it, counted from 1.
    pub number: u64,
    /// When it arrived.
    pub at: Moment,
    /// How many bytes came before it.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
    /// Who sent the datagram, if it was one and `recvfrom` told.
    pub from: Option<SocketAddr>,
}

/// Chunks share blocks of memory, so that a peer that sends byte by byte costs a mark a byte and not an allocation.
#[derive(Debug, Clone)]
struct Block {
    offset: u64,
    /// The number of its first chunk.
    first: u64,
    data: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    offset: u64,
    at: Moment,
}

impl ByteLog {
    /// What a log keeps unless told otherwise: 16 MiB.
    pub const DEFAULT_LIMIT: usize = 16 << 20;

    const SMALLEST_BLOCK: usize = 256;
    const LARGEST_BLOCK: usize = 64 << 10;
    /// So many chunks share a block at most: what is kept of a chunk may be larger than the chunk, which may be empty.
    const MOST_CHUNKS: u64 = 4_096;

    /// A log that holds at most `limit` bytes of memory, its bookkeeping included; the newest block of up to 64 KiB
    /// is always held, with the marks and the senders of its chunks.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            blocks: VecDeque::new(),
            chunks: VecDeque::new(),
            senders: VecDeque::new(),
            limit,
            held: 0,
            received: 0,
            count: 0,
        }
    }

    /// Appends what one `recv` returned; an empty piece is no chunk.
    pub fn push(&mut self, at: Moment, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.append(at, bytes, None);
        }
    }

    /// Appends a datagram, which may be empty, and who sent it.
    pub fn push_datagram(&mut self, at: Moment, bytes: Vec<u8>, from: Option<SocketAddr>) {
        self.append(at, bytes, from);
    }

    fn append(&mut self, at: Moment, bytes: Vec<u8>, from: Option<SocketAddr>) {
        if self.senders.back().and_then(|(_, sender)| *sender) != from {
            self.senders.push_back((self.count + 1, from));
            self.held += size_of::<Sender>();
        }
        self.chunks.push_back(Mark {
            offset: self.received,
            at,
        });
        self.count += 1;
        self.held += size_of::<Mark>();
        let length = bytes.len();
        match self.blocks.back_mut() {
            Some(last)
                if last.data.len() + length <= last.data.capacity()
                    && self.count - last.first < Self::MOST_CHUNKS =>
            {
                last.data.extend_from_slice(&bytes);
            }
            last => {
                // The next one is to be larger, unless there was room for more in this one.
                let grown = last.map_or(Self::SMALLEST_BLOCK, |block| {
                    block.data.capacity().min(block.data.len() + length) * 2
                });
                let capacity = grown.clamp(Self::SMALLEST_BLOCK, Self::LARGEST_BLOCK);
                // A piece that fills most of its own buffer is kept as it is: no copy.
                let data = if length >= capacity / 2 && length * 2 >= bytes.capacity() {
                    bytes
                } else {
                    let mut data = Vec::with_capacity(capacity.max(length));
                    data.extend_from_slice(&bytes);
                    data
                };
                self.held += size_of::<Block>() + data.capacity();
                self.blocks.push_back(Block {
                    offset: self.received,
                    first: self.count,
                    data,
                });
            }
        }
        self.received += length as u64;
        self.shrink_to(self.limit);
    }

    /// Forgets the oldest chunks until at most `target` bytes of memory are held or one block is left.
    pub fn shrink_to(&mut self, target: usize) {
        while self.held > target && self.blocks.len() > 1 {
            if let Some(gone) = self.blocks.pop_front() {
                self.held -= size_of::<Block>() + gone.data.capacity();
            }
            let first = (self.blocks.front()).map_or(self.count + 1, |block| block.first);
            let marks = (first - *self.kept().start()) as usize;
            self.chunks.drain(..marks);
            self.held -= marks * size_of::<Mark>();
            self.forget_senders();
            // What pieces of one byte took is given back once there are fewer, larger ones.
            if self.chunks.capacity() > 4 * self.chunks.len() + 64 {
                self.chunks.shrink_to(2 * self.chunks.len());
            }
        }
    }

    /// Forgets who sent chunks that are gone.
    fn forget_senders(&mut self) {
        let first = *self.kept().start();
        while self.senders.get(1).is_some_and(|(from, _)| *from <= first) {
            self.senders.pop_front();
            self.held -= size_of::<Sender>();
        }
    }

    fn sender(&self, number: u64) -> Option<SocketAddr> {
        let after = self.senders.partition_point(|(from, _)| *from <= number);
        let (_, sender) = self.senders.get(after.checked_sub(1)?)?;
        *sender
    }

    /// Forgets every byte and keeps the counters.
    pub fn forget(&mut self) {
        self.senders = VecDeque::new();
        self.blocks = VecDeque::new();
        self.chunks = VecDeque::new();
        self.held = 0;
    }

    /// Begins anew: no bytes, counters at zero.
    pub fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// How many bytes were received in all.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// How many `recv` calls returned bytes.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many of the received bytes are no longer kept.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.blocks
            .front()
            .map_or(self.received, |block| block.offset)
    }

    /// How many bytes of memory the log holds.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// The numbers of the chunks that are kept, oldest first: `first..=last`, empty if there are none.
    #[must_use]
    pub fn kept(&self) -> std::ops::RangeInclusive<u64> {
        self.count + 1 - self.chunks.len() as u64..=self.count
    }

    /// The chunk with this number, if it is kept.
    #[must_use]
    pub fn chunk(&self, number: u64) -> Option<Chunk<'_>> {
        let index = usize::try_from(number.checked_sub(*self.kept().start())?).ok()?;
        let mark = self.chunks.get(index)?;
        let end = self
            .chunks
            .get(index + 1)
            .map_or(self.received, |next| next.offset);
        let after = self.blocks.partition_point(|block| block.first <= number);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        let start = (mark.offset - block.offset) as usize;
        Some(Chunk {
            number,
            at: mark.at,
            offset: mark.offset,
            bytes: &block.data[start..start + (end - mark.offset) as usize],
            from: self.sender(number),
        })
    }

    /// The newest chunk.
    #[must_use]
    pub fn last(&self) -> Option<Chunk<'_>> {
        self.chunk(self.count)
    }
}

impl Default for ByteLog {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(log: &ByteLog) -> Vec<u8> {
        log.kept()
            .flat_map(|number| log.chunk(number).expect("a kept chunk").bytes.to_vec())
            .collect()
    }

    #[test]
    fn chunks_come_back_as_they_were_pushed() {
        let mut log = ByteLog::default();
        let mut sent = Vec::new();
        for size in (1..200).chain([1, 70_000, 3, 65_536, 40_000, 2]) {
            let piece: Vec<u8> = (0..size).map(|i| (i * 7 + size) as u8).collect();
            log.push(Moment(size as u64), piece.clone());
            let last = log.last().expect("just pushed");
            assert_eq!((last.bytes, last.at), (&piece[..], Moment(size as u64)));
            sent.extend(piece);
        }
        assert_eq!(all(&log), sent);
        assert_eq!((log.received(), log.forgotten()), (sent.len() as u64, 0));
        assert_eq!(log.count(), 205);
    }

    #[test]
    fn memory_is_bounded_for_large_and_for_one_byte_pieces() {
        for size in [1, 100, 65_536] {
            let mut log = ByteLog::new(4 << 20);
            for _ in 0..(16 << 20) / size {
                log.push(Moment(0), vec![b'x'; size]);
                assert!(log.held() <= 4 << 20, "{} held", log.held());
            }
            assert_eq!(log.received(), (16 << 20) / size as u64 * size as u64);
            let kept = all(&log).len() as u64;
            assert_eq!(kept + log.forgotten(), log.received());
            assert!(kept >= 32 << 10, "only {kept} kept of pieces of {size}");
            assert_eq!(log.chunk(1), None);
        }
    }

    #[test]
    fn what_small_pieces_took_is_given_back_when_large_ones_follow() {
        let mut log = ByteLog::new(4 << 20);
        for _ in 0..1 << 20 {
            log.push(Moment(0), vec![b'x']);
        }
        let many = log.chunks.capacity();
        for _ in 0..200 {
            log.push(Moment(0), vec![b'x'; 65_536]);
        }
        let few = log.chunks.capacity();
        assert!(few < 1_000 && many > 100_000, "{many} then {few}");
    }

    #[test]
    fn a_forgotten_log_keeps_its_counters() {
        let mut log = ByteLog::default();
        assert!(log.kept().is_empty());
        log.push(Moment(1), b"abc".to_vec());
        log.forget();
        assert_eq!((log.received(), log.forgotten(), log.held()), (3, 3, 0));
        assert!(log.kept().is_empty());
        assert_eq!(log.last(), None);
        log.push(Moment(2), b"de".to_vec());
        assert_eq!(
            log.last().map(|c| (c.number, c.offset, c.bytes)),
            Some((2, 3, &b"de"[..]))
        );
    }

    #[test]
    fn datagrams_keep_their_senders_and_may_be_empty() {
        let mut log = ByteLog::new(1 << 20);
        let from = |port| SocketAddr::from(([127, 0, 0, 1], port));
        log.push_datagram(Moment(0), Vec::new(), Some(from(1)));
        log.push_datagram(Moment(0), b"a".to_vec(), Some(from(1)));
        log.push_datagram(Moment(0), Vec::new(), Some(from(2)));
        let shown: Vec<_> = log
            .kept()
            .map(|number| log.chunk(number).expect("kept"))
            .map(|chunk| (chunk.bytes.to_vec(), chunk.from))
            .collect();
        assert_eq!(
            shown,
            [
                (vec![], Some(from(1))),
                (b"a".to_vec(), Some(from(1))),
                (vec![], Some(from(2)))
            ]
        );
        // Senders that alternate are bounded like everything else.
        for i in 0..200_000 {
            log.push_datagram(Moment(0), b"x".to_vec(), Some(from((i % 2) as u16)));
            assert!(log.held() <= 1 << 20, "{}", log.held());
        }
        assert!(log.forgotten() > 0);
        assert_eq!(log.last().and_then(|chunk| chunk.from), Some(from(1)));
        assert!(log.senders.len() <= log.chunks.len() + 1);
        // So are datagrams without a byte.
        for i in 0..200_000 {
            log.push_datagram(Moment(0), Vec::new(), Some(from((i % 2) as u16)));
            assert!(log.held() <= 1 << 20, "{}", log.held());
        }
        assert_eq!(log.count(), 400_003);
        for number in log.kept() {
            let chunk = log.chunk(number).expect("kept");
            assert_eq!((chunk.bytes.len(), chunk.number), (0, number));
            assert_eq!(chunk.from, Some(from((number % 2) as u16)));
        }
    }

    #[test]
    fn an_idle_connection_costs_little() {
        let mut log = ByteLog::default();
        log.push(Moment(0), b"hello".to_vec());
        assert!(log.held() < 512, "{}", log.held());
    }
}
