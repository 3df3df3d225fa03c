//! Columns: drawn values gathered into buckets of time.
//!
//! A value is added by [`Tracer::take`], which looks at all that may happen to it, or by
//! [`Tracer::run`], which adds ordinary ones as fast as they are read; both give the same columns.
//! Knows nothing of series or of rates.

use super::query::{Column, Stats, Trace};
use crate::metric::{CdTime, Interval, Span};
use crate::rate::Sample;

/// What one sample says in a mode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn {
    pub(super) value: Option<f64>,
    /// Nothing connects it with the sample before.
    pub(super) breaks: bool,
    pub(super) reset: bool,
}

/// Gathers drawn values into columns.
pub(super) struct Tracer<'a> {
    out: &'a mut Trace,
    span: Span,
    /// Width of a bucket; bucket `n` is `[n * width, (n + 1) * width)` since 1970, so that a
    /// window that moves on cuts time at the same places.
    width: u64,
    /// Start of the first bucket that the span touches.
    pub(super) from: CdTime,
    /// End of the last one.
    until: CdTime,
    /// The bucket being filled.
    bucket: Bucket,
    /// A gap or a missing value came after the last column.
    broken: bool,
    /// The only column is the sample before the span.
    lead_only: bool,
    stats: Stats,
    reset_until: CdTime,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    start: u64,
    time: CdTime,
    last: f64,
    min: f64,
    max: f64,
    sum: f64,
    count: u32,
    /// Lies inside the span as a whole, so that its values are counted when it is done.
    whole: bool,
    /// Holds gaps, resets or missing values.
    uneven: bool,
}

/// What a sample must keep to be ordinary.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// End of the bucket; the tracer knows it.
    pub(super) until: CdTime,
    /// Longest distance that is not a gap.
    pub(super) gap_max: Interval,
    /// Bounds of the value.
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bucket {
    /// With all of `samples` that are in it, and how many those are; none when one of them is not
    /// ordinary, which is seen at the end. The hot loop of every frame: few decisions, no store.
    #[inline(always)]
    fn with_all(
        mut self,
        mut from: Sample,
        samples: &[Sample],
        limits: Limits,
        value: impl Fn(u64, u64, f64) -> f64,
    ) -> Option<(usize, Self)> {
        let (mut far, mut taken) = (0, 0_u32);
        for &sample in samples {
            if sample.time >= limits.until {
                break;
            }
            let elapsed = sample.time.since(from.time);
            // The highest bit tells of one distance that is larger.
            far |= elapsed.raw() | limits.gap_max.raw().wrapping_sub(elapsed.raw());
            self.add(value(from.bits, sample.bits, elapsed.secs_f64()));
            from = sample;
            taken += 1;
        }
        self.count = self.count.saturating_add(taken);
        // One value that is not finite makes the sum so.
        let whole = self.sum.is_finite() && self.min >= limits.low && self.max <= limits.high;
        (whole && far >> 63 == 0).then_some((usize::try_from(taken).ok()?, self))
    }

    /// With the ordinary ones that `samples` begins with, and how many those are.
    fn with_first(
        mut self,
        mut from: Sample,
        samples: &[Sample],
        limits: Limits,
        value: impl Fn(u64, u64, f64) -> f64,
    ) -> (usize, Self) {
        let mut taken = 0;
        for &sample in samples {
            let elapsed = sample.time.since(from.time);
            let value = value(from.bits, sample.bits, elapsed.secs_f64());
            let kept = value >= limits.low && value <= limits.high && value.is_finite();
            if sample.time >= limits.until || elapsed > limits.gap_max || !kept {
                break;
            }
            self.add(value);
            self.count = self.count.saturating_add(1);
            from = sample;
            taken += 1;
        }
        (taken, self)
    }

    /// Without its count.
    #[inline(always)]
    fn add(&mut self, value: f64) {
        // Comparisons, as `f64::min` spends its time on NaN, which does not count here.
        self.min = if value < self.min { value } else { self.min };
        self.max = if value > self.max { value } else { self.max };
        self.sum += value;
        self.last = value;
    }
}

impl<'a> Tracer<'a> {
    pub(super) fn new(span: Span, columns: usize, out: &'a mut Trace) -> Self {
        // One less than asked: a span that is not aligned touches one bucket more.
        let buckets = columns.max(2) as u64 - 1;
        let width = span.width().raw().div_ceil(buckets).max(1);
        let from = span.start.raw() / width * width;
        let last = (span.end.raw() - 1) / width * width;
        let zero = 0.0;
        Self {
            out,
            span,
            width,
            from: CdTime::from_raw(from),
            until: CdTime::from_raw(last.saturating_add(width)),
            bucket: Bucket::default(),
            broken: false,
            lead_only: false,
            stats: Stats { last: zero, min: zero, avg: zero, max: zero, count: 0 },
            reset_until: CdTime::ZERO,
        }
    }

