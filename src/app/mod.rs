//! The state of the program and every change of it.
//!
//! [`App`] is plain data. [`App::update`] takes one [`Msg`] and gives back [`Effect`]s for the shell to carry out; it
//! reads no clock, starts no thread and touches neither sockets nor the terminal, so that all of it can be tested by
//! key strings. What sockets do arrives as [`Msg::Happened`], and everything that is shown derives from those events.
//!
//! | file | what it owns |
//! |---|---|
//! | [`update`] | what each message of the person changes |
//! | [`words`] | the one vocabulary: everything that can be done, as lines |
//! | [`act`], [`choosing`] | which deeds the buttons, the menus and the answers to questions are |
//! | [`script`] | scripts: reading them, and running them against this state |
//! | [`doing`], [`transcript`] | how deeds are done, and how they are remembered |
//! | [`handing`] | the door through which actions leave for the workers |
//! | [`happened`] | what each event of the workers changes |
//! | [`keymap`], [`key`], [`hints`] | every key, what it asks for, what the footer says of it |
//! | [`control`], [`field`], [`bytes`], [`list`] | what can have the focus, lines of text, rows of bytes, lists |
//! | [`sessions`], [`client`], [`server`], [`peers`], [`calls`], [`ports`] | the state of each pane |
//! | [`known`], [`stage`] | what is known of one socket |
//! | [`plan`] | the steps of a crowd |
//! | [`menu`], [`ask`], [`command_line`], [`palette`] | what opens above the panes |
//! | [`lines`] | which line each button, key and item is |
//! | [`saving`] | received bytes on their way to files |

pub mod act;
pub mod ask;
pub mod bytes;
pub mod calls;
pub mod choosing;
pub mod client;
pub mod command_line;
pub mod control;
pub mod doing;
pub mod field;
pub mod handing;
pub mod happened;
pub mod hints;
pub mod key;
pub mod keymap;
pub mod known;
pub mod lines;
pub mod list;
pub mod menu;
pub mod palette;
pub mod peers;
pub mod plan;
pub mod ports;
pub mod saving;
pub mod script;
pub mod server;
pub mod sessions;
pub mod stage;
pub mod transcript;
pub mod update;
pub mod words;

use ask::{Prompt, Question};
use bytes::{Mode, Motion, Room};
use calls::{Calls, Filter};
use client::{Client, LineEnding, MessageCall, Receive};
use command_line::CommandLine;
use control::{Button, Bytes, Choice, Control, Input, Pane};
use key::Key;
use known::Known;
use menu::Menu;
use ports::Ports;
use saving::Saves;
use script::Limits;
use script::player::{Player, ProgramEvent, ProgramOrder};
use script::report::Report;
use script::watched::Drive;
use server::Server;
use sessions::Sessions;
use transcript::Transcript;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::call::Function;
use crate::model::{
    Action, Actor, Address, Batch, ByteLog, ClientId, ConnectionId, Moment, Offer, SaveOrder,
    SaveReport, ServerSetup, SocketAction, WallClock,
};

/// Everything that is shown, and everything that decides what a key does.
#[derive(Debug, Clone)]
pub struct App {
    /// The client sessions.
    pub sessions: Sessions,
    /// The embedded server.
    pub server: Server,
    /// Every call.
    pub calls: Calls,
    /// The ports that are tried.
    pub ports: Ports,
    /// What is being saved.
    pub saves: Saves,
    /// What was done until now.
    pub transcript: Transcript,
    /// The script that runs, or has run last.
    pub player: Option<Player>,
    /// How long a script waits unless it says otherwise.
    pub limits: Limits,
    /// What the person set before the start, to which a script goes back.
    settings: Settings,
    /// What has the focus.
    pub focus: Control,
    /// Which end had the focus last: where there is little room it has more of it.
    pub end: Pane,
    /// Which pane is seen in the lower part of the screen.
    pub lower: Pane,
    /// What is open above the panes.
    pub overlay: Option<Overlay>,
    /// How the panes share the screen.
    pub arrangement: Arrangement,
    /// Something to tell until the next key.
    pub notice: Option<Notice>,
    /// Where the focus goes when what was asked for has come about, unless the person has moved on.
    pub expecting: Option<Expecting>,
    /// How many actions of each worker were asked for and are not settled yet; none is not kept.
    pub outstanding: BTreeMap<Actor, u32>,
    /// Whether the client is to connect once the server's start has come to its end.
    pub connect_next: bool,
    /// How moments read on the wall.
    pub clock: WallClock,
    /// The time of the last frame, for waits that are shown running.
    pub now: Moment,
    /// The room that the views had in the last frame.
    pub room: Rooms,
}

