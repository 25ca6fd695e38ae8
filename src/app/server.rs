//! The server panel's state: what a person typed there, the listening socket, and the accepted connections.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use super::Settings;
use super::bytes::{BytesView, Motion};
use super::client::{Remark, bare};
use super::field::{Field, Takes};
use super::known::Known;
use super::list;
use super::peers::Peers;
use super::stage::Stage;
use crate::model::{
    Actor, ByteLog, Call, CallRecord, ConnectionId, Family, Fd, Head, Model, Moment, Offer,
    Outcome, ServerSetup, Service, SocketKind, glyph,
};

/// The embedded server.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address to bind to.
    pub bind: Field,
    /// The port to bind to.
    pub port: Field,
    /// The second argument of listen.
    pub backlog: Field,
    /// TCP or UDP.
    pub kind: SocketKind,
    /// What connections are served with.
    pub service: Service,
    /// How they are served beside each other.
    pub model: Model,
    /// How many milliseconds a service thinks before each answer.
    pub delay: Field,
    /// What the calls tell of the server's own socket.
    pub socket: Known,
    /// Its address, once it has one.
    pub local: Option<SocketAddr>,
    /// Whether it listens.
    pub listens: bool,
    /// Whether connections are accepted as they come.
    pub accepts_alone: bool,
    /// How many connections wait to be accepted, and the backlog that the kernel granted.
    pub queue: Option<(u32, u32)>,
    /// How often a handshake was left unanswered, for that queue was full, as it was last told.
    pub dropped: u32,
    /// The accepted connections.
    pub connections: Connections,
    /// Who has sent datagrams to a UDP server.
    pub peers: Peers,
    /// What a UDP server received.
    pub received: ByteLog,
    /// How that is looked at.
    pub view: BytesView,
    /// The text to send on the selected connection, with escapes.
    pub answer: Field,
    /// What the last call that needs words came to.
    pub remark: Option<Remark>,
}

