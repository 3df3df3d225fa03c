//! Absorbing: from a batch to samples, each at its placed time.

use super::clock::{HostClock, Placing, Segment};
use super::index::Seen;
use super::late::{Late, SERIES_PER_BATCH};
use super::nodes::HostNumber;
use super::origin::{Origin, SourceId};
use super::series::NO_CLOCK;
use super::track::Pushed;
use super::{NOTIFICATIONS_PART, SeriesId, Store};
use crate::ingest::{Arrived, Batch, Row};
use crate::metric::{CLOCK_SLACK, CdTime, Interval};
use crate::rate::Sample;
use crate::wire::Trust;
use std::net::IpAddr;
use std::sync::Arc;

/// Samples of two senders in turns, as often as this, are of two machines; see
/// [`super::Health::shared`].
const CROSSINGS_MIN: u32 = 6;
/// Senders that were silent for longer do not share a name any more.
const SHARED_SILENCE_MAX: Interval = Interval::from_secs(300);

/// Rows of a datagram looked back at for one that is named alike.
const REPEATS_MAX: usize = 256;

/// Source, datagram and clock of value lists, and when they are absorbed.
#[derive(Clone, Copy)]
struct Receipt<'a> {
    source: SourceId,
    /// Datagram that brought them; none where it is not known.
    datagram: Option<&'a Arrived>,
    /// Place of their clock among those of their host.
    slot: Option<usize>,
    /// The same number as the series keep it.
    clock: u8,
    now: CdTime,
}

/// Value lists of one host that follow each other in a datagram.
#[derive(Clone, Copy)]
struct HostRows<'a> {
    /// [`HostNumber::NONE`] where the lists are not known.
    host: HostNumber,
    rows: &'a [Row],
    values: &'a [u64],
}

