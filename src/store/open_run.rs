//! Open runs: the newest samples of a series, as they came.
//!
//! An [`OpenRun`] is one list that grows by little: a million of them would else be half empty.

use super::cost::vec_bytes;
use crate::metric::{CdTime, Interval};
use crate::rate::Sample;

/// Words by which a list grows, twice as many once it holds a KiB: the steps in which allocators
/// count, so that nothing is left over.
const GROWTH_WORDS: usize = 16;

/// The newest samples of a series; times rise strictly.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenRun {
    /// Times, each followed by its bits where they are not all `alike`: most values stand still.
    words: Vec<u64>,
    in_pairs: bool,
    alike: u64,
    /// Beside the words, which are far away: to add a sample nothing is read from them.
    newest: CdTime,
    /// Promised with the samples; zero when none was.
    pub(super) interval: Interval,
}

impl OpenRun {
    pub(super) fn len(&self) -> usize {
        if self.in_pairs { self.words.len() / 2 } else { self.words.len() }
    }

    pub(super) fn last(&self) -> Option<Sample> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Time of the newest sample.
    pub(super) fn newest(&self) -> Option<CdTime> {
        (!self.words.is_empty()).then_some(self.newest)
    }

    pub(super) fn get(&self, number: usize) -> Option<Sample> {
        let at = if self.in_pairs { 2 * number } else { number };
        let time = CdTime::from_raw(*self.words.get(at)?);
        let bits = if self.in_pairs { *self.words.get(at + 1)? } else { self.alike };
        Some(Sample { time, bits })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Sample> + '_ {
        self.iter_from(0)
    }

    /// Its samples from number `first` on.
    pub(super) fn iter_from(&self, first: usize) -> impl Iterator<Item = Sample> + '_ {
        (first..self.len()).filter_map(|number| self.get(number))
    }

    /// Appends the oldest `count` to both lists.
    pub(super) fn copy_first(&self, count: usize, times: &mut Vec<CdTime>, bits: &mut Vec<u64>) {
        if self.in_pairs {
            let pairs = self.words.as_chunks::<2>().0.iter().take(count);
            times.extend(pairs.clone().map(|[raw, _]| CdTime::from_raw(*raw)));
            bits.extend(pairs.map(|[_, bits]| *bits));
        } else {
            times.extend(self.words.iter().take(count).map(|raw| CdTime::from_raw(*raw)));
            bits.resize(times.len(), self.alike);
        }
    }

    /// The number of the first sample at or after `time`.
    pub(super) fn place(&self, time: CdTime) -> usize {
        // Mostly near the end.
        let newer = (0..self.len())
            .rev()
            .take_while(|&number| self.get(number).is_some_and(|known| known.time >= time));
        self.len() - newer.count()
    }

    /// Adds a sample that is newer than all. Whether room was made for it.
    #[inline]
    pub(super) fn push(&mut self, Sample { time, bits }: Sample) -> bool {
        let capacity = self.words.capacity();
        self.newest = time;
        if bits != self.alike && !self.in_pairs {
            self.differ(bits);
        }
        if self.words.capacity() - self.words.len() < 2 {
            self.grow(2);
        }
        self.words.push(time.raw());
        if self.in_pairs {
            self.words.push(bits);
        }
        self.words.capacity() != capacity
    }

    /// Inserts a sample as number `at`.
    pub(super) fn insert(&mut self, at: usize, sample: Sample) {
        if at >= self.len() {
            self.push(sample);
            return;
        }
        if sample.bits != self.alike && !self.in_pairs {
            self.differ(sample.bits);
        }
        self.grow(2);
        if self.in_pairs {
            self.words.splice(2 * at..2 * at, [sample.time.raw(), sample.bits]);
        } else {
            self.words.insert(at, sample.time.raw());
        }
    }

    /// A value comes that is not like those before.
    #[cold]
    fn differ(&mut self, bits: u64) {
        if self.words.is_empty() {
            self.alike = bits;
            return;
        }
        let times = std::mem::take(&mut self.words);
        self.grow(2 * times.len() + 2);
        self.words.extend(times.iter().flat_map(|&raw| [raw, self.alike]));
        self.in_pairs = true;
    }

    /// Makes room for `more` words.
    #[cold]
    fn grow(&mut self, more: usize) {
        let len = self.words.len() + more;
        if len > self.words.capacity() {
            self.words.reserve_exact(rounded(len) - self.words.len());
        }
    }

    /// Evicts the oldest `count`.
    pub(super) fn drop_first(&mut self, count: usize) {
        let gone = if self.in_pairs { 2 * count } else { count };
        self.words.drain(..gone.min(self.words.len()));
        let pairs = self.words.as_chunks::<2>().0;
        let first = pairs.first().map_or(0, |[_, bits]| *bits);
        if self.in_pairs && pairs.iter().all(|[_, bits]| *bits == first) {
            let times: Vec<u64> = pairs.iter().map(|[raw, _]| *raw).collect();
            (self.alike, self.in_pairs) = (first, false);
            self.words.clear();
            self.words.extend_from_slice(&times);
        }
        let wanted = if self.words.is_empty() { 0 } else { rounded(self.words.len()) };
        self.words.shrink_to(wanted);
    }

    /// Bytes allocated.
    #[inline]
    pub(super) fn heap_bytes(&self) -> usize {
        vec_bytes::<u64>(self.words.capacity())
    }
}

/// Capacity of a list of `len` words.
fn rounded(len: usize) -> usize {
    let step = if len > 8 * GROWTH_WORDS { 2 * GROWTH_WORDS } else { GROWTH_WORDS };
    len.next_multiple_of(step)
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
            let (mut open, mut plain) = (OpenRun::default(), Vec::<Sample>::new());
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
