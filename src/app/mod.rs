//! The state of the program and every change of it.
//!
//! [`App`] is plain data. [`App::update`] takes one [`Msg`] and gives back [`Effect`]s for the shell to carry out; it
//! reads no clock, starts no thread and touches neither sockets nor the terminal, so that all of it can be tested by
//! key strings. What sockets do arrives as [`Msg::Happened`], and everything that is shown derives from those events.
//!
//! | file | what it owns |
//! |---|---|
//! | [`update`] | what each message changes |
//! | [`keymap`], [`key`], [`hints`] | every key, what it asks for, what the footer says of it |
//! | [`control`], [`field`], [`bytes`] | what can have the focus, lines of text, rows of bytes |
//! | [`client`], [`server`], [`calls`], [`stage`] | the state of each pane |

pub mod bytes;
pub mod calls;
pub mod client;
pub mod control;
pub mod field;
pub mod hints;
pub mod key;
pub mod keymap;
pub mod server;
pub mod stage;
pub mod update;

use bytes::{Mode, Motion, Room};
use calls::{Calls, Filter};
use client::Client;
use control::{Button, Bytes, Control};
use key::Key;
use server::Server;

use crate::model::call::Function;
use crate::model::{
    Action, Actor, Address, Batch, ByteLog, ClientId, ConnectionId, Moment, Service, WallClock,
};

/// Everything that is shown, and everything that decides what a key does.
#[derive(Debug, Clone)]
pub struct App {
    /// The client session.
    pub client: Client,
    /// The embedded server.
    pub server: Server,
    /// Every call.
    pub calls: Calls,
    /// What has the focus.
    pub focus: Control,
    /// What is open above the panes.
    pub overlay: Option<Overlay>,
    /// How the panes share the screen.
    pub arrangement: Arrangement,
    /// Something to tell until the next key.
    pub notice: Option<Notice>,
    /// Where the focus goes when what was asked for has come about, unless the person has moved on.
    pub expecting: Option<Expecting>,
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
    /// What it serves connections with.
    pub service: Service,
    /// How many bytes of what it received a socket keeps.
    pub keep: usize,
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
            service: Service::default(),
            keep: ByteLog::DEFAULT_LIMIT,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// Every key, scrolled down by this many rows.
    Help(usize),
    /// Everything about the call with this number, scrolled down by this many rows.
    Call(u64, usize),
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
    /// Rows of the list of connections.
    pub connections: usize,
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
    /// A call in the list.
    Call(u64),
    /// A choice of whose calls are shown.
    Filter(Filter),
    /// What is open above the panes, which the wheel scrolls.
    Overlay,
    /// What lies beside it, where a click closes it.
    Beside,
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
    /// An effect could not be carried out, for this reason.
    Failed(String),
}

/// Something that the shell has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Hand this to the workers.
    Perform(Action),
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
            client: Client::new(ClientId::FIRST, &settings.connect, settings.keep),
            server: Server::new(
                &settings.bind,
                settings.port,
                settings.service,
                settings.keep,
            ),
            calls: Calls::default(),
            focus: Control::Button(Button::Start),
            overlay: None,
            arrangement: Arrangement::default(),
            notice: None,
            expecting: None,
            connect_next: false,
            clock: settings.clock,
            now: Moment::default(),
            room: Rooms::default(),
        }
    }

    /// The client session as the owner of calls.
    #[must_use]
    pub const fn client_actor(&self) -> Actor {
        Actor::Client(self.client.id)
    }

    /// Whether the client waits in a call of this function.
    #[must_use]
    pub fn client_waits(&self, function: Function) -> bool {
        self.calls.waiting(self.client_actor(), function).is_some()
    }

    /// Whether the client is on its way to a connection.
    #[must_use]
    pub fn is_connecting(&self) -> bool {
        self.client_waits(Function::Getaddrinfo) || self.client_waits(Function::Connect)
    }

    /// Whether the server listens or is about to.
    #[must_use]
    pub fn is_server_up(&self) -> bool {
        self.server.fd.is_some()
            || self
                .calls
                .waiting(Actor::Server, Function::Getaddrinfo)
                .is_some()
    }
}
