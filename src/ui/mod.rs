//! The screen: everything it shows is lent to it, everything it wants comes back as actions.
//!
//! Drawing reads; only transient things (where the pointer is, what was measured last) are kept
//! here. Never touches a socket, a file or a clock.

mod bars;
mod cache;
mod canvas;
mod clocks;
mod empty;
mod figures;
mod keys;
mod legend;
mod marks;
mod notifications;
mod panes;
mod plots;
mod senders;
mod shapes;
mod sidebar;
mod sparkline;
mod status;
mod strips;
pub mod theme;
mod topbar;
pub mod widgets;

use crate::metric::{CdTime, Interval};
use crate::reception::{Reception, Replay, State};
use crate::store::{SeriesId, Store};
use crate::view::empty::Sight;
use crate::view::format::{self, Unit};
use crate::view::graphs::Graphs;
use crate::view::health::Meter;
use crate::view::marks::Events;
use crate::view::notifications::Listed;
use crate::view::panels::{Drawn, Panel};
use crate::view::pick::Picking;
use crate::view::tree::Rows;
use crate::view::{Action, View};
use eframe::egui;
use jiff::tz::TimeZone;
use std::collections::HashMap;

pub use cache::{Made, PlotCache};
pub use marks::MarkCache;
pub use sparkline::Sparklines;

/// Everything a frame is drawn from.
pub struct Screen<'a> {
    /// What is known.
    pub store: &'a Store,
    /// What the user chose.
    pub view: &'a View,
    /// How plugins are drawn.
    pub graphs: &'a Graphs,
    /// The panels of the selection.
    pub panels: &'a [Panel],
    /// Changes when they do.
    pub panels_revision: u64,
    /// The series on them, and where.
    pub drawn: &'a HashMap<SeriesId, Drawn>,
    /// The rows of the tree.
    pub rows: &'a Rows,
    /// The rows of the list of notifications.
    pub listed: &'a Listed,
    /// Where notifications are marked.
    pub events: &'a Events,
    /// Rates of reception.
    pub meter: &'a Meter,
    /// How every source goes.
    pub reception: &'a Reception,
    /// Things the user should know, newest last.
    pub messages: &'a [String],
    /// Our clock, or the capture's.
    pub now: CdTime,
    /// The user's time zone.
    pub zone: &'a TimeZone,
    /// Milliseconds of CPU the last frame took.
    pub frame_millis: f32,
}

impl Screen<'_> {
    /// A placed time as it is to be written for `host`: by our clock or by its own.
    fn shown_time(&self, host: &str, placed: CdTime) -> CdTime {
        if self.view.host_time { self.store.host_time(host, placed) } else { placed }
    }

    /// The time `t` of a plot of `host`, in seconds, where times are `step` seconds apart.
    fn time_text(&self, host: &str, t: f64, step: f64) -> String {
        let shown = self.shown_time(host, CdTime::from_secs_f64(t));
        // Half a millisecond: offsets are some nanoseconds off the second.
        format::clock(shown.saturating_add(Interval::from_raw(1 << 19)), self.zone, step)
    }

    /// The capture that is shown, if one is.
    fn replay(&self) -> Option<&Replay> {
        self.reception.replay()
    }

    /// Whether something comes, or came, that could be shown.
    fn hears(&self) -> bool {
        let mut sources = self.reception.iter();
        sources.any(|of| matches!(of.state, State::Receiving | State::Ended))
    }

    /// Whether the thread of a source failed.
    fn has_failed(&self) -> bool {
        self.reception.failures().next().is_some()
    }

    /// What a row of the tree asks for.
    fn picking(&self) -> Picking<'_> {
        Picking { store: self.store, graphs: self.graphs, view: self.view, drawn: self.drawn }
    }

    /// What there is to say of a line that is empty.
    fn sight(&self) -> Sight<'_> {
        let span = self.view.window().span(self.now);
        Sight { store: self.store, graphs: self.graphs, span, now: self.now, zone: self.zone }
    }

    /// The unit of a panel's axis.
    fn unit_of(&self, panel: &Panel) -> Unit {
        panel.unit_in(self.view.mode())
    }
}

/// What drawing remembers from one frame to the next.
#[derive(Debug, Default)]
pub struct Memory {
    /// Lines that need not be made anew.
    pub plots: PlotCache,
    /// The same for what is marked on them.
    pub marks: MarkCache,
    /// The same for the sidebar.
    pub sparklines: Sparklines,
    glyphs: figures::Glyphs,
    /// The moment under the pointer, seconds since 1970; shared by all panels.
    pub cursor: Option<f64>,
    next_cursor: Option<f64>,
    drag_start: Option<f64>,
    legend_hover: Option<(crate::view::panels::PanelKey, usize)>,
    /// When the wheel last scrolled the canvas, egui's seconds.
    scrolled_at: Option<f64>,
    list: notifications::ListPlace,
    /// What was typed after something that has yet to take effect, for the next frame.
    keys_waiting: Vec<egui::Event>,
    /// They go to the filter.
    filter_waits: bool,
    /// The row of the sidebar that was last brought into sight.
    row_in_sight: Option<usize>,
    /// Width of a plot in the last frame, points: when the live edge has moved a pixel.
    pub plot_width: f32,
}

/// A turn of the wheel belongs to what it began on, until it rests this long, seconds.
const WHEEL_RESTS: f64 = 0.3;

impl Memory {
    /// Whether the wheel is scrolling the canvas, and a plot that comes by must not take it.
    fn is_scrolling(&self, ui: &egui::Ui) -> bool {
        let now = ui.input(|input| input.time);
        self.scrolled_at.is_some_and(|at| now - at < WHEEL_RESTS)
    }

    /// Notes a turn of the wheel that no plot has taken.
    fn note_scrolling(&mut self, ui: &egui::Ui) {
        let (now, turned) =
            ui.input(|input| (input.time, input.smooth_scroll_delta != egui::Vec2::ZERO));
        if turned {
            self.scrolled_at = Some(now);
        }
    }
}

/// One frame while it is drawn.
pub struct Frame<'a> {
    /// What it is drawn from.
    pub screen: &'a Screen<'a>,
    /// What is remembered of the last one.
    pub memory: &'a mut Memory,
    /// What the user did.
    pub actions: &'a mut Vec<Action>,
}

/// Draws a frame.
pub fn screen_ui(ui: &mut egui::Ui, frame: &mut Frame<'_>) {
    frame.memory.next_cursor = None;
    frame.memory.glyphs.check(ui.painter());
    keys::keys(ui, frame);
    topbar::topbar_ui(ui, frame);
    status::status_ui(ui, frame);
    notifications::list_ui(ui, frame);
    if frame.screen.view.sidebar {
        sidebar::sidebar_ui(ui, frame);
    }
    canvas::canvas_ui(ui, frame);
    frame.memory.plots.end_frame();
    panes::pane_ui(ui, frame);
    let memory = &mut *frame.memory;
    // The other panels were drawn before they could know that the pointer moved. (In a scrolling
    // window the moment under a resting pointer changes too; that waits for the next frame.)
    let appeared = memory.cursor.is_some() != memory.next_cursor.is_some();
    let moved = ui.input(|input| input.pointer.delta() != egui::Vec2::ZERO);
    if appeared || (moved && memory.next_cursor.is_some()) {
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(1));
    }
    memory.cursor = memory.next_cursor;
}
