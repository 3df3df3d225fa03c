//! Notifications: the newest ones, each kept once, however often it was received.
//!
//! Kept in order of arrival and evicted in that order, so that a sender with a wrong clock can
//! neither hide those of others nor stay for ever. Knows nothing of severity's colours or of who
//! has read what: `now` is a parameter.

use super::cost::allocated;
use crate::metric::{CdTime, Notification, Severity};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::hash::BuildHasher;

/// Notifications we keep, oldest out first. 10,000 x ~400 B = 4 MiB; a sender that shouts cannot
/// push the samples out of memory.
pub const NOTIFICATIONS_MAX: usize = 10_000;

/// A notification and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The notification itself.
    pub notification: Notification,
    /// Its number in order of arrival, from 0; never reused.
    pub number: u64,
    /// When that was, by our clock: its time, but for a host whose clock is wrong.
    pub placed: CdTime,
    /// When it was first absorbed, by our clock.
    pub arrival: CdTime,
    /// How often it was received: more than once by two groups, two interfaces or a relay.
    pub received: u64,
}

/// A count for each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Severities {
    /// Of [`Severity::Failure`].
    pub failures: u64,
    /// Of [`Severity::Warning`].
    pub warnings: u64,
    /// Of [`Severity::Okay`].
    pub okays: u64,
}

/// The notifications kept; see [`super::Store::notifications`].
#[derive(Debug, Default)]
pub struct Notifications {
    kept: VecDeque<Noted>,
    hasher: RandomState,
    /// Numbers by notification.
    table: HashTable<u64>,
    bytes: usize,
    next: u64,
    counts: Severities,
    duplicates: u64,
    revision: u64,
}

impl Severities {
    /// The count of one severity.
    pub const fn of(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Failure => self.failures,
            Severity::Warning => self.warnings,
            Severity::Okay => self.okays,
        }
    }

    /// Of all three.
    pub const fn total(&self) -> u64 {
        self.failures + self.warnings + self.okays
    }

    /// The worst that was counted.
    pub fn worst(&self) -> Option<Severity> {
        [Severity::Failure, Severity::Warning, Severity::Okay]
            .into_iter()
            .find(|&severity| self.of(severity) > 0)
    }

    /// Counts one more.
    pub const fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Failure => self.failures += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Okay => self.okays += 1,
        }
    }

    /// What came since `earlier`.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            failures: self.failures.saturating_sub(earlier.failures),
            warnings: self.warnings.saturating_sub(earlier.warnings),
            okays: self.okays.saturating_sub(earlier.okays),
        }
    }
}

impl Notifications {
    /// The notifications kept, in order of arrival, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Noted> + ExactSizeIterator {
        self.kept.iter()
    }

    /// The one with this number, while it is kept.
    pub fn get(&self, number: u64) -> Option<&Noted> {
        let first = self.kept.front()?.number;
        self.kept.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// None is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// All that were ever kept, each counted once.
    pub const fn counts(&self) -> Severities {
        self.counts
    }

    /// How often one was received that was already there.
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Changes with every one that is added or evicted.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Bytes held.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps `notification`, or counts it where it is kept already; evicts the oldest until
    /// there are at most [`NOTIFICATIONS_MAX`] of at most `bytes_max`.
    pub(super) fn add(
        &mut self,
        notification: &Notification,
        placed: CdTime,
        now: CdTime,
        bytes_max: usize,
    ) {
        let hash = self.hasher.hash_one(notification);
        let first = self.kept.front().map_or(self.next, |noted| noted.number);
        let (table, kept) = (&self.table, &mut self.kept);
        let place = |number: u64| usize::try_from(number.saturating_sub(first)).ok();
        let same = |&number: &u64| {
            let noted = place(number).and_then(|place| kept.get(place));
            noted.is_some_and(|noted| noted.notification == *notification)
        };
        let known = table.find(hash, same).copied().and_then(place);
        if let Some(noted) = known.and_then(|place| kept.get_mut(place)) {
            noted.received += 1;
            self.duplicates += 1;
            return;
        }
        let number = self.next;
        self.next += 1;
        self.revision += 1;
        self.counts.add(notification.severity);
        self.bytes += bytes_of(notification);
        let notification = notification.clone();
        let noted = Noted { notification, number, placed, arrival: now, received: 1 };
        self.kept.push_back(noted);
        let (kept, hasher) = (&self.kept, &self.hasher);
        self.table.insert_unique(hash, number, |&number| {
            let noted = place(number).and_then(|place| kept.get(place));
            noted.map_or(0, |noted| hasher.hash_one(&noted.notification))
        });
        while self.kept.len() > NOTIFICATIONS_MAX || self.bytes > bytes_max {
            self.evict_oldest();
        }
    }

    fn evict_oldest(&mut self) {
        let Some(oldest) = self.kept.pop_front() else {
            self.bytes = 0;
            return;
        };
        self.bytes = self.bytes.saturating_sub(bytes_of(&oldest.notification));
        let hash = self.hasher.hash_one(&oldest.notification);
        if let Ok(entry) = self.table.find_entry(hash, |&number| number == oldest.number) {
            entry.remove();
        }
    }
}

