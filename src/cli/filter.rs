//! Which records `dump` prints, and what there was where it printed none.

use crate::metric::{Names, display_safe, with_instance};
use crate::view::selector::{Field, Selector, Subject};
use std::collections::BTreeSet;

/// Names remembered of what was not printed: enough to see a slip of the pen.
const SEEN_MAX: usize = 20;
/// Characters of a name that are shown; the wire allows 127.
const NAME_SHOWN_MAX: usize = 60;
/// Characters of a selector that are shown before and behind a mistake.
const AROUND_MAX: usize = 30;

/// What is printed: records that a selector takes.
pub(super) struct Filter {
    selector: Selector,
    /// What each of its words was tried on.
    tried: Vec<Tried>,
    scratch: String,
}

/// What one word was tried on.
#[derive(Default)]
struct Tried {
    /// The names in records that it did not take.
    seen: BTreeSet<String>,
    more: bool,
    took_one: bool,
}

impl Filter {
    /// None takes everything.
    pub(super) fn new(selector: Option<&Selector>) -> Self {
        let selector = selector.cloned().unwrap_or_default();
        let tried = selector.name_words().map(|_| Tried::default()).collect();
        Self { selector, tried, scratch: String::new() }
    }

    /// Whether there are no words at all.
    pub(super) fn takes_everything(&self) -> bool {
        self.selector.is_empty()
    }

    /// Whether a record of these names is printed.
    pub(super) fn takes(&mut self, names: &Names<'_>) -> bool {
        if self.takes_everything() {
            return true;
        }
        let text = String::from_utf8_lossy;
        let (host, plugin, plugin_instance) =
            (text(names.host), text(names.plugin), text(names.plugin_instance));
        let (type_, type_instance) = (text(names.type_), text(names.type_instance));
        let subject = Subject {
            host: &host,
            plugin: &plugin,
            plugin_instance: &plugin_instance,
            type_: &type_,
            type_instance: &type_instance,
            ..Subject::default()
        };
        let miss = self.selector.first_miss(&subject, &mut self.scratch);
        for tried in self.tried.iter_mut().take(miss.unwrap_or(usize::MAX)) {
            tried.took_one = true;
        }
        let Some(miss) = miss else { return true };
        let field = self.selector.name_words().nth(miss).and_then(|(field, _)| field);
        if let Some(tried) = self.tried.get_mut(miss).filter(|tried| tried.is_open()) {
            let name = field.and_then(|field| subject.name(field)).map(str::to_owned);
            tried.note(&name.unwrap_or_else(|| names_together(&subject)));
        }
        false
    }

    /// Why nothing was printed, if a record was there.
    pub(super) fn why_nothing(&self) -> Option<String> {
        let mut words = self.selector.name_words().zip(&self.tried);
        let ((_, span), first) = words.find(|(_, tried)| !tried.took_one)?;
        let Tried { seen, more, .. } = first;
        if seen.is_empty() {
            return None;
        }
        let names: Vec<&str> =
            seen.iter().map(|name| if name.is_empty() { "(none)" } else { name }).collect();
        let more = if *more { ", ..." } else { "" };
        let word = shown(self.selector.text().get(span).unwrap_or_default());
        Some(format!("nothing matches {word}; seen: {}{more}", names.join(", ")))
    }
}

impl Tried {
    /// Whether another name may be remembered.
    const fn is_open(&self) -> bool {
        !self.took_one && !self.more
    }

    fn note(&mut self, name: &str) {
        let name = shown(name);
        self.more = self.seen.len() >= SEEN_MAX && !self.seen.contains(&name);
        if !self.more {
            self.seen.insert(name);
        }
    }
}

fn names_together(subject: &Subject<'_>) -> String {
    let plugin = with_instance(subject.plugin, subject.plugin_instance);
    let type_ = with_instance(subject.type_, subject.type_instance);
    [subject.host, &plugin, &type_].join("/")
}

fn shown(name: &str) -> String {
    display_safe(name).chars().take(NAME_SHOWN_MAX).collect()
}

/// Reads the selector of `--only`. What a record does not hold cannot be asked for; a word that
/// cannot be read is refused, and the error shows where it stands.
pub(super) fn parse_only(text: &str) -> Result<Selector, String> {
    let selector = Selector::new(text);
    if let Some(mistake) = selector.mistakes().first() {
        return Err(pointed_at(text, &mistake.span, &mistake.text));
    }
    if let Some(span) = selector.state_words().next() {
        let word = shown(text.get(span.clone()).unwrap_or_default());
        let what = format!(
            "{word} is about values as the window shows them, here only names can be chosen"
        );
        return Err(pointed_at(text, &span, &what));
    }
    let ds = selector.name_words().find(|(field, _)| *field == Some(Field::Ds));
    if let Some((_, span)) = ds {
        let word = shown(text.get(span.clone()).unwrap_or_default());
        let what = format!("{word}: a line holds all data sources of a value list");
        return Err(pointed_at(text, &span, &what));
    }
    Ok(selector)
}

/// What is wrong, and below it the text around with a mark under the place.
fn pointed_at(text: &str, span: &std::ops::Range<usize>, what: &str) -> String {
    let part = |range: &str| display_safe(range).into_owned();
    let before = part(text.get(..span.start).unwrap_or_default());
    let word = part(text.get(span.clone()).unwrap_or_default());
    let behind = part(text.get(span.end..).unwrap_or_default());
    let skipped = before.chars().count().saturating_sub(AROUND_MAX);
    let (dots, before) = match skipped {
        0 => ("", before),
        _ => ("... ", before.chars().skip(skipped).collect()),
    };
    let word: String = word.chars().take(NAME_SHOWN_MAX).collect();
    let behind: String = behind.chars().take(AROUND_MAX).collect();
    let at = " ".repeat(dots.len() + before.chars().count());
    let mark = "^".repeat(word.chars().count().max(1));
    let column = text.get(..span.start).unwrap_or_default().chars().count() + 1;
    format!("character {column}: {what}\n  {dots}{before}{word}{behind}\n  {at}{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_shown_at_its_place() {
        assert_eq!(
            parse_only("cpu hst:web -idle").unwrap_err(),
            "character 5: unknown field hst:, nearest is host:\n  cpu hst:web -idle\n      ^^^^^^^"
        );
        let long = format!("{} /(/ {}", "ä".repeat(100), "b".repeat(1_000));
        let error = parse_only(&long).unwrap_err();
        let lines: Vec<&str> = error.lines().collect();
        assert!(lines[0].starts_with("character 102: not a regular expression: "), "{error}");
        assert!(lines.iter().all(|line| line.chars().count() < 150) && lines.len() == 3);
        assert_eq!(lines[2].find('^').map(|at| lines[1].chars().nth(at)), Some(Some('/')));
    }

    #[test]
    fn what_no_record_holds_is_refused() {
        for (text, word) in
            [("load >90", ">90 is about"), ("-stale", "-stale is"), ("ds:rx", "ds:rx: a line")]
        {
            let error = parse_only(text).unwrap_err();
            assert!(error.contains(word), "{error}");
        }
        assert!(parse_only("\"stale\" host:web-*").is_ok());
    }
}
