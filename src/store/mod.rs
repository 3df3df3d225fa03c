//! The store: everything known - series, notifications, health - within one budget of bytes.
//!
//! A series keeps what the wire said; rates are made when it is read. When the budget is full the
//! oldest block of samples goes, of whichever series; names may take half of the budget, then new
//! series are refused, so that a flood of invented names cannot take the place of all data.
//! Knows nothing of sockets, clocks or screens: `now` is a parameter.

mod block;
mod cache;
mod columns;
mod cost;
mod health;
mod index;
mod notifications;
mod query;
mod series;
mod track;

pub use health::{
    CONFLICTS_MAX, Conflict, FAULTS_MAX, HEARD_HOSTS_MAX, Health, PROTECTED_MAX, SENDERS_MAX,
    SenderHealth, Totals, UNKNOWN_TYPES_MAX, WAYS_PER_HOST_MAX,
};
pub use index::{HostNode, Index, LastSeen, ListNode, PluginNode, natural_cmp};
pub use notifications::{NOTIFICATIONS_MAX, Noted, Notifications, Severities};
pub use query::{Column, Mode, Reading, Stats, Trace};
pub use series::{INTERVAL_DEFAULT, Series};

use crate::ingest::{Announced, Batch, LISTS_MAX, ListId, Row};
use crate::metric::{CdTime, DsType, Identifier, Interval, Span};
use crate::rate::Sample;
use crate::typesdb::TypesDb;
use block::Codec;
use cache::Cache;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use index::HostNumber;
use query::Source;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;
use track::Pushed;

/// Dense number of a series: one data source of one identifier, with one DS type. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SeriesId(pub u32);

/// Number of a source, given by whoever owns the sources. List ids are counted per source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub u16);

/// Notifications may take this part of the budget at most, which matters when it is small.
const NOTIFICATIONS_PART: usize = 8;
/// Names may take this part of the budget; the rest is for samples.
const NAMES_PART: usize = 2;
/// Unpacked blocks may take this part of the budget.
const CACHE_PART: usize = 16;
/// Blocks unpacked for one batch to see whether what is late was there already: 256 x 3 µs.
const LOOKBACKS_MAX: u32 = 256;
/// Samples further ahead of our clock are refused: one day allows for a wrong time zone. A series
/// that held a sample of next year would draw nothing else until then.
pub const FUTURE_MAX: Interval = Interval::from_secs(86_400);

/// What a series costs beside its samples: itself (in a vector that doubles), its name, its entry
/// in the hash table, its number in the list and in the tree.
const SERIES_BYTES: usize = 2 * size_of::<Series>() + 80;
/// What a list costs beside its names: the shared identifier, its entries, and nodes of the tree
/// for type, plugin and host as if it were the first of each.
const LIST_BYTES: usize = size_of::<Identifier>()
    + 2 * (size_of::<ListNode>() + size_of::<PluginNode>() + size_of::<HostNode>())
    + 16 * 16
    + 64;

/// What the store holds and may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in use: names, series, samples, notifications, health.
    pub bytes: usize,
    /// Bytes allowed.
    pub budget_bytes: usize,
    /// Samples kept.
    pub samples: u64,
    /// Series listed.
    pub series: usize,
    /// Time of the sample that goes next when room is needed; others of its age may be near.
    pub oldest: Option<CdTime>,
    /// Time of the newest sample taken so far.
    pub newest: Option<CdTime>,
}

/// Everything known: series, notifications, health.
#[derive(Debug)]
pub struct Store {
    types: TypesDb,
    series: Vec<Series>,
    hasher: RandomState,
    /// Series by identifier, data source and DS type.
    table: HashTable<u32>,
    /// Lists by source and list id.
    lists: Vec<Vec<List>>,
    /// The series of all lists, one after another.
    members: Vec<u32>,
    /// The series of every block, oldest block first.
    queue: VecDeque<u32>,
    index: Index,
    health: Health,
    notifications: Notifications,
    name_bytes: usize,
    track_bytes: usize,
    budget_bytes: usize,
    samples: u64,
    newest: Option<CdTime>,
    data_revision: u64,
    codec: Codec,
    cache: RefCell<Cache>,
}

/// Which series the values of a list belong to.
#[derive(Clone, Copy, Debug)]
struct List {
    /// Where they start in `members`.
    start: usize,
    /// How many; zero for a list that was refused or never announced.
    count: u16,
    host: HostNumber,
}

