//! `sockyard serve`: the embedded server without a terminal. Its calls go to standard output, until it is told to stop.
//!
//! The sockets are those of the playground, in [`crate::net`]; how lines are written is in [`super::report`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Args;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded, select_biased};

use super::cli::{ServeAddress, serve_address};
use super::config_file::Keys;
use super::flags::{CapacityFlags, ServerFlags};
use super::hands::{LAST_WAIT, left_behind};
use super::output;
use super::printer::{self, Printer};
use super::report::{Format, Report, SCHEMA, Summary};
use super::shell::{BATCHES, SIGNALS};
use super::signals::{Asked, Watch};
use crate::app::server::reachable;
use crate::model::call::Function;
use crate::model::explain::explain;
use crate::model::{
    Action, Actor, Batch, CallRecord, Errno, Event, Moment, Outcome, ServerAction, ServerSetup,
    Service, SocketKind, WallClock,
};
use crate::net::tally::Totals;
use crate::net::{Clock, Hearing, Yard};

/// Batches that are printed before it is seen whether the server is to stop.
const BATCHES_AT_ONCE: usize = 32;

/// Serves without a terminal, until it is told to stop.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "It stops on SIGINT (Ctrl-C), SIGTERM, SIGHUP and SIGQUIT. More with --help.",
    after_long_help = format!("\
The first line on standard output is `listening on HOST:PORT`, with the port that the kernel has chosen if 0 was asked
for. Then come the calls of the listening socket and of every connection, as they return. On SIGINT (Ctrl-C), SIGTERM,
SIGHUP or SIGQUIT everything is closed, and the last line sums up.

Exit status: 0 after it was told to stop, or when nobody reads its output any more; 1 if it could not listen, or failed;
2 for a command line that is wrong.

{SCHEMA}")
)]
pub struct Serve {
    /// Where to listen, otherwise at 127.0.0.1:8888 or where the config file says; port 0 lets the kernel choose
    #[arg(value_name = "HOST:PORT", value_parser = serve_address)]
    pub address: Option<ServeAddress>,

    /// What the config file can set too.
    #[command(flatten)]
    pub flags: ServerFlags,

    /// How much it takes on.
    #[command(flatten)]
    pub capacity: CapacityFlags,

    /// Serve datagrams: there are no connections, and one thread answers all
    #[arg(long, conflicts_with_all = ["model", "backlog", "max_connections"])]
    pub udp: bool,

    /// The form of the lines
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,

    /// Print only the first line and the last one, and keep no record of the calls
    #[arg(long)]
    pub quiet: bool,
}

impl Serve {
    const fn kind(&self) -> SocketKind {
        if self.udp {
            SocketKind::Datagram
        } else {
            SocketKind::Stream
        }
    }

    fn setup(&self, keys: &Keys) -> ServerSetup {
        let (host, port) = match &self.address {
            Some(address) => (&address.host, address.port),
            None => (&keys.addresses.bind, keys.addresses.port),
        };
        ServerSetup {
            host: host.clone(),
            port,
            kind: self.kind(),
            backlog: self.flags.backlog,
            offer: self.flags.offer(),
        }
    }

    /// Why this service cannot be served like that, if it cannot.
    fn refusal(&self) -> Option<String> {
        match (self.flags.service, self.kind()) {
            (Service::Manual, _) => Some(
                "manual needs a person who answers: choose another service, or start the playground"
                    .to_owned(),
            ),
            (service @ (Service::Http | Service::Close), SocketKind::Datagram) => Some(format!(
                "{service} needs connections, and with --udp there are none: choose another service, or leave out --udp"
            )),
            _ => None,
        }
    }
}

