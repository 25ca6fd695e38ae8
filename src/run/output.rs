//! Standard output of the commands that print one text and end.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;

/// Prints `text`. A reader that has heard enough, such as `head`, ends it quietly.
///
/// # Errors
/// An output that cannot be written to, such as a full disk.
pub fn print(text: &[u8]) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("cannot write to standard output")
        }
        Ok(()) | Err(_) => Ok(ExitCode::SUCCESS),
    }
}
