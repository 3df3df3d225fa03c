//! Look-alike: characters in a name that are not what they look like.
//!
//! A machine may call itself what it likes; a name that reads like another's is marked. Whole names
//! in another script are names like any other.

use crate::metric::display_safe;

/// What is odd about `name`, naming the first such character; none for an ordinary name.
pub fn lookalike(name: &str) -> Option<String> {
    if name.is_ascii() {
        return None;
    }
    let chars = || name.chars();
    if let Some((c, what)) = chars().find_map(|c| Some((c, disguise(c)?))) {
        return Some(format!("its name holds {}, {what}", named(c)));
    }
    if let Some(c) = chars().zip(chars().skip(1)).find(|(a, b)| is_mark(*a) && is_mark(*b)) {
        return Some(format!("its name holds a pile of accents, {} among them", named(c.0)));
    }
    // Word by word: "db-сервер" names a thing in two languages, "сanary" is in disguise.
    name.split(|c: char| !c.is_alphanumeric()).find_map(|word| {
        let latin = word.chars().any(|c| script(c) == Some("Latin"));
        let other = |c| script(c).filter(|&script| script != "Latin").map(|script| (c, script));
        let (c, script) = word.chars().find_map(other).filter(|_| latin)?;
        Some(format!("its name holds {}, a {script} letter among Latin ones", named(c)))
    })
}

/// `U+2010 "‐"`; what cannot be seen without the quotes.
fn named(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if is_safe(c) && !c.is_whitespace() && !is_mark(c) && !is_blank(c) {
        format!("{code} \"{c}\"")
    } else {
        code
    }
}

fn is_safe(c: char) -> bool {
    let text = c.to_string();
    display_safe(&text) == text
}

/// Letters and selectors without a shape.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{fe00}'..='\u{fe0f}'
    )
}

/// The character that another one looks like.
fn disguise(c: char) -> Option<&'static str> {
    Some(match c {
        _ if !is_safe(c) => "which is invisible",
        _ if is_blank(c) => "which is invisible",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{02d7}' | '\u{fe58}' | '\u{fe63}' => {
            "which looks like \"-\""
        }
        '\u{2024}' | '\u{ff0e}' | '\u{3002}' | '\u{00b7}' => "which looks like \".\"",
        '\u{ff3f}' | '\u{fe4d}'..='\u{fe4f}' => "which looks like \"_\"",
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => "which looks like \"/\"",
        '\u{ff01}'..='\u{ff5e}' => "which looks like a narrower character",
        '\u{1d400}'..='\u{1d7ff}' | '\u{2100}'..='\u{214f}' => "which looks like a plain letter",
        _ if c.is_whitespace() => "which looks like a blank",
        _ => return None,
    })
}

/// An accent that stands over or under the character before it.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// Of the scripts that share shapes with Latin.
fn script(c: char) -> Option<&'static str> {
    match c {
        'a'..='z' | 'A'..='Z' => Some("Latin"),
        '\u{0370}'..='\u{03ff}' | '\u{1f00}'..='\u{1fff}' => Some("Greek"),
        '\u{0400}'..='\u{052f}' | '\u{1c80}'..='\u{1c8f}' => Some("Cyrillic"),
        '\u{0530}'..='\u{058f}' => Some("Armenian"),
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Some("Cherokee"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_is_not_what_it_looks_like_is_named() {
        for (name, said) in [
            ("canary\u{2010}01", "its name holds U+2010 \"\u{2010}\", which looks like \"-\""),
            ("canary\u{2212}01", "its name holds U+2212 \"\u{2212}\", which looks like \"-\""),
            ("db\u{200b}1", "its name holds U+200B, which is invisible"),
            ("db\u{feff}", "its name holds U+FEFF, which is invisible"),
            ("db\u{3164}", "its name holds U+3164, which is invisible"),
            ("web\u{a0}1", "its name holds U+00A0, which looks like a blank"),
            (
                "we\u{ff42}1",
                "its name holds U+FF42 \"\u{ff42}\", which looks like a narrower character",
            ),
            ("a\u{2024}b", "its name holds U+2024 \"\u{2024}\", which looks like \".\""),
            (
                "\u{0441}anary-01",
                "its name holds U+0441 \"\u{0441}\", a Cyrillic letter among Latin ones",
            ),
            (
                "web.\u{03bf}rg",
                "its name holds U+03BF \"\u{03bf}\", a Greek letter among Latin ones",
            ),
            ("z\u{0301}\u{0301}algo", "its name holds a pile of accents, U+0301 among them"),
        ] {
            assert_eq!(lookalike(name).as_deref(), Some(said), "{name:?}");
        }
    }

    #[test]
    fn ordinary_names_of_any_language_are_left_alone() {
        for name in
            ["canary-01", "büro-7", "серверная", "db-сервер", "ελλάδα.example", "東京1", "e\u{301}"]
        {
            assert_eq!(lookalike(name), None, "{name:?}");
        }
    }
}
