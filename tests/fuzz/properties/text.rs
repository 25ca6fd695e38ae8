//! Escapes, glyphs, cells, and the small values that are typed.

use sockyard::app::client::{bare, is_port, recv_size, split_address};
use sockyard::app::words::token::{quote, quote_message, tokens, unquote};
use sockyard::app::words::value::actor;
use sockyard::model::cells::{balanced, cut, fitting, wrap};
use sockyard::model::message::made_up_size;
use sockyard::model::option::ValueKind;
use sockyard::model::timespan::{LONGEST, parse_duration};
use sockyard::model::{Interface, Offer, OptionValue, Timespan, escape, glyph};
use sockyard::run::flags::address;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{assert_short, assert_told};

/// Typed text is read or refused at a column of it. What is read is no longer than the text, and reads the same when it is
/// typed as it is shown.
pub fn escapes(text: &str) {
    match escape::parse(text) {
        Ok(bytes) => {
            assert!(bytes.len() <= text.len(), "{text:?}");
            assert_eq!(escape::parse(&glyph::line(&bytes)), Ok(bytes), "{text:?}");
        }
        Err(error) => {
            assert!(error.at < text.chars().count(), "{text:?}: {error}");
            assert_told(&error.to_string(), text.len());
        }
    }
}

/// Any bytes are shown in plain characters that take the cells they say, in at most four times as much text, and what is
/// shown can be typed to give them again, also as one word of a line.
pub fn glyphs(bytes: &[u8]) {
    let mut covered = 0;
    let mut shown = String::new();
    for glyph in glyph::glyphs(bytes) {
        let own = &bytes[covered..covered + glyph.bytes];
        covered += glyph.bytes;
        assert!((1..=4).contains(&glyph.bytes), "{glyph:?}");
        assert!(glyph.text.len() <= 4 * glyph.bytes, "{glyph:?}");
        assert_eq!(glyph.width, glyph.text.width(), "{glyph:?}");
        assert!(!glyph.text.chars().any(char::is_control), "{glyph:?}");
        assert_eq!(glyph.ends_line, own == b"\n", "{glyph:?}");
        shown.push_str(&glyph.text);
    }
    assert_eq!(covered, bytes.len());
    assert_eq!(glyph::line(bytes), shown);
    assert_eq!(escape::parse(&shown).as_deref(), Ok(bytes), "{shown}");
    // The screen's library sets text grapheme by grapheme: none of them may be narrower or wider than its characters.
    for grapheme in shown.graphemes(true) {
        let cells = grapheme.chars().map(|c| c.to_string().width());
        assert_eq!(grapheme.width(), cells.sum::<usize>(), "{grapheme:?}");
    }
    for word in [quote(bytes), quote_message(bytes)] {
        let found = tokens(&word).expect("a word");
        assert_eq!(found.len(), 1, "{word}");
        assert_eq!(unquote(&word).as_deref(), Ok(bytes), "{word}");
        assert!(word.len() <= 4 * bytes.len() + 2, "{word}");
        assert!(!word.contains("${"), "{word}");
    }
}

/// Text that is cut or wrapped fits, and what is wrapped is all there. The first character says how wide it may be.
pub fn cells(text: &str) {
    const WIDEST: u32 = 200;
    let mut chars = text.chars();
    let width = chars.next().map_or(0, |c| u32::from(c) % WIDEST) as usize;
    let text = chars.as_str();

    let short = cut(text, width);
    assert!(short.width() <= width, "{short:?} in {width}");
    assert!(short.len() <= text.len() + '…'.len_utf8());
    if text.width() <= width {
        assert_eq!(short, text);
    }

    let lines = wrap(text, width);
    let fits = |line: &String| line.width() <= width.max(2);
    assert!(lines.iter().all(fits), "{lines:?} in {width}");
    let without_blanks = |text: &str| text.replace(' ', "");
    assert_eq!(without_blanks(&lines.concat()), without_blanks(text));
    assert!(lines.len() <= text.len() + 1, "{lines:?}");

    let even = balanced(text, width);
    assert_eq!(even.len(), lines.len(), "{even:?} in {width}");
    assert!(even.iter().all(fits), "{even:?} in {width}");
    assert_eq!(without_blanks(&even.concat()), without_blanks(text));

    let variants: Vec<String> = text.split('|').map(str::to_owned).collect();
    assert!(fitting(&variants, width).width() <= width);
}

/// What stands for a value is read or refused in a few words; what is read is written so that it is read again.
pub fn values(text: &str) {
    match parse_duration(text) {
        Ok(time) => {
            assert!(time <= LONGEST, "{text}");
            assert_eq!(parse_duration(&Timespan(time).to_string()), Ok(time));
        }
        Err(why) => assert_told(&why, text.len()),
    }
    match address(text) {
        Ok(found) => {
            assert_eq!(address(&found.to_string()), Ok(found.clone()), "{text:?}");
            let (host, port) = split_address(text).expect("an address");
            assert_eq!((host, port), (found.host.as_str(), found.port.as_str()));
            assert!(!host.is_empty() && is_port(port), "{text:?}");
        }
        Err(why) => assert_told(&why, text.len()),
    }
    for kind in [ValueKind::Flag, ValueKind::Number, ValueKind::Linger] {
        match OptionValue::parse(kind, text) {
            Ok(value) => assert_eq!(OptionValue::parse(kind, &value.to_string()), Ok(value)),
            Err(why) => assert_told(why, text.len()),
        }
    }
    // They repeat what was typed as it is: whoever shows them makes it plain.
    let refused = [
        recv_size(text).err(),
        made_up_size(text).err(),
        Offer::parse_delay(text).err(),
    ];
    for why in refused.iter().flatten() {
        assert_short(why, text.len());
    }
    if let Some(Interface::Index(index)) = Interface::parse(text) {
        assert_eq!(
            Interface::parse(&index.to_string()),
            Some(Interface::Index(index))
        );
    }
    if let Some(who) = actor(text) {
        assert!(who.to_string() == text || text == "client1", "{who}");
    }
    if is_port(text) {
        assert!(text.is_ascii(), "{text:?}");
    }
    assert!(text.contains(bare(text)));
}
