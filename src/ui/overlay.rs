//! What lies above the panes: the help, and everything about one call.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType};
use unicode_width::UnicodeWidthStr;

use super::painter::Painter;
use crate::app::keymap::{BINDINGS, Context};
use crate::app::{Overlay, Spot};
use crate::model::call::{Function, Waited};
use crate::model::cells::{cut, wrap};
use crate::model::explain::explain;
use crate::model::moment::Elapsed;
use crate::model::{CallRecord, Outcome};

/// Draws what is open, if anything is.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let Some(overlay) = painter.app.overlay else {
        return;
    };
    painter.answer(area, Spot::Beside);
    match overlay {
        Overlay::Help(top) => help(painter, area, top),
        Overlay::Call(number, top) => match painter.app.calls.journal.get(number) {
            Some(record) => call(painter, area, record, top),
            None => {
                window(
                    painter,
                    area,
                    "call",
                    &[Line::plain("This call is no longer kept.")],
                    0,
                );
            }
        },
    }
}

/// A line of what is open.
struct Line {
    /// A key, in a column of its own.
    key: Option<String>,
    text: String,
    style: Style,
}

impl Line {
    fn plain(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new())
    }

    fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            key: None,
            text: text.into(),
            style,
        }
    }
}

/// The widest column of keys.
const KEYS: usize = 18;

/// What the help says before it lists the keys, a paragraph a line.
const INTRODUCTION: &str = include_str!("../../assets/help.txt");

fn help(painter: &mut Painter<'_>, area: Rect, top: usize) {
    let theme = painter.theme;
    let strong = theme.strong();
    let width = usize::from(area.width.saturating_sub(6)).min(84);
    let mut lines = Vec::new();
    for text in INTRODUCTION.lines() {
        lines.extend(wrap(text, width).into_iter().map(Line::plain));
        lines.push(Line::plain(""));
    }
    for context in Context::ALL {
        lines.push(Line::styled(context.title(), strong));
        let mut keys = String::new();
        let mut text = "";
        for binding in BINDINGS.iter().filter(|binding| binding.context == context) {
            if binding.help.is_empty() {
                keys.push_str(&format!(" {}", binding.key));
                continue;
            }
            if !text.is_empty() {
                lines.push(Line {
                    key: Some(std::mem::take(&mut keys)),
                    ..Line::plain(text)
                });
            }
            keys = binding.key.to_string();
            text = binding.help;
        }
        lines.push(Line {
            key: Some(keys),
            ..Line::plain(text)
        });
        lines.push(Line::plain(""));
    }
    lines.pop();
    window(painter, area, "help ─ ↓ for more, Esc closes", &lines, top);
}

fn call(painter: &mut Painter<'_>, area: Rect, record: &CallRecord, top: usize) {
    let theme = painter.theme;
    let clock = painter.app.clock;
    let width = usize::from(area.width.saturating_sub(8)).min(90);
    let mut lines: Vec<Line> = wrap(&record.to_string(), width)
        .into_iter()
        .map(|line| Line::styled(line, theme.strong()))
        .collect();
    let mut say = |text: &str, style: Style| {
        lines.push(Line::plain(""));
        lines.extend(
            wrap(text, width)
                .into_iter()
                .map(|line| Line::styled(line, style)),
        );
    };
    say(
        &format!(
            "Called by {}, returned {} after {}.",
            record.who,
            clock.precise(record.returned),
            Elapsed(record.took)
        ),
        Style::new(),
    );
    if let Some(explanation) = explain(record) {
        let style = if record.outcome.is_failure() {
            theme.failure()
        } else {
            theme.warning()
        };
        say(&capital(&explanation.meaning), style);
        if !explanation.advice.is_empty() {
            say(
                &format!("What to try: {}.", explanation.advice),
                Style::new(),
            );
        }
    }
    if let Outcome::Resolved(addresses) = &record.outcome {
        let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        say(
            &format!("In the resolver's order: {}", list.join(", ")),
            Style::new(),
        );
    }
    if let Some(text) = waited(record) {
        say(text, Style::new());
    }
    say(purpose(record.call.function()), Style::new());
    window(
        painter,
        area,
        "call ─ Esc closes, y copies the line",
        &lines,
        top,
    );
}

