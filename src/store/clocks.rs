//! Clocks: where the stamps of each host lie on the time of the store.
//!
//! A value list has a *stamp*, the time by its host's clock; the datagram that brought it has an
//! *arrival* by ours. Samples are ordered by *placed time*: the stamp plus the offset of the clock
//! that made it. The offset is exactly zero while stamp and arrival agree within [`CLOCK_SLACK`],
//! so a stamp stays as it is for nearly everybody. Where they do not agree the offset is whole
//! seconds (and some nanoseconds, see [`Clocks::open`]), and the stamp is the placed time minus it.
//!
//! With a = arrival and s = newest stamp of the host in the datagram, a - s is never less than the
//! offset by more than the slack unless the clock was set ahead: what waits in a sender's buffer,
//! or is late, makes it greater. So a step ahead is known from its first datagram, and so is a
//! clock that is right again. A step behind looks like lateness at first: it is known by three
//! datagrams in a row that agree over some time, which a burst of late values does not. Lists
//! whose stamps went back wait for that, as they would else be put among older samples.
//!
//! Each sender of a host has a clock of its own, so a foreign datagram moves nothing but what it
//! brings; a second way of the same values is known by the values. Placed times are never ahead of
//! their arrival by more than the slack: nothing is stored where later values have no room.

use super::clock::{FIRST_LATE_MAX, HostClock, Placing, Segment, Trend, is_near, theta};
use super::nodes::HostNumber;
use super::origin::{Origin, SourceId};
use super::waiting::Waiting;
use crate::ingest::{Arrived, Row};
use crate::metric::{CLOCK_SLACK, CdTime, Interval};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::collections::VecDeque;
use std::net::IpAddr;

/// Clocks kept of a host, one of each sender: a host has two addresses, or comes by two relays.
/// Sender addresses are easily forged; the one with the fewest datagrams goes first.
pub const CLOCKS_PER_HOST_MAX: usize = 8;
/// Newest steps of clocks kept; as many as anyone looks at.
pub const CLOCK_STEPS_MAX: usize = 256;
/// Change of an offset up to which a wrong clock drifts and was not set: 60 s.
const DRIFT_MAX: u64 = 60 << 30;
/// Lists wait no longer than this for what comes next.
const WAIT_MAX: Interval = Interval::from_secs(90);
/// A clock that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockStep {
    /// Host with the clock.
    pub(super) host: HostNumber,
    /// Sender by which it was seen.
    pub origin: Origin<IpAddr>,
    /// When, by our clock.
    pub when: CdTime,
    /// Placing of stamps before.
    pub before: Placing,
    /// Placing of stamps from then on.
    pub after: Placing,
}

/// What is to be done with a segment, and first with what has waited.
pub(super) struct Verdict {
    pub(super) released: Option<(Box<Waiting>, Placing)>,
    /// None: it has to wait.
    pub(super) placing: Option<Placing>,
}

/// The clocks of all hosts.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    /// Clocks by host number.
    hosts: Vec<Vec<HostClock>>,
    steps: VecDeque<ClockStep>,
    /// Clocks with lists that wait.
    waiting: Vec<(HostNumber, Origin<IpAddr>)>,
    waiting_values: usize,
    /// Hosts with a clock that is not right.
    wrong: HashSet<HostNumber, RandomState>,
    /// Epochs begun, kept apart by nanoseconds.
    epochs: u16,
    /// Kept by all hosts together.
    count: usize,
}

/// Whether a clock that was wrong is wrong by a little more: it runs fast or slow, nobody set it.
fn is_drift(before: Placing, after: Placing) -> bool {
    match (before, after) {
        (Placing::Offset(0), _) | (_, Placing::Offset(0)) => false,
        (Placing::Offset(before), Placing::Offset(after)) => before.abs_diff(after) < DRIFT_MAX,
        _ => false,
    }
}

impl Clocks {
    /// Clocks of one host, one for each sender.
    pub(super) fn of(&self, host: HostNumber) -> &[HostClock] {
        self.hosts.get(host.index()).map_or(&[], Vec::as_slice)
    }

    /// The one that most datagrams of the host came by.
    fn main(&self, host: HostNumber) -> Option<&HostClock> {
        self.of(host).iter().max_by_key(|clock| clock.datagrams)
    }

    /// Placed time of something that the host dates `stamp` and that has just come.
    pub(super) fn place(&self, host: HostNumber, stamp: CdTime, now: CdTime) -> CdTime {
        let placing = self.main(host).map_or(Placing::Offset(0), |clock| clock.placing);
        placing.place(stamp, now)
    }

