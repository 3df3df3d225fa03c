//! What is on the canvas: a scope the user picked, and series checked or unchecked one by one.
//!
//! A scope is a rule, not a list, so that what appears later under it is drawn too; nothing
//! outside it ever adds itself. Everything is named for ever: what is chosen and not there (yet, or
//! any more) waits for it.

use super::aliases::Aliases;
use super::graphs::{Graphs, Place};
use crate::metric::{Identifier, SeriesKey, with_instance};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What was picked in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// A host: its overview.
    Host(Arc<str>),
    /// One plugin instance of a host: all its panels.
    Plugin {
        /// Host.
        host: Arc<str>,
        /// Plugin.
        plugin: Arc<str>,
        /// Plugin instance, may be empty.
        instance: Arc<str>,
    },
}

/// What is on the canvas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    scope: Option<Scope>,
    /// Shared, so that a copy is cheap and so is to see that it is the same.
    on: Arc<BTreeSet<SeriesKey>>,
    off: Arc<BTreeSet<SeriesKey>>,
    whole: bool,
    first: bool,
}

impl Scope {
    /// The host it lies on.
    pub const fn host(&self) -> &Arc<str> {
        match self {
            Self::Host(host) | Self::Plugin { host, .. } => host,
        }
    }

    /// What it is called: `web-1`, `web-1 cpu-0`.
    pub fn title(&self, aliases: &Aliases) -> String {
        let host = aliases.of(self.host());
        match self {
            Self::Host(_) => host.to_owned(),
            Self::Plugin { plugin, instance, .. } => {
                format!("{host} {}", with_instance(plugin, instance))
            }
        }
    }

    /// Whether `identifier` lies inside.
    pub fn covers(&self, identifier: &Identifier) -> bool {
        match self {
            Self::Host(host) => **host == *identifier.host,
            Self::Plugin { host, plugin, instance } => {
                **host == *identifier.host
                    && **plugin == *identifier.plugin
                    && **instance == *identifier.plugin_instance
            }
        }
    }
}

impl Selection {
    /// The scope that was picked, if any.
    pub const fn scope(&self) -> Option<&Scope> {
        self.scope.as_ref()
    }

    /// Series checked one by one.
    pub fn checked(&self) -> &BTreeSet<SeriesKey> {
        &self.on
    }

    /// Series unchecked one by one.
    pub fn unchecked(&self) -> &BTreeSet<SeriesKey> {
        &self.off
    }

    /// Whether the series was unchecked.
    pub fn is_unchecked(&self, key: &SeriesKey) -> bool {
        self.off.contains(key)
    }

    /// Whether the overview of a host leaves nothing out.
    pub const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Puts `scope` on the canvas, and nothing else.
    pub fn select(&mut self, scope: Scope) {
        *self = Self { scope: Some(scope), ..Self::default() };
    }

    /// The same without the user's asking: the first that there is.
    pub fn select_first(&mut self, scope: Scope) {
        *self = Self { scope: Some(scope), first: true, ..Self::default() };
    }

    /// Whether the scope is there because it was the first, and nobody asked for it.
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Whether the user asked for the same: what is there because it was the first is no choice.
    pub fn is_same_choice(&self, other: &Self) -> bool {
        let chosen = |selection: &Self| !selection.first && *selection != Self::default();
        match (chosen(self), chosen(other)) {
            (true, true) => self == other,
            (one, other) => one == other,
        }
    }

    /// Whether it draws the same as another, whoever asked for it.
    pub fn draws_as(&self, other: &Self) -> bool {
        Self { first: other.first, ..self.clone() } == *other
    }

    /// Shows all panels of each kind, until another scope is picked.
    pub const fn show_whole(&mut self) {
        (self.whole, self.first) = (true, false);
    }

    /// Checks or unchecks single series.
    pub fn set(&mut self, keys: &[SeriesKey], shown: bool) {
        // What is changed was chosen.
        self.first = false;
        let (on, off) = (Arc::make_mut(&mut self.on), Arc::make_mut(&mut self.off));
        let (add, remove) = if shown { (on, off) } else { (off, on) };
        for key in keys {
            remove.remove(key);
            add.insert(key.clone());
        }
    }

    /// Whether the series, which has this place in the catalogue, is drawn.
    pub fn shows(&self, key: &SeriesKey, place: Option<Place>, graphs: &Graphs) -> bool {
        if self.off.contains(key) {
            return false;
        }
        if self.on.contains(key) {
            return true;
        }
        let covers = |scope: &&Scope| scope.covers(&key.identifier);
        let Some(scope) = self.scope.as_ref().filter(covers) else {
            return false;
        };
        let rule = place.and_then(|place| {
            let graph = graphs.get(place.graph)?;
            Some((graph, graph.line.get(place.line)?))
        });
        match (scope, rule) {
            (_, Some((_, line))) if line.hidden => false,
            (Scope::Host(_), Some((graph, _))) => graph.overview.is_some(),
            (Scope::Host(_), None) => false,
            (Scope::Plugin { .. }, _) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(plugin: &str, type_: &str, instance: &str, ds: &str) -> SeriesKey {
        let identifier = Identifier::new("h", plugin, "", type_, instance);
        SeriesKey { identifier: identifier.into(), ds: ds.into() }
    }

    fn shows(selection: &Selection, plugin: &str, type_: &str, instance: &str, ds: &str) -> bool {
        let graphs = Graphs::built_in();
        let key = key(plugin, type_, instance, ds);
        selection.shows(&key, graphs.place(&key.identifier, ds), &graphs)
    }

    fn on_host(host: &str) -> Selection {
        let mut selection = Selection::default();
        selection.select(Scope::Host(host.into()));
        selection
    }

    #[test]
    fn nothing_is_drawn_before_something_is_picked() {
        assert!(!shows(&Selection::default(), "load", "load", "", "shortterm"));
    }

    #[test]
    fn a_host_draws_its_overview_and_nothing_more() {
        assert!(shows(&on_host("h"), "load", "load", "", "shortterm"));
        assert!(!shows(&on_host("h"), "uptime", "uptime", "", "value"));
        assert!(!shows(&on_host("other"), "load", "load", "", "shortterm"));
    }

    #[test]
    fn hidden_lines_are_drawn_only_when_they_are_checked() {
        let mut selection = on_host("h");
        assert!(!shows(&selection, "cpu", "percent", "idle", "value"));
        selection.set(&[key("cpu", "percent", "idle", "value")], true);
        assert!(shows(&selection, "cpu", "percent", "idle", "value"));
    }

    #[test]
    fn a_plugin_draws_all_that_it_measures() {
        let mut selection = Selection::default();
        selection.select(Scope::Plugin {
            host: "h".into(),
            plugin: "frobnicator".into(),
            instance: "".into(),
        });
        assert!(shows(&selection, "frobnicator", "frobs", "", "value"));
        assert!(!shows(&selection, "load", "load", "", "shortterm"));
    }

    #[test]
    fn unchecking_wins_over_the_scope_until_another_is_picked() {
        let mut selection = on_host("h");
        selection.set(&[key("load", "load", "", "shortterm")], false);
        assert!(!shows(&selection, "load", "load", "", "shortterm"));
        selection.select(Scope::Host("h".into()));
        assert!(shows(&selection, "load", "load", "", "shortterm"));
    }
}
