//! Rates: how two samples of a data source become the number that is drawn.
//!
//! Every case has a name in [`Outcome`], so that a plot can say why there is no value. Integers are
//! subtracted exactly before anything becomes a float. Knows nothing of series or of screens.
//!
//! Source: `uc_update` and `counter_diff` in collectd `src/daemon/utils_cache.c`, `common.c`. One
//! rule is ours: to the daemon every counter that falls has wrapped, which draws a huge spike after
//! each restart; here a fall is a wrap only when it looks like one (see [`WRAP_PART`]).

use crate::metric::{CdTime, DsType, Interval};

/// A sample: time, and raw bits of the value ([`crate::metric::Value::bits`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Time of measurement by the host's clock, or in the store the time it is placed at.
    pub time: CdTime,
    /// The number as received.
    pub bits: u64,
}

/// Bounds of a data source, for its rate where there is one; `None` is unbounded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Least value that makes sense.
    pub min: Option<f64>,
    /// Greatest value that makes sense.
    pub max: Option<f64>,
}

/// The number to draw for a sample after the one before it, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// A gauge, as it is (bounds do not hide what was measured).
    Gauge(f64),
    /// Change per second.
    Rate(f64),
    /// Change per second of a counter that passed 2³².
    Wrap32(f64),
    /// Change per second of a counter that passed 2⁶⁴.
    Wrap64(f64),
    /// The counter started again: no value.
    Reset,
    /// Earlier than the sample before: no value.
    Late,
    /// At the very time of the sample before: no value, since nothing can be divided by zero.
    Duplicate,
    /// Hardly later than the sample before ([`BURST_SECS`]): no value, since the quotient depends
    /// more on the clock than on the counter.
    Burst,
    /// The rate is outside the bounds of types.db: no value, as in the daemon.
    OutOfRange(f64),
    /// The gauge is NaN ("undefined") or infinite: no value.
    Undefined,
    /// A counter needs a sample before it: no value yet.
    First,
}

/// A counter that falls counts as a wrap when the distance through the top of its range is at
/// most this part of the range (and within the maximum of types.db). A quarter of 2³² in 10 s is
/// 107 MB/s: faster counters have 64 bits. A counter that restarts from below three quarters of
/// its range can therefore never draw a spike.
pub const WRAP_PART: u64 = 4;

/// Samples of a counter nearer than this, in seconds, have no rate: no plugin is meant to measure a
/// hundred times a second, so the machine was held up (suspended, stopped, swapping).
pub const BURST_SECS: f64 = 0.01;

impl Outcome {
    /// The number to draw, if there is one; always finite.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Gauge(value) | Self::Rate(value) => Some(value),
            Self::Wrap32(value) | Self::Wrap64(value) => Some(value),
            Self::Reset | Self::Late | Self::Duplicate | Self::Burst => None,
            Self::OutOfRange(_) | Self::Undefined | Self::First => None,
        }
    }
}

/// The outcome of `to` after `from`. A gauge needs no sample before it, but must not be late.
pub fn between(kind: DsType, from: Sample, to: Sample, bounds: Bounds) -> Outcome {
    if to.time < from.time {
        return Outcome::Late;
    }
    if to.time == from.time {
        return Outcome::Duplicate;
    }
    let elapsed = to.time.since(from.time);
    match kind {
        DsType::Gauge => gauge(to.bits),
        _ if elapsed.secs_f64() < BURST_SECS => Outcome::Burst,
        DsType::Counter => counter(from.bits, to.bits, elapsed, bounds),
        DsType::Derive => derive(from.bits.cast_signed(), to.bits.cast_signed(), elapsed, bounds),
        DsType::Absolute => within(bounds, to.bits as f64 / elapsed.secs_f64()),
    }
}

/// The outcome of `sample` with none before it. An ABSOLUTE was counted over one `interval`.
pub fn first(kind: DsType, sample: Sample, interval: Interval, bounds: Bounds) -> Outcome {
    match kind {
        DsType::Gauge => gauge(sample.bits),
        DsType::Absolute if !interval.is_zero() => {
            within(bounds, sample.bits as f64 / interval.secs_f64())
        }
        DsType::Absolute | DsType::Counter | DsType::Derive => Outcome::First,
    }
}

/// The number as received, as a float; not always finite.
pub fn raw(kind: DsType, bits: u64) -> f64 {
    match kind {
        DsType::Gauge => f64::from_bits(bits),
        DsType::Derive => bits.cast_signed() as f64,
        DsType::Counter | DsType::Absolute => bits as f64,
    }
}

