//! Table: the rows of a fleet, their values and their order.
//!
//! Cells are made when names come. Values are read about once a second, some thousand at a time,
//! so that a frame costs the same however many hosts there are; the order follows them when all
//! are read. It stands still while the user has the pointer or the keyboard on a row.

use super::cell::{Cell, Moment};
use super::{By, Column, Fleet, Shows};
use crate::metric::{CdTime, Interval};
use crate::store::{HostNode, SeriesId, Store};
use crate::view::clocks;
use crate::view::health::Freshness;
use crate::view::host_age::age_of;
use crate::view::latest::Latest;
use crate::view::selector::Selector;
use crate::view::senders::Protected;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Series looked up in a call, about: a millisecond.
const LOOKUPS_MAX: usize = 5_000;
/// The same of values in the past, which are unpacked.
const LOOKUPS_PAST_MAX: usize = 500;
/// Series that a second is enough for, where all have to be looked at.
const SERIES_PER_SEC: u64 = 100_000;

/// The rows of a fleet.
#[derive(Debug, Default)]
pub struct Table {
    /// In natural order of the hosts.
    rows: Vec<HostRow>,
    /// The places of those that are shown, in their order, and their hosts.
    shown: Vec<usize>,
    hosts_shown: Vec<Arc<str>>,
    /// Of each column, the least and greatest newest value of all hosts.
    extents: Vec<Option<(f64, f64)>>,
    counts: Counts,
    /// Those of the rows that were read so far.
    counting: Counts,
    made_for: Option<MadeFor>,
    made: CdTime,
    revision: u64,
    /// Which hosts the filter lets through; none: all.
    matching: Option<HashSet<Arc<str>>>,
    filtered_for: Option<Selector>,
    filtered: CdTime,
    ordered_by: Option<(By, bool)>,
    pass: Pass,
}

/// One host.
#[derive(Clone, Debug)]
pub struct HostRow {
    /// Its name.
    pub host: Arc<str>,
    /// What each column is made of; none: it sends nothing of the kind.
    pub cells: Vec<Option<Cell>>,
    /// Their values as they were read last, for the order.
    values: Vec<Option<f64>>,
    state: State,
}

/// What is wrong with a host, the worst first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Silent,
    WrongClock,
    Unverified,
    #[default]
    Good,
}

impl State {
    fn of(store: &Store, host: &HostNode, now: CdTime) -> (Self, Counts) {
        let (age, interval) = age_of(store, host, now);
        let is_silent = Freshness::new(age, interval) == Freshness::Stale;
        let is_wrong = clocks::worst(store.clocks(host), now).is_some();
        let protected = Protected::of(host, interval);
        let is_unsure = matches!(protected, Protected::Unverified | Protected::Partly);
        let state = match (is_silent, is_wrong, is_unsure) {
            (true, ..) => Self::Silent,
            (_, true, _) => Self::WrongClock,
            (.., true) => Self::Unverified,
            _ => Self::Good,
        };
        let counts = Counts {
            hosts: 1,
            silent: usize::from(is_silent),
            wrong_clocks: usize::from(is_wrong),
            unverified: usize::from(is_unsure),
        };
        (state, counts)
    }
}

/// How many hosts there are, and how many of them are not as they should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub hosts: usize,
    /// Those that send nothing any more.
    pub silent: usize,
    /// Those whose clock is wrong.
    pub wrong_clocks: usize,
    /// Those whose values come signed, and nobody can check it, or partly without protection.
    pub unverified: usize,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.hosts += other.hosts;
        self.silent += other.silent;
        self.wrong_clocks += other.wrong_clocks;
        self.unverified += other.unverified;
    }
}

/// What rows were made for.
#[derive(Clone, Debug, PartialEq)]
struct MadeFor {
    series: u64,
    columns: Vec<Column>,
}

/// A walk over all rows that reads their values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Pass {
    /// The row that is next; none: all are read.
    next: Option<usize>,
    second: u64,
    /// The moment that values are of; none: the newest.
    at: Option<CdTime>,
}

/// What rows are made from, beside what the user chose.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What is known of the series.
    pub latest: Latest<'a>,
    /// The moment that is looked at; none: the newest values are.
    pub at: Option<CdTime>,
    /// The order stands still.
    pub is_held: bool,
}

