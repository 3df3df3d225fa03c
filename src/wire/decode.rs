//! Datagram to facts and faults.

use crate::metric::{CdTime, Interval, Names, Severity, Value};

/// What [`decode`] tells, in the order of the bytes.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A value list.
    Values(ValueList<'a>),
    /// A notification.
    Notification(Notification<'a>),
    /// A signed or encrypted part.
    Protected(Protected<'a>),
    /// Something wrong.
    Fault(Fault),
}

/// A value list that borrows from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct ValueList<'a> {
    /// Who.
    pub names: Names<'a>,
    /// When it was measured, by the host's clock; never zero.
    pub time: CdTime,
    /// Promised time to the next; zero when not told.
    pub interval: Interval,
    /// The numbers.
    pub values: Values<'a>,
}

/// The numbers of a value list, still as bytes.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    kinds: &'a [u8],
    raw: &'a [[u8; 8]],
}

impl<'a> Values<'a> {
    /// How many, at least one.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }
    /// Never true for what [`decode`] yields.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }
    /// The DS type codes, each 0 to 3.
    pub fn kinds(&self) -> &'a [u8] {
        self.kinds
    }
    /// The numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = Value> + use<'a> {
        let _ = self.raw;
        std::iter::empty()
    }
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
}

/// A signed or encrypted part.
#[derive(Clone, Copy, Debug)]
pub struct Protected<'a> {
    /// Which of the two.
    pub protection: Protection,
    /// The user it names.
    pub user: &'a [u8],
    /// Where the part starts in the datagram.
    pub offset_bytes: usize,
}

/// How a part is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Part 0x0200.
    Signed,
    /// Part 0x0210.
    Encrypted,
}

/// One thing wrong in received bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where the faulty part starts in the datagram.
    pub offset_bytes: usize,
    /// What is wrong; its `Display` is for people.
    pub kind: FaultKind,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {}

/// Tells `sink` everything `datagram` holds, in order.
pub fn decode<'a>(_datagram: &'a [u8], _sink: &mut impl FnMut(Event<'a>)) {}
