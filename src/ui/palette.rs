//! The palette: a field over the canvas, and what was found for its text.
//!
//! While it is open every key is its own. Keys act in the order in which they were pressed: one
//! that is about results waits in the frame's memory until there are those of what was typed
//! before it.

use super::Frame;
use super::keys::{chord, is_typed};
use super::theme::{self, Palette};
use super::widgets::{elided, magnifier, say_selected};
use crate::session::Screen;
use crate::view::Action;
use crate::view::command::{Focus, PALETTE};
use crate::view::palette::{Found, Press, ROWS_SHOWN, SEARCH_CHARS_MAX, steps, waits_for_rows};
use crate::view::recent::Item;
use eframe::egui::{
    self, Align2, EventFilter, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

/// Widest palette.
const WIDTH_MAX: f32 = 560.0;
/// Height of its field.
const FIELD: f32 = 42.0;
/// Height of a row.
const ROW: f32 = 27.0;
/// Between its edge and its text.
const INSET: f32 = 14.0;
/// Room for the word that says what a row is.
const WORD: f32 = 58.0;

/// What drawing remembers of it.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// It was drawn, so that its field takes what is typed.
    drawn: bool,
    /// Something was chosen, or it was closed, in this frame.
    over: bool,
    /// A row was clicked; the next frame does what it leads to, as the layer below has the keyboard
    /// only after a frame without this one.
    clicked: Option<Found>,
    /// The row that was last brought into sight.
    in_sight: Option<usize>,
}

/// Id of its text field.
fn field_id() -> egui::Id {
    egui::Id::unique("palette field")
}

/// Takes the keys while it is open; those of the text are left to the field.
pub(super) fn keys(ui: &Ui, frame: &mut Frame<'_>) {
    let (screen, ctx) = (frame.screen, ui.ctx());
    let Some(search) = &screen.view.palette else { return };
    if ctx.memory(|memory| memory.focused()) != Some(field_id()) {
        ctx.memory_mut(|memory| memory.request_focus(field_id()));
    }
    let results = &screen.derived.palette;
    let clicked = frame.memory.palette.clicked.take();
    let (mut row, mut chosen, mut over) = (search.row, None, clicked.is_some());
    let mut changed = !results.are_of(search);
    let mut events = std::mem::take(&mut frame.memory.keys_waiting);
    ctx.input(|input| events.extend_from_slice(&input.events));
    let (actions, memory) = (&mut *frame.actions, &mut *frame.memory);
    let (waiting, drawn) = (&mut memory.keys_waiting, memory.palette.drawn);
    events.retain(|event| {
        if !is_typed(event) {
            return true;
        }
        let press = chord(event).and_then(|chord| Press::of(chord, &screen.view.keymap));
        let found = results.rows.get(row);
        let must_wait = must_wait(screen, press, found, changed);
        if over || !drawn || !waiting.is_empty() || must_wait {
            waiting.push(event.clone());
            return false;
        }
        match press {
            None => {
                changed = true;
                return true;
            }
            Some(Press::Close) => {
                actions.push(Action::ClosePalette);
                over = true;
            }
            Some(Press::Choose) => {
                chosen = found;
                over = chosen.is_some();
            }
            Some(press) => {
                row = results.moved(row, press);
                actions.push(Action::SetPaletteRow(row));
            }
        }
        false
    });
    let is_beside_frame = results.is_pending() || screen.derived.rows.is_pending();
    if !waiting.is_empty() && !is_beside_frame {
        ctx.request_repaint();
    }
    ctx.input_mut(|input| input.events = events);
    if over {
        close(ctx, frame);
    }
    if let Some(found) = chosen.or(clicked.as_ref()) {
        choose(ctx, frame, found);
    }
}

/// Whether a key is about results, or for a command about rows of the sidebar, that only a later
/// frame has; `changed`: what was typed so far changes the results.
fn must_wait(
    screen: &Screen<'_>,
    press: Option<Press>,
    found: Option<&Found>,
    changed: bool,
) -> bool {
    let is_for_rows = || found.is_some_and(|found| waits_for_rows(&found.item));
    match press {
        None | Some(Press::Close) => false,
        Some(Press::Choose) => changed || (screen.derived.rows.is_pending() && is_for_rows()),
        Some(_) => changed,
    }
}

