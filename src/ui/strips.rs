//! Strips: lines and areas as one mesh of triangles, two vertices a point.
//!
//! egui makes up to eight vertices of a point of a thin line, and a shape of its own of every dash.
//! Here the soft edges, the width and the dashes of a line are in a small texture (see
//! `line_texture`), and corners and ends are as egui makes them. Triangles without an area lie
//! between two strips, so that the indices of a mesh follow from its length alone, and one that is
//! made again keeps its buffers.

use super::line_texture::{AREA, Column, Dash, Ink, Width};
use eframe::egui::epaint::Vertex;
use eframe::egui::{Color32, Mesh, Pos2, Vec2, pos2};

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pen {
    pub(super) width: Width,
    pub(super) color: Color32,
    pub(super) dash: Dash,
    /// Its points are so near one another that the end of a sharp corner need not be soft.
    pub(super) dense: bool,
}

/// What is no higher or lower than this, points, is on a level: most of what is measured stands
/// still most of the time, and of a level line only the ends are drawn.
const LEVEL: f32 = 0.05;
/// Adds strips to a mesh.
pub(super) struct Strips<'a> {
    mesh: &'a mut Mesh,
    ink: Ink,
}

impl<'a> Strips<'a> {
    /// Begins anew in `mesh`, whose buffers are kept.
    pub(super) fn new(mesh: &'a mut Mesh, ink: Ink) -> Self {
        mesh.texture_id = ink.texture;
        mesh.vertices.clear();
        Self { mesh, ink }
    }

    /// The area between two edges; fewer than two points have none.
    pub(super) fn area(
        &mut self,
        color: Color32,
        mut edges: impl ExactSizeIterator<Item = (Pos2, Pos2)>,
    ) {
        self.mesh.vertices.reserve(2 * edges.len() + 4);
        let (Some(mut from), Some(mut at)) = (edges.next(), edges.next()) else {
            return;
        };
        let both_level =
            |a: (Pos2, Pos2), b: (Pos2, Pos2)| is_level(a.0, b.0) && is_level(a.1, b.1);
        self.jump_to(from.0);
        self.across(color, from);
        for next in edges {
            if !(both_level(from, at) && both_level(from, next)) {
                self.across(color, at);
                from = at;
            }
            at = next;
        }
        self.across(color, at);
    }

    fn across(&mut self, color: Color32, (low, high): (Pos2, Pos2)) {
        let vertex = |pos| Vertex { pos, uv: AREA, color };
        self.mesh.vertices.extend_from_slice(&[vertex(low), vertex(high)]);
    }

    /// A line through points; fewer than two make none.
    pub(super) fn line(&mut self, pen: Pen, points: impl IntoIterator<Item = Pos2>) {
        let mut points = points.into_iter();
        let (Some(first), Some(mut at)) = (points.next(), points.next()) else {
            return;
        };
        let mut stroke = Stroke::new(pen, self.ink);
        let (mut normal, length) = normal(first, at).unwrap_or((Vec2::new(0.0, -1.0), 0.0));
        let before = self.beyond(first, normal, -1.0);
        self.jump_to(before + normal * stroke.radius);
        self.pair(&stroke, before, normal, Color32::TRANSPARENT);
        self.pair(&stroke, first, normal, pen.color);
        stroke.go(length);
        // Where the straight line began that ends at `at`.
        let mut from = first;
        for next in points {
            if is_level(from, at) && is_level(from, next) {
                stroke.go(next.x - at.x);
                at = next;
                continue;
            }
            // A point on the last one says nothing of where the line goes.
            let Some((after, length)) = self::normal(at, next) else { continue };
            self.corner(&mut stroke, at, normal, after);
            stroke.go(length);
            (from, at, normal) = (at, next, after);
        }
        self.pair(&stroke, at, normal, pen.color);
        let after = self.beyond(at, normal, 1.0);
        self.pair(&stroke, after, normal, Color32::TRANSPARENT);
    }

    /// Makes the indices that belong to the vertices.
    pub(super) fn finish(self) {
        let strip = u32::try_from(self.mesh.vertices.len() / 2).unwrap_or(0).saturating_sub(1);
        let indices = &mut self.mesh.indices;
        let known = u32::try_from(indices.len() / 6).unwrap_or(0);
        for first in (known.min(strip)..strip).map(|number| 2 * number) {
            let (a, b, c, d) = (first, first + 1, first + 2, first + 3);
            indices.extend_from_slice(&[a, b, c, b, c, d]);
        }
        indices.truncate(usize::try_from(strip).unwrap_or(0).saturating_mul(6));
    }

    /// As egui's lines bend: round corners are mitred, sharp ones cut off.
    #[inline(always)]
    fn corner(&mut self, stroke: &mut Stroke, at: Pos2, before: Vec2, after: Vec2) {
        if stroke.pen.dense {
            self.dense_corner(stroke, at, before, after);
            return;
        }
        let middle = (before + after) * 0.5;
        let square = middle.length_sq();
        if square >= 0.5 {
            self.pair(stroke, at, middle / square, stroke.pen.color);
            return;
        }
        // Half way to the middle, on both sides: as both are one point long, the length of what
        // lies between follows from the length of the middle.
        let length = square.sqrt();
        let center = if length > 1e-6 { middle / length } else { Vec2::ZERO };
        let share = 1.0 / (1.0 + length);
        self.pair(stroke, at, (before + center) * share, stroke.pen.color);
        self.pair(stroke, at, (after + center) * share, stroke.pen.color);
    }

