//! The thread that listens to the person: keys, mouse, paste.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use crossterm::event::{
    self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use rustix::event::{PollFd, PollFlags, poll};

use crate::app::key::{Code, Key};
use crate::net::wake::Wake;

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Pressed a key.
    Key(Key),
    /// Pasted text.
    Paste(String),
    /// Used the mouse at a cell.
    Mouse {
        /// What with it.
        action: MouseAction,
        /// The cell's column.
        column: u16,
        /// The cell's row.
        row: u16,
    },
    /// Changed the terminal's size.
    Resized,
    /// Closed the terminal.
    Closed,
}

/// What was done with the mouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseAction {
    /// The left button went down.
    Press,
    /// The wheel was turned towards older rows.
    WheelUp,
    /// The wheel was turned towards newer rows.
    WheelDown,
}

/// How long the end waits for the thread. crossterm reads the rest of a key that has begun without looking away, and if
/// the terminal never sends it there is nothing to wait for.
const LAST_WAIT: Duration = Duration::from_millis(200);

/// How long crossterm may look for more of what has arrived. With nothing at all it would not look even once; what it is
/// given it spends busily.
const GLANCE: Duration = Duration::from_micros(50);

/// The listening thread; dropping it ends it.
pub struct Listener {
    stop: Wake,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Starts to listen and sends to `inputs` what a person does.
    ///
    /// # Errors
    /// A thread or a descriptor that cannot be had.
    pub fn start(inputs: Sender<Input>) -> io::Result<Self> {
        // This makes crossterm's source of events, which needs descriptors, while there are some.
        event::poll(Duration::ZERO)?;
        let stop = Wake::new()?;
        let stopped = stop.clone();
        let (alive, ended) = bounded::<()>(0);
        let thread = thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || {
                let _alive = alive;
                // A terminal that cannot be read any more is closed.
                if listen(&inputs, &stopped).is_err() {
                    let _ = inputs.send(Input::Closed);
                }
            })?;
        Ok(Self {
            stop,
            ended,
            thread: Some(thread),
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.raise();
        if self.ended.recv_timeout(LAST_WAIT) == Err(RecvTimeoutError::Timeout) {
            return;
        }
        if let Some(thread) = self.thread.take() {
            // Its panic has nothing left to disturb.
            let _ = thread.join();
        }
    }
}

/// Waits outside crossterm, so that the wait can be ended and nothing wakes up without a reason.
///
/// crossterm is built with `use-dev-tty`: its other source of events waits for edges, and forgets that of a key which
/// comes together with a change of size.
fn listen(inputs: &Sender<Input>, stop: &Wake) -> io::Result<()> {
    let terminal = rustix::stdio::stdin();
    loop {
        let mut fds = [
            PollFd::from_borrowed_fd(terminal, PollFlags::IN),
            PollFd::new(stop, PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if !fds[1].revents().is_empty() {
            return Ok(());
        }
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        if fds[0].revents().intersects(gone) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        while is_more()? {
            #[expect(
                clippy::disallowed_methods,
                reason = "it was polled: this does not wait"
            )]
            let event = event::read()?;
            let Some(input) = translate(event) else {
                continue;
            };
            if inputs.send(input).is_err() {
                return Ok(());
            }
        }
    }
}

/// Whether crossterm has another event. It may have read several at once, and does not look at the others either if the
/// machine lets it wait for longer than its glance in the few instructions before it looks: then they would stay there
/// until the next key. So it is asked again, and that this happens three times in a row is not to be expected.
fn is_more() -> io::Result<bool> {
    for _ in 0..3 {
        if event::poll(GLANCE)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn translate(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => translate_key(key).map(Input::Key),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Mouse(mouse) => translate_mouse(mouse),
        Event::Resize(..) => Some(Input::Resized),
        Event::FocusGained | Event::FocusLost => None,
    }
}

fn translate_mouse(mouse: MouseEvent) -> Option<Input> {
    let action = match mouse.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseAction::Press,
        MouseEventKind::ScrollUp => MouseAction::WheelUp,
        MouseEventKind::ScrollDown => MouseAction::WheelDown,
        MouseEventKind::Down(MouseButton::Right | MouseButton::Middle)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => return None,
    };
    Some(Input::Mouse {
        action,
        column: mouse.column,
        row: mouse.row,
    })
}

fn translate_key(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab if key.modifiers.contains(KeyModifiers::SHIFT) => Code::BackTab,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    Some(Key {
        code,
        ctrl: key.modifiers.contains(KeyModifiers::CONTROL),
        alt: key.modifiers.contains(KeyModifiers::ALT),
    })
}
