//! Health: what went well and what did not, in total and per sender.
//!
//! Counters only grow; rates are made by whoever compares two readings. Every map is bounded:
//! what does not fit is counted under "others".

use crate::ingest::FaultReport;
use crate::metric::CdTime;
use crate::wire::Protection;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// Senders counted one by one; the rest is counted together. 4,096 x ~150 B = 0.6 MiB.
pub const SENDERS_MAX: usize = 4_096;
/// Newest faults kept in full, oldest out first; all are counted.
pub const FAULTS_MAX: usize = 256;
/// Unknown type names kept; 256 x at most 127 B. Enough to see which types.db is missing.
pub const UNKNOWN_TYPES_MAX: usize = 256;
/// Users of signed or encrypted parts counted one by one; the rest is counted together.
pub const PROTECTED_MAX: usize = 256;

/// Counters since the start; see [`super::Store::health`].
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Of all senders and sources.
    pub totals: Totals,
    /// At most [`SENDERS_MAX`].
    pub senders: BTreeMap<SocketAddr, SenderHealth>,
    /// All senders that did not fit, together.
    pub other_senders: SenderHealth,
    /// The newest faults, oldest first; at most [`FAULTS_MAX`].
    pub faults: VecDeque<FaultReport>,
    /// Types that types.db does not know (or knows with another number of data sources), and how
    /// many identifiers use them; at most [`UNKNOWN_TYPES_MAX`] names.
    pub unknown_types: BTreeMap<Box<str>, u64>,
    /// Identifiers of unknown types whose type did not fit above.
    pub other_unknown_types: u64,
    /// Signed and encrypted parts by user; at most [`PROTECTED_MAX`], then
    /// [`crate::ingest::OTHER_USERS`].
    pub protected: Vec<ProtectedCount>,
}

/// Signed or encrypted parts of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedCount {
    /// Signed or encrypted.
    pub protection: Protection,
    /// The user the parts name; as received, see [`crate::metric::display_safe`].
    pub user: Box<str>,
    /// How many.
    pub count: u64,
}

/// Counters of everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Datagrams received.
    pub datagrams: u64,
    /// Their payload.
    pub bytes: u64,
    /// Value lists in them.
    pub lists: u64,
    /// Values in them.
    pub values: u64,
    /// Notifications taken.
    pub notifications: u64,
    /// Faults found.
    pub faults: u64,
    /// Signed or encrypted parts that were not read.
    pub protected: u64,
    /// Values that became samples.
    pub stored_values: u64,
    /// Values earlier than the newest of their series (kept or not).
    pub late_values: u64,
    /// Late values that were not kept: earlier than the open block.
    pub late_dropped_values: u64,
    /// Values with the time of one that is already there; not kept.
    pub duplicate_values: u64,
    /// Values too far ahead of our clock; not kept.
    pub future_values: u64,
    /// Values lost because the channel was full.
    pub dropped_values: u64,
    /// Datagrams the kernel threw away because the receive buffer was full.
    pub kernel_drops: u64,
    /// Value lists not taken because too many names were known.
    pub refused_lists: u64,
    /// Samples given up for newer ones.
    pub evicted_samples: u64,
}

/// Counters of one sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderHealth {
    /// Datagrams received.
    pub datagrams: u64,
    /// Their payload.
    pub bytes: u64,
    /// Value lists in them.
    pub lists: u64,
    /// Values in them.
    pub values: u64,
    /// Faults in them.
    pub faults: u64,
    /// Signed or encrypted parts in them that were not read.
    pub protected: u64,
    /// The newest arrival.
    pub last_seen: CdTime,
}
