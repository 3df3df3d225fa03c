//! Memory of the store: true to the allocator, bounded under every kind of flood, and kept for
//! what is looked at.

use crate::feed::{Feed, MIB, NOW, SOURCE, latest, noise, random};
use collectoscope::ingest::{ListId, Row};
use collectoscope::metric::{CdTime, DsType, Interval, Span, Value};
use collectoscope::store::{Mode, STALE_MIN, SeriesId};
use collectoscope::wire::Trust;

/// What an allocation costs beside its bytes: a header of 8, and 4 until a multiple of 16.
const ALLOCATION_BYTES: i64 = 12;

/// Bytes that `fill` leaves allocated on this thread, with their overhead.
pub(crate) fn allocated(fill: impl FnOnce()) -> i64 {
    let counted = allocation_counter::measure(fill);
    counted.bytes_current + counted.count_current * ALLOCATION_BYTES
}

#[track_caller]
pub(crate) fn check_account(name: &str, truth: i64, account: usize) {
    let account = i64::try_from(account).unwrap();
    // Five percent, and the buffers of a few hash tables that were just grown.
    assert!((account - truth).abs() * 20 <= truth + 800_000, "{name}: {truth} {account}");
}

#[test]
fn the_store_says_what_the_allocator_says() {
    let mut feed = Feed::new(1_024 * MIB);
    let mut truth = allocated(|| {
        for host in 0..200 {
            for plugin in 0..10 {
                let (host, plugin) = (format!("host-{host}"), format!("plugin-{plugin}"));
                for type_ in 0..5 {
                    let kinds = [DsType::Gauge, DsType::Derive];
                    feed.list(&host, &plugin, &format!("type-{type_}"), &kinds);
                }
            }
        }
        feed.absorb();
        feed.batch = Default::default();
    });
    let names = feed.store.usage().bytes;
    check_account("20,000 series without samples", truth, names);
    assert!(names < 20_000 * 420, "{names}");
    for secs in 0..400_u64 {
        truth += allocated(|| {
            for list in 0..feed.lists {
                let seed = u64::from(list) << 32 | secs;
                let counter = i64::try_from(secs * 1_000).unwrap();
                // Half of the gauges stand still.
                let gauge = if list % 2 == 0 { 1.5 } else { noise(seed) / 1e4 };
                let values = [Value::Gauge(gauge), Value::Derive(counter)];
                jittered(&mut feed, ListId(list), NOW + 10 * secs, seed, &values);
            }
            feed.absorb();
            feed.batch = Default::default();
        });
    }
    let usage = feed.store.usage();
    check_account("20,000 series x 400 samples", truth, usage.bytes);
    assert_eq!(usage.samples, 8_000_000);
    truth += allocated(|| feed.store.set_budget(16 * MIB));
    check_account("after the budget was lowered", truth, feed.store.usage().bytes);
}

/// A row some milliseconds late, as a real daemon is.
fn jittered(feed: &mut Feed, list: ListId, secs: u64, seed: u64, values: &[Value]) {
    let late = Interval::from_secs_f64(noise(seed) / 4e11);
    feed.row(list, secs, values);
    if let Some(row) = feed.batch.rows.last_mut() {
        row.time = row.time.saturating_add(late);
    }
}

#[test]
fn a_lower_budget_takes_effect_at_once_and_a_higher_one_gives_room_again() {
    let mut feed = Feed::new(64 * MIB);
    let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
    feed.gauges(list, (0..500_000).map(|n| (NOW - 500_000 + n, noise(n))));
    feed.absorb();
    assert_eq!(feed.store.usage().samples, 500_000);
    feed.store.set_budget(MIB);
    let usage = feed.store.usage();
    assert!(usage.bytes <= MIB && usage.bytes > MIB * 8 / 10, "{usage:?}");
    assert_eq!(latest(&feed.store, 0), Some((NOW - 1, Some(noise(499_999)))));
    let kept = usage.samples;
    feed.store.set_budget(64 * MIB);
    feed.gauges(list, (0..50_000).map(|n| (NOW + n, noise(n))));
    feed.absorb();
    assert_eq!(feed.store.usage().samples, kept + 50_000);
}

