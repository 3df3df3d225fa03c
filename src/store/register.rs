//! Register: which series there are, how they come and how they go.
//!
//! A list that is announced finds its series or makes them, if names have room. When they have
//! none, series that were silent for long, or that came once and not again, are forgotten, the
//! longest silent first, and their places are used again. Where that does not help a sender that
//! has little, those that have most give back ([`crate::ingest`] does the same). Knows nothing of
//! samples but how many there are.

use super::memory::NAMES_PART;
use super::nodes::HostNumber;
use super::origin::{Origin, SourceId};
use super::series::Series;
use super::track::Track;
use super::{
    FORGET_PAUSE, IDENTIFIER_BYTES, ListEntry, NODES_BYTES, ONCE_MAX, ONCE_MIN, PLACES_MAX,
    SHORT_PAUSE, STALE_MIN, SeriesId, Store,
};
use crate::ingest::{Announced, LISTS_MAX, RESERVE_PART};
use crate::metric::{CdTime, DsType, Identifier, Interval};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::cmp::Reverse;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Bytes of a series of its own, and of the first of its list beside its names.
const SERIES_BYTES: usize = size_of::<Series>() + 16;
const FIRST_BYTES: usize = IDENTIFIER_BYTES + size_of::<super::ListNode>() + 32;

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
        let mut known = self.known(identifier, kinds);
        for id in known.iter().flatten() {
            // Received just now, so that they do not go when names need room.
            if let Some(series) = self.series.get_mut(id.place()) {
                series.last_received = now.in_16_secs();
            }
        }
        let cost = self.list_cost(source, slot, identifier, &known);
        let sender = self.shares.number(&Origin { source, sender: sender.clone() });
        if cost > 0 {
            if self.is_short_of_names(sender, cost, now) && self.make_room_for_names(sender, now) {
                known = self.known(identifier, kinds);
            }
            if !self.has_room_for_names(sender, cost, now) {
                self.refuse(source, slot, sender);
                return;
            }
        }
        let host = self.names.intern(&identifier.host);
        let host = self.index.number(&host);
        let ids = self.members_of(announced, &known, (host, sender), now);
        let members_before = self.members.len();
        let members = &mut self.members;
        let Some(entry) = entry(&mut self.lists, source, slot) else {
            return;
        };
        let start = usize::try_from(entry.start).ok().filter(|_| entry.room >= count);
        match start.and_then(|start| members.get_mut(start..)) {
            // Announced anew.
            Some(old) => old.iter_mut().zip(&ids).for_each(|(old, &id)| *old = id),
            None => {
                grow(members, ids.len());
                members.extend_from_slice(&ids);
                entry.start = u32::try_from(members_before).unwrap_or(u32::MAX);
                entry.room = count;
            }
        }
        (entry.host, entry.count, entry.sender) = (host, count, sender);
    }

    /// Notes that a list is refused: its rows find no series and are counted there as the
    /// sender's, also where the number was another's.
    fn refuse(&mut self, source: SourceId, slot: usize, sender: u16) {
        let lists = self.lists.get(usize::from(source.0)).map_or(0, Vec::len);
        let entries_max = self.budget_bytes / NAMES_PART / REFUSED_PART / size_of::<ListEntry>();
        if slot < lists.max(entries_max)
            && let Some(entry) = entry(&mut self.lists, source, slot)
        {
            (entry.count, entry.sender) = (0, sender);
        }
    }

    /// Series of a list that exist already.
    fn known(&self, identifier: &Identifier, kinds: &[DsType]) -> Vec<Option<SeriesId>> {
        let found = (0..).zip(kinds).map(|(ds_index, &kind)| self.find(identifier, ds_index, kind));
        found.collect()
    }

    /// The series of a list; makes those that are not known.
    fn members_of(
        &mut self,
        announced: &Announced,
        known: &[Option<SeriesId>],
        (host, sender): (HostNumber, u16),
        now: CdTime,
    ) -> Vec<SeriesId> {
        let Announced { identifier, kinds, .. } = announced;
        let old = known.iter().flatten().find_map(|&id| self.series(id));
        let shared = old.map(|series| Arc::clone(&series.identifier));
        let is_new = shared.is_none();
        let shared = shared.unwrap_or_else(|| {
            self.identifiers += 1;
            Arc::new(self.names.identifier(identifier))
        });
        let set = self.types.get(&identifier.type_);
        if is_new && set.is_none_or(|set| set.sources.len() != kinds.len()) {
            self.health.unknown_type(&identifier.type_);
        }
        let count = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
        let mut ids = Vec::with_capacity(kinds.len());
        for (ds_index, (&kind, &known)) in (0..).zip(kinds.iter().zip(known)) {
            let id = known.unwrap_or_else(|| {
                self.shares.take(sender, weight(&shared, ds_index));
                self.add(&shared, host, (ds_index, kind), sender)
            });
            if let Some(series) = self.series.get_mut(id.place()) {
                series.last_received = now.in_16_secs();
                if series.ds_count != count {
                    let lent = &mut self.scratch.lent;
                    series.describe(count, &self.types, &mut self.names, lent);
                    self.index.touch();
                }
            }
            ids.push(id);
        }
        ids
    }

    /// Makes a series; it is not described yet.
    fn add(
        &mut self,
        shared: &Arc<Identifier>,
        host: HostNumber,
        what: (u16, DsType),
        sender: u16,
    ) -> SeriesId {
        let hash = hash_of(&self.hasher, shared, what.0, what.1);
        let fresh = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        let place = self.free.pop().unwrap_or(fresh);
        let position = SeriesId(place).place();
        let identifier = Arc::clone(shared);
        let id = match self.series.get_mut(position) {
            Some(old) => {
                let id = SeriesId(old.id.0.wrapping_add(PLACES_MAX));
                // It knows of queue entries that stand for nothing now.
                let track = old.track.begun_anew(place);
                *old = Series::new(id, identifier, what, track);
                id
            }
            None => {
                let id = SeriesId(place);
                grow(&mut self.series, 1);
                self.series.push(Series::new(id, identifier, what, Track::new(place)));
                id
            }
        };
        match self.named_by.get_mut(position) {
            Some(by) => *by = sender,
            None => {
                grow(&mut self.named_by, 1);
                self.named_by.push(sender);
            }
        }
        self.index.insert(host, Arc::clone(shared), id);
        let (all, hasher) = (&self.series, &self.hasher);
        self.table.insert_unique(hash, place, |&place| {
            let series = all.get(SeriesId(place).place());
            series.map_or(0, |s| hash_of(hasher, &s.identifier, s.ds_index, s.kind))
        });
        id
    }

    fn find(&self, identifier: &Identifier, ds_index: u16, kind: DsType) -> Option<SeriesId> {
        let hash = hash_of(&self.hasher, identifier, ds_index, kind);
        let same = |&place: &u32| {
            self.series.get(SeriesId(place).place()).is_some_and(|series| {
                series.ds_index == ds_index
                    && series.kind == kind
                    && *series.identifier == *identifier
            })
        };
        let place = *self.table.find(hash, same)?;
        self.series.get(SeriesId(place).place()).map(|series| series.id)
    }

    /// Bytes that announcing a list needs at most; `known` are its series that exist already.
    fn list_cost(
        &self,
        source: SourceId,
        slot: usize,
        identifier: &Identifier,
        known: &[Option<SeriesId>],
    ) -> usize {
        let lists = self.lists.get(usize::from(source.0)).map_or(&[][..], Vec::as_slice);
        let entries = (slot + 1).saturating_sub(lists.len()) * size_of::<ListEntry>();
        let has_room = lists.get(slot).is_some_and(|list| usize::from(list.room) >= known.len());
        let members = if has_room { 0 } else { size_of_val(known) };
        let new = known.iter().filter(|known| known.is_none()).count();
        if new == 0 {
            return entries + members;
        }
        let places = new.saturating_sub(self.free.len()) * (size_of::<Series>() + 16);
        entries + members + places + IDENTIFIER_BYTES + NODES_BYTES + identifier.name_bytes()
    }

    /// Whether a list of `sender` that takes `cost` fits.
    fn has_room_for_names(&mut self, sender: u16, cost: usize, now: CdTime) -> bool {
        let bytes_max = self.budget_bytes / NAMES_PART;
        let places_max = usize::try_from(PLACES_MAX - 1_024).unwrap_or_default();
        let bytes = self.count_name_bytes() + cost;
        if self.series.len() >= places_max && self.free.is_empty() {
            return false;
        }
        if bytes <= bytes_max - bytes_max / RESERVE_PART {
            return true;
        }
        if self.settled != now.in_16_secs() {
            self.settle_shares(now);
        }
        bytes <= self.shares.max_for(sender, bytes_max)
    }

    /// Whether it does not, or others have begun to use up the reserve.
    fn is_short_of_names(&mut self, sender: u16, cost: usize, now: CdTime) -> bool {
        let fits = self.has_room_for_names(sender, cost, now);
        let bytes_max = self.budget_bytes / NAMES_PART;
        let is_low = self.count_name_bytes() > bytes_max - bytes_max / RESERVE_PART / 4 * 3;
        !fits || (is_low && self.shares.is_below(sender))
    }

    /// Forgets others in favour of a list of `sender`; whether it was time to.
    fn make_room_for_names(&mut self, sender: u16, now: CdTime) -> bool {
        let is_short = self.shares.is_below(sender);
        let pause = if is_short { SHORT_PAUSE } else { FORGET_PAUSE };
        let is_soon = |last: CdTime| now >= last && now.since(last) < pause;
        if self.forgot.is_some_and(is_soon) {
            return false;
        }
        self.forgot = Some(now);
        self.forget(now, is_short);
        true
    }

    /// Finds the level of the shares anew. Only while room is short: else everybody would be below
    /// it, until the next time.
    fn settle_shares(&mut self, now: CdTime) {
        self.settled = now.in_16_secs();
        self.shares.settle(self.count_name_bytes(), self.budget_bytes / NAMES_PART);
    }

    /// Forgets series that were silent for long, the longest silent first, until names take about
    /// three quarters of what they may; and if a sender is short, of those that have more than
    /// their share the series with the fewest samples, the newest first. What a view that stands
    /// still shows is not forgotten.
    fn forget(&mut self, now: CdTime, is_short: bool) {
        self.index.settle();
        self.settle_shares(now);
        let mut excess = if is_short { self.shares.excess() } else { Vec::new() };
        let (mut silent, mut crowded) = (Vec::new(), Vec::new());
        for (series, &sender) in self.series.iter().zip(&self.named_by) {
            if !series.is(series.id) || self.held.covers(series.id) {
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
        let bytes_max = self.budget_bytes / NAMES_PART;
        let live = self.series.len() - self.free.len() - self.spent;
        // What one gives back: places and tables stay.
        let names =
            self.identifiers * IDENTIFIER_BYTES + self.names.heap_bytes() + self.index.heap_bytes();
        let all = self.count_name_bytes();
        let surplus = all.saturating_sub(bytes_max - bytes_max / 4);
        let count_of = |bytes: usize| (surplus / (bytes / live.max(1)).max(1)).max(64);
        silent.truncate(count_of(names));
        // Of those that are not silent fewer, even if it is not enough.
        let mut count = count_of(all).saturating_sub(silent.len());
        let mut gone: HashSet<SeriesId, RandomState> = HashSet::default();
        let crowded = crowded.into_iter().map(|(.., id)| id);
        for (id, is_crowded) in
            silent.into_iter().map(|(_, id)| (id, false)).chain(crowded.map(|id| (id, true)))
        {
            let sender = self.named_by.get(id.place()).copied().unwrap_or_default();
            let excess = excess.get_mut(usize::from(sender));
            if is_crowded && (count == 0 || excess.as_ref().is_none_or(|excess| **excess == 0)) {
                continue;
            }
            if let (Some(excess), Some(series)) = (excess, self.series.get(id.place())) {
                *excess = excess.saturating_sub(weight(&series.identifier, series.ds_index));
            }
            gone.insert(id);
            count -= usize::from(is_crowded);
        }
        if gone.is_empty() {
            return;
        }
        for &id in &gone {
            self.forget_one(id);
        }
        for host in self.index.forget(|id| gone.contains(&id)) {
            self.clocks.forget(host);
        }
        self.names.sweep();
        self.health.totals.forgotten_series += gone.len() as u64;
    }

    fn forget_one(&mut self, id: SeriesId) {
        let Some(series) = self.series.get_mut(id.place()) else {
            return;
        };
        let place = id.0 % PLACES_MAX;
        let sender = self.named_by.get(id.place()).copied().unwrap_or_default();
        self.shares.give_back(sender, weight(&series.identifier, series.ds_index));
        let hash = hash_of(&self.hasher, &series.identifier, series.ds_index, series.kind);
        if let Ok(entry) = self.table.find_entry(hash, |&known| known == place) {
            entry.remove();
        }
        self.track_bytes = self.track_bytes.saturating_sub(series.track.heap_bytes());
        let samples = series.track.clear(&mut self.scratch.lent) as u64;
        self.samples = self.samples.saturating_sub(samples);
        self.health.totals.evicted_samples += samples;
        // The last of its list takes the identifier along.
        self.identifiers -= usize::from(Arc::strong_count(&series.identifier) == 1);
        series.ds_count = 0;
        series.ds_name = Arc::default();
        series.identifier = Arc::default();
        if id.0 < u32::MAX - PLACES_MAX {
            self.free.push(place);
        } else {
            self.spent += 1;
        }
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

/// The entry of a list, made if need be.
fn entry(lists: &mut Vec<Vec<ListEntry>>, source: SourceId, slot: usize) -> Option<&mut ListEntry> {
    let source = usize::from(source.0);
    if lists.len() <= source {
        lists.resize_with(source + 1, Vec::new);
    }
    let lists = lists.get_mut(source)?;
    if lists.len() <= slot {
        grow(lists, slot + 1 - lists.len());
        lists.resize(slot + 1, ListEntry::NONE);
    }
    lists.get_mut(slot)
}

/// Makes room for `more` elements, by an eighth at a time: doubling would leave half unused.
fn grow<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more.max(list.len() / 8).max(4));
    }
}

fn hash_of(hasher: &RandomState, identifier: &Identifier, ds_index: u16, kind: DsType) -> u64 {
    hasher.hash_one((identifier, ds_index, kind))
}
