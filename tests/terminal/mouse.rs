//! The playground used by the mouse alone; text comes from the clipboard.

use super::play::{CONNECTED, Peer, port_of, served, talking, wait_received, with_peer};
use super::pty::{Pty, shows};

/// Clicks `beside` cells to the right of where `text` begins.
#[track_caller]
fn click_at(pty: &Pty, text: &str, beside: u16) {
    pty.wait_text(text);
    let (row, col) = pty.find(text).expect("it was waited for");
    pty.click(row, col + beside);
}

#[test]
fn a_whole_conversation_by_mouse() {
    let (pty, _) = served(&[], 120, 36);
    pty.click_text("[Stop]");
    pty.wait_text("server stopped");
    pty.click_text("[Start]");
    let port = port_of(&pty);

    // An address goes into both fields, however it is pasted.
    click_at(&pty, "Host ", 6);
    pty.paste(&format!("127.0.0.1:{port}"));
    pty.wait_text(&format!("Port {port} "));
    pty.click_text("[Connect]");
    pty.wait_text(CONNECTED);
    click_at(&pty, "Send ", 8);
    pty.paste("hello 世界");
    pty.wait_text("Send hello 世界");
    pty.click_text("[sendAll]");
    pty.wait("the echo in both panes", |screen| {
        screen.contents().matches(" 1 │ hello 世界").count() == 2
    });

    pty.click_text("[cLose]");
    pty.wait_gone(CONNECTED);
    pty.wait_text("0 connected");
    pty.click_text("[Stop]");
    pty.wait_text("server stopped");
    pty.wait_text("[Start]");
}

#[test]
fn the_tabs_of_received_bytes_are_clicked() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    peer.send(b"abc");
    pty.wait_text(" 1 │ abc");
    let tabs = "text hex chunks";
    click_at(&pty, tabs, 5);
    pty.wait_text("61 62 63");
    click_at(&pty, tabs, 11);
    pty.wait_text("3 B  abc");
    click_at(&pty, tabs, 17);
    pty.wait_text("head │ abc");
    click_at(&pty, tabs, 1);
    pty.wait_text(" 1 │ abc");
}

#[test]
fn a_click_selects_a_connection() {
    let (pty, port) = served(&[], 120, 36);
    let mut peers = [Peer::dial(port), Peer::dial(port)];
    pty.wait_text("2 connected");
    for (peer, text) in peers.iter_mut().zip(["one", "two"]) {
        peer.send(text.as_bytes());
        peer.expect(text.as_bytes());
    }
    for (number, text) in [(0, "one"), (1, "two")] {
        // The list is above the calls, where the address is found too.
        pty.click_text(&format!(":{} ESTABLISHED", peers[number].port()));
        pty.wait_text(&format!("▸{}", number + 1));
        wait_received(&pty, number + 1, 3);
        pty.wait_text(&format!(" 1 │ {text}"));
    }
}

#[test]
fn a_call_clicked_twice_opens_and_a_click_beside_closes_it() {
    let (pty, _) = talking(&[], 120, 36);
    pty.click_text("listen(");
    pty.wait_text("End follows");
    assert!(pty.find("Esc closes").is_none(), "one click selects only");
    pty.click_text("listen(");
    pty.wait_text("listen(2) makes the kernel take connections");
    // A click on it changes nothing, one beside it closes it and does nothing else.
    pty.click_text("listen(2)");
    pty.click_text("[Connect]");
    pty.wait_gone("listen(2)");
    assert!(!pty.screen().contains("EISCONN"));
}

#[test]
fn a_click_chooses_whose_calls_are_shown() {
    let (pty, _) = talking(&[], 120, 36);
    let names = "all clients server";
    for (beside, client, server) in [(5, true, false), (13, false, true), (1, true, true)] {
        click_at(&pty, names, beside);
        pty.wait("the calls of those", |screen| {
            shows(screen, " client    connect(") == client
                && shows(screen, " server    accept(") == server
        });
    }
}

#[test]
fn a_click_moves_the_cursor_in_a_text() {
    let (pty, mut peer) = with_peer(&[], 120, 36);
    pty.paste("你好ab");
    pty.wait_text("Send 你好ab");
    // The second cell of the second wide character.
    click_at(&pty, "Send 你好ab", 8);
    pty.keys("x<enter>");
    peer.expect("你x好ab".as_bytes());
}

#[test]
fn the_wheel_scrolls_back_through_what_was_received_and_on() {
    let (pty, mut peer) = with_peer(&[], 160, 40);
    let lines: Vec<String> = (1..=200).map(|i| format!("line {i:03}\n")).collect();
    peer.send(lines.concat().as_bytes());
    pty.wait_text("line 200");
    let (row, col) = pty.find("line 200").expect("it was waited for");

    pty.wheel_up(row, col);
    pty.wait_gone("line 200");
    pty.wait_text("line 197");
    pty.wait_text("End follows");
    for _ in 0..80 {
        pty.wheel_up(row, col);
    }
    pty.wait_text("line 001");
    // What comes now does not move what is read.
    peer.send(b"news\n");
    pty.wait("the news are counted", |screen| {
        shows(screen, "1,805 B") && shows(screen, "line 001")
    });
    for _ in 0..80 {
        pty.wheel_down(row, col);
    }
    pty.wait_text("news");
    pty.wait_gone("End follows");
    peer.send(b"more\n");
    pty.wait_text("more");
}

#[test]
fn the_wheel_scrolls_calls_and_help() {
    let (pty, _) = talking(&[], 120, 36);
    let (row, col) = pty.find(" server    listen(").expect("a call");
    pty.wheel_up(row, col);
    pty.wait_text("End follows");
    pty.wheel_down(row, col);
    pty.wheel_down(row, col);
    pty.wait_gone("End follows");

    pty.keys("<f1>");
    pty.wait_text("help ─");
    let before = pty.screen();
    pty.wheel_down(row, col);
    pty.wait("the help moves", |screen| {
        screen.contents().trim_end() != before.trim_end() && shows(screen, "help ─")
    });
    pty.wheel_up(row, col);
    pty.wait("the help moves back", |screen| {
        screen.contents().trim_end() == before.trim_end()
    });
    pty.click(0, 0);
    pty.wait_gone("help ─");
}

#[test]
fn a_paste_outside_a_field_says_where_it_belongs() {
    let (pty, _) = served(&[], 120, 36);
    pty.keys("<f3>");
    pty.wait_text("press");
    // None of these letters presses a button.
    pty.paste("slc");
    pty.wait_text("paste goes into a text field");
    assert!(pty.screen().contains(" LISTEN "));
}
