//! The sidebar: choosing, checking, filtering; and how much of it is drawn.

use super::OVERVIEW;
use super::stage::Stage;
use collectoscope::metric::{Identifier, Value};
use collectoscope::view::layout_file::print;
use collectoscope::view::pivot::Pivot;
use collectoscope::view::tree::JOB_SERIES_MIN;
use eframe::egui::{Event, Key, Modifiers, accesskit::Role};

#[test]
fn a_click_on_a_host_shows_its_overview() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.click_row("beta");
    stage.assert_says("CPU beta %");
    assert!(!stage.says("CPU alpha %"));
    assert_eq!(stage.titles(), OVERVIEW);
}

#[test]
fn arrows_and_enter_show_a_host_and_then_a_plugin() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let beta = stage.rows().iter().position(|row| row == "beta").unwrap();
    for _ in 0..beta {
        stage.press(Key::ArrowDown);
    }
    stage.press(Key::Enter);
    stage.assert_says("CPU beta %");
    let rows = stage.rows();
    let load = rows.iter().rposition(|row| row == "load").unwrap();
    for _ in beta..load {
        stage.press(Key::ArrowDown);
    }
    stage.press(Key::Enter);
    assert_eq!(stage.titles(), ["Load"]);
    stage.assert_says("Load beta runnable");
    stage.press(Key::ArrowUp);
    assert_eq!(stage.app().session().view().cursor, Some(load - 1));
}

#[test]
fn a_click_on_a_plugin_shows_its_panels_and_opens_it_and_again_closes_it() {
    let mut stage = Stage::hearing(&["alpha"]);
    let closed = stage.rows().len();
    stage.click_row("load");
    assert_eq!(stage.titles(), ["Load"]);
    assert_eq!(stage.rows().len(), closed + 3);
    stage.click_row("load");
    assert_eq!(stage.rows().len(), closed);
    assert_eq!(stage.titles(), ["Load"]);
}

#[test]
fn what_no_overview_shows_is_shown_by_its_plugin() {
    let mut stage = Stage::hearing(&["alpha"]);
    assert!(!stage.says("Uptime alpha"));
    stage.click_row("uptime");
    assert_eq!(stage.titles(), ["Uptime"]);
}

#[test]
fn a_check_box_takes_a_line_away_and_brings_it_back() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.click_row("load");
    assert_eq!(stage.lines("Load"), ["1 min", "5 min", "15 min"]);
    stage.click(Role::CheckBox, "midterm");
    assert_eq!(stage.lines("Load"), ["1 min", "15 min"]);
    stage.click(Role::CheckBox, "midterm");
    assert_eq!(stage.lines("Load"), ["1 min", "5 min", "15 min"]);
}

#[test]
fn a_plugins_check_box_takes_its_panel_away_and_adds_it() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.click(Role::CheckBox, "memory");
    assert_eq!(stage.titles(), ["CPU", "Load", "Interface eth0"]);
    stage.click(Role::CheckBox, "uptime");
    assert_eq!(stage.titles(), ["CPU", "Load", "Interface eth0", "Uptime"]);
    stage.click(Role::CheckBox, "memory");
    assert!(stage.titles().contains(&"Memory"));
}

#[test]
fn a_row_is_checked_by_key_too() {
    let mut stage = Stage::hearing(&["alpha"]);
    let rows = stage.rows();
    let memory = rows.iter().position(|row| row == "memory").unwrap();
    // The arrows start at the row that is selected, the host.
    for _ in 0..memory {
        stage.press(Key::ArrowDown);
    }
    stage.press(Key::X);
    assert_eq!(stage.titles(), ["CPU", "Load", "Interface eth0"]);
    stage.press(Key::X);
    assert!(stage.titles().contains(&"Memory"));
}

#[test]
fn a_series_that_hides_is_drawn_when_it_is_checked() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.click_row("cpu-0");
    assert_eq!(stage.lines("CPU"), ["user", "system"]);
    stage.click(Role::CheckBox, "idle");
    assert_eq!(stage.lines("CPU"), ["user", "system", "idle"]);
}

#[test]
fn nothing_checked_says_how_to_check_something() {
    let mut stage = Stage::hearing(&["alpha"]);
    for plugin in ["cpu-0", "interface-eth0", "load", "memory"] {
        stage.click(Role::CheckBox, plugin);
    }
    stage.assert_says("Nothing is drawn");
}

