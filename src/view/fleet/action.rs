//! Action: what can be done to a table of all hosts.

use super::{By, Column};
use std::sync::Arc;

/// What can be done to a table of all hosts.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FleetAction {
    /// Show only hosts that have a series which this matches.
    SetFilter(String),
    /// Order the rows by this; by the same again the other way round.
    OrderBy(By),
    /// Add columns at the right.
    AddColumns(Vec<Column>),
    /// Take a column away; its place.
    RemoveColumn(usize),
    /// Put a column at another place.
    MoveColumn {
        /// Its place.
        from: usize,
        /// The place after that.
        to: usize,
    },
    /// Show something else in a column, or otherwise.
    SetColumn {
        /// Its place.
        place: usize,
        /// What it is from now on.
        column: Column,
    },
    /// The keyboard is on the row of this host.
    SetCursor(Option<Arc<str>>),
    /// The order stands still, or follows the values again.
    Hold(bool),
}
