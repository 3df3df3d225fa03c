//! The sidebar's rows: hosts, plugin instances and series, flattened and filtered.
//!
//! Flattened when the series, the filter or what is open change; a frame then touches only the
//! rows that it shows. What is closed is not walked, and a filter looks at each name once.

use super::filter::{Filter, Undecided, push_lower, push_pair};
use super::graphs::plain_label;
use super::selection::Scope;
use super::texts::{FoundInTexts, Texts};
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
    texts: Texts,
}

impl Rows {
    /// Flattens anew if the series or the tree's `revision` have changed.
    pub fn update(&mut self, store: &Store, filter: &Filter, open: &HashSet<Scope>, revision: u64) {
        self.texts.learn(store);
        let made_for = Some((store.revision(), revision));
        if self.made_for == made_for {
            return;
        }
        self.made_for = made_for;
        self.rows.clear();
        let mut flatten = Flatten { rows: &mut self.rows, matched: 0 };
        let hosts = store.index().hosts();
        if filter.is_empty() {
            for (host, node) in hosts.iter().enumerate() {
                flatten.host(host, node, open);
            }
            self.matched = store.usage().series;
            return;
        }
        let found = FoundInTexts::new(&mut self.texts, filter);
        let mut sieve = Sieve { filter, found, text: String::new() };
        for (host, node) in hosts.iter().enumerate() {
            flatten.host_filtered(host, node, &mut sieve);
        }
        self.matched = flatten.matched;
    }
}

struct Flatten<'a> {
    rows: &'a mut Vec<Row>,
    /// Series that match the filter.
    matched: usize,
}

/// A filter, and what it finds.
struct Sieve<'a> {
    filter: &'a Filter,
    found: FoundInTexts<'a>,
    text: String,
}

impl Flatten<'_> {
    fn host(&mut self, host: usize, node: &HostNode, open: &HashSet<Scope>) {
        if node.plugins.is_empty() {
            return;
        }
        self.rows.push(Row::Host { host });
        if !open.contains(&scope_of_host(node)) {
            return;
        }
        for (plugin, child) in node.plugins.iter().enumerate() {
            self.rows.push(Row::Plugin { host, plugin });
            if open.contains(&scope_of_plugin(node, child)) {
                self.rows.extend(series_of(child).map(|id| Row::Series { host, plugin, id }));
            }
        }
    }

    /// A filter opens what it finds; the user's own choice is kept for when it is cleared.
    fn host_filtered(&mut self, host: usize, node: &HostNode, sieve: &mut Sieve<'_>) {
        let Some(left) = sieve.filter.narrow_by_host(&node.name, &mut sieve.text) else {
            return;
        };
        let (start, matched) = (self.rows.len(), self.matched);
        self.rows.push(Row::Host { host });
        for (plugin, child) in node.plugins.iter().enumerate() {
            self.plugin_filtered((host, node), (plugin, child), left, sieve);
        }
        if self.matched == matched {
            self.rows.truncate(start);
        }
    }

    fn plugin_filtered(
        &mut self,
        (host, up): (usize, &HostNode),
        (plugin, node): (usize, &PluginNode),
        left: Undecided,
        sieve: &mut Sieve<'_>,
    ) {
        let name = (&*node.plugin, &*node.instance);
        let Some(left) = sieve.filter.narrow_by_plugin(left, name, &mut sieve.text) else {
            return;
        };
        let (start, matched) = (self.rows.len(), self.matched);
        self.rows.push(Row::Plugin { host, plugin });
        for list in &node.lists {
            if left.is_empty() || sieve.lets_through(up, node, list, left) {
                self.matched += list.series.len();
                self.rows.extend(list.series.iter().map(|&id| Row::Series { host, plugin, id }));
            }
        }
        if self.matched == matched {
            self.rows.truncate(start);
        }
    }
}

impl Sieve<'_> {
    fn lets_through(
        &mut self,
        host: &HostNode,
        plugin: &PluginNode,
        list: &ListNode,
        left: Undecided,
    ) -> bool {
        let filter = self.filter;
        self.found.of(list).is_some_and(|(found, type_)| {
            filter.decide(left, found, |whole| {
                push_lower(whole, &host.name);
                push_pair(whole, &plugin.plugin, &plugin.instance);
                whole.push('/');
                whole.push_str(type_);
            })
        })
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
