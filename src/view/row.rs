//! Row: one line of the sidebar.

use crate::store::SeriesId;

/// One row. Numbers are positions in the store's index, valid for the revision it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A host.
    Host {
        /// Position among the hosts.
        host: usize,
    },
    /// A plugin instance.
    Plugin {
        /// Position among the hosts.
        host: usize,
        /// Position among its plugins.
        plugin: usize,
    },
    /// One series.
    Series {
        /// Position among the hosts.
        host: usize,
        /// Position among its plugins.
        plugin: usize,
        /// Which.
        id: SeriesId,
    },
}
