//! How a worker reports: events gathered into batches on the bounded channel to the screen loop.

use std::net::SocketAddr;
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::Clock;
use super::tally::{Counts, Tally};
use crate::model::call::Function;
use crate::model::{
    Actor, Batch, Call, CallRecord, ConnectionId, Event, Moment, Outcome, Readiness, Waited,
};

/// Why a worker's step did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// A call failed; it is in the report, with its errno.
    Failed,
    /// The worker was told to stop.
    Stopped,
    /// Nobody listens to the reports any more: the program is ending.
    Gone,
}

/// When a call that returns now began, and how it waited.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// When it, or the waiting for it, began.
    pub began: Moment,
    /// When the kernel was entered; none for a call that was made elsewhere or not at all.
    pub entered: Option<Moment>,
    /// How it waited.
    pub waited: Waited,
}

impl Timing {
    /// A call that was made at `began` without waiting.
    #[must_use]
    pub const fn at_once(began: Moment) -> Self {
        Self {
            began,
            entered: Some(began),
            waited: Waited::No,
        }
    }

    /// A look-up that was made on another thread.
    #[must_use]
    pub const fn elsewhere(began: Moment) -> Self {
        Self {
            began,
            entered: None,
            waited: Waited::No,
        }
    }

    /// A call for which nobody waits any more.
    #[must_use]
    pub const fn cancelled(began: Moment) -> Self {
        Self {
            began,
            entered: None,
            waited: Waited::InPoll,
        }
    }
}

/// How much of what the server's sockets do is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hearing {
    /// Everything, as [`Event`]s.
    #[default]
    Everything,
    /// Of accepted connections and datagrams nothing but the numbers of the [`Tally`]: no record of a call is made, no
    /// received byte is copied, no clock is read for it. How the server came to listen, what it could not do, and
    /// trouble are reported all the same.
    Quiet,
}

/// One worker's voice. It speaks when the worker is about to wait, or when it has a lot to tell; then a full channel
/// holds the worker back, and TCP's flow control holds its peer back in turn.
#[derive(Debug)]
pub struct Teller {
    who: Actor,
    clock: Clock,
    events: Sender<Batch>,
    hearing: Hearing,
    /// What the server's side did; none for a client's voice.
    tally: Option<Arc<Tally>>,
    counts: Counts,
    batch: Batch,
    bytes: usize,
    most_bytes: usize,
}

impl Teller {
    /// With this many received bytes a client's batch is sent: a few recvs of the largest size, so that a flood costs
    /// the screen loop some ten thousand wake-ups a second and not fifty.
    const CLIENT_BYTES: usize = 256 << 10;
    /// With this many an accepted connection's is: one recv. A worker that waits for room in the channel holds its
    /// batch, and there may be thousands of them.
    const CONNECTION_BYTES: usize = 16 << 10;
    /// With this many events the batch is sent: the same for a flood of small messages.
    const BATCH_EVENTS: usize = 256;

    /// A voice for `who`, which adds to `tally` what the server's side did.
    #[must_use]
    pub fn new(
        who: Actor,
        clock: Clock,
        events: Sender<Batch>,
        hearing: Hearing,
        tally: &Arc<Tally>,
    ) -> Self {
        Self {
            who,
            clock,
            events,
            hearing: if who.is_server_side() {
                hearing
            } else {
                Hearing::Everything
            },
            tally: who.is_server_side().then(|| Arc::clone(tally)),
            counts: Counts::default(),
            batch: Batch::new(),
            bytes: 0,
            most_bytes: match who {
                Actor::Client(_) | Actor::Server | Actor::Ports => Self::CLIENT_BYTES,
                Actor::Connection(_) => Self::CONNECTION_BYTES,
            },
        }
    }

    /// From now on it speaks for `who`: one thread may own the sockets of many.
    pub const fn speak_for(&mut self, who: Actor) {
        self.who = who;
    }

