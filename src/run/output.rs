//! Standard output of the commands that print one text and end, and standard error of all of them.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, Write};
use std::panic;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::exit;
use super::save_file::words;
use crate::model::glyph;
use crate::net::worker::panic_text;

/// Prints `text`. A reader that has heard enough, such as `head`, ends it quietly.
///
/// # Errors
/// An output that cannot be written to, such as a full disk.
pub fn print(text: &[u8]) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(told(error.into())),
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}

/// `error` in words, and what to do, if standard output could not be written to.
pub(super) fn told(error: anyhow::Error) -> anyhow::Error {
    match error.downcast::<io::Error>() {
        Ok(error) => {
            let why = words(&error, Path::new("/dev/stdout"));
            anyhow!("cannot write to standard output: {why}")
        }
        Err(other) => other,
    }
}

/// Prints the help, in which stands by what name the program was started.
pub(super) fn help(text: &str) -> ExitCode {
    print(glyph::plain_lines(text).as_bytes()).unwrap_or_else(|error| {
        super::say(&format!("{error:#}"));
        ExitCode::from(exit::FAILED)
    })
}

/// How long each piece may wait to be said on standard error.
const LISTENED: Duration = Duration::from_millis(300);
/// What is written to standard error at once. A pipe that is ready for writing has room for so much and no more, see the
/// notes of poll(2) and `PIPE_BUF` in pipe(7).
const PIECE: usize = 4096;

/// Says something on standard error; if that is gone too, or takes nothing, there is nobody to say it to, and the status
/// tells all the same. Names of files and words from them may stand in it: none of them acts on the terminal.
pub(super) fn complain(text: &str) {
    let line = format!("{}\n", glyph::plain_lines(text));
    let errors = rustix::stdio::stderr();
    let patience = Timespec::try_from(LISTENED).ok();
    for piece in line.as_bytes().chunks(PIECE) {
        let mut fds = [PollFd::from_borrowed_fd(errors, PollFlags::OUT)];
        // Where it cannot be told whether it would wait, it most likely would not.
        if poll(&mut fds, patience.as_ref()) == Ok(0) || io::stderr().write_all(piece).is_err() {
            return;
        }
    }
}

/// From now on a panic is told as everything else is: nothing of its message acts on the terminal, and a standard error
/// that nobody reads holds nobody up.
pub fn complain_of_panics() {
    panic::set_hook(Box::new(|info| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("without a name");
        let words = panic_text(info.payload());
        let place = info.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        let mut text = format!("sockyard: the thread {name} failed at {place}: {words}");
        // Where RUST_BACKTRACE asks for it.
        let calls = Backtrace::capture();
        if calls.status() == BacktraceStatus::Captured {
            text = format!("{text}\n{calls}");
        }
        complain(&text);
    }));
}
