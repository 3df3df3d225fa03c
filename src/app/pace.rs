//! Pace: when the next frame is drawn.
//!
//! A frame is drawn when it shows something new: the live edge has moved a pixel, data came, or a
//! second has gone by and an age reads differently.

use super::App;
use crate::metric::Interval;
use crate::reception::Replay;
use eframe::egui;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Frames of a scrolling window are at least this far apart: 30 a second.
const FRAME_MIN: Duration = Duration::from_millis(33);
/// A live window is drawn this often even when nothing moves: ages and rates are read as text.
const FRAME_MAX: Duration = Duration::from_secs(1);
/// After a frame with news the next ones may be a second away and a little late: they come first.
pub(super) const FRAME_MAX_AFTER_NEWS: Duration = Duration::from_millis(1_250);
/// After data came, a frame is drawn when the live edge has moved a pixel, but within these
/// bounds: many hosts' datagrams share a frame, a standing view still counts what is newer, and
/// what waits for a frame must not fill the receiver's backlog.
const WAKE_MIN: Duration = Duration::from_millis(50);
const WAKE_MAX: Duration = Duration::from_millis(500);

/// Asks for a frame when data came: once until the app has drained, and not sooner than a frame
/// would show anything new.
#[derive(Clone, Debug)]
pub struct Waker {
    asked: Arc<AtomicBool>,
    after_millis: Arc<AtomicU64>,
}

impl Default for Waker {
    fn default() -> Self {
        let waker = Self { asked: Arc::default(), after_millis: Arc::default() };
        waker.set_after(WAKE_MIN);
        waker
    }
}

impl Waker {
    /// Something came.
    pub fn wake(&self, ctx: &egui::Context) {
        if !self.asked.swap(true, Ordering::AcqRel) {
            let after = Duration::from_millis(self.after_millis.load(Ordering::Relaxed));
            ctx.request_repaint_after(after);
        }
    }

    pub(super) fn drained(&self) {
        self.asked.store(false, Ordering::Release);
    }

    fn set_after(&self, after: Duration) {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        self.after_millis.store(millis, Ordering::Relaxed);
    }
}

impl App {
    /// The next frame: when the live edge has moved a pixel, and once a second for the text.
    pub(super) fn schedule(&self, ctx: &egui::Context) {
        let pace = self.session.reception().replay().map_or(Some(1.0), Replay::pace);
        let (Some(_), Some(pace)) = (self.text_due, pace) else {
            // Nothing on screen depends on the time: what comes is drawn as soon as it is there.
            self.waker.set_after(WAKE_MIN);
            return;
        };
        let pixel =
            self.session.view().window().next_pixel(f64::from(self.memory.plot_width) * pace);
        let pixel = pixel.map(Interval::duration);
        self.waker.set_after(wake_after(pixel));
        ctx.request_repaint_after(next_frame(pixel, self.news));
    }
}

/// How long after data came it is shown, where the live edge moves a pixel in so long a time.
fn wake_after(pixel: Option<Duration>) -> Duration {
    pixel.unwrap_or(WAKE_MAX).clamp(WAKE_MIN, WAKE_MAX)
}

/// When the next frame is due though nothing comes.
fn next_frame(pixel: Option<Duration>, news: bool) -> Duration {
    let longest = if news { FRAME_MAX_AFTER_NEWS } else { FRAME_MAX };
    pixel.unwrap_or(longest).clamp(FRAME_MIN, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_frame_is_due_when_the_edge_has_moved_and_once_a_second() {
        for (pixel, due) in [(5, 33), (200, 200), (1_000, 1_000), (9_000, 1_000)] {
            assert_eq!(next_frame(Some(millis(pixel)), false), millis(due), "{pixel}");
        }
        assert_eq!(next_frame(None, false), millis(1_000));
    }

    #[test]
    fn data_that_comes_every_second_needs_no_frames_in_between() {
        for pixel in [None, Some(millis(1_500))] {
            assert!(next_frame(pixel, true) > millis(1_200));
        }
    }

    #[test]
    fn data_waits_for_the_edge_to_move_but_not_long() {
        for (pixel, wake) in [(5, 50), (200, 200), (750, 500), (9_000, 500)] {
            assert_eq!(wake_after(Some(millis(pixel))), millis(wake), "{pixel}");
        }
        assert_eq!(wake_after(None), millis(500));
    }
}
