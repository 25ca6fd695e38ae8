//! Messages that are made up: as long as one likes, and such that a gap in them can be seen.

use super::numbers::grouped;

/// The largest message that is made up: more than any default buffer holds.
pub const LARGEST_MADE_UP: usize = 64 << 20;

/// How many bytes a made-up message is to have, as it is typed.
///
/// # Errors
/// What can be typed instead.
pub fn made_up_size(text: &str) -> Result<usize, String> {
    let count = text.parse().ok();
    count
        .filter(|count| *count <= LARGEST_MADE_UP)
        .ok_or_else(|| {
            format!(
                "\"{text}\": give a number of bytes from 0 to {}",
                grouped(LARGEST_MADE_UP as u64)
            )
        })
}

/// A message of `count` bytes in which numbers count up, eight bytes each.
#[must_use]
pub fn made_up(count: usize) -> Vec<u8> {
    let mut record = *b"0000000\n";
    let mut bytes = Vec::with_capacity(count + record.len());
    while bytes.len() < count {
        bytes.extend_from_slice(&record);
        // One more, digit by digit: formatting millions of numbers would keep the screen waiting.
        for digit in record[..7].iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                break;
            }
            *digit = b'0';
        }
    }
    bytes.truncate(count);
    bytes
}

/// Whether `bytes` are what [`made_up`] gives, and so many that nobody has typed them.
#[must_use]
pub fn is_made_up(bytes: &[u8]) -> bool {
    const SECOND: &[u8] = b"0000000\n0000001\n";
    bytes.starts_with(SECOND) && bytes == made_up(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_message_is_as_long_as_asked_and_counts_up() {
        assert_eq!(made_up(20), b"0000000\n0000001\n0000");
        assert_eq!(made_up(0), b"");
        assert_eq!(made_up(1_000_003).len(), 1_000_003);
        assert!(made_up(8 * 101).ends_with(b"0000099\n0000100\n"));
    }

    #[test]
    fn a_made_up_message_is_known_as_one() {
        assert!(is_made_up(&made_up(1_000)));
        assert!(!is_made_up(b"0000000\n"), "somebody may have typed that");
        let mut other = made_up(1_000);
        other[500] ^= 1;
        assert!(!is_made_up(&other));
    }
}
