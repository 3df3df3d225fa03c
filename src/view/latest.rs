//! Latest: what is shown of a series beside its name: its newest value, its unit and its age.

use super::aliases::Aliases;
use super::format::Unit;
use super::graphs::Graphs;
use super::health::Freshness;
use super::role::Role;
use crate::metric::{CdTime, Interval};
use crate::store::{Mode, Series, Store};

/// What the newest of each series is read from.
#[derive(Clone, Copy, Debug)]
pub struct Latest<'a> {
    /// What is known.
    pub store: &'a Store,
    /// How plugins are drawn.
    pub graphs: &'a Graphs,
    /// What hosts are called.
    pub aliases: &'a Aliases,
    /// Rates, or raw values.
    pub mode: Mode,
    /// Our clock.
    pub now: CdTime,
}

/// Series that are looked through in a second, where all of them are again and again.
const SERIES_PER_SEC: u64 = 100_000;

/// How long what looks through all series, of which there are that many, rests before it does so
/// again: otherwise it would do nothing else while names come.
pub fn rest_between(series: usize) -> Interval {
    Interval::from_secs(secs_between(series))
}

/// The same where it does so once a second at most.
pub fn rest_of_seconds(series: usize) -> Interval {
    Interval::from_secs(secs_between(series).saturating_add(1))
}

fn secs_between(series: usize) -> u64 {
    u64::try_from(series).unwrap_or(u64::MAX) / SERIES_PER_SEC
}

impl Latest<'_> {
    /// How a series is read.
    pub const fn mode_of(&self, series: &Series) -> Mode {
        self.mode.of(series.kind)
    }

    /// Its unit, the factor on every value, and its role, as its panel draws it; what the wire said
    /// has neither unit nor factor.
    pub fn drawn_as(&self, series: &Series) -> (Unit, f64, Option<Role>) {
        let place = self.graphs.place(&series.identifier, &series.ds_name);
        let (unit, scale, role) = self.graphs.drawn_as(series, place);
        match self.mode_of(series) {
            Mode::Rate => (unit, scale, role),
            Mode::Raw => (Unit::new(""), 1.0, role),
        }
    }

    /// Its newest value, in no unit and without a factor.
    pub fn value(&self, series: &Series) -> Option<f64> {
        self.store.latest(series.id, self.mode_of(series))?.value
    }

    /// How long ago it was received last, and what that means.
    pub fn age(&self, series: &Series) -> Option<(Interval, Freshness)> {
        let reading = self.store.latest(series.id, Mode::Raw)?;
        let age = self.now.since(reading.time);
        Some((age, Freshness::new(age, series.interval)))
    }
}