/// What a person set before the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the client connects to unless told otherwise.
    pub connect: Address,
    /// The address that the server binds to unless told otherwise.
    pub bind: String,
    /// Its port.
    pub port: u16,
    /// The second argument of its listen.
    pub backlog: i32,
    /// What its connections get.
    pub offer: Offer,
    /// How the client receives.
    pub receive: Receive,
    /// How many bytes one of its recvs returns at most.
    pub recv_size: usize,
    /// What is appended to its messages.
    pub line_ending: LineEnding,
    /// How many bytes of what it received a socket keeps.
    pub keep: usize,
    /// How long a script waits unless it says otherwise.
    pub limits: Limits,
    /// How long a script that is played rests after each step.
    pub pace: Duration,
    /// How moments read on the wall.
    pub clock: WallClock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: Address {
                host: "127.0.0.1".to_owned(),
                port: "8888".to_owned(),
            },
            bind: "127.0.0.1".to_owned(),
            port: 8888,
            backlog: ServerSetup::USUAL_BACKLOG,
            offer: Offer::default(),
            receive: Receive::default(),
            recv_size: SocketAction::USUAL_RECV,
            line_ending: LineEnding::default(),
            keep: ByteLog::DEFAULT_LIMIT,
            limits: Limits::default(),
            pace: Duration::from_secs(1),
            clock: WallClock::default(),
        }
    }
}

/// How the panes share the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrangement {
    /// All of them are seen.
    #[default]
    All,
    /// The one with the focus has the whole screen.
    Zoomed,
}

/// What is open above the panes.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// Every key, scrolled down by this many rows.
    Help(usize),
    /// What was done until now as a script, scrolled down by this many rows.
    Script(usize),
    /// Everything about the call with this number, scrolled down by this many rows.
    Call(u64, usize),
    /// A menu.
    Menu(Menu),
    /// A line of text is asked for.
    Prompt(Prompt),
    /// A yes is asked for.
    Question(Question),
    /// The command line, or the palette.
    Command(CommandLine),
}

/// Something to tell a person, in the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The words.
    pub text: String,
    /// Whether something went wrong.
    pub failure: bool,
}

/// A focus that follows an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expecting {
    /// Whose call.
    pub who: Actor,
    /// Which call has to succeed.
    pub function: Function,
    /// Where the focus was; elsewhere, it stays.
    pub from: Control,
    /// Where it goes.
    pub to: Control,
}

/// The room that the views had in the last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rooms {
    /// The client's received bytes.
    pub received: Room,
    /// The selected connection's received bytes.
    pub connection: Room,
    /// Rows of the list of connections, or of peers.
    pub connections: usize,
    /// Rows of the list of sessions.
    pub sessions: usize,
    /// Rows of the list of ports.
    pub ports: usize,
    /// The list of calls, without the rows of blocked calls and with the width of their explanations.
    pub calls: Room,
    /// Rows of what is open above the panes.
    pub overlay: usize,
    /// Rows that it has in all.
    pub overlay_rows: usize,
}

/// A place on the screen that answers to the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// A control; a field also has the column of its text that was clicked.
    Control(Control, usize),
    /// A way to show bytes, for one of the two views.
    Mode(Bytes, Mode),
    /// A connection in the list.
    Connection(ConnectionId),
    /// A peer of a UDP server in the list.
    Peer(SocketAddr),
    /// A session, in the list or among the tabs.
    Session(ClientId),
    /// The name of a pane that shares the lower part of the screen.
    Pane(Pane),
    /// An item of the open menu.
    Item(usize),
    /// A call in the list.
    Call(u64),
    /// A choice of whose calls are shown.
    Filter(Filter),
    /// What is open above the panes, which the wheel scrolls.
    Overlay,
    /// What lies beside it, where a click closes it.
    Beside,
    /// A key of the script that is played, or its folded strip.
    Script(Drive),
}

