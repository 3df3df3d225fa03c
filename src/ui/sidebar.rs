//! The sidebar: filter, and the tree of hosts, plugins and series.
//!
//! Only the rows on screen are drawn and only their values are read.

use super::keys::{activate, filter_id, scope_of, toggle};
use super::theme::{self, Palette};
use super::widgets::{Checked, check_box, elided, lock, triangle};
use super::{Frame, Screen};
use crate::metric::{Interval, display_safe};
use crate::store::{HostNode, Mode, PluginNode, Series, SeriesId};
use crate::view::clocks;
use crate::view::health::Freshness;
use crate::view::lookalike::lookalike;
use crate::view::role::Role;
use crate::view::senders::{Protected, about_host};
use crate::view::tree::{self, Row, plugin_label, series_label, series_of};
use crate::view::{Action, format};
use eframe::egui::{
    self, Align2, Color32, Pos2, Rect, Response, RichText, Sense, Shape, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

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
            egui::Frame::new().inner_margin(inset).show(ui, |ui| filter_ui(ui, frame));
            let rows = &screen.rows.rows;
            if rows.is_empty() {
                empty_ui(ui, screen);
            }
            let scroll = egui::ScrollArea::vertical().auto_shrink(false);
            scroll.show_rows(ui, theme::ROW, rows.len(), |ui, range| {
                follow_cursor(ui, frame, range.start);
                for index in range {
                    if let Some(&row) = rows.get(index) {
                        row_ui(ui, frame, index, row);
                    }
                }
            });
        });
}

/// Scrolls to the row that the keyboard moved to; `first` is the row at the top of `ui`.
fn follow_cursor(ui: &Ui, frame: &mut Frame<'_>, first: usize) {
    let screen = frame.screen;
    let cursor = screen.view.cursor;
    if frame.memory.row_in_sight == cursor {
        return;
    }
    frame.memory.row_in_sight = cursor;
    let Some(row) = cursor else { return };
    let rows_below = row as f32 - first as f32;
    let top = ui.max_rect().top() + rows_below * theme::ROW;
    let size = vec2(1.0, theme::ROW);
    ui.scroll_to_rect(Rect::from_min_size(pos2(ui.max_rect().left(), top), size), None);
}

fn filter_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let mut text = screen.view.filter.text().to_owned();
    let label = ui.label(RichText::new("Filter").size(11.5).color(palette.dim));
    ui.add_space(2.0);
    let field = egui::TextEdit::singleline(&mut text)
        .id(filter_id())
        .hint_text(RichText::new("eth0  host:web*  -lo").color(palette.faint))
        .desired_width(f32::INFINITY)
        .margin(egui::Margin::symmetric(8, 6));
    let response = ui.add(field).labelled_by(label.id);
    if response.changed() {
        frame.actions.push(Action::SetFilter(text));
    }
    ui.add_space(6.0);
    ui.label(RichText::new(count_text(screen)).size(11.5).color(palette.dim));
}

fn count_text(screen: &Screen<'_>) -> String {
    let hosts = screen.store.index().hosts().len();
    let series = screen.store.usage().series;
    let count = |n: usize| format::count(u64::try_from(n).unwrap_or(u64::MAX));
    if screen.view.filter.is_empty() {
        let host = if hosts == 1 { "host" } else { "hosts" };
        return format!("{} {host} · {} series", count(hosts), count(series));
    }
    if screen.rows.is_pending() {
        return format!("Filtering {} series …", count(series));
    }
    format!("{} of {} series match", count(screen.rows.matched), count(series))
}

fn empty_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let text = if screen.view.filter.is_empty() {
        "No host has been heard yet."
    } else {
        "Nothing matches. Esc clears the filter."
    };
    ui.add_space(12.0);
    ui.horizontal(|ui| {
        ui.add_space(10.0);
        ui.label(RichText::new(text).color(Palette::of(ui).dim));
    });
}

