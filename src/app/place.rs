//! Place: where the window is and how large, as it is kept from one start to the next.

use crate::config::Settings;
use eframe::egui::{self, Pos2, Rect, Vec2, ViewportCommand, vec2};
use std::time::{Duration, Instant};

/// A window that becomes larger or moves is asked again when it has stood so long: one that is
/// maximised may have its new size a moment before it is called so.
const STILL_AFTER: Duration = Duration::from_millis(500);
/// This much of its upper end, where the title bar is, must be on a screen, points.
const GRIP: Vec2 = vec2(120.0, 40.0);

/// What the system says of the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    size: [f32; 2],
    place: Option<[f32; 2]>,
    is_maximized: bool,
}

impl Seen {
    /// None where it has no size of its own at the moment.
    fn of(ctx: &egui::Context) -> Option<Self> {
        // The next start begins with no zoom.
        let zoom = ctx.zoom_factor();
        let rounded = |Vec2 { x, y }| [(x * zoom).round(), (y * zoom).round()];
        ctx.input(|input| {
            let window = input.viewport();
            if window.minimized == Some(true) || window.fullscreen == Some(true) {
                return None;
            }
            Some(Self {
                size: rounded(window.inner_rect?.size()),
                // On Wayland nobody knows where a window is.
                place: window.outer_rect.map(|rect| rounded(rect.min.to_vec2())),
                is_maximized: window.maximized == Some(true),
            })
        })
    }

    /// `settings` with it. While it fills the screen, size and place stay as they were.
    pub(super) fn over(self, settings: &Settings) -> Settings {
        let Self { size, place, is_maximized: maximized } = self;
        let settings = settings.clone();
        if maximized {
            Settings { maximized, ..settings }
        } else {
            Settings { size, place, maximized, ..settings }
        }
    }
}

/// The window as it was seen last, and since when.
#[derive(Debug)]
pub(super) struct Watch {
    seen: Option<(Seen, Instant)>,
    /// As it was taken last.
    taken: Option<Seen>,
    /// It is to be maximised when it is shown: before, a window manager of X11 does not listen.
    to_maximize: bool,
}

impl Watch {
    pub(super) const fn new(to_maximize: bool) -> Self {
        Self { seen: None, taken: None, to_maximize }
    }

    /// The window, once when it has come to a stand or is about to be closed.
    pub(super) fn look(&mut self, ctx: &egui::Context) -> Option<Seen> {
        let seen = Seen::of(ctx)?;
        if self.taken == Some(seen) {
            self.seen = None;
            return None;
        }
        if self.to_maximize && self.seen.is_some() {
            self.to_maximize = false;
            ctx.send_viewport_cmd(ViewportCommand::Maximized(true));
        }
        let is_closing = ctx.input(|input| input.viewport().close_requested());
        let wait = self.wait(seen, Instant::now());
        if let Some(wait) = wait.filter(|_| !is_closing) {
            ctx.request_repaint_after(if self.to_maximize { Duration::ZERO } else { wait });
            return None;
        }
        self.taken = Some(seen);
        Some(seen)
    }

    /// How long it has to stand still yet.
    fn wait(&mut self, seen: Seen, now: Instant) -> Option<Duration> {
        let since = match self.seen {
            Some((before, since)) if before == seen => since,
            _ => now,
        };
        self.seen = Some((seen, since));
        let wait = STILL_AFTER.saturating_sub(now.duration_since(since));
        (!wait.is_zero()).then_some(wait)
    }
}

/// Moves a window that nobody would find to the nearest screen, before it is shown: the screen it
/// was on may be gone.
pub(super) fn bring_back(cc: &eframe::CreationContext<'_>) {
    let Some(window) = cc.winit_window() else { return };
    // Wayland says nothing, and puts windows where they are seen.
    let Ok(mut position) = window.outer_position() else { return };
    let screens: Vec<_> = window
        .available_monitors()
        .map(|screen| {
            let (at, size) = (screen.position(), screen.size());
            rect((at.x, at.y), (size.width, size.height))
        })
        .collect();
    let size = window.outer_size();
    let at = rect((position.x, position.y), (size.width, size.height));
    #[expect(clippy::cast_possible_truncation, reason = "pixels of a screen, or the nearest")]
    if let Some(to) = brought_back(at, &screens, window.scale_factor() as f32) {
        (position.x, position.y) = (to.x.round() as i32, to.y.round() as i32);
        window.set_outer_position(position);
    }
}

