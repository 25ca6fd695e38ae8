//! The terminal that the end-to-end tests sit at. It owns the program under test, the way in (keys,
//! pastes, clicks, sizes, signals) and what came out (every byte, and the screen they draw).
//!
//! Nothing here sleeps or polls: two threads, one reading the terminal and one waiting for the end
//! of the program, change one `State` and notify, and a test waits for a condition on it with a
//! limit. Tests see whole frames only: inside a synchronized update (mode 2026) the screen is not
//! looked at.
//!
//! `Pty::spawn` starts any program, `sockyard` ours. How it behaves is shown in `pty_selftest.rs`.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::num::NonZeroU16;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::io::retry_on_intr;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use vt100::{MouseProtocolEncoding, MouseProtocolMode, Screen};

/// How long a condition may take: long enough for a slow and busy machine, as only a failing test
/// ever waits that long.
pub const LIMIT: Duration = Duration::from_secs(20);

/// How long it takes to see that bytes are not taken because the program has ended.
const TAKEN: Duration = Duration::from_millis(50);

/// Variables of the tester's own session that would change what a program draws.
const FOREIGN: &str = "NO_COLOR COLORTERM LANGUAGE LC_ALL LC_CTYPE LC_MESSAGES";

/// Variables that each program gets, unless it is given others of these names. The tester's own config file is not read.
const KNOWN: [(&str, &str); 3] = [
    ("TERM", "xterm-256color"),
    ("LANG", "C.UTF-8"),
    ("SOCKYARD_CONFIG", "/dev/null"),
];

/// Starts the binary of this crate with `args`, in a terminal of `cols` by `rows` cells.
#[track_caller]
pub fn sockyard(args: &[&str], cols: u16, rows: u16) -> Pty {
    let program = Program::new(env!("CARGO_BIN_EXE_sockyard"), args);
    Pty::spawn(&Program {
        cols,
        rows,
        ..program
    })
}

/// What to start, and in which terminal. The environment is the test's own without the `FOREIGN`
/// variables, with the `KNOWN` ones.
pub struct Program<'a> {
    /// An absolute path, or a name looked up in `PATH`.
    pub path: &'a str,
    /// The arguments after the program's name.
    pub args: &'a [&'a str],
    /// Variables set on top of the environment described above.
    pub env: &'a [(&'a str, &'a str)],
    /// The working directory, which must exist.
    pub cwd: &'a str,
    /// The width of the terminal in cells; 0 is allowed and a screen of 1 stands in for it.
    pub cols: u16,
    /// The height of the terminal in cells, as `cols`.
    pub rows: u16,
}

impl<'a> Program<'a> {
    /// `path` with `args`, in the crate's root and a terminal of 80x24.
    pub fn new(path: &'a str, args: &'a [&'a str]) -> Self {
        Program {
            path,
            args,
            env: &[],
            cwd: env!("CARGO_MANIFEST_DIR"),
            cols: 80,
            rows: 24,
        }
    }
}

/// Switches of the terminal that a program has to put back: the default is a terminal as it was
/// before the program started, so `assert_eq!(pty.modes(), Modes::default())` says "restored".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the terminal's own switches, each set alone"
)]
pub struct Modes {
    /// The second screen, without scrollback, is shown.
    pub alternate_screen: bool,
    /// Pasted text arrives between markers.
    pub bracketed_paste: bool,
    /// Some mouse events are reported.
    pub mouse: bool,
    /// The cursor is not shown.
    pub cursor_hidden: bool,
    /// The kernel hands over each byte as typed, rather than edited lines.
    pub raw: bool,
}

/// A running program and its terminal. Dropping it kills what still runs and ends the threads.
pub struct Pty {
    shared: Arc<Shared>,
    master: Box<dyn MasterPty + Send>,
    writer: RefCell<Box<dyn Write + Send>>,
    pid: Pid,
    limit: Duration,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser<Frames>,
    raw: Vec<u8>,
    eof: bool,
    exit: Option<ExitStatus>,
}

/// Follows synchronized updates, which `vt100` leaves to its callbacks.
#[derive(Default)]
struct Frames {
    drawing: bool,
}

