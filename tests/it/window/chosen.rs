//! What a user may choose for all windows: units and colours.

use super::stage::Stage;
use collectoscope::view::colours::Colours;
use collectoscope::view::format::{Sizes, Traffic, UnitChoice};
use collectoscope::view::role::Role as LineRole;
use eframe::egui::{Color32, Key, Modifiers, accesskit::Role};

/// Two machines, measured for five seconds and written in these units.
fn in_units(traffic: Traffic, sizes: Sizes) -> Stage {
    let units = UnitChoice { traffic, sizes };
    let mut stage = Stage::chosen(|start| start.graphs = start.graphs.clone().in_units(units));
    stage.seconds(5, &["alpha", "beta"]);
    stage
}

#[test]
fn units_hold_wherever_a_number_is_written() {
    let mut stage = in_units(Traffic::Bytes, Sizes::Si);
    // Headers, legends and the status bar.
    stage.assert_says("Interface eth0 alpha B/s");
    stage.assert_says("rx 1.00 k, min 1.00 k, avg 1.00 k, max 1.00 k");
    stage.assert_says("used 3.00 G, min 3.00 G, avg 3.00 G, max 3.00 G");
    stage.assert_says(" of 67.1 MB · ");
    // Axes.
    for text in ["1.0 k", "4 G"] {
        assert!(stage.painted().iter().any(|painted| painted == text), "{text}");
    }
    // The sidebar, whose series are read out with their values.
    stage.type_text("/");
    stage.type_text("host:alpha type:if_octets|memory");
    for text in ["rx 1.00 kB/s", "used 3.00 GB"] {
        let rows = stage.named(Role::TreeItem);
        assert!(rows.iter().any(|row| row.contains(text)), "{text}: {rows:?}");
    }
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    // The tooltip, where the sidebar has none of it.
    stage.press_with(Modifiers::COMMAND, Key::B);
    assert!(!stage.paints("1.00 kB/s"));
    stage.rest(stage.in_plot("Interface eth0 alpha", 0.99));
    assert!(stage.paints("1.00 kB/s") && stage.paints("500 B/s"), "{:?}", stage.painted());
    // The table of hosts.
    stage.press(Key::F3);
    assert_eq!(stage.named(Role::Row)[0], "alpha, 15.0 %, 3.00 GB, 0.50, 1.50 kB/s, –, –");
}

#[test]
fn bytes_of_traffic_have_the_steps_of_sizes_and_a_filter_compares_what_is_shown() {
    let mut stage = in_units(Traffic::Bytes, Sizes::Iec);
    // 1,000 bytes a second come in on each host, and 500 go out.
    stage.type_text("/");
    stage.type_text("unit:B/s >999");
    stage.assert_says("2 of 22 series match");
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    stage.press(Key::F3);
    assert_eq!(stage.named(Role::Row)[0], "alpha, 15.0 %, 2.79 GiB, 0.50, 1.46 KiB/s, –, –");
}

#[test]
fn lines_have_the_chosen_colours_wherever_they_are_drawn() {
    let shades = |text: &str| text.parse().unwrap();
    let (rx, user) = (shades("#123456 #AA5511"), shades("#A1B2C3"));
    let roles = vec![(LineRole::Rx, rx), (LineRole::User, user)];
    let colours = Colours { lines: vec![shades("#0F1E2D")], roles };
    let mut stage = Stage::chosen(|start| start.colours = colours);
    stage.seconds(5, &["alpha", "beta"]);
    let (dark, light) = (Color32::from_rgb(0x12, 0x34, 0x56), Color32::from_rgb(0xAA, 0x55, 0x11));
    let user = Color32::from_rgb(0xA1, 0xB2, 0xC3);
    let line = Color32::from_rgb(0x0F, 0x1E, 0x2D);
    stage.type_text("/");
    stage.type_text("eth0");
    stage.assert_says("4 of 22 series match");
    // Swatches, sparklines and plots; what is not chosen is as it is without.
    let tx = Color32::from_rgb(0xE6, 0x9F, 0x00);
    for (what, colors) in ["swatches", "sparklines", "plots"].into_iter().zip(stage.colors()) {
        assert!(colors.contains(&dark) && !colors.contains(&light), "{what}: {colors:?}");
        assert!(colors.contains(&tx), "{what}: {colors:?}");
    }
    stage.press(Key::Escape);
    stage.press(Key::Escape);
    assert!(!stage.colors()[2].contains(&line));
    // Lines without a role have those in turn.
    stage.click(Role::CheckBox, "uptime");
    assert!(stage.colors()[2].contains(&line));
    stage.click(Role::Button, "Theme: as the system");
    stage.click(Role::Button, "Theme: dark");
    let [swatches, ..] = stage.colors();
    assert!(!swatches.contains(&dark));
    // The lines of the table of hosts.
    stage.press(Key::F3);
    assert!(stage.colors()[2].contains(&user));
}

#[test]
fn of_several_messages_of_the_start_the_first_is_shown_and_all_are_where_one_points() {
    let said = ["cannot use \"memroy\"", "cannot read the graphs", "no such layout"];
    let mut stage = Stage::chosen(|start| start.messages = said.map(str::to_owned).to_vec());
    let shown = "! 1 of 3: cannot use \"memroy\"";
    stage.rest(stage.place(Role::Button, shown).center());
    stage.assert_says(&said.join("\n"));
    let one = Stage::chosen(|start| start.messages = vec![said[1].to_owned()]);
    one.place(Role::Button, "! cannot read the graphs");
    assert!(!one.says("1 of"), "{:?}", one.nodes());
}
