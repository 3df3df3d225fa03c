//! The rows of the tree.

use super::*;
use crate::feed::{Feed, MIB};
use collectoscope::metric::DsType;
use collectoscope::view::aliases::Aliases;
use collectoscope::view::arrangement::{Arranged, Arrangement};
use collectoscope::view::latest::Latest;
use collectoscope::view::pivot::Pivot;
use collectoscope::view::selector::Selector;
use collectoscope::view::tree::{
    FilterJob, Filtered, JOB_SERIES_MIN, Row, RowName, Rows, Wanted, plugin_label,
    scope_of_host as scope_of_node, series_label, series_of,
};
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

const NAMES: [&str; 5] = [
    "a/load/load",
    "a/interface-eth0/if_octets",
    "a/interface-eth0/if_errors",
    "b/load/load",
    "b/df-root/df_complex-free",
];

fn screen() -> Screen {
    Screen::of_host(&NAMES)
}

/// The rows as text, a blank for each level.
fn text(screen: &Screen, rows: &Rows) -> Vec<String> {
    let in_pivot = rows.rows.iter().any(|row| matches!(row, Row::Everywhere { .. }));
    let hosts = screen.store.index().hosts();
    let line = |row: &Row| match *row {
        Row::Host { host } => hosts[host].name.to_string(),
        Row::Everywhere { host, plugin, hosts: count } => {
            format!("{} x{count}", plugin_label(&hosts[host].plugins[plugin]))
        }
        Row::Plugin { host, plugin } if in_pivot => {
            let name = &hosts[host].name;
            format!(" {name} {}", plugin_label(&hosts[host].plugins[plugin]))
        }
        Row::Plugin { host, plugin } => format!(" {}", plugin_label(&hosts[host].plugins[plugin])),
        Row::Series { host, plugin, id } => {
            let series = screen.store.series(id).unwrap();
            format!("  {}", series_label(&hosts[host].plugins[plugin], series))
        }
    };
    rows.rows.iter().map(line).collect()
}

#[track_caller]
fn check(filter: &str, open: &[Scope], expected: &[&str], matched: usize) {
    let (screen, mut rows) = (screen(), Rows::default());
    let open: HashSet<RowName> = open.iter().cloned().map(RowName::from).collect();
    assert!(update(&mut rows, &screen.store, &Selector::new(filter), &open, 0).is_none());
    assert_eq!(text(&screen, &rows), expected, "{filter:?}");
    assert_eq!(rows.matched, matched);
}

#[test]
fn closed_hosts_are_one_row_each() {
    check("", &[], &["a", "b"], 10);
}

#[test]
fn an_open_host_shows_its_plugins_in_order() {
    check("", &[scope_of_host("a")], &["a", " interface-eth0", " load", "b"], 10);
}

#[test]
fn an_open_plugin_shows_its_series() {
    let open = [scope_of_host("b"), scope_of_plugin("b", "load", "")];
    let rows = ["a", "b", " df-root", " load", "  shortterm", "  midterm", "  longterm"];
    check("", &open, &rows, 10);
}

#[test]
fn an_open_plugin_of_a_closed_host_stays_out_of_sight() {
    check("", &[scope_of_plugin("b", "load", "")], &["a", "b"], 10);
}

#[test]
fn a_filter_opens_what_it_finds_and_hides_the_rest() {
    let rows = ["a", " interface-eth0", "  octets rx", "  octets tx"];
    check("type:if_octets", &[], &rows, 2);
    check("df", &[], &["b", " df-root", "  free"], 1);
    check("nowhere", &[], &[], 0);
}

#[test]
fn a_filter_on_a_host_keeps_all_of_it() {
    let rows = ["b", " df-root", "  free", " load", "  shortterm", "  midterm", "  longterm"];
    check("host:b", &[], &rows, 4);
}

