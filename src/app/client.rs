//! The client pane's state: what a person typed there, and what the session's calls say of its socket.

use std::net::SocketAddr;

use super::bytes::BytesView;
use super::field::{Field, Takes};
use super::stage::Stage;
use crate::model::explain::explain;
use crate::model::{
    Address, ByteLog, Call, CallRecord, ClientAction, ClientId, Fd, Moment, Outcome, escape,
};

/// Host and port of `HOST:PORT` or `[HOST]:PORT`.
#[must_use]
pub fn split_address(text: &str) -> Option<(&str, &str)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    (!host.is_empty() && is_port(port)).then_some((host, port))
}

/// A host without the brackets that an IPv6 address has in front of a port.
#[must_use]
pub fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inner.unwrap_or(host)
}

/// Whether `text` can name a port. The resolver would take a number beyond 65535 for another port, without a word.
#[must_use]
pub fn is_port(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    // A service's name has a letter (RFC 6335, section 5.1).
    let is_name = text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    !text.is_empty()
        && if is_number {
            text.parse::<u16>().is_ok()
        } else {
            is_name
        }
}

/// What is appended to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnding {
    /// Nothing.
    #[default]
    None,
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

impl LineEnding {
    /// Every choice, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::None, Self::Lf, Self::CrLf];

    /// The name as it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
        }
    }

    const fn bytes(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
        }
    }
}

/// One client session.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its number.
    pub id: ClientId,
    /// The host to connect to.
    pub host: Field,
    /// The port to connect to: a number or a service's name.
    pub port: Field,
    /// The text to send, with escapes.
    pub message: Field,
    /// What is appended to it.
    pub line_ending: LineEnding,
    /// The socket's state, as the calls tell it.
    pub stage: Stage,
    /// The socket's descriptor.
    pub fd: Option<Fd>,
    /// The socket's own address.
    pub local: Option<SocketAddr>,
    /// The address that it is or was last connected to.
    pub peer: Option<SocketAddr>,
    /// What was received on this connection.
    pub received: ByteLog,
    /// How that is looked at.
    pub view: BytesView,
    /// How many bytes the kernel took on this connection.
    pub sent: u64,
    /// What the last call that needs words came to.
    pub remark: Option<Remark>,
}

/// Plain words that stay on a pane until the next call that needs some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The words.
    pub text: String,
    /// Whether they are about a failure.
    pub failure: bool,
}

impl Remark {
    /// What `record` calls for, if anything.
    #[must_use]
    pub fn of(record: &CallRecord) -> Option<Self> {
        let failure = record.outcome.is_failure();
        let text = explain(record)?.line();
        let text = match &record.outcome {
            Outcome::Failed(errno) => format!("{errno}: {text}"),
            Outcome::LookupFailed(error) => format!("{error}: {text}"),
            _ => text,
        };
        Some(Self { text, failure })
    }
}

impl Client {
    /// A session without a socket, about to connect to `address`, that keeps at most `keep` bytes of what it receives.
    #[must_use]
    pub fn new(id: ClientId, address: &Address, keep: usize) -> Self {
        Self {
            id,
            host: Field::new(Takes::Name, &address.host),
            port: Field::new(Takes::Name, &address.port),
            message: Field::new(Takes::Message, ""),
            line_ending: LineEnding::default(),
            stage: Stage::NoSocket,
            fd: None,
            local: None,
            peer: None,
            received: ByteLog::new(keep),
            view: BytesView::default(),
            sent: 0,
            remark: None,
        }
    }

    /// Connects to what is typed in the fields.
    ///
    /// # Errors
    /// Which field cannot be understood, and what it takes.
    pub fn connect(&mut self) -> Result<ClientAction, String> {
        // An address is often typed whole.
        if let Some((host, port)) = split_address(self.host.value()) {
            let (host, port) = (host.to_owned(), port.to_owned());
            self.host.set(&host);
            self.port.set(&port);
        }
        let host = bare(self.host.value()).to_owned();
        let port = self.port.value().to_owned();
        if host.is_empty() {
            return Err("give a host to connect to; 127.0.0.1 is this machine".to_owned());
        }
        if !is_port(&port) {
            return Err(format!(
                "port \"{port}\": give a number from 0 to 65535, or the name of a service such as http"
            ));
        }
        self.host.remember();
        self.port.remember();
        Ok(ClientAction::Connect(Address { host, port }))
    }

    /// Sends what is typed, and empties the field.
    ///
    /// # Errors
    /// Why there is nothing to send; at a bad escape the cursor stands there.
    pub fn send(&mut self) -> Result<ClientAction, String> {
        if self.fd.is_none() {
            return Err("there is no socket to send on: connect first".to_owned());
        }
        let mut bytes = escape::parse(self.message.value()).map_err(|error| {
            self.message.set_cursor(error.at);
            error.to_string()
        })?;
        bytes.extend_from_slice(self.line_ending.bytes());
        if bytes.is_empty() {
            return Err("nothing to send: type something, or choose a line ending".to_owned());
        }
        self.message.remember();
        self.message.set("");
        Ok(ClientAction::Send(bytes))
    }

    /// Takes in a call of this session that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        if let Some(remark) = Remark::of(record) {
            self.remark = Some(remark);
        }
        match (&record.call, &record.outcome) {
            (Call::Getaddrinfo { .. }, Outcome::Resolved(_)) => self.remark = None,
            (Call::Socket { .. }, Outcome::Descriptor(fd)) => self.open(*fd),
            (Call::Connect { address, .. }, outcome) => {
                if *outcome == Outcome::Done {
                    self.peer = Some(*address);
                    self.stage = Stage::Established;
                    self.remark = None;
                }
            }
            (Call::Getsockname { .. }, Outcome::Named(local)) => self.local = Some(*local),
            (Call::Close { .. }, _) => self.lost(),
            (Call::Send { .. }, Outcome::Sent(count)) => self.sent += *count as u64,
            (_, outcome) => self.stage = self.stage.after(outcome),
        }
    }

    /// A new socket: what the one before received is over.
    fn open(&mut self, fd: Fd) {
        self.fd = Some(fd);
        self.stage = Stage::Unconnected;
        self.local = None;
        self.peer = None;
        self.sent = 0;
        self.received.clear();
        self.view.position = super::bytes::Position::Tail;
    }

    /// The socket is no more: it was closed, or the session's thread failed.
    pub const fn lost(&mut self) {
        self.fd = None;
        self.stage = Stage::NoSocket;
    }

    /// Takes in bytes that this session received.
    pub fn received(&mut self, at: Moment, bytes: Vec<u8>) {
        self.received.push(at, bytes);
    }
}
