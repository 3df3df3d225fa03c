//! Late: samples that lie behind the open run of their series, until they are merged into blocks.
//!
//! Merging costs 10 µs a series, however many samples it has, where putting a sample at the end
//! costs 40 ns: so they are gathered, and each batch merges those of a few series. A sender of
//! late values on purpose fills the list, and then loses its own.

use super::track::Tools;
use super::{SeriesId, Store};
use crate::metric::{CdTime, Interval};
use crate::rate::Sample;
use std::sync::Arc;

/// Late samples that are gathered; past it they are refused and counted. 65,536 x 32 B = 2 MiB,
/// less where that is more than a quarter of the budget.
pub const LATE_MAX: usize = 1 << 16;
const BUDGET_PART: usize = 4;
/// Series whose late samples are merged with a batch: 256 x 10 µs.
pub(super) const SERIES_PER_BATCH: usize = 256;

/// A sample that is not in its place yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Late {
    pub(super) series: SeriesId,
    pub(super) sample: Sample,
    pub(super) interval: Interval,
}

/// Samples that wait to be merged.
#[derive(Debug, Default)]
pub(super) struct LateSamples {
    samples: Vec<Late>,
}

impl LateSamples {
    /// Adds one; false when there is no room.
    pub(super) fn add(&mut self, late: Late, budget_bytes: usize) -> bool {
        let count_max = LATE_MAX.min(budget_bytes / BUDGET_PART / size_of::<Late>());
        let fits = self.samples.len() < count_max;
        if fits {
            self.samples.push(late);
        }
        fits
    }

    pub(super) fn bytes(&self) -> usize {
        super::cost::vec_bytes::<Late>(self.samples.capacity())
    }
}

impl Store {
    /// Brings every late sample to its place: for a source that waits rather than lose any.
    pub fn settle_late(&mut self, now: CdTime) {
        self.merge_late(usize::MAX, now);
        self.trim();
    }

    /// Brings the late samples of at most `series_max` series to their places.
    pub(super) fn merge_late(&mut self, series_max: usize, now: CdTime) {
        if self.late.samples.is_empty() {
            return;
        }
        let mut late = std::mem::take(&mut self.late.samples);
        late.sort_by_key(|late| (late.series, late.sample.time));
        let mut merged = 0;
        let groups =
            late.chunk_by(|one, next| (one.series, one.interval) == (next.series, next.interval));
        for group in groups.take(series_max) {
            self.merge_group(group, now);
            merged += group.len();
        }
        late.drain(..merged);
        late.shrink_to(late.len().max(1_024));
        self.late.samples = late;
    }

    fn merge_group(&mut self, group: &[Late], now: CdTime) {
        let Some(first) = group.first() else { return };
        let Some(series) = self.series.get_mut(first.series) else {
            self.health.totals.late_dropped_values += group.len() as u64;
            return;
        };
        let samples: Vec<Sample> = group.iter().map(|late| late.sample).collect();
        let before = series.track.heap_bytes();
        let (kind, bounds) = (series.kind, series.bounds());
        let mut tools = Tools { kind, bounds, scratch: &mut self.scratch };
        let merged = series.track.merge(&samples, first.interval, &mut tools);
        let identifier = Arc::clone(&series.identifier);
        self.retention.resize(before, series.track.heap_bytes());
        self.retention.begin(first.series, merged.runs);
        let totals = &mut self.health.totals;
        totals.late_values += merged.added;
        totals.stored_values += merged.added;
        totals.duplicate_values += merged.duplicates;
        self.retention.add(merged.added);
        if merged.conflicts > 0 {
            let host = &identifier.host;
            self.health.conflict(host, &identifier, (merged.conflicts, false), now);
        }
    }
}
