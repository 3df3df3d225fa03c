//! Blocks: runs of samples of one series that no longer change, compressed.
//!
//! A [`Block`] gives back what went in, bit by bit: times as the difference from the promised
//! grid, values by what they are. Beside the bytes stands what is asked for most: the first and
//! the last sample, which make the rates at its seams right, and a summary of what is drawn. As the
//! bytes never change, a snapshot shares them with the track. Knows nothing of other blocks.
//!
//! Measured on a capture of 880 series of three hosts (1 s, busy machines), looped for a day, each
//! value late as it was (repeated) or as some value of the capture was (drawn anew):
//!
//! | format | bytes, repeated | bytes, drawn | to pack | to unpack |
//! | --- | --- | --- | --- | --- |
//! | here: lists of 128 | 1.3 | 3.9 | 18 ns | 1 ns |
//! | `pco` 1, 128 samples at level 4, then 512 at level 8 | 1.0 | 3.1 | 110 ns | 8-10 ns |
//!
//! So a fifth of the bytes is given for five times less work when a value comes, and for traces
//! that need nothing kept unpacked. More than half of the series stand still and cost nothing but
//! their times, which are most of the bytes: a busy daemon is a millisecond early or late, and a
//! millisecond has 20 bits.

use super::aggregate::Aggregate;
use super::lists::{pack_times, pack_values};
use super::pack::LIST_MAX;
use super::packed::Packed;
use super::summary::Summary;
use crate::metric::{CdTime, DsType, Interval};
use crate::rate::{Bounds, Sample};
use std::ops::{ControlFlow, Deref};

/// Most samples of a block; its lengths are kept in 16 bits.
pub(super) const BLOCK_SAMPLES_MAX: usize = 1_024;

/// A run of samples. The head lies in the track's list and the packed samples elsewhere, so that
/// summaries are read one after another.
#[derive(Debug)]
pub(super) struct Block {
    head: Head,
    packed: Packed,
}

/// What is known of a block without unpacking it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) first: Sample,
    pub(super) last: Sample,
    /// Promised with the samples; zero when none was.
    pub(super) interval: Interval,
    count: u16,
    /// Bytes of times, which stand before those of values. None where all times are the same
    /// distance apart; none of values where all are the same.
    times_bytes: u16,
    /// Entries of the queue that it stands for.
    pub(super) weight: u16,
    /// Fields of its summary, flat so that nothing is left over between the fields.
    undefined: u16,
    drawn: Aggregate,
    step_max: Interval,
}

impl Deref for Block {
    type Target = Head;

    fn deref(&self) -> &Head {
        &self.head
    }
}

impl Block {
    /// Packs samples of a series of `kind`, at least one and at most [`BLOCK_SAMPLES_MAX`]. None
    /// when there is none.
    pub(super) fn pack(
        kind: DsType,
        interval: Interval,
        (times, bits): (&[CdTime], &[u64]),
        summary: Summary,
        bytes: &mut Vec<u8>,
    ) -> Option<Self> {
        debug_assert!(times.len() == bits.len() && times.len() <= BLOCK_SAMPLES_MAX);
        let first = Sample { time: *times.first()?, bits: *bits.first()? };
        let last = Sample { time: *times.last()?, bits: *bits.last()? };
        let step = even_step(first.time, last.time, times.len());
        let even = |(n, time): (usize, &CdTime)| on_grid(first.time, n, step) == time.raw();
        bytes.clear();
        if !times.iter().enumerate().all(even) {
            pack_times(times, interval, bytes);
        }
        let times_bytes = u16::try_from(bytes.len()).ok()?;
        if bits.iter().any(|&bits| bits != first.bits) {
            pack_values(kind, bits, bytes);
        }
        let head = Head {
            first,
            last,
            interval,
            count: u16::try_from(times.len()).ok()?,
            times_bytes,
            weight: 1,
            undefined: summary.undefined,
            drawn: summary.drawn,
            step_max: summary.step_max,
        };
        Some(Self::new(head, bytes))
    }

