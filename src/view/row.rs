//! Row: one line of the sidebar, and its lasting name.

use super::everywhere;
use super::selection::Scope;
use super::selector::{Field, Selector};
use crate::metric::SeriesKey;
use crate::store::{HostNode, PluginNode, SeriesId, Store};
use std::sync::Arc;

/// One row. Numbers are positions in the store's index, valid for the revision it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A host.
    Host {
        /// Position among the hosts.
        host: usize,
    },
    /// A plugin instance of all hosts that have it.
    Everywhere {
        /// Position of the first of them among the hosts.
        host: usize,
        /// Position among the plugins of that host.
        plugin: usize,
        /// How many hosts are below it.
        hosts: u32,
    },
    /// A plugin instance of a host.
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

/// What a row stands for, whatever else is there and wherever the row is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowName {
    /// A host, or a plugin instance of one.
    Scope(Scope),
    /// A plugin instance of all hosts.
    Everywhere {
        /// Plugin.
        plugin: Arc<str>,
        /// Plugin instance, may be empty.
        instance: Arc<str>,
    },
    /// A series.
    Series(SeriesKey),
}

impl From<Scope> for RowName {
    fn from(scope: Scope) -> Self {
        Self::Scope(scope)
    }
}

impl RowName {
    /// The row of a plugin instance of all hosts.
    pub fn everywhere(node: &PluginNode) -> Self {
        Self::Everywhere { plugin: node.plugin.clone(), instance: node.instance.clone() }
    }

    /// What chooses just what it stands for.
    pub fn selector(&self) -> Selector {
        let words = match self {
            Self::Series(key) => return Selector::of_series(key),
            Self::Everywhere { plugin, instance } => everywhere::words(plugin, instance),
            Self::Scope(Scope::Host(host)) => Field::Host.exactly(host),
            Self::Scope(Scope::Plugin { host, plugin, instance }) => {
                format!("{} {}", Field::Host.exactly(host), everywhere::words(plugin, instance))
            }
        };
        Selector::new(&words)
    }

    /// The host or the plugin that a selector chooses; none of one that chooses something else.
    pub fn chosen_by(selector: &Selector) -> Option<Self> {
        let name = |field| selector.value(field).map(Arc::from);
        let host = name(Field::Host);
        let plugin = name(Field::Plugin).zip(name(Field::Instance));
        let row = match (host, plugin) {
            (Some(host), None) => Scope::Host(host).into(),
            (Some(host), Some((plugin, instance))) => {
                Scope::Plugin { host, plugin, instance }.into()
            }
            (None, Some((plugin, instance))) => Self::Everywhere { plugin, instance },
            (None, None) => return None,
        };
        (row.selector().text() == selector.text()).then_some(row)
    }
}

impl Row {
    /// What it stands for; none where that is gone.
    pub fn name(self, store: &Store) -> Option<RowName> {
        match self {
            Self::Series { id, .. } => Some(RowName::Series(store.series(id)?.key())),
            Self::Everywhere { .. } => Some(RowName::everywhere(self.plugin(store)?.1)),
            Self::Host { .. } | Self::Plugin { .. } => self.scope(store).map(RowName::Scope),
        }
    }

    /// The host or the plugin of a host that it stands for.
    pub fn scope(self, store: &Store) -> Option<Scope> {
        match self {
            Self::Host { host } => store.index().hosts().get(host).map(scope_of_host),
            Self::Plugin { .. } => {
                self.plugin(store).map(|(host, node)| scope_of_plugin(host, node))
            }
            Self::Everywhere { .. } | Self::Series { .. } => None,
        }
    }

    /// The plugin that it is or lies in, of its host, or of the first of its hosts.
    pub fn plugin(self, store: &Store) -> Option<(&HostNode, &PluginNode)> {
        match self {
            Self::Host { .. } => None,
            Self::Everywhere { host, plugin, .. }
            | Self::Plugin { host, plugin }
            | Self::Series { host, plugin, .. } => {
                let host = store.index().hosts().get(host)?;
                Some((host, host.plugins.get(plugin)?))
            }
        }
    }

    /// Whether rows of this kind stand at the top of the tree.
    pub const fn is_top(self) -> bool {
        matches!(self, Self::Host { .. } | Self::Everywhere { .. })
    }
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
