//! The sidebar: filter, and the tree of hosts, plugins and series.
//!
//! Only the rows on screen are drawn and only their values are read.

use super::drag::Dragged;
use super::row_menu::row_menu_ui;
use super::row_values::Column;
use super::sidebar_head::head_ui;
use super::theme::{self, Palette};
use super::widgets::{check_box, elided, lock, one_row, say_selected, triangle};
use super::{Frame, edit};
use crate::session::{Checked, RowContent, Screen, Swatch};
use crate::view::command::CLOSE;
use crate::view::health::Freshness;
use crate::view::names::TabId;
use crate::view::selection::Scope;
use crate::view::senders::Protected;
use crate::view::tree::Row;
use crate::view::{Action, DrawnAs, format};
use eframe::egui::{
    self, Align2, Color32, FontId, Galley, PointerButton, Pos2, Rect, Response, RichText, Sense,
    Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use std::ops::Range;
use std::sync::Arc;

pub(super) fn sidebar_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let ground = egui::Frame::new().fill(palette.surface);
    egui::Panel::left("sidebar")
        .default_size(theme::SIDEBAR)
        .size_range(theme::SIDEBAR_RANGE)
        .frame(ground)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let inset = egui::Margin { left: 10, right: 10, top: 10, bottom: 4 };
            egui::Frame::new().inner_margin(inset).show(ui, |ui| head_ui(ui, frame));
            let rows = &screen.derived.rows.rows;
            if rows.is_empty() {
                empty_ui(ui, screen);
            }
            let scroll = egui::ScrollArea::vertical().auto_shrink(false);
            scroll.show_rows(ui, theme::ROW, rows.len(), |ui, range| {
                follow_cursor(ui, frame, range.start);
                rows_ui(ui, frame, range);
            });
        });
}

/// The rows on screen; their values stand in one column, as wide as the widest.
fn rows_ui(ui: &mut Ui, frame: &mut Frame<'_>, range: Range<usize>) {
    let screen = frame.screen;
    let rows = &screen.derived.rows.rows;
    let seen = range.clone().filter_map(|index| {
        let row = *rows.get(index)?;
        Some((index, row, screen.row(row)?))
    });
    let seen: Vec<_> = seen.collect();
    let made_for = (range.start, range.end, rows.len());
    let contents = seen.iter().map(|(.., content)| content);
    let column = frame.memory.values.begin(ui, made_for, contents);
    for (index, row, content) in seen {
        row_ui(ui, frame, (index, row), &content, column);
    }
    frame.memory.values.paint(ui);
}

/// The tab on screen, and what it shows of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    tab: TabId,
    scope: Option<Scope>,
}

/// Scrolls to the row that the keyboard moved to, or to what is on the canvas when that is another
/// than before; `first` is the row at the top of `ui`.
fn follow_cursor(ui: &Ui, frame: &mut Frame<'_>, first: usize) {
    let screen = frame.screen;
    let cursor = screen.view.cursor;
    let shown = Shown { tab: screen.view.tab().id, scope: screen.view.scope().cloned() };
    let is_other = frame.memory.shown_in_sight.as_ref() != Some(&shown);
    let mut row = None;
    if is_other && !screen.derived.rows.is_pending() {
        frame.memory.shown_in_sight = Some(shown);
        row = screen.row_shown();
    }
    if frame.memory.row_in_sight != cursor {
        frame.memory.row_in_sight = cursor;
        row = cursor.or(row);
    }
    let Some(row) = row else { return };
    let rows_below = row as f32 - first as f32;
    let top = ui.max_rect().top() + rows_below * theme::ROW;
    let size = vec2(1.0, theme::ROW);
    ui.scroll_to_rect(Rect::from_min_size(pos2(ui.max_rect().left(), top), size), None);
}

fn empty_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let text = if screen.view.filter.is_empty() {
        "No hosts yet.".to_owned()
    } else {
        format!(
            "Nothing matches. {} leaves the filter and clears it.",
            screen.view.keymap.key(&CLOSE)
        )
    };
    ui.add_space(12.0);
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        ui.label(RichText::new(text).color(Palette::of(ui).dim));
    });
}

