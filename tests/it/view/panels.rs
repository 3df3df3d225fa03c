//! Which panels a selection shows, and what they are called.

use super::*;
use collectoscope::metric::SeriesKey;
use collectoscope::view::aliases::Aliases;
use collectoscope::view::graphs::Combine;
use collectoscope::view::latest::Latest;
use collectoscope::view::layout::Rule;
use collectoscope::view::names::PanelId;
use collectoscope::view::panels::{LINES_MAX, PANELS_MAX, Ranking, panels_of_rule, panels_ranked};
use collectoscope::view::selector::Selector;

/// What a small machine sends.
const MACHINE: [&str; 11] = [
    "h/interface-lo/if_octets",
    "h/swap/swap-used",
    "h/df-root/df_complex-free",
    "h/uptime/uptime",
    "h/load/load",
    "h/disk-sda/disk_octets",
    "h/interface-eth0/if_octets",
    "h/memory/memory-used",
    "h/cpu-0/percent-user",
    "h/processes/ps_state-running",
    "h/frobnicator/frobs",
];

#[track_caller]
fn check(screen: &Screen, titles: &[&str]) {
    assert_eq!(screen.titles(), titles);
}

#[test]
fn an_overview_has_the_known_panels_in_the_order_of_the_catalogue() {
    let titles = [
        "CPU",
        "Memory",
        "Load",
        "Interface eth0",
        "Interface lo",
        "Disk sda",
        "Filesystems",
        "Swap",
        "Processes",
    ];
    check(&Screen::of_host(&MACHINE), &titles);
}

#[test]
fn another_host_and_no_host_at_all_show_nothing_of_this_one() {
    let mut screen = Screen::of_host(&MACHINE);
    screen.select(scope_of_host("other"));
    check(&screen, &[]);
    screen.selection = Selection::default();
    check(&screen, &[]);
}

#[test]
fn all_cpus_share_one_line_for_each_state() {
    for (type_, combine, percent) in [("percent", Combine::Avg, false), ("cpu", Combine::Sum, true)]
    {
        let names: Vec<String> = ["user", "system"]
            .iter()
            .flat_map(|state| (0..4).map(move |cpu| format!("h/cpu-{cpu}/{type_}-{state}")))
            .collect();
        let screen = Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let panel = screen.panel("CPU");
        let lines: Vec<_> =
            panel.lines.iter().map(|line| (line.label.as_str(), line.series.len())).collect();
        assert_eq!(lines, [("user", 4), ("system", 4)]);
        assert_eq!((panel.combine, panel.percent, &*panel.unit.name), (combine, percent, "%"));
    }
}

#[test]
fn idle_is_drawn_only_when_it_is_checked() {
    let mut screen = Screen::of_host(&["h/cpu-0/percent-idle", "h/cpu-0/percent-user"]);
    assert_eq!(labels(&screen.panel("CPU")), ["user"]);
    screen.check("h/cpu-0/percent-idle", true);
    assert_eq!(labels(&screen.panel("CPU")), ["user", "idle"]);
}

#[test]
fn the_whole_of_a_share_comes_along_undrawn() {
    let screen = Screen::of_host(&["h/cpu-0/cpu-idle", "h/cpu-0/cpu-user"]);
    let panel = screen.panel("CPU");
    let lines: Vec<_> = panel.lines.iter().map(|line| (line.label.as_str(), line.drawn)).collect();
    assert_eq!(lines, [("user", true), ("idle", false)]);
}

#[test]
fn a_checked_share_brings_the_whole_of_its_cpu_and_no_other() {
    let mut screen = Screen::of_host(&["h/cpu-0/cpu-idle", "h/cpu-0/cpu-user", "h/cpu-1/cpu-user"]);
    screen.selection = Selection::default();
    screen.check("h/cpu-0/cpu-user", true);
    let panel = screen.panel("CPU");
    let lines: Vec<_> =
        panel.lines.iter().map(|l| (l.label.as_str(), l.drawn, l.series.len())).collect();
    assert_eq!(lines, [("user", true, 1), ("idle", false, 1)]);
}

