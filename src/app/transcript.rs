//! What was done until now, as lines of a script that does it again.
//!
//! People wait for what they see before they go on. So between two deeds stands what had come about when the second was
//! done: which call had failed, how many bytes had arrived, who was accepted. A script that runs without a person
//! then goes on at the same moments, and fails if something else comes of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use super::App;
use super::client::Receive;
use super::ports::is_this_machine;
use super::script::expectation::failure;
use super::words::token::tokens;
use super::words::{Crowd, Deed};
use crate::model::call::Function;
use crate::model::{
    Action, Actor, Call, CallRecord, ClientAction, ClientId, Outcome, PortsAction, ServerAction,
    SocketAction,
};

/// The lines, and what had come about when the last of them was written.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    lines: VecDeque<String>,
    forgotten: u64,
    /// What was said last, for the history of the command line: lines as they were typed, and those of buttons.
    said: VecDeque<String>,
    /// What was done last.
    last: Option<Deed>,
    /// What the last calls of whoever did it came to, as far as they failed.
    failures: BTreeMap<Function, String>,
    marks: Marks,
    /// The sessions of which it is said how they receive.
    introduced: BTreeSet<ClientId>,
    /// The addresses that sessions have had, each with the number of the last socket that had it.
    own: BTreeMap<SocketAddr, u64>,
    /// How many sockets of sessions have had an address.
    named: u64,
    /// Whether the kernel was to choose the server's port.
    server_has_any_port: bool,
}

/// What is remembered of a deed.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    deed: Deed,
    /// What had come about before it, and its own line.
    lines: Vec<String>,
    marks: Marks,
    /// Whether what was done before it waits while it is done.
    last_still_waits: bool,
    server_had_address: bool,
}

/// What has come about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Marks {
    accepted: u64,
    /// How many bytes each has received on its socket, and whether its stream has ended.
    received: BTreeMap<Actor, (u64, bool)>,
}

impl Transcript {
    /// How many lines are kept.
    const MOST: usize = 10_000;
    /// How many lines the history has.
    const SAID: usize = 200;
    /// How many addresses of sessions are remembered: more than there can be sessions, and connections of sessions that
    /// have ended in the list of the server. An older one may be another program's by now.
    const OWN: usize = 4_096;
    /// Of how many connections it is told at once what they have received.
    const CONNECTIONS: usize = 8;

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// What was said last, oldest first and each line once.
    #[must_use]
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.said.iter().map(String::as_str)
    }

    /// Keeps a line for the history.
    pub fn said(&mut self, line: String) {
        self.said.retain(|other| *other != line);
        if self.said.len() >= Self::SAID {
            self.said.pop_front();
        }
        self.said.push_back(line);
    }

    fn push(&mut self, line: String) {
        if self.lines.len() >= Self::MOST {
            self.lines.pop_front();
            self.forgotten += 1;
        }
        self.lines.push_back(line);
    }

    /// Remembers what was done.
    pub(super) fn remember(&mut self, entry: Entry) {
        let Entry {
            deed,
            lines,
            marks,
            last_still_waits,
            server_had_address,
        } = entry;
        if last_still_waits && let Some(line) = self.lines.back_mut() {
            line.push_str(" &");
        }
        for line in lines {
            self.push(line);
        }
        let is_end = matches!(&deed, Deed::Act(Action::Client(_, ClientAction::End)));
        if let Some(Actor::Client(id)) = deed.who()
            && !is_end
        {
            self.introduced.insert(id);
        }
        match &deed {
            Deed::Act(Action::Server(ServerAction::Start(setup))) if !server_had_address => {
                self.server_has_any_port = setup.port == 0;
            }
            Deed::Act(Action::Server(ServerAction::Bind(address))) if !server_had_address => {
                self.server_has_any_port = address.port == "0";
            }
            _ => {}
        }
        self.marks = marks;
        self.failures.clear();
        self.last = Some(deed);
    }

    /// What was done last by `who` came to nothing: it is not to be done again.
    pub fn take_back(&mut self, who: Actor) {
        if self.last.as_ref().and_then(Deed::who) == Some(who) {
            self.lines.pop_back();
            self.failures.clear();
            self.last = None;
        }
    }

    /// A session has ended, and its number is never another one's.
    pub fn ended(&mut self, id: ClientId) {
        self.introduced.remove(&id);
    }

    /// Takes in a call that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        if record.who == Actor::Ports {
            // Each port is tried, whatever comes of it.
            return;
        }
        if let Call::Socket { .. } = record.call {
            // What the socket before has received is not what this one will.
            self.marks.received.remove(&record.who);
        }
        if let (Actor::Client(_), Outcome::Named(address)) = (record.who, &record.outcome) {
            self.named += 1;
            self.own.insert(*address, self.named);
            if self.own.len() > Self::OWN {
                let oldest = self.own.iter().min_by_key(|(_, number)| **number);
                if let Some(address) = oldest.map(|(address, _)| *address) {
                    self.own.remove(&address);
                }
            }
        }
        let is_of_last = self.last.as_ref().and_then(Deed::who) == Some(record.who);
        if !is_of_last {
            return;
        }
        let function = record.call.function();
        if matches!(function, Function::EpollWait | Function::Getsockname) {
            // Nobody asks for them, and so nobody expects anything of them.
            return;
        }
        // A number without a name is any failure to a script.
        let is_name = |name: &String| !name.contains(' ');
        match failure(&record.outcome) {
            Some(name) if !is_name(&name) => self.failures.insert(function, "fails".to_owned()),
            Some(name) => self.failures.insert(function, name),
            None => self.failures.remove(&function),
        };
    }
}

