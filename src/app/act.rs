//! What pressing a button does: which deed it is, with what is typed in the fields around it.
//!
//! [`App::pressing`] says so without doing anything, so that the line of a button can be shown; [`App::press`] does it.

use super::client::{LineEnding, MessageCall, Receive, message, point_at_escape};
use super::control::{Button, Control, Input};
use super::menu::MenuKind;
use super::plan::Steps;
use super::sessions::Sessions;
use super::words::{Crowd, Deed};
use super::{App, Effect, Expecting};
use crate::model::call::Function;
use crate::model::{
    Action, Actor, Address, ClientAction, ClientId, PortsAction, RecvFlags, ServerAction,
    SocketAction, SocketKind, Target,
};

/// What is done, or why it cannot be, in words for the person.
pub(super) type Done = Result<Vec<Deed>, String>;

/// What pressing a button comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressing {
    /// These are done.
    Do(Vec<Deed>),
    /// This menu opens; nothing is done before something is chosen from it.
    Menu(MenuKind),
}

impl App {
    /// Presses a button.
    pub fn press(&mut self, button: Button) -> Vec<Effect> {
        // Whoever presses a button has taken over from the command line.
        self.connect_next = false;
        let done = match self.pressing(button) {
            Ok(Pressing::Do(deeds)) => {
                for deed in &deeds {
                    self.taken(button, deed);
                }
                Ok(deeds)
            }
            Ok(Pressing::Menu(kind)) => Ok(self.menu(kind)),
            Err(why) => {
                self.point_at_escape_of(button);
                Err(why)
            }
        };
        self.told(done)
    }

    /// The line that pressing `button` would say now; none if it would open a menu, or come to nothing.
    #[must_use]
    pub fn line_of_button(&self, button: Button) -> Option<String> {
        match self.pressing(button) {
            // Where there are two, the first only prepares the second.
            Ok(Pressing::Do(deeds)) => deeds.last().map(Deed::to_string),
            Ok(Pressing::Menu(_)) | Err(_) => None,
        }
    }

    /// Does what is to be done, or tells why it cannot be.
    pub(super) fn told(&mut self, done: Done) -> Vec<Effect> {
        let effects = done.and_then(|deeds| {
            let mut effects = Vec::new();
            for deed in deeds {
                let line = deed.to_string();
                effects.extend(self.perform(deed)?);
                self.transcript.said(line);
            }
            Ok(effects)
        });
        effects.unwrap_or_else(|why| {
            self.tell_failure(why);
            Vec::new()
        })
    }

    /// What pressing `button` would come to now.
    ///
    /// # Errors
    /// Why nothing can be done, in plain words.
    pub fn pressing(&self, button: Button) -> Result<Pressing, String> {
        let client = self.client_actor();
        Ok(match button {
            Button::Shutdown => Pressing::Menu(MenuKind::Shutdown(client)),
            Button::More => Pressing::Menu(MenuKind::Verbs(client)),
            // What is selected in the list is meant, if it is open; its menu leads on to the server's.
            Button::ServerMore => {
                Pressing::Menu(MenuKind::Verbs(self.answerer().unwrap_or(Actor::Server)))
            }
            Button::AnswerShutdown | Button::AnswerClose if self.server.is_udp() => {
                return Err("a UDP server has no connections".to_owned());
            }
            Button::AnswerShutdown => Pressing::Menu(MenuKind::Shutdown(self.answerer_or_why()?)),
            Button::ServerSocket => Pressing::Do(self.server_socket()?),
            other => Pressing::Do(vec![self.deed_of(other)?]),
        })
    }

