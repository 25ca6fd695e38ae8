//! What each service says, as plain state without a socket: bytes that were received go in, the [`Reply`] comes out.
//! Whoever serves a connection, a thread of its own or one for all, makes the calls, and gives the time of day
//! ([`daytime`]). HTTP lives in [`super::http`].

use std::thread;

use super::http::Http;
use crate::model::Service;

/// The most that one `recv` of a connection may return. Smaller than a client's: thousands of connections may have
/// as much on its way to the screen at once.
const RECV_SIZE: usize = 16 << 10;

/// The buffer of the tutorial's servers: what their clients see of long messages depends on it.
const TUTORIAL_RECV_SIZE: usize = 1024;

/// The conversation with one peer, from the accept to the close.
#[derive(Debug)]
pub struct Talk {
    service: Service,
    /// Stays empty, and costs nothing, with any other service than HTTP: only HTTP remembers what it heard.
    http: Http,
}

/// What a service wants done next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// What is sent to the peer; often nothing.
    pub send: Vec<u8>,
    /// What is sent to all the other peers; often nothing.
    pub to_others: Vec<u8>,
    /// What comes after all of it has been sent.
    pub then: Then,
}

/// What follows a [`Reply`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Then {
    /// The peer may say more.
    #[default]
    Receive,
    /// The conversation is over.
    Close,
}

impl Reply {
    fn send(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            send: bytes.into(),
            ..Self::default()
        }
    }

    fn to_others(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            to_others: bytes.into(),
            ..Self::default()
        }
    }

    /// Nothing is said.
    fn silence() -> Self {
        Self::default()
    }

    fn then_close(self) -> Self {
        Self {
            then: Then::Close,
            ..self
        }
    }
}

impl Talk {
    /// A conversation in which nothing has been said.
    #[must_use]
    pub fn new(service: Service) -> Self {
        Self {
            service,
            http: Http::default(),
        }
    }

    /// The service that talks.
    #[must_use]
    pub const fn service(&self) -> Service {
        self.service
    }

    /// The most that one `recv` of this conversation may return.
    #[must_use]
    pub const fn recv_size(&self) -> usize {
        match self.service {
            Service::Ok | Service::Hello => TUTORIAL_RECV_SIZE,
            Service::Echo
            | Service::EchoOnce
            | Service::Http
            | Service::Discard
            | Service::Daytime
            | Service::Chat
            | Service::Close
            | Service::Manual => RECV_SIZE,
        }
    }

    /// What is said as soon as the connection is accepted. `daytime` is asked only by the service that tells it.
    #[must_use]
    pub fn greeting(&mut self, daytime: impl FnOnce() -> String) -> Reply {
        match self.service {
            Service::Hello => Reply::send("Welcome"),
            Service::Daytime => Reply::send(daytime()).then_close(),
            Service::Close => Reply::silence().then_close(),
            Service::Echo
            | Service::EchoOnce
            | Service::Ok
            | Service::Http
            | Service::Discard
            | Service::Chat
            | Service::Manual => Reply::silence(),
        }
    }

    /// What is said to the bytes that one `recv` returned. They are never empty: the peer's end needs no answer.
    #[must_use]
    pub fn answer(&mut self, received: &[u8]) -> Reply {
        match self.service {
            Service::Echo => Reply::send(received),
            Service::EchoOnce => Reply::send(received).then_close(),
            Service::Ok => Reply::send(ok(received)),
            Service::Hello => match without_line_end(received) {
                b"exit" => Reply::silence().then_close(),
                name => Reply::send(hello(name)),
            },
            Service::Http => match self.http.receive(received) {
                (send, true) => Reply::send(send).then_close(),
                (send, false) => Reply::send(send),
            },
            Service::Chat => Reply::to_others(received),
            Service::Discard | Service::Manual => Reply::silence(),
            // The greeting was the end of it.
            Service::Daytime | Service::Close => Reply::silence().then_close(),
        }
    }

