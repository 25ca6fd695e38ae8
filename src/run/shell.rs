//! The loop: it takes in what the person, the signals and the workers say, lets the app change, carries out the
//! effects, and draws.

use std::io;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use crossbeam_channel::{Receiver, at, bounded, never, select_biased};
use rustix::process::{Signal, kill_current_process_group};

use super::cli::Cli;
use super::input::{Input, Listener, MouseAction};
use super::saver::Saver;
use super::signals::{Asked, Watch};
use super::terminal::{Screen, restore, restore_on_panic};
use crate::app::bytes::Motion;
use crate::app::{App, Effect, Msg, Rooms};
use crate::model::explain;
use crate::model::save::path_text;
use crate::model::{Batch, Errno, SaveOrder, SaveReport, WallClock};
use crate::net::worker::no_thread;
use crate::net::{Clock, Yard};
use crate::ui::Drawn;
use crate::ui::theme::{Charset, Palette, Theme};

/// Batches on their way from the workers: each has at most 320 KiB of received bytes, so that 10 MiB are on their way at
/// most, and a burst of one-event batches of as many connections does not wait for the screen.
const BATCHES: usize = 32;
/// Batches taken in before the person is asked again: what one look at a full channel finds.
const BATCHES_AT_ONCE: usize = 32;
/// Keys on their way: more than a person types during a frame; a pasted text is one of them. When it is full the
/// terminal keeps the rest.
const INPUTS: usize = 64;
/// Signals on their way; of each kind the kernel keeps no more than one.
const SIGNALS: usize = 8;

/// Sixty frames a second at the most.
const FRAME: Duration = Duration::from_micros(16_667);
/// How often a running time is shown anew while a person waits for a call.
const TICK: Duration = Duration::from_millis(100);
/// How long the end waits for files that are being written.
const LAST_WRITES: Duration = Duration::from_secs(3);
/// How long the end waits for worker threads. Each only has to close its socket.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person quit, or closed the terminal.
    Quit,
    /// This signal.
    Signal(u8),
}

/// Runs the playground until it ends.
///
/// # Errors
/// A terminal that cannot be used.
pub fn run(cli: &Cli, wall: WallClock) -> anyhow::Result<Ending> {
    let clock = Clock::start();
    let (batches, happened) = bounded(BATCHES);
    let (inputs, input) = bounded(INPUTS);
    let (asked, asks) = bounded(SIGNALS);
    let watch = Watch::start(asked).context("cannot listen to signals")?;
    restore_on_panic();
    let screen = Screen::enter().context("cannot use the terminal")?;
    let listener = Listener::start(inputs).context("cannot listen to the keyboard")?;

    let mut shell = Shell {
        app: App::new(&cli.settings(wall)),
        theme: theme(cli),
        yard: Yard::new(clock, batches),
        clock,
        screen,
        drawn: Drawn::default(),
        stale: true,
        saver: None,
    };
    let start = shell.app.start(cli.serve.is_some(), cli.connect.is_some());
    let ending = shell.carry_out(start).and_then(|ended| match ended {
        Some(ending) => Ok(ending),
        None => shell.turn(&asks, &input, &happened),
    });

    // The terminal first, so that the prompt is there whatever the rest does. Then our ends of the channels: a thread
    // that waits to be heard would never end.
    let Shell {
        screen,
        yard,
        saver,
        ..
    } = shell;
    drop(screen);
    finish_files(saver);
    drop((asks, input, happened));
    drop(listener);
    if !yard.shut_down(LAST_WAIT) {
        super::say(&format!(
            "a worker thread did not end within {LAST_WAIT:?} and is left behind"
        ));
    }
    drop(watch);
    ending
}

/// Lets the files that are being saved come to their end, as far as they are received, and says what went wrong.
fn finish_files(saver: Option<(Saver, Receiver<SaveReport>)>) {
    let Some((saver, reports)) = saver else {
        return;
    };
    if !saver.finish(LAST_WRITES) {
        super::say(&format!(
            "a file could not be written to its end within {LAST_WRITES:?}"
        ));
    }
    for report in reports.try_iter() {
        if let SaveReport::Failed { path, why, .. } = report {
            super::say(&format!("not saved: {}: {why}", path_text(&path)));
        }
    }
}

/// An error of the system in our own words, where we have some.
fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        _ if error.kind() == io::ErrorKind::WouldBlock => no_thread(error),
        Some(number) => explain::errno_line(Errno(number)),
        None => error.to_string(),
    }
}

fn theme(cli: &Cli) -> Theme {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Theme::new(
        if no_colour {
            Palette::Plain
        } else {
            Palette::Colour
        },
        if cli.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        },
    )
}

struct Shell {
    app: App,
    theme: Theme,
    yard: Yard,
    clock: Clock,
    screen: Screen,
    drawn: Drawn,
    /// Whether the screen does not show the state any more.
    stale: bool,
    /// The thread that writes files, started with the first one, and what it reports.
    saver: Option<(Saver, Receiver<SaveReport>)>,
}

