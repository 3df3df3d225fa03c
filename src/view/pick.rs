//! Pick: what a row of the sidebar asks for when it is pressed or its box is checked.
//!
//! Reads what is known and chosen; changes nothing.

use super::graphs::Graphs;
use super::panels::Drawn;
use super::selection::Scope;
use super::selector::{Field, Selector};
use super::tree::{Row, scope_of_host, scope_of_plugin, series_of};
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

/// The scope a host's or a plugin's row stands for.
pub fn scope_of(store: &Store, row: Row) -> Option<Scope> {
    let hosts = store.index().hosts();
    match row {
        Row::Host { host } => hosts.get(host).map(scope_of_host),
        Row::Plugin { host, plugin } => {
            let host = hosts.get(host)?;
            host.plugins.get(plugin).map(|node| scope_of_plugin(host, node))
        }
        Row::Series { .. } => None,
    }
}

impl Picking<'_> {
    /// Enter, or a click: shows a host or a plugin and opens it, opens or closes the one that is
    /// shown, checks a series.
    pub fn press(&self, row: Row) -> Vec<Action> {
        let Some(scope) = scope_of(self.store, row) else {
            return self.check(row).into_iter().collect();
        };
        let open = self.view.open.contains(&scope);
        if self.view.scope() == Some(&scope) {
            return vec![Action::SetOpen { scope, open: !open }];
        }
        let opened = (!open).then(|| Action::SetOpen { scope: scope.clone(), open: true });
        opened.into_iter().chain([Action::Select(scope)]).collect()
    }

    /// Shows a host or a plugin, and opens it and its host in the sidebar.
    pub fn show(&self, scope: &Scope) -> Vec<Action> {
        let host = Scope::Host(scope.host().clone());
        let both = [Some(host), matches!(scope, Scope::Plugin { .. }).then(|| scope.clone())];
        let closed = both.into_iter().flatten().filter(|scope| !self.view.open.contains(scope));
        let open = closed.map(|scope| Action::SetOpen { scope, open: true });
        open.chain([Action::Select(scope.clone())]).collect()
    }

    /// Checks or unchecks a series, or all of a plugin's: if any is drawn, none is afterwards. What
    /// a graph hides (the idle time of a CPU) is checked by itself only. A host has no box.
    pub fn check(&self, row: Row) -> Option<Action> {
        let mut ids: Vec<_> = match row {
            Row::Host { .. } => return None,
            Row::Plugin { host, plugin } => {
                let host = self.store.index().hosts().get(host)?;
                series_of(host.plugins.get(plugin)?).collect()
            }
            Row::Series { id, .. } => vec![id],
        };
        let shown = !ids.iter().any(|id| self.drawn.contains_key(id));
        let hidden =
            |id: &SeriesId| self.store.series(*id).is_some_and(|series| self.graphs.hides(series));
        if shown && !ids.iter().all(hidden) {
            ids.retain(|id| !hidden(id));
        }
        let series = ids.into_iter().filter_map(|id| self.store.series(id));
        Some(Action::SetShown { keys: series.map(Series::key).collect(), shown })
    }

    /// What chooses just what a row stands for; none where it is gone.
    pub fn selector(&self, row: Row) -> Option<Selector> {
        match row {
            Row::Series { id, .. } => Some(Selector::of_series(&self.store.series(id)?.key())),
            Row::Host { .. } | Row::Plugin { .. } => {
                let words = match scope_of(self.store, row)? {
                    Scope::Host(host) => Field::Host.exactly(&host),
                    Scope::Plugin { host, plugin, instance } => [
                        Field::Host.exactly(&host),
                        Field::Plugin.exactly(&plugin),
                        Field::Instance.exactly(&instance),
                    ]
                    .join(" "),
                };
                Some(Selector::new(&words))
            }
        }
    }

    /// How many series a plugin's row has, and how many of them are drawn.
    pub fn count(&self, node: &PluginNode) -> (usize, usize) {
        let drawn = series_of(node).filter(|id| self.drawn.contains_key(id)).count();
        (series_of(node).count(), drawn)
    }
}
