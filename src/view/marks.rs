//! Marks: which notifications belong to a panel, and where on it they stand.
//!
//! A notification marks the panels of its host that draw what it names. One that names nothing
//! but its host, or a plugin of which that host sends no value, is about the host: it marks all of
//! its panels. One without a host marks none. Sorted once for each change; a frame searches.

use super::panels::Panel;
use crate::metric::{CdTime, Identifier, Severity, Span};
use crate::store::{HostNode, Noted, Severities, Store};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

/// Notifications of one panel that are marked, the newest: one a minute for a day and more.
pub const MARKS_PER_PANEL_MAX: usize = 2_000;
/// Marks nearer than this are drawn as one: a glyph has this width.
pub const CLUSTER_PX: f64 = 12.0;

/// The notifications of every host in order of their time.
#[derive(Debug, Default)]
pub struct Events {
    hosts: HashMap<Arc<str>, Vec<Event>, RandomState>,
    made_for: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Event {
    time: CdTime,
    number: u64,
    severity: Severity,
    /// Marks all panels of its host.
    of_host: bool,
}

/// The notifications of one panel in order of their time.
#[derive(Clone, Debug, Default)]
pub struct PanelMarks {
    times: Vec<CdTime>,
    numbers: Vec<u64>,
    /// The counts of all before each, and of all.
    sums: Vec<Severities>,
}

/// One line on a plot: a notification, or several that are too near one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When the first of them was.
    pub time: CdTime,
    /// How many of which severity.
    pub counts: Severities,
    /// Their positions in [`PanelMarks`].
    range: std::ops::Range<usize>,
}

impl Events {
    /// Sorts anew if notifications or series have changed.
    pub fn update(&mut self, store: &Store) {
        let made_for = Some((store.notifications().revision(), store.revision()));
        if self.made_for == made_for {
            return;
        }
        self.made_for = made_for;
        self.hosts.clear();
        for noted in store.notifications().iter() {
            let about = &noted.notification.identifier;
            // What has no panel needs no mark.
            let Some(host) = store.index().host(&about.host) else {
                continue;
            };
            let events = self.hosts.entry(Arc::clone(&host.name)).or_default();
            events.push(Event::new(noted, host));
        }
        for events in self.hosts.values_mut() {
            events.sort_by_key(|event| (event.time, event.number));
        }
    }

    /// Changes whenever marks may have changed.
    pub const fn revision(&self) -> Option<(u64, u64)> {
        self.made_for
    }

    /// Whether there is anything to mark on panels of `host`.
    pub fn concern(&self, host: &str) -> bool {
        self.hosts.contains_key(host)
    }

    /// The notifications that belong to `panel`, at most [`MARKS_PER_PANEL_MAX`].
    pub fn of_panel(&self, store: &Store, panel: &Panel) -> PanelMarks {
        let mut drawn = Drawn { store, panel, named: Default::default() };
        let events = self.hosts.get(&*panel.host).map_or(&[][..], Vec::as_slice);
        let belongs = |event: &&Event| {
            let noted = store.notifications().get(event.number);
            event.of_host || noted.is_some_and(|noted| drawn.has(&noted.notification.identifier))
        };
        let newest = events.iter().rev().filter(belongs).take(MARKS_PER_PANEL_MAX);
        let mut marked: Vec<&Event> = newest.collect();
        marked.reverse();
        let mut sum = Severities::default();
        let mut sums = vec![sum];
        sums.extend(marked.iter().map(|event| {
            sum.add(event.severity);
            sum
        }));
        PanelMarks {
            times: marked.iter().map(|event| event.time).collect(),
            numbers: marked.iter().map(|event| event.number).collect(),
            sums,
        }
    }
}

impl Event {
    fn new(noted: &Noted, host: &HostNode) -> Self {
        let about = &noted.notification.identifier;
        let Identifier { plugin, plugin_instance, type_, type_instance, .. } = about;
        let names_nothing =
            [plugin, plugin_instance, type_, type_instance].iter().all(|name| name.is_empty());
        let foreign =
            !plugin.is_empty() && !host.plugins.iter().any(|node| *node.plugin == **plugin);
        Self {
            time: noted.placed,
            number: noted.number,
            severity: noted.notification.severity,
            of_host: names_nothing || foreign,
        }
    }
}

/// What a panel draws, by each choice of the four names that a notification may name: so that a
/// look-up costs the same whether a panel has one series or a thousand.
struct Drawn<'a> {
    store: &'a Store,
    panel: &'a Panel,
    named: [Option<HashSet<[&'a str; 4], RandomState>>; 16],
}

impl Drawn<'_> {
    fn has(&mut self, about: &Identifier) -> bool {
        let wanted = names(about);
        let choice = (0..).zip(wanted).map(|(bit, name)| usize::from(!name.is_empty()) << bit);
        let choice: usize = choice.sum();
        let Some(known) = self.named.get_mut(choice) else {
            return false;
        };
        let (store, panel) = (self.store, self.panel);
        let known = known.get_or_insert_with(|| {
            let series = panel.lines.iter().flat_map(|line| &line.series);
            let ids = series.filter_map(|&id| store.series(id)).map(|series| &*series.identifier);
            ids.map(|id| chosen(id, choice)).collect()
        });
        known.contains(&wanted)
    }
}

fn names(id: &Identifier) -> [&str; 4] {
    [&id.plugin, &id.plugin_instance, &id.type_, &id.type_instance]
}

/// The names of `id` whose bit is set in `choice`; the others are empty.
fn chosen(id: &Identifier, choice: usize) -> [&str; 4] {
    let mut names = names(id);
    for (bit, name) in names.iter_mut().enumerate() {
        if choice & 1 << bit == 0 {
            *name = "";
        }
    }
    names
}

impl PanelMarks {
    /// The marks inside `span` on a plot `width_px` wide, oldest first. Which notifications share
    /// one does not depend on where the window stands, so that marks do not flicker when it moves.
    pub fn in_span(&self, span: Span, width_px: f64) -> Vec<Mark> {
        let near = span.width().mul_f64(CLUSTER_PX / width_px.max(1.0));
        let mut marks = Vec::new();
        let mut start = 0;
        while let Some(&time) = self.times.get(start).filter(|time| **time <= span.end) {
            let until = time.saturating_add(near);
            let rest = self.times.get(start..).unwrap_or_default();
            let end = start + rest.partition_point(|other| *other < until).max(1);
            if time >= span.start {
                marks.push(Mark { time, counts: self.counts(start..end), range: start..end });
            }
            start = end;
        }
        marks
    }

    /// How many notifications are inside `span`.
    pub fn count(&self, span: Span) -> u64 {
        let before = |time| self.times.partition_point(|other| *other < time);
        self.counts(before(span.start)..before(span.end)).total()
    }

    /// Numbers of the notifications behind a mark, newest first.
    pub fn numbers(&self, mark: &Mark) -> impl Iterator<Item = u64> + '_ {
        self.numbers.get(mark.range.clone()).unwrap_or_default().iter().rev().copied()
    }

    fn counts(&self, range: std::ops::Range<usize>) -> Severities {
        let sum = |at| self.sums.get(at).copied().unwrap_or_default();
        sum(range.end).since(&sum(range.start))
    }
}
