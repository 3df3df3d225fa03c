//! Drawn lists: the drawn values of a list of samples, made all at once.
//!
//! What is decided here once for a list, [`crate::rate::step`] decides for every sample; where a
//! list is not as most are - a gap, numbers that a double does not hold - it is said so, and each
//! sample is asked. Values are divided last, by what all of them are to be divided by: the least
//! stays the least. Loops have no decisions, so that they work on several numbers at a time.
//! Knows nothing of buckets.

use super::aggregate::{Aggregate, greatest, least};
use super::block::Lists;
use super::columns::{DrawnSample, DrawnSamples};
use super::lists::{ValueForm, WHOLE};
use super::pack::{LIST_MAX, Numbers};
use super::trace::Mode;
use crate::metric::{CdTime, DsType, Interval};
use crate::rate::{self, Sample};

/// Bits of the numbers that are drawn at once.
const WHOLE_BITS: u32 = 51;
/// Values that are added side by side.
const LANES: usize = 8;

/// Rules by which samples are drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawRules {
    pub(super) kind: DsType,
    pub(super) mode: Mode,
    /// Longest distance of two samples that is not a gap.
    pub(super) gap_max: Interval,
    /// Values below or above are none.
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The drawn values of a list of samples.
#[derive(Debug)]
pub(super) struct DrawnList {
    /// First time and step, where all steps are alike; `times` mean nothing then.
    even: Option<(CdTime, Interval)>,
    times: Numbers,
    numbers: Numbers,
    values: [f64; LIST_MAX],
    divisor: f64,
    len: usize,
    is_plain: bool,
    last: Sample,
}

impl DrawnList {
    /// One that nothing was read into.
    pub(super) const fn new() -> Self {
        Self {
            even: None,
            times: [0; LIST_MAX],
            numbers: [0; LIST_MAX],
            values: [0.0; LIST_MAX],
            divisor: 1.0,
            len: 0,
            is_plain: false,
            last: Sample { time: CdTime::ZERO, bits: 0 },
        }
    }

    /// Reads the next list; false at the end. `before` is the last sample of the list before it;
    /// there is none for the first list of a block, whose first sample then has no value.
    pub(super) fn read(
        &mut self,
        lists: &mut Lists<'_>,
        rules: DrawRules,
        before: Option<Sample>,
    ) -> bool {
        let Some((values, even)) = lists.next_numbers(&mut self.times, &mut self.numbers) else {
            return false;
        };
        self.even = even;
        self.len = values.count;
        self.divisor = 1.0;
        self.last.bits = 0;
        self.is_plain = self.read_values(values, rules, before.map(|before| before.bits));
        self.read_times(rules, before.map(|before| before.time));
        self.last.time = self.time(self.len.saturating_sub(1));
        true
    }

    fn read_values(&mut self, mut read: ValueForm, rules: DrawRules, before: Option<u64>) -> bool {
        let (values, numbers) = (&mut self.values, &mut self.numbers);
        let mut is_ordinary = true;
        if rules.mode == Mode::Rate && matches!(rules.kind, DsType::Counter | DsType::Derive) {
            let Some(first) = read.first else {
                debug_assert!(false, "what counts is written in steps");
                return false;
            };
            // Where a DERIVE passes the ends of its integers it falls, which steps do not show.
            // None that are small enough to be doubles lead there from the middle half.
            is_ordinary = rules.kind == DsType::Counter || first.wrapping_add(1 << 62) >> 63 == 0;
            let [place, steps @ ..] = numbers;
            *place = before.map_or(0, |before| first.wrapping_sub(before));
            let steps = steps.get(..read.count.saturating_sub(1)).unwrap_or_default();
            self.last.bits = steps.iter().fold(first, |sum, step| sum.wrapping_add(*step));
        } else {
            read.add_up(numbers);
        }
        let numbers = numbers.get(..read.count).unwrap_or_default();
        match (rules.kind, read.power) {
            (DsType::Gauge, None) => {
                for (value, &bits) in values.iter_mut().zip(numbers) {
                    *value = f64::from_bits(bits);
                }
                true
            }
            (DsType::Gauge, Some(power)) => {
                self.divisor = power;
                to_doubles(numbers, values, true)
            }
            (DsType::Derive, _) => is_ordinary && to_doubles(numbers, values, true),
            (DsType::Counter | DsType::Absolute, _) => to_doubles(numbers, values, false),
        }
    }

