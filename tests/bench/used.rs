//! What was used so far: CPU of threads, memory of processes. Zero where the system does not tell.

use std::time::Duration;

/// Of this thread.
pub(crate) fn thread() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID)
        .map_or(Duration::ZERO, Duration::from)
}

/// Bytes resident of process `id`; `self` is this one.
pub(crate) fn resident_bytes(id: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/statm")).unwrap_or_default();
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4_096
}

/// Of the thread of this process that has `name`.
pub(crate) fn thread_named(name: &str) -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let found = threads.map(|entry| entry.path()).find(|path| {
        std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim() == name)
    });
    let text = found.and_then(|path| std::fs::read_to_string(path.join("schedstat")).ok());
    let nanos = text.as_deref().and_then(|text| text.split(' ').next()?.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}
