//! Texts: what a selector looks at in a value list, each kept once.
//!
//! Most machines measure the same things: a million series have some thousand types and instances.
//! A selector is tried on each of these once and not on every list. Pure.

use super::names::{Found, NamePart};
use super::pattern::push_lower;
use crate::store::{HostNode, ListNode, SeriesId, Store};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

/// Lists that are learnt in one frame while nobody filters: 1 to 3 ms.
const LEARNT_AT_ONCE: usize = 8_192;
/// The same while somebody waits for it: 10 to 20 ms.
const LEARNT_IN_HASTE: usize = 65_536;
/// Texts kept beyond two for each series: those of forgotten series stay, and invented
/// instances could make ever more of them.
const SPARE_MAX: usize = 10_000;

/// Type, instance and data sources of every list, in small letters.
#[derive(Clone, Debug, Default)]
pub(in crate::view) struct Texts {
    /// All of them, one after another.
    arena: String,
    entries: Vec<Entry>,
    numbers: HashTable<u32>,
    hasher: RandomState,
    /// The text of each list, by the place of its first series.
    of: Vec<Option<Learnt>>,
    /// The host that is learnt next, and the state of the tree when the first one was.
    next_host: usize,
    begun_for: u64,
    learnt_for: Option<u64>,
    /// The names that known series were given anew when this was learnt.
    renamed: u64,
}

/// Where a text ends in the arena, and its parts in it.
#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    end: usize,
    parts: Parts,
}

/// Bytes of the type, and of the type with its instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parts {
    type_: usize,
    pair: usize,
}

/// What is known of a list: which it was, and the number of its text.
#[derive(Clone, Copy, Debug)]
struct Learnt {
    first: SeriesId,
    last: SeriesId,
    series: u32,
    number: u32,
}

/// The text of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListText<'a> {
    pub(super) type_: &'a str,
    pub(super) instance: &'a str,
    /// `type-instance`.
    pub(super) pair: &'a str,
    /// For each of its series NUL, `+` where its name is shown and `-` where not, and the name of
    /// its data source.
    pub(super) ds: &'a str,
}

impl Texts {
    /// Learns some of what is new in the tree, so that little is left when somebody filters.
    pub(in crate::view) fn learn(&mut self, store: &Store) {
        self.learn_at_most(LEARNT_AT_ONCE, store);
    }

    /// Learns more of it.
    pub(in crate::view) fn learn_in_haste(&mut self, store: &Store) {
        self.learn_at_most(LEARNT_IN_HASTE, store);
    }

    /// Learns all that is new.
    pub(in crate::view) fn learn_all(&mut self, store: &Store) {
        self.learn_at_most(usize::MAX, store);
        // What was learnt before the tree changed is looked at once more.
        self.learn_at_most(usize::MAX, store);
    }

    /// Whether it knows all that is in the tree.
    pub(in crate::view) fn knows_all(&self, store: &Store) -> bool {
        self.learnt_for == Some(store.revision())
    }

    fn learn_at_most(&mut self, count_max: usize, store: &Store) {
        if self.knows_all(store) {
            return;
        }
        if self.renamed != store.index().renamed() {
            *self = Self { renamed: store.index().renamed(), ..Self::default() };
        }
        self.trim(store.usage().series);
        if self.next_host == 0 {
            self.begun_for = store.revision();
        }
        let mut learnt = 0;
        while learnt < count_max {
            let Some(host) = store.index().hosts().get(self.next_host) else {
                self.learnt_for = Some(self.begun_for);
                self.next_host = 0;
                return;
            };
            learnt += self.learn_host(host, store);
            self.next_host += 1;
        }
    }

    /// Begins anew where most texts are of series that are gone.
    fn trim(&mut self, series: usize) {
        if self.entries.len() > 2 * series + SPARE_MAX {
            *self = Self { renamed: self.renamed, ..Self::default() };
        }
    }

    fn learn_host(&mut self, host: &HostNode, store: &Store) -> usize {
        let lists = host.plugins.iter().flat_map(|plugin| &plugin.lists);
        lists.map(|list| self.learn_list(list, store)).count()
    }

