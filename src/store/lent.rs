//! Lent: what snapshots hold beside the store.
//!
//! The packed samples of a block that leaves its track while a snapshot has them take their bytes
//! until the snapshot goes. They are kept here as well, so that they are counted as long as they
//! are there, once, however many snapshots have them. Together with what snapshots copied that is
//! at most what they had when they were made, and 16 bytes a block.

use super::block::Block;
use super::cost::vec_bytes;
use super::packed::Packed;
use std::sync::{Arc, Weak};

/// Blocks that are looked at when snapshots are gone, each time: 0.2 ms where all are given back.
const SETTLED_AT_ONCE: usize = 4_096;

/// Held by a snapshot as long as it lives.
pub(super) type Lease = Arc<()>;

/// What snapshots hold.
#[derive(Debug, Default)]
pub(super) struct Lent {
    snapshots: Vec<Borrower>,
    /// Blocks that are in no track.
    blocks: Vec<Packed>,
    block_bytes: usize,
    /// Number of the first ones that were not looked at since a snapshot went.
    unsettled: usize,
}

/// A snapshot.
#[derive(Debug)]
struct Borrower {
    lease: Weak<()>,
    /// Bytes that it copied.
    copied_bytes: usize,
    /// The same and the bytes of its blocks.
    bytes: usize,
}

impl Lent {
    /// Notes a snapshot of `bytes` bytes, of which `copied_bytes` are not shared.
    pub(super) fn lend(&mut self, copied_bytes: usize, bytes: usize) -> Lease {
        let lease = Lease::default();
        self.snapshots.push(Borrower { lease: Arc::downgrade(&lease), copied_bytes, bytes });
        lease
    }

    /// Counts a block that left its track, if a snapshot has it.
    pub(super) fn part(&mut self, block: Block) {
        let packed = block.into_packed();
        if packed.is_shared() {
            self.block_bytes += packed.heap_bytes();
            self.blocks.push(packed);
        }
    }

    /// Gives back some of what no snapshot has any more.
    pub(super) fn settle(&mut self) {
        let before = self.snapshots.len();
        self.snapshots.retain(|snapshot| snapshot.lease.strong_count() > 0);
        if self.snapshots.len() < before {
            self.unsettled = self.blocks.len();
        }
        for _ in 0..SETTLED_AT_ONCE.min(self.unsettled) {
            self.unsettled -= 1;
            if self.blocks.get(self.unsettled).is_some_and(|block| !block.is_shared()) {
                let block = self.blocks.swap_remove(self.unsettled);
                self.block_bytes = self.block_bytes.saturating_sub(block.heap_bytes());
            }
        }
        if self.blocks.is_empty() && self.blocks.capacity() > 0 {
            self.blocks = Vec::new();
        }
    }

    /// Bytes that are in no track.
    pub(super) fn bytes(&self) -> usize {
        let living = self.snapshots.iter().filter(|one| one.lease.strong_count() > 0);
        let copied: usize = living.map(|one| one.copied_bytes).sum();
        copied + self.block_bytes + vec_bytes::<Packed>(self.blocks.capacity())
    }

    /// Bytes that snapshots may come to hold when all that they share left its track.
    pub(super) fn bytes_max(&self) -> usize {
        self.snapshots.iter().map(|one| one.bytes).sum()
    }
}
