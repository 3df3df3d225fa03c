//! Health: what went well and what did not, in total and per sender.
//!
//! Counters only grow; rates are made by whoever compares two readings. Every map is bounded:
//! what does not fit is counted under "others".

use crate::ingest::{Batch, FaultReport, OTHER_USERS, SenderDelta};
use crate::metric::CdTime;
use crate::wire::Protection;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;

/// Senders counted one by one; the rest is counted together. 4,096 x ~150 B = 0.6 MiB.
pub const SENDERS_MAX: usize = 4_096;
/// Newest faults kept in full, oldest out first; all are counted.
pub const FAULTS_MAX: usize = 256;
/// Unknown type names kept; 256 x at most 127 B. Enough to see which types.db is missing.
pub const UNKNOWN_TYPES_MAX: usize = 256;
/// Hosts with conflicting values kept; as many as anyone will look after.
pub const CONFLICTS_MAX: usize = 64;
/// Users of signed or encrypted parts counted one by one; the rest is counted together.
pub const PROTECTED_MAX: usize = 256;

/// Counters since the start; see [`super::Store::health`].
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Of all senders and sources.
    pub totals: Totals,
    /// At most [`SENDERS_MAX`].
    pub senders: BTreeMap<SocketAddr, SenderHealth>,
    /// All senders that did not fit, together.
    pub other_senders: SenderHealth,
    /// The newest faults, oldest first; at most [`FAULTS_MAX`].
    pub faults: VecDeque<FaultReport>,
    /// Types that types.db does not know (or knows with another number of data sources), and how
    /// many identifiers use them; at most [`UNKNOWN_TYPES_MAX`] names.
    pub unknown_types: BTreeMap<Box<str>, u64>,
    /// Identifiers of unknown types whose type did not fit above.
    pub other_unknown_types: u64,
    /// Hosts that said two things about one moment; at most [`CONFLICTS_MAX`]. Two machines have one
    /// name, or two senders write one series.
    pub conflicts: BTreeMap<Arc<str>, Conflict>,
    /// Signed and encrypted parts by user; at most [`PROTECTED_MAX`], then
    /// [`crate::ingest::OTHER_USERS`].
    pub protected: Vec<ProtectedCount>,
}

/// Signed or encrypted parts of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedCount {
    /// Signed or encrypted.
    pub protection: Protection,
    /// The user the parts name; as received, see [`crate::metric::display_safe`].
    pub user: Box<str>,
    /// How many.
    pub count: u64,
}

/// What a host said twice, and not the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conflict {
    /// Values that were not kept.
    pub values: u64,
    /// When the newest of them was absorbed, by our clock.
    pub last_seen: CdTime,
}

/// Counters of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Datagrams received.
    pub datagrams: u64,
    /// Their payload.
    pub bytes: u64,
    /// Value lists in them.
    pub lists: u64,
    /// Values in them.
    pub values: u64,
    /// Notifications taken.
    pub notifications: u64,
    /// Faults found.
    pub faults: u64,
    /// Signed or encrypted parts that were not read.
    pub protected: u64,
    /// Values that became samples.
    pub stored_values: u64,
    /// Values earlier than the newest of their series (kept or not).
    pub late_values: u64,
    /// Late values that were not kept: earlier than the open block.
    pub late_dropped_values: u64,
    /// Values that were there already, at the same time: heard twice, kept once.
    pub duplicate_values: u64,
    /// Values at a time for which their series had another one; not kept.
    pub conflicting_values: u64,
    /// Values too far ahead of our clock; not kept.
    pub future_values: u64,
    /// Values lost because the channel was full.
    pub dropped_values: u64,
    /// Datagrams the kernel threw away because the receive buffer was full.
    pub kernel_drops: u64,
    /// Notifications lost because a batch was full.
    pub dropped_notifications: u64,
    /// Value lists not taken because too many names were known.
    pub refused_lists: u64,
    /// Samples given up for newer ones.
    pub evicted_samples: u64,
}

/// Counters of one sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderHealth {
    /// Datagrams received.
    pub datagrams: u64,
    /// Their payload.
    pub bytes: u64,
    /// Value lists in them.
    pub lists: u64,
    /// Values in them.
    pub values: u64,
    /// Faults in them.
    pub faults: u64,
    /// Signed or encrypted parts in them that were not read.
    pub protected: u64,
    /// The newest arrival.
    pub last_seen: CdTime,
}

/// What a kept sender, fault, unknown type or user costs, with the nodes of the trees.
const SENDER_BYTES: usize = 2 * (size_of::<SocketAddr>() + size_of::<SenderHealth>());
const FAULT_BYTES: usize = size_of::<FaultReport>();
const NAME_BYTES: usize = 2 * 64 + 127;

impl Health {
    /// Adds what a batch counted.
    pub(super) fn absorb(&mut self, batch: &Batch) {
        let totals = &mut self.totals;
        totals.notifications += batch.notifications.len() as u64;
        totals.dropped_values += batch.dropped_values;
        totals.dropped_notifications += batch.dropped_notifications;
        totals.kernel_drops += batch.kernel_drops;
        totals.refused_lists += batch.refused_lists;
        for delta in &batch.senders {
            self.absorb_sender(delta);
        }
        for fault in &batch.faults {
            if self.faults.len() >= FAULTS_MAX {
                self.faults.pop_front();
            }
            self.faults.push_back(fault.clone());
        }
    }

