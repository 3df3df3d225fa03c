//! The numbers of a value list, still as the bytes of the datagram.

use super::code::HEADER_BYTES;
use super::fault::FaultKind;
use crate::metric::{DsType, Value};

/// The numbers of a value list, still as bytes.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// DS type codes, each 0 to 3; as many as `raw`, at least one.
    kinds: &'a [u8],
    raw: &'a [[u8; 8]],
}

impl<'a> Values<'a> {
    /// Reads the payload of a values part: count, all kinds, all numbers.
    #[inline]
    pub(super) fn read(payload: &'a [u8]) -> Result<Self, FaultKind> {
        let length = payload.len() + HEADER_BYTES;
        let Some((&count, body)) = payload.split_first_chunk() else {
            return Err(FaultKind::ValuesLength { length, count: 0 });
        };
        let count = u16::from_be_bytes(count);
        let mismatch = FaultKind::ValuesLength { length, count };
        if body.len() != usize::from(count) * 9 {
            return Err(mismatch);
        }
        let (kinds, raw) = body.split_at_checked(usize::from(count)).ok_or(mismatch)?;
        let (raw, _) = raw.as_chunks();
        if raw.is_empty() {
            return Err(FaultKind::ValuesNone);
        }
        match kinds.iter().find(|&&kind| kind > DsType::Absolute as u8) {
            Some(&kind) => Err(FaultKind::ValueKind { kind }),
            None => Ok(Self { kinds, raw }),
        }
    }

    /// Number of values, at least one.
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Never true for what [`super::decode()`] yields.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The DS type codes, each 0 to 3.
    pub fn kinds(&self) -> &'a [u8] {
        self.kinds
    }

    /// The numbers in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Value> + Clone + use<'a> {
        self.kinds.iter().zip(self.raw).map(|(&kind, &raw)| value(kind, raw))
    }
}

/// A number as it stands in a datagram, by the code of its DS type (0 to 3).
///
/// Gauges are little-endian, all others big-endian (`htond` against `htonll`, network.c).
#[inline]
pub fn value(kind: u8, raw: [u8; 8]) -> Value {
    match kind {
        0 => Value::Counter(u64::from_be_bytes(raw)),
        1 => Value::Gauge(f64::from_le_bytes(raw)),
        2 => Value::Derive(i64::from_be_bytes(raw)),
        // `read` lets nothing above 3 through.
        _ => Value::Absolute(u64::from_be_bytes(raw)),
    }
}

/// [`Value::bits`] of the same number, without a branch.
#[inline(always)]
pub fn bits(kind: u8, raw: [u8; 8]) -> u64 {
    let (gauge, other) = (u64::from_le_bytes(raw), u64::from_be_bytes(raw));
    if kind == DsType::Gauge as u8 { gauge } else { other }
}
