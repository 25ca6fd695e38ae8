//! Styles. Colours are the terminal's own sixteen, so that they suit a light and a dark one; meaning never hangs on
//! colour alone.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::app::client::Remark;
use crate::model::Actor;

/// How the program looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    palette: Palette,
    charset: Charset,
}

/// Whether colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's sixteen.
    Colour,
    /// None, as `NO_COLOR` asks.
    Plain,
}

/// Which characters the program draws with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Lines, arrows and dots.
    Unicode,
    /// Only ASCII, for terminals that lack them or draw them two cells wide.
    Ascii,
}

impl Theme {
    /// A theme.
    #[must_use]
    pub const fn new(palette: Palette, charset: Charset) -> Self {
        Self { palette, charset }
    }

    const fn colour(self, style: Style, colour: Color) -> Style {
        match self.palette {
            Palette::Colour => style.fg(colour),
            Palette::Plain => style,
        }
    }

    /// Text that is there but not needed: borders without focus, what is unavailable, closed connections.
    #[must_use]
    pub const fn dim(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What stands out: the name of the program, headings.
    #[must_use]
    pub const fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The border and title of the pane with the focus.
    #[must_use]
    pub const fn focused_pane(self) -> Style {
        self.colour(Style::new().add_modifier(Modifier::BOLD), Color::Cyan)
    }

    /// The control with the focus, and the selected row.
    #[must_use]
    pub const fn focused(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A selected row of a list without the focus.
    #[must_use]
    pub const fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A line of text that can be edited.
    #[must_use]
    pub const fn field(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// A key's name.
    #[must_use]
    pub const fn key(self) -> Style {
        self.colour(Style::new().add_modifier(Modifier::BOLD), Color::Cyan)
    }

    /// Something that failed.
    #[must_use]
    pub const fn failure(self) -> Style {
        self.colour(Style::new().add_modifier(Modifier::BOLD), Color::Red)
    }

    /// Plain words on a pane.
    #[must_use]
    pub const fn remark(self, remark: &Remark) -> Style {
        if remark.failure {
            self.failure()
        } else {
            self.warning()
        }
    }

    /// Something to know: an end of a stream, who can reach the server, a wait.
    #[must_use]
    pub const fn warning(self) -> Style {
        self.colour(Style::new(), Color::Yellow)
    }

    /// Something that went well or stands.
    #[must_use]
    pub const fn success(self) -> Style {
        self.colour(Style::new(), Color::Green)
    }

    /// Whose call a line is.
    #[must_use]
    pub const fn actor(self, who: Actor) -> Style {
        let colour = match who {
            Actor::Client(_) => Color::Cyan,
            Actor::Server => Color::Magenta,
            Actor::Connection(_) => Color::Blue,
            Actor::Ports => Color::Yellow,
        };
        self.colour(Style::new(), colour)
    }

    /// A control character or another character shown as an escape.
    #[must_use]
    pub const fn escape(self) -> Style {
        self.colour(Style::new(), Color::Yellow)
    }

    /// A byte that is not part of valid UTF-8.
    #[must_use]
    pub const fn invalid(self) -> Style {
        self.colour(Style::new(), Color::Red)
    }

    /// Replaces what an ASCII terminal cannot show among the characters that the program itself draws.
    pub fn finish(self, buffer: &mut Buffer) {
        if self.charset == Charset::Unicode {
            return;
        }
        for cell in &mut buffer.content {
            if let Some(ascii) = ascii(cell.symbol()) {
                cell.set_symbol(ascii);
            }
        }
    }
}

/// What stands in for a character of ours.
fn ascii(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "─" | "━" => "-",
        "│" | "┃" => "|",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┏" | "┓" | "┗" | "┛" | "┬" | "┴" | "┼" => {
            "+"
        }
        "…" => "~",
        "·" => ".",
        "→" | "▸" => ">",
        "●" => "*",
        "←" | "◂" => "<",
        "↑" => "^",
        "↓" | "✓" => "v",
        "µ" => "u",
        "✗" => "x",
        _ => return None,
    })
}
