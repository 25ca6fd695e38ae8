//! What lies above the panes: the help, everything about one call, menus, and what is asked for.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType};
use unicode_width::UnicodeWidthStr;

use super::painter::Painter;
use super::{command_line, help};
use crate::app::ask::{Prompt, Question};
use crate::app::control::Input;
use crate::app::menu::{Menu, items, title};
use crate::app::{Overlay, Spot};
use crate::model::call::{Function, Waited};
use crate::model::cells::{cut, width, wrap};
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
        Overlay::Help(top) => help::draw(painter, area, *top),
        Overlay::Script(top) => script(painter, area, *top),
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
        Overlay::Command(line) => command_line::draw(painter, area, line),
    }
}

/// What was done until now, as the script that does it again: what was done stands out from what came of it.
fn script(painter: &mut Painter<'_>, area: Rect, top: usize) {
    let theme = painter.theme;
    let all = painter.app.transcript_lines();
    let title = "what was done ─ y copies it, s saves it, \"sockyard run FILE\" does it again";
    if all.is_empty() {
        let nothing = "Nothing was done yet. Each button that is pressed is a line here.";
        window(painter, area, title, &[Line::plain(nothing)], 0);
        return;
    }
    let digits = all.len().to_string().len().max(2) + 1;
    // There may be ten thousand: measured by their bytes, of which they have no fewer than cells, and made a line only
    // if it is seen.
    let widest = all.iter().map(|line| line.len()).max().unwrap_or(0);
    let (inner, top) = open(painter, area, title, (digits + widest, all.len()), top);
    let seen = all.iter().enumerate().skip(top);
    let lines: Vec<Line> = seen
        .take(usize::from(inner.height))
        .map(|(i, line)| {
            let is_deed = !line.starts_with("expect ");
            let style = if is_deed { theme.strong() } else { theme.dim() };
            Line {
                key: Some(((i + 1).to_string(), digits)),
                ..Line::styled(line.as_ref(), style)
            }
        })
        .collect();
    rows(painter, inner, &lines);
}

/// The cells of a menu's names.
const NAMES: usize = 15;

fn draw_menu(painter: &mut Painter<'_>, area: Rect, menu: Menu) {
    let theme = painter.theme;
    let items = items(painter.app, menu.kind);
    let selected = menu.selected.min(items.len().saturating_sub(1));
    let names = items.iter().map(|item| item.name.width()).max();
    let names = names.unwrap_or(0).max(NAMES);
    // Where there is room, the line that does the same stands at the right.
    let details = items.iter().map(|item| item.detail.width()).max();
    let details = details.unwrap_or(0) + 2;
    let said: Vec<String> = items
        .iter()
        .map(|item| item.chosen.line())
        .map(|line| line.map_or_else(String::new, |line| format!(": {line}")))
        .collect();
    let widest = said.iter().map(|line| line.width()).max().unwrap_or(0);
    let all = LETTER + names + 2 + details + widest + 6;
    let has_room = all <= usize::from(area.width);
    let lines: Vec<Line> = items
        .iter()
        .zip(said)
        .enumerate()
        .map(|(i, (item, said))| {
            let gap = " ".repeat(names - item.name.width() + 2);
            let style = if i == selected {
                theme.focused()
            } else {
                Style::new()
            };
            Line {
                key: Some((item.letter.to_string(), LETTER)),
                text: format!("{}{gap}{}", item.name, item.detail),
                aside: has_room.then_some((said, details + names + 2)),
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
pub struct Line {
    /// A key, in a column of its own that has so many cells.
    pub key: Option<(String, usize)>,
    /// The words.
    pub text: String,
    /// How they look.
    pub style: Style,
    /// Other words, dim, so many cells behind where these begin.
    pub aside: Option<(String, usize)>,
    /// Which item of a menu it is.
    pub item: Option<usize>,
}

impl Line {
    /// Words as they are.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::styled(text, Style::new())
    }

    /// Words that look so.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            key: None,
            text: text.into(),
            style,
            aside: None,
            item: None,
        }
    }
}

/// The column of a menu's letters.
const LETTER: usize = 3;

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
pub fn window(
    painter: &mut Painter<'_>,
    area: Rect,
    title: &str,
    lines: &[Line],
    top: usize,
) -> Rect {
    let cells_of = |line: &Line| {
        let key = line.key.as_ref().map_or(0, |(_, cells)| *cells);
        let aside = line.aside.as_ref();
        let aside = aside.map_or(0, |(text, at)| width(text) + at);
        key + width(&line.text).max(aside)
    };
    let widest = lines.iter().map(cells_of).max().unwrap_or(0);
    let (inner, top) = open(painter, area, title, (widest, lines.len()), top);
    rows(painter, inner, &lines[top..]);
    inner
}

/// Draws an empty window in the middle for so many cells across and down; gives back what is inside it, and from which
/// row on it is filled.
fn open(
    painter: &mut Painter<'_>,
    area: Rect,
    title: &str,
    (across, down): (usize, usize),
    top: usize,
) -> (Rect, usize) {
    let across = across.max(title.width());
    let cells = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let width = cells(across + 4).min(area.width.saturating_sub(2));
    let height = cells(down + 2).min(area.height.saturating_sub(2));
    let frame = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let inner = framed(painter, frame, title);
    let rows = usize::from(inner.height);
    painter.rooms.overlay = rows;
    painter.rooms.overlay_rows = down;
    (inner, top.min(down.saturating_sub(rows)))
}

/// Draws `lines`, as many as there is room for.
fn rows(painter: &mut Painter<'_>, inner: Rect, lines: &[Line]) {
    let theme = painter.theme;
    for (y, line) in (inner.y..inner.bottom()).zip(lines) {
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
        if let Some((text, at)) = &line.aside {
            let gap = at.saturating_sub(line.text.width());
            pen.gap(gap as u16).cut_text(text, 1, theme.dim());
        }
        if let Some(item) = line.item {
            painter.answer(row, Spot::Item(item));
        }
    }
}

/// Draws an empty window with a heading; gives back what is inside it.
pub fn framed(painter: &mut Painter<'_>, frame: Rect, title: &str) -> Rect {
    let theme = painter.theme;
    painter.clear(frame);
    painter.answer(frame, Spot::Overlay);
    let inner = painter.border(
        frame,
        Block::bordered()
            .border_type(BorderType::Thick)
            .border_style(theme.focused_pane()),
    );
    let width = usize::from(frame.width);
    let title = format!(" {} ", cut(title, width.saturating_sub(4)));
    painter.put(frame.x + 1, frame.y, &title, width, theme.focused_pane());
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
