//! The store from outside: batches in, readings and traces out.

use crate::feed::{Feed, MIB, NOW, SOURCE, gauge_feed, latest, noise, random};
use collectoscope::ingest::{Batch, ListId};
use collectoscope::metric::{
    CdTime, DsType, Identifier, Interval, Notification, Severity, Span, Value,
};
use collectoscope::store::{Column, Mode, NOTIFICATIONS_MAX, SeriesId, SourceId};
use std::time::{Duration, Instant};

#[test]
fn a_known_type_is_named_by_types_db_and_an_unknown_one_by_position() {
    let mut feed = Feed::new(MIB);
    feed.list("h", "interface", "if_octets", &[DsType::Derive; 2]);
    feed.list("h", "custom", "no_such_type", &[DsType::Gauge; 3]);
    feed.list("h", "custom", "another", &[DsType::Gauge]);
    feed.absorb();
    let names: Vec<_> = feed
        .store
        .ids()
        .map(|id| (&*feed.store.series(id).unwrap().ds_name, feed.store.series(id).unwrap()))
        .map(|(name, series)| (name, series.known_type))
        .collect();
    let expected =
        [("rx", true), ("tx", true), ("0", false), ("1", false), ("2", false), ("value", false)];
    assert_eq!(names, expected);
    assert_eq!(feed.store.health().unknown_types.len(), 2);
}

#[test]
fn an_unknown_type_is_drawn_all_the_same() {
    let mut feed = Feed::new(MIB);
    let list = feed.list("h", "custom", "no_such_type", &[DsType::Gauge, DsType::Derive]);
    for n in 0..3 {
        let value = i64::try_from(n * 50).unwrap();
        feed.row(list, NOW + 10 * n, &[Value::Gauge(1.5), Value::Derive(value)]);
    }
    feed.absorb();
    assert_eq!(latest(&feed.store, 0), Some((NOW + 20, Some(1.5))));
    assert_eq!(latest(&feed.store, 1), Some((NOW + 20, Some(5.0))));
    assert_eq!(feed.trace(1, NOW, NOW + 30, 100).columns.len(), 2);
}

#[test]
fn an_identifier_that_changes_its_ds_type_becomes_another_series() {
    let mut feed = Feed::new(MIB);
    let gauge = feed.list("h", "p", "t", &[DsType::Gauge]);
    let counter = feed.list("h", "p", "t", &[DsType::Counter]);
    feed.row(gauge, NOW, &[Value::Gauge(2.5)]);
    feed.row(counter, NOW + 10, &[Value::Counter(7)]);
    feed.absorb();
    assert_eq!(latest(&feed.store, 0), Some((NOW, Some(2.5))));
    assert_eq!(latest(&feed.store, 1), Some((NOW + 10, None)));
    let list = &feed.store.index().host("h").unwrap().plugins[0].lists[0];
    assert_eq!(list.series, [SeriesId(0), SeriesId(1)]);
}

#[test]
fn two_sources_that_name_the_same_identifier_feed_one_series() {
    let mut feed = gauge_feed([(NOW, 1.0)]);
    let mut other = Feed::new(MIB);
    let list = other.list("h", "p", "gauge", &[DsType::Gauge]);
    other.gauges(list, [(NOW, 1.0), (NOW + 10, 2.0)]);
    feed.store.absorb(SourceId(7), &other.batch, CdTime::from_secs(NOW));
    assert_eq!(feed.store.usage().series, 1);
    assert_eq!(feed.store.health().totals.duplicate_values, 1);
    assert_eq!(latest(&feed.store, 0), Some((NOW + 10, Some(2.0))));
}