impl Store {
    /// An empty store that will use at most `budget_bytes` and names data sources by `types`.
    pub fn new(budget_bytes: usize, types: TypesDb) -> Self {
        let mut cache = Cache::default();
        cache.set_max(budget_bytes / CACHE_PART);
        Self {
            codec: Codec::default(),
            cache: RefCell::new(cache),
            types,
            series: Vec::new(),
            hasher: RandomState::default(),
            table: HashTable::new(),
            lists: Vec::new(),
            members: Vec::new(),
            queue: VecDeque::new(),
            index: Index::default(),
            health: Health::default(),
            notifications: Notifications::default(),
            name_bytes: 0,
            track_bytes: 0,
            budget_bytes,
            samples: 0,
            newest: None,
            data_revision: 0,
        }
    }

    /// Takes in what a source handed over. `now` is the clock's time: samples too far ahead of it
    /// ([`FUTURE_MAX`]) are refused.
    ///
    /// Values earlier than the newest of their series are put in their place as long as that
    /// lies in the open block (at most 256 samples back), else they are counted and not kept; so
    /// are values with a time that is already there.
    pub fn absorb(&mut self, source: SourceId, batch: &Batch, now: CdTime) {
        for announced in &batch.announced {
            self.announce(source, announced);
        }
        self.index.settle();
        let mut values = batch.values.as_slice();
        let mut lookbacks = LOOKBACKS_MAX;
        for row in &batch.rows {
            let Some((mine, rest)) = values.split_at_checked(row.values_count.into()) else {
                debug_assert!(false, "the batch promises more values than it has");
                break;
            };
            values = rest;
            self.row(source, row, mine, now, &mut lookbacks);
        }
        if !batch.rows.is_empty() {
            self.data_revision += 1;
        }
        self.health.absorb(batch);
        for notification in &batch.notifications {
            let bytes_max = self.budget_bytes / NOTIFICATIONS_PART;
            self.notifications.add(notification, now, bytes_max);
        }
        self.trim();
    }

    /// What is known about a series.
    pub fn series(&self, id: SeriesId) -> Option<&Series> {
        self.series.get(usize::try_from(id.0).ok()?)
    }

