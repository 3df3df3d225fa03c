//! Names that want to be taken for others, or to be seen where they do not belong.

use super::stage::Stage;
use collectoscope::metric::{Identifier, Value};
use eframe::egui::accesskit::Role;

fn hearing(hosts: &[&str]) -> Stage {
    let mut stage = Stage::new();
    for host in hosts {
        let id = Identifier::new(host, "load", "", "gauge", "");
        stage.send(&[(id, vec![Value::Gauge(1.0)])]);
    }
    stage.settle();
    stage
}

#[test]
fn a_host_whose_name_looks_like_another_ones_is_marked_and_its_tooltip_says_why() {
    for (odd, said) in [
        ("canary\u{2010}01", "its name holds U+2010"),
        ("\u{0441}anary-01", "its name holds U+0441"),
        ("canary-01\u{200b}", "its name holds U+200B, which is invisible"),
    ] {
        let mut stage = hearing(&["canary-01", odd]);
        let marked: Vec<_> =
            stage.rows().into_iter().filter(|row| row.contains("look-alike")).collect();
        assert_eq!(marked.len(), 1, "{:?}", stage.rows());
        assert!(stage.paints("look-alike"));
        let place = stage.place(Role::TreeItem, &marked[0]);
        stage.rest(place.center());
        stage.assert_says(said);
    }
    assert!(!hearing(&["canary-01", "büro"]).paints("look-alike"));
}

#[test]
fn piled_up_accents_are_painted_on_their_row_only() {
    let pile: String = std::iter::once('o').chain(std::iter::repeat_n('\u{301}', 60)).collect();
    let stage = hearing(&["alpha", &format!("zalg{pile}"), "zebra"]);
    let row = stage.place(Role::TreeItem, "zalg");
    let clipped = stage.clip_of("zalg");
    assert!(clipped.height() <= row.height() && row.expand(1.0).contains_rect(clipped));
    // What does not need it is not cut.
    assert!(stage.clip_of("zebra").height() > 2.0 * row.height());
}