#[test]
fn typing_after_a_slash_narrows_the_tree_and_escape_clears_it() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let before = stage.rows();
    stage.type_text("/");
    for (text, matched, hosts) in
        [("rx", 2, 2), ("octets", 4, 2), ("octets -beta", 2, 1), ("host:be*", 11, 1)]
    {
        stage.type_text(text);
        assert_eq!(stage.app().session().view().filter.text(), text);
        stage.assert_says(&format!("{matched} of 22 series match"));
        let is_host = |row: &&String| ["alpha", "beta"].contains(&row.as_str());
        assert_eq!(stage.rows().iter().filter(is_host).count(), hosts, "{text}");
        for _ in text.chars() {
            stage.press(Key::Backspace);
        }
    }
    stage.type_text("nothing such");
    stage.assert_says("Nothing matches. Esc leaves the filter and clears it.");
    stage.press(Key::Escape);
    assert_eq!(stage.app().session().view().filter.text(), "nothing such");
    // The keyboard belongs to the canvas again.
    stage.press(Key::Space);
    assert!(!stage.app().session().view().window().is_live());
    stage.press(Key::Escape);
    assert_eq!(stage.app().session().view().filter.text(), "");
    assert_eq!(stage.rows(), before);
}

#[test]
fn enter_in_the_filter_shows_the_host_or_the_plugin_that_is_all_it_chooses() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.type_text("/");
    stage.type_text("beta");
    stage.press(Key::Enter);
    stage.assert_says("CPU beta %");
    // The keyboard belongs to the canvas, where the arrows begin at what is shown.
    stage.press(Key::ArrowDown);
    stage.press(Key::Enter);
    stage.assert_says("CPU beta %");
    stage.type_text("/");
    stage.type_text(" load");
    stage.press(Key::Enter);
    assert_eq!(stage.titles(), ["Load"]);
    assert_eq!(stage.app().session().view().filter.text(), "beta load");
    stage.press(Key::Space);
    assert!(!stage.app().session().view().window().is_live());
}

/// What a keyboard says when this is typed: `⏎` Enter, `↓` and `↑`, `⎋` Esc, `⌫` Backspace.
pub(super) fn typed(text: &str) -> Vec<Event> {
    let press = |key, pressed| Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    let events = text.chars().flat_map(|c| {
        let (key, is_text) = match c {
            '⏎' => (Key::Enter, false),
            '↓' => (Key::ArrowDown, false),
            '↑' => (Key::ArrowUp, false),
            '⎋' => (Key::Escape, false),
            '⌫' => (Key::Backspace, false),
            _ => (Key::from_name(&c.to_string().to_uppercase()).unwrap_or(Key::F35), true),
        };
        let text = is_text.then(|| Event::Text(c.to_string()));
        [Some(press(key, true)), text, Some(press(key, false))].into_iter().flatten()
    });
    events.collect()
}

/// However fast this is typed: the same panels, and the filter that is left.
#[track_caller]
fn check_typed(text: &str, host: &str, titles: &[&str], filter: &str) {
    for at_once in [true, false] {
        let mut stage = Stage::hearing(&["alpha", "beta"]);
        if at_once {
            stage.type_at_once(&typed(text));
        } else {
            stage.type_frame_by_frame(&typed(text));
        }
        let scope = stage.app().session().view().scope();
        assert_eq!(scope.map(|scope| &**scope.host()), Some(host), "{text} {at_once}");
        assert_eq!(stage.titles(), titles, "{text}, at once: {at_once}");
        assert_eq!(
            stage.app().session().view().filter.text(),
            filter,
            "{text}, at once: {at_once}"
        );
    }
}

#[test]
fn enter_waits_for_the_filter_however_fast_one_types() {
    check_typed("/beta⏎", "beta", &OVERVIEW, "beta");
    check_typed("/alpha⌫⌫⌫⌫⌫beta⏎", "beta", &OVERVIEW, "beta");
    check_typed("/beta⏎load", "beta", &OVERVIEW, "beta");
    check_typed("/beta⏎/ load⏎", "beta", &["Load"], "beta load");
    check_typed("/beta load↓↓⏎", "beta", &["Load"], "beta load");
    check_typed("/load↓↓↓↓↓↓⏎↓⏎", "beta", &["Load"], "load");
    check_typed("/nosuch⏎", "alpha", &OVERVIEW, "nosuch");
}

