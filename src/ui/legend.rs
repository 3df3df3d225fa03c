//! The legend of a panel: a table of its lines with the figures of what is on screen.

use super::figures::Typeset;
use super::theme::{self, Palette};
use super::widgets::elided;
use super::{Frame, Memory};
use crate::metric::display_safe;
use crate::store::Mode;
use crate::view::format::Unit;
use crate::view::panels::Panel;
use crate::view::plot::{PanelPlot, PlotLine};
use eframe::egui::{
    self, Align2, Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

/// Rows of a legend; what is more is counted in a last row.
pub(super) const ROWS_MAX: usize = 12;
/// A legend stands beside its plot from this width of the panel on.
const BESIDE_FROM_WIDTH: f32 = 760.0;
/// Width of a legend beside its plot.
pub(super) const BESIDE_WIDTH: f32 = 330.0;

/// Height that the legend takes below the plot of a panel so wide.
pub(super) fn height_below(panel: &Panel, panel_width: f32) -> f32 {
    if panel_width > BESIDE_FROM_WIDTH {
        return 8.0;
    }
    rows(panel) as f32 * theme::LEGEND_ROW + 12.0
}

/// Rows with the heading, and the one that counts what does not fit.
fn rows(panel: &Panel) -> usize {
    let lines = panel.drawn().count();
    1 + lines.min(ROWS_MAX) + usize::from(lines > ROWS_MAX)
}

/// A narrower legend keeps its names and leaves out min, avg and max.
const ALL_COLUMNS_WIDTH: f32 = 300.0;

/// The figures of a legend, set anew when one of them may have changed.
#[derive(Debug, Default)]
pub(super) struct LegendFigures {
    made_for: Option<MadeFor>,
    typeset: Typeset,
}

/// What the figures of a legend depend on beside the panel.
#[derive(Clone, Copy, Debug, PartialEq)]
struct MadeFor {
    /// The number of the lines.
    lines: u64,
    glyphs: u64,
    cursor: Option<f64>,
    rect: Rect,
    mode: Mode,
    dark: bool,
}

/// Draws the table of a panel into `rect`. The lines of `plot` have another number whenever they
/// were made anew.
pub(super) fn legend_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    panel: &Panel,
    (plot, number): (&PanelPlot, u64),
    kept: &mut LegendFigures,
    rect: Rect,
) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let unit = screen.unit_of(panel);
    let cursor = frame.memory.cursor;
    let now = cursor.map_or("last".into(), |t| screen.time_text(&panel.host, t, 1.0));
    let row = |index: usize| {
        let top = rect.top() + index as f32 * theme::LEGEND_ROW;
        Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), theme::LEGEND_ROW))
    };
    head_ui(ui, row(0), [&now, "min", "avg", "max"], palette.faint);
    let mut hovered = None;
    let rows = panel.drawn().zip(&plot.lines).enumerate().take(ROWS_MAX);
    let fits = |index: usize| row(index + 1).bottom() <= rect.bottom() + 2.0;
    let fitting: Vec<_> = rows.take_while(|(index, _)| fits(*index)).collect();
    for (index, (line, data)) in &fitting {
        let color = palette.series(line.role, *index);
        let cells = || figures((plot, data), &unit, cursor);
        let response = row_ui(ui, row(index + 1), *index, &display_safe(&line.label), color, cells);
        if response.hovered() {
            hovered = Some(*index);
        }
        if data.points.is_empty() {
            let series = line.series.iter().copied();
            response.on_hover_ui(|ui| drop(ui.label(screen.why_empty(series))));
        }
    }
    let (lines, glyphs, mode) = (number, frame.memory.glyphs.age(), screen.view.mode());
    let dark = ui.visuals().dark_mode;
    let made_for = MadeFor { lines, glyphs, cursor, rect, mode, dark };
    let LegendFigures { made_for: made, typeset } = kept;
    if *made != Some(made_for) {
        *made = Some(made_for);
        typeset.clear();
        for (index, (_, data)) in &fitting {
            let row = row(index + 1);
            for (column, text) in figures((plot, data), &unit, cursor).iter().enumerate() {
                if column < columns_shown(row) {
                    let at = pos2(column_right(row, column), row.center().y);
                    let color = if column == 0 { palette.text } else { palette.dim };
                    frame.memory.glyphs.set(ui.painter(), typeset, at, text, color);
                }
            }
        }
        typeset.finish(&frame.memory.glyphs);
    }
    ui.painter().extend(typeset.shapes());
    let more = panel.drawn().count().saturating_sub(ROWS_MAX);
    if more > 0 {
        let at = row(ROWS_MAX + 1).left_center() + vec2(22.0, 0.0);
        let text = format!("{more} more");
        ui.painter().text(at, Align2::LEFT_CENTER, text, theme::small(), palette.dim);
    }
    remember_hover(ui, frame.memory, panel, hovered);
}

/// What the columns are.
fn head_ui(ui: &Ui, row: Rect, texts: [&str; 4], color: Color32) {
    for (column, text) in texts.into_iter().enumerate().take(columns_shown(row)) {
        let at = pos2(column_right(row, column), row.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::tick(), color);
    }
}

/// One line of the table without its figures.
fn row_ui(
    ui: &Ui,
    row: Rect,
    index: usize,
    label: &str,
    color: Color32,
    figures: impl Fn() -> [String; 4],
) -> Response {
    let palette = Palette::of(ui);
    let response = ui.interact(row, ui.scope_id().with(("legend", index)), Sense::hover());
    if response.hovered() {
        ui.painter().rect_filled(row.expand2(vec2(4.0, 0.0)), 3.0, palette.selected);
    }
    let swatch = Rect::from_center_size(row.left_center() + vec2(7.0, 0.0), vec2(14.0, 3.0));
    ui.painter().rect_filled(swatch, 1.5, color);
    let at = row.left_center() + vec2(22.0, 0.0);
    let room = column_right(row, 0) - 62.0 - at.x;
    elided(ui, at, Align2::LEFT_CENTER, room, label, theme::small(), palette.text);
    response.widget_info(|| {
        let [now, min, avg, max] = figures();
        let whole = format!("{label} {now}, min {min}, avg {avg}, max {max}");
        WidgetInfo::labeled(Role::Label, true, whole)
    });
    response
}

/// The line under the pointer is drawn stronger in the next frame.
fn remember_hover(ui: &egui::Ui, memory: &mut Memory, panel: &Panel, hovered: Option<usize>) {
    let mine = memory.legend_hover.as_ref().is_some_and(|(key, _)| *key == panel.key);
    let next = hovered.map(|index| (panel.key.clone(), index));
    if (next.is_some() || mine) && memory.legend_hover != next {
        memory.legend_hover = next;
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(1));
    }
}

/// How many of the four columns fit beside the names.
fn columns_shown(rect: Rect) -> usize {
    if rect.width() < ALL_COLUMNS_WIDTH { 1 } else { 4 }
}

/// Right edge of column `column`.
fn column_right(rect: Rect, column: usize) -> f32 {
    let width = ((rect.width() - 90.0) / 4.0).clamp(44.0, 84.0);
    rect.right() - (columns_shown(rect) - 1).saturating_sub(column) as f32 * width
}

/// At the cursor (or the newest), least, average and greatest.
fn figures((plot, line): (&PanelPlot, &PlotLine), unit: &Unit, cursor: Option<f64>) -> [String; 4] {
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
