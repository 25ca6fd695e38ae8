//! The thread that writes received bytes to files, so that no disk ever holds up the screen.
//!
//! [`super::save_file`] knows how a file is opened; the orders and reports are [`crate::model::save`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, unbounded};
use signal_hook::consts::SIGXFSZ;

use super::save_file::{self, Refusal, Sink, place, words};
use crate::model::{SaveId, SaveOrder, SaveReport};

/// With more than this many bytes queued the saver is behind. The loop may have taken in as much as the workers' channel
/// holds, 10 MiB, before it looks; that is all that ever waits here.
const BEHIND: usize = 4 << 20;
/// With fewer than this it has caught up: half, so that the loop is not stopped and started for each write.
const CAUGHT_UP: usize = BEHIND / 2;
/// Writes are gathered up to this size while others wait behind them: a flood of small messages costs one system call
/// for each of these, and a larger write is not copied.
const GATHERED: usize = 64 << 10;

/// The saving thread's other end. Dropping it is [`Saver::finish`] without the wait.
#[derive(Debug)]
pub struct Saver {
    /// Unbounded, for an order must not wait for the disk. [`Saver::is_behind`] is what bounds it.
    orders: Sender<SaveOrder>,
    /// The bytes that were ordered and are not yet written.
    queued: Arc<AtomicUsize>,
    /// Disconnected when the thread has ended.
    ended: Receiver<Infallible>,
}

impl Saver {
    /// Starts the thread. The other value is where it reports. That channel is unbounded: there are a few reports for each
    /// save, and the thread must not wait for a loop that is gone.
    ///
    /// # Errors
    /// A thread or a signal handler that cannot be had.
    pub fn start() -> io::Result<(Self, Receiver<SaveReport>)> {
        // A file beyond `ulimit -f` would end the program by a signal. With a handler write(2) fails instead, and that is
        // told. Nobody asks whether the signal came.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        Self::start_with(save_file::open)
    }

    /// Starts it with `open_file`, which does what [`save_file::open`] does.
    fn start_with<F>(open_file: F) -> io::Result<(Self, Receiver<SaveReport>)>
    where
        F: FnMut(&Path, bool) -> Result<Box<dyn Sink>, Refusal> + Send + 'static,
    {
        let (orders, ordered) = unbounded();
        let (reports, reported) = unbounded();
        let (alive, ended) = bounded(0);
        let queued = Arc::new(AtomicUsize::new(0));
        let backlog = Backlog {
            queued: Arc::clone(&queued),
            was_behind: false,
        };
        thread::Builder::new()
            .name("saver".to_owned())
            .spawn(move || {
                let _alive: Sender<Infallible> = alive;
                let mut desk = Desk {
                    open_file,
                    saves: BTreeMap::new(),
                    reports,
                };
                desk.work(&ordered, backlog);
            })?;
        let saver = Self {
            orders,
            queued,
            ended,
        };
        Ok((saver, reported))
    }

    /// Gives an order, without waiting.
    pub fn order(&self, order: SaveOrder) {
        // Before it is sent: the thread takes this off again.
        self.queued.fetch_add(order.weight(), Ordering::Relaxed);
        // The thread does not end before this end of the channel is dropped.
        let _ = self.orders.send(order);
    }

    /// Whether more is queued than should be: take in no bytes until [`SaveReport::CaughtUp`] is reported.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.queued.load(Ordering::Relaxed) > BEHIND
    }

    /// The end of the program. What is queued is written, and saves that were not finished are closed with what they
    /// have, which is reported as for any other. Returns whether that was done within `deadline`.
    ///
    /// If it was not, the thread is left behind and goes on until the program is gone. Then a file that was to be replaced
    /// still has its old content, and beside it is a `.sockyard-*.part` with the new.
    #[must_use]
    pub fn finish(self, deadline: Duration) -> bool {
        drop(self.orders);
        self.ended.recv_timeout(deadline) == Err(RecvTimeoutError::Disconnected)
    }
}

/// The thread's view of what is queued.
struct Backlog {
    queued: Arc<AtomicUsize>,
    was_behind: bool,
}

impl Backlog {
    /// Takes off `weight` bytes; returns whether that was the step out of being behind.
    fn shrink(&mut self, weight: usize) -> bool {
        // Nobody else takes any off. So this was the most that there was since the last time: if the loop found us
        // behind, we do too, and it can count on being told when we are not.
        let most = self.queued.fetch_sub(weight, Ordering::Relaxed);
        self.was_behind |= most > BEHIND;
        let caught_up = self.was_behind && most - weight < CAUGHT_UP;
        self.was_behind &= !caught_up;
        caught_up
    }
}

