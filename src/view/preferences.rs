//! What the user chose once for all starts.

use super::arrangement::Arrangement;
use super::pivot::Pivot;
use super::{Theme, WIDTH_FIRST};
use crate::metric::Interval;
use std::sync::Arc;

/// Choices that are kept from one start to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Dark, light, or as the system.
    pub theme: Theme,
    /// Width of the time window.
    pub width: Interval,
    /// Whether the sidebar is shown.
    pub sidebar: bool,
    /// What stands at the top of the sidebar's tree.
    pub pivot: Pivot,
    /// What the user made of its rows.
    pub arrangement: Arc<Arrangement>,
}

impl Default for Preferences {
    fn default() -> Self {
        let (theme, pivot) = (Theme::System, Pivot::Hosts);
        let arrangement = Arc::default();
        Self { theme, width: WIDTH_FIRST, sidebar: true, pivot, arrangement }
    }
}