#[test]
fn rows_are_made_anew_when_the_series_or_the_tree_change() {
    let (mut screen, mut rows) = (screen(), Rows::default());
    let (filter, mut open) = (Selector::default(), HashSet::new());
    update(&mut rows, &screen.store, &filter, &open, 0);
    screen.gauge("c/load/frobs", [(0.0, 1.0)]);
    update(&mut rows, &screen.store, &filter, &open, 0);
    assert_eq!(text(&screen, &rows), ["a", "b", "c"]);
    open.insert(scope_of_node(&screen.store.index().hosts()[2]).into());
    update(&mut rows, &screen.store, &filter, &open, 1);
    assert_eq!(text(&screen, &rows), ["a", "b", "c", " load"]);
}

#[test]
fn rows_stay_when_only_samples_came() {
    let (mut screen, mut rows) = (screen(), Rows::default());
    update(&mut rows, &screen.store, &Selector::default(), &HashSet::new(), 0);
    rows.rows.clear();
    screen.send("a/load/load", 10.0, &gauges(&[0.5; 3]));
    screen.receive();
    update(&mut rows, &screen.store, &Selector::default(), &HashSet::new(), 0);
    assert_eq!(rows.rows, [], "they were flattened again");
}

#[test]
fn a_series_is_called_what_its_plugin_does_not_say() {
    for (names, labels) in [
        (&["h/load/load"][..], &["shortterm", "midterm", "longterm"][..]),
        (&["h/df-root/df_complex-free", "h/df-root/df_complex-used"], &["free", "used"]),
        (
            &["h/df-root/df_complex-free", "h/df-root/percent_bytes-free"],
            &["complex free", "percent_bytes free"],
        ),
        (&["h/interface-eth0/if_octets"], &["rx", "tx"]),
        (
            &["h/interface-eth0/if_octets", "h/interface-eth0/frobs"],
            &["frobs", "octets rx", "octets tx"],
        ),
        (&["h/irq/irq-17"], &["17"]),
        (
            &["h/disk-sda/disk_octets", "h/disk-sda/frobs-x"],
            &["octets read", "octets write", "frobs x"],
        ),
        (&["h/uptime/uptime"], &["uptime"]),
    ] {
        let screen = Screen::of_host(names);
        let node = &screen.store.index().hosts()[0].plugins[0];
        let label = |id| series_label(node, screen.store.series(id).unwrap());
        assert_eq!(series_of(node).map(label).collect::<Vec<_>>(), labels, "{names:?}");
    }
}

