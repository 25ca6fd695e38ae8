//! The terminal: what is switched on at the start, and the one place that switches it off again.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write, stdin, stdout};
use std::panic;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use crate::app::App;
use crate::ui::theme::Theme;
use crate::ui::{Drawn, draw};

/// Alternate screen, mouse buttons and wheel in SGR coordinates, bracketed paste. Mouse movement is not asked for: it
/// would wake the program for nothing.
const ENTER: &str = "\x1b[?1049h\x1b[?1000h\x1b[?1006h\x1b[?2004h";
/// The same in reverse; a synchronized update that a failure left open is ended, the cursor shown, colours reset.
const LEAVE: &str = "\x1b[?2026l\x1b[?2004l\x1b[?1006l\x1b[?1000l\x1b[0m\x1b[?1049l\x1b[?25h";

/// Whether the terminal is ours now.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; dropping it gives it back.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Frame>>,
    frame: Frame,
    area: Rect,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// A terminal that cannot be written to or set to raw mode.
    pub fn enter() -> io::Result<Self> {
        switch_on()?;
        let frame = Frame::default();
        let backend = CrosstermBackend::new(frame.clone());
        let area = size();
        let viewport = Viewport::Fixed(area);
        match Terminal::with_options(backend, TerminalOptions { viewport }) {
            Ok(terminal) => Ok(Self {
                terminal,
                frame,
                area,
            }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }

    /// Draws a frame and writes it at once, so that no half of it is ever seen.
    ///
    /// # Errors
    /// A terminal that cannot be written to.
    pub fn draw(&mut self, app: &App, theme: Theme) -> io::Result<Drawn> {
        let mut drawn = Drawn::default();
        queue!(self.frame, BeginSynchronizedUpdate)?;
        if size() != self.area {
            self.forget()?;
        }
        self.terminal
            .draw(|frame| drawn = draw(app, theme, frame))?;
        queue!(self.frame, EndSynchronizedUpdate)?;
        self.frame.commit()?;
        Ok(drawn)
    }

    /// Forgets what is on the screen, so that the next frame draws all of it.
    ///
    /// `Terminal::clear` would ask the terminal for its cursor and wait for the answer; this does not.
    ///
    /// # Errors
    /// A terminal whose size cannot be told.
    pub fn forget(&mut self) -> io::Result<()> {
        self.area = size();
        queue!(self.frame, Clear(ClearType::All))?;
        self.terminal.resize(self.area)
    }

    /// Asks the terminal to put `text` on the clipboard (OSC 52).
    ///
    /// # Errors
    /// A terminal that cannot be written to.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.frame, CopyToClipboard::to_clipboard_from(text))?;
        self.frame.commit()
    }

    /// Takes the terminal again after something else had it: a shell, while the program was stopped.
    ///
    /// # Errors
    /// As [`Screen::enter`].
    pub fn enter_again(&mut self) -> io::Result<()> {
        restore();
        switch_on()?;
        self.forget()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether there is a terminal to read from and to draw on.
#[must_use]
pub fn is_there() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// The terminal's size. ratatui would open `/dev/tty` to ask for it with each frame, and the descriptors that sockets
/// get would jump about.
fn size() -> Rect {
    // Where it cannot be told there is nothing to draw on.
    rustix::termios::tcgetwinsize(rustix::stdio::stdout())
        .map(|size| Rect::new(0, 0, size.ws_col, size.ws_row))
        .unwrap_or_default()
}

fn switch_on() -> io::Result<()> {
    ENTERED.store(true, Ordering::SeqCst);
    let switched = crossterm::terminal::enable_raw_mode().and_then(|()| {
        let mut out = stdout();
        out.write_all(ENTER.as_bytes())?;
        out.flush()
    });
    if switched.is_err() {
        restore();
    }
    switched
}

/// Gives the terminal back as it was; does nothing if it is not ours. The only place that does: normal end, error,
/// signal, suspension and panic all come here.
pub fn restore() {
    if ENTERED.swap(false, Ordering::SeqCst) {
        // There is nothing left to try where one of these fails, and the other may still work.
        let mut out = stdout();
        let _ = out.write_all(LEAVE.as_bytes());
        let _ = out.flush();
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// Takes back what can be without writing to a terminal that takes no output: line editing and echo.
pub fn abandon() {
    let _ = crossterm::terminal::disable_raw_mode();
}

/// From now on a panic of this thread, the screen's, restores the terminal before it is reported. A panic of another
/// thread says nothing here: it reaches the screen as an event, and the program goes on.
pub fn restore_on_panic() {
    let screen = thread::current().id();
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().id() == screen {
            restore();
            report(info);
        }
    }));
}

/// Collects a frame and writes it in one piece. Unbuffered, each change of colour would be a system call; and a flush
/// is not the end of a frame, for the backend flushes whenever it moves the cursor.
#[derive(Debug, Clone, Default)]
struct Frame(Rc<RefCell<Vec<u8>>>);

impl Frame {
    fn commit(&self) -> io::Result<()> {
        let mut out = stdout();
        let mut frame = self.0.borrow_mut();
        out.write_all(&frame)?;
        frame.clear();
        out.flush()
    }
}

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Does nothing: see [`Frame::commit`].
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
