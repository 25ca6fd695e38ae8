//! Received bytes: a heading with the counters, and rows of text, hexadecimal or chunks.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::painter::Painter;
use super::theme::Theme;
use crate::app::Spot;
use crate::app::bytes::{BytesView, Mode, Position, Room, Row, gutter, hex_columns};
use crate::app::client::Remark;
use crate::app::control::{Bytes, Control};
use crate::model::cells::fitting;
use crate::model::numbers::{bytes, grouped};
use crate::model::{ByteLog, glyph};

/// What is drawn of a log.
pub struct Received<'a> {
    /// Which of the two views.
    pub which: Bytes,
    /// What the heading calls it.
    pub title: &'a str,
    /// The bytes.
    pub log: &'a ByteLog,
    /// How they are looked at.
    pub view: BytesView,
    /// Where the body begins, if the bytes are an HTTP message with a whole head.
    pub body: Option<u64>,
    /// Whether each recv returned a datagram.
    pub datagrams: bool,
    /// What the last call came to, said here while there are no bytes.
    pub remark: Option<&'a Remark>,
    /// What to do next, said here while there are none; keys between backticks.
    pub empty: &'a [&'a str],
}

/// Draws the heading and the rows in `area`; gives back the room for the rows.
pub fn draw(painter: &mut Painter<'_>, area: Rect, received: &Received<'_>) -> Room {
    if area.height == 0 {
        return Room::default();
    }
    heading(painter, area, received);
    let body = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let Received {
        which, log, view, ..
    } = received;
    painter.answer(body, Spot::Control(Control::Bytes(*which), 0));
    let gutter = match view.mode {
        Mode::Text => gutter(log),
        Mode::Http => HTTP_GUTTER,
        Mode::Hex | Mode::Chunks => 0,
    };
    let room = Room {
        width: usize::from(body.width).saturating_sub(gutter),
        height: usize::from(body.height),
    };
    if log.kept().is_empty() {
        painter.say(body, received.remark, received.empty);
        return room;
    }
    for (row, y) in view
        .window(log, room)
        .into_iter()
        .zip(body.y..body.bottom())
    {
        // The row at the top tells which recv it is of, wherever that one began.
        let is_top = y == body.y;
        let line = Rect {
            y,
            height: 1,
            ..body
        };
        match view.mode {
            Mode::Text => text_row(painter, line, log, row, gutter, is_top),
            Mode::Hex => hex_row(painter, line, log, row),
            Mode::Chunks => chunk_row(painter, line, log, row),
            Mode::Http => http_row(painter, line, log, row, received.body),
        }
    }
    room
}

fn heading(painter: &mut Painter<'_>, area: Rect, received: &Received<'_>) {
    let theme = painter.theme;
    let Received {
        which,
        title,
        log,
        view,
        ..
    } = received;
    let focused = painter.has_focus(Control::Bytes(*which));
    let tabs: usize = Mode::ALL.iter().map(|mode| mode.name().width() + 1).sum();
    let plural = if log.count() == 1 { "" } else { "s" };
    let (all, count) = (grouped(log.received()), grouped(log.count()));
    let gone = log.forgotten();
    let kept = if gone > 0 {
        format!(", the last {} kept", bytes(log.received() - gone))
    } else {
        String::new()
    };
    let back = if view.position == Position::Tail {
        ""
    } else {
        " · End follows"
    };
    let (long, short) = if received.datagrams {
        (format!("datagram{plural}"), format!("datagram{plural}"))
    } else {
        (format!("recv() call{plural}"), "recv()".to_owned())
    };
    let variants = [
        format!("{title} {all} B in {count} {long}{kept}{back}"),
        format!("{title} {all} B in {count} {short}{kept}{back}"),
        format!("{all} B in {count} {short}{kept}{back}"),
        format!("{} in {count} {short}{kept}{back}", bytes(log.received())),
        format!("{}{kept}{back}", bytes(log.received())),
    ];
    let mut row = painter.row(area, 0);
    let room = row.left().saturating_sub(tabs + 1);
    let style = if focused {
        theme.focused()
    } else {
        theme.strong()
    };
    row.text(&fitting(&variants, room), style)
        .align_right(tabs - 1);
    for (i, mode) in Mode::ALL.into_iter().enumerate() {
        let style = if view.mode == mode {
            theme.strong().add_modifier(Modifier::UNDERLINED)
        } else {
            theme.dim()
        };
        row.gap(u16::from(i > 0))
            .spot(mode.name(), style, Spot::Mode(*which, mode));
    }
}

const fn style_of(kind: glyph::Kind, theme: Theme) -> Style {
    match kind {
        glyph::Kind::Text => Style::new(),
        glyph::Kind::Escape => theme.escape(),
        glyph::Kind::Invalid => theme.invalid(),
    }
}