#[test]
fn loopback_comes_behind_the_other_interfaces() {
    let names = ["h/interface-lo/if_octets", "h/interface-wlan0/if_octets"];
    check(&Screen::of_host(&names), &["Interface wlan0", "Interface lo"]);
}

#[test]
fn the_busiest_interfaces_come_first_and_keep_their_places() {
    let mut screen = Screen::new(10.0);
    let send = |screen: &mut Screen, secs: f64, factor: i64| {
        for (name, octets) in
            [("lo", 900_000), ("ifb0", 0), ("eth1", 70_000), ("eth0", 60_000), ("wlan0", 5_000)]
        {
            let values = [Value::Derive(factor * octets), Value::Derive(0)];
            screen.send(&format!("h/interface-{name}/if_octets"), secs, &values);
        }
        screen.receive();
    };
    send(&mut screen, 0.0, 1);
    screen.select(scope_of_host("h"));
    let titles = ["eth0", "eth1", "wlan0", "ifb0"].map(|name| format!("Interface {name}"));
    assert_eq!(screen.titles(), titles);
    send(&mut screen, 10.0, 12);
    assert_eq!(screen.titles(), titles, "both went on by a digit");
}

/// Octets that interfaces have counted, `secs` after the start.
fn count(screen: &mut Screen, secs: f64, counters: &[(&str, i64)]) {
    for (name, octets) in counters {
        let values = [Value::Derive(*octets), Value::Derive(0)];
        screen.send(&format!("h/interface-{name}/if_octets"), secs, &values);
    }
    screen.receive();
}

/// The interfaces of an overview, in the order of `ranking`.
fn ranked(screen: &Screen, secs: f64, ranking: &mut Ranking) -> Vec<String> {
    let Screen { store, graphs, selection, .. } = screen;
    let latest =
        Latest { store, graphs, aliases: &Aliases::default(), mode: Mode::Rate, now: at(secs) };
    let panels = panels_ranked(&latest, selection, ranking).into_iter();
    panels.map(|panel| panel.title.replace("Interface ", "")).collect()
}

#[test]
fn nothing_changes_places_while_one_looks() {
    let mut screen = Screen::new(10.0);
    count(&mut screen, 0.0, &[("eth0", 9_000), ("eth1", 10), ("lo", 99_000)]);
    screen.select(scope_of_host("h"));
    let mut ranking = Ranking::default();
    assert_eq!(ranked(&screen, 0.0, &mut ranking), ["eth0", "eth1", "lo"]);
    // One gets busy, and one is new.
    count(
        &mut screen,
        10.0,
        &[("eth0", 9_000), ("eth1", 1 << 40), ("lo", 99_000), ("a0", 1 << 50)],
    );
    assert_eq!(ranked(&screen, 10.0, &mut ranking), ["eth0", "eth1", "lo", "a0"]);
    // Whoever comes back to it sees it as it is now: eth0 stands still.
    screen.select(scope_of_host("other"));
    assert_eq!(ranked(&screen, 11.0, &mut ranking), [""; 0]);
    screen.select(scope_of_host("h"));
    assert_eq!(ranked(&screen, 12.0, &mut ranking), ["a0", "eth1", "eth0", "lo"]);
}

#[test]
fn what_comes_in_several_datagrams_is_ranked_as_one() {
    let mut screen = Screen::new(10.0);
    count(&mut screen, 0.0, &[("eth0", 10)]);
    screen.select(scope_of_host("h"));
    let mut ranking = Ranking::default();
    assert_eq!(ranked(&screen, 0.0, &mut ranking), ["eth0"]);
    count(&mut screen, 0.5, &[("eth1", 1_000)]);
    assert_eq!(ranked(&screen, 0.5, &mut ranking), ["eth1", "eth0"]);
}

#[test]
fn what_is_unchecked_leaves_its_place_to_nobody() {
    let names: Vec<String> = (0..9).map(|n| format!("h/interface-eth{n}/if_octets")).collect();
    let mut screen = Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>());
    screen.check("h/interface-eth1/if_octets", false);
    let titles = ["eth0", "eth2", "eth3"].map(|name| format!("Interface {name}"));
    assert_eq!(screen.titles(), titles);
    assert_eq!(screen.panels().iter().map(|panel| panel.more).sum::<usize>(), 5);
}

