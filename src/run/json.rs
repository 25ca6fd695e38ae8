//! JSON as it may be printed on any terminal: `jq` and a parser read the same as without this, a terminal shows it.
//!
//! RFC 8259 has only the characters below U+0020 escaped. C1 controls, directions, tags and whatever else disturbs a
//! terminal may stand in its strings as they are, and those may come from strangers.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use crate::model::glyph;

/// Writes `value` in one line, without its end; what is not plain ([`glyph::is_plain`]) as `\uXXXX`.
///
/// # Errors
/// What cannot be written.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(out, Tame);
    Ok(value.serialize(&mut serializer)?)
}

/// The compact form, in which a string has plain characters alone.
struct Tame;

impl Formatter for Tame {
    /// `fragment` is a part of a string without what JSON itself has escaped.
    fn write_string_fragment<W>(&mut self, out: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut begin = 0;
        for (at, c) in fragment.char_indices() {
            if glyph::is_plain(c) {
                continue;
            }
            out.write_all(&fragment.as_bytes()[begin..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            begin = at + c.len_utf8();
        }
        out.write_all(&fragment.as_bytes()[begin..])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn written(value: &Value) -> String {
        let mut out = Vec::new();
        write(&mut out, value).expect("memory takes everything");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn every_character_is_plain_and_reads_back_as_it_was() {
        let all: String = ('\0'..=char::MAX).collect();
        for text in [all.as_str(), "", "\u{202e}", "你\u{9b}好\u{e0041}", "\"\\/"] {
            // As a key too.
            let value = serde_json::json!({ text: [text] });
            let json = written(&value);
            let hostile = json.chars().find(|c| !glyph::is_plain(*c));
            assert_eq!(hostile, None);
            assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON"), value);
        }
        assert_eq!(
            written(&"你\u{9b}\u{e0041}\n\u{7f}\u{2028}x".into()),
            r#""你\u009b\udb40\udc41\n\u007f\u2028x""#
        );
    }
}
