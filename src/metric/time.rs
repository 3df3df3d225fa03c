//! Moments, durations and spans in collectd's own unit, 2⁻³⁰ s.
//!
//! A present-day moment needs 61 bits, so `f64` seconds lose about 2·10⁻⁷ s: keys stay integers
//! and are converted only to be drawn.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FRACTION_BITS: u32 = 30;
const ONE_SEC: u64 = 1 << FRACTION_BITS;
const NANOS_PER_SEC: u64 = 1_000_000_000;
/// See [`CdTime::is_plausible`]. Two plausible moments differ by less than an `i64` holds.
const PLAUSIBLE_START: CdTime = CdTime::from_secs(1_000_000_000);
const PLAUSIBLE_END: CdTime = CdTime::from_secs(7_258_118_400);

/// A moment as collectd counts it: units of 2⁻³⁰ s since 1970-01-01 UTC. Zero means "not set".
///
/// Source: `cdtime_t` in collectd `src/daemon/utils_time.h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CdTime(u64);

/// A length of time in units of 2⁻³⁰ s: the promised time between two value lists, or the width
/// of a window. Zero means "unknown".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(u64);

/// A half-open range of time, `[start, end)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// First moment inside.
    pub start: CdTime,
    /// First moment outside; never before `start`.
    pub end: CdTime,
}

impl CdTime {
    /// The time in steps of 16 s, where four bytes must do: enough until the year 4147.
    pub fn in_16_secs(self) -> u32 {
        u32::try_from(self.raw() >> 34).unwrap_or(u32::MAX)
    }

    /// Not set.
    pub const ZERO: Self = Self(0);
    /// The last moment that can be written.
    pub const MAX: Self = Self(u64::MAX);

    /// Whether something can have been measured then: from 2001-09-09, before there was collectd,
    /// to the year 2200. Anything else is a clock that was never set, or another unit.
    pub const fn is_plausible(self) -> bool {
        PLAUSIBLE_START.0 <= self.0 && self.0 < PLAUSIBLE_END.0
    }

    /// From the wire's own units of 2⁻³⁰ s.
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The wire's own units of 2⁻³⁰ s.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// From whole seconds since 1970, as old senders (part type 0x0001) write them. Seconds past
    /// 2³⁴ do not fit and become [`CdTime::MAX`].
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(ONE_SEC))
    }

    /// From seconds since 1970; negative and NaN become zero, too large becomes [`CdTime::MAX`].
    pub fn from_secs_f64(secs: f64) -> Self {
        Self(units_from_secs(secs))
    }

    /// Seconds since 1970, to about 2·10⁻⁷ s.
    pub fn secs_f64(self) -> f64 {
        secs_from_units(self.0)
    }

    /// Whole seconds since 1970 and the nanoseconds after them (rounded, below 10⁹).
    pub const fn secs_nanos(self) -> (u64, u32) {
        split_nanos(self.0)
    }

    /// From the system's clock; before 1970 is zero.
    pub fn from_system(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Interval::from_duration(since).0)
    }

    /// This moment plus `interval`, or [`CdTime::MAX`].
    pub const fn saturating_add(self, interval: Interval) -> Self {
        Self(self.0.saturating_add(interval.0))
    }

    /// This moment minus `interval`, or zero.
    pub const fn saturating_sub(self, interval: Interval) -> Self {
        Self(self.0.saturating_sub(interval.0))
    }

    /// Time passed since `earlier`; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Interval {
        Interval(self.0.saturating_sub(earlier.0))
    }

    /// Seconds from `other` to `self`, negative when `self` is earlier. Exact to a nanosecond for
    /// distances of months.
    pub fn secs_from(self, other: Self) -> f64 {
        if self.0 >= other.0 {
            secs_from_units(self.0 - other.0)
        } else {
            -secs_from_units(other.0 - self.0)
        }
    }
}

/// Difference below which the clocks of two machines both count as right: the network, the buffer
/// of a sender whose clock is fast, and setting a clock by hand make as much.
pub const CLOCK_SLACK: Interval = Interval::from_secs(5);

impl Interval {
    /// Unknown.
    pub const ZERO: Self = Self(0);
    /// The longest that can be written.
    pub const MAX: Self = Self(u64::MAX);

    /// From the wire's own units of 2⁻³⁰ s.
    pub const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// The wire's own units of 2⁻³⁰ s.
    pub const fn raw(self) -> u64 {
        self.0
    }

