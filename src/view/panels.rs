//! Panels: which series are drawn together, and how, for a selection.
//!
//! Rebuilt only when the series or the selection change. Holds no samples.

mod apart;

use super::format::{Scale, Unit};
use super::graphs::{Combine, Each, Graph, Graphs, Place, Style, plain_label, plain_unit};
use super::role::Role;
use super::selection::{Scope, Selection};
use crate::metric::{DsType, natural_cmp};
use crate::store::{Mode, Series, SeriesId, Store};
use apart::tell_apart;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// Panels on the canvas at once. More than anyone can read; a plugin with thousands of instances
/// must not stall a frame.
pub const PANELS_MAX: usize = 200;
/// Panels of one graph in an overview: a machine with 40 interfaces shows the first ones.
const OVERVIEW_PER_GRAPH_MAX: usize = 4;

/// Lines of a panel. More than anyone can tell apart, and each is read anew whenever data came.
pub const LINES_MAX: usize = 256;

/// One plot.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Stable name: the same panel has the same key in every frame.
    pub key: PanelKey,
    /// What is measured.
    pub title: String,
    /// The machine it is about.
    pub host: Arc<str>,
    /// Unit of the axis.
    pub unit: Unit,
    /// How the lines are drawn.
    pub style: Style,
    /// Fixed upper end of the axis.
    pub y_max: Option<f64>,
    /// Zero is always on the axis.
    pub from_zero: bool,
    /// What becomes of series that fall on one line.
    pub combine: Combine,
    /// Lines are drawn as their share of all lines, in %.
    pub percent: bool,
    /// The lines, in the order of the catalogue.
    pub lines: Vec<Line>,
    /// Panels of its kind that the overview leaves out behind it.
    pub more: usize,
    /// No graph of the catalogue was made for it.
    pub(super) plain: bool,
    rank: Rank,
}

/// Where a panel stands on its host, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    graph: u32,
    /// Loopback says least about a machine: behind the other interfaces.
    loopback: bool,
    /// Of interfaces and disks the busy ones come first: decimal digits of all they ever moved,
    /// which changes so rarely that panels do not change places while one looks.
    moved: std::cmp::Reverse<u32>,
}

/// What makes a panel the same in every frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PanelKey {
    host: Arc<str>,
    graph: GraphKey,
    instance: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum GraphKey {
    /// Its id in the catalogue.
    Catalogue(Arc<str>),
    Plain {
        plugin: Arc<str>,
        type_: Arc<str>,
    },
}

/// One line, area or bar of a panel.
#[derive(Clone, Debug)]
pub struct Line {
    /// What the legend calls it.
    pub label: String,
    /// What it stands for, if that is one thing; it gives a line its colour.
    pub role: Option<Role>,
    /// Hangs below zero.
    pub down: bool,
    /// Factor on every value.
    pub scale: f64,
    /// The series that fall on it; at least one.
    pub series: Vec<SeriesId>,
    /// Drawn, or only counted in the whole of which others are a share.
    pub drawn: bool,
    /// Plugin instance, for bars.
    pub instance: String,
    /// Of its series: what is counted and what is measured are never one thing.
    pub kind: DsType,
    pub(super) rule: usize,
}

/// Where a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The number of its line in its panel.
    pub line: usize,
    /// What that stands for.
    pub role: Option<Role>,
}

/// The series that `panels` draw, and where.
pub fn drawn(panels: &[Panel]) -> HashMap<SeriesId, Drawn> {
    let lines = panels.iter().flat_map(|panel| panel.drawn().enumerate());
    let place = |number, line: &Line| Drawn { line: number, role: line.role };
    lines.flat_map(|(i, line)| line.series.iter().map(move |&id| (id, place(i, line)))).collect()
}

