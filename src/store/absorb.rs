//! Absorbing: from a batch to samples, each at its placed time.

use super::clock::{Placing, Segment};
use super::index::{HostNumber, Seen};
use super::late::{Late, SERIES_PER_BATCH};
use super::memory::grown;
use super::track::Pushed;
use super::{List, NOTIFICATIONS_PART, PLACES_MAX, SourceId, Store};
use crate::ingest::{Arrived, Batch, ListId, Row};
use crate::metric::{CdTime, Interval};
use crate::rate::Sample;
use crate::wire::Trust;
use std::sync::Arc;

/// Samples of two senders that come in turns, so often, are of two machines; see
/// [`super::Health::shared`].
const CROSSINGS_MIN: u32 = 6;

/// Rows of a datagram looked back at for one that is named alike.
const REPEATS_MAX: usize = 256;

/// Where value lists come from, and when.
#[derive(Clone, Copy)]
struct Origin {
    source: SourceId,
    /// None where nobody knows.
    datagram: Option<Arrived>,
    /// Which clock of their host it is.
    slot: Option<usize>,
    now: CdTime,
}

/// Value lists of one host that follow each other in a datagram.
#[derive(Clone, Copy)]
struct Run<'a> {
    host: Option<HostNumber>,
    rows: &'a [Row],
    values: &'a [u64],
}

impl Store {
    /// Takes in what a source handed over. `now` is the clock's time.
    ///
    /// Each sample gets its placed time by its stamp and the clock of its host, so that no clock
    /// keeps a value out ([`super::HostClock`]). Values earlier than the newest of their series
    /// are put in their place, those that are behind the open run a little later; values with a
    /// time that is already there are counted and not kept.
    pub fn absorb(&mut self, source: SourceId, batch: &Batch, now: CdTime) {
        if batch.renumbers {
            // What waits names its lists by the numbers that they had.
            self.place_waiting(None, now);
        }
        for announced in &batch.announced {
            self.announce(source, announced, now);
        }
        self.index.settle();
        self.name_bytes = self.count_name_bytes();
        let (mut rows, mut values) = (batch.rows.as_slice(), batch.values.as_slice());
        for datagram in &batch.datagrams {
            let count = usize::try_from(datagram.rows).unwrap_or(usize::MAX).min(rows.len());
            let (mine, rest) = rows.split_at(count);
            rows = rest;
            let datagram = (datagram.arrival > CdTime::ZERO).then_some(*datagram);
            values = self.datagram(Origin { source, datagram, slot: None, now }, mine, values);
        }
        self.datagram(Origin { source, datagram: None, slot: None, now }, rows, values);
        if !batch.rows.is_empty() {
            self.data_revision += 1;
        }
        self.health.absorb(batch);
        for (sender, lists) in self.refused.drain() {
            self.health.refuse(self.shares.account(sender).ip, lists);
        }
        for notification in &batch.notifications {
            let bytes_max = self.budget_bytes / NOTIFICATIONS_PART;
            let host = self.index.host(&notification.identifier.host).map(|node| node.number);
            let placed = host
                .map_or(notification.time, |host| self.clocks.place(host, notification.time, now));
            self.notifications.add(notification, placed, now, bytes_max);
        }
        self.place_waiting(Some(now), now);
        self.merge_late(SERIES_PER_BATCH, now);
        self.trim();
    }

    /// Places everything that waits or is late: at the end of a capture nothing more comes.
    pub fn settle(&mut self, now: CdTime) {
        self.place_waiting(None, now);
        self.settle_late(now);
        self.data_revision += 1;
    }