    /// Makes rates, and sees whether all distances are ordinary.
    fn read_times(&mut self, rules: DrawRules, before: Option<CdTime>) {
        let is_rate = rules.mode == Mode::Rate && rules.kind != DsType::Gauge;
        // One unit more than it must be: who is asked one by one knows exactly.
        let burst = Interval::from_secs_f64(rate::BURST_SECS).raw() + 1;
        let shortest = if is_rate { burst } else { 1 };
        let longest = rules.gap_max.raw().min((1 << WHOLE_BITS) - 1);
        if let Some((_, step)) = self.even {
            self.is_plain &= (shortest..=longest).contains(&step.raw());
            self.divisor = if is_rate { step.secs_f64() } else { self.divisor };
            return;
        }
        let times = self.times.get(..self.len).unwrap_or_default();
        let (Some((&first, rest)), [value, values @ ..]) = (times.split_first(), &mut self.values)
        else {
            return;
        };
        let before = before.map_or(first.wrapping_sub(shortest), CdTime::raw);
        let elapsed = first.wrapping_sub(before);
        // The highest bit is set by any distance that is too long or too short.
        let unusual = |elapsed: u64| longest.wrapping_sub(elapsed) | elapsed.wrapping_sub(shortest);
        let mut all = unusual(elapsed);
        if is_rate {
            *value /= to_secs(elapsed);
            for ((value, to), from) in values.iter_mut().zip(rest).zip(times) {
                let elapsed = to.wrapping_sub(*from);
                all |= unusual(elapsed);
                *value /= to_secs(elapsed);
            }
        } else {
            for (to, from) in rest.iter().zip(times) {
                all |= unusual(to.wrapping_sub(*from));
            }
        }
        self.is_plain &= all >> 63 == 0;
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The last sample; its bits only where the next value needs them.
    pub(super) fn last(&self) -> Sample {
        self.last
    }

    pub(super) fn time(&self, number: usize) -> CdTime {
        match self.even {
            Some((first, step)) => {
                CdTime::from_raw(first.raw().wrapping_add(step.raw().wrapping_mul(number as u64)))
            }
            None => CdTime::from_raw(self.times.get(number).copied().unwrap_or_default()),
        }
    }

    /// The number of the first sample from `start` on that is at `until` or after it.
    pub(super) fn place(&self, start: usize, until: CdTime) -> usize {
        if self.last.time < until {
            return self.len;
        }
        if let Some((first, step)) = self.even {
            let steps = until.since(first).raw().div_ceil(step.raw().max(1));
            return usize::try_from(steps).unwrap_or(self.len).clamp(start, self.len);
        }
        let times = self.times.get(start..self.len).unwrap_or_default();
        start + times.partition_point(|&raw| raw < until.raw())
    }

    /// The drawn value of a sample; none where it must be read by itself.
    pub(super) fn drawn(&self, number: usize, rules: DrawRules) -> Option<DrawnSample> {
        let value = self.values.get(number).filter(|_| self.is_plain)? / self.divisor;
        let drawn = DrawnSample { value: Some(value), breaks: false, reset: false };
        match value.is_finite() {
            true => (value >= rules.low && value <= rules.high).then_some(drawn),
            false => (rules.kind == DsType::Gauge).then_some(DrawnSample { value: None, ..drawn }),
        }
    }

    /// The drawn values of the samples from `start` on and before `end`; none where some of them
    /// must be read one by one. Inlined: it is called for every column of a list.
    #[inline(always)]
    pub(super) fn gather(
        &self,
        start: usize,
        end: usize,
        rules: DrawRules,
    ) -> Option<DrawnSamples> {
        let values = self.values.get(start..end).filter(|_| self.is_plain)?;
        let Aggregate { min, max, sum } = aggregate(values);
        let divisor = self.divisor;
        let (min, max, sum) = (min / divisor, max / divisor, sum / divisor);
        if sum.is_finite() {
            let is_whole = min >= rules.low && max <= rules.high;
            let drawn = Aggregate { min, max, sum };
            let several = DrawnSamples { drawn, count: values.len(), ends_undefined: false };
            return is_whole.then_some(several);
        }
        // Numbers that are not finite come as they are, undivided.
        (rules.kind == DsType::Gauge).then(|| aggregate_finite(values))?
    }
}

/// Aggregates side by side, so that each waits for none of the others. All of it is inlined: else
/// they lie in memory, and a trace takes half as long again.
struct Lanes {
    min: [f64; LANES],
    max: [f64; LANES],
    sum: [f64; LANES],
}

impl Lanes {
    /// Adds at most a value to each.
    #[inline(always)]
    fn add(&mut self, row: &[f64]) {
        let lanes = self.min.iter_mut().zip(&mut self.max).zip(&mut self.sum);
        for (((min, max), sum), &value) in lanes.zip(row) {
            (*min, *max) = (least(*min, value), greatest(*max, value));
            *sum += value;
        }
    }
}

#[inline(always)]
fn aggregate(values: &[f64]) -> Aggregate {
    let (rows, rest) = values.as_chunks::<LANES>();
    let (min, max) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let mut lanes = Lanes { min, max, sum: [0.0; LANES] };
    for row in rows {
        lanes.add(row);
    }
    lanes.add(rest);
    Aggregate {
        min: folded(lanes.min, least),
        max: folded(lanes.max, greatest),
        sum: folded(lanes.sum, |a, b| a + b),
    }
}

/// Aggregate of the finite values; none where their sum is not finite.
#[cold]
#[inline(never)]
fn aggregate_finite(values: &[f64]) -> Option<DrawnSamples> {
    let mut finite = [0.0; LIST_MAX];
    let mut count = 0;
    for &value in values {
        // Also written where the next one goes: no decision.
        *finite.get_mut(count)? = value;
        count += usize::from(value.is_finite());
    }
    let drawn = aggregate(finite.get(..count)?);
    let ends_undefined = !values.last()?.is_finite();
    drawn.sum.is_finite().then_some(DrawnSamples { drawn, count, ends_undefined })
}

/// Lanes in pairs, so that no step waits for all before it.
#[inline]
fn folded(lanes: [f64; LANES], both: impl Fn(f64, f64) -> f64) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    let (a, b, c, d) = (both(a, e), both(b, f), both(c, g), both(d, h));
    both(both(a, c), both(b, d))
}

/// Makes doubles of whole numbers; whether all are small enough for that.
fn to_doubles(numbers: &[u64], values: &mut [f64; LIST_MAX], is_signed: bool) -> bool {
    let below_zero = if is_signed { 1 << (WHOLE_BITS - 1) } else { 0 };
    let mut all = 0;
    for (value, &number) in values.iter_mut().zip(numbers) {
        all |= number.wrapping_add(below_zero);
        *value = f64::from_bits(number.wrapping_add(WHOLE.to_bits())) - WHOLE;
    }
    all >> WHOLE_BITS == 0
}

/// The seconds of an interval, as [`Interval::secs_f64`] has them.
#[inline]
fn to_secs(elapsed: u64) -> f64 {
    (f64::from_bits(elapsed.wrapping_add(WHOLE.to_bits())) - WHOLE) / (1_u64 << 30) as f64
}
