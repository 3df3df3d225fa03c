//! Merging: late samples go into the blocks that they belong to.
//!
//! A block is unpacked, put together with its late samples and packed again, 10 µs however many
//! they are; so the store gathers them and brings many at once. What lies between two blocks goes
//! into a small one beside it, or becomes one of its own.

use super::{Pushed, SMALL_SAMPLES, Tools, Track, beside};
use crate::metric::{CdTime, Interval};
use crate::rate::Sample;
use crate::store::block::{BLOCK_SAMPLES_MAX, Block};
use crate::store::summary::Summary;

/// What became of samples that were merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Merged {
    pub(in crate::store) added: u64,
    /// Those that were there already, and those beside which another value stands.
    pub(in crate::store) duplicates: u64,
    pub(in crate::store) conflicts: u64,
    /// Runs that were begun: entries that the store's queue needs.
    pub(in crate::store) runs: u32,
}

impl Merged {
    fn count(&mut self, pushed: Pushed) {
        match pushed {
            Pushed::Newest | Pushed::Late | Pushed::Behind => self.added += 1,
            Pushed::Duplicate => self.duplicates += 1,
            Pushed::Conflict => self.conflicts += 1,
        }
    }
}

impl Track {
    /// Puts samples, in order of time, where they belong; `interval` was promised with them.
    pub(in crate::store) fn merge(
        &mut self,
        mut late: &[Sample],
        interval: Interval,
        tools: &mut Tools<'_>,
    ) -> Merged {
        let mut merged = Merged::default();
        while let Some(first) = late.first() {
            let number = self.block_from(first.time);
            let count = match self.block(number) {
                Some(block) if first.time >= block.first.time => {
                    let last = block.last.time;
                    let count = late.partition_point(|sample| sample.time <= last);
                    self.rebuild(number, late.get(..count).unwrap_or_default(), tools, &mut merged);
                    count
                }
                Some(block) => {
                    let first = block.first.time;
                    let count = late.partition_point(|sample| sample.time < first);
                    let count = count.min(SMALL_SAMPLES);
                    let late = late.get(..count).unwrap_or_default();
                    self.fill_gap(number, late, interval, tools, &mut merged);
                    count
                }
                None => {
                    let (pushed, begins) = self.push(*first, interval, tools);
                    if pushed == Pushed::Behind {
                        // The open run is full of what is newer.
                        let late = std::slice::from_ref(first);
                        self.fill_gap(number, late, interval, tools, &mut merged);
                    } else {
                        merged.count(pushed);
                    }
                    merged.runs += u32::from(begins);
                    1
                }
            };
            late = late.get(count.max(1)..).unwrap_or_default();
        }
        self.count_bytes();
        merged
    }

    /// Adds samples that lie before block `number` and behind the one before it.
    fn fill_gap(
        &mut self,
        number: usize,
        late: &[Sample],
        interval: Interval,
        tools: &mut Tools<'_>,
        merged: &mut Merged,
    ) {
        let takes = |number: Option<usize>| {
            let block = self.block(number?)?;
            let fits = block.interval == interval && block.len() + late.len() <= SMALL_SAMPLES;
            fits.then_some(number?)
        };
        if let Some(small) = takes(number.checked_sub(1)).or_else(|| takes(Some(number))) {
            self.rebuild(small, late, tools, merged);
            return;
        }
        let (mut times, mut bits) = (Vec::new(), Vec::new());
        for sample in late {
            match times.last().zip(bits.last()) {
                Some((&time, &known)) if time == sample.time => {
                    merged.count(beside(known, sample.bits));
                    continue;
                }
                _ => merged.count(Pushed::Late),
            }
            times.push(sample.time);
            bits.push(sample.bits);
        }
        self.replace(number..number, &times, &bits, interval, tools, merged);
    }

    /// Packs block `number` anew, with late samples.
    fn rebuild(
        &mut self,
        number: usize,
        late: &[Sample],
        tools: &mut Tools<'_>,
        merged: &mut Merged,
    ) {
        let Some(block) = self.block(number) else {
            debug_assert!(false, "there is no block to merge into");
            return;
        };
        let (interval, mut known) = (block.interval, block.samples().into_iter().peekable());
        let (mut times, mut bits) = (Vec::new(), Vec::new());
        let mut added = 0;
        for sample in late {
            while let Some(before) = known.next_if(|known| known.time <= sample.time) {
                times.push(before.time);
                bits.push(before.bits);
            }
            if times.last() == Some(&sample.time) {
                let value = bits.last().copied().unwrap_or_default();
                merged.count(beside(value, sample.bits));
                continue;
            }
            times.push(sample.time);
            bits.push(sample.bits);
            added += 1;
        }
        merged.added += added;
        if added > 0 {
            times.extend(known.clone().map(|known| known.time));
            bits.extend(known.map(|known| known.bits));
            self.replace(number..number + 1, &times, &bits, interval, tools, merged);
        }
    }

    /// Puts these samples where there was one block, or none.
    fn replace(
        &mut self,
        old: std::ops::Range<usize>,
        times: &[CdTime],
        bits: &[u64],
        interval: Interval,
        tools: &mut Tools<'_>,
        merged: &mut Merged,
    ) {
        let parts = times.len().div_ceil(BLOCK_SAMPLES_MAX).max(1);
        let each = times.len().div_ceil(parts).max(1);
        let mut weight = self.block(old.start).filter(|_| !old.is_empty()).map(|b| b.weight);
        let mut new = Vec::new();
        for (times, bits) in times.chunks(each).zip(bits.chunks(each)) {
            let summary = Summary::of(tools.kind, tools.bounds, times, bits);
            let bytes = &mut tools.scratch.bytes;
            let packed = Block::pack(tools.kind, interval, (times, bits), summary, bytes);
            let Some(mut block) = packed else { continue };
            // The first stands for what was there; each other is a run of its own.
            match weight.take() {
                Some(weight) => block.set_weight(weight),
                None => merged.runs += 1,
            }
            self.packed_bytes += block.heap_bytes();
            new.push(block);
        }
        self.make_room(new.len());
        let behind = self.blocks.split_off(old.end);
        for gone in self.blocks.drain(old.start..) {
            self.packed_bytes = self.packed_bytes.saturating_sub(gone.heap_bytes());
            tools.scratch.lent.part(gone);
        }
        self.blocks.extend(new);
        self.blocks.extend(behind);
        // Blocks at the end may no longer be what was counted to be put together.
        self.loose = 0;
        self.epoch = self.epoch.wrapping_add(1);
    }
}
