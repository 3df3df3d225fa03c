//! Health: what went well and what did not, in total and per sender.
//!
//! Counters only grow; rates are made by whoever compares two readings. Every map is bounded:
//! what does not fit is counted under "others".

use super::losses::{self, Loss};
use super::origin::{Origin, SourceId};
use super::track::Pushed;
use crate::ingest::{
    Batch, FaultReport, HostRoute, ProtectedCount, Sender, SenderDelta, USERS_PER_SENDER_MAX,
    count_class, count_protected,
};
use crate::metric::{CdTime, Identifier};
use crate::wire::Trust;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Senders counted one by one; the rest is counted together. 4,096 x ~150 B = 0.6 MiB.
pub const SENDERS_MAX: usize = 4_096;
/// Newest faults kept in full, oldest out first; all are counted.
pub const FAULTS_MAX: usize = 256;
/// Unknown type names kept; 256 x at most 127 B. Enough to see which types.db is missing.
pub const UNKNOWN_TYPES_MAX: usize = 256;
/// Hosts with conflicting values kept; as many as anyone will look after.
pub const CONFLICTS_MAX: usize = 64;
/// Host names that several machines use, and late values by host and sender: as many as conflicts.
pub const SHARED_MAX: usize = 64;
/// See [`SHARED_MAX`].
pub const REFUSED_LATE_MAX: usize = 64;
/// Users of signed or encrypted parts and their fates counted one by one; the rest together.
pub const PROTECTED_MAX: usize = 256;
/// Hosts whose routes are kept: an explanation in the window, never data.
pub const ROUTED_HOSTS_MAX: usize = 16_384;
/// Part of the budget that they may take, with one route each.
const ROUTES_PART: usize = 16;
/// Routes kept of a host; one with two relays and both protections has four.
pub const ROUTES_PER_HOST_MAX: usize = 8;

/// Counters since the start; see [`super::Store::health`].
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Of all senders and sources.
    pub totals: Totals,
    /// At most [`SENDERS_MAX`].
    pub senders: BTreeMap<Origin, SenderHealth>,
    /// All senders that did not fit, together.
    pub other_senders: SenderHealth,
    /// The newest faults, oldest first; at most [`FAULTS_MAX`].
    pub faults: VecDeque<(SourceId, FaultReport)>,
    /// The newest losses, oldest first; at most [`super::LOSSES_MAX`].
    pub losses: VecDeque<Loss>,
    /// Types that types.db does not know (or knows with another number of data sources), and how
    /// many identifiers use them; at most [`UNKNOWN_TYPES_MAX`] names.
    pub unknown_types: BTreeMap<Box<str>, u64>,
    /// Identifiers of unknown types whose type did not fit above.
    pub other_unknown_types: u64,
    /// Hosts with different values of one series and time; at most [`CONFLICTS_MAX`]. Two machines
    /// have one name, or two programs write one series.
    pub conflicts: BTreeMap<Arc<str>, Conflict>,
    /// Hosts whose series get samples of several senders in turns: two machines have one name. At
    /// most [`SHARED_MAX`].
    pub shared: BTreeMap<Arc<str>, Shared>,
    /// Late values that were not kept, by host and sender.
    pub refused_late: RefusedLate,
    /// Signed and encrypted parts by user and fate; at most [`PROTECTED_MAX`], then by
    /// [`crate::ingest::OTHER_USERS`].
    pub protected: Vec<ProtectedCount>,
    /// Routes by which each host is received, in the order they were first seen; at most
    /// [`ROUTED_HOSTS_MAX`] hosts with [`ROUTES_PER_HOST_MAX`] routes.
    pub routes: BTreeMap<Box<str>, Vec<Route>>,
    /// Rows of all `protected` and `fault_classes`, and routes of all hosts: what they cost is
    /// asked for with every batch.
    rows_held: usize,
    routes_held: usize,
    /// Hosts whose routes are kept where memory is small.
    hosts_max: Option<usize>,
}

/// A route by which a host is received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Sender of its values: the host itself, or a relay.
    pub origin: Origin<IpAddr>,
    /// How they are protected.
    pub trust: Trust,
    /// Who signed or encrypted them.
    pub user: Option<Box<str>>,
}

/// Different values of one series and time, of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflict {
    /// Values that were not kept.
    pub values: u64,
    /// Of these, the ones that came in one datagram with the value that was.
    pub repeated: u64,
    /// Whose the newest of them was.
    pub newest: Option<Arc<Identifier>>,
    /// When the newest of them was absorbed, by our clock.
    pub last_seen: CdTime,
}

