//! Traces: what is drawn, compared with the slow, obvious way.

use crate::feed::{Feed, MIB, NOW, gauge_feed, latest, noise, random};
use collectoscope::ingest::Row;
use collectoscope::metric::{CdTime, DsType, Interval, Span, Value};
use collectoscope::rate::{self, Bounds, Outcome, Sample};
use collectoscope::store::{Column, Mode, SeriesId, Stats, Trace};
use collectoscope::wire::Trust;
use proptest::prelude::*;

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
    assert_eq!((stats.min, stats.max, stats.count), (10.0, 10.0, 3), "no spike");
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
        let reading = feed.store.value_at(SeriesId(0), CdTime::from_secs(secs), Mode::Rate);
        assert_eq!(reading.and_then(|reading| reading.value), expected, "{secs}");
    }
}

#[test]
fn a_line_reaches_the_edges_of_a_window_between_two_samples() {
    let feed = gauge_feed((0..10).map(|n| (NOW + 10 * n, 1.0)));
    let trace = feed.trace(0, NOW + 42, NOW + 48, 100);
    let times: Vec<u64> = trace.columns.iter().map(|column| column.time.secs_nanos().0).collect();
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
fn what_passes_the_ends_of_its_integers_is_drawn_sealed_as_it_was_open() {
    let mut feed = Feed::new(MIB);
    let list = feed.list("h", "p", "not_in_types_db", &[DsType::Derive]);
    let (mut open, mut value) = (Vec::new(), i64::MAX - 59);
    for n in 0..400 {
        feed.row(list, NOW + 10 * n, &[Value::Derive(value)]);
        feed.absorb();
        value = value.wrapping_add(1);
        open.push(feed.store.latest(SeriesId(0), Mode::Rate).and_then(|one| one.value));
    }
    let fall = open.iter().flatten().copied().fold(0.0, f64::min);
    assert!(fall < -1e18, "the one that fell");
    let trace = feed.trace(0, NOW, NOW + 4_000, 1_000);
    let drawn: Vec<f64> = trace.columns.iter().map(|column| column.mean).collect();
    assert!(drawn == open.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn a_trace_is_made_anew_when_it_turns_out_how_often_samples_come() {
    let mut feed = Feed::new(MIB);
    let list = feed.list("h", "p", "gauge", &[DsType::Gauge]);
    let mut trace = Trace::default();
    let span = Span::new(CdTime::from_secs(NOW), CdTime::from_secs(NOW + 2_000));
    for secs in [0, 1].into_iter().chain((61..1_500).step_by(60)) {
        feed.row(list, NOW + secs, &[Value::Gauge(1.0)]);
        feed.batch.rows.last_mut().unwrap().interval = Interval::ZERO;
        feed.absorb();
        feed.store.trace(SeriesId(0), span, 1_000, Mode::Rate, &mut trace);
        let mut afresh = Trace::default();
        feed.store.trace(SeriesId(0), span, 1_000, Mode::Rate, &mut afresh);
        assert!(trace == afresh, "{secs}: {}", difference(&trace, &afresh));
    }
}

#[test]
fn a_trace_of_less_in_the_same_buckets_has_no_more_columns() {
    let feed = gauge_feed((0..200).map(|n| (NOW + n, 1.0)));
    let mut trace = Trace::default();
    for (secs, columns) in [(100, 101), (50, 51), (100, 101)] {
        let span = Span::new(CdTime::from_secs(NOW), CdTime::from_secs(NOW + secs));
        feed.store.trace(SeriesId(0), span, columns, Mode::Rate, &mut trace);
        let mut afresh = Trace::default();
        feed.store.trace(SeriesId(0), span, columns, Mode::Rate, &mut afresh);
        assert!(trace == afresh, "{secs}: {}", difference(&trace, &afresh));
        assert!(trace.columns.len() <= columns + 2);
    }
}

// The slow, obvious way: every sample's value, then every bucket by itself.

struct Plain {
    time: CdTime,
    value: Option<f64>,
    breaks: bool,
    reset: bool,
}

fn plain_values(
    (kind, mode, bounds): (DsType, Mode, Bounds),
    samples: &[(u64, u64)],
    gap_max: u64,
) -> Vec<Plain> {
    let sample = |&(raw, bits): &(u64, u64)| Sample { time: CdTime::from_raw(raw), bits };
    let mut plain = Vec::new();
    for (n, current) in samples.iter().enumerate() {
        let previous = n.checked_sub(1).map(|n| samples[n]);
        let previous = previous.filter(|previous| current.0 - previous.0 <= gap_max);
        let step = match previous {
            Some(previous) => rate::between(kind, sample(&previous), sample(current), bounds),
            None => rate::first(kind, sample(current), Interval::from_secs(10), bounds),
        };
        let value = match mode {
            Mode::Rate => step.value(),
            Mode::Raw => Some(rate::raw(kind, current.1)).filter(|value| value.is_finite()),
        };
        let time = CdTime::from_raw(current.0);
        let reset = step == Outcome::Reset && mode == Mode::Rate;
        plain.push(Plain { time, value, breaks: previous.is_none(), reset });
    }
    plain
}

fn plain_trace(plain: &[Plain], span: Span, columns: usize) -> Trace {
    let width = span.width().raw().div_ceil(columns.max(2) as u64 - 1);
    let bucket = |time: CdTime| time.raw() / width;
    let (low, high) = (bucket(span.start), bucket(CdTime::from_raw(span.end.raw() - 1)));
    let mut trace = Trace::default();
    // Does the line break anywhere between these two values?
    let broken =
        |from: usize, to: usize| plain[from + 1..=to].iter().any(|p| p.breaks || p.value.is_none());
    let mut last_used: Option<usize> = None;
    for number in low..=high {
        let here = |n: &usize| bucket(plain[*n].time) == number;
        let reset = (0..plain.len()).filter(here).find(|&n| plain[n].reset);
        trace.resets.extend(reset.map(|n| plain[n].time));
        let inside: Vec<usize> =
            (0..plain.len()).filter(here).filter(|&n| plain[n].value.is_some()).collect();
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
        let time = if inside.len() == 1 { plain[first].time } else { middle };
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
    trace.stats = plain_stats(plain, span);
    trace
}

fn plain_stats(plain: &[Plain], span: Span) -> Option<Stats> {
    let drawn: Vec<f64> =
        plain.iter().filter(|p| span.contains(p.time)).filter_map(|p| p.value).collect();
    drawn.last().map(|&last| {
        let all = column(span.start, &drawn);
        let count = drawn.len() as u64;
        Stats { last, min: all.min, avg: all.mean, max: all.max, count }
    })
}

fn column(time: CdTime, values: &[f64]) -> Column {
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = (values.iter().sum::<f64>() / values.len() as f64).clamp(min, max);
    Column { time, min, max, mean, count: u32::try_from(values.len()).unwrap() }
}

fn steps() -> impl Strategy<Value = Vec<(u64, i64)>> {
    // Milliseconds since the sample before (sometimes a gap), and a change.
    let wait = prop_oneof![80 => 1_u64..20_000, 1 => 20_000_u64..300_000];
    prop_oneof![
        3 => prop::collection::vec((wait.clone(), -50_i64..200), 1..900),
        // Long enough for large blocks, and without so many resets and gaps that no block could
        // be added by its summary.
        1 => prop::collection::vec((1_u64..20_000, 0_i64..200), 1_500..3_000),
        1 => prop::collection::vec((1_u64..20_000, prop_oneof![50 => Just(0_i64), 1 => -50_i64..200]), 500..3_000),
    ]
}

/// Where a counter begins: also shortly before it has 33 bits, passes the end of its integers or
/// passes zero.
fn starts() -> impl Strategy<Value = i64> {
    let narrow = i64::from(u32::MAX);
    prop_oneof![5 => Just(1_000), 1 => Just(narrow - 700), 1 => Just(i64::MAX - 700), 1 => Just(-700)]
}

/// Which gauges are undefined: one run of `run` gauges in `one_of`, by chance.
#[derive(Clone, Copy, Debug)]
struct Undefined {
    run: u64,
    one_of: u64,
}

impl Undefined {
    const RARELY: Self = Self { run: 1, one_of: 40 };

    fn is(self, number: u64) -> bool {
        random(number / self.run).is_multiple_of(self.one_of)
    }
}

/// Also every other one, long runs in which nothing else comes, and nothing but such.
fn undefined() -> impl Strategy<Value = Undefined> {
    let run = prop_oneof![Just(1_u64), 1_u64..20, 100_u64..1_500];
    let one_of = prop_oneof![3 => Just(2_u64), 1 => Just(1_u64), 1 => Just(40_u64)];
    (run, one_of).prop_map(|(run, one_of)| Undefined { run, one_of })
}

/// A series and what it was fed.
struct Fed {
    feed: Feed,
    kind: DsType,
    undefined: Undefined,
    bounds: Bounds,
    list: collectoscope::ingest::ListId,
    millis: u64,
    start: i64,
    value: i64,
    samples: Vec<(u64, u64)>,
}

impl Fed {
    /// Counts from `start`; a gauge says how far it has come.
    fn new(kind: DsType, is_known: bool, start: i64) -> Self {
        let mut feed = Feed::new(64 * MIB);
        // The type of the same name, of which types.db says that it cannot be negative, or none.
        let type_ = if is_known { kind.name() } else { "not_in_types_db" };
        let positive = is_known && matches!(kind, DsType::Derive | DsType::Absolute);
        let bounds = Bounds { min: positive.then_some(0.0), max: None };
        let list = feed.list("h", "p", type_, &[kind]);
        let (millis, value, samples) = (NOW * 1_000, start, Vec::new());
        let undefined = Undefined::RARELY;
        Self { feed, kind, undefined, bounds, list, millis, start, value, samples }
    }

    fn add(&mut self, steps: &[(u64, i64)]) {
        for &(wait, change) in steps {
            self.millis += wait;
            self.value = self.value.wrapping_add(change);
            let number = f64::from(i32::try_from(self.value.wrapping_sub(self.start)).unwrap());
            let count = self.samples.len() as u64;
            let gauge = match self.undefined.is(count) {
                true => [f64::NAN, f64::INFINITY, -f64::NAN][(random(count) % 3) as usize],
                false => number,
            };
            let bits = match self.kind {
                DsType::Gauge => gauge.to_bits(),
                _ => self.value.cast_unsigned(),
            };
            let time = CdTime::from_raw((self.millis << 30) / 1_000);
            self.put(time, bits);
        }
        self.feed.absorb();
    }

    fn put(&mut self, time: CdTime, bits: u64) {
        let (list, interval) = (self.list, Interval::from_secs(10));
        let row = Row { list, time, interval, values_count: 1, trust: Trust::Plain };
        self.feed.batch.rows.push(row);
        self.feed.batch.values.push(bits);
        let at = self.samples.partition_point(|&(known, _)| known < time.raw());
        self.samples.insert(at, (time.raw(), bits));
    }

    /// Compares a trace into `trace` with the slow, obvious one.
    fn check(&self, span: Span, columns: usize, mode: Mode, trace: &mut Trace) {
        self.feed.store.trace(SeriesId(0), span, columns, mode, trace);
        let gap_max = Interval::from_secs(25).raw();
        let expected = plain_values((self.kind, mode, self.bounds), &self.samples, gap_max);
        let expected = plain_trace(&expected, span, columns);
        assert!(trace.columns.len() <= columns.max(2) + 2);
        let mut mine = trace.clone();
        // Sums of floats depend on their order.
        let settle = |mine: &mut f64, theirs: f64| {
            if (*mine - theirs).abs() <= 1e-9 * theirs.abs().max(1.0) {
                *mine = theirs;
            }
        };
        if let (Some(mine), Some(theirs)) = (&mut mine.stats, &expected.stats) {
            settle(&mut mine.avg, theirs.avg);
        }
        for (mine, theirs) in mine.columns.iter_mut().zip(&expected.columns) {
            settle(&mut mine.mean, theirs.mean);
        }
        assert!(mine == expected, "{span:?} in {columns}: {}", difference(&mine, &expected));
        // What was continued is what would be made afresh.
        let mut afresh = Trace::default();
        self.feed.store.trace(SeriesId(0), span, columns, mode, &mut afresh);
        for (a, b) in trace.columns.iter().zip(&mut afresh.columns) {
            settle(&mut b.mean, a.mean);
        }
        if let (Some(a), Some(b)) = (&trace.stats, &mut afresh.stats) {
            settle(&mut b.avg, a.avg);
        }
        assert!(*trace == afresh, "{span:?} in {columns}: {}", difference(trace, &afresh));
    }
}

/// The first thing in which two traces differ.
fn difference(a: &Trace, b: &Trace) -> String {
    let column = a.columns.iter().zip(&b.columns).position(|(a, b)| a != b);
    if let Some(at) = column {
        return format!("column {at} is {:?}, not {:?}", a.columns[at], b.columns[at]);
    }
    let counts = |trace: &Trace| (trace.columns.len(), trace.breaks.clone(), trace.resets.clone());
    format!("{:?} {:?}, not {:?} {:?}", counts(a), a.stats, counts(b), b.stats)
}

fn at(millis: u64) -> CdTime {
    CdTime::from_raw(((NOW * 1_000 + millis) << 30) / 1_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Gauges of which many are undefined: large blocks in wide buckets, and in none.
    #[test]
    fn a_trace_of_gauges_that_are_undefined_equals_the_slow_obvious_way(
        steps in prop::collection::vec((1_u64..12_000, 0_i64..200), 1_000..4_000),
        undefined in undefined(),
        (from, width) in (0_u64..8_000_000, 1_u64..40_000_000),
        columns in 1_usize..60,
        is_raw in any::<bool>(),
    ) {
        let mut fed = Fed::new(DsType::Gauge, true, 1_000);
        fed.undefined = undefined;
        fed.add(&steps);
        let mode = if is_raw { Mode::Raw } else { Mode::Rate };
        fed.check(Span::new(at(from), at(from + width)), columns, mode, &mut Trace::default());
    }

    #[test]
    fn a_trace_equals_the_slow_obvious_way(
        steps in steps(),
        code in 0_u8..4,
        (from, width) in (0_u64..4_000_000, 1_u64..8_000_000),
        columns in 1_usize..300,
        (is_known, is_raw) in any::<(bool, bool)>(),
        start in starts(),
        undefined in undefined(),
    ) {
        let kind = DsType::from_code(code).unwrap();
        let mode = if is_raw { Mode::Raw } else { Mode::Rate };
        let mut fed = Fed::new(kind, is_known, start);
        fed.undefined = undefined;
        fed.add(&steps);
        fed.check(Span::new(at(from), at(from + width)), columns, mode, &mut Trace::default());
    }

    /// As a window does that follows the present: it moves on by little or much, at times back,
    /// samples come between two looks at it, some of them late.
    #[test]
    fn a_trace_that_is_continued_equals_the_slow_obvious_way(
        steps in steps(),
        moves in prop::collection::vec((1_usize..200, 0_u64..400_000, 0_u8..20), 1..30),
        code in 0_u8..4,
        width in 1_u64..4_000_000,
        columns in 1_usize..200,
        start in starts(),
        undefined in undefined(),
    ) {
        let mut fed = Fed::new(DsType::from_code(code).unwrap(), true, start);
        fed.undefined = undefined;
        let (mut trace, mut end, mut rest) = (Trace::default(), width, steps.as_slice());
        for (count, step, what) in moves {
            let (some, others) = rest.split_at(count.min(rest.len()));
            rest = others;
            fed.add(some);
            if what == 0 && let Some(&(last, _)) = fed.samples.last() {
                // Less than any distance of two: to the newest there is always room.
                fed.put(CdTime::from_raw(last - 1), 77);
                fed.feed.absorb();
            }
            end = if what == 1 { end.saturating_sub(step).max(width) } else { end + step };
            let end = if what % 3 == 2 { fed.millis - NOW * 1_000 } else { end };
            let span = Span::new(at(end.saturating_sub(width)), at(end));
            fed.check(span, columns, Mode::Rate, &mut trace);
        }
    }

    /// Of what is left when the oldest went, or when what a view shows was held while later ones
    /// went.
    #[test]
    fn a_trace_after_others_needed_the_room_is_of_what_is_left(
        steps in steps(),
        held in prop::option::of((0_u64..4_000_000, 1_u64..4_000_000)),
        (percent, others) in (0_usize..100, 0_u64..8_000),
        code in 0_u8..4,
        (from, width, columns) in (0_u64..4_000_000, 1_u64..8_000_000, 1_usize..300),
        start in starts(),
        undefined in undefined(),
    ) {
        let mut fed = Fed::new(DsType::from_code(code).unwrap(), true, start);
        fed.undefined = undefined;
        let other = fed.feed.list("other", "p", "gauge", &[DsType::Gauge]);
        fed.add(&steps);
        if let Some((start, width)) = held {
            fed.feed.store.hold(&[(Span::new(at(start), at(start + width)), [SeriesId(0)])]);
        }
        let bytes = fed.feed.store.usage().bytes;
        // Names stay, and buffers.
        fed.feed.store.set_budget(24_000 + bytes * percent / 200);
        for n in 0..others {
            fed.feed.gauges(other, [(NOW + n, noise(n) / 7.0)]);
            if n % 100 == 0 {
                fed.feed.absorb();
            }
        }
        fed.feed.absorb();
        let store = &fed.feed.store;
        let is_left = |&(raw, _): &(u64, u64)| {
            let time = CdTime::from_raw(raw);
            store.value_at(SeriesId(0), time, Mode::Raw).is_some_and(|found| found.time == time)
        };
        let before = fed.samples.len() as u64 + others;
        fed.samples.retain(is_left);
        let (usage, totals) = (store.usage(), store.health().totals);
        prop_assert_eq!(usage.samples + totals.evicted_samples, before);
        prop_assert!(usage.samples >= fed.samples.len() as u64);
        for mode in [Mode::Rate, Mode::Raw] {
            let span = Span::new(at(from), at(from + width));
            fed.check(span, columns, mode, &mut Trace::default());
        }
    }
}
