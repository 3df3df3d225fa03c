//! The replay thread: a capture to batches, at the pace of the capture or as fast as it is read.
//!
//! It feeds the other side as the receiver does, but waits for room instead of losing anything.
//! [`CaptureClock`] is the capture's clock.

use super::Outlet;
use super::auth::AuthFile;
use super::capture::{Capture, CaptureError, Counts};
use super::inlet::{Inlet, InletOptions};
use super::running::{self, Restart, Running};
use super::udp::{BYTES_PER_TURN_MAX, Datagram};
use crate::ingest::{Ingest, Limits};
use crate::metric::{CLOCK_SLACK, CdTime, Interval};
use crate::reception::{Line, Replay, Speed, Stage, State, Status};
use crate::view::format::counted;
use crate::wire::SecurityLevel;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything is waited for at once: also how long a stop may take.
const WAIT: Duration = Duration::from_millis(200);
/// Packets further apart are not of one clock: it was set, or the machine had none.
const PACKET_STEP_MAX: Interval = Interval::from_secs(86_400);
/// A batch holds no more of the capture's time than this: hosts are seen when it arrived.
const BATCH_TIME_MAX: Interval = Interval::from_secs(1);

/// What to replay, and how.
#[derive(Debug)]
pub struct ReplayOptions {
    /// Already open.
    pub capture: Capture,
    /// How fast.
    pub speed: Speed,
    /// Users and passwords of what is signed or encrypted.
    pub auth_file: Option<PathBuf>,
    /// The least protection that is taken.
    pub level: SecurityLevel,
    /// How many names are taken.
    pub limits: Limits,
}

/// The capture's clock; shared with the thread that reads it.
#[derive(Clone, Debug)]
pub struct CaptureClock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    live: bool,
    speed: Speed,
    started: Instant,
    /// Times are units of [`CdTime`], zero where there is none yet.
    first: AtomicU64,
    newest: AtomicU64,
    /// What a running clock would have shown at `started`.
    base: AtomicU64,
    /// Where the clock stands since all was read.
    end: AtomicU64,
    is_over: AtomicBool,
}

/// A capture that is being read, its clock, and how it goes at the start.
#[derive(Debug)]
pub struct Replaying {
    /// Its thread.
    pub running: Running,
    /// Its clock.
    pub clock: CaptureClock,
    /// How it goes before anything was read.
    pub status: Status,
}

/// Starts the thread "capture".
pub fn start(options: ReplayOptions, outlet: Outlet) -> io::Result<Replaying> {
    let ReplayOptions { capture, speed, auth_file, level, limits } = options;
    let clock = CaptureClock::new(&capture, speed);
    let path = capture.name();
    let file = Path::new(&path).file_name().map(|file| file.to_string_lossy().into_owned());
    let name = file.unwrap_or_else(|| path.clone());
    let (live, stage) = (capture.is_live(), Stage::Waiting);
    let replay = Replay { name, path, speed, live, stage, first: None, packets: None, error: None };
    let auth = auth_file.map(AuthFile::open);
    let options = InletOptions { capture: Some(capture), level, auth, ..Default::default() };
    let inlet = Inlet::open(options);
    let about_keys = about_keys(&inlet);
    let status = describe(&replay, None, &about_keys);
    let mut ingest = Ingest::with_limits(limits);
    ingest.set_keys(inlet.keys());
    let mut parts = Some((inlet, about_keys, ingest, replay));
    let shared = clock.clone();
    let running = running::start("capture", outlet, Restart::Never, move |run| {
        let Some((inlet, about_keys, ingest, replay)) = parts.take() else { return };
        let feed = Feed {
            packets: PacketClock::default(),
            outlet: run.outlet,
            about_keys,
            ingest,
            clock: shared.clone(),
            stop: run.stop,
            bytes: 0,
            since: None,
            replay,
        };
        feed.run(inlet);
    })?;
    Ok(Replaying { running, clock, status })
}

/// What is to be said of the AuthFile.
fn about_keys(inlet: &Inlet) -> Vec<Line> {
    inlet.auth().map(AuthFile::report).map_or_else(Vec::new, |report| report.lines.clone())
}

/// How a replay ended.
struct End {
    counts: Counts,
    /// Why it did not go on to the end of the file.
    error: Option<CaptureError>,
}

/// How the replay goes, in words; `about_keys` comes last.
fn describe(replay: &Replay, end: Option<&End>, about_keys: &[Line]) -> Status {
    let (path, name, pace) = (&replay.path, &replay.name, replay.pace_word());
    let mut lines = match end {
        None => vec![Line::good(format!("reading {path} ({pace})"))],
        Some(End { counts, .. }) => {
            let datagrams = counted(counts.datagrams, "datagram");
            let packets = counted(counts.packets, "packet");
            let read = format!("{datagrams} in {packets} read of {path} ({pace})");
            let error = replay.error.iter().map(Line::bad);
            let bad = [counts.left_out(), counts.about_times()].concat().into_iter();
            let others = counts.others_line().map(Line::good);
            let first = std::iter::once(Line::good(read));
            first.chain(error).chain(bad.map(Line::bad)).chain(others).collect()
        }
    };
    lines.extend_from_slice(about_keys);
    Status {
        summary: match end {
            None => format!("reading {name}"),
            Some(End { error: None, .. }) => format!("{name} ended"),
            Some(End { error: Some(error), .. }) => format!("{name}: {}", error.short()),
        },
        lines,
        state: if end.is_some() { State::Ended } else { State::Receiving },
        replay: Some(replay.clone()),
        ..Status::default()
    }
}

