//! What a program under test has cost so far.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use crate::program::{LIMIT, Program};

/// Since its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effort {
    /// Clock ticks of processor time, most often hundredths of a second: whoever spins never sleeps.
    pub ticks: u64,
    /// How often each of its threads has gone to sleep, and so has woken up.
    pub sleeps: BTreeMap<u64, u64>,
}

impl Effort {
    pub fn of(program: &Program) -> Self {
        let id = program.id().as_raw_nonzero();
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
        let (_, after) = stat.rsplit_once(')').expect("a name in brackets");
        // utime and stime of proc_pid_stat(5), where the state is the third.
        let times = after.split_whitespace().skip(14 - 3).take(2);
        let tasks = fs::read_dir(format!("/proc/{id}/task")).expect("it runs");
        let sleeps = tasks.filter_map(|task| {
            let task = task.ok()?;
            let status = fs::read_to_string(task.path().join("status")).ok()?;
            let mut lines = status.lines();
            let sleeps = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
            let number = task.file_name().to_str()?.parse().ok()?;
            Some((number, sleeps.trim().parse().ok()?))
        });
        Self {
            ticks: times
                .map(|time| time.parse::<u64>().expect("a number"))
                .sum(),
            sleeps: sleeps.collect(),
        }
    }

    /// How often its threads have gone to sleep altogether.
    pub fn all_sleeps(&self) -> u64 {
        self.sleeps.values().sum()
    }
}

/// Lets this much time pass.
pub fn pass(time: Duration) {
    let _ = crossbeam_channel::after(time).recv();
}

/// Waits until none of the program's threads has woken up for `quiet`.
#[track_caller]
pub fn wait_until_idle(program: &Program, quiet: Duration) -> Effort {
    let end = Instant::now() + LIMIT;
    let mut before = Effort::of(program);
    loop {
        pass(quiet);
        let now = Effort::of(program);
        if now == before {
            return now;
        }
        let woke = now.all_sleeps().saturating_sub(before.all_sleeps());
        let ticks = now.ticks - before.ticks;
        assert!(
            Instant::now() < end,
            "its threads have woken up {woke} times and run for {ticks} ticks in {quiet:?}"
        );
        before = now;
    }
}
