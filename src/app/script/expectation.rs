//! What can be expected, and whether it has come about.
//!
//! An expectation is looked at again whenever something has happened: it holds, or it may still come about, or it never
//! will. What a socket receives is read like a book: what one expectation has read the next one does not see again.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::line::Pattern;
use crate::app::App;
use crate::app::known::Known;
use crate::app::stage::Stage;
use crate::model::call::Function;
use crate::model::numbers::grouped;
use crate::model::{
    Actor, ByteLog, Call, CallRecord, ConnectionId, Outcome, PortVerdict, SocketKind, glyph,
};

/// Something that is expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// What.
    pub subject: Subject,
    /// How long to wait for it; none is as long as for any other step.
    pub within: Option<Duration>,
    /// What it means if it does not come about.
    pub symptom: Option<String>,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A call comes to this.
    Call(Actor, Function, Amount),
    /// These bytes are received.
    Received(Actor, Received),
    /// The peer finishes sending.
    Ended(Actor),
    /// The socket has this state.
    State(Actor, String),
    /// Nothing is received for so long.
    Silence(Actor, Duration),
    /// A call waits.
    Blocked(Actor, Function),
    /// What was received is saved.
    Saved(Actor),
    /// There are so many of these.
    Count(Counted, u64),
    /// A port that was tried came to this.
    Port(u16, PortVerdict),
    /// The program under test does this.
    Program(ProgramDoes),
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Connections that were ever accepted.
    Accepted,
    /// Connections that are open.
    Open,
    /// Connections that wait to be accepted.
    Queue,
    /// Clients of the crowd that were connected.
    CrowdConnected,
    /// Those that were answered.
    CrowdAnswered,
    /// Those that have failed.
    CrowdFailed,
}

/// What the program under test does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramDoes {
    /// It has not ended.
    Runs,
    /// It ends, with this status.
    Exits(Option<i32>),
    /// It prints this.
    Prints(String),
}

/// What a call comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// Anything but a failure.
    Ok,
    /// Any failure.
    Fails,
    /// It returns this number.
    Number(u64),
    /// It fails with this errno, or this error of the resolver.
    Errno(String),
}

/// What is received.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// Exactly these bytes come next.
    Next(Vec<u8>),
    /// These come sooner or later.
    Contains(Vec<u8>),
    /// Something that this matches.
    Matches(Pattern),
    /// So many bytes in all.
    Count(u64),
}

impl Expect {
    /// Whether it is about the program under test.
    #[must_use]
    pub const fn is_of_program(&self) -> bool {
        matches!(self.subject, Subject::Program(_))
    }

    /// Whether it is about what a call of this function by `who` comes to.
    #[must_use]
    pub fn is_about(&self, who: Actor, function: Function) -> bool {
        matches!(&self.subject, Subject::Call(whose, what, _) if (*whose, *what) == (who, function))
    }
}

/// Whether something has come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holding {
    /// It has.
    Holds,
    /// Not yet; this is seen instead.
    NotYet(String),
    /// It never will; this is seen instead.
    Never(String),
}

/// What a script has seen so far and not yet asked about.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What the last calls of each came to, as far as no expectation was about them.
    calls: BTreeMap<(Actor, Function), VecDeque<Came>>,
    /// How many bytes of what each received are read.
    read: BTreeMap<Actor, u64>,
    /// How many of them were searched in vain for what is expected now.
    searched: BTreeMap<Actor, u64>,
    /// The program under test.
    pub program: Program,
}

/// The program under test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Program {
    /// Whether it was started.
    pub started: bool,
    /// Where it listens.
    pub place: Option<Place>,
    /// What it has printed, as much as is kept.
    pub printed: String,
    /// How it ended.
    pub exit: Option<Exit>,
}

/// Where a program listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The address that it has bound to.
    pub address: SocketAddr,
    /// TCP, or UDP.
    pub kind: SocketKind,
}

impl Place {
    /// An address at which it is reached from this machine: 0.0.0.0 and :: stand for all that it has.
    #[must_use]
    pub const fn host(self) -> IpAddr {
        match self.address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            other => other,
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            SocketKind::Stream => write!(f, "{}", self.address),
            SocketKind::Datagram => write!(f, "{} (UDP)", self.address),
        }
    }
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exit status {status}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

impl Program {
    /// How much of what it prints is kept: the last of it, where an error tells itself.
    const PRINTED: usize = 64 << 10;

