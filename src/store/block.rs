//! Blocks: runs of samples of one series that no longer change, compressed.
//!
//! A [`Block`] gives back what went in, bit by bit: times as the difference from the promised
//! grid, values by what they are. Beside the bytes stands what is asked for most: the first and
//! the last sample, which make the rates at its seams right, and a summary of what is drawn.
//! Knows nothing of other blocks.
//!
//! Measured on a capture of 879 series of three hosts (1 s, busy machines), bytes per sample
//! and nanoseconds to pack one, by `pco` 1 at level 4 (level 8 in brackets):
//!
//! | samples a block | 64 | 128 | 256 | 512 | 1,024 |
//! | --- | --- | --- | --- | --- | --- |
//! | times, from the grid | 3.0 | 2.7, 40 ns | 2.5, 29 ns | 2.4 (2.4), 22 ns | 2.4 |
//! | times, first / second differences | 3.3 / 3.5 | 3.0 / 3.1 | 2.8 / 2.9 | 2.6 / 2.7 | 2.6 |
//! | times by 16 in fixed widths, no `pco` | 3.1 | 3.1 | 3.1 | 3.1 | 3.1 |
//! | counters that move | 1.6 | 1.3, 33 ns | 1.1, 28 ns | 1.0 (1.0), 22 ns | 0.9 |
//! | gauges that move | 3.1 | 2.8, 57 ns | 2.4, 44 ns | 2.2 (1.9), 34 ns | 2.2 |
//!
//! More than half of the series stand still and cost nothing but their times, which are most of
//! the bytes: a busy daemon is a millisecond early or late, and a millisecond has 20 bits.

use super::cost::allocated;
use crate::metric::{CdTime, DsType, Interval};
use crate::rate::{self, Bounds, Sample};
use pco::data_types::Number;
use pco::wrapped::{FileCompressor, FileDecompressor};
use pco::{ChunkConfig, DeltaSpec, ModeSpec};

/// Fewer samples than this are kept as they are: the tables would be larger.
const PACKED_MIN: usize = 24;
/// Most samples of a block; its lengths are kept in 16 bits.
pub(super) const BLOCK_SAMPLES_MAX: usize = 1_024;

/// A run of samples, packed.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) first: Sample,
    pub(super) last: Sample,
    /// Told with the samples; zero when it was not.
    pub(super) interval: Interval,
    /// Of what is drawn of all samples but the first, which needs the block before.
    pub(super) summary: Summary,
    /// Times, then values.
    bytes: Box<[u8]>,
    count: u16,
    times_bytes: u16,
    /// How many blocks of the queue it stands for.
    pub(super) weight: u16,
    times: TimeCode,
    values: ValueCode,
}

/// What is drawn of some samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) sum: f64,
    pub(super) last: f64,
    /// The longest distance of two successive samples, so that it is seen later whether there is
    /// a gap; longer than all time when a value is missing and only the samples can tell.
    pub(super) step_max: Interval,
}

/// How times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TimeCode {
    /// All the same distance apart: no bytes.
    Even,
    /// Difference from one interval after another.
    Grid,
    /// Difference from the one before: where gaps or no interval make a grid useless.
    Steps,
    /// Eight bytes each.
    Plain,
}

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ValueCode {
    /// All the same: no bytes.
    Constant,
    Packed,
    /// Eight bytes each.
    Plain,
}

/// Buffers that are kept between blocks.
#[derive(Debug, Default)]
pub(super) struct Codec {
    bytes: Vec<u8>,
    offsets: Vec<i64>,
    floats: Vec<f64>,
    numbers: Vec<u64>,
}

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// For blocks that will be packed once more.
    Quick,
    Thorough,
}

impl Summary {
    const NONE: Self = Self { min: 0.0, max: 0.0, sum: 0.0, last: 0.0, step_max: Interval::MAX };

