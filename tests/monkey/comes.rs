//! What comes of the person: keys, lines, clicks, the wheel, pastes, other sizes. What comes of everybody else is in
//! `events`.

use ratatui::layout::Size;
use sockyard::app::bytes::Motion;
use sockyard::app::control::{Control, Input};
use sockyard::app::key::{Code, Key};
use sockyard::app::script::watched::Drive;
use sockyard::app::{Msg, Spot};
use sockyard::model::{ClientId, ConnectionId, Moment};
use sockyard::ui::theme::{Charset, Palette, Theme};

use crate::run::Monkey;
use crate::support::parse;

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

/// Sizes that terminals have, and the smallest in which the program works.
const SIZES: [Size; 8] = [
    Size::new(120, 36),
    Size::new(80, 24),
    Size::new(60, 20),
    Size::new(60, 15),
    Size::new(200, 50),
    Size::new(109, 21),
    Size::new(40, 10),
    Size::new(59, 19),
];

impl Monkey {
    pub fn message(&mut self) -> Msg {
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
                self.now += self.random.below(3_000_000) as u64;
                Msg::Now(Moment(self.now))
            }
        }
    }

    /// Another size and other colours: mostly what terminals have, sometimes anything, and now and then next to nothing.
    pub fn another_size(&mut self) {
        let size = match self.random.below(8) {
            0 => Size::new(1, 1),
            1 => {
                let columns = 1 + self.random.below(300);
                Size::new(columns as u16, 1 + self.random.below(100) as u16)
            }
            2 => Size::new(300, 100),
            _ => self.random.of(&SIZES),
        };
        let palette = self.random.of(&[Palette::Colour, Palette::Plain]);
        let charset = self.random.of(&[Charset::Unicode, Charset::Ascii]);
        self.screen.theme = Theme::new(palette, charset);
        self.screen.resize(size);
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
            let size = self.screen.size();
            let column = self.random.below(usize::from(size.width)) as u16;
            let row = self.random.below(usize::from(size.height)) as u16;
            if let Some(spot) = self.frame.drawn.spot(column, row) {
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

    pub fn text(&mut self) -> String {
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
}
