//! The menu of a row of the sidebar, by the second button or by key.

use super::{Frame, edit};
use crate::session::Screen;
use crate::view::action::{Arrange, TileAction};
use crate::view::command::OPEN_ROW;
use crate::view::fleet::FleetAction;
use crate::view::format;
use crate::view::hidden::Hidden;
use crate::view::names::{Spot, To};
use crate::view::selection::Scope;
use crate::view::selector::Selector;
use crate::view::tree::{Row, RowName};
use crate::view::{Action, DrawnAs};
use eframe::egui::containers::menu;
use eframe::egui::{
    Align, Button, Layout, Popup, PopupCloseBehavior, PopupKind, Response, SetOpenCommand, Ui,
};
use std::sync::Arc;

/// What the choices do that their words do not say.
const RENAME_HINT: &str = "For you alone: daemons and layouts keep collectd's name";
const HIDE_HINT: &str = "Not in the sidebar, the palette and the table of hosts; panels draw it";
const FORGET_HINT: &str = "It cannot be undone. What is received later comes back as new";

/// The menu of the row that `response` is; it is gone after a choice.
pub(super) fn row_menu_ui(frame: &mut Frame<'_>, index: usize, row: Row, response: &Response) {
    let asked = frame.memory.menu_asked == Some(index);
    let by_key = Popup::from_response(response)
        .kind(PopupKind::Menu)
        .layout(Layout::top_down_justified(Align::Min))
        .style(menu::menu_style)
        .id(response.id.with("menu by key"))
        .close_behavior(PopupCloseBehavior::CloseOnClick)
        .accessible_name("Row")
        .open_memory(asked.then_some(SetOpenCommand::Bool(true)));
    frame.memory.menu_open |= asked || by_key.is_open();
    by_key.show(|ui| menu_ui(ui, frame, row, asked));
    if asked {
        frame.memory.menu_asked = None;
    }
    let menu = Popup::context_menu(response).accessible_name("Row");
    frame.memory.menu_open |= menu.is_open();
    menu.show(|ui| menu_ui(ui, frame, row, false));
}

/// The choices; one that is made by key closes the menu, as a click does.
fn menu_ui(ui: &mut Ui, frame: &mut Frame<'_>, row: Row, first: bool) {
    let actions = frame.actions.len();
    choices_ui(ui, frame, row, first);
    if frame.actions.len() > actions || frame.memory.editing.is_some() {
        ui.close();
    }
}

/// The choices; `first` when the keyboard goes to the first of them.
fn choices_ui(ui: &mut Ui, frame: &mut Frame<'_>, row: Row, first: bool) {
    let screen = frame.screen;
    let Some(name) = screen.name_of(row) else { return };
    let label = match &name {
        RowName::Series(_) if screen.is_drawn(row) => "Draw no longer",
        RowName::Series(_) => "Draw",
        _ => "Show",
    };
    let show = ui.button(label);
    if first {
        show.request_focus();
    }
    if show.clicked() {
        frame.actions.extend(screen.press(row));
    }
    let open = ui.button("Open in a new tab");
    if open.on_hover_text(frame.screen.view.keymap.hint(&OPEN_ROW)).clicked() {
        frame.actions.extend(screen.open_beside(row));
    }
    ui.separator();
    let Some((show, panels)) = screen.choice_of(row) else { return };
    if screen.fleet().is_some() {
        column_ui(ui, frame, &name, &show);
    } else {
        add_ui(ui, frame, (show, panels));
    }
    ui.separator();
    if let RowName::Scope(Scope::Host(host)) = &name {
        let host = Arc::clone(host);
        let pinned = screen.view.arrangement.pinned.contains(&host);
        let label = if pinned { "Unpin" } else { "Pin to the top" };
        if ui.button(label).clicked() {
            frame.actions.push(Action::Arrange(Arrange::Pin { host, pinned: !pinned }));
        } else if ui.button("Rename…").on_hover_text(RENAME_HINT).clicked() {
            edit::begin_alias(frame, host);
        }
    }
    hide_ui(ui, frame, row, &name);
    forget_ui(ui, frame, row);
    if ui.button("Copy identifier").on_hover_text("as collectd writes it").clicked() {
        ui.ctx().copy_text(identifier(screen, row));
    }
}

/// Hides what a row stands for, or lists it again; all that were gathered if it is one of them.
fn hide_ui(ui: &mut Ui, frame: &mut Frame<'_>, row: Row, name: &RowName) {
    if !Hidden::can_have(name) {
        return;
    }
    let rows = frame.screen.meant_by(row);
    let hidden = frame.screen.view.arrangement.hidden.has(name);
    let word = if hidden { "Unhide" } else { "Hide" };
    let label = if rows.len() > 1 { format!("{word} {} rows", rows.len()) } else { word.into() };
    if ui.button(label).on_hover_text(HIDE_HINT).clicked() {
        frame.actions.push(Action::Arrange(Arrange::Hide { rows, hidden: !hidden }));
    }
}

/// Forgets what was received of it; what that takes away is said first.
fn forget_ui(ui: &mut Ui, frame: &mut Frame<'_>, row: Row) {
    ui.menu_button("Forget", |ui| {
        let rows = frame.screen.meant_by(row);
        let series = u64::try_from(frame.screen.count_below(&rows)).unwrap_or(u64::MAX);
        let label = format!("Forget all values of {} series", format::count(series));
        if ui.button(label).on_hover_text(FORGET_HINT).clicked() {
            frame.actions.push(Action::Forget(rows));
        }
    });
}

/// Puts what a row stands for among the panels on screen.
fn add_ui(ui: &mut Ui, frame: &mut Frame<'_>, (show, panels): (Vec<Selector>, DrawnAs)) {
    let to = To::Here(Spot::End);
    if ui.button("Add to this tab").clicked() {
        frame.actions.push(Action::Draw { show: show.clone(), panels, to });
    }
    if matches!(panels, DrawnAs::Catalogue) && ui.button("Add to this tab as one panel").clicked() {
        frame.actions.push(Action::Draw { show: show.clone(), panels: DrawnAs::One, to });
    }
    if let Some(panel) = frame.screen.view.tab().panel
        && ui.button("Add to the panel").clicked()
    {
        frame.tile(TileAction::Extend { panel, show });
    }
}

/// Makes it a column of the table on screen; a host is none.
fn column_ui(ui: &mut Ui, frame: &mut Frame<'_>, name: &RowName, show: &[Selector]) {
    let is_host = matches!(name, RowName::Scope(Scope::Host(_)));
    let add = ui.add_enabled(!is_host, Button::new("Add as a column of the table"));
    if add.clicked() {
        let columns = frame.screen.columns_of(show);
        frame.actions.push(Action::Fleet(FleetAction::AddColumns(columns)));
    }
}

fn identifier(screen: &Screen<'_>, row: Row) -> String {
    screen.identifier_of(row).unwrap_or_default()
}
