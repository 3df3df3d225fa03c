//! From traces to what a panel draws: lines and stacked areas on one grid, their figures, gaps.
//!
//! A line made of one series keeps its own columns, so no spike is lost. Where several series are
//! put together (all CPUs, a stack, a share of the whole) they are read on one grid of times (see
//! `grid`), and their figures are made of the samples (see `combined`). Times are `f64` seconds
//! since 1970, as the plot wants them. Pure.

use super::axis::{Axis, AxisRule};
use super::combined::{Asked, Combined};
use super::graphs::Style;
use super::grid::{OnGrid, Part, VALUE_MAX, to_shares};
use super::panels::{Line, Panel};
use crate::metric::{CdTime, Interval, Span};
use crate::store::{Mode, SeriesId, Stats, Store, Trace};

pub use super::grid::Grid;

/// Steps that the ends of an axis are made with which several panels have.
const SHARED_TICKS: f64 = 4.0;

/// What a panel draws.
#[derive(Clone, Debug, Default)]
pub struct PanelPlot {
    /// One for each drawn line of the panel, in its order.
    pub lines: Vec<PlotLine>,
    /// Least and greatest value drawn, stacking included; none without data.
    pub extent: Option<(f64, f64)>,
    /// The same of the lines that belong to the axis at the right.
    pub second_extent: Option<(f64, f64)>,
    /// Where counters restarted, seconds since 1970; at most one a column.
    pub resets: Vec<f64>,
    /// Figures of some lines are missing: there was too much to read at once, and the next call
    /// goes on.
    pub pending: bool,
    /// The longest interval of its series or the width of a column, whichever is longer, seconds.
    pub interval_secs: f64,
}

/// One line or area.
#[derive(Clone, Debug, Default)]
pub struct PlotLine {
    /// In order of time.
    pub points: Vec<PlotPoint>,
    /// Indices into `points` at which a new run starts after a gap; never 0.
    pub breaks: Vec<usize>,
    /// Figures of the values inside the window; never negated for lines that hang down.
    pub stats: Option<Stats>,
    /// Whether some point stands for several samples.
    pub dense: bool,
}

/// One column of a line, as drawn; all numbers are finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotPoint {
    /// Seconds since 1970.
    pub t: f64,
    /// Where the line goes.
    pub y: f64,
    /// Least value of the column.
    pub lo: f64,
    /// Greatest value of the column.
    pub hi: f64,
    /// Where the area under it starts.
    pub base: f64,
    /// What the line says there, whichever way it is drawn; a part of a stack may be negative.
    pub value: f64,
}

/// What is kept of a panel between calls.
#[derive(Debug, Default)]
pub struct Traces {
    /// In order of its lines: what the store goes on with.
    own: Vec<(SeriesId, Trace)>,
    /// Figures of its lines of several series, grid by grid.
    combined: Vec<Combined>,
}

/// What a panel is made with, kept between calls.
#[derive(Debug)]
pub struct Scratch<'a> {
    /// Of this panel.
    pub traces: &'a mut Traces,
    /// For any panel.
    pub grid: &'a mut Grid,
}

impl Traces {
    fn read(&mut self, ids: impl Iterator<Item = SeriesId>, read: impl Fn(SeriesId, &mut Trace)) {
        let mut count = 0;
        for id in ids {
            match self.own.get_mut(count) {
                Some((of, trace)) if *of == id => read(id, trace),
                known => {
                    let mut trace = Trace::default();
                    read(id, &mut trace);
                    match known {
                        Some(place) => *place = (id, trace),
                        None => self.own.push((id, trace)),
                    }
                }
            }
            count += 1;
        }
        self.own.truncate(count);
    }
}

