//! Queries: from samples to what is drawn.
//!
//! Rates are made here, when they are read; the store keeps what the wire said. A line breaks
//! where samples are more than 2.5 intervals apart, where a counter started again, and where a
//! value is not finite. A block that lies inside one bucket is not unpacked: its summary is what
//! its samples would say. Knows nothing of pixels beyond their number.

use super::block::{Block, Lists};
use super::columns::{DrawnSample, DrawnSamples, RunningStats, Tracer, bucket_width};
use super::drawn_list::{DrawRules, DrawnList};
use super::pack::{LIST_MAX, Numbers};
use super::runs::{Position, Runs};
use super::series::Series;
use super::trace::{Made, Mode, Point, Stats, Trace};
use crate::metric::{CdTime, DsType, Interval, Span};
use crate::rate::{self, Bounds, Outcome, Sample};
use std::ops::{ControlFlow, Range};

/// Reader of the samples of one series in one mode.
pub(super) struct Reader<'a> {
    runs: Runs<'a>,
    series: &'a Series,
    mode: Mode,
    bounds: Bounds,
}

impl<'a> Reader<'a> {
    pub(super) fn new(runs: Runs<'a>, mode: Mode) -> Self {
        Reader { runs, series: runs.series, mode, bounds: runs.series.bounds() }
    }

    /// Outcome of `sample` after `previous`, each with the interval promised with it, and whether
    /// nothing connects the two.
    pub(super) fn step(
        &self,
        previous: Option<(Sample, Interval)>,
        (sample, interval): (Sample, Interval),
    ) -> (Outcome, bool) {
        let kind = self.series.kind;
        let step = match self.connected(previous, (sample, interval)) {
            Some(from) => return (rate::between(kind, from, sample, self.bounds), false),
            // After a gap as at the start: what was counted in between has no honest rate.
            None => {
                let promised = if interval.is_zero() { self.series.interval } else { interval };
                rate::first(kind, sample, promised, self.bounds)
            }
        };
        (step, true)
    }

    /// The sample before, if no gap is in between.
    fn connected(
        &self,
        previous: Option<(Sample, Interval)>,
        (sample, interval): (Sample, Interval),
    ) -> Option<Sample> {
        let gap_max = |promised: Interval| match promised == interval {
            true => self.series.gap(interval),
            false => self.series.gap(interval).max(self.series.gap(promised)),
        };
        previous
            .filter(|(from, promised)| sample.time.since(from.time) <= gap_max(*promised))
            .map(|(from, _)| from)
    }

    /// What is drawn of `sample` after `previous`.
    fn read(
        &self,
        previous: Option<(Sample, Interval)>,
        (sample, interval): (Sample, Interval),
    ) -> DrawnSample {
        if self.mode == Mode::Raw {
            let breaks = self.connected(previous, (sample, interval)).is_none();
            let value = Some(rate::raw(self.series.kind, sample.bits));
            return DrawnSample {
                value: value.filter(|value| value.is_finite()),
                breaks,
                reset: false,
            };
        }
        let (step, breaks) = self.step(previous, (sample, interval));
        DrawnSample { value: step.value(), breaks, reset: step == Outcome::Reset }
    }

    fn at(&self, position: Position) -> Option<Point> {
        let previous = self.runs.previous(position).and_then(|position| self.runs.get(position));
        let current = self.runs.get(position)?;
        Some(Point { time: current.0.time, value: self.read(previous, current).value })
    }

    /// Rules by which samples with `interval` are drawn many at a time.
    fn rules(&self, interval: Interval) -> DrawRules {
        let is_rate = self.mode == Mode::Rate && self.series.kind != DsType::Gauge;
        let bounds = if is_rate { self.bounds } else { Bounds::default() };
        DrawRules {
            kind: self.series.kind,
            mode: self.mode,
            gap_max: self.series.gap(interval),
            low: bounds.min.unwrap_or(f64::NEG_INFINITY),
            high: bounds.max.unwrap_or(f64::INFINITY),
        }
    }

