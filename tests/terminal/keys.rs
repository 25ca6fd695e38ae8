//! The playground used by keys alone.

use sockyard::app::control::{Control, Pane};

use super::play::{
    CLIENT_PORT, CONNECTED, CONNECTIONS, Peer, SERVER_PORT, connect, free_port, leave_field,
    port_of, served, talking, wait_quiet, wait_received, with_peer,
};
use super::pty::{Pty, shows, sockyard};

#[test]
fn a_first_conversation_takes_at_most_five_keys_beside_the_text() {
    let pty = sockyard(&[], 120, 36);
    pty.wait_text("server stopped");
    // Not counted: the tests that run beside this one have ports of their own instead of 8888.
    pty.keys(&format!("{SERVER_PORT}0<f3>"));

    let mut pressed = 0;
    let mut press = |key| {
        pressed += 1;
        pty.keys(key);
    };
    press("s");
    let port = port_of(&pty);
    // Not counted either. The focus is on Connect by now, as it is after this.
    pty.wait("the focus to go on", |screen| {
        has_hint(screen, "Enter connect")
    });
    pty.keys(&format!("{CLIENT_PORT}{port}<f2>"));
    press("c");
    pty.wait_text(CONNECTED);
    pty.keys(r"你好 \x41\r\n");
    press("<enter>");
    // Shown as text at both ends, and in the calls of both ends with quotes.
    pty.wait("the echo in both panes", |screen| {
        screen.contents().matches(r" 1 │ 你好 A\r\n").count() == 2
    });
    pty.wait_text("send(");
    assert!(pressed <= 5, "{pressed} keys");

    let screen = pty.screen();
    for owner in [
        "client    send(",
        "server#1  recv(",
        "server#1  send(",
        "client    recv(",
    ] {
        let line = screen
            .lines()
            .find(|line| line.contains(owner))
            .expect(owner);
        assert!(line.contains(r#""你好 A\r\n""#), "{line}");
        assert!(line.contains("= 10"), "ten bytes in UTF-8: {line}");
    }
}

#[test]
fn closing_by_key_is_seen_at_both_ends() {
    let (pty, _) = talking(&[], 120, 36);
    leave_field(&pty);
    pty.keys("l");
    pty.wait_gone(CONNECTED);
    pty.wait("the server's end closes too", |screen| {
        shows(screen, "0 connected") && shows(screen, " closed ")
    });
    pty.wait_text("LISTEN");
    pty.keys("<f3><enter>");
    pty.wait_text("server stopped");
}

#[test]
fn a_refused_connect_says_why_and_what_to_do() {
    let pty = sockyard(&[], 120, 36);
    let port = free_port();
    pty.wait_text("server stopped");
    pty.keys(&format!("{CLIENT_PORT}{port}<enter>"));
    pty.wait_text("ECONNREFUSED");
    pty.wait_text(&format!(
        "nobody listens on 127.0.0.1:{port}, an address of this machine"
    ));
    pty.wait_text("start a server");
    assert!(!shows_connected(&pty));
}

fn shows_connected(pty: &Pty) -> bool {
    pty.find(CONNECTED).is_some()
}

#[test]
fn received_bytes_are_shown_as_text_hex_and_chunks() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    peer.send(b"\x00\x01ABC");
    pty.wait_text(r"1 │ \x00\x01ABC");
    peer.send("é!".as_bytes());
    pty.wait_text("2 │ é!");
    leave_field(&pty);
    pty.keys("m");
    pty.wait_text("00 01 41 42 43");
    pty.wait_text("c3 a9 21");
    pty.wait_text("00000005");
    pty.keys("m");
    pty.wait("both chunks with their lengths", |screen| {
        shows(screen, r"5 B  \x00\x01ABC") && shows(screen, "3 B  é!")
    });
    // What looks like no HTTP message is a head without an end.
    pty.keys("m");
    pty.wait("the bytes as a head", |screen| {
        shows(screen, r"head │ \x00\x01ABC") && shows(screen, "head │ é!")
    });
    pty.keys("m");
    pty.wait_text("2 │ é!");
}

#[test]
fn help_opens_and_closes_by_each_of_its_keys() {
    let text = "help ─";
    let pty = sockyard(&[], 120, 36);
    pty.wait_text("server stopped");
    let before = pty.screen();
    for (open, close) in [("?", "<esc>"), ("?", "?"), ("<f1>", "<f1>"), ("<f1>", "q")] {
        pty.keys(open);
        pty.wait_text(text);
        pty.keys(close);
        pty.wait_gone(text);
        assert_eq!(pty.screen(), before, "{open} {close}");
    }
    // In a text field the question mark is text.
    pty.keys("1i?");
    pty.wait_text("Send ?");
    pty.keys("<f1>");
    pty.wait_text(text);
    let top = pty.screen();
    pty.keys("<end>");
    pty.wait("the end of the help", |screen| {
        screen.contents().trim_end() != top.trim_end() && shows(screen, text)
    });
    pty.keys("<home>");
    pty.wait("its beginning", |screen| {
        screen.contents().trim_end() == top.trim_end()
    });
    pty.keys("<esc>");
    pty.wait_gone(text);
    pty.wait_text("Send ?");
}

#[test]
fn up_and_down_walk_through_what_was_sent() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    for text in ["first", "second"] {
        pty.keys(&format!("{text}<enter>"));
        peer.expect(text.as_bytes());
    }
    pty.keys("dra");
    pty.wait_text("Send dra");
    pty.keys("<up>");
    pty.wait_text("Send second");
    pty.keys("<up><up>");
    pty.wait_text("Send first");
    pty.keys("<down><down>");
    pty.wait_text("Send dra");
    pty.keys("<up><up><enter>");
    peer.expect(b"first");
}

