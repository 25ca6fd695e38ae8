//! Every key, defined once. Dispatch, the footer and the help all read [`BINDINGS`].

use super::bytes::Motion;
use super::control::{Button, Bytes, Choice, Control, Input, Pane};
use super::field::Edit;
use super::key::{Code, Key};
use super::script::watched::Drive;

/// What a key or a click asks of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Ends the program.
    Quit,
    /// Stops the program as `Ctrl-Z` does in a shell; `fg` goes on.
    Suspend,
    /// Draws everything anew.
    Redraw,
    /// Opens the help.
    Help,
    /// Closes what is open above the panes.
    CloseOverlay,
    /// Focus to the next control.
    Next,
    /// Focus to the control before.
    Previous,
    /// Focus to a control.
    Focus(Control),
    /// Focus out of the field, to its button.
    Leave,
    /// Presses a button.
    Press(Button),
    /// Presses the button that the focused control has.
    Enter,
    /// The next value of the focused choice.
    ChooseNext,
    /// The value before.
    ChoosePrevious,
    /// The next value of a choice, wherever the focus is.
    Change(Choice),
    /// The next way to show bytes.
    NextMode,
    /// The next choice of whose calls are shown.
    NextFilter,
    /// Moves through what the focused control shows, or in a field through what its pane received.
    Scroll(Motion),
    /// Edits the focused field.
    Edit(Edit),
    /// The entry of the field's history before.
    Older,
    /// The entry after.
    Newer,
    /// Tells everything about the selected call.
    Details,
    /// Copies the selected call's line to the clipboard.
    Copy,
    /// Gives the focused pane the whole screen, or takes it back.
    Zoom,
    /// Brings the next session to the front.
    NextSession,
    /// Brings the session before to the front.
    PreviousSession,
    /// Brings the selected session to the front.
    ShowSession,
    /// Ends the selected session, or the one in front.
    EndSession,
    /// Opens the menu of ready-made messages.
    Texts,
    /// Does what the selected item of the menu says.
    ChooseItem,
    /// Takes what was typed.
    Accept,
    /// Answers the question with yes.
    Yes,
    /// Opens the command line.
    CommandLine,
    /// Opens the palette, or goes from it to the command line and back.
    Palette,
    /// Completes the word at the cursor, or takes the next that would do.
    Complete,
    /// Takes the one before.
    CompleteBack,
    /// Shows what was done until now as a script.
    ViewScript,
    /// Begins the line that saves it.
    SaveScript,
    /// Drives the script that is played.
    Script(Drive),
}

/// What lies above the panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Nothing.
    Panes,
    /// Text to read: the help, the details of a call.
    Text,
    /// A menu.
    Menu,
    /// A line of text that is asked for.
    Prompt,
    /// A question.
    Question,
    /// What was done until now, as a script.
    Script,
    /// The command line.
    Line,
    /// The palette.
    Palette,
    /// Nothing, but a script that is played has the keys.
    Play,
}

/// What the help says before it lists the keys, a paragraph a line.
pub const INTRODUCTION: &str = include_str!("../../assets/help.txt");

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Always.
    Everywhere,
    /// Wherever no field has the focus and nothing is open above the panes.
    Outside,
    /// In a text field.
    Field,
    /// On a button.
    Button,
    /// On one of a few values.
    Choice,
    /// In received bytes.
    Bytes,
    /// In the list of connections.
    Connections,
    /// In the list of calls.
    Calls,
    /// In the list of sessions.
    Sessions,
    /// In the list of ports.
    Ports,
    /// Outside a text field of the pane of all clients.
    Crowd,
    /// Outside a text field of the pane of ports.
    Trying,
    /// Outside a text field of the server panel.
    Server,
    /// Outside a text field of any other pane.
    Client,
    /// While there is something to read above the panes.
    Overlay,
    /// While a menu is open.
    Menu,
    /// While a line of text is asked for.
    Prompt,
    /// While a question is open.
    Question,
    /// While what was done is shown as a script.
    Script,
    /// In the command line.
    Line,
    /// In the palette.
    Palette,
    /// While a script is played.
    Play,
}

