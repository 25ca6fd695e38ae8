//! What each event of the workers, and of the thread that writes files, changes.

use super::ask::Question;
use super::control::Button;
use super::menu::MenuKind;
use super::saving::Source;
use super::script::player::Player;
use super::{App, Effect, Notice, Overlay};
use crate::model::call::{Ending, Function};
use crate::model::save::path_text;
use crate::model::{
    Actor, Call, CallRecord, ClientId, Event, Head, Moment, Outcome, SaveReport, SocketKind,
};

impl App {
    /// Takes in one event.
    pub fn happened(&mut self, event: Event) -> Vec<Effect> {
        match event {
            // Of a session that was ended nothing is awaited, whatever was on its way.
            Event::Blocked { who, .. }
                if matches!(who, Actor::Client(_)) && self.known(who).is_none() => {}
            Event::Blocked { who, call, since } => self.calls.blocked(who, call, since),
            Event::Unblocked { who, function } => self.calls.unblock_function(who, function),
            Event::Returned(record) => return self.returned(record),
            Event::Received {
                who,
                at,
                bytes,
                from,
            } => return self.received(who, at, bytes, from),
            Event::Ready { who, readiness } => match who {
                Actor::Client(id) => {
                    if let Some(client) = self.sessions.get_mut(id) {
                        client.socket.readiness = Some(readiness);
                    }
                }
                Actor::Server => self.server.socket.readiness = Some(readiness),
                Actor::Connection(id) => {
                    if let Some(connection) = self.server.connections.get_mut(id) {
                        connection.socket.readiness = Some(readiness);
                    }
                }
                Actor::Ports => {}
            },
            Event::AcceptQueue {
                waiting,
                backlog,
                dropped,
            } => {
                self.server.queue = Some((waiting, backlog));
                self.server.dropped = dropped;
            }
            Event::Accepting { alone } => self.server.accepts_alone = alone,
            Event::Blocking { who, on } => {
                if let Some(known) = self.known_mut(who) {
                    known.blocks = on;
                }
            }
            Event::Serving { connection, offer } => {
                self.server.connections.serving(connection, offer);
            }
            Event::Unserved {
                connection,
                message,
                ..
            } => {
                self.server.connections.unserved(connection);
                self.troubled(&message);
                self.tell_failure(message);
            }
            Event::TakenOver(id) => {
                if let Some(connection) = self.server.connections.get_mut(id) {
                    connection.by_hand = true;
                }
            }
            Event::Settled { who, actions } => self.settled(who, actions),
            Event::Port(event) => self.ports.happened(event),
            Event::Trouble { who, message, .. } => {
                // What one of a crowd was to do ended in nothing.
                self.undone(who);
                self.transcript.take_back(who);
                self.troubled(&message);
                self.tell_failure(message);
            }
            Event::Panicked { who, message, .. } => {
                self.calls.unblock(who);
                self.gave_up(who);
                // Whoever takes its place begins as every worker does.
                if let Some(known) = self.known_mut(who) {
                    known.blocks = true;
                }
                let saves = self.saves.end(who);
                match who {
                    Actor::Client(id) => {
                        if let Some(client) = self.sessions.get_mut(id) {
                            client.begin_anew();
                            client.socket.lost();
                        }
                    }
                    Actor::Server => self.server.lost(),
                    Actor::Connection(id) => self.server.connections.lost(id),
                    Actor::Ports => self.ports.running = false,
                }
                self.tell_failure(format!(
                    "the thread of {who} failed ({message}); its socket is closed, the rest goes on. This is a bug of sockyard: please report it"
                ));
                return saves.into_iter().map(Effect::Save).collect();
            }
        }
        Vec::new()
    }

    /// An action is handed to the worker of `who`. Of [`crate::model::ClientAction::End`] nothing more is heard: it is not
    /// counted.
    pub fn performing(&mut self, who: Actor) {
        let count = self.outstanding.entry(who).or_default();
        *count = count.saturating_add(1);
    }

