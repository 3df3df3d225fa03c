//! The way to the window, also in a build without one.

use super::WindowArgs;
use std::fmt;

/// Opens the window and returns when it was closed.
#[cfg(feature = "window")]
pub(super) fn run(args: &WindowArgs) -> Result<(), impl fmt::Display> {
    use crate::app::{self, WindowOptions};
    use crate::source::udp::UdpOptions;
    use crate::view::Theme;

    app::run(&WindowOptions {
        udp: UdpOptions {
            listen: args.listen.clone(),
            receive_buffer_mib: args.receive_buffer,
            level: args.security,
        },
        auth_file: args.auth_file.clone(),
        types_db: args.types_db.clone(),
        local: !args.no_local,
        memory_bytes: usize::try_from(args.memory << 20).unwrap_or(usize::MAX),
        screenshot: args.screenshot.clone().map(|path| (path, args.after)),
        size: args.size,
        theme: args.theme.map(|theme| match theme {
            super::Theme::Dark => Theme::Dark,
            super::Theme::Light => Theme::Light,
            super::Theme::System => Theme::System,
        }),
        status_file: args.status_file.clone(),
    })
}

/// Says that there is none.
#[cfg(not(feature = "window"))]
pub(super) fn run(_: &WindowArgs) -> Result<(), impl fmt::Display> {
    Err("this build has no window: it was made with --no-default-features")
}
