//! The server panel: its settings, the accepted connections, and what the selected one received.

use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};

use unicode_width::UnicodeWidthStr;

use super::bytes::{self, Received};
use super::client::status;
use super::layout::FOLDED;
use super::painter::Painter;
use crate::app::control::{Button, Bytes, Choice, Control, Input, Pane};
use crate::app::peers::Peer;
use crate::app::server::Connection;
use crate::app::stage::Stage;
use crate::app::{App, Spot};
use crate::model::cells::{cut, fitting};
use crate::model::numbers;
use crate::model::{Actor, Model, Service};

/// From this many rows on, the list and the selected connection's bytes are seen together.
const BOTH: u16 = 9;
/// From this many rows on, there is a row to answer by hand below the list.
const ROOM_TO_ANSWER: u16 = 4;

/// The cells of the port.
const PORT: usize = 6;
/// The cells of the backlog.
const BACKLOG: usize = 5;
/// The cells of the delay.
const DELAY: usize = 5;
/// The most cells of the address to bind to: an IPv6 address needs no more.
const LONGEST_BIND: usize = 39;
/// The cells of the first row but for the address to bind to.
const FIXED: usize =
    "Bind ".len() + " Port ".len() + PORT + " Backlog ".len() + BACKLOG + " < TCP >".len();
/// From this width on there is room for the labels of the second row.
const ROOM_FOR_LABELS: u16 = 66;

/// Draws the panel in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let server = &app.server;
    let is_folded = area.height <= FOLDED;
    let is_empty = server.connections.is_empty() && server.peers.is_empty();
    let remark = server.remark.as_ref().filter(|_| !is_empty && !is_folded);
    let status = status(app, app.answerer().unwrap_or(Actor::Server));
    let room = usize::from(area.width).saturating_sub(status.width() + 8);
    let crowded = crowded(app).filter(|_| !is_folded);
    let crowded = crowded.map(|variants| fitting(&variants, room));
    let remark = match (remark, &crowded) {
        (Some(remark), _) => Some((remark.text.as_str(), theme.remark(remark))),
        (None, Some(text)) => Some((text.as_str(), theme.warning())),
        (None, None) => None,
    };
    let status = (!status.is_empty()).then_some((status.as_str(), theme.success()));
    let title = title(app, usize::from(area.width).saturating_sub(6));
    let inner = painter.frame(area, Pane::Server, &title, remark, status);
    if is_folded {
        return folded(painter, inner);
    }
    if inner.height < 4 {
        return;
    }
    setup(painter, inner);
    offer(painter, inner, 1);
    steps(painter, inner, 2);
    let body = Rect {
        y: inner.y + 3,
        height: inner.height - 3,
        ..inner
    };
    let answers = app.answerer().is_some();
    let focus_on_bytes = app.focus == Control::Bytes(Bytes::Connection);
    if body.height >= BOTH && (answers || server.connections.current().is_some()) {
        // The list takes what it needs up to half, its heading included; a line divides the two.
        let count = server.connections.len().max(server.peers.len());
        let listed = u16::try_from(count).unwrap_or(u16::MAX);
        let list = listed.saturating_add(1).clamp(3, body.height / 2);
        let [list, line, rest] = Layout::vertical([
            Constraint::Length(list),
            Constraint::Length(1),
            Constraint::Min(0),
        ])
        .areas(body);
        connections(painter, list);
        let dashes = "─".repeat(usize::from(line.width));
        painter.row(line, 0).text(&dashes, theme.dim());
        answer_and_bytes(painter, rest, answers);
    } else if focus_on_bytes {
        answer_and_bytes(painter, body, answers);
    } else if answers && body.height >= ROOM_TO_ANSWER {
        let [list, row] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(body);
        connections(painter, list);
        answer(painter, row);
    } else {
        connections(painter, body);
    }
}

fn answer_and_bytes(painter: &mut Painter<'_>, area: Rect, answers: bool) {
    let mut rest = area;
    if answers && area.height > 1 {
        answer(painter, area);
        rest = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
    }
    connection_bytes(painter, rest);
}

