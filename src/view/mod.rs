//! What the user wants to see, and how data answers it.
//!
//! [`View`] holds every choice of the user and changes in [`View::apply`] only; drawing reads it
//! and returns [`Action`]s. Everything here is pure: time and totals come in as [`Moment`].

pub mod action;
pub mod aliases;
pub mod arrangement;
pub mod axis;
pub mod bars;
pub mod chord;
pub mod clocks;
pub mod colours;
mod combined;
pub mod command;
pub mod completion;
pub mod empty;
pub mod everywhere;
pub mod fleet;
pub mod format;
pub mod gathered;
pub mod graphs;
pub mod graphs_file;
mod grid;
pub mod health;
pub mod hidden;
pub mod history;
pub mod host_age;
pub mod keymap;
pub mod latest;
pub mod layout;
pub mod layout_file;
pub mod layouts;
pub(crate) mod lines;
pub mod lookalike;
pub mod marks;
pub mod names;
pub(crate) mod nearest;
pub mod notifications;
pub mod palette;
pub mod panels;
pub mod pick;
pub mod pivot;
pub mod plot;
mod preferences;
pub mod recent;
mod refine;
pub mod representative;
pub mod role;
mod row;
pub mod selection;
pub mod selector;
pub mod senders;
pub mod shorten;
mod sidebar;
pub mod tab;
mod tiles;
pub mod tree;
pub mod width;
pub mod window;
pub mod workspace;

use crate::metric::{CdTime, Interval};
use crate::store::{Mode, Severities, Store};
pub use action::{Action, DrawnAs, Pane, Theme, TileAction};
use aliases::Aliases;
use arrangement::{Arranged, Arrangement};
pub use fleet::FleetAction;
use gathered::Gathered;
use history::{History, Known, Step};
use keymap::Keymap;
use layout::Rule;
use layouts::Layouts;
use notifications::NotificationList;
use palette::Search;
use pivot::Pivot;
pub use preferences::Preferences;
use recent::{Item, Recent};
use row::RowName;
use selection::{Scope, Selection};
use selector::Selector;
use std::collections::HashSet;
use std::sync::Arc;
use tab::{Canvas, Tab};
use window::TimeWindow;
use workspace::Workspace;

/// What is true at the moment of an action.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Our clock.
    pub now: CdTime,
    /// Values received so far.
    pub values: u64,
    /// The oldest sample of what is on the canvas.
    pub oldest: Option<CdTime>,
    /// Notifications received so far.
    pub notifications: Severities,
    /// The rules of the panels that the action draws.
    pub rules: Vec<Rule>,
    /// The panels that the catalogue put on the canvas, where the action makes them the user's own.
    pub own: Option<Own>,
}

/// Panels of the catalogue that become the user's own.
#[derive(Clone, Debug)]
pub struct Own {
    /// Their rules.
    pub rules: Vec<Rule>,
    /// Panels in a row.
    pub columns: usize,
}

/// All of the user's choices.
#[derive(Clone, Debug)]
pub struct View {
    /// Tabs, and what is on them.
    pub workspace: Workspace,
    /// What they were.
    pub history: History,
    /// The layouts that were saved, and the one that is open.
    pub layouts: Layouts,
    /// The tree's filter.
    pub filter: Selector,
    /// Rows of the tree that the user opened.
    pub open: Arc<HashSet<RowName>>,
    /// What stands at the top of the tree.
    pub pivot: Pivot,
    /// What the user made of its rows.
    pub arrangement: Arc<Arrangement>,
    /// Rows that are hidden are listed for now.
    pub shows_hidden: bool,
    /// The row that the keyboard is on.
    pub cursor: Option<usize>,
    /// The host whose row in the table of all hosts the keyboard is on.
    pub host_cursor: Option<Arc<str>>,
    /// The order of that table stands still.
    pub holds_order: bool,
    /// The rows that are drawn together.
    pub gathered: Gathered,
    /// Whether the sidebar is there.
    pub sidebar: bool,
    /// Times are written by the clocks of the hosts, not by ours.
    pub host_time: bool,
    /// Keys of the commands.
    pub keymap: Keymap,
    /// Dark or light.
    pub theme: Theme,
    /// What lies over the canvas.
    pub pane: Option<Pane>,
    /// The palette, while it is open.
    pub palette: Option<Search>,
    /// What was chosen in it.
    pub recent: Recent,
    /// The list of notifications below the canvas.
    pub notifications: NotificationList,
    /// An action asked for more tabs or panels than there may be.
    pub(crate) no_room: bool,
    /// An action asked for more to be pinned, hidden or called otherwise than there may be.
    pub(crate) no_arranging: bool,
    /// An action asked for more columns of a table than there may be.
    pub(crate) no_columns: bool,
}

