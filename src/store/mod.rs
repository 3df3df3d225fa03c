//! The store: everything known - series, notifications, health - within one budget of bytes.
//!
//! A series keeps what the wire said; rates are made when it is read. When the budget is full the
//! oldest run of samples goes, of whichever series, but for what a view that stands still shows
//! ([`Store::hold`]). Names may take half of the budget; then series that were silent for hours are
//! forgotten, and where there are none new ones are refused, so that a flood of invented names can
//! take the place of no data. Knows nothing of sockets, clocks or screens: `now` is a parameter.
//!
//! # From a value to a pixel
//!
//! 1. `register`: a list that is announced finds or makes its series; its rows then find them by
//!    number, without a look at any name.
//! 2. `track`: a sample goes into the open run of its series, which is sealed when it is full.
//! 3. `block`: sealed samples are packed, with a summary (`gathered`); small blocks are put
//!    together to large ones. `lists` knows how times and values become whole numbers, `pack` how
//!    those become bytes.
//! 4. `query`, `stretch`, `columns`: blocks become the columns of a `trace`, by summary or list by
//!    list; a trace is continued while time goes on.
//! 5. `memory`: when a series has taken more room the oldest goes until the budget is kept.
//!
//! # What it costs
//!
//! A series without samples takes 192 bytes, and its list 240 that its series share: identifier 112
//! (the texts are shared by all), node of the tree 88, tables 40. With ten minutes at 10 s, 60
//! samples of 8 to 16 bytes in the open run, a million series take about 1.1 GiB.
//!
//! A sealed sample takes 1 to 5 bytes: its value 0 to 2 (half of the series stand still), its time
//! about 3 as a busy daemon is late by a random millisecond (20 bits), 0.7 where the lateness
//! repeats itself and none where it is even; its share of the block's 104 bytes is 0.2. A laptop's
//! 512 MiB hold 1,000 series at 1 s for a day and a half, or 100,000 series at 10 s for four hours.
//!
//! A value takes about 40 ns, 18 of them for packing: at 1.3 million values a second 5 % of a core.
//! What waits for memory comes on top where series are many: 100 ns with 100,000 of them in turn.
//!
//! Unpacking takes 1 ns a sample, as much as reading it from a cache would, so there is none; what
//! is looked at is not unpacked again because its trace is continued, in 7 µs whatever its span. A
//! day at 1 s, 86,400 samples, becomes 1,200 columns in 150 µs where times are even, and in 280 to
//! 350 where each is late: twice as many bits are unpacked, and every rate is divided by a time of
//! its own. Of that a third is unpacking, a third gathering into columns, and the rest the steps
//! between.
//!
//! There is no level of summaries above the blocks, nor below. A month at 1 s has 5,000 blocks, of
//! which each of 1,200 columns unpacks the one that it begins in: 600,000 samples of 2.6 million,
//! in all 2.5 ms, once. A level above would save the look at the 3,800 others, less than a fifth.
//! Raw counters, and series that lack values, have no summary and take 1 ns a sample more.

mod block;
mod columns;
mod cost;
mod gathered;
mod health;
mod index;
mod lists;
mod losses;
mod memory;
mod names;
mod notifications;
mod open;
mod pack;
mod places;
mod query;
mod register;
mod series;
mod stretch;
mod trace;
mod track;

pub use health::{
    CONFLICTS_MAX, Conflict, FAULTS_MAX, HEARD_HOSTS_MAX, Health, PROTECTED_MAX, SENDERS_MAX,
    SenderHealth, Totals, UNKNOWN_TYPES_MAX, WAYS_PER_HOST_MAX,
};
pub use index::{HostNode, Index, LastSeen, ListNode, PluginNode};
pub use losses::{LOSSES_MAX, Loss, LossKind};
pub use memory::HELD_PART;
pub use notifications::{NOTIFICATIONS_MAX, Noted, Notifications, Severities};
pub use series::{INTERVAL_DEFAULT, Series};
pub use trace::{Column, Mode, Reading, Stats, Trace};

