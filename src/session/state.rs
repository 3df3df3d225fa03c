//! The state as an object for scripts: what is on the canvas, and how reception goes.

use super::derived::Derived;
use super::figures::Figures;
use super::hosts::{FleetReport, HostsReport};
use crate::metric::{CdTime, Span};
use crate::reception::{self, Reception, Replay};
use crate::store::{Health, HostNode, INTERVAL_DEFAULT, Noted, Severities, Store, Usage};
use crate::view::View;
use crate::view::empty::{Sight, why_empty};
use crate::view::graphs::Graphs;
use crate::view::selection::Scope;
use crate::view::senders::{Protected, refused_from, refused_lists};
use crate::view::window::Anchor;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;

/// One object; see `--status-file`.
#[derive(Debug, Serialize)]
pub struct State {
    time: f64,
    /// Live, detached, paused; where a capture is followed, replay; where a thread that receives
    /// failed, failed instead of live.
    state: &'static str,
    replay: Option<ReplayReport>,
    window_secs: f64,
    start: f64,
    end: f64,
    newer_values: u64,
    /// At most [`HOSTS_MAX`], those with the most plugins, and how many there are.
    hosts: Vec<String>,
    hosts_count: usize,
    series: usize,
    rows: usize,
    filter: String,
    matched: usize,
    selected: Option<String>,
    /// Titles of the tabs, and the place of the one on screen.
    tabs: Vec<String>,
    tab: usize,
    /// The open layout, and whether its tabs were changed since it was saved.
    layout: Option<String>,
    layout_changed: bool,
    mode: String,
    fleet: Option<FleetReport>,
    /// Those on the canvas, and how many.
    panels: Vec<PanelReport>,
    panels_count: usize,
    listening: Vec<String>,
    /// Whether anything is listened to.
    listens: bool,
    /// Messages of the threads that failed.
    failures: Vec<String>,
    messages: Vec<String>,
    datagrams: u64,
    values: u64,
    notifications: u64,
    notification_counts: Counts,
    notifications_unseen: Counts,
    #[serde(rename = "notifications_heard_again")]
    duplicate_notifications: u64,
    newest_notifications: Vec<NotificationReport>,
    duplicate_values: u64,
    conflicting_values: u64,
    #[serde(flatten)]
    hosts_report: HostsReport,
    faults: u64,
    protected: u64,
    refused: u64,
    refusals: Vec<String>,
    /// Of those in `hosts`.
    hosts_protected: BTreeMap<String, &'static str>,
    #[serde(flatten)]
    losses: LossReport,
    #[serde(flatten)]
    memory: MemoryReport,
    #[serde(flatten)]
    drawing: Drawing,
}

/// What drawing costs, as only the window knows.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Drawing {
    /// Frames drawn since the start.
    pub frames: u64,
    /// Work on the last frame.
    pub frame_millis: f32,
    /// Processor time of the window's thread since the start: to absorb what arrived.
    pub absorb_millis: f64,
    /// And the rest of it.
    pub draw_millis: f64,
}

/// Hosts named, so that a network full of invented ones does not make megabytes a second.
const HOSTS_MAX: usize = 1_000;
/// Notifications written in full, newest first.
const NOTIFICATIONS_MAX: usize = 20;

#[derive(Debug, Serialize)]
struct Counts {
    failure: u64,
    warning: u64,
    okay: u64,
}

/// All that was lost; of that by the kernel, because the window did not keep up, and value lists
/// for whose names there was no room: all, and by sender, those with the most.
#[derive(Debug, Serialize)]
struct LossReport {
    lost: u64,
    lost_datagrams: u64,
    lost_values: u64,
    refused_lists: u64,
    refused_lists_of: BTreeMap<String, u64>,
}

/// Memory in use and its limit; `name_bytes` of that are names of series, at most half.
#[derive(Debug, Serialize)]
struct MemoryReport {
    memory_bytes: usize,
    memory_bytes_max: usize,
    name_bytes: usize,
    samples: u64,
}

/// Names and text as received; `time` by the host's clock.
#[derive(Debug, Serialize)]
struct NotificationReport {
    time: f64,
    severity: &'static str,
    host: String,
    plugin: String,
    plugin_instance: String,
    #[serde(rename = "type")]
    type_: String,
    type_instance: String,
    message: String,
    /// Scripts know it by this name.
    #[serde(rename = "heard")]
    received: u64,
}

