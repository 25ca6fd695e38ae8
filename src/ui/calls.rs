//! The Calls panel: every call that returned, oldest first, and below them the calls that are blocked now.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::painter::Painter;
use crate::app::Spot;
use crate::app::bytes::Room;
use crate::app::calls::{Blocked, Calls, Filter, words};
use crate::app::control::{Choice, Control, Pane};
use crate::model::CallRecord;
use crate::model::call::{Function, Waited};
use crate::model::cells::cut;
use crate::model::moment::Elapsed;
use crate::model::numbers::grouped;

/// The cells of the column of times, `14:02:11.031`.
const TIME: usize = 12;
/// The least cells of the column of names; `server#1000` and beyond need more.
const WHO: usize = 10;

/// From this width on there is room for how long a call took.
const ROOMY: u16 = 70;

/// Draws the panel in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let calls = &app.calls;
    let total = calls.journal.total();
    let mut detail = String::new();
    if total > 0 {
        let plural = if total == 1 { "" } else { "s" };
        detail = format!("{} call{plural}", grouped(total));
    }
    if calls.journal.forgotten() > 0 {
        detail.push_str(&format!(
            " · the first {} no longer kept",
            grouped(calls.journal.forgotten())
        ));
    }
    if calls.cursor.is_some() {
        detail.push_str(" · End follows the newest");
    }
    let choices = fitting_filters(painter, area);
    let inner = painter.lower_frame(area, Pane::Calls, &detail, width_of(&choices) + 4);
    filters(painter, area, &choices);
    painter.answer(inner, Spot::Control(Control::Calls, 0));
    if inner.height == 0 {
        return;
    }

    let (blocked, more) = calls.listed_blocked();
    // What has happened comes before what has not: at least half of the rows are for calls that returned.
    let wanted = blocked.len() + more;
    let waits = wanted
        .min(Calls::BLOCKED_LISTED)
        .min(usize::from(inner.height) / 2);
    let rows = usize::from(inner.height) - waits;
    let room = Room {
        width: usize::from(inner.width).saturating_sub(TIME + 3),
        height: rows,
    };
    painter.rooms.calls = room;

    if total == 0 && wanted == 0 {
        let text = "Every socket call of both ends appears here: its arguments, its result, how long it took.";
        painter.row(inner, 0).gap(1).text(text, theme.dim());
    }
    let first = inner.bottom() - u16::try_from(waits).unwrap_or(0);
    let shown = calls.window(room);
    let names = (shown.iter().map(|(_, record)| record.who)).chain(blocked.iter().map(|b| b.who));
    let name = names.map(|who| who.to_string().len() + 1).max();
    let who = name.unwrap_or(0).max(WHO);
    let mut y = inner.y;
    for (number, record) in shown {
        let left = Rect {
            y,
            height: first.saturating_sub(y),
            ..inner
        };
        let line = Rect { height: 1, ..left };
        let selected = calls.cursor == Some(number);
        y += returned(painter, left, who, record, selected);
        let answers = Rect {
            height: y - line.y,
            ..line
        };
        painter.answer(answers.intersection(inner), Spot::Call(number));
    }
    for (i, row) in (first..inner.bottom()).enumerate() {
        let line = Rect {
            y: row,
            height: 1,
            ..inner
        };
        let is_last = i + 1 == waits;
        match blocked.get(i) {
            Some(blocked) if !(is_last && waits < wanted) => waiting(painter, line, who, blocked),
            _ => {
                let left = wanted - i;
                let more = if i == 0 { "" } else { " more" };
                let text = format!("{}{more} calls are blocked now", grouped(left as u64));
                painter
                    .row(line, 0)
                    .gap(TIME as u16 + 1)
                    .text(&text, theme.dim());
            }
        }
    }
}

/// The choices of whose calls are shown that have room beside the names of the panes; the one that is chosen is among
/// them. The key for them leads to the others too.
fn fitting_filters(painter: &Painter<'_>, area: Rect) -> Vec<(Filter, String)> {
    let app = painter.app;
    let filters = app.filters().into_iter();
    let mut choices: Vec<_> = filters.map(|filter| (filter, filter.name())).collect();
    let room = usize::from(area.width).saturating_sub(Painter::lower_names() + 4);
    while width_of(&choices) > room
        && let Some(last) = choices
            .iter()
            .rposition(|(filter, _)| *filter != app.calls.filter)
    {
        choices.remove(last);
    }
    choices
}