    /// What the host's clock showed at a placed time; the same where it shows no time.
    pub(super) fn stamp_at(&self, host: HostNumber, placed: CdTime) -> CdTime {
        let Some(clock) = self.main(host) else { return placed };
        let is_later = |step: &&ClockStep| {
            let is_its = step.host == host && step.origin == clock.origin;
            is_its && placed < step.when.saturating_sub(CLOCK_SLACK)
        };
        let placing = self.steps.iter().find(is_later).map_or(clock.placing, |step| step.before);
        match placing {
            Placing::Offset(offset) => {
                CdTime::from_raw(placed.raw().saturating_add_signed(offset.saturating_neg()))
            }
            Placing::Arrival => placed,
        }
    }

    /// The newest steps, oldest first.
    pub(super) fn steps(&self) -> impl DoubleEndedIterator<Item = &ClockStep> {
        self.steps.iter()
    }

    /// Place of a sender of `source` among the clocks of `host`; made if need be. None while
    /// the lists of all its clocks wait.
    #[inline]
    pub(super) fn slot(
        &mut self,
        host: HostNumber,
        source: SourceId,
        datagram: &Arrived,
    ) -> Option<usize> {
        let is_its = |clock: &HostClock| {
            let Origin { source: known, sender } = &clock.origin;
            *known == source && *sender == datagram.sender
        };
        let known = self.of(host).iter().position(is_its);
        known.or_else(|| self.make(host, source, datagram))
    }

    #[cold]
    fn make(&mut self, host: HostNumber, source: SourceId, datagram: &Arrived) -> Option<usize> {
        let origin = Origin { source, sender: datagram.sender.clone() };
        let new = HostClock::new(origin, datagram.arrival);
        if self.hosts.len() <= host.index() {
            self.hosts.resize_with(host.index() + 1, Vec::new);
        }
        let clocks = self.hosts.get_mut(host.index())?;
        if clocks.len() < CLOCKS_PER_HOST_MAX {
            clocks.reserve_exact(1);
            clocks.push(new);
            self.count += 1;
            return Some(clocks.len() - 1);
        }
        let idle = clocks.iter_mut().enumerate().filter(|(_, clock)| clock.waiting.is_none());
        let (slot, clock) = idle.min_by_key(|(_, clock)| (clock.datagrams, clock.arrival))?;
        *clock = new;
        Some(slot)
    }

    fn clock(&mut self, host: HostNumber, slot: usize) -> Option<&mut HostClock> {
        self.hosts.get_mut(host.index())?.get_mut(slot)
    }

    /// The offset for stamps from `oldest` to `newest`, where they are as the clock's were so far.
    /// That is so for nearly every datagram.
    #[inline]
    pub(super) fn usual(
        &mut self,
        (host, slot): (HostNumber, usize),
        arrival: CdTime,
        (oldest, newest): (CdTime, CdTime),
    ) -> Option<Placing> {
        let clock = self.clock(host, slot)?;
        let Placing::Offset(offset) = clock.placing else { return None };
        let is_usual = oldest.is_plausible()
            && newest.is_plausible()
            && is_near(theta(arrival, newest), offset)
            && is_near(theta(arrival, oldest), offset)
            && clock.trend.is_none()
            && clock.waiting.is_none();
        if !is_usual {
            return None;
        }
        clock.arrival = clock.arrival.max(arrival);
        clock.stamp = clock.stamp.max(newest);
        clock.is_known = true;
        clock.datagrams = clock.datagrams.saturating_add(1);
        Some(clock.placing)
    }

    /// Whether stamps that are as new as this are as the clock's were so far.
    pub(super) fn fits(
        &self,
        (host, slot): (HostNumber, usize),
        arrival: CdTime,
        newest: CdTime,
    ) -> bool {
        let offset = self.of(host).get(slot).and_then(HostClock::offset);
        newest.is_plausible()
            && offset.is_some_and(|offset| is_near(theta(arrival, newest), offset))
    }

    /// What to do with a segment whose stamps are not as usual. `knows` says whether the store has
    /// its newest value already at a placed time.
    pub(super) fn judge(
        &mut self,
        (host, slot): (HostNumber, usize),
        arrival: CdTime,
        segment: &Segment,
        knows: impl Fn(CdTime) -> bool,
    ) -> Verdict {
        let stamp = segment.newest;
        let others: Vec<i64> = self.of(host).iter().filter_map(HostClock::offset).collect();
        let Some(clock) = self.clock(host, slot) else {
            return Verdict { released: None, placing: Some(Placing::Offset(0)) };
        };
        clock.arrival = clock.arrival.max(arrival);
        clock.datagrams = clock.datagrams.saturating_add(u32::from(segment.is_last));
        let before = clock.placing;
        if !stamp.is_plausible() {
            return self.settle((host, slot), arrival, stamp, Placing::Arrival);
        }
        let theta = theta(arrival, stamp);
        let current = clock.offset();
        if current.is_some_and(|offset| is_near(theta, offset)) {
            return self.settle((host, slot), arrival, stamp, before);
        }
        if is_near(theta, 0) {
            return self.settle((host, slot), arrival, stamp, Placing::Offset(0));
        }
        // The same value by another way, as the clock of that way has it.
        let at = |offset: i64| Placing::Offset(offset).place(stamp, arrival);
        let fits = |offset: &i64| *offset <= theta.saturating_add_unsigned(CLOCK_SLACK.raw());
        if let Some(&known) = others.iter().find(|offset| fits(offset) && knows(at(**offset))) {
            return Verdict { released: None, placing: Some(Placing::Offset(known)) };
        }
        if current.is_none_or(|offset| theta < offset) {
            let placing = self.open(theta, &others);
            return self.settle((host, slot), arrival, stamp, placing);
        }
        self.late((host, slot), arrival, segment, &others)
    }

