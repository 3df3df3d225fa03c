//! The sidebar's rows: hosts, plugin instances and series, flattened and filtered.
//!
//! Flattened when the series, the filter or what is open change; a frame then touches only the
//! rows that it shows. What is closed is not walked, and a filter looks at each name once. Among
//! very many series that is a job for another thread ([`FilterJob`]), and the rows stay what they
//! were until it is done.

use super::arrangement::Arranged;
use super::graphs::plain_label;
use super::hidden::Hidden;
use super::latest::Latest;
use super::pivot::{self, Pivot};
use super::refine::Refining;
pub use super::row::{Row, RowName, scope_of_host, scope_of_plugin};
use super::selector::{Selector, Sieve, Texts};
use crate::metric::with_instance;
use crate::store::{HostNode, PluginNode, Series, SeriesId, Store};
use std::collections::HashSet;
use std::sync::Arc;

/// Among this many series a filter is a job for another thread. With fewer it takes 0.5 to 1 ms,
/// and the frame waits for it.
pub const JOB_SERIES_MIN: usize = 50_000;
/// Lists after which a job says how far it is and asks whether to go on: 0.1 ms.
const LISTS_AT_ONCE: usize = 4_096;

/// The rows, and what they were made from.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows in order of the screen.
    pub rows: Vec<Row>,
    /// Series that match the filter.
    pub matched: usize,
    made_for: Option<MadeFor>,
    /// What a job makes rows for.
    pending: Option<MadeFor>,
    /// The job waits until the texts are learnt.
    learns: bool,
    texts: Arc<Texts>,
    /// Rows whose names match, on their way to those whose state does too.
    refining: Refining,
}

/// What is wanted of the tree.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What the rows are filtered by.
    pub filter: &'a Selector,
    /// The rows that are open.
    pub open: &'a HashSet<RowName>,
    /// What stands at the top.
    pub pivot: Pivot,
    /// What is listed, in which order.
    pub arranged: &'a Arranged,
    /// Changes when what is open, the filter or the pivot does.
    pub revision: u64,
}

/// What rows are made for.
#[derive(Clone, Debug, Default, PartialEq)]
struct MadeFor {
    /// Revision of the series.
    series: u64,
    filter: String,
    pivot: Pivot,
    arranged: Arranged,
    /// Revision of what is open, which does not matter to a filter: it opens what it finds.
    open: Option<u64>,
}

impl MadeFor {
    fn new(series: u64, wanted: &Wanted<'_>) -> Self {
        let Wanted { filter, pivot, arranged, .. } = *wanted;
        let (filter, arranged) = (filter.text().to_owned(), arranged.clone());
        Self { series, filter, pivot, arranged, open: wanted.opened() }
    }

    fn is(&self, series: u64, wanted: &Wanted<'_>) -> bool {
        self.series == series
            && self.open == wanted.opened()
            && self.pivot == wanted.pivot
            && self.arranged == *wanted.arranged
            && self.filter == wanted.filter.text()
    }
}

impl Wanted<'_> {
    fn opened(&self) -> Option<u64> {
        self.filter.is_empty().then_some(self.revision)
    }
}

impl Rows {
    /// Flattens anew if the series or the tree's `revision` have changed. Where that takes long,
    /// and the rows stay good until it is done, it is a job instead: see [`Rows::take`].
    pub fn update(&mut self, store: &Store, wanted: &Wanted<'_>) -> Option<FilterJob> {
        let filter = wanted.filter;
        // While a job reads them they stay as they are.
        if let Some(texts) = Arc::get_mut(&mut self.texts) {
            texts.learn(store);
        }
        let series = store.revision();
        let is_made = |made: &MadeFor| made.is(series, wanted);
        if self.pending.as_ref().is_some_and(is_made) {
            return self.learnt_job(store, filter);
        }
        if self.made_for.as_ref().is_some_and(is_made) {
            (self.pending, self.learns) = (None, false);
            return None;
        }
        let made_for = MadeFor::new(series, wanted);
        // Rows are positions in a tree: those of another one mean nothing.
        let is_same_tree = self.made_for.as_ref().is_some_and(|made| made.series == series);
        let is_job = !filter.is_empty() && store.usage().series >= JOB_SERIES_MIN;
        if is_same_tree && is_job {
            (self.pending, self.learns) = (Some(made_for), true);
            return self.learnt_job(store, filter);
        }
        (self.made_for, self.pending, self.learns) = (Some(made_for), None, false);
        self.make(store, wanted);
        self.refining = Refining::default();
        if filter.has_state() {
            self.refining = Refining::new(std::mem::take(&mut self.rows));
            self.matched = 0;
        }
        None
    }

