//! Axes: round ends, round ticks, and calm - they grow at once and shrink late.

use crate::metric::{CdTime, Interval, Span};

/// The value axis of a panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
    /// Distance of the ticks; positive.
    pub step: f64,
}

/// An axis covers at least this part of the values on it: what varies less is what is left of
/// sums of doubles.
const LEAST_PART: f64 = 1e-12;

/// What an axis must obey.
#[derive(Clone, Copy, Debug)]
pub struct AxisRule {
    /// Upper end that never moves unless data passes it; the lower is then zero.
    pub fixed_max: Option<f64>,
    /// Zero is always on it.
    pub from_zero: bool,
    /// Zero is always inside it, so that both halves of a mirrored plot are there.
    pub both_sides: bool,
    /// 1,000 or 1,024: what counts as round.
    pub base: f64,
}

impl Axis {
    /// A round axis around `extent` with about `ticks` steps; without data, zero to one.
    pub fn around(extent: Option<(f64, f64)>, rule: AxisRule, ticks: f64) -> Self {
        let (mut lo, mut hi) = extent.unwrap_or((0.0, rule.fixed_max.unwrap_or(1.0)));
        if let Some(max) = rule.fixed_max {
            lo = lo.min(0.0);
            // Rounding makes a full machine 100.4 %: that is no reason for an axis to 125.
            hi = if hi <= max * 1.02 { max } else { hi };
        } else if rule.from_zero || (lo >= 0.0 && lo < 0.6 * hi) {
            (lo, hi) = (lo.min(0.0), hi.max(0.0));
        }
        if rule.both_sides && lo == 0.0 && hi == 0.0 {
            (lo, hi) = (-1.0, 1.0);
        }
        if hi - lo <= f64::EPSILON * hi.abs().max(lo.abs()) {
            // A constant: in the middle, or from zero.
            let pad = if hi == 0.0 { 1.0 } else { 0.5 * hi.abs() };
            (lo, hi) = (if lo >= 0.0 && hi == 0.0 { 0.0 } else { lo - pad }, hi + pad);
        }
        let least = LEAST_PART * lo.abs().max(hi.abs());
        if hi - lo < least {
            let pad = 0.5 * (least - (hi - lo));
            (lo, hi) = (lo - pad, hi + pad);
        }
        let mut step = nice_step((hi - lo) / ticks.max(1.0), rule.base);
        if let Some(max) = rule.fixed_max.filter(|&max| hi <= 1.25 * max && lo == 0.0) {
            // A step beyond the usual end, where the data is.
            step = if ticks >= 4.0 { 0.25 * max } else { 0.5 * max };
        }
        if rule.both_sides {
            (lo, hi) = (lo.min(-step), hi.max(step));
        }
        Self { lo: (lo / step + 1e-9).floor() * step, hi: (hi / step - 1e-9).ceil() * step, step }
    }

    /// An axis between ends that do not move, with about `ticks` round steps.
    pub fn held((lo, hi): (f64, f64), base: f64, ticks: f64) -> Self {
        Self { lo, hi, step: nice_step((hi - lo) / ticks.max(1.0), base) }
    }

    /// Its ticks, from the lower end to the upper.
    pub fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let Self { lo, hi, step } = *self;
        let first = (lo / step - 1e-9).ceil() * step;
        (0_u8..=40)
            .map(move |i| first + f64::from(i) * step)
            .take_while(move |&y| y <= hi + 1e-6 * step)
    }
}

/// The least round number not below `rough`: 1, 2, 2.5 or 5 times a power of ten, or, in base
/// 1,024, a power of two.
fn nice_step(rough: f64, base: f64) -> f64 {
    if !rough.is_finite() || rough <= 0.0 {
        return 1.0;
    }
    if base > 1_000.0 && rough > 1.0 {
        return 2_f64.powf(rough.log2().ceil());
    }
    let power = 10_f64.powf(rough.log10().floor());
    let mantissa = rough / power;
    let nice = [1.0, 2.0, 2.5, 5.0].into_iter().find(|&nice| mantissa <= nice + 1e-9);
    nice.unwrap_or(10.0) * power
}