/// The cells of these choices with a blank behind each.
fn width_of(choices: &[(Filter, String)]) -> usize {
    choices.iter().map(|(_, name)| name.width() + 1).sum()
}

/// Whose calls are shown, in the border.
fn filters(painter: &mut Painter<'_>, area: Rect, choices: &[(Filter, String)]) {
    let theme = painter.theme;
    let active = painter.app.calls.filter;
    let focused = painter.has_focus(Control::Choice(Choice::Filter));
    let mut row = painter.on_border(area, 0);
    row.align_right(width_of(choices) + 2)
        .text(" ", Style::new());
    for (choice, name) in choices {
        let style = match (*choice == active, focused) {
            (true, true) => theme.focused(),
            (true, false) => theme.strong().add_modifier(Modifier::UNDERLINED),
            (false, _) => theme.dim(),
        };
        row.spot(name, style, Spot::Filter(*choice))
            .text(" ", Style::new());
    }
}

/// A call that returned, and below it what that means if it needs words, as far as `area` goes. Gives back how many rows
/// that took.
fn returned(
    painter: &mut Painter<'_>,
    area: Rect,
    who: usize,
    record: &CallRecord,
    selected: bool,
) -> u16 {
    let theme = painter.theme;
    let focused = painter.has_focus(Control::Calls);
    let base = match (selected, focused) {
        (true, true) => theme.focused(),
        (true, false) => theme.selected(),
        (false, _) => Style::new(),
    };
    let on = |style: Style| if selected { base } else { style };
    let words = words(record, usize::from(area.width).saturating_sub(TIME + 3));
    let height = (1 + words.len() as u16).min(area.height);
    painter.style(Rect { height, ..area }, base);

    // How long a call took gives way where there is little room; the details still tell.
    let took = match record.waited {
        _ if area.width < ROOMY => String::new(),
        Waited::InPoll => format!("waited {}", Elapsed(record.took)),
        Waited::InProgress => format!("EINPROGRESS, {}", Elapsed(record.took)),
        Waited::No | Waited::NotBlocking => Elapsed(record.took).to_string(),
    };
    let outcome = if record.outcome.is_failure() {
        theme.failure()
    } else {
        theme.strong()
    };
    let time = painter.app.clock.precise(record.entered);
    let mut row = painter.row(area, 0);
    row.text(&time, on(theme.dim())).gap(1);
    row.text(
        &format!("{:<who$}", record.who.to_string()),
        on(theme.actor(record.who)),
    );
    let room = row
        .left()
        .saturating_sub(took.width() + usize::from(!took.is_empty()));
    let result = record.outcome.to_string();
    let call = cut(&record.call_text(), room.saturating_sub(result.width() + 1));
    let result = cut(&result, room.saturating_sub(call.width() + 1));
    row.text(&call, on(Style::new()))
        .gap(1)
        .text(&result, on(outcome).add_modifier(Modifier::BOLD));
    row.align_right(took.width()).text(&took, on(theme.dim()));

    let style = if record.outcome.is_failure() {
        theme.failure()
    } else {
        theme.warning()
    };
    for (below, line) in (1..area.height).zip(&words) {
        let mark = if below == 1 { "└ " } else { "  " };
        painter
            .row(area, below)
            .gap(TIME as u16 + 1)
            .text(mark, on(theme.dim()))
            .text(line, on(style));
    }
    height
}

/// A call that is blocked now, with a running time if a person waits for it.
fn waiting(painter: &mut Painter<'_>, area: Rect, who: usize, blocked: &Blocked) {
    let app = painter.app;
    let theme = painter.theme;
    let state = if blocked.is_awaited() {
        let waited = Elapsed(app.now.since(blocked.since));
        let way_out = match (blocked.who, blocked.call.function()) {
            (who, function) if who == app.client_actor() => match function {
                Function::Send | Function::Sendto => " · n cancels",
                _ => " · c cancels",
            },
            _ => "",
        };
        format!("blocked for {waited}{way_out}")
    } else {
        format!("blocked since {}", app.clock.coarse(blocked.since))
    };
    let mut row = painter.row(area, 0);
    row.text(&format!("{:>TIME$}", "now"), theme.warning())
        .gap(1);
    row.text(
        &format!("{:<who$}", blocked.who.to_string()),
        theme.actor(blocked.who),
    );
    let room = row.left().saturating_sub(state.width() + 1);
    row.text(&cut(&blocked.call.to_string(), room), Style::new())
        .align_right(state.width())
        .text(&state, theme.warning());
}
