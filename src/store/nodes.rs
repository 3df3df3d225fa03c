//! Nodes of the tree of names, and how new series are brought into them.
//!
//! Every level does the same ([`Node`]): a sorted group of new series goes into the node of its
//! name, or becomes a new one. Knows nothing of the index that finds hosts by name or number.

use super::SeriesId;
use super::cost::{allocated, vec_bytes};
use super::last_seen::LastSeen;
use crate::metric::{Identifier, natural_cmp};
use std::cmp::Ordering;
use std::sync::Arc;

/// Number of a host; stays the same when others are inserted. That of a host that was forgotten
/// is given to another: none of its series is left that could ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct HostNumber(pub(super) u32);

impl HostNumber {
    /// Number of no host.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// Its place in a list of all.
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// One host.
#[derive(Debug)]
pub struct HostNode {
    /// Its name.
    pub name: Arc<str>,
    /// Its plugins, in natural order of plugin, then instance. Shared with whoever looks at the
    /// tree on another thread ([`super::Index::shared`]), who keeps them as they were.
    pub plugins: Arc<Vec<PluginNode>>,
    /// Times at which it was last received.
    pub last_seen: LastSeen,
    pub(super) number: HostNumber,
}

/// One plugin instance of a host.
#[derive(Clone, Debug)]
pub struct PluginNode {
    /// Plugin that measured.
    pub plugin: Arc<str>,
    /// Plugin instance, may be empty.
    pub instance: Arc<str>,
    /// Its value lists, in natural order of type, then type instance.
    pub lists: Vec<ListNode>,
}

/// One identifier.
#[derive(Clone, Debug)]
pub struct ListNode {
    /// Entry of types.db.
    pub type_: Arc<str>,
    /// Type instance, may be empty.
    pub instance: Arc<str>,
    /// Its series in order of appearance, that is by data source; a data source that changed its
    /// DS type appears again.
    pub series: Vec<SeriesId>,
}

/// At most what a list adds to the tree, as if it were the first of its host and plugin.
pub(super) const NODES_BYTES: usize =
    size_of::<ListNode>() + size_of::<PluginNode>() + size_of::<HostNode>() + 5 * 32;
/// Bytes of a host that make its plugins shareable.
const PLUGINS_BYTES: usize = allocated(size_of::<Vec<PluginNode>>() + 16);

/// A series that is not in the tree yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) identifier: Arc<Identifier>,
    pub(super) series: SeriesId,
    pub(super) host: HostNumber,
}

/// A level of the tree: how a group of new series becomes a node, and goes into one.
pub(super) trait Node {
    fn new(first: &Pending) -> Self;
    fn cmp_identifier(&self, identifier: &Identifier) -> Ordering;
    fn cmp_node(&self, other: &Self) -> Ordering;
    /// Adds a group, and to `bytes` what the tree allocates for it.
    fn add(&mut self, group: &[Pending], bytes: &mut usize);
    /// Bytes allocated below it.
    fn heap_bytes(&self) -> usize;
}

impl Node for HostNode {
    fn new(first: &Pending) -> Self {
        Self {
            name: Arc::clone(&first.identifier.host),
            plugins: Arc::default(),
            last_seen: LastSeen::default(),
            number: first.host,
        }
    }

    fn cmp_identifier(&self, identifier: &Identifier) -> Ordering {
        natural_cmp(&self.name, &identifier.host)
    }

    fn cmp_node(&self, other: &Self) -> Ordering {
        natural_cmp(&self.name, &other.name)
    }

    fn add(&mut self, group: &[Pending], bytes: &mut usize) {
        if self.plugins.is_empty() {
            *bytes += PLUGINS_BYTES;
        } else if Arc::get_mut(&mut self.plugins).is_none() {
            // A copy has no room to spare.
            let before = self.heap_bytes();
            Arc::make_mut(&mut self.plugins);
            *bytes = (*bytes + self.heap_bytes()).saturating_sub(before);
        }
        place_groups(Arc::make_mut(&mut self.plugins), group, by_plugin, bytes);
    }

    fn heap_bytes(&self) -> usize {
        PLUGINS_BYTES
            + vec_bytes::<PluginNode>(self.plugins.capacity())
            + self.plugins.iter().map(Node::heap_bytes).sum::<usize>()
    }
}

impl Node for PluginNode {
    fn new(first: &Pending) -> Self {
        Self {
            plugin: Arc::clone(&first.identifier.plugin),
            instance: Arc::clone(&first.identifier.plugin_instance),
            lists: Vec::new(),
        }
    }

