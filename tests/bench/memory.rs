//! What samples and series take of memory.
//!
//! The samples are those of a capture, looped: copies of its hosts send its values again and
//! again, counters going on where they were, at times that go on, each as early or late as some
//! list of the capture was. A figure of the whole process is measured in a process of its own.

use crate::feed::{NOW, Noise, copied};
use crate::{Figure, Options, figure, support, used};
use collectoscope::ingest::{Batch, Ingest, Limits, Row};
use collectoscope::metric::{CdTime, DsType, Identifier, Interval, Names, Value};
use collectoscope::store::{SourceId, Store};
use collectoscope::typesdb::TypesDb;
use collectoscope::wire::{Encoder, Event, NAME_MAX_BYTES, SecurityLevel, Trust, decode};
use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

/// More than any of the workloads needs: nothing is evicted.
const BUDGET_BYTES: usize = 8 << 30;
/// Values a batch, as many as the receiver hands over under load.
const BATCH_VALUES: usize = 2_000;

/// How much is kept.
#[derive(Clone, Copy)]
struct Load {
    name: &'static str,
    series: usize,
    samples: u64,
    interval: Interval,
    lateness: Lateness,
}

/// How early or late values are.
#[derive(Clone, Copy, PartialEq)]
enum Lateness {
    /// As in the capture, which repeats itself every few seconds.
    Looped,
    /// As some value of the capture, another each time.
    Drawn,
}

const DAY: Load = Load {
    name: "day-looped",
    series: 1_000,
    samples: 86_400,
    interval: Interval::from_secs(1),
    lateness: Lateness::Looped,
};
const DAY_DRAWN: Load = Load { name: "day-drawn", lateness: Lateness::Drawn, ..DAY };
const HOUR: Load = Load {
    name: "100k-looped",
    series: 100_000,
    samples: 360,
    interval: Interval::from_secs(10),
    lateness: Lateness::Looped,
};
const HOUR_DRAWN: Load = Load { name: "100k-drawn", lateness: Lateness::Drawn, ..HOUR };
const TEN_MINUTES: Load = Load { name: "1m", series: 1_000_000, samples: 60, ..HOUR_DRAWN };

const LOADS: [Load; 5] = [DAY, DAY_DRAWN, HOUR, HOUR_DRAWN, TEN_MINUTES];

pub(crate) fn sample_figure(options: &Options) -> Result<Vec<Figure>, String> {
    if options.once {
        takes_the_longest_names()?;
    }
    let mut figures = Vec::new();
    for (part, process, load) in [("", "resident", DAY), ("drawn", "drawn resident", DAY_DRAWN)] {
        let taken = measured(options, load)?;
        for (part, bytes) in [(part, taken.account), (process, taken.resident)] {
            figures.push(figure(part, "B", vec![taken.each(bytes)], taken.checksum));
        }
    }
    Ok(figures)
}

/// Any capture may be given, also one that leaves no room in a name for the number of a copy.
fn takes_the_longest_names() -> Result<(), String> {
    let (mut encoder, mut datagrams) = (Encoder::default(), Vec::new());
    for ending in [b'x', b'y'] {
        let mut host = [b'h'; NAME_MAX_BYTES];
        host[NAME_MAX_BYTES - 1] = ending;
        let names = Names { host: &host, plugin: b"load", type_: b"load", ..Names::default() };
        let interval = Interval::from_secs(10);
        let pushed = encoder.push(&names, NOW, interval, &[Value::Gauge(1.0)], &mut |_| {});
        pushed.map_err(|error| error.to_string())?;
    }
    encoder.flush(&mut |datagram| datagrams.push(datagram.to_vec()));
    let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    file.write_all(&support::pcap(&datagrams)).map_err(|error| error.to_string())?;
    let options = Options { capture: file.path().to_owned(), ..Options::default() };
    measured(&options, DAY).map(|_| ())
}

pub(crate) fn hour_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let mut figures = measured(options, HOUR)?.process();
    let drawn = measured(options, HOUR_DRAWN)?;
    figures.push(figure("drawn", "MiB", vec![mib(drawn.resident)], drawn.checksum));
    Ok(figures)
}

pub(crate) fn ten_minutes_figure(options: &Options) -> Result<Vec<Figure>, String> {
    Ok(measured(options, TEN_MINUTES)?.process())
}