    /// From whole seconds (part type 0x0007); saturates.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(ONE_SEC))
    }

    /// From seconds; negative and NaN become zero.
    pub fn from_secs_f64(secs: f64) -> Self {
        Self(units_from_secs(secs))
    }

    /// In seconds.
    pub fn secs_f64(self) -> f64 {
        secs_from_units(self.0)
    }

    /// Whole seconds and the nanoseconds after them (rounded, below 10⁹).
    pub const fn secs_nanos(self) -> (u64, u32) {
        split_nanos(self.0)
    }

    /// From a duration; saturates.
    pub fn from_duration(duration: Duration) -> Self {
        let nanos = u64::from(duration.subsec_nanos());
        // < 2^60, so no overflow; rounded to the nearest unit.
        let fraction = (nanos * ONE_SEC + NANOS_PER_SEC / 2) / NANOS_PER_SEC;
        Self(duration.as_secs().saturating_mul(ONE_SEC).saturating_add(fraction))
    }

    /// As a duration, rounded to nanoseconds.
    pub fn duration(self) -> Duration {
        let (secs, nanos) = self.secs_nanos();
        Duration::new(secs, nanos)
    }

    /// `factor` times as long; saturates, negative and NaN become zero.
    pub fn mul_f64(self, factor: f64) -> Self {
        Self::from_secs_f64(self.secs_f64() * factor)
    }

    /// True for zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Span {
    /// A span; when `end` is before `start` it is empty at `start`.
    pub fn new(start: CdTime, end: CdTime) -> Self {
        Self { start, end: end.max(start) }
    }

    /// The shortest span that holds both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Length of the span.
    pub const fn width(self) -> Interval {
        self.end.since(self.start)
    }

    /// Whether `time` lies inside.
    pub fn contains(self, time: CdTime) -> bool {
        self.start <= time && time < self.end
    }
}

impl fmt::Display for CdTime {
    /// Seconds since 1970 with as many decimals (at most nine) as are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.secs_nanos())
    }
}

impl fmt::Display for Interval {
    /// Seconds with as many decimals (at most nine) as are not zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_decimal(f, self.secs_nanos())
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, (secs, nanos): (u64, u32)) -> fmt::Result {
    if nanos == 0 {
        return write!(f, "{secs}");
    }
    let digits = format!("{nanos:09}");
    write!(f, "{secs}.{}", digits.trim_end_matches('0'))
}

const fn split_nanos(units: u64) -> (u64, u32) {
    let secs = units >> FRACTION_BITS;
    let fraction = units & (ONE_SEC - 1);
    let nanos = (fraction * NANOS_PER_SEC + ONE_SEC / 2) >> FRACTION_BITS;
    // The largest fraction rounds to 999,999,999.07: it never carries into the seconds.
    #[expect(clippy::cast_possible_truncation, reason = "below 10^9, see above")]
    let nanos = nanos as u32;
    (secs, nanos)
}

fn secs_from_units(units: u64) -> f64 {
    units as f64 / ONE_SEC as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float to integer casts saturate, and NaN becomes zero: what the callers promise"
)]
fn units_from_secs(secs: f64) -> u64 {
    (secs * ONE_SEC as f64).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_second_is_two_to_the_thirtieth() {
        assert_eq!(CdTime::from_secs(1).raw(), 0x4000_0000);
    }

    #[test]
    fn nanoseconds_are_rounded_and_never_carry() {
        // 1795426812.531326771 in a datagram of the real daemon.
        assert_eq!(CdTime::from_raw(1_927_824_860_545_892_864).to_string(), "1795426812.531326771");
        assert_eq!(CdTime::from_raw(u64::MAX).secs_nanos(), ((1 << 34) - 1, 999_999_999));
    }

    #[test]
    fn whole_seconds_are_written_without_a_point() {
        assert_eq!(CdTime::from_secs(1_237_749_608).to_string(), "1237749608");
        assert_eq!(Interval::from_raw(0x6000_0000).to_string(), "1.5");
    }

    #[test]
    fn seconds_past_the_range_saturate() {
        assert_eq!(CdTime::from_secs(u64::MAX), CdTime::MAX);
        assert_eq!(CdTime::from_secs_f64(1e300), CdTime::MAX);
        assert_eq!(CdTime::from_secs_f64(f64::NAN), CdTime::ZERO);
        assert_eq!(CdTime::from_secs_f64(-1.0), CdTime::ZERO);
    }

    #[test]
    fn a_duration_survives_the_round_trip_to_a_nanosecond() {
        for nanos in [0, 1, 2, 499_999_999, 999_999_999] {
            let duration = Duration::new(1_795_426_812, nanos);
            assert_eq!(Interval::from_duration(duration).duration(), duration);
        }
    }

    #[test]
    fn distance_has_a_sign() {
        let (a, b) = (CdTime::from_secs(10), CdTime::from_secs(12));
        assert!((b.secs_from(a) - 2.0).abs() < 1e-12 && (a.secs_from(b) + 2.0).abs() < 1e-12);
        assert_eq!(a.since(b), Interval::ZERO);
    }

    #[test]
    fn a_span_that_ends_before_it_starts_is_empty() {
        let span = Span::new(CdTime::from_secs(5), CdTime::from_secs(3));
        assert!(span.width().is_zero() && !span.contains(CdTime::from_secs(5)));
    }
}
