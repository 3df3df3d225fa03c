//! The status bar: what is received, what is lost, what it costs. Every item opens the sources.

use super::Screen;
use super::theme::{self, Palette};
use crate::metric::{CdTime, Interval};
use crate::view::health::lost;
use crate::view::{Action, Pane, format};
use eframe::egui::{self, Color32, RichText, Ui};

/// One item: its text, its colour, what it means.
struct Item {
    text: String,
    color: Color32,
    hint: String,
}

pub(super) fn status_ui(ui: &mut Ui, screen: &Screen<'_>, actions: &mut Vec<Action>) {
    let palette = Palette::of(ui);
    let frame =
        egui::Frame::new().fill(palette.surface).inner_margin(egui::Margin::symmetric(12, 0));
    egui::Panel::bottom("status bar").exact_size(theme::STATUS_BAR).frame(frame).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let mut first = true;
            for item in items(screen, &palette) {
                // What does not fit is left out rather than cut in the middle.
                let font = theme::small();
                let galley = ui.painter().layout_no_wrap(item.text.clone(), font, item.color);
                if ui.available_width() < galley.size().x + 24.0 {
                    break;
                }
                if !first {
                    separator(ui, &palette);
                }
                first = false;
                let text = RichText::new(&item.text).size(11.5).color(item.color);
                let button = egui::Button::new(text).frame(false);
                if ui.add(button).on_hover_text(item.hint).clicked() {
                    actions.push(Action::TogglePane(Pane::Sources));
                }
            }
        });
    });
}

fn separator(ui: &mut Ui, palette: &Palette) {
    let (rect, _) = ui.allocate_exact_size(egui::vec2(7.0, 14.0), egui::Sense::hover());
    let stroke = egui::Stroke::new(1.0, palette.line);
    ui.painter().vline(rect.center().x, rect.y_range(), stroke);
}

impl Item {
    fn new(text: String, color: Color32, hint: impl Into<String>) -> Self {
        Self { text, color, hint: hint.into() }
    }
}

fn items(screen: &Screen<'_>, palette: &Palette) -> Vec<Item> {
    let mut items = vec![listening(screen, palette)];
    if let Some(message) = screen.messages.last() {
        let first = message.lines().next().unwrap_or_default();
        items.push(Item::new(format!("! {first}"), palette.warn, message));
    }
    items.push(received(screen, palette));
    troubles(screen, palette, &mut items);
    if let Some((lag, host)) = lag(screen) {
        let hint = format!("Newest sample to its arrival; the longest of all hosts: {host}");
        items.push(Item::new(format!("lag {}", format::age(lag)), palette.dim, hint));
    }
    items.push(memory(screen, palette));
    let frame = format!("frame {:.1} ms", screen.frame_millis);
    items.push(Item::new(frame, palette.dim, "Work on the last frame"));
    items
}

/// How fast data comes; of a capture that is not waited for, how much came.
fn received(screen: &Screen<'_>, palette: &Palette) -> Item {
    let bare = |number: f64| format::Unit::new("").bare(number);
    if screen.replay.is_some_and(|replay| replay.pace().is_none()) {
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
    let summary = &screen.sources.summary;
    let hint = match screen.replay {
        None => "What is listened to (F2)",
        Some(_) => "What is read (F2)",
    };
    if screen.sources.reports.iter().all(|report| report.ok) {
        Item::new(summary.clone(), palette.dim, hint)
    } else {
        Item::new(format!("! {summary}"), palette.warn, hint)
    }
}

/// What was lost, always told; what was wrong, only when something was.
fn troubles(screen: &Screen<'_>, palette: &Palette, items: &mut Vec<Item>) {
    let health = screen.store.health();
    let totals = &health.totals;
    let hint = format!(
        "{} datagrams dropped by the kernel, {} values dropped in the channel, {} lists refused",
        totals.kernel_drops, totals.dropped_values, totals.refused_lists
    );
    items.push(match lost(totals) {
        0 => Item::new("lost 0".into(), palette.dim, hint),
        lost => Item::new(format!("! lost {}", format::count(lost)), palette.bad, hint),
    });
    let unknown = health.unknown_types.len() as u64;
    let faults = totals.faults.saturating_sub(totals.refused);
    for (count, what, hint) in [
        (
            faults,
            if faults == 1 { "fault" } else { "faults" },
            "Faults in received datagrams (F2 says which)",
        ),
        (
            totals.refused,
            "signed/encrypted refused",
            "Parts that are signed or encrypted and could not be opened; F2 says why",
        ),
        (
            unknown,
            if unknown == 1 { "unknown type" } else { "unknown types" },
            "Not in types.db: drawn all the same, data sources named by position",
        ),
    ] {
        if count > 0 {
            let text = format!("! {} {what}", format::count(count));
            items.push(Item::new(text, palette.warn, hint));
        }
    }
}

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
    let hint = "Memory of everything received; --memory sets the limit, the oldest goes first";
    Item::new(format!("{bytes} of {budget}{kept}"), palette.dim, hint)
}

/// More than this is no delay but a clock that is wrong.
const LAG_MAX: Interval = Interval::from_secs(600);

/// The longest delay from sample to arrival among hosts heard lately.
fn lag(screen: &Screen<'_>) -> Option<(Interval, String)> {
    let lately = |arrival: CdTime| screen.now.since(arrival) < Interval::from_secs(30);
    let hosts = screen.store.index().hosts().iter();
    hosts
        .filter(|node| lately(node.last_seen.arrival))
        .map(|node| (node.last_seen.arrival.since(node.last_seen.sample), &node.name))
        // A clock that is wrong says nothing of the way here.
        .filter(|(lag, _)| *lag < LAG_MAX)
        .max_by_key(|(lag, _)| *lag)
        .map(|(lag, name)| (lag, crate::metric::display_safe(name).into_owned()))
}
