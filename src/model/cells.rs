//! Text measured in terminal cells: cutting and wrapping.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many cells `c` takes at most, whatever stands before it: a variation selector may make what it selects wider by one,
/// and the library that measures text counts a control character as one.
fn cells(c: char) -> usize {
    match c {
        '\u{fe00}'..='\u{fe0f}' => 1,
        _ => c.width().unwrap_or(1),
    }
}

/// How many cells `text` takes: nearly all of it is plain, and then that is quickly said.
#[must_use]
pub fn width(text: &str) -> usize {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        text.len()
    } else {
        text.width()
    }
}

/// `text` in at most `width` cells, with `…` at the end if something was left out.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    if self::width(text) <= width {
        return text.to_owned();
    }
    let mut filled = 1;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            filled += cells(*c);
            filled <= width
        })
        .collect();
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// `text` in lines of at most `width` cells, broken at spaces where possible.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    // How many cells the line takes: measured anew for each character, a long one would cost its square.
    let mut filled = 0;
    for word in text.split(' ') {
        if !line.is_empty() {
            if filled + 1 + word.chars().map(cells).sum::<usize>() > width {
                lines.push(std::mem::take(&mut line));
                filled = 0;
            } else {
                line.push(' ');
                filled += 1;
            }
        }
        for c in word.chars() {
            if filled + cells(c) > width {
                lines.push(std::mem::take(&mut line));
                filled = 0;
            }
            line.push(c);
            filled += cells(c);
        }
    }
    lines.push(line);
    lines
}

/// `text` in as few lines of at most `width` cells as [`wrap`] needs, all of about the same length.
#[must_use]
pub fn balanced(text: &str, width: usize) -> Vec<String> {
    /// More lines than these fill a screen however long they are.
    const MOST: usize = 12;
    let lines = wrap(text, width);
    let count = lines.len();
    if !(2..=MOST).contains(&count) {
        return lines;
    }
    let least = text.width().div_ceil(count).max(2);
    // A narrower measure never needs fewer lines.
    let narrower = (least..width).map(|width| wrap(text, width));
    let mut fitting = narrower.filter(|lines| lines.len() == count && !splits_a_word(lines, text));
    fitting.next().unwrap_or(lines)
}

/// Whether a line ends within a word: what the lines are joined to with blanks is not the text.
fn splits_a_word(lines: &[String], text: &str) -> bool {
    lines.join(" ") != text
}

/// The first of `variants`, long to short, that fits into `width` cells; if none does, the last one cut.
#[must_use]
pub fn fitting(variants: &[String], width: usize) -> String {
    variants
        .iter()
        .find(|text| text.width() <= width)
        .cloned()
        .unwrap_or_else(|| cut(variants.last().map_or("", String::as_str), width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_as_wide_as_any_other_way_to_measure_it_says() {
        for text in [
            "",
            " ",
            "~ plain \" text",
            "\t",
            "\0",
            "\x7f",
            "é",
            "你好",
            "a\u{301}b",
            "☀\u{fe0f}",
        ] {
            assert_eq!(width(text), text.width(), "{text:?}");
        }
    }

    #[test]
    fn cutting_counts_cells_and_never_splits_a_wide_character() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello", 4), "hel…");
        assert_eq!(cut("你好吗", 4), "你…");
        assert_eq!(cut("hello", 0), "");
    }

    #[test]
    fn the_longest_variant_that_fits_is_taken() {
        let variants = ["a long text".to_owned(), "a text".to_owned()];
        assert_eq!(
            [20, 8, 4].map(|width| fitting(&variants, width)),
            ["a long text", "a text", "a t…"]
        );
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_splits_what_is_too_long() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("你好吗", 5), ["你好", "吗"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn balanced_lines_are_about_as_long_as_each_other() {
        assert_eq!(wrap("one two three four", 14), ["one two three", "four"]);
        assert_eq!(
            balanced("one two three four", 14),
            ["one two", "three four"]
        );
        assert_eq!(balanced("one", 14), ["one"]);
        assert_eq!(balanced("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(balanced("你好吗", 5), ["你好", "吗"]);
    }
}
