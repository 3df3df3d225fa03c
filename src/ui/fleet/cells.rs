//! Cells: values, bars and small lines of the rows on screen.
//!
//! A line is kept until its host sends something newer or the window shows something else. All
//! lines are one mesh.

use super::Places;
use crate::metric::{CdTime, Interval, Span};
use crate::session::{HostContent, Screen};
use crate::ui::Frame;
use crate::ui::line_texture::{Dash, LineTexture, Width};
use crate::ui::strips::{Pen, Strips};
use crate::ui::swatch::MIRROR_OPACITY;
use crate::ui::theme::{self, Palette};
use crate::ui::widgets::elided;
use crate::view::colours::{Colours, Shades};
use crate::view::fleet::line::{Scratch, ends};
use crate::view::fleet::table::HostRow;
use crate::view::fleet::{Fleet, Measure};
use crate::view::health::Freshness;
use crate::view::layout::YScale;
use crate::view::plot::{PlotLine, PlotPoint};
use crate::view::role::Role;
use eframe::egui::{Align2, Color32, Mesh, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2};
use std::collections::HashMap;
use std::sync::Arc;

/// Rows whose lines are kept; more than fit on any screen.
const ROWS_MAX: usize = 256;
/// Series that are read for lines in a frame; the others follow in the next ones.
const SERIES_MAX: usize = 800;
/// How opaque the band from least to greatest is.
const BAND_OPACITY: f32 = 0.28;
/// How opaque the lines of silent hosts are.
const SILENT_OPACITY: f32 = 0.45;

/// A row on screen.
pub(super) struct Shown<'a> {
    pub(super) row: &'a HostRow,
    pub(super) content: HostContent,
    pub(super) rect: Rect,
}

/// Lines that need not be made anew.
#[derive(Debug, Default)]
pub struct FleetLines {
    rows: HashMap<Arc<str>, Vec<CellLine>>,
    scratch: Scratch,
    mesh: Arc<Mesh>,
    /// How often a line was read from the store.
    made: u64,
}

#[derive(Debug, Default)]
struct CellLine {
    made_for: Option<MadeFor>,
    line: PlotLine,
}

/// What a line depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct MadeFor {
    newest: CdTime,
    revision: u64,
    width: Interval,
    /// Where the window stands still, or has another end.
    span: Option<Span>,
}

impl FleetLines {
    /// Makes the lines of these rows that are out of date, as many as a frame has time for; true:
    /// some are left.
    fn update(&mut self, screen: &Screen<'_>, rows: &[Shown<'_>]) -> bool {
        let window = screen.view.window();
        let span = (!window.is_live()).then(|| window.span(screen.now));
        let (width, revision) = (window.width(), screen.derived.fleet.revision());
        if self.rows.len() > ROWS_MAX {
            self.rows.retain(|host, _| rows.iter().any(|shown| shown.row.host == *host));
        }
        let mut left = SERIES_MAX;
        for Shown { row, .. } in rows {
            let known = self.rows.entry(Arc::clone(&row.host)).or_default();
            known.resize_with(row.cells.len(), CellLine::default);
            for (place, (cell, known)) in row.cells.iter().zip(known).enumerate() {
                let Some(cell) = cell else {
                    *known = CellLine::default();
                    continue;
                };
                let newest = row.reading(place).map_or(CdTime::ZERO, |reading| reading.newest);
                let made_for = Some(MadeFor { newest, revision, width, span });
                if known.made_for == made_for {
                    continue;
                }
                if left == 0 {
                    return true;
                }
                left = left.saturating_sub(cell.lookups());
                screen.fill_line(&mut known.line, cell, &mut self.scratch);
                known.made_for = made_for;
                self.made += 1;
            }
        }
        false
    }

    fn line(&self, host: &str, column: usize) -> Option<&PlotLine> {
        Some(&self.rows.get(host)?.get(column)?.line)
    }

    /// How often a line was read from the store since the start.
    pub const fn made(&self) -> u64 {
        self.made
    }
}

