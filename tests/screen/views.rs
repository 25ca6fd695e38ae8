//! The screens as text, at the sizes that most terminals have, and what holds of all of them.

use ratatui::style::{Color, Modifier};
use sockyard::app::control::{Button, Control, Input};
use sockyard::model::{Call, Event, Fd, Moment, Outcome};
use sockyard::ui::theme::{Charset, Palette, Theme};
use unicode_width::UnicodeWidthStr;

use crate::support::{Bench, CLIENT, SERVER, SOCKET, connection, loopback};

/// The screen after `prepare`, at the two sizes that most terminals have, as it was seen and found good.
pub fn both_sizes(name: &str, prepare: impl Fn(&mut Bench)) {
    for (columns, rows) in [(80, 24), (120, 36)] {
        let mut bench = Bench::new(columns, rows);
        prepare(&mut bench);
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), bench.screen());
    }
}

#[test]
fn empty_start() {
    both_sizes("empty_start", |_| {});
}

#[test]
fn echo_session() {
    both_sizes("echo_session", Bench::echo_session);
}

#[test]
fn refused_connection() {
    both_sizes("refused", |bench| {
        bench.keys("1");
        bench.refused();
    });
}

#[test]
fn details_of_a_call() {
    both_sizes("details", |bench| {
        bench.refused();
        bench.keys("3<up><up><enter>");
    });
}

#[test]
fn help() {
    both_sizes("help", |bench| {
        bench.keys("?");
    });
}

#[test]
fn hexadecimal_and_chunks() {
    both_sizes("hex", |bench| {
        bench.echo_session();
        bench.keys("<esc>m2m");
    });
    both_sizes("chunks", |bench| {
        bench.echo_session();
        bench.keys("<esc>mm");
    });
}

#[test]
fn a_connect_that_waits_shows_its_time_and_the_way_out() {
    let mut bench = Bench::new(120, 36);
    let (fd, address) = (Fd(7), loopback(81));
    bench.returned(CLIENT, SOCKET, Outcome::Descriptor(fd));
    bench.blocked(CLIENT, Call::Connect { fd, address });
    bench.now += 3_200_000;
    let screen = bench.screen();
    assert!(screen.contains("connect(7, 127.0.0.1:81)"), "{screen}");
    assert!(screen.contains("blocked for 3.2 s · c cancels"), "{screen}");
    assert!(screen.contains("SYN_SENT"), "{screen}");
    assert!(screen.contains("[Cancel]"), "{screen}");
}

#[test]
fn a_server_that_others_can_reach_says_so() {
    let mut bench = Bench::new(120, 36);
    let fd = Fd(5);
    bench.returned(SERVER, SOCKET, Outcome::Descriptor(fd));
    let everywhere = "0.0.0.0:8888".parse().expect("an address");
    bench.returned(SERVER, Call::Listen { fd, backlog: 1 }, Outcome::Done);
    bench.returned(SERVER, Call::Getsockname { fd }, Outcome::Named(everywhere));
    let screen = bench.screen();
    assert!(
        screen.contains("open to every machine that can reach this one"),
        "{screen}"
    );
}

#[test]
fn too_small_a_terminal_says_what_it_needs() {
    for (columns, rows) in [(59, 24), (80, 19), (20, 5)] {
        let screen = Bench::new(columns, rows).screen();
        assert!(screen.contains("60x20"), "{screen}");
    }
}

#[test]
fn no_size_is_too_small_to_survive() {
    let mut echoed = Bench::new(120, 36);
    echoed.echo_session();
    for columns in (0..=62).chain([80, 120, 300]) {
        for rows in (0..=22).chain([24, 36, 100]) {
            let mut bench = Bench::new(columns, rows);
            bench.app = echoed.app.clone();
            bench.screen();
            bench.keys("<esc>?");
            bench.screen();
            bench.keys("<esc>3<enter>");
            bench.screen();
            bench.keys("<esc>z");
            bench.screen();
        }
    }
}

#[test]
fn rows_never_run_over_the_edge_whatever_a_peer_sends() {
    let hostile = "\u{202e}\u{1b}[2J\u{9b}31m你e\u{301}\u{200d}👩‍👩‍👧‍👦שלום\u{7}\r\n".as_bytes();
    for columns in [60, 61, 80, 81, 119, 120] {
        let mut bench = Bench::new(columns, 24);
        bench.echo_session();
        for piece in [hostile, &hostile[..7], &hostile[3..], &[0xff, 0xfe, 0x00]] {
            bench.received(CLIENT, 7, piece);
            bench.received(connection(1), 8, piece);
        }
        bench.keys("<esc>");
        for _ in 0..3 {
            let screen = bench.screen();
            assert!(
                !screen.chars().any(|c| c.is_control() && c != '\n'),
                "{screen}"
            );
            for line in screen.lines().skip(1).take(22) {
                assert_eq!(line.width(), usize::from(columns), "{line}");
                let edge = line.chars().next_back();
                assert!(edge.is_some_and(|c| "│┃┐┘┓┛".contains(c)), "{line}");
            }
            bench.keys("m2m1");
        }
    }
}

#[test]
fn the_cursor_stands_in_the_focused_field_behind_wide_characters() {
    let mut bench = Bench::new(80, 24);
    bench.keys("1i你好");
    let (column, row) = bench.cursor();
    assert_eq!((column, row), (1 + 5 + 4, 4));
    // A text longer than the field is scrolled so that its end is seen.
    bench.keys(&"x".repeat(100));
    let (column, _) = bench.cursor();
    assert!(column < 80 && bench.screen().contains("xxx"));
}

#[test]
fn without_colour_the_focus_and_the_selection_are_still_seen() {
    let mut bench = Bench::with_theme(80, 24, Theme::new(Palette::Plain, Charset::Unicode));
    bench.echo_session();
    bench.refused();
    let buffer = bench.buffer();
    let coloured = buffer
        .content
        .iter()
        .any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
    assert!(!coloured);
    for control in [
        Control::Button(Button::Start),
        Control::Connections,
        Control::Calls,
    ] {
        bench.app.focus_on(control);
        bench.keys("<up>");
        let buffer = bench.buffer();
        let reversed = buffer
            .content
            .iter()
            .any(|cell| cell.modifier.contains(Modifier::REVERSED));
        assert!(reversed, "{control:?}");
    }
    bench.app.focus_on(Control::Input(Input::Host));
    assert!(
        bench.screen().contains('┏'),
        "the pane with the focus has a thick border"
    );
}

#[test]
fn ascii_mode_draws_nothing_else() {
    let mut bench = Bench::with_theme(120, 36, Theme::new(Palette::Colour, Charset::Ascii));
    bench.server_listens();
    bench.refused();
    bench.received(CLIENT, 7, b"plain");
    for keys in ["3<up>", "?", "<esc>m", "m", "z"] {
        bench.keys(keys);
        let screen = bench.screen();
        assert!(screen.is_ascii(), "{screen}");
    }
}

#[test]
fn what_is_no_longer_kept_is_said() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    for _ in 0..300 {
        let bytes = vec![b'x'; 65_536];
        bench.happened(vec![Event::Received {
            who: CLIENT,
            at: Moment(1),
            bytes,
            from: None,
        }]);
    }
    let narrow = bench.screen();
    assert!(
        narrow.contains("19.6 MB, the last 16.7 MB kept"),
        "{narrow}"
    );
    bench.keys("<esc>1z");
    let wide = bench.screen();
    let said = "Received 19,660,800 B in 300 recv() calls, the last 16.7 MB kept";
    assert!(wide.contains(said), "{wide}");
}
