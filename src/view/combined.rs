//! Combined: the figures of lines that are made of several series, the same at any zoom.
//!
//! They are of the combined values at the moments of the samples themselves, whatever the columns
//! on the screen are: the mean of a column hides its peaks, and the sum of the peaks of several
//! series is no value that ever was. Time is cut into pieces, and the figures of a piece are kept
//! until its samples change, so that each sample is read about once and not with every frame.

use super::graphs::Combine;
use super::grid::{Grid, OnGrid, Part, to_shares};
use super::panels::Line;
use crate::metric::{CdTime, Interval, Span};
use crate::store::{Extent, Mode, SeriesId, Stats, Store, Trace};
use std::collections::BTreeMap;

/// A window is cut into as many pieces as this, and up to twice as many.
const PIECES_MIN: u64 = 64;
/// Values read at once, about, before the rest waits for the next frame: some milliseconds. Eight
/// processors with eight states make 140,000 in six hours at 10 s.
const VALUES_MAX: f64 = 200_000.0;
/// Columns of a trace kept for the next reading.
const SPARE_COLUMNS_MAX: usize = 4_096;

/// What figures are asked of.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) store: &'a Store,
    /// On one grid.
    pub(super) lines: &'a [&'a Line],
    pub(super) combine: Combine,
    /// Each is its share of all.
    pub(super) shares: bool,
    pub(super) span: Span,
    pub(super) mode: Mode,
}

/// Figures of the pieces of a window.
#[derive(Debug, Default)]
pub(super) struct Combined {
    made: Option<(Mode, u64, bool)>,
    /// Series and number of its line, what was kept of it, and its interval.
    parts: Vec<(SeriesId, usize, Option<Extent>, Interval)>,
    /// By their start.
    pieces: BTreeMap<CdTime, Piece>,
}

/// Of a piece at an end of the window, which shows a part of it, the moments are kept; of any
/// other its figures.
#[derive(Debug, Default)]
struct Piece {
    /// Read until here.
    known: CdTime,
    /// Of each line.
    sums: Vec<Sum>,
    times: Vec<CdTime>,
    /// Of each line, at those times; NaN where there is none.
    values: Vec<Vec<f64>>,
}

/// A piece and from where on it is to be read.
#[derive(Clone, Copy, Debug)]
struct Missing {
    piece: CdTime,
    from: CdTime,
    end: CdTime,
}

/// Figures of one line in one piece.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    figures: Option<Stats>,
    sum: f64,
}

impl Sum {
    fn and(self, later: Self) -> Self {
        let both = self.figures.zip(later.figures).map(|(a, b)| Stats {
            last: b.last,
            min: a.min.min(b.min),
            avg: 0.0,
            max: a.max.max(b.max),
            count: a.count + b.count,
        });
        Self { figures: both.or(self.figures).or(later.figures), sum: self.sum + later.sum }
    }

    fn add(&mut self, value: f64) {
        let one = Stats { last: value, min: value, avg: 0.0, max: value, count: 1 };
        *self = self.and(Self { figures: Some(one), sum: value });
    }

    fn stats(self) -> Option<Stats> {
        let sum = self.sum;
        self.figures.map(|figures| Stats { avg: sum / figures.count as f64, ..figures })
    }
}

impl Piece {
    /// Figures of a line, of the moments inside `span`.
    fn sum(&self, line: usize, span: Span) -> Sum {
        if let Some(sum) = self.sums.get(line) {
            return *sum;
        }
        let values = self.values.get(line).map_or(&[][..], Vec::as_slice);
        let inside = self.times.iter().zip(values).filter(|(time, _)| span.contains(**time));
        let mut sum = Sum::default();
        inside.filter(|(_, value)| !value.is_nan()).for_each(|(_, &value)| sum.add(value));
        sum
    }

    /// Keeps the figures of `lines` lines, and no moments.
    fn sum_up(&mut self, lines: usize) {
        if self.sums.is_empty() {
            let all = Span::new(CdTime::ZERO, CdTime::MAX);
            self.sums = (0..lines).map(|line| self.sum(line, all)).collect();
            (self.times, self.values) = Default::default();
        }
    }

