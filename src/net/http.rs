//! The HTTP service: a small HTTP/1.1 server side over bytes that serves two embedded pages, without any I/O and
//! without a clock. It is asked by [`super::service`]; the pages are in `assets/pages`.
//!
//! Whatever a peer sends, memory and work are bounded: a head is kept up to [`MAX_HEAD`], a body is counted and not
//! kept, every byte is looked at a fixed number of times, and one call answers at most [`MAX_ANSWERS`] requests.
//! The standards are RFC 9110 (what it means) and RFC 9112 (what it looks like).

use std::borrow::Cow;

use httparse::Status;

/// The longest head of a request.
pub const MAX_HEAD: usize = 16 << 10;

/// The most fields in a head; browsers send about twenty.
const MAX_FIELDS: usize = 100;

/// The most requests answered out of one `recv`. A request of 24 bytes is answered with 3 KiB: without this, one full
/// buffer of them would ask for 2 MiB. Only what makes requests without waiting for answers ever meets it.
pub const MAX_ANSWERS: usize = 16;

/// The server's side of one connection.
#[derive(Debug, Default)]
pub struct Http {
    state: State,
}

#[derive(Debug)]
enum State {
    /// Between two requests, or in the head of one.
    Head(Head),
    /// The head is complete; the answer waits until the body has passed. Answered earlier, a peer that is still
    /// sending would get a reset from a connection that closes, and might lose the answer to it.
    Body(Request),
    /// The last answer is given.
    Closed,
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Http {
    /// Takes what one `recv` returned. Gives what to send, and whether the connection is to be closed afterwards.
    #[must_use]
    pub fn receive(&mut self, mut bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut send = Vec::new();
        let mut answers = 0;
        loop {
            match &mut self.state {
                State::Head(head) => match head.receive(&mut bytes) {
                    Some(request) => self.state = State::Body(request),
                    None => return (send, false),
                },
                State::Body(request) => {
                    let passed = (bytes.len() as u64).min(request.body);
                    request.body -= passed;
                    bytes = &bytes[passed as usize..];
                    if request.body > 0 {
                        return (send, false);
                    }
                    answers += 1;
                    if answers == MAX_ANSWERS && !bytes.is_empty() {
                        request.connection = Connection::Close;
                    }
                    request.answer(&mut send);
                    self.state = match request.connection {
                        Connection::KeepAlive => State::default(),
                        Connection::Close => State::Closed,
                    };
                }
                State::Closed => return (send, true),
            }
        }
    }
}

/// The part of a head that has arrived.
#[derive(Debug, Default)]
struct Head {
    bytes: Vec<u8>,
    /// Where the line that is arriving begins. Nothing before it is looked at again until the head is complete, so a
    /// head that comes byte by byte costs no more than one that comes at once.
    line: usize,
}

impl Head {
    /// Takes from `bytes` up to the end of the head and gives the request once it is complete or known to be bad.
    fn receive(&mut self, bytes: &mut &[u8]) -> Option<Request> {
        while !bytes.is_empty() {
            let line_end = bytes.iter().position(|byte| *byte == b'\n');
            let (piece, rest) = bytes.split_at(line_end.map_or(bytes.len(), |at| at + 1));
            *bytes = rest;
            // The first byte that is wrong decides, so that it is the same however the bytes are cut: one that may not stand
            // there, or the one too many.
            let room = MAX_HEAD - self.bytes.len();
            let fitting = piece.get(..room).unwrap_or(piece);
            // What a browser says to an https:// address begins with control bytes and may hold no line end: it is
            // told at once instead of being waited for.
            if !fitting.iter().all(|byte| may_stand_in_a_head(*byte)) {
                return Some(Request::refused(Content::BadRequest));
            }
            if piece.len() > room {
                return Some(Request::refused(Content::HeadTooLarge));
            }
            self.bytes.extend_from_slice(piece);
            line_end?;
            let is_first = self.line == 0;
            match &self.bytes[self.line..] {
                // RFC 9112, 2.2: empty lines before a request are passed over.
                b"\r\n" | b"\n" if is_first => self.bytes.clear(),
                b"\r\n" | b"\n" => return Some(Request::parse(&self.bytes)),
                // A person at telnet is told about a mistyped first line before the second.
                line if is_first && httparse::Request::new(&mut []).parse(line).is_err() => {
                    return Some(Request::refused(Content::BadRequest));
                }
                _ => self.line = self.bytes.len(),
            }
        }
        None
    }
}

/// No control byte may stand anywhere in a head, except in its line ends and the tab within a value.
const fn may_stand_in_a_head(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\r' | b'\n') || !byte.is_ascii_control()
}

/// What of a request matters to its answer.
#[derive(Debug)]
struct Request {
    content: Content,
    is_head: bool,
    connection: Connection,
    /// How many bytes of the body are still to come.
    body: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    KeepAlive,
    Close,
}

impl Request {
    /// After a request that is not understood nobody knows where the next one begins.
    const fn refused(content: Content) -> Self {
        Self {
            content,
            is_head: false,
            connection: Connection::Close,
            body: 0,
        }
    }

