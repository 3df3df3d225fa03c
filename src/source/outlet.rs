//! The way out of a source's thread: an [`Outlet`] that never blocks, an [`Intake`] that drains.
//!
//! Batches wait in two places. The *channel* holds whole ones, ready for the other thread; the
//! *backlog* stays on this side. While the channel is not drained, a batch need not be handed over
//! ([`Outlet::is_due`]), and one that is is joined to the last of the backlog: so the other thread
//! is woken once per drain and not once per datagram.
//! When the backlog is full its oldest batch goes: values are lost and counted, everything else
//! (announcements, notifications, counts) moves to the batch behind it. So every list is
//! announced before its first row, whatever is lost.
//!
//! Beside the batches goes a [`Status`]: only the newest is kept.

use super::join::{join, words};
use crate::ingest::Batch;
use crate::metric::{CdTime, Span};
use crate::reception::Status;
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// From here on a batch is whole and nothing is joined to it: 512 KiB, counted in words of eight
/// bytes. About 16,000 value lists of one value, a few milliseconds of the store's time.
pub const BATCH_WORDS: usize = 1 << 16;
/// The backlog: 128 MiB in words of eight bytes, taken only while it is needed. With the values
/// usual for collectd, 30 bytes each here, the other thread may stand still for three seconds at
/// 1.5 million values a second, and for 40 at 100,000, before anything is lost. That much beside
/// 512 MiB; more and less in proportion ([`Outlet::beside`]).
pub const BACKLOG_WORDS_MAX: usize = 1 << 24;
/// Of the memory beside which it stands, the backlog is this part.
const BACKLOG_PART: usize = 4;
/// Batches the channel holds at most, whatever the caller asks for: 32 MiB.
pub const CHANNEL_BATCHES_MAX: usize = 64;
/// Of the memory beside which it stands, the channel is this part; at least of a few batches.
const CHANNEL_PART: usize = 16;
const CHANNEL_BATCHES_MIN: usize = 4;

/// The producing end; lives on the source's thread.
pub struct Outlet {
    ready: Sender<Batch>,
    emptied: Receiver<Batch>,
    status: Sender<Status>,
    /// To take back what was not read in time.
    status_unread: Receiver<Status>,
    /// Oldest first.
    backlog: VecDeque<Batch>,
    backlog_words: usize,
    backlog_words_max: usize,
    /// The newest arrival in what left the backlog.
    left: CdTime,
    wake: Box<dyn Fn() + Send>,
    /// Gone with it.
    _alive: Arc<()>,
}

/// The consuming end. Dropping it makes the outlet throw away what it is offered.
#[derive(Clone, Debug)]
pub struct Intake {
    ready: Receiver<Batch>,
    emptied: Sender<Batch>,
    status: Receiver<Status>,
    outlet: Weak<()>,
}

impl Outlet {
    /// A channel of `capacity` batches, 1 to [`CHANNEL_BATCHES_MAX`]. `wake` is called on the
    /// producing thread whenever there is something new to drain.
    pub fn new(capacity: usize, wake: Box<dyn Fn() + Send>) -> (Self, Intake) {
        Self::with_backlog(capacity, BACKLOG_WORDS_MAX, wake)
    }

    /// The same beside a store of `memory_bytes`: where that is small, so is what waits for it.
    pub fn beside(memory_bytes: usize, wake: Box<dyn Fn() + Send>) -> (Self, Intake) {
        let words = memory_bytes / size_of::<u64>();
        let batches = words / CHANNEL_PART / BATCH_WORDS;
        Self::with_backlog(batches.max(CHANNEL_BATCHES_MIN), words / BACKLOG_PART, wake)
    }

    /// The same with a backlog of `backlog_words_max` words of eight bytes.
    pub fn with_backlog(
        capacity: usize,
        backlog_words_max: usize,
        wake: Box<dyn Fn() + Send>,
    ) -> (Self, Intake) {
        let capacity = capacity.clamp(1, CHANNEL_BATCHES_MAX);
        let (ready, ready_out) = bounded(capacity);
        let (emptied_in, emptied) = bounded(capacity);
        let (status, status_unread) = bounded(1);
        let alive = Arc::new(());
        let intake = Intake {
            ready: ready_out,
            emptied: emptied_in,
            status: status_unread.clone(),
            outlet: Arc::downgrade(&alive),
        };
        let outlet = Self {
            ready,
            emptied,
            status,
            status_unread,
            backlog: VecDeque::new(),
            backlog_words: 0,
            backlog_words_max,
            left: CdTime::ZERO,
            wake,
            _alive: alive,
        };
        (outlet, intake)
    }

    /// Reports how the source goes, instead of what was reported and not yet read. Never blocks.
    pub fn report(&self, status: Status) {
        // Nobody else fills the place, so the second attempt finds it empty.
        if let Err(TrySendError::Full(status)) = self.status.try_send(status) {
            let _ = self.status_unread.try_recv();
            let _ = self.status.try_send(status);
        }
        (self.wake)();
    }

    /// Whether a batch should be handed over rather than gathered further: it is whole, or the
    /// other side has nothing to do.
    pub fn is_due(&self, batch: &Batch) -> bool {
        words(batch) >= BATCH_WORDS || (self.backlog.is_empty() && self.ready.is_empty())
    }

