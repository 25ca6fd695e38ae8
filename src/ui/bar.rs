//! The line at the top, the line at the bottom, and what is shown when there is no room for more.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::painter::Painter;
use super::{LEAST_HEIGHT, LEAST_WIDTH};
use crate::app::hints::{Hint, hints};
use crate::app::keymap::Command;
use crate::model::cells::{cut, fitting};
use crate::model::numbers::grouped;

/// The program's name, and what the server is up to wherever a person looks.
pub fn header(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let (variants, style) = match app.server.serves_at() {
        Some(address) => {
            let open = if app.server.is_udp() {
                format!("{} heard", grouped(app.server.peers.len() as u64))
            } else {
                format!(
                    "{} connected",
                    grouped(app.server.connections.open() as u64)
                )
            };
            let state = if app.server.is_udp() { "UDP" } else { "LISTEN" };
            let text = format!("server {address} {state} · {open}");
            match app.server.exposure() {
                Some(exposure) => {
                    // However little room there is, this is said.
                    let variants = vec![
                        format!("{text} · {exposure}"),
                        format!("{text} · open to others"),
                        format!("{address} · {open} · open to others"),
                        format!("{address} · open to others"),
                        format!("port {} open to others", address.port()),
                    ];
                    (variants, theme.warning())
                }
                None => (vec![text], theme.success()),
            }
        }
        None if app.server.socket.fd.is_some() => (
            vec!["server: a socket that does not listen yet".to_owned()],
            theme.warning(),
        ),
        None => (vec!["server stopped".to_owned()], theme.dim()),
    };
    let (variants, style) = match app.sessions.exposed() {
        0 => (variants, style),
        count => (beside_clients(&variants, count), theme.warning()),
    };
    // What the button with the focus would say, where there is room for it. A script says its own lines.
    let is_pressed_here = app.overlay.is_none() && !app.script_has_keys();
    let line = app.focus.button().filter(|_| is_pressed_here);
    let line = line.and_then(|button| app.line_of_button(button));
    let mut row = painter.row(area, 0);
    row.gap(1).text("sockyard", theme.strong()).gap(2);
    let text = fitting(&variants, row.left().saturating_sub(1));
    if let Some(line) = line
        && row.left() > text.width() + LEAST_LINE
    {
        row.text(": ", theme.key())
            .cut_text(&line, text.width() + 3, theme.dim());
    }
    row.align_right(text.width() + 1).text(&text, style);
}

/// `variants`, and that datagrams of others reach so many clients.
fn beside_clients(variants: &[String], count: usize) -> Vec<String> {
    let who = match count {
        1 => "a client's UDP socket".to_owned(),
        count => format!("{count} clients' UDP sockets"),
    };
    let long = variants
        .iter()
        .map(|text| format!("{text} · {who} open to others"));
    let short = variants
        .iter()
        .map(|text| format!("{text} · client UDP open to others"));
    long.chain(short)
        .chain(["client UDP open to others".to_owned()])
        .collect()
}

/// The least cells in which the line of a button is worth showing.
const LEAST_LINE: usize = 18;

/// Something to tell, or else the keys that work where the focus is.
pub fn footer(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let rooms = painter.rooms;
    let mut row = painter.row(area, 0);
    row.gap(1);
    if let Some(notice) = &app.notice {
        let style = if notice.failure {
            theme.failure()
        } else {
            theme.success()
        };
        row.text(&notice.text, style);
        return;
    }
    // The ways to everything else are always seen; others as far as there is room.
    let is_always_seen = |hint: &Hint| {
        matches!(
            hint.command,
            Command::CommandLine | Command::Help | Command::Quit
        )
    };
    let (always, mut others): (Vec<Hint>, Vec<Hint>) =
        hints(app, &rooms).into_iter().partition(is_always_seen);
    // In a field it is the way to everything else, behind those to go on and to leave.
    let palette = others
        .iter()
        .position(|hint| hint.command == Command::Palette);
    if let Some(palette) = palette.filter(|_| app.overlay.is_none()) {
        others[palette.min(2)..=palette].rotate_right(1);
    }
    let width = |hint: &Hint| hint.key.to_string().width() + 1 + hint.text.width() + 3;
    let mut room = row
        .left()
        .saturating_sub(always.iter().map(width).sum::<usize>());
    let fitting = others.iter().filter(|hint| {
        let fits = width(hint) <= room;
        room -= if fits { width(hint) } else { 0 };
        fits
    });
    for (i, hint) in fitting.chain(&always).enumerate() {
        if i > 0 {
            row.text(" · ", theme.dim());
        }
        row.text(&hint.key.to_string(), theme.key())
            .gap(1)
            .text(hint.text, Style::new());
    }
}

/// The size that is needed, as far as it can be said.
pub fn too_small(painter: &mut Painter<'_>, area: Rect) {
    let mut lines = vec![
        "sockyard needs more room".to_owned(),
        format!("at least {LEAST_WIDTH}x{LEAST_HEIGHT}"),
        format!("now {}x{}", area.width, area.height),
    ];
    if painter.app.server.exposure().is_some() || painter.app.sessions.exposed() > 0 {
        lines.insert(0, "open to others".to_owned());
    }
    let top = area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, line) in (area.y + top..area.bottom()).zip(&lines) {
        let line = cut(line, usize::from(area.width));
        let x = area.x + (area.width.saturating_sub(line.width() as u16)) / 2;
        painter.put(x, y, &line, usize::from(area.width), painter.theme.strong());
    }
}
