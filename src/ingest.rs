//! Batches: what a receiver thread hands over, and how decoded datagrams become one.
//!
//! [`Ingest`] lives on the receiver thread. It gives each *shape* (identifier and the DS types
//! that came with it) a dense [`ListId`], announced once, so that a sample crosses the channel as
//! a few words. A [`Batch`] is columnar and reused. Knows nothing of sockets, clocks or screens.

mod batch;
mod key;
mod lists;
mod reading;
mod ways;

pub use batch::{Announced, Batch, FaultReport, Heard, ListId, ProtectedCount, Row, SenderDelta};
pub(crate) use batch::{count_class, count_protected};
pub use lists::SILENCE_MAX;
pub use ways::HEARD_MAX;

use crate::metric::{CdTime, Identifier, Notification};
use crate::wire::{self, Decoder, Fault, KeyRing, Protected, SecurityLevel, Trust};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lists::{Lists, steps_of};
use reading::Reading;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use ways::Ways;

/// Faults a batch carries in full.
pub const FAULTS_PER_BATCH_MAX: usize = 64;
/// Lists one source may name. With names of usual length a million takes about 100 MiB here and
/// more than the default budget in the store: past this the names are invented.
pub const LISTS_MAX: usize = 1_000_000;
/// Bytes of names one source may keep, so that a million names of 127 bytes each cannot take
/// 635 MB; the usual list needs about 60.
pub const NAME_BYTES_MAX: usize = 128 << 20;
/// Bytes of templates one source keeps before it learns them anew; the usual one has 30.
pub const TEMPLATE_BYTES_MAX: usize = 64 << 20;
/// Senders of whom the last list is remembered, 64 x 65,536 bytes: forged addresses are free.
const LAST_OF_MAX: usize = 1 << 16;
/// Senders a batch tells apart, as forged addresses are free; the rest is [`OTHER_SENDERS`].
pub const SENDERS_PER_BATCH_MAX: usize = 1_024;
/// Users of signed or encrypted parts, and their fates, told apart per sender and batch; then
/// [`OTHER_USERS`].
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
/// Opens what is protected by the keys it was given ([`Ingest::set_keys`]).
#[derive(Debug)]
pub struct Ingest {
    lists: Lists,
    /// The last list of each sender's last datagram.
    last_of: HashMap<SocketAddr, u32, RandomState>,
    decoder: Decoder,
    ways: Ways,
    batch: Batch,
    slots: HashMap<SocketAddr, usize, RandomState>,
}

/// How many lists one source may name. What is past a limit is refused and counted; lists that are
/// known go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of all senders together, at most [`LISTS_MAX`].
    pub lists: usize,
    /// Of one address: half of all, so that one that invents names leaves room for the others. A
    /// relay of a large fleet may need more.
    pub lists_per_sender: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lists: LISTS_MAX, lists_per_sender: LISTS_MAX / 2 }
    }
}

impl Default for Ingest {
    fn default() -> Self {
        Self::new()
    }
}

