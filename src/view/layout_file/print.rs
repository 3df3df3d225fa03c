//! Print: tabs as TOML.

use super::{STYLES, VERSION};
use crate::metric::{Interval, SeriesKey};
use crate::store::Mode;
use crate::view::layout::{Direction, Layout, Repeat, Rule, Tile, YScale};
use crate::view::selection::{Scope, Selection};
use crate::view::selector::Selector;
use crate::view::tab::{Canvas, Tab};
use crate::view::workspace::Workspace;
use std::fmt::Write as _;
use toml::Value;

/// The tabs of a workspace as text.
pub fn print(workspace: &Workspace) -> String {
    let mut out = format!("version = {VERSION}\n");
    if workspace.active_place() > 0 {
        line(&mut out, "shown", &int(workspace.active_place() + 1));
    }
    for tab in workspace.tabs() {
        out.push_str("\n[[tab]]\n");
        print_tab(&mut out, tab);
    }
    out
}

fn int(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

/// `key = value`, with the value as TOML writes it.
fn line(out: &mut String, key: &str, value: &Value) {
    let _ = writeln!(out, "{key} = {value}");
}

fn print_tab(out: &mut String, tab: &Tab) {
    if let Some(name) = &tab.name {
        line(out, "name", &text(name));
    }
    if let Some(host) = &tab.host {
        line(out, "host", &text(host));
    }
    line(out, "window", &text(&width(tab.window.width())));
    if tab.mode == Mode::Raw {
        line(out, "mode", &text("raw"));
    }
    match &tab.canvas {
        Canvas::Auto(selection) => print_selection(out, selection),
        Canvas::Tiles(layout) => print_layout(out, layout),
    }
}

/// A whole number of the largest unit that has one: `15m`, `90s`.
fn width(width: Interval) -> String {
    let (secs, nanos) = width.secs_nanos();
    if nanos > 0 {
        return format!("{:.3}s", width.secs_f64());
    }
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(unit, _)| secs >= *unit && secs % unit == 0);
    unit.map_or_else(|| format!("{secs}s"), |(unit, name)| format!("{}{name}", secs / unit))
}

fn print_selection(out: &mut String, selection: &Selection) {
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

fn series<'a>(out: &mut String, key: &str, keys: impl Iterator<Item = &'a SeriesKey>) {
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
    let tables: String = keys.map(table).collect();
    if !tables.is_empty() {
        let _ = writeln!(out, "{key} = [\n{tables}]");
    }
}

fn print_layout(out: &mut String, layout: &Layout) {
    match layout.root() {
        Some(Tile::Panel(rule)) => print_rule(out, rule),
        Some(Tile::Split(_)) => print_parts(out, "tab", layout.root()),
        None => line(out, "show", &Value::Array(Vec::new())),
    }
}

/// The parts of a split, each under a heading.
fn print_parts(out: &mut String, path: &str, tile: Option<&Tile>) {
    let Some(Tile::Split(split)) = tile else { return };
    let key = match split.direction {
        Direction::Row => "columns",
        Direction::Column => "rows",
    };
    let path = format!("{path}.{key}");
    for part in &split.parts {
        let _ = writeln!(out, "\n[[{path}]]");
        #[expect(clippy::float_cmp, reason = "what nobody changed is exactly one")]
        if part.share != 1.0 {
            // As few digits as give the same number again.
            let _ = writeln!(out, "share = {:?}", part.share);
        }
        match &part.tile {
            Tile::Panel(rule) => print_rule(out, rule),
            tile @ Tile::Split(_) => print_parts(out, &path, Some(tile)),
        }
    }
}

fn print_rule(out: &mut String, rule: &Rule) {
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
fn selectors(out: &mut String, key: &str, selectors: &[Selector]) {
    match selectors {
        [one] => line(out, key, &text(one.text())),
        many => {
            line(out, key, &Value::Array(many.iter().map(|one| text(one.text())).collect()));
        }
    }
}
