//! The status bar: what is received, what is lost, what it costs. Items about notifications open
//! their list, every other item the sources.

use super::theme::{self, Palette};
use super::widgets::severity_glyph;
use super::{Frame, Screen};
use crate::metric::{Interval, Severity, display_safe};
use crate::store::{Health, HostClock, HostNode, Shared};
use crate::view::clocks;
use crate::view::health::{Mishap, lag, lost};
use crate::view::notifications::in_words;
use crate::view::senders::{Trouble, conflict_text, refusals, refused_lists, shared_name};
use crate::view::{Action, Pane, format};
use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{self, Color32, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use std::sync::Arc;

/// One item: its text, its colour, what it means.
struct Item {
    text: String,
    color: Color32,
    hint: String,
    /// Drawn before the text.
    glyph: Option<Severity>,
    action: Action,
}

pub(super) fn status_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let palette = Palette::of(ui);
    let ground =
        egui::Frame::new().fill(palette.surface).inner_margin(egui::Margin::symmetric(12, 0));
    egui::Panel::bottom("status bar").exact_size(theme::STATUS_BAR).frame(ground).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let mut first = true;
            for item in items(screen, &palette) {
                let font = theme::small();
                let mut job = LayoutJob::simple_singleline(item.text.clone(), font, item.color);
                job.wrap = TextWrapping::truncate_at_width(ITEM_MAX);
                let galley = ui.painter().layout_job(job);
                let room = if item.glyph.is_some() { GLYPH_ROOM } else { 0.0 };
                let size = vec2(galley.size().x + room, 18.0);
                // What does not fit is left out rather than cut in the middle.
                if ui.available_width() < size.x + 24.0 {
                    break;
                }
                if !first {
                    separator(ui, &palette);
                }
                first = false;
                if item_ui(ui, &item, galley, size, &palette).on_hover_text(&item.hint).clicked() {
                    frame.actions.push(item.action);
                }
            }
        });
    });
}

/// Widest text of an item: names from the network may be long.
const ITEM_MAX: f32 = 330.0;
/// Before the text of an item with a glyph.
const GLYPH_ROOM: f32 = 15.0;

fn item_ui(
    ui: &mut Ui,
    item: &Item,
    galley: Arc<egui::Galley>,
    size: egui::Vec2,
    palette: &Palette,
) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &item.text));
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(vec2(4.0, 0.0)), 3.0, palette.selected);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.0, palette.accent);
        let frame = rect.expand2(vec2(4.0, 0.0));
        ui.painter().rect_stroke(frame, 3.0, stroke, egui::StrokeKind::Inside);
    }
    if let Some(severity) = item.glyph {
        let center = pos2(rect.left() + 5.0, rect.center().y);
        severity_glyph(ui.painter(), center, severity, item.color, palette.surface);
    }
    let at = pos2(rect.right() - galley.size().x, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, item.color);
    response
}

fn separator(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(7.0, 14.0), egui::Sense::hover());
    let stroke = egui::Stroke::new(1.0, palette.line);
    ui.painter().vline(rect.center().x, rect.y_range(), stroke);
}

impl Item {
    fn new(text: String, color: Color32, hint: impl Into<String>) -> Self {
        let action = Action::TogglePane(Pane::Sources);
        Self { text, color, hint: hint.into(), glyph: None, action }
    }

    /// What was wrong, but not lately.
    fn past(self, palette: &Palette) -> Self {
        let hint = format!("Not in the last minute.\n{}", self.hint);
        Self { color: palette.dim, hint, glyph: None, ..self }
    }
}

fn items(screen: &Screen<'_>, palette: &Palette) -> Vec<Item> {
    let mut items = vec![listening(screen, palette)];
    if let Some(message) = screen.messages.last() {
        let first = message.lines().next().unwrap_or_default();
        items.push(Item::new(format!("! {first}"), palette.warn, message));
    }
    // What a person must know first: in a narrow window the rest is left out.
    let health = screen.store.health();
    let refused = refused(health, palette).map(|item| (Mishap::Refused, item));
    let conflicts = conflicts(health, palette).map(|item| (Mishap::Conflicting, item));
    let both = refused.into_iter().chain(conflicts);
    let (recent, past): (Vec<_>, Vec<_>) =
        both.partition(|(mishap, _)| screen.meter.is_recent(*mishap, screen.now));
    items.extend(recent.into_iter().map(|(_, item)| item));
    items.extend(wrong_clocks(screen, palette));
    items.extend(shared_names(screen, palette));
    notifications(screen, palette, &mut items);
    items.push(received(screen, palette));
    troubles(screen, palette, &mut items);
    items.extend(past.into_iter().map(|(_, item)| item.past(palette)));
    if let Some((lag, host)) = lag(screen.store, screen.now) {
        let host = display_safe(host);
        let hint = format!("Newest sample to its arrival; the longest of all hosts: {host}");
        items.push(Item::new(format!("lag {}", format::age(lag)), palette.dim, hint));
    }
    let duplicates = screen.store.health().totals.duplicate_values;
    if duplicates > 0 {
        let hint = "Values heard twice, through two groups, two interfaces or a relay: kept once";
        let text = format!("heard twice {}", format::count(duplicates));
        items.push(Item::new(text, palette.dim, hint));
    }
    items.push(memory(screen, palette));
    let frame = format!("frame {:.1} ms", screen.frame_millis);
    items.push(Item::new(frame, palette.dim, "Work on the last frame"));
    items
}

