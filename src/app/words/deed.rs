//! What a person can do, whichever way it is said.

use std::path::PathBuf;

use crate::app::bytes::Mode;
use crate::app::calls::Filter;
use crate::app::control::Pane;
use crate::app::plan::Steps;
use crate::app::saving::What;
use crate::model::{Action, Actor, ClientId, ConnectionId, ServerAction, SocketAction, Target};

/// One thing that a person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Something about a socket.
    Act(Action),
    /// Every option of a socket is asked for.
    AllOptions(Actor),
    /// Ports of a host that is not this machine are tried by somebody who is allowed to.
    TryAllowed(crate::model::PortRange),
    /// A session without a socket is opened, or brought to the front.
    Open(ClientId),
    /// A session is called this, or nothing.
    Name(ClientId, Option<String>),
    /// Many clients begin to do the same.
    Crowd(Crowd),
    /// All of them end.
    Dismiss,
    /// What a socket receives is saved.
    Save {
        /// Whose bytes.
        who: Actor,
        /// Which of them.
        what: What,
        /// The file.
        path: PathBuf,
        /// Whether a file of that name may be replaced.
        replace: bool,
    },
    /// What is written so far is kept, and no more follows.
    StopSaving(Actor),
    /// What was done until now is saved as a script.
    SaveScript {
        /// The file.
        path: PathBuf,
        /// Whether a file of that name may be replaced.
        replace: bool,
    },
    /// Something else is looked at.
    View(View),
    /// A script is played in the playground.
    Play(PathBuf),
    /// The help is opened.
    Help,
    /// The program ends.
    Quit,
}

/// A crowd: clients that take the same steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crowd {
    /// How many.
    pub count: usize,
    /// Where they connect to.
    pub target: Target,
    /// What they do.
    pub steps: Steps,
    /// What they say.
    pub message: Vec<u8>,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// A pane.
    Pane(Pane),
    /// A client session, in front of the others.
    Client(ClientId),
    /// A connection, selected in the list.
    Connection(ConnectionId),
    /// How received bytes are shown.
    Mode(Actor, Mode),
    /// Whose calls are shown.
    Calls(Filter),
    /// Whether the pane with the focus has the whole screen.
    Zoom(bool),
    /// What was done until now, as a script.
    Script,
}

impl Deed {
    /// This action on the socket of `who`.
    #[must_use]
    pub fn on(who: Actor, action: SocketAction) -> Self {
        Self::Act(Action::on(who, action))
    }

    /// This action of the server.
    #[must_use]
    pub const fn server(action: ServerAction) -> Self {
        Self::Act(Action::Server(action))
    }

    /// Whose socket it is about, if it is about one.
    #[must_use]
    pub const fn who(&self) -> Option<Actor> {
        match self {
            Self::Act(action) => Some(action.who()),
            Self::AllOptions(who)
            | Self::Save { who, .. }
            | Self::StopSaving(who)
            | Self::View(View::Mode(who, _)) => Some(*who),
            Self::TryAllowed(_) => Some(Actor::Ports),
            Self::Open(id) | Self::Name(id, _) | Self::View(View::Client(id)) => {
                Some(Actor::Client(*id))
            }
            Self::View(View::Connection(id)) => Some(Actor::Connection(*id)),
            Self::Crowd(_)
            | Self::Dismiss
            | Self::SaveScript { .. }
            | Self::View(View::Pane(_) | View::Calls(_) | View::Zoom(_) | View::Script)
            | Self::Play(_)
            | Self::Help
            | Self::Quit => None,
        }
    }
}
