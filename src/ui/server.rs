//! The server panel: its settings, the accepted connections, and what the selected one received.

use ratatui::layout::{Constraint, Layout, Rect};
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
/// The least cells of the address to bind to.
const SHORTEST_BIND: usize = 10;
/// The most: an IPv6 address needs no more.
const LONGEST_BIND: usize = 39;
/// The cells of the first row but for the address to bind to, if there is room for all of it.
const FIXED: usize = "Bind ".len()
    + " Port ".len()
    + PORT
    + " Backlog ".len()
    + BACKLOG
    + " TCP model threads".len();

/// Draws the panel in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let server = &app.server;
    let is_empty = server.connections.is_empty();
    let remark = server.remark.as_ref().filter(|_| !is_empty);
    let remark = remark.map(|remark| (remark.text.as_str(), theme.remark(remark)));
    let inner = painter.frame(area, Pane::Server, &title(app), remark);
    if inner.height < 3 {
        return;
    }

    let bind = usize::from(inner.width)
        .saturating_sub(FIXED)
        .clamp(SHORTEST_BIND, LONGEST_BIND);
    painter
        .row(inner, 0)
        .text("Bind ", Style::new())
        .field(Input::Bind, bind)
        .text(" Port ", Style::new())
        .field(Input::ServerPort, PORT)
        .text(" Backlog ", Style::new())
        .field(Input::Backlog, BACKLOG)
        .gap(1)
        .fitting(&["TCP model threads", "TCP threads", "TCP"], theme.dim());

    let start = if app.is_server_up() { "Stop" } else { "Start" };
    let service = server.service;
    painter
        .row(inner, 1)
        .text("Service ", Style::new())
        .choice(Choice::Service, service.name())
        .gap(1)
        .cut_text(service.summary(), start.len() + 3, theme.dim())
        .align_right(start.len() + 2)
        .button(Button::Start, start);

    let body = Rect {
        y: inner.y + 2,
        height: inner.height - 2,
        ..inner
    };
    let shows_bytes = server.connections.current().is_some();
    let focus_on_bytes = app.focus == Control::Bytes(Bytes::Connection);
    if body.height >= BOTH && shows_bytes {
        // The list takes what it needs up to half, its heading included; a line divides the two.
        let listed = u16::try_from(server.connections.len()).unwrap_or(u16::MAX);
        let list = listed.saturating_add(1).clamp(4, body.height / 2);
        let [list, line, bytes] = Layout::vertical([
            Constraint::Length(list),
            Constraint::Length(1),
            Constraint::Min(0),
        ])
        .areas(body);
        connections(painter, list);
        let dashes = "─".repeat(usize::from(line.width));
        painter.row(line, 0).text(&dashes, theme.dim());
        connection_bytes(painter, bytes);
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

/// How the list's columns share a row: those of numbers and peers are as wide as what is shown of them needs, the last
/// takes what is left.
#[derive(Debug, Clone, Copy)]
struct Columns {
    widths: [usize; 7],
    /// Whether peers are shown by their port alone: all are of one address, and there is little room.
    ports_only: bool,
}

impl Columns {
    /// From this width on there is room for whole addresses.
    const ROOMY: u16 = 76;

    fn of(shown: &[&Connection], width: u16) -> Self {
        let mut addresses = shown.iter().map(|connection| connection.peer.ip());
        let first = addresses.next();
        let ports_only = width < Self::ROOMY && addresses.all(|ip| Some(ip) == first);
        let number = shown.iter().map(|c| c.id.0.to_string().len() + 1).max();
        let columns = Self {
            widths: [number.unwrap_or(0).max(3), 0, 11, 7, 7, 8, usize::MAX],
            ports_only,
        };
        let peer = shown.iter().map(|c| columns.peer(c).len()).max();
        let mut widths = columns.widths;
        widths[1] = peer.unwrap_or(0).max(6);
        Self { widths, ..columns }
    }

    fn peer(self, connection: &Connection) -> String {
        if self.ports_only {
            format!(":{}", connection.peer.port())
        } else {
            connection.peer.to_string()
        }
    }

    /// Where the column of the states is.
    fn state(self, row: Rect) -> Rect {
        let state = Rect {
            x: row.x + (self.widths[0] + 1 + self.widths[1] + 1) as u16,
            width: self.widths[2] as u16,
            ..row
        };
        state.intersection(row)
    }

    fn draw(self, painter: &mut Painter<'_>, area: Rect, cells: [&str; 7], style: Style) {
        let mut pen = painter.row(area, 0);
        for (cell, width) in cells.into_iter().zip(self.widths) {
            let width = width.min(pen.left());
            let before = pen.left();
            pen.text(&cut(cell, width), style);
            let used = before - pen.left();
            pen.gap((width - used) as u16 + 1);
        }
    }
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
    let columns = Columns::of(&shown, area.width);
    let style = if focused { theme.key() } else { theme.strong() };
    columns.draw(painter, area, HEADINGS, style);
    if list.is_empty() {
        let below = Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        };
        painter.say(below, app.server.remark.as_ref(), &empty(app));
        return;
    }
    let current = list.current().map(|connection| connection.id);
    for (row, connection) in (1..area.height).zip(shown) {
        let line = Rect {
            y: area.y + row,
            height: 1,
            ..area
        };
        let selected = current == Some(connection.id);
        let style = match (selected, connection.closed) {
            (true, _) if focused => theme.focused(),
            (true, true) => theme.selected().add_modifier(Modifier::DIM),
            (true, false) => theme.selected(),
            (false, true) => theme.dim(),
            (false, false) => Style::new(),
        };
        connection_row(painter, line, columns, connection, style, selected);
        painter.answer(line, Spot::Connection(connection.id));
    }
}

fn connection_row(
    painter: &mut Painter<'_>,
    area: Rect,
    columns: Columns,
    connection: &Connection,
    style: Style,
    selected: bool,
) {
    let clock = painter.app.clock;
    let theme = painter.theme;
    let mark = if selected { "▸" } else { " " };
    let cells = [
        format!("{mark}{}", connection.id.0),
        columns.peer(connection),
        connection.state().to_owned(),
        numbers::bytes(connection.received.received()),
        numbers::bytes(connection.sent),
        clock.coarse(connection.since),
        connection.last.clone(),
    ];
    painter.style(area, style);
    columns.draw(painter, area, cells.each_ref().map(String::as_str), style);
    let waiting = matches!(connection.stage, Stage::CloseWait) && !connection.closed;
    if waiting && !style.add_modifier.contains(Modifier::REVERSED) {
        // The peer has finished and this side has not: worth a look.
        painter.style(columns.state(area), theme.warning());
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
            title: &format!("#{} {} received", connection.id.0, connection.peer),
            log: &connection.received,
            view: connection.view,
            remark: None,
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
                "`c` connects the client; another program: nc {} {}",
                address.ip(),
                address.port()
            ),
        ],
        None => vec![
            "`s` starts the server: socket, bind, listen, accept.".to_owned(),
            "Each accepted connection appears here as it comes.".to_owned(),
        ],
    }
}
