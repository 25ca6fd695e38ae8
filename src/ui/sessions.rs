//! The list of client sessions, and the crowd.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::client::name;
use super::painter::Painter;
use crate::app::Spot;
use crate::app::client::Client;
use crate::app::control::{Button, Choice, Control, Input, Pane};
use crate::model::cells::cut;
use crate::model::moment::Elapsed;
use crate::model::numbers::{bytes, grouped};

/// The cells of the number of clients.
const COUNT: usize = 5;
/// From this width on there is room for long labels beside the longest steps.
const ROOM_FOR_LABELS: u16 = 75;

/// Draws the panel in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let crowd: Vec<&Client> = app.sessions.iter().filter(|c| c.plan.is_some()).collect();
    let count = app.sessions.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut detail = format!("{} session{plural}", grouped(count as u64));
    if !crowd.is_empty() {
        detail.push_str(&format!(" · {}", tally(&crowd)));
    }
    let inner = painter.lower_frame(area, Pane::Sessions, &detail, 2);
    if inner.height < 2 {
        return;
    }
    let (label, count, dismiss, open) = if inner.width < ROOM_FOR_LABELS {
        ("Crowd ", COUNT - 1, "Go", "+")
    } else {
        ("Crowd of ", COUNT, "Go away", "+ session")
    };
    painter
        .row(inner, 0)
        .text(label, Style::new())
        .field(Input::Crowd, count)
        .gap(1)
        .choice(Choice::Steps, app.sessions.steps.name())
        .gap(1)
        .button(Button::Crowd, "croWd")
        .gap(1)
        .button(Button::Dismiss, dismiss)
        .gap(1)
        .button(Button::Open, open);
    let list = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    painter.answer(list, Spot::Control(Control::Sessions, 0));
    rows(painter, list);
}

/// `8 of 10 connected, 3 heard something after 1 ms to 3 ms, 1 failed`
fn tally(crowd: &[&Client]) -> String {
    let plans = || crowd.iter().filter_map(|client| client.plan.as_ref());
    let connected = plans().filter(|plan| plan.connected.is_some()).count();
    let mut text = format!("crowd: {connected} of {} connected", crowd.len());
    let mut heard: Vec<_> = plans().filter_map(|plan| plan.heard).collect();
    heard.sort_unstable();
    if let (Some(first), Some(last)) = (heard.first(), heard.last()) {
        let count = heard.len();
        let (first, last) = (Elapsed(*first).to_string(), Elapsed(*last).to_string());
        text.push_str(&if first == last {
            format!(", {count} heard something after {first}")
        } else {
            format!(", {count} heard something after {first} to {last}")
        });
    }
    let failed = plans().filter(|plan| plan.failed).count();
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    text
}

/// The list's columns: heading and cells, the last as wide as there is room.
const COLUMNS: [(&str, usize); 9] = [
    ("session", 15),
    ("state", 11),
    ("to", 15),
    ("sent", 7),
    ("received", 8),
    ("connect", 8),
    ("1st recv", 8),
    ("answer", 8),
    ("now", usize::MAX),
];

fn rows(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let focused = painter.has_focus(Control::Sessions);
    let style = if focused { theme.key() } else { theme.strong() };
    // The one row of the smallest screen is for a session.
    let heading = u16::from(area.height > 1);
    if heading > 0 {
        let names = COLUMNS.map(|(name, _)| name.to_owned());
        columns(painter, area, &names, style, false);
    }
    let page = usize::from(area.height - heading);
    painter.rooms.sessions = page;
    let selected = app.sessions.selected();
    for (row, client) in (area.y + heading..area.bottom()).zip(app.sessions.window(page)) {
        let line = Rect {
            y: row,
            height: 1,
            ..area
        };
        let is_selected = client.id == selected;
        let style = match (is_selected, client.socket.fd.is_some()) {
            (true, _) if focused => theme.focused(),
            (true, _) => theme.selected(),
            (false, true) => Style::new(),
            (false, false) => theme.dim(),
        };
        painter.style(line, style);
        columns(painter, line, &cells(client), style, is_selected);
        painter.answer(line, Spot::Session(client.id));
    }
}

fn cells(client: &Client) -> [String; 9] {
    let plan = client.plan.as_ref();
    let took = |time: Option<std::time::Duration>| {
        time.map_or_else(String::new, |time| Elapsed(time).to_string())
    };
    let remark = client.remark.as_ref().map_or("", |remark| &remark.text);
    let now = match plan {
        Some(plan) if !plan.failed => plan.waits_for().to_owned(),
        Some(_) | None => remark.to_owned(),
    };
    [
        name(client),
        client.socket.stage.name(client.socket.kind).to_owned(),
        client
            .peer
            .map_or_else(String::new, |peer| peer.to_string()),
        bytes(client.socket.sent),
        bytes(client.received.received()),
        took(plan.and_then(|plan| plan.connected)),
        took(plan.and_then(|plan| plan.heard)),
        took(plan.and_then(|plan| plan.answered)),
        now,
    ]
}

fn columns(
    painter: &mut Painter<'_>,
    area: Rect,
    cells: &[String; 9],
    style: Style,
    selected: bool,
) {
    let mut pen = painter.row(area, 0);
    pen.text(if selected { "▸" } else { " " }, style);
    for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
        let width = width.min(pen.left());
        let before = pen.left();
        pen.text(&cut(cell, width), style);
        let used = before - pen.left();
        pen.gap((width - used) as u16 + 1);
    }
}
