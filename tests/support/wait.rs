//! Waiting for something to become true, never for luck.

use std::thread;
use std::time::{Duration, Instant};

/// Asks `look` until it answers, for at most `secs` seconds; panics with `what` then.
#[track_caller]
pub fn until<T>(secs: u64, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(secs);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "after {secs} s still not: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
