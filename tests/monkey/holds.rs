//! What holds, whatever was done in whatever order.
//!
//! After every step:
//! - there is a session in front, the selected one is there, and there are not too many;
//! - the focus is on a control that Tab would visit, and its pane is the one that is seen of the lower ones;
//! - in the server panel it is on what is there;
//! - of the two ends one is the end that had the focus last;
//! - an action is for a session that is there, or ends one that was;
//! - what is written to a file was opened before and is finished once;
//! - a script that was left, or is over, wakes nobody.
//!
//! Of every frame, and there is one after each change of size:
//! - no control character is on the screen, and no row is too wide;
//! - whatever answers to the mouse lies within the screen, and of the same layer two such areas meet only where one lies
//!   within the other;
//! - the cursor is seen where a field takes what is typed, within that field, and nowhere else;
//! - an open menu that has items shows one of them as selected;
//! - what the logs hold together is counted exactly, and bounded;
//! - lists are bounded: peers, closed connections, calls; fields take no more than they may.
//!
//! Now and then: what was done can be read as a script, and all of the state together is no larger than its bounds allow.
//! What has to come to the same is in `alike`. That drawing changes nothing needs no test: it borrows the state, which has
//! no cells within.

use ratatui::layout::Rect;
use sockyard::app::control::{Control, Pane};
use sockyard::app::field::Field;
use sockyard::app::menu::items;
use sockyard::app::peers::Peers;
use sockyard::app::script::Script;
use sockyard::app::server::Connections;
use sockyard::app::sessions::Sessions;
use sockyard::app::{Effect, Overlay, Spot};
use sockyard::model::{Action, ClientAction, Journal, SaveOrder};
use sockyard::ui::{LEAST_HEIGHT, LEAST_WIDTH};
use unicode_width::UnicodeWidthStr;

use crate::run::{KEEP, Looks, Monkey, check};
use crate::screen;

/// What all of the state may come to as text: several times what it comes to in a long run.
const LARGEST: usize = 16 << 20;
/// The largest piece that comes in one event, and what is kept of it beside its bytes.
const BLOCK: usize = 210 << 10;

