//! Where the panes stand: side by side where there is room, stacked where there is not.

use ratatui::layout::{Constraint, Layout, Rect};

use crate::app::control::Pane;
use crate::app::{App, Arrangement};

/// The parts of the screen; a pane that is not seen has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// The line at the top.
    pub header: Rect,
    /// The client session.
    pub client: Option<Rect>,
    /// The embedded server.
    pub server: Option<Rect>,
    /// The calls.
    pub calls: Option<Rect>,
    /// The line at the bottom.
    pub footer: Rect,
}

/// From this width on the two ends stand side by side.
const SIDE_BY_SIDE: u16 = 110;

/// Divides `area`, which is at least as large as the program needs.
pub fn screen(area: Rect, app: &App) -> Screen {
    let [header, body, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    let mut screen = Screen {
        header,
        client: None,
        server: None,
        calls: None,
        footer,
    };
    match app.arrangement {
        Arrangement::Zoomed => {
            let pane = match app.focus.pane() {
                Pane::Client => &mut screen.client,
                Pane::Server => &mut screen.server,
                Pane::Calls => &mut screen.calls,
            };
            *pane = Some(body);
        }
        Arrangement::All if body.width >= SIDE_BY_SIDE => {
            let [ends, calls] =
                Layout::vertical([Constraint::Percentage(56), Constraint::Min(0)]).areas(body);
            // The list of connections has more columns than the client has.
            let [client, server] =
                Layout::horizontal([Constraint::Fill(9), Constraint::Fill(11)]).areas(ends);
            screen.client = Some(client);
            screen.server = Some(server);
            screen.calls = Some(calls);
        }
        Arrangement::All => {
            // Borders and controls take five rows of each end. Of what is left the calls get half, for they tell
            // most, the client's bytes more than the list.
            const FIXED: u16 = 5;
            const CALLS_BORDER: u16 = 2;
            let spare = body.height.saturating_sub(2 * FIXED + CALLS_BORDER);
            let client = FIXED + spare * 3 / 10;
            let server = FIXED + spare * 2 / 10;
            let [client, server, calls] = Layout::vertical([
                Constraint::Length(client),
                Constraint::Length(server),
                Constraint::Min(0),
            ])
            .areas(body);
            screen.client = Some(client);
            screen.server = Some(server);
            screen.calls = Some(calls);
        }
    }
    screen
}
