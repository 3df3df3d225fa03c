//! Pivot: the tree by hosts, or turned: plugin instances, and below each the hosts that have it.
//!
//! A filter walks over the hosts either way; what it found is turned afterwards, so that it costs
//! the same.

use super::row::Row;
use crate::metric::natural_cmp;
use crate::store::PluginNode;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// What stands at the top of the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pivot {
    /// Hosts, and their plugins below.
    #[default]
    Hosts,
    /// Plugin instances, and their hosts below.
    Plugins,
}

impl Pivot {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Hosts, Self::Plugins];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hosts => "Hosts",
            Self::Plugins => "Plugins",
        }
    }

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Hosts => Self::Plugins,
            Self::Plugins => Self::Hosts,
        }
    }
}

/// A plugin instance, and what belongs to it of each host, in the order in which it came.
#[derive(Debug)]
pub(super) struct Group<'a, T> {
    pub(super) node: &'a PluginNode,
    pub(super) items: Vec<T>,
}

/// The items by plugin instance, in natural order.
pub(super) fn by_plugin<'a, T>(
    items: impl Iterator<Item = (&'a PluginNode, T)>,
) -> Vec<Group<'a, T>> {
    let mut groups: Vec<Group<'a, T>> = Vec::new();
    // Names are shared, so that most are the same where they are in the same place.
    let mut known: HashMap<(usize, usize), usize, RandomState> = HashMap::default();
    for (node, item) in items {
        let place =
            *known.entry((address(&node.plugin), address(&node.instance))).or_insert_with(|| {
                groups.push(Group { node, items: Vec::new() });
                groups.len() - 1
            });
        if let Some(group) = groups.get_mut(place) {
            group.items.push(item);
        }
    }
    groups.sort_by(|a, b| {
        let (a, b) = (a.node, b.node);
        natural_cmp(&a.plugin, &b.plugin).then_with(|| natural_cmp(&a.instance, &b.instance))
    });
    groups.dedup_by(|later, earlier| {
        let is_same = later.node.plugin == earlier.node.plugin
            && later.node.instance == earlier.node.instance;
        if is_same {
            earlier.items.append(&mut later.items);
        }
        is_same
    });
    groups
}

fn address(name: &Arc<str>) -> usize {
    Arc::as_ptr(name).cast::<u8>().addr()
}

/// The row of a group, which begins at that plugin of that host.
pub(super) fn top_row(host: usize, plugin: usize, hosts: usize) -> Row {
    Row::Everywhere { host, plugin, hosts: u32::try_from(hosts).unwrap_or(u32::MAX) }
}

/// Rows by host as rows by plugin; `node` finds the plugin of a row.
pub(super) fn turned<'a>(
    rows: &[Row],
    node: impl Fn(usize, usize) -> Option<&'a PluginNode>,
) -> Vec<Row> {
    let mut runs: Vec<(&PluginNode, Range<usize>)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        match *row {
            Row::Plugin { host, plugin } => {
                runs.extend(node(host, plugin).map(|node| (node, at..at + 1)));
            }
            Row::Series { .. } => {
                if let Some((_, run)) = runs.last_mut() {
                    run.end = at + 1;
                }
            }
            Row::Host { .. } | Row::Everywhere { .. } => {}
        }
    }
    let mut turned = Vec::with_capacity(rows.len());
    for group in by_plugin(runs.into_iter()) {
        let mut first = group.items.first().and_then(|run| rows.get(run.start)).copied();
        for run in &group.items {
            if let Some(Row::Plugin { host, plugin }) = first.take() {
                turned.push(top_row(host, plugin, group.items.len()));
            }
            turned.extend_from_slice(rows.get(run.clone()).unwrap_or_default());
        }
    }
    turned
}
