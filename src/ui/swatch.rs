//! Swatch: how a line of a panel looks, the same in its plot, its legend and its tooltip.

use super::line_texture::Dash;
use super::theme::{self, Palette};
use crate::view::colours::Colours;
use crate::view::graphs::Style;
use crate::view::panels::Line;
use crate::view::role::Role;
use eframe::egui::{Color32, Painter, Pos2, Rect, pos2, vec2};

/// How opaque the areas of a stack are, and those of a mirrored plot.
pub(super) const STACK_OPACITY: f32 = 0.78;
pub(super) const MIRROR_OPACITY: f32 = 0.22;
/// Width and height of a swatch.
pub(super) const SIZE: (f32, f32) = (14.0, 8.0);
/// The line in it.
const STROKE: f32 = 2.6;

/// Colour and dashes of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) color: Color32,
    pub(super) dash: Dash,
}

impl Look {
    /// Of line number `index` of a panel. What stands for one thing has its colour; the others have
    /// those in turn, whole first, then with each kind of dashes.
    pub(super) fn of(
        palette: &Palette,
        colours: &Colours,
        role: Option<Role>,
        index: usize,
    ) -> Self {
        let dash = match role {
            Some(_) => Dash::None,
            None => Dash::ALL
                .get(index / colours.count().max(1) % Dash::ALL.len())
                .copied()
                .unwrap_or_default(),
        };
        Self { color: palette.line_of(colours.of(role, index)), dash }
    }

    /// Paints it around `center`, as `line` is drawn in a plot of this style.
    pub(super) fn paint(self, painter: &Painter, center: Pos2, style: Style, line: &Line) {
        let rect = Rect::from_center_size(center, vec2(SIZE.0, SIZE.1));
        let opacity = match style {
            Style::Stack => STACK_OPACITY,
            Style::Mirror => MIRROR_OPACITY,
            Style::Line | Style::Bars => {
                self.stroke(painter, rect.left(), center.y, STROKE);
                return;
            }
        };
        painter.rect_filled(rect, 1.0, theme::faded(self.color, opacity));
        let edge = 0.5 * Dash::EDGE;
        let y = if line.down { rect.bottom() - edge } else { rect.top() + edge };
        self.stroke(painter, rect.left(), y, Dash::EDGE);
    }

    fn stroke(self, painter: &Painter, left: f32, y: f32, width: f32) {
        let radius = if self.dash == Dash::None { width / 2.0 } else { 0.5 };
        for (start, end) in self.dash.within(SIZE.0) {
            let size = Rect::from_min_max(
                pos2(left + start, y - width / 2.0),
                pos2(left + end, y + width / 2.0),
            );
            painter.rect_filled(size, radius, self.color);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn lines_differ_far_beyond_the_colours() {
        for dark in [false, true] {
            let palette = Palette::new(dark);
            let looks = (0..32).map(|index| Look::of(&palette, &Colours::default(), None, index));
            let looks = looks.map(|look| (look.color.to_array(), look.dash));
            assert_eq!(looks.collect::<HashSet<_>>().len(), 32);
        }
    }
}