#[test]
fn the_filter_shows_the_calls_of_one_end() {
    let (pty, _) = talking(&[], 120, 36);
    leave_field(&pty);
    let wait = |client: bool, server: bool, connection: bool| {
        pty.wait(&format!("calls {client} {server} {connection}"), |screen| {
            shows(screen, " client    connect(") == client
                && shows(screen, " server    accept(") == server
                && shows(screen, " server#1  recv(") == connection
        });
    };
    wait(true, true, true);
    pty.keys("f");
    wait(true, false, false);
    pty.keys("f");
    wait(false, true, true);
    pty.keys("f");
    wait(false, false, true);
    pty.keys("f");
    wait(true, true, true);
}

#[test]
fn enter_explains_the_selected_call() {
    let (pty, port) = talking(&[], 120, 36);
    pty.keys("<f4>f");
    pty.wait_gone(" server    ");
    pty.wait_text(" client    getsockname(");
    pty.keys("<up><enter>");
    pty.wait_text("asks which local address and port");
    pty.keys("<esc>");
    pty.wait_gone("asks which local address and port");
    // The call before getsockname was connect.
    pty.keys("<up><enter>");
    pty.wait_text("three-way handshake");
    pty.wait_text(&format!("127.0.0.1:{port}) = 0"));
    pty.keys("<enter>");
    pty.wait_gone("three-way handshake");
}

