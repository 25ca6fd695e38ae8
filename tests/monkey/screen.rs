//! A screen in memory: what a frame came to, and where its cursor is, if it has one.

use ratatui::Terminal;
use ratatui::backend::{Backend, TestBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};
use sockyard::app::App;
use sockyard::ui::theme::Theme;
use sockyard::ui::{Drawn, draw};

/// Where no cursor ever is: a frame that sets none leaves it there.
const NOWHERE: Position = Position {
    x: u16::MAX,
    y: u16::MAX,
};

/// What one frame came to.
pub struct Frame {
    pub cells: Buffer,
    pub drawn: Drawn,
    pub cursor: Option<Position>,
}

pub struct Screen {
    terminal: Terminal<TestBackend>,
    pub theme: Theme,
}

impl Screen {
    pub fn new(theme: Theme, size: Size) -> Self {
        let backend = TestBackend::new(size.width, size.height);
        let terminal = Terminal::new(backend).expect("a screen in memory");
        Self { terminal, theme }
    }

    pub fn size(&self) -> Size {
        self.terminal.backend().buffer().area.as_size()
    }

    /// Another size, and as with any resize nothing is left of what was shown.
    pub fn resize(&mut self, size: Size) {
        *self = Self::new(self.theme, size);
    }

    /// Draws the state, which it does not change.
    pub fn draw(&mut self, app: &App) -> Frame {
        let (terminal, theme) = (&mut self.terminal, self.theme);
        let backend = terminal.backend_mut();
        backend.set_cursor_position(NOWHERE).expect("in memory");
        let mut drawn = Drawn::default();
        let frame = terminal.draw(|frame| drawn = draw(app, theme, frame));
        let cells = frame.expect("in memory").buffer.clone();
        let at = terminal.backend().cursor_position();
        Frame {
            cells,
            drawn,
            cursor: (at != NOWHERE).then_some(at),
        }
    }
}

/// The cells of a row as text: a wide character is one character, not one and a blank.
pub fn row(cells: &Buffer, y: u16) -> String {
    use unicode_width::UnicodeWidthStr;
    let mut line = String::new();
    let mut x = cells.area.left();
    while x < cells.area.right() {
        let symbol = cells[(x, y)].symbol();
        line.push_str(symbol);
        x += (symbol.width() as u16).max(1);
    }
    line
}