impl PanelPlot {
    /// Becomes what `panel` draws of `span` on `columns` pixels, read as the panel is in `mode`;
    /// buffers are kept.
    pub fn fill(
        &mut self,
        panel: &Panel,
        store: &Store,
        span: Span,
        columns: usize,
        mode: Mode,
        scratch: Scratch<'_>,
    ) {
        let mode = panel.mode(mode);
        // As the store cuts the span.
        let column = span.width().mul_f64(1.0 / (columns.max(2) - 1) as f64);
        let ids = panel.lines.iter().flat_map(|line| &line.series);
        let longest = ids.filter_map(|&id| store.series(id)).map(|series| series.interval).max();
        self.interval_secs = longest.unwrap_or_default().max(column).secs_f64();
        self.resets.clear();
        self.pending = false;
        let Scratch { traces, grid } = scratch;
        let mut draw =
            Draw { panel, store, span, columns, column, mode, plot: self, used: 0, grids: 0 };
        let all = draw.shares();
        let read: Vec<&Line> = panel.lines.iter().filter(|line| line.drawn || all).collect();
        draw.read(&read, traces);
        let Traces { own, combined } = traces;
        draw.all(&read, own, combined, grid);
        let (used, grids) = (draw.used, draw.grids);
        combined.truncate(grids);
        self.lines.truncate(used);
        // Zero means nothing to what the wire said.
        let style = if mode == Mode::Rate { panel.style } else { Style::Line };
        let is_apart = panel.second_in(mode).is_some();
        let of = |second: bool| {
            let lines = panel.drawn().zip(&self.lines);
            lines.filter(move |(line, _)| (is_apart && line.second) == second).map(|(_, made)| made)
        };
        self.extent = extent(of(false), style);
        self.second_extent = extent(of(true), Style::Line);
        self.resets.sort_by(f64::total_cmp);
        // A host that restarts does so in all of its counters.
        self.resets.dedup_by(|reset, kept| *reset - *kept < column.secs_f64());
    }

    /// Whether lines that are zero step back: another one is not.
    pub fn has_more_than_zeros(&self) -> bool {
        self.lines.iter().any(|line| line.stats.is_some() && !line.is_zero())
    }

    /// The numbers of the lines as a legend lists them: those that are zero come last.
    pub fn zeros_last(&self) -> impl Iterator<Item = usize> + '_ {
        let of = |zero: bool| {
            let lines = self.lines.iter().enumerate();
            lines.filter(move |(_, line)| line.is_zero() == zero).map(|(number, _)| number)
        };
        of(false).chain(of(true))
    }

    /// The axis the data asks for.
    pub fn axis(&self, panel: &Panel, mode: Mode, ticks: f64) -> Axis {
        Self::axis_around(self.extent, panel, mode, ticks)
    }

    /// The same where others with this `extent` together have one axis: its ends do not depend on
    /// the ticks, for which each has another height.
    pub fn shared_axis(extent: (f64, f64), panel: &Panel, mode: Mode, ticks: f64) -> Axis {
        let Axis { lo, hi, .. } = Self::axis_around(Some(extent), panel, mode, SHARED_TICKS);
        Axis::held((lo, hi), panel.unit.base(), ticks)
    }

    fn axis_around(extent: Option<(f64, f64)>, panel: &Panel, mode: Mode, ticks: f64) -> Axis {
        let rule = match panel.mode(mode) {
            Mode::Rate => AxisRule {
                fixed_max: panel.y_max,
                from_zero: panel.from_zero,
                both_sides: panel.style == Style::Mirror,
                base: panel.unit.base(),
            },
            // A counter of years would be a flat line on an axis from zero.
            Mode::Raw => {
                AxisRule { fixed_max: None, from_zero: false, both_sides: false, base: 1_000.0 }
            }
        };
        match panel.y.filter(|_| panel.mode(mode) == Mode::Rate) {
            Some(ends) => Axis::held(ends, rule.base, ticks),
            None => Axis::around(extent, rule, ticks),
        }
    }

    /// The axis that the lines at the right ask for, if there is one.
    pub fn second_axis(&self, panel: &Panel, mode: Mode, ticks: f64) -> Option<Axis> {
        let base = panel.second_in(mode)?.base();
        let rule = AxisRule { fixed_max: None, from_zero: false, both_sides: false, base };
        Some(Axis::around(self.second_extent, rule, ticks))
    }
}

impl PlotLine {
    /// Empties it and keeps its buffers.
    fn clear(&mut self) {
        self.points.clear();
        self.breaks.clear();
        (self.stats, self.dense) = (None, false);
    }

    /// Whether there is something in the window, and all of it is zero.
    pub fn is_zero(&self) -> bool {
        self.stats.is_some_and(|stats| stats.min == 0.0 && stats.max == 0.0)
    }

    /// The point in force at `t`: the newest that is not later, if the line goes on from it or it
    /// is not older than `age_max_secs`.
    pub fn at(&self, t: f64, age_max_secs: f64) -> Option<&PlotPoint> {
        let after = self.points.partition_point(|point| point.t <= t);
        let point = self.points.get(after.checked_sub(1)?)?;
        let goes_on = after < self.points.len() && self.breaks.binary_search(&after).is_err();
        (goes_on || t - point.t <= age_max_secs).then_some(point)
    }

