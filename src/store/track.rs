//! Tracks: all samples of one series, oldest first, in runs.
//!
//! Times rise strictly. The newest run is open: it grows, and accepts late samples. When it is full
//! its older part is sealed into a packed [`Block`]; small blocks are put together when they make
//! up a large one. What is earlier than the open run is merged into the blocks, many samples at a
//! time ([`Track::merge`]). Blocks leave at the old end. Knows nothing of other series.

use super::block::{BLOCK_SAMPLES_MAX, Block};
use super::cost::vec_bytes;
use super::lent::Lent;
use super::open_run::OpenRun;
use super::scratch::Scratch;
use super::summary::Summary;
use crate::metric::{CdTime, DsType, Interval};
use crate::rate::{Bounds, Sample};
use std::collections::VecDeque;

/// Samples of a small block: a list. Until then a sample takes 8 to 16 bytes instead of 1 to 4, so
/// it is small; half of it would need a seventh more bytes, for what a list begins with.
pub(super) const SMALL_SAMPLES: usize = 128;
/// Samples of a large block, put together of small ones: 96 bytes of block for 512 samples instead
/// of 128. Twice as large would save a tenth of a byte a sample and evict twice as much at once.
pub(super) const LARGE_SAMPLES: usize = 512;
/// Samples that stay open when a block is sealed, so that datagrams that overtook each other
/// find their place.
pub(super) const KEPT_OPEN: usize = 8;
/// How many lengths the first small blocks have: all from 16 samples on, so that a million open
/// runs are never all long at the same time.
const LACKS: usize = SMALL_SAMPLES - 16;
/// Fewer samples than this are not evicted by halves.
const HALVED_MIN: usize = 4;

/// All samples of one series.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// Oldest first; a ring, as the oldest go while new ones come.
    blocks: VecDeque<Block>,
    open: OpenRun,
    /// Allocated for blocks, and for everything.
    packed_bytes: usize,
    heap_bytes: usize,
    /// Entries of the store's queue that no longer stand for a block.
    stale_entries: u32,
    /// Changes when samples change that were there before: all but new ones at the end, and old
    /// ones evicted.
    epoch: u32,
    /// Samples in small blocks at the end, of one interval.
    loose: u16,
    /// Samples that the first small block lacks and the first large one has more, so that series
    /// which began together are not sealed together: packing a million blocks at once would stop
    /// the window for seconds.
    small_lack: u16,
    large_more: u16,
}

/// What became of a pushed sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Newer than all before it.
    Newest,
    /// Earlier than the newest, put in its place.
    Late,
    /// Earlier than the open run: not there yet, see [`Track::merge`].
    Behind,
    /// The same is there already: not kept.
    Duplicate,
    /// Another value is there at that time: not kept.
    Conflict,
}

/// What an eviction removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evicted {
    pub(super) samples: usize,
    /// Whether what is left of the run must queue again.
    pub(super) remains: bool,
}

/// DS type and bounds of a series, and the buffers to pack its samples.
pub(super) struct Tools<'a> {
    pub(super) kind: DsType,
    pub(super) bounds: Bounds,
    pub(super) scratch: &'a mut Scratch,
}

impl Track {
    /// A track without samples; `phase` spreads the moments at which tracks are sealed.
    pub(super) fn new(phase: u32) -> Self {
        let short = |count: usize| u16::try_from(count).unwrap_or_default();
        let phase = usize::try_from(phase).unwrap_or_default();
        let more = phase / LACKS % 3 * SMALL_SAMPLES;
        Self {
            blocks: VecDeque::new(),
            open: OpenRun::default(),
            packed_bytes: 0,
            heap_bytes: 0,
            stale_entries: 0,
            epoch: 0,
            loose: 0,
            small_lack: short(phase % LACKS),
            large_more: short(more),
        }
    }

    /// One without samples for another series, of the same entries of the queue.
    pub(super) fn begun_anew(&self, phase: u32) -> Self {
        let Self { stale_entries, epoch, .. } = *self;
        Self { stale_entries, epoch, ..Self::new(phase) }
    }

