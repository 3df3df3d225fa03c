//! Figures: how fast it is, in units that can be compared.
//!
//! `cargo bench` measures all, `cargo bench -- NAME…` those whose name holds a NAME, `--json`
//! prints one object a line, `--capture FILE` takes another capture than the one in `tests/data`.
//! `cargo bench -- --load` measures the whole way from a sender to a frame alone.
//! Run by `cargo test` (no `--bench` among the arguments) each is run once, and small, to see that
//! it still works.

#![allow(
    clippy::print_stdout,
    reason = "a bench reports on standard output, and gives up where it cannot measure"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod feed;
#[cfg(feature = "window")]
mod fleet;
#[cfg(feature = "window")]
mod flood;
#[cfg(feature = "window")]
mod frames;
mod generator;
#[cfg(feature = "window")]
mod load;
mod memory;
#[cfg(feature = "window")]
mod start;
#[path = "../support/mod.rs"]
mod support;
mod traces;
mod udp;
mod used;
#[cfg(feature = "window")]
mod window;
mod wire;

use mimalloc::MiMalloc;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// As the program has.
#[global_allocator]
static GLOBAL: MiMalloc = MiMalloc;

/// A thing that is measured.
struct Bench {
    name: &'static str,
    /// The input, in words.
    input: &'static str,
    /// Or why it cannot be measured here.
    run: fn(&Options) -> Result<Vec<Figure>, String>,
}

/// What came out.
struct Figure {
    /// Which part of the whole; empty where there is only one.
    part: &'static str,
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
    /// Run once, and small: we are only a test.
    once: bool,
    json: bool,
    names: Vec<String>,
    capture: PathBuf,
    /// Of the load: datagrams a second, and how long.
    rate: f64,
    secs: f64,
    /// We are the process of our own that this is measured in.
    child: Option<String>,
}

/// All of them. A new figure is an entry here and a function in a file beside this one.
const BENCHES: &[Bench] = &[
    Bench {
        name: "decode",
        input: "datagrams of a capture of the daemon in memory, every value read",
        run: wire::decode_figure,
    },
    Bench {
        name: "protected",
        input: "signed and encrypted datagrams of the daemon, opened and every value read; and \
                the cryptography alone over as many bytes",
        run: wire::protected_figure,
    },
    Bench {
        name: "decode_identify_1k_ns",
        input: "the same decoded, identified and gathered into batches of 64 datagrams",
        run: wire::identify_few_figure,
    },
    Bench {
        name: "decode_identify_1m_ns",
        input: "the same as if sent by so many times as many hosts, in turn, that there are \
                1,000,000 series",
        run: wire::identify_many_figure,
    },
    Bench {
        name: "store",
        input: "those batches absorbed by a store of 512 MiB, time moving on with every round",
        run: wire::store_figure,
    },
    Bench {
        name: "ingest_datagrams_per_s",
        input: "the capture's datagrams, each time with fresh times, sent by a process of its own \
                over the loopback at a fixed rate for 2 s: the highest without loss from socket \
                through receiver and channel to store, and the CPU of each; at twice that rate, \
                what is lost",
        run: udp::udp_figure,
    },
    Bench {
        name: "trace_cold_us",
        input: "86,400 samples of one series (1 s apart) into 1,200 columns, each time of another \
                of 16 series, unpacked from blocks; late: each by up to a millisecond; month: 30 \
                times as many",
        run: traces::cold_figure,
    },
    Bench {
        name: "trace_warm_us",
        input: "the same of 16 series in turn, each continued a second and a sample later",
        run: traces::warm_figure,
    },
    Bench {
        name: "bytes_per_sample",
        input: "by the store's own account, 1,000 series of the capture looped for 24 h at 1 s, \
                late as in the capture; late as some value of the capture, drawn anew",
        run: memory::sample_figure,
    },
    Bench {
        name: "rss_100k_mib",
        input: "resident, a process with receiver's tables and store: 100,000 series of the capture \
                looped for 1 h at 10 s, late as in the capture (drawn: as some value of it)",
        run: memory::hour_figure,
    },
    Bench {
        name: "rss_1m_mib",
        input: "the same, 1,000,000 series x 10 min x 10 s",
        run: memory::ten_minutes_figure,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "frame_50x10k_ms",
        input: "a frame of 1,280 x 800: one panel, 50 series x 10,000 samples, scrolling live",
        run: frames::one_panel,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "frame_24x4_ms",
        input: "a frame of 1,280 x 4,000: 24 panels x 4 series x 600 samples, scrolling live",
        run: frames::many_panels,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "frame_sidebar_1m_ms",
        input: "a frame of 1,280 x 800, live, with 1,000,000 series of 1,000 hosts in the tree, \
                one host open",
        run: frames::long_sidebar,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "frame_50_tiles_ms",
        input: "a frame of 1,280 x 4,000: a tab with 50 tiles of the user's, five in a row, x 4 \
                series x 600 samples, scrolling live",
        run: frames::tiles,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "layout_200_ms",
        input: "a layout of 200 panels, from text to tabs and back",
        run: frames::layout,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "start_50_panels_ms",
        input: "those 50 tiles opened from the text of their layout, over a store that holds their \
                series: reading, what follows from it, and frames of an egui that has drawn nothing \
                yet until all panels on screen are complete",
        run: start::start,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "frame_fleet_1k_ms",
        input: "a frame of 1,600 x 1,000, 60 a second: the table of 1,000 hosts x 47 series at 10 s, \
                the busiest first, absorbing what comes; scrolled: by three rows in each frame",
        run: fleet::fleet,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "pivot_1m_ms",
        input: "that tree turned from hosts to plugins or back by G: CPU of the two frames until it \
                is there",
        run: frames::pivot,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "filter_1m_ms",
        input: "one key typed into the filter above that tree: CPU of the frames until one shows what \
                matches; answered: all of the time until then",
        run: frames::filter,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "palette_100k_ms",
        input: "one key typed into the palette among 1,000 hosts x 100 plugin instances: CPU of the \
                frames until one shows what matches; answered: all of the time until then",
        run: frames::palette,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "window-start",
        input: "the program under Xvfb (software OpenGL): from start to its first frame",
        run: window::start,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "window-idle",
        input: "the program under Xvfb, hearing nothing: CPU of one core, over 20 s",
        run: window::idle,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "live_cpu_percent",
        input: "the program under Xvfb (software OpenGL), live, 12 panels x 4 series at 1 s, a \
                window of 10 minutes that is full: CPU of one core, over 20 s",
        run: window::live,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "lost_at_50k_with_window",
        input: "that window while another process sends 50,000 datagrams/s of the capture with \
                fresh times (1.5 million values/s) for 60 s: what is lost, and the CPU of its \
                thread for a frame, taking in aside, against 20 s without",
        run: flood::flood,
    },
    #[cfg(feature = "window")]
    Bench {
        name: "load",
        input: "another process sends the capture's datagrams with fresh times (`--rate N`, \
                `--secs N`; 50,000/s for 10 s) over the loopback to a receiver, a store and the \
                app, which draws 30 frames a second of 1,280 x 800 without a screen",
        run: load::load,
    },
];