    /// What is answered to one datagram, which may be empty; `None` is no answer. `daytime` is asked only by the
    /// service that tells it.
    #[must_use]
    pub fn answer_datagram(
        service: Service,
        received: &[u8],
        daytime: impl FnOnce() -> String,
    ) -> Option<Vec<u8>> {
        match service {
            Service::Echo | Service::EchoOnce => Some(received.to_vec()),
            Service::Ok => Some(ok(received)),
            Service::Hello => Some(hello(without_line_end(received))),
            Service::Daytime => Some(daytime().into_bytes()),
            Service::Http | Service::Discard | Service::Chat | Service::Close | Service::Manual => {
                None
            }
        }
    }
}

/// The date and the time as RFC 867 suggests: `Tuesday, November 24, 2026 17:37:43-UTC`.
///
/// It is found on a thread of its own: to read the time zone's file takes more stack than that of a connection, and a
/// stack that overflows aborts the program.
#[must_use]
pub fn daytime() -> String {
    const STACK: usize = 1 << 20;
    let asked = thread::Builder::new()
        .name("daytime".to_owned())
        .stack_size(STACK)
        .spawn(|| {
            jiff::ZonedDateTime::now()
                .strftime("%A, %B %d, %Y %H:%M:%S-%Z\r\n")
                .to_string()
        });
    let told = asked.ok().and_then(|thread| thread.join().ok());
    told.unwrap_or_else(|| "the time is not known here\r\n".to_owned())
}

fn ok(data: &[u8]) -> Vec<u8> {
    [b"OK...", data].concat()
}

fn hello(name: &[u8]) -> Vec<u8> {
    [b"Hello,", name, b"!"].concat()
}

