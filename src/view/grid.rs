//! Grid: several traces read at common times, so that they can be added up.
//!
//! Siblings are read within milliseconds of one another: what each says then is added as it is,
//! and no value in between is made up. One may have missed a sample: between two samples of a run
//! a value lies on the straight line between them, half an interval outside of a run its end
//! holds, and a gap is never bridged. The newest moment waits until all series that still send
//! have a sample of it: half of the processors are no mean of all. Pure.

use super::graphs::Combine;
use crate::metric::{CdTime, Interval};
use crate::store::{Column, Trace};

/// Values are kept within this, so that no sum or difference of them leaves the numbers.
pub(super) const VALUE_MAX: f64 = 1e300;

/// A trace, and the distance of its values: its interval or a column, whichever is longer.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) trace: &'a Trace,
    pub(super) interval: Interval,
    /// The newest sample of its series, where the trace ends before that; none: it does not.
    pub(super) newest: Option<CdTime>,
}

/// Siblings that fell silent are waited for this many intervals; longer is a gap in the store too.
const WAIT_INTERVALS: f64 = 2.5;

impl Part<'_> {
    /// What is this near is the same reading.
    fn near(&self) -> Interval {
        self.interval.mul_f64(0.5)
    }

    /// Until when the series is known.
    fn end(&self) -> Option<CdTime> {
        self.newest.or(self.trace.columns.last().map(|column| column.time))
    }
}

/// The values of one line at the times of a grid.
pub(super) struct OnGrid {
    /// NaN where there is none.
    pub(super) values: Vec<f64>,
    /// Whether the value belongs to the same run as the one before it.
    pub(super) joined: Vec<bool>,
}

/// A grid of moments, ascending. Buffers are kept between calls.
#[derive(Debug, Default)]
pub struct Grid {
    pub(super) times: Vec<CdTime>,
    /// Of each moment, the time of the last reading that is of it.
    ends: Vec<CdTime>,
    /// Of each part, the first reading that is of no moment yet: number and time.
    heads: Vec<(usize, CdTime)>,
    /// Traces with a column for each sample.
    pub(super) fine: Vec<Trace>,
}

impl Grid {
    /// The moments of `parts`: readings at most half of the shortest interval apart are of one,
    /// which has the time of the first of them, and no part has two in one moment. It depends on
    /// what is near only, so that a part of the time gives the same moments as the whole.
    pub(super) fn fill(&mut self, parts: &[Part<'_>]) {
        let Self { times, ends, heads, .. } = self;
        let near = parts.iter().map(Part::near).min().unwrap_or_default();
        let head = |part: &Part<'_>, next: usize| {
            (next, part.trace.columns.get(next).map_or(CdTime::MAX, |column| column.time))
        };
        times.clear();
        ends.clear();
        heads.clear();
        heads.extend(parts.iter().map(|part| head(part, 0)));
        while let Some(start) = heads.iter().map(|head| head.1).min()
            && start < CdTime::MAX
        {
            let (mut end, mut limit) = (start.saturating_add(near), CdTime::MAX);
            for (part, &(next, time)) in parts.iter().zip(&*heads) {
                if time <= end {
                    limit = limit.min(head(part, next + 1).1);
                }
            }
            let last = end;
            end = start;
            for (part, at) in parts.iter().zip(&mut *heads) {
                if at.1 <= last && (at.1 < limit || at.1 == start) {
                    end = end.max(at.1);
                    *at = head(part, at.0 + 1);
                }
            }
            times.push(start);
            ends.push(end);
        }
        self.wait(parts);
    }

    /// Leaves out moments that some series which still send have no sample of yet.
    fn wait(&mut self, parts: &[Part<'_>]) {
        let Some(&last) = self.times.last() else {
            return;
        };
        let newest = parts.iter().filter_map(|part| part.newest).fold(last, CdTime::max);
        let ends = parts.iter().filter_map(|part| Some((part, part.end()?)));
        let sending =
            ends.filter(|(part, end)| newest.since(*end) <= part.interval.mul_f64(WAIT_INTERVALS));
        let complete = sending.map(|(part, end)| end.saturating_add(part.near())).min();
        while complete.is_some_and(|end| self.times.last().is_some_and(|&time| time > end)) {
            self.times.pop();
            self.ends.pop();
        }
    }

    /// The sum or average of `parts` at every time.
    pub(super) fn combine(&self, parts: &[Part<'_>], how: Combine) -> OnGrid {
        let mut values = vec![f64::NAN; self.times.len()];
        let mut joined = vec![false; self.times.len()];
        let mut counts = vec![0_u32; self.times.len()];
        for part in parts {
            let mut reader = Reader { trace: part.trace, near: part.near(), next: 0, run: 0 };
            let mut run_before = None;
            let slots = values.iter_mut().zip(&mut joined).zip(&mut counts);
            for (((sum, joined), count), moment) in slots.zip(self.times.iter().zip(&self.ends)) {
                let Some((value, run)) = reader.at(*moment.0, *moment.1) else {
                    run_before = None;
                    continue;
                };
                *sum = if sum.is_nan() { value } else { *sum + value };
                *joined |= run_before == Some(run);
                *count += 1;
                run_before = Some(run);
            }
        }
        if how == Combine::Avg {
            for (sum, &count) in values.iter_mut().zip(&counts) {
                *sum /= f64::from(count.max(1));
            }
        }
        OnGrid { values, joined }
    }
}

/// Reads a trace at ascending moments.
struct Reader<'a> {
    trace: &'a Trace,
    near: Interval,
    /// The first column that is later than the moment read last.
    next: usize,
    /// How many breaks lie before it.
    run: usize,
}

impl Reader<'_> {
    /// The value of the moment from `t` to `end`, and the number of the run it belongs to.
    fn at(&mut self, t: CdTime, end: CdTime) -> Option<(f64, usize)> {
        let Trace { columns, breaks, .. } = self.trace;
        while columns.get(self.next).is_some_and(|column| column.time <= end) {
            self.next += 1;
        }
        while breaks.get(self.run).is_some_and(|&start| start < self.next) {
            self.run += 1;
        }
        let before = self.next.checked_sub(1).and_then(|i| columns.get(i));
        let after = columns.get(self.next);
        let gap = breaks.get(self.run) == Some(&self.next);
        match (before, after) {
            (Some(before), _) if before.time >= t => Some((value(before), self.run)),
            (Some(before), Some(after)) if !gap => Some((between(before, after, t), self.run)),
            (Some(before), _) if t.since(before.time) <= self.near => {
                Some((value(before), self.run))
            }
            (_, Some(after)) if after.time.since(t) <= self.near => {
                Some((value(after), self.run + usize::from(before.is_some())))
            }
            _ => None,
        }
    }
}

fn value(column: &Column) -> f64 {
    column.mean.clamp(-VALUE_MAX, VALUE_MAX)
}

/// On the straight line between two columns.
fn between(before: &Column, after: &Column, t: CdTime) -> f64 {
    let share = t.secs_from(before.time) / after.time.secs_from(before.time);
    value(before) + (value(after) - value(before)) * share
}

/// Makes each line its part of their sum, in percent; none where the sum is zero.
pub(super) fn to_shares(lines: &mut [OnGrid], times: usize) {
    let mut whole = vec![0.0; times];
    for line in lines.iter() {
        for (sum, value) in whole.iter_mut().zip(&line.values) {
            *sum += if value.is_nan() { 0.0 } else { *value };
        }
    }
    for line in lines {
        for (value, sum) in line.values.iter_mut().zip(&whole) {
            *value = if *sum > 0.0 { 100.0 * *value / sum } else { f64::NAN };
        }
    }
}
