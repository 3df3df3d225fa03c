//! Lists of a block, read one after another.

use super::{Block, Head, even_step, on_grid};
use crate::metric::{CdTime, Interval};
use crate::store::lists::{ValueForm, unpack_times, unpack_values};
use crate::store::pack::{LIST_MAX, Numbers};

/// What is left to be read of a block.
#[derive(Clone)]
pub(in crate::store) struct Lists<'a> {
    block: &'a Block,
    times: &'a [u8],
    values: &'a [u8],
    /// Samples that were read.
    at: usize,
}

impl<'a> Lists<'a> {
    pub(super) fn new(block: &'a Block) -> Self {
        let (times, values) = block.parts();
        Self { block, times, values, at: 0 }
    }

    /// Promised with the samples; zero when none was.
    pub(in crate::store) fn interval(&self) -> Interval {
        self.block.interval
    }

    /// Reads the next times and values; how many there are, none at the end.
    pub(in crate::store) fn next(
        &mut self,
        times: &mut Numbers,
        bits: &mut Numbers,
    ) -> Option<usize> {
        let (values, even) = self.next_numbers(times, bits)?;
        values.finish(bits);
        if let Some((mut time, step)) = even {
            for raw in times.iter_mut() {
                *raw = time.raw();
                time = CdTime::from_raw(time.raw().wrapping_add(step.raw()));
            }
        }
        Some(values.count)
    }

    /// Reads the next times and the numbers of values; how those are to be read, and where times
    /// are even not these, but the first and the time between two.
    pub(in crate::store) fn next_numbers(
        &mut self,
        times: &mut Numbers,
        numbers: &mut Numbers,
    ) -> Option<(ValueForm, Option<(CdTime, Interval)>)> {
        let left = self.block.len().checked_sub(self.at).filter(|left| *left > 0)?;
        let read = self.read(left, times, numbers);
        debug_assert!(read.is_some(), "a block cannot be read back");
        self.at += read?.0.count;
        read
    }

    fn read(
        &mut self,
        left: usize,
        times: &mut Numbers,
        numbers: &mut Numbers,
    ) -> Option<(ValueForm, Option<(CdTime, Interval)>)> {
        let Head { first, last, interval, .. } = **self.block;
        let (mut count, mut even) = (left.min(LIST_MAX), None);
        if self.block.has_even_times() {
            let step = even_step(first.time, last.time, self.block.len());
            even = Some((CdTime::from_raw(on_grid(first.time, self.at, step)), step));
        } else {
            count = unpack_times(&mut self.times, interval, times)?;
        }
        let values = match self.block.is_constant() {
            true => ValueForm::constant(first.bits, count, numbers),
            false => unpack_values(&mut self.values, numbers)?,
        };
        debug_assert!(even.is_some() || count == values.count, "lists go together");
        Some((values, even))
    }
}