/// A host name that several machines use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Where they send from.
    pub senders: Vec<Origin<IpAddr>>,
    /// When that was last seen, by our clock.
    pub last_seen: CdTime,
}

/// Late values that were not kept, by host and sender; at most [`REFUSED_LATE_MAX`] of them, all
/// are in the totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedLate(pub BTreeMap<(Arc<str>, Option<Origin<IpAddr>>), u64>);

impl RefusedLate {
    pub(super) fn count(&mut self, host: &Arc<str>, origin: Option<Origin<IpAddr>>) {
        let key = (Arc::clone(host), origin);
        if self.0.len() < REFUSED_LATE_MAX || self.0.contains_key(&key) {
            *self.0.entry(key).or_default() += 1;
        }
    }
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
    /// Notifications received.
    pub notifications: u64,
    /// Faults found.
    pub faults: u64,
    /// Signed or encrypted parts.
    pub protected: u64,
    /// Those that were refused.
    pub refused: u64,
    /// Values that became samples.
    pub stored_values: u64,
    /// Values earlier than the newest of their series, put in their place.
    pub late_values: u64,
    /// Late values that were not kept: more than [`super::LATE_MAX`] came at once.
    pub late_dropped_values: u64,
    /// Values received again with the same time; kept once.
    pub duplicate_values: u64,
    /// Values at a time for which their series had another one; not kept.
    pub conflicting_values: u64,
    /// Values lost because the channel was full.
    pub dropped_values: u64,
    /// Datagrams the kernel threw away because the receive buffer was full.
    pub kernel_drops: u64,
    /// Notifications lost because a batch was full.
    pub dropped_notifications: u64,
    /// Value lists refused because too many names were known.
    pub refused_lists: u64,
    /// Samples evicted to make room for newer ones.
    pub evicted_samples: u64,
    /// Series forgotten because others needed room for their names.
    pub forgotten_series: u64,
}

/// Counters of one sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SenderHealth {
    /// Datagrams received.
    pub datagrams: u64,
    /// Their payload.
    pub bytes: u64,
    /// Value lists in them.
    pub lists: u64,
    /// Values in them.
    pub values: u64,
    /// Value lists refused because too many names were known, of this sender or of all.
    pub refused_lists: u64,
    /// Faults in them, refused parts among them.
    pub faults: u64,
    /// The same by [`crate::wire::FaultKind::class`].
    pub fault_classes: Vec<(&'static str, u64)>,
    /// Signed or encrypted parts in them by user and fate; at most
    /// [`crate::ingest::USERS_PER_SENDER_MAX`].
    pub protected: Vec<ProtectedCount>,
    /// The newest arrival.
    pub last_seen: CdTime,
}

/// What a kept sender, fault, unknown type or user costs, with the nodes of the trees.
const SENDER_BYTES: usize = 2 * (size_of::<Origin>() + size_of::<SenderHealth>());
const PROTECTED_BYTES: usize = size_of::<ProtectedCount>() + NAME_BYTES;
const ROUTE_BYTES: usize = 2 * (size_of::<Route>() + NAME_BYTES);
const FAULT_BYTES: usize = size_of::<(SourceId, FaultReport)>();
const NAME_BYTES: usize = 2 * 64 + 127;

impl Totals {
    /// Counts a value by what became of it; whether it was kept.
    pub(super) fn count(&mut self, pushed: Pushed) -> bool {
        match pushed {
            Pushed::Newest => {}
            Pushed::Late => self.late_values += 1,
            // Counted when it is merged.
            Pushed::Behind => {}
            Pushed::Duplicate => self.duplicate_values += 1,
            // By host, too: see `Health::conflict`.
            Pushed::Conflict => {}
        }
        let kept = matches!(pushed, Pushed::Newest | Pushed::Late);
        self.stored_values += u64::from(kept);
        kept
    }
}

impl Health {
    /// Limits the hosts whose routes are kept to [`ROUTES_PART`] of the budget.
    pub(super) fn bound(&mut self, budget_bytes: usize) {
        let hosts = budget_bytes / ROUTES_PART / ROUTE_BYTES;
        self.hosts_max = Some(hosts.min(ROUTED_HOSTS_MAX));
    }

