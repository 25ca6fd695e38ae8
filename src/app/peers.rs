//! Who has sent datagrams to a UDP server, by address.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::bytes::Motion;
use super::list;
use crate::model::{Moment, glyph};

/// Somebody who has sent a datagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Where it sends from.
    pub address: SocketAddr,
    /// When the first datagram came.
    pub since: Moment,
    /// How many came.
    pub datagrams: u64,
    /// Their bytes.
    pub received: u64,
    /// Bytes sent to it.
    pub sent: u64,
    /// The beginning of the last one.
    pub last: String,
}

/// The list of peers, in the order in which they were first heard of.
#[derive(Debug, Clone, Default)]
pub struct Peers {
    all: BTreeMap<u64, Peer>,
    numbers: BTreeMap<SocketAddr, u64>,
    next: u64,
    selected: Option<SocketAddr>,
    top: Option<u64>,
}

impl Peers {
    /// How many are listed; those heard of first are forgotten first.
    pub const KEPT: usize = 1_000;
    /// How many of the bytes received last are shown.
    const LAST: usize = 40;

    /// Takes in a datagram.
    pub fn received(&mut self, from: SocketAddr, at: Moment, bytes: &[u8]) {
        let number = *self.numbers.entry(from).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        let peer = self.all.entry(number).or_insert_with(|| Peer {
            address: from,
            since: at,
            datagrams: 0,
            received: 0,
            sent: 0,
            last: String::new(),
        });
        peer.datagrams += 1;
        peer.received += bytes.len() as u64;
        peer.last = glyph::line(&bytes[..bytes.len().min(Self::LAST)]);
        if self.all.len() > Self::KEPT
            && let Some((_, gone)) = self.all.pop_first()
        {
            self.numbers.remove(&gone.address);
        }
    }

    /// Takes in that bytes were sent to somebody.
    pub fn sent(&mut self, to: SocketAddr, count: usize) {
        let number = self.numbers.get(&to);
        if let Some(peer) = number.and_then(|number| self.all.get_mut(number)) {
            peer.sent += count as u64;
        }
    }

    /// How many are listed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether none is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The one that is selected, or the newest; none if the selected one is no longer listed.
    #[must_use]
    pub fn current(&self) -> Option<&Peer> {
        match self.selected {
            Some(address) => self.all.get(self.numbers.get(&address)?),
            None => self.all.values().next_back(),
        }
    }

    /// Selects the one that is shown now, so that it stays when others send. One that is no longer listed stays selected
    /// too: otherwise whoever sent last would be answered in its place.
    pub fn pin(&mut self) {
        if let Some(peer) = self.current() {
            self.selected = Some(peer.address);
        }
    }

    /// Selects one.
    pub const fn select(&mut self, address: SocketAddr) {
        self.selected = Some(address);
    }

    /// Moves the selection.
    pub fn scroll(&mut self, motion: Motion, page: usize) {
        let Some(at) = self.current().map(|peer| peer.address) else {
            self.selected = None;
            return;
        };
        let Some(at) = self.numbers.get(&at).copied() else {
            return;
        };
        let to = list::moved(&self.all, at, motion, page).and_then(|number| self.all.get(&number));
        self.selected = to.map(|peer| peer.address);
        self.settle(page);
    }

    /// The rows to show in a window of `page` rows: the selected one is always among them.
    #[must_use]
    pub fn window(&self, page: usize) -> Vec<&Peer> {
        let rows = self.rows(page).into_iter();
        rows.map(|(_, peer)| peer).collect()
    }

    fn rows(&self, page: usize) -> Vec<(u64, &Peer)> {
        let selected = self.selected.and_then(|address| self.numbers.get(&address));
        list::window(&self.all, selected.copied(), self.top, page)
    }

    /// Remembers which row is at the top of the window.
    pub fn settle(&mut self, page: usize) {
        self.top = self.rows(page).first().map(|(number, _)| *number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn peers_are_counted_by_address_and_bounded() {
        let mut peers = Peers::default();
        for port in 1..=2_000 {
            peers.received(address(port), Moment(0), b"ab");
            peers.received(address(port), Moment(1), b"c");
        }
        peers.sent(address(2_000), 5);
        assert_eq!(
            (peers.len(), peers.numbers.len()),
            (Peers::KEPT, Peers::KEPT)
        );
        let newest = peers.current().expect("a peer");
        assert_eq!(
            (
                newest.datagrams,
                newest.received,
                newest.sent,
                newest.last.as_str()
            ),
            (2, 3, 5, "c")
        );
    }

    #[test]
    fn the_selected_one_is_always_seen() {
        let mut peers = Peers::default();
        for port in 1..=20 {
            peers.received(address(port), Moment(0), b"");
        }
        for _ in 0..7 {
            peers.scroll(Motion::Up, 5);
        }
        let shown: Vec<u16> = peers.window(5).iter().map(|p| p.address.port()).collect();
        assert_eq!(peers.current().map(|p| p.address.port()), Some(13));
        assert_eq!(shown, [13, 14, 15, 16, 17]);
        peers.scroll(Motion::Top, 5);
        let shown: Vec<u16> = peers.window(5).iter().map(|p| p.address.port()).collect();
        assert_eq!(shown, [1, 2, 3, 4, 5]);
    }
}