    /// Adds `block` by its summary, but for its first sample, where that is what its samples give
    /// one by one: all of them are in the bucket that is open, or have no value.
    fn by_summary(&self, block: &Block, tracer: &mut Tracer<'_>) -> bool {
        let (summary, is_gauge) = (block.summary(), self.series.kind == DsType::Gauge);
        let count = (block.len() - 1).saturating_sub(summary.undefined.into());
        let until = if count == 0 { Some(tracer.until) } else { tracer.open_until() };
        let fits = (self.mode == Mode::Rate || is_gauge)
            && until.is_some_and(|until| block.last.time < until)
            && summary.is_whole(self.series.gap(block.interval));
        if fits && block.len() > 1 {
            let ends_undefined = is_gauge && !f64::from_bits(block.last.bits).is_finite();
            tracer.absorb(&DrawnSamples { drawn: summary.drawn, count, ends_undefined });
        }
        fits
    }

    /// Feeds `tracer` from `start` on.
    fn feed(&self, start: Position, tracer: &mut Tracer<'_>) {
        let track = &self.series.track;
        let mut previous = self.runs.previous(start).and_then(|position| self.runs.get(position));
        let mut first = start.sample;
        let mut list = DrawnList::new();
        for block in (start.run..track.sealed()).filter_map(|run| track.block(run)) {
            if first == 0 {
                let current = (block.first, block.interval);
                if !tracer.take(block.first.time, self.read(previous, current)) {
                    return;
                }
                first = 1;
                if self.by_summary(block, tracer) {
                    first = block.len();
                }
            }
            if first < block.len() && !self.feed_block(block, first, tracer, &mut list) {
                return;
            }
            previous = Some((block.last, block.interval));
            first = 0;
        }
        for sample in track.open().iter_from(first) {
            let current = (sample, track.open().interval);
            if !tracer.take(sample.time, self.read(previous, current)) {
                return;
            }
            previous = Some(current);
        }
    }

    /// Feeds the samples of `block` from number `first` on, which is not the very first; false
    /// when no more are needed.
    fn feed_block(
        &self,
        block: &Block,
        mut first: usize,
        tracer: &mut Tracer<'_>,
        list: &mut DrawnList,
    ) -> bool {
        let (rules, mut lists, mut before) = (self.rules(block.interval), block.lists(), None);
        loop {
            let again = lists.clone();
            if !list.read(&mut lists, rules, before) {
                return true;
            }
            // Unpacked once more where not all is ordinary: once for the list, not for each.
            let mut plain = None;
            while first < list.len() {
                let open_until = tracer.open_until().filter(|&until| list.time(first) < until);
                let end = open_until.map_or(first + 1, |until| list.place(first, until));
                if open_until.is_some()
                    && let Some(several) = list.gather(first, end, rules)
                {
                    tracer.absorb(&several);
                } else if open_until.is_none()
                    && let Some(drawn) = list.drawn(first, rules)
                {
                    if !tracer.take(list.time(first), drawn) {
                        return false;
                    }
                } else {
                    let plain = plain.get_or_insert_with(|| RawList::read(again.clone()));
                    let before = before.map(|before| (before, block.interval));
                    if !self.feed_one_by_one(plain, before, first..end, tracer) {
                        return false;
                    }
                }
                first = end;
            }
            first -= list.len();
            before = Some(list.last());
        }
    }

    /// Feeds some samples of a list that are not all ordinary; `before` is the one before it.
    fn feed_one_by_one(
        &self,
        list: &RawList,
        before: Option<(Sample, Interval)>,
        range: Range<usize>,
        tracer: &mut Tracer<'_>,
    ) -> bool {
        let mut previous = range.start.checked_sub(1).map_or(before, |number| list.get(number));
        for current in range.map_while(|number| list.get(number)) {
            if !tracer.take(current.0.time, self.read(previous, current)) {
                return false;
            }
            previous = Some(current);
        }
        true
    }

