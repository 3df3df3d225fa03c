//! The table of all hosts: a head that stands still, and below it one row a host.
//!
//! Only the rows on screen are drawn, and only their lines are made.

mod cells;
mod columns;
mod head;

use super::theme::{self, Palette};
use super::widgets::{elided, say_selected};
use super::{Frame, Pointed};
use crate::session::{HostContent, Screen, Tone};
use crate::view::Action;
use crate::view::command::CLOSE;
use crate::view::fleet::{Fleet, FleetAction, Measure};
use crate::view::health::Freshness;
use crate::view::selection::Scope;
pub use cells::FleetLines;
use cells::Shown;
pub(super) use columns::Adding;
use eframe::egui::{
    self, Align2, PointerButton, Rect, Role, Sense, Stroke, Ui, UiBuilder, Vec2, WidgetInfo, pos2,
    vec2,
};
use std::ops::Range;
use std::sync::Arc;

/// Around the text of a chip.
const CHIP_MARGIN: Vec2 = vec2(6.0, 2.0);
/// Height of a row.
pub(super) const ROW: f32 = 34.0;
/// Narrowest and widest column of names.
const HOST_WIDTH: (f32, f32) = (130.0, 280.0);
/// Room for a value, `1,023 Mbit/s`.
const VALUE_WIDTH: f32 = 82.0;
/// Where lines would be narrower the table is scrolled sideways,
const LINE_WIDTH_MIN: f32 = 32.0;
/// but in one that is not wider than this they are left out.
const NARROW: f32 = 700.0;
/// A pointer that stood still for longer is not on its way to a row.
const RESTS_SECS: f32 = 8.0;
/// Between a line and its value.
const LINE_GAP: f32 = 4.0;
/// Between the columns.
const BETWEEN: f32 = 14.0;

/// Where the columns stand, points from the left of the table.
#[derive(Clone, Debug, PartialEq)]
struct Places {
    host: f32,
    columns: Vec<Range<f32>>,
    /// Room for the value at the right of each.
    values: Vec<f32>,
    /// How wide the lines are; none where there is no room for them.
    line: Option<f32>,
}

impl Places {
    /// Of columns with values of these widths, in a table of that width. All lines have one width;
    /// in a narrow table they are left out.
    fn new(values: Vec<f32>, width: f32) -> Self {
        let host = (0.16 * width).clamp(HOST_WIDTH.0, HOST_WIDTH.1);
        let count = values.len() as f32;
        let rest = width - host - values.iter().map(|value| value + BETWEEN).sum::<f32>();
        let rest = if count > 0.0 { (rest / count).max(0.0) } else { 0.0 };
        let has_lines = width > NARROW;
        let rest = if has_lines { rest.max(LINE_WIDTH_MIN + LINE_GAP) } else { rest };
        let mut left = host;
        let columns = values.iter().map(|value| {
            let start = left;
            left += value + BETWEEN + rest;
            start..left - BETWEEN
        });
        let columns = columns.collect();
        Self { host, columns, values, line: has_lines.then_some(rest - LINE_GAP) }
    }

    /// The width of all.
    fn width(&self) -> f32 {
        self.columns.last().map_or(self.host, |column| column.end + BETWEEN)
    }

    /// Where a column is, without what is between it and the next.
    fn column(&self, place: usize) -> Range<f32> {
        self.columns.get(place).cloned().unwrap_or_default()
    }

    /// Room for the value of a column.
    fn value(&self, place: usize) -> f32 {
        let room = self.values.get(place).copied().unwrap_or_default();
        // Where there is no line its room is for the value.
        if self.line.is_some() { room } else { self.column(place).end - self.column(place).start }
    }
}

/// Room for a value of a column: of what shares no unit with others the longest that there is.
const fn value_width(measure: Option<Measure>) -> f32 {
    match measure {
        Some(Measure::Load) => 40.0,
        Some(Measure::Cpu | Measure::Filesystem) => 50.0,
        Some(Measure::Memory) => 68.0,
        Some(Measure::Network | Measure::Disk) | None => VALUE_WIDTH,
    }
}

