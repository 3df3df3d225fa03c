//! One clock: how the stamps of a host, as one sender shows them, differ from our time.
//!
//! Knows no other clock; see [`super::clocks`] for the rule.

use super::origin::Origin;
use super::waiting::Waiting;
use crate::ingest::Row;
use crate::metric::{CLOCK_SLACK, CdTime, Interval};
use std::net::IpAddr;

/// Lateness of the first value lists of a host beyond which the clock is suspected.
pub(super) const FIRST_LATE_MAX: i64 = 3_600 << 30;
/// Datagrams in a row that must agree before a clock is behind.
const AGREE_COUNT: u32 = 3;
/// Least and greatest time over which they must spread: two intervals in between. What is replayed
/// at more than one and a half times its pace disagrees by the slack within the least.
const AGREE_SECS: (u64, u64) = (10, 60);
/// How placed times are made of stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// The stamp plus this, in units of 2⁻³⁰ s. Zero for a clock that is right; negative for one
    /// that is ahead.
    Offset(i64),
    /// The arrival: stamps are no times.
    Arrival,
}

/// The clock of a host as one sender shows it.
#[derive(Clone, Debug)]
pub struct HostClock {
    /// Where its datagrams come from.
    pub origin: Origin<IpAddr>,
    /// How its stamps are placed.
    pub placing: Placing,
    /// Arrival since which that is so; the first arrival where it never changed.
    pub since: CdTime,
    /// The newest stamp since then; zero: none.
    pub stamp: CdTime,
    /// When the newest datagram came.
    pub arrival: CdTime,
    /// How often the clock was set, as far as it could be seen.
    pub steps: u32,
    /// Datagrams of the host that came from there.
    pub datagrams: u32,
    /// Whether something of it was placed.
    pub(super) is_known: bool,
    /// What may become a step behind.
    pub(super) trend: Option<Trend>,
    pub(super) waiting: Option<Box<Waiting>>,
    /// Samples of it that came between those of another sender.
    pub(super) crossings: u32,
}

/// Datagrams in a row whose stamps are behind by about the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trend {
    pub(super) first: CdTime,
    pub(super) count: u32,
    pub(super) low: i64,
    high: i64,
}

/// Value lists of one host in one datagram, whose stamps follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) newest: CdTime,
    pub(super) oldest: CdTime,
    /// Longest promised time between two of them.
    pub(super) interval: Interval,
    /// Whether nothing of the host follows in the datagram: what comes before has waited longer.
    pub(super) is_last: bool,
    /// Whether another one in the datagram is as usual: then these are old, and no clock was set.
    pub(super) is_beside_usual: bool,
}

impl Placing {
    /// Of a stamp whose clock nothing is known of.
    pub(super) fn without_clock(stamp: CdTime, arrival: CdTime) -> Self {
        let is_ahead = stamp > arrival.saturating_add(CLOCK_SLACK);
        if is_ahead || !stamp.is_plausible() { Self::Arrival } else { Self::Offset(0) }
    }

    /// The placed time of a stamp that arrived at `arrival`.
    pub(super) fn place(self, stamp: CdTime, arrival: CdTime) -> CdTime {
        match self {
            Self::Offset(offset) => CdTime::from_raw(stamp.raw().saturating_add_signed(offset)),
            Self::Arrival => arrival,
        }
    }
}

/// a - s in units of 2⁻³⁰ s; both are plausible, or `arrival` is that of a machine whose own clock
/// is not set.
pub(super) fn theta(arrival: CdTime, stamp: CdTime) -> i64 {
    let bounded = |time: CdTime| time.raw().min(i64::MAX.cast_unsigned()).cast_signed();
    bounded(arrival) - bounded(stamp)
}

pub(super) fn is_near(one: i64, other: i64) -> bool {
    one.abs_diff(other) <= CLOCK_SLACK.raw()
}

impl Segment {
    /// The first of `rows`, and of how many: a jump of more than two intervals, or back, begins
    /// the next. There is at least one row.
    pub(super) fn first_of(rows: &[Row]) -> (usize, Self) {
        let first = rows.first().map_or(CdTime::ZERO, |row| row.time);
        let mut all = Self {
            newest: first,
            oldest: first,
            interval: Interval::ZERO,
            is_last: false,
            is_beside_usual: false,
        };
        let mut before = first;
        let mut count = 0;
        for row in rows {
            let step = row.interval.raw().saturating_mul(2).saturating_add(CLOCK_SLACK.raw());
            let ahead = before.saturating_add(Interval::from_raw(step));
            if row.time > ahead || row.time.saturating_add(CLOCK_SLACK) < before {
                break;
            }
            before = row.time;
            (all.newest, all.oldest) = (all.newest.max(row.time), all.oldest.min(row.time));
            all.interval = all.interval.max(row.interval);
            count += 1;
        }
        (count.max(1), all)
    }
}

impl HostClock {
    /// What is added to its stamps; none where they are no times.
    pub const fn offset(&self) -> Option<i64> {
        match self.placing {
            Placing::Offset(offset) => Some(offset),
            Placing::Arrival => None,
        }
    }

    pub(super) fn new(origin: Origin<IpAddr>, arrival: CdTime) -> Self {
        Self {
            origin,
            placing: Placing::Offset(0),
            since: arrival,
            stamp: CdTime::ZERO,
            arrival,
            steps: 0,
            datagrams: 0,
            is_known: false,
            trend: None,
            waiting: None,
            crossings: 0,
        }
    }

    /// Counts a datagram behind, among those before it that agree; whether they do.
    pub(super) fn follow(&mut self, theta: i64, arrival: CdTime) -> bool {
        if let Some(trend) = &mut self.trend {
            let (low, high) = (trend.low.min(theta), trend.high.max(theta));
            if is_near(low, high) {
                (trend.low, trend.high) = (low, high);
                trend.count += 1;
                return true;
            }
        }
        self.trend = Some(Trend { first: arrival, count: 1, low: theta, high: theta });
        false
    }

    /// By how much the clock is behind, if that is certain now.
    pub(super) fn behind(&self, arrival: CdTime, interval: Interval) -> Option<i64> {
        let trend = self.trend?;
        let two = interval.secs_nanos().0.saturating_mul(2);
        let spread = Interval::from_secs(two.clamp(AGREE_SECS.0, AGREE_SECS.1));
        let certain = trend.count >= AGREE_COUNT && arrival.since(trend.first) >= spread;
        certain.then_some(trend.low)
    }
}
