//! The program that a script tests: started with a shell, watched until it listens, and always ended.
//!
//! Whatever it starts is ended with it, even what has left its process group: a process whose parent has ended becomes a
//! child of ours, as `PR_SET_CHILD_SUBREAPER` has it (`prctl(2)`), so all of them descend from this process.
//!
//! Nobody can do that whom SIGKILL has ended. So the shell asks the kernel to be killed when its parent ends, see
//! [`launch`]; what it had started by then goes on.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use procfs::net::{TcpState, UdpState};
use procfs::process::{FDTarget, Process, all_processes};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, getppid, pidfd_open,
    pidfd_send_signal, set_child_subreaper, set_parent_process_death_signal, wait, waitid,
};

use super::hands::words;
use super::output;
use crate::app::Msg;
use crate::app::script::expectation::{Exit, Place};
use crate::app::script::player::ProgramEvent;
use crate::model::SocketKind;

/// What understands the command: POSIX.
const SHELL: &str = "sh";
/// This program, whatever its path is now.
const OURSELVES: &str = "/proc/self/exe";
/// The name under which it is started to become the shell.
const LAUNCHER: &str = "sockyard-launcher";
/// What POSIX shells end with when they cannot start a command.
const NOT_STARTED: u8 = 127;
/// How often it is looked whether it listens: nothing tells of that.
const LOOK: Duration = Duration::from_millis(20);
/// So often it is looked like that. Whoever listens late is not asked all the time: each look goes through every process.
const PROMPT_LOOKS: u32 = 50;
/// How often after that.
const LATE_LOOK: Duration = Duration::from_millis(250);
/// So many looks in a row a UDP socket has to be all that there is before it is taken for where the program serves.
const BOUND_LOOKS: u32 = 10;
/// How long it may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);
/// How long it may take to be gone after SIGKILL.
const LAST: Duration = Duration::from_secs(2);
/// How long its last words may take to be read once it has ended. What it leaves behind may keep its output open.
const LAST_WORDS: Duration = Duration::from_millis(300);
/// The longest line of its output that is kept in one piece, in bytes.
pub const LONGEST_LINE: u64 = 4_096;

/// The most bytes of a character before its last one, and behind its first.
const REST_OF_A_CHARACTER: usize = 3;

/// A program under test.
pub struct Program {
    command: String,
    events: Sender<ProgramEvent>,
    /// Once it was started: readable when its first process has ended, see `pidfd_open(2)`.
    end: Option<OwnedFd>,
}

impl Program {
    /// A program that is not started yet. What it does goes to `events`.
    #[must_use]
    pub fn new(command: &str, events: Sender<ProgramEvent>) -> Self {
        Self {
            command: command.to_owned(),
            events,
            end: None,
        }
    }

    /// Starts it; what the script has to know if that is not possible. `server` is where the script's own server listens.
    pub fn start(&mut self, server: Option<SocketAddr>) -> Option<Msg> {
        let failed = |why: String| Some(Msg::Program(ProgramEvent::Failed(why)));
        if self.end.is_some() {
            return failed("the program was started already".to_owned());
        }
        // Where the kernel does not know it, what leaves the group is not found.
        let _ = set_child_subreaper(Some(getpid()));
        // One pipe for both: what it prints is read in the order in which it was printed.
        let pipe = io::pipe().and_then(|(output, input)| Ok((output, input.try_clone()?, input)));
        let (output, out, errors) = match pipe {
            Ok(pipe) => pipe,
            Err(error) => return failed(format!("it cannot be listened to: {}", words(&error))),
        };
        let mut command = Command::new(OURSELVES);
        command
            .arg0(LAUNCHER)
            .args([&getpid().to_string(), &self.command])
            // Ctrl-C is for us: it is ended in our own way.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            // What it prints is to be seen when it prints it.
            .env("PYTHONUNBUFFERED", "1");
        if let Some(server) = server {
            command
                .env("SOCKYARD_HOST", server.ip().to_string())
                .env("SOCKYARD_PORT", server.port().to_string());
        }
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return failed(format!("it cannot be started: {}", words(&error))),
        };
        // Its own ends of the pipe, or the output would never be over.
        drop(command);
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw)?;
        let ends = pidfd_open(pid, PidfdFlags::empty()).and_then(|end| {
            let other = rustix::io::dup(&end)?;
            Ok((end, other))
        });
        let (end, watched) = match ends {
            Ok(ends) => ends,
            Err(errno) => {
                end_all(Signal::KILL);
                return failed(format!("it cannot be watched: {}", words(&errno.into())));
            }
        };
        self.end = Some(end);
        // Disconnected once its output is read to its end.
        let (reading, read) = bounded(0);
        self.listen(output, reading);
        let events = self.events.clone();
        let started = spawn("program", move || watch(&watched, &read, &events));
        match started {
            Ok(()) => None,
            Err(error) => failed(format!("it cannot be watched: {}", words(&error))),
        }
    }

    /// Asks it to end, and makes it and all that it has started end if it does not.
    pub fn end(&mut self) {
        let Some(end) = self.end.as_ref().and_then(|end| rustix::io::dup(end).ok()) else {
            return;
        };
        ask_to_end();
        // If no thread is to be had, `end_at_once` ends it when the script is over.
        let _ = spawn("grace", move || {
            ends_within(&end, GRACE);
            end_all(Signal::KILL);
        });
    }

    /// Ends it and all that it has started, now.
    pub fn end_at_once(&mut self) {
        let Some(end) = self.end.take() else {
            return;
        };
        ask_to_end();
        ends_within(&end, GRACE);
        // Whatever is not to be found: without descriptors the table of processes cannot be read.
        let _ = pidfd_send_signal(&end, Signal::KILL);
        let last = Instant::now() + LAST;
        loop {
            for process in &end_all(Signal::KILL) {
                ends_within(process, last.saturating_duration_since(Instant::now()));
            }
            // What has ended is a child until it was waited for.
            while let Ok(Some(_)) = wait(WaitOptions::NOHANG) {}
            // Some may have been started in the meantime.
            if descendants().is_empty() || Instant::now() >= last {
                return;
            }
        }
    }

    /// Passes on each line of its output: those that have come together, together.
    fn listen(&self, from: impl Read + Send + 'static, reading: Sender<()>) {
        let events = self.events.clone();
        let _ = spawn("output", move || {
            let _reading = reading;
            let mut from = BufReader::new(from);
            while let Some(line) = next_line(&mut from) {
                let mut lines = vec![line];
                while from.buffer().contains(&b'\n') {
                    lines.extend(next_line(&mut from));
                }
                if events.send(ProgramEvent::Prints(lines)).is_err() {
                    return;
                }
            }
        });
    }
}

