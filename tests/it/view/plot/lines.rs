//! Lines made of one series or several, each on its own.

use super::*;
use collectoscope::store::Trace;
use collectoscope::view::plot::PlotPoint;

const LOAD: &str = "Load";

/// A host whose three loads are gauges over time.
fn load(interval_secs: f64, samples: impl IntoIterator<Item = (f64, f64)>) -> Screen {
    let mut screen = Screen::new(interval_secs);
    for (secs, value) in samples {
        screen.send("h/load/load", secs, &gauges(&[value, 2.0 * value, 3.0 * value]));
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    screen
}

/// Octets counted at `rx` and `tx` bytes per second, for 20 s.
fn traffic(rx: i64, tx: i64) -> Screen {
    let mut screen = Screen::new(1.0);
    for n in 0..20 {
        let counters = [Value::Derive(1_000 + rx * n), Value::Derive(5_000 + tx * n)];
        screen.send("h/interface-eth0/if_octets", n as f64, &counters);
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    screen
}

#[test]
fn a_line_of_one_series_has_the_columns_of_the_store() {
    let screen = load(1.0, (0..300).map(|n| (f64::from(n), f64::from(n % 17))));
    for (columns, dense) in [(600, false), (40, true)] {
        let plot = screen.plot(LOAD, (0.0, 300.0), columns, Mode::Rate);
        let id = screen.ids("h/load/load")[0];
        let mut trace = Trace::default();
        screen.store.trace(id, span(0.0, 300.0), columns, Mode::Rate, &mut trace);
        let column = |c: &collectoscope::store::Column| PlotPoint {
            t: c.time.secs_f64(),
            y: c.mean,
            lo: c.min,
            hi: c.max,
            base: 0.0,
            value: c.mean,
        };
        let line = &plot.lines[0];
        assert_eq!(line.points, trace.columns.iter().map(column).collect::<Vec<_>>());
        assert_eq!((line.dense, line.stats), (dense, trace.stats));
    }
}

#[test]
fn octets_are_drawn_as_bits() {
    let plot = traffic(1_000, 0).plot("Interface eth0", (0.0, 20.0), 400, Mode::Rate);
    assert!(plot.lines[0].points.iter().all(|point| close(point.y, 8_000.0)));
    assert!(plot.lines[0].stats.is_some_and(|stats| close(stats.last, 8_000.0)));
}

#[test]
fn what_hangs_below_zero_has_positive_figures() {
    let plot = traffic(0, 500).plot("Interface eth0", (0.0, 20.0), 400, Mode::Rate);
    let tx = &plot.lines[1];
    assert!(tx.points.iter().all(|point| close(point.y, -4_000.0)));
    assert!(tx.points.iter().all(|point| point.lo <= point.hi));
    assert!(tx.stats.is_some_and(|s| close(s.min, 4_000.0) && close(s.max, 4_000.0)));
    assert!(close(tx.points[3].value, 4_000.0));
}

#[test]
fn the_extent_is_that_of_all_lines_and_of_zero_where_areas_start() {
    let plot = traffic(1_000, 500).plot("Interface eth0", (0.0, 20.0), 400, Mode::Rate);
    let (lo, hi) = plot.extent.unwrap();
    assert!(close(lo, -4_000.0) && close(hi, 8_000.0));
    let plot = traffic(1_000, 0).plot("Interface eth0", (0.0, 20.0), 400, Mode::Rate);
    assert_eq!(plot.extent.unwrap().0, 0.0);
    let screen = load(1.0, [(0.0, 5.0), (1.0, 6.0)]);
    assert_eq!(screen.plot(LOAD, (0.0, 2.0), 100, Mode::Rate).extent, Some((5.0, 18.0)));
}

#[test]
fn a_long_dense_window_keeps_every_spike() {
    let value = |n: u32| match n {
        4_000 => 900.0,
        6_000 => -900.0,
        _ => 1.0,
    };
    let screen = load(10.0, (0..8_640).map(|n| (f64::from(n) * 10.0, value(n))));
    let plot = screen.plot(LOAD, (0.0, 86_400.0), 300, Mode::Rate);
    let line = &plot.lines[0];
    assert!(line.points.len() <= 302 && line.breaks.is_empty());
    let lowest = line.points.iter().map(|p| p.lo).fold(f64::INFINITY, f64::min);
    let highest = line.points.iter().map(|p| p.hi).fold(f64::NEG_INFINITY, f64::max);
    assert_eq!((lowest, highest), (-900.0, 900.0));
}

#[test]
fn a_counter_that_restarts_leaves_a_gap_and_a_mark_and_no_spike() {
    let mut screen = Screen::new(1.0);
    for n in 0..20 {
        let counted = if n < 10 { 1_000_000 + 100 * n } else { 100 * (n - 10) };
        screen.send("h/interface-eth0/if_octets", n as f64, &[Value::Derive(counted); 2]);
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let plot = screen.plot("Interface eth0", (0.0, 20.0), 400, Mode::Rate);
    let line = &plot.lines[0];
    assert!(line.points.iter().all(|point| close(point.y, 800.0)));
    assert_eq!(plot.resets.iter().map(|&t| millis(t)).collect::<Vec<_>>(), [10.0]);
    let starts: Vec<_> = line.breaks.iter().map(|&at| millis(line.points[at].t)).collect();
    assert_eq!(starts, [11.0]);
}

#[test]
fn gauges_that_are_not_numbers_break_the_line() {
    let value = |n: u32| if n == 5 { f64::NAN } else { 1.0 };
    let screen = load(1.0, (0..10).map(|n| (f64::from(n), value(n))));
    let plot = screen.plot(LOAD, (0.0, 10.0), 400, Mode::Rate);
    let line = &plot.lines[0];
    let lengths: Vec<_> = line.runs().map(<[PlotPoint]>::len).collect();
    assert_eq!((lengths, line.points.len()), (vec![5, 4], 9));
}

#[test]
fn only_nan_is_no_line_and_no_extent() {
    let screen = load(1.0, (0..10).map(|n| (f64::from(n), f64::NAN)));
    let plot = screen.plot(LOAD, (0.0, 10.0), 400, Mode::Rate);
    assert!(plot.lines.iter().all(|line| line.points.is_empty() && line.stats.is_none()));
    assert_eq!(plot.extent, None);
}

#[test]
fn a_window_without_samples_has_empty_lines_and_an_axis() {
    let screen = load(1.0, [(0.0, 5.0)]);
    for window in [(-100.0, -50.0), (500.0, 600.0), (5.0, 5.0)] {
        let plot = screen.plot(LOAD, window, 400, Mode::Rate);
        assert_eq!((plot.lines.len(), plot.extent), (3, None));
        assert!(plot.lines.iter().all(|line| line.points.is_empty() && line.runs().count() <= 1));
        let axis = plot.axis(&screen.panel(LOAD), Mode::Rate, 4.0);
        assert_eq!((axis.lo, axis.hi), (0.0, 1.0));
    }
}

#[test]
fn a_share_has_a_fixed_axis_but_not_when_raw() {
    let mut screen = Screen::new(1.0);
    for n in 0..3 {
        screen.send("h/cpu-0/cpu-user", f64::from(n), &[Value::Derive(i64::from(n) + 6)]);
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    for (mode, top) in [(Mode::Rate, 100.0), (Mode::Raw, 8.0)] {
        let plot = screen.plot("CPU", (0.0, 3.0), 100, mode);
        assert_eq!(plot.axis(&screen.panel("CPU"), mode, 4.0).hi, top, "{mode:?}");
    }
}

#[test]
fn raw_counters_stand_side_by_side_on_an_axis_around_them() {
    let mut screen = Screen::new(1.0);
    for n in 0..10 {
        let value = Value::Derive(1_000_000 + n);
        screen.send("h/interface-eth0/if_octets", n as f64, &[value; 2]);
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let plot = screen.plot("Interface eth0", (0.0, 10.0), 400, Mode::Raw);
    assert!(plot.lines.iter().flat_map(|line| &line.points).all(|point| point.y >= 1e6));
    let axis = plot.axis(&screen.panel("Interface eth0"), Mode::Raw, 4.0);
    assert!(axis.lo > 900_000.0 && axis.hi < 1_100_000.0, "{axis:?}");
}

#[test]
fn a_line_of_several_series_goes_on_while_any_of_them_does() {
    // One swap device is taken away when another one comes.
    let mut screen = Screen::new(1.0);
    for n in 0..20 {
        let device = if n < 10 { "sda" } else { "sdb" };
        screen.send(&format!("h/swap-{device}/swap-used"), f64::from(n), &gauges(&[8.0]));
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let panel = screen.panel("Swap");
    assert_eq!(panel.lines.iter().map(|line| line.series.len()).collect::<Vec<_>>(), [2]);
    let plot = screen.plot_of(&panel, (0.0, 20.0), 400, Mode::Rate);
    assert!(plot.lines[0].points.iter().all(|point| close(point.y, 8.0)));
    let millis_of = |p: &PlotPoint| millis(p.t);
    assert_eq!(plot.lines[0].points.last().map(millis_of), Some(19.0));
}

#[test]
fn huge_values_stay_on_this_side_of_infinity() {
    let screen = traffic_of_gauges(1e308);
    for mode in [Mode::Rate, Mode::Raw] {
        let plot = screen.plot("Interface eth0", (0.0, 20.0), 10, mode);
        for point in plot.lines.iter().flat_map(|line| &line.points) {
            let all = [point.t, point.y, point.lo, point.hi, point.base];
            assert!(all.iter().all(|number| number.is_finite()), "{point:?}");
        }
        let axis = plot.axis(&screen.panel("Interface eth0"), mode, 4.0);
        assert!(axis.lo.is_finite() && axis.hi.is_finite() && axis.step > 0.0, "{axis:?}");
    }
}

fn traffic_of_gauges(size: f64) -> Screen {
    let mut screen = Screen::new(1.0);
    for n in 0..20 {
        screen.send("h/interface-eth0/if_octets", f64::from(n), &gauges(&[size, -size]));
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    screen
}

fn plain_line(times: &[f64], breaks: &[usize]) -> PlotLine {
    let point = |&t: &f64| PlotPoint { t, y: t, lo: t, hi: t, base: 0.0, value: t };
    PlotLine {
        points: times.iter().map(point).collect(),
        breaks: breaks.to_vec(),
        ..PlotLine::default()
    }
}

#[test]
fn the_point_in_force_is_the_newest_that_is_not_later() {
    let line = plain_line(&[10.0, 11.0, 20.0, 21.0], &[2]);
    for (t, expected) in [
        (9.9, None),
        (10.0, Some(10.0)),
        (10.9, Some(10.0)),
        (13.0, Some(11.0)),
        (14.0, None),
        (20.5, Some(20.0)),
        (23.0, Some(21.0)),
        (24.0, None),
    ] {
        assert_eq!(line.at(t, 2.5).map(|point| point.t), expected, "{t}");
    }
}

#[test]
fn a_point_is_in_force_until_the_next_one_of_its_run() {
    let line = plain_line(&[10.0, 70.0, 200.0], &[2]);
    assert_eq!(line.at(69.0, 2.5).map(|point| point.t), Some(10.0));
    assert_eq!(line.at(199.0, 2.5), None);
}

#[test]
fn runs_are_split_at_the_breaks() {
    let line = plain_line(&[1.0, 2.0, 3.0, 4.0, 5.0], &[1, 3]);
    let runs: Vec<Vec<f64>> = line.runs().map(|run| run.iter().map(|p| p.t).collect()).collect();
    assert_eq!(runs, [vec![1.0], vec![2.0, 3.0], vec![4.0, 5.0]]);
}
