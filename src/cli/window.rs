//! The way to the window, also in a build without one.

use super::WindowArgs;
use crate::source::capture::Capture;
use std::fmt;

/// Opens the window and returns when it was closed. A capture is taken when the window opens.
#[cfg(feature = "window")]
pub(super) fn run(
    args: &WindowArgs,
    capture: &mut Option<Capture>,
) -> Result<(), impl fmt::Display + use<>> {
    use crate::app::{self, WindowOptions};
    use crate::ingest::Limits;
    use crate::reception::Speed;
    use crate::source::SourceSpec;
    use crate::source::receiver::ReceiverOptions;
    use crate::source::replay::ReplayOptions;
    use crate::view::Theme;

    let memory_bytes = usize::try_from(args.memory << 20).unwrap_or(usize::MAX);
    let lists = args.max_lists.unwrap_or(Limits::lists_in(memory_bytes));
    let limits = Limits::new(lists, args.max_lists_per_sender);
    let (auth_file, level) = (args.trust.auth_file.clone(), args.trust.security);
    let mut sources = Vec::new();
    if let Some(udp) = args.receive.udp(level) {
        let (auth_file, local) = (auth_file.clone(), !args.no_local);
        sources.push(SourceSpec::Udp(ReceiverOptions { udp, auth_file, local, limits }));
    }
    if let Some(capture) = capture.take() {
        let speed = args.speed.unwrap_or(Speed::Max);
        let options = ReplayOptions { capture, speed, auth_file, level, limits };
        sources.push(SourceSpec::Capture(Box::new(options)));
    }
    let options = WindowOptions {
        types_db: args.types_db.clone(),
        memory_bytes,
        screenshot: args.screenshot.clone().map(|path| (path, args.after)),
        size: args.size,
        theme: args.theme.map(|theme| match theme {
            super::Theme::Dark => Theme::Dark,
            super::Theme::Light => Theme::Light,
            super::Theme::System => Theme::System,
        }),
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
    _: &mut Option<Capture>,
) -> Result<(), impl fmt::Display + use<>> {
    Err::<(), _>("this build has no window: it was made with --no-default-features")
}
