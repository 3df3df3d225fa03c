//! Chosen: the series that the rule of a tile draws.
//!
//! What costs least is asked first, for a rule of one word may choose a million series: the graph
//! of the rule, then the state, then what it hides.

use super::SERIES_MAX;
use crate::store::{Series, SeriesId};
use crate::view::graphs::{Graph, Place};
use crate::view::latest::Latest;
use crate::view::layout::Rule;
use crate::view::selector::Selector;
use std::collections::HashSet;

/// Series whose newest value or age is asked for: a microsecond each, between two frames.
const STATES_MAX: usize = 2 * SERIES_MAX;

/// A series that a rule chooses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) id: SeriesId,
    pub(super) series: &'a Series,
    pub(super) place: Option<Place>,
}

/// What a rule chooses.
#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    /// In the order of its selectors, then of the tree.
    pub(super) all: Vec<Chosen<'a>>,
    /// Series that may belong to it and were not looked at.
    pub(super) unseen: usize,
}

/// The series that a rule draws. What the catalogue hides is drawn only by a selector that chooses
/// nothing else; what is named part by part is drawn whatever the graph of the rule is.
pub(super) fn chosen<'a>(latest: &Latest<'a>, rule: &Rule) -> Choice<'a> {
    let Latest { store, graphs, .. } = *latest;
    let hide = Hide::new(&rule.hide);
    let (mut choice, mut seen, mut states) = (Choice::default(), HashSet::new(), 0);
    for selector in &rule.show {
        let mut graph = None;
        if let Some(id) = rule.graph.as_ref().filter(|_| !selector.names_every_part()) {
            let Some(of) = graphs.iter().position(|graph| graph.id == *id) else { continue };
            graph = graphs.get(of).map(|graph| (of, graph));
        }
        let room = SERIES_MAX.saturating_sub(choice.all.len());
        let mut found: Vec<Chosen<'_>> = Vec::new();
        for id in selector.series(store) {
            let Some(series) = store.series(id).filter(|series| may_draw(graph, series)) else {
                continue;
            };
            let place = graphs.place(&series.identifier, &series.ds_name);
            if graph.is_some_and(|(of, _)| place.is_none_or(|place| place.graph != of)) {
                continue;
            }
            let asks = selector.asks_value() || hide.asks_value;
            if found.len() >= room || (asks && states >= STATES_MAX) {
                choice.unseen += usize::from(!seen.contains(&id));
                continue;
            }
            states += usize::from(asks);
            if selector.has_state() && !selector.state_holds(series, latest) {
                continue;
            }
            if !hide.hides(series, latest) {
                found.push(Chosen { id, series, place });
            }
        }
        let is_hidden = |one: &Chosen<'_>| graphs.hides_at(one.place);
        let only_hidden = found.iter().all(is_hidden);
        let drawn = found.into_iter().filter(|one| only_hidden || !is_hidden(one));
        choice.all.extend(drawn.filter(|one| seen.insert(one.id)));
    }
    choice
}

/// Whether the plugin of a graph is that of the series, which is found out quickest.
fn may_draw(graph: Option<(usize, &Graph)>, series: &Series) -> bool {
    let plugin = graph.and_then(|(_, graph)| graph.plugin());
    plugin.is_none_or(|plugin| plugin == &*series.identifier.plugin)
}

/// What a rule hides. Most of it is series that were unchecked one by one: two thousand of these
/// tried on each of as many series would take a second.
struct Hide<'r> {
    series: HashSet<String>,
    others: Vec<&'r Selector>,
    /// Some of them ask for values.
    asks_value: bool,
}

impl<'r> Hide<'r> {
    fn new(selectors: &'r [Selector]) -> Self {
        let asks_value = selectors.iter().any(Selector::asks_value);
        let mut hide = Self { series: HashSet::new(), others: Vec::new(), asks_value };
        for selector in selectors {
            match selector.series_text() {
                Some(text) => drop(hide.series.insert(text)),
                None => hide.others.push(selector),
            }
        }
        hide
    }

    fn hides(&self, series: &Series, latest: &Latest<'_>) -> bool {
        if !self.series.is_empty() && self.series.contains(&Selector::series_text_of(series)) {
            return true;
        }
        let mut scratch = String::new();
        self.others.iter().any(|selector| {
            selector.matches_series(series, &mut scratch)
                && (!selector.has_state() || selector.state_holds(series, latest))
        })
    }
}
