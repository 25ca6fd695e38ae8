//! The client pane's state: what a person typed there, and what the session's calls say of its socket.

use std::net::SocketAddr;

use super::bytes::BytesView;
use super::control::Control;
use super::field::{Field, Takes};
use super::known::Known;
use super::plan::Plan;
use super::server::reachable;
use crate::model::call::Function;
use crate::model::explain::explain;
use crate::model::{
    Actor, Address, ByteLog, Call, CallRecord, ClientId, Family, Head, Moment, Outcome,
    SocketAction, SocketKind, Target, escape,
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
    // No host has brackets of its own: written with its port again, it would be another one.
    let is_host = !host.is_empty() && !host.contains(['[', ']']);
    (is_host && is_port(port)).then_some((host, port))
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

    /// The name as it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Lf => "lf",
            Self::CrLf => "crlf",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Lf => "\\n, as Unix programs end lines",
            Self::CrLf => "\\r\\n, as HTTP and most protocols of the Internet end lines",
        }
    }

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

/// Whether a socket is received from as bytes come, or when a person asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Receive {
    /// As bytes come.
    #[default]
    Alone,
    /// When asked.
    ByHand,
}

impl Receive {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Alone, Self::ByHand];

    /// The name as it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alone => "auto",
            Self::ByHand => "by-hand",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Alone => "as bytes come",
            Self::ByHand => "when a person asks",
        }
    }

    /// The name as it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alone => "auto",
            Self::ByHand => "by hand",
        }
    }
}

/// How a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageCall {
    /// `send` until all of it is taken.
    SendAll,
    /// `send` once.
    Send,
    /// `sendto` the host and port in the fields.
    SendTo,
}

/// One client session.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its number.
    pub id: ClientId,
    /// What a person calls it, if anything.
    pub name: Option<String>,
    /// The host to connect to.
    pub host: Field,
    /// The port to connect to: a number or a service's name.
    pub port: Field,
    /// TCP or UDP.
    pub kind: SocketKind,
    /// Which family of addresses to ask for; none is either.
    pub family: Option<Family>,
    /// The text to send, with escapes.
    pub message: Field,
    /// What is appended to it.
    pub line_ending: LineEnding,
    /// Whether bytes are received as they come.
    pub receive: Receive,
    /// The most bytes that one recv may return.
    pub recv_size: Field,
    /// What the calls tell of the socket.
    pub socket: Known,
    /// The socket's own address.
    pub local: Option<SocketAddr>,
    /// The address that it is or was last connected to.
    pub peer: Option<SocketAddr>,
    /// The addresses that were resolved last.
    pub addresses: Vec<SocketAddr>,
    /// Where the focus was when a person asked for them alone: there they are listed once they are known.
    pub lists_at: Option<Control>,
    /// What was received on this connection.
    pub received: ByteLog,
    /// Where the headers end in that, if they are any.
    pub head: Head,
    /// How it is looked at.
    pub view: BytesView,
    /// What the last call that needs words came to.
    pub remark: Option<Remark>,
    /// The steps that it takes as one of a crowd.
    pub plan: Option<Plan>,
    /// What its worker is told before the first thing that it has to do, if it is to receive otherwise than every worker
    /// does at first.
    pub preface: Option<SocketAction>,
}

/// Plain words that stay on a pane until the next call that needs some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The words.
    pub text: String,
    /// Whether they are about a failure.
    pub failure: bool,
    /// Which call they are about: its next success takes them away.
    function: Function,
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
        Some(Self {
            text,
            failure,
            function: record.call.function(),
        })
    }

    /// What stands in the place of `remark` after `record`.
    pub fn follow(remark: &mut Option<Self>, record: &CallRecord) {
        let is_about_this = |remark: &Self| remark.function == record.call.function();
        match Self::of(record) {
            Some(new) => *remark = Some(new),
            None if remark.as_ref().is_some_and(is_about_this) => *remark = None,
            None => {}
        }
    }
}

impl Client {
    /// A session without a socket, about to connect to `address`, that keeps at most `keep` bytes of what it receives.
    #[must_use]
    pub fn new(id: ClientId, address: &Address, keep: usize) -> Self {
        Self {
            id,
            name: None,
            host: Field::new(Takes::Name, &address.host),
            port: Field::new(Takes::Name, &address.port),
            kind: SocketKind::default(),
            family: None,
            message: Field::new(Takes::Message, ""),
            line_ending: LineEnding::default(),
            receive: Receive::default(),
            recv_size: Field::new(Takes::Digits, &SocketAction::USUAL_RECV.to_string()),
            socket: Known::default(),
            local: None,
            peer: None,
            addresses: Vec::new(),
            lists_at: None,
            received: ByteLog::new(keep),
            head: Head::default(),
            view: BytesView::default(),
            remark: None,
            plan: None,
            preface: None,
        }
    }

    /// Lets it receive so, with this in the field of the size, from its first socket on.
    pub fn receive_from_start(&mut self, receive: Receive, size: &str) {
        self.receive = receive;
        self.recv_size.set(size);
        self.begin_anew();
    }

    /// Its worker is a new one, which knows nothing of how it is to receive.
    pub fn begin_anew(&mut self) {
        let size = match self.receive {
            // What is typed in the field may make no sense at this moment.
            Receive::Alone => Some(self.size().unwrap_or(SocketAction::USUAL_RECV)),
            Receive::ByHand => None,
        };
        let is_usual = size == Some(SocketAction::USUAL_RECV);
        self.preface = (!is_usual).then_some(SocketAction::ReceiveAlone(size));
    }

