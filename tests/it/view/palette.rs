//! The palette: what is found for a text, in which order, and what choosing it does.

use super::*;
use collectoscope::view::chord::{Chord, Key};
use collectoscope::view::command::{Context, Focus, MARK_SEEN, PALETTE, Step, commands};
use collectoscope::view::fleet::table::Table;
use collectoscope::view::keymap::Keymap;
use collectoscope::view::notifications::Listed;
use collectoscope::view::palette::{
    AT_ONCE_MAX, Found, Kind, Press, ROWS_MAX, ROWS_SHOWN, Results, SEARCH_CHARS_MAX, Search, steps,
};
use collectoscope::view::pick::Picking;
use collectoscope::view::recent::{Item, RECENT_MAX};
use collectoscope::view::tree::Rows;
use collectoscope::view::{Action, Moment, Preferences, View};
use std::collections::HashMap;

/// What is known, the choices, and what the palette found.
struct Open {
    screen: Screen,
    view: View,
    results: Results,
}

impl Open {
    /// The palette is open over hosts that send these.
    fn over(names: &[&str]) -> Self {
        let mut screen = Screen::new(10.0);
        names.iter().for_each(|name| screen.send(name, 0.0, &sample_of(name)));
        screen.receive();
        let view = View::new(&Preferences::default());
        let mut open = Self { screen, view, results: Results::default() };
        open.apply(Action::OpenPalette);
        open
    }

    fn apply(&mut self, action: Action) {
        let moment = Moment {
            now: at(0.0),
            values: 0,
            oldest: None,
            notifications: Default::default(),
            rules: Vec::new(),
            own: None,
        };
        self.view.apply(action, &moment);
        self.update();
    }

    fn update(&mut self) {
        let mut results = std::mem::take(&mut self.results);
        let job = self.ask(|context| results.update(context));
        if let Some(job) = job {
            results.take(job.run(&|_| true).unwrap());
        }
        self.results = results;
    }

    fn ask<T>(&self, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        let (drawn, rows, listed) = (HashMap::new(), Rows::default(), Listed::default());
        let Screen { store, graphs, .. } = &self.screen;
        ask(&Context {
            fleet: &Table::default(),
            host_cursor: None,
            picking: Picking { store, graphs, view: &self.view, drawn: &drawn },
            rows: &rows,
            listed: &listed,
            cursor: None,
            panels: &[],
            chosen: None,
            focus: Focus::Canvas,
        })
    }

    fn find(&mut self, text: &str) -> Vec<&str> {
        self.apply(Action::SetPaletteText(text.into()));
        self.labels()
    }

    fn labels(&self) -> Vec<&str> {
        self.results.rows.iter().map(|found| found.label.as_str()).collect()
    }

    #[track_caller]
    fn first(&mut self, text: &str) -> Found {
        self.find(text);
        self.results.rows.first().unwrap_or_else(|| panic!("nothing for {text}")).clone()
    }

    fn steps(&self, item: &Item) -> Vec<Step> {
        self.ask(|context| steps(item, context))
    }
}

fn command(id: &'static str) -> Item {
    Item::Command(id)
}

#[track_caller]
fn check_first(names: &[&str], text: &str, label: &str) {
    assert_eq!(Open::over(names).first(text).label, label, "{text}");
}

const FLEET: [&str; 5] = [
    "db-1/cpu-0/percent-user",
    "db-1/load/load",
    "web-1/cpu-0/percent-user",
    "web-1/load/load",
    "web-10/load/load",
];

#[test]
fn what_begins_as_typed_comes_before_letters_that_are_scattered() {
    check_first(&["a-b-c/load/load", "xabc/load/load", "abc/load/load"], "abc", "abc");
    check_first(&["pegasus-a-use/load/load"], "pause", "Pause / resume");
    check_first(&FLEET, "web-1", "web-1");
    check_first(&FLEET, "load", "db-1 › load");
    check_first(&FLEET, "Go L", "Go live");
}

#[test]
fn a_plugin_of_a_host_is_found_by_words_however_they_are_put_together() {
    for text in ["web-1 cpu", "cpu web-1", "web-1/cpu", "web-1 › cpu-0", "w1 cpu", "WEB1CPU"] {
        check_first(&FLEET, text, "web-1 › cpu-0");
    }
}

