//! What the script said last, large enough for a classroom: bold, in lines of about the same length, with blank rows around
//! it. When the script has failed, what went wrong stands here instead.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::shown;
use crate::app::script::player::Player;
use crate::app::script::report::Failure;
use crate::model::cells::{balanced, cut, wrap};
use crate::ui::painter::Painter;

/// The widest line: longer ones are hard to read.
const MEASURE: usize = 72;
/// Blank cells at each side.
const MARGIN: usize = 4;
/// So many texts of a script decide how tall the strip is.
const LOOKED_AT: usize = 500;

/// How wide a line may be in a strip of this width.
fn measure(width: u16) -> usize {
    let inside = usize::from(width).saturating_sub(2 + 2 * MARGIN);
    inside.min(MEASURE)
}

/// How many rows the longest text has at most on a screen of this size; none if the script says nothing.
pub fn rows(screen: Rect, player: &Player) -> usize {
    let width = measure(screen.width);
    let most = usize::from(screen.height / 4);
    let height = |text: &str| -> usize {
        let paragraphs = paragraphs(text);
        paragraphs.map(|line| wrap(&line, width).len()).sum()
    };
    let longest = player.script.says().take(LOOKED_AT).map(height).max();
    let said = longest.unwrap_or(0).min(most);
    match player.failure() {
        Some(failure) => {
            let told = told(failure).into_iter();
            let told: usize = told.map(|(text, _)| height(&text)).sum();
            said.max(told.min(most + 2))
        }
        None => said,
    }
}

fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    text.trim_end_matches('\n').split('\n').map(shown)
}

/// What went wrong, and whether that is what matters most: what the script says that it means comes first.
fn told(failure: &Failure) -> Vec<(String, bool)> {
    let word = if failure.is_wrong { "WRONG" } else { "FAILED" };
    match &failure.symptom {
        Some(symptom) => vec![
            (format!("{word}: {symptom}"), true),
            (failure.why.clone(), false),
        ],
        None => vec![(format!("{word}: {}", failure.why), true)],
    }
}

/// Draws it, with a blank row above and below.
pub fn draw(painter: &mut Painter<'_>, area: Rect, player: &Player) {
    let theme = painter.theme;
    let width = measure(area.width + 2);
    let texts: Vec<(String, Style)> = match (player.failure(), &player.said) {
        (Some(failure), _) => told(failure)
            .into_iter()
            .map(|(text, is_first)| {
                let style = if is_first {
                    theme.failure()
                } else {
                    Style::new()
                };
                (text, style)
            })
            .collect(),
        (None, Some(text)) => vec![(text.clone(), theme.strong())],
        (None, None) => {
            let text = "Space does the next step, p goes on from step to step";
            vec![(text.to_owned(), theme.dim())]
        }
    };
    let lines: Vec<(String, Style)> = texts
        .iter()
        .flat_map(|(text, style)| paragraphs(text).map(|line| (line, *style)))
        .flat_map(|(line, style)| {
            let lines = balanced(&line, width).into_iter();
            lines.map(move |line| (line, style))
        })
        .collect();
    let room = usize::from(area.height).saturating_sub(2);
    let seen = lines.len().min(room);
    let top = 1 + (room - seen) / 2;
    for (i, (line, style)) in lines.iter().take(seen).enumerate() {
        let is_cut = i + 1 == seen && lines.len() > seen;
        let more = if is_cut { " …" } else { "" };
        let line = cut(&format!("{line}{more}"), usize::from(area.width));
        let indent = usize::from(area.width).saturating_sub(line.width()) / 2;
        painter
            .row(area, (top + i) as u16)
            .gap(indent as u16)
            .text(&line, *style);
    }
}
