//! The status bar: what is received, what is lost, what it costs. Items about notifications open
//! their list, every other item the sources.

use super::Frame;
use super::theme::{self, Palette};
use super::widgets::severity_glyph;
use crate::session::StatusItem;
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{self, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use std::sync::Arc;

pub(super) fn status_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let ground =
        egui::Frame::new().fill(palette.surface).inner_margin(egui::Margin::symmetric(12, 0));
    egui::Panel::bottom("status bar").exact_size(theme::STATUS_BAR).frame(ground).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let mut first = true;
            for item in screen.status_items() {
                let color = palette.tone(item.tone);
                let font = theme::small();
                let mut job = LayoutJob::simple_singleline(item.text.clone(), font, color);
                job.wrap = TextWrapping::truncate_at_width(ITEM_MAX);
                let galley = ui.painter().layout_job(job);
                let room = if item.glyph.is_some() { GLYPH_ROOM } else { 0.0 };
                let size = vec2(galley.size().x + room, 18.0);
                // What does not fit is left out rather than cut in the middle.
                if ui.available_width() < size.x + 24.0 {
                    break;
                }
                if !first {
                    separator(ui, &palette);
                }
                first = false;
                if item_ui(ui, &item, galley, size, &palette).on_hover_text(&item.hint).clicked() {
                    frame.actions.push(item.action);
                }
            }
        });
    });
}

/// Widest text of an item: names from the network may be long.
const ITEM_MAX: f32 = 330.0;
/// Before the text of an item with a glyph.
const GLYPH_ROOM: f32 = 15.0;

fn item_ui(
    ui: &mut Ui,
    item: &StatusItem,
    galley: Arc<egui::Galley>,
    size: egui::Vec2,
    palette: &Palette,
) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &item.text));
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(vec2(4.0, 0.0)), 3.0, palette.selected);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, palette.accent);
        let frame = rect.expand2(vec2(4.0, 0.0));
        ui.painter().rect_stroke(frame, 3.0, stroke, egui::StrokeKind::Inside);
    }
    if let Some(severity) = item.glyph {
        let center = pos2(rect.left() + 5.0, rect.center().y);
        severity_glyph(ui.painter(), center, severity, palette.tone(item.tone), palette.surface);
    }
    let at = pos2(rect.right() - galley.size().x, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, palette.tone(item.tone));
    response
}

fn separator(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(7.0, 14.0), egui::Sense::hover());
    let stroke = egui::Stroke::new(1.0, palette.line);
    ui.painter().vline(rect.center().x, rect.y_range(), stroke);
}
