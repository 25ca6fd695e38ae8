//! What each message changes, and which effects it has.

use super::bytes::{BytesView, Motion};
use super::calls::Filter;
use super::client::{LineEnding, split_address};
use super::control::{Button, Bytes, Choice, Control, Input, Pane};
use super::field::Field;
use super::key::Key;
use super::keymap::{self, Command};
use super::{App, Arrangement, Effect, Expecting, Msg, Notice, Overlay, Spot};
use crate::model::call::Function;
use crate::model::{
    Action, Actor, Call, CallRecord, ClientAction, Event, Outcome, ServerAction, Service,
};

impl App {
    /// Takes in one message.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Click(spot) => self.click(spot),
            Msg::Wheel(spot, motion) => self.wheel(spot, motion),
            Msg::Happened(batch) => batch
                .into_iter()
                .flat_map(|event| self.happened(event))
                .collect(),
            Msg::Drawn(room) => {
                self.room = room;
                self.server.connections.settle(room.connections);
                Vec::new()
            }
            Msg::Now(now) => {
                self.now = now;
                Vec::new()
            }
            Msg::Failed(text) => {
                self.tell_failure(text);
                Vec::new()
            }
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.notice = None;
        let contexts = keymap::contexts(self.focus, self.overlay.is_some());
        if let Some(command) = keymap::command(&contexts, key) {
            return self.run(command);
        }
        if let (Some(c), None, Control::Input(input)) = (key.typed(), self.overlay, self.focus) {
            self.field(input).insert(c.encode_utf8(&mut [0; 4]));
        }
        Vec::new()
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.notice = None;
        if self.overlay.is_some() {
            return Vec::new();
        }
        let Control::Input(input) = self.focus else {
            self.tell_failure("paste goes into a text field: Tab leads to one".to_owned());
            return Vec::new();
        };
        // An address is often copied whole.
        if input == Input::Host
            && let Some((host, port)) = split_address(text.trim())
        {
            self.client.host.set(host);
            self.client.port.set(port);
        } else if !self.field(input).insert(text) {
            self.tell_failure(format!(
                "the pasted text was cut: a field holds {} characters",
                Field::LONGEST
            ));
        }
        Vec::new()
    }

    fn click(&mut self, spot: Spot) -> Vec<Effect> {
        self.notice = None;
        match spot {
            Spot::Control(control, column) => {
                self.focus = control;
                match control {
                    Control::Input(input) => {
                        self.field(input).set_cursor_column(column);
                        Vec::new()
                    }
                    Control::Button(button) => self.press(button),
                    Control::Choice(choice) => self.choose(choice, 1),
                    Control::Bytes(_) | Control::Connections | Control::Calls => Vec::new(),
                }
            }
            Spot::Mode(bytes, mode) => {
                if let Some(view) = self.view(bytes) {
                    view.set_mode(mode);
                }
                Vec::new()
            }
            Spot::Connection(id) => {
                self.focus = Control::Connections;
                self.server.connections.selected = Some(id);
                Vec::new()
            }
            Spot::Call(number) => {
                self.focus = Control::Calls;
                // A click on the call that is selected opens it, as Enter would.
                if self.calls.cursor == Some(number) {
                    self.overlay = Some(Overlay::Call(number, 0));
                }
                self.calls.select(Some(number), self.room.calls);
                Vec::new()
            }
            Spot::Filter(filter) => {
                self.calls.set_filter(filter);
                Vec::new()
            }
            Spot::Beside => self.run(Command::CloseOverlay),
            Spot::Overlay => Vec::new(),
        }
    }

    fn wheel(&mut self, spot: Spot, motion: Motion) -> Vec<Effect> {
        let control = match spot {
            Spot::Control(control, _) => control,
            Spot::Mode(bytes, _) => Control::Bytes(bytes),
            Spot::Connection(_) => Control::Connections,
            Spot::Call(_) | Spot::Filter(_) => Control::Calls,
            Spot::Overlay | Spot::Beside => {
                self.scroll_overlay(motion);
                return Vec::new();
            }
        };
        self.scroll(control, motion);
        Vec::new()
    }

    fn run(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Quit => return vec![Effect::Quit],
            Command::Suspend => return vec![Effect::Suspend],
            Command::Redraw => return vec![Effect::Redraw],
            Command::Help => {
                self.overlay = match self.overlay {
                    Some(Overlay::Help(_)) => None,
                    Some(Overlay::Call(..)) | None => Some(Overlay::Help(0)),
                };
            }
            Command::CloseOverlay => self.overlay = None,
            Command::Next => self.focus = self.focus.next(),
            Command::Previous => self.focus = self.focus.previous(),
            Command::Focus(control) => {
                self.overlay = None;
                self.focus = control;
            }
            Command::Leave => {
                if let Some(button) = self.focus.button() {
                    self.focus = Control::Button(button);
                }
            }
            Command::Press(button) => return self.press(button),
            Command::Enter if self.is_server_up() && self.focus.is_server_input() => {
                self.tell_failure(
                    "the server runs with what it was started with: stop it first (Esc, then s)"
                        .to_owned(),
                );
            }
            Command::Enter => {
                if let Some(button) = self.focus.button() {
                    return self.press(button);
                }
            }
            Command::ChooseNext => return self.choose_focused(1),
            Command::ChoosePrevious => return self.choose_focused(-1),
            Command::NextMode => {
                let bytes = match self.focus.pane() {
                    Pane::Client | Pane::Calls => Bytes::Client,
                    Pane::Server => Bytes::Connection,
                };
                if let Some(view) = self.view(bytes) {
                    view.set_mode(view.mode.next());
                }
            }
            Command::NextFilter => self.choose_filter(1),
            Command::Scroll(motion) if self.overlay.is_some() => self.scroll_overlay(motion),
            Command::Scroll(motion) => self.scroll(self.focus, motion),
            Command::Edit(edit) => {
                if let Control::Input(input) = self.focus {
                    self.field(input).edit(edit);
                }
            }
            Command::Older => {
                if let Control::Input(input) = self.focus {
                    self.field(input).recall_older();
                }
            }
            Command::Newer => {
                if let Control::Input(input) = self.focus {
                    self.field(input).recall_newer();
                }
            }
            Command::Details => {
                self.overlay = self
                    .calls
                    .current()
                    .map(|(number, _)| Overlay::Call(number, 0));
            }
            Command::Copy => return self.copy(),
            Command::Zoom => {
                self.arrangement = match self.arrangement {
                    Arrangement::All => Arrangement::Zoomed,
                    Arrangement::Zoomed => Arrangement::All,
                };
            }
        }
        Vec::new()
    }

    /// Presses a button.
    pub fn press(&mut self, button: Button) -> Vec<Effect> {
        // Whoever presses a button has taken over from the command line.
        self.connect_next = false;
        let done = match button {
            Button::Connect if self.is_connecting() => {
                Ok(self.client_effect(ClientAction::CancelConnect))
            }
            Button::Connect => self.client.connect().map(|action| {
                let message = Control::Input(Input::Message);
                self.expect(self.client_actor(), Function::Connect, message);
                self.client_effect(action)
            }),
            Button::Send if self.client_waits(Function::Send) => {
                Ok(self.client_effect(ClientAction::CancelSend))
            }
            Button::Send => self.client.send().map(|action| self.client_effect(action)),
            Button::Close if self.client.fd.is_none() && !self.is_connecting() => {
                Err("there is no socket to close".to_owned())
            }
            Button::Close => Ok(self.client_effect(ClientAction::Close)),
            Button::Start if self.is_server_up() => {
                Ok(Effect::Perform(Action::Server(ServerAction::Stop)))
            }
            Button::Start => self.server.setup().map(|setup| {
                let connect = Control::Button(Button::Connect);
                self.expect(Actor::Server, Function::Listen, connect);
                Effect::Perform(Action::Server(ServerAction::Start(setup)))
            }),
        };
        match done {
            Ok(effect) => vec![effect],
            Err(why) => {
                self.tell_failure(why);
                Vec::new()
            }
        }
    }

    const fn client_effect(&self, action: ClientAction) -> Effect {
        Effect::Perform(Action::Client(self.client.id, action))
    }

    fn expect(&mut self, who: Actor, function: Function, to: Control) {
        self.expecting = Some(Expecting {
            who,
            function,
            from: self.focus,
            to,
        });
    }

    /// Lets the focus follow a call that succeeded, if that was expected and the person is still where they were.
    fn follow(&mut self, record: &CallRecord) {
        let Some(expecting) = self.expecting else {
            return;
        };
        if (expecting.who, expecting.function) != (record.who, record.call.function()) {
            return;
        }
        if record.outcome != Outcome::Done {
            return;
        }
        self.expecting = None;
        let already_connected = expecting.who == Actor::Server && self.client.fd.is_some();
        if self.focus == expecting.from && !already_connected {
            self.focus = expecting.to;
        }
    }

    fn choose_focused(&mut self, by: isize) -> Vec<Effect> {
        match self.focus {
            Control::Choice(choice) => self.choose(choice, by),
            Control::Input(_)
            | Control::Button(_)
            | Control::Bytes(_)
            | Control::Connections
            | Control::Calls => Vec::new(),
        }
    }

    fn choose(&mut self, choice: Choice, by: isize) -> Vec<Effect> {
        match choice {
            Choice::LineEnding => {
                self.client.line_ending = step(&LineEnding::ALL, self.client.line_ending, by);
            }
            Choice::Service => {
                self.server.service = step(&Service::ALL, self.server.service, by);
                if self.is_server_up() {
                    let action = ServerAction::Serve(self.server.service);
                    return vec![Effect::Perform(Action::Server(action))];
                }
            }
            Choice::Filter => self.choose_filter(by),
        }
        Vec::new()
    }

    fn choose_filter(&mut self, by: isize) {
        let choices = Filter::choices(self.calls.filter, self.server.connections.current_id());
        self.calls.set_filter(step(&choices, self.calls.filter, by));
    }

    fn scroll(&mut self, control: Control, motion: Motion) {
        if control == Control::Connections {
            return self
                .server
                .connections
                .scroll(motion, self.room.connections);
        }
        match control.pane() {
            Pane::Client => {
                let room = self.room.received;
                self.client.view.scroll(&self.client.received, room, motion);
            }
            Pane::Server => {
                let room = self.room.connection;
                if let Some(connection) = self.server.connections.current_mut() {
                    connection.view.scroll(&connection.received, room, motion);
                }
            }
            Pane::Calls => self.calls.scroll(motion, self.room.calls),
        }
    }

    fn scroll_overlay(&mut self, motion: Motion) {
        if let Some(Overlay::Help(top) | Overlay::Call(_, top)) = &mut self.overlay {
            let last = self.room.overlay_rows.saturating_sub(self.room.overlay);
            *top = match (motion.rows(self.room.overlay), motion.is_back()) {
                (None, true) => 0,
                (None, false) => last,
                (Some(rows), true) => top.saturating_sub(rows),
                (Some(rows), false) => (*top + rows).min(last),
            };
        }
    }

    fn copy(&mut self) -> Vec<Effect> {
        let record = match self.overlay {
            Some(Overlay::Call(number, _)) => self.calls.journal.get(number),
            Some(Overlay::Help(_)) => None,
            None => self.calls.current().map(|(_, record)| record),
        };
        let Some(record) = record else {
            self.tell_failure("there is no call to copy".to_owned());
            return Vec::new();
        };
        let line = format!(
            "{} {} {record}",
            self.clock.precise(record.entered),
            record.who
        );
        self.notice = Some(Notice {
            text: format!("copied: {line}"),
            failure: false,
        });
        vec![Effect::Copy(line)]
    }

    fn tell_failure(&mut self, text: String) {
        self.notice = Some(Notice {
            text,
            failure: true,
        });
    }

    const fn field(&mut self, input: Input) -> &mut Field {
        match input {
            Input::Host => &mut self.client.host,
            Input::Port => &mut self.client.port,
            Input::Message => &mut self.client.message,
            Input::Bind => &mut self.server.bind,
            Input::ServerPort => &mut self.server.port,
            Input::Backlog => &mut self.server.backlog,
        }
    }

    fn view(&mut self, bytes: Bytes) -> Option<&mut BytesView> {
        match bytes {
            Bytes::Client => Some(&mut self.client.view),
            Bytes::Connection => self
                .server
                .connections
                .current_mut()
                .map(|connection| &mut connection.view),
        }
    }

    /// What was asked for on the command line: start the server, connect the client, or one after the other.
    pub fn start(&mut self, serve: bool, connect: bool) -> Vec<Effect> {
        match (serve, connect) {
            (true, _) => {
                let effects = self.press(Button::Start);
                self.connect_next = connect;
                effects
            }
            (false, true) => self.press(Button::Connect),
            (false, false) => Vec::new(),
        }
    }

    /// Connects after the server's start, if that was asked for, whatever came of it.
    fn continue_start(&mut self, record: &CallRecord) -> Vec<Effect> {
        let server_is_done = record.who == Actor::Server
            && (record.outcome.is_failure()
                || record.outcome == Outcome::Cancelled
                || record.call.function() == Function::Getsockname);
        if server_is_done && std::mem::take(&mut self.connect_next) {
            self.press(Button::Connect)
        } else {
            Vec::new()
        }
    }

    fn happened(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Blocked { who, call, since } => self.calls.blocked(who, call, since),
            Event::Returned(record) => {
                match record.who {
                    Actor::Client(_) => self.client.returned(&record),
                    Actor::Server => self.server.returned(&record),
                    Actor::Connection(id) => self.server.connections.returned(id, &record),
                }
                if let (Call::Getsockname { .. }, Actor::Server, Outcome::Named(address)) =
                    (&record.call, record.who, &record.outcome)
                    && self.client.port.value() == "0"
                {
                    // The client was to connect to the port that the kernel would choose.
                    self.client.port.set(&address.port().to_string());
                }
                self.follow(&record);
                let effects = self.continue_start(&record);
                let number = self.calls.returned(record);
                if let Some(Overlay::Call(open, _)) = &mut self.overlay
                    && *open >= number
                {
                    *open += 1;
                }
                return effects;
            }
            Event::Received { who, at, bytes } => match who {
                Actor::Client(_) => self.client.received(at, bytes),
                Actor::Connection(id) => self.server.connections.received(id, at, bytes),
                Actor::Server => {}
            },
            Event::Trouble { message, .. } => self.tell_failure(message),
            Event::Panicked { who, message, .. } => {
                self.calls.unblock(who);
                match who {
                    Actor::Client(_) => self.client.lost(),
                    Actor::Server => self.server.lost(),
                    Actor::Connection(id) => self.server.connections.lost(id),
                }
                self.tell_failure(format!(
                    "the thread of {who} failed ({message}); its socket is closed, the rest goes on. This is a bug of sockyard: please report it"
                ));
            }
        }
        Vec::new()
    }
}

/// The value `by` steps after `now`, going round.
fn step<T: Copy + PartialEq>(all: &[T], now: T, by: isize) -> T {
    let at = all.iter().position(|value| *value == now).unwrap_or(0);
    let length = all.len() as isize;
    all[(at as isize + by).rem_euclid(length) as usize]
}
