//! What a user may choose for all windows: units and colours.

use super::stage::Stage;
use collectoscope::view::format::{Sizes, Traffic, UnitChoice};
use eframe::egui::{Key, Modifiers, accesskit::Role};

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
    // Axes and the sidebar.
    for text in ["1.0 k", "4 G", "1.00 kB/s", "3.00 GB"] {
        assert!(stage.painted().iter().any(|painted| painted == text), "{text}");
    }
    // The tooltip, where the sidebar has none of it.
    stage.press_with(Modifiers::COMMAND, Key::B);
    assert!(!stage.paints("1.00 kB/s"));
    stage.hover(stage.in_plot("Interface eth0 alpha", 0.99));
    assert!(stage.paints("1.00 kB/s") && stage.paints("500 B/s"), "{:?}", stage.painted());
    // The table of hosts.
    stage.press(Key::F3);
    assert_eq!(stage.named(Role::Row)[0], "alpha, 15.0 %, 3.00 GB, 0.50, 1.50 kB/s, –, –");
}

#[test]
fn bytes_of_traffic_have_the_steps_of_sizes_and_a_filter_compares_what_is_shown() {
    let mut stage = in_units(Traffic::Bytes, Sizes::Iec);
    stage.press(Key::F3);
    assert_eq!(stage.named(Role::Row)[0], "alpha, 15.0 %, 2.79 GiB, 0.50, 1.46 KiB/s, –, –");
    // 1,000 bytes a second come in on each host, and 500 go out.
    stage.press(Key::Slash);
    stage.type_text("unit:B/s >999");
    stage.until(|stage| stage.says("2 of 22 series match"));
}