/// A hundred hosts of each kind, 200,000 series in all.
fn fleet() -> Stage {
    let mut stage = Stage::roomy();
    for host in 0..200 {
        let host = format!("{}-{}", ["db", "web"][host % 2], host / 2);
        let series = |n: usize| {
            let plugin = format!("plugin{}", n / 50);
            let id = Identifier::new(&host, &plugin, "", "gauge", &n.to_string());
            (id, vec![Value::Gauge(1.0)])
        };
        stage.send(&(0..1_000).map(series).collect::<Vec<_>>());
        stage.settle();
    }
    assert!(stage.app().session().store().usage().series >= 4 * JOB_SERIES_MIN);
    stage
}

#[test]
fn enter_waits_for_the_filter_of_very_many_series_too() {
    let mut stage = fleet();
    let shows = |stage: &Stage, host: &str| {
        let scope = stage.app().session().view().scope();
        scope.is_some_and(|scope| &**scope.host() == host)
    };
    assert!(shows(&stage, "db-0"), "the first");
    stage.type_at_once(&typed("/web-77⏎"));
    stage.until(|stage| shows(stage, "web-77"));
    assert_eq!(stage.app().session().view().filter.text(), "web-77");
    stage.assert_says("1,000 of 200,000 series match");
    stage.type_frame_by_frame(&typed("/⌫⌫⌫⌫⌫⌫db-42⏎"));
    stage.until(|stage| !shows(stage, "web-77"));
    assert!(shows(&stage, "db-42"));
    // What nobody waits for any more is not shown.
    stage.type_at_once(&typed("/9⎋⎋"));
    assert!(!stage.app().session().derived().rows.is_pending());
    stage.assert_says("200 hosts · 200,000 series");
}

#[test]
fn escape_and_what_comes_after_it_wait_too() {
    check_typed("/beta⏎⎋", "beta", &OVERVIEW, "");
    check_typed("/beta⎋", "alpha", &OVERVIEW, "beta");
    check_typed("/load⎋⎋↓⏎", "alpha", &["CPU"], "");
}

#[test]
fn keys_for_one_row_act_one_after_another_in_one_frame() {
    check_typed("↓↓x", "alpha", &["CPU", "Memory", "Load"], "");
    check_typed("↓↓xx", "alpha", &OVERVIEW, "");
    // The first selects and opens it, the second closes it again.
    check_typed("↓↓⏎⏎↓⏎", "alpha", &["Load"], "");
}

#[test]
fn a_mistake_is_named_below_the_filter_and_the_other_words_hold() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.type_text("/");
    stage.type_text("hst:x beta");
    stage.assert_says("hst:x: unknown field hst:, nearest is host:");
    stage.assert_says("11 of 22 series match");
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    assert!(!stage.says("unknown field"));
    stage.type_text("/");
    stage.type_text("load /(/ >x");
    stage.assert_says("/(/: not a regular expression: unclosed group (and 1 more)");
    stage.assert_says("6 of 22 series match");
}

#[test]
fn a_filter_of_values_follows_them() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.type_text("/");
    stage.type_text("load stale");
    stage.assert_says("0 of 22 series match");
    stage.seconds(30, &["beta"]);
    // The frame after next is a second later.
    stage.seconds(1, &["beta"]);
    stage.assert_says("3 of 22 series match");
    assert_eq!(stage.rows().iter().filter(|row| row.starts_with("load")).count(), 1);
    stage.seconds(1, &["alpha", "beta"]);
    stage.seconds(1, &["alpha", "beta"]);
    stage.assert_says("0 of 22 series match");
}

#[test]
fn a_half_typed_word_is_completed_by_tab_or_a_click() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.type_text("/");
    stage.type_text("be");
    stage.press(Key::Tab);
    assert_eq!(stage.app().session().view().filter.text(), "host:beta");
    stage.type_text(" plug");
    stage.press(Key::Tab);
    assert_eq!(stage.app().session().view().filter.text(), "host:beta plugin:");
    stage.type_text("l");
    stage.click(Role::Button, "plugin:load plugin");
    assert_eq!(stage.app().session().view().filter.text(), "host:beta plugin:load");
    stage.assert_says("3 of 22 series match");
    // The arrows are for the rows, and Enter is for what they are on.
    stage.type_text(" m");
    stage.press(Key::ArrowDown);
    assert_eq!(stage.app().session().view().cursor, Some(0));
    stage.press(Key::Enter);
    stage.assert_says("CPU beta %");
}

