//! Commands about tabs, tiles and panels.

use super::{Command, Context, Focus, Step, Waits, act, cap, command, on, on_canvas};
use crate::store::PluginNode;
use crate::view::action::TileAction;
use crate::view::chord::{Chord, Key};
use crate::view::layout::place::{Area, Needs, PlacedPanel, place};
use crate::view::layout::{Layout, Repeat};
use crate::view::names::{PanelId, Side, Spot, To};
use crate::view::tree::{Row, series_of};
use crate::view::{Action, DrawnAs};

const fn ctrl(key: Key) -> Chord {
    Chord { ctrl: true, shift: false, key }
}

const fn ctrl_shift(key: Key) -> Chord {
    Chord { ctrl: true, shift: true, key }
}

/// Whatever has the keyboard but a text field, which undoes what was typed into it.
fn beside_text(context: &Context<'_>) -> bool {
    !matches!(context.focus, Focus::Filter | Focus::Text)
}

fn is_pointed(context: &Context<'_>) -> bool {
    on_canvas(context) && context.pointed().is_some()
}

fn has_panels(context: &Context<'_>) -> bool {
    let is_table = context.picking.view.tab().canvas.fleet().is_some();
    beside_text(context) && !is_table && !context.panels.is_empty()
}

fn in_filter(context: &Context<'_>) -> bool {
    context.focus == Focus::Filter && !context.picking.view.filter.is_empty()
}

/// Opens an empty tab.
pub const NEW_TAB: Command =
    command("new-tab", "New tab", &[ctrl(Key::Cap('T'))], |_| act(Action::NewTab))
        .found_by("open add")
        .when(super::always);
/// Closes the tab on screen.
pub const CLOSE_TAB: Command =
    command("close-tab", "Close the tab", &[ctrl(Key::Cap('W'))], |at| {
        act(Action::CloseTab(at.picking.view.tab().id))
    })
    .found_by("remove")
    .when(super::always);
pub(super) const STEP_TABS: [Command; 2] = [
    command("next-tab", "Next tab", &[ctrl(Key::Tab), ctrl(Key::PageDown)], |at| at.tab_step(1))
        .when(|at| at.has_tab(1)),
    command("previous-tab", "Previous tab", &[ctrl_shift(Key::Tab), ctrl(Key::PageUp)], |at| {
        at.tab_step(-1)
    })
    .when(|at| at.has_tab(1)),
];
pub(super) const TABS: [Command; 9] = [
    command("tab-1", "Tab 1", &[ctrl(Key::Cap('1'))], |at| at.tab(0)).when(|at| at.has_tab(0)),
    command("tab-2", "Tab 2", &[ctrl(Key::Cap('2'))], |at| at.tab(1)).when(|at| at.has_tab(1)),
    command("tab-3", "Tab 3", &[ctrl(Key::Cap('3'))], |at| at.tab(2)).when(|at| at.has_tab(2)),
    command("tab-4", "Tab 4", &[ctrl(Key::Cap('4'))], |at| at.tab(3)).when(|at| at.has_tab(3)),
    command("tab-5", "Tab 5", &[ctrl(Key::Cap('5'))], |at| at.tab(4)).when(|at| at.has_tab(4)),
    command("tab-6", "Tab 6", &[ctrl(Key::Cap('6'))], |at| at.tab(5)).when(|at| at.has_tab(5)),
    command("tab-7", "Tab 7", &[ctrl(Key::Cap('7'))], |at| at.tab(6)).when(|at| at.has_tab(6)),
    command("tab-8", "Tab 8", &[ctrl(Key::Cap('8'))], |at| at.tab(7)).when(|at| at.has_tab(7)),
    command("tab-9", "Tab 9", &[ctrl(Key::Cap('9'))], |at| at.tab(8)).when(|at| at.has_tab(8)),
];
/// Takes back the last change of tabs, tiles and panels.
pub const UNDO: Command =
    command("undo", "Undo a change of tabs or panels", &[ctrl(Key::Cap('Z'))], |_| {
        act(Action::Undo)
    })
    .found_by("take back revert")
    .when(|at| beside_text(at) && at.picking.view.history.can_undo());