    /// So many of the actions that were handed to the worker of `who` are carried out, or were not taken by it.
    pub fn settled(&mut self, who: Actor, actions: u32) {
        if let Some(count) = self.outstanding.get_mut(&who) {
            *count = count.saturating_sub(actions);
            if *count == 0 {
                self.outstanding.remove(&who);
            }
        }
    }

    /// Of what the worker of `who` was to do nothing more is heard.
    fn gave_up(&mut self, who: Actor) {
        self.outstanding.remove(&who);
        if who == Actor::Server {
            // It may have served some of the connections itself, and has told the others to end.
            (self.outstanding).retain(|who, _| !matches!(who, Actor::Connection(_)));
        }
    }

    fn returned(&mut self, record: CallRecord) -> Vec<Effect> {
        self.transcript.returned(&record);
        if let Some(player) = &mut self.player {
            player.returned(&record);
        }
        let mut effects = Vec::new();
        let was_connected = self
            .known(record.who)
            .is_some_and(|known| known.is_connected() || known.kind == SocketKind::Datagram);
        match record.who {
            Actor::Client(id) => {
                self.sessions.returned(id, &record);
                effects.extend(self.advance(id, &record));
            }
            Actor::Server => self.server.returned(&record),
            Actor::Connection(id) => self.server.connections.returned(id, &record),
            Actor::Ports => {}
        }
        let kind = self
            .known(record.who)
            .map_or(SocketKind::Stream, |known| known.kind);
        if was_connected && ends_stream(&record, kind) {
            effects.extend(self.saves.end(record.who).into_iter().map(Effect::Save));
        }
        if let (Call::Getsockname { .. }, Actor::Server, Outcome::Named(address)) =
            (&record.call, record.who, &record.outcome)
        {
            let front = self.sessions.front_mut();
            if front.port.value() == "0" {
                // The client was to connect to the port that the kernel would choose.
                front.port.set(&address.port().to_string());
            }
        }
        self.list_addresses(&record);
        self.follow(&record);
        effects.extend(self.continue_start(&record));
        let number = self.calls.returned(record);
        if let Some(Overlay::Call(open, _)) = &mut self.overlay
            && *open >= number
        {
            *open += 1;
        }
        effects
    }

    /// Lists the addresses that a person has asked for, unless something else is open.
    fn list_addresses(&mut self, record: &CallRecord) {
        let is_lookup = matches!(record.call, Call::Getaddrinfo { .. });
        if record.who != self.client_actor() || !is_lookup {
            return;
        }
        let asked_at = self.sessions.front_mut().lists_at.take();
        let found = matches!(record.outcome, Outcome::Resolved(_));
        // Whoever has moved on, or types, is not interrupted.
        if asked_at == Some(self.focus)
            && found
            && self.overlay.is_none()
            && self.focused_input().is_none()
        {
            self.open_menu(MenuKind::Addresses);
        }
    }

    /// The next step of a client that is one of a crowd.
    fn advance(&mut self, id: ClientId, record: &CallRecord) -> Option<Effect> {
        let plan = self.sessions.get_mut(id)?.plan.as_mut()?;
        plan.returned(record);
        let action = plan.advance()?;
        Some(Effect::Perform(crate::model::Action::Client(id, action)))
    }

    fn received(
        &mut self,
        who: Actor,
        at: Moment,
        bytes: Vec<u8>,
        from: Option<std::net::SocketAddr>,
    ) -> Vec<Effect> {
        // What is saved is copied before the log takes the bytes.
        let copy = self.saves.of(who).is_some().then(|| bytes.clone());
        let head = match who {
            Actor::Client(id) => {
                self.sessions.received(id, at, bytes, from);
                self.sessions.get(id).map(|client| client.head)
            }
            Actor::Connection(id) => {
                self.server.connections.received(id, at, bytes);
                self.server.connections.get(id).map(|c| c.head)
            }
            Actor::Server => {
                self.server.received(at, bytes, from);
                None
            }
            Actor::Ports => None,
        };
        let Some(copy) = copy else {
            return Vec::new();
        };
        let head = head.unwrap_or_else(Head::default);
        let orders = self.saves.received(who, &copy, head);
        orders.into_iter().map(Effect::Save).collect()
    }

