//! The store from outside: batches in, readings and traces out.

use collectoscope::ingest::{Announced, Batch, ListId, Row};
use collectoscope::metric::{
    CdTime, DsType, Identifier, Interval, Notification, Severity, Span, Value,
};
use collectoscope::rate::{self, Bounds, Sample};
use collectoscope::store::{
    Column, Mode, NOTIFICATIONS_MAX, SeriesId, SourceId, Stats, Store, Trace,
};
use collectoscope::typesdb::TypesDb;
use proptest::prelude::*;
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;
const NOW: u64 = 1_800_000_000;
const SOURCE: SourceId = SourceId(0);

/// A store and the one source that feeds it.
struct Feed {
    store: Store,
    batch: Batch,
    lists: u32,
    kinds: Vec<Vec<DsType>>,
}

impl Feed {
    fn new(budget_bytes: usize) -> Self {
        let store = Store::new(budget_bytes, TypesDb::built_in());
        Self {
            store,
            batch: Batch::default(),
            lists: 0,
            kinds: Vec::new(),
        }
    }

    fn list(&mut self, host: &str, plugin: &str, type_: &str, kinds: &[DsType]) -> ListId {
        let list = ListId(self.lists);
        let identifier = Identifier::new(host, plugin, "", type_, "");
        self.batch.announced.push(Announced {
            list,
            identifier,
            kinds: kinds.into(),
        });
        self.lists += 1;
        self.kinds.push(kinds.to_vec());
        list
    }

    fn row(&mut self, list: ListId, secs: u64, values: &[Value]) {
        let values_count = u16::try_from(values.len()).unwrap();
        let (time, interval) = (CdTime::from_secs(secs), Interval::from_secs(10));
        self.batch.rows.push(Row {
            list,
            time,
            interval,
            values_count,
        });
        self.batch
            .values
            .extend(values.iter().map(|value| value.bits()));
    }

    fn gauges(&mut self, list: ListId, rows: impl IntoIterator<Item = (u64, f64)>) {
        for (secs, value) in rows {
            self.row(list, secs, &[Value::Gauge(value)]);
        }
    }

    fn absorb(&mut self) {
        self.store
            .absorb(SOURCE, &self.batch, CdTime::from_secs(NOW));
        self.batch.clear();
        let usage = self.store.usage();
        assert!(usage.bytes <= usage.budget_bytes, "{usage:?}");
    }

    fn trace(&self, id: u32, from: u64, to: u64, columns: usize) -> Trace {
        let mut trace = Trace::default();
        let span = Span::new(CdTime::from_secs(from), CdTime::from_secs(to));
        self.store
            .trace(SeriesId(id), span, columns, Mode::Rate, &mut trace);
        trace
    }
}

fn latest(store: &Store, id: u32) -> Option<(u64, Option<f64>)> {
    let reading = store.latest(SeriesId(id), Mode::Rate)?;
    Some((reading.time.secs_nanos().0, reading.value))
}

fn gauge_feed(rows: impl IntoIterator<Item = (u64, f64)>) -> Feed {
    let mut feed = Feed::new(64 * MIB);
    let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
    feed.gauges(list, rows);
    feed.absorb();
    feed
}

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
        .map(|id| {
            (
                &*feed.store.series(id).unwrap().ds_name,
                feed.store.series(id).unwrap(),
            )
        })
        .map(|(name, series)| (name, series.known_type))
        .collect();
    let expected = [
        ("rx", true),
        ("tx", true),
        ("0", false),
        ("1", false),
        ("2", false),
        ("value", false),
    ];
    assert_eq!(names, expected);
    assert_eq!(feed.store.health().unknown_types.len(), 2);
}

