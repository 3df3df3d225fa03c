//! From the socket to the store: the whole way in, with a real socket, thread and channel.

use crate::generator::{Generator, Order, Sent};
use crate::{Figure, Options, figure, used};
use collectoscope::metric::CdTime;
use collectoscope::source::receiver::{Receiver, ReceiverOptions};
use collectoscope::source::udp::UdpOptions;
use collectoscope::source::{Intake, Outlet, Running};
use collectoscope::store::{SourceId, Store, Totals};
use collectoscope::typesdb::TypesDb;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

/// Datagrams a second that are tried first.
const RATE_FIRST: f64 = 25_000.0;
/// Then so many times as many, until something is lost…
const RATE_FACTOR: f64 = 1.5;
/// …and between the last two, halved so often.
const HALVINGS: usize = 4;
/// How long a rate must hold.
const HELD: Duration = Duration::from_secs(2);
/// Batches that may wait, and how often they are fetched: as in the window.
pub(crate) const CHANNEL_BATCHES: usize = 64;
const DRAINED_EVERY: Duration = Duration::from_millis(33);
/// After the last datagram, this long nothing may come before the rest is taken for lost: the
/// kernel is asked every second what it dropped.
pub(crate) const QUIET: Duration = Duration::from_secs(3);

/// What came of one attempt.
struct Attempt {
    sent: Sent,
    totals: Totals,
    /// CPU of the receiver's thread and of the store.
    receiving: Duration,
    storing: Duration,
}

impl Attempt {
    /// Everything that was sent is stored.
    const fn is_whole(&self) -> bool {
        self.totals.stored_values == self.sent.values && self.totals.faults == 0
    }

    /// Whether what was sent is what was stored and what is said to be lost.
    fn check_account(&self) -> Result<(), String> {
        let Self { sent, totals, .. } = self;
        if totals.datagrams + totals.kernel_drops == sent.datagrams
            && totals.stored_values + totals.dropped_values == totals.values
        {
            return Ok(());
        }
        Err(format!("the account is wrong: {sent:?}, {totals:?}"))
    }

    /// Values lost on the way, in percent of all; of a datagram that the kernel dropped, as many as
    /// others have.
    fn lost_percent(&self) -> f64 {
        100.0 * (1.0 - self.totals.stored_values as f64 / self.sent.values.max(1) as f64)
    }

    fn each_nanos(&self, of: Duration) -> Vec<f64> {
        vec![of.as_nanos() as f64 / self.sent.datagrams.max(1) as f64]
    }
}

pub(crate) fn udp_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let held = if options.once { Duration::from_millis(50) } else { HELD };
    let try_rate = |rate: f64| {
        let attempt = attempt(options, rate, held)?;
        attempt.check_account()?;
        // A generator that falls behind tells nothing about the receiver.
        let is_good = attempt.is_whole() && attempt.sent.rate() > 0.9 * rate;
        Ok::<_, String>((attempt, is_good))
    };
    let (mut rate, mut best, mut rounds) = (RATE_FIRST, None, 0);
    let mut low = 0.0;
    while rounds < 20 && !(options.once && rounds > 0) {
        rounds += 1;
        let (attempt, is_good) = try_rate(rate)?;
        // As a test it asks whether the account is right, however busy the machine.
        if !is_good && !options.once {
            break;
        }
        low = attempt.sent.rate();
        best = Some(attempt);
        rate *= RATE_FACTOR;
    }
    let mut high = rate;
    for _ in 0..if options.once { 0 } else { HALVINGS } {
        rounds += 1;
        let middle = f64::midpoint(low, high);
        let (attempt, is_good) = try_rate(middle)?;
        if is_good {
            low = attempt.sent.rate();
            best = Some(attempt);
        } else {
            high = middle;
        }
    }
    let best = best.ok_or_else(|| format!("datagrams were lost already at {RATE_FIRST}/s"))?;
    let (double, _) = try_rate(2.0 * best.sent.rate())?;
    let [sum, all] = [best.sent.datagrams, double.sent.datagrams];
    let mut rate = figure("", "datagrams/s", vec![best.sent.rate()], sum);
    rate.rounds = rounds;
    let unit = "ns CPU/datagram";
    Ok(vec![
        rate,
        figure("receiving", unit, best.each_nanos(best.receiving), sum),
        figure("storing", unit, best.each_nanos(best.storing), sum),
        figure("sending", unit, best.each_nanos(best.sent.cpu), sum),
        figure("overload", "datagrams/s", vec![double.sent.rate()], all),
        figure("overload, lost", "%", vec![double.lost_percent()], all),
    ])
}

/// A receiver on a free port of 127.0.0.1, and where it is.
pub(crate) fn receiver(outlet: Outlet) -> Result<(Running, SocketAddr), String> {
    let udp = UdpOptions {
        listen: vec!["127.0.0.1:0".parse().map_err(|_| "an address")?],
        ..UdpOptions::default()
    };
    let receiver = Receiver::open(ReceiverOptions { udp, ..ReceiverOptions::default() });
    let bound = receiver.reports().first().and_then(|report| report.bound);
    let target = bound.ok_or("no socket")?;
    Ok((receiver.start(outlet).map_err(|error| error.to_string())?, target))
}

/// Sends at `rate` for as long as `held`, and waits for all of it to arrive.
fn attempt(options: &Options, rate: f64, held: Duration) -> Result<Attempt, String> {
    let (outlet, intake) = Outlet::new(CHANNEL_BATCHES, Box::new(|| ()));
    let (handle, target) = receiver(outlet)?;
    let generator = Generator::start(options, Order { target, rate, held })?;
    let (store, storing, sent) = drain(&intake, generator)?;
    let receiving = used::thread_named("udp");
    drop(handle);
    Ok(Attempt { sent, totals: store.health().totals, receiving, storing })
}

/// As the window does: what is ready, then a pause; until all that was sent is accounted for, or
/// nothing comes any more. The store, and its CPU.
fn drain(intake: &Intake, generator: Generator) -> Result<(Store, Duration, Sent), String> {
    let mut store = Store::new(512 << 20, TypesDb::built_in());
    let (mut heard, mut storing) = (Instant::now(), Duration::ZERO);
    let (mut generator, mut sent) = (Some(generator), None);
    loop {
        let begin = used::thread();
        while let Some(batch) = intake.next() {
            store.absorb(SourceId(0), &batch, CdTime::from_system(SystemTime::now()));
            intake.give_back(batch);
            heard = Instant::now();
        }
        storing += used::thread().saturating_sub(begin);
        if let Some(ended) = generator.take_if(Generator::is_finished) {
            sent = Some(ended.finish()?);
            heard = Instant::now();
        }
        let totals = &store.health().totals;
        let is_all = |sent: &Sent| totals.datagrams + totals.kernel_drops >= sent.datagrams;
        if let Some(sent) = sent.filter(|sent| is_all(sent) || heard.elapsed() > QUIET) {
            return Ok((store, storing, sent));
        }
        std::thread::sleep(DRAINED_EVERY);
    }
}
