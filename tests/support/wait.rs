//! Waiting for something to become true, never for luck.

use std::thread;
use std::time::{Duration, Instant};

/// What anything may take that is not what a test is about: the machine may be busy, and windows
/// are drawn without a graphics card.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks `look` until it answers, for at most [`PATIENCE`]; panics with `what` then.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "after {PATIENCE:?} still not: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
