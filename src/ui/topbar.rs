//! The top bar: the state in words, the window's width, the theme and help.

use super::Frame;
use super::layouts::layouts_ui;
use super::theme::{self, Palette};
use super::widgets::{PillShape, SegmentSize, elided, magnifier, pill, segments};
use crate::metric::{CdTime, Interval};
use crate::reception::Replay;
use crate::session::Screen;
use crate::store::Mode;
use crate::view::Theme;
use crate::view::command::{HELP, HOST_TIME, LIVE, PALETTE, PAUSE, RATES, SOURCES, THEME, WIDTHS};
use crate::view::format;
use crate::view::window::{Anchor, PRESETS};
use eframe::egui::{self, Align, Layout, RichText, Ui};

pub(super) fn topbar_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let palette = Palette::of(ui);
    let ground =
        egui::Frame::new().fill(palette.surface).inner_margin(egui::Margin::symmetric(12, 0));
    egui::Panel::top("top bar").exact_size(theme::TOP_BAR).frame(ground).show(ui, |ui| {
        ui.horizontal_centered(|ui| {
            state_ui(ui, frame, &palette);
            window_ui(ui, frame);
            pause_ui(ui, frame, &palette);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                right_ui(ui, frame);
                find_ui(ui, frame, &palette);
            });
        });
    });
}

/// What the state is called: the word, and what the user must know about it.
fn state_text(screen: &Screen<'_>) -> String {
    let replay = if screen.replay().is_some() { "REPLAY · " } else { "" };
    match screen.view.window().anchor() {
        Anchor::Live if screen.is_cut_off() => "FAILED · nothing is received".into(),
        Anchor::Live if screen.has_failed() => "LIVE · one source failed".into(),
        Anchor::Live if !screen.receives() => "LIVE · not listening".into(),
        Anchor::Live => screen.replay().map_or_else(|| "LIVE".into(), Replay::state),
        Anchor::Detached { .. } => {
            format!(
                "{replay}HISTORY, {} behind",
                format::age(screen.view.window().behind(screen.now))
            )
        }
        Anchor::Paused { at, values, .. } => {
            let newer = screen.newer_values(values);
            let at = clock(screen, at);
            format!("{replay}PAUSED {at} · {} new values", format::count(newer))
        }
    }
}

fn clock(screen: &Screen<'_>, time: CdTime) -> String {
    format::clock(time, screen.zone, 1.0)
}

fn state_ui(ui: &mut Ui, frame: &mut Frame<'_>, palette: &Palette) {
    let screen = frame.screen;
    let (pause, live, sources) = (
        screen.view.keymap.key(&PAUSE),
        screen.view.keymap.key(&LIVE),
        screen.view.keymap.key(&SOURCES),
    );
    let (color, shape, hint) = match screen.view.window().anchor() {
        Anchor::Live if screen.has_failed() => (
            palette.bad,
            PillShape::Dot,
            format!("A receiving thread failed; {sources} says why. {pause} pauses"),
        ),
        Anchor::Live if screen.replay().is_some() => (
            palette.replay,
            PillShape::Play,
            format!("Following the capture; {sources} says what was read. {pause} pauses"),
        ),
        Anchor::Live if !screen.receives() => (
            palette.warn,
            PillShape::Dot,
            format!("Not listening on any address; {sources} says why. {pause} pauses"),
        ),
        Anchor::Live => {
            (palette.live, PillShape::Dot, format!("Following the clock. {pause} pauses"))
        }
        Anchor::Detached { .. } => {
            let what = if screen.replay().is_some() { "follow the capture" } else { "go live" };
            let hint = format!("Looking back. Click or press {live} to {what}");
            (palette.info, PillShape::Back, hint)
        }
        Anchor::Paused { .. } => (
            palette.warn,
            PillShape::Bars,
            format!("The view is paused, reception goes on. Click or press {pause} to resume"),
        ),
    };
    if pill(ui, &state_text(screen), color, shape).on_hover_text(hint).clicked() {
        frame.ask(&PAUSE);
    }
}

fn window_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let width = screen.width;
    let preset = PRESETS.iter().position(|&(secs, _)| Interval::from_secs(secs) == width);
    let labels = PRESETS
        .iter()
        .zip(&WIDTHS)
        .map(|(&(_, label), width)| (label, screen.view.keymap.hint(width)));
    let clicked = segments(ui, SegmentSize::Usual, labels, preset);
    if let Some(width) = clicked.and_then(|clicked| WIDTHS.get(clicked)) {
        frame.ask(width);
    }
    if preset.is_none() {
        ui.label(RichText::new(format!("{} wide", format::duration(width.secs_f64()))).weak());
    }
}

fn pause_ui(ui: &mut Ui, frame: &mut Frame<'_>, palette: &Palette) {
    let screen = frame.screen;
    let label = match (screen.view.window().is_live(), screen.replay()) {
        (true, _) => "Pause",
        (false, None) => "Go live",
        (false, Some(_)) => "Follow",
    };
    let mut job = egui::text::LayoutJob::default();
    let format = |font, color| egui::TextFormat::simple(font, color);
    job.append(label, 0.0, format(theme::body(), palette.text));
    if ui.available_width() > 260.0 {
        job.append(&screen.view.keymap.label(&PAUSE), 8.0, format(theme::tick(), palette.faint));
    }
    let button = ui.add(egui::Button::new(job).min_size(egui::vec2(64.0, 26.0)));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, label));
    if button.on_hover_text(screen.view.keymap.hint(&PAUSE)).clicked() {
        frame.ask(&PAUSE);
    }
}

