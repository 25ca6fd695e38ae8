//! What pressing a button, choosing from a menu and answering a question do: mostly, which action they are.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::ask::{About, Prompt, Question, path};
use super::client::{MessageCall, Receive, message, recv_size};
use super::control::{Button, Control, Input, Pane};
use super::menu::{Chosen, Menu, MenuKind, Verb};
use super::plan::{Plan, Steps};
use super::ports::is_this_machine;
use super::saving::What;
use super::sessions::Sessions;
use super::{App, Effect, Expecting, Notice, Overlay};
use crate::model::call::Function;
use crate::model::{
    Action, Actor, Address, ClientAction, ClientId, Interface, OptionSetting, OptionValue,
    PortsAction, RecvFlags, ServerAction, SocketAction, SocketKind, SocketOption, Target,
};

/// The effects, or why there are none, in words for the person.
type Done = Result<Vec<Effect>, String>;

/// How many bytes a recv by hand on an accepted connection returns at most, unless told otherwise.
const CONNECTION_RECV: usize = 16_384;
/// The same on the socket of a UDP server: no datagram is longer.
const DATAGRAM_RECV: usize = 65_536;
/// The most characters of a session's name: the rest of the title is to be seen too.
const LONGEST_NAME: usize = 12;
/// The largest message that is made up: more than any default buffer holds.
const LARGEST_MADE_UP: usize = 64 << 20;

impl App {
    /// Presses a button.
    pub fn press(&mut self, button: Button) -> Vec<Effect> {
        // Whoever presses a button has taken over from the command line.
        self.connect_next = false;
        let done = self.pressed(button);
        self.told(done)
    }

    /// The effects of what was done, or a notice of why there are none.
    pub fn told(&mut self, done: Done) -> Vec<Effect> {
        done.unwrap_or_else(|why| {
            self.tell_failure(why);
            Vec::new()
        })
    }

    fn pressed(&mut self, button: Button) -> Done {
        let client = self.client_actor();
        match button {
            Button::Socket => {
                let front = self.client();
                let action = ClientAction::Socket(front.socket_family(), front.kind);
                Ok(vec![self.client_effect(action)])
            }
            Button::Resolve if self.client_waits(Function::Getaddrinfo) => {
                Ok(vec![self.client_effect(ClientAction::CancelConnect)])
            }
            Button::Resolve => {
                let focus = self.focus;
                let front = self.sessions.front_mut();
                let target = front.target()?;
                front.lists_at = Some(focus);
                Ok(vec![self.client_effect(ClientAction::Resolve(target))])
            }
            Button::Connect if self.is_connecting() => {
                Ok(vec![self.client_effect(ClientAction::CancelConnect)])
            }
            Button::Connect => {
                let target = self.sessions.front_mut().target()?;
                let to = Control::Input(Input::Message);
                self.expect(client, Function::Connect, to);
                Ok(vec![self.client_effect(ClientAction::Connect(target))])
            }
            Button::Shutdown => Ok(self.open_menu(MenuKind::Shutdown(client))),
            Button::Close => Ok(vec![act_on(client, SocketAction::Close)]),
            Button::Send | Button::SendAll if self.is_sending() => {
                Ok(vec![act_on(client, SocketAction::CancelSend)])
            }
            Button::Send => {
                let bytes = self.client_message()?;
                let urgent = false;
                Ok(vec![act_on(client, SocketAction::Send { bytes, urgent })])
            }
            Button::SendAll => self.send_all(),
            Button::Recv if self.is_receiving_by_hand() => {
                Ok(vec![act_on(client, SocketAction::CancelRecv)])
            }
            Button::Recv => self.recv(client),
            Button::More => Ok(self.open_menu(MenuKind::Verbs(client))),
            Button::Start => self.start_or_stop(),
            Button::ServerSocket => self.server_socket(),
            Button::ServerBind => self.bind_server(),
            Button::Listen => {
                let listen = ServerAction::Listen(self.server.backlog()?);
                Ok(vec![server_effect(listen)])
            }
            Button::Accept if self.is_accepting_by_hand() => {
                Ok(vec![server_effect(ServerAction::CancelAccept)])
            }
            Button::Accept => Ok(vec![server_effect(ServerAction::Accept)]),
            Button::ServerMore => {
                // What is selected in the list is meant, if it is open; its menu leads on to the server's.
                let who = self.answerer().unwrap_or(Actor::Server);
                Ok(self.open_menu(MenuKind::Verbs(who)))
            }
            Button::Answer if self.is_answer_sending() => {
                self.answer_with(SocketAction::CancelSend)
            }
            Button::Answer => self.answer(),
            Button::AnswerRecv if self.is_answer_receiving() => {
                self.answer_with(SocketAction::CancelRecv)
            }
            Button::AnswerRecv => self.answer_with(SocketAction::Recv {
                size: if self.server.is_udp() {
                    DATAGRAM_RECV
                } else {
                    CONNECTION_RECV
                },
                flags: RecvFlags::default(),
            }),
            Button::AnswerShutdown | Button::AnswerClose if self.server.is_udp() => {
                Err("a UDP server has no connections".to_owned())
            }
            Button::AnswerShutdown => {
                let who = self.answerer_or_why()?;
                Ok(self.open_menu(MenuKind::Shutdown(who)))
            }
            Button::AnswerClose => self.answer_with(SocketAction::Close),
            Button::Open => self.open_session(),
            Button::Crowd => self.crowd(),
            Button::Dismiss => self.dismiss(),
            Button::Try if self.ports.running => Ok(vec![ports_effect(PortsAction::Cancel)]),
            Button::Try => {
                let range = self.ports.typed()?;
                if is_this_machine(&range.host) {
                    return Ok(self.try_ports(range));
                }
                self.overlay = Some(Overlay::Question(Question::TryPorts(range)));
                Ok(Vec::new())
            }
        }
    }

