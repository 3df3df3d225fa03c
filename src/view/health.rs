//! Health: rates from counters, and what went wrong lately.

use crate::metric::{CdTime, Interval};
use crate::store::{Store, Totals};
use std::collections::VecDeque;

/// Rates are averaged over this long: one collectd at 1 s shows a steady figure.
const SPAN: Interval = Interval::from_secs(5);
/// Readings kept; one a second, and some more for hasty callers.
const READINGS_MAX: usize = 16;
/// What went wrong longer ago than this is shown, but without a warning.
const RECENT: Interval = Interval::from_secs(60);

/// Turns counters into rates, and knows when something went wrong last.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    readings: VecDeque<(CdTime, Totals)>,
    /// Of each [`Incident`]: its count, and when the last one came.
    incidents: [(u64, Option<CdTime>); Incident::ALL.len()],
}

/// What can go wrong again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// Dropped or refused for lack of room.
    Lost,
    /// Of those, lists refused because too many were named.
    Unnamed,
    /// Signed or encrypted, and refused.
    Refused,
    /// Bytes that make no sense.
    Damaged,
    /// Two values for one moment.
    Conflicting,
}

impl Incident {
    const ALL: [Self; 5] =
        [Self::Lost, Self::Unnamed, Self::Refused, Self::Damaged, Self::Conflicting];

    const fn count(self, totals: &Totals) -> u64 {
        match self {
            Self::Lost => lost(totals),
            Self::Unnamed => totals.refused_lists,
            Self::Refused => totals.refused,
            Self::Damaged => totals.faults.saturating_sub(totals.refused),
            Self::Conflicting => totals.conflicting_values,
        }
    }
}

/// Rates over the last seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Datagrams per second.
    pub datagrams: f64,
    /// Values per second.
    pub values: f64,
}

impl Meter {
    /// Notes what went wrong until `now`.
    pub fn note(&mut self, now: CdTime, totals: &Totals) {
        for (incident, (known, last)) in Incident::ALL.into_iter().zip(&mut self.incidents) {
            let count = incident.count(totals);
            if count > *known {
                (*known, *last) = (count, Some(now));
            }
        }
    }

    /// Takes a reading for the rates; at most one a second.
    pub fn read(&mut self, now: CdTime, totals: &Totals) {
        let due = |(last, _): &(CdTime, Totals)| now.since(*last) >= Interval::from_secs(1);
        if !self.readings.back().is_none_or(due) {
            return;
        }
        self.readings.push_back((now, *totals));
        while self.readings.len() > READINGS_MAX
            || self.readings.get(1).is_some_and(|(time, _)| now.since(*time) >= SPAN)
        {
            self.readings.pop_front();
        }
    }

    /// Whether it happened within the last minute.
    pub fn is_recent(&self, incident: Incident, now: CdTime) -> bool {
        let kept =
            Incident::ALL.into_iter().zip(&self.incidents).find(|(known, _)| *known == incident);
        kept.and_then(|(_, (_, last))| *last).is_some_and(|last| now.since(last) < RECENT)
    }

    /// The rates; zero before there are two readings.
    pub fn rates(&self) -> Rates {
        let (Some((start, old)), Some((end, new))) = (self.readings.front(), self.readings.back())
        else {
            return Rates::default();
        };
        let secs = end.secs_from(*start);
        if secs <= 0.0 {
            return Rates::default();
        }
        let per_sec = |old: u64, new: u64| new.saturating_sub(old) as f64 / secs;
        Rates {
            datagrams: per_sec(old.datagrams, new.datagrams),
            values: per_sec(old.values, new.values),
        }
    }
}

/// Values or datagrams that were sent and never became samples, for lack of room.
pub const fn lost(totals: &Totals) -> u64 {
    totals.dropped_values + totals.kernel_drops + totals.refused_lists + totals.late_dropped_values
}

/// More than this is no delay but a clock that is wrong.
const LAG_MAX: Interval = Interval::from_secs(600);
/// Hosts that sent nothing for longer have no delay.
const LAG_LATELY: Interval = Interval::from_secs(30);

