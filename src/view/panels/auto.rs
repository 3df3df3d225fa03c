//! Auto: the panels that the catalogue has for a selection.

use super::apart::{leave_out_shared_ds, tell_apart};
use super::ranking::Ranking;
use super::{
    GraphKey, LINES_MAX, Line, PANELS_MAX, Panel, PanelKey, in_scope, key_of, needs_whole,
    new_line, new_panel,
};
use crate::metric::CdTime;
use crate::store::{Mode, Series, SeriesId, Store};
use crate::view::aliases::Aliases;
use crate::view::graphs::{Combine, Graphs, Place, Style};
use crate::view::latest::Latest;
use crate::view::selection::{Scope, Selection};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Panels of one graph in an overview: a machine with 40 interfaces shows the first ones.
const OVERVIEW_PER_GRAPH_MAX: usize = 4;

/// The panels of `selection`, in order, at most [`PANELS_MAX`]; ranked as they are now.
pub fn panels(store: &Store, graphs: &Graphs, selection: &Selection) -> Vec<Panel> {
    let aliases = &Aliases::default();
    let latest = Latest { store, graphs, aliases, mode: Mode::Rate, now: CdTime::ZERO };
    panels_ranked(&latest, selection, &mut Ranking::default())
}

/// The same in the order of `ranking`, which what is new joins.
pub fn panels_ranked(
    latest: &Latest<'_>,
    selection: &Selection,
    ranking: &mut Ranking,
) -> Vec<Panel> {
    let Latest { store, graphs, now, .. } = *latest;
    let mut build = Build {
        store,
        graphs,
        selection,
        plain: is_plain(store, graphs, selection.scope()),
        panels: Vec::new(),
        known: HashMap::new(),
        of_graph: HashMap::new(),
        placed: HashSet::new(),
    };
    // What was asked for by name comes first, should there be too many.
    for id in selection.checked().iter().flat_map(|key| store.named(key)) {
        build.add(id);
    }
    for id in selection.scope().into_iter().flat_map(|scope| in_scope(store, scope)) {
        build.add(id);
    }
    for scope in &build.wholes_of_checked() {
        for id in in_scope(store, scope) {
            build.accompany(id);
        }
    }
    let mut panels = build.panels;
    for panel in &mut panels {
        leave_out_shared_ds(panel, store);
        tell_apart(panel, store);
        panel.lines.sort_by(Line::order);
    }
    // What was unchecked keeps its place, so that nothing else takes it.
    ranking.rank(selection.scope(), &mut panels, store, now);
    for panel in &mut panels {
        let needs_whole = panel.percent || panel.style == Style::Bars;
        panel.lines.retain(|line| line.drawn || needs_whole);
    }
    panels.retain(|panel| panel.lines.iter().any(|line| line.drawn));
    panels.sort_by(Panel::order);
    if matches!(selection.scope(), Some(Scope::Host(_))) && !selection.is_whole() {
        keep_first_of_each_graph(&mut panels, store, selection);
    }
    panels.truncate(PANELS_MAX);
    panels
}

/// Whether `scope` is a host that sends nothing the overview knows: it shows what it does send.
fn is_plain(store: &Store, graphs: &Graphs, scope: Option<&Scope>) -> bool {
    let known = |id| {
        let series = store.series(id);
        let place = series.and_then(|s| graphs.place(&s.identifier, &s.ds_name));
        let graph = place.and_then(|place| graphs.get(place.graph));
        graph.is_some_and(|graph| graph.overview.is_some())
    };
    match scope {
        Some(scope @ Scope::Host(_)) => !in_scope(store, scope).any(known),
        _ => false,
    }
}

fn keep_first_of_each_graph(panels: &mut Vec<Panel>, store: &Store, selection: &Selection) {
    let checked = selection.checked();
    let is_checked = |id| store.series(id).is_some_and(|of| checked.contains(&of.key()));
    let mut left_out: HashMap<GraphKey, usize> = HashMap::new();
    panels.retain(|panel| {
        let picked = panel.lines.iter().flat_map(|line| &line.series);
        let kept = panel.rank.place < OVERVIEW_PER_GRAPH_MAX
            || picked.into_iter().any(|&id| is_checked(id));
        if !kept {
            *left_out.entry(panel.key.graph.clone()).or_default() += 1;
        }
        kept
    });
    for panel in panels.iter_mut().rev() {
        panel.more = left_out.remove(&panel.key.graph).unwrap_or_default();
    }
}

