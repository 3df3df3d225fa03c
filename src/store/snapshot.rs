//! Snapshots: some series as they are now, to be read on another thread while time goes on.
//!
//! Packed samples are shared with the store and never change; the heads of their blocks and the
//! newest samples, which are not packed yet, are copied. There is no lock: neither waits for the
//! other. Answers are the store's, by the same code.

use super::cost::vec_bytes;
use super::lent::Lease;
use super::query;
use super::runs::Runs;
use super::series::Series;
use super::{Mode, Point, SeriesId, Store, Trace};
use crate::metric::Span;
use crate::rate::Sample;

/// Some series over a span, as they were when it was made; see [`Store::snapshot`].
#[derive(Debug)]
pub struct Snapshot {
    /// Series by number.
    series: Vec<Series>,
    span: Span,
    /// Shows the store that it is in use.
    _lease: Lease,
}

impl Store {
    /// These series over `span`, those that are known, for another thread. Costs what is copied:
    /// for each series its description, 96 bytes a block, and at most the 136 newest samples; and
    /// in the store 48 bytes for each block that was in no snapshot before.
    ///
    /// What the store evicts meanwhile stays with the snapshot and is counted in
    /// [`super::Usage::lent_bytes`] until it goes. All snapshots together may come to hold as much
    /// as the budget, beside it; none is given where that would be more: then some is to be
    /// dropped first.
    pub fn snapshot(
        &mut self,
        span: Span,
        ids: impl IntoIterator<Item = SeriesId>,
    ) -> Option<Snapshot> {
        self.scratch.lent.settle();
        let mut ids: Vec<SeriesId> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        let mut series = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(one) = self.series.get_mut(id) {
                let before = one.track.heap_bytes();
                series.push(one.cut(span));
                self.retention.resize(before, one.track.heap_bytes());
            }
        }
        series.shrink_to_fit();
        let all: usize = series.iter().map(|one| one.track.heap_bytes()).sum();
        let shared: usize = series.iter().map(|one| one.track.packed_bytes()).sum();
        let own = vec_bytes::<Series>(series.capacity());
        let lent = &mut self.scratch.lent;
        if lent.bytes_max() + own + all > self.budget_bytes {
            return None;
        }
        let lease = lent.lend(own + all - shared, own + all);
        Some(Snapshot { series, span, _lease: lease })
    }
}

impl Snapshot {
    /// The span it was made for. Traces inside it are those of the store.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The numbers of its series, ascending.
    pub fn ids(&self) -> impl Iterator<Item = SeriesId> + '_ {
        self.series.iter().map(|series| series.id)
    }

    /// What was known about a series.
    pub fn series(&self, id: SeriesId) -> Option<&Series> {
        let place = self.series.binary_search_by_key(&id, |series| series.id).ok()?;
        self.series.get(place)
    }

    fn runs(&self, id: SeriesId) -> Option<Runs<'_>> {
        Some(Runs { id, series: self.series(id)? })
    }

    /// The newest sample of a series.
    pub fn latest(&self, id: SeriesId, mode: Mode) -> Option<Point> {
        query::latest(self.runs(id)?, mode)
    }

    /// As [`Store::samples`]: every sample of the span, and some neighbours outside it.
    pub fn samples(&self, id: SeriesId) -> impl Iterator<Item = Sample> + '_ {
        query::samples(self.runs(id))
    }

    /// As [`Store::trace`].
    pub fn trace(&self, id: SeriesId, span: Span, columns: usize, mode: Mode, out: &mut Trace) {
        query::trace(self.runs(id), span, columns, mode, out);
    }
}
