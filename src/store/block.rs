//! Blocks: the samples of one series, oldest first, in runs of at most [`BLOCK_SAMPLES`].
//!
//! Times rise strictly within a [`Track`]. The newest block is open and grows; the ones before it
//! are sealed and only leave, whole, at the old end. Knows nothing of rates or of other series;
//! what its blocks are made of is nobody else's business, so that they can be compressed.

use crate::metric::{CdTime, Interval};
use crate::rate::Sample;
use std::collections::VecDeque;

/// Samples of a sealed block: 4 KiB. Large enough that the queue of blocks is small beside the
/// samples, small enough that giving one up frees minutes of one series, not hours.
pub(super) const BLOCK_SAMPLES: usize = 256;
/// Room of a block's first allocation; it doubles up to [`BLOCK_SAMPLES`].
const FIRST_SAMPLES: usize = 4;
/// What an allocation costs beside its bytes.
pub(super) const ALLOCATION_BYTES: usize = 16;

/// A run of samples and the interval their sender promised.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// Zero when not told.
    pub(super) interval: Interval,
    /// Times rise strictly.
    pub(super) samples: Vec<Sample>,
}

/// All samples of one series.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    sealed: VecDeque<Block>,
    /// Empty only when there are no samples at all.
    open: Block,
    /// Allocated, by capacity.
    bytes: usize,
}

/// What became of a pushed sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// Newer than all before it.
    Newest,
    /// Earlier than the newest, put in its place.
    Late,
    /// Earlier than the open block: not kept.
    TooLate,
    /// The same is there already: not kept.
    Duplicate,
    /// Another value is there at that time: not kept.
    Conflict,
}

/// What giving up the oldest samples brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evicted {
    pub(super) samples: usize,
    /// Whether what is left of the block must queue again.
    pub(super) remains: bool,
}

/// A place in a track: block number and sample number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) block: usize,
    pub(super) sample: usize,
}

impl Track {
    /// Adds a sample, and tells whether a block was begun by it.
    pub(super) fn push(&mut self, sample: Sample, interval: Interval) -> (Pushed, bool) {
        let mut begins = false;
        match self.open.samples.last() {
            Some(newest) if sample.time <= newest.time => return self.push_late(sample),
            Some(_) => {
                let changed = !interval.is_zero() && interval != self.open.interval;
                if changed || self.open.samples.len() >= BLOCK_SAMPLES {
                    let interval = if interval.is_zero() { self.open.interval } else { interval };
                    self.seal(Block { interval, samples: Vec::new() });
                    begins = true;
                }
            }
            None => {
                self.open.interval = interval;
                begins = true;
            }
        }
        self.bytes += self.open.make_room();
        self.open.samples.push(sample);
        (Pushed::Newest, begins)
    }

    fn push_late(&mut self, sample: Sample) -> (Pushed, bool) {
        let sealed_end = self.sealed.back().and_then(Block::last);
        if sealed_end.is_some_and(|end| sample.time <= end.time) {
            let known = self.place(sample.time).and_then(|place| self.get(place));
            let known = known.map(|(known, _)| known).filter(|known| known.time == sample.time);
            return (known.map_or(Pushed::TooLate, |known| beside(known, sample)), false);
        }
        let at = self.open.samples.partition_point(|known| known.time < sample.time);
        if let Some(&known) = self.open.samples.get(at).filter(|known| known.time == sample.time) {
            return (beside(known, sample), false);
        }
        if self.open.samples.len() < BLOCK_SAMPLES {
            self.bytes += self.open.make_room();
            self.open.samples.insert(at, sample);
            return (Pushed::Late, false);
        }
        if at == 0 {
            return (Pushed::TooLate, false);
        }
        // One sample of a clock that runs ahead must not lock out all that follow: what lies
        // before the new sample is sealed, what lies behind it stays open.
        let mut samples = Vec::with_capacity(BLOCK_SAMPLES.min(self.open.samples.len() - at + 1));
        samples.push(sample);
        samples.extend(self.open.samples.drain(at..));
        self.seal(Block { interval: self.open.interval, samples });
        (Pushed::Late, true)
    }

    fn seal(&mut self, next: Block) {
        let before = self.open.bytes() + self.sealed.capacity() * size_of::<Block>();
        let mut full = std::mem::replace(&mut self.open, next);
        full.samples.shrink_to_fit();
        let full_bytes = full.bytes();
        self.sealed.push_back(full);
        let after = full_bytes + self.sealed.capacity() * size_of::<Block>();
        self.bytes = (self.bytes + after + self.open.bytes()).saturating_sub(before);
    }

