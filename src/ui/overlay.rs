//! What lies above the panes: the help, everything about one call, menus, and what is asked for.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType};
use unicode_width::UnicodeWidthStr;

use super::painter::Painter;
use crate::app::ask::{Prompt, Question};
use crate::app::control::Input;
use crate::app::keymap::{BINDINGS, Context};
use crate::app::menu::{Menu, items, title};
use crate::app::{Overlay, Spot};
use crate::model::call::{Function, Waited};
use crate::model::cells::{cut, wrap};
use crate::model::explain::explain;
use crate::model::moment::Elapsed;
use crate::model::{CallRecord, Outcome};

/// Draws what is open, if anything is.
pub fn draw(painter: &mut Painter<'_>, area: Rect) {
    let app = painter.app;
    let Some(overlay) = &app.overlay else {
        return;
    };
    painter.answer(area, Spot::Beside);
    match overlay {
        Overlay::Help(top) => help(painter, area, *top),
        Overlay::Call(number, top) => {
            if let Some(record) = app.calls.journal.get(*number) {
                call(painter, area, record, *top);
            } else {
                let gone = [Line::plain("This call is no longer kept.")];
                window(painter, area, "call", &gone, 0);
            }
        }
        Overlay::Menu(menu) => draw_menu(painter, area, *menu),
        Overlay::Prompt(prompt) => draw_prompt(painter, area, prompt),
        Overlay::Question(question) => draw_question(painter, area, question),
    }
}

/// The cells of a menu's names.
const NAMES: usize = 15;

fn draw_menu(painter: &mut Painter<'_>, area: Rect, menu: Menu) {
    let theme = painter.theme;
    let items = items(painter.app, menu.kind);
    let selected = menu.selected.min(items.len().saturating_sub(1));
    let names = items.iter().map(|item| item.name.width()).max();
    let names = names.unwrap_or(0).max(NAMES);
    let lines: Vec<Line> = items
        .iter()
        .enumerate()
        .map(|(i, item)| {
            let gap = " ".repeat(names - item.name.width() + 2);
            let style = if i == selected {
                theme.focused()
            } else {
                Style::new()
            };
            Line {
                key: Some((item.letter.to_string(), LETTER)),
                text: format!("{}{gap}{}", item.name, item.detail),
                style,
                item: Some(i),
            }
        })
        .collect();
    // The selected item is always seen.
    let rows = usize::from(area.height.saturating_sub(4)).max(1);
    let top = (selected + 1).saturating_sub(rows);
    let title = format!(
        "{} ─ a letter or Enter chooses, Esc closes",
        title(menu.kind)
    );
    window(painter, area, &title, &lines, top);
}

/// The most cells of a field that is asked for.
const WIDEST_FIELD: usize = 60;

fn draw_prompt(painter: &mut Painter<'_>, area: Rect, prompt: &Prompt) {
    let theme = painter.theme;
    let width = usize::from(area.width.saturating_sub(8)).min(WIDEST_FIELD);
    let mut lines: Vec<Line> = wrap(prompt.about.hint(), width)
        .into_iter()
        .map(Line::plain)
        .collect();
    let field_row = lines.len() + 1;
    lines.extend([
        Line::plain(""),
        Line::plain(" ".repeat(width)),
        Line::plain(""),
    ]);
    match &prompt.wrong {
        Some(wrong) => lines.extend(
            wrap(wrong, width)
                .into_iter()
                .map(|line| Line::styled(line, theme.failure())),
        ),
        None => lines.push(Line::styled("Enter does it, Esc leaves it", theme.dim())),
    }
    let inner = window(painter, area, &prompt.about.title(), &lines, 0);
    if field_row < usize::from(inner.height) {
        let field = Rect {
            x: inner.x + 1,
            y: inner.y + field_row as u16,
            width: inner.width.saturating_sub(2).min(width as u16),
            height: 1,
        };
        painter.field(field, Input::Prompt, &prompt.field);
    }
}

fn draw_question(painter: &mut Painter<'_>, area: Rect, question: &Question) {
    let theme = painter.theme;
    let width = usize::from(area.width.saturating_sub(8)).min(WIDEST_FIELD);
    let mut lines = Vec::new();
    for paragraph in question.text() {
        lines.extend(wrap(&paragraph, width).into_iter().map(Line::plain));
        lines.push(Line::plain(""));
    }
    for (key, text) in [("y", question.yes()), ("n", "no")] {
        lines.push(Line {
            key: Some((key.to_owned(), LETTER)),
            ..Line::styled(text, theme.strong())
        });
    }
    window(painter, area, question.title(), &lines, 0);
}

