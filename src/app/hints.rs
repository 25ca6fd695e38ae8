//! What the footer says of the keys: those that do something here and now, by what they would do.

use super::control::{Button, Control, Input};
use super::key::Key;
use super::keymap::{BINDINGS, Binding, Command, contexts};
use super::{App, Arrangement, Rooms};
use crate::model::call::Function;

/// A key and what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// The key.
    pub key: Key,
    /// What it asks for.
    pub command: Command,
    /// What it would do, in a word or two.
    pub text: &'static str,
}

/// The keys to show where views have this room, the most particular first, each command once.
#[must_use]
pub fn hints(app: &App, room: &Rooms) -> Vec<Hint> {
    let mut found: Vec<Hint> = Vec::new();
    for context in contexts(app.focus, app.overlay.is_some()) {
        for binding in BINDINGS.iter().filter(|binding| binding.context == context) {
            let known = found.iter().any(|other| other.command == binding.command);
            if let (Some(text), false) = (text(app, room, binding), known) {
                found.push(Hint {
                    key: binding.key,
                    command: binding.command,
                    text,
                });
            }
        }
    }
    found
}

/// What the footer calls a binding now; none if it would do nothing, or is left to the help.
fn text(app: &App, room: &Rooms, binding: &Binding) -> Option<&'static str> {
    let has_socket = app.client.fd.is_some();
    let named = (!binding.hint.is_empty()).then_some(binding.hint);
    match binding.command {
        // Enter on a button or in a field is called by what the button does.
        Command::Enter => named
            .and(app.focus.button())
            .map(|button| press(app, button)),
        Command::Press(button) if is_of_use(app, button) => named.map(|_| press(app, button)),
        Command::Focus(Control::Input(Input::Message)) if has_socket => named,
        Command::Press(_) | Command::Focus(Control::Input(Input::Message)) => None,
        Command::Scroll(_) if app.overlay.is_some() && room.overlay_rows <= room.overlay => None,
        Command::Zoom if app.arrangement == Arrangement::Zoomed => Some("all panes"),
        Command::Quit
        | Command::Suspend
        | Command::Redraw
        | Command::Help
        | Command::CloseOverlay
        | Command::Next
        | Command::Previous
        | Command::Focus(_)
        | Command::Leave
        | Command::ChooseNext
        | Command::ChoosePrevious
        | Command::NextMode
        | Command::NextFilter
        | Command::Scroll(_)
        | Command::Edit(_)
        | Command::Older
        | Command::Newer
        | Command::Details
        | Command::Copy
        | Command::Zoom => named,
    }
}

/// Whether pressing `button` now would come to more than a remark.
#[must_use]
pub fn is_of_use(app: &App, button: Button) -> bool {
    let has_socket = app.client.fd.is_some();
    match button {
        Button::Connect => !has_socket || app.is_connecting(),
        Button::Close => has_socket || app.is_connecting(),
        Button::Send => has_socket,
        Button::Start => true,
    }
}

/// What pressing `button` would do now.
fn press(app: &App, button: Button) -> &'static str {
    match button {
        Button::Connect if app.is_connecting() => "cancel",
        Button::Connect => "connect",
        Button::Close => "close",
        Button::Send if app.client_waits(Function::Send) => "cancel",
        Button::Send => "send",
        Button::Start if app.is_server_up() => "stop server",
        Button::Start => "start server",
    }
}
