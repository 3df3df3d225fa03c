//! The canvas before there is anything to draw: what is listened to, and how to point a collectd
//! here.

use super::Frame;
use super::drag::drop_ui;
use super::senders::trouble_ui;
use super::theme::{self, Palette};
use crate::reception::{Destination, Unicast};
use crate::session::Screen;
use crate::view::command::{DRAW, FILTER, FLEET, NOTIFICATIONS, SIDEBAR, SOURCES, UNDO};
use eframe::egui::{self, RichText, Ui};

/// Reasons listed for refusals.
const REASONS_MAX: usize = 5;

/// Before the first value.
pub(super) fn waiting_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let palette = Palette::of(ui);
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        column(ui, |ui| {
            let (refused, more) = screen.refused(REASONS_MAX);
            let title = match screen.replay() {
                _ if screen.refuses_everything() => "Data arrives, but all of it is refused",
                None if screen.is_cut_off() => "Receiving failed",
                None if !screen.receives() => "Not listening on any address",
                None => "Waiting for collectd",
                Some(replay) if replay.stage.is_over() => "Nothing to draw in this capture",
                Some(_) => "Reading the capture",
            };
            ui.label(RichText::new(title).font(theme::medium(20.0)));
            ui.add_space(10.0);
            for trouble in &refused {
                trouble_ui(ui, trouble, &palette);
            }
            if more > 0 {
                row(
                    ui,
                    "…",
                    palette.dim,
                    &format!("and {more} more, {} says which", screen.view.keymap.key(&SOURCES)),
                );
            }
            for report in screen.reception.lines() {
                let (mark, color) =
                    if report.ok { ("ok", palette.live) } else { ("!", palette.warn) };
                row(ui, mark, color, &report.text);
            }
            let (text, newest_fault) = screen.came_so_far();
            row(ui, "…", palette.dim, &text);
            if let Some(fault) = newest_fault.filter(|_| refused.is_empty()) {
                row(ui, "!", palette.warn, &fault);
            }
            if !screen.has_no_notification() {
                let text = format!(
                    "{}, {} lists them",
                    screen.notifications_text(),
                    screen.view.keymap.key(&NOTIFICATIONS)
                );
                row(ui, "…", palette.dim, &text);
            }
            for message in screen.messages {
                row(ui, "!", palette.warn, message);
            }
            if let Some(to) = screen.reception.destination().filter(|to| to.port > 0) {
                how_to_send(ui, screen, to, &palette);
            }
        });
    });
}

fn how_to_send(ui: &mut Ui, screen: &Screen<'_>, to: &Destination, palette: &Palette) {
    let port = to.port;
    ui.add_space(18.0);
    let title = match screen.receives() {
        true => "Point a collectd here",
        false => "Point a collectd here, once this program can listen",
    };
    ui.label(RichText::new(title).font(theme::medium(14.0)));
    ui.add_space(2.0);
    let note = "Add this to collectd.conf on the sending machine, then restart collectd. \
                FlushInterval makes values arrive at once; without it collectd waits until a \
                datagram is full.";
    ui.label(RichText::new(note).color(palette.dim));
    ui.add_space(6.0);
    let flush = "<LoadPlugin network>\n  FlushInterval 1\n  FlushTimeout 1\n</LoadPlugin>\n";
    let server = |address: &str| {
        format!("{flush}<Plugin network>\n  Server \"{address}\" \"{port}\"\n</Plugin>")
    };
    match &to.unicast {
        Unicast::Everywhere => {
            snippet(ui, "On this machine", &server("127.0.0.1"), palette);
            let elsewhere = server("the address of this machine");
            snippet(ui, "On another machine", &elsewhere, palette);
        }
        Unicast::At(address) => snippet(ui, "By unicast", &server(address), palette),
        Unicast::Nowhere => {}
    }
    if to.multicast {
        let title = "Anywhere on this network, by multicast";
        snippet(ui, title, &server("239.192.74.66"), palette);
    }
    ui.add_space(6.0);
    let firewall = format!("If a firewall is active, allow inbound UDP port {port}.");
    ui.label(RichText::new(firewall).color(palette.dim));
}

/// Lines to copy.
pub(super) fn snippet(ui: &mut Ui, title: &str, text: &str, palette: &Palette) {
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).color(palette.dim));
        let copy = ui.small_button("Copy").on_hover_text("Copy these lines");
        copy.widget_info(|| {
            let label = format!("Copy: {title}");
            egui::WidgetInfo::labeled(egui::Role::Button, true, label)
        });
        if copy.clicked() {
            ui.ctx().copy_text(text.to_owned());
        }
    });
    let frame = egui::Frame::new()
        .fill(palette.panel)
        .stroke(egui::Stroke::new(1.0, palette.line))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(10.0);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(egui::Label::new(RichText::new(text).monospace()).selectable(true));
    });
}

fn row(ui: &mut Ui, mark: &str, color: egui::Color32, text: &str) {
    ui.horizontal_top(|ui| {
        ui.add_sized([26.0, 16.0], egui::Label::new(RichText::new(mark).color(color).strong()));
        ui.add(egui::Label::new(text).wrap());
    });
}

/// Nothing is checked.
pub(super) fn nothing_selected_ui(ui: &mut Ui, screen: &Screen<'_>) {
    let palette = Palette::of(ui);
    column(ui, |ui| {
        let title = screen.nothing_drawn();
        ui.label(RichText::new(title).font(theme::medium(20.0)));
        ui.add_space(6.0);
        let text = if screen.view.sidebar {
            "Click a host or a plugin in the sidebar, or check single series there.".to_owned()
        } else {
            let key = screen.view.keymap.key(&SIDEBAR);
            format!("Press {key} for the sidebar and click a host or a plugin there.")
        };
        ui.label(RichText::new(text).color(palette.dim));
    });
}

/// A readable column in the upper middle.
fn column(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let width = (ui.available_width() - 48.0).clamp(200.0, 640.0);
    let left = ((ui.available_width() - width) / 2.0).max(0.0);
    ui.add_space((ui.available_height() * 0.08).max(24.0));
    ui.horizontal_top(|ui| {
        ui.add_space(left);
        ui.vertical(|ui| {
            ui.set_max_width(width);
            add(ui);
            ui.add_space(24.0);
        });
    });
}

/// A tab of the user's own without a panel.
pub(super) fn empty_tab_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let palette = Palette::of(ui);
    let canvas = ui.max_rect();
    column(ui, |ui| {
        ui.label(RichText::new("An empty tab").font(theme::medium(20.0)));
        ui.add_space(10.0);
        let filter = frame.screen.view.keymap.key(&FILTER);
        let ways = [
            "Drag hosts, plugins or series from the sidebar to here.".to_owned(),
            format!(
                "Or press {filter}, type what to draw, and {} draws it: plugin:load ds:shortterm",
                frame.screen.view.keymap.key(&DRAW)
            ),
            format!("{} shows all hosts in a table here.", frame.screen.view.keymap.key(&FLEET)),
            format!("{} takes back the last change.", frame.screen.view.keymap.key(&UNDO)),
        ];
        for way in ways {
            ui.label(RichText::new(way).color(palette.dim));
            ui.add_space(2.0);
        }
    });
    drop_ui(ui, frame, canvas, &[]);
}
