//! From traces to what a panel draws: lines and stacked areas on one grid, their figures, gaps.
//!
//! A line made of one series keeps its own columns, so no spike is lost. Where several series are
//! put together (all CPUs, a stack, a share of the whole) they are read on one common grid of
//! times. Times are `f64` seconds since 1970, as the plot wants them. Pure.

use super::axis::{Axis, AxisRule};
use super::graphs::{Combine, Style};
use super::panels::{Line, Panel};
use crate::metric::{CdTime, Interval, Span};
use crate::store::{Mode, Stats, Store, Trace};

/// What a panel draws.
#[derive(Clone, Debug, Default)]
pub struct PanelPlot {
    /// One for each drawn line of the panel, in its order.
    pub lines: Vec<PlotLine>,
    /// Least and greatest value drawn, stacking included; none without data.
    pub extent: Option<(f64, f64)>,
    /// Where counters restarted, seconds since 1970.
    pub resets: Vec<f64>,
    /// The longest interval of its series, in seconds.
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
    /// Whether it hangs below zero.
    pub down: bool,
}

/// One column of a line, as drawn.
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
}

/// Buffers that are kept between calls.
#[derive(Debug, Default)]
pub struct Scratch {
    traces: Vec<Trace>,
    grid: Vec<f64>,
}

/// What a panel draws of `span` on `columns` pixels.
pub fn panel_plot(
    panel: &Panel,
    store: &Store,
    span: Span,
    columns: usize,
    mode: Mode,
    scratch: &mut Scratch,
) -> PanelPlot {
    let mut plot = PanelPlot { interval_secs: interval_secs(panel, store), ..PanelPlot::default() };
    let stacked = panel.style == Style::Stack && mode == Mode::Rate;
    if stacked || panel.percent || panel.lines.iter().any(|line| line.series.len() > 1) {
        on_one_grid(panel, store, span, columns, mode, scratch, &mut plot);
        if stacked {
            stack(&mut plot.lines);
        }
    } else {
        for line in panel.drawn() {
            let mut trace = scratch.traces.pop().unwrap_or_default();
            if let Some(&id) = line.series.first() {
                store.trace(id, span, columns, mode, &mut trace);
            }
            plot.resets.extend(trace.resets.iter().map(|time| time.secs_f64()));
            plot.lines.push(own_line(line, scale(line, mode), &trace));
            scratch.traces.push(trace);
        }
    }
    plot.extent = extent(&plot.lines, panel.style);
    plot.resets.sort_by(f64::total_cmp);
    plot.resets.dedup();
    plot
}

impl PanelPlot {
    /// The axis the data asks for.
    pub fn axis(&self, panel: &Panel, mode: Mode, ticks: f64) -> Axis {
        let rule = AxisRule {
            fixed_max: panel.y_max.filter(|_| mode == Mode::Rate),
            from_zero: panel.from_zero,
            both_sides: panel.style == Style::Mirror,
            base: if mode == Mode::Rate { panel.unit.base() } else { 1_000.0 },
        };
        Axis::around(self.extent, rule, ticks)
    }
}

impl PlotLine {
    /// The point in force at `t`: the newest that is not later, if it is not older than
    /// `age_max_secs` and no gap lies between.
    pub fn at(&self, t: f64, age_max_secs: f64) -> Option<&PlotPoint> {
        let after = self.points.partition_point(|point| point.t <= t);
        let point = self.points.get(after.checked_sub(1)?)?;
        (t - point.t <= age_max_secs).then_some(point)
    }

    /// Its value at a point: what the legend says, whichever way it is drawn.
    pub fn value(&self, point: &PlotPoint) -> f64 {
        if self.down { -point.y } else { point.y - point.base }
    }

    /// The points, run by run, split at the gaps.
    pub fn runs(&self) -> impl Iterator<Item = &[PlotPoint]> {
        let ends = self.breaks.iter().copied().chain([self.points.len()]);
        let starts = [0].into_iter().chain(self.breaks.iter().copied());
        starts.zip(ends).filter_map(|(start, end)| self.points.get(start..end))
    }
}

fn interval_secs(panel: &Panel, store: &Store) -> f64 {
    let series = panel.lines.iter().flat_map(|line| line.series.first());
    series
        .filter_map(|&id| store.series(id))
        .map(|series| series.interval)
        .max()
        .unwrap_or(Interval::ZERO)
        .secs_f64()
}

