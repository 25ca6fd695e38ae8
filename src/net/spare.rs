//! Threads that serve one connection after another.
//!
//! Where nothing of a connection is heard but numbers, starting and ending a thread takes longer than a short
//! conversation. So one whose connection is closed waits for the next one instead: each connection still has a thread
//! to itself for as long as it is open. See [`super::server`].

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::teller::Teller;
use super::worker::Crew;
use crate::model::Actor;

/// The most threads that wait for a connection: what a crowd leaves behind ends.
const MOST_WAITING: usize = 64;

/// What a thread is to do for whom.
type Job = (Actor, Box<dyn FnOnce(Teller) + Send>);

/// The threads that wait. When this is dropped they end.
#[derive(Debug)]
pub struct Spares {
    crew: Crew,
    jobs: Sender<Job>,
    waiting: Waiting,
}

/// The other end of [`Spares`], which each thread has.
#[derive(Debug, Clone)]
struct Waiting {
    jobs: Receiver<Job>,
    count: Arc<AtomicUsize>,
}

impl Spares {
    /// None yet.
    #[must_use]
    pub fn new(crew: &Crew) -> Self {
        // With room for no job it is taken by a thread that waits, or by none.
        let (jobs, taken) = bounded(0);
        Self {
            crew: crew.clone(),
            jobs,
            waiting: Waiting {
                jobs: taken,
                count: Arc::default(),
            },
        }
    }

    /// Runs `body` for `who` on a thread that waits, or on a new one with a stack of so many bytes.
    ///
    /// # Errors
    /// As [`Crew::spawn`].
    pub fn run(
        &self,
        who: Actor,
        stack: usize,
        body: impl FnOnce(Teller) + Send + 'static,
    ) -> io::Result<()> {
        let Err(not_taken) = self.jobs.try_send((who, Box::new(body))) else {
            return Ok(());
        };
        let (crew, waiting) = (self.crew.clone(), self.waiting.clone());
        self.crew.spawn(Actor::Server, stack, move |_| {
            let mut job = Some(not_taken.into_inner());
            while let Some((who, body)) = job {
                crew.attend(who, body);
                job = waiting.next();
            }
        })
    }
}

impl Waiting {
    /// The next job, once there is one; none if enough threads wait or nothing more comes.
    fn next(&self) -> Option<Job> {
        let before = self.count.fetch_add(1, Ordering::Relaxed);
        let job = (before < MOST_WAITING).then(|| self.jobs.recv().ok());
        self.count.fetch_sub(1, Ordering::Relaxed);
        job.flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::thread::{self, ThreadId};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::model::{ConnectionId, Event};
    use crate::net::{Clock, Hearing};

    const LIMIT: Duration = Duration::from_secs(10);

    fn who(number: u64) -> Actor {
        Actor::Connection(ConnectionId(number))
    }

    /// Runs a job for each number, one after the other; gives back the threads they ran on.
    fn ran_on(spares: &Spares, numbers: std::ops::Range<u64>) -> Vec<ThreadId> {
        let (done, is_done) = bounded(1);
        numbers
            .map(|number| {
                let done = done.clone();
                let job = move |_: Teller| {
                    let _ = done.send(thread::current().id());
                };
                // Whoever has just told that it is done may not wait yet.
                let end = Instant::now() + LIMIT;
                let waiting = || spares.waiting.count.load(Ordering::Relaxed);
                while number > 1 && waiting() == 0 && Instant::now() < end {
                    thread::yield_now();
                }
                spares.run(who(number), 64 << 10, job).expect("a thread");
                is_done.recv_timeout(LIMIT).expect("it runs")
            })
            .collect()
    }

    #[test]
    fn a_thread_whose_job_is_done_takes_the_next_and_all_end_with_the_spares() {
        let (events, _heard) = bounded(8);
        let crew = Crew::new(Clock::start(), events, Hearing::Quiet);
        let spares = Spares::new(&crew);
        let ran_on = ran_on(&spares, 1..200);
        let mut different = ran_on.clone();
        different.sort_by_key(|id| format!("{id:?}"));
        different.dedup();
        // One may be counted as waiting a moment before it can be given a job.
        assert!(different.len() < 100, "{} threads", different.len());
        drop(spares);
        assert!(crew.wait_until_all_left(LIMIT));
    }

    #[test]
    fn no_more_threads_wait_than_are_of_use() {
        let (events, _heard) = bounded(8);
        let crew = Crew::new(Clock::start(), events, Hearing::Quiet);
        let spares = Spares::new(&crew);
        let many = MOST_WAITING + 20;
        let (go, stay) = bounded::<()>(0);
        let (done, is_done) = bounded(many);
        for number in 0..many {
            let (stay, done) = (stay.clone(), done.clone());
            let job = move |_: Teller| {
                let _ = stay.recv();
                let _ = done.send(());
            };
            spares
                .run(who(number as u64), 64 << 10, job)
                .expect("a thread");
        }
        drop(go);
        for _ in 0..many {
            is_done.recv_timeout(LIMIT).expect("it runs");
        }
        let end = Instant::now() + LIMIT;
        while crew.present() != MOST_WAITING && Instant::now() < end {
            thread::yield_now();
        }
        assert_eq!(crew.present(), MOST_WAITING);
        drop(spares);
        assert!(crew.wait_until_all_left(LIMIT));
    }

    #[test]
    fn a_panic_is_told_of_the_one_for_whom_the_job_was() {
        let (events, heard) = bounded(8);
        let crew = Crew::new(Clock::start(), events, Hearing::Quiet);
        let spares = Spares::new(&crew);
        spares
            .run(who(7), 64 << 10, |_| panic!("no such luck"))
            .expect("a thread");
        let batch = heard.recv_timeout(LIMIT).expect("an event");
        assert!(
            matches!(&batch[..], [Event::Panicked { who: told, .. }] if *told == who(7)),
            "{batch:?}"
        );
    }
}