    /// The deed of a button that neither opens a menu nor is two deeds.
    fn deed_of(&self, button: Button) -> Result<Deed, String> {
        let client = self.client_actor();
        Ok(match button {
            Button::Socket => {
                let front = self.client();
                self.client_deed(ClientAction::Socket(front.socket_family(), front.kind))
            }
            Button::Resolve if self.client_waits(Function::Getaddrinfo) => {
                self.client_deed(ClientAction::CancelConnect)
            }
            Button::Resolve => self.client_deed(ClientAction::Resolve(self.client().target()?)),
            Button::Connect if self.is_connecting() => {
                self.client_deed(ClientAction::CancelConnect)
            }
            Button::Connect => self.client_deed(ClientAction::Connect(self.client().target()?)),
            Button::Close => Deed::on(client, SocketAction::Close),
            Button::Send | Button::SendAll if self.is_sending() => {
                Deed::on(client, SocketAction::CancelSend)
            }
            Button::Send => {
                let bytes = self.client_message()?;
                let urgent = false;
                Deed::on(client, SocketAction::Send { bytes, urgent })
            }
            Button::SendAll => self.send_all()?,
            Button::Recv if self.is_receiving_by_hand() => {
                Deed::on(client, SocketAction::CancelRecv)
            }
            Button::Recv => self.recv(client)?,
            Button::Start if self.is_server_up() => Deed::server(ServerAction::Stop),
            Button::Start => Deed::server(ServerAction::Start(self.server.setup()?)),
            Button::ServerBind => {
                let (host, port) = self.server.address()?;
                let port = port.to_string();
                Deed::server(ServerAction::Bind(Address { host, port }))
            }
            Button::Listen => Deed::server(ServerAction::Listen(self.server.backlog()?)),
            Button::Accept if self.is_accepting_by_hand() => {
                Deed::server(ServerAction::CancelAccept)
            }
            Button::Accept => Deed::server(ServerAction::Accept),
            Button::Answer if self.is_answer_sending() => {
                self.answer_with(SocketAction::CancelSend)?
            }
            Button::Answer => self.answer()?,
            Button::AnswerRecv if self.is_answer_receiving() => {
                self.answer_with(SocketAction::CancelRecv)?
            }
            Button::AnswerRecv => self.answer_with(SocketAction::Recv {
                size: if self.server.is_udp() {
                    SocketAction::DATAGRAM_RECV
                } else {
                    SocketAction::CONNECTION_RECV
                },
                flags: RecvFlags::default(),
            })?,
            Button::AnswerClose => self.answer_with(SocketAction::Close)?,
            Button::Open => Deed::Open(self.sessions.next_id()),
            Button::Crowd => self.crowd()?,
            Button::Dismiss => Deed::Dismiss,
            Button::Try if self.ports.running => ports_deed(PortsAction::Cancel),
            Button::Try => ports_deed(PortsAction::Try(self.ports.typed()?)),
            Button::Shutdown
            | Button::More
            | Button::ServerMore
            | Button::AnswerShutdown
            | Button::ServerSocket => return Err("this opens a menu".to_owned()),
        })
    }

    /// What was typed for `deed` has been taken: fields remember it, the message is gone, and the focus may follow.
    fn taken(&mut self, button: Button, deed: &Deed) {
        match deed {
            Deed::Act(Action::Client(_, action)) => self.taken_by_client(button, action),
            Deed::Act(Action::Server(ServerAction::Start(setup))) => {
                let function = match setup.kind {
                    SocketKind::Stream => Function::Listen,
                    SocketKind::Datagram => Function::Bind,
                };
                self.expect(Actor::Server, function, Control::Button(Button::Connect));
                let server = &mut self.server;
                for field in [&mut server.bind, &mut server.port, &mut server.backlog] {
                    field.remember();
                }
            }
            Deed::Act(Action::Server(ServerAction::Bind(_))) => {
                self.server.bind.remember();
                self.server.port.remember();
            }
            Deed::Act(Action::Server(ServerAction::Listen(_))) => self.server.backlog.remember(),
            Deed::Act(
                Action::Server(ServerAction::On(SocketAction::SendTo(..)))
                | Action::Connection(_, SocketAction::SendAll(_)),
            ) => self.answer_taken(),
            Deed::Act(Action::Ports(PortsAction::Try(_))) => self.ports.remember(),
            Deed::Crowd(_) => {
                self.sessions.front_mut().remember_target();
                self.sessions.crowd.remember();
            }
            _ => {}
        }
    }

