//! Selectors on a tree of names, on values, and what a half-typed one may become.

use super::*;
use collectoscope::view::aliases::Aliases;
use collectoscope::view::completion::{CANDIDATES_MAX, Names, candidates};
use collectoscope::view::latest::Latest;
use collectoscope::view::selector::Selector;
use collectoscope::view::tree::{Row, Rows};
use proptest::prelude::*;
use std::collections::HashSet;

/// The series that each way of looking through the tree finds are those that match one by one.
#[track_caller]
fn check_ways(screen: &Screen, rows: &mut Rows, text: &str) {
    let (selector, mut scratch) = (Selector::new(text), String::new());
    let store = &screen.store;
    let expected: HashSet<SeriesId> = store
        .ids()
        .filter(|id| selector.matches_series(store.series(*id).unwrap(), &mut scratch))
        .collect();
    let chosen = selector.series(store);
    assert_eq!(chosen.iter().copied().collect::<HashSet<_>>(), expected, "{text:?}");
    assert_eq!(chosen.len(), expected.len(), "{text:?}");
    if selector.is_empty() {
        return;
    }
    assert!(update(rows, store, &selector, &HashSet::new(), 0).is_none());
    let found = rows.rows.iter().filter_map(|row| match row {
        Row::Series { id, .. } => Some(*id),
        _ => None,
    });
    assert_eq!(found.collect::<Vec<_>>(), chosen, "{text:?}, in the order of the tree");
}

/// Few names, so that they are found here and there.
const NAMES: [&str; 7] = ["a", "ab", "Ä", "a b", "x-a", "b", "rx"];
const TYPES: [&str; 5] = ["load", "if_octets", "percent", "frobs", "a"];

fn words() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec![
        "",
        "",
        "",
        "host:",
        "plugin:",
        "instance:",
        "type:",
        "type-instance:",
        "ds:",
    ]);
    let value = prop::sample::select(vec![
        "a", "b", "\"\"", "a*", "?", "/^a/", "/a.*b$/", "/\\//", "load", "rx", "a/a", "x-a", "ä",
        "\"a b\"", "\" \"", "a|b", "rx|value", "-", "te", "0", "\"b rx\"", "*m",
    ]);
    let word = (prop::bool::weighted(0.3), field, value);
    let word = word
        .prop_map(|(not, field, value)| format!("{}{field}{value}", if not { "-" } else { "" }));
    prop::collection::vec(word, 0..4).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_way_through_a_tree_finds_what_matches_one_by_one(
        lists in prop::collection::vec((0..7usize, 0..7usize, 0..8usize, 0..5usize, 0..8usize), 1..40),
        texts in prop::collection::vec(words(), 12),
    ) {
        let mut screen = Screen::new(10.0);
        let name = |at: usize| NAMES.get(at).copied().unwrap_or_default();
        let names = lists.iter().map(|&(host, plugin, instance, type_, type_instance)| {
            Identifier::new(
                name(host), name(plugin), name(instance), TYPES[type_], name(type_instance),
            )
        });
        let names: Vec<_> = names.collect();
        for names in &names {
            screen.send_named(names, 0.0, &sample_of(&format!("h/p/{}", names.type_)));
        }
        screen.receive();
        let mut rows = Rows::default();
        for text in texts {
            check_ways(&screen, &mut rows, &text);
        }
    }
}

#[test]
fn data_sources_that_get_other_names_are_found_by_them() {
    let mut screen = Screen::of_host(&["h/frobs/frobs", "h/load/load"]);
    let mut rows = Rows::default();
    check_ways(&screen, &mut rows, "ds:value");
    // Now it has two values, one of them known.
    screen.send("h/frobs/frobs", 10.0, &gauges(&[1.0, 2.0]));
    screen.receive();
    for text in ["ds:value", "ds:0", "ds:1", "-ds:value", "1", "term"] {
        check_ways(&screen, &mut rows, text);
    }
    assert_eq!(Selector::new("ds:0|1").series(&screen.store).len(), 2);
}

// States.

#[track_caller]
fn check_now(screen: &Screen, text: &str, secs: f64, mode: Mode, expected: &[&str]) {
    let Screen { store, graphs, .. } = screen;
    let latest = Latest { store, graphs, aliases: &Aliases::default(), mode, now: at(secs) };
    let found = Selector::new(text).series_now(&latest);
    let label = |id: &SeriesId| {
        let series = store.series(*id).unwrap();
        format!("{} {}", series.identifier.type_, series.ds_name)
    };
    assert_eq!(found.iter().map(label).collect::<Vec<_>>(), expected, "{text}");
}

