//! The table of all hosts: its rows, heads and columns, by keys and by the mouse.

use super::OVERVIEW;
use super::sidebar::typed;
use super::stage::{Stage, machine};
use collectoscope::metric::{Identifier, Value};
use collectoscope::view::fleet::Column;
use collectoscope::view::layout_file::print;
use eframe::egui::{Key, Modifiers, PointerButton, Pos2, accesskit::Role, vec2};

const CTRL: Modifiers = Modifiers { command: true, ..Modifiers::CTRL };

/// Three hosts, of which `beta` has the highest load, and the table of them.
fn table() -> Stage {
    let mut stage = Stage::new();
    seconds(&mut stage, 5);
    stage.press(Key::F3);
    stage
}

const LOADS: [(&str, f64); 3] = [("alpha", 1.0), ("beta", 8.0), ("gamma", 4.0)];

fn seconds(stage: &mut Stage, secs: u64) {
    for _ in 0..secs {
        stage.pass(1);
        for (host, load) in LOADS {
            let n = stage.now().secs_nanos().0 - super::stage::NOW;
            let mut samples = machine(host, n);
            samples.retain(|(id, _)| *id.plugin != *"load");
            let id = Identifier::new(host, "load", "", "load", "");
            samples.push((id, [load, 0.5, 0.5].map(Value::Gauge).to_vec()));
            stage.send(&samples);
        }
        stage.settle();
    }
}

/// What the rows are called, from the top.
fn rows(stage: &Stage) -> Vec<String> {
    let rows = stage.named(Role::Row);
    rows.iter().map(|row| row.split(',').next().unwrap_or_default().to_owned()).collect()
}

fn columns(stage: &Stage) -> Vec<String> {
    let view = stage.app().session().view();
    let fleet = view.tab().canvas.fleet();
    fleet.map(|fleet| fleet.columns.iter().map(Column::title).collect()).unwrap_or_default()
}

fn tabs(stage: &Stage) -> Vec<String> {
    stage.named(Role::Tab)
}

/// The head of a column, where nothing of a row is below the pointer.
fn click_head(stage: &mut Stage, name: &str) {
    let heads = stage.named(Role::ColumnHeader);
    let head =
        heads.iter().find(|head| head.starts_with(name)).unwrap_or_else(|| panic!("{heads:?}"));
    stage.click(Role::ColumnHeader, head);
}

fn middle_of_row(stage: &Stage, host: &str) -> Pos2 {
    let rows = stage.named(Role::Row);
    let row = rows.iter().find(|row| row.starts_with(host)).unwrap_or_else(|| panic!("{rows:?}"));
    stage.place(Role::Row, row).center()
}

#[test]
fn all_hosts_stand_in_a_table_with_their_values() {
    let stage = table();
    assert_eq!(tabs(&stage), ["alpha", "Fleet"]);
    assert_eq!(rows(&stage), ["alpha", "beta", "gamma"]);
    let row = &stage.named(Role::Row)[1];
    // 4 and 2 kbit/s through the interface, no disk, no filesystem.
    assert_eq!(row, "beta, 15.0 %, 2.79 GiB, 8, 12.0 kbit/s, –, –");
    let heads = stage.named(Role::ColumnHeader);
    assert_eq!(heads[0], "Host, the rows are ordered by it");
    assert_eq!(heads[1..4], ["CPU", "Memory used", "Load, 1 min"]);
    assert!(stage.paints("3 hosts") && stage.paints("15.0 %"));
}

#[test]
fn a_head_orders_by_its_column_and_again_the_other_way_round() {
    let mut stage = table();
    click_head(&mut stage, "Load");
    assert_eq!(rows(&stage), ["beta", "gamma", "alpha"]);
    click_head(&mut stage, "Load");
    assert_eq!(rows(&stage), ["alpha", "gamma", "beta"]);
    click_head(&mut stage, "Host");
    click_head(&mut stage, "Host");
    assert_eq!(rows(&stage), ["gamma", "beta", "alpha"]);
    stage.press_with(CTRL, Key::Z);
    stage.press_with(CTRL, Key::Z);
    assert_eq!(rows(&stage), ["alpha", "gamma", "beta"]);
}