#[test]
fn what_is_typed_after_a_slash_waits_for_the_sidebar() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.press_with(Modifiers::CTRL, Key::B);
    stage.type_at_once(&typed("/beta⏎"));
    assert_eq!(stage.app().session().view().filter.text(), "beta");
    stage.assert_says("CPU beta %");
}

#[test]
fn a_filter_that_is_pasted_applies_before_enter() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let mut events = typed("/");
    events.push(Event::Paste("beta".into()));
    events.extend(typed("⏎"));
    stage.type_at_once(&events);
    stage.assert_says("CPU beta %");
}

#[test]
fn a_click_in_the_filter_lets_one_type_keys_that_mean_something_elsewhere() {
    let mut stage = Stage::hearing(&["alpha"]);
    let field = stage.place(Role::TextInput, "Filter");
    stage.click_at(field.center());
    stage.type_text("1 r?/ ");
    stage.press(Key::Space);
    assert!(stage.app().session().view().window().is_live());
    assert_eq!(stage.width_secs(), 60.0);
    assert_eq!(stage.app().session().view().pane, None);
    assert_eq!(stage.app().session().view().filter.text(), "1 r?/ ");
}

#[test]
fn the_sidebar_hides_and_comes_back_by_key() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.press_with(Modifiers::CTRL, Key::B);
    assert!(stage.rows().is_empty());
    stage.press_with(Modifiers::CTRL, Key::B);
    assert!(!stage.rows().is_empty());
    stage.press_with(Modifiers::CTRL, Key::B);
    stage.type_text("/");
    assert!(!stage.rows().is_empty());
}

#[test]
fn a_host_that_is_heard_no_more_says_for_how_long() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    assert!(!stage.says("alpha silent for"));
    stage.seconds(30, &["beta"]);
    stage.assert_says("alpha silent for 30 s");
    assert!(stage.paints("30 s ago"));
    assert!(!stage.says("beta silent for"));
    stage.seconds(1, &["alpha", "beta"]);
    assert!(!stage.says("alpha silent for"));
}

/// 20,000 series of one host, all in one open plugin.
fn crowd() -> Stage {
    let mut stage = Stage::new();
    for part in 0..20 {
        let series = |n| {
            let name = format!("n{:05}", part * 1_000 + n);
            (Identifier::new("alpha", "many", "", "gauge", &name), vec![Value::Gauge(1.0)])
        };
        let all: Vec<_> = (0..1_000).map(series).collect();
        stage.send(&all);
    }
    stage.settle();
    stage.click_row("many");
    stage
}

#[test]
fn of_twenty_thousand_rows_only_those_on_screen_are_drawn() {
    let stage = crowd();
    assert_eq!(stage.app().session().store().usage().series, 20_000);
    let rows = stage.rows();
    assert!((10..60).contains(&rows.len()), "{} rows", rows.len());
    assert!(stage.nodes().len() < 500, "{} nodes", stage.nodes().len());
    assert!(stage.painted().len() < 1_000, "{} texts", stage.painted().len());
}

#[test]
fn the_row_that_the_keyboard_is_on_stays_on_screen() {
    let mut stage = crowd();
    for _ in 0..60 {
        stage.press(Key::ArrowDown);
    }
    let wanted = format!("n{:05}", 57);
    assert!(stage.rows().iter().any(|row| row.starts_with(&wanted)), "{:?}", stage.rows());
    for _ in 0..61 {
        stage.press(Key::ArrowUp);
    }
    assert!(stage.rows().iter().any(|row| row == "alpha"), "{:?}", stage.rows());
}

#[test]
fn a_filter_finds_one_of_twenty_thousand() {
    let mut stage = crowd();
    stage.type_text("/");
    stage.type_text("n19999");
    stage.assert_says("1 of 20,000 series match");
    assert_eq!(stage.rows().len(), 3);
}

