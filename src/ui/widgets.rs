//! Small shapes and controls used in several places.

use super::theme::{self, Palette};
use crate::metric::Severity;
use crate::session::Checked;
use crate::view::senders::Protected;
use eframe::egui::{
    self, Align2, Color32, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2,
    vec2,
};
use std::sync::Arc;

/// The title of a part of a pane.
pub(super) fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(8.0);
    ui.label(egui::RichText::new(text).font(theme::medium(13.0)));
    ui.add_space(2.0);
}

/// A word on a tinted ground that can be pressed: the state at the top left.
pub fn pill(ui: &mut Ui, text: &str, color: Color32, shape: PillShape) -> Response {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), theme::medium(12.5), color);
    let size = vec2(galley.size().x + 34.0, 26.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let painter = ui.painter();
    painter.rect_filled(rect, 13.0, theme::faded(color, 0.16));
    if response.has_focus() {
        painter.rect_stroke(rect, 13.0, Stroke::new(1.0, color), egui::StrokeKind::Inside);
    }
    let mark = pos2(rect.left() + 15.0, rect.center().y);
    match shape {
        PillShape::Dot => {
            painter.circle_filled(mark, 4.0, color);
        }
        PillShape::Bars => {
            for dx in [-2.5, 2.5] {
                let bar = Rect::from_center_size(mark + vec2(dx, 0.0), vec2(2.5, 9.0));
                painter.rect_filled(bar, 0.5, color);
            }
        }
        PillShape::Back | PillShape::Play => {
            let side = if matches!(shape, PillShape::Play) { -1.0 } else { 1.0 };
            let corner = |x: f32, y: f32| mark + vec2(x * side, y);
            let points = vec![corner(-4.0, 0.0), corner(3.0, -4.5), corner(3.0, 4.5)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
    }
    let at = pos2(rect.left() + 24.0, rect.center().y - galley.size().y / 2.0);
    painter.galley(at, galley, color);
    response
}

/// The sign inside a pill.
#[derive(Clone, Copy, Debug)]
pub enum PillShape {
    /// ●
    Dot,
    /// ‖
    Bars,
    /// ◀
    Back,
    /// ▶
    Play,
}

/// How large a row of choices is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentSize {
    /// As the buttons of a bar.
    Usual,
    /// As small text.
    Small,
}

impl SegmentSize {
    /// Points of its text, room beside that, and height.
    const fn measures(self) -> (f32, f32, f32) {
        match self {
            Self::Usual => (12.5, 20.0, 26.0),
            Self::Small => (11.5, 14.0, theme::SMALL_CONTROL),
        }
    }

    /// Width of a row of these choices, at most.
    pub fn width<'a>(self, ui: &Ui, labels: impl IntoIterator<Item = &'a str>) -> f32 {
        let (points, beside, _) = self.measures();
        let width = |label: &str| {
            let font = theme::medium(points);
            let galley = ui.painter().layout_no_wrap(label.to_owned(), font, Color32::PLACEHOLDER);
            galley.size().x + beside
        };
        labels.into_iter().map(width).sum()
    }
}

/// A row of choices, each with what it does, of which one holds; returns the one that was clicked.
pub fn segments<'a>(
    ui: &mut Ui,
    how: SegmentSize,
    labels: impl Iterator<Item = (&'a str, String)>,
    chosen: Option<usize>,
) -> Option<usize> {
    let palette = Palette::of(ui);
    let mut clicked = None;
    let (points, beside, height) = how.measures();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let mut frame = Rect::NOTHING;
        for (i, (label, hint)) in labels.enumerate() {
            let on = chosen == Some(i);
            let color = if on { palette.text } else { palette.dim };
            let plain = egui::FontId::proportional(points);
            let font = if on { theme::medium(points) } else { plain };
            let galley = ui.painter().layout_no_wrap(label.to_owned(), font.clone(), color);
            let size = vec2(galley.size().x + beside, height);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let info = || WidgetInfo::selected(Role::RadioButton, true, on, label);
            response.widget_info(info);
            if on || response.hovered() {
                ui.painter().rect_filled(rect.shrink(1.0), 5.0, palette.selected);
            }
            if response.has_focus() {
                let stroke = Stroke::new(1.0, palette.accent);
                ui.painter().rect_stroke(rect, 5.0, stroke, egui::StrokeKind::Inside);
            }
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, label, font, color);
            frame = frame.union(rect);
            if response.on_hover_text(hint).clicked() {
                clicked = Some(i);
            }
        }
        let stroke = Stroke::new(1.0, palette.line);
        ui.painter().rect_stroke(frame, 6.0, stroke, egui::StrokeKind::Inside);
    });
    clicked
}

/// The small triangle of a row that opens.
pub fn triangle(ui: &Ui, center: Pos2, open: bool, color: Color32) {
    let points = if open {
        vec![vec2(-3.5, -2.0), vec2(3.5, -2.0), vec2(0.0, 3.0)]
    } else {
        vec![vec2(-2.0, -3.5), vec2(3.0, 0.0), vec2(-2.0, 3.5)]
    };
    let points = points.into_iter().map(|offset| center + offset).collect();
    ui.painter().add(Shape::convex_polygon(points, color, Stroke::NONE));
}