#[test]
fn an_unknown_type_is_drawn_all_the_same() {
    let mut feed = Feed::new(MIB);
    let list = feed.list(
        "h",
        "custom",
        "no_such_type",
        &[DsType::Gauge, DsType::Derive],
    );
    for n in 0..3 {
        let value = i64::try_from(n * 50).unwrap();
        feed.row(
            list,
            NOW + 10 * n,
            &[Value::Gauge(1.5), Value::Derive(value)],
        );
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
    feed.store
        .absorb(SourceId(7), &other.batch, CdTime::from_secs(NOW));
    assert_eq!(feed.store.usage().series, 1);
    assert_eq!(feed.store.health().totals.duplicate_values, 1);
    assert_eq!(latest(&feed.store, 0), Some((NOW + 10, Some(2.0))));
}

#[test]
fn late_duplicate_and_future_values_are_counted_each_in_its_own_place() {
    let day = 86_400;
    let feed = gauge_feed([
        (NOW, 1.0),
        (NOW + 20, 3.0),
        (NOW + 10, 2.0),
        (NOW + 20, 9.0),
        (NOW + day + 1, 4.0),
        (NOW + 30, 4.0),
    ]);
    let totals = feed.store.health().totals;
    assert_eq!((totals.late_values, totals.late_dropped_values), (1, 0));
    assert_eq!((totals.duplicate_values, totals.future_values), (1, 1));
    assert_eq!(totals.stored_values, 4);
    let means: Vec<f64> = feed
        .trace(0, NOW, NOW + 100, 100)
        .columns
        .iter()
        .map(|column| column.mean)
        .collect();
    assert_eq!(means, [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn a_time_of_1970_does_not_keep_later_values_out() {
    let feed = gauge_feed([(0, 1.0), (5, 1.0), (NOW, 2.0), (NOW + 10, 3.0)]);
    assert_eq!(feed.trace(0, NOW, NOW + 20, 100).columns.len(), 2);
    assert!(feed.trace(0, NOW, NOW + 20, 100).breaks.is_empty());
}

#[test]
fn a_value_almost_a_day_ahead_does_not_keep_normal_ones_out() {
    let mut feed = gauge_feed([(NOW + 86_000, 9.0)]);
    for n in 0..3_000 {
        feed.gauges(ListId(0), [(NOW + 10 * n, 1.0)]);
    }
    feed.absorb();
    assert_eq!(feed.store.usage().samples, 3_001);
    assert_eq!(
        feed.trace(0, NOW, NOW + 30_000, 500).stats.unwrap().count,
        3_000
    );
}

#[test]
fn a_line_breaks_at_a_gap_and_not_at_jitter() {
    let feed = gauge_feed([0, 10, 24, 48, 58, 84, 94].map(|n| (NOW + n, 1.0)));
    let trace = feed.trace(0, NOW, NOW + 100, 200);
    assert_eq!((trace.columns.len(), trace.breaks), (7, vec![5]));
}

#[test]
fn a_reset_breaks_the_line_and_is_marked() {
    let mut feed = Feed::new(MIB);
    let list = feed.list("h", "p", "derive", &[DsType::Derive]);
    for (n, value) in (0..).zip([100, 200, 300, 5, 105]) {
        feed.row(list, NOW + 10 * n, &[Value::Derive(value)]);
    }
    feed.absorb();
    let trace = feed.trace(0, NOW, NOW + 100, 200);
    assert_eq!(trace.resets, [CdTime::from_secs(NOW + 30)]);
    assert_eq!(trace.breaks, [2]);
    let stats = trace.stats.unwrap();
    assert_eq!(
        (stats.min, stats.max, stats.count),
        (10.0, 10.0, 3),
        "no spike"
    );
    assert_eq!(latest(&feed.store, 0), Some((NOW + 40, Some(10.0))));
}

#[test]
fn the_value_in_force_is_the_newest_before_and_none_inside_a_gap() {
    let feed = gauge_feed([(NOW, 1.0), (NOW + 10, 2.0), (NOW + 100, 3.0)]);
    for (secs, expected) in [
        (NOW - 1, None),
        (NOW, Some(1.0)),
        (NOW + 9, Some(1.0)),
        (NOW + 35, Some(2.0)),
        (NOW + 36, None),
        (NOW + 100, Some(3.0)),
    ] {
        let reading = feed
            .store
            .value_at(SeriesId(0), CdTime::from_secs(secs), Mode::Rate);
        assert_eq!(
            reading.and_then(|reading| reading.value),
            expected,
            "{secs}"
        );
    }
}

#[test]
fn a_line_reaches_the_edges_of_a_window_between_two_samples() {
    let feed = gauge_feed((0..10).map(|n| (NOW + 10 * n, 1.0)));
    let trace = feed.trace(0, NOW + 42, NOW + 48, 100);
    let times: Vec<u64> = trace
        .columns
        .iter()
        .map(|column| column.time.secs_nanos().0)
        .collect();
    assert_eq!(times, [NOW + 40, NOW + 50]);
    assert_eq!(trace.stats, None);
}

#[test]
fn a_window_that_moves_on_keeps_its_buckets() {
    let feed =
        gauge_feed((0..20_000).map(|n| (NOW + n, f64::from(u16::try_from(n % 97).unwrap()))));
    let inner = |from: u64| {
        let columns = feed.trace(0, from, from + 10_000, 101).columns;
        columns[2..columns.len() - 2].to_vec()
    };
    let (early, late) = (inner(NOW + 1_000), inner(NOW + 1_037));
    let shared = early.iter().filter(|column| late.contains(column)).count();
    assert!(shared >= early.len() - 1, "{shared} of {}", early.len());
}

#[test]
fn an_empty_question_has_an_empty_answer() {
    let feed = gauge_feed([(NOW, 1.0)]);
    for trace in [
        feed.trace(0, NOW, NOW, 100),
        feed.trace(0, NOW, NOW + 10, 0),
        feed.trace(9, NOW, NOW + 10, 9),
    ] {
        assert_eq!(trace, Trace::default());
    }
}

#[test]
fn the_oldest_samples_go_first_whichever_series_they_belong_to() {
    let mut feed = Feed::new(2 * MIB);
    let lists: Vec<ListId> = (0..4)
        .map(|n| feed.list(&format!("h{n}"), "p", "gauge", &[DsType::Gauge]))
        .collect();
    // 400,000 samples of 16 bytes, the series in turn, each for 5,000 samples.
    let start = NOW - 400_000;
    let mut oldest = Vec::new();
    for turn in 0..80 {
        let list = lists[turn % 4];
        feed.gauges(
            list,
            (0..5_000).map(|n| (start + 5_000 * turn as u64 + n, 1.0)),
        );
        feed.absorb();
        oldest.push(feed.store.usage().oldest.unwrap());
    }
    let usage = feed.store.usage();
    assert!(oldest.is_sorted());
    assert_eq!(
        usage.samples + feed.store.health().totals.evicted_samples,
        400_000
    );
    assert!(usage.bytes > usage.budget_bytes * 9 / 10, "{usage:?}");
    // What is left is the newest of all series together, but for what shared a block of 256 with
    // something older.
    let (from, to) = (usage.oldest.unwrap().secs_nanos().0, NOW);
    let kept: u64 = (0..4)
        .map(|id| {
            feed.trace(id, start, to, 1_000)
                .stats
                .map_or(0, |stats| stats.count)
        })
        .sum();
    assert_eq!(kept, usage.samples);
    assert!(to - from - kept <= 4 * 256, "{kept} of {}", to - from);
}

#[test]
fn a_series_that_speaks_rarely_keeps_its_newest_samples() {
    let mut feed = Feed::new(MIB);
    let slow = feed.list("slow", "p", "gauge", &[DsType::Gauge]);
    let fast = feed.list("fast", "p", "gauge", &[DsType::Gauge]);
    let start = NOW - 200_000;
    for n in 0..200_000 {
        if n % 1_000 == 0 {
            feed.gauges(slow, [(start + n, 1.0)]);
        }
        feed.gauges(fast, [(start + n, 2.0)]);
    }
    feed.absorb();
    assert!(feed.store.health().totals.evicted_samples > 100_000);
    assert_eq!(latest(&feed.store, 0), Some((NOW - 1_000, Some(1.0))));
    assert_eq!(latest(&feed.store, 1), Some((NOW - 1, Some(2.0))));
}

#[test]
fn a_flood_of_invented_names_is_refused_and_leaves_room_for_samples() {
    let mut feed = Feed::new(4 * MIB);
    let good = feed.list("good", "p", "gauge", &[DsType::Gauge]);
    feed.gauges(good, (0..1_000).map(|n| (NOW - 20_000 + 10 * n, 1.0)));
    feed.absorb();
    for round in 0..50 {
        for n in 0..1_000 {
            let list = feed.list(
                &format!("invented-{round}-{n}"),
                "p",
                "gauge",
                &[DsType::Gauge],
            );
            feed.gauges(list, [(NOW, 1.0)]);
        }
        feed.absorb();
    }
    let (usage, totals) = (feed.store.usage(), feed.store.health().totals);
    assert!(totals.refused_lists > 40_000, "{totals:?}");
    assert!(usage.series > 1_000 && usage.series < 10_000, "{usage:?}");
    feed.gauges(good, (0..1_000).map(|n| (NOW + 10 * n, 2.0)));
    feed.absorb();
    assert_eq!(
        feed.trace(0, NOW, NOW + 10_000, 2_000).stats.unwrap().count,
        1_000
    );
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
    assert_eq!(feed.store.notifications().count(), NOTIFICATIONS_MAX);
    let newest = feed.store.notifications().next_back().unwrap();
    assert_eq!(&*newest.message, format!("message {}", count - 1));
    assert_eq!(feed.store.health().totals.notifications, count as u64);
}

#[test]
fn rows_of_a_list_that_was_never_announced_harm_nobody() {
    let mut feed = gauge_feed([(NOW, 1.0)]);
    feed.row(
        ListId(u32::MAX),
        NOW + 10,
        &[Value::Gauge(5.0), Value::Gauge(6.0)],
    );
    feed.gauges(ListId(0), [(NOW + 10, 2.0)]);
    feed.absorb();
    assert_eq!(feed.store.health().totals.refused_lists, 1);
    assert_eq!(latest(&feed.store, 0), Some((NOW + 10, Some(2.0))));
}

#[test]
fn a_hundred_thousand_series_announced_one_by_one_are_no_burden() {
    let mut feed = Feed::new(256 * MIB);
    let began = Instant::now();
    for n in 0..100_000 {
        let host = format!("host-{}", n % 1_000);
        let list = feed.list(
            &host,
            &format!("p{}", n / 10_000),
            &format!("t{n}"),
            &[DsType::Gauge],
        );
        feed.gauges(list, [(NOW, 1.0)]);
        feed.absorb();
    }
    let taken = began.elapsed();
    println!(
        "100,000 series in 100,000 batches: {taken:?}, {:?}",
        feed.store.usage()
    );
    assert_eq!(feed.store.usage().series, 100_000);
    assert_eq!(feed.store.index().hosts().len(), 1_000);
    assert!(taken < Duration::from_secs(30), "{taken:?}");
}

#[test]
fn a_store_tells_what_a_value_and_a_trace_cost() {
    let mut feed = Feed::new(512 * MIB);
    let lists: Vec<ListId> = (0..1_000)
        .map(|n| {
            feed.list(
                &format!("h{}", n / 50),
                "p",
                &format!("t{n}"),
                &[DsType::Derive],
            )
        })
        .collect();
    feed.absorb();
    let (mut taken, mut count) = (Duration::ZERO, 0_u32);
    for secs in 0..500_u64 {
        for &list in &lists {
            feed.row(list, NOW + secs, &[Value::Derive((secs * 7).cast_signed())]);
        }
        count += 1_000;
        let began = Instant::now();
        feed.store
            .absorb(SOURCE, &feed.batch, CdTime::from_secs(NOW));
        taken += began.elapsed();
        feed.batch.clear();
    }
    println!("store: {:?} per value", taken / count);
    for kind in [DsType::Gauge, DsType::Derive] {
        let mut feed = Feed::new(64 * MIB);
        let list = feed.list("h", "p", "t", &[kind]);
        for secs in 0..86_400 {
            feed.row(
                list,
                NOW - 86_400 + secs,
                &[Value::from_bits(kind, secs * 1_000)],
            );
        }
        feed.absorb();
        let mut trace = feed.trace(0, NOW - 86_400, NOW, 1_200);
        let span = Span::new(CdTime::from_secs(NOW - 86_400), CdTime::from_secs(NOW));
        let began = Instant::now();
        for _ in 0..20 {
            feed.store
                .trace(SeriesId(0), span, 1_200, Mode::Rate, &mut trace);
        }
        println!(
            "trace of 86,400 {} samples: {:?}",
            kind.name(),
            began.elapsed() / 20
        );
        assert_eq!(
            trace.stats.unwrap().count,
            86_400 - u64::from(kind == DsType::Derive)
        );
        assert!(trace.columns.len() <= 1_202);
    }
}

// The slow, obvious way: every sample's value, then every bucket by itself.

struct Plain {
    time: CdTime,
    value: Option<f64>,
    breaks: bool,
}

fn plain_values(kind: DsType, samples: &[(u64, u64)], gap_max: u64) -> Vec<Plain> {
    let sample = |&(raw, bits): &(u64, u64)| Sample {
        time: CdTime::from_raw(raw),
        bits,
    };
    let bounds = Bounds::default();
    let mut plain = Vec::new();
    for (n, current) in samples.iter().enumerate() {
        let previous = n.checked_sub(1).map(|n| samples[n]);
        let previous = previous.filter(|previous| current.0 - previous.0 <= gap_max);
        let step = match previous {
            Some(previous) => rate::step(kind, sample(&previous), sample(current), bounds),
            None => rate::first(kind, sample(current), Interval::from_secs(10), bounds),
        };
        let time = CdTime::from_raw(current.0);
        plain.push(Plain {
            time,
            value: step.value(),
            breaks: previous.is_none(),
        });
    }
    plain
}

fn plain_trace(plain: &[Plain], span: Span, columns: usize) -> Trace {
    let width = span.width().raw().div_ceil(columns.max(2) as u64 - 1);
    let bucket = |time: CdTime| time.raw() / width;
    let (low, high) = (
        bucket(span.start),
        bucket(CdTime::from_raw(span.end.raw() - 1)),
    );
    let mut trace = Trace::default();
    // Does the line break anywhere between these two values?
    let broken = |from: usize, to: usize| {
        plain[from + 1..=to]
            .iter()
            .any(|p| p.breaks || p.value.is_none())
    };
    let mut last_used: Option<usize> = None;
    for number in low..=high {
        let inside: Vec<usize> = (0..plain.len())
            .filter(|&n| bucket(plain[n].time) == number && plain[n].value.is_some())
            .collect();
        let (Some(&first), Some(&last)) = (inside.first(), inside.last()) else {
            continue;
        };
        match last_used {
            Some(used) if broken(used, first) => trace.breaks.push(trace.columns.len()),
            Some(_) => {}
            None => {
                if let Some(lead) = first.checked_sub(1).filter(|&lead| !broken(lead, first))
                    && let Some(value) = plain[lead].value
                {
                    trace.columns.push(column(plain[lead].time, &[value]));
                }
            }
        }
        let values: Vec<f64> = inside.iter().filter_map(|&n| plain[n].value).collect();
        let middle = CdTime::from_raw(number * width + width / 2);
        let time = if inside.len() == 1 {
            plain[first].time
        } else {
            middle
        };
        trace.columns.push(column(time, &values));
        last_used = Some(last);
    }
    let next = plain.iter().position(|p| bucket(p.time) > high);
    if let Some(next) = next
        && let Some(before) = last_used.or(next.checked_sub(1))
        && !broken(before, next)
        && let (Some(a), Some(b)) = (plain[before].value, plain[next].value)
    {
        if last_used.is_none() {
            trace.columns.push(column(plain[before].time, &[a]));
        }
        trace.columns.push(column(plain[next].time, &[b]));
    }
    let drawn: Vec<f64> = plain
        .iter()
        .filter(|p| span.contains(p.time))
        .filter_map(|p| p.value)
        .collect();
    trace.stats = drawn.last().map(|&last| {
        let all = column(span.start, &drawn);
        let count = drawn.len() as u64;
        Stats {
            last,
            min: all.min,
            avg: all.mean,
            max: all.max,
            count,
        }
    });
    trace
}

fn column(time: CdTime, values: &[f64]) -> Column {
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = (values.iter().sum::<f64>() / values.len() as f64).clamp(min, max);
    Column {
        time,
        min,
        max,
        mean,
        count: u32::try_from(values.len()).unwrap(),
    }
}

fn steps() -> impl Strategy<Value = Vec<(u64, i64)>> {
    // Milliseconds since the sample before (sometimes a gap), and a change.
    let wait = prop_oneof![8 => 1_u64..20_000, 1 => 20_000_u64..300_000];
    prop::collection::vec((wait, -50_i64..200), 1..900)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_trace_equals_the_slow_obvious_way(
        steps in steps(),
        code in 0_u8..4,
        (from, width) in (0_u64..4_000_000, 1_u64..8_000_000),
        columns in 1_usize..300,
    ) {
        let kind = DsType::from_code(code).unwrap();
        let mut feed = Feed::new(64 * MIB);
        let list = feed.list("h", "p", "not_in_types_db", &[kind]);
        let (mut millis, mut value) = (NOW * 1_000, 1_000_i64);
        let mut samples = Vec::new();
        for (wait, change) in steps {
            millis += wait;
            value += change;
            let number = f64::from(i32::try_from(value).unwrap());
            let gauge = if change % 17 == 0 { f64::NAN } else { number };
            let bits = match kind {
                DsType::Gauge => gauge.to_bits(),
                _ => value.cast_unsigned(),
            };
            let time = CdTime::from_raw((millis << 30) / 1_000);
            let interval = Interval::from_secs(10);
            feed.batch.rows.push(Row { list, time, interval, values_count: 1 });
            feed.batch.values.push(bits);
            samples.push((time.raw(), bits));
        }
        feed.absorb();
        let at = |millis: u64| CdTime::from_raw(((NOW * 1_000 + millis) << 30) / 1_000);
        let span = Span::new(at(from), at(from + width));
        let mut trace = Trace::default();
        feed.store.trace(SeriesId(0), span, columns, Mode::Rate, &mut trace);
        let gap_max = Interval::from_secs(25).raw();
        let expected = plain_trace(&plain_values(kind, &samples, gap_max), span, columns);
        prop_assert!(trace.columns.len() <= columns.max(2) + 2);
        trace.resets.clear();
        prop_assert_eq!(trace, expected);
    }
}