/// Does again what was taken back.
pub const REDO: Command = command(
    "redo",
    "Redo a change of tabs or panels",
    &[ctrl(Key::Cap('Y')), ctrl_shift(Key::Cap('Z'))],
    |_| act(Action::Redo),
)
.found_by("again")
.when(|at| beside_text(at) && at.picking.view.history.can_redo());
pub(super) const PANELS: [Command; 2] = [
    command("next-panel", "Go to the next panel", &[on(Key::Function(6))], |at| at.panel_step(1))
        .when(has_panels),
    command(
        "previous-panel",
        "Go to the previous panel",
        &[Chord::shift(Key::Function(6))],
        |at| at.panel_step(-1),
    )
    .when(has_panels),
];
/// One panel gets the canvas for itself, or the others come back.
pub const MAXIMISE: Command =
    command("maximise", "Maximise the panel / show the others", &[on(Key::Enter)], |_| {
        act(Action::ToggleMaximised)
    })
    .found_by("full large zoom")
    .when(|at| is_pointed(at) && at.cursor.is_none());
/// Takes the panel off the canvas.
pub const REMOVE_PANEL: Command =
    command("remove-panel", "Remove the panel", &[on(Key::Delete)], |at| {
        at.tile(TileAction::Remove)
    })
    .found_by("delete close")
    .when(is_pointed);
/// Puts the same panel beside it.
pub const DUPLICATE_PANEL: Command =
    command("duplicate-panel", "Duplicate the panel", &[ctrl(Key::Cap('D'))], |at| {
        at.tile(TileAction::Duplicate)
    })
    .found_by("copy again")
    .when(is_pointed);
/// Draws the same of every host.
pub const EVERY_HOST: Command =
    command("every-host", "Draw the panel of every host", &[cap('E')], |at| {
        at.tile(TileAction::EveryHost)
    })
    .found_by("all hosts compare")
    .when(is_pointed);
/// Without a key: how many panels there are of what a panel draws, and one tab for every host.
pub(super) const KEYLESS: [Command; 4] = [
    command("one-panel", "Draw the panel as one for all", &[], |at| at.each(Repeat::Never))
        .found_by("together hosts merge")
        .when(is_pointed),
    command("panel-each-host", "Draw the panel as one for each host", &[], |at| {
        at.each(Repeat::Host)
    })
    .found_by("split apart")
    .when(is_pointed),
    command("panel-each-instance", "Draw the panel as one for each instance", &[], |at| {
        at.each(Repeat::Instance)
    })
    .found_by("split apart")
    .when(is_pointed),
    command("another-host", "Same tab, another host", &[], |_| {
        act(Action::Tile(TileAction::LeaveHostOpen))
    })
    .found_by("variable choose every")
    .when(|at| !at.panels.is_empty()),
];
pub(super) const MOVE_PANEL: [Command; 4] = [
    command("panel-left", "Move the panel left", &[ctrl_shift(Key::Left)], |at| {
        at.moved_panel(Side::Left)
    })
    .when(is_pointed),
    command("panel-right", "Move the panel right", &[ctrl_shift(Key::Right)], |at| {
        at.moved_panel(Side::Right)
    })
    .when(is_pointed),
    command("panel-up", "Move the panel up", &[ctrl_shift(Key::Up)], |at| {
        at.moved_panel(Side::Above)
    })
    .when(is_pointed),
    command("panel-down", "Move the panel down", &[ctrl_shift(Key::Down)], |at| {
        at.moved_panel(Side::Below)
    })
    .when(is_pointed),
];
/// Draws what the filter chooses.
pub const DRAW: Command =
    command("draw", "Draw what the filter chooses", &[on(Key::Enter)], |at| at.draw_filter())
        .found_by("show plot")
        .when(|at| in_filter(at) && at.cursor.is_none())
        .waiting(Waits::ForRows);