#[test]
fn of_a_plugin_that_all_hosts_have_the_one_of_the_host_on_the_canvas_comes_first() {
    let mut open = Open::over(&FLEET);
    assert_eq!(open.find("load"), ["db-1 › load", "web-1 › load", "web-10 › load"]);
    open.apply(Action::Select(scope_of_host("web-10")));
    let found = open.find("loa");
    assert_eq!(found[..3], ["web-10 › load", "db-1 › load", "web-1 › load"]);
}

#[test]
fn commands_are_found_by_title_and_by_other_words_which_count_less() {
    let mut open = Open::over(&FLEET);
    assert_eq!(open.first("freeze").item, command("pause"));
    assert_eq!(open.first("dark").item, command("theme"));
    let found = open.first("hide sidebar");
    let key = Keymap::default().label_of("sidebar");
    assert_eq!((found.kind, &*key), (Kind::Command, "Ctrl+B"));
    assert_eq!(found.label, "Show or hide the sidebar");
    // Of equals the one that stands first in the table.
    assert_eq!(open.find("window of")[..2], ["Window of 10s", "Window of 1m"]);
    // "Filter the sidebar" is found by "find" only.
    assert_eq!(open.first("find").item, command("filter"));
    assert!(open.results.rows[0].marks.is_empty());
    // And this by "threshold", not by the letters that its title has too.
    open.find("res");
    let found = |label: &str| open.results.rows.iter().find(|found| found.label == label).unwrap();
    assert!(found("Show or hide the notifications").marks.is_empty());
    assert_eq!(found("Pause / resume").marks.len(), 1);
}

#[test]
fn letters_that_are_scattered_about_by_chance_are_no_match() {
    let mut open = Open::over(&FLEET);
    // As in "Scroll the panels up".
    let found = open.find("cpu");
    assert_eq!(found, ["db-1 › cpu-0", "web-1 › cpu-0"]);
    assert!(open.find("xyzzy").is_empty());
    assert_eq!(open.results.note(), "Nothing matches");
}

#[test]
fn commands_that_would_do_nothing_now_are_not_offered() {
    let mut open = Open::over(&FLEET);
    assert!(!open.find("mark all notif").contains(&MARK_SEEN.title));
    super::notifications::notify(
        &mut open.screen,
        vec![super::notifications::failure(["db-1", "load", "", "load", ""], 1.0)],
    );
    assert_eq!(open.first("mark all noti").item, command("mark-seen"));
    // It is open already.
    assert!(!open.find("palette").contains(&PALETTE.title));
    let offered = |open: &Open| {
        let all = commands().filter(|command| open.ask(|context| command.applies(context)));
        all.count()
    };
    open.find("");
    let kinds = open.results.rows.iter().filter(|found| found.kind == Kind::Command);
    assert_eq!(kinds.count(), offered(&open) - 1);
}

#[test]
fn before_anything_is_typed_come_what_was_chosen_lately_then_commands_then_hosts() {
    let mut open = Open::over(&FLEET);
    let all = open.labels();
    assert_eq!((all[0], *all.last().unwrap()), ("Pause / resume", "web-10"));
    let count = all.len();
    let load = Item::Scope(scope_of_plugin("web-1", "load", ""));
    for item in [command("rates"), load, command("mark-seen"), Item::Scope(scope_of_host("gone"))] {
        open.apply(Action::Choose(item));
    }
    assert!(open.view.palette.is_none() && open.labels().is_empty());
    open.apply(Action::OpenPalette);
    let all = open.labels();
    // What does not apply, and what is no longer there, is left out.
    assert_eq!(all[..3], ["web-1 › load", "Show counters as rates / raw values", "Pause / resume"]);
    assert_eq!(all.len(), count + 1, "each once");
    open.apply(Action::Choose(command("rates")));
    open.apply(Action::OpenPalette);
    assert_eq!(open.labels()[0], "Show counters as rates / raw values");
}

#[test]
fn what_was_chosen_is_kept_up_to_a_bound() {
    let mut open = Open::over(&FLEET);
    for n in 0..100 {
        open.apply(Action::Choose(Item::Scope(scope_of_host(&format!("h{n}")))));
    }
    let items = open.view.recent.items();
    assert_eq!(items.len(), RECENT_MAX);
    assert_eq!(items[0], Item::Scope(scope_of_host("h99")));
}

