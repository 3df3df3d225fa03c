//! Summaries: what is drawn of a run of samples, so that it need not be unpacked.

use super::aggregate::Aggregate;
use crate::metric::{CdTime, DsType, Interval};
use crate::rate::{self, Bounds, Outcome, Sample};

/// What is drawn of all samples of a block but the first, which needs the block before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Summary {
    pub(super) drawn: Aggregate,
    /// Gauges that are not finite, and so not in `drawn`.
    pub(super) undefined: u16,
    /// The longest distance of two successive samples, so that it is seen later whether there is
    /// a gap; longer than all time when a value is missing and only the samples show why.
    pub(super) step_max: Interval,
}

impl Summary {
    /// No summary: only the samples show what is drawn.
    pub(super) const NONE: Self = Self { step_max: Interval::MAX, ..Self::EMPTY };
    /// Summary of no sample.
    const EMPTY: Self = Self { drawn: Aggregate::NONE, undefined: 0, step_max: Interval::ZERO };

    /// Summary of samples of a series of `kind`.
    pub(super) fn of(kind: DsType, bounds: Bounds, times: &[CdTime], bits: &[u64]) -> Self {
        let mut samples = times.iter().zip(bits).map(|(&time, &bits)| Sample { time, bits });
        let Some(mut from) = samples.next() else {
            return Self::NONE;
        };
        let mut all = Self::EMPTY;
        for sample in samples {
            match rate::between(kind, from, sample, bounds) {
                Outcome::Undefined => all.undefined += 1,
                step => match step.value() {
                    Some(value) => all.drawn = all.drawn.and(Aggregate::of(value)),
                    None => return Self::NONE,
                },
            }
            all.step_max = all.step_max.max(sample.time.since(from.time));
            from = sample;
        }
        all.checked()
    }

    /// Summary of both, one after the other.
    pub(super) fn and(self, next: Self) -> Self {
        Self {
            drawn: self.drawn.and(next.drawn),
            undefined: self.undefined.saturating_add(next.undefined),
            step_max: self.step_max.max(next.step_max),
        }
    }

    /// The same; none where the sum of its values is too large.
    pub(super) fn checked(self) -> Self {
        if self.drawn.sum.is_finite() { self } else { Self::NONE }
    }

    /// Whether it says all that the samples would say: no value is missing but for undefined ones,
    /// and no two samples are further apart than `gap_max`.
    pub(super) fn is_whole(&self, gap_max: Interval) -> bool {
        self.step_max <= gap_max && self.step_max < Interval::MAX
    }
}
