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
use super::report::Status;
use crate::ingest::Batch;
use crate::metric::{CdTime, Span};
use crossbeam_channel::{Receiver, SendTimeoutError, Sender, TrySendError, bounded};
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// From here on a batch is whole and nothing is joined to it: 512 KiB, counted in words of eight
/// bytes. About 16,000 value lists of one value, a few milliseconds of the store's time.
pub const BATCH_WORDS: usize = 1 << 16;
/// The backlog: 128 MiB in words of eight bytes, taken only while it is needed. With the values
/// usual for collectd, 30 bytes each here, the other thread may stand still for three seconds at
/// 1.5 million values a second, and for 40 at 100,000, before anything is lost.
pub const BACKLOG_WORDS_MAX: usize = 1 << 24;
/// Batches the channel holds at most, whatever the caller asks for: 32 MiB.
pub const CHANNEL_BATCHES_MAX: usize = 64;

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
}

/// The consuming end. Dropping it makes the outlet throw away what it is offered.
#[derive(Clone, Debug)]
pub struct Intake {
    ready: Receiver<Batch>,
    emptied: Sender<Batch>,
    status: Receiver<Status>,
}

impl Outlet {
    /// A channel of `capacity` batches, 1 to [`CHANNEL_BATCHES_MAX`]. `wake` is called on the
    /// producing thread whenever there is something new to drain.
    pub fn new(capacity: usize, wake: Box<dyn Fn() + Send>) -> (Self, Intake) {
        Self::with_backlog(capacity, BACKLOG_WORDS_MAX, wake)
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
        let intake =
            Intake { ready: ready_out, emptied: emptied_in, status: status_unread.clone() };
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
        };
        (outlet, intake)
    }

    /// Tells how reception stands, instead of what was told and not yet read. Never blocks.
    pub fn tell(&self, status: Status) {
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

    /// How reception stands, if that is new.
    pub fn status(&self) -> Option<Status> {
        self.status.try_recv().ok()
    }

    /// Returns a batch whose buffers can be used again.
    pub fn give_back(&self, mut batch: Batch) {
        batch.clear();
        // Full or gone: then it is simply freed.
        let _ = self.emptied.try_send(batch);
    }
}

#[cfg(test)]
mod tests {
    use super::super::join::NOTIFICATION_WORDS;
    use super::*;
    use crate::ingest::{
        Announced, ListId, NOTIFICATIONS_PER_BATCH_MAX, Row, SENDERS_PER_BATCH_MAX, SenderDelta,
    };
    use crate::metric::{DsType, Identifier, Interval, Notification, Severity};
    use crate::wire::Trust;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn quiet() -> Box<dyn Fn() + Send> {
        Box::new(|| {})
    }

    /// One row of one value on each of `lists`; the value is the list's number.
    fn rows(lists: std::ops::Range<u32>) -> Batch {
        let row = |list| Row {
            list: ListId(list),
            time: CdTime::from_secs(1),
            interval: Interval::ZERO,
            values_count: 1,
            trust: Trust::Plain,
        };
        Batch {
            rows: lists.clone().map(row).collect(),
            values: lists.map(u64::from).collect(),
            ..Batch::default()
        }
    }

    fn announced(list: u32) -> Announced {
        Announced {
            list: ListId(list),
            identifier: Identifier::new("h", "p", "", "gauge", ""),
            kinds: [DsType::Gauge].into(),
        }
    }

    fn notification() -> Notification {
        Notification {
            identifier: Identifier::default(),
            time: CdTime::from_secs(1),
            severity: Severity::Okay,
            message: "m".into(),
        }
    }

    fn sender(number: u16) -> SenderDelta {
        let mut delta = SenderDelta::new(SocketAddr::from((Ipv4Addr::LOCALHOST, number)));
        delta.datagrams = 1;
        delta
    }

    fn drain(outlet: &mut Outlet, intake: &Intake) -> Vec<Batch> {
        let mut batches = Vec::new();
        while let Some(batch) = intake.next() {
            batches.push(batch);
            outlet.flush();
        }
        batches
    }

    #[test]
    fn a_full_backlog_keeps_the_newest_and_counts_exactly_what_was_lost() {
        let (mut outlet, intake) = Outlet::with_backlog(2, 3 * BATCH_WORDS, quiet());
        for turn in 0..1_000u32 {
            outlet.offer(rows(turn * 1_000..(turn + 1) * 1_000));
        }
        let batches = drain(&mut outlet, &intake);
        let got: Vec<u64> = batches.iter().flat_map(|batch| batch.values.clone()).collect();
        let lost: u64 = batches.iter().map(|batch| batch.dropped_values).sum();
        assert!(lost > 0);
        assert_eq!(got.len() as u64 + lost, 1_000_000);
        assert_eq!(got.last(), Some(&999_999));
        assert!(got.is_sorted());
    }

