//! Columns: drawn values added up in buckets of time.
//!
//! A value is added by [`Tracer::take`], which looks at all that may happen to it, or with many
//! ordinary ones by [`Tracer::absorb`]; both give the same columns.
//! Knows nothing of series or of rates.

use super::aggregate::Aggregate;
use super::trace::{Checkpoint, Column, State, Stats, Trace};
use crate::metric::{CdTime, Span};

/// One sample as drawn in a mode.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawnSample {
    pub(super) value: Option<f64>,
    /// Nothing connects it with the sample before.
    pub(super) breaks: bool,
    pub(super) reset: bool,
}

/// Several samples as drawn, none of which breaks the line but by being undefined.
#[derive(Clone, Copy, Debug)]
pub(super) struct DrawnSamples {
    pub(super) drawn: Aggregate,
    /// How many have a value.
    pub(super) count: usize,
    /// The last one has none.
    pub(super) ends_undefined: bool,
}

/// Adds drawn values to columns.
pub(super) struct Tracer<'a> {
    out: &'a mut Trace,
    /// Width of a bucket; bucket `n` is `[n * width, (n + 1) * width)` since 1970, so that a
    /// window that moves on cuts time at the same places.
    pub(super) width: u64,
    /// Start of the first bucket that the span touches.
    pub(super) from: CdTime,
    /// End of the last one.
    pub(super) until: CdTime,
    /// The bucket being filled.
    bucket: Bucket,
    state: State,
    /// How things stood when the bucket was begun.
    checkpoint: Option<Checkpoint>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    start: u64,
    time: CdTime,
    drawn: Aggregate,
    count: u32,
}

/// Width of the buckets of `span` cut into `columns`.
pub(super) fn bucket_width(span: Span, columns: usize) -> u64 {
    // One less than asked: a span that is not aligned touches one bucket more.
    let buckets = columns.max(2) as u64 - 1;
    span.width().raw().div_ceil(buckets).max(1)
}

impl<'a> Tracer<'a> {
    pub(super) fn new(span: Span, width: u64, out: &'a mut Trace) -> Self {
        let from = span.start.raw() / width * width;
        let last = (span.end.raw() - 1) / width * width;
        Self {
            out,
            width,
            from: CdTime::from_raw(from),
            until: CdTime::from_raw(last.saturating_add(width)),
            bucket: Bucket::default(),
            state: State::default(),
            checkpoint: None,
        }
    }

    /// Start of the bucket that `time` is in.
    pub(super) fn bucket_start(&self, time: CdTime) -> u64 {
        time.raw() / self.width * self.width
    }

    /// Goes back to `checkpoint` of the trace in `out`, which had the same width and did not start
    /// later. False, and nothing done, when too little would be left.
    pub(super) fn go_on(&mut self, checkpoint: &Checkpoint, from_before: CdTime) -> bool {
        let moved = self.from != from_before;
        let columns = self.out.columns.get(..checkpoint.columns).unwrap_or_default();
        let gone =
            if moved { columns.partition_point(|column| column.time < self.from) } else { 0 };
        if self.from < from_before || gone >= columns.len() {
            return false;
        }
        let from = self.from;
        self.out.columns.truncate(checkpoint.columns);
        self.out.breaks.truncate(checkpoint.breaks);
        self.out.resets.truncate(checkpoint.resets);
        self.out.resets.retain(|&time| time >= from);
        self.out.columns.drain(..gone);
        self.out.breaks.retain(|&at| at > gone);
        self.out.breaks.iter_mut().for_each(|at| *at -= gone);
        self.state = checkpoint.state;
        self.state.lead_only &= !moved;
        true
    }

    /// Forgets what was in `out`.
    pub(super) fn start_afresh(&mut self) {
        self.out.clear();
    }

    /// Puts a column before all others.
    pub(super) fn lead_in(&mut self, time: CdTime, value: f64) {
        self.out.columns.insert(0, alone(time, value));
        self.out.breaks.iter_mut().for_each(|at| *at += 1);
    }

