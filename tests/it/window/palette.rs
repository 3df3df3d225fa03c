//! The palette: opened, typed into, and left again.

use super::OVERVIEW;
use super::sidebar::typed;
use super::stage::Stage;
use collectoscope::metric::{Identifier, Value};
use collectoscope::view::palette::AT_ONCE_MAX;
use eframe::egui::{Event, Key, Modifiers, accesskit::Role, pos2, vec2};

const TITLE: &str = "Find a host, plugin, command or setting";

fn is_open(stage: &Stage) -> bool {
    stage.app().session().view().palette.is_some()
}

fn text(stage: &Stage) -> &str {
    &stage.app().session().view().palette.as_ref().unwrap().text
}

fn options(stage: &Stage) -> Vec<String> {
    stage.named(Role::ListBoxOption)
}

fn open(stage: &mut Stage) {
    stage.press_with(Modifiers::CTRL, Key::K);
    assert!(is_open(stage));
}

/// Ctrl+K as a keyboard says it.
fn ctrl_k() -> Event {
    let (key, physical_key, repeat) = (Key::K, None, false);
    Event::Key { key, physical_key, pressed: true, repeat, modifiers: Modifiers::CTRL }
}

#[test]
fn a_host_is_found_by_some_letters_and_shown_by_enter() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    open(&mut stage);
    stage.type_text("bta");
    assert_eq!(options(&stage)[0], "beta host");
    stage.press(Key::Enter);
    assert!(!is_open(&stage));
    stage.assert_says("CPU beta %");
    assert_eq!(stage.titles(), OVERVIEW);
    // The keyboard is back on the canvas.
    stage.press(Key::Space);
    assert!(!stage.app().session().view().window().is_live());
    // What was chosen comes first the next time.
    open(&mut stage);
    assert_eq!(options(&stage)[0], "beta host");
}

/// However fast it is typed, and the second time as the first: the same.
#[track_caller]
fn check_typed(text: &str, check: impl Fn(&mut Stage)) {
    for (at_once, twice) in [(true, false), (false, false), (true, true), (false, true)] {
        let mut stage = Stage::hearing(&["alpha", "beta"]);
        if twice {
            open(&mut stage);
            stage.press(Key::Escape);
        }
        let mut events = vec![ctrl_k()];
        events.extend(typed(text));
        if at_once {
            stage.type_at_once(&events);
        } else {
            stage.type_frame_by_frame(&events);
        }
        check(&mut stage);
    }
}

#[test]
fn no_key_is_lost_and_enter_waits_for_what_was_typed_before_it() {
    check_typed("beta", |stage| assert_eq!(text(stage), "beta"));
    check_typed("beta⏎", |stage| stage.assert_says("CPU beta %"));
    check_typed("alpha⌫⌫⌫⌫⌫beta load⏎", |stage| {
        stage.assert_says("Load beta runnable")
    });
    check_typed("nosuch⏎", |stage| assert_eq!(text(stage), "nosuch"));
    check_typed("window of↓↓↓↑⏎", |stage| assert_eq!(stage.width_secs(), 300.0));
    // What comes after it is for the canvas.
    check_typed("beta⏎ r", |stage| {
        assert!(!is_open(stage));
        stage.assert_says("CPU beta %");
        assert!(stage.state().starts_with("PAUSED"));
        assert_eq!(stage.app().session().view().mode(), collectoscope::store::Mode::Raw);
    });
    check_typed("beta⎋ ", |stage| {
        assert!(!is_open(stage) && stage.state().starts_with("PAUSED"));
        stage.assert_says("CPU alpha %");
    });
}

#[test]
fn the_filter_takes_what_is_typed_after_it_was_chosen() {
    let filter = |stage: &mut Stage| {
        assert!(!is_open(stage));
        assert_eq!(stage.app().session().view().filter.text(), "be");
    };
    check_typed("filter the⏎be", filter);
    for hidden in [false, true] {
        let mut stage = Stage::hearing(&["alpha", "beta"]);
        if hidden {
            stage.press_with(Modifiers::CTRL, Key::B);
        }
        open(&mut stage);
        stage.type_text("filter the");
        let row = stage.place(Role::ListBoxOption, "Filter the sidebar");
        stage.click_at(row.center());
        stage.type_text("be");
        filter(&mut stage);
    }
}

#[test]
fn while_it_is_open_no_key_and_no_wheel_reaches_the_canvas() {
    let mut stage = Stage::hearing(&["alpha"]);
    let plot = stage.in_plot("CPU", 0.5);
    open(&mut stage);
    stage.type_text("1 r?/n");
    for key in [Key::Space, Key::F2, Key::N, Key::ArrowLeft, Key::Tab, Key::PageDown, Key::Num1] {
        stage.press(key);
    }
    stage.press_with(Modifiers::CTRL, Key::B);
    stage.wheel(plot, vec2(0.0, 200.0), Modifiers::NONE);
    let view = stage.app().session().view();
    assert!(view.window().is_live() && view.sidebar && view.pane.is_none());
    assert!(!view.notifications.open && view.filter.is_empty() && view.cursor.is_none());
    assert_eq!(stage.width_secs(), 60.0);
    assert_eq!(text(&stage), "1 r?/n");
    stage.type_text("x");
    assert_eq!(text(&stage).len(), 7, "the field has the keyboard all the time");
}

