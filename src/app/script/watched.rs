//! A script that a person watches: how it is driven step by step or at a pace, left for a while, and put away.
//!
//! While the script has the keys the strip that shows it is open, see `ui::strip`. Whoever takes over has all the usual
//! keys; the strip is folded, and the script stays where it is until it is told to go on.

use std::time::Duration;

use super::player::{Pace, Player};
use crate::app::keymap::{Command, Layer};
use crate::app::{App, Effect};
use crate::model::Moment;

/// How a script is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// How long it rests after each step when it plays.
    pub pace: Duration,
    /// Since when the person has the keys; none while the script has them.
    pub left: Option<Moment>,
}

/// What a person asks of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// Do the next step.
    Step,
    /// Go on at the pace, or pause.
    Play,
    /// Rest half as long after each step.
    Faster,
    /// Rest twice as long.
    Slower,
    /// Leave it where it is, and give the keys to the person.
    TakeOver,
    /// Give the keys back to it.
    GoOn,
    /// Close everything, and begin anew.
    Again,
    /// Forget it; what it opened stays open.
    PutAway,
}

impl Watched {
    /// The shortest rest that keys lead to.
    pub const FASTEST: Duration = Duration::from_millis(125);
    /// The longest.
    pub const SLOWEST: Duration = Duration::from_secs(8);

    /// A script that has the keys, and would rest so long after each step.
    #[must_use]
    pub const fn new(pace: Duration) -> Self {
        Self { pace, left: None }
    }

    /// One that was set faster or slower than keys lead to is not changed in the other direction.
    fn faster(&self) -> Duration {
        (self.pace / 2).max(Self::FASTEST).min(self.pace)
    }

    fn slower(&self) -> Duration {
        (self.pace * 2).min(Self::SLOWEST).max(self.pace)
    }
}

impl Player {
    /// Whether it goes on from step to step by itself.
    #[must_use]
    pub const fn plays(&self) -> bool {
        matches!(self.pace, Pace::Every(_)) && !self.is_over()
    }

    fn set_pace(&mut self, pace: impl Fn(&Watched) -> Duration) {
        if let Some(watched) = &mut self.watched {
            watched.pace = pace(watched);
            if let Pace::Every(_) = self.pace {
                self.pace = Pace::Every(watched.pace);
            }
        }
    }

    fn play_or_pause(&mut self) {
        match (self.pace, &self.watched) {
            (Pace::ByHand, Some(watched)) => self.pace = Pace::Every(watched.pace),
            _ => self.pause(),
        }
    }

    fn take_over(&mut self, now: Moment) {
        self.pause();
        if let Some(watched) = &mut self.watched {
            watched.left.get_or_insert(now);
        }
    }

    fn go_on(&mut self, now: Moment) {
        let left = self
            .watched
            .as_mut()
            .and_then(|watched| watched.left.take());
        if let Some(left) = left {
            self.put_off(now.since(left));
        }
    }
}

impl App {
    /// The script on the strip, if there is one.
    #[must_use]
    pub fn watched(&self) -> Option<&Player> {
        self.player
            .as_ref()
            .filter(|player| player.watched.is_some())
    }

    /// Whether the script on the strip has the keys.
    #[must_use]
    pub fn script_has_keys(&self) -> bool {
        self.watched().is_some_and(|player| !player.is_left())
    }

    /// Whether a step of a script is awaited, so that time is to be shown running.
    #[must_use]
    pub fn is_step_awaited(&self) -> bool {
        let waits = |player: &Player| player.is_busy() && !player.is_left();
        self.watched().is_some_and(waits)
    }

    /// Does with the script what the person asks for.
    pub fn drive(&mut self, drive: Drive) -> Vec<Effect> {
        let now = self.now;
        let Some(player) = self
            .player
            .as_mut()
            .filter(|player| player.watched.is_some())
        else {
            if drive != Drive::PutAway {
                self.tell_failure(
                    "no script is played: the line play FILE begins one, and so does sockyard --play FILE"
                        .to_owned(),
                );
            }
            return Vec::new();
        };
        match drive {
            Drive::Step | Drive::Play if player.is_over() => self.tell_failure(
                "the script is over: r plays it from the beginning, q puts it away".to_owned(),
            ),
            Drive::Step => {
                player.go_on(now);
                player.step();
            }
            Drive::Play => {
                player.go_on(now);
                player.play_or_pause();
            }
            Drive::Faster => player.set_pace(Watched::faster),
            Drive::Slower => player.set_pace(Watched::slower),
            // The same key leads to the script and back.
            Drive::GoOn if player.is_left() => player.go_on(now),
            Drive::TakeOver | Drive::GoOn => player.take_over(now),
            Drive::Again => {
                let script = player.script.clone();
                let pace = player.watched.as_ref().map(|watched| watched.pace);
                let effects = self.begin_anew(script);
                let watched = self
                    .player
                    .as_mut()
                    .and_then(|player| player.watched.as_mut());
                if let (Some(watched), Some(pace)) = (watched, pace) {
                    watched.pace = pace;
                }
                return effects;
            }
            Drive::PutAway => {
                self.player = None;
                self.tell("the script is put away; what it has opened stays open".to_owned());
            }
        }
        Vec::new()
    }

    /// Lets go of the keys for what only a person can mean; whether `command` may be run at all.
    pub(in crate::app) fn makes_way_for(&mut self, command: Command) -> bool {
        if self.layer() != Layer::Play {
            return true;
        }
        if let Command::Press(_) = command {
            self.keeps_keys();
            return false;
        }
        if let Command::Next
        | Command::Previous
        | Command::Focus(_)
        | Command::CommandLine
        | Command::Palette
        | Command::ViewScript = command
        {
            self.drive(Drive::TakeOver);
        }
        true
    }

    /// Says that a key was not for the panes.
    pub(in crate::app) fn keeps_keys(&mut self) {
        self.tell_failure("the script has the keys: Esc takes over by hand".to_owned());
    }
}