    /// The job that is pending, once all texts are learnt, and once.
    fn learnt_job(&mut self, store: &Store, filter: &Selector) -> Option<FilterJob> {
        if !self.learns {
            return None;
        }
        if !self.texts.knows_all(store) {
            // A job before it may still read them as they were.
            Arc::make_mut(&mut self.texts).learn_in_haste(store);
        }
        self.learns = !self.texts.knows_all(store);
        (!self.learns).then(|| FilterJob {
            hosts: store.index().shared(),
            texts: Arc::clone(&self.texts),
            series: store.usage().series,
            filter: filter.clone(),
            made_for: self.pending.clone().unwrap_or_default(),
        })
    }

    /// Goes on with what the state of series decides (`>90`): about once a second, some of them at
    /// once. Returns whether more is to be done in the next frame.
    pub fn refine(&mut self, filter: &Selector, latest: &Latest<'_>) -> bool {
        if self.pending.is_some() {
            return self.learns;
        }
        if !filter.has_state() {
            return false;
        }
        if let Some((rows, matched)) = self.refining.go_on(filter, latest) {
            (self.rows, self.matched) = (rows, matched);
        }
        self.refining.is_under_way()
    }

    /// Makes the rows at once.
    fn make(&mut self, store: &Store, wanted: &Wanted<'_>) {
        self.rows.clear();
        let hosts = store.index().hosts();
        let &Wanted { filter, open, pivot, arranged, .. } = wanted;
        if filter.is_empty() {
            let mut flatten = Flatten::new(&mut self.rows, arranged);
            match pivot {
                Pivot::Hosts => {
                    for (host, node) in arranged.ordered(hosts.iter(), |node| &node.name) {
                        flatten.host(host, node, open);
                    }
                }
                Pivot::Plugins => {
                    flatten.plugins(&arranged.ordered(hosts.iter(), |node| &node.name), open);
                }
            }
            self.matched = store.usage().series;
            return;
        }
        if let Some(texts) = Arc::get_mut(&mut self.texts) {
            texts.learn_all(store);
        }
        let hosts = hosts.iter().map(|node| (&*node.name, node.plugins.as_slice()));
        let sieve = Sieve::new(filter.names(), &self.texts, Some(store));
        let mut walk = Walk::new(sieve, &|_| true);
        let hosts = arranged.ordered(hosts, |(name, _)| name);
        self.matched = filtered((&hosts, arranged), &mut walk, &mut self.rows);
        if pivot == Pivot::Plugins {
            let hosts = store.index().hosts();
            self.rows = pivot::turned(&self.rows, |host, at| hosts.get(host)?.plugins.get(at));
        }
    }

    /// Whether a job is to make other rows: these are of an earlier filter.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some() || self.refining.is_first()
    }

    /// Accepts what a job found, unless other rows are wanted by now.
    pub fn take(&mut self, filtered: Filtered) {
        if self.pending.as_ref() != Some(&filtered.made_for) {
            return;
        }
        self.made_for = self.pending.take();
        if filtered.has_state {
            // The rows before stay until the state is known, too.
            self.refining = Refining::new(filtered.rows);
        } else {
            self.refining = Refining::default();
            (self.rows, self.matched) = (filtered.rows, filtered.matched);
        }
    }

    /// The job failed: there are no rows, rather than those of another filter.
    pub fn give_up(&mut self) {
        if let Some(made_for) = self.pending.take() {
            self.made_for = Some(made_for);
            self.refining = Refining::default();
            (self.rows, self.matched) = (Vec::new(), 0);
        }
    }
}

