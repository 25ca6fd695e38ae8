//! What a worker thread reports to the screen loop.

use super::{Actor, Call, CallRecord, Moment};

/// Events of one worker in the order in which they happened. Workers send batches so that a fast peer costs the
/// screen loop one wake-up for many calls.
pub type Batch = Vec<Event>;

/// One thing that happened on a worker thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A call waits for the kernel, a peer or the resolver. The [`Event::Returned`] of the same actor and the same
    /// function ends it, or that of the actor's `close`.
    Blocked {
        /// Who waits.
        who: Actor,
        /// The call, as it will be made or was made.
        call: Call,
        /// When the wait began.
        since: Moment,
    },
    /// A call returned.
    Returned(CallRecord),
    /// The bytes that one `recv` returned; follows its [`Event::Returned`].
    Received {
        /// Whose socket.
        who: Actor,
        /// When the call returned.
        at: Moment,
        /// Exactly the bytes, never empty.
        bytes: Vec<u8>,
    },
    /// A worker's thread failed, which is a bug; its sockets are closed and nothing more comes of it.
    Panicked {
        /// Whose worker.
        who: Actor,
        /// When.
        at: Moment,
        /// What the panic said.
        message: String,
    },
    /// What a worker was asked to do ended in nothing, for a reason that is not a call's result.
    Trouble {
        /// Whose worker.
        who: Actor,
        /// When.
        at: Moment,
        /// What went wrong and what to do, in plain words.
        message: String,
    },
}