impl Ingest {
    /// Knows nothing; has the default [`Limits`].
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// Knows nothing; will name as many lists as `limits` allow.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            lists: Lists::new(Limits { lists: limits.lists.min(LISTS_MAX), ..limits }),
            last_of: HashMap::default(),
            decoder: Decoder::default(),
            ways: Ways::default(),
            batch: Batch::default(),
            slots: HashMap::default(),
        }
    }

    /// Opens and checks by these users from now on; none: there is no AuthFile.
    pub fn set_keys(&mut self, keys: Option<Arc<KeyRing>>) {
        self.decoder.set_keys(keys);
    }

    /// Takes in one datagram as it was received, by a listener that demands `level`.
    pub fn datagram(
        &mut self,
        bytes: &[u8],
        sender: SocketAddr,
        arrival: CdTime,
        level: SecurityLevel,
    ) {
        let slot = self.slot(sender);
        self.batch.arrival = self.batch.arrival.max(arrival);
        if let Some(delta) = self.batch.senders.get_mut(slot) {
            delta.datagrams += 1;
            delta.bytes += bytes.len() as u64;
            delta.last_seen = delta.last_seen.max(arrival);
        }
        self.ways.begin();
        let (rows, values) = (self.batch.rows.len(), self.batch.values.len());
        let mut decoder = std::mem::take(&mut self.decoder);
        let from = Origin { slot, sender, arrival, steps: steps_of(arrival) };
        let previous = self.last_of.get(&sender).copied();
        let mut reading = Reading { ingest: self, from, refused: (0, 0), last: None, previous };
        decoder.decode_into(level, bytes, &mut reading);
        let (refused, last) = (reading.refused, reading.last.or(reading.previous));
        self.decoder = decoder;
        let Batch { senders, rows: all_rows, values: all_values, .. } = &mut self.batch;
        if let Some(delta) = senders.get_mut(slot) {
            delta.lists += (all_rows.len() - rows) as u64 + refused.0;
            delta.values += (all_values.len() - values) as u64 + refused.1;
        }
        if let Some(last) = last {
            self.remember(sender, last);
        }
    }

    /// Where the next datagram of `sender` goes on.
    fn remember(&mut self, sender: SocketAddr, last: u32) {
        if let Some(known) = self.last_of.get_mut(&sender) {
            *known = last;
            return;
        }
        if self.last_of.len() >= LAST_OF_MAX {
            // Forged senders: begin anew, a wrong guess costs one look-up.
            self.last_of.clear();
        }
        self.last_of.insert(sender, last);
    }

    /// Whether there is nothing to hand over.
    pub fn is_empty(&self) -> bool {
        let batch = &self.batch;
        batch.senders.is_empty() && batch.dropped_values == 0 && batch.kernel_drops == 0
    }

    /// What came since the last time.
    pub const fn gathered(&self) -> &Batch {
        &self.batch
    }

    /// Hands over what came since the last time. `recycled` is emptied and filled next.
    pub fn take(&mut self, recycled: Option<Batch>) -> Batch {
        let mut next = recycled.unwrap_or_default();
        next.clear();
        self.slots.clear();
        self.lists.make_room(steps_of(self.batch.arrival));
        self.batch.renumbers = std::mem::take(&mut self.lists.renumbered);
        std::mem::replace(&mut self.batch, next)
    }

    /// Takes in a list that came behind `previous`; its number, if it is taken.
    fn value_list(
        &mut self,
        from: &Origin,
        list: &wire::ValueList<'_>,
        previous: Option<u32>,
    ) -> Option<u32> {
        let count = list.values.len();
        let Ok(values_count) = u16::try_from(count) else {
            debug_assert!(false, "a datagram of 64 KiB cannot hold {count} values");
            return None;
        };
        if self.batch.values.len() + count > VALUES_PER_BATCH_MAX {
            self.batch.dropped_values += count as u64;
            return None;
        }
        let Some(found) = self.lists.find(from, &list.names, list.values.kinds(), previous) else {
            self.batch.refused_lists += 1;
            if let Some(delta) = self.batch.senders.get_mut(from.slot) {
                delta.refused_lists += 1;
            }
            return None;
        };
        let id = found.id;
        if found.is_news {
            self.announce(id);
        }
        let &wire::ValueList { time, interval, trust, .. } = list;
        self.hear(from, list.names.host, trust);
        self.batch.rows.push(Row { list: ListId(id), time, interval, values_count, trust });
        self.batch.values.extend(list.values.iter().map(|value| value.bits()));
        Some(id)
    }

    fn notification(&mut self, from: &Origin, notification: &wire::Notification<'_>) {
        if self.batch.notifications.len() >= NOTIFICATIONS_PER_BATCH_MAX {
            self.batch.dropped_notifications += 1;
            return;
        }
        if !notification.names.host.is_empty() {
            self.hear(from, notification.names.host, notification.trust);
        }
        self.batch.notifications.push(Notification {
            identifier: Identifier::from_names(&notification.names),
            time: notification.time,
            severity: notification.severity,
            message: String::from_utf8_lossy(notification.message).into(),
        });
    }

    #[cold]
    fn protected(&mut self, from: &Origin, part: &Protected<'_>) {
        let user = shown_user(part.user);
        let &Protected { protection, outcome, offset_bytes, .. } = part;
        if let Some(delta) = self.batch.senders.get_mut(from.slot) {
            let more = ProtectedCount { protection, user: user.as_str().into(), outcome, count: 1 };
            count_protected(&mut delta.protected, &more, USERS_PER_SENDER_MAX);
        }
        self.ways.protected_by(if outcome.is_ok() { &user } else { "" });
        if let Err(kind) = outcome {
            self.fault(from, Fault { offset_bytes, kind }, Some(&user));
        }
    }

    fn fault(&mut self, from: &Origin, fault: Fault, user: Option<&str>) {
        if let Some(delta) = self.batch.senders.get_mut(from.slot) {
            delta.faults += 1;
            count_class(&mut delta.fault_classes, fault.kind.class(), 1);
        }
        if self.batch.faults.len() < FAULTS_PER_BATCH_MAX {
            let &Origin { sender, arrival, .. } = from;
            self.batch.faults.push(FaultReport {
                sender,
                arrival,
                fault,
                user: user.map(Into::into),
            });
        }
    }

    /// Tells a way by which a host is heard, once.
    #[inline]
    fn hear(&mut self, from: &Origin, host: &[u8], trust: Trust) {
        self.batch.heard.extend(self.ways.hear(from.sender.ip(), host, trust));
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

    #[cold]
    fn announce(&mut self, id: u32) {
        self.batch.announced.extend(self.lists.announcement(id));
    }
}

