//! Batches: what a source hands over, and how datagrams and value lists become one.
//!
//! [`Ingest`] lives on the thread of its source. It gives each *shape* (identifier and the DS types
//! that came with it) a dense [`ListId`], announced once, so that a sample crosses the channel as
//! a few words. A [`Batch`] is columnar and reused. Knows nothing of sockets, clocks or screens.

mod batch;
mod key;
mod lists;
mod reading;
mod routes;
mod sender;
mod shares;
mod typed;

pub use batch::{
    Announced, Arrived, Batch, FaultReport, HostRoute, ListId, ProtectedCount, Row, SenderDelta,
};
pub(crate) use batch::{count_class, count_protected};
pub use lists::ANNOUNCED_EVERY;
pub use routes::ROUTES_MAX;
pub use sender::{Machine, Sender};
pub(crate) use shares::{RESERVE_PART, Shares};
pub use typed::{TypedList, VALUES_PER_LIST_MAX};

use crate::metric::{CdTime, Identifier, Interval, Names, Notification};
use crate::wire::{self, Decoder, Fault, KeyRing, Protected, SecurityLevel, Trust};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use lists::Lists;
use reading::Reading;
use routes::Routes;
use std::net::SocketAddr;
use std::sync::Arc;

/// Faults a batch carries in full.
pub const FAULTS_PER_BATCH_MAX: usize = 64;
/// Lists one source may name, whatever the memory: half of the series that a store can tell apart.
pub const LISTS_MAX: usize = 8_000_000;
/// Bytes of memory for everything received that let a source name one list more: half of them are
/// for names, and of those a list takes at least 400 in the store.
const MEMORY_PER_LIST: usize = 800;
/// Bytes that the names of a list may take here on average, with its tables: the usual one takes
/// 110, one with five names of 127 bytes seven times as much.
const BYTES_PER_LIST: usize = 200;
/// The names of a few lists may be as long as they like.
const BYTES_MIN: usize = 4 << 20;
/// Senders whose last list is remembered, 64 x 65,536 bytes: forged addresses are free.
const LAST_OF_MAX: usize = 1 << 16;
/// Senders a batch counts one by one, as forged addresses are free; the rest is [`Sender::Others`].
pub const SENDERS_PER_BATCH_MAX: usize = 1_024;
/// Users of signed or encrypted parts, and their fates, counted one by one per sender and batch;
/// then [`OTHER_USERS`].
pub const USERS_PER_SENDER_MAX: usize = 16;
/// Values a batch holds, 8 MiB: a source that does not hand its batches over loses what comes
/// later, counted in [`Batch::dropped_values`].
pub const VALUES_PER_BATCH_MAX: usize = 1 << 20;
/// Notifications a batch holds, about 4 MiB; what comes later is counted in
/// [`Batch::dropped_notifications`].
pub const NOTIFICATIONS_PER_BATCH_MAX: usize = 10_000;
/// Stands for the users that did not fit into a bounded list.
pub const OTHER_USERS: &str = "(other users)";
/// Turns datagrams and value lists into batches, on the thread of their source.
///
/// Opens what is protected by the keys it was given ([`Ingest::set_keys`]).
#[derive(Debug)]
pub struct Ingest {
    lists: Lists,
    /// The last list of each sender's last datagram.
    last_of: HashMap<Sender, u32, RandomState>,
    decoder: Decoder,
    routes: Routes,
    batch: Batch,
    slots: HashMap<Sender, usize, RandomState>,
    /// DS types of a list that comes by itself.
    kinds: Vec<u8>,
}

/// How many lists one source may name. What is past a limit is refused and counted; lists that are
/// known go on.
///
/// Beyond it is a reserve of a seventh as many, for senders that have little: one that has much
/// gives back what they take of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of all senders together, but for the reserve; at most [`LISTS_MAX`].
    pub lists: usize,
    /// Of one sender, at most as many as of all.
    pub lists_per_sender: usize,
}

impl Limits {
    /// `lists` of all senders together; one may name them all, where nothing else is said.
    pub fn new(lists: usize, lists_per_sender: Option<usize>) -> Self {
        Self { lists, lists_per_sender: lists_per_sender.unwrap_or(lists) }
    }

    /// As many lists as a store of `memory_bytes` may have room for.
    pub const fn lists_in(memory_bytes: usize) -> usize {
        let lists = memory_bytes / MEMORY_PER_LIST;
        if lists < LISTS_MAX { lists } else { LISTS_MAX }
    }

    /// Of all senders together, with the reserve.
    fn with_reserve(&self) -> usize {
        self.lists + self.lists / (RESERVE_PART - 1)
    }

    /// Bytes of names that are kept, with their tables.
    fn bytes(&self) -> usize {
        self.lists.saturating_mul(BYTES_PER_LIST).max(BYTES_MIN)
    }

    /// Bytes of templates kept before they are learnt anew; the usual one has 30.
    fn template_bytes(&self) -> usize {
        self.bytes() / 2
    }
}

