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
//! 1. `register`: a list that is announced finds or makes its series (`series_table`), if `quota`
//!    lets its sender; its rows then find them by number (`list_table`), without a look at any
//!    name.
//! 2. `absorb` and `clocks`: a stamp becomes a placed time, whatever the clock of its host is.
//! 3. `track`: a sample goes into the open run of its series, which is sealed when it is full.
//! 4. `block`: sealed samples are `packed`, with a `summary` (`aggregate`); small blocks are put
//!    together to large ones. `lists` knows how times and values become whole numbers, `pack` how
//!    those become bytes.
//! 5. `query`, `drawn_list`, `columns`: blocks become the columns of a `trace`, by summary or list
//!    by list; a trace is continued while time goes on.
//!    A `snapshot` answers the same on another thread.
//! 6. `memory` and `retention`: when a series has grown the oldest samples are evicted until the
//!    budget is kept.
//!
//! # What it costs
//!
//! A series without samples takes 200 bytes, and its list 240 that its series share: identifier 112
//! (the texts are shared by all), node of the tree 88, tables 40. With ten minutes at 10 s, 60
//! samples of 8 to 16 bytes in the open run, a million series take about 1.1 GiB.
//!
//! A sealed sample takes 1 to 5 bytes: its value 0 to 2 (half of the series stand still), its time
//! about 3 as a busy daemon is late by a random millisecond (20 bits), 0.7 where the lateness
//! repeats itself and none where it is even; its share of the block's 96 bytes is 0.2. A laptop's
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
//! Raw counters, and rates that lack values, have no summary and take 1 ns a sample more; of gauges
//! that are undefined a summary says how many they are.

mod absorb;
mod aggregate;
mod block;
mod clock;
mod clocks;
mod columns;
mod cost;
mod drawn_list;
mod health;
mod index;
mod last_seen;
mod late;
mod lent;
mod list_table;
mod lists;
mod losses;
mod memory;
mod names;
mod newcomers;
mod nodes;
mod notifications;
mod open_run;
mod origin;
mod outcomes;
mod pack;
mod packed;
mod query;
mod quota;
mod register;
mod retention;
mod returning;
mod runs;
mod scratch;
mod series;
mod series_table;
mod snapshot;
mod summary;
mod trace;
mod track;
mod waiting;

pub use clock::{HostClock, Placing};
pub use clocks::{CLOCK_STEPS_MAX, CLOCKS_PER_HOST_MAX, ClockStep};
pub use health::{
    CONFLICTS_MAX, Conflict, FAULTS_MAX, Health, PROTECTED_MAX, REFUSED_LATE_MAX, ROUTED_HOSTS_MAX,
    ROUTES_PER_HOST_MAX, RefusedLate, Route, SENDERS_MAX, SHARED_MAX, SenderHealth, Shared, Totals,
    UNKNOWN_TYPES_MAX,
};
pub use index::Index;
pub use last_seen::LastSeen;
pub use late::LATE_MAX;
pub use losses::{LOSSES_MAX, Loss, LossKind};
pub use nodes::{HostNode, ListNode, PluginNode};
pub use notifications::{NOTIFICATIONS_MAX, Noted, Notifications, Severities};
pub use origin::{Origin, SourceId};
pub use outcomes::{OUTCOMES_MAX, Outcomes};
pub use retention::{HELD_PART, VIEWS_HELD_MAX};
pub use series::{INTERVAL_DEFAULT, Series};
pub use snapshot::Snapshot;
pub use trace::{Column, Extent, Mode, Point, Stats, Trace};

use crate::ingest::RESERVE_PART;
use crate::metric::{CdTime, Interval, SeriesKey, Span};
use crate::rate::Sample;
use crate::typesdb::TypesDb;
use clocks::Clocks;
use late::LateSamples;
use list_table::ListTable;
use memory::NAMES_PART;
use names::Names;
use newcomers::Newcomers;
use quota::Quota;
use retention::Retention;
use returning::Returning;
use runs::Runs;
use scratch::Scratch;
use series_table::SeriesTable;
use std::sync::Arc;

