//! The menus: everything that can be done to a socket beside what has a button, and lists to choose from.
//!
//! [`items`] says what a menu holds now. What an item does is plain data too, a [`Chosen`]; [`super::act`] carries it
//! out.

use std::net::SocketAddr;

use super::App;
use super::saving::What;
use crate::model::{Actor, ShutdownHow, SocketOption};

/// An open menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Menu {
    /// What it lists.
    pub kind: MenuKind,
    /// Which item is selected.
    pub selected: usize,
}

/// What a menu lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MenuKind {
    /// Everything that can be done to a socket.
    Verbs(Actor),
    /// The directions of a connection.
    Shutdown(Actor),
    /// A socket's options.
    Options(Actor),
    /// Ready-made messages.
    Texts,
    /// The addresses that were resolved.
    Addresses,
}

/// Something to do to a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// `bind` to an address that is asked for.
    Bind,
    /// `send` once.
    Send,
    /// `sendto`.
    SendTo,
    /// `send` with `MSG_OOB`.
    Urgent,
    /// `send` a message of a length that is asked for, to its last byte.
    MadeUp,
    /// `send` one, once: the kernel takes what it has room for.
    MadeUpOnce,
    /// `recv` once, at most as many bytes as are asked for.
    Recv,
    /// `recv` with `MSG_OOB`.
    RecvUrgent,
    /// `recv` with `MSG_PEEK`.
    Peek,
    /// Choose a ready-made message.
    Texts,
    /// Choose a direction to shut down.
    Shutdown,
    /// `close`.
    Close,
    /// `close` so that the peer gets RST.
    Reset,
    /// Get and set options.
    Options,
    /// Make calls wait, or not.
    Blocking,
    /// Accept as connections come, or by hand.
    AcceptAlone,
    /// Save received bytes.
    Save(What),
    /// Stop saving.
    StopSaving,
    /// Join a multicast group.
    Join,
    /// Leave it.
    Leave,
    /// Choose the interface that multicast datagrams go out by.
    MulticastInterface,
    /// Choose an address among those that were resolved.
    Addresses,
    /// Give the session a name.
    Name,
    /// Open another session.
    Open,
    /// End this session.
    End,
    /// The menu of another socket of the same end.
    Other(Actor),
}

/// What choosing an item does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// This to that socket.
    Do(Actor, Verb),
    /// `shutdown` this direction.
    Shutdown(Actor, ShutdownHow),
    /// Get or set this option.
    Option(Actor, SocketOption),
    /// Get all of them.
    AllOptions(Actor),
    /// Put this text into the field of the message.
    Text(String),
    /// Put this address into the fields for host and port.
    Address(SocketAddr),
}

/// A row of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The letter that chooses it.
    pub letter: char,
    /// What it is, in a word or two.
    pub name: String,
    /// What it does.
    pub detail: String,
    /// What choosing it does.
    pub chosen: Chosen,
}

/// The letters of a list, in their order.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";

/// What the menu's heading says.
#[must_use]
pub fn title(kind: MenuKind) -> String {
    match kind {
        MenuKind::Verbs(who) => format!("{who} ─ what else can be done"),
        MenuKind::Shutdown(who) => format!("{who} ─ shutdown"),
        MenuKind::Options(who) => format!("{who} ─ socket options"),
        MenuKind::Texts => "ready-made messages".to_owned(),
        MenuKind::Addresses => "addresses, in the resolver's order".to_owned(),
    }
}

/// What the menu holds now.
#[must_use]
pub fn items(app: &App, kind: MenuKind) -> Vec<Item> {
    match kind {
        MenuKind::Verbs(who) => verbs(app, who),
        MenuKind::Shutdown(who) => ShutdownHow::ALL
            .into_iter()
            .map(|how| {
                let (letter, detail) = match how {
                    ShutdownHow::Write => ('w', "send no more: the peer's recv returns 0 (FIN)"),
                    ShutdownHow::Read => ('r', "receive no more; nothing is told to the peer"),
                    ShutdownHow::Both => ('b', "both"),
                };
                Item {
                    letter,
                    name: how.to_string(),
                    detail: detail.to_owned(),
                    chosen: Chosen::Shutdown(who, how),
                }
            })
            .collect(),
        MenuKind::Options(who) => options(app, who),
        MenuKind::Texts => texts(app),
        MenuKind::Addresses => {
            let addresses = &app.client().addresses;
            LETTERS
                .chars()
                .zip(addresses)
                .map(|(letter, address)| Item {
                    letter,
                    name: address.ip().to_string(),
                    detail: format!("port {}", address.port()),
                    chosen: Chosen::Address(*address),
                })
                .collect()
        }
    }
}

