//! The client pane: the session in front, and the names of the others.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::bytes::{self, Received};
use super::layout::FOLDED;
use super::painter::Painter;
use crate::app::client::{Client, MessageCall, Receive};
use crate::app::control::{Button, Bytes, Choice, Input, Pane};
use crate::app::known::InWords;
use crate::app::{App, Spot};
use crate::model::call::Function;
use crate::model::cells::fitting;
use crate::model::numbers;
use crate::model::{Actor, Family, SocketKind};

/// The cells of the port.
const PORT: usize = 6;
/// The cells of the size of a receive buffer.
const SIZE: usize = 8;
/// The cells of the first row but for the host: labels, the port, the choices.
const FIXED: usize = "Host ".len() + " Port ".len() + PORT + " < TCP > < IPv4 >".len();
/// From this many rows inside the border on, there is a row for the names of the sessions.
const ROOM_FOR_NAMES: u16 = 8;

/// Draws the pane in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let client = app.client();
    let title = title(app, usize::from(area.width).saturating_sub(6));
    // While there are no bytes there is room to say all of it inside.
    let is_empty = client.received.kept().is_empty();
    let is_folded = area.height <= FOLDED;
    let remark = client.remark.as_ref().filter(|_| !is_empty && !is_folded);
    let remark = remark.map(|remark| (remark.text.as_str(), theme.remark(remark)));
    let status = status(app, app.client_actor());
    let status = (!status.is_empty()).then_some((status.as_str(), theme.success()));
    let mut inner = painter.frame(area, Pane::Client, &title, remark, status);
    if is_folded {
        return folded(painter, inner);
    }
    if app.sessions.len() > 1 && inner.height >= ROOM_FOR_NAMES {
        names(painter, inner);
        inner = Rect {
            y: inner.y + 1,
            height: inner.height - 1,
            ..inner
        };
    }
    if inner.height < 5 {
        return;
    }
    address(painter, inner);
    calls(painter, inner, 1);
    message(painter, inner, 2);
    receive(painter, inner, 3);
    let body = Rect {
        y: inner.y + 4,
        height: inner.height - 4,
        ..inner
    };
    painter.rooms.received = bytes::draw(painter, body, &received(client, empty(app)));
}

fn received<'a>(client: &'a Client, empty: &'a [&'a str]) -> Received<'a> {
    Received {
        which: Bytes::Client,
        title: "Received",
        log: &client.received,
        view: client.view,
        body: client.head.body(),
        datagrams: client.socket.kind == SocketKind::Datagram,
        remark: client.remark.as_ref(),
        empty,
    }
}

/// What could be done with a socket now, and what is being saved of it.
pub fn status(app: &App, who: Actor) -> String {
    let mut parts = Vec::new();
    if let Some(save) = app.saves.of(who) {
        let bytes = numbers::bytes(save.bytes);
        parts.push(format!("● saving {bytes}"));
    }
    if let Some(known) = app.known(who) {
        if !known.blocks && known.fd.is_some() {
            parts.push("non-blocking".to_owned());
        }
        if let Some(ready) = known.readiness.filter(|_| known.fd.is_some()) {
            parts.push(InWords(ready).to_string());
        }
    }
    parts.join(" · ")
}

/// The main button, and the newest bytes.
fn folded(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let client = app.client();
    let connect = if app.is_connecting() {
        "Cancel"
    } else {
        "Connect"
    };
    if area.height == 0 {
        return;
    }
    let buttons = connect.len() + 2 + "[cLose]".len() + 1;
    let host = usize::from(area.width).saturating_sub(FIXED + buttons + 1);
    painter
        .row(area, 0)
        .text("Host ", Style::new())
        .field(Input::Host, host)
        .text(" Port ", Style::new())
        .field(Input::Port, PORT)
        .gap(1)
        .choice(Choice::Protocol, protocol(client))
        .align_right(buttons)
        .button(Button::Connect, connect)
        .gap(1)
        .button(Button::Close, "cLose");
    let body = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    // With one row the heading says most: how much came, and whether any did.
    painter.rooms.received = bytes::draw(painter, body, &received(client, &[]));
}

