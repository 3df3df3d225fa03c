//! Areas on top of one another, shares, and sums over siblings.

use super::*;
use collectoscope::view::plot::PlotPoint;
use proptest::prelude::*;

const CPU: &str = "CPU";
const MEMORY: &str = "Memory";
/// In the order of the catalogue.
const PARTS: [&str; 3] = ["used", "cached", "free"];

/// Memory of a host: one layer a part, `None` is not sent, measured `jitter` later per part.
fn memory(count: u32, jitter: f64, value: impl Fn(u32, usize) -> Option<f64>) -> Screen {
    let mut screen = Screen::new(1.0);
    for n in 0..count {
        for (layer, part) in PARTS.iter().enumerate() {
            let Some(value) = value(n, layer) else { continue };
            let secs = f64::from(n) + jitter * layer as f64;
            screen.send(&format!("h/memory/memory-{part}"), secs, &gauges(&[value]));
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    screen
}

/// Every layer lies on the one before wherever both have a point.
#[track_caller]
fn check_layers(plot: &PanelPlot) {
    for pair in plot.lines.windows(2) {
        for point in &pair[1].points {
            let below = pair[0].points.iter().find(|below| below.t == point.t);
            assert!(below.is_none_or(|below| below.y == point.base), "{below:?} {point:?}");
        }
    }
}

fn heights(plot: &PanelPlot) -> Vec<f64> {
    plot.lines.last().unwrap().points.iter().map(|point| point.y).collect()
}

#[test]
fn a_layer_starts_where_the_one_before_ends() {
    let screen = memory(10, 0.0, |n, layer| Some(f64::from(n) + layer as f64));
    let plot = screen.plot(MEMORY, (0.0, 10.0), 400, Mode::Rate);
    check_layers(&plot);
    let expected: Vec<f64> = (0..10).map(|n| 3.0 * f64::from(n) + 3.0).collect();
    assert_eq!(heights(&plot), expected);
    assert_eq!(plot.extent, Some((0.0, 30.0)));
    let free = &plot.lines[2];
    assert_eq!(free.points[4].value, 6.0);
    assert_eq!(free.stats.map(|stats| (stats.min, stats.max)), Some((2.0, 11.0)));
}

#[test]
fn siblings_measured_some_milliseconds_apart_stack_without_spikes() {
    for jitter in [0.004, 0.05, 0.2] {
        let screen = memory(60, jitter, |_, _| Some(10.0));
        let plot = screen.plot(MEMORY, (5.0, 55.0), 600, Mode::Rate);
        check_layers(&plot);
        assert!(heights(&plot).iter().all(|&top| close(top, 30.0)), "{jitter}");
        assert!(plot.lines.iter().all(|line| line.breaks.is_empty()));
        assert!((50..=53).contains(&plot.lines[0].points.len()));
    }
}

#[test]
fn one_missed_sample_of_a_sibling_is_no_hole() {
    let screen = memory(60, 0.004, |n, layer| (n != 30 || layer != 1).then_some(10.0));
    let plot = screen.plot(MEMORY, (5.0, 55.0), 600, Mode::Rate);
    assert!(heights(&plot).iter().all(|&top| close(top, 30.0)));
    assert!(plot.lines.iter().all(|line| line.breaks.is_empty()));
}

#[test]
fn a_stack_waits_until_all_siblings_have_told_the_newest_moment() {
    let screen = memory(60, 0.004, |n, layer| (n != 59 || layer != 0).then_some(10.0));
    let plot = screen.plot(MEMORY, (0.0, 60.0), 600, Mode::Rate);
    assert!(heights(&plot).iter().all(|&top| close(top, 30.0)));
    assert_eq!(plot.lines[2].points.last().map(|point| millis(point.t).floor()), Some(58.0));
}

#[test]
fn a_slow_sibling_holds_up_the_others_no_longer_than_half_its_interval() {
    let mut screen = Screen::new(10.0);
    for n in 0..60 {
        for part in PARTS {
            screen.interval_secs = if part == "free" { 10.0 } else { 1.0 };
            if part != "free" || n % 10 == 0 {
                screen.send(&format!("h/memory/memory-{part}"), f64::from(n), &gauges(&[10.0]));
            }
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let plot = screen.plot(MEMORY, (0.0, 60.0), 600, Mode::Rate);
    assert!(heights(&plot).iter().all(|&top| close(top, 30.0)));
    assert_eq!(plot.lines[0].points.last().map(|point| millis(point.t)), Some(55.0));
}

#[test]
fn a_sibling_that_fell_silent_leaves_the_stack_with_its_last_sample() {
    let screen = memory(60, 0.0, |n, layer| (n < 30 || layer != 1).then_some(10.0));
    let plot = screen.plot(MEMORY, (0.0, 60.0), 600, Mode::Rate);
    let last = plot.lines[1].points.last().unwrap();
    assert_eq!(millis(last.t), 29.0);
    assert_eq!(heights(&plot).last(), Some(&20.0));
}

#[test]
fn a_silent_minute_breaks_every_layer_and_no_line_crosses_it() {
    for columns in [600, 30] {
        let screen = memory(180, 0.004, |n, _| (!(60..120).contains(&n)).then_some(10.0));
        let plot = screen.plot(MEMORY, (0.0, 180.0), columns, Mode::Rate);
        for line in &plot.lines {
            assert_eq!(line.runs().count(), 2);
            let crosses =
                |run: &[PlotPoint]| millis(run[0].t) < 60.0 && millis(run[run.len() - 1].t) > 119.0;
            assert!(!line.runs().any(crosses));
        }
    }
}

#[test]
fn a_value_that_is_no_number_breaks_its_own_layer_only() {
    let screen = memory(60, 0.0, |n, l| Some(if n == 30 && l == 1 { f64::NAN } else { 10.0 }));
    let plot = screen.plot(MEMORY, (0.0, 60.0), 600, Mode::Rate);
    assert_eq!(plot.lines.iter().map(|line| line.runs().count()).collect::<Vec<_>>(), [1, 2, 1]);
}

#[test]
fn an_interval_that_changed_breaks_nothing() {
    let mut screen = Screen::new(10.0);
    for n in 0..60 {
        let secs = if n < 30 { f64::from(n) * 10.0 } else { 290.0 + f64::from(n - 29) };
        screen.interval_secs = if n < 30 { 10.0 } else { 1.0 };
        for part in PARTS {
            screen.send(&format!("h/memory/memory-{part}"), secs, &gauges(&[1.0]));
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let plot = screen.plot(MEMORY, (0.0, 320.0), 600, Mode::Rate);
    assert!(plot.lines.iter().all(|line| line.breaks.is_empty() && line.points.len() == 60));
}

#[test]
fn a_wrong_interval_does_not_blur_the_stack() {
    let mut screen = memory(0, 0.0, |_, _| None);
    screen.interval_secs = 86_400.0;
    for n in 0..20 {
        for part in PARTS {
            screen.send(&format!("h/memory/memory-{part}"), f64::from(n), &gauges(&[1.0]));
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let plot = screen.plot(MEMORY, (0.0, 20.0), 600, Mode::Rate);
    assert!(plot.lines.iter().all(|line| line.points.len() == 20));
    assert!(heights(&plot).iter().all(|&top| top == 3.0));
}

#[test]
fn raw_counters_are_not_stacked() {
    let plot = jiffies(Some(0)).plot(CPU, (0.0, 30.0), 600, Mode::Raw);
    assert!(plot.lines.iter().flat_map(|line| &line.points).all(|point| point.base == 0.0));
}

#[test]
fn raw_leaves_gauges_as_they_are() {
    let screen = memory(10, 0.0, |_, layer| Some(1.0 + layer as f64));
    let panel = screen.panel(MEMORY);
    let [rate, raw] =
        [Mode::Rate, Mode::Raw].map(|mode| screen.plot_of(&panel, (0.0, 10.0), 400, mode));
    for (rate, raw) in rate.lines.iter().zip(&raw.lines) {
        assert_eq!((&rate.points, rate.stats), (&raw.points, raw.stats));
    }
    assert_eq!(raw.lines[2].points[0].base, 3.0, "still a stack");
    let axis = |plot: &PanelPlot, mode| plot.axis(&panel, mode, 4.0);
    assert_eq!(axis(&rate, Mode::Rate), axis(&raw, Mode::Raw));
    assert_eq!((panel.unit_in(Mode::Raw), panel.mode(Mode::Raw)), (panel.unit.clone(), Mode::Rate));
    // Factor and side too.
    let screen = traffic_of_gauges();
    let [rate, raw] = [Mode::Rate, Mode::Raw]
        .map(|mode| points(&screen.plot("Interface eth0", (0.0, 20.0), 400, mode).lines[1]));
    assert_eq!(rate, raw);
    let counted = jiffies(None).panel(CPU);
    assert_eq!((&*counted.unit_in(Mode::Raw).name, counted.mode(Mode::Raw)), ("raw", Mode::Raw));
}

fn traffic_of_gauges() -> Screen {
    let mut screen = Screen::new(1.0);
    for n in 0..20 {
        screen.send("h/interface-eth0/if_octets", f64::from(n), &gauges(&[1.0, 2.0]));
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    screen
}

#[test]
fn a_negative_layer_does_not_eat_into_its_neighbours_and_says_what_it_is() {
    for below in [-5.0, -1_187_240_922.0, -1e-3] {
        let screen = memory(10, 0.0, |_, layer| Some(if layer == 1 { below } else { 10.0 }));
        let plot = screen.plot(MEMORY, (0.0, 10.0), 400, Mode::Rate);
        assert!(heights(&plot).iter().all(|&top| top == 20.0));
        let layer = &plot.lines[1];
        assert!(layer.points.iter().all(|point| point.value == below && point.base == point.y));
        let at = layer.at(layer.points[3].t + 0.5, 2.5).map(|point| point.value);
        let stats = layer.stats.unwrap();
        assert_eq!((at, stats.last, stats.min, stats.max), (Some(below), below, below, below));
    }
}

#[test]
fn a_small_layer_on_a_large_one_keeps_its_value() {
    let screen = memory(10, 0.0, |_, layer| Some(if layer == 2 { 0.1 } else { 1e18 }));
    let plot = screen.plot(MEMORY, (0.0, 10.0), 400, Mode::Rate);
    assert!(plot.lines[2].points.iter().all(|point| point.value == 0.1));
}

/// Jiffies of two CPUs: 30 user and 10 system a second on each, the rest of 100 idle.
fn jiffies(reset_at: Option<i64>) -> Screen {
    let mut screen = Screen::new(1.0);
    for n in 0..30_i64 {
        for (state, per_sec) in [("user", 30), ("system", 10), ("idle", 60)] {
            for cpu in 0..2 {
                let since = reset_at.filter(|&at| n >= at).unwrap_or(-50_000);
                let counted = Value::Derive(per_sec * (n - since));
                let secs = n as f64 + 0.003 * f64::from(cpu);
                screen.send(&format!("h/cpu-{cpu}/cpu-{state}"), secs, &[counted]);
            }
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    screen
}

#[test]
fn jiffies_are_drawn_as_shares_of_all_with_idle_undrawn() {
    let plot = jiffies(None).plot(CPU, (2.0, 30.0), 600, Mode::Rate);
    assert_eq!(plot.lines.len(), 2);
    assert!(plot.lines[0].points.iter().all(|point| close(point.y, 30.0)));
    assert!(plot.lines[1].points.iter().all(|point| close(point.y, 40.0)));
    assert_eq!(plot.lines[0].breaks, [0; 0]);
}

#[test]
fn with_idle_the_shares_are_100() {
    let mut screen = jiffies(None);
    screen.check("h/cpu-0/cpu-idle", true);
    screen.check("h/cpu-1/cpu-idle", true);
    let plot = screen.plot(CPU, (2.0, 30.0), 600, Mode::Rate);
    assert!(heights(&plot).iter().all(|&top| close(top, 100.0)));
}

#[test]
fn raw_jiffies_are_added_up_and_no_share() {
    let plot = jiffies(Some(0)).plot(CPU, (0.0, 30.0), 600, Mode::Raw);
    let last = plot.lines[0].points.last().unwrap();
    assert!(close(last.y, 2.0 * 30.0 * 29.0), "{last:?}");
}

#[test]
fn a_host_that_restarts_leaves_a_gap_and_one_mark() {
    let plot = jiffies(Some(15)).plot(CPU, (0.0, 30.0), 60, Mode::Rate);
    assert_eq!(plot.resets.iter().map(|&t| millis(t)).collect::<Vec<_>>(), [15.0]);
    for line in &plot.lines {
        assert_eq!(line.runs().count(), 2);
        assert!(line.points.iter().all(|point| point.y <= 40.1));
    }
}

#[test]
fn a_percentage_over_all_cpus_is_their_average() {
    let mut screen = Screen::new(1.0);
    for n in 0..20 {
        for cpu in 0..4 {
            let secs = f64::from(n) + 0.002 * f64::from(cpu);
            let name = format!("h/cpu-{cpu}/percent-user");
            screen.send(&name, secs, &gauges(&[20.0 * f64::from(cpu)]));
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    for columns in [600, 7] {
        let plot = screen.plot(CPU, (0.0, 20.0), columns, Mode::Rate);
        assert!(plot.lines[0].points.iter().all(|point| close(point.y, 30.0)), "{columns}");
    }
}

#[test]
fn frequencies_of_cpus_are_not_added_up() {
    let mut screen = Screen::new(1.0);
    for (cpu, hertz) in [(0, 1e9), (1, 3e9)] {
        screen.gauge(&format!("h/cpufreq-{cpu}/cpufreq"), [(0.0, hertz), (1.0, hertz)]);
    }
    screen.select(scope_of_host("h"));
    let plot = screen.plot("CPU frequency", (0.0, 2.0), 600, Mode::Rate);
    assert_eq!(points(&plot.lines[0]), [(0.0, 2e9), (1.0, 2e9)]);
}

#[test]
fn a_cpu_that_is_taken_away_leaves_the_average_of_the_others() {
    let mut screen = Screen::new(1.0);
    for n in 0..40 {
        for (cpu, percent) in [(0, 20.0), (1, 60.0)] {
            if cpu == 0 || n < 20 {
                let name = format!("h/cpu-{cpu}/percent-user");
                screen.send(&name, f64::from(n), &gauges(&[percent]));
            }
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let plot = screen.plot(CPU, (0.0, 40.0), 600, Mode::Rate);
    let line = points(&plot.lines[0]);
    assert_eq!((line[10], line[39]), ((10.0, 40.0), (39.0, 20.0)));
    assert!(plot.lines[0].breaks.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was measured, what is drawn is finite and in order.
    #[test]
    fn whatever_comes_is_drawn_in_order_and_finite(
        samples in prop::collection::vec(
            (0_usize..3, 0_u32..90_000, prop_oneof![
                Just(f64::NAN), Just(f64::INFINITY), -100.0..100.0, any::<f64>(),
            ]),
            0..120,
        ),
        columns in 1_usize..200,
        window in (0_u32..90, 0_u32..90),
        raw in any::<bool>(),
        plugin in prop_oneof![Just("memory/memory"), Just("cpu/percent"), Just("load/gauge")],
    ) {
        let mut screen = Screen::new(1.0);
        let mut samples = samples;
        samples.sort_by_key(|(_, millis, _)| *millis);
        for (series, millis, value) in samples {
            let name = format!("h/{plugin}-{}", ["used", "user", "idle"][series]);
            screen.send(&name, f64::from(millis) / 1e3, &gauges(&[value]));
        }
        screen.receive();
        screen.select(scope_of_host("h"));
        let (from, to) = (f64::from(window.0), f64::from(window.0 + window.1));
        let mode = if raw { Mode::Raw } else { Mode::Rate };
        for panel in screen.panels() {
            let plot = screen.plot_of(&panel, (from, to), columns, mode);
            prop_assert_eq!(plot.lines.len(), panel.drawn().count());
            for line in &plot.lines {
                for p in &line.points {
                    let all = [p.t, p.y, p.lo, p.hi, p.base];
                    prop_assert!(all.iter().all(|number| number.is_finite()), "{:?}", p);
                    prop_assert!(p.lo <= p.y && p.y <= p.hi, "{:?}", p);
                    prop_assert!(p.base == 0.0 || p.base <= p.y, "{:?}", p);
                }
                prop_assert!(line.points.is_sorted_by(|a, b| a.t < b.t));
                prop_assert!(line.breaks.is_sorted_by(|a, b| a < b));
                prop_assert!(line.breaks.iter().all(|&at| at > 0 && at < line.points.len()));
            }
        }
    }
}
