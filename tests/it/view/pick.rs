//! What the rows of the tree ask for.

use super::*;
use collectoscope::view::gathered::{GATHERED_MAX, Gathered, Gathering};
use collectoscope::view::panels::drawn;
use collectoscope::view::pick::Picking;
use collectoscope::view::tree::{Row, RowName};
use collectoscope::view::{Action, DrawnAs, Moment, Preferences, View};

const HOST: Row = Row::Host { host: 0 };
const CPU: Row = Row::Plugin { host: 0, plugin: 0 };
const LOAD: Row = Row::Plugin { host: 0, plugin: 1 };

fn screen() -> Screen {
    Screen::of_host(&["h/cpu/percent-idle", "h/cpu/percent-user", "h/load/load"])
}

/// The screen after `actions`, and what it asks for then.
fn asked<T>(screen: &Screen, actions: &[Action], ask: impl Fn(&Picking<'_>) -> T) -> T {
    let mut view = View::new(&Preferences::default());
    let moment = Moment {
        now: at(0.0),
        values: 0,
        oldest: None,
        notifications: Default::default(),
        rules: Vec::new(),
        own: None,
    };
    view.apply(Action::Select(scope_of_host("h")), &moment);
    for action in actions {
        view.apply(action.clone(), &moment);
    }
    let panels =
        panels(&screen.store, &screen.graphs, view.selection().expect("follows the catalogue"));
    let drawn = drawn(&panels);
    ask(&Picking { store: &screen.store, graphs: &screen.graphs, view: &view, drawn: &drawn })
}

fn set_shown(screen: &Screen, ids: &[SeriesId], shown: bool) -> Action {
    let key = |id: &SeriesId| screen.store.series(*id).unwrap().key();
    Action::SetShown { keys: ids.iter().map(key).collect(), shown }
}

#[test]
fn a_plugin_that_is_pressed_is_shown_and_opened() {
    let (screen, load) = (screen(), scope_of_plugin("h", "load", ""));
    let open = Action::SetOpen { row: load.clone().into(), open: true };
    let show = Action::Select(load.clone());
    let pressed = asked(&screen, &[], |picking| picking.press(LOAD));
    assert_eq!(pressed, [open.clone(), show.clone()]);
    // It is open already.
    assert_eq!(asked(&screen, &[open], |picking| picking.press(LOAD)), [show]);
}

#[test]
fn what_is_shown_opens_and_closes_when_it_is_pressed_again() {
    let (screen, h) = (screen(), scope_of_host("h"));
    let set = |open| Action::SetOpen { row: h.clone().into(), open };
    assert_eq!(asked(&screen, &[], |picking| picking.press(HOST)), [set(true)]);
    assert_eq!(asked(&screen, &[set(true)], |picking| picking.press(HOST)), [set(false)]);
}

#[test]
fn what_is_shown_by_its_name_is_opened_with_its_host_and_stays_open() {
    let (screen, h, load) = (screen(), scope_of_host("h"), scope_of_plugin("h", "load", ""));
    let open = |scope: &Scope| Action::SetOpen { row: scope.clone().into(), open: true };
    let shown = |actions: &[Action]| asked(&screen, actions, |picking| picking.show(&load));
    let show = Action::Select(load.clone());
    assert_eq!(shown(&[]), [open(&h), open(&load), show.clone()]);
    assert_eq!(shown(&[open(&h), open(&load), show.clone()]), [show]);
}

#[test]
fn a_series_that_is_pressed_is_checked_or_unchecked() {
    let screen = screen();
    for (name, shown) in [("h/cpu/percent-idle", true), ("h/cpu/percent-user", false)] {
        let ids = screen.ids(name);
        let row = Row::Series { host: 0, plugin: 0, id: ids[0] };
        let pressed = asked(&screen, &[], |picking| picking.press(row));
        assert_eq!(pressed, [set_shown(&screen, &ids, shown)], "{name}");
    }
}

#[test]
fn all_of_a_plugin_are_checked_but_what_its_graph_hides() {
    let screen = screen();
    let [idle, user] = ["h/cpu/percent-idle", "h/cpu/percent-user"].map(|name| screen.ids(name)[0]);
    let all = set_shown(&screen, &[idle, user], false);
    let check = |actions: &[Action]| asked(&screen, actions, |picking| picking.check(CPU));
    assert_eq!(check(&[]), Some(all.clone()), "some is drawn");
    assert_eq!(check(&[all]), Some(set_shown(&screen, &[user], true)));
    assert_eq!(asked(&screen, &[], |picking| picking.check(HOST)), None);
}

#[test]
fn a_plugin_counts_its_series_and_those_that_are_drawn() {
    let screen = screen();
    let host = &screen.store.index().hosts()[0];
    let count = |plugin: usize| asked(&screen, &[], |picking| picking.count(&host.plugins[plugin]));
    assert_eq!((count(0), count(1)), ((2, 1), (3, 3)));
}

/// The names of rows after an act of gathering.
fn names(action: Option<Action>) -> Vec<RowName> {
    match action {
        Some(Action::Gather { names, .. }) => names.into_iter().collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_range_takes_the_rows_of_the_kind_it_begins_at() {
    let screen = screen();
    let series = |name: &str, plugin: usize| {
        let row = move |id: &SeriesId| Row::Series { host: 0, plugin, id: *id };
        screen.ids(name).iter().map(row).collect::<Vec<_>>()
    };
    let (idle, user) = (series("h/cpu/percent-idle", 0), series("h/cpu/percent-user", 0));
    let load = series("h/load/load", 1);
    let rows = [&[HOST, CPU][..], &idle, &user, &[LOAD], &load].concat();
    let name = |row: Row| row.name(&screen.store).unwrap();
    let sorted = |rows: &[Row]| {
        let mut names: Vec<_> = rows.iter().map(|row| name(*row)).collect();
        names.sort();
        names
    };
    let gathered = Gathered { from: Some(3), ..Gathered::default() };
    let gathering =
        Gathering { store: &screen.store, rows: &rows, gathered: &gathered, cursor: None };
    let to_load = [&user[..], &load[..1]].concat();
    assert_eq!(names(gathering.extended(5)), sorted(&to_load), "without the plugin between");
    assert_eq!(names(gathering.extended(0)), sorted(&[idle[0], user[0]]));
    assert_eq!(names(gathering.all(true)), sorted(&[&idle[..], &user, &load].concat()));
    assert_eq!(names(gathering.all(false)), sorted(&[HOST]));
    let on_plugin = Gathering { cursor: Some(1), ..gathering };
    assert_eq!(names(on_plugin.all(true)), sorted(&[CPU, LOAD]));
    // One more, and once again out.
    let one = names(gathering.toggled(1));
    assert_eq!(one, sorted(&[CPU]));
    let with = Gathered { names: one.into_iter().collect(), from: None };
    assert_eq!(names(Gathering { gathered: &with, ..gathering }.toggled(1)), []);
}

#[test]
fn what_is_gathered_is_bounded() {
    let names: Vec<String> = (0..GATHERED_MAX + 100).map(|n| format!("h{n}/load/gauge")).collect();
    let screen = Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let rows: Vec<_> = (0..names.len()).map(|host| Row::Host { host }).collect();
    let gathered = Gathered::default();
    let gathering =
        Gathering { store: &screen.store, rows: &rows, gathered: &gathered, cursor: None };
    let Some(Action::Gather { names: all, .. }) = gathering.all(false) else { panic!() };
    assert_eq!(all.len(), GATHERED_MAX);
    let full = Gathered { names: all, from: None };
    let more = Gathering { gathered: &full, ..gathering }.toggled(names.len() - 1);
    let Some(Action::Gather { names, .. }) = more else { panic!() };
    assert!(names.len() <= GATHERED_MAX);
}

#[test]
fn the_same_plugins_and_the_hosts_that_are_gathered_are_one_choice_each() {
    let names = ["a/cpu-0/percent-user", "a/load/gauge", "b/cpu-0/percent-user", "b/cpu-1/gauge"];
    let screen = Screen::of_host(&names);
    let gather = |rows: &[Row]| Action::Gather {
        names: rows.iter().map(|row| row.name(&screen.store).unwrap()).collect(),
        from: None,
        cursor: 0,
    };
    let texts = |rows: &[Row]| {
        let choice = asked(&screen, &[gather(rows)], |picking| picking.gathered());
        let (show, panels) = choice.expect("some are gathered");
        assert_eq!(panels, DrawnAs::Catalogue);
        show.iter().map(|one| one.text().to_owned()).collect::<Vec<_>>()
    };
    let plugin = |host, plugin| Row::Plugin { host, plugin };
    let host = |host| Row::Host { host };
    assert_eq!(
        texts(&[plugin(1, 1), plugin(0, 0), plugin(1, 0)]),
        ["host:a|b plugin:cpu instance:0", "host:b plugin:cpu instance:1"]
    );
    assert_eq!(texts(&[host(1), host(0)]), ["host:a|b"]);
    assert_eq!(texts(&[host(0), plugin(1, 0)]), ["host:a", "host:b plugin:cpu instance:0"]);
}

#[test]
fn the_same_series_of_several_hosts_are_one_choice() {
    let screen = Screen::of_host(&["a/memory/memory-used", "b/memory/memory-used"]);
    let rows: Vec<_> = screen
        .store
        .ids()
        .enumerate()
        .map(|(host, id)| Row::Series { host, plugin: 0, id })
        .collect();
    let gather = |rows: &[Row]| Action::Gather {
        names: rows.iter().map(|row| row.name(&screen.store).unwrap()).collect(),
        from: None,
        cursor: 0,
    };
    let choice = asked(&screen, &[gather(&rows)], |picking| picking.gathered());
    let (show, panels) = choice.expect("two are gathered");
    assert_eq!(panels, DrawnAs::One);
    let [show] = show.as_slice() else { panic!("{show:?}") };
    assert!(show.text().starts_with("host:a|b plugin:memory "), "{}", show.text());
    assert_eq!(show.series(&screen.store).len(), 2);
    // With a plugin among them each is drawn as the catalogue does.
    let plugin = Row::Plugin { host: 0, plugin: 0 };
    let choice = asked(&screen, &[gather(&[rows[1], plugin])], |picking| picking.gathered());
    assert_eq!(choice.map(|(show, panels)| (show.len(), panels)), Some((2, DrawnAs::Catalogue)));
    assert_eq!(asked(&screen, &[], |picking| picking.gathered()), None);
}
