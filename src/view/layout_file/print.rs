//! Print: tabs as TOML.

use super::{BYTES_MAX, LISTED_MAX, STYLES, VERSION};
use crate::metric::SeriesKey;
use crate::store::Mode;
use crate::view::fleet::{By, Column, Fleet, Of, Shows};
use crate::view::layout::{Direction, Layout, Repeat, Rule, Tile, YScale};
use crate::view::selection::{Scope, Selection};
use crate::view::selector::Selector;
use crate::view::tab::{Canvas, Tab};
use crate::view::width;
use crate::view::workspace::Workspace;
use std::fmt::Write as _;
use toml::Value;

/// Entries of each list that are written, the next ones where all of it is too long to be read.
const LISTED: [usize; 4] = [LISTED_MAX, LISTED_MAX / 10, LISTED_MAX / 100, 1];
/// Bytes of what stands before the tabs.
const HEAD_BYTES_MAX: usize = 100;

/// The tabs of a workspace as text, which is never longer than what is read. A tab that finds no
/// room even where all lists are cut is left out.
pub fn print(workspace: &Workspace) -> String {
    let whole = LISTED.iter().find_map(|&listed_max| tabs_of(workspace, listed_max, false));
    let (shown, tabs) = whole.or_else(|| tabs_of(workspace, 1, true)).unwrap_or_default();
    let mut out = Out { text: format!("version = {VERSION}\n"), listed_max: 0 };
    if shown > 1 {
        line(&mut out, "shown", &int(shown));
    }
    out.text + &tabs
}

/// The number of the tab on screen, and all tabs; those that find no room are left out where that
/// is wanted, else there is nothing.
fn tabs_of(workspace: &Workspace, listed_max: usize, leave_out: bool) -> Option<(usize, String)> {
    let mut tabs = String::new();
    let (mut written, mut shown) = (0, 0);
    for (place, tab) in workspace.tabs().iter().enumerate() {
        let text = text_of(tab, listed_max);
        if HEAD_BYTES_MAX + tabs.len() + text.len() > BYTES_MAX {
            if leave_out {
                continue;
            }
            return None;
        }
        tabs.push_str(&text);
        written += 1;
        if place == workspace.active_place() {
            shown = written;
        }
    }
    Some((shown, tabs))
}

fn text_of(tab: &Tab, listed_max: usize) -> String {
    let mut out = Out { text: "\n[[tab]]\n".into(), listed_max };
    print_tab(&mut out, tab);
    out.text
}

/// What is written.
struct Out {
    text: String,
    /// Entries of a list; more are left out.
    listed_max: usize,
}

