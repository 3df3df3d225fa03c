//! Which notifications are listed, and which panels they mark where.

use super::*;
use collectoscope::ingest::Batch;
use collectoscope::metric::{Notification, Severity};
use collectoscope::store::{NOTIFICATIONS_MAX, Severities};
use collectoscope::view::marks::{Events, MARKS_PER_PANEL_MAX, Mark, PanelMarks};
use collectoscope::view::notifications::{Listed, target};
use collectoscope::view::{Action, Moment, Preferences, View};

const MACHINE: [&str; 6] = [
    "h/cpu-0/percent-user",
    "h/cpu-1/percent-user",
    "h/interface-eth0/if_octets",
    "h/interface-eth1/if_octets",
    "h/load/load",
    "other/load/load",
];

fn said(about: [&str; 5], secs: f64, severity: Severity, message: &str) -> Notification {
    let [host, plugin, plugin_instance, type_, type_instance] = about;
    Notification {
        identifier: Identifier::new(host, plugin, plugin_instance, type_, type_instance),
        time: at(secs),
        severity,
        message: message.into(),
    }
}

/// A failure of `about` at a moment, each with a message of its own.
pub(super) fn failure(about: [&str; 5], secs: f64) -> Notification {
    said(about, secs, Severity::Failure, &format!("{about:?} at {secs}"))
}

pub(super) fn notify(screen: &mut Screen, notifications: Vec<Notification>) {
    let batch = Batch { notifications, ..Batch::default() };
    screen.store.absorb(SOURCE, &batch, at(0.0));
}

fn marks_of(screen: &Screen, title: &str) -> PanelMarks {
    let mut events = Events::default();
    events.update(&screen.store);
    events.of_panel(&screen.store, &screen.panel(title))
}

/// Seconds after [`NOW`] and sizes of the marks between -100 s and 100 s on 2,000 pixels.
fn drawn(marks: &PanelMarks) -> Vec<(f64, u64)> {
    let told = |mark: &Mark| (millis(mark.time.secs_f64()), mark.counts.total());
    marks.in_span(span(-100.0, 100.0), 2_000.0).iter().map(told).collect()
}

/// Which of the panels of `h` one notification marks.
#[track_caller]
fn check_marked(about: [&str; 5], titles: &[&str]) {
    let mut screen = Screen::of_host(&MACHINE);
    notify(&mut screen, vec![failure(about, 5.0)]);
    let is_marked = |title: &&String| !drawn(&marks_of(&screen, title)).is_empty();
    let all = screen.titles();
    assert_eq!(all.iter().filter(is_marked).collect::<Vec<_>>(), titles, "{about:?}");
}

const ALL: [&str; 4] = ["CPU", "Load", "Interface eth0", "Interface eth1"];

#[test]
fn a_notification_marks_the_panels_that_draw_what_it_names() {
    check_marked(["h", "cpu", "", "", ""], &["CPU"]);
    check_marked(["h", "cpu", "1", "percent", "user"], &["CPU"]);
    check_marked(["h", "cpu", "7", "percent", "user"], &[]);
    check_marked(["h", "cpu", "", "percent", "idle"], &[]);
    check_marked(["h", "interface", "eth1", "", ""], &["Interface eth1"]);
    check_marked(["h", "interface", "", "if_octets", ""], &["Interface eth0", "Interface eth1"]);
    check_marked(["h", "", "", "load", ""], &["Load"]);
}

#[test]
fn a_notification_about_a_host_marks_all_of_its_panels_and_no_others() {
    check_marked(["h", "", "", "", ""], &ALL);
    check_marked(["other", "", "", "", ""], &[]);
    check_marked(["other", "load", "", "load", ""], &[]);
    check_marked(["", "", "", "", ""], &[]);
    check_marked(["", "load", "", "load", ""], &[]);
}

#[test]
fn a_plugin_that_sends_no_values_speaks_of_its_host() {
    check_marked(["h", "deploy", "", "", ""], &ALL);
    check_marked(["h", "sysevent", "", "gauge", "x"], &ALL);
}

#[test]
fn a_plugin_whose_first_values_come_later_has_its_own_panel_from_then_on() {
    let mut screen = Screen::of_host(&MACHINE);
    notify(&mut screen, vec![failure(["h", "memory", "", "", ""], 5.0)]);
    assert_eq!(drawn(&marks_of(&screen, "Load")), [(5.0, 1)]);
    screen.gauge("h/memory/memory-used", [(1.0, 1.0), (2.0, 1.0)]);
    assert!(drawn(&marks_of(&screen, "Load")).is_empty());
    assert_eq!(drawn(&marks_of(&screen, "Memory")), [(5.0, 1)]);
}

