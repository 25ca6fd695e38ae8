//! The loop: it takes in what the person, the signals and the workers say, lets the app change, carries out the
//! effects, and draws.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use crossbeam_channel::{Receiver, at, bounded, never, select_biased};
use rustix::process::{Signal, kill_current_process_group};

use super::cli::Playground;
use super::config_file::Keys;
use super::flags::{Colour, Flags};
use super::hands::Hands;
use super::input::{Input, Listener, MouseAction};
use super::signals::{Asked, Watch};
use super::terminal::{Screen, restore, restore_on_panic};
use crate::app::bytes::Motion;
use crate::app::script::Script;
use crate::app::script::watched::Drive;
use crate::app::{App, Effect, Msg, Rooms};
use crate::model::{Batch, WallClock};
use crate::net::{Capacity, Clock};
use crate::ui::Drawn;
use crate::ui::theme::{Charset, Palette, Theme};

/// Batches on their way from the workers: each has at most 320 KiB of received bytes, so that 10 MiB are on their way at
/// most, and a burst of one-event batches of as many connections does not wait for the screen.
pub(super) const BATCHES: usize = 32;
/// Batches taken in before the person is asked again: what one look at a full channel finds.
const BATCHES_AT_ONCE: usize = 32;
/// Keys on their way: more than a person types during a frame; a pasted text is one of them. When it is full the
/// terminal keeps the rest.
const INPUTS: usize = 64;
/// Signals on their way; of each kind the kernel keeps no more than one.
pub(super) const SIGNALS: usize = 8;

/// Sixty frames a second at the most.
const FRAME: Duration = Duration::from_micros(16_667);
/// How long what the sockets report may wait when the screen shows something else before it anyway: to be woken up for each
/// batch of a flood would take as much of the machine as the flood.
const REST: Duration = Duration::from_millis(1);
/// How often a running time is shown anew while a person waits for a call.
const TICK: Duration = Duration::from_millis(100);

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person quit, or closed the terminal.
    Quit,
    /// This signal.
    Signal(u8),
}

/// Runs the playground until it ends, and in it `script` if there is one.
///
/// # Errors
/// A terminal that cannot be used.
pub fn run(
    playground: &Playground,
    keys: &Keys,
    script: Option<Script>,
    wall: WallClock,
) -> anyhow::Result<Ending> {
    let clock = Clock::start();
    let (inputs, input) = bounded(INPUTS);
    let (asked, asks) = bounded(SIGNALS);
    let watch = Watch::start(asked).context("cannot listen to signals")?;
    restore_on_panic();
    let screen = Screen::enter().context("cannot use the terminal")?;
    let listener = Listener::start(inputs).context("cannot listen to the keyboard")?;

    let capacity = playground.flags.capacity.capacity();
    let mut shell = Shell {
        app: App::new(&playground.settings(keys, wall)),
        theme: theme(&playground.flags),
        yard: Workers::start(clock, capacity),
        capacity,
        clock,
        screen,
        drawn: Drawn::default(),
        stale: true,
    };
    if let Some(script) = script {
        shell.app.begin(script);
    }
    let start = shell
        .app
        .start(playground.serve.is_some(), playground.connect.is_some());
    let ending = shell.carry_out(start).and_then(|ended| match ended {
        Some(ending) => Ok(ending),
        None => shell.turn(&asks, &input),
    });

    // The terminal first, so that the prompt is there whatever the rest does.
    let Shell { screen, yard, .. } = shell;
    drop(screen);
    let _ = yard.hands.rest((asks, input, yard.happened));
    drop(listener);
    drop(watch);
    ending
}

fn theme(flags: &Flags) -> Theme {
    let no_colour = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Theme::new(
        match flags.colour {
            Colour::Auto if !no_colour() => Palette::Colour,
            Colour::Auto | Colour::Never => Palette::Plain,
        },
        if flags.ascii {
            Charset::Ascii
        } else {
            Charset::Unicode
        },
    )
}

/// The workers, and what they report.
struct Workers {
    hands: Hands,
    happened: Receiver<Batch>,
}

impl Workers {
    fn start(clock: Clock, capacity: Capacity) -> Self {
        let (batches, happened) = bounded(BATCHES);
        Self {
            hands: Hands::new(clock, batches).with_capacity(capacity),
            happened,
        }
    }
}

struct Shell {
    app: App,
    theme: Theme,
    yard: Workers,
    capacity: Capacity,
    clock: Clock,
    screen: Screen,
    drawn: Drawn,
    /// Whether the screen does not show the state any more.
    stale: bool,
}

