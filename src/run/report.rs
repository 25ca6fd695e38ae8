//! How what happens is printed where there is no terminal: as text for people, or as one JSON object a line.
//!
//! [`Report`] takes the workers' events and writes lines; when to [`Report::flush`] is up to its owner, see
//! [`super::serve`]. What the JSON lines hold is promised in [`SCHEMA`], which `--help` shows too.
//!
//! Whatever is printed goes through [`glyph::plain`] or [`json::write`] here, wherever its words come from: nothing that is
//! said to a socket or by a program under test acts on the terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::json;
use crate::model::call::Waited;
use crate::model::cells::wrap;
use crate::model::explain::explain;
use crate::model::moment::Elapsed;
use crate::model::numbers::grouped;
use crate::model::{
    Actor, CallRecord, Event, LookupError, Moment, Outcome, SocketKind, WallClock, glyph,
};

/// The form of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Lines for people, as in the Calls panel
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// The JSON lines, as `--help` tells them. The names are kept; others may be added.
///
/// | event | its fields beside `event` |
/// |---|---|
/// | `listening` | `address`, `protocol` |
/// | `call` | `time`, `at_us`, `who`, `function`, `call`, `outcome`, `value`?, `errno`?, `took_us`, `waited`, `connection`?, `peer`?, `means`? |
/// | `received` | `at_us`, `who`, `from`?, `count`, `data` |
/// | `trouble` | `at_us`, `who`, `message` |
/// | `summary` | `connections`, `datagrams`, `took_us`, `received_bytes`, `sent_bytes`, `most_at_once`, `unserved`, `handshakes_dropped`, `accept_failures` |
pub const SCHEMA: &str = "\
With --format json each line is one object. Its field \"event\" says what it is; fields marked with ? may be absent.
Characters that might act on a terminal are written \\uXXXX, which a parser reads as them.
  listening  address, protocol (\"TCP\" or \"UDP\")
  call       a call that returned: time (of day, when the kernel was entered), at_us (the same in microseconds since
             the start), who (\"server\", \"server#1\", \"client\", …), function, call (with its arguments), outcome (as
             shown: \"5\", \"-1 EAGAIN\"), value? (the integer that was returned; absent if nobody waited to the
             end), errno? (of getaddrinfo the name of its EAI_ number), took_us, waited (\"no\"; \"poll\": for
             readiness; \"progress\": for a handshake; \"not_blocking\": it did not, and a blocking call would have),
             connection? and peer? (of accept: the new connection's name and its peer), means? (plain words)
  received   what the recv before it returned: at_us, who, from? (the datagram's sender), count (bytes), data (text
             with the escapes \\n \\r \\t \\\\ \\\" \\xHH \\u{H…})
  trouble    what is no call's result: at_us, who, message
  summary    connections, datagrams, took_us, received_bytes, sent_bytes, most_at_once, unserved (accepted, and closed
             at once: beyond --max-connections, or for want of a thread or a descriptor), handshakes_dropped (for
             want of room in the accept queue; whoever connects tries again after a second), accept_failures (an
             object: errno to count)";

/// The cells of a line of text, where that is possible: an explanation is wrapped, a call is never cut.
const WIDTH: usize = 100;
/// The cells of the column of times, `14:02:11.031`.
const TIME: usize = 12;
/// The least cells of the column of names.
const WHO: usize = 10;

/// What a headless server did, from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// TCP or UDP.
    pub kind: SocketKind,
    /// How many connections were accepted.
    pub connections: u64,
    /// How many datagrams came.
    pub datagrams: u64,
    /// From the first line to the last.
    pub took: Duration,
    /// Bytes that `recv` and `recvfrom` returned.
    pub received: u64,
    /// Bytes that the kernel took from `send` and `sendto`.
    pub sent: u64,
    /// The most connections that there were at a time.
    pub most_at_once: u64,
    /// Connections that were closed unserved: beyond a limit, or for want of a thread or a descriptor.
    pub unserved: u64,
    /// How often a handshake was left unanswered, for the accept queue was full.
    pub dropped: u64,
    /// How often `accept` failed, by errno.
    pub accept_failures: BTreeMap<String, u64>,
}

impl Summary {
    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        let (verb, what, count) = match self.kind {
            SocketKind::Stream => {
                let served = self.connections.saturating_sub(self.unserved);
                ("served", "connection", served)
            }
            SocketKind::Datagram => ("received", "datagram", self.datagrams),
        };
        let mut line = format!(
            "{verb} {} {what}{} in {}: {} B received, {} B sent",
            grouped(count),
            if count == 1 { "" } else { "s" },
            Elapsed(self.took),
            grouped(self.received),
            grouped(self.sent)
        );
        if self.most_at_once > 1 {
            line.push_str(&format!("; at most {} at once", grouped(self.most_at_once)));
        }
        if self.unserved > 0 {
            line.push_str(&format!("; {} closed unserved", grouped(self.unserved)));
        }
        if self.dropped > 0 {
            let plural = if self.dropped == 1 { "" } else { "s" };
            line.push_str(&format!(
                "; {} handshake{plural} dropped by a full accept queue",
                grouped(self.dropped)
            ));
        }
        for (errno, count) in &self.accept_failures {
            let times = if *count == 1 { "time" } else { "times" };
            line.push_str(&format!(
                "; accept failed {} {times} ({errno})",
                grouped(*count)
            ));
        }
        line
    }
}

/// Writes what happens to `out`, which is best buffered: each line is many small writes.
#[derive(Debug)]
pub struct Report<W> {
    out: W,
    format: Format,
    clock: WallClock,
    /// The cells of the column of names so far.
    who: usize,
}

impl<W: Write> Report<W> {
    /// A report of this form.
    pub const fn new(out: W, format: Format, clock: WallClock) -> Self {
        Self {
            out,
            format,
            clock,
            who: WHO,
        }
    }

    /// Where the server is to be found.
    ///
    /// # Errors
    /// What cannot be written; `BrokenPipe` if nobody reads it any more. This holds for all the others too.
    pub fn listening(&mut self, address: SocketAddr, kind: SocketKind) -> io::Result<()> {
        let line = Line::Listening {
            address: address.to_string(),
            protocol: kind.protocol(),
        };
        self.say(&format!("listening on {address}"), &line)
    }

    /// What the server did.
    ///
    /// # Errors
    /// See [`Report::listening`].
    pub fn summary(&mut self, summary: &Summary) -> io::Result<()> {
        let line = Line::Summary {
            connections: summary.connections,
            datagrams: summary.datagrams,
            took_us: micros(summary.took),
            received_bytes: summary.received,
            sent_bytes: summary.sent,
            most_at_once: summary.most_at_once,
            unserved: summary.unserved,
            handshakes_dropped: summary.dropped,
            accept_failures: &summary.accept_failures,
        };
        self.say(&summary.line(), &line)
    }

    /// What a worker reported, as far as it is for readers: calls that returned, what was received, trouble.
    ///
    /// # Errors
    /// See [`Report::listening`].
    pub fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Returned(record) => self.call(record),
            Event::Received {
                who,
                at,
                bytes,
                from,
            } => self.received(*who, *at, bytes, *from),
            Event::Trouble { who, at, message } => self.trouble(*who, *at, message),
            Event::Unserved {
                connection,
                at,
                message,
            } => self.trouble(Actor::Connection(*connection), *at, message),
            Event::Panicked { who, at, message } => {
                let message = format!(
                    "the thread of {who} failed ({message}); its socket is closed, the rest goes on. This is a bug of sockyard: please report it"
                );
                self.trouble(*who, *at, &message)
            }
            Event::Blocked { .. }
            | Event::Unblocked { .. }
            | Event::Ready { .. }
            | Event::AcceptQueue { .. }
            | Event::Accepting { .. }
            | Event::Blocking { .. }
            | Event::Serving { .. }
            | Event::TakenOver(_)
            | Event::Settled { .. }
            | Event::Port(_) => Ok(()),
        }
    }

    /// A call that returned, and below it what that means if it needs words.
    fn call(&mut self, record: &CallRecord) -> io::Result<()> {
        let means = explain(record).map(|explanation| explanation.line());
        match self.format {
            Format::Text => self.call_in_text(record, means.as_deref()),
            Format::Json => {
                let line = Line::Call(call_line(record, self.clock, means));
                self.object(&line)
            }
        }
    }

    fn call_in_text(&mut self, record: &CallRecord, means: Option<&str>) -> io::Result<()> {
        let elapsed = Elapsed(record.took);
        let took = match record.waited {
            Waited::InPoll => format!("waited {elapsed}"),
            Waited::InProgress => format!("EINPROGRESS, {elapsed}"),
            Waited::No | Waited::NotBlocking => elapsed.to_string(),
        };
        let text = format!("{} {}", record.call_text(), record.outcome);
        let text = glyph::plain(&text);
        let head = self.head(record.who, record.entered);
        let left = WIDTH.saturating_sub(head.width() + text.width() + took.width());
        let gap = left.max(2);
        writeln!(self.out, "{head}{text}{:gap$}{took}", "")?;
        let Some(means) = means else {
            return Ok(());
        };
        for (i, line) in wrap(&glyph::plain(means), WIDTH - TIME - 3)
            .iter()
            .enumerate()
        {
            let mark = if i == 0 { "└" } else { " " };
            writeln!(self.out, "{:TIME$} {mark} {line}", "")?;
        }
        Ok(())
    }

    /// When, and who; columns as wide as the widest name so far.
    fn head(&mut self, who: Actor, at: Moment) -> String {
        let name = who.to_string();
        self.who = self.who.max(name.len() + 1);
        let width = self.who;
        format!("{} {name:<width$}", self.clock.precise(at))
    }

    /// The text form has no line for it: the call before it shows how it begins.
    fn received(
        &mut self,
        who: Actor,
        at: Moment,
        bytes: &[u8],
        from: Option<SocketAddr>,
    ) -> io::Result<()> {
        if self.format == Format::Text {
            return Ok(());
        }
        self.object(&Line::Received {
            at_us: at.0,
            who: who.to_string(),
            from: from.map(|from| from.to_string()),
            count: bytes.len(),
            data: glyph::quoted(bytes),
        })
    }

    fn trouble(&mut self, who: Actor, at: Moment, message: &str) -> io::Result<()> {
        // It may quote a name that a stranger gave.
        let message = glyph::line(message.as_bytes());
        let text = format!("{}{message}", self.head(who, at));
        let line = Line::Trouble {
            at_us: at.0,
            who: who.to_string(),
            message,
        };
        self.say(&text, &line)
    }

    /// A line of another kind: `text`, or `object` in JSON, which has a field `event` as the others have.
    ///
    /// # Errors
    /// See [`Report::listening`].
    pub fn say(&mut self, text: &str, object: &impl Serialize) -> io::Result<()> {
        match self.format {
            Format::Text => writeln!(self.out, "{}", glyph::plain_lines(text)),
            Format::Json => self.object(object),
        }
    }

    /// A line that only the JSON form has.
    ///
    /// # Errors
    /// See [`Report::listening`].
    pub fn say_object(&mut self, object: &impl Serialize) -> io::Result<()> {
        match self.format {
            Format::Text => Ok(()),
            Format::Json => self.object(object),
        }
    }

    fn object(&mut self, object: &impl Serialize) -> io::Result<()> {
        json::write(&mut self.out, object)?;
        self.out.write_all(b"\n")
    }

    /// Lets what was written be read.
    ///
    /// # Errors
    /// See [`Report::listening`].
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// What it writes to, for what is no line.
    pub const fn writer(&mut self) -> &mut W {
        &mut self.out
    }

    /// What it writes to.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// The lines of [`SCHEMA`].
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Listening {
        address: String,
        protocol: &'static str,
    },
    Call(CallLine),
    Received {
        at_us: u64,
        who: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        count: usize,
        data: String,
    },
    Trouble {
        at_us: u64,
        who: String,
        message: String,
    },
    Summary {
        connections: u64,
        datagrams: u64,
        took_us: u64,
        received_bytes: u64,
        sent_bytes: u64,
        most_at_once: u64,
        unserved: u64,
        handshakes_dropped: u64,
        accept_failures: &'a BTreeMap<String, u64>,
    },
}

