//! Memory: what the store uses, what it may use, and what is evicted when it is too much.
//!
//! Everything counts: samples by the capacity of their allocations, names, the tree, tables,
//! notifications, health and buffers. The oldest run of samples goes first, whichever
//! series it belongs to, in the order in which runs were begun: clocks that are wrong neither
//! stay for ever nor push out others.

use super::cost::{allocated, vec_bytes};
use super::series::Series;
use super::{ListEntry, SeriesId, Store};
use crate::metric::{CdTime, Span};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Names may take this part of the budget; the rest is for samples.
pub(super) const NAMES_PART: usize = 2;
/// What is held ([`Store::hold`]) may take this part of the budget.
pub const HELD_PART: usize = 2;

/// Views whose samples are held at most: a bit for each.
pub const VIEWS_HELD_MAX: usize = 64;

/// Samples that stay while others go.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Of each view that stands still.
    spans: Vec<Span>,
    /// Which of them show each series: a bit for each.
    series: HashMap<SeriesId, u64, RandomState>,
    /// How many bits are set.
    shown: usize,
    /// Queue entries that were passed over, oldest first.
    passed: VecDeque<u32>,
    /// How many of them each series has.
    counts: HashMap<u32, u32, RandomState>,
    /// Of the runs that stay because of that.
    bytes: usize,
}

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
        let views = views.get(..VIEWS_HELD_MAX).unwrap_or(views);
        if self.held.is_same(views) {
            return;
        }
        self.release();
        for (view, (span, series)) in views.iter().enumerate() {
            self.held.spans.push(*span);
            for id in series.clone() {
                *self.held.series.entry(id).or_default() |= 1 << view;
                self.held.shown += 1;
            }
        }
    }

    /// Holds nothing any more.
    pub fn release(&mut self) {
        // One of the two is called from time to time, also while nothing comes.
        self.scratch.lent.settle();
        for slot in self.held.passed.drain(..).rev() {
            self.queue.push_front(slot);
        }
        self.held = Held::default();
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
            + self.track_bytes
            + self.scratch.heap_bytes()
            + vec_bytes::<u32>(self.queue.capacity())
            + self.held.heap_bytes()
            + self.notifications.bytes()
            + self.health.bytes()
            + self.clocks.bytes()
            + self.late.bytes()
    }

    /// Bytes that names take: series, lists, tables and the tree. [`Store::name_bytes`] has it at
    /// hand for every value list.
    pub(super) fn count_name_bytes(&self) -> usize {
        let lists: usize =
            self.lists.iter().map(|lists| vec_bytes::<ListEntry>(lists.capacity())).sum();
        vec_bytes::<Series>(self.series.capacity())
            + vec_bytes::<SeriesId>(self.members.capacity())
            + vec_bytes::<u16>(self.named_by.capacity())
            + vec_bytes::<u32>(self.free.capacity())
            + allocated(self.table.allocation_size())
            + lists
            + self.identifiers * super::IDENTIFIER_BYTES
            + self.names.heap_bytes()
            + self.index.heap_bytes()
    }

    /// Evicts the oldest samples until the budget is kept.
    pub(super) fn trim(&mut self) {
        self.scratch.lent.settle();
        while self.bytes() > self.budget_bytes {
            if self.queue.is_empty() {
                // What is held is all there is.
                self.release();
            }
            let Some(slot) = self.queue.pop_front() else {
                break;
            };
            match self.bytes_to_hold(slot) {
                Some(bytes) => self.held.pass(slot, bytes),
                None => self.evict(slot),
            }
        }
        // What stands for nothing goes at once: the first says which sample goes next.
        while let Some(&slot) = self.queue.front()
            && self.series.get(SeriesId(slot).place()).is_some_and(|one| one.track.is_behind())
        {
            self.queue.pop_front();
            self.evict(slot);
        }
        if self.queue.capacity() > 4 * self.queue.len() + 1_024 {
            self.queue.shrink_to(2 * self.queue.len());
        }
    }

    /// The bytes that holding the oldest run of a series takes, if it is to be held.
    fn bytes_to_hold(&self, slot: u32) -> Option<usize> {
        let series = self.series.get(SeriesId(slot).place())?;
        let views = *self.held.series.get(&series.id)?;
        let passed = self.held.counts.get(&slot).copied().unwrap_or(0);
        let run = series.track.run_of(passed)?;
        let (number, is_new) = run;
        let (first, last, bytes) = series.track.extent(number)?;
        let bytes = if is_new { bytes } else { 0 };
        let fits = self.held.bytes + bytes <= self.budget_bytes / HELD_PART;
        let is_shown = |span: &Span| first <= span.end && last >= span.start;
        (fits && self.held.spans_of(views).any(is_shown)).then_some(bytes)
    }

    /// Evicts the oldest run of a series that was not passed over.
    fn evict(&mut self, slot: u32) {
        let passed = self.held.counts.get(&slot).copied().unwrap_or(0);
        let Some(series) = self.series.get_mut(SeriesId(slot).place()) else {
            return;
        };
        let before = series.track.heap_bytes();
        let evicted = series.track.evict(passed, &mut self.scratch.lent);
        self.track_bytes = grown(self.track_bytes, before, series.track.heap_bytes());
        self.samples = self.samples.saturating_sub(evicted.samples as u64);
        self.health.totals.evicted_samples += evicted.samples as u64;
        if evicted.remains {
            self.queue.push_back(slot);
        }
    }

    /// The time of the sample that goes next.
    pub(super) fn oldest(&self) -> Option<CdTime> {
        let slot = self.held.passed.front().or_else(|| self.queue.front())?;
        let series = self.series.get(SeriesId(*slot).place())?;
        series.track.oldest().map(|sample| sample.time)
    }
}

/// Bytes of all tracks when one has changed from `before` to `after`.
pub(super) const fn grown(all: usize, before: usize, after: usize) -> usize {
    (all + after).saturating_sub(before)
}

impl Held {
    fn pass(&mut self, slot: u32, bytes: usize) {
        self.passed.push_back(slot);
        *self.counts.entry(slot).or_default() += 1;
        self.bytes += bytes;
    }

    pub(super) fn covers(&self, series: SeriesId) -> bool {
        self.series.contains_key(&series)
    }

    /// Whether it is `views` that are held.
    fn is_same<I>(&self, views: &[(Span, I)]) -> bool
    where
        I: IntoIterator<Item = SeriesId> + Clone,
    {
        let mut shown = 0;
        let mut is_shown = |view: usize, id| {
            shown += 1;
            self.series.get(&id).is_some_and(|views| views & 1 << view > 0)
        };
        self.spans.iter().eq(views.iter().map(|(span, _)| span))
            && views
                .iter()
                .enumerate()
                .all(|(view, (_, series))| series.clone().into_iter().all(|id| is_shown(view, id)))
            && shown == self.shown
    }

    /// The spans of these views.
    fn spans_of(&self, views: u64) -> impl Iterator<Item = &Span> {
        let shows = move |&(view, _): &(usize, &Span)| views & 1 << view > 0;
        self.spans.iter().enumerate().filter(shows).map(|(_, span)| span)
    }

    fn heap_bytes(&self) -> usize {
        vec_bytes::<u32>(self.passed.capacity())
            + vec_bytes::<Span>(self.spans.capacity())
            + allocated(self.series.allocation_size())
            + allocated(self.counts.allocation_size())
    }
}