/// The keyboard belongs to the canvas again.
fn close(ctx: &egui::Context, frame: &mut Frame<'_>) {
    frame.memory.palette.over = true;
    ctx.memory_mut(|memory| memory.surrender_focus(field_id()));
}

fn choose(ctx: &egui::Context, frame: &mut Frame<'_>, found: &Found) {
    close(ctx, frame);
    let steps = steps(&found.item, &frame.screen.context(Focus::Canvas));
    frame.perform(ctx, steps);
}

pub(super) fn palette_ui(ui: &Ui, frame: &mut Frame<'_>) {
    let (screen, ctx) = (frame.screen, ui.ctx());
    if screen.view.palette.is_none() || frame.memory.palette.over {
        frame.memory.palette = Place::default();
        return;
    }
    let palette = Palette::of(ui);
    let area = ctx.content_rect();
    let width = (area.width() - 2.0 * theme::GAP).clamp(160.0, WIDTH_MAX);
    let top = (area.height() * 0.1).min(96.0);
    let ground = egui::Frame::new()
        .fill(palette.raised)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(theme::PANEL_RADIUS)
        .shadow(ui.visuals().window_shadow);
    let id = egui::Id::unique("palette");
    let place = egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, top));
    let modal = egui::Modal::new(id).area(place).frame(ground).backdrop_color(palette.backdrop);
    let shown = modal.show(ctx, |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        field_ui(ui, frame);
        list_ui(ui, frame, (area.bottom() - top - FIELD - 60.0).max(ROW));
        note_ui(ui, screen);
        ui.is_visible()
    });
    frame.memory.palette.drawn = shown.inner;
    if shown.backdrop_response.clicked() {
        frame.actions.push(Action::ClosePalette);
        close(ctx, frame);
    }
}

fn field_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let Some(search) = &frame.screen.view.palette else { return };
    let palette = Palette::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), FIELD), Sense::hover());
    magnifier(ui.painter(), pos2(rect.left() + INSET + 6.0, rect.center().y), palette.dim);
    let inner = rect.shrink2(vec2(INSET, 0.0)).with_min_x(rect.left() + INSET + 22.0);
    let mut text = search.text.clone();
    let filter =
        EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
    let field = egui::TextEdit::singleline(&mut text)
        .id(field_id())
        .hint_text(egui::RichText::new(PALETTE.title).color(palette.faint))
        .font(egui::FontId::proportional(14.0))
        .char_limit(SEARCH_CHARS_MAX)
        .event_filter(filter)
        .frame(egui::Frame::NONE)
        .align(egui::Align2::LEFT_CENTER)
        .desired_width(f32::INFINITY);
    let response = ui.put(inner, field);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(PALETTE.title));
    if response.changed() {
        frame.actions.push(Action::SetPaletteText(text));
    }
}

/// The rows, in at most `height`.
fn list_ui(ui: &mut Ui, frame: &mut Frame<'_>, height: f32) {
    let rows = &frame.screen.derived.palette.rows;
    if rows.is_empty() {
        return;
    }
    line_ui(ui);
    ui.add_space(5.0);
    let list = ui.scope_id().with("list");
    let shown = ui.scope_builder(egui::UiBuilder::new().scope_id(list), |ui| {
        // Its node comes first: those of the rows belong to it.
        ui.ctx().accesskit_node_builder(ui.unique_id(), |node| node.set_role(Role::ListBox));
        let height = height.min(ROW * ROWS_SHOWN as f32);
        let scroll = egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height);
        scroll.auto_shrink([false, true]).show_rows(ui, ROW, rows.len(), |ui, range| {
            follow_row(ui, frame, range.start);
            for index in range {
                if let Some(found) = rows.get(index) {
                    row_ui(ui, frame, index, found);
                }
            }
        });
    });
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, "Found"));
    ui.add_space(5.0);
}

/// Scrolls to the row that the keyboard moved to; `first` is the row at the top of `ui`.
fn follow_row(ui: &Ui, frame: &mut Frame<'_>, first: usize) {
    let row = frame.screen.view.palette.as_ref().map(|search| search.row);
    if frame.memory.palette.in_sight == row {
        return;
    }
    frame.memory.palette.in_sight = row;
    let Some(row) = row else { return };
    let top = ui.max_rect().top() + (row as f32 - first as f32) * ROW;
    let rect = Rect::from_min_size(pos2(ui.max_rect().left(), top), vec2(1.0, ROW));
    ui.scroll_to_rect(rect, None);
}

