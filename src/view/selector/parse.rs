//! From text to words: what is quoted, what is a field, and what cannot be read.

use super::field::Field;
use super::mistake::Mistake;
use super::names::{WORDS_MAX, Word};
use super::pattern::Pattern;
use super::state::{Asks, Compare, StateWord};
use std::ops::Range;

/// What a text says.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) names: Vec<Word>,
    pub(super) state: Vec<StateWord>,
    pub(super) mistakes: Vec<Mistake>,
    regexes: usize,
}

/// Values of one field.
const VALUES_MAX: usize = 1_024;
/// Regular expressions of a selector: each takes a millisecond to read, at most.
const REGEXES_MAX: usize = 16;
/// A longer name before a colon is no slip of the pen.
const FIELD_BYTES_MAX: usize = 24;

/// Reads a text; words that cannot be read are left out.
pub(super) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut rest = Rest { text, at: 0 };
    loop {
        rest.skip_blanks();
        if rest.is_over() {
            return parsed;
        }
        let start = rest.at;
        if parsed.names.len() + parsed.state.len() >= WORDS_MAX {
            let what = format!("too many words, the first {WORDS_MAX} count");
            Mistake::note(&mut parsed.mistakes, start..text.len(), what);
            return parsed;
        }
        if let Err(what) = parsed.word(&mut rest) {
            if what.is_to_the_end {
                rest.at = text.len();
            } else {
                rest.skip_word();
            }
            Mistake::note(&mut parsed.mistakes, start..rest.at, what.text);
        }
    }
}

/// Where the words of a text stand. What is in quotes or slashes is no word of its own, unless
/// those are not closed.
pub(super) fn word_spans(text: &str) -> Vec<Range<usize>> {
    let mut rest = Rest { text, at: 0 };
    let mut spans = Vec::new();
    loop {
        rest.skip_blanks();
        if rest.is_over() {
            return spans;
        }
        let start = rest.at;
        if rest.pass_word().is_err() {
            rest.skip_word();
        }
        spans.push(start..rest.at);
    }
}

/// The field and the value of a word that asks for one name as it is.
pub(super) fn exact(word: &str) -> Option<(Field, String)> {
    let mut rest = Rest { text: word, at: 0 };
    let field = rest.field().ok()??;
    let value = match rest.value(&['|']).ok()? {
        Value::Plain(value) if !value.is_empty() && !value.contains(['*', '?']) => value.to_owned(),
        Value::Quoted(value) => value,
        _ => return None,
    };
    rest.is_over().then_some((field, value))
}

/// What is wrong with a word, and whether nobody knows where it ends.
struct Wrong {
    text: String,
    is_to_the_end: bool,
}

impl From<String> for Wrong {
    fn from(text: String) -> Self {
        Self { text, is_to_the_end: false }
    }
}

impl Parsed {
    fn word(&mut self, rest: &mut Rest<'_>) -> Result<(), Wrong> {
        let start = rest.at;
        let exclude = rest.take("-");
        if let Some(field) = rest.field()? {
            let patterns = self.values(rest)?;
            // `host:` is typed on the way to `host:web`.
            if !patterns.is_empty() {
                let span = start..rest.at;
                match field {
                    Field::Unit => {
                        self.state.push(StateWord { asks: Asks::Unit(patterns), exclude, span });
                    }
                    _ => self.names.push(Word { field: Some(field), exclude, patterns, span }),
                }
            }
            return Ok(());
        }
        let what = rest.value(&[])?;
        let span = start..rest.at;
        if let Value::Plain(word) = &what
            && let Some(asks) = asks(word)?
        {
            self.state.push(StateWord { asks, exclude, span });
            return Ok(());
        }
        let pattern = match what {
            Value::Plain(word) if word.contains(['*', '?']) => {
                Pattern::is_like(&format!("*{word}*"))
            }
            Value::Plain(word) => Pattern::holds(word),
            Value::Quoted(word) => Pattern::holds(&word),
            Value::Regex(regex) => self.regex(&regex)?,
        };
        // `-` is typed on the way to `-lo`.
        let is_nothing = |of: &Pattern| matches!(of, Pattern::Holds(of) if of.needle().is_empty());
        if !is_nothing(&pattern) {
            self.names.push(Word { field: None, exclude, patterns: vec![pattern], span });
        }
        Ok(())
    }

    /// The values of a field, with a bar between two of them.
    fn values(&mut self, rest: &mut Rest<'_>) -> Result<Vec<Pattern>, Wrong> {
        let mut patterns = Vec::new();
        loop {
            match rest.value(&['|'])? {
                Value::Plain("") => {}
                Value::Plain(value) if value.contains(['*', '?']) => {
                    patterns.push(Pattern::is_like(value));
                }
                Value::Plain(value) => patterns.push(Pattern::is(value)),
                Value::Quoted(value) => patterns.push(Pattern::is(&value)),
                Value::Regex(regex) => patterns.push(self.regex(&regex)?),
            }
            if !rest.take("|") {
                return Ok(patterns);
            }
            if patterns.len() >= VALUES_MAX {
                return Err(format!("more than {VALUES_MAX} values").into());
            }
        }
    }

    fn regex(&mut self, text: &str) -> Result<Pattern, Wrong> {
        if self.regexes >= REGEXES_MAX {
            return Err(format!("more than {REGEXES_MAX} regular expressions").into());
        }
        self.regexes += 1;
        Ok(Pattern::regex(text)?)
    }
}

