//! What the rows of the tree ask for.

use super::*;
use collectoscope::view::panels::drawn;
use collectoscope::view::pick::Picking;
use collectoscope::view::tree::Row;
use collectoscope::view::{Action, Moment, Preferences, View};

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
