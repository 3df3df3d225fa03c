//! The name part of a selector: words about the names of a series. Pure text.

use super::field::Field;
use super::pattern::{Pattern, lower, push_lower, push_pair};
use crate::metric::Identifier;
use crate::store::Series;
use crate::view::aliases::Aliases;
use std::collections::BTreeMap;
use std::ops::Range;

/// The words about names; all must match.
#[derive(Clone, Debug, Default)]
pub(in crate::view) struct NamePart {
    words: Vec<Word>,
    /// The words that exclude, those that can only be found across the names, and those that may
    /// be found in a data source.
    excluding: u64,
    across: u64,
    in_ds: u64,
    /// Words that are found in what a host is called, by its name in small letters.
    called: BTreeMap<String, u64>,
}

/// A word about names.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// The name it is about; none: any of them.
    pub(super) field: Option<Field>,
    pub(super) exclude: bool,
    /// One of them must match.
    pub(super) patterns: Vec<Pattern>,
    /// Where it stands in the text of the selector.
    pub(super) span: Range<usize>,
}

/// Words of a selector; more are left out. A set of them is a number.
pub(super) const WORDS_MAX: usize = 64;

/// Words that are not decided yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::view) struct Undecided(u64);

/// Words that were found in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Found(u64);

/// What a selector is tried on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// Host.
    pub host: &'a str,
    /// Plugin.
    pub plugin: &'a str,
    /// Plugin instance, may be empty.
    pub plugin_instance: &'a str,
    /// Type.
    pub type_: &'a str,
    /// Type instance, may be empty.
    pub type_instance: &'a str,
    /// Data source; none of what is no series.
    pub ds: Option<Ds<'a>>,
    /// A text of its own, in which words without a field are sought too; may be empty.
    pub more: &'a str,
}

/// A data source.
#[derive(Clone, Copy, Debug)]
pub struct Ds<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether its name is shown: it is not the only one of its list.
    pub is_shown: bool,
}

impl<'a> From<&'a Identifier> for Subject<'a> {
    fn from(identifier: &'a Identifier) -> Self {
        Self {
            host: &identifier.host,
            plugin: &identifier.plugin,
            plugin_instance: &identifier.plugin_instance,
            type_: &identifier.type_,
            type_instance: &identifier.type_instance,
            ds: None,
            more: "",
        }
    }
}

impl<'a> Subject<'a> {
    /// A series with its data source.
    pub fn of_series(series: &'a Series) -> Self {
        let ds = Ds { name: &series.ds_name, is_shown: series.ds_count > 1 };
        Self { ds: Some(ds), ..(&*series.identifier).into() }
    }

    /// The name that `field` asks for; none of what has no such name.
    pub fn name(&self, field: Field) -> Option<&'a str> {
        match field {
            Field::Host => Some(self.host),
            Field::Plugin => Some(self.plugin),
            Field::Instance => Some(self.plugin_instance),
            Field::Type => Some(self.type_),
            Field::TypeInstance => Some(self.type_instance),
            Field::Ds => self.ds.map(|ds| ds.name),
            Field::Unit => None,
        }
    }
}

impl Undecided {
    /// Everything below matches.
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn without(self, found: Found) -> Self {
        Self(self.0 & !found.0)
    }
}

