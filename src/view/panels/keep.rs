//! Keep: the rules that make the panels which the catalogue put on a canvas, and those of what
//! selectors choose.

use super::{GraphKey, LINES_MAX, Panel, SERIES_MAX, key_of};
use crate::store::{Series, Store};
use crate::view::DrawnAs;
use crate::view::graphs::{Each, Graphs, Place, Style};
use crate::view::layout::{Repeat, Rule};
use crate::view::names::PanelId;
use crate::view::selection::Selection;
use crate::view::selector::{Field, Selector};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Panels that are made at once of what selectors choose: one word may choose every plugin.
pub const DRAWN_AT_ONCE_MAX: usize = 24;
/// Graphs that are drawn whatever they are; of more, those of an overview.
const GRAPHS_MAX: usize = 8;
/// Lines of several hosts that get a panel each; where there are more, each host gets one.
const NAMED_LINES_MAX: usize = 4;

/// Rules that make `panels`, which were made for `selection`.
pub fn rules_of(
    panels: &[Panel],
    store: &Store,
    graphs: &Graphs,
    selection: &Selection,
) -> Vec<Rule> {
    let rule = |panel: &Panel| rule_of(panel, store, graphs, selection);
    panels.iter().filter_map(rule).collect()
}

fn rule_of(panel: &Panel, store: &Store, graphs: &Graphs, selection: &Selection) -> Option<Rule> {
    let series = panel.drawn().find_map(|line| store.series(*line.series.first()?))?;
    let mut rule = Rule::new(panel.id, vec![selector_of(panel, series, graphs)]);
    if let GraphKey::Catalogue(id) = &panel.key.graph {
        rule.graph = Some(id.clone());
    }
    let ids = panel.drawn().flat_map(|line| &line.series);
    let drawn = ids.filter_map(|&id| store.series(id));
    let hidden = drawn.filter(|series| graphs.hides(series));
    rule.show.extend(hidden.take(LINES_MAX).map(|series| Selector::of_series(&series.key())));
    for key in selection.unchecked() {
        let ids = store.named(key);
        let series = ids.into_iter().find_map(|id| store.series(id));
        let is_here = series.is_some_and(|series| {
            let place = graphs.place(&series.identifier, &series.ds_name);
            key_of(series, place, graphs) == panel.key
        });
        if is_here {
            rule.hide.push(Selector::of_series(key));
        }
    }
    Some(rule)
}

/// What chooses the series of a panel of the catalogue, together with its graph.
fn selector_of(panel: &Panel, series: &Series, graphs: &Graphs) -> Selector {
    let names = &series.identifier;
    let host = Field::Host.exactly(&names.host);
    let plugin = Field::Plugin.exactly(&names.plugin);
    let instance = Field::Instance.exactly(&names.plugin_instance);
    let each = graphs
        .place(&series.identifier, &series.ds_name)
        .and_then(|place| graphs.get(place.graph))
        .map(|graph| graph.each);
    let words = match (&panel.key.graph, each) {
        (GraphKey::Catalogue(_), Some(Each::Host)) => vec![host, plugin],
        (GraphKey::Catalogue(_), Some(Each::TypeInstance)) => {
            vec![host, plugin, instance, Field::TypeInstance.exactly(&names.type_instance)]
        }
        (GraphKey::Catalogue(_), _) => vec![host, plugin, instance],
        _ => vec![host, plugin, instance, Field::Type.exactly(&names.type_)],
    };
    Selector::new(&words.join(" "))
}

/// Rules for what each of `show` chooses.
pub fn rules_for(
    store: &Store,
    graphs: &Graphs,
    show: &[Selector],
    drawn_as: DrawnAs,
) -> Vec<Rule> {
    let rule = |each| Rule { each, ..Rule::new(PanelId(0), show.to_vec()) };
    match drawn_as {
        DrawnAs::One => vec![rule(Repeat::Never)],
        DrawnAs::EachHost => vec![rule(Repeat::Host)],
        DrawnAs::Catalogue => {
            let rules = show.iter().flat_map(|selector| by_catalogue(store, graphs, selector));
            let rules: Vec<_> = rules.take(DRAWN_AT_ONCE_MAX).collect();
            // What was not received yet is waited for.
            if rules.is_empty() { vec![rule(Repeat::Never)] } else { rules }
        }
    }
}

/// What is drawn together, and in which order: by the catalogue, the rest by plugin and type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Together {
    Graph(usize),
    Plain(Arc<str>, Arc<str>),
}

#[derive(Default)]
struct Group<'a> {
    hosts: BTreeSet<&'a str>,
    plugins: BTreeSet<&'a str>,
    /// What the lines are called, and the words that choose each.
    lines: BTreeMap<(usize, String), Line<'a>>,
}

/// The data sources and type instances of what falls on one line.
#[derive(Default)]
struct Line<'a> {
    ds: BTreeSet<&'a str>,
    type_instance: BTreeSet<&'a str>,
}

impl Line<'_> {
    /// The word that chooses it among the lines of its panel, if there is one.
    fn word(&self) -> Option<String> {
        match (self.ds.len(), self.type_instance.len()) {
            (_, 1) if !self.type_instance.contains("") => {
                Some(Field::TypeInstance.one_of(self.type_instance.iter().copied()))
            }
            (1, _) => Some(Field::Ds.one_of(self.ds.iter().copied())),
            _ => None,
        }
    }
}