    // ---- The server's own socket ---------------------------------------------------------------------------------

    fn start_or_stop(&mut self) -> Done {
        if self.is_server_up() {
            return Ok(vec![server_effect(ServerAction::Stop)]);
        }
        let setup = self.server.setup()?;
        let function = match setup.kind {
            SocketKind::Stream => Function::Listen,
            SocketKind::Datagram => Function::Bind,
        };
        self.expect(Actor::Server, function, Control::Button(Button::Connect));
        Ok(vec![server_effect(ServerAction::Start(setup))])
    }

    fn server_socket(&self) -> Done {
        let socket = ServerAction::Socket(self.server.socket_family(), self.server.kind);
        // A socket made by hand offers what is chosen, as one that was started does.
        let offer = ServerAction::Offer(self.server.offer()?);
        Ok(vec![server_effect(offer), server_effect(socket)])
    }

    fn bind_server(&mut self) -> Done {
        let (host, port) = self.server.address()?;
        let port = port.to_string();
        let bind = ServerAction::Bind(Address { host, port });
        Ok(vec![server_effect(bind)])
    }

    // ---- The client ----------------------------------------------------------------------------------------------

    /// The message of the session in front; it is emptied if there is a socket to send it on.
    fn client_message(&mut self) -> Result<Vec<u8>, String> {
        let front = self.sessions.front_mut();
        let bytes = message(&mut front.message, front.line_ending)?;
        // A datagram may be empty; of a stream nothing would be left of it.
        if bytes.is_empty() && front.message_call() == MessageCall::SendAll {
            return Err("nothing to send: type something, or choose a line ending".to_owned());
        }
        if front.socket.fd.is_some() {
            front.message.remember();
            front.message.set("");
        }
        Ok(bytes)
    }

    fn send_all(&mut self) -> Done {
        let call = self.client().message_call();
        let target = match call {
            MessageCall::SendTo => Some(self.sessions.front_mut().target()?),
            MessageCall::SendAll | MessageCall::Send => None,
        };
        let bytes = self.client_message()?;
        let who = self.client_actor();
        Ok(vec![match (call, target) {
            (MessageCall::SendTo, Some(target)) => {
                self.client_effect(ClientAction::SendTo(target, bytes))
            }
            (MessageCall::SendAll, _) => act_on(who, SocketAction::SendAll(bytes)),
            (MessageCall::Send | MessageCall::SendTo, _) => act_on(
                who,
                SocketAction::Send {
                    bytes,
                    urgent: false,
                },
            ),
        }])
    }

