//! Open runs: the newest samples of a series, as they came.
//!
//! Kept in chunks of one size: a million runs grow and are sealed again and again, and chunks fill
//! each other's holes, where allocations that double leave holes of every size.

use super::cost::{allocated, vec_bytes};
use crate::metric::{CdTime, Interval};
use crate::rate::Sample;

/// Words of a chunk: 120 bytes, which with the allocation's header are 128.
const CHUNK_WORDS: usize = 15;
/// Places for chunks that are made at once.
const CHUNKS_STEP: usize = 3;

/// The newest samples of a series; times rise strictly.
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    times: Words,
    /// As many as times, or none while all are `alike`: most values stand still.
    bits: Words,
    alike: u64,
    /// Beside the chunks, which are far away: to add a sample nothing is read from them.
    newest: CdTime,
    /// Zero when not told.
    pub(super) interval: Interval,
}

type Chunk = Box<[u64; CHUNK_WORDS]>;

/// Words in chunks.
#[derive(Clone, Debug, Default)]
struct Words {
    chunks: Vec<Chunk>,
    len: usize,
}

impl Open {
    pub(super) fn len(&self) -> usize {
        self.times.len
    }

    pub(super) fn last(&self) -> Option<Sample> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Time of the newest sample.
    pub(super) fn newest(&self) -> Option<CdTime> {
        (self.len() > 0).then_some(self.newest)
    }

    pub(super) fn get(&self, number: usize) -> Option<Sample> {
        let time = CdTime::from_raw(self.times.get(number)?);
        Some(Sample { time, bits: self.bits.get(number).unwrap_or(self.alike) })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Sample> + '_ {
        let bits = self.bits.iter().chain(std::iter::repeat(self.alike));
        self.times.iter().zip(bits).map(|(raw, bits)| Sample { time: CdTime::from_raw(raw), bits })
    }

    /// The number of the first sample at or after `time`.
    pub(super) fn place(&self, time: CdTime) -> usize {
        // Mostly near the end.
        let newer = (0..self.len())
            .rev()
            .take_while(|&number| self.times.get(number).is_some_and(|known| known >= time.raw()));
        self.len() - newer.count()
    }

    pub(super) fn push(&mut self, sample: Sample) {
        self.insert(self.len(), sample);
    }

    /// Inserts a sample as number `at`.
    pub(super) fn insert(&mut self, at: usize, Sample { time, bits }: Sample) {
        if self.len() == 0 {
            (self.alike, self.newest) = (bits, time);
        }
        self.newest = self.newest.max(time);
        if self.bits.len == 0 && bits != self.alike {
            (0..self.len()).for_each(|_| self.bits.push(self.alike));
        }
        if self.bits.len > 0 || bits != self.alike {
            self.bits.insert(at, bits);
        }
        self.times.insert(at, time.raw());
    }

    /// Gives up the oldest `count`.
    pub(super) fn drop_first(&mut self, count: usize) {
        self.times.drop_first(count);
        self.bits.drop_first(count);
        if let Some(first) = self.bits.get(0)
            && self.bits.iter().all(|bits| bits == first)
        {
            self.alike = first;
            self.bits = Words::default();
        }
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        self.times.heap_bytes() + self.bits.heap_bytes()
    }
}

impl Words {
    fn get(&self, number: usize) -> Option<u64> {
        let chunk = self.chunks.get(number / CHUNK_WORDS).filter(|_| number < self.len)?;
        chunk.get(number % CHUNK_WORDS).copied()
    }

    fn set(&mut self, number: usize, word: u64) {
        let chunk = self.chunks.get_mut(number / CHUNK_WORDS);
        if let Some(place) = chunk.and_then(|chunk| chunk.get_mut(number % CHUNK_WORDS)) {
            *place = word;
        }
    }

    fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.chunks.iter().flat_map(|chunk| chunk.iter()).take(self.len).copied()
    }

    fn push(&mut self, word: u64) {
        if self.len == self.chunks.len() * CHUNK_WORDS {
            if self.chunks.len() == self.chunks.capacity() {
                self.chunks.reserve_exact(CHUNKS_STEP);
            }
            self.chunks.push(Box::new([0; CHUNK_WORDS]));
        }
        self.len += 1;
        self.set(self.len - 1, word);
    }

    fn insert(&mut self, at: usize, word: u64) {
        self.push(word);
        for number in (at..self.len - 1).rev() {
            self.set(number + 1, self.get(number).unwrap_or_default());
        }
        self.set(at, word);
    }

    fn drop_first(&mut self, count: usize) {
        for number in count..self.len {
            self.set(number - count, self.get(number).unwrap_or_default());
        }
        self.len = self.len.saturating_sub(count);
        self.chunks.truncate(self.len.div_ceil(CHUNK_WORDS));
        self.chunks.shrink_to(self.chunks.len().next_multiple_of(CHUNKS_STEP));
    }

    fn heap_bytes(&self) -> usize {
        self.chunks.len() * allocated(8 * CHUNK_WORDS) + vec_bytes::<Chunk>(self.chunks.capacity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a plain list.
        #[test]
        fn a_run_is_the_list_of_what_was_put_in(
            what in prop::collection::vec((0_u64..300, 0_u64..3, 0_usize..40), 0..300),
        ) {
            let (mut open, mut plain) = (Open::default(), Vec::<Sample>::new());
            for (time, bits, gone) in what {
                let sample = Sample { time: CdTime::from_raw(time), bits };
                let at = plain.partition_point(|known| known.time < sample.time);
                prop_assert_eq!(open.place(sample.time), at);
                if plain.get(at).is_none_or(|known| known.time != sample.time) {
                    open.insert(at, sample);
                    plain.insert(at, sample);
                }
                // Rarely, many at once.
                if gone >= 38 {
                    let gone = plain.len() / (gone - 36);
                    open.drop_first(gone);
                    plain.drain(..gone);
                }
                prop_assert!(open.iter().eq(plain.iter().copied()));
                prop_assert_eq!((open.len(), open.last()), (plain.len(), plain.last().copied()));
                for number in 0..plain.len() + 1 {
                    prop_assert_eq!(open.get(number), plain.get(number).copied());
                }
            }
            open.drop_first(plain.len());
            prop_assert_eq!(open.heap_bytes(), 0);
        }
    }
}