#[test]
fn no_row_moves_while_the_pointer_is_on_one() {
    let mut stage = table();
    click_head(&mut stage, "Load");
    let beta = middle_of_row(&stage, "beta");
    stage.rest(beta);
    let more = |stage: &mut Stage| {
        for _ in 0..5 {
            stage.pass(1);
            let id = Identifier::new("alpha", "load", "", "load", "");
            stage.send(&[(id, [99.0, 0.5, 0.5].map(Value::Gauge).to_vec())]);
            stage.settle();
        }
    };
    more(&mut stage);
    assert_eq!(rows(&stage), ["beta", "gamma", "alpha"]);
    stage.rest(Pos2::new(100.0, 300.0));
    more(&mut stage);
    assert_eq!(rows(&stage)[0], "alpha");
}

#[test]
fn a_click_on_a_row_opens_its_host_and_with_ctrl_beside() {
    let mut stage = table();
    let gamma = middle_of_row(&stage, "gamma");
    stage.click_at(gamma);
    assert_eq!(
        (tabs(&stage), stage.titles()),
        (vec!["gamma".into(), "Fleet".into()], OVERVIEW.to_vec())
    );
    stage.press(Key::F3);
    stage.click_at_with(gamma, CTRL);
    assert_eq!(tabs(&stage), ["gamma", "Fleet", "gamma"]);
    assert_eq!(stage.titles(), OVERVIEW);
}

#[test]
fn the_table_is_walked_and_opened_by_keys_alone() {
    let mut stage = table();
    for _ in 0..2 {
        stage.press(Key::ArrowDown);
    }
    assert_eq!(stage.selected(Role::Row).len(), 1);
    assert!(stage.selected(Role::Row)[0].starts_with("beta"));
    stage.press(Key::Enter);
    assert_eq!(tabs(&stage), ["beta", "Fleet"]);
    stage.press(Key::F3);
    assert!(stage.selected(Role::Row)[0].starts_with("beta"));
    stage.press(Key::ArrowUp);
    stage.press_with(CTRL, Key::Enter);
    assert_eq!(tabs(&stage), ["beta", "Fleet", "alpha"]);
}

#[test]
fn the_filter_takes_what_is_typed_fast_and_gives_the_keyboard_back() {
    let mut stage = table();
    stage.press(Key::F3);
    stage.type_at_once(&typed("load >3⏎"));
    stage.settle();
    assert_eq!(rows(&stage), ["beta", "gamma"]);
    assert!(stage.paints("2 of 3 hosts"));
    // The keyboard is on the canvas again.
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    assert_eq!(tabs(&stage), ["beta", "Fleet"]);
    stage.press(Key::F3);
    stage.press(Key::F3);
    stage.type_at_once(&typed(" nothing"));
    stage.settle();
    assert_eq!(rows(&stage), [""; 0]);
    assert!(stage.find_painted(|text| text.contains("No host has a series")).is_some());
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    stage.settle();
    assert_eq!(rows(&stage).len(), 3);
}

#[test]
fn a_word_that_cannot_be_read_is_named_below_the_field() {
    let mut stage = table();
    stage.press(Key::F3);
    stage.type_at_once(&typed("hst:web"));
    stage.settle();
    assert!(stage.find_painted(|text| text.contains("unknown field hst:")).is_some());
}

#[test]
fn a_series_that_is_dragged_into_the_table_becomes_a_column_for_every_host() {
    let mut stage = table();
    let before = columns(&stage).len();
    let row = stage.place(Role::TreeItem, &row_named(&stage, "uptime")).center();
    let to = middle_of_row(&stage, "gamma");
    stage.hold(row, to);
    assert!(stage.paints("Drop: a column of this for every host"));
    stage.release(to);
    seconds(&mut stage, 2);
    let columns = columns(&stage);
    assert_eq!(columns.len(), before + 1);
    assert_eq!(columns[before], "uptime");
    assert!(
        stage.named(Role::Row).iter().all(|row| row.ends_with(" s")),
        "{:?}",
        stage.named(Role::Row)
    );
    stage.press_with(CTRL, Key::Z);
    assert_eq!(self::columns(&stage).len(), before);
}

