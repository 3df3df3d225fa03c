//! Tabs, tiles and panels: put together by keys and by the mouse, and taken apart again.

use super::stage::Stage;
use super::{OVERVIEW, sidebar::typed};
use collectoscope::view::layout::Layout;
use collectoscope::view::layout_file::print;
use eframe::egui::{Key, Modifiers, PointerButton, Pos2, accesskit::Role, vec2};

const CTRL: Modifiers = Modifiers { command: true, ..Modifiers::CTRL };
const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..CTRL };

fn tabs(stage: &Stage) -> Vec<String> {
    stage.named(Role::Tab)
}

/// What the panels of the tab on screen draw, row by row.
fn shows(stage: &Stage) -> Vec<String> {
    let tiles = stage.app().session().view().tab().canvas.tiles();
    let rules = tiles.map(Layout::rules).unwrap_or_default();
    let texts = |show: &[collectoscope::view::selector::Selector]| {
        show.iter().map(|one| one.text().to_owned()).collect::<Vec<_>>().join(" or ")
    };
    rules.iter().map(|rule| texts(&rule.show)).collect()
}

fn layout(stage: &Stage) -> String {
    print(&stage.app().session().view().workspace)
}

fn middle(stage: &Stage, role: Role, name: &str) -> Pos2 {
    stage.place(role, name).center()
}

/// A tab with the load of two hosts in one panel, and the CPUs of one beside it.
fn compared() -> Stage {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.press_with(CTRL, Key::T);
    stage.assert_says("An empty tab");
    stage.type_at_once(&typed("/plugin:load ds:shortterm⏎"));
    assert_eq!(stage.titles(), ["Load, 1 min"]);
    stage.type_at_once(&typed("/"));
    stage.press_with(CTRL, Key::A);
    stage.type_text("host:beta plugin:cpu");
    stage.press_with(CTRL, Key::Enter);
    stage
}

#[test]
fn hosts_are_compared_on_a_tab_by_keys_alone() {
    let stage = compared();
    assert_eq!(shows(&stage), ["plugin:load ds:shortterm", "host:beta plugin:cpu"]);
    assert_eq!(stage.titles(), ["Load, 1 min", "CPU"]);
    assert_eq!(stage.lines("Load, 1 min"), ["alpha", "beta"]);
    assert_eq!(tabs(&stage), ["alpha", "load shortterm"]);
}

#[test]
fn a_click_on_a_host_leaves_what_the_user_put_together() {
    let mut stage = compared();
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    let before = shows(&stage);
    stage.click_row("beta");
    assert_eq!(stage.titles(), OVERVIEW);
    assert_eq!(tabs(&stage), ["beta", "load shortterm"]);
    stage.press_with(CTRL, Key::Tab);
    assert_eq!(shows(&stage), before);
}

#[test]
fn tabs_are_opened_shown_named_and_closed() {
    let mut stage = compared();
    stage.click(Role::Button, "New tab");
    assert_eq!(tabs(&stage), ["alpha", "load shortterm", "New tab"]);
    stage.press_with(CTRL, Key::Num1);
    assert_eq!(stage.titles(), OVERVIEW);
    stage.press_with(CTRL_SHIFT, Key::Tab);
    stage.assert_says("An empty tab");
    let tab = middle(&stage, Role::Tab, "New tab");
    stage.double_click(tab);
    stage.press_with(CTRL, Key::A);
    stage.type_text("Web tier");
    stage.press(Key::Enter);
    assert_eq!(tabs(&stage)[2], "Web tier");
    stage.click(Role::Button, "Close the tab load shortterm");
    assert_eq!(tabs(&stage), ["alpha", "Web tier"]);
    stage.press_with(CTRL, Key::Z);
    assert_eq!(tabs(&stage), ["alpha", "load shortterm", "Web tier"]);
    stage.press_with(CTRL, Key::Y);
    assert_eq!(tabs(&stage), ["alpha", "Web tier"]);
}

#[test]
fn the_panels_of_an_overview_become_the_users_own_with_the_first_change() {
    let mut stage = Stage::hearing(&["alpha"]);
    let place = stage.place(Role::Button, "Load alpha");
    stage.press(Key::F6);
    stage.press(Key::F6);
    assert!(shows(&stage).is_empty());
    stage.press(Key::Delete);
    assert_eq!(stage.titles(), ["CPU", "Load", "Interface eth0"]);
    assert_eq!(shows(&stage).len(), 3);
    assert_eq!(tabs(&stage), ["alpha"]);
    // One step back is the overview again, where it stood.
    stage.press_with(CTRL, Key::Z);
    assert_eq!(stage.titles(), OVERVIEW);
    assert!(shows(&stage).is_empty());
    assert_eq!(stage.place(Role::Button, "Load alpha"), place);
}