/// Number of a series: one data source of one identifier, with one DS type. Dense, and never that
/// of another: the lower 24 bits are a place, which is used again when a series was forgotten, the
/// upper 8 count how often. After 256 times a place is not used any more.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SeriesId(pub u32);

/// Part of the budget that notifications may take, which matters when it is small.
const NOTIFICATIONS_PART: usize = 8;

/// Silence after which a series may be forgotten when names need room. A receiver announces every
/// list anew from time to time ([`crate::ingest::ANNOUNCED_EVERY`]), so that it comes back as a new
/// series.
pub const STALE_MIN: Interval = Interval::from_secs(7_200);
/// Places of series: what fits into the lower bits of a [`SeriesId`].
const PLACES_MAX: u32 = 1 << 24;

/// What the store holds and may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in use: names, series, samples, notifications, health.
    pub bytes: usize,
    /// Bytes that snapshots hold beside these, see [`Store::snapshot`].
    pub lent_bytes: usize,
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
    /// Time of the newest sample so far.
    pub newest: Option<CdTime>,
}

impl Usage {
    /// Whether names fill nearly all of their part: new ones may be refused.
    pub const fn is_full_of_names(&self) -> bool {
        let names_max = self.budget_bytes / NAMES_PART;
        self.name_bytes >= names_max - names_max / RESERVE_PART - names_max / 64
    }
}

/// Everything known: series, notifications, health.
#[derive(Debug)]
pub struct Store {
    types: TypesDb,
    names: Names,
    series: SeriesTable,
    lists: ListTable,
    /// Lists that the user forgot.
    returning: Returning,
    quota: Quota,
    retention: Retention,
    late: LateSamples,
    clocks: Clocks,
    index: Index,
    health: Health,
    notifications: Notifications,
    newcomers: Newcomers,
    /// Bytes of all names, counted when names came or went.
    name_bytes: usize,
    budget_bytes: usize,
    newest: Option<CdTime>,
    data_revision: u64,
    scratch: Scratch,
}

impl Store {
    /// An empty store that will use at most `budget_bytes` and names data sources by `types`.
    pub fn new(budget_bytes: usize, types: TypesDb) -> Self {
        let mut store = Self {
            types,
            names: Names::default(),
            series: SeriesTable::default(),
            lists: ListTable::default(),
            returning: Returning::default(),
            quota: Quota::default(),
            retention: Retention::default(),
            late: LateSamples::default(),
            clocks: Clocks::default(),
            index: Index::default(),
            health: Health::default(),
            notifications: Notifications::default(),
            newcomers: Newcomers::default(),
            name_bytes: 0,
            budget_bytes,
            newest: None,
            data_revision: 0,
            scratch: Scratch::default(),
        };
        store.set_budget(budget_bytes);
        store
    }

    /// What is known about a series; none when it was forgotten.
    pub fn series(&self, id: SeriesId) -> Option<&Series> {
        self.series.get(id)
    }

