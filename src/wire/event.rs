//! What decoding tells.

use super::fault::{Fault, FaultKind};
use super::trust::{Protection, Trust};
use super::values::Values;
use crate::metric::{CdTime, Interval, Names, Severity};

/// What decoding tells, in the order of the bytes.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A value list.
    Values(ValueList<'a>),
    /// A notification.
    Notification(Notification<'a>),
    /// A signed or encrypted part, before what is in it.
    Protected(Protected<'a>),
    /// Something wrong.
    Fault(Fault),
}

/// A value list that borrows from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct ValueList<'a> {
    /// Who; host, plugin and type are not empty.
    pub names: Names<'a>,
    /// When it was measured, by the host's clock; never zero.
    pub time: CdTime,
    /// Promised time to the next; zero when not told.
    pub interval: Interval,
    /// The numbers.
    pub values: Values<'a>,
    /// How it was protected.
    pub trust: Trust,
    /// Where its values part starts in the datagram.
    pub offset_bytes: usize,
}

/// A notification that borrows from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct Notification<'a> {
    /// Whom it is about; any may be empty.
    pub names: Names<'a>,
    /// When, never zero.
    pub time: CdTime,
    /// How bad.
    pub severity: Severity,
    /// The text, any bytes, never empty.
    pub message: &'a [u8],
    /// How it was protected.
    pub trust: Trust,
    /// Where its message part starts in the datagram.
    pub offset_bytes: usize,
}

/// A signed or encrypted part.
#[derive(Clone, Copy, Debug)]
pub struct Protected<'a> {
    /// Which of the two.
    pub protection: Protection,
    /// The user it names, never empty.
    pub user: &'a [u8],
    /// Where the part starts in the datagram.
    pub offset_bytes: usize,
    /// How far what it protects can be trusted, or why it is not taken.
    pub outcome: Result<Trust, FaultKind>,
}