/// The values of a row, and bars where there is no line.
pub(super) fn values_ui(
    ui: &Ui,
    screen: &Screen<'_>,
    content: &HostContent,
    rect: Rect,
    places: &Places,
) {
    let palette = Palette::of(ui);
    let used = palette.line_of(screen.colours.of(Some(Role::Used), 0));
    let is_silent = content.freshness == Freshness::Stale;
    let middle = rect.center().y;
    for (place, cell) in content.cells.iter().enumerate() {
        let column = places.column(place);
        let right = rect.left() + column.end;
        let color = match cell.warns {
            _ if is_silent => palette.faint,
            true => palette.warn,
            false => palette.text,
        };
        let at = pos2(right, middle);
        elided(
            ui,
            at,
            Align2::RIGHT_CENTER,
            places.value(place),
            &cell.value,
            theme::body(),
            color,
        );
        let (Some(share), Some(width)) = (cell.share, places.line) else { continue };
        let at = pos2(rect.left() + column.start, middle - 3.0);
        let track = Rect::from_min_size(at, vec2(width, 6.0));
        ui.painter().rect_filled(track, 3.0, palette.line);
        #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
        let filled = track.with_max_x(track.left() + width * share.clamp(0.0, 1.0) as f32);
        let color = if cell.warns { palette.warn } else { used };
        let color = if is_silent { theme::faded(color, SILENT_OPACITY) } else { color };
        ui.painter().rect_filled(filled, 3.0, color);
    }
}

/// The colour of a column, and whether the area below its line is filled.
fn look(colours: &Colours, measure: Option<Measure>, place: usize) -> (Shades, bool) {
    let role = |role: Role| colours.of(Some(role), 0);
    match measure {
        Some(Measure::Cpu) => (role(Role::User), true),
        Some(Measure::Memory) => (role(Role::Cached), true),
        Some(Measure::Load) => (role(Role::Tx), false),
        Some(Measure::Network) => (role(Role::Nice), true),
        Some(Measure::Disk) => (role(Role::Wait), false),
        Some(Measure::Filesystem) => (role(Role::Used), false),
        None => (colours.of(None, place), false),
    }
}

