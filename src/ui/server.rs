//! The server panel: its settings, the accepted connections, and what the selected one received.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::bytes::{self, Received};
use super::numbers;
use super::painter::Painter;
use crate::app::App;
use crate::app::Spot;
use crate::app::control::{Button, Bytes, Choice, Control, Input, Pane};
use crate::app::server::Connection;
use crate::app::stage::Stage;
use crate::model::cells::cut;

/// From this many rows on, the list and the selected connection's bytes are seen together.
const BOTH: u16 = 9;

/// The cells of the port.
const PORT: usize = 6;
/// The cells of the backlog.
const BACKLOG: usize = 5;
/// The cells of the first row but for the address to bind to.
const FIXED: usize =
    "Bind ".len() + " Port ".len() + PORT + " Backlog ".len() + BACKLOG + " TCP".len();

/// Draws the panel in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let server = &app.server;
    let remark = server.remark.as_ref().map(|remark| {
        let style = if remark.failure {
            theme.failure()
        } else {
            theme.warning()
        };
        (remark.text.as_str(), style)
    });
    let inner = painter.frame(area, Pane::Server, &title(app), remark);
    if inner.height < 3 {
        return;
    }

    let bind = usize::from(inner.width).saturating_sub(FIXED).min(40);
    painter
        .row(inner, 0)
        .text("Bind ", Style::new())
        .field(Input::Bind, bind)
        .text(" Port ", Style::new())
        .field(Input::ServerPort, PORT)
        .text(" Backlog ", Style::new())
        .field(Input::Backlog, BACKLOG)
        .text(" TCP", theme.dim());

    let start = if app.is_server_up() { "Stop" } else { "Start" };
    let mut row = painter.row(inner, 1);
    row.text("Service ", Style::new())
        .choice(Choice::Service, server.service.name())
        .text("  Model ", Style::new())
        .text("threads", theme.strong())
        .gap(2)
        .button(Button::Start, start, true)
        .gap(2)
        .text(server.service.summary(), theme.dim());

    let body = Rect {
        y: inner.y + 2,
        height: inner.height - 2,
        ..inner
    };
    let shows_bytes = server.connections.current().is_some();
    let focus_on_bytes = app.focus == Control::Bytes(Bytes::Connection);
    if body.height >= BOTH && shows_bytes {
        let list = body.height.div_ceil(2);
        connections(
            painter,
            Rect {
                height: list,
                ..body
            },
        );
        let below = Rect {
            y: body.y + list,
            height: body.height - list,
            ..body
        };
        connection_bytes(painter, below);
    } else if focus_on_bytes && shows_bytes {
        connection_bytes(painter, body);
    } else {
        connections(painter, body);
    }
}

/// `server ─ LISTEN ─ fd 5 ─ 127.0.0.1:8888`
fn title(app: &App) -> String {
    let server = &app.server;
    match (server.fd, server.listening) {
        (Some(fd), Some(address)) => format!("server ─ LISTEN ─ fd {fd} ─ {address}"),
        (Some(fd), None) => format!("server ─ CLOSED ─ fd {fd}"),
        (None, _) => "server ─ no socket".to_owned(),
    }
}

/// The list's columns.
const HEADINGS: [&str; 7] = ["#", "peer", "state", "in", "out", "since", "last"];

/// The widths of the list's columns: that of the peers grows with the longest; the last takes what is left.
fn widths(shown: &[&Connection]) -> [usize; 7] {
    const IPV4_LOOPBACK: usize = "127.0.0.1:12345".len();
    let peer = shown.iter().map(|c| c.peer.to_string().len()).max();
    let peer = peer.unwrap_or(0).max(IPV4_LOOPBACK);
    [4, peer, 11, 7, 7, 8, usize::MAX]
}

fn connections(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let list = &app.server.connections;
    let focused = painter.has_focus(Control::Connections);
    painter.answer(area, Spot::Control(Control::Connections, 0));

    let rows = usize::from(area.height.saturating_sub(1));
    painter.rooms.connections = rows;
    let shown = list.window(rows);
    let widths = widths(&shown);
    let style = if focused {
        theme.focused()
    } else {
        theme.strong()
    };
    columns(painter, area, widths, HEADINGS, style);
    if list.is_empty() {
        for (row, line) in (1..area.height).zip(empty(app)) {
            painter.row(area, row).gap(1).text(&line, theme.dim());
        }
        return;
    }
    for (row, connection) in (1..area.height).zip(shown) {
        let line = Rect {
            y: area.y + row,
            height: 1,
            ..area
        };
        let selected = list.selected == Some(connection.id);
        let style = match (selected, connection.closed) {
            (true, _) if focused => theme.focused(),
            (true, true) => theme.selected().add_modifier(Modifier::DIM),
            (true, false) => theme.selected(),
            (false, true) => theme.dim(),
            (false, false) => Style::new(),
        };
        connection_row(painter, line, widths, connection, style, selected);
        painter.answer(line, Spot::Connection(connection.id));
    }
}

fn connection_row(
    painter: &mut Painter<'_>,
    area: Rect,
    widths: [usize; 7],
    connection: &Connection,
    style: Style,
    selected: bool,
) {
    let clock = painter.app.clock;
    let theme = painter.theme;
    let mark = if selected { "▸" } else { " " };
    let cells = [
        format!("{mark}{}", connection.id.0),
        connection.peer.to_string(),
        connection.state().to_owned(),
        numbers::bytes(connection.received.received()),
        numbers::bytes(connection.sent),
        clock.coarse(connection.since),
        connection.last.clone(),
    ];
    painter.style(area, style);
    columns(
        painter,
        area,
        widths,
        cells.each_ref().map(String::as_str),
        style,
    );
    let waiting = matches!(connection.stage, Stage::CloseWait) && !connection.closed;
    if waiting && !style.add_modifier.contains(Modifier::REVERSED) {
        // The peer has finished and this side has not: worth a look.
        let state = Rect {
            x: area.x + (widths[0] + 1 + widths[1] + 1) as u16,
            width: widths[2] as u16,
            ..area
        };
        painter.style(state.intersection(area), theme.warning());
    }
}

fn columns(
    painter: &mut Painter<'_>,
    area: Rect,
    widths: [usize; 7],
    cells: [&str; 7],
    style: Style,
) {
    let mut pen = painter.row(area, 0);
    for (cell, width) in cells.into_iter().zip(widths) {
        let width = width.min(pen.left());
        let before = pen.left();
        pen.text(&cut(cell, width), style);
        let used = before - pen.left();
        pen.gap((width - used) as u16 + 1);
    }
}

fn connection_bytes(painter: &mut Painter<'_>, area: Rect) {
    let Some(connection) = painter.app.server.connections.current() else {
        return;
    };
    painter.rooms.connection = bytes::draw(
        painter,
        area,
        &Received {
            which: Bytes::Connection,
            title: &format!("#{} received", connection.id.0),
            log: &connection.received,
            view: connection.view,
            empty: &["This connection has received nothing yet."],
        },
    );
}

/// What to do next, in the place where the connections will be.
fn empty(app: &App) -> Vec<String> {
    match app.server.listening {
        Some(address) => vec![
            "Nobody has connected yet.".to_owned(),
            format!(
                "c  connects the client; another program: nc {} {}",
                address.ip(),
                address.port()
            ),
        ],
        None => vec![
            "s  starts the server: socket, bind, listen, accept.".to_owned(),
            "Each accepted connection appears here as it comes.".to_owned(),
        ],
    }
}