    /// Adds a sample. True when a run was begun by it. Inlined where nearly all samples come by.
    #[inline(always)]
    pub(super) fn push(
        &mut self,
        sample: Sample,
        interval: Interval,
        tools: &mut Tools<'_>,
    ) -> (Pushed, bool) {
        let is_same = interval.is_zero() || interval == self.open.interval;
        if !is_same
            || self.is_full()
            || self.open.newest().is_none_or(|newest| sample.time <= newest)
        {
            let pushed = self.push_unusual(sample, interval, tools);
            self.count_bytes();
            return pushed;
        }
        if self.open.push(sample) {
            self.count_bytes();
        }
        (Pushed::Newest, false)
    }

    #[inline(never)]
    fn push_unusual(
        &mut self,
        sample: Sample,
        interval: Interval,
        tools: &mut Tools<'_>,
    ) -> (Pushed, bool) {
        let Some(newest) = self.open.newest() else {
            if self.blocks.back().is_some_and(|block| sample.time <= block.last.time) {
                // All that was open went while blocks were held.
                return (Pushed::Behind, false);
            }
            self.open.interval = interval;
            self.open.push(sample);
            return (Pushed::Newest, true);
        };
        if sample.time <= newest {
            return self.push_late(sample, tools);
        }
        let mut begins = false;
        if !interval.is_zero() && interval != self.open.interval {
            self.seal(self.open.len(), tools);
            self.open.interval = interval;
            begins = true;
        } else if self.is_full() {
            self.seal(self.open.len() - KEPT_OPEN, tools);
            begins = true;
        }
        self.open.push(sample);
        (Pushed::Newest, begins)
    }

    fn is_full(&self) -> bool {
        self.open.len() + usize::from(self.small_lack) >= SMALL_SAMPLES + KEPT_OPEN
    }

    fn push_late(&mut self, sample: Sample, tools: &mut Tools<'_>) -> (Pushed, bool) {
        if self.blocks.back().is_some_and(|block| sample.time <= block.last.time) {
            return (Pushed::Behind, false);
        }
        let at = self.open.place(sample.time);
        if let Some(known) = self.open.get(at).filter(|known| known.time == sample.time) {
            return (beside(known.bits, sample.bits), false);
        }
        let full = self.is_full();
        if full && at == 0 {
            return (Pushed::Behind, false);
        }
        self.open.insert(at, sample);
        self.epoch = self.epoch.wrapping_add(1);
        if full {
            // Samples of a clock that runs ahead must not lock out all that follow: what lies
            // before the new sample is sealed, what lies behind it stays open.
            self.seal(at.min(self.open.len() - KEPT_OPEN), tools);
        }
        (Pushed::Late, full)
    }

    /// The value of that very time, if there is one; takes longer where a block must be unpacked.
    pub(super) fn bits_at(&self, time: CdTime) -> Option<u64> {
        let known = match self.blocks.get(self.block_from(time)) {
            Some(block) if time <= block.first.time => block.first,
            Some(block) if time == block.last.time => block.last,
            Some(block) => block.get(block.place(time))?,
            None => self.open.get(self.open.place(time))?,
        };
        (known.time == time).then_some(known.bits)
    }

    /// Packs the oldest `count` samples of the open run.
    fn seal(&mut self, count: usize, tools: &mut Tools<'_>) {
        let Scratch { bytes, times, bits, .. } = &mut *tools.scratch;
        times.clear();
        bits.clear();
        self.open.copy_first(count, times, bits);
        let summary = Summary::of(tools.kind, tools.bounds, times, bits);
        let interval = self.open.interval;
        let block = Block::pack(tools.kind, interval, (times, bits), summary, bytes);
        self.open.drop_first(count);
        self.small_lack = 0;
        let Some(block) = block else {
            debug_assert!(false, "nothing to seal");
            return;
        };
        if self.blocks.back().is_none_or(|block| block.interval != interval) {
            self.loose = 0;
        }
        self.loose += u16::try_from(count).unwrap_or_default();
        self.packed_bytes += block.heap_bytes();
        self.add(block);
        if usize::from(self.loose) >= LARGE_SAMPLES + usize::from(self.large_more) {
            self.join(tools);
        }
    }

