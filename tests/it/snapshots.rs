//! Snapshots of the store: they say what the store said, and what they hold is counted.

use crate::feed::{Feed, MIB, NOW, noise};
use crate::memory::{allocated, check_account};
use collectoscope::ingest::ListId;
use collectoscope::metric::{CdTime, DsType, Interval, Span, Value};
use collectoscope::store::{Mode, SeriesId, Snapshot, Store, Trace};
use proptest::prelude::*;

fn span(from: u64, to: u64) -> Span {
    Span::new(CdTime::from_secs(from), CdTime::from_secs(to))
}

fn whole() -> Span {
    span(0, NOW + 10_000_000)
}

/// A store of `series` gauges and counters with `count` samples each, 10 s apart, now and then a
/// gap.
fn fed(budget_bytes: usize, series: u32, count: u64) -> Feed {
    let mut feed = Feed::new(budget_bytes);
    for n in 0..series {
        let kind = if n % 2 == 0 { DsType::Gauge } else { DsType::Derive };
        feed.list("h", &format!("p{n}"), kind.name(), &[kind]);
    }
    for n in 0..count {
        second(&mut feed, series, n);
        feed.absorb();
    }
    feed
}

/// A value of each series, the one numbered `n`.
fn second(feed: &mut Feed, series: u32, n: u64) {
    for list in 0..series {
        let seed = u64::from(list) << 32 | n;
        let value = match list % 2 {
            0 if seed.is_multiple_of(7) => Value::Gauge(f64::NAN),
            0 => Value::Gauge(noise(seed) / 1e4),
            _ => Value::Derive(i64::try_from(n * 1_000 + seed % 999).unwrap()),
        };
        feed.row(ListId(list), NOW + 10 * n + n / 300 * 1_000, &[value]);
    }
}

/// What both say of a series.
#[track_caller]
fn check(store: &Store, snapshot: &Snapshot, id: u32, span: Span, columns: usize) {
    for mode in [Mode::Rate, Mode::Raw] {
        let (mut theirs, mut ours) = (Trace::default(), Trace::default());
        store.trace(SeriesId(id), span, columns, mode, &mut theirs);
        snapshot.trace(SeriesId(id), span, columns, mode, &mut ours);
        assert!(ours == theirs, "{id}: {span:?} in {columns}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_trace_inside_its_span_is_the_stores(
        count in 1_u64..2_000,
        (from, width) in (0_u64..20_000, 1_u64..20_000),
        traces in prop::collection::vec((0.0..1.0, 0.0..1.0, 1_usize..300), 1..20),
    ) {
        let mut feed = fed(64 * MIB, 2, count);
        let all = span(NOW + from, NOW + from + width);
        let snapshot = feed.store.snapshot(all, [SeriesId(0), SeriesId(1)]).unwrap();
        for (start, part, columns) in traces {
            let start = all.start.saturating_add(all.width().mul_f64(start));
            let end = start.saturating_add(Interval::from_secs(1).max(all.end.since(start).mul_f64(part)));
            let inside = Span::new(start, end.min(all.end));
            check(&feed.store, &snapshot, 0, inside, columns);
            check(&feed.store, &snapshot, 1, inside, columns);
        }
        check(&feed.store, &snapshot, 0, all, 1_000);
    }
}

#[test]
fn it_stays_as_it_was_while_the_store_goes_on() {
    let mut feed = fed(64 * MIB, 3, 1_000);
    let samples = |store: &Store, id| store.samples(SeriesId(id)).collect::<Vec<_>>();
    let before: Vec<_> = (0..3).map(|id| samples(&feed.store, id)).collect();
    let latest = feed.store.latest(SeriesId(1), Mode::Rate);
    let snapshot = feed.store.snapshot(whole(), [2, 0, 1, 2, 9].map(SeriesId)).unwrap();
    assert!(snapshot.ids().eq([0, 1, 2].map(SeriesId)), "those that are known, once");
    for n in 1_000..2_000 {
        second(&mut feed, 3, n);
        feed.absorb();
    }
    feed.store.set_budget(0);
    assert_eq!(feed.store.usage().samples, 0);
    // On another thread: it is sent there.
    let thread = std::thread::Builder::new().name("reader".into());
    let thread = thread.spawn(move || {
        for (id, before) in (0..).zip(before) {
            assert!(snapshot.samples(SeriesId(id)).eq(before));
        }
        assert_eq!(snapshot.latest(SeriesId(1), Mode::Rate), latest);
        assert_eq!(snapshot.series(SeriesId(2)).unwrap().identifier.plugin.as_ref(), "p2");
        assert!(snapshot.series(SeriesId(9)).is_none());
    });
    thread.unwrap().join().unwrap();
}

#[test]
fn what_it_holds_beyond_the_store_is_counted_once_until_it_goes() {
    const SERIES: u32 = 1_000;
    let budget = 8 * MIB;
    let mut feed = Feed::new(budget);
    let mut truth = allocated(|| {
        for n in 0..SERIES {
            feed.list("h", &format!("p{n}"), "gauge", &[DsType::Gauge]);
        }
        feed.absorb();
    });
    let go_on = |feed: &mut Feed, from: u64, to: u64| {
        allocated(|| {
            for n in from..to {
                second(feed, SERIES, n);
                feed.absorb();
            }
            feed.batch = Default::default();
        })
    };
    let held = |feed: &Feed| feed.store.usage().bytes + feed.store.usage().lent_bytes;
    truth += go_on(&mut feed, 0, 2_000);
    check_account("full", truth, held(&feed));
    assert_eq!(feed.store.usage().lent_bytes, 0);
    let mut snapshots = Vec::new();
    truth += allocated(|| {
        // Half of the series twice: what both hold is counted once.
        for _ in 0..2 {
            let half = (0..SERIES / 4).map(SeriesId);
            snapshots.extend(feed.store.snapshot(whole(), half));
        }
    });
    assert_eq!(snapshots.len(), 2);
    check_account("with snapshots", truth, held(&feed));
    truth += go_on(&mut feed, 2_000, 6_000);
    let usage = feed.store.usage();
    check_account("flooded", truth, held(&feed));
    assert!(usage.bytes <= budget && usage.bytes > budget / 10 * 9, "{usage:?}");
    assert!(usage.lent_bytes > budget / 6 && usage.lent_bytes <= budget, "{usage:?}");
    truth += allocated(|| drop(snapshots.pop()));
    check_account("one is gone", truth, held(&feed));
    // Also while nothing comes.
    truth += allocated(|| {
        drop(snapshots);
        (0..4).for_each(|_| feed.store.release());
    });
    assert_eq!(feed.store.usage().lent_bytes, 0);
    check_account("both are gone", truth, held(&feed));
}

#[test]
fn all_together_come_to_hold_at_most_the_budget() {
    let mut feed = fed(MIB, 100, 2_000);
    let all = || (0..100).map(SeriesId);
    let first = feed.store.snapshot(whole(), all()).unwrap();
    assert!(feed.store.snapshot(whole(), all()).is_none());
    // One of few series still fits.
    let second = feed.store.snapshot(whole(), [SeriesId(0)]).unwrap();
    drop((first, second));
    assert!(feed.store.snapshot(whole(), all()).is_some());
}
