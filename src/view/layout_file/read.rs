//! Read: tabs from TOML, and what of it cannot be understood.

mod fleet;

use super::{
    FLEET_KEYS, LISTED_MAX, PANEL_KEYS, SERIES_KEYS, SPLIT_KEYS, STYLES, TAB_KEYS, VERSION,
};
use crate::metric::{Identifier, Interval, SeriesKey, display_safe};
use crate::store::Mode;
use crate::view::WIDTH_FIRST;
use crate::view::layout::{
    DEPTH_MAX, Direction, Layout, Part, RULES_MAX, Repeat, Rule, Split, Tile, sane_share,
};
use crate::view::lines::Lines;
use crate::view::names::{PanelId, TabId};
use crate::view::nearest::nearest;
use crate::view::selection::{Scope, Selection};
use crate::view::selector::{Mistake, Selector};
use crate::view::tab::{Canvas, Tab};
use crate::view::width;
use crate::view::window::TimeWindow;
use crate::view::workspace::{TABS_MAX, Workspace};
use std::fmt;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Problems that are reported one by one.
const PROBLEMS_MAX: usize = 20;
/// Characters of a wrong word that are repeated.
const WORD_SHOWN_MAX: usize = 24;

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, from 1; 0: the file as a whole.
    pub line: usize,
    /// What, and what becomes of it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.what),
            line => write!(f, "line {line}: {}", self.what),
        }
    }
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Read {
    /// The tabs; an empty one if there is none.
    pub workspace: Workspace,
    /// What was left out, in the order of the lines.
    pub problems: Vec<Problem>,
}

/// Reads tabs from `text`.
pub fn read(text: &str) -> Read {
    let (file, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { lines: Lines::of(text), problems: Vec::new(), rules: 0 };
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.problem(at, format!("{}, left out", error.message().trim_end_matches('.')));
    }
    let (tabs, shown) = reader.file(file.get_ref());
    let window = TimeWindow::live(WIDTH_FIRST);
    let problems = in_order(reader.problems);
    Read { workspace: Workspace::of(tabs, shown.saturating_sub(1), window), problems }
}

/// Problems by their lines, and only the first ones of too many.
pub(crate) fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by_key(|problem| problem.line);
    let more = problems.len().saturating_sub(PROBLEMS_MAX);
    problems.truncate(PROBLEMS_MAX);
    if more > 0 {
        problems.push(Problem { line: 0, what: format!("and {more} more problems") });
    }
    problems
}

type Table<'i> = DeTable<'i>;
type Value<'i> = Spanned<DeValue<'i>>;

struct Reader {
    lines: Lines,
    problems: Vec<Problem>,
    /// Panels so far in the tab.
    rules: usize,
}

impl Reader {
    fn problem(&mut self, at: usize, what: String) {
        self.problems.push(Problem { line: self.lines.line_at(at), what });
    }

    fn wrong(&mut self, key: &str, value: &Value<'_>, wanted: &str) {
        let what = format!("{key} must be {wanted}, left out");
        self.problem(value.span().start, what);
    }

    /// Reports keys that there are not.
    fn check_keys(&mut self, table: &Table<'_>, known: &[&[&str]]) {
        let known: Vec<&str> = known.iter().copied().flatten().copied().collect();
        for (key, _) in table.iter() {
            let name = key.get_ref();
            if !known.contains(&&**name) {
                let near = nearest(name, known.iter().copied());
                let near = near.map_or(String::new(), |near| format!(", nearest is \"{near}\""));
                let what = format!("unknown key \"{name}\"{near}, left out");
                self.problem(key.span().start, what);
            }
        }
    }

    /// Reports keys that mean nothing in a table because of another one.
    fn excluded_by(&mut self, other: &str, table: &Table<'_>, excluded: &[&[&str]]) {
        for (key, _) in table.iter() {
            let name = &**key.get_ref();
            if excluded.iter().any(|keys| keys.contains(&name)) {
                let what = format!("{name} says nothing beside {other}, left out");
                self.problem(key.span().start, what);
            }
        }
    }

