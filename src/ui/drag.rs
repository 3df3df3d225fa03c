//! Drag: what is dragged onto the canvas or the tabs, and where it would go.
//!
//! Rows of the sidebar and panels are dragged alike. Before the button is let go the place is
//! shown, in words too; Esc ends it.

use super::Frame;
use super::theme::{self, Palette};
use crate::metric::display_safe;
use crate::view::action::TileAction;
use crate::view::names::{PanelId, Side, Spot, To};
use crate::view::selector::Selector;
use crate::view::{Action, DrawnAs};
use eframe::egui::{
    self, Align2, Context, DragAndDrop, LayerId, Order, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2,
};
use std::sync::Arc;

/// From the edge of a tile inwards, this part of it means "beside it".
const SIDE: f32 = 0.3;
/// From the edge of the canvas inwards, points: beside all.
const EDGE: f32 = 14.0;

/// What is dragged.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Dragged {
    /// A panel of the canvas, and its title.
    Panel(PanelId, String),
    /// Rows of the sidebar.
    Rows {
        /// What they stand for.
        show: Vec<Selector>,
        /// Each is one series.
        series: bool,
        /// What they are called.
        name: String,
    },
}

impl Dragged {
    /// What is dragged now.
    pub(super) fn of(ctx: &Context) -> Option<Arc<Self>> {
        DragAndDrop::payload::<Self>(ctx)
    }

    /// Begins to drag it.
    pub(super) fn start(self, ctx: &Context) {
        DragAndDrop::set_payload(ctx, self);
    }

    /// What follows when it is let go over `to`.
    pub(super) fn dropped(&self, to: To, each_host: bool) -> Action {
        match self {
            Self::Panel(panel, _) => Action::Tile(TileAction::Move { panel: *panel, to }),
            Self::Rows { show, series, .. } => {
                let panels = match (each_host, series) {
                    (true, _) => DrawnAs::EachHost,
                    (false, true) => DrawnAs::One,
                    (false, false) => DrawnAs::Catalogue,
                };
                Action::Draw { show: show.clone(), panels, to }
            }
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Panel(_, title) => title,
            Self::Rows { name, .. } => name,
        }
    }
}

/// A tile that something can be dropped on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) id: PanelId,
    pub(super) rect: Rect,
    /// More series can be added to it.
    pub(super) takes_more: bool,
}

/// Where something would go.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Zone {
    rect: Rect,
    goes: Goes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Goes {
    Into(PanelId),
    To(Spot),
    Nowhere,
}

impl Goes {
    fn text(self) -> &'static str {
        match self {
            Self::Into(_) => "Drop: add to this panel",
            Self::To(Spot::Beside(_, side) | Spot::Edge(side)) => match side {
                Side::Left => "Drop: new panel to the left",
                Side::Right => "Drop: new panel to the right",
                Side::Above => "Drop: new panel above",
                Side::Below => "Drop: new panel below",
            },
            Self::To(Spot::End) => "Drop: new panel",
            Self::Nowhere => "Drop: stays here",
        }
    }
}

/// The zone under the pointer.
fn zone(dragged: &Dragged, canvas: Rect, targets: &[Target], pos: Pos2) -> Option<Zone> {
    if !canvas.contains(pos) {
        return None;
    }
    if targets.is_empty() {
        return Some(Zone { rect: canvas.shrink(theme::GAP), goes: Goes::To(Spot::End) });
    }
    let inner = canvas.shrink(EDGE);
    if !inner.contains(pos) {
        let side = nearest_side(canvas, pos).1;
        return Some(Zone { rect: strip(canvas, side, 0.2), goes: Goes::To(Spot::Edge(side)) });
    }
    let target = targets.iter().find(|target| target.rect.contains(pos))?;
    let (depth, side) = nearest_side(target.rect, pos);
    let is_row = matches!(dragged, Dragged::Rows { .. });
    if matches!(dragged, Dragged::Panel(id, _) if *id == target.id) {
        return Some(Zone { rect: target.rect, goes: Goes::Nowhere });
    }
    if is_row && target.takes_more && depth > SIDE {
        return Some(Zone { rect: target.rect, goes: Goes::Into(target.id) });
    }
    let goes = Goes::To(Spot::Beside(target.id, side));
    Some(Zone { rect: strip(target.rect, side, 0.5), goes })
}

