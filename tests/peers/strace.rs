//! The call log is true: under strace(1) every line of the log is in the trace, with the same arguments and result, and
//! no call on a visible socket is missing from the log.
//!
//! [`session`] makes every kind of call by keys, [`Traced`] and [`logged`] read both accounts into the same form, and
//! [`compare`] finds what one has and the other has not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use libtest_mimic::Trial;
use sockyard::model::escape;
use vt100::Screen;

use super::foreign::trial;
use super::play::{CLIENT_PORT, SERVER_PORT, free_port, port_of};
use super::pty::{LIMIT, Program, Pty};

/// Under strace and on a busy machine a whole session takes its time, a single step does not.
const COLS: u16 = 240;
const ROWS: u16 = 70;

/// To the newest of the connections, which is selected then; from everywhere.
const NEWEST: &str = "<f3><tab><tab><tab><tab><tab><tab><end>";

pub fn trials() -> Vec<Trial> {
    let name = "every_call_of_the_log_is_in_the_trace_and_the_other_way_round";
    let may_trace = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=close", "true"])
        .output()
        .is_ok_and(|output| output.status.success());
    let traced = trial(name, &["strace"], every_call);
    let is_ignored = traced.has_ignored_flag() || !may_trace;
    vec![
        traced.with_ignored_flag(is_ignored),
        trial("a_log_that_is_not_true_is_found_out", &[], found_out),
    ]
}

// ---- A session -------------------------------------------------------------------------------------------------------

/// The playground under strace, used by keys.
struct Session {
    pty: Pty,
}

impl Session {
    /// Presses `keys`, which make one call or more; returns when `text` is among the newest lines of the log.
    #[track_caller]
    fn call(&self, keys: &str, text: &str) {
        let before = self.total();
        self.pty.keys(keys);
        self.pty.wait(&format!("{text:?} after {keys}"), |screen| {
            let contents = screen.contents();
            let mut newest = contents.lines().rev().filter(|row| is_call(row)).take(10);
            total(screen) > before && newest.any(|row| row.contains(text))
        });
    }

    /// Presses `keys`, which make no call; returns when `text` is shown.
    #[track_caller]
    fn press(&self, keys: &str, text: &str) {
        self.pty.keys(keys);
        self.pty.wait_text(text);
    }

    /// From now on the client receives when it is asked to.
    #[track_caller]
    fn receive_by_hand(&self) {
        self.press("<f2>h", "◂ by hand ▸");
        self.pty.wait_gone("now client    recv");
    }

    fn total(&self) -> usize {
        let text = self.pty.screen();
        total_of(&text)
    }
}

fn total(screen: &Screen) -> usize {
    total_of(&screen.contents())
}

