//! The table of all hosts: what cells are made of, and the order of the rows.

use super::*;
use collectoscope::view::aliases::Aliases;
use collectoscope::view::arrangement::Arranged;
use collectoscope::view::fleet::cell::{Cell, Moment, SERIES_MAX};
use collectoscope::view::fleet::line::{Scratch, fill};
use collectoscope::view::fleet::table::{Counts, Known, Table};
use collectoscope::view::fleet::{By, Column, Fleet, Measure, Of, Shows};
use collectoscope::view::format::UnitChoice;
use collectoscope::view::latest::Latest;
use collectoscope::view::layout::YScale;
use collectoscope::view::selector::Selector;
use std::collections::BTreeSet;

const GIB: f64 = 1_073_741_824.0;

/// What `measure` says of host `h`, with its unit and where its line is full.
fn read(screen: &Screen, measure: Measure) -> Option<(String, Option<f64>)> {
    let host = screen.store.index().host("h").unwrap();
    let cell = Cell::of(measure, host, &screen.store, UnitChoice::default())?;
    let moment = Moment::of(host, None);
    let value = cell.read(&screen.store, moment)?.value;
    Some((cell.unit.with_unit(value), cell.full(&screen.store, moment)))
}

/// A host that sends gauges of these names.
fn of_gauges(gauges: &[(&str, f64)]) -> Screen {
    let mut screen = Screen::new(10.0);
    for (name, value) in gauges {
        screen.send(name, 0.0, &[Value::Gauge(*value)]);
    }
    screen.receive();
    screen
}

#[track_caller]
fn check(gauges: &[(&str, f64)], measure: Measure, expected: Option<(&str, Option<f64>)>) {
    let screen = of_gauges(gauges);
    let expected = expected.map(|(text, full)| (text.to_owned(), full));
    assert_eq!(read(&screen, measure), expected, "{gauges:?}");
}

#[test]
fn processors_are_busy_with_all_that_is_not_idle() {
    let cpus = [
        ("h/cpu-0/percent-user", 15.0),
        ("h/cpu-0/percent-wait", 5.0),
        ("h/cpu-0/percent-idle", 80.0),
        ("h/cpu-1/percent-user", 60.0),
        ("h/cpu-1/percent-idle", 40.0),
    ];
    check(&cpus, Measure::Cpu, Some(("40.0 %", Some(100.0))));
    // What is reported as active is the others together.
    let both = [cpus.as_slice(), &[("h/cpu-0/percent-active", 20.0)]].concat();
    check(&both, Measure::Cpu, Some(("40.0 %", Some(100.0))));
    let active = [("h/cpu-0/percent-active", 20.0), ("h/cpu-1/percent-active", 50.0)];
    check(&active, Measure::Cpu, Some(("35.0 %", Some(100.0))));
    check(&[("h/load/uptime", 5.0)], Measure::Cpu, None);
}

#[test]
fn counters_of_processors_are_shares_of_all_of_them() {
    let mut screen = Screen::new(10.0);
    for n in 0..3_i64 {
        for (name, rate) in [("user", 20), ("system", 5), ("idle", 75)] {
            let name = format!("h/cpu-0/cpu-{name}");
            screen.send(&name, 10.0 * n as f64, &[Value::Derive(10 * n * rate)]);
        }
    }
    screen.receive();
    assert_eq!(read(&screen, Measure::Cpu), Some(("25.0 %".into(), Some(100.0))));
}

#[test]
fn memory_is_full_at_all_of_it() {
    let linux = [
        ("h/memory/memory-used", 6.0 * GIB),
        ("h/memory/memory-cached", GIB),
        ("h/memory/memory-free", GIB),
        ("h/memory/memory-available", 2.0 * GIB),
    ];
    check(&linux, Measure::Memory, Some(("6.00 GiB", Some(8.0 * GIB))));
    let bsd = [
        ("h/memory/memory-active", GIB),
        ("h/memory/memory-wired", 2.0 * GIB),
        ("h/memory/memory-inactive", GIB),
    ];
    check(&bsd, Measure::Memory, Some(("3.00 GiB", Some(4.0 * GIB))));
    check(&[("h/memory/percent-used", 42.0)], Measure::Memory, Some(("42.0 %", Some(100.0))));
    check(&[("h/memory/memory-free", 42.0)], Measure::Memory, None);
}

