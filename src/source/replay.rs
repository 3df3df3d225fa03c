//! The replay thread: a capture to batches, at the pace of the capture or as fast as it is read.
//!
//! It feeds the other side as the receiver does, but waits for room instead of losing anything.
//! [`Progress`] is the capture's clock and tells how far it is. Joined on drop.

use super::Outlet;
use super::auth::AuthFile;
use super::capture::{Capture, CaptureError, Counts, Step};
use super::udp::{BYTES_PER_TURN_MAX, Datagram};
use crate::ingest::{Ingest, Limits};
use crate::metric::{CdTime, Interval};
use crate::store::SLACK;
use crate::view::replay::{Replay, Speed, Stage};
use crate::wire::SecurityLevel;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long anything is waited for at once: also how long a stop may take.
const WAIT: Duration = Duration::from_millis(200);
/// Packets further apart are not of one clock: it was set, or the machine had none.
const PACKET_STEP_MAX: Interval = Interval::from_secs(86_400);
/// A batch holds no more of the capture's time than this: hosts are heard when it arrived.
const BATCH_TIME_MAX: Interval = Interval::from_secs(1);

/// A running replay. Dropping it ends the thread, within about 200 ms.
#[derive(Debug)]
pub struct ReplayHandle {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What to replay, and how.
pub struct ReplayOptions {
    /// Already open.
    pub capture: Capture,
    /// How fast.
    pub speed: Speed,
    /// For what is signed or encrypted.
    pub auth: Option<AuthFile>,
    /// The least protection that is taken.
    pub level: SecurityLevel,
    /// How many names are taken.
    pub limits: Limits,
}

/// The capture's clock, and how far the replay is; shared with the thread.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    name: String,
    live: bool,
    speed: Speed,
    started: Instant,
    /// Times are units of [`CdTime`], zero where there is none yet.
    first: AtomicU64,
    newest: AtomicU64,
    /// What a running clock would have shown at `started`.
    base: AtomicU64,
    end: OnceLock<End>,
}

/// How a replay ended.
#[derive(Debug)]
pub struct End {
    /// Where the clock stands.
    pub time: CdTime,
    /// What was there.
    pub counts: Counts,
    /// Why it did not go on to the end.
    pub error: Option<CaptureError>,
}

/// Starts the thread "replay".
pub fn spawn(options: ReplayOptions, outlet: Outlet) -> io::Result<(ReplayHandle, Progress)> {
    let ReplayOptions { capture, speed, auth, level, limits } = options;
    let progress = Progress::new(&capture, speed);
    let stop = Arc::new(AtomicBool::new(false));
    let mut ingest = Ingest::with_limits(limits);
    ingest.set_keys(auth.as_ref().map(AuthFile::keys));
    let feed = Feed {
        clock: PacketClock::default(),
        outlet,
        auth,
        ingest,
        level,
        progress: progress.clone(),
        stop: Arc::clone(&stop),
        bytes: 0,
        since: None,
    };
    let thread = thread::Builder::new().name("replay".into()).spawn(move || feed.run(capture))?;
    Ok((ReplayHandle { stop, thread: Some(thread) }, progress))
}

impl Drop for ReplayHandle {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was already printed.
            let _ = thread.join();
        }
    }
}

impl Progress {
    fn new(capture: &Capture, speed: Speed) -> Self {
        Self(Arc::new(Shared {
            name: capture.name(),
            live: capture.is_live(),
            speed,
            started: Instant::now(),
            first: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            base: AtomicU64::new(0),
            end: OnceLock::new(),
        }))
    }

    /// The capture's clock: from its first datagram on at the speed of the replay until its last
    /// one; at full speed what was read so far, and in a pipe it goes on by itself. Zero before
    /// the first datagram.
    pub fn now(&self) -> CdTime {
        if let Some(end) = self.0.end.get() {
            return end.time;
        }
        match (self.load(&self.0.base), self.elapsed()) {
            (CdTime::ZERO, _) => CdTime::ZERO,
            (base, Some(elapsed)) => base.saturating_add(elapsed),
            (_, None) => self.load(&self.0.newest),
        }
    }

    /// How the replay ended, if it has.
    pub fn end(&self) -> Option<&End> {
        self.0.end.get()
    }