/// An axis that grows at once and shrinks only when the data has needed less for a while, so that
/// a scrolling plot does not breathe.
#[derive(Clone, Copy, Debug)]
pub struct CalmAxis {
    shown: Axis,
    smaller_since: Option<CdTime>,
}

/// How long an axis stays larger than it need be.
pub const SHRINK_AFTER: Interval = Interval::from_secs(10);

impl CalmAxis {
    /// Starts as `wanted`.
    pub const fn new(wanted: Axis) -> Self {
        Self { shown: wanted, smaller_since: None }
    }

    /// The axis that is shown.
    pub const fn shown(&self) -> Axis {
        self.shown
    }

    /// The axis to show at `now`, where the data asks for `wanted`.
    pub fn update(&mut self, wanted: Axis, now: CdTime) -> Axis {
        let fits = wanted.lo >= self.shown.lo && wanted.hi <= self.shown.hi;
        if wanted == self.shown {
            self.smaller_since = None;
        } else if !fits {
            *self = Self::new(wanted);
        } else {
            let since = *self.smaller_since.get_or_insert(now);
            if now.since(since) >= SHRINK_AFTER {
                *self = Self::new(wanted);
            }
        }
        self.shown
    }
}

const TIME_STEPS_SECS: [f64; 26] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0,
    120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0, 43_200.0,
];

/// Distance in seconds of labels on a time axis that is to have at most `labels` of them.
pub fn time_step_secs(width: Interval, labels: f64) -> f64 {
    let rough = width.secs_f64() / labels.max(1.0);
    TIME_STEPS_SECS.into_iter().find(|&step| step >= rough).unwrap_or_else(|| {
        // Whole days from there on.
        (rough / 86_400.0).ceil() * 86_400.0
    })
}

/// Most ticks of a time axis, whatever is asked.
const TIME_TICKS_MAX: usize = 64;