/// Hosts, plugins and types that look alike, so that words are found here and there.
fn alike(count: usize) -> Screen {
    let name = |n: usize| {
        let (host, plugin) = (["cpu", "Web", "db/x"][n % 3], ["cpu", "df-root", "load"][n / 3 % 3]);
        format!(
            "{}/{plugin}/{}-{}",
            host.replace('/', "_"),
            ["load", "cpu", "percent"][n / 9 % 3],
            n / 27
        )
    };
    let names: Vec<String> = (0..count).map(name).collect();
    Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_filter_on_the_tree_finds_what_it_finds_in_each_series() {
    let screen = alike(300);
    let mut rows = Rows::default();
    let filters = [
        "cpu",
        "-cpu",
        "cpu -load",
        "load cpu",
        "host:cpu",
        "-host:cpu load",
        "plugin:df -root",
        "plugin:d* instance:root",
        "instance:\"\" 3",
        "-instance:\"\"",
        "type:percent type-instance:1",
        "type-instance:1?|2",
        "type-instance:/^[1-4]$/ -type:cpu",
        "/^web.*(7|load-3)/",
        "-/^(web|cpu)\\/cpu/",
        "shortterm",
        "ds:shortterm|longterm 1",
        "-ds:value",
        "-term",
        "\"load-1 midterm\"",
        "hst:web load",
        "web/df",
        "df-root/percent-1",
        "-web/df",
        "w*percent",
        "-w*1",
        "cpu/cpu cpu",
        "1",
        "-1 2",
        "x/ -host:web",
        "type:load plugin:load",
        "host:web|cpu plugin:cpu",
    ];
    for (revision, text) in (1..).zip(filters) {
        let filter = Selector::new(text);
        update(&mut rows, &screen.store, &filter, &HashSet::new(), revision);
        let mut found: Vec<_> = rows
            .rows
            .iter()
            .filter_map(|row| match row {
                Row::Series { id, .. } => Some(*id),
                _ => None,
            })
            .collect();
        found.sort();
        let mut scratch = String::new();
        let matches =
            |id: &SeriesId| filter.matches_series(screen.store.series(*id).unwrap(), &mut scratch);
        let expected: Vec<SeriesId> = screen.store.ids().filter(matches).collect();
        assert_eq!(found, expected, "{text:?}");
        assert_eq!(rows.matched, expected.len(), "{text:?}");
    }
}

#[test]
fn series_that_come_while_nobody_filters_are_found_later() {
    // More than are learnt at once.
    let screen = alike(20_000);
    let mut rows = Rows::default();
    update(&mut rows, &screen.store, &Selector::default(), &HashSet::new(), 0);
    assert_eq!(rows.matched, screen.store.usage().series);
    let all = screen.store.usage().series;
    update(&mut rows, &screen.store, &Selector::new("host:cpu"), &HashSet::new(), 1);
    let cpu = rows.matched;
    update(&mut rows, &screen.store, &Selector::new("-host:cpu"), &HashSet::new(), 2);
    assert_eq!(rows.matched, all - cpu);
    let filter = Selector::new("type:percent type-instance:739");
    update(&mut rows, &screen.store, &filter, &HashSet::new(), 3);
    assert_eq!(rows.matched, 9);
}

// Plugins at the top.

static NOT_ARRANGED: LazyLock<Arranged> = LazyLock::new(Arranged::default);

fn turned<'a>(filter: &'a Selector, open: &'a HashSet<RowName>, revision: u64) -> Wanted<'a> {
    Wanted { filter, open, pivot: Pivot::Plugins, arranged: &NOT_ARRANGED, revision }
}

#[test]
fn hosts_stand_above_others_whatever_the_tree_shows() {
    let screen = Screen::of_host(&["a/load/load", "b/load/load", "c/load/load", "d/load/load"]);
    let hosts = screen.store.index().hosts();
    let name = |at: usize| hosts[at].name.clone();
    let mut by_user = Arrangement::default();
    by_user.pin(name(2), true);
    let arranged =
        Arranged { local: Some(name(3)), by_user: Arc::new(by_user), shows_hidden: false };
    let (none, open) = (Selector::default(), HashSet::new());
    let order = |wanted: &Wanted<'_>| -> Vec<usize> {
        let mut rows = Rows::default();
        assert!(rows.update(&screen.store, wanted).is_none());
        let host = |row: &Row| match *row {
            Row::Host { host } => Some(host),
            _ => None,
        };
        rows.rows.iter().filter_map(host).collect()
    };
    let (open, arranged) = (&open, &arranged);
    let wanted = |filter| Wanted { filter, open, pivot: Pivot::Hosts, arranged, revision: 0 };
    assert_eq!(order(&wanted(&none)), [3, 2, 0, 1]);
    let filter = Selector::new("plugin:load");
    assert_eq!(order(&wanted(&filter)), [3, 2, 0, 1]);
    // Below a plugin, too; and rows that are there already are ordered anew.
    let mut rows = Rows::default();
    for (arranged, first) in [(Arranged::default(), 0), (arranged.clone(), 3)] {
        let arranged = &arranged;
        let wanted = Wanted { pivot: Pivot::Plugins, arranged, ..wanted(&filter) };
        rows.update(&screen.store, &wanted);
        assert!(matches!(rows.rows[1], Row::Plugin { host, .. } if host == first), "{first}");
    }
}

