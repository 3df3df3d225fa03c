//! Which panels a rule makes, what they are called, and which rules make the panels of an overview.

use super::*;
use collectoscope::view::DrawnAs;
use collectoscope::view::aliases::Aliases;
use collectoscope::view::graphs::Style;
use collectoscope::view::latest::Latest;
use collectoscope::view::layout::{Repeat, Rule};
use collectoscope::view::names::PanelId;
use collectoscope::view::panels::{LARGEST_MAX, panels_of_rule, rules_for, rules_of};
use collectoscope::view::selector::Selector;

const HOSTS: [&str; 3] = ["web-1", "web-2", "web-10"];

/// Some hosts that send the same.
fn fleet() -> Screen {
    let mut screen = Screen::new(10.0);
    for host in HOSTS {
        for name in [
            "load/load",
            "cpu-0/percent-user",
            "cpu-0/percent-system",
            "cpu-0/percent-idle",
            "cpu-1/percent-user",
            "memory/memory-used",
            "memory/memory-free",
            "interface-eth0/if_octets",
            "frobnicator/frobs-a",
        ] {
            let name = format!("{host}/{name}");
            screen.send(&name, 0.0, &sample_of(&name));
        }
    }
    screen.receive();
    screen
}

fn rule(show: &[&str]) -> Rule {
    Rule::new(PanelId(7), show.iter().map(|text| Selector::new(text)).collect())
}

impl Screen {
    fn made_by(&self, rule: &Rule) -> Vec<Panel> {
        self.made_where(rule, &Aliases::default())
    }

    fn made_where(&self, rule: &Rule, aliases: &Aliases) -> Vec<Panel> {
        let Self { store, graphs, .. } = self;
        let now = at(self.newest_secs);
        panels_of_rule(&Latest { store, graphs, aliases, mode: Mode::Rate, now }, rule)
    }

    fn one_of(&self, rule: &Rule) -> Panel {
        let mut panels = self.made_by(rule);
        assert_eq!(panels.len(), 1, "{panels:#?}");
        panels.remove(0)
    }

    fn rules(&self, show: &str, drawn_as: DrawnAs) -> Vec<(String, Repeat, Option<String>)> {
        let rules = rules_for(&self.store, &self.graphs, &[Selector::new(show)], drawn_as);
        let seen = |rule: Rule| {
            let graph = rule.graph.as_deref().map(str::to_owned);
            (rule.show[0].text().to_owned(), rule.each, graph)
        };
        rules.into_iter().map(seen).collect()
    }
}

#[test]
fn the_load_of_every_host_is_one_panel_that_names_the_hosts() {
    let mut screen = fleet();
    let rule = rule(&["plugin:load ds:shortterm"]);
    let panel = screen.one_of(&rule);
    assert_eq!((panel.title.as_str(), &*panel.unit.name), ("Load, 1 min", "runnable"));
    assert_eq!((labels(&panel), panel.hosts), (vec!["web-1", "web-2", "web-10"], 3));
    assert_eq!((panel.id, panel.style), (PanelId(7), Style::Line));
    // What fits the rule later joins by itself.
    screen.send("web-3/load/load", 0.0, &gauges(&[1.0; 3]));
    screen.receive();
    assert_eq!(labels(&screen.one_of(&rule)), ["web-1", "web-2", "web-3", "web-10"]);
}

