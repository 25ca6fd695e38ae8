//! What the panes say of a socket: states, readiness, the accept queue, bytes as an HTTP message.

use ratatui::style::Color;
use sockyard::app::Notice;
use sockyard::app::bytes::{Mode, Room};
use sockyard::app::control::{Bytes, Control, Pane};
use sockyard::app::server::Connection;
use sockyard::app::stage::Stage;
use sockyard::model::{
    Call, ConnectionId, Errno, Event, Fd, Model, Moment, Offer, Outcome, Readiness, Service,
    ShutdownHow,
};
use sockyard::ui::theme::{Charset, Palette, Theme};

use crate::support::{Bench, CLIENT, SERVER, SOCKET, connection, loopback, recv, send};

fn shutdown(how: ShutdownHow) -> Call {
    Call::Shutdown { fd: Fd(7), how }
}

#[test]
fn the_name_of_the_state_follows_each_shutdown() {
    use ShutdownHow::{Both, Read, Write};
    // What happens one after the other, `None` being the peer's end.
    for (steps, state, stage) in [
        (vec![Some(Write)], "FIN_WAIT", Stage::FinWait),
        (vec![Some(Read)], "ESTABLISHED", Stage::Established),
        (vec![Some(Both)], "FIN_WAIT", Stage::FinWait),
        (vec![None], "CLOSE_WAIT", Stage::CloseWait),
        (vec![Some(Write), None], "CLOSED", Stage::Ended),
        (vec![None, Some(Write)], "CLOSED", Stage::Ended),
        (vec![None, Some(Read)], "CLOSE_WAIT", Stage::CloseWait),
        (vec![Some(Write), Some(Write)], "FIN_WAIT", Stage::FinWait),
    ] {
        let mut bench = Bench::new(120, 36);
        bench.client_connects();
        for step in &steps {
            match step {
                Some(how) => {
                    bench.returned(CLIENT, shutdown(*how), Outcome::Done);
                }
                None => bench.received(CLIENT, 7, b""),
            }
        }
        assert_eq!(bench.app.client().socket.stage, stage, "{steps:?}");
        let screen = bench.screen();
        let title = format!("client ─ {state} ─ fd 7");
        assert!(screen.contains(&title), "{steps:?}: {screen}");
        bench.returned(CLIENT, Call::Close { fd: Fd(7) }, Outcome::Done);
        assert!(bench.screen().contains("client ─ no socket"));
    }
}

#[test]
fn a_broken_pipe_after_a_shutdown_of_ones_own_breaks_nothing() {
    let epipe = || Outcome::Failed(Errno::EPIPE);
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.returned(CLIENT, shutdown(ShutdownHow::Write), Outcome::Done);
    bench.returned(CLIENT, send(7, b"x"), epipe());
    assert_eq!(bench.app.client().socket.stage, Stage::FinWait);
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.returned(CLIENT, send(7, b"x"), epipe());
    assert_eq!(bench.app.client().socket.stage, Stage::Broken);
    bench.returned(CLIENT, Call::Close { fd: Fd(7) }, Outcome::Done);
    assert_eq!(bench.app.client().socket.stage, Stage::NoSocket);
}

#[test]
fn a_connection_that_broke_says_so_in_the_list_after_it_is_closed() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    for (number, outcome) in [
        (1, Outcome::Failed(Errno::ECONNRESET)),
        (2, Outcome::Failed(Errno::EAGAIN)),
    ] {
        let who = connection(number);
        bench.accepted(number, 8, 10_000);
        bench.returned(who, recv(8), outcome);
        bench.returned(who, Call::Close { fd: Fd(8) }, Outcome::Done);
    }
    let states: Vec<&str> = (bench.app.server.connections.iter())
        .map(Connection::state)
        .collect();
    assert_eq!(states, ["broken", "closed"]);
}

#[test]
fn a_connection_of_the_server_is_shut_down_and_told_so() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    let write = Call::Shutdown {
        fd: Fd(8),
        how: ShutdownHow::Write,
    };
    bench.returned(connection(1), write, Outcome::Done);
    assert!(
        bench.screen().contains(":10000 FIN_WAIT"),
        "{}",
        bench.screen()
    );
}

fn ready(who: sockyard::model::Actor, readiness: Readiness) -> Vec<Event> {
    vec![Event::Ready { who, readiness }]
}

