//! Table: the rows of a fleet, their values and their order.
//!
//! Cells are made when names come. Values are read about once a second, some thousand at a time,
//! so that a frame costs the same however many hosts there are; the order follows them when all
//! are read. It stands still while the pointer is on its way to a row.

use super::cell::{Cell, Moment, Reading};
use super::wanted::Wanted;
use super::{By, Column, Fleet, Shows};
use crate::metric::{CdTime, Interval};
use crate::store::{HostNode, SeriesId, Store};
use crate::view::arrangement::Arranged;
use crate::view::clocks;
use crate::view::format::Unit;
use crate::view::health::Freshness;
use crate::view::host_age::age_of;
use crate::view::latest::{Latest, rest_of_seconds};
use crate::view::selector::Selector;
use crate::view::senders::Protected;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Series looked up in a call, about: a millisecond.
const LOOKUPS_MAX: usize = 5_000;
/// The same of values in the past, which are unpacked.
const LOOKUPS_PAST_MAX: usize = 500;

/// Value lists that a filter looks at in a call, about: two milliseconds.
const LISTS_MAX: usize = 32_768;

/// The rows of a fleet.
#[derive(Debug, Default)]
pub struct Table {
    /// In natural order of what hosts are called.
    rows: Vec<HostRow>,
    /// The places of those that are shown, in their order, and their hosts.
    shown: Vec<usize>,
    hosts_shown: Vec<Arc<str>>,
    /// Of each column, the least and greatest newest value of all hosts.
    extents: Vec<Option<(f64, f64)>>,
    counts: Counts,
    /// Hosts that are hidden.
    hidden: usize,
    made_for: Option<MadeFor>,
    made: CdTime,
    revision: u64,
    /// Which hosts the filter lets through; none: all.
    matching: Option<HashSet<Arc<str>>>,
    wanted: Wanted,
    /// What is found of the next answer, and the place of the host to go on with.
    filtering: Option<(HashSet<Arc<str>>, usize)>,
    filtered_for: Option<(Selector, Vec<Column>)>,
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
    /// What was read of them last: what is shown, and what the order is made by.
    readings: Vec<Option<Reading>>,
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
    arranged: Arranged,
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
    /// What is listed.
    pub arranged: &'a Arranged,
    /// The moment that is looked at; none: the newest values are.
    pub at: Option<CdTime>,
    /// The order stands still.
    pub is_held: bool,
}

impl Table {
    /// Makes anew what is out of date. True: there is more to do, at once.
    pub fn update(&mut self, fleet: &Fleet, known: &Known<'_>) -> bool {
        let Known { latest, arranged, at, is_held } = *known;
        let second = latest.now.secs_nanos().0;
        let is_rebuilt = self.rebuild(fleet, &latest, arranged);
        let is_later = self.pass.second != second;
        if is_rebuilt || is_later {
            self.read_states(latest.store, latest.now);
        }
        // What was at a moment in the past stays.
        let is_due = is_later && at.is_none() || self.pass.at != at;
        if is_rebuilt || is_due {
            let goes_on = !is_rebuilt && self.pass.at == at;
            self.pass.next = self.pass.next.filter(|_| goes_on).or(Some(0));
        }
        (self.pass.second, self.pass.at) = (second, at);
        let is_read = self.read_values(latest.store);
        let is_filtered = self.filter(fleet, &latest, is_rebuilt);
        let by = (fleet.by, fleet.reversed);
        let is_asked = self.ordered_by != Some(by);
        let is_new = is_read || is_later && fleet.by == By::State;
        let is_held = is_held && (fleet.by != By::Host || self.wanted.asks_columns());
        if is_asked || is_rebuilt || is_filtered || (is_new && !is_held) {
            // By name no host changes its place, and a new one goes to its own.
            self.order(by, is_held && !is_asked);
        }
        self.pass.next.is_some() || self.filtering.is_some()
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        if self.made_for.is_some() {
            *self = Self { revision: self.revision, ..Self::default() };
        }
    }

