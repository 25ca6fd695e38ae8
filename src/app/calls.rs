//! The Calls panel's state: the journal, the calls that are blocked now, whose calls are shown, and where.

use std::collections::BTreeMap;

use super::bytes::{Motion, Room};
use crate::model::call::Function;
use crate::model::cells::{cut, wrap};
use crate::model::explain::explain;
use crate::model::{Actor, Call, CallRecord, ClientId, ConnectionId, Journal, Moment};

/// Whose calls are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Filter {
    /// Everyone's.
    #[default]
    All,
    /// Those of all client sessions.
    Client,
    /// Those of one session.
    Session(ClientId),
    /// Those of the ports that are tried.
    Ports,
    /// The listening socket's and every accepted connection's.
    Server,
    /// One accepted connection's.
    Connection(ConnectionId),
}

impl Filter {
    /// Whether the calls of `who` are shown.
    #[must_use]
    pub fn shows(self, who: Actor) -> bool {
        match self {
            Self::All => true,
            Self::Client => matches!(who, Actor::Client(_)),
            Self::Session(id) => who == Actor::Client(id),
            Self::Ports => who == Actor::Ports,
            Self::Server => who.is_server_side(),
            Self::Connection(id) => who == Actor::Connection(id),
        }
    }

    /// The choices: besides those that are always there, the session in front if there are several, the connection that
    /// is chosen now or else the one that is selected in the list, and the ports once some were tried.
    #[must_use]
    pub fn choices(
        active: Self,
        session: Option<ClientId>,
        selected: Option<ConnectionId>,
        ports: bool,
    ) -> Vec<Self> {
        let mut choices = vec![Self::All, Self::Client];
        choices.extend(match active {
            Self::Session(_) => Some(active),
            _ => session.map(Self::Session),
        });
        choices.push(Self::Server);
        choices.extend(match active {
            Self::Connection(_) => Some(active),
            _ => selected.map(Self::Connection),
        });
        if ports {
            choices.push(Self::Ports);
        }
        choices
    }

    /// The name as it is shown.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Client => "clients".to_owned(),
            Self::Session(id) => Actor::Client(id).to_string(),
            Self::Ports => Actor::Ports.to_string(),
            Self::Server => Actor::Server.to_string(),
            Self::Connection(id) => Actor::Connection(id).to_string(),
        }
    }
}

/// A call that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Who waits.
    pub who: Actor,
    /// For what.
    pub call: Call,
    /// Since when.
    pub since: Moment,
}

impl Blocked {
    /// Whether a person waits for it. Nobody does for what an accepted connection's service waits for.
    #[must_use]
    pub const fn is_awaited(&self) -> bool {
        match self.who {
            Actor::Client(_) | Actor::Server | Actor::Ports => self.call.is_awaited(),
            Actor::Connection(_) => false,
        }
    }
}

/// The Calls panel.
#[derive(Debug, Clone, Default)]
pub struct Calls {
    /// Every call that returned.
    pub journal: Journal,
    /// The calls for which a person waits now.
    awaited: BTreeMap<(Actor, Function), Blocked>,
    /// The other calls that wait now: as many as there are connections.
    blocked: BTreeMap<(Actor, Function), Blocked>,
    /// Whose calls are shown.
    pub filter: Filter,
    /// The selected call's number; none while the panel follows the newest.
    pub cursor: Option<u64>,
    /// The number of the call at the top of the panel while one is selected.
    top: u64,
}

impl Calls {
    /// How many blocked calls are listed one by one.
    pub const BLOCKED_LISTED: usize = 4;

    /// Takes in a call that returned; gives back its number, which calls reported before it may have had.
    pub fn returned(&mut self, record: CallRecord) -> u64 {
        let key = (record.who, record.call.function());
        if record.call.function() == Function::Close {
            // Whatever waited on a socket that is closed waits no more.
            self.unblock(record.who);
        } else if self.awaited.remove(&key).is_none() {
            self.blocked.remove(&key);
        }
        let number = self.journal.push(record);
        for kept in self.cursor.iter_mut().chain([&mut self.top]) {
            if *kept >= number {
                *kept += 1;
            }
        }
        number
    }