#[test]
fn readiness_stands_in_words_on_the_border() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    let none = Readiness::default();
    for (readiness, words) in [
        (none, " not ready "),
        (
            Readiness {
                writable: true,
                ..none
            },
            " writable ",
        ),
        (
            Readiness {
                readable: true,
                writable: true,
                waiting: 17,
                ..none
            },
            " readable · writable · 17 B wait ",
        ),
        (
            Readiness {
                exceptional: true,
                failed: true,
                ..none
            },
            " exceptional · error ",
        ),
    ] {
        bench.happened(ready(CLIENT, readiness));
        let screen = bench.screen();
        let border = screen.lines().find(|line| line.contains(words));
        let border = border.unwrap_or_else(|| panic!("{words}: {screen}"));
        assert!(
            border.starts_with('┗') || border.starts_with('└'),
            "{border}"
        );
    }
    // It is of this socket: the next one has not told anything yet.
    bench.returned(CLIENT, Call::Close { fd: Fd(7) }, Outcome::Done);
    assert!(!bench.screen().contains("exceptional"));
    bench.client_connects();
    assert!(!bench.screen().contains("exceptional"));
}

#[test]
fn readiness_that_comes_after_close_is_of_no_socket() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.returned(CLIENT, Call::Close { fd: Fd(7) }, Outcome::Done);
    let readiness = Readiness {
        writable: true,
        ..Readiness::default()
    };
    bench.happened(ready(CLIENT, readiness));
    bench.happened(ready(SERVER, readiness));
    bench.happened(ready(connection(7), readiness));
    bench.happened(ready(sockyard::model::Actor::Ports, readiness));
    assert!(!bench.screen().contains("writable"), "{}", bench.screen());
}

#[test]
fn non_blocking_and_what_is_saved_stand_beside_readiness() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.keys("1okos<enter>1");
    bench.blocking(CLIENT, false);
    let readiness = Readiness {
        writable: true,
        ..Readiness::default()
    };
    bench.happened(ready(CLIENT, readiness));
    let screen = bench.screen();
    assert!(
        screen.contains(" ● saving 0 B · non-blocking · writable "),
        "{screen}"
    );
}

#[test]
fn the_status_of_the_server_panel_is_that_of_the_selected_connection() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.accepted(2, 9, 10_001);
    let waiting = |waiting| Readiness {
        readable: true,
        waiting,
        ..Readiness::default()
    };
    bench.happened(ready(connection(1), waiting(11)));
    bench.happened(ready(connection(2), waiting(22)));
    assert!(bench.screen().contains("22 B wait"));
    bench.app.focus_on(Control::Connections);
    bench.keys("<up>");
    let screen = bench.screen();
    assert!(
        screen.contains("11 B wait") && !screen.contains("22 B wait"),
        "{screen}"
    );
}

// ---- The accept queue and the models -------------------------------------------------------------------------------

/// The style of the cell where `text` begins.
fn style_at(bench: &mut Bench, text: &str) -> ratatui::style::Style {
    let screen = bench.screen();
    let (row, line) = screen
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains(text))
        .unwrap_or_else(|| panic!("{text}: {screen}"));
    let before = &line[..line.find(text).unwrap_or(0)];
    let column = unicode_width::UnicodeWidthStr::width(before);
    bench.buffer()[(column as u16, row as u16)].style()
}

#[test]
fn the_accept_queue_is_shown_and_warns_when_it_is_fuller_than_the_backlog() {
    for columns in [80, 120, 160] {
        let mut bench = Bench::new(columns, 36);
        bench.server_listens();
        bench.app.focus_on(Pane::Server.first());
        assert!(bench.screen().contains("queue ?"), "nobody has told yet");
        for (waiting, text, warns) in [
            (0, "queue 0/2", false),
            (2, "queue 2/2", false),
            (3, "queue full 3/2", true),
            (1, "queue 1/2", false),
        ] {
            bench.happened(vec![Event::AcceptQueue {
                waiting,
                backlog: 2,
                dropped: 0,
            }]);
            let style = style_at(&mut bench, text);
            assert_eq!(style.fg == Some(Color::Yellow), warns, "{text}");
        }
        bench.returned(SERVER, Call::Close { fd: Fd(5) }, Outcome::Done);
        assert!(!bench.screen().contains("queue"), "{}", bench.screen());
    }
}

