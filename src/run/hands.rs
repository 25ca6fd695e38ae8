//! The hands of the loop: what carries out effects that reach beyond the state, with a terminal or without one.

use std::io;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, never};

use super::saver::Saver;
use super::script_file;
use crate::app::Msg;
use crate::model::explain;
use crate::model::save::path_text;
use crate::model::{Action, Batch, Errno, SaveOrder, SaveReport};
use crate::net::worker::no_thread;
use crate::net::{Clock, Yard};

/// How long the end waits for files that are being written.
const LAST_WRITES: Duration = Duration::from_secs(3);
/// How long the end waits for worker threads. Each only has to close its socket.
pub(super) const LAST_WAIT: Duration = Duration::from_secs(2);

/// The sockets, and the thread that writes files.
pub struct Hands {
    yard: Yard,
    /// Started with the first file, with what it reports.
    saver: Option<(Saver, Receiver<SaveReport>)>,
}

impl Hands {
    /// Hands whose workers report to `events`.
    #[must_use]
    pub fn new(clock: Clock, events: Sender<Batch>) -> Self {
        Self {
            yard: Yard::new(clock, events),
            saver: None,
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
        let mut failed = None;
        if self.saver.is_none() {
            match Saver::start() {
                Ok(saver) => self.saver = Some(saver),
                Err(error) => {
                    let why = format!("no thread that writes files can be started: {error}");
                    failed = Some(Msg::Failed(why));
                }
            }
        }
        if let Some((saver, _)) = &self.saver {
            saver.order(order);
        }
        failed
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
            if let SaveReport::Failed { path, why, .. } = report {
                wrong.push(format!("not saved: {}: {why}", path_text(&path)));
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

    /// Ends everything at the end of the program, and says what went wrong. See [`Hands::close`].
    pub fn rest<T>(self, channels: T) {
        for wrong in self.close(channels) {
            super::say(&wrong);
        }
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
