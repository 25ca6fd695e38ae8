//! The server panel's state: what a person typed there, the listening socket, and the accepted connections.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use super::bytes::{BytesView, Motion};
use super::client::{Remark, bare};
use super::field::{Field, Takes};
use super::stage::Stage;
use crate::model::{
    ByteLog, Call, CallRecord, ConnectionId, Fd, Moment, Outcome, ServerSetup, Service, glyph,
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
    /// What connections are served with.
    pub service: Service,
    /// The socket that is being made a listening one, or is one.
    pub fd: Option<Fd>,
    /// Where it listens, once it does.
    pub listening: Option<SocketAddr>,
    /// The accepted connections.
    pub connections: Connections,
    /// What the last call that needs words came to.
    pub remark: Option<Remark>,
}

impl Server {
    /// A server that is stopped.
    #[must_use]
    pub fn new(host: &str, port: u16, service: Service, keep: usize) -> Self {
        Self {
            bind: Field::new(Takes::Name, host),
            port: Field::new(Takes::Digits, &port.to_string()),
            backlog: Field::new(Takes::Digits, "128"),
            service,
            fd: None,
            listening: None,
            connections: Connections::new(keep),
            remark: None,
        }
    }

    /// What is typed in the fields, to start with.
    ///
    /// # Errors
    /// Which field cannot be understood, and what it takes.
    pub fn setup(&mut self) -> Result<ServerSetup, String> {
        let port = self.port.value();
        let port = port.parse().map_err(|_| {
            format!(
                "server port \"{port}\": give a number from 0 to 65535; 0 lets the kernel choose"
            )
        })?;
        let backlog = self.backlog.value();
        let backlog = backlog.parse().map_err(|_| {
            format!(
                "backlog \"{backlog}\": give a number from 0 to {}",
                i32::MAX
            )
        })?;
        let host = self.bind.value();
        if host.is_empty() {
            return Err("bind: give an address; 127.0.0.1 is for this machine alone".to_owned());
        }
        let host = bare(host).to_owned();
        self.bind.remember();
        self.port.remember();
        self.backlog.remember();
        Ok(ServerSetup {
            host,
            port,
            backlog,
            service: self.service,
        })
    }

    /// Takes in a call of the listening socket that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        if let Some(remark) = Remark::of(record) {
            self.remark = Some(remark);
        }
        match (&record.call, &record.outcome) {
            (Call::Socket { .. }, Outcome::Descriptor(fd)) => {
                self.fd = Some(*fd);
                self.remark = None;
            }
            (Call::Getsockname { .. }, Outcome::Named(address)) => self.listening = Some(*address),
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
            (Call::Close { .. }, _) => self.lost(),
            _ => {}
        }
    }

    /// The listening socket is no more: it was closed, or the server's thread failed.
    pub const fn lost(&mut self) {
        self.fd = None;
        self.listening = None;
    }

    /// Who can reach the listening socket, if anybody beside this machine's own programs can.
    #[must_use]
    pub fn exposure(&self) -> Option<String> {
        let ip = self.listening?.ip().to_canonical();
        if ip.is_loopback() {
            None
        } else if ip.is_unspecified() {
            Some("open to every machine that can reach this one".to_owned())
        } else {
            Some(format!("open to every machine that can reach {ip}"))
        }
    }
}

/// A connection that the server accepted.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its number.
    pub id: ConnectionId,
    /// Its descriptor.
    pub fd: Fd,
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// Its state, as the calls tell it.
    pub stage: Stage,
    /// When it was accepted.
    pub since: Moment,
    /// Whether the server has closed its end.
    pub closed: bool,
    /// What it received.
    pub received: ByteLog,
    /// How that is looked at.
    pub view: BytesView,
    /// How many bytes the kernel took.
    pub sent: u64,
    /// The beginning of what was received last.
    pub last: String,
}

impl Connection {
    /// How many of the bytes received last are shown in the list.
    const LAST: usize = 40;

    fn new(id: ConnectionId, fd: Fd, peer: SocketAddr, since: Moment) -> Self {
        Self {
            id,
            fd,
            peer,
            stage: Stage::Established,
            since,
            closed: false,
            received: ByteLog::default(),
            view: BytesView::default(),
            sent: 0,
            last: String::new(),
        }
    }

    /// The state's name for the list.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match (self.closed, self.stage) {
            (true, Stage::Broken) => "broken",
            (true, _) => "closed",
            (false, stage) => stage.name(),
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
        connection.received = ByteLog::new(self.keep);
        self.all.insert(connection.id, connection);
    }

    /// Takes in a call of the connection `id` that returned.
    pub fn returned(&mut self, id: ConnectionId, record: &CallRecord) {
        let Some(connection) = self.all.get_mut(&id) else {
            return;
        };
        match (&record.call, &record.outcome) {
            (Call::Send { .. }, Outcome::Sent(count)) => connection.sent += *count as u64,
            (Call::Close { .. }, _) => self.lost(id),
            (_, outcome) => connection.stage = connection.stage.after(outcome),
        }
    }

    /// The connection's socket is no more: it was closed, or its thread failed.
    pub fn lost(&mut self, id: ConnectionId) {
        if let Some(connection) = self.all.get_mut(&id)
            && !std::mem::replace(&mut connection.closed, true)
        {
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
        let before = connection.received.held();
        connection.received.push(at, bytes);
        self.held = self.held + connection.received.held() - before;
        if self.held > self.keep * Self::SHARES {
            self.make_room();
        }
    }

    /// Forgets bytes until half of what may be kept is free, so that this is seldom needed: those of closed connections
    /// first, then of every other all that is beyond an equal share.
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
        let share = target / self.open().max(1);
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
            }
        }
    }

    /// Moves the selection, and the list with it in a window of `page` rows.
    pub fn scroll(&mut self, motion: Motion, page: usize) {
        let Some(at) = self.current().map(|connection| connection.id) else {
            return;
        };
        let to = match (motion.rows(page), motion.is_back()) {
            (None, true) => self.all.keys().next(),
            (None, false) => None,
            (Some(rows), true) => self
                .all
                .range(..=at)
                .rev()
                .take(rows + 1)
                .last()
                .map(|(id, _)| id),
            (Some(rows), false) => self.all.range(at..).take(rows + 1).last().map(|(id, _)| id),
        };
        self.selected = to.copied();
        self.settle(page);
    }

    /// The rows to show in a window of `page` rows: the selected one is always among them.
    #[must_use]
    pub fn window(&self, page: usize) -> Vec<&Connection> {
        let Some(selected) = self.pinned() else {
            return self.newest(page);
        };
        let top = self.top.unwrap_or(selected).min(selected);
        let mut rows: Vec<&Connection> = self.all.range(top..).take(page).map(|(_, c)| c).collect();
        if rows.last().is_none_or(|last| last.id < selected) {
            rows = (self.all.range(..=selected).rev().take(page))
                .map(|(_, c)| c)
                .collect();
            rows.reverse();
        }
        // Near the end the window is filled from above.
        if rows.len() < page {
            rows = self.newest(page);
        }
        rows
    }

    fn newest(&self, page: usize) -> Vec<&Connection> {
        let mut rows: Vec<&Connection> = self.all.values().rev().take(page).collect();
        rows.reverse();
        rows
    }

    /// Remembers which row is at the top of the window.
    pub fn settle(&mut self, page: usize) {
        self.top = self.window(page).first().map(|connection| connection.id);
    }
}