/// How many calls the panel's border says that there were.
fn total_of(screen: &str) -> usize {
    let after = screen
        .split_once(" 4 clients 5 ports ─ ")
        .map(|(_, after)| after);
    let digits = after.map(|text| text.split(' ').next().unwrap_or_default().replace(',', ""));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Every kind of call by keys. In the end nothing is open.
fn session(session: &Session) {
    let s = session;
    let shut = free_port();
    s.pty.wait_text("server stopped");

    // Without a socket: the kernel is asked all the same, about descriptor -1.
    s.call("<f2>l", "close(-1) = -1 EBADF");
    s.call("<f2>r", "recv(-1, …, 65536, 0) = -1 EBADF");
    s.call(
        "<f2>inothing<f2>n",
        "send(-1, \"nothing\", 7, 0) = -1 EBADF",
    );
    s.call("<f2>dr", "shutdown(-1, SHUT_RD) = -1 EBADF");
    s.call("<f2>ob<enter>", "bind(-1, 127.0.0.1:0) = -1 EBADF");
    s.call(
        "<f2>i<c-u>!<f2>ou",
        "send(-1, \"!\", 1, MSG_OOB) = -1 EBADF",
    );
    s.call(
        "<f2>i<c-u><f2>og",
        "recv(-1, …, 65536, MSG_PEEK) = -1 EBADF",
    );
    s.call("<f3>a", "accept(-1, …) = -1 EBADF");
    s.call("<f3>b", "bind(-1, 127.0.0.1:8888) = -1 EBADF");

    // A port on which nobody listens; the resolver alone; a name.
    s.call(&format!("{CLIENT_PORT}{shut}<enter>"), "ECONNREFUSED");
    s.call("<f2>e", "getaddrinfo(\"127.0.0.1\"");

    // The server step by step, and a person at both ends.
    s.call("<f3>k", "socket(AF_INET, SOCK_STREAM, 0)");
    s.call("<f3>opfon<enter>", "SO_REUSEADDR, 1) = 0");
    s.call("<f3>opf<enter>", "getsockopt(");
    s.call(&format!("{SERVER_PORT}0<f3>b"), "getsockname(");
    s.call("<f3>b", "EINVAL");
    s.call("<f3>e", "listen(");
    s.press("<f3>a", "[cAncel]");
    s.call("a", "cancelled");
    let port = port_of(&s.pty);
    by_hand(s, port);
    alone(s, port);
    s.call("<f3>s", "close(");
    s.pty.wait_text("server stopped");

    models(s);
    datagrams(s, shut);

    if TcpListener::bind("[::1]:0").is_ok() {
        other_family(s);
    }

    // A few ports at once.
    let last = shut.saturating_add(2);
    let range = format!("<f6><s-tab><c-u>{last}<s-tab><c-u>{shut}<f6>x");
    s.press(&range, " ports of 127.0.0.1 ");
    s.press("", "[try (x)]");
    s.press("<f4>", "explain");
}

/// Every call on a connection whose two ends a person has.
fn by_hand(s: &Session, port: u16) {
    let host = "<f2><s-tab><s-tab><s-tab><s-tab><s-tab><s-tab><c-u>";
    // By name; it waits in the accept queue until a person accepts.
    s.call(
        &format!("{CLIENT_PORT}{port}{host}localhost<enter>"),
        "getaddrinfo(\"localhost\"",
    );
    s.pty.wait_text("client ─ ESTABLISHED");
    s.call("<f3>a", "accept(");
    s.call("<f2>c", "EISCONN");

    // Plain bytes both ways, received by hand at the server's end.
    s.call("<f2>iforth<enter>", "send(");
    s.call(&format!("{NEWEST}r"), "recv(");
    s.call("<f3>iback<enter>", "\"back\", 65536, 0) = 4");
    s.call("<f2>ionce<f2>n", "\"once\", 4, 0) = 4");
    s.call(&format!("{NEWEST}og"), "MSG_PEEK) = 4");
    s.call(&format!("{NEWEST}r"), "\"once\", 16384, 0) = 4");
    s.call(r"<f2>i你好\x00\xff\r\n<enter>", "= 10");
    s.call(&format!("{NEWEST}r"), ", 16384, 0) = 10");

    // Urgent both ways.
    s.call("<f2>iurgent!<f2>ou", "\"urgent!\", 7, MSG_OOB) = 7");
    s.call(&format!("{NEWEST}ow"), "\"!\", 1, MSG_OOB) = 1");
    s.call(&format!("{NEWEST}r"), "\"urgent\", 16384, 0) = 6");
    s.call(&format!("{NEWEST}ow"), "MSG_OOB) = -1 EINVAL");
    s.call(
        &format!("<f3>ialarm?{NEWEST}ou"),
        "\"alarm\", 65536, 0) = 5",
    );
    s.call("<f2>ow", "\"?\", 1, MSG_OOB) = 1");

    // By hand at the client's end too, a little at a time.
    s.receive_by_hand();
    s.call("<f3>ipiecewise<enter>", "send(");
    let size = "<f2><tab><tab><tab><tab><tab><tab><tab><tab><c-u>";
    s.call(&format!("{size}5<f2>og"), "\"piece\", 5, MSG_PEEK) = 5");
    s.call("<f2>r", "\"piece\", 5, 0) = 5");
    s.call(&format!("{size}65536<f2>r"), "\"wise\", 65536, 0) = 4");
    s.press("<f2>r", "[canceR]");
    s.call("r", "cancelled");
    s.press("<f2>h", "◂ auto ▸");

    // Options: all of them, and some set.
    s.call("<f2>opz", "IP_MULTICAST_LOOP");
    s.pty.keys("<esc>");
    s.pty.wait_gone("get all of them");
    s.call("<f2>opaon<enter>", "TCP_NODELAY, 1) = 0");
    s.call("<f2>opbon<enter>", "SO_KEEPALIVE, 1) = 0");
    s.call("<f2>opc4096<enter>", "SO_RCVBUF, 4096) = 0");
    s.call("<f2>opc<enter>", "SO_RCVBUF, 8192) = 0");
    s.call("<f2>opd0<enter>", "SO_SNDBUF, 0) = 0");
    s.call("<f2>ope5<enter>", "l_linger=5}) = 0");
    s.call("<f2>ope<enter>", "getsockopt(");
    s.call("<f2>opeoff<enter>", "l_onoff=0");
    s.call("<f2>opi300<enter>", "IP_MULTICAST_TTL, 300) = -1 EINVAL");
    s.call(&format!("{NEWEST}opa<enter>"), "TCP_NODELAY, 0) = 0");

    // One direction after the other.
    s.call("<f2>dw", "SHUT_WR) = 0");
    s.call("<f2>itoo late<enter>", "EPIPE");
    s.call(&format!("{NEWEST}r"), "\"\", 16384, 0) = 0");
    s.call(&format!("{NEWEST}db"), "SHUT_RDWR) = 0");
    s.pty.wait_text("\"\", 65536, 0) = 0");
    s.call(&format!("{NEWEST}l"), "close(");
    s.call("<f2>l", "close(");

    // A reset.
    s.call("<f2>c", "getsockname(");
    s.call("<f3>a", "accept(");
    s.call("<f2>ox", "close(");
    s.call(&format!("{NEWEST}r"), "ECONNRESET");
    s.call(&format!("{NEWEST}l"), "close(");
}

/// Calls on a client's socket that has no connection, or does not wait for it.
fn alone(s: &Session, port: u16) {
    s.call("<f2>k", "socket(");
    s.call("<f2>r", "ENOTCONN");
    s.call("<f2>iunconnected<enter>", "EPIPE");
    s.call("<f2>db", "SHUT_RDWR) = -1 ENOTCONN");
    s.call("<f2>ob<enter>", "getsockname(");
    s.call("<f2>ob<enter>", "EINVAL");
    s.call("<f2>l", "close(");

    s.call("<f2>k", "socket(");
    s.press("<f2>ok", "non-blocking · ");
    s.call("<f2>c", &format!("127.0.0.1:{port}) = -1 EINPROGRESS"));
    // Its address is asked for once the handshake is over.
    s.pty.wait_text("now client    recv(");
    s.call("<f2>c", &format!("127.0.0.1:{port}) = 0"));
    s.call("<f2>c", "EISCONN");
    s.receive_by_hand();
    s.call("<f2>r", "EAGAIN");
    s.press("<f2>h", "◂ auto ▸");
    s.pty.keys("<f2>ok");
    s.pty.wait_gone("non-blocking · ");
    s.call("<f3>a", "accept(");
    s.call("<f2>l", "close(");
    s.call(&format!("{NEWEST}r"), "\"\", 16384, 0) = 0");
    s.call(&format!("{NEWEST}l"), "close(");
}

/// Each model with two clients.
fn models(s: &Session) {
    // Manual is the last of the services, echo the first.
    s.press("<f3>v", "◂ echo ▸");
    for model in ["threads", "poll", "serial"] {
        s.pty.wait_text(&format!("◂ {model} ▸"));
        s.call(&format!("{SERVER_PORT}0<f3>s"), "getsockname(");
        let port = port_of(&s.pty);
        s.call(&format!("{CLIENT_PORT}{port}<enter>"), "getsockname(");
        s.pty.wait_text("client ─ ESTABLISHED");
        s.call(
            &format!("<f2>ifirst of {model}<enter>"),
            &format!("\"first of {model}\", 65536"),
        );
        s.press("<f2>+", " 2/2");
        s.call("<f2>c", "getsockname(");
        s.call(
            &format!("<f2>isecond of {model}<enter>"),
            &format!("\"second of {model}\", "),
        );
        if model != "serial" {
            s.pty.wait_text(&format!("\"second of {model}\", 65536"));
        }
        s.press("<f2>[", " 1/2");
        if model == "threads" {
            // More than the kernel takes at once.
            s.call("<f2>opd0<enter>", "SO_SNDBUF, 0) = 0");
            s.call("<f2>om<c-u>300000<enter>", "send(");
            s.pty.wait_text("Received 300,016 B");
        }
        s.call("<f2>l", "close(");
        // Its turn has come, with each model.
        s.press("<f2>]", " 2/2");
        s.pty.wait_text(&format!(" 1 │ second of {model}"));
        s.call("<f2>-", "close(");
        s.pty.wait_text("0 connected");
        s.call("<f3>s", "close(");
        s.pty.wait_text("server stopped");
        s.pty.keys("<f3>h");
    }
}

/// Datagrams: each side with and without a peer, refused, and to a group.
fn datagrams(s: &Session, shut: u16) {
    s.press(&format!("{SERVER_PORT}0<f3>p"), "each datagram is answered");
    s.call("<f3>s", "getsockname(");
    s.pty.wait_text("server ─ UDP");
    let port = {
        let screen = s.pty.screen();
        let (_, after) = screen.split_once("127.0.0.1:").expect("the header");
        after
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
    };
    s.press(&format!("{CLIENT_PORT}{port}<f2>p"), "◂ UDP ▸");
    s.call("<f2>k", "SOCK_DGRAM");
    s.call("<f2>ialpha<enter>", "recvfrom(");
    s.pty.wait_text("\"alpha\", 65536, 0, 127.0.0.1");
    s.call("<f3>ibeta<enter>", "\"beta\", 65536, 0, 127.0.0.1");
    s.call("<f2>c", "getsockname(");
    s.call("<f2>igamma<enter>", "\"gamma\", 65536, 0) = 5");
    s.call("<f2>l", "close(");

    // Cut by a small buffer, and an empty one.
    s.call("<f2>k", "SOCK_DGRAM");
    let size = "<f2><tab><tab><tab><tab><tab><tab><tab><tab><c-u>";
    s.receive_by_hand();
    s.call("<f2>idelta<enter>", "sendto(");
    s.pty.wait_text("readable");
    s.call(&format!("{size}3<f2>r"), "recvfrom(");
    s.press(&format!("{size}65536<f2>h"), "auto");
    s.call("<f2>l", "close(");
    s.call("<f3>s", "close(");

    // Nobody is there: the answer to the first datagram meets the next call.
    s.call(&format!("{CLIENT_PORT}{shut}<f2>c"), "getsockname(");
    s.call("<f2>iis anybody there?<enter>", "ECONNREFUSED");
    s.call("<f2>l", "close(");

    s.call("<f2>k", "SOCK_DGRAM");
    s.call("<f2>oj<enter>", "IP_ADD_MEMBERSHIP");
    s.call("<f2>oi<enter>", "IP_MULTICAST_IF");
    s.call("<f2>ov<enter>", "IP_DROP_MEMBERSHIP");
    s.call("<f2>ov<enter>", "EADDRNOTAVAIL");
    s.call("<f2>ophon<enter>", "SO_BROADCAST, 1) = 0");
    s.call("<f2>l", "close(");
}

/// Options that have another name there, and a group.
fn other_family(s: &Session) {
    let host = "<f2><s-tab><s-tab><s-tab><s-tab><s-tab><s-tab><c-u>";
    s.call(
        &format!("{host}::1<f2>k"),
        "socket(AF_INET6, SOCK_DGRAM, 0)",
    );
    s.call("<f2>ob<c-u>[::1]:0<enter>", "bind(");
    s.call("<f2>opi3<enter>", "IPV6_MULTICAST_HOPS, 3) = 0");
    s.call("<f2>opi<enter>", "getsockopt(");
    s.call("<f2>opjoff<enter>", "IPV6_MULTICAST_LOOP, 0) = 0");
    s.call("<f2>oj<c-u>ff01::1234 1<enter>", "IPV6_JOIN_GROUP");
    s.call("<f2>ov<c-u>ff01::1234 1<enter>", "IPV6_LEAVE_GROUP");
    s.call("<f2>oi<c-u>1<enter>", "IPV6_MULTICAST_IF");
    s.call("<f2>iinto the void<enter>", "sendto(");
    s.call("<f2>l", "close(");
}

fn every_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("trace");
    let path = file.to_str().expect("text");
    let traced = "trace=network,close,read,write,readv,writev,dup,dup2,dup3,sendfile,splice";
    let args = [
        "-f",
        "-qq",
        "-ttt",
        "-xx",
        "-s",
        "32",
        "-e",
        "signal=none",
        "-e",
        traced,
        "-o",
        path,
        "--",
        env!("CARGO_BIN_EXE_sockyard"),
        "--service",
        "manual",
    ];
    let pty = Pty::spawn(&Program {
        cols: COLS,
        rows: ROWS,
        ..Program::new("strace", &args)
    });
    let playground = Session {
        pty: pty.with_limit(2 * LIMIT),
    };
    session(&playground);

    // All of the log at once: a line for each call, and at most two below it.
    let total = playground.total();
    let pty = playground.pty;
    pty.keys("<f4>z");
    pty.wait_gone("[sendAll]");
    let rows = u16::try_from(3 * total + 10).expect("a terminal can be as high");
    pty.resize(COLS, rows);
    pty.wait("the whole log", |screen| {
        let contents = screen.contents();
        contents.lines().count() == usize::from(rows) && logged(&contents).len() == total
    });
    let log = logged(&pty.screen());
    pty.keys("<c-c>");
    assert!(pty.wait_exit().success());

    let text = fs::read_to_string(&file).expect("a trace");
    keep(&text, &log);
    let trace = Traced::read(&text);
    let differences = compare(&log, &trace);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    let missing: Vec<&str> = KINDS
        .into_iter()
        .filter(|kind| {
            !log.iter()
                .any(|line| line.text.starts_with(&format!("{kind}(")))
        })
        .collect();
    assert!(
        missing.is_empty(),
        "the session makes no call of {missing:?}"
    );
}