impl Server {
    /// A server that is stopped.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let Settings { offer, keep, .. } = *settings;
        Self {
            bind: Field::new(Takes::Name, &settings.bind),
            port: Field::new(Takes::Digits, &settings.port.to_string()),
            backlog: Field::new(Takes::Digits, &settings.backlog.to_string()),
            kind: SocketKind::default(),
            service: offer.service,
            model: offer.model,
            delay: Field::new(Takes::Digits, &offer.delay.as_millis().to_string()),
            socket: Known::default(),
            local: None,
            listens: false,
            accepts_alone: true,
            queue: None,
            dropped: 0,
            connections: Connections::new(keep),
            peers: Peers::default(),
            received: ByteLog::new(keep),
            view: BytesView::default(),
            answer: Field::new(Takes::Message, ""),
            remark: None,
        }
    }

    /// The address to bind to.
    ///
    /// # Errors
    /// Which field cannot be understood, and what it takes.
    pub fn address(&self) -> Result<(String, u16), String> {
        let port = self.port.value();
        let port = port.parse().map_err(|_| {
            format!(
                "server port \"{port}\": give a number from 0 to 65535; 0 lets the kernel choose"
            )
        })?;
        let host = self.bind.value();
        if host.is_empty() {
            return Err("bind: give an address; 127.0.0.1 is for this machine alone".to_owned());
        }
        Ok((bare(host).to_owned(), port))
    }

    /// The backlog.
    ///
    /// # Errors
    /// What the field takes.
    pub fn backlog(&self) -> Result<i32, String> {
        let backlog = self.backlog.value();
        backlog.parse().map_err(|_| {
            format!(
                "backlog \"{backlog}\": give a number from 0 to {}",
                i32::MAX
            )
        })
    }

    /// What new connections get.
    ///
    /// # Errors
    /// What the field of the delay takes.
    pub fn offer(&self) -> Result<Offer, String> {
        let delay = Offer::parse_delay(self.delay.value())?;
        Ok(Offer {
            service: self.service,
            model: self.model,
            delay,
        })
    }

    /// What is typed in the fields, to start with.
    ///
    /// # Errors
    /// Which field cannot be understood, and what it takes.
    pub fn setup(&self) -> Result<ServerSetup, String> {
        let (host, port) = self.address()?;
        Ok(ServerSetup {
            host,
            port,
            kind: self.kind,
            backlog: self.backlog()?,
            offer: self.offer()?,
        })
    }

    /// The family of a socket that is made by hand.
    #[must_use]
    pub fn socket_family(&self) -> Family {
        if self.bind.value().contains(':') {
            Family::Inet6
        } else {
            Family::Inet
        }
    }

    /// Takes in a call of the server's own socket that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        Remark::follow(&mut self.remark, record);
        match (&record.call, &record.outcome) {
            (Call::Socket { .. }, Outcome::Descriptor(_)) => {
                self.lost();
                self.remark = None;
                self.received.clear();
                self.peers = Peers::default();
            }
            (Call::Getsockname { .. }, Outcome::Named(address)) => self.local = Some(*address),
            (Call::Listen { .. }, Outcome::Done) => self.listens = true,
            (
                Call::Accept { .. },
                Outcome::Accepted {
                    fd,
                    peer,
                    connection,
                },
            ) => {
                let connection = Connection::new(*connection, *fd, *peer, record.returned);
                self.connections.accept(connection);
            }
            (Call::Sendto { address, .. }, Outcome::Sent(count)) => {
                self.peers.sent(*address, *count);
            }
            (Call::Close { .. }, _) => self.lost(),
            _ => {}
        }
        self.socket.returned(record);
    }

    /// Shows what is offered.
    pub fn offered(&mut self, offer: Offer) {
        self.service = offer.service;
        self.model = offer.model;
        self.delay.set(&offer.delay.as_millis().to_string());
    }

    /// Takes in a datagram.
    pub fn received(&mut self, at: Moment, bytes: Vec<u8>, from: Option<SocketAddr>) {
        if let Some(from) = from {
            self.peers.received(from, at, &bytes);
        }
        self.received.push_datagram(at, bytes, from);
    }

    /// The server's own socket is no more: it was closed, or the server's thread failed.
    pub fn lost(&mut self) {
        self.socket.lost();
        self.local = None;
        self.listens = false;
        self.queue = None;
        self.dropped = 0;
    }

    /// Selects whom the panel shows now, so that it goes on showing them when others come.
    pub fn pin(&mut self) {
        if self.is_udp() {
            self.peers.pin();
        } else {
            self.connections.selected = self.connections.current_id();
        }
    }

    /// Whether it is a UDP server, or is to be one.
    #[must_use]
    pub const fn is_udp(&self) -> bool {
        let kind = if self.socket.fd.is_some() {
            self.socket.kind
        } else {
            self.kind
        };
        matches!(kind, SocketKind::Datagram)
    }

    /// Where it can be reached, once it can be.
    #[must_use]
    pub const fn serves_at(&self) -> Option<SocketAddr> {
        match (self.socket.kind, self.listens) {
            (SocketKind::Stream, false) => None,
            (SocketKind::Stream, true) | (SocketKind::Datagram, _) => self.local,
        }
    }

    /// Who can reach the listening socket, or that of a UDP server, if anybody beside this machine's own programs can.
    #[must_use]
    pub fn exposure(&self) -> Option<String> {
        reachable(self.serves_at()?.ip())
    }
}

/// Who can reach a socket that is bound to `ip`, if anybody beside this machine's own programs can.
#[must_use]
pub fn reachable(ip: IpAddr) -> Option<String> {
    let ip = ip.to_canonical();
    if ip.is_loopback() {
        None
    } else if ip.is_unspecified() {
        Some("open to every machine that can reach this one".to_owned())
    } else {
        Some(format!("open to every machine that can reach {ip}"))
    }
}

/// A connection that the server accepted.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// What the calls tell of its socket.
    pub socket: Known,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// When it was accepted.
    pub since: Moment,
    /// Whether the server has closed its end.
    pub closed: bool,
    /// Whether it was closed at once, for the server could not take it on.
    pub unserved: bool,
    /// What it was given.
    pub offer: Offer,
    /// Whether a person receives and answers, rather than a service.
    pub by_hand: bool,
    /// What it received.
    pub received: ByteLog,
    /// Where the headers end in that, if they are any.
    pub head: Head,
    /// How it is looked at.
    pub view: BytesView,
    /// The beginning of what was received last.
    pub last: String,
}

impl Connection {
    /// How many of the bytes received last are shown in the list.
    const LAST: usize = 40;

    fn new(id: ConnectionId, fd: Fd, peer: SocketAddr, since: Moment) -> Self {
        Self {
            id,
            socket: Known::accepted(fd, Family::of(&peer)),
            peer,
            since,
            closed: false,
            unserved: false,
            offer: Offer::default(),
            by_hand: false,
            received: ByteLog::default(),
            head: Head::default(),
            view: BytesView::default(),
            last: String::new(),
        }
    }

    /// The owner of its calls.
    #[must_use]
    pub const fn who(&self) -> Actor {
        Actor::Connection(self.id)
    }

