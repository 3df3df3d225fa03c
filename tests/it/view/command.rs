//! The table of commands.

use super::notifications::{failure, notify};
use super::*;
use collectoscope::view::action::Arrange;
use collectoscope::view::aliases::Aliases;
use collectoscope::view::arrangement::Arranged;
use collectoscope::view::chord::{Chord, Key};
use collectoscope::view::command::{
    self, CLOSE, Command, Context, FILTER, FLEET, Focus, GROUPS, Step, commands, of_chord,
};
use collectoscope::view::fleet::table::{Known, Table};
use collectoscope::view::keymap::Keymap;
use collectoscope::view::latest::Latest;
use collectoscope::view::layout::Rule;
use collectoscope::view::names::To;
use collectoscope::view::names::{PanelId, Spot};
use collectoscope::view::notifications::Listed;
use collectoscope::view::panels::drawn;
use collectoscope::view::pick::Picking;
use collectoscope::view::selector::Selector;
use collectoscope::view::tree::Rows;
use collectoscope::view::{Action, DrawnAs, FleetAction, Moment, Pane, Preferences, View};
use std::collections::HashSet;

/// A screen on which every command has something to do: the help lies over it, the keyboard is on
/// a series, and new notifications are listed.
struct Full {
    screen: Screen,
    view: View,
    rows: Rows,
    listed: Listed,
}

impl Full {
    fn new() -> Self {
        let mut screen = Screen::of_host(&["h/load/load"]);
        let about = ["h", "load", "", "load", ""];
        notify(&mut screen, vec![failure(about, 1.0), failure(about, 2.0)]);
        let mut full = Self {
            screen,
            view: View::new(&Preferences::default()),
            rows: Rows::default(),
            listed: Listed::default(),
        };
        let load = scope_of_plugin("h", "load", "");
        for scope in [scope_of_host("h"), load] {
            full.apply(Action::SetOpen { row: scope.into(), open: true });
        }
        full.apply(Action::Select(scope_of_host("h")));
        full.apply(Action::ToggleNotifications);
        full.apply(Action::TogglePane(Pane::Help));
        full.apply(Action::SetCursor(2));
        full
    }

    /// Everything is open and chosen; the same with tabs of the user's own, a panel that keys are
    /// about, and something taken back; and with something in the filter and no list.
    fn all() -> [Self; 4] {
        let mut tabs = Self::new();
        for _ in 0..9 {
            tabs.apply(Action::NewTab);
        }
        tabs.apply(Action::Undo);
        let show = Selector::new("load");
        let rule = Rule::new(PanelId(0), vec![show.clone()]);
        let to = To::Here(Spot::End);
        let draw = Action::Draw { show: vec![show], panels: DrawnAs::One, to };
        tabs.apply_with(draw, vec![rule]);
        tabs.apply(Action::NewTab);
        tabs.apply(Action::Undo);
        tabs.apply(Action::PointPanel(Some(PanelId(0))));
        let mut filtered = Self::new();
        filtered.apply(Action::SetFilter("load".into()));
        filtered.apply(Action::ToggleNotifications);
        let rows = [Scope::Host("none".into()).into()].into();
        filtered.apply(Action::Arrange(Arrange::Hide { rows, hidden: true }));
        let mut fleet = Self::new();
        fleet.apply(Action::ShowFleet);
        let host = fleet.screen.store.index().hosts()[0].name.clone();
        fleet.apply(Action::Fleet(FleetAction::SetCursor(Some(host))));
        [Self::new(), tabs, filtered, fleet]
    }

    fn apply(&mut self, action: Action) {
        self.apply_with(action, Vec::new());
    }

    fn apply_with(&mut self, action: Action, rules: Vec<Rule>) {
        let moment = Moment {
            now: at(0.0),
            values: 0,
            oldest: None,
            notifications: Default::default(),
            rules,
            own: None,
        };
        self.view.apply(action, &moment);
        self.rows = Rows::default();
        let View { filter, open, .. } = &self.view;
        assert!(update(&mut self.rows, &self.screen.store, filter, open, 0).is_none());
        self.listed.update(self.screen.store.notifications(), &self.view.notifications);
    }

    fn ask<T>(&self, focus: Focus, ask: impl Fn(&Context<'_>) -> T) -> T {
        let drawn = drawn(&panels(
            &self.screen.store,
            &self.screen.graphs,
            self.view.selection().unwrap_or(&Selection::default()),
        ));
        let Screen { store, graphs, .. } = &self.screen;
        let mut table = Table::default();
        if let Some(fleet) = self.view.tab().canvas.fleet() {
            let latest = Latest {
                store,
                graphs,
                aliases: &Aliases::default(),
                mode: Mode::Rate,
                now: at(0.0),
            };
            table.update(
                fleet,
                &Known { latest, arranged: &Arranged::default(), at: None, is_held: false },
            );
        }
        ask(&Context {
            fleet: &table,
            host_cursor: self.view.host_cursor.as_ref(),
            picking: Picking { store, graphs, view: &self.view, drawn: &drawn },
            rows: &self.rows,
            listed: &self.listed,
            cursor: self.view.cursor,
            panels: &[PanelId(0)],
            chosen: None,
            focus,
        })
    }

    /// What a key asks for.
    fn pressed(&self, focus: Focus, chord: Chord) -> Option<&'static str> {
        self.ask(focus, |context| of_chord(chord, context).map(|command| command.id))
    }