impl CaptureClock {
    fn new(capture: &Capture, speed: Speed) -> Self {
        Self(Arc::new(Shared {
            live: capture.is_live(),
            speed,
            started: Instant::now(),
            first: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            base: AtomicU64::new(0),
            end: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        }))
    }

    /// Its time: from the first datagram on at the speed of the replay until the last one; at full
    /// speed what was read so far, and in a pipe it goes on by itself. Zero before the first
    /// datagram.
    pub fn now(&self) -> CdTime {
        if self.0.is_over.load(Ordering::Acquire) {
            return self.load(&self.0.end);
        }
        match (self.load(&self.0.base), self.elapsed()) {
            (CdTime::ZERO, _) => CdTime::ZERO,
            (base, Some(elapsed)) => base.saturating_add(elapsed),
            (_, None) => self.load(&self.0.newest),
        }
    }

    /// When the first datagram arrived, once one has.
    fn first(&self) -> Option<CdTime> {
        Some(self.load(&self.0.first)).filter(|first| *first > CdTime::ZERO)
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
    fn note(&self, time: CdTime) {
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

    /// Stands still from now on.
    fn stop(&self) {
        let end = match self.0.speed {
            Speed::Max if self.0.live => self.now(),
            _ => self.load(&self.0.newest),
        };
        self.0.end.store(end.raw(), Ordering::Relaxed);
        self.0.is_over.store(true, Ordering::Release);
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
            || (packet.saturating_add(CLOCK_SLACK) >= self.newest
                && packet.since(self.newest) <= PACKET_STEP_MAX);
        if !packet.is_plausible() || !is_in_order {
            self.values.get_or_insert(self.newest);
        }
        self.newest = self.newest.max(packet);
        self.values.is_none()
    }
}

/// What the thread works with, but for the inlet.
struct Feed<'a> {
    packets: PacketClock,
    outlet: &'a mut Outlet,
    about_keys: Vec<Line>,
    ingest: Ingest,
    clock: CaptureClock,
    stop: &'a AtomicBool,
    /// Of the datagrams in the batch.
    bytes: usize,
    /// Arrival of the first of them.
    since: Option<CdTime>,
    /// What was reported last.
    replay: Replay,
}

impl Feed<'_> {
    fn run(mut self, mut inlet: Inlet) {
        let error = loop {
            if self.is_stopped() {
                return;
            }
            let turn = inlet.turn(WAIT, &mut |datagram| self.datagram(datagram));
            if turn.has_new_keys {
                self.ingest.set_keys(inlet.keys());
                self.about_keys = about_keys(&inlet);
                self.report(None);
            }
            if let Some(end) = turn.ended {
                break end.err();
            }
            // What is there is shown before more is waited for.
            if turn.is_quiet {
                self.hand_over();
            }
        };
        self.hand_over();
        self.clock.stop();
        let counts = inlet.capture().map(Capture::counts).unwrap_or_default();
        let end = End { counts, error };
        self.replay.stage = match &end.error {
            None => Stage::Ended,
            Some(CaptureError::Cut { .. }) => Stage::Cut,
            Some(_) => Stage::Broken,
        };
        self.replay.first = self.clock.first();
        self.replay.packets = Some(end.counts.packets);
        self.replay.error = end.error.as_ref().map(ToString::to_string);
        self.report(Some(&end));
    }

    /// Reports how far it is.
    fn report(&mut self, end: Option<&End>) {
        self.outlet.report(describe(&self.replay, end, &self.about_keys));
    }

    /// The same where a datagram changed it.
    fn report_first(&mut self) {
        let first = self.clock.first();
        if first != self.replay.first {
            (self.replay.first, self.replay.stage) = (first, Stage::Reading);
            self.report(None);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn datagram(&mut self, datagram: &Datagram<'_>) {
        let Datagram { bytes, sender, arrival, level, .. } = *datagram;
        if !self.packets.takes(arrival) {
            self.undated(datagram);
            return;
        }
        let is_full = self.bytes >= BYTES_PER_TURN_MAX;
        if is_full || self.since.is_some_and(|since| arrival.since(since) >= BATCH_TIME_MAX) {
            self.hand_over();
        }
        self.wait_until_due(arrival);
        self.clock.note(arrival);
        self.ingest.datagram(bytes, sender, arrival, level);
        self.bytes += bytes.len();
        self.since.get_or_insert(arrival);
    }

    /// Takes in a datagram whose packet says nothing of when it came.
    fn undated(&mut self, datagram: &Datagram<'_>) {
        let Datagram { bytes, sender, arrival: packet, level, .. } = *datagram;
        let known = self.packets.values.unwrap_or_default();
        // Where values have no times either, those of packets at least go on.
        let clock = if known.is_plausible() { known } else { packet };
        let came = self.ingest.undated(bytes, sender, clock, level);
        self.bytes += bytes.len();
        let mut time = known;
        if let Some((oldest, newest)) = came {
            time = known.max(newest);
            self.wait_until_due(time);
            // The oldest says where the capture begins.
            self.clock.note(oldest);
            self.clock.note(time);
        }
        self.packets.values = Some(time);
        let since = *self.since.get_or_insert(time);
        if self.bytes >= BYTES_PER_TURN_MAX || time.since(since) >= BATCH_TIME_MAX {
            self.hand_over();
        }
    }

    fn wait_until_due(&mut self, arrival: CdTime) {
        if self.clock.now() == CdTime::ZERO {
            return;
        }
        loop {
            let left = self.clock.until(arrival);
            if left.is_zero() || self.is_stopped() {
                return;
            }
            self.hand_over();
            thread::sleep(left.min(WAIT));
        }
    }

    fn hand_over(&mut self) {
        (self.bytes, self.since) = (0, None);
        self.report_first();
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
