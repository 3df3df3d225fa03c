//! The legend of a panel: a table of its lines with the figures of what is on screen.
//!
//! Rows that do not fit are scrolled to; the heading stays.

use super::legend_table::{LegendTable, Made, MadeFor, NAME_LEFT, figures, label};
use super::swatch::Look;
use super::theme::{self, Palette};
use super::widgets::one_row;
use super::{Frame, Memory, WHEEL_RESTS};
use crate::metric::display_safe;
use crate::session::Screen;
use crate::view::panels::{Line, Panel};
use crate::view::plot::PanelPlot;
use eframe::egui::{
    self, Align2, Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

/// Rows that a legend has room for if there is any; more are scrolled to.
const ROWS_MAX: usize = 12;
/// Rows that it has room for in the lowest panel.
const ROWS_LEAST: usize = 4;
/// A legend stands beside its plot from this width of the panel on.
const BESIDE_FROM_WIDTH: f32 = 760.0;
/// Width of a legend beside its plot.
pub(super) const BESIDE_WIDTH: f32 = 330.0;
/// Below the plot of a panel whose legend stands beside it.
const BELOW_BESIDE: f32 = 8.0;
/// Above and below the rows of a legend below its plot.
const AROUND: f32 = 12.0;
/// A legend below a plot gets at most this share of both.
const SHARE_MAX: f32 = 0.45;
/// The bar that shows where the rows are, and where it is dragged.
const BAR: f32 = 4.0;
const BAR_GRIP: f32 = 10.0;
/// The shortest bar.
const BAR_LEAST: f32 = 18.0;

/// Whether a legend stands beside its plot in a panel so wide.
pub(super) fn is_beside(panel_width: f32) -> bool {
    panel_width > BESIDE_FROM_WIDTH
}

/// Height that a legend would take below the plot of a panel so wide.
pub(super) fn wanted_height(panel: &Panel, panel_width: f32) -> f32 {
    if is_beside(panel_width) {
        return BELOW_BESIDE;
    }
    height_of(panel.drawn().take(ROWS_MAX).count())
}

/// A height that some legend wants, as far as it is given in the lowest panel.
pub(super) fn least_height(wanted: f32) -> f32 {
    wanted.min(height_of(ROWS_LEAST))
}

/// What a legend gets that wants so much height below a plot so high.
pub(super) fn height_at(plot: f32, wanted: f32) -> f32 {
    wanted.min(least_height(wanted).max(plot * SHARE_MAX / (1.0 - SHARE_MAX)))
}

/// What a legend gets of a height for it and its plot, in whole rows.
pub(super) fn height_in(both: f32, wanted: f32) -> f32 {
    let rows = ((both * SHARE_MAX - AROUND) / theme::LEGEND_ROW).floor() * theme::LEGEND_ROW;
    wanted.min(least_height(wanted).max(rows + AROUND))
}

/// With the heading.
fn height_of(rows: usize) -> f32 {
    (rows + 1) as f32 * theme::LEGEND_ROW + AROUND
}

/// Draws the table of a panel into `rect`, a part of the `whole` panel. The lines of `plot` have
/// another number whenever they were made anew.
pub(super) fn legend_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    panel: &Panel,
    (plot, number): (&PanelPlot, u64),
    table: &mut LegendTable,
    (whole, rect): (Rect, Rect),
) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let (units, style) = (screen.units_of(panel), screen.style_of(panel));
    let cursor = frame.memory.cursor;
    let (head, below) = rect.split_top_bottom_at_y(rect.top() + theme::LEGEND_ROW);
    let all = panel.drawn().count().min(plot.lines.len());
    let list = scrolled_ui(ui, frame.memory, table, below, all);
    let made_for = MadeFor {
        lines: number,
        panels: screen.derived.panels_revision,
        cursor,
        rect: list.rect,
        rows: (list.first, list.count),
        mode: screen.view.mode(),
        dark: ui.visuals().dark_mode,
    };
    let glyphs = &mut frame.memory.glyphs;
    let holds_still = ui.rect_contains_pointer(whole);
    let painter = ui.painter();
    table.update(made_for, Made { painter, glyphs, panel, plot, units: &units, holds_still });
    let now = cursor.map_or("last".into(), |t| screen.time_text(&panel.host, t, 1.0));
    head_ui(ui, head, table, [&now, "min", "avg", "max"], palette.faint);
    let mut hovered = None;
    let others = plot.has_more_than_zeros();
    let rows = table.order().iter().skip(list.first).take(list.count).enumerate();
    for (row, &index) in rows {
        let (Some(line), Some(data)) = (panel.drawn().nth(index), plot.lines.get(index)) else {
            continue;
        };
        let top = list.rect.top() + row as f32 * theme::LEGEND_ROW;
        let size = vec2(list.rect.width(), theme::LEGEND_ROW);
        let rect = Rect::from_min_size(pos2(list.rect.left(), top), size);
        let steps_back = others && data.is_zero();
        let color = if steps_back { palette.faint } else { palette.text };
        let response = row_ui(ui, rect, (table, index), color);
        let swatch = rect.left_center() + vec2(7.0, 0.0);
        Look::of(&palette, screen.colours, line.role, index).paint(
            ui.painter(),
            swatch,
            style,
            line,
        );
        response.widget_info(|| {
            let [now, min, avg, max] = figures((plot, data), units.of(line), cursor);
            let label = label(line, &units);
            let whole = format!("{label} {now}, min {min}, avg {avg}, max {max}");
            WidgetInfo::labeled(Role::Label, true, whole)
        });
        if response.hovered() {
            hovered = Some(index);
            response.on_hover_ui(|ui| hint_ui(ui, screen, line, data.points.is_empty()));
        }
    }
    ui.painter().extend(table.figures().shapes());
    remember_hover(ui, frame.memory, panel, hovered);
}