/// Becomes the shell that runs the program under test, if this process was started for that; otherwise nothing. Comes back
/// only with the status of what could not be done.
///
/// Only a process itself can ask to be killed when its parent ends (`PR_SET_PDEATHSIG`, `prctl(2)`). That holds across
/// `execve(2)`, but not for what it starts.
#[must_use]
pub fn launch(mut arguments: impl Iterator<Item = OsString>) -> Option<u8> {
    arguments.next().filter(|name| name == LAUNCHER)?;
    let (parent, command) = (arguments.next()?, arguments.next()?);
    let asked = set_parent_process_death_signal(Some(Signal::KILL));
    // It may have ended before that was asked for.
    let is_there = getppid().is_some_and(|pid| parent.to_str() == Some(&pid.to_string()));
    if asked.is_ok() && !is_there {
        return Some(NOT_STARTED);
    }
    let error = Command::new(SHELL).arg("-c").arg(command).exec();
    output::complain(&format!("{SHELL}: {}", words(&error)));
    Some(NOT_STARTED)
}

/// The next line of what a program prints, without its end; none if there is none any more. One that is longer than
/// [`LONGEST_LINE`] goes on as another one, and what is no UTF-8 is replaced (U+FFFD).
pub fn next_line(from: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let mut read = |line: &mut Vec<u8>, most| {
        let read = from.by_ref().take(most).read_until(b'\n', line);
        read.ok().filter(|count| *count > 0)
    };
    read(&mut line, LONGEST_LINE)?;
    // A character at the end of a piece is not cut in two.
    for _ in 0..REST_OF_A_CHARACTER {
        if (line.len() as u64) < LONGEST_LINE || !ends_in_a_character(&line) {
            break;
        }
        read(&mut line, 1);
    }
    let text = String::from_utf8_lossy(&line);
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// Whether the last character goes on.
fn ends_in_a_character(bytes: &[u8]) -> bool {
    let last = &bytes[bytes.len().saturating_sub(REST_OF_A_CHARACTER)..];
    let start = last.iter().rposition(|byte| *byte >= 0xc0);
    start.is_some_and(|at| str::from_utf8(&last[at..]).is_err_and(|e| e.error_len().is_none()))
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(body).map(drop)
}

/// Whether the process of this descriptor ends within this time.
fn ends_within(end: &OwnedFd, time: Duration) -> bool {
    let until = Instant::now() + time;
    let mut fds = [PollFd::new(end, PollFlags::IN)];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match poll(&mut fds, Timespec::try_from(left).ok().as_ref()) {
            Err(Errno::INTR) => {}
            found => return matches!(found, Ok(1..)),
        }
    }
}