#[test]
fn where_there_is_no_swap_its_panel_is_the_last() {
    for (used, last) in [(0.0, "Swap"), (1.0, "Processes")] {
        let mut screen = Screen::new(10.0);
        let all = [
            ("h/swap/swap-used", used),
            ("h/swap/swap-free", 0.0),
            ("h/processes/ps_state-x", 0.0),
        ];
        for (name, value) in all {
            screen.gauge(name, [(0.0, value)]);
        }
        screen.select(scope_of_host("h"));
        assert_eq!(screen.titles().last().unwrap(), last);
    }
}

#[test]
fn an_overview_says_what_it_leaves_out_and_can_show_it() {
    let names: Vec<String> = (0..9).map(|n| format!("h/interface-eth{n}/if_octets")).collect();
    let mut screen = Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let more = |screen: &Screen| -> Vec<usize> {
        screen.panels().iter().map(|panel| panel.more).collect()
    };
    assert_eq!(more(&screen), [0, 0, 0, 5]);
    screen.selection.show_whole();
    assert_eq!(more(&screen), [0; 9]);
    screen.select(scope_of_host("h"));
    assert_eq!(more(&screen), [0, 0, 0, 5]);
}

#[test]
fn an_overview_shows_four_of_a_kind_and_those_that_are_checked() {
    let names: Vec<String> = (0..12).map(|n| format!("h/interface-eth{n}/if_octets")).collect();
    let mut screen = Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let first = ["eth0", "eth1", "eth2", "eth3"].map(|name| format!("Interface {name}"));
    assert_eq!(screen.titles(), first);
    screen.check("h/interface-eth11/if_octets", true);
    assert_eq!(screen.titles(), [&first[..], &["Interface eth11".into()]].concat());
}

#[test]
fn a_plugin_shows_all_its_panels_and_keeps_hidden_lines_hidden() {
    let names = ["h/cpu-0/percent-idle", "h/cpu-0/percent-user", "h/cpu-0/frobs", "h/load/load"];
    let mut screen = Screen::of_host(&names);
    screen.select(scope_of_plugin("h", "cpu", "0"));
    check(&screen, &["CPU", "cpu 0 frobs"]);
    assert_eq!(labels(&screen.panel("CPU")), ["user"]);
}

#[test]
fn an_unchecked_line_vanishes_and_with_the_last_one_the_panel() {
    let names = ["h/memory/memory-used", "h/memory/memory-free", "h/load/load"];
    let mut screen = Screen::of_host(&names);
    screen.check("h/memory/memory-used", false);
    assert_eq!(labels(&screen.panel("Memory")), ["free"]);
    screen.check("h/memory/memory-free", false);
    check(&screen, &["Load"]);
}

#[test]
fn an_overview_with_everything_unchecked_is_empty() {
    let mut screen = Screen::of_host(&["h/load/load", "h/uptime/uptime"]);
    screen.check("h/load/load", false);
    check(&screen, &[]);
}

#[test]
fn a_host_of_unknown_plugins_shows_what_it_sends() {
    let names = ["h/frobnicator-a/frobs", "h/uptime/uptime", "h/disk-sda/disk_io_time"];
    let screen = Screen::of_host(&names);
    check(&screen, &["Disk busy sda", "Uptime", "frobnicator a frobs"]);
}

#[test]
fn what_a_host_of_unknown_plugins_sends_can_be_unchecked() {
    let mut screen = Screen::of_host(&["h/frobnicator/frobs", "h/uptime/uptime"]);
    screen.check("h/frobnicator/frobs", false);
    check(&screen, &["Uptime"]);
}

#[test]
fn hidden_lines_stay_hidden_on_a_host_of_unknown_plugins() {
    let mut screen = Screen::new(10.0);
    screen.send("h/disk-sda/disk_io_time", 0.0, &[Value::Derive(1), Value::Derive(2)]);
    screen.receive();
    screen.select(scope_of_host("h"));
    assert_eq!(labels(&screen.panel("Disk busy sda")), ["busy"]);
}

