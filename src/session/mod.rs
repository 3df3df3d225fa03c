//! The program without its window: what is known, what the user chose, and what follows from both.
//!
//! Whoever owns a [`Session`] calls, in this order and as often as it likes:
//!
//! 1. [`Session::absorb`] and [`Session::report`] with what the sources bring,
//! 2. [`Session::apply`] with what the user does,
//! 3. [`Session::tick`] with the time, after which [`Session::derived`] is up to date,
//! 4. [`Session::effects`], and performs what they ask for; what a job brings back goes to
//!    [`Session::answer`].
//!
//! Nothing here waits for a window: actions act, and time passes, also where nothing is drawn. No
//! clock, no file, no thread; `now` is a parameter.

mod derived;
mod figures;
mod fleet;
mod forget;
mod hosts;
mod layouts;
mod screen;
mod state;
mod width;

pub use derived::Derived;
pub use screen::{
    CanvasContent, CellContent, Checked, ClockFacts, ColumnHead, Facts, FaultRow, HostContent,
    LossRow, NotedText, Revision, RowContent, Screen, StatusItem, Swatch, Tone, Units,
};
pub use state::{Drawing, State};

use crate::ingest::Batch;
use crate::metric::CdTime;
use crate::reception::{self, Reception};
use crate::store::{SourceId, Store};
use crate::typesdb::TypesDb;
use crate::view::arrangement::ARRANGED_MAX;
use crate::view::colours::Colours;
use crate::view::fleet::COLUMNS_MAX;
use crate::view::graphs::Graphs;
use crate::view::health::Meter;
use crate::view::keymap::Keymap;
use crate::view::layout::{RULES_MAX, Rule};
use crate::view::layouts::SaveOutcome;
use crate::view::names::{LayoutSource, To};
use crate::view::palette::{RankJob, Ranked};
use crate::view::panels::{rules_for, rules_of};
use crate::view::tree::{FilterJob, Filtered};
use crate::view::workspace::{TABS_MAX, Workspace};
use crate::view::{Action, Moment, Own, Preferences, Theme, View};
use figures::Figures;
use jiff::tz::TimeZone;
use layouts::Kept;
use state::Known;
use std::sync::Arc;
use std::time::Duration;
use width::Width;

/// Ages and rates are read as text: what depends on the time only is shown this often.
const TEXT_EVERY: Duration = Duration::from_secs(1);

/// Panels that stand in a row before anything was drawn.
const COLUMNS: usize = 3;

/// What a session starts from.
#[derive(Clone, Debug)]
pub struct Start {
    /// Names of data sources.
    pub types: TypesDb,
    /// How each plugin is drawn.
    pub graphs: Graphs,
    /// Keys of the commands.
    pub keymap: Keymap,
    /// Bytes the store may use.
    pub memory_bytes: usize,
    /// What the user chose last time.
    pub preferences: Preferences,
    /// The tabs as they were left.
    pub workspace: Option<Workspace>,
    /// The layout to begin with instead, and its text.
    pub layout: Option<(LayoutSource, String)>,
    /// They are kept for the next start.
    pub is_kept: bool,
    /// The user's time zone.
    pub zone: TimeZone,
    /// Colours of lines.
    pub colours: Colours,
    /// What the user should know, newest last.
    pub messages: Vec<String>,
}

impl Default for Start {
    /// Within 512 MiB, in UTC.
    fn default() -> Self {
        Self {
            types: TypesDb::built_in(),
            graphs: Graphs::built_in(),
            keymap: Keymap::default(),
            memory_bytes: 512 << 20,
            preferences: Preferences::default(),
            workspace: None,
            layout: None,
            is_kept: false,
            zone: TimeZone::UTC,
            colours: Colours::default(),
            messages: Vec::new(),
        }
    }
}