#[test]
fn a_key_and_a_click_turn_the_tree_and_a_plugin_is_shown_of_all_hosts() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.press(Key::G);
    let rows = ["cpu-0 2 hosts", "interface-eth0 2 hosts", "load 2 hosts"];
    assert_eq!(stage.rows()[..3], rows);
    stage.assert_says("2 hosts · 22 series");
    stage.click_row("load");
    assert_eq!(stage.rows()[2..5], ["load 2 hosts", "alpha", "beta"]);
    assert_eq!(stage.named(Role::Tab), ["alpha", "load · all hosts"]);
    assert!(!stage.titles().is_empty());
    // The arrows begin at what is shown.
    stage.press(Key::ArrowUp);
    stage.press(Key::Enter);
    assert_eq!(stage.named(Role::Tab), ["alpha", "interface-eth0 · all hosts"]);
    stage.click(Role::RadioButton, "Hosts");
    assert_eq!(stage.rows()[0], "alpha");
    stage.click(Role::RadioButton, "Plugins");
    assert!(stage.rows()[0].starts_with("cpu-0"));
}

#[test]
fn a_name_goes_before_its_value_and_values_stand_below_one_another() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.click_row("load");
    // The names of all are whole, and so are the values, without "runnable".
    for text in ["shortterm", "midterm", "longterm", "0.50", "0.25"] {
        assert!(stage.paints(text), "{text}: {:?}", stage.painted());
    }
    let right = |stage: &Stage, text: &str| stage.place_painted(text).0.right();
    // Hosts and plugins show what stands for them.
    assert!(stage.paints("2.79 GiB") && stage.paints("12.5 %"));
    let apart = right(&stage, "0.25") - right(&stage, "2.79 GiB");
    assert!(apart.abs() < 1.0, "{apart}");
}

/// Clicks a row with a key held.
fn click_with(stage: &mut Stage, modifiers: Modifiers, name: &str) {
    let at = stage.place(Role::TreeItem, name).center();
    stage.click_at_with(at, modifiers);
}

#[test]
fn rows_that_are_gathered_are_drawn_together_checked_and_let_go() {
    let mut stage = Stage::hearing(&["alpha"]);
    stage.click_row("load");
    let gathered = |stage: &Stage| stage.app().session().view().gathered.names.len();
    click_with(&mut stage, Modifiers::CTRL, "shortterm");
    click_with(&mut stage, Modifiers::SHIFT, "longterm");
    assert_eq!(gathered(&stage), 3);
    stage.assert_says("3 gathered · Enter draws them");
    click_with(&mut stage, Modifiers::CTRL, "midterm");
    assert_eq!(gathered(&stage), 2);
    stage.press(Key::X);
    assert_eq!(stage.lines("Load"), ["5 min"]);
    stage.press(Key::X);
    stage.press(Key::Enter);
    assert_eq!(gathered(&stage), 0);
    assert_eq!(stage.titles().len(), 2);
    // By keys, and Esc lets them go before anything else.
    stage.press(Key::ArrowUp);
    stage.press_with(Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(gathered(&stage), 2);
    stage.press_with(Modifiers::CTRL, Key::A);
    assert!(gathered(&stage) > 2);
    stage.press(Key::Escape);
    assert_eq!(gathered(&stage), 0);
    // While notifications are listed, Shift and the arrows are theirs.
    stage.press(Key::N);
    stage.press_with(Modifiers::SHIFT, Key::ArrowDown);
    assert_eq!(gathered(&stage), 0);
}

#[test]
fn the_menu_of_a_row_opens_by_key_and_closes_by_escape() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.press(Key::ArrowDown);
    stage.press_with(Modifiers::SHIFT, Key::F10);
    for choice in ["Show", "Open in a new tab", "Add to this tab", "Copy identifier"] {
        assert!(stage.named(Role::Button).iter().any(|name| name == choice), "{choice}");
    }
    stage.press(Key::Escape);
    assert!(!stage.named(Role::Button).iter().any(|name| name == "Copy identifier"));
    stage.press(Key::Menu);
    stage.click(Role::Button, "Open in a new tab");
    assert_eq!(stage.named(Role::Tab).len(), 2);
    stage.press_with(Modifiers::CTRL, Key::Enter);
    assert_eq!(stage.named(Role::Tab).len(), 3);
}