#[test]
fn it_closes_by_escape_by_its_own_key_and_by_a_click_beside_it() {
    let mut stage = Stage::hearing(&["alpha"]);
    for close in [
        |stage: &mut Stage| stage.press(Key::Escape),
        |stage: &mut Stage| stage.press_with(Modifiers::CTRL, Key::K),
        |stage: &mut Stage| stage.click_at(pos2(900.0, 600.0)),
    ] {
        open(&mut stage);
        stage.type_text("a");
        close(&mut stage);
        assert!(!is_open(&stage) && options(&stage).is_empty());
        assert!(stage.app().session().view().recent.items().is_empty());
        let live = stage.app().session().view().window().is_live();
        stage.press(Key::Space);
        assert_eq!(stage.app().session().view().window().is_live(), !live);
    }
}

#[test]
fn the_mouse_opens_it_from_the_top_bar_and_chooses_a_row() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.click(Role::Button, TITLE);
    assert!(is_open(&stage));
    stage.type_text("beta load");
    let row = stage.place(Role::ListBoxOption, "beta › load");
    stage.click_at(row.center());
    assert!(!is_open(&stage));
    assert_eq!(stage.titles(), ["Load"]);
    stage.assert_says("Load beta runnable");
    // Its host is open in the sidebar, so that it is seen there.
    assert!(stage.rows().iter().any(|row| row == "load"));
    stage.press(Key::Space);
    assert!(!stage.app().session().view().window().is_live());
}

#[test]
fn who_does_not_see_it_is_told_what_it_is_and_which_row_is_chosen() {
    let mut stage = Stage::hearing(&["alpha"]);
    open(&mut stage);
    assert!(stage.named(Role::TextInput).contains(&TITLE.to_owned()));
    assert_eq!(stage.named(Role::ListBox), ["Found"]);
    assert_eq!(options(&stage)[0], "Pause / resume command Space");
    assert_eq!(stage.selected(Role::ListBoxOption), ["Pause / resume command Space"]);
    stage.press(Key::ArrowDown);
    assert_eq!(stage.selected(Role::ListBoxOption), ["Go live command End"]);
    stage.type_text("nothing such");
    stage.assert_says("Nothing matches");
    assert!(stage.named(Role::ListBox).is_empty());
}

#[test]
fn the_row_that_the_keyboard_is_on_stays_in_sight() {
    let mut stage = Stage::hearing(&["alpha"]);
    open(&mut stage);
    for (key, times) in [(Key::ArrowDown, 14), (Key::End, 1), (Key::PageUp, 1), (Key::Home, 1)] {
        (0..times).for_each(|_| stage.press(key));
        let session = stage.app().session();
        let row = session.view().palette.as_ref().unwrap().row;
        let label = &session.derived().palette.rows[row].label;
        assert!(stage.selected(Role::ListBoxOption)[0].starts_with(&**label), "{label}");
        let place = stage.place(Role::ListBoxOption, label);
        let list = stage.place(Role::ListBox, "Found");
        assert!(list.expand(1.0).contains_rect(place), "{label} {place} {list}");
        assert!(list.height() < 300.0);
    }
}

#[test]
fn the_field_in_the_top_bar_keeps_clear_of_its_neighbours() {
    for (width, paused) in [1_600.0, 1_280.0, 1_000.0, 900.0, 760.0]
        .into_iter()
        .flat_map(|width| [(width, false), (width, true)])
    {
        let mut stage = Stage::sized(vec2(width, 720.0));
        stage.seconds(3, &["alpha"]);
        if paused {
            stage.press(Key::Space);
            stage.seconds(200, &["alpha"]);
        }
        let field = stage.place(Role::Button, TITLE);
        let left = stage.place(Role::Button, if paused { "Go live" } else { "Pause" });
        let has_rates = stage.named(Role::RadioButton).contains(&"Rates".to_owned());
        let (role, name) =
            if has_rates { (Role::RadioButton, "Rates") } else { (Role::Button, "Theme") };
        let right = stage.place(role, name);
        let is_clear = left.right() + 4.0 < field.left() && field.right() + 4.0 < right.left();
        assert!(is_clear, "{width} {paused}: {left} {field} {right}");
        stage.click_at(field.center());
        assert!(is_open(&stage));
    }
}

#[test]
fn enter_waits_for_a_search_among_very_many_names() {
    let mut stage = Stage::roomy();
    for host in 0..AT_ONCE_MAX / 100 {
        let id = |n| Identifier::new(&format!("web-{host}"), &format!("p{n}"), "", "gauge", "");
        let all: Vec<_> = (0..100).map(|n| (id(n), vec![Value::Gauge(1.0)])).collect();
        stage.send(&all);
        stage.settle();
    }
    let shows = |stage: &Stage, wanted: &str| {
        let scope = stage.app().session().view().scope();
        scope.is_some_and(|scope| format!("{scope:?}").contains(wanted))
    };
    let mut events = vec![ctrl_k()];
    events.extend(typed("web-77 p42⏎ "));
    stage.type_at_once(&events);
    stage.until(|stage| !is_open(stage) && shows(stage, "web-77"));
    assert!(shows(&stage, "plugin: \"p42\""));
    stage.until(|stage| stage.state().starts_with("PAUSED"));
    // What nobody waits for any more is given up.
    open(&mut stage);
    stage.type_at_once(&typed("web⎋"));
    assert!(!is_open(&stage) && !stage.app().session().derived().palette.is_pending());
}