    /// One block of several that follow each other, of one interval.
    pub(super) fn join(
        kind: DsType,
        bounds: Bounds,
        blocks: &[Self],
        bytes: &mut Vec<u8>,
    ) -> Option<Self> {
        let (first, last) = (blocks.first()?, blocks.last()?);
        let count = blocks.iter().map(|block| block.len()).sum();
        let step = even_step(first.first.time, last.last.time, count);
        let mut at = 0;
        let is_even = blocks.iter().all(|block| {
            let ends = [(at, block.first.time), (at + block.len() - 1, block.last.time)];
            at += block.len();
            let even =
                |(n, time): (usize, CdTime)| on_grid(first.first.time, n, step) == time.raw();
            block.has_even_times() && ends.into_iter().all(even)
        });
        let bits = first.first.bits;
        let is_constant =
            blocks.iter().all(|block| block.is_constant() && block.first.bits == bits);
        bytes.clear();
        if !is_even {
            blocks.iter().for_each(|block| block.copy_times(bytes));
        }
        let times_bytes = u16::try_from(bytes.len()).ok()?;
        if !is_constant {
            blocks.iter().for_each(|block| block.copy_values(kind, bytes));
        }
        let Summary { drawn, undefined, step_max } = summary_of(kind, bounds, blocks);
        let head = Head {
            first: first.first,
            last: last.last,
            interval: first.interval,
            count: u16::try_from(count).ok()?,
            times_bytes,
            weight: blocks.iter().fold(0, |all, block| block.weight.saturating_add(all)),
            undefined,
            drawn,
            step_max,
        };
        Some(Self::new(head, bytes))
    }

    fn new(head: Head, bytes: &[u8]) -> Self {
        Self { head, packed: Packed::Own(bytes.into()) }
    }

    /// Sets the number of queue entries that it stands for.
    pub(super) fn set_weight(&mut self, weight: u16) {
        self.head.weight = weight;
    }

    /// Has no summary any more: the bounds have changed.
    pub(super) fn forget_summary(&mut self) {
        let Summary { drawn, undefined, step_max } = Summary::NONE;
        self.head = Head { drawn, undefined, step_max, ..self.head };
    }

    /// The same block for a snapshot: both have the same packed samples.
    pub(super) fn share(&mut self) -> Self {
        Self { head: self.head, packed: self.packed.share() }
    }

    /// Its packed samples.
    pub(super) fn into_packed(self) -> Packed {
        self.packed
    }

    fn bytes(&self) -> &[u8] {
        self.packed.bytes()
    }

    /// Appends its lists of times, also where it could do without.
    fn copy_times(&self, out: &mut Vec<u8>) {
        if !self.has_even_times() {
            out.extend_from_slice(self.parts().0);
            return;
        }
        let step = even_step(self.first.time, self.last.time, self.len());
        let time = |n| CdTime::from_raw(on_grid(self.first.time, n, step));
        let times: Vec<CdTime> = (0..self.len()).map(time).collect();
        pack_times(&times, self.interval, out);
    }

    fn copy_values(&self, kind: DsType, out: &mut Vec<u8>) {
        match self.is_constant() {
            true => pack_values(kind, &vec![self.first.bits; self.len()], out),
            false => out.extend_from_slice(self.parts().1),
        }
    }

    fn has_even_times(&self) -> bool {
        self.times_bytes == 0
    }

    /// Whether all values are the same, bit by bit.
    fn is_constant(&self) -> bool {
        self.bytes().len() == usize::from(self.times_bytes)
    }

    pub(super) fn summary(&self) -> Summary {
        let Head { drawn, undefined, step_max, .. } = **self;
        Summary { drawn, undefined, step_max }
    }

    /// Bytes of times and of values.
    fn parts(&self) -> (&[u8], &[u8]) {
        self.bytes().split_at_checked(self.times_bytes.into()).unwrap_or_default()
    }

