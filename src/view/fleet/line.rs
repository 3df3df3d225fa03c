//! Line: what a cell was over a span, in few points.
//!
//! As in panels: a line of one series keeps the least and greatest of each column, several are read
//! on one grid of times, and no gap is bridged.

use super::cell::{Cell, Part as CellPart, share};
use crate::metric::{Interval, Span};
use crate::store::{Column, Mode, SeriesId, Store, Trace};
use crate::view::graphs::Combine;
use crate::view::grid::{Grid, OnGrid, Part, VALUE_MAX};
use crate::view::plot::{PlotLine, PlotPoint};

/// Columns of time that a line has.
pub const COLUMNS: usize = 64;

/// Traces that are kept for the next line; most have fewer.
const TRACES_KEPT: usize = 256;

/// What lines are made with, kept between calls.
#[derive(Debug, Default)]
pub struct Scratch {
    grid: Grid,
    traces: Vec<Trace>,
}

/// Makes `out` what `cell` was over `span`; buffers are kept.
pub fn fill(out: &mut PlotLine, cell: &Cell, store: &Store, span: Span, scratch: &mut Scratch) {
    out.points.clear();
    out.breaks.clear();
    out.dense = false;
    let Scratch { grid, traces } = scratch;
    let ids: Vec<SeriesId> = cell.ids().collect();
    traces.resize_with(traces.len().max(ids.len()), Trace::default);
    for (&id, trace) in ids.iter().zip(&mut *traces) {
        store.trace(id, span, COLUMNS, Mode::Rate, trace);
    }
    match (cell.parts.as_slice(), traces.first()) {
        ([part], Some(trace)) if part.rest.is_empty() && part.series.len() == 1 => {
            alone(out, trace, part.scale);
        }
        _ => {
            let column = span.width().mul_f64(1.0 / (COLUMNS - 1) as f64);
            let read = ids.iter().zip(&*traces).map(|(&id, trace)| Part {
                trace,
                interval: interval_of(store, id).max(column),
                newest: store.extent(id).map(|extent| extent.newest),
            });
            together(out, cell, &read.collect::<Vec<_>>(), grid);
        }
    }
    traces.truncate(TRACES_KEPT);
}

fn interval_of(store: &Store, id: SeriesId) -> Interval {
    store.series(id).map(|series| series.interval).unwrap_or_default()
}

/// A line of one series.
fn alone(out: &mut PlotLine, trace: &Trace, scale: f64) {
    let value = |value: f64| value.clamp(-VALUE_MAX, VALUE_MAX) * scale;
    let point = |column: &Column| PlotPoint {
        t: column.time.secs_f64(),
        y: value(column.mean),
        lo: value(column.min),
        hi: value(column.max),
        base: 0.0,
        value: value(column.mean),
    };
    out.points.extend(trace.columns.iter().map(point));
    out.breaks.extend_from_slice(&trace.breaks);
    out.dense = trace.columns.iter().any(|column| column.count > 1);
}

/// A line of several, at the times of a grid.
fn together(out: &mut PlotLine, cell: &Cell, mut read: &[Part<'_>], grid: &mut Grid) {
    grid.fill(read);
    let mut parts = Vec::new();
    for CellPart { series, rest, is_mean, scale } in &cell.parts {
        let how = if *is_mean { Combine::Avg } else { Combine::Sum };
        let (own, others) = read.split_at(series.len().min(read.len()));
        let (of_rest, others) = others.split_at(rest.len().min(others.len()));
        read = others;
        let mut made = grid.combine(own, how);
        if rest.is_empty() {
            made.values.iter_mut().for_each(|value| *value *= scale);
        } else {
            let rest = grid.combine(of_rest, Combine::Sum);
            for (value, rest) in made.values.iter_mut().zip(&rest.values) {
                *value = share(*value, *rest).unwrap_or(f64::NAN);
            }
        }
        parts.push(made);
    }
    let mut before = false;
    for (place, time) in grid.times.iter().enumerate() {
        let at = |part: &OnGrid| part.values.get(place).copied().filter(|value| value.is_finite());
        let Some(value) = cell.of.fold(parts.iter().filter_map(at)) else {
            before = false;
            continue;
        };
        let joins = |part: &OnGrid| part.joined.get(place).copied().unwrap_or_default();
        let goes_on = before && parts.iter().any(joins);
        if !(out.points.is_empty() || goes_on) {
            out.breaks.push(out.points.len());
        }
        before = true;
        let t = time.secs_f64();
        out.points.push(PlotPoint { t, y: value, lo: value, hi: value, base: 0.0, value });
    }
}

/// The ends of the axis of lines from `lo` to `hi`: from zero, unless that would make all of them
/// flat, and up to a round number, so that they do not move with every value.
pub fn ends((lo, hi): (f64, f64), base: f64) -> (f64, f64) {
    let largest = lo.abs().max(hi.abs());
    let is_near = |lo: f64, hi: f64| lo > 0.0 && hi - lo < 0.2 * hi;
    let (from, to) = match (lo, hi) {
        _ if is_near(lo, hi) || is_near(-hi, -lo) => {
            let room = (0.25 * (hi - lo)).max(0.01 * largest);
            return (lo - room, hi + room);
        }
        (0.0.., _) => (0.0, hi),
        (_, ..=0.0) => (lo, 0.0),
        _ => (lo, hi),
    };
    (-round_up(-from, base), round_up(to, base))
}

/// The next of 1, 2 and 5 times a power of ten, or of two where `base` is 1,024.
fn round_up(value: f64, base: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 0.0;
    }
    if base == 1_024.0 {
        return value.log2().ceil().exp2();
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_zero_unless_all_is_far_from_it() {
        for (extent, base, expected) in [
            ((0.0, 3.4), 1_000.0, (0.0, 5.0)),
            ((1.0, 10.0), 1_000.0, (0.0, 10.0)),
            ((0.0, 0.0), 1_000.0, (0.0, 0.0)),
            ((0.0, 11e6), 1_000.0, (0.0, 20e6)),
            ((0.0, 3.0 * 1_024.0), 1_024.0, (0.0, 4_096.0)),
            ((-3.0, 7.0), 1_000.0, (-5.0, 10.0)),
            ((-7.0, -1.0), 1_000.0, (-10.0, 0.0)),
            // Temperatures.
            ((38.0, 42.0), 1_000.0, (37.0, 43.0)),
            ((-20.0, -20.0), 1_000.0, (-20.2, -19.8)),
        ] {
            let (lo, hi) = ends(extent, base);
            let is_same = |a: f64, b: f64| (a - b).abs() < 1e-9 * b.abs().max(1.0);
            assert!(is_same(lo, expected.0) && is_same(hi, expected.1), "{extent:?} {lo} {hi}");
        }
    }
}