/// The panel's factor is for its unit, which what the wire said does not have.
fn scale(line: &Line, mode: Mode) -> f64 {
    match mode {
        Mode::Rate => line.scale,
        Mode::Raw => 1.0,
    }
}

/// A line made of one series: its own columns.
fn own_line(line: &Line, scale: f64, trace: &Trace) -> PlotLine {
    let sign = if line.down { -scale } else { scale };
    let mut out = PlotLine { breaks: trace.breaks.clone(), down: line.down, ..PlotLine::default() };
    for column in &trace.columns {
        let (a, b) = (column.min * sign, column.max * sign);
        out.dense |= column.count > 1;
        out.points.push(PlotPoint {
            t: column.time.secs_f64(),
            y: column.mean * sign,
            lo: a.min(b),
            hi: a.max(b),
            base: 0.0,
        });
    }
    out.stats = trace.stats.map(|stats| Stats {
        last: stats.last * scale,
        min: stats.min * scale,
        avg: stats.avg * scale,
        max: stats.max * scale,
        count: stats.count,
    });
    out
}

/// Reads every line on one grid of times, so that they can be added up.
fn on_one_grid(
    panel: &Panel,
    store: &Store,
    span: Span,
    columns: usize,
    mode: Mode,
    scratch: &mut Scratch,
    plot: &mut PanelPlot,
) {
    let count: usize = panel.lines.iter().map(|line| line.series.len()).sum();
    scratch.traces.resize_with(count.max(scratch.traces.len()), Trace::default);
    let ids = panel.lines.iter().flat_map(|line| &line.series);
    for (&id, trace) in ids.zip(&mut scratch.traces) {
        store.trace(id, span, columns, mode, trace);
        plot.resets.extend(trace.resets.iter().map(|time| time.secs_f64()));
    }
    let traces = scratch.traces.get(..count).unwrap_or_default();
    // Siblings are read within milliseconds of one another; half an interval apart is the same.
    let bucket_secs = span.width().secs_f64() / columns.max(1) as f64;
    let tolerance = (0.5 * plot.interval_secs).max(0.5 * bucket_secs);
    common_grid(traces, tolerance, &mut scratch.grid);
    let gap_secs = (2.5 * plot.interval_secs).max(1.5 * bucket_secs);
    wait_for_siblings(traces, gap_secs, tolerance, &mut scratch.grid);

    let mut rest = traces;
    let mut whole = vec![0.0; scratch.grid.len()];
    let mut values: Vec<(bool, &Line, Vec<f64>)> = Vec::with_capacity(panel.lines.len());
    for line in &panel.lines {
        let (own, others) = rest.split_at(line.series.len().min(rest.len()));
        rest = others;
        let on_grid = combine(own, &scratch.grid, tolerance, panel.combine);
        for (sum, value) in whole.iter_mut().zip(&on_grid) {
            *sum += if value.is_nan() { 0.0 } else { *value };
        }
        values.push((line.drawn, line, on_grid));
    }
    for (_, line, mut on_grid) in values.into_iter().filter(|(drawn, ..)| *drawn) {
        if panel.percent && mode == Mode::Rate {
            for (value, sum) in on_grid.iter_mut().zip(&whole) {
                *value = if *sum > 0.0 { 100.0 * *value / sum } else { f64::NAN };
            }
        }
        plot.lines.push(grid_line(
            line,
            scale(line, mode),
            &scratch.grid,
            &on_grid,
            gap_secs,
            span,
        ));
    }
}

/// All times of all traces, those nearer than `tolerance` to one another taken as one.
fn common_grid(traces: &[Trace], tolerance: f64, grid: &mut Vec<f64>) {
    grid.clear();
    let times = |trace: &Trace| trace.columns.iter().map(|c| c.time.secs_f64()).collect::<Vec<_>>();
    grid.extend(traces.iter().flat_map(times));
    grid.sort_unstable_by(f64::total_cmp);
    // The last of a cluster is kept: by then every sibling has been read.
    let mut kept = 0;
    for i in 0..grid.len() {
        let Some(&time) = grid.get(i) else { break };
        let start = grid.get(kept.max(1) - 1).copied().filter(|_| kept > 0);
        let same = start.is_some_and(|start: f64| time - start < tolerance);
        if !same {
            kept += 1;
        }
        let slot = kept.max(1) - 1;
        if !same && let Some(place) = grid.get_mut(slot) {
            *place = time;
        }
    }
    grid.truncate(kept);
}

