//! Screen: everything that is drawn, as texts, numbers and tones.
//!
//! Whoever draws a [`Screen`] decides where things stand and which colour a tone has; what they say
//! is decided here. It reads, and is made anew for each frame.

mod facts;
mod fleet;
mod noted;
mod row_hint;
mod rows;
mod status;

pub use facts::{ClockFacts, Facts, FaultRow, LossRow};
pub use fleet::{CellContent, ColumnHead, HostContent};
pub use noted::NotedText;
pub use rows::{Checked, RowContent, Swatch};
pub use status::StatusItem;

use super::Session;
use super::derived::Derived;
use crate::metric::{CdTime, Interval, Severity, Span, display_safe};
use crate::reception::{Reception, Replay, State};
use crate::store::{HostNode, Mode, Noted, Series, SeriesId, Store, Trace};
use crate::view::bars::{Bar, bars};
use crate::view::clocks;
use crate::view::colours::Colours;
use crate::view::command::{Context, Focus};
use crate::view::completion::{Candidate, Names, candidates};
use crate::view::empty::{Sight, why_empty};
use crate::view::format::{self, Unit};
use crate::view::gathered::Gathering;
use crate::view::graphs::{Graphs, Style};
use crate::view::health::Meter;
use crate::view::latest::Latest;
use crate::view::layout::Rule;
use crate::view::marks::PanelMarks;
use crate::view::names::PanelId;
use crate::view::panels::{Line, Panel, rules_of};
use crate::view::pick::Picking;
use crate::view::plot::{PanelPlot, Scratch};
use crate::view::selection::Scope;
use crate::view::selector::Selector;
use crate::view::tab::Tab;
use crate::view::tree::{Row, RowName};
use crate::view::{Action, DrawnAs, View};
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Series of a line that are named; a line of a machine with many CPUs has many.
const NAMED_SERIES_MAX: usize = 8;

/// Everything a frame is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Screen<'a> {
    /// The user's choices.
    pub view: &'a View,
    /// The width of the window that the user wants; it may still grow to it.
    pub width: Interval,
    /// What follows from data and choices.
    pub derived: &'a Derived,
    /// How every source goes.
    pub reception: &'a Reception,
    /// What the user should know, newest last.
    pub messages: &'a [String],
    /// How many of them were there at the start.
    pub messages_at_start: usize,
    /// Our clock, or the capture's.
    pub now: CdTime,
    /// The user's time zone.
    pub zone: &'a TimeZone,
    /// Colours of lines.
    pub colours: &'a Colours,
    /// Milliseconds of CPU the last frame took.
    pub frame_millis: f32,
    pub(super) store: &'a Store,
    pub(super) graphs: &'a Graphs,
    pub(super) meter: &'a Meter,
}

/// The units of the lines of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Units {
    first: Unit,
    /// Of the axis at the right.
    second: Option<Unit>,
}

impl Units {
    /// That of a line.
    pub fn of(&self, line: &Line) -> &Unit {
        self.second.as_ref().filter(|_| line.second).unwrap_or(&self.first)
    }

    /// Whether a line belongs to the axis at the right.
    pub const fn is_right(&self, line: &Line) -> bool {
        self.second.is_some() && line.second
    }
}

/// How a text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Read only by those who look for it.
    Quiet,
    /// Something is wrong.
    Warns,
    /// Something is lost, or does not work.
    Bad,
    /// As a notification of this severity.
    Of(Severity),
}

/// What the canvas shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanvasContent {
    /// Nothing came yet: what is received, and how to send.
    Waiting,
    /// Nothing was picked.
    NothingPicked,
    /// A tab of the user's own without a panel.
    EmptyTab,
    /// The panels.
    Panels,
    /// All hosts in a table.
    Fleet,
}

/// Numbers that change when lines of panels must be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revision {
    data: u64,
    series: u64,
    panels: u64,
}

