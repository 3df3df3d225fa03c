//! Columns: which there are, what can be done to one, and rows of the sidebar dropped to be one.

use crate::metric::display_safe;
use crate::ui::Frame;
use crate::ui::drag::{Dragged, carried_ui};
use crate::ui::selector_field::{layout, mistake_ui};
use crate::ui::theme::{self, Palette};
use crate::view::Action;
use crate::view::fleet::FleetAction;
use crate::view::fleet::{By, Column, Fleet, Measure, Of, Shows};
use crate::view::layout::YScale;
use crate::view::selector::Selector;
use eframe::egui::containers::menu::{MenuConfig, SubMenuButton};
use eframe::egui::{
    self, Align2, DragAndDrop, Key, PopupCloseBehavior, Rect, Response, RichText, Role, Stroke, Ui,
    WidgetInfo, vec2,
};

/// What is typed to be a column, and the name of one.
#[derive(Clone, Debug, Default)]
pub(in crate::ui) struct Adding {
    show: String,
    /// How many hosts have what is typed: its text, and the names that were known then.
    hosts: Option<((String, u64), String)>,
    title: Option<(usize, String)>,
}

/// The button that opens the list of columns.
pub(super) fn menu_ui(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet) {
    let button = ui.add(egui::Button::new("Columns  ⏷"));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Columns"));
    egui::Popup::menu(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .accessible_name("Columns")
        .show(|ui| {
            ui.set_min_width(250.0);
            list_ui(ui, frame, fleet);
        });
}

fn list_ui(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet) {
    let palette = Palette::of(ui);
    for (place, column) in fleet.columns.iter().enumerate() {
        let title = display_safe(&column.title()).into_owned();
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        SubMenuButton::new(title).config(config).ui(ui, |ui| column_menu(ui, frame, fleet, place));
    }
    let has =
        |measure: Measure| fleet.columns.iter().any(|column| column.measure() == Some(measure));
    let missing: Vec<_> = Measure::ALL.into_iter().filter(|measure| !has(*measure)).collect();
    if !fleet.columns.is_empty() {
        ui.separator();
    }
    for measure in missing {
        let add = ui.button(format!("Add {}", measure.title()));
        if add.on_hover_text(measure.about()).clicked() {
            frame.fleet(FleetAction::AddColumns(vec![Column::of(measure)]));
        }
    }
    ui.add_space(4.0);
    ui.label(RichText::new("Add a column that shows").size(11.5).color(palette.dim));
    adding_ui(ui, frame);
}

/// A selector that becomes a column.
fn adding_ui(ui: &mut Ui, frame: &mut Frame<'_>) {
    let palette = Palette::of(ui);
    let mut text = std::mem::take(&mut frame.memory.adding.show);
    let selector = Selector::new(&text);
    let typed = text.clone();
    let read = (typed.as_str(), selector.mistakes());
    let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _: f32| layout(ui, text, read);
    let field = egui::TextEdit::singleline(&mut text)
        .id(egui::Id::unique("a column that shows"))
        .hint_text(RichText::new("plugin:sensors type:temperature").color(palette.faint))
        .desired_width(240.0)
        .layouter(&mut layouter);
    let response = framed(ui, field);
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "What the column shows"));
    mistake_ui(ui, read);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let is_good = !selector.is_empty() && selector.mistakes().is_empty() && !selector.has_state();
    ui.horizontal(|ui| {
        let add = ui.add_enabled(is_good, egui::Button::new("Add"));
        if is_good && (add.clicked() || enter) {
            frame.fleet(FleetAction::AddColumns(vec![Column::showing(selector.clone())]));
            text.clear();
        }
        let note = match () {
            () if selector.has_state() => {
                "a column shows values, it cannot ask for them".to_owned()
            }
            () if is_good => hosts_with(frame, &selector),
            () => String::new(),
        };
        ui.label(RichText::new(note).size(11.5).color(palette.dim));
    });
    frame.memory.adding.show = text;
}

/// How many hosts have what a column would show, found once for each text.
fn hosts_with(frame: &mut Frame<'_>, show: &Selector) -> String {
    let screen = frame.screen;
    let made_for = (show.text().to_owned(), screen.names_revision());
    let known = frame.memory.adding.hosts.take().filter(|(made, _)| *made == made_for);
    let (made_for, text) = known.unwrap_or_else(|| (made_for, screen.hosts_with(show)));
    frame.memory.adding.hosts = Some((made_for, text.clone()));
    text
}

/// A field in a menu, where egui draws none around it.
fn framed(ui: &mut Ui, field: egui::TextEdit<'_>) -> Response {
    let palette = Palette::of(ui);
    egui::Frame::new()
        .fill(palette.background)
        .stroke(Stroke::new(1.0, palette.line))
        .corner_radius(theme::CONTROL_RADIUS)
        .inner_margin(egui::Margin::symmetric(6, 3))
        .show(ui, |ui| ui.add(field.frame(egui::Frame::NONE)))
        .inner
}