#[test]
fn what_is_hidden_is_in_no_tree() {
    let names = ["a/load/load", "a/cpu/cpu", "b/load/load", "b/cpu/cpu", "c/load/load"];
    let screen = Screen::of_host(&names);
    let hosts = screen.store.index().hosts();
    let all = |plugin: &str| RowName::Everywhere { plugin: plugin.into(), instance: "".into() };
    let of = |host: &str, plugin: &str| {
        let (host, plugin, instance) = (host.into(), plugin.into(), "".into());
        RowName::from(Scope::Plugin { host, plugin, instance })
    };
    let host = |name: &str| RowName::from(Scope::Host(name.into()));
    let open: HashSet<_> =
        hosts.iter().map(|of| host(&of.name)).chain([all("load"), all("cpu")]).collect();
    let rows = |hidden: &[RowName], pivot, filter: &str, shows_hidden| {
        let mut by_user = Arrangement::default();
        for row in hidden {
            by_user.hide(row.clone(), true);
        }
        let arranged = Arranged { local: None, by_user: Arc::new(by_user), shows_hidden };
        let (filter, mut rows) = (Selector::new(filter), Rows::default());
        let (arranged, open) = (&arranged, &open);
        let wanted = Wanted { filter: &filter, open, pivot, arranged, revision: 0 };
        rows.update(&screen.store, &wanted);
        text(&screen, &rows)
    };
    let (hosts_on_top, plugins_on_top) = (Pivot::Hosts, Pivot::Plugins);
    let shown = |hidden: &[RowName], pivot| rows(hidden, pivot, "", false).join(" ");
    assert_eq!(shown(&[], hosts_on_top), "a  cpu  load b  cpu  load c  load");
    assert_eq!(shown(&[host("b")], hosts_on_top), "a  cpu  load c  load");
    assert_eq!(shown(&[of("a", "cpu"), host("c")], hosts_on_top), "a  load b  cpu  load");
    assert_eq!(shown(&[all("load")], hosts_on_top), "a  cpu b  cpu c");
    let at_plugins = |hidden: &[RowName]| rows(hidden, plugins_on_top, "", false).join(" ");
    assert_eq!(at_plugins(&[host("b"), all("cpu")]), "load x2  a load  c load");
    assert_eq!(at_plugins(&[of("b", "cpu"), of("a", "cpu")]), "load x3  a load  b load  c load");
    // A filter finds none of it, and nothing is lost.
    let hidden = [host("b"), of("a", "cpu")];
    for pivot in [hosts_on_top, plugins_on_top] {
        let found = rows(&hidden, pivot, "-nothing", false).join(" ");
        assert!(!found.contains('b') && !found.contains("cpu"), "{found}");
        let all = |hidden: &[RowName], shows| rows(hidden, pivot, "-nothing", shows);
        assert_eq!(all(&hidden, true), all(&[], false));
    }
}

#[track_caller]
fn check_turned(filter: &str, open: &[RowName], expected: &[&str], matched: usize) {
    let (screen, mut rows) = (screen(), Rows::default());
    let open: HashSet<RowName> = open.iter().cloned().collect();
    assert!(rows.update(&screen.store, &turned(&Selector::new(filter), &open, 0)).is_none());
    assert_eq!(text(&screen, &rows), expected, "{filter:?}");
    assert_eq!(rows.matched, matched);
}

#[test]
fn a_turned_tree_has_plugins_at_the_top_and_their_hosts_below() {
    let everywhere =
        |plugin: &str| RowName::Everywhere { plugin: plugin.into(), instance: "".into() };
    let closed = ["df-root x1", "interface-eth0 x1", "load x2"];
    check_turned("", &[], &closed, 10);
    let load = ["df-root x1", "interface-eth0 x1", "load x2", " a load", " b load"];
    check_turned("", &[everywhere("load")], &load, 10);
    let series = [&load[..], &["  shortterm", "  midterm", "  longterm"]].concat();
    let of_b = scope_of_plugin("b", "load", "").into();
    check_turned("", &[everywhere("load"), of_b], &series, 10);
    // What is open below a closed row stays out of sight.
    check_turned("", &[scope_of_plugin("b", "load", "").into()], &closed, 10);
}

