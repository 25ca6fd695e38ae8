//! A line as its words: where each stands, what is quoted, and what a comment hides.
//!
//! A word keeps its quotes and escapes until a value is read from it, so that quoted text is never taken for an option.

use super::Wrong;
use crate::model::{escape, glyph};

/// A word of a line, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word with its quotes and escapes.
    pub raw: String,
    /// Where it begins: characters of the line before it.
    pub column: usize,
}

impl Token {
    /// Where it ends: characters of the line before what follows it.
    #[must_use]
    pub fn end(&self) -> usize {
        self.column + self.raw.chars().count()
    }
}

/// A line that was taken apart as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its words; a text without a closing quote goes to the end.
    pub tokens: Vec<Token>,
    /// The first quote that is not as it should be.
    pub wrong: Option<Wrong>,
    /// Where a comment begins: characters of the line before it.
    pub comment: Option<usize>,
}

/// The words of `line`, up to a comment. A word that begins with `"` goes on to the next `"` that has no backslash; any
/// other ends at a blank. A `#` at the beginning of a word begins a comment.
///
/// # Errors
/// A quote that does not end, or that ends in the middle of a word.
pub fn tokens(line: &str) -> Result<Vec<Token>, Wrong> {
    let Taken { tokens, wrong, .. } = take_apart(line);
    wrong.map_or(Ok(tokens), Err)
}

/// The same of a line that is still being typed.
#[must_use]
pub fn take_apart(line: &str) -> Taken {
    let mut taken = Taken {
        tokens: Vec::new(),
        wrong: None,
        comment: None,
    };
    let mut chars = line.chars().enumerate().peekable();
    while let Some((column, first)) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        if first == '#' {
            taken.comment = Some(column);
            break;
        }
        let mut raw = String::from(first);
        let mut wrong = None;
        if first == '"' {
            loop {
                let next = chars.next().map(|(_, c)| c);
                raw.extend(next);
                match next {
                    // Whatever follows a backslash does not end the text.
                    Some('\\') => raw.extend(chars.next().map(|(_, escaped)| escaped)),
                    Some('"') => break,
                    Some(_) => {}
                    None => {
                        wrong = Some(Wrong::new(column, "this text has no closing quote"));
                        break;
                    }
                }
            }
            // The first is told: there may be a hundred thousand.
            if taken.wrong.is_none()
                && let Some((behind, _)) = chars.peek().filter(|(_, c)| !c.is_whitespace())
            {
                let text = "a blank belongs between a closing quote and what follows; inside the text a quote is \\\"";
                wrong = Some(Wrong::new(*behind, text));
            }
        } else {
            while let Some((_, c)) = chars.next_if(|(_, c)| !c.is_whitespace()) {
                raw.push(c);
            }
        }
        taken.tokens.push(Token { raw, column });
        taken.wrong = taken.wrong.or(wrong);
    }
    taken
}

/// The bytes that a word stands for: without its quotes, its escapes read as those of the send box are.
///
/// # Errors
/// The first escape that is none; its place is counted from the beginning of the word.
pub fn unquote(raw: &str) -> Result<Vec<u8>, escape::EscapeError> {
    match raw.strip_prefix('"') {
        Some(rest) => escape::parse(rest.strip_suffix('"').unwrap_or(rest)).map_err(|mut error| {
            error.at += 1;
            error
        }),
        None => escape::parse(raw),
    }
}

/// A word that stands for these bytes; it has quotes unless it reads as well without.
#[must_use]
pub fn quote(bytes: &[u8]) -> String {
    let text = written(bytes);
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:,;=+@%~!()[]{}<>?*&^|".contains(c);
    let is_word =
        text.chars().all(is_plain) && !text.is_empty() && !text.starts_with(['-', '&', '=']);
    if is_word { text } else { format!("\"{text}\"") }
}

/// The inside of a quoted word. What a script would take for a variable is written so that it is none.
fn written(bytes: &[u8]) -> String {
    glyph::quoted(bytes).replace("${", "\\x24{")
}

/// The same for text.
#[must_use]
pub fn quote_text(text: &str) -> String {
    quote(text.as_bytes())
}

/// A word for a message: always with quotes, as a message may have any number of words.
#[must_use]
pub fn quote_message(bytes: &[u8]) -> String {
    format!("\"{}\"", written(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<(usize, String)> {
        let tokens = tokens(line).expect("a good line");
        tokens.into_iter().map(|t| (t.column, t.raw)).collect()
    }

    #[test]
    fn words_stand_at_their_columns() {
        assert_eq!(
            words(r#"  server#1  send "a \" b" # a comment"#),
            [
                (2, "server#1".to_owned()),
                (12, "send".to_owned()),
                (17, r#""a \" b""#.to_owned())
            ]
        );
        assert_eq!(words("# nothing"), []);
        assert_eq!(
            words("你好 b"),
            [(0, "你好".to_owned()), (3, "b".to_owned())]
        );
    }

    #[test]
    fn a_quote_has_an_end_and_a_blank_behind_it() {
        let error = |line| tokens(line).expect_err(line);
        assert_eq!(error(r#"send "abc"#).column, 5);
        assert_eq!(error(r#"send "abc\""#).column, 5);
        assert_eq!(error(r#"send "abc"d"#).column, 10);
    }

    #[test]
    fn quoting_and_reading_give_the_same_bytes() {
        let every: Vec<u8> = (0..=255).collect();
        for bytes in [
            b"ning".as_slice(),
            b"",
            b"a b",
            b"--x",
            b"\"\\",
            "你好".as_bytes(),
            b"${x}",
            &every,
        ] {
            let (word, message) = (quote(bytes), quote_message(bytes));
            assert_eq!(unquote(&word).as_deref(), Ok(bytes), "{word}");
            assert_eq!(unquote(&message).as_deref(), Ok(bytes), "{message}");
            assert_eq!(tokens(&message).expect("one word").len(), 1);
        }
        assert_eq!(quote(b"127.0.0.1"), "127.0.0.1");
        assert_eq!(quote(b"a b"), "\"a b\"");
    }
}
