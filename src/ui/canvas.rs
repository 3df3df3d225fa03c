//! The canvas: the panels of the tab on screen, or why there are none.

use super::drag::drop_ui;
use super::grid::Grid;
use super::theme::{self, Palette};
use super::{Frame, empty, fleet, tabs, tiles};
use crate::session::{CanvasContent, Screen};
use crate::view::window::Anchor;
use eframe::egui::{self, Rect, Sense, Stroke, Ui, UiBuilder, UiKind, UiStackInfo, vec2};

pub(super) fn canvas_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    // The window is cleared with this: nobody paints it, but what fades out fades into it.
    let ground = egui::Frame::new().fill(palette.background);
    let ground = UiStackInfo::new(UiKind::Frame).with_frame(ground);
    egui::CentralPanel::default().frame(egui::Frame::new()).show(ui, |ui| {
        let content = screen.canvas();
        if content != CanvasContent::Waiting {
            tabs::tabs_ui(ui, frame);
        }
        let rect = ui.available_rect_before_wrap();
        ui.scope_builder(UiBuilder::new().ui_stack_info(ground), |ui| match content {
            CanvasContent::Waiting => empty::waiting_ui(ui, screen),
            CanvasContent::NothingPicked => empty::nothing_selected_ui(ui, screen),
            CanvasContent::EmptyTab => empty::empty_tab_ui(ui, frame),
            CanvasContent::Panels => panels_ui(ui, frame),
            CanvasContent::Fleet => {
                if let Some(fleet) = screen.fleet() {
                    fleet::fleet_ui(ui, frame, fleet);
                }
            }
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

fn panels_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let height = ui.available_height();
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        scroll(ui, std::mem::take(&mut frame.memory.pages), height);
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        match screen.view.tab().canvas.tiles() {
            Some(layout) => tiles::tiles_ui(ui, frame, layout, height),
            None => grid_ui(ui, frame, height),
        }
        frame.memory.note_scrolling(ui);
    });
}

/// The panels that the catalogue has for what was picked.
fn grid_ui(ui: &mut Ui, frame: &mut Frame<'_>, height: f32) {
    let screen = frame.screen;
    let tab = screen.view.tab();
    let all = screen.derived.panels.as_slice();
    let alone = all.iter().position(|panel| tab.maximised && Some(panel.id) == tab.panel);
    let panels = alone.and_then(|place| all.get(place..=place)).unwrap_or(all);
    let width = ui.available_width() - 2.0 * theme::GAP;
    let grid = Grid::new(panels, width);
    frame.memory.columns = Grid::new(all, width).columns;
    let high = grid.least_height().max(height - 2.0 * theme::GAP);
    let size = vec2(ui.available_width(), high + 2.0 * theme::GAP);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let targets = grid.draw(ui, frame, rect.shrink(theme::GAP), panels);
    let visible = ui.clip_rect();
    drop_ui(ui, frame, visible, &targets);
}

/// Scrolls the canvas by pages, each most of its height.
fn scroll(ui: &Ui, pages: f32, height: f32) {
    if pages != 0.0 {
        ui.scroll_with_delta(vec2(0.0, -pages * 0.85 * height));
    }
}