use crate::ingest::{Batch, ListId, RESERVE_PART, Row, Shares};
use crate::metric::{CdTime, Identifier, Interval, Span};
use crate::rate::Sample;
use crate::typesdb::TypesDb;
use block::Scratch;
use cost::allocated;
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use index::{HostNumber, Seen};
use memory::{Held, NAMES_PART};
use names::Names;
use places::Source;
use std::collections::VecDeque;
use track::Pushed;

/// Number of a series: one data source of one identifier, with one DS type. Dense, and never that
/// of another: the lower 24 bits are a place, which is used again when a series was forgotten, the
/// upper 8 say for the how many'th time. After 256 times a place is given up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SeriesId(pub u32);

/// Number of a source, given by whoever owns the sources. List ids are counted per source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub u16);

/// Notifications may take this part of the budget at most, which matters when it is small.
const NOTIFICATIONS_PART: usize = 8;
/// Blocks unpacked for one batch to see whether what is late was there already: 256 x 0.7 µs.
const LOOKBACKS_MAX: u32 = 256;
/// Samples further ahead of our clock are refused: one day allows for a wrong time zone. A series
/// that held a sample of next year would draw nothing else until then.
pub const FUTURE_MAX: Interval = Interval::from_secs(86_400);

/// Series that were not heard of for so long may be forgotten when names need room. Who receives
/// announces every list anew from time to time ([`crate::ingest::ANNOUNCED_EVERY`]), so that it
/// comes back as a new series.
pub const STALE_MIN: Interval = Interval::from_secs(7_200);
/// The same of series that came once and not again: three intervals, but not less and not more.
const ONCE_MIN: Interval = Interval::from_secs(300);
const ONCE_MAX: Interval = Interval::from_secs(1_800);
/// Forgetting walks over all series; it is not tried again before this time has passed.
const FORGET_PAUSE: Interval = Interval::from_secs(60);
/// The same where a sender has less than its share. Among a million series it takes 0.1 s.
const SHORT_PAUSE: Interval = Interval::from_secs(10);
/// Places of series: what fits into the lower bits of a [`SeriesId`].
const PLACES_MAX: u32 = 1 << 24;

/// An identifier shared by the series of a list.
const IDENTIFIER_BYTES: usize = allocated(size_of::<Identifier>() + 16);
/// At most what a list adds to the tree, as if it were the first of its host and plugin.
const NODES_BYTES: usize =
    size_of::<ListNode>() + size_of::<PluginNode>() + size_of::<HostNode>() + 4 * 32;

/// What the store holds and may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in use: names, series, samples, notifications, health.
    pub bytes: usize,
    /// Bytes allowed.
    pub budget_bytes: usize,
    /// Bytes that names take.
    pub name_bytes: usize,
    /// Samples kept.
    pub samples: u64,
    /// Series listed.
    pub series: usize,
    /// Time of the sample that goes next when room is needed; others of its age may be near.
    pub oldest: Option<CdTime>,
    /// Time of the newest sample taken so far.
    pub newest: Option<CdTime>,
}

impl Usage {
    /// Whether names take nearly all that they may: what is new may be refused.
    pub const fn is_full_of_names(&self) -> bool {
        let names_max = self.budget_bytes / NAMES_PART;
        self.name_bytes >= names_max - names_max / RESERVE_PART - names_max / 64
    }
}

