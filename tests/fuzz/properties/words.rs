//! Lines of the one vocabulary: read, written, and while they are typed.

use sockyard::app::field::{Edit, Field, Takes};
use sockyard::app::words::complete::{Candidate, Completion, NEXT_CLIENT, There, complete};
use sockyard::app::words::read::parse_alone;
use sockyard::app::words::token::{Token, take_apart, tokens};
use sockyard::app::words::{Wrong, parse};
use sockyard::model::escape;

use super::assert_told;

/// A line is taken apart into the words that stand in it, and read, or refused at a column of it. What is read is written as a line that
/// says the same.
pub fn line(text: &str) {
    let chars: Vec<char> = text.chars().collect();
    let taken = take_apart(text);
    let mut behind = 0;
    for token in &taken.tokens {
        assert!(token.column >= behind, "{text:?}");
        behind = token.end();
        let own: String = chars[token.column..behind].iter().collect();
        assert_eq!(own, token.raw, "{text:?}");
    }
    if let Some(at) = taken.comment {
        assert!(at >= behind && chars[at] == '#', "{text:?}");
    }
    match (tokens(text), &taken.wrong) {
        (Ok(found), None) => assert_eq!(found, taken.tokens),
        (Err(wrong), Some(other)) => assert_eq!(wrong, *other),
        (found, wrong) => panic!("{found:?} and {wrong:?}"),
    }
    match parse(text) {
        Ok(Some(deed)) => {
            let written = deed.to_string();
            let control = written.chars().find(|c| c.is_control());
            assert_eq!(control, None, "{written:?}");
            // The shortest line of all begins a crowd, whose defaults are written out.
            assert!(written.len() <= 10 * text.len() + 200, "{written}");
            assert_eq!(parse(&written), Ok(Some(deed)), "{text:?}: {written}");
        }
        Ok(None) => assert!(taken.tokens.is_empty(), "{text:?}"),
        Err(wrong) => assert_points_into(&wrong, text),
    }
    if let Err(wrong) = parse_alone(text) {
        assert_points_into(&wrong, text);
    }
}

/// Asserts that a line can be shown with what is wrong with it.
pub fn assert_points_into(wrong: &Wrong, line: &str) {
    assert!(wrong.column <= line.chars().count(), "{line:?}: {wrong}");
    assert_told(&wrong.message, line.len());
}

/// What there is to be named, with all that a host or a message may hold.
fn there() -> There {
    There {
        actors: vec![
            Candidate::new("client", "127.0.0.1:8888"),
            Candidate::new("client2", NEXT_CLIENT),
            Candidate::new("server#3", "ESTABLISHED"),
        ],
        hosts: vec![
            Candidate::new("127.0.0.1", "this machine"),
            Candidate::new("::1", "this machine"),
            Candidate::new("localhost", "this machine"),
            Candidate::new("\"a b\"", "strange"),
        ],
        ports: vec![Candidate::new("8888", "the server")],
        texts: vec![
            Candidate::new("\"hello, you\"", "typed in client"),
            Candidate::new("\"\\\"\\\\ \\x00你\"", "typed in client"),
        ],
    }
}

/// A line that is being typed is judged wherever the cursor stands: what is offered is bounded, fits where it is offered and
/// makes nothing wrong that was right.
pub fn completion(text: &str) {
    /// The places where the cursor stands: all of a short line.
    const PLACES: usize = 24;
    let length = text.chars().count();
    let there = there();
    for cursor in (0..=length + 1).step_by(1 + length / PLACES) {
        let found = complete(text, cursor, &there);
        assert!(found.start <= found.end && found.end <= length, "{text:?}");
        // A verb's names are the longest list of the grammar.
        assert!(found.candidates.len() <= 50, "{text:?}");
        assert!(found.usage.len() <= 20, "{text:?}");
        if let Some(wrong) = &found.wrong {
            assert_points_into(wrong, text);
            assert!(!found.whole, "{text:?}: {wrong}");
        }
        if let Some(common) = found.common(text) {
            let all = &found.candidates;
            assert!(all.iter().all(|one| one.text.starts_with(&common)));
        }
        // What stands before it, as far as it was typed.
        let before: String = text.chars().take(found.start).collect();
        let known = complete(&before, found.start, &there);
        let is_right = known.wrong.is_none();
        // A line that can be said is judged with a blank behind the candidate: nothing is taken for unfinished then. In another
        // one something may be wrong that is not told yet.
        let end = if known.whole { " " } else { "" };
        for candidate in &found.candidates {
            assert_fits(text, &found, candidate);
            let with = format!("{before}{}{end}", candidate.text);
            if is_right {
                let judged = complete(&with, with.chars().count(), &there);
                assert_eq!(judged.wrong, None, "{before:?} and {candidate:?}");
            }
        }
    }
}

/// Asserts that a candidate is a word of the line in which it was put.
fn assert_fits(text: &str, found: &Completion, candidate: &Candidate) {
    let (applied, cursor) = found.applied(text, candidate);
    assert!(cursor <= applied.chars().count(), "{text:?}: {applied:?}");
    assert!(applied.len() <= text.len() + candidate.text.len() + 1);
    let words = take_apart(&applied).tokens;
    let is_it = |token: &Token| (token.column, &token.raw) == (found.start, &candidate.text);
    assert!(words.iter().any(is_it), "{text:?}: {applied:?}");
}

/// A field keeps to what it takes and to its length, whatever is typed, pasted and done with it. Each character of `text` up to the first
/// line feed is an edit; the rest is pasted, a line at a time, with the edits between them.
pub fn field(text: &str) {
    const EDITS: [Edit; 13] = [
        Edit::Left,
        Edit::Right,
        Edit::WordLeft,
        Edit::WordRight,
        Edit::Home,
        Edit::End,
        Edit::Backspace,
        Edit::Delete,
        Edit::DeleteWordLeft,
        Edit::DeleteWordRight,
        Edit::DeleteToStart,
        Edit::DeleteToEnd,
        Edit::Yank,
    ];
    let (edits, pasted) = text.split_once('\n').unwrap_or(("", text));
    for takes in [Takes::Name, Takes::Digits, Takes::Text, Takes::Message] {
        let mut field = Field::new(takes, "");
        for line in pasted.split_inclusive('\n') {
            field.insert(line);
            assert_sound(&field, takes);
            // A field edits a long text character by character.
            for c in edits.chars().take(16) {
                field.edit(EDITS[u32::from(c) as usize % EDITS.len()]);
                assert_sound(&field, takes);
            }
            field.set_cursor_column(line.len());
            field.remember();
            field.recall_older();
            assert_sound(&field, takes);
        }
    }
    // What was pasted into an empty field of messages means what it was, unless it was cut or held escapes already.
    let mut message = Field::new(Takes::Message, "");
    if message.insert(text) && !text.contains('\\') {
        let bytes = escape::parse(message.value());
        assert_eq!(bytes.as_deref(), Ok(text.as_bytes()));
    }
}

fn assert_sound(field: &Field, takes: Takes) {
    let value = field.value();
    let length = value.chars().count();
    assert!(length <= Field::LONGEST, "{length}");
    assert!(field.cursor() <= length, "{value:?}");
    let is_taken = |c: char| match takes {
        Takes::Digits => c.is_ascii_digit(),
        Takes::Name => !c.is_whitespace() && !c.is_control(),
        Takes::Text | Takes::Message => !c.is_control(),
    };
    assert!(value.chars().all(is_taken), "{value:?}");
}
