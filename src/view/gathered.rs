//! Gathered: rows that are drawn, checked and dragged together.
//!
//! They are kept by name, so that they stay the same rows while others come and go. A range takes
//! the rows of one kind: from a series to another one the series, and not the plugins between.

use super::Action;
use super::action::DrawnAs;
use super::everywhere;
use super::pick::Picking;
use super::row::{Row, RowName};
use super::selection::Scope;
use super::selector::{Field, Selector};
use super::tree::series_of;
use crate::metric::SeriesKey;
use crate::store::{PluginNode, SeriesId, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

/// Rows at once: more than anyone draws, and each is looked for in every frame.
pub const GATHERED_MAX: usize = 500;
/// Series that are checked at once.
const CHECKED_MAX: usize = 20_000;

/// The rows that were gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Which.
    pub names: BTreeSet<RowName>,
    /// The row that a range begins at.
    pub from: Option<usize>,
}

/// What is gathered on.
#[derive(Clone, Copy, Debug)]
pub struct Gathering<'a> {
    /// What is known.
    pub store: &'a Store,
    /// All rows.
    pub rows: &'a [Row],
    /// What is gathered so far.
    pub gathered: &'a Gathered,
    /// The row that the keyboard is on.
    pub cursor: Option<usize>,
}

impl Gathering<'_> {
    /// Takes one more row, or leaves it out again.
    pub fn toggled(&self, at: usize) -> Option<Action> {
        let name = self.rows.get(at)?.name(self.store)?;
        let mut names = self.gathered.names.clone();
        if !names.remove(&name) && names.len() < GATHERED_MAX {
            names.insert(name);
        }
        Some(Action::Gather { names, from: Some(at), cursor: at })
    }

    /// Takes the rows from where the range begins to this one.
    pub fn extended(&self, to: usize) -> Option<Action> {
        let from = self.gathered.from.or(self.cursor).unwrap_or(to).min(self.rows.len());
        let range = self.rows.get(from.min(to)..=from.max(to))?;
        let names = self.alike(*self.rows.get(from)?, range.iter().copied(), from > to);
        Some(Action::Gather { names, from: Some(from), cursor: to })
    }

    /// Takes all rows of the kind that the cursor is on; without one what a filter finds are
    /// series, and else the rows at the top are meant.
    pub fn all(&self, has_filter: bool) -> Option<Action> {
        let is_series = |row: &&Row| matches!(row, Row::Series { .. });
        let cursor = self.cursor.and_then(|at| self.rows.get(at));
        let found = || self.rows.iter().find(is_series).filter(|_| has_filter);
        let kind = cursor.or_else(found).or(self.rows.first())?;
        let first = self.rows.iter().position(|row| discriminant(row) == discriminant(kind))?;
        let names = self.alike(*kind, self.rows.iter().copied(), false);
        let cursor = self.cursor.unwrap_or(first);
        Some(Action::Gather { names, from: Some(cursor), cursor })
    }

    /// The names of rows of one kind; `backwards` where the last are nearer.
    fn alike(
        &self,
        kind: Row,
        rows: impl DoubleEndedIterator<Item = Row>,
        backwards: bool,
    ) -> BTreeSet<RowName> {
        let alike = rows.filter(|row| discriminant(row) == discriminant(&kind));
        let name = |row: Row| row.name(self.store);
        match backwards {
            false => alike.filter_map(name).take(GATHERED_MAX).collect(),
            true => alike.rev().filter_map(name).take(GATHERED_MAX).collect(),
        }
    }
}

impl Picking<'_> {
    /// What chooses the rows that were gathered, and how it is drawn: series in one panel, else as
    /// the catalogue does; none where nothing is gathered.
    pub fn gathered(&self) -> Option<(Vec<Selector>, DrawnAs)> {
        let names = &self.view.gathered.names;
        // The same of several hosts is one choice: hosts, then plugins, then series.
        let mut of_hosts: BTreeMap<(u8, String), BTreeSet<&str>> = BTreeMap::new();
        let mut of_all = Vec::new();
        for name in names {
            let (kind, words, host) = match name {
                RowName::Scope(Scope::Host(host)) => (0, String::new(), &**host),
                RowName::Scope(Scope::Plugin { host, plugin, instance }) => {
                    (1, everywhere::words(plugin, instance), &**host)
                }
                RowName::Series(key) => {
                    let words = Selector::of_series(key).without(Field::Host).text().to_owned();
                    (2, words, &*key.identifier.host)
                }
                RowName::Everywhere { .. } => {
                    of_all.push(name.selector());
                    continue;
                }
            };
            of_hosts.entry((kind, words)).or_default().insert(host);
        }
        let is_series = |name: &RowName| matches!(name, RowName::Series(_));
        let panels = if names.iter().all(is_series) { DrawnAs::One } else { DrawnAs::Catalogue };
        let show = of_hosts.into_iter().map(|((_, words), hosts)| {
            Selector::new(format!("{} {words}", Field::Host.one_of(hosts)).trim_end())
        });
        let show: Vec<_> = of_all.into_iter().chain(show).collect();
        (!show.is_empty()).then_some((show, panels))
    }

    /// Checks or unchecks all that were gathered, as [`Picking::check`] does with one row.
    pub fn check_gathered(&self) -> Option<Action> {
        let names = self.view.gathered.names.iter();
        let ids: Vec<_> = names.flat_map(|name| self.ids_of(name)).take(CHECKED_MAX).collect();
        (!ids.is_empty()).then(|| self.set_shown(ids))
    }

    /// All series that a row stands for.
    pub fn all_below(&self, name: &RowName) -> Vec<SeriesId> {
        let hosts = self.store.index().hosts();
        match name {
            RowName::Scope(Scope::Host(host)) => {
                let host = self.store.index().host(host);
                host.into_iter().flat_map(|host| host.plugins.iter()).flat_map(series_of).collect()
            }
            RowName::Everywhere { plugin, instance } => {
                let all = hosts.iter().flat_map(|host| host.plugins.iter());
                let is_it =
                    |node: &&PluginNode| node.plugin == *plugin && node.instance == *instance;
                all.filter(is_it).flat_map(series_of).collect()
            }
            name => self.ids_of(name),
        }
    }

    /// The series below a plugin of a host, or the one that is meant; of what has no box none.
    fn ids_of(&self, name: &RowName) -> Vec<SeriesId> {
        match name {
            RowName::Series(key) => self.id_of(key).into_iter().collect(),
            RowName::Scope(Scope::Plugin { host, plugin, instance }) => {
                let host = self.store.index().host(host);
                let mut plugins = host.into_iter().flat_map(|host| host.plugins.iter());
                let node =
                    plugins.find(|node| node.plugin == *plugin && node.instance == *instance);
                node.map(|node| series_of(node).collect()).unwrap_or_default()
            }
            RowName::Scope(Scope::Host(_)) | RowName::Everywhere { .. } => Vec::new(),
        }
    }

    fn id_of(&self, key: &SeriesKey) -> Option<SeriesId> {
        let list = self.store.index().list(&key.identifier)?;
        let is_it =
            |id: &SeriesId| self.store.series(*id).is_some_and(|series| series.ds_name == key.ds);
        list.series.iter().copied().find(is_it)
    }
}
