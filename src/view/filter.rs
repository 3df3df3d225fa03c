//! The sidebar's filter: words that all must match.
//!
//! `cpu web` matches what holds both words anywhere in `host/plugin-instance/type-instance`;
//! `-word` excludes; `host:`, `plugin:` and `type:` match one name (with its instance) by glob or,
//! without `*` and `?`, by substring. Case does not matter. Pure text.

use crate::metric::Identifier;

/// A parsed filter. The empty one matches everything.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    words: Vec<Word>,
}

#[derive(Clone, Debug)]
struct Word {
    field: Field,
    exclude: bool,
    pattern: Pattern,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Any,
    Host,
    Plugin,
    Type,
}

#[derive(Clone, Debug)]
enum Pattern {
    Holds(String),
    Glob(globset::GlobMatcher),
}

impl Filter {
    /// Parses what was typed; every text is a filter.
    pub fn new(text: &str) -> Self {
        let words = text.split_whitespace().filter_map(Word::new).collect();
        Self { text: text.to_owned(), words }
    }

    /// As typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Matches everything.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
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
        (!pattern.is_empty()).then(|| Self {
            field,
            exclude,
            pattern: Pattern::new(field, pattern),
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
        let found = match &self.pattern {
            Pattern::Holds(word) => text.contains(word.as_str()),
            Pattern::Glob(glob) => glob.is_match(text.as_str()),
        };
        found != self.exclude
    }
}

impl Pattern {
    fn new(field: Field, text: &str) -> Self {
        let text = text.to_lowercase();
        if !text.contains(['*', '?']) {
            return Self::Holds(text);
        }
        let anchored = if field == Field::Any { format!("*{text}*") } else { text.clone() };
        globset::Glob::new(&anchored)
            .map_or(Self::Holds(text), |glob| Self::Glob(glob.compile_matcher()))
    }
}

fn push_pair(text: &mut String, name: &str, instance: &str) {
    if !text.is_empty() {
        text.push('/');
    }
    push_lower(text, name);
    if !instance.is_empty() {
        text.push('-');
        push_lower(text, instance);
    }
}

fn push_lower(text: &mut String, name: &str) {
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
        let got = Filter::new(filter).matches(&id, &mut String::new());
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
            Filter::new(filter).matches_text(&id, "Disk is FULL", &mut String::new())
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