/// Every function that the session is to call.
const KINDS: [&str; 15] = [
    "getaddrinfo",
    "socket",
    "setsockopt",
    "getsockopt",
    "bind",
    "listen",
    "getsockname",
    "accept",
    "connect",
    "send",
    "sendto",
    "recv",
    "recvfrom",
    "shutdown",
    "close",
];

/// Leaves both accounts where `SOCKYARD_TRACE` says, to look at.
fn keep(trace: &str, log: &[Logged]) {
    if let Some(folder) = std::env::var_os("SOCKYARD_TRACE") {
        let folder = Path::new(&folder);
        let log: Vec<String> = log.iter().map(Logged::to_string).collect();
        fs::write(folder.join("trace"), trace).expect("the folder is there");
        fs::write(folder.join("log"), log.join("\n")).expect("the folder is there");
    }
}

// ---- The program's own account ---------------------------------------------------------------------------------------

/// A line of the log.
#[derive(Debug, Clone)]
struct Logged {
    who: String,
    /// The call with its result, bytes in hexadecimal.
    text: String,
    /// How it waited.
    waited: String,
}

impl fmt::Display for Logged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<10} {}   {}", self.who, self.text, self.waited)
    }
}

/// The calls on a screen.
fn logged(screen: &str) -> Vec<Logged> {
    let line = |row: &str| {
        let rest = row.trim_matches(SIDES).split_at_checked(TIME.len())?.1;
        let (who, rest) = rest.trim_start().split_once(' ')?;
        let (call, waited) = rest.trim_start().rsplit_once("  ")?;
        Some(Logged {
            who: who.to_owned(),
            text: in_hex(call.trim_end()),
            waited: waited.trim().to_owned(),
        })
    };
    screen
        .lines()
        .filter(|row| is_call(row))
        .filter_map(line)
        .collect()
}