/// A row of the menu of verbs: its letter, what it does, its name, and that in a line.
type Row = (char, Verb, &'static str, &'static str);

const BIND: Row = (
    'b',
    Verb::Bind,
    "bind",
    "to a source address and port, before connect",
);
const OPTIONS: Row = (
    'p',
    Verb::Options,
    "options",
    "getsockopt, setsockopt: TCP_NODELAY, SO_RCVBUF, …",
);
const JOIN: Row = ('j', Verb::Join, "join", "a multicast group (UDP)");
const LEAVE: Row = ('v', Verb::Leave, "leave", "a multicast group");
const RESET: Row = (
    'x',
    Verb::Reset,
    "reset",
    "SO_LINGER 0 and close: the peer gets RST",
);

/// What is sent and received in other ways than by the buttons.
#[rustfmt::skip]
const MESSAGES: [Row; 5] = [
    ('u', Verb::Urgent, "send urgent", "what is typed, its last byte urgent (MSG_OOB)"),
    ('w', Verb::RecvUrgent, "recv urgent", "the urgent byte (MSG_OOB)"),
    ('g', Verb::Peek, "peek", "recv and leave it in the queue (MSG_PEEK)"),
    ('m', Verb::MadeUp, "made up", "send a message of n bytes (sendall)"),
    ('f', Verb::MadeUpOnce, "made up once", "n bytes with one send: how many does it take?"),
];

#[rustfmt::skip]
const SESSION: [Row; 6] = [
    ('t', Verb::Texts, "texts", "ready-made messages: an HTTP request, …"),
    ('a', Verb::Addresses, "addresses", "choose among those that getaddrinfo found"),
    ('i', Verb::MulticastInterface, "interface", "by which multicast goes out"),
    ('n', Verb::Name, "name", "call this session something"),
    ('+', Verb::Open, "open", "another session"),
    ('-', Verb::End, "end", "close the socket and end this session"),
];

#[rustfmt::skip]
const CONNECTION: [Row; 4] = [
    ('n', Verb::Send, "send", "the answer, with one call"),
    ('r', Verb::Recv, "recv", "once, by hand: its service gives way to you"),
    ('d', Verb::Shutdown, "shutdown", "one direction, or both"),
    ('l', Verb::Close, "close", "this connection"),
];

#[rustfmt::skip]
const UDP_SERVER: [Row; 2] = [
    ('n', Verb::SendTo, "sendto", "the answer to the selected peer"),
    ('r', Verb::Recv, "recvfrom", "once, by hand"),
];

const CLOSE_ALONE: Row = (
    'l',
    Verb::Close,
    "close",
    "the server's socket alone: connections live on",
);

fn verbs(app: &App, who: Actor) -> Vec<Item> {
    let mut rows: Vec<Row> = Vec::new();
    match who {
        Actor::Client(_) => {
            rows.extend([BIND, OPTIONS, blocking(app, who)]);
            rows.extend(MESSAGES);
            rows.push(RESET);
            rows.extend(saving(app, who));
            rows.extend([JOIN, LEAVE]);
            rows.extend(SESSION);
        }
        Actor::Connection(_) => {
            rows.extend(CONNECTION);
            rows.extend(MESSAGES);
            rows.extend([RESET, OPTIONS, blocking(app, who)]);
            rows.extend(saving(app, who));
            let other = Verb::Other(Actor::Server);
            rows.push((
                'o',
                other,
                "server",
                "what can be done to the server's own socket",
            ));
        }
        Actor::Server => {
            if app.server.is_udp() {
                rows.extend(UDP_SERVER);
                rows.extend([JOIN, LEAVE]);
                rows.extend(saving(app, who));
            } else {
                rows.push(accepting(app));
            }
            rows.extend([OPTIONS, blocking(app, who), CLOSE_ALONE]);
            if let Some(connection) = app.server.connections.current().filter(|c| !c.closed) {
                let other = Verb::Other(connection.who());
                let detail = "what can be done to the selected connection";
                rows.push(('o', other, "connection", detail));
            }
        }
        Actor::Ports => {}
    }
    rows.into_iter()
        .map(|(letter, verb, name, detail)| Item {
            letter,
            name: name.to_owned(),
            detail: detail.to_owned(),
            chosen: Chosen::Do(who, verb),
        })
        .collect()
}

