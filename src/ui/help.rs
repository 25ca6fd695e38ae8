//! The help: what there is to know at the beginning, every key, and every line.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::overlay::{Line, window};
use super::painter::Painter;
use crate::app::keymap::{Context, INTRODUCTION};
use crate::app::script::line;
use crate::app::words::usage::chapters;
use crate::model::cells::wrap;

/// The widest column of keys.
const KEYS: usize = 18;
/// The most cells of a line.
const WIDEST: usize = 110;
/// The cells before what is said of a line.
const INDENT: usize = 4;

/// Draws the help, scrolled down by `top` rows.
pub fn draw(painter: &mut Painter<'_>, area: Rect, top: usize) {
    let width = usize::from(area.width.saturating_sub(6)).min(WIDEST);
    let mut lines = Vec::new();
    for text in INTRODUCTION.lines() {
        lines.extend(wrap(text, width).into_iter().map(Line::plain));
        lines.push(Line::plain(""));
    }
    for context in Context::ALL {
        keys(painter, context, width, &mut lines);
        lines.push(Line::plain(""));
    }
    said(painter, width, &mut lines);
    window(painter, area, "help ─ ↓ for more, Esc closes", &lines, top);
}

fn keys(painter: &Painter<'_>, context: Context, width: usize, lines: &mut Vec<Line>) {
    let theme = painter.theme;
    lines.push(Line::styled(context.title(), theme.strong()));
    for (keys, binding) in context.rows() {
        let room = width.saturating_sub(KEYS);
        let mut column = Some(keys);
        for text in wrap(binding.help, room) {
            lines.push(Line {
                key: Some((column.take().unwrap_or_default(), KEYS)),
                ..Line::plain(text)
            });
        }
        if let Some(usage) = binding.command.usage() {
            for text in wrap(&format!(": {}", usage.line()), room) {
                lines.push(Line {
                    key: Some((String::new(), KEYS)),
                    ..Line::styled(text, theme.dim())
                });
            }
        }
    }
}

/// Every line that can be said.
fn said(painter: &Painter<'_>, width: usize, lines: &mut Vec<Line>) {
    let theme = painter.theme;
    lines.push(Line::styled(
        "Lines, as : takes them and as scripts have them",
        theme.strong(),
    ));
    let text = "A line says who does what. What stands in capitals varies, what stands in brackets may be left out. A text with blanks stands in quotes; # begins a comment.";
    lines.extend(wrap(text, width).into_iter().map(Line::plain));
    let indented =
        |text: String, style: Style| Line::styled(format!("{:INDENT$}{text}", ""), style);
    for chapter in chapters().iter().chain(line::chapters()) {
        lines.push(Line::plain(""));
        lines.push(Line::styled(chapter.title.as_str(), theme.strong()));
        for usage in &chapter.usages {
            let line = usage.line();
            let behind = line.split_once(' ').filter(|_| chapter.is_shared);
            let line = behind.map_or(line.as_str(), |(_, behind)| behind);
            lines.extend(
                wrap(line, width)
                    .into_iter()
                    .map(|text| Line::styled(text, theme.key())),
            );
            let about = wrap(&usage.about, width.saturating_sub(INDENT));
            lines.extend(about.into_iter().map(|text| indented(text, theme.dim())));
        }
    }
}