/// What the thread works at: the saves that are open, and only those. One that failed is forgotten, and with it whatever
/// else is ordered for it.
struct Desk<F> {
    open_file: F,
    saves: BTreeMap<SaveId, Save>,
    reports: Sender<SaveReport>,
}

impl<F> Desk<F>
where
    F: FnMut(&Path, bool) -> Result<Box<dyn Sink>, Refusal>,
{
    /// Carries out orders until no more can come.
    fn work(&mut self, orders: &Receiver<SaveOrder>, mut backlog: Backlog) {
        loop {
            let order = match orders.try_recv() {
                Ok(order) => order,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    // Before a wait nothing is kept back: somebody may be watching the file.
                    self.carefully(Self::flush);
                    let Ok(order) = orders.recv() else { break };
                    order
                }
            };
            let weight = order.weight();
            self.carefully(|desk| desk.obey(order));
            if backlog.shrink(weight) {
                self.report(SaveReport::CaughtUp);
            }
        }
        for (id, save) in std::mem::take(&mut self.saves) {
            if save.is_empty() && !save.sink.stays() {
                // Nobody said that nothing is all that there will be: the old file is worth more.
                self.saves.insert(id, save);
                self.fail(id, "the program ended before a byte came".to_owned());
            } else {
                self.finish(id, save);
            }
        }
    }

    /// A bug costs the saves that are open, and not the thread: a loop that waits for it would wait for ever.
    fn carefully(&mut self, step: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_err() {
            let open: Vec<_> = self.saves.keys().copied().collect();
            for id in open {
                self.fail(id, "sockyard itself made a mistake".to_owned());
            }
        }
    }

    fn obey(&mut self, order: SaveOrder) {
        match order {
            SaveOrder::Open { id, path, replace } => self.open(id, path, replace),
            SaveOrder::Write { id, bytes } => {
                if let Some(save) = self.saves.get_mut(&id)
                    && let Err(error) = save.write(&bytes)
                {
                    let why = words(&error, &save.path);
                    self.fail(id, why);
                }
            }
            SaveOrder::Finish { id } => {
                if let Some(save) = self.saves.remove(&id) {
                    self.finish(id, save);
                }
            }
        }
    }

    fn open(&mut self, id: SaveId, path: PathBuf, replace: bool) {
        let failed = |path, why| SaveReport::Failed {
            id,
            path,
            written: 0,
            left: false,
            why,
        };
        let path = match place(&path, std::env::var_os("HOME").as_deref()) {
            Ok(path) => path,
            Err(why) => return self.report(failed(path, why)),
        };
        // Each would tell that its bytes are there, and one of them would be wrong.
        if self.saves.values().any(|save| save.path == path) {
            let why = "something else is being saved to it".to_owned();
            return self.report(failed(path, why));
        }
        match (self.open_file)(&path, replace) {
            Ok(sink) => {
                self.report(SaveReport::Opened {
                    id,
                    path: path.clone(),
                });
                self.saves.insert(id, Save::new(path, sink));
            }
            Err(Refusal::Exists { bytes }) => self.report(SaveReport::Exists { id, path, bytes }),
            Err(Refusal::Failed(why)) => self.report(failed(path, why)),
        }
    }

    fn flush(&mut self) {
        let mut failed = Vec::new();
        for (id, save) in &mut self.saves {
            if let Err(error) = save.flush() {
                failed.push((*id, words(&error, &save.path)));
            }
        }
        for (id, why) in failed {
            self.fail(id, why);
        }
    }

    fn finish(&self, id: SaveId, mut save: Save) {
        let left = save.sink.stays();
        let closed = save.flush().and_then(|()| save.sink.close());
        let (path, written) = (save.path, save.written);
        self.report(match closed {
            Ok(()) => SaveReport::Finished {
                id,
                path,
                bytes: written,
            },
            Err(error) => SaveReport::Failed {
                id,
                written,
                left,
                why: words(&error, &path),
                path,
            },
        });
    }

    /// Forgets a save, which drops its file, and reports why.
    fn fail(&mut self, id: SaveId, why: String) {
        if let Some(save) = self.saves.remove(&id) {
            let left = save.sink.stays();
            // Now, so that nothing is left when that is told.
            drop(save.sink);
            self.report(SaveReport::Failed {
                id,
                path: save.path,
                written: save.written,
                left,
                why,
            });
        }
    }

    fn report(&self, report: SaveReport) {
        // If the loop is gone there is nobody to tell, and still something to write.
        let _ = self.reports.send(report);
    }
}

