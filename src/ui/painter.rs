//! What every pane is painted with: text that stays inside its area, controls that answer to the mouse, borders.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Block, BorderType, Widget};
use unicode_width::UnicodeWidthStr;

use super::Drawn;
use super::theme::Theme;
use crate::app::client::Remark;
use crate::app::control::{Button, Choice, Control, Input, Pane};
use crate::app::field::Field;
use crate::app::hints::is_of_use;
use crate::app::{App, Rooms, Spot};
use crate::model::cells::{cut, wrap};
use crate::model::glyph;

/// A frame being painted.
pub struct Painter<'a> {
    /// What is painted.
    pub app: &'a App,
    /// How it looks.
    pub theme: Theme,
    /// The room that the views have, as they are painted.
    pub rooms: Rooms,
    buffer: &'a mut Buffer,
    hits: Vec<(Rect, Spot)>,
    cursor: Option<Position>,
}

impl<'a> Painter<'a> {
    /// A frame on `buffer`.
    pub fn new(app: &'a App, theme: Theme, buffer: &'a mut Buffer) -> Self {
        Self {
            app,
            theme,
            rooms: Rooms::default(),
            buffer,
            hits: Vec::new(),
            cursor: None,
        }
    }

    /// What came of it: where things stand, and where the terminal's cursor belongs.
    pub fn finish(self) -> (Drawn, Option<Position>) {
        let drawn = Drawn {
            rooms: self.rooms,
            hits: self.hits,
        };
        (drawn, self.cursor)
    }

    /// Writes `text` at a cell, in at most `width` cells and never outside the screen. Gives back how many it took.
    ///
    /// Everything that is drawn comes through here, and what is not plain is drawn as its escape, whoever forgot it: no
    /// words of a stranger act on the terminal.
    pub fn put(&mut self, x: u16, y: u16, text: &str, width: usize, style: Style) -> usize {
        let area = self.buffer.area;
        if y >= area.bottom() || x >= area.right() {
            return 0;
        }
        let (end, _) = self
            .buffer
            .set_stringn(x, y, glyph::plain(text), width, style);
        usize::from(end - x)
    }

    /// Makes `area` answer to the mouse.
    pub fn answer(&mut self, area: Rect, spot: Spot) {
        self.hits.push((area, spot));
    }