    /// Makes the cells, where names or columns are others by now.
    fn rebuild(&mut self, fleet: &Fleet, latest: &Latest<'_>, arranged: &Arranged) -> bool {
        let store = latest.store;
        let series = store.revision();
        let is_same = |made: &MadeFor| made.columns == fleet.columns && made.arranged == *arranged;
        let is_of_columns = self.made_for.as_ref().is_some_and(is_same);
        let is_of_names = self.made_for.as_ref().is_some_and(|made| made.series == series);
        if is_of_columns && (is_of_names || self.waits(store, latest.now)) {
            return false;
        }
        let before = self.made_for.as_ref().map_or(&[][..], |made| &made.columns);
        // What is known of a column that was there before.
        let from = |column: &Column| before.iter().position(|other| other == column);
        let from: Vec<_> = fleet.columns.iter().map(from).collect();
        let chosen: Vec<_> =
            fleet.columns.iter().map(|column| chosen_by(column, latest.store)).collect();
        let mut before: HashMap<Arc<str>, HostRow> =
            self.rows.drain(..).map(|row| (Arc::clone(&row.host), row)).collect();
        let mut row = |host: &HostNode| {
            let cells = fleet.columns.iter().zip(&chosen);
            let cells = cells.map(|(column, chosen)| cell_of(column, chosen, host, latest));
            let known = before.remove(&host.name);
            let reading = |from: &Option<usize>| *known.as_ref()?.readings.get((*from)?)?;
            HostRow {
                host: Arc::clone(&host.name),
                cells: cells.collect(),
                readings: from.iter().map(reading).collect(),
                state: State::default(),
            }
        };
        let all = store.index().hosts();
        let hosts = arranged.listed(all.iter(), |host| &host.name);
        self.hidden = all.len() - hosts.len();
        self.rows = hosts.into_iter().map(|(_, host)| row(host)).collect();
        let (columns, arranged) = (fleet.columns.clone(), arranged.clone());
        let made_for = MadeFor { series, columns, arranged };
        (self.made_for, self.made) = (Some(made_for), latest.now);
        self.revision += 1;
        true
    }

    /// Whether new names wait.
    fn waits(&self, store: &Store, now: CdTime) -> bool {
        self.made <= now && now.since(self.made) < rest(store)
    }

    /// Finds what is wrong with which hosts.
    fn read_states(&mut self, store: &Store, now: CdTime) {
        self.counts = Counts::default();
        let hosts = store.index().hosts();
        for (place, row) in self.rows.iter_mut().enumerate() {
            let Some(host) = host_of(row, place, hosts, store) else { continue };
            let (state, counts) = State::of(store, host, now);
            row.state = state;
            self.counts.add(counts);
        }
    }

    /// Reads the values of the next rows; true when those of all are read.
    fn read_values(&mut self, store: &Store) -> bool {
        let Some(first) = self.pass.next else { return false };
        let at = self.pass.at;
        let mut left = if at.is_some() { LOOKUPS_PAST_MAX } else { LOOKUPS_MAX };
        let hosts = store.index().hosts();
        for (place, row) in self.rows.iter_mut().enumerate().skip(first) {
            if left == 0 {
                self.pass.next = Some(place);
                return false;
            }
            let lookups = row.cells.iter().flatten().map(Cell::lookups).sum::<usize>();
            left = left.saturating_sub(lookups.max(1));
            let Some(host) = host_of(row, place, hosts, store) else { continue };
            let moment = Moment::of(host, at);
            let cells = row.cells.iter().map(|cell| cell.as_ref()?.read(store, moment));
            row.readings = cells.collect();
        }
        self.pass.next = None;
        self.extents = (0..self.made_for.as_ref().map_or(0, |made| made.columns.len()))
            .map(|column| {
                let readings = self.rows.iter().filter_map(|row| *row.readings.get(column)?);
                extent(readings.map(|reading| reading.value))
            })
            .collect();
        true
    }

