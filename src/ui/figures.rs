//! Figures: numbers set glyph by glyph, as egui set the same glyphs before.
//!
//! egui shapes every text that was not on screen in the last frame, and the figures of a live
//! legend never were: that was a sixth of a frame. What it made of the first ones is remembered,
//! character by character: how far apart two stand, and where the picture of one is in the texture
//! of glyphs, at each of the four parts of a pixel that egui sets them at. From then on a number is
//! as many rectangles, the same that egui would make.

use eframe::egui::emath::GuiRounding;
use eframe::egui::{
    Align2, Color32, FontId, Galley, Mesh, Painter, Pos2, Rect, Shape, Vec2, pos2, vec2,
};
use foldhash::fast::RandomState;
use std::collections::HashMap;
use std::sync::Arc;

/// A text that is laid out in every frame: egui makes a new galley of it when its texture of glyphs
/// was cleared.
const TEXTURE_PROBE: &str = "0123456789";

/// Glyphs of one font. Figures have few characters, so it stays small.
#[derive(Debug, Default)]
pub(super) struct Glyphs {
    font: FontId,
    probe: Option<Arc<Galley>>,
    /// How far the second of two characters stands from the first, pixels; after the last one
    /// comes [`END`].
    steps: HashMap<(char, char), f32, RandomState>,
    /// The picture of a character, and by how many quarters of a pixel it stands right of a whole
    /// pixel.
    pictures: HashMap<(char, u16), Picture, RandomState>,
    /// Changes whenever all of it is cleared.
    age: u64,
}

const END: char = '\0';

/// Where a glyph is, relative to the pixel that it stands at and the top of its row; and in the
/// texture.
#[derive(Clone, Copy, Debug)]
struct Picture {
    offset: Vec2,
    size: Vec2,
    texels: Rect,
}

/// Figures that were set, as one text.
#[derive(Debug, Default)]
pub(super) struct Typeset {
    galley: Option<Arc<Galley>>,
    mesh: Mesh,
    text: String,
    /// What egui set.
    others: Vec<Shape>,
}

impl Glyphs {
    /// Forgets what is no longer true; once a frame, before anything is set in `font`.
    pub(super) fn check(&mut self, painter: &Painter, font: FontId) {
        self.font = font;
        let probe = self.lay_out(painter, TEXTURE_PROBE, Color32::PLACEHOLDER);
        if !self.probe.as_ref().is_some_and(|known| Arc::ptr_eq(known, &probe)) {
            self.steps.clear();
            self.pictures.clear();
            self.age += 1;
            self.learn(&probe);
            self.probe = Some(probe);
        }
    }

    /// What was set when this was another number must be set again.
    pub(super) const fn age(&self) -> u64 {
        self.age
    }

    /// Sets a text that ends at `right`, its middle at the height of it.
    pub(super) fn set(
        &mut self,
        painter: &Painter,
        typeset: &mut Typeset,
        right: Pos2,
        text: &str,
        color: Color32,
    ) {
        let scale = painter.pixels_per_point();
        let place = |size| Align2::RIGHT_CENTER.anchor_size(right, size).min;
        let known = (typeset.mesh.vertices.len(), typeset.mesh.indices.len());
        if let (Some(width), Some(probe)) = (self.place(typeset, text, color, scale), &self.probe) {
            let at = place(vec2((width / scale).round_ui(), probe.size().y));
            let to = at.round_to_pixels(scale).to_vec2();
            typeset.mesh.vertices.iter_mut().skip(known.0).for_each(|vertex| vertex.pos += to);
            typeset.text.push_str(text);
            typeset.text.push('\n');
        } else {
            typeset.mesh.vertices.truncate(known.0);
            typeset.mesh.indices.truncate(known.1);
            let galley = self.lay_out(painter, text, color);
            self.learn(&galley);
            typeset.others.push(Shape::galley(place(galley.size()), galley, color));
        }
    }

    /// Points that a text takes.
    pub(super) fn measure(&mut self, painter: &Painter, text: &str) -> f32 {
        if let Some(width) = self.width(text) {
            return width / painter.pixels_per_point();
        }
        let galley = self.lay_out(painter, text, Color32::PLACEHOLDER);
        self.learn(&galley);
        galley.size().x
    }

