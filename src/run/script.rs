//! `sockyard run` and `sockyard check`: scripts without a terminal.
//!
//! The loop is the playground's without its screen: the same state, the same workers. What the calls and the script come
//! to is printed by [`super::script_report`].

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use clap::{Args, ValueHint};
use crossbeam_channel::{Receiver, at, bounded, never, select_biased};

use super::exit;
use super::flags::{CapacityFlags, ScriptDefaults};
use super::hands::Hands;
use super::output;
use super::printer::{self, Printer};
use super::program::{self, Program};
use super::report::{Format, Report as Log, SCHEMA};
use super::script_file;
use super::script_report::{self, SCRIPT_SCHEMA};
use super::shell::{BATCHES, SIGNALS};
use super::signals::{Asked, Watch};
use crate::app::client::Receive;
use crate::app::script::Script;
use crate::app::script::player::{Pace, Player, ProgramEvent, ProgramOrder};
use crate::app::script::report::{Failure, Report, Verdict};
use crate::app::{App, Effect, Msg, Settings};
use crate::model::save::path_text;
use crate::model::{Batch, WallClock};
use crate::net::Clock;

/// Events of the program under test on their way.
const EVENTS: usize = 64;
/// How long the end of a failed script waits for the program under test to end too: its last words may tell why.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Lines of the program under test that are shown. A flood of them is of no use to anybody.
const SHOWN_LINES: usize = 500;

/// Runs a script without a terminal.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "It stops at the first line that fails. More with --help.",
    after_long_help = format!("\
The steps are done one after the other; each is awaited, but no longer than its limit. The calls are printed as they
return. It stops at the first line that fails, and says which line that is and why. What is still under way in the
background when the last line is done is given up. --limit and --total hold for what the script waits for. A reader of its
output that does not read holds it up beside that, until it reads or the script is interrupted.

With --spawn another program is tested: it is started before the first step, or where the script says `program start`, and
always ended, with whatever it has started; only if sockyard itself is killed (SIGKILL), what its shell has started is
left. The script goes on once the program listens, at ${{program.host}} and
${{program.port}} then, or once it has connected to the server of the script, whose address it finds in the environment
variables SOCKYARD_HOST and SOCKYARD_PORT.

Exit status: 0 if all that was expected came about; 1 if a line failed, or a file could not be saved; 2 if the script is
wrong; 128 and the number of the signal if one has ended it: 129 hangup, 130 interrupt (Ctrl-C), 131 quit, 143
termination.

{SCHEMA}
{SCRIPT_SCHEMA}")
)]
pub struct Run {
    /// The script; - is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    /// The program that the script tests, as a shell understands it
    #[arg(long, value_name = "COMMAND", value_hint = ValueHint::CommandString)]
    pub spawn: Option<String>,

    /// The form of the lines
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,

    /// How long it waits.
    #[command(flatten)]
    pub limits: ScriptDefaults,

    /// How much its server takes on.
    #[command(flatten)]
    pub capacity: CapacityFlags,
}

/// Reads scripts without running them.
#[derive(Debug, Clone, Args)]
pub struct Check {
    /// The scripts; - is standard input
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
}

/// Names each line of the scripts that makes no sense.
///
/// # Errors
/// None: a script that cannot be read is named too.
pub fn check(args: &Check) -> anyhow::Result<ExitCode> {
    let mut status = ExitCode::SUCCESS;
    for file in &args.files {
        if let Err(refused) = read(file) {
            refused.tell();
            status = ExitCode::from(exit::USAGE);
        }
    }
    Ok(status)
}

/// Why a script cannot be run.
pub(super) struct Refused {
    /// For people: a line for each reason.
    pub lines: String,
    /// The first of them.
    verdict: Box<Verdict>,
}

impl Refused {
    /// `why` is wrong with a line of the script, or with the whole of it: then its number is 0.
    fn new(script: String, lines: String, number: usize, step: &str, why: String) -> Self {
        let failure = Failure {
            number,
            step: step.trim().to_owned(),
            why,
            symptom: None,
            is_wrong: true,
        };
        let verdict = Verdict {
            script,
            steps: 0,
            held: 0,
            took: Duration::ZERO,
            failure: Some(failure),
        };
        let verdict = Box::new(verdict);
        Self { lines, verdict }
    }

