//! Edit: a text that is typed in the place of what it changes: titles, selectors, names of tabs
//! and hosts.
//!
//! Enter takes it, Esc or a click elsewhere leaves things as they were.

use super::Frame;
use super::selector_field::{layout, mistake_ui};
use super::theme::Palette;
use crate::view::Action;
use crate::view::action::{Arrange, TileAction};
use crate::view::layout::Rule;
use crate::view::names::{PanelId, TabId};
use crate::view::selector::Selector;
use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{self, Key, Rect, Ui, vec2};
use std::sync::Arc;

/// What is typed now.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Editing {
    what: What,
    text: String,
    /// It has the focus already.
    begun: bool,
    /// The pass in which it was drawn last: panels of one rule share it.
    drawn: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    Title(PanelId),
    Show(PanelId),
    Tab(TabId),
    /// What a host is called.
    Alias(Arc<str>),
}

/// Begins to type the title of a panel.
pub(super) fn begin_title(frame: &mut Frame<'_>, panel: PanelId, title: Option<String>) {
    begin(frame, What::Title(panel), title.unwrap_or_default());
}

/// Begins to type what a panel draws.
pub(super) fn begin_show(frame: &mut Frame<'_>, panel: PanelId, rule: Option<&Rule>) {
    let show = rule.map(|rule| &rule.show[..]).unwrap_or_default();
    begin(frame, What::Show(panel), Selector::joined(show));
}

/// Begins to type the name of a tab.
pub(super) fn begin_tab(frame: &mut Frame<'_>, tab: TabId, name: String) {
    begin(frame, What::Tab(tab), name);
}

/// Begins to type what a host is called.
pub(super) fn begin_alias(frame: &mut Frame<'_>, host: Arc<str>) {
    let alias = frame.screen.view.aliases().of(&host).to_owned();
    begin(frame, What::Alias(host), alias);
}

fn begin(frame: &mut Frame<'_>, what: What, text: String) {
    frame.memory.editing = Some(Editing { what, text, begun: false, drawn: None });
}

/// The field in the head of a panel, while something of it is typed.
pub(super) fn panel_ui(ui: &mut Ui, frame: &mut Frame<'_>, panel: PanelId, rect: Rect) -> bool {
    let pass = ui.ctx().cumulative_pass_nr();
    let Some(editing) = &mut frame.memory.editing else { return false };
    let is_here = matches!(editing.what, What::Title(id) | What::Show(id) if id == panel);
    if !is_here || editing.drawn == Some(pass) {
        return false;
    }
    editing.drawn = Some(pass);
    field_ui(ui, frame, rect);
    true
}

/// The field in the place of a tab, while its name is typed.
pub(super) fn tab_ui(ui: &mut Ui, frame: &mut Frame<'_>, tab: TabId, rect: Rect) -> bool {
    place_ui(ui, frame, &What::Tab(tab), rect)
}

/// The field in the place of a host, while what it is called is typed.
pub(super) fn alias_ui(ui: &mut Ui, frame: &mut Frame<'_>, host: &Arc<str>, rect: Rect) -> bool {
    let is_any = frame.memory.editing.is_some();
    is_any && place_ui(ui, frame, &What::Alias(Arc::clone(host)), rect)
}

fn place_ui(ui: &mut Ui, frame: &mut Frame<'_>, what: &What, rect: Rect) -> bool {
    let is_here = frame.memory.editing.as_ref().is_some_and(|editing| editing.what == *what);
    if is_here {
        field_ui(ui, frame, rect);
    }
    is_here
}

fn field_ui(ui: &mut Ui, frame: &mut Frame<'_>, rect: Rect) {
    let Some(mut editing) = frame.memory.editing.take() else { return };
    let palette = Palette::of(ui);
    let (name, hint) = match &editing.what {
        What::Title(_) => ("Title of the panel", "what it shows"),
        What::Show(_) => ("What the panel draws", "plugin:load ds:shortterm"),
        What::Tab(_) => ("Name of the tab", "what it shows"),
        What::Alias(_) => ("Name of the host", "as collectd calls it"),
    };
    let id = egui::Id::unique(("edit", name));
    let typed = editing.text.clone();
    let mistakes = match editing.what {
        What::Show(_) => Selector::mistakes_of(&typed),
        What::Title(_) | What::Tab(_) | What::Alias(_) => Vec::new(),
    };
    let read = (typed.as_str(), mistakes.as_slice());
    let mut layouter = |ui: &Ui, text: &dyn egui::TextBuffer, _: f32| layout(ui, text, read);
    let field = egui::TextEdit::singleline(&mut editing.text)
        .id(id)
        .hint_text(egui::RichText::new(hint).color(palette.faint))
        .layouter(&mut layouter)
        .desired_width(rect.width())
        .align(egui::Align2::LEFT_CENTER)
        .margin(egui::Margin::symmetric(6, 3));
    let response = ui.put(rect.shrink2(vec2(0.0, 3.0)), field);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
    if !editing.begun {
        response.request_focus();
        if !matches!(editing.what, What::Show(_)) {
            choose_all(ui, id, &editing.text);
        }
        editing.begun = true;
        frame.memory.editing = Some(editing);
        return;
    }
    let is_wrong = !mistakes.is_empty();
    if is_wrong {
        egui::Tooltip::always_open(
            ui.ctx().clone(),
            ui.layer_id(),
            id.with("wrong"),
            response.rect,
        )
        .show(|ui| mistake_ui(ui, read));
    }
    if response.lost_focus() {
        let enter = ui.input(|input| input.key_pressed(Key::Enter));
        let is_empty = matches!(editing.what, What::Show(_)) && editing.text.trim().is_empty();
        if enter && (is_wrong || is_empty) {
            // A panel cannot draw it: the field stays.
            response.request_focus();
        } else {
            if enter {
                frame.finish(editing);
            }
            return;
        }
    } else if !response.has_focus() {
        return;
    }
    frame.memory.editing = Some(editing);
}

/// Chooses the whole name, so that another one is typed in its place.
fn choose_all(ui: &Ui, id: egui::Id, text: &str) {
    let mut state = TextEditState::load(ui, id).unwrap_or_default();
    let end = CCursor::new(text.chars().count());
    state.cursor.set_char_range(Some(CCursorRange::two(CCursor::default(), end)));
    state.store(ui, id);
}

impl Frame<'_> {
    /// Takes what was typed.
    fn finish(&mut self, editing: Editing) {
        let Editing { what, text, .. } = editing;
        match what {
            What::Title(panel) => self.tile(TileAction::Rename { panel, title: text }),
            What::Show(panel) => {
                let show = Selector::alternatives(&text);
                if !show.is_empty() {
                    self.tile(TileAction::SetShow { panel, show });
                }
            }
            What::Tab(tab) => self.actions.push(Action::RenameTab { tab, name: text }),
            What::Alias(host) => {
                self.actions.push(Action::Arrange(Arrange::Call { host, alias: text }))
            }
        }
    }
}