    /// Forgets what is later than `until`; false when nothing is left of it.
    fn cut(&mut self, until: CdTime) -> bool {
        if until >= self.known {
            return true;
        }
        let left = self.times.partition_point(|&time| time < until);
        self.times.truncate(left);
        self.values.iter_mut().for_each(|values| values.truncate(left));
        self.known = until;
        self.sums.is_empty()
    }
}

impl Combined {
    /// Figures of each line; none while there is more to read than can be read at once. `grid` is
    /// scratch.
    pub(super) fn update(
        &mut self,
        asked: &Asked<'_>,
        grid: &mut Grid,
    ) -> Option<Vec<Option<Stats>>> {
        let width = (asked.span.width().raw() / PIECES_MIN).checked_ilog2().map_or(1, |n| 1 << n);
        self.forget(asked, width);
        let pieces = pieces(asked.span, width);
        let lines = asked.lines.len();
        let Some((first, last)) = pieces.first().zip(pieces.last()).map(|(a, b)| (a.0, b.0)) else {
            return Some(vec![None; lines]);
        };
        self.pieces.retain(|start, _| (first..=last).contains(start));
        let at_end = |start: CdTime| start == first || start == last;
        let missing = |&(piece, end): &(CdTime, CdTime)| match self.pieces.get(&piece) {
            Some(known) if at_end(piece) && !known.sums.is_empty() => {
                Some(Missing { piece, from: piece, end })
            }
            None => Some(Missing { piece, from: piece, end }),
            Some(known) => (known.known < end).then_some(Missing { piece, from: known.known, end }),
        };
        let mut missing: Vec<Missing> = pieces.iter().filter_map(missing).collect();
        let mut left = VALUES_MAX;
        while left > 0.0 && !missing.is_empty() {
            left -= self.read_newest(asked, &mut missing, left, grid);
        }
        for &(start, end) in pieces.iter().filter(|(start, _)| !at_end(*start)) {
            let whole = self.pieces.get_mut(&start).filter(|piece| piece.known >= end);
            whole.into_iter().for_each(|piece| piece.sum_up(lines));
        }
        missing.is_empty().then(|| {
            let line = |line: usize| {
                let sums = self.pieces.values().map(|piece| piece.sum(line, asked.span));
                sums.fold(Sum::default(), Sum::and).stats()
            };
            (0..lines).map(line).collect()
        })
    }

    /// Forgets what samples came to or went from.
    fn forget(&mut self, asked: &Asked<'_>, width: u64) {
        let lines = asked.lines.iter().enumerate();
        let ids = lines.flat_map(|(n, line)| line.series.iter().map(move |&id| (id, n)));
        let part = |(id, number)| {
            let series = asked.store.series(id);
            let interval = series.map_or(Interval::default(), |series| series.interval);
            (id, number, asked.store.extent(id), interval)
        };
        let parts: Vec<_> = ids.map(part).collect();
        let margin = margin(&parts);
        let made = Some((asked.mode, width, asked.shares));
        let same = self.made == made && parts.len() == self.parts.len();
        let (mut until, mut from) = (CdTime::MAX, CdTime::ZERO);
        for (old, new) in self.parts.iter().zip(&parts).filter(|_| same) {
            match (old.2, new.2) {
                _ if (old.0, old.1, old.3) != (new.0, new.1, new.3) => until = CdTime::ZERO,
                (Some(old), Some(new)) if old.epoch == new.epoch => {
                    if old.newest != new.newest {
                        until = until.min(old.newest.saturating_sub(margin));
                    }
                    if old.oldest != new.oldest {
                        from = from.max(new.oldest.saturating_add(margin));
                    }
                }
                (None, None) => {}
                _ => until = CdTime::ZERO,
            }
        }
        (self.made, self.parts) = (made, parts);
        self.pieces
            .retain(|&start, piece| same && start >= from && start < until && piece.cut(until));
    }