/// telnet and nc send the line end that a Python client does not.
fn without_line_end(bytes: &[u8]) -> &[u8] {
    bytes
        .strip_suffix(b"\r\n")
        .or_else(|| bytes.strip_suffix(b"\n"))
        .unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYTIME: &str = "Monday, July 27, 2026 14:02:11-UTC\r\n";

    fn never() -> String {
        panic!("nobody asked for the time")
    }

    /// A conversation whose greeting must be silence.
    fn quiet(service: Service) -> Talk {
        let mut talk = Talk::new(service);
        assert_eq!(talk.greeting(never), Reply::default(), "{service}");
        talk
    }

    fn says(text: &str) -> Reply {
        Reply {
            send: text.into(),
            to_others: vec![],
            then: Then::Receive,
        }
    }

    fn ends_with(text: &str) -> Reply {
        Reply {
            send: text.into(),
            to_others: vec![],
            then: Then::Close,
        }
    }

    #[test]
    fn echo_sends_back_every_byte_and_goes_on() {
        let mut talk = quiet(Service::Echo);
        assert_eq!(talk.answer(b"a\r\n"), says("a\r\n"));
        assert_eq!(talk.answer(b"\xff\0").send, b"\xff\0");
        assert_eq!(talk.answer(b"exit"), says("exit"));
    }

    #[test]
    fn echo_once_answers_the_first_recv_and_closes() {
        assert_eq!(quiet(Service::EchoOnce).answer(b"a\n"), ends_with("a\n"));
    }

    #[test]
    fn ok_answers_each_recv_with_its_data_as_it_is() {
        let mut talk = quiet(Service::Ok);
        assert_eq!(talk.answer(b"one"), says("OK...one"));
        assert_eq!(talk.answer(b"two\r\n"), says("OK...two\r\n"));
    }

    #[test]
    fn hello_welcomes_and_greets_until_exit() {
        let mut talk = Talk::new(Service::Hello);
        assert_eq!(talk.greeting(never), says("Welcome"));
        assert_eq!(talk.answer(b"Ada"), says("Hello,Ada!"));
        assert_eq!(talk.answer(b"exit now"), says("Hello,exit now!"));
        assert_eq!(talk.answer(b"exit"), ends_with(""));
    }

    #[test]
    fn hello_takes_one_line_end_for_none() {
        let mut talk = Talk::new(Service::Hello);
        assert_eq!(talk.answer(b"Ada\r\n"), says("Hello,Ada!"));
        assert_eq!(talk.answer(b"Ada\n"), says("Hello,Ada!"));
        assert_eq!(talk.answer(b"Ada\n\r\n"), says("Hello,Ada\n!"));
        assert_eq!(talk.answer(b"Ada\r"), says("Hello,Ada\r!"));
        assert_eq!(talk.answer(b"\r\n"), says("Hello,!"));
        for exit in [b"exit\n".as_slice(), b"exit\r\n"] {
            assert_eq!(Talk::new(Service::Hello).answer(exit), ends_with(""));
        }
    }

    #[test]
    fn http_answers_a_request_that_comes_in_two_parts_and_closes_when_asked() {
        let mut talk = quiet(Service::Http);
        assert_eq!(talk.answer(b"GET / HTTP/1.1\r\nHost: a\r\n"), says(""));
        let reply = talk.answer(b"\r\n");
        assert!(reply.send.starts_with(b"HTTP/1.1 200 OK\r\n"));
        assert_eq!(reply.then, Then::Receive);
        let reply = talk.answer(b"nonsense\r\n");
        assert!(reply.send.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
        assert_eq!(reply.then, Then::Close);
    }

    #[test]
    fn discard_and_manual_never_say_anything() {
        for service in [Service::Discard, Service::Manual] {
            let mut talk = quiet(service);
            assert_eq!(talk.answer(b"a"), Reply::default());
            assert_eq!(talk.answer(b"exit"), Reply::default());
        }
    }

    #[test]
    fn daytime_tells_the_time_unasked_and_closes() {
        let mut talk = Talk::new(Service::Daytime);
        assert_eq!(talk.greeting(|| DAYTIME.into()), ends_with(DAYTIME));
        assert_eq!(talk.answer(b"more"), ends_with(""));
    }

    #[test]
    fn chat_passes_the_bytes_on_to_the_others_alone() {
        let expected = Reply {
            send: vec![],
            to_others: b"hi\n".to_vec(),
            then: Then::Receive,
        };
        assert_eq!(quiet(Service::Chat).answer(b"hi\n"), expected);
    }

    #[test]
    fn close_closes_without_a_word() {
        let mut talk = Talk::new(Service::Close);
        assert_eq!(talk.greeting(never), ends_with(""));
        assert_eq!(talk.answer(b"wait"), ends_with(""));
    }

    #[test]
    fn only_the_tutorials_servers_have_its_small_buffer() {
        for service in Service::ALL {
            let small = matches!(service, Service::Hello | Service::Ok);
            let expected = if small { 1024 } else { 16 * 1024 };
            assert_eq!(Talk::new(service).recv_size(), expected, "{service}");
            assert_eq!(Talk::new(service).service(), service);
        }
    }

    #[test]
    fn a_datagram_is_answered_by_a_datagram_or_not_at_all() {
        type Case = (Service, &'static [u8], Option<&'static [u8]>);
        let cases: [Case; 15] = [
            (Service::Echo, b"a\n", Some(b"a\n")),
            (Service::Echo, b"", Some(b"")),
            (Service::EchoOnce, b"a", Some(b"a")),
            (Service::EchoOnce, b"", Some(b"")),
            (Service::Ok, b"a", Some(b"OK...a")),
            (Service::Ok, b"", Some(b"OK...")),
            (Service::Hello, b"Ada\r\n", Some(b"Hello,Ada!")),
            // There is nothing that could be closed.
            (Service::Hello, b"exit", Some(b"Hello,exit!")),
            (Service::Daytime, b"", Some(DAYTIME.as_bytes())),
            (Service::Daytime, b"a", Some(DAYTIME.as_bytes())),
            (Service::Http, b"GET / HTTP/1.0\r\n\r\n", None),
            (Service::Discard, b"a", None),
            (Service::Chat, b"a", None),
            (Service::Close, b"a", None),
            (Service::Manual, b"a", None),
        ];
        for (service, received, expected) in cases {
            let daytime = || match service {
                Service::Daytime => DAYTIME.into(),
                Service::Echo
                | Service::EchoOnce
                | Service::Ok
                | Service::Hello
                | Service::Http
                | Service::Discard
                | Service::Chat
                | Service::Close
                | Service::Manual => never(),
            };
            let answer = Talk::answer_datagram(service, received, daytime);
            assert_eq!(answer.as_deref(), expected, "{service}");
        }
    }
}