/// How fast data comes; of a capture that is not waited for, how much came.
fn received(screen: &Screen<'_>, palette: &Palette) -> Item {
    let bare = |number: f64| format::Unit::new("").bare(number);
    if screen.replay().is_some_and(|replay| replay.pace().is_none()) {
        let totals = screen.store.health().totals;
        let datagrams = format::counted(totals.datagrams, "datagram");
        let text = format!("{datagrams} · {} values", bare(totals.values as f64));
        return Item::new(text, palette.dim, "Read from the capture");
    }
    let rates = screen.meter.rates();
    let values = bare(rates.values.round());
    let text = format!("{:.0} datagrams/s · {values} values/s", rates.datagrams);
    Item::new(text, palette.dim, "Received, averaged over five seconds")
}

fn listening(screen: &Screen<'_>, palette: &Palette) -> Item {
    let summary = screen.reception.summary();
    let hint = match screen.replay() {
        None => "What is listened to (F2)",
        Some(_) => "What is read (F2)",
    };
    if screen.has_failed() {
        Item::new(format!("! {summary}"), palette.bad, hint)
    } else if screen.hears() && screen.reception.lines().all(|line| line.ok) {
        Item::new(summary, palette.dim, hint)
    } else {
        Item::new(format!("! {summary}"), palette.warn, hint)
    }
}

/// Those that came since the user last looked, by severity; else how many there are.
fn notifications(screen: &Screen<'_>, palette: &Palette, items: &mut Vec<Item>) {
    let all = screen.store.notifications();
    let action = Action::ToggleNotifications;
    let unseen = screen.view.notifications.unseen(all);
    for (severity, text) in in_words(&unseen) {
        let hint = "Notifications since you last looked (N lists them)";
        let item = Item::new(text, palette.severity(severity), hint);
        items.push(Item { glyph: Some(severity), action: action.clone(), ..item });
    }
    if unseen.total() == 0 {
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let (text, hint) = match count {
            0 => ("no notifications".into(), "What collectd's threshold plugin says (N)"),
            _ => (format::counted(count, "notification"), "All were seen (N lists them)"),
        };
        items.push(Item { action, ..Item::new(text, palette.dim, hint) });
    }
}

/// What was lost, always told; what was wrong, only when something was. What came lately is marked.
fn troubles(screen: &Screen<'_>, palette: &Palette, items: &mut Vec<Item>) {
    let health = screen.store.health();
    let totals = &health.totals;
    let mut hint = format!(
        "{} datagrams dropped by the kernel, {} values dropped in the channel, {} lists refused, \
         {} late values without room",
        totals.kernel_drops,
        totals.dropped_values,
        totals.refused_lists,
        totals.late_dropped_values
    );
    for (sender, lists) in refused_lists(health, REASONS_TOLD_MAX) {
        hint.push_str(&format!("\n{lists} of them from {sender}"));
    }
    let mut push = |text: String, mishap: Mishap, color: Color32, hint: String| {
        items.push(if screen.meter.is_recent(mishap, screen.now) {
            Item::new(format!("! {text}"), color, hint)
        } else {
            Item::new(text, palette.dim, hint)
        });
    };
    let text = format!("lost {}", format::count(lost(totals)));
    push(text, Mishap::Lost, palette.bad, hint);
    if let Some((text, hint)) = unnamed(health) {
        push(text, Mishap::Unnamed, palette.warn, hint);
    }
    let faults = totals.faults.saturating_sub(totals.refused);
    if faults > 0 {
        let hint = "Faults in received datagrams (F2 says which)";
        push(format::counted(faults, "fault"), Mishap::Damaged, palette.warn, hint.into());
    }
    let unknown = health.unknown_types.len() as u64;
    if unknown > 0 {
        let text = format!("! {}", format::counted(unknown, "unknown type"));
        let hint = "Not in types.db: drawn all the same, data sources named by position";
        items.push(Item::new(text, palette.warn, hint));
    }
}

/// The sender with the most value lists that were refused for lack of room, and all that have some.
fn unnamed(health: &Health) -> Option<(String, String)> {
    let line = |(sender, lists): &(String, u64)| {
        format!("{sender}: {} refused", format::counted(*lists, "list"))
    };
    let all = refused_lists(health, REASONS_TOLD_MAX);
    let mut hint = "Value lists that are not kept, as there is no room for their names: known \
                    series go on. A larger --memory has room for more; --max-lists and \
                    --max-lists-per-sender may set less"
        .to_owned();
    for sender in &all {
        hint = format!("{hint}\n{}", line(sender));
    }
    Some((line(all.first()?), hint))
}

