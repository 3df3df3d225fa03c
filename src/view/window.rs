//! The span on screen: live, detached or paused.
//!
//! A live window's right edge is `now`; the other two stand still while reception goes on. Only
//! explicit acts change the state. Knows nothing of data or screens.

use crate::metric::{CdTime, Interval, Span};

/// Widths offered as presets, in seconds, with their names.
pub const PRESETS: [(u64, &str); 7] = [
    (10, "10s"),
    (60, "1m"),
    (300, "5m"),
    (900, "15m"),
    (3_600, "1h"),
    (21_600, "6h"),
    (86_400, "24h"),
];

/// Narrowest window: at 10 ms a pixel of a wide screen is still longer than a clock tick.
pub const WIDTH_MIN: Interval = Interval::from_raw(1 << 24);
/// Widest window: ten days.
pub const WIDTH_MAX: Interval = Interval::from_secs(864_000);
/// Width of a window that has seen nothing yet; it grows with what there is to show.
pub const WIDTH_START: Interval = Interval::from_secs(60);
/// Zooms that Backspace can take back.
const BACK_MAX: usize = 50;

/// Where the right edge is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    /// At `now`.
    Live,
    /// Where the user moved it; the data beyond it is newer.
    Detached {
        /// The right edge.
        end: CdTime,
    },
    /// Where it stood when the user paused (or moved it since).
    Paused {
        /// The right edge.
        end: CdTime,
        /// When the user paused.
        at: CdTime,
        /// Values received until then.
        values: u64,
    },
}

/// The span on screen.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeWindow {
    width: Interval,
    anchor: Anchor,
    back: Vec<(Interval, Anchor)>,
    /// The gesture that the last zoom belongs to.
    gesture: Option<u64>,
}

impl TimeWindow {
    /// A live window `width` wide.
    pub fn live(width: Interval) -> Self {
        Self { width: clamp(width), anchor: Anchor::Live, back: Vec::new(), gesture: None }
    }

    /// Where the right edge is held.
    pub const fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// How wide it is.
    pub const fn width(&self) -> Interval {
        self.width
    }

    /// Whether the right edge follows the clock.
    pub fn is_live(&self) -> bool {
        self.anchor == Anchor::Live
    }

    /// The span on screen at `now`.
    pub fn span(&self, now: CdTime) -> Span {
        let end = match self.anchor {
            Anchor::Live => now,
            Anchor::Detached { end } | Anchor::Paused { end, .. } => end,
        };
        Span::new(end.saturating_sub(self.width), end)
    }

    /// The span of a live window on `columns` pixels: as wide, and its right edge at the next whole
    /// column as the store cuts time, so that what is drawn stands still until it has moved by one.
    pub fn live_span(&self, now: CdTime, columns: usize) -> Span {
        let column = self.width.raw().div_ceil(columns.max(2) as u64 - 1).max(1);
        let end = CdTime::from_raw(now.raw().div_ceil(column).saturating_mul(column));
        Span::new(end.saturating_sub(self.width), end)
    }

    /// How far the right edge is behind `now`.
    pub fn behind(&self, now: CdTime) -> Interval {
        now.since(self.span(now).end)
    }

    /// Stands still; `values` is how many were received until now.
    pub fn pause(&mut self, now: CdTime, values: u64) {
        if !matches!(self.anchor, Anchor::Paused { .. }) {
            let end = self.span(now).end;
            self.anchor = Anchor::Paused { end, at: now, values };
        }
    }

    /// Follows the clock again. The width stays.
    pub fn go_live(&mut self) {
        self.anchor = Anchor::Live;
        self.back.clear();
    }

    /// Takes another width; a live window stays live, the others keep their right edge.
    pub fn set_width(&mut self, width: Interval) {
        if clamp(width) == self.width {
            return;
        }
        self.remember();
        self.width = clamp(width);
    }

    /// Takes a width that nobody asked for: [`TimeWindow::zoom_back`] does not know of it.
    pub fn fit(&mut self, width: Interval) {
        self.width = clamp(width);
    }

