//! From samples to columns.

use crate::feed::{Feed, NOW, Noise};
use crate::{Figure, Options, measure};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Span, Value};
use collectoscope::store::{Mode, SeriesId, SourceId, Store, Trace};
use collectoscope::typesdb::TypesDb;

const SAMPLES: u64 = 86_400;
const COLUMNS: usize = 1_200;
/// 16 x 86,400 x 16 bytes are 22 MB.
const SERIES: u32 = 16;

pub(crate) fn trace_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let samples = if options.once { SAMPLES / 100 } else { SAMPLES };
    let parts = [
        ("gauge", "load", DsType::Gauge),
        ("derive", "if_octets", DsType::Derive),
        ("counter", "counter", DsType::Counter),
        ("absolute", "absolute", DsType::Absolute),
    ];
    let figures = parts.map(|(part, type_, kind)| {
        let store = filled(type_, kind, samples);
        let span = Span::new(NOW, NOW.saturating_add(Interval::from_secs(samples)));
        let (mut trace, mut id, mut checksum) = (Trace::default(), 0, 0);
        let mut figure = measure(options, part, "µs/trace", || {
            store.trace(SeriesId(id % SERIES), span, COLUMNS, Mode::Rate, &mut trace);
            if id < SERIES {
                checksum = sum(&trace, checksum);
            }
            id += 1;
            (1_000, checksum)
        });
        figure.checksum = checksum;
        figure
    });
    Ok(figures.into())
}

fn filled(type_: &str, kind: DsType, samples: u64) -> Store {
    let (mut store, mut feed) = (Store::new(512 << 20, TypesDb::built_in()), Feed::default());
    let lists = (0..SERIES).map(|n| {
        let id = Identifier::new("host", "plugin", &n.to_string(), type_, "");
        (feed.list(id, &[kind]), Noise::new(n.into()), 0_u64)
    });
    let mut lists: Vec<_> = lists.collect();
    for secs in 0..samples {
        for (list, noise, total) in &mut lists {
            *total += u64::from(noise.next());
            let value = match kind {
                DsType::Gauge => Value::Gauge(f64::from(noise.next()) / 100.0),
                DsType::Derive => Value::Derive(total.cast_signed()),
                DsType::Counter => Value::Counter(*total),
                DsType::Absolute => Value::Absolute(noise.next().into()),
            };
            let time = NOW.saturating_add(Interval::from_secs(secs));
            feed.row(*list, time, Interval::from_secs(1), &[value]);
        }
        store.absorb(SourceId(0), &feed.batch, CdTime::MAX);
        feed.batch.clear();
    }
    store
}

fn sum(trace: &Trace, start: u64) -> u64 {
    let add = |sum: u64, bits: u64| sum.rotate_left(1) ^ bits;
    let columns = trace.columns.iter().fold(start, |sum, column| {
        [column.min.to_bits(), column.max.to_bits(), column.mean.to_bits()]
            .into_iter()
            .fold(sum, add)
    });
    trace.stats.map_or(columns, |stats| add(columns, stats.count))
}
