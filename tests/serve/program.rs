//! The program under test. Nothing here sleeps: each wait is for a line or for the end, and has a limit.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ExitStatus};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take: only a failing test waits that long.
pub const LIMIT: Duration = Duration::from_secs(20);

/// `sockyard serve` while it runs; killed when it is dropped.
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    complaints: Receiver<String>,
    /// Its standard input: nothing is ever written to it.
    _input: ChildStdin,
}

/// What the program left behind.
pub struct Left {
    /// How it ended.
    pub status: ExitStatus,
    /// The lines of standard output that nobody had read.
    pub lines: Vec<String>,
    /// Standard error.
    pub complaints: String,
}

impl Program {
    /// Starts it with these arguments.
    pub fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockyard"));
        command.arg("serve").args(args);
        Self::run(command)
    }

    /// Starts it where at most so many descriptors may be open.
    pub fn start_with_descriptors(most: u32, args: &[&str]) -> Self {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {most} && exec \"$0\" serve \"$@\"");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_sockyard")]);
        command.args(args);
        Self::run(command)
    }

    /// Starts what `command` is.
    pub fn run(mut command: Command) -> Self {
        let mut child = command
            .env("SOCKYARD_CONFIG", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self {
            lines: read(child.stdout.take().expect("a pipe")),
            complaints: read(child.stderr.take().expect("a pipe")),
            _input: child.stdin.take().expect("a pipe"),
            child,
        }
    }

    /// The next line of standard output.
    #[track_caller]
    pub fn line(&mut self) -> String {
        match self.lines.recv_timeout(LIMIT) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("no line within {LIMIT:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                let complaints: Vec<String> = self.complaints.iter().collect();
                panic!("it has ended: {complaints:?}")
            }
        }
    }

    /// The next line that `is_it`.
    #[track_caller]
    pub fn line_that(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            let line = self.line();
            if is_it(&line) {
                return line;
            }
        }
    }

    /// The next line of standard error.
    #[track_caller]
    pub fn complaint(&mut self) -> String {
        self.complaints.recv_timeout(LIMIT).expect("a complaint")
    }

    /// Where it listens, from its first line.
    #[track_caller]
    pub fn address(&mut self) -> SocketAddr {
        let line = self.line();
        let address = line.strip_prefix("listening on ");
        let address = address.unwrap_or_else(|| panic!("{line}"));
        address.parse().expect("an address")
    }

    /// Its number.
    pub fn id(&self) -> Pid {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        id.expect("a process")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).expect("it runs");
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub fn wait(mut self) -> Left {
        let end = Instant::now() + LIMIT;
        // Its outputs end with it; what is left is to be taken out of the kernel's table.
        let lines = rest(&self.lines, end);
        let complaints = rest(&self.complaints, end);
        Left {
            status: ended(&mut self.child, end),
            lines,
            complaints: complaints.join("\n"),
        }
    }

    /// Tells it to stop and waits until it has.
    #[track_caller]
    pub fn stop(self) -> Left {
        self.signal(Signal::TERM);
        self.wait()
    }
}

impl Left {
    /// The last line, in which the time that the server ran is left out.
    pub fn summary(&self) -> String {
        let line = self.lines.last().expect("a last line");
        let (before, after) = line.split_once(" in ").expect("a time");
        let (_, after) = after.split_once(": ").expect("numbers");
        format!("{before}: {after}")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has most likely ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of `output`, as they come.
pub fn read(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::Builder::new()
        .name("reader".to_owned())
        .spawn(move || {
            for line in BufReader::new(output).lines() {
                if sender.send(line.expect("text")).is_err() {
                    return;
                }
            }
        })
        .expect("a thread");
    lines
}

/// All the lines until the end, which is to come before `end`.
#[track_caller]
pub fn rest(lines: &Receiver<String>, end: Instant) -> Vec<String> {
    let mut rest = Vec::new();
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => rest.push(line),
            Err(RecvTimeoutError::Disconnected) => return rest,
            Err(RecvTimeoutError::Timeout) => panic!("it did not end within {LIMIT:?}: {rest:?}"),
        }
    }
}

/// How a program ended that has closed its outputs, which is to be before `end`.
#[track_caller]
pub fn ended(child: &mut Child, end: Instant) -> ExitStatus {
    loop {
        if let Some(status) = child.try_wait().expect("it was started") {
            return status;
        }
        assert!(
            Instant::now() < end,
            "its outputs have ended and it has not"
        );
        thread::yield_now();
    }
}

/// A peer whose connect, reads and writes have a limit.
#[track_caller]
pub fn connect(address: SocketAddr) -> TcpStream {
    let peer = TcpStream::connect_timeout(&address, LIMIT).expect("it accepts");
    peer.set_read_timeout(Some(LIMIT)).expect("an option");
    peer.set_write_timeout(Some(LIMIT)).expect("an option");
    peer
}

/// Sends `message` and reads as much again.
#[track_caller]
pub fn echo(mut peer: &TcpStream, message: &[u8]) -> Vec<u8> {
    peer.write_all(message).expect("room");
    let mut came = vec![0; message.len()];
    peer.read_exact(&mut came).expect("an echo");
    came
}

/// All that comes until the server closes.
#[track_caller]
pub fn read_to_end(mut peer: &TcpStream) -> Vec<u8> {
    let mut came = Vec::new();
    peer.read_to_end(&mut came).expect("the end");
    came
}
