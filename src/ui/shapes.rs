//! A panel's lines and areas as one mesh, kept while nothing of it changed.
//!
//! A line whose points stand for several samples carries a pale band from least to greatest.

use super::line_texture::{Ink, Width};
use super::strips::{Pen, Strips};
use super::swatch::{self, MIRROR_OPACITY, STACK_OPACITY};
use super::theme::{self, Palette};
use crate::metric::Span;
use crate::store::Mode;
use crate::view::colours::Colours;
use crate::view::graphs::Style;
use crate::view::panels::Panel;
use crate::view::plot::{PanelPlot, PlotLine, PlotPoint};
use eframe::egui::{Color32, Mesh, Pos2, Rect, Shape, Stroke, pos2, vec2};
use std::sync::Arc;

const BAND_OPACITY: f32 = 0.28;
/// Points of height from which a layer of a stack has an edge of its own.
const THIN_LAYER: f32 = 0.75;
/// Lines that are zero, and the others while one is highlighted.
const DIMMED: f32 = 0.35;

/// What is drawn of a panel.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    made_for: Option<MadeFor>,
    mesh: Arc<Mesh>,
    /// What is no strip: lone samples, counters that restarted.
    others: Vec<Shape>,
}

/// What a drawing depends on beside the panel and its lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MadeFor {
    /// The lines: they have a new number whenever they were made anew.
    pub(super) lines: u64,
    pub(super) place: Place,
    pub(super) dark: bool,
    pub(super) highlighted: Option<usize>,
    pub(super) pixels_per_point: f32,
    pub(super) mode: Mode,
}

/// Where moments and values are on the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) frame: Rect,
    pub(super) span: Span,
    pub(super) lo: f64,
    pub(super) hi: f64,
    /// The ends of the axis at the right.
    pub(super) right: Option<(f64, f64)>,
}

impl Place {
    /// For the lines that belong to the axis at the right.
    fn at_right(self) -> Option<Self> {
        self.right.map(|(lo, hi)| Self { lo, hi, ..self })
    }

    /// From moments and values to points.
    fn project(self) -> impl Fn(f64, f64) -> Pos2 + Copy {
        let (start, end) = (self.span.start.secs_f64(), self.span.end.secs_f64());
        let across = f64::from(self.frame.width()) / (end - start).max(1e-9);
        let up = f64::from(self.frame.height()) / (self.hi - self.lo).max(f64::MIN_POSITIVE);
        let (left, bottom) = (f64::from(self.frame.left()), f64::from(self.frame.bottom()));
        #[expect(clippy::cast_possible_truncation, reason = "what is far outside stays outside")]
        move |t: f64, y: f64| {
            pos2((left + (t - start) * across) as f32, (bottom - (y - self.lo) * up) as f32)
        }
    }
}

#[derive(Clone, Copy)]
struct Look {
    pen: Pen,
    style: Style,
}

impl Drawing {
    /// The shapes of a panel, made anew if need be; true if so.
    pub(super) fn update(
        &mut self,
        made_for: MadeFor,
        (panel, plot): (&Panel, &PanelPlot),
        colours: &Colours,
        ink: Ink,
    ) -> bool {
        if self.made_for == Some(made_for) {
            return false;
        }
        self.made_for = Some(made_for);
        self.others.clear();
        if Arc::get_mut(&mut self.mesh).is_none() {
            // The last frame is still being painted.
            self.mesh = Arc::default();
        }
        let Some(mesh) = Arc::get_mut(&mut self.mesh) else { return true };
        let mut draw = Draw {
            strips: Strips::new(mesh, ink),
            others: &mut self.others,
            project: made_for.place.project(),
        };
        let palette = Palette::new(made_for.dark);
        let others = plot.has_more_than_zeros();
        let right = made_for.place.at_right().unwrap_or(made_for.place).project();
        for (index, (line, data)) in panel.drawn().zip(&plot.lines).enumerate() {
            let swatch::Look { color, dash } =
                swatch::Look::of(&palette, colours, line.role, index);
            let mine = made_for.highlighted == Some(index);
            let steps_back = made_for.highlighted.is_some() || others && data.is_zero();
            let faded = steps_back && !mine;
            let look = Look {
                pen: Pen {
                    color: if faded { theme::faded(color, DIMMED) } else { color },
                    width: if mine { Width::Strong } else { Width::Line },
                    dash,
                    dense: data.dense,
                },
                // What the wire said does not add up to anything.
                style: if made_for.mode == Mode::Raw { Style::Line } else { panel.style },
            };
            draw.project = if line.second { right } else { made_for.place.project() };
            draw.line(data, look);
        }
        draw.strips.finish();
        self.marks(made_for, panel, plot, &palette);
        true
    }