    /// Makes the small blocks at the end a large one.
    fn join(&mut self, tools: &mut Tools<'_>) {
        let mut loose = usize::from(self.loose);
        (self.loose, self.large_more) = (0, 0);
        let mut start = self.blocks.len();
        while let Some(before) = start.checked_sub(1)
            && let Some(block) = self.blocks.get(before)
            && let Some(rest) = loose.checked_sub(block.len())
            && loose > 0
        {
            (start, loose) = (before, rest);
        }
        let samples: usize = self.blocks.range(start..).map(|block| block.len()).sum();
        if self.blocks.len() - start < 2 || samples > BLOCK_SAMPLES_MAX {
            return;
        }
        let (kind, bounds) = (tools.kind, tools.bounds);
        let mut small = self.blocks.split_off(start);
        let blocks = small.make_contiguous();
        let Some(joined) = Block::join(kind, bounds, blocks, &mut tools.scratch.bytes) else {
            self.blocks.append(&mut small);
            return;
        };
        let freed: usize = blocks.iter().map(|block| block.heap_bytes()).sum();
        self.packed_bytes = (self.packed_bytes + joined.heap_bytes()).saturating_sub(freed);
        small.into_iter().for_each(|block| tools.scratch.lent.part(block));
        self.add(joined);
    }

    /// Puts a block behind the others.
    fn add(&mut self, block: Block) {
        self.make_room(1);
        self.blocks.push_back(block);
    }

    /// Makes room for `more` blocks, by an eighth at a time: heads are large, and most tracks have
    /// few.
    fn make_room(&mut self, more: usize) {
        let (count, room) = (self.blocks.len(), self.blocks.capacity());
        if room - count < more {
            self.blocks.reserve_exact(more.max((count + 1).min(2)).max(count / 8));
        }
    }

    /// The run that entry number `passed` of the queue stands for, and whether it is the first
    /// that does; none for an entry that stands for nothing.
    pub(super) fn run_of(&self, passed: u32) -> Option<(usize, bool)> {
        if self.is_behind() {
            return None;
        }
        let mut left = passed;
        for (number, block) in self.blocks.iter().enumerate() {
            match left.checked_sub(block.weight.into()) {
                Some(rest) => left = rest,
                None => return Some((number, left == 0)),
            }
        }
        Some((self.blocks.len(), left == 0))
    }

    /// First and last time and the bytes of a run.
    pub(super) fn extent(&self, number: usize) -> Option<(CdTime, CdTime, usize)> {
        if let Some(block) = self.blocks.get(number) {
            let bytes = block.heap_bytes() + size_of::<Block>();
            return Some((block.first.time, block.last.time, bytes));
        }
        Some((self.open.get(0)?.time, self.open.last()?.time, self.open.heap_bytes()))
    }

    /// Whether its next entry of the queue stands for nothing.
    pub(super) fn is_behind(&self) -> bool {
        self.stale_entries > 0
    }

    /// Evicts the oldest run but those that `passed` entries of the queue stand for. Where that
    /// is the open one, its older half goes: a slow series would else lose its newest samples
    /// together with those of days ago.
    pub(super) fn evict(&mut self, passed: u32, lent: &mut Lent) -> Evicted {
        if let Some(rest) = self.stale_entries.checked_sub(1) {
            self.stale_entries = rest;
            return Evicted::default();
        }
        let held = self.run_of(passed).map_or(0, |(number, _)| number);
        if let Some(block) = self.blocks.remove(held) {
            self.stale_entries += u32::from(block.weight).saturating_sub(1);
            self.packed_bytes = self.packed_bytes.saturating_sub(block.heap_bytes());
            let samples = block.len();
            lent.part(block);
            if held > 0 {
                self.epoch = self.epoch.wrapping_add(1);
                self.loose = 0;
            }
            let wanted = self.blocks.len() + self.blocks.len() / 4 + 2;
            if self.blocks.is_empty() || self.blocks.capacity() > wanted {
                self.blocks.shrink_to_fit();
            }
            self.count_bytes();
            return Evicted { samples, remains: false };
        }
        let count = self.open.len();
        let gone = if count <= HALVED_MIN { count } else { count / 2 };
        if !self.blocks.is_empty() {
            // Blocks before it are held.
            self.epoch = self.epoch.wrapping_add(1);
        }
        self.open.drop_first(gone);
        self.count_bytes();
        Evicted { samples: gone, remains: gone < count }
    }