    fn recv(&mut self, who: Actor) -> Done {
        let size = self.client().size()?;
        self.sessions.front_mut().recv_size.remember();
        if self.focus == Control::Input(Input::RecvSize) && self.client().receive == Receive::Alone
        {
            // In the field it is the size that is meant.
            self.tell(format!("from now on a recv returns at most {size} bytes"));
            return Ok(vec![act_on(who, SocketAction::ReceiveAlone(Some(size)))]);
        }
        let socket = &self.client().socket;
        if self.client().receive == Receive::Alone && socket.is_connected() && !socket.is_over() {
            return Err("it receives as bytes come; h lets you receive by hand".to_owned());
        }
        let flags = RecvFlags::default();
        Ok(vec![act_on(who, SocketAction::Recv { size, flags })])
    }

    /// Receives as bytes come, or by hand, from now on.
    ///
    /// # Errors
    /// Why the size of a recv makes no sense; nothing has changed then.
    pub fn receive_so(&mut self, receive: Receive) -> Result<Vec<Effect>, String> {
        let size = match receive {
            Receive::Alone => Some(self.client().size()?),
            Receive::ByHand => None,
        };
        self.sessions.front_mut().receive = receive;
        Ok(vec![act_on(
            self.client_actor(),
            SocketAction::ReceiveAlone(size),
        )])
    }

