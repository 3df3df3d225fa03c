//! Amounts with a ceiling, as bars: filesystems.

use super::theme::{self, Palette};
use super::widgets::elided;
use crate::session::Screen;
use crate::view::bars::Bar;
use crate::view::panels::Panel;
use crate::view::role::Role;
use eframe::egui::{self, Align2, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

/// Height of one bar with its labels.
pub(super) const BAR_ROW: f32 = 30.0;
/// Room for `18.2 GiB of 252 GiB` at the right.
const AMOUNT_WIDTH: f32 = 132.0;
/// Room for `100 %` left of it.
const SHARE_WIDTH: f32 = 60.0;

/// Draws a panel's bars as they stand at the right edge of the window.
pub(super) fn bars_ui(ui: &mut Ui, screen: &Screen<'_>, panel: &Panel, rect: Rect) {
    let bars = screen.bars(panel);
    if bars.is_empty() {
        let (text, color) = ("no samples at this time", Palette::of(ui).dim);
        ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, theme::small(), color);
    }
    let mut top = rect.top();
    for bar in &bars {
        if top + BAR_ROW > rect.bottom() {
            break;
        }
        let row = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), BAR_ROW));
        bar_ui(ui, screen, panel, bar, row);
        top += BAR_ROW;
    }
}

fn bar_ui(ui: &mut Ui, screen: &Screen<'_>, panel: &Panel, bar: &Bar, row: Rect) {
    let palette = Palette::of(ui);
    let middle = row.center().y;
    let (name, share) = (bar.mount_point(), format!("{:.0} %", 100.0 * bar.share()));
    let amount = bar.amount(&panel.unit);
    let name_width = (row.width() * 0.26).min(180.0);
    let (left, right) = (pos2(row.left(), middle), pos2(row.right(), middle));
    let share_at = right - vec2(AMOUNT_WIDTH + 8.0, 0.0);
    let (text, dim) = (palette.text, palette.dim);
    let (to_left, to_right) = (Align2::LEFT_CENTER, Align2::RIGHT_CENTER);
    elided(ui, left, to_left, name_width - 8.0, &name, theme::body(), text);
    elided(ui, right, to_right, AMOUNT_WIDTH, &amount, theme::body(), dim);
    elided(ui, share_at, to_right, SHARE_WIDTH - 12.0, &share, theme::medium(12.5), text);
    let track = Rect::from_min_max(
        pos2(row.left() + name_width, middle - 4.0),
        pos2(row.right() - AMOUNT_WIDTH - SHARE_WIDTH, middle + 4.0),
    );
    let color = if bar.warns() {
        palette.warn
    } else {
        palette.line_of(screen.colours.of(Some(Role::Used), 0))
    };
    ui.painter().rect_filled(track, 4.0, palette.line);
    #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
    let width = track.width() * bar.share().clamp(0.0, 1.0) as f32;
    let filled = Rect::from_min_size(track.min, vec2(width, track.height()));
    ui.painter().rect_filled(filled, 4.0, color);
    let response = ui.interact(row, ui.scope_id().with(("bar", &bar.label)), Sense::hover());
    let whole = format!("{name} {share}, {amount}");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &whole));
    response.on_hover_text(whole);
}