#[test]
fn lines_are_called_what_differs_between_them() {
    let screen = fleet();
    let called = |show: &[&str]| {
        let panel = screen.one_of(&rule(show));
        (panel.title.clone(), labels(&panel).into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let (title, names) = called(&["host:web-1|web-2 plugin:load -ds:longterm"]);
    assert_eq!(title, "Load");
    assert_eq!(names, ["web-1 1 min", "web-2 1 min", "web-1 5 min", "web-2 5 min"]);
    // One host as the catalogue says.
    assert_eq!(called(&["host:web-1 plugin:load"]).1, ["1 min", "5 min", "15 min"]);
    let (title, names) =
        called(&["host:web-1 plugin:load ds:shortterm", "host:web-2 plugin:memory"]);
    assert_eq!(title, "load, memory");
    assert_eq!(names, ["web-1 load 1 min", "web-2 memory used", "web-2 memory free"]);
}

#[test]
fn two_units_stand_on_two_axes_and_three_on_none() {
    let screen = fleet();
    let panel = screen.one_of(&rule(&["host:web-1 plugin:load", "host:web-1 plugin:memory"]));
    assert_eq!(&*panel.unit.name, "runnable");
    assert_eq!(panel.second.as_ref().map(|unit| &*unit.name), Some("B"));
    let right: Vec<_> = panel.drawn().filter(|line| line.second).map(|l| &*l.label).collect();
    assert_eq!(right, ["memory used", "memory free"]);
    let panel = screen.one_of(&rule(&["host:web-1 -interface"]));
    assert_eq!((&*panel.unit.name, panel.second), ("", None));
}

#[test]
fn one_panel_a_host_and_back() {
    let screen = fleet();
    let each = |each| screen.made_by(&Rule { each, ..rule(&["plugin:cpu"]) });
    let hosts = each(Repeat::Host);
    let seen: Vec<_> = hosts.iter().map(|panel| (&*panel.title, &*panel.host)).collect();
    assert_eq!(seen, HOSTS.map(|host| ("CPU", host)));
    // Each is drawn as the catalogue draws it, and idle is left out.
    assert_eq!((hosts[0].style, labels(&hosts[0])), (Style::Stack, vec!["user", "system"]));
    assert_eq!(each(Repeat::Instance).len(), 6);
    let all = each(Repeat::Never);
    assert_eq!((all.len(), all[0].style, all[0].hosts), (1, Style::Line, 3));
    assert_eq!(labels(&all[0])[..2], ["web-1 user", "web-2 user"]);
}

#[test]
fn what_the_catalogue_hides_is_drawn_only_where_nothing_else_is_chosen() {
    let screen = fleet();
    let names = |show: &[&str]| {
        let panel = screen.one_of(&rule(show));
        labels(&panel).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&["host:web-1 plugin:cpu"]), ["user", "system"]);
    assert_eq!(names(&["host:web-1 plugin:cpu type-instance:idle"]), ["idle"]);
    let both = ["host:web-1 plugin:cpu", "host:web-1 plugin:cpu type-instance:idle"];
    assert_eq!(names(&both), ["user", "system", "idle"]);
    let hides = Rule { hide: vec![Selector::new("type-instance:user")], ..rule(&both) };
    assert_eq!(labels(&screen.one_of(&hides)), ["system", "idle"]);
}

#[test]
fn of_very_many_lines_the_largest_are_drawn_and_the_others_counted() {
    let mut screen = Screen::new(10.0);
    for host in 0..200_u32 {
        let value = f64::from((host * 77) % 200);
        screen.send(&format!("h{host}/users/users"), 0.0, &[Value::Gauge(value)]);
    }
    screen.receive();
    let panel = screen.one_of(&rule(&["plugin:users"]));
    assert_eq!((panel.drawn().count(), panel.left_out), (LARGEST_MAX, 150));
    for line in panel.drawn() {
        let host: u32 = line.label[1..].parse().unwrap();
        assert!((host * 77) % 200 >= 150, "{} is not among the largest", line.label);
    }
}

/// So many series named like a load that a rule does not look at all of them.
fn crowd() -> Screen {
    let mut screen = Screen::new(10.0);
    for number in 0..20_100 {
        screen.send(&format!("a/frobs/gauge-load{number}"), 0.0, &gauges(&[1.0]));
    }
    screen.send("b/load/load", 0.0, &gauges(&[1.0; 3]));
    screen.receive();
    screen
}

#[test]
fn what_was_not_looked_at_is_not_called_smaller() {
    let panel = crowd().one_of(&rule(&["load"]));
    assert_eq!((panel.left_out, panel.unseen), (20_000 - LARGEST_MAX, 103));
    let text = " · the largest 50 of 20000 · 103 series more, not looked at";
    assert_eq!(panel.left_out_text(), text);
}

#[test]
fn a_rule_with_a_graph_is_not_starved_by_series_of_others() {
    let panel = crowd().one_of(&Rule { graph: Some("load".into()), ..rule(&["load"]) });
    assert_eq!((&*panel.host, labels(&panel)), ("b", vec!["1 min", "5 min", "15 min"]));
    assert_eq!((panel.unseen, panel.left_out_text().as_str()), (0, ""));
}

#[test]
fn a_rule_about_values_looks_for_them_beyond_what_it_draws() {
    let mut screen = crowd();
    screen.gauge("z/frobs/gauge-load", [(0.0, 50.0)]);
    let panel = screen.one_of(&rule(&["load >10"]));
    assert_eq!((&*panel.host, panel.unseen), ("z", 0));
}

#[test]
fn what_is_hidden_by_its_value_is_hidden_while_it_has_it() {
    let mut screen = Screen::new(10.0);
    screen.gauge("a/users/users", [(0.0, 5.0)]);
    screen.gauge("b/users/users", [(0.0, 50.0)]);
    let hide = vec![Selector::new("plugin:users >10")];
    let rule = Rule { hide, ..rule(&["plugin:users"]) };
    assert!(rule.has_state());
    assert_eq!(&*screen.one_of(&rule).host, "a");
    screen.gauge("a/users/users", [(10.0, 15.0)]);
    screen.gauge("b/users/users", [(10.0, 1.0)]);
    assert_eq!(&*screen.one_of(&rule).host, "b");
    // One that is hidden of one host is drawn of the others.
    let hide = vec![Selector::new("host:A plugin:users"), Selector::new("host:c")];
    assert_eq!(&*screen.one_of(&Rule { hide, ..rule }).host, "b");
}

#[test]
fn a_series_is_hidden_by_its_names_in_any_order_and_case() {
    let mut screen = Screen::new(10.0);
    for name in ["a/users/users", "b/users/users", "b/users-x/users", "b/users/users-x"] {
        screen.gauge(name, [(0.0, 5.0)]);
    }
    let left = |hide: &str| {
        let rule = Rule { hide: vec![Selector::new(hide)], ..rule(&["plugin:users"]) };
        screen.made_by(&rule).iter().map(|panel| panel.drawn().count()).sum::<usize>()
    };
    let names = "type-instance:\"\" type:users instance:\"\" plugin:users ds:value";
    for (hide, count) in [
        (format!("host:b {names}"), 3),
        (format!("{names} host:B"), 3),
        (format!("{names} host:c"), 4),
        (format!("{names} host:a|b"), 2),
        (format!("{names} host:b >1"), 3),
        (format!("{names} host:b >9"), 4),
        (format!("{names} host:b -users"), 4),
        (format!("{names} -host:b"), 3),
        ("host:b".to_owned(), 1),
    ] {
        assert_eq!(left(&hide), count, "{hide}");
    }
}

#[test]
fn a_rule_about_values_draws_what_has_them_now() {
    let mut screen = Screen::new(10.0);
    screen.gauge("a/users/users", [(0.0, 5.0)]);
    screen.gauge("b/users/users", [(0.0, 50.0)]);
    let many = rule(&["plugin:users >10"]);
    assert!(many.has_state());
    assert_eq!(&*screen.one_of(&many).host, "b");
    screen.gauge("a/users/users", [(10.0, 15.0)]);
    screen.gauge("b/users/users", [(10.0, 1.0)]);
    assert_eq!(&*screen.one_of(&many).host, "a");
}

#[test]
fn a_tab_that_leaves_the_host_open_serves_all_of_them() {
    let screen = fleet();
    let open = rule(&["host:$host plugin:load"]);
    assert!(open.is_open() && screen.made_by(&open).is_empty());
    for host in HOSTS {
        assert_eq!(&*screen.one_of(&open.about(Some(host))).host, host);
    }
}

#[test]
fn the_rules_of_an_overview_make_the_same_panels() {
    let mut screen = fleet();
    screen.select(scope_of_host("web-2"));
    screen.check("web-2/cpu-0/percent-idle", true);
    screen.check("web-2/memory/memory-free", false);
    let mut panels = screen.panels();
    for (id, panel) in (0..).zip(&mut panels) {
        panel.id = PanelId(id);
    }
    let rules = rules_of(&panels, &screen.store, &screen.graphs, &screen.selection);
    assert_eq!(rules.len(), panels.len());
    for (panel, rule) in panels.iter().zip(&rules) {
        let made = screen.one_of(rule);
        assert_eq!((made.id, &made.unit, made.style), (panel.id, &panel.unit, panel.style));
        let lines = |panel: &Panel| -> Vec<_> {
            panel.lines.iter().map(|line| (line.label.clone(), line.series.clone())).collect()
        };
        assert_eq!(lines(&made), lines(panel), "{}", panel.title);
        assert!(made.title.starts_with(&panel.title), "{} {}", made.title, panel.title);
    }
}

#[test]
fn what_is_drawn_gets_the_panels_that_the_catalogue_has_for_it() {
    let screen = fleet();
    let load = |ds: &str| (format!("plugin:load ds:{ds}"), Repeat::Never, Some("load".to_owned()));
    let everybody: Vec<_> = ["shortterm", "midterm", "longterm"].map(load).into();
    assert_eq!(screen.rules("plugin:load", DrawnAs::Catalogue), everybody);
    let one = ("plugin:load ds:midterm".to_owned(), Repeat::Never, Some("load".to_owned()));
    assert_eq!(screen.rules("plugin:load ds:midterm", DrawnAs::Catalogue), [one]);
    // A word that may be found in the names of other plugins stays with those that it found.
    let loose = screen.rules("load ds:midterm", DrawnAs::Catalogue);
    let words = "load ds:midterm plugin:load";
    assert_eq!(loose, [(words.to_owned(), Repeat::Never, Some("load".to_owned()))]);
    let loose = screen.rules("-plugin:cpu ds:midterm", DrawnAs::Catalogue);
    assert_eq!(loose[0].0, "-plugin:cpu ds:midterm plugin:load");
    let cpu = screen.rules("plugin:cpu", DrawnAs::Catalogue);
    assert_eq!(cpu.len(), 2, "user and system: {cpu:?}");
    let one = ("web-1 load".to_owned(), Repeat::Never, None);
    assert_eq!(screen.rules("web-1 load", DrawnAs::One), [one]);
    let each = ("load".to_owned(), Repeat::Host, None);
    assert_eq!(screen.rules("load", DrawnAs::EachHost), [each]);
    let plain = screen.rules("frobs", DrawnAs::Catalogue);
    let words = "frobs plugin:frobnicator type:frobs";
    assert_eq!(plain, [(words.to_owned(), Repeat::Never, None)]);
    // What was not received yet is waited for.
    let later = ("plugin:later".to_owned(), Repeat::Never, None);
    assert_eq!(screen.rules("plugin:later", DrawnAs::Catalogue), [later]);
}

#[test]
fn bars_of_several_hosts_are_each_of_a_whole_filesystem() {
    let mut screen = Screen::new(10.0);
    for host in ["a", "b"] {
        for (part, bytes) in [("used", 1e9), ("reserved", 0.0), ("free", 3e9)] {
            screen.gauge(&format!("{host}/df-root/df_complex-{part}"), [(0.0, bytes)]);
        }
    }
    let drawn = screen.rules("plugin:df", DrawnAs::Catalogue);
    let [(words, Repeat::Never, Some(graph))] = &drawn[..] else { panic!("{drawn:?}") };
    assert_eq!((words.as_str(), graph.as_str()), ("plugin:df", "df"));
    let used = screen.one_of(&rule(&["plugin:df type-instance:used"]));
    assert_eq!(used.style, Style::Bars);
    let bars = collectoscope::view::bars::bars(&used, &screen.store, at(0.0));
    let shares: Vec<_> = bars.iter().map(|bar| (bar.label.as_str(), bar.share())).collect();
    assert_eq!(shares, [("a root", 0.25), ("b root", 0.25)]);
}

#[test]
fn what_cannot_be_read_is_no_part_of_a_rule() {
    let screen = fleet();
    let drawn = screen.rules("frobs \"open", DrawnAs::Catalogue);
    let words = "frobs plugin:frobnicator type:frobs";
    assert_eq!(drawn, [(words.to_owned(), Repeat::Never, None)]);
}

#[test]
fn every_key_of_a_layout_is_documented() {
    let readme = include_str!("../../../README.md");
    let table: Vec<&str> = readme
        .lines()
        .skip_while(|line| *line != "| key | where | what it says |")
        .take_while(|line| line.starts_with('|'))
        .collect();
    for key in collectoscope::view::layout_file::keys() {
        let named = format!("`{key}`");
        assert!(table.iter().any(|line| line.contains(&named)), "{key} is not in the README");
    }
    // The example works.
    let example = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let read = collectoscope::view::layout_file::read(example);
    assert_eq!((read.problems, read.workspace.tabs().len()), (Vec::new(), 1));
}

#[test]
fn lines_are_called_what_their_hosts_are_and_chosen_by_their_names() {
    let mut screen = Screen::new(10.0);
    for host in ["a.example.org", "b.example.org", "c.example.org"] {
        screen.send(&format!("{host}/load/load"), 0.0, &sample_of("h/load/load"));
    }
    screen.receive();
    let mut aliases = Aliases::default();
    aliases.set(&"b.example.org".into(), "Head office");
    let lines = |show: &str| -> Vec<String> {
        let panels = screen.made_where(&rule(&[show]), &aliases);
        let lines = panels.iter().flat_map(Panel::drawn);
        lines.map(|line| line.label.clone()).collect()
    };
    assert_eq!(lines("load ds:shortterm"), ["Head office", "a", "c"]);
    // An alias is one user's: a layout chooses by the names that all know.
    assert!(lines("office").is_empty());
    assert_eq!(lines("load ds:shortterm -office").len(), 3);
}
