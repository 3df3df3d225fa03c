//! Pace: when the next frame is drawn.
//!
//! A frame is drawn when it shows something new: the live edge has moved a pixel, data came, or a
//! second has gone by and an age reads differently. Where frames are dear, as without a graphics
//! card, the edge moves by more pixels at once. What the user does is drawn at once everywhere.

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

/// Frames that nobody asked for take this part of a processor at most,
const SHARE_MAX: f64 = 0.25;
/// unless they would be further apart than this.
const SPACED_MAX: Duration = Duration::from_millis(250);
/// The part that the newest frame has in what one is said to cost.
const NEWEST: f64 = 0.2;

/// What a frame costs: processor time of the whole process from one to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Processor time when the last one began.
    last: Option<Duration>,
    secs: f64,
}

impl Cost {
    /// A frame begins, when the process has taken so much processor time.
    pub(super) fn note(&mut self, taken: Duration) {
        if let Some(last) = self.last {
            let secs = taken.saturating_sub(last).as_secs_f64();
            self.secs += NEWEST * (secs - self.secs);
        }
        self.last = Some(taken);
    }

    /// How far frames are apart at least.
    fn spacing(self) -> Duration {
        Duration::try_from_secs_f64(self.secs / SHARE_MAX)
            .map_or(SPACED_MAX, |spacing| spacing.min(SPACED_MAX))
    }
}

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
        let spacing = self.frame_cost.spacing();
        let pixel = pixel.map(Interval::duration);
        self.waker.set_after(wake_after(pixel).max(spacing));
        ctx.request_repaint_after(next_frame(pixel, self.news).max(spacing));
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
    fn dear_frames_are_further_apart_but_not_too_far() {
        for (each, expected) in [(0_u16, 0_u16), (5, 20), (30, 120), (50, 200), (400, 250)] {
            let mut cost = Cost::default();
            for frame in 0..100 {
                cost.note(millis(u64::from(each)) * frame);
            }
            let spacing = cost.spacing().as_secs_f64() * 1e3;
            assert!((spacing - f64::from(expected)).abs() < 0.1, "{each}: {spacing}");
        }
        // A long one among others changes little, and one alone nothing.
        let mut cost = Cost::default();
        cost.note(millis(900));
        assert_eq!(cost.spacing(), Duration::ZERO);
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
