//! The table of all hosts: what its head and its rows say.

use super::rows::UNIT_CHARS_MAX;
use super::{Screen, Tone};
use crate::metric::{CdTime, Interval, display_safe, with_instance};
use crate::store::{HostNode, SeriesId};
use crate::view::bars::FULL_SHARE;
use crate::view::clocks;
use crate::view::fleet::cell::{Cell, Moment, Reading};
use crate::view::fleet::line::{self, Scratch};
use crate::view::fleet::{By, Column, Fleet, Measure, Shows};
use crate::view::format;
use crate::view::health::Freshness;
use crate::view::host_age::age_of;
use crate::view::lookalike::lookalike;
use crate::view::plot::PlotLine;
use crate::view::selector::{Field, Selector};
use crate::view::senders::{Protected, about_host};
use std::sync::Arc;

/// What the head of a column says.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnHead {
    /// What it is called.
    pub title: String,
    /// What it shows, on some lines.
    pub tooltip: String,
    /// The rows are ordered by it; true: the other way round.
    pub order: Option<bool>,
}

/// What the row of a host says.
#[derive(Clone, Debug, PartialEq)]
pub struct HostContent {
    /// Its name, safe to show.
    pub label: String,
    /// What is special about it, to stand beside its name.
    pub notes: Vec<(String, Tone)>,
    /// More about it, on some lines.
    pub tooltip: String,
    /// How fresh its values are.
    pub freshness: Freshness,
    /// The keyboard is on it.
    pub is_pointed: bool,
    /// What stands in its columns.
    pub cells: Vec<CellContent>,
}

/// What a column says of a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellContent {
    /// The value with its unit; a dash where there is none.
    pub value: String,
    /// More about it, on some lines; empty: there is none.
    pub tooltip: String,
    /// How full it is, from 0 to 1, where that is all there is to draw.
    pub share: Option<f64>,
    /// Where its line is full.
    pub full: Option<f64>,
    /// It is nearly full.
    pub warns: bool,
}

