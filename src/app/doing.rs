//! How deeds are done: what each of them changes here, and what leaves for the workers.
//!
//! This is the one door for everything that a person does, whether they pressed a button, typed a line or wrote a script;
//! here it is remembered too, see [`super::transcript`].

use std::path::PathBuf;

use super::ask::Question;
use super::client::Receive;
use super::control::{Control, Pane};
use super::plan::Plan;
use super::ports::is_this_machine;
use super::saving::What;
use super::sessions::Sessions;
use super::words::{Crowd, Deed, View};
use super::{App, Arrangement, Effect, Overlay};
use crate::model::{
    Action, Actor, ClientAction, ClientId, Head, PortRange, PortsAction, ServerAction,
    SocketAction, SocketOption, glyph,
};

/// What leaves for the shell, or why nothing is done, in words for the person.
type Doing = Result<Vec<Effect>, String>;

/// The most characters of a session's name: the rest of the title is to be seen too.
const LONGEST_NAME: usize = 12;

impl App {
    /// Does what a line says. What it is about is looked at, and the fields show what was said.
    ///
    /// # Errors
    /// Why it cannot be done, in plain words.
    pub fn say(&mut self, deed: Deed) -> Doing {
        if let Deed::Act(action) = &deed {
            self.reflect(action);
        }
        let who = deed.who();
        let effects = self.perform(deed)?;
        match who {
            Some(Actor::Client(id)) => self.sessions.show(id),
            Some(Actor::Connection(id)) => self.server.connections.selected = Some(id),
            Some(Actor::Server | Actor::Ports) | None => {}
        }
        Ok(effects)
    }

    /// Does it, and remembers that it was done.
    ///
    /// # Errors
    /// Why it cannot be done, in plain words.
    pub fn perform(&mut self, deed: Deed) -> Doing {
        self.check(&deed)?;
        let entry = self.entry(&deed);
        let effects = self.done(deed)?;
        if let Some(entry) = entry {
            self.transcript.remember(entry);
        }
        Ok(effects)
    }

    /// Whether there is what it is about.
    fn check(&self, deed: &Deed) -> Result<(), String> {
        match deed.who() {
            Some(Actor::Client(id)) => self.check_client(id, deed),
            Some(who @ Actor::Connection(id)) => match self.server.connections.get(id) {
                None => Err(format!("there is no {who}")),
                // Its bytes are still there to be seen and saved.
                Some(connection) if connection.closed && matches!(deed, Deed::Act(_)) => {
                    Err(format!("{who} is closed"))
                }
                Some(_) => Ok(()),
            },
            Some(Actor::Server | Actor::Ports) | None => Ok(()),
        }
    }

    fn check_client(&self, id: ClientId, deed: &Deed) -> Result<(), String> {
        let who = Actor::Client(id);
        let Some(client) = self.sessions.get(id) else {
            let next = self.sessions.next_id();
            let ends = matches!(deed, Deed::Act(Action::Client(_, ClientAction::End)));
            return match deed {
                _ if id < next => Err(format!(
                    "{who} was ended: {} is the next",
                    Actor::Client(next)
                )),
                _ if ends => Err(format!("there is no {who} yet")),
                _ if self.sessions.len() >= Sessions::MOST => Err(format!(
                    "{} sessions are open: end some first",
                    Sessions::MOST
                )),
                _ => Ok(()),
            };
        };
        if let Deed::Act(Action::Client(_, ClientAction::On(SocketAction::Recv { flags, .. }))) =
            deed
            && !flags.urgent
            && !flags.peek
            && client.receives_alone()
        {
            return Err(format!(
                "{who} receives as bytes come: \"{who} autorecv off\" (h) lets it receive by hand"
            ));
        }
        Ok(())
    }

