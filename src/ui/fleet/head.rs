//! The head of the table: how many hosts, the filter, and the names of the columns.

use super::{Places, columns, tone_text};
use crate::session::{ColumnHead, Tone};
use crate::ui::Frame;
use crate::ui::keys::fleet_filter_id;
use crate::ui::selector_field::{self, Filter, mistake_ui};
use crate::ui::theme::{self, Palette};
use crate::ui::widgets::elided;
use crate::view::Action;
use crate::view::command::FLEET;
use crate::view::fleet::FleetAction;
use crate::view::fleet::{By, Fleet};
use eframe::egui::{
    self, Align, Align2, Color32, Layout, Pos2, Rect, RichText, Role, Sense, Shape, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

/// Height of the heads of the columns.
const HEADS: f32 = 26.0;
/// Widest filter, and the least room that is left for it.
const FILTER_WIDTH: (f32, f32) = (140.0, 320.0);
/// What pressing the number of hosts with something wrong does.
const STATE_HINT: &str = "Put them first";
const ORDER_HINT: &str = "Order by name again";

/// How many hosts, the filter, and what is beside it.
pub(super) fn title_ui(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let size = vec2(ui.available_width(), 28.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        columns::menu_ui(ui, frame, fleet);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.label(RichText::new("All hosts").font(theme::medium(13.0)));
            let time = screen.fleet_time();
            if !time.is_empty() {
                ui.label(RichText::new(time).size(11.5).color(palette.info));
            }
            let mut room = ui.available_width() - FILTER_WIDTH.0 - 80.0;
            for (place, (text, tone)) in screen.fleet_counts().into_iter().enumerate() {
                let text = if place == 0 { text } else { format!("· {text}") };
                let is_order = tone == Tone::Warns && fleet.by == By::State;
                let text = tone_text(&text, tone, &palette);
                let text = if is_order { text.underline() } else { text };
                let before = ui.available_width();
                if room < 40.0 {
                    break;
                }
                let label = egui::Label::new(text).truncate();
                if tone == Tone::Warns {
                    let label = ui.add(label.sense(Sense::click()));
                    let hint = if is_order { ORDER_HINT } else { STATE_HINT };
                    label.widget_info(|| WidgetInfo::labeled(Role::Button, true, hint));
                    let label = label.on_hover_cursor(egui::CursorIcon::PointingHand);
                    if label.on_hover_text(hint).clicked() {
                        let by = if is_order { By::Host } else { By::State };
                        frame.actions.push(Action::Fleet(FleetAction::OrderBy(by)));
                    }
                } else {
                    ui.add(label);
                }
                room -= before - ui.available_width();
            }
            ui.add_space(6.0);
            filter_ui(ui, frame, fleet);
            if !fleet.filter.mistakes().is_empty() {
                // Nothing below moves while a word is half typed.
                mistake_ui(ui, (fleet.filter.text(), fleet.filter.mistakes()));
                return;
            }
            let matches = screen.fleet_matches();
            ui.add(
                egui::Label::new(RichText::new(matches).size(11.5).color(palette.dim)).truncate(),
            );
        });
    });
}

fn filter_ui(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet) {
    let screen = frame.screen;
    let filter = Filter {
        id: fleet_filter_id(),
        hint: "web  -db  cpu>80",
        width: (ui.available_width() - 90.0).clamp(FILTER_WIDTH.0, FILTER_WIDTH.1),
        margin: 4,
    };
    let (response, typed) = selector_field::filter_ui(ui, frame, &filter, &fleet.filter);
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Filter the hosts"));
    if response.has_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape)) {
        response.surrender_focus();
    }
    frame.actions.extend(typed.map(FleetAction::SetFilter).map(Action::Fleet));
    let hint = format!(
        "Hosts that have a series which all words match; cpu>80 is about the column ({})",
        screen.view.keymap.key(&FLEET)
    );
    response.on_hover_text(hint);
}

/// The names of the columns, each a button that orders by it.
pub(super) fn columns_ui(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet, places: &Places) {
    let (rect, _) = ui.allocate_exact_size(vec2(places.width(), HEADS), Sense::hover());
    let palette = Palette::of(ui);
    let heads = frame.screen.column_heads(fleet);
    for (number, head) in heads.iter().enumerate() {
        let column = number.checked_sub(1);
        let (by, left, right) = match column {
            None => (By::Host, 0.0, places.host - super::BETWEEN),
            Some(place) => {
                let column = places.column(place);
                (By::Column(place), column.start, column.end)
            }
        };
        let left = rect.left() + left;
        let area =
            Rect::from_min_max(pos2(left, rect.top()), pos2(rect.left() + right, rect.bottom()));
        let is_right = column.is_some() && places.line.is_none();
        head_ui(ui, frame, fleet, head, (by, area, is_right));
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.line));
}

fn head_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    fleet: &Fleet,
    head: &ColumnHead,
    (by, area, is_right): (By, Rect, bool),
) {
    let palette = Palette::of(ui);
    let id = egui::Id::unique(("head of a column", by_number(by)));
    let response = ui.interact(area, id, Sense::click());
    let order = match head.order {
        None => "",
        Some(_) if by == By::Host => ", the rows are ordered by it",
        Some(false) => ", the greatest first",
        Some(true) => ", the least first",
    };
    let name = format!("{}{order}", head.title);
    response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, &name));
    let is_lit = response.hovered() || response.has_focus() || head.order.is_some();
    let color = if is_lit { palette.text } else { palette.dim };
    if response.has_focus() {
        let stroke = Stroke::new(1.0, palette.accent);
        let inside = egui::StrokeKind::Inside;
        ui.painter().rect_stroke(area.expand2(vec2(4.0, 0.0)), 4.0, stroke, inside);
    }
    let sign = if head.order.is_some() { 14.0 } else { 0.0 };
    let room = area.width() - sign;
    let font = theme::small();
    // Above a value without a line it stands where the value does.
    let (align, x) = match is_right {
        true => (Align2::RIGHT_CENTER, area.right() - sign),
        false => (Align2::LEFT_CENTER, area.left()),
    };
    let at = pos2(x, area.center().y);
    let (text, is_cut) = elided(ui, at, align, room, &head.title, font, color);
    if let Some(reversed) = head.order {
        let is_down = (by == By::Host) == reversed;
        order_sign(ui, pos2(text.right() + 8.0, area.center().y), is_down, color);
    }
    if response.clicked() {
        frame.actions.push(Action::Fleet(FleetAction::OrderBy(by)));
    }
    if let By::Column(place) = by {
        response.context_menu(|ui| columns::column_menu(ui, frame, fleet, place));
    }
    let tooltip =
        if is_cut { format!("{}\n{}", head.title, head.tooltip) } else { head.tooltip.clone() };
    response.on_hover_text(tooltip);
}

const fn by_number(by: By) -> usize {
    match by {
        By::Host | By::State => 0,
        By::Column(place) => place + 1,
    }
}

/// A triangle: down where the greatest, or Z, is on top.
fn order_sign(ui: &Ui, center: Pos2, is_down: bool, color: Color32) {
    let side = if is_down { 1.0 } else { -1.0 };
    let points = [vec2(-3.5, -2.5 * side), vec2(3.5, -2.5 * side), vec2(0.0, 2.5 * side)];
    let points = points.into_iter().map(|offset| center + offset).collect();
    ui.painter().add(Shape::convex_polygon(points, color, Stroke::NONE));
}