    fn of(kind: DsType, bounds: Bounds, times: &[CdTime], bits: &[u64]) -> Self {
        let mut samples = times.iter().zip(bits).map(|(&time, &bits)| Sample { time, bits });
        let Some(mut from) = samples.next() else {
            return Self::NONE;
        };
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut all = Self { min, max, sum: 0.0, last: 0.0, step_max: Interval::ZERO };
        for sample in samples {
            let step = rate::step(kind, from, sample, bounds);
            let Some(value) = step.value() else {
                return Self::NONE;
            };
            all.min = all.min.min(value);
            all.max = all.max.max(value);
            all.sum += value;
            all.last = value;
            all.step_max = all.step_max.max(sample.time.since(from.time));
            from = sample;
        }
        if all.sum.is_finite() { all } else { Self::NONE }
    }

    /// Whether it says all that the samples would say: no value is missing, and no two samples
    /// are further apart than `gap_max`.
    pub(super) fn is_whole(&self, gap_max: Interval) -> bool {
        self.step_max <= gap_max && self.step_max < Interval::MAX
    }
}

impl Block {
    /// Packs samples of a series of `kind`, at least one and at most [`BLOCK_SAMPLES_MAX`]; one
    /// value stands for all when they are the same. None when there is none.
    pub(super) fn pack(
        (kind, bounds): (DsType, Bounds),
        interval: Interval,
        times: &[CdTime],
        bits: &[u64],
        effort: Effort,
        codec: &mut Codec,
    ) -> Option<Self> {
        debug_assert!(times.len() == bits.len() && times.len() <= BLOCK_SAMPLES_MAX);
        let first = Sample { time: *times.first()?, bits: *bits.first()? };
        let last = Sample { time: *times.last()?, bits: *bits.last()? };
        codec.bytes.clear();
        let times_code = codec.pack_times(times, interval, effort);
        let times_bytes = u16::try_from(codec.bytes.len()).ok()?;
        let values_code = codec.pack_values(kind, bits, effort);
        Some(Self {
            first,
            last,
            interval,
            summary: Summary::of(kind, bounds, times, bits),
            bytes: codec.bytes.as_slice().into(),
            count: u16::try_from(times.len()).ok()?,
            times_bytes,
            weight: 1,
            times: times_code,
            values: values_code,
        })
    }

    /// Appends its samples to both lists.
    pub(super) fn unpack(
        &self,
        kind: DsType,
        times: &mut Vec<CdTime>,
        bits: &mut Vec<u64>,
        codec: &mut Codec,
    ) {
        let (left, right) =
            self.bytes.split_at_checked(self.times_bytes.into()).unwrap_or_default();
        codec.unpack_times(self, left, times);
        codec.unpack_values(self, kind, right, bits);
    }

    pub(super) fn len(&self) -> usize {
        self.count.into()
    }

    /// Bytes allocated, with those of the block itself.
    pub(super) fn heap_bytes(&self) -> usize {
        allocated(size_of::<Self>()) + allocated(self.bytes.len())
    }

    /// The summary no longer holds: the bounds have changed.
    pub(super) fn forget_summary(&mut self) {
        self.summary = Summary::NONE;
    }

    /// The time that sample `number` would have on the grid.
    fn on_grid(first: CdTime, number: usize, step: Interval) -> u64 {
        first.raw().wrapping_add(step.raw().wrapping_mul(number as u64))
    }
}

impl Codec {
    /// Bytes held.
    pub(super) fn heap_bytes(&self) -> usize {
        allocated(self.bytes.capacity())
            + allocated(8 * self.offsets.capacity())
            + allocated(8 * self.floats.capacity())
            + allocated(8 * self.numbers.capacity())
    }

