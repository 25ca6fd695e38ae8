//! The client pane.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bytes::{self, Received};
use super::painter::Painter;
use crate::app::App;
use crate::app::control::{Button, Bytes, Choice, Input, Pane};
use crate::model::call::Function;
use crate::model::cells::fitting;

/// The cells of the port.
const PORT: usize = 6;
/// The cells of the first row but for the host: labels, the port, the protocol, the buttons.
const FIXED: usize =
    "Host ".len() + " Port ".len() + PORT + " TCP ".len() + "[Connect] [Close]".len();

/// Draws the pane in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let client = &app.client;
    let title = title(app, usize::from(area.width).saturating_sub(6));
    // While there are no bytes there is room to say all of it inside.
    let is_empty = client.received.kept().is_empty();
    let remark = client.remark.as_ref().filter(|_| !is_empty);
    let remark = remark.map(|remark| (remark.text.as_str(), theme.remark(remark)));
    let inner = painter.frame(area, Pane::Client, &title, remark);
    if inner.height < 3 {
        return;
    }

    let connecting = app.is_connecting();
    let connect = if connecting { "Cancel" } else { "Connect" };
    let host = usize::from(inner.width).saturating_sub(FIXED);
    painter
        .row(inner, 0)
        .text("Host ", Style::new())
        .field(Input::Host, host)
        .text(" Port ", Style::new())
        .field(Input::Port, PORT)
        .text(" TCP ", theme.dim())
        .button(Button::Connect, connect)
        .align_right("[Close]".len())
        .button(Button::Close, "Close");

    let sending = app.client_waits(Function::Send);
    let send = if sending { "Cancel" } else { "Send" };
    let ending = client.line_ending.name();
    // The label and the gaps, the choice with its arrows, the button in its brackets.
    let fixed = "Send ".len() + " end ".len() + 1 + ending.len() + 4 + send.len() + 2;
    let message = usize::from(inner.width).saturating_sub(fixed);
    painter
        .row(inner, 1)
        .text("Send ", Style::new())
        .field(Input::Message, message)
        .text(" end ", Style::new())
        .choice(Choice::LineEnding, ending)
        .gap(1)
        .button(Button::Send, send);

    let body = Rect {
        y: inner.y + 2,
        height: inner.height - 2,
        ..inner
    };
    painter.rooms.received = bytes::draw(
        painter,
        body,
        &Received {
            which: Bytes::Client,
            title: "Received",
            log: &client.received,
            view: client.view,
            remark: client.remark.as_ref(),
            empty: empty(app),
        },
    );
}

/// `client ─ ESTABLISHED ─ fd 7 ─ 127.0.0.1:53422 → 127.0.0.1:8888` in at most `width` cells.
fn title(app: &App, width: usize) -> String {
    let client = &app.client;
    let stage = if app.client_waits(Function::Connect) {
        "SYN_SENT"
    } else if app.client_waits(Function::Getaddrinfo) {
        "resolving"
    } else {
        client.stage.name()
    };
    let mut title = format!("{} ─ {stage}", app.client_actor());
    if let Some(fd) = client.fd {
        title.push_str(&format!(" ─ fd {fd}"));
    }
    let (Some(_), Some(local), Some(peer)) = (client.fd, client.local, client.peer) else {
        return title;
    };
    let mut variants = vec![format!("{title} ─ {local} → {peer}")];
    if local.ip() == peer.ip() {
        variants.push(format!("{title} ─ {local} → :{}", peer.port()));
        variants.push(format!("{title} ─ :{} → :{}", local.port(), peer.port()));
    }
    fitting(&variants, width)
}

/// What to do next, in the place where the bytes will be.
const fn empty(app: &App) -> &'static [&'static str] {
    if app.client.fd.is_some() {
        &[
            "Type a line above and press `Enter`.",
            "What comes back appears here.",
        ]
    } else if app.server.fd.is_some() {
        &[
            "`c` connects to the host above.",
            "Then type a line and press `Enter`.",
        ]
    } else {
        &[
            "`s` starts the server, `c` connects to it,",
            "then type a line and press `Enter`.",
            "What comes back appears here, recv() by recv().",
        ]
    }
}