fn gauge(bits: u64) -> Outcome {
    let value = f64::from_bits(bits);
    if value.is_finite() { Outcome::Gauge(value) } else { Outcome::Undefined }
}

fn counter(from: u64, to: u64, elapsed: Interval, bounds: Bounds) -> Outcome {
    let secs = elapsed.secs_f64();
    if let Some(delta) = to.checked_sub(from) {
        return within(bounds, delta as f64 / secs);
    }
    // As the daemon: a counter that never left 32 bits has 32.
    let narrow = from <= u64::from(u32::MAX);
    let (delta, part_max) = if narrow {
        ((1 << 32) - from + to, (1 << 32) / WRAP_PART)
    } else {
        (to.wrapping_sub(from), u64::MAX / WRAP_PART)
    };
    let rate = delta as f64 / secs;
    if delta > part_max || bounds.max.is_some_and(|max| rate > max) {
        return Outcome::Reset;
    }
    if narrow { Outcome::Wrap32(rate) } else { Outcome::Wrap64(rate) }
}

fn derive(from: i64, to: i64, elapsed: Interval, bounds: Bounds) -> Outcome {
    if to < from && bounds.min.is_some_and(|min| min >= 0.0) {
        return Outcome::Reset;
    }
    let delta = match to.checked_sub(from) {
        Some(delta) => delta as f64,
        None => (i128::from(to) - i128::from(from)) as f64,
    };
    within(bounds, delta / elapsed.secs_f64())
}