impl Session {
    /// Everything a frame is drawn from at `now`; the last frame took `frame_millis` of CPU.
    pub fn screen(&self, now: CdTime, frame_millis: f32) -> Screen<'_> {
        Screen {
            view: &self.view,
            width: self.width.wanted(self.view.window()),
            derived: &self.derived,
            reception: &self.reception,
            messages: &self.messages,
            messages_at_start: self.messages_at_start,
            now,
            zone: &self.zone,
            colours: &self.colours,
            frame_millis,
            store: &self.store,
            graphs: &self.graphs,
            meter: &self.meter,
        }
    }
}

impl<'a> Screen<'a> {
    /// What the canvas shows.
    pub fn canvas(&self) -> CanvasContent {
        if self.store.usage().series == 0 {
            CanvasContent::Waiting
        } else if self.fleet().is_some() {
            CanvasContent::Fleet
        } else if let Some(tiles) = self.view.tab().canvas.tiles() {
            if tiles.is_empty() { CanvasContent::EmptyTab } else { CanvasContent::Panels }
        } else if self.derived.panels.is_empty() {
            CanvasContent::NothingPicked
        } else {
            CanvasContent::Panels
        }
    }

    /// A placed time as it is to be written for `host`: by our clock or by its own.
    pub fn shown_time(&self, host: &str, placed: CdTime) -> CdTime {
        if self.view.host_time { self.store.host_time(host, placed) } else { placed }
    }

    /// The time `t` of a plot of `host`, in seconds, where times are `step` seconds apart.
    pub fn time_text(&self, host: &str, t: f64, step: f64) -> String {
        let shown = self.shown_time(host, CdTime::from_secs_f64(t));
        // Half a millisecond: offsets are some nanoseconds off the second.
        format::clock(shown.saturating_add(Interval::from_raw(1 << 19)), self.zone, step)
    }