/// Serves until a signal says stop, or nobody reads the output any more.
///
/// # Errors
/// What cannot be had of the system, and an output that cannot be written.
pub fn serve(args: &Serve, keys: &Keys, wall: WallClock) -> anyhow::Result<ExitCode> {
    if let Some(why) = args.refusal() {
        super::say(&why);
        return Ok(ExitCode::from(super::exit::USAGE));
    }
    let clock = Clock::start();
    let (batches, happened) = bounded(BATCHES);
    let (asked, asks) = bounded(SIGNALS);
    let watch = Watch::headless(asked, || {}).context("cannot listen to signals")?;
    let hearing = if args.quiet {
        Hearing::Quiet
    } else {
        Hearing::Everything
    };
    let mut yard = Yard::with(clock, batches, hearing).with_capacity(args.capacity.capacity());
    yard.perform(Action::Server(ServerAction::Start(args.setup(keys))))
        .context("no worker thread can be started")?;

    let out = Printer::start(asks.clone()).context("no thread that prints can be started")?;
    let mut listener = Listener {
        report: Report::new(out, args.format, wall),
        quiet: args.quiet,
        kind: args.kind(),
        state: State::Starting(Vec::new()),
        accept_failures: BTreeMap::new(),
        said: BTreeMap::new(),
    };
    let mut ended = listener.turn(&asks, &happened);
    let stopped = clock.now();
    let totals = close(yard, &happened, &mut listener, &mut ended);
    drop(watch);
    match ended {
        Ok(Ended::Failed) => Ok(ExitCode::FAILURE),
        Ok(Ended::Told) => listener.sum_up(totals, stopped),
        Err(error) => Err(error),
    }
    .or_else(|error| {
        if printer::is_stuck(&error) {
            super::say("nobody took the last lines of the output");
            return Ok(ExitCode::SUCCESS);
        }
        // Whoever reads it has heard enough, as `head` has.
        if printer::is_unread(&error) {
            Ok(ExitCode::SUCCESS)
        } else {
            Err(output::told(error))
        }
    })
}

/// Closes every socket, and prints what that reports.
fn close(
    yard: Yard,
    happened: &Receiver<Batch>,
    listener: &mut Listener,
    ended: &mut anyhow::Result<Ended>,
) -> Totals {
    // No thread is started for it: there may be none to be had.
    let tally = yard.leave();
    // A worker that waits to be heard would not end. Each of them has its end of the channel until it has.
    let until = Instant::now() + LAST_WAIT;
    loop {
        match happened.recv_deadline(until) {
            Ok(batch) if matches!(ended, Ok(Ended::Told)) => {
                if let Err(error) = listener.print(batch) {
                    *ended = Err(error);
                }
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                super::say(&left_behind());
                break;
            }
        }
    }
    tally.totals()
}

/// How it came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It was told to stop.
    Told,
    /// It could not listen, or its thread failed; that has been said.
    Failed,
}

/// How far it is.
enum State {
    /// It does not listen yet; the calls so far come after the first line.
    Starting(Vec<Event>),
    /// It serves since then.
    Serving(Moment),
    /// It cannot; that has been said.
    Failed,
}

/// What becomes of the events.
struct Listener {
    report: Report<Printer>,
    quiet: bool,
    kind: SocketKind,
    state: State,
    /// How often `accept` failed, by errno.
    accept_failures: BTreeMap<String, u64>,
    /// What was said on standard error, without its numbers, and how often there was reason to.
    said: BTreeMap<String, u64>,
}

impl Listener {
    /// Prints what happens until it is to end.
    fn turn(
        &mut self,
        asks: &Receiver<Asked>,
        happened: &Receiver<Batch>,
    ) -> anyhow::Result<Ended> {
        loop {
            select_biased! {
                recv(asks) -> asked => match asked.map_err(|_| anyhow!("the thread for signals failed"))? {
                    Asked::End(_) => {
                        // What is printed as everything closes finds nothing in the channel any more.
                        self.report.writer().end_soon();
                        return Ok(Ended::Told);
                    }
                    Asked::Stop | Asked::Continue | Asked::Resize => {}
                },
                recv(happened) -> batch => {
                    let first = batch.map_err(|_| anyhow!("the workers are gone"))?;
                    self.print(first)?;
                    for batch in happened.try_iter().take(BATCHES_AT_ONCE) {
                        self.print(batch)?;
                    }
                }
            }
            if matches!(self.state, State::Failed) {
                return Ok(Ended::Failed);
            }
            if happened.is_empty() {
                self.report.flush()?;
            }
        }
    }

    fn print(&mut self, batch: Batch) -> anyhow::Result<()> {
        for event in batch {
            match &mut self.state {
                State::Starting(held) => {
                    held.push(event);
                    self.starting()?;
                }
                State::Serving(_) => self.serving(&event)?,
                State::Failed => {}
            }
        }
        Ok(())
    }