#[derive(Serialize)]
struct CallLine {
    time: String,
    at_us: u64,
    who: String,
    function: &'static str,
    call: String,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<String>,
    took_us: u64,
    waited: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    means: Option<String>,
}

fn call_line(record: &CallRecord, clock: WallClock, means: Option<String>) -> CallLine {
    let (connection, peer) = match &record.outcome {
        Outcome::Accepted {
            connection, peer, ..
        } => (
            Some(Actor::Connection(*connection).to_string()),
            Some(peer.to_string()),
        ),
        _ => (None, None),
    };
    let outcome = record.outcome.to_string();
    CallLine {
        time: clock.precise(record.entered),
        at_us: record.entered.0,
        who: record.who.to_string(),
        function: record.call.function().name(),
        call: record.call_text(),
        outcome: outcome.strip_prefix("= ").unwrap_or(&outcome).to_owned(),
        value: value(&record.outcome),
        errno: errno(&record.outcome),
        took_us: micros(record.took),
        waited: match record.waited {
            Waited::No => "no",
            Waited::InPoll => "poll",
            Waited::InProgress => "progress",
            Waited::NotBlocking => "not_blocking",
        },
        connection,
        peer,
        means,
    }
}

/// A duration as the JSON lines have it.
pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The integer that a C program would have got.
fn value(outcome: &Outcome) -> Option<i64> {
    match outcome {
        Outcome::Done | Outcome::Named(_) | Outcome::Value(_) | Outcome::Resolved(_) => Some(0),
        Outcome::Descriptor(fd) | Outcome::Accepted { fd, .. } => Some(fd.0.into()),
        Outcome::Sent(count) | Outcome::Received { count, .. } => i64::try_from(*count).ok(),
        Outcome::Failed(_) => Some(-1),
        Outcome::LookupFailed(LookupError::Eai(number)) => Some((*number).into()),
        Outcome::LookupFailed(LookupError::System(_)) => Some(LookupError::EAI_SYSTEM.into()),
        Outcome::LookupFailed(LookupError::NulByte) | Outcome::Cancelled => None,
    }
}

