//! Grid: several traces read at common times, so that they can be added up.
//!
//! Siblings are read within milliseconds of one another, one may have missed a sample, and the
//! newest of some may still be on its way: between two samples of a run a value lies on the
//! straight line between them, and the newest one holds to the end of the grid unless the next is
//! overdue by then. A gap is never bridged. Pure.

use super::graphs::Combine;
use crate::store::{Column, Trace};

/// Values are kept within this, so that no sum or difference of them leaves the numbers.
pub(super) const VALUE_MAX: f64 = 1e300;

/// A trace, and how long its newest value holds.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) trace: &'a Trace,
    pub(super) hold_secs: f64,
}

/// The values of one line at the times of a grid.
pub(super) struct OnGrid {
    /// NaN where there is none.
    pub(super) values: Vec<f64>,
    /// Whether the value belongs to the same run as the one before it.
    pub(super) joined: Vec<bool>,
}

/// A grid of times, ascending, in seconds since 1970. Buffers are kept between calls.
#[derive(Debug, Default)]
pub(super) struct Grid {
    pub(super) times: Vec<f64>,
    spare: Vec<f64>,
    /// Times nearer than this are the same.
    near_secs: f64,
}

impl Grid {
    /// All times of all `parts`, those within `near_secs` of one another taken as one.
    pub(super) fn fill(&mut self, parts: &[Part<'_>], near_secs: f64) {
        self.near_secs = near_secs;
        self.times.clear();
        // The fullest first: its times are all kept, however near they are to one another.
        let fullest = parts.iter().max_by_key(|part| part.trace.columns.len());
        for part in fullest.into_iter().chain(parts) {
            self.merge(&part.trace.columns);
        }
    }

    fn merge(&mut self, columns: &[Column]) {
        self.spare.clear();
        let mut known = self.times.iter().copied().peekable();
        for column in columns {
            let t = column.time.secs_f64();
            while let Some(before) = known.next_if(|known| *known < t - self.near_secs) {
                self.spare.push(before);
            }
            if known.peek().is_none_or(|known| *known > t + self.near_secs) {
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
    near_secs: f64,
    /// The newest value holds.
    holds: bool,
    /// The first column that is later than the time read last.
    next: usize,
    /// How many breaks lie before it.
    run: usize,
}

impl<'a> Reader<'a> {
    fn new(part: &Part<'a>, grid: &Grid) -> Self {
        let Part { trace, hold_secs } = *part;
        let newest = trace.columns.last().map(|column| column.time.secs_f64());
        let end = grid.times.last();
        let holds = newest.zip(end).is_some_and(|(newest, end)| end - newest <= hold_secs);
        Self { trace, near_secs: grid.near_secs, holds, next: 0, run: 0 }
    }

    /// The value at `t`, and the number of the run it belongs to.
    fn at(&mut self, t: f64) -> Option<(f64, usize)> {
        let Trace { columns, breaks, .. } = self.trace;
        while columns.get(self.next).is_some_and(|column| column.time.secs_f64() <= t) {
            self.next += 1;
        }
        while breaks.get(self.run).is_some_and(|&start| start < self.next) {
            self.run += 1;
        }
        let value = |column: &Column| column.mean.clamp(-VALUE_MAX, VALUE_MAX);
        let before = self.next.checked_sub(1).and_then(|i| columns.get(i));
        let before = before.map(|column| (t - column.time.secs_f64(), value(column)));
        let after = columns.get(self.next);
        let after = after.map(|column| (column.time.secs_f64() - t, value(column)));
        let gap = breaks.get(self.run) == Some(&self.next);
        match (before, after) {
            (Some((since, y0)), Some((until, y1))) if !gap => {
                Some((y0 + (y1 - y0) * (since / (since + until)), self.run))
            }
            (Some((_, y0)), None) if self.holds => Some((y0, self.run)),
            (Some((since, y0)), _) if since <= self.near_secs => Some((y0, self.run)),
            (before, Some((until, y1))) if until <= self.near_secs => {
                Some((y1, self.run + usize::from(before.is_some())))
            }
            _ => None,
        }
    }
}