impl App {
    /// What is to be remembered of a deed that is about to be done: what has come about until now stands before it.
    pub(super) fn entry(&self, deed: &Deed) -> Option<Entry> {
        match deed {
            // They change nothing that a script could do again.
            Deed::View(_) | Deed::Help | Deed::Quit | Deed::Play(_) | Deed::SaveScript { .. } => {
                return None;
            }
            // The person is asked first.
            Deed::Act(Action::Ports(PortsAction::Try(range))) if !is_this_machine(&range.host) => {
                return None;
            }
            _ => {}
        }
        let last = self.transcript.last.as_ref();
        let mut lines = self.since_last();
        lines.extend(self.introduction(deed));
        lines.push(self.line_again(deed));
        Some(Entry {
            deed: deed.clone(),
            lines,
            marks: self.marks(),
            last_still_waits: last.is_some_and(|last| self.is_waiting(last)),
            server_had_address: self.server.local.is_some(),
        })
    }

    /// The line of a deed. Where it speaks of a port that the kernel has chosen, the next time it will be another one.
    fn line_again(&self, deed: &Deed) -> String {
        let line = deed.to_string();
        let local = self.server.local.map(|local| local.port().to_string());
        let named = match deed {
            Deed::Act(Action::Client(
                _,
                ClientAction::Connect(target)
                | ClientAction::Resolve(target)
                | ClientAction::SendTo(target, _),
            ))
            | Deed::Crowd(Crowd { target, .. })
                if self.transcript.server_has_any_port
                    && Some(&target.address.port) == local.as_ref() =>
            {
                Some("${server.port}".to_owned())
            }
            Deed::Act(
                Action::Server(ServerAction::On(SocketAction::SendTo(address, _)))
                | Action::Connection(_, SocketAction::SendTo(address, _)),
            ) => {
                let mut sessions = self.sessions.iter();
                let owner = sessions.find(|client| client.local == Some(*address));
                owner.map(|client| format!("${{{}.port}}", client.who()))
            }
            _ => None,
        };
        // WHO VERB HOST PORT, or crowd start COUNT HOST PORT.
        let at = if matches!(deed, Deed::Crowd(_)) { 4 } else { 3 };
        let found = tokens(&line)
            .ok()
            .and_then(|tokens| tokens.get(at).cloned());
        match (named, found) {
            (Some(named), Some(port)) => {
                let before: String = line.chars().take(port.column).collect();
                let behind: String = line.chars().skip(port.end()).collect();
                format!("{before}{named}{behind}")
            }
            _ => line,
        }
    }