    /// Adds what a batch counted.
    pub(super) fn absorb(&mut self, source: SourceId, batch: &Batch) {
        let totals = &mut self.totals;
        totals.notifications += batch.notifications.len() as u64;
        totals.dropped_values += batch.dropped_values;
        totals.dropped_notifications += batch.dropped_notifications;
        totals.kernel_drops += batch.kernel_drops;
        totals.refused_lists += batch.refused_lists;
        losses::note(&mut self.losses, batch);
        for delta in &batch.senders {
            self.absorb_sender(source, delta);
        }
        for received in &batch.routes {
            self.add_route(source, received);
        }
        for fault in &batch.faults {
            if self.faults.len() >= FAULTS_MAX {
                self.faults.pop_front();
            }
            self.faults.push_back((source, fault.clone()));
        }
    }

    fn absorb_sender(&mut self, source: SourceId, delta: &SenderDelta) {
        self.totals.datagrams += delta.datagrams;
        self.totals.bytes += delta.bytes;
        self.totals.lists += delta.lists;
        self.totals.values += delta.values;
        self.totals.faults += delta.faults;
        for more in &delta.protected {
            self.totals.protected += more.count;
            self.totals.refused += if more.outcome.is_err() { more.count } else { 0 };
            self.rows_held -= self.protected.len();
            count_protected(&mut self.protected, more, PROTECTED_MAX);
            self.rows_held += self.protected.len();
        }
        let origin = Origin { source, sender: delta.sender.clone() };
        let full = self.senders.len() >= SENDERS_MAX && !self.senders.contains_key(&origin);
        let others = full || origin.sender == Sender::Others;
        let sender =
            if others { &mut self.other_senders } else { self.senders.entry(origin).or_default() };
        sender.datagrams += delta.datagrams;
        sender.bytes += delta.bytes;
        sender.lists += delta.lists;
        sender.values += delta.values;
        sender.refused_lists += delta.refused_lists;
        sender.faults += delta.faults;
        self.rows_held -= sender.fault_classes.len() + sender.protected.len();
        for &(class, count) in &delta.fault_classes {
            count_class(&mut sender.fault_classes, class, count);
        }
        for more in &delta.protected {
            count_protected(&mut sender.protected, more, USERS_PER_SENDER_MAX);
        }
        self.rows_held += sender.fault_classes.len() + sender.protected.len();
        sender.last_seen = sender.last_seen.max(delta.last_seen);
    }

    /// Counts value lists that somebody named first and that are not kept for lack of room.
    pub(super) fn refuse(&mut self, owner: Option<&Origin<IpAddr>>, lists: u64) {
        self.totals.refused_lists += lists;
        let first_and_last = owner.map(|Origin { source, sender }| {
            let at = |port| Origin {
                source: *source,
                sender: match sender {
                    Sender::Address(ip) => SocketAddr::new(*ip, port).into(),
                    Sender::Name(name) => Sender::Name(Arc::clone(name)),
                    Sender::Others => Sender::Others,
                },
            };
            (at(0), at(u16::MAX))
        });
        let known = first_and_last.map(|(first, last)| self.senders.range_mut(first..=last));
        let newest = known.into_iter().flatten().max_by_key(|(_, sender)| sender.last_seen);
        let sender = newest.map_or(&mut self.other_senders, |(_, sender)| sender);
        sender.refused_lists += lists;
    }

    fn add_route(&mut self, source: SourceId, received: &HostRoute) {
        let hosts_max = self.hosts_max.unwrap_or(ROUTED_HOSTS_MAX);
        let full = self.routes.len() >= hosts_max && !self.routes.contains_key(&received.host);
        if full {
            return;
        }
        let HostRoute { host, sender, trust, user } = received.clone();
        let route = Route { origin: Origin { source, sender }, trust, user };
        let routes = self.routes.entry(host).or_default();
        if routes.len() < ROUTES_PER_HOST_MAX && !routes.contains(&route) {
            routes.push(route);
            self.routes_held += 1;
        }
    }

    /// Counts `values` of one list of `host` that contradict those that are kept; `repeated` says
    /// that these came in the same datagram.
    pub(super) fn conflict(
        &mut self,
        host: &Arc<str>,
        identifier: &Arc<Identifier>,
        (values, repeated): (u64, bool),
        now: CdTime,
    ) {
        self.totals.conflicting_values += values;
        if self.conflicts.len() >= CONFLICTS_MAX && !self.conflicts.contains_key(host) {
            return;
        }
        let conflict = self.conflicts.entry(Arc::clone(host)).or_default();
        conflict.values += values;
        conflict.repeated += if repeated { values } else { 0 };
        conflict.newest = Some(Arc::clone(identifier));
        conflict.last_seen = conflict.last_seen.max(now);
    }

    /// Counts a late value for which there was no room.
    #[cold]
    pub(super) fn refuse_late(&mut self, host: &Arc<str>, origin: Option<Origin<IpAddr>>) {
        self.totals.late_dropped_values += 1;
        self.refused_late.count(host, origin);
    }