    /// Says it to people.
    fn tell(&self) {
        output::complain(&self.lines);
    }
}

/// Reads a script.
pub(super) fn read(file: &Path) -> Result<Script, Refused> {
    let name = path_text(file);
    let text = script_file::read(file).map_err(|why| {
        let line = format!("sockyard: {name}: {why}");
        Refused::new(name.clone(), line, 0, "", why)
    })?;
    Script::read(&name, &text).map_err(|faults| {
        let mut lines: Vec<String> = faults.iter().map(|fault| fault.told(&name)).collect();
        let last = faults.last().map_or(0, |fault| fault.number);
        if lines.len() >= Script::MOST_FAULTS && last < text.lines().count() {
            lines.push(format!("{name}: the rest of it was not read"));
        }
        let first = faults.first();
        let number = first.map_or(0, |fault| fault.number);
        let why = first.map_or_else(String::new, |fault| fault.wrong.to_string());
        let step = text.lines().nth(number.saturating_sub(1));
        let step = step.unwrap_or_default();
        Refused::new(name.clone(), lines.join("\n"), number, step, why)
    })
}

/// Runs a script.
///
/// # Errors
/// What cannot be had of the system, and an output that cannot be written.
pub fn run(args: &Run, wall: WallClock) -> anyhow::Result<ExitCode> {
    let read = read(&args.file).and_then(|script| {
        if script.needs_program() && args.spawn.is_none() {
            let why = "it tests a program: name it with --spawn 'COMMAND'".to_owned();
            let line = format!("sockyard: {}: {why}", script.name);
            return Err(Refused::new(script.name, line, 0, "", why));
        }
        Ok(script)
    });
    let script = match read {
        Ok(script) => script,
        Err(refused) => {
            refused.tell();
            if args.format == Format::Json {
                let mut log = Log::new(Vec::new(), args.format, wall);
                script_report::verdict(&mut log, &refused.verdict, None)?;
                // Whoever does not listen is told by the status.
                let _ = output::print(&log.into_inner());
            }
            return Ok(ExitCode::from(exit::USAGE));
        }
    };
    let clock = Clock::start();
    let (batches, happened) = bounded(BATCHES);
    let (asked, asks) = bounded(SIGNALS);
    let (program, tested) = match &args.spawn {
        Some(command) => {
            let (events, tested) = bounded(EVENTS);
            (Some(Program::new(command, events)), tested)
        }
        // A channel without a sender would always have something to say: that.
        None => (None, never()),
    };
    let watch = Watch::headless(asked, program::abandon).context("cannot listen to signals")?;
    let limits = args.limits.limits();
    let mut app = App::new(&Settings {
        receive: Receive::ByHand,
        limits,
        clock: wall,
        ..Settings::default()
    });
    app.player = Some(Player::new(
        script,
        limits,
        Pace::AtOnce,
        args.spawn.is_some(),
        clock.now(),
    ));
    let out = Printer::start(asks.clone()).context("no thread that prints can be started")?;
    let mut runner = Runner {
        app,
        hands: Hands::new(clock, batches).with_capacity(args.capacity.capacity()),
        clock,
        log: Log::new(out, args.format, wall),
        format: args.format,
        program,
        tested,
        lines_left: SHOWN_LINES,
        is_flooded: false,
        verdict: None,
    };
    let ended = match runner.turn(&asks, &happened) {
        // It was asked to end in the middle of a line that nobody took.
        Err(error) if printer::is_stuck(&error) => match asks.try_recv() {
            Ok(Asked::End(signal)) => Ok(Some(signal)),
            _ => Err(error),
        },
        ended => ended,
    };
    let Runner {
        hands,
        program,
        tested,
        verdict,
        ..
    } = runner;
    if let Some(mut program) = program {
        program.end_at_once();
    }
    let is_saved = hands.rest((happened, tested));
    drop(watch);
    let status = match ended {
        Ok(Some(signal)) => return Ok(exit::signal(signal)),
        // What was asked for last may go wrong after the last line: it is known only now.
        Ok(None) => verdict.map_or(exit::FAILED, |verdict| match status(&verdict) {
            0 if !is_saved => exit::FAILED,
            status => status,
        }),
        // Nobody reads the output any more: the status still tells how far it came.
        Err(error) if printer::is_unread(&error) => exit::FAILED,
        Err(error) => return Err(output::told(error)),
    };
    Ok(ExitCode::from(status))
}