const fn protocol(client: &Client) -> &'static str {
    // A socket that is there has its kind, whatever is chosen for the next one.
    match client.socket.fd {
        Some(_) => client.socket.kind.protocol(),
        None => client.kind.protocol(),
    }
}

fn address(painter: &mut Painter<'_>, area: Rect) {
    let client = painter.app.client();
    let host = usize::from(area.width).saturating_sub(FIXED);
    let family = client.family.map_or("any", Family::protocol);
    painter
        .row(area, 0)
        .text("Host ", Style::new())
        .field(Input::Host, host)
        .text(" Port ", Style::new())
        .field(Input::Port, PORT)
        .gap(1)
        .choice(Choice::Protocol, protocol(client))
        .gap(1)
        .choice(Choice::Family, family);
}

fn calls(painter: &mut Painter<'_>, area: Rect, row: u16) {
    let app = painter.app;
    let resolve = if app.client_waits(Function::Getaddrinfo) {
        "cancEl"
    } else {
        "rEsolve"
    };
    let connect = if app.is_connecting() {
        "Cancel"
    } else {
        "Connect"
    };
    painter
        .row(area, row)
        .button(Button::Socket, "socKet")
        .gap(1)
        .button(Button::Resolve, resolve)
        .gap(1)
        .button(Button::Connect, connect)
        .gap(1)
        .button(Button::Shutdown, "shutDown")
        .align_right("[cLose]".len())
        .button(Button::Close, "cLose");
}

fn message(painter: &mut Painter<'_>, area: Rect, row: u16) {
    let app = painter.app;
    let client = app.client();
    let (once, all) = match (app.is_sending(), client.message_call()) {
        (true, _) => ("caNcel", ""),
        (false, MessageCall::SendAll) => ("seNd", "sendAll"),
        (false, MessageCall::Send) => ("seNd", ""),
        (false, MessageCall::SendTo) => ("seNd", "sendto"),
    };
    let ending = client.line_ending.name();
    // The gaps, the choice with its arrows, the buttons in their brackets.
    let all_width = if all.is_empty() { 0 } else { all.len() + 3 };
    let fixed = "Send ".len() + 1 + ending.len() + 4 + 1 + once.len() + 2 + all_width;
    let width = usize::from(area.width).saturating_sub(fixed);
    let mut pen = painter.row(area, row);
    pen.text("Send ", Style::new())
        .field(Input::Message, width)
        .gap(1)
        .choice(Choice::LineEnding, ending)
        .gap(1)
        .button(Button::Send, once);
    if !all.is_empty() {
        pen.gap(1).button(Button::SendAll, all);
    }
}

fn receive(painter: &mut Painter<'_>, area: Rect, row: u16) {
    let app = painter.app;
    let client = app.client();
    let recv = if app.is_receiving_by_hand() {
        "canceR"
    } else if client.message_call() == MessageCall::SendTo {
        "Recvfrom"
    } else {
        "Recv"
    };
    let how = match client.receive {
        Receive::Alone => "auto",
        Receive::ByHand => "by hand",
    };
    painter
        .row(area, row)
        .text("Recv ", Style::new())
        .choice(Choice::Receive, how)
        .text(" size ", Style::new())
        .field(Input::RecvSize, SIZE)
        .gap(1)
        .button(Button::Recv, recv)
        .align_right("[mOre]".len())
        .button(Button::More, "mOre");
}