fn row_named(stage: &Stage, name: &str) -> String {
    let rows = stage.named(Role::TreeItem);
    rows.iter().find(|row| row.starts_with(name)).cloned().unwrap_or_else(|| panic!("{rows:?}"))
}

#[test]
fn columns_are_added_changed_and_removed_in_the_menu() {
    let mut stage = table();
    stage.click(Role::Button, "Columns");
    stage.click(Role::TextInput, "What the column shows");
    stage.type_at_once(&typed("plugin:load ds:midterm"));
    stage.settle();
    assert!(stage.paints("3 hosts"));
    stage.press(Key::Enter);
    let all = columns(&stage);
    assert_eq!(all.last().map(String::as_str), Some("load midterm"));
    assert_eq!(all.len(), 7);
    stage.press(Key::Escape);
    stage.click_secondary(Role::ColumnHeader, "CPU");
    stage.click(Role::Button, "Remove");
    assert_eq!(columns(&stage)[0], "Memory used");
    stage.click_secondary(Role::ColumnHeader, "Load, 1 min");
    stage.click(Role::Button, "Move left");
    assert_eq!(columns(&stage)[..2], ["Load, 1 min", "Memory used"]);
}

#[test]
fn a_silent_host_is_marked_counted_and_put_first_by_a_click() {
    let mut stage = table();
    for _ in 0..12 {
        stage.seconds(1, &["alpha", "gamma"]);
    }
    let beta = stage.named(Role::Row).into_iter().find(|row| row.starts_with("beta")).unwrap();
    assert!(beta.starts_with("beta, silent 1"), "{beta}");
    assert!(stage.find_painted(|text| text.contains("1 silent")).is_some());
    stage.click(Role::Button, "Put them first");
    assert_eq!(rows(&stage), ["beta", "alpha", "gamma"]);
    stage.click(Role::Button, "Order by name again");
    assert_eq!(rows(&stage), ["alpha", "beta", "gamma"]);
    stage.click_row("alpha");
    assert_eq!(stage.titles(), OVERVIEW);
}

#[test]
fn a_table_is_kept_in_a_layout() {
    let text = r#"
[[tab]]
name = "Sensors"
fleet = ["load", { show = "plugin:uptime", title = "up", of = "min" }, { column = "network", scale = "own" }]
filter = "-gamma"
order = "up"
reversed = true
"#;
    let mut stage = Stage::with_layout(text);
    seconds(&mut stage, 5);
    assert_eq!(columns(&stage), ["Load, 1 min", "up", "Network, in + out"]);
    assert_eq!(rows(&stage), ["alpha", "beta"]);
    let printed = print(&stage.app().session().view().workspace);
    for line in ["filter = \"-gamma\"", "order = \"up\"", "reversed = true"] {
        assert!(printed.contains(line), "{printed}");
    }
    let column = "{ show = \"plugin:uptime\", of = \"min\", title = \"up\" }";
    assert!(printed.contains(column), "{printed}");
}

#[test]
fn a_window_that_is_narrow_keeps_the_values_and_leaves_out_the_lines() {
    for (width, has_lines) in [(640.0, false), (800.0, false), (1_280.0, true), (2_560.0, true)] {
        let mut stage = Stage::sized(vec2(width, 700.0));
        seconds(&mut stage, 3);
        stage.press(Key::F3);
        stage.settle();
        assert_eq!(rows(&stage), ["alpha", "beta", "gamma"], "{width}");
        // What is beyond the edge of a narrow window is scrolled to.
        assert!(stage.find_painted(|text| text == "15.0 %").is_some(), "{width}");
        let made = stage.app().memory().fleet_lines.made();
        assert_eq!(made > 0, has_lines, "{width}: {made}");
    }
}

#[test]
fn lines_are_made_when_something_came_and_not_with_every_frame() {
    let mut stage = table();
    let made = |stage: &Stage| stage.app().memory().fleet_lines.made();
    seconds(&mut stage, 3);
    let before = made(&stage);
    for _ in 0..20 {
        stage.rest(Pos2::new(900.0, 600.0));
    }
    assert_eq!(made(&stage), before);
    seconds(&mut stage, 1);
    assert!(made(&stage) > before);
}