/// The sum or average of `traces` at each time of `grid`; NaN where none has a value.
fn combine(traces: &[Trace], grid: &[f64], tolerance: f64, how: Combine) -> Vec<f64> {
    let mut sums = vec![f64::NAN; grid.len()];
    let mut counts = vec![0_u32; grid.len()];
    for trace in traces {
        let mut reader = Reader::new(trace);
        for ((sum, count), &t) in sums.iter_mut().zip(&mut counts).zip(grid) {
            if let Some(value) = reader.at(t, tolerance) {
                *sum = if sum.is_nan() { value } else { *sum + value };
                *count += 1;
            }
        }
    }
    if how == Combine::Avg {
        for (sum, &count) in sums.iter_mut().zip(&counts) {
            *sum /= f64::from(count.max(1));
        }
    }
    sums
}

/// Reads a trace at ascending times: between two samples of a run on the straight line between
/// them, within `tolerance` of a run's end its nearest sample, elsewhere nothing.
struct Reader<'a> {
    trace: &'a Trace,
    next: usize,
    next_break: usize,
}

impl<'a> Reader<'a> {
    const fn new(trace: &'a Trace) -> Self {
        Self { trace, next: 0, next_break: 0 }
    }

    fn at(&mut self, t: f64, tolerance: f64) -> Option<f64> {
        let columns = &self.trace.columns;
        while columns.get(self.next).is_some_and(|column| column.time.secs_f64() <= t) {
            self.next += 1;
        }
        while self.trace.breaks.get(self.next_break).is_some_and(|&at| at < self.next) {
            self.next_break += 1;
        }
        let gap_here = self.trace.breaks.get(self.next_break) == Some(&self.next);
        let point = |i: usize| columns.get(i).map(|c| (c.time.secs_f64(), c.mean));
        let before = self.next.checked_sub(1).and_then(point);
        let after = point(self.next);
        match (before, after) {
            (Some((t0, y0)), Some((t1, y1))) if !gap_here => {
                let share = if t1 > t0 { (t - t0) / (t1 - t0) } else { 0.0 };
                Some(y0 + share * (y1 - y0))
            }
            (Some((t0, y0)), _) if t - t0 < tolerance => Some(y0),
            (_, Some((t1, y1))) if t1 - t < tolerance => Some(y1),
            _ => None,
        }
    }
}

/// Leaves out the newest moment while some that are still heard have not told it: half of the
/// processors are no mean of all, and not all the states of one.
fn wait_for_siblings(traces: &[Trace], gap_secs: f64, tolerance: f64, grid: &mut Vec<f64>) {
    let ends = || traces.iter().filter_map(|trace| Some(trace.columns.last()?.time.secs_f64()));
    let newest = ends().fold(f64::NEG_INFINITY, f64::max);
    let told = ends().filter(|end| newest - end < gap_secs).fold(f64::INFINITY, f64::min);
    while grid.last().is_some_and(|&time| time > told + tolerance) {
        grid.pop();
    }
}

fn grid_line(
    line: &Line,
    scale: f64,
    grid: &[f64],
    values: &[f64],
    gap_secs: f64,
    span: Span,
) -> PlotLine {
    let mut out = PlotLine { down: line.down, ..PlotLine::default() };
    let sign = if line.down { -1.0 } else { 1.0 };
    let (start, end) = (span.start.secs_f64(), span.end.secs_f64());
    let mut stats: Option<Stats> = None;
    let mut sum = 0.0;
    for (&t, &value) in grid.iter().zip(values) {
        if !value.is_finite() {
            continue;
        }
        let value = value * scale;
        if out.points.last().is_some_and(|last| t - last.t > gap_secs) {
            out.breaks.push(out.points.len());
        }
        let y = value * sign;
        out.points.push(PlotPoint { t, y, lo: y, hi: y, base: 0.0 });
        if t < start || t >= end {
            continue;
        }
        sum += value;
        let old =
            stats.unwrap_or(Stats { last: value, min: value, avg: 0.0, max: value, count: 0 });
        stats = Some(Stats {
            last: value,
            min: old.min.min(value),
            max: old.max.max(value),
            avg: 0.0,
            count: old.count + 1,
        });
    }
    out.stats = stats.map(|stats| Stats { avg: sum / stats.count as f64, ..stats });
    out
}

