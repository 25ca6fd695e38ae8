//! Durations as a person types them, in a file, behind a flag or in a line of a script: `250ms`, `5s`, `2min`, `1h30min`.
//!
//! [`parse_duration`] reads them, [`Timespan`] writes them so that they can be read again. How long something took is
//! written by [`super::moment::Elapsed`] instead, which rounds.

use std::fmt;
use std::time::Duration;

use jiff::fmt::friendly::SpanParser;

/// The longest duration that can be typed: a day. Nobody waits longer, and every point in time that far away can be
/// computed.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a duration: numbers, each with its unit (`h`, `min` or `m`, `s`, `ms`, `us`, `ns`, or longer names), from the
/// largest unit to the smallest. The smallest may have decimals: `1.5s`.
///
/// # Errors
/// What is wrong with it and what can be typed instead.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = SpanParser::new().parse_unsigned_duration(text);
    let duration = parsed.map_err(|_| {
        format!(
            "\"{}\" is no duration: write a number and its unit, as in 250ms, 5s or 2min",
            text.escape_debug()
        )
    })?;
    if duration > LONGEST {
        let text = text.escape_debug();
        return Err(format!("\"{text}\" is too long: 24h is the most"));
    }
    Ok(duration)
}

/// A duration as [`parse_duration`] reads it, in one word and without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timespan(pub Duration);

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u128, &str); 6] = [
            (3_600_000_000_000, "h"),
            (60_000_000_000, "min"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        let mut rest = self.0.as_nanos();
        let mut text = String::new();
        for (size, unit) in UNITS {
            if rest >= size {
                text.push_str(&format!("{}{unit}", rest / size));
                rest %= size;
            }
        }
        f.pad(if text.is_empty() { "0s" } else { &text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_is_read() {
        for (text, millis) in [
            ("250ms", 250),
            ("5s", 5_000),
            ("2min", 120_000),
            ("2m", 120_000),
            ("1.5s", 1_500),
            ("1h30min", 5_400_000),
            ("1h 30m", 5_400_000),
            ("0s", 0),
            ("24h", 86_400_000),
            ("10 seconds", 10_000),
        ] {
            let read = parse_duration(text);
            assert_eq!(read, Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_duration("20us"), Ok(Duration::from_micros(20)));
    }

    #[test]
    fn what_makes_no_sense_is_named_with_what_would() {
        for text in [
            "", "5", "s", "5x", "-5s", "5s ago", "1y", "5s,", "5S5s", "PT5S", "soon", "∞s",
        ] {
            let error = parse_duration(text).expect_err(text);
            assert!(error.contains("250ms, 5s or 2min"), "{text:?}: {error}");
            assert!(!error.contains('\n'), "{text:?}: {error}");
        }
        for text in ["25h", "24h1ns", "99999999999h"] {
            let error = parse_duration(text).expect_err(text);
            assert!(error.contains("24h is the most"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for nanos in [
            0,
            1,
            999,
            20_000,
            250_000_000,
            5_000_000_000,
            61_000_000_001,
            5_400_000_000_000,
            86_400_000_000_000,
        ] {
            let duration = Duration::from_nanos(nanos);
            let text = Timespan(duration).to_string();
            assert_eq!(parse_duration(&text), Ok(duration), "{text}");
            assert!(!text.contains(' '), "one word of a script: {text}");
        }
        let written = [250, 5_000, 120_000, 90_000];
        let written = written.map(|millis| Timespan(Duration::from_millis(millis)).to_string());
        assert_eq!(written, ["250ms", "5s", "2min", "1min30s"]);
    }
}
