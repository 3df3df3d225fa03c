//! Tabs and layouts: kept, saved, opened, and what went wrong with them.

use super::*;
use crate::metric::SeriesKey;
use crate::view::layout_file;
use crate::view::layouts::SaveOutcome;
use crate::view::names::{LayoutSource, To};
use crate::view::selector::Selector;
use crate::view::{DrawnAs, TileAction};

fn began_with(text: &str) -> Story {
    let workspace = Some(layout_file::read(text).workspace);
    let start = Start { workspace, is_kept: true, ..Start::default() };
    Story { session: Session::new(start), ingest: Ingest::new(), now: BEGIN }
}

fn draw(words: &str, panels: DrawnAs) -> Action {
    Action::Draw { show: vec![Selector::new(words)], panels, to: To::NewTab }
}

fn save(name: Option<&str>) -> Action {
    Action::SaveLayout { source: name.map(named), anyway: false }
}

fn named(name: &str) -> LayoutSource {
    LayoutSource::Named(name.to_owned())
}

fn kept(effects: &[Effect]) -> Vec<&str> {
    let kept = effects.iter().filter_map(|effect| match effect {
        Effect::KeepWorkspace(text) => Some(text.as_str()),
        _ => None,
    });
    kept.collect()
}

impl Story {
    fn saved(&mut self, source: &LayoutSource, text: &str, outcome: SaveOutcome) {
        let (source, text) = (source.clone(), text.to_owned());
        self.session.answer(Answer::LayoutSaved { source, text, outcome });
    }

    fn is_changed(&self) -> bool {
        let view = self.session.view();
        view.layouts.is_changed(&view.workspace)
    }
}

#[test]
fn a_panel_for_what_is_not_received_yet_fills_by_itself() {
    let mut story = began_with("[[tab]]\nshow = 'plugin:load ds:shortterm'\n");
    story.second();
    assert!(story.titles().is_empty());
    story.loads("a", &[1.0]);
    assert_eq!(story.titles(), ["Load, 1 min a"]);
    story.loads("b", &[1.0]);
    assert_eq!(story.titles(), ["Load, 1 min "]);
    let lines = &story.state()["panels"][0]["lines"];
    assert_eq!((&lines[0]["label"], &lines[1]["label"]), (&"a".into(), &"b".into()));
}

#[test]
fn an_overview_of_a_host_that_is_gone_says_so_until_it_is_back() {
    let mut story = began_with("[[tab]]\noverview = 'gone'\n");
    story.loads("a", &[1.0]);
    assert!(story.titles().is_empty(), "nobody asked for another host");
    let screen = story.session.screen(story.now(), 0.0);
    assert_eq!(screen.nothing_drawn(), "Nothing was received from gone yet");
    story.loads("gone", &[1.0]);
    assert_eq!(story.titles(), ["Load gone"]);
}

#[test]
fn what_the_user_changes_is_kept_and_what_time_changes_is_not() {
    let mut story = began_with("[[tab]]\noverview = ''\n");
    story.loads("a", &[1.0; 3]);
    story.session.effects().for_each(drop);
    story.loads("a", &[1.0; 90]);
    let effects: Vec<_> = story.session.effects().collect();
    assert_eq!(kept(&effects), [""; 0], "the window grows by itself");
    let effects = story.apply(draw("plugin:load", DrawnAs::One));
    let [text] = kept(&effects)[..] else { panic!("{effects:?}") };
    assert!(text.contains("show = \"plugin:load\"") && text.contains("shown = 2"), "{text}");
    // What is picked because it was the first is no choice.
    assert!(text.contains("overview = \"\""), "{text}");
    let again = began_with(text);
    assert_eq!(again.session.view().workspace.tabs().len(), 2);
    assert_eq!(kept(&story.apply(Action::SetWidth(Interval::from_secs(900)))).len(), 1);
    assert_eq!(kept(&story.apply(Action::TogglePause)).len(), 0);
}

#[test]
fn a_session_of_a_capture_keeps_nothing() {
    let mut story = Story::new();
    story.loads("a", &[1.0]);
    assert_eq!(kept(&story.apply(Action::NewTab)).len(), 0);
}

