//! Selector: words that choose series; all must match.
//!
//! `cpu web` matches what holds both words anywhere in `host/plugin-instance/type-instance`;
//! `-word` excludes; `host:`, `plugin:` and `type:` match one name (with its instance) by glob or,
//! without `*` and `?`, by substring. Case does not matter. Pure text.
//!
//! On a tree most words are decided by a host or a plugin for all that is below:
//! `Selector::narrow`.

use crate::metric::Identifier;
use crate::store::{SeriesId, Store};
use memchr::memmem::Finder;

/// A parsed selector. The empty one matches everything. Two are equal when their texts are.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    text: String,
    words: Vec<Word>,
    /// The words that exclude, and those that can only be found across the names.
    excluding: u64,
    across: u64,
}

#[derive(Clone, Debug)]
struct Word {
    field: Field,
    exclude: bool,
    pattern: Pattern,
    /// Can only be found across the names: it holds a `/`, or it is a glob for the whole.
    across: bool,
}

/// Words of a selector; more are left out. A set of them is a number.
const WORDS_MAX: usize = 64;

/// Words that are not decided yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided(u64);

/// Words that were found in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found(u64);

impl Undecided {
    /// Everything below matches.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// TEMPORARY
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs)]
pub enum Field {
    Any,
    Host,
    Plugin,
    Type,
    Instance,
    TypeInstance,
    Ds,
}

impl Field {
    /// TEMPORARY
    pub fn one_of<'a>(self, values: impl IntoIterator<Item = &'a str>) -> String {
        self.exactly(&values.into_iter().collect::<Vec<_>>().join("|"))
    }

    /// TEMPORARY
    pub fn exactly(self, value: &str) -> String {
        format!("{}:{value}", format!("{self:?}").to_lowercase())
    }
}

