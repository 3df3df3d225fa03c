//! Notifications: the status bar, the list below the canvas, and the marks on the plots.

use super::stage::Stage;
use collectoscope::metric::Severity::{Failure, Okay, Warning};
use collectoscope::view::selection::Scope;
use eframe::egui::{Key, Modifiers, accesskit::Role, vec2};

/// Two hosts and three notifications, one second apart.
fn noisy() -> Stage {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    for (about, severity, message) in [
        ("alpha/load", Failure, "load is 9"),
        ("beta", Warning, "disk is nearly full"),
        ("alpha", Okay, "all is well"),
    ] {
        stage.notify(about, severity, message);
        stage.seconds(1, &["alpha", "beta"]);
    }
    stage
}

fn rows(stage: &Stage) -> Vec<String> {
    stage.named(Role::ListItem)
}

#[test]
fn an_empty_list_says_what_comes_there_and_how_to_make_one() {
    let mut stage = Stage::new();
    stage.click(Role::Button, "no notifications");
    stage.assert_says("No notifications yet.");
    stage.assert_says("LoadPlugin threshold");
    stage.assert_says("PUTNOTIF host=$(hostname) severity=warning time=$(date +%s)");
    stage.press(Key::N);
    assert!(!stage.says("No notifications yet."));
}

#[test]
fn the_status_bar_counts_what_came_since_the_last_look() {
    let mut stage = noisy();
    for text in ["1 failure", "1 warning", "1 okay"] {
        assert!(stage.named(Role::Button).contains(&text.to_owned()), "{text}");
    }
    stage.click(Role::Button, "1 failure");
    assert!(stage.app().session().view().notifications.open);
    stage.click(Role::Button, "Mark all as seen");
    stage.assert_says("3 notifications");
    assert!(!stage.named(Role::Button).contains(&"1 failure".to_owned()));
    stage.notify("beta", Failure, "again");
    assert!(stage.named(Role::Button).contains(&"1 failure".to_owned()));
    // Closing the list is a look, too.
    stage.press(Key::Escape);
    assert!(!stage.app().session().view().notifications.open);
    stage.assert_says("4 notifications");
}

#[test]
fn the_list_shows_the_newest_first() {
    let mut stage = noisy();
    stage.press(Key::N);
    assert_eq!(
        rows(&stage),
        [
            "08:00:07 okay alpha  all is well",
            "08:00:06 warning beta  disk is nearly full",
            "08:00:05 failure alpha load load is 9",
        ]
    );
    for text in ["time", "severity", "host", "plugin and type", "message", "disk is nearly full"] {
        assert!(stage.paints(text), "{text}");
    }
}

#[test]
fn severities_and_words_narrow_the_list() {
    let mut stage = noisy();
    stage.press(Key::N);
    stage.click(Role::CheckBox, "Okay");
    assert_eq!(rows(&stage).len(), 2);
    let field = stage.place(Role::TextInput, "Find");
    stage.click_at(field.center());
    stage.type_text("FULL");
    assert_eq!(rows(&stage), ["08:00:06 warning beta  disk is nearly full"]);
    stage.type_text("x");
    stage.assert_says("Nothing matches; 3 notifications left out.");
    stage.click(Role::Button, "Show all");
    assert_eq!(rows(&stage).len(), 3);
}

#[test]
fn a_click_on_a_row_shows_its_plugin_and_its_moment() {
    let mut stage = noisy();
    stage.seconds(100, &["alpha", "beta"]);
    stage.press(Key::Num2);
    stage.press(Key::N);
    let row = stage.place(Role::ListItem, "08:00:05 failure");
    stage.click_at(row.center());
    let view = stage.app().session().view();
    let scope = Scope::Plugin { host: "alpha".into(), plugin: "load".into(), instance: "".into() };
    assert_eq!(view.scope(), Some(&scope));
    assert!(stage.state().starts_with("HISTORY"));
    let moment = stage.app().session().store().notifications().get(0).unwrap().notification.time;
    assert!(stage.app().session().view().window().span(stage.now()).contains(moment));
    stage.assert_says("failure: load is 9");
}

#[test]
fn marks_stand_on_the_panels_they_belong_to_and_tell_what_was_said() {
    let mut stage = noisy();
    stage.press(Key::Num3);
    let marks = |stage: &Stage, text: &str| {
        stage.named(Role::Label).iter().filter(|label| label.starts_with(text)).count()
    };
    // The host's four panels are marked, its load twice; 2 s are too near to be told apart.
    assert_eq!((marks(&stage, "okay: all is well"), marks(&stage, "2 notifications")), (3, 1));
    stage.press(Key::Num1);
    assert_eq!((marks(&stage, "okay: all is well"), marks(&stage, "failure: load is 9")), (4, 1));
    assert!(!stage.says("warning: disk"), "it is another host's");
    let mark = stage.place(Role::Label, "failure: load is 9");
    stage.rest(mark.center() + vec2(1.0, 40.0));
    stage.assert_says("08:00:05 · failure · load");
    stage.click_at(mark.center() + vec2(1.0, 40.0));
    assert!(stage.app().session().view().notifications.open);
    assert_eq!(stage.app().session().view().notifications.chosen, Some(0));
}