    fn cmp_identifier(&self, id: &Identifier) -> Ordering {
        pair_cmp((&self.plugin, &self.instance), (&id.plugin, &id.plugin_instance))
    }

    fn cmp_node(&self, other: &Self) -> Ordering {
        pair_cmp((&self.plugin, &self.instance), (&other.plugin, &other.instance))
    }

    fn add(&mut self, group: &[Pending], bytes: &mut usize) {
        place_groups(&mut self.lists, group, by_list, bytes);
    }

    fn heap_bytes(&self) -> usize {
        vec_bytes::<ListNode>(self.lists.capacity())
            + self.lists.iter().map(Node::heap_bytes).sum::<usize>()
    }
}

impl Node for ListNode {
    fn new(first: &Pending) -> Self {
        Self {
            type_: Arc::clone(&first.identifier.type_),
            instance: Arc::clone(&first.identifier.type_instance),
            series: Vec::new(),
        }
    }

    fn cmp_identifier(&self, id: &Identifier) -> Ordering {
        pair_cmp((&self.type_, &self.instance), (&id.type_, &id.type_instance))
    }

    fn cmp_node(&self, other: &Self) -> Ordering {
        pair_cmp((&self.type_, &self.instance), (&other.type_, &other.instance))
    }

    fn add(&mut self, group: &[Pending], bytes: &mut usize) {
        let before = self.heap_bytes();
        self.series.reserve_exact(group.len());
        self.series.extend(group.iter().map(|pending| pending.series));
        *bytes += self.heap_bytes() - before;
    }

    fn heap_bytes(&self) -> usize {
        vec_bytes::<SeriesId>(self.series.capacity())
    }
}

/// Puts sorted series, group by group, into the nodes they belong to; new nodes are merged in at
/// once, so that many cost as much as one.
pub(super) fn place_groups<N: Node>(
    nodes: &mut Vec<N>,
    pending: &[Pending],
    order: fn(&Pending, &Pending) -> Ordering,
    bytes: &mut usize,
) {
    let before = vec_bytes::<N>(nodes.capacity());
    let mut fresh = Vec::new();
    for group in pending.chunk_by(|a, b| order(a, b) == Ordering::Equal) {
        let Some(first) = group.first() else { continue };
        match nodes.binary_search_by(|node| node.cmp_identifier(&first.identifier)) {
            Ok(position) => {
                if let Some(node) = nodes.get_mut(position) {
                    node.add(group, bytes);
                }
            }
            Err(_) => {
                let mut node = N::new(first);
                node.add(group, bytes);
                fresh.push(node);
            }
        }
    }
    merge(nodes, fresh);
    *bytes = (*bytes + vec_bytes::<N>(nodes.capacity())).saturating_sub(before);
}

/// Merges two sorted lists that share no element.
fn merge<N: Node>(nodes: &mut Vec<N>, fresh: Vec<N>) {
    if fresh.len() <= 1 {
        for node in fresh {
            let position = nodes.partition_point(|old| old.cmp_node(&node) == Ordering::Less);
            if nodes.len() == nodes.capacity() {
                // By an eighth: most lists have a single element, and there are a million.
                nodes.reserve_exact((nodes.len() / 8).max(1));
            }
            nodes.insert(position, node);
        }
        return;
    }
    let mut merged = Vec::with_capacity(nodes.len() + fresh.len());
    let mut old = std::mem::take(nodes);
    let mut rest = old.drain(..);
    for node in fresh {
        let before = |old: &N| old.cmp_node(&node) == Ordering::Less;
        let count = rest.as_slice().partition_point(before);
        merged.extend(rest.by_ref().take(count));
        merged.push(node);
    }
    merged.extend(rest);
    *nodes = merged;
}

/// Order of hosts; that of new series is by host, then plugin, then list.
pub(super) fn by_host(a: &Pending, b: &Pending) -> Ordering {
    natural_cmp(&a.identifier.host, &b.identifier.host)
}

pub(super) fn by_plugin(a: &Pending, b: &Pending) -> Ordering {
    let (a, b) = (&a.identifier, &b.identifier);
    pair_cmp((&a.plugin, &a.plugin_instance), (&b.plugin, &b.plugin_instance))
}

pub(super) fn by_list(a: &Pending, b: &Pending) -> Ordering {
    let (a, b) = (&a.identifier, &b.identifier);
    pair_cmp((&a.type_, &a.type_instance), (&b.type_, &b.type_instance))
}

fn pair_cmp(a: (&str, &str), b: (&str, &str)) -> Ordering {
    natural_cmp(a.0, b.0).then_with(|| natural_cmp(a.1, b.1))
}