    /// Reports keys that mean nothing in a table without another one.
    fn excluded_without(&mut self, other: &str, table: &Table<'_>, excluded: &[&str]) {
        for (key, _) in table.iter() {
            let name = &**key.get_ref();
            if excluded.contains(&name) {
                let what = format!("{name} says nothing without {other}, left out");
                self.problem(key.span().start, what);
            }
        }
    }

    fn string(&mut self, table: &Table<'_>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.wrong(key, value, "a text");
                None
            }
        }
    }

    fn number(value: &Value<'_>) -> Option<f64> {
        match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        }
    }

    /// A text, or a list of texts.
    fn strings(&mut self, table: &Table<'_>, key: &str) -> Vec<(String, usize)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) => vec![(text.to_string(), at)],
            DeValue::Array(list) => {
                let mut texts = Vec::new();
                self.check_listed(key, value, list.len());
                for one in list.iter().take(LISTED_MAX) {
                    match one.get_ref().as_str() {
                        Some(text) => texts.push((text.to_owned(), one.span().start)),
                        None => self.wrong(key, one, "a text or a list of texts"),
                    }
                }
                texts
            }
            _ => {
                self.wrong(key, value, "a text or a list of texts");
                Vec::new()
            }
        }
    }

    /// Reports a list that is not read to its end.
    fn check_listed(&mut self, key: &str, value: &Value<'_>, count: usize) {
        if count > LISTED_MAX {
            let what = format!("{key} lists {count}, the first {LISTED_MAX} are read");
            self.problem(value.span().start, what);
        }
    }

    /// A list of tables.
    fn tables<'t, 'i>(&mut self, table: &'t Table<'i>, key: &str) -> Vec<&'t Table<'i>> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, value, "a list of tables");
            return Vec::new();
        };
        let mut tables = Vec::new();
        for one in list.iter() {
            match one.get_ref().as_table() {
                Some(table) => tables.push(table),
                None => self.wrong(key, one, "a list of tables"),
            }
        }
        tables
    }

    fn file(&mut self, file: &Table<'_>) -> (Vec<Tab>, usize) {
        self.check_keys(file, &[&["version", "shown", "tab"]]);
        if let Some(version) = file.get("version") {
            match Self::number(version) {
                Some(number) if number > VERSION as f64 => {
                    let what = format!(
                        "version {number} is of a newer program, this one knows {VERSION}: what \
                         it does not know is left out"
                    );
                    self.problem(version.span().start, what);
                }
                Some(_) => {}
                None => self.wrong("version", version, "a number"),
            }
        }
        let tables = self.tables(file, "tab");
        if tables.len() > TABS_MAX {
            let what = format!("there are {} tabs, the first {TABS_MAX} are read", tables.len());
            self.problems.push(Problem { line: 0, what });
        }
        let tabs: Vec<_> = tables.into_iter().take(TABS_MAX).map(|tab| self.tab(tab)).collect();
        let shown = self.shown(file, tabs.len().max(1));
        (tabs, shown)
    }

    /// Which of the tabs is on screen, from 1.
    fn shown(&mut self, file: &Table<'_>, tabs: usize) -> usize {
        let Some(value) = file.get("shown") else { return 1 };
        let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse().ok());
        number.filter(|number| (1..=tabs).contains(number)).unwrap_or_else(|| {
            self.wrong("shown", value, &format!("a tab, from 1 to {tabs}"));
            1
        })
    }

    fn tab(&mut self, table: &Table<'_>) -> Tab {
        self.check_keys(table, &[&TAB_KEYS, &FLEET_KEYS, &PANEL_KEYS, &SPLIT_KEYS]);
        self.rules = 0;
        let canvas = if table.contains_key("fleet") {
            let others: &[&str] =
                &["host", "mode", "overview", "plugin", "instance", "checked", "unchecked"];
            self.excluded_by("fleet", table, &[&PANEL_KEYS, &SPLIT_KEYS, others]);
            Canvas::Fleet(Arc::new(self.fleet(table)))
        } else if table.contains_key("overview") {
            self.excluded_by("overview", table, &[&PANEL_KEYS, &SPLIT_KEYS]);
            Canvas::Auto(self.selection(table))
        } else {
            self.excluded_without("fleet", table, &FLEET_KEYS);
            let root = self.tile(table, 0);
            Canvas::Tiles(Arc::new(Layout::new(root)))
        };
        if self.rules > RULES_MAX {
            let what = format!("a tab has {} panels, the first {RULES_MAX} are read", self.rules);
            self.problems.push(Problem { line: 0, what });
        }
        let window = self.window(table).unwrap_or(WIDTH_FIRST);
        let mut tab = Tab::new(TabId(0), canvas, TimeWindow::live(window));
        tab.name = self.string(table, "name");
        if let Some(value) = table.get("name").filter(|_| tab.name.as_deref() == Some("")) {
            self.wrong("name", value, "a text that is not empty");
            tab.name = None;
        }
        if tab.canvas.fleet().is_some() {
            // It is of all hosts, and has no raw values.
            return tab;
        }
        tab.host = self.string(table, "host").map(Into::into);
        tab.mode = match self.string(table, "mode").as_deref() {
            None | Some("rates") => Mode::Rate,
            Some("raw") => Mode::Raw,
            Some(_) => {
                self.choice(table, "mode", &["rates", "raw"]);
                Mode::Rate
            }
        };
        tab
    }

    /// Reports a word that is none of those which can stand there.
    fn choice(&mut self, table: &Table<'_>, key: &str, words: &[&str]) {
        if let Some(value) = table.get(key) {
            let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
            self.wrong(key, value, &words.join(" or "));
        }
    }

    /// `15m`, `90s`, `2h`, `1d`.
    fn window(&mut self, table: &Table<'_>) -> Option<Interval> {
        let text = self.string(table, "window")?;
        let read = width::parse(&text);
        if let Some(value) = table.get("window").filter(|_| read.is_none()) {
            self.wrong("window", value, "a number with its unit, like \"15m\"");
        }
        read
    }

    fn selection(&mut self, table: &Table<'_>) -> Selection {
        let mut selection = Selection::default();
        let host: Arc<str> = self.string(table, "overview").unwrap_or_default().into();
        let plugin = self.string(table, "plugin");
        let instance = self.string(table, "instance").unwrap_or_default();
        if !host.is_empty() {
            selection.select(match plugin {
                Some(plugin) => {
                    Scope::Plugin { host, plugin: plugin.into(), instance: instance.into() }
                }
                None => Scope::Host(host),
            });
        }
        for (key, shown) in [("checked", true), ("unchecked", false)] {
            let tables = self.tables(table, key);
            if let Some(value) = table.get(key) {
                self.check_listed(key, value, tables.len());
            }
            let tables = tables.into_iter().take(LISTED_MAX);
            let keys: Vec<_> = tables.map(|one| self.series(one)).collect();
            selection.set(&keys, shown);
        }
        selection
    }

    fn series(&mut self, table: &Table<'_>) -> SeriesKey {
        self.check_keys(table, &[&SERIES_KEYS]);
        let names = SERIES_KEYS.map(|key| self.string(table, key).unwrap_or_default());
        let [host, plugin, instance, type_, type_instance, ds] = names;
        let identifier = Identifier::new(&host, &plugin, &instance, &type_, &type_instance);
        SeriesKey { identifier: identifier.into(), ds: ds.as_str().into() }
    }

    /// The tile that a table describes; none: there is nothing in it.
    fn tile(&mut self, table: &Table<'_>, depth: usize) -> Option<Tile> {
        for (key, direction) in [("rows", Direction::Column), ("columns", Direction::Row)] {
            let Some(value) = table.get(key) else { continue };
            let others = SPLIT_KEYS.iter().chain(&PANEL_KEYS).copied();
            let others: Vec<_> =
                others.filter(|other| *other != key && *other != "share").collect();
            self.excluded_by(key, table, &[&others]);
            if depth == DEPTH_MAX {
                self.problem(value.span().start, format!("{key} are nested too deep, left out"));
                return None;
            }
            let parts = self.tables(table, key);
            let parts = parts.into_iter().filter_map(|part| self.part(part, depth + 1)).collect();
            return Some(Tile::Split(Split { direction, parts }));
        }
        let shows_nothing = table
            .get("show")
            .is_none_or(|show| show.get_ref().as_array().is_some_and(|list| list.is_empty()));
        if shows_nothing && depth == 0 {
            return None;
        }
        self.rules += 1;
        if self.rules > RULES_MAX {
            return None;
        }
        let rule = self.rule(table);
        let is_empty = rule.show.is_empty();
        (!is_empty).then_some(Tile::Panel(rule))
    }

    fn part(&mut self, table: &Table<'_>, depth: usize) -> Option<Part> {
        self.check_keys(table, &[&PANEL_KEYS, &SPLIT_KEYS]);
        let share = match table.get("share") {
            None => 1.0,
            Some(value) => match Self::number(value).filter(|share| *share > 0.0) {
                #[expect(clippy::cast_possible_truncation, reason = "bounded")]
                Some(share) => sane_share(share as f32),
                None => {
                    self.wrong("share", value, "a number above zero");
                    1.0
                }
            },
        };
        self.tile(table, depth).map(|tile| Part { share, tile })
    }

    fn rule(&mut self, table: &Table<'_>) -> Rule {
        let mut rule = Rule::new(PanelId(0), self.selectors(table, "show"));
        if rule.show.is_empty()
            && let Some((key, _)) = table.iter().next()
        {
            let at = key.span().start;
            self.problem(at, "a panel needs show = \"what it draws\", left out".into());
        }
        rule.hide = self.selectors(table, "hide");
        rule.graph = self.string(table, "graph").map(Into::into);
        rule.title = self.string(table, "title");
        let style = self.string(table, "style");
        rule.style = style.as_deref().and_then(|style| {
            STYLES.iter().find(|(name, _)| *name == style).map(|(_, style)| *style)
        });
        if style.is_some() && rule.style.is_none() {
            self.choice(table, "style", &STYLES.map(|(name, _)| name));
        }
        rule.each = match self.string(table, "each").as_deref() {
            None => Repeat::Never,
            Some("host") => Repeat::Host,
            Some("instance") => Repeat::Instance,
            Some(_) => {
                self.choice(table, "each", &["host", "instance"]);
                Repeat::Never
            }
        };
        rule.y = self.ends(table);
        rule.scale = self.scale(table);
        rule
    }

    /// Selectors; their text stays as it is, but words that cannot be read choose nothing.
    fn selectors(&mut self, table: &Table<'_>, key: &str) -> Vec<Selector> {
        let mut selectors = Vec::new();
        for (text, at) in self.strings(table, key) {
            let selector = Selector::new(&text);
            for Mistake { span, text: why } in selector.mistakes() {
                let word = text.get(span.clone()).unwrap_or_default();
                let word: String = word.chars().take(WORD_SHOWN_MAX).collect();
                self.problem(at, format!("{key}: {}: {why}, left out", display_safe(&word)));
            }
            selectors.push(selector);
        }
        selectors
    }

    /// Two ends of an axis.
    fn ends(&mut self, table: &Table<'_>) -> Option<(f64, f64)> {
        let value = table.get("y")?;
        let list = value.get_ref().as_array();
        let numbers: Option<Vec<_>> = list.and_then(|list| list.iter().map(Self::number).collect());
        match numbers.as_deref() {
            Some([lo, hi]) if lo < hi && lo.is_finite() && hi.is_finite() => Some((*lo, *hi)),
            _ => {
                self.wrong("y", value, "two numbers, the lower one first");
                None
            }
        }
    }
}
