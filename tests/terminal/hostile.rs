//! A peer that sends whatever would harm a terminal: none of it gets there, all of it is shown as escapes, and the
//! screen stays as the program drew it. Why that holds is argued at the head of `src/run/mod.rs`; the other ways on which
//! words of strangers come are in `strangers`.

use vt100::Screen;

use super::play::{Peer, served, wait_received, with_peer};
use super::pty::Pty;

/// What a peer sends, and how it is shown. Short enough for one row.
pub const PAYLOADS: [(&[u8], &str); 32] = [
    (b"\x1b[2J\x1b[H", r"\x1b[2J\x1b[H"),
    (b"\x1b[10;10Hhere", r"\x1b[10;10Hhere"),
    (b"\x1b[31mred\x1b[7m", r"\x1b[31mred\x1b[7m"),
    (b"\x1b[?1049l", r"\x1b[?1049l"),
    (b"\x1b[?2026h", r"\x1b[?2026h"),
    (b"\x1b[?1000l\x1b[?2004l", r"\x1b[?1000l\x1b[?2004l"),
    (b"\x1b[6n\x1b[c\x1b[>q", r"\x1b[6n\x1b[c\x1b[>q"),
    (b"\x1bc\x1b(0lqk\x1bM", r"\x1bc\x1b(0lqk\x1bM"),
    (b"\x1b]0;title\x07", r"\x1b]0;title\x07"),
    (b"\x1b]52;c;cm0gLXJm\x07", r"\x1b]52;c;cm0gLXJm\x07"),
    (b"\x1b]52;c;eA==\x1b\\", r"\x1b]52;c;eA==\x1b\\"),
    (b"\x1b]8;;http://x\x1b\\y", r"\x1b]8;;http://x\x1b\\y"),
    (b"\x1bPq#0;2;0;0;0\x1b\\", r"\x1bPq#0;2;0;0;0\x1b\\"),
    (
        b"\x1b_Gi=1\x1b\\\x1b^p\x1b\\",
        r"\x1b_Gi=1\x1b\\\x1b^p\x1b\\",
    ),
    (b"\x9b2J\x9d0;t\x9c\x90q", r"\x9b2J\x9d0;t\x9c\x90q"),
    (
        "\u{9b}2J\u{9d}0;t\u{9c}\u{85}".as_bytes(),
        r"\u{9b}2J\u{9d}0;t\u{9c}\u{85}",
    ),
    (b"\xff\xfe\xc0\xaf\xe4\xbd", r"\xff\xfe\xc0\xaf\xe4\xbd"),
    (
        b"\xed\xa0\x80\xf4\x90\x80\x80",
        r"\xed\xa0\x80\xf4\x90\x80\x80",
    ),
    (b"bell\x07\x07", r"bell\x07\x07"),
    (b"abc\x08\x08\x08\x7fx", r"abc\x08\x08\x08\x7fx"),
    (b"a\rb\tc\x0b\x0c\x00d", r"a\rb\tc\x0b\x0c\x00d"),
    (b"\x0e\x0f\x11\x13\x18\x1a", r"\x0e\x0f\x11\x13\x18\x1a"),
    ("你好，世界 🦀".as_bytes(), "你好，世界 🦀"),
    ("e\u{301}o\u{308}".as_bytes(), r"e\u{301}o\u{308}"),
    (
        "Z\u{334}\u{322}\u{30d}\u{33f}".as_bytes(),
        r"Z\u{334}\u{322}\u{30d}\u{33f}",
    ),
    ("\u{202e}abc\u{202c}".as_bytes(), r"\u{202e}abc\u{202c}"),
    (
        "\u{2067}x\u{2069}\u{5d0}\u{627}".as_bytes(),
        r"\u{2067}x\u{2069}\u{5d0}\u{627}",
    ),
    (
        "👨\u{200d}👩\u{200d}👧".as_bytes(),
        r"👨\u{200d}👩\u{200d}👧",
    ),
    (
        "❤\u{fe0f}\u{1f1e9}\u{1f1ea}".as_bytes(),
        r"❤\u{fe0f}\u{1f1e9}\u{1f1ea}",
    ),
    (
        "\u{feff}a\u{200b}\u{ad}b\u{e000}".as_bytes(),
        r"\u{feff}a\u{200b}\u{ad}b\u{e000}",
    ),
    (
        "\u{e0001}t\u{e0041}\u{e007f}".as_bytes(),
        r"\u{e0001}t\u{e0041}\u{e007f}",
    ),
    (
        "l\u{2028}p\u{2029}k\u{110bd}".as_bytes(),
        r"l\u{2028}p\u{2029}k\u{110bd}",
    ),
];