#[test]
fn a_row_is_dragged_from_the_sidebar_to_the_side_of_a_panel() {
    let mut stage = compared();
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    let row = middle(&stage, Role::TreeItem, "memory");
    let panel = stage.place(Role::Button, "Load, 1 min");
    let at = panel.left_bottom() + vec2(0.5 * panel.width(), 500.0);
    stage.drag(PointerButton::Primary, Modifiers::NONE, row, at);
    assert_eq!(stage.titles(), ["Load, 1 min", "Memory", "CPU"]);
    let (load, memory) =
        (stage.place(Role::Button, "Load, 1 min"), stage.place(Role::Button, "Memory"));
    assert!(memory.top() > load.bottom() && memory.left() == load.left(), "{load} {memory}");
}

#[test]
fn where_a_row_would_go_is_shown_and_escape_ends_it() {
    let mut stage = compared();
    let before = layout(&stage);
    let row = middle(&stage, Role::TreeItem, "beta");
    let panel = stage.place(Role::Button, "CPU beta");
    stage.hold(row, panel.center() + vec2(0.0, 200.0));
    assert!(stage.paints("Drop: new panel"), "{:?}", stage.painted());
    stage.press(Key::Escape);
    assert!(!stage.paints("Drop: new panel"));
    stage.release(panel.center());
    assert_eq!(layout(&stage), before);
}

#[test]
fn a_panel_is_dragged_beside_another_and_moved_by_keys() {
    let mut stage = compared();
    let load = stage.place(Role::Button, "Load, 1 min");
    let cpu = stage.place(Role::Button, "CPU beta");
    let at = cpu.left_bottom() + vec2(0.5 * cpu.width(), 500.0);
    stage.drag(PointerButton::Primary, Modifiers::NONE, load.center() - vec2(60.0, 0.0), at);
    assert_eq!(stage.titles(), ["CPU", "Load, 1 min"]);
    stage.press_with(CTRL_SHIFT, Key::ArrowUp);
    assert_eq!(stage.titles(), ["Load, 1 min", "CPU"]);
    stage.press_with(CTRL, Key::D);
    assert_eq!(stage.titles(), ["Load, 1 min", "Load, 1 min", "CPU"]);
}

#[test]
fn a_divider_gives_one_panel_the_room_of_the_other_in_one_step() {
    let mut stage = compared();
    let before = stage.place(Role::Button, "CPU beta");
    let divider = middle(&stage, Role::Splitter, "Resize the panels");
    let to = divider + vec2(150.0, 0.0);
    stage.drag(PointerButton::Primary, Modifiers::NONE, divider, to);
    let after = stage.place(Role::Button, "CPU beta");
    assert!((after.left() - before.left() - 150.0).abs() < 12.0, "{before} {after}");
    stage.press_with(CTRL, Key::Z);
    assert_eq!(stage.place(Role::Button, "CPU beta"), before);
}

#[test]
fn a_panel_is_maximised_and_the_others_come_back() {
    let mut stage = compared();
    stage.press(Key::Enter);
    assert!(stage.named(Role::Button).iter().all(|name| !name.starts_with("Load, 1 min")));
    stage.press(Key::Enter);
    let header = middle(&stage, Role::Button, "Load, 1 min") - vec2(80.0, 0.0);
    stage.double_click(header);
    assert!(stage.named(Role::Button).iter().all(|name| !name.starts_with("CPU beta")));
}

#[test]
fn a_panel_is_drawn_of_every_host() {
    let mut stage = compared();
    // Keys are about the panel that was added last.
    stage.press(Key::E);
    assert_eq!(shows(&stage)[1], "plugin:cpu");
    assert_eq!(stage.titles(), ["Load, 1 min", "CPU"]);
    let lines = ["alpha user", "beta user", "alpha system", "beta system"];
    assert_eq!(stage.lines("CPU"), lines);
    stage.assert_says("CPU 2 hosts %");
}

#[test]
fn a_panel_whose_hosts_are_gone_or_not_there_yet_waits_and_says_so() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.press_with(CTRL, Key::T);
    stage.type_at_once(&typed("/host:gamma plugin:load"));
    stage.press_with(CTRL, Key::Enter);
    stage.assert_says("Nothing received fits this panel yet. It fills by itself. host:gamma");
    stage.seconds(3, &["alpha", "gamma"]);
    assert_eq!(stage.titles(), ["Load"]);
}

#[test]
fn a_box_that_is_checked_adds_a_panel_and_unchecked_takes_the_line_away() {
    let mut stage = compared();
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    stage.press_with(CTRL, Key::T);
    stage.click_row("alpha");
    stage.press_with(CTRL, Key::Num3);
    stage.click(Role::CheckBox, "memory");
    assert_eq!(stage.titles(), ["Memory"]);
    stage.click(Role::CheckBox, "memory");
    assert!(shows(&stage).is_empty());
}