#[test]
fn a_budget_below_what_one_host_needs_keeps_names_and_newest_samples() {
    let mut feed = Feed::new(400_000);
    for n in 0..2_000 {
        let list = feed.list("h", "p", &format!("t{n}"), &[DsType::Gauge]);
        feed.gauges(list, [(NOW, 1.0)]);
    }
    for secs in 1..200 {
        for n in 0..feed.lists {
            feed.gauges(ListId(n), [(NOW + secs, noise(secs))]);
        }
        feed.absorb();
    }
    let (usage, totals) = (feed.store.usage(), feed.store.health().totals);
    assert!(usage.series > 50 && usage.series < 500, "{usage:?}");
    assert!(totals.refused_lists > 0);
    assert_eq!(latest(&feed.store, 0), Some((NOW + 199, Some(noise(199)))));
    feed.store.set_budget(0);
    assert_eq!(feed.store.usage().samples, 0);
    feed.gauges(ListId(0), [(NOW + 300, 1.0)]);
    feed.store.absorb(SOURCE, &feed.batch, CdTime::from_secs(NOW));
    assert_eq!(feed.store.usage().samples, 0, "nothing fits, and nothing breaks");
}

/// First second of the samples of the shown series.
const THEN: u64 = NOW - 1_000_000;

/// A store of a MiB that knows an hour of one series, holds these windows of it, and is fed `count`
/// samples of another.
fn flooded(held: &[Span], count: u64) -> Feed {
    let mut feed = Feed::new(MIB);
    let shown = feed.list("shown", "p", "gauge", &[DsType::Gauge]);
    let other = feed.list("other", "p", "gauge", &[DsType::Gauge]);
    feed.gauges(shown, (0..3_600).map(|n| (THEN + n, noise(n))));
    feed.absorb();
    let views: Vec<_> = held.iter().map(|span| (*span, [SeriesId(0)])).collect();
    feed.store.hold(&views);
    for n in 0..count {
        feed.gauges(other, [(THEN + 3_600 + n, noise(n))]);
        if n % 1_000 == 0 {
            feed.absorb();
        }
    }
    feed.absorb();
    feed
}

fn window(from: u64, to: u64) -> Span {
    Span::new(CdTime::from_secs(from), CdTime::from_secs(to))
}

fn kept(feed: &Feed, id: u32, from: u64, to: u64) -> u64 {
    feed.trace(id, from, to, 100).stats.map_or(0, |stats| stats.count)
}

#[test]
fn what_a_view_that_stands_still_shows_is_held_while_the_rest_goes() {
    let shown = |feed: &Feed| kept(feed, 0, THEN + 1_000, THEN + 2_000);
    assert_eq!(shown(&flooded(&[], 400_000)), 0);
    let mut feed = flooded(&[window(THEN + 1_000, THEN + 2_000)], 400_000);
    assert_eq!(shown(&feed), 1_000);
    assert_eq!(kept(&feed, 0, THEN, THEN + 400), 0, "before the window");
    assert!(kept(&feed, 0, THEN + 2_600, THEN + 3_600) <= 8, "after it, but for the newest");
    feed.store.release();
    feed.gauges(ListId(1), (400_000..410_000).map(|n| (THEN + 3_600 + n, noise(n))));
    feed.absorb();
    assert_eq!(shown(&feed), 0, "released, they are the oldest");
}

#[test]
fn two_views_that_stand_still_hold_what_each_shows() {
    let [early, late] = [window(THEN + 400, THEN + 700), window(THEN + 2_500, THEN + 2_800)];
    let feed = flooded(&[late, early], 400_000);
    for span in [early, late] {
        let (from, to) = (span.start.secs_nanos().0, span.end.secs_nanos().0);
        assert_eq!(kept(&feed, 0, from, to), 300);
    }
    assert_eq!(kept(&feed, 0, THEN + 1_200, THEN + 1_800), 0, "between them");
    // As many as there are bits, and more hold nothing rather than something else.
    let many: Vec<_> = (0..70).map(|_| early).chain([late]).collect();
    let feed = flooded(&many, 400_000);
    assert_eq!(kept(&feed, 0, THEN + 400, THEN + 700), 300);
    assert_eq!(kept(&feed, 0, THEN + 2_500, THEN + 2_800), 0);
}

