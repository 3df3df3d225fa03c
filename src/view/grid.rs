//! Grid: several traces read at common times, so that they can be added up.
//!
//! Siblings are read within milliseconds of one another, one may have missed a sample, and the
//! newest of some may still be on its way: between two samples of a run a value lies on the
//! straight line between them, and the newest one holds to the end of the grid unless the next is
//! overdue by then. A gap is never bridged. Pure.

use super::graphs::Combine;
use crate::metric::{CdTime, Interval};
use crate::store::{Column, Trace};

/// Values are kept within this, so that no sum or difference of them leaves the numbers.
pub(super) const VALUE_MAX: f64 = 1e300;

/// A trace, and how long its newest value holds.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) trace: &'a Trace,
    pub(super) hold: Interval,
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
pub(super) struct Grid {
    pub(super) times: Vec<CdTime>,
    spare: Vec<CdTime>,
    /// Times this near are the same.
    near: Interval,
}

impl Grid {
    /// All times of all `parts`, those within `near` of one another taken as one.
    pub(super) fn fill(&mut self, parts: &[Part<'_>], near: Interval) {
        self.near = near;
        self.times.clear();
        // The fullest first: its times are all kept, however near they are to one another.
        let fullest = parts.iter().max_by_key(|part| part.trace.columns.len());
        self.times.extend(fullest.into_iter().flat_map(|p| &p.trace.columns).map(|c| c.time));
        for part in parts {
            if !self.has_all(&part.trace.columns) {
                self.merge(&part.trace.columns);
            }
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
            let mut reader = Reader::new(part, self);
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
    /// The newest value holds.
    holds: bool,
    /// The first column that is later than the time read last.
    next: usize,
    /// How many breaks lie before it.
    run: usize,
}

impl<'a> Reader<'a> {
    fn new(part: &Part<'a>, grid: &Grid) -> Self {
        let Part { trace, hold } = *part;
        let ends = trace.columns.last().zip(grid.times.last());
        let holds = ends.is_some_and(|(newest, end)| end.since(newest.time) <= hold);
        Self { trace, near: grid.near, holds, next: 0, run: 0 }
    }

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
            (Some(before), None) if self.holds => Some((value(before), self.run)),
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