fn errno(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed(errno) => Some(errno.to_string()),
        Outcome::LookupFailed(error) => Some(error.name().to_owned()),
        Outcome::Done
        | Outcome::Named(_)
        | Outcome::Value(_)
        | Outcome::Resolved(_)
        | Outcome::Descriptor(_)
        | Outcome::Accepted { .. }
        | Outcome::Sent(_)
        | Outcome::Received { .. }
        | Outcome::Cancelled => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::call::Ending;
    use crate::model::{Call, ClientId, Errno, Fd, Preview, RecvFlags, escape};

    const CLIENT: Actor = Actor::Client(ClientId(2));

    fn record(call: Call, outcome: Outcome, waited: Waited) -> Event {
        Event::Returned(CallRecord {
            who: CLIENT,
            call,
            outcome,
            entered: Moment(11_031_000),
            returned: Moment(11_031_100),
            took: Duration::from_micros(100),
            waited,
        })
    }

    fn refused() -> Event {
        let address = "127.0.0.1:1".parse().expect("an address");
        let call = Call::Connect { fd: Fd(7), address };
        record(call, Outcome::Failed(Errno::ECONNREFUSED), Waited::No)
    }

    fn printed(format: Format, events: &[Event]) -> String {
        let mut report = Report::new(Vec::new(), format, WallClock::default());
        for event in events {
            report.event(event).expect("memory takes everything");
        }
        String::from_utf8(report.into_inner()).expect("text")
    }

    fn objects(events: &[Event]) -> Vec<Value> {
        printed(Format::Json, events)
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object"))
            .collect()
    }

    #[test]
    fn a_call_reads_as_in_the_panel_and_no_line_is_wider_than_it_need_be() {
        let text = printed(Format::Text, &[refused()]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "00:00:11.031 client2   connect(7, 127.0.0.1:1) = -1 ECONNREFUSED                              0.1 ms"
        );
        assert!(lines[1].starts_with("             └ "), "{text}");
        assert!(lines.iter().all(|line| line.width() <= WIDTH), "{text}");
        let address = "127.0.0.1:1".parse().expect("an address");
        let waited = record(
            Call::Connect { fd: Fd(7), address },
            Outcome::Done,
            Waited::InPoll,
        );
        let text = printed(Format::Text, &[waited]);
        assert!(text.ends_with("  waited 0.1 ms\n"), "{text}");
    }

    #[test]
    fn a_failed_call_has_every_field_of_the_schema() {
        let [object] = &objects(&[refused()])[..] else {
            panic!("one line");
        };
        let mut means = object.clone();
        let means = means["means"].take();
        assert!(means.as_str().is_some_and(|text| text.contains("listens")));
        let mut object = object.clone();
        object.as_object_mut().map(|map| map.remove("means"));
        assert_eq!(
            object.to_string(),
            concat!(
                r#"{"at_us":11031000,"call":"connect(7, 127.0.0.1:1)","errno":"ECONNREFUSED","event":"call","#,
                r#""function":"connect","outcome":"-1 ECONNREFUSED","time":"00:00:11.031","took_us":100,"#,
                r#""value":-1,"waited":"no","who":"client2"}"#
            )
        );
    }

    #[test]
    fn every_field_that_is_written_is_in_the_schema() {
        let events = [
            refused(),
            Event::Received {
                who: CLIENT,
                at: Moment(1),
                bytes: vec![1],
                from: "127.0.0.1:1".parse().ok(),
            },
            Event::Trouble {
                who: CLIENT,
                at: Moment(1),
                message: "no".to_owned(),
            },
        ];
        let mut report = Report::new(Vec::new(), Format::Json, WallClock::default());
        let address = "127.0.0.1:1".parse().expect("an address");
        report
            .listening(address, SocketKind::Stream)
            .expect("memory");
        report.summary(&Summary::default()).expect("memory");
        let written = String::from_utf8(report.into_inner()).expect("text");
        let others = written
            .lines()
            .map(|line| serde_json::from_str(line).expect("an object"));
        for object in objects(&events).into_iter().chain(others) {
            for key in object.as_object().expect("an object").keys() {
                assert!(SCHEMA.contains(key), "{key} is not in the schema");
            }
            let event = object["event"].as_str().expect("a name");
            assert!(
                SCHEMA.contains(&format!("\n  {event} ")),
                "{event} is not in the schema"
            );
        }
    }

    #[test]
    fn no_byte_of_a_stranger_reaches_the_terminal_and_all_of_them_can_be_read_back() {
        let bytes: Vec<u8> = (0..=255).chain(*b"\"\\ \xe2\x80\xae").collect();
        let call = Call::Recv {
            fd: Fd(7),
            size: 1024,
            flags: RecvFlags::default(),
        };
        let outcome = Outcome::Received {
            count: bytes.len(),
            preview: Preview::of(&bytes),
            ending: Ending::Piece,
            from: None,
        };
        let events = [
            record(call, outcome, Waited::No),
            Event::Received {
                who: CLIENT,
                at: Moment(0),
                bytes: bytes.clone(),
                from: None,
            },
            Event::Trouble {
                who: CLIENT,
                at: Moment(0),
                message: "\x1b[2J\n\u{202e}".to_owned(),
            },
        ];
        for format in [Format::Text, Format::Json] {
            let printed = printed(format, &events);
            let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!printed.contains(hostile), "{printed:?}");
        }
        let received = &objects(&events)[1];
        assert_eq!(received["count"], bytes.len());
        let data = received["data"].as_str().expect("text");
        assert_eq!(escape::parse(data), Ok(bytes));
    }

    #[test]
    fn the_summary_says_what_is_worth_knowing_and_nothing_else() {
        let mut summary = Summary {
            connections: 3,
            took: Duration::from_millis(12_340),
            received: 1_234,
            sent: 1_234,
            most_at_once: 1,
            ..Summary::default()
        };
        assert_eq!(
            summary.line(),
            "served 3 connections in 12.3 s: 1,234 B received, 1,234 B sent"
        );
        summary.connections = 5;
        summary.most_at_once = 2;
        summary.unserved = 4;
        summary.dropped = 1_000;
        summary.accept_failures.insert("EMFILE".to_owned(), 1_000);
        assert_eq!(
            summary.line(),
            "served 1 connection in 12.3 s: 1,234 B received, 1,234 B sent; at most 2 at once; 4 closed unserved; 1,000 handshakes dropped by a full accept queue; accept failed 1,000 times (EMFILE)"
        );
        summary = Summary {
            kind: SocketKind::Datagram,
            ..Summary::default()
        };
        assert_eq!(
            summary.line(),
            "received 0 datagrams in 0 µs: 0 B received, 0 B sent"
        );
    }
}