fn status(verdict: &Verdict) -> u8 {
    match &verdict.failure {
        None => 0,
        Some(failure) if failure.is_wrong => exit::USAGE,
        Some(_) => exit::FAILED,
    }
}

/// The loop.
struct Runner<W: Write> {
    app: App,
    hands: Hands,
    clock: Clock,
    log: Log<W>,
    format: Format,
    program: Option<Program>,
    /// What the program under test does.
    tested: Receiver<ProgramEvent>,
    /// How many lines of it may still be shown.
    lines_left: usize,
    /// Whether it was said that no more of them are shown.
    is_flooded: bool,
    verdict: Option<Verdict>,
}

impl<W: Write> Runner<W> {
    /// Runs until the script is over; or gives back the signal that has ended it.
    fn turn(
        &mut self,
        asks: &Receiver<Asked>,
        happened: &Receiver<Batch>,
    ) -> anyhow::Result<Option<u8>> {
        // Batches of the sockets since the program under test has had something to say.
        let mut in_a_row = 0;
        loop {
            let effects = self.app.update(Msg::Now(self.clock.now()));
            self.carry_out(effects)?;
            if self.verdict.is_some() {
                return Ok(None);
            }
            if happened.is_empty() && self.tested.is_empty() {
                self.log.flush()?;
            }
            let wake = self.app.wakes_at();
            let time = wake.map_or_else(never, |moment| at(self.clock.instant(moment)));
            let (reports, is_behind) = self.hands.reports();
            // What the sockets have said before the program under test is heard before it: as much as their channel holds.
            // In a flood it would wait for ever otherwise.
            if self.tested.is_empty() {
                in_a_row = 0;
            }
            let is_programs_turn = in_a_row >= BATCHES;
            let nothing = never();
            let happened = if is_behind || is_programs_turn {
                &nothing
            } else {
                happened
            };
            // What comes of the files is first: there is never more of it than the sockets have given reason to.
            select_biased! {
                recv(asks) -> asked => match asked.map_err(|_| anyhow!("the thread for signals failed"))? {
                    Asked::End(signal) => return Ok(Some(signal)),
                    Asked::Stop | Asked::Continue | Asked::Resize => {}
                },
                recv(reports) -> report => if let Some(msg) = self.hands.reported(report) {
                    self.tell(msg)?;
                },
                recv(happened) -> batch => {
                    let batch = batch.map_err(|_| anyhow!("the workers are gone"))?;
                    for event in &batch {
                        self.log.event(event)?;
                    }
                    self.tell(Msg::Happened(batch))?;
                    in_a_row += 1;
                }
                recv(self.tested) -> event => {
                    in_a_row = 0;
                    if let Ok(event) = event {
                        self.program_has(event)?;
                    }
                }
                recv(time) -> _ => {}
            }
        }
    }

    fn program_has(&mut self, event: ProgramEvent) -> anyhow::Result<()> {
        if let ProgramEvent::Prints(lines) = &event {
            let shown = lines.len().min(self.lines_left);
            self.lines_left -= shown;
            script_report::printed(&mut self.log, &lines[..shown])?;
            if shown < lines.len() && !std::mem::replace(&mut self.is_flooded, true) {
                script_report::too_many_lines(&mut self.log, SHOWN_LINES)?;
            }
        } else {
            script_report::program(&mut self.log, &event)?;
        }
        self.tell(Msg::Program(event))
    }

    /// Hears what the program under test says last, if it ends because of what has failed. A connection is closed before
    /// the reason is printed.
    fn hear_last_words(&mut self) -> anyhow::Result<()> {
        let until = Instant::now() + LAST_WORDS;
        while self.is_program_running() {
            let Ok(event) = self.tested.recv_deadline(until) else {
                return Ok(());
            };
            self.program_has(event)?;
            if Instant::now() >= until {
                // Whoever talks all the time has no last words.
                return Ok(());
            }
        }
        Ok(())
    }