    /// Hands a batch over. Never blocks, never grows past its limits.
    pub fn offer(&mut self, batch: Batch) {
        match self.backlog.back_mut() {
            // Rows that wait mean lists by the numbers that these had.
            Some(last) if words(last) < BATCH_WORDS && !batch.renumbers => {
                let before = words(last);
                join(last, batch);
                self.backlog_words += words(last).saturating_sub(before);
            }
            _ => {
                self.backlog_words += words(&batch);
                self.backlog.push_back(batch);
            }
        }
        self.flush();
        while self.backlog_words > self.backlog_words_max && self.backlog.len() > 1 {
            self.drop_oldest();
        }
    }

    /// Hands a batch over whole, waiting up to `timeout` for room; without, gives it back. For a
    /// source that can wait: nothing is lost. Not to be mixed with [`Outlet::offer`].
    pub fn deliver(&self, batch: Batch, timeout: Duration) -> Option<Batch> {
        debug_assert!(self.backlog.is_empty(), "what was offered comes first");
        match self.ready.send_timeout(batch, timeout) {
            Ok(()) => (self.wake)(),
            Err(SendTimeoutError::Timeout(batch)) => return Some(batch),
            // Nobody is there any more.
            Err(SendTimeoutError::Disconnected(_)) => {}
        }
        None
    }

    /// Moves on what waits in the backlog, as far as there is room.
    pub fn flush(&mut self) {
        // A batch that is not whole yet only leaves when the other side has nothing to do.
        self.move_on(|outlet, front| {
            words(front) >= BATCH_WORDS || outlet.backlog.len() > 1 || outlet.ready.is_empty()
        });
    }

    /// The same when the source is quiet: nothing is about to be joined to the last batch, and the
    /// other side takes it with those before it, not one drain later.
    pub fn flush_all(&mut self) {
        self.move_on(|_, _| true);
    }

    fn move_on(&mut self, may_leave: impl Fn(&Self, &Batch) -> bool) {
        let mut moved = false;
        while let Some(front) = self.backlog.front() {
            if !may_leave(self, front) {
                break;
            }
            let Some(front) = self.backlog.pop_front() else {
                break;
            };
            let (weight, arrival) = (words(&front), front.arrival);
            match self.ready.try_send(front) {
                Ok(()) => moved = true,
                Err(TrySendError::Full(front)) => {
                    self.backlog.push_front(front);
                    break;
                }
                // Nobody is there any more.
                Err(TrySendError::Disconnected(_)) => {}
            }
            self.backlog_words = self.backlog_words.saturating_sub(weight);
            self.left = self.left.max(arrival);
        }
        if moved {
            (self.wake)();
        }
    }

    /// Whether something waits for room: then [`Outlet::flush`] should be called again soon.
    pub fn is_waiting(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// A batch whose buffers can be filled again, if there is one.
    pub fn recycled(&self) -> Option<Batch> {
        self.emptied.try_recv().ok()
    }

    /// Loses the values of the oldest batch, and nothing else.
    fn drop_oldest(&mut self) {
        let Some(mut oldest) = self.backlog.pop_front() else {
            return;
        };
        let Some(next) = self.backlog.pop_front() else {
            return;
        };
        self.backlog_words = self.backlog_words.saturating_sub(words(&oldest) + words(&next));
        oldest.dropped_values += oldest.values.len() as u64;
        let since = if self.left == CdTime::ZERO { oldest.arrival } else { self.left };
        let lost = Span::new(since, oldest.arrival);
        oldest.dropped_when = Some(oldest.dropped_when.map_or(lost, |span| span.cover(lost)));
        self.left = self.left.max(oldest.arrival);
        oldest.rows.clear();
        oldest.datagrams.clear();
        oldest.values.clear();
        join(&mut oldest, next);
        self.backlog_words += words(&oldest);
        self.backlog.push_front(oldest);
    }
}

impl fmt::Debug for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet")
            .field("backlog", &self.backlog.len())
            .field("backlog_words", &self.backlog_words)
            .finish_non_exhaustive()
    }
}

impl Intake {
    /// The oldest batch that is ready. Give it back with [`Intake::give_back`] when it is read.
    pub fn next(&self) -> Option<Batch> {
        self.ready.try_recv().ok()
    }

    /// As [`Intake::next`], but waits up to `timeout`.
    pub fn wait(&self, timeout: Duration) -> Option<Batch> {
        self.ready.recv_timeout(timeout).ok()
    }

    /// How the source goes, if that is new. A source reports that it is over behind its last
    /// batch: whoever reads this before the batches has them all when there is none left.
    pub fn status(&self) -> Option<Status> {
        self.status.try_recv().ok()
    }

    /// Whether the other end is gone, and nothing of it is left to read.
    pub fn is_closed(&self) -> bool {
        self.outlet.strong_count() == 0 && self.ready.is_empty() && self.status.is_empty()
    }

    /// Returns a batch whose buffers can be used again.
    pub fn give_back(&self, mut batch: Batch) {
        batch.clear();
        // Full or gone: then it is simply freed.
        let _ = self.emptied.try_send(batch);
    }
}

#[cfg(test)]
mod tests;