    /// A session with the settings of `self` and nothing else of it.
    #[must_use]
    pub fn another(&self, id: ClientId, keep: usize) -> Self {
        let address = Address {
            host: self.host.value().to_owned(),
            port: self.port.value().to_owned(),
        };
        let mut other = Self::new(id, &address, keep);
        other.kind = self.kind;
        other.family = self.family;
        other.line_ending = self.line_ending;
        other
    }

    /// The owner of its calls.
    #[must_use]
    pub const fn who(&self) -> Actor {
        Actor::Client(self.id)
    }

    /// What is typed in the fields for host and port.
    ///
    /// # Errors
    /// Which field cannot be understood, and what it takes.
    pub fn target(&self) -> Result<Target, String> {
        // An address is often typed whole.
        let typed = (self.host.value(), self.port.value());
        let (host, port) = split_address(typed.0).unwrap_or(typed);
        let host = bare(host).to_owned();
        if host.is_empty() {
            return Err("give a host to connect to; 127.0.0.1 is this machine".to_owned());
        }
        if !is_port(port) {
            return Err(format!(
                "port \"{port}\": give a number from 0 to 65535, or the name of a service such as http"
            ));
        }
        let port = port.to_owned();
        Ok(Target {
            address: Address { host, port },
            family: self.family,
            // A socket that is there has its kind already.
            kind: if self.socket.fd.is_some() {
                self.socket.kind
            } else {
                self.kind
            },
        })
    }

    /// Keeps what is typed there; an address that was typed whole is divided among the two fields.
    pub fn remember_target(&mut self) {
        if let Some((host, port)) = split_address(self.host.value()) {
            let (host, port) = (host.to_owned(), port.to_owned());
            self.host.set(&host);
            self.port.set(&port);
        }
        self.host.remember();
        self.port.remember();
    }

    /// The family that a socket made by hand is to have.
    #[must_use]
    pub fn socket_family(&self) -> Family {
        match self.family {
            Some(family) => family,
            None if self.host.value().contains(':') => Family::Inet6,
            None => Family::Inet,
        }
    }

    /// Whether it receives by itself at this moment, so that a recv by hand has no place.
    #[must_use]
    pub fn receives_alone(&self) -> bool {
        self.receive == Receive::Alone && self.socket.is_connected() && !self.socket.is_over()
    }

    /// How many bytes one recv is to return at most.
    ///
    /// # Errors
    /// What the field takes.
    pub fn size(&self) -> Result<usize, String> {
        recv_size(self.recv_size.value())
    }

    /// With which call Enter in the field of the message sends it.
    #[must_use]
    pub const fn message_call(&self) -> MessageCall {
        let kind = match self.socket.fd {
            Some(_) => self.socket.kind,
            None => self.kind,
        };
        match (kind, self.socket.is_connected()) {
            (SocketKind::Stream, _) => MessageCall::SendAll,
            // One datagram is one send.
            (SocketKind::Datagram, true) => MessageCall::Send,
            (SocketKind::Datagram, false) => MessageCall::SendTo,
        }
    }

    /// Takes in a call of this session that returned.
    pub fn returned(&mut self, record: &CallRecord) {
        Remark::follow(&mut self.remark, record);
        match (&record.call, &record.outcome) {
            (Call::Getaddrinfo { .. }, Outcome::Resolved(addresses)) => {
                self.remark = None;
                self.addresses.clone_from(addresses);
            }
            (Call::Socket { .. }, Outcome::Descriptor(_)) => self.open(),
            (Call::Connect { address, .. }, Outcome::Done) => {
                self.peer = Some(*address);
                self.remark = None;
            }
            (Call::Getsockname { .. }, Outcome::Named(local)) => self.local = Some(*local),
            _ => {}
        }
        self.socket.returned(record);
    }

    /// Whether datagrams of other machines reach its socket: a UDP socket that is not connected takes them from anybody,
    /// and one that was never bound the kernel binds to every address when it first sends.
    #[must_use]
    pub fn is_exposed(&self) -> bool {
        let is_open = self.socket.fd.is_some()
            && self.socket.kind == SocketKind::Datagram
            && self.peer.is_none();
        is_open
            && match self.local {
                Some(local) => reachable(local.ip()).is_some(),
                None => self.socket.sent > 0,
            }
    }

    /// A new socket: what the one before received is over.
    fn open(&mut self) {
        self.local = None;
        self.peer = None;
        self.received.clear();
        self.head = Head::default();
        self.view.position = super::bytes::Position::Tail;
    }

    /// Takes in bytes that this session received.
    pub fn received(&mut self, at: Moment, bytes: Vec<u8>, from: Option<SocketAddr>) {
        if self.socket.kind == SocketKind::Datagram {
            self.received.push_datagram(at, bytes, from);
        } else {
            self.head.push(&bytes);
            self.received.push(at, bytes);
        }
    }
}

/// A size of a receive buffer as it is typed.
///
/// # Errors
/// What can be typed instead.
pub fn recv_size(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|size| *size <= SocketAction::LARGEST_RECV)
        .ok_or_else(|| {
            format!(
                "size \"{text}\": give a number from 0 to {}",
                SocketAction::LARGEST_RECV
            )
        })
}

/// The bytes of a typed message with its line ending.
///
/// # Errors
/// Why there is nothing to send.
pub fn message(field: &Field, line_ending: LineEnding) -> Result<Vec<u8>, String> {
    let mut bytes = escape::parse(field.value()).map_err(|error| error.to_string())?;
    bytes.extend_from_slice(line_ending.bytes());
    Ok(bytes)
}

/// Puts the cursor where an escape cannot be read, if one cannot be.
pub fn point_at_escape(field: &mut Field) {
    if let Err(error) = escape::parse(field.value()) {
        field.set_cursor(error.at);
    }
}