/// A filter to be tried on a tree, on any thread: the tree and its texts are shared.
#[derive(Debug)]
pub struct FilterJob {
    hosts: Vec<(Arc<str>, Arc<Vec<PluginNode>>)>,
    texts: Arc<Texts>,
    series: usize,
    filter: Selector,
    made_for: MadeFor,
}

/// The rows that a filter lets through.
#[derive(Debug)]
pub struct Filtered {
    rows: Vec<Row>,
    matched: usize,
    /// They are found by name only.
    has_state: bool,
    made_for: MadeFor,
}

impl PartialEq for FilterJob {
    /// By what it finds.
    fn eq(&self, other: &Self) -> bool {
        self.made_for == other.made_for
    }
}

impl FilterJob {
    /// Tries the filter. Calls `go_on` from time to time with the part that is done, and stops
    /// where that returns false.
    pub fn run(&self, go_on: &dyn Fn(f32) -> bool) -> Option<Filtered> {
        let all = self.series.max(1) as f32;
        let go_on = |lists: usize| go_on((lists as f32 / all).min(1.0));
        let sieve = Sieve::new(self.filter.names(), &self.texts, None);
        let mut walk = Walk::new(sieve, &go_on);
        let hosts = self.hosts.iter().map(|(name, plugins)| (&**name, plugins.as_slice()));
        let arranged = &self.made_for.arranged;
        let hosts = arranged.ordered(hosts, |(name, _)| name);
        let mut rows = Vec::new();
        let matched = filtered((&hosts, arranged), &mut walk, &mut rows);
        if self.made_for.pivot == Pivot::Plugins && !walk.is_stopped {
            rows = pivot::turned(&rows, |host, at| self.hosts.get(host)?.1.get(at));
        }
        let (made_for, has_state) = (self.made_for.clone(), self.filter.has_state());
        (!walk.is_stopped).then_some(Filtered { rows, matched, has_state, made_for })
    }
}

/// A host: its name and its plugins.
type Named<'a> = (&'a str, &'a [PluginNode]);