#[test]
fn escape_takes_the_keyboard_off_the_row_and_the_order_follows_it() {
    let mut stage = table();
    click_head(&mut stage, "Load");
    stage.press(Key::ArrowDown);
    assert!(stage.selected(Role::Row)[0].starts_with("beta"));
    for _ in 0..3 {
        stage.pass(1);
        let id = Identifier::new("alpha", "load", "", "load", "");
        stage.send(&[(id, [99.0, 0.5, 0.5].map(Value::Gauge).to_vec())]);
        stage.settle();
    }
    assert_eq!(rows(&stage), ["alpha", "beta", "gamma"]);
    assert!(stage.selected(Role::Row)[0].starts_with("beta"));
    stage.press(Key::Escape);
    assert_eq!(stage.selected(Role::Row), [""; 0]);
}

#[test]
fn raw_values_are_not_kept_with_a_table() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.press(Key::R);
    stage.press(Key::F3);
    let printed = print(&stage.app().session().view().workspace);
    let read = collectoscope::view::layout_file::read(&printed);
    assert_eq!(read.problems, [], "{printed}");
}

#[test]
fn what_is_typed_into_the_filter_outlives_an_undo() {
    let mut stage = table();
    click_head(&mut stage, "Load");
    stage.press(Key::F3);
    stage.type_at_once(&typed("-gamma⏎"));
    stage.press_with(CTRL, Key::Z);
    assert_eq!(rows(&stage), ["alpha", "beta"]);
}

#[test]
fn a_table_that_is_full_takes_no_more_columns_and_says_so() {
    let columns = "\"load\", ".repeat(20);
    let mut stage = Stage::with_layout(&format!("[[tab]]\nfleet = [{columns}]"));
    seconds(&mut stage, 2);
    let row = stage.place(Role::TreeItem, &row_named(&stage, "alpha")).center();
    stage.click_at(row);
    stage.press(Key::F3);
    let row = stage.place(Role::TreeItem, &row_named(&stage, "uptime")).center();
    // The table is wider than the window.
    let to = Pos2::new(600.0, middle_of_row(&stage, "gamma").y);
    stage.hold(row, to);
    stage.release(to);
    assert_eq!(self::columns(&stage).len(), 20);
    let messages = &stage.app().session().messages;
    assert!(messages.iter().any(|text| text.contains("20 columns at most")), "{messages:?}");
}

#[test]
fn what_is_checked_beside_the_table_is_drawn_on_a_tab_of_its_own() {
    let mut stage = table();
    let at = stage.place(Role::CheckBox, "load").center();
    stage.click_at(at);
    assert_eq!(stage.titles(), ["Load"]);
    assert_eq!(tabs(&stage).len(), 3);
    stage.press(Key::F3);
    let (row, tab) = (row_named(&stage, "memory"), Role::Tab);
    let (from, to) =
        (stage.place(Role::TreeItem, &row).center(), stage.place(tab, "Fleet").center());
    stage.drag(PointerButton::Primary, Modifiers::NONE, from, to);
    assert_eq!(columns(&stage).len(), 6, "a tab with a table takes no panels");
}

#[test]
fn a_click_that_closes_a_menu_opens_no_host() {
    let mut stage = table();
    stage.click_secondary(Role::ColumnHeader, "CPU");
    let gamma = middle_of_row(&stage, "gamma");
    stage.click_at(gamma);
    assert_eq!(tabs(&stage), ["alpha", "Fleet"]);
    stage.click_at(gamma);
    assert_eq!(tabs(&stage), ["gamma", "Fleet"]);
}

#[test]
fn a_standing_table_says_of_when_its_values_are() {
    let mut stage = table();
    seconds(&mut stage, 10);
    stage.press(Key::Space);
    stage.press(Key::ArrowLeft);
    stage.settle();
    assert!(stage.find_painted(|text| text.starts_with("at 08:00:")).is_some());
    stage.press(Key::End);
    assert!(stage.find_painted(|text| text.starts_with("at 08:00:")).is_none());
}
