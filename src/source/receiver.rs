//! The receiver thread: sockets to batches.
//!
//! Reads sockets by an [`Inlet`], lets [`Ingest`] gather what it says, and offers it. Where the
//! thread fails, all of it begins anew.

use super::Outlet;
use super::auth::AuthFile;
use super::clock::OurClock;
use super::inlet::{Inlet, InletOptions};
use super::local;
use super::report::UdpStatus;
use super::running::{self, Restart, Run, Running};
use super::status::describe;
use super::udp::{Datagram, ListenReport, UdpOptions, UdpSource};
use crate::ingest::{Ingest, Limits};
use crate::metric::{CdTime, Interval, Span};
use crate::reception::Status;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long a quiet socket is waited for: also how long a stop may take.
const WAIT: Duration = Duration::from_millis(200);
/// The same while something waits for the other side to drain.
const WAIT_WITH_BACKLOG: Duration = Duration::from_millis(20);

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
    inlet: Inlet,
    /// What else a person should know, and mend.
    troubles: Vec<String>,
    clock: OurClock,
}

impl Receiver {
    /// Opens what can be opened; [`Receiver::status`] says what could not.
    pub fn open(options: ReceiverOptions) -> Self {
        let inlet = Inlet::open(InletOptions {
            udp: Some(options.udp.clone()),
            local: options.local,
            auth: options.auth_file.clone().map(AuthFile::open),
            ..InletOptions::default()
        });
        let troubles = inlet.trouble().map(|text| format!("{text}; everything else works"));
        let troubles = troubles.into_iter().collect();
        Self { options, inlet, troubles, clock: OurClock::new() }
    }

    /// What came of each address.
    pub fn reports(&self) -> &[ListenReport] {
        self.inlet.source().map_or(&[], UdpSource::reports)
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
            local_host: self.inlet.is_local().then(local::host_name),
            reports: self.reports().to_vec(),
            auth: self.inlet.auth().map(|file| file.report().clone()),
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
        ingest.set_keys(receiver.inlet.keys());
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
        let mut drops_read = self.receiver.clock.now();
        self.report(outlet);
        while !stop.load(Ordering::Relaxed) {
            let is_behind = outlet.is_waiting() || !self.ingest.is_empty();
            let wait = if is_behind { WAIT_WITH_BACKLOG } else { WAIT };
            let Self { receiver: Receiver { inlet, clock, .. }, ingest, .. } = self;
            // Those of one system call came at one time.
            let mut same = (CdTime::ZERO, CdTime::ZERO);
            let turn = inlet.turn(wait, &mut |datagram| {
                let Datagram { bytes, sender, arrival, level, .. } = *datagram;
                if same.0 != arrival {
                    same = (arrival, clock.at(arrival, Instant::now()));
                }
                let arrival = same.1;
                ingest.datagram(bytes, sender, arrival, level);
            });
            let kernel_drops = turn.lost.and_then(|count| {
                let now = clock.now();
                let before = std::mem::replace(&mut drops_read, now);
                (count > 0).then(|| (count, Span::new(before, now)))
            });
            self.hand_over(outlet, turn.is_quiet, kernel_drops);
            if turn.has_new_keys {
                self.ingest.set_keys(self.receiver.inlet.keys());
            }
            if turn.has_new_keys || turn.followed.is_some() {
                self.report(outlet);
            }
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