/// Draws the table into the canvas.
pub(super) fn fleet_ui(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet) {
    let palette = Palette::of(ui);
    frame.memory.menu_over_table = egui::Popup::is_any_open(ui.ctx());
    let whole = ui.available_rect_before_wrap();
    let rect = whole.shrink(theme::GAP).with_max_y(whole.bottom() - theme::GAP);
    let stroke = Stroke::new(1.0, palette.line);
    let inside = egui::StrokeKind::Inside;
    ui.painter().rect(rect, theme::PANEL_RADIUS, palette.panel, stroke, inside);
    let inner = rect.shrink2(vec2(14.0, 8.0));
    ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        head::title_ui(ui, frame, fleet);
        ui.add_space(6.0);
        let values = fleet.columns.iter().map(|column| value_width(column.measure()));
        let places = Places::new(values.collect(), inner.width());
        let height = ui.available_height();
        let scroll = egui::ScrollArea::horizontal().auto_shrink(false).max_height(height);
        scroll.id_salt("columns").show(ui, |ui| {
            ui.set_width(places.width());
            head::columns_ui(ui, frame, fleet, &places);
            rows_ui(ui, frame, fleet, &places);
        });
    });
    columns::drop_ui(ui, frame, rect);
}

fn rows_ui(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet, places: &Places) {
    let screen = frame.screen;
    let table = &screen.derived.fleet;
    if table.is_empty() {
        return empty_ui(ui, screen, fleet);
    }
    let height = ui.available_height();
    let mut seen = Rect::NOTHING;
    let output = egui::ScrollArea::vertical().auto_shrink(false).id_salt("hosts").show_viewport(
        ui,
        |ui, view| {
            ui.set_height(ROW * table.len() as f32);
            scroll(ui, frame, height);
            seen = view;
            let top = ui.max_rect().top();
            let shown = in_view(view, table.len());
            follow_cursor(ui, frame, top);
            let rows: Vec<_> = shown
                .filter_map(|place| {
                    let content = screen.host_content(fleet, place)?;
                    let top = top + ROW * place as f32;
                    let left = ui.max_rect().left();
                    let size = vec2(places.width(), ROW);
                    let rect = Rect::from_min_size(pos2(left, top), size);
                    Some(Shown { row: table.row(place)?, content, rect })
                })
                .collect();
            for shown in &rows {
                row_ui(ui, frame, shown, places);
            }
            cells::lines_ui(ui, frame, fleet, &rows, places);
        },
    );
    hold(ui, frame, output.inner_rect);
}

/// The rows that are seen.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn in_view(view: Rect, count: usize) -> Range<usize> {
    let first = (view.top() / ROW).floor().max(0.0) as usize;
    let end = (view.bottom() / ROW).ceil().max(0.0) as usize;
    first.min(count)..end.min(count)
}

/// The order stands still while the pointer is on the rows and was moved lately: nothing moves
/// below the hand, and a pointer that was left there stops nothing.
fn hold(ui: &Ui, frame: &mut Frame<'_>, rows: Rect) {
    let rests = ui.input(|input| input.pointer.time_since_last_movement());
    let holds = ui.rect_contains_pointer(rows) && rests < RESTS_SECS;
    if holds != frame.screen.view.holds_order {
        frame.actions.push(Action::Fleet(FleetAction::Hold(holds)));
    }
}

/// Scrolls by pages, each most of the height.
fn scroll(ui: &Ui, frame: &mut Frame<'_>, height: f32) {
    let pages = std::mem::take(&mut frame.memory.pages);
    if pages != 0.0 {
        ui.scroll_with_delta(vec2(0.0, -pages * 0.85 * height));
    }
}

/// Brings the row into sight that the keyboard was put on.
fn follow_cursor(ui: &Ui, frame: &mut Frame<'_>, top: f32) {
    let screen = frame.screen;
    let cursor = screen.view.host_cursor.as_ref();
    if frame.memory.host_in_sight.as_ref() == cursor {
        return;
    }
    frame.memory.host_in_sight = cursor.cloned();
    let Some(place) = cursor.and_then(|host| screen.derived.fleet.place_of(host)) else { return };
    let at = pos2(ui.max_rect().left(), top + ROW * place as f32);
    ui.scroll_to_rect(Rect::from_min_size(at, vec2(1.0, ROW)), None);
}

