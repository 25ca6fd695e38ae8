//! The client pane.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::bytes::{self, Received};
use super::painter::Painter;
use crate::app::App;
use crate::app::control::{Button, Bytes, Choice, Input, Pane};
use crate::model::call::Function;

/// Draws the pane in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = *painter.theme;
    let client = &app.client;
    let remark = client.remark.as_ref().map(|remark| {
        let style = if remark.failure {
            theme.failure()
        } else {
            theme.warning()
        };
        (remark.text.as_str(), style)
    });
    let inner = painter.frame(area, Pane::Client, &title(app), remark);
    if inner.height < 3 {
        return;
    }

    let connecting = app.is_connecting();
    let connect = if connecting { "Cancel" } else { "Connect" };
    let is_open = client.fd.is_some();
    // Labels, the port, the protocol and the buttons; what is left is the host's.
    const PORT: usize = 6;
    const FIXED: usize =
        "Host ".len() + " Port ".len() + PORT + " TCP ".len() + "[Connect] [Close]".len();
    let host = usize::from(inner.width).saturating_sub(FIXED);
    painter
        .row(inner, 0)
        .text("Host ", Style::new())
        .field(Input::Host, host)
        .text(" Port ", Style::new())
        .field(Input::Port, PORT)
        .text(" TCP ", theme.dim())
        .button(Button::Connect, connect, connecting || !is_open)
        .align_right("[Close]".len())
        .button(Button::Close, "Close", is_open || connecting);

    let sending = app.client_waits(Function::Send);
    let send = if sending { "Cancel" } else { "Send" };
    let ending = client.line_ending.name();
    // The label and the gaps, the choice with its arrows, the button in its brackets.
    let fixed = "Send ".len() + 2 + ending.len() + 4 + send.len() + 2;
    let message = usize::from(inner.width).saturating_sub(fixed);
    painter
        .row(inner, 1)
        .text("Send ", Style::new())
        .field(Input::Message, message)
        .gap(1)
        .choice(Choice::LineEnding, ending)
        .gap(1)
        .button(Button::Send, send, is_open);

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
            empty: empty(app),
        },
    );
}

/// `client ─ ESTABLISHED ─ fd 7 ─ 127.0.0.1:53422 → :8888`
fn title(app: &App) -> String {
    let client = &app.client;
    let mut title = app.client_actor().to_string();
    if app.client_waits(Function::Connect) {
        title.push_str(" ─ SYN_SENT");
    } else if app.client_waits(Function::Getaddrinfo) {
        title.push_str(" ─ resolving");
    } else {
        title.push_str(&format!(" ─ {}", client.stage.name()));
    }
    if let Some(fd) = client.fd {
        title.push_str(&format!(" ─ fd {fd}"));
        if let (Some(local), Some(peer)) = (client.local, client.peer) {
            if local.ip() == peer.ip() {
                title.push_str(&format!(" ─ {local} → :{}", peer.port()));
            } else {
                title.push_str(&format!(" ─ {local} → {peer}"));
            }
        }
    }
    title
}

/// What to do next, in the place where the bytes will be.
const fn empty(app: &App) -> &'static [&'static str] {
    if app.client.fd.is_some() {
        &[
            "Type a line above and press Enter.",
            "What comes back appears here.",
        ]
    } else if app.server.fd.is_some() {
        &[
            "c  connects to the host above.",
            "Then type a line and press Enter.",
        ]
    } else {
        &[
            "s  starts the server, c  connects to it,",
            "then type a line and press Enter.",
            "What comes back appears here, recv() by recv().",
        ]
    }
}
