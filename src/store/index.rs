//! Index: the series as a tree for people, host > plugin > type > data sources.
//!
//! Everything is sorted in natural order. What is new is gathered and merged once per batch, so
//! that a flood of names costs one pass over the tree per batch and not one per name. Knows
//! nothing of samples.

use super::SeriesId;
use super::cost::{allocated, vec_bytes};
use super::nodes::{
    HostNode, HostNumber, ListNode, NODES_BYTES, Node, Pending, PluginNode, by_host, by_list,
    by_plugin, place_groups,
};
use crate::metric::{CdTime, Identifier};
use crate::wire::Trust;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// All hosts, in natural order (`web-2` before `web-10`).
#[derive(Debug, Default)]
pub struct Index {
    hosts: Vec<HostNode>,
    revision: u64,
    renamed: u64,
    numbers: HashMap<Arc<str>, HostNumber, RandomState>,
    /// Position in `hosts` by host number.
    positions: Vec<u32>,
    /// Numbers of hosts that were forgotten.
    free: Vec<HostNumber>,
    pending: Vec<Pending>,
    /// Allocated by the lists of the tree.
    tree_bytes: usize,
}

/// Value lists of a host that came one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) host: HostNumber,
    /// Time of the newest.
    pub(super) newest: CdTime,
    pub(super) trust: Trust,
}

impl Index {
    /// All hosts, in natural order.
    pub fn hosts(&self) -> &[HostNode] {
        &self.hosts
    }

    /// The names of all hosts and their plugins as they are now, for another thread. Nothing is
    /// copied until something new comes below a host, and then of that host.
    pub fn shared(&self) -> Vec<(Arc<str>, Arc<Vec<PluginNode>>)> {
        let share = |host: &HostNode| (Arc::clone(&host.name), Arc::clone(&host.plugins));
        self.hosts.iter().map(share).collect()
    }

    /// The host of that name.
    pub fn host(&self, name: &str) -> Option<&HostNode> {
        self.hosts.get(self.position(*self.numbers.get(name)?)?)
    }

    /// The list of that identifier.
    pub fn list(&self, identifier: &Identifier) -> Option<&ListNode> {
        let plugins = &self.host(&identifier.host)?.plugins;
        let of_plugin = |node: &PluginNode| node.cmp_identifier(identifier);
        let lists = &plugins.get(plugins.binary_search_by(of_plugin).ok()?)?.lists;
        let of_list = |node: &ListNode| node.cmp_identifier(identifier);
        lists.get(lists.binary_search_by(of_list).ok()?)
    }

    fn position(&self, host: HostNumber) -> Option<usize> {
        let position = self.positions.get(usize::try_from(host.0).ok()?)?;
        usize::try_from(*position).ok()
    }

    /// Changes whenever something is inserted or described anew.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Changes whenever the data source of a known series has another name than before.
    pub fn renamed(&self) -> u64 {
        self.renamed
    }