    /// The sample before the first bucket, if the first value in or behind it connects with it.
    fn lead(&self, from: CdTime) -> Option<(CdTime, f64)> {
        let mut found = None;
        self.runs.each_from(from, |before, next| {
            found = Some((before, next));
            ControlFlow::Break(())
        });
        let ([older, lead], next) = found?;
        let lead = lead?;
        let older = older.or_else(|| {
            let position = self.runs.position_before(lead.0.time)?;
            self.runs.get(position)
        });
        let value = self.read(older, lead).value?;
        let drawn = self.read(Some(lead), next);
        (!drawn.breaks && drawn.value.is_some()).then_some((lead.0.time, value))
    }

    /// Calls `each` with the drawn values from `start` to `end`.
    fn values(&self, start: CdTime, end: CdTime, mut each: impl FnMut(f64)) {
        if start >= end {
            return;
        }
        self.runs.each_from(start, |[_, previous], current| {
            if current.0.time >= end {
                return ControlFlow::Break(());
            }
            if let Some(value) = self.read(previous, current).value {
                each(value);
            }
            ControlFlow::Continue(())
        });
    }

    /// The figures of `span`: its whole buckets by their columns, the ones it cuts by samples.
    fn stats(&self, span: Span, tracer: &Tracer<'_>) -> Option<Stats> {
        let (mut figures, mut last) = (RunningStats::default(), None);
        let width = tracer.width;
        let (mut whole_start, mut whole_end) = (tracer.from, tracer.until);
        if whole_start < span.start {
            whole_start = CdTime::from_raw(whole_start.raw().saturating_add(width)).min(span.end);
            self.values(span.start, whole_start, |value| {
                figures.add(value);
                last = Some(value);
            });
        }
        if whole_end > span.end {
            whole_end = CdTime::from_raw(tracer.bucket_start(span.end));
        }
        let columns = tracer.columns();
        let start = columns.partition_point(|column| column.time < whole_start);
        let end = columns.partition_point(|column| column.time < whole_end).max(start);
        let whole = columns.get(start..end).unwrap_or_default();
        whole.iter().for_each(|column| figures.add_column(column));
        if let Some(column) = whole.last() {
            let start = CdTime::from_raw(tracer.bucket_start(column.time));
            let end = CdTime::from_raw(start.raw().saturating_add(width));
            last = match column.count {
                1 => Some(column.mean),
                _ => self.last_value(start, end),
            };
        }
        self.values(whole_end.max(whole_start), span.end, |value| {
            figures.add(value);
            last = Some(value);
        });
        figures.stats(last?)
    }

    /// The newest drawn value from `start` to `end`.
    fn last_value(&self, start: CdTime, end: CdTime) -> Option<f64> {
        let mut position = self.runs.position_before(end)?;
        let newest = self.runs.get(position).filter(|newest| newest.0.time >= start)?;
        let before = self.runs.previous(position).and_then(|position| self.runs.get(position));
        if let Some(value) = self.read(before, newest).value {
            return Some(value);
        }
        loop {
            // Each run is unpacked once, however many of its last values are missing.
            let (samples, interval) =
                (self.runs.samples(position.run)?, self.runs.interval(position.run));
            let before = self.runs.previous(Position { sample: 0, ..position });
            for number in (0..=position.sample).rev() {
                let current = *samples.get(number).filter(|sample| sample.time >= start)?;
                let previous = match number.checked_sub(1) {
                    Some(number) => samples.get(number).map(|sample| (*sample, interval)),
                    None => before.and_then(|before| self.runs.get(before)),
                };
                let drawn = self.read(previous, (current, interval));
                if drawn.value.is_some() {
                    return drawn.value;
                }
            }
            position = before?;
        }
    }
}