    /// The points, run by run, split at the gaps.
    pub fn runs(&self) -> impl Iterator<Item = &[PlotPoint]> {
        let ends = self.breaks.iter().copied().chain([self.points.len()]);
        let starts = [0].into_iter().chain(self.breaks.iter().copied());
        starts.zip(ends).filter_map(|(start, end)| self.points.get(start..end))
    }
}

/// How a line's values become heights.
#[derive(Clone, Copy)]
struct Looks {
    scale: f64,
    down: bool,
}

/// What is drawn, and where it goes.
struct Draw<'a> {
    panel: &'a Panel,
    store: &'a Store,
    span: Span,
    columns: usize,
    /// Width of a column.
    column: Interval,
    mode: Mode,
    plot: &'a mut PanelPlot,
    /// How many of its lines are made, and on how many grids some of them were put together.
    used: usize,
    grids: usize,
}

impl Draw<'_> {
    /// Raw numbers are not amounts that could be added up.
    fn stacked(&self) -> bool {
        self.panel.style == Style::Stack && self.mode == Mode::Rate
    }

    /// Whether lines are drawn as their share of all.
    fn shares(&self) -> bool {
        self.panel.percent && self.mode == Mode::Rate
    }

    fn read(&mut self, lines: &[&Line], traces: &mut Traces) {
        let ids = lines.iter().flat_map(|line| &line.series).copied();
        let (store, resets) = (self.store, &mut self.plot.resets);
        traces.read(ids, |id, trace| store.trace(id, self.span, self.columns, self.mode, trace));
        let all = traces.own.iter().flat_map(|(_, trace)| &trace.resets);
        resets.extend(all.map(|time| time.secs_f64()));
    }

    /// Draws `lines` from the traces of their series, one after another.
    fn all(
        &mut self,
        lines: &[&Line],
        mut traces: &[(SeriesId, Trace)],
        combined: &mut Vec<Combined>,
        grid: &mut Grid,
    ) {
        if self.stacked() || self.shares() {
            self.together(lines, traces, combined, grid);
            return;
        }
        for line in lines {
            let (own, others) = traces.split_at(line.series.len().min(traces.len()));
            traces = others;
            if let [(_, trace)] = own {
                let looks = self.looks(line);
                own_line(looks, trace, self.next_line());
            } else {
                self.together(&[line], own, combined, grid);
            }
        }
    }

    /// Reads `lines` on one grid and draws them there.
    fn together(
        &mut self,
        lines: &[&Line],
        traces: &[(SeriesId, Trace)],
        combined: &mut Vec<Combined>,
        grid: &mut Grid,
    ) {
        let figures = self.figures(lines, combined, grid);
        let part = |(id, trace)| {
            let interval = self.store.series(id)?.interval.max(self.column);
            Some(Part { trace, interval, newest: None })
        };
        let parts: Vec<Part<'_>> =
            traces.iter().filter_map(|(id, trace)| part((*id, trace))).collect();
        grid.fill(&parts);

        let mut rest = parts.as_slice();
        let (mut on_grid, mut stats) = (Vec::new(), Vec::new());
        for (number, line) in lines.iter().enumerate() {
            let (own, others) = rest.split_at(line.series.len().min(rest.len()));
            rest = others;
            on_grid.push(grid.combine(own, self.panel.combine));
            stats.push(match own {
                [one] if !self.shares() => one.trace.stats,
                _ => figures.get(number).copied().flatten(),
            });
        }
        if self.shares() {
            to_shares(&mut on_grid, grid.times.len());
        }
        let mut tops = self.stacked().then(|| vec![0.0; grid.times.len()]);
        let drawn = lines.iter().zip(on_grid.iter().zip(stats)).filter(|(line, _)| line.drawn);
        for (line, (on_grid, stats)) in drawn {
            let looks = self.looks(line);
            let out = self.next_line();
            grid_line(looks, &grid.times, on_grid, tops.as_deref_mut(), out);
            out.stats = stats.map(|stats| scaled(stats, looks.scale));
        }
    }

    /// Figures of `lines` on one grid; nothing of them where they are not needed, or pending.
    fn figures(
        &mut self,
        lines: &[&Line],
        combined: &mut Vec<Combined>,
        grid: &mut Grid,
    ) -> Vec<Option<Stats>> {
        let (store, span, mode, shares) = (self.store, self.span, self.mode, self.shares());
        if !shares && lines.iter().all(|line| line.series.len() < 2) {
            return Vec::new();
        }
        let asked = Asked { store, lines, combine: self.panel.combine, shares, span, mode };
        let number = self.grids;
        self.grids += 1;
        combined.resize_with(combined.len().max(self.grids), Combined::default);
        let figures = combined.get_mut(number).and_then(|kept| kept.update(&asked, grid));
        self.plot.pending |= figures.is_none();
        figures.unwrap_or_default()
    }

    /// An empty line after those that are made, with the buffers of the one that was there.
    fn next_line(&mut self) -> &mut PlotLine {
        if self.plot.lines.len() <= self.used {
            self.plot.lines.resize_with(self.used + 1, PlotLine::default);
        }
        self.used += 1;
        let index = self.used - 1;
        #[expect(clippy::indexing_slicing, reason = "made long enough above")]
        let line = &mut self.plot.lines[index];
        line.clear();
        line
    }

    /// Factor and side are for the panel's unit, which what the wire said does not have.
    fn looks(&self, line: &Line) -> Looks {
        match self.mode {
            Mode::Rate => Looks { scale: line.scale, down: line.down },
            Mode::Raw => Looks { scale: 1.0, down: false },
        }
    }
}

