//! From samples to columns.

use crate::feed::{Feed, NOW, Noise};
use crate::{Figure, MEASURED, Options, figure};
use collectoscope::ingest::ListId;
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Span, Value};
use collectoscope::store::{Mode, SeriesId, SourceId, Store, Trace};
use collectoscope::typesdb::TypesDb;
use std::time::Instant;

const SAMPLES: u64 = 86_400;
const COLUMNS: usize = 1_200;
const SERIES: u32 = 16;
const BUDGET_BYTES: usize = 1 << 30;

/// Name, type, DS type, what samples are late by less than, in units of 2⁻³⁰ s, and one of how many
/// gauges is a number.
type Kind = (&'static str, &'static str, DsType, u32, u64);
const KINDS: [Kind; 7] = [
    ("gauge", "load", DsType::Gauge, 1, 1),
    ("gauge, half unknown", "load", DsType::Gauge, 1, 2),
    ("derive", "if_octets", DsType::Derive, 1, 1),
    ("counter", "counter", DsType::Counter, 1, 1),
    ("absolute", "absolute", DsType::Absolute, 1, 1),
    ("gauge late", "load", DsType::Gauge, MILLISECOND, 1),
    ("derive late", "if_octets", DsType::Derive, MILLISECOND, 1),
];
const MILLISECOND: u32 = 1 << 20;

/// There is no trace to continue: as after zooming.
pub(crate) fn cold_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let measured = |days: u64, kind: Kind| {
        let (part, live) = (kind.0, Live::new(kind, days * samples(options)));
        let mut trace = Trace::default();
        timed(options, part, |round| {
            // Each time another series: what is in the caches of the machine is of no use.
            live.trace(round % SERIES, &mut trace);
            sum(&trace)
        })
    };
    let mut figures: Vec<Figure> = KINDS.map(|kind| measured(1, kind)).into();
    figures.push(measured(30, ("month late", "load", DsType::Gauge, MILLISECOND, 1)));
    Ok(figures)
}

/// Each series has its own trace, which is continued after a second and a sample.
pub(crate) fn warm_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let measured = |kind: Kind| {
        let (part, mut live) = (kind.0, Live::new(kind, samples(options)));
        let mut traces: Vec<Trace> = (0..SERIES).map(|_| Trace::default()).collect();
        for (id, trace) in (0..).zip(&mut traces) {
            live.trace(id, trace);
        }
        let (start, mut nanos, mut checksum) = (Instant::now(), Vec::new(), 0);
        while nanos.is_empty() || !options.once && start.elapsed() < MEASURED {
            live.second();
            let round = Instant::now();
            for (id, trace) in (0..).zip(&mut traces) {
                live.trace(id, trace);
            }
            nanos.push(round.elapsed().as_nanos() as f64 / f64::from(SERIES) / 1e3);
            if nanos.len() <= 16 {
                checksum = traces.iter().fold(checksum, |all, trace| all ^ sum(trace));
            }
        }
        figure(part, "µs", nanos, checksum)
    };
    Ok(KINDS.map(measured).into())
}

fn samples(options: &Options) -> u64 {
    if options.once { SAMPLES / 100 } else { SAMPLES }
}

/// Microseconds of each call of `run`, which is told its number; the checksum is of the first 16.
fn timed(options: &Options, part: &'static str, mut run: impl FnMut(u32) -> u64) -> Figure {
    let (start, mut micros, mut checksum) = (Instant::now(), Vec::new(), 0_u64);
    while micros.is_empty() || !options.once && start.elapsed() < MEASURED {
        let number = u32::try_from(micros.len()).unwrap_or_default();
        let round = Instant::now();
        let sum = run(number);
        micros.push(round.elapsed().as_nanos() as f64 / 1e3);
        if number < SERIES {
            checksum = checksum.rotate_left(1) ^ sum;
        }
    }
    figure(part, "µs", micros, checksum)
}

/// A store that time goes on in.
struct Live {
    store: Store,
    feed: Feed,
    kind: DsType,
    late_max: u32,
    known_every: u64,
    lists: Vec<(ListId, Noise, u64)>,
    secs: u64,
    span: Interval,
}

impl Live {
    fn new((_, type_, kind, late_max, known_every): Kind, samples: u64) -> Self {
        let mut feed = Feed::default();
        let lists = (0..SERIES).map(|n| {
            let id = Identifier::new("host", "plugin", &n.to_string(), type_, "");
            (feed.list(id, &[kind]), Noise::new(n.into()), 0_u64)
        });
        let lists = lists.collect();
        let store = Store::new(BUDGET_BYTES, TypesDb::built_in());
        let span = Interval::from_secs(samples);
        let mut live = Self { store, feed, kind, late_max, known_every, lists, secs: 0, span };
        (0..samples).for_each(|_| live.second());
        live
    }

    /// A sample of each series.
    fn second(&mut self) {
        for (list, noise, total) in &mut self.lists {
            *total += u64::from(noise.next());
            let value = match self.kind {
                DsType::Gauge if !self.secs.is_multiple_of(self.known_every) => {
                    Value::Gauge(f64::NAN)
                }
                DsType::Gauge => Value::Gauge(f64::from(noise.next()) / 100.0),
                DsType::Derive => Value::Derive(total.cast_signed()),
                DsType::Counter => Value::Counter(*total),
                DsType::Absolute => Value::Absolute(noise.next().into()),
            };
            let draw = u64::from(noise.next()) << 16 | u64::from(noise.next());
            let late = Interval::from_raw(draw % u64::from(self.late_max));
            let time = NOW.saturating_add(Interval::from_secs(self.secs)).saturating_add(late);
            self.feed.row(*list, time, Interval::from_secs(1), &[value]);
        }
        self.store.absorb(SourceId(0), &self.feed.batch, CdTime::MAX);
        self.feed.batch.clear();
        self.secs += 1;
    }

    /// The whole span, up to now.
    fn trace(&self, id: u32, trace: &mut Trace) {
        let end = NOW.saturating_add(Interval::from_secs(self.secs));
        let span = Span::new(end.saturating_sub(self.span), end);
        self.store.trace(SeriesId(id), span, COLUMNS, Mode::Rate, trace);
    }
}

fn sum(trace: &Trace) -> u64 {
    let add = |sum: u64, bits: u64| sum.rotate_left(1) ^ bits;
    let columns = trace.columns.iter().fold(0, |sum, column| {
        [column.min.to_bits(), column.max.to_bits(), column.mean.to_bits()]
            .into_iter()
            .fold(sum, add)
    });
    trace.stats.map_or(columns, |stats| add(columns, stats.count))
}