/// What a word asks for that is no name.
fn asks(word: &str) -> Result<Option<Asks>, Wrong> {
    if word.eq_ignore_ascii_case("stale") {
        return Ok(Some(Asks::Stale));
    }
    if word.eq_ignore_ascii_case("new") {
        return Ok(Some(Asks::New));
    }
    let operators = [
        (">=", Compare::AtLeast),
        ("<=", Compare::AtMost),
        (">", Compare::Above),
        ("<", Compare::Below),
    ];
    for (operator, compare) in operators {
        let Some(number) = word.strip_prefix(operator) else { continue };
        if number.is_empty() {
            return Err(format!("number missing after {operator}, as in {operator}90").into());
        }
        let read = number_of(number).map(|(number, is_percent)| Asks::Value {
            compare,
            number,
            is_percent,
        });
        let wrong = || format!("not a number, as {operator}90, {operator}1.5k or {operator}2Gi");
        return Ok(Some(read.ok_or_else(wrong)?));
    }
    Ok(None)
}

/// A number with what it is multiplied by, and whether it is a percentage.
fn number_of(text: &str) -> Option<(f64, bool)> {
    let (text, is_percent) = match text.strip_suffix('%') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let factors = [
        ("Ki", 1_024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("k", 1e3),
        ("K", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
    ];
    let split =
        factors.iter().find_map(|(suffix, by)| text.strip_suffix(suffix).map(|text| (text, *by)));
    let (digits, by) = split.unwrap_or((text, 1.0));
    // Not "inf", nor "nan".
    let is_number = digits.contains(|c: char| c.is_ascii_digit());
    let number = digits.parse::<f64>().ok().filter(|_| is_number)? * by;
    number.is_finite().then_some((number, is_percent))
}

/// A value as it was written.
enum Value<'a> {
    Plain(&'a str),
    Quoted(String),
    Regex(String),
}

/// The text behind what was read.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn is_over(&self) -> bool {
        self.at >= self.text.len()
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn skip_word(&mut self) {
        self.until(char::is_whitespace);
    }

    /// Reads up to what `ends` it.
    fn until(&mut self, ends: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let read = rest.find(ends).and_then(|end| rest.get(..end)).unwrap_or(rest);
        self.at += read.len();
        read
    }

    /// Goes behind a word, whose expressions are not looked at.
    fn pass_word(&mut self) -> Result<(), Wrong> {
        self.take("-");
        let is_field = self.field()?.is_some();
        let ends: &[char] = if is_field { &['|'] } else { &[] };
        loop {
            self.value(ends)?;
            if !is_field || !self.take("|") {
                return Ok(());
            }
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len() } else { 0 };
        is_there
    }

    /// The field that stands here, with its colon.
    fn field(&mut self) -> Result<Option<Field>, Wrong> {
        let rest = self.rest();
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == '-' || c == '_';
        let end = rest.find(|c| !is_letter(c)).filter(|end| (1..FIELD_BYTES_MAX).contains(end));
        let Some((name, ":")) = end.and_then(|end| Some((rest.get(..end)?, rest.get(end..=end)?)))
        else {
            return Ok(None);
        };
        let Some(field) = Field::named(name) else {
            return match Field::nearest(name) {
                Some(near) => {
                    let near = near.name();
                    Err(format!("unknown field {name}:, nearest is {near}:").into())
                }
                None => Ok(None),
            };
        };
        self.at += name.len() + 1;
        Ok(Some(field))
    }

    /// A value, which ends at a blank or at one of `ends`.
    fn value(&mut self, ends: &[char]) -> Result<Value<'a>, Wrong> {
        let is_end = |c: char| c.is_whitespace() || ends.contains(&c);
        let value = match self.rest().chars().next() {
            Some('"') => Value::Quoted(self.quoted()?),
            Some('/') => Value::Regex(self.regex()?),
            _ => return Ok(Value::Plain(self.until(is_end))),
        };
        if self.rest().starts_with(|c| !is_end(c)) {
            return Err(match value {
                Value::Regex(_) => "text behind the closing slash; \\/ is a slash inside, and in \
                                    quotes \"/a/b\" are slashes"
                    .to_owned()
                    .into(),
                _ => "text behind the closing quote; \\\" is a quote inside".to_owned().into(),
            });
        }
        Ok(value)
    }

    /// What stands in quotes here.
    fn quoted(&mut self) -> Result<String, Wrong> {
        let unescaped = |c: char| matches!(c, '"' | '\\');
        self.enclosed('"', unescaped, "the quote is not closed")
    }

    /// The regular expression here. Any escape but that of a slash is its own.
    fn regex(&mut self) -> Result<String, Wrong> {
        self.enclosed('/', |c| c == '/', "the slash is not closed: /web-\\d+/")
    }

    fn enclosed(
        &mut self,
        close: char,
        unescaped: fn(char) -> bool,
        missing: &str,
    ) -> Result<String, Wrong> {
        let mut inside = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == close {
                self.at += at + c.len_utf8();
                return Ok(inside);
            }
            if c != '\\' {
                inside.push(c);
                continue;
            }
            let escaped = chars.next().map(|(_, c)| c);
            if !escaped.is_some_and(unescaped) {
                inside.push('\\');
            }
            inside.extend(escaped);
        }
        Err(Wrong { text: missing.into(), is_to_the_end: true })
    }
}
