//! Plain data that every other layer speaks: who acts, what was called, what came back, which bytes arrived.
//!
//! Nothing in here does I/O, starts a thread or knows the terminal. Start with [`call`] (one socket call and its
//! outcome), then [`event`] (what a worker reports) and [`journal`] (what the Calls panel shows).

pub mod action;
pub mod actor;
pub mod byte_log;
pub mod call;
pub mod cells;
pub mod errno;
pub mod escape;
pub mod event;
pub mod explain;
pub mod glyph;
pub mod head;
pub mod journal;
pub mod lookup;
pub mod message;
pub mod moment;
pub mod numbers;
pub mod option;
pub mod readiness;
pub mod save;
pub mod timespan;

pub use action::{
    Action, Address, ClientAction, Model, Offer, PortRange, PortsAction, RecvFlags, ServerAction,
    ServerSetup, Service, SocketAction, Target,
};
pub use actor::{Actor, ClientId, ConnectionId};
pub use byte_log::{ByteLog, Chunk};
pub use call::{Call, CallRecord, Family, Fd, Outcome, Preview, ShutdownHow, SocketKind, Waited};
pub use errno::Errno;
pub use event::{Batch, Event, PortEvent, PortVerdict};
pub use head::Head;
pub use journal::Journal;
pub use lookup::LookupError;
pub use moment::{Moment, WallClock};
pub use option::{Interface, OptionSetting, OptionValue, SocketOption};
pub use readiness::Readiness;
pub use save::{SaveId, SaveOrder, SaveReport};
pub use timespan::{Timespan, parse_duration};
