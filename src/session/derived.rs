//! What follows from data and choices, and the counters that say when it became new.
//!
//! No counter lives inside a choice: two choices are the same when they are equal, so that one
//! taken back, or read from a file, is seen for what it is.

use crate::store::{SeriesId, Store};
use crate::view::View;
use crate::view::command::{Context, Focus};
use crate::view::graphs::Graphs;
use crate::view::layout::{PanelId, Rule};
use crate::view::marks::Events;
use crate::view::notifications::Listed;
use crate::view::palette::{RankJob, Results};
use crate::view::panels::{Drawn, Panel, drawn, panels, panels_of_rule};
use crate::view::pick::Picking;
use crate::view::selection::Scope;
use crate::view::tree::{FilterJob, Rows};
use crate::view::workspace::{Canvas, Tab};
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
    /// The rows of the tree.
    pub rows: Rows,
    /// The rows of the list of notifications.
    pub listed: Listed,
    /// What the palette found.
    pub palette: Results,
    /// Where notifications are marked.
    pub events: Events,
    /// What the panels were made for.
    panels_for: Option<PanelsFor>,
    /// What the tree was made for, and how often that has changed.
    tree_for: Option<(String, Arc<HashSet<Scope>>)>,
    tree_revision: u64,
}

impl Derived {
    /// Makes anew what is out of date; returns the job to run in the background, if any.
    pub(super) fn update(
        &mut self,
        store: &Store,
        graphs: &Graphs,
        view: &View,
    ) -> Option<FilterJob> {
        self.update_panels(store, graphs, view);
        self.number_panels(view);
        let (filter, open) = (view.filter.text(), &view.open);
        let is_same = |made: &(String, Arc<HashSet<Scope>>)| made.0 == filter && made.1 == *open;
        if !self.tree_for.as_ref().is_some_and(is_same) {
            self.tree_revision += 1;
            self.tree_for = Some((filter.to_owned(), Arc::clone(open)));
        }
        self.listed.update(store.notifications(), &view.notifications);
        self.events.update(store);
        self.rows.update(store, &view.filter, open, self.tree_revision)
    }
    fn update_panels(&mut self, store: &Store, graphs: &Graphs, view: &View) {
        let tab = view.tab();
        let made_for = PanelsFor::new(store.revision(), tab);
        if self.panels_for.as_ref().is_some_and(|known| known.is(&made_for)) {
            return;
        }
        let known = self.panels_for.take();
        match &tab.canvas {
            Canvas::Auto(selection) => {
                self.panels = panels(store, graphs, selection);
                self.tiles.clear();
                self.panels_revision += 1;
            }
            Canvas::Tiles(layout) => {
                let rules: Vec<Rule> = layout.rules().into_iter().cloned().collect();
                let known = known.filter(|known| known.is_of_same_data(&made_for));
                let rules = (rules.as_slice(), tab.host.as_deref());
                self.update_tiles(store, graphs, rules, known.as_ref());
            }
        }
        self.drawn = drawn(&self.panels);
        self.panels_for = Some(made_for);
    }

    /// Panels of the catalogue have the numbers that they get when the user makes them his own.
    fn number_panels(&mut self, view: &View) {
        self.order.clear();
        if let Some(tiles) = view.tab().canvas.tiles() {
            self.order.extend(tiles.rules().iter().map(|rule| rule.id));
            return;
        }
        let first = view.workspace.next_panel();
        for (number, panel) in (first.0..).zip(&mut self.panels) {
            panel.id = PanelId(number);
        }
        self.order.extend(self.panels.iter().map(|panel| panel.id));
    }

    /// Makes the panels of `rules`; those of a rule that was among the `known` ones are kept.
    fn update_tiles(
        &mut self,
        store: &Store,
        graphs: &Graphs,
        (rules, host): (&[Rule], Option<&str>),
        known: Option<&PanelsFor>,
    ) {
        let before = std::mem::take(&mut self.tiles);
        let mut old: Vec<Option<Panel>> =
            std::mem::take(&mut self.panels).into_iter().map(Some).collect();
        let is_known = |rule: &Rule| {
            let layout = known.and_then(|known| known.canvas.tiles());
            layout.is_some_and(|layout| layout.rule(rule.id) == Some(rule))
        };
        let mut is_same = known.is_some() && before.len() == rules.len();
        for (number, rule) in rules.iter().enumerate() {
            let kept = before.iter().find(|(id, _)| *id == rule.id).filter(|_| is_known(rule));
            let start = self.panels.len();
            match kept.and_then(|(_, range)| old.get_mut(range.clone())) {
                Some(kept) => self.panels.extend(kept.iter_mut().filter_map(Option::take)),
                None => {
                    is_same = false;
                    self.panels.extend(panels_of_rule(store, graphs, &rule.about(host)));
                }
            }
            is_same &= before.get(number).is_some_and(|(id, _)| *id == rule.id);
            self.tiles.push((rule.id, start..self.panels.len()));
        }
        if !is_same {
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
            panels: &self.order,
            chosen: picking.view.notifications.chosen,
            focus,
        }
    }
}

/// What panels were made for.
#[derive(Debug)]
struct PanelsFor {
    series: u64,
    canvas: Canvas,
    host: Option<Arc<str>>,
}

impl PanelsFor {
    fn new(series: u64, tab: &Tab) -> Self {
        Self { series, canvas: tab.canvas.clone(), host: tab.host.clone() }
    }

    fn is(&self, other: &Self) -> bool {
        let is_same_canvas = match (&self.canvas, &other.canvas) {
            (Canvas::Tiles(one), Canvas::Tiles(other)) if Arc::ptr_eq(one, other) => true,
            (one, other) => one == other,
        };
        self.is_of_same_data(other) && is_same_canvas
    }

    fn is_of_same_data(&self, other: &Self) -> bool {
        self.series == other.series && self.host == other.host
    }
}