    /// Adds the next sample; false when no more are needed.
    pub(super) fn take(&mut self, time: CdTime, drawn: DrawnSample) -> bool {
        self.state.broken |= drawn.breaks;
        if drawn.reset && time >= self.state.reset_until {
            if self.from <= time && time < self.until {
                self.out.resets.push(time);
            }
            let end = self.bucket_start(time).saturating_add(self.width);
            self.state.reset_until = CdTime::from_raw(end);
        }
        let Some(value) = drawn.value else {
            self.state.broken = true;
            return time < self.until;
        };
        if time < self.from {
            self.out.columns.push(alone(time, value));
            self.state = State { lead_only: true, broken: false, ..self.state };
        } else if time < self.until {
            self.put(time, value);
        } else {
            self.flush();
            if !self.state.broken && !self.out.columns.is_empty() {
                self.out.columns.push(alone(time, value));
                self.state.lead_only = false;
            }
            return false;
        }
        true
    }

    /// Where the open bucket ends.
    pub(super) fn open_until(&self) -> Option<CdTime> {
        let is_open = self.bucket.count > 0;
        is_open.then(|| CdTime::from_raw(self.bucket.start.saturating_add(self.width)))
    }

    /// Adds samples at once, all in the open bucket: of a break inside one nothing is seen.
    pub(super) fn absorb(&mut self, several: &DrawnSamples) {
        let bucket = &mut self.bucket;
        bucket.drawn = bucket.drawn.and(several.drawn);
        let count = u32::try_from(several.count).unwrap_or(u32::MAX);
        bucket.count = bucket.count.saturating_add(count);
        self.state.broken = several.ends_undefined;
    }

    fn put(&mut self, time: CdTime, value: f64) {
        let bucket = &self.bucket;
        if bucket.count > 0 && time.raw() - bucket.start < self.width {
            self.absorb(&DrawnSamples {
                drawn: Aggregate::of(value),
                count: 1,
                ends_undefined: false,
            });
            return;
        }
        self.flush();
        if self.state.broken && self.state.lead_only {
            self.out.columns.clear();
            self.state.lead_only = false;
        }
        let Trace { columns, breaks, resets, .. } = &mut *self.out;
        self.checkpoint = Some(Checkpoint {
            time,
            columns: columns.len(),
            breaks: breaks.len(),
            resets: resets.len(),
            state: self.state,
        });
        if self.state.broken && !columns.is_empty() {
            breaks.push(columns.len());
        }
        self.state = State { broken: false, lead_only: false, ..self.state };
        let start = self.bucket_start(time);
        self.bucket = Bucket { start, time, drawn: Aggregate::of(value), count: 1 };
    }

    fn flush(&mut self) {
        let Bucket { start, time, drawn, count } = self.bucket;
        let time = match count {
            0 => return,
            1 => time,
            _ => CdTime::from_raw(start + self.width / 2),
        };
        let Aggregate { min, max, .. } = drawn;
        let mean = drawn.mean(f64::from(count));
        self.out.columns.push(Column { time, min, max, mean, count });
        self.bucket.count = 0;
    }

    /// Closes the last column; returns where the next trace may go on.
    pub(super) fn finish(&mut self) -> Option<Checkpoint> {
        self.flush();
        if self.state.lead_only {
            self.out.columns.clear();
        }
        self.checkpoint
    }

    /// The columns so far.
    pub(super) fn columns(&self) -> &[Column] {
        &self.out.columns
    }
}

/// Figures for a legend, as values are added.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RunningStats {
    drawn: Aggregate,
    count: u64,
}

impl RunningStats {
    /// Adds one value.
    pub(super) fn add(&mut self, value: f64) {
        self.add_all(Aggregate::of(value), 1);
    }

    /// Adds the values of a column.
    pub(super) fn add_column(&mut self, column: &Column) {
        let Column { min, max, mean, count, .. } = *column;
        self.add_all(Aggregate { min, max, sum: mean * f64::from(count) }, count);
    }

    fn add_all(&mut self, all: Aggregate, count: u32) {
        self.drawn = self.drawn.and(all);
        self.count += u64::from(count);
    }

    /// With the newest value, if there was any.
    pub(super) fn stats(self, last: f64) -> Option<Stats> {
        let Self { drawn, count } = self;
        let Aggregate { min, max, .. } = drawn;
        let avg = || drawn.mean(count as f64);
        (count > 0).then(|| Stats { last, min, avg: avg(), max, count })
    }
}

fn alone(time: CdTime, value: f64) -> Column {
    Column { time, min: value, max: value, mean: value, count: 1 }
}
