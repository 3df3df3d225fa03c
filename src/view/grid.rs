//! Grid: several traces read at common times, so that they can be added up.
//!
//! Siblings are read within milliseconds of one another, and one may have missed a sample: between
//! two samples of a run a value lies on the straight line between them, half an interval outside
//! of a run its end holds, and a gap is never bridged. The newest moment waits until all that are
//! still heard have told it: half of the processors are no mean of all. Pure.

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
}

/// Siblings that fell silent are waited for this many intervals; longer is a gap in the store too.
const WAIT_INTERVALS: f64 = 2.5;

impl Part<'_> {
    /// What is this near is the same reading.
    fn near(&self) -> Interval {
        self.interval.mul_f64(0.5)
    }
}

/// The values of one line at the times of a grid.
pub(super) struct OnGrid {
    /// NaN where there is none.
    pub(super) values: Vec<f64>,
    /// Whether the value belongs to the same run as the one before it.
    pub(super) joined: Vec<bool>,
}

/// A grid of times, ascending. Buffers are kept between calls.
#[derive(Debug, Default)]
pub struct Grid {
    pub(super) times: Vec<CdTime>,
    spare: Vec<CdTime>,
    /// Times this near are the same.
    near: Interval,
}

impl Grid {
    /// All times that all `parts` have told, those near one another taken as one.
    pub(super) fn fill(&mut self, parts: &[Part<'_>]) {
        // The shortest interval: values of others lie on their lines.
        self.near = parts.iter().map(Part::near).min().unwrap_or_default();
        self.times.clear();
        // The fullest first: its times are all kept, however near they are to one another.
        let fullest = parts.iter().max_by_key(|part| part.trace.columns.len());
        self.times.extend(fullest.into_iter().flat_map(|p| &p.trace.columns).map(|c| c.time));
        for part in parts {
            if !self.has_all(&part.trace.columns) {
                self.merge(&part.trace.columns);
            }
        }
        self.wait(parts);
    }

    /// Leaves out what some that are still heard have yet to tell.
    fn wait(&mut self, parts: &[Part<'_>]) {
        let Some(&newest) = self.times.last() else {
            return;
        };
        let ends = parts.iter().filter_map(|part| Some((part, part.trace.columns.last()?.time)));
        let heard =
            ends.filter(|(part, end)| newest.since(*end) <= part.interval.mul_f64(WAIT_INTERVALS));
        let told = heard.map(|(part, end)| end.saturating_add(part.near())).min();
        while told.is_some_and(|told| self.times.last().is_some_and(|&time| time > told)) {
            self.times.pop();
        }
    }

    /// Whether nothing is new among `columns`: the rule, as siblings are read together.
    fn has_all(&self, columns: &[Column]) -> bool {
        let mut known = self.times.iter();
        let mut candidate = known.next();
        columns.iter().all(|column| {
            while candidate.is_some_and(|known| column.time.since(*known) > self.near) {
                candidate = known.next();
            }
            candidate.is_some_and(|known| known.since(column.time) <= self.near)
        })
    }

    fn merge(&mut self, columns: &[Column]) {
        self.spare.clear();
        let mut known = self.times.iter().copied().peekable();
        for column in columns {
            let t = column.time;
            while let Some(before) = known.next_if(|known| t.since(*known) > self.near) {
                self.spare.push(before);
            }
            if known.peek().is_none_or(|known| known.since(t) > self.near) {
                self.spare.push(t);
            }
        }
        self.spare.extend(known);
        std::mem::swap(&mut self.times, &mut self.spare);
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
            for (((sum, joined), count), &t) in slots.zip(&self.times) {
                let Some((value, run)) = reader.at(t) else {
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

/// Reads a trace at ascending times.
struct Reader<'a> {
    trace: &'a Trace,
    near: Interval,
    /// The first column that is later than the time read last.
    next: usize,
    /// How many breaks lie before it.
    run: usize,
}

impl Reader<'_> {
    /// The value at `t`, and the number of the run it belongs to.
    fn at(&mut self, t: CdTime) -> Option<(f64, usize)> {
        let Trace { columns, breaks, .. } = self.trace;
        while columns.get(self.next).is_some_and(|column| column.time <= t) {
            self.next += 1;
        }
        while breaks.get(self.run).is_some_and(|&start| start < self.next) {
            self.run += 1;
        }
        let before = self.next.checked_sub(1).and_then(|i| columns.get(i));
        let after = columns.get(self.next);
        let gap = breaks.get(self.run) == Some(&self.next);
        match (before, after) {
            (Some(before), _) if before.time == t => Some((value(before), self.run)),
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