    /// Reads a complete head.
    ///
    /// Not inlined: it takes 3 KiB of stack, which ten thousand threads with another service would have in their memory.
    #[inline(never)]
    fn parse(head: &[u8]) -> Self {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Request::new(&mut fields);
        match parsed.parse(head) {
            Ok(Status::Complete(length)) if length == head.len() => {}
            Err(httparse::Error::TooManyHeaders) => return Self::refused(Content::HeadTooLarge),
            Ok(_) | Err(_) => return Self::refused(Content::BadRequest),
        }
        let is_head = parsed.method == Some("HEAD");
        Self::understand(&parsed).unwrap_or_else(|content| Self {
            is_head,
            ..Self::refused(content)
        })
    }

    /// # Errors
    /// Why the request is refused.
    fn understand(parsed: &httparse::Request<'_, '_>) -> Result<Self, Content> {
        let method = parsed.method.unwrap_or_default();
        let is_1_1 = parsed.version == Some(1);
        let fields = Fields(parsed.headers);

        let hosts = fields.values("Host").count();
        if hosts > 1 || (is_1_1 && hosts == 0) {
            return Err(Content::BadRequest);
        }
        if fields.values("Transfer-Encoding").next().is_some() {
            return Err(Content::TransferEncoding);
        }
        let body = fields.content_length().ok_or(Content::BadRequest)?;

        let is_kept = if is_1_1 {
            !fields.lists("Connection", "close")
        } else {
            fields.lists("Connection", "keep-alive") && !fields.lists("Connection", "close")
        };
        // A peer that first asks whether to send its body gets the answer instead of leave. Whether the body comes
        // all the same is then for the peer to choose, so the connection cannot be used again.
        let is_asking = is_1_1 && body > 0 && fields.lists("Expect", "100-continue");
        Ok(Self {
            content: match method {
                "GET" | "HEAD" => Content::at(path(parsed.path.unwrap_or_default())),
                _ => Content::MethodNotAllowed,
            },
            is_head: method == "HEAD",
            connection: if is_kept && !is_asking {
                Connection::KeepAlive
            } else {
                Connection::Close
            },
            body: if is_asking { 0 } else { body },
        })
    }

    /// Appends the response to `send`. It has no Date: RFC 9110, 6.6.1 has a server without a clock leave it out, and
    /// there is none here.
    fn answer(&self, send: &mut Vec<u8>) {
        let Self { content, .. } = self;
        let body = content.body();
        let head = format!(
            "HTTP/1.1 {status}\r\n\
             Server: sockyard\r\n\
             Content-Type: text/html; charset=utf-8\r\n\
             Content-Language: {language}\r\n\
             Content-Length: {length}\r\n\
             {allow}Connection: {connection}\r\n\
             \r\n",
            status = content.status(),
            language = content.language(),
            length = body.len(),
            allow = match content {
                Content::MethodNotAllowed => "Allow: GET, HEAD\r\n",
                Content::English
                | Content::Chinese
                | Content::BadRequest
                | Content::NotFound
                | Content::HeadTooLarge
                | Content::TransferEncoding => "",
            },
            connection = match self.connection {
                Connection::KeepAlive => "keep-alive",
                Connection::Close => "close",
            },
        );
        send.extend_from_slice(head.as_bytes());
        if !self.is_head {
            send.extend_from_slice(body.as_bytes());
        }
    }
}

/// The fields of a head.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a [httparse::Header<'a>]);

impl<'a> Fields<'a> {
    /// The value of each field that has this name.
    fn values(self, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
        let is_named = move |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case(name);
        self.0.iter().filter(is_named).map(|field| field.value)
    }