    /// A sharp corner is one pair too: the cut itself, where the soft edge of egui's is half gone.
    /// What was left of the way is right of it from there on.
    ///
    /// Without a branch: which corners are sharp nobody can guess, a processor neither.
    fn dense_corner(&mut self, stroke: &mut Stroke, at: Pos2, before: Vec2, after: Vec2) {
        let sign = 1.0_f32.copysign(before.dot(after));
        let across = (before + after * sign) * 0.5;
        // Half the width of the line where the corner is sharp, else nothing.
        let tip = (1.0 - sign) * 0.25 * stroke.pen.width.points();
        let at = at + forward(across) * tip;
        let share = 1.0 / across.length_sq();
        self.pair(stroke, at, across * share, stroke.pen.color);
        stroke.side *= sign;
    }

    /// Where a line that ends at `at` has faded away.
    fn beyond(&self, at: Pos2, normal: Vec2, way: f32) -> Pos2 {
        at + forward(normal) * way * self.ink.feather
    }

    fn pair(&mut self, stroke: &Stroke, at: Pos2, normal: Vec2, color: Color32) {
        let out = normal * (stroke.side * stroke.radius);
        self.mesh.vertices.extend_from_slice(&[
            Vertex { pos: at + out, uv: pos2(stroke.left, stroke.along), color },
            Vertex { pos: at - out, uv: pos2(stroke.right, stroke.along), color },
        ]);
    }

    /// Leaves the last strip for the first vertex of the next one: four vertices, with which all
    /// triangles in between have no area.
    fn jump_to(&mut self, pos: Pos2) {
        let Some(&last) = self.mesh.vertices.last() else {
            return;
        };
        let next = Vertex { pos, uv: AREA, color: Color32::TRANSPARENT };
        self.mesh.vertices.extend([last, last, next, next]);
    }
}

/// A line on its way.
struct Stroke {
    pen: Pen,
    radius: f32,
    /// 1, or -1 while the first vertex of a pair is right of the way.
    side: f32,
    /// Its edges, and how far it went, in the texture.
    left: f32,
    right: f32,
    along: f32,
    /// How far a point goes in the texture.
    per_point: f32,
}

impl Stroke {
    fn new(pen: Pen, ink: Ink) -> Self {
        let Column { left, right, along, per_point } = Column::of(pen.width, pen.dash);
        let radius = ink.radius(pen.width);
        Self { pen, radius, side: 1.0, left, right, along, per_point }
    }

    fn go(&mut self, length: f32) {
        self.along += length * self.per_point;
    }
}

/// Whether the way from `a` to `b` is level, for all that can be seen.
fn is_level(a: Pos2, b: Pos2) -> bool {
    (a.y - b.y).abs() < LEVEL
}

/// The direction of the way that `normal` is left of.
fn forward(normal: Vec2) -> Vec2 {
    Vec2::new(-normal.y, normal.x)
}

