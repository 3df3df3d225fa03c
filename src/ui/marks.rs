//! Marks on a plot: a thin line and a glyph where notifications belong.

use super::Frame;
use super::theme::{self, Palette};
use super::widgets::severity_glyph;
use crate::metric::display_safe;
use crate::session::Screen;
use crate::store::Noted;
use crate::view::format;
use crate::view::marks::{Mark, PanelMarks};
use crate::view::notifications::subject;
use crate::view::panels::{Panel, PanelKey};
use eframe::egui::{self, Align2, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_plot::PlotTransform;
use std::collections::HashMap;

/// Panels whose marks are kept; more than are ever on screen.
const PANELS_KEPT_MAX: usize = 256;
/// The pointer is on a mark when it is this near, points.
const NEAR: f32 = 6.0;
/// Notifications listed in a tooltip; the rest is counted.
const LISTED_MAX: usize = 4;
/// Width of a message there.
const LISTED_WIDTH: f32 = 320.0;

/// Marks that need not be found anew while neither notifications nor panels changed.
#[derive(Debug, Default)]
pub struct MarkCache {
    panels: HashMap<PanelKey, Kept>,
}

#[derive(Debug)]
struct Kept {
    made_for: (Option<(u64, u64)>, u64),
    marks: PanelMarks,
}

/// A mark and where it stands.
pub(super) struct Placed {
    x: f32,
    mark: Mark,
}

impl MarkCache {
    /// The marks of a panel, if there can be any.
    fn of(&mut self, screen: &Screen<'_>, panel: &Panel) -> Option<&PanelMarks> {
        if !screen.derived.events.concern(&panel.host) {
            return None;
        }
        let made_for = (screen.derived.events.revision(), screen.derived.panels_revision);
        if self.panels.get(&panel.key).is_none_or(|kept| kept.made_for != made_for) {
            if self.panels.len() > PANELS_KEPT_MAX {
                self.panels.clear();
            }
            let marks = screen.marks(panel);
            self.panels.insert(panel.key.clone(), Kept { made_for, marks });
        }
        self.panels.get(&panel.key).map(|kept| &kept.marks)
    }

    /// What is marked on a panel that was drawn lately.
    pub fn get(&self, panel: &Panel) -> Option<&PanelMarks> {
        self.panels.get(&panel.key).map(|kept| &kept.marks)
    }
}

/// Draws the marks of a panel; returns them for the pointer.
pub(super) fn marks_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    panel: &Panel,
    transform: &PlotTransform,
) -> Vec<Placed> {
    let screen = frame.screen;
    let Some(marks) = frame.memory.marks.of(screen, panel) else {
        return Vec::new();
    };
    let area = *transform.frame();
    let span = screen.view.window().span(screen.now);
    let chosen = screen.view.notifications.chosen;
    let mut placed = Vec::new();
    for mark in marks.in_span(span, f64::from(area.width())) {
        let x = transform.position_from_point_x(mark.time.secs_f64());
        let is_chosen = marks.numbers(&mark).any(|number| Some(number) == chosen);
        mark_ui(ui, screen, &mark, marks.numbers(&mark).next(), area, x, is_chosen);
        placed.push(Placed { x, mark });
    }
    placed
}

fn mark_ui(
    ui: &Ui,
    screen: &Screen<'_>,
    mark: &Mark,
    newest: Option<u64>,
    frame: Rect,
    x: f32,
    is_chosen: bool,
) {
    let palette = Palette::of(ui);
    let Some(severity) = mark.counts.worst() else { return };
    let color = palette.severity(severity);
    let (width, strength) = if is_chosen { (2.0, 1.0) } else { (1.0, 0.7) };
    let stroke = Stroke::new(width, theme::faded(color, strength));
    // It stands out on an area of any colour.
    let ground = Stroke::new(width + 2.0, theme::faded(palette.panel, 0.55));
    ui.painter().vline(x, frame.y_range(), ground);
    ui.painter().vline(x, frame.y_range(), stroke);
    let center = pos2(x, frame.top() + 6.0);
    // The line does not go through the glyph.
    ui.painter().circle_filled(center, 6.5, palette.panel);
    severity_glyph(ui.painter(), center, severity, color, palette.panel);
    if mark.counts.total() > 1 {
        let count = format::count(mark.counts.total());
        let galley = ui.painter().layout_no_wrap(count, theme::tick(), color);
        let fits = center.x + 10.0 + galley.size().x < frame.right();
        let (align, side) =
            if fits { (Align2::LEFT_CENTER, 8.0) } else { (Align2::RIGHT_CENTER, -8.0) };
        let place = align.anchor_size(center + vec2(side, 0.0), galley.size());
        ui.painter().rect_filled(place.expand2(vec2(2.0, -1.0)), 3.0, palette.panel);
        ui.painter().galley(place.min, galley, color);
    }
    let noted = newest.and_then(|number| screen.noted(number));
    let id = ui.scope_id().with(("mark", mark.time.raw()));
    let rect = Rect::from_center_size(center, vec2(12.0, 12.0));
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| {
        let text = match (mark.counts.total(), noted) {
            (1, Some(noted)) => {
                let message = display_safe(&noted.notification.message);
                format!("{}: {message}", severity.name())
            }
            (count, _) => format::counted(count, "notification"),
        };
        WidgetInfo::labeled(Role::Label, true, text)
    });
}

/// The notifications of the mark that the pointer is on, newest first.
pub(super) fn pointed<'a>(
    frame: &Frame<'a>,
    panel: &Panel,
    placed: &[Placed],
    x: f32,
) -> Vec<&'a Noted> {
    let distance = |placed: &&Placed| (placed.x - x).abs();
    let nearest = placed.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    let near = nearest.filter(|placed| distance(placed) <= NEAR);
    let (Some(near), Some(marks)) = (near, frame.memory.marks.get(panel)) else {
        return Vec::new();
    };
    let screen = frame.screen;
    marks.numbers(&near.mark).filter_map(|number| screen.noted(number)).collect()
}

/// What the notifications of a mark say, for a tooltip.
pub(super) fn noted_ui(ui: &mut Ui, screen: &Screen<'_>, noted: &[&Noted]) {
    let palette = Palette::of(ui);
    ui.set_max_width(LISTED_WIDTH);
    for noted in noted.iter().take(LISTED_MAX) {
        let said = &noted.notification;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let (rect, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
            let color = palette.severity(said.severity);
            severity_glyph(ui.painter(), rect.center(), said.severity, color, palette.raised);
            let head = [
                format::clock(
                    screen.shown_time(&said.identifier.host, noted.placed),
                    screen.zone,
                    1.0,
                ),
                said.severity.name().to_owned(),
                display_safe(&subject(&said.identifier)).into_owned(),
            ];
            let head = head.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
            ui.label(RichText::new(head.join(" · ")).size(11.5).color(palette.dim));
        });
        let message = RichText::new(display_safe(&said.message)).size(12.0);
        ui.add(egui::Label::new(message).wrap());
    }
    let more = noted.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        let text = format!("and {more} more; a click lists them");
        ui.label(RichText::new(text).size(11.5).color(palette.dim));
    }
}
