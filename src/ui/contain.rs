//! Contain: a panic while one panel is drawn stays in that panel.
//!
//! What it says is shown in the panel's place; everything else goes on. The panel is drawn again
//! once its series have something newer, the panels are others, or it is clicked.

use super::Frame;
use super::theme::{self, Palette};
use super::widgets::elided;
use crate::metric::{CdTime, display_safe};
use crate::view::Action;
use crate::view::format::panic_message;
use crate::view::panels::{Panel, PanelKey};
use eframe::egui::text::LayoutJob;
use eframe::egui::{
    self, Align2, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Panels that could not be drawn.
#[derive(Debug, Default)]
pub(super) struct Failures {
    panels: HashMap<PanelKey, Failure>,
}

#[derive(Debug)]
struct Failure {
    message: String,
    seen: Seen,
}

/// What a panel was to be drawn from: while it is the same, drawing fails again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    panels: u64,
    newest: Option<CdTime>,
}

impl Seen {
    fn new(frame: &Frame<'_>, panel: &Panel) -> Self {
        let screen = frame.screen;
        let series = panel.lines.iter().flat_map(|line| &line.series);
        let newest = series.map(|&id| screen.newest(id)).max();
        Self { panels: screen.derived.panels_revision, newest }
    }
}

/// Draws `panel` into `rect` with `draw`. What that panics with is shown there instead.
pub fn contained_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    rect: Rect,
    panel: &Panel,
    draw: impl FnOnce(&mut Ui, &mut Frame<'_>),
) {
    let failed = frame.memory.failures.panels.get(&panel.key);
    if failed.is_none_or(|failure| failure.seen != Seen::new(frame, panel)) {
        let drawn = catch_unwind(AssertUnwindSafe(|| draw(ui, frame)));
        let failures = &mut frame.memory.failures.panels;
        let Err(panic) = drawn else {
            if !failures.is_empty() {
                failures.remove(&panel.key);
            }
            return;
        };
        let message = panic_message(panic.as_ref());
        let seen = Seen::new(frame, panel);
        frame.memory.failures.panels.insert(panel.key.clone(), Failure { message, seen });
        // Should the next one be none that can be contained.
        frame.actions.push(Action::KeepNow);
    }
    failure_ui(ui, frame, rect, panel);
}

/// What there is of a panel that cannot be drawn; a click lets it be tried again.
fn failure_ui(ui: &Ui, frame: &mut Frame<'_>, rect: Rect, panel: &Panel) {
    let failures = &mut frame.memory.failures.panels;
    let Some(failure) = failures.get(&panel.key) else { return };
    let palette = Palette::of(ui);
    // Whatever was drawn before it failed.
    let stroke = Stroke::new(1.0, palette.bad);
    ui.painter().rect(rect, theme::PANEL_RADIUS, palette.panel, stroke, StrokeKind::Inside);
    let inner = rect.shrink2(vec2(12.0, 0.0));
    let host = frame.screen.host_name(&panel.host);
    let title = format!("{}  {host}", display_safe(&panel.title));
    let at = pos2(inner.left(), rect.top() + theme::PANEL_HEADER / 2.0 + 2.0);
    let font = theme::medium(13.0);
    elided(ui, at, Align2::LEFT_CENTER, inner.width(), &title, font, palette.text);
    let what = format!("This panel failed: {}", display_safe(&failure.message));
    let next = "Everything else goes on. It is drawn again with newer data or by a click; please \
                report this with the message.";
    let mut job = LayoutJob::simple(format!("{what}\n"), theme::body(), palette.bad, inner.width());
    job.append(next, 0.0, egui::TextFormat::simple(theme::body(), palette.dim));
    let galley = ui.painter().layout_job(job);
    let body = inner.with_min_y(rect.top() + theme::PANEL_HEADER + 6.0);
    ui.painter().with_clip_rect(body.intersect(ui.clip_rect())).galley(
        body.min,
        galley,
        palette.text,
    );
    let response = ui.interact(rect, ui.scope_id().with("failed"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{title}: {what}")));
    if response.clicked() {
        failures.remove(&panel.key);
        ui.ctx().request_repaint();
    }
}
