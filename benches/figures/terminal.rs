//! A terminal at which the time is taken. It draws nothing: a thread reads what comes, and notes when.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};
use memchr::memmem;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before something is wrong.
const LIMIT: Duration = Duration::from_secs(60);
/// What ends a frame: the end of a synchronized update.
pub const FRAME: &[u8] = b"\x1b[?2026l";

/// A program in a terminal; it ends when this is dropped.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    /// What comes, in pieces, and when each came.
    pieces: Receiver<(Instant, Vec<u8>)>,
    /// What has come since the last thing that was waited for, and when the last piece of it did.
    came: Vec<u8>,
    last: Instant,
    /// Keeps the terminal open.
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts a program in a terminal of so many cells, across and down.
    pub fn start(path: &str, args: &[&str], (cols, rows): (u16, u16)) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(path);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("SOCKYARD_CONFIG", "/dev/null");
        command.env_remove("NO_COLOR");
        let mut reader = pair.master.try_clone_reader().expect("a descriptor");
        let writer = pair.master.take_writer().expect("a descriptor");
        let child = pair.slave.spawn_command(command).expect("it starts");
        let (piece, pieces) = unbounded();
        let reading = move || {
            let mut chunk = vec![0; 64 << 10];
            // A terminal that nobody has open any more tells 0 or an error, depending on the system.
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if piece
                    .send((Instant::now(), chunk[..count].to_vec()))
                    .is_err()
                {
                    return;
                }
            }
        };
        (thread::Builder::new()
            .name("terminal".to_owned())
            .spawn(reading))
        .expect("a thread");
        Self {
            child,
            writer,
            pieces,
            came: Vec::new(),
            last: Instant::now(),
            _master: pair.master,
        }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Types `keys`.
    pub fn keys(&mut self, keys: &[u8]) {
        self.writer.write_all(keys).expect("it reads");
    }

    /// Waits until `mark` has come, and a frame has ended behind it; gives back when.
    pub fn wait(&mut self, mark: &[u8]) -> Instant {
        let end = Instant::now() + LIMIT;
        loop {
            let found = memmem::find(&self.came, mark)
                .and_then(|at| Some(at + memmem::find(&self.came[at..], FRAME)? + FRAME.len()));
            if let Some(found) = found {
                self.came.drain(..found);
                return self.last;
            }
            let came = self.take(end);
            assert!(came, "waited in vain for {}", mark.escape_ascii());
        }
    }

    /// Types `key` and waits for the frame that shows `mark`; gives back how long that took, in milliseconds.
    pub fn key_to_frame(&mut self, key: &[u8], mark: &[u8]) -> f64 {
        let start = Instant::now();
        self.keys(key);
        (self.wait(mark) - start).as_secs_f64() * 1e3
    }

    /// Lets this time pass; gives back how many bytes came meanwhile.
    pub fn pass(&mut self, time: Duration) -> usize {
        let end = Instant::now() + time;
        self.came.clear();
        let mut count = 0;
        while self.take(end) {
            count += self.came.len();
            self.came.clear();
        }
        count
    }

    /// Takes in the next piece; says whether one came by then.
    fn take(&mut self, end: Instant) -> bool {
        let Ok((at, piece)) = self.pieces.recv_deadline(end) else {
            return false;
        };
        self.came.extend_from_slice(&piece);
        self.last = at;
        true
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended, which was told.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
