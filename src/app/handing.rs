//! The door through which actions leave for the workers: what a worker has to know beforehand goes out ahead of them.
//!
//! Every list of effects that the app gives back passes through [`App::handed_out`], once.

use super::{App, Effect};
use crate::model::{Action, Actor, ClientAction, SocketAction};

impl App {
    /// What leaves for the shell when `effects` are to: with the first thing that a client's worker has to do goes how it
    /// is to receive, unless it would do so anyway.
    pub fn handed_out(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut out = Vec::with_capacity(effects.len());
        for effect in effects {
            for effect in self.preface(&effect).into_iter().chain([effect]) {
                self.expect_to_settle(&effect);
                out.push(effect);
            }
        }
        out
    }

    fn preface(&mut self, effect: &Effect) -> Option<Effect> {
        let Effect::Perform(Action::Client(id, action)) = effect else {
            return None;
        };
        let preface = self.sessions.get_mut(*id)?.preface.take()?;
        match action {
            // The person has just said so again.
            ClientAction::On(SocketAction::ReceiveAlone(_)) => None,
            ClientAction::On(_)
            | ClientAction::Resolve(_)
            | ClientAction::Socket(..)
            | ClientAction::Connect(_)
            | ClientAction::SendTo(..)
            | ClientAction::CancelConnect
            | ClientAction::End => Some(Effect::Perform(Action::Client(
                *id,
                ClientAction::On(preface),
            ))),
        }
    }

    /// What is handed to a worker is reported as settled one day.
    fn expect_to_settle(&mut self, effect: &Effect) {
        match effect {
            // Its worker ends without another word.
            Effect::Perform(Action::Client(id, ClientAction::End)) => {
                self.outstanding.remove(&Actor::Client(*id));
            }
            Effect::Perform(action) => self.performing(action.who()),
            Effect::Save(_)
            | Effect::Load(_)
            | Effect::Anew
            | Effect::Report(_)
            | Effect::Program(_)
            | Effect::Copy(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// Whether something that was handed to the worker of `who` is not settled yet.
    #[must_use]
    pub fn is_outstanding(&self, who: Actor) -> bool {
        self.outstanding.contains_key(&who)
    }

    /// Whether `who` has something to do for a person: it was handed something that is not settled, or waits in a call.
    #[must_use]
    pub fn is_busy(&self, who: Actor) -> bool {
        self.is_outstanding(who) || self.calls.is_waiting(who)
    }

    /// An action of `who` found no worker and none could be started: the next one is to be told again.
    pub fn not_handed_over(&mut self, who: Actor) {
        if let Actor::Client(id) = who
            && let Some(client) = self.sessions.get_mut(id)
        {
            client.begin_anew();
        }
    }
}
