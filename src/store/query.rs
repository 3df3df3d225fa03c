//! Queries: from samples to what is drawn.
//!
//! Rates are made here, when they are read; the store keeps what the wire said. A line breaks
//! where samples are more than 2.5 intervals apart, where a counter started again, and where a
//! value is not finite. Knows nothing of pixels beyond their number.

use super::block::Place;
use super::columns::{Drawn, Limits, Tracer};
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
                let grown = bits.checked_sub(from).filter(|_| secs >= rate::BURST_SECS);
                grown.map_or(f64::NAN, |delta| delta as f64 / secs)
            }),
            (Mode::Rate, DsType::Derive) => tracer.run(from, rest, limits, |from, bits, secs| {
                let delta = bits.cast_signed().checked_sub(from.cast_signed());
                let delta = delta.filter(|_| secs >= rate::BURST_SECS);
                delta.map_or(f64::NAN, |delta| delta as f64 / secs)
            }),
            (Mode::Rate, DsType::Absolute) => tracer.run(from, rest, limits, |_, bits, secs| {
                if secs >= rate::BURST_SECS { bits as f64 / secs } else { f64::NAN }
            }),
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
