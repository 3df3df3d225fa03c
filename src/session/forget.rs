//! Forgetting what was received, because the user asks for it.

use super::Session;
use crate::view::pick::Picking;
use crate::view::tree::RowName;
use std::collections::BTreeSet;

impl Session {
    /// Forgets what was received of these rows.
    pub(super) fn forget(&mut self, rows: &BTreeSet<RowName>) {
        let picking = Picking {
            store: &self.store,
            graphs: &self.graphs,
            view: &self.view,
            drawn: &self.derived.drawn,
        };
        let ids: Vec<_> = rows.iter().flat_map(|row| picking.all_below(row)).collect();
        self.store.forget_series(ids);
    }
}
