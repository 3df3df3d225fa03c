//! What lies over the canvas: the sources with their health, and the keys.

use super::clocks::clocks_ui;
use super::keys::HELP;
use super::senders::{conflicts_ui, senders_ui};
use super::theme::{self, Palette};
use super::widgets::heading;
use super::{Frame, Screen};
use crate::ingest::FaultReport;
use crate::metric::display_safe;
use crate::reception::Line;
use crate::store::LossKind;
use crate::view::{Action, Pane, format};
use eframe::egui::{self, RichText, Ui};

/// Faults listed, newest first.
const FAULTS_SHOWN_MAX: usize = 20;
/// Losses listed, newest first.
const LOSSES_SHOWN_MAX: usize = 8;
/// Names of unknown types listed.
const TYPES_SHOWN_MAX: usize = 12;

pub(super) fn pane_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let Some(pane) = screen.view.pane else { return };
    let title = match pane {
        Pane::Sources => "Sources and health",
        Pane::Help => "Keys",
    };
    let mut open = true;
    let area = ui.ctx().content_rect();
    let width = (area.width() - 80.0).clamp(240.0, if pane == Pane::Help { 520.0 } else { 880.0 });
    egui::Window::new(title)
        .open(&mut open)
        .collapsible(false)
        .resizable(false)
        .fixed_size([width, (area.height() - 160.0).clamp(120.0, 560.0)])
        .anchor(egui::Align2::CENTER_CENTER, [0.0, 0.0])
        .show(ui.ctx(), |ui| {
            egui::ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| match pane {
                Pane::Sources => sources_ui(ui, screen),
                Pane::Help => help_ui(ui),
            });
        });
    if !open {
        frame.actions.push(Action::ClosePane);
    }
}

fn help_ui(ui: &mut Ui) {
    let palette = Palette::of(ui);
    egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
        for (key, what) in HELP {
            ui.label(RichText::new(key).font(theme::medium(12.5)));
            ui.add(egui::Label::new(RichText::new(what).color(palette.dim)).wrap());
            ui.end_row();
        }
    });
    ui.add_space(10.0);
    let mouse = "On a plot: the wheel zooms, dragging moves, right- or Alt-dragging frames a span, \
                 Shift and the wheel move, a double click goes back to live.";
    ui.add(egui::Label::new(RichText::new(mouse).color(palette.dim)).wrap());
}

fn sources_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let palette = Palette::of(ui);
    heading(ui, if screen.replay().is_some() { "Replay" } else { "Listening" });
    for Line { ok, text } in screen.reception.lines() {
        let (mark, color) = if *ok { ("ok", palette.live) } else { ("!", palette.warn) };
        ui.horizontal_top(|ui| {
            ui.add_sized([22.0, 16.0], egui::Label::new(RichText::new(mark).color(color)));
            ui.add(egui::Label::new(text).wrap());
        });
    }
    if !screen.messages.is_empty() {
        heading(ui, "Messages");
    }
    for message in screen.messages {
        ui.horizontal_top(|ui| {
            let mark = RichText::new("!").color(palette.warn);
            ui.add_sized([22.0, 16.0], egui::Label::new(mark));
            ui.add(egui::Label::new(message).wrap());
        });
    }
    heading(ui, "Senders");
    ui.scope(|ui| senders_ui(ui, screen));
    clocks_ui(ui, screen);
    let health = screen.store.health();
    if !health.conflicts.is_empty() || !health.shared.is_empty() {
        heading(ui, "Conflicts");
        conflicts_ui(ui, screen);
    }
    totals_ui(ui, screen);
    losses_ui(ui, screen, &palette);
    unknown_ui(ui, screen, &palette);
    faults_ui(ui, screen, &palette);
}