/// A save that is open.
struct Save {
    /// Absolute.
    path: PathBuf,
    sink: Box<dyn Sink>,
    gathered: Vec<u8>,
    /// How many bytes the sink took.
    written: u64,
}

impl Save {
    const fn new(path: PathBuf, sink: Box<dyn Sink>) -> Self {
        Self {
            path,
            sink,
            gathered: Vec::new(),
            written: 0,
        }
    }

    const fn is_empty(&self) -> bool {
        self.written == 0 && self.gathered.is_empty()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.gathered.len() + bytes.len() < GATHERED {
            self.gathered.extend_from_slice(bytes);
            return Ok(());
        }
        self.flush()?;
        self.put(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered)?;
        gathered.clear();
        self.gathered = gathered;
        Ok(())
    }

    /// `write_all` with an exact count, also of what was written before a failure.
    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.sink.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count as u64;
                    bytes = &bytes[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tempfile::TempDir;

    use super::*;
    use crate::model::Errno;

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

    #[test]
    fn every_byte_arrives_in_order_and_is_counted() {
        let bench = Bench::new();
        let path = bench.path("stream");
        assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
        let mut all = Vec::new();
        for size in [0, 1, GATHERED - 1, 1, GATHERED, 5, 3 * MIB + 7, 2, 100] {
            let bytes: Vec<u8> = (0..size)
                .map(|n| ((n * 31 + all.len()) % 251) as u8)
                .collect();
            all.extend_from_slice(&bytes);
            bench.write(ID, bytes);
        }
        assert_eq!(bench.finish(ID), finished(ID, &path, all.len() as u64));
        assert!(content(&path) == all, "other bytes");
    }

    #[test]
    fn a_new_file_has_the_permissions_of_any_new_file() {
        let bench = Bench::new();
        let (saved, usual) = (bench.path("saved"), bench.path("usual"));
        assert_eq!(bench.open(ID, &saved, false), opened(ID, &saved));
        let usual = File::create(usual).expect("a file");
        let mode = |metadata: io::Result<fs::Metadata>| metadata.expect("a file").mode();
        assert_eq!(mode(fs::metadata(saved)), mode(usual.metadata()));
    }

    #[test]
    fn a_small_write_is_in_the_file_before_the_thread_waits() {
        let (wrote, written) = unbounded();
        let bench = Bench::with(move |path, replace| {
            let wrote = wrote.clone();
            asking(path, replace, move |bytes| {
                wrote.send(bytes.to_vec()).expect("a test");
                Ok(bytes.len())
            })
        });
        let path = bench.path("watched");
        assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
        bench.write(ID, "x");
        assert_eq!(written.recv_timeout(LIMIT), Ok(b"x".to_vec()));
    }

    #[test]
    fn an_existing_file_is_left_alone_unless_it_may_be_replaced() {
        let bench = Bench::new();
        let path = bench.path("there");
        fs::write(&path, "old").expect("a file");
        let exists = SaveReport::Exists {
            id: ID,
            path: path.clone(),
            bytes: 3,
        };
        assert_eq!(bench.open(ID, &path, false), exists);
        bench.write(ID, "ignored");
        bench.saver.order(SaveOrder::Finish { id: ID });
        assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
        assert_eq!(content(&path), b"old");
        bench.write(ID, "new!");
        assert_eq!(bench.finish(ID), finished(ID, &path, 4));
        assert_eq!(content(&path), b"new!");
    }

    #[test]
    fn a_replaced_file_keeps_its_content_to_the_end_and_its_permissions() {
        let bench = Bench::new();
        let (path, other) = (bench.path("old"), bench.path("other"));
        fs::write(&path, "old").expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("permissions");
        assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
        bench.write(ID, vec![b'n'; MIB]);
        // The orders are carried out one after the other.
        assert_eq!(bench.open(OTHER, &other, false), opened(OTHER, &other));
        assert_eq!(content(&path), b"old");
        assert_eq!(bench.finish(ID), finished(ID, &path, MIB as u64));
        assert_eq!(content(&path), vec![b'n'; MIB]);
        assert_eq!(names(&bench.folder), ["old", "other"]);
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[test]
    fn a_link_stays_and_what_it_points_to_is_replaced() {
        let bench = Bench::new();
        let elsewhere = tempfile::tempdir().expect("a folder");
        let (link, target) = (bench.path("link"), elsewhere.path().join("target"));
        fs::write(&target, "old").expect("a file");
        symlink(&target, &link).expect("a link");
        let exists = SaveReport::Exists {
            id: ID,
            path: link.clone(),
            bytes: 3,
        };
        assert_eq!(bench.open(ID, &link, false), exists);
        assert_eq!(bench.open(ID, &link, true), opened(ID, &link));
        bench.write(ID, "new");
        assert_eq!(bench.finish(ID), finished(ID, &link, 3));
        assert_eq!(fs::read_link(&link).expect("still a link"), target);
        assert_eq!(content(&target), b"new");
    }

    #[test]
    fn what_is_no_file_is_refused_in_plain_words_and_without_a_wait() {
        let bench = Bench::new();
        let at = |name: &str| bench.path(name);
        let base = bench.folder.path().display();
        fs::create_dir(at("folder")).expect("a folder");
        fs::write(at("file"), "").expect("a file");
        symlink("nowhere", at("dangling")).expect("a link");
        symlink(at("pipe"), at("to a pipe")).expect("a link");
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
        let _bound = std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
        let is_folder = "it is a folder: name a file in it".to_owned();
        let is_device = "it is a device, and only files are saved to".to_owned();
        let is_pipe = "it is a pipe, and only files are saved to".to_owned();
        for (path, why) in [
            (at("folder"), is_folder.clone()),
            (at("folder/"), is_folder.clone()),
            (at("folder/."), is_folder.clone()),
            (PathBuf::from("/"), is_folder),
            (
                at("none/file"),
                format!("the folder {base}/none does not exist (ENOENT)"),
            ),
            (
                at("none/"),
                format!("the folder {base}/none/ does not exist (ENOENT)"),
            ),
            (
                at("file/file"),
                format!("there is no folder {base}/file: a part of it is a file (ENOTDIR)"),
            ),
            (
                at("dangling"),
                "it is a link to a file that does not exist".to_owned(),
            ),
            (at("pipe"), is_pipe.clone()),
            (at("to a pipe"), is_pipe),
            (
                at("socket"),
                "it is a socket, and only files are saved to".to_owned(),
            ),
            (PathBuf::from("/dev/full"), is_device.clone()),
            (PathBuf::from("/dev/null"), is_device),
            (
                at(&"x".repeat(300)),
                "the name is too long (ENAMETOOLONG)".to_owned(),
            ),
            (PathBuf::new(), "no file is named".to_owned()),
            // Nobody may create a file here, not even root.
            (
                PathBuf::from("/dev/pts/file"),
                "you may not write there (EACCES)".to_owned(),
            ),
        ] {
            for replace in [false, true] {
                assert_eq!(
                    bench.open(ID, &path, replace),
                    failed(&path, 0, false, &why)
                );
            }
        }
    }

    #[test]
    fn one_file_is_not_saved_to_twice_at_a_time() {
        let bench = Bench::new();
        let path = bench.path("file");
        assert_eq!(bench.open(OTHER, &path, false), opened(OTHER, &path));
        let why = "something else is being saved to it";
        assert_eq!(bench.open(ID, &path, true), failed(&path, 0, false, why));
    }

    #[test]
    fn a_full_disk_is_told_once_and_other_saves_go_on() {
        let bench = Bench::with(|path, replace| {
            if !path.ends_with("full") {
                return save_file::open(path, replace);
            }
            let device = File::options().write(true).open("/dev/full");
            Ok(Box::new(save_file::NewFile(device.expect("a device"))))
        });
        let (full, fine) = (bench.path("full"), bench.path("fine"));
        bench.order_open(ID, &full, false);
        bench.order_open(OTHER, &fine, false);
        bench.write(ID, vec![0; GATHERED]);
        bench.write(ID, vec![0; GATHERED]);
        bench.write(OTHER, "fine");
        bench.saver.order(SaveOrder::Finish { id: ID });
        bench.saver.order(SaveOrder::Finish { id: OTHER });
        let (reports, _folder) = bench.all_reports();
        let expected = [
            opened(ID, &full),
            opened(OTHER, &fine),
            failed(&full, 0, true, "the disk is full (ENOSPC)"),
            finished(OTHER, &fine, 4),
        ];
        assert_eq!(reports, expected);
    }

    /// Opens files on a disk with this much room.
    fn with_room(
        room: usize,
    ) -> impl FnMut(&Path, bool) -> Result<Box<dyn Sink>, Refusal> + Send + 'static {
        move |path, replace| {
            let mut room = room;
            asking(path, replace, move |bytes| {
                let count = bytes.len().min(room);
                room -= count;
                if count == 0 {
                    return Err(io::Error::from_raw_os_error(Errno::ENOSPC.0));
                }
                Ok(count)
            })
        }
    }

    #[test]
    fn what_a_new_file_has_is_kept_and_counted_when_the_disk_is_full() {
        let bench = Bench::with(with_room(100_000));
        let path = bench.path("new");
        assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
        bench.write(ID, vec![7; MIB]);
        let why = "the disk is full (ENOSPC)";
        assert_eq!(bench.report(), failed(&path, 100_000, true, why));
        assert_eq!(content(&path), vec![7; 100_000]);
    }

    #[test]
    fn a_small_write_that_fails_only_at_the_end_is_told() {
        let bench = Bench::with(with_room(0));
        let path = bench.path("new");
        bench.order_open(ID, &path, false);
        bench.write(ID, "x");
        bench.saver.order(SaveOrder::Finish { id: ID });
        let (reports, _folder) = bench.all_reports();
        let why = "the disk is full (ENOSPC)";
        assert_eq!(reports, [opened(ID, &path), failed(&path, 0, true, why)]);
    }

    #[test]
    fn a_full_disk_costs_a_replaced_file_nothing() {
        let bench = Bench::with(with_room(100_000));
        let path = bench.path("old");
        fs::write(&path, "old").expect("a file");
        assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
        bench.write(ID, vec![7; MIB]);
        let why = "the disk is full (ENOSPC)";
        assert_eq!(bench.report(), failed(&path, 100_000, false, why));
        assert_eq!(content(&path), b"old");
        assert_eq!(names(&bench.folder), ["old"]);
    }

    #[test]
    fn a_replacement_that_cannot_be_put_in_place_leaves_nothing() {
        let bench = Bench::new();
        let path = bench.path("old");
        fs::write(&path, "old").expect("a file");
        assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
        bench.write(ID, "new");
        fs::remove_file(&path).expect("gone");
        fs::create_dir(&path).expect("a folder");
        let why = "it is a folder: name a file in it (EISDIR)";
        assert_eq!(bench.finish(ID), failed(&path, 3, false, why));
        assert_eq!(names(&bench.folder), ["old"]);
    }

    #[test]
    fn a_bug_in_one_save_fails_it_and_the_thread_goes_on() {
        let bench = Bench::with(|path, replace| {
            let bad = path.ends_with("bad");
            asking(path, replace, move |bytes| {
                assert!(!bad, "no such luck");
                Ok(bytes.len())
            })
        });
        let (bad, good) = (bench.path("bad"), bench.path("good"));
        assert_eq!(bench.open(ID, &bad, false), opened(ID, &bad));
        bench.write(ID, "x");
        let why = "sockyard itself made a mistake";
        assert_eq!(bench.report(), failed(&bad, 0, true, why));
        assert_eq!(bench.open(OTHER, &good, false), opened(OTHER, &good));
        bench.write(OTHER, "fine");
        assert_eq!(bench.finish(OTHER), finished(OTHER, &good, 4));
    }

    /// Each write of 1 MiB waits until the test lets it go on, and tells when it begins.
    #[test]
    fn the_saver_is_behind_until_half_is_left_and_tells_once_that_it_has_caught_up() {
        let (began, begins) = unbounded();
        let (go, held) = unbounded::<()>();
        let bench = Bench::with(move |path, replace| {
            let (began, held) = (began.clone(), held.clone());
            asking(path, replace, move |bytes| {
                began.send(()).expect("a test");
                held.recv_timeout(LIMIT).expect("a test");
                Ok(bytes.len())
            })
        });
        let path = bench.path("slow");
        assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
        for _round in 0..2 {
            for _ in 0..4 {
                bench.write(ID, vec![0; MIB]);
            }
            assert!(!bench.saver.is_behind(), "with the limit itself");
            bench.write(ID, vec![0; MIB]);
            assert!(bench.saver.is_behind());
            begins.recv_timeout(LIMIT).expect("a first write");
            for _ in 0..3 {
                go.send(()).expect("a saver");
                begins.recv_timeout(LIMIT).expect("a next write");
            }
            // Two of five are left, the half.
            assert!(!bench.saver.is_behind());
            assert!(bench.reports.is_empty(), "too early");
            go.send(()).expect("a saver");
            assert_eq!(bench.report(), SaveReport::CaughtUp);
            begins.recv_timeout(LIMIT).expect("a last write");
            go.send(()).expect("a saver");
            // An order that is refused: once that is told, all before it are done.
            bench.open(OTHER, Path::new(""), false);
        }
        assert_eq!(bench.finish(ID), finished(ID, &path, 10 * MIB as u64));
        let (reports, _folder) = bench.all_reports();
        assert_eq!(reports, []);
    }

    #[test]
    fn a_save_that_failed_does_not_keep_the_saver_behind() {
        let (fail, held) = unbounded::<()>();
        let bench = Bench::with(move |path, replace| {
            let held = held.clone();
            asking(path, replace, move |_| {
                held.recv_timeout(LIMIT).expect("a test");
                Err(io::Error::from_raw_os_error(Errno::EIO.0))
            })
        });
        let path = bench.path("broken");
        assert_eq!(bench.open(ID, &path, false), opened(ID, &path));
        for _ in 0..9 {
            bench.write(ID, vec![0; MIB]);
        }
        assert!(bench.saver.is_behind());
        fail.send(()).expect("a saver");
        let why = "the disk does not work properly (EIO)";
        assert_eq!(bench.report(), failed(&path, 0, true, why));
        assert_eq!(bench.report(), SaveReport::CaughtUp);
        assert!(!bench.saver.is_behind());
    }

    #[test]
    fn the_end_of_the_program_writes_what_is_queued_and_keeps_it() {
        let (go, held) = bounded::<()>(0);
        let bench = Bench::with(move |path, replace| {
            // Until the test has ordered everything.
            let _ = held.recv_timeout(LIMIT);
            save_file::open(path, replace)
        });
        let (new, old) = (bench.path("new"), bench.path("old"));
        fs::write(&old, "old").expect("a file");
        bench.order_open(ID, &new, false);
        bench.order_open(OTHER, &old, true);
        for _ in 0..20 {
            bench.write(ID, vec![1; MIB]);
            bench.write(OTHER, "new");
        }
        drop(go);
        let (reports, _folder) = bench.all_reports();
        let expected = [
            opened(ID, &new),
            opened(OTHER, &old),
            SaveReport::CaughtUp,
            finished(ID, &new, 20 * MIB as u64),
            finished(OTHER, &old, 60),
        ];
        assert_eq!(reports, expected);
        assert!(content(&new) == vec![1; 20 * MIB], "other bytes");
        assert_eq!(content(&old), b"new".repeat(20));
    }

    #[test]
    fn the_end_of_the_program_replaces_no_file_by_nothing() {
        let bench = Bench::new();
        let path = bench.path("old");
        fs::write(&path, "old").expect("a file");
        assert_eq!(bench.open(ID, &path, true), opened(ID, &path));
        let (reports, folder) = bench.all_reports();
        let why = "the program ended before a byte came";
        assert_eq!(reports, [failed(&path, 0, false, why)]);
        assert_eq!(content(&path), b"old");
        assert_eq!(names(&folder), ["old"]);
    }

    #[test]
    fn the_end_of_the_program_waits_no_longer_than_the_deadline() {
        let (go, held) = bounded::<()>(0);
        let bench = Bench::with(move |path, replace| {
            let _ = held.recv_timeout(LIMIT);
            save_file::open(path, replace)
        });
        bench.order_open(ID, &bench.path("new"), false);
        assert!(!bench.saver.finish(Duration::from_millis(1)));
        drop(go);
    }

    #[test]
    fn a_loop_that_is_gone_does_not_hold_the_saver() {
        let bench = Bench::new();
        let path = bench.path("new");
        drop(bench.reports);
        for n in 0..1_000 {
            bench.saver.order(SaveOrder::Open {
                id: SaveId(n),
                path: path.clone(),
                replace: false,
            });
        }
        let bytes = b"fine".to_vec();
        bench.saver.order(SaveOrder::Write {
            id: SaveId(0),
            bytes,
        });
        assert!(bench.saver.finish(LIMIT));
        assert_eq!(content(&path), b"fine");
    }
}
