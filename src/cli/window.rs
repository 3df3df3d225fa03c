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
    use crate::source::receiver::ReceiverOptions;
    use crate::source::udp::UdpOptions;
    use crate::view::Theme;

    let memory_bytes = usize::try_from(args.memory << 20).unwrap_or(usize::MAX);
    let options = WindowOptions {
        receiver: ReceiverOptions {
            udp: UdpOptions {
                listen: args.listen.clone(),
                receive_buffer_mib: args.receive_buffer,
                level: args.security,
            },
            auth_file: args.auth_file.clone(),
            local: !args.no_local,
            limits: Limits::new(
                args.max_lists.unwrap_or(Limits::lists_in(memory_bytes)),
                args.max_lists_per_sender,
            ),
        },
        types_db: args.types_db.clone(),
        speed: args.speed.unwrap_or(Speed::Max),
        memory_bytes,
        screenshot: args.screenshot.clone().map(|path| (path, args.after)),
        size: args.size,
        theme: args.theme.map(|theme| match theme {
            super::Theme::Dark => Theme::Dark,
            super::Theme::Light => Theme::Light,
            super::Theme::System => Theme::System,
        }),
        status_file: args.status_file.clone(),
    };
    app::run(&options, capture)
}

/// Says that there is none.
#[cfg(not(feature = "window"))]
pub(super) fn run(
    _: &WindowArgs,
    _: &mut Option<Capture>,
) -> Result<(), impl fmt::Display + use<>> {
    Err::<(), _>("this build has no window: it was made with --no-default-features")
}