/// One rule for each graph of the catalogue that draws some of what is chosen. Where several hosts
/// have several lines each there is one panel a host, or, where the lines are few, one a line.
fn by_catalogue(store: &Store, graphs: &Graphs, selector: &Selector) -> Vec<Rule> {
    let mut groups: BTreeMap<Together, Group<'_>> = BTreeMap::new();
    let ids = selector.series(store);
    let series = ids.iter().take(SERIES_MAX).filter_map(|&id| store.series(id));
    let placed: Vec<(&Series, Option<Place>)> =
        series.map(|series| (series, graphs.place(&series.identifier, &series.ds_name))).collect();
    let is_hidden = |(series, _): &(&Series, Option<Place>)| graphs.hides(series);
    let only_hidden = placed.iter().all(is_hidden);
    for one @ (series, place) in &placed {
        if !only_hidden && is_hidden(one) {
            continue;
        }
        let names = &series.identifier;
        let together = match place {
            Some(place) => Together::Graph(place.graph),
            None => Together::Plain(names.plugin.clone(), names.type_.clone()),
        };
        let group = groups.entry(together).or_default();
        group.hosts.insert(&names.host);
        group.plugins.insert(&names.plugin);
        let number = place.map_or(0, |place| place.line);
        let line = group.lines.entry((number, label(series, *place, graphs))).or_default();
        line.ds.insert(&series.ds_name);
        line.type_instance.insert(&names.type_instance);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // In the order of an overview, then of the catalogue.
    groups.sort_by_key(|(together, _)| match together {
        Together::Graph(graph) => {
            let place = graphs.get(*graph).and_then(|graph| graph.overview);
            (place.map_or(u32::MAX - 1, u32::from), *graph)
        }
        Together::Plain(..) => (u32::MAX, usize::MAX),
    });
    let in_overview = |together: &Together| match together {
        Together::Graph(graph) => graphs.get(*graph).is_some_and(|graph| graph.overview.is_some()),
        Together::Plain(..) => false,
    };
    // Much at once is shown as an overview would.
    if groups.len() > GRAPHS_MAX && groups.iter().any(|(together, _)| in_overview(together)) {
        groups.retain(|(together, _)| in_overview(together));
    }
    groups
        .into_iter()
        .flat_map(|(together, group)| rules(selector, graphs, &together, &group))
        .collect()
}

fn label(series: &Series, place: Option<Place>, graphs: &Graphs) -> String {
    match place.and_then(|place| graphs.line(place)) {
        Some(line) => line.label(&series.identifier, &series.ds_name, series.ds_count),
        None => {
            crate::view::graphs::plain_label(&series.identifier, &series.ds_name, series.ds_count)
        }
    }
}

fn names_plugin(selector: &Selector) -> bool {
    let mut words = selector.name_words();
    words.any(|(field, span)| {
        let word = selector.text().get(span).unwrap_or_default();
        field == Some(Field::Plugin) && !word.starts_with('-')
    })
}

fn rules(
    selector: &Selector,
    graphs: &Graphs,
    together: &Together,
    group: &Group<'_>,
) -> Vec<Rule> {
    let (graph, each, more) = match together {
        Together::Graph(graph) => {
            let graph = graphs.get(*graph);
            let each = graph.map_or(Each::Host, |graph| graph.each);
            let each = if each == Each::Host { Repeat::Never } else { Repeat::Instance };
            // A word that is found in the names of others would choose those too.
            let more = match names_plugin(selector) {
                true => String::new(),
                false => format!(" {}", Field::Plugin.one_of(group.plugins.iter().copied())),
            };
            (graph.map(|graph| graph.id.clone()), each, more)
        }
        Together::Plain(plugin, type_) => {
            let words = [Field::Plugin.exactly(plugin), Field::Type.exactly(type_)];
            (None, Repeat::Never, format!(" {}", words.join(" ")))
        }
    };
    // What cannot be read is no part of it: an open quote would take in what follows.
    let chooses = format!("{}{more}", selector.readable()).trim_start().to_owned();
    let rule = |each, words: &str| {
        let show = Selector::new(&format!("{chooses}{words}"));
        Rule { graph: graph.clone(), each, ..Rule::new(PanelId(0), vec![show]) }
    };
    // A bar is made of all lines of its filesystem.
    let is_bars = match together {
        Together::Graph(graph) => graphs.get(*graph).is_some_and(|of| of.style == Style::Bars),
        Together::Plain(..) => false,
    };
    let is_one = each != Repeat::Never || group.hosts.len() == 1 || group.lines.len() == 1;
    if is_one || is_bars {
        return vec![rule(each, "")];
    }
    let words: Vec<_> = group.lines.values().filter_map(Line::word).collect();
    let is_choice = words.iter().collect::<BTreeSet<_>>().len() == group.lines.len();
    if is_choice && words.len() <= NAMED_LINES_MAX {
        return words.iter().map(|word| rule(Repeat::Never, &format!(" {word}"))).collect();
    }
    vec![rule(Repeat::Host, "")]
}
