//! How fast the playground is, each figure beside something simpler that is measured in the same run.
//!
//! `cargo bench` prints the table. Machines differ and are noisy: only the ratios say something.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use sockyard::app::{App, Effect, Msg, Settings};
use sockyard::model::{
    Action, Actor, Address, Call, CallRecord, ClientAction, ClientId, ConnectionId, Event, Fd,
    Moment, Outcome, RecvFlags, Target, Waited,
};
use sockyard::net::{Clock, Yard};
use sockyard::ui::draw;
use sockyard::ui::theme::{Charset, Palette, Theme};

/// What each receiver gets from the same sender.
const BYTES: u32 = 2 << 30;
/// What the sender passes to one write, and the receivers to one recv.
const CHUNK: u32 = 64 << 10;
/// How often each pair is measured; the median counts.
const ROUNDS: usize = 5;
/// Sixty frames a second, as the program draws.
const FRAME: Duration = Duration::from_micros(16_667);

fn main() {
    println!("{:<58} {:>9} {:>9} {:>7}", "", "here", "beside", "ratio");
    receive();
    frame();
}

/// Bytes into the client's view with the screen drawing, beside a loop of recv that throws them away.
fn receive() {
    let mut pairs: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (into_the_view(), bare())).collect();
    pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
    let (here, beside) = pairs[ROUNDS / 2];
    row(
        "received into the view, beside a bare recv loop, GB/s",
        here,
        beside,
    );
}

/// One frame of a full playground, beside one of an empty one.
fn frame() {
    let here = frame_of(&mut full());
    let beside = frame_of(&mut App::new(&Settings::default()));
    row(
        "frame at 200x60: 10,000 connections, beside none, ms",
        here,
        beside,
    );
}

fn row(what: &str, here: f64, beside: f64) {
    println!(
        "{what:<58} {here:>9.3} {beside:>9.3} {:>7.2}",
        here / beside
    );
}

/// A peer that sends [`BYTES`] to whoever connects.
fn sender() -> (SocketAddr, thread::JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("its address");
    let sending = thread::Builder::new()
        .name("sender".to_owned())
        .spawn(move || {
            let (mut peer, _) = listener.accept().expect("a client");
            let chunk = vec![b'x'; CHUNK as usize];
            for _ in 0..BYTES / CHUNK {
                peer.write_all(&chunk).expect("the client reads");
            }
        })
        .expect("a thread");
    (address, sending)
}

fn gigabytes_a_second(start: Instant) -> f64 {
    f64::from(BYTES) / start.elapsed().as_secs_f64() / 1e9
}

fn bare() -> f64 {
    let (address, sending) = sender();
    let mut socket = TcpStream::connect(address).expect("the sender listens");
    let mut buffer = vec![0; CHUNK as usize];
    let start = Instant::now();
    while socket.read(&mut buffer).expect("the sender sends") > 0 {}
    let rate = gigabytes_a_second(start);
    sending.join().expect("the sender has sent all");
    rate
}

fn into_the_view() -> f64 {
    let (address, sending) = sender();
    let (events, happened) = bounded(32);
    let clock = Clock::start();
    let mut yard = Yard::new(clock, events);
    let mut app = App::new(&Settings::default());
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).expect("a screen in memory");
    let target = Address {
        host: address.ip().to_string(),
        port: address.port().to_string(),
    };
    let connect = ClientAction::Connect(Target::stream(target));
    let connect = Action::Client(ClientId::FIRST, connect);
    yard.perform(connect).expect("a worker");

    let start = Instant::now();
    let mut next = start;
    while app.client().received.received() < u64::from(BYTES) {
        let batch = happened.recv().expect("the worker reports");
        let effects: Vec<Effect> = app.update(Msg::Happened(batch));
        assert!(effects.is_empty());
        if Instant::now() >= next {
            app.update(Msg::Now(clock.now()));
            terminal
                .draw(|frame| {
                    draw(&app, THEME, frame);
                })
                .expect("drawing to memory");
            next = Instant::now() + FRAME;
        }
    }
    let rate = gigabytes_a_second(start);
    drop(happened);
    assert!(yard.shut_down(Duration::from_secs(10)));
    sending.join().expect("the sender has sent all");
    rate
}

const THEME: Theme = Theme::new(Palette::Colour, Charset::Unicode);

/// Median milliseconds to draw `app` at 200x60.
fn frame_of(app: &mut App) -> f64 {
    let mut terminal = Terminal::new(TestBackend::new(200, 60)).expect("a screen in memory");
    let mut times: Vec<f64> = (0..200)
        .map(|i| {
            app.update(Msg::Now(Moment(i)));
            let start = Instant::now();
            terminal
                .draw(|frame| {
                    draw(app, THEME, frame);
                })
                .expect("drawing to memory");
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// 10,000 connections, each with something received and a recv that waits, and a full journal.
fn full() -> App {
    let mut app = App::new(&Settings::default());
    let mut now = 0;
    for number in 1..=10_000 {
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
        let size = CHUNK as usize;
        let recv = Call::Recv {
            fd,
            size,
            flags: RecvFlags::default(),
        };
        app.update(Msg::Happened(vec![
            returned(Actor::Server, Call::Accept { fd: Fd(5) }, accepted, at),
            Event::Received {
                who,
                at,
                bytes: b"hello, world\r\n".to_vec(),
                from: None,
            },
            returned(who, Call::Getsockname { fd }, Outcome::Done, at),
            Event::Blocked {
                who,
                call: recv,
                since: at,
            },
        ]));
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
