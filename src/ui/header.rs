//! Header: the title of a panel, what it draws, and what can be done to it.
//!
//! Its buttons appear on hover and focus and move nothing.

use super::drag::Dragged;
use super::theme::{self, Palette};
use super::widgets::elided;
use super::{Frame, Pointed, edit};
use crate::metric::display_safe;
use crate::view::Action;
use crate::view::action::TileAction;
use crate::view::command::MAXIMISE;
use crate::view::graphs::Style;
use crate::view::layout::{Repeat, Rule, YScale};
use crate::view::names::{PanelId, To};
use crate::view::panels::Panel;
use eframe::egui::{
    self, Align2, Pos2, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use std::fmt::Debug;
use std::hash::Hash;

/// Width and height of a button.
const BUTTON: f32 = 22.0;

/// The head of a panel that draws something. `whole` is the panel.
pub(super) fn header_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    panel: &Panel,
    rect: Rect,
    whole: Rect,
) {
    let palette = Palette::of(ui);
    let screen = frame.screen;
    let inner = rect.shrink2(vec2(12.0, 0.0));
    let middle = inner.center().y + 2.0;
    let name = screen.units_text(panel);
    let right = pos2(inner.right(), middle);
    let unit = elided(ui, right, Align2::RIGHT_CENTER, 160.0, &name, theme::small(), palette.dim).0;
    let title = display_safe(&panel.title).into_owned();
    let host = screen.host_text(panel);
    let bar = Bar { id: panel.id, key: ("panel", &panel.key), title: &title, rect };
    let response = bar_ui(ui, frame, &bar, || format!("{title} {host} {name}"));
    let shown = is_near(ui, frame, panel.id, whole, &response);
    let mut right = unit.left() - if unit.width() > 0.0 { 14.0 } else { 0.0 };
    if panel.more > 0 {
        right = more_ui(ui, frame, panel, pos2(right, middle)).left() - 8.0;
    }
    let buttons = right - 2.0 * BUTTON - 8.0;
    if edit::panel_ui(
        ui,
        frame,
        panel.id,
        Rect::from_x_y_ranges(inner.left()..=buttons, rect.y_range()),
    ) {
        return;
    }
    let at = pos2(inner.left(), middle);
    let room = buttons - inner.left();
    let font = theme::medium(13.0);
    let (title_rect, mut is_cut) =
        elided(ui, at, Align2::LEFT_CENTER, room, &title, font, palette.text);
    let at = pos2(title_rect.right() + 8.0, middle);
    let room = buttons - at.x;
    if room > 20.0 {
        is_cut |= elided(ui, at, Align2::LEFT_CENTER, room, &host, theme::small(), palette.dim).1;
    } else {
        is_cut = true;
    }
    buttons_ui(ui, frame, panel.id, pos2(right, middle), shown);
    response.context_menu(|ui| menu_ui(ui, frame, panel.id));
    if is_cut {
        response.on_hover_text(format!("{title}\n{host}"));
    }
}

/// The head of a tile whose rule chooses nothing yet.
pub(super) fn rule_header_ui(ui: &mut Ui, frame: &mut Frame<'_>, rule: &Rule, rect: Rect) {
    let palette = Palette::of(ui);
    let inner = rect.shrink2(vec2(12.0, 0.0));
    let middle = inner.center().y + 2.0;
    let shows: Vec<_> = rule.show.iter().map(|show| display_safe(show.text())).collect();
    let title = rule.title.clone().unwrap_or_else(|| shows.join(" or "));
    let title = display_safe(&title).into_owned();
    let bar = Bar { id: rule.id, key: ("rule", rule.id), title: &title, rect };
    let response = bar_ui(ui, frame, &bar, || title.clone());
    let right = inner.right();
    let room = Rect::from_x_y_ranges(inner.left()..=right - 2.0 * BUTTON - 8.0, rect.y_range());
    if edit::panel_ui(ui, frame, rule.id, room) {
        return;
    }
    let font = theme::medium(13.0);
    let at = pos2(inner.left(), middle);
    elided(ui, at, Align2::LEFT_CENTER, room.width(), &title, font, palette.text);
    buttons_ui(ui, frame, rule.id, pos2(right, middle), true);
    response.context_menu(|ui| menu_ui(ui, frame, rule.id));
}

/// The head of a panel.
struct Bar<'a, K> {
    id: PanelId,
    /// One rule may make several panels.
    key: K,
    title: &'a str,
    rect: Rect,
}

