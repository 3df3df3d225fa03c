//! Register: which series there are, how they come and how they go.
//!
//! A list that is announced finds its series or makes them, if names have room. When they have
//! none, series that were silent for long are forgotten, the longest silent first, and their
//! places are used again. Knows nothing of samples.

use super::index::HostNumber;
use super::memory::NAMES_PART;
use super::series::Series;
use super::track::Track;
use super::{
    FORGET_PAUSE, IDENTIFIER_BYTES, List, NODES_BYTES, PLACES_MAX, STALE_MIN, SeriesId, SourceId,
    Store,
};
use crate::ingest::{Announced, LISTS_MAX};
use crate::metric::{CdTime, DsType, Identifier};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::hash::BuildHasher;
use std::sync::Arc;

impl Store {
    /// Learns which series the values of a list belong to; makes those that are new.
    pub(super) fn announce(&mut self, source: SourceId, announced: &Announced, now: CdTime) {
        let Announced { list, identifier, kinds } = announced;
        let (Ok(slot), Ok(count)) = (usize::try_from(list.0), u16::try_from(kinds.len())) else {
            return;
        };
        if slot >= LISTS_MAX || count == 0 {
            return;
        }
        let known: Vec<Option<SeriesId>> = (0..)
            .zip(kinds)
            .map(|(ds_index, &kind)| self.find(identifier, ds_index, kind))
            .collect();
        for id in known.iter().flatten() {
            // Heard of just now, so that they do not go when names need room.
            if let Some(series) = self.series.get_mut(id.place()) {
                series.heard = now.in_16_secs();
            }
        }
        let cost = self.list_cost(source, slot, identifier, &known);
        if cost > 0 && !self.has_room_for_names(cost, now) {
            // Its rows find no series and are counted there, also where the number was another's.
            let lists = self.lists.get_mut(usize::from(source.0));
            if let Some(entry) = lists.and_then(|lists| lists.get_mut(slot)) {
                entry.count = 0;
            }
            return;
        }
        let host = self.names.intern(&identifier.host);
        let host = self.index.number(&host);
        let ids = self.members_of(identifier, kinds, &known, host, now);
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
        (entry.host, entry.count) = (host, count);
    }

    /// The series of a list; makes those that are not known.
    fn members_of(
        &mut self,
        identifier: &Identifier,
        kinds: &[DsType],
        known: &[Option<SeriesId>],
        host: HostNumber,
        now: CdTime,
    ) -> Vec<SeriesId> {
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
            let id = known.unwrap_or_else(|| self.add(&shared, host, (ds_index, kind)));
            if let Some(series) = self.series.get_mut(id.place()) {
                series.heard = now.in_16_secs();
                if series.ds_count != count {
                    series.describe(count, &self.types, &mut self.names);
                    self.index.touch();
                }
            }
            ids.push(id);
        }
        ids
    }

    /// Makes a series; it is not described yet.
    fn add(&mut self, shared: &Arc<Identifier>, host: HostNumber, what: (u16, DsType)) -> SeriesId {
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

    /// Bytes that announcing a list takes at most; `known` are its series that exist already.
    fn list_cost(
        &self,
        source: SourceId,
        slot: usize,
        identifier: &Identifier,
        known: &[Option<SeriesId>],
    ) -> usize {
        let lists = self.lists.get(usize::from(source.0)).map_or(&[][..], Vec::as_slice);
        let entries = (slot + 1).saturating_sub(lists.len()) * size_of::<List>();
        let has_room = lists.get(slot).is_some_and(|list| usize::from(list.room) >= known.len());
        let members = if has_room { 0 } else { size_of_val(known) };
        let new = known.iter().filter(|known| known.is_none()).count();
        if new == 0 {
            return entries + members;
        }
        let places = new.saturating_sub(self.free.len()) * (size_of::<Series>() + 16);
        entries + members + places + IDENTIFIER_BYTES + NODES_BYTES + identifier.name_bytes()
    }

    fn has_room_for_names(&mut self, cost: usize, now: CdTime) -> bool {
        let bytes_max = self.budget_bytes / NAMES_PART;
        let places_max = usize::try_from(PLACES_MAX - 1_024).unwrap_or_default();
        let fits = |store: &Self| {
            store.count_name_bytes() + cost <= bytes_max && store.series.len() < places_max
        };
        if fits(self) {
            return true;
        }
        if self.forgot.is_some_and(|last| now.since(last) < FORGET_PAUSE) {
            return false;
        }
        self.forgot = Some(now);
        self.forget(now, bytes_max - bytes_max / 4);
        fits(self)
    }

    /// Forgets series that were silent for [`STALE_MIN`], the longest silent first, until names
    /// take about `bytes_max`. What a view that stands still shows is not forgotten.
    fn forget(&mut self, now: CdTime, bytes_max: usize) {
        self.index.settle();
        let silent_since = now.saturating_sub(STALE_MIN).in_16_secs();
        let stale = self.series.iter().filter(|series| {
            series.is(series.id) && series.heard < silent_since && !self.held.covers(series.id)
        });
        let mut stale: Vec<_> = stale.map(|series| (series.heard, series.id)).collect();
        stale.sort_unstable();
        let live = self.series.len() - self.free.len() - self.spent;
        let bytes_each = self.count_name_bytes() / live.max(1);
        let surplus = self.count_name_bytes().saturating_sub(bytes_max);
        stale.truncate((surplus / bytes_each.max(1)).max(64));
        let gone: HashSet<SeriesId, RandomState> = stale.into_iter().map(|(_, id)| id).collect();
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
        let hash = hash_of(&self.hasher, &series.identifier, series.ds_index, series.kind);
        if let Ok(entry) = self.table.find_entry(hash, |&known| known == place) {
            entry.remove();
        }
        self.track_bytes = self.track_bytes.saturating_sub(series.track.heap_bytes());
        let samples = series.track.clear() as u64;
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

/// The entry of a list, made if need be.
fn entry(lists: &mut Vec<Vec<List>>, source: SourceId, slot: usize) -> Option<&mut List> {
    let source = usize::from(source.0);
    if lists.len() <= source {
        lists.resize_with(source + 1, Vec::new);
    }
    let lists = lists.get_mut(source)?;
    if lists.len() <= slot {
        grow(lists, slot + 1 - lists.len());
        lists.resize(slot + 1, List { start: u32::MAX, count: 0, room: 0, host: HostNumber::NONE });
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