    fn lay_out(&self, painter: &Painter, text: &str, color: Color32) -> Arc<Galley> {
        painter.layout_no_wrap(text.to_owned(), self.font.clone(), color)
    }

    /// Pixels that a text takes; none where one of its glyphs is not known.
    fn width(&self, text: &str) -> Option<f32> {
        let mut at = 0.0;
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            self.pictures.get(&(char, split(at).1))?;
            at += self.steps.get(&(char, chars.peek().copied().unwrap_or(END)))?;
        }
        Some(at)
    }

    /// Sets the glyphs of a text from the origin on; how many pixels they take, none where one of
    /// them is not known.
    fn place(&self, set: &mut Typeset, text: &str, color: Color32, scale: f32) -> Option<f32> {
        let mut x = 0.0;
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            let (pixel, quarter) = split(x);
            let picture = self.pictures.get(&(char, quarter))?;
            if picture.texels.is_positive() {
                let offset = vec2(pixel / scale, 0.0) + picture.offset;
                let rect =
                    Rect::from_min_size(offset.round_to_pixels(scale).to_pos2(), picture.size);
                set.mesh.add_rect_with_uv(rect, picture.texels, color);
            }
            x += self.steps.get(&(char, chars.peek().copied().unwrap_or(END)))?;
        }
        Some(x)
    }

    /// Remembers what egui made of a text of one row.
    fn learn(&mut self, galley: &Galley) {
        let ([row], scale) = (galley.rows.as_slice(), galley.pixels_per_point) else { return };
        let mut x = 0.0;
        for (index, glyph) in row.glyphs.iter().enumerate() {
            let (pixel, quarter) = split(x);
            let next = row.glyphs.get(index + 1).map_or(END, |next| next.chr);
            // What is set at whole pixels only is not for us, nor what has colours of its own.
            if (glyph.pos.x * scale - pixel).abs() < 0.01 && !glyph.is_color {
                let uv = glyph.uv_rect;
                let texel = |[x, y]: [u16; 2]| pos2(f32::from(x), f32::from(y));
                let picture = Picture {
                    offset: uv.offset + vec2(0.0, row.pos.y + glyph.pos.y),
                    size: uv.size,
                    texels: Rect::from_min_max(texel(uv.min), texel(uv.max)),
                };
                self.pictures.insert((glyph.chr, quarter), picture);
            }
            self.steps.insert((glyph.chr, next), glyph.advance_width * scale);
            x += glyph.advance_width * scale;
        }
    }
}

/// A place along a row as egui sees it: the whole pixel, and quarters right of it.
fn split(x: f32) -> (f32, u16) {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few, not below 0")]
    let quarters = (x * 4.0 + 0.5) as u16;
    let pixel = f32::from(quarters / 4);
    (pixel, quarters % 4)
}

impl Typeset {
    /// Begins anew.
    pub(super) fn clear(&mut self) {
        self.mesh.clear();
        self.text.clear();
        self.others.clear();
    }

    /// What was set since, made ready to be shown.
    pub(super) fn finish(&mut self, glyphs: &Glyphs) {
        let Some(probe) = &glyphs.probe else { return };
        let galley = self.galley.get_or_insert_with(|| Arc::new(Galley::clone(probe)));
        // The last frame may still be on its way to the screen.
        let galley = Arc::make_mut(galley);
        galley.pixels_per_point = probe.pixels_per_point;
        galley.num_vertices = self.mesh.vertices.len();
        galley.num_indices = self.mesh.indices.len();
        std::mem::swap(&mut Arc::make_mut(&mut galley.job).text, &mut self.text);
        if let Some(placed) = galley.rows.first_mut() {
            let row = Arc::make_mut(&mut placed.row);
            row.glyphs.clear();
            std::mem::swap(&mut row.visuals.mesh, &mut self.mesh);
            row.visuals.mesh_bounds = row.visuals.mesh.calc_bounds();
            row.visuals.glyph_vertex_range = 0..galley.num_vertices;
            (galley.rect, galley.mesh_bounds) = (row.visuals.mesh_bounds, row.visuals.mesh_bounds);
        }
    }

