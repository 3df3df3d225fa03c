//! Traces: what a query answers, and where the next may go on.
//!
//! Knows nothing of how they are made.

use super::SeriesId;
use crate::metric::{CdTime, DsType, Interval, Span};
use crate::rate::Sample;

/// Which number of a sample is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// What is normally drawn: gauges as they are, all others per second.
    #[default]
    Rate,
    /// What the wire said.
    Raw,
}

impl Mode {
    /// How a series of `kind` is read in this mode: a gauge is what the wire said already.
    pub const fn of(self, kind: DsType) -> Self {
        match kind {
            DsType::Gauge => Self::Rate,
            DsType::Counter | DsType::Derive | DsType::Absolute => self,
        }
    }
}

/// One sample as drawn in a mode: a point of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When it was measured, by our clock: its placed time.
    pub time: CdTime,
    /// The number; none when there is no rate (yet), after a reset, or when it is not finite.
    pub value: Option<f64>,
}

/// From when to when samples of a series are kept. While `epoch` stays the same, samples come and
/// go at the ends only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Time of the oldest sample.
    pub oldest: CdTime,
    /// Time of the newest sample.
    pub newest: CdTime,
    /// Another one when something between them, or its bounds, changed.
    pub epoch: u32,
}

/// What to draw of one series over a span.
///
/// Buckets are cut at the same times for every span of one width, so only the newest change while
/// time goes on: a trace that is handed in again for the same series and width is continued.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// At most `columns + 2` (`columns` below 2 count as 2), in order of time.
    pub columns: Vec<Column>,
    /// Indices into `columns` at which a new run starts after a gap, ascending; never 0.
    pub breaks: Vec<usize>,
    /// Where counters restarted in the columns' time, at most one a column.
    pub resets: Vec<CdTime>,
    /// Of the drawn values inside the span; none when there are none.
    pub stats: Option<Stats>,
    pub(super) made: Option<Made>,
}

/// What a trace was made of, and where the next may go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) id: SeriesId,
    pub(super) mode: Mode,
    pub(super) span: Span,
    pub(super) width: u64,
    pub(super) from: CdTime,
    /// Of the series: decides what is a gap where samples came without one.
    pub(super) interval: Interval,
    pub(super) epoch: u32,
    pub(super) oldest: Option<Sample>,
    pub(super) newest: Option<Sample>,
    pub(super) checkpoint: Checkpoint,
}

impl PartialEq for Trace {
    /// By what is drawn.
    fn eq(&self, other: &Self) -> bool {
        (&self.columns, &self.breaks, &self.resets, self.stats)
            == (&other.columns, &other.breaks, &other.resets, other.stats)
    }
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
        self.made = None;
    }
}

/// What a tracer knows of what it has written.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct State {
    /// A gap or a missing value came after the last column.
    pub(super) broken: bool,
    /// The only column is the sample before the span.
    pub(super) lead_only: bool,
    /// The bucket ends here whose reset was noted.
    pub(super) reset_until: CdTime,
}

/// A moment at which a trace is continued: all before it stays, whatever follows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Checkpoint {
    /// Time of the first drawn value of the last bucket.
    pub(super) time: CdTime,
    pub(super) columns: usize,
    pub(super) breaks: usize,
    pub(super) resets: usize,
    pub(super) state: State,
}
