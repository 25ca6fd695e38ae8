//! Text measured in cells: cutting, wrapping, and numbers as people read them.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` in at most `width` cells, with `…` at the end if something was left out.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut cells = 1;
    let mut kept: String = text
        .chars()
        .take_while(|c| {
            cells += c.width().unwrap_or(0);
            cells <= width
        })
        .collect();
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// `text` in lines of at most `width` cells, broken at spaces where possible.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if line.width() + c.width().unwrap_or(0) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// `1,234,567`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes in at most seven cells: `17 B`, `1.2 kB`, `345 MB`; powers of 1,000.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut tenths = number / 100;
    let mut unit = 0;
    while tenths >= 10_000 {
        tenths /= 1_000;
        unit += 1;
    }
    let unit = UNITS[unit];
    if tenths < 1_000 {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    } else {
        format!("{} {unit}", tenths / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_counts_cells_and_never_splits_a_wide_character() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello", 4), "hel…");
        assert_eq!(cut("你好吗", 4), "你…");
        assert_eq!(cut("hello", 0), "");
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_splits_what_is_too_long() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("你好吗", 5), ["你好", "吗"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            [0, 999, 1_000, 10_737_418_240].map(grouped),
            ["0", "999", "1,000", "10,737,418,240"]
        );
        assert_eq!(
            [0, 999, 1_000, 1_234_567, 999_999_999, 10_737_418_240].map(bytes),
            ["0 B", "999 B", "1.0 kB", "1.2 MB", "999 MB", "10.7 GB"]
        );
    }
}