    /// Moves by `secs` (negative: back in time). Moving a live window back detaches it; moving a
    /// detached one to `now` or past it makes it live again.
    pub fn pan(&mut self, secs: f64, now: CdTime) {
        let end = self.span(now).end;
        let step = Interval::from_secs_f64(secs.abs());
        let moved = if secs < 0.0 { end.saturating_sub(step) } else { end.saturating_add(step) };
        self.move_end(moved.max(CdTime::ZERO.saturating_add(self.width)), now);
    }

    /// Makes the window `factor` times as wide around the moment `at`; a live window is held at
    /// its right edge. What one `gesture` does is taken back at once.
    pub fn zoom(&mut self, factor: f64, at: CdTime, now: CdTime, gesture: Option<u64>) {
        let before = self.span(now);
        let width = clamp(self.width.mul_f64(factor));
        if width == self.width {
            return;
        }
        if gesture.is_none() || gesture != self.gesture {
            self.remember();
        }
        self.gesture = gesture;
        let share = before.end.secs_from(at) / self.width.secs_f64();
        self.width = width;
        if self.is_live() {
            return;
        }
        let right = width.mul_f64(share.clamp(0.0, 1.0));
        let end = if share < 0.0 { before.end } else { at.saturating_add(right) };
        self.move_end(end, now);
    }

    /// Shows exactly `span` (a box zoom); spans too narrow are widened around their end.
    pub fn show(&mut self, span: Span, now: CdTime) {
        self.remember();
        self.width = clamp(span.width());
        match self.anchor {
            Anchor::Paused { at, values, .. } => {
                self.anchor = Anchor::Paused { end: span.end, at, values };
            }
            // Even when it ends at `now`: the user framed something and it must stand still.
            _ => self.anchor = Anchor::Detached { end: span.end.min(now) },
        }
    }

    /// Stands still with `moment` in the middle, or as near to it as `now` allows; the width stays.
    pub fn show_moment(&mut self, moment: CdTime, now: CdTime) {
        self.remember();
        let half = self.width.mul_f64(0.5);
        let first = CdTime::ZERO.saturating_add(self.width);
        let end = moment.saturating_add(half).min(now).max(first);
        self.anchor = match self.anchor {
            Anchor::Paused { at, values, .. } => Anchor::Paused { end, at, values },
            _ => Anchor::Detached { end },
        };
    }

    /// Moves the left edge to `oldest`, keeping the width.
    pub fn go_oldest(&mut self, oldest: CdTime, now: CdTime) {
        self.remember();
        self.move_end(oldest.saturating_add(self.width), now);
    }

    /// Takes back the last zoom. Nothing to take back: nothing happens.
    pub fn zoom_back(&mut self) {
        if let Some((width, anchor)) = self.back.pop() {
            self.width = width;
            self.anchor = anchor;
        }
    }

    /// Time until the right edge has moved by one of `width_px` pixels, for a live window.
    pub fn next_pixel(&self, width_px: f64) -> Option<Interval> {
        self.is_live().then(|| self.width.mul_f64(1.0 / width_px.max(1.0)))
    }

    fn move_end(&mut self, end: CdTime, now: CdTime) {
        self.anchor = match self.anchor {
            Anchor::Paused { at, values, .. } => Anchor::Paused { end: end.min(now), at, values },
            _ if end >= now => Anchor::Live,
            _ => Anchor::Detached { end },
        };
    }

    fn remember(&mut self) {
        self.gesture = None;
        if self.back.len() == BACK_MAX {
            self.back.remove(0);
        }
        self.back.push((self.width, self.anchor));
    }
}

/// The width for data that began at `oldest`: all of it up to `now`, in whole seconds, from
/// [`WIDTH_START`] on and no more than is `wanted`. So the oldest sample stays where it is while
/// the plot fills, and nothing jumps.
pub fn width_for(oldest: Option<CdTime>, now: CdTime, wanted: Interval) -> Interval {
    let held = oldest.map_or(Interval::default(), |oldest| now.since(oldest));
    let (secs, nanos) = held.secs_nanos();
    let held = Interval::from_secs(secs.saturating_add(u64::from(nanos > 0)));
    held.max(WIDTH_START).min(wanted)
}