/// What is clicked, dragged and focused: the whole head.
fn bar_ui(
    ui: &Ui,
    frame: &mut Frame<'_>,
    bar: &Bar<'_, impl Hash + Debug>,
    name: impl Fn() -> String,
) -> Response {
    let &Bar { id, title, rect, .. } = bar;
    let widget = egui::Id::unique(("panel header", &bar.key));
    let response = ui.interact(rect, widget, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name()));
    if response.drag_started_by(egui::PointerButton::Primary) {
        Dragged::Panel(id, title.to_owned()).start(ui.ctx());
    }
    if response.clicked() || response.gained_focus() {
        frame.actions.push(Action::PointPanel(Some(id)));
    }
    if response.double_clicked() {
        frame.actions.push(Action::ToggleMaximised);
    }
    let is_pointed = frame.screen.view.tab().panel == Some(id);
    frame.memory.point(&response, Pointed::Panel(id), is_pointed);
    response
}

/// Whether the buttons are to be seen.
fn is_near(ui: &Ui, frame: &Frame<'_>, id: PanelId, whole: Rect, response: &Response) -> bool {
    ui.rect_contains_pointer(whole)
        || response.has_focus()
        || frame.screen.view.tab().panel == Some(id)
}

fn buttons_ui(ui: &mut Ui, frame: &mut Frame<'_>, id: PanelId, right: Pos2, shown: bool) {
    let maximised = frame.screen.view.tab().maximised;
    let menu = button_ui(ui, pos2(right.x - BUTTON / 2.0, right.y), "Menu of the panel", shown);
    if menu.1 {
        let color = menu_color(ui, &menu.0);
        for dx in [-4.0, 0.0, 4.0] {
            ui.painter().circle_filled(menu.0.rect.center() + vec2(dx, 0.0), 1.3, color);
        }
    }
    egui::Popup::menu(&menu.0).show(|ui| menu_ui(ui, frame, id));
    let key = frame.screen.view.keymap.key(&MAXIMISE);
    let (name, hint) = if maximised {
        ("Show the other panels", format!("Show the other panels ({key})"))
    } else {
        ("Maximise", format!("Maximise ({key}, or a double click)"))
    };
    let (response, visible) = button_ui(ui, pos2(right.x - 1.5 * BUTTON, right.y), name, shown);
    if visible {
        let color = menu_color(ui, &response);
        let square = Rect::from_center_size(response.rect.center(), vec2(9.0, 9.0));
        let stroke = Stroke::new(1.2, color);
        if maximised {
            let inner = square.shrink(2.0);
            ui.painter().rect_stroke(inner, 1.0, stroke, egui::StrokeKind::Middle);
        } else {
            ui.painter().rect_stroke(square, 1.5, stroke, egui::StrokeKind::Middle);
        }
    }
    if response.on_hover_text(hint).clicked() {
        frame.actions.push(Action::PointPanel(Some(id)));
        frame.actions.push(Action::ToggleMaximised);
    }
}