    fn source(&self, id: SeriesId) -> Option<Source<'_>> {
        Some(Source { id, series: self.series(id)?, cache: &self.cache })
    }

    /// Every series, in the order in which they were first seen.
    pub fn ids(&self) -> impl Iterator<Item = SeriesId> + '_ {
        (0u32..).zip(&self.series).map(|(number, _)| SeriesId(number))
    }

    /// Changes when series are added or described anew.
    pub fn revision(&self) -> u64 {
        self.index.revision()
    }

    /// Changes with every absorbed batch that held rows.
    pub fn data_revision(&self) -> u64 {
        self.data_revision
    }

    /// The series as a tree, sorted for people.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The newest sample of a series.
    pub fn latest(&self, id: SeriesId, mode: Mode) -> Option<Reading> {
        query::latest(self.source(id)?, mode)
    }

    /// When the oldest sample kept of a series was measured.
    pub fn first_time(&self, id: SeriesId) -> Option<CdTime> {
        self.series(id)?.track.oldest().map(|sample| sample.time)
    }

    /// The sample in force at `time`: the newest that is not later; none inside a gap.
    pub fn value_at(&self, id: SeriesId, time: CdTime, mode: Mode) -> Option<Reading> {
        query::value_at(self.source(id)?, time, mode)
    }

    /// What to draw of a series over `span` on `columns` pixels; see [`Trace`]. An unknown series
    /// or an empty span gives an empty trace. The buffers of `out` are reused.
    pub fn trace(&self, id: SeriesId, span: Span, columns: usize, mode: Mode, out: &mut Trace) {
        match self.source(id) {
            Some(source) => query::trace(source, span, columns, mode, out),
            None => out.clear(),
        }
    }

    /// Bytes, samples and times held.
    pub fn usage(&self) -> Usage {
        let oldest = self.queue.front().and_then(|&number| self.series(SeriesId(number)));
        Usage {
            bytes: self.bytes(),
            budget_bytes: self.budget_bytes,
            samples: self.samples,
            series: self.series.len(),
            oldest: oldest.and_then(|series| series.track.oldest()).map(|sample| sample.time),
            newest: self.newest,
        }
    }

    /// The notifications kept.
    pub const fn notifications(&self) -> &Notifications {
        &self.notifications
    }

    /// Counters since the start, per sender too.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Learns which series the values of a list belong to; makes those that are new.
    fn announce(&mut self, source: SourceId, announced: &Announced) {
        let Announced { list, identifier, kinds } = announced;
        let (Ok(slot), Ok(count)) = (usize::try_from(list.0), u16::try_from(kinds.len())) else {
            return;
        };
        let source = usize::from(source.0);
        let known: Vec<Option<u32>> = (0..)
            .zip(kinds)
            .map(|(ds_index, &kind)| self.find(identifier, ds_index, kind))
            .collect();
        let entries = self.lists.get(source).map_or(0, Vec::len);
        let new_entries = (slot + 1).saturating_sub(entries);
        let cost = self.list_cost(identifier, &known) + 2 * size_of::<List>() * new_entries;
        if slot >= LISTS_MAX || count == 0 || !self.has_room_for_names(cost) {
            // Its rows find no entry and are counted there.
            return;
        }
        self.name_bytes += cost;
        if self.lists.len() <= source {
            self.lists.resize_with(source + 1, Vec::new);
        }
        let host = self.index.number(&identifier.host);
        let start = self.members.len();
        self.add_members(identifier, kinds, &known, host);
        if let Some(lists) = self.lists.get_mut(source) {
            if lists.len() <= slot {
                lists.resize(slot + 1, List { start: 0, count: 0, host });
            }
            if let Some(entry) = lists.get_mut(slot) {
                *entry = List { start, count, host };
            }
        }
    }

    fn add_members(
        &mut self,
        identifier: &Identifier,
        kinds: &[DsType],
        known: &[Option<u32>],
        host: HostNumber,
    ) {
        let old = known.iter().flatten().next().and_then(|&number| self.series(SeriesId(number)));
        let shared = match old {
            Some(series) => Arc::clone(&series.identifier),
            None => Arc::new(identifier.clone()),
        };
        let set = self.types.get(&identifier.type_);
        if old.is_none() && set.is_none_or(|set| set.sources.len() != kinds.len()) {
            self.health.unknown_type(&identifier.type_);
        }
        for (ds_index, (&kind, &known)) in kinds.iter().zip(known).enumerate() {
            let number = match known {
                Some(number) => number,
                None => {
                    let what = (ds_index, kind);
                    let shared = Arc::clone(&shared);
                    let phase = u32::try_from(self.series.len()).unwrap_or_default();
                    self.add_series(Series::new(
                        shared,
                        host,
                        what,
                        kinds.len(),
                        phase,
                        &self.types,
                    ))
                }
            };
            let position = usize::try_from(number).unwrap_or(usize::MAX);
            if let Some(series) = self.series.get_mut(position)
                && series.ds_count != kinds.len()
            {
                series.describe(kinds.len(), &self.types);
                self.index.touch();
            }
            self.members.push(number);
        }
    }

    fn add_series(&mut self, series: Series) -> u32 {
        // Far fewer than 2^32 fit: a list has 300 bytes, a budget 512 MiB.
        let number = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        let hash = hash_of(&self.hasher, &series.identifier, series.ds_index, series.kind);
        self.index.insert(series.host, Arc::clone(&series.identifier), SeriesId(number));
        self.series.push(series);
        let (all, hasher) = (&self.series, &self.hasher);
        self.table.insert_unique(hash, number, |&number| {
            let series = usize::try_from(number).ok().and_then(|position| all.get(position));
            series.map_or(0, |s| hash_of(hasher, &s.identifier, s.ds_index, s.kind))
        });
        number
    }

    fn find(&self, identifier: &Identifier, ds_index: usize, kind: DsType) -> Option<u32> {
        let hash = hash_of(&self.hasher, identifier, ds_index, kind);
        let same = |&number: &u32| {
            self.series(SeriesId(number)).is_some_and(|series| {
                series.ds_index == ds_index
                    && series.kind == kind
                    && *series.identifier == *identifier
            })
        };
        self.table.find(hash, same).copied()
    }

    /// Bytes that announcing a list takes; `known` are its series that exist already.
    fn list_cost(&self, identifier: &Identifier, known: &[Option<u32>]) -> usize {
        let members = known.len() * 2 * size_of::<u32>();
        let new = known.iter().filter(|number| number.is_none()).count();
        if new == 0 {
            return members;
        }
        // The names stand in the identifier and once more in the tree.
        members + new * SERIES_BYTES + LIST_BYTES + 2 * identifier.name_bytes()
    }

    fn has_room_for_names(&self, cost: usize) -> bool {
        self.name_bytes + cost <= self.budget_bytes / NAMES_PART
    }

    /// Takes in one value list.
    fn row(
        &mut self,
        source: SourceId,
        row: &Row,
        values: &[u64],
        now: CdTime,
        lookbacks: &mut u32,
    ) {
        let totals = &mut self.health.totals;
        let Some(list) = list_of(&self.lists, source, row.list) else {
            totals.refused_lists += 1;
            return;
        };
        if row.time > now.saturating_add(FUTURE_MAX) {
            totals.future_values += values.len() as u64;
            return;
        }
        debug_assert_eq!(usize::from(list.count), values.len(), "values of another list");
        let mut conflicts = 0;
        let members = self.members.get(list.start..).unwrap_or_default();
        for (&number, &bits) in members.iter().zip(values).take(list.count.into()) {
            let position = usize::try_from(number).unwrap_or(usize::MAX);
            let Some(series) = self.series.get_mut(position) else {
                continue;
            };
            let before = series.track.heap_bytes();
            let (pushed, begins) = series.push(
                Sample { time: row.time, bits },
                row.interval,
                &mut self.codec,
                lookbacks,
            );
            self.track_bytes =
                (self.track_bytes + series.track.heap_bytes()).saturating_sub(before);
            if begins {
                self.queue.push_back(number);
            }
            match pushed {
                Pushed::Newest => {}
                Pushed::Late => totals.late_values += 1,
                Pushed::TooLate => {
                    totals.late_values += 1;
                    totals.late_dropped_values += 1;
                    continue;
                }
                Pushed::Duplicate => {
                    totals.duplicate_values += 1;
                    continue;
                }
                Pushed::Conflict => {
                    conflicts += 1;
                    continue;
                }
            }
            totals.stored_values += 1;
            self.samples += 1;
        }
        if conflicts > 0
            && let Some(name) = self.index.name(list.host)
        {
            self.health.conflict(name, conflicts, now);
        }
        self.newest = self.newest.max(Some(row.time));
        self.index.seen(list.host, row.time, now, row.trust);
        self.trim();
    }

    fn bytes(&self) -> usize {
        self.bytes_kept() + self.cache.borrow().heap_bytes()
    }

    /// Bytes in use but for the cache, which has its own part of the budget.
    fn bytes_kept(&self) -> usize {
        self.name_bytes
            + self.codec.heap_bytes()
            + self.track_bytes
            + self.queue.capacity() * size_of::<u32>()
            + self.notifications.bytes()
            + self.health.bytes()
    }

    /// Gives up the oldest samples until the budget is kept.
    fn trim(&mut self) {
        let bytes_max = self.budget_bytes - self.budget_bytes / CACHE_PART;
        while self.bytes_kept() > bytes_max {
            let Some(number) = self.queue.pop_front() else {
                break;
            };
            let position = usize::try_from(number).unwrap_or(usize::MAX);
            let Some(series) = self.series.get_mut(position) else {
                continue;
            };
            let before = series.track.heap_bytes();
            let evicted = series.track.evict(0);
            self.track_bytes =
                (self.track_bytes + series.track.heap_bytes()).saturating_sub(before);
            self.samples = self.samples.saturating_sub(evicted.samples as u64);
            self.health.totals.evicted_samples += evicted.samples as u64;
            if evicted.remains {
                self.queue.push_back(number);
            } else if self.queue.capacity() > 4 * self.queue.len() + 1_024 {
                self.queue.shrink_to(2 * self.queue.len());
            }
        }
    }
}

fn list_of(lists: &[Vec<List>], source: SourceId, list: ListId) -> Option<List> {
    let list = *lists.get(usize::from(source.0))?.get(usize::try_from(list.0).ok()?)?;
    (list.count > 0).then_some(list)
}

fn hash_of(hasher: &RandomState, identifier: &Identifier, ds_index: usize, kind: DsType) -> u64 {
    hasher.hash_one((identifier, ds_index, kind))
}
