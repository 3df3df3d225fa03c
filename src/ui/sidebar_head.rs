//! The head of the sidebar: the filter, how much there is and how much is hidden, the pivot.

use super::Frame;
use super::keys::filter_id;
use super::selector_field::{self, Filter, mistake_ui};
use super::theme::{self, Palette};
use super::widgets::{SegmentSize, segments};
use crate::view::action::Arrange;
use crate::view::command::PIVOT;
use crate::view::pivot::Pivot;
use crate::view::{Action, format};
use eframe::egui::{self, RichText, Sense, Ui, WidgetInfo, vec2};

/// The filter, what it finds, and what stands at the top of the tree.
pub(super) fn head_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let label = ui.label(RichText::new("Filter").size(11.5).color(palette.dim));
    ui.add_space(2.0);
    let filter = Filter {
        id: filter_id(),
        hint: "eth0  host:web*  -lo  >90",
        width: f32::INFINITY,
        margin: 6,
    };
    let selector = &screen.view.filter;
    let (response, typed) = selector_field::filter_ui(ui, frame, &filter, selector);
    response.labelled_by(label.id);
    frame.actions.extend(typed.map(Action::SetFilter));
    ui.add_space(6.0);
    mistake_ui(ui, (selector.text(), selector.mistakes()));
    ui.horizontal(|ui| {
        let titles = Pivot::ALL.map(Pivot::title);
        let room = ui.available_width() - SegmentSize::Small.width(ui, titles) - 8.0;
        ui.allocate_ui(vec2(room, theme::SMALL_CONTROL), |ui| {
            ui.set_min_width(room);
            ui.spacing_mut().item_spacing.x = 4.0;
            hidden_ui(ui, frame);
            let dot = if screen.view.arrangement.hidden.is_empty() { "" } else { "· " };
            let count = format!("{dot}{}", screen.count_text());
            let count = RichText::new(count).size(11.5).color(palette.dim);
            ui.add(egui::Label::new(count).truncate());
        });
        pivot_ui(ui, frame);
    });
}

/// How many rows are hidden; a click lists them too, or no longer.
fn hidden_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let view = frame.screen.view;
    let hidden = &view.arrangement.hidden;
    if hidden.is_empty() {
        return;
    }
    let color = if view.shows_hidden { Palette::of(ui).accent } else { Palette::of(ui).dim };
    let count = format::count(u64::try_from(hidden.len()).unwrap_or(u64::MAX));
    let text = RichText::new(format!("{count} hidden")).size(11.5).color(color).underline();
    let response = ui.add(egui::Label::new(text).sense(Sense::click()));
    let hint = if view.shows_hidden { "Hide them again" } else { "List them, too" };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, hint));
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    if response.on_hover_text(hint).clicked() {
        frame.actions.push(Action::Arrange(Arrange::ToggleHidden));
    }
}

/// What stands at the top of the tree.
fn pivot_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let chosen = Pivot::ALL.iter().position(|&pivot| pivot == frame.screen.view.pivot);
    let hint = |pivot: Pivot| {
        format!("{} at the top ({})", pivot.title(), frame.screen.view.keymap.key(&PIVOT))
    };
    let labels = Pivot::ALL.into_iter().map(|pivot| (pivot.title(), hint(pivot)));
    let clicked = segments(ui, SegmentSize::Small, labels, chosen);
    if let Some(&pivot) = clicked.and_then(|clicked| Pivot::ALL.get(clicked)) {
        frame.actions.push(Action::SetPivot(pivot));
    }
}