    /// What was done until now, as a script.
    #[must_use]
    pub fn transcript_text(&self) -> String {
        let mut text =
            String::from("# What was done in sockyard. Run it again: sockyard run FILE\n");
        let forgotten = self.transcript.forgotten;
        if forgotten > 0 {
            text.push_str(&format!(
                "# The first {forgotten} lines are no longer kept.\n"
            ));
        }
        if self.others_connected() {
            text.push_str(
                "# Other programs were connected too: what they did is not in here, and nothing is expected of the server.\n",
            );
        }
        for line in self.transcript_lines() {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// Its lines, with what has come about since the last.
    #[must_use]
    pub fn transcript_lines(&self) -> Vec<Cow<'_, str>> {
        let mut lines: Vec<Cow<'_, str>> = self.transcript.lines().map(Cow::Borrowed).collect();
        let last = self.transcript.last.as_ref();
        if last.is_some_and(|last| self.is_waiting(last))
            && let Some(line) = lines.last_mut()
        {
            line.to_mut().push_str(" &");
        }
        lines.extend(self.since_last().into_iter().map(Cow::Owned));
        lines
    }

    /// A script's sessions receive by hand; in the playground they may receive as bytes come.
    fn introduction(&self, deed: &Deed) -> Option<String> {
        let Some(Actor::Client(id)) = deed.who() else {
            return None;
        };
        let says_so = matches!(
            deed,
            Deed::Act(Action::Client(
                _,
                ClientAction::On(SocketAction::ReceiveAlone(_))
            ))
        );
        let session = self.sessions.get(id);
        let known = session.unwrap_or_else(|| self.sessions.front());
        if self.transcript.introduced.contains(&id) || says_so || known.receive != Receive::Alone {
            return None;
        }
        let size = known.size().unwrap_or(SocketAction::USUAL_RECV);
        let action = ClientAction::On(SocketAction::ReceiveAlone(Some(size)));
        Some(Deed::Act(Action::Client(id, action)).to_string())
    }

    /// What has come about since the last deed, as what a script is to expect.
    fn since_last(&self) -> Vec<String> {
        let transcript = &self.transcript;
        let mut lines = Vec::new();
        if let Some(who) = transcript.last.as_ref().and_then(Deed::who) {
            let failures = transcript.failures.iter();
            lines.extend(
                failures
                    .map(|(function, errno)| format!("expect {who} {} {errno}", function.name())),
            );
        }
        let marks = self.marks();
        let with_others = self.others_connected();
        if marks.accepted != transcript.marks.accepted && !with_others {
            lines.push(format!("expect server accepted {}", marks.accepted));
        }
        for (who, now) in &marks.received {
            if with_others && who.is_server_side() {
                continue;
            }
            let (before, was_over) = transcript
                .marks
                .received
                .get(who)
                .copied()
                .unwrap_or_default();
            let (count, over) = *now;
            if count != before && count > 0 {
                lines.push(format!("expect {who} received --count {count}"));
            }
            if over && !was_over {
                lines.push(format!("expect {who} ended"));
            }
        }
        lines
    }

    /// Whether other programs have connected to the server. They will not do so again by themselves, so that the numbers
    /// of its connections will be others.
    fn others_connected(&self) -> bool {
        let mut connections = self.server.connections.iter();
        connections.any(|connection| !self.transcript.own.contains_key(&connection.peer))
    }

    fn marks(&self) -> Marks {
        let connections = &self.server.connections;
        let clients = self.sessions.iter().filter(|client| client.plan.is_none());
        let clients = clients.map(|client| {
            let ended = client.socket.stage.peer_has_ended();
            (client.who(), (client.received.received(), ended))
        });
        let open = connections.iter().rev().filter(|c| !c.closed);
        let open = open.take(Transcript::CONNECTIONS).map(|connection| {
            let ended = connection.socket.stage.peer_has_ended();
            (connection.who(), (connection.received.received(), ended))
        });
        Marks {
            accepted: connections.accepted(),
            received: clients.chain(open).collect(),
        }
    }

    /// Whether the call that was asked for by this deed waits now. Of what was asked for just now it is not known yet; it
    /// will not wait, or whoever asked would not have gone on.
    fn is_waiting(&self, deed: &Deed) -> bool {
        self.waiting_call(deed).is_some()
    }

    /// The function in which what was asked for by this deed waits now.
    #[must_use]
    pub fn waiting_call(&self, deed: &Deed) -> Option<Function> {
        let Deed::Act(action) = deed else {
            return None;
        };
        let mut functions = action.waits_in().iter().copied();
        functions.find(|function| self.calls.waiting(action.who(), *function).is_some())
    }

    /// Whether what was asked for by this deed has not come to its end yet.
    #[must_use]
    pub fn is_under_way(&self, deed: &Deed) -> bool {
        match deed {
            Deed::Act(action) => {
                let who = action.who();
                self.is_outstanding(who)
                    || self.is_waiting(deed)
                    || (who == Actor::Ports && self.ports.running)
            }
            Deed::TryAllowed(_) => self.ports.running || self.is_outstanding(Actor::Ports),
            Deed::AllOptions(who) => self.is_outstanding(*who),
            Deed::Crowd(_) => {
                let mut plans = self
                    .sessions
                    .iter()
                    .filter_map(|client| client.plan.as_ref());
                plans.any(|plan| !plan.is_over() && !plan.failed)
            }
            Deed::Open(_)
            | Deed::Name(..)
            | Deed::Dismiss
            | Deed::Save { .. }
            | Deed::StopSaving(_)
            | Deed::SaveScript { .. }
            | Deed::View(_)
            | Deed::Play(_)
            | Deed::Help
            | Deed::Quit => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::Settings;
    use crate::model::call::Waited;
    use crate::model::{Fd, Moment};

    /// The address of a socket that was the first session's, as the kernel has told it.
    fn named(address: SocketAddr) -> CallRecord {
        CallRecord {
            who: Actor::Client(ClientId::FIRST),
            call: Call::Getsockname { fd: Fd(3) },
            outcome: Outcome::Named(address),
            entered: Moment(0),
            returned: Moment(0),
            took: Duration::ZERO,
            waited: Waited::No,
        }
    }

    #[test]
    fn of_the_addresses_that_sessions_have_had_the_newest_are_remembered() {
        let mut transcript = Transcript::default();
        let address = |port: usize| SocketAddr::from(([127, 0, 0, 1], port as u16));
        for port in 1..=3 * Transcript::OWN {
            transcript.returned(&named(address(port)));
        }
        // One that is had again is new again.
        let oldest = 2 * Transcript::OWN + 1;
        transcript.returned(&named(address(oldest)));
        transcript.returned(&named(address(1)));
        assert_eq!(transcript.own.len(), Transcript::OWN);
        let is_own = |port| transcript.own.contains_key(&address(port));
        assert!(is_own(oldest) && is_own(1) && is_own(3 * Transcript::OWN));
        assert!(!is_own(oldest + 1));
    }

    #[test]
    fn of_a_session_that_has_ended_it_is_forgotten_how_it_receives() {
        let mut app = App::new(&Settings::default());
        for _ in 0..3 {
            let id = app.sessions.next_id();
            app.perform(Deed::Open(id)).expect("there is room");
            let end = Deed::Act(Action::Client(id, ClientAction::End));
            app.perform(end).expect("it is there");
        }
        assert_eq!(app.transcript.introduced, BTreeSet::new());
    }
}