/// Something that the app has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Msg {
    /// A key.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The left button was pressed there.
    Click(Spot),
    /// The wheel was turned there.
    Wheel(Spot, Motion),
    /// What a worker reported.
    Happened(Batch),
    /// A frame was drawn, and its views had this room.
    Drawn(Rooms),
    /// It is this late.
    Now(Moment),
    /// An action of this one could not be handed to a worker, for this reason.
    Undone(Actor, String),
    /// Another effect could not be carried out, for this reason.
    Failed(String),
    /// What came of a save.
    Saved(SaveReport),
    /// The program under test has done this.
    Program(ProgramEvent),
    /// A script was read from this file, or why it could not be.
    Loaded(PathBuf, Result<String, String>),
}

/// Something that the shell has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Hand this to the workers.
    Perform(Action),
    /// Hand this to the thread that writes files.
    Save(SaveOrder),
    /// Read this script, and hand it back with [`Msg::Loaded`].
    Load(PathBuf),
    /// Close every socket and finish every file, as at the end, and begin anew.
    Anew,
    /// Tell this of the script that runs.
    Report(Report),
    /// Start or end the program under test.
    Program(ProgramOrder),
    /// Copy this to the clipboard.
    Copy(String),
    /// Draw everything anew.
    Redraw,
    /// Stop the process until it is continued.
    Suspend,
    /// End the program.
    Quit,
}

