//! Legend table: names and figures of a legend, made anew when they may have changed, and where
//! their columns are.
//!
//! A column is as wide as the widest figure that it ever had, so that nothing jumps; what is left
//! belongs to the names.

use super::figures::{Glyphs, Typeset};
use super::theme::{self, Palette};
use crate::metric::display_safe;
use crate::session::Units;
use crate::store::Mode;
use crate::view::format::Unit;
use crate::view::panels::{Line, Panel};
use crate::view::plot::{PanelPlot, PlotLine};
use crate::view::shorten::cut_in_middle;
use eframe::egui::{Color32, Galley, Painter, Rect, pos2};
use std::borrow::Cow;
use std::sync::Arc;

/// Where the name of a row starts: behind the swatch.
pub(super) const NAME_LEFT: f32 = 22.0;
/// Between two columns: as narrow as this, and where there is room as wide as that.
const GAP: (f32, f32) = (14.0, 34.0);
/// Names get at least this much room, or min, avg and max are left out.
const NAME_LEAST: f32 = 76.0;
/// The widest head of the first column, and what figures of three digits take.
const TIME: &str = "00:00:00";
const FIGURE: &str = "0.00 k";

/// The table of one legend.
#[derive(Debug, Default)]
pub(super) struct LegendTable {
    made_for: Option<MadeFor>,
    named_for: Option<NamedFor>,
    /// One for each line of the panel.
    names: Vec<Name>,
    /// The numbers of the lines, row by row.
    order: Vec<usize>,
    /// Width of the widest name.
    longest: f32,
    figures: Typeset,
    /// Width of the widest figure of each column.
    widths: [f32; 4],
    columns: Columns,
    /// Points that the rows are scrolled.
    pub(super) scrolled: f32,
}

/// What a table depends on beside the panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MadeFor {
    /// The number of the lines.
    pub(super) lines: u64,
    /// The number of the panels.
    pub(super) panels: u64,
    pub(super) cursor: Option<f64>,
    /// Of the rows, without the heading.
    pub(super) rect: Rect,
    /// The first row that is to be seen, and how many are.
    pub(super) rows: (usize, usize),
    pub(super) mode: Mode,
    pub(super) dark: bool,
}

/// What its names depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct NamedFor {
    panels: u64,
    glyphs: u64,
    mode: Mode,
}

/// What a row is called.
#[derive(Debug)]
pub(super) struct Name {
    whole: Arc<Galley>,
    /// Cut for a room so wide; none: it fits.
    cut: Option<Arc<Galley>>,
    cut_for: f32,
}

/// Where columns are, from the left edge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Columns {
    /// Room for names.
    pub(super) names: f32,
    /// The first of them are shown.
    pub(super) shown: usize,
    /// The right edge of each.
    pub(super) rights: [f32; 4],
}

impl Columns {
    /// In a table so wide, with figures and a longest name that are so wide.
    fn new(width: f32, figures: [f32; 4], longest: f32) -> Self {
        let all: f32 = figures.iter().sum();
        let count = figures.len() as f32;
        let beside = |gap: f32| width - NAME_LEFT - all - count * gap;
        if beside(GAP.0) < longest.min(NAME_LEAST) {
            let names = (width - NAME_LEFT - figures[0] - GAP.0).max(0.0);
            return Self { names, shown: 1, rights: [width; 4] };
        }
        let gap = GAP.0 + ((beside(GAP.0) - longest) / count).clamp(0.0, GAP.1 - GAP.0);
        let (mut right, mut rights) = (width, [width; 4]);
        for (place, figure) in rights.iter_mut().zip(figures).rev() {
            *place = right.round();
            right -= figure + gap;
        }
        Self { names: right + gap - GAP.0 - NAME_LEFT, shown: figures.len(), rights }
    }
}

/// What a table is made of.
pub(super) struct Made<'a> {
    pub(super) painter: &'a Painter,
    pub(super) glyphs: &'a mut Glyphs,
    pub(super) panel: &'a Panel,
    pub(super) plot: &'a PanelPlot,
    pub(super) units: &'a Units,
    /// Rows keep their places: the pointer is on the panel.
    pub(super) holds_still: bool,
}

