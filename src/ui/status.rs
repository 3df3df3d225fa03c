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
    let frame = egui::Frame::new()
        .fill(palette.surface)
        .inner_margin(egui::Margin::symmetric(12, 0));
    egui::Panel::bottom("status bar")
        .exact_size(theme::STATUS_BAR)
        .frame(frame)
        .show(ui, |ui| {
            ui.horizontal_centered(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                let mut first = true;
                for item in items(screen, &palette) {
                    // What does not fit is left out rather than cut in the middle.
                    let font = theme::small();
                    let galley = ui
                        .painter()
                        .layout_no_wrap(item.text.clone(), font, item.color);
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

fn items(screen: &Screen<'_>, palette: &Palette) -> Vec<Item> {
    let totals = screen.store.health().totals;
    let usage = screen.store.usage();
    let rates = screen.meter.rates();
    let dim = palette.dim;
    let mut items = Vec::new();
    let mut add = |text: String, color: Color32, hint: &str| {
        items.push(Item {
            text,
            color,
            hint: hint.to_owned(),
        });
    };
    let troubled = screen.sources.reports.iter().any(|report| !report.ok);
    let (mark, color) = if troubled {
        ("! ", palette.warn)
    } else {
        ("", dim)
    };
    add(
        format!("{mark}{}", screen.sources.summary),
        color,
        "What is listened to (F2)",
    );
    if let Some(message) = screen.messages.last() {
        let first = message.lines().next().unwrap_or_default().to_owned();
        add(format!("! {first}"), palette.warn, message);
    }
    let received = format!(
        "{:.0} datagrams/s · {} values/s",
        rates.datagrams,
        rate(rates.values)
    );
    add(received, dim, "Received, averaged over five seconds");
    let lost = lost(&totals);
    let (mark, color) = if lost > 0 {
        ("! ", palette.bad)
    } else {
        ("", dim)
    };
    let hint = format!(
        "{} datagrams dropped by the kernel, {} values dropped in the channel, {} lists refused",
        totals.kernel_drops, totals.dropped_values, totals.refused_lists
    );
    add(format!("{mark}lost {}", format::count(lost)), color, &hint);
    if totals.faults > 0 {
        let text = format!("! {} faults", format::count(totals.faults));
        add(
            text,
            palette.warn,
            "Faults in received datagrams (F2 says which)",
        );
    }
    if totals.protected > 0 {
        let text = format!(
            "! {} signed/encrypted, not read yet",
            format::count(totals.protected)
        );
        add(
            text,
            palette.warn,
            "Parts that are signed or encrypted; F2 names their users",
        );
    }
    let unknown = screen.store.health().unknown_types.len();
    if unknown > 0 {
        let types = if unknown == 1 { "type" } else { "types" };
        let hint = "Not in types.db: drawn all the same, data sources named by position";
        add(format!("! {unknown} unknown {types}"), palette.warn, hint);
    }
    if let Some((lag, host)) = lag(screen) {
        let hint = format!("Newest sample to its arrival; the longest of all hosts: {host}");
        add(format!("lag {}", format::age(lag)), dim, &hint);
    }
    let kept = usage.oldest.map_or_else(String::new, |oldest| {
        format!(" · {} kept", format::age(screen.now.since(oldest)))
    });
    let budget = format::bytes(usage.budget_bytes);
    add(
        format!("{} of {budget}{kept}", format::bytes(usage.bytes)),
        dim,
        "Memory of everything received; --memory sets the limit, the oldest goes first",
    );
    add(
        format!("{:.1} ms", screen.frame_millis),
        dim,
        "Work on the last frame",
    );
    items
}

fn rate(values: f64) -> String {
    format::Unit::new("").bare(values.round())
}

/// The longest delay from sample to arrival among hosts heard lately.
fn lag(screen: &Screen<'_>) -> Option<(Interval, String)> {
    let lately = |arrival: CdTime| screen.now.since(arrival) < Interval::from_secs(30);
    let hosts = screen.store.index().hosts().iter();
    hosts
        .filter(|node| lately(node.last_seen.arrival))
        .map(|node| {
            (
                node.last_seen.arrival.since(node.last_seen.sample),
                &node.name,
            )
        })
        .max_by_key(|(lag, _)| *lag)
        .map(|(lag, name)| (lag, crate::metric::display_safe(name).into_owned()))
}
