//! What has to come to the same, tried on copies of the state:
//! - the same state drawn twice is the same frame, with the same cursor and the same places for the mouse;
//! - the room that the views had is settled: a state that knows it is drawn in the same room, or the loop would have to
//!   draw again;
//! - a click on a button of the panes, its letter in its pane, and Enter on it have the same effects, and what is open,
//!   what is told and where the focus is are the same after them;
//! - each key of the footer is the key of what the footer says, wherever the focus is;
//! - a key of the footer that opens, closes, goes somewhere or changes a choice is of use: something is not as it was.

use sockyard::app::control::{Button, Control};
use sockyard::app::hints::hints;
use sockyard::app::key::{Code, Key};
use sockyard::app::keymap::{Command, Layer, command, contexts};
use sockyard::app::{App, Effect, Msg, Spot};

use crate::run::{Looks, Monkey, check};

/// So many frames there are between two looks at each of these.
const FRAMES: usize = 5;

impl Monkey {
    /// To be called before the app knows of the room that the last frame had.
    pub fn drawn_twice_is_the_same(&mut self) {
        if !self.random.one_in(FRAMES) {
            return;
        }
        let again = self.screen.draw(&self.app);
        let first = &self.frame;
        let is_same = first.cells == again.cells
            && first.cursor == again.cursor
            && first.drawn.rooms == again.drawn.rooms
            && first.drawn.areas() == again.drawn.areas();
        check(is_same, "drawn twice it is not the same");
    }

    /// To be called after that.
    pub fn room_is_settled(&mut self) {
        if !self.random.one_in(FRAMES) {
            return;
        }
        let rooms = self.screen.draw(&self.app).drawn.rooms;
        let before = self.app.room;
        let what = format!("the room is not settled: {before:?}, then {rooms:?}");
        check(rooms == before, &what);
    }

    pub fn buttons_are_alike(&mut self) {
        if self.app.layer() != Layer::Panes || !self.random.one_in(FRAMES) {
            return;
        }
        let buttons: Vec<Button> = (self.frame.drawn.areas().iter())
            .filter_map(|(_, spot)| match spot {
                Spot::Control(Control::Button(button), _) => Some(*button),
                _ => None,
            })
            .collect();
        if buttons.is_empty() {
            return;
        }
        let button = self.random.of(&buttons);
        if !self.app.is_there(Control::Button(button)) {
            // It has just gone: see that of the server panel in `holds`.
            return;
        }
        Looks::count(&self.looks.buttons);
        let control = Control::Button(button);
        let clicked = after(&self.app, |app| {
            app.update(Msg::Click(Spot::Control(control, 0)))
        });
        for key in [Key::char(button.letter()), Key::plain(Code::Enter)] {
            let pressed = after(&self.app, |app| {
                app.focus_on(control);
                app.update(Msg::Key(key))
            });
            let what = format!("{button:?}: a click {clicked}\nbut {key} {pressed}");
            check(clicked == pressed, &what);
        }
    }

    pub fn footer_is_true(&mut self) {
        let hints = hints(&self.app, &self.frame.drawn.rooms);
        let contexts = contexts(self.app.focus, self.app.layer());
        for hint in &hints {
            let is_so = command(&contexts, hint.key) == Some(hint.command);
            check(is_so, &format!("{} does not {}", hint.key, hint.text));
        }
        if hints.is_empty() || !self.random.one_in(FRAMES) {
            return;
        }
        let hint = self.random.of(&hints);
        let is_change = matches!(
            hint.command,
            Command::Help
                | Command::CloseOverlay
                | Command::Next
                | Command::Previous
                | Command::Focus(_)
                | Command::Leave
                | Command::ChooseNext
                | Command::ChoosePrevious
                | Command::Change(_)
                | Command::NextFilter
                | Command::Zoom
                | Command::NextSession
                | Command::PreviousSession
                | Command::EndSession
                | Command::Texts
                | Command::CommandLine
                | Command::Palette
                | Command::ViewScript
                | Command::Quit
                | Command::Suspend
                | Command::Redraw
        );
        if !is_change {
            return;
        }
        Looks::count(&self.looks.hints);
        let before = after(&self.app, |app| {
            app.notice = None;
            Vec::new()
        });
        let pressed = after(&self.app, |app| app.update(Msg::Key(hint.key)));
        let what = format!("{} does not {}", hint.key, hint.text);
        check(before != pressed, &what);
    }
}

/// What a person would notice of what is done to a copy of the state, as text.
fn after(app: &App, does: impl FnOnce(&mut App) -> Vec<Effect>) -> String {
    let mut app = app.clone();
    let effects = does(&mut app);
    let server = (app.server.kind, app.server.service, app.server.model);
    let front = app.client();
    let client = (
        front.id,
        front.kind,
        front.family,
        front.receive,
        front.line_ending,
    );
    format!(
        "{effects:?}\n{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {server:?} {client:?} {:?}",
        app.overlay,
        app.notice,
        app.focus,
        app.lower,
        app.end,
        app.arrangement,
        app.expecting,
        app.outstanding,
        app.calls.filter,
        app.sessions.steps,
    )
}
