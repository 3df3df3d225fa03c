//! A panel's plot: axes, lines, crosshair, and what the pointer does there.
//!
//! egui_plot draws axes and grid and says where the pointer is: bounds come from the window in
//! every frame, and drags and the wheel go back as actions. The lines are painted over its grid.

use super::cache::{Kept, span_of};
use super::legend;
use super::line_texture::LineTexture;
use super::marks::{marks_ui, noted_ui, pointed};
use super::plot_row::Row;
use super::shapes::{MadeFor as DrawnFor, Place};
use super::swatch;
use super::theme::{self, Palette};
use super::{Frame, Memory, right_axis};
use crate::metric::{CdTime, Interval, Span, display_safe};
use crate::session::Screen;
use crate::store::Noted;
use crate::view::Action;
use crate::view::axis::{Axis, CalmAxis, time_step_secs, time_ticks};
use crate::view::format;
use crate::view::graphs::Style;
use crate::view::panels::{Line, Panel};
use crate::view::plot::PanelPlot;
use eframe::egui::{self, Align2, PointerButton, Pos2, Rect, RichText, Sense, Ui, pos2, vec2};
use egui_plot::{AxisHints, GridMark, Plot, PlotBounds, PlotTransform};

/// Left of a plot, for tick labels: the same for all, so that plots stand below one another.
const Y_AXIS_WIDTH: f32 = 50.0;
/// Below a plot, for the time.
const X_AXIS_HEIGHT: f32 = 20.0;
/// Between labels of the time axis, at least.
const TIME_LABEL_WIDTH: f32 = 84.0;
/// Half the width of a label of the time axis.
const LABEL_HALF_WIDTH: f64 = 24.0;
/// Between ticks of the value axis, about.
const TICK_HEIGHT: f32 = 34.0;
/// Lines of a tooltip.
const TOOLTIP_LINES_MAX: usize = 8;

/// Draws the plot of a panel of `row`, and its legend.
pub(super) fn panel_plot_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    panel: &Panel,
    rect: Rect,
    row: Row,
) {
    let screen = frame.screen;
    let width = rect.width() + 24.0;
    let (plot_rect, legend_rect) = if legend::is_beside(width) {
        let (plot, legend) = rect.split_left_right_at_x(rect.right() - legend::BESIDE_WIDTH);
        (plot, legend.with_min_x(legend.left() + 16.0))
    } else {
        let own = legend::wanted_height(panel, width);
        let height = legend::height_in(rect.height(), row.legend.max(own));
        rect.split_top_bottom_at_y(rect.bottom() - height)
    };
    let right_room = if row.right_axis { right_axis::WIDTH } else { 0.0 };
    let plot_rect = plot_rect.with_max_x(plot_rect.right() - right_room);
    let plot_width = (plot_rect.width() - Y_AXIS_WIDTH).max(1.0);
    frame.memory.plot_width = plot_width;
    let mut kept = frame.memory.plots.take(screen, panel, plot_width);
    let ticks = f64::from((plot_rect.height() - X_AXIS_HEIGHT) / TICK_HEIGHT).clamp(2.0, 7.0);
    let mode = screen.view.mode();
    let wanted = match frame.memory.plots.scales.join(panel, mode, kept.plot.extent) {
        Some(extent) => PanelPlot::shared_axis(extent, panel, mode, ticks),
        None => kept.plot.axis(panel, mode, ticks),
    };
    if panel.y.is_some() {
        kept.axis = None;
    }
    let calm = kept.axis.get_or_insert_with(|| CalmAxis::new(wanted));
    let axis = calm.update(wanted, screen.now);
    let second = kept.plot.second_axis(panel, mode, ticks).map(|wanted| {
        let calm = kept.second.get_or_insert_with(|| CalmAxis::new(wanted));
        calm.update(wanted, screen.now)
    });
    plot_ui(ui, frame, panel, &mut kept, (axis, second), plot_rect);
    if kept.plot.pending {
        ui.ctx().request_repaint();
    }
    let lines = (&kept.plot, kept.number);
    legend::legend_ui(ui, frame, panel, lines, &mut kept.legend, (rect, legend_rect));
    frame.memory.plots.put_back(panel, kept);
}