fn row_ui(
    ui: &mut Ui,
    frame: &mut Frame<'_>,
    (index, row): (usize, Row),
    content: &RowContent,
    column: Column,
) {
    let screen = frame.screen;
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let id = row_id(screen, row);
    let response = ui.interact(rect, id, Sense::click_and_drag());
    let name = &content.label;
    response.widget_info(|| {
        let kind = egui::Role::TreeItem;
        let selected = content.selected || content.gathered;
        let mut info = WidgetInfo::selected(kind, true, selected, accessible(content));
        info.current_text_value = Some(content.value.clone()).filter(|_| stands_for(content));
        info
    });
    say_selected(ui, id, content.selected || content.gathered);
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_level(usize::from(content.level) + 1);
        if let Some(open) = content.open {
            node.set_expanded(open);
        }
    });
    paint_ground(ui, screen, rect, index, content, &response);
    let x = rect.left() + 14.0 + 14.0 * f32::from(content.level);
    let mut text_x = x + 8.0;
    if let Some(open) = content.open {
        opener_ui(ui, frame, row, pos2(x - 3.0, rect.center().y), open);
    }
    if let Some(checked) = content.checked {
        let rect = Rect::from_center_size(pos2(x + 13.0, rect.center().y), vec2(12.0, 12.0));
        text_x = rect.right() + 8.0;
        let response = ui.interact(rect.expand(4.0), id.with("check"), Sense::click());
        response.widget_info(|| {
            WidgetInfo::selected(egui::Role::CheckBox, true, checked != Checked::No, name)
        });
        let border = if response.hovered() { Palette::of(ui).dim } else { Palette::of(ui).faint };
        check_box(ui, rect, checked, color_of(content.swatch, screen, &Palette::of(ui)), border);
        if response.clicked() {
            frame.actions.extend(screen.check(row));
        }
    }
    if let Some(Scope::Host(host)) = screen.scope_of(row) {
        let field = rect.with_min_x(text_x - 6.0).shrink2(vec2(4.0, 0.0));
        if edit::alias_ui(ui, frame, &host, field) {
            return;
        }
    }
    let font = if content.strong { theme::medium(12.5) } else { theme::body() };
    let color = Color32::PLACEHOLDER;
    let label = ui.painter().layout_no_wrap(content.label.clone(), font.clone(), color);
    let right = paint_value(ui, frame, (rect, text_x), (content, label.size().x), column);
    paint_label(ui, rect, (text_x, right), content, (label, font));
    hint_ui(screen, row, &response);
    if response.drag_started_by(PointerButton::Primary)
        && let Some((show, panels)) = screen.choice_of(row)
    {
        let (series, name) = (panels == DrawnAs::One, screen.dragged_text(row));
        Dragged::Rows { show, series, name }.start(ui.ctx());
    }
    clicked(ui, frame, (index, row), &response);
    row_menu_ui(frame, index, row, &response);
}

/// A click shows or checks, with Ctrl or Shift it gathers; the middle button opens a tab.
fn clicked(ui: &Ui, frame: &mut Frame<'_>, (index, row): (usize, Row), response: &Response) {
    let screen = frame.screen;
    if response.clicked_by(PointerButton::Middle) {
        frame.actions.extend(screen.open_beside(row));
    }
    if !response.clicked() {
        return;
    }
    let modifiers = ui.input(|input| input.modifiers);
    if modifiers.command || modifiers.ctrl {
        frame.actions.extend(screen.gathering().toggled(index));
    } else if modifiers.shift {
        frame.actions.extend(screen.gathering().extended(index));
    } else {
        frame.actions.push(Action::SetCursor(index));
        frame.actions.extend(screen.press(row));
    }
}

