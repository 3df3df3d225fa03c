//! Shorten: names without what they share, and cut in their middle where they do not fit.
//!
//! Names of machines and of what they measure differ at their start and at their end. Knows no
//! font: the caller says what fits.

/// Stands for what was cut out.
const ELLIPSIS: char = '…';

/// The longest start and end of `text` that fit with an ellipsis between them; none: all of it
/// fits. Where nothing fits the ellipsis is left.
pub fn cut_in_middle(text: &str, mut fits: impl FnMut(&str) -> bool) -> Option<String> {
    if fits(text) {
        return None;
    }
    let starts = starts(text);
    let cut = |kept: usize| {
        let before = kept.div_ceil(2);
        let end = starts.get(before).copied().unwrap_or(text.len());
        let after = starts.len().saturating_sub(kept - before);
        let start = starts.get(after).copied().unwrap_or(text.len());
        let (before, after) = (text.get(..end), text.get(start..));
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        format!("{}{ELLIPSIS}{}", before.trim_end(), after.trim_start())
    };
    // Kept characters that fit, and that do not.
    let (mut good, mut bad) = (0, starts.len());
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        if fits(&cut(middle)) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Some(cut(good))
}

/// Where characters start that can stand at the start of a text; accents go with what they are on.
fn starts(text: &str) -> Vec<usize> {
    let mut joined = false;
    let starts = text.char_indices().filter(|(at, c)| {
        let starts = *at == 0 || !(joined || is_mark(*c));
        joined = *c == '\u{200d}';
        starts
    });
    starts.map(|(at, _)| at).collect()
}

/// Whether it is drawn upon the character before it.
const fn is_mark(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{200d}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{fe20}'..='\u{fe2f}'
            | '\u{1f3fb}'..='\u{1f3ff}'
    )
}

/// What `names` have in common at their end from a dot on, the dot with it: a domain. At least one
/// part of each name is left; addresses have no domain.
pub fn shared_domain<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let (Some(first), mut more) = (names.next(), false) else { return "" };
    let mut shared = first.find('.').and_then(|dot| first.get(dot..)).unwrap_or("");
    for name in names {
        more = true;
        while !shared.is_empty() && (name.len() <= shared.len() || !name.ends_with(shared)) {
            let next = shared.get(1..).and_then(|rest| Some(rest.find('.')? + 1));
            shared = next.and_then(|dot| shared.get(dot..)).unwrap_or("");
        }
    }
    let is_number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let is_address = shared.rsplit('.').next().is_some_and(is_number);
    if more && !is_address { shared } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_cut(text: &str, room: usize, expected: Option<&str>) {
        let cut = cut_in_middle(text, |text| text.chars().count() <= room);
        assert_eq!(cut.as_deref(), expected);
    }

    #[test]
    fn what_fits_is_whole() {
        check_cut("web-01 15 min", 13, None);
        check_cut("", 0, None);
    }

    #[test]
    fn start_and_end_are_left_of_what_does_not_fit() {
        check_cut("web-01.example.com rx", 11, Some("web-0…om rx"));
        check_cut("web-01.example.com rx", 10, Some("web-0…m rx"));
        check_cut("abcd", 3, Some("a…d"));
        check_cut("abcd", 2, Some("a…"));
        check_cut("abcd", 1, Some("…"));
        check_cut("abcd", 0, Some("…"));
    }

    #[test]
    fn no_space_stands_beside_the_ellipsis() {
        check_cut("ab  cdefg  hi", 7, Some("ab…hi"));
    }

    #[test]
    fn accents_stay_on_what_they_are_on() {
        check_cut("xxxxxxxxe\u{301}", 4, Some("x…e\u{301}"));
        check_cut("e\u{301}yyyyyyyyy", 3, Some("e\u{301}…"));
        check_cut("日本語のホスト名", 5, Some("日本…ト名"));
    }

    #[track_caller]
    fn check_domain(names: &[&str], expected: &str) {
        assert_eq!(shared_domain(names.iter().copied()), expected, "{names:?}");
    }

    #[test]
    fn a_domain_is_what_names_end_with_from_a_dot_on() {
        check_domain(&["web-01.example.com", "db.example.com"], ".example.com");
        check_domain(&["a.eu.example.com", "b.us.example.com"], ".example.com");
        check_domain(&["a.example.com", "b.sample.com"], ".com");
        check_domain(&["a.example.com", "b"], "");
        check_domain(&["example.com", "b.example.com"], ".com");
        check_domain(&["web.example.com"], "");
        check_domain(&["10.0.0.7", "10.1.0.7"], "");
        check_domain(&[], "");
        check_domain(&["a.x", "a.x"], ".x");
    }
}