fn plot_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    panel: &Panel,
    kept: &mut Kept,
    (axis, second): (Axis, Option<Axis>),
    rect: Rect,
) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let span =
        kept.made_for.map_or_else(|| span_of(screen, rect.width()), |made_for| made_for.span);
    let cursor = frame.memory.cursor;
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    let response =
        framed_plot(&mut child, screen, panel, axis, span, rect).show(&mut child, |plot_ui| {
            let bounds = PlotBounds::from_min_max(
                [span.start.secs_f64(), axis.lo],
                [span.end.secs_f64(), axis.hi],
            );
            plot_ui.set_plot_bounds(bounds);
        });
    let transform = response.transform;
    let right = second.map(|axis| (axis.lo, axis.hi));
    let place = Place { frame: *transform.frame(), span, lo: axis.lo, hi: axis.hi, right };
    if let Some((axis, unit)) = second.zip(panel.second.as_ref()) {
        right_axis::right_axis_ui(ui, place.frame, axis, unit);
    }
    lines_ui(ui, frame, panel, kept, place);
    let plot = &kept.plot;
    let marks = marks_ui(ui, frame, panel, &transform);
    if let Some(t) = cursor {
        crosshair(ui, &transform, t, &palette);
    }
    if plot.lines.iter().all(|line| line.points.is_empty()) {
        nothing_here(ui, screen, panel, transform.frame(), &palette);
    }
    let response = response.response;
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(egui::Role::Image);
        let (title, host) = (display_safe(&panel.title), screen.host_name(&panel.host));
        node.set_label(format!("Plot of {title} {host}").trim_end());
    });
    pointer_ui(ui, frame, &response, &transform);
    let busy =
        frame.memory.drag_start.is_some() || response.dragged() || screen.view.pane.is_some();
    let x = response.hover_pos().map_or(f32::NAN, |pos| pos.x);
    let noted = pointed(frame, panel, &marks, x);
    if response.hovered() && !busy {
        tooltip(&response, frame, panel, plot, &noted);
    }
    if let Some(noted) = noted.first().filter(|_| response.clicked()) {
        frame.actions.push(Action::PointAt(noted.number));
    }
}

/// The panel's lines and areas.
fn lines_ui(ui: &Ui, frame: &mut Frame<'_>, panel: &Panel, kept: &mut Kept, place: Place) {
    let screen = frame.screen;
    let hover = frame.memory.legend_hover.as_ref().filter(|(key, _)| *key == panel.key);
    let drawn_for = DrawnFor {
        lines: kept.number,
        place,
        dark: ui.visuals().dark_mode,
        highlighted: hover.map(|(_, line)| *line),
        pixels_per_point: ui.pixels_per_point(),
        mode: panel.mode(screen.view.mode()),
    };
    let ink = LineTexture::ink(&mut frame.memory.plots.texture, ui.ctx());
    if kept.drawing.update(drawn_for, panel, &kept.plot, ink) {
        frame.memory.plots.made.drawings += 1;
    }
    ui.painter().with_clip_rect(place.frame).extend(kept.drawing.shapes());
}

fn framed_plot<'a>(
    ui: &mut Ui,
    screen: &'a Screen<'_>,
    panel: &'a Panel,
    axis: Axis,
    span: Span,
    rect: Rect,
) -> Plot<'a> {
    let palette = Palette::of(ui);
    let unit = screen.unit_of(panel);
    let labels = f64::from((rect.width() - Y_AXIS_WIDTH) / TIME_LABEL_WIDTH);
    let step = time_step_secs(span.width(), labels);
    let secs_per_px = span.width().secs_f64() / f64::from((rect.width() - Y_AXIS_WIDTH).max(1.0));
    // Ticks are at round times of whoever's clock it is.
    let shown = screen.shown_time(&panel.host, span.end);
    let half = Interval::from_raw(1 << 29);
    let ahead = shown.saturating_add(half).raw().wrapping_sub(span.end.raw()).cast_signed() >> 30;
    let ahead = i32::try_from(ahead.rem_euclid(86_400)).unwrap_or_default();
    let offset = offset_secs(screen, shown).saturating_add(ahead);
    let mirrored = panel.style == Style::Mirror;
    let largest = axis.lo.abs().max(axis.hi.abs());
    let x_axis = AxisHints::new_x()
        .min_thickness(X_AXIS_HEIGHT)
        .label_spacing(egui::Rangef::new(8.0, 10.0))
        .tick_label_color(palette.faint)
        .tick_label_font(theme::tick())
        .formatter(move |mark: GridMark, _| {
            // Half a label would hang over the panel's edge, or into the lowest value's label.
            let left = (mark.value - span.start.secs_f64()) / secs_per_px;
            let right = (span.end.secs_f64() - mark.value) / secs_per_px;
            if left.min(right) < LABEL_HALF_WIDTH {
                return String::new();
            }
            screen.time_text(&panel.host, mark.value, step)
        });
    let y_axis = AxisHints::new_y()
        .min_thickness(Y_AXIS_WIDTH)
        .label_spacing(egui::Rangef::new(6.0, 8.0))
        .tick_label_color(palette.faint)
        .tick_label_font(theme::tick())
        .formatter(move |mark: GridMark, _| {
            let value = if mirrored { mark.value.abs() } else { mark.value };
            unit.tick(value, axis.step, largest)
        });
    Plot::new("plot")
        .width(rect.width())
        .height(rect.height())
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .show_x(false)
        .show_y(false)
        .show_background(false)
        .set_margin_fraction(vec2(0.0, 0.0))
        .label_formatter(|_| None)
        .sense(Sense::click_and_drag())
        .grid_color(palette.grid)
        .grid_fade(0.0)
        .grid_spacing(egui::Rangef::new(4.0, 6.0))
        .x_grid_spacer(move |_| marks(time_ticks(span, step, offset), step))
        .y_grid_spacer(move |_| marks(axis.ticks(), axis.step))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
}