    /// Takes the next sample; false when no more are needed.
    pub(super) fn take(&mut self, time: CdTime, drawn: Drawn) -> bool {
        self.broken |= drawn.breaks;
        let inside = self.span.contains(time);
        if drawn.reset && inside && time >= self.reset_until {
            self.out.resets.push(time);
            let start = time.raw() / self.width * self.width;
            self.reset_until = CdTime::from_raw(start.saturating_add(self.width));
        }
        let Some(value) = drawn.value else {
            self.broken = true;
            return time < self.until;
        };
        if time < self.from {
            self.out.columns.push(alone(time, value));
            self.lead_only = true;
            self.broken = false;
        } else if time < self.until {
            self.put(time, value);
        } else {
            self.flush();
            if !self.broken && !self.out.columns.is_empty() {
                self.out.columns.push(alone(time, value));
                self.lead_only = false;
            }
            return false;
        }
        true
    }

    /// Whether a bucket is open whose values need nothing but to be counted.
    pub(super) fn is_inside_bucket(&self) -> bool {
        self.bucket.count > 0 && self.bucket.whole && !self.broken
    }

    /// Adds `samples` to the open bucket, up to the first that is not in it or not ordinary.
    /// Returns how many. `value` is told the bits before, its own, and the seconds between.
    #[inline(always)]
    pub(super) fn run(
        &mut self,
        from: Sample,
        samples: &[Sample],
        limits: Limits,
        value: impl Fn(u64, u64, f64) -> f64,
    ) -> usize {
        let until = CdTime::from_raw(self.bucket.start.saturating_add(self.width));
        let limits = Limits { until, ..limits };
        let taken = if self.bucket.uneven {
            None
        } else {
            self.bucket.with_all(from, samples, limits, &value)
        };
        let (taken, bucket) = taken.unwrap_or_else(|| {
            // Tried once a bucket: a series full of holes would be read again and again.
            self.bucket.uneven = true;
            self.bucket.with_first(from, samples, limits, &value)
        });
        self.bucket = bucket;
        taken
    }

    fn put(&mut self, time: CdTime, value: f64) {
        let bucket = &mut self.bucket;
        if bucket.count > 0 && time.raw() - bucket.start < self.width {
            bucket.add(value);
            bucket.count = bucket.count.saturating_add(1);
            self.broken = false;
            if !bucket.whole && self.span.contains(time) {
                self.count(value, value, value, value, 1);
            }
            return;
        }
        self.flush();
        if self.broken && self.lead_only {
            self.out.columns.clear();
        }
        if self.broken && !self.out.columns.is_empty() {
            self.out.breaks.push(self.out.columns.len());
        }
        self.broken = false;
        self.lead_only = false;
        let start = time.raw() / self.width * self.width;
        let end = start.saturating_add(self.width);
        let whole = start >= self.span.start.raw() && end <= self.span.end.raw();
        let (last, min, max, sum) = (value, value, value, value);
        self.bucket = Bucket { start, time, last, min, max, sum, count: 1, whole, uneven: false };
        if !whole && self.span.contains(time) {
            self.count(value, value, value, value, 1);
        }
    }

    fn flush(&mut self) {
        let Bucket { start, time, last, min, max, sum, count, whole, .. } = self.bucket;
        let time = match count {
            0 => return,
            1 => time,
            _ => CdTime::from_raw(start + self.width / 2),
        };
        let mean = mean(sum / f64::from(count), min, max);
        self.out.columns.push(Column { time, min, max, mean, count });
        self.bucket.count = 0;
        if whole {
            self.count(last, min, max, sum, count);
        }
    }

    fn count(&mut self, last: f64, min: f64, max: f64, sum: f64, count: u32) {
        let stats = &mut self.stats;
        let first = stats.count == 0;
        stats.last = last;
        stats.min = if first { min } else { stats.min.min(min) };
        stats.max = if first { max } else { stats.max.max(max) };
        stats.avg += sum;
        stats.count += u64::from(count);
    }

    pub(super) fn finish(mut self) {
        self.flush();
        if self.lead_only {
            self.out.columns.clear();
        }
        if self.stats.count > 0 {
            let Stats { avg: sum, min, max, count, .. } = self.stats;
            let avg = mean(sum / count as f64, min, max);
            self.out.stats = Some(Stats { avg, ..self.stats });
        }
    }
}

/// The sum of huge values may be infinite or none at all; their average lies between them.
fn mean(mean: f64, min: f64, max: f64) -> f64 {
    if mean.is_finite() { mean.clamp(min, max) } else { min / 2.0 + max / 2.0 }
}

fn alone(time: CdTime, value: f64) -> Column {
    Column { time, min: value, max: value, mean: value, count: 1 }
}