    /// Takes in a line that it has printed.
    pub fn prints(&mut self, line: &str) {
        self.printed.push_str(line);
        self.printed.push('\n');
        if self.printed.len() > Self::PRINTED {
            let cut = self.printed.len() - Self::PRINTED / 2;
            let cut = (cut..self.printed.len()).find(|at| self.printed.is_char_boundary(*at));
            self.printed.drain(..cut.unwrap_or(0));
        }
    }

    /// The last line that says something.
    #[must_use]
    pub fn last_line(&self) -> Option<&str> {
        self.printed
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty())
    }
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Came {
    value: Option<u64>,
    failure: Option<String>,
    said: String,
}

impl Came {
    fn of(record: &CallRecord) -> Self {
        let outcome = &record.outcome;
        let value = match outcome {
            Outcome::Done | Outcome::Named(_) | Outcome::Value(_) | Outcome::Resolved(_) => Some(0),
            Outcome::Descriptor(fd) | Outcome::Accepted { fd, .. } => u64::try_from(fd.0).ok(),
            Outcome::Sent(count) | Outcome::Received { count, .. } => Some(*count as u64),
            Outcome::Failed(_) | Outcome::LookupFailed(_) | Outcome::Cancelled => None,
        };
        Self {
            value,
            failure: failure(outcome),
            said: outcome.to_string().trim_start_matches("= ").to_owned(),
        }
    }

    fn is(&self, amount: &Amount) -> bool {
        match amount {
            Amount::Ok => self.value.is_some(),
            Amount::Fails => self.failure.is_some(),
            Amount::Number(number) => self.value == Some(*number),
            // Behind EAI_SYSTEM stands the errno.
            Amount::Errno(name) => self.failure.as_ref().is_some_and(|failure| {
                failure.split(' ').next().unwrap_or_default() == name || failure == name
            }),
        }
    }
}

/// The name of the error that a call came to.
#[must_use]
pub fn failure(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed(errno) => Some(errno.to_string()),
        Outcome::LookupFailed(error) => Some(error.to_string()),
        _ => None,
    }
}

impl Seen {
    /// So many calls of a function are remembered at most; who serves a flood makes more than anybody asks about.
    const MOST_CALLS: usize = 64;
    /// So many bytes are searched at a time.
    const SEARCHED: usize = 1 << 20;
    /// What a regular expression matches may have so many bytes, wherever it stands.
    const LONGEST_MATCH: usize = 64 << 10;

    /// Of so many connections calls are remembered; of older ones nobody asks any more.
    const MOST_CONNECTIONS: u64 = 2_048;