/// How long one figure is measured.
const MEASURED: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let options = options();
    match &options.child {
        Some(name) if name.starts_with(generator::NAME) => generator::child(&options, name),
        Some(name) => memory::child(&options, name),
        None => return measure_all(&options),
    }
    ExitCode::SUCCESS
}

fn measure_all(options: &Options) -> ExitCode {
    let mut end = ExitCode::SUCCESS;
    for bench in BENCHES {
        let named = |name: &String| bench.name.contains(name.as_str());
        if !options.names.is_empty() && !options.names.iter().any(named) {
            continue;
        }
        match (bench.run)(options) {
            Ok(figures) => figures.iter().for_each(|figure| print(bench, figure, options.json)),
            Err(why) => {
                if options.json {
                    println!("{}", serde_json::json!({ "name": bench.name, "left_out": why }));
                } else {
                    println!("{:<24} left out: {why}", bench.name);
                }
                // A test that could not be made has not passed.
                if options.once {
                    end = ExitCode::FAILURE;
                }
            }
        }
    }
    end
}

fn print(bench: &Bench, figure: &Figure, json: bool) {
    let Figure { part, median, best, unit, rounds, checksum } = figure;
    let name = match *part {
        "" => bench.name.to_owned(),
        part => format!("{}/{part}", bench.name),
    };
    if json {
        println!(
            "{}",
            serde_json::json!({
                "name": name, "value": median, "unit": unit, "best": best, "rounds": rounds,
                "checksum": format!("{checksum:016x}"), "input": bench.input,
            })
        );
    } else {
        println!(
            "{name:<24} {median:>10.2} {unit} (best {best:.2} of {rounds} rounds, checksum \
             {checksum:016x}): {}",
            bench.input
        );
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            once: true,
            json: false,
            names: Vec::new(),
            capture: support::data("plain.pcap"),
            rate: 50_000.0,
            secs: 10.0,
            child: None,
        }
    }
}

fn options() -> Options {
    let mut options = Options::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // What cargo itself says when it runs a bench.
            "--bench" => options.once = false,
            "--json" => options.json = true,
            "--load" => options.names.push("load".to_owned()),
            "--rate" => options.rate = number(args.next()),
            "--secs" => options.secs = number(args.next()),
            "--child" => options.child = args.next(),
            "--capture" => options.capture = args.next().map(PathBuf::from).unwrap_or_default(),
            name if !name.starts_with('-') => options.names.push(name.to_owned()),
            _ => {}
        }
    }
    options
}

fn number(word: Option<String>) -> f64 {
    word.and_then(|word| word.parse().ok()).expect("a number behind --rate and --secs")
}

/// The figure of several rounds.
fn figure(part: &'static str, unit: &'static str, mut all: Vec<f64>, checksum: u64) -> Figure {
    all.sort_by(f64::total_cmp);
    let rounds = all.len();
    Figure {
        part,
        median: all.get(rounds / 2).copied().unwrap_or_default(),
        best: all.first().copied().unwrap_or_default(),
        unit,
        rounds,
        checksum,
    }
}

/// Repeats `round`, which returns how many units it worked on and a checksum; nanoseconds a unit.
fn measure(
    options: &Options,
    part: &'static str,
    unit: &'static str,
    mut round: impl FnMut() -> (u64, u64),
) -> Figure {
    let (start, mut nanos_per_unit, mut checksum) = (Instant::now(), Vec::new(), 0);
    while nanos_per_unit.is_empty() || !options.once && start.elapsed() < MEASURED {
        let round_start = Instant::now();
        let (units, sum) = round();
        nanos_per_unit.push(round_start.elapsed().as_nanos() as f64 / units.max(1) as f64);
        checksum = sum;
    }
    figure(part, unit, nanos_per_unit, checksum)
}
