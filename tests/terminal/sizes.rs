//! Every size of a terminal, and changes of it.

use super::play::{Peer, talking, with_peer};
use super::pty::{Pty, shows, sockyard};
use vt100::Screen;

/// Whether the whole playground is on the screen: header, borders down to the last pane, footer with its last key.
fn complete(screen: &Screen) -> bool {
    let contents = screen.contents();
    let rows: Vec<&str> = contents.lines().collect();
    let (height, width) = (screen.size().0.get(), screen.size().1.get());
    let corner = |row, col| screen.cell(row, col).map(|cell| cell.contents().to_owned());
    let is =
        |cell: Option<String>, kinds: [&str; 2]| cell.is_some_and(|c| kinds.contains(&c.as_str()));
    rows.len() == usize::from(height)
        && rows[0].contains("sockyard")
        && rows[rows.len() - 1].contains("Ctrl-C quit")
        && is(corner(1, 0), ["┌", "┏"])
        && is(corner(1, width - 1), ["┐", "┓"])
        && is(corner(height - 2, 0), ["└", "┗"])
        && is(corner(height - 2, width - 1), ["┘", "┛"])
}

/// Whether the screen says what it needs, as far as there is room, and nothing else.
fn too_small(screen: &Screen) -> bool {
    let (rows, width) = (
        usize::from(screen.size().0.get()),
        usize::from(screen.size().1.get()),
    );
    let words = ["sockyard needs more room", "at least 60x20"];
    let contents = screen.contents();
    let mut fitting = words.iter().take(rows).filter(|word| word.len() <= width);
    let said = fitting.all(|word| contents.contains(word));
    said && !contents.contains("LISTEN") && !contents.contains("Ctrl-C")
}

/// Returns when the screen is right for its size.
#[track_caller]
fn wait_right(pty: &Pty, cols: u16, rows: u16) {
    if cols >= 60 && rows >= 20 {
        pty.wait(&format!("all of it in {cols}x{rows}"), complete);
    } else {
        pty.wait(&format!("what is needed in {cols}x{rows}"), too_small);
    }
}

const SIZES: [(u16, u16); 9] = [
    (60, 20),
    (80, 24),
    (120, 36),
    (300, 100),
    (59, 20),
    (60, 19),
    (20, 5),
    (2, 2),
    (1, 1),
];

#[test]
fn every_size_at_the_start_shows_all_or_says_what_is_needed() {
    for (cols, rows) in SIZES {
        let pty = sockyard(&[], cols, rows);
        pty.wait("the program has the terminal", Screen::alternate_screen);
        pty.wait_raw(b"\x1b[?2026l");
        wait_right(&pty, cols, rows);
        pty.resize(80, 24);
        pty.wait("all of it once there is room", complete);
        pty.keys("<c-c>");
        assert_eq!(pty.wait_exit().exit_code(), 0, "{cols}x{rows}");
    }
}

#[test]
fn every_change_of_size_redraws_all() {
    let (pty, _) = talking(&[], 80, 24);
    for (cols, rows) in SIZES.into_iter().chain(SIZES.into_iter().rev()) {
        pty.resize(cols, rows);
        wait_right(&pty, cols, rows);
        // Keys and help work at every size, seen or not.
        pty.keys("<f1>");
        if cols >= 60 && rows >= 20 {
            pty.wait_text("help ─");
        }
        pty.keys("<f1>");
        wait_right(&pty, cols, rows);
    }
    pty.resize(80, 24);
    pty.wait_text("ESTABLISHED");
}

#[test]
fn a_storm_of_sizes_while_data_arrives_ends_with_a_right_screen() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    for round in 0..30 {
        let (cols, rows) = SIZES[round % SIZES.len()];
        pty.resize(cols, rows);
        peer.send("some line of 你好 to be wrapped\n".repeat(100).as_bytes());
    }
    pty.resize(100, 30);
    peer.send(b"the end of the storm\n");
    pty.wait("the last data on a whole screen", |screen| {
        complete(screen) && shows(screen, "the end of the storm")
    });
    let before = pty.screen();
    let start = pty.raw().len();
    pty.keys("<c-l>");
    let cleared = pty.wait_raw_after(start, b"\x1b[2J");
    pty.wait_raw_after(cleared, b"\x1b[?2026l");
    assert_eq!(pty.screen(), before);
}

#[test]
fn a_click_hits_what_is_there_after_a_change_of_size() {
    let (pty, port) = talking(&[], 120, 36);
    let _peer = Peer::dial(port);
    pty.wait_text("2 connected");
    pty.resize(80, 24);
    wait_right(&pty, 80, 24);
    pty.wait_text("[Stop]");
    pty.click_text("[Stop]");
    pty.wait_text("server stopped");
}
