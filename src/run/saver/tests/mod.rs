//! Tests of the saving thread: this is what they have in common.

mod ending;
mod files;
mod full;
mod pace;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::Receiver;
use tempfile::TempDir;

use super::Saver;
use crate::model::{SaveId, SaveOrder, SaveReport};
use crate::run::save_file::{self, Refusal, Sink};

/// How long anything may take here.
const LIMIT: Duration = Duration::from_secs(10);
const ID: SaveId = SaveId(1);
const OTHER: SaveId = SaveId(2);
const MIB: usize = 1 << 20;

/// A saver, a folder to save in, and short words for both.
struct Bench {
    saver: Saver,
    reports: Receiver<SaveReport>,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::on(Saver::start())
    }

    fn with<F>(open_file: F) -> Self
    where
        F: FnMut(&Path, bool) -> Result<Box<dyn Sink>, Refusal> + Send + 'static,
    {
        Self::on(Saver::start_with(open_file))
    }

    fn on(started: io::Result<(Saver, Receiver<SaveReport>)>) -> Self {
        let (saver, reports) = started.expect("a saver");
        let folder = tempfile::tempdir().expect("a folder");
        Self {
            saver,
            reports,
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, id: SaveId, path: &Path, replace: bool) -> SaveReport {
        self.order_open(id, path, replace);
        self.report()
    }

    fn order_open(&self, id: SaveId, path: &Path, replace: bool) {
        let path = path.to_owned();
        self.saver.order(SaveOrder::Open { id, path, replace });
    }

    fn write(&self, id: SaveId, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.saver.order(SaveOrder::Write { id, bytes });
    }

    fn finish(&self, id: SaveId) -> SaveReport {
        self.saver.order(SaveOrder::Finish { id });
        self.report()
    }

    fn report(&self) -> SaveReport {
        self.reports.recv_timeout(LIMIT).expect("a report")
    }

    /// Waits until everything that was ordered is done; returns what was reported.
    fn all_reports(self) -> (Vec<SaveReport>, TempDir) {
        assert!(self.saver.finish(LIMIT), "it did not end");
        (self.reports.iter().collect(), self.folder)
    }
}

fn opened(id: SaveId, path: &Path) -> SaveReport {
    let path = path.to_owned();
    SaveReport::Opened { id, path }
}

fn finished(id: SaveId, path: &Path, bytes: u64) -> SaveReport {
    let path = path.to_owned();
    SaveReport::Finished { id, path, bytes }
}

fn failed(path: &Path, written: u64, left: bool, why: &str) -> SaveReport {
    SaveReport::Failed {
        id: ID,
        path: path.to_owned(),
        written,
        left,
        why: why.to_owned(),
    }
}

fn content(path: &Path) -> Vec<u8> {
    fs::read(path).expect("a file")
}

fn names(folder: &TempDir) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.into_string().expect("a name"))
        .collect();
    names.sort();
    names
}

/// A real file's sink whose writes ask `write` first: an error of that fails them.
struct Asking<W> {
    sink: Box<dyn Sink>,
    write: W,
}

impl<W: FnMut(&[u8]) -> io::Result<usize>> Write for Asking<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = (self.write)(bytes)?;
        self.sink.write(&bytes[..count])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl<W: FnMut(&[u8]) -> io::Result<usize>> Sink for Asking<W> {
    fn stays(&self) -> bool {
        self.sink.stays()
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        self.sink.close()
    }
}

fn asking<W>(path: &Path, replace: bool, write: W) -> Result<Box<dyn Sink>, Refusal>
where
    W: FnMut(&[u8]) -> io::Result<usize> + 'static,
{
    let sink = save_file::open(path, replace)?;
    Ok(Box::new(Asking { sink, write }))
}