/// What can be done by hand on the selected connection, or for the selected peer.
fn answer(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let (label, send, is_udp) = match app.answerer() {
        Some(Actor::Server) => {
            let peer = app.server.peers.current();
            let label = peer.map_or_else(String::new, |peer| format!("to {}", peer.address));
            (label, "seNdto", true)
        }
        Some(who) => (who.to_string(), "seNd", false),
        None => return,
    };
    let recv = match (app.is_answer_receiving(), is_udp) {
        (true, _) => "canceR",
        (false, true) => "Recvfrom",
        (false, false) => "Recv",
    };
    let send = if app.is_answer_sending() {
        "caNcel"
    } else {
        send
    };
    let buttons = if is_udp {
        send.len() + recv.len() + 6
    } else {
        send.len() + recv.len() + "shutDown".len() + "cLose".len() + 12
    };
    let width = usize::from(area.width);
    let label = cut(&label, width.saturating_sub(buttons + 8));
    let field = width.saturating_sub(buttons + label.width() + 1);
    let style = painter.theme.strong();
    let mut pen = painter.row(area, 0);
    pen.text(&label, style)
        .gap(1)
        .field(Input::Answer, field)
        .gap(1)
        .button(Button::Answer, send)
        .gap(1)
        .button(Button::AnswerRecv, recv);
    if !is_udp {
        pen.gap(1)
            .button(Button::AnswerShutdown, "shutDown")
            .gap(1)
            .button(Button::AnswerClose, "cLose");
    }
}

/// The main button, and the newest connection.
fn folded(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    if area.height == 0 {
        return;
    }
    let server = &app.server;
    let start = start_label(app);
    let mut pen = painter.row(area, 0);
    pen.choice(Choice::Service, server.service.name()).gap(1);
    if !server.is_udp() {
        pen.choice(Choice::Model, server.model.name()).gap(1);
    }
    let room = pen.left();
    pen.cut_text(
        &queue(app).map_or_else(
            || server_summary(app),
            |variants| fitting(&variants, room.saturating_sub(start.len() + 3)),
        ),
        start.len() + 3,
        theme.dim(),
    )
    .align_right(start.len() + 2)
    .button(Button::Start, start);
    let row = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    painter.answer(row, Spot::Control(Control::Connections, 0));
    if server.is_udp() {
        let shown = server.peers.window(1);
        if let Some(peer) = shown.first() {
            peer_row(
                painter,
                row,
                address_width(&shown),
                peer,
                Style::new(),
                false,
            );
        }
    } else if let Some(connection) = server.connections.current() {
        let columns = Columns::of(&[connection], row.width);
        connection_row(painter, row, columns, connection, Style::new(), false);
    } else {
        painter
            .row(row, 0)
            .words("Nobody has connected yet.", theme.dim());
    }
}

fn start_label(app: &App) -> &'static str {
    if app.is_server_up() { "Stop" } else { "Start" }
}

fn setup(painter: &mut Painter<'_>, area: Rect) {
    let server = &painter.app.server;
    let kind = if server.is_udp() { "UDP" } else { "TCP" };
    // UDP has no connections that could wait.
    let backlog = if server.is_udp() { 0 } else { BACKLOG };
    let bind = usize::from(area.width)
        .saturating_sub(FIXED)
        .min(LONGEST_BIND);
    let mut pen = painter.row(area, 0);
    pen.text("Bind ", Style::new())
        .field(Input::Bind, bind)
        .text(" Port ", Style::new())
        .field(Input::ServerPort, PORT);
    if backlog > 0 {
        pen.text(" Backlog ", Style::new())
            .field(Input::Backlog, backlog);
    }
    pen.gap(1).choice(Choice::ServerProtocol, kind);
}

fn offer(painter: &mut Painter<'_>, area: Rect, row: u16) {
    let app = painter.app;
    let server = &app.server;
    let start = start_label(app);
    let (service, model) = if area.width >= ROOM_FOR_LABELS {
        ("Service ", " Model ")
    } else {
        ("", " ")
    };
    let mut pen = painter.row(area, row);
    pen.text(service, Style::new())
        .choice(Choice::Service, server.service.name());
    if !server.is_udp() {
        pen.text(model, Style::new())
            .choice(Choice::Model, server.model.name());
    }
    pen.text(" delay ", Style::new())
        .field(Input::Delay, DELAY)
        .text(" ms", Style::new())
        .align_right(start.len() + 2)
        .button(Button::Start, start);
}