/// What a row says, gathered before it is drawn.
struct Content {
    level: f32,
    label: String,
    tooltip: String,
    strong: bool,
    open: Option<bool>,
    checked: Option<Checked>,
    color: Color32,
    spark: Option<SeriesId>,
    value: String,
    /// The value says what is wrong.
    warns: bool,
    age: Option<(Interval, Freshness)>,
    protected: Protected,
    /// Its name is not what it looks like.
    odd: bool,
    selected: bool,
}

fn row_ui(ui: &mut Ui, frame: &mut Frame<'_>, index: usize, row: Row) {
    let screen = frame.screen;
    let Some(content) = content(ui, screen, row) else {
        return;
    };
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let id = row_id(screen, row);
    let response = ui.interact(rect, id, Sense::click());
    let name = &content.label;
    response.widget_info(|| {
        let kind = egui::Role::TreeItem;
        WidgetInfo::selected(kind, true, content.selected, accessible(&content))
    });
    paint_ground(ui, screen, rect, index, &content, &response);
    let x = rect.left() + 14.0 + 14.0 * content.level;
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
        check_box(ui, rect, checked, content.color, border);
        if response.clicked() {
            toggle(screen, row, frame.actions);
        }
    }
    let right = paint_value(ui, frame, rect, text_x, &content);
    paint_label(ui, rect, text_x, right, &content, response.clone());
    if response.clicked() {
        frame.actions.push(Action::SetCursor(index));
        activate(screen, row, frame.actions);
    }
}

/// The triangle: opens and closes a row and leaves the canvas alone.
fn opener_ui(ui: &Ui, frame: &mut Frame<'_>, row: Row, center: Pos2, open: bool) {
    let screen = frame.screen;
    let Some(scope) = scope_of(screen, row) else { return };
    let rect = Rect::from_center_size(center, vec2(16.0, theme::ROW));
    let response = ui.interact(rect, row_id(screen, row).with("open"), Sense::click());
    let label = if open { "Close" } else { "Open" };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, label));
    let palette = Palette::of(ui);
    let color = if response.hovered() { palette.text } else { palette.dim };
    triangle(ui, center, open, color);
    if response.clicked() {
        frame.actions.push(Action::SetOpen { scope, open: !open });
    }
}

/// What is seen of the row, in words.
fn accessible(content: &Content) -> String {
    let mut words = content.label.clone();
    if !content.value.is_empty() {
        words = format!("{words} {}", content.value);
    }
    if content.odd {
        words = format!("{words} look-alike");
    }
    if content.protected != Protected::Plain {
        words = format!("{words} {}", content.protected.word());
    }
    if let Some((age, Freshness::Stale)) = content.age {
        words = format!("{words} not heard for {}", format::age(age));
    }
    words
}

fn row_id(screen: &Screen<'_>, row: Row) -> egui::Id {
    match row {
        Row::Series { id, .. } => egui::Id::unique(("series row", id)),
        Row::Host { .. } | Row::Plugin { .. } => egui::Id::unique(("row", scope_of(screen, row))),
    }
}