impl LegendTable {
    /// Makes anew what is out of date.
    pub(super) fn update(&mut self, made_for: MadeFor, mut made: Made<'_>) {
        let (panels, glyphs, mode) = (made_for.panels, made.glyphs.age(), made_for.mode);
        let named_for = NamedFor { panels, glyphs, mode };
        let is_named = self.named_for == Some(named_for);
        if is_named && self.made_for == Some(made_for) {
            return;
        }
        if !is_named {
            self.named_for = Some(named_for);
            self.name(&mut made);
        }
        self.made_for = Some(made_for);
        if !made.holds_still || self.order.len() != made.plot.lines.len() {
            self.order.clear();
            self.order.extend(made.plot.zeros_last());
        }
        let rows = made_for.rows.0..made_for.rows.0 + made_for.rows.1;
        let rows = self.order.get(rows).unwrap_or_default();
        let figures: Vec<_> = figures_of(&made, rows, made_for.cursor).collect();
        for (_, row) in &figures {
            for (width, text) in self.widths.iter_mut().zip(row) {
                *width = width.max(made.glyphs.measure(made.painter, text).ceil());
            }
        }
        let palette = Palette::new(made_for.dark);
        let rect = made_for.rect;
        self.columns = Columns::new(rect.width(), self.widths, self.longest);
        self.figures.clear();
        for (row, (steps_back, texts)) in figures.iter().enumerate() {
            let y = rect.top() + (row as f32 + 0.5) * theme::LEGEND_ROW;
            let columns = texts.iter().zip(self.columns.rights).take(self.columns.shown);
            for (column, (text, right)) in columns.enumerate() {
                let color = match column {
                    _ if *steps_back => palette.faint,
                    0 => palette.text,
                    _ => palette.dim,
                };
                let at = pos2(rect.left() + right, y);
                made.glyphs.set(made.painter, &mut self.figures, at, text, color);
            }
        }
        self.figures.finish(made.glyphs);
        let room = self.columns.names;
        for line in rows {
            if let Some(name) = self.names.get_mut(*line) {
                name.cut(made.painter, room);
            }
        }
    }

    /// Sets the names, and forgets how wide the figures were: they have another unit.
    fn name(&mut self, made: &mut Made<'_>) {
        let name = |line: &Line| {
            let whole = galley(made.painter, &label(line, made.units));
            Name { whole, cut: None, cut_for: f32::INFINITY }
        };
        self.names.clear();
        self.names.extend(made.panel.drawn().map(name));
        let widths = self.names.iter().map(|name| name.whole.size().x);
        self.longest = widths.fold(0.0, f32::max).ceil();
        let time = Color32::PLACEHOLDER;
        let time = made.painter.layout_no_wrap(TIME.to_owned(), theme::tick(), time).size().x;
        let figure = made.glyphs.measure(made.painter, FIGURE);
        self.widths = [time.max(figure), figure, figure, figure].map(f32::ceil);
    }

    pub(super) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The name of a line, as it is to be painted, and whether it is cut.
    pub(super) fn name_of(&self, line: usize) -> Option<(Arc<Galley>, bool)> {
        let name = self.names.get(line)?;
        let shown = name.cut.as_ref().unwrap_or(&name.whole);
        Some((Arc::clone(shown), name.cut.is_some()))
    }

    /// The numbers of the lines, row by row.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(super) fn figures(&self) -> &Typeset {
        &self.figures
    }
}

impl Name {
    /// Cuts it where it is wider than `room`.
    fn cut(&mut self, painter: &Painter, room: f32) {
        #[expect(clippy::float_cmp, reason = "the same width gives the same number")]
        if self.cut_for == room {
            return;
        }
        self.cut_for = room;
        self.cut = None;
        if self.whole.size().x > room {
            let fits = |text: &str| galley(painter, text).size().x <= room;
            let text = cut_in_middle(self.whole.text(), fits);
            self.cut = text.map(|text| galley(painter, &text));
        }
    }
}

/// What a line is called, and that it belongs to the axis at the right.
pub(super) fn label<'a>(line: &'a Line, units: &Units) -> Cow<'a, str> {
    let label = display_safe(&line.label);
    if units.is_right(line) { format!("{label} →").into() } else { label }
}

fn galley(painter: &Painter, text: &str) -> Arc<Galley> {
    painter.layout_no_wrap(text.to_owned(), theme::small(), Color32::PLACEHOLDER)
}

/// The figures of some lines, and whether each steps back.
fn figures_of<'a>(
    made: &'a Made<'_>,
    lines: &'a [usize],
    cursor: Option<f64>,
) -> impl Iterator<Item = (bool, [String; 4])> + 'a {
    let others = made.plot.has_more_than_zeros();
    let line = |number: &usize| made.panel.drawn().nth(*number).zip(made.plot.lines.get(*number));
    lines.iter().filter_map(line).map(move |(line, data)| {
        let figures = figures((made.plot, data), made.units.of(line), cursor);
        (others && data.is_zero(), figures)
    })
}

/// At the cursor (or the newest), least, average and greatest.
pub(super) fn figures(
    (plot, line): (&PanelPlot, &PlotLine),
    unit: &Unit,
    cursor: Option<f64>,
) -> [String; 4] {
    let waits = plot.pending && !line.points.is_empty();
    let none = || if waits { "…".to_owned() } else { "–".to_owned() };
    let stats = line.stats;
    let first = match cursor {
        Some(t) => line.at(t, 2.5 * plot.interval_secs).map(|point| point.value),
        None => stats.map(|stats| stats.last),
    };
    let text = |value: Option<f64>| value.map_or_else(none, |value| unit.bare(value));
    [
        text(first),
        text(stats.map(|stats| stats.min)),
        text(stats.map(|stats| stats.avg)),
        text(stats.map(|stats| stats.max)),
    ]
}