/// Width of the window at the first start: a collectd at its default of 10 s has thirty points.
pub const WIDTH_FIRST: Interval = Interval::from_secs(300);

impl View {
    /// Live, with nothing selected.
    pub fn new(kept: &Preferences) -> Self {
        Self {
            workspace: Workspace::new(TimeWindow::live(kept.width)),
            history: History::default(),
            layouts: Layouts::default(),
            filter: Selector::default(),
            open: Arc::default(),
            pivot: kept.pivot,
            arrangement: Arc::clone(&kept.arrangement),
            shows_hidden: false,
            cursor: None,
            host_cursor: None,
            holds_order: false,
            gathered: Gathered::default(),
            sidebar: kept.sidebar,
            host_time: false,
            keymap: Keymap::default(),
            theme: kept.theme,
            pane: None,
            palette: None,
            recent: Recent::default(),
            notifications: NotificationList::default(),
            no_room: false,
            no_arranging: false,
            no_columns: false,
        }
    }

    /// What hosts are called.
    pub fn aliases(&self) -> &Aliases {
        &self.arrangement.aliases
    }

    /// How the sidebar is arranged, with this machine at its top.
    pub(crate) fn arranged(&self, local: Option<Arc<str>>) -> Arranged {
        let by_user = Arc::clone(&self.arrangement);
        Arranged { local, by_user, shows_hidden: self.shows_hidden }
    }

    /// The tab on screen.
    pub fn tab(&self) -> &Tab {
        self.workspace.active()
    }

    /// The span on screen.
    pub fn window(&self) -> &TimeWindow {
        &self.tab().window
    }

    /// The same, to be changed by the program itself.
    pub fn window_mut(&mut self) -> &mut TimeWindow {
        &mut self.workspace.active_mut().window
    }

    /// What was picked for the canvas, where it follows the catalogue.
    pub fn selection(&self) -> Option<&Selection> {
        self.tab().canvas.selection()
    }

    /// The host or the plugin that the canvas shows, where it follows the catalogue.
    pub fn scope(&self) -> Option<&Scope> {
        self.selection()?.scope()
    }

    /// Rates, or raw values.
    pub fn mode(&self) -> Mode {
        self.tab().mode
    }

    /// Does what the user asked for. The program itself only fits the width of the window and picks
    /// the first host.
    pub fn apply(&mut self, action: Action, at: &Moment) {
        let step = match &action {
            Action::Tile(TileAction::Resize { gesture, .. }) => Step::Gesture(*gesture),
            _ => Step::Own,
        };
        let is_step = matches!(action, Action::Undo | Action::Redo);
        let before = Known { workspace: self.workspace.clone(), layout: None };
        let own = at.own.as_ref().map(|Own { rules, columns }| {
            self.workspace.keep_tiles(rules.clone(), *columns);
            self.workspace.clone()
        });
        self.do_now(action, at);
        if is_step {
            return;
        }
        if !own.as_ref().unwrap_or(&before.workspace).is_same_choice(&self.workspace) {
            self.history.record(before, step);
        } else if own.is_some() {
            // What changes nothing makes nothing the user's own.
            self.workspace = self.workspace.with_choices_of(&before.workspace);
        }
    }

    fn do_now(&mut self, action: Action, at: &Moment) {
        match action {
            Action::SetFilter(_)
            | Action::SetOpen { .. }
            | Action::SetCursor(_)
            | Action::Gather { .. }
            | Action::ClearGathered
            | Action::SetPivot(_)
            | Action::ToggleSidebar => self.apply_to_sidebar(action),
            Action::Arrange(action) => self.arrange(action),
            Action::Forget(_) => self.rows_go(),
            Action::ToggleHostTime => self.host_time = !self.host_time,
            Action::SetTheme(theme) => self.theme = theme,
            Action::TogglePane(pane) => self.pane = Some(pane).filter(|_| self.pane != Some(pane)),
            Action::ClosePane => self.pane = None,
            // What the session does.
            Action::KeepNow
            | Action::SaveLayout { .. }
            | Action::OpenLayout(_)
            | Action::OpenBuiltIn(_)
            | Action::DeleteLayout(_) => {}
            Action::OpenPalette
            | Action::SetPaletteText(_)
            | Action::SetPaletteRow(_)
            | Action::ClosePalette
            | Action::Choose(_) => self.apply_to_palette(action),
            Action::TogglePause
            | Action::GoLive
            | Action::SetWidth(_)
            | Action::Pan(_)
            | Action::Zoom { .. }
            | Action::ZoomMiddle(_)
            | Action::ShowSpan(_)
            | Action::ZoomBack
            | Action::GoOldest
            | Action::ShowAllPanels
            | Action::ToggleMode => self.workspace.active_mut().apply(action, at),
            Action::Undo | Action::Redo => self.step(&action),
            Action::NewTab
            | Action::CloseTab(_)
            | Action::ShowTab(_)
            | Action::RenameTab { .. }
            | Action::MoveTab { .. }
            | Action::SetTabHost(_) => self.no_room |= !self.workspace.apply_to_tabs(action),
            Action::Select(_)
            | Action::SelectInNewTab(_)
            | Action::SetShown { .. }
            | Action::Draw { .. }
            | Action::Tile(_)
            | Action::ShowFleet
            | Action::Fleet(_)
            | Action::PointPanel(_)
            | Action::ToggleMaximised => self.apply_to_canvas(action, at),
            Action::ToggleNotifications
            | Action::SetSeverityShown { .. }
            | Action::SetNotificationFilter(_)
            | Action::MarkSeen
            | Action::PointAt(_)
            | Action::ShowNotification { .. } => self.apply_to_notifications(action, at),
        }
    }