impl Context {
    /// The heading under which the help lists it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Outside => "Outside a text field",
            Self::Field => "In a text field",
            Self::Button => "On a button",
            Self::Choice => "On a choice",
            Self::Bytes => "In received bytes",
            Self::Connections => "In the list of connections",
            Self::Calls => "In the list of calls",
            Self::Sessions => "In the list of clients",
            Self::Ports => "In the list of ports",
            Self::Crowd => "In the clients pane, outside a text field",
            Self::Trying => "In the ports pane, outside a text field",
            Self::Server => "In the server panel, outside a text field",
            Self::Client => "Elsewhere, outside a text field",
            Self::Overlay => "In help and details",
            Self::Menu => "In a menu",
            Self::Prompt => "Where a line of text is asked for",
            Self::Question => "Where a yes is asked for",
            Self::Script => "In what was done",
            Self::Line => "In the command line",
            Self::Palette => "In the palette",
            Self::Play => "While a script is played",
        }
    }

    /// Its keys as the help lists them, those that do the same together.
    #[must_use]
    pub fn rows(self) -> Vec<(String, &'static Binding)> {
        let mut rows: Vec<(String, &Binding)> = Vec::new();
        for binding in BINDINGS.iter().filter(|binding| binding.context == self) {
            match rows.last_mut() {
                Some((keys, _)) if binding.help.is_empty() => {
                    keys.push_str(&format!(" {}", binding.key));
                }
                Some(_) | None => rows.push((binding.key.to_string(), binding)),
            }
        }
        rows
    }

    /// The same, with what they do.
    #[must_use]
    pub fn explained(self) -> Vec<(String, &'static str)> {
        let rows = self.rows().into_iter();
        rows.map(|(keys, binding)| (keys, binding.help)).collect()
    }

    /// The order in which the help lists them.
    pub const ALL: [Self; 22] = [
        Self::Outside,
        Self::Client,
        Self::Server,
        Self::Crowd,
        Self::Trying,
        Self::Everywhere,
        Self::Line,
        Self::Palette,
        Self::Play,
        Self::Field,
        Self::Button,
        Self::Choice,
        Self::Bytes,
        Self::Connections,
        Self::Calls,
        Self::Sessions,
        Self::Ports,
        Self::Overlay,
        Self::Script,
        Self::Menu,
        Self::Prompt,
        Self::Question,
    ];
}

/// A key, where it holds, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Where it holds.
    pub context: Context,
    /// The key.
    pub key: Key,
    /// What it asks for.
    pub command: Command,
    /// What the footer calls it, see [`super::hints`]; empty if the footer leaves it out.
    pub hint: &'static str,
    /// What the help says; empty for a second key of the binding before it.
    pub help: &'static str,
}

const fn bind(
    context: Context,
    key: Key,
    command: Command,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        context,
        key,
        command,
        hint,
        help,
    }
}

const FIELD: Context = Context::Field;
const BUTTON: Context = Context::Button;
const CHOICE: Context = Context::Choice;
const BYTES: Context = Context::Bytes;
const CONNECTIONS: Context = Context::Connections;
const CALLS: Context = Context::Calls;
const OUTSIDE: Context = Context::Outside;
const EVERYWHERE: Context = Context::Everywhere;
const OVERLAY: Context = Context::Overlay;
const SESSIONS: Context = Context::Sessions;
const PORTS: Context = Context::Ports;
const CLIENT: Context = Context::Client;
const CROWD: Context = Context::Crowd;
const TRYING: Context = Context::Trying;
const SERVER: Context = Context::Server;
const MENU: Context = Context::Menu;
const PROMPT: Context = Context::Prompt;
const QUESTION: Context = Context::Question;
const SCRIPT: Context = Context::Script;
const LINE: Context = Context::Line;
const PALETTE: Context = Context::Palette;
const PLAY: Context = Context::Play;