#[test]
fn bytes_are_counted_once_however_many_devices_they_pass() {
    let mut screen = Screen::new(10.0);
    for n in 0..3_i64 {
        let secs = 10.0 * n as f64;
        let mut both = |name: &str, up: i64, down: i64| {
            screen.send(name, secs, &[Value::Derive(10 * n * up), Value::Derive(10 * n * down)]);
        };
        both("h/interface-eth0/if_octets", 1_000, 250);
        both("h/interface-eth0.7/if_octets", 900, 200);
        both("h/interface-docker0/if_octets", 500, 100);
        both("h/interface-lo/if_octets", 70_000, 70_000);
        both("h/disk-sda/disk_octets", 2_048, 1_024);
        both("h/disk-sda1/disk_octets", 2_000, 1_000);
        both("h/disk-dm-0/disk_octets", 2_048, 1_024);
    }
    screen.receive();
    assert_eq!(read(&screen, Measure::Network), Some(("10.0 kbit/s".into(), None)));
    assert_eq!(read(&screen, Measure::Disk), Some(("3.00 KiB/s".into(), None)));
}

#[test]
fn load_is_that_of_a_minute() {
    let mut screen = Screen::new(10.0);
    screen.send("h/load/load", 0.0, &gauges(&[2.5, 1.0, 0.5]));
    screen.receive();
    assert_eq!(read(&screen, Measure::Load), Some(("2.50".into(), None)));
}

#[test]
fn the_fullest_filesystem_is_named() {
    let part = |mount: &str, used: f64, free: f64| {
        [
            (format!("h/df-{mount}/df_complex-used"), used),
            (format!("h/df-{mount}/df_complex-reserved"), 0.0),
            (format!("h/df-{mount}/df_complex-free"), free),
        ]
    };
    let all = [part("root", 30.0, 70.0), part("var-log", 60.0, 40.0), part("snap-core", 9.0, 0.0)];
    let all = all.concat();
    let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    check(&all, Measure::Filesystem, Some(("60.0 %", Some(100.0))));
    let screen = of_gauges(&all);
    let host = screen.store.index().host("h").unwrap();
    let cell = Cell::of(Measure::Filesystem, host, &screen.store, UnitChoice::default()).unwrap();
    let part = cell.read(&screen.store, Moment::of(host, None)).unwrap().part.unwrap();
    assert_eq!(&*screen.store.series(part).unwrap().identifier.plugin_instance, "var-log");
    let percent = [("h/df-root/percent_bytes-used", 12.0), ("h/df-srv/percent_bytes-used", 34.0)];
    check(&percent, Measure::Filesystem, Some(("34.0 %", Some(100.0))));
    let mut old = Screen::new(10.0);
    old.send("h/df/df-root", 0.0, &gauges(&[3.0, 5.0]));
    old.receive();
    assert_eq!(read(&old, Measure::Filesystem), Some(("37.5 %".into(), Some(100.0))));
}