    fn steps(&self, focus: Focus, command: &Command) -> Vec<Step> {
        self.ask(focus, |context| command.steps(context))
    }
}

#[test]
fn the_table_of_keys_in_the_readme_is_the_help_of_the_window() {
    let readme = include_str!("../../../README.md");
    let mut lines = readme.lines().skip_while(|line| *line != "| key | what it does |").skip(2);
    for group in GROUPS {
        let row = format!("| {} | {} |", group.keys, group.title);
        assert_eq!(lines.next(), Some(&*row), "README.md and view/command.rs differ");
    }
    assert_eq!(lines.next(), Some(""), "a row too many");
}

#[test]
fn no_two_commands_have_a_name_in_common_nor_a_key_at_one_time() {
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for command in commands() {
        assert!(ids.insert(command.id), "{} twice", command.id);
        assert!(titles.insert(command.title), "{} twice", command.title);
    }
    for full in Full::all() {
        for focus in [Focus::Canvas, Focus::Filter, Focus::Other] {
            let mut keys = HashSet::new();
            for command in commands() {
                if full.ask(focus, |context| command.applies(context)) {
                    for key in command.keys {
                        assert!(keys.insert(key), "{key} for {} and another", command.id);
                    }
                }
            }
        }
    }
    assert!(ids.len() > 50);
}

#[test]
fn each_command_does_something() {
    let all = Full::all();
    for command in commands() {
        let does = |full: &Full, focus| {
            full.ask(focus, |context| {
                command.applies(context) && !command.steps(context).is_empty()
            })
        };
        let mut anywhere =
            all.iter().flat_map(|full| [Focus::Canvas, Focus::Filter].map(|focus| (full, focus)));
        assert!(anywhere.any(|(full, focus)| does(full, focus)), "{}", command.id);
    }
}

#[test]
fn the_help_names_the_usual_key_of_each_command() {
    let is_range = |group: &command::Group| group.keys.contains('…');
    for group in GROUPS.iter().filter(|group| !is_range(group)) {
        for command in group.commands {
            let named = |chord: &Chord| {
                let plain = Chord { shift: false, ..*chord }.to_string();
                // "Page up, down", "Ctrl+Shift+← →" and "with Shift" name what keys have in common
                // once.
                plain.split([' ', '+']).all(|word| group.keys.contains(word))
                    && (!chord.shift
                        || group.keys.contains("Shift")
                        || group.title.contains("Shift"))
            };
            assert!(command.keys.first().is_some_and(named), "{}: {}", group.keys, command.id);
        }
    }
}

#[test]
fn shift_is_of_no_account_where_no_command_asks_for_it() {
    let full = Full::new();
    let shift = |key| Chord { shift: true, ..Chord::plain(key) };
    let pressed = |chord| full.pressed(Focus::Canvas, chord);
    assert_eq!(pressed(Chord::plain(Key::Left)), Some("back"));
    assert_eq!(pressed(shift(Key::Left)), Some("window-back"));
    assert_eq!(pressed(shift(Key::Cap('R'))), Some("rates"));
    assert_eq!(pressed(Chord { ctrl: true, ..Chord::plain(Key::Cap('R')) }), None);
}

#[test]
fn bare_keys_belong_to_what_has_the_keyboard() {
    let full = Full::new();
    for (key, canvas, filter, other) in [
        (Key::Space, Some("pause"), None, None),
        (Key::Cap('R'), Some("rates"), None, None),
        (Key::Typed('/'), Some("filter"), None, None),
        (Key::Down, Some("row-below"), Some("row-below"), None),
        (Key::Enter, Some("show-row"), Some("show-row"), None),
        (Key::Function(2), Some("sources"), Some("sources"), Some("sources")),
        (Key::Escape, Some("close"), Some("close"), Some("close")),
        (Key::PageDown, Some("page-down"), Some("page-down"), Some("page-down")),
    ] {
        let pressed = |focus| full.pressed(focus, Chord::plain(key));
        let of = [Focus::Canvas, Focus::Filter, Focus::Other].map(pressed);
        assert_eq!(of, [canvas, filter, other], "{key:?}");
    }
}

#[test]
fn shift_and_the_arrows_are_for_notifications_while_they_are_listed() {
    let mut full = Full::new();
    let up = Chord { shift: true, ..Chord::plain(Key::Up) };
    assert_eq!(full.pressed(Focus::Canvas, up), Some("notification-above"));
    full.apply(Action::ToggleNotifications);
    assert_eq!(full.pressed(Focus::Canvas, up), Some("gather-above"));
}