/// Everything known: series, notifications, health.
#[derive(Debug)]
pub struct Store {
    types: TypesDb,
    /// By place; those that were forgotten are empty until the place is used again.
    series: Vec<Series>,
    /// Who named each first, as `shares` counts them, by place.
    named_by: Vec<u16>,
    shares: Shares,
    /// When the level of the shares was last found, in steps of 16 s.
    settled: u32,
    /// Value lists of each sender refused in this batch.
    refused: HashMap<u16, u64, RandomState>,
    /// Places of forgotten series.
    free: Vec<u32>,
    /// Places that were given up.
    spent: usize,
    names: Names,
    /// Identifiers that series share, counted.
    identifiers: usize,
    hasher: RandomState,
    /// Places of series by identifier, data source and DS type.
    table: HashTable<u32>,
    /// Lists by source and list id.
    lists: Vec<Vec<List>>,
    /// The series of all lists, one after another.
    members: Vec<SeriesId>,
    /// The place of the series of every run, oldest run first.
    queue: VecDeque<u32>,
    held: Held,
    index: Index,
    health: Health,
    notifications: Notifications,
    /// What all names take, counted when names came or went.
    name_bytes: usize,
    /// What the samples of all series take.
    track_bytes: usize,
    budget_bytes: usize,
    samples: u64,
    newest: Option<CdTime>,
    data_revision: u64,
    /// When room was last made for names.
    forgot: Option<CdTime>,
    scratch: Scratch,
}

/// Which series the values of a list belong to.
#[derive(Clone, Copy, Debug)]
struct List {
    /// Where they start in `members`.
    start: u32,
    host: HostNumber,
    /// How many; zero for a list that was refused or never announced.
    count: u16,
    /// How many there are places for, from an earlier list of that number.
    room: u16,
    /// Who named it first.
    sender: u16,
}

impl List {
    /// That was never announced.
    const NONE: Self =
        Self { start: u32::MAX, host: HostNumber::NONE, count: 0, room: 0, sender: 0 };
}

impl Store {
    /// An empty store that will use at most `budget_bytes` and names data sources by `types`.
    pub fn new(budget_bytes: usize, types: TypesDb) -> Self {
        let mut store = Self {
            types,
            series: Vec::new(),
            named_by: Vec::new(),
            shares: Shares::default(),
            settled: 0,
            refused: HashMap::default(),
            free: Vec::new(),
            spent: 0,
            names: Names::default(),
            identifiers: 0,
            hasher: RandomState::default(),
            table: HashTable::new(),
            lists: Vec::new(),
            members: Vec::new(),
            queue: VecDeque::new(),
            held: Held::default(),
            index: Index::default(),
            health: Health::default(),
            notifications: Notifications::default(),
            name_bytes: 0,
            track_bytes: 0,
            budget_bytes,
            samples: 0,
            newest: None,
            data_revision: 0,
            forgot: None,
            scratch: Scratch::default(),
        };
        store.set_budget(budget_bytes);
        store
    }

    /// Takes in what a source handed over. `now` is the clock's time: samples too far ahead of it
    /// ([`FUTURE_MAX`]) are refused.
    ///
    /// Values earlier than the newest of their series are put in their place as long as that
    /// lies in the open run (the newest 8 to 136, fewer after its interval has changed), else they
    /// are counted and not kept; so are values with a time that is already there.
    pub fn absorb(&mut self, source: SourceId, batch: &Batch, now: CdTime) {
        for announced in &batch.announced {
            self.announce(source, announced, now);
        }
        self.index.settle();
        self.name_bytes = self.count_name_bytes();
        let mut values = batch.values.as_slice();
        let mut lookbacks = LOOKBACKS_MAX;
        let mut seen: Option<Seen> = None;
        for row in &batch.rows {
            let Some((mine, rest)) = values.split_at_checked(row.values_count.into()) else {
                debug_assert!(false, "the batch promises more values than it has");
                break;
            };
            values = rest;
            let Some(host) = self.row(source, row, mine, now, &mut lookbacks) else {
                continue;
            };
            // Rows of a host follow each other.
            match &mut seen {
                Some(seen) if seen.host == host && seen.trust == row.trust => {
                    seen.newest = seen.newest.max(row.time);
                }
                _ => {
                    let next = Seen { host, newest: row.time, trust: row.trust };
                    seen.replace(next).inspect(|seen| self.index.seen(seen, now));
                }
            }
        }
        seen.inspect(|seen| self.index.seen(seen, now));
        if !batch.rows.is_empty() {
            self.data_revision += 1;
        }
        self.health.absorb(batch);
        for (sender, lists) in self.refused.drain() {
            self.health.refuse(self.shares.account(sender).ip, lists);
        }
        for notification in &batch.notifications {
            let bytes_max = self.budget_bytes / NOTIFICATIONS_PART;
            self.notifications.add(notification, now, bytes_max);
        }
        self.trim();
    }

