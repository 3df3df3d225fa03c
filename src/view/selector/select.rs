//! A selector: its text, what it says about names and about the state, and its mistakes.

use super::field::Field;
use super::mistake::Mistake;
use super::names::{Ds, NamePart, Subject};
use super::parse::{exact, parse};
use super::sieve::Sieve;
use super::state::StatePart;
use super::texts::Texts;
use crate::metric::SeriesKey;
use crate::store::{Series, SeriesId, Store};
use crate::view::aliases::Aliases;
use crate::view::format::Unit;
use crate::view::latest::Latest;
use std::ops::Range;
use std::sync::Arc;

/// A selector that was read. The empty one matches everything. Two are equal when their texts are.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    text: String,
    names: NamePart,
    state: StatePart,
    mistakes: Vec<Mistake>,
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Selector {}

/// What names a series.
const PARTS: [Field; 6] =
    [Field::Host, Field::Plugin, Field::Instance, Field::Type, Field::TypeInstance, Field::Ds];

/// The words that choose a series of these names, in the order of [`PARTS`].
fn text_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = PARTS.into_iter().zip(names).map(|(part, of)| part.exactly(of)).collect();
    words.join(" ")
}

impl Selector {
    /// Reads what was typed. Every text is a selector: words that cannot be read are left out, see
    /// [`Selector::mistakes`].
    pub fn new(text: &str) -> Self {
        let parsed = parse(text);
        Self {
            text: text.to_owned(),
            names: NamePart::new(parsed.names),
            state: StatePart::new(parsed.state),
            mistakes: parsed.mistakes,
        }
    }

    /// The same with words without a field found in what hosts are called, too.
    pub fn knowing(mut self, aliases: &Aliases) -> Self {
        self.names.know(aliases);
        self
    }

    /// Whether both find the same: equal ones may know other aliases.
    pub fn finds_as(&self, other: &Self) -> bool {
        self == other && self.names.is_called_as(&other.names)
    }

    /// The selector of one series and of no other, but for those whose names differ in nothing but
    /// capitals.
    pub fn of_series(key: &SeriesKey) -> Self {
        let id = &key.identifier;
        let names = [&id.host, &id.plugin, &id.plugin_instance, &id.type_, &id.type_instance];
        Self::new(&text_of(names.map(|name| &**name).into_iter().chain([&*key.ds])))
    }

    /// What is the same of all selectors of one series, and of that series; none of one that
    /// chooses something else.
    pub(in crate::view) fn series_text(&self) -> Option<String> {
        if self.has_state() || self.names.words().len() != PARTS.len() {
            return None;
        }
        let names: Option<Vec<_>> = PARTS.into_iter().map(|part| self.value(part)).collect();
        Some(text_of(names?.iter().map(String::as_str)).to_lowercase())
    }

    /// The same of a series, as it would be of its selectors.
    pub(in crate::view) fn series_text_of(series: &Series) -> String {
        let id = &*series.identifier;
        let names = [&id.host, &id.plugin, &id.plugin_instance, &id.type_, &id.type_instance];
        text_of(names.map(|name| &**name).into_iter().chain([&*series.ds_name])).to_lowercase()
    }

    /// Text as typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its words that can be read, as they are written.
    pub fn readable(&self) -> String {
        let names = self.name_words().map(|(_, span)| span);
        let mut spans: Vec<_> = names.chain(self.state_words()).collect();
        spans.sort_by_key(|span| span.start);
        let words: Vec<_> = spans.into_iter().filter_map(|span| self.text.get(span)).collect();
        words.join(" ")
    }

    /// What is sought, without the names of the fields: `cpu percent`.
    pub fn spoken(&self) -> String {
        let value = |word: &str| {
            let is_field = |name: &str| Field::ALL.iter().any(|field| field.name() == name);
            let value = word.split_once(':').filter(|(name, _)| is_field(name));
            value.map_or(word, |(_, value)| value).trim_matches('"').to_owned()
        };
        let words = self.text.split_whitespace().map(value).filter(|word| !word.is_empty());
        let mut words: Vec<_> = words.collect();
        words.dedup();
        words.join(" ")
    }

