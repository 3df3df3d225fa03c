//! Places: the samples of a series by their position, packed or not.
//!
//! Reads what it can from the ends of a block, and unpacks it for the rest.

use super::SeriesId;
use super::series::Series;
use crate::metric::{CdTime, Interval};
use crate::rate::Sample;

/// A series and its number.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) id: SeriesId,
    pub(super) series: &'a Series,
}

/// A place in a track: run number (the open one last) and sample number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) run: usize,
    pub(super) sample: usize,
}

impl Source<'_> {
    /// The samples of run `number`.
    pub(super) fn samples(&self, number: usize) -> Option<Vec<Sample>> {
        let track = &self.series.track;
        if let Some(block) = track.block(number) {
            let (mut times, mut bits) = (Vec::new(), Vec::new());
            block.unpack(&mut times, &mut bits);
            let both = times.into_iter().zip(bits);
            return Some(both.map(|(time, bits)| Sample { time, bits }).collect());
        }
        if number > track.sealed() {
            return None;
        }
        Some(track.open().iter().collect())
    }

    pub(super) fn interval(&self, run: usize) -> Interval {
        let track = &self.series.track;
        track.block(run).map_or(track.open().interval, |block| block.interval)
    }

    /// The place of the first sample at or after `time`.
    pub(super) fn place(&self, time: CdTime) -> Option<Place> {
        let track = &self.series.track;
        let run = track.block_from(time);
        let sample = match track.block(run) {
            Some(block) if time <= block.first.time => 0,
            Some(_) => self.samples(run)?.partition_point(|sample| sample.time < time),
            None => track.open().place(time),
        };
        (run < track.sealed() || sample < track.open().len()).then_some(Place { run, sample })
    }

    /// The place of the newest sample.
    pub(super) fn last_place(&self) -> Option<Place> {
        let run = self.series.track.sealed();
        match self.series.track.open().len().checked_sub(1) {
            Some(sample) => Some(Place { run, sample }),
            None => self.previous(Place { run, sample: 0 }),
        }
    }

    /// The place of the newest sample before `time`.
    pub(super) fn place_before(&self, time: CdTime) -> Option<Place> {
        match self.place(time) {
            Some(place) => self.previous(place),
            None => self.last_place(),
        }
    }

    pub(super) fn previous(&self, place: Place) -> Option<Place> {
        if let Some(sample) = place.sample.checked_sub(1) {
            return Some(Place { sample, ..place });
        }
        let run = place.run.checked_sub(1)?;
        let sample = self.series.track.block(run)?.len().checked_sub(1)?;
        Some(Place { run, sample })
    }

    /// The sample at `place` and the interval promised with it.
    pub(super) fn get(&self, Place { run, sample }: Place) -> Option<(Sample, Interval)> {
        let track = &self.series.track;
        let found = match track.block(run) {
            Some(block) if sample == 0 => block.first,
            Some(block) if sample + 1 == block.len() => block.last,
            Some(_) => *self.samples(run)?.get(sample)?,
            None => track.open().get(sample)?,
        };
        Some((found, self.interval(run)))
    }
}
