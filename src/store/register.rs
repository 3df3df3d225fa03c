//! Register: how series come and how they go.
//!
//! A list that is announced finds its series or makes them, if names have room. When they have
//! none, series that were silent for long, or that came once and not again, are forgotten, the
//! longest silent first, and their places are used again. Where that does not help a sender that
//! has little, those that have most give back ([`crate::ingest`] does the same). Knows nothing of
//! samples but how many there are.

use super::memory::NAMES_PART;
use super::nodes::{HostNumber, ListNode, NODES_BYTES};
use super::origin::{Origin, SourceId};
use super::quota::NameBytes;
use super::returning::{Named, Returning};
use super::series::Series;
use super::series_table::{IDENTIFIER_BYTES, SERIES_BYTES};
use super::{STALE_MIN, SeriesId, Store};
use crate::ingest::{Announced, LISTS_MAX, Row};
use crate::metric::{CdTime, DsType, Identifier, Interval};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::cmp::Reverse;
use std::sync::Arc;

/// Bytes of the first series of a list beside those of each and its names.
const FIRST_BYTES: usize = IDENTIFIER_BYTES + size_of::<ListNode>() + 32;

/// Silence after which a series that came once and not again may be forgotten: three intervals, but
/// not less and not more.
const ONCE_MIN: Interval = Interval::from_secs(300);
const ONCE_MAX: Interval = Interval::from_secs(1_800);

/// Part of what names may take that notes of refused lists may take; a receiver numbers fewer lists
/// than that.
const REFUSED_PART: usize = 16;

impl Store {
    /// Learns which series the values of a list belong to; makes those that are new.
    pub(super) fn announce(&mut self, source: SourceId, announced: &Announced, now: CdTime) {
        let Announced { list, sender, identifier, kinds } = announced;
        let (Ok(slot), Ok(count)) = (usize::try_from(list.0), u16::try_from(kinds.len())) else {
            return;
        };
        if slot >= LISTS_MAX || count == 0 {
            return;
        }
        if !self.returning.is_empty() {
            self.returning.take(source, *list);
        }
        let sender = self.quota.number(&Origin { source, sender: sender.clone() });
        self.admit((source, slot), (identifier, kinds), sender, now);
    }

    /// Brings back the lists among `rows` that the user forgot.
    pub(super) fn bring_back(&mut self, source: SourceId, rows: &[Row], now: CdTime) {
        if self.returning.is_empty() {
            return;
        }
        for row in rows {
            let Some(Named { identifier, kinds, sender }) = self.returning.take(source, row.list)
            else {
                continue;
            };
            if let Ok(slot) = usize::try_from(row.list.0) {
                self.admit((source, slot), (&identifier, &kinds), sender, now);
            }
        }
    }

    /// Finds or makes the series of a list that `sender` named, if names have room.
    fn admit(
        &mut self,
        list: (SourceId, usize),
        (identifier, kinds): (&Identifier, &[DsType]),
        sender: u16,
        now: CdTime,
    ) {
        let mut known = self.known(identifier, kinds);
        for &id in known.iter().flatten() {
            // Received just now, so that they do not go when names need room.
            if let Some(series) = self.series.get_mut(id) {
                series.last_received = now.in_16_secs();
            }
        }
        let cost = self.list_cost(list, identifier, &known);
        if cost > 0 {
            if self.is_short_of_names(sender, cost, now) && self.make_room_for_names(sender, now) {
                known = self.known(identifier, kinds);
            }
            if !self.has_room_for_names(sender, cost, now) {
                let bytes_max = self.budget_bytes / NAMES_PART / REFUSED_PART;
                self.lists.refuse(list, sender, bytes_max);
                return;
            }
        }
        let host = self.names.intern(&identifier.host);
        let host = self.index.number(&host);
        let ids = self.members_of((identifier, kinds), &known, (host, sender), now);
        self.lists.set(list, &ids, (host, sender));
    }

    /// Series of a list that exist already.
    fn known(&self, identifier: &Identifier, kinds: &[DsType]) -> Vec<Option<SeriesId>> {
        let found =
            (0..).zip(kinds).map(|(ds_index, &kind)| self.series.find(identifier, ds_index, kind));
        found.collect()
    }