#[test]
fn a_full_queue_says_so_without_colours_too() {
    let mut bench = Bench::with_theme(120, 36, Theme::new(Palette::Plain, Charset::Ascii));
    bench.server_listens();
    bench.happened(vec![Event::AcceptQueue {
        waiting: 3,
        backlog: 2,
        dropped: 0,
    }]);
    assert!(bench.screen().contains("queue full 3/2"));
}

/// Reports how full the accept queue is, and how many handshakes it had no room for.
fn queue(bench: &mut Bench, waiting: u32, dropped: u32) {
    bench.happened(vec![Event::AcceptQueue {
        waiting,
        backlog: 10,
        dropped,
    }]);
}

#[test]
fn what_a_full_queue_costs_is_said_while_it_is_full_and_after() {
    for (columns, rows, full, after) in [
        (
            60,
            24,
            "queue full: who connects now waits 1 s or more",
            "queue was full 1,234 times: 1 s lost each",
        ),
        (
            80,
            24,
            "queue full: who connects now gets no answer, tries again after 1 s, 2 s",
            "queue was full: 1,234 times no answer; each cost a peer 1 s or more",
        ),
        (
            240,
            60,
            "the accept queue is full: whoever connects now gets no answer and tries again after 1 s, 2 s, 4 s",
            "the accept queue was full: 1,234 times a handshake got no answer, and was tried again after 1 s, 2 s, 4 s",
        ),
    ] {
        let mut bench = Bench::new(columns, rows);
        bench.server_listens();
        bench.accepted(1, 8, 10_000);
        bench.keys("<esc>2");
        queue(&mut bench, 10, 0);
        assert!(!bench.screen().contains("full"), "{}", bench.screen());
        queue(&mut bench, 11, 0);
        assert!(bench.screen().contains(full), "{}", bench.screen());
        assert!(
            bench.screen().contains("queue full 11/10"),
            "{}",
            bench.screen()
        );
        queue(&mut bench, 11, 7);
        assert!(bench.screen().contains(full), "{}", bench.screen());
        queue(&mut bench, 0, 1_234);
        assert!(bench.screen().contains(after), "{}", bench.screen());
        if columns > 60 {
            let counted = "queue 0/10, 1,234 dropped";
            assert!(bench.screen().contains(counted), "{}", bench.screen());
        }
        // A new socket has a queue of its own.
        bench.returned(SERVER, Call::Close { fd: Fd(5) }, Outcome::Done);
        bench.server_listens();
        assert!(!bench.screen().contains("dropped"), "{}", bench.screen());
        queue(&mut bench, 0, 0);
        assert!(!bench.screen().contains("full"), "{}", bench.screen());
    }
    // Folded, as beside the client at 80x24, it is counted.
    let mut bench = Bench::new(80, 24);
    bench.server_listens();
    bench.keys("<esc>1");
    queue(&mut bench, 3, 25);
    assert!(
        bench.screen().contains("queue 3/10, 25 dropped"),
        "{}",
        bench.screen()
    );
}

#[test]
fn who_is_not_served_is_counted_and_marked() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    for number in 2..=1_003 {
        bench.accepted(number, 9, 10_000);
        let message = format!("server#{number} is closed unserved: 1 connections are open");
        bench.happened(vec![Event::Unserved {
            connection: ConnectionId(number),
            at: Moment(bench.now),
            message,
        }]);
        bench.returned(connection(number), Call::Close { fd: Fd(9) }, Outcome::Done);
    }
    bench.keys("<esc>");
    bench.happened(Vec::new());
    let screen = bench.screen();
    assert!(screen.contains("1 + 1 thread, 1,002 unserved"), "{screen}");
    assert!(screen.contains("▸1003"), "{screen}");
    let row = screen
        .lines()
        .find(|line| line.contains("▸1003"))
        .expect("its row");
    assert!(row.contains(" unserved "), "{screen}");
    assert!(screen.contains("1 connected"), "{screen}");
    // Whatever the model and the room.
    for (columns, rows) in [(60, 20), (80, 24), (120, 36)] {
        for model in Model::ALL {
            let mut small = Bench::new(columns, rows);
            small.app = bench.app.clone();
            small.app.server.model = model;
            assert!(
                small.screen().contains("1,002 unserved"),
                "{}",
                small.screen()
            );
        }
    }
    // The deed that came before is not taken back for it.
    let mut bench = Bench::new(120, 36);
    bench.keys("s");
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    bench.happened(vec![Event::Unserved {
        connection: ConnectionId(1),
        at: Moment(bench.now),
        message: "server#1 is closed unserved: so it goes".to_owned(),
    }]);
    assert_eq!(bench.told(), "server#1 is closed unserved: so it goes");
    let lines = bench.app.transcript_text();
    assert!(lines.contains("server start"), "{lines}");
}