impl vt100::Callbacks for Frames {
    fn unhandled_csi(
        &mut self,
        _: &mut Screen,
        first: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        end: char,
    ) {
        if first == Some(b'?') && params.contains(&&[2026][..]) {
            self.drawing = end == 'h';
        }
    }
}

impl State {
    /// No frame is half drawn: what the screen shows now, a person may see.
    fn whole(&self) -> bool {
        !self.parser.callbacks().drawing || self.eof
    }

    /// The program has ended and all it wrote has been read: nothing changes any more.
    fn over(&self) -> bool {
        self.eof && self.exit.is_some()
    }

    /// The end of a failure message: how the program is, and the screen as text.
    fn story(&self) -> String {
        let program = match &self.exit {
            None => "The program still runs".to_owned(),
            Some(status) => format!("The program has ended ({status})"),
        };
        let terminal = if self.eof { "closed" } else { "open" };
        let (row, col) = self.parser.screen().cursor_position();
        let text = text_of(self.parser.screen());
        format!("{program}, its terminal is {terminal}, the cursor at {row},{col}:\n{text}\n~~~")
    }
}

impl Shared {
    /// The state, also after a predicate of a test panicked: a failing test must still clean up.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as soon as it is `ready`, or as it is when the program is over or the limit
    /// passed.
    fn settle(&self, limit: Duration, ready: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let pending = |state: &mut State| !ready(state) && !state.over();
        let settled = self.changed.wait_timeout_while(self.lock(), limit, pending);
        settled.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The body of the reading thread: returns when no process has the terminal open any more.
    fn read(&self, mut terminal: impl Read) {
        let mut chunk = [0; 8 * 1024];
        let mut cut = Vec::new();
        loop {
            // A master whose other side is closed tells 0 or an error, depending on the system.
            let length = terminal.read(&mut chunk).unwrap_or(0);
            let mut state = self.lock();
            state.raw.extend_from_slice(&chunk[..length]);
            feed(&mut state.parser, &mut cut, &chunk[..length]);
            state.eof = length == 0;
            self.changed.notify_all();
            if length == 0 {
                return;
            }
        }
    }

    /// The body of the waiting thread: returns when the program has ended. It is collected under
    /// the lock, so whoever holds the lock and sees no exit may send a signal: the id is still the
    /// child's.
    fn collect(&self, pid: Pid, child: &mut dyn Child) {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        retry_on_intr(|| waitid(WaitId::Pid(pid), ended)).expect("the child can be waited for");
        let mut state = self.lock();
        state.exit = Some(child.wait().expect("a child that ended has a status"));
        self.changed.notify_all();
    }
}

impl Pty {
    /// Starts `program`. Panics if it cannot be started.
    #[track_caller]
    pub fn spawn(program: &Program) -> Pty {
        Pty::open(program).unwrap_or_else(|error| panic!("{}: {error:#}", program.path))
    }

