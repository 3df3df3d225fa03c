//! The screen: everything it shows is lent to it, everything it wants comes back as actions.
//!
//! Drawing reads; only transient things (where the pointer is, what was measured last) are kept
//! here. Never touches a socket, a file or a clock.

mod bars;
mod cache;
mod canvas;
mod clocks;
mod contain;
mod drag;
mod edit;
mod empty;
mod figures;
mod fleet;
mod grid;
mod header;
mod keys;
mod layouts;
mod legend;
mod legend_table;
mod line_texture;
mod marks;
mod notifications;
mod offered;
mod palette;
mod panes;
mod plot_row;
mod plots;
mod right_axis;
mod row_menu;
mod row_values;
mod scales;
mod selector_field;
mod senders;
mod shapes;
mod sidebar;
mod sidebar_head;
mod sparkline;
mod status;
mod strips;
mod swatch;
mod tabs;
pub mod theme;
mod tiles;
mod topbar;
pub mod widgets;

use crate::session::Screen;
use crate::view::Action;
use eframe::egui;

pub use cache::{Made, PlotCache};
pub use contain::contained_ui;
pub use fleet::FleetLines;
pub use marks::MarkCache;
pub use sparkline::Sparklines;

/// What drawing remembers from one frame to the next.
#[derive(Debug, Default)]
pub struct Memory {
    /// Lines that need not be made anew.
    pub plots: PlotCache,
    /// The same for what is marked on them.
    pub marks: MarkCache,
    /// The same for the sidebar.
    pub sparklines: Sparklines,
    /// The same for the table of all hosts.
    pub fleet_lines: FleetLines,
    /// What is typed to be a column of it.
    adding: fleet::Adding,
    /// A menu is open while the table is drawn: a click closes it first.
    menu_over_table: bool,
    /// The host whose row was last brought into sight.
    host_in_sight: Option<std::sync::Arc<str>>,
    glyphs: figures::Glyphs,
    failures: contain::Failures,
    /// The moment under the pointer, seconds since 1970; shared by all panels.
    pub cursor: Option<f64>,
    next_cursor: Option<f64>,
    drag_start: Option<f64>,
    legend_hover: Option<(crate::view::panels::PanelKey, usize)>,
    /// The legend that the wheel scrolls, and since when it does not, egui's seconds.
    legend_wheel: Option<(egui::Id, f64)>,
    /// When the wheel last scrolled the canvas, egui's seconds.
    scrolled_at: Option<f64>,
    list: notifications::ListPlace,
    palette: palette::Place,
    /// What was typed after something that has yet to take effect, for the next frame.
    keys_waiting: Vec<egui::Event>,
    /// They go to the filter.
    filter_waits: bool,
    /// Panels in a row of the canvas that follows the catalogue.
    pub columns: usize,
    /// Drags and turns of the wheel so far.
    gesture: u64,
    /// When the wheel last zoomed, egui's seconds.
    zoomed_at: Option<f64>,
    /// The divider that is dragged, as it stood.
    divider: Option<crate::view::layout::place::Divider>,
    /// What is typed in its place.
    editing: Option<edit::Editing>,
    layouts: layouts::Place,
    /// What of the canvas has the focus: the head of a panel, a row of the table of all hosts.
    on_canvas: Option<egui::Id>,
    /// The panel, or the host, whose head or row was given the focus last.
    pointed: Option<Pointed>,
    /// What is offered for the word in the filter.
    offered: offered::Offered,
    /// Where the values of the sidebar stand.
    values: row_values::Values,
    /// Pages that the canvas is to scroll.
    pages: f32,
    /// The row of the sidebar that was last brought into sight.
    row_in_sight: Option<usize>,
    /// What was on the canvas when it was last brought into sight.
    shown_in_sight: Option<sidebar::Shown>,
    /// The row whose menu is to open, and whether that of one was open in the last frame.
    menu_asked: Option<usize>,
    menu_open: bool,
    /// Width of a plot in the last frame, points: when the live edge has moved a pixel.
    pub plot_width: f32,
}

/// What keys are about on the canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pointed {
    Panel(crate::view::names::PanelId),
    Host(std::sync::Arc<str>),
}

/// A turn of the wheel belongs to what it began on, until it rests this long, seconds.
const WHEEL_RESTS: f64 = 0.3;

impl Memory {
    /// Whether the wheel is scrolling the canvas, and a plot that comes by must not take it.
    fn is_scrolling(&self, ui: &egui::Ui) -> bool {
        let now = ui.input(|input| input.time);
        self.scrolled_at.is_some_and(|at| now - at < WHEEL_RESTS)
    }

    /// The number of the turn of the wheel that goes on: another one after a rest.
    fn wheel_gesture(&mut self, ui: &egui::Ui) -> u64 {
        let now = ui.input(|input| input.time);
        if self.zoomed_at.is_none_or(|at| now - at >= WHEEL_RESTS) {
            self.gesture += 1;
        }
        self.zoomed_at = Some(now);
        self.gesture
    }

    /// Gives the focus to what keys are about from now on, so that a screen reader says it; not
    /// again, and not while something is typed. The arrows stay keys of the canvas.
    fn point(&mut self, response: &egui::Response, pointed: Pointed, is_pointed: bool) {
        let ctx = &response.ctx;
        if is_pointed && self.pointed.as_ref() != Some(&pointed) && !ctx.text_edit_focused() {
            response.request_focus();
            self.pointed = Some(pointed);
        }
        if response.has_focus() {
            self.on_canvas = Some(response.id);
            let keys = egui::EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                escape: true,
                tab: false,
            };
            ctx.memory_mut(|memory| memory.set_focus_lock_filter(response.id, keys));
        }
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
    let (panel, host) = (frame.screen.view.tab().panel, &frame.screen.view.host_cursor);
    if panel.is_none() && host.is_none() {
        frame.memory.pointed = None;
    }
    frame.memory.glyphs.check(ui.painter(), theme::small());
    if frame.screen.view.palette.is_some() {
        palette::keys(ui, frame);
    } else {
        keys::keys(ui, frame);
    }
    topbar::topbar_ui(ui, frame);
    status::status_ui(ui, frame);
    notifications::list_ui(ui, frame);
    if frame.screen.view.sidebar {
        sidebar::sidebar_ui(ui, frame);
    }
    canvas::canvas_ui(ui, frame);
    if frame.memory.plots.end_frame() {
        ui.ctx().request_repaint();
    }
    panes::pane_ui(ui, frame);
    layouts::naming_ui(ui, frame);
    palette::palette_ui(ui, frame);
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
