//! Batches: what a receiver thread hands over, and how decoded datagrams become one.
//!
//! [`Ingest`] lives on the receiver thread. It gives each *shape* (identifier and the DS types
//! that came with it) a dense [`ListId`], announced once, so that a sample crosses the channel as
//! a few words. A [`Batch`] is columnar and reused. Knows nothing of sockets, clocks or screens.

mod batch;

pub(crate) use batch::count_user;
pub use batch::{Announced, Batch, FaultReport, ListId, Row, SenderDelta};

use crate::metric::{CdTime, DsType, Identifier, Names, Notification};
use crate::wire::{self, Event, Protected};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

/// Faults a batch carries in full.
pub const FAULTS_PER_BATCH_MAX: usize = 64;
/// Lists one source may name. With names of usual length a million takes about 100 MiB here and
/// more than the default budget in the store: past this the names are invented.
pub const LISTS_MAX: usize = 1_000_000;
/// Bytes of names one source may keep, so that a million names of 127 bytes each cannot take
/// 635 MB; the usual list needs about 60.
pub const NAME_BYTES_MAX: usize = 128 << 20;
/// Senders a batch tells apart, as forged addresses are free; the rest is [`OTHER_SENDERS`].
pub const SENDERS_PER_BATCH_MAX: usize = 1_024;
/// Users of signed or encrypted parts told apart per sender and batch; then [`OTHER_USERS`].
pub const USERS_PER_SENDER_MAX: usize = 16;
/// Values a batch holds, 8 MiB: a source that does not hand its batches over loses what comes
/// later, counted in [`Batch::dropped_values`].
pub const VALUES_PER_BATCH_MAX: usize = 1 << 20;
/// Notifications a batch holds, about 4 MiB; what comes later is counted in
/// [`Batch::dropped_notifications`].
pub const NOTIFICATIONS_PER_BATCH_MAX: usize = 10_000;
/// Stands for the users that did not fit into a bounded list.
pub const OTHER_USERS: &str = "(other users)";
/// Stands for the senders that did not fit into a batch: no datagram comes from port 0.
pub const OTHER_SENDERS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// Turns datagrams into batches, on the receiver's thread.
///
/// Names are kept once, in one arena; a value list that is known costs no allocation. Successive
/// datagrams name the same lists in the same order, so the list that followed last time is
/// compared first and the hash table asked only when that guess fails. The hash is keyed per
/// process, as the names come from strangers.
#[derive(Debug)]
pub struct Ingest {
    hasher: RandomState,
    table: HashTable<u32>,
    /// The keys, one after another.
    keys: Vec<u8>,
    lists: Vec<KnownList>,
    /// The list of the previous row.
    previous: Option<u32>,
    /// The key being looked up.
    scratch: Vec<u8>,
    batch: Batch,
    slots: HashMap<SocketAddr, usize, RandomState>,
    lists_max: usize,
    name_bytes_max: usize,
}

#[derive(Clone, Copy, Debug)]
struct KnownList {
    key_start: u32,
    key_end: u32,
    /// Which list came after this one last time; itself when nothing has.
    follower: u32,
}

impl Default for Ingest {
    fn default() -> Self {
        Self::new()
    }
}

impl Ingest {
    /// Knows nothing; will name at most [`LISTS_MAX`] lists.
    pub fn new() -> Self {
        Self::with_lists_max(LISTS_MAX)
    }

    /// Knows nothing; will name at most `lists_max` lists (and never more than [`LISTS_MAX`]).
    pub fn with_lists_max(lists_max: usize) -> Self {
        Self {
            hasher: RandomState::default(),
            table: HashTable::new(),
            keys: Vec::new(),
            lists: Vec::new(),
            previous: None,
            scratch: Vec::new(),
            batch: Batch::default(),
            slots: HashMap::default(),
            lists_max: lists_max.min(LISTS_MAX),
            name_bytes_max: NAME_BYTES_MAX,
        }
    }