#[derive(Clone, Debug)]
enum Pattern {
    Holds(Finder<'static>),
    Glob(globset::GlobMatcher),
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Selector {}

impl Selector {
    /// Parses what was typed; every text is a selector.
    pub fn new(text: &str) -> Self {
        let words = text.split_whitespace().filter_map(Word::new).take(WORDS_MAX);
        let words = words.collect::<Vec<_>>();
        let set = |is: fn(&Word) -> bool| {
            let all = bits(u64::MAX).zip(&words);
            all.fold(0, |set, (bit, word)| if is(word) { set | bit } else { set })
        };
        let (excluding, across) = (set(|word| word.exclude), set(|word| word.across));
        Self { text: text.to_owned(), words, excluding, across }
    }

    /// Text as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Matches everything.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// TEMPORARY
    pub fn of_series(key: &crate::metric::SeriesKey) -> Self {
        Self::new(&format!("{} {}", key.identifier, key.ds))
    }

    /// TEMPORARY
    pub fn without(&self, _: Field) -> Self {
        let words = self.text.split(' ').filter(|word| !word.starts_with("host:"));
        Self::new(&words.collect::<Vec<_>>().join(" "))
    }

    /// TEMPORARY
    pub fn chooses(&self, key: &crate::metric::SeriesKey) -> bool {
        self.matches(&key.identifier, &mut String::new())
    }

    /// The series that match, in the order of the tree.
    pub fn series(&self, store: &Store) -> Vec<SeriesId> {
        let (mut text, mut found) = (String::new(), Vec::new());
        for host in store.index().hosts() {
            if self.narrow_by_host(&host.name, &mut text).is_none() {
                continue;
            }
            let lists = host.plugins.iter().flat_map(|plugin| &plugin.lists);
            for id in lists.flat_map(|list| &list.series) {
                let series = store.series(*id);
                if series.is_some_and(|series| self.matches(&series.identifier, &mut text)) {
                    found.push(*id);
                }
            }
        }
        found
    }

    /// All of its words.
    pub fn undecided(&self) -> Undecided {
        Undecided(self.words.iter().fold(0, |set, _| set << 1 | 1))
    }

    /// What is left to decide below the host `name`; none where nothing can match.
    pub fn narrow_by_host(&self, name: &str, scratch: &mut String) -> Option<Undecided> {
        scratch.clear();
        push_lower(scratch, name);
        self.narrow(self.undecided(), Field::Host, scratch)
    }

    /// The same set below a plugin instance of a host that left `left`.
    pub fn narrow_by_plugin(
        &self,
        left: Undecided,
        (plugin, instance): (&str, &str),
        scratch: &mut String,
    ) -> Option<Undecided> {
        scratch.clear();
        push_pair(scratch, plugin, instance);
        self.narrow(left, Field::Plugin, scratch)
    }

    fn narrow(&self, left: Undecided, field: Field, text: &str) -> Option<Undecided> {
        let mut rest = left.0;
        for (bit, word) in bits(left.0).zip(&self.words) {
            if bit == 0 || word.across || !(word.field == field || word.field == Field::Any) {
                continue;
            }
            let found = word.is_in(text);
            if found && word.exclude || !found && word.field == field && !word.exclude {
                return None;
            }
            if found || word.field == field {
                rest &= !bit;
            }
        }
        Some(Undecided(rest))
    }

    /// The words that are found in a type and its instance, in small letters.
    pub fn found_in_type(&self, text: &str) -> Found {
        let mut found = 0;
        for (bit, word) in bits(self.undecided().0).zip(&self.words) {
            let here = !word.across && matches!(word.field, Field::Any | Field::Type);
            if here && word.is_in(text) {
                found |= bit;
            }
        }
        Found(found)
    }

    /// Whether a series matches, with `left` undecided by its host and plugin and `found` in its
    /// type; `whole` appends the whole text where that is not enough.
    pub fn decide(&self, left: Undecided, found: Found, whole: impl FnOnce(&mut String)) -> bool {
        let Undecided(left) = left;
        let wanted = left & !self.across & !self.excluding;
        if left & found.0 & self.excluding != 0 || wanted & !found.0 != 0 {
            return false;
        }
        let across = left & self.across;
        if across == 0 {
            return true;
        }
        let mut text = String::new();
        whole(&mut text);
        let mut words = bits(across).zip(&self.words);
        words.all(|(bit, word)| bit == 0 || word.is_in(&text) != word.exclude)
    }

    /// Whether `identifier` matches. `scratch` is reused between calls.
    pub fn matches(&self, identifier: &Identifier, scratch: &mut String) -> bool {
        self.matches_text(identifier, "", scratch)
    }

    /// The same for something with a text of its own, in which words without a field are sought
    /// too.
    pub fn matches_text(&self, identifier: &Identifier, more: &str, scratch: &mut String) -> bool {
        self.words.iter().all(|word| word.matches(identifier, more, scratch))
    }
}

impl Word {
    fn new(word: &str) -> Option<Self> {
        let (exclude, word) = match word.strip_prefix('-') {
            Some("") | None => (false, word),
            Some(rest) => (true, rest),
        };
        let (field, pattern) = match word.split_once(':') {
            Some(("host", rest)) => (Field::Host, rest),
            Some(("plugin", rest)) => (Field::Plugin, rest),
            Some(("type", rest)) => (Field::Type, rest),
            _ => (Field::Any, word),
        };
        // `host:` is typed on the way to `host:web`.
        (!pattern.is_empty()).then(|| {
            let pattern = Pattern::new(field, pattern);
            let across = field == Field::Any
                && match &pattern {
                    Pattern::Holds(word) => word.needle().contains(&b'/'),
                    Pattern::Glob(_) => true,
                };
            Self { field, exclude, pattern, across }
        })
    }

    fn matches(&self, identifier: &Identifier, more: &str, text: &mut String) -> bool {
        text.clear();
        if matches!(self.field, Field::Any | Field::Host) {
            push_lower(text, &identifier.host);
        }
        if matches!(self.field, Field::Any | Field::Plugin) {
            push_pair(text, &identifier.plugin, &identifier.plugin_instance);
        }
        if matches!(self.field, Field::Any | Field::Type) {
            push_pair(text, &identifier.type_, &identifier.type_instance);
        }
        if self.field == Field::Any && !more.is_empty() {
            text.push('/');
            push_lower(text, more);
        }
        self.is_in(text) != self.exclude
    }

    /// Whether it is found in a text in small letters.
    fn is_in(&self, text: &str) -> bool {
        match &self.pattern {
            Pattern::Holds(word) => word.find(text.as_bytes()).is_some(),
            Pattern::Glob(glob) => glob.is_match(text),
        }
    }
}

impl Pattern {
    fn new(field: Field, text: &str) -> Self {
        let text = text.to_lowercase();
        if !text.contains(['*', '?']) {
            return Self::Holds(Finder::new(&text).into_owned());
        }
        let anchored = if field == Field::Any { format!("*{text}*") } else { text.clone() };
        globset::Glob::new(&anchored).map_or_else(
            |_| Self::Holds(Finder::new(&text).into_owned()),
            |glob| Self::Glob(glob.compile_matcher()),
        )
    }
}

/// The bits of a set, from the first on; zero for one that is not in it.
fn bits(set: u64) -> impl Iterator<Item = u64> {
    (0..u64::BITS).map(move |number| set & (1 << number))
}

pub(super) fn push_pair(text: &mut String, name: &str, instance: &str) {
    if !text.is_empty() {
        text.push('/');
    }
    push_lower(text, name);
    if !instance.is_empty() {
        text.push('-');
        push_lower(text, instance);
    }
}

pub(super) fn push_lower(text: &mut String, name: &str) {
    if name.is_ascii() {
        text.extend(name.bytes().map(|b| char::from(b.to_ascii_lowercase())));
    } else {
        text.push_str(&name.to_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, matches: bool) {
        let id = Identifier::new("Web-01", "interface", "eth0", "if_octets", "");
        let got = Selector::new(filter).matches(&id, &mut String::new());
        assert_eq!(got, matches, "{filter}");
    }

    #[test]
    fn the_empty_filter_matches_everything() {
        check("", true);
        check("   ", true);
    }

    #[test]
    fn all_words_must_match_and_case_does_not_matter() {
        check("web ETH", true);
        check("web cpu", false);
    }

    #[test]
    fn a_word_with_a_minus_excludes() {
        check("web -lo", true);
        check("web -eth0", false);
        check("-", true);
    }

    #[test]
    fn a_field_narrows_the_word_to_one_name() {
        check("host:web", true);
        check("host:eth0", false);
        check("plugin:interface-eth*", true);
        check("type:if_octets", true);
        check("-host:db*", true);
    }

    #[test]
    fn a_glob_on_a_field_must_match_the_whole_name() {
        check("host:eb*", false);
        check("host:*eb*", true);
        check("w*octets", true);
    }

    #[test]
    fn a_text_is_searched_by_words_without_a_field_only() {
        let id = Identifier::new("web", "df", "", "", "");
        let matches = |filter: &str| {
            Selector::new(filter).matches_text(&id, "Disk is FULL", &mut String::new())
        };
        for (filter, found) in [
            ("full", true),
            ("web disk*full", true),
            ("-full", false),
            ("host:full", false),
            ("plugin:df is", true),
        ] {
            assert_eq!(matches(filter), found, "{filter}");
        }
    }

    #[test]
    fn half_typed_filters_are_harmless() {
        check("host:", true);
        check("[*", false);
        check("host:[", false);
    }
}
