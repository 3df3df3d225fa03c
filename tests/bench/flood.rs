//! The real window while a fleet sends as fast as it can.

use crate::generator::{Generator, Order};
use crate::window::{Desktop, full, pass, status};
use crate::{Figure, Options, figure, used};
use std::path::Path;
use std::time::{Duration, Instant};

/// Datagrams a second.
const RATE: f64 = 50_000.0;
const FLOOD: Duration = Duration::from_secs(60);
/// The same window without a flood, before it.
const CALM: Duration = Duration::from_secs(20);
/// Longest wait until what was sent is accounted for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the program says of itself, since it started.
#[derive(Clone, Copy, Default)]
struct Told {
    datagrams: u64,
    frames: u64,
    lost_datagrams: u64,
    lost_values: u64,
    faults: u64,
    draw_millis: f64,
    absorb_millis: f64,
}

impl Told {
    fn read(path: &Path) -> Result<Self, String> {
        let status = status(path).ok_or("no status")?;
        let whole = |name: &str| status.get(name).and_then(serde_json::Value::as_u64);
        let count = |name: &str| whole(name).ok_or_else(|| format!("no {name} in the status"));
        let millis = |name: &str| {
            let value = status.get(name).and_then(serde_json::Value::as_f64);
            value.ok_or_else(|| format!("no {name} in the status"))
        };
        Ok(Self {
            datagrams: count("datagrams")?,
            frames: count("frames")?,
            lost_datagrams: count("lost_datagrams")?,
            lost_values: count("lost_values")?,
            faults: count("faults")?,
            draw_millis: millis("draw_millis")?,
            absorb_millis: millis("absorb_millis")?,
        })
    }

    /// CPU of all that is not taking in, a frame.
    fn frame_millis(&self, since: &Self) -> f64 {
        let frames = self.frames.saturating_sub(since.frames).max(1);
        (self.draw_millis - since.draw_millis) / frames as f64
    }
}

pub(crate) fn flood(options: &Options) -> Result<Vec<Figure>, String> {
    let secs = Duration::from_secs;
    let (calm, flood, rate) = match options.once {
        true => (secs(2), secs(2), 1_000.0),
        false => (CALM, FLOOD, RATE),
    };
    let desktop = Desktop::open()?;
    let (program, mut sender) = full(&desktop)?;
    let file = desktop.status_file();
    let told = || Told::read(&file);
    pass(secs(3), &mut || sender.send(0));
    let begin = told()?;
    pass(calm, &mut || sender.send(0));
    let before = told()?;
    let start = Instant::now();
    let order = Order { target: sender.target, rate, held: flood };
    let mut generator = Generator::start(options, order)?;
    pass(flood, &mut || sender.send(0));
    let after = told()?;
    let took = start.elapsed().as_secs_f64();
    while !generator.is_finished() {
        std::thread::sleep(Duration::from_millis(50));
    }
    let sent = generator.finish()?;
    // Our own datagrams stop meanwhile, so that what is still to come is the generator's.
    let own = sender.datagrams;
    let waiting = Instant::now();
    let mut end = told()?;
    while end.datagrams + end.lost_datagrams < sent.datagrams + own && waiting.elapsed() < PATIENCE
    {
        std::thread::sleep(Duration::from_millis(200));
        end = told()?;
    }
    let missing = (sent.datagrams + own).abs_diff(end.datagrams + end.lost_datagrams);
    if missing > 0 {
        return Err(format!("{missing} datagrams are neither received nor said to be lost"));
    }
    let (still, moving) = (before.frame_millis(&begin), after.frame_millis(&before));
    let drawn = after.frames.saturating_sub(before.frames);
    let one = |part, unit, value: f64| figure(part, unit, vec![value], sent.datagrams);
    let absorbing = (after.absorb_millis - before.absorb_millis) / (took * 10.0);
    let resident = used::resident_bytes(&program.0.id().to_string());
    let figures = [
        ("", "datagrams and values", (end.lost_datagrams + end.lost_values) as f64),
        ("in the kernel", "datagrams", end.lost_datagrams as f64),
        ("in the channel", "values", end.lost_values as f64),
        ("faults", "faults", end.faults as f64),
        ("sent", "datagrams/s", sent.rate()),
        ("frame, calm", "ms CPU/frame", still),
        ("frame", "ms CPU/frame", moving),
        ("frame, more", "%", 100.0 * (moving / still - 1.0)),
        ("frames", "frames/s", drawn as f64 / took),
        ("absorbing", "% CPU", absorbing),
        ("resident", "MiB", resident as f64 / f64::from(1 << 20)),
    ];
    Ok(figures.into_iter().map(|(part, unit, value)| one(part, unit, value)).collect())
}