    fn runs(&self, id: SeriesId) -> Option<Runs<'_>> {
        Some(Runs { id, series: self.series(id)? })
    }

    /// Every series, in the order of their places.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = SeriesId> + '_ {
        self.series.iter().map(|series| series.id)
    }

    /// The series of that name: none, one, or several where a data source changed its DS type.
    pub fn named(&self, key: &SeriesKey) -> impl Iterator<Item = SeriesId> + '_ {
        let list = self.index.list(&key.identifier);
        let ds = Arc::clone(&key.ds);
        let of_ds = move |id: &SeriesId| self.series(*id).is_some_and(|of| of.ds_name == ds);
        list.into_iter().flat_map(|list| list.series.iter().copied()).filter(of_ds)
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
    pub fn latest(&self, id: SeriesId, mode: Mode) -> Option<Point> {
        query::latest(self.runs(id)?, mode)
    }

    /// Whether a series came in the last ten minutes, and not while reception began.
    pub fn is_new(&self, id: SeriesId, now: CdTime) -> bool {
        self.newcomers.has(id, now)
    }

    /// All that came in the last ten minutes, the last ten thousand of them.
    pub fn newcomers(&self, now: CdTime) -> impl Iterator<Item = SeriesId> + '_ {
        self.newcomers.all(now)
    }

    /// Placed time of the oldest sample kept of a series.
    pub fn first_time(&self, id: SeriesId) -> Option<CdTime> {
        self.series(id)?.track.oldest().map(|sample| sample.time)
    }

    /// The times over which samples of a series are kept; none without a sample.
    pub fn extent(&self, id: SeriesId) -> Option<Extent> {
        let track = &self.series(id)?.track;
        let (oldest, newest) = (track.oldest()?.time, track.newest()?.time);
        Some(Extent { oldest, newest, epoch: track.epoch() })
    }

    /// The sample in force at `time`: the newest that is not later; none inside a gap.
    pub fn value_at(&self, id: SeriesId, time: CdTime, mode: Mode) -> Option<Point> {
        query::value_at(self.runs(id)?, time, mode)
    }

    /// Every sample kept of a series, by placed time, oldest first: bits as the wire had them.
    pub fn samples(&self, id: SeriesId) -> impl Iterator<Item = Sample> + '_ {
        query::samples(self.runs(id))
    }

    /// What to draw of a series over `span` on `columns` pixels; see [`Trace`]. An unknown series
    /// or an empty span gives an empty trace. The buffers of `out` are reused.
    pub fn trace(&self, id: SeriesId, span: Span, columns: usize, mode: Mode, out: &mut Trace) {
        query::trace(self.runs(id), span, columns, mode, out);
    }

    /// What became of the newest samples of a series in `span`, by the rates they make: why there
    /// is nothing to draw.
    pub fn outcomes(&self, id: SeriesId, span: Span) -> Outcomes {
        self.runs(id).map_or(Outcomes::default(), |runs| outcomes::outcomes(runs, span))
    }

    /// Bytes, samples and times held.
    pub fn usage(&self) -> Usage {
        Usage {
            bytes: self.bytes(),
            lent_bytes: self.scratch.lent.bytes(),
            budget_bytes: self.budget_bytes,
            name_bytes: self.name_bytes,
            samples: self.retention.samples(),
            series: self.series.len(),
            oldest: self.retention.oldest(&self.series),
            newest: self.newest,
        }
    }

    /// The notifications kept.
    pub const fn notifications(&self) -> &Notifications {
        &self.notifications
    }

    /// The clocks of a host, one for each sender; none of a host that is not known.
    pub fn clocks(&self, host: &HostNode) -> &[HostClock] {
        self.clocks.of(host.number)
    }

    /// What the clock of a host showed at a placed time; that time where nothing is known of it.
    pub fn host_time(&self, host: &str, placed: CdTime) -> CdTime {
        let node = self.index.host(host);
        node.map_or(placed, |node| self.clocks.stamp_at(node.number, placed))
    }

    /// Hosts with a clock that is not right, in no order.
    pub fn wrong_clocks(&self) -> impl Iterator<Item = &HostNode> {
        self.clocks.wrong().filter_map(|host| self.index.node(host))
    }

    /// The clocks that were set, newest first, each with its host; at most [`CLOCK_STEPS_MAX`].
    pub fn clock_steps(&self) -> impl Iterator<Item = (&Arc<str>, &ClockStep)> {
        let steps = self.clocks.steps().rev();
        steps.filter_map(|step| Some((self.index.name(step.host)?, step)))
    }

    /// Counters since the start, per sender too.
    pub fn health(&self) -> &Health {
        &self.health
    }
}

impl SeriesId {
    /// Its place in the list of all: dense, and at one time of no other series.
    pub fn place(self) -> usize {
        usize::try_from(self.slot()).unwrap_or(usize::MAX)
    }

    /// The same in the 32 bits of queue and table.
    const fn slot(self) -> u32 {
        self.0 % PLACES_MAX
    }
}