fn steps(painter: &mut Painter<'_>, area: Rect, row: u16) {
    let app = painter.app;
    let theme = painter.theme;
    let accept = if app.is_accepting_by_hand() {
        "cAncel"
    } else {
        "Accept"
    };
    let mut pen = painter.row(area, row);
    pen.button(Button::ServerSocket, "socKet")
        .gap(1)
        .button(Button::ServerBind, "Bind");
    if !app.server.is_udp() {
        pen.gap(1)
            .button(Button::Listen, "listEn")
            .gap(1)
            .button(Button::Accept, accept);
    }
    pen.gap(1).button(Button::ServerMore, "mOre").gap(1);
    let is_full = (app.server.queue).is_some_and(|(waiting, backlog)| waiting > backlog);
    let style = if is_full {
        theme.warning()
    } else {
        theme.dim()
    };
    let mut variants = queue(app).unwrap_or_else(|| vec![server_summary(app)]);
    variants.push(String::new());
    let text = fitting(&variants, pen.left());
    pen.align_right(text.width()).text(&text, style);
}

/// What it will do once it listens.
fn server_summary(app: &App) -> String {
    if app.server.is_udp() {
        match app.server.service {
            Service::Echo | Service::EchoOnce | Service::Ok | Service::Hello | Service::Daytime => {
                "each datagram is answered"
            }
            Service::Chat => "each datagram goes to all the others",
            Service::Manual => "you receive and answer by hand",
            Service::Http | Service::Discard | Service::Close => "no datagram is answered",
        }
        .to_owned()
    } else {
        app.server.model.summary().to_owned()
    }
}

/// How many connections wait to be accepted, and how many may, from long to short.
fn queue(app: &App) -> Option<Vec<String>> {
    if !app.server.listens {
        return None;
    }
    let text = match app.server.queue {
        Some((waiting, backlog)) if waiting > backlog => format!("queue full {waiting}/{backlog}"),
        Some((waiting, backlog)) => format!("queue {waiting}/{backlog}"),
        None => "queue ?".to_owned(),
    };
    Some(match app.server.dropped {
        0 => vec![text],
        dropped => vec![
            format!("{text}, {} dropped", numbers::grouped(dropped.into())),
            text,
        ],
    })
}

/// What it costs that the accept queue is full, or was, from long to short: Linux leaves the handshake of whoever connects
/// then unanswered, and their system tries again after a second, then two, then four.
fn crowded(app: &App) -> Option<Vec<String>> {
    let server = &app.server;
    let (waiting, backlog) = server.queue?;
    if waiting > backlog {
        return Some(vec![
            "the accept queue is full: whoever connects now gets no answer and tries again after 1 s, 2 s, 4 s".to_owned(),
            "queue full: who connects now gets no answer, tries again after 1 s, 2 s".to_owned(),
            "queue full: who connects now waits 1 s or more".to_owned(),
        ]);
    }
    let dropped = numbers::grouped(server.dropped.into());
    (server.dropped > 0).then(|| {
        vec![
            format!(
                "the accept queue was full: {dropped} times a handshake got no answer, and was tried again after 1 s, 2 s, 4 s"
            ),
            format!("queue was full: {dropped} times no answer; each cost a peer 1 s or more"),
            format!("queue was full {dropped} times: 1 s lost each"),
        ]
    })
}

/// How the server gets on, in the words of its model: what tells the models apart.
fn progress(app: &App) -> Option<String> {
    let server = &app.server;
    if !server.listens {
        return None;
    }
    let open = |model| {
        let all = server.connections.iter();
        all.filter(move |c| !c.closed && c.offer.model == model)
    };
    let plural = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{} {what}s", numbers::grouped(count as u64)),
    };
    Some(match server.model {
        _ if !server.accepts_alone => "accepts by hand".to_owned(),
        Model::Serial => match open(Model::Serial).next() {
            Some(connection) => format!("serves #{} alone", connection.id.0),
            None => "serves one at a time".to_owned(),
        },
        Model::Threads => format!("1 + {}", plural(open(Model::Threads).count(), "thread")),
        Model::Poll => format!(
            "1 thread for {}",
            plural(open(Model::Poll).count(), "connection")
        ),
    })
}