    #[test]
    fn the_backlog_never_grows_past_its_limit_and_one_batch() {
        let (mut outlet, _intake) = Outlet::with_backlog(1, 3 * BATCH_WORDS, quiet());
        for _ in 0..500 {
            let notifications = vec![notification(); 100];
            outlet.offer(Batch { notifications, ..rows(0..1_000) });
            let held: usize = outlet.backlog.iter().map(words).sum();
            assert_eq!(held, outlet.backlog_words);
            let most = NOTIFICATIONS_PER_BATCH_MAX * NOTIFICATION_WORDS + 2 * BATCH_WORDS;
            assert!(held <= most, "{held} words");
        }
    }

    #[test]
    fn every_list_is_announced_before_its_first_row_whatever_is_lost() {
        let (mut outlet, intake) = Outlet::with_backlog(1, BATCH_WORDS, quiet());
        for list in 0..5_000 {
            let announced = vec![announced(list)];
            outlet.offer(Batch { announced, ..rows(list..list + 1) });
            outlet.offer(rows(0..list.min(50)));
        }
        let (mut known, mut lost) = (0, 0);
        for batch in drain(&mut outlet, &intake) {
            for list in &batch.announced {
                assert_eq!(list.list.0, known);
                known += 1;
            }
            assert!(batch.rows.iter().all(|row| row.list.0 < known));
            lost += batch.dropped_values;
        }
        assert!(known == 5_000 && lost > 0, "{known} known, {lost} lost");
    }

    #[test]
    fn counts_survive_when_their_batch_is_dropped() {
        let (mut outlet, intake) = Outlet::with_backlog(1, BATCH_WORDS, quiet());
        for _ in 0..100 {
            let senders = vec![sender(1), sender(2)];
            let notifications = vec![notification()];
            let drops = Batch { kernel_drops: 3, refused_lists: 2, ..rows(0..5_000) };
            outlet.offer(Batch { senders, notifications, ..drops });
        }
        let batches = drain(&mut outlet, &intake);
        assert!(batches.iter().any(|batch| batch.dropped_values > 0));
        let sum = |of: fn(&Batch) -> u64| batches.iter().map(of).sum::<u64>();
        assert_eq!(sum(|batch| batch.kernel_drops), 300);
        assert_eq!(sum(|batch| batch.refused_lists), 200);
        assert_eq!(sum(|batch| batch.notifications.len() as u64), 100);
        assert_eq!(sum(|batch| batch.senders.iter().map(|delta| delta.datagrams).sum()), 200);
    }

    #[test]
    fn senders_and_notifications_of_a_joined_batch_stay_within_the_limits_of_one() {
        let (mut outlet, intake) = Outlet::new(1, quiet());
        outlet.offer(rows(0..1));
        for number in 0..=u16::MAX {
            outlet.offer(Batch { senders: vec![sender(number)], ..Batch::default() });
        }
        for _ in 0..=NOTIFICATIONS_PER_BATCH_MAX {
            outlet.offer(Batch { notifications: vec![notification()], ..Batch::default() });
        }
        let batches = drain(&mut outlet, &intake);
        assert!(batches.iter().all(|batch| batch.senders.len() <= SENDERS_PER_BATCH_MAX + 1));
        let datagrams: u64 =
            batches.iter().flat_map(|batch| &batch.senders).map(|delta| delta.datagrams).sum();
        assert_eq!(datagrams, 65_536);
        let most = batches.iter().map(|batch| batch.notifications.len()).max();
        assert!(most <= Some(NOTIFICATIONS_PER_BATCH_MAX));
        let told: u64 = batches
            .iter()
            .map(|batch| batch.notifications.len() as u64 + batch.dropped_notifications)
            .sum();
        assert_eq!(told, NOTIFICATIONS_PER_BATCH_MAX as u64 + 1);
    }