#[test]
fn a_host_is_pinned_and_unpinned_in_its_menu() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let hosts = |stage: &Stage| -> Vec<String> {
        let rows = stage.named(Role::TreeItem).into_iter();
        rows.filter(|row| row.starts_with("alpha") || row.starts_with("beta")).collect()
    };
    for (choice, first) in [("Pin to the top", "beta"), ("Unpin", "alpha")] {
        let row = hosts(&stage).into_iter().find(|row| row.starts_with("beta"));
        stage.click_secondary(Role::TreeItem, &row.expect("a row of beta"));
        stage.click(Role::Button, choice);
        let hosts = hosts(&stage);
        assert!(hosts[0].starts_with(first), "{hosts:?}");
        let is_marked = hosts[0].contains("pinned");
        assert_eq!(is_marked, first == "beta", "{hosts:?}");
    }
}

#[test]
fn a_host_is_called_otherwise_wherever_it_is_named() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let row = |stage: &Stage, name: &str| {
        stage.named(Role::TreeItem).into_iter().find(|row| row.starts_with(name))
    };
    stage.click_row("beta");
    stage.assert_says("CPU beta %");
    stage.click_secondary(Role::TreeItem, &row(&stage, "beta").unwrap());
    stage.click(Role::Button, "Rename…");
    stage.type_text("db master");
    stage.press(Key::Enter);
    // The field held the name, chosen: what is typed takes its place.
    let called = stage.app().session().view().aliases().of("beta").to_owned();
    assert_eq!(called, "db master");
    stage.assert_says(&format!("CPU {called} %"));
    assert!(row(&stage, &called).is_some() && row(&stage, "beta ").is_none());
    assert!(stage.named(Role::Tab).iter().any(|tab| tab.starts_with(&called)));
    // It is found by it, in the filter, in the palette and as a rule.
    stage.type_at_once(&typed("/master load shortterm"));
    assert_eq!(stage.app().session().derived().rows.matched, 1);
    stage.press(Key::Enter);
    stage.assert_says("Load");
    let panels = &stage.app().session().derived().panels;
    assert_eq!((panels.len(), &*panels[0].host), (1, "beta"));
    let layout = print(&stage.app().session().view().workspace);
    assert!(layout.contains("host:beta") && !layout.contains("db master"), "{layout}");
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    stage.press_with(Modifiers::CTRL, Key::K);
    stage.type_text("master");
    stage.assert_says(&format!("{called} (beta)"));
    stage.press(Key::Escape);
    // Nothing typed is collectd's name again.
    stage.click_secondary(Role::TreeItem, &row(&stage, &called).unwrap());
    stage.click(Role::Button, "Rename…");
    stage.press(Key::Backspace);
    stage.press(Key::Enter);
    assert!(row(&stage, "beta").is_some() && row(&stage, &called).is_none());
}

#[test]
fn a_choice_by_key_closes_the_menu_of_a_row() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.press(Key::ArrowUp);
    stage.press_with(Modifiers::SHIFT, Key::F10);
    assert!(stage.says("Pin to the top"));
    for _ in 0..4 {
        stage.press(Key::Tab);
    }
    stage.press(Key::Enter);
    assert_eq!(stage.app().session().view().arrangement.pinned.len(), 1);
    assert!(!stage.says("Pin to the top") && !stage.says("Unpin"));
    // The keyboard is the canvas's again.
    stage.press(Key::G);
    assert_eq!(stage.app().session().view().pivot, Pivot::Plugins);
}

#[test]
fn a_letter_that_does_nothing_is_not_typed_into_the_filter_that_the_next_key_enters() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.type_at_once(&typed("q/load"));
    assert_eq!(stage.app().session().view().filter.text(), "load");
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    stage.type_at_once(&typed("q"));
    stage.type_at_once(&typed("/q"));
    assert_eq!(stage.app().session().view().filter.text(), "q");
}

#[test]
fn esc_leaves_a_host_called_as_it_was() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let beta = stage.named(Role::TreeItem).into_iter().find(|row| row.starts_with("beta"));
    stage.click_secondary(Role::TreeItem, &beta.unwrap());
    stage.click(Role::Button, "Rename…");
    stage.type_text("x");
    stage.press(Key::Escape);
    assert!(stage.app().session().view().aliases().is_empty());
    // The keyboard is the canvas's again.
    stage.press(Key::G);
    assert_eq!(stage.app().session().view().pivot, Pivot::Plugins);
}