/// The direction to the left of the way from `a` to `b`, one point long, and how long the way is;
/// none where it has no length.
fn normal(a: Pos2, b: Pos2) -> Option<(Vec2, f32)> {
    let way = b - a;
    // Not `Vec2::length`, which takes care of overflow and calls a function for it.
    let length = way.length_sq().sqrt();
    // One division: they are what takes longest here.
    let share = 1.0 / length;
    (length > 1e-6).then(|| (Vec2::new(way.y * share, -way.x * share), length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::TextureId;

    const INK: Ink = Ink { texture: TextureId::User(7), feather: 1.0 };

    fn pen(dashed: bool) -> Pen {
        let dash = if dashed { Dash::Dashed } else { Dash::None };
        Pen { width: Width::Line, color: Color32::RED, dash, dense: false }
    }

    fn made(draw: impl FnOnce(&mut Strips<'_>)) -> Mesh {
        let mut mesh = Mesh::default();
        let mut strips = Strips::new(&mut mesh, INK);
        draw(&mut strips);
        strips.finish();
        assert!(mesh.is_valid());
        mesh
    }

    /// Twice the area of all triangles that are seen.
    fn area(mesh: &Mesh) -> f32 {
        let at = |index: &u32| mesh.vertices[*index as usize].pos;
        let doubled = |triangle: &[u32]| {
            let [a, b, c] = [at(&triangle[0]), at(&triangle[1]), at(&triangle[2])];
            let (ab, ac) = (b - a, c - a);
            (ab.x * ac.y - ab.y * ac.x).abs()
        };
        mesh.indices.chunks(3).map(doubled).sum()
    }

    #[test]
    fn a_line_is_as_wide_as_its_pen_and_its_soft_edges() {
        let mesh = made(|strips| strips.line(pen(false), [pos2(0.0, 5.0), pos2(10.0, 5.0)]));
        // One pixel more at each end, in which it fades away.
        assert!((area(&mesh) - 2.0 * 12.0 * 2.6).abs() < 1e-3, "{}", area(&mesh));
        assert_eq!(mesh.calc_bounds(), egui::Rect::from_min_max(pos2(-1.0, 3.7), pos2(11.0, 6.3)));
    }

    #[test]
    fn of_what_stands_still_only_the_ends_are_drawn() {
        let at = |x: u8, y: f32| pos2(f32::from(x), y);
        let flat = made(|strips| strips.line(pen(false), (0..100).map(|x| at(x, 7.0))));
        let ends = made(|strips| strips.line(pen(false), [at(0, 7.0), at(99, 7.0)]));
        assert_eq!(flat, ends);
        // What rises too slowly to be seen from one point to the next rises all the same.
        let rise = made(|strips| {
            strips.line(pen(false), (0..100).map(|x| at(x, f32::from(x) * 0.02)));
        });
        assert!(rise.vertices.len() > 2 * 30 && rise.vertices.len() < 2 * 70);
        let edges = |x| (at(x, 50.0), at(x, f32::from(x / 50)));
        let area = made(|strips| strips.area(Color32::RED, (0..100).map(edges)));
        let corners: Vec<Pos2> = area.vertices.iter().map(|vertex| vertex.pos).collect();
        let wanted = [0, 49, 50, 99].map(edges).into_iter().flat_map(|(a, b)| [a, b]);
        assert_eq!(corners, wanted.collect::<Vec<_>>());
    }

    #[test]
    fn nothing_is_drawn_between_two_strips() {
        let line = |y| [pos2(0.0, y), pos2(10.0, y)];
        let one = made(|strips| strips.line(pen(false), line(0.0)));
        let two = made(|strips| {
            strips.line(pen(false), line(0.0));
            strips.line(pen(false), line(90.0));
        });
        assert!((area(&two) - 2.0 * area(&one)).abs() < 1e-3);
    }

    #[test]
    fn a_mesh_that_is_made_again_has_the_indices_of_a_new_one() {
        let line = |points: u16| (0..points).map(|x| pos2(f32::from(x), f32::from(x % 2)));
        let mut mesh = Mesh::default();
        for points in [50, 20, 80] {
            let mut strips = Strips::new(&mut mesh, INK);
            strips.line(pen(false), line(points));
            strips.finish();
            let fresh = made(|strips| strips.line(pen(false), line(points)));
            assert_eq!(mesh.indices, fresh.indices);
            assert!(mesh.is_valid());
        }
    }

    #[test]
    fn a_sharp_corner_is_cut_off_and_a_point_on_another_left_out() {
        let peak = [pos2(0.0, 100.0), pos2(1.0, 0.0), pos2(1.0, 0.0), pos2(2.0, 100.0)];
        let mesh = made(|strips| strips.line(pen(false), peak));
        // Two fading ends, two ends, and the corner twice.
        assert_eq!(mesh.vertices.len(), 2 * (4 + 2));
        assert!(mesh.calc_bounds().top() > -3.0, "{:?}", mesh.calc_bounds());
        let there_and_back = [pos2(0.0, 0.0), pos2(5.0, 0.0), pos2(0.0, 0.0)];
        let mesh = made(|strips| strips.line(pen(false), there_and_back));
        assert!(mesh.calc_bounds().is_finite());
    }

    #[test]
    fn a_sharp_corner_of_a_dense_line_costs_a_pair_and_covers_as_much() {
        let zigzag = |dense| {
            let points = (0..9_u8).map(|x| pos2(f32::from(x), if x % 2 == 0 { 80.0 } else { 0.0 }));
            made(|strips| strips.line(Pen { dense, ..pen(false) }, points))
        };
        let (soft, hard) = (zigzag(false), zigzag(true));
        assert_eq!(soft.vertices.len() - hard.vertices.len(), 2 * 7);
        // Eight strokes, 2.6 wide: none is twisted, and what lies above the corners is not drawn
        // twice.
        assert!((area(&hard) - 2.0 * 8.0 * 80.0 * 2.6).abs() < 200.0, "{}", area(&hard));
        let (soft, hard) = (soft.calc_bounds(), hard.calc_bounds());
        assert!((soft.top() - hard.top()).abs() <= 0.6, "{soft:?} {hard:?}");
        assert!((soft.bottom() - hard.bottom()).abs() <= 1.5, "{soft:?} {hard:?}");
    }

    #[test]
    fn dashes_go_on_around_corners() {
        let mesh = made(|strips| {
            strips.line(pen(true), [pos2(0.0, 0.0), pos2(9.0, 0.0), pos2(9.0, 4.5)]);
        });
        let along: Vec<f32> = mesh.vertices.iter().map(|vertex| vertex.uv.y).collect();
        assert_eq!(along, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.5, 1.5, 1.5, 1.5]);
    }
}