    fn step(&mut self, action: &Action) {
        let now = self.with_layout();
        let step = match action {
            Action::Undo => self.history.undo(now),
            _ => self.history.redo(now),
        };
        if let Some(Known { workspace, layout }) = step {
            self.workspace = workspace;
            if let Some(open) = layout {
                self.layouts.bring_back(open);
            }
        }
    }

    fn with_layout(&self) -> Known {
        Known { workspace: self.workspace.clone(), layout: Some(self.layouts.open()) }
    }

    fn apply_to_canvas(&mut self, action: Action, at: &Moment) {
        let workspace = &mut self.workspace;
        let rules = || at.rules.clone();
        let has_room = match action {
            Action::Select(scope) => workspace.select(scope),
            Action::SelectInNewTab(scope) => workspace.select_in_new_tab(scope),
            Action::SetShown { ref keys, shown } if workspace.active().canvas.tiles().is_some() => {
                tiles::set_shown(workspace, keys, shown)
            }
            Action::SetShown { .. } => {
                workspace.active_mut().apply(action, at);
                true
            }
            Action::Draw { to, .. } => workspace.add(rules(), to),
            Action::Tile(action) => tiles::apply(workspace, action),
            Action::ShowFleet => workspace.show_fleet(),
            Action::Fleet(FleetAction::SetCursor(host)) => {
                self.cursor = self.cursor.filter(|_| host.is_none());
                self.host_cursor = host;
                true
            }
            Action::Fleet(FleetAction::Hold(holds)) => {
                self.holds_order = holds;
                true
            }
            Action::Fleet(action) => {
                let fits = workspace.fleet_mut().is_none_or(|fleet| fleet.apply(action));
                self.no_columns |= !fits;
                true
            }
            Action::PointPanel(panel) => {
                workspace.point(panel);
                self.cursor = self.cursor.filter(|_| panel.is_none());
                true
            }
            Action::ToggleMaximised => {
                workspace.toggle_maximised();
                true
            }
            _ => {
                debug_assert!(false, "not about a canvas: {action:?}");
                true
            }
        };
        self.no_room |= !has_room;
    }

    fn apply_to_palette(&mut self, action: Action) {
        match (action, &mut self.palette) {
            (Action::OpenPalette, palette) => *palette = Some(Search::default()),
            (Action::ClosePalette, palette) => *palette = None,
            (Action::Choose(item), palette) => {
                *palette = None;
                if matches!(item, Item::Scope(_)) {
                    // The arrows go on from what is shown.
                    self.cursor = None;
                }
                self.recent.note(item);
            }
            (Action::SetPaletteText(text), Some(search)) => search.set(&text),
            (Action::SetPaletteRow(row), Some(search)) => search.row = row,
            // What was typed into a palette that is closed.
            (Action::SetPaletteText(_) | Action::SetPaletteRow(_), None) => {}
            (action, _) => debug_assert!(false, "not about the palette: {action:?}"),
        }
    }

    fn apply_to_notifications(&mut self, action: Action, at: &Moment) {
        let list = &mut self.notifications;
        match action {
            Action::ToggleNotifications => {
                if list.open {
                    list.seen = at.notifications;
                }
                list.open = !list.open;
            }
            Action::SetSeverityShown { severity, shown } => list.set_shown(severity, shown),
            Action::SetNotificationFilter(text) => {
                list.filter = Selector::new(&text).knowing(&self.arrangement.aliases);
            }
            Action::MarkSeen => list.seen = at.notifications,
            Action::PointAt(number) => (list.open, list.chosen) = (true, Some(number)),
            Action::ShowNotification { number, time, about } => {
                list.chosen = Some(number);
                let shown = self.workspace.active().canvas.selection();
                let shown = shown.and_then(Selection::scope);
                if let Some(scope) = about.filter(|scope| shown != Some(scope)) {
                    Arc::make_mut(&mut self.open).insert(Scope::Host(scope.host().clone()).into());
                    self.no_room |= !self.workspace.select(scope);
                }
                self.workspace.active_mut().window.show_moment(time, at.now);
            }
            _ => debug_assert!(false, "not about notifications: {action:?}"),
        }
    }