    /// Takes in a call that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        if let Outcome::Accepted { connection, .. } = &record.outcome
            && let Some(old) = connection.0.checked_sub(Self::MOST_CONNECTIONS)
        {
            let old = Actor::Connection(ConnectionId(old));
            for function in Function::ALL {
                self.calls.remove(&(old, function));
            }
        }
        if matches!(record.call, Call::Socket { .. }) {
            // With a new socket what is received begins anew.
            self.read.remove(&record.who);
            self.searched.remove(&record.who);
        }
        let key = (record.who, record.call.function());
        let calls = self.calls.entry(key).or_default();
        if calls.len() >= Self::MOST_CALLS {
            calls.pop_front();
        }
        calls.push_back(Came::of(record));
    }

    /// Something else is expected from now on.
    pub fn expects_anew(&mut self) {
        self.searched.clear();
    }

    /// `who` is about to call these: what they came to before is of no more interest.
    pub fn begins(&mut self, who: Actor, functions: &[Function]) {
        for function in functions {
            self.calls.remove(&(who, *function));
        }
    }

    /// What the last call of this function by `who` came to, if that was a failure: its name, and all of it.
    #[must_use]
    pub fn last_failure(&self, who: Actor, function: Function) -> Option<&str> {
        self.calls.get(&(who, function))?.back()?.failure.as_deref()
    }

    /// Whether `expect` holds now, `since` so long. `is_under_way` tells whether what `who` does is not over.
    pub fn holds(
        &mut self,
        expect: &Expect,
        app: &App,
        since: Duration,
        is_under_way: impl Fn(Actor) -> bool,
    ) -> Holding {
        match &expect.subject {
            Subject::Call(who, function, amount) => {
                self.call(*who, *function, amount, is_under_way(*who))
            }
            Subject::Received(who, what) => self.received(*who, what, app),
            Subject::Ended(who) => match app.known(*who) {
                Some(known) if known.stage.peer_has_ended() => Holding::Holds,
                Some(known) if known.stage == Stage::Broken => {
                    Holding::Never("its connection was reset or given up".to_owned())
                }
                Some(known) => {
                    let state = known.stage.name(known.kind);
                    Holding::NotYet(format!("its peer has not finished sending: {state}"))
                }
                None => gone(*who),
            },
            Subject::State(who, state) => {
                let now = state_of(*who, app);
                match now {
                    Some(now) if now.eq_ignore_ascii_case(state) => Holding::Holds,
                    Some(now) => Holding::NotYet(format!("its state is {now}")),
                    None => gone(*who),
                }
            }
            Subject::Silence(who, time) => {
                let unread = self.unread(*who, app, 64);
                match unread {
                    None => gone(*who),
                    Some(unread) if !unread.is_empty() => {
                        Holding::Never(format!("it received {}", shown(&unread)))
                    }
                    Some(_) if since >= *time => Holding::Holds,
                    Some(_) => Holding::NotYet("nothing was received so far".to_owned()),
                }
            }
            Subject::Blocked(who, function) => {
                if app.calls.waiting(*who, *function).is_some() {
                    Holding::Holds
                } else {
                    Holding::NotYet(format!("{who} does not wait in {}", function.name()))
                }
            }
            Subject::Saved(who) => {
                if app.saves.of(*who).is_some() {
                    Holding::NotYet("it is still being saved".to_owned())
                } else {
                    Holding::Holds
                }
            }
            Subject::Count(what, count) => counted(*what, *count, app),
            Subject::Port(port, verdict) => port_is(*port, *verdict, app),
            Subject::Program(does) => self.program_does(does),
        }
    }

    /// What is expected of the program under test.
    fn program_does(&self, does: &ProgramDoes) -> Holding {
        match does {
            ProgramDoes::Runs => match self.program.exit {
                None if self.program.started => Holding::Holds,
                None => Holding::Never("it was not started".to_owned()),
                Some(exit) => Holding::Never(ended(exit)),
            },
            ProgramDoes::Exits(status) => match (self.program.exit, status) {
                (None, _) => Holding::NotYet("it still runs".to_owned()),
                (Some(_), None) => Holding::Holds,
                (Some(Exit::Status(now)), Some(status)) if now == *status => Holding::Holds,
                (Some(exit), Some(_)) => Holding::Never(ended(exit)),
            },
            ProgramDoes::Prints(text) => {
                if self.program.printed.contains(text.as_str()) {
                    Holding::Holds
                } else {
                    let last = self.program.last_line();
                    let last = last.map_or_else(
                        || "it has printed nothing".to_owned(),
                        |line| {
                            format!(
                                "the last line that it printed is {}",
                                shown(line.as_bytes())
                            )
                        },
                    );
                    match self.program.exit {
                        Some(exit) => Holding::Never(format!("{}; {last}", ended(exit))),
                        None => Holding::NotYet(last),
                    }
                }
            }
        }
    }

    fn call(
        &mut self,
        who: Actor,
        function: Function,
        amount: &Amount,
        is_under_way: bool,
    ) -> Holding {
        let name = function.name();
        let others = self.other_calls(who, function);
        let Some(calls) = self.calls.get_mut(&(who, function)) else {
            return Holding::NotYet(format!("{who} has not returned from {name}{others}"));
        };
        if let Some(at) = calls.iter().position(|came| came.is(amount)) {
            calls.drain(..=at);
            return Holding::Holds;
        }
        let Some(last) = calls.back() else {
            return Holding::NotYet(format!("{who} has not returned from {name} again"));
        };
        let seen = format!("{name} returned {}", last.said);
        // A service makes calls of its own, and so does whoever receives as bytes come.
        let may_come = match (who, function) {
            (Actor::Client(_), Function::Recv | Function::Recvfrom)
            | (Actor::Connection(_), _)
            | (Actor::Server, Function::Accept | Function::Recvfrom | Function::Sendto) => true,
            (Actor::Client(_) | Actor::Server | Actor::Ports, _) => is_under_way,
        };
        if may_come {
            Holding::NotYet(seen)
        } else {
            Holding::Never(seen)
        }
    }

    /// What `who` has called instead, in words: on UDP a recv may be a recvfrom.
    fn other_calls(&self, who: Actor, function: Function) -> String {
        let sibling = match function {
            Function::Recv => Function::Recvfrom,
            Function::Recvfrom => Function::Recv,
            Function::Send => Function::Sendto,
            Function::Sendto => Function::Send,
            _ => return String::new(),
        };
        let came = self.calls.get(&(who, sibling)).and_then(VecDeque::back);
        came.map_or_else(String::new, |came| {
            format!(", but {} returned {}", sibling.name(), came.said)
        })
    }

    fn received(&mut self, who: Actor, what: &Received, app: &App) -> Holding {
        let Some((log, over)) = log_of(who, app) else {
            return gone(who);
        };
        let total = log.received();
        let not_yet = |seen: String| match over {
            // Nothing more comes.
            Some(end) => Holding::Never(format!("{seen}, and {end}")),
            None => Holding::NotYet(seen),
        };
        if let Received::Count(count) = what {
            let seen = format!("it received {} B in all", grouped(total));
            return match total.cmp(count) {
                std::cmp::Ordering::Equal => {
                    self.read.insert(who, total);
                    Holding::Holds
                }
                std::cmp::Ordering::Less => not_yet(seen),
                std::cmp::Ordering::Greater => Holding::Never(seen),
            };
        }
        let most = match what {
            Received::Next(bytes) => bytes.len(),
            Received::Contains(_) | Received::Matches(_) | Received::Count(_) => 0,
        };
        let from = self.read_to(who, log);
        let unread = bytes_from(log, from, most.max(64));
        let seen = match unread.as_slice() {
            [] => "it received nothing more".to_owned(),
            some => format!("it received {}", shown(some)),
        };
        let end = match what {
            Received::Next(bytes) if unread.starts_with(bytes) => Some(from + bytes.len() as u64),
            Received::Next(bytes) if bytes.starts_with(&unread) => None,
            Received::Next(_) => return Holding::Never(seen),
            Received::Contains(bytes) => {
                let edge = bytes.len().saturating_sub(1);
                self.search(who, log, edge, |found| {
                    memchr::memmem::find(found, bytes).map(|at| at + bytes.len())
                })
            }
            Received::Matches(Pattern(pattern)) => {
                self.search(who, log, Self::LONGEST_MATCH, |found| {
                    let text = String::from_utf8_lossy(found);
                    // In text that is not UTF-8 the places are others: all of it is read then.
                    pattern.find(&text).map(|place| match &text {
                        Cow::Borrowed(_) => place.end(),
                        Cow::Owned(_) => found.len(),
                    })
                })
            }
            Received::Count(_) => None,
        };
        match end {
            Some(end) => {
                self.read.insert(who, end);
                Holding::Holds
            }
            None => not_yet(seen),
        }
    }

    /// Where `find` finds the end of what is looked for in what `who` received, each byte searched once but for the `edge`
    /// on which it may stand between two searches.
    fn search(
        &mut self,
        who: Actor,
        log: &ByteLog,
        edge: usize,
        find: impl Fn(&[u8]) -> Option<usize>,
    ) -> Option<u64> {
        let read = self.read_to(who, log);
        loop {
            let searched = self.searched.get(&who).copied().unwrap_or(0);
            let from = searched.saturating_sub(edge as u64).max(read);
            let bytes = bytes_from(log, from, edge + Self::SEARCHED);
            if let Some(end) = find(&bytes) {
                return Some(from + end as u64);
            }
            let to = from + bytes.len() as u64;
            self.searched.insert(who, to);
            if to <= searched || to >= log.received() {
                return None;
            }
        }
    }

    /// How far what `who` received is read, or is no longer kept.
    fn read_to(&self, who: Actor, log: &ByteLog) -> u64 {
        let read = self.read.get(&who).copied().unwrap_or(0);
        // With a new socket the log begins anew.
        let read = if read > log.received() { 0 } else { read };
        read.max(log.forgotten())
    }

    /// What `who` received and no expectation has read, at most so much of it; none if there is nobody of that name.
    fn unread(&self, who: Actor, app: &App, most: usize) -> Option<Vec<u8>> {
        let (log, _) = log_of(who, app)?;
        Some(bytes_from(log, self.read_to(who, log), most))
    }
}