/// Looks until it listens, waits until it ends, and lets its last words be heard before that is told.
fn watch(end: &OwnedFd, read: &Receiver<()>, events: &Sender<ProgramEvent>) {
    let mut looks = 0;
    let mut bound_for = 0;
    loop {
        let pause = if looks < PROMPT_LOOKS {
            LOOK
        } else {
            LATE_LOOK
        };
        let has_ended = ends_within(end, pause);
        looks += 1;
        let place = listens_at();
        // A program that listens may have a UDP socket too, and first.
        let is_bound = place.is_some_and(|place| place.kind == SocketKind::Datagram);
        bound_for = if is_bound { bound_for + 1 } else { 0 };
        let is_sure = !is_bound || bound_for >= BOUND_LOOKS || has_ended;
        if let Some(place) = place.filter(|_| is_sure) {
            if events.send(ProgramEvent::Listens(place)).is_err() {
                return;
            }
            break;
        }
        if has_ended {
            break;
        }
    }
    // It is not taken out of the kernel's table yet: until then no other process gets its number.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let status = loop {
        match waitid(WaitId::PidFd(end.as_fd()), options) {
            Err(Errno::INTR) => {}
            found => break found,
        }
    };
    // Nothing is ever sent there: it is over when nobody could.
    let _ = read.recv_timeout(LAST_WORDS);
    let event = match status {
        Ok(Some(status)) => ProgramEvent::Exits(match status.exit_status() {
            Some(code) => Exit::Status(code),
            None => Exit::Signal(status.terminating_signal().unwrap_or_default()),
        }),
        // It was waited for already: the script is over.
        Ok(None) | Err(_) => return,
    };
    // Nobody listens once the script is over.
    let _ = events.send(event);
}

/// A process that was started by the program under test, or that itself.
struct Descendant {
    pid: i32,
    parent: i32,
    name: String,
}

impl Descendant {
    /// A descriptor of it, so that no other process is meant although it may end at any moment.
    fn descriptor(&self) -> Option<OwnedFd> {
        pidfd_open(Pid::from_raw(self.pid)?, PidfdFlags::empty()).ok()
    }
}

/// What was started by the program under test, itself included, and has not ended. One descriptor at a time is held for
/// that, however many processes there are.
fn descendants() -> Vec<Descendant> {
    let all = all_processes().into_iter().flatten().flatten();
    let mut children: BTreeMap<i32, Vec<(Descendant, char)>> = BTreeMap::new();
    for process in all {
        // It may have ended in the meantime.
        if let Ok(stat) = process.stat() {
            let found = Descendant {
                pid: stat.pid,
                parent: stat.ppid,
                name: stat.comm,
            };
            let siblings = children.entry(stat.ppid).or_default();
            siblings.push((found, stat.state));
        }
    }
    let mut found = Vec::new();
    let mut parents = vec![getpid().as_raw_nonzero().get()];
    while let Some(parent) = parents.pop() {
        for (process, state) in children.remove(&parent).unwrap_or_default() {
            parents.push(process.pid);
            if state != 'Z' {
                found.push(process);
            }
        }
    }
    found
}

/// Sends a signal to all of them. Gives back whom it was sent to.
fn end_all(signal: Signal) -> Vec<OwnedFd> {
    let all = descendants();
    let all = all.iter().filter_map(Descendant::descriptor);
    let sent = all.filter(|process| pidfd_send_signal(process, signal).is_ok());
    sent.collect()
}

/// Ends all of them at once: this process is about to be ended by force.
pub fn abandon() {
    end_all(Signal::KILL);
}

/// Sends SIGTERM to all of them but to the shell, as long as it has others to wait for: what they end with is its status.
fn ask_to_end() {
    let own = getpid().as_raw_nonzero().get();
    let all = descendants();
    for process in &all {
        // Most shells become the last program that they are to start; this one has not.
        let is_shell = process.parent == own && process.name == SHELL;
        let is_parent = all.iter().any(|other| other.parent == process.pid);
        if !(is_shell && is_parent)
            && let Some(process) = process.descriptor()
        {
            // It may have ended in the meantime.
            let _ = pidfd_send_signal(&process, Signal::TERM);
        }
    }
}

/// Where one of them listens, or has a UDP socket bound to: `proc_net_tcp(5)`.
fn listens_at() -> Option<Place> {
    let sockets: Vec<u64> = descendants()
        .into_iter()
        .filter_map(|process| Process::new(process.pid).ok()?.fd().ok())
        .flat_map(Iterator::flatten)
        .filter_map(|fd| match fd.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect();
    if sockets.is_empty() {
        return None;
    }
    // The tables are those of the network namespace that it shares with us.
    let tcp = [procfs::net::tcp(), procfs::net::tcp6()];
    let mut tcp = tcp.into_iter().flatten().flatten();
    let listens =
        tcp.find(|entry| entry.state == TcpState::Listen && sockets.contains(&entry.inode));
    if let Some(entry) = listens {
        let (address, kind) = (entry.local_address, SocketKind::Stream);
        return Some(Place { address, kind });
    }
    let udp = [procfs::net::udp(), procfs::net::udp6()];
    let mut udp = udp.into_iter().flatten().flatten();
    let bound = udp.find(|entry| entry.state == UdpState::Close && sockets.contains(&entry.inode));
    bound.map(|entry| {
        let (address, kind) = (entry.local_address, SocketKind::Datagram);
        Place { address, kind }
    })
}
