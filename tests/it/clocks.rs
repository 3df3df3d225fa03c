//! Whatever a clock is or was, each value is kept once and in order, and never ahead of us.

use collectoscope::ingest::{Announced, Arrived, Batch, ListId, Machine, Row};
use collectoscope::metric::{CLOCK_SLACK, CdTime, DsType, Identifier, Interval, Value};
use collectoscope::store::{HostClock, LATE_MAX, Placing, SeriesId, SourceId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::Trust;
use proptest::prelude::*;

const START: u64 = 1_800_000_000;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const SENDER: [u8; 4] = [10, 0, 0, 1];
const FOREIGN: [u8; 4] = [10, 9, 9, 9];

/// A store and what it is fed, datagram by datagram.
struct Feed {
    store: Store,
    /// Arrival of each value, by its number.
    arrivals: Vec<CdTime>,
    lists: u32,
}

/// Seconds since 1970, shifted; thousandths too.
fn at(secs: f64) -> CdTime {
    CdTime::from_secs_f64(secs)
}

impl Feed {
    fn new() -> Self {
        let mut feed = Self {
            store: Store::new(64 << 20, TypesDb::built_in()),
            arrivals: Vec::new(),
            lists: 0,
        };
        feed.announce("h", "gauge");
        feed
    }

    fn announce(&mut self, host: &str, type_instance: &str) -> ListId {
        let list = ListId(self.lists);
        self.lists += 1;
        let identifier = Identifier::new(host, "p", "", "gauge", type_instance);
        let kinds = [DsType::Gauge].into();
        let announced = vec![Announced { list, sender: SENDER.into(), identifier, kinds }];
        self.store.absorb(SourceId(0), &Batch { announced, ..Batch::default() }, CdTime::ZERO);
        list
    }

    /// A datagram with one value for each stamp, numbered in the order of sending.
    fn send(&mut self, arrival: f64, stamps: &[CdTime]) {
        let rows: Vec<_> = stamps.iter().map(|&stamp| (stamp, Interval::from_secs(10))).collect();
        let first = self.arrivals.len();
        self.arrivals.extend(stamps.iter().map(|_| at(arrival)));
        self.datagram(SENDER, arrival, ListId(0), &rows, |n| (first + n) as f64);
    }

    fn datagram(
        &mut self,
        sender: [u8; 4],
        arrival: f64,
        list: ListId,
        stamps: &[(CdTime, Interval)],
        value: impl Fn(usize) -> f64,
    ) {
        let row = |&(time, interval): &(CdTime, Interval)| Row {
            list,
            time,
            interval,
            values_count: 1,
            trust: Trust::Plain,
        };
        let rows = u32::try_from(stamps.len()).unwrap();
        let (sender, arrival) = (sender.into(), at(arrival));
        let batch = Batch {
            rows: stamps.iter().map(row).collect(),
            values: (0..stamps.len()).map(|n| Value::Gauge(value(n)).bits()).collect(),
            datagrams: vec![Arrived { rows, sender, arrival }],
            arrival,
            ..Batch::default()
        };
        self.store.absorb(SourceId(0), &batch, arrival);
    }

    /// The samples of the first series, by time.
    fn samples(&self) -> Vec<(CdTime, f64)> {
        samples(&self.store, SeriesId(0))
    }

    /// The clock of the first host as its usual sender shows it.
    fn clock(&self) -> HostClock {
        let host = self.store.index().host("h").unwrap();
        let sender = Machine::from(SENDER);
        self.store.clocks(host).iter().find(|clock| clock.origin.sender == sender).unwrap().clone()
    }

    fn offset_secs(&self) -> i64 {
        self.clock().offset().unwrap() >> 30
    }

    /// Every value is there once, in the order of sending, never ahead of its arrival.
    #[track_caller]
    fn check_all_in_order(&mut self) {
        self.store.settle(*self.arrivals.last().unwrap());
        let samples = self.samples();
        let values: Vec<usize> = samples.iter().map(|(_, value)| number(*value)).collect();
        let expected: Vec<usize> = (0..self.arrivals.len()).collect();
        assert_eq!(values, expected);
        for (time, value) in samples {
            let arrival = self.arrivals[number(value)];
            assert!(
                time <= arrival.saturating_add(CLOCK_SLACK),
                "{value} at {time}, came {arrival}"
            );
        }
    }
}

/// The number of a value that is not foreign.
#[allow(clippy::cast_sign_loss)]
fn number(value: f64) -> usize {
    value as usize
}

fn samples(store: &Store, id: SeriesId) -> Vec<(CdTime, f64)> {
    store.samples(id).map(|sample| (sample.time, f64::from_bits(sample.bits))).collect()
}

/// Intervals of ten seconds, one value each, by a host whose clock is `offset` ahead; the arrival
/// lies a little later.
fn run(feed: &mut Feed, from: u64, count: u64, offset: i64) {
    for n in from..from + count {
        let now = START + 10 * n;
        let stamp = at(now.checked_add_signed(offset).unwrap() as f64 + 0.001 * (n % 7) as f64);
        feed.send(now as f64 + 0.25, &[stamp]);
    }
}

#[test]
fn a_clock_that_was_ahead_and_is_right_again_costs_no_value() {
    for ahead in [6, 60, HOUR, 20 * HOUR, 2 * DAY, 400 * DAY] {
        for count in [1, 2, 60, 200, 600] {
            let mut feed = Feed::new();
            run(&mut feed, 0, 30, 0);
            run(&mut feed, 30, count, ahead);
            assert_eq!(feed.offset_secs(), -ahead, "{ahead} {count}");
            run(&mut feed, 30 + count, 300, 0);
            assert_eq!(feed.clock().placing, Placing::Offset(0));
            feed.check_all_in_order();
            // Placed when they were sent, to the second.
            for (time, value) in feed.samples() {
                let sent = START as f64 + 10.0 * value;
                assert!((time.secs_f64() - sent).abs() <= 1.0, "{ahead} {count}: {value} {time}");
            }
        }
    }
}

#[test]
fn a_clock_that_is_set_several_times_by_hours_and_back_costs_no_value() {
    let steps = [0, HOUR, -2 * HOUR, 20 * HOUR, -HOUR, 0, -3 * DAY, 30 * DAY, -60, 0];
    for turn in 0..steps.len() {
        for count in [3, 7, 200] {
            let mut feed = Feed::new();
            for (n, _) in steps.iter().enumerate() {
                let offset = steps[(n + turn) % steps.len()];
                run(&mut feed, n as u64 * count, count, offset);
            }
            feed.check_all_in_order();
            for (time, value) in feed.samples() {
                let sent = START as f64 + 10.0 * value;
                let off = (time.secs_f64() - sent).abs();
                // The first values of a host may be late by so much.
                let is_unsure = steps[turn] == -60 && value < 3.0;
                assert!(
                    off <= if is_unsure { 60.0 } else { 1.0 },
                    "{turn} {count}: {value} is {off} off"
                );
            }
        }
    }
}

#[test]
fn a_stamp_is_the_placed_time_minus_the_offset() {
    let mut feed = Feed::new();
    let stamp = CdTime::from_raw(((START + 5_000) << 30) + 123_456_789);
    feed.send(START as f64, &[stamp]);
    let Placing::Offset(offset) = feed.clock().placing else { panic!("no offset") };
    let (time, _) = feed.samples()[0];
    assert_eq!(time.raw().wrapping_add_signed(-offset), stamp.raw());
    assert!(time <= at(START as f64 + 1.0));
}

#[test]
fn lists_that_waited_in_a_buffer_are_no_wrong_clock() {
    for bunch in [3, 12, 50] {
        let mut feed = Feed::new();
        for n in 0..40_u64 {
            let first = START + n * bunch * 10;
            let stamps: Vec<_> = (0..bunch).map(|k| at((first + 10 * k) as f64)).collect();
            feed.send((first + 10 * (bunch - 1)) as f64 + 0.2, &stamps);
        }
        assert_eq!((feed.clock().placing, feed.clock().steps), (Placing::Offset(0), 0));
        feed.check_all_in_order();
        assert!(
            feed.samples()
                .iter()
                .all(|(time, value)| { time.secs_f64() == START as f64 + 10.0 * value })
        );
    }
}

#[test]
fn a_step_inside_a_datagram_lies_between_its_lists() {
    for (before, after) in [(0, 20 * HOUR), (20 * HOUR, 0), (-2 * HOUR, 0), (HOUR, 3 * DAY)] {
        let mut feed = Feed::new();
        run(&mut feed, 0, 20, before);
        let stamp = |n: u64| {
            let offset = if n < 26 { before } else { after };
            at((START + 10 * n).checked_add_signed(offset).unwrap() as f64)
        };
        let stamps: Vec<_> = (20..32).map(stamp).collect();
        feed.send((START + 310) as f64 + 0.2, &stamps);
        run(&mut feed, 32, 20, after);
        feed.check_all_in_order();
        for (time, value) in feed.samples() {
            let sent = START as f64 + 10.0 * value;
            assert!((time.secs_f64() - sent).abs() <= 1.0, "{before} {after}: {value} {time}");
        }
    }
}

#[test]
fn a_relay_that_mixes_hosts_hides_no_step() {
    for (before, after) in [(0, -2 * HOUR), (HOUR, -HOUR), (20 * HOUR, 0), (0, -600)] {
        let mut feed = Feed::new();
        let others = ["a", "z"].map(|host| feed.announce(host, ""));
        for n in 0..120_u64 {
            let now = START + 10 * n;
            let offset = if n < 60 { before } else { after };
            let own = at(now.checked_add_signed(offset).unwrap() as f64);
            // Another host before and behind, and in between.
            let lists = [others[0], ListId(0), others[1], ListId(0), others[0]];
            let stamps = [at(now as f64), own, at(now as f64), own, at(now as f64)];
            let mut batch = Batch { arrival: at(now as f64 + 0.2), ..Batch::default() };
            for (number, (&list, &time)) in lists.iter().zip(&stamps).enumerate() {
                // The same list twice: the second is a little later.
                let time = CdTime::from_raw(time.raw() + ((number as u64) << 20));
                let interval = Interval::from_secs(10);
                let trust = Trust::Plain;
                batch.rows.push(Row { list, time, interval, values_count: 1, trust });
                batch.values.push(Value::Gauge(feed.arrivals.len() as f64).bits());
                if list == ListId(0) {
                    feed.arrivals.push(batch.arrival);
                }
            }
            let (sender, arrival) = (SENDER.into(), batch.arrival);
            batch.datagrams.push(Arrived { rows: 5, sender, arrival });
            feed.store.absorb(SourceId(0), &batch, arrival);
        }
        assert_eq!(feed.offset_secs(), -after, "{before} {after}");
        feed.check_all_in_order();
        for (time, value) in feed.samples() {
            let sent = START as f64 + 10.0 * (value / 2.0).floor();
            assert!((time.secs_f64() - sent).abs() <= 1.0, "{before} {after}: {value} {time}");
        }
    }
}

#[test]
fn what_waits_for_a_clock_is_placed_though_nothing_more_comes_of_it() {
    let mut feed = Feed::new();
    let other = feed.announce("other", "");
    run(&mut feed, 0, 20, 0);
    run(&mut feed, 20, 2, -2 * HOUR);
    assert_eq!(feed.samples().len(), 20);
    let now = (START + 500) as f64;
    feed.datagram(FOREIGN, now, other, &[(at(now), Interval::from_secs(10))], |_| 0.0);
    assert_eq!(feed.samples().len(), 22);
}

#[test]
fn old_stamps_beside_new_ones_are_no_step_and_stay_as_they_are() {
    for age in [8, 50, 3_000, 90_000] {
        let mut feed = Feed::new();
        let slow = feed.announce("h", "slow");
        for n in 0..60_u64 {
            let now = (START + 60 * n) as f64;
            let mut batch = Batch { arrival: at(now + 0.2), ..Batch::default() };
            // What is measured slowly comes first, last and in between.
            let order = [(slow, age as f64), (ListId(0), 0.0)];
            for turn in 0..2 {
                let (list, age) = order[(n as usize + turn) % 2];
                let (time, interval) = (at(now - age), Interval::from_secs(60));
                let trust = Trust::Plain;
                batch.rows.push(Row { list, time, interval, values_count: 1, trust });
                batch.values.push(Value::Gauge(n as f64).bits());
            }
            let (sender, arrival) = (SENDER.into(), batch.arrival);
            batch.datagrams.push(Arrived { rows: 2, sender, arrival });
            feed.store.absorb(SourceId(0), &batch, arrival);
            // Each is there at once.
            assert_eq!(samples(&feed.store, SeriesId(1)).len() as u64, n + 1, "{age}");
        }
        for (n, (time, _)) in samples(&feed.store, SeriesId(1)).iter().enumerate() {
            let stamp = at((START + 60 * n as u64) as f64 - age as f64);
            assert!(time.secs_from(stamp).abs() < 1e-5, "{age}");
        }
        assert_eq!((feed.clock().steps, feed.clock().placing), (0, Placing::Offset(0)));
    }
}

#[test]
fn a_burst_after_an_outage_is_late_and_keeps_its_stamps() {
    for outage in [60, 600, 30_000] {
        let mut feed = Feed::new();
        run(&mut feed, 0, 20, 0);
        // Kept by a relay, then sent ten a second.
        let kept = outage / 10;
        for n in 0..kept {
            let sent = START + 200 + outage;
            feed.send(sent as f64 + 0.1 * n as f64, &[at((START + 200 + 10 * n) as f64)]);
        }
        run(&mut feed, 20 + kept + kept / 90, 20, 0);
        assert_eq!(feed.clock().steps, 0, "{outage}");
        feed.store.settle(at((START + 100_000) as f64));
        let samples = feed.samples();
        assert_eq!(samples.len() as u64, 40 + kept);
        assert!(samples.iter().all(|(time, value)| {
            *value >= (20 + kept) as f64
                || time.secs_f64() == {
                    let n = number(*value) as u64;
                    let jitter = if n < 20 { 0.001 * (n % 7) as f64 } else { 0.0 };
                    at((START + 10 * n) as f64 + jitter).secs_f64()
                }
        }));
    }
}

#[test]
fn times_that_are_no_times_are_placed_by_arrival() {
    let near_1970: fn(u64) -> CdTime = |n| CdTime::from_secs(1_000 + 10 * n);
    let never_set: fn(u64) -> CdTime = |_| CdTime::ZERO;
    let millis: fn(u64) -> CdTime = |n| CdTime::from_secs((START + 10 * n) * 1_000);
    let as_units: fn(u64) -> CdTime = |n| CdTime::from_raw(START + 10 * n);
    for stamp in [near_1970, never_set, millis, as_units] {
        let mut feed = Feed::new();
        for n in 0..100 {
            feed.send((START + 10 * n) as f64 + 0.5, &[stamp(n)]);
        }
        assert_eq!(feed.clock().placing, Placing::Arrival);
        // Then it is set, and the values of a minute come at once.
        let stamps: Vec<_> = (0..3).map(stamp).collect();
        feed.send((START + 1_000) as f64, &stamps);
        for n in 103..200 {
            feed.send((START + 10 * n) as f64 + 0.5, &[at((START + 10 * n) as f64)]);
        }
        assert_eq!((feed.clock().placing, feed.clock().steps), (Placing::Offset(0), 1));
        feed.check_all_in_order();
        let late = |(time, value): &(CdTime, f64)| {
            let arrival = feed.arrivals[number(*value)].secs_f64();
            arrival - time.secs_f64()
        };
        assert!(feed.samples().iter().all(|sample| late(sample) < 1.0));
    }
}

#[test]
fn one_foreign_datagram_moves_and_stops_nothing() {
    let (day, minute) = (Interval::from_secs(86_400), Interval::from_secs(60));
    for shift in [20 * HOUR, 3 * DAY, -HOUR, -3 * DAY, 0] {
        for sender in [FOREIGN, SENDER] {
            let mut feed = Feed::new();
            run(&mut feed, 0, 100, 0);
            // Two samples of different intervals: what seals a run.
            let now = START + 1_000;
            let stamp = |more: u64| at((now + more).checked_add_signed(shift).unwrap() as f64);
            let stamps = [(stamp(0), day), (stamp(3), minute)];
            feed.datagram(sender, now as f64 - 0.5, ListId(0), &stamps, |_| -1.0);
            run(&mut feed, 100, 500, 0);
            feed.store.settle(at((START + 7_000) as f64));
            let own: Vec<_> = feed.samples().into_iter().filter(|(_, v)| *v >= 0.0).collect();
            assert_eq!(own.len(), 600, "{shift} {sender:?}");
            assert_eq!(feed.clock().placing, Placing::Offset(0));
            assert!(own.iter().all(|(time, value)| {
                (time.secs_f64() - (START as f64 + 10.0 * value)).abs() < 0.1
            }));
            assert_eq!(feed.store.health().totals.late_dropped_values, 0);
        }
    }
}

#[test]
fn forged_senders_do_not_make_a_host_lose_its_clock() {
    let mut feed = Feed::new();
    run(&mut feed, 0, 50, HOUR);
    for n in 0..100_u8 {
        let stamps = [(at((START + 520) as f64), Interval::from_secs(10))];
        feed.datagram([10, 7, 7, n], (START + 500) as f64, ListId(0), &stamps, |_| -1.0);
    }
    assert_eq!(feed.offset_secs(), -HOUR);
    let host = feed.store.index().host("h").unwrap();
    assert_eq!(feed.store.clocks(host).len(), collectoscope::store::CLOCKS_PER_HOST_MAX);
}

#[test]
fn what_comes_by_two_ways_is_kept_once_whatever_the_clock() {
    for offset in [0, HOUR, -HOUR, 20 * DAY] {
        for delay in [0.4, 3.0, 20.0, 60.0] {
            let mut feed = Feed::new();
            let mut order: Vec<(f64, [u8; 4], u64)> = (0..200)
                .flat_map(|n| {
                    let now = (START + 10 * n) as f64 + 0.1;
                    [(now, SENDER, n), (now + delay, FOREIGN, n)]
                })
                .collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (arrival, sender, n) in order {
                let stamp = (START + 10 * n).checked_add_signed(offset).unwrap() as f64;
                let stamps = [(at(stamp), Interval::from_secs(10))];
                feed.datagram(sender, arrival, ListId(0), &stamps, |_| n as f64);
            }
            feed.store.settle(at((START + 3_000) as f64));
            let values: Vec<u64> =
                feed.samples().iter().map(|(_, value)| number(*value) as u64).collect();
            // The first before a clock behind is certain may come twice.
            let twice = values.len() - 200;
            assert!(twice <= 3, "{offset} {delay}: {twice} twice");
            assert_eq!(feed.store.health().shared.len(), 0, "{offset} {delay}");
        }
    }
}

#[test]
fn two_machines_with_one_name_are_reported_though_their_times_differ() {
    for (shift, offset) in [(1.0, 0), (5.0, 0), (9.7, 0), (4.0, HOUR)] {
        let mut feed = Feed::new();
        for n in 0..10_u64 {
            for (sender, more, offset) in [(SENDER, 0.0, 0), (FOREIGN, shift, offset)] {
                let now = (START + 10 * n) as f64 + more;
                let stamps = [(at(now + offset as f64), Interval::from_secs(10))];
                feed.datagram(sender, now + 0.1, ListId(0), &stamps, |_| now);
            }
        }
        let shared = &feed.store.health().shared;
        let senders = &shared.get("h").expect("it is reported").senders;
        let known = |sender: [u8; 4]| senders.iter().any(|one| one.sender == sender.into());
        assert!(known(FOREIGN) || known(SENDER));
    }
    // Another machine that takes over is no second one, nor are two daemons of one machine.
    let mut feed = Feed::new();
    let other = feed.announce("h", "other");
    for n in 0..100_u64 {
        let now = (START + 10 * n) as f64;
        let sender = if n < 50 { SENDER } else { FOREIGN };
        let stamps = [(at(now), Interval::from_secs(10))];
        feed.datagram(sender, now + 0.1, ListId(0), &stamps, |_| now);
        feed.datagram([10, 0, 0, 7], now + 3.1, other, &stamps, |_| now);
    }
    assert!(feed.store.health().shared.is_empty());
}

#[test]
fn late_values_past_the_bound_are_counted_by_host_and_sender() {
    let mut feed = Feed::new();
    run(&mut feed, 0, 300, 0);
    let extra = 1_000;
    let stamps: Vec<_> = (0..LATE_MAX + extra)
        .map(|n| (at(START as f64 - 100_000.0 + n as f64), Interval::from_secs(10)))
        .collect();
    // By stamps alone, as an old capture would be.
    let list = ListId(0);
    let row = |&(time, interval): &(CdTime, Interval)| Row {
        list,
        time,
        interval,
        values_count: 1,
        trust: Trust::Plain,
    };
    let batch = Batch {
        rows: stamps.iter().map(row).collect(),
        values: vec![0; stamps.len()],
        ..Batch::default()
    };
    feed.store.absorb(SourceId(0), &batch, at((START + 3_000) as f64));
    let health = feed.store.health();
    assert_eq!(health.totals.late_dropped_values, extra as u64);
    assert_eq!(health.refused_late.0.values().sum::<u64>(), extra as u64);
    assert_eq!(feed.samples().len(), 300 + LATE_MAX);
    assert!(feed.store.usage().bytes <= feed.store.usage().budget_bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Any steps, losses, bunching and foreign datagrams.
    #[test]
    fn each_value_is_kept_once_in_order_and_never_ahead_of_its_arrival(
        steps in prop::collection::vec((3_u64..80, prop_oneof![
            Just(0_i64), -30 * DAY..400 * DAY, -2 * HOUR..2 * HOUR, -90_i64..90,
        ]), 1..12),
        bunch in 1_u64..6,
        interval in prop_oneof![Just(1_u64), Just(10), Just(60)],
        losses in prop::collection::vec(any::<u8>(), 64),
        foreign in prop::collection::vec((any::<u8>(), -DAY..DAY), 0..4),
    ) {
        let mut feed = Feed::new();
        let (mut n, mut gathered) = (0_u64, Vec::new());
        for (count, offset) in steps {
            for _ in 0..count {
                n += 1;
                let now = START + interval * n;
                let stamp = now.checked_add_signed(offset).unwrap() as f64;
                let millis = f64::from(losses[n as usize % 64]);
                // A daemon sends no stamp of a series twice: it refuses the second itself.
                let time = at(stamp + millis / 1_000.0).raw() + (n << 11);
                gathered.push(CdTime::from_raw(time));
                if gathered.len() as u64 >= bunch {
                    let stamps = std::mem::take(&mut gathered);
                    let lost = losses[n as usize % 64] < 6;
                    if !lost {
                        let jitter = 0.3 + f64::from(losses[n as usize / 2 % 64]) / 1_000.0;
                        feed.send(now as f64 + jitter, &stamps);
                    }
                }
                for (when, shift) in &foreign {
                    if n % 256 == u64::from(*when) {
                        let stamp = at(now.checked_add_signed(*shift).unwrap() as f64 + 0.5);
                        let stamps = [(stamp, Interval::from_secs(3))];
                        feed.datagram(FOREIGN, now as f64, ListId(0), &stamps, |_| -1.0);
                    }
                }
            }
        }
        prop_assume!(!feed.arrivals.is_empty());
        feed.store.settle(*feed.arrivals.last().unwrap());
        let samples: Vec<_> =
            feed.samples().into_iter().filter(|(_, value)| *value >= 0.0).collect();
        let mut values: Vec<usize> = samples.iter().map(|(_, value)| number(*value)).collect();
        for (time, value) in &samples {
            let arrival = feed.arrivals[number(*value)];
            prop_assert!(
                *time <= arrival.saturating_add(CLOCK_SLACK),
                "{} at {}, came {}", value, time, arrival
            );
        }
        values.sort_unstable();
        prop_assert_eq!(values, (0..feed.arrivals.len()).collect::<Vec<_>>());
    }
}