/// How deep `pos` is inside, from 0 at an edge to 0.5 in the middle, and which edge is nearest.
fn nearest_side(rect: Rect, pos: Pos2) -> (f32, Side) {
    let (x, y) = ((pos.x - rect.left()) / rect.width(), (pos.y - rect.top()) / rect.height());
    let sides = [(x, Side::Left), (1.0 - x, Side::Right), (y, Side::Above), (1.0 - y, Side::Below)];
    sides.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, Side::Right))
}

/// A part of a rectangle along one side.
fn strip(rect: Rect, side: Side, part: f32) -> Rect {
    match side {
        Side::Left => rect.split_left_right_at_fraction(part).0,
        Side::Right => rect.split_left_right_at_fraction(1.0 - part).1,
        Side::Above => rect.split_top_bottom_at_fraction(part).0,
        Side::Below => rect.split_top_bottom_at_fraction(1.0 - part).1,
    }
}

/// Shows where what is dragged over the canvas would go, and puts it there when it is let go.
pub(super) fn drop_ui(ui: &Ui, frame: &mut Frame<'_>, canvas: Rect, targets: &[Target]) {
    let ctx = ui.ctx();
    let Some(dragged) = Dragged::of(ctx) else { return };
    let Some(pos) = ctx.pointer_interact_pos() else { return };
    let zone = zone(&dragged, canvas, targets, pos);
    let (released, shift) = ui.input(|input| (input.pointer.any_released(), input.modifiers.shift));
    if let Some(zone) = zone {
        zone_ui(ui, &dragged, zone, pos);
        if released {
            DragAndDrop::take_payload::<Dragged>(ctx);
            match (zone.goes, &*dragged) {
                (Goes::Into(panel), Dragged::Rows { show, .. }) => {
                    let show = show.clone();
                    frame.tile(TileAction::Extend { panel, show });
                }
                (Goes::To(spot), dragged) => {
                    frame.actions.push(dragged.dropped(To::Here(spot), shift));
                }
                _ => {}
            }
        }
    }
    carried_ui(ctx, &dragged, pos);
}

/// The zone in which it would go, and in words.
fn zone_ui(ui: &Ui, dragged: &Dragged, zone: Zone, pointer: Pos2) {
    let palette = Palette::of(ui);
    let painter =
        ui.ctx().layer_painter(LayerId::new(Order::Foreground, ui.scope_id().with("drop")));
    let rect = zone.rect.shrink(2.0);
    painter.rect_filled(rect, theme::PANEL_RADIUS, theme::faded(palette.accent, 0.12));
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
        rect.left_top(),
    ];
    let stroke = Stroke::new(1.5, palette.accent);
    painter.extend(Shape::dashed_line(&corners, stroke, 6.0, 4.0));
    let font = theme::medium(13.0);
    let text = zone.goes.text();
    // Not below what is carried.
    let is_near = (rect.center().y - pointer.y).abs() < 44.0;
    let center = rect.center() - vec2(0.0, if is_near { 56.0 } else { 0.0 });
    let ground = painter.layout_no_wrap(text.into(), font.clone(), palette.accent);
    let ground = Align2::CENTER_CENTER.anchor_size(center, ground.size()).expand2(vec2(8.0, 4.0));
    painter.rect_filled(ground, theme::CONTROL_RADIUS, palette.panel);
    painter.text(center, Align2::CENTER_CENTER, text, font, palette.accent);
    let can_split = matches!((dragged, zone.goes), (Dragged::Rows { .. }, Goes::To(_)));
    if can_split && zone.rect.height() > 80.0 {
        let hint = "hold Shift: one panel for each host";
        let at = center + vec2(0.0, 22.0);
        painter.text(at, Align2::CENTER_CENTER, hint, theme::small(), palette.dim);
    }
}