#[test]
fn what_is_held_takes_at_most_its_part_of_the_budget() {
    let mut feed = Feed::new(MIB);
    let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
    feed.store.hold(&[(window(0, NOW + 10_000_000), [SeriesId(0)])]);
    for n in 0..500_000 {
        feed.gauges(list, [(NOW - 500_000 + n, noise(n))]);
        if n % 1_000 == 0 {
            feed.absorb();
        }
    }
    feed.absorb();
    let whole = kept(&feed, 0, NOW - 500_000, NOW);
    let start = kept(&feed, 0, NOW - 500_000, NOW - 250_000);
    let end = kept(&feed, 0, NOW - 50_000, NOW);
    assert!(start > whole / 3 && start < whole * 2 / 3, "{start} of {whole}");
    assert_eq!(end, 50_000, "new ones have room");
}

/// Feeds a series whose interval is another with every sample, so that each is a block of its own.
fn of_changing_intervals(budget_bytes: usize, count: u64, is_held: bool) -> Feed {
    let mut feed = Feed::new(budget_bytes);
    let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
    if is_held {
        feed.store.hold(&[(window(0, NOW + 10_000_000), [SeriesId(0)])]);
    }
    for n in 0..count {
        feed.gauges(list, [(NOW - count + n, 1.0)]);
        if let Some(row) = feed.batch.rows.last_mut() {
            row.interval = Interval::from_secs(10 + n % 2);
        }
        if n % 1_000 == 0 {
            feed.absorb();
        }
    }
    feed.absorb();
    feed
}

#[test]
fn blocks_of_one_sample_that_are_held_leave_room_for_new_ones() {
    let feed = of_changing_intervals(MIB, 50_000, true);
    let times: Vec<u64> =
        feed.store.samples(SeriesId(0)).map(|sample| sample.time.secs_nanos().0).collect();
    let old = times.iter().filter(|&&time| time < NOW - 40_000).count();
    assert!(old > times.len() / 3 && old < times.len() * 2 / 3, "{old} of {}", times.len());
    assert_eq!(times.last(), Some(&(NOW - 1)));
}

/// A sender can do that. Where evicting one block moved all others, this would take minutes.
#[test]
fn many_blocks_of_one_sample_go_one_by_one() {
    let feed = of_changing_intervals(16 * MIB, 600_000, false);
    let usage = feed.store.usage();
    assert!(usage.samples > 80_000 && usage.samples < 200_000, "{usage:?}");
    assert_eq!(feed.store.samples(SeriesId(0)).count() as u64, usage.samples);
}

#[test]
fn series_that_are_silent_for_long_make_room_for_new_names() {
    let mut feed = Feed::new(4 * MIB);
    let good = feed.list("good", "p", "gauge", &[DsType::Gauge]);
    // It came more than once.
    feed.gauges(good, [(NOW - 20, 0.0), (NOW - 10, 0.0)]);
    let mut hours = 0;
    let mut seen = 0;
    let absorb = |feed: &mut Feed, hours: u64| {
        let now = CdTime::from_secs(NOW + hours * 3_600);
        feed.store.absorb(SOURCE, &feed.batch, now);
        feed.batch.clear();
        let usage = feed.store.usage();
        assert!(usage.bytes <= usage.budget_bytes, "{usage:?}");
    };
    for _ in 0..30 {
        for _ in 0..2_000 {
            let list =
                feed.list(&format!("invented-{}", feed.lists), "p", "gauge", &[DsType::Gauge]);
            feed.gauges(list, [(NOW + hours * 3_600, 1.0)]);
        }
        feed.gauges(good, [(NOW + hours * 3_600, hours as f64)]);
        absorb(&mut feed, hours);
        seen = seen.max(feed.store.usage().series);
        hours += 1;
    }
    let totals = feed.store.health().totals;
    assert!(totals.forgotten_series > 5_000, "{totals:?}");
    assert!(seen > 2_000 && seen < 8_000, "{seen}");
    assert_eq!(latest(&feed.store, 0), Some((NOW + 29 * 3_600, Some(29.0))), "the good one stays");
    let known: usize = feed.store.index().hosts().len();
    assert_eq!(known, feed.store.usage().series);
    assert!(feed.store.ids().all(|id| feed.store.series(id).is_some()));

    // One that was forgotten comes back when it is announced anew, under another number.
    let before = feed.store.usage().series;
    let gone = SeriesId(1);
    assert!(feed.store.series(gone).is_none() && feed.store.latest(gone, Mode::Raw).is_none());
    feed.gauges(ListId(1), [(NOW + hours * 3_600, 5.0)]);
    absorb(&mut feed, hours);
    assert_eq!(feed.store.health().totals.refused_lists, totals.refused_lists + 1);
    hours += STALE_MIN.secs_nanos().0 / 3_600 + 1;
    let announced = collectoscope::ingest::Announced {
        list: ListId(1),
        sender: feed.sender.into(),
        identifier: collectoscope::metric::Identifier::new("invented-1", "p", "", "gauge", ""),
        kinds: [DsType::Gauge].into(),
    };
    feed.batch.announced.push(announced);
    feed.gauges(ListId(1), [(NOW + hours * 3_600, 5.0)]);
    absorb(&mut feed, hours);
    assert!(feed.store.usage().series <= before + 1);
    let host = feed.store.index().host("invented-1").unwrap();
    let id = host.plugins[0].lists[0].series[0];
    assert_ne!(id, gone);
    assert_eq!(feed.store.latest(id, Mode::Raw).unwrap().value, Some(5.0));
}