impl Table {
    /// Makes anew what is out of date. True: there is more to do, at once.
    pub fn update(&mut self, fleet: &Fleet, known: &Known<'_>) -> bool {
        let Known { latest, at, is_held } = *known;
        let second = latest.now.secs_nanos().0;
        let is_rebuilt = self.rebuild(fleet, &latest);
        if is_rebuilt || self.pass.at != at || self.pass.second != second {
            let next = self.pass.next.filter(|_| !is_rebuilt && self.pass.at == at).or(Some(0));
            self.pass = Pass { next, second, at };
        }
        let is_read = self.read_values(latest.store, latest.now);
        let is_filtered = self.filter(&fleet.filter, &latest, is_rebuilt);
        let by = (fleet.by, fleet.reversed);
        let is_asked = self.ordered_by != Some(by);
        if is_asked || is_rebuilt || is_filtered || (is_read && !is_held) {
            // By name no host changes its place, and a new one goes to its own.
            self.order(by, is_held && !is_asked && fleet.by != By::Host);
        }
        self.pass.next.is_some()
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        if self.made_for.is_some() {
            *self = Self { revision: self.revision, ..Self::default() };
        }
    }

    /// Makes the cells, where names or columns are others by now.
    fn rebuild(&mut self, fleet: &Fleet, latest: &Latest<'_>) -> bool {
        let store = latest.store;
        let made_for = MadeFor { series: store.revision(), columns: fleet.columns.clone() };
        if self.made_for.as_ref() == Some(&made_for) {
            return false;
        }
        let is_of_columns =
            self.made_for.as_ref().is_some_and(|made| made.columns == made_for.columns);
        if is_of_columns && self.waits(store, latest.now) {
            return false;
        }
        let chosen: Vec<_> =
            fleet.columns.iter().map(|column| chosen_by(column, latest.store)).collect();
        let hosts = store.index().hosts();
        let mut before: HashMap<Arc<str>, HostRow> =
            self.rows.drain(..).map(|row| (Arc::clone(&row.host), row)).collect();
        self.rows = hosts
            .iter()
            .map(|host| {
                let cells = fleet.columns.iter().zip(&chosen);
                let cells: Vec<_> =
                    cells.map(|(column, chosen)| cell_of(column, chosen, host, latest)).collect();
                let known = before.remove(&host.name).filter(|_| is_of_columns);
                let values = known.map_or_else(|| vec![None; cells.len()], |row| row.values);
                HostRow { host: Arc::clone(&host.name), cells, values, state: State::default() }
            })
            .collect();
        (self.made_for, self.made) = (Some(made_for), latest.now);
        self.revision += 1;
        true
    }

    /// Whether new names wait: where there are very many, looking through them would take all time
    /// while they come.
    fn waits(&self, store: &Store, now: CdTime) -> bool {
        let series = u64::try_from(store.usage().series).unwrap_or(u64::MAX);
        let wait = Interval::from_secs(1 + series / SERIES_PER_SEC);
        self.made <= now && now.since(self.made) < wait
    }

    /// Reads the values of the next rows; true when those of all are read.
    fn read_values(&mut self, store: &Store, now: CdTime) -> bool {
        let Some(first) = self.pass.next else { return false };
        if first == 0 {
            self.counting = Counts::default();
        }
        let at = self.pass.at;
        let mut left = if at.is_some() { LOOKUPS_PAST_MAX } else { LOOKUPS_MAX };
        let hosts = store.index().hosts();
        for (place, row) in self.rows.iter_mut().enumerate().skip(first) {
            if left == 0 {
                self.pass.next = Some(place);
                return false;
            }
            // Hosts that came or went since the rows were made are found by name.
            let same = hosts.get(place).filter(|host| host.name == row.host);
            let Some(host) = same.or_else(|| store.index().host(&row.host)) else { continue };
            let lookups = row.cells.iter().flatten().map(Cell::lookups).sum::<usize>();
            left = left.saturating_sub(lookups.max(1));
            let moment = Moment::of(host, at);
            row.values.clear();
            row.values.extend(row.cells.iter().map(|cell| {
                let reading = cell.as_ref().and_then(|cell| cell.read(store, moment));
                reading.map(|reading| reading.value)
            }));
            let (state, counts) = State::of(store, host, now);
            row.state = state;
            self.counting.add(counts);
        }
        self.counts = self.counting;
        self.pass.next = None;
        self.extents = (0..self.made_for.as_ref().map_or(0, |made| made.columns.len()))
            .map(|column| extent(self.rows.iter().filter_map(|row| *row.values.get(column)?)))
            .collect();
        true
    }

    /// Finds the hosts that the filter lets through; true where they were looked for.
    fn filter(&mut self, filter: &Selector, latest: &Latest<'_>, is_rebuilt: bool) -> bool {
        let is_same = self.filtered_for.as_ref() == Some(filter);
        let series = u64::try_from(latest.store.usage().series).unwrap_or(u64::MAX);
        let wait = Interval::from_secs(1 + series / SERIES_PER_SEC);
        let since = latest.now.since(self.filtered);
        let is_old = filter.has_state() && (since >= wait || latest.now < self.filtered);
        if is_same && !is_old && !is_rebuilt {
            return false;
        }
        self.filtered_for = Some(filter.clone());
        self.filtered = latest.now;
        self.matching = (!filter.is_empty()).then(|| {
            let ids = filter.series_now(latest);
            let hosts = ids.into_iter().filter_map(|id| latest.store.series(id));
            hosts.map(|series| Arc::clone(&series.identifier.host)).collect()
        });
        true
    }

