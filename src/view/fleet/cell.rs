//! Cell: what a column is made of on one host: which series, and what becomes of their values.
//!
//! Made of names once, and read as often as values come. Knows neither columns nor rows.

use super::column::{Measure, Of};
use super::devices::{self, Kind};
use crate::metric::{CdTime, Interval};
use crate::store::{HostNode, ListNode, Mode, PluginNode, SeriesId, Store};
use crate::view::format::{Unit, UnitChoice};
use crate::view::latest::Latest;
use std::collections::BTreeMap;

/// What a column is made of on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Of its values.
    pub unit: Unit,
    /// What becomes of the values of the parts.
    pub(super) of: Of,
    /// Never empty.
    pub(super) parts: Vec<Part>,
    full: Full,
}

/// One of the values that a cell is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    /// Added up, or their mean; never empty.
    pub(super) series: Vec<SeriesId>,
    pub(super) is_mean: bool,
    pub(super) scale: f64,
    /// Where there are any, the value is the share of the others in all, percent.
    pub(super) rest: Vec<SeriesId>,
}

/// Where the line of a cell is full.
#[derive(Clone, Debug, PartialEq)]
enum Full {
    Unknown,
    At(f64),
    /// The sum of these.
    Sum(Vec<SeriesId>),
}

/// The value of a cell at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// In the unit of the cell.
    pub value: f64,
    /// A series of the part whose value it is, where that is one of several.
    pub part: Option<SeriesId>,
    /// When the newest of what it is made of was measured.
    pub newest: CdTime,
}

/// Series of a cell: 250 processors in ten states, and more. Whoever sends can name as many as
/// there is room for, and all of them are read together.
pub const SERIES_MAX: usize = 4_000;

/// What a part of a machine sent longer ago than this many intervals before its newest value is
/// over: a filesystem was unmounted, an interface is gone.
const OVER_INTERVALS: f64 = 5.0;

/// When values of a host are read.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Its newest sample, or the moment looked at, whichever is earlier.
    time: CdTime,
    /// None: the newest values are read.
    at: Option<CdTime>,
}

impl Moment {
    /// The newest values of a host, or those at a moment.
    pub fn of(host: &HostNode, at: Option<CdTime>) -> Self {
        let newest = host.last_seen.sample;
        Self { time: at.map_or(newest, |at| at.min(newest)), at }
    }

    /// The value of a series, and when it was measured.
    fn read(self, store: &Store, id: SeriesId) -> Option<(f64, CdTime)> {
        let latest = || store.latest(id, Mode::Rate);
        let point = match self.at {
            None => latest(),
            // A silent series has its last value, as while it was live.
            Some(at) => store
                .value_at(id, at, Mode::Rate)
                .or_else(|| latest().filter(|point| point.time <= at)),
        }?;
        let interval = store.series(id)?.interval;
        let age = self.time.since(point.time);
        let limit = interval.mul_f64(OVER_INTERVALS).max(Interval::from_secs(1));
        Some((point.value.filter(|_| age <= limit)?, point.time))
    }
}

impl Part {
    fn new(series: Vec<SeriesId>) -> Option<Self> {
        let part = Self { series, is_mean: false, scale: 1.0, rest: Vec::new() };
        (!part.series.is_empty()).then_some(part)
    }

    /// The share of some in all.
    fn share(series: Vec<SeriesId>, rest: Vec<SeriesId>) -> Option<Self> {
        Some(Self { rest, ..Self::new(series)? })
    }

    /// Its value; `newest` becomes the time of its newest sample, if that is later.
    fn value(&self, store: &Store, moment: Moment, newest: &mut CdTime) -> Option<f64> {
        let how = if self.is_mean { Of::Avg } else { Of::Sum };
        let mut read = |ids: &[SeriesId], how: Of| {
            how.fold(ids.iter().filter_map(|&id| {
                let (value, time) = moment.read(store, id)?;
                *newest = time.max(*newest);
                Some(value)
            }))
        };
        let value = read(&self.series, how)?;
        if self.rest.is_empty() {
            return Some(value * self.scale);
        }
        share(value, read(&self.rest, Of::Sum)?)
    }
}

/// `value` of all, percent; none of nothing.
pub(super) fn share(value: f64, rest: f64) -> Option<f64> {
    let all = value + rest;
    (all > 0.0).then(|| 100.0 * value / all)
}

