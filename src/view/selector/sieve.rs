//! Sieve: a selector on its way through the tree of names.
//!
//! What a host or a plugin decides is not asked again below it, and what a type or a data source
//! decides is asked once for each that there is.

use super::field::Field;
use super::names::{Found, NamePart, Undecided};
use super::pattern::{lower, push_lower, push_pair};
use super::texts::{ListText, Texts};
use crate::store::{ListNode, PluginNode, SeriesId, Store};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// The name part of a selector, and what it found so far.
pub(in crate::view) struct Sieve<'a> {
    names: &'a NamePart,
    texts: &'a Texts,
    /// Where names of data sources are found that were not learnt as texts.
    store: Option<&'a Store>,
    /// Words found in the series of each text, and where those of a text begin.
    of_texts: Vec<Found>,
    starts: Vec<usize>,
    /// Words found in each type and instance, and in each data source, by where their names are:
    /// names are shared.
    of_types: HashMap<(usize, usize), Found, RandomState>,
    of_ds: HashMap<(usize, bool), Found, RandomState>,
    host: String,
    pair: String,
    whole: String,
    /// Bytes of `whole` that are of the plugin at hand.
    above: usize,
}

impl<'a> Sieve<'a> {
    /// `texts` must know all that is in the tree, unless there is a `store`.
    pub(in crate::view) fn new(
        names: &'a NamePart,
        texts: &'a Texts,
        store: Option<&'a Store>,
    ) -> Self {
        Self {
            names,
            texts,
            store,
            of_texts: Vec::new(),
            starts: vec![0],
            of_types: HashMap::default(),
            of_ds: HashMap::default(),
            host: String::new(),
            pair: String::new(),
            whole: String::new(),
            above: 0,
        }
    }

    /// What is left to decide below a host; none where nothing can match.
    pub(in crate::view) fn host(&mut self, name: &str) -> Option<Undecided> {
        self.host.clear();
        push_lower(&mut self.host, name);
        let host = self.host.as_str();
        self.names.narrow(self.names.undecided(), &[(Field::Host, host)], host)
    }

    /// The same below a plugin of that host, which left `left`.
    pub(in crate::view) fn plugin(
        &mut self,
        left: Undecided,
        node: &PluginNode,
    ) -> Option<Undecided> {
        let pair = &mut self.pair;
        pair.clear();
        push_lower(pair, &node.plugin);
        let end = pair.len();
        if !node.instance.is_empty() {
            pair.push('-');
            push_lower(pair, &node.instance);
        }
        let plugin = pair.get(..end).unwrap_or_default();
        let instance = pair.get(end + 1..).unwrap_or_default();
        let names = [(Field::Plugin, plugin), (Field::Instance, instance)];
        let left = self.names.narrow(left, &names, pair)?;
        if self.names.asks_for_whole(left) {
            self.whole.clear();
            self.whole.push_str(&self.host);
            push_pair(&mut self.whole, &node.plugin, &node.instance);
            self.above = self.whole.len();
        }
        Some(left)
    }

    /// Hands over the series of a list of that plugin that match.
    pub(in crate::view) fn list(
        &mut self,
        left: Undecided,
        list: &ListNode,
        mut found: impl FnMut(SeriesId),
    ) {
        if left.is_empty() {
            list.series.iter().copied().for_each(found);
            return;
        }
        let Some(number) = self.texts.number_of(list) else {
            self.unlearnt(left, list, found);
            return;
        };
        self.try_texts(number);
        let Self { names, texts, of_texts, starts, whole, above, .. } = self;
        let start = starts.get(number).copied().unwrap_or_default();
        let words = of_texts.get(start..).unwrap_or_default();
        let text = texts.text(number);
        for (place, (&id, &words)) in list.series.iter().zip(words).enumerate() {
            let complete = |whole: &mut String| {
                let ds = text.ds.split('\0').nth(place + 1).and_then(shown);
                complete(whole, *above, text.pair, ds);
            };
            if names.decide(left, words, whole, complete) {
                found(id);
            }
        }
    }

    /// The same with the names of data sources from the store.
    fn unlearnt(&mut self, left: Undecided, list: &ListNode, mut found: impl FnMut(SeriesId)) {
        debug_assert!(self.store.is_some(), "a list is not learnt");
        let Self { names, of_types, of_ds, whole, above, pair, .. } = self;
        let key = (address(&list.type_), address(&list.instance));
        let in_type = *of_types
            .entry(key)
            .or_insert_with(|| ListText::of_names(&list.type_, &list.instance, pair).found(names));
        let Some(asks_for_ds) = names.asks_for_ds(left, in_type) else { return };
        let asks_for_whole = names.asks_for_whole(left);
        for &id in &list.series {
            let ds = (asks_for_ds || asks_for_whole)
                .then(|| self.store.and_then(|store| store.series(id)))
                .flatten()
                .map(|series| (&series.ds_name, series.ds_count > 1));
            let in_ds = ds.filter(|_| asks_for_ds).map(|(name, is_shown)| {
                let found = || {
                    pair.clear();
                    push_lower(pair, name);
                    names.found_in_ds(pair, is_shown)
                };
                *of_ds.entry((address(name), is_shown)).or_insert_with(found)
            });
            let complete = |whole: &mut String| {
                let shown = ds.filter(|(_, is_shown)| *is_shown).map(|(name, _)| lower(name));
                let pair = ListText::of_names(&list.type_, &list.instance, pair).pair;
                complete(whole, *above, pair, shown.as_deref());
            };
            let words = in_type.and(in_ds.unwrap_or_default());
            if names.decide(left, words, whole, complete) {
                found(id);
            }
        }
    }

    /// Tries the texts up to that number.
    fn try_texts(&mut self, number: usize) {
        while self.starts.len() <= number + 1 {
            let text = self.texts.text(self.starts.len() - 1);
            let in_type = text.found(self.names);
            for ds in text.ds.split('\0').skip(1) {
                let in_ds = match shown(ds) {
                    Some(name) => self.names.found_in_ds(name, true),
                    None => self.names.found_in_ds(ds.get(1..).unwrap_or_default(), false),
                };
                self.of_texts.push(in_type.and(in_ds));
            }
            self.starts.push(self.of_texts.len());
        }
    }
}

/// The name of a data source in a text, if it is shown.
fn shown(ds: &str) -> Option<&str> {
    ds.strip_prefix('+')
}

/// Completes what words without a field are sought in.
fn complete(whole: &mut String, above: usize, pair: &str, ds: Option<&str>) {
    whole.truncate(above);
    if !whole.is_empty() {
        whole.push('/');
    }
    whole.push_str(pair);
    if let Some(ds) = ds {
        whole.push(' ');
        whole.push_str(ds);
    }
}

/// Where a shared name is.
fn address(name: &Arc<str>) -> usize {
    Arc::as_ptr(name).cast::<u8>().addr()
}