    /// Puts the rows that are shown in order; those that were shown before keep theirs where the
    /// order is held.
    fn order(&mut self, by: (By, bool), is_held: bool) {
        let before = self.hosts_shown.iter().enumerate().filter(|_| is_held);
        let before: HashMap<&str, usize> = before.map(|(place, host)| (&**host, place)).collect();
        let matches = |row: &HostRow| {
            self.matching.as_ref().is_none_or(|matching| matching.contains(&row.host))
        };
        let rows = self.rows.iter().enumerate().filter(|(_, row)| matches(row));
        let mut shown: Vec<usize> = rows.map(|(place, _)| place).collect();
        let rows = &self.rows;
        let ordering = |one: &usize, other: &usize| match (rows.get(*one), rows.get(*other)) {
            (Some(one), Some(other)) => one.cmp(other, by),
            _ => Ordering::Equal,
        };
        shown.sort_by(|one, other| ordering(one, other).then(one.cmp(other)));
        if by == (By::Host, true) {
            shown.reverse();
        }
        // New ones come last.
        let host = |place: &usize| rows.get(*place).map(|row| &*row.host).unwrap_or_default();
        shown.sort_by_key(|place| before.get(host(place)).copied().unwrap_or(usize::MAX));
        let hosts = shown.iter().filter_map(|place| Some(Arc::clone(&rows.get(*place)?.host)));
        self.hosts_shown = hosts.collect();
        self.shown = shown;
        self.ordered_by = Some(by);
    }

    /// Changes when rows or cells are others.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// How many hosts are shown.
    pub fn len(&self) -> usize {
        self.shown.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// The row that is shown at `place`.
    pub fn row(&self, place: usize) -> Option<&HostRow> {
        self.rows.get(*self.shown.get(place)?)
    }

    /// The rows that are shown, in their order.
    pub fn rows(&self) -> impl Iterator<Item = &HostRow> + Clone {
        self.shown.iter().filter_map(|place| self.rows.get(*place))
    }

    /// Where a host is shown.
    pub fn place_of(&self, host: &str) -> Option<usize> {
        self.rows().position(|row| *row.host == *host)
    }

    /// How many hosts there are, and how they are.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The least and greatest newest value of a column.
    pub fn extent(&self, column: usize) -> Option<(f64, f64)> {
        *self.extents.get(column)?
    }

    /// The series of the first rows, at most `max`.
    pub fn ids(&self, max: usize) -> impl Iterator<Item = SeriesId> + Clone + '_ {
        self.rows().flat_map(|row| row.cells.iter().flatten()).flat_map(Cell::ids).take(max)
    }
}

impl HostRow {
    /// The values of its cells as they were read last.
    pub fn values(&self) -> &[Option<f64>] {
        &self.values
    }

    /// Which of two stands first; equal: by name. By a column, hosts without a value come last,
    /// and before them those that are silent: their values are old.
    fn cmp(&self, other: &Self, (by, reversed): (By, bool)) -> Ordering {
        let column = match by {
            By::Host => return Ordering::Equal,
            By::State => return self.state.cmp(&other.state),
            By::Column(column) => column,
        };
        let value = |row: &Self| row.values.get(column).copied().flatten();
        let last = |row: &Self| (value(row).is_none(), row.state == State::Silent);
        let (one, two) = (value(self).unwrap_or_default(), value(other).unwrap_or_default());
        let greatest_first = two.total_cmp(&one);
        let order = if reversed { greatest_first.reverse() } else { greatest_first };
        last(self).cmp(&last(other)).then(order)
    }
}

/// The series that a column's own selector chooses, by host.
fn chosen_by(column: &Column, store: &Store) -> HashMap<Arc<str>, Vec<SeriesId>> {
    let Shows::Series { show, .. } = &column.shows else { return HashMap::new() };
    let mut chosen: HashMap<Arc<str>, Vec<SeriesId>> = HashMap::new();
    for id in show.series(store) {
        if let Some(series) = store.series(id) {
            chosen.entry(Arc::clone(&series.identifier.host)).or_default().push(id);
        }
    }
    chosen
}

fn cell_of(
    column: &Column,
    chosen: &HashMap<Arc<str>, Vec<SeriesId>>,
    host: &HostNode,
    latest: &Latest<'_>,
) -> Option<Cell> {
    match &column.shows {
        Shows::Measure(measure) => Cell::of(*measure, host, latest.store),
        Shows::Series { of, .. } => Cell::of_series(chosen.get(&host.name)?, *of, latest),
    }
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |extent, value| {
        let (lo, hi) = extent.unwrap_or((value, value));
        Some((lo.min(value), hi.max(value)))
    })
}
