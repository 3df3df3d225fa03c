//! Series: one data source of one identifier over time.
//!
//! What a series is called and how its numbers are to be read, beside the samples themselves.

use super::SeriesId;
use super::names::Names;
use super::scratch::Scratch;
use super::track::{Pushed, Tools, Track};
use crate::metric::{CdTime, DsType, Identifier, Interval, SeriesKey, Span};
use crate::rate::{Bounds, Sample};
use crate::typesdb::TypesDb;
use std::sync::Arc;

/// Promised time between samples where no interval was received: collectd's own default.
pub const INTERVAL_DEFAULT: Interval = Interval::from_secs(10);

/// One data source of one identifier over time.
#[derive(Debug)]
pub struct Series {
    /// Its own number.
    pub id: SeriesId,
    /// Identifier that it belongs to.
    pub identifier: Arc<Identifier>,
    /// Number of its value in the list, from 0.
    pub ds_index: u16,
    /// Name of the data source: from types.db, or its position (`0`, `1`, …; `value` for a single
    /// one) where the type is unknown or has another number of data sources.
    pub ds_name: Arc<str>,
    /// Number of values in the list.
    pub ds_count: u16,
    /// DS type by which its numbers are read, as in the datagram.
    pub kind: DsType,
    /// Whether types.db knows the type with this number of data sources.
    pub known_type: bool,
    /// Least value that makes sense (of the rate, where there is one).
    pub min: Option<f64>,
    /// Greatest value that makes sense (of the rate, where there is one).
    pub max: Option<f64>,
    /// Promised time between samples: the newest received, else estimated from the samples'
    /// distance, else 10 s.
    pub interval: Interval,
    /// Whether `interval` was received and not estimated.
    is_promised: bool,
    /// Clock of its host that the newest sample is of: one for each sender.
    clock: u8,
    /// Time by our clock at which it was last received, in steps of 16 s.
    pub(super) last_received: u32,
    pub(super) track: Track,
}

/// Clock of a sample whose sender is not known.
pub(super) const NO_CLOCK: u8 = u8::MAX;

impl Series {
    /// A series without samples.
    pub(super) fn new(
        id: SeriesId,
        identifier: Arc<Identifier>,
        (ds_index, kind): (u16, DsType),
        track: Track,
    ) -> Self {
        Self {
            id,
            identifier,
            ds_index,
            ds_name: Arc::default(),
            ds_count: 0,
            kind,
            known_type: false,
            min: None,
            max: None,
            interval: INTERVAL_DEFAULT,
            is_promised: false,
            clock: NO_CLOCK,
            last_received: 0,
            track,
        }
    }

    /// Its lasting name.
    pub fn key(&self) -> SeriesKey {
        SeriesKey { identifier: Arc::clone(&self.identifier), ds: Arc::clone(&self.ds_name) }
    }

    /// Names and bounds for a list of `ds_count` values by what `types` knows. Bounds count only
    /// for the DS type they were written for.
    pub(super) fn describe(&mut self, ds_count: u16, types: &TypesDb, names: &mut Names) {
        self.ds_count = ds_count;
        let set = types.get(&self.identifier.type_);
        let set = set.filter(|set| set.sources.len() == usize::from(ds_count));
        let source = set.and_then(|set| set.sources.get(usize::from(self.ds_index)));
        self.known_type = source.is_some();
        self.ds_name = names.intern(&match source {
            Some(source) => (*source.name).into(),
            None if ds_count == 1 => "value".into(),
            None => self.ds_index.to_string().into(),
        });
        let source = source.filter(|source| source.ds_type == self.kind);
        let bounds = (self.min, self.max);
        self.min = source.and_then(|source| source.min);
        self.max = source.and_then(|source| source.max);
        if bounds != (self.min, self.max) {
            self.track.forget_summaries();
        }
    }

    /// Adds a sample; true when it began a block. See [`Tools`] for what is lent.
    pub(super) fn push(
        &mut self,
        sample: Sample,
        promised: Interval,
        scratch: &mut Scratch,
    ) -> (Pushed, bool) {
        if !promised.is_zero() {
            self.interval = promised;
            self.is_promised = true;
        } else if !self.is_promised {
            self.estimate_interval(sample.time);
        }
        let (kind, bounds) = (self.kind, self.bounds());
        self.track.push(sample, promised, &mut Tools { kind, bounds, scratch })
    }

    /// The same with what a trace inside `span` needs of its samples. The first and the last bucket
    /// of one stick out, by less than the span.
    pub(super) fn cut(&mut self, span: Span) -> Self {
        let width = span.width();
        let (start, end) = (span.start.saturating_sub(width), span.end.saturating_add(width));
        let (identifier, ds_name) = (Arc::clone(&self.identifier), Arc::clone(&self.ds_name));
        Self { identifier, ds_name, track: self.track.cut(start, end), ..*self }
    }

