//! Grid: panels in even rows, and one panel.

use super::drag::Target;
use super::plot_row::{PLOT_INSET, Row};
use super::theme::{self, Palette};
use super::{Frame, bars, contained_ui, header, plots};
use crate::view::graphs::Style;
use crate::view::panels::Panel;
use eframe::egui::{self, Rect, Stroke, Ui, pos2, vec2};

/// Narrower than this a panel has no neighbour.
const PANEL_WIDTH_MIN: f32 = 380.0;
/// Panels beside one another at most.
const ACROSS_MAX: f32 = 4.0;
/// Lowest plot.
pub(super) const PLOT_HEIGHT_MIN: f32 = 132.0;

/// Panels in even rows.
pub(super) struct Grid {
    pub(super) columns: usize,
    panel_width: f32,
    rows: Vec<Row>,
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
