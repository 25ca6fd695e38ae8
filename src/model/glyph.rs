//! Bytes from strangers as text that is safe on a terminal.
//!
//! Every byte becomes one or more printable cells: characters of one or two cells that stand alone are shown as they
//! are, everything else (control characters, escape sequences, invalid UTF-8, zero-width, combining and right-to-left
//! characters) as the escape that [`super::escape`] reads back. So what is shown can be typed into the Send box to
//! give the same bytes, and no peer can move the cursor or break the layout.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use unicode_width::UnicodeWidthChar;

/// What kind of bytes a [`Glyph`] stands for; drives its style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A character shown as itself.
    Text,
    /// A character shown as an escape: a control, or one that would disturb the layout.
    Escape,
    /// A byte that is not part of valid UTF-8.
    Invalid,
}

/// A run of bytes that is shown together, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph {
    /// How many bytes it stands for: 1 to 4.
    pub bytes: usize,
    /// What to print; never a control character.
    pub text: Cow<'static, str>,
    /// How many terminal cells the text takes.
    pub width: usize,
    /// What it is.
    pub kind: Kind,
    /// Whether a line ends behind it.
    pub ends_line: bool,
}

/// Reads `bytes` as UTF-8 and yields what to show for it, in order. The sum of [`Glyph::bytes`] is `bytes.len()`.
pub fn glyphs(bytes: &[u8]) -> impl Iterator<Item = Glyph> {
    Glyphs { rest: bytes }
}

/// `bytes` as the inside of a string literal: glyphs with `"` escaped too.
#[must_use]
pub fn quoted(bytes: &[u8]) -> String {
    glyphs(bytes)
        .map(|glyph| match glyph.text.as_ref() {
            "\"" => Cow::Borrowed("\\\""),
            _ => glyph.text,
        })
        .collect()
}

/// `bytes` as one line, without quotes.
#[must_use]
pub fn line(bytes: &[u8]) -> String {
    glyphs(bytes).map(|glyph| glyph.text).collect()
}

/// A line of our own words in which those of a stranger may stand, for a terminal: what is not plain becomes its escape.
///
/// Backslashes stay single, so that this does no harm to what is escaped already; for what is to be read back there is
/// [`line()`].
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    tamed(text, is_plain)
}

/// As [`plain`], for several lines.
#[must_use]
pub fn plain_lines(text: &str) -> Cow<'_, str> {
    tamed(text, |c| is_plain(c) || c == '\n')
}

fn tamed(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.chars().all(&stays) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| {
        if stays(c) {
            c.to_string()
        } else {
            line(c.encode_utf8(&mut [0; 4]).as_bytes())
        }
    };
    Cow::Owned(text.chars().map(shown).collect())
}

struct Glyphs<'a> {
    rest: &'a [u8],
}

impl Iterator for Glyphs<'_> {
    type Item = Glyph;

    fn next(&mut self) -> Option<Glyph> {
        let first = *self.rest.first()?;
        let glyph = if first.is_ascii() {
            ascii(first)
        } else {
            decode(self.rest).map_or_else(|| invalid(first), character)
        };
        self.rest = &self.rest[glyph.bytes..];
        Some(glyph)
    }
}

/// The printable ASCII characters in order, so that a glyph can borrow its text.
const PRINTABLE: &str = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

fn ascii(byte: u8) -> Glyph {
    let escape = |text: Cow<'static, str>| Glyph {
        bytes: 1,
        width: text.len(),
        text,
        kind: Kind::Escape,
        ends_line: byte == b'\n',
    };
    match byte {
        b'\n' => escape(Cow::Borrowed("\\n")),
        b'\r' => escape(Cow::Borrowed("\\r")),
        b'\t' => escape(Cow::Borrowed("\\t")),
        // A literal backslash is doubled, or it could not be told from an escape without colour.
        b'\\' => escape(Cow::Borrowed("\\\\")),
        b' '..=b'~' => {
            let at = usize::from(byte - b' ');
            Glyph {
                bytes: 1,
                text: Cow::Borrowed(&PRINTABLE[at..=at]),
                width: 1,
                kind: Kind::Text,
                ends_line: false,
            }
        }
        _ => escape(Cow::Owned(format!("\\x{byte:02x}"))),
    }
}

