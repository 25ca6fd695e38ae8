//! Scripts in the playground: how one that was read begins.

use std::path::{Path, PathBuf};

use super::player::{Pace, Player};
use super::watched::Watched;
use super::{Fault, Script};
use crate::app::ask::Question;
use crate::app::{App, Effect, Overlay};
use crate::model::ClientId;
use crate::model::save::path_text;

impl App {
    /// Whether a script goes on that is not over and was not left by the person.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        (self.player.as_ref()).is_some_and(|player| !player.is_over() && !player.is_left())
    }

    /// Tells the script that runs, if one does, that something went wrong beside a call.
    pub(in crate::app) fn troubled(&mut self, why: &str) {
        if let Some(player) = &mut self.player {
            player.troubled(why);
        }
    }

    /// Begins to play a script, paused before its first step. The playground is to be as it was at its start.
    pub fn begin(&mut self, script: Script) {
        self.overlay = None::<Overlay>;
        self.sessions.receive_by_hand();
        let mut player = Player::new(script, self.limits, Pace::ByHand, false, self.now);
        player.watched = Some(Watched::new(self.settings.pace));
        self.player = Some(player);
    }

    /// Takes in a script that was read from this file: it begins if the playground is as it was at its start, and otherwise
    /// asks whether everything may be closed first. Or tells which of its lines is wrong.
    pub(in crate::app) fn load(&mut self, path: PathBuf, text: String) {
        match read(&path, &text) {
            Ok(script) if self.is_untouched() => self.begin(script),
            Ok(_) => {
                self.notice = None;
                self.overlay = Some(Overlay::Question(Question::Play { path, text }));
            }
            Err(why) => self.tell_failure(why),
        }
    }

    /// The answer is yes: closes everything, and begins.
    pub(in crate::app) fn play_anew(&mut self, path: &Path, text: &str) -> Vec<Effect> {
        match read(path, text) {
            Ok(script) => self.begin_anew(script),
            Err(why) => {
                self.tell_failure(why);
                Vec::new()
            }
        }
    }

    /// Puts the playground back to its start, every socket closed, and begins. A script counts sessions and connections
    /// from 1, so nothing of what was before may be left.
    pub(in crate::app) fn begin_anew(&mut self, script: Script) -> Vec<Effect> {
        let is_untouched = self.is_untouched();
        let before = std::mem::replace(self, Self::new(&self.settings.clone()));
        self.now = before.now;
        self.room = before.room;
        self.arrangement = before.arrangement;
        self.begin(script);
        if is_untouched {
            Vec::new()
        } else {
            vec![Effect::Anew]
        }
    }

    /// Whether nothing was done yet.
    fn is_untouched(&self) -> bool {
        self.calls.journal.total() == 0
            && self.outstanding.is_empty()
            && self.transcript.lines().next().is_none()
            && self.sessions.next_id() == ClientId(2)
    }
}

/// Reads a script that can be played here, or tells what is wrong.
fn read(path: &Path, text: &str) -> Result<Script, String> {
    let name = path_text(path);
    let script = Script::read(&name, text).map_err(|faults| {
        let first = faults.first().map(|fault: &Fault| fault.told(&name));
        let first = first.unwrap_or_default();
        match faults.len() {
            0 | 1 => first,
            count => format!("{first} (and {} more)", count - 1),
        }
    })?;
    match script.cannot_be_watched() {
        Some(why) => Err(why),
        None => Ok(script),
    }
}

impl Script {
    /// Why it cannot be played in the playground, if it cannot.
    #[must_use]
    pub fn cannot_be_watched(&self) -> Option<String> {
        let name = &self.name;
        if self.steps.is_empty() {
            return Some(format!("{name} has no steps: there is nothing to play"));
        }
        self.needs_program()
            .then(|| format!("{name} tests a program: sockyard run {name} --spawn 'COMMAND'"))
    }
}
