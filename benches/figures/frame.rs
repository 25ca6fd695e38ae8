//! What one frame takes to draw.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use sockyard::app::key::{Code, Key};
use sockyard::app::{App, Msg, Settings};
use sockyard::model::{
    Actor, Call, CallRecord, ConnectionId, Event, Fd, Moment, Outcome, RecvFlags, Waited,
};
use sockyard::ui::draw;
use sockyard::ui::theme::{Charset, Palette, Theme};

use super::process::computed_here;
use super::table::{Bar, float, median, row};

/// How it is drawn.
const THEME: Theme = Theme::new(Palette::Colour, Charset::Unicode);
/// How many connections there are.
const CONNECTIONS: u64 = 10_000;
/// How many calls were made.
const CALLS: u64 = 1_000_000;
/// How many things the person has done.
const DEEDS: u64 = 10_000;
/// How many frames are drawn; the median counts.
const FRAMES: u64 = 400;
/// What each connection waits to receive.
const SIZE: usize = 64 << 10;

/// Milliseconds of computing for a frame of a full playground, beside one of an empty one; then with each window open.
pub fn print() {
    let mut app = full();
    let mut empty = App::new(&Settings::default());
    let mut compare = |what: &str, key: Option<Key>| {
        for app in [&mut app, &mut empty] {
            app.update(Msg::Key(Key::plain(Code::Esc)));
            if let Some(key) = key {
                app.update(Msg::Key(key));
            }
        }
        let (here, beside) = (frame_of(&mut app), frame_of(&mut empty));
        row(what, here, Some(beside), Bar::AtMost(1.0));
    };
    compare(
        "frame at 200x60: 10,000 connections, 1,000,000 calls, ms",
        None,
    );
    compare("  the same with the help open", Some(Key::char('?')));
    compare("  with what was done, 10,000 lines", Some(Key::char('u')));
    compare(
        "  with the command line's palette",
        Some(Key::ctrl(Code::Char('p'))),
    );
}

/// Median milliseconds to draw `app`.
fn frame_of(app: &mut App) -> f64 {
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a screen in memory");
    let mut times: Vec<f64> = (0..FRAMES)
        .map(|number| {
            // A running time is another one in each frame.
            app.update(Msg::Now(Moment(100_000_000 + number)));
            let before = computed_here();
            terminal
                .draw(|frame| {
                    draw(app, THEME, frame);
                })
                .expect("drawing to memory");
            float(computed_here() - before) / 1e6
        })
        .collect();
    median(&mut times)
}

/// Connections that have each received much, piece by piece, and wait for more.
fn full() -> App {
    let mut app = App::new(&Settings::default());
    let mut now = 0;
    for number in 1..=CONNECTIONS {
        let connection = ConnectionId(number);
        let who = Actor::Connection(connection);
        let fd = Fd(number as i32);
        now += 10;
        let at = Moment(now);
        let accepted = Outcome::Accepted {
            fd,
            peer: SocketAddr::from((Ipv4Addr::LOCALHOST, number as u16)),
            connection,
        };
        let recv = Call::Recv {
            fd,
            size: SIZE,
            flags: RecvFlags::default(),
        };
        let accept = Call::Accept { fd: Fd(5) };
        app.update(Msg::Happened(vec![returned(
            Actor::Server,
            accept,
            accepted,
            at,
        )]));
        for _ in 0..CALLS / CONNECTIONS - 1 {
            app.update(Msg::Happened(vec![
                Event::Received {
                    who,
                    at,
                    bytes: b"hello, world\r\n".to_vec(),
                    from: None,
                },
                returned(who, Call::Getsockname { fd }, Outcome::Done, at),
            ]));
        }
        app.update(Msg::Happened(vec![Event::Blocked {
            who,
            call: recv,
            since: at,
        }]));
    }
    assert_eq!(app.calls.journal.total(), CALLS);
    for _ in 0..DEEDS {
        app.update(Msg::Key(Key::char('c')));
    }
    app
}

fn returned(who: Actor, call: Call, outcome: Outcome, at: Moment) -> Event {
    Event::Returned(CallRecord {
        who,
        call,
        outcome,
        entered: at,
        returned: at,
        took: Duration::ZERO,
        waited: Waited::InPoll,
    })
}