fn invalid(byte: u8) -> Glyph {
    Glyph {
        bytes: 1,
        text: Cow::Owned(format!("\\x{byte:02x}")),
        width: 4,
        kind: Kind::Invalid,
        ends_line: false,
    }
}

fn character(c: char) -> Glyph {
    let width = c.width().unwrap_or(0);
    let shown_as_is = is_plain(c);
    let text = if shown_as_is {
        c.to_string()
    } else {
        format!("\\u{{{:x}}}", u32::from(c))
    };
    Glyph {
        bytes: c.len_utf8(),
        width: if shown_as_is { width } else { text.len() },
        text: Cow::Owned(text),
        kind: if shown_as_is {
            Kind::Text
        } else {
            Kind::Escape
        },
        ends_line: false,
    }
}

/// The first character of `bytes` if they begin with valid UTF-8.
fn decode(bytes: &[u8]) -> Option<char> {
    let length = match bytes.first()? {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(bytes.get(..length)?)
        .ok()?
        .chars()
        .next()
}

/// Blocks whose characters a terminal may reorder (right-to-left scripts), join with the cell before (combining marks
/// that some width tables count as one cell, regional indicators, emoji modifiers, conjoining Hangul) or not draw at
/// all (private use, noncharacters). Widths of these differ between terminals, so they are never sent to one.
const DISTURBING: [RangeInclusive<u32>; 22] = [
    0x0080..=0x009f,   // C1 controls
    0x00ad..=0x00ad,   // soft hyphen
    0x0300..=0x036f,   // combining diacritical marks
    0x0590..=0x08ff,   // Hebrew, Arabic, Syriac, Thaana, N'Ko, Samaritan, Mandaic
    0x1160..=0x11ff,   // Hangul vowels and final consonants that join the one before
    0x2000..=0x200f,   // spaces of other widths, zero width, direction marks
    0x2028..=0x202f,   // line and paragraph separator, direction embedding
    0x205f..=0x206f,   // invisible operators, direction isolates
    0x3099..=0x309a,   // combining kana voicing marks
    0xd7b0..=0xd7ff,   // Hangul extended-B vowels and final consonants
    0xe000..=0xf8ff,   // private use
    0xfb1d..=0xfdff,   // Hebrew and Arabic presentation forms, noncharacters
    0xfe00..=0xfe0f,   // variation selectors
    0xfe70..=0xfeff,   // Arabic presentation forms, byte order mark
    0xfff0..=0xfffb,   // specials
    0x10800..=0x10fff, // historic right-to-left scripts
    0x110bd..=0x110bd, // Kaithi number sign, which encloses what follows
    0x110cd..=0x110cd, // the same above
    0x13430..=0x1345f, // controls and modifiers of Egyptian hieroglyphs
    0x1e800..=0x1efff, // right-to-left scripts of the supplementary plane
    0x1f1e6..=0x1f1ff, // regional indicators
    0x1f3fb..=0x1f3ff, // emoji skin tones
];

/// Whether `c` is shown as itself: a character of one or two cells that stands alone.
#[must_use]
pub fn is_plain(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    !c.is_control() && c.width().unwrap_or(0) > 0 && !disturbs_layout(c)
}

fn disturbs_layout(c: char) -> bool {
    let code = u32::from(c);
    code > 0xa0
        && (code >= 0xe_0000
            || code & 0xfffe == 0xfffe
            || DISTURBING.iter().any(|block| block.contains(&code)))
        || (0x80..=0xa0).contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::escape;

    #[test]
    fn controls_and_hostile_sequences_become_escapes() {
        assert_eq!(
            line(b"a\x1b[2Jb\r\n\t\x00\x7f\\"),
            r"a\x1b[2Jb\r\n\t\x00\x7f\\"
        );
        assert_eq!(line("\u{9b}31m".as_bytes()), r"\u{9b}31m", "C1 in UTF-8");
        assert_eq!(line(b"\x9b31m"), r"\x9b31m", "C1 as a raw byte");
        assert_eq!(line(b"\x1b]52;c;aGk=\x07"), r"\x1b]52;c;aGk=\x07");
    }

    #[test]
    fn layout_breakers_become_escapes_and_wide_text_stays() {
        assert_eq!(line("你好 café".as_bytes()), "你好 café");
        assert_eq!(line("e\u{301}".as_bytes()), r"e\u{301}", "combining");
        assert_eq!(line("\u{202e}abc".as_bytes()), r"\u{202e}abc", "override");
        assert_eq!(line("שלום".as_bytes()), r"\u{5e9}\u{5dc}\u{5d5}\u{5dd}");
        assert_eq!(line("a\u{200b}\u{feff}".as_bytes()), r"a\u{200b}\u{feff}");
    }

    #[test]
    fn words_of_our_own_keep_their_backslashes_and_lose_what_acts_on_a_terminal() {
        let hostile = "a\\b\u{1b}[2J\n\u{202e}你\u{9b}m\u{e0041}\u{2028}";
        let escaped = r"a\b\x1b[2J\n\u{202e}你\u{9b}m\u{e0041}\u{2028}";
        assert_eq!(plain(hostile), escaped);
        assert_eq!(plain(&plain(hostile)), escaped, "once is enough");
        assert_eq!(plain_lines(hostile), escaped.replace(r"\n", "\n"));
        assert!(matches!(plain("µ └ 你好"), Cow::Borrowed(_)));
    }

    /// The ranges of general category Cf of Unicode 16, see `UnicodeData.txt`, and the separators of lines and paragraphs.
    const FORMATTING: [RangeInclusive<u32>; 24] = [
        0x00ad..=0x00ad,
        0x0600..=0x0605,
        0x061c..=0x061c,
        0x06dd..=0x06dd,
        0x070f..=0x070f,
        0x0890..=0x0891,
        0x08e2..=0x08e2,
        0x180e..=0x180e,
        0x200b..=0x200f,
        0x2028..=0x2029,
        0x202a..=0x202e,
        0x2060..=0x2064,
        0x2066..=0x206f,
        0xfeff..=0xfeff,
        0xfff9..=0xfffb,
        0x110bd..=0x110bd,
        0x110cd..=0x110cd,
        0x13430..=0x1343f,
        0x1bca0..=0x1bca3,
        0x1d173..=0x1d17a,
        0xe0001..=0xe0001,
        0xe0020..=0xe007f,
        // The variation selectors, of which there are two blocks: they change the character before.
        0xfe00..=0xfe0f,
        0xe0100..=0xe01ef,
    ];

    #[test]
    fn no_control_and_no_format_character_is_plain() {
        let controls = [0x00..=0x1f, 0x7f..=0x9f];
        for code in controls.into_iter().chain(FORMATTING).flatten() {
            let c = char::from_u32(code).expect("a character");
            assert!(!is_plain(c), "U+{code:04X}");
        }
    }

    #[test]
    fn a_character_cut_between_two_recvs_shows_its_bytes() {
        let bytes = "你".as_bytes();
        assert_eq!(line(&bytes[..2]), r"\xe4\xbd");
        assert_eq!(line(&bytes[2..]), r"\xa0");
        assert!(glyphs(&bytes[..2]).all(|glyph| glyph.kind == Kind::Invalid));
    }

    #[test]
    fn any_bytes_are_covered_printable_and_typed_back_to_the_same_bytes() {
        // A small linear congruential generator: the same 4,000 strings in each run.
        let mut seed = 1u64;
        let mut next = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as u8
        };
        for length in 0..4_000 {
            let bytes: Vec<u8> = (0..length % 23).map(|_| next()).collect();
            let shown: Vec<Glyph> = glyphs(&bytes).collect();
            assert_eq!(shown.iter().map(|g| g.bytes).sum::<usize>(), bytes.len());
            for glyph in &shown {
                let width: usize = glyph.text.chars().map(|c| c.width().unwrap_or(0)).sum();
                assert_eq!(glyph.width, width, "{glyph:?}");
                assert!(!glyph.text.chars().any(char::is_control), "{glyph:?}");
            }
            assert_eq!(escape::parse(&line(&bytes)), Ok(bytes));
        }
    }
}