/// `server ─ LISTEN ─ fd 5 ─ 127.0.0.1:8888 ─ 1 + 2 threads` in at most `width` cells.
fn title(app: &App, width: usize) -> String {
    let server = &app.server;
    let Some(fd) = server.socket.fd else {
        return "server ─ no socket".to_owned();
    };
    let state = match (server.is_udp(), server.listens) {
        (true, _) => "UDP",
        (false, true) => "LISTEN",
        (false, false) => "CLOSED",
    };
    let short = match server.local {
        Some(address) => format!("server ─ {state} ─ fd {fd} ─ {address}"),
        None => format!("server ─ {state} ─ fd {fd}"),
    };
    let Some(progress) = progress(app) else {
        return short;
    };
    // The address stands in the line at the top too; what tells the models apart, and who was not served, only here.
    let refused = server.connections.refused();
    let variants = if refused == 0 {
        vec![
            format!("{short} ─ {progress}"),
            format!("server ─ {state} ─ fd {fd} ─ {progress}"),
            short,
        ]
    } else {
        let refused = format!("{} unserved", numbers::grouped(refused));
        vec![
            format!("{short} ─ {progress}, {refused}"),
            format!("server ─ {state} ─ fd {fd} ─ {progress}, {refused}"),
            format!("server ─ {state} ─ {progress}, {refused}"),
            format!("{short} ─ {refused}"),
            format!("server ─ {state} ─ {refused}"),
        ]
    };
    fitting(&variants, width)
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

    /// The cells of all columns but the last.
    fn used(self) -> usize {
        let widths = &self.widths[..self.widths.len() - 1];
        widths.iter().sum::<usize>() + widths.len()
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

/// What the connections did that are listed no more, from long to short.
fn gone(app: &App) -> Option<Vec<String>> {
    let gone = app.server.connections.gone();
    let count = numbers::grouped(gone.connections);
    (gone.connections > 0).then(|| {
        vec![
            format!(
                "{count} closed ones no longer listed: {} in, {} out",
                numbers::bytes(gone.received),
                numbers::bytes(gone.sent)
            ),
            format!("{count} closed ones no longer listed"),
            format!("{count} no longer listed"),
            format!("+{count} gone"),
        ]
    })
}

fn connections(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let list = &app.server.connections;
    let focused = painter.has_focus(Control::Connections);
    painter.answer(area, Spot::Control(Control::Connections, 0));

    let rows = usize::from(area.height.saturating_sub(1));
    painter.rooms.connections = rows;
    if app.server.is_udp() {
        return peers(painter, area);
    }
    let shown = list.window(rows);
    let columns = Columns::of(&shown, area.width);
    let style = if focused { theme.key() } else { theme.strong() };
    columns.draw(painter, area, HEADINGS, style);
    if let Some(variants) = gone(app) {
        // Where the last column is, of which little is lost.
        let room = usize::from(area.width).saturating_sub(columns.used() + "last ".len());
        let text = fitting(&variants, room);
        let text = if text.ends_with('…') { "" } else { &text };
        painter
            .row(area, 0)
            .align_right(text.width())
            .text(text, theme.dim());
    }
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
        numbers::bytes(connection.socket.sent),
        clock.coarse(connection.since),
        connection.last.clone(),
    ];
    painter.style(area, style);
    columns.draw(painter, area, cells.each_ref().map(String::as_str), style);
    let waiting = matches!(connection.socket.stage, Stage::CloseWait) && !connection.closed;
    if waiting && !style.add_modifier.contains(Modifier::REVERSED) {
        // The peer has finished and this side has not: worth a look.
        painter.style(columns.state(area), theme.warning());
    }
}

/// The list of a UDP server's peers.
fn peers(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let peers = &app.server.peers;
    let focused = painter.has_focus(Control::Connections);
    let style = if focused { theme.key() } else { theme.strong() };
    let shown = peers.window(usize::from(area.height.saturating_sub(1)));
    let width = address_width(&shown);
    let heading = format!(
        "  {:<width$} {:>9} {:>7} {:>7}  since     last",
        "peer", "datagrams", "in", "out"
    );
    let room = usize::from(area.width);
    painter.row(area, 0).text(&cut(&heading, room), style);
    let below = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    if peers.is_empty() {
        return painter.say(below, app.server.remark.as_ref(), &empty(app));
    }
    let current = peers.current().map(|peer| peer.address);
    for (row, peer) in (below.y..below.bottom()).zip(shown) {
        let line = Rect {
            y: row,
            height: 1,
            ..below
        };
        let selected = current == Some(peer.address);
        let style = match selected {
            true if focused => theme.focused(),
            true => theme.selected(),
            false => Style::new(),
        };
        peer_row(painter, line, width, peer, style, selected);
        painter.answer(line, Spot::Peer(peer.address));
    }
}

/// The cells that the longest of the addresses needs.
fn address_width(shown: &[&Peer]) -> usize {
    let widths = shown.iter().map(|peer| peer.address.to_string().len());
    widths.max().unwrap_or(0).max(4)
}

fn peer_row(
    painter: &mut Painter<'_>,
    area: Rect,
    width: usize,
    peer: &Peer,
    style: Style,
    selected: bool,
) {
    let clock = painter.app.clock;
    let mark = if selected { "▸" } else { " " };
    let text = format!(
        "{mark} {:<width$} {:>9} {:>7} {:>7}  {}  {}",
        peer.address.to_string(),
        numbers::grouped(peer.datagrams),
        numbers::bytes(peer.received),
        numbers::bytes(peer.sent),
        clock.coarse(peer.since),
        peer.last
    );
    painter.style(area, style);
    painter.row(area, 0).text(text.trim_end(), style);
}

fn connection_bytes(painter: &mut Painter<'_>, area: Rect) {
    let server = &painter.app.server;
    let received = if server.is_udp() {
        Received {
            which: Bytes::Connection,
            title: "Received",
            log: &server.received,
            view: server.view,
            body: None,
            datagrams: true,
            remark: None,
            empty: &["No datagram has come yet."],
        }
    } else {
        let Some(connection) = server.connections.current() else {
            return;
        };
        Received {
            which: Bytes::Connection,
            title: &format!("#{} {} received", connection.id.0, connection.peer),
            log: &connection.received,
            view: connection.view,
            body: connection.head.body(),
            datagrams: false,
            remark: None,
            empty: match (connection.by_hand, connection.closed) {
                (true, false) => &[
                    "By hand: `r` receives, `i` lets you type an answer,",
                    "`n` sends it, `l` closes, `o` offers the rest.",
                ],
                (true, true) | (false, _) => &["This connection has received nothing yet."],
            },
        }
    };
    painter.rooms.connection = bytes::draw(painter, area, &received);
}

/// What to do next, in the place where the connections will be.
fn empty(app: &App) -> Vec<String> {
    let server = &app.server;
    match (server.is_udp(), server.serves_at()) {
        (true, Some(address)) => vec![
            "Nobody has sent a datagram yet.".to_owned(),
            format!(
                "From another program: nc -u {} {}",
                address.ip(),
                address.port()
            ),
        ],
        (true, None) => vec!["`s` makes a UDP socket and binds it.".to_owned()],
        (false, Some(_)) if server.queue.is_some_and(|(waiting, _)| waiting > 0) => vec![
            "Somebody waits in the accept queue: connected by the".to_owned(),
            "kernel, and unanswered. `a` accepts the next connection.".to_owned(),
        ],
        (false, Some(address)) => vec![
            "Nobody has connected yet.".to_owned(),
            format!(
                "`c` connects the client; another program: nc {} {}",
                address.ip(),
                address.port()
            ),
        ],
        (false, None) if server.socket.fd.is_some() => {
            vec!["Step by step: `b` bind, `e` listen, `a` accept.".to_owned()]
        }
        (false, None) => vec![
            "`s` starts the server: socket, bind, listen, accept.".to_owned(),
            "Each accepted connection appears here as it comes.".to_owned(),
        ],
    }
}