    /// The series of a list; makes those that are not known.
    fn members_of(
        &mut self,
        (identifier, kinds): (&Identifier, &[DsType]),
        known: &[Option<SeriesId>],
        (host, sender): (HostNumber, u16),
        now: CdTime,
    ) -> Vec<SeriesId> {
        let old = known.iter().flatten().find_map(|&id| self.series(id));
        let shared = old.map(|series| Arc::clone(&series.identifier));
        let is_new = shared.is_none();
        let shared = shared.unwrap_or_else(|| self.series.share(self.names.identifier(identifier)));
        let set = self.types.get(&identifier.type_);
        if is_new && set.is_none_or(|set| set.sources.len() != kinds.len()) {
            self.health.unknown_type(&identifier.type_);
        }
        let count = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
        let mut ids = Vec::with_capacity(kinds.len());
        for (ds_index, (&kind, &known)) in (0..).zip(kinds.iter().zip(known)) {
            let id = known.unwrap_or_else(|| {
                self.quota.take(sender, weight(&shared, ds_index));
                let id = self.series.insert(&shared, (ds_index, kind), sender);
                self.index.insert(host, Arc::clone(&shared), id);
                self.newcomers.note(id, now);
                id
            });
            if let Some(series) = self.series.at_mut(id.slot()) {
                series.last_received = now.in_16_secs();
                if series.ds_count != count {
                    let is_new = series.ds_count == 0;
                    series.describe(count, &self.types, &mut self.names);
                    if is_new {
                        self.index.touch();
                    } else {
                        self.index.rename();
                    }
                }
            }
            ids.push(id);
        }
        ids
    }

    /// Bytes that announcing a list needs at most; `known` are its series that exist already.
    fn list_cost(
        &self,
        list: (SourceId, usize),
        identifier: &Identifier,
        known: &[Option<SeriesId>],
    ) -> usize {
        let entry = self.lists.cost(list, known.len());
        let new = known.iter().filter(|known| known.is_none()).count();
        if new == 0 {
            return entry;
        }
        let places = self.series.places_bytes(new);
        entry + places + IDENTIFIER_BYTES + NODES_BYTES + identifier.name_bytes()
    }

    /// Bytes that names take and may take.
    fn name_room(&self) -> NameBytes {
        NameBytes { used: self.count_name_bytes(), max: self.budget_bytes / NAMES_PART }
    }

    /// Whether a list of `sender` that takes `cost` fits.
    fn has_room_for_names(&mut self, sender: u16, cost: usize, now: CdTime) -> bool {
        let room = self.name_room();
        !self.series.is_full() && self.quota.fits(sender, cost, room, now)
    }

    /// Whether it does not, or others have begun to use up the reserve.
    fn is_short_of_names(&mut self, sender: u16, cost: usize, now: CdTime) -> bool {
        !self.has_room_for_names(sender, cost, now)
            || self.quota.is_reserve_low(sender, self.name_room())
    }

    /// Forgets others in favour of a list of `sender`; whether it was time to.
    fn make_room_for_names(&mut self, sender: u16, now: CdTime) -> bool {
        let is_short = self.quota.begin_forgetting(sender, now);
        if let Some(is_short) = is_short {
            self.forget(now, is_short);
        }
        is_short.is_some()
    }