    /// The time on the clock that stamps events.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Whether only numbers are kept of what connections do.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        matches!(self.hearing, Hearing::Quiet)
    }

    /// The time for a record: now, or any time where no record is made.
    #[must_use]
    pub fn stamp(&self) -> Moment {
        match self.hearing {
            Hearing::Everything => self.now(),
            Hearing::Quiet => Moment::default(),
        }
    }

    /// What the server's side has done is counted here.
    pub const fn counts(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// The same as [`Teller::returned`] for what every message, or every connection, costs: the record is made only if
    /// somebody hears of it.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn recorded(
        &mut self,
        timing: Timing,
        record: impl FnOnce() -> (Call, Outcome),
    ) -> Result<Moment, Ended> {
        match self.hearing {
            Hearing::Everything => {
                let (call, outcome) = record();
                self.returned(call, outcome, timing)
            }
            Hearing::Quiet => Ok(Moment::default()),
        }
    }

    /// Reports that `call` has returned now. Gives back when that was.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn returned(
        &mut self,
        call: Call,
        outcome: Outcome,
        timing: Timing,
    ) -> Result<Moment, Ended> {
        let returned = self.now();
        if self.is_quiet() && matches!(self.who, Actor::Connection(_)) {
            return Ok(returned);
        }
        self.tell(Event::Returned(CallRecord {
            who: self.who,
            call,
            outcome,
            entered: timing.entered.unwrap_or(returned),
            returned,
            took: returned.since(timing.began),
            waited: timing.waited,
        }))?;
        Ok(returned)
    }

    /// Reports the bytes of the `recv` that returned at `at`.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn received(
        &mut self,
        at: Moment,
        bytes: Vec<u8>,
        from: Option<SocketAddr>,
    ) -> Result<(), Ended> {
        self.bytes += bytes.len();
        self.tell(Event::Received {
            who: self.who,
            at,
            bytes,
            from,
        })
    }

    /// Reports that `call` waits since `since`.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn blocked(&mut self, call: Call, since: Moment) -> Result<(), Ended> {
        if self.is_quiet() {
            return Ok(());
        }
        self.tell(Event::Blocked {
            who: self.who,
            call,
            since,
        })
    }

    /// Reports that nothing waits in `function` any more.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn unblocked(&mut self, function: Function) -> Result<(), Ended> {
        self.tell(Event::Unblocked {
            who: self.who,
            function,
        })
    }

    /// Reports what can be done with the socket.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn ready(&mut self, readiness: Readiness) -> Result<(), Ended> {
        if self.is_quiet() {
            return Ok(());
        }
        self.tell(Event::Ready {
            who: self.who,
            readiness,
        })
    }

    /// Reports whether calls on the socket wait from now on.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn blocking(&mut self, on: bool) -> Result<(), Ended> {
        self.tell(Event::Blocking { who: self.who, on })
    }

    /// Reports something that is not a call's result.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn trouble(&mut self, message: String) -> Result<(), Ended> {
        let at = self.now();
        self.tell(Event::Trouble {
            who: self.who,
            at,
            message,
        })
    }

    /// Reports that an accepted connection is closed unserved, and why.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn unserved(&mut self, connection: ConnectionId, why: &str) -> Result<(), Ended> {
        let at = self.now();
        let message = format!(
            "{} is closed unserved: {why}",
            Actor::Connection(connection)
        );
        self.tell(Event::Unserved {
            connection,
            at,
            message,
        })
    }

    /// Reports that `actions` are carried out as far as that goes without waiting, and counts anew from 0. What is
    /// waited for is to be reported before.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn settled(&mut self, actions: &mut u32) -> Result<(), Ended> {
        match std::mem::take(actions) {
            0 => Ok(()),
            actions => self.tell(Event::Settled {
                who: self.who,
                actions,
            }),
        }
    }

    /// Sends what was gathered; call it before waiting.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn flush(&mut self) -> Result<(), Ended> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.bytes = 0;
        self.events
            .send(std::mem::take(&mut self.batch))
            .map_err(|_| Ended::Gone)
    }

    /// Reports `event`.
    ///
    /// # Errors
    /// [`Ended::Gone`]
    pub fn tell(&mut self, event: Event) -> Result<(), Ended> {
        self.batch.push(event);
        if self.batch.len() >= Self::BATCH_EVENTS || self.bytes >= self.most_bytes {
            self.flush()?;
        }
        Ok(())
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        if let Some(tally) = &self.tally {
            tally.add(self.counts);
        }
        // A worker that ends says its last words; if nobody listens they are not missed.
        let _ = self.flush();
    }
}
