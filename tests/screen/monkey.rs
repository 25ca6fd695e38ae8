//! A monkey at the keyboard, the mouse and the other end of every socket: whatever comes in whatever order, nothing
//! panics, and what has to hold of the state holds.
//!
//! The generator is deterministic: a run that fails is run again by its seed, and its last steps are told.
//!
//! What holds after every step:
//! - there is a session in front, the selected one is there, and there are not too many;
//! - the focus is on a control that Tab would visit, and its pane is the one that is seen of the lower ones;
//! - in the server panel it is on what is there;
//! - of the two ends one is the end that had the focus last;
//! - an action is for a session that is there, or ends one that was;
//! - what is written to a file was opened before and is finished once;
//! - a script that was left, or is over, wakes nobody.
//!
//! What holds whenever it is drawn, which is every fifty steps:
//! - no control character is on the screen, and no row is too wide;
//! - what the logs hold together is counted exactly, and bounded;
//! - lists are bounded: peers, closed connections, calls; fields take no more than they may;
//! - an open menu that has items shows one of them as selected.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use sockyard::app::bytes::Motion;
use sockyard::app::control::{Control, Input, Pane};
use sockyard::app::field::Field;
use sockyard::app::key::{Code, Key};
use sockyard::app::menu::items;
use sockyard::app::peers::Peers;
use sockyard::app::script::Script;
use sockyard::app::script::watched::Drive;
use sockyard::app::server::Connections;
use sockyard::app::sessions::Sessions;
use sockyard::app::{App, Effect, Msg, Overlay, Settings, Spot};
use sockyard::model::call::{Ending, Function};
use sockyard::model::{
    Action, Actor, Call, CallRecord, ClientAction, ClientId, ConnectionId, Errno, Event, Family,
    Fd, Interface, Journal, LookupError, Model, Moment, Offer, OptionSetting, OptionValue, Outcome,
    PortEvent, PortVerdict, Preview, Readiness, RecvFlags, SaveId, SaveOrder, SaveReport, Service,
    ShutdownHow, SocketKind, SocketOption, Waited,
};
use unicode_width::UnicodeWidthStr;

use crate::support::{Bench, parse};

const STEPS: usize = 12_000;
const STEPS_PER_FRAME: usize = 50;
/// What one log keeps: little, so that the bound of all of them together is met.
const KEEP: usize = 300 << 10;
/// Ways into what single keys seldom find.
const WAYS: [&str; 20] = [
    "1os<enter>",
    "1oy<enter>",
    "2<tab><tab><tab><tab><tab><tab>os<enter>",
    "2os<enter>",
    "1oq",
    "1op",
    "1oz",
    "1on<enter>",
    "4<end>-",
    "4w",
    "4g",
    "5x",
    "5<tab>x",
    "2ke",
    "1kc",
    "s",
    "u",
    "<c-p>",
    "<c-p>client<down><enter>",
    ":<tab><tab>",
];
/// What a line is made of: words of the grammar, values, and what is none of both.
const WORDS: [&str; 32] = [
    "client",
    "client2",
    "client7",
    "server",
    "server#1",
    "server#9",
    "ports",
    "crowd",
    "save",
    "view",
    "script",
    "start",
    "connect",
    "sendall",
    "recv",
    "autorecv",
    "open",
    "end",
    "close",
    "name",
    "127.0.0.1",
    "8888",
    "0",
    "3",
    "on",
    "\"a b\"",
    "--udp",
    "--service",
    "echo",
    "--body",
    "\"你\\q",
    "#",
];

/// Scripts that are played now and then: what is said, what waits, what fails, what asks, what is wrong.
const SCRIPTS: [&str; 5] = [
    "say \"你好 \\x1b[2J\"\nserver start 127.0.0.1 0\nclient connect 127.0.0.1 80\nexpect client connect ok\nclient2 socket\nwait 2s\nclient2 end\n",
    "client connect 127.0.0.1 ${server.port} &\nexpect server accepted 3 --within 1min\nserver#1 recv 9\nexpect client silence 1s\n",
    "crowd start 3 127.0.0.1 80\nexpect crowd answered 3 --else \"nobody answers\"\nclient save f\nview calls\nports try 192.0.2.1 1 9\n",
    "let a 1\nlimit 1ms\nclient recv ${a}\nsay \"x\"\nclient close\nserver stop\n",
    "client conect\n",
];