/// The triangle: opens and closes a row and leaves the canvas alone.
fn opener_ui(ui: &Ui, frame: &mut Frame<'_>, row: Row, center: Pos2, open: bool) {
    let screen = frame.screen;
    let Some(name) = screen.name_of(row) else { return };
    let rect = Rect::from_center_size(center, vec2(16.0, theme::ROW));
    let response = ui.interact(rect, row_id(screen, row).with("open"), Sense::click());
    let label = if open { "Close" } else { "Open" };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, label));
    let palette = Palette::of(ui);
    let color = if response.hovered() { palette.text } else { palette.dim };
    triangle(ui, center, open, color);
    if response.clicked() {
        frame.actions.push(Action::SetOpen { row: name, open: !open });
    }
}

/// The value is that of a series below the row.
fn stands_for(content: &RowContent) -> bool {
    content.open.is_some() && content.spark.is_some() && !content.warns
}

/// What is seen of the row, in words.
fn accessible(content: &RowContent) -> String {
    let mut words = content.label.clone();
    let value = if stands_for(content) { "" } else { &content.value };
    for word in [content.note, value] {
        if !word.is_empty() {
            words = format!("{words} {word}");
        }
    }
    if content.odd {
        words = format!("{words} look-alike");
    }
    if content.is_new {
        words = format!("{words} new");
    }
    if content.protected != Protected::Plain {
        words = format!("{words} {}", content.protected.word());
    }
    if let Some((age, Freshness::Stale)) = content.age {
        words = format!("{words} silent for {}", format::age(age));
    }
    words
}

fn row_id(screen: &Screen<'_>, row: Row) -> egui::Id {
    match row {
        Row::Series { id, .. } => egui::Id::unique(("series row", id)),
        _ => egui::Id::unique(("row", screen.name_of(row))),
    }
}

fn paint_ground(
    ui: &Ui,
    screen: &Screen<'_>,
    rect: Rect,
    index: usize,
    content: &RowContent,
    response: &Response,
) {
    let palette = Palette::of(ui);
    if content.selected || content.gathered || response.hovered() {
        let strength = if content.selected || content.gathered { 1.0 } else { 0.55 };
        ui.painter().rect_filled(rect, 0.0, theme::faded(palette.selected, strength));
    }
    if content.gathered {
        gathered_mark(ui, pos2(rect.right() - 5.5, rect.center().y), &palette);
    }
    if content.selected {
        let bar = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(bar, 0.0, palette.accent);
    }
    if screen.view.cursor == Some(index) || response.has_focus() {
        let stroke = Stroke::new(1.0, theme::faded(palette.accent, 0.7));
        ui.painter().rect_stroke(rect.shrink(1.0), 4.0, stroke, egui::StrokeKind::Inside);
    }
}

/// A hook: the row is one of those that are drawn together.
fn gathered_mark(ui: &Ui, center: Pos2, palette: &Palette) {
    let points = [vec2(-2.5, 0.2), vec2(-0.8, 2.4), vec2(2.8, -2.4)];
    let points = points.into_iter().map(|offset| center + offset).collect();
    ui.painter().add(Shape::line(points, Stroke::new(1.6, palette.accent)));
}

/// A name gets at least this much room.
const NAME_MIN: f32 = 64.0;

/// Draws dot, value and sparkline from the right; returns where they start. The name goes first:
/// where not all fit, the sparkline is left out, then the value.
fn paint_value(
    ui: &Ui,
    frame: &mut Frame<'_>,
    (rect, text_x): (Rect, f32),
    (content, name): (&RowContent, f32),
    column: Column,
) -> f32 {
    let palette = Palette::of(ui);
    let mut right = rect.right() - 14.0;
    if let Some((_, freshness)) = content.age {
        age_dot(ui, pos2(right, rect.center().y), freshness, &palette);
    }
    right -= 10.0;
    if content.protected != Protected::Plain {
        lock(ui.painter(), pos2(right - 6.0, rect.center().y), content.protected, &palette);
    }
    right -= column.lock;
    let stale = matches!(content.age, Some((_, Freshness::Stale)));
    let color = if content.warns && !stale { palette.warn } else { palette.dim };
    let at = pos2(right, rect.center().y);
    let room = right - 8.0 - text_x - name.min(NAME_MIN);
    let Some(left) = frame.memory.values.set(ui, at, room, content, color) else {
        return right;
    };
    // In a column of their own, so that the lines stand below one another.
    let end = right - column.width - 6.0;
    let spark = Rect::from_min_max(
        pos2(end - theme::SPARKLINE, rect.top() + 6.0),
        pos2(end, rect.bottom() - 6.0),
    );
    let fits = text_x + name + 8.0 <= spark.left() && spark.right() < left;
    let Some(id) = content.spark.filter(|_| fits) else {
        return left;
    };
    let line = frame.memory.sparklines.get(frame.screen, id, spark);
    let color =
        if stale { palette.faint } else { color_of(content.swatch, frame.screen, &palette) };
    ui.painter().add(Shape::line(line, Stroke::new(1.0, color)));
    spark.left()
}