    /// The capture that is shown, if one is.
    pub fn replay(&self) -> Option<&'a Replay> {
        self.reception.replay()
    }

    /// Why the canvas that follows the catalogue is empty, in a few words.
    pub fn nothing_drawn(&self) -> String {
        let is_there = |scope: &Scope| self.store.index().host(scope.host()).is_some();
        match self.view.scope() {
            Some(scope) if !is_there(scope) => {
                format!("Nothing was received from {} yet", self.host_name(scope.host()))
            }
            _ => "Nothing is drawn".to_owned(),
        }
    }

    /// What a host is called, safe to show.
    pub fn host_name(&self, host: &str) -> String {
        display_safe(self.view.aliases().of(host)).into_owned()
    }

    /// What a tab is called, safe to show.
    pub fn tab_title(&self, tab: &Tab) -> String {
        display_safe(&tab.title(self.view.aliases())).into_owned()
    }

    /// The hosts that are listed, as they stand in the sidebar.
    pub fn hosts_listed(&self) -> Vec<(usize, &'a HostNode)> {
        let local = self.reception.local_host().map(Arc::from);
        self.view.arranged(local).ordered(self.hosts().iter(), |host| &host.name)
    }

    /// All hosts, in natural order.
    pub fn hosts(&self) -> &'a [HostNode] {
        self.store.index().hosts()
    }

    /// Whether something comes, or came, that could be shown.
    pub fn receives(&self) -> bool {
        let mut sources = self.reception.iter();
        sources.any(|of| matches!(of.state, State::Receiving | State::Ended))
    }

    /// Whether the thread of a source failed.
    pub fn has_failed(&self) -> bool {
        self.reception.failures().next().is_some()
    }

    /// Whether because of that nothing is received any more.
    pub fn is_cut_off(&self) -> bool {
        self.has_failed() && !self.reception.is_receiving()
    }

    /// Values that came since `values` had come.
    pub fn newer_values(&self, values: u64) -> u64 {
        self.store.health().totals.values.saturating_sub(values)
    }

    /// What pressing a row of the tree does.
    pub fn press(&self, row: Row) -> Vec<Action> {
        self.picking().press(row)
    }

    /// What checking a row of the tree does; none where it has no box.
    pub fn check(&self, row: Row) -> Option<Action> {
        self.picking().check(row)
    }

    /// What opening a row of the tree in a new tab does.
    pub fn open_beside(&self, row: Row) -> Option<Action> {
        self.picking().open_beside(row)
    }

    /// What chooses what a row of the tree stands for, or all that were gathered if it is one of
    /// them; and how that is drawn.
    pub fn choice_of(&self, row: Row) -> Option<(Vec<Selector>, DrawnAs)> {
        if self.is_gathered(row) {
            return self.picking().gathered();
        }
        let panels = match row {
            Row::Series { .. } => DrawnAs::One,
            _ => DrawnAs::Catalogue,
        };
        Some((vec![self.picking().selector(row)?], panels))
    }

    /// Whether a row of the tree was gathered.
    pub fn is_gathered(&self, row: Row) -> bool {
        let names = &self.view.gathered.names;
        !names.is_empty() && row.name(self.store).is_some_and(|name| names.contains(&name))
    }

    /// What a choice in the menu of a row is about: all that were gathered if it is one of them.
    pub fn meant_by(&self, row: Row) -> BTreeSet<RowName> {
        if self.is_gathered(row) {
            return self.view.gathered.names.clone();
        }
        row.name(self.store).into_iter().collect()
    }

    /// How many series rows stand for.
    pub fn count_below(&self, rows: &BTreeSet<RowName>) -> usize {
        let ids: HashSet<_> = rows.iter().flat_map(|row| self.picking().all_below(row)).collect();
        ids.len()
    }

    /// What rows are gathered with.
    pub fn gathering(&self) -> Gathering<'a> {
        let (rows, gathered) = (&self.derived.rows.rows, &self.view.gathered);
        Gathering { store: self.store, rows, gathered, cursor: self.view.cursor }
    }

    /// The row that the tab on screen is of; that of its host where it is not among the rows.
    pub fn row_shown(&self) -> Option<usize> {
        let rows = &self.derived.rows.rows;
        self.picking().row_shown(rows).or_else(|| {
            let host = self.store.index().host(self.view.scope()?.host())?;
            let hosts = self.store.index().hosts();
            let is_it = |row: &Row| match *row {
                Row::Host { host: at } => hosts.get(at).is_some_and(|of| of.name == host.name),
                _ => false,
            };
            rows.iter().position(is_it)
        })
    }

    /// What a command is asked with while the keyboard belongs to `focus`.
    pub fn context(&self, focus: Focus) -> Context<'a> {
        self.derived.context(self.picking(), focus)
    }

    fn latest(&self) -> Latest<'a> {
        let Self { store, graphs, now, .. } = *self;
        Latest { store, graphs, aliases: self.view.aliases(), mode: self.view.mode(), now }
    }

    fn picking(&self) -> Picking<'a> {
        let drawn = &self.derived.drawn;
        Picking { store: self.store, graphs: self.graphs, view: self.view, drawn }
    }

    /// What the word at the end of `text`, which is typed into the filter, may become.
    pub fn candidates(&self, text: &str, names: &mut Names) -> Vec<Candidate> {
        candidates(text, (self.store, self.graphs, self.view.aliases()), names)
    }

    /// Changes when other names may be offered.
    pub fn names_revision(&self) -> u64 {
        self.store.revision()
    }

    /// The scope that a row of a host or a plugin stands for.
    pub fn scope_of(&self, row: Row) -> Option<Scope> {
        row.scope(self.store)
    }

    /// What a row stands for, for as long as the program runs.
    pub fn name_of(&self, row: Row) -> Option<RowName> {
        row.name(self.store)
    }

    /// Why nothing is drawn of these series.
    pub fn why_empty(&self, series: impl Iterator<Item = SeriesId>) -> String {
        let span = self.view.window().span(self.now);
        let Self { store, graphs, now, zone, .. } = *self;
        why_empty(&Sight { store, graphs, span, now, zone }, series)
    }

    /// The full names of the series that fall on a line, one in each row.
    pub fn series_text(&self, line: &Line) -> String {
        let series = line.series.iter().filter_map(|&id| self.store.series(id));
        let name = |series: &Series| {
            let ds =
                if series.ds_count > 1 { format!(" {}", series.ds_name) } else { String::new() };
            display_safe(&format!("{}{ds}", series.identifier)).into_owned()
        };
        let mut rows: Vec<String> = series.take(NAMED_SERIES_MAX).map(name).collect();
        let more = line.series.len().saturating_sub(NAMED_SERIES_MAX);
        rows.extend((more > 0).then(|| format!("and {more} more")));
        rows.join("\n")
    }

    /// How the lines of a panel are drawn: what the wire said does not add up to anything.
    pub fn style_of(&self, panel: &Panel) -> Style {
        match panel.mode(self.view.mode()) {
            Mode::Rate => panel.style,
            Mode::Raw => Style::Line,
        }
    }

    /// The unit of a panel's axis.
    pub fn unit_of(&self, panel: &Panel) -> Unit {
        panel.unit_in(self.view.mode())
    }

    /// The units of a panel's lines.
    pub fn units_of(&self, panel: &Panel) -> Units {
        Units { first: self.unit_of(panel), second: panel.second_in(self.view.mode()).cloned() }
    }

    /// The units of a panel's axes.
    pub fn units_text(&self, panel: &Panel) -> String {
        let unit = self.unit_of(panel);
        match panel.second_in(self.view.mode()) {
            Some(second) => format!("{} · right: {}", unit.name, second.name),
            None => unit.name.to_string(),
        }
    }

    /// The panels that a tile shows.
    pub fn panels_of(&self, tile: PanelId) -> &'a [Panel] {
        let range = self.derived.tiles.iter().find(|(id, _)| *id == tile);
        range.and_then(|(_, range)| self.derived.panels.get(range.clone())).unwrap_or_default()
    }

    /// A panel's host, that its clock is wrong, and by whose clock its times are written; or how
    /// many hosts it has, and how many lines it leaves out.
    pub fn host_text(&self, panel: &Panel) -> String {
        let left_out = panel.left_out_text();
        if panel.hosts > 1 {
            return format!("{} hosts{left_out}", panel.hosts);
        }
        self.clock_text(panel) + &left_out
    }

    fn clock_text(&self, panel: &Panel) -> String {
        let host = (&*panel.host, self.view.aliases().of(&panel.host));
        clocks::beside_host(self.store, host, self.now, self.view.host_time)
    }

    /// The rule of a panel: the user's, or the one that would make what the catalogue put there.
    pub fn rule_of(&self, id: PanelId) -> Option<Rule> {
        if let Some(tiles) = self.view.tab().canvas.tiles() {
            return tiles.rule(id).cloned();
        }
        let place = self.derived.panels.iter().position(|panel| panel.id == id)?;
        let panel = self.derived.panels.get(place..=place)?;
        rules_of(panel, self.store, self.graphs, self.view.selection()?).pop()
    }

    /// The bars of a panel as they stand at the right edge of the window.
    pub fn bars(&self, panel: &Panel) -> Vec<Bar> {
        bars(panel, self.store, self.view.window().span(self.now).end)
    }

    /// What the lines of panels depend on, beside span and mode.
    pub fn revision(&self) -> Revision {
        Revision {
            data: self.store.data_revision(),
            series: self.store.revision(),
            panels: self.derived.panels_revision,
        }
    }

    /// Makes `plot` what `panel` draws of `span` on `columns` pixels.
    pub fn fill(
        &self,
        plot: &mut PanelPlot,
        panel: &Panel,
        span: Span,
        columns: usize,
        scratch: Scratch<'_>,
    ) {
        plot.fill(panel, self.store, span, columns, self.view.mode(), scratch);
    }

    /// The notifications marked on a panel, and what they depend on.
    pub fn marks(&self, panel: &Panel) -> PanelMarks {
        self.derived.events.of_panel(self.store, panel)
    }

    /// The notification of that number.
    pub fn noted(&self, number: u64) -> Option<&'a Noted> {
        self.store.notifications().get(number)
    }

    /// When the newest sample of a series was measured; zero: there is none.
    pub fn newest(&self, id: SeriesId) -> CdTime {
        self.store.latest(id, Mode::Raw).map_or(CdTime::ZERO, |reading| reading.time)
    }

    /// The rates of a series over `span`, in at most two points a column.
    pub fn trace(&self, id: SeriesId, span: Span, columns: usize, out: &mut Trace) {
        self.store.trace(id, span, columns, Mode::Rate, out);
    }
}