#[test]
fn connections_that_are_no_longer_listed_are_counted_with_their_bytes() {
    for (columns, text) in [
        (120, "+50 gone"),
        (240, "50 closed ones no longer listed: 550 B in, 250 B out"),
    ] {
        let mut bench = Bench::new(columns, 36);
        bench.server_listens();
        for number in 1..=250 {
            bench.accepted(number, 8, 10_000);
            bench.received(connection(number), 8, b"hello world");
            bench.sent(connection(number), 8, b"hello");
            assert!(!bench.screen().contains(" gone"), "{}", bench.screen());
            if number > 200 {
                continue;
            }
            bench.returned(connection(number), Call::Close { fd: Fd(8) }, Outcome::Done);
        }
        for number in 201..=250 {
            bench.returned(connection(number), Call::Close { fd: Fd(8) }, Outcome::Done);
        }
        let list = &bench.app.server.connections;
        assert_eq!((list.len(), list.open(), list.accepted()), (200, 0, 250));
        assert_eq!(list.bytes(), (250 * 11, 250 * 5));
        assert!(bench.screen().contains(text), "{}", bench.screen());
    }
}

#[test]
fn each_model_says_how_it_serves() {
    let serve = |model, service| Offer {
        model,
        service,
        ..Offer::default()
    };
    for (model, none, two) in [
        (Model::Serial, "serves one at a time", "serves #1 alone"),
        (Model::Threads, "1 + 0 threads", "1 + 2 threads"),
        (
            Model::Poll,
            "1 thread for 0 connections",
            "1 thread for 2 connections",
        ),
    ] {
        let mut bench = Bench::new(180, 36);
        bench.app.server.model = model;
        bench.server_listens();
        assert!(bench.screen().contains(none), "{}", bench.screen());
        for number in [1, 2] {
            bench.accepted(number, 8, 10_000);
            bench.serving(number, serve(model, Service::Echo));
        }
        assert!(bench.screen().contains(two), "{}", bench.screen());
        bench.returned(connection(1), Call::Close { fd: Fd(8) }, Outcome::Done);
        bench.returned(connection(2), Call::Close { fd: Fd(8) }, Outcome::Done);
        assert!(bench.screen().contains(none), "{}", bench.screen());
    }
}

#[test]
fn a_connection_by_hand_says_which_keys_serve_it() {
    let mut bench = Bench::new(120, 36);
    bench.server_listens();
    bench.accepted(1, 8, 10_000);
    let words = "By hand: r receives, i lets you type an answer,";
    assert!(!bench.screen().contains(words));
    bench.happened(vec![Event::TakenOver(ConnectionId(1))]);
    assert!(bench.screen().contains(words), "{}", bench.screen());
    bench.accepted(2, 9, 10_001);
    assert!(!bench.screen().contains(words));
    bench.serving(
        2,
        Offer {
            service: Service::Manual,
            ..Offer::default()
        },
    );
    assert!(bench.screen().contains(words));
}

// ---- HTTP ----------------------------------------------------------------------------------------------------------

const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>one</p>\n\n<p>two</p>\n";

