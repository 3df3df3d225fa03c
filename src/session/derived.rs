//! What follows from data and choices, and the counters that say when it became new.
//!
//! No counter lives inside a choice: two choices are the same when they are equal, so that one
//! taken back, or read from a file, is seen for what it is.

use crate::metric::{CdTime, Interval};
use crate::store::{Mode, SeriesId, Store};
use crate::view::View;
use crate::view::arrangement::{Arranged, Arrangement};
use crate::view::command::{Context, Focus};
use crate::view::fleet::table::{Known, Table};
use crate::view::graphs::Graphs;
use crate::view::latest::{Latest, rest_between};
use crate::view::layout::{Layout, Rule};
use crate::view::marks::Events;
use crate::view::names::{PanelId, TabId};
use crate::view::notifications::Listed;
use crate::view::palette::{RankJob, Results};
use crate::view::panels::{Drawn, Panel, PanelKey, Ranking, drawn, panels_of_rule, panels_ranked};
use crate::view::pick::Picking;
use crate::view::pivot::Pivot;
use crate::view::selection::Scope;
use crate::view::tab::Canvas;
use crate::view::tree::{FilterJob, RowName, Rows, Wanted};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// What follows from data and choices.
#[derive(Debug, Default)]
pub struct Derived {
    /// The panels on the canvas.
    pub panels: Vec<Panel>,
    /// Which of them each tile shows, tile by tile; nothing where the canvas follows the catalogue.
    pub tiles: Vec<(PanelId, Range<usize>)>,
    /// The numbers of what stands on the canvas, row by row.
    pub order: Vec<PanelId>,
    /// Changes when they do.
    pub panels_revision: u64,
    /// The series that the panels draw, and where.
    pub drawn: HashMap<SeriesId, Drawn>,
    /// The rows of the table of all hosts, while that is on screen.
    pub fleet: Table,
    /// The rows of the tree.
    pub rows: Rows,
    /// The rows of the tree that came a short time ago, or below which something did.
    pub new_rows: HashSet<RowName>,
    /// The rows of the list of notifications.
    pub listed: Listed,
    /// What the palette found.
    pub palette: Results,
    /// Where notifications are marked.
    pub events: Events,
    /// What the panels were made for.
    panels_for: Option<PanelsFor>,
    /// And when.
    panels_made: CdTime,
    /// The places of the panels of the catalogue, tab by tab.
    rankings: HashMap<TabId, Ranking>,
    /// Their numbers, which they keep, and the highest of them.
    numbers: HashMap<(TabId, PanelKey), PanelId>,
    last_number: u32,
    /// What the tree was made for, and how often that has changed.
    tree_for: Option<TreeFor>,
    /// What is listed in the sidebar, in which order.
    arranged: Arranged,
    tree_revision: u64,
    /// The second in which the new rows were found.
    new_rows_made: u64,
}

/// The panels of the catalogue have numbers from here on: below are those that the user made.
const NUMBERED_FROM: u32 = 1 << 31;
/// Series of a table of hosts that are kept in memory while it stands still.
const FLEET_SERIES_MAX: usize = 2_000;
/// Numbers that are remembered: a network can bring forth panels without end.
const NUMBERS_MAX: usize = 10_000;

impl Derived {
    /// Makes anew what is out of date; returns the job to run in the background, if any, and
    /// whether it is to be called again at once.
    pub(super) fn update(
        &mut self,
        store: &Store,
        graphs: &Graphs,
        view: &View,
        local_host: Option<&str>,
        now: CdTime,
    ) -> (Option<FilterJob>, bool) {
        self.update_panels(store, graphs, view, now);
        let is_unread = self.update_fleet(store, graphs, view, now);
        let latest = Latest { store, graphs, aliases: view.aliases(), mode: view.mode(), now };
        if self.tree_for.as_ref().is_none_or(|made| !made.is(view)) {
            self.tree_revision += 1;
            self.tree_for = Some(TreeFor::new(view));
        }
        let local = self.arranged.local.take().filter(|local| local_host == Some(&**local));
        self.arranged = view.arranged(local.or_else(|| local_host.map(Arc::from)));
        self.update_new_rows(store, now);
        self.listed.update(store.notifications(), &view.notifications);
        self.events.update(store);
        let wanted = Wanted {
            filter: &view.filter,
            open: &view.open,
            pivot: view.pivot,
            arranged: &self.arranged,
            revision: self.tree_revision,
        };
        let job = self.rows.update(store, &wanted);
        (job, self.rows.refine(&view.filter, &latest) || is_unread)
    }

    /// Makes the table of all hosts anew, as far as it is out of date; true: there is more to do.
    fn update_fleet(&mut self, store: &Store, graphs: &Graphs, view: &View, now: CdTime) -> bool {
        let Some(fleet) = view.tab().canvas.fleet() else {
            self.fleet.clear();
            return false;
        };
        let window = view.window();
        let known = Known {
            latest: Latest { store, graphs, aliases: view.aliases(), mode: Mode::Rate, now },
            arranged: &self.arranged,
            at: (!window.is_live()).then(|| window.span(now).end),
            is_held: view.holds_order,
        };
        self.fleet.update(fleet, &known)
    }