/// Puts the rows that a filter lets through into `rows`; how many series they are.
fn filtered(
    (hosts, arranged): (&[(usize, Named<'_>)], &Arranged),
    walk: &mut Walk<'_>,
    rows: &mut Vec<Row>,
) -> usize {
    let mut flatten = Flatten::new(rows, arranged);
    for &(host, (name, plugins)) in hosts {
        flatten.host_filtered((host, name), plugins, walk);
        if walk.is_stopped {
            break;
        }
    }
    flatten.matched
}

struct Flatten<'a> {
    rows: &'a mut Vec<Row>,
    /// What is not listed.
    hidden: Option<&'a Hidden>,
    /// Series that match the filter.
    matched: usize,
}

/// A filter on its way through the tree.
struct Walk<'a> {
    sieve: Sieve<'a>,
    /// Gets how many lists were looked at; returns whether to look at more.
    go_on: &'a dyn Fn(usize) -> bool,
    looked_at: usize,
    asked_at: usize,
    is_stopped: bool,
}

impl<'a> Flatten<'a> {
    fn new(rows: &'a mut Vec<Row>, arranged: &'a Arranged) -> Self {
        Self { rows, hidden: arranged.hidden(), matched: 0 }
    }

    fn hides(&self, host: &str, node: &PluginNode) -> bool {
        self.hidden.is_some_and(|hidden| hidden.has_plugin(host, node))
    }

    fn host(&mut self, host: usize, node: &HostNode, open: &HashSet<RowName>) {
        if node.plugins.is_empty() {
            return;
        }
        self.rows.push(Row::Host { host });
        if open.contains(&scope_of_host(node).into()) {
            for (plugin, child) in node.plugins.iter().enumerate() {
                if !self.hides(&node.name, child) {
                    self.plugin((host, node), (plugin, child), open);
                }
            }
        }
    }

    fn plugin(
        &mut self,
        (host, node): (usize, &HostNode),
        (plugin, child): (usize, &PluginNode),
        open: &HashSet<RowName>,
    ) {
        self.rows.push(Row::Plugin { host, plugin });
        if open.contains(&scope_of_plugin(node, child).into()) {
            self.rows.extend(series_of(child).map(|id| Row::Series { host, plugin, id }));
        }
    }

    /// All plugin instances, each with its hosts.
    fn plugins(&mut self, hosts: &[(usize, &HostNode)], open: &HashSet<RowName>) {
        let all = hosts.iter().flat_map(|&(host, node)| {
            let plugins = node.plugins.iter().enumerate();
            plugins.map(move |(plugin, child)| (child, (host, node, plugin)))
        });
        let hidden = self.hidden;
        let is_listed = |(child, (_, node, _)): &(&PluginNode, (usize, &HostNode, usize))| {
            hidden.is_none_or(|hidden| !hidden.has_plugin(&node.name, child))
        };
        for group in pivot::by_plugin(all.filter(is_listed)) {
            let Some(&(host, _, plugin)) = group.items.first() else { continue };
            self.rows.push(pivot::top_row(host, plugin, group.items.len()));
            if open.contains(&RowName::everywhere(group.node)) {
                for &(host, node, plugin) in &group.items {
                    let Some(child) = node.plugins.get(plugin) else { continue };
                    self.plugin((host, node), (plugin, child), open);
                }
            }
        }
    }

    /// A filter opens what it finds; the user's own choice is kept for when it is cleared.
    fn host_filtered(
        &mut self,
        (host, name): (usize, &str),
        plugins: &[PluginNode],
        walk: &mut Walk<'_>,
    ) {
        let Some(left) = walk.sieve.host(name) else {
            walk.goes_on(1);
            return;
        };
        let (start, matched) = (self.rows.len(), self.matched);
        self.rows.push(Row::Host { host });
        for (plugin, node) in plugins.iter().enumerate() {
            if self.hides(name, node) {
                continue;
            }
            if let Some(left) = walk.sieve.plugin(left, node) {
                let (start, matched) = (self.rows.len(), self.matched);
                self.rows.push(Row::Plugin { host, plugin });
                for list in &node.lists {
                    walk.sieve.list(left, list, |id| {
                        self.matched += 1;
                        self.rows.push(Row::Series { host, plugin, id });
                    });
                }
                if self.matched == matched {
                    self.rows.truncate(start);
                }
            }
            if !walk.goes_on(node.lists.len()) {
                return;
            }
        }
        if self.matched == matched {
            self.rows.truncate(start);
        }
    }
}

impl<'a> Walk<'a> {
    fn new(sieve: Sieve<'a>, go_on: &'a dyn Fn(usize) -> bool) -> Self {
        Self { sieve, go_on, looked_at: 0, asked_at: 0, is_stopped: false }
    }

    /// Counts `lists` that were looked at; returns whether to look at others.
    fn goes_on(&mut self, lists: usize) -> bool {
        self.looked_at += lists;
        if self.looked_at - self.asked_at >= LISTS_AT_ONCE {
            self.asked_at = self.looked_at;
            self.is_stopped |= !(self.go_on)(self.looked_at);
        }
        !self.is_stopped
    }
}

/// The cursor after a step of `by` among `rows` rows; the first step puts it on the first.
pub fn moved(cursor: Option<usize>, by: isize, rows: usize) -> Option<usize> {
    let last = rows.saturating_sub(1);
    Some(cursor.map_or(0, |row| row.saturating_add_signed(by).min(last)))
}

/// What a plugin row is called: `cpu-0`, `load`.
pub fn plugin_label(node: &PluginNode) -> String {
    with_instance(&node.plugin, &node.instance)
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
