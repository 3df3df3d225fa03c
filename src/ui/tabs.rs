//! Tabs: the bar above the canvas.

use super::drag::{Dragged, carried_ui};
use super::theme::{self, Palette};
use super::widgets::{elided, say_selected};
use super::{Frame, edit};
use crate::view::Action;
use crate::view::action::TileAction;
use crate::view::command::{CLOSE_TAB, NEW_TAB};
use crate::view::layout;
use crate::view::names::{TabId, To};
use crate::view::tab::Tab;
use eframe::egui::{
    self, Align, Align2, DragAndDrop, Layout, PointerButton, Rect, Response, Role, Sense, Stroke,
    Ui, WidgetInfo, pos2, vec2,
};

/// Height of the bar.
pub(super) const HEIGHT: f32 = 34.0;
/// Height of a tab.
const TAB: f32 = 28.0;
/// Widest tab.
const TAB_WIDTH_MAX: f32 = 200.0;

/// A tab that is dragged along the bar.
#[derive(Clone, Copy, Debug)]
struct DraggedTab(TabId);

pub(super) fn tabs_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let size = vec2(ui.available_width(), HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.add_space(theme::GAP);
        host_ui(ui, frame);
        let left = Layout::left_to_right(Align::Center);
        ui.with_layout(left, |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.add_space(theme::GAP);
            egui::ScrollArea::horizontal().auto_shrink([true, false]).show(ui, |ui| {
                ui.horizontal_centered(|ui| {
                    let mut places = Vec::new();
                    for tab in frame.screen.view.workspace.tabs() {
                        places.push(tab_ui(ui, frame, tab));
                    }
                    reorder_ui(ui, frame, &places);
                    let add = ui.add(egui::Button::new("+").frame(false).min_size(vec2(26.0, TAB)));
                    add.widget_info(|| WidgetInfo::labeled(Role::Button, true, "New tab"));
                    new_tab_drop(ui, frame, &add);
                    if add.on_hover_text(frame.screen.view.keymap.hint(&NEW_TAB)).clicked() {
                        frame.ask(&NEW_TAB);
                    }
                });
            });
        });
    });
}

/// The host that the panels of the tab are about where they leave it open.
fn host_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let tab = frame.screen.view.tab();
    let rules = tab.canvas.tiles().map(layout::Layout::rules).unwrap_or_default();
    if !rules.iter().any(|rule| rule.is_open()) || ui.available_width() < 260.0 {
        return;
    }
    let host = tab.host.as_deref().map(|host| frame.screen.host_name(host));
    let name = host.as_deref().unwrap_or("choose one");
    let text = format!("Host: {name}  ⏷");
    let button = ui.add(egui::Button::new(text).min_size(vec2(0.0, TAB)));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Host: {name}")));
    egui::Popup::menu(&button).show(|ui| {
        ui.set_min_width(180.0);
        let hosts = frame.screen.hosts_listed();
        let height = 320.0_f32.min(hosts.len() as f32 * theme::ROW);
        let scroll = egui::ScrollArea::vertical().max_height(height);
        scroll.show_rows(ui, theme::ROW, hosts.len(), |ui, range| {
            for (_, host) in hosts.get(range).unwrap_or_default() {
                let on = tab.host.as_deref() == Some(&*host.name);
                let label = frame.screen.host_name(&host.name);
                if ui.selectable_label(on, label).clicked() {
                    frame.actions.push(Action::SetTabHost(Some(host.name.clone())));
                    ui.close();
                }
            }
        });
    });
    button.on_hover_text("One tab for every host: its panels are about the one chosen here");
}

/// One tab; returns where it is.
fn tab_ui(ui: &mut Ui, frame: &mut Frame<'_>, tab: &Tab) -> Rect {
    let palette = Palette::of(ui);
    let screen = frame.screen;
    let is_active = tab.id == screen.view.tab().id;
    let title = screen.tab_title(tab);
    let color = if is_active { palette.text } else { palette.dim };
    let font = if is_active { theme::medium(12.5) } else { theme::body() };
    let width = ui.painter().layout_no_wrap(title.clone(), theme::medium(12.5), color).size().x;
    let size = vec2((width + 24.0 + 18.0).clamp(60.0, TAB_WIDTH_MAX), TAB);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    if edit::tab_ui(ui, frame, tab.id, rect) {
        return rect;
    }
    let id = egui::Id::unique(("tab", tab.id));
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_active, &title));
    say_selected(ui, id, is_active);
    if is_active || response.hovered() {
        let strength = if is_active { 1.0 } else { 0.55 };
        let fill = theme::faded(palette.selected, strength);
        ui.painter().rect_filled(rect, theme::CONTROL_RADIUS, fill);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, palette.accent);
        let inside = egui::StrokeKind::Inside;
        ui.painter().rect_stroke(rect, theme::CONTROL_RADIUS, stroke, inside);
    }
    let at = pos2(rect.left() + 12.0, rect.center().y);
    let room = rect.width() - 24.0 - 12.0;
    let is_cut = elided(ui, at, Align2::LEFT_CENTER, room, &title, font, color).1;
    close_ui(ui, frame, tab, rect, is_active || ui.rect_contains_pointer(rect));
    if response.clicked() {
        frame.actions.push(Action::ShowTab(tab.id));
    }
    if response.clicked_by(PointerButton::Middle) {
        frame.actions.push(Action::CloseTab(tab.id));
    }
    if response.double_clicked() {
        edit::begin_tab(frame, tab.id, tab.title(frame.screen.view.aliases()));
    }
    if response.drag_started_by(PointerButton::Primary) {
        DragAndDrop::set_payload(ui.ctx(), DraggedTab(tab.id));
    }
    drop_on_tab(ui, frame, tab, rect);
    response.context_menu(|ui| menu_ui(ui, frame, tab));
    if is_cut {
        response.on_hover_text(title);
    }
    rect
}