    /// Notes that the series of `host` get samples of these senders in turns.
    pub(super) fn shared(&mut self, host: &Arc<str>, senders: Vec<Origin<IpAddr>>, now: CdTime) {
        if self.shared.len() >= SHARED_MAX && !self.shared.contains_key(host) {
            return;
        }
        self.shared.insert(Arc::clone(host), Shared { senders, last_seen: now });
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
            + self.losses.capacity() * size_of::<Loss>()
            + (self.unknown_types.len() + self.conflicts.len()) * NAME_BYTES
            + (self.shared.len() + self.refused_late.0.len()) * NAME_BYTES
            + self.rows_held * PROTECTED_BYTES
            + self.routes_held * ROUTE_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::OTHER_USERS;
    use crate::wire::{FaultKind, Protection};

    const SOURCE: SourceId = SourceId(3);

    fn sent(senders: impl IntoIterator<Item = SenderDelta>) -> Batch {
        Batch { senders: senders.into_iter().collect(), ..Batch::default() }
    }

    fn from(number: u32) -> SenderDelta {
        let ip = std::net::Ipv4Addr::from(0x0a00_0000 + number);
        SenderDelta { datagrams: 1, bytes: 100, ..SenderDelta::new(SocketAddr::from((ip, 25_826))) }
    }

    #[test]
    fn senders_past_the_bound_are_counted_together() {
        let mut health = Health::default();
        health.absorb(SOURCE, &sent((0..5_000).map(from)));
        health.absorb(
            SOURCE,
            &sent([from(0), SenderDelta { datagrams: 7, ..SenderDelta::new(Sender::Others) }]),
        );
        assert_eq!(health.senders.len(), SENDERS_MAX);
        let origin = Origin { source: SOURCE, sender: from(0).sender };
        assert_eq!(health.senders[&origin].datagrams, 2);
        assert_eq!(health.other_senders.datagrams, 5_000 - 4_096 + 7);
        assert_eq!(health.totals.datagrams, 5_008);
    }

    #[test]
    fn users_past_the_bound_are_counted_together() {
        let mut health = Health::default();
        for number in 0..300 {
            let protected = vec![ProtectedCount {
                protection: Protection::Signed,
                user: format!("user{number}").into(),
                outcome: Err(FaultKind::UserUnknown),
                count: 1,
            }];
            health.absorb(SOURCE, &sent([SenderDelta { protected, ..from(0) }]));
        }
        assert_eq!(health.protected.len(), PROTECTED_MAX + 1);
        let others = health.protected.last().unwrap();
        assert_eq!((&*others.user, others.count), (OTHER_USERS, 44));
        let origin = Origin { source: SOURCE, sender: from(0).sender };
        let sender = &health.senders[&origin].protected;
        assert_eq!(sender.len(), USERS_PER_SENDER_MAX + 1);
        assert_eq!((health.totals.protected, health.totals.refused), (300, 300));
    }

    #[test]
    fn routes_past_the_bounds_are_not_kept() {
        let mut health = Health::default();
        let received = |host: usize, sender: u8| HostRoute {
            host: format!("h{host}").into(),
            sender: [10, 0, 0, sender].into(),
            trust: Trust::Plain,
            user: None,
        };
        let routes: Vec<_> = (0..20_000).map(|host| received(host, 1)).collect();
        health.absorb(SOURCE, &Batch { routes, ..Batch::default() });
        let routes = (0..100).chain(0..100).map(|sender| received(0, sender)).collect();
        health.absorb(SOURCE, &Batch { routes, ..Batch::default() });
        assert_eq!(health.routes.len(), ROUTED_HOSTS_MAX);
        assert_eq!(health.routes["h0"].len(), ROUTES_PER_HOST_MAX);
    }

    #[test]
    fn hosts_with_conflicts_past_the_bound_are_counted_in_the_total_only() {
        let mut health = Health::default();
        let id = Arc::new(Identifier::new("h", "snmp", "", "if_octets", ""));
        for number in 0..2 * CONFLICTS_MAX as u64 {
            let host: Arc<str> = format!("h{number:03}").into();
            health.conflict(&host, &id, (2, false), CdTime::from_secs(number));
        }
        health.conflict(&"h000".into(), &id, (1, true), CdTime::from_secs(500));
        assert_eq!(health.conflicts.len(), CONFLICTS_MAX);
        let last_seen = CdTime::from_secs(500);
        let first = Conflict { values: 3, repeated: 1, newest: Some(id), last_seen };
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
