//! Ranking: in which order the panels of the catalogue stand, and which of a kind come first.
//!
//! Made when a scope is picked, and kept until another one is: nothing changes places while one
//! looks, however busy it gets. What comes later joins at the end of its kind.

use super::{GraphKey, Panel, PanelKey};
use crate::metric::{CdTime, Interval, natural_cmp};
use crate::store::{Mode, SeriesId, Store};
use crate::view::graphs::Style;
use crate::view::selection::Scope;
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A daemon sends what a plugin measured in several datagrams: until then all of a kind is there.
const SETTLES: Interval = Interval::from_secs(2);

/// What is gone and keeps its place, should it come back: a network can bring forth names without
/// end.
const GONE_MAX: usize = 1_000;

/// The places of the panels of one scope.
#[derive(Debug, Default)]
pub struct Ranking {
    scope: Option<Scope>,
    kinds: HashMap<Kind, Ranked>,
}

/// What is ranked together: the panels of one graph of one host.
type Kind = (Arc<str>, GraphKey);

#[derive(Debug)]
struct Ranked {
    /// When the first of them came.
    since: CdTime,
    is_empty: bool,
    places: HashMap<PanelKey, usize>,
    /// The place of the next.
    next: usize,
}

/// Where a panel stands on its host, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// There is nothing of what it shows, as where a machine has no swap.
    is_empty: bool,
    /// Where its graph stands.
    graph: u32,
    /// Where it stands among those of its graph.
    pub(super) place: usize,
}

impl Rank {
    /// Of a panel whose graph stands there, before it is ranked.
    pub(super) const fn of(graph: u32) -> Self {
        Self { is_empty: false, graph, place: 0 }
    }
}

/// What a panel is ranked by among those of its kind, when it comes.
type Busy = (bool, bool, Reverse<u32>);

impl Ranking {
    /// Gives the panels of a scope their places.
    pub(super) fn rank(
        &mut self,
        scope: Option<&Scope>,
        panels: &mut [Panel],
        store: &Store,
        now: CdTime,
    ) {
        if self.scope.as_ref() != scope {
            *self = Self { scope: scope.cloned(), kinds: HashMap::new() };
        }
        let mut groups: HashMap<Kind, Vec<&mut Panel>> = HashMap::new();
        for panel in panels {
            let kind = (Arc::clone(&panel.key.host), panel.key.graph.clone());
            groups.entry(kind).or_default().push(panel);
        }
        if self.kinds.len() > groups.len() + GONE_MAX {
            self.kinds.retain(|kind, _| groups.contains_key(kind));
        }
        for (kind, mut group) in groups {
            let new = || Ranked { since: now, is_empty: false, places: HashMap::new(), next: 0 };
            let ranked = self.kinds.entry(kind).or_insert_with(new);
            ranked.add(&group, store, now);
            for panel in &mut group {
                panel.rank.is_empty = ranked.is_empty;
                panel.rank.place = ranked.places.get(&panel.key).copied().unwrap_or(usize::MAX);
            }
        }
    }
}

impl Ranked {
    fn add(&mut self, group: &[&mut Panel], store: &Store, now: CdTime) {
        let settles = now.since(self.since) <= SETTLES;
        if settles {
            self.is_empty = group.iter().all(|panel| is_empty(store, panel));
        }
        if group.iter().all(|panel| self.places.contains_key(&panel.key)) {
            return;
        }
        if settles {
            self.places.clear();
            self.next = 0;
        }
        let new = group.iter().filter(|panel| !self.places.contains_key(&panel.key));
        let mut new: Vec<(Busy, &Panel)> =
            new.map(|panel| (busy(store, panel), &**panel)).collect();
        new.sort_by(|(busy, panel), (other_busy, other)| {
            busy.cmp(other_busy)
                .then_with(|| natural_cmp(&panel.title, &other.title))
                .then_with(|| natural_cmp(&panel.key.instance, &other.key.instance))
        });
        for (_, panel) in new {
            self.places.insert(panel.key.clone(), self.next);
            self.next += 1;
        }
        if self.places.len() > group.len() + GONE_MAX {
            let there: HashSet<_> = group.iter().map(|panel| &panel.key).collect();
            self.places.retain(|key, _| there.contains(key));
        }
    }
}

fn ids(panel: &Panel) -> impl Iterator<Item = SeriesId> + '_ {
    panel.lines.iter().flat_map(|line| line.series.iter().copied())
}

/// Of interfaces and disks the busy ones come first, by the decimal digits of all that they ever
/// moved; then those on which nothing moves. Loopback says least about a machine.
fn busy(store: &Store, panel: &Panel) -> Busy {
    let series = ids(panel).next().and_then(|id| store.series(id));
    let loopback = series.is_some_and(|series| &*series.identifier.plugin_instance == "lo");
    if panel.style != Style::Mirror {
        return (loopback, false, Reverse(0));
    }
    let digits = digits_moved(store, panel);
    let rate = |id| store.latest(id, Mode::Rate).and_then(|newest| newest.value);
    let mut rates = ids(panel).filter_map(rate).peekable();
    let stands_still = rates.peek().is_some() && rates.all(|rate| rate == 0.0);
    (loopback, digits == 0 || stands_still, Reverse(digits))
}

/// Decimal digits of what the counters of a panel have reached.
fn digits_moved(store: &Store, panel: &Panel) -> u32 {
    let values = ids(panel).filter_map(|id| store.latest(id, Mode::Raw)?.value);
    let sum: f64 = values.filter(|value| *value > 0.0).sum();
    (0..)
        .zip(std::iter::successors(Some(1.0), |power| Some(power * 10.0)))
        .find(|(_, power)| sum < *power)
        .map_or(0, |(digits, _)| digits)
}

/// Whether all parts of a whole in bytes are nothing.
fn is_empty(store: &Store, panel: &Panel) -> bool {
    let value = |id| store.latest(id, Mode::Rate).and_then(|newest| newest.value);
    let mut values = ids(panel).filter_map(value).peekable();
    panel.style == Style::Stack
        && &*panel.unit.name == "B"
        && values.peek().is_some()
        && values.all(|value| value == 0.0)
}
