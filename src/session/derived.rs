//! What follows from data and choices, and the counters that say when it became new.
//!
//! No counter lives inside a choice: two choices are the same when they are equal, so that one
//! taken back, or read from a file, is seen for what it is.

use crate::metric::CdTime;
use crate::store::{SeriesId, Store};
use crate::view::View;
use crate::view::graphs::Graphs;
use crate::view::latest::Latest;
use crate::view::marks::Events;
use crate::view::notifications::Listed;
use crate::view::panels::{Drawn, Panel, drawn, panels};
use crate::view::selection::{Scope, Selection};
use crate::view::tree::{FilterJob, Rows};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What follows from data and choices.
#[derive(Debug, Default)]
pub struct Derived {
    /// The panels on the canvas.
    pub panels: Vec<Panel>,
    /// Changes when they do.
    pub panels_revision: u64,
    /// The series that the panels draw, and where.
    pub drawn: HashMap<SeriesId, Drawn>,
    /// The rows of the tree.
    pub rows: Rows,
    /// The rows of the list of notifications.
    pub listed: Listed,
    /// Where notifications are marked.
    pub events: Events,
    /// What the panels were made for.
    panels_for: Option<(u64, Selection)>,
    /// What the tree was made for, and how often that has changed.
    tree_for: Option<(String, Arc<HashSet<Scope>>)>,
    tree_revision: u64,
}

impl Derived {
    /// Makes anew what is out of date; returns the job to run in the background, if any, and
    /// whether it is to be called again at once.
    pub(super) fn update(
        &mut self,
        store: &Store,
        graphs: &Graphs,
        view: &View,
        now: CdTime,
    ) -> (Option<FilterJob>, bool) {
        let (series, selection) = (store.revision(), view.selection());
        let is_same = |made: &(u64, Selection)| made.0 == series && made.1 == *selection;
        if !self.panels_for.as_ref().is_some_and(is_same) {
            self.panels = panels(store, graphs, selection);
            self.drawn = drawn(&self.panels);
            self.panels_revision += 1;
            self.panels_for = Some((series, selection.clone()));
        }
        let (filter, open) = (view.filter.text(), &view.open);
        let is_same = |made: &(String, Arc<HashSet<Scope>>)| made.0 == filter && made.1 == *open;
        if !self.tree_for.as_ref().is_some_and(is_same) {
            self.tree_revision += 1;
            self.tree_for = Some((filter.to_owned(), Arc::clone(open)));
        }
        self.listed.update(store.notifications(), &view.notifications);
        self.events.update(store);
        let job = self.rows.update(store, &view.filter, open, self.tree_revision);
        let latest = Latest { store, graphs, mode: view.mode(), now };
        (job, self.rows.refine(&view.filter, &latest))
    }
}