fn measured(options: &Options, load: Load) -> Result<Taken, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["--child", load.name, "--capture"]).arg(&options.capture);
    if !options.once {
        command.arg("--bench");
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let &[resident, account, samples, nanos, checksum] = numbers.as_slice() else {
        return Err(format!("the process said {text} {}", String::from_utf8_lossy(&output.stderr)));
    };
    Ok(Taken { resident, account, samples, nanos, checksum })
}

/// What the other process said.
struct Taken {
    resident: u64,
    /// By the store's own account.
    account: u64,
    samples: u64,
    /// Of the store alone.
    nanos: u64,
    checksum: u64,
}

impl Taken {
    fn process(&self) -> Vec<Figure> {
        vec![
            figure("", "MiB", vec![mib(self.resident)], self.checksum),
            figure("account", "MiB", vec![mib(self.account)], self.checksum),
            figure("store", "ns/value", vec![self.each(self.nanos)], self.checksum),
        ]
    }

    fn each(&self, of: u64) -> f64 {
        of as f64 / self.samples.max(1) as f64
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}

/// The other process: does the work and prints what it took.
pub(crate) fn child(options: &Options, name: &str) {
    let Some(&load) = LOADS.iter().find(|load| load.name == name) else {
        return;
    };
    let load = match options.once {
        true => Load { series: load.series.min(2_000), samples: load.samples.min(30), ..load },
        false => load,
    };
    let mut fleet = Fleet::new(options, load);
    for round in 0..load.samples {
        fleet.round(round);
    }
    let (usage, health) = (fleet.store.usage(), fleet.store.health());
    let resident = used::resident_bytes("self");
    assert_eq!(health.totals.evicted_samples, 0, "the budget is too small");
    println!(
        "{} {} {} {} {}",
        resident,
        usage.bytes,
        usage.samples,
        fleet.absorbing.as_nanos(),
        usage.samples ^ usage.series as u64
    );
    // The receiver's half of the memory was alive until now.
    drop(fleet.ingest);
}

/// A list of the capture.
struct Known {
    identifier: Identifier,
    kinds: Vec<DsType>,
    interval: Interval,
    rows: Vec<(CdTime, Vec<u64>)>,
}

/// Copies of the hosts of a capture, that go on sending.
struct Fleet {
    load: Load,
    store: Store,
    ingest: Ingest,
    known: Vec<Known>,
    /// Of all rows, in units of time, early or late.
    deviations: Vec<i64>,
    noise: Noise,
    batch: Batch,
    /// Which known list each list is a copy of.
    lists: Vec<u32>,
    /// Time that the store took.
    absorbing: Duration,
}

impl Fleet {
    fn new(options: &Options, load: Load) -> Self {
        let known = known_lists(options);
        let deviations = known.iter().flat_map(|list| {
            let own: Vec<i64> = (0..list.rows.len()).map(|n| list.deviation(n)).collect();
            own
        });
        let mut fleet = Self {
            load,
            store: Store::new(BUDGET_BYTES, TypesDb::built_in()),
            ingest: Ingest::with_limits(Limits { lists: 1_000_000, lists_per_sender: 1_000_000 }),
            deviations: deviations.collect(),
            known,
            noise: Noise::new(1),
            batch: Batch::default(),
            lists: Vec::new(),
            absorbing: Duration::ZERO,
        };
        fleet.announce();
        fleet
    }

    /// Names all lists, by the wire.
    fn announce(&mut self) {
        let (mut series, mut copy) = (0, 0);
        let mut encoder = Encoder::new(1_452);
        let sender = SocketAddr::from(([10, 0, 0, 1], 25_826));
        while series < self.load.series {
            for (number, list) in (0..).zip(&self.known) {
                if series >= self.load.series {
                    break;
                }
                series += list.kinds.len();
                let host = copied(list.identifier.host.as_bytes(), &format!("{copy}"));
                let names = Names { host: &host, ..list.identifier.names() };
                let kinds = list.kinds.iter();
                let values: Vec<_> = kinds.map(|&kind| Value::from_bits(kind, 0)).collect();
                let pushed = encoder.push(&names, NOW, list.interval, &values, &mut |datagram| {
                    self.ingest.datagram(datagram, sender, NOW, SecurityLevel::None);
                });
                pushed.expect("a name of a capture fits");
                self.lists.push(number);
            }
            copy += 1;
        }
        encoder.flush(&mut |datagram| {
            self.ingest.datagram(datagram, sender, NOW, SecurityLevel::None);
        });
        let mut batch = self.ingest.take(None);
        assert_eq!(batch.announced.len(), self.lists.len());
        batch.rows.clear();
        batch.values.clear();
        self.store.absorb(SourceId(0), &batch, CdTime::MAX);
    }