/// A line of what is open.
struct Line {
    /// A key, in a column of its own that has so many cells.
    key: Option<(String, usize)>,
    text: String,
    style: Style,
    /// Which item of a menu it is.
    item: Option<usize>,
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
            item: None,
        }
    }
}

/// The widest column of keys.
const KEYS: usize = 18;
/// The column of a menu's letters.
const LETTER: usize = 3;

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
                    key: Some((std::mem::take(&mut keys), KEYS)),
                    ..Line::plain(text)
                });
            }
            keys = binding.key.to_string();
            text = binding.help;
        }
        lines.push(Line {
            key: Some((keys, KEYS)),
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
            "It was blocked, and you stopped waiting: sockyard waits in poll() or epoll_wait(), so that this is possible. A plain program would still be inside the call.",
        ),
        // What that means is in the explanation.
        (Waited::No | Waited::NotBlocking, _) => None,
        (Waited::InPoll, _) => Some(
            "It was blocked: sockyard waited in poll() or epoll_wait() until the call could return at once, so that you can cancel. A plain program would have waited inside the call itself.",
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
            "setsockopt(2) changes how a socket behaves; socket(7), tcp(7) and ip(7) list the options. SO_REUSEADDR lets a server bind to its port again while old connections of it are in TIME_WAIT."
        }
        Function::Getsockopt => "getsockopt(2) asks what an option of the socket is now.",
        Function::Bind => "bind(2) gives the socket its local address and port.",
        Function::Listen => {
            "listen(2) makes the kernel take connections for this socket. On Linux backlog + 1 of them can wait until accept() fetches them; the next one is not refused: its handshake hangs until there is room."
        }
        Function::Getsockname => {
            "getsockname(2) asks which local address and port the socket has; the kernel may have chosen them."
        }
        Function::Accept => {
            "accept(2) fetches the next waiting connection as a socket of its own; the listening socket goes on listening. The connection has the same local port: its peer's address tells it apart."
        }
        Function::Connect => {
            "connect(2) makes the three-way handshake. It succeeds once the kernel of the other side has answered, before that program has called accept(). On a UDP socket it sends nothing: it only fixes the peer."
        }
        Function::Send => {
            "send(2) hands bytes to the kernel: of a stream as many as fit into its buffer, of a datagram all or none. That they arrive is another matter. With MSG_OOB the last byte is urgent."
        }
        Function::Sendto => {
            "sendto(2) hands one datagram to the kernel for this address. Nobody says whether it arrives."
        }
        Function::Recv => {
            "recv(2) returns what has arrived, at most as many bytes as the buffer holds. On a stream it does not matter how the peer cut its sends, and 0 means that it has finished sending; on a datagram socket one recv returns one datagram."
        }
        Function::Recvfrom => {
            "recvfrom(2) returns one datagram and who sent it. What does not fit into the buffer is lost."
        }
        Function::Shutdown => {
            "shutdown(2) ends one direction of a connection, or both; the descriptor stays. SHUT_WR lets the peer's recv() return 0 once it has everything."
        }
        Function::Close => {
            "close(2) gives the descriptor back. The kernel still delivers what was sent; unread received bytes make it reset the connection."
        }
        Function::EpollWait => {
            "epoll_wait(2) waits for whichever of many sockets is ready first, so that one thread can serve all of them."
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

/// Draws `lines` from `top` on in a window in the middle; gives back what is inside it.
fn window(painter: &mut Painter<'_>, area: Rect, title: &str, lines: &[Line], top: usize) -> Rect {
    let theme = painter.theme;
    let widest = lines
        .iter()
        .map(|line| line.text.width() + line.key.as_ref().map_or(0, |(_, width)| *width))
        .max()
        .unwrap_or(0)
        .max(title.width());
    let cells = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let width = cells(widest + 4).min(area.width.saturating_sub(2));
    let height = cells(lines.len() + 2).min(area.height.saturating_sub(2));
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
        if let Some((key, width)) = &line.key {
            let shown = cut(key, width - 1);
            pen.text(&shown, theme.key())
                .gap((width - shown.width()) as u16);
        }
        let room = pen.left().saturating_sub(1);
        pen.text(&cut(&line.text, room), line.style);
        if let Some(item) = line.item {
            painter.answer(row, Spot::Item(item));
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital_and_end_with_a_stop() {
        assert_eq!(capital("nobody listens"), "Nobody listens.");
    }
}