    /// Gives every cell of `area` a style.
    pub fn style(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area, style);
    }

    /// Empties `area` for something that lies above the rest.
    pub fn clear(&mut self, area: Rect) {
        // A wide character that reaches into the area from the left would be drawn over it.
        let left = area.x.saturating_sub(1);
        let wider = Rect {
            x: left,
            width: area.width + (area.x - left),
            ..area
        };
        for y in area.top()..area.bottom() {
            if let Some(cell) = self.buffer.cell_mut((wider.x, y))
                && cell.symbol().width() > 1
            {
                cell.set_symbol(" ");
            }
        }
        ratatui::widgets::Clear.render(area, self.buffer);
        self.cursor = None;
    }

    /// Whether `control` has the focus: something lies above the panes, or it does not.
    pub fn has_focus(&self, control: Control) -> bool {
        match control {
            Control::Input(input) => self.app.focused_input() == Some(input),
            control => self.app.focus == control && self.app.overlay.is_none(),
        }
    }

    /// A border with the pane's key and title, and at the bottom a remark at the left and something at the right. Gives
    /// back what is inside.
    pub fn frame(
        &mut self,
        area: Rect,
        pane: Pane,
        title: &str,
        remark: Option<(&str, Style)>,
        right: Option<(&str, Style)>,
    ) -> Rect {
        let focused = self.app.focus.pane() == pane;
        let (border, style) = if focused {
            (BorderType::Thick, self.theme.focused_pane())
        } else {
            (BorderType::Plain, self.theme.dim())
        };
        let block = Block::bordered().border_type(border).border_style(style);
        let inner = self.border(area, block);
        let key_style = self.theme.key();
        let title_style = if focused { style } else { self.theme.strong() };
        self.on_border(area, 0)
            .text(" ", Style::new())
            .text(pane.key().encode_utf8(&mut [0; 4]), key_style)
            .text(" ", Style::new())
            .cut_text(title, 1, title_style)
            .text(" ", Style::new());
        let mut taken = 0;
        if let Some((text, style)) = right {
            taken = self.at_lower_right(area, text, style);
        }
        if let Some((text, style)) = remark {
            self.on_border(area, area.height.saturating_sub(1))
                .text(" ", Style::new())
                .cut_text(text, taken + 2, style)
                .text(" ", Style::new());
        }
        inner
    }

    /// The cells that the names in [`Painter::lower_frame`] take.
    pub fn lower_names() -> usize {
        let names = Pane::LOWER.map(|pane| pane.name().width() + 3);
        names.iter().sum::<usize>() + 1
    }

    /// A border for one of the panes that share the lower part of the screen: their names, and `detail` of the one that
    /// is seen. Gives back what is inside.
    pub fn lower_frame(&mut self, area: Rect, pane: Pane, detail: &str, spare: usize) -> Rect {
        let focused = self.app.focus.pane() == pane;
        let (border, style) = if focused {
            (BorderType::Thick, self.theme.focused_pane())
        } else {
            (BorderType::Plain, self.theme.dim())
        };
        let inner = self.border(
            area,
            Block::bordered().border_type(border).border_style(style),
        );
        let theme = self.theme;
        let mut row = self.on_border(area, 0);
        for other in Pane::LOWER {
            let name_style = match (other == pane, focused) {
                (true, true) => theme.focused_pane(),
                (true, false) => theme.strong(),
                (false, _) => theme.dim(),
            };
            row.text(" ", Style::new())
                .text(other.key().encode_utf8(&mut [0; 4]), theme.key())
                .text(" ", Style::new())
                .spot(other.name(), name_style, Spot::Pane(other));
        }
        row.text(" ", Style::new());
        if !detail.is_empty() {
            row.cut_text(&format!("─ {detail}"), spare, theme.dim())
                .text(" ", Style::new());
        }
        inner
    }

    /// Writes `text` at the right end of the lower border of `area`; gives back how many cells that took.
    pub fn at_lower_right(&mut self, area: Rect, text: &str, style: Style) -> usize {
        if text.is_empty() || area.height == 0 {
            return 0;
        }
        let width = text.width() + 2;
        self.on_border(area, area.height - 1)
            .align_right(width + 1)
            .text(" ", Style::new())
            .cut_text(text, 1, style)
            .text(" ", Style::new());
        width + 1
    }

    /// Starts a row on the border of `area`, between its corners. What is written there has nothing of the border's
    /// style.
    pub const fn on_border(&mut self, area: Rect, row: u16) -> RowPainter<'_, 'a> {
        let between = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            ..area
        };
        let mut row = self.row(between, row);
        row.afresh = true;
        row
    }

    /// Draws `block`; gives back what is inside.
    pub fn border(&mut self, area: Rect, block: Block<'_>) -> Rect {
        let inner = block.inner(area);
        block.render(area, self.buffer);
        inner
    }

    /// Starts a row of controls at the left of `area`'s row `row`.
    pub const fn row(&mut self, area: Rect, row: u16) -> RowPainter<'_, 'a> {
        RowPainter {
            x: area.x,
            right: area.right(),
            y: area.y + row,
            afresh: false,
            painter: self,
        }
    }

    /// Fills an empty place with what the last call came to and with what to do next; keys stand between backticks.
    pub fn say(&mut self, area: Rect, remark: Option<&Remark>, next: &[impl AsRef<str>]) {
        let width = usize::from(area.width).saturating_sub(2);
        let mut rows = 0..area.height;
        if let Some(remark) = remark {
            for (row, line) in rows.by_ref().zip(wrap(&remark.text, width)) {
                let style = self.theme.remark(remark);
                self.row(area, row).gap(1).text(&line, style);
            }
            // The zip has taken one row more than there were lines: it is the gap before what follows.
        }
        for (row, line) in rows.zip(next) {
            self.row(area, row)
                .gap(1)
                .words(line.as_ref(), Style::new());
        }
    }

    pub fn field(&mut self, area: Rect, input: Input, field: &Field) {
        let control = Control::Input(input);
        let width = usize::from(area.width);
        // Where nothing is typed the beginning tells most: `127.0…` rather than `0.0.1`.
        let scrolled = if self.has_focus(control) {
            field.scrolled(width)
        } else {
            0
        };
        let shown = skip_cells(field.value(), scrolled);
        let style = self.theme.field();
        self.put(area.x, area.y, &" ".repeat(width), width, style);
        self.put(area.x, area.y, shown, width, style);
        self.answer(area, Spot::Control(control, scrolled));
        if self.has_focus(control) {
            self.style(area, self.theme.field().add_modifier(Modifier::BOLD));
            let column = field.cursor_column().saturating_sub(scrolled);
            let column = u16::try_from(column).unwrap_or(u16::MAX);
            let last = area.right().saturating_sub(1);
            self.cursor = Some(Position::new(
                area.x.saturating_add(column).min(last),
                area.y,
            ));
        }
    }
}

