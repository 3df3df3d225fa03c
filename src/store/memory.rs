//! Memory: what the store uses and what it may use.
//!
//! Everything counts: samples by the capacity of their allocations, names, the tree, tables,
//! notifications, health and buffers.

use super::{SeriesId, Store};
use crate::metric::Span;

/// Names may take this part of the budget; the rest is for samples.
pub(super) const NAMES_PART: usize = 2;

impl Store {
    /// Keeps what `views` that stand still show: of each a span, and its series, each once. These
    /// samples stay while later ones go, until they take half of the budget
    /// ([`super::HELD_PART`]). What does not fit then goes as it would have. Replaces what was
    /// held before. Views past [`super::VIEWS_HELD_MAX`] hold nothing.
    pub fn hold<I>(&mut self, views: &[(Span, I)])
    where
        I: IntoIterator<Item = SeriesId> + Clone,
    {
        self.scratch.lent.settle();
        self.retention.hold(views);
    }

    /// Holds nothing any more.
    pub fn release(&mut self) {
        // One of the two is called from time to time, also while nothing comes.
        self.scratch.lent.settle();
        self.retention.release();
    }

    /// Uses at most `budget_bytes` from now on. When that is less than is used, the oldest samples
    /// go at once, held ones among them; names that are known stay, even where they alone take
    /// more.
    pub fn set_budget(&mut self, budget_bytes: usize) {
        self.budget_bytes = budget_bytes;
        self.health.bound(budget_bytes);
        self.trim();
    }

    /// Bytes in use.
    pub(super) fn bytes(&self) -> usize {
        self.name_bytes
            + self.retention.bytes()
            + self.scratch.heap_bytes()
            + self.notifications.bytes()
            + self.health.bytes()
            + self.clocks.bytes()
            + self.late.bytes()
    }

    /// Bytes that names take: series, lists, tables and the tree. [`Store::name_bytes`] has it at
    /// hand for every value list.
    pub(super) fn count_name_bytes(&self) -> usize {
        self.series.heap_bytes()
            + self.lists.heap_bytes()
            + self.returning.heap_bytes()
            + self.names.heap_bytes()
            + self.index.heap_bytes()
    }

    /// Evicts the oldest samples until the budget is kept.
    pub(super) fn trim(&mut self) {
        self.scratch.lent.settle();
        let mut evicted = 0;
        while self.bytes() > self.budget_bytes {
            let (series, lent) = (&mut self.series, &mut self.scratch.lent);
            match self.retention.evict_oldest(series, self.budget_bytes, lent) {
                Some(samples) => evicted += samples,
                None => break,
            }
        }
        evicted += self.retention.tidy(&mut self.series, &mut self.scratch.lent);
        self.health.totals.evicted_samples += evicted;
    }
}