/// Ticks `step_secs` apart inside `span`, on round local times (`offset_secs` east of UTC).
pub fn time_ticks(span: Span, step_secs: f64, offset_secs: i32) -> impl Iterator<Item = f64> {
    let offset = f64::from(offset_secs);
    let (start, end) = (span.start.secs_f64() + offset, span.end.secs_f64() + offset);
    let first = (start / step_secs).ceil();
    (0..TIME_TICKS_MAX)
        .map(move |i| (first + i as f64) * step_secs)
        .take_while(move |&t| t < end)
        .map(move |t| t - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(extent: (f64, f64), rule: AxisRule, expected: (f64, f64, f64)) {
        let axis = Axis::around(Some(extent), rule, 4.0);
        assert_eq!((axis.lo, axis.hi, axis.step), expected);
    }

    const FREE: AxisRule =
        AxisRule { fixed_max: None, from_zero: false, both_sides: false, base: 1_000.0 };
    const ZERO: AxisRule =
        AxisRule { fixed_max: None, from_zero: true, both_sides: false, base: 1_000.0 };
    const PERCENT: AxisRule =
        AxisRule { fixed_max: Some(100.0), from_zero: true, both_sides: false, base: 1_000.0 };

    #[test]
    fn ends_and_steps_are_round() {
        check((0.3, 3.7), FREE, (0.0, 4.0, 1.0));
        check((-43.0, 126.0), ZERO, (-50.0, 150.0, 50.0));
        check((41.2, 47.9), FREE, (40.0, 48.0, 2.0));
    }

    #[test]
    fn both_halves_of_a_mirrored_plot_are_there_even_when_one_is_quiet() {
        let rule = AxisRule { both_sides: true, ..ZERO };
        check((-32.0, 0.0), rule, (-40.0, 10.0, 10.0));
        check((0.0, 0.0), rule, (-1.0, 1.0, 0.5));
    }

    #[test]
    fn bytes_step_in_powers_of_two() {
        let rule = AxisRule { base: 1_024.0, ..ZERO };
        let gib = 1_073_741_824.0;
        check((0.0, 17.0 * gib), rule, (0.0, 24.0 * gib, 8.0 * gib));
    }

    #[test]
    fn percentages_end_at_100_even_when_rounding_passes_it() {
        check((0.0, 3.0), PERCENT, (0.0, 100.0, 25.0));
        check((0.0, 100.4), PERCENT, (0.0, 100.0, 25.0));
        for ticks in [2.0, 3.0, 4.0, 5.5, 7.0] {
            let axis = |hi| Axis::around(Some((0.0, hi)), PERCENT, ticks).hi;
            assert_eq!((axis(100.02), axis(99.98), axis(102.0)), (100.0, 100.0, 100.0), "{ticks}");
        }
        check((0.0, 102.02), PERCENT, (0.0, 125.0, 25.0));
    }

    #[test]
    fn a_small_change_of_a_large_value_is_seen() {
        for (middle, half) in [(1e9, 0.5), (-1e9, 0.5), (1e6, 0.002), (3e12, 40.0), (41.2, 0.01)] {
            let axis = Axis::around(Some((middle - half, middle + half)), FREE, 4.0);
            assert!(axis.lo <= middle - half && axis.hi >= middle + half, "{axis:?}");
            assert!(axis.hi - axis.lo <= 6.0 * half, "{middle} ± {half}: {axis:?}");
            assert!(axis.ticks().count() >= 3, "{axis:?}");
        }
        // What sums of doubles leave over is no change.
        let sum = 0.1 + 0.2;
        let axis = Axis::around(Some((0.3, sum)), FREE, 4.0);
        assert!(sum > 0.3 && axis.hi - axis.lo > 1e-14, "{axis:?}");
    }

    #[test]
    fn a_share_above_100_is_shown() {
        let axis = Axis::around(Some((0.0, 180.0)), PERCENT, 4.0);
        assert!(axis.hi >= 180.0);
    }

    #[test]
    fn constants_and_nothing_have_an_axis() {
        for extent in
            [Some((0.0, 0.0)), Some((5.0, 5.0)), Some((-3.0, -3.0)), Some((1e18, 1e18)), None]
        {
            let axis = Axis::around(extent, FREE, 4.0);
            assert!(axis.hi > axis.lo && axis.step > 0.0, "{extent:?} {axis:?}");
            assert!((2..=41).contains(&axis.ticks().count()), "{axis:?}");
        }
    }

    #[test]
    fn an_axis_grows_at_once_and_shrinks_after_ten_seconds() {
        let axis = |hi| Axis { lo: 0.0, hi, step: 1.0 };
        let mut calm = CalmAxis::new(axis(10.0));
        assert_eq!(calm.update(axis(20.0), CdTime::from_secs(1)), axis(20.0));
        assert_eq!(calm.update(axis(10.0), CdTime::from_secs(2)), axis(20.0));
        assert_eq!(calm.update(axis(10.0), CdTime::from_secs(11)), axis(20.0));
        assert_eq!(calm.update(axis(10.0), CdTime::from_secs(12)), axis(10.0));
    }

    #[test]
    fn time_labels_fall_on_round_local_times() {
        let span = Span::new(CdTime::from_secs(1_000_003), CdTime::from_secs(1_000_303));
        let step = time_step_secs(span.width(), 5.0);
        assert!((step - 60.0).abs() < 1e-9);
        let ticks: Vec<_> = time_ticks(span, step, 1_800).collect();
        assert_eq!(ticks.len(), 5);
        assert!(ticks.iter().all(|t| ((t + 1_800.0) % 60.0).abs() < 1e-6), "{ticks:?}");
    }

    #[test]
    fn a_hostile_span_has_a_bounded_number_of_ticks() {
        let span = Span::new(CdTime::ZERO, CdTime::MAX);
        assert_eq!(time_ticks(span, 1.0, 0).count(), TIME_TICKS_MAX);
    }
}