    /// Verdict on a segment that is late, or of a clock that is behind.
    fn late(
        &mut self,
        (host, slot): (HostNumber, usize),
        arrival: CdTime,
        segment: &Segment,
        others: &[i64],
    ) -> Verdict {
        let has_room = self.waiting_values < super::waiting::VALUES_MAX;
        let stamp = segment.newest;
        let theta = theta(arrival, stamp);
        let Some(clock) = self.clock(host, slot) else {
            return Verdict { released: None, placing: Some(Placing::Offset(0)) };
        };
        let before = clock.placing;
        let went_back = clock.stamp > stamp.saturating_add(CLOCK_SLACK);
        if segment.is_beside_usual {
            let is_far = theta > DRIFT_MAX.cast_signed();
            let placing = if went_back && is_far { self.apart(before) } else { before };
            return Verdict { released: None, placing: Some(placing) };
        }
        let is_strange = !clock.is_known && theta > FIRST_LATE_MAX;
        let mut released = None;
        if segment.is_last {
            // What waits may have come first in this very datagram.
            let had_trend = clock.trend.is_some();
            if !clock.follow(theta, arrival) && had_trend {
                released = clock.waiting.take();
            }
            if let Some(behind) = clock.behind(arrival, segment.interval) {
                let placing = self.open(behind, others);
                return self.settle((host, slot), arrival, stamp, placing);
            }
        }
        let waits = went_back || is_strange || clock.waiting.is_some();
        if !waits || !has_room {
            clock.stamp = clock.stamp.max(stamp);
            clock.is_known = true;
        }
        if let Some(released) = &released {
            self.no_longer_waits(host, slot, released.len());
        }
        let placing = (!waits || !has_room).then_some(before);
        Verdict { released: released.map(|waiting| (waiting, self.apart(before))), placing }
    }

    /// Places stamps by `placing` from now on, which may be as before.
    fn settle(
        &mut self,
        (host, slot): (HostNumber, usize),
        arrival: CdTime,
        stamp: CdTime,
        placing: Placing,
    ) -> Verdict {
        let Some(clock) = self.clock(host, slot) else {
            return Verdict { released: None, placing: Some(placing) };
        };
        let (before, origin) = (clock.placing, clock.origin.clone());
        let was_known = std::mem::replace(&mut clock.is_known, true);
        // What has waited for this step is of it, else it was late.
        let is_of_it =
            |trend: Trend| matches!(placing, Placing::Offset(offset) if is_near(trend.low, offset));
        let waited = if clock.trend.take().is_some_and(is_of_it) { placing } else { before };
        let released = clock.waiting.take();
        if placing == before {
            clock.stamp = clock.stamp.max(stamp);
        } else {
            clock.placing = placing;
            clock.stamp = stamp;
            clock.since = arrival;
        }
        if placing != before && was_known && !is_drift(before, placing) {
            clock.steps = clock.steps.saturating_add(1);
            if self.steps.len() >= CLOCK_STEPS_MAX {
                self.steps.pop_front();
            }
            self.steps.push_back(ClockStep { host, origin, when: arrival, before, after: placing });
        }
        if let Some(released) = &released {
            self.no_longer_waits(host, slot, released.len());
        }
        if placing != before {
            self.note_wrong(host);
        }
        let waited = if waited == before { self.apart(before) } else { waited };
        Verdict { released: released.map(|rows| (rows, waited)), placing: Some(placing) }
    }

    /// The same but for some nanoseconds: what has waited went back, and may have the stamps of
    /// samples that are there.
    fn apart(&mut self, placing: Placing) -> Placing {
        match placing {
            Placing::Offset(offset) => {
                self.epochs = self.epochs % 4_095 + 1;
                Placing::Offset(offset.saturating_add(i64::from(self.epochs)))
            }
            Placing::Arrival => placing,
        }
    }