/// The sign of a severity, 10 points wide: a disc with a cross, a triangle, a hook. `ground` is the
/// colour behind it.
pub fn severity_glyph(
    painter: &egui::Painter,
    center: Pos2,
    severity: Severity,
    color: Color32,
    ground: Color32,
) {
    let line = |from: egui::Vec2, to: egui::Vec2, stroke: Stroke| {
        painter.line_segment([center + from, center + to], stroke);
    };
    match severity {
        Severity::Failure => {
            painter.circle_filled(center, 5.0, color);
            let stroke = Stroke::new(1.4, ground);
            line(vec2(-2.0, -2.0), vec2(2.0, 2.0), stroke);
            line(vec2(-2.0, 2.0), vec2(2.0, -2.0), stroke);
        }
        Severity::Warning => {
            let points = [vec2(-5.2, 4.5), vec2(0.0, -4.8), vec2(5.2, 4.5)];
            let points = points.into_iter().map(|offset| center + offset).collect();
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
            let stroke = Stroke::new(1.3, ground);
            line(vec2(0.0, -1.8), vec2(0.0, 1.3), stroke);
            line(vec2(0.0, 2.4), vec2(0.0, 3.5), stroke);
        }
        Severity::Okay => {
            let stroke = Stroke::new(1.8, color);
            line(vec2(-4.0, 0.3), vec2(-1.2, 3.2), stroke);
            line(vec2(-1.2, 3.2), vec2(4.2, -3.4), stroke);
        }
    }
}

/// A padlock, 9 points wide: filled for encrypted, outlined for signed, open where nobody can be
/// sure. Plain has none.
pub fn lock(painter: &egui::Painter, center: Pos2, how: Protected, palette: &Palette) {
    let (color, filled, open) = match how {
        Protected::Plain => return,
        Protected::Encrypted => (palette.live, true, false),
        Protected::Signed => (palette.live, false, false),
        Protected::Unverified | Protected::Partly => (palette.warn, false, true),
    };
    let body = Rect::from_center_size(center + vec2(0.0, 2.0), vec2(8.0, 6.0));
    let stroke = Stroke::new(1.2, color);
    if filled {
        painter.rect_filled(body, 1.5, color);
    } else {
        painter.rect_stroke(body, 1.5, stroke, egui::StrokeKind::Inside);
    }
    let (lift, right) = if open { (-1.5, -2.5) } else { (0.0, 0.0) };
    let shackle = [
        vec2(-2.5, -0.5),
        vec2(-2.5, -2.5 + lift),
        vec2(-1.6, -4.1 + lift),
        vec2(0.0, -4.7 + lift),
        vec2(1.6, -4.1 + lift),
        vec2(2.5, -2.5 + lift),
        vec2(2.5, -0.5 + right),
    ];
    let points = shackle.into_iter().map(|offset| center + offset).collect();
    painter.add(Shape::line(points, stroke));
}

/// A magnifying glass, 12 points wide.
pub fn magnifier(painter: &egui::Painter, center: Pos2, color: Color32) {
    let stroke = Stroke::new(1.4, color);
    painter.circle_stroke(center - vec2(1.5, 1.5), 4.0, stroke);
    painter.line_segment([center + vec2(1.6, 1.6), center + vec2(5.5, 5.5)], stroke);
}

/// A check box, filled with the series' colour when it is drawn.
pub fn check_box(ui: &Ui, rect: Rect, checked: Checked, color: Color32, border: Color32) {
    let painter = ui.painter();
    match checked {
        Checked::No => {
            let stroke = Stroke::new(1.2, border);
            painter.rect_stroke(rect.shrink(0.5), 3.0, stroke, egui::StrokeKind::Inside);
        }
        Checked::Some => {
            let stroke = Stroke::new(1.2, color);
            painter.rect_stroke(rect.shrink(0.5), 3.0, stroke, egui::StrokeKind::Inside);
            painter.rect_filled(rect.shrink(3.5), 1.0, color);
        }
        Checked::All => {
            painter.rect_filled(rect, 3.0, color);
        }
    }
}

/// Text cut with an ellipsis to fit; returns whether it was cut.
pub fn elided(
    ui: &Ui,
    at: Pos2,
    align: Align2,
    width: f32,
    text: &str,
    font: egui::FontId,
    color: Color32,
) -> (Rect, bool) {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    let galley = ui.painter().layout_job(job);
    let cut = galley.elided;
    (one_row(ui, at, align, galley, color), cut)
}

/// A text of one row; returns where it is.
pub(super) fn one_row(
    ui: &Ui,
    at: Pos2,
    align: Align2,
    galley: Arc<egui::Galley>,
    color: Color32,
) -> Rect {
    let rect = align.anchor_size(at, galley.size());
    // Accents that are piled up stay on their row.
    let row = rect.expand2(vec2(2.0, 3.0));
    let painter = if row.contains_rect(galley.mesh_bounds.translate(rect.min.to_vec2())) {
        ui.painter().clone()
    } else {
        ui.painter_at(row.intersect(ui.clip_rect()))
    };
    painter.galley(rect.min, galley, color);
    rect
}

/// Has screen readers say whether something is selected; egui has them say that it is checked.
pub(super) fn say_selected(ui: &Ui, id: egui::Id, on: bool) {
    ui.ctx().accesskit_node_builder(id, |node| {
        node.clear_toggled();
        node.set_selected(on);
    });
}
