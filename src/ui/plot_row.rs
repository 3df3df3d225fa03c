//! Plot row: what the panels that stand side by side need beside their plots.

use super::theme;
use super::{bars, legend};
use crate::view::bars::bars_at_most;
use crate::view::graphs::Style;
use crate::view::panels::Panel;

/// Between the header of a panel and its plot.
pub(super) const PLOT_INSET: f32 = 6.0;

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
    pub(super) fn height(self, plot: f32) -> f32 {
        let legend = legend::height_at(plot, self.legend);
        (theme::PANEL_HEADER + (PLOT_INSET + plot + legend).max(self.bars)).floor()
    }
}

/// Height that the legend of a panel would like below its plot.
fn legend_height(panel: &Panel, panel_width: f32) -> f32 {
    if panel.style == Style::Bars { 0.0 } else { legend::wanted_height(panel, panel_width) }
}