    /// Looks whether the last event tells that it listens, or that it cannot.
    fn starting(&mut self) -> anyhow::Result<()> {
        let State::Starting(held) = &mut self.state else {
            return Ok(());
        };
        match held.last() {
            Some(Event::Returned(CallRecord {
                outcome: Outcome::Named(address),
                returned,
                ..
            })) => {
                let (address, since) = (*address, *returned);
                let held = std::mem::take(held);
                self.state = State::Serving(since);
                self.listens(address)?;
                for event in held {
                    self.serving(&event)?;
                }
            }
            Some(Event::Returned(record)) if record.outcome.is_failure() => {
                super::say(&failure(record));
                self.state = State::Failed;
            }
            Some(Event::Trouble { message, .. } | Event::Panicked { message, .. }) => {
                super::say(message);
                self.state = State::Failed;
            }
            _ => {}
        }
        Ok(())
    }

    fn listens(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        self.report.listening(address, self.kind)?;
        // Whoever has started it waits for this line.
        self.report.flush()?;
        if let Some(who) = reachable(address.ip()) {
            super::say(&format!("{address} is {who}"));
        }
        Ok(())
    }

    fn serving(&mut self, event: &Event) -> anyhow::Result<()> {
        match event {
            Event::Returned(record) if record.call.function() == Function::Accept => {
                if let Outcome::Failed(errno) = &record.outcome
                    && *errno != Errno::EAGAIN
                {
                    let count = self.accept_failures.entry(errno.to_string()).or_default();
                    *count += 1;
                    if self.quiet && *count == 1 {
                        super::say(&failure(record));
                    }
                }
            }
            Event::Trouble { message, .. } | Event::Unserved { message, .. } if self.quiet => {
                self.complain(message);
            }
            Event::Panicked { who, message, .. } => {
                super::say(&format!(
                    "the thread of {who} failed ({message}). This is a bug of sockyard: please report it"
                ));
                if *who == Actor::Server {
                    self.state = State::Failed;
                }
            }
            _ => {}
        }
        if !self.quiet {
            self.report.event(event)?;
        }
        Ok(())
    }

    /// Says what went wrong, once: what differs only in its numbers is the same.
    fn complain(&mut self, message: &str) {
        let kind = message.chars().filter(|c| !c.is_ascii_digit()).collect();
        let count = self.said.entry(kind).or_default();
        *count += 1;
        if *count == 1 {
            super::say(message);
        }
    }

    fn sum_up(&mut self, totals: Totals, stopped: Moment) -> anyhow::Result<ExitCode> {
        let State::Serving(since) = self.state else {
            // It was told to stop before it listened.
            return Ok(ExitCode::SUCCESS);
        };
        let summary = Summary {
            kind: self.kind,
            connections: totals.connections,
            datagrams: totals.counts.datagrams,
            took: stopped.since(since),
            received: totals.counts.received,
            sent: totals.counts.sent,
            most_at_once: totals.most_at_once,
            unserved: totals.unserved,
            dropped: totals.dropped,
            accept_failures: std::mem::take(&mut self.accept_failures),
        };
        self.report.summary(&summary)?;
        self.report.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A call that failed, and what that means, in one line.
fn failure(record: &CallRecord) -> String {
    match explain(record) {
        Some(explanation) => format!("{record}: {}", explanation.line()),
        None => record.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::model::Offer;
    use crate::run::cli::{Cli, Command};

    fn parse(args: &[&str]) -> Result<Serve, String> {
        let cli = Cli::try_parse_from([&["sockyard", "serve"], args].concat())
            .map_err(|error| error.to_string())?;
        match cli.command {
            Some(Command::Serve(serve)) => Ok(serve),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn without_arguments_it_echoes_on_loopback_with_a_thread_for_each() {
        let setup = parse(&[]).expect("good arguments").setup(&Keys::default());
        assert_eq!((setup.host.as_str(), setup.port), ("127.0.0.1", 8888));
        assert_eq!((setup.backlog, setup.kind), (128, SocketKind::Stream));
        assert_eq!(setup.offer, Offer::default());
    }

    #[test]
    fn what_would_do_nothing_is_refused() {
        let error = parse(&["--udp", "--model", "poll"]).expect_err("no models with UDP");
        assert!(error.contains("cannot be used with"), "{error}");
        parse(&["--udp", "--backlog", "3"]).expect_err("no queue with UDP");
        parse(&["--udp", "--max-connections", "3"]).expect_err("no connections with UDP");
        for args in [
            &["--service", "manual"][..],
            &["--udp", "--service", "http"],
            &["--udp", "--service", "close"],
        ] {
            let serve = parse(args).expect("each of them is known");
            assert!(serve.refusal().is_some(), "{args:?}");
        }
        assert_eq!(parse(&["--udp"]).expect("good").refusal(), None);
    }
}