/// The rows that are to be seen.
struct List {
    rect: Rect,
    first: usize,
    count: usize,
}

/// Scrolls the rows where not all of them fit into `rect`.
fn scrolled_ui(
    ui: &Ui,
    memory: &mut Memory,
    table: &mut LegendTable,
    rect: Rect,
    all: usize,
) -> List {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let rows = |height: f32| (height / theme::LEGEND_ROW) as usize;
    let count = rows(rect.height() + 2.0).min(all);
    if count == all {
        table.scrolled = 0.0;
        return List { rect, first: 0, count };
    }
    let most = (all - count) as f32 * theme::LEGEND_ROW;
    let before = table.scrolled.clamp(0.0, most);
    let shown = rect.with_max_y(rect.top() + count as f32 * theme::LEGEND_ROW);
    table.scrolled = wheel(ui, memory, rect, before, most);
    let length = shown.height();
    let bar = (length * count as f32 / all as f32).max(BAR_LEAST).min(length);
    let grip = shown.with_min_x(shown.right() - BAR_GRIP);
    let response = ui.interact(grip, ui.scope_id().with("legend bar"), Sense::drag());
    response.widget_info(|| WidgetInfo::labeled(Role::ScrollBar, true, "More lines"));
    if response.dragged() && length > bar {
        table.scrolled += response.drag_delta().y * most / (length - bar);
    }
    table.scrolled = table.scrolled.clamp(0.0, most);
    let palette = Palette::of(ui);
    let top = shown.top() + (length - bar) * table.scrolled / most;
    let place = Rect::from_x_y_ranges(shown.right() - BAR..=shown.right(), top..=top + bar);
    let is_held = response.hovered() || response.dragged();
    let color = if is_held { palette.dim } else { theme::faded(palette.dim, 0.5) };
    ui.painter().rect_filled(place, BAR / 2.0, color);
    let first = rows(table.scrolled + theme::LEGEND_ROW / 2.0);
    List { rect: rect.with_max_x(rect.right() - BAR_GRIP), first, count }
}

/// Where the wheel scrolls the rows to. A turn that began here stays here until the wheel rests,
/// also where there is nothing left to scroll; one that began elsewhere does nothing here.
fn wheel(ui: &Ui, memory: &mut Memory, rect: Rect, from: f32, most: f32) -> f32 {
    let (turned, now) = ui.input(|input| (input.smooth_scroll_delta.y, input.time));
    if turned == 0.0 || !ui.rect_contains_pointer(rect) || memory.is_scrolling(ui) {
        return from;
    }
    let id = ui.scope_id();
    let to = (from - turned).clamp(0.0, most);
    let began = |(of, at)| of == id && now - at < WHEEL_RESTS;
    #[expect(clippy::float_cmp, reason = "clamped to the same end")]
    let moves = to != from;
    if moves || memory.legend_wheel.is_some_and(began) {
        memory.legend_wheel = Some((id, now));
        ui.input_mut(|input| input.smooth_scroll_delta.y = 0.0);
    }
    to
}

/// What the columns are.
fn head_ui(ui: &Ui, head: Rect, table: &LegendTable, texts: [&str; 4], color: Color32) {
    let columns = table.columns();
    for (right, text) in columns.rights.iter().zip(texts).take(columns.shown) {
        let at = pos2(head.left() + right, head.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, theme::tick(), color);
    }
}

/// One line of the table without its figures.
fn row_ui(ui: &Ui, row: Rect, (table, index): (&LegendTable, usize), color: Color32) -> Response {
    let palette = Palette::of(ui);
    let response = ui.interact(row, ui.scope_id().with(("legend", index)), Sense::hover());
    if response.hovered() {
        ui.painter().rect_filled(row.expand2(vec2(4.0, 0.0)), 3.0, palette.selected);
    }
    if let Some((name, _)) = table.name_of(index) {
        let at = row.left_center() + vec2(NAME_LEFT, 0.0);
        one_row(ui, at, Align2::LEFT_CENTER, name, color);
    }
    response
}

/// The whole name of a line, and why nothing is drawn of it.
fn hint_ui(ui: &mut Ui, screen: &Screen<'_>, line: &Line, is_empty: bool) {
    ui.label(display_safe(&line.label));
    ui.label(egui::RichText::new(screen.series_text(line)).small());
    if is_empty {
        ui.label(screen.why_empty(line.series.iter().copied()));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_below_a_plot_takes_at_most_its_share_in_whole_rows() {
        let wanted = height_of(ROWS_MAX);
        for both in [229.0, 300.0, 411.0, 600.0] {
            let height = height_in(both, wanted);
            assert!(height <= SHARE_MAX * both || height == height_of(ROWS_LEAST), "{both}");
            let rows = (height - AROUND) / theme::LEGEND_ROW;
            assert!((rows - rows.round()).abs() < 1e-4, "{both} {rows}");
        }
        assert_eq!(height_in(900.0, wanted), wanted);
        assert_eq!(height_in(229.0, height_of(2)), height_of(2));
    }

    #[test]
    fn what_a_plot_gives_its_legend_is_what_both_give() {
        for plot in [132.0, 200.0, 333.0, 500.0] {
            for wanted in [height_of(2), height_of(9), height_of(ROWS_MAX)] {
                let both = plot + height_at(plot, wanted);
                let difference = height_at(plot, wanted) - height_in(both, wanted);
                assert!((-0.1..theme::LEGEND_ROW).contains(&difference), "{plot} {wanted}");
            }
        }
    }
}