    /// Notes of which clock the next sample is; whether it is another's and comes too soon after
    /// the newest to be the next of the same row. A host that comes by two ways brings the same
    /// samples twice, or those that the other way has lost: these are an interval apart.
    #[inline]
    pub(super) fn crosses(&mut self, clock: u8, time: CdTime) -> bool {
        self.clock != clock && clock != NO_CLOCK && self.crosses_to(clock, time)
    }

    #[cold]
    fn crosses_to(&mut self, clock: u8, time: CdTime) -> bool {
        let Some(newest) = self.track.newest().filter(|newest| newest.time < time) else {
            return false;
        };
        let is_other = self.clock != NO_CLOCK;
        self.clock = clock;
        is_other && time.since(newest.time).raw() < self.interval.raw() / 4 * 3
    }

    /// Whether it is the series `id`, and not a place that waits for its next one.
    pub(super) fn is(&self, id: SeriesId) -> bool {
        self.id == id && self.ds_count > 0
    }

    /// Bounds of what is drawn.
    pub(super) fn bounds(&self) -> Bounds {
        Bounds { min: self.min, max: self.max }
    }

    /// Longest distance of two samples, one of them with `interval`, that is not a gap: the
    /// daemon's two intervals, and half of one more so that jitter does not break lines.
    pub(super) fn gap(&self, interval: Interval) -> Interval {
        let interval = if interval.is_zero() { self.interval } else { interval };
        Interval::from_raw((interval.raw() / 2).saturating_mul(5))
    }

    /// A running average that follows a real change within a dozen samples and forgives a gap.
    fn estimate_interval(&mut self, time: CdTime) {
        let Some(newest) = self.track.newest().filter(|newest| newest.time < time) else {
            return;
        };
        let distance = time.since(newest.time).raw();
        let estimate = self.interval.raw();
        let only = self.track.newest() == self.track.oldest();
        let distance = if only { distance } else { distance.min(estimate.saturating_mul(4)) };
        let next = if only { distance } else { estimate - estimate / 8 + distance / 8 };
        self.interval = Interval::from_raw(next.max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(type_: &str, kind: DsType, ds_count: u16) -> Series {
        let identifier = Arc::new(Identifier::new("h", "p", "", type_, ""));
        let what = (ds_count - 1, kind);
        let mut series = Series::new(SeriesId(0), identifier, what, Track::new(0));
        series.describe(ds_count, &TypesDb::built_in(), &mut Names::default());
        series
    }

    fn push(series: &mut Series, sample: Sample, promised: Interval) {
        series.push(sample, promised, &mut Scratch::default());
    }

    #[test]
    fn a_known_type_names_and_bounds_its_data_sources() {
        let octets = series("if_octets", DsType::Derive, 2);
        assert_eq!((&*octets.ds_name, octets.known_type, octets.min), ("tx", true, Some(0.0)));
    }

    #[test]
    fn bounds_of_another_ds_type_do_not_count() {
        let octets = series("if_octets", DsType::Gauge, 2);
        assert_eq!((&*octets.ds_name, octets.known_type, octets.min), ("tx", true, None));
    }

    #[test]
    fn unknown_data_sources_are_named_by_position() {
        for (type_, count, name) in
            [("no_such", 3, "2"), ("no_such", 1, "value"), ("if_octets", 3, "2")]
        {
            let unknown = series(type_, DsType::Gauge, count);
            assert_eq!((&*unknown.ds_name, unknown.known_type), (name, false));
        }
    }

    #[test]
    fn an_interval_that_was_not_received_is_estimated_from_the_samples() {
        let mut series = series("load", DsType::Gauge, 3);
        assert_eq!(series.interval, INTERVAL_DEFAULT);
        let mut push = |secs: u64| {
            let time = CdTime::from_secs(1_000_000 + secs);
            push(&mut series, Sample { time, bits: 0 }, Interval::ZERO);
            series.interval.secs_f64()
        };
        push(0);
        assert!((push(1) - 1.0).abs() < 1e-6);
        assert!(push(3_601) < 1.5, "a gap of an hour is forgiven");
        let settled = (0..60_u64).map(|n| push(4_000 + 60 * n)).last().unwrap();
        assert!((settled - 60.0).abs() < 1.0, "{settled}");
    }

    #[test]
    fn an_interval_that_was_received_stays() {
        let mut series = series("load", DsType::Gauge, 3);
        for (secs, promised) in [(0, 1), (60, 0), (120, 5), (180, 0)] {
            let sample = Sample { time: CdTime::from_secs(1_000_000 + secs), bits: 0 };
            push(&mut series, sample, Interval::from_secs(promised));
        }
        assert_eq!(series.interval, Interval::from_secs(5));
    }
}
