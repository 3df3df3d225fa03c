//! Apart: names for lines of a panel: what differs between them, and nothing that all share.
//!
//! Rewrites labels only; which series fall on which line is decided before.

use super::{Line, Panel};
use crate::metric::DsType;
use crate::store::{Series, Store};
use crate::view::format::Unit;
use crate::view::graphs::{Graphs, Style, plain_label};
use std::collections::BTreeMap;

/// Where all lines of `panel` are of one data source, their names need not say which.
pub(super) fn leave_out_shared_ds(panel: &mut Panel, store: &Store) {
    let first = |line: &Line| store.series(*line.series.first()?);
    let names_ds = |line: &Line| {
        first(line).is_some_and(|series| {
            let names = &series.identifier;
            let whole = plain_label(names, &series.ds_name, series.ds_count);
            !names.type_instance.is_empty() && series.ds_count > 1 && line.label == whole
        })
    };
    let ds: Vec<_> = panel.drawn().map(|line| Some(&first(line)?.ds_name)).collect();
    let is_shared = ds.len() > 1 && ds.iter().all(|one| Some(one) == ds.first());
    if !is_shared || !panel.drawn().all(names_ds) {
        return;
    }
    for line in panel.lines.iter_mut().filter(|line| line.drawn) {
        if let Some(series) = line.series.first().and_then(|&id| store.series(id)) {
            line.label = plain_label(&series.identifier, &series.ds_name, 1);
        }
    }
}

/// Lines of `panel` that fell on one rule and have one name get what differs between them into
/// it: instance, type, data source, or the kind of number. A role is for one line.
pub(super) fn tell_apart(panel: &mut Panel, store: &Store, graphs: &Graphs) {
    let bars = panel.style == Style::Bars;
    let mut alike: BTreeMap<_, Vec<&mut Line>> = BTreeMap::new();
    for line in panel.lines.iter_mut().filter(|line| line.drawn) {
        let instance = if bars { line.instance.clone() } else { String::new() };
        alike.entry((line.rule, line.label.clone(), instance)).or_default().push(line);
    }
    for group in alike.into_values().filter(|group| group.len() > 1) {
        let series = |line: &&mut Line| store.series(*line.series.first()?);
        let all: Vec<&Series> = group.iter().filter_map(series).collect();
        let Some(&first) = all.first() else { continue };
        let kinds = all.iter().any(|one| one.kind != first.kind);
        let differs =
            [0, 1, 2, 3, 4].map(|i| all.iter().any(|one| names(one).get(i) != names(first).get(i)));
        for (line, series) in group.into_iter().zip(&all) {
            let words = names(series).into_iter().zip(differs);
            let words = words.filter(|(word, differs)| *differs && !word.is_empty());
            let words = words.map(|(word, _)| word).chain([line.label.as_str()]);
            line.label = words.collect::<Vec<_>>().join(" ");
            if kinds {
                line.label += if series.kind == DsType::Gauge { "" } else { ", /s" };
                line.instance = format!("{} {}", series.kind.name(), line.instance);
            }
            if !bars {
                line.role = None;
            }
        }
        // One axis for numbers of two units has none.
        let differs = |one: &&Series| graphs.plain_unit(one) != panel.unit;
        if panel.plain && all.iter().any(differs) {
            panel.unit = Unit::new("");
        }
    }
}

/// Names that may distinguish a series from others of its panel.
fn names(series: &Series) -> [&str; 5] {
    let id = &series.identifier;
    [series.kind.name(), &id.plugin_instance, &id.type_, &id.type_instance, &series.ds_name]
}