#[test]
fn one_tab_serves_every_host() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.press(Key::F6);
    stage.press(Key::Delete);
    stage.click_secondary(Role::Tab, "alpha");
    stage.click(Role::Button, "Same tab, another host");
    assert_eq!(shows(&stage)[0], "host:$host plugin:memory");
    stage.assert_says("Memory alpha B");
    stage.click(Role::Button, "Host: alpha");
    stage.click(Role::Button, "beta");
    stage.assert_says("Memory beta B");
    assert_eq!(stage.titles(), ["Memory", "Load", "Interface eth0"]);
    stage.press_with(CTRL, Key::Z);
    stage.assert_says("Memory alpha B");
}

#[test]
fn the_menu_of_a_panel_splits_renames_and_removes_it() {
    let mut stage = compared();
    stage.click_secondary(Role::Button, "Load, 1 min");
    stage.click(Role::Button, "One panel a host");
    assert_eq!(stage.titles(), ["Load, 1 min", "Load, 1 min", "CPU"]);
    stage.click_secondary(Role::Button, "CPU beta");
    stage.click(Role::Button, "Rename…");
    stage.type_text("Busy");
    stage.press(Key::Enter);
    assert_eq!(stage.titles()[2], "Busy");
    stage.click_secondary(Role::Button, "Busy");
    stage.click(Role::Button, "Hold the axis as it is");
    assert!(layout(&stage).contains("y = [0"), "{}", layout(&stage));
    stage.click_secondary(Role::Button, "Busy");
    stage.click(Role::Button, "Remove");
    assert_eq!(stage.titles(), ["Load, 1 min", "Load, 1 min"]);
}

#[test]
fn what_a_panel_draws_is_typed_in_its_place() {
    let mut stage = compared();
    stage.click_secondary(Role::Button, "CPU beta");
    stage.click(Role::Button, "Edit what it draws…");
    stage.press_with(CTRL, Key::A);
    stage.type_text("host:alpha plugin:memory");
    stage.press(Key::Escape);
    assert_eq!(shows(&stage)[1], "host:beta plugin:cpu");
    stage.click_secondary(Role::Button, "CPU beta");
    stage.click(Role::Button, "Edit what it draws…");
    stage.press_with(CTRL, Key::A);
    stage.type_text("host:alpha plugin:load or host:beta plugin:load");
    stage.press(Key::Enter);
    assert_eq!(shows(&stage)[1], "host:alpha plugin:load or host:beta plugin:load");
    assert_eq!(stage.titles(), ["Load, 1 min", "Load"]);
    // What cannot be read, or chooses nothing, is not taken, and what was typed stays.
    for wrong in ["plugin:load /(/", " "] {
        stage.click_secondary(Role::Button, "Load");
        stage.click(Role::Button, "Edit what it draws…");
        stage.press_with(CTRL, Key::A);
        stage.type_text(wrong);
        stage.press(Key::Enter);
        assert_eq!(stage.named(Role::TextInput).len(), 2, "{wrong:?}");
        stage.press(Key::Escape);
        assert_eq!(stage.named(Role::TextInput).len(), 1);
    }
    assert_eq!(shows(&stage)[1], "host:alpha plugin:load or host:beta plugin:load");
}

#[test]
fn what_a_panel_of_the_catalogue_draws_is_there_to_be_changed() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.click_secondary(Role::Button, "CPU alpha");
    stage.click(Role::Button, "Edit what it draws…");
    stage.press(Key::End);
    stage.type_text(" type-instance:user");
    let undone = layout(&stage);
    stage.press(Key::Escape);
    assert_eq!(layout(&stage), undone, "nothing was changed yet");
    stage.click_secondary(Role::Button, "CPU alpha");
    stage.click(Role::Button, "Edit what it draws…");
    stage.press(Key::End);
    stage.type_text(" type-instance:user");
    stage.press(Key::Enter);
    let shows = shows(&stage);
    let changed = shows.iter().find(|show| show.ends_with(" type-instance:user"));
    assert!(changed.is_some_and(|show| show.contains("plugin:cpu")), "{shows:?}");
}

#[test]
fn a_title_of_several_panels_is_typed_once() {
    let mut stage = compared();
    stage.click_secondary(Role::Button, "Load, 1 min");
    stage.click(Role::Button, "One panel a host");
    stage.click_secondary(Role::Button, "Load, 1 min alpha");
    stage.click(Role::Button, "Rename…");
    let fields = stage.named(Role::TextInput);
    assert_eq!(fields.iter().filter(|name| *name == "Title of the panel").count(), 1);
    stage.type_text("Busy");
    stage.press(Key::Enter);
    assert_eq!(stage.titles(), ["Busy", "Busy", "CPU"]);
}

#[test]
fn nothing_behind_the_question_for_a_name_takes_keys() {
    let mut stage = compared();
    let before = tabs(&stage);
    // Typed at once: what follows the question is the answer.
    stage.press_with(CTRL_SHIFT, Key::S);
    stage.press_with(CTRL, Key::T);
    stage.press_with(CTRL, Key::W);
    stage.type_text("gx");
    assert_eq!(tabs(&stage), before);
    stage.press(Key::Escape);
    assert_eq!(tabs(&stage), before);
    assert!(!stage.named(Role::TextInput).contains(&"Save the tabs as".to_owned()));
}