    /// Gives up the oldest block. Where that is the open one, its older half goes: a slow series
    /// would else lose what it has just said together with what it said days ago.
    pub(super) fn evict(&mut self) -> Evicted {
        if let Some(block) = self.sealed.pop_front() {
            let before = self.sealed.capacity();
            if before > 2 * self.sealed.len() + 3 {
                self.sealed.shrink_to(self.sealed.len());
            }
            let freed = (before - self.sealed.capacity()) * size_of::<Block>() + block.bytes();
            self.bytes = self.bytes.saturating_sub(freed);
            return Evicted { samples: block.samples.len(), remains: false };
        }
        let (count, before) = (self.open.samples.len(), self.open.bytes());
        let gone = if count <= FIRST_SAMPLES { count } else { count / 2 };
        self.open.samples.drain(..gone);
        self.open.samples.shrink_to_fit();
        self.bytes = (self.bytes + self.open.bytes()).saturating_sub(before);
        Evicted { samples: gone, remains: gone < count }
    }

    /// Bytes allocated, by capacity.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn oldest(&self) -> Option<Sample> {
        self.sealed.front().unwrap_or(&self.open).samples.first().copied()
    }

    pub(super) fn newest(&self) -> Option<Sample> {
        self.open.last()
    }

    /// The place of the first sample at or after `time`.
    pub(super) fn place(&self, time: CdTime) -> Option<Place> {
        let ends_before = |block: &Block| block.last().is_none_or(|last| last.time < time);
        let block = self.sealed.partition_point(ends_before);
        let samples = &self.block(block)?.samples;
        let sample = samples.partition_point(|sample| sample.time < time);
        (sample < samples.len()).then_some(Place { block, sample })
    }

    /// The place of the newest sample.
    pub(super) fn last_place(&self) -> Option<Place> {
        let sample = self.open.samples.len().checked_sub(1)?;
        Some(Place { block: self.sealed.len(), sample })
    }

    /// The place of the newest sample before `time`.
    pub(super) fn place_before(&self, time: CdTime) -> Option<Place> {
        match self.place(time) {
            Some(place) => self.previous(place),
            None => self.last_place(),
        }
    }

    /// The place before `place`.
    pub(super) fn previous(&self, place: Place) -> Option<Place> {
        if let Some(sample) = place.sample.checked_sub(1) {
            return Some(Place { sample, ..place });
        }
        let block = place.block.checked_sub(1)?;
        let sample = self.block(block)?.samples.len().checked_sub(1)?;
        Some(Place { block, sample })
    }

    /// The sample at `place` and the interval told with it.
    pub(super) fn get(&self, place: Place) -> Option<(Sample, Interval)> {
        let block = self.block(place.block)?;
        Some((*block.samples.get(place.sample)?, block.interval))
    }

    /// Block number `block`, the open one last.
    pub(super) fn block(&self, block: usize) -> Option<&Block> {
        if block == self.sealed.len() { Some(&self.open) } else { self.sealed.get(block) }
    }
}

/// What a sample is beside one of the same time: bit by bit, so that NaN is like NaN.
fn beside(known: Sample, sample: Sample) -> Pushed {
    if known.bits == sample.bits { Pushed::Duplicate } else { Pushed::Conflict }
}

impl Block {
    /// Room for one more; tells the bytes it took.
    fn make_room(&mut self) -> usize {
        let (len, capacity) = (self.samples.len(), self.samples.capacity());
        if len < capacity {
            return 0;
        }
        let before = self.bytes();
        let wanted = (2 * capacity).clamp(FIRST_SAMPLES, BLOCK_SAMPLES);
        self.samples.reserve_exact(wanted.saturating_sub(len).max(1));
        self.bytes() - before
    }

    fn last(&self) -> Option<Sample> {
        self.samples.last().copied()
    }