    fn absorb_sender(&mut self, delta: &SenderDelta) {
        let protected: u64 = delta.protected.iter().map(|(.., count)| count).sum();
        self.totals.datagrams += delta.datagrams;
        self.totals.bytes += delta.bytes;
        self.totals.lists += delta.lists;
        self.totals.values += delta.values;
        self.totals.faults += delta.faults;
        self.totals.protected += protected;
        let full = self.senders.len() >= SENDERS_MAX && !self.senders.contains_key(&delta.sender);
        let others = full || delta.sender == crate::ingest::OTHER_SENDERS;
        let sender = if others {
            &mut self.other_senders
        } else {
            self.senders.entry(delta.sender).or_default()
        };
        sender.datagrams += delta.datagrams;
        sender.bytes += delta.bytes;
        sender.lists += delta.lists;
        sender.values += delta.values;
        sender.faults += delta.faults;
        sender.protected += protected;
        sender.last_seen = sender.last_seen.max(delta.last_seen);
        for (protection, user, count) in &delta.protected {
            self.count_protected(*protection, user, *count);
        }
    }

    fn count_protected(&mut self, protection: Protection, user: &str, count: u64) {
        let at = |list: &[ProtectedCount], user: &str| {
            list.iter().position(|known| known.protection == protection && *known.user == *user)
        };
        let full = self.protected.len() >= PROTECTED_MAX && at(&self.protected, user).is_none();
        let user = if full { OTHER_USERS } else { user };
        match at(&self.protected, user).and_then(|position| self.protected.get_mut(position)) {
            Some(known) => known.count += count,
            None => {
                self.protected.push(ProtectedCount { protection, user: user.into(), count });
            }
        }
    }

    /// Counts values of `host` that contradict those that are kept.
    pub(super) fn conflict(&mut self, host: &Arc<str>, values: u64, now: CdTime) {
        self.totals.conflicting_values += values;
        if self.conflicts.len() >= CONFLICTS_MAX && !self.conflicts.contains_key(host) {
            return;
        }
        let conflict = self.conflicts.entry(Arc::clone(host)).or_default();
        conflict.values += values;
        conflict.last_seen = conflict.last_seen.max(now);
    }

    /// Counts an identifier whose type types.db does not explain.
    pub(super) fn unknown_type(&mut self, type_: &str) {
        if let Some(count) = self.unknown_types.get_mut(type_) {
            *count += 1;
        } else if self.unknown_types.len() < UNKNOWN_TYPES_MAX {
            self.unknown_types.insert(type_.into(), 1);
        } else {
            self.other_unknown_types += 1;
        }
    }

    /// Bytes held, rounded up.
    pub(super) fn bytes(&self) -> usize {
        self.senders.len() * SENDER_BYTES
            + self.faults.capacity() * FAULT_BYTES
            + (self.unknown_types.len() + self.protected.len() + self.conflicts.len()) * NAME_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::OTHER_SENDERS;

    fn sent(senders: impl IntoIterator<Item = SenderDelta>) -> Batch {
        Batch { senders: senders.into_iter().collect(), ..Batch::default() }
    }

    fn from(number: u32) -> SenderDelta {
        let ip = std::net::Ipv4Addr::from(0x0a00_0000 + number);
        SenderDelta { datagrams: 1, bytes: 100, ..SenderDelta::new((ip, 25_826).into()) }
    }

    #[test]
    fn senders_past_the_bound_are_counted_together() {
        let mut health = Health::default();
        health.absorb(&sent((0..5_000).map(from)));
        health.absorb(&sent([
            from(0),
            SenderDelta { datagrams: 7, ..SenderDelta::new(OTHER_SENDERS) },
        ]));
        assert_eq!(health.senders.len(), SENDERS_MAX);
        assert_eq!(health.senders[&from(0).sender].datagrams, 2);
        assert_eq!(health.other_senders.datagrams, 5_000 - 4_096 + 7);
        assert_eq!(health.totals.datagrams, 5_008);
    }

    #[test]
    fn users_past_the_bound_are_counted_together() {
        let mut health = Health::default();
        for number in 0..300 {
            let protected = vec![(Protection::Signed, format!("user{number}").into(), 1)];
            health.absorb(&sent([SenderDelta { protected, ..from(0) }]));
        }
        assert_eq!(health.protected.len(), PROTECTED_MAX + 1);
        let others = health.protected.last().unwrap();
        assert_eq!((&*others.user, others.count), (OTHER_USERS, 44));
        assert_eq!(health.senders[&from(0).sender].protected, 300);
    }

    #[test]
    fn hosts_with_conflicts_past_the_bound_are_counted_in_the_total_only() {
        let mut health = Health::default();
        for number in 0..2 * CONFLICTS_MAX as u64 {
            let host: Arc<str> = format!("h{number:03}").into();
            health.conflict(&host, 2, CdTime::from_secs(number));
        }
        health.conflict(&"h000".into(), 1, CdTime::from_secs(500));
        assert_eq!(health.conflicts.len(), CONFLICTS_MAX);
        let first = Conflict { values: 3, last_seen: CdTime::from_secs(500) };
        assert_eq!(health.conflicts["h000"], first);
        assert_eq!(health.totals.conflicting_values, 4 * CONFLICTS_MAX as u64 + 1);
    }

    #[test]
    fn unknown_types_past_the_bound_are_counted_together() {
        let mut health = Health::default();
        for number in 0..300 {
            health.unknown_type(&format!("type{number}"));
            health.unknown_type("type0");
        }
        assert_eq!(health.unknown_types.len(), UNKNOWN_TYPES_MAX);
        assert_eq!((health.unknown_types["type0"], health.other_unknown_types), (301, 44));
    }
}
