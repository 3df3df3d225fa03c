//! Queries: from samples to what is drawn.
//!
//! Rates are made here, when they are read; the store keeps what the wire said. A line breaks
//! where samples are more than 2.5 intervals apart, where a counter started again, and where a
//! value is not finite. Knows nothing of pixels beyond their number.

use super::block::Place;
use super::series::Series;
use crate::metric::{CdTime, DsType, Interval, Span};
use crate::rate::{self, Bounds, Sample, Step};

/// Which number of a sample is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What is normally drawn: gauges as they are, all others per second.
    #[default]
    Rate,
    /// What the wire said.
    Raw,
}

/// One sample as read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When it was measured, by the host's clock.
    pub time: CdTime,
    /// The number; none when there is no rate (yet), after a reset, or when it is not finite.
    pub value: Option<f64>,
}

/// What to draw of one series over a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// At most `columns + 2` (`columns` below 2 count as 2), in order of time.
    pub columns: Vec<Column>,
    /// Indices into `columns` at which a new run starts after a gap, ascending; never 0.
    pub breaks: Vec<usize>,
    /// Where counters restarted inside the span, at most one a column.
    pub resets: Vec<CdTime>,
    /// Of the drawn values inside the span; none when there are none.
    pub stats: Option<Stats>,
}

/// The drawn values of one bucket of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// The sample's own time when it is alone, else the middle of the bucket.
    pub time: CdTime,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Average.
    pub mean: f64,
    /// How many; at least one.
    pub count: u32,
}

/// Figures for a legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// The newest.
    pub last: f64,
    /// Least.
    pub min: f64,
    /// Average of the values (not weighted by time).
    pub avg: f64,
    /// Greatest.
    pub max: f64,
    /// How many; at least one.
    pub count: u64,
}

impl Trace {
    /// Empties it and keeps its buffers.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.breaks.clear();
        self.resets.clear();
        self.stats = None;
    }
}

/// What one sample says in `mode`, and the time of the sample itself.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    value: Option<f64>,
    /// Nothing connects it with the sample before.
    breaks: bool,
    reset: bool,
}

/// How to read the samples of one series.
struct Reader<'a> {
    series: &'a Series,
    mode: Mode,
    bounds: Bounds,
}

impl Reader<'_> {
    fn new(series: &Series, mode: Mode) -> Reader<'_> {
        Reader { series, mode, bounds: series.bounds() }
    }

    /// What `sample` says after `previous`; each with the interval told with it.
    fn read(
        &self,
        previous: Option<(Sample, Interval)>,
        (sample, interval): (Sample, Interval),
    ) -> Drawn {
        let gap_max = |told: Interval| match told == interval {
            true => self.series.gap(interval),
            false => self.series.gap(interval).max(self.series.gap(told)),
        };
        let connected = previous
            .filter(|(from, told)| sample.time.since(from.time) <= gap_max(*told))
            .map(|(from, _)| from);
        let kind = self.series.kind;
        let step = match (self.mode, connected) {
            (Mode::Raw, _) => {
                let value = Some(rate::raw(kind, sample.bits)).filter(|value| value.is_finite());
                return Drawn { value, breaks: connected.is_none(), reset: false };
            }
            (Mode::Rate, Some(from)) => rate::step(kind, from, sample, self.bounds),
            // After a gap as at the start: what was counted in between has no honest rate.
            (Mode::Rate, None) => {
                let told = if interval.is_zero() { self.series.interval } else { interval };
                rate::first(kind, sample, told, self.bounds)
            }
        };
        Drawn { value: step.value(), breaks: connected.is_none(), reset: step == Step::Reset }
    }

    /// Takes the samples that follow `from` in its block as long as they are ordinary: in the
    /// bucket being filled, connected, and with a value. Returns how many. What is decided here
    /// once, [`Reader::read`] decides for every sample; both say the same.
    fn run(&self, from: (Sample, Interval), rest: &[Sample], tracer: &mut Tracer<'_>) -> usize {
        let limits = Limits {
            until: CdTime::MAX,
            gap_max: self.series.gap(from.1),
            low: self.bounds.min.unwrap_or(f64::NEG_INFINITY),
            high: self.bounds.max.unwrap_or(f64::INFINITY),
        };
        let free = Limits { low: f64::NEG_INFINITY, high: f64::INFINITY, ..limits };
        let from = from.0;
        match (self.mode, self.series.kind) {
            (Mode::Raw, kind) => tracer.run(from, rest, free, |_, bits, _| rate::raw(kind, bits)),
            (Mode::Rate, DsType::Gauge) => {
                tracer.run(from, rest, free, |_, bits, _| f64::from_bits(bits))
            }
            (Mode::Rate, DsType::Counter) => tracer.run(from, rest, limits, |from, bits, secs| {
                let grown = bits.checked_sub(from);
                grown.map_or(f64::NAN, |delta| delta as f64 / secs)
            }),
            (Mode::Rate, DsType::Derive) => tracer.run(from, rest, limits, |from, bits, secs| {
                let delta = bits.cast_signed().checked_sub(from.cast_signed());
                delta.map_or(f64::NAN, |delta| delta as f64 / secs)
            }),
            (Mode::Rate, DsType::Absolute) => {
                tracer.run(from, rest, limits, |_, bits, secs| bits as f64 / secs)
            }
        }
    }

    fn at(&self, place: Place) -> Option<Reading> {
        let track = &self.series.track;
        let previous = track.previous(place).and_then(|place| track.get(place));
        let current = track.get(place)?;
        Some(Reading { time: current.0.time, value: self.read(previous, current).value })
    }
}

