//! The panel that tries a range of ports.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::painter::Painter;
use crate::app::Spot;
use crate::app::control::{Button, Control, Input, Pane};
use crate::app::ports::Row;
use crate::model::cells::wrap;
use crate::model::moment::Elapsed;
use crate::model::numbers::grouped;
use crate::model::{Errno, PortVerdict};

/// The cells of a port.
const PORT: usize = 6;
/// The most cells of the host.
const HOST: usize = 24;
/// The cells of the first row but for the host.
const FIXED: usize =
    "Host ".len() + " ports ".len() + " to ".len() + 2 * PORT + 1 + "[stop (x)]".len();

/// What the panel is for, said while nothing was tried yet.
const WORDS: &str = "connect() to each port of a range, a few at once, tells which are open (somebody listens), which are closed (the host answers: nobody does), and which stay silent (no answer at all).";

/// Draws the panel in `area`.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let theme = painter.theme;
    let ports = &app.ports;
    let detail = match &ports.range {
        None => String::new(),
        Some(range) => {
            let host = ports
                .address
                .map_or_else(|| range.host.clone(), |address| address.to_string());
            let state = if ports.running { "trying" } else { "tried" };
            format!(
                "{state} {} of {} ports of {host}",
                grouped(ports.tried() as u64),
                grouped(range.count() as u64)
            )
        }
    };
    let inner = painter.lower_frame(area, Pane::Ports, &detail, 2);
    if inner.height < 2 {
        return;
    }
    let host = usize::from(inner.width).saturating_sub(FIXED).min(HOST);
    let label = if ports.running { "stop (x)" } else { "try (x)" };
    painter
        .row(inner, 0)
        .text("Host ", Style::new())
        .field(Input::PortsHost, host)
        .text(" ports ", Style::new())
        .field(Input::PortsFirst, PORT)
        .text(" to ", Style::new())
        .field(Input::PortsLast, PORT)
        .gap(1)
        .button(Button::Try, label);
    let list = Rect {
        y: inner.y + 1,
        height: inner.height - 1,
        ..inner
    };
    painter.answer(list, Spot::Control(Control::Ports, 0));
    if ports.range.is_none() {
        let width = usize::from(list.width).saturating_sub(2);
        for (row, line) in (0..list.height).zip(wrap(WORDS, width)) {
            painter.row(list, row).gap(1).text(&line, theme.dim());
        }
        return;
    }
    let open = ports.count(PortVerdict::Open);
    let closed = ports.count(PortVerdict::Closed);
    let silent = ports.count(PortVerdict::Silent);
    let mut summary = painter.row(list, 0);
    summary
        .gap(1)
        .text(&format!("{open} open"), theme.success())
        .text(&format!(" · {closed} closed"), theme.dim())
        .text(&format!(" · {silent} silent"), theme.warning());
    let failed = ports.tried() - open - closed - silent;
    if failed > 0 {
        let text = format!(" · {failed} failed");
        summary.text(&text, theme.failure());
    }
    rows(
        painter,
        Rect {
            y: list.y + 1,
            height: list.height - 1,
            ..list
        },
    );
}

fn rows(painter: &mut Painter<'_>, area: Rect) {
    let ports = &painter.app.ports;
    let theme = painter.theme;
    let focused = painter.has_focus(Control::Ports);
    let rows = ports.rows();
    let page = usize::from(area.height);
    painter.rooms.ports = page;
    let top = ports.top.min(rows.len().saturating_sub(page));
    for (y, row) in (area.y..area.bottom()).zip(&rows[top..]) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let (mark, style) = match row.verdict {
            PortVerdict::Open => ("+", theme.success()),
            PortVerdict::Closed => ("-", theme.dim()),
            PortVerdict::Silent => ("?", theme.warning()),
            PortVerdict::Failed(_) => ("!", theme.failure()),
        };
        let name = if row.first == row.last {
            format!("{}", row.first)
        } else {
            format!("{} to {}", row.first, row.last)
        };
        painter
            .row(line, 0)
            .gap(1)
            .text(mark, style)
            .gap(1)
            .text(
                &format!("{name:<15}"),
                if focused {
                    theme.strong()
                } else {
                    Style::new()
                },
            )
            .text(&words(*row), style);
    }
}

fn words(row: Row) -> String {
    let took = Elapsed(row.took);
    match row.verdict {
        PortVerdict::Open => format!("open: somebody listens (connected after {took})"),
        PortVerdict::Closed if row.first == row.last => {
            format!("closed: refused, nobody listens ({took})")
        }
        PortVerdict::Closed => "closed: refused, nobody listens".to_owned(),
        PortVerdict::Silent => format!(
            "no answer in {took}: a firewall drops it, the host is not there, or an accept queue is full"
        ),
        PortVerdict::Failed(errno) => failed(errno),
    }
}

fn failed(errno: Errno) -> String {
    format!("{errno}: {}", errno.description())
}