impl<'a> Screen<'a> {
    /// The table of all hosts, if it is on screen.
    pub fn fleet(&self) -> Option<&'a Fleet> {
        self.view.tab().canvas.fleet()
    }

    /// When the values are of, in words; empty: of now.
    pub fn fleet_time(&self) -> String {
        let time = self.looked_at();
        time.map_or_else(String::new, |time| {
            format!("at {}", self.time_text("", time.secs_f64(), 1.0))
        })
    }

    /// How many hosts there are, and how many of them are not as they should be.
    pub fn fleet_counts(&self) -> Vec<(String, Tone)> {
        let counts = self.derived.fleet.counts();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut texts = vec![(format::counted(number(counts.hosts), "host"), Tone::Quiet)];
        let others = [
            (counts.silent, "silent"),
            (counts.wrong_clocks, "with a wrong clock"),
            (counts.unverified, "unverified"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        texts.extend(others.map(|(count, what)| {
            (format!("{} {what}", format::count(number(count))), Tone::Warns)
        }));
        let hidden = self.derived.fleet.hidden();
        if hidden > 0 {
            texts.push((format!("{} hidden", format::count(number(hidden))), Tone::Quiet));
        }
        texts
    }

    /// How many hosts the filter lets through; empty: there is no filter.
    pub fn fleet_matches(&self) -> String {
        let is_filtered = self.fleet().is_some_and(|fleet| !fleet.filter.is_empty());
        let count = |count: usize| format::count(u64::try_from(count).unwrap_or(u64::MAX));
        if !is_filtered {
            return String::new();
        }
        let (shown, all) = (self.derived.fleet.len(), self.derived.fleet.counts().hosts);
        format!("{} of {} hosts", count(shown), count(all))
    }

    /// The heads of all columns, that of the hosts first.
    pub fn column_heads(&self, fleet: &Fleet) -> Vec<ColumnHead> {
        let order = |by: By| (fleet.by == by).then_some(fleet.reversed);
        let hosts = ColumnHead {
            title: "Host".to_owned(),
            tooltip: "Click: order by name".to_owned(),
            order: order(By::Host),
        };
        let columns = fleet.columns.iter().enumerate().map(|(place, column)| ColumnHead {
            title: display_safe(&column.title()).into_owned(),
            tooltip: about(column),
            order: order(By::Column(place)),
        });
        [hosts].into_iter().chain(columns).collect()
    }

    /// What the row that is shown at `place` says; none where its host is gone.
    pub fn host_content(&self, fleet: &Fleet, place: usize) -> Option<HostContent> {
        let row = self.derived.fleet.row(place)?;
        let node = self.store.index().host(&row.host)?;
        let (age, interval) = age_of(self.store, node, self.now);
        let freshness = Freshness::new(age, interval);
        let moment = Moment::of(node, self.looked_at());
        let cells = fleet.columns.iter().zip(&row.cells).enumerate();
        let cells = cells.map(|(place, (column, cell))| match cell {
            Some(cell) => self.cell_content(column, (cell, row.reading(place)), moment),
            None => CellContent { value: "–".into(), ..CellContent::default() },
        });
        Some(HostContent {
            label: self.host_name(&node.name),
            notes: self.host_notes(node, interval, (age, freshness)),
            tooltip: self.host_tooltip(node, age),
            freshness,
            is_pointed: self.view.host_cursor.as_ref() == Some(&row.host),
            cells: cells.collect(),
        })
    }

    /// The moment that values are of; none: the newest.
    fn looked_at(&self) -> Option<CdTime> {
        let window = self.view.window();
        (!window.is_live()).then(|| window.span(self.now).end)
    }

    fn host_notes(
        &self,
        node: &HostNode,
        interval: Interval,
        (age, freshness): (Interval, Freshness),
    ) -> Vec<(String, Tone)> {
        let silent = (freshness == Freshness::Stale)
            .then(|| (format!("silent {}", format::age(age)), Tone::Quiet));
        let clock = clocks::worst(self.store.clocks(node), self.now).and_then(clocks::short);
        let clock = clock.map(|clock| (clock, Tone::Warns));
        let protected = match Protected::of(node, interval) {
            how @ (Protected::Unverified | Protected::Partly) => {
                Some((how.word().to_owned(), Tone::Warns))
            }
            Protected::Plain | Protected::Signed | Protected::Encrypted => None,
        };
        let odd = lookalike(&node.name).map(|_| ("look-alike".to_owned(), Tone::Warns));
        let here = (self.reception.local_host() == Some(&*node.name))
            .then(|| ("this machine".to_owned(), Tone::Quiet));
        [silent, clock, protected, odd, here].into_iter().flatten().collect()
    }

    fn host_tooltip(&self, node: &HostNode, age: Interval) -> String {
        let mut lines = vec![
            display_safe(&node.name).into_owned(),
            format!("last received {} ago", format::age(age)),
        ];
        let clocks = self.store.clocks(node).iter();
        lines.extend(clocks.filter_map(|clock| clocks::sentence(clock, self.now)));
        lines.extend(about_host(self.store.health(), &node.name));
        lines.extend(lookalike(&node.name));
        lines.push("Click: its overview; with Ctrl in a tab of its own".to_owned());
        lines.join("\n")
    }

    fn cell_content(
        &self,
        column: &Column,
        (cell, reading): (&Cell, Option<Reading>),
        moment: Moment,
    ) -> CellContent {
        let full = cell.full(self.store, moment);
        let Some(Reading { value, part, .. }) = reading else {
            return CellContent { value: "–".into(), full, ..CellContent::default() };
        };
        // As in the sidebar: a unit that is a long word stands in the tooltip only.
        let is_long = cell.unit.name.chars().count() > UNIT_CHARS_MAX;
        let text = if is_long { cell.unit.bare(value) } else { cell.unit.with_unit(value) };
        let share = (column.measure() == Some(Measure::Filesystem)).then_some(value / 100.0);
        let tooltip = match (part.map(|id| self.part_text(id)), full) {
            (Some(part), _) => format!("{part}: {text}"),
            (None, Some(full)) if &*cell.unit.name != "%" => {
                format!("{text} of {}", cell.unit.with_unit(full))
            }
            (None, _) if is_long => cell.unit.with_unit(value),
            (None, _) => String::new(),
        };
        let warns = share.is_some_and(|share| share >= FULL_SHARE);
        CellContent { value: text, tooltip, share, full, warns }
    }

    /// What a part of a host is called: a mount point, or plugin and type.
    fn part_text(&self, id: SeriesId) -> String {
        let Some(series) = self.store.series(id) else { return String::new() };
        let id = &series.identifier;
        let names = if *id.plugin == *"df" {
            let name =
                if id.plugin_instance.is_empty() { &id.type_instance } else { &id.plugin_instance };
            if **name == *"root" { "/".to_owned() } else { name.to_string() }
        } else {
            let plugin = with_instance(&id.plugin, &id.plugin_instance);
            format!("{plugin}/{}", with_instance(&id.type_, &id.type_instance))
        };
        display_safe(&names).into_owned()
    }

    /// Makes `out` what a cell was over the window.
    pub fn fill_line(&self, out: &mut PlotLine, cell: &Cell, scratch: &mut Scratch) {
        let span = self.view.window().span(self.now);
        line::fill(out, cell, self.store, span, scratch);
    }

    /// The columns that show of every host what these selectors choose of one; of a plugin the
    /// series that stands for it.
    pub fn columns_of(&self, show: &[Selector]) -> Vec<Column> {
        let text = |show: &Selector| {
            let rank = |id: &SeriesId| {
                let series = self.store.series(*id)?;
                let place = self.graphs.place(&series.identifier, &series.ds_name);
                let place = place.filter(|place| !self.graphs.hides_at(Some(*place)));
                Some(place.map_or((usize::MAX, usize::MAX), |place| (place.graph, place.line)))
            };
            let ids = show.series(self.store);
            let first = ids.into_iter().min_by_key(|id| rank(id).unwrap_or((usize::MAX, 0)))?;
            let series = self.store.series(first)?;
            let names = &series.identifier;
            let ds = if series.ds_count > 1 { &*series.ds_name } else { "" };
            let fields = [
                (Field::Plugin, &*names.plugin),
                (Field::Instance, &names.plugin_instance),
                (Field::Type, &names.type_),
                (Field::TypeInstance, &names.type_instance),
                (Field::Ds, ds),
            ];
            let fields = fields.into_iter().filter(|(_, name)| !name.is_empty());
            let words: Vec<_> = fields.map(|(field, name)| field.exactly(name)).collect();
            Some(words.join(" "))
        };
        // A host is no column.
        let names_plugin =
            |show: &&Selector| show.name_words().any(|(field, _)| field == Some(Field::Plugin));
        let mut texts: Vec<_> = show.iter().filter(names_plugin).filter_map(text).collect();
        texts.dedup();
        texts.iter().map(|text| Column::showing(Selector::new(text))).collect()
    }

    /// How many hosts a column that shows this has a value of.
    pub fn hosts_with(&self, show: &Selector) -> String {
        let ids = show.series(self.store);
        let mut hosts: Vec<&Arc<str>> = ids
            .into_iter()
            .filter_map(|id| Some(&self.store.series(id)?.identifier.host))
            .collect();
        hosts.dedup();
        format::counted(u64::try_from(hosts.len()).unwrap_or(u64::MAX), "host")
    }
}

/// What a column shows, and what pressing its head does.
fn about(column: &Column) -> String {
    let what = match &column.shows {
        Shows::Measure(measure) => measure.about().to_owned(),
        Shows::Series { show, of } => {
            let of = match of {
                crate::view::fleet::Of::Max => "the greatest",
                crate::view::fleet::Of::Min => "the least",
                crate::view::fleet::Of::Avg => "the mean",
                crate::view::fleet::Of::Sum => "the sum",
            };
            format!("{}\nof several on a host {of}", display_safe(show.text()))
        }
    };
    format!(
        "{what}\nClick: order by it, the greatest first; the order waits while you point at a row"
    )
}
