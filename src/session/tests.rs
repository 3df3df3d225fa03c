//! Whole stories of the program without a window: batches in, actions, time, panels out.

mod layouts;

use super::*;
use crate::ingest::Ingest;
use crate::metric::{Identifier, Interval, Severity, Value};
use crate::reception::{Destination, Line, Replay, Speed, Stage, Status};
use crate::view::action::Arrange;
use crate::view::arrangement::Arrangement;
use crate::view::palette::{AT_ONCE_MAX, RankJob};
use crate::view::pivot::Pivot;
use crate::view::recent::Item;
use crate::view::selection::Scope;
use crate::view::tree::{JOB_SERIES_MIN, Row};
use crate::view::{Pane, TileAction};
use crate::wire::{Encoder, SecurityLevel};
use std::net::{Ipv4Addr, SocketAddr};

const SOURCE: SourceId = SourceId(0);
/// When the stories begin, seconds since 1970.
const BEGIN: u64 = 1_800_000_000;

/// A session, what feeds it, and the time.
struct Story {
    session: Session,
    ingest: Ingest,
    now: u64,
}

impl Story {
    fn new() -> Self {
        Self { session: Session::new(Start::default()), ingest: Ingest::new(), now: BEGIN }
    }

    fn now(&self) -> CdTime {
        CdTime::from_secs(self.now)
    }

    /// One value list of `host`, measured now.
    fn send(&mut self, host: &str, plugin: &str, type_: &str, values: &[f64]) {
        let values: Vec<_> = values.iter().map(|&value| Value::Gauge(value)).collect();
        self.send_list(&Identifier::new(host, plugin, "", type_, ""), &values);
    }

    fn send_list(&mut self, names: &Identifier, values: &[Value]) {
        let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        let (mut encoder, now, ingest) = (Encoder::default(), self.now(), &mut self.ingest);
        let mut send = |bytes: &[u8]| ingest.datagram(bytes, sender, now, SecurityLevel::None);
        let interval = Interval::from_secs(1);
        encoder.push(&names.names(), now, interval, values, &mut send).unwrap();
        encoder.flush(&mut send);
        self.session.absorb(SOURCE, &self.ingest.take(None), now);
    }

    /// A second goes by.
    fn second(&mut self) {
        self.now += 1;
        self.session.tick(self.now());
    }

    /// Seconds in which `host` sends its load.
    fn loads(&mut self, host: &str, loads: &[f64]) {
        for &load in loads {
            self.send(host, "load", "load", &[load, 0.5, 0.5]);
            self.second();
        }
    }

    fn apply(&mut self, action: Action) -> Vec<Effect> {
        self.session.apply(action, self.now());
        self.session.tick(self.now());
        self.session.effects().collect()
    }

    fn titles(&self) -> Vec<String> {
        let panels = self.session.derived().panels.iter();
        panels.map(|panel| format!("{} {}", panel.title, panel.host)).collect()
    }

    /// The state as scripts read it.
    fn state(&mut self) -> serde_json::Value {
        let now = self.now();
        serde_json::to_value(self.session.state(now, Drawing::default())).unwrap()
    }
}

fn host(name: &str) -> Scope {
    Scope::Host(name.into())
}

#[test]
fn a_whole_session_runs_without_a_window() {
    let mut story = Story::new();
    assert_eq!(story.session.tick(story.now()), None, "nothing depends on the time yet");
    assert!(story.titles().is_empty());
    // The first host that sends is on the canvas at once.
    story.loads("web-1", &[1.0, 2.0, 3.0]);
    assert_eq!(story.titles(), ["Load web-1"]);
    assert!(story.session.tick(story.now()).is_some(), "ages are to be shown");
    let line = &story.state()["panels"][0]["lines"][0];
    assert_eq!((&line["last"], &line["max"]), (&3.0.into(), &3.0.into()));
    // Another one never puts itself there.
    story.loads("web-2", &[7.0]);
    assert_eq!(story.titles(), ["Load web-1"]);
    story.apply(Action::Select(host("web-2")));
    assert_eq!(story.titles(), ["Load web-2"]);
    // The view stands still while values come.
    story.apply(Action::TogglePause);
    let end = story.session.view().window().span(story.now()).end;
    story.loads("web-2", &[8.0; 10]);
    assert_eq!(story.session.view().window().span(story.now()).end, end);
    let state = story.state();
    assert_eq!((&state["state"], &state["newer_values"]), (&"paused".into(), &30.into()));
    assert_eq!(state["panels"][0]["lines"][0]["last"], 7.0);
    story.apply(Action::GoLive);
    assert_eq!(story.state()["panels"][0]["lines"][0]["last"], 8.0);
}