#[test]
fn what_a_host_sends_no_longer_is_over_but_a_silent_host_keeps_its_last_values() {
    let mut screen = Screen::new(10.0);
    let send = |screen: &mut Screen, secs: f64, mounts: &[(&str, f64)]| {
        for (mount, used) in mounts {
            let name = format!("h/df-{mount}/percent_bytes-used");
            screen.send(&name, secs, &gauges(&[*used]));
        }
    };
    for n in 0..10 {
        let secs = 10.0 * f64::from(n);
        let mounts: &[_] = if n < 4 { &[("root", 10.0), ("usb", 95.0)] } else { &[("root", 10.0)] };
        send(&mut screen, secs, mounts);
        screen.receive();
        let expected = if n < 9 { "95.0 %" } else { "10.0 %" };
        let text = read(&screen, Measure::Filesystem).map(|(text, _)| text);
        assert_eq!(text.as_deref(), Some(expected), "{n}");
    }
    let host = screen.store.index().host("h").unwrap();
    let cell = Cell::of(Measure::Filesystem, host, &screen.store, UnitChoice::default()).unwrap();
    for (secs, expected) in [(25.0, 95.0), (95.0, 10.0), (5_000.0, 10.0)] {
        let moment = Moment::of(host, Some(at(secs)));
        assert_eq!(cell.read(&screen.store, moment).map(|of| of.value), Some(expected), "{secs}");
    }
    assert_eq!(cell.read(&screen.store, Moment::of(host, Some(at(-50.0)))), None);
}

#[test]
fn a_line_has_the_values_of_its_moments_and_no_gap_is_bridged() {
    let mut screen = Screen::new(10.0);
    let busy = |n: i32| f64::from((n * 37) % 100);
    for n in (0..30).filter(|n| !(10..16).contains(n)) {
        let secs = 10.0 * f64::from(n);
        for (name, value) in [("user", busy(n)), ("idle", 100.0 - busy(n))] {
            screen.send(&format!("h/cpu-0/percent-{name}"), secs, &gauges(&[value]));
        }
        screen.send("h/load/load", secs, &gauges(&[busy(n), 0.0, 0.0]));
    }
    screen.receive();
    let host = screen.store.index().host("h").unwrap();
    for measure in [Measure::Cpu, Measure::Load] {
        let cell = Cell::of(measure, host, &screen.store, UnitChoice::default()).unwrap();
        let mut line = PlotLine::default();
        let span = span(0.0, 300.0);
        fill(&mut line, &cell, &screen.store, span, &mut Scratch::default());
        assert_eq!((line.points.len(), line.breaks.as_slice()), (24, &[10][..]), "{measure:?}");
        for point in &line.points {
            let n = ((point.t - at(0.0).secs_f64()) / 10.0).round() as i32;
            assert!((point.y - busy(n)).abs() < 1e-9, "{measure:?} {n} {}", point.y);
        }
    }
}

#[test]
fn a_spike_between_two_columns_does_not_vanish() {
    let mut screen = Screen::new(1.0);
    for n in 0..3_600 {
        let load = if n == 1_800 { 50.0 } else { 1.0 };
        screen.send("h/load/load", f64::from(n), &gauges(&[load, 0.0, 0.0]));
    }
    screen.receive();
    let host = screen.store.index().host("h").unwrap();
    let cell = Cell::of(Measure::Load, host, &screen.store, UnitChoice::default()).unwrap();
    let mut line = PlotLine::default();
    fill(&mut line, &cell, &screen.store, span(0.0, 3_600.0), &mut Scratch::default());
    let highest = line.points.iter().map(|point| point.hi).fold(0.0, f64::max);
    assert!(line.dense && line.points.len() <= 66, "{}", line.points.len());
    assert_eq!(highest, 50.0);
}

/// A table, what the user chose of it, and what it is made from.
struct Hosts {
    screen: Screen,
    fleet: Fleet,
    table: Table,
    now: f64,
    /// The moment that is looked at, seconds after the beginning; none: the newest values are.
    at: Option<f64>,
    held: bool,
}

impl Hosts {
    fn new(fleet: Fleet) -> Self {
        let (screen, table) = (Screen::new(1.0), Table::default());
        Self { screen, fleet, table, now: 0.0, at: None, held: false }
    }

    /// A second in which these hosts send their load.
    fn second(&mut self, loads: &[(&str, f64)]) {
        self.now += 1.0;
        for (host, load) in loads {
            self.screen.send(&format!("{host}/load/load"), self.now, &gauges(&[*load, 0.0, 0.0]));
        }
        self.screen.receive();
        self.update();
    }

