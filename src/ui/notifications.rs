//! The list of notifications below the canvas: newest first, only the rows on screen are drawn.

use super::selector_field::{layout, mistake_ui};
use super::theme::{self, Palette};
use super::widgets::{elided, severity_glyph};
use super::{Frame, empty};
use crate::metric::Severity;
use crate::metric::display_safe;
use crate::session::{NotedText, Screen};
use crate::store::Noted;
use crate::view::Action;
use crate::view::command::{Focus, MARK_SEEN, NOTIFICATIONS};
use eframe::egui::{
    self, Align, Align2, Layout, Rect, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};

/// Height of the list at first.
const HEIGHT: f32 = 216.0;
/// The canvas keeps this height at least.
const CANVAS_MIN: f32 = 120.0;
/// Height of the heading with the controls.
const HEADER: f32 = 38.0;
/// Narrower than this, host and plugin share a column.
const WIDE: f32 = 760.0;

/// The severities, worst first.
const SEVERITIES: [(Severity, &str); 3] =
    [(Severity::Failure, "Failures"), (Severity::Warning, "Warnings"), (Severity::Okay, "Okay")];

/// Where the list stands, from one frame to the next.
#[derive(Debug, Default)]
pub(super) struct ListPlace {
    offset: f32,
    height: f32,
    /// The first row.
    newest: Option<u64>,
    /// The chosen row that was last brought into sight.
    chosen: Option<u64>,
}

pub(super) fn list_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    if !screen.view.notifications.open {
        return;
    }
    let palette = Palette::of(ui);
    let ground = egui::Frame::new().fill(palette.surface);
    let max = (ui.available_height() - CANVAS_MIN).max(100.0);
    egui::Panel::bottom("notifications")
        .resizable(true)
        .default_size(HEIGHT.min(max))
        .size_range(100.0_f32.min(max)..=max)
        .frame(ground)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            header_ui(ui, frame);
            if screen.has_no_notification() {
                nothing_yet_ui(ui, &palette);
            } else if screen.derived.listed.numbers.is_empty() {
                nothing_found_ui(ui, frame);
            } else {
                rows_ui(ui, frame);
            }
        });
}

fn header_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let list = &screen.view.notifications;
    let size = vec2(ui.available_width(), HEADER);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.add_space(12.0);
        if ui.available_width() > WIDE {
            ui.label(RichText::new("Notifications").font(theme::medium(13.0)));
            ui.add_space(6.0);
        }
        for (severity, label) in SEVERITIES {
            let shown = list.shows(severity);
            if toggle(ui, severity, label, shown) {
                frame.actions.push(Action::SetSeverityShown { severity, shown: !shown });
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(6.0);
            let close = ui.add(egui::Button::new("×").min_size(vec2(26.0, 24.0)));
            close
                .widget_info(|| WidgetInfo::labeled(Role::Button, true, "Close the notifications"));
            let key = screen.view.keymap.key(&NOTIFICATIONS);
            let hint = format!("Close the notifications ({key}); all count as seen");
            if close.on_hover_text(hint).clicked() {
                frame.ask(&NOTIFICATIONS);
            }
            let has_unseen = MARK_SEEN.applies(&screen.context(Focus::Canvas));
            let seen = egui::Button::new("Mark all as seen").min_size(vec2(0.0, 24.0));
            if ui.add_enabled(has_unseen, seen).clicked() {
                frame.ask(&MARK_SEEN);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| find_ui(ui, frame));
        });
    });
}

fn find_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let mut text = screen.view.notifications.filter.text().to_owned();
    let label = ui.label(RichText::new("Find").size(11.5).color(palette.dim));
    let filter = &screen.view.notifications.filter;
    let read = (filter.text(), filter.mistakes());
    let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _: f32| layout(ui, text, read);
    let field = egui::TextEdit::singleline(&mut text)
        .id(egui::Id::unique("find notifications"))
        .layouter(&mut layouter)
        .hint_text(RichText::new("disk  host:web*  -okay").color(palette.faint))
        .desired_width((ui.available_width() - 30.0).clamp(40.0, 260.0))
        .margin(egui::Margin::symmetric(8, 4));
    let response = ui.add(field).labelled_by(label.id);
    if response.changed() {
        frame.actions.push(Action::SetNotificationFilter(text));
    }
    mistake_ui(ui, read);
    if let Some(span) = filter.state_words().next() {
        let word = display_safe(filter.text().get(span).unwrap_or_default()).into_owned();
        let text = format!("{word}: a notification has no value");
        ui.label(RichText::new(text).size(11.5).color(palette.bad));
    }
}