#[test]
fn a_choice_is_the_same_when_it_is_equal_and_nothing_is_made_anew() {
    let mut story = Story::new();
    story.loads("a", &[1.0]);
    story.loads("b", &[1.0]);
    let made = |story: &Story| story.session.derived().panels_revision;
    let first = made(&story);
    story.second();
    story.apply(Action::Select(host("a")));
    assert_eq!(made(&story), first, "it was there already");
    story.apply(Action::Select(host("b")));
    story.apply(Action::Select(host("a")));
    assert_eq!((made(&story), story.titles()), (first + 2, vec!["Load a".to_owned()]));
}

#[test]
fn what_is_to_be_done_outside_is_asked_for_once() {
    let mut story = Story::new();
    story.loads("a", &[1.0]);
    assert_eq!(story.session.effects().count(), 0);
    let dark = Preferences { theme: Theme::Dark, ..Preferences::default() };
    let effects = story.apply(Action::SetTheme(Theme::Dark));
    assert_eq!(effects, [Effect::SetTheme(Theme::Dark), Effect::Keep(dark.clone())]);
    assert_eq!(story.apply(Action::TogglePane(Pane::Help)), []);
    let hidden = Preferences { sidebar: false, ..dark };
    assert_eq!(story.apply(Action::ToggleSidebar), [Effect::Keep(hidden.clone())]);
    story.loads("b", &[1.0]);
    let mut arrangement = Arrangement::default();
    arrangement.pin("b".into(), true);
    let arrangement = Arc::new(arrangement);
    let pinned = Preferences { arrangement, ..hidden.clone() };
    let pin = |pinned| Action::Arrange(Arrange::Pin { host: "b".into(), pinned });
    assert_eq!(story.apply(pin(true)), [Effect::Keep(pinned)]);
    let top = |story: &Story| story.session.derived().rows.rows[0];
    assert_eq!(top(&story), Row::Host { host: 1 });
    assert_eq!(story.apply(pin(false)), [Effect::Keep(hidden)]);
    assert_eq!(top(&story), Row::Host { host: 0 });
}

#[test]
fn what_comes_later_is_new_with_all_rows_above_it() {
    let mut story = Story::new();
    story.loads("a", &[1.0; 70]);
    assert!(story.session.derived().new_rows.is_empty());
    story.send("a", "df", "percent_bytes", &[1.0]);
    story.second();
    let is_new = |story: &Story, row: Row| {
        let screen = story.session.screen(story.now(), 0.0);
        screen.row(row).is_some_and(|content| content.is_new)
    };
    let rows = [Row::Host { host: 0 }, Row::Plugin { host: 0, plugin: 0 }];
    assert_eq!(rows.map(|row| is_new(&story, row)), [true, true]);
    assert!(!is_new(&story, Row::Plugin { host: 0, plugin: 1 }), "its load was there before");
    story.now += 700;
    story.session.tick(story.now());
    assert!(!is_new(&story, rows[0]));
}

#[test]
fn a_window_that_has_seen_little_is_narrow_and_what_is_wanted_is_kept() {
    let mut story = Story::new();
    story.loads("a", &[1.0; 5]);
    let width = |story: &Story| story.session.view().window().width();
    assert_eq!(width(&story), Interval::from_secs(60));
    assert_eq!(story.session.effects().count(), 0, "nobody chose that");
    story.loads("a", &[1.0; 400]);
    assert_eq!(width(&story), Preferences::default().width);
    // A width that was chosen stays.
    let wide = Interval::from_secs(3_600);
    let kept = Preferences { width: wide, ..Preferences::default() };
    assert_eq!(story.apply(Action::SetWidth(wide)), [Effect::Keep(kept)]);
    story.loads("a", &[1.0; 5]);
    assert_eq!(width(&story), wide);
}

