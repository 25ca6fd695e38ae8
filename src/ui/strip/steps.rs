//! The steps around the present one: which are done, what the present one waits for, what comes next, and at the end whether
//! all of it came about.

use std::cmp::Ordering;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::shown;
use crate::app::App;
use crate::app::script::player::Player;
use crate::app::script::report::Verdict;
use crate::model::moment::Elapsed;
use crate::model::timespan::Timespan;
use crate::ui::painter::Painter;
use crate::ui::theme::Theme;

/// How many rows there are for them on a screen of this size.
pub const fn rows(screen: Rect) -> u16 {
    match screen.height {
        0..20 => 2,
        20..30 => 3,
        _ => 5,
    }
}

/// A row of the list.
struct Row {
    /// What stands before it, and how that looks.
    mark: (&'static str, Style),
    text: String,
    style: Style,
}

/// Draws them; the present one stands in the middle.
pub fn draw(painter: &mut Painter<'_>, area: Rect, player: &Player) {
    let theme = painter.theme;
    let steps = &player.script.steps;
    let height = usize::from(area.height);
    let digits = steps.last().map_or(1, |step| step.number.to_string().len());
    // However long the script is, no more of it than this can be seen.
    let first = player.at.saturating_sub(height);
    let mut rows: Vec<Row> = Vec::new();
    let mut present = 0;
    for (i, step) in steps.iter().enumerate().skip(first).take(2 * height + 1) {
        let (mark, style) = mark(theme, player, i);
        let text = format!("{:>digits$}  {}", step.number, shown(&step.text));
        rows.push(Row { mark, text, style });
        if i == player.at {
            present = rows.len() - 1;
            rows.extend(waits(painter.app, player).map(|why| Row {
                mark: (" ", Style::new()),
                text: format!("{:digits$}  {why}", ""),
                style: theme.warning(),
            }));
        }
    }
    if let Some(verdict) = player.verdict.as_ref().filter(|v| v.failure.is_none()) {
        let style = theme.success().patch(theme.strong());
        present = rows.len();
        rows.push(Row {
            mark: ("✓", style),
            text: format!("{:digits$}  {}", "", passed(verdict)),
            style,
        });
    }
    let before = height.saturating_sub(1) / 2;
    let last = rows.len().saturating_sub(height);
    let top = present.saturating_sub(before).min(last);
    for (row, Row { mark, text, style }) in (0..area.height).zip(&rows[top..]) {
        painter
            .row(area, row)
            .gap(1)
            .text(mark.0, mark.1)
            .gap(1)
            .cut_text(text, 1, *style);
    }
}

/// What stands before the step with this index and how that looks, and how the step looks.
fn mark(theme: Theme, player: &Player, index: usize) -> ((&'static str, Style), Style) {
    match index.cmp(&player.at) {
        Ordering::Less => (("✓", theme.success()), theme.dim()),
        Ordering::Equal if player.failure().is_some() => (("✗", theme.failure()), theme.failure()),
        Ordering::Equal if player.is_busy() => (("●", theme.warning()), theme.strong()),
        Ordering::Equal => (("▸", theme.key()), theme.strong()),
        Ordering::Greater => ((" ", Style::new()), Style::new()),
    }
}

/// Why the present step is not over.
fn waits(app: &App, player: &Player) -> Option<String> {
    let (why, began, until) = player.awaits()?;
    let now = Elapsed(app.now.since(began));
    let most = Timespan(until.since(began));
    Some(format!("waits: {} · {now} of {most}", shown(why)))
}

fn passed(verdict: &Verdict) -> String {
    let plural =
        |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let steps = plural(verdict.steps, "step");
    match verdict.held {
        0 => format!("passed: {steps}"),
        held => format!("passed: {steps}, {} held", plural(held, "expectation")),
    }
}
