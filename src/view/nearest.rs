//! Nearest: the right word that somebody may have meant by a wrong one.

use super::role::distance;

/// Characters of a word that is looked at; no right one is nearly as long.
const WORD_MAX: usize = 64;

/// The one of `known` that is most like `name`, if some is like it at all.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.chars().take(WORD_MAX + 1).count() > WORD_MAX {
        return None;
    }
    let near = known.map(|word| (distance(name, word), word)).min()?;
    (near.0 <= (name.chars().count() / 2).max(1)).then_some(near.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_offered_only_where_it_is_like_the_wrong_one() {
        let known = ["memory", "max_lists", "size"];
        for (wrong, near) in [
            ("memroy", Some("memory")),
            ("max-lists", Some("max_lists")),
            ("siz", Some("size")),
            ("frobnicate", None),
            ("", None),
            (&"m".repeat(65), None),
        ] {
            assert_eq!(nearest(wrong, known.into_iter()), near, "{wrong}");
        }
        assert_eq!(nearest("memory", [].into_iter()), None);
    }
}
