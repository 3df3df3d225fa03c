//! The canvas: panels in a grid.

use super::theme::{self, Palette};
use super::widgets::elided;
use super::{Frame, bars, contained_ui, empty, legend, plots};
use crate::metric::display_safe;
use crate::session::{CanvasContent, Screen};
use crate::view::Action;
use crate::view::bars::bars_at_most;
use crate::view::graphs::Style;
use crate::view::panels::Panel;
use crate::view::window::Anchor;
use eframe::egui::{
    self, Align2, Rect, Role, Sense, Stroke, Ui, UiBuilder, UiKind, UiStackInfo, WidgetInfo, pos2,
    vec2,
};

/// Narrower than this a panel has no neighbour.
const PANEL_WIDTH_MIN: f32 = 380.0;
/// Panels beside one another at most.
const ACROSS_MAX: f32 = 4.0;
/// Lowest plot.
const PLOT_HEIGHT_MIN: f32 = 132.0;
/// Highest plot where few panels share the canvas.
const PLOT_HEIGHT_MAX: f32 = 420.0;
/// Between a panel's header and its plot.
const PLOT_INSET: f32 = 6.0;

pub(super) fn canvas_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    // The window is cleared with this: nobody paints it, but what fades out fades into it.
    let ground = egui::Frame::new().fill(palette.background);
    let ground = UiStackInfo::new(UiKind::Frame).with_frame(ground);
    egui::CentralPanel::default().frame(egui::Frame::new()).show(ui, |ui| {
        let rect = ui.max_rect();
        ui.scope_builder(UiBuilder::new().ui_stack_info(ground), |ui| match screen.canvas() {
            CanvasContent::Waiting => empty::waiting_ui(ui, screen),
            CanvasContent::NothingPicked => empty::nothing_selected_ui(ui, screen),
            CanvasContent::Panels => grid_ui(ui, frame),
        });
        state_border(ui, screen, rect, &palette);
    });
}

/// A standing view and a replay are framed in their state's colour, so that nobody takes them for
/// what is happening now.
fn state_border(ui: &Ui, screen: &Screen<'_>, rect: Rect, palette: &Palette) {
    let color = match screen.view.window().anchor() {
        Anchor::Live if screen.replay().is_some() => palette.replay,
        Anchor::Live => return,
        Anchor::Detached { .. } => palette.info,
        Anchor::Paused { .. } => palette.warn,
    };
    ui.painter().rect_stroke(
        rect.shrink(0.5),
        0.0,
        Stroke::new(1.0, color),
        egui::StrokeKind::Inside,
    );
}

fn grid_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let area = ui.available_size();
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        scroll(ui, std::mem::take(&mut frame.memory.pages), area.y);
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        let width = ui.available_width() - 2.0 * theme::GAP;
        let fits = ((width + theme::GAP) / (PANEL_WIDTH_MIN + theme::GAP)).floor();
        let panels = screen.derived.panels.len();
        let across = fits.clamp(1.0, ACROSS_MAX).min(panels as f32).max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 4")]
        let columns = across as usize;
        // Three beside one another leave holes where two would not.
        let columns = if columns == 3 && panels == 4 { 2 } else { columns };
        let panel_width = (width + theme::GAP) / columns as f32 - theme::GAP;
        let rows: Vec<&[Panel]> = screen.derived.panels.chunks(columns).collect();
        let around: Vec<f32> = rows.iter().map(|row| around_plot(row, panel_width)).collect();
        let plot_height = plot_height(area.y, &around);
        ui.add_space(theme::GAP);
        for (row, around) in rows.into_iter().zip(around) {
            let size = vec2(ui.available_width(), around + plot_height);
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            if ui.is_rect_visible(rect) {
                row_ui(ui, frame, rect, row, panel_width);
            }
            ui.add_space(theme::GAP);
        }
        frame.memory.note_scrolling(ui);
    });
}

/// Scrolls the canvas by pages, each most of its height.
fn scroll(ui: &Ui, pages: f32, height: f32) {
    if pages != 0.0 {
        ui.scroll_with_delta(vec2(0.0, -pages * 0.85 * height));
    }
}

/// Height of a row of panels without its plots: header, legend and margins of the tallest.
fn around_plot(row: &[Panel], panel_width: f32) -> f32 {
    let of = |panel: &Panel| {
        if panel.style == Style::Bars {
            let bars = bars_at_most(panel) as f32 * bars::BAR_ROW + 16.0 - PLOT_HEIGHT_MIN;
            return theme::PANEL_HEADER + bars.max(0.0);
        }
        theme::PANEL_HEADER + PLOT_INSET + legend::height_below(panel, panel_width)
    };
    row.iter().map(of).fold(0.0, f32::max)
}