#[test]
fn late_and_conflicting_values_are_counted_each_in_its_own_place() {
    let feed = gauge_feed([
        (NOW, 1.0),
        (NOW + 20, 3.0),
        (NOW + 10, 2.0),
        (NOW + 20, 9.0),
        (NOW + 30, 4.0),
    ]);
    let totals = feed.store.health().totals;
    assert_eq!((totals.late_values, totals.late_dropped_values), (1, 0));
    assert_eq!((totals.duplicate_values, totals.conflicting_values), (0, 1));
    assert_eq!(totals.stored_values, 4);
    let means: Vec<f64> =
        feed.trace(0, NOW, NOW + 100, 100).columns.iter().map(|column| column.mean).collect();
    assert_eq!(means, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn a_value_received_twice_is_no_conflict_and_another_at_its_time_names_the_host() {
    let mut feed = gauge_feed([(NOW, 1.0), (NOW, 1.0), (NOW + 10, 2.0)]);
    let health = feed.store.health();
    assert_eq!((health.totals.duplicate_values, health.totals.conflicting_values), (1, 0));
    assert!(health.conflicts.is_empty());
    feed.gauges(ListId(0), [(NOW, 5.0), (NOW + 10, 6.0), (NOW + 10, 2.0)]);
    feed.absorb();
    let health = feed.store.health();
    assert_eq!((health.totals.duplicate_values, health.totals.conflicting_values), (2, 2));
    assert_eq!(health.conflicts["h"].values, 2);
    // What was there first stays.
    assert_eq!(latest(&feed.store, 0), Some((NOW + 10, Some(2.0))));
}

#[test]
fn a_time_of_1970_does_not_keep_later_values_out() {
    let feed = gauge_feed([(0, 1.0), (5, 1.0), (NOW, 2.0), (NOW + 10, 3.0)]);
    assert_eq!(feed.trace(0, NOW, NOW + 20, 100).columns.len(), 2);
    assert!(feed.trace(0, NOW, NOW + 20, 100).breaks.is_empty());
}

#[test]
fn a_clock_that_jumps_ahead_leaves_a_gap() {
    let feed = gauge_feed((0..600).map(|n| (NOW + n + 40_000 * (n / 300), 1.0)));
    let trace = feed.trace(0, NOW, NOW + 50_000, 100);
    assert_eq!((trace.stats.unwrap().count, trace.breaks.len()), (600, 1));
    assert_eq!(feed.store.health().totals.late_dropped_values, 0);
}

#[test]
fn an_interval_of_nothing_is_estimated_and_one_of_a_day_is_believed() {
    for (told, breaks) in [(0, 1), (10, 1), (86_400, 0)] {
        let mut feed = Feed::new(MIB);
        let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
        for n in 0..1_000 {
            feed.row(list, NOW + 10 * n + 5_000 * (n / 500), &[Value::Gauge(1.0)]);
            let row = feed.batch.rows.last_mut().unwrap();
            row.interval = Interval::from_secs(told);
        }
        feed.absorb();
        let trace = feed.trace(0, NOW, NOW + 20_000, 500);
        assert_eq!((trace.stats.unwrap().count, trace.breaks.len()), (1_000, breaks), "{told}");
    }
}

#[test]
fn values_far_out_of_order_are_kept_in_order() {
    let mut feed = Feed::new(4 * MIB);
    let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
    let times: Vec<u64> = (0..20_000).map(|n| NOW - random(n) % 100_000).collect();
    feed.gauges(list, times.iter().map(|&time| (time, time as f64)));
    feed.absorb();
    let totals = feed.store.health().totals;
    assert_eq!(totals.stored_values + totals.duplicate_values, 20_000);
    assert!(totals.late_values > 15_000, "{totals:?}");
    // Each stands at its own time.
    let trace = feed.trace(0, NOW - 100_000, NOW + 1, 200_000);
    assert_eq!(trace.stats.unwrap().count, totals.stored_values);
    let is_right = |column: &Column| column.mean == column.time.secs_nanos().0 as f64;
    assert!(trace.columns.iter().all(is_right));
    assert!(trace.columns.is_sorted_by_key(|column| column.time));
}

#[test]
fn what_is_forgotten_comes_back_with_its_next_value() {
    let mut feed = Feed::new(MIB);
    let octets = feed.list("gone", "interface", "if_octets", &[DsType::Derive; 2]);
    let load = feed.list("gone", "load", "gauge", &[DsType::Gauge]);
    let other = feed.list("stays", "load", "gauge", &[DsType::Gauge]);
    for n in 0..10 {
        let value = Value::Derive(i64::try_from(n).unwrap());
        feed.row(octets, NOW + 10 * n, &[value, value]);
        feed.row(load, NOW + 10 * n, &[Value::Gauge(1.0)]);
        feed.row(other, NOW + 10 * n, &[Value::Gauge(2.0)]);
    }
    feed.absorb();
    let before = feed.store.usage();
    // One data source stands for its whole list.
    let rx = feed.store.ids().next().unwrap();
    assert_eq!(feed.store.forget_series([rx]), 2);
    assert_eq!(feed.store.series(rx).map(|series| series.id), None);
    let of_gone = feed.store.index().host("gone").unwrap();
    assert_eq!(of_gone.plugins.len(), 1);
    let all: Vec<_> = feed.store.ids().collect();
    let gone = |id: &SeriesId| &*feed.store.series(*id).unwrap().identifier.host == "gone";
    let load_id: Vec<_> = all.into_iter().filter(gone).collect();
    assert_eq!(feed.store.forget_series(load_id), 1);
    assert!(feed.store.index().host("gone").is_none());
    assert!(feed.store.clocks(feed.store.index().host("stays").unwrap()).len() <= 1);
    let after = feed.store.usage();
    assert!((after.series, after.samples) == (1, 10) && after.bytes < before.bytes, "{after:?}");
    assert_eq!(feed.store.forget_series([rx]), 0);
    // Nothing names the lists anew: their values alone bring them back, both data sources.
    feed.batch = Batch::default();
    feed.row(octets, NOW + 100, &[Value::Derive(10), Value::Derive(10)]);
    feed.row(other, NOW + 100, &[Value::Gauge(3.0)]);
    feed.absorb();
    assert_eq!(feed.store.usage().series, 3);
    let list = &feed.store.index().host("gone").unwrap().plugins[0].lists[0];
    assert_eq!((&*list.type_, list.series.len()), ("if_octets", 2));
    let raw = |id| feed.store.latest(id, Mode::Raw).and_then(|point| point.value);
    assert_eq!(list.series.iter().map(|&id| raw(id)).collect::<Vec<_>>(), [Some(10.0); 2]);
    assert_eq!(feed.store.health().totals.refused_lists, 0);
    feed.batch = Batch::default();
    feed.row(load, NOW + 110, &[Value::Gauge(4.0)]);
    feed.absorb();
    assert_eq!(feed.store.usage().series, 4);
    assert_eq!(feed.store.usage().samples, 10 + 1 + 2 + 1);
}

#[test]
fn a_number_that_stands_for_another_list_by_now_brings_back_nothing() {
    let mut feed = gauge_feed([(NOW, 1.0), (NOW + 10, 2.0)]);
    let ids: Vec<_> = feed.store.ids().collect();
    feed.store.forget_series(ids);
    // The receiver gives the number to another list.
    feed.batch = Batch::default();
    feed.lists = 0;
    let list = feed.list("h", "p", "other", &[DsType::Gauge]);
    feed.row(list, NOW + 20, &[Value::Gauge(3.0)]);
    feed.absorb();
    let names = feed.store.ids().map(|id| feed.store.series(id).unwrap().identifier.to_string());
    assert_eq!(names.collect::<Vec<_>>(), ["h/p/other"]);
}

#[test]
fn a_burst_larger_than_the_budget_leaves_its_newest_and_counts_the_rest() {
    let mut feed = Feed::new(MIB);
    let lists: Vec<ListId> =
        (0..50).map(|n| feed.list("h", "p", &format!("t{n}"), &[DsType::Gauge])).collect();
    // 500,000 values in one batch, some four times what there is room for.
    for secs in 0..10_000 {
        for &list in &lists {
            feed.gauges(list, [(NOW + secs, noise(secs))]);
        }
    }
    feed.absorb();
    let (usage, totals) = (feed.store.usage(), feed.store.health().totals);
    assert_eq!(totals.stored_values, 500_000);
    assert_eq!(usage.samples + totals.evicted_samples, 500_000);
    assert!(usage.samples > 100_000 && totals.evicted_samples > 100_000, "{usage:?}");
    for id in 0..50 {
        assert_eq!(latest(&feed.store, id), Some((NOW + 9_999, Some(noise(9_999)))));
    }
}

#[test]
fn series_that_began_together_are_not_packed_together() {
    let mut feed = Feed::new(512 * MIB);
    for n in 0..1_000 {
        feed.list("h", "p", &format!("t{n}"), &[DsType::Gauge]);
    }
    feed.absorb();
    let mut before = 0;
    for secs in 0..600 {
        for n in 0..feed.lists {
            let seed = u64::from(n) << 20 | secs;
            feed.gauges(ListId(n), [(NOW + secs, noise(seed))]);
        }
        feed.absorb();
        // A packed sample takes a third of one that is not: if many were packed at once, and the
        // window stood still for it, much would be freed at once.
        let bytes = feed.store.usage().bytes;
        let freed = before - bytes.min(before);
        assert!(freed <= before / 20, "{freed} of {before} in batch {secs}");
        before = bytes;
    }
    assert!(before < 1_000 * 600 * 8, "{before} for 600,000 samples, of which most are packed");
}

#[test]
fn a_value_almost_a_day_ahead_does_not_keep_normal_ones_out() {
    let mut feed = gauge_feed([(NOW + 86_000, 9.0)]);
    for n in 0..3_000 {
        feed.gauges(ListId(0), [(NOW + 10 * n, 1.0)]);
    }
    feed.absorb();
    assert_eq!(feed.store.usage().samples, 3_001);
    assert_eq!(feed.trace(0, NOW, NOW + 30_000, 500).stats.unwrap().count, 3_000);
}

#[test]
fn the_oldest_samples_go_first_whichever_series_they_belong_to() {
    let mut feed = Feed::new(MIB);
    let lists: Vec<ListId> =
        (0..4).map(|n| feed.list(&format!("h{n}"), "p", "gauge", &[DsType::Gauge])).collect();
    // 400,000 samples of noise, 4 bytes each, the series in turn, each for 5,000 samples.
    let start = NOW - 400_000;
    let mut oldest = Vec::new();
    for turn in 0..80 {
        let list = lists[turn % 4];
        let times = (0..5_000).map(|n| start + 5_000 * turn as u64 + n);
        feed.gauges(list, times.map(|time| (time, noise(time))));
        feed.absorb();
        oldest.push(feed.store.usage().oldest.unwrap());
    }
    let usage = feed.store.usage();
    assert!(oldest.is_sorted());
    assert_eq!(usage.samples + feed.store.health().totals.evicted_samples, 400_000);
    assert!(usage.bytes > usage.budget_bytes * 9 / 10, "{usage:?}");
    // What is left is the newest of all series together, but for what shared a block of 512 with
    // something older.
    let (from, to) = (usage.oldest.unwrap().secs_nanos().0, NOW);
    let kept: u64 = (0..4)
        .map(|id| feed.trace(id, start, to, 1_000).stats.map_or(0, |stats| stats.count))
        .sum();
    assert_eq!(kept, usage.samples);
    assert!(to - from - kept <= 4 * 512, "{kept} of {}", to - from);
}

#[test]
fn a_series_that_speaks_rarely_keeps_its_newest_samples() {
    let mut feed = Feed::new(MIB);
    let slow = feed.list("slow", "p", "gauge", &[DsType::Gauge]);
    let fast = feed.list("fast", "p", "gauge", &[DsType::Gauge]);
    let start = NOW - 400_000;
    for n in 0..400_000 {
        if n % 1_000 == 0 {
            feed.gauges(slow, [(start + n, 1.0)]);
        }
        feed.gauges(fast, [(start + n, noise(n))]);
    }
    feed.absorb();
    assert!(feed.store.health().totals.evicted_samples > 100_000);
    assert_eq!(latest(&feed.store, 0), Some((NOW - 1_000, Some(1.0))));
    assert_eq!(latest(&feed.store, 1), Some((NOW - 1, Some(noise(399_999)))));
}

#[test]
fn a_flood_of_invented_names_is_refused_and_leaves_room_for_samples() {
    let mut feed = Feed::new(4 * MIB);
    let good = feed.list("good", "p", "gauge", &[DsType::Gauge]);
    feed.gauges(good, (0..1_000).map(|n| (NOW - 20_000 + 10 * n, 1.0)));
    feed.absorb();
    for round in 0..50 {
        for n in 0..1_000 {
            let list = feed.list(&format!("invented-{round}-{n}"), "p", "gauge", &[DsType::Gauge]);
            feed.gauges(list, [(NOW, 1.0)]);
        }
        feed.absorb();
    }
    let (usage, totals) = (feed.store.usage(), feed.store.health().totals);
    assert!(totals.refused_lists > 40_000, "{totals:?}");
    assert!(usage.series > 1_000 && usage.series < 10_000, "{usage:?}");
    feed.gauges(good, (0..1_000).map(|n| (NOW + 10 * n, 2.0)));
    feed.absorb();
    assert_eq!(feed.trace(0, NOW, NOW + 10_000, 2_000).stats.unwrap().count, 1_000);
}

#[test]
fn notifications_are_bounded_and_the_newest_stay() {
    let mut feed = Feed::new(64 * MIB);
    let count = NOTIFICATIONS_MAX + 500;
    feed.batch.notifications = (0..count)
        .map(|n| Notification {
            identifier: Identifier::new("h", "", "", "", ""),
            time: CdTime::from_secs(n as u64),
            severity: Severity::Okay,
            message: format!("message {n}").into(),
        })
        .collect();
    feed.absorb();
    assert_eq!(feed.store.notifications().len(), NOTIFICATIONS_MAX);
    let newest = feed.store.notifications().iter().next_back().unwrap();
    assert_eq!(&*newest.notification.message, format!("message {}", count - 1));
    assert_eq!(feed.store.health().totals.notifications, count as u64);
}

#[test]
fn rows_of_a_list_that_was_never_announced_harm_nobody() {
    let mut feed = gauge_feed([(NOW, 1.0)]);
    feed.row(ListId(u32::MAX), NOW + 10, &[Value::Gauge(5.0), Value::Gauge(6.0)]);
    feed.gauges(ListId(0), [(NOW + 10, 2.0)]);
    feed.absorb();
    assert_eq!(feed.store.health().totals.refused_lists, 1);
    assert_eq!(latest(&feed.store, 0), Some((NOW + 10, Some(2.0))));
}

#[test]
fn a_hundred_thousand_series_announced_one_by_one_are_no_burden() {
    let mut feed = Feed::new(128 * MIB);
    let began = Instant::now();
    for n in 0..100_000 {
        let host = format!("host-{}", n % 1_000);
        let list =
            feed.list(&host, &format!("p{}", n / 10_000), &format!("t{n}"), &[DsType::Gauge]);
        feed.gauges(list, [(NOW, 1.0)]);
        feed.absorb();
    }
    let taken = began.elapsed();
    println!("100,000 series in 100,000 batches: {taken:?}, {:?}", feed.store.usage());
    assert_eq!(feed.store.usage().series, 100_000);
    assert_eq!(feed.store.index().hosts().len(), 1_000);
    assert!(taken < Duration::from_secs(30), "{taken:?}");
}

#[test]
fn a_store_tells_what_a_value_and_a_trace_cost() {
    let mut feed = Feed::new(512 * MIB);
    let lists: Vec<ListId> = (0..1_000)
        .map(|n| feed.list(&format!("h{}", n / 50), "p", &format!("t{n}"), &[DsType::Derive]))
        .collect();
    feed.absorb();
    let (mut taken, mut count) = (Duration::ZERO, 0_u32);
    for secs in 0..500_u64 {
        for &list in &lists {
            feed.row(list, NOW + secs, &[Value::Derive((secs * 7).cast_signed())]);
        }
        count += 1_000;
        let began = Instant::now();
        feed.store.absorb(SOURCE, &feed.batch, CdTime::from_secs(NOW));
        taken += began.elapsed();
        feed.batch.clear();
    }
    println!("store: {:?} per value", taken / count);
    for kind in [DsType::Gauge, DsType::Derive] {
        let mut feed = Feed::new(64 * MIB);
        let list = feed.list("h", "p", "t", &[kind]);
        for secs in 0..86_400 {
            feed.row(list, NOW - 86_400 + secs, &[Value::from_bits(kind, secs * 1_000)]);
        }
        feed.absorb();
        let mut trace = feed.trace(0, NOW - 86_400, NOW, 1_200);
        let span = Span::new(CdTime::from_secs(NOW - 86_400), CdTime::from_secs(NOW));
        let began = Instant::now();
        for _ in 0..20 {
            feed.store.trace(SeriesId(0), span, 1_200, Mode::Rate, &mut trace);
        }
        println!("trace of 86,400 {} samples: {:?}", kind.name(), began.elapsed() / 20);
        assert_eq!(trace.stats.unwrap().count, 86_400 - u64::from(kind == DsType::Derive));
        assert!(trace.columns.len() <= 1_202);
    }
}
