//! The receiver thread: sockets to batches.
//!
//! Reads a [`UdpSource`], lets [`Ingest`] gather what it says, and offers it. Joined on drop.

use super::Outlet;
use super::auth::AuthFile;
use super::clock::OurClock;
use super::local::Local;
use super::udp::{Datagram, FOLLOW_EVERY, Status, UdpSource};
use crate::ingest::{Ingest, Limits};
use crate::metric::{CdTime, Interval, Span};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a quiet socket is waited for: also how long a stop may take.
const WAIT: Duration = Duration::from_millis(200);
/// The same while something waits for the other side to drain.
const WAIT_WITH_BACKLOG: Duration = Duration::from_millis(20);
/// How often the kernel's drops are read.
const DROPS_EVERY: Duration = Duration::from_secs(1);

/// A running receiver. Dropping it ends the thread, within about 200 ms.
#[derive(Debug)]
pub struct ReceiverHandle {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// Ends before the receiver does, so that nothing is sent to a closed socket.
    local: Option<Local>,
}

/// Starts the thread "udp", with the keys of `auth`. `local` is kept running as long.
pub fn spawn(
    source: UdpSource,
    auth: Option<AuthFile>,
    local: Option<Local>,
    limits: Limits,
    outlet: Outlet,
) -> io::Result<ReceiverHandle> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let mut ingest = Ingest::with_limits(limits);
    ingest.set_keys(auth.as_ref().map(AuthFile::keys));
    let told = status(&source, auth.as_ref());
    let mut receiver = Receiver { source, auth, outlet, ingest, told, clock: OurClock::new() };
    let thread = thread::Builder::new().name("udp".into()).spawn(move || receiver.run(&flag))?;
    Ok(ReceiverHandle { stop, thread: Some(thread), local })
}

/// How reception stands now.
pub fn status(source: &UdpSource, auth: Option<&AuthFile>) -> Status {
    Status {
        reports: source.reports().to_vec(),
        auth: auth.map(|file| file.report().clone()),
        set_back: Interval::ZERO,
    }
}

impl Drop for ReceiverHandle {
    fn drop(&mut self) {
        self.local = None;
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was already printed.
            let _ = thread.join();
        }
    }
}

struct Receiver {
    source: UdpSource,
    auth: Option<AuthFile>,
    outlet: Outlet,
    ingest: Ingest,
    /// What the other side knows.
    told: Status,
    clock: OurClock,
}

impl Receiver {
    fn run(&mut self, stop: &AtomicBool) {
        let mut drops_read = (Instant::now(), self.clock.now());
        let mut followed = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let is_behind = self.outlet.is_waiting() || !self.ingest.is_empty();
            let wait = if is_behind { WAIT_WITH_BACKLOG } else { WAIT };
            let Self { source, ingest, clock, .. } = self;
            // Those of one system call came at one time.
            let mut same = (CdTime::ZERO, CdTime::ZERO);
            let received = source.receive(wait, &mut |datagram| {
                let Datagram { bytes, sender, arrival, level, .. } = *datagram;
                if same.0 != arrival {
                    same = (arrival, clock.at(arrival, Instant::now()));
                }
                let arrival = same.1;
                ingest.datagram(bytes, sender, arrival, level);
            });
            let mut kernel_drops = None;
            if drops_read.0.elapsed() >= DROPS_EVERY {
                let read = (Instant::now(), self.clock.now());
                let before = std::mem::replace(&mut drops_read, read).1;
                let count = self.source.kernel_drops();
                kernel_drops = (count > 0).then(|| (count, Span::new(before, drops_read.1)));
            }
            self.hand_over(matches!(received, Ok(0)), kernel_drops);
            self.look_at_keys();
            if followed.elapsed() >= FOLLOW_EVERY {
                followed = Instant::now();
                self.source.follow();
                self.tell();
            }
            if received.is_err() {
                // A socket that fails does so at once, every time: do not spin on it.
                thread::sleep(WAIT);
            }
        }
    }

    fn look_at_keys(&mut self) {
        if let Some(file) = &mut self.auth
            && file.is_due()
            && file.look()
        {
            self.ingest.set_keys(Some(file.keys()));
            self.tell();
        }
    }

    fn tell(&mut self) {
        let mut status = status(&self.source, self.auth.as_ref());
        // To the second: it is told when it changes.
        status.set_back = Interval::from_secs(self.clock.set_back().secs_nanos().0);
        if status != self.told {
            self.told = status.clone();
            self.outlet.tell(status);
        }
    }

    /// Hands over what has come, unless the other side is busy and more is coming: what is gathered
    /// further need not be copied, and its buffers come back as large as they are used.
    fn hand_over(&mut self, is_quiet: bool, kernel_drops: Option<(u64, Span)>) {
        let is_due = is_quiet || self.outlet.is_due(self.ingest.gathered());
        if kernel_drops.is_some() || (is_due && !self.ingest.is_empty()) {
            let mut batch = self.ingest.take(self.outlet.recycled());
            if let Some((count, when)) = kernel_drops {
                (batch.kernel_drops, batch.kernel_when) = (count, Some(when));
            }
            self.outlet.offer(batch);
        }
        if is_quiet {
            self.outlet.flush_all();
        } else {
            self.outlet.flush();
        }
    }
}
