//! The shell around the core: command line, terminal, threads that listen to the person and to signals, and the loop.
//!
//! Nothing depends on this layer. [`main`] is the program; [`shell`] is the loop that joins the layers.

pub mod cli;
pub mod input;
pub mod save_file;
pub mod saver;
pub mod shell;
pub mod signals;
pub mod terminal;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::model::WallClock;

/// Exit status for a command line that cannot be understood and for a missing terminal.
const USAGE: u8 = 2;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        say(
            "needs a terminal on its standard input and output, and one of them is none.\n\
             Run it in a terminal window, without pipes and redirections.",
        );
        return ExitCode::from(USAGE);
    }
    raise_descriptor_limit();
    match shell::run(&cli, wall_clock()) {
        Ok(shell::Ending::Quit) => ExitCode::SUCCESS,
        // As a shell reports a program that a signal ended.
        Ok(shell::Ending::Signal(number)) => ExitCode::from(128u8.saturating_add(number)),
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Says something on standard error; if that is gone too, there is nobody to say it to.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "sockyard: {text}");
}

/// Takes as many descriptors as the system grants without asking: each connection needs one, and the usual 1,024 would
/// end a class's experiment early.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where that is not allowed the usual limit stands, and EMFILE is explained when it comes.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// The time of day here and now.
fn wall_clock() -> WallClock {
    let time = jiff::ZonedDateTime::now().time();
    let seconds = [time.hour(), time.minute(), time.second()]
        .into_iter()
        .fold(0, |sum, part| sum * 60 + u64::from(part.unsigned_abs()));
    let micros = u64::from(time.subsec_nanosecond().unsigned_abs()) / 1_000;
    WallClock {
        start_of_day_offset: seconds * 1_000_000 + micros,
    }
}