    /// Whether `word` is in the comma-separated list that these fields hold.
    fn lists(self, name: &'static str, word: &str) -> bool {
        self.values(name)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .any(|item| item.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
    }

    /// How long the body is; `None` if this is said in a way that is not allowed, or more than once: two servers that
    /// read such a request differently can be turned against each other.
    fn content_length(self) -> Option<u64> {
        let mut values = self.values("Content-Length");
        let Some(value) = values.next() else {
            return Some(0);
        };
        // `parse` alone would take a sign as well.
        let is_number = values.next().is_none() && value.iter().all(u8::is_ascii_digit);
        str::from_utf8(value)
            .ok()?
            .parse()
            .ok()
            .filter(|_| is_number)
    }
}

/// The path in a request target: what comes before the query, and behind the authority where there is one, as in
/// `http://localhost:8080/zh`.
fn path(target: &str) -> &str {
    const SCHEME: &str = "http://";
    let target = target.split('?').next().unwrap_or_default();
    match target.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => {
            rest.find('/').map_or("/", |at| &rest[at..])
        }
        Some(_) | None => target,
    }
}

/// Everything that can be in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    English,
    Chinese,
    BadRequest,
    NotFound,
    MethodNotAllowed,
    HeadTooLarge,
    TransferEncoding,
}

impl Content {
    fn at(path: &str) -> Self {
        match path {
            "/" | "/index.html" => Self::English,
            "/zh" => Self::Chinese,
            _ => Self::NotFound,
        }
    }