#[test]
fn a_layout_is_saved_under_a_name_and_an_asterisk_says_what_is_not() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    assert!(!story.is_changed(), "no layout is open");
    story.apply(save(None));
    let said = story.session.messages.last().unwrap();
    assert_eq!(said, "cannot save the layout: give it a name first");
    story.apply(save(Some("../x")));
    assert!(story.session.messages.last().unwrap().contains("must not begin with a dot"));
    let effects = story.apply(save(Some("Web tier")));
    let [Effect::SaveLayout { source, text, was: None }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(*source, named("Web tier"));
    story.saved(source, text, SaveOutcome::Saved);
    let layouts = &story.session.view().layouts;
    assert_eq!((layouts.name(), story.is_changed()), (Some("Web tier"), false));
    story.apply(Action::NewTab);
    assert!(story.is_changed());
    story.apply(Action::Undo);
    assert!(!story.is_changed());
    story.apply(Action::NewTab);
    // The next time it is known what the file should hold.
    let effects = story.apply(save(None));
    assert!(
        matches!(&effects[0], Effect::SaveLayout { was: Some(was), .. } if was == text),
        "{effects:?}"
    );
}

#[test]
fn a_layout_that_changed_on_disk_is_replaced_only_when_asked() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    story.apply(save(Some("web")));
    story.saved(&named("web"), "…", SaveOutcome::ChangedOnDisk);
    let layouts = &story.session.view().layouts;
    assert_eq!((layouts.name(), &layouts.changed_on_disk), (None, &Some(named("web"))));
    assert!(story.session.messages.last().unwrap().contains("\"web\" was not saved"));
    let anyway = Action::SaveLayout { source: Some(named("web")), anyway: true };
    let effects = story.apply(anyway);
    assert!(matches!(&effects[0], Effect::ReplaceLayout { .. }), "{effects:?}");
    story.saved(&named("web"), "…", SaveOutcome::Failed("the disk is full".into()));
    assert_eq!(story.session.messages.last().unwrap(), "the disk is full");
}

#[test]
fn a_layout_is_opened_and_what_was_there_can_be_brought_back() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    story.loads("a", &[1.0]);
    let effects = story.apply(Action::OpenLayout(named("net")));
    assert_eq!(effects, [Effect::LoadLayout(named("net"))]);
    let text = "[[tab]]\nname = 'Net'\nshow = 'interface'\ncolour = 1\n".to_owned();
    story.session.answer(Answer::LayoutLoaded(named("net"), Ok(text)));
    let tab =
        |story: &Story| story.session.view().tab().title(&crate::view::aliases::Aliases::default());
    assert_eq!(tab(&story), "Net");
    assert!(story.session.messages.last().unwrap().starts_with("layout: line 4: unknown key"));
    story.apply(Action::Undo);
    assert_eq!(tab(&story), "load");
    let why = "cannot open the layout: there is no such file".to_owned();
    story.session.answer(Answer::LayoutLoaded(named("none"), Err(why.clone())));
    assert_eq!((story.session.messages.last(), tab(&story).as_str()), (Some(&why), "load"));
    story.apply(Action::OpenBuiltIn("Network"));
    assert_eq!(tab(&story), "Network");
    story.session.answer(Answer::LayoutNames(vec!["net".into(), "web".into()]));
    let effects = story.apply(Action::DeleteLayout("net".into()));
    assert_eq!(effects[0], Effect::DeleteLayout("net".into()));
    story.session.answer(Answer::LayoutDeleted("net".into(), Ok(())));
    assert_eq!(story.session.view().layouts.names, ["web"]);
}

#[test]
fn a_layout_of_any_file_is_replaced_where_it_is() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    let file = LayoutSource::File("/srv/team.toml".into());
    let text = "[[tab]]\nshow = 'cpu'\n".to_owned();
    story.session.answer(Answer::LayoutLoaded(file.clone(), Ok(text)));
    story.apply(Action::NewTab);
    story.apply(save(None));
    story.saved(&file, "…", SaveOutcome::ChangedOnDisk);
    let changed = story.session.view().layouts.changed_on_disk.clone();
    assert_eq!(changed, Some(file.clone()));
    let effects = story.apply(Action::SaveLayout { source: changed, anyway: true });
    let [Effect::ReplaceLayout { source, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*source, file);
}

