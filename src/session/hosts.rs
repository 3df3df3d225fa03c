//! Hosts in the state for scripts: whose clock is wrong, whose name is not theirs alone.

use super::derived::Derived;
use crate::store::{ClockStep, Health, HostClock, HostNode, Placing, Shared, Store};
use crate::view::View;
use crate::view::clocks;
use crate::view::fleet::table::HostRow;
use crate::view::fleet::{By, Column};
use crate::view::senders::conflict_text;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Clocks reported, those that changed last first.
const CLOCKS_REPORTED_MAX: usize = 100;
/// Part of the report.
#[derive(Debug, Serialize)]
pub(super) struct HostsReport {
    /// Clocks that are not right, the newest to change first.
    clocks: Vec<ClockReport>,
    /// Clocks that were set, the newest first.
    clock_steps: Vec<StepReport>,
    /// Hosts that sent two values for one moment, and what that looks like.
    conflicts: Vec<String>,
    conflict_causes: Vec<String>,
    /// Hosts whose name several machines use, with their addresses.
    shared_names: BTreeMap<String, Vec<String>>,
    late_values: u64,
    /// Of them, those for which there was no room, and whose they were.
    late_values_refused: u64,
    late_refused_from: Vec<String>,
}

/// The clock of a host as one sender shows it.
#[derive(Debug, Serialize)]
struct ClockReport {
    host: String,
    sender: String,
    /// What is added to its times; none where they are no times.
    offset_secs: Option<f64>,
    /// In words: `1 h ahead`, and what that looks like.
    error: Option<String>,
    cause: Option<&'static str>,
    since: f64,
    steps: u32,
}

/// A clock that was set, `time` by ours.
#[derive(Debug, Serialize)]
struct StepReport {
    host: String,
    sender: String,
    time: f64,
    text: String,
}

/// The table of all hosts, while that is on screen.
#[derive(Debug, Serialize)]
pub(super) struct FleetReport {
    columns: Vec<String>,
    /// `host`, `state`, or the title of a column.
    order: String,
    reversed: bool,
    filter: String,
    /// How many hosts it shows.
    shown: usize,
    /// The first of them, at most [`ROWS_REPORTED_MAX`].
    rows: Vec<HostReport>,
}

/// Rows of the table that are reported.
const ROWS_REPORTED_MAX: usize = 100;

/// A row of the table, with a value for each column where there is one.
#[derive(Debug, Serialize)]
struct HostReport {
    host: String,
    values: Vec<Option<f64>>,
}

impl FleetReport {
    pub(super) fn new(view: &View, derived: &Derived) -> Option<Self> {
        let (fleet, table) = (view.tab().canvas.fleet()?, &derived.fleet);
        let columns: Vec<_> = fleet.columns.iter().map(Column::title).collect();
        let order = match fleet.by {
            By::Host => "host".to_owned(),
            By::State => "state".to_owned(),
            By::Column(place) => columns.get(place).cloned().unwrap_or_default(),
        };
        let row = |row: &HostRow| HostReport {
            host: row.host.to_string(),
            values: row.values().collect(),
        };
        Some(Self {
            columns,
            order,
            reversed: fleet.reversed,
            filter: fleet.filter.text().to_owned(),
            shown: table.len(),
            rows: table.rows().take(ROWS_REPORTED_MAX).map(row).collect(),
        })
    }
}

impl HostsReport {
    pub(super) fn new(store: &Store) -> Self {
        let health = store.health();
        let refused = health.refused_late.0.iter().map(|((host, origin), count)| {
            let sender = origin.as_ref().map(|origin| origin.sender.to_string());
            let sender = sender.unwrap_or_else(|| "unknown".to_owned());
            format!("{host} from {sender}: {count}")
        });
        Self {
            clocks: clocks(store),
            clock_steps: clock_steps(store),
            conflicts: health.conflicts.keys().map(ToString::to_string).collect(),
            conflict_causes: health.conflicts.values().map(conflict_text).collect(),
            shared_names: shared_names(health),
            late_values: health.totals.late_values,
            late_values_refused: health.totals.late_dropped_values,
            late_refused_from: refused.collect(),
        }
    }
}

fn clocks(store: &Store) -> Vec<ClockReport> {
    let all = store.wrong_clocks();
    let of = |node| store.clocks(node).iter().map(move |clock| (node, clock));
    let own =
        |(node, clock): &(&HostNode, &HostClock)| clocks::is_its_own(clock, store.clocks(node));
    let all = all.flat_map(of).filter(own);
    let mut wrong: Vec<_> = all.filter(|(_, clock)| clock.placing != Placing::Offset(0)).collect();
    wrong.sort_by_key(|(_, clock)| std::cmp::Reverse(clock.since));
    let report = |(node, clock): (&HostNode, &HostClock)| ClockReport {
        host: node.name.to_string(),
        sender: clock.origin.sender.to_string(),
        offset_secs: clock.offset().map(|offset| (offset >> 30) as f64),
        error: clocks::short(clock),
        cause: clocks::cause(clock),
        since: clock.since.secs_f64(),
        steps: clock.steps,
    };
    wrong.into_iter().take(CLOCKS_REPORTED_MAX).map(report).collect()
}

fn clock_steps(store: &Store) -> Vec<StepReport> {
    let report = |(host, step): (&Arc<str>, &ClockStep)| StepReport {
        host: host.to_string(),
        sender: step.origin.sender.to_string(),
        time: step.when.secs_f64(),
        text: clocks::step_text(step),
    };
    store.clock_steps().take(CLOCKS_REPORTED_MAX).map(report).collect()
}

fn shared_names(health: &Health) -> BTreeMap<String, Vec<String>> {
    let name = |(host, shared): (&Arc<str>, &Shared)| {
        let senders = shared.senders.iter().map(|origin| origin.sender.to_string());
        (host.to_string(), senders.collect())
    };
    health.shared.iter().map(name).collect()
}
