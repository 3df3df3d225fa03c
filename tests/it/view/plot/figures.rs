//! Figures of lines that several series make: exact, and the same at any zoom.

use super::*;
use collectoscope::store::Stats;
use proptest::prelude::*;

/// Percent of two CPUs that take turns: 80 and 20, 20 and 80. Together always 50.
fn turns(count: u32) -> Screen {
    let mut screen = Screen::new(10.0);
    for n in 0..count {
        for cpu in 0..2_u32 {
            let busy = if (n + cpu).is_multiple_of(2) { 80.0 } else { 20.0 };
            let secs = 10.0 * f64::from(n) + 0.002 * f64::from(cpu);
            screen.send(&format!("h/cpu-{cpu}/percent-user"), secs, &gauges(&[busy]));
        }
        screen.receive();
    }
    screen.select(scope_of_host("h"));
    screen
}

#[track_caller]
fn stats(screen: &Screen, title: &str, window: (f64, f64), columns: usize) -> Vec<Option<Stats>> {
    let plot = screen.plot(title, window, columns, Mode::Rate);
    assert!(!plot.pending);
    plot.lines.iter().map(|line| line.stats).collect()
}

#[test]
fn peaks_of_several_series_that_are_not_at_one_moment_are_no_peak_of_their_sum() {
    let screen = turns(200);
    for (window, columns) in [((0.0, 300.0), 600), ((-21_000.0, 2_005.0), 600), ((0.0, 2_005.0), 3)]
    {
        let all = stats(&screen, "CPU", window, columns);
        let found = all[0].unwrap();
        assert_eq!((found.min, found.avg, found.max), (50.0, 50.0, 50.0), "{window:?}");
        assert_eq!(found.last, 50.0);
    }
}

#[test]
fn a_peak_of_one_moment_is_the_maximum_however_wide_the_window_is() {
    let mut screen = Screen::new(10.0);
    for n in 0..300_u32 {
        for cpu in 0..8_u32 {
            let busy = if n == 171 { 59.5 } else { 2.0 + f64::from((n * 7 + cpu * 3) % 11) };
            let secs = 10.0 * f64::from(n) + 0.003 * f64::from(cpu);
            screen.send(&format!("h/cpu-{cpu}/percent-user"), secs, &gauges(&[busy]));
        }
        screen.receive();
    }
    screen.select(scope_of_host("h"));
    let wanted = stats(&screen, "CPU", (1_505.0, 1_805.0), 600)[0].unwrap();
    assert_eq!(wanted.max, 59.5);
    for (hours, columns) in [(1.0, 600), (6.0, 600), (24.0, 600), (6.0, 50)] {
        let end = 3_000.0 - 5.0;
        let all = stats(&screen, "CPU", (end - hours * 3_600.0, end), columns);
        assert_eq!(all[0].unwrap().max, 59.5, "{hours} h");
    }
}

/// What `parts` of one line say together at each of their moments, in the order of time.
fn brute_force(parts: &[Vec<f64>], window: (usize, usize), average: bool) -> Vec<f64> {
    let rounds = window.0..window.1.min(parts[0].len());
    let sum = |n: usize| parts.iter().map(|part| part[n]).sum::<f64>();
    rounds.map(|n| if average { sum(n) / parts.len() as f64 } else { sum(n) }).collect()
}