/// A severity that is listed or not; true when it was clicked.
fn toggle(ui: &mut Ui, severity: Severity, label: &str, shown: bool) -> bool {
    let palette = Palette::of(ui);
    let color = if shown { palette.text } else { palette.faint };
    let text = if ui.available_width() > 330.0 { label } else { "" };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), theme::small(), color);
    let gap = if text.is_empty() { 0.0 } else { 6.0 };
    let size = vec2(galley.size().x + 26.0 + gap, 24.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, shown, label));
    let border = if response.has_focus() { palette.accent } else { palette.line };
    let fill = if shown || response.hovered() { palette.selected } else { palette.surface };
    ui.painter().rect(
        rect,
        theme::CONTROL_RADIUS,
        fill,
        Stroke::new(1.0, border),
        egui::StrokeKind::Inside,
    );
    let glyph = if shown { palette.severity(severity) } else { palette.faint };
    let center = pos2(rect.left() + 13.0, rect.center().y);
    severity_glyph(ui.painter(), center, severity, glyph, fill);
    let at = pos2(center.x + 7.0 + gap, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
    if !shown {
        let y = rect.center().y;
        let line = Stroke::new(1.0, palette.faint);
        ui.painter().hline(rect.left() + 6.0..=rect.right() - 6.0, y, line);
    }
    let hint = if shown { "listed; click to leave them out" } else { "left out; click to list" };
    response.on_hover_text(format!("{label}: {hint}")).clicked()
}

/// Left edges of the columns, and where the last one ends.
struct Columns {
    time: f32,
    severity: f32,
    host: f32,
    subject: Option<f32>,
    message: f32,
    right: f32,
}

impl Columns {
    fn new(rect: Rect, dated: bool) -> Self {
        let width = rect.width();
        let time = rect.left() + 20.0;
        let severity = time + if dated { 108.0 } else { 64.0 };
        let host = severity + 78.0;
        let (subject, message) = if width > WIDE {
            let subject = host + (0.15 * width).clamp(90.0, 200.0);
            (Some(subject), subject + (0.2 * width).clamp(120.0, 280.0))
        } else {
            (None, host + (0.3 * width).clamp(90.0, 220.0))
        };
        Self { time, severity, host, subject, message, right: rect.right() - 14.0 }
    }
}

fn rows_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let numbers = &screen.derived.listed.numbers;
    let dated = screen.lists_several_days();
    heads_ui(ui, dated);
    let mut scroll = egui::ScrollArea::vertical().auto_shrink(false);
    if let Some(offset) = frame.memory.list.moved(screen) {
        scroll = scroll.vertical_scroll_offset(offset);
    }
    let shown = scroll.show_rows(ui, theme::ROW, numbers.len(), |ui, range| {
        for number in numbers.get(range).unwrap_or_default() {
            if let Some(noted) = screen.noted(*number) {
                row_ui(ui, frame, noted, dated);
            }
        }
    });
    let place = &mut frame.memory.list;
    place.offset = shown.state.unclamped_offset().y;
    place.height = shown.inner_rect.height();
    place.newest = numbers.first().copied();
}

impl ListPlace {
    /// Where to scroll to, if not left to the wheel: what is being read stays where it is when
    /// newer rows come above it, and a row that was pointed at elsewhere comes into sight.
    fn moved(&mut self, screen: &Screen<'_>) -> Option<f32> {
        let numbers = &screen.derived.listed.numbers;
        let position = |number: u64| numbers.partition_point(|&other| other > number);
        let chosen = screen.view.notifications.chosen;
        if self.chosen != chosen {
            self.chosen = chosen;
            let top = position(chosen?) as f32 * theme::ROW;
            let in_sight = top >= self.offset && top + theme::ROW <= self.offset + self.height;
            return (!in_sight).then(|| (top - self.height / 2.0).max(0.0));
        }
        let added = self.newest.map_or(0, position);
        (added > 0 && self.offset > 1.0).then_some(self.offset + added as f32 * theme::ROW)
    }
}

fn heads_ui(ui: &mut Ui, dated: bool) {
    let palette = Palette::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let columns = Columns::new(rect, dated);
    let host = if columns.subject.is_some() { "host" } else { "host and plugin" };
    let heads = [
        (Some(columns.time), "time"),
        (Some(columns.severity), "severity"),
        (Some(columns.host), host),
        (columns.subject, "plugin and type"),
        (Some(columns.message), "message"),
    ];
    for (x, text) in heads {
        if let Some(x) = x {
            let at = pos2(x, rect.center().y);
            ui.painter().text(at, Align2::LEFT_CENTER, text, theme::tick(), palette.faint);
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, palette.line));
}