/// `12 │ Welcome`
fn text_row(
    painter: &mut Painter<'_>,
    area: Rect,
    log: &ByteLog,
    row: Row,
    gutter: usize,
    is_top: bool,
) {
    let theme = painter.theme;
    let Some(chunk) = log.chunk(row.chunk) else {
        return;
    };
    let digits = gutter.saturating_sub(3);
    let number = if row.index == 0 || is_top {
        format!("{:>digits$} │ ", row.chunk)
    } else {
        format!("{:>digits$} │ ", "")
    };
    let mut pen = painter.row(area, 0);
    pen.text(&number, theme.dim());
    if chunk.bytes.is_empty() {
        pen.text("an empty datagram", theme.dim());
    }
    for glyph in glyph::glyphs(&chunk.bytes[row.start..row.end]) {
        pen.text(&glyph.text, style_of(glyph.kind, theme));
    }
}

/// `head │ ` or `body │ `
const HTTP_GUTTER: usize = 7;

/// `head │ Content-Length: 5\r\n`, a line of its own for the empty line, `body │ hello`
fn http_row(painter: &mut Painter<'_>, area: Rect, log: &ByteLog, row: Row, body: Option<u64>) {
    let theme = painter.theme;
    let Some(chunk) = log.chunk(row.chunk) else {
        return;
    };
    let (start, end) = (
        chunk.offset + row.start as u64,
        chunk.offset + row.end as u64,
    );
    let is_body = body.is_some_and(|body| start >= body);
    let mut pen = painter.row(area, 0);
    if body == Some(end) {
        let follow = bytes(log.received() - end);
        let variants = [
            format!("─────┼─ the empty line: here the headers end; the body has {follow} "),
            format!("─────┼─ the headers end here; the body: {follow} "),
        ];
        let text = fitting(&variants, pen.left());
        pen.text(&text, theme.dim());
        let left = pen.left();
        pen.text(&"─".repeat(left), theme.dim());
        return;
    }
    let label = if is_body { "body │ " } else { "head │ " };
    pen.text(label, theme.dim());
    for glyph in glyph::glyphs(&chunk.bytes[row.start..row.end]) {
        pen.text(&glyph.text, style_of(glyph.kind, theme));
    }
}

/// `▸00000010 48 65 6c 6c  6f …│Hello…│`; `▸` where a recv begins.
fn hex_row(painter: &mut Painter<'_>, area: Rect, log: &ByteLog, row: Row) {
    let theme = painter.theme;
    let Some(chunk) = log.chunk(row.chunk) else {
        return;
    };
    let columns = hex_columns(usize::from(area.width));
    let mark = if row.index == 0 { "▸" } else { " " };
    let mut pen = painter.row(area, 0);
    let offset = chunk.offset + row.start as u64;
    pen.text(mark, theme.key())
        .text(&format!("{offset:08x} "), theme.dim());
    let shown = &chunk.bytes[row.start..row.end];
    for column in 0..columns {
        match shown.get(column) {
            Some(byte) => pen.text(&format!("{byte:02x} "), byte_style(*byte, theme)),
            None => pen.gap(3),
        };
        if column % 8 == 7 {
            pen.gap(1);
        }
    }
    pen.text("│", theme.dim());
    for column in 0..columns {
        match shown.get(column) {
            Some(byte @ b' '..=b'~') => {
                pen.text(char::from(*byte).encode_utf8(&mut [0; 4]), Style::new())
            }
            Some(byte) => pen.text("·", byte_style(*byte, theme)),
            None => pen.gap(1),
        };
    }
    pen.text("│", theme.dim());
}

const fn byte_style(byte: u8, theme: Theme) -> Style {
    match byte {
        b' '..=b'~' => Style::new(),
        0..b' ' | 0x7f => theme.escape(),
        0x80..=0xff => theme.invalid(),
    }
}

/// `#12  14:02:11.031      17 B  Welcome`
fn chunk_row(painter: &mut Painter<'_>, area: Rect, log: &ByteLog, row: Row) {
    let theme = painter.theme;
    let at = painter.app.clock;
    let Some(chunk) = log.chunk(row.chunk) else {
        return;
    };
    let length = chunk.bytes.len();
    let mut pen = painter.row(area, 0);
    pen.text(&format!("#{:<4} ", row.chunk), theme.dim())
        .text(&at.precise(chunk.at), theme.dim())
        .text(
            &format!("  {:>8}  ", format!("{} B", grouped(length as u64))),
            theme.strong(),
        );
    if let Some(from) = chunk.from {
        pen.text(&format!("from {from}  "), theme.dim());
    }
    let room = pen.left();
    // No glyph is narrower than a cell, so that as many bytes fill the row.
    for glyph in glyph::glyphs(&chunk.bytes[..length.min(room)]) {
        pen.text(&glyph.text, style_of(glyph.kind, theme));
    }
}