/// A list as it was received.
struct RawList {
    times: Numbers,
    bits: Numbers,
    interval: Interval,
}

impl RawList {
    fn read(mut lists: Lists<'_>) -> Self {
        let interval = lists.interval();
        let (mut times, mut bits) = ([0; LIST_MAX], [0; LIST_MAX]);
        lists.next(&mut times, &mut bits);
        Self { times, bits, interval }
    }

    /// Sample `number`, which must be one of the list.
    fn get(&self, number: usize) -> Option<(Sample, Interval)> {
        let time = CdTime::from_raw(*self.times.get(number)?);
        Some((Sample { time, bits: *self.bits.get(number)? }, self.interval))
    }
}

pub(super) fn latest(runs: Runs<'_>, mode: Mode) -> Option<Point> {
    Reader::new(runs, mode).at(runs.last_position()?)
}

pub(super) fn value_at(runs: Runs<'_>, time: CdTime, mode: Mode) -> Option<Point> {
    let after = time.saturating_add(Interval::from_raw(1));
    let position = runs.position_before(after)?;
    let (sample, interval) = runs.get(position)?;
    if time.since(sample.time) > runs.series.gap(interval) {
        return None;
    }
    Reader::new(runs, mode).at(position)
}

/// Every sample, by placed time, oldest first; none of an unknown series.
pub(super) fn samples(runs: Option<Runs<'_>>) -> impl Iterator<Item = Sample> {
    (0..).map_while(move |run| runs.as_ref()?.samples(run)).flatten()
}

/// Fills `out` or continues what is in it; see [`super::Store::trace`].
pub(super) fn trace(
    runs: Option<Runs<'_>>,
    span: Span,
    columns: usize,
    mode: Mode,
    out: &mut Trace,
) {
    let Some(runs) = runs.filter(|_| columns > 0 && !span.width().is_zero()) else {
        out.clear();
        return;
    };
    let reader = Reader::new(runs, mode);
    let width = bucket_width(span, columns);
    let track = &runs.series.track;
    let (epoch, oldest, newest) = (track.epoch(), track.oldest(), track.newest());
    let interval = runs.series.interval;
    let known = out.made.take().filter(|made| {
        let what = (made.id, made.mode, made.width, made.epoch, made.interval);
        what == (runs.id, mode, width, epoch, interval)
    });
    let same = |made: &Made| (made.span, made.oldest, made.newest) == (span, oldest, newest);
    if let Some(made) = known.filter(same) {
        out.made = Some(made);
        return;
    }
    let mut tracer = Tracer::new(span, width, out);
    // What is older than the first bucket may go; what is in it may not.
    let keeps = |made: &Made| {
        made.oldest == oldest || oldest.is_some_and(|oldest| oldest.time < tracer.from)
    };
    let on_screen = |made: &Made| (tracer.from..tracer.until).contains(&made.checkpoint.time);
    let known = known.filter(|made| keeps(made) && on_screen(made));
    let continued = known.filter(|made| tracer.go_on(&made.checkpoint, made.from));
    let start = match continued {
        Some(made) => {
            if made.from != tracer.from
                && let Some((time, value)) = reader.lead(tracer.from)
            {
                tracer.lead_in(time, value);
            }
            runs.position(made.checkpoint.time)
        }
        None => {
            tracer.start_afresh();
            // One sample before the first bucket leads the line in; it needs the one before it.
            let lead = runs.position_before(tracer.from);
            lead.or_else(|| runs.position(tracer.from))
        }
    };
    if let Some(start) = start {
        reader.feed(start, &mut tracer);
    }
    let checkpoint = tracer.finish();
    let (from, stats) = (tracer.from, reader.stats(span, &tracer));
    out.stats = stats;
    let id = runs.id;
    out.made = checkpoint.map(|checkpoint| Made {
        id,
        mode,
        span,
        width,
        from,
        interval,
        epoch,
        oldest,
        newest,
        checkpoint,
    });
}
