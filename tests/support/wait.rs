//! Waiting for something to become true, never for luck.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

/// What anything may take that is not what a test is about: the machine may be busy, and windows
/// are drawn without a graphics card.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks `look` until it answers, for at most [`PATIENCE`]; panics with `what` then.
#[track_caller]
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    in_time(look).unwrap_or_else(|| panic!("after {PATIENCE:?} still not: {what}"))
}

/// Waits for the end of a program; its code. One that does not end is ended, and is a failure.
#[track_caller]
pub fn end(child: &mut Child) -> Option<i32> {
    let ended = in_time(|| child.try_wait().unwrap());
    ended
        .unwrap_or_else(|| {
            child.kill().unwrap();
            panic!("after {PATIENCE:?} the program had not ended");
        })
        .code()
}

fn in_time<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = look();
        if found.is_some() || Instant::now() > end {
            return found;
        }
        thread::sleep(Duration::from_millis(10));
    }
}
