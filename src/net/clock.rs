//! The one clock that stamps events.

use std::time::{Duration, Instant};

use crate::model::Moment;

/// A monotonic clock that starts at zero.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts the clock.
    #[must_use]
    pub fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// When `moment` is on the system's own clock.
    #[must_use]
    pub fn instant(self, moment: Moment) -> Instant {
        self.start + Duration::from_micros(moment.0)
    }

    /// The time since the start.
    #[must_use]
    pub fn now(self) -> Moment {
        Moment(u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX))
    }
}