    const fn client_effect(&self, action: ClientAction) -> Effect {
        Effect::Perform(Action::Client(self.sessions.front_id(), action))
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

    fn open_session(&mut self) -> Done {
        let too_many = || format!("{} sessions are open: end some first", Sessions::MOST);
        let id = self.sessions.open().ok_or_else(too_many)?;
        self.focus_on(Pane::Client.first());
        self.tell(format!(
            "{} is open: [ and ] lead from session to session",
            Actor::Client(id)
        ));
        Ok(Vec::new())
    }

    /// Ends a session and its socket.
    pub fn end_session(&mut self, id: ClientId) -> Vec<Effect> {
        if !self.sessions.end(id) {
            self.tell_failure("this is the only session: its socket can be closed".to_owned());
            return Vec::new();
        }
        let who = Actor::Client(id);
        self.calls.unblock(who);
        let mut effects: Vec<Effect> = self.saves.end(who).into_iter().map(Effect::Save).collect();
        effects.push(Effect::Perform(Action::Client(id, ClientAction::End)));
        effects
    }

    fn crowd(&mut self) -> Done {
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
        let now = self.now;
        let front = self.sessions.front_mut();
        // Whatever the socket of the session in front is, those of the crowd are their own.
        let target = Target {
            kind: SocketKind::Stream,
            ..front.target()?
        };
        let mut bytes = message(&mut front.message, front.line_ending)?;
        if bytes.is_empty() && steps != Steps::Hold {
            bytes = b"hello".to_vec();
        }
        self.sessions.crowd.remember();
        let mut effects = Vec::new();
        for _ in 0..count {
            let Some(id) = self.sessions.open_behind() else {
                self.tell_failure(format!(
                    "{} of {count} clients begin: there is no room for more than {} sessions",
                    effects.len(),
                    Sessions::MOST
                ));
                break;
            };
            let mut plan = Plan::new(steps, target.clone(), bytes.clone(), now);
            if let Some(action) = plan.advance() {
                effects.push(Effect::Perform(Action::Client(id, action)));
            }
            if let Some(client) = self.sessions.get_mut(id) {
                client.plan = Some(plan);
            }
        }
        self.focus_on(Control::Sessions);
        Ok(effects)
    }

    fn dismiss(&mut self) -> Done {
        let crowd: Vec<ClientId> = (self.sessions.iter())
            .filter(|client| client.plan.is_some())
            .map(|client| client.id)
            .collect();
        if crowd.is_empty() {
            return Err("there is no crowd to dismiss".to_owned());
        }
        Ok(crowd
            .into_iter()
            .flat_map(|id| self.end_session(id))
            .collect())
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

    fn answer_with(&self, action: SocketAction) -> Done {
        Ok(vec![act_on(self.answerer_or_why()?, action)])
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

    fn answer(&mut self) -> Done {
        let who = self.answerer_or_why()?;
        let bytes = message(&mut self.server.answer, super::client::LineEnding::None)?;
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
        self.server.answer.remember();
        self.server.answer.set("");
        Ok(vec![act_on(who, action)])
    }

    fn try_ports(&mut self, range: crate::model::PortRange) -> Vec<Effect> {
        self.ports.begin(range.clone());
        self.focus_on(Control::Ports);
        vec![ports_effect(PortsAction::Try(range))]
    }

    // ---- Menus ---------------------------------------------------------------------------------------------------

    /// Opens a menu.
    pub fn open_menu(&mut self, kind: MenuKind) -> Vec<Effect> {
        self.overlay = Some(Overlay::Menu(Menu { kind, selected: 0 }));
        Vec::new()
    }

    /// Does what a menu's item says.
    pub fn choose_item(&mut self, chosen: Chosen) -> Vec<Effect> {
        self.overlay = None;
        let done = match chosen {
            Chosen::Do(who, verb) => self.verb(who, verb),
            Chosen::Shutdown(who, how) => Ok(vec![act_on(who, SocketAction::Shutdown(how))]),
            Chosen::Option(who, option) => Ok(self.ask(About::Option(who, option), "")),
            Chosen::AllOptions(who) => {
                self.open_menu(MenuKind::Options(who));
                Ok(SocketOption::ALL
                    .map(|option| act_on(who, SocketAction::Get(option)))
                    .to_vec())
            }
            Chosen::Text(text) => {
                self.sessions.front_mut().message.set(&text);
                self.focus_on(Control::Input(Input::Message));
                Ok(Vec::new())
            }
            Chosen::Address(address) => {
                let front = self.sessions.front_mut();
                front.host.set(&address.ip().to_string());
                front.port.set(&address.port().to_string());
                self.focus_on(Control::Button(Button::Connect));
                Ok(Vec::new())
            }
        };
        self.told(done)
    }

    fn verb(&mut self, who: Actor, verb: Verb) -> Done {
        let urgent = RecvFlags {
            urgent: true,
            peek: false,
        };
        let peek = RecvFlags {
            urgent: false,
            peek: true,
        };
        Ok(match verb {
            Verb::Bind => self.ask(About::Bind(who), "127.0.0.1:0"),
            Verb::Send => {
                let bytes = self.message_of(who)?;
                vec![act_on(
                    who,
                    SocketAction::Send {
                        bytes,
                        urgent: false,
                    },
                )]
            }
            Verb::Urgent => {
                let bytes = self.message_of(who)?;
                vec![act_on(
                    who,
                    SocketAction::Send {
                        bytes,
                        urgent: true,
                    },
                )]
            }
            Verb::SendTo => return self.answer(),
            Verb::MadeUp => self.ask(About::MadeUp(who, true), "1000000"),
            Verb::MadeUpOnce => self.ask(About::MadeUp(who, false), "16000000"),
            Verb::Recv => self.ask(About::Recv(who), &CONNECTION_RECV.to_string()),
            Verb::RecvUrgent => vec![act_on(
                who,
                SocketAction::Recv {
                    size: 1,
                    flags: urgent,
                },
            )],
            Verb::Peek => {
                let size = match who {
                    Actor::Client(_) => self.client().size()?,
                    Actor::Server | Actor::Connection(_) | Actor::Ports => CONNECTION_RECV,
                };
                vec![act_on(who, SocketAction::Recv { size, flags: peek })]
            }
            Verb::Texts => self.open_menu(MenuKind::Texts),
            Verb::Shutdown => self.open_menu(MenuKind::Shutdown(who)),
            Verb::Close => vec![act_on(who, SocketAction::Close)],
            Verb::Reset => vec![act_on(who, SocketAction::Reset)],
            Verb::Options => self.open_menu(MenuKind::Options(who)),
            Verb::Blocking => self.switch_blocking(who),
            Verb::AcceptAlone => {
                let alone = !self.server.accepts_alone;
                vec![server_effect(ServerAction::AcceptAlone(alone))]
            }
            Verb::Save(what) => {
                let name = match what {
                    What::Whole => "received.bin",
                    What::Body => "page.html",
                };
                self.ask(About::Save(who, what), name)
            }
            Verb::StopSaving => (self.saves.end(who).into_iter())
                .map(Effect::Save)
                .collect(),
            Verb::Join => self.ask(About::Join(who), "239.1.2.3 127.0.0.1"),
            Verb::Leave => self.ask(About::Leave(who), "239.1.2.3 127.0.0.1"),
            Verb::MulticastInterface => self.ask(About::MulticastInterface(who), "127.0.0.1"),
            Verb::Addresses if self.client().addresses.is_empty() => {
                return Err("no addresses yet: resolve (e) asks for them".to_owned());
            }
            Verb::Addresses => self.open_menu(MenuKind::Addresses),
            Verb::Name => {
                let name = self.client().name.clone().unwrap_or_default();
                self.ask(About::Name(who), &name)
            }
            Verb::Open => return self.open_session(),
            Verb::End => match who {
                Actor::Client(id) => self.end_session(id),
                Actor::Server | Actor::Connection(_) | Actor::Ports => Vec::new(),
            },
            Verb::Other(who) => self.open_menu(MenuKind::Verbs(who)),
        })
    }

    /// What is typed as a message for the socket of `who`.
    fn message_of(&mut self, who: Actor) -> Result<Vec<u8>, String> {
        match who {
            Actor::Client(_) => self.client_message(),
            Actor::Server | Actor::Connection(_) | Actor::Ports => {
                let bytes = message(&mut self.server.answer, super::client::LineEnding::None)?;
                if bytes.is_empty() {
                    return Err("nothing to send: type an answer first".to_owned());
                }
                self.server.answer.remember();
                self.server.answer.set("");
                Ok(bytes)
            }
        }
    }

    fn switch_blocking(&mut self, who: Actor) -> Vec<Effect> {
        let blocks = self.known(who).is_some_and(|known| !known.blocks);
        self.tell(if blocks {
            "blocking: a call that cannot be carried out at once waits".to_owned()
        } else {
            "non-blocking: such calls return EAGAIN or EINPROGRESS".to_owned()
        });
        vec![act_on(who, SocketAction::Blocking(blocks))]
    }

    // ---- Questions -----------------------------------------------------------------------------------------------

    fn ask(&mut self, about: About, value: &str) -> Vec<Effect> {
        self.overlay = Some(Overlay::Prompt(Prompt::new(about, value)));
        Vec::new()
    }

    /// Takes what was typed; what is no good stays, with a word on why.
    pub fn accept_prompt(&mut self) -> Vec<Effect> {
        let Some(Overlay::Prompt(prompt)) = &self.overlay else {
            return Vec::new();
        };
        let about = prompt.about;
        let text = prompt.field.value().trim().to_owned();
        match self.answered(about, &text) {
            Ok(effects) => {
                self.overlay = None;
                effects
            }
            Err(why) => {
                if let Some(Overlay::Prompt(prompt)) = &mut self.overlay {
                    prompt.wrong = Some(why);
                }
                Vec::new()
            }
        }
    }

    fn answered(&mut self, about: About, text: &str) -> Done {
        let on = |who, action| Ok(vec![act_on(who, action)]);
        match about {
            About::Bind(who) => {
                let inet6 = self.known(who).is_some_and(|known| known.family.is_inet6());
                on(who, SocketAction::Bind(local_address(text, inet6)?))
            }
            About::Option(who, option) if text.is_empty() => on(who, SocketAction::Get(option)),
            About::Option(who, option) => {
                let value = OptionValue::parse(option.kind(), text)?;
                on(who, SocketAction::Set(OptionSetting::Value(option, value)))
            }
            About::MadeUp(who, all) => {
                let count = text
                    .parse()
                    .ok()
                    .filter(|count| *count <= LARGEST_MADE_UP)
                    .ok_or_else(|| format!("a number from 0 to {LARGEST_MADE_UP}"))?;
                Ok(vec![self.send_made_up(who, made_up(count), all)?])
            }
            About::Recv(who) => {
                let size = recv_size(text)?;
                let flags = RecvFlags::default();
                on(who, SocketAction::Recv { size, flags })
            }
            About::Save(who, what) => {
                if text.is_empty() {
                    return Err("name a file".to_owned());
                }
                Ok(self.save(who, what, path(text), false))
            }
            About::Join(who) => {
                let (group, interface) = membership(text)?;
                on(
                    who,
                    SocketAction::Set(OptionSetting::Join(group, interface)),
                )
            }
            About::Leave(who) => {
                let (group, interface) = membership(text)?;
                on(
                    who,
                    SocketAction::Set(OptionSetting::Leave(group, interface)),
                )
            }
            About::MulticastInterface(who) => {
                let interface =
                    Interface::parse(text).ok_or("an IPv4 address of this machine, or an index")?;
                let setting = OptionSetting::MulticastInterface(interface);
                on(who, SocketAction::Set(setting))
            }
            About::Name(who) => {
                if let Actor::Client(id) = who
                    && let Some(client) = self.sessions.get_mut(id)
                {
                    let name: String = text.chars().take(LONGEST_NAME).collect();
                    client.name = Some(name).filter(|name| !name.is_empty());
                }
                Ok(Vec::new())
            }
        }
    }

    fn send_made_up(&mut self, who: Actor, bytes: Vec<u8>, all: bool) -> Result<Effect, String> {
        let known = self.known(who);
        let is_udp = known.is_some_and(|known| known.kind == SocketKind::Datagram);
        let has_peer = known.is_some_and(super::known::Known::is_connected);
        if is_udp && !has_peer && matches!(who, Actor::Client(_)) {
            let target = self.sessions.front_mut().target()?;
            return Ok(self.client_effect(ClientAction::SendTo(target, bytes)));
        }
        let urgent = false;
        Ok(act_on(
            who,
            if all && !is_udp {
                SocketAction::SendAll(bytes)
            } else {
                SocketAction::Send { bytes, urgent }
            },
        ))
    }

    fn save(&mut self, who: Actor, what: What, path: PathBuf, replace: bool) -> Vec<Effect> {
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
                crate::model::Head::default(),
                self.server.socket.fd.is_none(),
            )),
            Actor::Ports => None,
        };
        let Some((log, head, over)) = found else {
            self.tell_failure(format!("{who} is no longer there"));
            return Vec::new();
        };
        let orders = self
            .saves
            .begin(who, what, path, replace, (log, head), over);
        if !over {
            self.tell("saving, until the stream ends or you stop it (o, q)".to_owned());
        }
        orders.into_iter().map(Effect::Save).collect()
    }