fn empty_ui(ui: &mut Ui, screen: &Screen<'_>, fleet: &Fleet) {
    let text = if fleet.filter.is_empty() {
        "No hosts yet.".to_owned()
    } else {
        let close = screen.view.keymap.key(&CLOSE);
        format!("No host has a series that matches. {close} leaves the filter and clears it.")
    };
    ui.add_space(16.0);
    ui.label(egui::RichText::new(text).color(Palette::of(ui).dim));
}

fn row_ui(ui: &mut Ui, frame: &mut Frame<'_>, shown: &Shown<'_>, places: &Places) {
    let Shown { row, content, rect } = shown;
    let rect = *rect;
    let id = egui::Id::unique(("host row", &row.host));
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| {
        let name = accessible(content);
        WidgetInfo::selected(Role::Row, true, content.is_pointed, name)
    });
    say_selected(ui, id, content.is_pointed);
    if response.gained_focus() && !content.is_pointed {
        let host = Some(Arc::clone(&row.host));
        frame.actions.push(Action::Fleet(FleetAction::SetCursor(host)));
    }
    frame.memory.point(&response, Pointed::Host(Arc::clone(&row.host)), content.is_pointed);
    let palette = Palette::of(ui);
    if content.is_pointed || response.hovered() {
        let strength = if content.is_pointed { 1.0 } else { 0.55 };
        ui.painter().rect_filled(rect, 0.0, theme::faded(palette.selected, strength));
    }
    if content.is_pointed || response.has_focus() {
        let stroke = Stroke::new(1.0, theme::faded(palette.accent, 0.7));
        ui.painter().rect_stroke(rect.shrink(1.0), 4.0, stroke, egui::StrokeKind::Inside);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, palette.grid));
    name_ui(ui, content, rect.with_max_x(rect.left() + places.host - BETWEEN));
    cells::values_ui(ui, frame.screen, content, rect, places);
    clicked(ui, frame, &row.host, &response);
    if let Some(tooltip) = tooltip_at(ui, content, rect, places) {
        response.on_hover_text_at_pointer(tooltip);
    }
}

/// What is to be known of the cell under the pointer, or of the host.
fn tooltip_at<'a>(
    ui: &Ui,
    content: &'a HostContent,
    rect: Rect,
    places: &Places,
) -> Option<&'a str> {
    let x = ui.ctx().pointer_hover_pos()?.x - rect.left();
    if x < places.host {
        return Some(&content.tooltip);
    }
    let mut cells = content.cells.iter().enumerate();
    let (_, cell) = cells.find(|(place, _)| places.column(*place).contains(&x))?;
    Some(cell.tooltip.as_str()).filter(|text| !text.is_empty())
}

fn name_ui(ui: &Ui, content: &HostContent, rect: Rect) {
    let palette = Palette::of(ui);
    let is_silent = content.freshness == Freshness::Stale;
    let color = if is_silent { palette.faint } else { palette.text };
    let notes = content.notes.iter().map(|(note, tone)| {
        let color = palette.tone(*tone);
        (ui.painter().layout_no_wrap(note.clone(), theme::tick(), color), color)
    });
    let notes: Vec<_> = notes.collect();
    let font = theme::medium(12.5);
    let name = ui.painter().layout_no_wrap(content.label.clone(), font.clone(), color).size().x;
    let chips: f32 = notes.iter().map(|(note, _)| note.size().x + CHIP_MARGIN.x * 2.0 + 4.0).sum();
    let left = rect.left() + 16.0;
    let is_beside = left + name + 4.0 + chips <= rect.right();
    // What does not fit beside the name stands below it.
    let is_below = !notes.is_empty() && !is_beside;
    let middle = rect.center().y - if is_below { 6.5 } else { 0.0 };
    super::sidebar::age_dot(ui, pos2(rect.left() + 6.0, middle), content.freshness, &palette);
    let room = rect.right() - left;
    let at = pos2(left, middle);
    let (name, _) = elided(ui, at, Align2::LEFT_CENTER, room, &content.label, font, color);
    if is_below {
        let text: Vec<_> = content.notes.iter().map(|(note, _)| note.as_str()).collect();
        let color = notes.iter().map(|(_, color)| *color).next_back().unwrap_or(color);
        let at = pos2(left, rect.center().y + 8.0);
        elided(ui, at, Align2::LEFT_CENTER, room, &text.join(" · "), theme::tick(), color);
        return;
    }
    let mut left = name.right() + 8.0;
    for (note, color) in notes {
        let size = note.size() + 2.0 * CHIP_MARGIN;
        let chip = Rect::from_min_size(pos2(left, middle - size.y / 2.0), size);
        let stroke = Stroke::new(1.0, theme::faded(color, 0.4));
        ui.painter().rect_stroke(chip, size.y / 2.0, stroke, egui::StrokeKind::Inside);
        ui.painter().galley(chip.min + CHIP_MARGIN, note, color);
        left = chip.right() + 4.0;
    }
}