#[test]
fn a_number_used_again_for_a_list_that_is_refused_feeds_nobody() {
    let mut feed = Feed::new(MIB);
    let [stays, gone] = ["stays", "gone"].map(|host| {
        let list = feed.list(host, "p", "gauge", &[DsType::Gauge]);
        feed.gauges(list, [(NOW, 1.0)]);
        list
    });
    feed.absorb();
    let announced = |list: ListId, host: &str| collectoscope::ingest::Announced {
        list,
        sender: [10, 0, 0, 1].into(),
        identifier: collectoscope::metric::Identifier::new(host, "p", "", "gauge", ""),
        kinds: [DsType::Gauge].into(),
    };
    // One is announced again as it is known, the other's number now means one there is no room for.
    let long = "another".repeat(MIB / 7);
    feed.batch.announced = vec![announced(stays, "stays"), announced(gone, &long)];
    feed.gauges(stays, [(NOW + 10, 2.0)]);
    feed.gauges(gone, [(NOW + 10, 3.0)]);
    let before = feed.store.health().totals.refused_lists;
    feed.absorb();
    assert_eq!(latest(&feed.store, 0), Some((NOW + 10, Some(2.0))));
    assert_eq!(latest(&feed.store, 1), Some((NOW, Some(1.0))));
    assert_eq!(feed.store.health().totals.refused_lists, before + 1);

    // The number is used for one and another, and takes no more room than the first time.
    let bytes = feed.store.usage().bytes;
    for turn in 0..1_000 {
        let host = if turn % 2 == 0 { &long } else { "gone" };
        feed.batch.announced = vec![announced(gone, host)];
        feed.absorb();
    }
    assert_eq!(feed.store.usage().bytes, bytes);
}

#[test]
fn a_series_that_is_being_announced_is_not_forgotten_for_room() {
    let mut feed = Feed::new(MIB);
    let add = |feed: &mut Feed, host: String| {
        let list = feed.list(&host, "p", "gauge", &[DsType::Gauge]);
        feed.gauges(list, [(NOW, 1.0)]);
        list
    };
    let old: Vec<ListId> = (0..100).map(|n| add(&mut feed, format!("old-{n}"))).collect();
    feed.absorb();
    let mut live = Vec::new();
    while feed.store.health().totals.refused_lists == 0 {
        live.push(add(&mut feed, format!("live-{}", live.len())));
        feed.absorb();
    }
    let later = NOW + 3 * 3_600;
    let now = CdTime::from_secs(later);
    for &list in &live {
        feed.gauges(list, [(later, 2.0)]);
    }
    feed.store.absorb(SOURCE, &feed.batch, now);
    feed.batch.clear();
    // With a value more than before, for which there is no room until some are forgotten.
    let again = feed.list("old-0", "p", "gauge", &[DsType::Gauge; 2]);
    assert!(again > old[99]);
    feed.row(again, later, &[Value::Gauge(3.0), Value::Gauge(4.0)]);
    feed.store.absorb(SOURCE, &feed.batch, now);
    feed.batch.clear();
    assert!(feed.store.health().totals.forgotten_series > 0);
    assert!(feed.store.index().host("old-0").is_some());
    let names = feed.store.ids().map(|id| feed.store.series(id).unwrap().identifier.host.len());
    assert!(names.min() > Some(0), "all have a name");
    assert_eq!(latest(&feed.store, 0), Some((later, Some(3.0))));
}