#[test]
fn a_checked_series_of_another_host_adds_its_panel() {
    let mut screen = Screen::of_host(&["h/load/load", "web/load/load", "web/uptime/uptime"]);
    screen.check("web/load/load", true);
    let shown: Vec<_> =
        screen.panels().iter().map(|p| (p.host.to_string(), p.title.clone())).collect();
    assert_eq!(shown, [("h".into(), "Load".into()), ("web".into(), "Load".into())]);
}

#[test]
fn a_flood_of_instances_is_cut_at_the_bound() {
    let mut screen = Screen::new(10.0);
    for n in 0..1_000 {
        screen.send(&format!("h/frobnicator-{n}/frobs"), 0.0, &gauges(&[1.0]));
    }
    screen.receive();
    let ids: Vec<SeriesId> = screen.store.ids().collect();
    screen.set(ids, true);
    assert_eq!(screen.panels().len(), PANELS_MAX);
}

#[test]
fn an_overview_of_a_flood_shows_the_first_instances() {
    let mut screen = Screen::new(10.0);
    for n in (0..1_000).rev() {
        screen.send(&format!("h/frobnicator-{n}/frobs"), 0.0, &gauges(&[1.0]));
    }
    screen.receive();
    screen.select(scope_of_host("h"));
    let first = [0, 1, 2, 3].map(|n| format!("frobnicator {n} frobs"));
    assert_eq!(screen.titles(), first);
}

#[test]
fn a_flood_of_lines_is_cut_at_the_bound_but_not_those_that_are_checked() {
    let mut screen = Screen::new(10.0);
    for n in 0..1_000 {
        screen.send(&format!("h/frobnicator/frobs-{n}"), 0.0, &gauges(&[1.0]));
    }
    screen.receive();
    screen.select(scope_of_plugin("h", "frobnicator", ""));
    screen.check("h/frobnicator/frobs-999", true);
    let panel = screen.panel("frobnicator frobs");
    assert_eq!(panel.lines.len(), LINES_MAX);
    assert_eq!(panel.lines.last().map(|line| line.label.as_str()), Some("999"));
}

#[test]
fn what_no_graph_was_made_for_has_a_unit_all_the_same() {
    let count = |value| Value::Derive(value);
    for (type_, value, unit) in [
        ("frobs", Value::Gauge(1.0), ""),
        ("frobs", count(1), "/s"),
        ("frobs", Value::Absolute(1), "/s"),
        ("total_bytes_octets", count(1), "B/s"),
        ("percent_frobs", Value::Gauge(1.0), "%"),
    ] {
        let mut screen = Screen::new(10.0);
        let name = format!("h/frobnicator/{type_}");
        screen.send(&name, 0.0, &[value]);
        screen.receive();
        screen.select(scope_of_plugin("h", "frobnicator", ""));
        let panel = screen.panel(&format!("frobnicator {type_}"));
        assert_eq!(&*panel.unit.name, unit, "{type_} {value:?}");
    }
}

#[test]
fn lines_are_called_what_tells_them_apart() {
    for (names, title, expected) in [
        (&["h/load/load"][..], "Load", &["1 min", "5 min", "15 min"][..]),
        (&["h/interface-eth0/if_octets"], "Interface eth0", &["rx", "tx"]),
        (
            &["h/memory/memory-slab_recl", "h/memory/memory-used"],
            "Memory",
            &["used", "slab, recl."],
        ),
        (&["h/irq/irq-10", "h/irq/irq-9"], "Interrupts", &["9", "10"]),
        (&["h/frob/frobs-b", "h/frob/frobs-a"], "frob frobs", &["a", "b"]),
        (&["h/frob/frob"], "frob", &["frob"]),
    ] {
        let mut screen = Screen::of_host(names);
        let id = identifier(names[0]);
        screen.select(scope_of_plugin("h", &id.plugin, &id.plugin_instance));
        assert_eq!(labels(&screen.panel(title)), expected, "{names:?}");
    }
}

