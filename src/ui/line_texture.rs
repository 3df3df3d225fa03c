//! Line texture: the soft edges of lines of each width, and their dashes, as a picture.
//!
//! A line takes one of its columns; along it the dashes repeat. Knows nothing of where lines go.

use eframe::egui::{
    self, Color32, ColorImage, Pos2, TextureHandle, TextureId, TextureOptions, pos2,
};

/// How wide a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// The edge of an area.
    Edge,
    /// A line.
    Line,
    /// The line that the user points at.
    Strong,
}

impl Width {
    const ALL: [Self; 3] = [Self::Edge, Self::Line, Self::Strong];

    /// Points.
    pub(super) const fn points(self) -> f32 {
        match self {
            Self::Edge => 1.0,
            Self::Line => 1.6,
            Self::Strong => 2.4,
        }
    }
}

/// What there is of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Dash {
    /// All of it.
    #[default]
    None,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// A dash and a dot.
    Mixed,
}

impl Dash {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Dashed, Self::Dotted, Self::Mixed];
    /// Those that are in the texture: a line without dashes is the middle of a dash.
    const PATTERNS: [Self; 3] = [Self::Dashed, Self::Dotted, Self::Mixed];
    /// Width of the edge of an area, points.
    pub(super) const EDGE: f32 = 1.5;

    /// Where it is drawn, from a start on, points.
    const fn parts(self) -> &'static [(f32, f32)] {
        match self {
            Self::None | Self::Dashed => &[(0.0, 6.0)],
            Self::Dotted => &[(0.0, 1.8)],
            Self::Mixed => &[(0.0, 6.6), (9.0, 10.8)],
        }
    }

    /// The number of points after which it begins anew.
    const fn period(self) -> f32 {
        match self {
            Self::None | Self::Dashed => 9.0,
            Self::Dotted => 4.2,
            Self::Mixed => 13.2,
        }
    }

    /// Where it is drawn of a length in points.
    pub(super) fn within(self, length: f32) -> impl Iterator<Item = (f32, f32)> {
        let whole = (self == Self::None).then_some((0.0, length));
        let starts = (0_u8..16).map(move |n| f32::from(n) * self.period());
        let parts = starts.flat_map(move |from| {
            self.parts().iter().map(move |(start, end)| (from + start, (from + end).min(length)))
        });
        let parts = parts.take_while(move |(start, _)| *start < length);
        whole.into_iter().chain(parts.filter(move |_| whole.is_none()))
    }

    /// How far inside of what is drawn a place along it is; negative outside.
    fn inside(self, along: f32) -> f32 {
        let period = self.period();
        let shifted = [-period, 0.0, period].map(|shift| along + shift);
        let inside = |along: f32| self.parts().iter().map(move |(a, b)| (along - a).min(b - along));
        shifted.into_iter().flat_map(inside).fold(f32::NEG_INFINITY, f32::max)
    }
}

/// Along a line without dashes: the middle of a dash.
const SOLID: f32 = 3.0 / 9.0;
/// Texels from edge to edge of a line, and of a dash with its gap; powers of two, as old graphics
/// cards repeat nothing else.
const ACROSS: usize = 32;
const ALONG: usize = 64;
/// Columns of the texture: one for each width of each kind of dashes, and the last for areas.
const COLUMNS: usize = 16;
/// Where areas are in the texture.
pub(super) const AREA: Pos2 = pos2((COLUMNS as f32 - 0.5) / COLUMNS as f32, SOLID);

/// The texture that strips are drawn with.
pub(super) struct LineTexture {
    texture: TextureHandle,
    feather: f32,
}

impl std::fmt::Debug for LineTexture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineTexture").field("feather", &self.feather).finish_non_exhaustive()
    }
}

/// What a strip needs to know of the texture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink {
    pub(super) texture: TextureId,
    /// Width of a soft edge, points: one pixel.
    pub(super) feather: f32,
}

impl LineTexture {
    /// The ink for the scale factor in force; `known` is kept from one frame to the next.
    pub(super) fn ink(known: &mut Option<Self>, ctx: &egui::Context) -> Ink {
        let feather = 1.0 / ctx.pixels_per_point().max(0.1);
        #[expect(clippy::float_cmp, reason = "the same scale factor gives the same number")]
        let usable = known.as_ref().is_some_and(|known| known.feather == feather);
        if !usable {
            *known = None;
        }
        let line = known.get_or_insert_with(|| {
            let options = TextureOptions {
                wrap_mode: egui::TextureWrapMode::Repeat,
                ..TextureOptions::LINEAR
            };
            let texture = ctx.load_texture("lines", image(feather), options);
            Self { texture, feather }
        });
        Ink { texture: line.texture.id(), feather }
    }
}

impl Ink {
    /// Half the width of a strip: the line and its soft edge.
    pub(super) fn radius(self, width: Width) -> f32 {
        radius(width.points(), self.feather)
    }
}

