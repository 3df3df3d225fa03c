//! The sidebar's rows: hosts, plugin instances and series, flattened and filtered.
//!
//! Flattened when the series, the filter or what is open change; a frame then touches only the
//! rows that it shows.

use super::filter::Filter;
use super::graphs::plain_label;
use super::selection::Scope;
use crate::store::{HostNode, ListNode, PluginNode, Series, SeriesId, Store};
use std::collections::HashSet;

/// One row. Numbers are positions in the store's index, valid for the revision it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A host.
    Host {
        /// Position among the hosts.
        host: usize,
    },
    /// A plugin instance.
    Plugin {
        /// Position among the hosts.
        host: usize,
        /// Position among its plugins.
        plugin: usize,
    },
    /// One series.
    Series {
        /// Position among the hosts.
        host: usize,
        /// Position among its plugins.
        plugin: usize,
        /// Which.
        id: SeriesId,
    },
}

/// The rows, and what they were made from.
#[derive(Debug, Default)]
pub struct Rows {
    /// In order of the screen.
    pub rows: Vec<Row>,
    /// Series that match the filter.
    pub matched: usize,
    made_for: Option<(u64, u64)>,
}

impl Rows {
    /// Flattens anew if the series or the tree's `revision` have changed.
    pub fn update(&mut self, store: &Store, filter: &Filter, open: &HashSet<Scope>, revision: u64) {
        let made_for = Some((store.revision(), revision));
        if self.made_for == made_for {
            return;
        }
        self.made_for = made_for;
        self.rows.clear();
        self.matched = 0;
        let mut flatten = Flatten { store, filter, open, rows: self, scratch: String::new() };
        for (host, node) in store.index().hosts().iter().enumerate() {
            flatten.host(host, node);
        }
    }
}

struct Flatten<'a> {
    store: &'a Store,
    filter: &'a Filter,
    open: &'a HashSet<Scope>,
    rows: &'a mut Rows,
    scratch: String,
}

impl Flatten<'_> {
    fn host(&mut self, host: usize, node: &HostNode) {
        let start = self.rows.rows.len();
        let matched = self.rows.matched;
        self.rows.rows.push(Row::Host { host });
        let open = self.is_open(|| scope_of_host(node));
        for (plugin, child) in node.plugins.iter().enumerate() {
            self.plugin(host, node, plugin, child, open);
        }
        if self.rows.matched == matched {
            self.rows.rows.truncate(start);
        }
    }

    fn plugin(
        &mut self,
        host: usize,
        up: &HostNode,
        plugin: usize,
        node: &PluginNode,
        shown: bool,
    ) {
        let start = self.rows.rows.len();
        let matched = self.rows.matched;
        if shown {
            self.rows.rows.push(Row::Plugin { host, plugin });
        }
        let open = shown && self.is_open(|| scope_of_plugin(up, node));
        for list in &node.lists {
            if !self.matches(list) {
                continue;
            }
            self.rows.matched += list.series.len();
            if open {
                let rows = list.series.iter().map(|&id| Row::Series { host, plugin, id });
                self.rows.rows.extend(rows);
            }
        }
        if self.rows.matched == matched {
            self.rows.rows.truncate(start);
        }
    }

    /// A filter opens what it finds; the user's own choice is kept for when it is cleared.
    fn is_open(&self, scope: impl Fn() -> Scope) -> bool {
        !self.filter.is_empty() || self.open.contains(&scope())
    }

    fn matches(&mut self, list: &ListNode) -> bool {
        if self.filter.is_empty() {
            return true;
        }
        let series = list.series.first().and_then(|&id| self.store.series(id));
        series.is_some_and(|series| self.filter.matches(&series.identifier, &mut self.scratch))
    }
}

/// The cursor after a step of `by` among `rows` rows; the first step puts it on the first.
pub fn moved(cursor: Option<usize>, by: isize, rows: usize) -> Option<usize> {
    let last = rows.saturating_sub(1);
    Some(cursor.map_or(0, |row| row.saturating_add_signed(by).min(last)))
}

/// The scope a host row stands for.
pub fn scope_of_host(node: &HostNode) -> Scope {
    Scope::Host(node.name.clone())
}

/// The scope a plugin row stands for.
pub fn scope_of_plugin(host: &HostNode, node: &PluginNode) -> Scope {
    Scope::Plugin {
        host: host.name.clone(),
        plugin: node.plugin.clone(),
        instance: node.instance.clone(),
    }
}

/// What a plugin row is called: `cpu-0`, `load`.
pub fn plugin_label(node: &PluginNode) -> String {
    if node.instance.is_empty() {
        node.plugin.to_string()
    } else {
        format!("{}-{}", node.plugin, node.instance)
    }
}

/// What a series is called under its plugin: only what the plugin's row does not say.
pub fn series_label(node: &PluginNode, series: &Series) -> String {
    let id = &series.identifier;
    let label = plain_label(id, &series.ds_name, series.ds_count);
    // Where every value of the plugin has one type, the type says nothing.
    let one_type = node.lists.iter().all(|list| *list.type_ == *id.type_);
    if one_type || (id.type_instance.is_empty() && series.ds_count == 1) {
        return label;
    }
    let short = id.type_.strip_prefix("if_").unwrap_or(&id.type_);
    let short = short
        .strip_prefix(&*id.plugin)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(short);
    format!("{short} {label}")
}

/// All series of a plugin row.
pub fn series_of(node: &PluginNode) -> impl Iterator<Item = SeriesId> + '_ {
    node.lists.iter().flat_map(|list| list.series.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::moved;

    #[test]
    fn the_cursor_starts_at_the_first_row_and_stays_on_the_rows() {
        assert_eq!(moved(None, 1, 3), Some(0));
        assert_eq!(moved(Some(0), 9, 3), Some(2));
        assert_eq!(moved(Some(1), -9, 3), Some(0));
        assert_eq!(moved(Some(5), 1, 0), Some(0));
    }
}
