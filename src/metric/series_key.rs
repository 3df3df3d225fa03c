//! The lasting name of a series.

use super::Identifier;
use std::fmt;
use std::sync::Arc;

/// The lasting name of a series: one data source of one identifier.
///
/// The user's choices are kept by this name. It can name a series that no sender has sent yet, or
/// one that was forgotten and comes back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The five names.
    pub identifier: Arc<Identifier>,
    /// Name of the data source, `value` for most types.
    pub ds: Arc<str>,
}

impl fmt::Display for SeriesKey {
    /// `host/plugin[-instance]/type[-instance] ds`, made safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.identifier, super::display_safe(&self.ds))
    }
}
