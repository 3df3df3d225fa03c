//! Drawing: what is kept from one frame to the next, and what is not drawn at all.

use super::stage::Stage;
use collectoscope::metric::{Identifier, Value};
use collectoscope::ui::Made;
use eframe::egui::{Key, Modifiers, accesskit::Role, pos2, vec2};

const ALPHA: &[&str] = &["alpha"];

/// How often lines and drawings were made, by `act`.
fn made(stage: &mut Stage, act: impl FnOnce(&mut Stage)) -> Made {
    let before = stage.app().memory().plots.made();
    act(stage);
    let after = stage.app().memory().plots.made();
    Made { lines: after.lines - before.lines, drawings: after.drawings - before.drawings }
}

/// A window with plots, in which nothing is about to change.
fn still() -> Stage {
    let mut stage = Stage::hearing(ALPHA);
    stage.settle();
    stage
}

#[track_caller]
fn check(act: impl FnOnce(&mut Stage), lines: bool, drawings: bool) {
    let made = made(&mut still(), act);
    assert_eq!((made.lines > 0, made.drawings > 0), (lines, drawings), "{made:?}");
}

#[test]
fn a_frame_in_which_nothing_changed_makes_nothing() {
    check(|stage| (0..5).for_each(|_| stage.settle()), false, false);
}

#[test]
fn the_pointer_and_an_open_pane_change_no_line() {
    check(
        |stage| {
            let header = stage.place(Role::Button, "Load alpha");
            stage.rest(header.center());
            stage.type_text("?");
            stage.type_text("?");
        },
        false,
        false,
    );
}

#[test]
fn new_data_makes_lines() {
    check(|stage| stage.seconds(1, ALPHA), true, true);
}

#[test]
fn time_makes_lines_where_the_edge_has_moved_a_column() {
    check(|stage| stage.pass(1), true, true);
}

#[test]
fn another_width_makes_lines() {
    check(|stage| stage.press(Key::Num3), true, true);
}

#[test]
fn another_mode_makes_lines() {
    check(|stage| stage.press(Key::R), true, true);
}

#[test]
fn another_size_makes_lines() {
    check(|stage| stage.press_with(Modifiers::COMMAND, Key::B), true, true);
}

#[test]
fn another_theme_makes_drawings_only() {
    check(
        |stage| {
            stage.click(Role::Button, "Theme: as the system");
            stage.click(Role::Button, "Theme: dark");
        },
        false,
        true,
    );
}

#[test]
fn a_line_that_is_pointed_at_makes_drawings_only() {
    check(
        |stage| {
            let row = stage.place(Role::Label, "5 min ");
            stage.rest(row.center());
        },
        false,
        true,
    );
}

/// A host with more panels than fit on the canvas.
fn tall() -> Stage {
    let mut stage = Stage::sized(vec2(1_000.0, 600.0));
    let id = |plugin: usize| Identifier::new("tall", &format!("p{plugin:02}"), "", "gauge", "");
    for n in 0..5 {
        stage.pass(1);
        let samples: Vec<_> = (0..40).map(|p| (id(p), vec![Value::Gauge(f64::from(n))])).collect();
        stage.send(&samples);
    }
    stage.settle();
    stage
}

#[test]
fn panels_off_screen_are_not_read() {
    let mut stage = tall();
    assert_eq!(stage.app().session().derived().panels.len(), 40);
    let on_screen = stage.app().memory().plots.kept();
    assert!((1..=12).contains(&on_screen), "{on_screen}");
    let made = made(&mut stage, |stage| stage.pass(10));
    assert!(made.lines as usize <= 3 * on_screen, "{made:?}");
}

#[test]
fn panels_that_are_scrolled_to_are_drawn_and_the_others_forgotten() {
    let mut stage = tall();
    let panels = stage.app().session().derived().panels.to_vec();
    let drawn = |stage: &Stage, n: usize| stage.app().memory().plots.get(&panels[n]).is_some();
    assert!(drawn(&stage, 0) && !drawn(&stage, 39));
    for _ in 0..20 {
        stage.press(Key::PageDown);
    }
    assert!(!drawn(&stage, 0) && drawn(&stage, 39));
}

