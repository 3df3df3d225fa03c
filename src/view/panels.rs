//! Panels: which series are drawn together, and how, for a selection or for the rule of a tile.
//!
//! Rebuilt only when the series or the choices change. Holds no samples.

mod apart;
mod auto;
mod chosen;
mod keep;
mod ranking;
mod rules;

use super::format::{Scale, Unit};
use super::graphs::{Combine, Each, Graph, Graphs, Place, Style, plain_label};
use super::names::PanelId;
use super::role::Role;
use super::selection::Scope;
use crate::metric::{DsType, natural_cmp};
use crate::store::{Mode, Series, SeriesId, Store};
pub use auto::{panels, panels_ranked};
pub use keep::{DRAWN_AT_ONCE_MAX, rules_for, rules_of};
use ranking::Rank;
pub use ranking::Ranking;
pub use rules::{LARGEST_MAX, panels_of_rule};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Panels on the canvas at once. More than anyone can read; a plugin with thousands of instances
/// must not stall a frame.
pub const PANELS_MAX: usize = 200;
/// Lines of a panel. More than anyone can tell apart, and each is read anew whenever data came.
pub const LINES_MAX: usize = 256;

/// Series of a rule or a selector that are looked at: one word may choose a million, and panels are
/// made between two frames.
const SERIES_MAX: usize = 20_000;

/// One plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its number in the workspace; what the catalogue makes gets one that is free.
    pub id: PanelId,
    /// Stable name: the same panel has the same key in every frame.
    pub key: PanelKey,
    /// What is measured.
    pub title: String,
    /// The machine it is about; empty: there are several.
    pub host: Arc<str>,
    /// Machines it is about.
    pub hosts: usize,
    /// Unit of the axis.
    pub unit: Unit,
    /// Unit of the axis at the right, for lines that do not fit the first one.
    pub second: Option<Unit>,
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
    /// Lines that are left out: the largest are drawn.
    pub left_out: usize,
    /// Which are the largest is not known yet: some have no value.
    pub is_unsure: bool,
    /// Series that may belong to it and were not looked at: nobody knows how large they are.
    pub unseen: usize,
    /// The ends of the axis, if the user holds them.
    pub y: Option<(f64, f64)>,
    /// Panels with the same one have one axis; none: it fits this panel only.
    pub scale: Option<ScaleKey>,
    /// No graph of the catalogue was made for it.
    pub(super) plain: bool,
    rank: Rank,
}

/// What makes a panel the same in every frame.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PanelKey {
    host: Arc<str>,
    graph: GraphKey,
    instance: String,
}

/// What panels show that have one value axis: the same of several hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScaleKey {
    graph: GraphKey,
    instance: String,
}

impl ScaleKey {
    fn of(key: &PanelKey) -> Self {
        Self { graph: key.graph.clone(), instance: key.instance.clone() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum GraphKey {
    /// Made by the rule of a tile.
    Rule(PanelId),
    /// Its id in the catalogue.
    Catalogue(Arc<str>),
    Plain {
        plugin: Arc<str>,
        type_: Arc<str>,
    },
}

/// One line, area or bar of a panel.
#[derive(Clone, Debug, PartialEq)]
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
    /// Belongs to the axis at the right.
    pub second: bool,
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

fn needs_whole(graph: &Graph) -> bool {
    graph.percent || graph.style == Style::Bars
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
            id: PanelId(0),
            title: graph.title(id),
            host: key.host.clone(),
            hosts: 1,
            unit: graph.unit(),
            second: None,
            style: graph.style,
            y_max: graph.y_max,
            from_zero: graph.from_zero || graph.style != Style::Line,
            combine: graph.combine,
            percent: graph.percent,
            lines: Vec::new(),
            more: 0,
            left_out: 0,
            is_unsure: false,
            unseen: 0,
            y: None,
            scale: graph.y_max.is_none().then(|| ScaleKey::of(&key)),
            plain: false,
            rank: Rank::of(graph.overview.map_or(10_000 + number(index), u32::from)),
            key,
        },
        None => Panel {
            id: PanelId(0),
            title: plain_title(series),
            host: key.host.clone(),
            hosts: 1,
            unit: graphs.plain_unit(series),
            second: None,
            style: Style::Line,
            y_max: None,
            from_zero: false,
            combine: Combine::Apart,
            percent: false,
            lines: Vec::new(),
            more: 0,
            left_out: 0,
            is_unsure: false,
            unseen: 0,
            y: None,
            scale: Some(ScaleKey::of(&key)),
            plain: true,
            rank: Rank::of(20_000),
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
        second: false,
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

    /// Behind its host: how many lines are left out as they are smaller, and how many series were
    /// not looked at.
    pub fn left_out_text(&self) -> String {
        let mut text = String::new();
        if self.left_out > 0 {
            text = format!(" · the largest {LARGEST_MAX} of {}", LARGEST_MAX + self.left_out);
        }
        if self.unseen > 0 {
            text += &format!(" · {} series more, not looked at", self.unseen);
        }
        text
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

    /// The unit of the axis at the right in a mode, if there is one: what the wire said has none.
    pub fn second_in(&self, mode: Mode) -> Option<&Unit> {
        self.second.as_ref().filter(|_| self.mode(mode) == Mode::Rate)
    }

    /// The lines that are drawn.
    pub fn drawn(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.drawn)
    }
}