#[test]
fn marks_stand_in_order_of_time_and_those_that_are_near_are_one() {
    let mut screen = Screen::of_host(&MACHINE);
    let load = ["h", "load", "", "load", ""];
    // A tenth of a second is a pixel: 1.2 s is near.
    let times = [50.0, 20.0, 20.5, 21.1, 21.3, -500.0, 500.0];
    notify(&mut screen, times.map(|secs| failure(load, secs)).into());
    let okay = said(load, 20.6, Severity::Okay, "calm");
    notify(&mut screen, vec![okay]);
    let marks = marks_of(&screen, "Load");
    assert_eq!(drawn(&marks), [(20.0, 4), (21.3, 1), (50.0, 1)]);
    assert_eq!((marks.count(span(-100.0, 100.0)), marks.count(span(20.5, 50.0))), (6, 4));
    let first = &marks.in_span(span(-100.0, 100.0), 2_000.0)[0];
    assert_eq!(first.counts, Severities { failures: 3, warnings: 0, okays: 1 });
    assert_eq!(first.counts.worst(), Some(Severity::Failure));
    let noted = marks.numbers(first).map(|number| screen.store.notifications().get(number));
    let times: Vec<f64> =
        noted.map(|noted| millis(noted.unwrap().notification.time.secs_f64())).collect();
    assert_eq!(times, [21.1, 20.6, 20.5, 20.0]);
}

#[test]
fn marks_keep_together_while_the_window_moves() {
    let mut screen = Screen::of_host(&MACHINE);
    let times = (0..400).map(|n| failure(["h", "load", "", "", ""], f64::from(n * n % 97)));
    notify(&mut screen, times.collect());
    let marks = marks_of(&screen, "Load");
    let whole: Vec<_> = marks.in_span(span(0.0, 100.0), 300.0);
    for start in 1..50 {
        let from = f64::from(start);
        let moved = marks.in_span(span(from, from + 100.0), 300.0);
        let same: Vec<_> = whole.iter().filter(|mark| mark.time >= at(from)).collect();
        assert!(moved.iter().eq(same), "{start}");
    }
    let all: u64 = whole.iter().map(|mark| mark.counts.total()).sum();
    assert_eq!(all, screen.store.notifications().len() as u64);
}

#[test]
fn marks_of_a_panel_are_bounded_and_the_newest_stay() {
    let mut screen = Screen::of_host(&MACHINE);
    let many = (0..MARKS_PER_PANEL_MAX + 500).map(|n| failure(["h", "", "", "", ""], n as f64));
    notify(&mut screen, many.collect());
    let marks = marks_of(&screen, "Load").in_span(span(0.0, 9_000.0), 1e9);
    assert_eq!(marks.len(), MARKS_PER_PANEL_MAX);
    assert_eq!(millis(marks[0].time.secs_f64()), 500.0);
}

