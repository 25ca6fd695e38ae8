//! An app under test: keys as strings, events as a worker would report them, the screen as text.

use std::net::SocketAddr;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use sockyard::app::key::{Code, Key};
use sockyard::app::{App, Effect, Msg, Overlay, Settings, Spot};
use sockyard::model::call::Ending;
use sockyard::model::{
    Action, Actor, Address, Call, CallRecord, ClientAction, ClientId, ConnectionId, Errno, Event,
    Family, Fd, Moment, Offer, OptionSetting, OptionValue, Outcome, Preview, RecvFlags,
    ServerAction, SocketAction, SocketKind, SocketOption, Target, Waited, WallClock,
};
use sockyard::ui::theme::{Charset, Palette, Theme};
use sockyard::ui::{Drawn, draw};
use unicode_width::UnicodeWidthStr;

pub const CLIENT: Actor = Actor::Client(ClientId::FIRST);
pub const SERVER: Actor = Actor::Server;

/// The first connection that the server accepts.
pub const fn connection(number: u64) -> Actor {
    Actor::Connection(ConnectionId(number))
}

/// The client session with this number.
pub const fn client(number: u32) -> Actor {
    Actor::Client(ClientId(number))
}

/// An action of the first session.
pub const fn by_client(action: ClientAction) -> Action {
    Action::Client(ClientId::FIRST, action)
}

/// An action on the first session's socket.
pub const fn on_client(action: SocketAction) -> Action {
    by_client(ClientAction::On(action))
}

/// An action on the server's own socket.
pub const fn on_server(action: SocketAction) -> Action {
    Action::Server(ServerAction::On(action))
}

/// One `send`.
pub fn send_once(bytes: &[u8]) -> SocketAction {
    SocketAction::Send {
        bytes: bytes.to_vec(),
        urgent: false,
    }
}

/// One `recv` without flags.
pub fn recv_once(size: usize) -> SocketAction {
    SocketAction::Recv {
        size,
        flags: RecvFlags::default(),
    }
}

/// A TCP target of any family.
pub fn target(host: &str, port: &str) -> Target {
    Target::stream(Address {
        host: host.to_owned(),
        port: port.to_owned(),
    })
}

/// `socket(AF_INET, SOCK_STREAM)`
pub const SOCKET: Call = Call::Socket {
    family: Family::Inet,
    kind: SocketKind::Stream,
};

/// `socket(AF_INET, SOCK_DGRAM)`
pub const UDP_SOCKET: Call = Call::Socket {
    family: Family::Inet,
    kind: SocketKind::Datagram,
};

/// `send` without flags.
pub fn send(fd: i32, bytes: &[u8]) -> Call {
    Call::Send {
        fd: Fd(fd),
        length: bytes.len(),
        preview: Preview::of(bytes),
        urgent: false,
    }
}

/// `recv` without flags.
pub fn recv(fd: i32) -> Call {
    Call::Recv {
        fd: Fd(fd),
        size: 65_536,
        flags: RecvFlags::default(),
    }
}

/// `recvfrom` without flags.
pub fn recvfrom(fd: i32) -> Call {
    Call::Recvfrom {
        fd: Fd(fd),
        size: 65_536,
        flags: RecvFlags::default(),
    }
}

/// What a `recv` on a TCP socket returns.
pub fn piece(bytes: &[u8]) -> Outcome {
    Outcome::Received {
        count: bytes.len(),
        preview: Preview::of(bytes),
        ending: if bytes.is_empty() {
            Ending::Stream
        } else {
            Ending::Piece
        },
        from: None,
    }
}

/// An address on loopback.
pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// An app, a clock that stands still unless it is moved, and a screen.
pub struct Bench {
    pub app: App,
    pub now: u64,
    terminal: Terminal<TestBackend>,
    theme: Theme,
    drawn: Drawn,
}