#[test]
fn a_call_is_copied_to_the_clipboard() {
    let (pty, _) = talking(&[], 120, 36);
    leave_field(&pty);
    pty.keys("f");
    pty.wait_gone(" server    ");
    pty.wait_text(" client    getsockname(");
    pty.keys("y");
    pty.wait_text("copied: ");
    let screen = pty.screen();
    let (_, line) = screen.split_once("copied: ").expect("the footer");
    let line = line.lines().next().expect("the rest of its row");
    assert!(line.contains("client getsockname("), "{line}");
    let sequence = format!("\x1b]52;c;{}\x1b\\", base64(line.as_bytes()));
    pty.wait_raw(sequence.as_bytes());
    // The next key takes the notice away.
    pty.keys("<f3>");
    pty.wait_gone("copied: ");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let number = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

/// Whether the footer has `hint`.
fn has_hint(screen: &vt100::Screen, hint: &str) -> bool {
    let contents = screen.contents();
    contents
        .lines()
        .last()
        .is_some_and(|row| row.contains(hint))
}

#[test]
fn the_footer_tells_the_keys_of_what_has_the_focus() {
    let (pty, _) = talking(&[], 120, 36);
    for (keys, hint) in [
        ("<f3>", "stop server"),
        ("<s-tab>", "leave the field"),
        ("<s-tab>", "change"),
        ("<f4>", "explain"),
        ("<s-tab>", "change"),
        ("<s-tab>", "newest"),
        (CONNECTIONS, "its bytes"),
        ("<f5>", "to the front"),
        ("<f6>", "try"),
        ("o", "choose"),
    ] {
        pty.keys(keys);
        pty.wait(&format!("{hint:?} in the footer"), |screen| {
            has_hint(screen, hint) && has_hint(screen, "Ctrl-C quit")
        });
    }
}

#[test]
fn tab_goes_round_through_every_control() {
    let (pty, _) = talking(&[], 120, 36);
    // With a connection everything is there.
    wait_quiet(&pty);
    pty.keys("<f4>");
    pty.wait_text("explain");
    let before = pty.screen();
    // Beside the one where the focus is and the one where the first Tab leads.
    let seen = |pane: Pane| !pane.is_lower() || pane == Pane::Calls;
    let others = Control::ORDER.iter().filter(|c| seen(c.pane())).count() - 1;
    for tab in ["<tab>", "<s-tab>"] {
        pty.keys(tab);
        pty.wait_gone("explain");
        pty.keys(&tab.repeat(others));
        pty.wait_text("explain");
        assert_eq!(pty.screen(), before);
    }
}

#[test]
fn a_bad_escape_is_named_at_its_column_and_nothing_is_sent() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    pty.keys(r"ab\q<enter>");
    pty.wait_text(r"column 3: \q is no escape");
    let (row, col) = pty.find(r"ab\q").expect("the text is kept");
    assert_eq!(pty.cursor(), (row, col + 2));
    pty.keys("<c-k>ok<enter>");
    peer.expect(b"abok");
    pty.wait_gone("is no escape");
}

#[test]
fn a_line_ending_is_chosen_by_key() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    pty.keys("<tab><right>");
    pty.wait_text(" LF ");
    pty.keys("<right>");
    pty.wait_text(" CRLF ");
    pty.keys("<s-tab>x<enter>");
    peer.expect(b"x\r\n");
}

#[test]
fn a_pane_takes_the_whole_screen_and_gives_it_back() {
    let (pty, _) = served(&[], 80, 20);
    pty.keys("<f4>");
    pty.wait_text("explain");
    pty.wait_text("accept(");
    let first = "socket(AF_INET, SOCK_STREAM, 0)";
    pty.wait("the small panel without the first call", |screen| {
        shows(screen, "[sendAll]") && !shows(screen, first)
    });
    let before = pty.screen();
    pty.keys("z");
    pty.wait_gone("[sendAll]");
    pty.wait_text(first);
    pty.keys("z");
    pty.wait_text("[sendAll]");
    assert_eq!(pty.screen(), before);
}

#[test]
fn the_connections_are_walked_through_by_key() {
    let (pty, port) = served(&[], 120, 36);
    let mut peers: Vec<Peer> = (0..3).map(|_| Peer::dial(port)).collect();
    pty.wait_text("3 connected");
    for (peer, text) in peers.iter_mut().zip(["one", "two", "three"]) {
        peer.send(text.as_bytes());
        peer.expect(text.as_bytes());
    }
    pty.keys(CONNECTIONS);
    pty.wait_text("its bytes");
    pty.keys("<end>");
    wait_received(&pty, 3, 5);
    pty.wait_text(" 1 │ three");
    pty.keys("<up>");
    wait_received(&pty, 2, 3);
    pty.keys("<home>");
    wait_received(&pty, 1, 3);
    pty.wait_text(" 1 │ one");
}

#[test]
fn a_second_connect_without_close_shows_what_the_kernel_says() {
    let (pty, port) = talking(&[], 120, 36);
    pty.keys(&format!("{CLIENT_PORT}{port}<enter>"));
    pty.wait_text("EISCONN");
    pty.wait_text("1 connected");
    leave_field(&pty);
    pty.keys("l");
    pty.wait_text("0 connected");
    connect(&pty, port);
    pty.wait_text("1 connected");
}
