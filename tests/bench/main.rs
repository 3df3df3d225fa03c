//! Figures: how fast it is, in units that can be compared.
//!
//! `cargo bench` measures all, `cargo bench -- NAME` those whose name holds NAME, `--json` prints
//! one object a line, `--capture FILE` takes another capture than the one in `tests/data`. Run by
//! `cargo test` (no `--bench` among the arguments) it runs each once, to see that it still works.

#![allow(clippy::print_stdout, reason = "a bench reports on standard output")]

#[path = "../support/mod.rs"]
mod support;

use collectoscope::wire::{Event, decode};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A thing that is measured.
struct Bench {
    name: &'static str,
    /// The input, in words.
    input: &'static str,
    run: fn(&Options) -> Figure,
}

/// What came out.
struct Figure {
    /// The middle of all rounds, and the best.
    median: f64,
    best: f64,
    unit: &'static str,
    rounds: usize,
    /// Proves that the work was done, and done the same.
    checksum: u64,
}

/// What was asked for.
struct Options {
    /// Run once: we are only a test.
    once: bool,
    json: bool,
    names: Vec<String>,
    capture: PathBuf,
}

/// All of them. A new figure is a line here and a function below.
const BENCHES: &[Bench] = &[Bench {
    name: "decode",
    input: "datagrams of a capture of the daemon in memory, every value read",
    run: decode_figure,
}];

/// How long one figure is measured.
const MEASURED: Duration = Duration::from_secs(2);

fn main() {
    let options = options();
    for bench in BENCHES {
        if !options.names.is_empty() && !options.names.iter().any(|name| bench.name.contains(name))
        {
            continue;
        }
        let figure = (bench.run)(&options);
        if options.json {
            let Figure { median, best, unit, rounds, checksum } = figure;
            println!(
                "{}",
                serde_json::json!({
                    "name": bench.name, "unit": unit, "median": median, "best": best,
                    "rounds": rounds, "checksum": format!("{checksum:016x}"),
                })
            );
        } else {
            println!(
                "{:<12} {:>9.2} {} (best {:.2} of {} rounds, checksum {:016x}): {}",
                bench.name,
                figure.median,
                figure.unit,
                figure.best,
                figure.rounds,
                figure.checksum,
                bench.input
            );
        }
    }
}

fn options() -> Options {
    let mut options = Options {
        once: true,
        json: false,
        names: Vec::new(),
        capture: support::data("plain.pcap"),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // What cargo itself says when it runs a bench.
            "--bench" => options.once = false,
            "--json" => options.json = true,
            "--capture" => options.capture = args.next().map(PathBuf::from).unwrap_or_default(),
            name if !name.starts_with('-') => options.names.push(name.to_owned()),
            _ => {}
        }
    }
    options
}

/// Nanoseconds per value from datagram to values, borrowed.
fn decode_figure(options: &Options) -> Figure {
    let datagrams = support::datagrams(&options.capture);
    let (mut values, mut checksum) = (0_u64, 0);
    measure(options, "ns/value", || {
        (values, checksum) = (0, 0_u64);
        for datagram in &datagrams {
            decode(std::hint::black_box(datagram), &mut |event| {
                if let Event::Values(list) = event {
                    checksum = checksum.rotate_left(1) ^ list.time.raw();
                    checksum ^= list.names.type_instance.len() as u64;
                    for value in list.values.iter() {
                        values += 1;
                        checksum = checksum.wrapping_add(value.bits());
                    }
                }
            });
        }
        (values, checksum)
    })
}

/// Repeats `round`, which returns how many units it worked on and a checksum.
fn measure(options: &Options, unit: &'static str, mut round: impl FnMut() -> (u64, u64)) -> Figure {
    let (start, mut nanos_per_unit, mut checksum) = (Instant::now(), Vec::new(), 0);
    while nanos_per_unit.is_empty() || !options.once && start.elapsed() < MEASURED {
        let round_start = Instant::now();
        let (units, sum) = round();
        nanos_per_unit.push(round_start.elapsed().as_nanos() as f64 / units.max(1) as f64);
        checksum = sum;
    }
    nanos_per_unit.sort_by(f64::total_cmp);
    let rounds = nanos_per_unit.len();
    Figure {
        median: nanos_per_unit.get(rounds / 2).copied().unwrap_or_default(),
        best: nanos_per_unit.first().copied().unwrap_or_default(),
        unit,
        rounds,
        checksum,
    }
}