#[test]
fn what_is_brought_back_is_saved_where_it_came_from() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    let open = |story: &mut Story, name: &str, show: &str| {
        let text = format!("[[tab]]\nshow = '{show}'\n");
        story.session.answer(Answer::LayoutLoaded(named(name), Ok(text)));
    };
    open(&mut story, "a", "cpu");
    open(&mut story, "b", "df");
    story.apply(Action::Undo);
    let name = |story: &Story| story.session.view().layouts.name().map(str::to_owned);
    assert_eq!((name(&story), story.is_changed()), (Some("a".into()), false));
    story.apply(Action::NewTab);
    let effects = story.apply(save(None));
    let Effect::SaveLayout { source, was: Some(was), text } = &effects[0] else {
        panic!("{effects:?}")
    };
    assert_eq!((source, was.as_str()), (&named("a"), "[[tab]]\nshow = 'cpu'\n"));
    // What is known of its file by now is not taken back with the tabs.
    story.saved(&named("a"), &text.clone(), SaveOutcome::Saved);
    story.apply(Action::Undo);
    assert!(story.is_changed());
    let effects = story.apply(save(None));
    let Effect::SaveLayout { was, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(was.as_ref(), Some(text));
    story.apply(Action::Undo);
    assert_eq!(name(&story), None);
    story.apply(Action::Redo);
    assert_eq!(name(&story), Some("a".into()));
}

#[test]
fn saving_under_another_name_is_not_taken_back_with_the_tabs() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    let text = "[[tab]]\nshow = 'cpu'\n".to_owned();
    story.session.answer(Answer::LayoutLoaded(named("a"), Ok(text)));
    story.apply(Action::NewTab);
    let effects = story.apply(save(Some("c")));
    let Effect::SaveLayout { source, text, .. } = &effects[0] else { panic!("{effects:?}") };
    story.saved(source, text, SaveOutcome::Saved);
    story.apply(Action::Undo);
    assert_eq!(story.session.view().layouts.name(), Some("c"));
    story.apply(Action::Undo);
    assert_eq!(story.session.view().layouts.name(), None);
    story.apply(Action::Redo);
    assert_eq!(story.session.view().layouts.name(), Some("c"));
}

#[test]
fn what_was_changed_while_it_was_written_is_not_saved() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    let effects = story.apply(save(Some("web")));
    let Effect::SaveLayout { source, text, .. } = &effects[0] else { panic!("{effects:?}") };
    story.apply(Action::NewTab);
    story.saved(source, text, SaveOutcome::Saved);
    assert!(story.is_changed());
    story.apply(Action::Undo);
    assert!(!story.is_changed());
}

#[test]
fn the_first_host_is_no_choice_until_something_of_it_is_changed() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    story.apply(Action::OpenBuiltIn("Overview"));
    story.loads("a", &[1.0]);
    assert!(!story.is_changed());
    let identifier = Identifier::new("a", "load", "", "load", "").into();
    let keys = vec![SeriesKey { identifier, ds: "shortterm".into() }];
    let effects = story.apply(Action::SetShown { keys, shown: false });
    assert!(story.is_changed());
    let [text] = kept(&effects)[..] else { panic!("{effects:?}") };
    assert!(text.contains("overview = \"a\"") && text.contains("shortterm"), "{text}");
}