/// The height that lets all rows fill the canvas, within reason.
fn plot_height(canvas: f32, around: &[f32]) -> f32 {
    let taken: f32 = around.iter().map(|height| height + theme::GAP).sum::<f32>() + theme::GAP;
    ((canvas - taken) / around.len().max(1) as f32).clamp(PLOT_HEIGHT_MIN, PLOT_HEIGHT_MAX).floor()
}

fn row_ui(ui: &mut Ui, frame: &mut Frame<'_>, row: Rect, panels: &[Panel], width: f32) {
    for (i, panel) in panels.iter().enumerate() {
        let left = row.left() + theme::GAP + i as f32 * (width + theme::GAP);
        let rect = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
        ui.push_id(&panel.key, |ui| {
            contained_ui(ui, frame, rect, panel, |ui, frame| panel_ui(ui, frame, rect, panel));
        });
    }
}

fn panel_ui(ui: &mut Ui, frame: &mut Frame<'_>, rect: Rect, panel: &Panel) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    ui.painter().rect(
        rect,
        theme::PANEL_RADIUS,
        palette.panel,
        Stroke::new(1.0, palette.line),
        egui::StrokeKind::Inside,
    );
    let (header, body) = rect.split_top_bottom_at_y(rect.top() + theme::PANEL_HEADER);
    header_ui(ui, frame, panel, header);
    // Half a tick label stands above the upper end of the axis.
    let body = body.with_min_y(body.top() + PLOT_INSET).shrink2(vec2(12.0, 0.0));
    if panel.style == Style::Bars {
        bars::bars_ui(ui, screen, panel, body);
    } else {
        plots::panel_plot_ui(ui, frame, panel, body);
    }
}

fn header_ui(ui: &Ui, frame: &mut Frame<'_>, panel: &Panel, rect: Rect) {
    let palette = Palette::of(ui);
    let screen = frame.screen;
    let inner = rect.shrink2(vec2(12.0, 0.0));
    let middle = inner.center().y + 2.0;
    let unit = screen.unit_of(panel);
    let right = pos2(inner.right(), middle);
    let name = &unit.name;
    let unit_rect =
        elided(ui, right, Align2::RIGHT_CENTER, 120.0, name, theme::small(), palette.dim).0;
    let title = display_safe(&panel.title);
    let host = screen.host_text(panel);
    let right = if panel.more > 0 { more_ui(ui, frame, panel, unit_rect) } else { unit_rect };
    let room = right.left() - inner.left() - 12.0;
    let at = pos2(inner.left(), middle);
    let font = theme::medium(13.0);
    let (title_rect, mut is_cut) =
        elided(ui, at, Align2::LEFT_CENTER, room, &title, font, palette.text);
    let at = pos2(title_rect.right() + 8.0, middle);
    let room = right.left() - at.x - 12.0;
    if room > 20.0 {
        is_cut |= elided(ui, at, Align2::LEFT_CENTER, room, &host, theme::small(), palette.dim).1;
    } else {
        is_cut = true;
    }
    // Names the panel for those who do not see it, and shows what did not fit.
    let response = ui.interact(rect, ui.scope_id().with("header"), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Label, true, format!("{title} {host} {}", unit.name))
    });
    if is_cut {
        response.on_hover_text(format!("{title}\n{host}"));
    }
}

/// Says that the overview leaves panels of this kind out, and shows them; returns where it is.
fn more_ui(ui: &Ui, frame: &mut Frame<'_>, panel: &Panel, unit: Rect) -> Rect {
    let palette = Palette::of(ui);
    let text = format!("{} more", panel.more);
    let galley = ui.painter().layout_no_wrap(text.clone(), theme::small(), palette.accent);
    let right = if unit.width() > 0.0 { unit.left() - 14.0 } else { unit.right() };
    let at = pos2(right, unit.center().y);
    let rect = Align2::RIGHT_CENTER.anchor_size(at, galley.size());
    let outline = rect.expand2(vec2(6.0, 3.0));
    let response = ui.interact(outline, ui.scope_id().with("more"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
    let border = if response.hovered() { palette.accent } else { palette.line };
    let stroke = Stroke::new(1.0, border);
    ui.painter().rect_stroke(outline, theme::CONTROL_RADIUS, stroke, egui::StrokeKind::Inside);
    ui.painter().galley(rect.min, galley, palette.accent);
    let hint =
        format!("The overview leaves out {} more of this kind. Click to see all", panel.more);
    if response.on_hover_text(hint).clicked() {
        frame.actions.push(Action::ShowAllPanels);
    }
    outline
}