    fn open(program: &Program) -> anyhow::Result<Pty> {
        // portable-pty would start it in the home directory when this one is missing.
        ensure!(
            Path::new(program.cwd).is_dir(),
            "no directory {}",
            program.cwd
        );
        let mut command = CommandBuilder::new(program.path);
        command.args(program.args);
        command.cwd(program.cwd);
        FOREIGN.split(' ').for_each(|name| command.env_remove(name));
        for (name, value) in KNOWN.iter().chain(program.env) {
            command.env(name, value);
        }

        let pair = native_pty_system().openpty(size(program.cols, program.rows))?;
        let terminal = pair.master.try_clone_reader()?;
        let writer = RefCell::new(pair.master.take_writer()?);
        let mut child = pair.slave.spawn_command(command)?;
        // From here only the program has the terminal open, so its end is the end of the reading.
        drop(pair.slave);
        let id = child.process_id().context("a child has an id")?;
        let pid = Pid::from_raw(id.try_into()?).context("which is not 0")?;

        let (rows, cols) = (at_least_one(program.rows), at_least_one(program.cols));
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                parser: vt100::Parser::new_with_callbacks(rows, cols, 0, Frames::default()),
                raw: Vec::new(),
                eof: false,
                exit: None,
            }),
            changed: Condvar::new(),
        });
        let (reading, waiting) = (Arc::clone(&shared), Arc::clone(&shared));
        let threads = vec![
            named("pty-read", move || reading.read(terminal))?,
            named("pty-wait", move || waiting.collect(pid, child.as_mut()))?,
        ];
        Ok(Pty {
            shared,
            master: pair.master,
            writer,
            pid,
            limit: LIMIT,
            threads,
        })
    }

    /// The same, waiting for at most `limit` instead of `LIMIT` from now on.
    pub fn with_limit(mut self, limit: Duration) -> Pty {
        self.limit = limit;
        self
    }

    /// Returns when `predicate` holds for the screen. Panics with `what` and the screen when the
    /// limit passes first, or at once when the program is over and it does not hold. The predicate
    /// is called for each piece of output, under a lock: it may look at its screen only, not at
    /// this `Pty`.
    #[track_caller]
    pub fn wait(&self, what: &str, predicate: impl Fn(&Screen) -> bool) {
        let ready = |state: &State| state.whole() && predicate(state.parser.screen());
        drop(self.state_when(what, ready));
    }

    /// Returns when some row of the screen contains `text`; panics as `wait` does.
    #[track_caller]
    pub fn wait_text(&self, text: &str) {
        self.wait(&format!("{text:?} to appear"), |screen| shows(screen, text));
    }

    /// Returns when no row of the screen contains `text`; panics as `wait` does. True from the
    /// start if the text is yet to come: wait for it first.
    #[track_caller]
    pub fn wait_gone(&self, text: &str) {
        let what = format!("{text:?} to go away");
        self.wait(&what, |screen| !shows(screen, text));
    }

    /// Returns when `bytes` have come, as one run, at any time since the start; panics as `wait`
    /// does. For what leaves no trace on the screen, such as a bell or a copy to the clipboard.
    #[track_caller]
    pub fn wait_raw(&self, bytes: &[u8]) {
        self.wait_raw_after(0, bytes);
    }

    /// The same among what has come behind the first `start` bytes. Returns how many bytes came up to their end.
    #[track_caller]
    pub fn wait_raw_after(&self, start: usize, bytes: &[u8]) -> usize {
        let what = format!("the bytes \"{}\"", bytes.escape_ascii());
        let found = |state: &State| {
            let mut runs = state.raw.get(start..)?.windows(bytes.len());
            Some(start + runs.position(|run| run == bytes)? + bytes.len())
        };
        let state = self.state_when(&what, |state| found(state).is_some());
        found(&state).expect("what was waited for is there")
    }

    /// Whether nothing at all comes of the program for this long.
    pub fn stays_silent(&self, time: Duration) -> bool {
        let before = self.shared.lock().raw.len();
        let state = self.shared.settle(time, |state| state.raw.len() > before);
        state.raw.len() == before
    }

    /// Returns when the program is stopped, as by Ctrl-Z or SIGSTOP; each stop is told once. Panics as `wait` does.
    #[track_caller]
    pub fn wait_stopped(&self) {
        let (pid, (teller, told)) = (self.pid, mpsc::channel());
        let waiting = named("pty-stop", move || {
            let stop = retry_on_intr(|| waitid(WaitId::Pid(pid), WaitIdOptions::STOPPED));
            // Nobody listens any more when the limit has passed.
            let _ = teller.send(stop.is_ok_and(|status| status.is_some()));
        });
        waiting.expect("a thread can be started");
        if told.recv_timeout(self.limit) != Ok(true) {
            let story = self.shared.lock().story();
            panic!("waited in vain for the program to stop. {story}");
        }
    }

    /// Returns how the program ended, when it has and all it wrote has been read, so that `screen`,
    /// `raw` and `modes` are final. Panics as `wait` does.
    #[track_caller]
    pub fn wait_exit(&self) -> ExitStatus {
        let state = self.state_when("the program to end", State::over);
        let status = state.exit.clone();
        status.expect("a program that is over has a status")
    }

    /// The screen as text: all its rows, each trimmed at the right, a wide character once.
    #[track_caller]
    pub fn screen(&self) -> String {
        text_of(self.now().parser.screen())
    }

    /// Where the cursor is, as row and column from 0; also told while it is hidden.
    #[track_caller]
    pub fn cursor(&self) -> (u16, u16) {
        self.now().parser.screen().cursor_position()
    }

    /// The cell where `text` first begins, as row and column from 0. It lies in one row; a wide
    /// character counts as two columns.
    #[track_caller]
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        locate(self.now().parser.screen(), text).map(|(row, cols)| (row, cols.start))
    }

    /// Every byte that the program, or the echo of the kernel, has sent so far.
    pub fn raw(&self) -> Vec<u8> {
        self.shared.lock().raw.clone()
    }

    /// How the terminal is switched at this moment. `raw` is false where the system no longer
    /// tells.
    #[track_caller]
    pub fn modes(&self) -> Modes {
        let line = self.master.get_termios();
        let raw = line.is_some_and(|line| line.local_flags.iter_names().all(|f| f.0 != "ICANON"));
        let state = self.now();
        let screen = state.parser.screen();
        Modes {
            alternate_screen: screen.alternate_screen(),
            bracketed_paste: screen.bracketed_paste(),
            mouse: screen.mouse_protocol_mode() != MouseProtocolMode::None,
            cursor_hidden: screen.hide_cursor(),
            raw,
        }
    }

    /// Types `keys`: characters as they are, and names as in `ihello<enter><c-w><a-x><esc>`. Names:
    /// esc enter tab s-tab up down left right home end pgup pgdn ins del backspace space lt gt,
    /// f1 to f12, c- and a letter, a- and a character or a name. Panics on any other name.
    ///
    /// Wait for the first screen before the first key, lest the kernel echo it or cut it to a line.
    /// `<esc>` must come last, and the next key only after a wait for what it did: a program cannot
    /// tell escape and a key that follow each other closely from the alt key. What is typed to a
    /// program that has ended is lost without a word.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        self.send(&encode(keys));
    }

    /// Pastes `text` as it is, between the markers of bracketed paste. A terminal sends these only
    /// to a program that asked for them, so this first waits for that and panics as `wait` does.
    #[track_caller]
    pub fn paste(&self, text: &str) {
        let what = "the program to ask for bracketed paste";
        self.wait(what, Screen::bracketed_paste);
        self.send(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Presses and releases the left button at a cell, counted from 0, in the SGR encoding (1006).
    /// A terminal reports the mouse only to a program that asked, so this first waits for that and
    /// panics as `wait` does.
    #[track_caller]
    pub fn click(&self, row: u16, col: u16) {
        self.mouse(0, "Mm", row, col);
    }

    /// Waits until `text` is on the screen, then clicks the middle of where it is first.
    #[track_caller]
    pub fn click_text(&self, text: &str) {
        let found = |state: &State| locate(state.parser.screen(), text);
        let what = format!("{text:?} to click on");
        let state = self.state_when(&what, |state| state.whole() && found(state).is_some());
        let (row, cols) = found(&state).expect("what was waited for is there");
        drop(state);
        self.click(row, u16::midpoint(cols.start, cols.end - 1));
    }

    /// Turns the wheel one notch up over a cell; see `click`.
    #[track_caller]
    pub fn wheel_up(&self, row: u16, col: u16) {
        self.mouse(64, "M", row, col);
    }

    /// Turns the wheel one notch down over a cell; see `click`.
    #[track_caller]
    pub fn wheel_down(&self, row: u16, col: u16) {
        self.mouse(65, "M", row, col);
    }

    /// Types bytes as they are, whatever they mean to the program: whole keys, halves of them, anything. What is typed to a
    /// program that has ended is lost without a word. Panics as `wait` does if they are not taken.
    ///
    /// A write to a terminal that nobody has open any more may wait for ever: then its thread is left behind.
    #[track_caller]
    pub fn type_bytes(&self, bytes: &[u8]) {
        let mut writer = self.writer.replace(Box::new(io::sink()));
        let (bytes, (teller, told)) = (bytes.to_vec(), mpsc::channel());
        let writing = named("pty-write", move || {
            // The terminal may be gone, and the test over.
            let _ = writer.write_all(&bytes);
            let _ = teller.send(writer);
        });
        writing.expect("a thread can be started");
        let end = Instant::now() + self.limit;
        while !self.is_over() {
            if let Ok(writer) = told.recv_timeout(TAKEN) {
                self.writer.replace(writer);
                return;
            }
            let story = || self.shared.lock().story();
            assert!(Instant::now() < end, "input is not taken. {}", story());
        }
    }

    /// Whether the program has ended and all that it wrote has been read.
    pub fn is_over(&self) -> bool {
        self.shared.lock().over()
    }

    /// All that is set of the terminal's line, as text to be compared: `termios(3)`. Empty where the system does not tell.
    pub fn line_settings(&self) -> String {
        let settings = self.master.get_termios();
        settings.map_or_else(String::new, |line| format!("{line:?}"))
    }

    /// Gives the terminal another size, of which the program is told by SIGWINCH. What is on the
    /// screen is cut or padded until the program draws anew: wait for that.
    pub fn resize(&self, cols: u16, rows: u16) {
        let parser = &mut self.shared.lock().parser;
        parser.set_size(at_least_one(rows), at_least_one(cols));
        let resized = self.master.resize(size(cols, rows));
        resized.expect("the terminal takes a new size");
    }

    /// The process id of the program, which also leads the terminal's session.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Sends `signal` to the program alone. Does nothing if it has ended.
    pub fn kill(&self, signal: Signal) {
        let state = self.shared.lock();
        if state.exit.is_none() {
            kill_process(self.pid, signal).expect("a child takes signals");
        }
    }

    /// The state between two frames.
    #[track_caller]
    fn now(&self) -> MutexGuard<'_, State> {
        self.state_when("the frame to be complete", State::whole)
    }

    #[track_caller]
    fn state_when(&self, what: &str, ready: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.shared.settle(self.limit, &ready);
        if ready(&state) {
            return state;
        }
        let (limit, story) = (self.limit, state.story());
        drop(state);
        panic!("waited in vain for {what} (limit {limit:?}). {story}");
    }

    /// One report for each of `ends`: `M` when `button` goes down, `m` when it goes up.
    #[track_caller]
    fn mouse(&self, button: u8, ends: &str, row: u16, col: u16) {
        self.wait("the program to ask for the mouse in SGR encoding", |at| {
            at.mouse_protocol_mode() != MouseProtocolMode::None
                && at.mouse_protocol_encoding() == MouseProtocolEncoding::Sgr
        });
        let (x, y) = (col + 1, row + 1);
        let report = |end| format!("\x1b[<{button};{x};{y}{end}");
        self.send(&ends.chars().map(report).collect::<String>());
    }

    #[track_caller]
    fn send(&self, text: &str) {
        if let Err(error) = self.writer.borrow_mut().write_all(text.as_bytes()) {
            let story = self.shared.lock().story();
            panic!("the terminal takes no input: {error}. {story}");
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let (state, pid) = (self.shared.lock(), self.pid());
        if state.exit.is_none()
            && let Err(error) = kill_process_group(self.pid, Signal::KILL)
        {
            eprintln!("pty: cannot kill {pid}: {error}");
        }
        drop(state);
        // A process that left the group may hold the terminal open: then the reader is left behind.
        if !self.shared.settle(LIMIT, State::over).over() {
            return eprintln!("pty: something still uses the terminal of {pid}");
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                eprintln!("pty: a thread at the terminal of {pid} panicked");
            }
        }
    }
}

