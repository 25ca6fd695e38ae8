//! The strip at the top that shows the script which is played: how it stands, and its keys. While a person has taken over it
//! is folded to one row. [`said`] draws what it said last, [`steps`] the steps around the present one.
//!
//! How tall it is hangs on the script and on the screen alone, so that nothing jumps from step to step; only a failure, of
//! which every word counts, may take more.

mod said;
mod steps;

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, BorderType};
use unicode_width::UnicodeWidthStr;

use super::painter::Painter;
use super::theme::Theme;
use crate::app::hints::{Hint, script_keys};
use crate::app::keymap::Command;
use crate::app::script::player::{Pace, Player};
use crate::app::script::watched::{Drive, Watched};
use crate::app::{App, Spot};
use crate::model::glyph::{Glyph, glyphs};
use crate::model::timespan::Timespan;

/// How many rows the strip takes of a screen of this size; none without a script.
pub fn rows(screen: Rect, app: &App) -> u16 {
    match app.watched() {
        None => 0,
        Some(player) if player.is_left() => 1,
        Some(player) => {
            let said = said::rows(screen, player);
            // A blank row above what is said and one below it.
            let panel = if said == 0 { 0 } else { said + 2 };
            u16::try_from(panel).unwrap_or(u16::MAX) + steps::rows(screen) + 2
        }
    }
}

/// Draws it, open or folded.
pub fn draw(painter: &mut Painter<'_>, screen: Rect, area: Rect) {
    let app = painter.app;
    let Some((player, watched)) = app.watched().and_then(|player| {
        let watched = player.watched.as_ref()?;
        Some((player, watched))
    }) else {
        return;
    };
    if player.is_left() {
        folded(painter, area, player);
        return;
    }
    let theme = painter.theme;
    let block = Block::bordered()
        .border_type(BorderType::Thick)
        .border_style(theme.focused_pane());
    let inner = painter.border(area, block);
    title(painter, area, player, watched);
    keys(painter, area);
    let below = steps::rows(screen).min(inner.height);
    let panel = Rect {
        height: inner.height - below,
        ..inner
    };
    said::draw(painter, panel, player);
    let list = Rect {
        y: panel.bottom(),
        height: below,
        ..inner
    };
    steps::draw(painter, list, player);
}

/// The script's name without the folders that it is in.
fn name(player: &Player) -> String {
    let path = shown(&player.script.name);
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Which step comes next or is under way.
fn step(player: &Player) -> String {
    let count = player.script.steps.len();
    format!("step {} of {count}", (player.at + 1).min(count))
}

/// How it stands, in a few words.
fn state(player: &Player) -> String {
    if let Some(failure) = player.failure() {
        return format!("FAILED in line {}", failure.number);
    }
    match player.pace {
        _ if player.is_over() => "passed".to_owned(),
        Pace::Every(pace) => format!("a step every {}", Timespan(pace)),
        Pace::ByHand | Pace::AtOnce if player.is_busy() => "waits".to_owned(),
        Pace::ByHand | Pace::AtOnce => "paused".to_owned(),
    }
}

fn state_style(theme: Theme, player: &Player) -> Style {
    if player.failure().is_some() {
        theme.failure()
    } else if player.is_over() {
        theme.success().patch(theme.strong())
    } else if player.is_busy() {
        theme.warning()
    } else {
        theme.strong()
    }
}

fn title(painter: &mut Painter<'_>, area: Rect, player: &Player, watched: &Watched) {
    let theme = painter.theme;
    let mut state = state(player);
    if !player.is_over() && !player.plays() {
        state.push_str(&format!(" · pace {}", Timespan(watched.pace)));
    }
    let taken = state.width() + 3;
    let title = format!("script {} · {}", name(player), step(player));
    painter
        .on_border(area, 0)
        .text(" ", Style::new())
        .cut_text(&title, taken, theme.focused_pane())
        .text(" ", Style::new())
        .align_right(taken)
        .text(" ", Style::new())
        .text(&state, state_style(theme, player))
        .text(" ", Style::new());
}

/// The keys, which answer to the mouse too.
fn keys(painter: &mut Painter<'_>, area: Rect) {
    let theme = painter.theme;
    let all = script_keys(painter.app, &painter.rooms);
    let mut row = painter.on_border(area, area.height.saturating_sub(1));
    for (drive, hint) in driving(&all) {
        let key = hint.key.to_string();
        if row.left() < key.width() + hint.text.width() + 3 {
            break;
        }
        row.text(" ", Style::new())
            .spot(&key, theme.key(), Spot::Script(drive))
            .spot(
                &format!(" {}", hint.text),
                Style::new(),
                Spot::Script(drive),
            )
            .text(" ", Style::new());
    }
}

/// What each of the hints asks of the script.
fn driving(hints: &[Hint]) -> impl Iterator<Item = (Drive, &Hint)> {
    hints.iter().filter_map(|hint| match hint.command {
        Command::Script(drive) => Some((drive, hint)),
        _ => None,
    })
}

/// One row: where the script was left, and how it goes on.
fn folded(painter: &mut Painter<'_>, area: Rect, player: &Player) {
    let theme = painter.theme;
    let (what, style) = if player.is_over() {
        (state(player), state_style(theme, player))
    } else {
        let word = if player.is_busy() {
            "under way"
        } else {
            "next"
        };
        let next = player.script.steps.get(player.at);
        let text = next.map(|step| shown(&step.text)).unwrap_or_default();
        (format!("{word}: {text}"), Style::new())
    };
    let all = script_keys(painter.app, &painter.rooms);
    let width = |hint: &Hint| hint.key.to_string().width() + 1 + hint.text.width() + 2;
    let taken: usize = driving(&all).map(|(_, hint)| width(hint)).sum();
    painter.answer(area, Spot::Script(Drive::GoOn));
    let place = format!("{} · {} ", name(player), step(player));
    let mut row = painter.row(area, 0);
    row.gap(1)
        .text("▸ ", theme.key())
        .cut_text(&place, taken, theme.strong())
        .cut_text(&format!("· {what}"), taken, style)
        .align_right(taken - 1);
    for (drive, hint) in driving(&all) {
        row.spot(&hint.key.to_string(), theme.key(), Spot::Script(drive))
            .spot(
                &format!(" {}", hint.text),
                Style::new(),
                Spot::Script(drive),
            )
            .gap(2);
    }
}

/// A line of a script as it is written, without anything that would disturb the screen.
fn shown(text: &str) -> String {
    // Nothing is to be told from an escape here: a backslash stays one.
    let text_of = |glyph: Glyph| match glyph.text.as_ref() {
        "\\\\" => "\\".into(),
        _ => glyph.text,
    };
    glyphs(text.as_bytes()).map(text_of).collect()
}
