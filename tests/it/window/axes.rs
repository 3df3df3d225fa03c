//! Value axes: one at the right for lines in another unit.

use super::stage::{Stage, machine};
use collectoscope::metric::{Identifier, Value};
use eframe::egui::{Key, Modifiers, accesskit::Role};

fn hearing(layout: &str, hosts: &[&str]) -> Stage {
    let mut stage = Stage::with_layout(layout);
    stage.seconds(5, hosts);
    assert_eq!(machine(hosts[0], 1).len(), 8);
    stage
}

#[test]
fn lines_in_another_unit_have_an_axis_at_the_right() {
    let layout = "[[tab]]\nshow = [\"plugin:load ds:shortterm\", \"plugin:memory used\"]";
    let stage = hearing(layout, &["alpha"]);
    let header = stage.place(Role::Button, "load, memory");
    let tick = |text: &str| {
        let found = stage.find_painted(|painted| painted == text);
        found.unwrap_or_else(|| panic!("no {text}: {:?}", stage.painted()))
    };
    // Numbers of processes at the left, bytes at the right, each with its own ticks.
    assert!(tick("0.4").right() < header.left() + 60.0);
    assert!(tick("3.0 Gi").left() > header.left() + 0.5 * header.width());
    // The legend says which stands where, and each figure is in its own unit.
    stage.assert_says("memory used → 2.79 Gi, min 2.79 Gi, avg 2.79 Gi, max 2.79 Gi");
    stage.assert_says("load 1 min 0.50, min 0.50, avg 0.50, max 0.50");
}

#[test]
fn plots_of_one_row_end_at_the_same_place_beside_an_axis_at_the_right() {
    let both = "show = [\"plugin:load ds:shortterm\", \"plugin:memory used\"]";
    let other = "show = \"plugin:load\"";
    let width = |second: &str| {
        let layout = format!("[[tab]]\ncolumns = [{{ {second} }}, {{ {other} }}]");
        hearing(&layout, &["alpha"]).app().memory().plot_width
    };
    // The width of the last plot that was drawn, that of the other one.
    assert!(width(both) < width(other) - 40.0);
}

/// Painted texts that are this one, with loads of 0.4 and 80 in two panels of these rules.
fn count(text: &str, rules: &str) -> usize {
    let mut stage = Stage::with_layout(&format!("[[tab]]\ncolumns = [{rules}]"));
    for _ in 0..4 {
        stage.pass(1);
        for (host, load) in [("alpha", 0.4), ("beta", 80.0)] {
            let id = Identifier::new(host, "load", "", "load", "");
            stage.send(&[(id, [load; 3].map(Value::Gauge).to_vec())]);
        }
        stage.settle();
    }
    // Which has numbers of its own.
    stage.press_with(Modifiers::CTRL, Key::B);
    stage.painted().iter().filter(|painted| *painted == text).count()
}

#[test]
fn the_same_graph_of_several_hosts_has_one_scale_until_it_is_freed() {
    let of = |host: &str, more: &str| format!("{{ show = \"host:{host} plugin:load\"{more} }}");
    let both = format!("{}, {}", of("alpha", ""), of("beta", ""));
    assert_eq!(count("80", &both), 2);
    let freed = format!("{}, {}", of("alpha", ", scale = \"own\""), of("beta", ""));
    assert_eq!((count("80", &freed), count("0.4", &freed)), (1, 1));
    let held = format!("{}, {}", of("alpha", ", y = [0, 1]"), of("beta", ""));
    assert_eq!(count("80", &held), 1);
    let repeated = "{ show = \"plugin:load\", each = \"host\" }";
    assert_eq!(count("80", repeated), 2);
}
