//! Inlets: sockets and a capture, read turn by turn.
//!
//! All that receives does so by [`Inlet::turn`]: the threads of the window, `dump`, `record` and
//! [`crate::read::Reader`]. What is due from time to time is done there: interfaces are followed,
//! the AuthFile is looked at, the kernel is asked what it threw away. Knows nothing of what is in
//! a datagram.

use super::auth::AuthFile;
use super::capture::{Capture, CaptureError, Step};
use super::local::Local;
use super::reason::reason;
use super::udp::{Datagram, FOLLOW_EVERY, UdpOptions, UdpSource};
use crate::wire::{KeyRing, SecurityLevel};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How often the kernel's drops are read.
const DROPS_EVERY: Duration = Duration::from_secs(1);
/// Where a capture that is still written is read beside sockets, it is looked at this often.
const CAPTURE_EVERY: Duration = Duration::from_millis(20);

/// What to read.
#[derive(Default)]
pub struct InletOptions {
    /// Sockets, if any.
    pub udp: Option<UdpOptions>,
    /// Whether this machine is measured beside the sockets.
    pub local: bool,
    /// A capture that is open.
    pub capture: Option<Capture>,
    /// Minimum security level for the capture.
    pub level: SecurityLevel,
    /// Users and passwords of what is signed or encrypted.
    pub auth: Option<AuthFile>,
}

/// Open sockets, an open capture, or both.
pub struct Inlet {
    /// Dropped before the sockets are, so that nothing is sent to a closed one.
    local: Option<Local>,
    sockets: Option<Sockets>,
    capture: Option<Reading>,
    auth: Option<AuthFile>,
    trouble: Option<String>,
}

struct Sockets {
    source: UdpSource,
    followed: Instant,
    counted: Instant,
    lost: u64,
    /// How one failed last, and whether it did so in the last turn.
    failed: Option<io::ErrorKind>,
    is_failing: bool,
}

struct Reading {
    capture: Capture,
    level: SecurityLevel,
    /// Whoever writes it has not gone on.
    is_waiting: bool,
    is_over: bool,
}

/// What came of a turn beside datagrams.
#[derive(Debug, Default)]
pub struct Turn {
    /// Nothing is left that could be taken at once.
    pub is_quiet: bool,
    /// The AuthFile was read again: [`Inlet::keys`].
    pub has_new_keys: bool,
    /// Interfaces were looked at: what changed in what is listened to, a line each.
    pub followed: Option<Vec<String>>,
    /// Datagrams that the kernel dropped since its counter was last read; `None`: not read now.
    pub lost: Option<u64>,
    /// A socket failed in a new way; the others were read.
    pub failure: Option<io::Error>,
    /// The capture is over, perhaps before its end.
    pub ended: Option<Result<(), CaptureError>>,
}

impl Inlet {
    /// Opens what can be opened; [`UdpSource::reports`], [`AuthFile::report`] and
    /// [`Inlet::trouble`] say the rest.
    pub fn open(options: InletOptions) -> Self {
        let InletOptions { udp, local: is_local, capture, level, auth } = options;
        let mut source = udp.as_ref().map(UdpSource::open);
        let (mut local, mut trouble) = (None, None);
        if let Some(source) = source.as_mut().filter(|_| is_local) {
            match source.add_loopback().and_then(Local::start) {
                Ok(running) => local = Some(running),
                Err(error) => {
                    trouble = Some(format!("cannot measure this machine: {}", reason(&error)));
                }
            }
        }
        let now = Instant::now();
        let sockets = source.map(|source| Sockets {
            source,
            followed: now,
            counted: now,
            lost: 0,
            failed: None,
            is_failing: false,
        });
        let reading = |capture| Reading { capture, level, is_waiting: false, is_over: false };
        Self { local, sockets, capture: capture.map(reading), auth, trouble }
    }

