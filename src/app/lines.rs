//! Which line each button, key and item of a menu is: the two words that it begins with, by which its usage is found.
//!
//! What a button would say now is [`App::line_of_button`](super::App::line_of_button); what a line does is in [`super::words`].

use super::control::{Button, Choice, Control, Pane};
use super::keymap::Command;
use super::menu::{Chosen, Verb};
use super::saving::What;
use super::words::Deed;
use super::words::grammar::CONNECTION;
use super::words::usage::{Usage, usage};
use crate::model::{Action, Actor, SocketAction};

impl Button {
    /// The words that its line begins with; none if it opens a menu.
    #[must_use]
    pub const fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Socket => "client socket",
            Self::Resolve => "client getaddrinfo",
            Self::Connect => "client connect",
            Self::Shutdown => "client shutdown",
            Self::Close => "client close",
            Self::Send => "client send",
            Self::SendAll => "client sendall",
            Self::Recv => "client recv",
            Self::Start => "server start",
            Self::ServerSocket => "server socket",
            Self::ServerBind => "server bind",
            Self::Listen => "server listen",
            Self::Accept => "server accept",
            Self::Answer => "server#N sendall",
            Self::AnswerRecv => "server#N recv",
            Self::AnswerShutdown => "server#N shutdown",
            Self::AnswerClose => "server#N close",
            Self::Open => "client2 open",
            Self::Crowd => "crowd start",
            Self::Dismiss => "crowd end",
            Self::Try => "ports try",
            Self::More | Self::ServerMore => return None,
        })
    }
}

impl Command {
    /// The words that its line begins with, if it is one.
    #[must_use]
    pub const fn words(self) -> Option<&'static str> {
        Some(match self {
            Self::Press(button) => return button.words(),
            Self::Quit => "quit",
            Self::Help => "help",
            Self::EndSession => "client end",
            Self::ViewScript => "view script",
            Self::SaveScript => "save script",
            Self::Zoom => "view zoom",
            Self::NextMode => "client view",
            Self::NextFilter => "view calls",
            Self::Change(Choice::Receive) => "client autorecv",
            Self::Change(Choice::Service | Choice::Model) => "server offer",
            Self::Focus(control) => match control {
                Control::Sessions => "view clients",
                Control::Calls => "view calls",
                Control::Button(button) => match button.pane() {
                    Pane::Client => "view client",
                    Pane::Server => "view server",
                    Pane::Ports => "view ports",
                    Pane::Calls | Pane::Sessions => return None,
                },
                Control::Input(_)
                | Control::Choice(_)
                | Control::Bytes(_)
                | Control::Connections
                | Control::Ports => return None,
            },
            Self::Suspend
            | Self::Redraw
            | Self::CloseOverlay
            | Self::Next
            | Self::Previous
            | Self::Leave
            | Self::Enter
            | Self::ChooseNext
            | Self::ChoosePrevious
            | Self::Change(_)
            | Self::Scroll(_)
            | Self::Edit(_)
            | Self::Older
            | Self::Newer
            | Self::Details
            | Self::Copy
            | Self::NextSession
            | Self::PreviousSession
            | Self::ShowSession
            | Self::Texts
            | Self::ChooseItem
            | Self::Accept
            | Self::Yes
            | Self::CommandLine
            | Self::Palette
            | Self::Complete
            | Self::CompleteBack
            | Self::Script(_) => return None,
        })
    }

    /// How its line is used, if it is one.
    #[must_use]
    pub fn usage(self) -> Option<Usage> {
        usage(self.words()?)
    }
}

impl Chosen {
    /// The line that does the same, with what varies in capitals.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        match self {
            Self::Do(who, verb) => {
                let (word, pick, flag) = verb.words()?;
                let usage = usage(&format!("{who} {word}"))?;
                Some(
                    format!("{} {flag}", usage.short(pick))
                        .trim_end()
                        .to_owned(),
                )
            }
            Self::Shutdown(who, how) => {
                let action = Action::on(*who, SocketAction::Shutdown(*how));
                Some(Deed::Act(action).to_string())
            }
            Self::Option(who, option) => Some(format!("{who} setsockopt {option} VALUE")),
            Self::AllOptions(who) => Some(Deed::AllOptions(*who).to_string()),
            Self::Text(_) | Self::Address(_) => None,
        }
    }
}

impl Verb {
    /// Its verb in a line, which of the ways to say what is needed it takes, and what else it says; none if it is no line.
    const fn words(self) -> Option<(&'static str, usize, &'static str)> {
        Some(match self {
            Self::Bind => ("bind", 0, ""),
            Self::Send => ("send", 0, ""),
            Self::Urgent => ("send", 0, "--oob"),
            Self::MadeUpOnce => ("send", 1, ""),
            Self::SendTo => ("sendto", 0, ""),
            Self::MadeUp => ("sendall", 1, ""),
            Self::Recv => ("recv", 0, ""),
            Self::RecvUrgent => ("recv", 0, "--oob"),
            Self::Peek => ("recv", 0, "--peek"),
            Self::Close => ("close", 0, ""),
            Self::Reset => ("reset", 0, ""),
            Self::Blocking => ("blocking", 0, ""),
            Self::AcceptAlone => ("autoaccept", 0, ""),
            Self::Save(What::Whole) => ("save", 0, ""),
            Self::Save(What::Body) => ("save", 0, "--body"),
            Self::StopSaving => ("save", 1, ""),
            Self::Join => ("join", 0, ""),
            Self::Leave => ("leave", 0, ""),
            Self::MulticastInterface => ("multicast-if", 0, ""),
            Self::Name => ("name", 0, ""),
            Self::Open => ("open", 0, ""),
            Self::End => ("end", 0, ""),
            Self::Texts | Self::Shutdown | Self::Options | Self::Addresses | Self::Other(_) => {
                return None;
            }
        })
    }
}

/// The first word of lines about `who`, or of those about any connection.
#[must_use]
pub fn first_word(who: Option<Actor>) -> String {
    who.map_or_else(|| CONNECTION.to_owned(), |who| who.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::keymap::BINDINGS;

    #[test]
    fn every_button_that_opens_no_menu_has_a_usage() {
        for button in Button::ALL {
            let is_menu = matches!(button, Button::More | Button::ServerMore);
            let usage = button.words().and_then(usage);
            assert_eq!(usage.is_none(), is_menu, "{button:?}");
        }
    }

    #[test]
    fn the_words_of_every_key_are_in_the_grammar() {
        for binding in BINDINGS {
            let words = binding.command.words();
            let usage = binding.command.usage();
            assert_eq!(words.is_some(), usage.is_some(), "{:?}", binding.command);
        }
    }
}