impl Found {
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl NamePart {
    pub(super) fn new(words: Vec<Word>) -> Self {
        let set = |is: fn(&Word) -> bool| {
            let all = bits(u64::MAX).zip(&words);
            all.fold(0, |set, (bit, word)| if is(word) { set | bit } else { set })
        };
        Self {
            excluding: set(|word| word.exclude),
            across: set(Word::is_across),
            in_ds: set(|word| !word.is_across() && word.is_about(Field::Ds)),
            called: BTreeMap::new(),
            words,
        }
    }

    /// Finds words without a field in these names of hosts, too.
    pub(super) fn know(&mut self, aliases: &Aliases) {
        self.called.clear();
        if self.words.iter().all(|word| word.field.is_some()) {
            return;
        }
        for (host, alias) in aliases.iter() {
            let alias = lower(alias);
            let words = bits(u64::MAX).zip(&self.words);
            let found = words.filter(|(_, word)| word.field.is_none() && word.is_in(&alias));
            let found = found.fold(0, |set, (bit, _)| set | bit);
            if found > 0 {
                *self.called.entry(lower(host)).or_default() |= found;
            }
        }
    }

    /// Whether both find the same hosts by what they are called.
    pub(super) fn is_called_as(&self, other: &Self) -> bool {
        self.called == other.called
    }

    /// The words that are found in what a host is called.
    fn called(&self, host: &str) -> u64 {
        self.called.get(host).copied().unwrap_or_default()
    }

    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// All of its words.
    pub(super) fn undecided(&self) -> Undecided {
        Undecided(self.words.iter().fold(0, |set, _| set << 1 | 1))
    }

    /// What of `left` is left to decide below a host or a plugin, whose names in small letters are
    /// given by field, and `whole` as words without a field see them; none where nothing can match.
    pub(super) fn narrow(
        &self,
        left: Undecided,
        names: &[(Field, &str)],
        whole: &str,
    ) -> Option<Undecided> {
        let mut rest = left.0;
        let host = names.iter().find(|(of, _)| *of == Field::Host);
        let called = host.map_or(0, |(_, host)| self.called(host));
        for (bit, word) in bits(left.0).zip(&self.words) {
            let is_called = called & bit > 0;
            if bit == 0 || (word.is_across() && !is_called) {
                continue;
            }
            let text = match word.field {
                None => Some(whole),
                Some(field) => names.iter().find(|(of, _)| *of == field).map(|(_, name)| *name),
            };
            let Some(text) = text else { continue };
            let (found, here_only) = (is_called || word.is_in(text), word.field.is_some());
            if found && word.exclude || !found && here_only && !word.exclude {
                return None;
            }
            if found || here_only {
                rest &= !bit;
            }
        }
        Some(Undecided(rest))
    }

    /// The words that are found in a type and its instance, in small letters.
    pub(super) fn found_in_type(&self, pair: &str, type_: &str, instance: &str) -> Found {
        self.found(|word| match word.field {
            None => word.is_in(pair),
            Some(Field::Type) => word.is_in(type_),
            Some(Field::TypeInstance) => word.is_in(instance),
            _ => false,
        })
    }

    /// The words that are found in a data source, in small letters.
    pub(super) fn found_in_ds(&self, name: &str, is_shown: bool) -> Found {
        self.found(|word| match word.field {
            None => is_shown && word.is_in(name),
            Some(field) => field == Field::Ds && word.is_in(name),
        })
    }

    fn found(&self, is_found: impl Fn(&Word) -> bool) -> Found {
        let all = bits(self.undecided().0).zip(&self.words);
        let found = all.filter(|(_, word)| !word.is_across() && is_found(word));
        Found(found.fold(0, |set, (bit, _)| set | bit))
    }

    /// Whether the data source may still decide something, with `left` undecided by host and
    /// plugin and `found` in the type; none where it cannot help any more.
    pub(super) fn asks_for_ds(&self, left: Undecided, found: Found) -> Option<bool> {
        let wanted = left.without(found).0 & !self.across & !self.excluding;
        if left.0 & found.0 & self.excluding != 0 || wanted & !self.in_ds != 0 {
            return None;
        }
        Some(left.without(found).0 & self.in_ds != 0)
    }

    /// Whether words are left that can only be found in the whole text.
    pub(super) const fn asks_for_whole(&self, left: Undecided) -> bool {
        left.0 & self.across != 0
    }

    /// Whether a series matches, with `left` undecided by host and plugin, and `found` in its type
    /// and data source; `complete` makes `whole` the whole text where that is not enough.
    pub(super) fn decide(
        &self,
        left: Undecided,
        found: Found,
        whole: &mut String,
        complete: impl FnOnce(&mut String),
    ) -> bool {
        let wanted = left.0 & !self.across & !self.excluding;
        if left.0 & found.0 & self.excluding != 0 || wanted & !found.0 != 0 {
            return false;
        }
        let across = left.0 & self.across;
        if across == 0 {
            return true;
        }
        complete(whole);
        let mut words = bits(across).zip(&self.words);
        words.all(|(bit, word)| bit == 0 || word.is_in(whole) != word.exclude)
    }

    /// The place of the first word that does not match; none where all do.
    pub(super) fn first_miss(&self, subject: &Subject<'_>, scratch: &mut String) -> Option<usize> {
        let called = if self.called.is_empty() { 0 } else { self.called(&lower(subject.host)) };
        let mut words = bits(u64::MAX).zip(&self.words);
        words.position(|(bit, word)| match called & bit {
            0 => !word.matches(subject, scratch),
            _ => word.exclude,
        })
    }
}

impl Word {
    /// Whether it may be found in that name alone.
    fn is_about(&self, field: Field) -> bool {
        self.field.is_none_or(|own| own == field)
    }

    /// Can only be found across the names: it holds what stands between them, or anything.
    fn is_across(&self) -> bool {
        let anything = |pattern: &Pattern| match pattern {
            Pattern::Holds(word) => word.needle().iter().any(|byte| b"/ ".contains(byte)),
            _ => true,
        };
        self.field.is_none() && self.patterns.iter().any(anything)
    }

    fn matches(&self, subject: &Subject<'_>, text: &mut String) -> bool {
        text.clear();
        match self.field {
            None => push_whole(text, subject),
            Some(field) => match subject.name(field) {
                Some(name) => push_lower(text, name),
                None => return self.exclude,
            },
        }
        self.is_in(text) != self.exclude
    }

    /// Whether it is found in a text in small letters.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.is_in(text))
    }
}

/// Appends what words without a field are sought in: `host/plugin-instance/type-instance ds`.
fn push_whole(text: &mut String, subject: &Subject<'_>) {
    push_lower(text, subject.host);
    push_pair(text, subject.plugin, subject.plugin_instance);
    push_pair(text, subject.type_, subject.type_instance);
    if let Some(ds) = subject.ds.filter(|ds| ds.is_shown) {
        text.push(' ');
        push_lower(text, ds.name);
    }
    if !subject.more.is_empty() {
        text.push('/');
        push_lower(text, subject.more);
    }
}

/// The bits of a set, from the first on; zero for one that is not in it.
fn bits(set: u64) -> impl Iterator<Item = u64> {
    (0..u64::BITS).map(move |number| set & (1 << number))
}
