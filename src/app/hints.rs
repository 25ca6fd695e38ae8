//! What the footer says of the keys: those that do something here and now, by what they would do.

use super::client::{MessageCall, Receive};
use super::control::{Button, Control, Input};
use super::key::Key;
use super::keymap::{BINDINGS, Binding, Command, Context, Layer, command, contexts};
use super::script::player::Player;
use super::script::watched::Drive;
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
        // In the field of the size Enter is about the size while bytes are received as they come.
        Command::Enter
            if app.focus == Control::Input(Input::RecvSize)
                && app.client().receive == Receive::Alone =>
        {
            named.map(|_| "set the size")
        }
        Command::Enter => named
            .and(app.focus.button())
            .filter(|button| *button != Button::Recv || !app.receives_alone())
            .map(|button| press(app, button)),
        // Enter does the same there.
        Command::Press(button) if app.focus == Control::Button(button) => None,
        // The script has the keys; to press a button, or to go to one, is to take over.
        Command::Press(_) | Command::Next if app.layer() == Layer::Play => None,
        Command::Script(drive) => {
            let player = app.watched().filter(|player| drives(player, drive))?;
            named.map(|text| match drive {
                Drive::Step | Drive::Play if player.plays() => "pause",
                Drive::GoOn if player.is_over() => "show it",
                Drive::Step
                | Drive::Play
                | Drive::Faster
                | Drive::Slower
                | Drive::TakeOver
                | Drive::GoOn
                | Drive::Again
                | Drive::PutAway => text,
            })
        }
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
        // Outside a field there is a shorter way to it.
        Command::Palette => match app.layer() {
            Layer::Panes if app.focused_input().is_some() => Some("commands"),
            Layer::Line => named,
            Layer::Palette => Some("command line"),
            Layer::Panes
            | Layer::Text
            | Layer::Menu
            | Layer::Prompt
            | Layer::Question
            | Layer::Script
            | Layer::Play => None,
        },
        Command::Scroll(_)
            if matches!(app.layer(), Layer::Text | Layer::Script)
                && room.overlay_rows <= room.overlay =>
        {
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
        | Command::Yes
        | Command::CommandLine
        | Command::Complete
        | Command::CompleteBack
        | Command::ViewScript
        | Command::SaveScript => named,
    }
}

/// The keys of the script on the strip, whatever lies above the panes; each command once.
#[must_use]
pub fn script_keys(app: &App, room: &Rooms) -> Vec<Hint> {
    let mut found: Vec<Hint> = Vec::new();
    let contexts: &[Context] = if app.script_has_keys() {
        &[Context::Play]
    } else {
        &[Context::Everywhere, Context::Outside]
    };
    for context in contexts {
        let bindings = BINDINGS.iter();
        for binding in bindings.filter(|binding| binding.context == *context) {
            if let Command::Script(_) = binding.command
                && let Some(text) = text(app, room, binding)
            {
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

/// Whether the script would do something of it now.
fn drives(player: &Player, drive: Drive) -> bool {
    match drive {
        Drive::Step | Drive::Play | Drive::Faster | Drive::Slower => !player.is_over(),
        // While the script has the keys, Esc does it too.
        Drive::GoOn => player.is_left(),
        Drive::TakeOver | Drive::Again | Drive::PutAway => true,
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
        Button::Send | Button::SendAll => has_socket,
        Button::Recv => has_socket && !app.receives_alone(),
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
