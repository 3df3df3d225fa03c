//! What lies over the canvas: the sources with their health, and the keys.

use super::Frame;
use super::clocks::clocks_ui;
use super::senders::{conflicts_ui, senders_ui};
use super::theme::{self, Palette};
use super::widgets::heading;
use crate::reception::Line;
use crate::session::{FaultRow, LossRow, Screen};
use crate::view::command::GROUPS;
use crate::view::{Action, Pane, format};
use eframe::egui::{self, RichText, Ui};

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
            // That there is more is seen before somebody scrolls.
            ui.style_mut().spacing.scroll = egui::style::ScrollStyle::thin();
            let scroll = egui::ScrollArea::vertical().auto_shrink([false, true]);
            scroll.show(ui, |ui| match pane {
                Pane::Sources => sources_ui(ui, screen),
                Pane::Help => help_ui(ui, screen),
            });
        });
    if !open {
        frame.actions.push(Action::ClosePane);
    }
}

fn help_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let palette = Palette::of(ui);
    egui::Grid::new("keys").num_columns(2).spacing([24.0, 6.0]).show(ui, |ui| {
        for group in GROUPS {
            ui.label(RichText::new(screen.view.keymap.of_group(&group)).font(theme::medium(12.5)));
            ui.add(egui::Label::new(RichText::new(group.title).color(palette.dim)).wrap());
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
    conflicts_ui(ui, screen);
    totals_ui(ui, screen);
    losses_ui(ui, screen, &palette);
    unknown_ui(ui, screen, &palette);
    faults_ui(ui, screen, &palette);
}

fn totals_ui(ui: &mut Ui, screen: &Screen<'_>) {
    heading(ui, "Since the start");
    let figures = screen.totals();
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
    let losses = screen.losses();
    if !losses.is_empty() {
        heading(ui, "Losses");
    }
    for LossRow { when, what } in losses {
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(when).color(palette.dim));
            ui.label(what);
        });
    }
}

fn unknown_ui(ui: &mut Ui, screen: &Screen<'_>, palette: &Palette) {
    let Some(names) = screen.unknown_types() else { return };
    heading(ui, "Types missing from types.db, or with a different number of values");
    ui.add(egui::Label::new(names).wrap());
    let hint =
        "They are drawn, with data sources named by position; --types-db PATH gives them names.";
    ui.label(RichText::new(hint).color(palette.dim));
}

/// The newest first.
fn faults_ui(ui: &mut Ui, screen: &Screen<'_>, palette: &Palette) {
    let faults = screen.faults();
    if !faults.is_empty() {
        heading(ui, "Newest faults");
    }
    for FaultRow { from, what } in faults {
        ui.horizontal_top(|ui| {
            ui.label(RichText::new(from).color(palette.dim));
            ui.add(egui::Label::new(what).wrap());
        });
    }
}
