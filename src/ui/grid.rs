//! Grid: panels in even rows, and one panel.

use super::drag::Target;
use super::theme::{self, Palette};
use super::{Frame, bars, contained_ui, header, legend, plots};
use crate::view::bars::bars_at_most;
use crate::view::graphs::Style;
use crate::view::panels::Panel;
use eframe::egui::{self, Rect, Stroke, Ui, pos2, vec2};

/// Narrower than this a panel has no neighbour.
const PANEL_WIDTH_MIN: f32 = 380.0;
/// Panels beside one another at most.
const ACROSS_MAX: f32 = 4.0;
/// Lowest plot.
pub(super) const PLOT_HEIGHT_MIN: f32 = 132.0;
/// Between a panel's header and its plot.
const PLOT_INSET: f32 = 6.0;

/// Panels in even rows.
pub(super) struct Grid {
    pub(super) columns: usize,
    panel_width: f32,
    rows: Vec<Row>,
}

/// What a row of panels needs beside its plots, so that these begin and end at the same height.
#[derive(Clone, Copy, Default)]
pub(super) struct Row {
    /// Height that the legends below the plots would like.
    pub(super) legend: f32,
    /// Height of bars.
    bars: f32,
    /// Some plot has an axis at the right.
    pub(super) right_axis: bool,
}

impl Row {
    pub(super) fn of(panels: &[Panel], panel_width: f32) -> Self {
        let height = |panel: &Panel| bars_at_most(panel) as f32 * bars::BAR_ROW + 16.0;
        let bars = panels.iter().filter(|panel| panel.style == Style::Bars).map(height);
        Self {
            legend: panels
                .iter()
                .map(|panel| legend_height(panel, panel_width))
                .fold(0.0, f32::max),
            bars: bars.fold(0.0, f32::max),
            right_axis: panels.iter().any(|panel| panel.second.is_some()),
        }
    }

    /// With panels of another width.
    pub(super) fn join(self, other: Self) -> Self {
        Self {
            legend: self.legend.max(other.legend),
            bars: self.bars.max(other.bars),
            right_axis: self.right_axis || other.right_axis,
        }
    }

    /// Its height with plots so high.
    fn height(self, plot: f32) -> f32 {
        let legend = legend::height_at(plot, self.legend);
        (theme::PANEL_HEADER + (PLOT_INSET + plot + legend).max(self.bars)).floor()
    }
}

impl Grid {
    /// For panels on a canvas so wide.
    pub(super) fn new(panels: &[Panel], width: f32) -> Self {
        let fits = ((width + theme::GAP) / (PANEL_WIDTH_MIN + theme::GAP)).floor();
        let across = fits.clamp(1.0, ACROSS_MAX).min(panels.len() as f32).max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 4")]
        let columns = across as usize;
        // Three beside one another leave holes where two would not.
        let columns = if panels.len() == 4 { columns.min(2) } else { columns };
        let panel_width = (width + theme::GAP) / columns as f32 - theme::GAP;
        let rows = panels.chunks(columns).map(|row| Row::of(row, panel_width)).collect();
        Self { columns, panel_width, rows }
    }

    /// The lowest that all rows can be.
    pub(super) fn least_height(&self) -> f32 {
        self.height_with(PLOT_HEIGHT_MIN)
    }

    fn height_with(&self, plot: f32) -> f32 {
        let rows: f32 = self.rows.iter().map(|row| row.height(plot) + theme::GAP).sum();
        (rows - theme::GAP).max(0.0)
    }

    /// The height of plots with which the rows are so high together.
    fn plot_height(&self, height: f32) -> f32 {
        let (mut good, mut bad) = (PLOT_HEIGHT_MIN, height.max(PLOT_HEIGHT_MIN + 1.0));
        while bad - good > 0.5 {
            let middle = 0.5 * (good + bad);
            let fits = self.height_with(middle) <= height;
            (good, bad) = if fits { (middle, bad) } else { (good, middle) };
        }
        good.floor()
    }

    /// Draws the panels into `rect`; returns where each is.
    pub(super) fn draw(
        &self,
        ui: &mut Ui,
        frame: &mut Frame<'_>,
        rect: Rect,
        panels: &[Panel],
    ) -> Vec<Target> {
        let plot_height = self.plot_height(rect.height());
        let mut targets = Vec::new();
        let mut top = rect.top();
        for (row, needs) in panels.chunks(self.columns).zip(&self.rows) {
            let height = needs.height(plot_height);
            for (number, panel) in row.iter().enumerate() {
                let left = rect.left() + number as f32 * (self.panel_width + theme::GAP);
                let size = vec2(self.panel_width, height);
                let rect = Rect::from_min_size(pos2(left, top), size);
                targets.push(Target { id: panel.id, rect, takes_more: false });
                if ui.is_rect_visible(rect) {
                    ui.push_id(&panel.key, |ui| {
                        contained_ui(ui, frame, rect, panel, |ui, frame| {
                            panel_ui(ui, frame, rect, panel, *needs);
                        });
                    });
                }
            }
            top += height + theme::GAP;
        }
        targets
    }
}

/// Height that the legend of a panel would like below its plot.
fn legend_height(panel: &Panel, panel_width: f32) -> f32 {
    if panel.style == Style::Bars { 0.0 } else { legend::wanted_height(panel, panel_width) }
}

/// The lowest that a panel may be at a width.
pub(super) fn least_height(panel: &Panel, width: f32) -> f32 {
    Row::of(std::slice::from_ref(panel), width).height(PLOT_HEIGHT_MIN)
}

/// Draws a panel of `row` into `rect`.
pub(super) fn panel_ui(ui: &mut Ui, frame: &mut Frame<'_>, rect: Rect, panel: &Panel, row: Row) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let is_pointed = screen.view.tab().panel == Some(panel.id);
    let border = if is_pointed { palette.accent } else { palette.line };
    ui.painter().rect(
        rect,
        theme::PANEL_RADIUS,
        palette.panel,
        Stroke::new(1.0, border),
        egui::StrokeKind::Inside,
    );
    let (header, body) = rect.split_top_bottom_at_y(rect.top() + theme::PANEL_HEADER);
    header::header_ui(ui, frame, panel, header, rect);
    // Half a tick label stands above the upper end of the axis.
    let body = body.with_min_y(body.top() + PLOT_INSET).shrink2(vec2(12.0, 0.0));
    if panel.style == Style::Bars {
        bars::bars_ui(ui, screen, panel, body);
    } else {
        plots::panel_plot_ui(ui, frame, panel, body, row);
    }
}
