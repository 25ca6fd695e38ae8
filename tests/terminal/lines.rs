//! The playground used by lines alone, in a real terminal.

use super::ending::assert_ends;
use super::play::{CONNECTED, port_of};
use super::pty::{shows, sockyard};

#[test]
fn a_whole_conversation_by_lines() {
    for (cols, rows) in [(80, 24), (120, 36)] {
        let pty = sockyard(&[], cols, rows);
        pty.wait_text("server stopped");
        pty.keys(":server start 127.0.0.1 0 --serv<tab>hel<tab><enter>");
        let port = port_of(&pty);
        pty.keys(&format!(":client connect 127.0.0.1 {port}<enter>"));
        pty.wait_text(CONNECTED);
        pty.wait_text("Welcome");
        pty.keys(":client sendall \"ning\"<enter>");
        pty.wait_text("Hello,ning!");
        pty.keys(":server#1 close<enter>");
        pty.wait_text("0 connected");
        // The history has it all, and the palette finds what is to be done.
        pty.keys(":<up><up>");
        pty.wait_text(": client sendall \"ning\"");
        pty.keys("<esc>");
        pty.wait_gone("command line ─");
        pty.keys("<c-p>close the client's socket");
        pty.wait_text("l        close the client's socket");
        pty.keys("<enter>");
        pty.wait_gone("client ─ CLOSE_WAIT");
        pty.keys(":quit<enter>");
        assert_ends(&pty, 0);
    }
}

#[test]
fn the_cursor_stands_in_the_line_and_a_wrong_one_is_marked() {
    let pty = sockyard(&[], 80, 24);
    pty.wait_text("server stopped");
    pty.keys(":client send \"你好\" x");
    pty.wait_text("x is one word too many");
    let (row, column) = pty.find("client send").expect("the line");
    let width = u16::try_from("client send \"....\" x".len()).expect("a short line");
    pty.wait("the cursor behind the line", |screen| {
        screen.cursor_position() == (row, column + width)
    });
    pty.keys("<backspace><backspace>");
    pty.wait("no mark, and the way to say it", |screen| {
        !shows(screen, "^") && shows(screen, "Enter says it")
    });
}