/// The panels of `selection`, in order, at most [`PANELS_MAX`].
pub fn panels(store: &Store, graphs: &Graphs, selection: &Selection) -> Vec<Panel> {
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
        tell_apart(panel, store);
        panel.lines.sort_by(|a, b| a.order(b));
        if panel.style == Style::Mirror {
            panel.rank.moved = std::cmp::Reverse(digits_moved(store, panel));
        }
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

/// The series of `scope`, by walking its branch of the tree only.
fn in_scope<'a>(store: &'a Store, scope: &'a Scope) -> impl Iterator<Item = SeriesId> + 'a {
    let host = store.index().host(scope.host());
    host.into_iter()
        .flat_map(|node| node.plugins.iter())
        .filter(move |node| match scope {
            Scope::Host(_) => true,
            Scope::Plugin { plugin, instance, .. } => {
                node.plugin == *plugin && node.instance == *instance
            }
        })
        .flat_map(|node| &node.lists)
        .flat_map(|node| node.series.iter().copied())
}

fn keep_first_of_each_graph(panels: &mut Vec<Panel>, store: &Store, selection: &Selection) {
    let checked = selection.checked();
    let is_checked = |id| store.series(id).is_some_and(|of| checked.contains(&of.key()));
    let mut seen: HashMap<GraphKey, usize> = HashMap::new();
    let mut left_out: HashMap<GraphKey, usize> = HashMap::new();
    panels.retain(|panel| {
        let count = seen.entry(panel.key.graph.clone()).or_default();
        *count += 1;
        let picked = panel.lines.iter().flat_map(|line| &line.series);
        let kept = *count <= OVERVIEW_PER_GRAPH_MAX || picked.into_iter().any(|&id| is_checked(id));
        if !kept {
            *left_out.entry(panel.key.graph.clone()).or_default() += 1;
        }
        kept
    });
    for panel in panels.iter_mut().rev() {
        panel.more = left_out.remove(&panel.key.graph).unwrap_or_default();
    }
}

/// Decimal digits of what the counters of a panel have reached.
fn digits_moved(store: &Store, panel: &Panel) -> u32 {
    let series = panel.lines.iter().flat_map(|line| &line.series);
    let values = series.filter_map(|&id| store.latest(id, Mode::Raw)?.value);
    let sum: f64 = values.filter(|value| *value > 0.0).sum();
    (0..)
        .zip(std::iter::successors(Some(1.0), |power| Some(power * 10.0)))
        .find(|(_, power)| sum < *power)
        .map_or(0, |(digits, _)| digits)
}

fn needs_whole(graph: &Graph) -> bool {
    graph.percent || graph.style == Style::Bars
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

fn key_of(series: &Series, place: Option<Place>, graphs: &Graphs) -> PanelKey {
    let id = &series.identifier;
    let host: Arc<str> = id.host.as_ref().into();
    match place.and_then(|place| graphs.get(place.graph)) {
        Some(graph) => PanelKey {
            host,
            graph: GraphKey::Catalogue(graph.id.clone()),
            instance: match graph.each {
                Each::Host => String::new(),
                Each::Instance => format!("{}/{}", id.plugin, id.plugin_instance),
                Each::TypeInstance => format!("{}/{}", id.plugin_instance, id.type_instance),
            },
        },
        None => PanelKey {
            host,
            graph: GraphKey::Plain { plugin: id.plugin.clone(), type_: id.type_.clone() },
            instance: id.plugin_instance.to_string(),
        },
    }
}

fn new_panel(key: PanelKey, series: &Series, place: Option<Place>, graphs: &Graphs) -> Panel {
    let id = &series.identifier;
    let graph = place.and_then(|place| Some((place.graph, graphs.get(place.graph)?)));
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    match graph {
        Some((index, graph)) => Panel {
            title: graph.title(id),
            host: key.host.clone(),
            unit: graph.unit(),
            style: graph.style,
            y_max: graph.y_max,
            from_zero: graph.from_zero || graph.style != Style::Line,
            combine: graph.combine,
            percent: graph.percent,
            lines: Vec::new(),
            more: 0,
            plain: false,
            rank: Rank {
                graph: graph.overview.map_or(10_000 + number(index), u32::from),
                loopback: &*id.plugin_instance == "lo",
                moved: std::cmp::Reverse(0),
            },
            key,
        },
        None => Panel {
            title: plain_title(series),
            host: key.host.clone(),
            unit: plain_unit(&id.type_, series.kind),
            style: Style::Line,
            y_max: None,
            from_zero: false,
            combine: Combine::Apart,
            percent: false,
            lines: Vec::new(),
            more: 0,
            plain: true,
            rank: Rank { graph: 20_000, loopback: false, moved: std::cmp::Reverse(0) },
            key,
        },
    }
}

/// `nginx api http_requests`; a type named like its plugin is not said twice.
fn plain_title(series: &Series) -> String {
    let id = &series.identifier;
    let mut words = vec![&*id.plugin];
    if !id.plugin_instance.is_empty() {
        words.push(&id.plugin_instance);
    }
    if id.type_ != id.plugin {
        words.push(&id.type_);
    }
    words.join(" ")
}

fn new_line(
    series: &Series,
    place: Option<Place>,
    graphs: &Graphs,
    id: SeriesId,
    drawn: bool,
) -> Line {
    let identifier = &series.identifier;
    let rule =
        place.and_then(|place| Some((place.line, graphs.get(place.graph)?.line.get(place.line)?)));
    let (label, role, down, scale, rule) = match rule {
        Some((index, rule)) => (
            rule.label(identifier, &series.ds_name, series.ds_count),
            rule.role,
            rule.down,
            rule.scale,
            index,
        ),
        None => (plain_label(identifier, &series.ds_name, series.ds_count), None, false, 1.0, 0),
    };
    let instance = if identifier.plugin_instance.is_empty() {
        &identifier.type_instance
    } else {
        &identifier.plugin_instance
    };
    Line {
        label,
        role,
        down,
        scale,
        series: vec![id],
        drawn,
        instance: instance.to_string(),
        kind: series.kind,
        rule,
    }
}

impl Line {
    /// Whether a series of `other` is a part of this line.
    fn same_as(&self, other: &Self) -> bool {
        self.rule == other.rule
            && self.label == other.label
            && self.drawn == other.drawn
            && self.kind == other.kind
    }

    fn order(&self, other: &Self) -> Ordering {
        self.rule
            .cmp(&other.rule)
            .then_with(|| natural_cmp(&self.instance, &other.instance))
            .then_with(|| natural_cmp(&self.label, &other.label))
    }
}

impl Panel {
    fn order(&self, other: &Self) -> Ordering {
        natural_cmp(&self.host, &other.host)
            .then_with(|| self.rank.cmp(&other.rank))
            .then_with(|| natural_cmp(&self.title, &other.title))
            .then_with(|| natural_cmp(&self.key.instance, &other.key.instance))
    }

    /// How its numbers are read when the user wants `mode`: raw is for what is counted.
    pub fn mode(&self, mode: Mode) -> Mode {
        let counted = self.lines.iter().find(|line| line.kind != DsType::Gauge);
        mode.of(counted.map_or(DsType::Gauge, |line| line.kind))
    }

    /// The unit of its numbers in a mode: what the wire said of a counter has none.
    pub fn unit_in(&self, mode: Mode) -> Unit {
        match self.mode(mode) {
            Mode::Rate => self.unit.clone(),
            Mode::Raw => Unit { name: "raw".into(), scale: Scale::Si },
        }
    }

    /// The lines that are drawn.
    pub fn drawn(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.drawn)
    }
}