/// Where a line is in the texture: its edges across, where it begins along it, and how far a point
/// goes.
pub(super) struct Column {
    pub(super) left: f32,
    pub(super) right: f32,
    pub(super) along: f32,
    pub(super) per_point: f32,
}

impl Column {
    pub(super) fn of(width: Width, dash: Dash) -> Self {
        let place = Width::ALL.iter().position(|known| *known == width).unwrap_or(0);
        let pattern = Dash::PATTERNS.iter().position(|known| *known == dash).unwrap_or(0);
        let column = pattern * Width::ALL.len() + place;
        let is_solid = dash == Dash::None;
        Self {
            left: column as f32 / COLUMNS as f32,
            right: (column + 1) as f32 / COLUMNS as f32,
            along: if is_solid { SOLID } else { 0.0 },
            per_point: if is_solid { 0.0 } else { 1.0 / dash.period() },
        }
    }
}

fn radius(width: f32, feather: f32) -> f32 {
    // As egui does it: what is thinner than a pixel is paler instead.
    if is_thin(width, feather) { feather } else { 0.5 * (width + feather) }
}

fn is_thin(width: f32, feather: f32) -> bool {
    width <= 0.9 * feather
}

/// How much of the colour is seen at `distance` from the middle of a line.
fn strength(width: f32, feather: f32, distance: f32) -> f32 {
    let soft = ((radius(width, feather) - distance) / feather).clamp(0.0, 1.0);
    if is_thin(width, feather) { soft * width / feather } else { soft }
}

fn image(feather: f32) -> ColorImage {
    let mut image = ColorImage::filled([COLUMNS * ACROSS, ALONG], Color32::TRANSPARENT);
    for (number, pixel) in image.pixels.iter_mut().enumerate() {
        let (column, row) = (number % (COLUMNS * ACROSS), number / (COLUMNS * ACROSS));
        // From -1 to 1 across the strip.
        let side = ((column % ACROSS) as f32 + 0.5) / ACROSS as f32 * 2.0 - 1.0;
        let column = column / ACROSS;
        let width = Width::ALL.get(column % Width::ALL.len()).map(|width| width.points());
        let dash = Dash::PATTERNS.get(column / Width::ALL.len());
        let (across, dash) = match dash.zip(width) {
            Some((dash, width)) => {
                let along = (row as f32 + 0.5) / ALONG as f32 * dash.period();
                let dash = (dash.inside(along) / feather + 0.5).clamp(0.0, 1.0);
                (strength(width, feather, side.abs() * radius(width, feather)), dash)
            }
            // Nothing of it seeps into the columns beside it.
            None if side.abs() < 0.5 => (1.0, 1.0),
            None => (0.0, 1.0),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
        let alpha = (across * dash * 255.0).round() as u8;
        *pixel = Color32::from_rgba_premultiplied(alpha, alpha, alpha, alpha);
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texture_is_opaque_in_the_middle_of_a_line_and_clear_at_its_edges() {
        for feather in [0.5, 1.0, 1.25] {
            let image = image(feather);
            let alpha = |x: usize, y: usize| image.pixels[y * COLUMNS * ACROSS + x].a();
            let (dash, gap) = (ALONG / 3, ALONG * 5 / 6);
            for column in 1..3 {
                assert_eq!(alpha(column * ACROSS + ACROSS / 2, dash), 255);
                assert!(alpha(column * ACROSS, dash) < 30);
                assert_eq!(alpha(column * ACROSS + ACROSS / 2, gap), 0);
            }
            for y in 0..ALONG {
                assert_eq!(alpha((COLUMNS - 1) * ACROSS + ACROSS / 2, y), 255);
            }
            // As much of a line as there is of its dashes.
            for (number, dash) in Dash::PATTERNS.into_iter().enumerate() {
                let column = (3 * number + 2) * ACROSS + ACROSS / 2;
                let sum: f32 = (0..ALONG).map(|y| f32::from(alpha(column, y)) / 255.0).sum();
                let drawn: f32 = dash.parts().iter().map(|(start, end)| end - start).sum();
                let expected = drawn / dash.period() * ALONG as f32;
                assert!((sum - expected).abs() < 2.0, "{dash:?} {sum} {expected}");
            }
        }
        // Thinner than a pixel: paler.
        assert!((strength(0.5, 1.0, 0.0) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn dashes_of_a_short_line_end_with_it() {
        let within = |dash: Dash| dash.within(14.0).collect::<Vec<_>>();
        assert_eq!(within(Dash::None), [(0.0, 14.0)]);
        assert_eq!(within(Dash::Dashed), [(0.0, 6.0), (9.0, 14.0)]);
        assert_eq!(within(Dash::Dotted).len(), 4);
        assert_eq!(within(Dash::Mixed), [(0.0, 6.6), (9.0, 10.8), (13.2, 14.0)]);
    }
}