#[test]
fn more_tabs_and_panels_than_there_may_be_are_refused_in_words() {
    let mut story = Story::new();
    for _ in 0..=TABS_MAX {
        story.apply(Action::NewTab);
    }
    assert_eq!(story.session.view().workspace.tabs().len(), TABS_MAX);
    story.loads("a", &[1.0]);
    story.apply(draw("load", DrawnAs::One));
    let said = story.session.messages.last().unwrap();
    assert!(
        said.starts_with("there is no room for more: there may be 100 tabs, with 200 panels"),
        "{said}"
    );
    // So is one that has no panels.
    let mut story = Story::new();
    for _ in 1..TABS_MAX {
        story.apply(Action::NewTab);
    }
    assert!(story.session.messages.is_empty());
    story.apply(Action::NewTab);
    assert_eq!(story.session.messages.len(), 1);
}

#[test]
fn every_tab_is_as_wide_as_is_wanted_though_only_the_one_on_screen_grows() {
    let mut story =
        began_with("[[tab]]\noverview = ''\n\n[[tab]]\nshow = 'load'\nwindow = '15m'\n");
    let wide = |story: &Story| story.session.view().window().width().secs_f64();
    let ids: Vec<_> = story.session.view().workspace.tabs().iter().map(|tab| tab.id).collect();
    let wanted = wide(&story);
    story.loads("a", &[1.0; 20]);
    let narrow = wide(&story);
    assert!(narrow < wanted, "{narrow}");
    // What is opened now is as wide as this will be.
    story.apply(Action::NewTab);
    story.apply(Action::ShowTab(ids[1]));
    assert!(wide(&story) < 900.0);
    story.apply(Action::ShowTab(ids[0]));
    let tabs = story.session.view().workspace.tabs();
    let widths: Vec<_> = tabs.iter().map(|tab| tab.window.width().secs_f64()).collect();
    assert_eq!(widths, [narrow, wanted, 900.0]);
    story.loads("a", &[1.0; 400]);
    assert_eq!(wide(&story), wanted);
}

#[test]
fn a_tab_that_is_as_wide_as_the_growing_one_is_for_now_stays_so() {
    let mut story = began_with("[[tab]]\noverview = ''\n\n[[tab]]\nshow = 'load'\nwindow = '1m'\n");
    let ids: Vec<_> = story.session.view().workspace.tabs().iter().map(|tab| tab.id).collect();
    story.loads("a", &[1.0; 5]);
    let minute = Interval::from_secs(60);
    assert_eq!(story.session.view().window().width(), minute, "on its way to five");
    story.apply(Action::ShowTab(ids[1]));
    story.loads("a", &[1.0; 100]);
    assert_eq!(story.session.view().window().width(), minute);
}

#[test]
fn what_changes_nothing_leaves_the_panels_to_the_catalogue() {
    let mut story = Story::new();
    story.loads("a", &[1.0]);
    let panel = story.session.derived().order[0];
    let is_auto = |story: &Story| story.session.view().selection().is_some();
    story.apply(Action::Tile(TileAction::Rename { panel, title: " ".into() }));
    assert!(is_auto(&story) && !story.session.view().history.can_undo());
    story.apply(Action::Tile(TileAction::Rename { panel, title: "Mine".into() }));
    assert_eq!((is_auto(&story), story.titles()), (false, vec!["Mine a".to_owned()]));
    // Both are one step.
    story.apply(Action::Undo);
    assert_eq!((is_auto(&story), story.titles()), (true, vec!["Load a".to_owned()]));
    assert!(!story.session.view().history.can_undo());
}

#[test]
fn a_panel_of_the_catalogue_keeps_its_number_when_others_come() {
    let mut story = Story::new();
    story.loads("a", &[1.0]);
    let panel = story.session.derived().order[0];
    story.apply(Action::PointPanel(Some(panel)));
    story.send_list(&Identifier::new("a", "cpu", "", "percent", "user"), &[Value::Gauge(1.0)]);
    story.second();
    assert_eq!(story.titles()[0], "CPU a");
    assert_eq!(story.session.derived().order[1], panel);
    story.apply(Action::Tile(TileAction::Rename { panel, title: "Mine".into() }));
    assert_eq!(story.titles()[1], "Mine a");
    // One that is gone is nothing keys are about.
    assert_eq!(story.session.view().tab().panel, Some(panel));
    story.apply(Action::Undo);
    story.apply(Action::Select(host("b")));
    story.apply(Action::PointPanel(Some(panel)));
    assert_eq!(story.session.view().tab().panel, None);
}