impl Store {
    /// Adds what a source handed over. `now` is the clock's time.
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
        self.bring_back(source, &batch.rows, now);
        self.index.settle();
        self.name_bytes = self.count_name_bytes();
        let (mut rows, mut values) = (batch.rows.as_slice(), batch.values.as_slice());
        for datagram in &batch.datagrams {
            let count = usize::try_from(datagram.rows).unwrap_or(usize::MAX).min(rows.len());
            let (mine, rest) = rows.split_at(count);
            rows = rest;
            let datagram = (datagram.arrival > CdTime::ZERO).then_some(datagram);
            values = self.datagram(Receipt::new(source, datagram, now), mine, values);
        }
        self.datagram(Receipt::new(source, None, now), rows, values);
        if !batch.rows.is_empty() {
            self.data_revision += 1;
        }
        self.health.absorb(source, batch);
        for (sender, lists) in self.quota.take_refused() {
            self.health.refuse(sender, lists);
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

    /// Adds the rows of a datagram; returns the values that are left.
    fn datagram<'v>(
        &mut self,
        receipt: Receipt<'_>,
        mut rows: &[Row],
        mut values: &'v [u64],
    ) -> &'v [u64] {
        while let Some(first) = rows.first() {
            let lists = self.lists.of(receipt.source);
            let host = lists.get(first.list).host();
            let (mut count, mut values_count) = (0, 0);
            let (mut oldest, mut newest) = (first.time, first.time);
            for row in rows {
                if lists.get(row.list).host() != host {
                    break;
                }
                count += 1;
                values_count += usize::from(row.values_count);
                (oldest, newest) = (oldest.min(row.time), newest.max(row.time));
            }
            let (mine, rest) = rows.split_at(count);
            let Some((my_values, values_left)) = values.split_at_checked(values_count) else {
                debug_assert!(false, "the batch promises more values than it has");
                return &[];
            };
            (rows, values) = (rest, values_left);
            let group = HostRows { host, rows: mine, values: my_values };
            self.host_rows(receipt, group, (oldest, newest), rows);
        }
        values
    }

    /// Adds rows whose stamps are between `ends`; `rest` follows in its datagram.
    fn host_rows(
        &mut self,
        mut receipt: Receipt<'_>,
        group: HostRows<'_>,
        ends: (CdTime, CdTime),
        rest: &[Row],
    ) {
        let Some(datagram) = receipt.datagram.filter(|_| group.host != HostNumber::NONE) else {
            // Stamps are all there is to go by; lists that are not known are counted.
            self.place(&receipt, group, Placing::Offset(0));
            return;
        };
        let arrival = datagram.arrival;
        receipt.slot = self.clocks.slot(group.host, receipt.source, datagram);
        let Some(slot) = receipt.slot else {
            self.place(&receipt, group, Placing::without_clock(ends.1, arrival));
            return;
        };
        receipt.clock = u8::try_from(slot).unwrap_or(NO_CLOCK);
        match self.clocks.usual((group.host, slot), arrival, ends) {
            Some(placing) => self.place(&receipt, group, placing),
            None => {
                let lists = self.lists.of(receipt.source);
                let is_last = !rest.iter().any(|row| lists.get(row.list).host() == group.host);
                self.unusual(&receipt, (group.host, slot), group, is_last);
            }
        }
    }

    /// Adds rows whose stamps are not as its clock's were.
    #[cold]
    fn unusual(
        &mut self,
        receipt: &Receipt<'_>,
        clock: (HostNumber, usize),
        group: HostRows<'_>,
        is_last: bool,
    ) {
        let arrival = receipt.datagram.map_or(receipt.now, |datagram| datagram.arrival);
        let HostRows { mut rows, mut values, .. } = group;
        let has_usual = group.rows.iter().any(|row| self.clocks.fits(clock, arrival, row.time));
        while !rows.is_empty() {
            let (count, mut segment) = Segment::first_of(rows);
            let (mine, rest) = rows.split_at(count);
            let values_count = mine.iter().map(|row| usize::from(row.values_count)).sum();
            let (my_values, values_left) =
                values.split_at_checked(values_count).unwrap_or_default();
            (rows, values) = (rest, values_left);
            segment.is_last = is_last && rows.is_empty();
            segment.is_beside_usual =
                has_usual && !self.clocks.fits(clock, arrival, segment.newest);
            let newest = newest_value(mine, my_values);
            let known = newest.and_then(|(row, bits)| {
                let list = self.lists.of(receipt.source).get(row.list);
                Some((*self.lists.members(&list).first()?, bits))
            });
            let series = &self.series;
            let knows = |time: CdTime| {
                known.is_some_and(|(id, bits)| {
                    let series = series.get(id);
                    series.and_then(|series| series.track.bits_at(time)) == Some(bits)
                })
            };
            let verdict = self.clocks.judge(clock, arrival, &segment, knows);
            if let Some((waiting, placing)) = verdict.released {
                self.place_all(&waiting, placing, *receipt);
            }
            match verdict.placing {
                Some(placing) => {
                    let group = HostRows { rows: mine, values: my_values, ..group };
                    self.place(receipt, group, placing);
                }
                None => {
                    if let Some(datagram) = receipt.datagram {
                        self.clocks.wait(clock, (receipt.source, datagram), mine, my_values);
                    }
                    let trust = mine.last().map_or(Trust::Plain, |row| row.trust);
                    let seen = Seen { host: clock.0, newest: CdTime::ZERO, trust };
                    self.index.seen(&seen, receipt.now);
                }
            }
        }
    }

    fn place_waiting(&mut self, due: Option<CdTime>, now: CdTime) {
        for (waiting, placing) in self.clocks.release(due) {
            let receipt = Receipt::new(SourceId(0), None, now);
            self.place_all(&waiting, placing, receipt);
        }
    }

    fn place_all(
        &mut self,
        waiting: &super::waiting::Waiting,
        placing: Placing,
        receipt: Receipt<'_>,
    ) {
        let mut left = waiting.len() as u64;
        for (source, row, datagram, values) in waiting.rows() {
            let host = self.lists.of(source).get(row.list).host();
            let group = HostRows { host, rows: &[row], values };
            // What came before the step is not of it: never ahead of its arrival.
            let latest = datagram.arrival.saturating_add(CLOCK_SLACK);
            let is_ahead = placing.place(row.time, datagram.arrival) > latest;
            let placing = if is_ahead { Placing::Arrival } else { placing };
            let arrival = datagram.arrival.saturating_sub(Interval::from_raw(left));
            left = left.saturating_sub(1);
            let datagram = Some(&Arrived { arrival, ..datagram.clone() });
            self.place(&Receipt { source, datagram, ..receipt }, group, placing);
        }
    }

    /// Adds rows whose placed times are known.
    fn place(&mut self, receipt: &Receipt<'_>, group: HostRows<'_>, placing: Placing) {
        let HostRows { host, rows, mut values } = group;
        let arrival = receipt.datagram.map_or(receipt.now, |datagram| datagram.arrival);
        let (mut newest, mut trust, mut is_seen) = (CdTime::ZERO, Trust::Plain, false);
        for (number, row) in rows.iter().enumerate() {
            let (mine, rest) = values.split_at_checked(row.values_count.into()).unwrap_or_default();
            values = rest;
            let time = match placing {
                Placing::Offset(_) => placing.place(row.time, arrival),
                // Each a little earlier than the next: stamps that stand still keep nothing apart.
                Placing::Arrival => {
                    let left = (rows.len() - number) as u64;
                    arrival.saturating_sub(Interval::from_raw(left))
                }
            };
            if !self.row(receipt, (rows, number), time, mine) {
                continue;
            }
            if is_seen && trust != row.trust {
                self.index.seen(&Seen { host, newest, trust }, receipt.now);
            }
            (is_seen, trust, newest) = (true, row.trust, newest.max(time));
        }
        if is_seen {
            self.index.seen(&Seen { host, newest, trust }, receipt.now);
            self.newest = self.newest.max(Some(newest));
        }
    }

    /// Adds value list `number` of a host's rows; returns whether a series of it is known.
    fn row(
        &mut self,
        receipt: &Receipt<'_>,
        (rows, number): (&[Row], usize),
        time: CdTime,
        values: &[u64],
    ) -> bool {
        let Some(row) = rows.get(number) else { return false };
        let list = self.lists.of(receipt.source).get(row.list);
        debug_assert!(list.count == 0 || usize::from(list.count) == values.len(), "another list");
        let (mut stored, mut conflicts, mut conflicting) = (0, 0, None);
        let (mut crossed, track_bytes) = (false, self.retention.track_bytes());
        let (now, mut alive) = (receipt.now.in_16_secs(), false);
        for (&id, &bits) in self.lists.members(&list).iter().zip(values) {
            let Some(series) = self.series.get_mut(id) else {
                continue;
            };
            alive = true;
            series.last_received = now;
            let before = series.track.heap_bytes();
            crossed |= series.crosses(receipt.clock, time);
            let sample = Sample { time, bits };
            let (pushed, begins) = series.push(sample, row.interval, &mut self.scratch);
            self.retention.resize(before, series.track.heap_bytes());
            self.retention.begin(id, begins.into());
            match pushed {
                Pushed::Newest => stored += 1,
                Pushed::Conflict => (conflicts, conflicting) = (conflicts + 1, Some(id)),
                _ => {
                    let late = Late { series: id, sample, interval: row.interval };
                    let host = &series.identifier.host;
                    self.retention.add(self.health.totals.count(pushed).into());
                    if pushed == Pushed::Behind && !self.late.add(late, self.budget_bytes) {
                        self.health.refuse_late(host, receipt.origin());
                    }
                }
            }
        }
        self.retention.add(stored);
        self.health.totals.stored_values += stored;
        if !alive {
            // Unknown, or they were forgotten since.
            self.quota.count_refused(list.sender);
            return false;
        }
        if let Some(id) = conflicting {
            self.conflict(id, (conflicts, repeats(rows, number)), receipt.now);
        }
        if crossed {
            self.crossed(list.host(), receipt);
        }
        if self.retention.track_bytes() != track_bytes {
            self.trim();
        }
        true
    }

    /// Notes values of the list of a series that were not kept beside others of their time.
    #[cold]
    fn conflict(&mut self, id: SeriesId, (values, repeats): (u64, bool), now: CdTime) {
        if let Some(identifier) = self.series(id).map(|series| Arc::clone(&series.identifier)) {
            self.health.conflict(&identifier.host, &identifier, (values, repeats), now);
        }
    }

    /// Notes that a series of `host` got a sample that came between two of another sender.
    #[cold]
    fn crossed(&mut self, host: HostNumber, receipt: &Receipt<'_>) {
        let Some(slot) = receipt.slot else { return };
        if self.clocks.crossed(host, slot) < CROSSINGS_MIN {
            return;
        }
        // Also the one whose samples came first each time.
        let lately = |clock: &&HostClock| {
            let silent = receipt.now.since(clock.arrival);
            silent < SHARED_SILENCE_MAX && clock.datagrams >= CROSSINGS_MIN
        };
        let senders = self.clocks.of(host).iter().filter(lately);
        let senders: Vec<_> = senders.map(|clock| clock.origin.clone()).collect();
        if senders.len() < 2 {
            return;
        }
        if let Some(name) = self.index.name(host) {
            self.health.shared(name, senders, receipt.now);
        }
    }
}

impl<'a> Receipt<'a> {
    fn new(source: SourceId, datagram: Option<&'a Arrived>, now: CdTime) -> Self {
        Self { source, datagram, slot: None, clock: NO_CLOCK, now }
    }

    /// Origin of the datagram; none where it is not known.
    fn origin(&self) -> Option<Origin<IpAddr>> {
        let sender = self.datagram?.sender.clone();
        Some(Origin { source: self.source, sender })
    }
}

/// Whether an earlier row is of the same list and time.
fn repeats(rows: &[Row], number: usize) -> bool {
    let Some(row) = rows.get(number) else { return false };
    let before = rows.iter().take(number).rev().take(REPEATS_MAX);
    before.into_iter().any(|known| (known.list, known.time) == (row.list, row.time))
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