/// What stands beside a row.
const SIDES: [char; 4] = ['│', '┃', '|', ' '];
/// How the times of calls look.
const TIME: &str = "14:02:11.031";

/// Whether a row of the screen is a call that has returned.
fn is_call(row: &str) -> bool {
    let row = row.trim_matches(SIDES).as_bytes();
    row.len() > TIME.len()
        && TIME.bytes().zip(row).all(|(like, byte)| match like {
            b':' | b'.' => *byte == like,
            _ => byte.is_ascii_digit(),
        })
}

/// `call` of the log with the bytes between its quotes in hexadecimal.
fn in_hex(call: &str) -> String {
    if call.starts_with("getaddrinfo") {
        return call.to_owned();
    }
    let Some((before, rest)) = call.split_once('"') else {
        return call.to_owned();
    };
    let mut escaped = false;
    let end = rest.char_indices().find(|(_, c)| match c {
        '"' if !escaped => true,
        '\\' => {
            escaped = !escaped;
            false
        }
        _ => {
            escaped = false;
            false
        }
    });
    let end = end.expect("a quoted text ends").0;
    let bytes = escape::parse(&rest[..end]).expect("the log's escapes are those of a message");
    format!(
        "{before}\"{}\"{}",
        hex(&bytes),
        rest[end + 1..].replace('…', "...")
    )
}