/// Adds it to the tab on screen.
pub const ADD: Command =
    command("draw-here", "Add what the filter chooses to this tab", &[ctrl(Key::Enter)], |at| {
        at.drawn(DrawnAs::Catalogue, To::Here(Spot::End))
    })
    .found_by("show plot panel")
    .when(in_filter)
    .waiting(Waits::ForChoices);
/// Adds it as one panel.
pub const ADD_ONE: Command = command(
    "draw-as-one",
    "Add what the filter chooses to this tab as one panel",
    &[Chord::shift(Key::Enter)],
    |at| at.drawn(DrawnAs::One, To::Here(Spot::End)),
)
.found_by("show plot panel together")
.when(in_filter)
.waiting(Waits::ForChoices);

/// Saves the tabs where the open layout is.
pub const SAVE_LAYOUT: Command =
    command("save-layout", "Save the layout", &[ctrl(Key::Cap('S'))], |at| {
        if at.picking.view.layouts.source().is_some() {
            act(Action::SaveLayout { source: None, anyway: false })
        } else {
            vec![Step::NameLayout]
        }
    })
    .found_by("keep tabs file")
    .when(super::always);
/// Saves the tabs under a name.
pub const SAVE_LAYOUT_AS: Command =
    command("save-layout-as", "Save the layout as …", &[ctrl_shift(Key::Cap('S'))], |_| {
        vec![Step::NameLayout]
    })
    .found_by("keep tabs file name")
    .when(super::always);
/// Opens the menu of the layouts.
pub const OPEN_LAYOUT: Command =
    command("open-layout", "Open a layout", &[ctrl(Key::Cap('O'))], |_| vec![Step::OpenLayouts])
        .found_by("tabs file")
        .when(super::always);

