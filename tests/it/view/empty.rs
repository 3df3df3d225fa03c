//! Why a line is empty, in words.

use super::*;
use collectoscope::view::empty::{Sight, why_empty};

const TYPES: &str = "apache_bytes value:DERIVE:0:134217728
pair rx:COUNTER:0:100, tx:COUNTER:0:1000
batch value:ABSOLUTE:U:50
least value:DERIVE:5:U
counter value:COUNTER:U:U
irq value:DERIVE:0:U
";

/// Twenty value lists, `secs` apart; promised is one every 10 s.
fn sent(name: &str, secs: f64, values: impl Fn(i64) -> Vec<Value>) -> Screen {
    let mut screen = Screen::new(10.0);
    screen.store = Store::new(64 << 20, TypesDb::parse(TYPES.as_bytes(), "types.db").0);
    for n in 0..20 {
        screen.send(name, secs * n as f64, &values(n));
    }
    screen.receive();
    screen
}

#[track_caller]
fn check(screen: &Screen, name: &str, (from, to, now): (f64, f64, f64), expected: &str) {
    let Screen { store, graphs, .. } = screen;
    let zone = jiff::tz::TimeZone::UTC;
    let sight = Sight { store, graphs, span: span(from, to), now: at(now), zone: &zone };
    assert_eq!(why_empty(&sight, screen.ids(name).into_iter()), expected);
}

const ALL: (f64, f64, f64) = (0.0, 200.0, 200.0);

#[test]
fn rates_beyond_a_bound_of_types_db_name_it_and_how_often_it_was_passed() {
    let above = |n: i64| vec![Value::Derive(1_870_000_000 * n)];
    let name = "h/apache/apache_bytes";
    let text = "19 rates above the maximum of apache_bytes in types.db, 134 M/s: up to 187 M/s";
    check(&sent(name, 10.0, above), name, ALL, text);
    let text = "3 rates above the maximum of apache_bytes in types.db, 134 M/s: up to 187 M/s";
    check(&sent(name, 10.0, above), name, (45.0, 75.0, 200.0), text);
    // Counters too, by data source; what its reader resets; and too little.
    let pair = |n: i64| vec![Value::Counter(u64::try_from(2_000 * n).unwrap()); 2];
    let text = "19 rates above the maximum of pair rx in types.db, 100 /s: up to 200 /s";
    check(&sent("h/x/pair", 10.0, pair), "h/x/pair", ALL, text);
    let text = "20 rates above the maximum of batch in types.db, 50 /s: up to 90 /s";
    check(&sent("h/x/batch", 10.0, |_| vec![Value::Absolute(900)]), "h/x/batch", ALL, text);
    let text = "19 rates below the minimum of least in types.db, 5 /s: up to 2 /s";
    check(&sent("h/x/least", 10.0, |n| vec![Value::Derive(20 * n)]), "h/x/least", ALL, text);
}

#[test]
fn a_counter_that_only_falls_is_a_restart_with_each_sample() {
    let text = "19 of 20 samples: each is a restart, for the counter falls, and a restart has no \
                rate";
    let falls = |n: i64| vec![Value::Counter(u64::try_from(100_000 - 10 * n).unwrap())];
    check(&sent("h/exec-c/counter-falls", 10.0, falls), "h/exec-c/counter-falls", ALL, text);
    let falls = |n: i64| vec![Value::Derive(100_000 - 10 * n)];
    check(&sent("h/irq/irq-7", 10.0, falls), "h/irq/irq-7", ALL, text);
    // The part of them that is in the window counts.
    let text =
        "5 of 5 samples: each is a restart, for the counter falls, and a restart has no rate";
    check(&sent("h/irq/irq-7", 10.0, falls), "h/irq/irq-7", (50.0, 100.0, 200.0), text);
}

#[test]
fn what_else_leaves_a_line_empty_is_named_too() {
    let nan = |_| gauges(&[f64::NAN]);
    check(&sent("h/a/gauge", 10.0, nan), "h/a/gauge", ALL, "only undefined values");
    let grows = |n: i64| vec![Value::Derive(n)];
    let far = "19 of 20 samples: too long after the one before to make a rate, interval 10.0 s";
    check(&sent("h/irq/irq-7", 60.0, grows), "h/irq/irq-7", (0.0, 1_200.0, 1_200.0), far);
    let near = "19 of 20 samples: too soon after the one before to make a rate";
    check(&sent("h/irq/irq-7", 0.001, grows), "h/irq/irq-7", ALL, near);
    let one = |_| vec![Value::Derive(1)];
    let first = "waiting for a second sample to compute a rate";
    check(&sent("h/irq/irq-7", 0.0, one), "h/irq/irq-7", ALL, first);
    let screen = sent("h/irq/irq-7", 10.0, grows);
    check(&screen, "h/nosuch/irq-7", ALL, "no samples kept");
    let sight = (300.0, 400.0, 400.0);
    check(&screen, "h/irq/irq-7", sight, "newest sample 110 s before this window");
    check(&screen, "h/irq/irq-7", (-200.0, -100.0, 200.0), "no samples this far back");
    let ahead = "its clock is 90 s ahead of ours: newest sample at 08:03:10";
    check(&screen, "h/irq/irq-7", (0.0, 100.0, 100.0), ahead);
}
