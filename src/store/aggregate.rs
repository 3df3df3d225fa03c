//! Aggregates: the least, the greatest and the sum of drawn values.
//!
//! Blocks keep it as their summary, drawn lists make it, columns and figures add it up. None of the
//! values is NaN. Knows nothing of times.

/// The least, the greatest and the sum of some drawn values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aggregate {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) sum: f64,
}

impl Aggregate {
    /// Of no value.
    pub(super) const NONE: Self = Self { min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0 };

    /// Of one value.
    pub(super) const fn of(value: f64) -> Self {
        Self { min: value, max: value, sum: value }
    }

    /// With those that follow.
    #[inline]
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            min: least(self.min, other.min),
            max: greatest(self.max, other.max),
            sum: self.sum + other.sum,
        }
    }

    /// The average of these values, of which there are `count`. The sum of huge ones may be
    /// infinite or none at all; their average lies between them.
    pub(super) fn mean(self, count: f64) -> f64 {
        let Self { min, max, sum } = self;
        let mean = sum / count;
        if mean.is_finite() { mean.clamp(min, max) } else { min / 2.0 + max / 2.0 }
    }
}

impl Default for Aggregate {
    fn default() -> Self {
        Self::NONE
    }
}

/// A comparison, as `f64::min` spends its time on NaN, which shows in the sum.
#[inline]
pub(super) fn least(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

/// As [`least`].
#[inline]
pub(super) fn greatest(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}
