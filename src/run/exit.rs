//! The exit statuses of the program, all of them. What `--help` and the manual page say of them is [`STATUSES`].

use std::process::ExitCode;

/// The program could not do what it was asked to, or an expectation of a script did not hold.
pub const FAILED: u8 = 1;
/// The command line, the config file or a script cannot be understood, or there is no terminal for the playground.
pub const USAGE: u8 = 2;
/// What is added to the number of a signal, as shells report a program that a signal ended.
const SIGNAL: u8 = 128;

/// Each status and what it means.
pub const STATUSES: [(&str, &str); 4] = [
    ("0", "all went well, or the person quit"),
    (
        "1",
        "something could not be done, or an expectation of a script did not hold",
    ),
    (
        "2",
        "the command line, the config file or a script is wrong, or the playground has no terminal",
    ),
    (
        "128+N",
        "signal N ended the program: 129 hangup, 130 interrupt, 131 quit, 143 termination",
    ),
];

/// The status of a program that the signal with this number ended.
#[must_use]
pub fn signal(number: u8) -> ExitCode {
    ExitCode::from(SIGNAL.saturating_add(number))
}
