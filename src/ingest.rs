//! Batches: what a receiver thread hands over, and how decoded datagrams become one.
//!
//! [`Ingest`] lives on the receiver thread. It gives each *shape* (identifier and the DS types
//! that came with it) a dense [`ListId`], announced once, so that a sample crosses the channel as
//! a few words. A [`Batch`] is columnar and reused. Knows nothing of sockets, clocks or screens.

use crate::metric::{CdTime, DsType, Identifier, Interval, Notification};
use crate::wire::{Fault, Protection};
use std::net::SocketAddr;

/// Dense number of an identifier with its DS types, as one source counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub u32);

/// The first time a [`ListId`] is seen.
#[derive(Clone, Debug)]
pub struct Announced {
    /// Its number.
    pub list: ListId,
    /// Who it is.
    pub identifier: Identifier,
    /// The DS types of its values, in order; at least one.
    pub kinds: Box<[DsType]>,
}

/// One received value list. Its values are the next `announced.kinds.len()` of [`Batch::values`].
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub list: ListId,
    /// When it was measured, by the host's clock.
    pub time: CdTime,
    /// Promised time to the next; zero when not told.
    pub interval: Interval,
    /// How many values.
    pub values_count: u16,
}

/// What one sender sent since the last batch.
#[derive(Clone, Debug)]
pub struct SenderDelta {
    /// Address it came from.
    pub sender: SocketAddr,
    /// Datagrams.
    pub datagrams: u64,
    /// Their payload.
    pub bytes: u64,
    /// Value lists in them.
    pub lists: u64,
    /// Values in them.
    pub values: u64,
    /// Faults in them.
    pub faults: u64,
    /// The newest arrival.
    pub last_seen: CdTime,
    /// Signed or encrypted parts by user, which are not read yet.
    pub protected: Vec<(Protection, Box<str>, u64)>,
}

/// One kept fault.
#[derive(Clone, Debug)]
pub struct FaultReport {
    /// Address the datagram came from.
    pub sender: SocketAddr,
    /// When it arrived.
    pub arrival: CdTime,
    /// What was wrong and where.
    pub fault: Fault,
}

/// What a source hands over at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// New lists, before any row that uses them.
    pub announced: Vec<Announced>,
    /// Received value lists in order of arrival.
    pub rows: Vec<Row>,
    /// Raw bits of the values ([`crate::metric::Value::bits`]), row after row.
    pub values: Vec<u64>,
    /// Received notifications.
    pub notifications: Vec<Notification>,
    /// One per sender heard since the last batch.
    pub senders: Vec<SenderDelta>,
    /// At most [`FAULTS_PER_BATCH_MAX`]; all are counted in `senders`.
    pub faults: Vec<FaultReport>,
    /// Values lost because the channel was full, since the last batch.
    pub dropped_values: u64,
    /// Datagrams the kernel threw away because the receive buffer was full, since the last batch.
    pub kernel_drops: u64,
    /// Value lists not taken because [`LISTS_MAX`] was reached, since the last batch.
    pub refused_lists: u64,
    /// The newest arrival in this batch.
    pub arrival: CdTime,
}

/// Faults a batch carries in full.
pub const FAULTS_PER_BATCH_MAX: usize = 64;
/// Lists one source may name.
pub const LISTS_MAX: usize = 1_000_000;
/// Stands for the users that did not fit into a bounded list.
pub const OTHER_USERS: &str = "(other users)";