/// Every key of the program. The footer shows hints in this order, those of the focused control first.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    bind(FIELD, Key::plain(Code::Enter), Command::Enter, "go", "press the button of this row: Connect, sendAll, Recv, Start, …"),
    bind(FIELD, Key::plain(Code::Esc), Command::Leave, "leave the field", "leave the field, so that letters press buttons"),
    bind(FIELD, Key::plain(Code::Tab), Command::Next, "next", "to the next control"),
    bind(FIELD, Key::plain(Code::BackTab), Command::Previous, "", "to the control before"),
    bind(FIELD, Key::plain(Code::Up), Command::Older, "history", "what was entered before"),
    bind(FIELD, Key::plain(Code::Down), Command::Newer, "", "what was entered after"),
    bind(FIELD, Key::plain(Code::Left), Command::Edit(Edit::Left), "", "a character back"),
    bind(FIELD, Key::plain(Code::Right), Command::Edit(Edit::Right), "", "a character on"),
    bind(FIELD, Key::ctrl(Code::Left), Command::Edit(Edit::WordLeft), "", "a word back"),
    bind(FIELD, Key::alt(Code::Char('b')), Command::Edit(Edit::WordLeft), "", ""),
    bind(FIELD, Key::ctrl(Code::Right), Command::Edit(Edit::WordRight), "", "a word on"),
    bind(FIELD, Key::alt(Code::Char('f')), Command::Edit(Edit::WordRight), "", ""),
    bind(FIELD, Key::plain(Code::Home), Command::Edit(Edit::Home), "", "to the beginning"),
    bind(FIELD, Key::ctrl(Code::Char('a')), Command::Edit(Edit::Home), "", ""),
    bind(FIELD, Key::plain(Code::End), Command::Edit(Edit::End), "", "to the end"),
    bind(FIELD, Key::ctrl(Code::Char('e')), Command::Edit(Edit::End), "", ""),
    bind(FIELD, Key::plain(Code::Backspace), Command::Edit(Edit::Backspace), "", "delete the character before the cursor"),
    bind(FIELD, Key::ctrl(Code::Char('h')), Command::Edit(Edit::Backspace), "", ""),
    bind(FIELD, Key::plain(Code::Delete), Command::Edit(Edit::Delete), "", "delete the character at the cursor"),
    bind(FIELD, Key::ctrl(Code::Char('w')), Command::Edit(Edit::DeleteWordLeft), "", "delete the word before the cursor"),
    bind(FIELD, Key::alt(Code::Backspace), Command::Edit(Edit::DeleteWordLeft), "", ""),
    bind(FIELD, Key::alt(Code::Char('d')), Command::Edit(Edit::DeleteWordRight), "", "delete the word at the cursor"),
    bind(FIELD, Key::ctrl(Code::Char('u')), Command::Edit(Edit::DeleteToStart), "", "delete everything before the cursor"),
    bind(FIELD, Key::ctrl(Code::Char('k')), Command::Edit(Edit::DeleteToEnd), "", "delete everything behind the cursor"),
    bind(FIELD, Key::ctrl(Code::Char('y')), Command::Edit(Edit::Yank), "", "put back what was deleted last"),
    bind(FIELD, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "scroll what this pane received back"),
    bind(FIELD, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "scroll it on"),

    bind(BUTTON, Key::plain(Code::Enter), Command::Enter, "press", "press the button"),
    bind(BUTTON, Key::char(' '), Command::Enter, "", ""),

    bind(CHOICE, Key::plain(Code::Right), Command::ChooseNext, "change", "the next value"),
    bind(CHOICE, Key::char(' '), Command::ChooseNext, "", ""),
    bind(CHOICE, Key::plain(Code::Enter), Command::ChooseNext, "", ""),
    bind(CHOICE, Key::plain(Code::Left), Command::ChoosePrevious, "", "the value before"),

    bind(BYTES, Key::plain(Code::Up), Command::Scroll(Motion::Up), "scroll", "a row back"),
    bind(BYTES, Key::char('k'), Command::Scroll(Motion::Up), "", ""),
    bind(BYTES, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "a row on"),
    bind(BYTES, Key::char('j'), Command::Scroll(Motion::Down), "", ""),
    bind(BYTES, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "a page back"),
    bind(BYTES, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "a page on"),
    bind(BYTES, Key::plain(Code::Home), Command::Scroll(Motion::Top), "", "to the oldest bytes that are kept"),
    bind(BYTES, Key::plain(Code::End), Command::Scroll(Motion::Bottom), "newest", "to the newest bytes, and follow them"),
    bind(BYTES, Key::char('G'), Command::Scroll(Motion::Bottom), "", ""),

    bind(CONNECTIONS, Key::plain(Code::Up), Command::Scroll(Motion::Up), "select", "the connection before"),
    bind(CONNECTIONS, Key::char('k'), Command::Scroll(Motion::Up), "", ""),
    bind(CONNECTIONS, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "the next connection"),
    bind(CONNECTIONS, Key::char('j'), Command::Scroll(Motion::Down), "", ""),
    bind(CONNECTIONS, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "a page back"),
    bind(CONNECTIONS, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "a page on"),
    bind(CONNECTIONS, Key::plain(Code::Home), Command::Scroll(Motion::Top), "", "the first connection"),
    bind(CONNECTIONS, Key::plain(Code::End), Command::Scroll(Motion::Bottom), "", "the last connection"),
    bind(CONNECTIONS, Key::plain(Code::Enter), Command::Focus(Control::Bytes(Bytes::Connection)), "its bytes", "what the selected connection received"),

    bind(CALLS, Key::plain(Code::Up), Command::Scroll(Motion::Up), "select", "the call before"),
    bind(CALLS, Key::char('k'), Command::Scroll(Motion::Up), "", ""),
    bind(CALLS, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "the next call"),
    bind(CALLS, Key::char('j'), Command::Scroll(Motion::Down), "", ""),
    bind(CALLS, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "a page back"),
    bind(CALLS, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "a page on"),
    bind(CALLS, Key::plain(Code::Home), Command::Scroll(Motion::Top), "", "the oldest call that is kept"),
    bind(CALLS, Key::plain(Code::End), Command::Scroll(Motion::Bottom), "newest", "the newest call, and follow them"),
    bind(CALLS, Key::char('G'), Command::Scroll(Motion::Bottom), "", ""),
    bind(CALLS, Key::plain(Code::Enter), Command::Details, "explain", "everything about the selected call"),

    bind(SESSIONS, Key::plain(Code::Up), Command::Scroll(Motion::Up), "select", "the session before"),
    bind(SESSIONS, Key::char('k'), Command::Scroll(Motion::Up), "", ""),
    bind(SESSIONS, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "the next session"),
    bind(SESSIONS, Key::char('j'), Command::Scroll(Motion::Down), "", ""),
    bind(SESSIONS, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "a page back"),
    bind(SESSIONS, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "a page on"),
    bind(SESSIONS, Key::plain(Code::Home), Command::Scroll(Motion::Top), "", "the first session"),
    bind(SESSIONS, Key::plain(Code::End), Command::Scroll(Motion::Bottom), "", "the last session"),
    bind(SESSIONS, Key::plain(Code::Enter), Command::ShowSession, "to the front", "bring the selected session to the front"),
    bind(SESSIONS, Key::plain(Code::Delete), Command::EndSession, "", "end the selected session"),

    bind(PORTS, Key::plain(Code::Up), Command::Scroll(Motion::Up), "scroll", "a row back"),
    bind(PORTS, Key::char('k'), Command::Scroll(Motion::Up), "", ""),
    bind(PORTS, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "a row on"),
    bind(PORTS, Key::char('j'), Command::Scroll(Motion::Down), "", ""),
    bind(PORTS, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "a page back"),
    bind(PORTS, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "a page on"),
    bind(PORTS, Key::plain(Code::Home), Command::Scroll(Motion::Top), "", "to the first port"),
    bind(PORTS, Key::plain(Code::End), Command::Scroll(Motion::Bottom), "", "to the last port"),

    bind(OUTSIDE, Key::char('s'), Command::Press(Button::Start), "server", "start or stop the server"),
    bind(OUTSIDE, Key::char('c'), Command::Press(Button::Connect), "connect", "connect the client, or cancel a connect that is blocked"),

    bind(CLIENT, Key::char('i'), Command::Focus(Control::Input(Input::Message)), "write", "type a message"),
    bind(CLIENT, Key::char('r'), Command::Press(Button::Recv), "recv", "recv once, or cancel a recv that is blocked"),
    bind(CLIENT, Key::char('l'), Command::Press(Button::Close), "close", "close the client's socket"),
    bind(CLIENT, Key::char('o'), Command::Press(Button::More), "more", "everything else that can be done: bind, options, urgent data, reset, save, …"),
    bind(CLIENT, Key::char('h'), Command::Change(Choice::Receive), "", "receive by hand, or as bytes come"),
    bind(CLIENT, Key::char('p'), Command::Change(Choice::Protocol), "", "TCP or UDP, for the next socket"),
    bind(CLIENT, Key::char('k'), Command::Press(Button::Socket), "", "make a socket of the chosen kind"),
    bind(CLIENT, Key::char('e'), Command::Press(Button::Resolve), "", "resolve the host: getaddrinfo alone"),
    bind(CLIENT, Key::char('n'), Command::Press(Button::Send), "", "send the message with one call, or cancel a send that is blocked"),
    bind(CLIENT, Key::char('a'), Command::Press(Button::SendAll), "", "send the message to its last byte; on an unconnected UDP socket, sendto"),
    bind(CLIENT, Key::char('d'), Command::Press(Button::Shutdown), "", "shut one direction down, or both"),
    bind(CLIENT, Key::char('t'), Command::Texts, "", "ready-made messages: an HTTP request, …"),
    bind(CROWD, Key::char('w'), Command::Press(Button::Crowd), "", "start a crowd: many clients that do the same"),
    bind(CROWD, Key::char('g'), Command::Press(Button::Dismiss), "", "end the crowd's sessions"),
    bind(TRYING, Key::char('x'), Command::Press(Button::Try), "", "try the range of ports, or stop"),
    bind(CLIENT, Key::char('+'), Command::Press(Button::Open), "", "open another session"),
    bind(CLIENT, Key::char('-'), Command::EndSession, "", "end this session, and close its socket"),

    bind(SERVER, Key::char('v'), Command::Change(Choice::Service), "", "the next service, for connections accepted from now on"),
    bind(SERVER, Key::char('h'), Command::Change(Choice::Model), "", "the next model: serial, threads, poll"),
    bind(SERVER, Key::char('p'), Command::Change(Choice::ServerProtocol), "", "TCP or UDP"),
    bind(SERVER, Key::char('k'), Command::Press(Button::ServerSocket), "", "make the server's socket"),
    bind(SERVER, Key::char('b'), Command::Press(Button::ServerBind), "", "bind it"),
    bind(SERVER, Key::char('e'), Command::Press(Button::Listen), "", "let it listen"),
    bind(SERVER, Key::char('a'), Command::Press(Button::Accept), "", "accept one connection, or cancel an accept that is blocked"),
    bind(SERVER, Key::char('i'), Command::Focus(Control::Input(Input::Answer)), "answer", "type an answer to the selected connection or peer"),
    bind(SERVER, Key::char('n'), Command::Press(Button::Answer), "", "send the answer"),
    bind(SERVER, Key::char('r'), Command::Press(Button::AnswerRecv), "", "recv once on the selected connection: its service gives way to you"),
    bind(SERVER, Key::char('d'), Command::Press(Button::AnswerShutdown), "", "shut one direction of the selected connection down, or both"),
    bind(SERVER, Key::char('l'), Command::Press(Button::AnswerClose), "close it", "close the selected connection"),
    bind(SERVER, Key::char('o'), Command::Press(Button::ServerMore), "more", "everything else that can be done to the selected connection and to the server's socket"),

    bind(OUTSIDE, Key::char('['), Command::PreviousSession, "", "to the client session before"),
    bind(OUTSIDE, Key::char(']'), Command::NextSession, "", "to the next client session"),
    bind(OUTSIDE, Key::plain(Code::Tab), Command::Next, "next", "to the next control"),
    bind(OUTSIDE, Key::plain(Code::BackTab), Command::Previous, "", "to the control before"),
    bind(OUTSIDE, Key::char('m'), Command::NextMode, "", "show bytes as text, as hex, as chunks, or as an HTTP message"),
    bind(OUTSIDE, Key::char('f'), Command::NextFilter, "", "whose calls are shown: everyone's, the clients', the server's, …"),
    bind(OUTSIDE, Key::char('y'), Command::Copy, "", "copy the selected call's line, or the newest"),
    bind(OUTSIDE, Key::char('z'), Command::Zoom, "zoom", "give the pane the whole screen, or take it back"),
    bind(OUTSIDE, Key::char('1'), Command::Focus(Pane::Client.first()), "", "to the client"),
    bind(EVERYWHERE, Key::plain(Code::F(2)), Command::Focus(Pane::Client.first()), "", "to the client"),
    bind(OUTSIDE, Key::char('2'), Command::Focus(Pane::Server.first()), "", "to the server"),
    bind(EVERYWHERE, Key::plain(Code::F(3)), Command::Focus(Pane::Server.first()), "", "to the server"),
    bind(OUTSIDE, Key::char('3'), Command::Focus(Pane::Calls.first()), "", "to the calls"),
    bind(EVERYWHERE, Key::plain(Code::F(4)), Command::Focus(Pane::Calls.first()), "", "to the calls"),
    bind(OUTSIDE, Key::char('4'), Command::Focus(Pane::Sessions.first()), "", "to the list of clients, and the crowd"),
    bind(EVERYWHERE, Key::plain(Code::F(5)), Command::Focus(Pane::Sessions.first()), "", "to the list of clients, and the crowd"),
    bind(OUTSIDE, Key::char('5'), Command::Focus(Pane::Ports.first()), "", "to the ports"),
    bind(EVERYWHERE, Key::plain(Code::F(6)), Command::Focus(Pane::Ports.first()), "", "to the ports"),

    bind(OVERLAY, Key::plain(Code::Esc), Command::CloseOverlay, "close", "close"),
    bind(OVERLAY, Key::plain(Code::Enter), Command::CloseOverlay, "", ""),
    bind(OVERLAY, Key::char('q'), Command::CloseOverlay, "", ""),
    bind(OVERLAY, Key::char('?'), Command::CloseOverlay, "", ""),
    bind(OVERLAY, Key::plain(Code::Up), Command::Scroll(Motion::Up), "scroll", "scroll back"),
    bind(OVERLAY, Key::char('k'), Command::Scroll(Motion::Up), "", ""),
    bind(OVERLAY, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "scroll on"),
    bind(OVERLAY, Key::char('j'), Command::Scroll(Motion::Down), "", ""),
    bind(OVERLAY, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "a page back"),
    bind(OVERLAY, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "a page on"),
    bind(OVERLAY, Key::plain(Code::Home), Command::Scroll(Motion::Top), "", "to the beginning"),
    bind(OVERLAY, Key::plain(Code::End), Command::Scroll(Motion::Bottom), "", "to the end"),
    bind(OVERLAY, Key::char('y'), Command::Copy, "", "copy the call's line, or the whole script"),
    bind(OVERLAY, Key::char(':'), Command::CommandLine, "", "the command line"),

    bind(SCRIPT, Key::char('y'), Command::Copy, "copy", "copy all of it"),
    bind(SCRIPT, Key::char('s'), Command::SaveScript, "save", "save it: the line to do so, to be finished with a file's name"),

    bind(LINE, Key::plain(Code::Enter), Command::Accept, "say it", "do what the line says"),
    bind(LINE, Key::plain(Code::Tab), Command::Complete, "complete", "complete the word, or take the next that would do; in an empty line, the palette"),
    bind(LINE, Key::plain(Code::BackTab), Command::CompleteBack, "", "take the word before"),
    bind(LINE, Key::plain(Code::Esc), Command::CloseOverlay, "close", "close, and do nothing"),

    bind(PALETTE, Key::plain(Code::Enter), Command::Accept, "do it", "do it; a line that needs more goes into the command line"),
    bind(PALETTE, Key::plain(Code::Up), Command::Scroll(Motion::Up), "select", "the row before"),
    bind(PALETTE, Key::plain(Code::BackTab), Command::Scroll(Motion::Up), "", ""),
    bind(PALETTE, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "the next row"),
    bind(PALETTE, Key::plain(Code::Tab), Command::Scroll(Motion::Down), "", ""),
    bind(PALETTE, Key::plain(Code::PageUp), Command::Scroll(Motion::PageUp), "", "a page back"),
    bind(PALETTE, Key::plain(Code::PageDown), Command::Scroll(Motion::PageDown), "", "a page on"),
    bind(PALETTE, Key::plain(Code::Esc), Command::CloseOverlay, "close", "close, and do nothing"),

    bind(MENU, Key::plain(Code::Up), Command::Scroll(Motion::Up), "select", "the item before"),
    bind(MENU, Key::plain(Code::Down), Command::Scroll(Motion::Down), "", "the next item"),
    bind(MENU, Key::plain(Code::Home), Command::Scroll(Motion::Top), "", "the first item"),
    bind(MENU, Key::plain(Code::End), Command::Scroll(Motion::Bottom), "", "the last item"),
    bind(MENU, Key::plain(Code::Enter), Command::ChooseItem, "choose", "do what the item says, as its letter does"),
    bind(MENU, Key::plain(Code::Esc), Command::CloseOverlay, "close", "close"),

    bind(PROMPT, Key::plain(Code::Enter), Command::Accept, "do it", "take what was typed"),
    bind(PROMPT, Key::plain(Code::Esc), Command::CloseOverlay, "leave it", "close, and do nothing"),

    bind(QUESTION, Key::char('y'), Command::Yes, "yes", "yes"),
    bind(QUESTION, Key::char('n'), Command::CloseOverlay, "no", "no"),
    bind(QUESTION, Key::plain(Code::Esc), Command::CloseOverlay, "", ""),

    bind(OUTSIDE, Key::char('u'), Command::ViewScript, "", "what was done until now, as a script that does it again"),
    bind(OUTSIDE, Key::char(':'), Command::CommandLine, "command", "the command line: everything that can be done, in words; Tab completes them"),
    bind(EVERYWHERE, Key::ctrl(Code::Char('p')), Command::Palette, "palette", "the palette: search everything that can be done; again, the command line"),
    bind(PLAY, Key::char(' '), Command::Script(Drive::Step), "step", "do the next step; pause, if it goes on by itself"),
    bind(PLAY, Key::char('p'), Command::Script(Drive::Play), "play", "go on from step to step, or pause"),
    bind(PLAY, Key::plain(Code::Enter), Command::Script(Drive::Play), "", ""),
    bind(PLAY, Key::plain(Code::Esc), Command::Script(Drive::TakeOver), "by hand", "take over by hand: the script stays where it is"),
    bind(PLAY, Key::char('+'), Command::Script(Drive::Faster), "faster", "rest half as long after each step"),
    bind(PLAY, Key::char('-'), Command::Script(Drive::Slower), "slower", "rest twice as long"),
    bind(PLAY, Key::char('r'), Command::Script(Drive::Again), "again", "close everything, and play it from the beginning"),
    bind(PLAY, Key::char('q'), Command::Script(Drive::PutAway), "put away", "put the script away; what it has opened stays open"),

    bind(EVERYWHERE, Key::plain(Code::F(8)), Command::Script(Drive::GoOn), "go on", "go on with the script that was left, or leave it as Esc does"),
    bind(OUTSIDE, Key::char('q'), Command::Script(Drive::PutAway), "put away", "put the script away; what it has opened stays open"),
    bind(OUTSIDE, Key::plain(Code::Esc), Command::Script(Drive::PutAway), "", ""),
    bind(OUTSIDE, Key::char('?'), Command::Help, "help", "this help"),
    bind(EVERYWHERE, Key::plain(Code::F(1)), Command::Help, "help", "this help, from a text field too"),
    bind(EVERYWHERE, Key::ctrl(Code::Char('l')), Command::Redraw, "", "draw the screen anew"),
    bind(EVERYWHERE, Key::ctrl(Code::Char('z')), Command::Suspend, "", "suspend; fg comes back"),
    bind(EVERYWHERE, Key::ctrl(Code::Char('c')), Command::Quit, "quit", "close every socket and quit"),
];

