//! Layout file: tabs, tiles and rules as TOML, both ways.
//!
//! Read leniently: what cannot be understood is left out and reported with its line, the rest
//! works. Written so that a person can go on editing: no numbers of the running program, nothing
//! that is as it would be anyway. Reads no file itself.

mod print;
mod read;

use super::graphs::Style;
pub use print::print;
pub(crate) use read::in_order;
pub use read::{Problem, Read, read};

/// Of the format. A file with a higher one comes from a newer program.
pub const VERSION: i64 = 1;
/// Bytes of a file that are read, and no more are written: two hundred panels in a hundred tabs
/// have less.
pub const BYTES_MAX: usize = 8 << 20;
/// Entries of a list of series or selectors, read and written.
pub const LISTED_MAX: usize = 2_000;

/// Keys of a tab, of a panel and of a tile that is split; all are documented in the README.
const TAB_KEYS: [&str; 9] =
    ["name", "host", "window", "mode", "overview", "plugin", "instance", "checked", "unchecked"];
const PANEL_KEYS: [&str; 9] =
    ["show", "hide", "graph", "title", "style", "each", "y", "scale", "share"];
/// Keys of a tab with the table of all hosts, and of its columns.
const FLEET_KEYS: [&str; 4] = ["fleet", "filter", "order", "reversed"];
const COLUMN_KEYS: [&str; 5] = ["column", "show", "of", "title", "scale"];
const SPLIT_KEYS: [&str; 2] = ["rows", "columns"];
const SERIES_KEYS: [&str; 6] = ["host", "plugin", "instance", "type", "type-instance", "ds"];
const STYLES: [(&str, Style); 4] = [
    ("line", Style::Line),
    ("stack", Style::Stack),
    ("mirror", Style::Mirror),
    ("bars", Style::Bars),
];

/// All keys of a layout file.
pub fn keys() -> impl Iterator<Item = &'static str> {
    let all = ["version", "shown", "tab"].into_iter();
    let fleet = FLEET_KEYS.into_iter().chain(COLUMN_KEYS);
    all.chain(TAB_KEYS).chain(PANEL_KEYS).chain(SPLIT_KEYS).chain(SERIES_KEYS).chain(fleet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Identifier, Interval, SeriesKey};
    use crate::view::fleet::{By, COLUMNS_MAX, Column, Fleet, Measure, Of, Shows};
    use crate::view::layout::{Layout, Repeat, Rule, YScale};
    use crate::view::names::TabId;
    use crate::view::names::{PanelId, Side, Spot};
    use crate::view::selection::{Scope, Selection};
    use crate::view::selector::Selector;
    use crate::view::tab::{Canvas, Tab};
    use crate::view::window::TimeWindow;
    use crate::view::workspace::Workspace;
    use proptest::prelude::*;
    use std::sync::Arc;

    #[track_caller]
    fn good(text: &str) -> Workspace {
        let Read { workspace, problems } = read(text);
        assert_eq!(problems, [], "{text}");
        workspace
    }

    #[track_caller]
    fn check_problem(text: &str, expected: &str) -> Workspace {
        let Read { workspace, problems } = read(text);
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, [expected], "{text}");
        workspace
    }

    fn shows(workspace: &Workspace) -> Vec<&str> {
        let tiles = workspace.tabs().iter().filter_map(|tab| tab.canvas.tiles());
        tiles.flat_map(Layout::rules).flat_map(|rule| &rule.show).map(Selector::text).collect()
    }

    const BY_HAND: &str = r#"
# Load of every host, and the CPUs of two below it.
version = 1

[[tab]]
name = "Web tier"
window = "15m"

[[tab.rows]]
title = "Load, 1 min"
show = "plugin:load ds:shortterm"
share = 2

[[tab.rows]]
columns = [
  { show = "host:web-1 plugin:cpu", graph = "cpu-percent" },
  { show = ["host:web-2 plugin:cpu", "host:web-3 plugin:cpu"], each = "host", y = [0, 100] },
]