    /// Forgets series that were silent for long, the longest silent first, until names take about
    /// three quarters of what they may; and if a sender is short, of those that have more than
    /// their share the series with the fewest samples, the newest first. What a view that stands
    /// still shows is not forgotten.
    fn forget(&mut self, now: CdTime, is_short: bool) {
        self.returning = Returning::default();
        self.index.settle();
        let room = self.name_room();
        self.quota.settle(room, now);
        let mut excess = if is_short { self.quota.excess() } else { Vec::new() };
        let (mut silent, mut crowded) = (Vec::new(), Vec::new());
        for (series, sender) in self.series.with_senders() {
            if self.retention.holds(series.id) {
                continue;
            }
            let silence = now.saturating_sub(silence_max(series)).in_16_secs();
            if series.last_received < silence {
                silent.push((series.last_received, series.id));
            } else if excess.get(usize::from(sender)).is_some_and(|excess| *excess > 0) {
                crowded.push((series.track.len(), Reverse(series.last_received), series.id));
            }
        }
        silent.sort_unstable();
        crowded.sort_unstable();
        // What one gives back: places and tables stay.
        let names =
            self.series.identifier_bytes() + self.names.heap_bytes() + self.index.heap_bytes();
        let live = self.series.len().max(1);
        let surplus = room.used.saturating_sub(room.max - room.max / 4);
        let count_of = |bytes: usize| (surplus / (bytes / live).max(1)).max(64);
        silent.truncate(count_of(names));
        // Of those that are not silent fewer, even if it is not enough.
        let mut count = count_of(room.used).saturating_sub(silent.len());
        let mut gone: HashSet<SeriesId, RandomState> = HashSet::default();
        let crowded = crowded.into_iter().map(|(.., id)| id);
        for (id, is_crowded) in
            silent.into_iter().map(|(_, id)| (id, false)).chain(crowded.map(|id| (id, true)))
        {
            let sender = self.series.sender(id);
            let excess = excess.get_mut(usize::from(sender));
            if is_crowded && (count == 0 || excess.as_ref().is_none_or(|excess| **excess == 0)) {
                continue;
            }
            if let (Some(excess), Some(series)) = (excess, self.series.get(id)) {
                *excess = excess.saturating_sub(weight(&series.identifier, series.ds_index));
            }
            gone.insert(id);
            count -= usize::from(is_crowded);
        }
        if gone.is_empty() {
            return;
        }
        self.health.totals.evicted_samples += self.forget_all(&gone);
        self.health.totals.forgotten_series += gone.len() as u64;
    }

    /// Forgets series, and the others of their value lists, because the user asks for it; returns
    /// how many went. What is received for them afterwards makes them anew.
    pub fn forget_series(&mut self, ids: impl IntoIterator<Item = SeriesId>) -> usize {
        self.index.settle();
        let mut gone: HashSet<SeriesId, RandomState> = HashSet::default();
        for id in ids {
            let list = self.series.get(id).and_then(|series| self.index.list(&series.identifier));
            gone.extend(list.into_iter().flat_map(|list| list.series.iter().copied()));
        }
        if gone.is_empty() {
            return 0;
        }
        let Self { lists, returning, series, .. } = self;
        lists.forget(
            |id| gone.contains(&id),
            |list, ids, sender| {
                let all: Option<Vec<_>> = ids.iter().map(|&id| series.get(id)).collect();
                let Some(all) = all else { return };
                let Some(first) = all.first() else { return };
                let identifier = Arc::clone(&first.identifier);
                let kinds = all.iter().map(|series| series.kind).collect();
                returning.keep(list, Named { identifier, kinds, sender });
            },
        );
        self.forget_all(&gone);
        self.name_bytes = self.count_name_bytes();
        self.data_revision += 1;
        gone.len()
    }

    /// Returns how many samples went.
    fn forget_all(&mut self, gone: &HashSet<SeriesId, RandomState>) -> u64 {
        let samples = gone.iter().map(|&id| self.forget_one(id)).sum();
        for host in self.index.forget(|id| gone.contains(&id)) {
            self.clocks.forget(host);
        }
        self.names.sweep();
        samples
    }

    fn forget_one(&mut self, id: SeriesId) -> u64 {
        let sender = self.series.sender(id);
        let Some(series) = self.series.get_mut(id) else {
            return 0;
        };
        self.quota.give_back(sender, weight(&series.identifier, series.ds_index));
        let samples = self.retention.clear(series, &mut self.scratch.lent);
        self.series.remove(id);
        samples
    }
}

/// Bytes of a series and its names, roughly.
fn weight(identifier: &Identifier, ds_index: u16) -> usize {
    let first = if ds_index == 0 { FIRST_BYTES + identifier.name_bytes() } else { 0 };
    SERIES_BYTES + first
}

/// Silence after which others may have the place of a series.
fn silence_max(series: &Series) -> Interval {
    if series.track.len() > 1 {
        return STALE_MIN;
    }
    let thrice = series.interval.raw().saturating_mul(3);
    Interval::from_raw(thrice.clamp(ONCE_MIN.raw(), ONCE_MAX.raw()))
}
