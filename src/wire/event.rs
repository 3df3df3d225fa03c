//! Events: what is decoded.

use super::fault::{Fault, FaultKind};
use super::trust::{Protection, Trust};
use super::values::Values;
use crate::metric::{CdTime, Interval, Names, Severity};

/// A decoded piece of a datagram. Events come in the order of the bytes.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A value list.
    Values(ValueList<'a>),
    /// A notification.
    Notification(Notification<'a>),
    /// A signed or encrypted part; what is in it follows.
    Protected(Protected<'a>),
    /// A fault.
    Fault(Fault),
}

/// A value list that borrows from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct ValueList<'a> {
    /// The five names; host, plugin and type are not empty.
    pub names: Names<'a>,
    /// Time of measurement, by the host's clock; never zero.
    pub time: CdTime,
    /// Promised time to the next; zero when unknown.
    pub interval: Interval,
    /// The numbers.
    pub values: Values<'a>,
    /// Protection it came with.
    pub trust: Trust,
    /// Offset of its values part in the datagram.
    pub offset_bytes: usize,
}

/// A notification that borrows from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct Notification<'a> {
    /// The five names of what it is about; any may be empty.
    pub names: Names<'a>,
    /// Time, never zero.
    pub time: CdTime,
    /// FAILURE, WARNING or OKAY.
    pub severity: Severity,
    /// The text, any bytes, never empty.
    pub message: &'a [u8],
    /// Protection it came with.
    pub trust: Trust,
    /// Offset of its message part in the datagram.
    pub offset_bytes: usize,
}

/// A signed or encrypted part.
#[derive(Clone, Copy, Debug)]
pub struct Protected<'a> {
    /// Signature or encryption.
    pub protection: Protection,
    /// The user it names, never empty.
    pub user: &'a [u8],
    /// Offset of the part in the datagram.
    pub offset_bytes: usize,
    /// Trust in what it protects, or why it is refused.
    pub outcome: Result<Trust, FaultKind>,
}