/// What the outside is to do.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Keep these for the next start.
    Keep(Preferences),
    /// Write what is kept now.
    KeepNow,
    /// Keep these tabs for the next start.
    KeepWorkspace(String),
    /// Write a layout, unless the file holds something else than `was`.
    SaveLayout {
        /// Where to.
        source: LayoutSource,
        /// What.
        text: String,
        /// None: there is no such file yet.
        was: Option<String>,
    },
    /// Write it whatever the file holds.
    ReplaceLayout {
        /// Where to.
        source: LayoutSource,
        /// What.
        text: String,
    },
    /// Read a layout.
    LoadLayout(LayoutSource),
    /// Delete a saved layout.
    DeleteLayout(String),
    /// Draw in these colours.
    SetTheme(Theme),
    /// Try a filter beside the frame, instead of one that is still being tried. When
    /// [`crate::view::tree::Rows::is_pending`] is false its answer is no longer wanted.
    Filter(Arc<FilterJob>),
    /// Rank names beside the frame, instead of those that are still being ranked. When
    /// [`crate::view::palette::Results::is_pending`] is false the answer is no longer wanted.
    Rank(Arc<RankJob>),
}

/// What an effect brought back.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// The rows that a filter lets through.
    Filtered(Filtered),
    /// Why there are none.
    FilterFailed(String),
    /// The layouts that were saved.
    LayoutNames(Vec<String>),
    /// A layout was written, or not.
    LayoutSaved {
        /// Where to.
        source: LayoutSource,
        /// What.
        text: String,
        /// How it went.
        outcome: SaveOutcome,
    },
    /// The text of a layout, or why there is none.
    LayoutLoaded(LayoutSource, Result<String, String>),
    /// A layout was deleted, or why not.
    LayoutDeleted(String, Result<(), String>),
    /// The names that match best.
    Ranked(Ranked),
    /// Why they are not known.
    RankFailed(String),
}

/// The program without its window.
#[derive(Debug)]
pub struct Session {
    store: Store,
    view: View,
    graphs: Graphs,
    reception: Reception,
    derived: Derived,
    meter: Meter,
    width: Width,
    /// Panels of the catalogue that stand in a row of the canvas.
    columns: usize,
    figures: Figures,
    /// As they are kept.
    preferences: Preferences,
    kept: Kept,
    /// The layout that was to be saved last: its text, and the tabs that it was made of.
    saving: Option<(String, Workspace)>,
    zone: TimeZone,
    colours: Colours,
    effects: Vec<Effect>,
    /// What the user should know, newest last.
    pub messages: Vec<String>,
    messages_at_start: usize,
}

impl Session {
    /// Nothing is known yet.
    pub fn new(start: Start) -> Self {
        let Start { types, memory_bytes, preferences, workspace, layout, .. } = start;
        let Start { is_kept, zone, colours, messages, graphs, keymap, .. } = start;
        let mut view = View { keymap, ..View::new(&preferences) };
        if let Some(workspace) = workspace {
            view.workspace = workspace;
        }
        let mut session = Self {
            store: Store::new(memory_bytes, types),
            graphs,
            reception: Reception::default(),
            derived: Derived::default(),
            meter: Meter::default(),
            width: Width::growing(&view.workspace),
            columns: COLUMNS,
            figures: Figures::default(),
            kept: Kept::new(is_kept, &view.workspace),
            saving: None,
            preferences,
            zone,
            colours,
            effects: Vec::new(),
            messages_at_start: 0,
            messages,
            view,
        };
        if let Some((source, text)) = layout {
            session.open_layout(source, text);
        }
        session.messages_at_start = session.messages.len();
        session
    }

    /// Takes in what `source` brought; `now` is our clock, or that of a capture that is alone.
    pub fn absorb(&mut self, source: SourceId, batch: &Batch, now: CdTime) {
        let status = self.reception.status(source);
        let is_capture = status.is_some_and(|status| status.replay.is_some());
        // A capture may be far ahead of what its clock showed when the frame began.
        let is_alone = self.reception.replay().is_some();
        let now = if is_alone { batch.arrival } else { now };
        self.store.absorb(source, batch, now);
        if is_capture {
            // A capture waits; the order of its packets is no reason to lose any.
            self.store.settle_late(now);
        }
        self.meter.note(now, &self.store.health().totals);
    }