#[test]
fn escape_closes_one_thing_at_a_time() {
    let mut full = Full::new();
    full.apply(Action::SetFilter("load".into()));
    full.apply(Action::SetNotificationFilter("9".into()));
    for action in [
        Action::ClosePane,
        Action::SetFilter(String::new()),
        Action::SetNotificationFilter(String::new()),
        Action::ToggleNotifications,
    ] {
        assert_eq!(full.steps(Focus::Canvas, &CLOSE), [Step::Do(action.clone())]);
        full.apply(action);
    }
    assert!(!full.ask(Focus::Canvas, |context| CLOSE.applies(context)), "nothing is open");
}

#[test]
fn escape_leaves_the_filter_and_only_then_clears_it() {
    let mut full = Full::new();
    full.apply(Action::SetFilter("load".into()));
    // The help stays, and so does what was typed.
    assert_eq!(full.steps(Focus::Filter, &CLOSE), [Step::LeaveFilter]);
    full.apply(Action::ClosePane);
    let clear = Action::SetFilter(String::new());
    assert_eq!(full.steps(Focus::Canvas, &CLOSE), [Step::Do(clear.clone())]);
    full.apply(clear);
    assert_eq!(full.steps(Focus::Filter, &CLOSE), [Step::LeaveFilter]);
}

#[test]
fn in_the_filter_enter_shows_what_it_chooses_and_without_a_sidebar_it_comes_first() {
    let mut full = Full::new();
    let enter = |full: &Full| {
        full.ask(Focus::Filter, |context| {
            of_chord(Chord::plain(Key::Enter), context).unwrap().steps(context)
        })
    };
    full.apply(Action::SetFilter("load".into()));
    // All that is chosen is a host or a plugin: it is shown, unless it is shown already.
    let shown = |scope: Option<&Scope>| scope.cloned().map(Action::Select).map(Step::Do);
    assert_eq!(enter(&full), [Step::LeaveFilter]);
    let host = scope_of_host("h");
    full.apply(Action::Select(scope_of_plugin("h", "load", "")));
    let steps: Vec<_> = shown(Some(&host)).into_iter().chain([Step::LeaveFilter]).collect();
    assert_eq!(enter(&full), steps);
    full.apply(Action::SetFilter("nothing such".into()));
    assert_eq!(enter(&full), [Step::LeaveFilter], "whatever is found");
    assert_eq!(full.steps(Focus::Canvas, &FILTER), [Step::EnterFilter]);
    full.apply(Action::ToggleSidebar);
    let steps = [Step::Do(Action::ToggleSidebar), Step::EnterFilter];
    assert_eq!(full.steps(Focus::Canvas, &FILTER), steps);
}

#[test]
fn hints_name_a_command_and_its_key() {
    assert_eq!(Keymap::default().hint(&command::PAUSE), "Pause / resume (Space)");
    assert_eq!(Keymap::default().hint(&command::UNDO_ZOOM), "Undo zoom (Backspace)");
    assert_eq!(Keymap::default().hint(&command::SIDEBAR), "Show or hide the sidebar (Ctrl+B)");
    assert_eq!(Keymap::default().hint(&command::HELP), "Show this help (?)");
    assert_eq!(Keymap::default().hint(&command::WIDTHS[2]), "Window of 5m (3)");
    assert_eq!(Keymap::default().hint(&command::THEME), command::THEME.title);
}

#[test]
fn the_arrows_belong_to_the_table_of_hosts_unless_the_sidebar_has_them() {
    let [.., mut fleet] = Full::all();
    let pressed = |full: &Full, key| full.pressed(Focus::Canvas, Chord::plain(key));
    let all = |full: &Full| [Key::Down, Key::Enter, Key::Function(6)].map(|key| pressed(full, key));
    let of_table = [Some("host-below"), Some("show-host"), Some("enter-table")];
    assert_eq!(all(&fleet), of_table);
    fleet.apply(Action::SetCursor(0));
    assert_eq!(fleet.view.host_cursor, None);
    assert_eq!(all(&fleet), [Some("row-below"), Some("show-row"), Some("enter-table")]);
    let to_table = fleet.steps(Focus::Canvas, commands().find(|c| c.id == "enter-table").unwrap());
    for step in to_table {
        let Step::Do(action) = step else { panic!("{step:?}") };
        fleet.apply(action);
    }
    assert_eq!(fleet.view.cursor, None);
    assert_eq!(all(&fleet), of_table);
    // Typing into its filter is no command.
    assert_eq!(fleet.pressed(Focus::Text, Chord::plain(Key::Down)), None);
    let again = fleet.steps(Focus::Canvas, &FLEET);
    assert_eq!(again, [Step::FilterHosts]);
    // Raw values make no table.
    assert_eq!(pressed(&fleet, Key::Cap('R')), None);
}