    /// The same without its words for `field`.
    pub fn without(&self, field: Field) -> Self {
        let mut text = self.text.clone();
        let words: Vec<_> = self.name_words().filter(|(of, _)| *of == Some(field)).collect();
        for (_, span) in words.into_iter().rev() {
            text.replace_range(span, "");
        }
        Self::new(text.trim())
    }

    /// The host, if it names one and no pattern.
    pub fn host(&self) -> Option<String> {
        self.value(Field::Host).filter(|host| host != "$host")
    }

    /// What its only word for `field` asks for, if that is one name and no pattern.
    pub(in crate::view) fn value(&self, field: Field) -> Option<String> {
        let mut spans = self.name_words().filter(|(of, _)| *of == Some(field));
        let (_, span) = spans.next().filter(|_| spans.next().is_none())?;
        exact(self.text.get(span)?).map(|(_, value)| value)
    }

    /// Whether it names every part of a series, as [`Selector::of_series`] does.
    pub fn names_every_part(&self) -> bool {
        PARTS.into_iter().all(|part| self.name_words().any(|(field, _)| field == Some(part)))
    }

    /// Matches everything: there is no word, or none that can be read.
    pub fn is_empty(&self) -> bool {
        self.names.words().is_empty() && !self.has_state()
    }

    /// Whether there are words about the state (`>90`, `unit:%`, `stale`), which names alone do not
    /// answer, and whose answer changes with time.
    pub fn has_state(&self) -> bool {
        !self.state.words().is_empty()
    }

    /// Whether some of these words are about the newest value, which is found series by series.
    pub fn asks_value(&self) -> bool {
        self.state.asks_value()
    }

    /// The words that cannot be read, in order.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// Where the words about the state stand in the text.
    pub fn state_words(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.state.words().iter().map(|word| word.span.clone())
    }

