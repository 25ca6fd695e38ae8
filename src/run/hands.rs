//! The hands of the loop: what carries out effects that reach beyond the state, with a terminal or without one.

use std::io;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, never};

use super::saver::Saver;
use super::script_file;
use crate::app::Msg;
use crate::model::explain;
use crate::model::save::{not_saved, path_text};
use crate::model::{Action, Batch, Errno, SaveOrder, SaveReport};
use crate::net::worker::no_thread;
use crate::net::{Capacity, Clock, Yard};

/// How long the end waits for files that are being written.
const LAST_WRITES: Duration = Duration::from_secs(3);
/// How long the end waits for worker threads. Each only has to close its socket.
pub(super) const LAST_WAIT: Duration = Duration::from_secs(2);

/// The sockets, and the thread that writes files.
pub struct Hands {
    yard: Yard,
    /// Started with the first file, with what it reports.
    saver: Option<(Saver, Receiver<SaveReport>)>,
    /// Starts it: [`Saver::start`].
    start: Start,
}

/// What starts the thread that writes files.
type Start = fn() -> io::Result<(Saver, Receiver<SaveReport>)>;

impl Hands {
    /// Hands whose workers report to `events`.
    #[must_use]
    pub fn new(clock: Clock, events: Sender<Batch>) -> Self {
        Self {
            yard: Yard::new(clock, events),
            saver: None,
            start: Saver::start,
        }
    }

    /// The same, whose server takes on as much as `capacity` says.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        Self {
            yard: self.yard.with_capacity(capacity),
            ..self
        }
    }

    /// Hands `action` to its worker; what the app has to know if that was not possible.
    pub fn perform(&mut self, action: Action) -> Option<Msg> {
        let who = action.who();
        let error = self.yard.perform(action).err()?;
        let why = match error.kind() {
            io::ErrorKind::NotFound => "this connection is closed already".to_owned(),
            _ => format!(
                "no worker thread can be started or reached: {}",
                words(&error)
            ),
        };
        Some(Msg::Undone(who, why))
    }

    /// Hands `order` to the thread that writes files; what the app has to know if there is none.
    pub fn save(&mut self, order: SaveOrder) -> Option<Msg> {
        if self.saver.is_none()
            && let SaveOrder::Open { id, path, .. } = &order
        {
            match (self.start)() {
                Ok(saver) => self.saver = Some(saver),
                // This save is over, and whatever else is ordered for it is ignored as always.
                Err(error) => {
                    return Some(Msg::Saved(SaveReport::Failed {
                        id: *id,
                        path: path.clone(),
                        written: 0,
                        left: false,
                        why: format!("no thread can be started: {}", words(&error)),
                    }));
                }
            }
        }
        if let Some((saver, _)) = &self.saver {
            saver.order(order);
        }
        None
    }

    /// Reads a script that is to be played.
    #[must_use]
    pub fn load(path: &Path) -> Msg {
        let read = script_file::may_be_watched(path).and_then(|()| script_file::read(path));
        let named = read.map_err(|why| format!("{}: {why}", path_text(path)));
        Msg::Loaded(path.to_owned(), named)
    }

    /// What comes of the files, and whether their thread is behind. Then nothing more is to be taken in from the sockets:
    /// TCP holds their peers back.
    #[must_use]
    pub fn reports(&self) -> (Receiver<SaveReport>, bool) {
        match &self.saver {
            Some((saver, reports)) => (reports.clone(), saver.is_behind()),
            None => (never(), false),
        }
    }

    /// What the thread that writes files has said; none if it is gone.
    pub fn reported<E>(&mut self, report: Result<SaveReport, E>) -> Option<Msg> {
        if let Ok(report) = report {
            Some(Msg::Saved(report))
        } else {
            self.saver = None;
            None
        }
    }

    /// Lets the files that are being saved come to their end, as far as they are received; what went wrong.
    fn finish_files(&mut self) -> Vec<String> {
        let Some((saver, reports)) = self.saver.take() else {
            return Vec::new();
        };
        let mut wrong = Vec::new();
        if !saver.finish(LAST_WRITES) {
            wrong.push(format!(
                "a file could not be written to its end within {LAST_WRITES:?}"
            ));
        }
        for report in reports.try_iter() {
            if let SaveReport::Failed {
                path,
                written,
                left,
                why,
                ..
            } = report
            {
                wrong.push(not_saved(&path, written, left, &why));
            }
        }
        wrong
    }

    /// Ends everything, and gives back what went wrong. `channels` are the loop's ends of the channels: they are given up
    /// once the files are written, for a thread that waits to be heard would never end.
    #[must_use]
    pub fn close<T>(mut self, channels: T) -> Vec<String> {
        let mut wrong = self.finish_files();
        drop(channels);
        if !self.yard.shut_down(LAST_WAIT) {
            wrong.push(left_behind());
        }
        wrong
    }

    /// Ends everything at the end of the program, and says what went wrong; whether the files are as they should be. See
    /// [`Hands::close`].
    pub fn rest<T>(mut self, channels: T) -> bool {
        let unsaved = self.finish_files();
        let is_saved = unsaved.is_empty();
        for wrong in unsaved.into_iter().chain(self.close(channels)) {
            super::say(&wrong);
        }
        is_saved
    }
}

/// What is said of a worker that does not end.
#[must_use]
pub(super) fn left_behind() -> String {
    format!("a worker thread did not end within {LAST_WAIT:?} and is left behind")
}

/// An error of the system in our own words, where we have some.
#[must_use]
pub fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        _ if error.kind() == io::ErrorKind::WouldBlock => no_thread(error),
        Some(number) => explain::errno_line(Errno(number)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;
    use crate::model::SaveId;

    #[test]
    fn without_a_thread_to_write_it_a_save_is_over_and_the_next_one_asks_anew() {
        let mut hands = Hands::new(Clock::start(), bounded(1).0);
        hands.start = || Err(io::Error::from_raw_os_error(Errno::EAGAIN.0));
        let id = SaveId(1);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let open = |id| SaveOrder::Open {
            id,
            path: path.clone(),
            replace: false,
        };
        let Some(Msg::Saved(SaveReport::Failed { id: failed, .. })) = hands.save(open(id)) else {
            panic!("it is not over");
        };
        assert_eq!(failed, id);
        let bytes = b"bytes".to_vec();
        assert_eq!(hands.save(SaveOrder::Write { id, bytes }), None);
        assert_eq!(hands.save(SaveOrder::Finish { id }), None);
        hands.start = Saver::start;
        assert_eq!(hands.save(open(SaveId(2))), None);
        assert_eq!(hands.close(()), [""; 0]);
        assert!(path.exists());
    }
}