    /// Takes in the rows of a datagram; the values that are left.
    fn datagram<'v>(
        &mut self,
        origin: Origin,
        mut rows: &[Row],
        mut values: &'v [u64],
    ) -> &'v [u64] {
        while let Some(first) = rows.first() {
            let host = self.host_of(origin.source, first.list);
            let mut values_count = 0;
            let same = rows.iter().take_while(|row| {
                let is_same = self.host_of(origin.source, row.list) == host;
                values_count += if is_same { usize::from(row.values_count) } else { 0 };
                is_same
            });
            let (mine, rest) = rows.split_at(same.count());
            let Some((my_values, values_left)) = values.split_at_checked(values_count) else {
                debug_assert!(false, "the batch promises more values than it has");
                return &[];
            };
            (rows, values) = (rest, values_left);
            self.run(origin, Run { host, rows: mine, values: my_values }, rows.is_empty());
        }
        values
    }

    /// Takes in a run; `is_last` of its datagram.
    fn run(&mut self, mut origin: Origin, run: Run<'_>, is_last: bool) {
        let (Some(host), Some(Arrived { sender, arrival, .. })) = (run.host, origin.datagram)
        else {
            // Stamps are all there is to go by; lists that are not known are counted.
            self.place(origin, run, Placing::Offset(0));
            return;
        };
        origin.slot = self.clocks.slot(host, sender, arrival);
        let times = run.rows.iter().map(|row| row.time);
        let ends = times.fold((CdTime::MAX, CdTime::ZERO), |(oldest, newest), time| {
            (oldest.min(time), newest.max(time))
        });
        let Some(slot) = origin.slot else {
            self.place(origin, run, Placing::without_clock(ends.1, arrival));
            return;
        };
        match self.clocks.usual((host, slot), arrival, ends) {
            Some(placing) => self.place(origin, run, placing),
            None => self.unusual(origin, (host, slot), run, is_last),
        }
    }

    /// Takes in a run whose stamps are not as its clock's were.
    #[cold]
    fn unusual(&mut self, origin: Origin, clock: (HostNumber, usize), run: Run<'_>, is_last: bool) {
        let arrival = origin.datagram.map_or(origin.now, |datagram| datagram.arrival);
        let Run { mut rows, mut values, .. } = run;
        while !rows.is_empty() {
            let (count, mut segment) = Segment::first_of(rows);
            let (mine, rest) = rows.split_at(count);
            let values_count = mine.iter().map(|row| usize::from(row.values_count)).sum();
            let (my_values, values_left) =
                values.split_at_checked(values_count).unwrap_or_default();
            (rows, values) = (rest, values_left);
            segment.is_last = is_last && rows.is_empty();
            let newest = newest_value(mine, my_values);
            let known = newest.and_then(|(row, bits)| {
                let list = self.list_of(origin.source, row.list)?;
                Some((*self.members.get(usize::try_from(list.start).ok()?)?, bits))
            });
            let series = &self.series;
            let knows = |time: CdTime| {
                known.is_some_and(|(id, bits)| {
                    let series = series.get(id.place()).filter(|series| series.is(id));
                    series.and_then(|series| series.track.bits_at(time)) == Some(bits)
                })
            };
            let verdict = self.clocks.judge(clock, arrival, &segment, knows);
            if let Some((waiting, placing)) = verdict.released {
                self.place_all(&waiting, placing, origin);
            }
            match verdict.placing {
                Some(placing) => {
                    self.place(origin, Run { rows: mine, values: my_values, ..run }, placing);
                }
                None => {
                    self.clocks.wait(clock, origin.source, mine, my_values);
                    let trust = mine.last().map_or(Trust::Plain, |row| row.trust);
                    let seen = Seen { host: clock.0, newest: CdTime::ZERO, trust };
                    self.index.seen(&seen, origin.now);
                }
            }
        }
    }

    fn place_waiting(&mut self, due: Option<CdTime>, now: CdTime) {
        for (waiting, placing) in self.clocks.release(due) {
            let origin = Origin { source: SourceId(0), datagram: None, slot: None, now };
            self.place_all(&waiting, placing, origin);
        }
    }

    fn place_all(&mut self, waiting: &super::waiting::Waiting, placing: Placing, origin: Origin) {
        for (source, row, values) in waiting.rows() {
            let host = self.host_of(source, row.list);
            let run = Run { host, rows: &[row], values };
            self.place(Origin { source, ..origin }, run, placing);
        }
    }

    /// Takes in a run whose placed times are known.
    fn place(&mut self, origin: Origin, run: Run<'_>, placing: Placing) {
        let Run { rows, mut values, .. } = run;
        let arrival = origin.datagram.map_or(origin.now, |datagram| datagram.arrival);
        let mut seen: Option<Seen> = None;
        let left = rows.len() as u64;
        for (number, (row, left)) in rows.iter().zip((0..left).rev()).enumerate() {
            let (mine, rest) = values.split_at_checked(row.values_count.into()).unwrap_or_default();
            values = rest;
            let time = match placing {
                // Each a little earlier than the next: stamps that stand still tell nothing apart.
                Placing::Arrival => arrival.saturating_sub(Interval::from_raw(left)),
                Placing::Offset(_) => placing.place(row.time, arrival),
            };
            let repeats = || {
                let before = rows.iter().take(number).rev().take(REPEATS_MAX);
                before.into_iter().any(|known| (known.list, known.time) == (row.list, row.time))
            };
            let Some(host) = self.row(&origin, (row, mine), time, repeats) else {
                continue;
            };
            match &mut seen {
                Some(seen) if seen.trust == row.trust => seen.newest = seen.newest.max(time),
                _ => {
                    let next = Seen { host, newest: time, trust: row.trust };
                    seen.replace(next).inspect(|seen| self.index.seen(seen, origin.now));
                }
            }
        }
        seen.inspect(|seen| self.index.seen(seen, origin.now));
    }

    /// Takes in one value list; of which host, unless it is not taken.
    fn row(
        &mut self,
        origin: &Origin,
        (row, values): (&Row, &[u64]),
        time: CdTime,
        repeats: impl Fn() -> bool,
    ) -> Option<HostNumber> {
        let totals = &mut self.health.totals;
        let list = list_of(&self.lists, origin.source, row.list);
        if list.count == 0 {
            *self.refused.entry(list.sender).or_default() += 1;
            return None;
        }
        debug_assert_eq!(usize::from(list.count), values.len(), "values of another list");
        let (mut conflicts, mut conflicting) = (0, None);
        let (mut crossed, track_bytes) = (false, self.track_bytes);
        let start = usize::try_from(list.start).unwrap_or(usize::MAX);
        let members = self.members.get(start..).unwrap_or_default();
        let (heard, mut alive) = (origin.now.in_16_secs(), false);
        for (&id, &bits) in members.iter().zip(values).take(list.count.into()) {
            let series = self.series.get_mut(id.place()).filter(|series| series.is(id));
            let Some(series) = series else {
                continue;
            };
            alive = true;
            series.heard = heard;
            let before = series.track.heap_bytes();
            crossed |= series.crosses(origin.slot, time);
            let sample = Sample { time, bits };
            let (pushed, begins) = series.push(sample, row.interval, &mut self.scratch);
            self.track_bytes = grown(self.track_bytes, before, series.track.heap_bytes());
            if begins {
                self.queue.push_back(id.0 % PLACES_MAX);
            }
            if pushed == Pushed::Conflict {
                conflicts += 1;
                conflicting.get_or_insert_with(|| Arc::clone(&series.identifier));
            }
            self.samples += u64::from(totals.count(pushed));
            if pushed == Pushed::Behind {
                let late = Late { series: id, sample, interval: row.interval };
                if !self.late.add(late, self.budget_bytes) {
                    totals.late_dropped_values += 1;
                    let host = &series.identifier.host;
                    let sender = origin.datagram.map(|datagram| datagram.sender);
                    self.health.refused_late.count(host, sender);
                }
            }
        }
        if !alive {
            // They were forgotten since.
            *self.refused.entry(list.sender).or_default() += 1;
            return None;
        }
        if let Some((name, identifier)) = self.index.name(list.host).zip(conflicting) {
            self.health.conflict(name, &identifier, (conflicts, repeats()), origin.now);
        }
        if crossed {
            self.crossed(list.host, origin);
        }
        self.newest = self.newest.max(Some(time));
        if self.track_bytes != track_bytes {
            self.trim();
        }
        Some(list.host)
    }

    /// Notes that a series of `host` got a sample that came between two of another sender.
    #[cold]
    fn crossed(&mut self, host: HostNumber, origin: &Origin) {
        let Some(slot) = origin.slot else { return };
        if self.clocks.crossed(host, slot) < CROSSINGS_MIN {
            return;
        }
        let crossing = self.clocks.of(host).iter().filter(|clock| clock.crosses());
        let senders = crossing.map(|clock| clock.sender).collect();
        if let Some(name) = self.index.name(host) {
            self.health.shared(name, senders, origin.now);
        }
    }

    fn list_of(&self, source: SourceId, list: ListId) -> Option<List> {
        Some(list_of(&self.lists, source, list)).filter(|list| list.count > 0)
    }

    fn host_of(&self, source: SourceId, list: ListId) -> Option<HostNumber> {
        Some(self.list_of(source, list)?.host)
    }
}

/// The row with the newest stamp, and its first value.
fn newest_value<'r>(rows: &'r [Row], values: &[u64]) -> Option<(&'r Row, u64)> {
    let mut at = 0;
    let firsts = rows.iter().map(|row| {
        let first = values.get(at).copied();
        at += usize::from(row.values_count);
        (row, first)
    });
    let (row, bits) = firsts.max_by_key(|(row, _)| row.time)?;
    Some((row, bits?))
}

fn list_of(lists: &[Vec<List>], source: SourceId, list: ListId) -> List {
    let lists = lists.get(usize::from(source.0));
    let place = usize::try_from(list.0).unwrap_or(usize::MAX);
    lists.and_then(|lists| lists.get(place)).copied().unwrap_or(List::NONE)
}
