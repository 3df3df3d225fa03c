//! A panel's lines and areas as one plot item.
//!
//! Areas are strips of triangles without feathering, two vertices a point; lines are polylines.
//! A line whose points stand for several samples carries a pale band from least to greatest.

use super::theme::{self, Palette};
use crate::store::Mode;
use crate::view::graphs::Style;
use crate::view::panels::Panel;
use crate::view::plot::{PanelPlot, PlotLine, PlotPoint};
use eframe::egui::{Color32, Mesh, Pos2, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotTransform};
use std::ops::RangeInclusive;

const LINE_WIDTH: f32 = 1.6;
const LINE_WIDTH_HIGHLIGHTED: f32 = 2.4;
const STACK_OPACITY: f32 = 0.78;
const MIRROR_OPACITY: f32 = 0.22;
const BAND_OPACITY: f32 = 0.28;
/// Points of height from which a layer of a stack has an edge of its own.
const THIN_LAYER: f32 = 0.75;
/// The others, while one line is highlighted.
const DIMMED: f32 = 0.35;
/// Colours are told apart up to here; then the same ones come again, dashed.
const COLORS: usize = 8;

/// Everything a panel draws.
pub(super) struct PanelItem<'a> {
    base: PlotItemBase,
    plot: &'a PanelPlot,
    style: Style,
    looks: Vec<Look>,
    palette: Palette,
}

#[derive(Clone, Copy)]
struct Look {
    color: Color32,
    width: f32,
    dashed: bool,
}

impl<'a> PanelItem<'a> {
    pub(super) fn new(
        panel: &Panel,
        plot: &'a PanelPlot,
        palette: Palette,
        mode: Mode,
        highlighted: Option<usize>,
    ) -> Self {
        let looks = panel.drawn().enumerate().map(|(index, line)| {
            let color = palette.series(line.color.as_deref(), index);
            let mine = highlighted == Some(index);
            let faded = highlighted.is_some() && !mine;
            Look {
                color: if faded { theme::faded(color, DIMMED) } else { color },
                width: if mine { LINE_WIDTH_HIGHLIGHTED } else { LINE_WIDTH },
                dashed: line.color.is_none() && index >= COLORS,
            }
        });
        Self {
            base: PlotItemBase::new(panel.title.clone()),
            plot,
            // What the wire said does not add up to anything.
            style: if mode == Mode::Raw { Style::Line } else { panel.style },
            looks: looks.collect(),
            palette,
        }
    }

    fn line(&self, line: &PlotLine, look: Look, transform: &PlotTransform, out: &mut Vec<Shape>) {
        let place = |point: &PlotPoint, y: f64| {
            pos2(transform.position_from_point_x(point.t), transform.position_from_point_y(y))
        };
        for run in line.runs() {
            match self.style {
                Style::Stack => {
                    let color = theme::faded(look.color, STACK_OPACITY);
                    out.extend(strip(run, color, |p| (place(p, p.base), place(p, p.y))));
                }
                Style::Mirror => {
                    let color = theme::faded(look.color, MIRROR_OPACITY);
                    out.extend(strip(run, color, |p| (place(p, 0.0), place(p, p.y))));
                }
                Style::Line | Style::Bars => {}
            }
            if line.dense && self.style != Style::Stack {
                let color = theme::faded(look.color, BAND_OPACITY);
                out.extend(strip(run, color, |p| (place(p, p.lo), place(p, p.hi))));
            }
            if self.style == Style::Stack {
                // A layer thinner than this would only repaint the edge of the one below it.
                let thick = |p: &PlotPoint| place(p, p.base).y - place(p, p.y).y > THIN_LAYER;
                for edge in run.chunk_by(|a, b| thick(a) == thick(b)) {
                    // A dot on its own would hang in the air.
                    if edge.len() > 1 && edge.first().is_some_and(thick) {
                        let points = edge.iter().map(|p| place(p, p.y)).collect();
                        let stroke = Stroke::new(look.width - 0.6, look.color);
                        polyline(points, stroke, look.dashed, out);
                    }
                }
                continue;
            }
            let points: Vec<Pos2> = run.iter().map(|p| place(p, p.y)).collect();
            polyline(points, Stroke::new(look.width, look.color), look.dashed, out);
        }
    }
}

/// A lone sample is a dot.
fn polyline(points: Vec<Pos2>, stroke: Stroke, dashed: bool, out: &mut Vec<Shape>) {
    match points.as_slice() {
        [] => {}
        [lone] => out.push(Shape::circle_filled(*lone, stroke.width + 0.4, stroke.color)),
        _ if dashed => out.extend(Shape::dashed_line(&points, stroke, 6.0, 3.0)),
        _ => out.push(Shape::line(points, stroke)),
    }
}

/// The area between two lines through a run of points.
fn strip(
    run: &[PlotPoint],
    color: Color32,
    edges: impl Fn(&PlotPoint) -> (Pos2, Pos2),
) -> Option<Shape> {
    if run.len() < 2 {
        return None;
    }
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(2 * run.len());
    mesh.reserve_triangles(2 * run.len());
    for point in run {
        let (low, high) = edges(point);
        mesh.colored_vertex(low, color);
        mesh.colored_vertex(high, color);
    }
    let last = u32::try_from(run.len() - 1).unwrap_or(0);
    for i in (0..last).map(|i| 2 * i) {
        mesh.add_triangle(i, i + 1, i + 2);
        mesh.add_triangle(i + 1, i + 2, i + 3);
    }
    Some(mesh.into())
}

impl PlotItem for PanelItem<'_> {
    fn shapes(&self, _ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        for (line, &look) in self.plot.lines.iter().zip(&self.looks) {
            self.line(line, look, transform, shapes);
        }
        if self.style == Style::Mirror {
            let frame = transform.frame();
            let y = transform.position_from_point_y(0.0);
            let stroke = Stroke::new(1.0, self.palette.line);
            shapes
                .push(Shape::line_segment([pos2(frame.left(), y), pos2(frame.right(), y)], stroke));
        }
        // A counter that restarted: a small mark on the time axis.
        for &t in &self.plot.resets {
            let foot = pos2(transform.position_from_point_x(t), transform.frame().bottom());
            let points = vec![foot, foot + vec2(-3.5, -6.0), foot + vec2(3.5, -6.0)];
            shapes.push(Shape::convex_polygon(points, self.palette.warn, Stroke::NONE));
        }
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        Color32::TRANSPARENT
    }

    fn allow_hover(&self) -> bool {
        false
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        PlotBounds::NOTHING
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}