    /// The number of the host named `host`, a new one if need be.
    pub(super) fn number(&mut self, host: &Arc<str>) -> HostNumber {
        if let Some(&number) = self.numbers.get(host) {
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.positions.push(u32::MAX);
            HostNumber(u32::try_from(self.positions.len() - 1).unwrap_or(u32::MAX))
        });
        self.numbers.insert(Arc::clone(host), number);
        number
    }

    /// The host of that number.
    pub(super) fn node(&self, host: HostNumber) -> Option<&HostNode> {
        self.hosts.get(self.position(host)?)
    }

    /// The name of a host.
    pub(super) fn name(&self, host: HostNumber) -> Option<&Arc<str>> {
        Some(&self.node(host)?.name)
    }

    /// Bytes allocated but for the names.
    pub(super) fn heap_bytes(&self) -> usize {
        self.tree_bytes
            + allocated(self.numbers.allocation_size())
            + vec_bytes::<u32>(self.positions.capacity())
            + vec_bytes::<HostNumber>(self.free.capacity())
            + vec_bytes::<Pending>(self.pending.capacity())
            // The nodes they will be, at most.
            + self.pending.len() * NODES_BYTES
    }

    /// Removes series from the tree, and what is empty then; returns the hosts that are gone.
    pub(super) fn forget(&mut self, gone: impl Fn(SeriesId) -> bool) -> Vec<HostNumber> {
        let free_before = self.free.len();
        for host in &mut self.hosts {
            let mut series = host.plugins.iter().flat_map(|plugin| &plugin.lists);
            if !series.any(|list| list.series.iter().any(|&id| gone(id))) {
                continue;
            }
            let plugins = Arc::make_mut(&mut host.plugins);
            for plugin in &mut *plugins {
                for list in &mut plugin.lists {
                    list.series.retain(|&id| !gone(id));
                    list.series.shrink_to_fit();
                }
                plugin.lists.retain(|list| !list.series.is_empty());
                plugin.lists.shrink_to_fit();
            }
            plugins.retain(|plugin| !plugin.lists.is_empty());
            plugins.shrink_to_fit();
            if host.plugins.is_empty() {
                self.numbers.remove(&host.name);
                self.free.push(host.number);
            }
        }
        self.hosts.retain(|host| !host.plugins.is_empty());
        self.hosts.shrink_to_fit();
        self.place_hosts();
        self.tree_bytes = vec_bytes::<HostNode>(self.hosts.capacity())
            + self.hosts.iter().map(Node::heap_bytes).sum::<usize>();
        self.revision += 1;
        self.free.get(free_before..).unwrap_or_default().to_vec()
    }

    fn place_hosts(&mut self) {
        self.positions.fill(u32::MAX);
        for (position, host) in (0..).zip(&self.hosts) {
            let slot = usize::try_from(host.number.0).ok();
            if let Some(slot) = slot.and_then(|slot| self.positions.get_mut(slot)) {
                *slot = position;
            }
        }
    }

    /// Notes a new series; it appears with [`Index::settle`].
    pub(super) fn insert(
        &mut self,
        host: HostNumber,
        identifier: Arc<Identifier>,
        series: SeriesId,
    ) {
        self.pending.push(Pending { identifier, series, host });
    }

    /// Says that something about a listed series is new.
    pub(super) fn touch(&mut self) {
        self.revision += 1;
    }

    /// Says that the data source of a listed series may have another name.
    pub(super) fn rename(&mut self) {
        self.renamed += 1;
        self.revision += 1;
    }

    /// Brings everything noted into the tree.
    pub(super) fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by(|a, b| {
            by_host(a, b).then_with(|| by_plugin(a, b)).then_with(|| by_list(a, b))
        });
        let hosts_before = self.hosts.len();
        place_groups(&mut self.hosts, &pending, by_host, &mut self.tree_bytes);
        if self.hosts.len() > hosts_before {
            self.place_hosts();
        }
        pending.clear();
        pending.shrink_to(1_024);
        self.pending = pending;
        self.revision += 1;
    }

    /// Notes that value lists of a host were received.
    pub(super) fn seen(&mut self, seen: &Seen, arrival: CdTime) {
        let position = self.position(seen.host);
        if let Some(host) = position.and_then(|position| self.hosts.get_mut(position)) {
            host.last_seen.note(seen.newest, arrival, seen.trust);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::last_seen::LastSeen;
    use super::*;

    fn insert(index: &mut Index, id: u32, host: &str, plugin: &str, type_: &str) {
        let identifier = Arc::new(Identifier::new(host, plugin, "", type_, ""));
        let number = index.number(&host.into());
        index.insert(number, identifier, SeriesId(id));
    }

    fn names(index: &Index) -> Vec<&str> {
        index.hosts().iter().map(|host| &*host.name).collect()
    }

    #[test]
    fn hosts_of_several_batches_are_sorted_together() {
        let mut index = Index::default();
        for batch in [vec!["web-10"], vec!["web-2", "db", "web-10"], vec!["web-1", "zoo", "app"]] {
            for (id, host) in (0..).zip(batch) {
                insert(&mut index, id, host, "cpu", "cpu");
            }
            index.settle();
        }
        assert_eq!(names(&index), ["app", "db", "web-1", "web-2", "web-10", "zoo"]);
        assert_eq!(index.host("web-10").unwrap().plugins[0].lists[0].series.len(), 2);
    }

    #[test]
    fn a_host_is_found_again_after_others_were_inserted_before_it() {
        let mut index = Index::default();
        insert(&mut index, 0, "m", "cpu", "cpu");
        index.settle();
        let number = index.number(&"m".into());
        insert(&mut index, 1, "a", "cpu", "cpu");
        insert(&mut index, 2, "b", "cpu", "cpu");
        index.settle();
        let newest = CdTime::from_secs(5);
        let seen = Seen { host: number, newest, trust: Trust::Signed };
        index.seen(&seen, CdTime::from_secs(6));
        let seen = index.host("m").unwrap().last_seen;
        assert_eq!((seen.sample, seen.arrival), (CdTime::from_secs(5), CdTime::from_secs(6)));
        assert_eq!(seen.of(Trust::Signed), seen.arrival);
        assert_eq!(seen.of(Trust::Plain), CdTime::ZERO);
        assert_eq!(index.host("a").unwrap().last_seen, LastSeen::default());
    }

    #[test]
    fn a_tree_that_is_shared_stays_as_it_was_and_its_copy_is_counted() {
        let mut index = Index::default();
        for id in 0..20 {
            insert(&mut index, id, "h", &format!("p{}", id % 3), &format!("t{id}"));
            index.settle();
        }
        let series = |plugins: &[PluginNode]| -> usize {
            plugins.iter().flat_map(|plugin| &plugin.lists).map(|list| list.series.len()).sum()
        };
        let shared = index.shared();
        insert(&mut index, 20, "h", "p0", "t20");
        insert(&mut index, 21, "i", "p0", "t20");
        index.settle();
        assert_eq!((&*shared[0].0, series(&shared[0].1), shared.len()), ("h", 20, 1));
        assert_eq!(series(&index.hosts()[0].plugins), 21);
        let counted = vec_bytes::<HostNode>(index.hosts.capacity())
            + index.hosts.iter().map(Node::heap_bytes).sum::<usize>();
        assert_eq!(index.tree_bytes, counted);
        index.forget(|id| id.0 < 20);
        assert_eq!((series(&shared[0].1), series(&index.hosts()[0].plugins)), (20, 1));
    }

    #[test]
    fn plugins_and_types_are_sorted_within_their_host() {
        let mut index = Index::default();
        for (id, plugin, type_) in
            [(0, "memory", "memory"), (1, "cpu", "t10"), (2, "cpu", "t9"), (3, "cpu", "t9")]
        {
            insert(&mut index, id, "h", plugin, type_);
        }
        index.settle();
        let plugins = &index.hosts()[0].plugins;
        let types = |node: &PluginNode| -> Vec<(String, Vec<u32>)> {
            let ids = |list: &ListNode| list.series.iter().map(|id| id.0).collect();
            node.lists.iter().map(|list| (list.type_.to_string(), ids(list))).collect()
        };
        assert_eq!(&*plugins[0].plugin, "cpu");
        assert_eq!(types(&plugins[0]), [("t9".into(), vec![2, 3]), ("t10".into(), vec![1])]);
        assert_eq!(types(&plugins[1]), [("memory".into(), vec![0])]);
    }
}