/// A user as it is kept: the wire allows one of 65,000 bytes.
fn shown_user(user: &[u8]) -> String {
    let start = user.get(..wire::USER_MAX_BYTES).unwrap_or(user);
    let mut shown = String::from_utf8_lossy(start).into_owned();
    if start.len() < user.len() {
        shown.push('…');
    }
    shown
}

/// The datagram being read.
struct Origin {
    /// Where this batch counts its sender.
    slot: usize,
    sender: SocketAddr,
    arrival: CdTime,
    /// The same in steps of 16 s.
    steps: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Interval, Value};
    use crate::wire::{Encoder, FaultKind, Protection, Seal};

    const LEVEL: SecurityLevel = SecurityLevel::None;

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
        ingest.datagram(&datagram(&["a", "b", "a"]), sender(1), CdTime::from_secs(9), LEVEL);
        assert!(!ingest.is_empty());
        let batch = ingest.take(None);
        assert_eq!((lists(&batch), batch.announced.len()), (vec![0, 1, 0], 2));
        assert_eq!((batch.arrival, batch.values.len()), (CdTime::from_secs(9), 3));
        ingest.datagram(&datagram(&["b", "c", "a"]), sender(1), CdTime::from_secs(9), LEVEL);
        let batch = ingest.take(Some(batch));
        assert_eq!((lists(&batch), batch.announced.len()), (vec![1, 2, 0], 1));
        assert!(ingest.is_empty());
    }

    #[test]
    fn a_list_that_was_silent_for_long_is_announced_anew_under_its_number() {
        let mut ingest = Ingest::new();
        let mut announced = |secs: u64| {
            let arrival = CdTime::from_secs(1_000_000 + secs);
            ingest.datagram(&datagram(&["a", "b"]), sender(1), arrival, LEVEL);
            ingest.take(None).announced
        };
        let first = announced(0);
        let silence = SILENCE_MAX.secs_nanos().0;
        for secs in [10, silence - 100, 2 * silence - 1_100, 3 * silence - 2_100] {
            assert!(announced(secs).is_empty(), "{secs}");
        }
        let again = announced(9 * silence);
        let said = |all: &[Announced]| -> Vec<_> {
            all.iter().map(|a| (a.list, a.identifier.clone(), a.kinds.clone())).collect()
        };
        assert_eq!(said(&again), said(&first));
        assert!(announced(9 * silence + 1).is_empty());
    }

    #[test]
    fn a_sender_that_invents_names_leaves_room_for_the_others() {
        let mut ingest = Ingest::with_limits(Limits { lists: 10, lists_per_sender: 3 });
        ingest.datagram(&datagram(&["a", "b"]), sender(1), CdTime::ZERO, LEVEL);
        for number in 0..20 {
            let host = format!("invented{number}");
            ingest.datagram(&datagram(&[&host]), sender(2), CdTime::ZERO, LEVEL);
        }
        // What it named before, and what others name, goes on.
        ingest.datagram(&datagram(&["invented0", "a"]), sender(2), CdTime::ZERO, LEVEL);
        ingest.datagram(&datagram(&["a", "b", "c"]), sender(1), CdTime::ZERO, LEVEL);
        let batch = ingest.take(None);
        assert_eq!(lists(&batch), [0, 1, 2, 3, 4, 2, 0, 0, 1, 5]);
        let refused: Vec<u64> = batch.senders.iter().map(|delta| delta.refused_lists).collect();
        assert_eq!((refused.as_slice(), batch.refused_lists), (&[0, 17][..], 17));
    }

    #[test]
    fn lists_past_the_bound_are_refused_and_counted() {
        let mut ingest = Ingest::with_limits(Limits { lists: 2, ..Limits::default() });
        ingest.datagram(&datagram(&["a", "b", "c", "a", "d"]), sender(1), CdTime::ZERO, LEVEL);
        let batch = ingest.take(None);
        assert_eq!((lists(&batch), batch.refused_lists), (vec![0, 1, 0], 2));
        assert_eq!(batch.senders[0].lists, 5);
    }

    #[test]
    fn lists_of_machines_that_went_make_room_for_those_that_come() {
        let mut ingest = Ingest::with_limits(Limits { lists: 3, ..Limits::default() });
        let mut told = |secs: u64, hosts: &[&str]| {
            let arrival = CdTime::from_secs(1_000_000 + secs);
            ingest.datagram(&datagram(hosts), sender(1), arrival, LEVEL);
            let batch = ingest.take(None);
            let new = |one: &Announced| (one.list.0, one.identifier.host.to_string());
            let told = batch.announced.iter().map(new).collect::<Vec<_>>();
            (told, batch.refused_lists, batch.renumbers)
        };
        let named = |id: u32, host: &str| (id, host.to_owned());
        let all = vec![named(0, "a"), named(1, "b"), named(2, "c")];
        assert_eq!(told(0, &["a", "b", "c"]), (all, 0, false));
        for secs in [1_200, 2_400, 3_600, 4_800, 6_000] {
            assert_eq!(told(secs, &["a", "d"]), (Vec::new(), 1, false));
        }
        // Nothing more is looked for in the same minute; what was found there serves those to come.
        assert_eq!(told(7_400, &["a", "d"]), (Vec::new(), 1, false));
        assert_eq!(told(7_430, &["a", "d"]), (vec![named(2, "d")], 0, true));
        assert_eq!(told(7_440, &["d", "b", "a", "c"]), (vec![named(1, "b")], 1, true));
    }

    #[test]
    fn senders_past_the_bound_are_counted_together() {
        let mut ingest = Ingest::new();
        for number in 0..1_030 {
            ingest.datagram(&datagram(&["a"]), sender(number), CdTime::ZERO, LEVEL);
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
            ingest.datagram(b"\0\0\0\x01", sender(1), CdTime::ZERO, LEVEL);
        }
        let batch = ingest.take(None);
        assert_eq!((batch.faults.len(), batch.senders[0].faults), (FAULTS_PER_BATCH_MAX, 100));
    }

    #[test]
    fn a_batch_nobody_takes_stops_growing_and_counts_what_it_loses() {
        let mut ingest = Ingest::new();
        let bytes = datagram(&["a"; 1_000]);
        for _ in 0..1_100 {
            ingest.datagram(&bytes, sender(1), CdTime::ZERO, LEVEL);
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
            ingest.datagram(&bytes, sender(1), CdTime::ZERO, LEVEL);
        }
        let batch = ingest.take(None);
        assert_eq!(batch.notifications.len(), NOTIFICATIONS_PER_BATCH_MAX);
        assert_eq!(batch.dropped_notifications, 10);
        assert_eq!(&*batch.notifications[0].message, "\u{fffd}!");
    }

    fn sealed(protection: Protection, user: &str, payload: &[u8]) -> Vec<u8> {
        let seal = Seal::new(protection, user.as_bytes(), b"secret").unwrap();
        let mut sealed = Vec::new();
        seal.seal(payload, &[3; 16], &mut sealed);
        sealed
    }

    fn keys(user: &str) -> Option<Arc<KeyRing>> {
        let mut keys = KeyRing::new();
        assert!(keys.insert(user.as_bytes(), b"secret"));
        Some(Arc::new(keys))
    }

    #[test]
    fn how_a_host_is_heard_is_told_once_for_each_way() {
        let mut ingest = Ingest::new();
        ingest.set_keys(keys("alice"));
        let plain = datagram(&["a", "a", "b"]);
        let signed = sealed(Protection::Signed, "alice", &plain);
        let encrypted = sealed(Protection::Encrypted, "alice", &plain);
        for bytes in [&plain, &signed, &signed, &encrypted, &plain] {
            ingest.datagram(bytes, sender(1), CdTime::ZERO, LEVEL);
        }
        ingest.datagram(&plain, sender(2), CdTime::ZERO, LEVEL);
        let batch = ingest.take(None);
        let told: Vec<_> = batch
            .heard
            .iter()
            .map(|way| format!("{} {} {} {:?}", way.host, way.sender, way.trust.name(), way.user))
            .collect();
        assert_eq!(
            told,
            [
                "a 10.0.0.1 plain None",
                "b 10.0.0.1 plain None",
                "a 10.0.0.1 signed Some(\"alice\")",
                "b 10.0.0.1 signed Some(\"alice\")",
                "a 10.0.0.1 encrypted Some(\"alice\")",
                "b 10.0.0.1 encrypted Some(\"alice\")",
                "a 10.0.0.2 plain None",
                "b 10.0.0.2 plain None",
            ]
        );
        let trusts: Vec<_> = batch.rows.iter().step_by(3).map(|row| row.trust).collect();
        use Trust::{Encrypted, Plain, Signed};
        assert_eq!(trusts, [Plain, Signed, Signed, Encrypted, Plain, Plain]);
    }

    #[test]
    fn a_refused_part_is_a_fault_with_its_user_and_reason() {
        let mut ingest = Ingest::new();
        ingest.set_keys(keys("bob"));
        let encrypted = sealed(Protection::Encrypted, "alice", &datagram(&["a"]));
        ingest.datagram(&encrypted, sender(1), CdTime::ZERO, LEVEL);
        ingest.datagram(&encrypted, sender(1), CdTime::ZERO, LEVEL);
        let batch = ingest.take(None);
        let delta = &batch.senders[0];
        assert_eq!((delta.faults, delta.fault_classes.as_slice()), (2, &[("unknown user", 2)][..]));
        assert_eq!(delta.protected[0].outcome, Err(FaultKind::UserUnknown));
        assert_eq!((delta.protected.len(), delta.protected[0].count), (1, 2));
        assert_eq!(batch.faults[0].user.as_deref(), Some("alice"));
        assert!(batch.rows.is_empty() && batch.heard.is_empty());
    }

    #[test]
    fn a_user_is_kept_up_to_its_limit() {
        let mut ingest = Ingest::new();
        let mut bytes = b"\x02\x00\xea\x60".to_vec();
        bytes.resize(60_000, b'u');
        ingest.datagram(&bytes, sender(1), CdTime::ZERO, LEVEL);
        let kept = &ingest.take(None).senders[0].protected[0].user;
        assert_eq!(**kept, *("u".repeat(wire::USER_MAX_BYTES) + "…"));
    }

    #[test]
    fn keys_may_change_while_datagrams_come() {
        let mut ingest = Ingest::new();
        let encrypted = sealed(Protection::Encrypted, "alice", &datagram(&["a"]));
        for (keys, rows) in [(None, 0), (keys("alice"), 1), (keys("bob"), 1)] {
            ingest.set_keys(keys);
            ingest.datagram(&encrypted, sender(1), CdTime::ZERO, SecurityLevel::Encrypt);
            assert_eq!(ingest.batch.rows.len(), rows);
        }
    }
}
