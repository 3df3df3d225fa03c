//! The thread of a source: started, stopped, and started again when it fails.

use super::Outlet;
use crate::metric::Interval;
use crate::reception::Status;
use crate::view::format::{age, panic_message};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A thread that failed is started again after this time, then after twice as long, and so on.
const RESTART_MIN: Duration = Duration::from_secs(1);
/// At most so long.
const RESTART_MAX: Duration = Duration::from_secs(60);
/// How long a stop may take while a restart is waited for.
const STOP_WAIT: Duration = Duration::from_millis(100);

/// A running source. Dropping it ends the thread, within about 200 ms.
#[derive(Debug)]
pub struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was already printed and reported.
            let _ = thread.join();
        }
    }
}

/// One run of a source's thread: what it is given.
#[derive(Debug)]
pub struct Run<'a> {
    /// Where it hands over what came.
    pub outlet: &'a mut Outlet,
    /// It is to return soon after this is set.
    pub stop: &'a AtomicBool,
    /// What the run before it failed with.
    pub failure: Option<&'a str>,
}

/// Whether a source can begin anew after it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// What it reads from can be opened again, as sockets can.
    Safe,
    /// What it reads from is used up, as a pipe is.
    Never,
}

/// Starts the thread `name`, which calls `run`.
///
/// A panic in `run` is reported over `outlet` as [`crate::reception::State::Failed`]; then `run`
/// is called again, as far as `restart` allows.
pub fn start(
    name: &'static str,
    mut outlet: Outlet,
    restart: Restart,
    mut run: impl FnMut(Run<'_>) + Send + 'static,
) -> io::Result<Running> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let body = move || {
        let mut pause = RESTART_MIN;
        let mut failure: Option<String> = None;
        while !flag.load(Ordering::Relaxed) {
            let started = Instant::now();
            let (outlet, stop, failed) = (&mut outlet, &*flag, failure.as_deref());
            let once = || run(Run { outlet, stop, failure: failed });
            let Err(panic) = catch_unwind(AssertUnwindSafe(once)) else { return };
            let message = panic_message(panic.as_ref());
            if started.elapsed() > RESTART_MAX {
                pause = RESTART_MIN;
            }
            let next = match restart {
                Restart::Safe => {
                    let pause = age(Interval::from_duration(pause));
                    format!("it starts again in {pause}; please report this with the message")
                }
                Restart::Never => "start this program again to read it; please report this with \
                                   the message"
                    .into(),
            };
            outlet.report(Status::failed(name, &message, &next));
            if restart == Restart::Never {
                return;
            }
            wait(pause, &flag);
            pause = (pause * 2).min(RESTART_MAX);
            failure = Some(message);
        }
    };
    let thread = thread::Builder::new().name(name.into()).spawn(body)?;
    Ok(Running { stop, thread: Some(thread) })
}

fn wait(pause: Duration, stop: &AtomicBool) {
    let end = Instant::now() + pause;
    while !stop.load(Ordering::Relaxed) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(STOP_WAIT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reception::State;
    use crate::source::Intake;
    use crossbeam_channel::bounded;

    /// Waits for the next status.
    fn status(intake: &Intake, woken: &crossbeam_channel::Receiver<()>) -> Status {
        loop {
            woken.recv_timeout(Duration::from_secs(30)).expect("a status comes");
            if let Some(status) = intake.status() {
                return status;
            }
        }
    }

    fn channel() -> (Outlet, Intake, crossbeam_channel::Receiver<()>) {
        let (wake, woken) = bounded(16);
        let (outlet, intake) = Outlet::new(4, Box::new(move || _ = wake.try_send(())));
        (outlet, intake, woken)
    }

    #[test]
    fn a_thread_that_fails_says_so_and_begins_again_where_that_is_safe() {
        let (outlet, intake, woken) = channel();
        let mut runs = 0;
        let running = start("udp", outlet, Restart::Safe, move |run| {
            runs += 1;
            assert!(runs > 1, "a test made it fail");
            let summary = format!("run {runs} after {}", run.failure.unwrap());
            run.outlet.report(Status { summary, ..Status::default() });
            while !run.stop.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        });
        let failed = status(&intake, &woken);
        assert_eq!(failed.state, State::Failed { message: "a test made it fail".into() });
        let line = &failed.lines[0].text;
        let start = "the udp thread failed: a test made it fail; it starts again in 1.0 s";
        assert!(line.starts_with(start), "{line}");
        assert_eq!(status(&intake, &woken).summary, "run 2 after a test made it fail");
        drop(running);
        assert!(intake.is_closed());
    }

    #[test]
    fn a_thread_that_cannot_begin_again_says_what_to_do() {
        let (outlet, intake, woken) = channel();
        let _running = start("capture", outlet, Restart::Never, |_| panic!("{}", "no more"));
        let failed = status(&intake, &woken);
        assert_eq!(failed.state, State::Failed { message: "no more".into() });
        assert!(failed.lines[0].text.contains("start this program again"));
    }

    #[test]
    fn a_stop_does_not_wait_for_the_restart() {
        let (outlet, intake, woken) = channel();
        let running = start("udp", outlet, Restart::Safe, |_| panic!("always"));
        let _ = status(&intake, &woken);
        let before = Instant::now();
        drop(running);
        assert!(before.elapsed() < RESTART_MIN, "{:?}", before.elapsed());
    }
}
