//! Offered: what the word that is typed into the filter may become.

use crate::metric::display_safe;
use crate::session::Screen;
use crate::view::arrangement::Arrangement;
use crate::view::completion::{Candidate, Names};
use eframe::egui;
use std::sync::Arc;

/// What was offered last, and for what.
#[derive(Debug, Default)]
pub(super) struct Offered {
    made_for: Option<(u64, Arc<Arrangement>, String)>,
    candidates: Vec<Candidate>,
    names: Names,
}

impl Offered {
    pub(super) fn for_word(
        &mut self,
        query: &egui::text_edit::CompletionQuery<'_>,
        screen: &Screen<'_>,
    ) -> Vec<egui::Suggestion> {
        let before: String = query.text.chars().take(query.word_range.end.0).collect();
        let arrangement = Arc::clone(&screen.view.arrangement);
        let made_for = Some((screen.names_revision(), arrangement, before));
        if self.made_for != made_for {
            let before = made_for.as_ref().map_or("", |(.., before)| before);
            self.candidates = screen.candidates(before, &mut self.names);
            self.made_for = made_for;
        }
        let suggestion = |of: &Candidate| {
            let shown = display_safe(&of.word).into_owned();
            egui::Suggestion::new(&of.word).content(shown).description(of.what)
        };
        self.candidates.iter().map(suggestion).collect()
    }
}