    /// The answer to the open question is yes.
    pub fn say_yes(&mut self) -> Vec<Effect> {
        match self.overlay.take() {
            Some(Overlay::Question(Question::Replace(save, _))) => {
                self.save(save.who, save.what, save.path, true)
            }
            Some(Overlay::Question(Question::TryPorts(range))) => self.try_ports(range),
            other => {
                self.overlay = other;
                Vec::new()
            }
        }
    }

    /// Something to tell that went well.
    pub fn tell(&mut self, text: String) {
        self.notice = Some(Notice {
            text,
            failure: false,
        });
    }

    /// Something to tell that went wrong.
    pub fn tell_failure(&mut self, text: String) {
        self.notice = Some(Notice {
            text,
            failure: true,
        });
    }
}

const fn server_effect(action: ServerAction) -> Effect {
    Effect::Perform(Action::Server(action))
}

const fn ports_effect(action: PortsAction) -> Effect {
    Effect::Perform(Action::Ports(action))
}

/// The action on the socket of `who`.
fn act_on(who: Actor, action: SocketAction) -> Effect {
    Effect::Perform(match who {
        Actor::Client(id) => Action::Client(id, ClientAction::On(action)),
        Actor::Server => Action::Server(ServerAction::On(action)),
        Actor::Connection(id) => Action::Connection(id, action),
        // It owns no socket that a person could mean; nothing offers this.
        Actor::Ports => Action::Ports(PortsAction::Cancel),
    })
}