    /// The whole path of the capture, or "standard input".
    pub fn path(&self) -> &str {
        &self.0.name
    }

    /// What to show of it.
    pub fn replay(&self) -> Replay {
        let Shared { name, live, speed, .. } = &*self.0;
        let first = Some(self.load(&self.0.first)).filter(|first| *first > CdTime::ZERO);
        let stage = match (self.end(), first) {
            (Some(End { error: Some(CaptureError::Cut { .. }), .. }), _) => Stage::Cut,
            (Some(End { error: Some(_), .. }), _) => Stage::Broken,
            (Some(_), _) => Stage::Ended,
            (None, Some(_)) => Stage::Reading,
            (None, None) => Stage::Waiting,
        };
        let file = Path::new(name).file_name().map(|file| file.to_string_lossy().into_owned());
        let name = file.unwrap_or_else(|| name.clone());
        Replay { name, speed: *speed, live: *live, stage, first }
    }

    /// How far a clock that runs by itself has gone since the thread was started.
    fn elapsed(&self) -> Option<Interval> {
        let elapsed = Interval::from_duration(self.0.started.elapsed());
        match self.0.speed {
            Speed::Times(times) => Some(elapsed.mul_f64(times)),
            Speed::Max => self.0.live.then_some(elapsed),
        }
    }

    /// A datagram of this time was read.
    fn heard(&self, time: CdTime) {
        let Shared { first, newest, base, .. } = &*self.0;
        newest.fetch_max(time.raw(), Ordering::Relaxed);
        let at_start = time.saturating_sub(self.elapsed().unwrap_or_default()).raw().max(1);
        let is_first = first.load(Ordering::Relaxed) == 0;
        if is_first || time.raw() < first.load(Ordering::Relaxed) {
            // Only this thread writes; packets need not be in order.
            first.store(time.raw().max(1), Ordering::Relaxed);
        }
        match self.0.speed {
            // Paced, only the first one sets the clock.
            Speed::Times(_) if !is_first => {}
            // A pipe may bring an older capture first, all at once, and then go on live.
            _ => _ = base.fetch_max(at_start, Ordering::Relaxed),
        }
    }

    /// Time until the clock shows `time`.
    fn until(&self, time: CdTime) -> Duration {
        match self.0.speed {
            Speed::Max => Duration::ZERO,
            Speed::Times(times) => time.since(self.now()).mul_f64(1.0 / times).duration(),
        }
    }

    fn finish(&self, counts: Counts, error: Option<CaptureError>) {
        let newest = self.load(&self.0.newest);
        let time = match self.0.speed {
            Speed::Max if self.0.live => self.now(),
            _ => newest,
        };
        // There is one thread, and it ends once.
        let _ = self.0.end.set(End { time, counts, error });
    }

    fn load(&self, cell: &AtomicU64) -> CdTime {
        CdTime::from_raw(cell.load(Ordering::Relaxed))
    }
}

/// The clock of whoever captured, as far as it can be relied on.
#[derive(Debug, Default)]
struct PacketClock {
    newest: CdTime,
    /// The newest time of a value, once packets cannot be relied on.
    values: Option<CdTime>,
}

impl PacketClock {
    /// Whether a packet of that time came when it says, as all before it. Without a clock, and
    /// where one was set or packets are in no order, the values' own times decide from there on.
    fn takes(&mut self, packet: CdTime) -> bool {
        let is_in_order = self.newest == CdTime::ZERO
            || (packet.saturating_add(SLACK) >= self.newest
                && packet.since(self.newest) <= PACKET_STEP_MAX);
        if !packet.is_plausible() || !is_in_order {
            self.values.get_or_insert(self.newest);
        }
        self.newest = self.newest.max(packet);
        self.values.is_none()
    }
}

/// What the thread owns, but for the capture.
struct Feed {
    clock: PacketClock,
    outlet: Outlet,
    auth: Option<AuthFile>,
    ingest: Ingest,
    level: SecurityLevel,
    progress: Progress,
    stop: Arc<AtomicBool>,
    /// Of the datagrams in the batch.
    bytes: usize,
    /// Arrival of the first of them.
    since: Option<CdTime>,
}

