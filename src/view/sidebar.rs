//! The sidebar: what follows from what the user does there. Pure.

use super::selector::Selector;
use super::{Action, View};
use std::sync::Arc;

impl View {
    pub(super) fn apply_to_sidebar(&mut self, action: Action) {
        match action {
            Action::SetFilter(text) => (self.filter, self.cursor) = (Selector::new(&text), None),
            Action::SetOpen { row, open } => {
                let opened = Arc::make_mut(&mut self.open);
                if open {
                    opened.insert(row);
                } else {
                    opened.remove(&row);
                }
            }
            Action::SetPivot(pivot) => (self.pivot, self.cursor) = (pivot, None),
            Action::SetCursor(row) => self.cursor = Some(row),
            Action::ToggleSidebar => self.sidebar = !self.sidebar,
            _ => debug_assert!(false, "not about the sidebar: {action:?}"),
        }
    }
}