pub(super) fn latest(series: &Series, mode: Mode) -> Option<Reading> {
    Reader::new(series, mode).at(series.track.last_place()?)
}

pub(super) fn value_at(series: &Series, time: CdTime, mode: Mode) -> Option<Reading> {
    let after = time.saturating_add(Interval::from_raw(1));
    let place = series.track.place_before(after)?;
    let (sample, interval) = series.track.get(place)?;
    if time.since(sample.time) > series.gap(interval) {
        return None;
    }
    Reader::new(series, mode).at(place)
}

/// Fills an empty `out`; see [`super::Store::trace`].
pub(super) fn trace(series: &Series, span: Span, columns: usize, mode: Mode, out: &mut Trace) {
    if columns == 0 || span.width().is_zero() {
        return;
    }
    let mut tracer = Tracer::new(span, columns, out);
    let track = &series.track;
    // One sample before the first bucket leads the line in; it needs the one before it.
    let lead = track.place_before(tracer.from);
    let Some(start) = lead.or_else(|| track.place(tracer.from)) else {
        return;
    };
    let mut previous = track.previous(start).and_then(|place| track.get(place));
    let reader = Reader::new(series, mode);
    let mut first = start.sample;
    'blocks: for number in start.block.. {
        let Some(block) = track.block(number) else {
            break;
        };
        let mut samples = block.samples.get(first..).unwrap_or_default();
        while let Some((&sample, rest)) = samples.split_first() {
            let current = (sample, block.interval);
            let drawn = reader.read(previous, current);
            if !tracer.take(sample.time, drawn) {
                break 'blocks;
            }
            previous = Some(current);
            samples = rest;
            if tracer.is_inside_bucket() {
                let run = reader.run(current, rest, &mut tracer);
                samples = rest.get(run..).unwrap_or_default();
                if let Some(&last) = run.checked_sub(1).and_then(|last| rest.get(last)) {
                    previous = Some((last, block.interval));
                }
            }
        }
        first = 0;
    }
    tracer.finish();
}

/// Gathers drawn values into columns.
struct Tracer<'a> {
    out: &'a mut Trace,
    span: Span,
    /// Width of a bucket; bucket `n` is `[n * width, (n + 1) * width)` since 1970, so that a
    /// window that moves on cuts time at the same places.
    width: u64,
    /// Start of the first bucket that the span touches.
    from: CdTime,
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
struct Limits {
    until: CdTime,
    gap_max: Interval,
    low: f64,
    high: f64,
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
    fn new(span: Span, columns: usize, out: &'a mut Trace) -> Self {
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
    fn take(&mut self, time: CdTime, drawn: Drawn) -> bool {
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
    fn is_inside_bucket(&self) -> bool {
        self.bucket.count > 0 && self.bucket.whole && !self.broken
    }

    /// Adds `samples` to the open bucket, up to the first that is not in it or not ordinary.
    /// Returns how many. `value` is told the bits before, its own, and the seconds between.
    #[inline(always)]
    fn run(
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

    fn finish(mut self) {
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
