//! Worker threads: named, counted, told by orders, and never a danger to the screen when they panic.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, Sender, TryRecvError};

use super::Clock;
use super::tally::Tally;
use super::teller::{Ended, Hearing, Teller};
use super::wake::Wake;
use crate::model::{Actor, Batch, Event};

/// What every worker needs, and the count of those that live.
#[derive(Debug, Clone)]
pub struct Crew {
    clock: Clock,
    events: Sender<Batch>,
    hearing: Hearing,
    tally: Arc<Tally>,
    roll: Arc<Roll>,
}

#[derive(Debug, Default)]
struct Roll {
    present: Mutex<usize>,
    left: Condvar,
}

impl Crew {
    /// A crew that reports to `events`.
    #[must_use]
    pub fn new(clock: Clock, events: Sender<Batch>, hearing: Hearing) -> Self {
        Self {
            clock,
            events,
            hearing,
            tally: Arc::default(),
            roll: Arc::default(),
        }
    }

    /// A voice for `who`.
    #[must_use]
    pub fn teller(&self, who: Actor) -> Teller {
        let events = self.events.clone();
        Teller::new(who, self.clock, events, self.hearing, &self.tally)
    }

    /// What the server's side did, in numbers.
    #[must_use]
    pub const fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }

    /// Runs `body` on a thread named after `who`. A panic in it is reported as an event and ends only that thread.
    ///
    /// # Errors
    /// The system's limit of threads or memory is reached, see `pthread_create(3)`.
    pub fn spawn(
        &self,
        who: Actor,
        stack: usize,
        body: impl FnOnce(Teller) + Send + 'static,
    ) -> io::Result<()> {
        let crew = self.clone();
        let present = Present::enter(&self.roll);
        thread::Builder::new()
            .name(who.to_string())
            .stack_size(stack)
            .spawn(move || {
                crew.attend(who, body);
                drop(present);
            })?;
        Ok(())
    }

    /// Runs `body` for `who` on this thread. A panic in it is reported as an event.
    pub fn attend(&self, who: Actor, body: impl FnOnce(Teller)) {
        let teller = self.teller(who);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(teller))) {
            // If the screen is gone there is nobody to tell.
            let _ = self.events.send(vec![Event::Panicked {
                who,
                at: self.clock.now(),
                message: panic_text(panic.as_ref()).to_owned(),
            }]);
        }
    }

    /// How many threads of the crew there are now.
    #[cfg(test)]
    pub fn present(&self) -> usize {
        *(self.roll.present.lock()).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no thread of the crew is left, but no longer than `deadline`; returns whether none is.
    ///
    /// A count stands in for `JoinHandle::join`, which has no deadline.
    #[must_use]
    pub fn wait_until_all_left(&self, deadline: Duration) -> bool {
        let end = Instant::now() + deadline;
        let mut present = self
            .roll
            .present
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while *present > 0 {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            present = self
                .roll
                .left
                .wait_timeout(present, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

/// One living thread in the count.
struct Present(Arc<Roll>);

impl Present {
    fn enter(roll: &Arc<Roll>) -> Self {
        *roll.present.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self(Arc::clone(roll))
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut present = self
            .0
            .present
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *present -= 1;
        if *present == 0 {
            self.0.left.notify_all();
        }
    }
}

/// Why no thread can be started, in plain words. `pthread_create(3)` says `EAGAIN` for every limit that is reached.
#[must_use]
pub fn no_thread(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::WouldBlock {
        "the limit of threads or of memory is reached".to_owned()
    } else {
        error.to_string()
    }
}

/// What a panic says: its message, if it has one.
#[must_use]
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("for an unknown reason")
}

/// The screen's end of a worker that takes orders. Dropping it tells the worker to close its sockets and end.
#[derive(Debug)]
pub struct Worker<Order> {
    orders: Option<Sender<Order>>,
    wake: Wake,
}

impl<Order> Worker<Order> {
    /// A worker's two ends: this one, and the one for its thread.
    ///
    /// The channel is unbounded because a person fills it by hand, and an order must not wait for a worker.
    ///
    /// # Errors
    /// See [`Wake::new`].
    pub fn new() -> io::Result<(Self, Orders<Order>)> {
        let (sender, receiver) = crossbeam_channel::unbounded();
        let wake = Wake::new()?;
        let orders = Orders {
            receiver,
            wake: wake.clone(),
        };
        Ok((
            Self {
                orders: Some(sender),
                wake,
            },
            orders,
        ))
    }

    /// Gives an order.
    ///
    /// # Errors
    /// The order itself, if the worker is no more.
    pub fn order(&self, order: Order) -> Result<(), Order> {
        match &self.orders {
            Some(orders) => {
                orders.send(order).map_err(|error| error.0)?;
                self.wake.raise();
                Ok(())
            }
            None => Err(order),
        }
    }
}

impl<Order> Drop for Worker<Order> {
    fn drop(&mut self) {
        self.orders = None;
        self.wake.raise();
    }
}

/// The worker's end.
#[derive(Debug)]
pub struct Orders<Order> {
    receiver: Receiver<Order>,
    wake: Wake,
}

impl<Order> Orders<Order> {
    /// What to wait for: raised when there may be an order.
    #[must_use]
    pub const fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Whether an order was given since the last time.
    #[must_use]
    pub fn has_some(&self) -> bool {
        !self.receiver.is_empty()
    }

    /// Waits for an order, but no longer than `time`; takes none.
    pub fn pause(&self, time: Duration) {
        let mut select = Select::new();
        select.recv(&self.receiver);
        // Whichever it was, what is there is looked at next.
        let _ = select.ready_timeout(time);
    }

    /// The orders given since the last time. The wake is left as it is: who waits for it waits for edges.
    ///
    /// # Errors
    /// [`Ended::Stopped`] once the other end is dropped and every order that it had given was taken.
    pub fn take(&self) -> Result<Vec<Order>, Ended> {
        let mut orders = Vec::new();
        loop {
            match self.receiver.try_recv() {
                Ok(order) => orders.push(order),
                Err(TryRecvError::Disconnected) if orders.is_empty() => {
                    return Err(Ended::Stopped);
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(orders),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ClientId;

    #[test]
    fn a_panic_becomes_an_event_and_the_crew_goes_on() {
        let (events, heard) = crossbeam_channel::bounded(8);
        let crew = Crew::new(Clock::start(), events, Hearing::Everything);
        let who = Actor::Client(ClientId::FIRST);
        crew.spawn(who, 64 << 10, |_| panic!("no such luck"))
            .expect("a thread");
        let batch = heard
            .recv_timeout(Duration::from_secs(10))
            .expect("an event");
        let [
            Event::Panicked {
                who: actor,
                message,
                ..
            },
        ] = &batch[..]
        else {
            panic!("{batch:?}");
        };
        assert_eq!(*actor, who);
        assert!(message.contains("no such luck"), "{message}");
        assert!(crew.wait_until_all_left(Duration::from_secs(10)));
    }

    #[test]
    fn an_order_that_was_given_before_the_end_is_taken_before_it() {
        let (worker, orders) = Worker::new().expect("a worker");
        worker.order(1).expect("it lives");
        drop(worker);
        assert_eq!(orders.take(), Ok(vec![1]));
        assert_eq!(orders.take(), Err(Ended::Stopped));
    }

    #[test]
    fn a_pause_ends_with_an_order_and_leaves_it_to_be_taken() {
        const LONG: Duration = Duration::from_secs(100);
        let (worker, orders) = Worker::new().expect("a worker");
        worker.order(1).expect("it lives");
        let start = Instant::now();
        orders.pause(LONG);
        assert_eq!(orders.take(), Ok(vec![1]));
        orders.pause(Duration::from_millis(1));
        assert_eq!(orders.take(), Ok(vec![]));
        // The end of the other end is heard too.
        drop(worker);
        orders.pause(LONG);
        assert_eq!(orders.take(), Err(Ended::Stopped));
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn a_thread_that_stays_is_not_waited_for_beyond_the_deadline() {
        let (events, _heard) = crossbeam_channel::bounded(8);
        let crew = Crew::new(Clock::start(), events, Hearing::Everything);
        let (worker, orders) = Worker::<()>::new().expect("a worker");
        let (go, stay) = crossbeam_channel::bounded::<()>(0);
        crew.spawn(Actor::Server, 64 << 10, move |_| {
            let _ = stay.recv();
            assert_eq!(orders.take(), Err(Ended::Stopped));
        })
        .expect("a thread");
        assert!(!crew.wait_until_all_left(Duration::from_millis(1)));
        drop(worker);
        drop(go);
        assert!(crew.wait_until_all_left(Duration::from_secs(10)));
    }
}