    /// One call; true: there is more to do.
    fn call(&mut self) -> bool {
        let Screen { store, graphs, .. } = &self.screen;
        let latest = Latest {
            store,
            graphs,
            aliases: &Aliases::default(),
            mode: Mode::Rate,
            now: at(self.now),
        };
        let known = Known {
            latest,
            arranged: &Arranged::default(),
            at: self.at.map(at),
            is_held: self.held,
        };
        self.table.update(&self.fleet, &known)
    }

    fn update(&mut self) {
        while self.call() {}
    }

    fn shown(&self) -> String {
        let hosts: Vec<_> = self.table.rows().map(|row| row.host.to_string()).collect();
        hosts.join(" ")
    }
}

fn by_load() -> Fleet {
    Fleet { columns: vec![Column::of(Measure::Load)], by: By::Column(0), ..Fleet::default() }
}

#[test]
fn the_order_follows_the_values_unless_it_is_held() {
    let mut hosts = Hosts::new(by_load());
    hosts.second(&[("a", 1.0), ("b", 3.0), ("c", 2.0)]);
    assert_eq!(hosts.shown(), "b c a");
    hosts.second(&[("a", 9.0), ("b", 3.0), ("c", 2.0)]);
    assert_eq!(hosts.shown(), "a b c");
    hosts.held = true;
    hosts.second(&[("a", 0.0), ("b", 3.0), ("c", 5.0)]);
    assert_eq!(hosts.shown(), "a b c");
    // A host that came joins at the end, and what the user asks for is done.
    hosts.second(&[("a", 0.0), ("b", 3.0), ("c", 5.0), ("aa", 4.0)]);
    hosts.second(&[("a", 0.0), ("b", 3.0), ("c", 5.0), ("aa", 4.0)]);
    hosts.second(&[("a", 0.0), ("b", 3.0), ("c", 5.0), ("aa", 4.0)]);
    assert_eq!(hosts.shown(), "a b c aa");
    hosts.fleet.reversed = true;
    hosts.update();
    assert_eq!(hosts.shown(), "a b aa c");
    hosts.fleet.by = By::Host;
    hosts.update();
    assert_eq!(hosts.shown(), "c b aa a");
    hosts.held = false;
    (hosts.fleet.by, hosts.fleet.reversed) = (By::Column(0), false);
    hosts.update();
    assert_eq!(hosts.shown(), "c aa b a");
}

#[test]
fn hosts_are_in_natural_order_and_those_without_a_value_last() {
    let mut hosts = Hosts::new(Fleet::default());
    hosts.second(&[("web-10", 1.0), ("web-9", 2.0), ("db", 0.5)]);
    hosts.screen.gauge("mute/uptime/uptime", [(1.0, 5.0)]);
    hosts.second(&[("web-10", 1.0), ("web-9", 2.0), ("db", 0.5)]);
    hosts.second(&[("web-10", 1.0), ("web-9", 2.0), ("db", 0.5)]);
    assert_eq!(hosts.shown(), "db mute web-9 web-10");
    for (reversed, expected) in [(false, "web-9 web-10 db mute"), (true, "db web-10 web-9 mute")] {
        (hosts.fleet.by, hosts.fleet.reversed) = (By::Column(2), reversed);
        hosts.update();
        assert_eq!(hosts.shown(), expected);
    }
}

#[test]
fn silent_hosts_are_counted_and_their_old_values_come_last() {
    let mut hosts = Hosts::new(by_load());
    hosts.second(&[("a", 1.0), ("b", 3.0), ("c", 2.0)]);
    for _ in 0..20 {
        hosts.second(&[("a", 1.0), ("c", 2.0)]);
    }
    assert_eq!(hosts.shown(), "c a b");
    let counts = Counts { hosts: 3, silent: 1, ..Counts::default() };
    assert_eq!(hosts.table.counts(), counts);
    hosts.fleet.by = By::State;
    hosts.update();
    assert_eq!(hosts.shown(), "b a c");
}