    /// Takes in a call that waits.
    pub fn blocked(&mut self, who: Actor, call: Call, since: Moment) {
        let key = (who, call.function());
        let blocked = Blocked { who, call, since };
        if blocked.is_awaited() {
            self.awaited.insert(key, blocked);
        } else {
            self.blocked.insert(key, blocked);
        }
    }

    /// Forgets that `who` waited in this function: no call was made for it.
    pub fn unblock_function(&mut self, who: Actor, function: Function) {
        let key = (who, function);
        self.awaited.remove(&key);
        self.blocked.remove(&key);
    }

    /// Forgets what `who` waited for: its socket or its thread is no more.
    pub fn unblock(&mut self, who: Actor) {
        let all = (who, Function::FIRST)..=(who, Function::LAST);
        for waits in [&mut self.awaited, &mut self.blocked] {
            let keys: Vec<_> = waits.range(all.clone()).map(|(key, _)| *key).collect();
            for key in keys {
                waits.remove(&key);
            }
        }
    }

    /// The call of this function for which `who` waits now.
    #[must_use]
    pub fn waiting(&self, who: Actor, function: Function) -> Option<&Blocked> {
        let key = (who, function);
        self.awaited.get(&key).or_else(|| self.blocked.get(&key))
    }

    /// Whether `who` waits in any call.
    #[must_use]
    pub fn is_waiting(&self, who: Actor) -> bool {
        let all = (who, Function::FIRST)..=(who, Function::LAST);
        let waits = [&self.awaited, &self.blocked];
        waits
            .iter()
            .any(|waits| waits.range(all.clone()).next().is_some())
    }

