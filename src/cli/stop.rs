//! Ctrl-C and SIGTERM as something to wait for, so that what is gathered still leaves.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

/// What a wait ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wakeup {
    /// The user or the system wants an end.
    Stopped,
    /// There is something to read, or its end.
    Readable,
    /// The time is up.
    TimedOut,
}

/// Told by the thread "signals", which lives as long as the program.
#[derive(Debug)]
pub(super) struct Stop {
    /// Reads as ended once a signal came.
    asked: UnixStream,
}

impl Stop {
    /// Takes the signals over; before any other thread starts.
    pub(super) fn new() -> io::Result<Self> {
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            signals.add(signal);
        }
        signals.thread_block()?;
        let (asked, asker) = UnixStream::pair()?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            let _ = signals.wait();
            drop(asker);
            // The second says: now, whatever still holds it up.
            let _ = signals.wait();
            std::process::exit(1);
        })?;
        Ok(Self { asked })
    }

    /// Whether a signal came.
    pub(super) fn is_asked(&self) -> bool {
        matches!(self.wait(None, Some(Duration::ZERO)), Ok(Wakeup::Stopped))
    }

    /// Waits for a signal, for `input` if there is one, and for `timeout` to pass if there is one.
    pub(super) fn wait(
        &self,
        input: Option<BorrowedFd<'_>>,
        timeout: Option<Duration>,
    ) -> io::Result<Wakeup> {
        let mut waiting = vec![PollFd::new(self.asked.as_fd(), PollFlags::POLLIN)];
        waiting.extend(input.map(|input| PollFd::new(input, PollFlags::POLLIN)));
        // Rounded up: a millisecond too short would be waited for in circles.
        let timeout = match timeout {
            None => PollTimeout::NONE,
            Some(timeout) => PollTimeout::try_from(timeout + Duration::from_micros(999))
                .unwrap_or(PollTimeout::MAX),
        };
        match poll(&mut waiting, timeout) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Wakeup::TimedOut),
            Err(errno) => return Err(errno.into()),
        }
        let mut is_ready = waiting.iter().map(|polled| polled.any() != Some(false));
        Ok(match (is_ready.next(), is_ready.next()) {
            (Some(true), _) => Wakeup::Stopped,
            (_, Some(true)) => Wakeup::Readable,
            _ => Wakeup::TimedOut,
        })
    }
}
