//! Every client session: which one is in front, and how much all of them may keep.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::Settings;
use super::bytes::Motion;
use super::client::{Client, Receive};
use super::field::{Field, Takes};
use super::list;
use super::plan::Steps;
use crate::model::{CallRecord, ClientId, Moment};

/// The client sessions, oldest first; there is always one.
#[derive(Debug, Clone)]
pub struct Sessions {
    all: BTreeMap<ClientId, Client>,
    front: ClientId,
    next: u32,
    /// Which one is selected in the list; none while that is the one in front.
    selected: Option<ClientId>,
    top: Option<ClientId>,
    keep: usize,
    held: usize,
    /// How many clients the crowd is to have.
    pub crowd: Field,
    /// What they do.
    pub steps: Steps,
}

impl Sessions {
    /// How many sessions there may be.
    pub const MOST: usize = 1_100;
    /// How many clients a crowd may have.
    pub const LARGEST_CROWD: usize = 1_000;
    /// What each session of a crowd keeps of what it receives.
    const CROWD_KEEP: usize = 64 << 10;
    /// How many times what one session may keep all of them together may.
    const SHARES: usize = 2;

    /// One session, as it was set before the start.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let keep = settings.keep;
        let mut first = Client::new(ClientId::FIRST, &settings.connect, keep);
        first.line_ending = settings.line_ending;
        first.receive_from_start(settings.receive, &settings.recv_size.to_string());
        Self {
            all: BTreeMap::from([(ClientId::FIRST, first)]),
            front: ClientId::FIRST,
            next: 2,
            selected: None,
            top: None,
            keep,
            held: 0,
            crowd: Field::new(Takes::Digits, "10"),
            steps: Steps::default(),
        }
    }

    /// Every session, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Client> {
        self.all.values()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// How many bytes of memory the logs of all of them hold together.
    #[must_use]
    pub const fn held(&self) -> usize {
        self.held
    }

    /// Never: there is always one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The number of the session in front.
    #[must_use]
    pub const fn front_id(&self) -> ClientId {
        self.front
    }

    /// The session in front.
    ///
    /// # Panics
    /// Never: there is always one.
    #[must_use]
    pub fn front(&self) -> &Client {
        &self.all[&self.front]
    }

    /// See [`Sessions::front`].
    ///
    /// # Panics
    /// Never: there is always one.
    pub fn front_mut(&mut self) -> &mut Client {
        self.all
            .get_mut(&self.front)
            .expect("the session in front is there")
    }

    /// A session.
    #[must_use]
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        self.all.get(&id)
    }

    /// See [`Sessions::get`].
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.all.get_mut(&id)
    }

    /// Opens a session with the settings of the one in front and brings it to the front; none if there are too many.
    pub fn open(&mut self) -> Option<ClientId> {
        let id = self.add(self.keep)?;
        let front = self.front();
        let (receive, size) = (front.receive, front.recv_size.value().to_owned());
        if let Some(client) = self.all.get_mut(&id) {
            client.receive_from_start(receive, &size);
        }
        self.show(id);
        Some(id)
    }

    /// Lets every session receive by hand from its next socket on.
    pub fn receive_by_hand(&mut self) {
        for client in self.all.values_mut() {
            let size = client.recv_size.value().to_owned();
            client.receive_from_start(Receive::ByHand, &size);
        }
    }

    /// The number of the session that is opened next.
    #[must_use]
    pub const fn next_id(&self) -> ClientId {
        ClientId(self.next)
    }

    /// Opens the session with this number, which none has had, as [`Sessions::open`] does; whether there was room.
    pub fn open_as(&mut self, id: ClientId) -> bool {
        let before = std::mem::replace(&mut self.next, id.0);
        let opened = self.open().is_some();
        if !opened {
            self.next = before;
        }
        opened
    }

    /// Opens a session of a crowd, behind the one in front. Nobody is there to receive by hand for it.
    pub fn open_behind(&mut self) -> Option<ClientId> {
        self.add(Self::CROWD_KEEP.min(self.keep))
    }

    fn add(&mut self, keep: usize) -> Option<ClientId> {
        if self.all.len() >= Self::MOST {
            return None;
        }
        let id = ClientId(self.next);
        self.next += 1;
        let other = self.all.get(&self.front)?.another(id, keep);
        self.all.insert(id, other);
        Some(id)
    }

    /// Forgets a session, unless it is the only one; whether it did. The one before it comes to the front.
    pub fn end(&mut self, id: ClientId) -> bool {
        if self.all.len() == 1 || !self.all.contains_key(&id) {
            return false;
        }
        if let Some(gone) = self.all.remove(&id) {
            self.held -= gone.received.held();
        }
        if self.selected == Some(id) {
            self.selected = None;
        }
        if self.front == id {
            let before = self.all.range(..id).next_back();
            let beside = before.or_else(|| self.all.iter().next());
            if let Some((beside, _)) = beside {
                self.front = *beside;
            }
        }
        true
    }

    /// Brings a session to the front.
    pub fn show(&mut self, id: ClientId) {
        if self.all.contains_key(&id) {
            self.front = id;
            self.selected = None;
        }
    }

    /// Brings the next one to the front, or the one before, going round.
    pub fn show_next(&mut self, back: bool) {
        let next = if back {
            let before = self.all.range(..self.front).next_back();
            before.or_else(|| self.all.iter().next_back())
        } else {
            let after = self.all.range(ClientId(self.front.0 + 1)..).next();
            after.or_else(|| self.all.iter().next())
        };
        if let Some((id, _)) = next {
            self.show(*id);
        }
    }

    /// The one that is selected in the list.
    #[must_use]
    pub fn selected(&self) -> ClientId {
        let selected = self.selected.filter(|id| self.all.contains_key(id));
        selected.unwrap_or(self.front)
    }

    /// Selects one in the list.
    pub fn select(&mut self, id: ClientId) {
        self.selected = Some(id);
    }

    /// How many have a UDP socket that datagrams of other machines reach.
    #[must_use]
    pub fn exposed(&self) -> usize {
        self.iter().filter(|client| client.is_exposed()).count()
    }

    /// Takes in a call of a session that returned.
    pub fn returned(&mut self, id: ClientId, record: &CallRecord) {
        let Some(client) = self.all.get_mut(&id) else {
            return;
        };
        // With a new socket the log begins anew.
        self.held -= client.received.held();
        client.returned(record);
        self.held += client.received.held();
    }

    /// Takes in bytes that a session received, and keeps all of them together within their bound: of what is too much,
    /// sessions behind the one in front give first.
    pub fn received(&mut self, id: ClientId, at: Moment, bytes: Vec<u8>, from: Option<SocketAddr>) {
        let Some(client) = self.all.get_mut(&id) else {
            return;
        };
        self.held -= client.received.held();
        client.received(at, bytes, from);
        self.held += client.received.held();
        if self.held > self.keep * Self::SHARES {
            self.make_room();
        }
    }

    fn make_room(&mut self) {
        // The one in front may keep as much as it is allowed; half of the rest is left free, so that this is seldom done.
        let share = self.keep / 2 / self.all.len().max(1);
        let front = self.front;
        for (id, client) in &mut self.all {
            if *id != front {
                client.received.shrink_to(share);
                if client.received.held() > share {
                    client.received.forget();
                }
            }
        }
        self.held = self.all.values().map(|client| client.received.held()).sum();
    }

    /// Moves the selection, and the list with it in a window of `page` rows.
    pub fn scroll(&mut self, motion: Motion, page: usize) {
        let to = list::moved(&self.all, self.selected(), motion, page);
        self.selected = to.or_else(|| self.all.keys().next_back().copied());
        self.settle(page);
    }

    /// The rows to show in a window of `page` rows: the selected one is always among them.
    #[must_use]
    pub fn window(&self, page: usize) -> Vec<&Client> {
        let rows = list::window(&self.all, Some(self.selected()), self.top, page);
        rows.into_iter().map(|(_, client)| client).collect()
    }

    /// Remembers which row is at the top of the window.
    pub fn settle(&mut self, page: usize) {
        self.top = self.window(page).first().map(|client| client.id);
    }
}
