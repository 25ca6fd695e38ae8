//! How what a step is about is brought into sight: the session in front, the end that is not folded, the button that does
//! it, the newest calls.

use super::expectation::{Counted, Subject};
use crate::app::App;
use crate::app::control::{Button, Control, Pane};
use crate::app::words::Deed;
use crate::model::{Action, Actor, ClientAction, ServerAction, SocketAction};

impl App {
    /// What a deed is about is looked at: the button that does it has the focus.
    pub(super) fn show_deed(&mut self, deed: &Deed) {
        match deed {
            Deed::Act(action) => {
                self.show_actor(action.who());
                let control = control(action);
                // A deed may have led the focus elsewhere itself: to the ports that are tried.
                if !control.pane().is_lower() && self.is_there(control) {
                    self.focus_on(control);
                }
            }
            Deed::AllOptions(who) | Deed::Save { who, .. } | Deed::StopSaving(who) => {
                self.show_actor(*who);
            }
            Deed::Open(id) | Deed::Name(id, _) => self.show_actor(Actor::Client(*id)),
            // They look for themselves.
            Deed::TryAllowed(_)
            | Deed::Crowd(_)
            | Deed::Dismiss
            | Deed::SaveScript { .. }
            | Deed::View(_)
            | Deed::Play(_)
            | Deed::Help
            | Deed::Quit => {}
        }
    }

    /// What is expected is looked at.
    pub(super) fn show_expected(&mut self, subject: &Subject) {
        match subject {
            Subject::Call(who, ..)
            | Subject::Received(who, _)
            | Subject::Ended(who)
            | Subject::State(who, _)
            | Subject::Silence(who, _)
            | Subject::Blocked(who, _)
            | Subject::Saved(who) => self.show_actor(*who),
            Subject::Count(Counted::Accepted | Counted::Open | Counted::Queue, _) => {
                self.show_actor(Actor::Server);
            }
            Subject::Count(
                Counted::CrowdConnected | Counted::CrowdAnswered | Counted::CrowdFailed,
                _,
            ) => self.focus_on(Control::Sessions),
            Subject::Port(..) => self.focus_on(Control::Ports),
            // It is not on the screen.
            Subject::Program(_) => {}
        }
    }

    fn show_actor(&mut self, who: Actor) {
        let pane = match who {
            Actor::Client(id) => {
                self.sessions.show(id);
                Pane::Client
            }
            Actor::Server => Pane::Server,
            Actor::Connection(id) => {
                if self.server.connections.get(id).is_some() {
                    self.server.connections.selected = Some(id);
                }
                Pane::Server
            }
            Actor::Ports => {
                self.focus_on(Control::Ports);
                return;
            }
        };
        if self.focus.pane() != pane {
            self.focus_on(pane.first());
        }
        // The calls are what a lesson is about, and the newest of them.
        self.lower = Pane::Calls;
        self.calls.cursor = None;
    }

    /// Where a deed waits, in plain words.
    pub(super) fn waits_in(&self, deed: &Deed) -> String {
        let who = deed.who();
        let waits = who.zip(self.waiting_call(deed));
        let waits = waits.map(|(who, function)| format!("{who} waits in {}()", function.name()));
        waits.unwrap_or_else(|| match deed.who() {
            Some(Actor::Ports) => "the ports are being tried".to_owned(),
            Some(who) => format!("{who} is at it"),
            None => "it is being done".to_owned(),
        })
    }
}

/// The button that does it.
const fn control(action: &Action) -> Control {
    Control::Button(match action {
        Action::Client(_, action) => match action {
            ClientAction::Resolve(_) => Button::Resolve,
            ClientAction::Socket(..) => Button::Socket,
            ClientAction::Connect(_) | ClientAction::CancelConnect => Button::Connect,
            ClientAction::SendTo(..) => Button::SendAll,
            ClientAction::End => Button::Close,
            ClientAction::On(action) => match action {
                SocketAction::Send { .. } | SocketAction::CancelSend => Button::Send,
                SocketAction::SendAll(_) | SocketAction::SendTo(..) => Button::SendAll,
                SocketAction::Recv { .. }
                | SocketAction::ReceiveAlone(_)
                | SocketAction::CancelRecv => Button::Recv,
                SocketAction::Shutdown(_) => Button::Shutdown,
                SocketAction::Close => Button::Close,
                SocketAction::Bind(_)
                | SocketAction::Reset
                | SocketAction::Set(_)
                | SocketAction::Get(_)
                | SocketAction::Blocking(_) => Button::More,
            },
        },
        Action::Server(action) => match action {
            ServerAction::Start(_) | ServerAction::Stop | ServerAction::Offer(_) => Button::Start,
            ServerAction::Socket(..) => Button::ServerSocket,
            ServerAction::Bind(_) => Button::ServerBind,
            ServerAction::Listen(_) => Button::Listen,
            ServerAction::Accept | ServerAction::CancelAccept | ServerAction::AcceptAlone(_) => {
                Button::Accept
            }
            ServerAction::On(action) => on_connection(action),
        },
        Action::Connection(_, action) => on_connection(action),
        Action::Ports(_) => Button::Try,
    })
}

/// The button that does it to what is selected in the server panel.
const fn on_connection(action: &SocketAction) -> Button {
    match action {
        SocketAction::Send { .. }
        | SocketAction::SendAll(_)
        | SocketAction::SendTo(..)
        | SocketAction::CancelSend => Button::Answer,
        SocketAction::Recv { .. } | SocketAction::CancelRecv => Button::AnswerRecv,
        SocketAction::Shutdown(_) => Button::AnswerShutdown,
        SocketAction::Close => Button::AnswerClose,
        SocketAction::Bind(_)
        | SocketAction::ReceiveAlone(_)
        | SocketAction::Reset
        | SocketAction::Set(_)
        | SocketAction::Get(_)
        | SocketAction::Blocking(_) => Button::ServerMore,
    }
}
