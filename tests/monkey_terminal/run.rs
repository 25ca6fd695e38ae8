//! The run of one seed, from the terminal as it is before to the terminal as it is after.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::peers::Peers;
use crate::pty::{LIMIT, Modes, Program, Pty};
use crate::random::Random;
use crate::typed;

/// The playground with its server.
pub const SERVES: &str = "serves";
/// The playground with a script that is played.
pub const PLAYS: &str = "plays";

/// How many inputs there are.
const INPUTS: usize = 15_000;
/// The most that are typed at a time.
const BURST: usize = 60;
/// How often the size changes.
const INPUTS_PER_SIZE: usize = 60;
/// How soon a key is answered at the end.
const ANSWERED: Duration = Duration::from_secs(5);
/// What the program may hold, in kB: its logs keep 16 MiB each and twice that together, at both ends.
const MEMORY: usize = 300 << 10;

const SCRIPT: &str = r#"say "A monkey is at the keys."
server start 127.0.0.1 8888 --service chat
client connect 127.0.0.1 9000
client autorecv on
client2 connect 127.0.0.1 8888
client2 send "hello"
wait 100ms
client recv 1024
"#;

/// Runs it.
pub fn run(how: &str, seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("lesson.yard"), SCRIPT).expect("a file");
    let peers = Peers::start(seed);
    let mut random = Random::new(seed);
    let mut table = Table::lay(how, folder.path());
    let mut typed = 0;
    let mut again = 0;
    while typed < INPUTS {
        let burst = 1 + random.below(BURST);
        let mut bytes = Vec::new();
        for _ in 0..burst {
            bytes.extend(typed::input(&mut random));
        }
        table.pty.type_bytes(&bytes);
        typed += burst;
        if random.one_in(INPUTS_PER_SIZE / BURST + 1) {
            let (cols, rows) = random.of(&[
                (1, 1),
                (120, 36),
                (120, 36),
                (80, 24),
                (60, 20),
                (60, 15),
                (40, 10),
                (300, 100),
            ]);
            table.pty.resize(cols, rows);
            typed += 1;
        }
        if table.pty.is_over() {
            // A palette or a line has said so.
            table.assert_is_clean();
            table = Table::lay(how, folder.path());
            again += 1;
        }
    }
    table.answers();
    let memory = table.memory();
    assert!(memory < MEMORY, "{memory} kB");
    table.pty.type_bytes(b"\x03");
    table.assert_is_clean();
    drop(table);
    let connections = peers.end();
    assert!(connections > 20, "{connections} connections");
    assert_no_sockets();
    println!(
        "{how} {seed}: {typed} inputs, {again} times anew, {connections} connections, {memory} kB"
    );
}

/// The program at its terminal.
struct Table {
    pty: Pty,
    /// The terminal's line before the program has it.
    before: String,
    pid: i32,
    /// Ends whoever wakes the program up.
    stop: Option<Sender<()>>,
    waker: Option<JoinHandle<()>>,
}

impl Table {
    fn lay(how: &str, folder: &Path) -> Self {
        let folder = folder.to_str().expect("text");
        let args: &[&str] = match how {
            PLAYS => &["--play", "lesson.yard", "--pace", "20ms"],
            _ => &["--serve", "127.0.0.1:8888"],
        };
        // A shell first: the terminal is looked at before the program has it.
        let shell = "read _; exec \"$0\" \"$@\"";
        let args = [&["-c", shell, env!("CARGO_BIN_EXE_sockyard")], args].concat();
        let pty = Pty::spawn(&Program {
            cwd: folder,
            env: &[("HOME", folder), ("PS1", "")],
            cols: 120,
            rows: 36,
            ..Program::new("sh", &args)
        });
        let before = pty.line_settings();
        pty.keys("<enter>");
        pty.wait_text("Ctrl-C quit");
        let pid = pty.pid();
        let (stop, stopped) = channel();
        let waker = Builder::new().name("waker".to_owned());
        let waker = waker.spawn(move || {
            // A palette may suspend it, and then nobody else would continue it.
            while stopped.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout)
            {
                let pid = Pid::from_raw(pid).filter(|_| state(pid) == Some('T'));
                if let Some(pid) = pid {
                    // It may have ended by now.
                    let _ = kill_process(pid, Signal::CONT);
                }
            }
        });
        Self {
            pty,
            before,
            pid,
            stop: Some(stop),
            waker: Some(waker.expect("a thread can be started")),
        }
    }

    /// It lives, and answers a key with a frame, whatever the last inputs have begun.
    fn answers(&self) {
        let pty = &self.pty;
        pty.resize(120, 36);
        let end = Instant::now() + LIMIT;
        loop {
            // The end of a paste that was begun, and of half a key; then Ctrl-L draws everything anew.
            pty.type_bytes(b"\x1b[201~");
            let start = pty.raw().len();
            let asked = Instant::now();
            pty.type_bytes(b"\x0c");
            let is_drawn = || {
                pty.raw()[start..]
                    .windows(8)
                    .any(|run| run == b"\x1b[?2026l")
            };
            while !is_drawn() && asked.elapsed() < ANSWERED {
                pty.stays_silent(Duration::from_millis(20));
            }
            if is_drawn() {
                return;
            }
            assert!(Instant::now() < end, "no frame:\n{}", pty.screen());
        }
    }

    /// The most memory that it has held, in kB.
    fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number
            .and_then(|number| number.parse().ok())
            .expect("a number")
    }

    /// It ends in order, and leaves everything as it was.
    #[track_caller]
    fn assert_is_clean(&self) {
        let end = self.pty.wait_exit();
        assert_eq!(end.exit_code(), 0, "{end}:\n{}", self.pty.screen());
        assert_eq!(self.pty.modes(), Modes::default());
        assert_eq!(self.pty.line_settings(), self.before);
        let processes = fs::read_dir("/proc").expect("there is /proc").flatten();
        let left = processes.filter(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let fields = stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned());
            // Its state, its parent, its process group, its session.
            let session = fields.and_then(|rest| rest.split(' ').nth(3).map(str::to_owned));
            session == Some(self.pid.to_string())
        });
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(waker) = self.waker.take() {
            // Its panic has nothing left to disturb.
            let _ = waker.join();
        }
    }
}

/// The state of a process: `proc_pid_stat(5)`.
fn state(pid: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Nothing listens in this namespace any more, and nothing is connected.
fn assert_no_sockets() {
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        // The last state of a connection belongs to no process.
        let open = text.lines().skip(1).filter(|line| {
            let mut fields = line.split_whitespace();
            let (state, inode) = (fields.nth(3), fields.nth(5));
            state != Some("06") && inode != Some("0")
        });
        let open: Vec<&str> = open.collect();
        assert!(open.is_empty(), "{table}: {open:#?}");
    }
}