/// `marks` is how many notifications are marked on the plot.
#[derive(Debug, Serialize)]
struct ReplayReport {
    file: String,
    speed: String,
    /// Waiting, reading, ended, truncated, damaged.
    stage: &'static str,
    packets: Option<u64>,
    /// Why it was not read to the end.
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct PanelReport {
    title: String,
    host: String,
    unit: String,
    marks: u64,
    lines: Vec<LineReport>,
}

/// Figures in the panel's unit, of the samples inside the window; `last_raw` is what the wire
/// said last, of the line's first series.
#[derive(Debug, Serialize)]
struct LineReport {
    label: String,
    identifier: String,
    last: Option<f64>,
    min: Option<f64>,
    avg: Option<f64>,
    max: Option<f64>,
    points: usize,
    /// Why there are none.
    empty: Option<String>,
    last_time: Option<f64>,
    last_raw: Option<f64>,
}

/// What the state is made of.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) store: &'a Store,
    pub(super) view: &'a View,
    pub(super) graphs: &'a Graphs,
    pub(super) derived: &'a Derived,
    pub(super) reception: &'a Reception,
    pub(super) figures: &'a Figures,
    pub(super) zone: &'a TimeZone,
    pub(super) messages: &'a [String],
}

pub(super) fn state(known: Known<'_>, now: CdTime, drawing: Drawing) -> State {
    let (window, reception) = (known.view.window(), known.reception);
    let Span { start, end } = window.span(now);
    let totals = known.store.health().totals;
    let (state, newer_values) = match window.anchor() {
        Anchor::Live => ("live", 0),
        Anchor::Detached { .. } => ("detached", 0),
        Anchor::Paused { values, .. } => ("paused", totals.values.saturating_sub(values)),
    };
    let state = match state {
        "live" if reception.failures().next().is_some() && !reception.is_receiving() => "failed",
        "live" if reception.replay().is_some() => "replay",
        _ => state,
    };
    let (usage, named) = (known.store.usage(), hosts(known.store.index().hosts()));
    State {
        time: now.secs_f64(),
        state,
        replay: reception.replay().map(replay),
        window_secs: window.width().secs_f64(),
        start: start.secs_f64(),
        end: end.secs_f64(),
        newer_values,
        hosts: named.iter().map(|node| node.name.to_string()).collect(),
        hosts_count: known.store.index().hosts().len(),
        series: usage.series,
        rows: known.derived.rows.rows.len(),
        filter: known.view.filter.text().to_owned(),
        matched: known.derived.rows.matched,
        selected: known.view.scope().map(scope),
        tabs: titles(known.view),
        tab: known.view.workspace.active_place(),
        layout: known.view.layouts.name().map(str::to_owned),
        layout_changed: known.view.layouts.is_changed(&known.view.workspace),
        mode: format!("{:?}", known.view.mode()).to_lowercase(),
        fleet: FleetReport::new(known.view, known.derived),
        panels: panels(known, Span { start, end }, now),
        panels_count: known.derived.panels.len(),
        listening: reception.lines().map(|line| line.text.clone()).collect(),
        listens: listens(reception),
        failures: reception.failures().map(str::to_owned).collect(),
        messages: known.messages.to_vec(),
        datagrams: totals.datagrams,
        values: totals.values,
        notifications: totals.notifications,
        notification_counts: counts(&known.store.notifications().counts()),
        notifications_unseen: counts(&known.view.notifications.unseen(known.store.notifications())),
        duplicate_notifications: known.store.notifications().duplicates(),
        newest_notifications: newest(known),
        duplicate_values: totals.duplicate_values,
        conflicting_values: totals.conflicting_values,
        hosts_report: HostsReport::new(known.store),
        faults: totals.faults,
        protected: totals.protected,
        refused: totals.refused,
        refusals: refusals(known.store.health()),
        hosts_protected: protected(&named),
        losses: losses(known.store.health()),
        memory: memory(&usage),
        drawing,
    }
}

/// What the tabs are called.
fn titles(view: &View) -> Vec<String> {
    view.workspace.tabs().iter().map(|tab| tab.title(view.aliases())).collect()
}

fn refusals(health: &Health) -> Vec<String> {
    let (troubles, _) = refused_from(health, NOTIFICATIONS_MAX);
    troubles.into_iter().map(|trouble| trouble.what).collect()
}

fn losses(health: &Health) -> LossReport {
    let totals = &health.totals;
    LossReport {
        lost: crate::view::health::lost(totals),
        lost_datagrams: totals.kernel_drops,
        lost_values: totals.dropped_values,
        refused_lists: totals.refused_lists,
        refused_lists_of: refused_lists(health, NOTIFICATIONS_MAX).into_iter().collect(),
    }
}

fn memory(usage: &Usage) -> MemoryReport {
    MemoryReport {
        memory_bytes: usage.bytes,
        memory_bytes_max: usage.budget_bytes,
        name_bytes: usage.name_bytes,
        samples: usage.samples,
    }
}

/// Whether some address is listened to.
fn listens(reception: &Reception) -> bool {
    reception.iter().any(|of| of.destination.is_some() && of.state == reception::State::Receiving)
}

fn replay(replay: &Replay) -> ReplayReport {
    ReplayReport {
        file: replay.path.clone(),
        speed: replay.pace_word(),
        stage: replay.stage.name(),
        packets: replay.packets,
        error: replay.error.clone(),
    }
}

fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Host(host) => host.to_string(),
        Scope::Plugin { host, plugin, instance } if instance.is_empty() => {
            format!("{host}/{plugin}")
        }
        Scope::Plugin { host, plugin, instance } => format!("{host}/{plugin}-{instance}"),
    }
}

/// Those that are named, in their order.
fn hosts(all: &[HostNode]) -> Vec<&HostNode> {
    let mut named: Vec<(usize, &HostNode)> = all.iter().enumerate().collect();
    if named.len() > HOSTS_MAX {
        let rank = |&(_, node): &(usize, &HostNode)| {
            std::cmp::Reverse((node.plugins.len(), node.last_seen.arrival))
        };
        named.select_nth_unstable_by_key(HOSTS_MAX, rank);
        named.truncate(HOSTS_MAX);
        named.sort_unstable_by_key(|(place, _)| *place);
    }
    named.into_iter().map(|(_, node)| node).collect()
}

/// How hosts come whose values are not plain.
fn protected(hosts: &[&HostNode]) -> BTreeMap<String, &'static str> {
    let how = hosts.iter().map(|node| (node, Protected::of(node, INTERVAL_DEFAULT)));
    how.filter(|(_, how)| *how != Protected::Plain)
        .map(|(node, how)| (node.name.to_string(), how.word()))
        .collect()
}

fn counts(counts: &Severities) -> Counts {
    Counts { failure: counts.failures, warning: counts.warnings, okay: counts.okays }
}

fn newest(known: Known<'_>) -> Vec<NotificationReport> {
    let newest = known.store.notifications().iter().rev().take(NOTIFICATIONS_MAX);
    let report = |noted: &Noted| {
        let said = &noted.notification;
        let id = &said.identifier;
        NotificationReport {
            time: said.time.secs_f64(),
            severity: said.severity.name(),
            host: id.host.to_string(),
            plugin: id.plugin.to_string(),
            plugin_instance: id.plugin_instance.to_string(),
            type_: id.type_.to_string(),
            type_instance: id.type_instance.to_string(),
            message: said.message.to_string(),
            received: noted.received,
        }
    };
    newest.map(report).collect()
}

fn panels(known: Known<'_>, span: Span, now: CdTime) -> Vec<PanelReport> {
    let Known { store, graphs, zone, figures, .. } = known;
    let sight = Sight { store, graphs, span, now, zone };
    let report = |panel: &crate::view::panels::Panel| {
        let plot = figures.of(panel);
        let lines = panel.drawn().enumerate().map(|(index, line)| {
            let drawn = plot.and_then(|plot| plot.lines.get(index));
            let stats = drawn.and_then(|line| line.stats);
            let id = line.series.first().copied();
            let series = id.and_then(|id| known.store.series(id));
            let raw = id.and_then(|id| known.store.latest(id, crate::store::Mode::Raw));
            LineReport {
                label: line.label.clone(),
                identifier: series.map_or_else(String::new, |s| s.identifier.to_string()),
                last: stats.map(|stats| stats.last),
                min: stats.map(|stats| stats.min),
                avg: stats.map(|stats| stats.avg),
                max: stats.map(|stats| stats.max),
                points: drawn.map_or(0, |line| line.points.len()),
                empty: drawn
                    .filter(|line| line.points.is_empty())
                    .map(|_| why_empty(&sight, line.series.iter().copied())),
                last_time: raw.map(|reading| reading.time.secs_f64()),
                last_raw: raw.and_then(|reading| reading.value),
            }
        });
        PanelReport {
            title: panel.title.clone(),
            host: panel.host.to_string(),
            unit: panel.unit_in(known.view.mode()).name.to_string(),
            marks: figures.marks(panel, span),
            lines: lines.collect(),
        }
    };
    known.derived.panels.iter().map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Announced, Batch, ListId};
    use crate::metric::{DsType, Identifier};
    use crate::store::{SourceId, Store};
    use crate::typesdb::TypesDb;

    #[test]
    fn of_too_many_hosts_those_with_the_most_plugins_are_named() {
        let mut store = Store::new(64 << 20, TypesDb::built_in());
        let invented = (0..5_000).map(|n| (format!("invented-{n}"), "p"));
        let real = ["cpu", "load"].map(|plugin| ("web-1".to_owned(), plugin));
        let announced = (0..).zip(invented.chain(real)).map(|(list, (host, plugin))| Announced {
            list: ListId(list),
            sender: [10, 0, 0, 1].into(),
            identifier: Identifier::new(&host, plugin, "", "gauge", ""),
            kinds: [DsType::Gauge].into(),
        });
        let batch = Batch { announced: announced.collect(), ..Batch::default() };
        store.absorb(SourceId(0), &batch, CdTime::from_secs(1_800_000_000));
        let all = store.index().hosts();
        let named = hosts(all);
        assert_eq!((all.len(), named.len()), (5_001, HOSTS_MAX));
        assert_eq!(&*named.last().unwrap().name, "web-1");
        assert_eq!(hosts(&all[..10]).len(), 10);
    }
}