fn totals_ui(ui: &mut Ui, screen: &Screen<'_>) {
    heading(ui, "Since the start");
    let totals = screen.store.health().totals;
    let figures = [
        ("datagrams", totals.datagrams),
        ("value lists", totals.lists),
        ("values", totals.values),
        ("notifications", totals.notifications),
        ("notifications heard twice", screen.store.notifications().heard_again()),
        ("faults", totals.faults.saturating_sub(totals.refused)),
        ("signed or encrypted, refused", totals.refused),
        ("datagrams dropped by the kernel", totals.kernel_drops),
        ("values dropped in the channel", totals.dropped_values),
        ("lists refused for lack of room", totals.refused_lists),
        ("values late", totals.late_values),
        ("values heard twice, kept once", totals.duplicate_values),
        ("values in conflict, not kept", totals.conflicting_values),
        ("late values not kept", totals.late_dropped_values),
        ("samples given up for newer ones", totals.evicted_samples),
    ];
    egui::Grid::new("totals").num_columns(4).spacing([20.0, 3.0]).show(ui, |ui| {
        for pair in figures.chunks(2) {
            for (name, count) in pair {
                ui.label(RichText::new(*name).color(Palette::of(ui).dim));
                ui.label(format::count(*count));
            }
            ui.end_row();
        }
    });
}

/// The newest first, each with its time.
fn losses_ui(ui: &mut Ui, screen: &Screen<'_>, palette: &Palette) {
    let losses = &screen.store.health().losses;
    if losses.is_empty() {
        return;
    }
    heading(ui, "Lost for lack of room");
    for loss in losses.iter().rev().take(LOSSES_SHOWN_MAX) {
        let what = match loss.kind {
            LossKind::Kernel => "datagrams dropped by the kernel",
            LossKind::Channel => "values dropped in the channel",
        };
        let [start, end] =
            [loss.when.start, loss.when.end].map(|time| format::clock(time, screen.zone, 1.0));
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(format!("{start} to {end}")).color(palette.dim));
            ui.label(format!("{} {what}", format::count(loss.count)));
        });
    }
}

fn unknown_ui(ui: &mut Ui, screen: &Screen<'_>, palette: &Palette) {
    let unknown = &screen.store.health().unknown_types;
    if unknown.is_empty() {
        return;
    }
    heading(ui, "Types that types.db does not know, or not with so many values");
    let names: Vec<_> =
        unknown.keys().take(TYPES_SHOWN_MAX).map(|name| display_safe(name)).collect();
    let more = unknown.len().saturating_sub(TYPES_SHOWN_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    ui.add(egui::Label::new(format!("{}{more}", names.join(", "))).wrap());
    let hint = "They are drawn, their data sources named by position; --types-db PATH names them.";
    ui.label(RichText::new(hint).color(palette.dim));
}

/// The newest kept ones; what is wrong again and again in the same way is one row.
fn faults_ui(ui: &mut Ui, screen: &Screen<'_>, palette: &Palette) {
    let faults = &screen.store.health().faults;
    if faults.is_empty() {
        return;
    }
    heading(ui, "Newest faults");
    let mut rows: Vec<(&FaultReport, usize)> = Vec::new();
    for (_, report) in faults.iter().rev() {
        let same = |(known, _): &(&FaultReport, usize)| {
            known.sender == report.sender
                && known.fault == report.fault
                && known.user == report.user
        };
        let full = rows.len() >= FAULTS_SHOWN_MAX;
        let at = rows.iter().position(same);
        if let Some((_, count)) = at.and_then(|at| rows.get_mut(at)) {
            *count += 1;
        } else if !full {
            rows.push((report, 1));
        }
    }
    for (FaultReport { sender, arrival, fault, user }, count) in rows {
        let time = format::clock(*arrival, screen.zone, 1.0);
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(format!("{time}  {sender}")).color(palette.dim));
            let user = user.as_ref().map(|user| format!("user {}, ", display_safe(user)));
            let times = if count > 1 { format!(" ({count} times lately)") } else { String::new() };
            let user = user.unwrap_or_default();
            let text = format!("byte {}: {user}{}{times}", fault.offset_bytes, fault.kind);
            ui.add(egui::Label::new(text).wrap());
        });
    }
}
