//! The store: everything known, within one budget of bytes.

mod block;
mod health;
mod index;
mod query;
mod series;

pub use health::{
    FAULTS_MAX, Health, PROTECTED_MAX, ProtectedCount, SENDERS_MAX, SenderHealth, Totals,
    UNKNOWN_TYPES_MAX,
};
pub use index::{HostNode, Index, LastSeen, ListNode, PluginNode, natural_cmp};
pub use query::{Column, Mode, Reading, Stats, Trace};
pub use series::Series;

use crate::ingest::Batch;
use crate::metric::{CdTime, Interval, Notification, Span};
use crate::typesdb::TypesDb;
use std::collections::VecDeque;

/// Dense number of a series: one data source of one identifier, with one DS type. Never reused.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SeriesId(pub u32);

/// Number of a source, given by whoever owns the sources. List ids are counted per source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SourceId(pub u16);

/// Notifications we keep, oldest out first. 10,000 x ~400 B = 4 MiB; a sender that shouts cannot
/// push the samples out of memory.
pub const NOTIFICATIONS_MAX: usize = 10_000;

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
    /// Time of the oldest sample kept.
    pub oldest: Option<CdTime>,
    /// Time of the newest sample kept.
    pub newest: Option<CdTime>,
}

/// Everything known: series, notifications, health.
#[derive(Debug)]
pub struct Store {
    types: TypesDb,
    series: Vec<Series>,
    index: Index,
    health: Health,
    notifications: VecDeque<Notification>,
    usage: Usage,
    data_revision: u64,
}

impl Store {
    /// An empty store that will use at most `budget_bytes` and names data sources by `types`.
    pub fn new(budget_bytes: usize, types: TypesDb) -> Self {
        Self {
            types,
            series: Vec::new(),
            index: Index::default(),
            health: Health::default(),
            notifications: VecDeque::new(),
            usage: Usage {
                budget_bytes,
                ..Usage::default()
            },
            data_revision: 0,
        }
    }

    /// Takes in what a source handed over. `now` is the clock's time: samples too far ahead of it
    /// are refused.
    pub fn absorb(&mut self, source: SourceId, batch: &Batch, now: CdTime) {
        let _ = (source, now, &self.types);
        if !batch.rows.is_empty() {
            self.data_revision += 1;
        }
    }

    /// What is known about a series.
    pub fn series(&self, id: SeriesId) -> Option<&Series> {
        self.series.get(usize::try_from(id.0).ok()?)
    }

    /// Every series, in the order in which they were first seen.
    pub fn ids(&self) -> impl Iterator<Item = SeriesId> + '_ {
        (0u32..)
            .zip(&self.series)
            .map(|(number, _)| SeriesId(number))
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
        query::latest(self.series(id)?, mode)
    }

    /// The sample in force at `time`: the newest that is not later; none inside a gap.
    pub fn value_at(&self, id: SeriesId, time: CdTime, mode: Mode) -> Option<Reading> {
        query::value_at(self.series(id)?, time, mode)
    }

    /// What to draw of a series over `span` on `columns` pixels; see [`Trace`]. An unknown series
    /// or an empty span gives an empty trace. The buffers of `out` are reused.
    pub fn trace(&self, id: SeriesId, span: Span, columns: usize, mode: Mode, out: &mut Trace) {
        out.clear();
        if let Some(series) = self.series(id) {
            query::trace(series, span, columns, mode, out);
        }
    }

    /// Bytes, samples and times held.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// The notifications kept, oldest first.
    pub fn notifications(&self) -> impl DoubleEndedIterator<Item = &Notification> {
        self.notifications.iter()
    }

    /// Counters since the start, per sender too.
    pub fn health(&self) -> &Health {
        &self.health
    }
}

/// Promised time between samples where nobody told one: collectd's own default.
pub const INTERVAL_DEFAULT: Interval = Interval::from_secs(10);
