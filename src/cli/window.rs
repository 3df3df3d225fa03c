//! The way to the window, also in a build without one.

use super::WindowArgs;
use std::fmt;

/// Opens the window and returns when it was closed.
#[cfg(feature = "window")]
pub(super) fn run(args: &WindowArgs) -> Result<(), impl fmt::Display> {
    crate::app::run(args)
}

/// Says that there is none.
#[cfg(not(feature = "window"))]
pub(super) fn run(_: &WindowArgs) -> Result<(), impl fmt::Display> {
    Err("this build has no window: it was made with --no-default-features")
}
