//! Pick: what a row of the sidebar asks for when it is pressed or its box is checked.
//!
//! Reads what is known and chosen; changes nothing.

use super::action::DrawnAs;
use super::everywhere;
use super::graphs::Graphs;
use super::layout::Layout;
use super::names::To;
use super::panels::Drawn;
use super::selection::Scope;
use super::selector::Selector;
use super::tree::{Row, RowName, series_of};
use super::{Action, View};
use crate::store::{PluginNode, Series, SeriesId, Store};
use std::collections::HashMap;

/// What a row is seen with.
#[derive(Clone, Copy, Debug)]
pub struct Picking<'a> {
    /// What is known.
    pub store: &'a Store,
    /// How plugins are drawn.
    pub graphs: &'a Graphs,
    /// What the user chose.
    pub view: &'a View,
    /// The series on the canvas.
    pub drawn: &'a HashMap<SeriesId, Drawn>,
}

impl Picking<'_> {
    /// Enter, or a click: shows a host or a plugin and opens it, opens or closes the one that is
    /// shown, checks a series.
    pub fn press(&self, row: Row) -> Vec<Action> {
        let Some(name) = row.name(self.store) else { return Vec::new() };
        let show = match &name {
            RowName::Series(_) => return self.check(row).into_iter().collect(),
            RowName::Scope(scope) => Action::Select(scope.clone()),
            RowName::Everywhere { plugin, instance } => self.show_everywhere(plugin, instance),
        };
        let open = self.view.open.contains(&name);
        if self.shows(&name) {
            return vec![Action::SetOpen { row: name, open: !open }];
        }
        let opened = (!open).then_some(Action::SetOpen { row: name, open: true });
        opened.into_iter().chain([show]).collect()
    }

    /// Whether the tab on screen is that of this row.
    pub fn shows(&self, name: &RowName) -> bool {
        match name {
            RowName::Scope(scope) => self.view.scope() == Some(scope),
            RowName::Everywhere { plugin, instance } => {
                self.view.tab().is_everywhere(&everywhere::words(plugin, instance))
            }
            RowName::Series(_) => false,
        }
    }

    /// The row among `rows` that the tab on screen is of.
    pub fn row_shown(&self, rows: &[Row]) -> Option<usize> {
        match self.view.scope() {
            Some(scope) => {
                rows.iter().position(|row| row.scope(self.store).as_ref() == Some(scope))
            }
            None => {
                self.view.tab().everywhere()?;
                rows.iter().position(|row| {
                    matches!(row, Row::Everywhere { .. })
                        && row.name(self.store).is_some_and(|name| self.shows(&name))
                })
            }
        }
    }

    /// Shows a plugin instance of all hosts: on the tab that has it, else instead of another such
    /// plugin or on an empty tab, else on a new one. What the user put together stays.
    fn show_everywhere(&self, plugin: &str, instance: &str) -> Action {
        let words = everywhere::selector(plugin, instance);
        let tabs = self.view.workspace.tabs();
        if let Some(tab) = tabs.iter().find(|tab| tab.is_everywhere(words.text())) {
            return Action::ShowTab(tab.id);
        }
        let active = self.view.tab();
        let is_own = active.name.is_some() || active.host.is_some();
        let is_empty = !is_own && active.canvas.tiles().is_some_and(Layout::is_empty);
        let takes = (is_empty || active.everywhere().is_some()).then_some(active);
        let takes = takes.or_else(|| tabs.iter().find(|tab| tab.everywhere().is_some()));
        let to = takes.map_or(To::NewTab, |tab| To::Instead(tab.id));
        Action::Draw { show: vec![words], panels: DrawnAs::Catalogue, to }
    }

    /// Shows a host or a plugin, and opens it and its host in the sidebar.
    pub fn show(&self, scope: &Scope) -> Vec<Action> {
        let host = Scope::Host(scope.host().clone());
        let both = [Some(host), matches!(scope, Scope::Plugin { .. }).then(|| scope.clone())];
        let both = both.into_iter().flatten().map(RowName::Scope);
        let closed = both.filter(|row| !self.view.open.contains(row));
        let open = closed.map(|row| Action::SetOpen { row, open: true });
        open.chain([Action::Select(scope.clone())]).collect()
    }

    /// Checks or unchecks a series, or all of a plugin's: if any is drawn, none is afterwards. What
    /// a graph hides (the idle time of a CPU) is checked by itself only. What stands at the top has
    /// no box.
    pub fn check(&self, row: Row) -> Option<Action> {
        let ids: Vec<_> = match row {
            Row::Host { .. } | Row::Everywhere { .. } => return None,
            Row::Plugin { host, plugin } => {
                let host = self.store.index().hosts().get(host)?;
                series_of(host.plugins.get(plugin)?).collect()
            }
            Row::Series { id, .. } => vec![id],
        };
        Some(self.set_shown(ids))
    }

    /// Draws none of these if any is drawn, else all but what a graph hides, or all if it hides
    /// all of them.
    pub(super) fn set_shown(&self, mut ids: Vec<SeriesId>) -> Action {
        let shown = !ids.iter().any(|id| self.drawn.contains_key(id));
        let hidden =
            |id: &SeriesId| self.store.series(*id).is_some_and(|series| self.graphs.hides(series));
        if shown && !ids.iter().all(hidden) {
            ids.retain(|id| !hidden(id));
        }
        let series = ids.into_iter().filter_map(|id| self.store.series(id));
        Action::SetShown { keys: series.map(Series::key).collect(), shown }
    }

    /// What chooses just what a row stands for; none where it is gone.
    pub fn selector(&self, row: Row) -> Option<Selector> {
        Some(row.name(self.store)?.selector())
    }

    /// Shows what a row stands for, and nothing else, on a tab of its own; all that were gathered
    /// if it is one of them.
    pub fn open_beside(&self, row: Row) -> Option<Action> {
        let name = row.name(self.store)?;
        if self.view.gathered.names.contains(&name) {
            return self.draw_gathered(To::NewTab);
        }
        let (show, to) = (vec![name.selector()], To::NewTab);
        Some(match name {
            RowName::Scope(scope) => Action::SelectInNewTab(scope),
            RowName::Everywhere { .. } => Action::Draw { show, panels: DrawnAs::Catalogue, to },
            RowName::Series(_) => Action::Draw { show, panels: DrawnAs::One, to },
        })
    }

    /// Draws what was gathered.
    pub fn draw_gathered(&self, to: To) -> Option<Action> {
        let (show, panels) = self.gathered()?;
        Some(Action::Draw { show, panels, to })
    }

    /// How many series a plugin's row has, and how many of them are drawn.
    pub fn count(&self, node: &PluginNode) -> (usize, usize) {
        let drawn = series_of(node).filter(|id| self.drawn.contains_key(id)).count();
        (series_of(node).count(), drawn)
    }
}