[[tab]]
overview = "web-1"
"#;

    #[test]
    fn a_file_written_by_hand_is_read() {
        let workspace = good(BY_HAND);
        assert_eq!(workspace.tabs().len(), 2);
        let tab = workspace.active();
        assert_eq!(
            (
                tab.title(&crate::view::aliases::Aliases::default()).as_str(),
                tab.window.width().secs_f64()
            ),
            ("Web tier", 900.0)
        );
        let rules = tab.canvas.tiles().unwrap().rules();
        assert_eq!(rules[0].title.as_deref(), Some("Load, 1 min"));
        assert_eq!(rules[1].graph.as_deref(), Some("cpu-percent"));
        assert_eq!((rules[2].each, rules[2].y), (Repeat::Host, Some((0.0, 100.0))));
        let overview = workspace.tabs()[1].canvas.selection().unwrap().scope();
        assert_eq!(overview, Some(&Scope::Host("web-1".into())));
        // Nothing is lost where it is written and read again.
        let printed = print(&workspace);
        assert_eq!(print(&good(&printed)), printed);
        assert!(printed.contains("share = 2.0") && !printed.contains("id"), "{printed}");
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_the_rest_works() {
        let with = |line: &str| format!("[[tab]]\nshow = 'load'\n{line}\n[[tab]]\nshow = 'cpu'");
        for (line, expected) in [
            ("titel = 'x'", "line 3: unknown key \"titel\", nearest is \"title\", left out"),
            ("zzzzzz = 1", "line 3: unknown key \"zzzzzz\", left out"),
            (
                "style = 'pie'",
                "line 3: style must be \"line\" or \"stack\" or \"mirror\" or \"bars\", left out",
            ),
            ("title = 5", "line 3: title must be a text, left out"),
            (
                "window = 'long'",
                "line 3: window must be a number with its unit, like \"15m\", left out",
            ),
            (
                "window = '-5m'",
                "line 3: window must be a number with its unit, like \"15m\", left out",
            ),
            ("y = [5, 1]", "line 3: y must be two numbers, the lower one first, left out"),
            ("y = 100", "line 3: y must be two numbers, the lower one first, left out"),
            ("y = [0, 'a', 9]", "line 3: y must be two numbers, the lower one first, left out"),
            ("name = ''", "line 3: name must be a text that is not empty, left out"),
            ("scale = 'big'", "line 3: scale must be \"own\" or \"shared\", left out"),
            ("mode = 'cooked'", "line 3: mode must be \"rates\" or \"raw\", left out"),
            ("hide = [1]", "line 3: hide must be a text or a list of texts, left out"),
            ("hide = 'a \"b'", "line 3: hide: \"b: the quote is not closed, left out"),
            (
                "hide = ['a', '/(/ b']",
                "line 3: hide: /(/: not a regular expression: unclosed group, left out",
            ),
        ] {
            let workspace = check_problem(&with(line), expected);
            assert_eq!(shows(&workspace), ["load", "cpu"], "{line}");
        }
        let missing = "[[tab]]\n[[tab.rows]]\ntitle = 'x'\n[[tab.rows]]\nshow = 'cpu'";
        let expected = "line 3: a panel needs show = \"what it draws\", left out";
        assert_eq!(shows(&check_problem(missing, expected)), ["cpu"]);
    }

    /// A tab with these columns and another key; what is left of the columns.
    #[track_caller]
    fn check_fleet(columns: &str, more: &str, expected: &str, left: &str) {
        let text = format!("[[tab]]\nfleet = [{columns}]\n{more}\n[[tab]]\nshow = 'load'");
        let workspace = check_problem(&text, expected);
        let fleet = workspace.active().canvas.fleet().unwrap();
        let names: Vec<_> = fleet.columns.iter().map(Column::name).collect();
        assert_eq!((names.join(" ").as_str(), fleet.by), (left, By::Host), "{text}");
        assert_eq!(shows(&workspace), ["load"]);
    }

    #[test]
    fn a_column_that_is_none_is_named_and_the_others_stay() {
        for (columns, expected, left) in [
            ("'cpu', 'laod', 'load'", "unknown column \"laod\", nearest is \"load\"", "cpu load"),
            ("'cpu', 'zzzzzz'", "unknown column \"zzzzzz\"", "cpu"),
            (
                "{ show = 'plugin:/[/' }, 'cpu'",
                "show: plugin:/[/: not a regular expression: unclosed character class",
                "cpu",
            ),
            ("'cpu', 5", "a column must be a name or a table", "cpu"),
            ("{ title = 'x' }, 'cpu'", "a column needs show = \"what it shows\"", "cpu"),
            (
                "{ show = 'a', of = 'mean' }",
                "of must be \"max\" or \"min\" or \"avg\" or \"sum\"",
                "a",
            ),
            ("{ show = 'a', titel = 'x' }", "unknown key \"titel\", nearest is \"title\"", "a"),
            ("{ column = 'cpu', of = 'max' }", "of says nothing beside column", "cpu"),
            ("'cpu', { show = 'a >9' }", "a column shows values and cannot ask for them", "cpu"),
        ] {
            check_fleet(columns, "", &format!("line 2: {expected}, left out"), left);
        }
        let many = "'load', ".repeat(COLUMNS_MAX + 5);
        let expected = "line 2: fleet lists 25 columns, the first 20 are read";
        let workspace = check_problem(&format!("[[tab]]\nfleet = [{many}]"), expected);
        assert_eq!(workspace.active().canvas.fleet().unwrap().columns.len(), COLUMNS_MAX);
    }

    #[test]
    fn other_mistakes_of_a_table_of_hosts_leave_its_columns() {
        let orders = "order must be \"host\" or \"state\" or \"cpu\"";
        for (more, expected) in [
            ("order = 'load'", orders),
            ("order = 2", orders),
            ("order = 0", orders),
            ("order = true", orders),
            ("reversed = 1", "reversed must be true or false"),
            ("show = 'x'", "show says nothing beside fleet"),
            ("mode = 'raw'", "mode says nothing beside fleet"),
            ("filter = 'hst:a'", "filter: hst:a: unknown field hst:, nearest is host:"),
        ] {
            check_fleet("'cpu'", more, &format!("line 3: {expected}, left out"), "cpu");
        }
        let text = "[[tab]]\nfleet = 'all'";
        let expected =
            "line 2: fleet must be a list of columns, like [\"cpu\", \"load\"], left out";
        assert_eq!(check_problem(text, expected).active().canvas.fleet(), Some(&Fleet::default()));
    }

    #[test]
    fn a_selector_with_a_mistake_is_reported_and_keeps_its_text() {
        let text = "[[tab]]\n[[tab.rows]]\nshow = 'hst:web load'\n[[tab.rows]]\nshow = 'cpu'";
        let expected = "line 3: show: hst:web: unknown field hst:, nearest is host:, left out";
        assert_eq!(shows(&check_problem(text, expected)), ["hst:web load", "cpu"]);
    }

    #[test]
    fn keys_that_say_nothing_beside_others_are_reported() {
        for (text, expected) in [
            (
                "[[tab]]\nrows = [{ show = 'a' }, { show = 'b' }]\ntitle = 'x'",
                "line 3: title says nothing beside rows, left out",
            ),
            (
                "[[tab]]\ncolumns = []\nrows = [{ show = 'a' }, { show = 'b' }]",
                "line 2: columns says nothing beside rows, left out",
            ),
            (
                "[[tab]]\n[[tab.rows]]\nshare = 2\nshow = 'x'\n\
                 columns = [{ show = 'a' }, { show = 'b' }]",
                "line 4: show says nothing beside columns, left out",
            ),
            (
                "[[tab]]\noverview = 'web-1'\nshow = 'x'",
                "line 3: show says nothing beside overview, left out",
            ),
        ] {
            let workspace = check_problem(text, expected);
            let shown = shows(&workspace);
            assert!(shown == ["a", "b"] || text.contains("overview"), "{text}: {shown:?}");
        }
    }

    #[test]
    fn the_tab_on_screen_is_one_that_there_is() {
        let tabs = "[[tab]]\nshow = 'a'\n[[tab]]\nshow = 'b'\n";
        assert_eq!(good(&format!("shown = 2\n{tabs}")).active_place(), 1);
        for shown in ["0", "3", "-1", "1.5", "'2'"] {
            let expected = "line 1: shown must be a tab, from 1 to 2, left out";
            let workspace = check_problem(&format!("shown = {shown}\n{tabs}"), expected);
            assert_eq!(workspace.active_place(), 0, "{shown}");
        }
    }

    #[test]
    fn a_file_of_a_newer_program_is_read_as_far_as_it_is_known() {
        let text = "version = 7\n[[tab]]\nshow = 'load'\n";
        let expected = "line 1: version 7 is of a newer program, this one knows 1: what it does \
                        not know is left out";
        assert_eq!(shows(&check_problem(text, expected)), ["load"]);
    }

    #[test]
    fn a_file_that_was_cut_gives_what_was_whole() {
        let whole = print(&good(BY_HAND));
        for end in 0..whole.len() {
            let Read { workspace, .. } = read(&whole[..end]);
            assert!(!workspace.tabs().is_empty());
        }
        let cut = whole.find("web-3").unwrap();
        let Read { workspace, problems } = read(&whole[..cut]);
        assert!(!problems.is_empty());
        assert!(shows(&workspace).contains(&"plugin:load ds:shortterm"));
    }

    #[test]
    fn a_long_list_is_read_and_written_up_to_its_bound() {
        let list = "'x', ".repeat(2_500);
        let expected = "line 2: show lists 2500, the first 2000 are read";
        let workspace = check_problem(&format!("[[tab]]\nshow = [{list}]"), expected);
        assert_eq!(shows(&workspace).len(), LISTED_MAX);
        let list = "{ host = 'a' }, ".repeat(2_500);
        let expected = "line 3: checked lists 2500, the first 2000 are read";
        check_problem(&format!("[[tab]]\noverview = 'a'\nchecked = [{list}]"), expected);
        let key = |number: u32| {
            let identifier = Identifier::new("h", "p", &number.to_string(), "load", "");
            SeriesKey { identifier: identifier.into(), ds: "x".into() }
        };
        let mut selection = Selection::default();
        selection.set(&(0..2_500).map(key).collect::<Vec<_>>(), true);
        let workspace = of_one_kind(&Canvas::Auto(selection), 1);
        let again = good(&print(&workspace));
        let checked = again.active().canvas.selection().map(|selection| selection.checked().len());
        assert_eq!(checked, Some(LISTED_MAX));
    }

    fn of_one_kind(canvas: &Canvas, tabs: u32) -> Workspace {
        let window = TimeWindow::live(Interval::from_secs(60));
        let tabs: Vec<_> =
            (0..tabs).map(|id| Tab::new(TabId(id), canvas.clone(), window.clone())).collect();
        Workspace::of(tabs, 99, window)
    }

    #[test]
    fn no_file_is_written_that_would_be_too_large_to_be_read() {
        let name = "n".repeat(120);
        let show = (0..LISTED_MAX).map(|n| Selector::new(&format!("host:{name}{n}"))).collect();
        let rule = Rule::new(PanelId(0), show);
        let layout = Layout::of(vec![rule; 10]);
        let workspace = of_one_kind(&Canvas::Tiles(Arc::new(layout)), 100);
        let text = print(&workspace);
        assert!(text.len() <= BYTES_MAX, "{}", text.len());
        let again = good(&text);
        // Lists are cut before a tab is left out.
        assert_eq!((again.tabs().len(), again.active_place()), (100, 99));
        let huge = Rule::new(PanelId(0), vec![Selector::new(&"x".repeat(3 << 20))]);
        let workspace = of_one_kind(&Canvas::Tiles(Arc::new(Layout::of([huge]))), 4);
        let text = print(&workspace);
        assert!(text.len() <= BYTES_MAX);
        assert_eq!(good(&text).tabs().len(), 2);
    }

    #[test]
    fn what_is_no_layout_is_reported_and_bounded() {
        for text in ["\u{d4}\u{c3}\u{b2}\u{a1}\0\0", "[", "= = =", "tab = 5", "tab = [1]"] {
            let Read { workspace, problems } = read(text);
            assert!(!problems.is_empty(), "{text:?}");
            assert_eq!(workspace.tabs().len(), 1);
        }
        let many = "[[tab]]\nshow = 'x'\nbad = 1\n".repeat(1_000);
        let Read { workspace, problems } = read(&many);
        assert_eq!((workspace.tabs().len(), problems.len()), (100, 21));
        let panels = format!("[[tab]]\n{}", "[[tab.rows]]\nshow = 'x'\n".repeat(10_000));
        let expected = "a tab has 10000 panels, the first 200 are read";
        assert_eq!(shows(&check_problem(&panels, expected)).len(), 200);
        let deep = format!("[[tab]]\nrows = {}{}", "[{rows = ".repeat(60), "}]".repeat(60));
        assert!(!read(&deep).problems.is_empty());
    }

    fn selection() -> impl Strategy<Value = Selection> {
        let names = ("[a-z\"\\\\ é\n]{1,6}", "[a-z]{1,4}", "[a-z=]{0,3}", any::<u8>());
        names.prop_map(|(host, plugin, instance, kind)| {
            let host: Arc<str> = host.as_str().into();
            let mut selection = Selection::default();
            match kind % 3 {
                0 => {}
                1 => selection.select(Scope::Host(host.clone())),
                _ => selection.select(Scope::Plugin {
                    host: host.clone(),
                    plugin: plugin.as_str().into(),
                    instance: instance.as_str().into(),
                }),
            }
            let identifier = Identifier::new(&host, &plugin, &instance, "load", "");
            let key = SeriesKey { identifier: identifier.into(), ds: "x".into() };
            selection.set(&[key], kind > 128);
            selection
        })
    }

    fn rule() -> impl Strategy<Value = Rule> {
        let words = prop::collection::vec("[a-z:*\" \\\\/é-]{1,12}", 1..3);
        (words, any::<u8>(), prop::option::of(-1e9_f64..1e9)).prop_map(|(words, kind, lo)| {
            let show = words.iter().map(|word| Selector::new(word)).collect();
            let mut rule = Rule::new(PanelId(0), show);
            rule.each = [Repeat::Never, Repeat::Host, Repeat::Instance][usize::from(kind % 3)];
            rule.style = STYLES.get(usize::from(kind % 5)).map(|(_, style)| *style);
            rule.title = (kind > 100).then(|| words[0].clone());
            rule.graph = (kind > 200).then(|| "load".into());
            rule.hide = if kind > 150 { vec![Selector::new("idle")] } else { Vec::new() };
            rule.y = lo.map(|lo| (lo, lo + 1.5));
            rule.scale = if kind % 2 == 0 { YScale::Own } else { YScale::Shared };
            rule
        })
    }

    fn fleet() -> impl Strategy<Value = Fleet> {
        let show = "[a-z][a-z:*\" \\\\/é-]{0,12}";
        let column = (any::<u8>(), show, prop::option::of("[a-z\" ]{1,6}"), any::<bool>());
        let column = column.prop_map(|(kind, show, title, own)| {
            let measure = Measure::ALL.get(usize::from(kind % 12)).copied();
            let show = Selector::new(&show);
            let shows = match measure.filter(|_| !show.is_empty()) {
                Some(measure) => Shows::Measure(measure),
                None if show.is_empty() => Shows::Measure(Measure::Cpu),
                None => Shows::Series { show, of: Of::ALL[usize::from(kind / 12 % 4)] },
            };
            let scale = if own { YScale::Own } else { YScale::Shared };
            Column { shows, title, scale }
        });
        let columns = prop::collection::vec(column, 0..6);
        (columns, 0_usize..9, any::<bool>(), "[a-z]{0,4}").prop_map(
            |(columns, by, reversed, filter)| {
                let by = match by.checked_sub(2) {
                    Some(place) if place < columns.len() => By::Column(place),
                    Some(_) => By::Host,
                    None => By::State,
                };
                let reversed = reversed && by != By::State;
                Fleet { columns, by, reversed, filter: Selector::new(&filter) }
            },
        )
    }

    fn tab() -> impl Strategy<Value = Tab> {
        let tiles = prop::collection::vec((rule(), 0_u32..8, 0_u8..6, 0.1_f32..9.0), 0..8);
        let canvas = (selection(), tiles, fleet(), 0_u8..3);
        (canvas, "[A-Za-z \"]{0,8}", 1_u64..900_000).prop_map(
            |((selection, tiles, fleet, kind), name, secs)| {
                let mut layout = Layout::default();
                for (id, (rule, of, side, _)) in (0..).zip(tiles.clone()) {
                    let sides = [Side::Left, Side::Right, Side::Above, Side::Below];
                    let spot = match sides.get(usize::from(side)) {
                        Some(side) => Spot::Beside(PanelId(of), *side),
                        None => Spot::End,
                    };
                    layout.insert(Rule { id: PanelId(id), ..rule }, spot);
                }
                let shares: Vec<_> = tiles.iter().map(|tile| tile.3).collect();
                layout.set_shares(&[], &shares);
                let canvas = match kind {
                    0 => Canvas::Auto(selection),
                    1 => Canvas::Tiles(Arc::new(layout)),
                    _ => Canvas::Fleet(Arc::new(fleet)),
                };
                let window = TimeWindow::live(Interval::from_secs(secs));
                let mut tab = Tab::new(TabId(0), canvas, window);
                tab.name = Some(name).filter(|name| !name.is_empty());
                tab
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(tabs in prop::collection::vec(tab(), 1..4)) {
            let workspace = Workspace::of(tabs, 1, TimeWindow::live(Interval::from_secs(60)));
            let text = print(&workspace);
            let tiles = workspace.tabs().iter().filter_map(|tab| tab.canvas.tiles());
            let show = tiles.flat_map(Layout::rules).flat_map(|rule| &rule.show);
            let fleets = workspace.tabs().iter().filter_map(|tab| tab.canvas.fleet());
            let columns = fleets.flat_map(|fleet| &fleet.columns);
            let of_columns = columns.filter_map(|column| match &column.shows {
                Shows::Series { show, .. } => Some(show),
                Shows::Measure(_) => None,
            });
            let mut show = show.chain(of_columns);
            let has_mistakes = show.any(|selector| !selector.mistakes().is_empty());
            let Read { workspace: again, problems } = read(&text);
            prop_assert_eq!(!problems.is_empty(), has_mistakes, "{}\n{:?}", text, problems);
            prop_assert!(again.is_same_choice(&workspace), "{}\n{:#?}", text, again);
            prop_assert_eq!(print(&again), text);
        }

        #[test]
        fn any_text_gives_a_workspace(text in ".{0,200}") {
            prop_assert!(!read(&text).workspace.tabs().is_empty());
        }
    }
}
