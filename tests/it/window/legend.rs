//! Legends: all of their rows can be reached, and names are whole where there is room.

use super::stage::Stage;
use collectoscope::metric::{Identifier, Value};
use eframe::egui::{Modifiers, Rect, accesskit::Role, vec2};

/// A machine with as many gauges on one panel as it has names.
fn with_lines(names: &[String]) -> Stage {
    let mut stage = Stage::new();
    for n in 0..3 {
        stage.pass(1);
        let id = |name: &String| Identifier::new("alpha", "p", "", "gauge", name);
        let samples: Vec<_> =
            names.iter().map(|name| (id(name), vec![Value::Gauge(f64::from(n) + 1.5)])).collect();
        stage.send(&samples);
    }
    stage.settle();
    stage
}

fn many() -> Stage {
    with_lines(&(0..40).map(|n| format!("line {n:02}")).collect::<Vec<_>>())
}

/// The names of the rows, top down.
fn rows(stage: &Stage) -> Vec<String> {
    let rows = stage.named(Role::Label).into_iter();
    rows.filter_map(|row| Some(row.split_once(", min ")?.0.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

fn wheel(stage: &mut Stage, row: &str, by: f32) {
    let at = stage.place(Role::Label, row).center();
    stage.wheel(at, vec2(0.0, by), Modifiers::NONE);
}

#[test]
fn the_wheel_scrolls_to_the_rows_that_do_not_fit() {
    let mut stage = many();
    let before = rows(&stage);
    assert!(before.len() > 5 && before.len() < 40, "{before:?}");
    assert_eq!(before[0], "line 00");
    wheel(&mut stage, "line 02", -90.0);
    let after = rows(&stage);
    assert_eq!(after.len(), before.len());
    assert!(after[0] > before[0] && before.contains(&after[0]), "{after:?}");
    // What is beyond the end is nothing, and the way back is as long as the legend.
    for _ in 0..20 {
        let first = rows(&stage)[0].clone();
        wheel(&mut stage, &first, -200.0);
    }
    assert_eq!(rows(&stage).last().unwrap(), "line 39");
    let first = rows(&stage)[0].clone();
    wheel(&mut stage, &first, 5_000.0);
    assert_eq!(rows(&stage), before);
}

#[test]
fn the_bar_can_be_dragged_to_the_end() {
    let mut stage = many();
    let bar = stage.place(Role::ScrollBar, "More lines");
    let (from, to) = (bar.center_top() + vec2(0.0, 3.0), bar.center_bottom() + vec2(0.0, 99.0));
    stage.drag(eframe::egui::PointerButton::Primary, Modifiers::NONE, from, to);
    assert_eq!(rows(&stage).last().unwrap(), "line 39");
}

#[test]
fn a_legend_that_fits_has_no_bar_and_leaves_the_wheel_alone() {
    let mut stage = Stage::sized(vec2(1_000.0, 500.0));
    let id = |plugin: usize| Identifier::new("tall", &format!("p{plugin:02}"), "", "gauge", "");
    for n in 0..3 {
        stage.pass(1);
        let samples: Vec<_> = (0..20).map(|p| (id(p), vec![Value::Gauge(f64::from(n))])).collect();
        stage.send(&samples);
    }
    stage.settle();
    assert!(stage.named(Role::ScrollBar).iter().all(|name| name != "More lines"));
    let top = |stage: &Stage| stage.place(Role::Label, "gauge ").top();
    let before = top(&stage);
    wheel(&mut stage, "gauge ", -50.0);
    assert!(top(&stage) < before - 20.0, "the canvas did not scroll");
}

/// Where the name is that is painted so, and how wide its legend is.
fn name(stage: &Stage, text: &str) -> Option<Rect> {
    stage.find_painted(|painted| painted == text)
}

#[test]
fn a_name_is_whole_where_it_fits_and_else_loses_its_middle() {
    let long = "a-very-long-name-of-something-that-nobody-would-call-so".repeat(2);
    let names = ["web-01 15 min".to_owned(), format!("{long} rx"), format!("{long} tx")];
    let mut stage = with_lines(&names);
    assert!(name(&stage, "web-01 15 min").is_some());
    assert!(name(&stage, &names[1]).is_none());
    for end in ["rx", "tx"] {
        let cut =
            |text: &str| text.starts_with("a-very") && text.ends_with(end) && text.contains('…');
        assert!(stage.find_painted(cut).is_some(), "{:?}", stage.painted());
    }
    // Whoever points at it reads all of it, and whose it is.
    let row = stage.place(Role::Label, &names[1]);
    stage.rest(row.left_center() + vec2(40.0, 0.0));
    stage.assert_says(&names[1]);
    stage.assert_says(&format!("alpha/p/gauge-{}", names[1]));
}

#[test]
fn the_columns_stand_still_while_numbers_change() {
    let mut stage = Stage::new();
    let mut say = |number: f64| {
        stage.pass(1);
        let id = Identifier::new("alpha", "p", "", "gauge", "x");
        stage.send(&[(id, vec![Value::Gauge(number)])]);
        stage.settle();
        let head = |text: &str| stage.find_painted(|painted| painted == text).unwrap().right();
        ["last", "min", "avg", "max"].map(head)
    };
    let first = say(7.0);
    for number in [12.5, 1_234.0, 0.0, 44_444.0] {
        assert_eq!(say(number), first);
    }
    assert!(say(-4e12)[0] <= first[0]);
}

/// Two gauges on one panel.
fn say(stage: &mut Stage, values: [f64; 2]) {
    stage.pass(1);
    let id = |name: &str| Identifier::new("alpha", "p", "", "gauge", name);
    let samples = ["a", "b"].into_iter().zip(values);
    let samples: Vec<_> = samples.map(|(name, v)| (id(name), vec![Value::Gauge(v)])).collect();
    stage.send(&samples);
    stage.settle();
}

#[test]
fn lines_that_are_zero_come_last_and_hold_still_under_the_pointer() {
    let mut stage = Stage::new();
    say(&mut stage, [0.0, 1.5]);
    say(&mut stage, [0.0, 2.5]);
    assert_eq!(rows(&stage), ["b", "a"]);
    let at = stage.place(Role::Label, "b ").center();
    stage.hover(at);
    say(&mut stage, [7.0, 2.5]);
    assert_eq!(rows(&stage), ["b", "a"]);
    stage.hover(eframe::egui::pos2(2.0, 2.0));
    say(&mut stage, [0.0, 2.5]);
    assert_eq!(rows(&stage), ["a", "b"]);
    // Where all are, none steps back.
    stage.press(eframe::egui::Key::Num1);
    for _ in 0..12 {
        say(&mut stage, [0.0, 0.0]);
    }
    assert_eq!(rows(&stage), ["a", "b"]);
}
