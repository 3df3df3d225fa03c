//! Hidden: rows of the sidebar that the user does not want to see: a host, a plugin of a host, or a
//! plugin wherever it is.

use super::row::RowName;
use super::selection::Scope;
use crate::store::PluginNode;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A plugin and its instance.
type Plugin = (Arc<str>, Arc<str>);

/// The rows that are hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    hosts: BTreeSet<Arc<str>>,
    /// By host; no set is empty.
    plugins: BTreeMap<Arc<str>, BTreeSet<Plugin>>,
    /// Of all hosts.
    everywhere: BTreeSet<Plugin>,
}

impl Hidden {
    /// Whether a row can be hidden: a single series cannot.
    pub const fn can_have(row: &RowName) -> bool {
        !matches!(row, RowName::Series(_))
    }

    /// Hides a row, or shows it again.
    pub fn set(&mut self, row: RowName, hidden: bool) {
        match row {
            RowName::Scope(Scope::Host(host)) => put(&mut self.hosts, host, hidden),
            RowName::Scope(Scope::Plugin { host, plugin, instance }) => {
                let of_host = self.plugins.entry(Arc::clone(&host)).or_default();
                put(of_host, (plugin, instance), hidden);
                if of_host.is_empty() {
                    self.plugins.remove(&host);
                }
            }
            RowName::Everywhere { plugin, instance } => {
                put(&mut self.everywhere, (plugin, instance), hidden);
            }
            RowName::Series(_) => {}
        }
    }

    /// Whether the user hid just this row.
    pub fn has(&self, row: &RowName) -> bool {
        let is_in = |all: &BTreeSet<Plugin>, plugin: &Arc<str>, instance: &Arc<str>| {
            all.contains(&(Arc::clone(plugin), Arc::clone(instance)))
        };
        match row {
            RowName::Scope(Scope::Host(host)) => self.has_host(host),
            RowName::Scope(Scope::Plugin { host, plugin, instance }) => {
                self.plugins.get(host).is_some_and(|all| is_in(all, plugin, instance))
            }
            RowName::Everywhere { plugin, instance } => is_in(&self.everywhere, plugin, instance),
            RowName::Series(_) => false,
        }
    }

    /// Whether a host is hidden.
    pub fn has_host(&self, host: &str) -> bool {
        self.hosts.contains(host)
    }

    /// Whether a plugin of a host is hidden: there, or wherever it is.
    pub fn has_plugin(&self, host: &str, node: &PluginNode) -> bool {
        let of_host = self.plugins.get(host);
        if of_host.is_none() && self.everywhere.is_empty() {
            return false;
        }
        let plugin = (Arc::clone(&node.plugin), Arc::clone(&node.instance));
        self.everywhere.contains(&plugin) || of_host.is_some_and(|all| all.contains(&plugin))
    }

    /// Whether nothing is hidden.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows are hidden.
    pub fn len(&self) -> usize {
        let of_hosts = self.plugins.values().map(BTreeSet::len).sum::<usize>();
        self.hosts.len() + of_hosts + self.everywhere.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = RowName> {
        let hosts = self.hosts.iter().map(|host| Scope::Host(Arc::clone(host)).into());
        let plugins = self.plugins.iter().flat_map(|(host, all)| {
            all.iter().cloned().map(|(plugin, instance)| {
                Scope::Plugin { host: Arc::clone(host), plugin, instance }.into()
            })
        });
        let everywhere = self.everywhere.iter().cloned();
        let everywhere =
            everywhere.map(|(plugin, instance)| RowName::Everywhere { plugin, instance });
        hosts.chain(plugins).chain(everywhere)
    }
}

fn put<T: Ord>(all: &mut BTreeSet<T>, one: T, is_in: bool) {
    if is_in {
        all.insert(one);
    } else {
        all.remove(&one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Identifier, SeriesKey};

    #[test]
    fn each_kind_of_row_is_hidden_and_shown_again_by_itself() {
        let (host, plugin, instance) = (Arc::from("web"), Arc::from("df"), Arc::from("root"));
        let here = Scope::Plugin {
            host: Arc::clone(&host),
            plugin: Arc::clone(&plugin),
            instance: Arc::clone(&instance),
        };
        let everywhere = RowName::Everywhere { plugin, instance };
        let rows = [Scope::Host(host).into(), here.into(), everywhere];
        let mut hidden = Hidden::default();
        for (count, row) in (1..).zip(&rows) {
            assert!(Hidden::can_have(row) && !hidden.has(row));
            hidden.set(row.clone(), true);
            assert!(hidden.has(row) && hidden.len() == count);
        }
        assert!(hidden.iter().eq(rows.iter().cloned()));
        assert!(hidden.has_host("web") && !hidden.has_host("db"));
        for row in rows {
            hidden.set(row.clone(), false);
            assert!(!hidden.has(&row));
        }
        assert_eq!(hidden, Hidden::default());
        let identifier = Identifier::new("web", "df", "root", "df_complex", "free").into();
        let series = RowName::Series(SeriesKey { identifier, ds: "value".into() });
        hidden.set(series.clone(), true);
        assert!(hidden.is_empty() && !Hidden::can_have(&series));
    }
}
