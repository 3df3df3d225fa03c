//! Texts: what a filter looks at in a value list, each kept once.
//!
//! Most machines measure the same things: a million series have some thousand types and instances.
//! A filter is tried on each of these once and not on every list. Pure.

use super::selector::{Found, Selector, push_pair};
use crate::store::{HostNode, ListNode, SeriesId, Store};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

/// Lists that are learnt in one frame while nobody filters: 1 to 3 ms.
const LEARNT_AT_ONCE: usize = 8_192;
/// Texts kept beyond two for each series: those of forgotten series stay, and invented
/// instances could make ever more of them.
const SPARE_MAX: usize = 10_000;

/// `type-instance` of every list, in small letters.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// All of them, one after another, and where each ends.
    arena: String,
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    hasher: RandomState,
    /// The number of the text of each list, by the place of its first series: which series that
    /// was, and its text.
    of: Vec<Option<(SeriesId, u32)>>,
    /// The host that is learnt next, and the state of the tree when the first one was.
    next_host: usize,
    begun_for: u64,
    learnt_for: Option<u64>,
}

impl Texts {
    /// Learns some of what is new in the tree, so that little is left when somebody filters.
    pub(super) fn learn(&mut self, store: &Store) {
        self.learn_at_most(LEARNT_AT_ONCE, store);
    }

    /// Learns all that is new.
    pub(super) fn learn_all(&mut self, store: &Store) {
        self.learn_at_most(usize::MAX, store);
    }

    fn learn_at_most(&mut self, count_max: usize, store: &Store) {
        if self.learnt_for == Some(store.revision()) {
            return;
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
            learnt += self.learn_host(host);
            self.next_host += 1;
        }
    }

    /// Begins anew where most texts are of series that are gone.
    fn trim(&mut self, series: usize) {
        if self.ends.len() > 2 * series + SPARE_MAX {
            *self = Self::default();
        }
    }

    fn learn_host(&mut self, host: &HostNode) -> usize {
        let lists = host.plugins.iter().flat_map(|plugin| &plugin.lists);
        lists.map(|list| self.learn_list(list)).count()
    }

    fn learn_list(&mut self, list: &ListNode) {
        let Some(&id) = list.series.first().filter(|_| self.number_of(list).is_none()) else {
            return;
        };
        let mut text = String::new();
        push_pair(&mut text, &list.type_, &list.instance);
        let (place, number) = (id.place(), self.number(&text));
        if self.of.len() <= place {
            self.of.resize(place + 1, None);
        }
        if let Some(slot) = self.of.get_mut(place) {
            *slot = Some((id, number));
        }
    }

    /// The number of the text of a list, if that was learnt.
    fn number_of(&self, list: &ListNode) -> Option<usize> {
        let id = *list.series.first()?;
        // Places are used again, numbers of series are not.
        let (known, number) = (*self.of.get(id.place())?)?;
        (known == id).then(|| usize::try_from(number).ok())?
    }

    fn number(&mut self, text: &str) -> u32 {
        let (arena, ends, hasher) = (&self.arena, &self.ends, &self.hasher);
        let at =
            |number: &u32| text_at(arena, ends, usize::try_from(*number).unwrap_or(usize::MAX));
        let hash = hasher.hash_one(text);
        if let Some(&number) = self.numbers.find(hash, |number| at(number) == text) {
            return number;
        }
        let number = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        self.numbers.insert_unique(hash, number, |number| hasher.hash_one(at(number)));
        self.arena.push_str(text);
        self.ends.push(self.arena.len());
        number
    }

    fn text(&self, number: usize) -> &str {
        text_at(&self.arena, &self.ends, number)
    }
}

fn text_at<'a>(arena: &'a str, ends: &[usize], number: usize) -> &'a str {
    let start = number.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(number).and_then(|&end| arena.get(start..end)).unwrap_or_default()
}

/// What a filter finds in each text.
pub(super) struct FoundInTexts<'a> {
    texts: &'a Texts,
    filter: &'a Selector,
    found: Vec<Found>,
    /// Text of a list that was not learnt.
    text: String,
}

impl<'a> FoundInTexts<'a> {
    pub(super) fn new(texts: &'a Texts, filter: &'a Selector) -> Self {
        Self { texts, filter, found: Vec::new(), text: String::new() }
    }

    /// Words found in the text of a list, and the text.
    pub(super) fn of(&mut self, list: &ListNode) -> (Found, &str) {
        let Some(number) = self.texts.number_of(list) else {
            self.text.clear();
            push_pair(&mut self.text, &list.type_, &list.instance);
            return (self.filter.found_in_type(&self.text), &self.text);
        };
        while self.found.len() <= number {
            let text = self.texts.text(self.found.len());
            self.found.push(self.filter.found_in_type(text));
        }
        (self.found.get(number).copied().unwrap_or_default(), self.texts.text(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_series_that_are_gone_do_not_stay_for_ever() {
        let mut texts = Texts::default();
        for n in 0..100_000 {
            texts.number(&format!("gauge-invented{n}"));
            texts.trim(100);
            assert!(texts.ends.len() <= 200 + SPARE_MAX && texts.arena.len() < 1 << 20);
        }
        let number = texts.number("load");
        texts.trim(100);
        assert_eq!(texts.text(usize::try_from(number).unwrap()), "load");
    }
}
