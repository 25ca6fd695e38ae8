//! Bytes from a peer, from the kernel, and from a program under test.

use std::io::BufReader;

use sockyard::model::{Head, Service};
use sockyard::net::diag;
use sockyard::net::http::{Http, MAX_ANSWERS};
use sockyard::net::service::{Talk, Then};
use sockyard::run::program::{LONGEST_LINE, next_line};

use super::cuts;

/// However a peer's bytes are cut, the same is answered: in all as much as [`MAX_ANSWERS`] requests at one time may ask for.
pub fn http(bytes: &[u8]) {
    /// The longest answer: a page and its head.
    const ANSWER: usize = 4 << 10;
    let ask = |pieces: &[&[u8]]| {
        let mut http = Http::default();
        let mut answers = Vec::new();
        let mut is_closed = false;
        for piece in pieces {
            let (send, close) = http.receive(piece);
            assert!(send.len() <= MAX_ANSWERS * ANSWER, "{}", send.len());
            assert!(close || !is_closed, "it was closed before");
            assert!(send.is_empty() || !is_closed, "it was closed before");
            answers.extend(send);
            is_closed = close;
        }
        (
            String::from_utf8(answers).expect("answers are text"),
            is_closed,
        )
    };
    let whole = ask(&[bytes]);
    // Out of one piece only so many are answered, and then it closes.
    let answers = whole.0.matches("\r\nServer: sockyard\r\n").count();
    assert!(answers <= MAX_ANSWERS);
    if answers < MAX_ANSWERS {
        for pieces in cuts(bytes) {
            assert_eq!(ask(&pieces), whole, "{}", bytes.escape_ascii());
        }
    }
}

/// The body begins behind the first empty line of a head that is not too long, however the bytes are cut.
pub fn head(bytes: &[u8]) {
    let longest = bytes.len().min(Head::LONGEST as usize);
    let mut ends = 0;
    let body = bytes[..longest].iter().position(|byte| {
        match byte {
            b'\n' => ends += 1,
            b'\r' => {}
            _ => ends = 0,
        }
        ends == 2
    });
    let body = body.map(|at| at as u64 + 1);
    for pieces in cuts(bytes) {
        let mut head = Head::default();
        for piece in pieces {
            head.push(piece);
        }
        assert_eq!(head.body(), body, "{}", bytes.escape_ascii());
    }
}

/// What each service says to a peer is in proportion to what it heard, and nothing follows its end.
pub fn service(bytes: &[u8]) {
    const FIXED: usize = 64;
    for service in Service::ALL {
        let mut talk = Talk::new(service);
        let greeting = talk.greeting(|| "noon".to_owned());
        assert!(greeting.send.len() <= FIXED && greeting.to_others.is_empty());
        let mut is_over = greeting.then == Then::Close;
        for piece in bytes.chunks(talk.recv_size()) {
            if is_over {
                break;
            }
            let reply = talk.answer(piece);
            // HTTP has pages to send; how many is its own affair.
            if service != Service::Http {
                assert!(reply.send.len() <= piece.len() + FIXED, "{service:?}");
            }
            assert!(reply.to_others.len() <= piece.len(), "{service:?}");
            is_over = reply.then == Then::Close;
        }
        let answer = Talk::answer_datagram(service, bytes, || "noon".to_owned());
        assert!(answer.is_none_or(|answer| answer.len() <= bytes.len() + FIXED));
    }
}

/// Whatever the kernel's datagram holds is an answer to the request of that number, or none, or a fault: the library that takes
/// it apart is not to panic.
pub fn diag(bytes: &[u8]) {
    /// The number that the seeds answer to.
    const REQUEST: u32 = 1;
    if let Err(error) = diag::answer_in(bytes, REQUEST) {
        assert!(!error.to_string().is_empty());
    }
}

/// What a program prints is read in lines, none of which is too long, and all of it: text stays text.
pub fn output(bytes: &[u8]) {
    /// Of the pipe so many bytes are there at a time.
    const ROOM: usize = 61;
    let mut from = BufReader::with_capacity(ROOM, bytes);
    let lines: Vec<String> = std::iter::from_fn(|| next_line(&mut from)).collect();
    // A byte that is no text is shown as one character of three.
    let longest = 3 * (LONGEST_LINE as usize + 3);
    assert!(lines.iter().all(|line| line.len() <= longest));
    assert!(lines.len() <= bytes.len());
    if let Ok(text) = str::from_utf8(bytes) {
        let without_ends = |text: &str| text.replace(['\n', '\r'], "");
        assert_eq!(without_ends(&lines.concat()), without_ends(text));
    }
}