/// The longest delay from a host's newest sample to its arrival, and which host's it is.
pub fn lag(store: &Store, now: CdTime) -> Option<(Interval, &str)> {
    let hosts = store.index().hosts().iter().map(|node| (node.last_seen, &*node.name));
    hosts
        .filter(|(seen, _)| now.since(seen.arrival) < LAG_LATELY)
        .map(|(seen, name)| (seen.arrival.since(seen.sample), name))
        .filter(|(lag, _)| *lag < LAG_MAX)
        .max_by_key(|(lag, _)| *lag)
}

/// How fresh something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Received within two intervals.
    Fresh,
    /// Received within five.
    Late,
    /// Silent for longer.
    Stale,
}

impl Freshness {
    /// Of a sample received `age` ago that is promised every `interval`.
    pub fn new(age: Interval, interval: Interval) -> Self {
        // Datagrams are sent when full: a little more than the promise is normal.
        let slack = Interval::from_secs(1);
        let limit = |times: f64| CdTime::ZERO.saturating_add(interval.mul_f64(times));
        let age = CdTime::ZERO.saturating_add(age);
        if age <= limit(2.0).saturating_add(slack) {
            Self::Fresh
        } else if age <= limit(5.0).saturating_add(slack) {
            Self::Late
        } else {
            Self::Stale
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(datagrams: u64) -> Totals {
        Totals { datagrams, values: 30 * datagrams, ..Totals::default() }
    }

    #[test]
    fn rates_are_what_came_per_second_lately() {
        let mut meter = Meter::default();
        for secs in 0..60 {
            meter.read(CdTime::from_secs(100 + secs), &totals(4 * secs));
        }
        assert_eq!(meter.rates(), Rates { datagrams: 4.0, values: 120.0 });
        assert!(meter.readings.len() <= READINGS_MAX);
    }

    #[test]
    fn one_reading_is_no_rate() {
        let mut meter = Meter::default();
        meter.read(CdTime::from_secs(100), &totals(1_000));
        assert_eq!(meter.rates(), Rates::default());
    }

    #[test]
    fn hasty_readings_are_not_taken() {
        let mut meter = Meter::default();
        for milli in 0..1_000 {
            meter.read(CdTime::from_secs_f64(100.0 + f64::from(milli) / 1e3), &totals(1));
        }
        assert_eq!(meter.readings.len(), 1);
    }

    #[test]
    fn a_incident_is_recent_for_a_minute_after_the_last_one() {
        let (mut meter, at) = (Meter::default(), CdTime::from_secs);
        let read = |meter: &mut Meter, secs, refused| {
            meter.note(at(secs), &Totals { faults: refused, refused, ..Totals::default() });
        };
        read(&mut meter, 100, 0);
        assert!(!meter.is_recent(Incident::Refused, at(100)));
        read(&mut meter, 110, 5);
        read(&mut meter, 150, 6);
        read(&mut meter, 190, 6);
        assert!(meter.is_recent(Incident::Refused, at(209)));
        assert!(!meter.is_recent(Incident::Refused, at(210)));
        // What is refused is no damage, and nothing was lost.
        assert!(!meter.is_recent(Incident::Damaged, at(150)));
        assert!(!meter.is_recent(Incident::Lost, at(150)));
    }

    #[test]
    fn lists_refused_for_their_names_are_lost_and_what_is_lost_need_not_be_that() {
        let (mut meter, at) = (Meter::default(), CdTime::from_secs);
        meter.note(at(100), &Totals { refused_lists: 3, ..Totals::default() });
        let later = Totals { refused_lists: 3, kernel_drops: 1, ..Totals::default() };
        meter.note(at(200), &later);
        assert!(
            meter.is_recent(Incident::Unnamed, at(150)) && meter.is_recent(Incident::Lost, at(150))
        );
        let recent = [Incident::Lost, Incident::Unnamed].map(|what| meter.is_recent(what, at(210)));
        assert_eq!(recent, [true, false]);
    }

    #[test]
    fn two_intervals_are_fresh_and_more_than_five_are_stale() {
        let age = |secs| Freshness::new(Interval::from_secs(secs), Interval::from_secs(10));
        assert_eq!(
            (age(20), age(40), age(60)),
            (Freshness::Fresh, Freshness::Late, Freshness::Stale)
        );
    }
}