    fn done(&mut self, deed: Deed) -> Doing {
        match deed {
            Deed::Act(action) => self.act(action),
            Deed::AllOptions(who) => Ok(SocketOption::ALL
                .map(|option| Effect::Perform(Action::on(who, SocketAction::Get(option))))
                .to_vec()),
            Deed::TryAllowed(range) => Ok(self.try_ports(range)),
            Deed::Open(id) => {
                self.open(id)?;
                self.sessions.show(id);
                self.focus_on(Pane::Client.first());
                self.tell(format!(
                    "{} is open: [ and ] lead from session to session",
                    Actor::Client(id)
                ));
                Ok(Vec::new())
            }
            Deed::Name(id, name) => {
                self.open(id)?;
                if let Some(client) = self.sessions.get_mut(id) {
                    let shown = |name: String| {
                        let plain = name.chars().filter(|c| glyph::is_plain(*c));
                        plain.take(LONGEST_NAME).collect()
                    };
                    client.name = name.map(shown);
                }
                Ok(Vec::new())
            }
            Deed::Crowd(crowd) => Ok(self.crowd_begins(&crowd)),
            Deed::Dismiss => self.dismiss(),
            Deed::Save {
                who,
                what,
                path,
                replace,
            } => self.save(who, what, path, replace),
            Deed::StopSaving(who) => {
                let orders = self.saves.end(who);
                if orders.is_empty() {
                    return Err(format!("nothing of {who} is being saved"));
                }
                Ok(orders.into_iter().map(Effect::Save).collect())
            }
            Deed::SaveScript { path, replace } => {
                let text = self.transcript_text();
                let orders = self.saves.script(path, replace, text);
                Ok(orders.into_iter().map(Effect::Save).collect())
            }
            Deed::View(view) => self.look_at(view),
            Deed::Play(path) => Ok(vec![Effect::Load(path)]),
            Deed::Help => {
                self.overlay = Some(Overlay::Help(0));
                Ok(Vec::new())
            }
            Deed::Quit => Ok(vec![Effect::Quit]),
        }
    }

    fn act(&mut self, action: Action) -> Doing {
        match &action {
            Action::Client(id, ClientAction::End) => return self.end_session(*id),
            Action::Client(id, ClientAction::On(SocketAction::ReceiveAlone(size))) => {
                self.open(*id)?;
                if let Some(client) = self.sessions.get_mut(*id) {
                    client.receive = match size {
                        Some(_) => Receive::Alone,
                        None => Receive::ByHand,
                    };
                    if let Some(size) = size {
                        client.recv_size.set(&size.to_string());
                    }
                }
            }
            Action::Client(id, _) => self.open(*id)?,
            Action::Ports(PortsAction::Try(range)) if is_this_machine(&range.host) => {
                return Ok(self.try_ports(range.clone()));
            }
            Action::Ports(PortsAction::Try(range)) => {
                self.overlay = Some(Overlay::Question(Question::TryPorts(range.clone())));
                return Ok(Vec::new());
            }
            Action::Server(_) | Action::Connection(..) | Action::Ports(PortsAction::Cancel) => {}
        }
        Ok(vec![Effect::Perform(action)])
    }

    /// Opens the session with this number unless it is there.
    fn open(&mut self, id: ClientId) -> Result<(), String> {
        if self.sessions.get(id).is_none() && !self.sessions.open_as(id) {
            return Err(format!(
                "{} sessions are open: end some first",
                Sessions::MOST
            ));
        }
        Ok(())
    }

    /// Ends a session and its socket.
    fn end_session(&mut self, id: ClientId) -> Doing {
        if !self.sessions.end(id) {
            return Err("this is the only session: its socket can be closed".to_owned());
        }
        let who = Actor::Client(id);
        self.calls.unblock(who);
        self.transcript.ended(id);
        let mut effects: Vec<Effect> = self.saves.end(who).into_iter().map(Effect::Save).collect();
        effects.push(Effect::Perform(Action::Client(id, ClientAction::End)));
        Ok(effects)
    }

    fn crowd_begins(&mut self, crowd: &Crowd) -> Vec<Effect> {
        let Crowd {
            count,
            target,
            steps,
            message,
        } = crowd;
        let now = self.now;
        let mut effects = Vec::new();
        for _ in 0..*count {
            let Some(id) = self.sessions.open_behind() else {
                self.tell_failure(format!(
                    "{} of {count} clients begin: there is no room for more than {} sessions",
                    effects.len(),
                    Sessions::MOST
                ));
                break;
            };
            let mut plan = Plan::new(*steps, target.clone(), message.clone(), now);
            if let Some(action) = plan.advance() {
                effects.push(Effect::Perform(Action::Client(id, action)));
            }
            if let Some(client) = self.sessions.get_mut(id) {
                client.plan = Some(plan);
            }
        }
        self.focus_on(Control::Sessions);
        effects
    }

    fn dismiss(&mut self) -> Doing {
        let crowd: Vec<ClientId> = (self.sessions.iter())
            .filter(|client| client.plan.is_some())
            .map(|client| client.id)
            .collect();
        if crowd.is_empty() {
            return Err("there is no crowd to dismiss".to_owned());
        }
        let mut effects = Vec::new();
        for id in crowd {
            effects.extend(self.end_session(id)?);
        }
        Ok(effects)
    }