struct Build<'a> {
    store: &'a Store,
    graphs: &'a Graphs,
    selection: &'a Selection,
    /// See [`is_plain`].
    plain: bool,
    panels: Vec<Panel>,
    known: HashMap<PanelKey, usize>,
    /// How many panels each graph has.
    of_graph: HashMap<GraphKey, usize>,
    placed: HashSet<SeriesId>,
}

impl Build<'_> {
    /// Adds a series where it is drawn, or where others need it.
    fn add(&mut self, id: SeriesId) {
        let Some(series) = self.store.series(id) else {
            return;
        };
        let place = self.graphs.place(&series.identifier, &series.ds_name);
        let key = series.key();
        let shown = self.selection.shows(&key, place, self.graphs);
        let in_scope = self.selection.scope().is_some_and(|s| s.covers(&series.identifier));
        let plain = self.plain && in_scope && !self.selection.is_unchecked(&key);
        let rule = place.and_then(|place| self.graphs.line(place));
        if shown || plain && rule.is_none_or(|rule| !rule.hidden) {
            self.put(id, series, place, true);
        } else if in_scope && self.selection.is_unchecked(&key) {
            self.put(id, series, place, false);
        } else if in_scope {
            self.accompany(id);
        }
    }

    /// A share needs the whole, and a bar its ceiling: those series come along undrawn.
    fn accompany(&mut self, id: SeriesId) {
        let Some(series) = self.store.series(id) else {
            return;
        };
        let place = self.graphs.place(&series.identifier, &series.ds_name);
        let graph = place.and_then(|place| self.graphs.get(place.graph));
        if graph.is_some_and(needs_whole) {
            self.put(id, series, place, false);
        }
    }

    /// The plugin instances of checked series that are drawn as parts of a whole.
    fn wholes_of_checked(&self) -> BTreeSet<Scope> {
        let checked = self.selection.checked().iter().flat_map(|key| self.store.named(key));
        let checked = checked.filter_map(|id| self.store.series(id));
        let parts = checked.filter(|series| {
            let place = self.graphs.place(&series.identifier, &series.ds_name);
            place.and_then(|place| self.graphs.get(place.graph)).is_some_and(needs_whole)
        });
        parts
            .map(|series| &series.identifier)
            .map(|id| Scope::Plugin {
                host: (*id.host).into(),
                plugin: (*id.plugin).into(),
                instance: (*id.plugin_instance).into(),
            })
            .collect()
    }

    fn put(&mut self, id: SeriesId, series: &Series, place: Option<Place>, drawn: bool) {
        if !self.placed.insert(id) {
            return;
        }
        let index = self.panel(series, place);
        let Some(panel) = index.and_then(|index| self.panels.get_mut(index)) else {
            return;
        };
        let line = new_line(series, place, self.graphs, id, drawn);
        let full = panel.lines.len() >= LINES_MAX;
        let parts = panel.combine != Combine::Apart;
        match panel.lines.iter_mut().find(|known| parts && known.same_as(&line)) {
            Some(known) => known.series.push(id),
            None if !full => panel.lines.push(line),
            None => {}
        }
    }

    /// Where the panel of a series is; none when there are too many of its graph. Series come in
    /// the order of the panels, so it is the last ones that are missing.
    fn panel(&mut self, series: &Series, place: Option<Place>) -> Option<usize> {
        let key = key_of(series, place, self.graphs);
        if let Some(&index) = self.known.get(&key) {
            return Some(index);
        }
        let count = self.of_graph.entry(key.graph.clone()).or_default();
        *count += 1;
        if *count > PANELS_MAX {
            return None;
        }
        let index = self.panels.len();
        self.known.insert(key.clone(), index);
        self.panels.push(new_panel(key, series, place, self.graphs));
        Some(index)
    }
}