    /// Whether a person waits for any call, so that time is to be shown running.
    #[must_use]
    pub fn is_anything_awaited(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// The blocked calls to list, those that a person waits for first, and how many more there are.
    #[must_use]
    pub fn listed_blocked(&self) -> (Vec<&Blocked>, usize) {
        let shown = |blocked: &&Blocked| self.filter.shows(blocked.who);
        let all = || self.awaited.values().chain(self.blocked.values());
        let listed: Vec<&Blocked> = all().filter(shown).take(Self::BLOCKED_LISTED).collect();
        let count = match self.filter {
            Filter::All => self.awaited.len() + self.blocked.len(),
            Filter::Client
            | Filter::Session(_)
            | Filter::Ports
            | Filter::Server
            | Filter::Connection(_) => all().filter(shown).count(),
        };
        let more = count - listed.len();
        (listed, more)
    }

    /// The shown calls with their numbers, oldest first.
    fn shown(&self) -> impl DoubleEndedIterator<Item = (u64, &CallRecord)> {
        self.journal
            .iter()
            .filter(|(_, record)| self.filter.shows(record.who))
    }

    /// The calls to show in `room`, oldest first. One that needs an explanation has it in rows below.
    #[must_use]
    pub fn window(&self, room: Room) -> Vec<(u64, &CallRecord)> {
        let Some(cursor) = self.cursor else {
            return self.ending_at(u64::MAX, room);
        };
        let mut left = room.height;
        let mut found = Vec::new();
        for (number, record) in self.from(self.top) {
            let height = height(record, room);
            if height > left {
                break;
            }
            left -= height;
            found.push((number, record));
        }
        match found.last() {
            Some((last, _)) if *last >= cursor && left == 0 => found,
            // The end is reached with rows to spare, or the cursor would be out of sight.
            Some((last, _)) if *last < cursor => self.ending_at(cursor, room),
            _ => self.ending_at(found.last().map_or(cursor, |(last, _)| *last), room),
        }
    }

    fn from(&self, number: u64) -> impl Iterator<Item = (u64, &CallRecord)> {
        let skip = number.saturating_sub(self.journal.forgotten());
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        self.journal
            .iter()
            .skip(skip)
            .filter(|(_, record)| self.filter.shows(record.who))
    }

    fn ending_at(&self, last: u64, room: Room) -> Vec<(u64, &CallRecord)> {
        let mut left = room.height;
        let mut found: Vec<_> = self
            .shown()
            .rev()
            .skip_while(|(number, _)| *number > last)
            .take_while(|(_, record)| {
                let height = height(record, room);
                let fits = height <= left;
                left = left.saturating_sub(height);
                fits
            })
            .collect();
        found.reverse();
        found
    }

    /// Moves the selection in a window with this room; beyond the newest call the panel follows it again.
    pub fn scroll(&mut self, motion: Motion, room: Room) {
        let newest = self.shown().next_back().map(|(number, _)| number);
        let Some(newest) = newest else {
            self.cursor = None;
            return;
        };
        let at = self.cursor.unwrap_or(newest);
        let to = match (motion.rows(room.height), motion.is_back()) {
            (None, true) => self.shown().next().map(|(number, _)| number),
            (None, false) => None,
            (Some(_), true) if self.cursor.is_none() && motion == Motion::Up => Some(newest),
            (Some(distance), true) => {
                let older = self.shown().rev().skip_while(|(number, _)| *number >= at);
                Some(after(older, distance, room).unwrap_or(at))
            }
            (Some(_), false) if self.cursor.is_none() => None,
            (Some(distance), false) => after(self.from(at + 1), distance, room),
        };
        self.select(to, room);
    }

    /// Selects the call with this number, or follows the newest.
    pub fn select(&mut self, number: Option<u64>, room: Room) {
        let top = self.window(room).first().map(|(number, _)| *number);
        self.cursor = number;
        let Some(cursor) = number else {
            return;
        };
        self.top = top.unwrap_or(cursor).min(cursor);
        // Keep the row at the top unless the selection would leave the window.
        self.top = self
            .window(room)
            .first()
            .map_or(cursor, |(number, _)| *number);
    }

    /// Shows the calls that `filter` lets through, and follows the newest.
    pub const fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
        self.cursor = None;
    }

    /// The selected call, or the newest.
    #[must_use]
    pub fn current(&self) -> Option<(u64, &CallRecord)> {
        match self.cursor {
            Some(number) => self.journal.get(number).map(|record| (number, record)),
            None => self.shown().next_back(),
        }
    }
}

/// The call that is `distance` rows along `calls`, but at least the first; none if there are none.
fn after<'a>(
    calls: impl Iterator<Item = (u64, &'a CallRecord)>,
    distance: usize,
    room: Room,
) -> Option<u64> {
    let mut rows = 0;
    let mut found = None;
    for (number, record) in calls {
        rows += height(record, room);
        if found.is_some() && rows > distance {
            break;
        }
        found = Some(number);
    }
    found
}

/// The most rows that an explanation takes in the list; all of it is in the details.
const MOST_WORDS: usize = 2;

/// What `record` needs to have said, in lines of at most `width` cells.
#[must_use]
pub fn words(record: &CallRecord, width: usize) -> Vec<String> {
    let Some(explanation) = explain(record) else {
        return Vec::new();
    };
    let mut lines = wrap(&explanation.line(), width);
    if lines.len() > MOST_WORDS {
        lines.truncate(MOST_WORDS);
        if let Some(last) = lines.last_mut() {
            // One cell too long, so that it ends in dots.
            last.push_str(&" ".repeat(width));
            *last = cut(last, width);
        }
    }
    lines
}

/// How many rows a call takes; never more than there are, and one where none was drawn yet.
fn height(record: &CallRecord, room: Room) -> usize {
    (1 + words(record, room.width).len()).min(room.height.max(1))
}