fn hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
    };
    bytes.iter().flat_map(digits).collect()
}

// ---- The trace -------------------------------------------------------------------------------------------------------

/// A call on a visible socket in the trace.
#[derive(Debug, Clone, PartialEq)]
struct Traced {
    pid: String,
    /// When it was entered, in seconds.
    at: f64,
    /// The call as the log writes it, bytes in hexadecimal.
    text: String,
}

/// What is open under a number: a socket that is shown, one of the resolver or of netlink, or something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Visible,
    Hidden,
}

impl Traced {
    /// The calls on visible sockets, in the order in which they were entered. Which descriptors these are is told by
    /// how they came to be: the program's own sockets are of `AF_INET` and made without flags, and what accept returns.
    fn read(trace: &str) -> Vec<Traced> {
        let mut calls: Vec<Option<(String, f64, String)>> = Vec::new();
        let mut unfinished: BTreeMap<String, usize> = BTreeMap::new();
        for line in trace.lines() {
            // The first two columns are padded.
            let line = line.trim_start().split_once(' ');
            let Some((pid, Some((at, rest)))) =
                line.map(|(pid, rest)| (pid, rest.trim_start().split_once(' ')))
            else {
                continue;
            };
            let rest = rest.trim_start();
            let at: f64 = at.parse().expect("a time");
            if let Some(beginning) = rest.strip_suffix(" <unfinished ...>") {
                unfinished.insert(pid.to_owned(), calls.len());
                calls.push(Some((pid.to_owned(), at, beginning.to_owned())));
            } else if rest.starts_with("<... ") {
                let (_, end) = rest.split_once(" resumed>").expect("strace resumes");
                let index = unfinished
                    .remove(pid)
                    .expect("what is resumed was unfinished");
                if let Some((_, _, text)) = &mut calls[index] {
                    text.push_str(end);
                }
            } else {
                calls.push(Some((pid.to_owned(), at, rest.to_owned())));
            }
        }

        let mut open: BTreeMap<i32, Kind> = BTreeMap::new();
        let mut found = Vec::new();
        for (pid, at, text) in calls.into_iter().flatten() {
            // A process that was killed in it.
            let Some((name, args, result)) = taken_apart(&text) else {
                continue;
            };
            let number = args.first().and_then(|fd| fd.parse::<i32>().ok());
            let new = result.parse::<i32>().ok();
            let visible = match name.as_str() {
                "socket" => {
                    let visible = ["AF_INET", "AF_INET6"].contains(&args[0].as_str())
                        && !args[1].contains('|');
                    if let Some(new) = new {
                        let kind = if visible { Kind::Visible } else { Kind::Hidden };
                        open.insert(new, kind);
                    }
                    visible
                }
                "socketpair" => false,
                "accept" | "accept4" => {
                    let listening = number.and_then(|number| open.get(&number).copied());
                    if let (Some(new), Some(kind)) = (new.filter(|new| *new >= 0), listening) {
                        open.insert(new, kind);
                    }
                    number == Some(-1) || listening == Some(Kind::Visible)
                }
                "close" => match number {
                    Some(-1) => true,
                    Some(number) => open.remove(&number) == Some(Kind::Visible),
                    None => false,
                },
                _ => match number {
                    Some(-1) => true,
                    Some(number) => open.get(&number) == Some(&Kind::Visible),
                    None => false,
                },
            };
            if visible {
                let text = as_logged(&name, &args, &result);
                found.push(Traced { pid, at, text });
            }
        }
        let left: Vec<i32> = open
            .iter()
            .filter(|(_, kind)| **kind == Kind::Visible)
            .map(|(fd, _)| *fd)
            .collect();
        assert!(left.is_empty(), "descriptors are left open: {left:?}");
        found
    }
}

