//! Floods and want, on real loopback sockets: as many connections at once as this machine's descriptors allow, idle ones
//! by the thousand, crowds that reset together, bytes that drip, datagrams of every size; no descriptors, no threads. The
//! server and the screen go on, and every number is exact at the end.
//!
//! Both ends would share one process's descriptors, so that the other end is a process of its own: `sockyard serve`, or
//! this program itself as a [`crowd`]. One trial runs at a time, for each may take all that there is. What had to be
//! scaled down is printed, and what cannot run here is reported as ignored.

mod burst;
mod crowd;
mod datagrams;
mod drip;
mod effort;
mod idle;
mod playground;
#[expect(
    dead_code,
    reason = "the harness is shared; these tests need a part of it"
)]
#[path = "../serve/program.rs"]
mod program;
mod resets;
mod scarce;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use rustix::process::{Resource, getrlimit};
use sockyard::net::capacity::threads_to_spare;

fn main() -> ExitCode {
    sockyard::run::raise_descriptor_limit();
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some((crowd::NAME, rest)) = args.split_first().map(|(first, rest)| (&first[..], rest)) {
        crowd::serve_as_child(rest);
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let trials = [
        burst::trials(),
        resets::trials(),
        idle::trials(),
        drip::trials(),
        datagrams::trials(),
        scarce::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}

/// A trial that runs everywhere.
fn trial(name: &str, body: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        body();
        Ok(())
    })
}

/// How many connections one process can hold: its descriptors, but for those that it needs for itself. More than that many
/// one address has no ports for.
fn connections() -> usize {
    const OWN: u64 = 64;
    const MOST: u64 = 20_000;
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let count = limit.min(MOST).saturating_sub(OWN) as usize;
    if limit < MOST {
        eprintln!("scaled down: {count} connections, for there are {limit} descriptors");
    }
    count
}

/// How many connections each of so many `crowds` has that `model` is to serve together: `count`, or as many as may have a
/// thread each.
fn served_at_once(model: &str, count: usize, crowds: usize) -> usize {
    /// Threads that others may start meanwhile, and what the program has otherwise.
    const LEFT: usize = 100;
    let threads = threads_to_spare();
    let most = (threads.saturating_sub(LEFT) / crowds).max(1);
    if model != "threads" || count <= most {
        return count;
    }
    eprintln!(
        "scaled down: {most} connections instead of {count}, for there may be {threads} threads"
    );
    most
}
