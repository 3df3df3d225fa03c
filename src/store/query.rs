//! Queries: from samples to what is drawn.

use super::Series;
use crate::metric::{CdTime, Span};

/// Which number of a sample is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What is normally drawn: gauges as they are, all others per second.
    #[default]
    Rate,
    /// What the wire said.
    Raw,
}

/// One sample as read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When it was measured, by the host's clock.
    pub time: CdTime,
    /// The number; none when there is no rate (yet), after a reset, or when it is not finite.
    pub value: Option<f64>,
}

/// What to draw of one series over a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// At most `columns + 2`, in order of time.
    pub columns: Vec<Column>,
    /// Indices into `columns` at which a new run starts after a gap, ascending; never 0.
    pub breaks: Vec<usize>,
    /// Where counters restarted inside the span, at most one a column.
    pub resets: Vec<CdTime>,
    /// Of the drawn values inside the span; none when there are none.
    pub stats: Option<Stats>,
}

/// The drawn values of one bucket of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// The sample's own time when it is alone, else the middle of the bucket.
    pub time: CdTime,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Average.
    pub mean: f64,
    /// How many; at least one.
    pub count: u32,
}

/// Figures for a legend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// The newest.
    pub last: f64,
    /// Least.
    pub min: f64,
    /// Average of the values (not weighted by time).
    pub avg: f64,
    /// Greatest.
    pub max: f64,
    /// How many; at least one.
    pub count: u64,
}

impl Trace {
    /// Empties it and keeps its buffers.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.breaks.clear();
        self.resets.clear();
        self.stats = None;
    }
}

pub(super) fn latest(_series: &Series, _mode: Mode) -> Option<Reading> {
    None
}

pub(super) fn value_at(_series: &Series, _time: CdTime, _mode: Mode) -> Option<Reading> {
    None
}

pub(super) fn trace(_series: &Series, _span: Span, _columns: usize, _mode: Mode, _out: &mut Trace) {
}