/// With its place among the others, its entry in the table, and six allocations.
fn bytes_of(notification: &Notification) -> usize {
    let text = notification.identifier.name_bytes() + notification.message.len();
    2 * (size_of::<Noted>() + size_of::<u64>()) + text + 6 * allocated(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Identifier;
    use proptest::collection::vec;

    const NOW: CdTime = CdTime::from_secs(1_800_000_000);

    fn said(host: u8, secs: u64, severity: Severity, message: &str) -> Notification {
        Notification {
            identifier: Identifier::new(&format!("h{host}"), "p", "", "t", ""),
            time: CdTime::from_secs(secs),
            severity,
            message: message.into(),
        }
    }

    fn add(notifications: &mut Notifications, notification: &Notification) {
        notifications.add(notification, NOW, NOW, 1 << 20);
    }

    #[test]
    fn what_is_received_twice_is_kept_once_and_counted() {
        let mut notifications = Notifications::default();
        for _ in 0..3 {
            add(&mut notifications, &said(1, 5, Severity::Failure, "disk full"));
        }
        assert_eq!((notifications.len(), notifications.duplicates()), (1, 2));
        assert_eq!(notifications.get(0).unwrap().received, 3);
        assert_eq!(notifications.counts(), Severities { failures: 1, ..Severities::default() });
    }

    #[test]
    fn another_host_time_severity_or_message_is_another_notification() {
        let mut notifications = Notifications::default();
        for other in [
            said(1, 5, Severity::Failure, "disk full"),
            said(2, 5, Severity::Failure, "disk full"),
            said(1, 6, Severity::Failure, "disk full"),
            said(1, 5, Severity::Okay, "disk full"),
            said(1, 5, Severity::Failure, "disk fuller"),
        ] {
            add(&mut notifications, &other);
        }
        assert_eq!((notifications.len(), notifications.duplicates()), (5, 0));
        assert_eq!(notifications.counts().since(&Severities::default()).total(), 5);
    }

    #[test]
    fn a_clock_that_is_wrong_does_not_keep_its_notification_for_ever() {
        let mut notifications = Notifications::default();
        add(&mut notifications, &said(1, u64::from(u32::MAX), Severity::Failure, "from 2106"));
        for n in 0..NOTIFICATIONS_MAX as u64 {
            notifications.add(&said(2, n, Severity::Okay, "x"), NOW, NOW, usize::MAX);
        }
        assert_eq!(notifications.len(), NOTIFICATIONS_MAX);
        assert!(notifications.iter().all(|noted| &*noted.notification.message == "x"));
        assert_eq!((notifications.get(0), notifications.counts().failures), (None, 1));
    }

    #[test]
    fn long_messages_are_bounded_by_their_bytes() {
        let mut notifications = Notifications::default();
        let long = "x".repeat(200);
        for n in 0..1_000 {
            notifications.add(&said(1, n, Severity::Warning, &long), NOW, NOW, 50_000);
            assert!(notifications.bytes() <= 50_000);
        }
        let newest = notifications.iter().next_back().unwrap();
        assert_eq!(newest.notification.time, CdTime::from_secs(999));
        assert!((50..200).contains(&notifications.len()), "{}", notifications.len());
        notifications.add(&said(1, 0, Severity::Warning, &long), NOW, NOW, 10);
        assert!(notifications.is_empty() && notifications.table.is_empty());
        assert_eq!(notifications.bytes(), 0);
    }

    proptest::proptest! {
        /// Against a list that is searched from end to end.
        #[test]
        fn the_table_finds_what_a_search_finds(
            sent in vec((0..3_u8, 0..3_u64, 0..2_u8), 0..200),
            kept_max in 1..20_usize,
        ) {
            let one = bytes_of(&said(0, 0, Severity::Okay, "0"));
            let mut notifications = Notifications::default();
            let mut slow: VecDeque<(Notification, u64)> = VecDeque::new();
            for (host, secs, message) in sent {
                let sent = said(host, secs, Severity::Okay, &message.to_string());
                notifications.add(&sent, NOW, NOW, kept_max * one);
                if let Some(known) = slow.iter_mut().find(|(known, _)| *known == sent) {
                    known.1 += 1;
                } else {
                    slow.push_back((sent, 1));
                    if slow.len() > kept_max {
                        slow.pop_front();
                    }
                }
            }
            let kept: Vec<_> = notifications.iter().cloned().collect();
            let fast = kept.iter().map(|noted| (noted.notification.clone(), noted.received));
            proptest::prop_assert!(fast.eq(slow));
            let found = |noted: &Noted| notifications.get(noted.number) == Some(noted);
            proptest::prop_assert!(kept.iter().all(found));
            proptest::prop_assert_eq!(notifications.table.len(), kept.len());
        }
    }
}