/// What was received from this place on, at most so much of it.
fn bytes_from(log: &ByteLog, from: u64, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in first_behind(log, from)..=*log.kept().end() {
        let Some(chunk) = log.chunk(number) else {
            continue;
        };
        let skipped = usize::try_from(from.saturating_sub(chunk.offset)).unwrap_or(0);
        bytes.extend_from_slice(chunk.bytes.get(skipped..).unwrap_or_default());
        if bytes.len() >= most {
            bytes.truncate(most);
            break;
        }
    }
    bytes
}

/// The number of the first kept chunk that ends behind this place: there may be a million before it.
fn first_behind(log: &ByteLog, from: u64) -> u64 {
    let kept = log.kept();
    let (mut low, mut high) = (*kept.start(), *kept.end() + 1);
    while low < high {
        let middle = low.midpoint(high);
        let ends_before = (log.chunk(middle))
            .is_some_and(|chunk| chunk.offset + chunk.bytes.len() as u64 <= from);
        if ends_before {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// What `who` received, and whether and why nothing more comes of it.
fn log_of(who: Actor, app: &App) -> Option<(&ByteLog, Option<&'static str>)> {
    let end = |known: &Known| match known.stage {
        Stage::CloseWait | Stage::Ended => Some("the peer has finished sending"),
        Stage::Broken => Some("the connection was reset or given up"),
        Stage::NoSocket | Stage::Unconnected | Stage::Established | Stage::FinWait => None,
    };
    match who {
        Actor::Client(id) => {
            let client = app.sessions.get(id)?;
            Some((&client.received, end(&client.socket)))
        }
        Actor::Server => Some((&app.server.received, None)),
        Actor::Connection(id) => {
            let connection = app.server.connections.get(id)?;
            let over = if connection.closed {
                Some("its connection is closed")
            } else {
                end(&connection.socket)
            };
            Some((&connection.received, over))
        }
        Actor::Ports => None,
    }
}

/// How the program under test ended, in words.
#[must_use]
pub fn ended(exit: Exit) -> String {
    format!("the program ended with {exit}")
}

/// The state of a socket, as its pane shows it.
fn state_of(who: Actor, app: &App) -> Option<&'static str> {
    match who {
        Actor::Server if app.server.listens => Some("LISTEN"),
        Actor::Connection(id) => {
            let connection = app.server.connections.get(id)?;
            if connection.closed {
                Some("CLOSED")
            } else {
                Some(connection.socket.stage.name(SocketKind::Stream))
            }
        }
        Actor::Client(_) | Actor::Server => {
            let known = app.known(who)?;
            match known.fd {
                Some(_) => Some(known.stage.name(known.kind)),
                None => Some("none"),
            }
        }
        Actor::Ports => None,
    }
}

fn gone(who: Actor) -> Holding {
    match who {
        // It may still be accepted.
        Actor::Connection(_) => Holding::NotYet(format!("there is no {who}")),
        Actor::Client(_) | Actor::Server | Actor::Ports => {
            Holding::Never(format!("there is no {who}"))
        }
    }
}

/// What is expected of a number.
fn counted(what: Counted, count: u64, app: &App) -> Holding {
    let plans = || {
        app.sessions
            .iter()
            .filter_map(|client| client.plan.as_ref())
    };
    match what {
        Counted::Accepted => reaches(app.server.connections.accepted(), count, "accepted"),
        Counted::Open => same(app.server.connections.open() as u64, count, "open"),
        Counted::Queue => {
            let waiting = app
                .server
                .queue
                .map_or(0, |(waiting, _)| u64::from(waiting));
            same(waiting, count, "waiting to be accepted")
        }
        Counted::CrowdConnected => {
            let now = plans().filter(|plan| plan.connected.is_some()).count();
            reaches(now as u64, count, "connected")
        }
        Counted::CrowdAnswered => {
            let now = plans().filter(|plan| plan.answered.is_some()).count();
            reaches(now as u64, count, "answered")
        }
        Counted::CrowdFailed => {
            let now = plans().filter(|plan| plan.failed).count();
            same(now as u64, count, "failed")
        }
    }
}

/// A number that only grows.
fn reaches(now: u64, count: u64, what: &str) -> Holding {
    let seen = format!("{} {what}", grouped(now));
    match now.cmp(&count) {
        std::cmp::Ordering::Equal => Holding::Holds,
        std::cmp::Ordering::Less => Holding::NotYet(seen),
        std::cmp::Ordering::Greater => Holding::Never(seen),
    }
}

/// A number that may grow and shrink.
fn same(now: u64, count: u64, what: &str) -> Holding {
    if now == count {
        Holding::Holds
    } else {
        Holding::NotYet(format!("{} {what}", grouped(now)))
    }
}

fn port_is(port: u16, verdict: PortVerdict, app: &App) -> Holding {
    let word = |verdict| match verdict {
        PortVerdict::Open => "open".to_owned(),
        PortVerdict::Closed => "closed".to_owned(),
        PortVerdict::Silent => "silent".to_owned(),
        PortVerdict::Failed(errno) => format!("failed ({errno})"),
    };
    match app.ports.verdict(port) {
        Some(now) if now == verdict => Holding::Holds,
        Some(now) => Holding::Never(format!("port {port} is {}", word(now))),
        None if app.ports.running => Holding::NotYet(format!("port {port} was not tried yet")),
        None => Holding::Never(format!("port {port} was not tried")),
    }
}

/// Bytes as they are shown in a line.
fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 64;
    let more = if bytes.len() > MOST { "…" } else { "" };
    let first = bytes.get(..MOST).unwrap_or(bytes);
    format!("\"{}\"{more}", glyph::quoted(first))
}
