//! Outcomes: what became of a series' samples where nothing of them can be drawn.
//!
//! Asked for lines that are empty only: it looks at sample after sample.

use super::query::Reader;
use super::runs::Runs;
use super::trace::Mode;
use crate::metric::Span;
use crate::rate::Outcome;

/// Samples looked at, the newest; enough to say what is wrong, and no more than a moment's work.
pub const OUTCOMES_MAX: u64 = 4_096;

/// How many samples of a span met which fate; see [`super::Store::outcomes`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcomes {
    /// Looked at, at most [`OUTCOMES_MAX`].
    pub samples: u64,
    /// Whose rate is above the maximum of types.db.
    pub above: u64,
    /// Whose rate is below the minimum of types.db.
    pub below: u64,
    /// Of those rates, the one that is farthest from zero.
    pub farthest: f64,
    /// At which a counter fell: it started again.
    pub restarts: u64,
    /// Whose value is not a number, or infinite.
    pub undefined: u64,
    /// Too long after the one before to make a rate of the two.
    pub gaps: u64,
    /// Too soon after it.
    pub bursts: u64,
}

impl Outcomes {
    /// The same for both.
    pub fn and(self, other: Self) -> Self {
        let farther = other.farthest.abs() > self.farthest.abs();
        Self {
            samples: self.samples + other.samples,
            above: self.above + other.above,
            below: self.below + other.below,
            farthest: if farther { other.farthest } else { self.farthest },
            restarts: self.restarts + other.restarts,
            undefined: self.undefined + other.undefined,
            gaps: self.gaps + other.gaps,
            bursts: self.bursts + other.bursts,
        }
    }
}

pub(super) fn outcomes(runs: Runs<'_>, span: Span) -> Outcomes {
    let (reader, mut found) = (Reader::new(runs, Mode::Rate), Outcomes::default());
    let max = runs.series.max;
    let mut run = runs.series.track.sealed();
    // From the newest run back, each unpacked once.
    while found.samples < OUTCOMES_MAX {
        let (samples, interval) = (runs.samples(run).unwrap_or_default(), runs.interval(run));
        let first = super::runs::Position { run, sample: 0 };
        let before = runs.previous(first).and_then(|position| runs.get(position));
        for (number, &sample) in samples.iter().enumerate().rev() {
            if found.samples >= OUTCOMES_MAX || sample.time < span.start {
                return found;
            }
            if sample.time >= span.end {
                continue;
            }
            let previous = match number.checked_sub(1) {
                Some(number) => samples.get(number).map(|&sample| (sample, interval)),
                None => before,
            };
            found.samples += 1;
            match reader.step(previous, (sample, interval)).0 {
                Outcome::OutOfRange(rate) => {
                    let above = max.is_some_and(|max| rate > max);
                    *(if above { &mut found.above } else { &mut found.below }) += 1;
                    let farther = rate.abs() > found.farthest.abs();
                    found.farthest = if farther { rate } else { found.farthest };
                }
                Outcome::Reset => found.restarts += 1,
                Outcome::Undefined => found.undefined += 1,
                Outcome::First => found.gaps += u64::from(previous.is_some()),
                Outcome::Burst => found.bursts += 1,
                Outcome::Late | Outcome::Duplicate => {}
                Outcome::Gauge(_) | Outcome::Rate(_) | Outcome::Wrap32(_) | Outcome::Wrap64(_) => {}
            }
        }
        match run.checked_sub(1) {
            Some(earlier) => run = earlier,
            None => break,
        }
    }
    found
}