#[test]
fn what_was_heard_twice_is_one_row_that_says_so() {
    let mut stage = Stage::hearing(&["alpha"]);
    for _ in 0..3 {
        stage.notify("alpha", Warning, "once is enough");
    }
    stage.press(Key::N);
    assert_eq!(rows(&stage).len(), 1);
    let row = stage.place(Role::ListItem, "08:00:05 warning");
    stage.rest(row.center());
    stage.assert_says("received 3 times, listed once");
}

#[test]
fn a_text_from_the_network_cannot_hide_or_reorder_what_stands_beside_it() {
    let mut stage = Stage::hearing(&["alpha"]);
    let evil = "\u{202e}evil\u{7}\n\u{200b}";
    stage.notify(&format!("alpha/{evil}"), Failure, evil);
    stage.press(Key::N);
    stage.assert_says("\\u{202e}evil\\u{7}\\u{a}\\u{200b}");
    let row = stage.place(Role::ListItem, "08:00:05 failure");
    stage.rest(row.center());
    let mark = stage.place(Role::Label, "failure: ");
    let all = stage.nodes().into_iter().map(|(_, text)| text).chain(stage.painted());
    for text in all {
        assert!(!text.contains(['\u{202e}', '\u{7}', '\u{200b}']), "{text:?}");
    }
    stage.rest(mark.center());
    assert!(!stage.painted().iter().any(|text| text.contains('\u{202e}')));
}

#[test]
fn of_ten_thousand_rows_only_those_on_screen_are_drawn_and_what_is_read_stays() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.press(Key::N);
    for n in 0..12_000 {
        stage.send_notification("alpha", Failure, &format!("message {n}"));
    }
    stage.settle();
    assert_eq!(stage.app().session().store().notifications().len(), 10_000);
    let shown = rows(&stage);
    assert!((4..30).contains(&shown.len()), "{shown:?}");
    assert!(shown[0].ends_with("message 11999"));
    let middle = stage.place(Role::ListItem, "08:00:05 failure").center();
    stage.wheel(middle, vec2(0.0, -5_000.0), eframe::egui::Modifiers::NONE);
    let before = rows(&stage);
    assert_ne!(before, shown);
    stage.notify("alpha", Okay, "a new one above");
    assert_eq!(rows(&stage), before);
}

#[test]
fn the_list_fits_into_a_small_window() {
    let mut stage = Stage::sized(vec2(640.0, 400.0));
    stage.seconds(3, &["alpha"]);
    stage.notify("alpha/load", Failure, "load is 9");
    stage.press(Key::N);
    assert_eq!(rows(&stage), ["08:00:03 failure alpha load load is 9"]);
    for name in ["Mark all as seen", "Close the notifications"] {
        let place = stage.place(Role::Button, name);
        assert!(place.right() <= 640.0 && place.bottom() <= 400.0, "{name} at {place:?}");
    }
    stage.click(Role::Button, "Close the notifications");
    assert!(!stage.app().session().view().notifications.open);
}

#[test]
fn shift_and_the_arrows_go_through_the_list() {
    let mut stage = noisy();
    let chosen = |stage: &Stage| stage.app().session().view().notifications.chosen;
    let step = |stage: &mut Stage, key| {
        stage.press_with(Modifiers::SHIFT, key);
        chosen(stage)
    };
    // What is not listed nobody can go through.
    assert_eq!(step(&mut stage, Key::ArrowDown), None);
    let cursor = stage.app().session().view().cursor;
    stage.press(Key::N);
    // Numbers count from the first that was heard; the newest is on top.
    assert_eq!(step(&mut stage, Key::ArrowDown), Some(2));
    assert_eq!(step(&mut stage, Key::ArrowDown), Some(1));
    assert_eq!(step(&mut stage, Key::ArrowDown), Some(0));
    let about = stage.app().session().view().scope().map(|scope| scope.host().to_string());
    assert_eq!(about.as_deref(), Some("alpha"));
    assert!(stage.titles().contains(&"Load"));
    assert_eq!(step(&mut stage, Key::ArrowDown), Some(0));
    assert_eq!(step(&mut stage, Key::ArrowUp), Some(1));
    // The sidebar's cursor stayed where it was.
    assert_eq!(stage.app().session().view().cursor, cursor);
    // What is left out by choice is passed over.
    stage.click(Role::CheckBox, "Okay");
    assert_eq!(step(&mut stage, Key::ArrowUp), Some(1));
}