    /// Reads the newest run of pieces out of `missing`, as much of it as `values` are about, but
    /// at least one piece; returns how many values that were, about.
    fn read_newest(
        &mut self,
        asked: &Asked<'_>,
        missing: &mut Vec<Missing>,
        values: f64,
        grid: &mut Grid,
    ) -> f64 {
        let Some(last) = missing.last().copied() else { return 0.0 };
        let count = |from: CdTime| -> f64 {
            let secs = last.end.since(from).secs_f64();
            self.parts.iter().map(|part| 1.0 + secs / part.3.secs_f64().max(1e-3)).sum()
        };
        let mut from = last.from;
        let mut start = missing.len() - 1;
        while let Some(before) = start.checked_sub(1).and_then(|before| missing.get(before))
            && before.end == from
            && count(before.from) <= values
        {
            (from, start) = (before.from, start - 1);
        }
        let count = count(from);
        let run = missing.split_off(start);
        self.read(asked, Span::new(from, last.end), &run, grid);
        count
    }

    /// Reads the samples of `run`, which is all of `span`.
    fn read(&mut self, asked: &Asked<'_>, span: Span, run: &[Missing], grid: &mut Grid) {
        // What is near an end belongs to moments inside.
        let margin = margin(&self.parts);
        let wide = Span::new(span.start.saturating_sub(margin), span.end.saturating_add(margin));
        let mut fine = std::mem::take(&mut grid.fine);
        fine.resize_with(fine.len().max(self.parts.len()), Trace::default);
        for (part, trace) in self.parts.iter().zip(&mut fine) {
            // A column for each sample.
            asked.store.trace(part.0, wide, usize::MAX, asked.mode, trace);
        }
        let with_interval = self.parts.iter().zip(&fine);
        let parts: Vec<Part<'_>> = with_interval
            .map(|(part, trace)| Part {
                trace,
                interval: part.3,
                newest: part.2.map(|kept| kept.newest),
            })
            .collect();
        grid.fill(&parts);
        let mut rest = parts.as_slice();
        let mut lines: Vec<OnGrid> = Vec::new();
        for line in asked.lines {
            let (own, others) = rest.split_at(line.series.len().min(rest.len()));
            rest = others;
            lines.push(grid.combine(own, asked.combine));
        }
        if asked.shares {
            to_shares(&mut lines, grid.times.len());
        }
        for missing in run {
            let at = |time: CdTime| grid.times.partition_point(|&known| known < time);
            let moments = at(missing.from)..at(missing.end);
            let piece = self.pieces.entry(missing.piece).or_default();
            if missing.from == missing.piece {
                *piece = Piece::default();
            }
            piece.known = missing.end;
            piece.times.extend_from_slice(grid.times.get(moments.clone()).unwrap_or_default());
            piece.values.resize_with(lines.len(), Vec::new);
            for (known, line) in piece.values.iter_mut().zip(&lines) {
                known.extend_from_slice(line.values.get(moments.clone()).unwrap_or_default());
            }
        }
        fine.retain(|trace| trace.columns.capacity() <= SPARE_COLUMNS_MAX);
        grid.fine = fine;
    }
}

/// How far from a moment a sample may lie that has a part in its values: as far as no gap lies
/// between, and for intervals that are wrong not so far that it costs more than what is asked.
fn margin(parts: &[(SeriesId, usize, Option<Extent>, Interval)]) -> Interval {
    let intervals = || parts.iter().map(|part| part.3);
    let longest = intervals().max().unwrap_or_default().raw().saturating_mul(3);
    let shortest = intervals().min().unwrap_or_default().raw().saturating_mul(300);
    Interval::from_raw(longest.min(shortest))
}

/// Starts and ends of the multiples of `width` that `span` touches.
fn pieces(span: Span, width: u64) -> Vec<(CdTime, CdTime)> {
    let first = span.start.raw() / width;
    let last = span.end.raw().saturating_sub(1) / width;
    let at = |number: u64| CdTime::from_raw(number.saturating_mul(width));
    (first..=last).map(|number| (at(number), at(number + 1))).collect()
}