/// Puts each line on top of the ones before it; upwards only.
fn stack(lines: &mut [PlotLine]) {
    // All lines were read on one grid, so equal times are equal bit by bit.
    let mut tops: std::collections::HashMap<u64, f64> = std::collections::HashMap::new();
    for line in lines {
        for point in &mut line.points {
            let top = tops.entry(point.t.to_bits()).or_insert(0.0);
            point.base = *top;
            // A share cannot be negative; a wrong one must not eat into its neighbours.
            *top += point.y.max(0.0);
            (point.y, point.lo, point.hi) = (*top, *top, *top);
        }
    }
}

fn extent(lines: &[PlotLine], style: Style) -> Option<(f64, f64)> {
    let zero = (style != Style::Line).then_some((0.0, 0.0));
    let points = lines.iter().flat_map(|line| &line.points);
    let all = points.fold(None, |extent: Option<(f64, f64)>, point| {
        let (lo, hi) = extent.unwrap_or((point.lo, point.hi));
        Some((lo.min(point.lo), hi.max(point.hi)))
    })?;
    let (lo, hi) = zero.unwrap_or(all);
    Some((all.0.min(lo), all.1.max(hi)))
}

/// One filesystem, or anything else with a ceiling.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is.
    pub label: String,
    /// In use, in the panel's unit.
    pub used: f64,
    /// The ceiling: used, reserved and free.
    pub total: f64,
    /// Time until nothing is free, if it went on filling as it did over the window.
    pub full_in: Option<Interval>,
}

/// How far back the filling is measured: long enough for a log that is flushed now and then.
const FILLING_OVER: Interval = Interval::from_secs(600);
/// Filling slower than this is not worth a warning.
const FULL_IN_MAX: Interval = Interval::from_secs(30 * 86_400);

/// The bars of a panel at the moment `end`.
pub fn bars(panel: &Panel, store: &Store, end: CdTime) -> Vec<Bar> {
    let span = Span::new(end.saturating_sub(FILLING_OVER), end);
    let mut bars: Vec<(Bar, f64, f64)> = Vec::new();
    for line in panel.drawn() {
        let value = |time| -> Option<f64> {
            let values = line.series.iter();
            let sum: f64 = values.filter_map(|&id| newest(store, id, time)).sum();
            (!line.series.is_empty()).then_some(sum * line.scale)
        };
        let (Some(now), before) = (value(span.end), value(span.start).unwrap_or(0.0)) else {
            continue;
        };
        let index = bars.iter().position(|(bar, ..)| bar.label == line.instance);
        let index = index.unwrap_or_else(|| {
            let label = line.instance.clone();
            bars.push((Bar { label, used: 0.0, total: 0.0, full_in: None }, 0.0, 0.0));
            bars.len() - 1
        });
        let Some((bar, free, free_before)) = bars.get_mut(index) else {
            continue;
        };
        bar.total += now;
        match line.color.as_deref() {
            Some("used") => bar.used += now,
            Some("free") => {
                *free += now;
                *free_before += before;
            }
            _ => {}
        }
    }
    let secs = span.width().secs_f64();
    bars.retain(|(bar, ..)| bar.total > 0.0);
    bars.into_iter()
        .map(|(bar, free, free_before)| {
            let per_sec = (free_before - free) / secs.max(1.0);
            let full_in = Interval::from_secs_f64(free / per_sec);
            let filling = per_sec > 0.0 && free_before > 0.0 && full_in < FULL_IN_MAX;
            Bar { full_in: filling.then_some(full_in), ..bar }
        })
        .collect()
}

fn newest(store: &Store, id: crate::store::SeriesId, time: CdTime) -> Option<f64> {
    let reading = store.value_at(id, time, Mode::Rate);
    let latest = store.latest(id, Mode::Rate).filter(|latest| latest.time <= time);
    reading.or(latest)?.value
}
