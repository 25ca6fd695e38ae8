//! Foreign programs: whether they are installed, and one that runs.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use libtest_mimic::{Failed, Trial};

use super::pty::LIMIT;

/// A test that is ignored, and says so in its name, where one of `programs` is not in `PATH`.
pub fn trial(name: &str, programs: &[&str], test: impl FnOnce() + Send + 'static) -> Trial {
    let missing = programs.iter().any(|program| !is_installed(program));
    let needs = match programs {
        [] => String::new(),
        _ => format!(" (needs {})", programs.join(", ")),
    };
    let name = format!("{name}{needs}");
    let run = move || {
        test();
        Ok::<(), Failed>(())
    };
    Trial::test(name, run).with_ignored_flag(missing)
}

/// Whether `program` is in `PATH`.
pub fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// A number in `/proc/PID/status`: `VmHWM` in kB, `Threads`.
pub fn status(pid: i32, field: &str) -> usize {
    let path = format!("/proc/{pid}/status");
    let text = std::fs::read_to_string(path).expect("the program runs");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(&format!("{field}:")));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).expect(field)
}

/// A foreign program, which ends with the test.
pub struct Foreign {
    child: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
}

impl Foreign {
    #[track_caller]
    pub fn start(program: &str, args: &[&str]) -> Self {
        let mut command = Command::new(program);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("it is installed");
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = BufReader::new(output.expect("it was asked for"));
        let (teller, told) = mpsc::channel();
        let reading = thread::Builder::new().name(format!("{program}-read"));
        let started = reading.spawn(move || {
            // Ends with the program, or with the test.
            let mut lines = output.lines().map_while(Result::ok);
            lines.all(|line| teller.send(line).is_ok());
        });
        started.expect("a thread can be started");
        Foreign {
            child,
            input,
            output: told,
        }
    }

    /// A Python program; `HOST` is set there, and what it prints comes at once.
    #[track_caller]
    pub fn python(script: &str, args: &[&str]) -> Self {
        let script = format!("import socket, sys\nHOST = '127.0.0.1'\n{script}");
        Foreign::start("python3", &[&["-u", "-c", &script][..], args].concat())
    }

    #[track_caller]
    pub fn write(&mut self, text: &str) {
        let input = self.input.as_mut().expect("the input is open");
        input
            .write_all(text.as_bytes())
            .expect("it reads its input");
    }

    /// Ends it with SIGKILL, which gives it no time for anything.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it has ended");
    }

    pub fn end_of_input(&mut self) {
        self.input = None;
    }

    /// The next line that it prints, without its end.
    #[track_caller]
    pub fn line(&mut self) -> String {
        self.output.recv_timeout(LIMIT).expect("it prints a line")
    }

    /// A line that it has printed already, if there is one.
    pub fn printed(&mut self) -> Option<String> {
        self.output.try_recv().ok()
    }

    /// Everything more that it prints until it ends.
    #[track_caller]
    pub fn rest(&mut self) -> String {
        let mut text = String::new();
        loop {
            match self.output.recv_timeout(LIMIT) {
                Ok(line) => text.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => return text,
                Err(RecvTimeoutError::Timeout) => panic!("it does not end: {text:?}"),
            }
        }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.input = None;
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