/// `name(args) = result`, the arguments with their quoted texts in hexadecimal.
fn taken_apart(text: &str) -> Option<(String, Vec<String>, String)> {
    let (name, rest) = text.split_once('(')?;
    let (mut args, mut arg, mut depth, mut quoted) = (Vec::new(), String::new(), 0, false);
    let mut chars = rest.char_indices();
    let end = loop {
        let (at, c) = chars.next()?;
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' | '(' => depth += 1,
            ')' if depth == 0 => break at,
            '}' | ']' | ')' => depth -= 1,
            ',' if depth == 0 => {
                args.push(std::mem::take(&mut arg));
                continue;
            }
            _ => {}
        }
        arg.push(c);
    };
    args.push(arg);
    let args = args
        .iter()
        .map(|arg| arg.trim().replace("\\x", ""))
        .collect();
    let result = rest[end + 1..].trim().strip_prefix("= ")?;
    Some((name.to_owned(), args, result.to_owned()))
}

/// A call of the trace as the log writes it.
fn as_logged(name: &str, args: &[String], result: &str) -> String {
    let mut words = result.split(' ');
    let failed = result.starts_with("-1");
    let result: Vec<&str> = words.by_ref().take(if failed { 2 } else { 1 }).collect();
    let result = result.join(" ");
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let filled = |i: usize| {
        if failed {
            "…".to_owned()
        } else {
            address(arg(i))
        }
    };
    let (name, args) = match name {
        "socket" => (
            name,
            vec![arg(0).to_owned(), arg(1).to_owned(), zero(arg(2))],
        ),
        "setsockopt" if arg(2) == "IP_MULTICAST_IF" => {
            // strace knows it as a number; it is an address.
            let number = value(arg(3)).parse::<u32>();
            let ip = number.map(|number| Ipv4Addr::from(number.to_ne_bytes()).to_string());
            let args = vec![
                arg(0).into(),
                arg(1).into(),
                arg(2).into(),
                ip.unwrap_or_default(),
            ];
            (name, args)
        }
        // The same numbers; POSIX calls them as the log does.
        "setsockopt" if ["IPV6_ADD_MEMBERSHIP", "IPV6_DROP_MEMBERSHIP"].contains(&arg(2)) => {
            let option = match arg(2) {
                "IPV6_ADD_MEMBERSHIP" => "IPV6_JOIN_GROUP",
                _ => "IPV6_LEAVE_GROUP",
            };
            let group = between(arg(3), "inet_pton(AF_INET6, \"", '"').unwrap_or_default();
            let interface = between(arg(3), "if_nametoindex(\"", '"').unwrap_or_default();
            let path = format!("/sys/class/net/{}/ifindex", unhex(&interface));
            let index = fs::read_to_string(path).unwrap_or_default();
            let value = format!("{{{}, {}}}", unhex(&group), index.trim());
            (
                name,
                vec![arg(0).into(), arg(1).into(), option.to_owned(), value],
            )
        }
        "setsockopt" => (
            name,
            vec![arg(0).into(), arg(1).into(), arg(2).into(), value(arg(3))],
        ),
        "getsockopt" => {
            let value = if failed {
                "…".to_owned()
            } else {
                value(arg(3))
            };
            (
                name,
                vec![arg(0).into(), arg(1).into(), arg(2).into(), value],
            )
        }
        "bind" | "connect" => (name, vec![arg(0).into(), address(arg(1))]),
        "accept" | "getsockname" => (name, vec![arg(0).into(), filled(1)]),
        "recvfrom" => {
            let bytes = if failed {
                "…".to_owned()
            } else {
                arg(1).to_owned()
            };
            let mut args = vec![arg(0).into(), bytes, arg(2).into(), arg(3).into()];
            if arg(4) == "NULL" {
                ("recv", args)
            } else {
                args.push(filled(4));
                (name, args)
            }
        }
        "sendto" => {
            let mut args = vec![arg(0).into(), arg(1).into(), arg(2).into(), arg(3).into()];
            if arg(4) == "NULL" {
                ("send", args)
            } else {
                args.push(address(arg(4)));
                (name, args)
            }
        }
        _ => (name, args.to_vec()),
    };
    format!("{name}({}) = {result}", args.join(", "))
}

