//! The command line and the palette, in a window above the footer: the calls that a line leads to are seen as it closes.
//!
//! ```text
//! ┏ command line ─ Tab completes, ↑ is the history, Enter says it ━━━━━━━━━━━━━━━━━━━┓
//! ┃ : client connect 127.0.0.1                                                       ┃   the field
//! ┃   next: PORT ─ A number, or the name of a service                                ┃   what is missing, or wrong
//! ┃   client connect HOST PORT [-4] [-6] [--udp]                                     ┃   how it is used
//! ┃   Resolve the host, make a socket if there is none, and connect it               ┃   what it does
//! ┃──────────────────────────────────────────────────────────────────────────────────┃
//! ┃   8888     the server listens there                                              ┃   what can come
//! ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::overlay::framed;
use super::painter::Painter;
use crate::app::Spot;
use crate::app::command_line::{CommandLine, Face, Refusal};
use crate::app::control::Input;
use crate::app::palette::Found;
use crate::app::words::complete::{Completion, State};
use crate::model::cells::{cut, wrap};

/// The most rows of the command line, with its border.
const LINE_ROWS: u16 = 14;
/// The most rows of the palette.
const PALETTE_ROWS: u16 = 20;
/// The cells in front of the field and of what belongs to it.
const INDENT: u16 = 3;

/// Draws whichever of the two is open.
pub fn draw(painter: &mut Painter<'_>, area: Rect, line: &CommandLine) {
    let most = area.height.saturating_sub(3);
    let rows = match line.face {
        Face::Line => LINE_ROWS,
        Face::Palette => PALETTE_ROWS,
    };
    let height = (area.height / 2 + 2).min(rows).min(most);
    let frame = Rect {
        x: area.x + 1,
        y: area.bottom().saturating_sub(height + 1),
        width: area.width.saturating_sub(2),
        height,
    };
    let title = match line.face {
        Face::Line => "command line ─ Tab completes, ↑ is the history, Enter says it",
        Face::Palette => "palette ─ type what you half remember, Enter does it",
    };
    let inner = framed(painter, frame, title);
    if inner.height == 0 || inner.width < 2 * INDENT {
        return;
    }
    let key = painter.theme.key();
    let mark = match line.face {
        Face::Line => ":",
        Face::Palette => "?",
    };
    painter.row(inner, 0).gap(1).text(mark, key);
    let mut field = Rect {
        x: inner.x + INDENT,
        width: inner.width - INDENT - 1,
        height: 1,
        ..inner
    };
    match line.face {
        Face::Line => {
            let (found, tried) = painter.app.completion(line);
            painter.field(field, Input::Prompt, &line.field);
            let used = hint(painter, inner, line, &found);
            candidates(painter, below(inner, used), &found, tried);
        }
        Face::Palette => {
            let found = painter.app.found(line);
            let count = format!("{} found", found.len());
            let dim = painter.theme.dim();
            painter
                .row(inner, 0)
                .align_right(count.width() + 1)
                .text(&count, dim);
            field.width = field.width.saturating_sub(count.width() as u16 + 2);
            painter.field(field, Input::Prompt, &line.field);
            rule(painter, inner, 1);
            let selected = line.selected(found.len());
            palette(painter, below(inner, 2), &found, selected);
        }
    }
}

/// What is left of `area` without its first rows.
fn below(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect {
        y: area.y + rows,
        height: area.height - rows,
        ..area
    }
}

fn rule(painter: &mut Painter<'_>, inner: Rect, row: u16) {
    if row < inner.height {
        let line = "─".repeat(usize::from(inner.width));
        let dim = painter.theme.dim();
        painter.row(inner, row).text(&line, dim);
    }
}

/// The rows below the field; gives back how many rows that and the field took.
fn hint(painter: &mut Painter<'_>, inner: Rect, line: &CommandLine, found: &Completion) -> u16 {
    let mut row = 1 + status(painter, inner, line, found);
    row += usage(painter, below(inner, row), found);
    let dim = painter.theme.dim();
    let width = usize::from(inner.width - INDENT - 1);
    for text in wrap(&found.about, width).iter().take(2) {
        if row < inner.height && !text.is_empty() {
            painter.row(inner, row).gap(INDENT).text(text, dim);
            row += 1;
        }
    }
    if !found.candidates.is_empty() {
        rule(painter, inner, row);
        row += 1;
    }
    row
}