    /// The state's name for the list.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match (self.closed, self.socket.stage) {
            _ if self.unserved => "unserved",
            (true, Stage::Broken) => "broken",
            (true, _) => "closed",
            (false, stage) => stage.name(SocketKind::Stream),
        }
    }
}

/// The list of accepted connections, oldest first.
#[derive(Debug, Clone)]
pub struct Connections {
    all: BTreeMap<ConnectionId, Connection>,
    /// The closed ones that are still listed, in the order in which they closed.
    closed: VecDeque<ConnectionId>,
    /// Which one is selected; none while the list follows the newest.
    pub selected: Option<ConnectionId>,
    /// Whose row is at the top of the list while one is selected.
    pub top: Option<ConnectionId>,
    keep: usize,
    held: usize,
    /// How many were ever accepted.
    accepted: u64,
    /// How many of them were closed unserved.
    unserved: u64,
    /// What those did that are no longer listed.
    gone: Gone,
}

/// What connections did that are no longer listed: the sums stay exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gone {
    /// How many.
    pub connections: u64,
    /// The bytes that they had received.
    pub received: u64,
    /// The bytes that they had sent.
    pub sent: u64,
}

impl Connections {
    /// How many closed connections stay listed.
    pub const CLOSED_KEPT: usize = 200;
    /// How many times what one connection may keep all of them together may.
    const SHARES: usize = 2;

    const fn new(keep: usize) -> Self {
        Self {
            all: BTreeMap::new(),
            closed: VecDeque::new(),
            selected: None,
            top: None,
            keep,
            held: 0,
            accepted: 0,
            unserved: 0,
            gone: Gone {
                connections: 0,
                received: 0,
                sent: 0,
            },
        }
    }

    /// Every listed connection, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Connection> {
        self.all.values()
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

