//! The same session by mouse, by keys, by typed lines and by script.

use std::collections::BTreeMap;

use sockyard::app::{App, Settings};
use sockyard::model::{Address, Model, Offer, Service};

use super::live::Live;

/// A server that says hello on a port that the kernel chooses, and a client that connects to it.
pub fn settings() -> Settings {
    Settings {
        connect: Address {
            host: "127.0.0.1".to_owned(),
            port: "0".to_owned(),
        },
        port: 0,
        backlog: 5,
        offer: Offer {
            service: Service::Hello,
            model: Model::Threads,
            ..Offer::default()
        },
        ..Settings::default()
    }
}

fn received(app: &App) -> u64 {
    app.client().received.received()
}

/// How many calls of this one are told.
pub fn calls_of(app: &App, who: &str) -> usize {
    let records = app.calls.journal.iter();
    records
        .filter(|(_, record)| record.who.to_string() == who)
        .count()
}

/// The steps of the session, each done in one of the ways, and what a person sees before going on.
fn session(live: &mut Live, step: impl Fn(&mut Live, usize)) {
    step(live, 0);
    live.until("the server listens", |app| {
        app.server.listens && app.server.local.is_some()
    });
    step(live, 1);
    live.until("the greeting", |app| received(app) == 7);
    step(live, 2);
    live.until("the answer", |app| received(app) == 18);
    step(live, 3);
    live.until("the end of the stream", |app| app.client().socket.is_over());
    step(live, 4);
    live.until("the client's close", |app| app.client().socket.fd.is_none());
    step(live, 5);
    live.until("the server's close", |app| app.server.socket.fd.is_none());
    // The connection's last call may be told later than the listener's.
    live.until("the connection's close", |app| {
        calls_of(app, "server#1") == 5
    });
}

fn by_keys() -> Live {
    let mut live = Live::new(&settings());
    session(&mut live, |live, step| match step {
        1 => live.keys("1c"),
        2 => live.keys("<esc>1ining<enter><esc>"),
        3 => live.keys("1dw"),
        4 => live.keys("1l"),
        _ => live.keys("s"),
    });
    live
}

fn by_mouse() -> Live {
    let mut live = Live::new(&settings());
    session(&mut live, |live, step| match step {
        0 => live.click("Start"),
        1 => live.click("Connect"),
        2 => {
            live.keys("<esc>1i");
            live.keys("ning");
            live.click("sendAll");
        }
        3 => {
            live.click("shutDown");
            live.click("SHUT_WR");
        }
        4 => live.click("cLose"),
        _ => live.click("Stop"),
    });
    live
}

fn by_lines() -> Live {
    let mut live = Live::new(&settings());
    session(&mut live, |live, step| {
        let port = live.app.server.local.map(|local| local.port());
        let said = match step {
            0 => "server start 127.0.0.1 0 --service hello --model threads --backlog 5".to_owned(),
            1 => format!("client connect 127.0.0.1 {}", port.expect("a port")),
            2 => "client sendall \"ning\"".to_owned(),
            3 => "client shutdown wr".to_owned(),
            4 => "client close".to_owned(),
            _ => "server stop".to_owned(),
        };
        live.keys(&format!("<esc>1:{said}<enter>"));
    });
    live
}

const SCRIPT: &str = r#"
client autorecv on
server start 127.0.0.1 0 --service hello --model threads --backlog 5
client connect 127.0.0.1 ${server.port}
expect client received "Welcome"
client sendall "ning"
expect client received "Hello,ning!"
client shutdown wr
expect client ended
client close
expect server#1 close ok
server stop
"#;

fn by_script() -> Live {
    let mut live = Live::new(&settings());
    live.run(SCRIPT);
    live
}

fn by_what_was_done(live: &Live) -> Live {
    let text = live.app.transcript_text();
    let mut again = Live::new(&settings());
    // A script's sessions receive by hand, unless it says otherwise.
    again.app.sessions.receive_by_hand();
    again.run(&text);
    again.until("the connection's close", |app| {
        calls_of(app, "server#1") == 5
    });
    again
}

#[test]
fn a_session_is_the_same_in_every_way_in_which_it_can_be_said() {
    let pressed = by_keys();
    let expected: BTreeMap<String, Vec<String>> = pressed.journal();
    assert_eq!(expected["client"].len(), 10, "{expected:#?}");
    assert_eq!(by_mouse().journal(), expected, "by mouse");
    assert_eq!(by_lines().journal(), expected, "by lines");
    assert_eq!(by_script().journal(), expected, "by script");
    assert_eq!(by_what_was_done(&pressed).journal(), expected, "run again");
}