impl Context<'_> {
    /// The panel that keys are about, if it is still there.
    fn pointed(&self) -> Option<PanelId> {
        self.picking.view.tab().panel.filter(|id| self.panels.contains(id))
    }

    fn tab(&self, place: usize) -> Vec<Step> {
        let tabs = self.picking.view.workspace.tabs();
        tabs.get(place).map(|tab| Step::Do(Action::ShowTab(tab.id))).into_iter().collect()
    }

    fn has_tab(&self, place: usize) -> bool {
        place < self.picking.view.workspace.tabs().len()
    }

    fn tab_step(&self, by: isize) -> Vec<Step> {
        let workspace = &self.picking.view.workspace;
        self.tab(around(workspace.active_place(), by, workspace.tabs().len()))
    }

    fn panel_step(&self, by: isize) -> Vec<Step> {
        let pointed = self.pointed();
        let place = self.panels.iter().position(|id| Some(*id) == pointed);
        let first = if by > 0 { 0 } else { self.panels.len().saturating_sub(1) };
        let next = place.map_or(first, |place| around(place, by, self.panels.len()));
        let id = self.panels.get(next).copied();
        id.map(|id| Step::Do(Action::PointPanel(Some(id)))).into_iter().collect()
    }

    fn tile(&self, action: impl Fn(PanelId) -> TileAction) -> Vec<Step> {
        let id = self.pointed();
        id.map(|id| Step::Do(Action::Tile(action(id)))).into_iter().collect()
    }

    fn each(&self, each: Repeat) -> Vec<Step> {
        self.tile(|panel| TileAction::SetEach { panel, each })
    }

    fn moved_panel(&self, side: Side) -> Vec<Step> {
        let tiles = self.picking.view.tab().canvas.tiles();
        self.tile(|panel| {
            let beside = tiles.and_then(|tiles| neighbour(tiles, panel, side));
            let spot = beside.map_or(Spot::Edge(side), |of| Spot::Beside(of, side));
            TileAction::Move { panel, to: To::Here(spot) }
        })
    }

    /// A host or a plugin that is all that the filter chooses is shown as if it were pressed; else
    /// it is drawn on a tab of its own.
    fn draw_filter(&self) -> Vec<Step> {
        if self.rows.matched == 0 {
            return vec![Step::LeaveFilter];
        }
        if let Some(row) = self.all_that_is_chosen() {
            let actions = self.picking.press(row).into_iter();
            let select = actions.filter(|action| matches!(action, Action::Select(_)));
            return select.map(Step::Do).chain([Step::LeaveFilter]).collect();
        }
        let is_empty = self.picking.view.tab().canvas.tiles().is_some_and(Layout::is_empty);
        let to = if is_empty { To::Here(Spot::End) } else { To::NewTab };
        self.drawn(DrawnAs::Catalogue, to)
    }

    /// The row of the only host or plugin, if the filter chooses all of it and nothing else.
    fn all_that_is_chosen(&self) -> Option<Row> {
        let store = self.picking.store;
        let only = |is: fn(&Row) -> bool| {
            let mut rows = self.rows.rows.iter().copied().filter(is);
            rows.next().filter(|_| rows.next().is_none())
        };
        let host_row = only(|row| matches!(row, Row::Host { .. }))?;
        let Row::Host { host } = host_row else { return None };
        let host = store.index().hosts().get(host)?;
        let count = |plugin: &PluginNode| series_of(plugin).count();
        if host.plugins.iter().map(count).sum::<usize>() == self.rows.matched {
            return Some(host_row);
        }
        let plugin_row = only(|row| matches!(row, Row::Plugin { .. }))?;
        let Row::Plugin { plugin, .. } = plugin_row else { return None };
        (count(host.plugins.get(plugin)?) == self.rows.matched).then_some(plugin_row)
    }

    /// Draws what the filter chooses, and gives the keyboard back to the canvas.
    fn drawn(&self, panels: DrawnAs, to: To) -> Vec<Step> {
        // What cannot be read is underlined in the filter, and nothing that lasts.
        let view = self.picking.view;
        let show = view.filter.spelled_out(view.aliases());
        vec![Step::Do(Action::Draw { show, panels, to }), Step::LeaveFilter]
    }
}

/// The place `by` steps on, around the end.
fn around(place: usize, by: isize, count: usize) -> usize {
    if by < 0 && place == 0 {
        return count.saturating_sub(1);
    }
    let next = place.saturating_add_signed(by);
    if next < count { next } else { 0 }
}

/// The panel that stands at a side of another, the longest along it.
fn neighbour(tiles: &Layout, panel: PanelId, side: Side) -> Option<PanelId> {
    let canvas = Area { left: 0.0, top: 0.0, width: 1_000.0, height: 1_000.0 };
    let needs = Needs { gap: 0.0, width_min: 0.0, height_min: &|_, _| 0.0 };
    let placed = place(tiles, canvas, &needs);
    let own = placed.panels.iter().find(|other| other.id == panel)?.area;
    let shared =
        |a: f32, a_length: f32, b: f32, b_length: f32| (a + a_length).min(b + b_length) - a.max(b);
    let touches = |other: &&PlacedPanel| {
        let area = other.area;
        let gap = match side {
            Side::Left => own.left - (area.left + area.width),
            Side::Right => area.left - (own.left + own.width),
            Side::Above => own.top - (area.top + area.height),
            Side::Below => area.top - (own.top + own.height),
        };
        other.id != panel && gap.abs() < 1.0
    };
    let along = |other: &PlacedPanel| {
        let area = other.area;
        match side {
            Side::Left | Side::Right => shared(own.top, own.height, area.top, area.height),
            Side::Above | Side::Below => shared(own.left, own.width, area.left, area.width),
        }
    };
    let beside = placed.panels.iter().filter(touches).filter(|other| along(other) > 1.0);
    beside.max_by(|a, b| along(a).total_cmp(&along(b))).map(|other| other.id)
}