/// A button without a sign; whether it is to be seen.
fn button_ui(ui: &Ui, center: Pos2, name: &str, shown: bool) -> (Response, bool) {
    let rect = Rect::from_center_size(center, vec2(BUTTON, BUTTON));
    let response = ui.interact(rect, ui.scope_id().with(name), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let visible = shown || response.has_focus();
    if visible && (response.hovered() || response.has_focus()) {
        let palette = Palette::of(ui);
        ui.painter().rect_filled(rect, theme::CONTROL_RADIUS, palette.selected);
        if response.has_focus() {
            let stroke = Stroke::new(1.0, palette.accent);
            let inside = egui::StrokeKind::Inside;
            ui.painter().rect_stroke(rect, theme::CONTROL_RADIUS, stroke, inside);
        }
    }
    (response, visible)
}

fn menu_color(ui: &Ui, response: &Response) -> egui::Color32 {
    let palette = Palette::of(ui);
    if response.hovered() || response.has_focus() { palette.text } else { palette.dim }
}

/// Says that the overview leaves panels of this kind out, and shows them; returns where it is.
fn more_ui(ui: &Ui, frame: &mut Frame<'_>, panel: &Panel, right: Pos2) -> Rect {
    let palette = Palette::of(ui);
    let text = format!("{} more", panel.more);
    let galley = ui.painter().layout_no_wrap(text.clone(), theme::small(), palette.accent);
    let rect = Align2::RIGHT_CENTER.anchor_size(right, galley.size());
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

/// What can be done to a panel.
fn menu_ui(ui: &mut Ui, frame: &mut Frame<'_>, id: PanelId) {
    ui.set_min_width(190.0);
    let screen = frame.screen;
    let rule = screen.view.tab().canvas.tiles().and_then(|tiles| tiles.rule(id));
    if ui.button("Maximise / back").clicked() {
        frame.actions.push(Action::PointPanel(Some(id)));
        frame.actions.push(Action::ToggleMaximised);
    }
    if ui.button("Rename…").clicked() {
        edit::begin_title(frame, id, rule.and_then(|rule| rule.title.clone()));
    }
    if ui.button("Edit what it draws…").clicked() {
        edit::begin_show(frame, id, screen.rule_of(id).as_ref());
    }
    ui.separator();
    each_ui(ui, frame, id, rule);
    ui.menu_button("Style", |ui| style_ui(ui, frame, id, rule));
    let held = rule.is_some_and(|rule| rule.y.is_some());
    let label = if held { "Let the axis fit itself" } else { "Hold the axis as it is" };
    if ui.button(label).clicked() {
        let panel = screen.derived.panels.iter().find(|panel| panel.id == id);
        let axis = panel.and_then(|panel| frame.memory.plots.axis(panel));
        let y = axis.filter(|_| !held);
        frame.tile(TileAction::HoldAxis { panel: id, y });
    }
    scale_ui(ui, frame, id, rule);
    ui.separator();
    if ui.button("Duplicate").clicked() {
        frame.tile(TileAction::Duplicate(id));
    }
    ui.menu_button("Move to tab", |ui| {
        for tab in screen.view.workspace.tabs() {
            let is_other = tab.id != screen.view.tab().id;
            if is_other && tab.canvas.tiles().is_some() {
                let title = screen.tab_title(tab);
                if ui.button(title).clicked() {
                    frame.tile(TileAction::Move { panel: id, to: To::Tab(tab.id) });
                }
            }
        }
        if ui.button("A new tab").clicked() {
            frame.tile(TileAction::Move { panel: id, to: To::NewTab });
        }
    });
    if ui.button("Remove").clicked() {
        frame.tile(TileAction::Remove(id));
    }
}

/// Frees the value axis from those of other hosts, or joins it to them.
fn scale_ui(ui: &mut Ui, frame: &mut Frame<'_>, id: PanelId, rule: Option<&Rule>) {
    let scale = rule.map(|rule| rule.scale).unwrap_or_default();
    let panels = &frame.screen.derived.panels;
    let can_share = panels.iter().any(|panel| panel.id == id && panel.scale.is_some());
    let (label, hint, next) = match scale {
        YScale::Shared if !can_share => return,
        YScale::Shared => ("Own scale", "Let the axis fit this panel only", YScale::Own),
        YScale::Own => {
            ("Shared scale", "One axis for the same graph of several hosts", YScale::Shared)
        }
    };
    if ui.button(label).on_hover_text(hint).clicked() {
        frame.tile(TileAction::SetScale { panel: id, scale: next });
    }
}

fn each_ui(ui: &mut Ui, frame: &mut Frame<'_>, id: PanelId, rule: Option<&Rule>) {
    let each = rule.map(|rule| rule.each).unwrap_or_default();
    let choices = [
        (Repeat::Never, "One panel for all"),
        (Repeat::Host, "One panel a host"),
        (Repeat::Instance, "One panel an instance"),
    ];
    if ui.button("Every host").on_hover_text("Draw the same of every host").clicked() {
        frame.tile(TileAction::EveryHost(id));
    }
    for (choice, label) in choices {
        if ui.selectable_label(each == choice, label).clicked() {
            frame.tile(TileAction::SetEach { panel: id, each: choice });
        }
    }
}

fn style_ui(ui: &mut Ui, frame: &mut Frame<'_>, id: PanelId, rule: Option<&Rule>) {
    let style = rule.and_then(|rule| rule.style);
    let choices = [
        (None, "As the catalogue says"),
        (Some(Style::Line), "Lines"),
        (Some(Style::Stack), "Stacked areas"),
        (Some(Style::Mirror), "Areas from zero"),
        (Some(Style::Bars), "Bars"),
    ];
    for (choice, label) in choices {
        if ui.selectable_label(style == choice, label).clicked() {
            frame.tile(TileAction::SetStyle { panel: id, style: choice });
            ui.close();
        }
    }
}