/// Places controls from left to right.
pub struct RowPainter<'p, 'a> {
    painter: &'p mut Painter<'a>,
    x: u16,
    y: u16,
    right: u16,
    /// Whether styles replace what the cells had, rather than add to it.
    afresh: bool,
}

impl RowPainter<'_, '_> {
    /// How many cells are left.
    pub fn left(&self) -> usize {
        usize::from(self.right.saturating_sub(self.x))
    }

    /// Text.
    pub fn text(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.left();
        let style = if self.afresh {
            Style::reset().patch(style)
        } else {
            style
        };
        let taken = self
            .painter
            .put(self.x, self.y, &cut(text, room), room, style);
        self.x += u16::try_from(taken).unwrap_or(0);
        self
    }

    /// Text that leaves `spare` cells free, cut if it has to be.
    pub fn cut_text(&mut self, text: &str, spare: usize, style: Style) -> &mut Self {
        let room = self.left().saturating_sub(spare);
        self.text(&cut(text, room), style)
    }

    /// Words in which keys stand between backticks.
    pub fn words(&mut self, text: &str, style: Style) -> &mut Self {
        let key = self.painter.theme.key();
        for (i, part) in text.split('`').enumerate() {
            self.text(part, if i % 2 == 1 { key } else { style });
        }
        self
    }

    /// Empty cells.
    pub fn gap(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.right);
        self
    }

    /// Leaves out as many cells as are needed for `cells` to be left.
    pub fn align_right(&mut self, cells: usize) -> &mut Self {
        let spare = self.left().saturating_sub(cells);
        self.gap(u16::try_from(spare).unwrap_or(0))
    }

    /// A line of text that can be edited, `width` cells wide.
    pub fn field(&mut self, input: Input, width: usize) -> &mut Self {
        let field = self.painter.app.text(input);
        let width = u16::try_from(width.min(self.left())).unwrap_or(0);
        let area = Rect::new(self.x, self.y, width, 1);
        if width > 0 {
            self.painter.field(area, input, field);
        }
        self.gap(width)
    }

    /// A button; `label` has its letter somewhere.
    pub fn button(&mut self, button: Button, label: &str) -> &mut Self {
        let control = Control::Button(button);
        let theme = self.painter.theme;
        let (style, letter_style) = if self.painter.has_focus(control) {
            (theme.focused(), theme.focused())
        } else if is_of_use(self.painter.app, button) {
            (theme.strong(), theme.key())
        } else {
            (theme.dim(), theme.dim())
        };
        let start = self.x;
        // Where the label marks its letter as a capital, that one is meant.
        let letter = button.letter();
        let at = label
            .find(letter.to_ascii_uppercase())
            .filter(|_| letter.is_ascii_lowercase())
            .or_else(|| label.find(letter));
        let (before, letter, after) = match at {
            Some(at) => (&label[..at], &label[at..=at], &label[at + 1..]),
            None => (label, "", ""),
        };
        self.text("[", style)
            .text(before, style)
            .text(letter, letter_style.add_modifier(Modifier::UNDERLINED))
            .text(after, style)
            .text("]", style);
        let area = Rect::new(start, self.y, self.x - start, 1);
        self.painter.answer(area, Spot::Control(control, 0));
        self
    }

    /// One of a few values.
    pub fn choice(&mut self, choice: Choice, value: &str) -> &mut Self {
        let control = Control::Choice(choice);
        let style = if self.painter.has_focus(control) {
            self.painter.theme.focused()
        } else {
            self.painter.theme.strong()
        };
        let start = self.x;
        self.text(&format!("◂ {value} ▸"), style);
        let area = Rect::new(start, self.y, self.x - start, 1);
        self.painter.answer(area, Spot::Control(control, 0));
        self
    }

    /// A word that answers to the mouse.
    pub fn spot(&mut self, text: &str, style: Style, spot: Spot) -> &mut Self {
        let start = self.x;
        self.text(text, style);
        let area = Rect::new(start, self.y, self.x - start, 1);
        self.painter.answer(area, spot);
        self
    }
}

/// `text` without its first `cells` cells.
fn skip_cells(text: &str, cells: usize) -> &str {
    let mut skipped = 0;
    text.char_indices()
        .find(|(_, c)| {
            let before = skipped;
            skipped += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
            before >= cells
        })
        .map_or("", |(at, _)| &text[at..])
}
