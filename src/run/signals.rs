//! The thread that listens to signals.

use std::io;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::{Handle, Signals};

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

/// The listening thread; dropping it ends it.
pub struct Watch {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to listen and sends to `asked` what signals ask for.
    ///
    /// # Errors
    /// A thread, a descriptor or a signal handler that cannot be had.
    pub fn start(asked: Sender<Asked>) -> io::Result<Self> {
        let mut signals =
            Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
        let handle = signals.handle();
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
                }
            })?;
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // Its panic has nothing left to disturb.
            let _ = thread.join();
        }
    }
}