    /// Shows other tabs; those before them can be brought back.
    pub(crate) fn open(&mut self, workspace: Workspace) {
        self.history.record(self.with_layout(), Step::Own);
        self.workspace = self.workspace.replaced_by(workspace);
    }

    /// On first data, puts the first host on the canvas, so that nobody meets an empty one:
    /// `preferred` (this machine) if it is there. Does nothing once something was picked.
    pub fn pick_first(&mut self, store: &Store, preferred: Option<&str>) {
        let Canvas::Auto(selection) = &mut self.workspace.active_mut().canvas else { return };
        if selection.scope().is_some() || !selection.checked().is_empty() {
            return;
        }
        let hosts = store.index().hosts();
        let found = hosts.iter().find(|node| Some(&*node.name) == preferred);
        if let Some(node) = found.or(hosts.first()) {
            let scope = tree::scope_of_host(node);
            Arc::make_mut(&mut self.open).insert(scope.clone().into());
            selection.select_first(scope);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use window::Anchor;

    const AT: Moment = Moment {
        now: CdTime::from_secs(10_000),
        values: 42,
        oldest: Some(CdTime::from_secs(500)),
        notifications: Severities { failures: 3, warnings: 2, okays: 1 },
        rules: Vec::new(),
        own: None,
    };

    fn view(actions: &[Action]) -> View {
        let kept = Preferences { width: Interval::from_secs(100), ..Preferences::default() };
        let mut view = View::new(&kept);
        for action in actions {
            view.apply(action.clone(), &AT);
        }
        view
    }

    #[test]
    fn space_pauses_and_space_again_goes_live() {
        let paused = view(&[Action::TogglePause]);
        assert!(matches!(paused.window().anchor(), Anchor::Paused { values: 42, .. }));
        assert!(view(&[Action::TogglePause, Action::TogglePause]).window().is_live());
    }

    #[test]
    fn space_on_a_detached_window_goes_live() {
        assert!(view(&[Action::Pan(-50.0), Action::TogglePause]).window().is_live());
    }

    #[test]
    fn home_shows_the_oldest_sample_at_the_left() {
        let span = view(&[Action::GoOldest]).window().span(AT.now);
        assert_eq!(span.start, CdTime::from_secs(500));
    }

    #[test]
    fn a_pane_closes_by_the_key_that_opened_it() {
        let help = Action::TogglePane(Pane::Help);
        assert_eq!(view(std::slice::from_ref(&help)).pane, Some(Pane::Help));
        assert_eq!(view(&[help.clone(), help]).pane, None);
    }

    #[test]
    fn closing_the_list_of_notifications_says_that_they_were_seen() {
        let toggle = Action::ToggleNotifications;
        let open = view(std::slice::from_ref(&toggle));
        assert!(open.notifications.open);
        assert_eq!(open.notifications.seen, Severities::default());
        let closed = view(&[toggle.clone(), toggle]);
        assert!(!closed.notifications.open);
        assert_eq!(closed.notifications.seen, AT.notifications);
        assert_eq!(view(&[Action::MarkSeen]).notifications.seen, AT.notifications);
    }

    #[test]
    fn a_notification_brings_its_moment_and_its_plugin_on_screen() {
        let (time, scope) = (CdTime::from_secs(2_000), Scope::Host("h".into()));
        let show = |about| Action::ShowNotification { number: 7, time, about };
        let shown = view(&[show(Some(scope.clone()))]);
        assert!(shown.window().span(AT.now).contains(time) && !shown.window().is_live());
        assert_eq!(shown.scope(), Some(&scope));
        assert_eq!(shown.notifications.chosen, Some(7));
        // A host that sent no value cannot be drawn; what was on the canvas stays.
        let unknown = view(&[Action::Select(scope.clone()), show(None)]);
        assert_eq!(unknown.scope(), Some(&scope));
    }

    #[test]
    fn a_row_is_opened_and_the_tree_filtered() {
        let scope = Scope::Host("h".into());
        let row = RowName::from(scope);
        let open = Action::SetOpen { row: row.clone(), open: true };
        let view = view(&[open, Action::SetFilter("cpu".into())]);
        assert!(view.open.contains(&row) && view.filter.text() == "cpu");
    }
}