#[test]
fn notifications_are_counted_as_seen_when_their_list_is_closed() {
    let mut story = Story::new();
    story.loads("a", &[1.0]);
    let mut batch = crate::ingest::Batch { arrival: story.now(), ..Default::default() };
    batch.notifications.push(crate::metric::Notification {
        identifier: Identifier::new("a", "load", "", "load", ""),
        time: story.now(),
        severity: Severity::Failure,
        message: "too much".into(),
    });
    story.session.absorb(SOURCE, &batch, story.now());
    story.second();
    let state = story.state();
    assert_eq!(state["notifications_unseen"]["failure"], 1);
    assert_eq!(state["panels"][0]["marks"], 1);
    story.apply(Action::ToggleNotifications);
    assert_eq!(story.session.derived().listed.numbers, [0]);
    story.apply(Action::ToggleNotifications);
    assert_eq!(story.state()["notifications_unseen"]["failure"], 0);
}

#[test]
fn a_source_that_fails_is_in_the_state_and_its_data_stays() {
    let mut story = Story::new();
    let status = Status {
        lines: vec![Line::good("listening on udp 0.0.0.0:25826")],
        state: reception::State::Receiving,
        destination: Some(Destination {
            port: 25_826,
            multicast: false,
            unicast: reception::Unicast::Everywhere,
        }),
        ..Status::default()
    };
    story.session.report(SOURCE, status, story.now());
    story.loads("a", &[1.0]);
    assert_eq!(story.state()["listens"], true);
    let failed = Status::failed("udp", "index out of bounds", "it starts again in 1.0 s");
    story.session.report(SOURCE, failed, story.now());
    let state = story.state();
    assert_eq!((&state["state"], &state["listens"]), (&"failed".into(), &false.into()));
    assert_eq!(state["failures"][0], "index out of bounds");
    assert_eq!(story.titles(), ["Load a"]);
}

#[test]
fn what_is_kept_is_written_at_once_where_something_failed() {
    let mut story = Story::new();
    story.session.apply(Action::ToggleSidebar, story.now());
    let hidden = Preferences { sidebar: false, ..Preferences::default() };
    assert_eq!(story.apply(Action::KeepNow), [Effect::Keep(hidden), Effect::KeepNow]);
}

#[test]
fn all_of_a_capture_that_is_read_at_once_is_seen() {
    let mut story = Story::new();
    let replay = Replay {
        name: "some.pcap".into(),
        path: "/tmp/some.pcap".into(),
        speed: Speed::Max,
        live: false,
        stage: Stage::Reading,
        first: Some(story.now()),
        packets: None,
        error: None,
    };
    let status = |stage, state| Status {
        state,
        replay: Some(Replay { stage, ..replay.clone() }),
        ..Status::default()
    };
    story.session.report(SOURCE, status(Stage::Reading, reception::State::Receiving), CdTime::ZERO);
    story.loads("a", &[1.0; 1_000]);
    story.session.report(SOURCE, status(Stage::Ended, reception::State::Ended), story.now());
    assert_eq!(story.session.tick(story.now()), None, "its clock stands still");
    let width = story.session.view().window().width().secs_f64();
    assert!((1_000.0..1_100.0).contains(&width), "{width}");
    assert_eq!(story.session.effects().count(), 0, "no width to listen with");
    assert_eq!(story.state()["replay"]["stage"], "ended");
}

#[test]
fn a_filter_among_very_many_series_is_done_outside_and_a_failure_is_shown() {
    let mut story = Story::new();
    for n in 0..JOB_SERIES_MIN {
        let (host, plugin) = (format!("h{}", n % 100), format!("p{}", n / 100));
        story.send(&host, &plugin, "gauge", &[1.0]);
    }
    story.second();
    let filter = |story: &mut Story, text: &str| {
        let effects = story.apply(Action::SetFilter(text.into()));
        let [Effect::Filter(job)] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(story.session.derived().rows.is_pending());
        Arc::clone(job)
    };
    let [out_of_date, wanted] = ["h1", "h77"].map(|text| filter(&mut story, text));
    for (job, matched) in [(out_of_date, JOB_SERIES_MIN), (wanted, JOB_SERIES_MIN / 100)] {
        story.session.answer(Answer::Filtered(job.run(&|_| true).unwrap()));
        assert_eq!(story.session.derived().rows.matched, matched);
    }
    assert!(!story.session.derived().rows.is_pending() && story.session.messages.is_empty());
    filter(&mut story, "h78");
    story.session.answer(Answer::FilterFailed("no row 7".into()));
    assert_eq!(story.session.messages, ["the filter failed, try another one: no row 7"]);
    let rows = &story.session.derived().rows;
    assert!(!rows.is_pending() && rows.rows.is_empty(), "none of another filter");
}

