//! Series table: every series by its place and by its name.
//!
//! A place is used again when its series was forgotten, under another [`SeriesId`]. Knows nothing
//! of quotas, or of when samples come and go.

use super::cost::{allocated, grow, vec_bytes};
use super::series::Series;
use super::track::Track;
use super::{PLACES_MAX, SeriesId};
use crate::ingest::VALUES_PER_LIST_MAX;
use crate::metric::{DsType, Identifier};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Places that stay free, so that any list still fits.
const PLACES_LEFT_MIN: usize = VALUES_PER_LIST_MAX.next_power_of_two();

/// Bytes of a series without its names and samples.
pub(super) const SERIES_BYTES: usize = size_of::<Series>() + 16;
/// Bytes of an identifier, which the series of a list share.
pub(super) const IDENTIFIER_BYTES: usize = allocated(size_of::<Identifier>() + 16);

/// Every series.
#[derive(Debug, Default)]
pub(super) struct SeriesTable {
    /// By place; those that were forgotten are empty until the place is used again.
    series: Vec<Series>,
    /// Number of the sender that named each first, by place.
    named_by: Vec<u16>,
    /// Places of forgotten series.
    free: Vec<u32>,
    /// Number of places that are used up.
    spent: usize,
    /// Number of identifiers, each shared by the series of its list.
    identifiers: usize,
    hasher: RandomState,
    /// Slots by identifier, data source and DS type.
    slots: HashTable<u32>,
}

impl SeriesTable {
    /// A series; none when it was forgotten.
    #[inline]
    pub(super) fn get(&self, id: SeriesId) -> Option<&Series> {
        self.series.get(id.place()).filter(|series| series.is(id))
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, id: SeriesId) -> Option<&mut Series> {
        self.series.get_mut(id.place()).filter(|series| series.is(id))
    }

    /// What is at a slot, which is a place in 32 bits: a series, or one that was forgotten.
    #[inline]
    pub(super) fn at(&self, slot: u32) -> Option<&Series> {
        self.series.get(usize::try_from(slot).ok()?)
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn at_mut(&mut self, slot: u32) -> Option<&mut Series> {
        self.series.get_mut(usize::try_from(slot).ok()?)
    }

    /// Every series, in the order of their places.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Series> {
        self.series.iter().filter(|series| series.is(series.id))
    }

    /// The same, each with the number of the sender that named it first.
    pub(super) fn with_senders(&self) -> impl Iterator<Item = (&Series, u16)> {
        let all = self.series.iter().zip(self.named_by.iter().copied());
        all.filter(|(series, _)| series.is(series.id))
    }

    /// Number of the sender that named a series first.
    pub(super) fn sender(&self, id: SeriesId) -> u16 {
        self.named_by.get(id.place()).copied().unwrap_or_default()
    }

    /// Number of series.
    pub(super) fn len(&self) -> usize {
        self.series.len() - self.free.len() - self.spent
    }

    /// Whether there is no place for another list.
    pub(super) fn is_full(&self) -> bool {
        let places_max = usize::try_from(PLACES_MAX).unwrap_or(usize::MAX);
        places_max - self.series.len() + self.free.len() < PLACES_LEFT_MIN
    }

    /// Series of that name.
    pub(super) fn find(
        &self,
        identifier: &Identifier,
        ds_index: u16,
        kind: DsType,
    ) -> Option<SeriesId> {
        let hash = hash_of(&self.hasher, identifier, ds_index, kind);
        let same = |&slot: &u32| {
            self.at(slot).is_some_and(|series| {
                series.ds_index == ds_index
                    && series.kind == kind
                    && *series.identifier == *identifier
            })
        };
        self.at(*self.slots.find(hash, same)?).map(|series| series.id)
    }

    /// An identifier for the series of a list to share.
    pub(super) fn share(&mut self, identifier: Identifier) -> Arc<Identifier> {
        self.identifiers += 1;
        Arc::new(identifier)
    }

    /// Makes a series that `sender` named; it is not described yet.
    pub(super) fn insert(
        &mut self,
        shared: &Arc<Identifier>,
        (ds_index, kind): (u16, DsType),
        sender: u16,
    ) -> SeriesId {
        let hash = hash_of(&self.hasher, shared, ds_index, kind);
        let fresh = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        let slot = self.free.pop().unwrap_or(fresh);
        let place = SeriesId(slot).place();
        let identifier = Arc::clone(shared);
        let id = match self.series.get_mut(place) {
            Some(old) => {
                let id = SeriesId(old.id.0.wrapping_add(PLACES_MAX));
                // It knows of queue entries that stand for nothing now.
                let track = old.track.begun_anew(slot);
                *old = Series::new(id, identifier, (ds_index, kind), track);
                id
            }
            None => {
                let id = SeriesId(slot);
                grow(&mut self.series, 1);
                self.series.push(Series::new(id, identifier, (ds_index, kind), Track::new(slot)));
                id
            }
        };
        match self.named_by.get_mut(place) {
            Some(by) => *by = sender,
            None => {
                grow(&mut self.named_by, 1);
                self.named_by.push(sender);
            }
        }
        let (all, hasher) = (&self.series, &self.hasher);
        self.slots.insert_unique(hash, slot, |&slot| {
            let series = all.get(SeriesId(slot).place());
            series.map_or(0, |s| hash_of(hasher, &s.identifier, s.ds_index, s.kind))
        });
        id
    }

    /// Forgets a series. Clear its track first: what is left of that stays at the place.
    pub(super) fn remove(&mut self, id: SeriesId) {
        let Some(series) = self.series.get_mut(id.place()).filter(|series| series.is(id)) else {
            return;
        };
        let hash = hash_of(&self.hasher, &series.identifier, series.ds_index, series.kind);
        if let Ok(entry) = self.slots.find_entry(hash, |&slot| slot == id.slot()) {
            entry.remove();
        }
        // The last of its list takes the identifier along.
        self.identifiers -= usize::from(Arc::strong_count(&series.identifier) == 1);
        series.ds_count = 0;
        series.ds_name = Arc::default();
        series.identifier = Arc::default();
        if id.0 < u32::MAX - PLACES_MAX {
            self.free.push(id.slot());
        } else {
            self.spent += 1;
        }
    }

    /// Bytes that places of `count` more series take.
    pub(super) fn places_bytes(&self, count: usize) -> usize {
        count.saturating_sub(self.free.len()) * SERIES_BYTES
    }

    /// Bytes of the identifiers.
    pub(super) fn identifier_bytes(&self) -> usize {
        self.identifiers * IDENTIFIER_BYTES
    }

    /// Bytes allocated, but for samples and texts.
    pub(super) fn heap_bytes(&self) -> usize {
        vec_bytes::<Series>(self.series.capacity())
            + vec_bytes::<u16>(self.named_by.capacity())
            + vec_bytes::<u32>(self.free.capacity())
            + allocated(self.slots.allocation_size())
            + self.identifier_bytes()
    }
}

fn hash_of(hasher: &RandomState, identifier: &Identifier, ds_index: u16, kind: DsType) -> u64 {
    hasher.hash_one((identifier, ds_index, kind))
}