/// What is wrong, or what comes next; gives back how many rows it took.
fn status(painter: &mut Painter<'_>, inner: Rect, line: &CommandLine, found: &Completion) -> u16 {
    let theme = painter.theme;
    let width = usize::from(inner.width - INDENT - 1);
    let wrong = match line.refused() {
        Some(Refusal::Wrong(wrong)) => Some(wrong),
        Some(Refusal::CannotBe(_)) | None => found.wrong.as_ref(),
    };
    if let Some(Refusal::CannotBe(why)) = line.refused() {
        return sentences(painter, inner, why, theme.failure());
    }
    if let Some(wrong) = wrong {
        let before = line.field.value().chars().take(wrong.column);
        let cells: usize = before.map(|c| c.width().unwrap_or(0)).sum();
        let at = cells
            .saturating_sub(line.field.scrolled(width))
            .min(width - 1);
        let text = &wrong.message;
        let room = width - at;
        let (start, text, fits) = if text.width() + 2 <= room {
            (at, format!("^ {text}"), true)
        } else if text.width() < at {
            (at - text.width() - 1, format!("{text} ^"), true)
        } else {
            (at, "^".to_owned(), false)
        };
        let mut pen = painter.row(inner, 1);
        pen.gap(INDENT + start as u16).text(&text, theme.failure());
        if fits {
            return 1;
        }
        return 1 + sentences(painter, below(inner, 1), &wrong.message, theme.failure());
    }
    let mut pen = painter.row(inner, 1);
    pen.gap(INDENT);
    match &found.now {
        _ if found.whole => {
            pen.text("Enter says it", theme.success());
            if let Some((name, about)) = &found.now {
                let is_typed = found.start < found.end;
                let may = if is_typed { "" } else { " may follow" };
                pen.text(" · ", theme.dim()).text(name, theme.key());
                pen.text(&format!("{may} ─ "), theme.dim())
                    .cut_text(about, 1, theme.dim());
            }
        }
        Some((name, about)) => {
            pen.text("next: ", theme.dim()).text(name, theme.key());
            pen.text(" ─ ", theme.dim())
                .cut_text(about, 1, Style::new());
        }
        None => {}
    }
    1
}

/// Text in as many rows as it takes, at most three; gives back how many.
fn sentences(painter: &mut Painter<'_>, inner: Rect, text: &str, style: Style) -> u16 {
    let width = usize::from(inner.width - INDENT - 1);
    let mut rows = 0;
    for text in wrap(text, width).iter().take(3) {
        if rows + 1 < inner.height {
            painter.row(inner, rows + 1).gap(INDENT).text(text, style);
            rows += 1;
        }
    }
    rows
}

/// How the line is used, with what is missing or being typed emphasised; gives back how many rows it took.
fn usage(painter: &mut Painter<'_>, area: Rect, found: &Completion) -> u16 {
    let theme = painter.theme;
    if found.usage.is_empty() || area.height == 0 {
        return 0;
    }
    let width = usize::from(area.width - INDENT - 1);
    let (mut row, mut used) = (0, 0);
    for piece in &found.usage {
        let cells = piece.text.width();
        let continues = used > 0 && used + 1 + cells > width;
        if continues {
            row += 1;
            used = 0;
        }
        if row >= area.height {
            break;
        }
        let style = match piece.state {
            State::Given => Style::new(),
            State::Now => theme.key().add_modifier(Modifier::UNDERLINED),
            State::Needed => theme.strong(),
            State::Optional => theme.dim(),
        };
        let gap = u16::from(used > 0);
        painter
            .row(area, row)
            .gap(INDENT + used as u16 + gap)
            .text(&piece.text, style);
        used += cells + usize::from(gap);
    }
    row + 1
}