fn close_ui(ui: &Ui, frame: &mut Frame<'_>, tab: &Tab, rect: Rect, shown: bool) {
    let palette = Palette::of(ui);
    let cross =
        Rect::from_center_size(pos2(rect.right() - 12.0, rect.center().y), vec2(16.0, 16.0));
    let response = ui.interact(cross, egui::Id::unique(("close tab", tab.id)), Sense::click());
    let name = format!("Close the tab {}", frame.screen.tab_title(tab));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if shown || response.has_focus() {
        if response.hovered() || response.has_focus() {
            ui.painter().rect_filled(cross, 4.0, theme::faded(palette.dim, 0.25));
        }
        let stroke = Stroke::new(1.2, palette.dim);
        let arm = 3.5;
        for (from, to) in [(vec2(-arm, -arm), vec2(arm, arm)), (vec2(-arm, arm), vec2(arm, -arm))] {
            let center = cross.center();
            ui.painter().line_segment([center + from, center + to], stroke);
        }
    }
    if response.on_hover_text(frame.screen.view.keymap.hint(&CLOSE_TAB)).clicked() {
        frame.actions.push(Action::CloseTab(tab.id));
    }
}

fn menu_ui(ui: &mut Ui, frame: &mut Frame<'_>, tab: &Tab) {
    if ui.button("Rename…").clicked() {
        edit::begin_tab(frame, tab.id, tab.title(frame.screen.view.aliases()));
    }
    if ui.button("New tab").clicked() {
        frame.ask(&NEW_TAB);
    }
    let is_shown = tab.id == frame.screen.view.tab().id;
    let every = ui.add_enabled(is_shown, egui::Button::new("Same tab, another host"));
    if every.on_hover_text("The panels leave their host open, and the tab chooses it").clicked() {
        frame.tile(TileAction::LeaveHostOpen);
    }
    if ui.button("Close").clicked() {
        frame.actions.push(Action::CloseTab(tab.id));
    }
}

/// What is dragged over a tab goes to that tab.
fn drop_on_tab(ui: &Ui, frame: &mut Frame<'_>, tab: &Tab, rect: Rect) {
    if tab.canvas.tiles().is_some() && tab.id != frame.screen.view.tab().id {
        drop_in(ui, frame, rect, To::Tab(tab.id));
    }
}

fn new_tab_drop(ui: &Ui, frame: &mut Frame<'_>, add: &Response) {
    drop_in(ui, frame, add.rect, To::NewTab);
}

fn drop_in(ui: &Ui, frame: &mut Frame<'_>, rect: Rect, to: To) {
    let Some(dragged) = Dragged::of(ui.ctx()) else { return };
    let Some(pos) = ui.ctx().pointer_interact_pos().filter(|pos| rect.contains(*pos)) else {
        return;
    };
    let palette = Palette::of(ui);
    let stroke = Stroke::new(1.5, palette.accent);
    let inside = egui::StrokeKind::Inside;
    ui.painter().rect_stroke(rect, theme::CONTROL_RADIUS, stroke, inside);
    carried_ui(ui.ctx(), &dragged, pos);
    let (released, shift) = ui.input(|input| (input.pointer.any_released(), input.modifiers.shift));
    if released {
        DragAndDrop::take_payload::<Dragged>(ui.ctx());
        frame.actions.push(dragged.dropped(to, shift));
    }
}

/// A tab that is dragged goes between the others where a line stands.
fn reorder_ui(ui: &Ui, frame: &mut Frame<'_>, places: &[Rect]) {
    let Some(dragged) = DragAndDrop::payload::<DraggedTab>(ui.ctx()) else { return };
    let Some(pos) = ui.ctx().pointer_interact_pos() else { return };
    let before = places.iter().filter(|rect| rect.center().x < pos.x).count();
    let x = places.get(before).map_or_else(
        || places.last().map_or(0.0, |rect| rect.right() + 2.0),
        |rect| rect.left() - 2.0,
    );
    let Some(first) = places.first() else { return };
    let palette = Palette::of(ui);
    ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
    ui.painter().vline(x, first.y_range(), Stroke::new(2.0, palette.accent));
    if ui.input(|input| input.pointer.any_released()) {
        DragAndDrop::take_payload::<DraggedTab>(ui.ctx());
        let tabs = frame.screen.view.workspace.tabs();
        let from = tabs.iter().position(|tab| tab.id == dragged.0).unwrap_or_default();
        let to = if from < before { before - 1 } else { before };
        frame.actions.push(Action::MoveTab { tab: dragged.0, to });
    }
}
