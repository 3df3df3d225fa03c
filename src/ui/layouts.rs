//! Layouts: the menu of saved tabs in the top bar, and the field for a new name.

use super::Frame;
use super::theme::{self, Palette};
use super::widgets::elided;
use crate::metric::display_safe;
use crate::view::Action;
use crate::view::command::{OPEN_LAYOUT, SAVE_LAYOUT, SAVE_LAYOUT_AS};
use crate::view::layouts::{BUILT_IN, bad_name};
use crate::view::names::LayoutSource;
use eframe::egui::{self, Key, Role, Sense, Ui, WidgetInfo, vec2};

/// Widest name in the top bar.
const NAME_WIDTH_MAX: f32 = 150.0;

/// What drawing remembers of it.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The menu is to open with the next frame.
    pub(super) opens: bool,
    /// The name that is typed.
    naming: Option<String>,
}

impl Place {
    /// Whether a name is typed.
    pub(super) const fn is_naming(&self) -> bool {
        self.naming.is_some()
    }

    /// Begins to ask for a name.
    pub(super) fn begin(&mut self, name: Option<&str>) {
        self.naming = Some(name.unwrap_or_default().to_owned());
    }
}

/// The button, and its menu.
pub(super) fn layouts_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let palette = Palette::of(ui);
    let view = frame.screen.view;
    let name = view.layouts.name().map_or("Layout".into(), |name| format!("Layout: {name}"));
    let star = if view.layouts.is_changed(&view.workspace) { " *" } else { "" };
    let text = format!("{}{star}", display_safe(&name));
    let font = theme::body();
    let width = ui.painter().layout_no_wrap(text.clone(), font.clone(), palette.text).size().x;
    let size = vec2(width.min(NAME_WIDTH_MAX) + 36.0, 26.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let state = if star.is_empty() { "" } else { ", not saved" };
    let label = format!("{}{state}", display_safe(&name));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
    let lit = response.hovered() || response.has_focus();
    let border = if lit { palette.faint } else { palette.line };
    let stroke = egui::Stroke::new(1.0, border);
    let inside = egui::StrokeKind::Inside;
    ui.painter().rect(rect, theme::CONTROL_RADIUS, palette.raised, stroke, inside);
    let at = egui::pos2(rect.left() + 10.0, rect.center().y);
    let left = egui::Align2::LEFT_CENTER;
    elided(ui, at, left, rect.width() - 34.0, &text, font, palette.text);
    let tip = egui::pos2(rect.right() - 13.0, rect.center().y);
    let corners = [vec2(-4.0, -2.0), vec2(4.0, -2.0), vec2(0.0, 3.0)];
    let corners = corners.map(|corner| tip + corner).to_vec();
    ui.painter().add(egui::Shape::convex_polygon(corners, palette.dim, egui::Stroke::NONE));
    let popup = egui::Popup::menu(&response);
    let opens = std::mem::take(&mut frame.memory.layouts.opens);
    let popup = if opens { popup.open_memory(egui::SetOpenCommand::Bool(true)) } else { popup };
    popup.show(|ui| menu_ui(ui, frame));
    response.on_hover_text(frame.screen.view.keymap.hint(&OPEN_LAYOUT));
}

fn menu_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    ui.set_min_width(200.0);
    let layouts = &frame.screen.view.layouts;
    if let Some(source) = layouts.changed_on_disk.clone() {
        ui.label(format!("“{}” was changed on disk", display_safe(&source.name())));
        if ui.button("Save anyway").clicked() {
            let source = Some(source.clone());
            frame.actions.push(Action::SaveLayout { source, anyway: true });
        }
        if ui.button("Open what is on disk").clicked() {
            frame.actions.push(Action::OpenLayout(source));
        }
        ui.separator();
    }
    let can_save = layouts.source().is_some();
    let save = ui.add_enabled(can_save, egui::Button::new("Save"));
    if save.on_hover_text(frame.screen.view.keymap.hint(&SAVE_LAYOUT)).clicked() {
        frame.ask(&SAVE_LAYOUT);
    }
    if ui.button("Save as…").on_hover_text(frame.screen.view.keymap.hint(&SAVE_LAYOUT_AS)).clicked()
    {
        frame.memory.layouts.begin(layouts.name());
    }
    ui.separator();
    egui::ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
        for name in &layouts.names {
            let is_open = layouts.name() == Some(name);
            let label = display_safe(name).into_owned();
            if ui.selectable_label(is_open, label).clicked() {
                let source = LayoutSource::Named(name.clone());
                frame.actions.push(Action::OpenLayout(source));
                ui.close();
            }
        }
        for (name, _) in BUILT_IN {
            let is_known = layouts.names.iter().any(|known| known == name);
            let is_open = layouts.name() == Some(name);
            if !is_known && ui.selectable_label(is_open, name).clicked() {
                frame.actions.push(Action::OpenBuiltIn(name));
                ui.close();
            }
        }
    });
    if let Some(LayoutSource::Named(name)) = layouts.source() {
        ui.separator();
        let text = format!("Delete “{}”", display_safe(name));
        if ui.button(text).clicked() {
            frame.actions.push(Action::DeleteLayout(name.clone()));
        }
    }
}

/// The field for a name, over everything.
pub(super) fn naming_ui(ui: &Ui, frame: &mut Frame<'_>) {
    let Some(mut name) = frame.memory.layouts.naming.take() else { return };
    let palette = Palette::of(ui);
    let ground = egui::Frame::new()
        .fill(palette.raised)
        .stroke(egui::Stroke::new(1.0, palette.line))
        .corner_radius(theme::PANEL_RADIUS)
        .inner_margin(16);
    let modal = egui::Modal::new(egui::Id::unique("name of a layout"))
        .frame(ground)
        .backdrop_color(palette.backdrop);
    let (mut done, mut saved) = (false, false);
    let shown = modal.show(ui.ctx(), |ui| {
        ui.set_width(320.0);
        let label = ui.label(egui::RichText::new("Save the tabs as").font(theme::medium(13.0)));
        ui.add_space(6.0);
        let id = egui::Id::unique("layout name");
        let field = egui::TextEdit::singleline(&mut name)
            .id(id)
            .char_limit(100)
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(8, 6));
        let response = ui.add(field).labelled_by(label.id);
        let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if !enter && !response.has_focus() {
            response.request_focus();
        }
        let why = bad_name(&name).filter(|_| !name.is_empty());
        ui.add_space(6.0);
        let hint = why.unwrap_or("A file of this name, in the layouts folder");
        let color = if why.is_some() { palette.bad } else { palette.dim };
        ui.label(egui::RichText::new(hint).font(theme::small()).color(color));
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let good = bad_name(&name).is_none();
            saved = ui.add_enabled(good, egui::Button::new("Save")).clicked() || enter && good;
            done = saved || ui.button("Cancel").clicked();
        });
    });
    if saved {
        let source = Some(LayoutSource::Named(name.trim().to_owned()));
        frame.actions.push(Action::SaveLayout { source, anyway: false });
    } else if !done && !shown.should_close() {
        frame.memory.layouts.naming = Some(name);
    }
}