/// Asserts that `bytes`, which the program wrote, only moves the cursor, sets colours, clears and draws characters that
/// every terminal puts into one or two cells.
#[track_caller]
pub fn assert_tame(bytes: &[u8]) {
    let text = str::from_utf8(bytes).expect("the program writes UTF-8");
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_control()) {
        assert_drawable(&rest[..at]);
        let sequence: String = rest[at..].chars().take(24).collect();
        let Some(body) = rest[at..].strip_prefix("\x1b[") else {
            panic!("not one of the program's sequences: {sequence:?}");
        };
        let end = body.find(|c: char| !c.is_ascii_digit() && c != ';' && c != '?');
        let (parameters, last) = body.split_at(end.expect("a sequence has an end"));
        let known = match last.as_bytes()[0] {
            b'h' | b'l' => ["?25", "?2026"].contains(&parameters),
            b'H' | b'm' => !parameters.contains('?'),
            b'J' | b'K' => ["", "0", "2"].contains(&parameters),
            _ => false,
        };
        assert!(known, "not one of the program's sequences: {sequence:?}");
        rest = &last[1..];
    }
    assert_drawable(rest);
}

/// Asserts that every terminal puts each character of `text` into one or two cells of its own.
#[track_caller]
pub fn assert_drawable(text: &str) {
    let hostile = |c: char| {
        let width = unicode_width::UnicodeWidthChar::width(c);
        let invisible = !matches!(width, Some(1 | 2));
        let joining =
            ('\u{300}'..='\u{36f}').contains(&c) || ('\u{1f1e6}'..='\u{1f1ff}').contains(&c);
        let reordering =
            ('\u{590}'..='\u{8ff}').contains(&c) || ('\u{2028}'..='\u{202e}').contains(&c);
        let enclosing = c == '\u{110bd}';
        invisible
            || enclosing
            || joining
            || reordering
            || c == '\u{ad}'
            || ('\u{e000}'..='\u{f8ff}').contains(&c)
    };
    let found = text.chars().find(|c| hostile(*c));
    assert_eq!(found, None, "in {text:?}");
}

/// Whether the borders of the panes reach down both sides of the screen, and down the middle as far as `height` rows.
fn framed(screen: &Screen, height: u16) -> bool {
    let (rows, cols) = (screen.size().0.get(), screen.size().1.get());
    let border = |row, col| {
        let cell = screen.cell(row, col).expect("a cell within the screen");
        ["│", "┃", "┌", "┏", "┐", "┓", "└", "┗", "┘", "┛"].contains(&cell.contents())
    };
    let middle = (1..cols - 1).find(|col| border(1, *col));
    (1..rows - 1).all(|row| border(row, 0) && border(row, cols - 1))
        && middle
            .is_some_and(|col| (1..=height).all(|row| border(row, col) && border(row, col + 1)))
}

/// How many rows the two ends have at 120x36, borders included; told by the corner of the client's pane.
#[track_caller]
fn height_of_ends(pty: &Pty) -> u16 {
    let corner = pty.find("┗").or_else(|| pty.find("└"));
    corner.expect("a pane ends").0
}

/// The screen after the program has drawn all of it anew: the same as before if nothing of it was disturbed.
#[track_caller]
fn drawn_anew(pty: &Pty) -> String {
    let start = pty.raw().len();
    pty.keys("<c-l>");
    let cleared = pty.wait_raw_after(start, b"\x1b[2J");
    pty.wait_raw_after(cleared, b"\x1b[?2026l");
    pty.screen()
}