    /// The series on the canvas, of a table of hosts those of its first rows.
    pub(super) fn on_canvas(&self) -> impl Iterator<Item = SeriesId> + Clone + '_ {
        self.drawn.keys().copied().chain(self.fleet.ids(FLEET_SERIES_MAX))
    }

    /// Makes the panels anew, if they are out of date.
    pub(super) fn update_panels(
        &mut self,
        store: &Store,
        graphs: &Graphs,
        view: &View,
        now: CdTime,
    ) {
        let tab = view.tab();
        let latest = &Latest { store, graphs, aliases: view.aliases(), mode: tab.mode, now };
        // What some of them leave out is decided anew when more values are known.
        let is_unsure = self.panels.iter().any(|panel| panel.is_unsure);
        let made_for = PanelsFor::new(latest, view, is_unsure);
        // A clock that went back does not hold up anything.
        let since = if now < self.panels_made {
            now.since(CdTime::ZERO)
        } else {
            now.since(self.panels_made)
        };
        if self.panels_for.as_ref().is_some_and(|known| {
            known.is(&made_for) || known.waits_for_names(&made_for, since, store.usage().series)
        }) {
            return;
        }
        self.panels_made = now;
        let known = self.panels_for.take();
        match &tab.canvas {
            Canvas::Auto(selection) => {
                self.rankings.retain(|id, _| view.workspace.tabs().iter().any(|tab| tab.id == *id));
                let ranking = self.rankings.entry(tab.id).or_default();
                self.panels = panels_ranked(latest, selection, ranking);
                self.number_panels(tab.id);
                self.tiles.clear();
                self.panels_revision += 1;
            }
            Canvas::Tiles(layout) => {
                let known = known.filter(|known| known.is_of_same_names(&made_for));
                self.update_tiles(latest, layout, &made_for, known.as_ref());
                self.order.clear();
                self.order.extend(layout.rules().iter().map(|rule| rule.id));
            }
            Canvas::Fleet(_) => {
                (self.panels, self.tiles, self.order) = Default::default();
                self.panels_revision += 1;
            }
        }
        self.drawn = drawn(&self.panels);
        self.panels_for = Some(made_for);
    }

    /// Finds the rows that are new, once a second.
    fn update_new_rows(&mut self, store: &Store, now: CdTime) {
        let second = now.secs_nanos().0;
        if self.new_rows_made == second {
            return;
        }
        self.new_rows_made = second;
        self.new_rows.clear();
        for series in store.newcomers(now).filter_map(|id| store.series(id)) {
            let names = &series.identifier;
            let (host, plugin) = (Arc::clone(&names.host), Arc::clone(&names.plugin));
            let instance = Arc::clone(&names.plugin_instance);
            let everywhere = RowName::Everywhere {
                plugin: Arc::clone(&plugin),
                instance: Arc::clone(&instance),
            };
            self.new_rows.extend([
                Scope::Host(Arc::clone(&host)).into(),
                Scope::Plugin { host, plugin, instance }.into(),
                everywhere,
                RowName::Series(series.key()),
            ]);
        }
    }

    /// Gives the panels of the catalogue their numbers, which stay when the user makes them his
    /// own.
    fn number_panels(&mut self, tab: TabId) {
        let Self { numbers, last_number, .. } = self;
        for panel in &mut self.panels {
            panel.id = *numbers.entry((tab, panel.key.clone())).or_insert_with(|| {
                *last_number = (*last_number).max(NUMBERED_FROM) + 1;
                PanelId(*last_number)
            });
        }
        if numbers.len() > NUMBERS_MAX {
            let there: HashSet<_> = self.panels.iter().map(|panel| panel.id).collect();
            numbers.retain(|_, id| there.contains(id));
        }
        self.order.clear();
        self.order.extend(self.panels.iter().map(|panel| panel.id));
    }

    /// Makes the panels of a layout; those of a rule that was there before are kept.
    fn update_tiles(
        &mut self,
        latest: &Latest<'_>,
        layout: &Layout,
        made_for: &PanelsFor,
        known: Option<&PanelsFor>,
    ) {
        let before = std::mem::take(&mut self.tiles);
        let old = std::mem::take(&mut self.panels);
        let known_layout = known.and_then(|known| known.canvas.tiles());
        let is_good = |rule: &Rule| {
            let is_timely = known.is_some_and(|known| known.second == made_for.second);
            let known = known_layout.and_then(|layout| layout.rule(rule.id));
            known == Some(rule) && (is_timely || !rule.has_state())
        };
        let is_sure = |panels: &[Panel]| panels.iter().all(|panel| !panel.is_unsure);
        for rule in layout.rules() {
            let kept = before.iter().find(|(id, _)| *id == rule.id).filter(|_| is_good(rule));
            let start = self.panels.len();
            let kept = kept.and_then(|(_, range)| old.get(range.clone()));
            match kept.filter(|panels| is_sure(panels)) {
                Some(kept) => self.panels.extend_from_slice(kept),
                None => {
                    let rule = rule.about(made_for.host.as_deref());
                    self.panels.extend(panels_of_rule(latest, &rule));
                }
            }
            self.tiles.push((rule.id, start..self.panels.len()));
        }
        if known.is_none() || old != self.panels || before != self.tiles {
            self.panels_revision += 1;
        }
    }

    /// Looks for what was typed into the palette; returns the job to run in the background, if any.
    pub(super) fn search(
        &mut self,
        store: &Store,
        graphs: &Graphs,
        view: &View,
    ) -> Option<RankJob> {
        let mut palette = std::mem::take(&mut self.palette);
        let picking = Picking { store, graphs, view, drawn: &self.drawn };
        let job = palette.update(&self.context(picking, Focus::Canvas));
        self.palette = palette;
        job
    }

    /// What a command is asked with while the keyboard belongs to `focus`.
    pub(super) fn context<'a>(&'a self, picking: Picking<'a>, focus: Focus) -> Context<'a> {
        Context {
            picking,
            rows: &self.rows,
            listed: &self.listed,
            cursor: picking.view.cursor,
            fleet: &self.fleet,
            host_cursor: picking.view.host_cursor.as_ref(),
            panels: &self.order,
            chosen: picking.view.notifications.chosen,
            focus,
        }
    }
}

