//! Retention: which samples go when room is needed, and which of them stay because a view shows
//! them.
//!
//! The oldest run of samples goes first, whichever series it belongs to, in the order in which runs
//! were begun: clocks that are wrong neither stay for ever nor push out others.

use super::SeriesId;
use super::cost::{allocated, vec_bytes};
use super::lent::Lent;
use super::series::Series;
use super::series_table::SeriesTable;
use crate::metric::{CdTime, Span};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// What is held ([`super::Store::hold`]) may take this part of the budget.
pub const HELD_PART: usize = 2;
/// Views whose samples are held at most: a bit for each.
pub const VIEWS_HELD_MAX: usize = 64;

/// The runs of all series, and what they take.
#[derive(Debug, Default)]
pub(super) struct Retention {
    /// The place of the series of every run, oldest run first.
    queue: VecDeque<u32>,
    held: Held,
    /// Bytes of the samples of all series.
    track_bytes: usize,
    /// Samples of all series.
    samples: u64,
}

/// Samples that stay while others go.
#[derive(Debug, Default)]
struct Held {
    /// Span of each view that stands still.
    spans: Vec<Span>,
    /// Views that show each series: a bit for each.
    series: HashMap<SeriesId, u64, RandomState>,
    /// Number of bits that are set.
    shown: usize,
    /// Queue entries that were passed over, oldest first.
    passed: VecDeque<u32>,
    /// Number of them that each series has.
    counts: HashMap<u32, u32, RandomState>,
    /// Bytes of the runs that stay because of that.
    bytes: usize,
}

impl Retention {
    /// Notes that `series` began `count` runs.
    #[inline]
    pub(super) fn begin(&mut self, series: SeriesId, count: u32) {
        for _ in 0..count {
            self.queue.push_back(series.slot());
        }
    }

    /// Notes that the samples of a series take `after` bytes instead of `before`.
    #[inline]
    pub(super) fn resize(&mut self, before: usize, after: usize) {
        self.track_bytes = (self.track_bytes + after).saturating_sub(before);
    }

    /// Notes that `count` samples came.
    #[inline]
    pub(super) fn add(&mut self, count: u64) {
        self.samples += count;
    }

    /// Bytes of the samples of all series.
    #[inline]
    pub(super) fn track_bytes(&self) -> usize {
        self.track_bytes
    }

    /// Samples of all series.
    pub(super) fn samples(&self) -> u64 {
        self.samples
    }

    /// Bytes in use: samples, and what is noted of them.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        self.track_bytes + vec_bytes::<u32>(self.queue.capacity()) + self.held.heap_bytes()
    }

    /// Holds what `views` show, see [`super::Store::hold`].
    pub(super) fn hold<I>(&mut self, views: &[(Span, I)])
    where
        I: IntoIterator<Item = SeriesId> + Clone,
    {
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
    pub(super) fn release(&mut self) {
        for slot in self.held.passed.drain(..).rev() {
            self.queue.push_front(slot);
        }
        self.held = Held::default();
    }

    /// Whether a view that stands still shows a series.
    pub(super) fn holds(&self, series: SeriesId) -> bool {
        self.held.series.contains_key(&series)
    }

    /// Evicts the oldest run, or passes it over where it is held. Returns how many samples went;
    /// none where there is no run.
    pub(super) fn evict_oldest(
        &mut self,
        series: &mut SeriesTable,
        budget_bytes: usize,
        lent: &mut Lent,
    ) -> Option<u64> {
        if self.queue.is_empty() {
            // What is held is all there is.
            self.release();
        }
        let slot = self.queue.pop_front()?;
        let held = series.at(slot).and_then(|one| self.held.bytes_to_hold(one, budget_bytes));
        Some(match held {
            Some(bytes) => {
                self.held.pass(slot, bytes);
                0
            }
            None => self.evict(slot, series, lent),
        })
    }

    /// Drops entries at the front that stand for nothing, since the first says which sample goes
    /// next, and room that the queue no longer needs. Returns how many samples went.
    #[inline]
    pub(super) fn tidy(&mut self, series: &mut SeriesTable, lent: &mut Lent) -> u64 {
        let mut samples = 0;
        while let Some(&slot) = self.queue.front()
            && series.at(slot).is_some_and(|one| one.track.is_behind())
        {
            self.queue.pop_front();
            samples += self.evict(slot, series, lent);
        }
        if self.queue.capacity() > 4 * self.queue.len() + 1_024 {
            self.queue.shrink_to(2 * self.queue.len());
        }
        samples
    }

    /// Evicts the oldest run of a series that was not passed over.
    fn evict(&mut self, slot: u32, series: &mut SeriesTable, lent: &mut Lent) -> u64 {
        let passed = self.held.counts.get(&slot).copied().unwrap_or(0);
        let Some(series) = series.at_mut(slot) else {
            return 0;
        };
        let before = series.track.heap_bytes();
        let evicted = series.track.evict(passed, lent);
        self.resize(before, series.track.heap_bytes());
        if evicted.remains {
            self.queue.push_back(slot);
        }
        self.lose(evicted.samples)
    }

    /// Drops all samples of a series; returns how many.
    pub(super) fn clear(&mut self, series: &mut Series, lent: &mut Lent) -> u64 {
        self.track_bytes = self.track_bytes.saturating_sub(series.track.heap_bytes());
        let samples = series.track.clear(lent);
        self.lose(samples)
    }

    fn lose(&mut self, samples: usize) -> u64 {
        let samples = samples as u64;
        self.samples = self.samples.saturating_sub(samples);
        samples
    }

    /// The time of the sample that goes next.
    pub(super) fn oldest(&self, series: &SeriesTable) -> Option<CdTime> {
        let slot = self.held.passed.front().or_else(|| self.queue.front())?;
        series.at(*slot)?.track.oldest().map(|sample| sample.time)
    }
}

impl Held {
    fn pass(&mut self, slot: u32, bytes: usize) {
        self.passed.push_back(slot);
        *self.counts.entry(slot).or_default() += 1;
        self.bytes += bytes;
    }

    /// The bytes that holding the oldest run of a series takes, if it is to be held.
    fn bytes_to_hold(&self, series: &Series, budget_bytes: usize) -> Option<usize> {
        let views = *self.series.get(&series.id)?;
        let passed = self.counts.get(&series.id.slot()).copied().unwrap_or(0);
        let (number, is_new) = series.track.run_of(passed)?;
        let (first, last, bytes) = series.track.extent(number)?;
        let bytes = if is_new { bytes } else { 0 };
        let fits = self.bytes + bytes <= budget_bytes / HELD_PART;
        let is_shown = |span: &Span| first <= span.end && last >= span.start;
        (fits && self.spans_of(views).any(is_shown)).then_some(bytes)
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