impl Cell {
    /// What a measure is made of on a host; none where it sends nothing of the kind, or more than
    /// [`SERIES_MAX`].
    pub fn of(measure: Measure, host: &HostNode, store: &Store, units: UnitChoice) -> Option<Self> {
        let cell = match measure {
            Measure::Cpu => cpu(host),
            Measure::Memory => memory(host),
            Measure::Load => load(host, store),
            Measure::Network => moved(host, ["interface", "if_octets"], Kind::Interface),
            Measure::Disk => moved(host, ["disk", "disk_octets"], Kind::Disk),
            Measure::Filesystem => filesystem(host, store),
        };
        cell.filter(|cell| cell.lookups() <= SERIES_MAX).map(|cell| cell.in_units(units))
    }

    /// The values of these series of a host; none without any, or of more than [`SERIES_MAX`].
    pub fn of_series(ids: &[SeriesId], of: Of, latest: &Latest<'_>) -> Option<Self> {
        let known = |&id: &SeriesId| {
            let series = latest.store.series(id)?;
            let (unit, scale, _) = latest.drawn_as(series);
            Some((unit, Part { scale, ..Part::new(vec![id])? }))
        };
        if ids.len() > SERIES_MAX {
            return None;
        }
        let mut all: Vec<_> = ids.iter().filter_map(known).collect();
        // Bytes and percentages have no greatest and no sum.
        let unit = all.first().map(|(unit, _)| unit.clone())?;
        all.retain(|(other, _)| *other == unit);
        let is_share = &*unit.name == "%" && of != Of::Sum;
        let full = if is_share { Full::At(100.0) } else { Full::Unknown };
        let parts = all.into_iter().map(|(_, part)| part).collect();
        Some(Self { unit, of, parts, full })
    }

    fn in_units(mut self, units: UnitChoice) -> Self {
        let (unit, factor) = units.of(self.unit);
        self.parts.iter_mut().for_each(|part| part.scale *= factor);
        Self { unit, ..self }
    }

    fn new(unit: &str, part: Option<Part>, full: Full) -> Option<Self> {
        Some(Self { unit: Unit::new(unit), of: Of::Sum, parts: vec![part?], full })
    }

    /// The series that are looked up to read it once.
    pub fn lookups(&self) -> usize {
        self.ids().count()
    }

    /// The series that it is made of.
    pub fn ids(&self) -> impl Iterator<Item = SeriesId> + Clone + '_ {
        self.parts.iter().flat_map(|part| part.series.iter().chain(&part.rest)).copied()
    }

    /// Its value; none where nothing is known.
    pub fn read(&self, store: &Store, moment: Moment) -> Option<Reading> {
        let names_part = matches!(self.of, Of::Max | Of::Min) && self.parts.len() > 1;
        let (mut count, mut part, mut newest) = (0.0, None, CdTime::ZERO);
        let mut folded: Option<f64> = None;
        for one in &self.parts {
            let value = one.value(store, moment, &mut newest);
            let Some(value) = value.filter(|value| value.is_finite()) else { continue };
            count += 1.0;
            let next = folded.map_or(value, |folded| self.of.join(folded, value));
            if folded != Some(next) {
                part = one.series.first().copied();
            }
            folded = Some(next);
        }
        let value = folded?;
        let value = if self.of == Of::Avg { value / count } else { value };
        Some(Reading { value, part: part.filter(|_| names_part), newest })
    }

    /// Where its line is full.
    pub fn full(&self, store: &Store, moment: Moment) -> Option<f64> {
        match &self.full {
            Full::Unknown => None,
            Full::At(value) => Some(*value),
            Full::Sum(ids) => {
                let values = ids.iter().filter_map(|&id| moment.read(store, id));
                let sum = Of::Sum.fold(values.map(|(value, _)| value));
                sum.filter(|sum| *sum > 0.0)
            }
        }
    }
}

/// The lists of a type that a plugin of the host sends.
fn lists<'a>(
    host: &'a HostNode,
    plugin: &'a str,
    type_: &'a str,
) -> impl Iterator<Item = (&'a PluginNode, &'a ListNode)> {
    let plugins = host.plugins.iter().filter(move |node| *node.plugin == *plugin);
    let lists = plugins.flat_map(|node| node.lists.iter().map(move |list| (node, list)));
    lists.filter(move |(_, list)| *list.type_ == *type_)
}

fn series_of(list: &ListNode) -> impl Iterator<Item = SeriesId> + '_ {
    list.series.iter().copied()
}

/// The device or mount that a list is of; old versions say it as type instance.
fn instance_of<'a>(node: &'a PluginNode, list: &'a ListNode) -> &'a str {
    if node.instance.is_empty() { &list.instance } else { &node.instance }
}

