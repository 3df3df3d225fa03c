//! The sidebar: what follows from what the user does there. Pure.

use super::gathered::Gathered;
use super::selector::Selector;
use super::{Action, View};
use std::sync::Arc;

impl View {
    pub(super) fn apply_to_sidebar(&mut self, action: Action) {
        match action {
            Action::SetFilter(text) => {
                (self.filter, self.cursor) = (Selector::new(&text), None);
                // Rows are numbered anew; what was gathered stays.
                self.gathered.from = None;
            }
            Action::SetOpen { row, open } => {
                let opened = Arc::make_mut(&mut self.open);
                if open {
                    opened.insert(row);
                } else {
                    opened.remove(&row);
                }
            }
            Action::SetPivot(pivot) => {
                (self.pivot, self.cursor) = (pivot, None);
                self.gathered = Gathered::default();
            }
            Action::SetCursor(row) => {
                (self.cursor, self.host_cursor) = (Some(row), None);
                self.gathered = Gathered { from: Some(row), ..Gathered::default() };
            }
            Action::Gather { names, from, cursor } => {
                (self.gathered, self.cursor) = (Gathered { names, from }, Some(cursor));
                self.host_cursor = None;
            }
            Action::ClearGathered => self.gathered.names.clear(),
            Action::SetPinned { host, pinned } => {
                let all = Arc::make_mut(&mut self.pinned);
                if pinned {
                    all.insert(host);
                } else {
                    all.remove(&host);
                }
                // Rows are numbered anew.
                (self.cursor, self.gathered.from) = (None, None);
            }
            Action::ToggleSidebar => self.sidebar = !self.sidebar,
            _ => debug_assert!(false, "not about the sidebar: {action:?}"),
        }
    }
}