/// How a call waited, and how a plain program would have.
const fn waited(record: &CallRecord) -> Option<&'static str> {
    match (record.waited, &record.outcome) {
        (_, Outcome::Cancelled) => Some(
            "It was blocked, and you stopped waiting: sockyard waits in poll(), so that this is possible. A plain program would still be inside the call.",
        ),
        (Waited::No, _) => None,
        (Waited::InPoll, _) => Some(
            "It was blocked: sockyard waited in poll() until the call could return at once, so that you can cancel. A plain program would have waited inside the call itself.",
        ),
        (Waited::InProgress, _) => Some(
            "The socket is non-blocking, so that you can cancel: connect() first returned -1 EINPROGRESS, poll() waited for the handshake, and connect() on the same socket then told this result. A plain program would have waited inside one connect().",
        ),
    }
}

/// What the function is for, and where to read on.
const fn purpose(function: Function) -> &'static str {
    match function {
        Function::Getaddrinfo => {
            "getaddrinfo(3) turns a host and a service into addresses to connect to, best first."
        }
        Function::Socket => {
            "socket(2) makes one end of a conversation and gives its file descriptor. Nothing is sent."
        }
        Function::Setsockopt => {
            "setsockopt(2) with SO_REUSEADDR lets a server bind to its port again while old connections of it are in TIME_WAIT."
        }
        Function::Bind => "bind(2) gives the socket its local address and port.",
        Function::Listen => {
            "listen(2) makes the kernel take connections for this socket; up to about backlog of them wait until accept() fetches them."
        }
        Function::Getsockname => {
            "getsockname(2) asks which local address and port the socket has; the kernel may have chosen them."
        }
        Function::Accept => {
            "accept(2) fetches the next waiting connection as a socket of its own; the listening socket goes on listening. The connection has the same local port: its peer's address tells it apart."
        }
        Function::Connect => {
            "connect(2) makes the three-way handshake. It succeeds once the kernel of the other side has answered, before that program has called accept()."
        }
        Function::Send => {
            "send(2) hands bytes to the kernel, as many as fit into its buffer. That they arrive is another matter."
        }
        Function::Recv => {
            "recv(2) returns what has arrived, at most as many bytes as the buffer holds: how the peer cut its sends does not matter. 0 means that the peer has finished sending."
        }
        Function::Close => {
            "close(2) gives the descriptor back. The kernel still delivers what was sent; unread received bytes make it reset the connection."
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

/// Draws `lines` from `top` on in a window in the middle.
fn window(painter: &mut Painter<'_>, area: Rect, title: &str, lines: &[Line], top: usize) {
    let theme = painter.theme;
    let widest = lines
        .iter()
        .map(|line| line.text.width() + if line.key.is_some() { KEYS } else { 0 })
        .max()
        .unwrap_or(0)
        .max(title.width());
    let width = (widest as u16 + 4).min(area.width.saturating_sub(2));
    let height = (lines.len() as u16 + 2).min(area.height.saturating_sub(2));
    let frame = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    painter.clear(frame);
    painter.answer(frame, Spot::Overlay);
    let inner = painter.border(
        frame,
        Block::bordered()
            .border_type(BorderType::Thick)
            .border_style(theme.focused_pane()),
    );
    let title = format!(" {} ", cut(title, usize::from(width).saturating_sub(4)));
    painter.put(
        frame.x + 1,
        frame.y,
        &title,
        usize::from(width),
        theme.focused_pane(),
    );
    let rows = usize::from(inner.height);
    painter.rooms.overlay = rows;
    painter.rooms.overlay_rows = lines.len();
    let top = top.min(lines.len().saturating_sub(rows));
    for (y, line) in (inner.y..inner.bottom()).zip(&lines[top..]) {
        let row = Rect {
            y,
            height: 1,
            ..inner
        };
        let mut pen = painter.row(row, 0);
        pen.gap(1);
        if let Some(key) = &line.key {
            let shown = cut(key, KEYS - 1);
            pen.text(&shown, theme.key())
                .gap((KEYS - shown.width()) as u16);
        }
        pen.text(&line.text, line.style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital_and_end_with_a_stop() {
        assert_eq!(capital("nobody listens"), "Nobody listens.");
    }
}
