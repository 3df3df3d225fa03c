//! Value lists that come by themselves: their values are numbers, not bytes of a datagram.

use crate::metric::{CdTime, Interval, Names, Value};
use crate::wire::{FaultKind, NAME_MAX_BYTES, Needed, Trust};

/// Values of a list that comes by itself: as many as fit into a datagram of 64 KiB.
pub const VALUES_PER_LIST_MAX: usize = (65_535 - 6) / 9;

/// A value list that comes by itself, as brokers and services send it.
#[derive(Clone, Copy, Debug)]
pub struct TypedList<'a> {
    /// Who; host, plugin and type must not be empty.
    pub names: Names<'a>,
    /// When it was measured, by the host's clock; not zero.
    pub time: CdTime,
    /// Promised time to the next; zero where it is not stated.
    pub interval: Interval,
    /// One number per data source; at least one, at most [`VALUES_PER_LIST_MAX`].
    pub values: &'a [Value],
    /// How it was protected.
    pub trust: Trust,
}

impl TypedList<'_> {
    /// What keeps it out, as it would a datagram's.
    pub(super) fn check(&self) -> Result<(), FaultKind> {
        let Names { host, plugin, plugin_instance, type_, type_instance } = self.names;
        for name in [host, plugin, plugin_instance, type_, type_instance] {
            if name.len() > NAME_MAX_BYTES {
                return Err(FaultKind::NameTooLong { bytes: name.len() });
            }
        }
        for (needed, is_missing) in [
            (Needed::Time, self.time == CdTime::ZERO),
            (Needed::Host, host.is_empty()),
            (Needed::Plugin, plugin.is_empty()),
            (Needed::Type, type_.is_empty()),
        ] {
            if is_missing {
                return Err(FaultKind::ValuesWithout(needed));
            }
        }
        match self.values.len() {
            0 => Err(FaultKind::ValuesNone),
            1..=VALUES_PER_LIST_MAX => Ok(()),
            count => Err(FaultKind::TooManyValues { count, count_max: VALUES_PER_LIST_MAX }),
        }
    }
}