fn int(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// `key = value`, with the value as TOML writes it.
fn line(out: &mut Out, key: &str, value: &Value) {
    let _ = writeln!(out.text, "{key} = {value}");
}

fn print_tab(out: &mut Out, tab: &Tab) {
    if let Some(name) = &tab.name {
        line(out, "name", &text(name));
    }
    if let Some(host) = &tab.host {
        line(out, "host", &text(host));
    }
    line(out, "window", &text(&width::text(tab.window.width())));
    if tab.mode == Mode::Raw {
        line(out, "mode", &text("raw"));
    }
    match &tab.canvas {
        Canvas::Auto(selection) => print_selection(out, selection),
        Canvas::Tiles(layout) => print_layout(out, layout),
        Canvas::Fleet(fleet) => print_fleet(out, fleet),
    }
}

fn print_fleet(out: &mut Out, fleet: &Fleet) {
    let columns: String =
        fleet.columns.iter().map(|column| format!("  {},\n", column_text(column))).collect();
    let columns = if columns.is_empty() { columns } else { format!("\n{columns}") };
    let _ = writeln!(out.text, "fleet = [{columns}]");
    if !fleet.filter.text().is_empty() {
        line(out, "filter", &text(fleet.filter.text()));
    }
    let order = match fleet.by {
        By::Host => None,
        By::State => Some("state".to_owned()),
        By::Column(place) => fleet.name_of_order(place),
    };
    match (order, fleet.by) {
        (Some(order), _) => line(out, "order", &text(&order)),
        // Its number, where the name is that of another one too.
        (None, By::Column(place)) => line(out, "order", &int(place + 1)),
        (None, _) => {}
    }
    if fleet.reversed {
        line(out, "reversed", &Value::Boolean(true));
    }
}

/// A name where that says all, else a table on one line.
fn column_text(column: &Column) -> String {
    let is_plain = column.title.is_none() && column.scale == YScale::Shared;
    let mut pairs = match &column.shows {
        Shows::Measure(measure) if is_plain => return text(measure.name()).to_string(),
        Shows::Measure(measure) => vec![("column", measure.name().to_owned())],
        Shows::Series { show, of } => {
            let of = (*of != Of::default()).then(|| ("of", of.name().to_owned()));
            [("show", show.text().to_owned())].into_iter().chain(of).collect()
        }
    };
    pairs.extend(column.title.clone().map(|title| ("title", title)));
    pairs.extend((column.scale == YScale::Own).then(|| ("scale", "own".to_owned())));
    let pairs: Vec<_> =
        pairs.into_iter().map(|(key, value)| format!("{key} = {}", text(&value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn print_selection(out: &mut Out, selection: &Selection) {
    match selection.scope() {
        Some(_) if selection.is_first() => line(out, "overview", &text("")),
        Some(Scope::Host(host)) => line(out, "overview", &text(host)),
        Some(Scope::Plugin { host, plugin, instance }) => {
            line(out, "overview", &text(host));
            line(out, "plugin", &text(plugin));
            if !instance.is_empty() {
                line(out, "instance", &text(instance));
            }
        }
        None => line(out, "overview", &text("")),
    }
    series(out, "checked", selection.checked().iter());
    series(out, "unchecked", selection.unchecked().iter());
}

fn series<'a>(out: &mut Out, key: &str, keys: impl Iterator<Item = &'a SeriesKey>) {
    let table = |key: &SeriesKey| {
        let names = &key.identifier;
        let pairs = [
            ("host", &*names.host),
            ("plugin", &*names.plugin),
            ("instance", &*names.plugin_instance),
            ("type", &*names.type_),
            ("type-instance", &*names.type_instance),
            ("ds", &*key.ds),
        ];
        let pairs = pairs.into_iter().filter(|(_, name)| !name.is_empty());
        let pairs: Vec<_> = pairs.map(|(key, name)| format!("{key} = {}", text(name))).collect();
        format!("  {{ {} }},\n", pairs.join(", "))
    };
    let tables: String = keys.take(out.listed_max).map(table).collect();
    if !tables.is_empty() {
        let _ = writeln!(out.text, "{key} = [\n{tables}]");
    }
}

fn print_layout(out: &mut Out, layout: &Layout) {
    match layout.root() {
        Some(Tile::Panel(rule)) => print_rule(out, rule),
        Some(Tile::Split(_)) => print_parts(out, "tab", layout.root()),
        None => line(out, "show", &Value::Array(Vec::new())),
    }
}

/// The parts of a split, each under a heading.
fn print_parts(out: &mut Out, path: &str, tile: Option<&Tile>) {
    let Some(Tile::Split(split)) = tile else { return };
    let key = match split.direction {
        Direction::Row => "columns",
        Direction::Column => "rows",
    };
    let path = format!("{path}.{key}");
    for part in &split.parts {
        let _ = writeln!(out.text, "\n[[{path}]]");
        #[expect(clippy::float_cmp, reason = "what nobody changed is exactly one")]
        if part.share != 1.0 {
            // As few digits as give the same number again.
            let _ = writeln!(out.text, "share = {:?}", part.share);
        }
        match &part.tile {
            Tile::Panel(rule) => print_rule(out, rule),
            tile @ Tile::Split(_) => print_parts(out, &path, Some(tile)),
        }
    }
}

fn print_rule(out: &mut Out, rule: &Rule) {
    if let Some(title) = &rule.title {
        line(out, "title", &text(title));
    }
    selectors(out, "show", &rule.show);
    if !rule.hide.is_empty() {
        selectors(out, "hide", &rule.hide);
    }
    if let Some(graph) = &rule.graph {
        line(out, "graph", &text(graph));
    }
    let style = rule.style.and_then(|style| STYLES.iter().find(|(_, known)| *known == style));
    if let Some((name, _)) = style {
        line(out, "style", &text(name));
    }
    match rule.each {
        Repeat::Never => {}
        Repeat::Host => line(out, "each", &text("host")),
        Repeat::Instance => line(out, "each", &text("instance")),
    }
    if let Some((lo, hi)) = rule.y {
        line(out, "y", &Value::Array(vec![Value::Float(lo), Value::Float(hi)]));
    }
    if rule.scale == YScale::Own {
        line(out, "scale", &text("own"));
    }
}

/// One as a text, more as a list.
fn selectors(out: &mut Out, key: &str, selectors: &[Selector]) {
    match selectors {
        [one] => line(out, key, &text(one.text())),
        many => {
            let texts = many.iter().take(out.listed_max).map(|one| text(one.text()));
            line(out, key, &Value::Array(texts.collect()));
        }
    }
}