impl Shell {
    fn turn(&mut self, asks: &Receiver<Asked>, input: &Receiver<Input>) -> anyhow::Result<Ending> {
        let mut due = Instant::now();
        // Whether the person has done something that the screen does not show yet.
        let mut is_awaited = false;
        // Until when nobody is in a hurry for what the sockets have to say.
        let mut rests_until = due;
        loop {
            let now = Instant::now();
            // What the sockets do can wait for the next frame. What a person does is seen at once, but one frame is
            // enough for all that has been pressed so far.
            if self.stale && (due <= now || (is_awaited && input.is_empty())) {
                let effects = self.draw()?;
                is_awaited = false;
                // However long it takes to draw, the person is heard for about as long: a frame for each key would let them
                // wait for all of them.
                let drawn = Instant::now();
                due = (now + FRAME).max(drawn + (drawn - now).min(FRAME));
                if let Some(ending) = self.carry_out(effects)? {
                    return Ok(ending);
                }
                continue;
            }
            let frame = if self.stale {
                Some(due)
            } else if self.app.calls.is_anything_awaited() || self.app.is_step_awaited() {
                Some(now + TICK)
            } else {
                None
            };
            // A script that is played goes on when its time has come.
            let step = self.app.wakes_at().map(|moment| self.clock.instant(moment));
            let rest = (self.stale && now < rests_until).then_some(rests_until);
            let wake = frame.into_iter().chain(step).chain(rest).min();
            let time = wake.map_or_else(never, at);
            // A disk that is slower than the sockets holds them back: TCP then holds their peers back, and the person is
            // heard all the same.
            let (reports, is_behind) = self.yard.hands.reports();
            let happened = if is_behind || rest.is_some() {
                never()
            } else {
                self.yard.happened.clone()
            };
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
                    is_awaited = true;
                    let effects = self.see_clock();
                    let more = match input.map_err(|_| anyhow!("the thread for the keyboard failed"))? {
                        Input::Closed => return Ok(Ending::Quit),
                        input => self.take_input(input),
                    };
                    [effects, more].concat()
                }
                recv(happened) -> batch => {
                    self.stale = true;
                    let mut effects = self.see_clock();
                    // The workers' end is ours too, so that it cannot be closed.
                    let first = batch.into_iter();
                    let batches = first.chain(happened.try_iter()).take(BATCHES_AT_ONCE);
                    let mut count = 0;
                    for batch in batches {
                        count += 1;
                        effects.extend(self.app.update(Msg::Happened(batch)));
                    }
                    if count < BATCHES_AT_ONCE {
                        rests_until = Instant::now() + REST;
                    }
                    effects
                }
                recv(reports) -> report => {
                    self.stale = true;
                    let mut effects = self.see_clock();
                    let msg = self.yard.hands.reported(report);
                    effects.extend(msg.into_iter().flat_map(|msg| self.app.update(msg)));
                    effects
                }
                recv(time) -> _ => {
                    self.stale = true;
                    self.see_clock()
                }
            };
            // To begin anew ends the workers: one that waits for room in the channel ends once nobody has this end of it.
            drop((happened, reports));
            if let Some(ending) = self.carry_out(effects)? {
                return Ok(ending);
            }
        }
    }

    /// Lets a script that is watched know how late it is, before it takes in anything else: its limits and its pace are
    /// measured whether anything is drawn or not, and it may have been idle for an hour.
    fn see_clock(&mut self) -> Vec<Effect> {
        if self.app.watched().is_some() {
            self.app.update(Msg::Now(self.clock.now()))
        } else {
            vec![]
        }
    }

    fn draw(&mut self) -> anyhow::Result<Vec<Effect>> {
        let mut effects = self.app.update(Msg::Now(self.clock.now()));
        self.drawn = self
            .screen
            .draw(&self.app, self.theme)
            .context("cannot write to the terminal")?;
        self.stale = false;
        let rooms: Rooms = self.drawn.rooms;
        if rooms != self.app.room {
            effects.extend(self.app.update(Msg::Drawn(rooms)));
        }
        Ok(effects)
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

    /// Carries out `effects`; one of them may end the program.
    fn carry_out(&mut self, effects: Vec<Effect>) -> anyhow::Result<Option<Ending>> {
        for effect in effects {
            let ending = match effect {
                Effect::Perform(action) => {
                    let msg = self.yard.hands.perform(action);
                    self.tell_app(msg)?
                }
                Effect::Save(order) => {
                    let msg = self.yard.hands.save(order);
                    self.tell_app(msg)?
                }
                Effect::Load(path) => self.tell_app(Some(Hands::load(&path)))?,
                Effect::Anew => {
                    // With new channels nothing that was on its way arrives in the new beginning.
                    let anew = Workers::start(self.clock, self.capacity);
                    let Workers { hands, happened } = std::mem::replace(&mut self.yard, anew);
                    let wrong = hands.close(happened);
                    let msg = (!wrong.is_empty()).then(|| Msg::Failed(wrong.join("; ")));
                    self.tell_app(msg)?
                }
                // A script is seen on the screen, and one that tests a program is refused.
                Effect::Report(_) | Effect::Program(_) => None,
                Effect::Copy(text) => {
                    self.screen.copy(&text)?;
                    None
                }
                Effect::Redraw => {
                    self.screen.forget()?;
                    self.stale = true;
                    None
                }
                Effect::Suspend => {
                    // A script does not go on meanwhile, and its step has as much time left afterwards as before.
                    let has_script = self.app.script_has_keys();
                    if has_script {
                        self.app.drive(Drive::TakeOver);
                    }
                    restore();
                    // The whole job stops, as with any Ctrl-Z: cargo, for one, waits for us in the foreground. The call
                    // when the process is continued, and SIGCONT then takes the terminal again.
                    kill_current_process_group(Signal::STOP).context("cannot stop")?;
                    // Before anything is drawn: until now the screen is the shell's.
                    self.screen.enter_again()?;
                    self.stale = true;
                    if has_script {
                        self.app.update(Msg::Now(self.clock.now()));
                        self.app.drive(Drive::GoOn);
                    }
                    None
                }
                Effect::Quit => Some(Ending::Quit),
            };
            if ending.is_some() {
                return Ok(ending);
            }
        }
        Ok(None)
    }

    /// Lets the app know what came of an effect, and carries out what it makes of that.
    fn tell_app(&mut self, msg: Option<Msg>) -> anyhow::Result<Option<Ending>> {
        let Some(msg) = msg else {
            return Ok(None);
        };
        self.stale = true;
        let effects = self.app.update(msg);
        self.carry_out(effects)
    }
}