#[test]
fn a_filter_finds_the_same_in_a_turned_tree() {
    let rows = ["load x2", " a load", "  midterm", " b load", "  midterm"];
    check_turned("midterm", &[], &rows, 2);
    check_turned("host:b df", &[], &["df-root x1", " b df-root", "  free"], 1);
    check_turned("nowhere", &[], &[], 0);
    // Many, and in any order.
    let screen = alike(300);
    let (mut by_host, mut by_plugin) = (Rows::default(), Rows::default());
    for (revision, words) in
        (1..).zip(["cpu", "-cpu", "load 1", "plugin:d* instance:root", "ds:value"])
    {
        let (filter, open) = (Selector::new(words), HashSet::new());
        update(&mut by_host, &screen.store, &filter, &open, revision);
        by_plugin.update(&screen.store, &turned(&filter, &open, revision));
        let below = |rows: &Rows| {
            let mut below: Vec<_> = rows.rows.iter().filter(|row| !row.is_top()).copied().collect();
            below.sort_by_key(|row| match *row {
                Row::Series { host, plugin, id } => (host, plugin, Some(id)),
                Row::Plugin { host, plugin } => (host, plugin, None),
                _ => unreachable!(),
            });
            below
        };
        assert!(by_host.matched > 0 && by_host.matched == by_plugin.matched, "{words}");
        assert_eq!(below(&by_plugin), below(&by_host), "{words}");
    }
}

#[test]
fn state_is_filtered_in_a_turned_tree_too() {
    let mut screen = screen();
    for host in ["a", "b"] {
        let value = if host == "a" { 0.5 } else { 95.0 };
        screen.send(&format!("{host}/load/load"), 10.0, &gauges(&[value; 3]));
    }
    screen.receive();
    let (filter, open, mut rows) = (Selector::new("load >90"), HashSet::new(), Rows::default());
    rows.update(&screen.store, &turned(&filter, &open, 0));
    let (store, graphs) = (&screen.store, &screen.graphs);
    let latest =
        Latest { store, graphs, aliases: &Aliases::default(), mode: Mode::Rate, now: at(11.0) };
    rows.refine(&filter, &latest);
    let found = text(&screen, &rows);
    assert_eq!(found[1..], [" b load", "  shortterm", "  midterm", "  longterm"]);
    assert!(found[0].starts_with("load"));
}

// Filters among very many series, which are jobs.

/// Very many series of hosts `h0` to `h9`.
fn many() -> Feed {
    let mut feed = Feed::new(256 * MIB);
    for n in 0..JOB_SERIES_MIN {
        let (host, plugin) = (format!("h{}", n % 10), format!("plugin{}", n / 10 % 50));
        feed.list(&host, &plugin, &format!("type{n}"), &[DsType::Gauge]);
    }
    feed.absorb();
    feed
}

/// What follows from a filter as the `revision`th change of the tree.
fn job(rows: &mut Rows, feed: &Feed, filter: &str, revision: u64) -> Option<FilterJob> {
    update(rows, &feed.store, &Selector::new(filter), &HashSet::new(), revision)
}

fn done(job: &FilterJob) -> Filtered {
    job.run(&|_| true).unwrap()
}

/// The series among the rows are those that match.
#[track_caller]
fn check_rows(rows: &Rows, feed: &Feed, filter: &str) {
    let (filter, mut scratch) = (Selector::new(filter), String::new());
    let mut found: Vec<SeriesId> = Vec::new();
    found.extend(rows.rows.iter().filter_map(|row| match row {
        Row::Series { id, .. } => Some(*id),
        _ => None,
    }));
    found.sort();
    let mut matches =
        |id: &SeriesId| filter.matches_series(feed.store.series(*id).unwrap(), &mut scratch);
    let expected: Vec<SeriesId> = feed.store.ids().filter(|id| matches(id)).collect();
    assert!(!expected.is_empty() && found == expected, "{}", filter.text());
    assert_eq!(rows.matched, expected.len());
}

#[test]
fn a_filter_among_very_many_series_is_a_job_and_the_rows_stay_until_it_is_done() {
    let (feed, mut rows) = (many(), Rows::default());
    // The first rows of a tree are made at once.
    assert!(job(&mut rows, &feed, "h3 type1", 0).is_none() && !rows.is_pending());
    check_rows(&rows, &feed, "h3 type1");
    for (revision, filter) in
        (1..).zip(["h7", "plugin2 -type9", "plugin:plugin1? h*/plugin", "type:/7$/ ds:value"])
    {
        let before = rows.rows.clone();
        let job = job(&mut rows, &feed, filter, revision).expect("a job");
        assert!(rows.is_pending() && rows.rows == before);
        // Asked again, by the next frame, it is the same one.
        assert!(self::job(&mut rows, &feed, filter, revision).is_none());
        rows.take(done(&job));
        assert!(!rows.is_pending());
        check_rows(&rows, &feed, filter);
    }
}

