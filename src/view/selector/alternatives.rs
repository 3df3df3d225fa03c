//! Alternatives: several selectors as one text, with `or` between two of them.
//!
//! Only a word that is written so divides: in quotes or in a regular expression it is part of
//! that, and where a selector has the word itself it is put in quotes.

use super::mistake::Mistake;
use super::parse::word_spans;
use super::select::Selector;

/// What stands between two selectors.
const OR: &str = "or";

impl Selector {
    /// The selectors that a text has between its words `or`; those without a word are left out.
    pub fn alternatives(text: &str) -> Vec<Self> {
        parts(text).into_iter().map(|(_, part)| Self::new(part)).collect()
    }

    /// What of them cannot be read, and where it stands in the text.
    pub fn mistakes_of(text: &str) -> Vec<Mistake> {
        let of = |(start, part): (usize, &str)| {
            let mistakes = Self::new(part).mistakes().to_vec().into_iter();
            mistakes.map(move |Mistake { span, text }| Mistake {
                span: span.start + start..span.end + start,
                text,
            })
        };
        parts(text).into_iter().flat_map(of).collect()
    }

    /// The text that [`Selector::alternatives`] reads as these.
    pub fn joined(all: &[Self]) -> String {
        let texts: Vec<_> = all.iter().map(Self::without_or).collect();
        texts.join(&format!(" {OR} "))
    }

    /// Its text, with the word `or` in quotes, which seeks the same.
    fn without_or(&self) -> String {
        let mut text = self.text().to_owned();
        for span in word_spans(self.text()).into_iter().rev() {
            if text.get(span.clone()) == Some(OR) {
                text.replace_range(span, &format!("\"{OR}\""));
            }
        }
        text
    }
}

/// The texts between the words `or`, and where each begins.
fn parts(text: &str) -> Vec<(usize, &str)> {
    let ors = word_spans(text).into_iter().filter(|span| text.get(span.clone()) == Some(OR));
    let ends = ors.chain(std::iter::once(text.len()..text.len()));
    let mut start = 0;
    let mut parts = Vec::new();
    for or in ends {
        let part = text.get(start..or.start).unwrap_or_default();
        let begin = start + part.len() - part.trim_start().len();
        parts.push((begin, part.trim()));
        start = or.end;
    }
    parts.retain(|(_, part)| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found = Selector::alternatives(text);
        assert_eq!(found.iter().map(Selector::text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn only_a_word_of_its_own_divides() {
        check("plugin:load or plugin:cpu ds:value", &["plugin:load", "plugin:cpu ds:value"]);
        check("host:\"a or b\" or c", &["host:\"a or b\"", "c"]);
        check("\"a or b\" -\"c or d\"", &["\"a or b\" -\"c or d\""]);
        check("/a or b/ or host:x|/y or z/", &["/a or b/", "host:x|/y or z/"]);
        check("\"a \\\" or b\"", &["\"a \\\" or b\""]);
        check("floor order or", &["floor order"]);
        check("or a or  or b", &["a", "b"]);
        check("  ", &[]);
        // What is not closed ends where the next one begins.
        check("a \"b or c", &["a \"b", "c"]);
        check("hst:x or /(/ or c", &["hst:x", "/(/", "c"]);
    }

    #[test]
    fn each_has_as_many_words_as_one_alone() {
        let many = vec!["host:a plugin:b type:c ds:d"; 40].join(" or ");
        assert_eq!(Selector::mistakes_of(&many), []);
        let text = "a or  hst:x or b /(/";
        let wrong = Selector::mistakes_of(text);
        let words: Vec<_> = wrong.iter().map(|mistake| &text[mistake.span.clone()]).collect();
        assert_eq!(words, ["hst:x", "/(/"]);
    }

    #[test]
    fn a_selector_that_seeks_the_word_stays_one() {
        let all = [Selector::new("a or b"), Selector::new("c")];
        assert_eq!(Selector::joined(&all), "a \"or\" b or c");
    }

    proptest! {
        #[test]
        fn what_is_joined_is_read_as_it_was(
            texts in prop::collection::vec("(or |[-a:|/\"\\\\* ]|host:){0,12}", 1..4)
        ) {
            let all = texts.iter().map(|text| Selector::new(text.trim()));
            let all: Vec<_> = all
                .filter(|one| !one.text().is_empty() && one.mistakes().is_empty())
                .filter(|one| word_spans(one.text()).iter().all(|of| one.text()[of.clone()] != *OR))
                .collect();
            prop_assert_eq!(Selector::alternatives(&Selector::joined(&all)), all);
        }

        #[test]
        fn every_text_is_divided(text in "(or |[-a:|/\"\\\\* ]|host:|.){0,40}") {
            Selector::alternatives(&text);
        }
    }
}
