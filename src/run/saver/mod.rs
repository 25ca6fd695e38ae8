//! The thread that writes received bytes to files, so that no disk ever holds up the screen.
//!
//! This is its other end, and what is queued between the two. `desk` is what the thread does, `save` one file that it
//! writes to. [`super::save_file`] knows how a file is opened; the orders and reports are [`crate::model::save`].

mod desk;
mod save;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use super::save_file::{self, Refusal, Sink};
use crate::model::{SaveOrder, SaveReport};
use desk::Desk;

/// With more than this many bytes queued the saver is behind. The loop may have taken in as much as the workers' channel
/// holds, 10 MiB, before it looks; and a save begins with all that is kept of what was received before.
const BEHIND: usize = 4 << 20;
/// With fewer than this it has caught up: half, so that the loop is not stopped and started for each write.
const CAUGHT_UP: usize = BEHIND / 2;

/// The saving thread's other end. Dropping it is [`Saver::finish`] without the wait.
#[derive(Debug)]
pub struct Saver {
    /// Unbounded, for an order must not wait for the disk. [`Saver::is_behind`] is what bounds it.
    orders: Sender<SaveOrder>,
    /// The bytes that were ordered and are not yet written.
    queued: Arc<AtomicUsize>,
    /// Disconnected when the thread has ended.
    ended: Receiver<Infallible>,
}

impl Saver {
    /// Starts the thread. The other value is where it reports. That channel is unbounded: there are a few reports for each
    /// save, and the thread must not wait for a loop that is gone.
    ///
    /// # Errors
    /// A thread that cannot be had.
    pub fn start() -> io::Result<(Self, Receiver<SaveReport>)> {
        Self::start_with(save_file::open)
    }

    /// Starts it with `open_file`, which does what [`save_file::open`] does.
    fn start_with<F>(open_file: F) -> io::Result<(Self, Receiver<SaveReport>)>
    where
        F: FnMut(&Path, bool) -> Result<Box<dyn Sink>, Refusal> + Send + 'static,
    {
        let (orders, ordered) = unbounded();
        let (reports, reported) = unbounded();
        let (alive, ended) = bounded(0);
        let queued = Arc::new(AtomicUsize::new(0));
        let backlog = Backlog {
            queued: Arc::clone(&queued),
            was_behind: false,
        };
        thread::Builder::new()
            .name("saver".to_owned())
            .spawn(move || {
                let _alive: Sender<Infallible> = alive;
                Desk::new(open_file, reports).work(&ordered, backlog);
            })?;
        let saver = Self {
            orders,
            queued,
            ended,
        };
        Ok((saver, reported))
    }

    /// Gives an order, without waiting.
    pub fn order(&self, order: SaveOrder) {
        // Before it is sent: the thread takes this off again.
        self.queued.fetch_add(order.weight(), Ordering::Relaxed);
        // The thread does not end before this end of the channel is dropped.
        let _ = self.orders.send(order);
    }

    /// Whether more is queued than should be: take in no bytes until [`SaveReport::CaughtUp`] is reported.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.queued.load(Ordering::Relaxed) > BEHIND
    }

    /// The end of the program. What is queued is written, and saves that were not finished are closed with what they
    /// have, which is reported as for any other. Returns whether that was done within `deadline`.
    ///
    /// If it was not, the thread is left behind and goes on until the program is gone. Then a file that was to be replaced
    /// still has its old content, and beside it is a `.sockyard-*.part` with the new.
    #[must_use]
    pub fn finish(self, deadline: Duration) -> bool {
        drop(self.orders);
        self.ended.recv_timeout(deadline) == Err(RecvTimeoutError::Disconnected)
    }
}

/// The thread's view of what is queued.
struct Backlog {
    queued: Arc<AtomicUsize>,
    was_behind: bool,
}

impl Backlog {
    /// Takes off `weight` bytes; returns whether that was the step out of being behind.
    fn shrink(&mut self, weight: usize) -> bool {
        // Nobody else takes any off. So this was the most that there was since the last time: if the loop found us
        // behind, we do too, and it can count on being told when we are not.
        let most = self.queued.fetch_sub(weight, Ordering::Relaxed);
        self.was_behind |= most > BEHIND;
        let caught_up = self.was_behind && most - weight < CAUGHT_UP;
        self.was_behind &= !caught_up;
        caught_up
    }
}
