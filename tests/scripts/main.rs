//! Scripts without a terminal, each played by the real program: the ready-made ones, wrong ones, and those that grade
//! other programs. What needs a foreign program is reported as ignored where that is not installed.

#[expect(
    dead_code,
    reason = "the harness is shared; these tests need a part of it"
)]
#[path = "../terminal/pty.rs"]
mod pty;

#[expect(
    dead_code,
    reason = "what tests need of foreign programs is shared; these need a part of it"
)]
#[path = "../peers/foreign.rs"]
mod foreign;

mod ending;
mod graded;
mod json;
mod played;
mod readme;
mod ready;
mod strange;
mod wrong;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let trials = [
        ending::trials(),
        graded::trials(),
        json::trials(),
        readme::trials(),
        ready::trials(),
        strange::trials(),
        wrong::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