#[test]
fn a_filter_over_very_many_hosts_goes_on_in_the_next_call_and_what_was_found_stays() {
    let mut hosts = Hosts::new(Fleet::default());
    hosts.now = 1.0;
    for n in 0..40_000 {
        hosts.screen.send(&format!("h{n}/load/load"), 1.0, &gauges(&[1.0, 0.0, 0.0]));
    }
    hosts.screen.receive();
    hosts.update();
    hosts.fleet.filter = Selector::new("/^h7\\//");
    let mut calls = 1;
    while hosts.call() {
        assert_eq!(hosts.table.len(), 40_000, "what is there stays until all is known");
        calls += 1;
    }
    assert!(calls > 2, "{calls}");
    assert_eq!(hosts.shown(), "h7");
    // Another one begins anew; until it is done the rows are those of the one before.
    hosts.fleet.filter = Selector::new("host:h39998|h1 ds:nothing");
    assert!(hosts.call());
    assert_eq!(hosts.shown(), "h7");
    hosts.fleet.filter = Selector::new("host:h39998|h1");
    hosts.update();
    assert_eq!(hosts.shown(), "h1 h39998");
    hosts.fleet.filter = Selector::default();
    hosts.update();
    assert_eq!(hosts.table.len(), 40_000);
}

#[test]
fn the_filter_keeps_hosts_that_have_a_series_which_matches() {
    let mut hosts = Hosts::new(Fleet::default());
    let all = [("web-1", 1.0), ("web-2", 95.0), ("db-1", 99.0)];
    hosts.second(&all);
    for (filter, expected) in [
        ("", "db-1 web-1 web-2"),
        ("web", "web-1 web-2"),
        ("-web", "db-1"),
        ("host:db*", "db-1"),
        ("load >90", "db-1 web-2"),
        ("web plugin:load ds:shortterm >90", "web-2"),
        ("nothing", ""),
        ("plugin:load", "db-1 web-1 web-2"),
    ] {
        hosts.fleet.filter = Selector::new(filter);
        hosts.update();
        assert_eq!(hosts.shown(), expected, "{filter}");
    }
    for (filter, expected) in [
        ("load>90", "db-1 web-2"),
        ("web load>90", "web-2"),
        ("-load>90", "web-1"),
        ("load>=95 -db", "web-2"),
        ("load>1 load<99", "web-2"),
        ("cpu>0", ""),
        ("-cpu>0", "db-1 web-1 web-2"),
    ] {
        hosts.fleet.filter = Selector::new(filter);
        hosts.update();
        assert_eq!(hosts.shown(), expected, "{filter}");
    }
    // Words about the state are asked again while time goes on.
    hosts.fleet.filter = Selector::new(">90");
    hosts.second(&[("web-1", 96.0), ("web-2", 1.0), ("db-1", 99.0)]);
    hosts.second(&[("web-1", 96.0), ("web-2", 1.0), ("db-1", 99.0)]);
    assert_eq!(hosts.shown(), "db-1 web-1");
    hosts.fleet.filter = Selector::new("load<50");
    hosts.update();
    assert_eq!(hosts.shown(), "web-2");
    hosts.second(&[("web-1", 6.0), ("web-2", 61.0), ("db-1", 99.0)]);
    assert_eq!(hosts.shown(), "web-1");
}

