//! Runs: the samples of a series by their position, packed or not.
//!
//! Reads what it can from the ends of a block, and unpacks it for the rest.

use super::SeriesId;
use super::series::Series;
use crate::metric::{CdTime, Interval};
use crate::rate::Sample;
use std::ops::ControlFlow;

/// The runs of a series.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a> {
    pub(super) id: SeriesId,
    pub(super) series: &'a Series,
}

/// A sample, and the interval promised with it.
pub(super) type Timed = (Sample, Interval);

/// A position in a track: run number (the open one last) and sample number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) run: usize,
    pub(super) sample: usize,
}

impl Runs<'_> {
    /// The samples of run `number`.
    pub(super) fn samples(&self, number: usize) -> Option<Vec<Sample>> {
        let track = &self.series.track;
        match track.block(number) {
            Some(block) => Some(block.samples()),
            None => (number == track.sealed()).then(|| track.open().iter().collect()),
        }
    }

    /// Calls `each` with the samples of run `number` from number `first` on, until that breaks off.
    pub(super) fn try_each(
        &self,
        number: usize,
        first: usize,
        each: impl FnMut(Sample) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let track = &self.series.track;
        match track.block(number) {
            Some(block) => block.try_each(first, each),
            None if number == track.sealed() => track.open().iter_from(first).try_for_each(each),
            None => ControlFlow::Continue(()),
        }
    }

    /// Calls `each` with the samples from `start` on, until that breaks off, and with the two
    /// before each of them, older first; of those before the run of `start` only the last is looked
    /// for. A run is unpacked once.
    pub(super) fn each_from(
        &self,
        start: CdTime,
        mut each: impl FnMut([Option<Timed>; 2], Timed) -> ControlFlow<()>,
    ) {
        let track = &self.series.track;
        let first_run = track.block_from(start);
        let skipped = match track.block(first_run) {
            Some(_) => 0,
            None => track.open().place(start).saturating_sub(2),
        };
        let before = self.previous(Position { run: first_run, sample: skipped });
        let mut before = [None, before.and_then(|position| self.get(position))];
        for run in first_run..=track.sealed() {
            let interval = self.interval(run);
            let first = if run == first_run { skipped } else { 0 };
            let flow = self.try_each(run, first, |sample| {
                let current = (sample, interval);
                if sample.time >= start {
                    each(before, current)?;
                }
                before = [before[1], Some(current)];
                ControlFlow::Continue(())
            });
            if flow.is_break() {
                return;
            }
        }
    }

    /// The interval promised with the samples of a run; zero when none was.
    pub(super) fn interval(&self, run: usize) -> Interval {
        let track = &self.series.track;
        track.block(run).map_or(track.open().interval, |block| block.interval)
    }

    /// The position of the first sample at or after `time`.
    pub(super) fn position(&self, time: CdTime) -> Option<Position> {
        let track = &self.series.track;
        let run = track.block_from(time);
        let sample = match track.block(run) {
            Some(block) if time <= block.first.time => 0,
            Some(block) => block.place(time),
            None => track.open().place(time),
        };
        (run < track.sealed() || sample < track.open().len()).then_some(Position { run, sample })
    }

    /// The position of the newest sample.
    pub(super) fn last_position(&self) -> Option<Position> {
        let run = self.series.track.sealed();
        match self.series.track.open().len().checked_sub(1) {
            Some(sample) => Some(Position { run, sample }),
            None => self.previous(Position { run, sample: 0 }),
        }
    }

    /// The position of the newest sample before `time`.
    pub(super) fn position_before(&self, time: CdTime) -> Option<Position> {
        match self.position(time) {
            Some(position) => self.previous(position),
            None => self.last_position(),
        }
    }

    /// The position before.
    pub(super) fn previous(&self, position: Position) -> Option<Position> {
        if let Some(sample) = position.sample.checked_sub(1) {
            return Some(Position { sample, ..position });
        }
        let run = position.run.checked_sub(1)?;
        let sample = self.series.track.block(run)?.len().checked_sub(1)?;
        Some(Position { run, sample })
    }

    /// The sample at a position and the interval promised with it.
    pub(super) fn get(&self, Position { run, sample }: Position) -> Option<(Sample, Interval)> {
        let track = &self.series.track;
        let found = match track.block(run) {
            Some(block) if sample == 0 => block.first,
            Some(block) if sample + 1 == block.len() => block.last,
            Some(block) => block.get(sample)?,
            None => track.open().get(sample)?,
        };
        Some((found, self.interval(run)))
    }
}