/// The window of rows in which the one with this number is seen.
fn top_of(selected: usize, rows: usize) -> usize {
    (selected + 1).saturating_sub(rows)
}

/// The widest column of words.
const WORDS: usize = 26;

fn candidates(painter: &mut Painter<'_>, area: Rect, found: &Completion, tried: Option<usize>) {
    let theme = painter.theme;
    let all = &found.candidates;
    let rows = usize::from(area.height);
    painter.rooms.overlay = rows;
    painter.rooms.overlay_rows = all.len();
    let widest = all.iter().map(|candidate| candidate.text.width()).max();
    let column = widest.unwrap_or(0).min(WORDS);
    // The last row tells that there are more.
    let room = if all.len() > rows {
        rows.saturating_sub(1)
    } else {
        rows
    };
    let top = top_of(tried.unwrap_or(0), room);
    for (y, (i, candidate)) in all.iter().enumerate().skip(top).take(room).enumerate() {
        let style = if tried == Some(i) {
            theme.focused()
        } else {
            theme.strong()
        };
        let text = cut(&candidate.text, column);
        let gap = column - text.width() + 2;
        let mut pen = painter.row(area, y as u16);
        pen.gap(INDENT).text(&text, style).gap(gap as u16);
        pen.cut_text(&candidate.about, 1, theme.dim());
        let row = Rect {
            y: area.y + y as u16,
            height: 1,
            ..area
        };
        painter.answer(row, Spot::Item(i));
    }
    let shown = top + room;
    if all.len() > shown && rows > 0 {
        let text = format!("… {} more", all.len() - shown);
        painter
            .row(area, area.height - 1)
            .gap(INDENT)
            .text(&text, theme.dim());
    }
}

/// The column of keys.
const KEYS: u16 = 10;

fn palette(painter: &mut Painter<'_>, area: Rect, found: &[Found], selected: usize) {
    let theme = painter.theme;
    let rows = usize::from(area.height);
    painter.rooms.overlay = rows;
    painter.rooms.overlay_rows = found.len();
    let top = top_of(selected, rows);
    let seen = || found.iter().enumerate().skip(top).take(rows);
    // Most of the room is for the names, as long as something of the help is seen too.
    let width = usize::from(area.width.saturating_sub(KEYS + 2));
    let widest = seen().map(|(_, row)| row.entry.name.width()).max();
    let column = widest.unwrap_or(0).min(width * 3 / 5);
    for (y, (i, row)) in seen().enumerate() {
        let is_selected = i == selected;
        let base = if is_selected {
            theme.focused()
        } else {
            Style::new()
        };
        let mut pen = painter.row(area, y as u16);
        pen.gap(1)
            .text(&cut(&row.entry.key, usize::from(KEYS) - 2), theme.key());
        let at = Rect {
            x: area.x + KEYS,
            y: area.y + y as u16,
            width: area.width.saturating_sub(KEYS),
            height: 1,
        };
        let mark = theme.key().add_modifier(Modifier::UNDERLINED);
        let name = cut(&row.entry.name, column);
        marked(painter, at, (&name, &row.in_name), base, base.patch(mark));
        let help = Rect {
            x: at.x + column as u16 + 2,
            width: at.width.saturating_sub(column as u16 + 3),
            ..at
        };
        let text = cut(&row.entry.help, usize::from(help.width));
        marked(painter, help, (&text, &row.in_help), theme.dim(), mark);
        let whole = Rect {
            x: area.x,
            width: area.width,
            ..at
        };
        painter.answer(whole, Spot::Item(i));
    }
    if found.is_empty() && area.height > 0 {
        painter
            .row(area, 0)
            .gap(INDENT)
            .text("Nothing is called so: try fewer letters.", theme.dim());
    }
}

/// Text of which some characters are marked.
fn marked(painter: &mut Painter<'_>, area: Rect, text: (&str, &[usize]), base: Style, mark: Style) {
    let (text, marks) = text;
    let mut pen = painter.row(area, 0);
    for (i, c) in text.chars().enumerate() {
        let style = if marks.contains(&i) { mark } else { base };
        pen.text(c.encode_utf8(&mut [0; 4]), style);
    }
}