    fn taken_by_client(&mut self, button: Button, action: &ClientAction) {
        let who = self.client_actor();
        match action {
            ClientAction::Resolve(_) => {
                let focus = self.focus;
                let front = self.sessions.front_mut();
                front.remember_target();
                front.lists_at = Some(focus);
            }
            ClientAction::Connect(_) => {
                self.sessions.front_mut().remember_target();
                self.expect(who, Function::Connect, Control::Input(Input::Message));
            }
            ClientAction::SendTo(..) => {
                self.sessions.front_mut().remember_target();
                self.message_taken();
            }
            ClientAction::On(SocketAction::Send { .. } | SocketAction::SendAll(_)) => {
                self.message_taken();
            }
            ClientAction::On(SocketAction::ReceiveAlone(Some(size))) if button == Button::Recv => {
                self.tell(format!("from now on a recv returns at most {size} bytes"));
                self.sessions.front_mut().recv_size.remember();
            }
            ClientAction::On(SocketAction::Recv { .. }) => {
                self.sessions.front_mut().recv_size.remember();
            }
            _ => {}
        }
    }

    /// Puts the cursor of the message that `button` sends where it cannot be read, if it cannot be.
    fn point_at_escape_of(&mut self, button: Button) {
        match button {
            Button::Send | Button::SendAll | Button::Crowd => {
                point_at_escape(&mut self.sessions.front_mut().message);
            }
            Button::Answer => point_at_escape(&mut self.server.answer),
            _ => {}
        }
    }

    // ---- The server's own socket ---------------------------------------------------------------------------------

    fn server_socket(&self) -> Done {
        let socket = ServerAction::Socket(self.server.socket_family(), self.server.kind);
        // A socket made by hand offers what is chosen, as one that was started does.
        let offer = ServerAction::Offer(self.server.offer()?);
        Ok(vec![Deed::server(offer), Deed::server(socket)])
    }

    // ---- The client ----------------------------------------------------------------------------------------------

    /// The message of the session in front.
    pub(super) fn client_message(&self) -> Result<Vec<u8>, String> {
        let front = self.client();
        let bytes = message(&front.message, front.line_ending)?;
        // A datagram may be empty; of a stream nothing would be left of it.
        if bytes.is_empty() && front.message_call() == MessageCall::SendAll {
            return Err("nothing to send: type something, or choose a line ending".to_owned());
        }
        Ok(bytes)
    }

    /// Empties the field of the message if there was a socket to send it on.
    pub(super) fn message_taken(&mut self) {
        let front = self.sessions.front_mut();
        if front.socket.fd.is_some() {
            front.message.remember();
            front.message.set("");
        }
    }

    fn send_all(&self) -> Result<Deed, String> {
        let call = self.client().message_call();
        if call == MessageCall::SendTo {
            let target = self.client().target()?;
            let bytes = self.client_message()?;
            return Ok(self.client_deed(ClientAction::SendTo(target, bytes)));
        }
        let bytes = self.client_message()?;
        let urgent = false;
        let action = match call {
            MessageCall::SendAll => SocketAction::SendAll(bytes),
            MessageCall::Send | MessageCall::SendTo => SocketAction::Send { bytes, urgent },
        };
        Ok(Deed::on(self.client_actor(), action))
    }

    fn recv(&self, who: Actor) -> Result<Deed, String> {
        let size = self.client().size()?;
        if self.focus == Control::Input(Input::RecvSize) && self.client().receive == Receive::Alone
        {
            // In the field it is the size that is meant.
            return Ok(Deed::on(who, SocketAction::ReceiveAlone(Some(size))));
        }
        if self.receives_alone() {
            return Err("it receives as bytes come; h lets you receive by hand".to_owned());
        }
        let flags = RecvFlags::default();
        Ok(Deed::on(who, SocketAction::Recv { size, flags }))
    }