/// The contexts that hold, the most particular first.
#[must_use]
pub fn contexts(focus: Control, layer: Layer) -> Vec<Context> {
    match layer {
        Layer::Panes => {}
        Layer::Text => return vec![Context::Overlay, Context::Everywhere],
        Layer::Menu => return vec![Context::Menu, Context::Everywhere],
        Layer::Prompt => return vec![Context::Prompt, Context::Field, Context::Everywhere],
        Layer::Question => return vec![Context::Question, Context::Everywhere],
        Layer::Script => return vec![Context::Script, Context::Overlay, Context::Everywhere],
        Layer::Line => return vec![Context::Line, Context::Field, Context::Everywhere],
        Layer::Palette => return vec![Context::Palette, Context::Field, Context::Everywhere],
        Layer::Play => return vec![Context::Play, Context::Outside, Context::Everywhere],
    }
    let own = match focus {
        Control::Input(_) => return vec![Context::Field, Context::Everywhere],
        Control::Button(_) => Context::Button,
        Control::Choice(_) => Context::Choice,
        Control::Bytes(_) => Context::Bytes,
        Control::Connections => Context::Connections,
        Control::Calls => Context::Calls,
        Control::Sessions => Context::Sessions,
        Control::Ports => Context::Ports,
    };
    let panes: &[Context] = match focus.pane() {
        Pane::Server => &[Context::Server],
        Pane::Client | Pane::Calls => &[Context::Client],
        Pane::Sessions => &[Context::Crowd, Context::Client],
        Pane::Ports => &[Context::Trying, Context::Client],
    };
    let mut all = vec![own];
    all.extend(panes);
    all.extend([Context::Outside, Context::Everywhere]);
    all
}

