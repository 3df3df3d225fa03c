//! Scratch: what is lent to a track that seals, joins or merges.

use super::cost::vec_bytes;
use super::lent::Lent;
use crate::metric::CdTime;

/// Buffers that are kept between blocks, and the blocks that left their tracks while snapshots
/// have them.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) lent: Lent,
    pub(super) bytes: Vec<u8>,
    pub(super) times: Vec<CdTime>,
    pub(super) bits: Vec<u64>,
}

impl Scratch {
    /// Bytes held.
    pub(super) fn heap_bytes(&self) -> usize {
        vec_bytes::<u8>(self.bytes.capacity())
            + vec_bytes::<CdTime>(self.times.capacity())
            + vec_bytes::<u64>(self.bits.capacity())
    }
}