impl App {
    /// The program at its start.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            sessions: Sessions::new(settings),
            server: Server::new(settings),
            calls: Calls::default(),
            ports: Ports::default(),
            saves: Saves::default(),
            transcript: Transcript::default(),
            player: None,
            limits: settings.limits,
            settings: settings.clone(),
            focus: Control::Button(Button::Start),
            end: Pane::Server,
            lower: Pane::Calls,
            overlay: None,
            arrangement: Arrangement::default(),
            notice: None,
            expecting: None,
            outstanding: BTreeMap::new(),
            connect_next: false,
            clock: settings.clock,
            now: Moment::default(),
            room: Rooms::default(),
        }
    }

    /// The session in front.
    #[must_use]
    pub fn client(&self) -> &Client {
        self.sessions.front()
    }

    /// The session in front as the owner of calls.
    #[must_use]
    pub const fn client_actor(&self) -> Actor {
        Actor::Client(self.sessions.front_id())
    }

    /// Whether the client waits in a call of this function.
    #[must_use]
    pub fn client_waits(&self, function: Function) -> bool {
        self.calls.waiting(self.client_actor(), function).is_some()
    }

    /// Whether the client waits for room to send.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        self.client_waits(Function::Send) || self.client_waits(Function::Sendto)
    }

    /// Whether the client waits in a recv that a person has asked for.
    #[must_use]
    pub fn is_receiving_by_hand(&self) -> bool {
        self.client().receive == Receive::ByHand
            && (self.client_waits(Function::Recv) || self.client_waits(Function::Recvfrom))
    }

    /// Whether `who`, an accepted connection or a UDP server, waits in a recv that a person has asked for.
    #[must_use]
    pub fn waits_by_hand(&self, who: Actor) -> bool {
        let waits = |function| self.calls.waiting(who, function).is_some();
        let is_by_hand = match who {
            Actor::Connection(id) => self.server.connections.get(id).is_some_and(|c| c.by_hand),
            Actor::Server => self.server.service == crate::model::Service::Manual,
            Actor::Client(_) | Actor::Ports => false,
        };
        is_by_hand && (waits(Function::Recv) || waits(Function::Recvfrom))
    }

    /// Whether the client receives by itself at this moment, so that a recv by hand has no place.
    #[must_use]
    pub fn receives_alone(&self) -> bool {
        self.client().receives_alone()
    }

    /// Whether the client is on its way to a connection.
    #[must_use]
    pub fn is_connecting(&self) -> bool {
        self.client_waits(Function::Getaddrinfo) || self.client_waits(Function::Connect)
    }

    /// Whether the server has a socket or is about to.
    #[must_use]
    pub fn is_server_up(&self) -> bool {
        self.server.socket.fd.is_some()
            || self
                .calls
                .waiting(Actor::Server, Function::Getaddrinfo)
                .is_some()
    }

    /// Whether a person waits for a connection to accept.
    #[must_use]
    pub fn is_accepting_by_hand(&self) -> bool {
        !self.server.accepts_alone
            && self
                .calls
                .waiting(Actor::Server, Function::Accept)
                .is_some()
    }

    /// What is known of a socket.
    #[must_use]
    pub fn known(&self, who: Actor) -> Option<&Known> {
        match who {
            Actor::Client(id) => self.sessions.get(id).map(|client| &client.socket),
            Actor::Server => Some(&self.server.socket),
            Actor::Connection(id) => self.server.connections.get(id).map(|c| &c.socket),
            Actor::Ports => None,
        }
    }

    /// See [`App::known`].
    pub fn known_mut(&mut self, who: Actor) -> Option<&mut Known> {
        match who {
            Actor::Client(id) => self.sessions.get_mut(id).map(|client| &mut client.socket),
            Actor::Server => Some(&mut self.server.socket),
            Actor::Connection(id) => {
                let connection = self.server.connections.get_mut(id);
                connection.map(|connection| &mut connection.socket)
            }
            Actor::Ports => None,
        }
    }

    /// Who would be answered by hand in the server panel: the selected connection while it is open, or whoever sends
    /// datagrams to a UDP server.
    #[must_use]
    pub fn answerer(&self) -> Option<Actor> {
        if self.server.is_udp() {
            return self.server.socket.fd.map(|_| Actor::Server);
        }
        let connection = self.server.connections.current()?;
        (!connection.closed).then(|| connection.who())
    }

    /// Whether a control is on the screen, or would be if its pane were open: what makes no sense for UDP, or without a
    /// connection, is not.
    #[must_use]
    pub fn is_there(&self, control: Control) -> bool {
        let pane = control.pane();
        if pane.is_lower() && pane != self.lower {
            return false;
        }
        let is_udp = self.server.is_udp();
        match control {
            Control::Input(Input::Backlog)
            | Control::Choice(Choice::Model)
            | Control::Button(Button::Listen | Button::Accept) => !is_udp,
            Control::Button(Button::SendAll) => {
                self.client().message_call() != MessageCall::Send && !self.is_sending()
            }
            Control::Input(Input::Answer)
            | Control::Button(Button::Answer | Button::AnswerRecv) => self.answerer().is_some(),
            Control::Button(Button::AnswerShutdown | Button::AnswerClose) => {
                !is_udp && self.answerer().is_some()
            }
            Control::Bytes(Bytes::Connection) => {
                is_udp || self.server.connections.current().is_some()
            }
            Control::Input(
                Input::Host
                | Input::Port
                | Input::Message
                | Input::RecvSize
                | Input::Bind
                | Input::ServerPort
                | Input::Delay
                | Input::Crowd
                | Input::PortsHost
                | Input::PortsFirst
                | Input::PortsLast
                | Input::Prompt,
            )
            | Control::Button(
                Button::Socket
                | Button::Resolve
                | Button::Connect
                | Button::Shutdown
                | Button::Close
                | Button::Send
                | Button::Recv
                | Button::More
                | Button::Start
                | Button::ServerSocket
                | Button::ServerBind
                | Button::ServerMore
                | Button::Open
                | Button::Crowd
                | Button::Dismiss
                | Button::Try,
            )
            | Control::Choice(
                Choice::Protocol
                | Choice::Family
                | Choice::LineEnding
                | Choice::Receive
                | Choice::ServerProtocol
                | Choice::Service
                | Choice::Steps
                | Choice::Filter,
            )
            | Control::Bytes(Bytes::Client)
            | Control::Connections
            | Control::Calls
            | Control::Sessions
            | Control::Ports => true,
        }
    }

    /// The focus goes there.
    pub fn focus_on(&mut self, control: Control) {
        self.focus = control;
        if control == Control::Input(Input::Answer) {
            // Whoever is answered stays the same while the answer is typed.
            self.server.pin();
        }
        let pane = control.pane();
        if pane.is_lower() {
            self.lower = pane;
        } else {
            self.end = pane;
        }
    }
}