fn paint_ground(
    ui: &Ui,
    screen: &Screen<'_>,
    rect: Rect,
    index: usize,
    content: &Content,
    response: &Response,
) {
    let palette = Palette::of(ui);
    if content.selected || response.hovered() {
        let strength = if content.selected { 1.0 } else { 0.55 };
        ui.painter().rect_filled(rect, 0.0, theme::faded(palette.selected, strength));
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

/// Draws dot, value and sparkline from the right; returns where they start.
fn paint_value(ui: &Ui, frame: &mut Frame<'_>, rect: Rect, text_x: f32, content: &Content) -> f32 {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let mut right = rect.right() - 14.0;
    if let Some((age, freshness)) = content.age {
        age_dot(ui, pos2(right, rect.center().y), freshness, &palette);
        right -= 10.0;
        if content.protected != Protected::Plain {
            lock(ui.painter(), pos2(right - 6.0, rect.center().y), content.protected, &palette);
            right -= 18.0;
        }
        if freshness == Freshness::Stale {
            let text = format!("{} ago", format::age(age));
            let at = pos2(right, rect.center().y);
            let font = theme::small();
            return elided(ui, at, Align2::RIGHT_CENTER, 90.0, &text, font, palette.dim).0.left();
        }
    }
    if content.value.is_empty() {
        return right;
    }
    let at = pos2(right, rect.center().y);
    let font = theme::body();
    let color = if content.warns { palette.warn } else { palette.dim };
    let left = elided(ui, at, Align2::RIGHT_CENTER, 110.0, &content.value, font, color).0.left();
    // A fixed column, so that the lines stand below one another whatever the numbers are.
    let spark = Rect::from_min_max(
        pos2(rect.right() - 168.0, rect.top() + 6.0),
        pos2(rect.right() - 112.0, rect.bottom() - 6.0),
    );
    // The name goes first: where both do not fit, the sparkline is left out.
    let color = Color32::PLACEHOLDER;
    let name = ui.painter().layout_no_wrap(content.label.clone(), theme::body(), color);
    let fits = text_x + name.size().x + 8.0 < spark.left() && spark.right() < left - 4.0;
    let Some(id) = content.spark.filter(|_| fits) else {
        return left;
    };
    let line = frame.memory.sparklines.get(screen, id, spark);
    ui.painter().add(Shape::line(line, Stroke::new(1.0, content.color)));
    spark.left()
}

/// Filled, half, hollow: never colour alone.
fn age_dot(ui: &Ui, center: Pos2, freshness: Freshness, palette: &Palette) {
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

fn paint_label(ui: &Ui, rect: Rect, x: f32, right: f32, content: &Content, response: Response) {
    let palette = Palette::of(ui);
    let stale = matches!(content.age, Some((_, Freshness::Stale)));
    let color = if stale { palette.faint } else { palette.text };
    let font = if content.strong { theme::medium(12.5) } else { theme::body() };
    let at = pos2(x, rect.center().y);
    let mark = if content.odd { "look-alike" } else { "" };
    let mark = ui.painter().layout_no_wrap(mark.into(), theme::tick(), palette.warn);
    let room = right - x - 8.0 - mark.size().x;
    let name = elided(ui, at, Align2::LEFT_CENTER, room, &content.label, font, color).0;
    let at = pos2(name.right() + 4.0, rect.center().y - mark.size().y / 2.0);
    ui.painter().galley(at, mark, palette.warn);
    response.on_hover_text(&content.tooltip);
}

fn content(ui: &Ui, screen: &Screen<'_>, row: Row) -> Option<Content> {
    let hosts = screen.store.index().hosts();
    match row {
        Row::Host { host } => Some(host_content(ui, screen, hosts.get(host)?)),
        Row::Plugin { host, plugin } => {
            let host = hosts.get(host)?;
            Some(plugin_content(ui, screen, host, host.plugins.get(plugin)?))
        }
        Row::Series { host, plugin, id } => {
            let node = hosts.get(host)?.plugins.get(plugin)?;
            Some(series_content(ui, screen, node, id, screen.store.series(id)?))
        }
    }
}

fn host_content(ui: &Ui, screen: &Screen<'_>, node: &HostNode) -> Content {
    let palette = Palette::of(ui);
    let scope = tree::scope_of_host(node);
    let name = display_safe(&node.name).into_owned();
    let here = screen.reception.local_host() == Some(&*node.name);
    let age = screen.now.since(node.last_seen.arrival);
    let series: usize = node.plugins.iter().map(|plugin| series_of(plugin).count()).sum();
    let mut tooltip = format!("{name}\n{series} series, last heard {} ago", format::age(age));
    if here {
        tooltip.push_str("\nthis machine, measured by collectoscope");
    }
    let wrong = clocks::worst(screen.store.clocks(node), screen.now);
    for clock in screen.store.clocks(node) {
        if let Some(sentence) = clocks::sentence(clock, screen.now) {
            tooltip.push('\n');
            tooltip.push_str(&sentence);
        }
    }
    for sentence in about_host(screen.store.health(), &node.name) {
        tooltip.push('\n');
        tooltip.push_str(&sentence);
    }
    let odd = lookalike(&node.name);
    if let Some(sentence) = &odd {
        tooltip.push('\n');
        tooltip.push_str(sentence);
    }
    let interval = host_interval(screen, node);
    Content {
        level: 0.0,
        label: name,
        tooltip,
        strong: true,
        open: Some(!screen.view.filter.is_empty() || screen.view.open.contains(&scope)),
        checked: None,
        color: palette.dim,
        spark: None,
        value: match wrong.and_then(clocks::short) {
            Some(error) => error,
            None if here => "this machine".into(),
            None => String::new(),
        },
        warns: wrong.is_some(),
        age: Some((age, Freshness::new(age, interval))),
        protected: Protected::of(node, interval),
        odd: odd.is_some(),
        selected: screen.view.selection().scope() == Some(&scope),
    }
}

fn host_interval(screen: &Screen<'_>, node: &HostNode) -> Interval {
    let first = node.plugins.first().and_then(|plugin| series_of(plugin).next());
    first.and_then(|id| screen.store.series(id)).map_or(Interval::from_secs(10), |s| s.interval)
}

fn plugin_content(ui: &Ui, screen: &Screen<'_>, host: &HostNode, node: &PluginNode) -> Content {
    let palette = Palette::of(ui);
    let scope = tree::scope_of_plugin(host, node);
    let label = display_safe(&plugin_label(node)).into_owned();
    let (mut shown, mut count) = (0, 0);
    for id in series_of(node) {
        count += 1;
        shown += usize::from(screen.drawn.contains_key(&id));
    }
    let checked = match shown {
        0 => Checked::No,
        _ if shown == count => Checked::All,
        _ => Checked::Some,
    };
    let age = series_of(node).find_map(|id| age_of(screen, id));
    Content {
        level: 1.0,
        tooltip: format!("{}/{label}\n{count} series, {shown} drawn", display_safe(&host.name)),
        label,
        strong: false,
        open: Some(!screen.view.filter.is_empty() || screen.view.open.contains(&scope)),
        checked: Some(checked),
        color: palette.accent,
        spark: None,
        value: String::new(),
        warns: false,
        age,
        protected: Protected::Plain,
        odd: false,
        selected: screen.view.selection().scope() == Some(&scope),
    }
}

fn age_of(screen: &Screen<'_>, id: SeriesId) -> Option<(Interval, Freshness)> {
    let series = screen.store.series(id)?;
    let reading = screen.store.latest(id, Mode::Raw)?;
    let age = screen.now.since(reading.time);
    Some((age, Freshness::new(age, series.interval)))
}

fn series_content(
    ui: &Ui,
    screen: &Screen<'_>,
    node: &PluginNode,
    id: SeriesId,
    series: &Series,
) -> Content {
    let palette = Palette::of(ui);
    let place = screen.graphs.place(&series.identifier, &series.ds_name);
    let drawn = screen.drawn.get(&id);
    let shown = drawn.is_some();
    let (unit, scale, role) = screen.graphs.drawn_as(series, place);
    let role = drawn.map_or(role, |drawn| drawn.role);
    let mode = screen.view.mode().of(series.kind);
    let reading = screen.store.latest(id, mode);
    let value = reading.and_then(|reading| reading.value).map_or("–".into(), |value| match mode {
        Mode::Rate => unit.with_unit(value * scale),
        Mode::Raw => format::Unit::new("").with_unit(value),
    });
    let interval = format::duration(series.interval.secs_f64());
    let known = if series.known_type { "" } else { ", type not in types.db" };
    let tooltip = format!(
        "{}\n{} ({}{known}), every {interval}",
        series.identifier,
        display_safe(&series.ds_name),
        series.kind.name(),
    );
    let color = palette.series(role, drawn.map_or(0, |drawn| drawn.line));
    Content {
        level: 2.0,
        label: display_safe(&series_label(node, series)).into_owned(),
        tooltip,
        strong: false,
        open: None,
        checked: Some(if shown { Checked::All } else { Checked::No }),
        color: if role.is_some_and(Role::is_unused) { palette.faint } else { color },
        spark: Some(id),
        value,
        warns: false,
        age: age_of(screen, id),
        protected: Protected::Plain,
        odd: false,
        selected: false,
    }
}