/// Signed or encrypted parts that were not taken: the most frequent reason, and how many others.
fn refused(health: &Health, palette: &Palette) -> Option<Item> {
    let troubles = refusals(&health.protected);
    let first = troubles.first()?;
    let what = first.what.split(':').next().unwrap_or_default();
    let text = match troubles.len() {
        1 => format!("refused: {what}"),
        more => format!("refused: {what} +{}", more - 1),
    };
    let sentence =
        |trouble: &Trouble| format!("{}: {}; {}", trouble.count, trouble.what, trouble.next);
    let hint = troubles.iter().take(REASONS_TOLD_MAX).map(sentence).collect::<Vec<_>>().join("\n");
    let severity = if first.grave { Severity::Failure } else { Severity::Warning };
    let item = Item::new(text, palette.severity(severity), hint + "\nF2 says who");
    Some(Item { glyph: Some(severity), ..item })
}

/// Reasons told in a hint.
const REASONS_TOLD_MAX: usize = 5;

/// Hosts that said two things about one moment.
fn conflicts(health: &Health, palette: &Palette) -> Option<Item> {
    let mut hosts = health.conflicts.iter();
    let (first, conflict) = hosts.next()?;
    let text = match hosts.count() {
        0 => format!("conflict: {}", display_safe(first)),
        more => format!("{} hosts in conflict", more + 1),
    };
    let item = Item::new(text, palette.warn, conflict_text(conflict) + "\nF2 names all");
    Some(Item { glyph: Some(Severity::Warning), ..item })
}

/// Hosts whose clock is wrong: their values are drawn, and where.
fn wrong_clocks(screen: &Screen<'_>, palette: &Palette) -> Option<Item> {
    let wrong = clocks::wrong(screen.store, screen.now);
    let (node, clock) = wrong.first()?;
    let error = clocks::short(clock)?;
    let text = match wrong.len() {
        1 => format!("{}: {error}", display_safe(&node.name)),
        more => format!("{more} clocks wrong"),
    };
    let sentence = |(node, clock): &(&HostNode, &HostClock)| {
        let sentence = clocks::sentence(clock, screen.now)?;
        Some(format!("{}: {sentence}", display_safe(&node.name)))
    };
    let hint = wrong.iter().take(REASONS_TOLD_MAX).filter_map(sentence);
    let hint = hint.collect::<Vec<_>>().join("\n") + "\nF2 lists them";
    let item = Item::new(text, palette.warn, hint);
    Some(Item { glyph: Some(Severity::Warning), ..item })
}

/// Host names that several machines use.
fn shared_names(screen: &Screen<'_>, palette: &Palette) -> Option<Item> {
    let lately = |shared: &&Shared| screen.now.since(shared.last_seen) < SHARED_TOLD_MAX;
    let shared = screen.store.health().shared.iter();
    let mut shared = shared.filter(|(_, shared)| lately(shared));
    let (host, first) = shared.next()?;
    let text = match shared.count() {
        0 => format!("two machines named {}", display_safe(host)),
        more => format!("{} names shared by machines", more + 1),
    };
    let item = Item::new(text, palette.warn, shared_name(first) + "\nF2 lists them");
    Some(Item { glyph: Some(Severity::Warning), ..item })
}

/// A name that was shared so long ago is so no more.
const SHARED_TOLD_MAX: Interval = Interval::from_secs(600);

/// Longest history told; no memory holds more of a second's samples.
const KEPT_TOLD_MAX: Interval = Interval::from_secs(366 * 86_400);

fn memory(screen: &Screen<'_>, palette: &Palette) -> Item {
    let usage = screen.store.usage();
    // The samples of a clock that is years off are no history.
    let told = usage.oldest.filter(|oldest| screen.now.since(*oldest) < KEPT_TOLD_MAX);
    let kept = told.map_or_else(String::new, |oldest| {
        format!(" · {} kept", format::age(screen.now.since(oldest)))
    });
    let (bytes, budget) = (format::bytes(usage.bytes), format::bytes(usage.budget_bytes));
    if usage.is_full_of_names() {
        let text = format!("! {} of {budget} are names{kept}", format::bytes(usage.name_bytes));
        let hint = "Names of series take all the room that they may, half of the memory: new ones \
                    of senders that have many are refused. --memory sets the limit; F2 says who \
                    has lists refused";
        return Item::new(text, palette.warn, hint);
    }
    let hint = "Memory of everything received; --memory sets the limit, the oldest goes first";
    Item::new(format!("{bytes} of {budget}{kept}"), palette.dim, hint)
}