    /// Goes on to find the hosts that the filter lets through; true where all are found. Those
    /// before stay until then.
    fn filter(&mut self, fleet: &Fleet, latest: &Latest<'_>, is_rebuilt: bool) -> bool {
        let is_same = self
            .filtered_for
            .as_ref()
            .is_some_and(|(filter, columns)| *filter == fleet.filter && *columns == fleet.columns);
        if !is_same || is_rebuilt {
            self.wanted = Wanted::of(fleet, latest.aliases);
        }
        let since = latest.now.since(self.filtered);
        let is_due = since >= rest(latest.store) || latest.now < self.filtered;
        let words = &self.wanted.words;
        if !is_same || is_rebuilt || (words.has_state() && is_due && self.filtering.is_none()) {
            self.filtered_for = Some((fleet.filter.clone(), fleet.columns.clone()));
            self.filtered = latest.now;
            if words.is_empty() {
                (self.matching, self.filtering) = (None, None);
                return true;
            }
            self.filtering = Some(Default::default());
        }
        let Some((mut found, from)) = self.filtering.take() else { return false };
        let (hosts, next) = words.hosts_now(latest, from, LISTS_MAX);
        found.extend(hosts);
        match next {
            Some(next) => self.filtering = Some((found, next)),
            None => self.matching = Some(found),
        }
        self.filtering.is_none()
    }

    /// Puts the rows that are shown in order; those that were shown before keep theirs where the
    /// order is held.
    fn order(&mut self, by: (By, bool), is_held: bool) {
        let before = self.hosts_shown.iter().enumerate().filter(|_| is_held);
        let before: HashMap<&str, usize> = before.map(|(place, host)| (&**host, place)).collect();
        let matches = |row: &HostRow| {
            self.matching.as_ref().is_none_or(|matching| matching.contains(&row.host))
                && self.wanted.holds(|column| row.shown(column))
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

    /// How many hosts are hidden.
    pub const fn hidden(&self) -> usize {
        self.hidden
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
    /// What was read last of a cell.
    pub fn reading(&self, column: usize) -> Option<Reading> {
        *self.readings.get(column)?
    }

    /// The value of a column as it was read last, and its unit.
    fn shown(&self, column: usize) -> Option<(f64, &Unit)> {
        let unit = &self.cells.get(column)?.as_ref()?.unit;
        Some((self.reading(column)?.value, unit))
    }

    /// The values of its cells as they were read last.
    pub fn values(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.readings.iter().map(|reading| reading.map(|reading| reading.value))
    }

    /// Which of two stands first; equal: by name. By a column, hosts without a value come last,
    /// and before them those that are silent: their values are old.
    fn cmp(&self, other: &Self, (by, reversed): (By, bool)) -> Ordering {
        let column = match by {
            By::Host => return Ordering::Equal,
            By::State => return self.state.cmp(&other.state),
            By::Column(column) => column,
        };
        let value = |row: &Self| row.reading(column).map(|reading| reading.value);
        let last = |row: &Self| (value(row).is_none(), row.state == State::Silent);
        let (one, two) = (value(self).unwrap_or_default(), value(other).unwrap_or_default());
        let greatest_first = two.total_cmp(&one);
        let order = if reversed { greatest_first.reverse() } else { greatest_first };
        last(self).cmp(&last(other)).then(order)
    }
}

/// How long what looks through all series rests: a second, and longer where there are very many.
fn rest(store: &Store) -> Interval {
    rest_of_seconds(store.usage().series)
}

/// The host of a row, which is `place`th among `hosts` unless some came or went since.
fn host_of<'a>(
    row: &HostRow,
    place: usize,
    hosts: &'a [HostNode],
    store: &'a Store,
) -> Option<&'a HostNode> {
    let same = hosts.get(place).filter(|host| host.name == row.host);
    same.or_else(|| store.index().host(&row.host))
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
        Shows::Measure(measure) => Cell::of(*measure, host, latest.store, latest.graphs.units()),
        Shows::Series { of, .. } => Cell::of_series(chosen.get(&host.name)?, *of, latest),
    }
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |extent, value| {
        let (lo, hi) = extent.unwrap_or((value, value));
        Some((lo.min(value), hi.max(value)))
    })
}