#[test]
fn a_search_among_very_many_names_is_done_outside_and_a_failure_is_shown() {
    let mut story = Story::new();
    for n in 0..AT_ONCE_MAX {
        let (host, plugin) = (format!("h{}", n % 100), format!("p{}", n / 100));
        story.send(&host, &plugin, "gauge", &[1.0]);
    }
    story.second();
    assert_eq!(story.apply(Action::OpenPalette), [], "nothing is looked for yet");
    let search = |story: &mut Story, text: &str| -> Arc<RankJob> {
        let effects = story.apply(Action::SetPaletteText(text.into()));
        let [Effect::Rank(job)] = effects.as_slice() else { panic!("{effects:?}") };
        assert!(story.session.derived().palette.is_pending());
        Arc::clone(job)
    };
    let first = |story: &Story| story.session.derived().palette.rows[0].label.clone();
    let [out_of_date, wanted] = ["h42", "h77 p5"].map(|text| search(&mut story, text));
    story.session.answer(Answer::Ranked(out_of_date.run(&|_| true).unwrap()));
    assert!(story.session.derived().palette.is_pending());
    story.session.answer(Answer::Ranked(wanted.run(&|_| true).unwrap()));
    assert_eq!(first(&story), "h77 › p5");
    assert!(!story.session.derived().palette.is_pending() && story.session.messages.is_empty());
    search(&mut story, "h78");
    story.session.answer(Answer::RankFailed("no row 7".into()));
    assert_eq!(story.session.messages, ["the search failed, try other words: no row 7"]);
    assert_eq!(first(&story), "h78", "what was found at once is there");
    // A palette that is closed wants no answer.
    let late = search(&mut story, "h79");
    story.apply(Action::Choose(Item::Scope(host("h78"))));
    assert!(!story.session.derived().palette.is_pending());
    story.session.answer(Answer::Ranked(late.run(&|_| true).unwrap()));
    assert!(story.session.derived().palette.rows.is_empty());
}

#[test]
fn what_a_screen_says_is_known_without_one() {
    let mut story = Story::new();
    assert_eq!(story.session.screen(story.now(), 0.0).canvas(), CanvasContent::Waiting);
    story.loads("web-1", &[1.0, 2.0]);
    story.apply(Action::SetOpen {
        row: Scope::Plugin { host: "web-1".into(), plugin: "load".into(), instance: "".into() }
            .into(),
        open: true,
    });
    let screen = story.session.screen(story.now(), 7.0);
    assert_eq!(screen.canvas(), CanvasContent::Panels);
    assert_eq!(screen.count_text(), "1 host · 3 series");
    let rows: Vec<_> =
        screen.derived.rows.rows.iter().map(|&row| screen.row(row).unwrap()).collect();
    let said: Vec<_> = rows.iter().map(|row| (row.label.as_str(), row.value.as_str())).collect();
    let all = [
        ("web-1", "2 runnable"),
        ("load", "2 runnable"),
        ("shortterm", "2 runnable"),
        ("midterm", "0.50 runnable"),
        ("longterm", "0.50 runnable"),
    ];
    assert_eq!(said, all);
    // A unit that is a long word is left out in the row.
    assert_eq!(rows[0].shown, "2");
    assert!(rows[..3].iter().all(|row| row.spark == rows[2].spark && row.spark.is_some()));
    assert_eq!(
        rows.iter().map(|row| row.checked).collect::<Vec<_>>()[1..],
        [Some(Checked::All); 4]
    );
    let items = screen.status_items();
    let lost = items.iter().find(|item| item.text.starts_with("lost")).unwrap();
    assert_eq!((lost.text.as_str(), lost.tone), ("lost 0", Tone::Quiet));
    assert!(items.iter().any(|item| item.text == "frame 7.0 ms"));
    // A forgery or a mistake is said where it is.
    let sender = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
    story.ingest.datagram(b"nonsense", sender, story.now(), SecurityLevel::None);
    let now = story.now();
    story.session.absorb(SOURCE, &story.ingest.take(None), now);
    story.second();
    let screen = story.session.screen(story.now(), 0.0);
    let fault = screen.status_items().into_iter().find(|item| item.text.contains("fault")).unwrap();
    assert_eq!((fault.text.as_str(), fault.tone), ("! 1 fault", Tone::Warns));
    assert_eq!(screen.faults().len(), 1);
    assert!(screen.faults()[0].from.ends_with("127.0.0.1:40000"));
}