/// The names of the sessions around the one in front, as many as fit.
fn names(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let front = app.sessions.front_id();
    let all: Vec<&Client> = app.sessions.iter().collect();
    let at = all
        .iter()
        .position(|client| client.id == front)
        .unwrap_or(0);
    let count = format!(" {}/{}", at + 1, all.len());
    let room = usize::from(area.width).saturating_sub(count.width());
    let width = |client: &Client| name(client).width() + 2;
    // From the one in front outwards, in turn.
    let (mut first, mut last, mut used) = (at, at, width(all[at]));
    loop {
        let right = all.get(last + 1).filter(|c| used + width(c) <= room);
        if let Some(client) = right {
            used += width(client);
            last += 1;
        }
        let left = first
            .checked_sub(1)
            .filter(|&i| used + width(all[i]) <= room);
        if let Some(i) = left {
            used += width(all[i]);
            first = i;
        }
        if right.is_none() && left.is_none() {
            break;
        }
    }
    let mut pen = painter.row(area, 0);
    for client in &all[first..=last] {
        let style = if client.id == front {
            theme.strong().add_modifier(Modifier::UNDERLINED)
        } else if client.socket.fd.is_some() {
            Style::new()
        } else {
            theme.dim()
        };
        pen.spot(&name(client), style, Spot::Session(client.id))
            .gap(2);
    }
    pen.align_right(count.width()).text(&count, theme.dim());
}

/// What a session is called.
pub fn name(client: &Client) -> String {
    match &client.name {
        Some(name) => format!("{}·{name}", client.who()),
        None => client.who().to_string(),
    }
}

/// `client ─ ESTABLISHED ─ fd 7 ─ 127.0.0.1:53422 → 127.0.0.1:8888` in at most `width` cells.
fn title(app: &App, width: usize) -> String {
    let client = app.client();
    let stage = if app.client_waits(Function::Connect) {
        "SYN_SENT"
    } else if app.client_waits(Function::Getaddrinfo) {
        "resolving"
    } else {
        client.socket.stage.name(client.socket.kind)
    };
    let mut title = format!("{} ─ {stage}", name(client));
    if let Some(fd) = client.socket.fd {
        title.push_str(&format!(" ─ fd {fd}"));
    }
    if client.socket.fd.is_none() {
        return title;
    }
    let variants = match (client.local, client.peer) {
        (Some(local), Some(peer)) if local.ip() == peer.ip() => vec![
            format!("{title} ─ {local} → {peer}"),
            format!("{title} ─ {local} → :{}", peer.port()),
            format!("{title} ─ :{} → :{}", local.port(), peer.port()),
        ],
        (Some(local), Some(peer)) => vec![format!("{title} ─ {local} → {peer}")],
        (Some(local), None) => vec![format!("{title} ─ {local}")],
        (None, _) => vec![title],
    };
    fitting(&variants, width)
}

/// What to do next, in the place where the bytes will be.
fn empty(app: &App) -> &'static [&'static str] {
    let client = app.client();
    let has_socket = client.socket.fd.is_some();
    match (client.message_call(), has_socket) {
        (MessageCall::SendAll, true) if client.socket.is_connected() => &[
            "Type a line above and press `Enter`.",
            "What comes back appears here.",
        ],
        (MessageCall::SendAll, true) => &[
            "A socket, and no connection yet: `c` connects it.",
            "`o` offers what else can be done: bind, options, …",
        ],
        (MessageCall::Send, _) => &["Type a line and press `Enter`: one send, one datagram."],
        (MessageCall::SendTo, true) => &[
            "Type a line and press `Enter`: one datagram to the",
            "host and port above. `c` gives the socket a peer.",
        ],
        (MessageCall::SendTo, false) => &[
            "UDP has no connections: `k` makes a socket,",
            "then type a line and press `Enter`.",
        ],
        (MessageCall::SendAll, false) if app.server.listens => &[
            "`c` connects to the host above.",
            "Then type a line and press `Enter`.",
        ],
        (MessageCall::SendAll, false) => &[
            "`s` starts the server, `c` connects to it,",
            "then type a line and press `Enter`.",
            "What comes back appears here, recv() by recv().",
        ],
    }
}
