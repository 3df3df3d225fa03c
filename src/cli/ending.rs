//! Ctrl-C and SIGTERM: a wish to end, which a command fulfils at its next turn.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the user wants the program to end.
#[derive(Debug)]
pub(super) struct Ending(Arc<AtomicBool>);

impl Ending {
    /// From now on the first signal is a wish; the second ends the program where it stands, as a
    /// write to a pipe that nobody reads would otherwise keep it for ever.
    pub(super) fn on_signals() -> Self {
        let wish = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // These two can be handled everywhere; if not, they end the program at once as ever.
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&wish));
            let _ = flag::register(signal, Arc::clone(&wish));
        }
        Self(wish)
    }

    /// Whether a signal came.
    pub(super) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