fn clamp(width: Interval) -> Interval {
    width.clamp(WIDTH_MIN, WIDTH_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: CdTime = CdTime::from_secs(10_000);

    fn live() -> TimeWindow {
        TimeWindow::live(Interval::from_secs(100))
    }

    #[track_caller]
    fn check(window: &TimeWindow, now: CdTime, start_secs: f64, end_secs: f64) {
        let span = window.span(now);
        let got = (span.start.secs_f64(), span.end.secs_f64());
        let close = (got.0 - start_secs).abs() < 1e-3 && (got.1 - end_secs).abs() < 1e-3;
        assert!(close, "{got:?} instead of {:?}", (start_secs, end_secs));
    }

    #[test]
    fn a_window_grows_with_what_there_is_to_show() {
        let width = |age_secs: Option<u64>, wanted| {
            let oldest = age_secs.map(|age| NOW.saturating_sub(Interval::from_secs(age)));
            width_for(oldest, NOW, Interval::from_secs(wanted)).secs_f64()
        };
        for (age, wanted, expected) in [
            (None, 300, 60.0),
            (Some(0), 300, 60.0),
            (Some(60), 300, 60.0),
            (Some(61), 300, 61.0),
            (Some(299), 3_600, 299.0),
            (Some(301), 3_600, 301.0),
            (Some(9_000), 3_600, 3_600.0),
            // What the user chose is never left behind, be it no preset or a narrow one.
            (Some(100), 200, 100.0),
            (Some(300), 200, 200.0),
            (None, 10, 10.0),
            (Some(9_999), 864_000, 9_999.0),
        ] {
            assert_eq!(width(age, wanted), expected, "{age:?} of {wanted}");
        }
        let all = CdTime::from_secs(1_000_000);
        let width = width_for(Some(CdTime::ZERO), all, Interval::from_secs(500_000));
        assert_eq!(width, Interval::from_secs(500_000));
        // A clock that is ahead of ours.
        assert_eq!(width_for(Some(all), NOW, WIDTH_MAX), WIDTH_START);
    }

    #[test]
    fn the_live_edge_of_a_plot_moves_by_whole_columns() {
        let window = live();
        let spans: Vec<Span> = (0..100_u64)
            .map(|n| NOW.saturating_add(Interval::from_raw(n * (1 << 26))))
            .map(|now| {
                let span = window.live_span(now, 101);
                assert!(span.end >= now && span.end.since(now) <= Interval::from_secs(1));
                assert_eq!(span.width(), window.width());
                span
            })
            .collect();
        // 100 steps of 62.5 ms, columns of a second.
        let moves = spans.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!((6..=7).contains(&moves), "{moves}");
    }

    #[test]
    fn a_live_window_follows_the_clock() {
        check(&live(), NOW, 9_900.0, 10_000.0);
        check(&live(), CdTime::from_secs(10_005), 9_905.0, 10_005.0);
    }

    #[test]
    fn a_paused_window_stands_still_until_it_goes_live() {
        let mut window = live();
        window.pause(NOW, 7);
        check(&window, CdTime::from_secs(10_050), 9_900.0, 10_000.0);
        assert_eq!(window.behind(CdTime::from_secs(10_050)), Interval::from_secs(50));
        window.go_live();
        check(&window, CdTime::from_secs(10_050), 9_950.0, 10_050.0);
    }

    #[test]
    fn pausing_twice_keeps_the_first_moment() {
        let mut window = live();
        window.pause(NOW, 7);
        window.pause(CdTime::from_secs(10_050), 99);
        assert_eq!(window.anchor(), Anchor::Paused { end: NOW, at: NOW, values: 7 });
    }

    #[test]
    fn panning_back_detaches_and_panning_to_now_makes_live_again() {
        let mut window = live();
        window.pan(-42.0, NOW);
        assert_eq!(window.anchor(), Anchor::Detached { end: CdTime::from_secs(9_958) });
        window.pan(50.0, NOW);
        assert!(window.is_live());
    }

    #[test]
    fn panning_a_paused_window_never_resumes_it() {
        let mut window = live();
        window.pause(NOW, 7);
        window.pan(500.0, NOW);
        assert!(matches!(window.anchor(), Anchor::Paused { end, .. } if end == NOW));
    }

    #[test]
    fn zooming_a_live_window_keeps_it_at_now() {
        let mut window = live();
        window.zoom(0.5, CdTime::from_secs(9_910), NOW, None);
        assert!(window.is_live());
        check(&window, NOW, 9_950.0, 10_000.0);
    }

    #[test]
    fn zooming_a_detached_window_holds_the_moment_under_the_cursor() {
        let mut window = live();
        window.pan(-1_000.0, NOW);
        check(&window, NOW, 8_900.0, 9_000.0);
        window.zoom(0.5, CdTime::from_secs(8_925), NOW, None);
        check(&window, NOW, 8_912.5, 8_962.5);
    }

    #[test]
    fn a_box_zoom_shows_just_the_box_and_backspace_takes_it_back() {
        let mut window = live();
        window.show(Span::new(CdTime::from_secs(9_920), CdTime::from_secs(9_930)), NOW);
        check(&window, NOW, 9_920.0, 9_930.0);
        window.zoom_back();
        assert!(window.is_live());
        check(&window, NOW, 9_900.0, 10_000.0);
        window.zoom_back();
        assert!(window.is_live());
    }

    #[test]
    fn a_moment_is_shown_in_the_middle_and_a_new_one_at_the_right() {
        let mut window = live();
        window.show_moment(CdTime::from_secs(5_000), NOW);
        check(&window, NOW, 4_950.0, 5_050.0);
        window.show_moment(CdTime::from_secs(9_990), NOW);
        check(&window, CdTime::from_secs(10_500), 9_900.0, 10_000.0);
        assert!(!window.is_live(), "it stands still");
        window.zoom_back();
        check(&window, NOW, 4_950.0, 5_050.0);
        window.show_moment(CdTime::from_secs(3), NOW);
        check(&window, NOW, 0.0, 100.0);
    }

    #[test]
    fn a_paused_window_that_is_sent_to_a_moment_stays_paused() {
        let mut window = live();
        window.pause(NOW, 7);
        window.show_moment(CdTime::from_secs(5_000), NOW);
        assert!(matches!(window.anchor(), Anchor::Paused { values: 7, .. }));
        check(&window, NOW, 4_950.0, 5_050.0);
    }

    #[test]
    fn widths_stay_within_their_bounds() {
        let mut window = live();
        for _ in 0..100 {
            window.zoom(0.1, NOW, NOW, None);
        }
        assert_eq!(window.width(), WIDTH_MIN);
        window.set_width(Interval::from_raw(u64::MAX));
        assert_eq!(window.width(), WIDTH_MAX);
    }

    #[test]
    fn a_width_that_nobody_asked_for_is_not_taken_back() {
        let mut window = live();
        window.fit(Interval::from_secs(60));
        window.zoom_back();
        check(&window, NOW, 9_940.0, 10_000.0);
    }

    #[test]
    fn fifty_zooms_are_remembered_and_no_more() {
        let mut window = live();
        for i in 0..(BACK_MAX as u64 + 20) {
            window.set_width(Interval::from_secs(100 + i));
        }
        assert_eq!(window.back.len(), BACK_MAX);
    }

    #[test]
    fn the_window_never_starts_before_time_does() {
        let mut window = live();
        window.pan(-1e12, NOW);
        check(&window, NOW, 0.0, 100.0);
    }

    #[test]
    fn a_frame_is_due_when_the_edge_has_moved_a_pixel() {
        let due = live().next_pixel(1_000.0).expect("live");
        assert!((due.secs_f64() - 0.1).abs() < 1e-9);
        let mut window = live();
        window.pause(NOW, 0);
        assert_eq!(window.next_pixel(1_000.0), None);
    }

    #[test]
    fn what_one_turn_of_the_wheel_does_is_taken_back_at_once() {
        let mut window = live();
        for gesture in [1, 1, 1, 2, 2] {
            window.zoom(0.5, NOW, NOW, Some(gesture));
        }
        let width = |window: &TimeWindow| window.width().secs_f64();
        assert_eq!(width(&window), 3.125);
        window.zoom_back();
        assert_eq!(width(&window), 12.5);
        window.zoom_back();
        assert_eq!(width(&window), 100.0);
    }
}