/// States of the processors, in percent or as counters of time.
fn cpu(host: &HostNode) -> Option<Cell> {
    for type_ in ["percent", "cpu"] {
        let (mut busy, mut idle, mut active) = (Vec::new(), Vec::new(), Vec::new());
        for (_, list) in lists(host, "cpu", type_) {
            match &*list.instance {
                "idle" => idle.extend(series_of(list)),
                "active" => active.extend(series_of(list)),
                _ => busy.extend(series_of(list)),
            }
        }
        let part = if idle.is_empty() {
            // All but idle is one state, of which each processor has a mean.
            Part::new(active).map(|part| Part { is_mean: true, ..part })
        } else {
            Part::share(busy, idle)
        };
        if let Some(part) = part {
            return Cell::new("%", Some(part), Full::At(100.0));
        }
    }
    None
}

/// What programs use. FreeBSD and macOS call it active and wired.
fn memory(host: &HostNode) -> Option<Cell> {
    for (type_, unit) in [("memory", "B"), ("percent", "%")] {
        let all = || lists(host, "memory", type_).map(|(_, list)| list);
        let named = |names: &[&str]| -> Vec<SeriesId> {
            let lists = all().filter(|list| names.contains(&&*list.instance));
            lists.flat_map(series_of).collect()
        };
        let used = named(&["used"]);
        let used = if used.is_empty() { named(&["active", "wired"]) } else { used };
        let full = if unit == "%" {
            Full::At(100.0)
        } else {
            let parts = all().filter(|list| &*list.instance != "available");
            Full::Sum(parts.flat_map(series_of).collect())
        };
        if !used.is_empty() {
            return Cell::new(unit, Part::new(used), full);
        }
    }
    None
}

fn load(host: &HostNode, store: &Store) -> Option<Cell> {
    let ids = lists(host, "load", "load").flat_map(|(_, list)| series_of(list));
    let is_short = |id: &SeriesId| {
        store.series(*id).is_some_and(|series| matches!(&*series.ds_name, "shortterm" | "0"))
    };
    let short = ids.filter(is_short).take(1).collect();
    Cell::new("", Part::new(short), Full::Unknown)
}

/// What goes through the devices of a machine, each byte once.
fn moved(host: &HostNode, [plugin, type_]: [&str; 2], kind: Kind) -> Option<Cell> {
    let (unit, scale) = match kind {
        Kind::Interface => ("bit/s", 8.0),
        Kind::Disk => ("B/s", 1.0),
    };
    let all: Vec<_> = lists(host, plugin, type_).collect();
    let names: Vec<_> = all.iter().map(|(node, list)| instance_of(node, list)).collect();
    let whole = devices::whole(&names, kind).into_iter().filter_map(|place| all.get(place));
    let part = Part::new(whole.flat_map(|(_, list)| series_of(list)).collect());
    let part = part.map(|part| Part { scale, ..part });
    Cell::new(unit, part, Full::Unknown)
}

/// Mounts of packages are always full, which says nothing.
const ALWAYS_FULL: [&str; 2] = ["snap-", "var-lib-snapd-snap-"];

fn filesystem(host: &HostNode, store: &Store) -> Option<Cell> {
    // The last one has both numbers in one list.
    for type_ in ["df_complex", "percent_bytes", "df"] {
        let mut all: BTreeMap<&str, (Vec<SeriesId>, Vec<SeriesId>)> = BTreeMap::new();
        for (node, list) in lists(host, "df", type_) {
            let name = instance_of(node, list);
            if ALWAYS_FULL.iter().any(|always| name.starts_with(always)) {
                continue;
            }
            let (used, rest) = all.entry(name).or_default();
            for id in series_of(list) {
                let ds = || store.series(id).is_some_and(|series| &*series.ds_name == "used");
                let is_used = if type_ == "df" { ds() } else { &*list.instance == "used" };
                if is_used { used.push(id) } else { rest.push(id) }
            }
        }
        let part = |(used, rest): (Vec<SeriesId>, Vec<SeriesId>)| {
            if rest.is_empty() && type_ == "percent_bytes" {
                Part::new(used)
            } else {
                Part::share(used, rest).filter(|part| !part.rest.is_empty())
            }
        };
        let parts: Vec<_> = all.into_values().filter_map(part).collect();
        if !parts.is_empty() {
            return Some(Cell { unit: Unit::new("%"), of: Of::Max, parts, full: Full::At(100.0) });
        }
    }
    None
}
