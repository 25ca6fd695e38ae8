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
pub mod journal;
pub mod lookup;
pub mod moment;

pub use action::{Action, Address, ClientAction, ServerAction, ServerSetup, Service};
pub use actor::{Actor, ClientId, ConnectionId};
pub use byte_log::{ByteLog, Chunk};
pub use call::{Call, CallRecord, Family, Fd, Outcome, Preview, Waited};
pub use errno::Errno;
pub use event::{Batch, Event};
pub use journal::Journal;
pub use lookup::LookupError;
pub use moment::{Moment, WallClock};
