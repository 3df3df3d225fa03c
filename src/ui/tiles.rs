//! Tiles: the panels that the user put on a tab, and what can be dragged between them.

use super::drag::{Target, drop_ui};
use super::grid::{self, Grid, PLOT_HEIGHT_MIN};
use super::plot_row::Row;
use super::theme::{self, Palette};
use super::widgets::elided;
use super::{Frame, contained_ui};
use crate::metric::display_safe;
use crate::session::Screen;
use crate::view::action::TileAction;
use crate::view::layout::place::{Area, Divider, Needs, Placed, PlacedPanel, place};
use crate::view::layout::{Direction, Layout, Rule};
use crate::view::names::PanelId;
use crate::view::panels::Panel;
use eframe::egui::{self, Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Narrower no tile of a row gets: then they stand below one another.
const TILE_WIDTH_MIN: f32 = 240.0;
/// Dragging a divider leaves a tile at least this, points.
const TILE_LEAST: f32 = 120.0;

/// Draws the tiles of `layout` into a canvas so high.
pub(super) fn tiles_ui(ui: &mut Ui, frame: &mut Frame<'_>, layout: &Layout, height: f32) {
    let screen = frame.screen;
    let canvas = Area {
        left: theme::GAP,
        top: theme::GAP,
        width: ui.available_width() - 2.0 * theme::GAP,
        height: height - 2.0 * theme::GAP,
    };
    let least = |id: PanelId, width: f32| least_height(screen.panels_of(id), width);
    let needs = Needs { gap: theme::GAP, width_min: TILE_WIDTH_MIN, height_min: &least };
    let placed = match screen.view.tab().panel.filter(|_| screen.view.tab().maximised) {
        Some(id) if layout.rule(id).is_some() => alone(id, canvas, &needs),
        _ => place(layout, canvas, &needs),
    };
    let size = vec2(ui.available_width(), placed.height + 2.0 * theme::GAP);
    let (all, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut targets = Vec::new();
    for tile in &placed.panels {
        let Some(rule) = layout.rule(tile.id) else { continue };
        let rect = rect_of(tile.area, all);
        targets.push(Target { id: tile.id, rect, takes_more: rule.graph.is_none() });
        if ui.is_rect_visible(rect) {
            let panels = screen.panels_of(tile.id);
            let row = row_of(screen, &placed, tile);
            ui.push_id(("tile", tile.id), |ui| tile_ui(ui, frame, rect, rule, panels, row));
        }
    }
    for divider in &placed.dividers {
        divider_ui(ui, frame, rect_of(divider.area, all), divider);
    }
    let visible = ui.clip_rect();
    drop_ui(ui, frame, visible, &targets);
}

fn alone(id: PanelId, canvas: Area, needs: &Needs<'_>) -> Placed {
    let height = canvas.height.max((needs.height_min)(id, canvas.width));
    let area = Area { height, ..canvas };
    Placed { panels: vec![PlacedPanel { id, area, row: 0 }], dividers: Vec::new(), height }
}

fn rect_of(area: Area, all: Rect) -> Rect {
    let min = pos2(all.left() + area.left, all.top() + area.top);
    Rect::from_min_size(min, vec2(area.width, area.height))
}

/// The lowest that a tile may be at a width.
fn least_height(panels: &[Panel], width: f32) -> f32 {
    match panels {
        [] => theme::PANEL_HEADER + PLOT_HEIGHT_MIN,
        [panel] => grid::least_height(panel, width),
        many => Grid::new(many, width).least_height(),
    }
}

/// What the panels that stand in one row need together.
fn row_of(screen: &Screen<'_>, placed: &Placed, tile: &PlacedPanel) -> Row {
    let row = placed.panels.iter().filter(|other| other.row == tile.row);
    let single = row.filter_map(|other| match screen.panels_of(other.id) {
        [panel] => Some((panel, other.area.width)),
        _ => None,
    });
    let rows = single.map(|(panel, width)| Row::of(std::slice::from_ref(panel), width));
    rows.reduce(Row::join).unwrap_or_default()
}

fn tile_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    rect: Rect,
    rule: &Rule,
    panels: &[Panel],
    row: Row,
) {
    match panels {
        [] => waiting_ui(ui, frame, rect, rule),
        [panel] => {
            ui.push_id(&panel.key, |ui| {
                contained_ui(ui, frame, rect, panel, |ui, frame| {
                    grid::panel_ui(ui, frame, rect, panel, row);
                });
            });
        }
        many => drop(Grid::new(many, rect.width()).draw(ui, frame, rect, many)),
    }
}

/// A tile whose rule chooses nothing yet.
fn waiting_ui(ui: &mut Ui, frame: &mut Frame<'_>, rect: Rect, rule: &Rule) {
    let palette = Palette::of(ui);
    let stroke = Stroke::new(1.0, palette.line);
    let inside = egui::StrokeKind::Inside;
    ui.painter().rect(rect, theme::PANEL_RADIUS, palette.panel, stroke, inside);
    let header = rect.with_max_y(rect.top() + theme::PANEL_HEADER);
    super::header::rule_header_ui(ui, frame, rule, header);
    let text = "Nothing received fits this panel yet. It fills by itself.";
    let body = rect.with_min_y(header.bottom()).shrink(12.0);
    elided(
        ui,
        body.center(),
        Align2::CENTER_CENTER,
        body.width(),
        text,
        theme::body(),
        palette.dim,
    );
    let response = ui.interact(body, ui.scope_id().with("waiting"), Sense::hover());
    let shows: Vec<_> = rule.show.iter().map(|show| display_safe(show.text())).collect();
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Label, true, format!("{text} {}", shows.join(" or ")))
    });
}

/// The gap between two tiles, which can be dragged.
fn divider_ui(ui: &Ui, frame: &mut Frame<'_>, rect: Rect, divider: &Divider) {
    let id = ui.scope_id().with(("divider", &divider.path, divider.before));
    let response = ui.interact(rect, id, Sense::drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, "Resize the panels"));
    let is_row = divider.direction == Direction::Row;
    if response.hovered() || response.dragged() {
        let icon = if is_row {
            egui::CursorIcon::ResizeHorizontal
        } else {
            egui::CursorIcon::ResizeVertical
        };
        ui.ctx().set_cursor_icon(icon);
        let palette = Palette::of(ui);
        let line = if is_row {
            [rect.center_top(), rect.center_bottom()]
        } else {
            [rect.left_center(), rect.right_center()]
        };
        ui.painter().line_segment(line, Stroke::new(2.0, palette.accent));
    }
    if response.drag_started() {
        frame.memory.gesture += 1;
        frame.memory.divider = Some(divider.clone());
    }
    if response.dragged() {
        let Some(start) = &frame.memory.divider else { return };
        let Some(from) = ui.input(|input| input.pointer.press_origin()) else { return };
        let Some(pos) = response.interact_pointer_pos() else { return };
        let way = pos - from;
        let points = if is_row { way.x } else { way.y };
        let shares = start.dragged(points, TILE_LEAST);
        let (path, gesture) = (start.path.clone(), frame.memory.gesture);
        frame.tile(TileAction::Resize { path, shares, gesture });
    }
    if response.drag_stopped() {
        frame.memory.divider = None;
    }
}