/// Filled, half, hollow: never colour alone.
pub(super) fn age_dot(ui: &Ui, center: Pos2, freshness: Freshness, palette: &Palette) {
    let painter = ui.painter();
    match freshness {
        Freshness::Fresh => {
            painter.circle_filled(center, 3.2, palette.live);
        }
        Freshness::Late => {
            painter.circle_stroke(center, 3.0, Stroke::new(1.2, palette.warn));
            let half = Rect::from_min_max(center - vec2(4.0, 4.0), center + vec2(0.0, 4.0));
            painter.with_clip_rect(half).circle_filled(center, 3.0, palette.warn);
        }
        Freshness::Stale => {
            painter.circle_stroke(center, 3.0, Stroke::new(1.2, palette.faint));
        }
    }
}

/// Draws the name of a row from `x` on, and what is special about it. `label` is its name in full.
fn paint_label(
    ui: &Ui,
    rect: Rect,
    (x, right): (f32, f32),
    content: &RowContent,
    (label, font): (Arc<Galley>, FontId),
) {
    let palette = Palette::of(ui);
    let stale = matches!(content.age, Some((_, Freshness::Stale)));
    let color = if stale { palette.faint } else { palette.text };
    let at = pos2(x, rect.center().y);
    let word = |text: &str, color| ui.painter().layout_no_wrap(text.into(), theme::tick(), color);
    let mark = content.odd.then(|| word("look-alike", palette.warn));
    let room = right - x - 8.0 - mark.as_ref().map_or(0.0, |mark| mark.size().x);
    let name = if label.size().x <= room {
        one_row(ui, at, Align2::LEFT_CENTER, label, color)
    } else {
        elided(ui, at, Align2::LEFT_CENTER, room, &content.label, font, color).0
    };
    let mut end = name.right() + 4.0;
    if let Some(mark) = mark {
        let at = pos2(end, rect.center().y - mark.size().y / 2.0);
        end += mark.size().x;
        ui.painter().galley(at, mark, palette.warn);
    }
    if content.is_new {
        ui.painter().circle_filled(pos2(end + 4.0, rect.center().y), 2.5, palette.accent);
        end += 8.0;
    }
    if !content.note.is_empty() {
        let note = word(content.note, palette.faint);
        if end + note.size().x + 4.0 < right {
            let at = pos2(end + 2.0, rect.center().y - note.size().y / 2.0);
            ui.painter().galley(at, note, palette.faint);
        }
    }
}

/// What is said of a row where the pointer rests on it, and by a screen reader.
fn hint_ui(screen: &Screen<'_>, row: Row, response: &Response) {
    response.ctx.accesskit_node_builder(response.id, |node| {
        if node.description().is_none() {
            node.set_description(screen.row_hint(row));
        }
    });
    response.clone().on_hover_ui(|ui| {
        ui.set_max_width(ui.spacing().tooltip_width);
        ui.label(screen.row_hint(row));
    });
}

/// The colour of a row's box and line.
fn color_of(swatch: Swatch, screen: &Screen<'_>, palette: &Palette) -> Color32 {
    match swatch {
        Swatch::Quiet => palette.dim,
        Swatch::Control => palette.accent,
        Swatch::Unused => palette.faint,
        Swatch::Line(role, line) => palette.line_of(screen.colours.of(role, line)),
    }
}
