//! Index: the series as a tree for people, host > plugin > type > data sources.
//!
//! Everything is sorted in natural order. What is new is gathered and merged once per batch, so
//! that a flood of names costs one pass over the tree per batch and not one per name. Knows
//! nothing of samples.

use super::SeriesId;
use super::cost::{allocated, vec_bytes};
use crate::metric::{CdTime, Identifier, natural_cmp};
use crate::wire::Trust;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::cmp::Ordering;
use std::sync::Arc;

/// All hosts, in natural order (`web-2` before `web-10`).
#[derive(Debug, Default)]
pub struct Index {
    hosts: Vec<HostNode>,
    revision: u64,
    numbers: HashMap<Arc<str>, HostNumber, RandomState>,
    /// Position in `hosts` by host number.
    positions: Vec<u32>,
    /// Numbers of hosts that were forgotten.
    free: Vec<HostNumber>,
    pending: Vec<Pending>,
    /// Allocated by the lists of the tree.
    tree_bytes: usize,
}

/// Number of a host; stays the same when others are inserted. That of a host that was forgotten
/// is given to another: none of its series is left that could ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct HostNumber(u32);

impl HostNumber {
    /// That of no host.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// Where it stands in a list of all.
    pub(super) fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// When something was last received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastSeen {
    /// Placed time of the newest value list.
    pub sample: CdTime,
    /// When the newest value list was absorbed, by our clock.
    pub arrival: CdTime,
    /// The same for each [`Trust`].
    by_trust: [CdTime; 4],
}

impl LastSeen {
    /// When the newest value list that came in this way was absorbed; zero: never.
    pub const fn of(&self, trust: Trust) -> CdTime {
        let [plain, unverified, signed, encrypted] = self.by_trust;
        match trust {
            Trust::Plain => plain,
            Trust::Unverified => unverified,
            Trust::Signed => signed,
            Trust::Encrypted => encrypted,
        }
    }

    fn note(&mut self, sample: CdTime, arrival: CdTime, trust: Trust) {
        self.sample = self.sample.max(sample);
        self.arrival = self.arrival.max(arrival);
        let [plain, unverified, signed, encrypted] = &mut self.by_trust;
        let seen = match trust {
            Trust::Plain => plain,
            Trust::Unverified => unverified,
            Trust::Signed => signed,
            Trust::Encrypted => encrypted,
        };
        *seen = (*seen).max(arrival);
    }
}

/// Value lists of a host that came one after another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) host: HostNumber,
    /// Time of the newest.
    pub(super) newest: CdTime,
    pub(super) trust: Trust,
}

/// One host.
#[derive(Debug)]
pub struct HostNode {
    /// Its name.
    pub name: Arc<str>,
    /// Its plugins, in natural order of plugin, then instance. Shared with whoever looks at the
    /// tree on another thread ([`Index::shared`]), who keeps them as they were.
    pub plugins: Arc<Vec<PluginNode>>,
    /// When it was last received.
    pub last_seen: LastSeen,
    pub(super) number: HostNumber,
}

/// One plugin instance of a host.
#[derive(Clone, Debug)]
pub struct PluginNode {
    /// Who measured.
    pub plugin: Arc<str>,
    /// Which of several, may be empty.
    pub instance: Arc<str>,
    /// Its value lists, in natural order of type, then type instance.
    pub lists: Vec<ListNode>,
}

/// One identifier.
#[derive(Clone, Debug)]
pub struct ListNode {
    /// Entry of types.db.
    pub type_: Arc<str>,
    /// Which of several, may be empty.
    pub instance: Arc<str>,
    /// Its series in order of appearance, that is by data source; a data source that changed its
    /// DS type appears again.
    pub series: Vec<SeriesId>,
}

/// Of a host, for that its plugins can be shared.
const PLUGINS_BYTES: usize = allocated(size_of::<Vec<PluginNode>>() + 16);

/// A series that is not in the tree yet.
#[derive(Debug)]
struct Pending {
    identifier: Arc<Identifier>,
    series: SeriesId,
    host: HostNumber,
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
            + self.pending.len() * super::NODES_BYTES
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

/// A level of the tree: how a group of new series becomes a node, and goes into one.
trait Node {
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
fn place_groups<N: Node>(
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

fn by_host(a: &Pending, b: &Pending) -> Ordering {
    natural_cmp(&a.identifier.host, &b.identifier.host)
}

fn by_plugin(a: &Pending, b: &Pending) -> Ordering {
    let (a, b) = (&a.identifier, &b.identifier);
    pair_cmp((&a.plugin, &a.plugin_instance), (&b.plugin, &b.plugin_instance))
}

fn by_list(a: &Pending, b: &Pending) -> Ordering {
    let (a, b) = (&a.identifier, &b.identifier);
    pair_cmp((&a.type_, &a.type_instance), (&b.type_, &b.type_instance))
}

fn pair_cmp(a: (&str, &str), b: (&str, &str)) -> Ordering {
    natural_cmp(a.0, b.0).then_with(|| natural_cmp(a.1, b.1))
}

#[cfg(test)]
mod tests {
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
