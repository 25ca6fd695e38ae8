//! What was done with buttons, as lines.

use std::borrow::Cow;

use sockyard::app::Settings;

use super::live::Live;
use super::same::{calls_of, settings};

fn lines(live: &Live) -> Vec<String> {
    let lines = live.app.transcript_lines().into_iter();
    lines.map(Cow::into_owned).collect()
}

#[test]
fn what_fails_is_expected_to_fail_when_it_is_done_again() {
    let mut live = Live::new(&Settings {
        connect: sockyard::model::Address {
            host: "127.0.0.1".to_owned(),
            // Nobody listens on port 1 of loopback.
            port: "1".to_owned(),
        },
        ..settings()
    });
    live.keys("1c");
    live.until("the refusal", |app| app.calls.journal.total() >= 4);
    assert_eq!(
        lines(&live),
        [
            "client autorecv on 65536",
            "client connect 127.0.0.1 1",
            "expect client connect ECONNREFUSED",
        ]
    );
    let text = live.app.transcript_text();
    let mut again = Live::new(&settings());
    again.app.sessions.receive_by_hand();
    again.run(&text);
    assert_eq!(again.journal(), live.journal());
}

#[test]
fn what_still_waited_goes_on_in_the_background() {
    let mut live = Live::new(&settings());
    live.keys("2kb");
    live.until("the socket is bound", |app| app.server.local.is_some());
    live.keys("2e");
    live.until("it listens", |app| app.server.listens);
    live.keys("2a");
    live.until("accept waits", sockyard::app::App::is_accepting_by_hand);
    live.keys("1c");
    live.until("the connection", |app| {
        app.server.connections.accepted() == 1
    });
    live.until("the greeting", |app| app.client().received.received() == 7);
    live.until("the greeting is told", |app| calls_of(app, "server#1") == 1);
    let said = lines(&live);
    assert!(said.contains(&"server accept &".to_owned()), "{said:#?}");
    let text = live.app.transcript_text();
    let mut again = Live::new(&settings());
    again.app.sessions.receive_by_hand();
    again.run(&text);
    again.until("the greeting is told", |app| calls_of(app, "server#1") == 1);
    assert_eq!(again.journal(), live.journal(), "{text}");
}

#[test]
fn what_other_programs_did_is_not_expected_again() {
    let mut live = Live::new(&settings());
    live.keys("s");
    live.until("the server listens", |app| app.server.local.is_some());
    let local = live.app.server.local.expect("an address");
    let stranger = std::net::TcpStream::connect(local).expect("the server listens");
    live.until("the stranger", |app| app.server.connections.accepted() == 1);
    live.keys("1c");
    live.until("the greeting", |app| app.client().received.received() == 7);
    let text = live.app.transcript_text();
    assert!(text.contains("# Other programs"), "{text}");
    assert!(!text.contains("expect server"), "{text}");
    drop(stranger);
    let mut again = Live::new(&settings());
    again.app.sessions.receive_by_hand();
    again.run(&text);
}

/// Runs what was done again, and gives back both journals.
fn again(live: &Live) -> (Journal, Journal) {
    let mut again = Live::new(&settings());
    again.app.sessions.receive_by_hand();
    again.run(&live.app.transcript_text());
    (live.journal(), again.journal())
}

type Journal = std::collections::BTreeMap<String, Vec<String>>;

#[test]
fn what_was_refused_is_not_done_again() {
    let mut live = Live::new(&settings());
    live.keys("1k");
    live.until("a socket", |app| app.client().socket.fd.is_some());
    // The only session cannot end, there is no crowd and no save to stop, and nobody listens without a socket.
    for line in [
        "client end",
        "crowd end",
        "client save --stop",
        "server listen 5",
    ] {
        live.keys(&format!("<esc>1:{line}<enter><esc>"));
    }
    live.until("no word on the listener", |app| app.outstanding.is_empty());
    assert_eq!(
        lines(&live),
        ["client autorecv on 65536", "client socket"],
        "{}",
        live.screen()
    );
    let (before, after) = again(&live);
    assert_eq!(before, after);
}

#[test]
fn ports_may_be_closed_and_what_looks_like_a_variable_is_text() {
    let mut live = Live::new(&settings());
    live.keys("<esc>1:ports try 127.0.0.1 1<enter>");
    live.until("the port", |app| {
        app.ports.verdict(1).is_some() && !app.ports.running
    });
    live.keys("<esc>1:ports try 192.0.2.1 9<enter>n");
    live.keys("s");
    live.until("the server listens", |app| app.server.local.is_some());
    live.keys("1c");
    live.until("the greeting", |app| app.client().received.received() == 7);
    live.keys("<esc>1:client sendall \"\\x24{x} costs\"<enter>");
    live.until("the answer", |app| app.client().received.received() == 24);
    let said = lines(&live);
    assert!(
        said.contains(&"client sendall \"\\x24{x} costs\"".to_owned()),
        "{said:#?}"
    );
    assert!(
        said.iter().all(|line| !line.contains("192.0.2.1")),
        "{said:#?}"
    );
    let (before, after) = again(&live);
    assert_eq!(before["client"], after["client"]);
}

#[test]
fn a_second_socket_is_awaited_as_the_first_was() {
    let mut live = Live::new(&settings());
    live.keys("s");
    live.until("the server listens", |app| app.server.local.is_some());
    for round in 1..=2 {
        live.keys("<esc>1c");
        live.until("the greeting", |app| {
            app.client().socket.is_connected() && app.client().received.received() == 7
        });
        live.keys("<esc>1l");
        live.until("the close", |app| app.client().socket.fd.is_none());
        let awaited = lines(&live);
        let awaited = awaited.iter().filter(|line| line.ends_with("--count 7"));
        assert_eq!(awaited.count(), round);
    }
    let (before, after) = again(&live);
    assert_eq!(before["client"], after["client"]);
}