/// The switch as it would be thrown now.
fn blocking(app: &App, who: Actor) -> Row {
    let detail = if app.known(who).is_none_or(|known| known.blocks) {
        "non-blocking: calls return EAGAIN rather than wait"
    } else {
        "blocking: calls wait until they can be carried out"
    };
    ('k', Verb::Blocking, "blocking", detail)
}

fn accepting(app: &App) -> Row {
    let detail = if app.server.accepts_alone {
        "by hand: connections wait in the accept queue"
    } else {
        "connections as they come"
    };
    ('a', Verb::AcceptAlone, "accept", detail)
}

fn saving(app: &App, who: Actor) -> Vec<Row> {
    if app.saves.of(who).is_some() {
        let detail = "what is written so far is kept";
        return vec![('q', Verb::StopSaving, "stop saving", detail)];
    }
    let (whole, body) = (Verb::Save(What::Whole), Verb::Save(What::Body));
    vec![
        (
            's',
            whole,
            "save",
            "everything received, to the end of the stream",
        ),
        (
            'y',
            body,
            "save body",
            "what follows the first empty line (HTTP)",
        ),
    ]
}

fn options(app: &App, who: Actor) -> Vec<Item> {
    let known = app.known(who);
    let inet6 = known.is_some_and(|known| known.family.is_inet6());
    let all = Item {
        letter: 'z',
        name: "get all of them".to_owned(),
        detail: String::new(),
        chosen: Chosen::AllOptions(who),
    };
    LETTERS
        .chars()
        .zip(SocketOption::ALL)
        .map(|(letter, option)| {
            let value = known.and_then(|known| known.value(option));
            let value = value.map_or_else(|| "?".to_owned(), |value| value.to_string());
            let name = option.qualified(inet6);
            let name = name.rsplit(' ').next().unwrap_or_default();
            Item {
                letter,
                name: format!("{name:<19} {value:>7}"),
                detail: option.summary().to_owned(),
                chosen: Chosen::Option(who, option),
            }
        })
        .chain([all])
        .collect()
}

/// Messages worth sending; `{host}` stands for the host and port in the fields.
const TEXTS: [(&str, &str); 8] = [
    (
        "a web page",
        r"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    ),
    (
        "its headers alone",
        r"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    ),
    ("the oldest way", r"GET / HTTP/1.0\r\n\r\n"),
    (
        "a page that is not there",
        r"GET /nowhere HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
    ),
    ("a bad request", r"nonsense\r\n\r\n"),
    ("a name, for hello", "ning"),
    ("the end, for hello", "exit"),
    ("a ping, for redis", r"PING\r\n"),
];

fn texts(app: &App) -> Vec<Item> {
    let client = app.client();
    let (host, port) = (client.host.value(), client.port.value());
    let host = match (host.contains(':') && !host.starts_with('['), port) {
        (true, "80" | "http") => format!("[{host}]"),
        (false, "80" | "http") => host.to_owned(),
        (true, port) => format!("[{host}]:{port}"),
        (false, port) => format!("{host}:{port}"),
    };
    LETTERS
        .chars()
        .zip(TEXTS)
        .map(|(letter, (name, text))| {
            let text = text.replace("{host}", &host);
            Item {
                letter,
                name: name.to_owned(),
                detail: text.clone(),
                chosen: Chosen::Text(text),
            }
        })
        .collect()
}
