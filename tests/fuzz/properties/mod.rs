//! What holds of every input, once for all: the fuzz targets (`tests/fuzz/targets`) and the property tests
//! (`tests/property`) call these same functions. One that returns has held; one that does not hold panics.
//!
//! None of them looks at a clock. That work is bounded is said in sizes: what comes out is in proportion to what went in.

mod bytes;
mod config;
mod kept;
mod script;
mod text;
mod words;

pub use bytes::{diag, head, http, output, service};
pub use config::config;
pub use kept::{byte_log, journal, view};
pub use script::{received, script};
pub use text::{cells, escapes, glyphs, values};
pub use words::{assert_points_into, completion, field, line};

/// Something that holds of any bytes.
pub type Property = fn(&[u8]);

/// Each property with the name of its fuzz target and of its folder of seeds.
pub const TARGETS: [(&str, Property); 18] = [
    ("byte_log", byte_log),
    ("cells", |bytes| as_text(bytes, cells)),
    ("completion", |bytes| as_text(bytes, completion)),
    ("config", |bytes| as_text(bytes, config)),
    ("diag", diag),
    ("escapes", |bytes| as_text(bytes, escapes)),
    ("field", |bytes| as_text(bytes, field)),
    ("glyphs", glyphs),
    ("head", head),
    ("http", http),
    ("journal", journal),
    ("line", |bytes| as_text(bytes, line)),
    ("output", output),
    ("received", received),
    ("script", script),
    ("service", service),
    ("values", |bytes| as_text(bytes, values)),
    ("view", view),
];

/// Tries the property of this name on `bytes`.
///
/// # Panics
/// The property does not hold, or there is none of that name.
pub fn check(name: &str, bytes: &[u8]) {
    let found = TARGETS.iter().find(|(target, _)| *target == name);
    let (_, property) = found.expect("a property of this name");
    property(bytes);
}

/// What is no text never comes as far as a parser of text: it is made one.
fn as_text(bytes: &[u8], property: fn(&str)) {
    property(&String::from_utf8_lossy(bytes));
}

/// Asserts that a person can be told `message` about a text of so many bytes: it says something, it is one line that acts on
/// no terminal, and it repeats what is wrong a few times at most.
fn assert_told(message: &str, source: usize) {
    assert!(!message.is_empty(), "nothing is said");
    let control = message.chars().find(|c| c.is_control());
    assert_eq!(control, None, "{message:?}");
    assert_short(message, source);
}

/// Asserts that `message` is in proportion to the text that it is about.
fn assert_short(message: &str, source: usize) {
    // A byte is shown in ten at most (`\u{10ffff}` in the place of a character), and a word of the text stands in a message
    // twice at most; what else it says fits into a screen.
    let most = 20 * source + 4_000;
    assert!(message.len() <= most, "{} of {source}", message.len());
}

/// `bytes` in pieces: whole, byte by byte, and in a few ways that the bytes themselves decide, the same each time.
fn cuts(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    const WAYS: u64 = 4;
    let mut all = vec![vec![bytes], bytes.chunks(1).collect()];
    for way in 1..=WAYS {
        // FNV-1a, and then a linear congruential generator.
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let mut state = bytes.iter().fold(way, hash);
        let mut rest = bytes;
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let longest = rest.len().min(1 << (2 * way));
            let (piece, after) = rest.split_at(1 + (state >> 33) as usize % longest);
            pieces.push(piece);
            rest = after;
        }
        all.push(pieces);
    }
    all
}
