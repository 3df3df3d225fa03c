//! Texts: what a filter looks at in a series, each kept once.
//!
//! Most machines measure the same things: a million series have some thousand types and instances.
//! A filter is tried on each of these once and not on every series. Pure.

use super::filter::{Filter, Found, push_pair};
use crate::metric::Identifier;
use crate::store::{SeriesId, Store};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

/// Series that are learnt in one go while nobody filters: about 3 ms.
const LEARNT_AT_ONCE: usize = 8_192;

/// `type-instance` of every series, in small letters.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// All of them, one after another, and where each ends.
    arena: String,
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    hasher: RandomState,
    /// The number of the text of each series; series come in order and never change their names.
    of: Vec<u32>,
}

impl Texts {
    /// Learns some of the series that are new.
    pub(super) fn learn(&mut self, store: &Store) {
        self.learn_some(store, LEARNT_AT_ONCE);
    }

    /// What `filter` finds in each text.
    pub(super) fn found(&mut self, store: &Store, filter: &Filter) -> FoundInTexts<'_> {
        self.learn_some(store, usize::MAX);
        let texts = (0..self.ends.len()).map(|number| self.text(number));
        let found = texts.map(|text| filter.found_in_type(text)).collect();
        FoundInTexts { texts: self, found }
    }

    fn learn_some(&mut self, store: &Store, max: usize) {
        let new = store.ids().skip(self.of.len()).take(max);
        let mut text = String::new();
        for series in new.filter_map(|id| store.series(id)) {
            text.clear();
            push_type(&mut text, &series.identifier);
            let number = self.number(&text);
            self.of.push(number);
        }
    }

    fn number(&mut self, text: &str) -> u32 {
        let hash = self.hasher.hash_one(text);
        let is_it = |number: &u32| {
            usize::try_from(*number)
                .is_ok_and(|number| text_at(&self.arena, &self.ends, number) == text)
        };
        if let Some(&number) = self.numbers.find(hash, is_it) {
            return number;
        }
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.arena.push_str(text);
        self.ends.push(self.arena.len());
        let (arena, ends, hasher) = (&self.arena, &self.ends, &self.hasher);
        self.numbers.insert_unique(hash, number, |number| {
            let number = usize::try_from(*number).unwrap_or(usize::MAX);
            hasher.hash_one(text_at(arena, ends, number))
        });
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

fn push_type(text: &mut String, identifier: &Identifier) {
    push_pair(text, &identifier.type_, &identifier.type_instance);
}

/// What a filter finds in each text.
pub(super) struct FoundInTexts<'a> {
    texts: &'a Texts,
    found: Vec<Found>,
}

impl FoundInTexts<'_> {
    /// In the text of a series, and the text.
    pub(super) fn of(&self, id: SeriesId) -> Option<(Found, &str)> {
        let number = *self.texts.of.get(usize::try_from(id.0).ok()?)?;
        let number = usize::try_from(number).ok()?;
        Some((*self.found.get(number)?, self.texts.text(number)))
    }
}
