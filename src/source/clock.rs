//! Our clock: the system's, but never set back.
//!
//! What arrives is ordered by when it came. When the system's clock is set back, as at the first
//! contact with a time server, the time goes on from before, by how much has really passed: else
//! every value that follows would lie among older ones. Where it is set ahead the time follows.

use crate::metric::{CdTime, Interval};
use std::time::{Instant, SystemTime};

/// A difference of less is none: clocks are slewed, and two threads look at different moments.
const STEP_MIN: Interval = Interval::from_secs(1);

/// The time here, as [`OurClock::now`] says.
#[derive(Clone, Debug)]
pub struct OurClock {
    /// What was true at `since`.
    base: CdTime,
    since: Instant,
    set_back: Interval,
}

impl OurClock {
    /// One that agrees with the system's.
    pub fn new() -> Self {
        Self { base: system(), since: Instant::now(), set_back: Interval::ZERO }
    }

    /// The time now; never before what was said earlier.
    pub fn now(&mut self) -> CdTime {
        self.at(system(), Instant::now())
    }

    /// The time when the system's clock says `system`, which is `instant`.
    pub fn at(&mut self, system: CdTime, instant: Instant) -> CdTime {
        let passed = Interval::from_duration(instant.saturating_duration_since(self.since));
        let time = self.base.saturating_add(passed);
        self.set_back = time.since(system);
        if self.set_back > STEP_MIN {
            return time;
        }
        self.set_back = Interval::ZERO;
        // Slewed, or set ahead.
        self.base = self.base.max(system);
        self.since = instant;
        self.base
    }

    /// By how much the system's clock is behind this one: it was set back; zero: it was not.
    pub const fn set_back(&self) -> Interval {
        self.set_back
    }
}

impl Default for OurClock {
    fn default() -> Self {
        Self::new()
    }
}

fn system() -> CdTime {
    CdTime::from_system(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn it_follows_the_system_ahead_and_goes_on_where_that_is_set_back() {
        let start = Instant::now();
        let base = CdTime::from_secs(1_800_000_000);
        let mut clock = OurClock { base, since: start, set_back: Interval::ZERO };
        let mut last = base;
        // Seconds passed, what the system says, what is true here, set back by.
        for (passed, system, now, set_back) in [
            (1, 1, 1, 0),
            (2, 3_602, 3_602, 0),
            (3, 3_603, 3_603, 0),
            (4, 4, 3_604, 3_600),
            (100, 100, 3_700, 3_600),
            (4_000, 4_000, 7_600, 3_600),
            (4_001, 9_000, 9_000, 0),
            (4_002, 9_000, 9_000, 0),
        ] {
            let instant = start + Duration::from_secs(passed);
            let said = clock.at(CdTime::from_secs(1_800_000_000 + system), instant);
            assert_eq!(said.secs_from(base), f64::from(now), "after {passed} s");
            assert_eq!(clock.set_back(), Interval::from_secs(set_back), "after {passed} s");
            assert!(said >= last);
            last = said;
        }
    }
}