#[test]
fn data_sources_nobody_named_are_numbered() {
    let mut screen = Screen::new(10.0);
    screen.send("h/frob/frobs", 0.0, &gauges(&[1.0, 2.0]));
    screen.receive();
    screen.select(scope_of_host("h"));
    assert_eq!(labels(&screen.panel("frob frobs")), ["0", "1"]);
}

#[test]
fn a_panel_keeps_its_key_when_others_come() {
    let mut screen = Screen::of_host(&["h/load/load"]);
    let key = screen.panel("Load").key;
    screen.gauge("h/memory/memory-used", [(0.0, 1.0)]);
    assert_eq!(screen.panel("Load").key, key);
}

/// Labels and series of the lines of a panel that such value lists make.
#[track_caller]
fn check_lines(lists: &[(&str, &[Value])], title: &str, lines: &[(&str, usize)]) -> Panel {
    let mut screen = Screen::new(10.0);
    for secs in [0.0, 10.0] {
        for (name, values) in lists {
            screen.send(name, secs, values);
        }
        screen.receive();
    }
    screen.select(scope_of_host("h"));
    screen.selection.show_whole();
    screen.set(screen.store.ids().collect::<Vec<_>>(), true);
    let panel = screen.panel(title);
    let found: Vec<_> = panel.drawn().map(|l| (l.label.as_str(), l.series.len())).collect();
    assert_eq!(found, lines, "{lists:?}");
    panel
}

const TRAFFIC: &[Value] = &[Value::Derive(5), Value::Derive(7)];

#[test]
fn what_is_not_a_part_of_one_thing_has_a_line_of_its_own() {
    let snmp = [("h/snmp/if_octets-A", TRAFFIC), ("h/snmp/if_octets-B", TRAFFIC)];
    let lines = [("A rx", 1), ("B rx", 1), ("A tx", 1), ("B tx", 1)];
    let panel = check_lines(&snmp, "snmp traffic", &lines);
    assert!(panel.drawn().all(|line| line.role.is_none()), "they cannot all be of one colour");
    assert_eq!(panel.drawn().map(|line| line.down).collect::<Vec<_>>(), [false, false, true, true]);
    let users = [("h/openvpn-udp/if_octets-ann", TRAFFIC), ("h/openvpn-udp/if_octets-b", TRAFFIC)];
    let lines = [("ann rx", 1), ("b rx", 1), ("ann tx", 1), ("b tx", 1)];
    check_lines(&users, "openvpn udp traffic", &lines);
    let nets = [("h/virt-vm1/if_octets-vnet0", TRAFFIC), ("h/virt-vm1/if_octets-vnet1", TRAFFIC)];
    let lines = [("vnet0 rx", 1), ("vnet1 rx", 1), ("vnet0 tx", 1), ("vnet1 tx", 1)];
    check_lines(&nets, "virt vm1 traffic", &lines);
    // Nothing is in the way of the name of one that is alone.
    let panel = check_lines(&snmp[..1], "snmp traffic", &[("rx", 1), ("tx", 1)]);
    assert!(panel.drawn().all(|line| line.role.is_some()));
}

#[test]
fn plugin_instances_on_one_panel_have_lines_of_their_own_too() {
    let one = gauges(&[1.0]);
    let lists = [("h/users-console/users", &*one), ("h/users/users", &one)];
    check_lines(&lists, "Users", &[("logged in", 1), ("console logged in", 1)]);
}

#[test]
fn only_what_the_catalogue_calls_parts_is_put_together() {
    let one = gauges(&[1.0]);
    for (names, title, line) in [
        (["h/cpu-0/percent-user", "h/cpu-1/percent-user"], "CPU", "user"),
        (["h/swap-sda1/swap-used", "h/swap-sdb1/swap-used"], "Swap", "used"),
        (["h/cpufreq-0/cpufreq", "h/cpufreq-1/cpufreq"], "CPU frequency", "cpufreq"),
    ] {
        check_lines(&names.map(|name| (name, &*one)), title, &[(line, 2)]);
    }
}