impl Shell {
    fn turn(
        &mut self,
        asks: &Receiver<Asked>,
        input: &Receiver<Input>,
        happened: &Receiver<Batch>,
    ) -> anyhow::Result<Ending> {
        let mut last_frame: Option<Instant> = None;
        loop {
            let now = Instant::now();
            let due = last_frame.map_or(now, |last| last + FRAME);
            if self.stale && due <= now {
                self.draw()?;
                last_frame = Some(now);
                continue;
            }
            let time = if self.stale {
                at(due)
            } else if self.app.calls.is_anything_awaited() {
                at(now + TICK)
            } else {
                never()
            };
            // A disk that is slower than the sockets holds them back: TCP then holds their peers back, and the person is
            // heard all the same.
            let (reports, is_behind) = match &self.saver {
                Some((saver, reports)) => (reports.clone(), saver.is_behind()),
                None => (never(), false),
            };
            let nothing = never();
            let happened = if is_behind { &nothing } else { happened };
            // The person comes first, however much the sockets have to say.
            let effects = select_biased! {
                recv(asks) -> asked => match asked.map_err(|_| anyhow!("the thread for signals failed"))? {
                    Asked::End(signal) => return Ok(Ending::Signal(signal)),
                    Asked::Stop => vec![Effect::Suspend],
                    Asked::Continue => {
                        self.screen.enter_again()?;
                        self.stale = true;
                        vec![]
                    }
                    Asked::Resize => {
                        // Even at the same size the terminal may have moved what it shows.
                        self.screen.forget()?;
                        self.stale = true;
                        vec![]
                    }
                },
                recv(input) -> input => {
                    self.stale = true;
                    match input.map_err(|_| anyhow!("the thread for the keyboard failed"))? {
                        Input::Closed => return Ok(Ending::Quit),
                        input => self.take_input(input),
                    }
                }
                recv(happened) -> batch => {
                    self.stale = true;
                    // The workers' end is ours too, so that it cannot be closed.
                    let first = batch.into_iter();
                    first
                        .chain(happened.try_iter())
                        .take(BATCHES_AT_ONCE)
                        .flat_map(|batch| self.app.update(Msg::Happened(batch)))
                        .collect()
                }
                recv(reports) -> report => {
                    self.stale = true;
                    if let Ok(report) = report {
                        self.app.update(Msg::Saved(report))
                    } else {
                        self.saver = None;
                        vec![]
                    }
                }
                recv(time) -> _ => {
                    self.stale = true;
                    vec![]
                }
            };
            if let Some(ending) = self.carry_out(effects)? {
                return Ok(ending);
            }
        }
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        self.app.update(Msg::Now(self.clock.now()));
        self.drawn = self
            .screen
            .draw(&self.app, self.theme)
            .context("cannot write to the terminal")?;
        self.stale = false;
        let rooms: Rooms = self.drawn.rooms;
        if rooms != self.app.room {
            self.app.update(Msg::Drawn(rooms));
        }
        Ok(())
    }

    fn take_input(&mut self, input: Input) -> Vec<Effect> {
        let msg = match input {
            Input::Key(key) => Msg::Key(key),
            Input::Paste(text) => Msg::Paste(text),
            Input::Mouse {
                action,
                column,
                row,
            } => {
                let Some(spot) = self.drawn.spot(column, row) else {
                    return vec![];
                };
                match action {
                    MouseAction::Press => Msg::Click(spot),
                    MouseAction::WheelUp => Msg::Wheel(spot, Motion::WheelUp),
                    MouseAction::WheelDown => Msg::Wheel(spot, Motion::WheelDown),
                }
            }
            Input::Resized | Input::Closed => return vec![],
        };
        self.app.update(msg)
    }

    fn save(&mut self, order: SaveOrder) {
        if self.saver.is_none() {
            match Saver::start() {
                Ok(saver) => self.saver = Some(saver),
                Err(error) => {
                    let why = format!("no thread that writes files can be started: {error}");
                    self.app.update(Msg::Failed(why));
                    self.stale = true;
                }
            }
        }
        if let Some((saver, _)) = &self.saver {
            saver.order(order);
        }
    }

    /// Carries out `effects`; one of them may end the program.
    fn carry_out(&mut self, effects: Vec<Effect>) -> anyhow::Result<Option<Ending>> {
        for effect in effects {
            match effect {
                Effect::Perform(action) => {
                    let who = action.who();
                    if let Err(error) = self.yard.perform(action) {
                        let why = match error.kind() {
                            io::ErrorKind::NotFound => {
                                "this connection is closed already".to_owned()
                            }
                            _ => format!(
                                "no worker thread can be started or reached: {}",
                                words(&error)
                            ),
                        };
                        self.app.update(Msg::Undone(who, why));
                        self.stale = true;
                    }
                }
                Effect::Save(order) => self.save(order),
                Effect::Copy(text) => self.screen.copy(&text)?,
                Effect::Redraw => {
                    self.screen.forget()?;
                    self.stale = true;
                }
                Effect::Suspend => {
                    restore();
                    // The whole job stops, as with any Ctrl-Z: cargo, for one, waits for us in the foreground. The call
                    // when the process is continued, and SIGCONT then takes the terminal again.
                    kill_current_process_group(Signal::STOP).context("cannot stop")?;
                    // Before anything is drawn: until now the screen is the shell's.
                    self.screen.enter_again()?;
                    self.stale = true;
                }
                Effect::Quit => return Ok(Some(Ending::Quit)),
            }
        }
        Ok(None)
    }
}