#[test]
fn the_http_view_divides_at_the_empty_line_wherever_recv_cuts_it() {
    let head = PAGE
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .expect("a head")
        + 4;
    for cut in 1..PAGE.len() {
        let mut bench = Bench::new(120, 36);
        bench.client_connects();
        bench.received(CLIENT, 7, &PAGE[..cut]);
        bench.received(CLIENT, 7, &PAGE[cut..]);
        bench.app.focus_on(Control::Bytes(Bytes::Client));
        bench.keys("mmmz");
        let screen = bench.screen();
        let of = |text: &str| -> Vec<&str> {
            let rows = screen.lines();
            rows.filter(|line| line.starts_with(&format!("┃{text}")))
                .collect()
        };
        let divider = of("─────┼─ the empty line");
        assert_eq!(divider.len(), 1, "cut at {cut}: {screen}");
        assert!(divider[0].contains("the body has 23 B"), "{screen}");
        // A glyph of a line is in its half, whichever piece it came in.
        let text = |rows: Vec<&str>| -> String {
            let rows = rows.into_iter().filter_map(|row| row.split_once("│ "));
            let rows = rows.map(|(_, text)| text.trim_end_matches(['┃', '│']).trim_end());
            rows.collect::<String>().replace(' ', "")
        };
        let expected_head = r"HTTP/1.1200OK\r\nContent-Type:text/html\r\n";
        let shown = text(of("head │ "));
        // Of the empty line itself a piece may stand above the divider.
        let rest = shown.strip_prefix(expected_head);
        assert!(matches!(rest, Some("" | r"\r")), "cut at {cut}: {shown}");
        assert!(rest == Some("") || cut == head - 1, "cut at {cut}");
        let shown = text(of("body │ "));
        assert_eq!(shown, r"<p>one</p>\n\n<p>two</p>\n", "cut at {cut}");
    }
}

#[test]
fn a_message_without_an_empty_line_is_all_head() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.received(CLIENT, 7, b"HTTP/1.1 200 OK\r\nContent-Ty");
    bench.app.focus_on(Control::Bytes(Bytes::Client));
    bench.keys("mmm");
    assert_eq!(bench.app.client().view.mode, Mode::Http);
    let screen = bench.screen();
    assert!(
        !screen.contains("body │") && !screen.contains("┼"),
        "{screen}"
    );
    assert!(screen.contains(r"head │ HTTP/1.1 200 OK\r\n"), "{screen}");
}

#[test]
fn every_mode_in_ascii_is_ascii() {
    let mut bench = Bench::with_theme(120, 36, Theme::new(Palette::Colour, Charset::Ascii));
    bench.client_connects();
    bench.received(CLIENT, 7, PAGE);
    bench.app.focus_on(Control::Bytes(Bytes::Client));
    for _ in 0..4 {
        let screen = bench.screen();
        assert!(screen.is_ascii(), "{screen}");
        bench.keys("m");
    }
}

#[test]
fn the_mode_of_a_udp_servers_bytes_is_its_own() {
    let mut bench = Bench::new(120, 36);
    bench.udp_server_starts();
    bench.datagram(SERVER, 5, b"x", 40_000, 0);
    bench.keys("2m");
    assert_eq!(bench.app.server.view.mode, Mode::Hex);
    assert_eq!(bench.app.client().view.mode, Mode::Text);
    bench.draw();
    assert_ne!(bench.app.room.connection, Room::default());
}

#[test]
fn eagain_is_explained_beside_the_call_and_on_the_pane() {
    let mut bench = Bench::new(120, 36);
    bench.client_connects();
    bench.returned(CLIENT, recv(7), Outcome::Failed(Errno::EAGAIN));
    let screen = bench.screen();
    assert!(screen.contains("= -1 EAGAIN"), "{screen}");
    assert!(screen.matches("EAGAIN").count() >= 2, "{screen}");
    assert_eq!(bench.app.client().socket.stage, Stage::Established);
}

#[test]
fn a_connect_in_progress_shows_how_it_waits_and_others_do_not_cancel_it() {
    let mut bench = Bench::new(120, 36);
    bench.keys("1+");
    let (fd, address) = (Fd(9), loopback(81));
    let other = crate::support::client(2);
    bench.returned(other, SOCKET, Outcome::Descriptor(fd));
    bench.blocked(other, Call::Connect { fd, address });
    assert!(bench.screen().contains("· c cancels"));
    bench.keys("[");
    let screen = bench.screen();
    assert!(screen.contains("client2   connect(9"), "{screen}");
    assert!(!screen.contains("c cancels"), "c would connect: {screen}");
}

#[test]
fn what_is_told_is_drawn_plain_whoever_forgot_about_it() {
    let mut bench = Bench::new(120, 36);
    bench.app.notice = Some(Notice {
        text: "a\u{1b}[2J\u{9b}m\u{202e}b\u{e0041}\u{2028}你".to_owned(),
        failure: true,
    });
    let screen = bench.screen();
    let shown = r"a\x1b[2J\u{9b}m\u{202e}b\u{e0041}\u{2028}你";
    assert!(screen.contains(shown), "{screen}");
}