#[test]
fn a_column_of_the_user_shows_what_its_selector_chooses_of_each_host() {
    let show = Selector::new("plugin:sensors type:temperature");
    let column = |of| Column {
        shows: Shows::Series { show: show.clone(), of },
        title: None,
        scale: YScale::Shared,
    };
    let mut hosts = Hosts::new(Fleet::default());
    for (name, value) in [
        ("a/sensors-cpu/temperature-1", 40.0),
        ("a/sensors-cpu/temperature-2", 50.0),
        ("a/sensors-fan/fanspeed-1", 2_000.0),
        ("b/sensors-cpu/temperature-1", 45.0),
    ] {
        hosts.screen.send(name, 0.0, &gauges(&[value]));
    }
    hosts.second(&[("c", 1.0)]);
    for (of, expected) in [
        (Of::Max, [Some(50.0), Some(45.0), None]),
        (Of::Min, [Some(40.0), Some(45.0), None]),
        (Of::Avg, [Some(45.0), Some(45.0), None]),
        (Of::Sum, [Some(90.0), Some(45.0), None]),
    ] {
        hosts.fleet.columns = vec![column(of)];
        hosts.update();
        let values: Vec<_> = hosts.table.rows().map(|row| row.values().next().unwrap()).collect();
        assert_eq!(values, expected, "{of:?}");
        let cell = hosts.table.rows().next().unwrap().cells[0].clone().unwrap();
        assert_eq!(&*cell.unit.name, "°C");
    }
    assert_eq!(hosts.table.extent(0), Some((45.0, 90.0)));
}

#[test]
fn many_hosts_are_read_some_at_a_time_and_all_in_the_end() {
    let mut hosts = Hosts::new(by_load());
    let names: Vec<_> = (0..25_000).map(|n| format!("host-{n}")).collect();
    hosts.now = 1.0;
    for (n, name) in (0..).zip(&names) {
        let load = gauges(&[f64::from(n % 1_000), 0.0, 0.0]);
        hosts.screen.send(&format!("{name}/load/load"), 1.0, &load);
    }
    hosts.screen.receive();
    assert!(hosts.call(), "more is read at once than a frame has time for");
    hosts.update();
    let loads: Vec<_> =
        hosts.table.rows().map(|row| row.values().next().unwrap().unwrap()).collect();
    assert_eq!(loads.len(), names.len());
    assert!(loads.is_sorted_by(|one, other| one >= other));
    let hosts: BTreeSet<_> = hosts.table.rows().map(|row| row.host.clone()).collect();
    assert_eq!(hosts.len(), names.len());
}

#[test]
fn what_a_host_has_too_many_of_is_not_read() {
    let mut screen = Screen::new(10.0);
    let interfaces = SERIES_MAX / 2;
    for secs in [0.0, 10.0] {
        for n in 0..interfaces {
            let name = format!("h/interface-eth{n}/if_octets");
            screen.send(&name, secs, &[Value::Derive(secs as i64), Value::Derive(0)]);
        }
    }
    screen.receive();
    let expected = (format!("{} kbit/s", 8 * interfaces / 1_000), None);
    let shown = read(&screen, Measure::Network).map(|(text, full)| (text.replace(".0", ""), full));
    assert_eq!(shown, Some(expected));
    screen.send("h/interface-one-more/if_octets", 10.0, &[Value::Derive(0), Value::Derive(0)]);
    screen.receive();
    assert_eq!(read(&screen, Measure::Network), None);
    let host = screen.store.index().host("h").unwrap();
    assert_eq!(Cell::of(Measure::Network, host, &screen.store, UnitChoice::default()), None);
    let (store, graphs) = (&screen.store, &screen.graphs);
    let latest =
        Latest { store, graphs, aliases: &Aliases::default(), mode: Mode::Rate, now: at(10.0) };
    let ids: Vec<_> = store.ids().collect();
    assert!(Cell::of_series(&ids[..SERIES_MAX], Of::Max, &latest).is_some());
    assert_eq!(Cell::of_series(&ids, Of::Max, &latest), None);
}

#[test]
fn a_column_shows_one_unit_only() {
    let mut hosts = Hosts::new(Fleet::default());
    for (name, value) in [("a/df-root/df_complex-used", 5e9), ("a/df-root/percent_bytes-used", 7.0)]
    {
        hosts.screen.send(name, 0.0, &gauges(&[value]));
    }
    hosts.second(&[("b", 1.0)]);
    for (of, expected) in [(Of::Max, 5e9), (Of::Sum, 5e9), (Of::Min, 5e9)] {
        let shows = Shows::Series { show: Selector::new("plugin:df"), of };
        hosts.fleet.columns = vec![Column { shows, title: None, scale: YScale::Shared }];
        hosts.update();
        let first = hosts.table.rows().next().unwrap().values().next().unwrap();
        assert_eq!(first, Some(expected), "{of:?}");
    }
}

