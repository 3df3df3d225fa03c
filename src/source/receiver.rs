//! The receiver thread: sockets to batches.
//!
//! Reads a [`UdpSource`], lets [`Ingest`] gather what it says, and offers it. Where the thread
//! fails, all of it begins anew.

use super::Outlet;
use super::auth::AuthFile;
use super::clock::OurClock;
use super::local::{self, Local};
use super::reason::reason;
use super::report::UdpStatus;
use super::running::{self, Restart, Run, Running};
use super::status::describe;
use super::udp::{Datagram, FOLLOW_EVERY, UdpOptions, UdpSource};
use crate::ingest::{Ingest, Limits};
use crate::metric::{CdTime, Interval, Span};
use crate::reception::Status;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

/// How long a quiet socket is waited for: also how long a stop may take.
const WAIT: Duration = Duration::from_millis(200);
/// The same while something waits for the other side to drain.
const WAIT_WITH_BACKLOG: Duration = Duration::from_millis(20);
/// How often the kernel's drops are read.
const DROPS_EVERY: Duration = Duration::from_secs(1);

/// What to receive, and how.
#[derive(Clone, Debug, Default)]
pub struct ReceiverOptions {
    /// Where.
    pub udp: UdpOptions,
    /// Users and passwords of what is signed or encrypted.
    pub auth_file: Option<PathBuf>,
    /// Whether this machine is measured, too.
    pub local: bool,
    /// How many names are accepted.
    pub limits: Limits,
}

/// Everything that a receiver needs, open.
#[derive(Debug)]
pub struct Receiver {
    options: ReceiverOptions,
    /// Dropped before the sockets are, so that nothing is sent to a closed one.
    local: Option<Local>,
    source: UdpSource,
    auth: Option<AuthFile>,
    /// What could not be opened beside the sockets.
    troubles: Vec<String>,
    clock: OurClock,
}

impl Receiver {
    /// Opens what can be opened; [`Receiver::status`] says what could not.
    pub fn open(options: ReceiverOptions) -> Self {
        let mut source = UdpSource::open(&options.udp);
        let auth = options.auth_file.clone().map(AuthFile::open);
        let started = options.local.then(|| source.add_loopback().and_then(Local::start));
        let (mut local, mut troubles) = (None, Vec::new());
        match started {
            None => {}
            Some(Ok(running)) => local = Some(running),
            Some(Err(error)) => troubles.push(format!(
                "cannot measure this machine: {}; everything else works",
                reason(&error)
            )),
        }
        Self { options, local, source, auth, troubles, clock: OurClock::new() }
    }

    /// The sockets.
    pub const fn source(&self) -> &UdpSource {
        &self.source
    }

    /// How reception goes now.
    pub fn status(&self) -> Status {
        describe(&self.figures())
    }

    /// Starts the thread "udp".
    pub fn start(self, outlet: Outlet) -> io::Result<Running> {
        let options = self.options.clone();
        let mut opened = Some(self);
        running::start("udp", outlet, Restart::Safe, move |run| {
            let receiver = opened.take().unwrap_or_else(|| Self::open(options.clone()));
            Loop::new(receiver, &run).run(run);
        })
    }

    fn figures(&self) -> UdpStatus {
        UdpStatus {
            troubles: self.troubles.clone(),
            local_host: self.local.is_some().then(local::host_name),
            reports: self.source.reports().to_vec(),
            auth: self.auth.as_ref().map(|file| file.report().clone()),
            // To the second: it is reported when it changes.
            set_back: Interval::from_secs(self.clock.set_back().secs_nanos().0),
        }
    }
}

/// One run of the thread.
struct Loop {
    receiver: Receiver,
    ingest: Ingest,
    /// What was reported last.
    reported: Option<UdpStatus>,
}

impl Loop {
    fn new(mut receiver: Receiver, run: &Run<'_>) -> Self {
        let mut ingest = Ingest::with_limits(receiver.options.limits);
        ingest.set_keys(receiver.auth.as_ref().map(AuthFile::keys));
        if let Some(failure) = run.failure {
            ingest.begin_anew();
            receiver.troubles.push(format!(
                "the udp thread failed and was started again: {failure}; please report this"
            ));
        }
        Self { receiver, ingest, reported: None }
    }

    fn run(&mut self, run: Run<'_>) {
        let Run { outlet, stop, .. } = run;
        let mut drops_read = (Instant::now(), self.receiver.clock.now());
        let mut followed = Instant::now();
        self.report(outlet);
        while !stop.load(Ordering::Relaxed) {
            let is_behind = outlet.is_waiting() || !self.ingest.is_empty();
            let wait = if is_behind { WAIT_WITH_BACKLOG } else { WAIT };
            let Self { receiver: Receiver { source, clock, .. }, ingest, .. } = self;
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
                let read = (Instant::now(), self.receiver.clock.now());
                let before = std::mem::replace(&mut drops_read, read).1;
                let count = self.receiver.source.kernel_drops();
                kernel_drops = (count > 0).then(|| (count, Span::new(before, drops_read.1)));
            }
            self.hand_over(outlet, matches!(received, Ok(0)), kernel_drops);
            self.look_at_keys(outlet);
            if followed.elapsed() >= FOLLOW_EVERY {
                followed = Instant::now();
                self.receiver.source.follow();
                self.report(outlet);
            }
            if received.is_err() {
                // A socket that fails does so at once, every time: do not spin on it.
                thread::sleep(WAIT);
            }
        }
    }

    fn look_at_keys(&mut self, outlet: &Outlet) {
        if let Some(file) = &mut self.receiver.auth
            && file.is_due()
            && file.look()
        {
            self.ingest.set_keys(Some(file.keys()));
            self.report(outlet);
        }
    }

    fn report(&mut self, outlet: &Outlet) {
        let figures = self.receiver.figures();
        if self.reported.as_ref() != Some(&figures) {
            outlet.report(describe(&figures));
            self.reported = Some(figures);
        }
    }

    /// Hands over what has come, unless the other side is busy and more is coming: what is gathered
    /// further need not be copied, and its buffers come back as large as they are used.
    fn hand_over(
        &mut self,
        outlet: &mut Outlet,
        is_quiet: bool,
        kernel_drops: Option<(u64, Span)>,
    ) {
        let is_due = is_quiet || outlet.is_due(self.ingest.gathered());
        if kernel_drops.is_some() || (is_due && !self.ingest.is_empty()) {
            let mut batch = self.ingest.take(outlet.recycled());
            if let Some((count, when)) = kernel_drops {
                (batch.kernel_drops, batch.kernel_when) = (count, Some(when));
            }
            outlet.offer(batch);
        }
        if is_quiet {
            outlet.flush_all();
        } else {
            outlet.flush();
        }
    }
}