fn within(bounds: Bounds, rate: f64) -> Outcome {
    let below = bounds.min.is_some_and(|min| rate < min);
    let above = bounds.max.is_some_and(|max| rate > max);
    if below || above { Outcome::OutOfRange(rate) } else { Outcome::Rate(rate) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DsType::{Absolute, Counter, Derive, Gauge};

    const FREE: Bounds = Bounds { min: None, max: None };
    const FROM_ZERO: Bounds = Bounds { min: Some(0.0), max: None };

    fn at(secs: u64, bits: u64) -> Sample {
        Sample { time: CdTime::from_secs(1_000_000 + secs), bits }
    }

    #[track_caller]
    fn check(kind: DsType, from: u64, to: u64, secs: u64, bounds: Bounds, expected: Outcome) {
        assert_eq!(between(kind, at(0, from), at(secs, to), bounds), expected);
    }

    #[track_caller]
    fn check_derive(from: i64, to: i64, secs: u64, bounds: Bounds, expected: Outcome) {
        check(Derive, from.cast_unsigned(), to.cast_unsigned(), secs, bounds, expected);
    }

    #[test]
    fn a_counter_that_grows_has_its_change_per_second() {
        check(Counter, 100, 150, 10, FREE, Outcome::Rate(5.0));
        check(Counter, 7, 7, 10, FREE, Outcome::Rate(0.0));
    }

    #[test]
    fn readings_in_one_instant_have_no_rate() {
        let start = at(0, 0);
        let soon = |nanos: f64| Sample {
            time: start.time.saturating_add(Interval::from_secs_f64(1e-9 * nanos)),
            bits: 5_000,
        };
        for kind in [Counter, Derive, Absolute] {
            assert_eq!(between(kind, start, soon(700_000.0), FREE), Outcome::Burst);
            assert!(matches!(between(kind, start, soon(2e7), FREE), Outcome::Rate(_)));
        }
        assert!(matches!(between(Gauge, start, soon(7.0), FREE), Outcome::Gauge(_)));
    }

    #[test]
    fn large_counters_are_subtracted_exactly() {
        // As floats both numbers are the same.
        check(Counter, (1 << 60) + 1, (1 << 60) + 2, 1, FREE, Outcome::Rate(1.0));
        check_derive((1 << 60) + 1, (1 << 60) + 2, 1, FREE, Outcome::Rate(1.0));
    }

    #[test]
    fn a_counter_wraps_at_32_bits() {
        check(Counter, 4_294_967_290, 4, 10, FREE, Outcome::Wrap32(1.0));
        check(Counter, u64::from(u32::MAX), 0, 1, FREE, Outcome::Wrap32(1.0));
    }

    #[test]
    fn a_counter_wraps_at_64_bits() {
        check(Counter, u64::MAX - 5, 4, 10, FREE, Outcome::Wrap64(1.0));
        check(Counter, u64::MAX, 0, 1, FREE, Outcome::Wrap64(1.0));
    }

    #[test]
    fn a_counter_that_restarts_draws_no_spike() {
        for from in [5, 1 << 31, 3 << 30, (1 << 32) + 5, 1 << 63, 3 << 62] {
            check(Counter, from, from.min(1 << 20) - 1, 10, FREE, Outcome::Reset);
        }
        // From the last quarter, but to nowhere near zero.
        check(Counter, 4_000_000_000, 2_000_000_000, 10, FREE, Outcome::Reset);
    }

    #[test]
    fn a_wrap_faster_than_the_type_allows_is_a_restart() {
        let bounds = Bounds { min: Some(0.0), max: Some(100.0) };
        check(Counter, 4_294_967_290, 994, 10, bounds, Outcome::Wrap32(100.0));
        check(Counter, 4_294_967_290, 1_004, 10, bounds, Outcome::Reset);
    }

    #[test]
    fn a_derive_that_falls_is_a_negative_rate() {
        check_derive(100, 0, 10, FREE, Outcome::Rate(-10.0));
        check_derive(0, -50, 10, Bounds { min: Some(-10.0), max: None }, Outcome::Rate(-5.0));
    }

    #[test]
    fn a_derive_that_falls_but_may_not_was_restarted() {
        check_derive(100, 0, 10, FROM_ZERO, Outcome::Reset);
        check_derive(i64::MAX, i64::MIN, 10, FROM_ZERO, Outcome::Reset);
    }

    #[test]
    fn a_derive_over_its_whole_range_does_not_overflow() {
        let whole = 2.0_f64.powi(64);
        check_derive(i64::MIN, i64::MAX, 1, FREE, Outcome::Rate(whole));
        check_derive(i64::MAX, i64::MIN, 1, FREE, Outcome::Rate(-whole));
    }

    #[test]
    fn an_absolute_is_divided_by_the_time_it_was_counted_over() {
        check(Absolute, 999, 50, 10, FREE, Outcome::Rate(5.0));
        let interval = Interval::from_secs(5);
        assert_eq!(first(Absolute, at(0, 50), interval, FREE), Outcome::Rate(10.0));
        assert_eq!(first(Absolute, at(0, 50), Interval::ZERO, FREE), Outcome::First);
    }

    #[test]
    fn a_gauge_is_drawn_as_it_is_even_outside_its_bounds() {
        let percent = Bounds { min: Some(0.0), max: Some(100.0) };
        check(Gauge, 0, 100.5_f64.to_bits(), 10, percent, Outcome::Gauge(100.5));
        let alone = first(Gauge, at(0, 1.5_f64.to_bits()), Interval::ZERO, FREE);
        assert_eq!(alone, Outcome::Gauge(1.5));
    }

    #[test]
    fn a_gauge_that_is_not_finite_has_no_value() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            check(Gauge, 0, value.to_bits(), 10, FREE, Outcome::Undefined);
        }
    }

    #[test]
    fn time_that_goes_back_or_stands_still_has_no_rate() {
        for kind in [Counter, Gauge, Derive, Absolute] {
            assert_eq!(between(kind, at(9, 1), at(8, 2), FREE), Outcome::Late);
            assert_eq!(between(kind, at(9, 1), at(9, 2), FREE), Outcome::Duplicate);
        }
    }

    #[test]
    fn a_rate_outside_the_bounds_of_the_type_has_no_value() {
        let bounds = Bounds { min: Some(1.0), max: Some(10.0) };
        for kind in [Counter, Derive] {
            check(kind, 0, 1_000, 10, bounds, Outcome::OutOfRange(100.0));
            check(kind, 0, 5, 10, bounds, Outcome::OutOfRange(0.5));
            check(kind, 0, 50, 10, bounds, Outcome::Rate(5.0));
        }
        check(Absolute, 0, 1_000, 10, bounds, Outcome::OutOfRange(100.0));
    }

    #[test]
    fn a_counter_needs_a_sample_before_it() {
        for kind in [Counter, Derive] {
            assert_eq!(first(kind, at(0, 5), Interval::from_secs(10), FREE), Outcome::First);
        }
    }

    proptest::proptest! {
        #[test]
        fn every_pair_of_samples_has_a_finite_value_or_a_reason(
            code in 0_u8..4,
            (from, to) in (0_u64.., 0_u64..),
            (a, b) in (1_u64.., 1_u64..),
        ) {
            let kind = DsType::from_code(code).unwrap();
            let (from, to) = (
                Sample { time: CdTime::from_raw(a), bits: from },
                Sample { time: CdTime::from_raw(b), bits: to },
            );
            for bounds in [FREE, FROM_ZERO] {
                if let Some(value) = between(kind, from, to, bounds).value() {
                    proptest::prop_assert!(value.is_finite());
                }
            }
        }
    }
}