/// A local address as it is typed: `127.0.0.1:4000`, `[::1]:0`, `127.0.0.1`, `4000`.
fn local_address(text: &str, inet6: bool) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(ip) = super::client::bare(text).parse() {
        return Ok(SocketAddr::new(ip, 0));
    }
    if let Ok(port) = text.parse() {
        let any: IpAddr = if inet6 {
            std::net::Ipv6Addr::UNSPECIFIED.into()
        } else {
            Ipv4Addr::UNSPECIFIED.into()
        };
        return Ok(SocketAddr::new(any, port));
    }
    Err("a numeric address of this machine, as 127.0.0.1:4000 or [::1]:0".to_owned())
}

/// A multicast group and an interface as they are typed.
fn membership(text: &str) -> Result<(IpAddr, Interface), String> {
    let (group, interface) = text.split_once(' ').unwrap_or((text, ""));
    let group: IpAddr = group
        .parse()
        .map_err(|_| "a group's numeric address, as 239.1.2.3 or ff02::1234".to_owned())?;
    let interface = Interface::parse(interface.trim())
        .ok_or("an interface's IPv4 address or its index (ip addr lists both)")?;
    if let (IpAddr::V6(_), Interface::Address(_)) = (group, interface) {
        return Err("IPv6 names an interface by its index: ip addr lists it".to_owned());
    }
    Ok((group, interface))
}

