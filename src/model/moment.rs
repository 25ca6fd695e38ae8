//! Points in time as the workers stamp them, and how they read on the wall clock.

use std::fmt;
use std::time::Duration;

/// A point in time: microseconds since the program started, from a monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Moment(pub u64);

impl Moment {
    /// How long before this moment `earlier` was; zero if it was not before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// The moment that is so much later, or the last one there is.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

/// Turns a [`Moment`] into the time of day where the person sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WallClock {
    /// Local time of day at `Moment(0)`, in microseconds since midnight.
    pub start_of_day_offset: u64,
}

impl WallClock {
    const DAY: u64 = 24 * 60 * 60 * 1_000_000;

    /// `14:02:11.031`
    #[must_use]
    pub fn precise(self, at: Moment) -> String {
        let micros = self.of_day(at);
        format!("{}.{:03}", self.coarse(at), micros / 1_000 % 1_000)
    }

    /// `14:02:11`
    #[must_use]
    pub fn coarse(self, at: Moment) -> String {
        let seconds = self.of_day(at) / 1_000_000;
        format!(
            "{:02}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )
    }

    const fn of_day(self, at: Moment) -> u64 {
        self.start_of_day_offset.wrapping_add(at.0) % Self::DAY
    }
}

/// A duration as a person reads it: `45 µs`, `0.3 ms`, `12.0 s`, `2 min 05 s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(pub Duration);

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let text = match micros {
            0..100 => format!("{micros} µs"),
            100..100_000 => format!("{}.{} ms", micros / 1_000, micros / 100 % 10),
            100_000..1_000_000 => format!("{} ms", micros / 1_000),
            1_000_000..60_000_000 => {
                format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10)
            }
            _ => format!(
                "{} min {:02} s",
                micros / 60_000_000,
                micros / 1_000_000 % 60
            ),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_clock_passes_midnight() {
        let clock = WallClock {
            start_of_day_offset: WallClock::DAY - 1_000,
        };
        assert_eq!(clock.precise(Moment(0)), "23:59:59.999");
        assert_eq!(clock.precise(Moment(1_000)), "00:00:00.000");
    }

    #[test]
    fn durations_read_as_a_person_says_them() {
        let said = [7, 99, 100, 1_500, 99_999, 250_000, 12_040_000, 125_000_000]
            .map(|micros| Elapsed(Duration::from_micros(micros)).to_string());
        assert_eq!(
            said,
            [
                "7 µs",
                "99 µs",
                "0.1 ms",
                "1.5 ms",
                "99.9 ms",
                "250 ms",
                "12.0 s",
                "2 min 05 s"
            ]
        );
    }
}
