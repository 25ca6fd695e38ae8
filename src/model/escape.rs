//! The escapes of the Send box: typed text in, bytes out.

use std::fmt;

use super::glyph;

/// Why typed text is not a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscapeError {
    /// Where the bad escape begins: characters before it.
    pub at: usize,
    /// What is wrong with it.
    pub reason: EscapeReason,
}

/// What is wrong with an escape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EscapeReason {
    /// The text ends behind the backslash.
    Unfinished,
    /// No escape has this letter.
    Unknown(char),
    /// `\x` is not followed by two hexadecimal digits.
    Hex,
    /// `\u` is not followed by one to six hexadecimal digits in braces.
    Unicode,
    /// The number in `\u{…}` is no Unicode scalar value.
    NotACharacter,
}

impl fmt::Display for EscapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: ", self.at + 1)?;
        match self.reason {
            EscapeReason::Unfinished => {
                f.write_str("the text ends in the middle of an escape; write \\\\ for a backslash")
            }
            EscapeReason::Unknown(c) => write!(
                f,
                "\\{} is no escape; there are \\n \\r \\t \\0 \\xHH \\u{{HHHH}} \\\" and \\\\",
                // It may be anything that was pasted.
                glyph::line(c.encode_utf8(&mut [0; 4]).as_bytes())
            ),
            EscapeReason::Hex => f.write_str("\\x needs two hexadecimal digits, as in \\x1b"),
            EscapeReason::Unicode => {
                f.write_str("\\u needs one to six hexadecimal digits in braces, as in \\u{4f60}")
            }
            EscapeReason::NotACharacter => f.write_str("this number is no Unicode character"),
        }
    }
}

impl std::error::Error for EscapeError {}

/// Turns typed text into bytes: UTF-8, with `\n`, `\r`, `\t`, `\0`, `\xHH` (one byte), `\u{H…}` (a character),
/// `\"` and `\\`.
///
/// # Errors
/// The first escape that is not one of these.
pub fn parse(text: &str) -> Result<Vec<u8>, EscapeError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.chars().enumerate();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let fail = |reason| EscapeError { at, reason };
        let (_, letter) = chars.next().ok_or(fail(EscapeReason::Unfinished))?;
        match letter {
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            '0' => bytes.push(0),
            '\\' => bytes.push(b'\\'),
            '"' => bytes.push(b'"'),
            'x' => {
                let mut digit = || chars.next().and_then(|(_, c)| c.to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(fail(EscapeReason::Hex));
                };
                bytes.push((high * 16 + low) as u8);
            }
            'u' => {
                let digits = braced(&mut chars).ok_or(fail(EscapeReason::Unicode))?;
                let c = char::from_u32(digits).ok_or(fail(EscapeReason::NotACharacter))?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => return Err(fail(EscapeReason::Unknown(other))),
        }
    }
    Ok(bytes)
}

/// The number in `{H…}`.
fn braced(chars: &mut impl Iterator<Item = (usize, char)>) -> Option<u32> {
    const MOST_DIGITS: usize = 6;
    let mut next = || chars.next().map(|(_, c)| c);
    if next()? != '{' {
        return None;
    }
    let mut value = 0;
    for count in 0..=MOST_DIGITS {
        match next()? {
            '}' if count > 0 => return Some(value),
            c => value = value * 16 + c.to_digit(16)?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_escape_gives_its_bytes() {
        assert_eq!(
            parse(r"a\r\n\t\x00\xff\0\\"),
            Ok(b"a\r\n\t\x00\xff\0\\".to_vec())
        );
        assert_eq!(parse(r"\u{4f60}好"), Ok("你好".as_bytes().to_vec()));
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn a_bad_escape_is_named_at_its_column() {
        let error = |text: &str| parse(text).expect_err(text).to_string();
        assert!(error(r"你好\q").starts_with(r"column 3: \q is no escape"));
        assert!(error("ab\\").starts_with("column 3: the text ends"));
        assert!(error(r"\x4").starts_with("column 1: \\x needs two"));
        assert!(error(r"\xzz").starts_with("column 1: \\x needs two"));
        assert!(error(r"\u4f60").starts_with("column 1: \\u needs"));
        assert!(error(r"\u{}").starts_with("column 1: \\u needs"));
        assert!(error(r"\u{1234567}").starts_with("column 1: \\u needs"));
        assert!(error(r"a\u{d800}").starts_with("column 2: this number is no"));
    }
}
