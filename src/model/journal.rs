//! Every call that returned, on one time axis. All that is shown of calls derives from here.

use std::collections::VecDeque;

use super::CallRecord;

/// The last calls in the order in which they entered the kernel.
#[derive(Debug, Clone)]
pub struct Journal {
    records: VecDeque<CallRecord>,
    limit: usize,
    first: u64,
}

impl Journal {
    /// How many calls are kept: a few thousand screens, and under 6 MiB.
    pub const DEFAULT_LIMIT: usize = 20_000;

    /// A journal that keeps the last `limit` calls.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            records: VecDeque::new(),
            limit,
            first: 0,
        }
    }

    /// How far back a late report is put in its place. Workers report in batches, so that what one of them did may
    /// arrive a little after what another did later.
    const LATE: usize = 1_024;

    /// Takes in a call that returned, behind those that entered the kernel before it. Gives back its number; calls that had this
    /// number or a higher one now have the next.
    pub fn push(&mut self, record: CallRecord) -> u64 {
        if self.records.len() >= self.limit {
            self.records.pop_front();
            self.first += 1;
        }
        let later = self
            .records
            .iter()
            .rev()
            .take(Self::LATE)
            .take_while(|earlier| earlier.entered > record.entered)
            .count();
        let index = self.records.len() - later;
        self.records.insert(index, record);
        self.first + index as u64
    }

    /// How many calls were ever made.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// How many of them are no longer kept. Also the number of the oldest that is.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.first
    }

    /// The call with this number, counted from 0, if it is kept.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&CallRecord> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.records.get(index)
    }

    /// The kept calls with their numbers, oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &CallRecord)> {
        self.records
            .iter()
            .enumerate()
            .map(|(index, record)| (self.first + index as u64, record))
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::new(Self::DEFAULT_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::{Actor, Call, Fd, Moment, Outcome, Waited};

    #[test]
    fn a_late_report_is_put_in_its_place() {
        let mut journal = Journal::default();
        let numbers = [10, 30, 20, 30].map(|micros| {
            journal.push(CallRecord {
                who: Actor::Server,
                call: Call::Close { fd: Fd(5) },
                outcome: Outcome::Done,
                entered: Moment(micros),
                returned: Moment(micros),
                took: Duration::ZERO,
                waited: Waited::No,
            })
        });
        assert_eq!(numbers, [0, 1, 1, 3]);
        let order: Vec<u64> = journal.iter().map(|(_, record)| record.entered.0).collect();
        assert_eq!(order, [10, 20, 30, 30]);
    }

    #[test]
    fn the_oldest_calls_go_and_the_numbers_stay() {
        let mut journal = Journal::new(3);
        for fd in 0..5 {
            journal.push(CallRecord {
                who: Actor::Server,
                call: Call::Close { fd: Fd(fd) },
                outcome: Outcome::Done,
                entered: Moment(0),
                returned: Moment(0),
                took: Duration::ZERO,
                waited: Waited::No,
            });
        }
        assert_eq!((journal.total(), journal.forgotten()), (5, 2));
        let kept: Vec<u64> = journal.iter().map(|(number, _)| number).collect();
        assert_eq!(kept, [2, 3, 4]);
        assert_eq!(journal.get(1), None);
        assert_eq!(
            journal.get(4).map(|r| r.call.clone()),
            Some(Call::Close { fd: Fd(4) })
        );
    }
}
