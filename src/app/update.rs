//! What each message of the person changes, and which effects it has.

use super::bytes::{BytesView, Motion};
use super::calls::Filter;
use super::client::{LineEnding, Receive, split_address};
use super::command_line::Face;
use super::control::{Bytes, Choice, Control, Input, Pane};
use super::field::Field;
use super::key::Key;
use super::keymap::{self, Command, Layer};
use super::menu::{MenuKind, items};
use super::plan::Steps;
use super::words::Deed;
use super::{App, Arrangement, Effect, Msg, Notice, Overlay, Spot};
use crate::model::{Action, Actor, ClientId, Family, Model, ServerAction, Service, SocketKind};

impl App {
    /// Takes in one message.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let effects = self.take_in(msg);
        self.settle_focus();
        let mut out = self.handed_out(effects);
        out.extend(self.play_on());
        out
    }

    fn take_in(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Click(spot) => self.click(spot),
            Msg::Wheel(spot, motion) => self.wheel(spot, motion),
            Msg::Happened(batch) => {
                let events = batch.into_iter();
                events.flat_map(|event| self.happened(event)).collect()
            }
            Msg::Drawn(room) => {
                self.room = room;
                self.server.connections.settle(room.connections);
                self.server.peers.settle(room.connections);
                self.sessions.settle(room.sessions);
                Vec::new()
            }
            Msg::Now(now) => {
                self.now = now;
                Vec::new()
            }
            Msg::Undone(who, why) => {
                self.settled(who, 1);
                self.undone(who);
                self.not_handed_over(who);
                self.transcript.take_back(who);
                self.troubled(&why);
                self.tell_failure(why);
                Vec::new()
            }
            Msg::Failed(text) => {
                self.troubled(&text);
                self.tell_failure(text);
                Vec::new()
            }
            Msg::Loaded(_, Err(why)) => {
                self.tell_failure(why);
                Vec::new()
            }
            Msg::Loaded(path, Ok(text)) => {
                self.load(path, text);
                Vec::new()
            }
            Msg::Program(event) => {
                if let Some(player) = &mut self.player {
                    player.program(event);
                }
                Vec::new()
            }
            Msg::Saved(report) => {
                self.saved(report);
                Vec::new()
            }
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.notice = None;
        let contexts = keymap::contexts(self.focus, self.layer());
        if let Some(command) = keymap::command(&contexts, key) {
            if self.makes_way_for(command) {
                return self.run(command);
            }
            return Vec::new();
        }
        let Some(c) = key.typed() else {
            return Vec::new();
        };
        if self.layer() == Layer::Play {
            self.keeps_keys();
            return Vec::new();
        }
        match &mut self.overlay {
            Some(Overlay::Menu(menu)) => {
                let kind = menu.kind;
                let found = items(self, kind).into_iter().find(|item| item.letter == c);
                return found.map_or_else(Vec::new, |item| self.choose_item(item.chosen));
            }
            Some(Overlay::Prompt(prompt)) => {
                prompt.field.insert(c.encode_utf8(&mut [0; 4]));
            }
            Some(Overlay::Command(line)) => {
                line.field.insert(c.encode_utf8(&mut [0; 4]));
            }
            Some(
                Overlay::Help(_) | Overlay::Script(_) | Overlay::Call(..) | Overlay::Question(_),
            ) => {}
            None => {
                if let Control::Input(input) = self.focus {
                    self.field(input).insert(c.encode_utf8(&mut [0; 4]));
                }
            }
        }
        Vec::new()
    }

    /// What lies above the panes, for the keymap.
    #[must_use]
    pub fn layer(&self) -> Layer {
        match &self.overlay {
            None if self.script_has_keys() => Layer::Play,
            None => Layer::Panes,
            Some(Overlay::Help(_) | Overlay::Call(..)) => Layer::Text,
            Some(Overlay::Script(_)) => Layer::Script,
            Some(Overlay::Command(line)) => match line.face {
                Face::Line => Layer::Line,
                Face::Palette => Layer::Palette,
            },
            Some(Overlay::Menu(_)) => Layer::Menu,
            Some(Overlay::Prompt(_)) => Layer::Prompt,
            Some(Overlay::Question(_)) => Layer::Question,
        }
    }

    /// The field that takes what is typed.
    #[must_use]
    pub fn focused_input(&self) -> Option<Input> {
        match (self.layer(), self.focus) {
            (Layer::Prompt | Layer::Line | Layer::Palette, _) => Some(Input::Prompt),
            (Layer::Panes, Control::Input(input)) => Some(input),
            (
                Layer::Panes
                | Layer::Text
                | Layer::Menu
                | Layer::Question
                | Layer::Script
                | Layer::Play,
                _,
            ) => None,
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.notice = None;
        let Some(input) = self.focused_input() else {
            if self.layer() == Layer::Play {
                self.keeps_keys();
            } else if self.overlay.is_none() {
                self.tell_failure("paste goes into a text field: Tab leads to one".to_owned());
            }
            return Vec::new();
        };
        // A line is one line.
        if matches!(self.overlay, Some(Overlay::Command(_))) {
            let mut lines = text.lines().filter(|line| !line.trim().is_empty());
            let first = lines.next().unwrap_or_default().trim();
            let is_all = lines.next().is_none();
            if !self.field(input).insert(first) || !is_all {
                self.tell_failure(
                    "only the beginning was pasted: one line is said before the next".to_owned(),
                );
            }
            return Vec::new();
        }
        // An address is often copied whole.
        if input == Input::Host
            && let Some((host, port)) = split_address(text.trim())
        {
            let front = self.sessions.front_mut();
            front.host.set(host);
            front.port.set(port);
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
            Spot::Control(Control::Input(Input::Prompt), column) => {
                self.field(Input::Prompt).set_cursor_column(column);
                Vec::new()
            }
            Spot::Control(control, column) => {
                // Whoever clicks on what changes something means it.
                if let Control::Input(_) | Control::Button(_) | Control::Choice(_) = control {
                    self.makes_way_for(Command::Focus(control));
                }
                self.focus_on(control);
                match control {
                    Control::Input(input) => {
                        self.field(input).set_cursor_column(column);
                        Vec::new()
                    }
                    Control::Button(button) => self.press(button),
                    Control::Choice(choice) => self.choose(choice, 1),
                    Control::Bytes(_)
                    | Control::Connections
                    | Control::Calls
                    | Control::Sessions
                    | Control::Ports => Vec::new(),
                }
            }
            Spot::Mode(bytes, mode) => {
                if let Some(view) = self.view(bytes) {
                    view.set_mode(mode);
                }
                Vec::new()
            }
            Spot::Connection(id) => {
                self.focus_on(Control::Connections);
                self.server.connections.selected = Some(id);
                Vec::new()
            }
            Spot::Peer(address) => {
                self.focus_on(Control::Connections);
                self.server.peers.select(address);
                Vec::new()
            }
            Spot::Session(id) => {
                self.sessions.show(id);
                Vec::new()
            }
            Spot::Pane(pane) => {
                self.focus_on(pane.first());
                Vec::new()
            }
            Spot::Item(number) => {
                let Some(Overlay::Menu(menu)) = &self.overlay else {
                    return self.pick(number);
                };
                self.choose_number(menu.kind, number)
            }
            Spot::Call(number) => {
                self.focus_on(Control::Calls);
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
            Spot::Script(drive) => self.drive(drive),
        }
    }

    fn wheel(&mut self, spot: Spot, motion: Motion) -> Vec<Effect> {
        let control = match spot {
            Spot::Control(control, _) => control,
            Spot::Mode(bytes, _) => Control::Bytes(bytes),
            Spot::Connection(_) | Spot::Peer(_) => Control::Connections,
            Spot::Session(_) => Control::Sessions,
            Spot::Pane(_) => self.lower.first(),
            Spot::Call(_) | Spot::Filter(_) => Control::Calls,
            Spot::Overlay | Spot::Beside | Spot::Item(_) => {
                self.scroll_overlay(motion);
                return Vec::new();
            }
            Spot::Script(_) => return Vec::new(),
        };
        self.scroll(control, motion);
        Vec::new()
    }

    pub(super) fn run(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Quit => return vec![Effect::Quit],
            Command::Suspend => return vec![Effect::Suspend],
            Command::Redraw => return vec![Effect::Redraw],
            Command::Help => {
                self.overlay = match self.overlay {
                    Some(Overlay::Help(_)) => None,
                    Some(_) | None => Some(Overlay::Help(0)),
                };
            }
            Command::CloseOverlay => self.overlay = None,
            // In a window there is nothing beside the field.
            Command::Next | Command::Previous if self.overlay.is_some() => {}
            Command::Next | Command::Previous => {
                let back = command == Command::Previous;
                let next = self.focus.neighbour(back, |control| self.is_there(control));
                self.focus_on(next);
            }
            Command::Focus(control) if !self.is_there(control) && !control.pane().is_lower() => {
                self.tell_failure("there is nobody to answer yet".to_owned());
            }
            Command::Focus(control) => {
                self.overlay = None;
                self.focus_on(control);
            }
            Command::Leave => {
                if let Some(button) = self.focus.button() {
                    self.focus_on(Control::Button(button));
                }
            }
            Command::Press(button) => return self.press(button),
            Command::NextSession => self.sessions.show_next(false),
            Command::PreviousSession => self.sessions.show_next(true),
            Command::ShowSession => {
                self.sessions.show(self.sessions.selected());
                self.focus_on(Pane::Client.first());
            }
            Command::EndSession => {
                let deed = Self::ended(self.meant_session());
                return self.told(Ok(vec![deed]));
            }
            Command::Texts => self.open_menu(MenuKind::Texts),
            Command::ChooseItem => {
                let Some(Overlay::Menu(menu)) = &self.overlay else {
                    return Vec::new();
                };
                return self.choose_number(menu.kind, menu.selected);
            }
            Command::Accept
            | Command::CommandLine
            | Command::Palette
            | Command::Complete
            | Command::CompleteBack
            | Command::ViewScript
            | Command::SaveScript => return self.run_line(command),
            Command::Yes => return self.say_yes(),
            Command::Script(drive) => return self.drive(drive),
            Command::Enter => return self.enter(),
            Command::ChooseNext => return self.choose_focused(1),
            Command::ChoosePrevious => return self.choose_focused(-1),
            Command::Change(choice) => return self.choose(choice, 1),
            Command::NextMode => {
                let bytes = match self.focus.pane() {
                    Pane::Server => Bytes::Connection,
                    Pane::Client | Pane::Calls | Pane::Sessions | Pane::Ports => Bytes::Client,
                };
                if let Some(view) = self.view(bytes) {
                    view.set_mode(view.mode.next());
                }
            }
            Command::NextFilter => self.choose_filter(1),
            Command::Scroll(motion) if self.overlay.is_some() => self.scroll_overlay(motion),
            Command::Scroll(motion) => self.scroll(self.focus, motion),
            Command::Edit(edit) => self.edit(|field| field.edit(edit)),
            Command::Older => self.edit(Field::recall_older),
            Command::Newer => self.edit(Field::recall_newer),
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

    /// Presses the button that the focused control has.
    fn enter(&mut self) -> Vec<Effect> {
        if self.is_server_up() && self.focus == Control::Input(Input::Delay) {
            return self.offer();
        }
        if self.is_server_up() && self.focus.is_server_input() {
            let why = if self.server.serves_at().is_some() {
                "the server runs with what it was started with: stop it first (Esc, then s)"
            } else {
                "this socket goes step by step: b binds it, e lets it listen (Esc first)"
            };
            self.tell_failure(why.to_owned());
            return Vec::new();
        }
        let button = self.focus.button();
        button.map_or_else(Vec::new, |button| self.press(button))
    }

    /// An action could not even be begun: what waits for its events waits no more.
    pub fn undone(&mut self, who: Actor) {
        match who {
            Actor::Client(id) => {
                if let Some(plan) = self.sessions.get_mut(id).and_then(|c| c.plan.as_mut()) {
                    plan.failed = true;
                }
            }
            Actor::Ports => self.ports.running = false,
            Actor::Server | Actor::Connection(_) => {}
        }
    }

    /// A focus on what is there no more goes to the list beside it: from the answer to a connection that was closed, from
    /// the model as the protocol becomes UDP, from what was clicked and has just gone.
    fn settle_focus(&mut self) {
        if self.focus.pane() == Pane::Server && !self.is_there(self.focus) {
            self.focus_on(Control::Connections);
        }
    }

    /// The session that a key means: in the list the selected one, elsewhere the one in front.
    fn meant_session(&self) -> ClientId {
        if self.focus == Control::Sessions {
            self.sessions.selected()
        } else {
            self.sessions.front_id()
        }
    }

    fn edit(&mut self, change: impl FnOnce(&mut Field)) {
        if let Some(input) = self.focused_input() {
            change(self.field(input));
        }
    }

    /// Does what the item with this number of a menu says.
    fn choose_number(&mut self, kind: MenuKind, number: usize) -> Vec<Effect> {
        // Items may have gone since one of them was selected: the last is the one that is seen selected then.
        let mut items = items(self, kind);
        let at = number.min(items.len().saturating_sub(1));
        let chosen = (at < items.len()).then(|| items.swap_remove(at).chosen);
        chosen.map_or_else(Vec::new, |chosen| self.choose_item(chosen))
    }

    fn choose_focused(&mut self, by: isize) -> Vec<Effect> {
        match self.focus {
            Control::Choice(choice) => self.choose(choice, by),
            Control::Input(_)
            | Control::Button(_)
            | Control::Bytes(_)
            | Control::Connections
            | Control::Calls
            | Control::Sessions
            | Control::Ports => Vec::new(),
        }
    }

    fn choose(&mut self, choice: Choice, by: isize) -> Vec<Effect> {
        let front = self.sessions.front_mut();
        match choice {
            Choice::LineEnding => front.line_ending = step(&LineEnding::ALL, front.line_ending, by),
            Choice::Protocol => {
                front.kind = step(&SocketKind::ALL, front.kind, by);
                if front.socket.fd.is_some() {
                    let kind = front.kind.protocol();
                    self.tell(format!(
                        "the next socket will be {kind}; this one stays what it is"
                    ));
                }
            }
            Choice::Family => front.family = step(&FAMILIES, front.family, by),
            Choice::Receive => {
                let receive = step(&Receive::ALL, front.receive, by);
                let done = self.receive_so(receive);
                return self.told(done);
            }
            Choice::ServerProtocol if self.is_server_up() => self.tell_failure(
                "the server runs with what it was started with: stop it first (s)".to_owned(),
            ),
            Choice::ServerProtocol => {
                self.server.kind = step(&SocketKind::ALL, self.server.kind, by);
            }
            Choice::Service => {
                let service = step(&Service::ALL, self.server.service, by);
                return self.choose_offer(service, self.server.model);
            }
            Choice::Model => {
                let model = step(&Model::ALL, self.server.model, by);
                return self.choose_offer(self.server.service, model);
            }
            Choice::Steps => self.sessions.steps = step(&Steps::ALL, self.sessions.steps, by),
            Choice::Filter => self.choose_filter(by),
        }
        Vec::new()
    }

    /// Chooses what the server offers, unless the rest of the offer makes no sense: what is shown is what it does.
    fn choose_offer(&mut self, service: Service, model: Model) -> Vec<Effect> {
        if self.is_server_up()
            && let Err(why) = self.server.offer()
        {
            self.tell_failure(why);
            return Vec::new();
        }
        self.server.service = service;
        self.server.model = model;
        self.offer()
    }

    /// What is chosen holds for connections accepted from now on.
    fn offer(&mut self) -> Vec<Effect> {
        if !self.is_server_up() {
            return Vec::new();
        }
        let offer = self.server.offer();
        self.told(offer.map(|offer| vec![Deed::Act(Action::Server(ServerAction::Offer(offer)))]))
    }

    /// The choices of whose calls are shown.
    #[must_use]
    pub fn filters(&self) -> Vec<Filter> {
        let session = (self.sessions.len() > 1).then(|| self.sessions.front_id());
        let ports = self.ports.range.is_some();
        Filter::choices(
            self.calls.filter,
            session,
            self.server.connections.current_id(),
            ports,
        )
    }

    fn choose_filter(&mut self, by: isize) {
        let choices = self.filters();
        self.calls.set_filter(step(&choices, self.calls.filter, by));
    }

    fn scroll(&mut self, control: Control, motion: Motion) {
        let is_udp = self.server.is_udp();
        match (control, control.pane()) {
            (Control::Connections, _) if is_udp => {
                self.server.peers.scroll(motion, self.room.connections);
            }
            (Control::Connections, _) => {
                let rows = self.room.connections;
                self.server.connections.scroll(motion, rows);
            }
            (_, Pane::Client) => {
                let room = self.room.received;
                let front = self.sessions.front_mut();
                front.view.scroll(&front.received, room, motion);
            }
            (_, Pane::Server) => {
                let room = self.room.connection;
                if is_udp {
                    self.server.view.scroll(&self.server.received, room, motion);
                } else if let Some(connection) = self.server.connections.current_mut() {
                    connection.view.scroll(&connection.received, room, motion);
                }
            }
            (_, Pane::Calls) => self.calls.scroll(motion, self.room.calls),
            (_, Pane::Sessions) => self.sessions.scroll(motion, self.room.sessions),
            (_, Pane::Ports) => self.ports.scroll(motion, self.room.ports),
        }
    }

    fn scroll_overlay(&mut self, motion: Motion) {
        let page = self.room.overlay;
        let count = match &self.overlay {
            Some(Overlay::Menu(menu)) => items(self, menu.kind).len(),
            Some(Overlay::Command(line)) if line.face == Face::Palette => self.found(line).len(),
            Some(_) | None => self.room.overlay_rows,
        };
        let moved = |at: usize, last: usize| match (motion.rows(page), motion.is_back()) {
            (None, true) => 0,
            (None, false) => last,
            (Some(rows), true) => at.saturating_sub(rows),
            (Some(rows), false) => (at + rows).min(last),
        };
        match &mut self.overlay {
            Some(Overlay::Help(top) | Overlay::Script(top) | Overlay::Call(_, top)) => {
                *top = moved(*top, count.saturating_sub(page));
            }
            Some(Overlay::Menu(menu)) => {
                menu.selected = moved(menu.selected, count.saturating_sub(1));
            }
            Some(Overlay::Command(line)) if line.face == Face::Palette => {
                let at = line.selected(count);
                line.select(moved(at, count.saturating_sub(1)));
            }
            Some(Overlay::Prompt(_) | Overlay::Question(_) | Overlay::Command(_)) | None => {}
        }
    }

    fn copy(&mut self) -> Vec<Effect> {
        if let Some(Overlay::Script(_)) = &self.overlay {
            self.tell("copied: what was done, as a script".to_owned());
            return vec![Effect::Copy(self.transcript_text())];
        }
        let record = match &self.overlay {
            Some(Overlay::Call(number, _)) => self.calls.journal.get(*number),
            Some(
                Overlay::Help(_)
                | Overlay::Script(_)
                | Overlay::Command(_)
                | Overlay::Menu(_)
                | Overlay::Prompt(_)
                | Overlay::Question(_),
            ) => None,
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

    /// A line of text as it stands.
    #[must_use]
    pub fn text(&self, input: Input) -> &Field {
        let front = self.client();
        match input {
            Input::Host => &front.host,
            Input::Port => &front.port,
            Input::Message => &front.message,
            Input::RecvSize => &front.recv_size,
            Input::Bind => &self.server.bind,
            Input::ServerPort => &self.server.port,
            Input::Backlog => &self.server.backlog,
            Input::Delay => &self.server.delay,
            Input::Answer => &self.server.answer,
            Input::Crowd => &self.sessions.crowd,
            Input::PortsHost => &self.ports.host,
            Input::PortsFirst => &self.ports.first,
            Input::PortsLast => &self.ports.last,
            Input::Prompt => match &self.overlay {
                Some(Overlay::Prompt(prompt)) => &prompt.field,
                Some(Overlay::Command(line)) => &line.field,
                Some(_) | None => &self.server.answer,
            },
        }
    }

    /// A line of text that is edited.
    pub fn field(&mut self, input: Input) -> &mut Field {
        match input {
            Input::Host => &mut self.sessions.front_mut().host,
            Input::Port => &mut self.sessions.front_mut().port,
            Input::Message => &mut self.sessions.front_mut().message,
            Input::RecvSize => &mut self.sessions.front_mut().recv_size,
            Input::Bind => &mut self.server.bind,
            Input::ServerPort => &mut self.server.port,
            Input::Backlog => &mut self.server.backlog,
            Input::Delay => &mut self.server.delay,
            Input::Answer => &mut self.server.answer,
            Input::Crowd => &mut self.sessions.crowd,
            Input::PortsHost => &mut self.ports.host,
            Input::PortsFirst => &mut self.ports.first,
            Input::PortsLast => &mut self.ports.last,
            Input::Prompt => match &mut self.overlay {
                Some(Overlay::Prompt(prompt)) => &mut prompt.field,
                Some(Overlay::Command(line)) => &mut line.field,
                // Nothing is asked, so that nothing can be typed; any field will do.
                Some(_) | None => &mut self.server.answer,
            },
        }
    }

    fn view(&mut self, bytes: Bytes) -> Option<&mut BytesView> {
        match bytes {
            Bytes::Client => Some(&mut self.sessions.front_mut().view),
            Bytes::Connection if self.server.is_udp() => Some(&mut self.server.view),
            Bytes::Connection => self
                .server
                .connections
                .current_mut()
                .map(|connection| &mut connection.view),
        }
    }
}

/// The choices of families.
const FAMILIES: [Option<Family>; 3] = [None, Some(Family::Inet), Some(Family::Inet6)];

/// The value `by` steps after `now`, going round.
fn step<T: Copy + PartialEq>(all: &[T], now: T, by: isize) -> T {
    let at = all.iter().position(|value| *value == now).unwrap_or(0);
    let length = all.len() as isize;
    all[(at as isize + by).rem_euclid(length) as usize]
}
