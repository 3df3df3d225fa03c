//! Rows of the sidebar: what each says.

use super::Screen;
use super::row_hint::hosts_text;
use crate::metric::{Interval, display_safe};
use crate::store::{HostNode, PluginNode, Series, SeriesId};
use crate::view::clocks;
use crate::view::command::SHOW_ROW;
use crate::view::format;
use crate::view::health::Freshness;
use crate::view::host_age::age_of;
use crate::view::lookalike::lookalike;
use crate::view::pivot::Pivot;
use crate::view::representative;
use crate::view::role::Role;
use crate::view::selection::Scope;
use crate::view::senders::Protected;
use crate::view::tree::{Row, RowName, plugin_label, series_label, series_of};
use std::collections::BTreeSet;

/// What a row of the sidebar says.
#[derive(Clone, Debug, PartialEq)]
pub struct RowContent {
    /// Depth in the tree, from 0.
    pub level: u8,
    /// Its name, safe to show.
    pub label: String,
    /// A host's.
    pub strong: bool,
    /// Whether what is below it is shown; none: nothing is.
    pub open: Option<bool>,
    /// How much of it is drawn; none: it has no box.
    pub checked: Option<Checked>,
    /// The colour of its box and line.
    pub swatch: Swatch,
    /// The series whose last minutes are drawn beside it.
    pub spark: Option<SeriesId>,
    /// What is special about it, to stand beside its name.
    pub note: &'static str,
    /// The newest value with its unit, what is wrong, or how many there are.
    pub value: String,
    /// The same as short as it can be read: without a unit that is a long word.
    pub shown: String,
    /// The value says what is wrong.
    pub warns: bool,
    /// Age of the newest sample.
    pub age: Option<(Interval, Freshness)>,
    /// How its data is protected.
    pub protected: Protected,
    /// Its name looks like another one.
    pub odd: bool,
    /// It came a short time ago, or something below it.
    pub is_new: bool,
    /// It is on the canvas.
    pub selected: bool,
    /// It is one of those that are drawn together.
    pub gathered: bool,
}

/// How much of a row's series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// None.
    No,
    /// Some, not all.
    Some,
    /// All.
    All,
}

/// Which colour stands for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swatch {
    /// A host's: none of its own.
    Quiet,
    /// A plugin's: that of controls.
    Control,
    /// A part that is not in use.
    Unused,
    /// A line's, by its role, else by its place in its panel.
    Line(Option<Role>, usize),
}

/// A unit that is longer stands in the tooltip and in the panel, not in the row.
pub(super) const UNIT_CHARS_MAX: usize = 6;