    fn bytes(&self) -> usize {
        match self.samples.capacity() {
            0 => 0,
            capacity => capacity * size_of::<Sample>() + ALLOCATION_BYTES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: Interval = Interval::from_secs(10);

    fn at(secs: u64) -> Sample {
        Sample { time: CdTime::from_secs(secs), bits: secs }
    }

    fn times(track: &Track) -> Vec<u64> {
        let blocks = (0..=track.sealed.len()).filter_map(|number| track.block(number));
        blocks.flat_map(|block| &block.samples).map(|sample| sample.bits).collect()
    }

    fn filled(times: impl IntoIterator<Item = u64>) -> Track {
        let mut track = Track::default();
        for secs in times {
            track.push(at(secs), TOLD);
        }
        track
    }

    #[test]
    fn a_full_block_is_sealed_and_the_next_one_begun() {
        let mut track = filled(0..256);
        assert_eq!(track.sealed.len(), 0);
        assert_eq!(track.push(at(256), TOLD), (Pushed::Newest, true));
        assert_eq!((track.sealed.len(), track.open.samples.len()), (1, 1));
        assert_eq!(track.sealed[0].samples.capacity(), BLOCK_SAMPLES);
    }

    #[test]
    fn a_new_interval_begins_a_block() {
        let mut track = filled(0..3);
        assert!(track.push(at(9), Interval::from_secs(1)).1);
        assert!(!track.push(at(10), Interval::ZERO).1, "not told is no change");
        assert_eq!(track.sealed[0].interval, TOLD);
    }

    #[test]
    fn late_samples_are_put_in_their_place_and_doubles_are_not_kept() {
        let mut track = filled([10, 30, 40]);
        assert_eq!(track.push(at(20), TOLD).0, Pushed::Late);
        assert_eq!(track.push(at(5), TOLD).0, Pushed::Late);
        for secs in [5, 20, 40] {
            assert_eq!(track.push(at(secs), TOLD).0, Pushed::Duplicate);
        }
        assert_eq!(times(&track), [5, 10, 20, 30, 40]);
    }

    #[test]
    fn another_value_at_a_time_that_is_there_is_a_conflict_and_not_kept() {
        let mut track = filled((0..300).map(|n| 10 * n));
        for secs in [20, 2_800, 2_990] {
            let other = Sample { bits: 77, ..at(secs) };
            assert_eq!(track.push(other, TOLD), (Pushed::Conflict, false));
            assert_eq!(track.push(at(secs), TOLD), (Pushed::Duplicate, false));
        }
        let nan = Sample { bits: f64::NAN.to_bits(), ..at(5_000) };
        assert_eq!(track.push(nan, TOLD).0, Pushed::Newest);
        assert_eq!(track.push(nan, TOLD).0, Pushed::Duplicate);
    }

    #[test]
    fn samples_earlier_than_the_open_block_are_not_kept() {
        let mut track = filled((0..300).map(|n| 10 * n));
        assert_eq!(track.push(at(15), TOLD).0, Pushed::TooLate);
        assert_eq!(track.push(at(20), TOLD).0, Pushed::Duplicate);
        assert_eq!(track.push(at(2_555), TOLD).0, Pushed::Late, "between sealed and open");
        assert_eq!(times(&track).len(), 301);
    }

    #[test]
    fn one_sample_of_the_future_does_not_lock_out_the_rest() {
        let mut track = filled([80_000]);
        for secs in 0..2_000 {
            assert_eq!(track.push(at(secs), TOLD).0, Pushed::Late, "{secs}");
        }
        let expected: Vec<u64> = (0..2_000).chain([80_000]).collect();
        assert_eq!(times(&track), expected);
        assert!(track.sealed.len() < 10, "{}", track.sealed.len());
    }

    #[test]
    fn the_oldest_block_goes_first_and_an_open_one_by_halves() {
        let mut track = filled(0..300);
        assert_eq!(track.evict(), Evicted { samples: 256, remains: false });
        assert_eq!(track.evict(), Evicted { samples: 22, remains: true });
        assert_eq!(times(&track), (278..300).collect::<Vec<_>>());
        while track.evict().remains {}
        assert_eq!((track.oldest(), track.last_place(), track.bytes()), (None, None, 0));
    }

    #[test]
    fn its_bytes_are_those_of_its_allocations() {
        let mut track = Track::default();
        let check = |track: &Track| {
            let blocks = (0..=track.sealed.len()).filter_map(|number| track.block(number));
            let sum: usize = blocks.map(Block::bytes).sum();
            assert_eq!(track.bytes(), sum + track.sealed.capacity() * size_of::<Block>());
        };
        for round in 0..4_000_u64 {
            let secs = if round % 7 == 0 { round.saturating_sub(20) } else { round };
            track.push(at(secs * 10 + round % 3), Interval::from_secs(1 + round / 1_000));
            if round % 300 == 0 {
                track.evict();
            }
            check(&track);
        }
        while track.oldest().is_some() {
            track.evict();
            check(&track);
        }
    }

    #[test]
    fn places_are_found_across_blocks() {
        let track = filled((1..=600).map(|n| 10 * n));
        for (secs, before, from) in
            [(5, None, Some(10)), (2_560, Some(2_550), Some(2_560)), (6_001, Some(6_000), None)]
        {
            let time = CdTime::from_secs(secs);
            let bits = |place: Option<Place>| Some(track.get(place?)?.0.bits);
            assert_eq!(bits(track.place_before(time)), before, "{secs}");
            assert_eq!(bits(track.place(time)), from, "{secs}");
        }
    }
}