#[test]
fn what_is_drawn_where_the_catalogue_has_nothing_gets_a_tab() {
    let mut story = Story::new();
    let show = vec![Selector::new("plugin:load")];
    let to = To::Here(crate::view::names::Spot::End);
    story.apply(Action::Draw { show, panels: DrawnAs::One, to });
    story.loads("a", &[1.0]);
    assert_eq!(story.session.view().workspace.tabs().len(), 2);
    assert_eq!(story.titles(), ["Load a"]);
}

#[test]
fn the_largest_are_those_whose_values_are_known_by_then() {
    let mut story = began_with("[[tab]]\nshow = 'plugin:interface ds:rx'\n");
    let send = |story: &mut Story, packets: i64| {
        for n in 0..60 {
            let names = Identifier::new("a", "interface", &format!("eth{n}"), "if_octets", "");
            let octets = Value::Derive(packets * 1_000 * (n + 1));
            story.send_list(&names, &[octets, octets]);
        }
        story.second();
    };
    send(&mut story, 1);
    let eths = |story: &Story| -> (usize, Vec<String>) {
        let panel = &story.session.derived().panels[0];
        (panel.left_out, panel.drawn().map(|line| line.label.clone()).collect())
    };
    assert_eq!(eths(&story).0, 10);
    send(&mut story, 2);
    send(&mut story, 3);
    let (left_out, largest) = eths(&story);
    assert_eq!((left_out, largest.len()), (10, 50));
    assert!(!largest.iter().any(|eth| eth == "eth9") && largest.contains(&"eth59".to_owned()));
    // From then on they stay, whatever is largest.
    let made = story.session.derived().panels_revision;
    send(&mut story, 4);
    send(&mut story, 5);
    assert_eq!((eths(&story).1, story.session.derived().panels_revision), (largest, made));
}

#[test]
fn raw_values_are_kept_too() {
    let mut story = began_with("[[tab]]\nshow = 'load'\n");
    assert_eq!(kept(&story.apply(Action::ToggleMode)).len(), 1);
}

#[test]
fn a_hundred_steps_are_taken_back_and_done_again() {
    let mut story = Story::new();
    story.loads("a", &[1.0]);
    story.apply(Action::NewTab);
    let names = |story: &Story| {
        let view = story.session.view();
        view.workspace.tabs().iter().map(|tab| tab.title(view.aliases())).collect::<Vec<_>>()
    };
    let tab = story.session.view().tab().id;
    let all: Vec<_> = (0..150)
        .map(|n| {
            story.apply(Action::RenameTab { tab, name: format!("{n}") });
            names(&story)
        })
        .collect();
    for expected in all[49..149].iter().rev() {
        story.apply(Action::Undo);
        assert_eq!(names(&story), *expected);
    }
    story.apply(Action::Undo);
    assert_eq!(names(&story), all[49], "no more than a hundred");
    for expected in &all[50..] {
        story.apply(Action::Redo);
        assert_eq!(names(&story), *expected);
    }
    // Something new ends what could be done again.
    story.apply(Action::Undo);
    story.apply(Action::NewTab);
    assert!(!story.session.view().history.can_redo());
}

#[test]
fn one_drag_of_a_divider_is_one_step() {
    let mut story =
        began_with("[[tab]]\n[[tab.columns]]\nshow = 'a'\n[[tab.columns]]\nshow = 'b'\n");
    let text = |story: &Story| layout_file::print(&story.session.view().workspace);
    story.second();
    let before = text(&story);
    for (share, gesture) in [(1.1, 1), (1.2, 1), (1.3, 1), (1.4, 2)] {
        let shares = vec![share, 2.0 - share];
        story.apply(Action::Tile(TileAction::Resize { path: Vec::new(), shares, gesture }));
    }
    story.apply(Action::Undo);
    assert!(text(&story).contains("share = 1.3"), "{}", text(&story));
    story.apply(Action::Undo);
    assert_eq!(text(&story), before);
}