    /// Takes in how `source` goes. That it is over is reported after its last batch is absorbed.
    pub fn report(&mut self, source: SourceId, status: reception::Status, now: CdTime) {
        let is_new = self.reception.status(source).is_none();
        if status.state == reception::State::Ended && self.reception.replay().is_some() {
            // Nothing more comes that would show how waiting samples are to be placed.
            self.store.settle(now);
        }
        let mut status = status;
        if matches!(status.state, reception::State::Failed { .. }) {
            // A capture that cannot be read further is still what is shown.
            let before = self.reception.status(source).and_then(|status| status.replay.clone());
            status.replay = status.replay.or(before);
        }
        self.reception.report(source, status);
        if is_new {
            let workspace = &self.view.workspace;
            self.width = match self.reception.replay() {
                Some(replay) => Width::of_capture(replay, workspace),
                None => Width::growing(workspace),
            };
        }
    }

    /// Takes in what an effect brought back.
    pub fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Filtered(filtered) => self.derived.rows.take(filtered),
            Answer::FilterFailed(why) => {
                self.derived.rows.give_up();
                self.say(format!("the filter failed, try another one: {why}"));
            }
            Answer::LayoutNames(_)
            | Answer::LayoutSaved { .. }
            | Answer::LayoutLoaded(..)
            | Answer::LayoutDeleted(..) => self.answer_about_layouts(answer),
            Answer::Ranked(ranked) => self.derived.palette.take(ranked),
            Answer::RankFailed(why) => {
                self.derived.palette.give_up();
                self.say(format!("the search failed, try other words: {why}"));
            }
        }
    }

    /// Adds to the messages what is not the last of them.
    fn say(&mut self, text: String) {
        if self.messages.last() != Some(&text) {
            self.messages.push(text);
        }
    }

    /// Does what the user asked for: the one door to the user's choices.
    pub fn apply(&mut self, action: Action, now: CdTime) {
        let (action, own) = self.own(action, now);
        let moment = Moment {
            now,
            values: self.store.health().totals.values,
            oldest: self.oldest_drawn(),
            notifications: self.store.notifications().counts(),
            rules: self.rules_of(&action),
            own,
        };
        if let Action::SetTheme(theme) = action {
            self.effects.push(Effect::SetTheme(theme));
        }
        if let Action::Forget(rows) = &action {
            self.forget(rows);
        }
        let now_too = action == Action::KeepNow;
        self.ask_about_layouts(&action);
        self.width.chosen(&action);
        let next_tab = self.view.workspace.next_tab();
        self.view.apply(action, &moment);
        let is_opened = self.view.tab().id >= next_tab;
        self.width.follow(&mut self.view.workspace, is_opened);
        if std::mem::take(&mut self.view.no_room) {
            self.say(format!(
                "there is no room for more: there may be {TABS_MAX} tabs, with {RULES_MAX} panels \
                 each; close some"
            ));
        }
        if std::mem::take(&mut self.view.no_columns) {
            self.say(format!("a table of hosts has {COLUMNS_MAX} columns at most; remove some"));
        }
        if std::mem::take(&mut self.view.no_arranging) {
            self.say(format!(
                "{ARRANGED_MAX} hosts can be pinned, as many called otherwise, and as many rows \
                 hidden; undo some of it in their menus"
            ));
        }
        self.keep_preferences();
        self.keep_workspace();
        if now_too {
            self.effects.push(Effect::KeepNow);
        }
    }

    /// The panels of the catalogue become the user's own with the first change. Where there are
    /// none, what is drawn gets a tab of its own.
    fn own(&mut self, action: Action, now: CdTime) -> (Action, Option<Own>) {
        if self.view.tab().canvas.fleet().is_some() {
            return (fleet::beside(action), None);
        }
        let Self { store, graphs, derived, view, columns, .. } = self;
        if !action.is_about_tiles() || view.selection().is_none() {
            return (action, None);
        }
        derived.update_panels(store, graphs, view, now);
        let selection = view.selection();
        let rules = selection.map(|selection| rules_of(&derived.panels, store, graphs, selection));
        let rules = rules.filter(|rules| !rules.is_empty());
        let own = rules.map(|rules| Own { rules, columns: *columns });
        match action {
            Action::Draw { show, panels, .. } if own.is_none() => {
                (Action::Draw { show, panels, to: To::NewTab }, own)
            }
            action => (action, own),
        }
    }

    /// The rules of the panels that an action draws.
    fn rules_of(&self, action: &Action) -> Vec<Rule> {
        match action {
            Action::Draw { show, panels, .. } => {
                rules_for(&self.store, &self.graphs, show, *panels)
            }
            _ => Vec::new(),
        }
    }

    /// How many panels of the catalogue stand in a row of the canvas: as many do when they become
    /// the user's own. None before anything was drawn.
    pub fn set_columns(&mut self, columns: usize) {
        if columns > 0 {
            self.columns = columns;
        }
    }

    /// Makes anew what follows from data, choices and time. Returns how long it may take until it
    /// is to be called again though nothing happens; none: that long.
    pub fn tick(&mut self, now: CdTime) -> Option<Duration> {
        if now > CdTime::ZERO {
            self.meter.read(now, &self.store.health().totals);
        }
        self.view.pick_first(&self.store, self.reception.local_host());
        let Self { derived, store, graphs, view, .. } = self;
        let local = self.reception.local_host();
        let (job, is_unfinished) = derived.update(store, graphs, view, local, now);
        self.effects.extend(job.map(|job| Effect::Filter(Arc::new(job))));
        let job = self.derived.search(&self.store, &self.graphs, &self.view);
        self.effects.extend(job.map(|job| Effect::Rank(Arc::new(job))));
        // What stands still on the screen stays in memory.
        if self.view.window().is_live() {
            self.store.release();
        } else {
            let span = self.view.window().span(now);
            self.store.hold(&[(span, self.derived.on_canvas())]);
        }
        let order = &self.derived.order;
        self.view.workspace.forget_panel(|panel| order.contains(&panel));
        let oldest = self.oldest_drawn();
        self.width.adjust(self.view.window_mut(), self.reception.replay(), oldest, now);
        self.keep_preferences();
        self.keep_workspace();
        if is_unfinished {
            return Some(Duration::ZERO);
        }
        let runs = self.reception.replay().is_none_or(|replay| replay.pace().is_some());
        let totals = &self.store.health().totals;
        // Before anything came nothing depends on the time.
        (runs && totals.datagrams + totals.lists > 0).then_some(TEXT_EVERY)
    }

    /// Hands over what the outside is to do, in order.
    pub fn effects(&mut self) -> impl Iterator<Item = Effect> + use<> {
        std::mem::take(&mut self.effects).into_iter()
    }

    /// The state as an object for scripts; `drawing` is what only the window knows.
    pub fn state(&mut self, now: CdTime, drawing: Drawing) -> State {
        let Self { store, view, graphs, derived, reception, figures, zone, messages, .. } = self;
        figures.update(store, view, derived, now);
        let known = Known { store, view, graphs, derived, reception, figures, zone, messages };
        state::state(known, now, drawing)
    }

    /// What is known.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// What the user chose.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// How every source goes.
    pub const fn reception(&self) -> &Reception {
        &self.reception
    }

    /// What follows from data and choices, as of the last [`Session::tick`].
    pub const fn derived(&self) -> &Derived {
        &self.derived
    }

    /// The oldest sample of what is on the canvas.
    fn oldest_drawn(&self) -> Option<CdTime> {
        self.derived.on_canvas().filter_map(|id| self.store.first_time(id)).min()
    }

    /// Asks to keep what the user chose, if that is new.
    fn keep_preferences(&mut self) {
        let preferences = Preferences {
            theme: self.view.theme,
            // The width for a capture is no width to listen with.
            width: match self.reception.replay() {
                Some(_) => self.preferences.width,
                None => self.width.wanted(self.view.window()),
            },
            sidebar: self.view.sidebar,
            pivot: self.view.pivot,
            arrangement: Arc::clone(&self.view.arrangement),
        };
        if preferences != self.preferences {
            self.preferences = preferences.clone();
            self.effects.push(Effect::Keep(preferences));
        }
    }
}

#[cfg(test)]
mod tests;