    /// Takes in one datagram as it was received.
    pub fn datagram(&mut self, bytes: &[u8], sender: SocketAddr, arrival: CdTime) {
        let slot = self.slot(sender);
        self.batch.arrival = self.batch.arrival.max(arrival);
        if let Some(delta) = self.batch.senders.get_mut(slot) {
            delta.datagrams += 1;
            delta.bytes += bytes.len() as u64;
            delta.last_seen = delta.last_seen.max(arrival);
        }
        wire::decode(bytes, &mut |event| match event {
            Event::Values(list) => self.value_list(slot, &list),
            Event::Notification(notification) => self.notification(&notification),
            Event::Protected(part) => self.protected(slot, &part),
            Event::Fault(fault) => self.fault(slot, FaultReport { sender, arrival, fault }),
        });
    }

    /// Whether there is nothing to hand over.
    pub fn is_empty(&self) -> bool {
        let batch = &self.batch;
        batch.senders.is_empty() && batch.dropped_values == 0 && batch.kernel_drops == 0
    }

    /// Hands over what came since the last time. `recycled` is emptied and filled next.
    pub fn take(&mut self, recycled: Option<Batch>) -> Batch {
        let mut next = recycled.unwrap_or_default();
        next.clear();
        self.slots.clear();
        std::mem::replace(&mut self.batch, next)
    }

    fn value_list(&mut self, slot: usize, list: &wire::ValueList<'_>) {
        let count = list.values.len();
        if let Some(delta) = self.batch.senders.get_mut(slot) {
            delta.lists += 1;
            delta.values += count as u64;
        }
        let Ok(values_count) = u16::try_from(count) else {
            debug_assert!(false, "a datagram of 64 KiB cannot hold {count} values");
            return;
        };
        if self.batch.values.len() + count > VALUES_PER_BATCH_MAX {
            self.batch.dropped_values += count as u64;
            return;
        }
        let Some(id) = self.list(&list.names, list.values.kinds()) else {
            self.batch.refused_lists += 1;
            return;
        };
        let (time, interval) = (list.time, list.interval);
        self.batch.rows.push(Row { list: ListId(id), time, interval, values_count });
        self.batch.values.extend(list.values.iter().map(|value| value.bits()));
    }

    fn notification(&mut self, notification: &wire::Notification<'_>) {
        if self.batch.notifications.len() >= NOTIFICATIONS_PER_BATCH_MAX {
            self.batch.dropped_notifications += 1;
            return;
        }
        self.batch.notifications.push(Notification {
            identifier: Identifier::from_names(&notification.names),
            time: notification.time,
            severity: notification.severity,
            message: String::from_utf8_lossy(notification.message).into(),
        });
    }

    fn protected(&mut self, slot: usize, part: &Protected<'_>) {
        let Some(delta) = self.batch.senders.get_mut(slot) else {
            return;
        };
        let user = String::from_utf8_lossy(part.user);
        count_user(&mut delta.protected, part.protection, &user, 1, USERS_PER_SENDER_MAX);
    }

    fn fault(&mut self, slot: usize, report: FaultReport) {
        if let Some(delta) = self.batch.senders.get_mut(slot) {
            delta.faults += 1;
        }
        if self.batch.faults.len() < FAULTS_PER_BATCH_MAX {
            self.batch.faults.push(report);
        }
    }

    /// Where this batch counts `sender`.
    fn slot(&mut self, sender: SocketAddr) -> usize {
        if let Some(&slot) = self.slots.get(&sender) {
            return slot;
        }
        let counted = if self.slots.len() < SENDERS_PER_BATCH_MAX { sender } else { OTHER_SENDERS };
        let senders = &mut self.batch.senders;
        *self.slots.entry(counted).or_insert_with(|| {
            senders.push(SenderDelta::new(counted));
            senders.len() - 1
        })
    }

    /// The number of a list, announced if it is new; none when no more are taken.
    fn list(&mut self, names: &Names<'_>, kinds: &[u8]) -> Option<u32> {
        write_key(&mut self.scratch, names, kinds);
        let guess = self.previous.and_then(|previous| self.known(previous)).map(|l| l.follower);
        let found = guess.filter(|&guess| self.key(guess) == Some(self.scratch.as_slice()));
        let id = found.or_else(|| self.look_up()).or_else(|| self.announce(names, kinds))?;
        if found.is_none()
            && let Some(previous) = self.previous
            && let Some(list) = self.lists.get_mut(index(previous))
        {
            list.follower = id;
        }
        self.previous = Some(id);
        Some(id)
    }

