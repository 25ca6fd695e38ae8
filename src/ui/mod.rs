//! The view: what the state looks like.
//!
//! [`draw`] paints the whole screen from [`App`] and gives back [`Drawn`]: where things stand, for clicks, and how much
//! room the views had, for scrolling. It changes nothing.
//!
//! ```text
//!  sockyard                                   server 127.0.0.1:8888 LISTEN · 2 connected     bar
//! ┏ script … ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓     strip, while a script is
//! ┗ its keys ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛     played
//! ┌ Client ─────────────────────────┐┌ Server ─────────────────────────────────────────┐
//! │ Host … Port … TCP any           ││ Bind … Port … Backlog … TCP                     │     client, server
//! │ [socKet] [rEsolve] [Connect] …  ││ Service … Model … delay …               [Start] │     (one above the other
//! │ Send …        [seNd] [sendAll]  ││ [socKet] [Bind] [listEn] [Accept] … queue 0/128 │     when narrow: the one
//! │ Recv auto size … [Recv] [mOre]  ││  #  peer     state     in   out   since  last   │     with the focus last
//! │ Received …      text hex chunks ││ connections, and the selected one's bytes       │     has more of the room)
//! └─────────────────────────────────┘└─────────────────────────────────────────────────┘
//! ┌ Calls · Clients · Ports ────────────────────────────── all · client · server ───────┐
//! │ time  who  call = result                                               how long     │    calls, sessions, ports
//! └─────────────────────────────────────────────────────────────────────────────────────┘
//!  the keys that work here                                                                  bar
//! ```

mod bar;
mod bytes;
mod calls;
mod client;
mod command_line;
mod help;
mod layout;
mod overlay;
mod painter;
mod ports;
mod server;
mod sessions;
mod strip;
pub mod theme;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::app::control::Pane;
use crate::app::{App, Rooms, Spot};
use painter::Painter;
use theme::Theme;

/// The smallest terminal that the program works in: columns.
pub const LEAST_WIDTH: u16 = 60;
/// See [`LEAST_WIDTH`]: rows.
pub const LEAST_HEIGHT: u16 = 20;

/// Rows in which at least a script and the calls, or a script and one pane, are seen.
const LEAST_HEIGHT_OF_SCRIPT: u16 = 15;

/// What a frame came to.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// The room that the views had.
    pub rooms: Rooms,
    hits: Vec<(Rect, Spot)>,
}

impl Drawn {
    /// Everything that answers to the mouse, in the order in which it was drawn: what comes later lies on top.
    #[must_use]
    pub fn areas(&self) -> &[(Rect, Spot)] {
        &self.hits
    }

    /// What is at this cell; what was drawn last lies on top.
    #[must_use]
    pub fn spot(&self, column: u16, row: u16) -> Option<Spot> {
        let at = ratatui::layout::Position::new(column, row);
        let (area, spot) = self.hits.iter().rev().find(|(area, _)| area.contains(at))?;
        Some(match *spot {
            Spot::Control(control, scrolled) => {
                Spot::Control(control, scrolled + usize::from(column - area.x))
            }
            other => other,
        })
    }
}

/// Paints the whole screen.
pub fn draw(app: &App, theme: Theme, frame: &mut Frame<'_>) -> Drawn {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    Clear.render(area, buffer);
    let mut painter = Painter::new(app, theme, buffer);
    let least = match app.watched() {
        Some(_) => LEAST_HEIGHT_OF_SCRIPT,
        None => LEAST_HEIGHT,
    };
    if area.width < LEAST_WIDTH || area.height < least {
        bar::too_small(&mut painter, area);
    } else {
        let screen = layout::screen(area, app);
        bar::header(&mut painter, screen.header);
        if let Some(strip) = screen.strip {
            strip::draw(&mut painter, area, strip);
        }
        if let Some(area) = screen.client {
            client::draw(&mut painter, area);
        }
        if let Some(area) = screen.server {
            server::draw(&mut painter, area);
        }
        if let Some(area) = screen.lower {
            match app.lower {
                Pane::Sessions => sessions::draw(&mut painter, area),
                Pane::Ports => ports::draw(&mut painter, area),
                Pane::Calls | Pane::Client | Pane::Server => calls::draw(&mut painter, area),
            }
        }
        overlay::draw(&mut painter, area);
        bar::footer(&mut painter, screen.footer);
    }
    let (drawn, cursor) = painter.finish();
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    theme.finish(frame.buffer_mut());
    drawn
}