/// What `key` asks for where `contexts` hold.
#[must_use]
pub fn command(contexts: &[Context], key: Key) -> Option<Command> {
    contexts.iter().find_map(|context| {
        BINDINGS
            .iter()
            .find(|binding| binding.context == *context && binding.key == key)
            .map(|binding| binding.command)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice_in_a_context() {
        for (i, one) in BINDINGS.iter().enumerate() {
            for other in &BINDINGS[i + 1..] {
                assert!(
                    (one.context, one.key) != (other.context, other.key),
                    "{} is bound twice in {:?}",
                    one.key,
                    one.context
                );
            }
        }
    }

    #[test]
    fn every_letter_under_a_button_presses_it() {
        for button in Button::ALL {
            let contexts = contexts(Control::Button(button), Layer::Panes);
            let bound = command(&contexts, Key::char(button.letter()));
            assert_eq!(bound, Some(Command::Press(button)), "{button:?}");
        }
    }

    #[test]
    fn a_second_key_stands_behind_the_one_that_the_help_explains() {
        for pair in BINDINGS.windows(2) {
            if pair[1].help.is_empty() {
                let both = [pair[0], pair[1]].map(|binding| (binding.context, binding.command));
                assert_eq!(both[0], both[1], "{}", pair[1].key);
            }
        }
    }
}