fn zero(protocol: &str) -> String {
    if protocol == "IPPROTO_IP" {
        "0".to_owned()
    } else {
        protocol.to_owned()
    }
}

/// The value of an option: a number in brackets, or a structure as the log writes it too.
fn value(text: &str) -> String {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Some(inner) = inner {
        return inner.to_owned();
    }
    let addresses: Vec<String> = text
        .split("inet_addr(\"")
        .skip(1)
        .map(|rest| unhex(rest.split('"').next().unwrap_or_default()))
        .collect();
    match addresses.len() {
        0 => text.to_owned(),
        _ => format!("{{{}}}", addresses.join(", ")),
    }
}

/// `127.0.0.1:8888` of `{sa_family=AF_INET, sin_port=htons(8888), sin_addr=inet_addr("…")}`.
fn address(text: &str) -> String {
    let between = |before, after| between(text, before, after);
    let port = between("htons(", ')').unwrap_or_default();
    match (
        between("inet_addr(\"", '"'),
        between("inet_pton(AF_INET6, \"", '"'),
    ) {
        (Some(ip), _) => format!("{}:{port}", unhex(&ip)),
        (None, Some(ip)) => format!("[{}]:{port}", unhex(&ip)),
        (None, None) => text.to_owned(),
    }
}

/// What stands in `text` behind `before`, as far as `after`.
fn between(text: &str, before: &str, after: char) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split(after).next().map(str::to_owned)
}

/// What strace writes of a text with -xx, as text.
fn unhex(digits: &str) -> String {
    let bytes = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = bytes.map(byte).collect();
    String::from_utf8(bytes.expect("hexadecimal digits")).expect("text")
}

// ---- Both ------------------------------------------------------------------------------------------------------------

/// Two calls of different threads may enter the kernel in one order and be stopped by strace in the other. What is
/// further apart than this was in one order only, in seconds.
const TOGETHER: f64 = 0.05;