    fn known(&self, id: u32) -> Option<&KnownList> {
        self.lists.get(index(id))
    }

    fn key(&self, id: u32) -> Option<&[u8]> {
        self.keys.get(self.known(id)?.key())
    }

    fn look_up(&self) -> Option<u32> {
        let hash = self.hasher.hash_one(self.scratch.as_slice());
        let same = |&id: &u32| self.key(id) == Some(self.scratch.as_slice());
        self.table.find(hash, same).copied()
    }

    fn announce(&mut self, names: &Names<'_>, kinds: &[u8]) -> Option<u32> {
        let (start, end) = (self.keys.len(), self.keys.len() + self.scratch.len());
        if self.lists.len() >= self.lists_max || end > self.name_bytes_max {
            return None;
        }
        let id = u32::try_from(self.lists.len()).ok()?;
        let kinds: Box<[DsType]> = kinds.iter().filter_map(|&c| DsType::from_code(c)).collect();
        let (key_start, key_end) = (u32::try_from(start).ok()?, u32::try_from(end).ok()?);
        self.keys.extend_from_slice(&self.scratch);
        self.lists.push(KnownList { key_start, key_end, follower: id });
        let (hasher, keys, lists) = (&self.hasher, &self.keys, &self.lists);
        let rehash = |&id: &u32| {
            let key = lists.get(index(id)).and_then(|list| keys.get(list.key()));
            hasher.hash_one(key.unwrap_or_default())
        };
        self.table.insert_unique(hasher.hash_one(self.scratch.as_slice()), id, rehash);
        let identifier = Identifier::from_names(names);
        self.batch.announced.push(Announced { list: ListId(id), identifier, kinds });
        Some(id)
    }
}

impl KnownList {
    fn key(&self) -> Range<usize> {
        index(self.key_start)..index(self.key_end)
    }
}

/// Lengths first, so that no two lists share a key: ("ab", "c") is not ("a", "bc").
fn write_key(key: &mut Vec<u8>, names: &Names<'_>, kinds: &[u8]) {
    let Names { host, plugin, plugin_instance, type_, type_instance } = *names;
    key.clear();
    for name in [host, plugin, plugin_instance, type_, type_instance] {
        key.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
    }
    for name in [host, plugin, plugin_instance, type_, type_instance, kinds] {
        key.extend_from_slice(name);
    }
}

fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Interval, Value};
    use crate::wire::{Encoder, Protection};

    fn sender(number: u32) -> SocketAddr {
        (Ipv4Addr::from(0x0a00_0000 + number), 25_826).into()
    }

    /// One datagram with a list per host, each with one gauge.
    fn datagram(hosts: &[&str]) -> Vec<u8> {
        let (mut encoder, mut bytes) = (Encoder::new(65_535), Vec::new());
        let mut send = |sent: &[u8]| bytes.extend_from_slice(sent);
        for host in hosts {
            let identifier = Identifier::new(host, "p", "", "gauge", "");
            let (time, interval) = (CdTime::from_secs(5), Interval::from_secs(10));
            let values = [Value::Gauge(1.5)];
            encoder.push(&identifier.names(), time, interval, &values, &mut send).unwrap();
        }
        encoder.flush(&mut send);
        bytes
    }

    fn lists(batch: &Batch) -> Vec<u32> {
        batch.rows.iter().map(|row| row.list.0).collect()
    }

    #[test]
    fn a_list_is_announced_once_and_known_afterwards() {
        let mut ingest = Ingest::new();
        assert!(ingest.is_empty());
        ingest.datagram(&datagram(&["a", "b", "a"]), sender(1), CdTime::from_secs(9));
        assert!(!ingest.is_empty());
        let batch = ingest.take(None);
        assert_eq!((lists(&batch), batch.announced.len()), (vec![0, 1, 0], 2));
        assert_eq!((batch.arrival, batch.values.len()), (CdTime::from_secs(9), 3));
        ingest.datagram(&datagram(&["b", "c", "a"]), sender(1), CdTime::from_secs(9));
        let batch = ingest.take(Some(batch));
        assert_eq!((lists(&batch), batch.announced.len()), (vec![1, 2, 0], 1));
        assert!(ingest.is_empty());
    }

    #[test]
    fn the_same_names_with_other_ds_types_are_another_list() {
        let mut ingest = Ingest::new();
        let names = Identifier::new("h", "p", "", "t", "");
        let one = ingest.list(&names.names(), &[1]).unwrap();
        for (kinds, same) in [(&[1_u8][..], true), (&[2], false), (&[1, 1], false)] {
            assert_eq!(ingest.list(&names.names(), kinds) == Some(one), same, "{kinds:?}");
        }
        let shifted = Identifier::new("hp", "", "", "t", "");
        assert_ne!(ingest.list(&shifted.names(), &[1]), Some(one));
    }

    #[test]
    fn lists_past_the_bound_are_refused_and_counted() {
        let mut ingest = Ingest::with_lists_max(2);
        ingest.datagram(&datagram(&["a", "b", "c", "a", "d"]), sender(1), CdTime::ZERO);
        let batch = ingest.take(None);
        assert_eq!((lists(&batch), batch.refused_lists), (vec![0, 1, 0], 2));
        assert_eq!(batch.senders[0].lists, 5);
    }

    #[test]
    fn names_past_the_bound_are_refused_and_counted() {
        let mut ingest = Ingest { name_bytes_max: 40, ..Ingest::new() };
        ingest.datagram(&datagram(&["a", "b", "c"]), sender(1), CdTime::ZERO);
        let batch = ingest.take(None);
        assert_eq!((lists(&batch), batch.refused_lists), (vec![0, 1], 1));
    }

    #[test]
    fn senders_past_the_bound_are_counted_together() {
        let mut ingest = Ingest::new();
        for number in 0..1_030 {
            ingest.datagram(&datagram(&["a"]), sender(number), CdTime::ZERO);
        }
        let batch = ingest.take(None);
        assert_eq!(batch.senders.len(), SENDERS_PER_BATCH_MAX + 1);
        let others = batch.senders.last().unwrap();
        assert_eq!((others.sender, others.datagrams), (OTHER_SENDERS, 6));
    }

    #[test]
    fn faults_are_kept_up_to_the_bound_and_all_counted() {
        let mut ingest = Ingest::new();
        for _ in 0..100 {
            ingest.datagram(b"\0\0\0\x01", sender(1), CdTime::ZERO);
        }
        let batch = ingest.take(None);
        assert_eq!((batch.faults.len(), batch.senders[0].faults), (FAULTS_PER_BATCH_MAX, 100));
    }

    #[test]
    fn a_batch_nobody_takes_stops_growing_and_counts_what_it_loses() {
        let mut ingest = Ingest::new();
        let bytes = datagram(&["a"; 1_000]);
        for _ in 0..1_100 {
            ingest.datagram(&bytes, sender(1), CdTime::ZERO);
        }
        let batch = ingest.take(None);
        let (kept, lost) = (batch.values.len(), batch.dropped_values);
        assert_eq!((kept, lost), (VALUES_PER_BATCH_MAX, 1_100_000 - VALUES_PER_BATCH_MAX as u64));
    }

    #[test]
    fn notifications_nobody_takes_are_bounded() {
        let mut ingest = Ingest::new();
        let (names, mut bytes) = (Identifier::new("h", "", "", "", ""), Vec::new());
        let (time, severity) = (CdTime::from_secs(5), crate::metric::Severity::Warning);
        crate::wire::encode_notification(&names.names(), time, severity, b"\xff!", &mut bytes)
            .unwrap();
        for _ in 0..10_010 {
            ingest.datagram(&bytes, sender(1), CdTime::ZERO);
        }
        let batch = ingest.take(None);
        assert_eq!(batch.notifications.len(), NOTIFICATIONS_PER_BATCH_MAX);
        assert_eq!(batch.dropped_notifications, 10);
        assert_eq!(&*batch.notifications[0].message, "\u{fffd}!");
    }

    #[test]
    fn users_past_the_bound_are_counted_together() {
        let mut users = Vec::new();
        for number in 0..20 {
            let user = format!("user{number}");
            count_user(&mut users, Protection::Signed, &user, 1, USERS_PER_SENDER_MAX);
        }
        assert_eq!(users.len(), USERS_PER_SENDER_MAX + 1);
        assert_eq!(users.last().unwrap(), &(Protection::Signed, OTHER_USERS.into(), 4));
    }
}
