//! Filesystems as bars.

use super::*;
use collectoscope::metric::Interval;
use collectoscope::view::bars::{Bar, bars};

const GIB: f64 = 1_073_741_824.0;

/// Used and free space of a filesystem every 10 s, in GiB.
fn filled(screen: &mut Screen, mount: &str, samples: impl IntoIterator<Item = (f64, f64, f64)>) {
    for (secs, used, free) in samples {
        for (part, value) in [("used", used), ("reserved", 1.0), ("free", free)] {
            let name = format!("h/df-{mount}/df_complex-{part}");
            screen.send(&name, secs, &gauges(&[value * GIB]));
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
}

fn at_secs(screen: &Screen, secs: f64) -> Vec<Bar> {
    bars(&screen.panel("Filesystems"), &screen.store, at(secs))
}

fn gib(bars: &[Bar]) -> Vec<(&str, f64, f64)> {
    bars.iter().map(|bar| (bar.label.as_str(), bar.used / GIB, bar.total / GIB)).collect()
}

#[test]
fn a_filesystem_is_used_reserved_and_free() {
    let mut screen = Screen::new(10.0);
    filled(&mut screen, "root", [(0.0, 10.0, 29.0)]);
    filled(&mut screen, "home", [(0.0, 5.0, 0.0)]);
    assert_eq!(gib(&at_secs(&screen, 1.0)), [("home", 5.0, 6.0), ("root", 10.0, 40.0)]);
}

#[test]
fn the_old_type_with_two_data_sources_is_a_bar_too() {
    let mut screen = Screen::new(10.0);
    screen.send("h/df-root/df", 0.0, &gauges(&[3.0 * GIB, 5.0 * GIB]));
    screen.receive();
    screen.select(scope_of_host("h"));
    assert_eq!(gib(&at_secs(&screen, 1.0)), [("root", 3.0, 8.0)]);
}

#[test]
fn very_old_ones_are_named_by_type_instance() {
    let mut screen = Screen::new(10.0);
    screen.send("h/df/df-root", 0.0, &gauges(&[3.0 * GIB, 5.0 * GIB]));
    screen.receive();
    screen.select(scope_of_host("h"));
    assert_eq!(gib(&at_secs(&screen, 1.0)), [("root", 3.0, 8.0)]);
}

#[test]
fn an_unchecked_part_still_counts_in_the_whole() {
    let mut screen = Screen::new(10.0);
    filled(&mut screen, "root", [(0.0, 10.0, 29.0)]);
    screen.check("h/df-root/df_complex-free", false);
    assert_eq!(gib(&at_secs(&screen, 1.0)), [("root", 10.0, 40.0)]);
}

#[test]
fn a_filesystem_of_which_nothing_is_checked_has_no_bar() {
    let mut screen = Screen::new(10.0);
    filled(&mut screen, "root", [(0.0, 10.0, 29.0)]);
    filled(&mut screen, "home", [(0.0, 5.0, 0.0)]);
    for part in ["used", "reserved", "free"] {
        screen.check(&format!("h/df-home/df_complex-{part}"), false);
    }
    assert_eq!(gib(&at_secs(&screen, 1.0)), [("root", 10.0, 40.0)]);
}

#[test]
fn one_checked_part_brings_its_whole() {
    let mut screen = Screen::new(10.0);
    filled(&mut screen, "root", [(0.0, 10.0, 29.0)]);
    filled(&mut screen, "home", [(0.0, 5.0, 0.0)]);
    screen.selection = Selection::default();
    screen.check("h/df-root/df_complex-used", true);
    assert_eq!(gib(&at_secs(&screen, 1.0)), [("root", 10.0, 40.0)]);
}

#[track_caller]
fn check_full_in(per_sample: f64, samples: u32, expected_secs: Option<f64>) {
    let mut screen = Screen::new(10.0);
    let fill = |n: u32| {
        let grown = f64::from(n) * per_sample;
        (10.0 * f64::from(n), 10.0 + grown, 100.0 - grown)
    };
    filled(&mut screen, "root", (0..=samples).map(fill));
    let bar = &at_secs(&screen, 10.0 * f64::from(samples))[0];
    match (bar.full_in.map(Interval::secs_f64), expected_secs) {
        (Some(secs), Some(expected)) => assert!(close(secs, expected), "{secs} {expected}"),
        (full_in, expected) => assert_eq!(full_in, expected),
    }
}

#[test]
fn a_filesystem_that_fills_says_when_it_is_full() {
    // 0.5 GiB in 10 s for 10 min: 70 GiB are free, for 1,400 s.
    check_full_in(0.5, 60, Some(1_400.0));
}

#[test]
fn one_that_rests_empties_or_fills_too_slowly_does_not() {
    for per_sample in [0.0, -0.1, 1e-5] {
        check_full_in(per_sample, 60, None);
    }
}

#[test]
fn less_than_ten_minutes_say_nothing_about_filling() {
    check_full_in(0.5, 50, None);
}

#[test]
fn the_last_figures_of_a_filesystem_that_fell_silent_stay() {
    let mut screen = Screen::new(10.0);
    filled(&mut screen, "root", [(0.0, 10.0, 29.0)]);
    assert_eq!(gib(&at_secs(&screen, 3_600.0)), [("root", 10.0, 40.0)]);
}

#[test]
fn nothing_is_there_before_the_first_sample() {
    let mut screen = Screen::new(10.0);
    filled(&mut screen, "root", [(0.0, 10.0, 29.0)]);
    assert_eq!(at_secs(&screen, -1.0), []);
}