impl Default for Limits {
    /// Of a million lists.
    fn default() -> Self {
        Self::new(1_000_000, None)
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
            routes: Routes::default(),
            batch: Batch::default(),
            slots: HashMap::default(),
            kinds: Vec::new(),
        }
    }

    /// Opens and checks by these users from now on; none: there is no AuthFile.
    pub fn set_keys(&mut self, keys: Option<Arc<KeyRing>>) {
        self.decoder.set_keys(keys);
    }

    /// Says with the next batch that numbers of lists may mean other lists than in those before:
    /// they came from an [`Ingest`] that is gone.
    pub fn begin_anew(&mut self) {
        self.lists.renumbered = true;
    }

    /// Takes in one datagram as it was received, by a listener that demands `level`.
    pub fn datagram(
        &mut self,
        bytes: &[u8],
        sender: SocketAddr,
        arrival: CdTime,
        level: SecurityLevel,
    ) {
        self.take_in(bytes, sender, (arrival, arrival), level);
    }

    /// Takes in one datagram of which nobody knows when it came: the times of its values are all
    /// there is to go by, or `clock` where those are no times either. The oldest and the newest.
    pub fn undated(
        &mut self,
        bytes: &[u8],
        sender: SocketAddr,
        clock: CdTime,
        level: SecurityLevel,
    ) -> Option<(CdTime, CdTime)> {
        let (rows, datagrams) = (self.batch.rows.len(), self.batch.datagrams.len());
        self.take_in(bytes, sender, (clock, CdTime::ZERO), level);
        let new = self.batch.rows.get(rows..).unwrap_or_default().iter().map(|row| row.time);
        let times = new.clone().filter(|time| time.is_plausible());
        let found = times.clone().min().zip(times.max());
        if found.is_none() && clock > CdTime::ZERO {
            if let Some(datagram) = self.batch.datagrams.get_mut(datagrams) {
                datagram.arrival = clock;
            }
            return new.max().map(|_| (clock, clock));
        }
        // Without any other clock, also one that was never set.
        let set = new.filter(|time| *time < CdTime::MAX);
        let (oldest, newest) = found.or(set.clone().min().zip(set.max()))?;
        self.batch.arrival = self.batch.arrival.max(newest);
        Some((oldest, newest))
    }

    /// Takes in one datagram that counts as received at `arrival`, and is placed by `placed`.
    fn take_in(
        &mut self,
        bytes: &[u8],
        sender: SocketAddr,
        (arrival, placed): (CdTime, CdTime),
        level: SecurityLevel,
    ) {
        let from = self.incoming(sender.into(), arrival);
        let slot = from.slot;
        if let Some(delta) = self.batch.senders.get_mut(slot) {
            delta.datagrams += 1;
            delta.bytes += bytes.len() as u64;
        }
        let (rows, values) = (self.batch.rows.len(), self.batch.values.len());
        let mut decoder = std::mem::take(&mut self.decoder);
        let previous = self.last_of.get(&from.sender).copied();
        let mut reading = Reading { ingest: self, from, refused: (0, 0), last: None, previous };
        decoder.decode_into(level, bytes, &mut reading);
        let (refused, last) = (reading.refused, reading.last.or(reading.previous));
        let sender = reading.from.sender;
        self.decoder = decoder;
        let Batch { senders, rows: all_rows, values: all_values, datagrams, .. } = &mut self.batch;
        if let Some(delta) = senders.get_mut(slot) {
            delta.lists += (all_rows.len() - rows) as u64 + refused.0;
            delta.values += (all_values.len() - values) as u64 + refused.1;
        }
        let rows = u32::try_from(all_rows.len() - rows).unwrap_or(u32::MAX);
        if rows > 0 {
            datagrams.push(Arrived { rows, sender: sender.machine(), arrival: placed });
        }
        if let Some(last) = last {
            self.remember(sender, last);
        }
    }

    /// Takes in one value list that came by itself, with the limits and counts of a datagram's.
    /// One that no datagram could hold is a fault.
    pub fn list(&mut self, sender: &Sender, list: &TypedList<'_>, arrival: CdTime) {
        let from = self.incoming(sender.clone(), arrival);
        if let Err(kind) = list.check() {
            self.fault(&from, Fault { offset_bytes: 0, kind }, None);
            return;
        }
        if let Some(delta) = self.batch.senders.get_mut(from.slot) {
            delta.lists += 1;
            delta.values += list.values.len() as u64;
        }
        let mut kinds = std::mem::take(&mut self.kinds);
        kinds.clear();
        kinds.extend(list.values.iter().map(|value| value.ds_type().code()));
        let &TypedList { names, time, interval, trust, values } = list;
        let head = Head { names, time, interval, trust, kinds: &kinds };
        let bits = values.iter().map(|value| value.bits());
        let previous = self.last_of.get(sender).copied();
        let taken = self.value_list(&from, &head, bits, previous);
        self.kinds = kinds;
        if let Some(id) = taken {
            self.batch.datagrams.push(Arrived { rows: 1, sender: sender.machine(), arrival });
            self.remember(from.sender, id);
        }
    }

    /// Begins with something of `sender`.
    fn incoming(&mut self, sender: Sender, arrival: CdTime) -> Incoming {
        let slot = self.slot(&sender);
        self.batch.arrival = self.batch.arrival.max(arrival);
        if let Some(delta) = self.batch.senders.get_mut(slot) {
            delta.last_seen = delta.last_seen.max(arrival);
        }
        self.routes.begin();
        Incoming { slot, sender, arrival, steps: arrival.in_16_secs() }
    }

    /// Where the next datagram or list of `sender` goes on.
    fn remember(&mut self, sender: Sender, last: u32) {
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
        if !self.batch.rows.is_empty() || self.batch.refused_lists > 0 {
            self.lists.make_room(self.batch.arrival.in_16_secs());
        }
        self.batch.renumbers = std::mem::take(&mut self.lists.renumbered);
        std::mem::replace(&mut self.batch, next)
    }

    /// Takes in a list that came behind `previous`; its number, if it is taken.
    fn value_list(
        &mut self,
        from: &Incoming,
        head: &Head<'_>,
        bits: impl Iterator<Item = u64>,
        previous: Option<u32>,
    ) -> Option<u32> {
        let &Head { names, time, interval, trust, kinds } = head;
        let count = kinds.len();
        let Ok(values_count) = u16::try_from(count) else {
            debug_assert!(false, "a datagram of 64 KiB cannot hold {count} values");
            return None;
        };
        if self.batch.values.len() + count > VALUES_PER_BATCH_MAX {
            self.batch.dropped_values += count as u64;
            return None;
        }
        let Some(found) = self.lists.find(from, &names, kinds, previous) else {
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
        self.note_route(from, names.host, trust);
        self.batch.rows.push(Row { list: ListId(id), time, interval, values_count, trust });
        self.batch.values.extend(bits);
        Some(id)
    }

    fn notification(&mut self, from: &Incoming, notification: &wire::Notification<'_>) {
        if self.batch.notifications.len() >= NOTIFICATIONS_PER_BATCH_MAX {
            self.batch.dropped_notifications += 1;
            return;
        }
        if !notification.names.host.is_empty() {
            self.note_route(from, notification.names.host, notification.trust);
        }
        self.batch.notifications.push(Notification {
            identifier: Identifier::from_names(&notification.names),
            time: notification.time,
            severity: notification.severity,
            message: String::from_utf8_lossy(notification.message).into(),
        });
    }

    #[cold]
    fn protected(&mut self, from: &Incoming, part: &Protected<'_>) {
        let user = shown_user(part.user);
        let &Protected { protection, outcome, offset_bytes, .. } = part;
        if let Some(delta) = self.batch.senders.get_mut(from.slot) {
            let more = ProtectedCount { protection, user: user.as_str().into(), outcome, count: 1 };
            count_protected(&mut delta.protected, &more, USERS_PER_SENDER_MAX);
        }
        self.routes.protected_by(if outcome.is_ok() { &user } else { "" });
        if let Err(kind) = outcome {
            self.fault(from, Fault { offset_bytes, kind }, Some(&user));
        }
    }

    fn fault(&mut self, from: &Incoming, fault: Fault, user: Option<&str>) {
        if let Some(delta) = self.batch.senders.get_mut(from.slot) {
            delta.faults += 1;
            count_class(&mut delta.fault_classes, fault.kind.class(), 1);
        }
        if self.batch.faults.len() < FAULTS_PER_BATCH_MAX {
            self.batch.faults.push(FaultReport {
                sender: from.sender.clone(),
                arrival: from.arrival,
                fault,
                user: user.map(Into::into),
            });
        }
    }

    /// Announces a route of a host, once.
    #[inline]
    fn note_route(&mut self, from: &Incoming, host: &[u8], trust: Trust) {
        self.batch.routes.extend(self.routes.note(&from.sender, host, trust));
    }

    /// Where this batch counts `sender`.
    fn slot(&mut self, sender: &Sender) -> usize {
        if let Some(&slot) = self.slots.get(sender) {
            return slot;
        }
        let is_full = self.slots.len() >= SENDERS_PER_BATCH_MAX;
        let counted = if is_full { Sender::Others } else { sender.clone() };
        let senders = &mut self.batch.senders;
        *self.slots.entry(counted).or_insert_with_key(|counted| {
            senders.push(SenderDelta::new(counted.clone()));
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

/// Where what is being taken in comes from, and when.
struct Incoming {
    /// Where this batch counts its sender.
    slot: usize,
    sender: Sender,
    arrival: CdTime,
    /// The same in steps of 16 s.
    steps: u32,
}

/// All of a value list but its numbers.
struct Head<'a> {
    names: Names<'a>,
    time: CdTime,
    interval: Interval,
    trust: Trust,
    /// The codes of its DS types.
    kinds: &'a [u8],
}

#[cfg(test)]
mod tests;
