//! From the socket to the store: the whole way in, with a real socket, thread and channel.

use crate::{Figure, Options, figure, support};
use collectoscope::ingest::Limits;
use collectoscope::metric::CdTime;
use collectoscope::source::receiver::{self, ReceiverHandle};
use collectoscope::source::udp::{UdpOptions, UdpSource};
use collectoscope::source::{Intake, Outlet};
use collectoscope::store::{SourceId, Store};
use collectoscope::typesdb::TypesDb;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

/// Datagrams a second that are tried first.
const RATE_FIRST: f64 = 10_000.0;
/// Then so many times as many, until something is lost…
const RATE_FACTOR: f64 = 1.5;
/// …and between the last two, halved so often.
const HALVINGS: usize = 4;
/// How long a rate must hold.
const HELD: Duration = Duration::from_secs(2);
/// Batches that may wait, and how often they are fetched: as in the window.
const CHANNEL_BATCHES: usize = 64;
const DRAINED_EVERY: Duration = Duration::from_millis(33);
/// After the last datagram, this long nothing may come before the rest is taken for lost.
const QUIET: Duration = Duration::from_millis(500);

/// What came of one attempt.
#[derive(Clone, Copy)]
struct Attempt {
    /// Datagrams a second that the sender managed.
    rate: f64,
    sent: u64,
    /// Values in what was sent, and those that were stored or refused with a reason.
    received: u64,
    lost_values: u64,
    /// CPU of receiver and store, in nanoseconds a datagram.
    cpu_nanos: f64,
}

impl Attempt {
    const fn is_whole(&self) -> bool {
        self.received == self.sent && self.lost_values == 0
    }
}

pub(crate) fn udp_figure(options: &Options) -> Result<Vec<Figure>, String> {
    let datagrams = support::datagrams(&options.capture);
    let held = if options.once { Duration::from_millis(50) } else { HELD };
    let try_rate = |rate: f64| attempt(&datagrams, rate, held).map_err(|error| error.to_string());
    let (mut rate, mut best, mut failed) = (RATE_FIRST, None::<Attempt>, None::<f64>);
    let mut rounds = 0;
    while failed.is_none() && rounds < 20 && !(options.once && rounds > 0) {
        rounds += 1;
        let attempt = try_rate(rate)?;
        // A sender that falls behind tells nothing about the receiver.
        if attempt.is_whole() && attempt.rate > 0.9 * rate {
            best = Some(attempt);
            rate *= RATE_FACTOR;
        } else {
            failed = Some(rate);
        }
    }
    let mut low = best.map_or(0.0, |attempt| attempt.rate);
    let mut high = failed.unwrap_or(rate);
    for _ in 0..if options.once { 0 } else { HALVINGS } {
        rounds += 1;
        let middle = f64::midpoint(low, high);
        let attempt = try_rate(middle)?;
        if attempt.is_whole() && attempt.rate > 0.9 * middle {
            low = middle;
            best = Some(attempt);
        } else {
            high = middle;
        }
    }
    let best = best.ok_or_else(|| format!("datagrams were lost already at {RATE_FIRST}/s"))?;
    let sent = best.sent;
    let mut rate = figure("rate", "datagrams/s", vec![best.rate], sent);
    let mut cpu = figure("cpu", "ns/datagram", vec![best.cpu_nanos], sent);
    (rate.rounds, cpu.rounds) = (rounds, 1);
    Ok(vec![rate, cpu])
}

/// Sends at `rate` for as long as `held`, and waits for all of it to arrive.
fn attempt(datagrams: &[Vec<u8>], rate: f64, held: Duration) -> std::io::Result<Attempt> {
    let mut source = UdpSource::open(&UdpOptions {
        listen: vec!["127.0.0.1:0".parse().map_err(std::io::Error::other)?],
        ..UdpOptions::default()
    });
    let bound = source.reports().first().and_then(|report| report.bound);
    let target = bound.ok_or_else(|| std::io::Error::other("no socket"))?;
    source.kernel_drops();
    let (outlet, intake) = Outlet::new(CHANNEL_BATCHES, Box::new(|| ()));
    let receiver = receiver::spawn(source, None, None, Limits::default(), outlet)?;
    let cpu_before = cpu_nanos();
    let (store, sender) = std::thread::scope(|scope| {
        let sender = scope.spawn(|| send(datagrams, target, rate, held));
        let store = drain(&intake, || sender.is_finished());
        (store, sender.join())
    });
    let cpu_after = cpu_nanos();
    drop::<ReceiverHandle>(receiver);
    let Sent { count, took, cpu } =
        sender.map_err(|_| std::io::Error::other("the sender failed"))??;
    let totals = store.health().totals;
    let work = cpu_after.saturating_sub(cpu_before).saturating_sub(cpu);
    Ok(Attempt {
        rate: count as f64 / took.as_secs_f64(),
        sent: count,
        received: totals.datagrams,
        lost_values: totals.dropped_values + totals.kernel_drops,
        cpu_nanos: work as f64 / count.max(1) as f64,
    })
}

/// As the window does: what is ready, then a pause; until the sender is done and all is quiet.
fn drain(intake: &Intake, is_done: impl Fn() -> bool) -> Store {
    let mut store = Store::new(512 << 20, TypesDb::built_in());
    let mut heard = Instant::now();
    loop {
        while let Some(batch) = intake.next() {
            store.absorb(SourceId(0), &batch, CdTime::from_system(SystemTime::now()));
            intake.give_back(batch);
            heard = Instant::now();
        }
        if !is_done() {
            heard = Instant::now();
        } else if heard.elapsed() > QUIET {
            return store;
        }
        std::thread::sleep(DRAINED_EVERY);
    }
}

/// What the sender did.
struct Sent {
    count: u64,
    took: Duration,
    /// CPU of its thread, in nanoseconds.
    cpu: u64,
}

fn send(
    datagrams: &[Vec<u8>],
    target: SocketAddr,
    rate: f64,
    held: Duration,
) -> std::io::Result<Sent> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(target)?;
    let (start, mut count) = (Instant::now(), 0_u64);
    let cpu_before = thread_cpu_nanos();
    for datagram in datagrams.iter().cycle() {
        let due = Duration::from_secs_f64(count as f64 / rate);
        let elapsed = start.elapsed();
        if elapsed >= held {
            break;
        }
        if due > elapsed {
            std::thread::sleep(due.saturating_sub(elapsed));
        }
        socket.send(datagram)?;
        count += 1;
    }
    Ok(Sent { count, took: start.elapsed(), cpu: thread_cpu_nanos().saturating_sub(cpu_before) })
}

/// CPU of this process so far; zero where the system does not tell.
fn cpu_nanos() -> u64 {
    clock_nanos(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// CPU of this thread so far; zero where the system does not tell.
fn thread_cpu_nanos() -> u64 {
    clock_nanos(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID)
}

fn clock_nanos(clock: nix::time::ClockId) -> u64 {
    let Ok(time) = nix::time::clock_gettime(clock) else {
        return 0;
    };
    u64::try_from(Duration::from(time).as_nanos()).unwrap_or(0)
}