#[test]
fn hosts_with_something_wrong_stay_first_while_others_come() {
    let mut hosts = Hosts::new(Fleet { by: By::State, ..by_load() });
    let old: Vec<_> = (0..40).map(|n| format!("old-{n}")).collect();
    let all: Vec<_> = old.iter().map(|name| (name.as_str(), 1.0)).collect();
    hosts.second(&all);
    for n in 0..30 {
        let new: Vec<_> = (0..=n).map(|n| format!("new-{n}")).collect();
        let new: Vec<_> = new.iter().map(|name| (name.as_str(), 2.0)).collect();
        let more = [&all[..35], &new].concat();
        hosts.now += 1.0;
        for (host, load) in more {
            let load = gauges(&[load, 0.0, 0.0]);
            hosts.screen.send(&format!("{host}/load/load"), hosts.now, &load);
        }
        hosts.screen.receive();
        // One call, as in a frame: nothing is out of place until the rest is read.
        hosts.call();
        if n > 20 {
            let first: Vec<_> = hosts.table.rows().take(5).map(|row| row.host.clone()).collect();
            let silent = ["old-35", "old-36", "old-37", "old-38", "old-39"];
            assert!(first.iter().map(|host| &**host).eq(silent), "{n}: {first:?}");
            let values = hosts.table.rows().filter_map(|row| row.values().next().unwrap());
            assert!(values.count() >= 40, "{n}");
        }
    }
}

#[test]
fn what_was_at_a_moment_is_read_once_and_who_is_silent_now_is_known() {
    let mut hosts = Hosts::new(by_load());
    for n in 0..5 {
        hosts.second(&[("a", f64::from(n)), ("b", 10.0)]);
    }
    hosts.at = Some(3.5);
    hosts.update();
    let values = |hosts: &Hosts| -> Vec<_> {
        hosts.table.rows().map(|row| row.values().next().unwrap().unwrap()).collect()
    };
    assert_eq!(values(&hosts), [10.0, 2.0]);
    for n in 0..30 {
        hosts.now += 1.0;
        let load = gauges(&[50.0 + f64::from(n), 0.0, 0.0]);
        hosts.screen.send("a/load/load", hosts.now, &load);
        hosts.screen.receive();
        assert!(!hosts.call(), "it is done in one call");
        assert_eq!(values(&hosts), [10.0, 2.0]);
    }
    assert_eq!(hosts.table.counts().silent, 1);
    hosts.at = None;
    hosts.update();
    assert_eq!(values(&hosts), [79.0, 10.0]);
}

#[test]
fn hosts_that_were_forgotten_leave_no_row() {
    let mut hosts = Hosts::new(Fleet::default());
    hosts.screen.store = Store::new(2 << 20, TypesDb::built_in());
    for n in 0..60_u32 {
        for of in 0..200_u32 {
            let name = format!("host-{n}/load-{of}/load");
            hosts.now = f64::from(n * 60);
            hosts.screen.send(&name, hosts.now, &gauges(&[1.0, 0.0, 0.0]));
        }
        hosts.screen.receive();
        hosts.update();
        let there: BTreeSet<_> =
            hosts.screen.store.index().hosts().iter().map(|host| host.name.clone()).collect();
        let shown: BTreeSet<_> = hosts.table.rows().map(|row| row.host.clone()).collect();
        assert!(shown.is_subset(&there) || shown.len() <= there.len() + 1, "{n}");
    }
    let there = hosts.screen.store.index().hosts().len();
    assert!(there < 60, "nothing was forgotten");
}