#[track_caller]
fn check(found: Option<Stats>, all: &[f64]) {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0);
    let Some(found) = found else {
        assert!(all.is_empty(), "no figures of {all:?}");
        return;
    };
    let max = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let min = all.iter().copied().fold(f64::INFINITY, f64::min);
    let avg = all.iter().sum::<f64>() / all.len() as f64;
    let wanted = (min, avg, max, all[all.len() - 1], all.len() as u64);
    let same = close(found.min, min) && close(found.avg, avg) && close(found.max, max);
    assert!(same && close(found.last, wanted.3) && found.count == wanted.4, "{found:?} {wanted:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against brute force: any values, intervals, jitter, windows and columns, sums and averages.
    #[test]
    fn figures_are_those_of_the_values_added_moment_by_moment(
        parts in prop::collection::vec(prop::collection::vec(-100.0..1_000.0_f64, 150), 1..6),
        jitter in 0.0..0.2_f64,
        interval in prop_oneof![Just(0.1), Just(1.0), Just(10.0), Just(60.0)],
        windows in prop::collection::vec((0_usize..150, 1_usize..170, 2_usize..900), 1..5),
        average in any::<bool>(),
    ) {
        let mut screen = Screen::new(interval);
        let name = |n: usize| match average {
            true => format!("h/cpu-{n}/percent-user"),
            false => format!("h/swap-{n}/swap-used"),
        };
        for n in 0..150 {
            for (index, part) in parts.iter().enumerate() {
                let late = jitter * interval * ((index * 7 + n * 3) % 5) as f64 / 5.0;
                screen.send(&name(index), interval * n as f64 + late, &gauges(&[part[n]]));
            }
            screen.receive();
        }
        screen.select(scope_of_host("h"));
        let panel = screen.panel(if average { "CPU" } else { "Swap" });
        // One after another with what was kept of the one before, and afresh.
        let (mut plot, mut traces, mut grid) =
            (PanelPlot::default(), Traces::default(), Grid::default());
        for (first, width, columns) in windows {
            let edge = |n: usize| interval * (n as f64 - 0.4);
            let window = (edge(first), edge(first + width));
            let all = brute_force(&parts, (first, first + width), average);
            let scratch = Scratch { traces: &mut traces, grid: &mut grid };
            let cut = span(window.0, window.1);
            plot.fill(&panel, &screen.store, cut, columns, Mode::Rate, scratch);
            check(plot.lines[0].stats, &all);
            check(screen.plot_of(&panel, window, columns, Mode::Rate).lines[0].stats, &all);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever was measured and missed, round after round: the same at any number of columns, and
    /// when a window goes on as when it is read afresh.
    #[test]
    fn figures_do_not_depend_on_columns_or_on_what_was_kept(
        samples in prop::collection::vec(
            (
                0_usize..4,
                (0_u32..60, 0_u32..300).prop_map(|(round, late)| 1_000 * round + late),
                prop_oneof![4 => -50.0..100.0, 1 => Just(f64::NAN)],
            ),
            1..300,
        ),
        steps in prop::collection::vec((1_u32..3_000, 2_usize..400), 1..8),
        width in 5.0..80.0_f64,
    ) {
        let mut screen = Screen::new(1.0);
        let mut samples = samples;
        samples.sort_by_key(|(_, millis, _)| *millis);
        // One a round of each.
        let mut known = std::collections::HashSet::new();
        samples.retain(|(series, millis, _)| known.insert((*series, millis / 1_000)));
        let mut samples = samples.into_iter().peekable();
        let (mut plot, mut traces, mut grid) =
            (PanelPlot::default(), Traces::default(), Grid::default());
        let mut now = 0;
        for (step, columns) in steps {
            now += 8 * step;
            while let Some((series, millis, value)) = samples.next_if(|next| next.1 <= now) {
                let name = format!("h/cpu-{series}/percent-user");
                screen.send(&name, f64::from(millis) / 1e3, &gauges(&[value]));
            }
            screen.receive();
            screen.select(scope_of_host("h"));
            let Some(panel) = screen.panels().into_iter().next() else { continue };
            let window = (f64::from(now) / 1e3 - width, f64::from(now) / 1e3);
            let scratch = Scratch { traces: &mut traces, grid: &mut grid };
            let cut = span(window.0, window.1);
            plot.fill(&panel, &screen.store, cut, columns, Mode::Rate, scratch);
            let afresh = [2, 31, 900].map(|columns| stats(&screen, "CPU", window, columns));
            for (index, line) in plot.lines.iter().enumerate() {
                let all = afresh.iter().map(|lines| lines[index]).chain([line.stats]);
                let rounded = all.map(|found| found.map(|s| (s.min, s.max, s.last, s.count)));
                let rounded: Vec<_> = rounded.collect();
                prop_assert!(rounded.windows(2).all(|two| two[0] == two[1]), "{:?}", rounded);
            }
        }
    }
}

#[test]
fn shares_have_the_figures_of_their_moments() {
    // Jiffies of a CPU: 10, then 90 in a second of 100, in turn; in one column always half.
    let mut screen = Screen::new(1.0);
    let mut counted = [0_i64; 2];
    for n in 0..600 {
        for (state, sum) in ["user", "idle"].iter().zip(&mut counted) {
            *sum += if (n % 2 == 0) == (*state == "user") { 10 } else { 90 };
            screen.send(&format!("h/cpu-0/cpu-{state}"), n as f64, &[Value::Derive(*sum)]);
        }
        screen.receive();
    }
    screen.select(scope_of_host("h"));
    for (window, columns) in [((300.5, 360.5), 600), ((0.5, 600.5), 20), ((-3_000.0, 600.5), 300)] {
        let found = stats(&screen, "CPU", window, columns)[0].unwrap();
        assert!(close(found.min, 10.0) && close(found.max, 90.0), "{window:?} {found:?}");
    }
}

#[test]
fn what_is_too_much_to_read_at_once_is_pending_and_comes_with_the_next_calls() {
    let mut screen = Screen::new(0.01);
    for n in 0..60_000_u32 {
        for cpu in 0..8_u32 {
            let busy = if n == 999 { 75.0 } else { 25.0 };
            let name = format!("h/cpu-{cpu}/percent-user");
            screen.send(&name, f64::from(n) / 100.0, &gauges(&[busy]));
        }
        if n % 100 == 0 {
            screen.receive();
        }
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let panel = screen.panel("CPU");
    let (mut plot, mut traces, mut grid) =
        (PanelPlot::default(), Traces::default(), Grid::default());
    let mut calls = 0;
    loop {
        let scratch = Scratch { traces: &mut traces, grid: &mut grid };
        plot.fill(&panel, &screen.store, span(0.0, 600.0), 600, Mode::Rate, scratch);
        calls += 1;
        if !plot.pending {
            break;
        }
        assert_eq!(plot.lines[0].stats, None, "no half figures");
        assert!(!plot.lines[0].points.is_empty());
    }
    assert!((2..=8).contains(&calls), "{calls} calls");
    let found = plot.lines[0].stats.unwrap();
    assert_eq!((found.min, found.max, found.count), (25.0, 75.0, 60_000));
}
