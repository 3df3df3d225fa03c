//! The sidebar: what follows from what the user does there. Pure.

use super::action::Arrange;
use super::gathered::Gathered;
use super::selector::Selector;
use super::{Action, View};
use std::sync::Arc;

impl View {
    pub(super) fn apply_to_sidebar(&mut self, action: Action) {
        match action {
            Action::SetFilter(text) => {
                self.filter = Selector::new(&text).knowing(self.aliases());
                // What was gathered stays.
                self.rows_move();
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
            Action::ToggleSidebar => self.sidebar = !self.sidebar,
            _ => debug_assert!(false, "not about the sidebar: {action:?}"),
        }
    }

    /// Does what concerns the rows of the sidebar.
    pub(super) fn arrange(&mut self, action: Arrange) {
        match action {
            Arrange::Pin { host, pinned } => {
                let arrangement = Arc::make_mut(&mut self.arrangement);
                self.no_arranging |= !arrangement.pin(host, pinned);
            }
            Arrange::Call { host, alias } => {
                let arrangement = Arc::make_mut(&mut self.arrangement);
                self.no_arranging |= !arrangement.call(&host, alias.trim());
                let aliases = &self.arrangement.aliases;
                for filter in [&mut self.filter, &mut self.notifications.filter] {
                    *filter = std::mem::take(filter).knowing(aliases);
                }
            }
            Arrange::Hide { rows, hidden } => {
                let arrangement = Arc::make_mut(&mut self.arrangement);
                for row in rows {
                    self.no_arranging |= !arrangement.hide(row, hidden);
                }
                self.rows_go();
                self.shows_hidden &= !self.arrangement.hidden.is_empty();
            }
            Arrange::ToggleHidden => {
                self.shows_hidden = !self.shows_hidden;
            }
        }
        self.rows_move();
    }

    /// Rows are there no longer: the next key must not be about another one.
    pub(super) fn rows_go(&mut self) {
        self.gathered.names.clear();
        self.rows_move();
    }

    /// Rows are numbered anew.
    fn rows_move(&mut self) {
        (self.cursor, self.gathered.from) = (None, None);
    }
}
