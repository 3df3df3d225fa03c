//! What the user wants to see, and how data answers it.
//!
//! [`View`] holds every choice of the user and changes in [`View::apply`] only; drawing reads it
//! and returns [`Action`]s. Everything here is pure: time and totals come in as [`Moment`].

pub mod action;
pub mod axis;
pub mod bars;
pub mod chord;
pub mod clocks;
mod combined;
pub mod command;
pub mod completion;
pub mod empty;
pub mod format;
pub mod graphs;
mod grid;
pub mod health;
pub mod latest;
pub mod lookalike;
pub mod marks;
pub mod notifications;
pub mod panels;
pub mod pick;
pub mod plot;
mod preferences;
mod refine;
pub mod role;
mod row;
pub mod selection;
pub mod selector;
pub mod senders;
pub mod tree;
pub mod window;
pub mod workspace;

use crate::metric::{CdTime, Interval};
use crate::store::{Mode, Severities, Store};
pub use action::{Action, Pane, Theme};
use notifications::NotificationList;
pub use preferences::Preferences;
use selection::{Scope, Selection};
use selector::Selector;
use std::collections::HashSet;
use std::sync::Arc;
use window::TimeWindow;
use workspace::{Tab, Workspace};

/// What is true at the moment of an action.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Our clock.
    pub now: CdTime,
    /// Values received so far.
    pub values: u64,
    /// The oldest sample of what is on the canvas.
    pub oldest: Option<CdTime>,
    /// Notifications received so far.
    pub notifications: Severities,
}

/// All of the user's choices.
#[derive(Clone, Debug)]
pub struct View {
    /// Tabs, and what is on them.
    pub workspace: Workspace,
    /// The tree's filter.
    pub filter: Selector,
    /// Rows of the tree that the user opened.
    pub open: Arc<HashSet<Scope>>,
    /// The row that the keyboard is on.
    pub cursor: Option<usize>,
    /// Whether the sidebar is there.
    pub sidebar: bool,
    /// Times are written by the clocks of the hosts, not by ours.
    pub host_time: bool,
    /// Dark or light.
    pub theme: Theme,
    /// What lies over the canvas.
    pub pane: Option<Pane>,
    /// The list of notifications below the canvas.
    pub notifications: NotificationList,
}

/// Width of the window at the first start: a collectd at its default of 10 s has thirty points.
pub const WIDTH_FIRST: Interval = Interval::from_secs(300);

impl View {
    /// Live, with nothing selected.
    pub fn new(kept: &Preferences) -> Self {
        Self {
            workspace: Workspace::new(TimeWindow::live(kept.width)),
            filter: Selector::default(),
            open: Arc::default(),
            cursor: None,
            sidebar: kept.sidebar,
            host_time: false,
            theme: kept.theme,
            pane: None,
            notifications: NotificationList::default(),
        }
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

    /// What is on the canvas.
    pub fn selection(&self) -> &Selection {
        self.tab().canvas.selection()
    }

    /// Rates, or raw values.
    pub fn mode(&self) -> Mode {
        self.tab().mode
    }

    /// Does what the user asked for. The program itself only fits the width of the window and picks
    /// the first host.
    pub fn apply(&mut self, action: Action, at: &Moment) {
        match action {
            Action::SetFilter(text) => {
                self.filter = Selector::new(&text);
                self.cursor = None;
            }
            Action::SetOpen { scope, open } => {
                let opened = Arc::make_mut(&mut self.open);
                if open {
                    opened.insert(scope);
                } else {
                    opened.remove(&scope);
                }
            }
            Action::SetCursor(row) => self.cursor = Some(row),
            Action::ToggleSidebar => self.sidebar = !self.sidebar,
            Action::ToggleHostTime => self.host_time = !self.host_time,
            Action::SetTheme(theme) => self.theme = theme,
            Action::TogglePane(pane) => {
                self.pane = (self.pane != Some(pane)).then_some(pane);
            }
            Action::ClosePane => self.pane = None,
            Action::KeepNow => {}
            Action::TogglePause
            | Action::GoLive
            | Action::SetWidth(_)
            | Action::Pan(_)
            | Action::Zoom { .. }
            | Action::ZoomMiddle(_)
            | Action::ShowSpan(_)
            | Action::ZoomBack
            | Action::GoOldest
            | Action::Select(_)
            | Action::ShowAllPanels
            | Action::SetShown { .. }
            | Action::ToggleMode => self.workspace.active_mut().apply(action, at),
            Action::ToggleNotifications
            | Action::SetSeverityShown { .. }
            | Action::SetNotificationFilter(_)
            | Action::MarkSeen
            | Action::PointAt(_)
            | Action::ShowNotification { .. } => self.apply_to_notifications(action, at),
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
            Action::SetNotificationFilter(text) => list.set_filter(&text),
            Action::MarkSeen => list.seen = at.notifications,
            Action::PointAt(number) => (list.open, list.chosen) = (true, Some(number)),
            Action::ShowNotification { number, time, about } => {
                list.chosen = Some(number);
                let Tab { window, canvas, .. } = self.workspace.active_mut();
                window.show_moment(time, at.now);
                let selection = canvas.selection_mut();
                if let Some(scope) = about.filter(|scope| selection.scope() != Some(scope)) {
                    Arc::make_mut(&mut self.open).insert(Scope::Host(scope.host().clone()));
                    selection.select(scope);
                }
            }
            _ => debug_assert!(false, "not about notifications: {action:?}"),
        }
    }

    /// On first data, puts the first host on the canvas, so that nobody meets an empty one:
    /// `preferred` (this machine) if it is there. Does nothing once something was picked.
    pub fn pick_first(&mut self, store: &Store, preferred: Option<&str>) {
        let selection = self.workspace.active_mut().canvas.selection_mut();
        if selection.scope().is_some() || !selection.checked().is_empty() {
            return;
        }
        let hosts = store.index().hosts();
        let found = hosts.iter().find(|node| Some(&*node.name) == preferred);
        if let Some(node) = found.or(hosts.first()) {
            let scope = tree::scope_of_host(node);
            Arc::make_mut(&mut self.open).insert(scope.clone());
            selection.select(scope);
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
        assert_eq!(shown.selection().scope(), Some(&scope));
        assert_eq!(shown.notifications.chosen, Some(7));
        // A host that sent no value cannot be drawn; what was on the canvas stays.
        let unknown = view(&[Action::Select(scope.clone()), show(None)]);
        assert_eq!(unknown.selection().scope(), Some(&scope));
    }

    #[test]
    fn a_row_is_opened_and_the_tree_filtered() {
        let scope = Scope::Host("h".into());
        let open = Action::SetOpen { scope: scope.clone(), open: true };
        let view = view(&[open, Action::SetFilter("cpu".into())]);
        assert!(view.open.contains(&scope) && view.filter.text() == "cpu");
    }
}