#[expect(clippy::cast_precision_loss, reason = "pixels of a screen")]
fn rect((x, y): (i32, i32), (width, height): (u32, u32)) -> Rect {
    Rect::from_min_size(Pos2::new(x as f32, y as f32), vec2(width as f32, height as f32))
}

/// Where a window goes whose upper end is on none of the screens; none: it stays. All in pixels.
fn brought_back(window: Rect, screens: &[Rect], pixels_per_point: f32) -> Option<Pos2> {
    let grip = (GRIP * pixels_per_point).min(window.size());
    let top = Rect::from_min_size(window.min, vec2(window.width(), grip.y));
    let is_found = |screen: &Rect| {
        let seen = top.intersect(*screen);
        seen.width() >= grip.x && seen.height() >= grip.y
    };
    if screens.iter().any(is_found) {
        return None;
    }
    let far = |screen: &&Rect| screen.distance_sq_to_pos(window.center());
    let nearest = screens.iter().min_by(|a, b| far(a).total_cmp(&far(b)))?;
    let room = (nearest.size() - window.size()).max(Vec2::ZERO);
    Some(window.min.clamp(nearest.min, nearest.min + room))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seen(width: f32, is_maximized: bool) -> Seen {
        Seen { size: [width, 700.0], place: Some([30.0, 40.0]), is_maximized }
    }

    #[test]
    fn a_window_counts_when_it_has_stood_still() {
        let mut watch = Watch::new(false);
        let start = Instant::now();
        let mut wait = |seen, millis| watch.wait(seen, start + Duration::from_millis(millis));
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(wait(seen(900.0, false), 0), millis(500));
        assert_eq!(wait(seen(900.0, false), 400), millis(100));
        // It gets its new size first, and only then it is called maximised.
        assert_eq!(wait(seen(1_900.0, false), 450), millis(500));
        assert_eq!(wait(seen(1_900.0, true), 460), millis(500));
        assert_eq!(wait(seen(1_900.0, true), 960), None);
    }

    #[test]
    fn a_maximised_window_keeps_the_size_and_the_place_that_it_had() {
        let settings = seen(900.0, false).over(&Settings::default());
        assert_eq!((settings.size, settings.place), ([900.0, 700.0], Some([30.0, 40.0])));
        let large = seen(1_900.0, true).over(&settings);
        assert_eq!(large, Settings { maximized: true, ..settings });
    }

    #[test]
    fn a_window_that_nobody_would_find_comes_back_to_the_nearest_screen() {
        let screen = |x, y| rect((x, y), (1_000, 800));
        let two = [screen(0, 0), screen(1_000, 0)];
        for ((x, y), expected) in [
            ((0, 0), None),
            ((400, 100), None),
            // Across both screens, and mostly outside but for a piece of the title bar.
            ((800, 100), None),
            ((1_880, 760), None),
            ((-480, 0), None),
            ((1_881, 100), Some((1_400.0, 100.0))),
            ((400, 761), Some((400.0, 200.0))),
            ((5_000, -3_000), Some((1_400.0, 0.0))),
            ((-481, 300), Some((0.0, 200.0))),
            ((300, -41), Some((300.0, 0.0))),
        ] {
            let window = rect((x, y), (600, 600));
            let expected = expected.map(|(x, y)| Pos2::new(x, y));
            assert_eq!(brought_back(window, &two, 1.0), expected, "{x} {y}");
        }
        // One that is larger than the screen begins at its corner, and without screens none moves.
        let large = rect((5_000, 0), (3_000, 2_000));
        assert_eq!(brought_back(large, &two, 1.0), Some(Pos2::new(1_000.0, 0.0)));
        assert_eq!(brought_back(large, &[], 1.0), None);
        assert_eq!(
            brought_back(rect((920, 0), (600, 600)), &two[..1], 2.0),
            Some(Pos2::new(400.0, 0.0))
        );
    }
}