impl Screen<'_> {
    /// What the head of the sidebar counts.
    pub fn count_text(&self) -> String {
        let (hosts, series) = (self.store.index().hosts().len(), self.store.usage().series);
        let count = |n: usize| format::count(u64::try_from(n).unwrap_or(u64::MAX));
        let gathered = self.view.gathered.names.len();
        if gathered > 0 {
            let key = self.view.keymap.key(&SHOW_ROW);
            return format!("{} gathered · {key} draws them", count(gathered));
        }
        if self.view.filter.is_empty() {
            let host = if hosts == 1 { "host" } else { "hosts" };
            return format!("{} {host} · {} series", count(hosts), count(series));
        }
        if self.derived.rows.is_pending() {
            return format!("Filtering {} series …", count(series));
        }
        format!("{} of {} series match", count(self.derived.rows.matched), count(series))
    }

    /// Whether a series is on the canvas.
    pub fn is_drawn(&self, row: Row) -> bool {
        matches!(row, Row::Series { id, .. } if self.derived.drawn.contains_key(&id))
    }

    /// What a row is called while it is dragged, or all that were gathered if it is one of them:
    /// what they have in common, and how many hosts they are of.
    pub fn dragged_text(&self, row: Row) -> String {
        let names = &self.view.gathered.names;
        if !self.is_gathered(row) || names.len() == 1 {
            return self.path_of(row).unwrap_or_default();
        }
        let count = |n: usize| format::count(u64::try_from(n).unwrap_or(u64::MAX));
        let rows = format!("{} rows", count(names.len()));
        let mut what = BTreeSet::new();
        let mut hosts = BTreeSet::new();
        for name in names {
            let parts = match name {
                RowName::Series(key) => {
                    let id = &key.identifier;
                    let place = (&id.plugin, &id.plugin_instance);
                    Some((place, Some((&id.type_, &id.type_instance, &key.ds)), &id.host))
                }
                RowName::Scope(Scope::Plugin { host, plugin, instance }) => {
                    Some(((plugin, instance), None, host))
                }
                RowName::Scope(Scope::Host(_)) | RowName::Everywhere { .. } => None,
            };
            let Some((plugin, series, host)) = parts else { return rows };
            what.insert((plugin, series));
            hosts.insert(host);
        }
        match self.path_of(row) {
            Some(path) if what.len() == 1 => {
                let (same, _) = path.rsplit_once(" · ").unwrap_or_default();
                format!("{same}  {} hosts", count(hosts.len()))
            }
            _ => rows,
        }
    }

    /// The names of a row as collectd writes them: `host/plugin-instance/type-instance`.
    pub fn identifier_of(&self, row: Row) -> Option<String> {
        match row {
            Row::Series { id, .. } => Some(self.store.series(id)?.identifier.to_string()),
            Row::Plugin { .. } => {
                let (host, node) = row.plugin(self.store)?;
                Some(format!("{}/{}", host.name, plugin_label(node)))
            }
            Row::Everywhere { .. } => Some(plugin_label(row.plugin(self.store)?.1)),
            Row::Host { .. } => Some(row.scope(self.store)?.host().to_string()),
        }
    }

    /// What a row says; none where it is gone.
    pub fn row(&self, row: Row) -> Option<RowContent> {
        let name = row.name(self.store)?;
        let content = match row {
            Row::Host { host } => self.host_row(self.store.index().hosts().get(host)?),
            Row::Everywhere { hosts, .. } => self.everywhere_row(row.plugin(self.store)?.1, hosts),
            Row::Plugin { .. } => {
                let (host, node) = row.plugin(self.store)?;
                self.plugin_row(host, node)
            }
            Row::Series { id, .. } => {
                self.series_row(row.plugin(self.store)?.1, self.store.series(id)?)
            }
        };
        let is_open = !self.view.filter.is_empty() || self.view.open.contains(&name);
        let opens = !matches!(name, RowName::Series(_));
        let shown = if content.shown.is_empty() { content.value.clone() } else { content.shown };
        let is_hidden = self.view.arrangement.hidden.has(&name);
        Some(RowContent {
            shown,
            open: opens.then_some(is_open),
            is_new: self.derived.new_rows.contains(&name),
            note: if is_hidden { "hidden" } else { content.note },
            selected: self.picking().shows(&name),
            gathered: self.view.gathered.names.contains(&name),
            ..content
        })
    }

    fn everywhere_row(&self, node: &PluginNode, hosts: u32) -> RowContent {
        let label = display_safe(&plugin_label(node)).into_owned();
        RowContent {
            level: 0,
            label,
            strong: true,
            open: None,
            checked: None,
            swatch: Swatch::Quiet,
            spark: None,
            note: "",
            value: hosts_text(hosts),
            shown: String::new(),
            warns: false,
            age: None,
            protected: Protected::Plain,
            odd: false,
            is_new: false,
            selected: false,
            gathered: false,
        }
    }

    fn host_row(&self, node: &HostNode) -> RowContent {
        let here = self.reception.local_host() == Some(&*node.name);
        let (age, interval) = age_of(self.store, node, self.now);
        let wrong = clocks::worst(self.store.clocks(node), self.now);
        let spark = representative::of_host(self.store, self.graphs, node);
        let error = wrong.and_then(clocks::short);
        let (value, shown) = match error {
            Some(_) => Default::default(),
            None => self.value_of(spark),
        };
        RowContent {
            level: 0,
            label: self.host_name(&node.name),
            strong: true,
            open: None,
            checked: None,
            swatch: Swatch::Quiet,
            spark,
            note: match (here, self.view.arrangement.pinned.contains(&node.name)) {
                (true, _) => "this machine",
                (false, true) => "pinned",
                (false, false) => "",
            },
            value: error.unwrap_or(value),
            shown,
            warns: wrong.is_some(),
            age: Some((age, Freshness::new(age, interval))),
            protected: Protected::of(node, interval),
            odd: lookalike(&node.name).is_some(),
            is_new: false,
            selected: false,
            gathered: false,
        }
    }

    fn plugin_row(&self, host: &HostNode, node: &PluginNode) -> RowContent {
        let is_below = self.view.pivot == Pivot::Plugins;
        let (count, drawn) = self.picking().count(node);
        let spark = representative::of_plugin(self.store, self.graphs, node);
        let (value, shown) = self.value_of(spark);
        let label = match is_below {
            true => self.host_name(&host.name),
            false => display_safe(&plugin_label(node)).into_owned(),
        };
        RowContent {
            level: 1,
            label,
            strong: false,
            open: None,
            checked: Some(match drawn {
                0 => Checked::No,
                _ if drawn == count => Checked::All,
                _ => Checked::Some,
            }),
            swatch: Swatch::Control,
            spark,
            note: "",
            value,
            shown,
            warns: false,
            age: series_of(node).find_map(|id| self.age_of(self.store.series(id)?)),
            protected: Protected::Plain,
            odd: is_below && lookalike(&host.name).is_some(),
            is_new: false,
            selected: false,
            gathered: false,
        }
    }

    /// The newest value of a series with its unit, and the same without one that is a long word.
    pub(super) fn value_of(&self, id: Option<SeriesId>) -> (String, String) {
        let Some(series) = id.and_then(|id| self.store.series(id)) else {
            return Default::default();
        };
        let latest = self.latest();
        let Some(value) = latest.value(series) else { return ("–".into(), "–".into()) };
        let (unit, scale, _) = latest.drawn_as(series);
        let full = unit.with_unit(value * scale);
        let is_long = unit.name.chars().count() > UNIT_CHARS_MAX;
        let short = if is_long { unit.bare(value * scale) } else { full.clone() };
        (full, short)
    }

    fn age_of(&self, series: &Series) -> Option<(Interval, Freshness)> {
        self.latest().age(series)
    }

    fn series_row(&self, node: &PluginNode, series: &Series) -> RowContent {
        let drawn = self.derived.drawn.get(&series.id);
        let (_, _, role) = self.latest().drawn_as(series);
        let role = drawn.map_or(role, |drawn| drawn.role);
        let (value, shown) = self.value_of(Some(series.id));
        RowContent {
            level: 2,
            label: display_safe(&series_label(node, series)).into_owned(),
            strong: false,
            open: None,
            checked: Some(if drawn.is_some() { Checked::All } else { Checked::No }),
            swatch: match role {
                Some(role) if role.is_unused() => Swatch::Unused,
                _ => Swatch::Line(role, drawn.map_or(0, |drawn| drawn.line)),
            },
            spark: Some(series.id),
            note: "",
            value,
            shown,
            warns: false,
            age: self.age_of(series),
            protected: Protected::Plain,
            odd: false,
            is_new: false,
            selected: false,
            gathered: false,
        }
    }
}