    const fn status(self) -> &'static str {
        match self {
            Self::English | Self::Chinese => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::MethodNotAllowed => "405 Method Not Allowed",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::TransferEncoding => "501 Not Implemented",
        }
    }

    const fn language(self) -> &'static str {
        match self {
            Self::Chinese => "zh-Hans",
            Self::English
            | Self::BadRequest
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::HeadTooLarge
            | Self::TransferEncoding => "en",
        }
    }

    /// The page. None of it comes from the peer.
    fn body(self) -> Cow<'static, str> {
        let reason = match self {
            Self::English => {
                return Cow::Borrowed(include_str!("../../assets/pages/index.en.html"));
            }
            Self::Chinese => {
                return Cow::Borrowed(include_str!("../../assets/pages/index.zh.html"));
            }
            Self::BadRequest => {
                "This is no HTTP/1.1 request. The smallest one has three lines: \
                 <code>GET / HTTP/1.1</code>, <code>Host: localhost</code> and an empty one."
            }
            Self::NotFound => {
                "There is nothing here. There is a page <a href=\"/\">in English</a> and one \
                 <a href=\"/zh\" hreflang=\"zh-Hans\" lang=\"zh-Hans\">中文</a>."
            }
            Self::MethodNotAllowed => "Only GET and HEAD are answered here.",
            Self::HeadTooLarge => {
                "The head of this request is longer than 16 KiB or has more than 100 fields."
            }
            Self::TransferEncoding => {
                "A body has to be announced with Content-Length here: Transfer-Encoding is not understood."
            }
        };
        Cow::Owned(format!(
            "<!DOCTYPE html>\n\
             <html lang=\"en\">\n\
             <meta charset=\"utf-8\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{status}</title>\n\
             <h1>{status}</h1>\n\
             <p>{reason}</p>\n\
             </html>\n",
            status = self.status(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = include_str!("../../assets/pages/index.en.html");
    const CHINESE: &str = include_str!("../../assets/pages/index.zh.html");
    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    fn receive(http: &mut Http, bytes: impl AsRef<[u8]>) -> (String, bool) {
        let (send, close) = http.receive(bytes.as_ref());
        (String::from_utf8(send).expect("answers are UTF-8"), close)
    }

    /// What a new connection answers to `request`, and whether it closes.
    fn ask(request: impl AsRef<[u8]>) -> (String, bool) {
        receive(&mut Http::default(), request)
    }

    /// Asserts that `request` is refused with `status` and that the connection closes and says so.
    fn assert_refused(request: impl AsRef<[u8]>, status: &str) {
        let (answer, close) = ask(request.as_ref());
        let start = format!("HTTP/1.1 {status}\r\n");
        let shown = request.as_ref().escape_ascii();
        assert!(answer.starts_with(&start), "{shown}: {answer}");
        assert!(answer.contains("\r\nConnection: close\r\n"), "{shown}");
        assert!(close, "{shown}");
    }

    fn statuses(answers: &str) -> Vec<&str> {
        answers
            .lines()
            .filter_map(|line| line.strip_prefix("HTTP/1.1 "))
            .map(|status| &status[..3])
            .collect()
    }

    #[test]
    fn the_whole_answer_is_as_it_is_written_here() {
        let head = |language, page: &str| {
            format!(
                "HTTP/1.1 200 OK\r\nServer: sockyard\r\nContent-Type: text/html; charset=utf-8\r\n\
                 Content-Language: {language}\r\nContent-Length: {}\r\nConnection: keep-alive\r\n\r\n",
                page.len()
            )
        };
        let english = (head("en", ENGLISH) + ENGLISH, false);
        assert_eq!(ask(GET), english);
        assert_eq!(ask("GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n"), english);
        assert_eq!(
            ask("GET /zh HTTP/1.1\r\nHost: a\r\n\r\n"),
            (head("zh-Hans", CHINESE) + CHINESE, false)
        );
        // A body that does not come is announced with the length that it would have.
        assert_eq!(
            ask("HEAD /zh HTTP/1.1\r\nHost: a\r\n\r\n"),
            (head("zh-Hans", CHINESE), false)
        );
    }

    #[test]
    fn the_pages_are_small_link_to_each_other_and_say_their_language() {
        assert!(ENGLISH.len() < 3 << 10 && CHINESE.len() < 3 << 10);
        assert!(ENGLISH.contains("href=\"/zh\"") && CHINESE.contains("href=\"/\""));
        for content in [Content::English, Content::Chinese] {
            let lang = format!("<html lang=\"{}\">", content.language());
            assert!(content.body().contains(&lang), "{lang}");
        }
    }

    #[test]
    fn a_path_is_read_without_its_query_and_its_authority() {
        for (target, status) in [
            ("/?a=1", "200"),
            ("/zh?", "200"),
            ("/?/nowhere", "200"),
            ("http://localhost:80/zh", "200"),
            ("HTTP://localhost", "200"),
            ("http://localhost/nowhere", "404"),
            ("http://localhost?/nowhere", "200"),
            ("/nowhere", "404"),
            ("/favicon.ico", "404"),
            ("/../zh", "404"),
            ("/ZH", "404"),
            ("//", "404"),
            ("*", "404"),
        ] {
            let (answer, close) = ask(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
            assert_eq!(statuses(&answer), [status], "{target}");
            assert!(!close, "{target}");
        }
    }

    #[test]
    fn nothing_of_the_peers_stands_in_an_answer() {
        let (answer, _) = ask("GET /<script> HTTP/1.1\r\nHost: <script>\r\n\r\n");
        assert_eq!(statuses(&answer), ["404"]);
        assert!(!answer.contains("<script"));
    }

    #[test]
    fn other_methods_are_told_which_there_are() {
        for method in ["POST", "PUT", "OPTIONS", "BREW", "get"] {
            let (answer, close) = ask(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"));
            assert_eq!(statuses(&answer), ["405"], "{method}");
            assert!(answer.contains("\r\nAllow: GET, HEAD\r\n"), "{method}");
            assert!(!close, "{method}");
        }
        assert!(!ask(GET).0.contains("Allow"));
    }

    #[test]
    fn what_is_no_request_is_refused_as_soon_as_that_is_known() {
        for start in [
            "hello\r\n",
            "GET /\r\n",
            "GET / HTTP/2.0\r\n",
            "GET  / HTTP/1.1\r\n",
            " GET / HTTP/1.1\r\n",
            "GET / HTTP/1.1 \r\n",
            // The beginning of a TLS connection.
            "\x16\x03\x01\x02",
            "GET / HT\x03",
            "\0",
        ] {
            assert_refused(start, "400 Bad Request");
        }
        for fields in [
            "Host: a\r\n folded\r\n",
            "Host : a\r\n",
            "Host a\r\n",
            ": a\r\n",
            "Host: a\rb\r\n",
            "Host: a\r\r\n",
        ] {
            assert_refused(format!("GET / HTTP/1.1\r\n{fields}\r\n"), "400 Bad Request");
        }
    }

    #[test]
    fn http_1_1_needs_one_host_and_http_1_0_none() {
        assert_refused("GET / HTTP/1.1\r\n\r\n", "400 Bad Request");
        assert_refused(
            "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
            "400 Bad Request",
        );
        assert_eq!(statuses(&ask("GET / HTTP/1.1\r\nhOsT:\r\n\r\n").0), ["200"]);
        assert_eq!(statuses(&ask("GET / HTTP/1.0\r\n\r\n").0), ["200"]);
    }

    #[test]
    fn a_refused_head_request_gets_no_body_either() {
        let (answer, _) = ask("HEAD / HTTP/1.1\r\n\r\n");
        assert_eq!(statuses(&answer), ["400"]);
        assert!(answer.ends_with("\r\n\r\n"));
    }

    #[test]
    fn the_connection_is_kept_as_version_and_peer_want_it() {
        for (version, fields, kept) in [
            ("1.1", "", true),
            ("1.1", "Connection: keep-alive\r\n", true),
            ("1.1", "Connection: close\r\n", false),
            ("1.1", "connection: TE, Close\r\n", false),
            ("1.1", "Connection: te\r\nConnection: close\r\n", false),
            ("1.1", "Connection: keep-alive, close\r\n", false),
            ("1.1", "Connection: closed\r\n", true),
            ("1.0", "", false),
            ("1.0", "Connection: Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
        ] {
            let mut http = Http::default();
            let request = format!("GET / HTTP/{version}\r\nHost: a\r\n{fields}\r\n");
            let (answer, close) = receive(&mut http, &request);
            let said = if kept { "keep-alive" } else { "close" };
            assert!(
                answer.contains(&format!("\r\nConnection: {said}\r\n")),
                "{request}"
            );
            assert_eq!(close, !kept, "{request}");
            let (more, close) = receive(&mut http, GET);
            assert_eq!(statuses(&more).len(), usize::from(kept), "{request}");
            assert_eq!(close, !kept, "{request}");
        }
    }

    #[test]
    fn requests_may_be_cut_anywhere() {
        let requests = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n\
                        POST / HTTP/1.1\nHost: a\nContent-Length: 4\n\n\r\n\r\n\
                        HEAD /zh HTTP/1.1\r\nHost: a\r\n\r\n\
                        GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let whole = ask(requests);
        assert_eq!(statuses(&whole.0), ["200", "405", "200", "404"]);
        assert!(whole.1);
        for first in 0..=requests.len() {
            for second in first..=requests.len() {
                let mut http = Http::default();
                let mut answer = String::new();
                let mut close = false;
                for piece in [
                    &requests[..first],
                    &requests[first..second],
                    &requests[second..],
                ] {
                    let (more, closes) = receive(&mut http, piece);
                    answer += &more;
                    close = closes;
                }
                assert_eq!((answer, close), whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn an_answer_comes_with_the_last_byte_of_its_request_and_not_before() {
        let mut http = Http::default();
        let request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
        for byte in request[..request.len() - 1].bytes() {
            assert_eq!(receive(&mut http, [byte]), (String::new(), false));
        }
        assert_eq!(statuses(&receive(&mut http, "b").0), ["405"]);
    }

    #[test]
    fn several_requests_in_one_recv_are_answered_in_order() {
        let page = ask(GET).0;
        let (missing, _) = ask("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
        let requests = format!("{GET}GET /x HTTP/1.1\r\nHost: a\r\n\r\n{GET}");
        assert_eq!(ask(requests), (format!("{page}{missing}{page}"), false));
    }

    #[test]
    fn what_follows_the_last_answer_is_not_looked_at() {
        let mut http = Http::default();
        let (answer, close) = receive(&mut http, format!("GET / HTTP/1.0\r\n\r\n{GET}"));
        assert_eq!((statuses(&answer), close), (vec!["200"], true));
        assert_eq!(receive(&mut http, GET), (String::new(), true));
    }

    #[test]
    fn one_recv_is_answered_so_many_times_and_no_more() {
        let (answer, close) = ask(GET.repeat(MAX_ANSWERS));
        assert_eq!((statuses(&answer).len(), close), (MAX_ANSWERS, false));
        let (answer, close) = ask(GET.repeat(MAX_ANSWERS + 1));
        assert_eq!((statuses(&answer).len(), close), (MAX_ANSWERS, true));
        assert_eq!(answer.matches("Connection: close").count(), 1);
        // Another recv may ask as often again.
        let mut http = Http::default();
        for _ in 0..3 {
            let (answer, close) = receive(&mut http, GET.repeat(MAX_ANSWERS));
            assert_eq!((statuses(&answer).len(), close), (MAX_ANSWERS, false));
        }
    }

    #[test]
    fn a_body_passes_without_being_kept() {
        let mut http = Http::default();
        let length = 1_000_000;
        let head = format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        assert_eq!(receive(&mut http, head), (String::new(), false));
        let piece = vec![0; 100_000];
        for _ in 1..length / piece.len() {
            assert_eq!(receive(&mut http, &piece), (String::new(), false));
        }
        let State::Body(request) = &http.state else {
            panic!("the body is not over");
        };
        assert_eq!(request.body, 100_000);
        // The next request begins where the body ends.
        let (answer, close) = receive(&mut http, [&piece, GET.as_bytes()].concat());
        assert_eq!((statuses(&answer), close), (vec!["405", "200"], false));
    }

    #[test]
    fn a_body_has_one_length_that_is_a_number() {
        for fields in [
            "Content-Length: -1",
            "Content-Length: +1",
            "Content-Length:",
            "Content-Length: 0x1",
            "Content-Length: 1, 1",
            "Content-Length: 18446744073709551616",
            "Content-Length: \u{661}",
            "Content-Length: 1\r\nContent-Length: 1",
        ] {
            assert_refused(
                format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"),
                "400 Bad Request",
            );
        }
        let longest = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n";
        assert_eq!(ask(longest), (String::new(), false));
        let none = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(statuses(&ask(none).0), ["200"]);
    }

    #[test]
    fn transfer_encoding_is_not_understood() {
        for coding in ["chunked", "identity", ""] {
            assert_refused(
                format!(
                    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\
                     transfer-encoding: {coding}\r\n\r\n{GET}"
                ),
                "501 Not Implemented",
            );
        }
    }

    #[test]
    fn a_peer_that_asks_before_it_sends_its_body_is_answered_at_once() {
        let expect = "Host: a\r\nExpect: 100-Continue\r\nContent-Length: 5000\r\n\r\n";
        let (answer, close) = ask(format!("POST / HTTP/1.1\r\n{expect}"));
        assert_eq!((statuses(&answer), close), (vec!["405"], true));
        // HTTP/1.0 has no such question.
        let (answer, close) = ask(format!("POST / HTTP/1.0\r\n{expect}"));
        assert_eq!((statuses(&answer), close), (vec![], false));
    }

    #[test]
    fn a_head_has_at_most_16_kib_and_100_fields() {
        let of_length = |length: usize| {
            let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
            format!("{start:x<0$}\r\n\r\n", length - 4)
        };
        assert_eq!(statuses(&ask(of_length(MAX_HEAD)).0), ["200"]);
        assert_refused(
            of_length(MAX_HEAD + 1),
            "431 Request Header Fields Too Large",
        );
        // The next request has as much room as the first.
        let two = of_length(MAX_HEAD).repeat(2);
        assert_eq!(statuses(&ask(two).0), ["200", "200"]);

        let of_fields = |count: usize| {
            let fields = "X:\r\n".repeat(count - 1);
            format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")
        };
        assert_eq!(statuses(&ask(of_fields(MAX_FIELDS)).0), ["200"]);
        assert_refused(
            of_fields(MAX_FIELDS + 1),
            "431 Request Header Fields Too Large",
        );
    }

    #[test]
    fn a_head_without_an_end_is_refused_while_it_arrives() {
        for endless in ["x", "GET / HTTP/1.1\r\n"] {
            let mut http = Http::default();
            let mut count = 0;
            let (answer, close) = loop {
                let end = receive(&mut http, [*endless.as_bytes().get(count).unwrap_or(&b'y')]);
                count += 1;
                if end.1 || count > MAX_HEAD + 1 {
                    break end;
                }
                assert_eq!(end, (String::new(), false));
            };
            assert_eq!((statuses(&answer), close), (vec!["431"], true));
            assert_eq!(count, MAX_HEAD + 1);
        }
    }

    #[test]
    fn empty_lines_before_a_request_take_no_room() {
        let mut http = Http::default();
        let lines = "\r\n\n".repeat(MAX_HEAD);
        assert_eq!(receive(&mut http, lines), (String::new(), false));
        assert_eq!(statuses(&receive(&mut http, GET).0), ["200"]);
    }

    /// A small generator of numbers that look random and are the same each time (xorshift).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 16) as usize % limit
        }
    }

    #[test]
    fn garbage_is_answered_within_bounds_and_alike_however_it_is_cut() {
        let parts: [&[u8]; 16] = [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n",
            b"HEAD /zh HTTP/1.0\n",
            b"POST ",
            b"/ ",
            b"HTTP/1.1",
            b"Content-Length: 7\r\n",
            b"Connection: keep-alive\r\n",
            b"Expect: 100-continue\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b": ",
            b"\xff\xc3",
            b"\x16",
        ];
        let most = MAX_ANSWERS * (256 + ENGLISH.len().max(CHINESE.len()));
        let mut numbers = Numbers(0x5eed);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..20_000 {
            let garbage: Vec<u8> = (0..=numbers.below(12))
                // The first few are more likely: most of the time there is a request to go wrong.
                .flat_map(|_| parts[numbers.below(16).min(numbers.below(16))])
                .copied()
                .collect();
            let whole = ask(&garbage);
            assert!(whole.0.len() <= most);
            seen.extend(statuses(&whole.0).into_iter().map(str::to_owned));

            let mut http = Http::default();
            let mut rest = garbage.as_slice();
            let mut cut = (String::new(), false);
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(1 + numbers.below(rest.len()));
                rest = after;
                let (more, close) = receive(&mut http, piece);
                cut = (cut.0 + &more, close);
                if let State::Head(head) = &http.state {
                    assert!(head.bytes.len() <= MAX_HEAD);
                }
            }
            assert_eq!(cut, whole, "{}", garbage.escape_ascii());
        }
        // All kinds of answers were among them, so the bytes were not all thrown away at the door.
        let all = ["200", "400", "405", "501"];
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
    }

    #[test]
    fn bytes_without_any_sense_are_refused() {
        let mut numbers = Numbers(0xbad);
        for _ in 0..200 {
            let noise: Vec<u8> = (0..20_000).map(|_| numbers.below(256) as u8).collect();
            assert_refused(noise, "400 Bad Request");
        }
    }
}