    /// Where the words about names stand in the text, each with its field.
    pub fn name_words(&self) -> impl Iterator<Item = (Option<Field>, Range<usize>)> + '_ {
        self.names.words().iter().map(|word| (word.field, word.span.clone()))
    }

    /// The name part.
    pub(in crate::view) const fn names(&self) -> &NamePart {
        &self.names
    }

    /// The series whose names match, in the order of the tree. The state is not looked at.
    pub fn series(&self, store: &Store) -> Vec<SeriesId> {
        let texts = Texts::default();
        let mut sieve = Sieve::new(&self.names, &texts, Some(store));
        let mut found = Vec::new();
        for host in store.index().hosts() {
            let Some(left) = sieve.host(&host.name) else { continue };
            for plugin in host.plugins.iter() {
                let Some(left) = sieve.plugin(left, plugin) else { continue };
                for list in &plugin.lists {
                    sieve.list(left, list, |id| found.push(id));
                }
            }
        }
        found
    }

    /// The series that match by name and state, in the order of the tree.
    pub fn series_now(&self, latest: &Latest<'_>) -> Vec<SeriesId> {
        let mut found = self.series(latest.store);
        if self.has_state() {
            let series = |id: &SeriesId| latest.store.series(*id);
            found.retain(|id| series(id).is_some_and(|series| self.state_holds(series, latest)));
        }
        found
    }

    /// The hosts of which a series matches by name and state, from place `from` among all; and the
    /// place to go on from after about `lists_max` value lists, if there are more.
    pub fn hosts_now(
        &self,
        latest: &Latest<'_>,
        from: usize,
        lists_max: usize,
    ) -> (Vec<Arc<str>>, Option<usize>) {
        let (store, texts) = (latest.store, Texts::default());
        let mut sieve = Sieve::new(&self.names, &texts, Some(store));
        let holds = |id| {
            let series = store.series(id);
            series.is_some_and(|series| !self.has_state() || self.state_holds(series, latest))
        };
        let (mut found, mut looked_at) = (Vec::new(), 0);
        for (place, host) in store.index().hosts().iter().enumerate().skip(from) {
            if looked_at >= lists_max {
                return (found, Some(place));
            }
            looked_at += 1;
            let Some(left) = sieve.host(&host.name) else { continue };
            let mut is_found = false;
            'host: for plugin in host.plugins.iter() {
                let Some(left) = sieve.plugin(left, plugin) else { continue };
                for list in &plugin.lists {
                    looked_at += 1;
                    sieve.list(left, list, |id| is_found = is_found || holds(id));
                    if is_found {
                        break 'host;
                    }
                }
            }
            if is_found {
                found.push(Arc::clone(&host.name));
            }
        }
        (found, None)
    }

    /// Whether a value of this unit, as it is shown, is what its words ask for; none where they ask
    /// for anything but a value.
    pub fn compares(&self, value: f64, unit: &Unit) -> Option<bool> {
        self.names.words().is_empty().then(|| self.state.compares(value, unit))?
    }

    /// Whether the state of a series is what is asked for; its name is not looked at.
    pub fn state_holds(&self, series: &Series, latest: &Latest<'_>) -> bool {
        self.state.holds(series, latest)
    }

    /// Whether the names match. `scratch` is reused between calls.
    pub fn matches(&self, subject: &Subject<'_>, scratch: &mut String) -> bool {
        self.first_miss(subject, scratch).is_none()
    }

    /// The same of a series.
    pub fn matches_series(&self, series: &Series, scratch: &mut String) -> bool {
        self.matches(&Subject::of_series(series), scratch)
    }

    /// Whether it chooses the series of that name by its names, which need not be known yet.
    pub fn chooses(&self, key: &SeriesKey) -> bool {
        // A data source that is the only one of its list is called so, and not shown.
        let ds = Ds { name: &key.ds, is_shown: *key.ds != *"value" };
        let subject = Subject { ds: Some(ds), ..(&*key.identifier).into() };
        self.matches(&subject, &mut String::new())
    }

    /// The first of [`Selector::name_words`] that does not match; none where all do.
    pub fn first_miss(&self, subject: &Subject<'_>, scratch: &mut String) -> Option<usize> {
        self.names.first_miss(subject, scratch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Identifier;
    use proptest::prelude::*;

    fn key(names: [&str; 6]) -> SeriesKey {
        let [host, plugin, instance, type_, type_instance, ds] = names;
        let identifier = Identifier::new(host, plugin, instance, type_, type_instance);
        SeriesKey { identifier: identifier.into(), ds: ds.into() }
    }

    #[track_caller]
    fn check(selector: &str, matches: bool) {
        let eth0 = key(["Web-01", "interface", "eth0", "if_octets", "", "rx"]);
        let selector = Selector::new(selector);
        assert_eq!(selector.mistakes(), [], "{}", selector.text());
        assert_eq!(selector.chooses(&eth0), matches, "{}", selector.text());
    }

    /// What is wrong with which words.
    #[track_caller]
    fn check_mistakes(text: &str, expected: &[(&str, &str)]) {
        let selector = Selector::new(text);
        let found: Vec<_> = selector
            .mistakes()
            .iter()
            .map(|of| (&text[of.span.clone()], of.text.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_empty_selector_matches_everything() {
        for empty in ["", "   ", "-", "host:", "-host:", "\"\"", "host:|", "host:\t"] {
            check(empty, true);
            assert!(Selector::new(empty).is_empty(), "{empty}");
        }
    }

    #[test]
    fn all_words_must_match_and_case_does_not_matter() {
        check("web ETH", true);
        check("web cpu", false);
        check("w*octets", true);
        check("o*web", false);
        check("rx", true);
        check("octets\u{a0}RX", true);
    }

    #[test]
    fn a_word_with_a_minus_excludes() {
        check("web -lo", true);
        check("web -eth0", false);
        check("-host:web-01", false);
        check("-host:db*", true);
        check("-/^db/", true);
    }

    #[test]
    fn a_field_is_one_name_exactly_in_any_case() {
        check("host:web", false);
        check("host:web-01 Plugin:INTERFACE instance:eth0 type:if_octets ds:rx", true);
        check("host:eth0", false);
        check("plugin:interface-eth0", false);
        check("type-instance:\"\"", true);
        check("instance:\"\"", false);
        check("host:db|web-01|", true);
        check("host:db|mail", false);
    }

    #[test]
    fn a_field_may_be_like_something_or_match_an_expression() {
        check("host:web*", true);
        check("host:eb*", false);
        check("host:*eb-0?", true);
        check("host:/^web-\\d+$/", true);
        check("host:db|/^WEB/", true);
        check("instance:/^[a-z]+$/", false);
        check("/eth\\d\\/if_/", true);
        check("-/(a|a?)+$ /", true);
    }

    #[test]
    fn quotes_take_what_is_in_them_as_it_is() {
        check("\"web-01/interface\"", true);
        check("\"w*octets\"", false);
        check("\"if_octets rx\"", true);
        check("\"-01\"", true);
        check("\"stale\"", false);
        check("\">90\"", false);
        check("-\"no such\"", true);
        check("host:\"web*\"", false);
        check("\"\\\"\\\\\"", false);
    }

    #[test]
    fn a_colon_need_not_be_behind_a_field() {
        let host = key(["fe80::1", "p", "", "t", "", "value"]);
        for (text, matches) in [
            ("fe80::1", true),
            ("::1", true),
            ("host:fe80::1", true),
            ("cafe:1", false),
            ("e80:", true),
        ] {
            let selector = Selector::new(text);
            assert_eq!((selector.mistakes(), selector.chooses(&host)), (&[][..], matches));
        }
    }

    #[test]
    fn a_text_is_searched_by_words_without_a_field_only() {
        let df = Identifier::new("web", "df", "", "", "");
        let more = Subject { more: "Disk is FULL", ..(&df).into() };
        for (text, found) in [
            ("full", true),
            ("web disk*full", true),
            ("\"disk is\"", true),
            ("-full", false),
            ("host:full", false),
            ("plugin:df is", true),
            ("ds:value", false),
            ("-ds:value", true),
        ] {
            let selector = Selector::new(text);
            assert_eq!(selector.matches(&more, &mut String::new()), found, "{text}");
        }
    }

    #[test]
    fn a_word_that_cannot_be_read_is_left_out_and_named() {
        check_mistakes("hst:web cpu", &[("hst:web", "unknown field hst:, nearest is host:")]);
        check_mistakes(
            "a -plugins:",
            &[("-plugins:", "unknown field plugins:, nearest is plugin:")],
        );
        check_mistakes("/(/ x", &[("/(/", "not a regular expression: unclosed group")]);
        check_mistakes("a host:/b c", &[("host:/b c", "the slash is not closed: /web-\\d+/")]);
        check_mistakes("a \"b c", &[("\"b c", "the quote is not closed")]);
        check_mistakes(
            "\"a\"b c",
            &[("\"a\"b", "text behind the closing quote; \\\" is a quote inside")],
        );
        check_mistakes(
            "/srv/www c",
            &[(
                "/srv/www",
                "text behind the closing slash; \\/ is a slash inside, and in quotes \"/a/b\" are \
                 slashes",
            )],
        );
        check_mistakes(">", &[(">", "number missing after >, as in >90")]);
        check_mistakes("<=x", &[("<=x", "not a number, as <=90, <=1.5k or <=2Gi")]);
        check_mistakes(
            ">inf >1e999",
            &[
                (">inf", "not a number, as >90, >1.5k or >2Gi"),
                (">1e999", "not a number, as >90, >1.5k or >2Gi"),
            ],
        );
        let cpu = key(["h", "cpu", "0", "percent", "user", "value"]);
        assert!(Selector::new("hst:web cpu /(/ >x").chooses(&cpu));
        assert!(Selector::new("hst:web").is_empty());
    }

    #[test]
    fn of_too_many_words_the_first_count() {
        let text = "a ".repeat(64) + "b c";
        check_mistakes(&text, &[("b c", "too many words, the first 64 count")]);
        let a = key(["a", "p", "", "t", "", "value"]);
        assert!(Selector::new(&text).chooses(&a));
        let text = format!("host:{}", "a|".repeat(10_000));
        assert_eq!(Selector::new(&text).mistakes()[0].text, "more than 1024 values");
        let text = "/a/ ".repeat(20);
        assert_eq!(Selector::new(&text).mistakes().len(), 4);
    }

    #[test]
    fn a_very_long_text_is_read() {
        let a = key(["a", "p", "", "t", "", "value"]);
        for part in ["a", "\"", "/", "(", "/(/ ", "host:", "*a", "-", "a|", "\\", "/\\w{9}/ ", ">9"]
        {
            let text = part.repeat(100_000 / part.len());
            let selector = Selector::new(&text);
            assert!(selector.mistakes().len() <= 16);
            selector.chooses(&a);
        }
    }

    #[test]
    fn states_are_apart_from_names() {
        for (text, words) in [
            ("cpu >90", &[">90"][..]),
            ("-stale cpu <=-1.5Ki", &["-stale", "<=-1.5Ki"]),
            ("unit:% >=80% STALE", &["unit:%", ">=80%", "STALE"]),
            ("\"stale\" cpu", &[]),
        ] {
            let selector = Selector::new(text);
            let found: Vec<_> = selector.state_words().map(|span| &text[span]).collect();
            assert_eq!((found.as_slice(), selector.has_state()), (words, !words.is_empty()));
            assert!(selector.mistakes().is_empty() && !selector.is_empty());
        }
    }

    #[test]
    fn the_host_that_is_named_is_known_and_a_pattern_is_none() {
        for (text, host) in [
            ("host:web-1 plugin:load", Some("web-1")),
            ("Host:\"web-1\"", Some("web-1")),
            (r#"host:"a \"b\\""#, Some("a \"b\\")),
            (r#"host:"a\\\"""#, Some("a\\\"")),
            ("host:web*", None),
            ("host:/web/", None),
            ("host:a|b", None),
            ("-host:a", None),
            ("host:a host:b", None),
            ("host:$host", None),
            ("plugin:load", None),
        ] {
            assert_eq!(Selector::new(text).host().as_deref(), host, "{text}");
        }
    }

    #[test]
    fn the_selector_of_a_series_is_written_as_one_would() {
        let selector = Selector::of_series(&key(["web-1", "df", "", "df_complex", "a b", "value"]));
        assert_eq!(
            selector.text(),
            "host:web-1 plugin:df instance:\"\" type:df_complex type-instance:\"a b\" ds:value"
        );
    }

    #[test]
    fn words_without_a_field_find_a_host_by_what_it_is_called() {
        let mut aliases = Aliases::default();
        aliases.set(&"IP-10".into(), "DB master");
        let db = key(["IP-10", "cpu", "0", "percent", "user", "value"]);
        let other = key(["ip-11", "cpu", "0", "percent", "user", "value"]);
        for (text, finds, finds_other) in [
            ("db", true, false),
            ("ip-1", true, true),
            ("-master", false, true),
            ("-\"db master\"", false, true),
            ("\"db master\" cpu", true, false),
            ("/^DB/ cpu", true, false),
            ("db load", false, false),
            ("host:db*", false, false),
            ("plugin:db", false, false),
        ] {
            let selector = Selector::new(text).knowing(&aliases);
            let found = (selector.chooses(&db), selector.chooses(&other));
            assert_eq!(found, (finds, finds_other), "{text}");
        }
        let forgets = Selector::new("db").knowing(&aliases).knowing(&Aliases::default());
        assert!(!forgets.chooses(&db));
    }

    proptest! {
        #[test]
        fn every_text_is_read(text in ".*") {
            let selector = Selector::new(&text);
            for mistake in selector.mistakes() {
                prop_assert!(text.get(mistake.span.clone()).is_some());
            }
            prop_assert_eq!(&Selector::new(&text), &selector);
        }

        #[test]
        fn every_text_of_signs_is_read(text in "[-a:|/\"\\\\*?<> (.0-9]{0,40}") {
            let selector = Selector::new(&text);
            for mistake in selector.mistakes() {
                prop_assert!(text.get(mistake.span.clone()).is_some_and(|word| !word.is_empty()));
            }
            selector.chooses(&key(["a", "-a", "", "0", "a/a", "a"]));
        }

        #[test]
        fn the_selector_of_a_series_matches_it_and_no_other(
            one in proptest::array::uniform6("[-aA:|/\"\\\\*?<> é]{0,3}"),
            other in proptest::array::uniform6("[-aA:|/\"\\\\*?<> é]{0,3}"),
            same in proptest::array::uniform6(any::<bool>()),
        ) {
            let names = one.each_ref().map(String::as_str);
            let mut others = other.each_ref().map(String::as_str);
            for ((other, one), same) in others.iter_mut().zip(names).zip(same) {
                if same {
                    *other = one;
                }
            }
            let selector = Selector::of_series(&key(names));
            prop_assert_eq!(selector.mistakes(), &[]);
            prop_assert!(selector.chooses(&key(names)), "{}", selector.text());
            let is_same = names.map(str::to_lowercase) == others.map(str::to_lowercase);
            prop_assert_eq!(selector.chooses(&key(others)), is_same, "{}", selector.text());
        }
    }
}