impl Bench {
    /// An app on a screen of this size, at two in the afternoon.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self::with_theme(columns, rows, Theme::new(Palette::Colour, Charset::Unicode))
    }

    /// The same where each socket keeps so many bytes.
    pub fn with_keep(columns: u16, rows: u16, keep: usize) -> Self {
        let mut bench = Self::new(columns, rows);
        bench.app = App::new(&Settings {
            keep,
            ..Settings::default()
        });
        bench
    }

    /// See [`Bench::new`].
    pub fn with_theme(columns: u16, rows: u16, theme: Theme) -> Self {
        let settings = Settings {
            clock: WallClock {
                start_of_day_offset: 14 * 3_600 * 1_000_000,
            },
            ..Settings::default()
        };
        let terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a test terminal");
        let mut bench = Self {
            app: App::new(&settings),
            now: 0,
            terminal,
            theme,
            drawn: Drawn::default(),
        };
        bench.draw();
        bench
    }

    /// Presses keys: characters as they are, others as `<enter>`, `<c-c>`, `<a-b>`. Gives back all effects.
    pub fn keys(&mut self, keys: &str) -> Vec<Effect> {
        parse(keys)
            .into_iter()
            .flat_map(|key| self.app.update(Msg::Key(key)))
            .collect()
    }

    /// Presses keys that are to have one effect, an action.
    pub fn action(&mut self, keys: &str) -> Action {
        let effects = self.keys(keys);
        let [Effect::Perform(action)] = &effects[..] else {
            panic!("{keys}: {effects:?}");
        };
        action.clone()
    }

    /// Reports events.
    pub fn happened(&mut self, events: Vec<Event>) -> Vec<Effect> {
        self.app.update(Msg::Happened(events))
    }

    /// Reports a call that returned a tenth of a millisecond after it was made, and moves the clock on as much.
    pub fn returned(&mut self, who: Actor, call: Call, outcome: Outcome) -> Vec<Effect> {
        self.now += 100;
        let record = CallRecord {
            who,
            call,
            outcome,
            entered: Moment(self.now),
            returned: Moment(self.now),
            took: Duration::from_micros(100),
            waited: Waited::No,
        };
        self.happened(vec![Event::Returned(record)])
    }

    /// Reports that a call waits from now on.
    pub fn blocked(&mut self, who: Actor, call: Call) {
        let since = Moment(self.now);
        self.happened(vec![Event::Blocked { who, call, since }]);
    }

    /// Reports a recv that returned `bytes`; none of them is the end of the stream.
    pub fn received(&mut self, who: Actor, fd: i32, bytes: &[u8]) {
        self.returned(who, recv(fd), piece(bytes));
        if !bytes.is_empty() {
            let at = Moment(self.now);
            let bytes = bytes.to_vec();
            let from = None;
            self.happened(vec![Event::Received {
                who,
                at,
                bytes,
                from,
            }]);
        }
    }

    /// Reports a datagram from this port, of which `lost` bytes were cut off.
    pub fn datagram(&mut self, who: Actor, fd: i32, bytes: &[u8], port: u16, lost: usize) {
        let from = Some(loopback(port));
        let outcome = Outcome::Received {
            count: bytes.len(),
            preview: Preview::of(bytes),
            ending: match lost {
                0 => Ending::Datagram,
                lost => Ending::Cut(lost),
            },
            from,
        };
        self.returned(who, recvfrom(fd), outcome);
        let at = Moment(self.now);
        let bytes = bytes.to_vec();
        self.happened(vec![Event::Received {
            who,
            at,
            bytes,
            from,
        }]);
    }

    /// Reports a send of which the kernel took all.
    pub fn sent(&mut self, who: Actor, fd: i32, bytes: &[u8]) {
        self.returned(who, send(fd, bytes), Outcome::Sent(bytes.len()));
    }

    /// Reports the calls of a server that starts to listen on port 8888 with descriptor 5.
    pub fn server_listens(&mut self) {
        let (fd, address) = (Fd(5), loopback(8888));
        let reuse = Call::Setsockopt {
            fd,
            setting: OptionSetting::Value(SocketOption::ReuseAddress, OptionValue::Flag(true)),
            family: Family::Inet,
        };
        self.returned(SERVER, SOCKET, Outcome::Descriptor(fd));
        self.returned(SERVER, reuse, Outcome::Done);
        self.returned(SERVER, Call::Bind { fd, address }, Outcome::Done);
        self.returned(SERVER, Call::Listen { fd, backlog: 10 }, Outcome::Done);
        self.returned(SERVER, Call::Getsockname { fd }, Outcome::Named(address));
        self.accepting(true);
        self.blocked(SERVER, Call::Accept { fd });
    }

    /// Reports whether the server accepts as connections come, as it does whenever it begins to listen: alone after a
    /// start, by hand after a listen by hand.
    pub fn accepting(&mut self, alone: bool) {
        self.happened(vec![Event::Accepting { alone }]);
    }

    /// Reports whether calls on this socket wait, as its worker does when that has changed.
    pub fn blocking(&mut self, who: Actor, on: bool) {
        self.happened(vec![Event::Blocking { who, on }]);
    }

    /// Reports the calls of a client that connects to port 8888 with descriptor 7.
    pub fn client_connects(&mut self) {
        self.connects(CLIENT, 7, 53_422);
    }

    /// Reports the calls of a client that connects to port 8888 with this descriptor from this port. Gives back what the
    /// app asks for at the end of them.
    pub fn connects(&mut self, who: Actor, fd: i32, port: u16) -> Vec<Effect> {
        let (fd, address) = (Fd(fd), loopback(8888));
        let resolve = Call::Getaddrinfo {
            host: "127.0.0.1".to_owned(),
            service: "8888".to_owned(),
            family: None,
            kind: SocketKind::Stream,
        };
        let mut effects = self.returned(who, resolve, Outcome::Resolved(vec![address]));
        effects.extend(self.returned(who, SOCKET, Outcome::Descriptor(fd)));
        effects.extend(self.returned(who, Call::Connect { fd, address }, Outcome::Done));
        let named = Outcome::Named(loopback(port));
        effects.extend(self.returned(who, Call::Getsockname { fd }, named));
        self.blocked(who, recv(fd.0));
        effects
    }

    /// Reports the calls of a UDP server that starts on port 8888 with descriptor 5.
    pub fn udp_server_starts(&mut self) {
        let (fd, address) = (Fd(5), loopback(8888));
        self.returned(SERVER, UDP_SOCKET, Outcome::Descriptor(fd));
        self.returned(SERVER, Call::Bind { fd, address }, Outcome::Done);
        self.returned(SERVER, Call::Getsockname { fd }, Outcome::Named(address));
        self.blocked(SERVER, recvfrom(5));
    }

    /// Reports that the server gave a connection this.
    pub fn serving(&mut self, number: u64, offer: Offer) {
        let connection = ConnectionId(number);
        self.happened(vec![Event::Serving { connection, offer }]);
    }

    /// What is open above the panes, in a word or two.
    pub fn open(&self) -> String {
        match &self.app.overlay {
            None => "nothing".to_owned(),
            Some(Overlay::Help(_)) => "help".to_owned(),
            Some(Overlay::Call(number, _)) => format!("call {number}"),
            Some(Overlay::Menu(menu)) => format!("menu {:?}", menu.kind),
            Some(Overlay::Prompt(prompt)) => {
                format!("prompt {:?} {:?}", prompt.about, prompt.field.value())
            }
            Some(Overlay::Script(_)) => "script".to_owned(),
            Some(Overlay::Command(line)) => {
                format!("{:?} {:?}", line.face, line.field.value())
            }
            Some(Overlay::Question(question)) => format!("question {}", question.title()),
        }
    }

    /// What is said in the footer.
    pub fn told(&self) -> String {
        let notice = self.app.notice.clone();
        notice.map(|notice| notice.text).unwrap_or_default()
    }

    /// Reports that the server accepted connection `number` as descriptor `fd` from `port`.
    pub fn accepted(&mut self, number: u64, fd: i32, port: u16) {
        let outcome = Outcome::Accepted {
            fd: Fd(fd),
            peer: loopback(port),
            connection: ConnectionId(number),
        };
        self.returned(SERVER, Call::Accept { fd: Fd(5) }, outcome);
        self.blocked(connection(number), recv(fd));
    }

    /// A server with two connections, the client's and another's, and one echo each.
    pub fn echo_session(&mut self) {
        self.keys("s");
        self.server_listens();
        self.keys("c");
        self.client_connects();
        self.accepted(1, 8, 53_422);
        self.now += 800_000;
        self.sent(CLIENT, 7, "hello, 你好\r\n".as_bytes());
        self.received(connection(1), 8, "hello, 你好\r\n".as_bytes());
        self.sent(connection(1), 8, "hello, 你好\r\n".as_bytes());
        self.received(CLIENT, 7, "hello, 你好\r\n".as_bytes());
        self.accepted(2, 9, 53_424);
        self.received(connection(2), 9, b"\x1b[2Jcurl\x00");
        self.sent(connection(2), 9, b"\x1b[2Jcurl\x00");
        self.received(connection(2), 9, b"");
        for (who, fd) in [(CLIENT, 7), (connection(1), 8)] {
            self.blocked(who, recv(fd));
        }
        self.blocked(SERVER, Call::Accept { fd: Fd(5) });
    }

    /// Reports a connect to a port on which nobody listens.
    pub fn refused(&mut self) {
        let (fd, address) = (Fd(7), loopback(81));
        self.returned(CLIENT, SOCKET, Outcome::Descriptor(fd));
        let refused = Outcome::Failed(Errno::ECONNREFUSED);
        self.returned(CLIENT, Call::Connect { fd, address }, refused);
        self.returned(CLIENT, Call::Close { fd }, Outcome::Done);
    }

    /// Draws, and lets the app know what room there was.
    pub fn draw(&mut self) {
        self.app.update(Msg::Now(Moment(self.now)));
        let Self {
            app,
            terminal,
            theme,
            drawn,
            ..
        } = self;
        terminal
            .draw(|frame| *drawn = draw(app, *theme, frame))
            .expect("drawing to memory");
        let rooms = self.drawn.rooms;
        self.app.update(Msg::Drawn(rooms));
    }

    /// The screen as text, one line a row, without the blanks at the right.
    pub fn screen(&mut self) -> String {
        self.draw();
        text(self.terminal.backend().buffer())
    }

    /// The buffer behind the screen, for styles.
    pub fn buffer(&mut self) -> Buffer {
        self.draw();
        self.terminal.backend().buffer().clone()
    }

    /// Where the terminal's cursor stands: column, row.
    pub fn cursor(&mut self) -> (u16, u16) {
        self.draw();
        let at = self.terminal.backend().cursor_position();
        (at.x, at.y)
    }

    /// What answers to the mouse at the first place where `text` stands on the screen.
    pub fn spot(&mut self, text: &str) -> Spot {
        let screen = self.screen();
        let (row, line) = screen
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(text))
            .unwrap_or_else(|| panic!("{text:?} is not on\n{screen}"));
        let column = line[..line.find(text).unwrap_or(0)].width();
        self.drawn
            .spot(column as u16, row as u16)
            .unwrap_or_else(|| panic!("nothing answers at {text:?} on\n{screen}"))
    }

    /// What answers to the mouse at this cell of the last frame.
    pub fn spot_at(&self, column: u16, row: u16) -> Option<Spot> {
        self.drawn.spot(column, row)
    }

    /// How many columns and rows the screen has.
    pub fn size(&self) -> (u16, u16) {
        let area = self.terminal.backend().buffer().area;
        (area.width, area.height)
    }

    /// Everything that answers to the mouse, with the text of its cells, as it is drawn anew.
    pub fn texts(&mut self) -> Vec<(Spot, String)> {
        self.draw();
        let (columns, rows) = self.size();
        let buffer = self.terminal.backend().buffer();
        let mut found: Vec<(Spot, String)> = Vec::new();
        let mut last = 0;
        for row in 0..rows {
            for column in 0..columns {
                let Some(spot) = self.drawn.spot(column, row).map(without_column) else {
                    continue;
                };
                if found.get(last).is_none_or(|(other, _)| *other != spot) {
                    last = found
                        .iter()
                        .position(|(other, _)| *other == spot)
                        .unwrap_or(found.len());
                }
                if last == found.len() {
                    found.push((spot, String::new()));
                }
                found[last].1.push_str(buffer[(column, row)].symbol());
            }
        }
        found
    }

    /// Everything that answers to the mouse somewhere on the screen, as it is drawn anew.
    pub fn spots(&mut self) -> Vec<Spot> {
        self.draw();
        let (columns, rows) = self.size();
        let mut found: Vec<Spot> = Vec::new();
        for row in 0..rows {
            for column in 0..columns {
                let spot = self.drawn.spot(column, row).map(without_column);
                found.extend(spot.filter(|spot| !found.contains(spot)));
            }
        }
        found
    }

    /// Clicks where `text` stands.
    pub fn click(&mut self, text: &str) -> Vec<Effect> {
        let spot = self.spot(text);
        self.app.update(Msg::Click(spot))
    }
}

