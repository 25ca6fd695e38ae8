//! What a window above the panes asks for: a line of text, or a yes.

use std::path::PathBuf;

use super::field::{Field, Takes};
use super::saving::{Save, What};
use crate::model::numbers::grouped;
use crate::model::save::path_text;
use crate::model::{Actor, PortRange, SocketOption};

/// A line of text is asked for.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What for.
    pub about: About,
    /// What is typed so far.
    pub field: Field,
    /// What was wrong with what was typed, if it was tried.
    pub wrong: Option<String>,
}

/// What a line of text is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The local address to bind a socket to.
    Bind(Actor),
    /// A value of an option.
    Option(Actor, SocketOption),
    /// How many bytes to send, and whether to the last of them.
    MadeUp(Actor, bool),
    /// How many bytes to receive at most.
    Recv(Actor),
    /// The file to save to.
    Save(Actor, What),
    /// The multicast group to join.
    Join(Actor),
    /// The one to leave.
    Leave(Actor),
    /// The interface that multicast goes out by.
    MulticastInterface(Actor),
    /// What to call the session.
    Name(Actor),
}

impl About {
    /// The window's heading.
    #[must_use]
    pub fn title(self) -> String {
        match self {
            Self::Bind(who) => format!("{who} ─ bind"),
            Self::Option(who, option) => format!("{who} ─ {option}"),
            Self::MadeUp(who, true) => format!("{who} ─ send a made-up message"),
            Self::MadeUp(who, false) => format!("{who} ─ send a made-up message with one call"),
            Self::Recv(who) => format!("{who} ─ recv"),
            Self::Save(who, What::Whole) => format!("{who} ─ save what it receives"),
            Self::Save(who, What::Body) => format!("{who} ─ save the body"),
            Self::Join(who) => format!("{who} ─ join a multicast group"),
            Self::Leave(who) => format!("{who} ─ leave a multicast group"),
            Self::MulticastInterface(who) => format!("{who} ─ interface for multicast"),
            Self::Name(who) => format!("{who} ─ name"),
        }
    }

    /// What to type.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Bind(_) => {
                "ADDRESS:PORT of this machine; port 0, or the address alone, lets the kernel choose"
            }
            Self::Option(_, option) => match option.kind() {
                crate::model::option::ValueKind::Flag => {
                    "on or off sets it; nothing, and Enter, gets it"
                }
                crate::model::option::ValueKind::Number => {
                    "a number sets it; nothing, and Enter, gets it"
                }
                crate::model::option::ValueKind::Linger => {
                    "off, or seconds from 0 to 60, sets it; nothing, and Enter, gets it"
                }
            },
            Self::MadeUp(..) => "how many bytes; they count up, so that a gap can be seen",
            Self::Recv(_) => "how many bytes at most",
            Self::Save(_, What::Whole) => {
                "a file; every byte from the first to the end of the stream, exactly as received"
            }
            Self::Save(_, What::Body) => {
                "a file; what follows the first empty line, exactly as received"
            }
            Self::Join(_) | Self::Leave(_) => {
                "GROUP, or GROUP INTERFACE (its IPv4 address, or its index), as 239.1.2.3 127.0.0.1"
            }
            Self::MulticastInterface(_) => {
                "its IPv4 address, or its index; nothing lets the kernel choose"
            }
            Self::Name(_) => "a word or two, up to twelve characters",
        }
    }

    const fn takes(self) -> Takes {
        match self {
            Self::MadeUp(..) | Self::Recv(_) => Takes::Digits,
            Self::Bind(_) => Takes::Name,
            Self::Option(..)
            | Self::Save(..)
            | Self::Join(_)
            | Self::Leave(_)
            | Self::MulticastInterface(_)
            | Self::Name(_) => Takes::Text,
        }
    }
}

impl Prompt {
    /// Asks, with `value` to begin with.
    #[must_use]
    pub fn new(about: About, value: &str) -> Self {
        Self {
            about,
            field: Field::new(about.takes(), value),
            wrong: None,
        }
    }
}

/// A yes is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Replace the file of this save, which has so many bytes?
    Replace(Save, u64),
    /// Try these ports of a host that is not this machine?
    TryPorts(PortRange),
    /// Close everything, and play this script?
    Play {
        /// Where it was read.
        path: PathBuf,
        /// What it says.
        text: String,
    },
}

impl Question {
    /// The window's heading.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Replace(..) => "the file exists",
            Self::TryPorts(_) => "another machine",
            Self::Play { .. } => "play a script",
        }
    }

    /// What is asked, a paragraph each.
    #[must_use]
    pub fn text(&self) -> Vec<String> {
        match self {
            Self::Replace(save, bytes) => vec![
                format!(
                    "{} exists and has {} bytes. Replace it?",
                    path_text(&save.path),
                    grouped(*bytes)
                ),
                "The old content stays until the new is complete.".to_owned(),
            ],
            Self::TryPorts(range) => vec![
                format!(
                    "Connect to {} ports of {}, {} to {}?",
                    range.count(),
                    range.host,
                    range.first,
                    range.last
                ),
                "Only try hosts that you are allowed to test: its owner sees these connections, and may take them for an attack.".to_owned(),
            ],
            Self::Play { path, .. } => vec![
                format!(
                    "{} begins with an empty playground. Close everything first?",
                    path_text(path)
                ),
                "The server is stopped and every client is ended. Their calls, what they received and what was typed are forgotten.".to_owned(),
            ],
        }
    }

    /// What the key for yes is called.
    #[must_use]
    pub const fn yes(&self) -> &'static str {
        match self {
            Self::Replace(..) => "yes, replace it",
            Self::TryPorts(_) => "yes, I am allowed to",
            Self::Play { .. } => "yes, close everything and begin",
        }
    }
}

/// What was typed as a path.
#[must_use]
pub fn path(text: &str) -> PathBuf {
    PathBuf::from(text)
}