fn finite(value: f64) -> f64 {
    value.clamp(-VALUE_MAX, VALUE_MAX)
}

/// A line made of one series: its own columns.
fn own_line(Looks { scale, down }: Looks, trace: &Trace, out: &mut PlotLine) {
    let sign = if down { -scale } else { scale };
    out.breaks.extend_from_slice(&trace.breaks);
    out.dense = trace.columns.iter().any(|column| column.count > 1);
    out.points.extend(trace.columns.iter().map(|column| {
        let (a, b) = (finite(column.min * sign), finite(column.max * sign));
        PlotPoint {
            t: column.time.secs_f64(),
            y: finite(column.mean * sign),
            lo: a.min(b),
            hi: a.max(b),
            base: 0.0,
            value: finite(column.mean * scale),
        }
    }));
    out.stats = trace.stats.map(|stats| scaled(stats, scale));
}

fn scaled(stats: Stats, scale: f64) -> Stats {
    Stats {
        last: stats.last * scale,
        min: stats.min * scale,
        avg: stats.avg * scale,
        max: stats.max * scale,
        count: stats.count,
    }
}

/// A line on the grid, on top of those before it where they are stacked.
fn grid_line(
    Looks { scale, down }: Looks,
    times: &[CdTime],
    on_grid: &OnGrid,
    mut tops: Option<&mut [f64]>,
    out: &mut PlotLine,
) {
    let sign = if down { -1.0 } else { 1.0 };
    let mut before = None;
    let values = on_grid.values.iter().zip(&on_grid.joined);
    for (i, (&time, (&value, &joined))) in times.iter().zip(values).enumerate() {
        if value.is_nan() {
            continue;
        }
        let value = finite(value * scale);
        let goes_on = joined && before.is_some_and(|before| before + 1 == i);
        if !goes_on && before.is_some() {
            out.breaks.push(out.points.len());
        }
        before = Some(i);
        let (mut y, mut base) = (value * sign, 0.0);
        if let Some(top) = tops.as_deref_mut().and_then(|tops| tops.get_mut(i)) {
            base = *top;
            // A share cannot be negative; a wrong one must not eat into its neighbours.
            *top = finite(base + value.max(0.0));
            y = *top;
        }
        out.points.push(PlotPoint { t: time.secs_f64(), y, lo: y, hi: y, base, value });
    }
}

fn extent<'a>(lines: impl Iterator<Item = &'a PlotLine>, style: Style) -> Option<(f64, f64)> {
    let zero = (style != Style::Line).then_some((0.0, 0.0));
    let points = lines.flat_map(|line| &line.points);
    let all = points.fold(None, |extent: Option<(f64, f64)>, point| {
        let (lo, hi) = extent.unwrap_or((point.lo, point.hi));
        Some((lo.min(point.lo), hi.max(point.hi)))
    })?;
    let (lo, hi) = zero.unwrap_or(all);
    Some((all.0.min(lo), all.1.max(hi)))
}