fn right_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let screen = frame.screen;
    let size = egui::vec2(28.0, 26.0);
    let help =
        ui.add(egui::Button::new("?").min_size(size)).on_hover_text(screen.view.keymap.hint(&HELP));
    help.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Keys"));
    if help.clicked() {
        frame.ask(&HELP);
    }
    let name = match screen.view.theme {
        Theme::System => "Theme: as the system",
        Theme::Dark => "Theme: dark",
        Theme::Light => "Theme: light",
    };
    if theme_button(ui, screen.view.theme, name).clicked() {
        frame.ask(&THEME);
    }
    if ui.available_width() < 90.0 {
        return;
    }
    if screen.view.host_time {
        let text = egui::RichText::new("Host time").color(Palette::of(ui).accent);
        let button = ui.add(egui::Button::new(text).min_size(egui::vec2(72.0, 26.0)));
        let what = "Times are by the clocks of the hosts. Click for this machine's clock";
        let hint = format!("{what} ({})", screen.view.keymap.key(&HOST_TIME));
        if button.on_hover_text(hint).clicked() {
            frame.ask(&HOST_TIME);
        }
    }
    let chosen = match screen.view.mode() {
        Mode::Rate => 1,
        Mode::Raw => 0,
    };
    // Laid out from the right, so the order is turned round.
    let hint = |what| format!("Show counters as {what} ({})", screen.view.keymap.key(&RATES));
    let labels = [("Raw", hint("raw values")), ("Rates", hint("rates"))];
    // The table of all hosts has amounts and rates only.
    if screen.fleet().is_none()
        && segments(ui, SegmentSize::Usual, labels.into_iter(), Some(chosen))
            .is_some_and(|clicked| clicked != chosen)
    {
        frame.ask(&RATES);
    }
    if ui.available_width() > 160.0 {
        layouts_ui(ui, frame);
    }
}

/// Widest field of the palette; below that its title does not fit; below that nothing does.
const FIND_WIDTHS: [f32; 3] = [340.0, 290.0, 96.0];

/// What looks like the field of the palette and opens it: in the middle of the bar, or as near to
/// it as what stands beside it allows. Where there is little room it is short, then just its sign.
fn find_ui(ui: &mut Ui, frame: &mut Frame<'_>, palette: &Palette) {
    let room = ui.available_rect_before_wrap();
    let room = room.shrink2(egui::vec2(ui.spacing().item_spacing.x, 0.0));
    let [widest, title, short] = FIND_WIDTHS;
    let (width, text) = match room.width() {
        width if width >= title => (width.min(widest), PALETTE.title),
        width if width >= short => (short, "Find"),
        width if width >= 28.0 => (28.0, ""),
        _ => return,
    };
    let middle = ui.ctx().content_rect().center().x;
    let x = middle.clamp(room.left() + width / 2.0, room.right() - width / 2.0);
    let size = egui::vec2(width, 26.0);
    let rect = egui::Rect::from_center_size(egui::pos2(x, room.center().y), size);
    let response = ui.interact(rect, ui.scope_id().with("find"), egui::Sense::click());
    let name = PALETTE.title;
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    let lit = response.hovered() || response.has_focus();
    let border = if lit { palette.faint } else { palette.line };
    let stroke = egui::Stroke::new(1.0, border);
    let inside = egui::StrokeKind::Inside;
    ui.painter().rect(rect, theme::CONTROL_RADIUS, palette.raised, stroke, inside);
    magnifier(ui.painter(), egui::pos2(rect.left() + 14.0, rect.center().y), palette.dim);
    if !text.is_empty() {
        let at = egui::pos2(rect.right() - 9.0, rect.center().y);
        let (right, font) = (egui::Align2::RIGHT_CENTER, theme::tick());
        let key = elided(
            ui,
            at,
            right,
            50.0,
            &frame.screen.view.keymap.label(&PALETTE),
            font,
            palette.faint,
        )
        .0;
        let at = egui::pos2(rect.left() + 26.0, rect.center().y);
        let (left, room) = (egui::Align2::LEFT_CENTER, key.left() - at.x - 4.0);
        elided(ui, at, left, room, text, theme::body(), palette.dim);
    }
    if response.on_hover_text(frame.screen.view.keymap.hint(&PALETTE)).clicked() {
        frame.ask(&PALETTE);
    }
}

/// A circle, half filled for the system's choice, else empty or full.
fn theme_button(ui: &mut Ui, theme: Theme, name: &str) -> egui::Response {
    let palette = Palette::of(ui);
    let button = ui.add(egui::Button::new("").min_size(egui::vec2(28.0, 26.0)));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    let center = button.rect.center();
    let painter = ui.painter();
    painter.circle_stroke(center, 5.5, egui::Stroke::new(1.3, palette.text));
    let full = egui::Rect::from_center_size(center, egui::vec2(12.0, 12.0));
    let part = match theme {
        Theme::Light => egui::Rect::NOTHING,
        Theme::Dark => full,
        Theme::System => full.split_left_right_at_fraction(0.5).0,
    };
    painter.with_clip_rect(part).circle_filled(center, 5.5, palette.text);
    button.on_hover_text(format!("{name}. Click for the next"))
}