impl Feed {
    fn run(mut self, mut capture: Capture) {
        let mut wait = Duration::ZERO;
        let error = loop {
            if self.is_stopped() {
                return;
            }
            self.look_at_keys();
            let step = capture.step(Some(wait), &mut |datagram| self.datagram(datagram));
            wait = Duration::ZERO;
            match step {
                Ok(Step::Datagram | Step::Other) => {}
                // What is there is shown before more is waited for.
                Ok(Step::Waiting) => {
                    self.hand_over();
                    wait = WAIT;
                }
                Ok(Step::End) => break None,
                Err(error) => break Some(error),
            }
        };
        self.hand_over();
        self.progress.finish(capture.counts(), error);
        // An empty batch says that there is something new.
        self.deliver(self.outlet.recycled().unwrap_or_default());
    }

    fn look_at_keys(&mut self) {
        if let Some(file) = &mut self.auth
            && file.is_due()
            && file.look()
        {
            self.ingest.set_keys(Some(file.keys()));
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn datagram(&mut self, datagram: &Datagram<'_>) {
        let Datagram { bytes, sender, arrival, .. } = *datagram;
        if !self.clock.takes(arrival) {
            self.undated(bytes, sender, arrival);
            return;
        }
        let is_full = self.bytes >= BYTES_PER_TURN_MAX;
        if is_full || self.since.is_some_and(|since| arrival.since(since) >= BATCH_TIME_MAX) {
            self.hand_over();
        }
        self.wait_until_due(arrival);
        self.progress.heard(arrival);
        self.ingest.datagram(bytes, sender, arrival, self.level);
        self.bytes += bytes.len();
        self.since.get_or_insert(arrival);
    }

    /// Takes in a datagram whose packet says nothing of when it came; `packet` is what it says.
    fn undated(&mut self, bytes: &[u8], sender: SocketAddr, packet: CdTime) {
        let known = self.clock.values.unwrap_or_default();
        // Where values have no times either, those of packets at least go on.
        let clock = if known.is_plausible() { known } else { packet };
        let came = self.ingest.undated(bytes, sender, clock, self.level);
        self.bytes += bytes.len();
        let mut time = known;
        if let Some((oldest, newest)) = came {
            time = known.max(newest);
            self.wait_until_due(time);
            // The oldest says where the capture begins.
            self.progress.heard(oldest);
            self.progress.heard(time);
        }
        self.clock.values = Some(time);
        let since = *self.since.get_or_insert(time);
        if self.bytes >= BYTES_PER_TURN_MAX || time.since(since) >= BATCH_TIME_MAX {
            self.hand_over();
        }
    }

    fn wait_until_due(&mut self, arrival: CdTime) {
        if self.progress.now() == CdTime::ZERO {
            return;
        }
        loop {
            let left = self.progress.until(arrival);
            if left.is_zero() || self.is_stopped() {
                return;
            }
            self.hand_over();
            thread::sleep(left.min(WAIT));
        }
    }

    fn hand_over(&mut self) {
        (self.bytes, self.since) = (0, None);
        if !self.ingest.is_empty() {
            let batch = self.ingest.take(self.outlet.recycled());
            self.deliver(batch);
        }
    }

    fn deliver(&self, batch: crate::ingest::Batch) {
        let mut waiting = Some(batch);
        while let Some(batch) = waiting.take_if(|_| !self.is_stopped()) {
            waiting = self.outlet.deliver(batch, WAIT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_relied_on_until_one_cannot_be() {
        for (secs, expected) in [
            (&[1_800_000_000, 1_800_000_010, 1_800_000_008, 1_800_080_000][..], 4),
            (&[0, 10, 20], 0),
            (&[500, 1_800_000_000, 1_800_000_010], 0),
            (&[1_800_000_000, 1_799_999_990, 1_800_000_010], 1),
            (&[1_800_000_000, 1_800_100_000, 1_800_100_010], 1),
            (&[1_800_000_000, 1_800_000_001, 5, 1_800_000_002], 2),
            (&[18_000_000_000, 1_800_000_000], 0),
        ] {
            let mut clock = PacketClock::default();
            let taken = secs.iter().filter(|&&secs| clock.takes(CdTime::from_secs(secs))).count();
            assert_eq!(taken, expected, "{secs:?}");
        }
    }
}