    /// Receives as bytes come, or by hand, from now on.
    pub(super) fn receive_so(&self, receive: Receive) -> Done {
        let size = match receive {
            Receive::Alone => Some(self.client().size()?),
            Receive::ByHand => None,
        };
        Ok(vec![Deed::on(
            self.client_actor(),
            SocketAction::ReceiveAlone(size),
        )])
    }

    pub(super) const fn client_deed(&self, action: ClientAction) -> Deed {
        Deed::Act(Action::Client(self.sessions.front_id(), action))
    }

    fn expect(&mut self, who: Actor, function: Function, to: Control) {
        self.expecting = Some(Expecting {
            who,
            function,
            from: self.focus,
            to,
        });
    }

    // ---- Sessions ------------------------------------------------------------------------------------------------

    pub(super) fn open_session(&self) -> Vec<Deed> {
        vec![Deed::Open(self.sessions.next_id())]
    }

    /// A session and its socket are to end.
    pub(super) fn ended(id: ClientId) -> Deed {
        Deed::Act(Action::Client(id, ClientAction::End))
    }

    fn crowd(&self) -> Result<Deed, String> {
        let most = Sessions::LARGEST_CROWD;
        let text = self.sessions.crowd.value();
        let count = text
            .parse()
            .ok()
            .filter(|count| (1..=most).contains(count))
            .ok_or_else(|| format!("crowd \"{text}\": give a number from 1 to {most}"))?;
        if self.client().kind == SocketKind::Datagram {
            return Err("a crowd connects: choose TCP for the client first".to_owned());
        }
        let steps = self.sessions.steps;
        let front = self.client();
        // Whatever the socket of the session in front is, those of the crowd are their own.
        let target = Target {
            kind: SocketKind::Stream,
            ..front.target()?
        };
        let mut bytes = message(&front.message, front.line_ending)?;
        if bytes.is_empty() && steps != Steps::Hold {
            bytes = b"hello".to_vec();
        }
        Ok(Deed::Crowd(Crowd {
            count,
            target,
            steps,
            message: bytes,
        }))
    }

    // ---- The server's connections --------------------------------------------------------------------------------

    /// The socket on which an answer goes out, or why there is none.
    fn answerer_or_why(&self) -> Result<Actor, String> {
        self.answerer()
            .ok_or_else(|| match self.server.connections.current() {
                Some(connection) => format!("{} is closed", connection.who()),
                None => "there is no connection yet".to_owned(),
            })
    }

    fn answer_with(&self, action: SocketAction) -> Result<Deed, String> {
        Ok(Deed::on(self.answerer_or_why()?, action))
    }

    /// Whether an answer waits for room.
    #[must_use]
    pub fn is_answer_sending(&self) -> bool {
        let waits = |who, function| self.calls.waiting(who, function).is_some();
        self.answerer()
            .is_some_and(|who| waits(who, Function::Send) || waits(who, Function::Sendto))
    }

    /// Whether a recv by hand in the server panel waits.
    #[must_use]
    pub fn is_answer_receiving(&self) -> bool {
        self.answerer().is_some_and(|who| self.waits_by_hand(who))
    }

    /// The answer to the selected connection or peer.
    pub(super) fn answer(&self) -> Result<Deed, String> {
        let who = self.answerer_or_why()?;
        let bytes = message(&self.server.answer, LineEnding::None)?;
        let action = if who == Actor::Server {
            let peers = &self.server.peers;
            let to = peers.current().ok_or(if peers.is_empty() {
                "nobody has sent a datagram yet: there is no one to answer"
            } else {
                "the selected peer is no longer listed: select another"
            })?;
            SocketAction::SendTo(to.address, bytes)
        } else if bytes.is_empty() {
            return Err("nothing to send: type something".to_owned());
        } else {
            SocketAction::SendAll(bytes)
        };
        Ok(Deed::on(who, action))
    }

    /// Empties the field of the answer.
    pub(super) fn answer_taken(&mut self) {
        self.server.answer.remember();
        self.server.answer.set("");
    }
}

const fn ports_deed(action: PortsAction) -> Deed {
    Deed::Act(Action::Ports(action))
}
