//! Time: live, paused, detached; widths; zooming and moving by mouse and by keyboard.

use super::stage::Stage;
use eframe::egui::{Key, Modifiers, PointerButton, accesskit::Role, vec2};

const ALPHA: &[&str] = &["alpha"];

/// A minute of data, more than the window of a minute shows.
fn minutes() -> Stage {
    let mut stage = Stage::hearing(ALPHA);
    stage.seconds(120, ALPHA);
    stage.press(Key::Num2);
    stage
}

#[track_caller]
fn check_near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 0.02 * expected.abs() + 1e-6, "{value}, not {expected}");
}

#[test]
fn a_live_window_follows_the_clock() {
    let mut stage = Stage::hearing(ALPHA);
    assert_eq!(stage.state(), "LIVE");
    stage.pass(20);
    assert_eq!((stage.state().as_str(), stage.behind_secs()), ("LIVE", 0.0));
}

#[test]
fn a_window_that_has_seen_little_is_narrow_and_grows_until_the_user_chooses() {
    let mut stage = Stage::new();
    assert_eq!(stage.width_secs(), 60.0);
    stage.seconds(50, ALPHA);
    assert_eq!(stage.width_secs(), 60.0);
    // All that there is, second by second: nothing jumps.
    let mut before = 60.0;
    for _ in 0..20 {
        stage.seconds(1, ALPHA);
        let width = stage.width_secs();
        assert!((0.0..=1.0).contains(&(width - before)), "{before} {width}");
        before = width;
    }
    assert!((68.0..=71.0).contains(&before), "{before}");
    // As wide as it was set to be.
    stage.seconds(300, ALPHA);
    assert_eq!(stage.width_secs(), 300.0);

    let mut chosen = Stage::hearing(ALPHA);
    chosen.press(Key::Num2);
    chosen.seconds(70, ALPHA);
    assert_eq!(chosen.width_secs(), 60.0);

    let mut paused = Stage::hearing(ALPHA);
    paused.press(Key::Space);
    paused.press(Key::Space);
    paused.seconds(70, ALPHA);
    assert_eq!(paused.width_secs(), 60.0);
}

#[test]
fn space_holds_the_view_while_reception_goes_on() {
    let mut stage = Stage::hearing(ALPHA);
    stage.press(Key::Space);
    assert_eq!(stage.state(), "PAUSED 08:00:05 · 0 new values");
    let values = stage.app().session().store().health().totals.values;
    stage.seconds(10, ALPHA);
    assert_eq!(stage.state(), "PAUSED 08:00:05 · 110 new values");
    assert_eq!(stage.app().session().store().health().totals.values, values + 110);
    assert_eq!(stage.behind_secs(), 10.0);
    stage.press(Key::Space);
    assert_eq!((stage.state().as_str(), stage.behind_secs()), ("LIVE", 0.0));
}

#[test]
fn everything_that_pauses_and_everything_that_goes_live() {
    let mut stage = Stage::hearing(ALPHA);
    stage.click(Role::Button, "Pause");
    assert!(stage.state().starts_with("PAUSED"));
    stage.click(Role::Button, "Go live");
    assert_eq!(stage.state(), "LIVE");
    stage.click(Role::Button, "LIVE");
    assert!(stage.state().starts_with("PAUSED"));
    let pill = stage.place(Role::Button, "PAUSED");
    stage.click_at(pill.center());
    assert_eq!(stage.state(), "LIVE");
    stage.press(Key::Space);
    stage.press(Key::End);
    assert_eq!(stage.state(), "LIVE");
}

#[test]
fn digits_and_buttons_set_the_width_and_the_window_stays_live() {
    let mut stage = Stage::hearing(ALPHA);
    let widths = [
        (Key::Num1, "10s", 10.0),
        (Key::Num2, "1m", 60.0),
        (Key::Num3, "5m", 300.0),
        (Key::Num4, "15m", 900.0),
        (Key::Num5, "1h", 3_600.0),
        (Key::Num6, "6h", 21_600.0),
        (Key::Num7, "24h", 86_400.0),
    ];
    for (key, _, secs) in widths {
        stage.press(key);
        assert_eq!((stage.width_secs(), stage.behind_secs()), (secs, 0.0));
    }
    for (_, name, secs) in widths {
        stage.click(Role::RadioButton, name);
        assert_eq!((stage.width_secs(), stage.state().as_str()), (secs, "LIVE"));
    }
}

#[test]
fn the_wheel_zooms_a_live_window_and_it_stays_live() {
    let mut stage = minutes();
    let at = stage.in_plot("CPU", 0.5);
    stage.wheel(at, vec2(0.0, 100.0), Modifiers::NONE);
    assert!(stage.width_secs() < 59.0, "{}", stage.width_secs());
    assert_eq!(stage.state(), "LIVE");
    stage.wheel(at, vec2(0.0, -300.0), Modifiers::NONE);
    assert!(stage.width_secs() > 61.0, "{}", stage.width_secs());
}