    fn pack_times(&mut self, times: &[CdTime], interval: Interval, effort: Effort) -> TimeCode {
        let (Some(&first), Some(&last), count) = (times.first(), times.last(), times.len()) else {
            return TimeCode::Even;
        };
        let step = even_step(first, last, count);
        let even = |(n, time): (usize, &CdTime)| Block::on_grid(first, n, step) == time.raw();
        if times.iter().enumerate().all(even) {
            return TimeCode::Even;
        }
        let promised = interval.raw().saturating_mul(count as u64 - 1);
        let off = promised.abs_diff(last.since(first).raw());
        let on_grid = !interval.is_zero() && off <= interval.raw();
        let packed = count >= PACKED_MIN
            && if on_grid {
                self.offsets.clear();
                let offset = |(n, time): (usize, &CdTime)| {
                    time.raw().wrapping_sub(Block::on_grid(first, n, interval)).cast_signed()
                };
                self.offsets.extend(times.iter().enumerate().map(offset));
                let config = config(DeltaSpec::NoOp, ModeSpec::Classic, effort);
                pack(&self.offsets, &config, &mut self.bytes)
            } else {
                self.numbers.clear();
                self.numbers.extend(times.iter().map(|time| time.raw()));
                let config = config(DeltaSpec::TryConsecutive(1), ModeSpec::Classic, effort);
                pack(&self.numbers, &config, &mut self.bytes)
            };
        if packed {
            return if on_grid { TimeCode::Grid } else { TimeCode::Steps };
        }
        self.bytes.extend(times.iter().flat_map(|time| time.raw().to_le_bytes()));
        TimeCode::Plain
    }

    fn pack_values(&mut self, kind: DsType, bits: &[u64], effort: Effort) -> ValueCode {
        if bits.iter().all(|value| Some(value) == bits.first()) {
            return ValueCode::Constant;
        }
        let packed = bits.len() >= PACKED_MIN
            && match kind {
                DsType::Gauge => {
                    self.floats.clear();
                    self.floats.extend(bits.iter().map(|&bits| f64::from_bits(bits)));
                    let config = config(DeltaSpec::TryConsecutive(1), ModeSpec::Auto, effort);
                    pack(&self.floats, &config, &mut self.bytes)
                }
                DsType::Counter | DsType::Derive => {
                    let config = config(DeltaSpec::TryConsecutive(1), ModeSpec::Auto, effort);
                    pack(bits, &config, &mut self.bytes)
                }
                DsType::Absolute => {
                    let config = config(DeltaSpec::NoOp, ModeSpec::Auto, effort);
                    pack(bits, &config, &mut self.bytes)
                }
            };
        if packed {
            return ValueCode::Packed;
        }
        self.bytes.extend(bits.iter().flat_map(|bits| bits.to_le_bytes()));
        ValueCode::Plain
    }

    fn unpack_times(&mut self, block: &Block, bytes: &[u8], times: &mut Vec<CdTime>) {
        let (first, count) = (block.first.time, block.len());
        match block.times {
            TimeCode::Even => {
                let step = even_step(first, block.last.time, count);
                times.extend((0..count).map(|n| CdTime::from_raw(Block::on_grid(first, n, step))));
            }
            TimeCode::Grid => {
                unpack(bytes, count, &mut self.offsets);
                let time = |(n, &offset): (usize, &i64)| {
                    let grid = Block::on_grid(first, n, block.interval);
                    CdTime::from_raw(grid.wrapping_add(offset.cast_unsigned()))
                };
                times.extend(self.offsets.iter().enumerate().map(time));
            }
            TimeCode::Steps => {
                unpack(bytes, count, &mut self.numbers);
                times.extend(self.numbers.iter().map(|&raw| CdTime::from_raw(raw)));
            }
            TimeCode::Plain => times.extend(plain(bytes).map(CdTime::from_raw)),
        }
    }

    fn unpack_values(&mut self, block: &Block, kind: DsType, bytes: &[u8], bits: &mut Vec<u64>) {
        let count = block.len();
        match block.values {
            ValueCode::Constant => bits.extend(std::iter::repeat_n(block.first.bits, count)),
            ValueCode::Packed if kind == DsType::Gauge => {
                unpack(bytes, count, &mut self.floats);
                bits.extend(self.floats.iter().map(|value| value.to_bits()));
            }
            ValueCode::Packed => {
                unpack(bytes, count, &mut self.numbers);
                bits.extend_from_slice(&self.numbers);
            }
            ValueCode::Plain => bits.extend(plain(bytes)),
        }
    }
}

fn even_step(first: CdTime, last: CdTime, count: usize) -> Interval {
    let steps = (count as u64).saturating_sub(1).max(1);
    Interval::from_raw(last.since(first).raw() / steps)
}