    /// Its lists, one after another.
    pub(super) fn lists(&self) -> Lists<'_> {
        Lists::new(self)
    }

    /// Its samples, oldest first.
    pub(super) fn samples(&self) -> Vec<Sample> {
        let mut samples = Vec::with_capacity(self.len());
        let _ = self.try_each(0, |sample| {
            samples.push(sample);
            ControlFlow::Continue(())
        });
        samples
    }

    /// Calls `each` with its samples from number `first` on, until that breaks off.
    pub(super) fn try_each(
        &self,
        first: usize,
        mut each: impl FnMut(Sample) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (mut lists, mut buffers) = (self.lists(), ([0; LIST_MAX], [0; LIST_MAX]));
        let mut skipped = first;
        while let Some(count) = lists.next(&mut buffers.0, &mut buffers.1) {
            for (&time, &bits) in buffers.0.iter().zip(&buffers.1).take(count).skip(skipped) {
                each(Sample { time: CdTime::from_raw(time), bits })?;
            }
            skipped = skipped.saturating_sub(count);
        }
        ControlFlow::Continue(())
    }

    /// Sample `number`.
    pub(super) fn get(&self, number: usize) -> Option<Sample> {
        let mut found = None;
        let _ = self.try_each(number, |sample| {
            found = Some(sample);
            ControlFlow::Break(())
        });
        found
    }

    /// The number of its first sample at or after `time`; its length where there is none.
    pub(super) fn place(&self, time: CdTime) -> usize {
        let (mut lists, mut buffers) = (self.lists(), ([0; LIST_MAX], [0; LIST_MAX]));
        let mut before = 0;
        while let Some(count) = lists.next(&mut buffers.0, &mut buffers.1) {
            let times = buffers.0.get(..count).unwrap_or_default();
            if times.last().is_some_and(|last| *last >= time.raw()) {
                return before + times.partition_point(|one| *one < time.raw());
            }
            before += count;
        }
        before
    }

    pub(super) fn len(&self) -> usize {
        self.count.into()
    }

    /// Bytes allocated beside the block itself.
    pub(super) fn heap_bytes(&self) -> usize {
        self.packed.heap_bytes()
    }
}

/// Summary of blocks that follow each other.
fn summary_of(kind: DsType, bounds: Bounds, blocks: &[Block]) -> Summary {
    let Some((mut before, blocks)) = blocks.split_first() else {
        return Summary::NONE;
    };
    let mut all = before.summary();
    for block in blocks {
        let (from, to) = (before.last, block.first);
        let seam = Summary::of(kind, bounds, &[from.time, to.time], &[from.bits, to.bits]);
        all = all.and(seam).and(block.summary());
        before = block;
    }
    all.checked()
}

/// The time that sample `number` would have on the grid.
fn on_grid(first: CdTime, number: usize, step: Interval) -> u64 {
    first.raw().wrapping_add(step.raw().wrapping_mul(number as u64))
}

fn even_step(first: CdTime, last: CdTime, count: usize) -> Interval {
    let steps = (count as u64).saturating_sub(1).max(1);
    Interval::from_raw(last.since(first).raw() / steps)
}

