//! What the user chose once for all starts.

use super::{Theme, WIDTH_FIRST};
use crate::metric::Interval;

/// Choices that are kept from one start to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Dark, light, or as the system.
    pub theme: Theme,
    /// Width of the time window.
    pub width: Interval,
    /// Whether the sidebar is shown.
    pub sidebar: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { theme: Theme::System, width: WIDTH_FIRST, sidebar: true }
    }
}