#[test]
fn turning_the_rows_of_a_filter_among_very_many_series_is_a_job_too() {
    let (feed, mut rows) = (many(), Rows::default());
    let (filter, open) = (Selector::new("plugin7 -type9"), HashSet::new());
    assert!(job(&mut rows, &feed, "plugin7 -type9", 0).is_none());
    let matched = rows.matched;
    let job = rows.update(&feed.store, &turned(&filter, &open, 1)).expect("a job");
    assert!(matches!(rows.rows[0], Row::Host { .. }), "until it is done");
    rows.take(done(&job));
    assert!(matches!(rows.rows[0], Row::Everywhere { hosts: 10, .. }));
    assert_eq!(rows.matched, matched);
    check_rows(&rows, &feed, "plugin7 -type9");
}

#[test]
fn of_several_jobs_only_the_newest_makes_rows() {
    let (feed, mut rows) = (many(), Rows::default());
    assert!(job(&mut rows, &feed, "", 0).is_none());
    let first = job(&mut rows, &feed, "h1", 1).unwrap();
    let second = job(&mut rows, &feed, "h12", 2).unwrap();
    let third = job(&mut rows, &feed, "h3", 3).unwrap();
    rows.take(done(&second));
    rows.take(done(&first));
    assert!(rows.is_pending() && rows.rows.len() == 10, "none of them");
    rows.take(done(&third));
    check_rows(&rows, &feed, "h3");
    // What is open does not matter to a filter.
    assert!(job(&mut rows, &feed, "h3", 4).is_none() && !rows.is_pending());
    // Nor is a job wanted for the rows that are there.
    let other = job(&mut rows, &feed, "h4", 4).unwrap();
    assert!(job(&mut rows, &feed, "h3", 4).is_none() && !rows.is_pending());
    rows.take(done(&other));
    check_rows(&rows, &feed, "h3");
    // Without a filter the rows are there at once, whatever is out.
    let late = job(&mut rows, &feed, "h2", 5).unwrap();
    assert!(job(&mut rows, &feed, "", 6).is_none() && !rows.is_pending());
    rows.take(done(&late));
    assert_eq!(rows.rows.len(), 10);
}

#[test]
fn rows_are_made_at_once_where_the_tree_changed_and_the_old_ones_mean_nothing() {
    let (mut feed, mut rows) = (many(), Rows::default());
    assert!(job(&mut rows, &feed, "", 0).is_none());
    let before = job(&mut rows, &feed, "h5", 1).unwrap();
    let list = feed.list("a", "h5", "type", &[DsType::Gauge]);
    feed.gauges(list, [(NOW, 1.0)]);
    feed.absorb();
    assert!(job(&mut rows, &feed, "h5", 1).is_none() && !rows.is_pending());
    check_rows(&rows, &feed, "h5");
    let with_new = rows.matched;
    rows.take(done(&before));
    assert_eq!(rows.matched, with_new);
    // A job that failed leaves none behind.
    let _failed = job(&mut rows, &feed, "h6", 2).unwrap();
    rows.give_up();
    assert!(!rows.is_pending() && rows.rows.is_empty() && rows.matched == 0);
    assert!(job(&mut rows, &feed, "h6", 2).is_none(), "not again");
}

#[test]
fn a_job_that_is_not_to_go_on_stops_early() {
    let (feed, mut rows) = (many(), Rows::default());
    assert!(job(&mut rows, &feed, "", 0).is_none());
    let job = job(&mut rows, &feed, "type", 1).unwrap();
    let told = RefCell::new(Vec::new());
    let go_on = |part: f32| {
        told.borrow_mut().push(part);
        part < 0.5
    };
    assert!(job.run(&go_on).is_none());
    let told = told.into_inner();
    assert!(told.len() > 3 && told.is_sorted() && told.last() < Some(&0.7), "{told:?}");
}