#[test]
fn the_wheel_zooms_a_standing_window_around_the_pointer() {
    let mut stage = minutes();
    stage.press(Key::Space);
    let before = stage.app().session().view().window().span(stage.now());
    let at = stage.in_plot("CPU", 0.5);
    stage.wheel(at, vec2(0.0, 100.0), Modifiers::NONE);
    let after = stage.app().session().view().window().span(stage.now());
    let middle = |span: collectoscope::metric::Span| {
        span.start.secs_from(before.start) + span.width().secs_f64() / 2.0
    };
    assert!(after.width() < before.width());
    assert!((middle(after) - middle(before)).abs() < 1.0, "{before:?} {after:?}");
}

#[test]
fn plus_and_minus_zoom_by_key() {
    let mut stage = minutes();
    stage.press(Key::Plus);
    check_near(stage.width_secs(), 42.0);
    stage.press(Key::Minus);
    check_near(stage.width_secs(), 60.0);
    stage.press(Key::W);
    stage.press(Key::S);
    check_near(stage.width_secs(), 60.0);
}

#[test]
fn dragging_a_plot_moves_it_and_says_so() {
    let mut stage = minutes();
    let (left, right) = (stage.in_plot("CPU", 0.25), stage.in_plot("CPU", 0.75));
    stage.drag(PointerButton::Primary, Modifiers::NONE, left, right);
    check_near(stage.behind_secs(), 30.0);
    assert!(
        ["HISTORY, 29 s behind", "HISTORY, 30 s behind"].contains(&stage.state().as_str()),
        "{}",
        stage.state()
    );
    assert_eq!(stage.width_secs(), 60.0);
    let held = stage.app().session().view().window().span(stage.now());
    stage.seconds(5, ALPHA);
    assert_eq!(stage.app().session().view().window().span(stage.now()), held);
    stage.drag(PointerButton::Primary, Modifiers::NONE, left, right + vec2(200.0, 0.0));
    stage.drag(PointerButton::Primary, Modifiers::NONE, right, left - vec2(500.0, 0.0));
    assert_eq!(stage.state(), "LIVE");
}

#[test]
fn arrows_and_home_move_the_window_and_end_returns() {
    let mut stage = minutes();
    stage.press(Key::ArrowLeft);
    check_near(stage.behind_secs(), 15.0);
    stage.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    check_near(stage.behind_secs(), 75.0);
    stage.press(Key::ArrowRight);
    check_near(stage.behind_secs(), 60.0);
    stage.press(Key::Home);
    let start = stage.app().session().view().window().span(stage.now()).start;
    assert_eq!(Some(start), stage.app().session().store().usage().oldest);
    stage.press(Key::End);
    assert_eq!(stage.state(), "LIVE");
}

#[test]
fn shift_and_the_wheel_move_the_window() {
    let mut stage = minutes();
    let at = stage.in_plot("CPU", 0.5);
    stage.wheel(at, vec2(0.0, 100.0), Modifiers::SHIFT);
    assert!(stage.behind_secs() > 5.0, "{}", stage.behind_secs());
    assert_eq!(stage.width_secs(), 60.0);
}

#[test]
fn a_dragged_box_becomes_the_window_and_backspace_takes_it_back() {
    for (button, modifiers) in
        [(PointerButton::Secondary, Modifiers::NONE), (PointerButton::Primary, Modifiers::ALT)]
    {
        let mut stage = minutes();
        let (left, right) = (stage.in_plot("CPU", 0.25), stage.in_plot("CPU", 0.75));
        stage.drag(button, modifiers, right, left);
        check_near(stage.width_secs(), 30.0);
        check_near(stage.behind_secs(), 15.0);
        assert!(stage.state().starts_with("HISTORY"), "{}", stage.state());
        stage.press(Key::Backspace);
        assert_eq!((stage.width_secs(), stage.state().as_str()), (60.0, "LIVE"));
    }
}

#[test]
fn a_box_in_a_paused_view_leaves_it_paused() {
    let mut stage = minutes();
    stage.press(Key::Space);
    let (left, right) = (stage.in_plot("CPU", 0.25), stage.in_plot("CPU", 0.75));
    stage.drag(PointerButton::Secondary, Modifiers::NONE, left, right);
    check_near(stage.width_secs(), 30.0);
    assert!(stage.state().starts_with("PAUSED"));
}

#[test]
fn a_double_click_on_a_plot_goes_live() {
    let mut stage = minutes();
    let at = stage.in_plot("CPU", 0.5);
    stage.press(Key::ArrowLeft);
    stage.double_click(at);
    assert_eq!(stage.state(), "LIVE");
    stage.press(Key::Space);
    stage.double_click(at);
    assert_eq!(stage.state(), "LIVE");
}

#[test]
fn a_window_before_all_data_says_where_the_data_is() {
    let mut stage = minutes();
    stage.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    stage.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    stage.press_with(Modifiers::SHIFT, Key::ArrowLeft);
    assert!(stage.paints("no samples this far back"), "{:?}", stage.painted());
    stage.press(Key::End);
    stage.pass(600);
    assert!(stage.paints("before this window"), "{:?}", stage.painted());
}