/// What the tree was made for.
#[derive(Debug)]
struct TreeFor {
    filter: String,
    open: Arc<HashSet<RowName>>,
    pivot: Pivot,
}

impl TreeFor {
    fn new(view: &View) -> Self {
        let View { filter, open, pivot, .. } = view;
        Self { filter: filter.text().to_owned(), open: Arc::clone(open), pivot: *pivot }
    }

    fn is(&self, view: &View) -> bool {
        self.filter == view.filter.text() && self.open == view.open && self.pivot == view.pivot
    }
}

/// What panels were made for.
#[derive(Clone, Debug)]
struct PanelsFor {
    series: u64,
    canvas: Canvas,
    host: Option<Arc<str>>,
    /// What hosts are called, among other things.
    arrangement: Arc<Arrangement>,
    /// Where a rule asks for values or time.
    second: Option<u64>,
}

impl PanelsFor {
    fn new(latest: &Latest<'_>, view: &View, is_unsure: bool) -> Self {
        let tab = view.tab();
        let rules = tab.canvas.tiles().map(Layout::rules).unwrap_or_default();
        let asks = !rules.is_empty() && (is_unsure || rules.iter().any(|rule| rule.has_state()));
        Self {
            series: latest.store.revision(),
            canvas: tab.canvas.clone(),
            host: tab.host.clone(),
            arrangement: Arc::clone(&view.arrangement),
            second: asks.then(|| latest.now.secs_nanos().0),
        }
    }

    fn is(&self, other: &Self) -> bool {
        let is_same_canvas = match (&self.canvas, &other.canvas) {
            (Canvas::Tiles(one), Canvas::Tiles(other)) if Arc::ptr_eq(one, other) => true,
            (Canvas::Auto(one), Canvas::Auto(other)) => one.draws_as(other),
            (one, other) => one == other,
        };
        self.is_of_same_names(other) && self.second == other.second && is_same_canvas
    }

    /// Whether there are only new names, and it was not long since panels were made: where there
    /// are very many, rules that look through all of them would do nothing else while they come.
    fn waits_for_names(&self, other: &Self, since: Interval, series: usize) -> bool {
        let wait = rest_between(series);
        let is_of_rules = self.canvas.tiles().is_some();
        is_of_rules
            && since < wait
            && Self { series: other.series, second: other.second, ..self.clone() }.is(other)
    }

    fn is_of_same_names(&self, other: &Self) -> bool {
        self.series == other.series
            && self.host == other.host
            && self.arrangement.aliases == other.arrangement.aliases
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::selection::Selection;

    #[test]
    fn rules_wait_for_new_names_only_where_there_are_very_many() {
        let made = |series, canvas| {
            let arrangement = Arc::default();
            PanelsFor { series, canvas, host: None, arrangement, second: None }
        };
        let tiles = || Canvas::Tiles(Arc::default());
        let known = made(1, tiles());
        let second = Interval::from_secs(1);
        let waits = |now, since, series| known.waits_for_names(&now, since, series);
        assert!(!waits(made(2, tiles()), Interval::ZERO, 99_999));
        assert!(waits(made(2, tiles()), second, 200_000));
        assert!(!waits(made(2, tiles()), second.mul_f64(2.0), 200_000));
        // What the user changes is there at once.
        let host = PanelsFor { host: Some("a".into()), ..made(2, tiles()) };
        assert!(!waits(host, second, 1_000_000));
        assert!(!waits(made(2, Canvas::Auto(Selection::default())), second, 1_000_000));
        let auto = made(1, Canvas::Auto(Selection::default()));
        let more = made(2, Canvas::Auto(Selection::default()));
        assert!(!auto.waits_for_names(&more, Interval::ZERO, 1_000_000));
    }
}
