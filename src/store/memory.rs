//! Memory: what the store uses and what it may use.
//!
//! Everything counts: samples by the capacity of their allocations, names, the tree, tables,
//! notifications, health and buffers.

use super::{SeriesId, Store};
use crate::metric::Span;

/// Names may take this part of the budget; the rest is for samples.
pub(super) const NAMES_PART: usize = 2;
/// What is held ([`Store::hold`]) may take this part of the budget.
pub const HELD_PART: usize = 2;

/// Views whose samples are held at most: a bit for each.
pub const VIEWS_HELD_MAX: usize = 64;

impl Store {
    /// Keeps what `views` that stand still show: of each a span, and its series, each once. These
    /// samples stay while later ones go, until they take half of the budget ([`HELD_PART`]). What
    /// does not fit then goes as it would have. Replaces what was held before. Views past
    /// [`VIEWS_HELD_MAX`] hold nothing.
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
            + self.names.heap_bytes()
            + self.index.heap_bytes()
    }

    /// Evicts the oldest samples until the budget is kept.
    pub(super) fn trim(&mut self) {
        self.scratch.lent.settle();
        while self.bytes() > self.budget_bytes {
            let (lent, totals) = (&mut self.scratch.lent, &mut self.health.totals);
            let budget = self.budget_bytes;
            if !self.retention.evict_oldest(&mut self.series, budget, lent, totals) {
                break;
            }
        }
        let (lent, totals) = (&mut self.scratch.lent, &mut self.health.totals);
        self.retention.tidy(&mut self.series, lent, totals);
    }
}
