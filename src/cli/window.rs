//! The way to the window, also in a build without one.

use super::WindowArgs;
use super::configured::Configured;
#[cfg(feature = "window")]
use super::memory;
use crate::source::capture::Capture;
use std::fmt;

/// Opens the window and returns when it was closed. A capture is taken when the window opens.
#[cfg(feature = "window")]
pub(super) fn run(
    args: &WindowArgs,
    configured: Configured,
    capture: &mut Option<Capture>,
) -> Result<(), impl fmt::Display + use<>> {
    use crate::app::{self, WindowOptions};
    use crate::ingest::Limits;
    use crate::reception::Speed;
    use crate::source::SourceSpec;
    use crate::source::receiver::ReceiverOptions;
    use crate::source::replay::ReplayOptions;

    let Configured { holds, messages } = configured;
    let memory_mib = holds.memory.unwrap_or_else(memory::default_mib);
    let memory_bytes = usize::try_from(memory_mib << 20).unwrap_or(usize::MAX);
    let lists = holds.max_lists.unwrap_or(Limits::lists_in(memory_bytes));
    let limits = Limits::new(lists, holds.max_lists_per_sender);
    let (auth_file, level) = (args.trust.auth_file.clone(), args.trust.level());
    let mut sources = Vec::new();
    if let Some(udp) = args.receive.udp(level) {
        let (auth_file, local) = (auth_file.clone(), holds.local.unwrap_or(true));
        sources.push(SourceSpec::Udp(ReceiverOptions { udp, auth_file, local, limits }));
    }
    if let Some(capture) = capture.take() {
        let speed = args.speed.unwrap_or(Speed::Max);
        let options = ReplayOptions { capture, speed, auth_file, level, limits };
        sources.push(SourceSpec::Capture(Box::new(options)));
    }
    let options = WindowOptions {
        config: holds,
        messages,
        memory_bytes,
        screenshot: args.screenshot.clone().map(|path| (path, args.after)),
        status_file: args.status_file.clone(),
        layout: args.layout.clone(),
    };
    let outcome = app::run(&options, &mut sources);
    *capture = sources.into_iter().find_map(SourceSpec::into_capture);
    outcome
}

/// Says that there is none.
#[cfg(not(feature = "window"))]
pub(super) fn run(
    _: &WindowArgs,
    _: Configured,
    _: &mut Option<Capture>,
) -> Result<(), impl fmt::Display + use<>> {
    Err::<(), _>("this build has no window: it was made with --no-default-features")
}
