//! The axis at the right of a plot, for lines in another unit. Its ticks have no grid: the left
//! one has it.

use super::theme::{self, Palette};
use crate::view::axis::Axis;
use crate::view::format::Unit;
use eframe::egui::{Align2, Rect, Stroke, Ui, pos2};

/// Room for its labels.
pub(super) const WIDTH: f32 = 46.0;
/// Between the plot and a label, and the mark there.
const LABEL_LEFT: f32 = 7.0;
const MARK: f32 = 4.0;

/// Draws `axis` at the right edge of a plot.
pub(super) fn right_axis_ui(ui: &Ui, plot: Rect, axis: Axis, unit: &Unit) {
    let palette = Palette::of(ui);
    let largest = axis.lo.abs().max(axis.hi.abs());
    let height = axis.hi - axis.lo;
    for value in axis.ticks() {
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let up = ((value - axis.lo) / height) as f32;
        let y = plot.bottom() - up * plot.height();
        let at = pos2(plot.right() + LABEL_LEFT, y);
        let text = unit.tick(value, axis.step, largest);
        ui.painter().text(at, Align2::LEFT_CENTER, text, theme::tick(), palette.faint);
        let mark = [pos2(plot.right(), y), pos2(plot.right() + MARK, y)];
        ui.painter().line_segment(mark, Stroke::new(1.0, palette.line));
    }
}