/// xorshift64*: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit
    }

    /// Whether it is one of so many.
    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }
}

struct Monkey {
    random: Random,
    bench: Bench,
    /// Sessions that were ended.
    ended: BTreeSet<ClientId>,
    /// Keys that follow.
    keys: VecDeque<Key>,
    /// Saves that are open, and those that are finished.
    open: BTreeSet<SaveId>,
    finished: BTreeSet<SaveId>,
    /// The last messages, for the report of a failure.
    last: VecDeque<Msg>,
}

impl Monkey {
    fn new(seed: u64) -> Self {
        let mut bench = Bench::new(120, 36);
        bench.app = App::new(&Settings {
            keep: KEEP,
            ..Settings::default()
        });
        bench.draw();
        Self {
            random: Random(seed),
            bench,
            keys: VecDeque::new(),
            ended: BTreeSet::new(),
            open: BTreeSet::new(),
            finished: BTreeSet::new(),
            last: VecDeque::new(),
        }
    }

    fn run(mut self) {
        for step in 0..STEPS {
            if step % 1_000 == 0 {
                self.what_was_done_is_a_script();
            }
            let msg = self.message();
            if self.last.len() >= 12 {
                self.last.pop_front();
            }
            self.last.push_back(msg.clone());
            for effect in self.bench.app.update(msg) {
                self.effect(effect);
            }
            self.holds();
            if step % STEPS_PER_FRAME == 0 {
                self.frame();
            }
        }
    }

    /// Fails, and tells what came last.
    fn check(&self, holds: bool, what: &str) {
        assert!(holds, "{what}, after\n{:#?}", self.last);
    }

