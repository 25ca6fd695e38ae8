//! The playground and real foreign programs: each trial names the ones that it needs, and is reported as ignored where
//! one of them is not installed.

#[expect(
    dead_code,
    reason = "the harness is shared; these tests need a part of it"
)]
#[path = "../terminal/pty.rs"]
mod pty;

#[expect(
    dead_code,
    reason = "what tests have in common is shared; these need a part of it"
)]
#[path = "../terminal/play.rs"]
mod play;

mod comfort;
mod crowd;
mod disks;
mod foreign;
mod ports;
mod programs;
mod strace;
mod tutorial;
mod udp;
mod web;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let trials = [
        programs::trials(),
        comfort::trials(),
        crowd::trials(),
        disks::trials(),
        ports::trials(),
        strace::trials(),
        tutorial::trials(),
        udp::trials(),
        web::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