    /// What is known about a series; none when it was forgotten.
    pub fn series(&self, id: SeriesId) -> Option<&Series> {
        self.series.get(id.place()).filter(|series| series.is(id))
    }

    fn source(&self, id: SeriesId) -> Option<Source<'_>> {
        Some(Source { id, series: self.series(id)? })
    }

    /// Every series, in the order in which they were first seen.
    pub fn ids(&self) -> impl Iterator<Item = SeriesId> + '_ {
        self.series.iter().filter(|series| series.is(series.id)).map(|series| series.id)
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
        Usage {
            bytes: self.bytes(),
            budget_bytes: self.budget_bytes,
            name_bytes: self.name_bytes,
            samples: self.samples,
            series: self.series.len() - self.free.len() - self.spent,
            oldest: self.oldest(),
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

    /// Takes in one value list; of which host, unless it is not taken.
    fn row(
        &mut self,
        source: SourceId,
        row: &Row,
        values: &[u64],
        now: CdTime,
        lookbacks: &mut u32,
    ) -> Option<HostNumber> {
        let totals = &mut self.health.totals;
        let list = list_of(&self.lists, source, row.list);
        if list.count == 0 {
            *self.refused.entry(list.sender).or_default() += 1;
            return None;
        }
        if row.time > now.saturating_add(FUTURE_MAX) {
            totals.future_values += values.len() as u64;
            return None;
        }
        debug_assert_eq!(usize::from(list.count), values.len(), "values of another list");
        let (mut conflicts, track_bytes) = (0, self.track_bytes);
        let start = usize::try_from(list.start).unwrap_or(usize::MAX);
        let members = self.members.get(start..).unwrap_or_default();
        let (heard, mut alive) = (now.in_16_secs(), false);
        for (&id, &bits) in members.iter().zip(values).take(list.count.into()) {
            let series = self.series.get_mut(id.place()).filter(|series| series.is(id));
            let Some(series) = series else {
                continue;
            };
            alive = true;
            series.heard = heard;
            let before = series.track.heap_bytes();
            let (pushed, begins) = series.push(
                Sample { time: row.time, bits },
                row.interval,
                &mut self.scratch,
                lookbacks,
            );
            self.track_bytes =
                (self.track_bytes + series.track.heap_bytes()).saturating_sub(before);
            if begins {
                self.queue.push_back(id.0 % PLACES_MAX);
            }
            conflicts += u64::from(pushed == Pushed::Conflict);
            self.samples += u64::from(totals.count(pushed));
        }
        if !alive {
            // They were forgotten since.
            *self.refused.entry(list.sender).or_default() += 1;
            return None;
        }
        if conflicts > 0
            && let Some(name) = self.index.name(list.host)
        {
            self.health.conflict(name, conflicts, now);
        }
        self.newest = self.newest.max(Some(row.time));
        if self.track_bytes != track_bytes {
            self.trim();
        }
        Some(list.host)
    }
}

fn list_of(lists: &[Vec<List>], source: SourceId, list: ListId) -> List {
    let lists = lists.get(usize::from(source.0));
    let place = usize::try_from(list.0).unwrap_or(usize::MAX);
    lists.and_then(|lists| lists.get(place)).copied().unwrap_or(List::NONE)
}

impl SeriesId {
    /// Where it is in the list of all: dense, and at one time of no other series.
    pub fn place(self) -> usize {
        usize::try_from(self.0 % PLACES_MAX).unwrap_or(usize::MAX)
    }
}