/// A second later the host says a number.
fn say(stage: &mut Stage, number: f64) {
    stage.pass(1);
    let id = Identifier::new("alpha", "p00", "", "gauge", "");
    stage.send(&[(id, vec![Value::Gauge(number)])]);
    stage.settle();
}

#[test]
fn the_figures_of_a_legend_are_those_of_its_lines() {
    let mut stage = Stage::new();
    say(&mut stage, 4_711.0);
    assert!(stage.paints("4.71 k"));
    // The greatest stays, the last and the least are others.
    say(&mut stage, 2_222.0);
    assert!(stage.paints("4.71 k") && stage.paints("2.22 k"));
    say(&mut stage, 3_333.0);
    assert!(stage.paints("3.33 k") && stage.paints("2.22 k"));
    // Minutes later nothing of it is left in the window.
    stage.press(Key::Num1);
    stage.pass(60);
    assert!(!stage.paints("3.33 k"));
}

#[test]
fn the_first_figure_is_that_of_the_moment_under_the_pointer() {
    let mut stage = Stage::new();
    for number in [4_444.0, 6_666.0, 8_888.0] {
        (0..5).for_each(|_| say(&mut stage, number));
    }
    // The tooltip says it too, but not as one of many.
    let in_legend = |stage: &Stage| stage.paints("6.67 k\n");
    stage.press(Key::Space);
    assert!(!in_legend(&stage) && stage.paints("8.89 k\n"), "{:?}", stage.painted());
    let mut hover = |x| {
        stage.hover(stage.in_plot("p00", x));
        in_legend(&stage)
    };
    assert!((0..200_u8).any(|x| hover(f32::from(x) / 200.0)));
    stage.hover(pos2(2.0, 2.0));
    assert!(!in_legend(&stage));
}

#[test]
fn a_tooltip_is_as_wide_the_second_time_as_the_first() {
    let mut stage = Stage::new();
    for number in [4_444.0, 6_666.0, 8_888.0] {
        (0..5).for_each(|_| say(&mut stage, number));
    }
    stage.press(Key::Space);
    // From the age to the number below it.
    let width = |stage: &mut Stage, at| {
        stage.rest(at);
        let age = stage.find_painted(|text| text.ends_with(" old"))?;
        Some(stage.find_painted(|text| text == "8.89 k")?.right() - age.left())
    };
    let at = (0..200_u8).rev().map(|x| stage.in_plot("p00", f32::from(x) / 200.0));
    let at: Vec<_> = at.collect();
    let found = at.into_iter().find_map(|at| Some((at, width(&mut stage, at)?)));
    let (at, first) = found.unwrap();
    assert_eq!(width(&mut stage, pos2(2.0, 2.0)), None);
    assert_eq!(width(&mut stage, at), Some(first));
}

#[test]
fn figures_change_with_mode_and_place() {
    let mut stage = still();
    let before = stage.painted();
    assert!(before.iter().any(|text| text.contains("12.5")), "{before:?}");
    // 1,000 bytes a second are 8 kbit/s on the wire, and a count of bytes as they came.
    assert!(stage.paints("8.00 k"));
    stage.press(Key::R);
    assert!(!stage.paints("8.00 k"));
    stage.press(Key::R);
    // The sidebar goes, and what is drawn in the left column moves.
    let (place, color) = stage.place_painted("2.50");
    stage.press_with(Modifiers::COMMAND, Key::B);
    let (wide, same) = stage.place_painted("2.50");
    assert!(wide.right() < place.right() - 50.0 && same == color, "{place} {wide}");
    stage.press_with(Modifiers::COMMAND, Key::B);
    assert_eq!(stage.place_painted("2.50"), (place, color));
}

#[test]
fn figures_have_the_colours_of_the_theme() {
    let mut stage = still();
    stage.click(Role::Button, "Theme: as the system");
    let (place, dark) = stage.place_painted("8.00 k");
    stage.click(Role::Button, "Theme: dark");
    let (same, light) = stage.place_painted("8.00 k");
    assert_eq!(place, same);
    assert!(dark.intensity() > 0.5 && light.intensity() < 0.5, "{dark:?} {light:?}");
}