/// A click shows the host; with Ctrl, or by the middle button, on a tab of its own.
fn clicked(ui: &Ui, frame: &mut Frame<'_>, host: &Arc<str>, response: &egui::Response) {
    if frame.memory.menu_over_table {
        // The click closes the menu, and does no more.
        return;
    }
    let scope = || Scope::Host(Arc::clone(host));
    let beside = ui.input(|input| input.modifiers.command || input.modifiers.ctrl);
    if response.clicked_by(PointerButton::Middle) || response.clicked() && beside {
        frame.actions.push(Action::SelectInNewTab(scope()));
    } else if response.clicked() {
        frame.actions.push(Action::Select(scope()));
    }
}

/// What is seen of a row, in words.
fn accessible(content: &HostContent) -> String {
    let notes = content.notes.iter().map(|(note, _)| note.as_str());
    let values = content.cells.iter().map(|cell| cell.value.as_str());
    [content.label.as_str()].into_iter().chain(notes).chain(values).collect::<Vec<_>>().join(", ")
}

/// The colour of a note beside a title.
fn tone_text(text: &str, tone: Tone, palette: &Palette) -> egui::RichText {
    egui::RichText::new(text).size(11.5).color(palette.tone(tone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_the_width_and_are_never_narrower_than_their_values() {
        for width in [300.0, 640.0, 1_000.0, 1_600.0, 2_560.0] {
            for values in [vec![], vec![82.0], vec![50.0, 68.0, 40.0, 82.0], vec![82.0; 20]] {
                let places = Places::new(values.clone(), width);
                for (place, value) in values.iter().enumerate() {
                    let column = places.column(place);
                    assert!(column.end - column.start >= value - 0.01, "{width} {places:?}");
                    assert!(column.start >= places.host && column.end <= places.width() + 0.01);
                    assert!(places.value(place) >= value - 0.01);
                }
                let line = places.line.map_or(0.0, |_| LINE_WIDTH_MIN + LINE_GAP);
                let least: f32 = values.iter().map(|value| value + BETWEEN + line).sum();
                let fits = HOST_WIDTH.1 + least <= width;
                assert!(!fits || places.width() <= width + 0.1, "{width} {places:?}");
            }
        }
    }

    #[test]
    fn a_small_laptop_has_room_for_the_lines_beside_the_sidebar() {
        let values = Measure::ALL.map(|measure| value_width(Some(measure))).to_vec();
        let inner = 1_280.0 - theme::SIDEBAR - 2.0 * theme::GAP - 28.0;
        let places = Places::new(values.clone(), inner);
        assert!(places.line.is_some_and(|line| line > 40.0) && places.width() <= inner + 0.1);
        assert!(Places::new(values, 640.0).line.is_none());
    }

    #[test]
    fn only_rows_that_are_seen_are_drawn() {
        let view = |top: f32, height: f32| Rect::from_min_size(pos2(0.0, top), vec2(100.0, height));
        assert_eq!(in_view(view(0.0, 10.0 * ROW), 1_000), 0..10);
        assert_eq!(in_view(view(2.5 * ROW, 3.0 * ROW), 1_000), 2..6);
        assert_eq!(in_view(view(0.0, 10.0 * ROW), 3), 0..3);
        assert_eq!(in_view(view(990.0 * ROW, 10.0 * ROW), 995), 990..995);
        assert_eq!(in_view(view(-5.0, 0.0), 0), 0..0);
    }
}