    /// How many bytes of memory the logs of all of them hold together.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// How many were ever accepted.
    #[must_use]
    pub const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// How many of them were closed unserved.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.unserved
    }

    /// What those did that are no longer listed.
    #[must_use]
    pub const fn gone(&self) -> Gone {
        self.gone
    }

    /// How many bytes were received by all that were ever accepted, and how many they sent.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let Gone { received, sent, .. } = self.gone;
        let all = self.all.values();
        all.fold((received, sent), |(received, sent), connection| {
            (
                received + connection.received.received(),
                sent + connection.socket.sent,
            )
        })
    }

    /// How many are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.all.len() - self.closed.len()
    }

    /// The one that is selected, if it is still listed: a click may be for a row that is gone.
    fn pinned(&self) -> Option<ConnectionId> {
        self.selected.filter(|id| self.all.contains_key(id))
    }

    /// The one that is selected, or the newest.
    #[must_use]
    pub fn current(&self) -> Option<&Connection> {
        match self.pinned() {
            Some(selected) => self.all.get(&selected),
            None => self.all.values().next_back(),
        }
    }

    /// See [`Connections::current`].
    #[must_use]
    pub fn current_id(&self) -> Option<ConnectionId> {
        self.current().map(|connection| connection.id)
    }

    /// See [`Connections::current`].
    pub fn current_mut(&mut self) -> Option<&mut Connection> {
        match self.pinned() {
            Some(selected) => self.all.get_mut(&selected),
            None => self.all.values_mut().next_back(),
        }
    }

    fn accept(&mut self, mut connection: Connection) {
        self.accepted += 1;
        connection.received = ByteLog::new(self.keep);
        // No number is used twice; if one were, what is counted of the first would go on being true.
        self.all.entry(connection.id).or_insert(connection);
    }

    /// A connection, if it is still listed.
    #[must_use]
    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.all.get(&id)
    }

    /// See [`Connections::get`].
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.all.get_mut(&id)
    }

    /// Takes in what the connection `id` was given.
    pub fn serving(&mut self, id: ConnectionId, offer: Offer) {
        if let Some(connection) = self.all.get_mut(&id) {
            connection.offer = offer;
            connection.by_hand = offer.service == Service::Manual;
        }
    }

    /// Takes in that the connection `id` is closed unserved.
    pub fn unserved(&mut self, id: ConnectionId) {
        self.unserved += 1;
        if let Some(connection) = self.all.get_mut(&id) {
            connection.unserved = true;
        }
    }

    /// Takes in a call of the connection `id` that returned.
    pub fn returned(&mut self, id: ConnectionId, record: &CallRecord) {
        let Some(connection) = self.all.get_mut(&id) else {
            return;
        };
        if matches!(record.call, Call::Close { .. }) {
            self.lost(id);
        } else {
            connection.socket.returned(record);
        }
    }

    /// The connection's socket is no more: it was closed, or its thread failed.
    pub fn lost(&mut self, id: ConnectionId) {
        if let Some(connection) = self.all.get_mut(&id)
            && !std::mem::replace(&mut connection.closed, true)
        {
            // The list goes on telling that it broke.
            let broke = connection.socket.stage == Stage::Broken;
            connection.socket.lost();
            if broke {
                connection.socket.stage = Stage::Broken;
            }
            self.closed.push_back(id);
            self.forget_closed();
        }
    }

    /// Takes in bytes that the connection `id` received.
    pub fn received(&mut self, id: ConnectionId, at: Moment, bytes: Vec<u8>) {
        let Some(connection) = self.all.get_mut(&id) else {
            return;
        };
        connection.last = glyph::line(&bytes[..bytes.len().min(Connection::LAST)]);
        connection.head.push(&bytes);
        let before = connection.received.held();
        connection.received.push(at, bytes);
        self.held = self.held + connection.received.held() - before;
        if self.held > self.keep * Self::SHARES {
            self.make_room();
        }
    }

    /// Forgets bytes until half of what may be kept is free, so that this is seldom needed: all of closed connections',
    /// of the one that closed first before the others', and then the oldest of the open ones that keep most. None of them
    /// keeps more than its share then; one whose newest block alone is more, as it may be when hundreds are open, keeps
    /// nothing.
    fn make_room(&mut self) {
        let target = self.keep * Self::SHARES / 2;
        for id in &self.closed {
            if let Some(connection) = self.all.get_mut(id) {
                self.held -= connection.received.held();
                connection.received.forget();
            }
            if self.held <= target {
                return;
            }
        }
        let held = self
            .all
            .values()
            .map(|connection| connection.received.held());
        let share = level(held.collect(), target);
        for connection in self.all.values_mut() {
            let before = connection.received.held();
            connection.received.shrink_to(share);
            if connection.received.held() > share {
                connection.received.forget();
            }
            self.held = self.held + connection.received.held() - before;
        }
    }

    fn forget_closed(&mut self) {
        while self.closed.len() > Self::CLOSED_KEPT {
            // The one that a person looks at stays, and goes to the back of the line.
            let Some(oldest) = self.closed.pop_front() else {
                return;
            };
            if self.selected == Some(oldest) {
                self.closed.push_back(oldest);
                continue;
            }
            if let Some(gone) = self.all.remove(&oldest) {
                self.held -= gone.received.held();
                self.gone.connections += 1;
                self.gone.received += gone.received.received();
                self.gone.sent += gone.socket.sent;
            }
        }
    }

    /// Moves the selection, and the list with it in a window of `page` rows.
    pub fn scroll(&mut self, motion: Motion, page: usize) {
        let Some(at) = self.current().map(|connection| connection.id) else {
            return;
        };
        self.selected = list::moved(&self.all, at, motion, page);
        self.settle(page);
    }

    /// The rows to show in a window of `page` rows: the selected one is always among them.
    #[must_use]
    pub fn window(&self, page: usize) -> Vec<&Connection> {
        let rows = list::window(&self.all, self.pinned(), self.top, page);
        rows.into_iter().map(|(_, connection)| connection).collect()
    }

    /// Remembers which row is at the top of the window.
    pub fn settle(&mut self, page: usize) {
        self.top = self.window(page).first().map(|connection| connection.id);
    }
}

/// The most that each of `amounts` may be if all of them together are to be at most `total`, and none is to be less than
/// another that is cut: `total` if none has to be cut.
fn level(mut amounts: Vec<usize>, total: usize) -> usize {
    amounts.sort_unstable();
    let mut left = total;
    let mut others = amounts.len();
    for amount in amounts {
        // What the smaller ones do not need is for the larger ones.
        if amount > left / others {
            return left / others;
        }
        left -= amount;
        others -= 1;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fullest_give_first_and_the_small_ones_keep_what_they_have() {
        for (amounts, total, expected) in [
            (&[][..], 10, 10),
            (&[3, 4], 10, 10),
            (&[3, 7], 10, 10),
            (&[8, 4], 10, 6),
            (&[100, 1, 1, 1], 10, 7),
            (&[100, 100, 1], 11, 5),
            (&[5, 5, 5], 0, 0),
            (&[1, 2], 2, 1),
        ] {
            assert_eq!(level(amounts.to_vec(), total), expected, "{amounts:?}");
        }
    }
}