#[test]
fn marks_of_ten_thousand_notifications_are_gathered() {
    let names: Vec<String> = (0..512).map(|n| format!("h/cpu-{n}/percent-user")).collect();
    let mut screen = Screen::of_host(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let cpus: Vec<String> = (0..512).map(|n| n.to_string()).collect();
    let about = |n: usize| ["h", "cpu", cpus[n % 512].as_str(), "percent", "user"];
    let many = (0..NOTIFICATIONS_MAX).map(|n| failure(about(n), n as f64));
    notify(&mut screen, many.collect());
    let panel = screen.panel("CPU");
    let mut events = Events::default();
    events.update(&screen.store);
    let marks = events.of_panel(&screen.store, &panel);
    let found = marks.in_span(span(0.0, 10_000.0), 1_000.0);
    assert!((10..100).contains(&found.len()), "{}", found.len());
}

fn moment(screen: &Screen) -> Moment {
    let notifications = screen.store.notifications().counts();
    Moment { now: at(0.0), values: 0, oldest: None, notifications, rules: Vec::new(), own: None }
}

/// A view whose list is open, after some actions.
fn list(screen: &Screen, actions: &[Action]) -> View {
    let mut view = View::new(&Preferences::default());
    view.apply(Action::ToggleNotifications, &moment(screen));
    for action in actions {
        view.apply(action.clone(), &moment(screen));
    }
    view
}

fn rows(screen: &Screen, view: &View) -> Vec<u64> {
    let mut listed = Listed::default();
    listed.update(screen.store.notifications(), &view.notifications);
    listed.numbers
}

fn three(screen: &mut Screen) {
    notify(
        screen,
        vec![
            said(["web-1", "df", "root", "", ""], 1.0, Severity::Failure, "Disk is full"),
            said(["web-2", "load", "", "load", ""], 2.0, Severity::Warning, "load is 9"),
            said(["db", "load", "", "load", ""], 3.0, Severity::Okay, "load is 1"),
        ],
    );
}

#[test]
fn the_newest_comes_first_and_severities_and_words_narrow_the_list() {
    let mut screen = Screen::new(10.0);
    three(&mut screen);
    let hide = |severity| Action::SetSeverityShown { severity, shown: false };
    let filter = |text: &str| Action::SetNotificationFilter(text.into());
    for (actions, numbers) in [
        (vec![], vec![2, 1, 0]),
        (vec![hide(Severity::Okay)], vec![1, 0]),
        (vec![hide(Severity::Failure), hide(Severity::Warning)], vec![2]),
        (vec![filter("FULL")], vec![0]),
        (vec![filter("host:web* plugin:load")], vec![1]),
        (vec![filter("load -9")], vec![2]),
        (vec![filter("nothing such")], vec![]),
    ] {
        assert_eq!(rows(&screen, &list(&screen, &actions)), numbers, "{actions:?}");
    }
}

#[test]
fn the_keyboard_goes_from_one_row_to_the_next_and_stays_on_the_list() {
    let mut screen = Screen::new(10.0);
    let mut listed = Listed::default();
    assert_eq!(listed.beside(None, 1), None, "nothing is listed");
    three(&mut screen);
    listed.update(screen.store.notifications(), &list(&screen, &[]).notifications);
    for (chosen, by, number) in
        [(None, 1, 2), (None, -1, 2), (Some(2), 1, 1), (Some(1), -1, 2), (Some(0), 1, 0)]
    {
        assert_eq!(listed.beside(chosen, by), Some(number), "{chosen:?} {by}");
    }
}

#[test]
fn rows_are_made_anew_only_when_something_changed() {
    let mut screen = Screen::new(10.0);
    three(&mut screen);
    let mut view = list(&screen, &[]);
    let mut listed = Listed::default();
    listed.update(screen.store.notifications(), &view.notifications);
    listed.numbers.clear();
    listed.update(screen.store.notifications(), &view.notifications);
    assert!(listed.numbers.is_empty(), "nothing has changed");
    view.apply(Action::SetNotificationFilter("FULL".into()), &moment(&screen));
    listed.update(screen.store.notifications(), &view.notifications);
    assert_eq!(listed.numbers, [0]);
    view.apply(Action::SetNotificationFilter(String::new()), &moment(&screen));
    listed.update(screen.store.notifications(), &view.notifications);
    assert_eq!(listed.numbers.len(), 3);
    notify(&mut screen, vec![failure(["db", "", "", "", ""], 9.0)]);
    listed.update(screen.store.notifications(), &view.notifications);
    assert_eq!(listed.numbers[0], 3);
}

#[test]
fn what_came_since_the_last_look_is_counted() {
    let mut screen = Screen::new(10.0);
    three(&mut screen);
    let mut view = list(&screen, &[]);
    let unseen = |screen: &Screen, view: &View| {
        let all = screen.store.notifications();
        let counts = view.notifications.unseen(all);
        let rows = all.iter().filter(|noted| view.notifications.is_unseen(noted)).count();
        assert_eq!(counts.total(), rows as u64);
        counts
    };
    let all = Severities { failures: 1, warnings: 1, okays: 1 };
    assert_eq!(unseen(&screen, &view), all);
    view.apply(Action::MarkSeen, &moment(&screen));
    assert_eq!(unseen(&screen, &view), Severities::default());
    // Heard again is nothing new.
    three(&mut screen);
    assert_eq!(unseen(&screen, &view), Severities::default());
    notify(&mut screen, vec![failure(["db", "", "", "", ""], 9.0)]);
    assert_eq!(unseen(&screen, &view), Severities { failures: 1, ..Severities::default() });
}

#[test]
fn a_row_points_at_its_plugin_where_there_is_one_else_at_its_host() {
    let screen = Screen::of_host(&MACHINE);
    let points = |about: [&str; 5]| target(&screen.store, &failure(about, 0.0).identifier);
    let host = Some(scope_of_host("h"));
    assert_eq!(points(["h", "load", "", "load", ""]), Some(scope_of_plugin("h", "load", "")));
    assert_eq!(points(["h", "cpu", "1", "", ""]), Some(scope_of_plugin("h", "cpu", "1")));
    for about in [["h", "cpu", "", "", ""], ["h", "cpu", "9", "", ""], ["h", "x", "", "", ""]] {
        assert_eq!(points(about), host, "{about:?}");
    }
    assert_eq!(points(["h", "", "", "", ""]), host);
    assert_eq!(points(["stranger", "load", "", "", ""]), None);
}
