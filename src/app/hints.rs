//! What the footer says of the keys: those that do something here and now, by what they would do.

use super::client::MessageCall;
use super::control::{Button, Control, Input};
use super::key::Key;
use super::keymap::{BINDINGS, Binding, Command, Layer, command, contexts};
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
    let contexts = contexts(app.focus, app.layer());
    for context in &contexts {
        for binding in BINDINGS
            .iter()
            .filter(|binding| binding.context == *context)
        {
            let known = found.iter().any(|other| other.command == binding.command);
            // A more particular context may have another meaning for the key.
            let holds = command(&contexts, binding.key) == Some(binding.command);
            if let (Some(text), true, false) = (text(app, room, binding), holds, known) {
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
    let has_socket = app.client().socket.fd.is_some();
    let named = (!binding.hint.is_empty()).then_some(binding.hint);
    match binding.command {
        // Enter on a button or in a field is called by what the button does.
        Command::Enter => named
            .and(app.focus.button())
            .map(|button| press(app, button)),
        Command::Press(button) if is_of_use(app, button) => named.map(|_| press(app, button)),
        Command::Focus(Control::Input(Input::Message)) if has_socket => named,

        Command::Focus(Control::Input(Input::Answer))
            if app.server.connections.open() > 0 || !app.server.peers.is_empty() =>
        {
            named
        }
        Command::Press(_) | Command::Focus(Control::Input(Input::Message | Input::Answer)) => None,
        // In a window there is one field and nothing to go to.
        Command::Next | Command::Older if app.layer() == Layer::Prompt => None,
        Command::Scroll(_) if app.layer() == Layer::Text && room.overlay_rows <= room.overlay => {
            None
        }
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
        | Command::Change(_)
        | Command::NextMode
        | Command::NextFilter
        | Command::Scroll(_)
        | Command::Edit(_)
        | Command::Older
        | Command::Newer
        | Command::Details
        | Command::Copy
        | Command::Zoom
        | Command::NextSession
        | Command::PreviousSession
        | Command::ShowSession
        | Command::EndSession
        | Command::Texts
        | Command::ChooseItem
        | Command::Accept
        | Command::Yes => named,
    }
}

/// Whether pressing `button` now would come to more than the kernel's objection. It can be pressed all the same: by hand
/// an order that makes no sense is passed on, and the answer is the lesson.
#[must_use]
pub fn is_of_use(app: &App, button: Button) -> bool {
    let client = app.client();
    let has_socket = client.socket.fd.is_some();
    let server_has_socket = app.server.socket.fd.is_some();
    let has_connection = app.server.connections.current().is_some_and(|c| !c.closed);
    match button {
        Button::Connect => !client.socket.is_connected() || app.is_connecting(),
        Button::Socket => !has_socket,
        Button::Close => has_socket || app.is_connecting(),
        Button::Send | Button::SendAll | Button::Recv => has_socket,
        Button::Shutdown => client.socket.is_connected(),
        Button::ServerSocket => !server_has_socket,
        Button::ServerBind => server_has_socket && app.server.local.is_none(),
        Button::Listen => server_has_socket && !app.server.is_udp(),
        Button::Accept => app.server.listens,
        Button::Answer => has_connection || !app.server.peers.is_empty(),
        Button::AnswerRecv => has_connection || (app.server.is_udp() && server_has_socket),
        Button::AnswerShutdown | Button::AnswerClose => has_connection,
        Button::Dismiss => app.sessions.iter().any(|client| client.plan.is_some()),
        Button::Resolve
        | Button::More
        | Button::Start
        | Button::ServerMore
        | Button::Open
        | Button::Crowd
        | Button::Try => true,
    }
}

/// What pressing `button` would do now.
#[must_use]
pub fn press(app: &App, button: Button) -> &'static str {
    match button {
        Button::Connect if app.is_connecting() => "cancel",
        Button::Connect => "connect",
        Button::Socket | Button::ServerSocket => "socket",
        Button::Resolve if app.client_waits(Function::Getaddrinfo) => "cancel",
        Button::Resolve => "getaddrinfo",
        Button::Shutdown | Button::AnswerShutdown => "shutdown",
        Button::Close => "close",
        Button::Send | Button::SendAll if app.is_sending() => "cancel",
        Button::Send => "send once",
        Button::SendAll => match app.client().message_call() {
            MessageCall::SendAll => "send",
            MessageCall::Send => "send one",
            MessageCall::SendTo => "sendto",
        },
        Button::Recv if app.is_receiving_by_hand() => "cancel",
        Button::Answer if app.is_answer_sending() => "cancel",
        Button::AnswerRecv if app.is_answer_receiving() => "cancel",
        Button::Recv | Button::AnswerRecv => "recv",
        Button::More | Button::ServerMore => "more",
        Button::Start if app.is_server_up() => "stop server",
        Button::Start => "start server",
        Button::ServerBind => "bind",
        Button::Listen => "listen",
        Button::Accept if app.is_accepting_by_hand() => "cancel",
        Button::Accept => "accept",
        Button::Answer => "answer",
        Button::AnswerClose => "close it",
        Button::Open => "another client",
        Button::Crowd => "start the crowd",
        Button::Dismiss => "end the crowd",
        Button::Try if app.ports.running => "stop",
        Button::Try => "try them",
    }
}