#[test]
fn what_a_server_sends_never_acts_on_the_terminal() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    let (start, height) = (pty.raw().len(), height_of_ends(&pty));
    for (payload, shown) in PAYLOADS {
        peer.send(payload);
        pty.wait_text(&format!(" │ {shown}"));
        pty.wait("whole frames", |screen| framed(screen, height));
    }
    // Each of the ways to show them, and the details of the call.
    pty.keys("<esc>");
    pty.wait_gone("leave the field");
    for tab in ["ef bb bf 61", "#32 ", "head │ ", "32 │ "] {
        pty.keys("m");
        pty.wait_text(tab);
        pty.wait("whole frames", |screen| framed(screen, height));
    }
    let before = pty.screen();
    assert_tame(&pty.raw()[start..]);
    assert_eq!(drawn_anew(&pty), before);
    pty.keys("<f4><up><enter>");
    pty.wait_text("recv(2) returns");
    assert_tame(&pty.raw()[start..]);
}

#[test]
fn what_a_client_sends_never_acts_on_the_terminal() {
    let (pty, port) = served(&[], 160, 40);
    let (start, height) = (pty.raw().len(), height_of_ends(&pty));
    let mut peer = Peer::dial(port);
    wait_received(&pty, 1, 0);
    for (payload, shown) in PAYLOADS {
        peer.send(payload);
        peer.expect(payload);
        pty.wait(
            &format!("{shown:?} in the bytes and in the list"),
            |screen| {
                let contents = screen.contents();
                // The list cuts what does not fit.
                let beginning: String = shown.chars().take(8).collect();
                let listed =
                    |row: &str| row.contains(&peer.port().to_string()) && row.contains(&beginning);
                contents.contains(&format!(" │ {shown}")) && contents.lines().any(listed)
            },
        );
        pty.wait("whole frames", |screen| framed(screen, height));
    }
    let before = pty.screen();
    assert_tame(&pty.raw()[start..]);
    assert_eq!(drawn_anew(&pty), before);
}

#[test]
fn random_bytes_leave_the_screen_whole() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    let (start, height) = (pty.raw().len(), height_of_ends(&pty));
    // A small linear congruential generator: the same bytes in each run.
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u8
    };
    for round in 1..=10 {
        let bytes: Vec<u8> = (0..10_000).map(|_| random()).collect();
        peer.send(&bytes);
        // Behind the end of a line, so that it begins a row.
        peer.send(format!("\nround {round} ends").as_bytes());
        pty.wait_text(&format!("round {round} ends"));
        pty.wait("whole frames", |screen| framed(screen, height));
    }
    // Back through them in each way to show them.
    pty.keys("<esc>");
    pty.wait_gone("leave the field");
    pty.keys("<tab>");
    for tab in ["text", "hex", "chunks", "http"] {
        let before = pty.screen();
        pty.keys("<pgup><pgup><pgup><end><pgup>");
        pty.wait(&format!("{tab}: another screen"), |screen| {
            screen.contents() != before && framed(screen, height)
        });
        let before = drawn_anew(&pty);
        assert_eq!(drawn_anew(&pty), before);
        pty.keys("<end>m");
        pty.wait("the next tab", |screen| framed(screen, height));
    }
    assert_tame(&pty.raw()[start..]);
}

#[test]
fn what_is_pasted_leaves_the_screen_whole_and_is_sent_as_it_was() {
    for text in [
        "a\u{7}\u{1b}[2J\u{9b}m\r",
        "b\u{202e}cba\u{202c}",
        "ce\u{301}\u{5d0}\u{5d1}",
        "d👨\u{200d}👩",
    ] {
        let (pty, mut peer) = with_peer(&[], 160, 40);
        let (start, height) = (pty.raw().len(), height_of_ends(&pty));
        pty.paste(text);
        pty.wait_text(&format!("Send {}", &text[..1]));
        pty.wait("whole frames", |screen| framed(screen, height));
        let before = pty.screen();
        assert_eq!(drawn_anew(&pty), before);
        pty.keys("<enter>");
        peer.expect(text.as_bytes());
        assert_tame(&pty.raw()[start..]);
    }
}
