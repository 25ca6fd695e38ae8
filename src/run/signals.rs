//! The thread that listens to signals.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH, SIGXFSZ};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::low_level::emulate_default_handler;

use super::terminal::abandon;

/// Outlives SIGXFSZ: a file beyond `ulimit -f`, be it standard output, would end the program by this signal. With a handler
/// `write(2)` fails instead, and that is told.
///
/// # Errors
/// A handler that cannot be had.
pub fn outlive_size_limit() -> io::Result<()> {
    // Nobody asks whether it came. A handler is not inherited by a program under test, as ignoring it would be.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map(drop)
}

/// What a signal asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To end; with the signal's number.
    End(u8),
    /// To stop until it is continued.
    Stop,
    /// To take the terminal again: it was stopped.
    Continue,
    /// To draw for another size.
    Resize,
}

/// How long the program may take to end in an orderly way once a signal has asked it to. A terminal that takes no
/// output, as behind a dead connection, would hold it for ever.
const PATIENCE: Duration = Duration::from_secs(5);

/// Signals that ask a program without a terminal to end.
const END: [i32; 4] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT];
/// The same of the playground, and those that are about its terminal.
const TERMINAL: [i32; 7] = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH];

/// The listening thread; dropping it ends it.
pub struct Watch {
    handle: Handle,
    /// Dropped when the program ends in an orderly way.
    alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to listen and sends to `asked` what signals ask for.
    ///
    /// # Errors
    /// A thread, a descriptor or a signal handler that cannot be had.
    pub fn start(asked: Sender<Asked>) -> io::Result<Self> {
        Self::listen(&TERMINAL, asked, abandon)
    }

    /// The same for a program without a terminal: it is only asked to end. `abandon` is called before it is ended by force.
    ///
    /// # Errors
    /// As [`Watch::start`].
    pub fn headless(asked: Sender<Asked>, abandon: impl Fn() + Send + 'static) -> io::Result<Self> {
        Self::listen(&END, asked, abandon)
    }

    /// `abandon` is called before the program is ended by force.
    fn listen(
        which: &[i32],
        asked: Sender<Asked>,
        abandon: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let mut signals = Signals::new(which)?;
        let handle = signals.handle();
        let (alive, ended) = bounded::<()>(0);
        let thread = thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || {
                for signal in signals.forever() {
                    let what = match signal {
                        SIGTSTP => Asked::Stop,
                        SIGCONT => Asked::Continue,
                        SIGWINCH => Asked::Resize,
                        other => Asked::End(u8::try_from(other).unwrap_or(0)),
                    };
                    if asked.send(what).is_err() {
                        return;
                    }
                    if let Asked::End(_) = what
                        && ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout)
                    {
                        // The screen's thread is stuck and cannot be waited for: end as if nobody listened.
                        abandon();
                        let _ = emulate_default_handler(signal);
                    }
                }
            })?;
        Ok(Self {
            handle,
            alive: Some(alive),
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.alive = None;
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // Its panic has nothing left to disturb.
            let _ = thread.join();
        }
    }
}