/// The name of what is dragged, beside the pointer.
pub(super) fn carried_ui(ctx: &Context, dragged: &Dragged, pos: Pos2) {
    ctx.set_cursor_icon(egui::CursorIcon::Grabbing);
    let palette = Palette::new(ctx.global_style().visuals.dark_mode);
    let painter = ctx.layer_painter(LayerId::new(Order::Tooltip, egui::Id::unique("dragged")));
    let text = display_safe(dragged.name()).into_owned();
    let galley = painter.layout_no_wrap(text, theme::body(), palette.text);
    let at = pos2(pos.x + 14.0, pos.y - galley.size().y / 2.0);
    let rect = Rect::from_min_size(at, galley.size()).expand2(vec2(8.0, 5.0));
    painter.rect(
        rect,
        theme::CONTROL_RADIUS,
        palette.raised,
        Stroke::new(1.0, palette.line),
        egui::StrokeKind::Inside,
    );
    painter.galley(at, galley, palette.text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Dragged {
        Dragged::Rows { show: Vec::new(), series: true, name: "load".into() }
    }

    fn goes(dragged: &Dragged, x: f32, y: f32) -> Option<Goes> {
        let canvas = Rect::from_min_size(pos2(100.0, 100.0), vec2(1_000.0, 600.0));
        let tile = |id, left| Target {
            id: PanelId(id),
            rect: Rect::from_min_size(pos2(left, 120.0), vec2(460.0, 560.0)),
            takes_more: true,
        };
        let targets = [tile(1, 120.0), tile(2, 600.0)];
        zone(dragged, canvas, &targets, pos2(x, y)).map(|zone| zone.goes)
    }

    #[test]
    fn the_sides_of_a_tile_are_beside_it_and_its_middle_is_inside() {
        for (x, y, expected) in [
            (130.0, 400.0, Goes::To(Spot::Beside(PanelId(1), Side::Left))),
            (570.0, 400.0, Goes::To(Spot::Beside(PanelId(1), Side::Right))),
            (830.0, 130.0, Goes::To(Spot::Beside(PanelId(2), Side::Above))),
            (830.0, 670.0, Goes::To(Spot::Beside(PanelId(2), Side::Below))),
            (830.0, 400.0, Goes::Into(PanelId(2))),
            (105.0, 400.0, Goes::To(Spot::Edge(Side::Left))),
            (600.0, 695.0, Goes::To(Spot::Edge(Side::Below))),
        ] {
            assert_eq!(goes(&rows(), x, y), Some(expected), "{x} {y}");
        }
        assert_eq!(goes(&rows(), 50.0, 400.0), None);
        assert_eq!(goes(&rows(), 590.0, 400.0), None, "between two tiles");
    }

    #[test]
    fn a_panel_goes_beside_others_and_stays_over_itself() {
        let panel = Dragged::Panel(PanelId(1), "Load".into());
        assert_eq!(goes(&panel, 350.0, 400.0), Some(Goes::Nowhere));
        let beside = Goes::To(Spot::Beside(PanelId(2), Side::Left));
        assert_eq!(goes(&panel, 750.0, 400.0), Some(beside));
    }

    #[test]
    fn an_empty_canvas_takes_it_anywhere() {
        let canvas = Rect::from_min_size(pos2(0.0, 0.0), vec2(500.0, 500.0));
        let zone = zone(&rows(), canvas, &[], pos2(3.0, 3.0)).map(|zone| zone.goes);
        assert_eq!(zone, Some(Goes::To(Spot::End)));
    }
}
