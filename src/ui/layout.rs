//! Where the panes stand: the two ends side by side where there is room, one above the other where there is not.

use ratatui::layout::{Constraint, Layout, Rect};

use super::strip;
use crate::app::control::Pane;
use crate::app::{App, Arrangement};

/// The parts of the screen; a pane that is not seen has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// The line at the top.
    pub header: Rect,
    /// The script that is played.
    pub strip: Option<Rect>,
    /// The client session.
    pub client: Option<Rect>,
    /// The embedded server.
    pub server: Option<Rect>,
    /// The calls, or another pane that shares their place.
    pub lower: Option<Rect>,
    /// The line at the bottom.
    pub footer: Rect,
}

/// From this width on the two ends stand side by side.
const SIDE_BY_SIDE: u16 = 110;

/// Divides `area`, which is at least as large as the program needs.
pub fn screen(area: Rect, app: &App) -> Screen {
    let script = strip::rows(area, app);
    let [header, strip, body, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(script),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    let mut screen = Screen {
        header,
        strip: (strip.height > 0).then_some(strip),
        client: None,
        server: None,
        lower: None,
        footer,
    };
    match app.arrangement {
        Arrangement::All if app.script_has_keys() && body.height < SCRIPTED => {
            beside_script(body, app, &mut screen);
        }
        // What is left beside a folded script on a very small screen is for one pane.
        Arrangement::All if body.height < LEAST_OF_ALL => {
            *pane_in_focus(app, &mut screen) = Some(body);
        }
        Arrangement::Zoomed => {
            *pane_in_focus(app, &mut screen) = Some(body);
        }
        Arrangement::All if body.width >= SIDE_BY_SIDE => {
            let [ends, lower] =
                Layout::vertical([Constraint::Percentage(56), Constraint::Min(0)]).areas(body);
            // The list of connections has more columns than the client has.
            let [client, server] =
                Layout::horizontal([Constraint::Fill(9), Constraint::Fill(11)]).areas(ends);
            screen.client = Some(client);
            screen.server = Some(server);
            screen.lower = Some(lower);
        }
        Arrangement::All => {
            // The end with the focus has all of its controls and something below them; the other shows its main button
            // and the newest of what it has. What is left is for the calls, for they tell most.
            let spare = body.height.saturating_sub(FOLDED + OPEN);
            let open = OPEN + spare * 2 / 10;
            let lower = spare - spare * 2 / 10;
            let (client, server) = match app.end {
                Pane::Server => (FOLDED, open),
                Pane::Client | Pane::Calls | Pane::Sessions | Pane::Ports => (open, FOLDED),
            };
            let [client, server, lower] = Layout::vertical([
                Constraint::Length(client),
                Constraint::Length(server),
                Constraint::Length(lower),
            ])
            .areas(body);
            screen.client = Some(client);
            screen.server = Some(server);
            screen.lower = Some(lower);
        }
    }
    screen
}

const fn pane_in_focus<'a>(app: &App, screen: &'a mut Screen) -> &'a mut Option<Rect> {
    match app.focus.pane() {
        Pane::Client => &mut screen.client,
        Pane::Server => &mut screen.server,
        Pane::Calls | Pane::Sessions | Pane::Ports => &mut screen.lower,
    }
}

/// Where the script takes most of the screen nobody presses buttons: both ends are folded, or only the one that the script
/// is about is seen, for the calls tell most.
fn beside_script(body: Rect, app: &App, screen: &mut Screen) {
    let is_wide = body.width >= SIDE_BY_SIDE;
    let ends = match body.height {
        0..7 => 0,
        _ if is_wide => FOLDED,
        7..11 => FOLDED,
        _ => 2 * FOLDED,
    };
    let [ends, lower] =
        Layout::vertical([Constraint::Length(ends), Constraint::Min(0)]).areas(body);
    screen.lower = (lower.height > 0).then_some(lower);
    if ends.height == 0 {
        return;
    }
    if is_wide {
        let [client, server] =
            Layout::horizontal([Constraint::Fill(9), Constraint::Fill(11)]).areas(ends);
        screen.client = Some(client);
        screen.server = Some(server);
    } else if ends.height > FOLDED {
        let [client, server] =
            Layout::vertical([Constraint::Length(FOLDED), Constraint::Length(FOLDED)]).areas(ends);
        screen.client = Some(client);
        screen.server = Some(server);
    } else if app.end == Pane::Server {
        screen.server = Some(ends);
    } else {
        screen.client = Some(ends);
    }
}

/// The least rows of all panes together beside a folded script.
const LEAST_OF_ALL: u16 = 17;
/// From so many rows on there is room for the panes as they always are beside a script that has the keys.
const SCRIPTED: u16 = 19;
/// Rows of an end that is folded: a row of its main controls and one of what it has, in a border.
pub const FOLDED: u16 = 4;
/// The least rows of an end that is not.
const OPEN: u16 = 9;