mod lists;
pub(super) use lists::Lists;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PROMISED: Interval = Interval::from_secs(10);
    const FREE: Bounds = Bounds { min: None, max: None };

    fn packed(kind: DsType, times: &[u64], bits: &[u64]) -> Block {
        let times: Vec<CdTime> = times.iter().map(|&raw| CdTime::from_raw(raw)).collect();
        let summary = Summary::of(kind, FREE, &times, bits);
        let block = Block::pack(kind, PROMISED, (&times, bits), summary, &mut Vec::new()).unwrap();
        let expected: Vec<Sample> =
            times.into_iter().zip(bits).map(|(time, &bits)| Sample { time, bits }).collect();
        assert_eq!(block.samples(), expected);
        block
    }

    fn secs(count: u64) -> Vec<u64> {
        (0..count).map(|n| (1_800_000_000 + 10 * n) << 30).collect()
    }

    #[test]
    fn what_stands_still_at_even_times_takes_no_bytes() {
        for kind in [DsType::Gauge, DsType::Counter] {
            let block = packed(kind, &secs(512), &[f64::NAN.to_bits(); 512]);
            assert_eq!((block.heap_bytes(), block.len()), (0, 512));
        }
    }

    #[test]
    fn times_after_a_gap_are_packed_as_steps() {
        let times: Vec<u64> = secs(512)
            .iter()
            .zip(0_u64..)
            .map(|(time, n)| time + (n * n * 7_919) % 1_000_000 + ((n / 300) << 42))
            .collect();
        let block = packed(DsType::Gauge, &times, &[7; 512]);
        assert!(block.bytes().len() < 512 * 4, "{}", block.bytes().len());
    }

    #[test]
    fn a_summary_is_of_all_but_the_first_and_knows_which_gauges_are_undefined() {
        let gauges = [f64::NAN, 3.0, f64::NAN, 1.0, f64::INFINITY, 2.0].map(f64::to_bits);
        let summary = packed(DsType::Gauge, &secs(6), &gauges).summary();
        let expected = Aggregate { min: 1.0, max: 3.0, sum: 6.0 };
        assert_eq!((summary.drawn, summary.undefined), (expected, 2));
        assert!(summary.is_whole(PROMISED) && !summary.is_whole(Interval::from_secs(9)));
        // Why a counter has no value only its samples show.
        let restarted = packed(DsType::Counter, &secs(3), &[1 << 40, 5, 6]);
        assert!(!restarted.summary().is_whole(Interval::MAX));
    }

    proptest! {
        #[test]
        fn every_block_gives_back_what_went_in(
            kind in (0_u8..4).prop_map(|code| DsType::from_code(code).unwrap()),
            jitter in 0_u32..40,
            width in 0_u32..65,
            words in prop::collection::vec(any::<(u64, u64)>(), 1..700),
            walk in any::<bool>(),
        ) {
            // Values of `width` bits, or walks in steps of that size; times off by `jitter` bits.
            let mask = |bits: u32| 1_u64.checked_shl(bits).map_or(u64::MAX, |one| one - 1);
            let mut times = Vec::new();
            let mut bits = Vec::new();
            let (mut time, mut value) = (1_800_000_000 << 30, 0_u64);
            for (a, b) in words {
                time += (10 << 30) + (a & mask(jitter));
                value = if walk { value.wrapping_add(b & mask(width)) } else { b & mask(width) };
                times.push(time);
                bits.push(value);
            }
            packed(kind, &times, &bits);
        }

        /// Also across its lists, before the first sample and behind the last.
        #[test]
        fn a_sample_is_found_by_its_time_and_by_its_number(
            jitter in 0_u64..1 << 30,
            count in 1_usize..600,
            from in 0_usize..620,
            after in 0_u64..2 << 30,
        ) {
            let late = |n: u64| n * n % (jitter + 1);
            let times: Vec<u64> =
                secs(count as u64).iter().zip(0_u64..).map(|(time, n)| time + late(n)).collect();
            let bits: Vec<u64> = (0..count as u64).map(|n| n * n).collect();
            let block = packed(DsType::Derive, &times, &bits);
            let time = times[from % count] - (1 << 30) + after;
            let place = block.place(CdTime::from_raw(time));
            prop_assert_eq!(place, times.partition_point(|one| *one < time));
            let sample = |n: usize| Sample { time: CdTime::from_raw(times[n]), bits: bits[n] };
            prop_assert_eq!(block.get(from), (from < count).then(|| sample(from)));
            let mut rest = Vec::new();
            let end = block.try_each(from, |sample| {
                rest.push(sample);
                if rest.len() < 200 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            let expected: Vec<Sample> = (from..count).take(200).map(sample).collect();
            prop_assert_eq!((rest, end.is_break()), (expected, count.saturating_sub(from) >= 200));
        }

        #[test]
        fn doubles_give_back_every_bit(
            values in prop::collection::vec(prop_oneof![
                any::<f64>(),
                (0_i32..100_000).prop_map(|cents| f64::from(cents) / 100.0),
                Just(f64::NAN), Just(-f64::NAN), Just(-0.0), Just(f64::INFINITY),
                (0_u64..1 << 52).prop_map(|low| f64::from_bits(f64::NAN.to_bits() | low)),
            ], 24..300),
        ) {
            let bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
            packed(DsType::Gauge, &secs(bits.len() as u64), &bits);
        }
    }
}