#[test]
fn one_identifier_measured_and_counted_makes_two_lines() {
    let (gauge, counted) = (gauges(&[59.0]), [Value::Derive(10)]);
    for other in [Value::Derive(10), Value::Counter(10), Value::Absolute(10)] {
        let kind = other.ds_type().name();
        let counted = format!("{kind} frobs, /s");
        let lists = [("h/frob/frobs", &*gauge), ("h/frob/frobs", &[other])];
        let mut lines = [("gauge frobs", 1), (counted.as_str(), 1)];
        lines.sort_unstable();
        let panel = check_lines(&lists, "frob frobs", &lines);
        assert_eq!(&*panel.unit.name, "", "of two units none is that of the axis");
    }
    // Also where the catalogue puts parts together.
    let lists = [
        ("h/cpu-0/percent-user", &*gauge),
        ("h/cpu-1/percent-user", &gauge),
        ("h/cpu-0/percent-user", &counted),
    ];
    check_lines(&lists, "CPU", &[("derive user, /s", 1), ("gauge user", 2)]);
}

#[test]
fn a_choice_waits_for_its_series_and_outlives_it() {
    let mut screen = Screen::new(10.0);
    let key =
        |name: &str, ds: &str| SeriesKey { identifier: identifier(name).into(), ds: ds.into() };
    screen.selection.set(&[key("h/load/load", "midterm")], true);
    assert_eq!(screen.titles(), [""; 0]);
    screen.send("h/load/load", 0.0, &gauges(&[0.5; 3]));
    screen.send("h/uptime/uptime", 0.0, &gauges(&[5.0]));
    screen.receive();
    assert_eq!(labels(&screen.panel("Load")), ["5 min"]);
    // A store that was emptied: as after all of it was forgotten.
    screen.store = Store::new(256 << 20, TypesDb::built_in());
    screen.ingest = Ingest::new();
    assert_eq!(screen.titles(), [""; 0]);
    screen.send("h/uptime/uptime", 10.0, &gauges(&[5.0]));
    screen.receive();
    screen.send("h/load/load", 10.0, &gauges(&[0.5; 3]));
    screen.receive();
    assert_eq!(labels(&screen.panel("Load")), ["5 min"], "its number is another one now");
}

/// The lines of the panel of a rule, all of whose series are chosen by `words`.
fn lines_of_rule(screen: &Screen, words: &str) -> Vec<String> {
    let Screen { store, graphs, .. } = screen;
    let latest =
        Latest { store, graphs, aliases: &Aliases::default(), mode: Mode::Rate, now: at(0.0) };
    let rule = Rule::new(PanelId(0), vec![Selector::new(words)]);
    let panels = panels_of_rule(&latest, &rule);
    panels.iter().flat_map(|panel| panel.drawn()).map(|line| line.label.clone()).collect()
}

#[test]
fn names_leave_out_the_domain_that_all_hosts_share() {
    let names = ["web-1.example.com/load/load", "db.eu.example.com/load/load"];
    let screen = Screen::of_host(&names);
    let lines = lines_of_rule(&screen, "plugin:load ds:shortterm");
    assert_eq!(lines, ["db.eu", "web-1"]);
    let mixed = Screen::of_host(&["web-1.example.com/load/load", "db/load/load"]);
    let lines = lines_of_rule(&mixed, "plugin:load ds:shortterm");
    assert_eq!(lines, ["db", "web-1.example.com"]);
}

#[test]
fn names_leave_out_the_data_source_that_all_lines_share() {
    let names = ["h/frob/disk_ops-a", "h/frob/disk_ops-b"];
    let mut screen = Screen::new(10.0);
    for name in names {
        screen.send(name, 0.0, &[Value::Derive(1), Value::Derive(1)]);
    }
    screen.receive();
    assert_eq!(lines_of_rule(&screen, "plugin:frob ds:read"), ["a", "b"]);
    assert_eq!(lines_of_rule(&screen, "plugin:frob"), ["a read", "a write", "b read", "b write"]);
}