/// What can be done to a column.
pub(super) fn column_menu(ui: &mut Ui, frame: &mut Frame<'_>, fleet: &Fleet, place: usize) {
    let Some(column) = fleet.columns.get(place) else { return };
    let change = |column: Column| FleetAction::SetColumn { place, column };
    title_ui(ui, frame, column, place);
    if let Shows::Series { show, of } = &column.shows {
        let shown = RichText::new(display_safe(show.text())).size(11.5);
        ui.add(egui::Label::new(shown.color(Palette::of(ui).dim)).truncate());
        ui.separator();
        for (other, label) in [
            (Of::Max, "The greatest of several"),
            (Of::Min, "The least of several"),
            (Of::Avg, "Their mean"),
            (Of::Sum, "Their sum"),
        ] {
            if ui.selectable_label(*of == other, label).clicked() {
                let shows = Shows::Series { show: show.clone(), of: other };
                frame.fleet(change(Column { shows, ..column.clone() }));
            }
        }
    }
    ui.separator();
    let fixed = Some(Measure::Cpu) == column.measure();
    let fixed = fixed || matches!(column.measure(), Some(Measure::Memory | Measure::Filesystem));
    if !fixed {
        let (label, hint, scale) = match column.scale {
            YScale::Shared => {
                ("Own scale for each host", "Each line fills its height", YScale::Own)
            }
            YScale::Own => {
                ("One scale for all hosts", "Lines can be compared by height", YScale::Shared)
            }
        };
        if ui.button(label).on_hover_text(hint).clicked() {
            frame.fleet(change(Column { scale, ..column.clone() }));
        }
    }
    if ui.button("Order by it").clicked() {
        frame.fleet(FleetAction::OrderBy(By::Column(place)));
    }
    let last = fleet.columns.len().saturating_sub(1);
    if ui.add_enabled(place > 0, egui::Button::new("Move left")).clicked() {
        frame.fleet(FleetAction::MoveColumn { from: place, to: place.saturating_sub(1) });
    }
    if ui.add_enabled(place < last, egui::Button::new("Move right")).clicked() {
        frame.fleet(FleetAction::MoveColumn { from: place, to: place + 1 });
    }
    if ui.button("Remove").clicked() {
        frame.fleet(FleetAction::RemoveColumn(place));
        ui.close();
    }
}

/// What the user calls a column.
fn title_ui(ui: &mut Ui, frame: &mut Frame<'_>, column: &Column, place: usize) {
    let palette = Palette::of(ui);
    let title_hint = Column { title: None, ..column.clone() }.title();
    let known = column.title.clone().unwrap_or_default();
    let draft = frame.memory.adding.title.take().filter(|(of, _)| *of == place);
    let mut title = draft.map_or_else(|| known.clone(), |(_, draft)| draft);
    let field = egui::TextEdit::singleline(&mut title)
        .id(egui::Id::unique(("title of a column", place)))
        .hint_text(RichText::new(title_hint).color(palette.faint))
        .desired_width(190.0);
    let response = framed(ui, field);
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Title of the column"));
    if response.has_focus() {
        frame.memory.adding.title = Some((place, title.clone()));
    } else if response.lost_focus() && title != known {
        let title = Some(title.trim().to_owned()).filter(|title| !title.is_empty());
        let column = Column { title, ..column.clone() };
        frame.fleet(FleetAction::SetColumn { place, column });
    }
}

/// Rows of the sidebar that are let go over the table become columns.
pub(super) fn drop_ui(ui: &Ui, frame: &mut Frame<'_>, rect: Rect) {
    let Some(dragged) = Dragged::of(ui.ctx()) else { return };
    let Dragged::Rows { show, .. } = &*dragged else { return };
    let Some(pos) = ui.ctx().pointer_interact_pos() else { return };
    carried_ui(ui.ctx(), &dragged, pos);
    if !rect.contains(pos) {
        return;
    }
    let palette = Palette::of(ui);
    let stroke = Stroke::new(1.5, palette.accent);
    let inside = egui::StrokeKind::Inside;
    ui.painter().rect_stroke(rect, theme::PANEL_RADIUS, stroke, inside);
    let painter = ui.ctx().layer_painter(egui::LayerId::new(
        egui::Order::Foreground,
        egui::Id::unique("drop a column"),
    ));
    let font = theme::medium(13.0);
    let text = "Drop: a column of this for every host";
    let galley = painter.layout_no_wrap(text.into(), font.clone(), palette.accent);
    let center = rect.center_top() + vec2(0.0, 80.0);
    let ground = Align2::CENTER_CENTER.anchor_size(center, galley.size()).expand2(vec2(8.0, 4.0));
    painter.rect_filled(ground, theme::CONTROL_RADIUS, palette.raised);
    painter.text(center, Align2::CENTER_CENTER, text, font, palette.accent);
    if ui.input(|input| input.pointer.any_released()) {
        DragAndDrop::take_payload::<Dragged>(ui.ctx());
        frame.fleet(FleetAction::AddColumns(frame.screen.columns_of(show)));
    }
}

impl Frame<'_> {
    /// Does something to the table of all hosts.
    fn fleet(&mut self, action: FleetAction) {
        self.actions.push(Action::Fleet(action));
    }
}