/// The kinds of flood, each with all that a stranger can choose.
fn flood(feed: &mut Feed, kind: u64, turn: u64) {
    if feed.lists > 20_000 {
        // Numbers are used again, as by a receiver at its limit that forgets.
        feed.lists = 50;
    }
    let list = ListId(u32::try_from(turn % 50).unwrap());
    let seed = turn << 8;
    for n in 0..500_u64 {
        let now = NOW + turn * 10;
        let any = random(seed + n);
        let pick = usize::try_from(any % 4).unwrap();
        let (secs, interval) = match kind {
            // Names, each once.
            0 => {
                let host = format!("invented-{turn}-{n}");
                let list = feed.list(&host, "p", "gauge", &[DsType::Gauge]);
                feed.gauges(list, [(now, noise(seed + n))]);
                continue;
            }
            // Steady data.
            1 => (now + n, 1),
            // An interval that changes with every value: none, a second, a day, all of time.
            2 => (now + n, [0, 1, 86_400, 1 << 33][pick]),
            // Times of 1970, of the far future, and a clock that jumps a day back and forth.
            3 => ([n, 1 << 33, now + 80_000, now][pick] + n, 10),
            // Times in no order.
            4 => (now.saturating_sub(any % 10_000), 10),
            // The same moment again and again.
            _ => (now, 10),
        };
        let row = Row {
            list,
            time: CdTime::from_secs(secs),
            interval: Interval::from_secs(interval),
            values_count: 1,
            trust: Trust::Plain,
        };
        feed.batch.rows.push(row);
        feed.batch.values.push(noise(any).to_bits());
    }
}

/// Seconds of every kind of flood under a budget of 4 MiB. An hour of it by hand:
/// `COLLECTOSCOPE_SOAK_TURNS=200000 cargo test --release --test it -- soak`.
#[test]
fn no_flood_takes_more_than_the_budget_soak() {
    let turns = std::env::var("COLLECTOSCOPE_SOAK_TURNS").ok().and_then(|n| n.parse().ok());
    let turns: u64 = turns.unwrap_or(150);
    for kind in 0..6 {
        let mut feed = Feed::new(4 * MIB);
        let mut truth = allocated(|| {
            for n in 0..50 {
                feed.list("h", "p", &format!("t{n}"), &[DsType::Gauge]);
            }
            feed.absorb();
        });
        let mut most = 0;
        for turn in 0..turns {
            truth += allocated(|| {
                flood(&mut feed, kind, turn);
                let now = CdTime::from_secs(NOW + turn * 10);
                feed.store.absorb(SOURCE, &feed.batch, now);
                feed.batch = Default::default();
            });
            most = most.max(truth);
            let usage = feed.store.usage();
            assert!(usage.bytes <= usage.budget_bytes, "{kind} {turn}: {usage:?}");
            if turn % 16 == 0 {
                let at = NOW + turn * 10;
                let trace = feed.trace((turn % 50) as u32, at - 5_000, at + 5_000, 200);
                assert!(trace.columns.len() <= 202);
            }
        }
        let totals = feed.store.health().totals;
        println!(
            "flood {kind}: {most} bytes at most, {:?}, {} values stored, {} series forgotten, {} \
             lists refused",
            feed.store.usage(),
            totals.stored_values,
            totals.forgotten_series,
            totals.refused_lists
        );
        assert!(most < 4_600_000, "{kind}: {most} bytes were allocated");
    }
}