/// A control's spot, whichever of its columns is meant.
fn without_column(spot: Spot) -> Spot {
    match spot {
        Spot::Control(control, _) => Spot::Control(control, 0),
        other => other,
    }
}

/// A buffer as text; a wide character is one character, not one and a blank.
fn text(buffer: &Buffer) -> String {
    let mut screen = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += (symbol.width() as u16).max(1);
        }
        screen.push_str(line.trim_end());
        screen.push('\n');
    }
    screen
}

/// The keys that `text` spells.
pub fn parse(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '<'
            && let Some(end) = rest.find('>')
        {
            keys.push(named(&rest[1..end]));
            rest = &rest[end + 1..];
        } else {
            keys.push(Key::char(c));
            rest = &rest[c.len_utf8()..];
        }
    }
    keys
}

fn named(name: &str) -> Key {
    if let Some(rest) = name.strip_prefix("c-") {
        return Key {
            ctrl: true,
            ..named(rest)
        };
    }
    if let Some(rest) = name.strip_prefix("a-") {
        return Key {
            alt: true,
            ..named(rest)
        };
    }
    Key::plain(match name {
        "enter" => Code::Enter,
        "esc" => Code::Esc,
        "tab" => Code::Tab,
        "s-tab" => Code::BackTab,
        "up" => Code::Up,
        "down" => Code::Down,
        "left" => Code::Left,
        "right" => Code::Right,
        "home" => Code::Home,
        "end" => Code::End,
        "pgup" => Code::PageUp,
        "pgdn" => Code::PageDown,
        "backspace" => Code::Backspace,
        "del" => Code::Delete,
        "f1" => Code::F(1),
        "f2" => Code::F(2),
        "f3" => Code::F(3),
        "f4" => Code::F(4),
        "f5" => Code::F(5),
        "f6" => Code::F(6),
        "f8" => Code::F(8),
        one if one.chars().count() == 1 => Code::Char(one.chars().next().unwrap_or(' ')),
        other => panic!("no key is named {other}"),
    })
}