    /// What was made ready.
    pub(super) fn shapes(&self) -> impl Iterator<Item = Shape> + '_ {
        let galley = self.galley.as_ref().filter(|galley| galley.num_vertices > 0);
        let set = galley
            .map(|galley| Shape::galley(Pos2::ZERO, Arc::clone(galley), Color32::PLACEHOLDER));
        set.into_iter().chain(self.others.iter().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::theme;
    use eframe::egui::{self, Context, RawInput, ViewportId, epaint};

    const TEXTS: [&str; 10] =
        ["0", "7.13", "41.8 M", "−11.7", "1 234", "9.81 Gi", "3d 04:05", "1.3e-9", "–", "77.7 k"];

    /// What is painted in a frame at a scale, triangle by triangle.
    fn painted(
        ctx: &Context,
        scale: f32,
        mut draw: impl FnMut(&Painter) -> Vec<Shape>,
    ) -> Vec<epaint::Vertex> {
        let mut input = RawInput::default();
        let viewport = input.viewports.entry(ViewportId::ROOT).or_default();
        viewport.native_pixels_per_point = Some(scale);
        let mut output = ctx.run_ui(input, |ui| {
            let shapes = draw(ui.painter());
            ui.painter().extend(shapes);
        });
        output.textures_delta.clear();
        assert!((output.pixels_per_point - scale).abs() < 1e-6);
        let drawn = ctx.tessellate(output.shapes, scale);
        let meshes = drawn.iter().filter_map(|drawn| match &drawn.primitive {
            epaint::Primitive::Mesh(mesh) => Some(mesh),
            epaint::Primitive::Callback(_) => None,
        });
        let corners = |mesh: &Mesh| {
            let corner = |&index: &u32| mesh.vertices[index as usize];
            mesh.indices.iter().map(corner).collect::<Vec<_>>()
        };
        meshes.flat_map(corners).collect()
    }

    fn set(glyphs: &mut Glyphs, painter: &Painter) -> Vec<Shape> {
        let mut typeset = Typeset::default();
        glyphs.check(painter, theme::small());
        for (row, text) in (0_u8..).zip(TEXTS) {
            let right = pos2(200.3, 20.0 + 15.7 * f32::from(row));
            glyphs.set(painter, &mut typeset, right, text, Color32::WHITE);
        }
        typeset.finish(glyphs);
        typeset.shapes().collect()
    }

    fn by_egui(painter: &Painter) -> Vec<Shape> {
        for (row, text) in (0_u8..).zip(TEXTS) {
            let right = pos2(200.3, 20.0 + 15.7 * f32::from(row));
            painter.text(right, Align2::RIGHT_CENTER, text, theme::small(), Color32::WHITE);
        }
        Vec::new()
    }

    fn context() -> Context {
        let ctx = Context::default();
        theme::install(&ctx);
        ctx
    }

    #[track_caller]
    fn check_same(ctx: &Context, glyphs: &mut Glyphs, scale: f32) {
        // The first time they are learnt, then set.
        painted(ctx, scale, |painter| set(glyphs, painter));
        let ours = painted(ctx, scale, |painter| {
            let shapes = set(glyphs, painter);
            assert_eq!(shapes.len(), 1, "not all are known");
            shapes
        });
        let egui = painted(ctx, scale, by_egui);
        assert!(ours.len() > 6 * TEXTS.len());
        assert_eq!(ours.len(), egui.len());
        for (a, b) in ours.iter().zip(&egui) {
            assert!(a.pos.distance(b.pos) < 1e-3 && a.uv == b.uv, "{a:?} {b:?} at {scale}");
        }
    }

    #[test]
    fn figures_are_where_egui_would_set_them() {
        for scale in [1.0, 1.25, 1.5, 2.0] {
            check_same(&context(), &mut Glyphs::default(), scale);
        }
    }

    #[test]
    fn another_scale_and_other_fonts_are_learnt_anew() {
        let (ctx, mut glyphs) = (context(), Glyphs::default());
        for scale in [1.0, 2.0, 1.0] {
            let age = glyphs.age();
            check_same(&ctx, &mut glyphs, scale);
            assert_ne!(glyphs.age(), age);
        }
        let age = glyphs.age();
        ctx.set_fonts(egui::FontDefinitions::default());
        check_same(&ctx, &mut glyphs, 1.0);
        assert_ne!(glyphs.age(), age);
    }
}