    /// The hosts with a clock that is not right.
    pub(super) fn wrong(&self) -> impl Iterator<Item = HostNumber> {
        self.wrong.iter().copied()
    }

    fn note_wrong(&mut self, host: HostNumber) {
        if self.of(host).iter().any(|clock| clock.placing != Placing::Offset(0)) {
            self.wrong.insert(host);
        } else {
            self.wrong.remove(&host);
        }
    }

    /// The placing of a clock that differs by `theta`: as another sender of the host has it, else
    /// in whole seconds. Some nanoseconds set it apart from all others: samples of two epochs whose
    /// stamps are whole seconds would else meet at one placed time, and one of them be lost.
    fn open(&mut self, theta: i64, others: &[i64]) -> Placing {
        if let Some(&same) = others.iter().find(|&&offset| is_near(offset, theta)) {
            return Placing::Offset(same);
        }
        self.epochs = self.epochs % 4_095 + 1;
        let half = 1_i64 << 29;
        let rounded = theta.saturating_add(half) >> 30 << 30;
        Placing::Offset(rounded.saturating_add(i64::from(self.epochs)))
    }

    /// Lets lists of a clock wait, which [`Clocks::judge`] has said.
    pub(super) fn wait(
        &mut self,
        (host, slot): (HostNumber, usize),
        (source, datagram): (SourceId, &Arrived),
        rows: &[Row],
        values: &[u64],
    ) {
        let Some(clock) = self.clock(host, slot) else { return };
        let origin = clock.origin.clone();
        let is_first = clock.waiting.is_none();
        clock.waiting.get_or_insert_default().add(source, datagram, rows, values);
        if is_first {
            self.waiting.push((host, origin));
        }
        self.waiting_values += values.len();
    }

    fn no_longer_waits(&mut self, host: HostNumber, slot: usize, rows: usize) {
        self.waiting_values = self.waiting_values.saturating_sub(rows);
        if let Some(clock) = self.hosts.get(host.index()).and_then(|clocks| clocks.get(slot)) {
            self.waiting.retain(|(known, from)| *known != host || *from != clock.origin);
        }
    }

    /// What has waited long enough, or all; what was said of it by then is all that is known.
    pub(super) fn release(&mut self, now: Option<CdTime>) -> Vec<(Box<Waiting>, Placing)> {
        let mut released = Vec::new();
        for (host, origin) in self.waiting.clone() {
            let slot = self.of(host).iter().position(|clock| clock.origin == origin);
            let Some(slot) = slot else { continue };
            let others: Vec<i64> = self.of(host).iter().filter_map(HostClock::offset).collect();
            let Some(clock) = self.clock(host, slot) else { continue };
            let (before, arrival, trend) = (clock.placing, clock.arrival, clock.trend);
            let since = trend.map_or(arrival, |trend| trend.first);
            if now.is_some_and(|now| now.since(since) < WAIT_MAX) {
                continue;
            }
            let stamp = clock.waiting.as_ref().map_or(clock.stamp, |waiting| waiting.newest());
            // What went back is of a step, more likely than late.
            let is_known = clock.is_known;
            let placing = match trend {
                Some(trend) if trend.count >= 2 || is_known => self.open(trend.low, &others),
                _ => before,
            };
            released.extend(self.settle((host, slot), arrival, stamp, placing).released);
        }
        released
    }

    /// Forgets the clocks of a host whose number is given to another.
    pub(super) fn forget(&mut self, host: HostNumber) {
        self.waiting.retain(|(known, _)| *known != host);
        self.wrong.remove(&host);
        self.steps.retain(|step| step.host != host);
        let clocks = self.hosts.get_mut(host.index()).map(std::mem::take).unwrap_or_default();
        self.count -= clocks.len();
        let waited = clocks.iter().filter_map(|clock| clock.waiting.as_ref());
        self.waiting_values -= waited.map(|waiting| waiting.len()).sum::<usize>();
    }

    /// Notes that the series of a host get samples of `slot` between those of another sender; how
    /// often that was so.
    pub(super) fn crossed(&mut self, host: HostNumber, slot: usize) -> u32 {
        let Some(clock) = self.clock(host, slot) else { return 0 };
        clock.crossings = clock.crossings.saturating_add(1);
        clock.crossings
    }

    /// Bytes held, rounded up.
    pub(super) fn bytes(&self) -> usize {
        self.hosts.capacity() * size_of::<Vec<HostClock>>()
            + self.count * (size_of::<HostClock>() + 16)
            + self.wrong.allocation_size()
            + self.steps.capacity() * size_of::<ClockStep>()
            + self.waiting.capacity() * size_of::<(HostNumber, Origin<IpAddr>)>()
            + self.waiting_values * super::waiting::VALUE_BYTES
    }
}