fn marks(ticks: impl Iterator<Item = f64>, step_size: f64) -> Vec<GridMark> {
    ticks.map(|value| GridMark { value, step_size }).collect()
}

/// Seconds east of UTC at a moment.
fn offset_secs(screen: &Screen<'_>, time: CdTime) -> i32 {
    let secs = i64::try_from(time.secs_nanos().0).unwrap_or(0);
    jiff::Timestamp::from_second(secs).map_or(0, |stamp| screen.zone.to_offset(stamp).seconds())
}

fn crosshair(ui: &Ui, transform: &PlotTransform, t: f64, palette: &Palette) {
    let frame = *transform.frame();
    let x = transform.position_from_point_x(t);
    if !frame.x_range().contains(x) {
        return;
    }
    let stroke = egui::Stroke::new(1.0, theme::faded(palette.dim, 0.9));
    let line = [pos2(x, frame.top()), pos2(x, frame.bottom())];
    ui.painter().extend(egui::Shape::dashed_line(&line, stroke, 3.0, 3.0));
}

/// Says why a plot is empty.
fn nothing_here(ui: &Ui, screen: &Screen<'_>, panel: &Panel, frame: &Rect, palette: &Palette) {
    let ids = panel.drawn().flat_map(|line| &line.series).copied();
    let text = screen.why_empty(ids);
    let width = (frame.width() - 24.0).max(80.0);
    let galley = ui.painter().layout(text, theme::small(), palette.dim, width);
    let rect = Align2::CENTER_CENTER.anchor_size(frame.center(), galley.size());
    // No line of the grid goes through the words.
    ui.painter().rect_filled(rect.expand2(vec2(6.0, 2.0)), 3.0, palette.panel);
    ui.painter().galley(rect.min, galley, palette.dim);
}

/// Wheel, drag, box and double click.
fn pointer_ui(
    ui: &Ui,
    frame: &mut Frame<'_>,
    response: &egui::Response,
    transform: &PlotTransform,
) {
    let screen = frame.screen;
    let span = screen.view.window().span(screen.now);
    let secs_per_px = span.width().secs_f64() / f64::from(transform.frame().width().max(1.0));
    let time_at = |pos: Pos2| transform.value_from_position(pos).x;
    if let Some(pos) = response.hover_pos() {
        frame.memory.next_cursor = Some(time_at(pos));
        if !frame.memory.is_scrolling(ui) {
            wheel(ui, frame, span, time_at(pos), secs_per_px);
        }
    }
    if response.double_clicked_by(PointerButton::Primary) {
        frame.actions.push(Action::GoLive);
        return;
    }
    let alt = ui.input(|input| input.modifiers.alt);
    let boxing = response.dragged_by(PointerButton::Secondary)
        || (response.dragged_by(PointerButton::Primary)
            && (alt || frame.memory.drag_start.is_some()));
    if boxing {
        box_zoom(ui, frame.memory, response, transform);
    } else if response.dragged_by(PointerButton::Primary) {
        let dx = f64::from(response.drag_delta().x);
        if dx != 0.0 {
            frame.actions.push(Action::Pan(-dx * secs_per_px));
        }
        frame.memory.next_cursor = None;
    }
    if response.drag_stopped()
        && let Some(start) = frame.memory.drag_start.take()
        && let Some(pos) = response.interact_pointer_pos().or(ui.ctx().pointer_latest_pos())
    {
        let end = time_at(pos);
        let (a, b) = (start.min(end), start.max(end));
        // Less than three pixels is a click that trembled.
        if b - a > 3.0 * secs_per_px {
            let span = Span::new(CdTime::from_secs_f64(a), CdTime::from_secs_f64(b));
            frame.actions.push(Action::ShowSpan(span));
        }
    }
}

/// The wheel zooms around the pointer; with Shift it moves the window. It is used up here, so that
/// the canvas does not scroll too.
fn wheel(ui: &Ui, frame: &mut Frame<'_>, span: Span, at: f64, secs_per_px: f64) {
    let (delta, shift) = ui
        .input_mut(|input| (std::mem::take(&mut input.smooth_scroll_delta), input.modifiers.shift));
    if delta == egui::Vec2::ZERO {
        return;
    }
    let gesture = frame.memory.wheel_gesture(ui);
    let actions = &mut *frame.actions;
    let sideways = if shift && delta.x == 0.0 { delta.y } else { delta.x };
    if sideways != 0.0 {
        actions.push(Action::Pan(f64::from(-sideways) * secs_per_px));
    }
    if delta.y != 0.0 && !shift {
        let factor = (f64::from(-delta.y) / 200.0).exp();
        let at = CdTime::from_secs_f64(at.min(span.end.secs_f64()));
        actions.push(Action::Zoom { factor, at, gesture });
    }
}