/// 2,000 bytes a second in, which are drawn as 16 kbit/s, 100 out, and a load of 0.5.
fn host() -> Screen {
    let mut screen = Screen::new(10.0);
    for secs in [0_u32, 10, 20] {
        let octets = [2_000, 100].map(|rate| Value::Derive(i64::from(secs * rate)));
        screen.send("h/interface-eth0/if_octets", f64::from(secs), &octets);
        screen.send("h/load/load", f64::from(secs), &gauges(&[0.5, 0.25, f64::NAN]));
        screen.send("h/cpu-0/percent-user", f64::from(secs), &gauges(&[95.0]));
        screen.receive();
    }
    screen
}

#[test]
fn a_value_is_compared_as_it_is_shown() {
    let screen = host();
    let check =
        |text: &str, expected: &[&str]| check_now(&screen, text, 21.0, Mode::Rate, expected);
    check(">=16k", &["if_octets rx"]);
    check(">15.9Ki", &[]);
    check("eth0 <1k", &["if_octets tx"]);
    check("load >0.25", &["load shortterm"]);
    check("load <=0.25", &["load midterm"]);
    // What has no value is neither above nor below anything.
    check("load ->0.25", &["load midterm", "load longterm"]);
    check(">90%", &["percent value"]);
    check(">90", &["percent value", "if_octets rx", "if_octets tx"]);
    check("unit:bit/s", &["if_octets rx", "if_octets tx"]);
    check("unit:/^bit/ <2k", &["if_octets tx"]);
    // What counters send is neither a rate nor in a unit.
    check_now(&screen, "eth0 >30k", 21.0, Mode::Raw, &["if_octets rx"]);
    check_now(&screen, "unit:bit/s", 21.0, Mode::Raw, &[]);
}

#[test]
fn what_came_after_the_first_minute_is_new_for_ten() {
    let mut screen = Screen::new(10.0);
    screen.gauge("a/load/load", [(0.0, 1.0)]);
    screen.gauge("a/frob/gauge", [(70.0, 1.0)]);
    screen.receive();
    check_now(&screen, "new", 100.0, Mode::Rate, &["gauge value"]);
    check_now(&screen, "-new frob", 100.0, Mode::Rate, &[]);
    check_now(&screen, "new", 671.0, Mode::Rate, &[]);
    check_now(&screen, "\"new\"", 100.0, Mode::Rate, &[]);
}

#[test]
fn what_is_silent_for_five_intervals_is_stale() {
    let screen = host();
    check_now(&screen, "cpu stale", 70.0, Mode::Rate, &[]);
    check_now(&screen, "cpu -stale", 70.0, Mode::Rate, &["percent value"]);
    check_now(&screen, "cpu stale", 72.0, Mode::Rate, &["percent value"]);
}

#[test]
fn rows_follow_the_state_once_a_second() {
    let mut screen = host();
    let (mut rows, selector) = (Rows::default(), Selector::new("cpu >90"));
    let mut matched = |screen: &Screen, secs: f64| {
        let Screen { store, graphs, .. } = screen;
        assert!(update(&mut rows, store, &selector, &HashSet::new(), 0).is_none());
        let latest =
            Latest { store, graphs, aliases: &Aliases::default(), mode: Mode::Rate, now: at(secs) };
        assert!(!rows.refine(&selector, &latest) && !rows.is_pending());
        (rows.matched, rows.rows.len())
    };
    assert_eq!(matched(&screen, 20.0), (1, 3));
    screen.gauge("h/cpu-0/percent-user", [(20.5, 10.0)]);
    assert_eq!(matched(&screen, 20.6), (1, 3), "not looked at yet");
    assert_eq!(matched(&screen, 21.0), (0, 0));
    screen.gauge("h/cpu-0/percent-user", [(22.0, 91.0)]);
    assert_eq!(matched(&screen, 22.5), (1, 3));
    // A new name makes all rows anew.
    screen.gauge("h/cpu-1/percent-user", [(22.5, 99.0)]);
    assert_eq!(matched(&screen, 22.6), (2, 5));
}