impl Monkey {
    pub fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Perform(Action::Client(id, action)) => {
                let is_there = self.app.sessions.get(id).is_some();
                let ends = action == ClientAction::End;
                check(is_there != ends, "an action for nobody");
                if ends {
                    let first = self.ended.insert(id);
                    check(first, "a session was ended twice");
                }
            }
            Effect::Save(SaveOrder::Open { id, .. }) => {
                let new = self.open.insert(id);
                check(new, "a save was opened twice");
            }
            Effect::Save(SaveOrder::Write { id, bytes }) => {
                let is_open = self.open.contains(&id) && !self.finished.contains(&id);
                check(is_open && !bytes.is_empty(), "a write to no file");
            }
            Effect::Save(SaveOrder::Finish { id }) => {
                let first = self.open.contains(&id) && self.finished.insert(id);
                check(first, "a save was finished twice");
            }
            Effect::Anew => {
                // Everything is counted from the beginning again.
                self.ended.clear();
                self.open.clear();
                self.finished.clear();
            }
            Effect::Perform(_)
            | Effect::Load(_)
            | Effect::Report(_)
            | Effect::Program(_)
            | Effect::Copy(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// Whatever was done, in whatever order: its lines can be read again.
    pub fn what_was_done_is_a_script(&self) {
        let text = self.app.transcript_text();
        if let Err(faults) = Script::read("what was done", &text) {
            let wrong = text.lines().nth(faults[0].number - 1);
            check(false, &format!("{wrong:?}: {}", faults[0].wrong));
        }
    }

    pub fn holds(&self) {
        let app = &self.app;
        let sessions = &app.sessions;
        check(
            sessions.get(sessions.front_id()).is_some(),
            "no session is in front",
        );
        check(
            sessions.get(sessions.selected()).is_some(),
            "no session is selected",
        );
        check(
            (1..=Sessions::MOST).contains(&sessions.len()),
            "too many sessions",
        );
        check(Control::ORDER.contains(&app.focus), "the focus is nowhere");
        let pane = app.focus.pane();
        check(
            pane != Pane::Server || app.is_there(app.focus),
            "the focus is on what is gone from the server panel",
        );
        check(
            !pane.is_lower() || pane == app.lower,
            "the focus is in a pane that is not seen",
        );
        check(
            pane.is_lower() || pane == app.end,
            "the focus is in an end that is folded",
        );
        let is_at_rest = !app.is_playing();
        check(
            !is_at_rest || (app.wakes_at().is_none() && !app.is_step_awaited()),
            "a script that rests wakes somebody",
        );
        check(
            app.lower.is_lower() && matches!(app.end, Pane::Client | Pane::Server),
            "a pane is where it cannot be",
        );
    }

    /// What holds of the last frame, and of the state at so many frames.
    pub fn frame_holds(&self) {
        Looks::count(&self.looks.frames);
        self.rows_are_tidy();
        self.areas_are_nested();
        self.cursor_is_in_the_field();
        self.lists_are_bounded();
        self.selected_item_is_seen();
    }

    fn rows_are_tidy(&self) {
        let cells = &self.frame.cells;
        let columns = usize::from(cells.area.width);
        for y in cells.area.top()..cells.area.bottom() {
            let row = screen::row(cells, y);
            let is_tidy = row.width() <= columns && !row.chars().any(char::is_control);
            check(is_tidy, &format!("row {y} is not tidy: {row:?}"));
        }
    }

    fn areas_are_nested(&self) {
        let screen = self.frame.cells.area;
        let all = self.frame.drawn.areas();
        // What lies above the panes begins with what lies beside it, which is all of the screen.
        let mut layer = 0;
        for (at, (area, spot)) in all.iter().enumerate() {
            let is_within = within(*area, screen);
            check(is_within, &format!("{spot:?} at {area} is off the screen"));
            if *spot == Spot::Beside {
                check(*area == screen, &format!("beside a window is {area}"));
                layer = at;
            }
            for (other, below) in &all[layer..at] {
                let is_nested = !area.intersects(*other)
                    || within(*area, *other)
                    || (within(*other, *area) && *below != *spot);
                let what = format!("{spot:?} at {area} overlaps {below:?} at {other}");
                check(is_nested, &what);
            }
        }
    }

    fn cursor_is_in_the_field(&self) {
        let field = self.app.focused_input();
        let Some(at) = self.frame.cursor else {
            return;
        };
        Looks::count(&self.looks.cursors);
        let Some(field) = field else {
            return check(false, &format!("a cursor at {at} without a field"));
        };
        let spot = self.frame.drawn.spot(at.x, at.y);
        let is_there =
            matches!(spot, Some(Spot::Control(Control::Input(input), _)) if input == field);
        check(
            is_there,
            &format!("the cursor of {field:?} at {at}, where {spot:?} is"),
        );
    }

    fn lists_are_bounded(&self) {
        let app = &self.app;
        let (sessions, list) = (&app.sessions, &app.server.connections);
        let held = sessions.iter().map(|client| client.received.held());
        check(
            sessions.held() == held.sum::<usize>(),
            "what sessions hold is not what is counted",
        );
        let held = list.iter().map(|connection| connection.received.held());
        check(
            list.held() == held.sum::<usize>(),
            "what connections hold is not what is counted",
        );
        // Each log may keep its newest block over the bound.
        let most = 2 * KEEP;
        check(
            sessions.held() <= most + BLOCK * sessions.len()
                && list.held() <= most + BLOCK * list.len(),
            "too much is held",
        );
        let closed = list.iter().filter(|connection| connection.closed).count();
        check(
            list.open() == list.len() - closed,
            "closed connections are not counted right",
        );
        check(
            closed <= Connections::CLOSED_KEPT + 1 && app.server.peers.len() <= Peers::KEPT,
            "a list is not bounded",
        );
        let kept = app.calls.journal.total() - app.calls.journal.forgotten();
        check(
            kept <= Journal::DEFAULT_LIMIT as u64,
            "too many calls are kept",
        );
        for control in Control::ORDER {
            if let Control::Input(input) = control {
                let length = app.text(input).value().chars().count();
                check(length <= Field::LONGEST, "a field holds too much");
            }
        }
    }

    fn selected_item_is_seen(&self) {
        let Some(Overlay::Menu(menu)) = &self.app.overlay else {
            return;
        };
        let count = items(&self.app, menu.kind).len();
        let selected = menu.selected.min(count.saturating_sub(1));
        let size = self.screen.size();
        if count > 0 && size.width >= LEAST_WIDTH && size.height >= LEAST_HEIGHT {
            let spots = self.frame.drawn.areas().iter();
            let seen = spots.filter(|(_, spot)| *spot == Spot::Item(selected));
            check(seen.count() == 1, "the selected item is not seen");
        }
    }

    /// Everything together is bounded, whichever part of the state holds it: what `Debug` tells of it is a measure.
    pub fn nothing_grows(&self) {
        let length = format!("{:?}", self.app).len();
        check(
            length < LARGEST,
            &format!("the state has grown to {length}"),
        );
    }
}

/// Whether all of `area` lies in `other`.
fn within(area: Rect, other: Rect) -> bool {
    area.intersection(other) == area
}