fn row_ui(ui: &mut Ui, frame: &mut Frame<'_>, index: usize, found: &Found) {
    let palette = Palette::of(ui);
    let Found { item, kind, label, .. } = found;
    let key = &match item {
        Item::Command(id) => frame.screen.view.keymap.label_of(id),
        _ => String::new(),
    };
    let on = frame.screen.view.palette.as_ref().is_some_and(|search| search.row == index);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let id = egui::Id::unique(("palette row", item));
    let response = ui.interact(rect, id, Sense::click());
    let name = format!("{label} {} {key}", kind.word());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, on, name.trim_end()));
    say_selected(ui, id, on);
    if on {
        ui.ctx().accesskit_node_builder(field_id(), |node| {
            node.set_active_descendant(id.accesskit_id());
        });
    }
    let painter = ui.painter();
    let ground = rect.shrink2(vec2(5.0, 0.0));
    if on || response.hovered() {
        let strength = if on { 1.0 } else { 0.55 };
        let color = theme::faded(palette.selected, strength);
        painter.rect_filled(ground, theme::CONTROL_RADIUS, color);
    }
    if on {
        let bar = Rect::from_min_size(ground.min, vec2(2.0, ground.height()));
        painter.rect_filled(bar, 1.0, palette.accent);
    }
    let at = pos2(rect.right() - INSET - 2.0, rect.center().y);
    let word = kind.word();
    elided(ui, at, Align2::RIGHT_CENTER, WORD, word, theme::small(), palette.dim);
    let right = at.x - WORD;
    let at = pos2(right - 8.0, at.y);
    let key = elided(ui, at, Align2::RIGHT_CENTER, 90.0, key, theme::small(), palette.dim).0;
    let is_cut = label_ui(ui, rect, key.left() - 12.0, found);
    let response = if is_cut { response.on_hover_text(label) } else { response };
    if response.clicked() {
        frame.memory.palette.clicked = Some(found.clone());
        ui.ctx().request_repaint();
    }
}

/// Draws what a row is called as far as `right`, with what was typed made to stand out; returns
/// whether it was cut.
fn label_ui(ui: &Ui, rect: Rect, right: f32, Found { label, marks, .. }: &Found) -> bool {
    let palette = Palette::of(ui);
    let left = rect.left() + INSET;
    let plain = egui::TextFormat::simple(theme::body(), palette.text);
    let marked = egui::TextFormat::simple(theme::medium(12.5), palette.accent);
    let mut job = egui::text::LayoutJob::default();
    let mut append = |part: std::ops::Range<usize>, format: &egui::TextFormat| {
        job.append(label.get(part).unwrap_or_default(), 0.0, format.clone());
    };
    let mut end = 0;
    for mark in marks {
        append(end..mark.start, &plain);
        append(mark.clone(), &marked);
        end = mark.end;
    }
    append(end..label.len(), &plain);
    job.wrap = egui::text::TextWrapping::truncate_at_width((right - left).max(0.0));
    let galley = ui.painter().layout_job(job);
    let is_cut = galley.elided;
    let at = pos2(left, rect.center().y - galley.size().y / 2.0);
    ui.painter_at(rect).galley(at, galley, palette.text);
    is_cut
}

/// That more is looked for, that there are more, or that there is nothing.
fn note_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let note = screen.derived.palette.note();
    if note.is_empty() {
        return;
    }
    line_ui(ui);
    let inset = egui::Margin::symmetric(14, 7);
    egui::Frame::new().inner_margin(inset).show(ui, |ui| {
        let text = egui::RichText::new(note).font(theme::small()).color(Palette::of(ui).dim);
        ui.add(egui::Label::new(text).truncate());
    });
}

fn line_ui(ui: &Ui) {
    let (range, y) = (ui.max_rect().x_range(), ui.cursor().top());
    ui.painter().hline(range, y, Stroke::new(1.0, Palette::of(ui).line));
}