/// Whether some row of `screen` contains `text`; for predicates of several conditions.
pub fn shows(screen: &Screen, text: &str) -> bool {
    locate(screen, text).is_some()
}

fn named(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// The kernel knows terminals of no size, `vt100` does not.
/// Hands `bytes` to the emulator. It loses the byte behind a character of two bytes that comes in two pieces: what is cut
/// off at the end waits for the rest.
pub fn feed<C: vt100::Callbacks>(parser: &mut vt100::Parser<C>, cut: &mut Vec<u8>, bytes: &[u8]) {
    cut.extend_from_slice(bytes);
    // A character has at most four bytes; whatever else is no UTF-8 is the emulator's to judge.
    let first = (cut.len().saturating_sub(3)..cut.len()).find(|at| {
        let tail = std::str::from_utf8(&cut[*at..]);
        tail.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    });
    let rest = cut.split_off(first.unwrap_or(cut.len()));
    parser.process(cut);
    *cut = rest;
}

pub fn at_least_one(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap_or(NonZeroU16::MIN)
}

/// The text of a row, untrimmed, and for each of its bytes the column of the cell it is in.
fn row_of(screen: &Screen, row: u16) -> (String, Vec<u16>) {
    let (mut text, mut columns) = (String::new(), Vec::new());
    for col in 0..screen.size().1.get() {
        let cell = screen.cell(row, col).expect("a cell within the screen");
        if !cell.is_wide_continuation() {
            let blank = !cell.has_contents();
            text.push_str(if blank { " " } else { cell.contents() });
            columns.resize(text.len(), col);
        }
    }
    (text, columns)
}

fn text_of(screen: &Screen) -> String {
    let row = |row| row_of(screen, row).0.trim_end_matches(' ').to_owned();
    let rows: Vec<String> = (0..screen.size().0.get()).map(row).collect();
    rows.join("\n")
}

/// The row and the columns of the first occurrence of `text`.
fn locate(screen: &Screen, text: &str) -> Option<(u16, Range<u16>)> {
    let one_row = !text.is_empty() && !text.contains('\n');
    assert!(one_row, "not a text within one row: {text:?}");
    (0..screen.size().0.get()).find_map(|row| {
        let (line, columns) = row_of(screen, row);
        let start = line.find(text)?;
        let end = columns.get(start + text.len()).copied();
        Some((row, columns[start]..end.unwrap_or(screen.size().1.get())))
    })
}

/// What xterm sends for `keys`; see `Pty::keys`.
#[track_caller]
fn encode(keys: &str) -> String {
    let (mut sent, mut rest) = (String::new(), keys);
    while let Some(typed) = rest.chars().next() {
        assert!(!typed.is_control(), "no such key: {typed:?} in {keys:?}");
        if typed != '<' {
            sent.push(typed);
            rest = &rest[typed.len_utf8()..];
            continue;
        }
        let named = rest[1..].split_once('>');
        let Some((sequence, after)) = named.and_then(|(name, after)| Some((key(name)?, after)))
        else {
            panic!("no such key: {rest:?} in {keys:?}");
        };
        let last = sequence != "\x1b" || after.is_empty();
        assert!(last, "<esc> is not the last key in {keys:?}");
        sent.push_str(&sequence);
        rest = after;
    }
    sent
}

/// The names of keys with what xterm sends for them after the escape character.
const ESCAPED: &str = "esc= up=[A down=[B right=[C left=[D home=[H end=[F s-tab=[Z \
    ins=[2~ del=[3~ pgup=[5~ pgdn=[6~ f1=OP f2=OQ f3=OR f4=OS f5=[15~ f6=[17~ \
    f7=[18~ f8=[19~ f9=[20~ f10=[21~ f11=[23~ f12=[24~";

/// What xterm sends for the key called `name`.
fn key(name: &str) -> Option<String> {
    let plain = |character: char| Some(character.to_string());
    match name.as_bytes() {
        b"enter" => plain('\r'),
        b"tab" => plain('\t'),
        b"backspace" => plain('\x7f'),
        b"space" => plain(' '),
        b"lt" => plain('<'),
        b"gt" => plain('>'),
        [b'c', b'-', letter @ b'a'..=b'z'] => plain(char::from(letter & 0x1f)),
        [b'a', b'-', ..] if name.chars().count() == 3 => Some(format!("\x1b{}", &name[2..])),
        [b'a', b'-', ..] => Some(format!("\x1b{}", key(&name[2..])?)),
        _ => ESCAPED
            .split(' ')
            .find_map(|pair| match pair.split_once('=') {
                Some((known, rest)) if known == name => Some(format!("\x1b{rest}")),
                _ => None,
            }),
    }
}