    /// In order from back to front.
    pub(super) fn shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        let mesh = Some(&self.mesh).filter(|mesh| !mesh.is_empty());
        mesh.map(|mesh| Shape::Mesh(Arc::clone(mesh)))
            .into_iter()
            .chain(self.others.iter().cloned())
    }

    fn marks(&mut self, made_for: MadeFor, panel: &Panel, plot: &PanelPlot, palette: &Palette) {
        let (project, frame) = (made_for.place.project(), made_for.place.frame);
        if panel.style == Style::Mirror && made_for.mode == Mode::Rate {
            let y = project(0.0, 0.0).y;
            let zero = [pos2(frame.left(), y), pos2(frame.right(), y)];
            self.others.push(Shape::line_segment(zero, Stroke::new(1.0, palette.line)));
        }
        // A counter that restarted: a small mark on the time axis.
        for &t in &plot.resets {
            let foot = pos2(project(t, 0.0).x, frame.bottom());
            let points = vec![foot, foot + vec2(-3.5, -6.0), foot + vec2(3.5, -6.0)];
            self.others.push(Shape::convex_polygon(points, palette.warn, Stroke::NONE));
        }
    }
}

/// A drawing on its way.
struct Draw<'a, P> {
    strips: Strips<'a>,
    others: &'a mut Vec<Shape>,
    project: P,
}

impl<P: Fn(f64, f64) -> Pos2 + Copy> Draw<'_, P> {
    fn line(&mut self, line: &PlotLine, Look { pen, style }: Look) {
        for run in line.runs() {
            match style {
                Style::Stack => self.area(run, pen.color, STACK_OPACITY, |p| (p.base, p.y)),
                Style::Mirror => self.area(run, pen.color, MIRROR_OPACITY, |p| (0.0, p.y)),
                Style::Line | Style::Bars => {}
            }
            if style == Style::Stack {
                self.layer(run, pen);
                continue;
            }
            if line.dense {
                self.area(run, pen.color, BAND_OPACITY, |p| (p.lo, p.hi));
            }
            self.polyline(run, pen);
        }
    }

    fn area(
        &mut self,
        run: &[PlotPoint],
        color: Color32,
        opacity: f32,
        edges: impl Fn(&PlotPoint) -> (f64, f64),
    ) {
        let project = self.project;
        let edges = run.iter().map(|point| {
            let (low, high) = edges(point);
            (project(point.t, low), project(point.t, high))
        });
        self.strips.area(theme::faded(color, opacity), edges);
    }

    /// The upper edge of a layer of a stack. One thinner than [`THIN_LAYER`] would only repaint the
    /// edge of the one below it.
    fn layer(&mut self, run: &[PlotPoint], pen: Pen) {
        let project = self.project;
        let thick = |p: &PlotPoint| project(p.t, p.base).y - project(p.t, p.y).y > THIN_LAYER;
        let width = if pen.width == Width::Strong { Width::Line } else { Width::Edge };
        for edge in run.chunk_by(|a, b| thick(a) == thick(b)) {
            // A dot on its own would hang in the air.
            if edge.len() > 1 && edge.first().is_some_and(thick) {
                self.polyline(edge, Pen { width, ..pen });
            }
        }
    }

    /// A lone sample is a dot.
    fn polyline(&mut self, points: &[PlotPoint], pen: Pen) {
        let project = self.project;
        if let [lone] = points {
            let radius = pen.width.points() + 0.4;
            self.others.push(Shape::circle_filled(project(lone.t, lone.y), radius, pen.color));
        } else {
            self.strips.line(pen, points.iter().map(|point| project(point.t, point.y)));
        }
    }
}
