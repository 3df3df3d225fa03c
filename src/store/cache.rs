//! Cache: samples of blocks that were unpacked to be looked at.
//!
//! Two generations: what is used again moves to the young one, and when that is full the old one
//! goes. So the least recently used half goes at once, without a clock or a list. Bounded in
//! bytes, which are part of the store's budget.

use super::SeriesId;
use super::block::Block;
use super::cost::{allocated, vec_bytes};
use crate::metric::CdTime;
use crate::rate::Sample;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// What an entry costs beside its samples: its place in a table that is half empty, and the
/// counters of its samples.
const ENTRY_BYTES: usize = 2 * size_of::<(Key, Arc<[Sample]>)>() + 16;

/// A block by its series, its first time and its length: two blocks of a series differ in the
/// first, a block and the larger one it went into in the second.
type Key = (SeriesId, CdTime, usize);

/// Unpacked blocks.
#[derive(Debug, Default)]
pub(super) struct Cache {
    young: HashMap<Key, Arc<[Sample]>, RandomState>,
    old: HashMap<Key, Arc<[Sample]>, RandomState>,
    young_bytes: usize,
    old_bytes: usize,
    bytes_max: usize,
    times: Vec<CdTime>,
    bits: Vec<u64>,
}

impl Cache {
    /// Will hold at most `bytes_max`, from now on.
    pub(super) fn set_max(&mut self, bytes_max: usize) {
        *self = Self { bytes_max, ..Self::default() };
    }

    /// The samples of a block.
    pub(super) fn get(&mut self, id: SeriesId, block: &Block) -> Arc<[Sample]> {
        let key = (id, block.first.time, block.len());
        if let Some(samples) = self.young.get(&key) {
            return Arc::clone(samples);
        }
        let known = self.old.remove(&key);
        let samples = known.unwrap_or_else(|| self.unpack(block));
        let bytes = allocated(size_of_val(&*samples)) + ENTRY_BYTES;
        if self.young_bytes + bytes > self.bytes_max / 2 {
            self.old = std::mem::take(&mut self.young);
            self.old_bytes = std::mem::take(&mut self.young_bytes);
        }
        if bytes <= self.bytes_max / 2 {
            self.young_bytes += bytes;
            self.young.insert(key, Arc::clone(&samples));
        }
        samples
    }

    fn unpack(&mut self, block: &Block) -> Arc<[Sample]> {
        self.times.clear();
        self.bits.clear();
        block.unpack(&mut self.times, &mut self.bits);
        let both = self.times.iter().zip(&self.bits);
        both.map(|(&time, &bits)| Sample { time, bits }).collect()
    }

    /// Bytes held, at most what was set and 64 KiB of buffers.
    pub(super) fn heap_bytes(&self) -> usize {
        self.young_bytes
            + self.old_bytes
            + vec_bytes::<CdTime>(self.times.capacity())
            + vec_bytes::<u64>(self.bits.capacity())
    }
}