#[test]
fn an_overview_keeps_its_order_until_another_one_is_picked() {
    let mut story = Story::new();
    let count = |story: &mut Story, counters: &[(&str, i64)]| {
        for &(instance, octets) in counters {
            let names = Identifier::new("h", "interface", instance, "if_octets", "");
            story.send_list(&names, &[Value::Derive(octets), Value::Derive(0)]);
        }
        story.second();
    };
    let order = |story: &Story| {
        let panels = story.session.derived().panels.iter();
        panels.map(|panel| panel.title.replace("Interface ", "")).collect::<Vec<_>>()
    };
    count(&mut story, &[("eth0", 9_000), ("eth1", 10)]);
    assert_eq!(order(&story), ["eth0", "eth1"]);
    for n in 1..9 {
        count(&mut story, &[("eth0", 9_000), ("eth1", n << 40)]);
    }
    count(&mut story, &[("eth0", 9_000), ("eth1", 9 << 40), ("new", 9 << 50)]);
    assert_eq!(order(&story), ["eth0", "eth1", "new"]);
    // Unchecked and checked again it is where it was.
    let key = |story: &Story| {
        let id = story.session.derived().panels[0].lines[0].series[0];
        story.session.store().series(id).unwrap().key()
    };
    let keys = vec![key(&story)];
    story.apply(Action::SetShown { keys: keys.clone(), shown: false });
    story.apply(Action::SetShown { keys, shown: true });
    assert_eq!(order(&story), ["eth0", "eth1", "new"]);
    story.apply(Action::Select(host("other")));
    assert_eq!(order(&story), [""; 0]);
    story.apply(Action::Select(host("h")));
    assert_eq!(order(&story), ["new", "eth1", "eth0"]);
}

#[test]
fn pressing_plugin_after_plugin_of_a_turned_tree_shows_each_of_all_hosts_on_one_tab() {
    let mut story = Story::new();
    for host in ["a", "b"] {
        story.send(host, "load", "load", &[1.0, 2.0, 3.0]);
        story.send(host, "uptime", "uptime", &[5.0]);
    }
    story.second();
    let effects = story.apply(Action::SetPivot(Pivot::Plugins));
    let keeps =
        |effect: &Effect| matches!(effect, Effect::Keep(kept) if kept.pivot == Pivot::Plugins);
    assert!(effects.iter().any(keeps));
    let press = |story: &mut Story, label: &str| {
        let screen = story.session.screen(story.now(), 0.0);
        let mut rows = screen.derived.rows.rows.iter();
        let row = rows.find(|&&row| row.is_top() && screen.row(row).unwrap().label == label);
        let actions = screen.press(*row.unwrap());
        for action in actions {
            story.apply(action);
        }
    };
    let titles = |story: &Story| -> Vec<String> {
        let view = story.session.view();
        view.workspace.tabs().iter().map(|tab| tab.title(view.aliases())).collect()
    };
    press(&mut story, "load");
    assert_eq!(titles(&story), ["a", "load · all hosts"]);
    assert!(story.session.derived().panels.iter().all(|panel| panel.hosts == 2));
    let screen = story.session.screen(story.now(), 0.0);
    let row = screen.row(screen.derived.rows.rows[0]).unwrap();
    assert_eq!((&*row.label, &*row.value, row.selected), ("load", "2 hosts", true));
    press(&mut story, "uptime");
    assert_eq!(titles(&story), ["a", "uptime · all hosts"]);
    // Again, it is closed and stays on the canvas.
    press(&mut story, "uptime");
    assert_eq!(titles(&story), ["a", "uptime · all hosts"]);
    // From another tab it is found again.
    let first = story.session.view().workspace.tabs()[0].id;
    story.apply(Action::ShowTab(first));
    press(&mut story, "uptime");
    let view = story.session.view();
    assert_eq!(view.tab().title(view.aliases()), "uptime · all hosts");
    // What the user changed is his own.
    let panel = story.session.derived().order[0];
    story.apply(Action::Tile(TileAction::Rename { panel, title: "mine".into() }));
    press(&mut story, "load");
    assert_eq!(titles(&story), ["a", "mine", "load · all hosts"]);
    story.apply(Action::Undo);
    assert_eq!(titles(&story), ["a", "mine"]);
}
