//! Mistakes: words of a selector that cannot be read.

use std::ops::Range;

/// A word that cannot be read and is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands in the text, bytes.
    pub span: Range<usize>,
    /// What is wrong.
    pub text: String,
}

/// Mistakes that are kept: who pastes a book need not see each.
const MISTAKES_MAX: usize = 16;

impl Mistake {
    /// Adds one, if there is room.
    pub(super) fn note(all: &mut Vec<Self>, span: Range<usize>, text: impl Into<String>) {
        if all.len() < MISTAKES_MAX {
            all.push(Self { span, text: text.into() });
        }
    }
}