/// Every difference between the log and the trace, in words.
fn compare(log: &[Logged], trace: &[Traced]) -> Vec<String> {
    let mut differences = Vec::new();
    let mut used = BTreeSet::new();
    let mut take = |text: &str| {
        let found = trace
            .iter()
            .enumerate()
            .find(|(i, call)| call.text == text && !used.contains(i));
        found.map(|(i, _)| {
            used.insert(i);
            i
        })
    };
    let mut places: Vec<(usize, &Logged)> = Vec::new();
    for line in log {
        if line.text.starts_with("getaddrinfo(") {
            continue;
        }
        let begun = |call: &str| format!("{call} = -1 EINPROGRESS");
        if let Some(call) = line.text.strip_suffix(" cancelled") {
            // Of all that can be cancelled only connect was begun.
            if call.starts_with("connect(") && take(&begun(call)).is_none() {
                differences.push(format!("in the log alone, begun: {line}"));
            }
            continue;
        }
        if line.waited.starts_with("EINPROGRESS") {
            let (call, _) = line.text.rsplit_once(" = ").expect("a result");
            if take(&begun(call)).is_none() {
                differences.push(format!("in the log alone, begun: {line}"));
            }
        }
        match take(&line.text) {
            Some(place) => places.push((place, line)),
            None => differences.push(format!("in the log alone: {line}")),
        }
    }
    for (i, call) in trace.iter().enumerate() {
        if !used.contains(&i) {
            differences.push(format!("in the trace alone: {} {}", call.pid, call.text));
        }
    }
    // The order: that of entry. The latest so far, of each thread and of all.
    for (n, (place, line)) in places.iter().enumerate() {
        for (before, earlier) in &places[..n] {
            let (here, there) = (&trace[*place], &trace[*before]);
            let apart = there.at - here.at;
            let same = here.pid == there.pid;
            if before > place && (same || apart > TOGETHER) {
                differences.push(format!(
                    "in the log too late by {apart:.6} s: {line}; behind {earlier}"
                ));
            }
        }
    }
    differences
}

/// The comparison itself can fail: each kind of untruth is noticed.
fn found_out() {
    let row =
        |call: &str, waited: &str| format!("│14:02:11.031 client    {call}        {waited}│\n");
    let screen = [
        row("socket(AF_INET, SOCK_STREAM, 0) = 5", "9 µs"),
        row("connect(5, 127.0.0.1:80) = 0", "EINPROGRESS, 0.1 ms"),
        row(r#"send(5, "a\n", 2, 0) = 2"#, "9 µs"),
        row(r#"recv(5, "ab", 65536, 0) = 2"#, "waited 1.0 s"),
        row("close(5) = 0", "9 µs"),
    ];
    let to = r#"{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("\x31\x32\x37\x2e\x30\x2e\x30\x2e\x31")}, 16"#;
    let lines = [
        "7 1.0 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 5".to_owned(),
        format!("7 1.1 connect(5, {to}) = -1 EINPROGRESS (Operation now in progress)"),
        format!("7 1.2 connect(5, {to}) = 0"),
        r#"7 1.3 sendto(5, "\x61\x0a", 2, 0, NULL, 0) = 2"#.to_owned(),
        r"7 1.4 recvfrom(5,  <unfinished ...>".to_owned(),
        "8 1.5 close(3) = 0".to_owned(),
        r#"7 1.6 <... recvfrom resumed>"\x61\x62", 65536, 0, NULL, NULL) = 2"#.to_owned(),
        "7 1.7 close(5) = 0".to_owned(),
    ];
    let found = |screen: &[String], lines: &[String]| {
        compare(&logged(&screen.concat()), &Traced::read(&lines.join("\n")))
    };
    assert_eq!(found(&screen, &lines), [""; 0]);

    // A line that is not true, in each of its parts.
    for (i, from, to) in [
        (1, ":80", ":81"),
        (1, "EINPROGRESS, ", ""),
        (2, "a\\n", "a\\r"),
        (2, "0) = 2", "MSG_OOB) = 2"),
        (3, "= 2", "= 1"),
        (4, "(5)", "(6)"),
    ] {
        let mut screen = screen.clone();
        screen[i] = screen[i].replacen(from, to, 1);
        let differences = found(&screen, &lines);
        assert!(!differences.is_empty(), "{from:?} {to:?}");
    }
    // A line too few, one too many, two in the wrong order.
    for i in 0..screen.len() {
        let mut fewer = screen.to_vec();
        let line = fewer.remove(i);
        let differences = found(&fewer, &lines);
        assert!(
            differences.iter().any(|d| d.contains("trace alone")),
            "{line}: {differences:?}"
        );
        let mut more = screen.to_vec();
        more.insert(i, line.clone());
        let differences = found(&more, &lines);
        assert!(
            differences.iter().any(|d| d.contains("log alone")),
            "{line}: {differences:?}"
        );
    }
    let mut swapped = screen.clone();
    swapped.swap(2, 3);
    let differences = found(&swapped, &lines);
    assert!(
        differences.iter().any(|d| d.contains("too late")),
        "{differences:?}"
    );
}