/// A message of `count` bytes in which numbers count up, eight bytes each.
fn made_up(count: usize) -> Vec<u8> {
    let mut record = *b"0000000\n";
    let mut bytes = Vec::with_capacity(count + record.len());
    while bytes.len() < count {
        bytes.extend_from_slice(&record);
        // One more, digit by digit: formatting millions of numbers would keep the screen waiting.
        for digit in record[..7].iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
    }
    bytes.truncate(count);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_address_is_read_in_each_of_its_forms() {
        let read = |text, inet6| local_address(text, inet6).map(|a| a.to_string());
        assert_eq!(read("127.0.0.1:4000", false), Ok("127.0.0.1:4000".into()));
        assert_eq!(read("::1", false), Ok("[::1]:0".into()));
        assert_eq!(read("[::1]", false), Ok("[::1]:0".into()));
        assert_eq!(read("4000", false), Ok("0.0.0.0:4000".into()));
        assert_eq!(read("4000", true), Ok("[::]:4000".into()));
        assert!(read("localhost:80", false).is_err());
    }

    #[test]
    fn a_made_up_message_is_as_long_as_asked_and_counts_up() {
        assert_eq!(made_up(20), b"0000000\n0000001\n0000");
        assert_eq!(made_up(0), b"");
        assert_eq!(made_up(1_000_003).len(), 1_000_003);
        assert!(made_up(8 * 101).ends_with(b"0000099\n0000100\n"));
    }

    #[test]
    fn a_group_is_read_with_its_interface() {
        let group = "239.1.2.3".parse().expect("an address");
        assert_eq!(membership("239.1.2.3"), Ok((group, Interface::Any)));
        assert_eq!(membership("239.1.2.3  2"), Ok((group, Interface::Index(2))));
        let loopback = Interface::Address(Ipv4Addr::LOCALHOST);
        assert_eq!(membership("239.1.2.3 127.0.0.1"), Ok((group, loopback)));
        assert!(membership("ff02::1 127.0.0.1").is_err());
        assert!(membership("239.1.2.3 eth0").is_err());
    }
}