    /// Lets the focus follow a call that succeeded, if that was expected and the person is still where they were.
    fn follow(&mut self, record: &CallRecord) {
        let Some(expecting) = self.expecting else {
            return;
        };
        if (expecting.who, expecting.function) != (record.who, record.call.function()) {
            return;
        }
        if record.outcome != Outcome::Done {
            return;
        }
        self.expecting = None;
        let already_connected = expecting.who == Actor::Server && self.client().socket.fd.is_some();
        // With another session in front a message would go out on another socket.
        let behind =
            matches!(expecting.who, Actor::Client(_)) && expecting.who != self.client_actor();
        if self.focus == expecting.from && !already_connected && !behind {
            self.focus_on(expecting.to);
        }
    }

    /// What was asked for on the command line: start the server, connect the client, or one after the other.
    pub fn start(&mut self, serve: bool, connect: bool) -> Vec<Effect> {
        match (serve, connect) {
            (true, _) => {
                let effects = self.press(Button::Start);
                self.connect_next = connect;
                self.handed_out(effects)
            }
            (false, true) => {
                let effects = self.press(Button::Connect);
                self.handed_out(effects)
            }
            (false, false) => Vec::new(),
        }
    }

    /// Connects after the server's start, if that was asked for, whatever came of it.
    fn continue_start(&mut self, record: &CallRecord) -> Vec<Effect> {
        let server_is_done = record.who == Actor::Server
            && (record.outcome.is_failure()
                || record.outcome == Outcome::Cancelled
                || record.call.function() == Function::Getsockname);
        if server_is_done && std::mem::take(&mut self.connect_next) {
            self.press(Button::Connect)
        } else {
            Vec::new()
        }
    }

    /// Takes in what came of a save.
    pub fn saved(&mut self, report: SaveReport) {
        let (asked, said) = self.saves.reported(report);
        if let Some((save, bytes)) = asked {
            if let Source::Socket(who, _) = save.of {
                // The person is asked; what is answered is remembered then.
                self.transcript.take_back(who);
            }
            // Whoever watches a script can be asked, unless a step would fail with it.
            let is_awaited = |player: &Player| player.watched.is_none() || player.is_busy();
            if self.is_playing() && self.player.as_ref().is_some_and(is_awaited) {
                let path = path_text(&save.path);
                self.troubled(&format!(
                    "{path} exists and was left as it is: --replace replaces it"
                ));
            } else if self.overlay.is_none() && self.focused_input().is_none() {
                self.notice = None;
                self.overlay = Some(Overlay::Question(Question::Replace(save, bytes)));
            } else {
                // A key that is being pressed is not to be taken for an answer.
                let path = path_text(&save.path);
                self.tell_failure(format!(
                    "{path} exists and was left as it is: save again to be asked"
                ));
            }
        }
        if let Some(said) = said {
            if said.failure {
                self.troubled(&said.text);
            }
            self.notice = Some(Notice {
                text: said.text,
                failure: said.failure,
            });
        }
    }
}

/// Whether nothing more can be received after this.
fn ends_stream(record: &CallRecord, kind: SocketKind) -> bool {
    match (&record.call, &record.outcome) {
        (
            _,
            Outcome::Received {
                ending: Ending::Stream | Ending::BothStreams,
                ..
            },
        )
        | (Call::Close { .. }, Outcome::Done) => true,
        // After an error of a datagram socket (ECONNREFUSED) the next datagram may come.
        (Call::Recv { flags, .. }, Outcome::Failed(errno)) if kind == SocketKind::Stream => {
            !flags.urgent && *errno != crate::model::Errno::EAGAIN
        }
        _ => false,
    }
}