fn box_zoom(ui: &Ui, memory: &mut Memory, response: &egui::Response, transform: &PlotTransform) {
    let palette = Palette::of(ui);
    let Some(pos) = response.interact_pointer_pos() else {
        return;
    };
    let time = transform.value_from_position(pos).x;
    let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(pos);
    let start = *memory.drag_start.get_or_insert_with(|| transform.value_from_position(origin).x);
    let frame = transform.frame();
    let x = |t: f64| transform.position_from_point_x(t).clamp(frame.left(), frame.right());
    let rect = Rect::from_x_y_ranges(x(start.min(time))..=x(start.max(time)), frame.y_range());
    ui.painter().rect(
        rect,
        0.0,
        theme::faded(palette.accent, 0.14),
        egui::Stroke::new(1.0, palette.accent),
        egui::StrokeKind::Inside,
    );
    let width = format::duration((time - start).abs());
    let at = pos2(rect.center().x, rect.top() + 4.0);
    ui.painter().text(at, Align2::CENTER_TOP, width, theme::small(), palette.text);
    memory.next_cursor = None;
}

/// The lines that have a value at `t`, with their numbers, greatest first; and when the newest of
/// these was measured.
fn values_at<'a>(panel: &'a Panel, plot: &PanelPlot, t: f64) -> (Vec<(usize, &'a Line, f64)>, f64) {
    let age_max = 2.5 * plot.interval_secs;
    let (mut rows, mut newest) = (Vec::new(), f64::NEG_INFINITY);
    for (index, (line, data)) in panel.drawn().zip(&plot.lines).enumerate() {
        if let Some(point) = data.at(t, age_max) {
            newest = newest.max(point.t);
            rows.push((index, line, point.value));
        }
    }
    // Numbers of two units are not compared.
    rows.sort_by(|a, b| a.1.second.cmp(&b.1.second).then_with(|| b.2.total_cmp(&a.2)));
    (rows, newest)
}

/// The values at the pointer.
fn tooltip(
    response: &egui::Response,
    frame: &Frame<'_>,
    panel: &Panel,
    plot: &PanelPlot,
    noted: &[&Noted],
) {
    let screen = frame.screen;
    let Some(t) = frame.memory.cursor else { return };
    let (units, style) = (screen.units_of(panel), screen.style_of(panel));
    let (mut rows, newest) = values_at(panel, plot, t);
    if rows.is_empty() && noted.is_empty() {
        return;
    }
    let more = rows.len().saturating_sub(TOOLTIP_LINES_MAX);
    rows.truncate(TOOLTIP_LINES_MAX);
    let head = format!(
        "{} · {} old",
        screen.time_text(&panel.host, newest, 1.0),
        format::age(Interval::from_secs_f64(t - newest)),
    );
    response.clone().on_hover_ui_at_pointer(|ui| {
        let palette = Palette::of(ui);
        ui.spacing_mut().item_spacing = vec2(12.0, 2.0);
        if !noted.is_empty() {
            noted_ui(ui, screen, noted);
        }
        if rows.is_empty() {
            return;
        }
        ui.label(RichText::new(head).size(11.5).color(palette.dim));
        let strong = ui.visuals().strong_text_color();
        let number = |line: &Line, value| {
            let font = egui::FontId::proportional(11.5);
            ui.painter().layout_no_wrap(units.of(line).with_unit(value), font, strong)
        };
        let numbers: Vec<_> = rows.iter().map(|row| number(row.1, row.2)).collect();
        let widest = numbers.iter().map(|number| number.size().x).fold(0.0, f32::max);
        egui::Grid::new("values").num_columns(2).show(ui, |ui| {
            for ((index, line, _), number) in rows.into_iter().zip(numbers) {
                ui.horizontal(|ui| {
                    let size = vec2(swatch::SIZE.0, 12.0);
                    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                    let look = swatch::Look::of(&palette, line.role, index);
                    look.paint(ui.painter(), rect.center(), style, line);
                    ui.label(RichText::new(display_safe(&line.label)).size(11.5));
                });
                // A layout from the right would take all the width that a tooltip may have.
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 0.0;
                    ui.add_space(widest - number.size().x);
                    ui.label(number);
                });
                ui.end_row();
            }
        });
        if more > 0 {
            ui.label(RichText::new(format!("{more} more")).size(11.5).color(palette.dim));
        }
    });
}
