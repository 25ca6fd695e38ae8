//! Standard output of the commands that print while they run. A write may last for as long as nobody reads: a full pipe, a
//! terminal that was stopped with Ctrl-S. So a thread of its own writes, and the loop can end all the same.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Select, Sender, bounded};
use rustix::io::Errno;

use super::signals::Asked;

/// What is gathered before it is written.
const GATHERED: usize = 64 << 10;
/// How long an end waits for a piece of output that nobody takes.
const LAST_OUTPUT: Duration = Duration::from_millis(300);

/// What is written to is gathered, and on a flush written to standard output; that waits until it is.
///
/// Once the program is asked to end, nothing waits for longer than a moment any more: whatever is written then fails with
/// [`ErrorKind::TimedOut`] if nobody reads. A terminal that is gone is as a pipe that nobody reads any more:
/// [`ErrorKind::BrokenPipe`].
pub struct Printer {
    gathered: Vec<u8>,
    /// Pieces for the thread; with none it ends.
    pieces: Option<Sender<Vec<u8>>>,
    /// What came of the last of them, and the piece itself, whose memory is used again.
    written: Receiver<(Vec<u8>, io::Result<()>)>,
    /// Has something to say once the program is asked to end. It is only looked at here; see [`Printer::end_soon`].
    asks: Receiver<Asked>,
    is_asked: bool,
    /// Whether the thread waits in a write that nobody waits for any more.
    is_stuck: bool,
    was_terminal: bool,
    thread: Option<JoinHandle<()>>,
}

impl Printer {
    /// A printer that does not wait for readers once `asks` says that the program is to end.
    ///
    /// # Errors
    /// No thread is to be had.
    pub fn start(asks: Receiver<Asked>) -> io::Result<Self> {
        let (pieces, orders) = bounded::<Vec<u8>>(1);
        let (report, written) = bounded(1);
        let thread = thread::Builder::new()
            .name("printing".to_owned())
            .spawn(move || {
                for piece in orders {
                    let mut out = io::stdout().lock();
                    let result = out.write_all(&piece).and_then(|()| out.flush());
                    if report.send((piece, result)).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self {
            gathered: Vec::with_capacity(GATHERED),
            pieces: Some(pieces),
            written,
            asks,
            is_asked: false,
            is_stuck: false,
            was_terminal: io::stdout().is_terminal(),
            thread: Some(thread),
        })
    }

    /// From now on it does not wait for readers: whoever owns it has taken in what `asks` had to say.
    pub const fn end_soon(&mut self) {
        self.is_asked = true;
    }

    fn print(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        if self.is_stuck {
            return Err(ErrorKind::TimedOut.into());
        }
        let piece = std::mem::take(&mut self.gathered);
        let pieces = self.pieces.as_ref();
        if pieces.is_none_or(|pieces| pieces.send(piece).is_err()) {
            return Err(io::Error::other("the thread that prints failed"));
        }
        let (mut piece, result) = self.wait()?;
        piece.clear();
        self.gathered = piece;
        result.map_err(|error| match error.raw_os_error() {
            Some(number) if self.was_terminal && number == Errno::IO.raw_os_error() => {
                ErrorKind::BrokenPipe.into()
            }
            _ => error,
        })
    }

    /// Waits until the thread has written.
    fn wait(&mut self) -> io::Result<(Vec<u8>, io::Result<()>)> {
        let failed = |_| io::Error::other("the thread that prints failed");
        if !self.is_asked {
            let mut either = Select::new();
            let written = either.recv(&self.written);
            either.recv(&self.asks);
            if either.ready() == written {
                return self.written.recv().map_err(failed);
            }
            self.is_asked = true;
        }
        let until = Instant::now() + LAST_OUTPUT;
        self.written.recv_deadline(until).map_err(|error| {
            if error.is_timeout() {
                self.is_stuck = true;
                ErrorKind::TimedOut.into()
            } else {
                io::Error::other("the thread that prints failed")
            }
        })
    }
}

impl Write for Printer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED {
            self.print()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.print()
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.pieces = None;
        // A thread that is stuck is left behind: it ends with the process.
        if !self.is_stuck
            && let Some(thread) = self.thread.take()
        {
            // Its panic has nothing left to disturb.
            let _ = thread.join();
        }
    }
}

/// Whether nobody reads standard output any more.
#[must_use]
pub fn is_unread(error: &anyhow::Error) -> bool {
    kind(error) == Some(ErrorKind::BrokenPipe)
}

/// Whether nobody took standard output for so long that an end did not wait for it.
#[must_use]
pub fn is_stuck(error: &anyhow::Error) -> bool {
    kind(error) == Some(ErrorKind::TimedOut)
}

fn kind(error: &anyhow::Error) -> Option<ErrorKind> {
    error.downcast_ref::<io::Error>().map(io::Error::kind)
}