    fn is_program_running(&self) -> bool {
        let tested = self.app.player.as_ref().map(Player::tested);
        tested.is_some_and(|tested| tested.started && tested.exit.is_none())
    }

    fn tell(&mut self, msg: Msg) -> anyhow::Result<()> {
        // What is waited for is measured at the moment at which it came.
        let mut effects = self.app.update(Msg::Now(self.clock.now()));
        effects.extend(self.app.update(msg));
        self.carry_out(effects)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            let msg = match effect {
                Effect::Perform(action) => self.hands.perform(action),
                Effect::Save(order) => self.hands.save(order),
                Effect::Report(Report::Over(verdict)) => {
                    if verdict.failure.is_some() {
                        self.hear_last_words()?;
                    }
                    let tested = self.app.player.as_ref().map(Player::tested);
                    let tested = tested.filter(|_| self.program.is_some());
                    script_report::verdict(&mut self.log, &verdict, tested)?;
                    self.log.flush()?;
                    if self.format == Format::Json
                        && let Some(failure) = &verdict.failure
                    {
                        super::say(&script_report::failure_line(&verdict, failure));
                    }
                    self.verdict = Some(verdict);
                    None
                }
                Effect::Report(report) => {
                    script_report::report(&mut self.log, &report, self.clock.now())?;
                    None
                }
                Effect::Program(order) => {
                    let server = self.app.server.serves_at();
                    self.program.as_mut().and_then(|program| match order {
                        ProgramOrder::Start => program.start(server),
                        ProgramOrder::End => {
                            program.end();
                            None
                        }
                    })
                }
                // There is no screen and no clipboard, and nobody to begin anew. The script itself ends it, and no
                // line of it asks for another one.
                Effect::Load(_)
                | Effect::Copy(_)
                | Effect::Redraw
                | Effect::Suspend
                | Effect::Quit
                | Effect::Anew => None,
            };
            if let Some(msg) = msg {
                self.tell(msg)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;
    use crate::app::script::expectation::Exit;
    use crate::model::call::Function;
    use crate::model::{Actor, Event, SaveId, SaveOrder};

    #[test]
    fn in_a_flood_the_program_under_test_and_the_files_are_heard() {
        const FLOOD: usize = 1_000;
        let (batches, happened) = unbounded();
        for _ in 0..FLOOD {
            let nothing = Event::Unblocked {
                who: Actor::Server,
                function: Function::Accept,
            };
            batches.send(vec![nothing]).expect("the other end is here");
        }
        let (events, tested) = unbounded();
        let exits = ProgramEvent::Exits(Exit::Status(0));
        events.send(exits).expect("the other end is here");
        let clock = Clock::start();
        let script = Script::read("flood", "expect program exits 0\n").expect("a script");
        let limits = crate::app::script::Limits::default();
        let mut app = App::new(&Settings::default());
        app.player = Some(Player::new(script, limits, Pace::AtOnce, true, clock.now()));
        let wall = WallClock {
            start_of_day_offset: 0,
        };
        let mut runner = Runner {
            app,
            hands: Hands::new(clock, bounded(1).0),
            clock,
            log: Log::new(Vec::new(), Format::Text, wall),
            format: Format::Text,
            program: None,
            tested,
            lines_left: SHOWN_LINES,
            is_flooded: false,
            verdict: None,
        };
        let id = SaveId(1);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let replace = false;
        runner.hands.save(SaveOrder::Open { id, path, replace });
        let (reports, _) = runner.hands.reports();
        let until = Instant::now() + Duration::from_secs(10);
        while reports.is_empty() {
            assert!(Instant::now() < until, "nothing comes of the file");
            std::thread::yield_now();
        }
        let (_asked, asks) = bounded(1);
        assert_eq!(runner.turn(&asks, &happened).expect("an end"), None);
        let verdict = runner.verdict.expect("it is over");
        assert_eq!(verdict.failure, None);
        assert!(reports.is_empty(), "{reports:?}");
        assert!(happened.len() >= FLOOD - 2 * BATCHES, "{}", happened.len());
    }
}