#[test]
fn rows_are_hidden_listed_again_and_shown_by_the_menu() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let row = |stage: &Stage, name: &str| {
        stage.named(Role::TreeItem).into_iter().find(|row| row.starts_with(name))
    };
    stage.click_secondary(Role::TreeItem, &row(&stage, "beta").unwrap());
    stage.click(Role::Button, "Hide");
    assert!(row(&stage, "beta").is_none());
    assert!(stage.paints("1 hidden"));
    // The table of hosts and the palette leave it out, too.
    stage.press(Key::F3);
    assert!(stage.paints("· 1 hidden") && stage.paints("1 host"));
    stage.press_with(Modifiers::CTRL, Key::K);
    stage.type_text("beta");
    stage.assert_says("Nothing matches");
    stage.press(Key::Escape);
    stage.click(Role::Button, "List them, too");
    assert!(row(&stage, "beta hidden").is_some() && stage.paints("2 hosts"));
    stage.click_secondary(Role::TreeItem, &row(&stage, "beta").unwrap());
    stage.click(Role::Button, "Unhide");
    assert!(row(&stage, "beta").is_some() && !stage.says("Hide them again"));
    assert!(!stage.app().session().view().shows_hidden);
}

#[test]
fn gathered_rows_are_hidden_together_and_drawn_all_the_same() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    stage.press(Key::G);
    stage.click_row("load");
    let drawn = stage.titles().len();
    let row = |stage: &Stage, name: &str| {
        stage.named(Role::TreeItem).into_iter().find(|row| row.starts_with(name))
    };
    for name in ["load", "uptime"] {
        let at = stage.place(Role::TreeItem, &row(&stage, name).unwrap()).center();
        stage.click_at_with(at, Modifiers::CTRL);
    }
    stage.click_secondary(Role::TreeItem, &row(&stage, "uptime").unwrap());
    stage.click(Role::Button, "Hide 2 rows");
    assert!(row(&stage, "load").is_none() && row(&stage, "uptime").is_none());
    assert!(stage.app().session().view().gathered.names.is_empty());
    assert_eq!(stage.titles().len(), drawn);
    stage.press(Key::G);
    stage.type_at_once(&typed("/load"));
    assert_eq!(stage.app().session().derived().rows.matched, 0);
}

#[test]
fn what_is_forgotten_is_gone_until_it_is_sent_again() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let row = |stage: &Stage, name: &str| {
        stage.named(Role::TreeItem).into_iter().find(|row| row.starts_with(name))
    };
    let of_beta = |stage: &Stage| {
        let store = stage.app().session().store();
        let of = |id| &*store.series(id).unwrap().identifier.host == "beta";
        store.ids().filter(|&id| of(id)).count()
    };
    let (all, before) = (stage.app().session().store().usage().series, of_beta(&stage));
    stage.click_row("beta");
    stage.click_secondary(Role::TreeItem, &row(&stage, "beta").unwrap());
    stage.click(Role::Button, "Forget");
    // Not by the first click.
    assert_eq!(stage.app().session().store().usage().series, all);
    stage.click(Role::Button, &format!("Forget all values of {before} series"));
    assert!(row(&stage, "beta").is_none() && of_beta(&stage) == 0);
    assert_eq!(stage.app().session().store().usage().series, all - before);
    stage.assert_says("Nothing was received from beta yet");
    // The keyboard is on none of the rows that moved up.
    assert_eq!(stage.app().session().view().cursor, None);
    stage.seconds(10, &["alpha", "beta"]);
    assert!(row(&stage, "beta").is_some() && of_beta(&stage) == before);
    stage.assert_says("CPU beta %");
}

#[test]
fn a_screen_reader_gets_the_level_of_a_row_and_whether_it_is_open() {
    let mut stage = Stage::hearing(&["alpha", "beta"]);
    let levels = stage.levels();
    // The first host is open, the other is not; plugins are closed.
    assert_eq!((levels[0], levels[1]), ((1, Some(true)), (2, Some(false))));
    assert_eq!(levels.last(), Some(&(1, Some(false))));
    stage.type_at_once(&typed("/load shortterm"));
    let filtered = stage.levels();
    assert_eq!(filtered[..3], [(1, Some(true)), (2, Some(true)), (3, None)]);
}