    fn learn_list(&mut self, list: &ListNode, store: &Store) {
        let (Some(&first), Some(&last)) = (list.series.first(), list.series.last()) else {
            return;
        };
        if self.number_of(list).is_some() {
            return;
        }
        let mut text = String::new();
        let parts = ListText::of_names(&list.type_, &list.instance, &mut text).parts();
        for series in list.series.iter().map(|id| store.series(*id)) {
            text.push('\0');
            if let Some(series) = series {
                text.push(if series.ds_count > 1 { '+' } else { '-' });
                push_lower(&mut text, &series.ds_name);
            }
        }
        let (place, number) = (first.place(), self.number(&text, parts));
        if self.of.len() <= place {
            self.of.resize(place + 1, None);
        }
        if let Some(slot) = self.of.get_mut(place) {
            let series = u32::try_from(list.series.len()).unwrap_or(u32::MAX);
            *slot = Some(Learnt { first, last, series, number });
        }
    }

    /// The number of the text of a list, if that was learnt.
    pub(super) fn number_of(&self, list: &ListNode) -> Option<usize> {
        let ends = (*list.series.first()?, *list.series.last()?);
        // Places are used again, numbers of series are not.
        let Learnt { first, last, series, number } = (*self.of.get(ends.0.place())?)?;
        let is_same = (first, last) == ends && usize::try_from(series) == Ok(list.series.len());
        is_same.then(|| usize::try_from(number).ok())?
    }

    fn number(&mut self, text: &str, parts: Parts) -> u32 {
        let (arena, entries, hasher) = (&self.arena, &self.entries, &self.hasher);
        let at =
            |number: &u32| text_at(arena, entries, usize::try_from(*number).unwrap_or(usize::MAX));
        let hash = hasher.hash_one(text);
        if let Some(&number) = self.numbers.find(hash, |number| at(number) == (text, parts)) {
            return number;
        }
        let number = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.numbers.insert_unique(hash, number, |number| hasher.hash_one(at(number).0));
        self.arena.push_str(text);
        self.entries.push(Entry { end: self.arena.len(), parts });
        number
    }

    pub(super) fn text(&self, number: usize) -> ListText<'_> {
        let (text, parts) = text_at(&self.arena, &self.entries, number);
        ListText::new(text, parts)
    }
}

fn text_at<'a>(arena: &'a str, entries: &[Entry], number: usize) -> (&'a str, Parts) {
    let before = number.checked_sub(1).and_then(|before| entries.get(before));
    let start = before.map_or(0, |entry| entry.end);
    let Some(entry) = entries.get(number) else { return Default::default() };
    (arena.get(start..entry.end).unwrap_or_default(), entry.parts)
}

impl<'a> ListText<'a> {
    fn new(text: &'a str, parts: Parts) -> Self {
        let (pair, ds) = text.split_at_checked(parts.pair).unwrap_or_default();
        Self {
            type_: pair.get(..parts.type_).unwrap_or_default(),
            instance: pair.get(parts.type_ + 1..).unwrap_or_default(),
            pair,
            ds,
        }
    }

    /// Of a list whose series are not known; `text` is made it.
    pub(super) fn of_names(type_: &str, instance: &str, text: &'a mut String) -> Self {
        text.clear();
        push_lower(text, type_);
        let end = text.len();
        if !instance.is_empty() {
            text.push('-');
            push_lower(text, instance);
        }
        Self::new(text, Parts { type_: end, pair: text.len() })
    }

    fn parts(&self) -> Parts {
        Parts { type_: self.type_.len(), pair: self.pair.len() }
    }

    /// Words that are found in its type and instance.
    pub(super) fn found(&self, names: &NamePart) -> Found {
        names.found_in_type(self.pair, self.type_, self.instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_series_that_are_gone_do_not_stay_for_ever() {
        let mut texts = Texts::default();
        for n in 0..100_000 {
            texts.number(&format!("gauge-invented{n}"), Parts::default());
            texts.trim(100);
            assert!(texts.entries.len() <= 200 + SPARE_MAX && texts.arena.len() < 1 << 20);
        }
        let number = texts.number("load", Parts { type_: 4, pair: 4 });
        texts.trim(100);
        assert_eq!(texts.text(usize::try_from(number).unwrap()).pair, "load");
    }
}
