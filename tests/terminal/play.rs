//! What the tests of this crate do again and again: start the playground on ports of their own, press keys and wait,
//! and be the peer at the other end with plain `std::net`.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

use vt100::Screen;

use super::pty::{LIMIT, Pty, shows, sockyard};

/// On the screen once the client is connected; its focus is then on the message.
pub const CONNECTED: &str = "client ─ ESTABLISHED";

/// To the field for the client's port, and with what was in it gone; from everywhere.
pub const CLIENT_PORT: &str = "<f2><s-tab><s-tab><s-tab><s-tab><s-tab><c-u>";
/// The same for the server's port.
pub const SERVER_PORT: &str = "<f3><s-tab><s-tab><s-tab><s-tab><s-tab><s-tab><c-u>";
/// To the list of connections, from everywhere.
pub const CONNECTIONS: &str = "<f3><tab><tab><tab><tab><tab><tab>";

/// The playground with its server on a port that the kernel chose; gives back that port too.
#[track_caller]
pub fn served(args: &[&str], cols: u16, rows: u16) -> (Pty, u16) {
    let serve = ["--serve", "127.0.0.1:0"];
    let pty = sockyard(&[&serve[..], args].concat(), cols, rows);
    let port = port_of(&pty);
    (pty, port)
}

/// The port on which the header says that the server listens.
#[track_caller]
pub fn port_of(pty: &Pty) -> u16 {
    pty.wait_text(" LISTEN ");
    let screen = pty.screen();
    let (_, after) = screen.split_once("server 127.0.0.1:").expect("the header");
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}

/// Connects the client to `port` by keys, from wherever the focus is.
#[track_caller]
pub fn connect(pty: &Pty, port: u16) {
    pty.keys(&format!("{CLIENT_PORT}{port}<enter>"));
    pty.wait_text(CONNECTED);
}

/// The playground with its client connected to its own server.
#[track_caller]
pub fn talking(args: &[&str], cols: u16, rows: u16) -> (Pty, u16) {
    let (pty, port) = served(args, cols, rows);
    connect(&pty, port);
    pty.wait_text("1 connected");
    (pty, port)
}

/// Whether some row of `screen` has all of `parts`, wherever in it.
pub fn shows_row(screen: &Screen, parts: &[&str]) -> bool {
    let rows = screen.contents();
    rows.lines()
        .any(|row| parts.iter().all(|part| row.contains(part)))
}

/// What stands at the sides of a pane.
const BORDERS: [char; 3] = ['│', '┃', '|'];

/// Returns when the bytes shown on the server's side are those of connection `number`, which are `length` in all.
#[track_caller]
pub fn wait_received(pty: &Pty, number: usize, length: usize) {
    let (connection, received) = (format!("server#{number} "), format!(" {length} B in "));
    pty.wait(&format!("{connection}{received}"), |screen| {
        let contents = screen.contents();
        let mut rows = contents.lines();
        // Below the row for answers are the bytes.
        let answers = |row: &&str| row.contains(&connection) && row.contains("[cLose]");
        rows.find(answers).is_some()
            && rows.next().is_some_and(|row| {
                let pane = row.trim_end().trim_end_matches(BORDERS);
                let heading = pane.rsplit(BORDERS).next().unwrap_or_default();
                format!(" {heading}").contains(&received)
            })
    });
}

/// Returns when every call that connecting leads to has returned or is blocked, at the size of 120x36 or more: from
/// then on the screen stays as it is.
#[track_caller]
pub fn wait_quiet(pty: &Pty) {
    pty.wait("the end of connecting", |screen| {
        let calls = [
            "client    getsockname(",
            "client    recv(",
            "server#1  recv(",
        ];
        calls.iter().all(|call| shows(screen, call))
    });
}

/// The playground with its client connected to a peer that the test is.
#[track_caller]
pub fn with_peer(args: &[&str], cols: u16, rows: u16) -> (Pty, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let connect = ["--connect", &address];
    let pty = sockyard(&[&connect[..], args].concat(), cols, rows);
    // The kernel has shaken hands by then, so that accept returns at once.
    pty.wait_text(CONNECTED);
    pty.wait_text("client    recv(");
    (pty, Peer::accept(&listener))
}

/// Takes the focus out of a text field, to the button of its row.
#[track_caller]
pub fn leave_field(pty: &Pty) {
    pty.wait_text("leave the field");
    pty.keys("<esc>");
    pty.wait_gone("leave the field");
}

/// A port of this machine on which nobody listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}

/// The other end of a connection. Nothing that it does waits for longer than the limit.
pub struct Peer(TcpStream);

impl Peer {
    fn new(stream: TcpStream) -> Self {
        for set in [
            stream.set_read_timeout(Some(LIMIT)),
            stream.set_write_timeout(Some(LIMIT)),
            stream.set_nodelay(true),
        ] {
            set.expect("a socket takes its options");
        }
        Peer(stream)
    }

    /// Accepts the playground's client, which has connected.
    #[track_caller]
    pub fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().expect("the client is in the backlog");
        Peer::new(stream)
    }

    /// Connects to the playground's server.
    #[track_caller]
    pub fn dial(port: u16) -> Self {
        Peer::new(TcpStream::connect(("127.0.0.1", port)).expect("the server listens"))
    }

    /// The port at this end, which the playground shows as the peer's.
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("it is connected").port()
    }

    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the playground receives");
    }

    /// Sends while the other end of the connection is open; gives back whether it was.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Sends, and receives as much at the most; gives back whether the other end of the connection was open.
    pub fn exchange(&mut self, bytes: &[u8]) -> bool {
        let sent = self.0.write_all(bytes).is_ok();
        sent && self
            .0
            .read(&mut vec![0; bytes.len()])
            .is_ok_and(|count| count > 0)
    }

    /// Receives as many bytes as `expected` has, which are to be these.
    #[track_caller]
    pub fn expect(&mut self, expected: &[u8]) {
        let mut bytes = vec![0; expected.len()];
        self.0.read_exact(&mut bytes).expect("the playground sends");
        assert_eq!(
            bytes.escape_ascii().to_string(),
            expected.escape_ascii().to_string()
        );
    }

    /// Receives until the playground's end of the connection is closed, in order or not; gives back what came first.
    #[track_caller]
    pub fn drain(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let end = self.0.read_to_end(&mut bytes);
        let kind = end.err().map(|error| error.kind());
        assert!(
            matches!(kind, None | Some(ErrorKind::ConnectionReset)),
            "{kind:?}"
        );
        bytes
    }
}
