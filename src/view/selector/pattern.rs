//! Patterns: what a text in small letters is compared with.
//!
//! Each takes a time that grows with the text and with itself only, whatever was typed.

use memchr::memmem::Finder;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;

/// What a text in small letters is compared with.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// It holds this.
    Holds(Box<Finder<'static>>),
    /// It is this.
    Is(Box<str>),
    /// It is this with any characters for each `*` and any one for each `?`.
    IsLike(Box<str>),
    /// The expression is found in it.
    Regex(Box<Regex>),
}

/// Bytes of the automaton of a regular expression. `\w` takes 9 KiB as it knows all scripts; what
/// is larger than this would be read for milliseconds, and tried on a million names for minutes.
const REGEX_BYTES_MAX: usize = 128 << 10;
/// Bytes that a thread keeps for each automaton: more than the tables of most.
const CACHE_BYTES: usize = 1 << 20;
/// Groups inside of groups.
const NEST_MAX: u32 = 50;

impl Pattern {
    pub(super) fn holds(text: &str) -> Self {
        Self::Holds(Box::new(Finder::new(&lower(text)).into_owned()))
    }

    pub(super) fn is(text: &str) -> Self {
        Self::Is(lower(text).into())
    }

    pub(super) fn is_like(text: &str) -> Self {
        let mut like = lower(text);
        // Many stars one after another are one.
        while like.contains("**") {
            like = like.replace("**", "*");
        }
        Self::IsLike(like.into())
    }

    /// By a regular expression; the error says what is wrong with it.
    pub(super) fn regex(text: &str) -> Result<Self, String> {
        let config = Regex::config()
            .nfa_size_limit(Some(REGEX_BYTES_MAX))
            .hybrid_cache_capacity(CACHE_BYTES);
        let syntax = syntax::Config::new().case_insensitive(true).nest_limit(NEST_MAX);
        match Regex::builder().configure(config).syntax(syntax).build(text) {
            Ok(regex) => Ok(Self::Regex(Box::new(regex))),
            Err(error) if error.size_limit().is_some() => {
                Err("this regular expression is too large".into())
            }
            Err(error) => {
                let whole =
                    error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
                // The last line says it, those before it repeat the expression.
                let why = whole.lines().last().unwrap_or_default();
                let why = why.strip_prefix("error: ").unwrap_or(why);
                Err(format!("not a regular expression: {why}"))
            }
        }
    }

    /// Whether a text, in small letters, is what it asks for.
    pub(super) fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Holds(word) => word.find(text.as_bytes()).is_some(),
            Self::Is(name) => **name == *text,
            Self::IsLike(like) => is_like(like.as_bytes(), text.as_bytes()),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Whether `text` is `like` with any characters for `*` and any one for `?`. When what stands
/// behind a star is found, it need never be looked for further back: the time is that of both
/// lengths multiplied, at most.
fn is_like(like: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while let Some(byte) = text.get(read) {
        match like.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, read));
            }
            Some(b'?') => {
                at += 1;
                read += char_bytes(*byte);
            }
            Some(wanted) if wanted == byte => (at, read) = (at + 1, read + 1),
            _ => {
                let Some((behind, end)) = &mut star else { return false };
                *end += 1;
                (at, read) = (*behind, *end);
            }
        }
    }
    like.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Bytes of the character that begins with this one.
const fn char_bytes(first: u8) -> usize {
    match first {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0.. => 4,
        _ => 1,
    }
}

/// In small letters.
pub(super) fn lower(text: &str) -> String {
    let mut small = String::new();
    push_lower(&mut small, text);
    small
}

/// Appends `name-instance`, or the name alone; behind a slash where something stands already.
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

/// Appends a name in small letters.
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

    #[test]
    fn a_star_is_any_characters_and_a_question_mark_any_one() {
        for (like, text, matches) in [
            ("*", "", true),
            ("web*", "web-1", true),
            ("eb*", "web-1", false),
            ("*eb*", "web-1", true),
            ("web-?", "web-1", true),
            ("web-?", "web-12", false),
            ("web-?", "web-ö", true),
            ("??", "ö", false),
            ("*?ö", "aö", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-c-d", false),
            ("Web", "web", true),
            ("**a***", "bab", true),
        ] {
            assert_eq!(Pattern::is_like(like).is_in(text), matches, "{like} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let like = "a*".repeat(50_000);
        assert!(!Pattern::is_like(&like).is_in(&"a".repeat(127)));
    }

    #[test]
    fn a_regular_expression_is_found_anywhere_and_in_any_case() {
        let is_in = |regex: &str, text: &str| Pattern::regex(regex).unwrap().is_in(text);
        assert!(is_in(r"^WEB-\d+$", "web-12") && is_in("b-[12]", "web-12"));
        assert!(is_in("GRÖ(SS|ß)E", "größe") && is_in(r"\bö\w", "x öl") && !is_in("^b", "web"));
    }

    #[test]
    fn what_is_wrong_with_a_regular_expression_is_one_line() {
        let why = |regex: &str| Pattern::regex(regex).unwrap_err();
        assert_eq!(why("(a"), "not a regular expression: unclosed group");
        assert!(why("[z-a]").starts_with("not a regular expression: invalid"), "{}", why("[z-a]"));
        assert_eq!(why(r"(\w{1,100}){1,100}"), "this regular expression is too large");
        assert!(why(&"(".repeat(100_000)).lines().count() == 1);
    }

    #[test]
    fn an_explosive_expression_takes_no_time() {
        let regex = Pattern::regex("(a|a?)+(a*)*b$").unwrap();
        for _ in 0..1_000 {
            assert!(!regex.is_in(&"a".repeat(127)));
        }
    }
}
