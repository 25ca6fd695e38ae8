//! `sockyard run` and `sockyard check` as a test starts them, and what came of it.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::pty::LIMIT;

pub const BINARY: &str = env!("CARGO_BIN_EXE_sockyard");

/// The variable by which the programs of one test are found among all processes.
const MARK: &str = "SOCKYARD_TEST_MARK";

/// What came of it.
#[derive(Debug)]
pub struct Played {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Played {
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.stdout.contains(words), "{words}: {self:#?}");
        self
    }

    #[track_caller]
    pub fn complains(&self, words: &str) -> &Self {
        assert!(self.stderr.contains(words), "{words}: {self:#?}");
        self
    }
}

/// The program as it runs.
pub struct Playing {
    child: Child,
    began: Instant,
    mark: String,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Playing {
    /// Starts it in `folder` with this on its standard input.
    #[track_caller]
    pub fn start(args: &[impl AsRef<OsStr>], folder: &Path, input: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{number}", std::process::id());
        let mut child = Command::new(BINARY)
            .args(args)
            .current_dir(folder)
            .env("SOCKYARD_CONFIG", "/dev/null")
            .env("TZ", "UTC")
            .env(MARK, &mark)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("it was asked for");
        let input = input.to_owned();
        let writing = thread::Builder::new().name("write".to_owned());
        // Whoever does not read its input to the end does not want it.
        let writing = writing.spawn(move || drop(stdin.write_all(input.as_bytes())));
        writing.expect("a thread can be started");
        let stdout = read(child.stdout.take().expect("it was asked for"));
        let stderr = read(child.stderr.take().expect("it was asked for"));
        Self {
            child,
            began: Instant::now(),
            mark,
            stdout,
            stderr,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What was started by it, itself included, and has not ended.
    pub fn processes(&self) -> Vec<String> {
        marked(&self.mark)
    }

    /// Waits for its end, and that nothing of what it has started is left.
    #[track_caller]
    pub fn end(mut self) -> Played {
        // Its outputs end with it: whoever inherits them has been ended too.
        let stdout = self.stdout.recv_timeout(LIMIT);
        let stderr = self.stderr.recv_timeout(LIMIT);
        let took = self.began.elapsed();
        let (Ok(stdout), Ok(stderr)) = (stdout, stderr) else {
            let _ = self.child.kill();
            panic!("it does not end within {LIMIT:?}");
        };
        let status = self.child.wait().expect("it was started");
        let left = marked(&self.mark);
        assert!(left.is_empty(), "left behind: {left:?}");
        Played {
            status,
            stdout,
            stderr,
            took,
        }
    }
}

/// Everything that comes, once it is at its end.
fn read(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    let reading = thread::Builder::new().name("read".to_owned());
    let started = reading.spawn(move || {
        let mut bytes = Vec::new();
        if from.read_to_end(&mut bytes).is_ok() {
            // The test may be over.
            let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
        }
    });
    started.expect("a thread can be started");
    receiver
}

/// The processes that were started with this mark and have not ended.
fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    let processes = fs::read_dir("/proc").expect("there is /proc").flatten();
    let is_marked = |folder: &PathBuf| {
        fs::read(folder.join("environ"))
            .is_ok_and(|all| all.split(|byte| *byte == 0).any(|v| v == wanted.as_bytes()))
    };
    let folders = processes.map(|entry| entry.path()).filter(is_marked);
    folders
        .map(|folder| fs::read_to_string(folder.join("cmdline")).unwrap_or_default())
        .collect()
}

/// Runs it to its end in a folder of its own.
#[track_caller]
pub fn play(args: &[impl AsRef<OsStr>], input: &str) -> Played {
    let folder = tempfile::tempdir().expect("a folder");
    Playing::start(args, folder.path(), input).end()
}

/// Runs a script.
#[track_caller]
pub fn run(script: &str) -> Played {
    play(&["run", "-"], script)
}

/// The ready-made scripts, in their order.
pub fn ready_made() -> Vec<PathBuf> {
    scripts_in("assets/scripts")
}

pub fn scripts_in(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("the folder of the scripts");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension() == Some(OsStr::new("yard")))
        .collect();
    paths.sort();
    paths
}