    #[test]
    fn of_what_is_told_of_reception_the_newest_waits() {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake = Box::new(move || _ = count.fetch_add(1, Ordering::Relaxed));
        let (outlet, intake) = Outlet::new(1, wake);
        assert_eq!(intake.status(), None);
        let status = |users: &'static str| {
            let auth = super::super::auth::AuthReport { trouble: Some(users), lines: Vec::new() };
            Status { reports: Vec::new(), auth: Some(auth) }
        };
        for trouble in ["first", "second", "third"] {
            outlet.tell(status(trouble));
        }
        assert_eq!(intake.status(), Some(status("third")));
        assert_eq!((intake.status(), woken.load(Ordering::Relaxed)), (None, 3));
        drop(intake);
        outlet.tell(status("nobody reads"));
    }

    #[test]
    fn the_other_side_is_woken_once_per_drain() {
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        let count = move || {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let (mut outlet, intake) = Outlet::new(8, Box::new(count));
        for _ in 0..100 {
            outlet.offer(rows(0..10));
        }
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        assert_eq!(intake.next().map(|batch| batch.rows.len()), Some(10));
        outlet.flush();
        assert_eq!(woken.load(Ordering::Relaxed), 2);
        assert_eq!(intake.next().map(|batch| batch.rows.len()), Some(990));
        assert!(!outlet.is_waiting());
    }

    #[test]
    fn a_batch_is_due_when_it_is_whole_or_the_other_side_has_nothing_to_do() {
        let (mut outlet, intake) = Outlet::new(1, quiet());
        let many = u32::try_from(BATCH_WORDS).unwrap();
        let (small, whole) = (rows(0..10), rows(0..many / 4));
        assert!(outlet.is_due(&small) && outlet.is_due(&whole));
        outlet.offer(rows(0..10));
        assert!(!outlet.is_due(&small) && outlet.is_due(&whole));
        outlet.offer(rows(0..many));
        assert!(intake.next().is_some());
        assert!(!outlet.is_due(&small), "something older waits in the backlog");
        outlet.flush();
        assert!(intake.next().is_some());
        assert!(outlet.is_due(&small));
    }

    #[test]
    fn what_uses_numbers_again_is_not_joined_to_what_waits() {
        let (mut outlet, intake) = Outlet::new(1, quiet());
        for renumbers in [false, false, true, false] {
            outlet.offer(Batch { renumbers, ..rows(0..10) });
        }
        let mut taken = Vec::new();
        while let Some(batch) = intake.next() {
            taken.push((batch.rows.len(), batch.renumbers));
            outlet.flush_all();
        }
        assert_eq!(taken, [(10, false), (10, false), (20, true)]);
    }

    #[test]
    fn what_came_before_the_source_was_quiet_is_taken_in_one_drain() {
        let (mut outlet, intake) = Outlet::new(2, quiet());
        for _ in 0..3 {
            outlet.offer(rows(0..10));
        }
        outlet.flush();
        assert!(outlet.is_waiting());
        outlet.flush_all();
        assert!(!outlet.is_waiting());
        // The channel is full: what comes now waits, quiet or not.
        outlet.offer(rows(0..5));
        outlet.flush_all();
        assert!(outlet.is_waiting());
        let taken: Vec<_> = std::iter::from_fn(|| intake.next().map(|b| b.rows.len())).collect();
        assert_eq!(taken, [10, 20]);
    }

    #[test]
    fn a_batch_given_back_comes_round_emptied() {
        let (mut outlet, intake) = Outlet::new(1, quiet());
        outlet.offer(rows(0..10));
        intake.give_back(intake.next().unwrap());
        let again = outlet.recycled().unwrap();
        assert!(again.rows.is_empty() && again.rows.capacity() >= 10);
    }

    #[test]
    fn a_source_that_can_wait_loses_nothing() {
        let (outlet, intake) = Outlet::new(2, quiet());
        let producer = std::thread::Builder::new().spawn(move || {
            for turn in 0..1_000u32 {
                let mut waiting = Some(rows(turn * 100..(turn + 1) * 100));
                while let Some(batch) = waiting.take() {
                    waiting = outlet.deliver(batch, Duration::from_secs(9));
                }
            }
        });
        let mut values = Vec::new();
        while let Some(batch) = intake.wait(Duration::from_secs(9)) {
            assert_eq!(batch.dropped_values, 0);
            values.extend(batch.values);
        }
        producer.unwrap().join().unwrap();
        assert_eq!(values, (0..100_000).collect::<Vec<u64>>());
    }

    #[test]
    fn a_batch_that_finds_no_room_in_time_is_given_back() {
        let (outlet, intake) = Outlet::new(1, quiet());
        assert!(outlet.deliver(rows(0..1), Duration::ZERO).is_none());
        let back = outlet.deliver(rows(0..7), Duration::from_millis(1)).unwrap();
        assert_eq!(back.rows.len(), 7);
        drop(intake);
        assert!(outlet.deliver(back, Duration::from_secs(9)).is_none());
    }

    #[test]
    fn an_outlet_nobody_reads_from_any_more_holds_nothing() {
        let (mut outlet, intake) = Outlet::new(1, quiet());
        drop(intake);
        outlet.offer(rows(0..10));
        assert!(!outlet.is_waiting());
    }
}