#[test]
fn very_many_series_are_looked_at_over_several_frames() {
    let mut feed = crate::feed::Feed::new(512 * crate::feed::MIB);
    for n in 0..120_000_u32 {
        let kinds = [collectoscope::metric::DsType::Gauge];
        let list = feed.list(&format!("h{}", n % 10), "p", &format!("t{n}"), &kinds);
        feed.gauges(list, [(NOW, f64::from(n))]);
    }
    feed.absorb();
    let (mut rows, graphs, open) = (Rows::default(), Graphs::built_in(), HashSet::new());
    update(&mut rows, &feed.store, &Selector::default(), &open, 0);
    let store = &feed.store;
    let latest = Latest {
        store,
        graphs: &graphs,
        aliases: &Aliases::default(),
        mode: Mode::Rate,
        now: at(0.0),
    };
    let selector = Selector::new("p >=119k");
    let mut frames = 0;
    let job = loop {
        let job = update(&mut rows, store, &selector, &open, 1);
        rows.refine(&selector, &latest);
        frames += 1;
        assert!(rows.is_pending() && frames < 5);
        if let Some(job) = job {
            break job;
        }
    };
    rows.take(job.run(&|_| true).unwrap());
    let before = rows.rows.clone();
    assert!(rows.is_pending() && before.len() == 10, "those of no filter");
    for is_unfinished in [true, true, false] {
        assert_eq!(rows.rows, before);
        assert!(update(&mut rows, store, &selector, &open, 1).is_none());
        assert_eq!(rows.refine(&selector, &latest), is_unfinished);
    }
    assert_eq!((rows.matched, rows.is_pending()), (1_000, false));
    assert_eq!(rows.rows.len(), 1_000 + 10 + 10);
}

// Completion.

#[track_caller]
fn check_offered(text: &str, expected: &[&str]) {
    let names = ["web-1/cpu-0/percent-user", "web-2/load/load", "a b/interface-eth0/if_octets"];
    let screen = Screen::of_host(&names);
    let offered = candidates(
        text,
        (&screen.store, &screen.graphs, &Aliases::default()),
        &mut Names::default(),
    );
    let words: Vec<_> = offered.iter().map(|of| of.word.as_str()).collect();
    assert_eq!(words, expected, "{text}");
}

#[test]
fn a_half_typed_word_becomes_a_field_or_a_name_that_was_received() {
    check_offered("", &[]);
    check_offered("cpu ", &[]);
    check_offered("plug", &["plugin:"]);
    check_offered("-pl", &["-plugin:"]);
    check_offered("sta", &["stale"]);
    check_offered("stale", &[]);
    check_offered("ne", &["new"]);
    check_offered("new", &[]);
    check_offered("web", &["host:web-1", "host:web-2"]);
    check_offered("host:", &["host:\"a b\"", "host:web-1", "host:web-2"]);
    check_offered("cpu -host:WE", &["-host:web-1", "-host:web-2"]);
    check_offered("host:web-1|we", &["host:web-1|web-2"]);
    check_offered("host:web-1 plugin:", &["plugin:cpu"]);
    check_offered("oa", &["plugin:load", "type:load"]);
    check_offered("ds:r", &["ds:rx", "ds:shortterm", "ds:midterm", "ds:longterm"]);
    check_offered("unit:bit/", &["unit:bit/s"]);
    for nothing in ["host:\"a", "host:/we", "\"we", ">9", "w*", "\"a we", "nosuch", "host:web-1x"] {
        check_offered(nothing, &[]);
    }
}

#[test]
fn no_more_is_offered_than_fits() {
    let names: Vec<String> = (0..50).map(|n| format!("web-{n}/web{n}/gauge-web{n}")).collect();
    let screen = Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let mut kept = Names::default();
    let mut offered = |text: &str| {
        candidates(text, (&screen.store, &screen.graphs, &Aliases::default()), &mut kept)
    };
    assert_eq!(offered("host:web").len(), CANDIDATES_MAX);
    let titles: Vec<_> = offered("web").iter().map(|of| of.what).collect();
    let each = [["host"; 3].as_slice(), &["plugin"; 3], &["type instance"; 2]].concat();
    assert_eq!(titles, each);
}

#[test]
fn names_that_are_kept_are_those_of_the_words_before_and_of_all_that_came() {
    let mut screen = Screen::of_host(&["web-1/cpu-0/percent-user", "web-2/load/load"]);
    let mut kept = Names::default();
    let mut check = |screen: &Screen, text: &str, expected: &[&str]| {
        let offered =
            candidates(text, (&screen.store, &screen.graphs, &Aliases::default()), &mut kept);
        let words: Vec<_> = offered.iter().map(|of| of.word.as_str()).collect();
        assert_eq!(words, expected, "{text}");
    };
    check(&screen, "host:web-1 plugin:", &["plugin:cpu"]);
    check(&screen, "host:web-2 plugin:", &["plugin:load"]);
    check(&screen, "host:web-2 plugin:x", &[]);
    check(&screen, "plugin:", &["plugin:cpu", "plugin:load"]);
    check(&screen, "host:", &["host:web-1", "host:web-2"]);
    let new = "web-3/df-root/df_complex-free";
    screen.send(new, 0.0, &sample_of(new));
    screen.receive();
    check(&screen, "host:", &["host:web-1", "host:web-2", "host:web-3"]);
    check(&screen, "plugin:", &["plugin:cpu", "plugin:load", "plugin:df"]);
}
