//! Flags whose defaults the config file sets: each stands here once, and from here come its place on the command line,
//! its help, its line in the manual page, its completion and its key in the file.
//!
//! The id of an argument is its key in the file, `SECTION.KEY` for one in a section. A subcommand that flattens one of
//! these structs, or has an argument with such an id, gets what the file says as its default: see
//! [`super::config_file`].

use std::time::Duration;

use clap::Args;
use clap::builder::{RangedU64ValueParser, TypedValueParser};

use crate::app::Settings;
use crate::app::client::{LineEnding, Receive, split_address};
use crate::app::script::Limits;
use crate::app::words::value::one_of;
use crate::model::{Address, Model, Offer, Service, SocketAction, parse_duration};
use crate::net::Capacity;

/// The default of a flag is what the app starts with.
fn usual() -> Settings {
    Settings::default()
}

/// Bytes in a MiB, as a power of two.
const MIB: u32 = 20;

/// What a server offers, wherever it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct ServerFlags {
    /// What the server does with each connection
    #[arg(long, value_name = "SERVICE", default_value = usual().offer.service.name(), value_parser = service())]
    pub service: Service,

    /// How the server serves several connections
    #[arg(long, value_name = "MODEL", default_value = usual().offer.model.name(), value_parser = model())]
    pub model: Model,

    /// How many milliseconds a service thinks before each answer
    #[arg(long, value_name = "MS", default_value_t = usual().offer.delay.as_millis() as u64, value_parser = clap::value_parser!(u64).range(..=Offer::LONGEST_DELAY.as_millis() as u64))]
    pub delay: u64,

    /// How many connections may wait to be accepted: the second argument of listen
    #[arg(long, value_name = "N", default_value_t = usual().backlog, value_parser = clap::value_parser!(i32).range(0..))]
    pub backlog: i32,
}

impl ServerFlags {
    /// What each connection gets.
    #[must_use]
    pub const fn offer(&self) -> Offer {
        Offer {
            service: self.service,
            model: self.model,
            delay: Duration::from_millis(self.delay),
        }
    }
}

/// How much a server takes on, wherever it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct CapacityFlags {
    /// How many connections may be open at once; the next is accepted, closed unserved, and counted
    #[arg(long, value_name = "N", default_value_t = Capacity::USUAL_CONNECTIONS, value_parser = max_connections())]
    pub max_connections: usize,
}

impl CapacityFlags {
    /// What the server may take on, as far as this machine goes.
    #[must_use]
    pub const fn capacity(&self) -> Capacity {
        Capacity::of(self.max_connections)
    }
}

/// Flags of the playground that the file has keys for.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Flags {
    /// Those of its server.
    #[command(flatten)]
    pub server: ServerFlags,

    /// How much it takes on.
    #[command(flatten)]
    pub capacity: CapacityFlags,

    /// When a client receives
    #[arg(long, value_name = "HOW", default_value = usual().receive.word(), value_parser = one_of(&Receive::ALL, Receive::word, Receive::summary))]
    pub receive: Receive,

    /// How many bytes one recv of a client returns at most
    #[arg(long, value_name = "BYTES", default_value_t = usual().recv_size, value_parser = recv_size())]
    pub recv_size: usize,

    /// What is appended to each message that is typed
    #[arg(long, value_name = "ENDING", default_value = usual().line_ending.word(), value_parser = one_of(&LineEnding::ALL, LineEnding::word, LineEnding::summary))]
    pub line_ending: LineEnding,

    /// How many MiB of received bytes each socket keeps; all accepted ones together keep at most twice that, of which those that closed first go first
    #[arg(long, value_name = "MIB", default_value_t = (usual().keep >> MIB) as u16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub keep: u16,

    /// Draw with ASCII characters only
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value_t = false, default_missing_value = "true", action = clap::ArgAction::Set)]
    pub ascii: bool,

    /// Whether colours are used
    #[arg(long, alias = "color", value_name = "WHEN", default_value = Colour::Auto.word(), value_parser = one_of(&Colour::ALL, Colour::word, Colour::summary))]
    pub colour: Colour,
}

impl Flags {
    /// How many bytes of what it received a socket keeps.
    #[must_use]
    pub const fn kept_bytes(&self) -> usize {
        (self.keep as usize) << MIB
    }
}

/// How long a script may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct ScriptDefaults {
    /// How long each wait of a script may take
    #[arg(id = "script.limit", long = "limit", value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub limit: Duration,

    /// How long a whole script may take
    #[arg(id = "script.total", long = "total", value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    pub total: Duration,
}

impl ScriptDefaults {
    /// How long a script waits unless it says otherwise.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        Limits {
            step: self.limit,
            total: self.total,
        }
    }
}

/// How a script is played in the playground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct PlayDefaults {
    /// How long a script that is played rests after each step
    #[arg(id = "play.pace", long = "pace", value_name = "DURATION", default_value = "1s", value_parser = parse_duration)]
    pub pace: Duration,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// Unless the environment says otherwise.
    #[default]
    Auto,
    /// Not at all.
    Never,
}

impl Colour {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Auto, Self::Never];

    /// The name as it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Never => "never",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Auto => "unless NO_COLOR is set",
            Self::Never => "bold, dim and reverse alone tell things apart",
        }
    }
}

/// Takes the name of a service.
fn service() -> impl TypedValueParser<Value = Service> {
    one_of(&Service::ALL, Service::name, Service::summary)
}

/// Takes the name of a model.
fn model() -> impl TypedValueParser<Value = Model> {
    one_of(&Model::ALL, Model::name, Model::summary)
}

fn recv_size() -> impl TypedValueParser<Value = usize> {
    RangedU64ValueParser::<usize>::new().range(..=SocketAction::LARGEST_RECV as u64)
}

fn max_connections() -> impl TypedValueParser<Value = usize> {
    RangedU64ValueParser::<usize>::new().range(1..=Capacity::MOST_CONNECTIONS as u64)
}

/// Takes `HOST:PORT`.
///
/// # Errors
/// What to write instead.
pub fn address(text: &str) -> Result<Address, String> {
    let (host, port) = split_address(text).ok_or(
        "write HOST:PORT, as in 127.0.0.1:8888, localhost:http or [::1]:8888; ports go up to 65535",
    )?;
    Ok(Address {
        host: host.to_owned(),
        port: port.to_owned(),
    })
}
