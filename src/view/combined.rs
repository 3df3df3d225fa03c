//! Combined: the figures of lines that are made of several series, the same at any zoom.
//!
//! They are of the combined values at the moments of the samples themselves, whatever the columns
//! on the screen are: the mean of a column hides its peaks, and the sum of the peaks of several
//! series is no value that ever was. Time is cut into pieces, and the figures of a piece are kept
//! until its samples change, so that each sample is read about once and not with every frame.

use super::graphs::Combine;
use super::grid::{Grid, OnGrid, Part};
use super::panels::Line;
use super::plot::to_shares;
use crate::metric::{CdTime, Interval, Span};
use crate::store::{Kept, Mode, SeriesId, Stats, Store, Trace};
use std::collections::BTreeMap;

/// A window is cut into as many pieces as this, and up to twice as many: those at its ends are
/// read anew when it moves.
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
    parts: Vec<(SeriesId, usize, Option<Kept>, Interval)>,
    /// By their start; where they end, and the figures of each line.
    pieces: BTreeMap<CdTime, (CdTime, Vec<Sum>)>,
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
        self.pieces.retain(|start, (end, _)| pieces.binary_search(&(*start, *end)).is_ok());
        let (mut left, mut is_whole) = (VALUES_MAX, true);
        let mut missing = pieces.as_slice();
        // Runs of missing pieces, the newest first.
        while let Some(run) = self.next_missing(&mut missing) {
            is_whole = left > 0.0;
            if !is_whole {
                break;
            }
            let affordable = self.affordable(run, left);
            left -= self.values(affordable);
            self.read(asked, affordable, grid);
            if affordable.len() < run.len() {
                is_whole = false;
                break;
            }
        }
        is_whole.then(|| {
            let line = |line: usize| {
                let sums = self.pieces.values().filter_map(|(_, sums)| sums.get(line));
                sums.fold(Sum::default(), |sum, more| sum.and(*more)).stats()
            };
            (0..asked.lines.len()).map(line).collect()
        })
    }

    /// Forgets the pieces that samples came to or went from.
    fn forget(&mut self, asked: &Asked<'_>, width: u64) {
        let ids = asked
            .lines
            .iter()
            .enumerate()
            .flat_map(|(number, line)| line.series.iter().map(move |&id| (id, number)));
        let part = |(id, number)| {
            let series = asked.store.series(id);
            let interval = series.map_or(Interval::default(), |series| series.interval);
            (id, number, asked.store.kept(id), interval)
        };
        let parts: Vec<_> = ids.map(part).collect();
        let margin = margin(&parts);
        let same = self.made.replace((asked.mode, width, asked.shares))
            == Some((asked.mode, width, asked.shares))
            && parts.len() == self.parts.len();
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
        self.parts = parts;
        self.pieces.retain(|start, (end, _)| same && *end <= until && *start >= from);
    }

    /// Takes the newest run of pieces that are not there from the end of `pieces`.
    fn next_missing<'p>(
        &self,
        pieces: &mut &'p [(CdTime, CdTime)],
    ) -> Option<&'p [(CdTime, CdTime)]> {
        let missing = |(start, _): &(CdTime, CdTime)| !self.pieces.contains_key(start);
        let end = pieces.iter().rposition(missing)? + 1;
        let start = pieces.get(..end)?.iter().rposition(|piece| !missing(piece));
        let (rest, run) = pieces.get(..end)?.split_at(start.map_or(0, |last| last + 1));
        *pieces = rest;
        Some(run)
    }

    /// Values in a run of pieces, about.
    fn values(&self, run: &[(CdTime, CdTime)]) -> f64 {
        let span = run.first().zip(run.last()).map(|(first, last)| last.1.since(first.0));
        let secs = span.unwrap_or_default().secs_f64();
        self.parts.iter().map(|part| 1.0 + secs / part.3.secs_f64().max(1e-3)).sum()
    }

    /// The newest of a run that may be read at once; at least one.
    fn affordable<'p>(&self, run: &'p [(CdTime, CdTime)], values: f64) -> &'p [(CdTime, CdTime)] {
        let mut some = run;
        while self.values(some) > values
            && let Some((_, fewer)) = some.split_first().filter(|(_, fewer)| !fewer.is_empty())
        {
            some = fewer;
        }
        some
    }

    /// Reads the samples of a run of pieces.
    fn read(&mut self, asked: &Asked<'_>, run: &[(CdTime, CdTime)], grid: &mut Grid) {
        let Some((first, last)) = run.first().zip(run.last()) else { return };
        // What is near an end belongs to moments inside.
        let margin = margin(&self.parts);
        let span = Span::new(first.0.saturating_sub(margin), last.1.saturating_add(margin));
        let mut fine = std::mem::take(&mut grid.fine);
        fine.resize_with(fine.len().max(self.parts.len()), Trace::default);
        for (part, trace) in self.parts.iter().zip(&mut fine) {
            // A column for each sample.
            asked.store.trace(part.0, span, usize::MAX, asked.mode, trace);
        }
        let with_interval = self.parts.iter().zip(&fine);
        let parts: Vec<Part<'_>> =
            with_interval.map(|(part, trace)| Part { trace, interval: part.3 }).collect();
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
        for &(start, end) in run {
            let moments = grid.times.partition_point(|&time| time < start)
                ..grid.times.partition_point(|&time| time < end);
            let sums = lines.iter().map(|line| {
                let mut sum = Sum::default();
                let values = line.values.get(moments.clone()).unwrap_or_default();
                values.iter().filter(|value| !value.is_nan()).for_each(|&value| sum.add(value));
                sum
            });
            self.pieces.insert(start, (end, sums.collect()));
        }
        fine.retain(|trace| trace.columns.capacity() <= SPARE_COLUMNS_MAX);
        grid.fine = fine;
    }
}

/// How far from a moment a sample may lie that has a part in its values: as far as no gap lies
/// between, and for intervals that are wrong not so far that it costs more than what is asked.
fn margin(parts: &[(SeriesId, usize, Option<Kept>, Interval)]) -> Interval {
    let intervals = || parts.iter().map(|part| part.3);
    let longest = intervals().max().unwrap_or_default().raw().saturating_mul(3);
    let shortest = intervals().min().unwrap_or_default().raw().saturating_mul(300);
    Interval::from_raw(longest.min(shortest))
}

/// `span`, cut at the multiples of `width`.
fn pieces(span: Span, width: u64) -> Vec<(CdTime, CdTime)> {
    let mut pieces = Vec::new();
    let mut start = span.start;
    while start < span.end {
        let next = CdTime::from_raw((start.raw() / width + 1).saturating_mul(width));
        let end = next.min(span.end);
        pieces.push((start, end));
        start = end;
    }
    pieces
}