    /// Drops everything; entries of the queue that stood for it stand for nothing.
    pub(super) fn clear(&mut self, lent: &mut Lent) -> usize {
        let samples = self.len();
        let weights: u32 = self.blocks.iter().map(|block| u32::from(block.weight)).sum();
        let entries = self.stale_entries + weights + u32::from(self.open.len() > 0);
        let epoch = self.epoch.wrapping_add(1);
        self.blocks.drain(..).for_each(|block| lent.part(block));
        *self = Self { stale_entries: entries, epoch, ..Self::default() };
        samples
    }

    /// Bytes allocated, by capacity; at hand, as it is asked for with every sample.
    pub(super) fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    fn count_bytes(&mut self) {
        let blocks = vec_bytes::<Block>(self.blocks.capacity());
        self.heap_bytes = self.packed_bytes + blocks + self.open.heap_bytes();
    }

    /// Samples held; counts blocks, so ask rarely.
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.len()).sum::<usize>() + self.open.len()
    }

    /// See the field.
    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    pub(super) fn oldest(&self) -> Option<Sample> {
        self.blocks.front().map(|block| block.first).or_else(|| self.open.get(0))
    }

    pub(super) fn newest(&self) -> Option<Sample> {
        self.open.last().or_else(|| self.blocks.back().map(|block| block.last))
    }

    /// Number of sealed blocks, which is that of the open run.
    pub(super) fn sealed(&self) -> usize {
        self.blocks.len()
    }

    /// Sealed block `number`.
    pub(super) fn block(&self, number: usize) -> Option<&Block> {
        self.blocks.get(number)
    }

    /// The newest samples.
    pub(super) fn open(&self) -> &OpenRun {
        &self.open
    }

    /// The run that the first sample at or after `time` is in, if there is one.
    pub(super) fn block_from(&self, time: CdTime) -> usize {
        self.blocks.partition_point(|block| block.last.time < time)
    }

    /// The bounds of what is drawn have changed.
    pub(super) fn forget_summaries(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        self.blocks.iter_mut().for_each(Block::forget_summary);
    }

    /// The same samples from `start` to `end`, and those that what is drawn of them depends on: a
    /// line comes from the sample before, which needs the one before it, and goes to the one
    /// behind. Shares packed samples; copies heads and what is open.
    pub(super) fn cut(&mut self, start: CdTime, end: CdTime) -> Self {
        let first = self.block_from(start).saturating_sub(2);
        let last = self.blocks.partition_point(|block| block.first.time < end);
        let open = if last < self.blocks.len() { OpenRun::default() } else { self.open.clone() };
        let mut cut = Self { open, epoch: self.epoch, ..Self::default() };
        for block in self.blocks.iter_mut().take(last + 1).skip(first) {
            let before = block.heap_bytes();
            cut.blocks.push_back(block.share());
            cut.packed_bytes += block.heap_bytes();
            self.packed_bytes += block.heap_bytes() - before;
        }
        cut.blocks.shrink_to_fit();
        cut.count_bytes();
        self.count_bytes();
        cut
    }

    /// Bytes of packed samples, which are shared, among the bytes allocated.
    pub(super) fn packed_bytes(&self) -> usize {
        self.packed_bytes
    }

    /// Entries of the store's queue that are this track's.
    #[cfg(test)]
    fn entries(&self) -> u32 {
        let sealed: u32 = self.blocks.iter().map(|block| u32::from(block.weight)).sum();
        self.stale_entries + sealed + u32::from(self.open.len() > 0)
    }
}

/// What a value is beside one of the same time: bit by bit, so that NaN is like NaN.
fn beside(known: u64, bits: u64) -> Pushed {
    if known == bits { Pushed::Duplicate } else { Pushed::Conflict }
}

mod merge;
#[cfg(test)]
mod tests;