fn row_ui(ui: &mut Ui, frame: &mut Frame<'_>, noted: &Noted, dated: bool) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let said = &noted.notification;
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let id = egui::Id::unique(("notification", noted.number));
    let response = ui.interact(rect, id, Sense::click());
    let NotedText { host, about, message, .. } = screen.noted_text(noted);
    let time = screen.noted_time(noted, dated);
    let chosen = screen.view.notifications.chosen == Some(noted.number);
    response.widget_info(|| {
        let text = format!("{time} {} {host} {about} {message}", said.severity.name());
        WidgetInfo::selected(Role::ListItem, true, chosen, text)
    });
    ground(ui, rect, chosen, &response, &palette);
    if screen.view.notifications.is_unseen(noted) {
        ui.painter().circle_filled(pos2(rect.left() + 10.0, rect.center().y), 2.5, palette.accent);
    }
    let columns = Columns::new(rect, dated);
    let color = palette.severity(said.severity);
    let glyph = pos2(columns.severity + 6.0, rect.center().y);
    severity_glyph(ui.painter(), glyph, said.severity, color, palette.surface);
    let text = |from: f32, to: f32, text: &str, color| {
        let at = pos2(from, rect.center().y);
        elided(ui, at, Align2::LEFT_CENTER, to - from - 8.0, text, theme::body(), color);
    };
    text(columns.time, columns.severity + 8.0, &time, palette.dim);
    text(columns.severity + 18.0, columns.host, said.severity.name(), color);
    match columns.subject {
        Some(subject) => {
            text(columns.host, subject, &host, palette.text);
            text(subject, columns.message, &about, palette.dim);
        }
        None => {
            let both = format!("{host}  {about}");
            text(columns.host, columns.message, both.trim_end(), palette.text);
        }
    }
    text(columns.message, columns.right, &message, palette.text);
    let clicked = response.clicked();
    response.on_hover_ui(|ui| tooltip_ui(ui, screen, noted));
    if clicked {
        frame.actions.push(screen.show(noted));
    }
}

fn ground(ui: &Ui, rect: Rect, chosen: bool, response: &egui::Response, palette: &Palette) {
    if chosen || response.hovered() {
        let strength = if chosen { 1.0 } else { 0.55 };
        ui.painter().rect_filled(rect, 0.0, theme::faded(palette.selected, strength));
    }
    if chosen {
        let bar = Rect::from_min_size(rect.min, vec2(2.0, rect.height()));
        ui.painter().rect_filled(bar, 0.0, palette.accent);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, theme::faded(palette.accent, 0.7));
        ui.painter().rect_stroke(rect.shrink(1.0), 4.0, stroke, egui::StrokeKind::Inside);
    }
}

/// All that is known of one.
fn tooltip_ui(ui: &mut Ui, screen: &Screen<'_>, noted: &Noted) {
    let palette = Palette::of(ui);
    let said = &noted.notification;
    ui.set_max_width(440.0);
    let NotedText { host, about, message, notes } = screen.noted_text(noted);
    let head = format!("{} · {} · {host}", screen.noted_time(noted, true), said.severity.name());
    ui.label(RichText::new(head).size(11.5).color(palette.dim));
    if !about.is_empty() {
        ui.label(RichText::new(about).size(11.5).color(palette.dim));
    }
    ui.add(egui::Label::new(message).wrap());
    for note in notes {
        ui.label(RichText::new(note).size(11.5).color(palette.dim));
    }
}

fn nothing_found_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    ui.add_space(14.0);
    ui.horizontal(|ui| {
        ui.add_space(20.0);
        let text = format!("Nothing matches; {} left out.", screen.notifications_text());
        ui.label(RichText::new(text).color(Palette::of(ui).dim));
        if ui.button("Show all").clicked() {
            frame.actions.push(Action::SetNotificationFilter(String::new()));
            let all = SEVERITIES.map(|(severity, _)| severity);
            frame
                .actions
                .extend(all.map(|severity| Action::SetSeverityShown { severity, shown: true }));
        }
    });
}

fn nothing_yet_ui(ui: &mut Ui, palette: &Palette) {
    let margin = egui::Margin { left: 20, right: 20, top: 10, bottom: 10 };
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.label("No notifications yet.");
            ui.add_space(4.0);
            let text = "A collectd sends one when a value passes a limit of its threshold plugin, \
                        when a plugin has something to say, or when a program asks it to through \
                        its unixsock plugin. They are listed here, and marked on the plots of what \
                        they are about.";
            ui.add(egui::Label::new(RichText::new(text).color(palette.dim)).wrap());
            empty::snippet(ui, "By a limit, in collectd.conf", THRESHOLD, palette);
            empty::snippet(ui, "By hand, where collectd runs", BY_HAND, palette);
        });
    });
}

const THRESHOLD: &str = "LoadPlugin threshold\n<Plugin threshold>\n  <Type \"load\">\n    \
                         DataSource \"shortterm\"\n    WarningMax 4\n    FailureMax 8\n  \
                         </Type>\n</Plugin>";
const BY_HAND: &str = "echo \"PUTNOTIF host=$(hostname) severity=warning time=$(date +%s) \
                       message=\\\"hello\\\"\" | socat - UNIX-CONNECT:/var/run/collectd-unixsock";