/// The lines of the rows on screen.
pub(super) fn lines_ui(
    ui: &Ui,
    frame: &mut Frame<'_>,
    fleet: &Fleet,
    rows: &[Shown<'_>],
    places: &Places,
) {
    let Some(width) = places.line else { return };
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let lines = &mut frame.memory.fleet_lines;
    if lines.update(screen, rows) {
        ui.ctx().request_repaint();
    }
    let ink = LineTexture::ink(&mut frame.memory.plots.texture, ui.ctx());
    let mut mesh = std::mem::take(&mut lines.mesh);
    if Arc::get_mut(&mut mesh).is_none() {
        // The last frame is still being painted.
        mesh = Arc::default();
    }
    let span = screen.view.window().span(screen.now);
    if let Some(mesh) = Arc::get_mut(&mut mesh) {
        let mut strips = Strips::new(mesh, ink);
        for (place, column) in fleet.columns.iter().enumerate() {
            let all = rows.iter().filter_map(|shown| lines.line(&shown.row.host, place));
            let shared =
                extent(all.flat_map(|line| &line.points), screen.derived.fleet.extent(place));
            let (shades, fills) = look(screen.colours, column.measure(), place);
            let color = palette.line_of(shades);
            for Shown { row, content, rect } in rows {
                let Some(line) = lines.line(&row.host, place) else { continue };
                let Some(cell) = content.cells.get(place).filter(|cell| cell.share.is_none())
                else {
                    continue;
                };
                let own = || extent(&line.points, None);
                let extent = if column.scale == YScale::Own { own() } else { shared };
                let base = row.cells.get(place).and_then(Option::as_ref);
                let base = base.map_or(1_000.0, |cell| cell.unit.base());
                let ends = match (cell.full, extent) {
                    (Some(full), _) => (0.0, full),
                    (None, Some((lo, hi))) if column.measure().is_some() => {
                        ends((lo.min(0.0), hi), base)
                    }
                    (None, Some(extent)) => ends(extent, base),
                    (None, None) => continue,
                };
                let at = pos2(rect.left() + places.column(place).start, rect.top() + 6.0);
                let rect = Rect::from_min_size(at, vec2(width, rect.height() - 12.0));
                let is_silent = content.freshness == Freshness::Stale;
                let color = if is_silent { theme::faded(color, SILENT_OPACITY) } else { color };
                Spark { rect, span, ends }.draw(&mut strips, line, color, fills);
            }
        }
        strips.finish();
    }
    if !mesh.is_empty() {
        ui.painter().add(Shape::Mesh(Arc::clone(&mesh)));
    }
    frame.memory.fleet_lines.mesh = mesh;
    baselines(ui, rows, (places, width), fleet, &palette);
}

/// A pale line at the foot of each cell that can have a line: where zero, or the least, is.
fn baselines(
    ui: &Ui,
    rows: &[Shown<'_>],
    (places, width): (&Places, f32),
    fleet: &Fleet,
    palette: &Palette,
) {
    for Shown { row, rect, .. } in rows {
        for (place, column) in fleet.columns.iter().enumerate() {
            let has_line = row.cells.get(place).is_some_and(Option::is_some);
            if has_line && column.measure() != Some(Measure::Filesystem) {
                let left = rect.left() + places.column(place).start;
                let y = rect.bottom() - 6.0;
                ui.painter().hline(left..=left + width, y, Stroke::new(1.0, palette.grid));
            }
        }
    }
}

/// Least and greatest of these points and of what else there is.
fn extent<'a>(
    points: impl IntoIterator<Item = &'a PlotPoint>,
    also: Option<(f64, f64)>,
) -> Option<(f64, f64)> {
    points.into_iter().fold(also, |extent, point| {
        let (lo, hi) = extent.unwrap_or((point.lo, point.hi));
        Some((lo.min(point.lo), hi.max(point.hi)))
    })
}

/// Where a line stands, and what its edges mean.
#[derive(Clone, Copy)]
struct Spark {
    rect: Rect,
    span: Span,
    ends: (f64, f64),
}

impl Spark {
    fn draw(self, strips: &mut Strips<'_>, line: &PlotLine, color: Color32, fills: bool) {
        let Self { rect, span, ends: (lo, hi) } = self;
        let (start, end) = (span.start.secs_f64(), span.end.secs_f64());
        let across = f64::from(rect.width()) / (end - start).max(1e-9);
        let up = f64::from(rect.height()) / (hi - lo).max(f64::MIN_POSITIVE);
        #[expect(clippy::cast_possible_truncation, reason = "kept within the rectangle")]
        let at = |t: f64, y: f64| -> Pos2 {
            let y = f64::from(rect.bottom()) - (y - lo) * up;
            let y = y.clamp(f64::from(rect.top()), f64::from(rect.bottom()));
            pos2((f64::from(rect.left()) + (t - start) * across) as f32, y as f32)
        };
        for run in line.runs() {
            let first = run.partition_point(|point| point.t < start);
            let last = run.partition_point(|point| point.t <= end);
            let Some(run) = run.get(first..last) else { continue };
            let zero = 0.0_f64.clamp(lo, hi);
            if fills {
                let edges = run.iter().map(|point| (at(point.t, zero), at(point.t, point.y)));
                strips.area(theme::faded(color, MIRROR_OPACITY), edges);
            }
            if line.dense {
                let edges = run.iter().map(|point| (at(point.t, point.lo), at(point.t, point.hi)));
                strips.area(theme::faded(color, BAND_OPACITY), edges);
            }
            let pen = Pen { width: Width::Edge, color, dash: Dash::None, dense: true };
            strips.line(pen, run.iter().map(|point| at(point.t, point.y)));
        }
    }
}