    // ---- What holds --------------------------------------------------------------------------------------------

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Perform(Action::Client(id, action)) => {
                let is_there = self.bench.app.sessions.get(id).is_some();
                let ends = action == ClientAction::End;
                self.check(is_there != ends, "an action for nobody");
                if ends {
                    let first = self.ended.insert(id);
                    self.check(first, "a session was ended twice");
                }
            }
            Effect::Save(SaveOrder::Open { id, .. }) => {
                let new = self.open.insert(id);
                self.check(new, "a save was opened twice");
            }
            Effect::Save(SaveOrder::Write { id, bytes }) => {
                let is_open = self.open.contains(&id) && !self.finished.contains(&id);
                self.check(is_open && !bytes.is_empty(), "a write to no file");
            }
            Effect::Save(SaveOrder::Finish { id }) => {
                let first = self.open.contains(&id) && self.finished.insert(id);
                self.check(first, "a save was finished twice");
            }
            Effect::Anew => {
                // Everything is counted from the beginning again.
                self.ended.clear();
                self.open.clear();
                self.finished.clear();
            }
            Effect::Perform(_)
            | Effect::Load(_)
            | Effect::Report(_)
            | Effect::Program(_)
            | Effect::Copy(_)
            | Effect::Redraw
            | Effect::Suspend
            | Effect::Quit => {}
        }
    }

    /// Whatever was done, in whatever order: its lines can be read again.
    fn what_was_done_is_a_script(&self) {
        let text = self.bench.app.transcript_text();
        if let Err(faults) = Script::read("what was done", &text) {
            let wrong = text.lines().nth(faults[0].number - 1);
            self.check(false, &format!("{wrong:?}: {}", faults[0].wrong));
        }
    }

    fn holds(&self) {
        let app = &self.bench.app;
        let sessions = &app.sessions;
        self.check(
            sessions.get(sessions.front_id()).is_some(),
            "no session is in front",
        );
        self.check(
            sessions.get(sessions.selected()).is_some(),
            "no session is selected",
        );
        self.check(
            (1..=Sessions::MOST).contains(&sessions.len()),
            "too many sessions",
        );
        self.check(Control::ORDER.contains(&app.focus), "the focus is nowhere");
        let pane = app.focus.pane();
        self.check(
            pane != Pane::Server || app.is_there(app.focus),
            "the focus is on what is gone from the server panel",
        );
        self.check(
            !pane.is_lower() || pane == app.lower,
            "the focus is in a pane that is not seen",
        );
        self.check(
            pane.is_lower() || pane == app.end,
            "the focus is in an end that is folded",
        );
        let is_at_rest = !app.is_playing();
        self.check(
            !is_at_rest || (app.wakes_at().is_none() && !app.is_step_awaited()),
            "a script that rests wakes somebody",
        );
        self.check(
            app.lower.is_lower() && matches!(app.end, Pane::Client | Pane::Server),
            "a pane is where it cannot be",
        );
    }

    fn frame(&mut self) {
        if self.random.one_in(8) {
            let size = self.random.of(&[
                (120, 36),
                (80, 24),
                (60, 20),
                (200, 50),
                (109, 21),
                (40, 10),
                (1, 1),
            ]);
            self.bench.resize(size.0, size.1);
        }
        let screen = self.bench.screen();
        let columns = usize::from(self.bench.size().0);
        let is_tidy = screen
            .lines()
            .all(|line| line.width() <= columns && !line.chars().any(char::is_control));
        self.check(is_tidy, &screen);

        let app = &self.bench.app;
        let (sessions, list) = (&app.sessions, &app.server.connections);
        let held = sessions.iter().map(|client| client.received.held());
        self.check(
            sessions.held() == held.sum::<usize>(),
            "what sessions hold is not what is counted",
        );
        let held = list.iter().map(|connection| connection.received.held());
        self.check(
            list.held() == held.sum::<usize>(),
            "what connections hold is not what is counted",
        );
        // Each log may keep its newest block over the bound.
        let most = 2 * KEEP;
        // The largest piece that comes in one event, and what is kept of it beside its bytes.
        let block = 210 << 10;
        self.check(
            sessions.held() <= most + block * sessions.len()
                && list.held() <= most + block * list.len(),
            "too much is held",
        );
        let closed = list.iter().filter(|connection| connection.closed).count();
        self.check(
            list.open() == list.len() - closed,
            "closed connections are not counted right",
        );
        self.check(
            closed <= Connections::CLOSED_KEPT + 1 && app.server.peers.len() <= Peers::KEPT,
            "a list is not bounded",
        );
        let kept = app.calls.journal.total() - app.calls.journal.forgotten();
        self.check(
            kept <= Journal::DEFAULT_LIMIT as u64,
            "too many calls are kept",
        );
        for control in Control::ORDER {
            if let Control::Input(input) = control {
                let length = app.text(input).value().chars().count();
                self.check(length <= Field::LONGEST, "a field holds too much");
            }
        }
        if let Some(Overlay::Menu(menu)) = &app.overlay {
            let count = items(app, menu.kind).len();
            let selected = menu.selected.min(count.saturating_sub(1));
            let (columns, rows) = self.bench.size();
            if count > 0 && columns >= 60 && rows >= 20 {
                let seen = self.bench.spots().contains(&Spot::Item(selected));
                self.check(seen, "the selected item is not seen");
            }
        }
    }

    // ---- What comes --------------------------------------------------------------------------------------------

    fn message(&mut self) -> Msg {
        if let Some(key) = self.keys.pop_front() {
            return Msg::Key(key);
        }
        match self.random.below(100) {
            0 => {
                let way = self.random.of(&WAYS);
                self.keys.extend(parse("<esc><esc><esc>"));
                self.keys.extend(parse(way));
                Msg::Key(Key::plain(Code::Esc))
            }
            1..3 => {
                self.line();
                Msg::Key(Key::plain(Code::Esc))
            }
            3..45 => Msg::Key(self.key()),
            45..58 => self.click(),
            58..61 => Msg::Paste(self.text()),
            61..64 => {
                let motion = self.motion();
                Msg::Wheel(self.spot(), motion)
            }
            64..95 => {
                let count = 1 + self.random.below(4);
                Msg::Happened((0..count).map(|_| self.event()).collect())
            }
            95..98 => Msg::Saved(self.report()),
            98 if self.random.one_in(4) => {
                // Mostly it goes on by itself, and is driven by whatever comes.
                let drive = self.random.of(&["y", "yp", "y     ", "yp++++", "y +<esc>"]);
                self.keys.extend(parse(drive));
                let text = self.random.of(&SCRIPTS).to_owned();
                Msg::Loaded("random.yard".into(), Ok(text))
            }
            98 if self.random.one_in(2) => Msg::Undone(self.actor(), self.text()),
            98 => Msg::Failed(self.text()),
            _ => {
                self.bench.now += self.random.below(3_000_000) as u64;
                Msg::Now(Moment(self.bench.now))
            }
        }
    }

    /// Types a line, with Tab, history and second thoughts in between, and says it or not.
    fn line(&mut self) {
        self.keys.extend(parse("<esc><esc><esc>:"));
        // Most lines begin as the grammar has them.
        let begun = self.random.of(&[
            "client ",
            "client2 ",
            "server ",
            "server#1 ",
            "ports try ",
            "crowd start ",
            "view ",
            "save script ",
            "",
        ]);
        self.keys.extend(parse(begun));
        for _ in 0..self.random.below(6) {
            let word = self.random.of(&WORDS);
            self.keys.extend(word.chars().map(Key::char));
            let between = self.random.of(&[
                " ",
                " ",
                " ",
                " ",
                "<tab>",
                "<tab><tab>",
                "<s-tab>",
                "<left>",
                "<up>",
                "<c-w>",
                "<backspace>",
                "<c-p>",
                "<enter>",
            ]);
            self.keys.extend(parse(between));
        }
        self.keys.push_back(Key::plain(Code::Enter));
    }

    fn key(&mut self) -> Key {
        const CODES: [Code; 23] = [
            Code::Enter,
            Code::Enter,
            Code::Esc,
            Code::Esc,
            Code::Esc,
            Code::Tab,
            Code::Tab,
            Code::BackTab,
            Code::Backspace,
            Code::Delete,
            Code::Up,
            Code::Down,
            Code::Left,
            Code::Right,
            Code::Home,
            Code::End,
            Code::PageUp,
            Code::PageDown,
            Code::F(1),
            Code::F(4),
            Code::F(5),
            Code::F(6),
            Code::F(8),
        ];
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz12345[]+-? 0:./\\~";
        match self.random.below(20) {
            0..9 => Key::plain(self.random.of(&CODES)),
            9..17 => Key::char(char::from(self.random.of(LETTERS))),
            17 => Key::char(
                self.random
                    .of(&['你', '\u{301}', '\u{202e}', 'é', '\u{1b}', '\0']),
            ),
            18 => Key::ctrl(Code::Char(char::from(
                self.random.of(b"acehklpuwyz".as_slice()),
            ))),
            _ => Key::alt(Code::Char(char::from(self.random.of(b"bdf".as_slice())))),
        }
    }

    fn click(&mut self) -> Msg {
        // Mostly what is on the screen; sometimes what was on it a while ago, or never.
        if !self.random.one_in(6) {
            let (columns, rows) = self.bench.size();
            let column = self.random.below(usize::from(columns)) as u16;
            let row = self.random.below(usize::from(rows)) as u16;
            if let Some(spot) = self.bench.spot_at(column, row) {
                return Msg::Click(spot);
            }
        }
        Msg::Click(self.spot())
    }

    fn spot(&mut self) -> Spot {
        let number = self.random.below(40);
        match self.random.below(10) {
            9 => Spot::Script(self.random.of(&[
                Drive::Step,
                Drive::Play,
                Drive::GoOn,
                Drive::TakeOver,
                Drive::Again,
            ])),
            0 => Spot::Connection(ConnectionId(number as u64)),
            1 => Spot::Session(ClientId(number as u32)),
            2 => Spot::Peer(self.address()),
            3 => Spot::Item(number),
            4 => Spot::Call(self.random.below(30_000) as u64),
            5 => Spot::Overlay,
            6 => Spot::Beside,
            7 => Spot::Control(Control::Input(Input::Prompt), number),
            _ => Spot::Control(self.random.of(&Control::ORDER), number),
        }
    }

    fn motion(&mut self) -> Motion {
        self.random.of(&[
            Motion::Up,
            Motion::Down,
            Motion::WheelUp,
            Motion::WheelDown,
            Motion::PageUp,
            Motion::PageDown,
            Motion::Top,
            Motion::Bottom,
        ])
    }

    fn text(&mut self) -> String {
        let piece = self.random.of(&[
            "hello",
            "localhost:80",
            " [::1]:9 ",
            "\u{1b}[2J\u{9b}\u{202e}\r\n\0",
            "你好👩‍👩‍👧‍👦שלום",
            r"a\qb\x4\u{110000}",
            "192.0.2.1",
            "1000",
            "",
        ]);
        let count = self.random.of(&[1, 1, 1, 1, 3, 700]);
        piece.repeat(count)
    }

    fn bytes(&mut self) -> Vec<u8> {
        match self.random.below(12) {
            0 => Vec::new(),
            1 => vec![b'x'; self.random.below(200_000)],
            2 => b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n<p>".to_vec(),
            3 => b"\n\r\n".to_vec(),
            _ => {
                let count = 1 + self.random.below(40);
                (0..count).map(|_| self.random.next() as u8).collect()
            }
        }
    }

    fn address(&mut self) -> SocketAddr {
        let port = self.random.below(3_000) as u16;
        match self.random.below(4) {
            0 => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), port),
            1 => SocketAddr::from(([0, 0, 0, 0], port)),
            _ => SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    fn actor(&mut self) -> Actor {
        match self.random.below(10) {
            0..5 => {
                // Those that are there, those that were, and those that never will be.
                let id = match self.random.below(4) {
                    0 => self.bench.app.sessions.front_id(),
                    1 => ClientId(self.random.below(2_000) as u32),
                    _ => ClientId(1 + self.random.below(12) as u32),
                };
                Actor::Client(id)
            }
            5..7 => Actor::Server,
            7..9 => Actor::Connection(ConnectionId(self.random.below(600) as u64)),
            _ => Actor::Ports,
        }
    }

    fn option(&mut self) -> (SocketOption, OptionValue) {
        let value = self.random.of(&[
            OptionValue::Flag(true),
            OptionValue::Number(u32::MAX),
            OptionValue::Linger(Some(Duration::from_secs(1))),
            OptionValue::Linger(None),
        ]);
        (self.random.of(&SocketOption::ALL), value)
    }

    fn call(&mut self) -> Call {
        let fd = Fd(self.random.below(12) as i32 - 1);
        let family = self.random.of(&[Family::Inet, Family::Inet6]);
        let kind = self.random.of(&SocketKind::ALL);
        let address = self.address();
        let size = self.random.below(70_000);
        let flags = RecvFlags {
            urgent: self.random.one_in(4),
            peek: self.random.one_in(4),
        };
        let bytes = self.bytes();
        let (length, preview) = (bytes.len(), Preview::of(&bytes));
        let how = self.random.of(&ShutdownHow::ALL);
        match self.random.below(18) {
            0 => Call::Getaddrinfo {
                host: self.text(),
                service: self.text(),
                family: None,
                kind,
            },
            1 | 2 => Call::Socket { family, kind },
            3 => {
                let (option, value) = self.option();
                let setting = self.random.of(&[
                    OptionSetting::Value(option, value),
                    OptionSetting::Join(address.ip(), Interface::Any),
                    OptionSetting::Leave(address.ip(), Interface::Index(9)),
                    OptionSetting::MulticastInterface(Interface::Any),
                ]);
                Call::Setsockopt {
                    fd,
                    setting,
                    family,
                }
            }
            4 => Call::Getsockopt {
                fd,
                option: self.option().0,
                family,
            },
            5 => Call::Bind { fd, address },
            6 => Call::Listen {
                fd,
                backlog: self.random.next() as i32,
            },
            7 => Call::Getsockname { fd },
            8 => Call::Accept { fd },
            9 | 10 => Call::Connect { fd, address },
            11 => Call::Send {
                fd,
                length,
                preview,
                urgent: flags.urgent,
            },
            12 => Call::Sendto {
                fd,
                length,
                preview,
                address,
            },
            13 => Call::Recv { fd, size, flags },
            14 => Call::Recvfrom { fd, size, flags },
            15 => Call::Shutdown { fd, how },
            16 => Call::Close { fd },
            _ => Call::EpollWait { sockets: size },
        }
    }

    /// An outcome, which need not be one that the call can have.
    fn outcome(&mut self, call: &Call) -> Outcome {
        let errno = self.random.of(&[
            Errno::ECONNREFUSED,
            Errno::ECONNRESET,
            Errno::EAGAIN,
            Errno::EPIPE,
            Errno::EBADF,
            Errno::EADDRINUSE,
            Errno::ENOTCONN,
            Errno(9_999),
        ]);
        if self.random.one_in(4) {
            return Outcome::Failed(errno);
        }
        let fitting = !self.random.one_in(8);
        let fd = Fd(self.random.below(40) as i32);
        let count = self.random.below(100);
        match call {
            Call::Socket { .. } if fitting => return Outcome::Descriptor(fd),
            Call::Accept { .. } if fitting => return self.accepted(),
            Call::Connect { .. } | Call::Listen { .. } | Call::Bind { .. } | Call::Close { .. }
                if fitting =>
            {
                return Outcome::Done;
            }
            Call::Send { length, .. } | Call::Sendto { length, .. } if fitting => {
                return Outcome::Sent(*length);
            }
            _ => {}
        }
        match self.random.below(9) {
            0 => Outcome::Done,
            1 => Outcome::Descriptor(fd),
            2 => self.accepted(),
            3 => Outcome::Named(self.address()),
            4 => Outcome::Value(self.option().1),
            5 => {
                let count = self.random.below(40);
                Outcome::Resolved((0..count).map(|_| self.address()).collect())
            }
            6 => Outcome::Sent(count),
            7 => Outcome::Received {
                count,
                preview: Preview::of(&self.bytes()),
                ending: self.random.of(&[
                    Ending::Piece,
                    Ending::Stream,
                    Ending::Datagram,
                    Ending::Cut(7),
                ]),
                from: self.random.one_in(2).then(|| self.address()),
            },
            _ => self.random.of(&[
                Outcome::Cancelled,
                Outcome::LookupFailed(LookupError::Eai(-2)),
            ]),
        }
    }

    fn accepted(&mut self) -> Outcome {
        Outcome::Accepted {
            fd: Fd(self.random.below(40) as i32),
            peer: self.address(),
            connection: ConnectionId(self.random.below(600) as u64),
        }
    }

    fn event(&mut self) -> Event {
        let who = self.actor();
        let at = Moment(self.bench.now);
        match self.random.below(40) {
            0..18 => {
                self.bench.now += self.random.below(2_000) as u64;
                let (who, call, outcome) = self.returned(who);
                // Reports of different workers come late now and then.
                let late = self.random.of(&[0, 0, 0, 5_000]);
                let entered = Moment(self.bench.now.saturating_sub(late));
                let waited = self
                    .random
                    .of(&[Waited::No, Waited::InPoll, Waited::InProgress]);
                Event::Returned(CallRecord {
                    who,
                    call,
                    outcome,
                    entered,
                    returned: at,
                    took: Duration::from_micros(self.random.below(9_000_000) as u64),
                    waited,
                })
            }
            18..26 => Event::Received {
                who,
                at,
                bytes: self.bytes(),
                from: self.random.one_in(2).then(|| self.address()),
            },
            26..30 => Event::Blocked {
                who,
                call: self.call(),
                since: at,
            },
            30 => Event::Unblocked {
                who,
                function: self.random.of(&[
                    Function::Recv,
                    Function::Send,
                    Function::Connect,
                    Function::Accept,
                ]),
            },
            31 | 32 => Event::Ready {
                who,
                readiness: Readiness {
                    readable: self.random.one_in(2),
                    writable: self.random.one_in(2),
                    waiting: self.random.below(1 << 40),
                    ..Readiness::default()
                },
            },
            33 => Event::AcceptQueue {
                waiting: self.random.below(4) as u32,
                backlog: self.random.below(3) as u32,
            },
            34 => Event::Serving {
                connection: ConnectionId(self.random.below(600) as u64),
                offer: Offer {
                    service: self.random.of(&Service::ALL),
                    model: self.random.of(&Model::ALL),
                    delay: Duration::ZERO,
                },
            },
            35 => Event::TakenOver(ConnectionId(self.random.below(600) as u64)),
            36 | 37 => Event::Port(match self.random.below(6) {
                0 => PortEvent::Began(self.address().ip()),
                1 => PortEvent::Ended,
                _ => PortEvent::Tried {
                    port: self.random.next() as u16,
                    verdict: self.random.of(&[
                        PortVerdict::Open,
                        PortVerdict::Closed,
                        PortVerdict::Silent,
                        PortVerdict::Failed(Errno(9_999)),
                    ]),
                    took: Duration::ZERO,
                },
            }),
            38 if self.random.one_in(2) => Event::Accepting {
                alone: self.random.one_in(2),
            },
            39 if self.random.one_in(2) => Event::Blocking {
                who,
                on: self.random.one_in(2),
            },
            39 => Event::Settled {
                who,
                actions: self.random.below(5) as u32,
            },
            38 => Event::Panicked {
                who,
                at,
                message: self.text(),
            },
            _ => Event::Trouble {
                who,
                at,
                message: self.text(),
            },
        }
    }

    /// A call and its outcome: any of anybody, or what makes the list of connections long.
    fn returned(&mut self, who: Actor) -> (Actor, Call, Outcome) {
        let fd = Fd(self.random.below(40) as i32);
        match self.random.below(8) {
            0 => (Actor::Server, Call::Accept { fd }, self.accepted()),
            1 => {
                let number = self.random.below(600) as u64;
                let who = Actor::Connection(ConnectionId(number));
                (who, Call::Close { fd }, Outcome::Done)
            }
            _ => {
                let call = self.call();
                let outcome = self.outcome(&call);
                (who, call, outcome)
            }
        }
    }

    fn report(&mut self) -> SaveReport {
        let newest = self.open.last().map_or(1, |id| id.0);
        let id = SaveId(newest.saturating_sub(self.random.below(3) as u64));
        let path = self.text().into();
        match self.random.below(6) {
            0 => SaveReport::Exists { id, path, bytes: 9 },
            1 => SaveReport::Opened { id, path },
            2 => SaveReport::CaughtUp,
            3 => SaveReport::Failed {
                id,
                path,
                written: u64::MAX,
                left: self.random.one_in(2),
                why: self.text(),
            },
            _ => SaveReport::Finished { id, path, bytes: 7 },
        }
    }
}

// Four of them are quicker than one that goes on four times as long, where there is more than one processor.

#[test]
fn steps_of_the_first_monkey() {
    Monkey::new(1).run();
}

#[test]
fn steps_of_the_second_monkey() {
    Monkey::new(0x00dd_ba11).run();
}

#[test]
fn steps_of_the_third_monkey() {
    Monkey::new(0x5eed_5eed).run();
}

#[test]
fn steps_of_the_fourth_monkey() {
    Monkey::new(20_260_101).run();
}

#[test]
fn all_scripts_of_the_monkey_but_the_last_make_sense() {
    let is_good = SCRIPTS.map(|text| Script::read("random.yard", text).is_ok());
    assert_eq!(is_good, [true, true, true, true, false]);
}