    /// Waits up to `wait` for datagrams and hands some to `take`: of each socket what one
    /// [`UdpSource::receive`] takes, of the capture the next packet. It waits for the rest of a
    /// capture only behind a quiet turn, so that what came is not held back.
    pub fn turn(&mut self, wait: Duration, take: &mut dyn FnMut(&Datagram<'_>)) -> Turn {
        let mut turn = Turn { is_quiet: true, ..Turn::default() };
        let mut patience = wait;
        if let Some(reading) = self.capture.as_mut().filter(|reading| !reading.is_over) {
            let is_alone = self.sockets.is_none();
            let wait = if reading.is_waiting && is_alone { wait } else { Duration::ZERO };
            reading.step(wait, take, &mut turn);
            patience = if turn.is_quiet { patience.min(CAPTURE_EVERY) } else { Duration::ZERO };
        }
        if let Some(sockets) = &mut self.sockets {
            sockets.receive(patience, take, &mut turn);
        }
        turn.has_new_keys = self.auth.as_mut().is_some_and(|file| file.is_due() && file.look());
        turn
    }

    /// Whether nothing can come any more.
    pub fn is_over(&self) -> bool {
        self.sockets.is_none() && self.capture.as_ref().is_none_or(|reading| reading.is_over)
    }

    /// The sockets.
    pub fn source(&self) -> Option<&UdpSource> {
        self.sockets.as_ref().map(|sockets| &sockets.source)
    }

    /// The capture.
    pub fn capture(&self) -> Option<&Capture> {
        self.capture.as_ref().map(|reading| &reading.capture)
    }

    /// The AuthFile.
    pub const fn auth(&self) -> Option<&AuthFile> {
        self.auth.as_ref()
    }

    /// The keys to use now; none: there is no AuthFile.
    pub fn keys(&self) -> Option<Arc<KeyRing>> {
        self.auth.as_ref().map(AuthFile::keys)
    }

    /// Why this machine is not measured though it should be.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether this machine is measured.
    pub const fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Datagrams that the kernel threw away so far, as a receive buffer was full.
    pub fn lost(&mut self) -> u64 {
        self.sockets.as_mut().map_or(0, |sockets| {
            sockets.lost += sockets.source.kernel_drops();
            sockets.lost
        })
    }
}

impl Reading {
    fn step(&mut self, wait: Duration, take: &mut dyn FnMut(&Datagram<'_>), turn: &mut Turn) {
        let level = self.level;
        let mut take = |datagram: &Datagram<'_>| take(&Datagram { level, ..*datagram });
        let step = self.capture.step(Some(wait), &mut take);
        self.is_waiting = matches!(step, Ok(Step::Waiting));
        turn.is_quiet = self.is_waiting;
        turn.ended = match step {
            Ok(Step::Datagram | Step::Other | Step::Waiting) => return,
            Ok(Step::End) => Some(Ok(())),
            Err(error) => Some(Err(error)),
        };
        self.is_over = true;
    }
}

impl Sockets {
    fn receive(&mut self, wait: Duration, take: &mut dyn FnMut(&Datagram<'_>), turn: &mut Turn) {
        if std::mem::take(&mut self.is_failing) {
            // A socket that fails does so at once, every time: do not spin on it.
            thread::sleep(wait);
        }
        match self.source.receive(wait, take) {
            Ok(count) => turn.is_quiet &= count == 0,
            Err(error) => {
                turn.is_quiet = false;
                self.is_failing = true;
                let is_new = self.failed.replace(error.kind()) != Some(error.kind());
                turn.failure = Some(error).filter(|_| is_new);
            }
        }
        if self.counted.elapsed() >= DROPS_EVERY {
            self.counted = Instant::now();
            let lost = self.source.kernel_drops();
            self.lost += lost;
            turn.lost = Some(lost);
        }
        if self.followed.elapsed() >= FOLLOW_EVERY {
            self.followed = Instant::now();
            turn.followed = Some(self.source.follow());
        }
    }
}

impl std::fmt::Debug for Inlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inlet")
            .field("source", &self.source())
            .field("capture", &self.capture().map(Capture::name))
            .finish_non_exhaustive()
    }
}