    /// One value list of each list.
    fn round(&mut self, round: u64) {
        let base = NOW.raw() + self.load.interval.raw() * round;
        let lists = std::mem::take(&mut self.lists);
        for (id, &number) in (0..).zip(&lists) {
            let Some(known) = self.known.get(usize::try_from(number).unwrap_or(usize::MAX)) else {
                continue;
            };
            let turn = round / known.rows.len() as u64;
            let position = usize::try_from(round % known.rows.len() as u64).unwrap_or(0);
            let Some((_, values)) = known.rows.get(position) else {
                continue;
            };
            let off = match self.load.lateness {
                Lateness::Looped => known.deviation(position),
                Lateness::Drawn => {
                    let draw = usize::from(self.noise.next()) << 8 ^ usize::from(self.noise.next());
                    self.deviations.get(draw % self.deviations.len()).copied().unwrap_or_default()
                }
            };
            self.batch.rows.push(Row {
                list: collectoscope::ingest::ListId(id),
                time: CdTime::from_raw(base.wrapping_add_signed(off)),
                interval: self.load.interval,
                values_count: u16::try_from(values.len()).unwrap_or(u16::MAX),
                trust: Trust::Plain,
            });
            let grown = (0..).zip(values).map(|(ds, &bits)| known.grown(ds, bits, turn));
            self.batch.values.extend(grown);
            if self.batch.values.len() >= BATCH_VALUES {
                self.absorb();
            }
        }
        self.lists = lists;
        self.absorb();
    }

    fn absorb(&mut self) {
        let start = Instant::now();
        self.store.absorb(SourceId(0), &self.batch, CdTime::MAX);
        self.absorbing += start.elapsed();
        self.batch.clear();
    }
}

impl Known {
    /// How far row `number` is off the grid of its list, at most half an interval.
    fn deviation(&self, number: usize) -> i64 {
        let times = self.rows.first().zip(self.rows.get(number));
        let Some((first, own)) = times.map(|(first, own)| (first.0.raw(), own.0.raw())) else {
            return 0;
        };
        let step = self.interval.raw().max(1);
        let off = own.wrapping_sub(first) % step;
        let off =
            if off > step / 2 { off.cast_signed() - step.cast_signed() } else { off.cast_signed() };
        off.clamp(-(step.cast_signed() / 3), step.cast_signed() / 3)
    }

    /// A value in a later turn: what counts goes on.
    fn grown(&self, ds: usize, bits: u64, turn: u64) -> u64 {
        match self.kinds.get(ds) {
            Some(DsType::Counter | DsType::Derive) => {
                let of = |row: Option<&(CdTime, Vec<u64>)>| {
                    row.and_then(|row| row.1.get(ds)).copied().unwrap_or_default()
                };
                let growth = of(self.rows.last()).wrapping_sub(of(self.rows.first()));
                bits.wrapping_add(growth.wrapping_mul(turn))
            }
            _ => bits,
        }
    }
}

fn known_lists(options: &Options) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    let mut places = HashMap::new();
    for datagram in support::datagrams(&options.capture) {
        decode(&datagram, &mut |event| {
            let Event::Values(list) = event else {
                return;
            };
            let identifier = Identifier::from_names(&list.names);
            let values: Vec<Value> = list.values.iter().collect();
            // What is no UTF-8 is longer once it is read as such, perhaps too long.
            let names = identifier.names();
            if Encoder::default().push(&names, NOW, list.interval, &values, &mut |_| {}).is_err() {
                return;
            }
            let kinds: Vec<DsType> = values.iter().copied().map(Value::ds_type).collect();
            let place = *places.entry((identifier.clone(), kinds.clone())).or_insert(known.len());
            if place == known.len() {
                let interval = list.interval;
                known.push(Known { identifier, kinds, interval, rows: Vec::new() });
            }
            let bits = values.into_iter().map(Value::bits).collect();
            if let Some(known) = known.get_mut(place) {
                known.rows.push((list.time, bits));
            }
        });
    }
    assert!(!known.is_empty(), "the capture holds no value lists");
    known
}