fn config(delta: DeltaSpec, mode: ModeSpec, effort: Effort) -> ChunkConfig {
    let level = if effort == Effort::Quick { 4 } else { 8 };
    ChunkConfig::default().with_compression_level(level).with_delta_spec(delta).with_mode_spec(mode)
}

/// Appends `numbers` to `out` if that takes fewer bytes than they have.
fn pack<T: Number>(numbers: &[T], config: &ChunkConfig, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let written =
        FileCompressor::default().chunk_compressor(numbers, config).and_then(|mut chunk| {
            chunk.write_meta(&mut *out)?;
            chunk.write_page(0, &mut *out).map(|_| ())
        });
    let smaller = written.is_ok() && out.len() - start < size_of_val(numbers);
    if !smaller {
        out.truncate(start);
    }
    smaller
}

/// The reverse of [`pack`], into a list of `count`; zeros where that is not possible, which no
/// bytes that [`pack`] wrote can cause.
fn unpack<T: Number + Default>(bytes: &[u8], count: usize, out: &mut Vec<T>) {
    out.clear();
    out.resize(count, T::default());
    let mut read = || {
        let mut header = [0_u8; 8];
        FileCompressor::default().write_header(&mut header[..])?;
        let (file, _) = FileDecompressor::new(&header[..])?;
        let (mut chunk, rest) = file.chunk_decompressor::<T, _>(bytes)?;
        chunk.page_decompressor(rest, count)?.read(out)
    };
    let result = read();
    debug_assert!(result.is_ok_and(|progress| progress.finished), "a block cannot be read back");
}

fn plain(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOLD: Interval = Interval::from_secs(10);
    const FREE: Bounds = Bounds { min: None, max: None };

    fn packed(kind: DsType, times: &[u64], bits: &[u64]) -> Block {
        let times: Vec<CdTime> = times.iter().map(|&raw| CdTime::from_raw(raw)).collect();
        let mut codec = Codec::default();
        let block = Block::pack((kind, FREE), TOLD, &times, bits, Effort::Quick, &mut codec);
        let block = block.unwrap();
        let (mut times_back, mut bits_back) = (Vec::new(), Vec::new());
        block.unpack(kind, &mut times_back, &mut bits_back, &mut codec);
        assert_eq!((times_back, bits_back.as_slice()), (times, bits));
        block
    }

    fn secs(count: u64) -> Vec<u64> {
        (0..count).map(|n| (1_800_000_000 + 10 * n) << 30).collect()
    }

    #[test]
    fn what_stands_still_at_even_times_takes_no_bytes() {
        for kind in [DsType::Gauge, DsType::Counter] {
            let block = packed(kind, &secs(512), &[f64::NAN.to_bits(); 512]);
            assert_eq!((block.heap_bytes(), block.len()), (112, 512));
        }
    }

    #[test]
    fn times_after_a_gap_are_told_by_their_steps() {
        let times: Vec<u64> = secs(512)
            .iter()
            .zip(0_u64..)
            .map(|(time, n)| time + (n * n * 7_919) % 1_000_000 + ((n / 300) << 42))
            .collect();
        let block = packed(DsType::Gauge, &times, &[7; 512]);
        assert_eq!(block.times, TimeCode::Steps);
        assert!(block.bytes.len() < 512 * 4, "{}", block.bytes.len());
    }

    #[test]
    fn a_summary_is_of_all_but_the_first_and_only_where_each_has_a_value() {
        let gauges = [f64::NAN, 3.0, 1.0, 2.0].map(f64::to_bits);
        let summary = packed(DsType::Gauge, &secs(4), &gauges).summary;
        assert_eq!((summary.min, summary.max, summary.sum, summary.last), (1.0, 3.0, 6.0, 2.0));
        assert!(summary.is_whole(TOLD) && !summary.is_whole(Interval::from_secs(9)));
        let gauges = [1.0, f64::NAN, 1.0].map(f64::to_bits);
        assert!(!packed(DsType::Gauge, &secs(3), &gauges).summary.is_whole(Interval::MAX));
        let restarted = packed(DsType::Counter, &secs(3), &[1 << 40, 5, 6]);
        assert!(!restarted.summary.is_whole(Interval::MAX));
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
            // Values of so many bits, or walks in steps of that size; times so far off the grid.
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