    fn try_ports(&mut self, range: PortRange) -> Vec<Effect> {
        self.ports.begin(range.clone());
        self.focus_on(Control::Ports);
        vec![Effect::Perform(Action::Ports(PortsAction::Try(range)))]
    }

    fn save(&mut self, who: Actor, what: What, path: PathBuf, replace: bool) -> Doing {
        let found = match who {
            Actor::Client(id) => self.sessions.get(id).map(|client| {
                // Before there is a socket, what is to come is meant; after it is gone, what has come.
                let is_early = client.socket.fd.is_none() && client.received.count() == 0;
                let over = client.socket.is_over() && !is_early;
                (&client.received, client.head, over)
            }),
            Actor::Connection(id) => self.server.connections.get(id).map(|connection| {
                let over = connection.closed || connection.socket.is_over();
                (&connection.received, connection.head, over)
            }),
            Actor::Server => Some((
                &self.server.received,
                Head::default(),
                self.server.socket.fd.is_none(),
            )),
            Actor::Ports => None,
        };
        let Some((log, head, over)) = found else {
            return Err(format!("{who} is not there"));
        };
        let orders = self
            .saves
            .begin(who, what, path, replace, (log, head), over);
        if !over {
            self.tell("saving, until the stream ends or you stop it (o, q)".to_owned());
        }
        Ok(orders.into_iter().map(Effect::Save).collect())
    }

    fn look_at(&mut self, view: View) -> Doing {
        match view {
            View::Pane(pane) => self.focus_on(pane.first()),
            View::Client(id) => {
                if self.sessions.get(id).is_none() {
                    return Err(format!("there is no {}", Actor::Client(id)));
                }
                self.sessions.show(id);
                self.focus_on(Pane::Client.first());
            }
            View::Connection(id) => {
                self.server.connections.selected = Some(id);
                self.focus_on(Control::Connections);
            }
            View::Mode(who, mode) => {
                let view = match who {
                    Actor::Client(id) => self.sessions.get_mut(id).map(|client| &mut client.view),
                    Actor::Server => Some(&mut self.server.view),
                    Actor::Connection(id) => {
                        let connection = self.server.connections.get_mut(id);
                        connection.map(|connection| &mut connection.view)
                    }
                    Actor::Ports => None,
                };
                let nobody = || format!("there is nothing of {who} to look at");
                view.ok_or_else(nobody)?.set_mode(mode);
            }
            View::Calls(filter) => {
                self.calls.set_filter(filter);
                self.focus_on(Control::Calls);
            }
            View::Zoom(on) => {
                self.arrangement = if on {
                    Arrangement::Zoomed
                } else {
                    Arrangement::All
                };
            }
            View::Script => self.overlay = Some(Overlay::Script(0)),
        }
        Ok(Vec::new())
    }

    /// Shows in the fields around the buttons what a line says, so that the buttons go on from there.
    fn reflect(&mut self, action: &Action) {
        match action {
            Action::Client(
                id,
                ClientAction::Connect(target)
                | ClientAction::Resolve(target)
                | ClientAction::SendTo(target, _),
            ) => {
                if let Some(client) = self.sessions.get_mut(*id) {
                    client.host.set(&target.address.host);
                    client.port.set(&target.address.port);
                    client.kind = target.kind;
                    client.family = target.family;
                }
            }
            Action::Server(ServerAction::Start(setup)) if !self.is_server_up() => {
                let server = &mut self.server;
                server.bind.set(&setup.host);
                server.port.set(&setup.port.to_string());
                server.backlog.set(&setup.backlog.to_string());
                server.kind = setup.kind;
                server.offered(setup.offer);
            }
            Action::Server(ServerAction::Offer(offer)) => self.server.offered(*offer),
            Action::Server(ServerAction::Socket(_, kind)) if !self.is_server_up() => {
                self.server.kind = *kind;
            }
            Action::Server(ServerAction::Listen(backlog)) if !self.server.listens => {
                self.server.backlog.set(&backlog.to_string());
            }
            Action::Server(ServerAction::Bind(address)) if self.server.local.is_none() => {
                self.server.bind.set(&address.host);
                self.server.port.set(&address.port);
            }
            Action::Client(..) | Action::Server(_) | Action::Connection(..) | Action::Ports(_) => {}
        }
    }
}