#[test]
fn of_many_that_match_the_best_are_kept_in_the_order_of_the_tree() {
    let names: Vec<_> = (1..=200).map(|n| format!("web-{n}/load/load")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut open = Open::over(&names);
    let found = open.find("web-1");
    assert_eq!(found.len(), ROWS_MAX);
    assert_eq!(found[..4], ["web-1", "web-10", "web-11", "web-12"]);
    assert_eq!(
        open.results.note(),
        format!("The best {ROWS_MAX} of {} matches", open.results.matched)
    );
    assert_eq!(open.first("web-177").label, "web-177");
}

#[test]
fn choosing_shows_a_host_or_a_plugin_and_does_what_a_command_does() {
    let open = Open::over(&FLEET);
    let (host, load) = (scope_of_host("web-1"), scope_of_plugin("web-1", "load", ""));
    let opened =
        |scope: &Scope| Step::Do(Action::SetOpen { row: scope.clone().into(), open: true });
    let chosen = |item: &Item| Step::Do(Action::Choose(item.clone()));
    let item = Item::Scope(load.clone());
    let shown = Step::Do(Action::Select(load.clone()));
    assert_eq!(open.steps(&item), [chosen(&item), opened(&host), opened(&load), shown]);
    let item = command("filter");
    assert_eq!(open.steps(&item), [chosen(&item), Step::EnterFilter]);
    // It no longer applies.
    let item = command("mark-seen");
    assert_eq!(open.steps(&item), [chosen(&item)]);
}

#[test]
fn the_letters_that_were_typed_stand_out() {
    let mut open = Open::over(&["größe-1/load/load", "web-1/load/load"]);
    let marked = |found: &Found| -> Vec<String> {
        found.marks.iter().map(|mark| found.label[mark.clone()].to_owned()).collect()
    };
    assert_eq!(marked(&open.first("web load")), ["web", "load"]);
    assert_eq!(marked(&open.first("w1")), ["w", "1"]);
    assert_eq!(marked(&open.first("größ load")), ["größ", "load"]);
    // Accents may be left out.
    assert_eq!(marked(&open.first("gro load")), ["grö", "load"]);
    assert!(open.first("").marks.is_empty());
}

#[test]
fn names_of_any_script_are_found() {
    let names = ["сервер-1/load/load", "日本-2/load/load", "سرور/load/load", "🐮/load/load"];
    for (text, label) in [("СЕРВ", "сервер-1"), ("日本", "日本-2"), ("سرور", "سرور"), ("🐮", "🐮")]
    {
        check_first(&names, text, label);
    }
}

#[test]
fn what_would_hide_or_reorder_is_written_out() {
    let mut open = Open::over(&["evil\u{202e}x\n/load/load"]);
    for (text, label) in
        [("evil", "evil\\u{202e}x\\u{a}"), ("evil load", "evil\\u{202e}x\\u{a} › load")]
    {
        assert_eq!(open.first(text).label, label);
    }
}

#[test]
fn a_text_without_end_is_cut_and_finds_nothing() {
    let mut open = Open::over(&FLEET);
    assert!(open.find(&"web".repeat(10_000)).is_empty());
    let text = &open.view.palette.as_ref().unwrap().text;
    assert_eq!(text.chars().count(), SEARCH_CHARS_MAX);
    // Words that are all there are found, however often.
    assert_eq!(open.first(&"web-10 ".repeat(10_000)).label, "web-10");
    let name = "n".repeat(127);
    check_first(
        &[&format!("{name}/{name}-{name}/load")],
        &name.repeat(3),
        &format!("{name} › {name}-{name}"),
    );
}

#[test]
fn names_for_which_a_frame_cannot_wait_are_ranked_beside_it() {
    let names: Vec<_> = (0..AT_ONCE_MAX).map(|n| format!("web-{}/p{n}/gauge", n % 100)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut open = Open::over(&names);
    let moment = Moment {
        now: at(0.0),
        values: 0,
        oldest: None,
        notifications: Default::default(),
        rules: Vec::new(),
        own: None,
    };
    let type_ = |open: &mut Open, text: &str| {
        open.view.apply(Action::SetPaletteText(text.into()), &moment);
        let mut results = std::mem::take(&mut open.results);
        let job = open.ask(|context| results.update(context));
        open.results = results;
        job
    };
    let job = type_(&mut open, "p9999").unwrap();
    assert!(open.results.is_pending());
    assert!(open.results.note().starts_with("Searching 10,"), "{}", open.results.note());
    assert!(type_(&mut open, "p9999").is_none(), "it runs already");
    // It says how far it is, and stops where nobody waits for it.
    let parts = std::cell::RefCell::new(Vec::new());
    let go_on = |part: f32| {
        parts.borrow_mut().push(part);
        false
    };
    assert!(job.run(&go_on).is_none());
    assert!(parts.borrow().len() == 1 && parts.borrow()[0] < 0.6, "{parts:?}");
    // Hosts and commands are there at once, and stay where the rest comes.
    let other = type_(&mut open, "web-7").unwrap();
    assert_eq!(open.labels()[0], "web-7");
    open.results.take(job.run(&|_| true).unwrap());
    assert!(open.results.is_pending(), "that was for another text");
    open.results.take(other.run(&|_| true).unwrap());
    assert!(!open.results.is_pending());
    assert_eq!((open.labels().len(), open.labels()[0]), (ROWS_MAX, "web-7"));
    // And where it fails what was found stays.
    assert!(type_(&mut open, "web-8").is_some());
    open.results.give_up();
    assert!(!open.results.is_pending() && open.labels()[0] == "web-8");
}

#[test]
fn the_jobs_rows_are_those_of_a_frame_that_waits() {
    let names: Vec<_> = (0..2_000).map(|n| format!("web-{}/p{n}/gauge", n % 100)).collect();
    let few: Vec<_> = names.iter().map(String::as_str).collect();
    let more: Vec<_> = (0..AT_ONCE_MAX).map(|n| format!("other/x{n}/gauge")).collect();
    let many: Vec<_> = few.iter().copied().chain(more.iter().map(String::as_str)).collect();
    let (mut few, mut many) = (Open::over(&few), Open::over(&many));
    for text in ["web-7 p1", "p19", "9", "show"] {
        assert_eq!(few.find(text), many.find(text), "{text}");
    }
}

#[test]
fn results_stay_as_they_are_until_something_else_is_typed_unless_there_are_none() {
    let mut open = Open::over(&FLEET);
    assert_eq!(open.find("web-2"), Vec::<&str>::new());
    open.screen.send("web-2/load/load", 1.0, &gauges(&[1.0; 3]));
    open.screen.receive();
    open.update();
    assert_eq!(open.labels()[0], "web-2");
    open.find("web");
    let before = open.results.rows.clone();
    open.screen.send("web/load/load", 1.0, &gauges(&[1.0; 3]));
    open.screen.receive();
    open.update();
    assert_eq!(open.results.rows, before);
    assert_eq!(open.first("we").label, "web");
}

#[test]
fn keys_move_within_the_rows_and_the_others_belong_to_the_text() {
    let keymap = Keymap::default();
    let mut open = Open::over(&FLEET);
    open.find("");
    let last = open.results.rows.len() - 1;
    for (key, from, to) in [
        (Key::Down, 0, 1),
        (Key::Down, last, last),
        (Key::Up, 0, 0),
        (Key::Up, 5, 4),
        (Key::PageDown, 3, 3 + ROWS_SHOWN),
        (Key::PageUp, 3, 0),
        (Key::End, 3, last),
        (Key::Home, 3, 0),
    ] {
        let press = Press::of(Chord::plain(key), &keymap).unwrap();
        assert_eq!(open.results.moved(from, press), to, "{key:?} from {from}");
    }
    for key in [Key::Left, Key::Space, Key::Backspace, Key::Cap('A'), Key::Typed('?')] {
        assert_eq!(Press::of(Chord::plain(key), &keymap), None);
    }
    assert_eq!(Press::of(Chord::shift(Key::Home), &keymap), None, "selects text");
    assert_eq!(Press::of(PALETTE.keys[0], &keymap), Some(Press::Close));
    assert_eq!(Results::default().moved(0, Press::Down), 0);
}

#[test]
fn another_text_begins_at_its_first_row() {
    let mut open = Open::over(&FLEET);
    open.apply(Action::SetPaletteRow(7));
    open.apply(Action::SetPaletteText("web".into()));
    assert_eq!(open.view.palette, Some(Search { text: "web".into(), row: 0 }));
    open.apply(Action::ClosePalette);
    open.apply(Action::SetPaletteText("late".into()));
    assert_eq!(open.view.palette, None);
}
