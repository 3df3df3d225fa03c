//! Workspace: the user's tabs, each with what is on its canvas and its window of time.
//!
//! A plain value: a copy of it is a step that can be taken back. It holds rules and lasting names
//! only, so it can be made before anything was received. Tabs and panels have numbers of their
//! own, which are never used twice; panels of the catalogue that became the user's own keep theirs,
//! which are higher than all of these.

use super::Action;
use super::aliases::Aliases;
use super::everywhere;
use super::fleet::Fleet;
use super::layout::{Layout, Rule};
use super::names::{PanelId, Spot, TabId, To};
use super::selection::{Scope, Selection};
use super::tab::{Canvas, Tab, short_name};
use super::window::TimeWindow;
use crate::metric::Interval;
use crate::store::Mode;
use std::sync::Arc;

/// Tabs at once: more than anyone finds again.
pub const TABS_MAX: usize = 100;

/// The tabs; there is always one.
#[derive(Clone, Debug, PartialEq)]
pub struct Workspace {
    /// Never empty.
    tabs: Vec<Tab>,
    /// The place of one of them.
    active: usize,
    next_tab: u32,
    next_panel: u32,
}

impl Workspace {
    /// A tab with this window, and nothing on its canvas.
    pub fn new(window: TimeWindow) -> Self {
        let tab = Tab::new(TabId(0), Canvas::Auto(Selection::default()), window);
        Self { tabs: vec![tab], active: 0, next_tab: 1, next_panel: 0 }
    }

    /// These tabs, which are numbered anew, and which of them is on screen. Without any there is
    /// one that is empty.
    pub fn of(tabs: Vec<Tab>, active: usize, window: TimeWindow) -> Self {
        let mut workspace = Self { tabs: Vec::new(), active: 0, next_tab: 0, next_panel: 0 };
        for tab in tabs.into_iter().take(TABS_MAX) {
            workspace.push(tab);
        }
        if workspace.tabs.is_empty() {
            return Self::new(window);
        }
        workspace.active = active.min(workspace.tabs.len() - 1);
        workspace
    }

    /// The tabs of another one, with numbers that were never used here.
    pub(super) fn replaced_by(&self, other: Self) -> Self {
        let Self { next_tab, next_panel, .. } = *self;
        let mut workspace = Self { tabs: Vec::new(), active: other.active, next_tab, next_panel };
        for tab in other.tabs {
            workspace.push(tab);
        }
        workspace
    }

    /// Puts a tab behind the others, with new numbers for it and its panels.
    fn push(&mut self, tab: Tab) {
        let mut tab = Tab { id: TabId(self.next_tab), panel: None, maximised: false, ..tab };
        if let Canvas::Tiles(layout) = &mut tab.canvas {
            self.next_panel = Arc::make_mut(layout).number_from(self.next_panel);
        }
        self.next_tab += 1;
        self.tabs.push(tab);
    }

    /// The tabs, in their order.
    pub fn tabs(&self) -> &[Tab] {
        &self.tabs
    }

    /// The tab on screen.
    #[expect(clippy::indexing_slicing, reason = "the invariant of both fields")]
    pub fn active(&self) -> &Tab {
        &self.tabs[self.active]
    }

    /// The place of the tab on screen.
    pub const fn active_place(&self) -> usize {
        self.active
    }

    /// The tab on screen, to be changed.
    #[expect(clippy::indexing_slicing, reason = "the invariant of both fields")]
    pub(crate) fn active_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.active]
    }

    /// The number of the tab that is opened next; those of tabs that were are lower.
    pub(crate) const fn next_tab(&self) -> TabId {
        TabId(self.next_tab)
    }

    fn place(&self, id: TabId) -> Option<usize> {
        self.tabs.iter().position(|tab| tab.id == id)
    }

    /// Gives a live tab that is `now` wide another width.
    pub(crate) fn fit(&mut self, tab: TabId, now: Interval, width: Interval) {
        let tab = self.tabs.iter_mut().find(|known| known.id == tab);
        let window = tab.map(|tab| &mut tab.window);
        if let Some(window) = window.filter(|of| of.is_live() && of.width() == now) {
            window.fit(width);
        }
    }

    /// Whether the user chose the same, whatever spans and which tab are on screen.
    pub fn is_same_choice(&self, other: &Self) -> bool {
        self.tabs.len() == other.tabs.len()
            && self.tabs.iter().zip(&other.tabs).all(|(one, other)| {
                one.id == other.id
                    && one.name == other.name
                    && one.host == other.host
                    && one.canvas.is_same_choice(&other.canvas)
            })
    }

    /// The choices of `step`; tabs that are there now keep the span they show. No number is used
    /// anew.
    pub(super) fn with_choices_of(&self, step: &Self) -> Self {
        let mut workspace = step.clone();
        for tab in &mut workspace.tabs {
            if let Some(now) = self.tabs.iter().find(|now| now.id == tab.id) {
                (tab.window, tab.mode) = (now.window.clone(), now.mode);
                if let (Canvas::Fleet(step), Canvas::Fleet(now)) = (&mut tab.canvas, &now.canvas) {
                    Arc::make_mut(step).filter.clone_from(&now.filter);
                }
            }
        }
        workspace.next_tab = self.next_tab.max(step.next_tab);
        workspace.next_panel = self.next_panel.max(step.next_panel);
        workspace
    }

    /// Opens a tab behind the one on screen, with its span, and shows it. False: there are too
    /// many.
    pub(super) fn open(&mut self, canvas: Canvas, name: Option<String>) -> bool {
        if self.tabs.len() >= TABS_MAX {
            return false;
        }
        let Tab { window, mode, .. } = self.active();
        let tab = Tab::new(TabId(self.next_tab), canvas, window.clone());
        let tab = Tab { name, mode: *mode, ..tab };
        self.next_tab += 1;
        self.active += 1;
        self.tabs.insert(self.active, tab);
        true
    }

    /// Closes a tab; the last one is emptied.
    fn close(&mut self, id: TabId) {
        let Some(place) = self.place(id) else { return };
        if self.tabs.len() == 1 {
            let window = self.active().window.clone();
            let tab = Tab::new(TabId(self.next_tab), Canvas::Tiles(Arc::default()), window);
            self.next_tab += 1;
            self.tabs = vec![tab];
            return;
        }
        self.tabs.remove(place);
        if place < self.active || self.active == self.tabs.len() {
            self.active -= 1;
        }
    }

    /// Shows the tab at `place`, if there is one.
    pub(super) fn show_place(&mut self, place: usize) {
        if place < self.tabs.len() {
            self.active = place;
        }
    }

    /// Shows the panels that the catalogue has for a scope: on the tab on screen if that follows
    /// the catalogue, else on the first that does, else on a new one. What the user put together
    /// stays. False: there are too many tabs.
    pub(super) fn select(&mut self, scope: Scope) -> bool {
        let is_auto = |tab: &Tab| matches!(tab.canvas, Canvas::Auto(_));
        if !is_auto(self.active()) {
            match self.tabs.iter().position(is_auto) {
                Some(place) => self.active = place,
                None => return self.select_in_new_tab(scope),
            }
        }
        let tab = self.active_mut();
        (tab.panel, tab.maximised) = (None, false);
        if let Canvas::Auto(selection) = &mut tab.canvas {
            selection.select(scope);
        }
        true
    }

    /// Shows a scope on a tab of its own.
    pub(super) fn select_in_new_tab(&mut self, scope: Scope) -> bool {
        let mut selection = Selection::default();
        selection.select(scope);
        self.open(Canvas::Auto(selection), None)
    }

    /// Keys are about this panel from now on.
    pub(super) fn point(&mut self, panel: Option<PanelId>) {
        self.active_mut().panel = panel;
    }

    /// The panel that keys are about gets the canvas for itself, or the others come back.
    pub(super) fn toggle_maximised(&mut self) {
        let tab = self.active_mut();
        tab.maximised = !tab.maximised && tab.panel.is_some();
    }

    /// Makes what the catalogue put on the canvas the user's own: `rules` are those of its panels,
    /// which keep their numbers, in rows of `columns`.
    pub(super) fn keep_tiles(&mut self, rules: Vec<Rule>, columns: usize) {
        let tab = self.active_mut();
        // A layout is for others, too: aliases are not.
        let name = tab.title(&Aliases::default());
        if let Canvas::Auto(_) = tab.canvas {
            tab.name.get_or_insert(name);
            tab.canvas = Canvas::Tiles(Arc::new(Layout::in_rows(rules, columns)));
        }
    }

    /// The tiles of the tab on screen, to be changed; none: it follows the catalogue.
    pub(super) fn tiles_mut(&mut self) -> Option<&mut Layout> {
        match &mut self.active_mut().canvas {
            Canvas::Tiles(layout) => Some(Arc::make_mut(layout)),
            Canvas::Auto(_) | Canvas::Fleet(_) => None,
        }
    }

    /// The table of all hosts on screen, to be changed.
    pub(super) fn fleet_mut(&mut self) -> Option<&mut Fleet> {
        match &mut self.active_mut().canvas {
            Canvas::Fleet(fleet) => Some(Arc::make_mut(fleet)),
            Canvas::Auto(_) | Canvas::Tiles(_) => None,
        }
    }

    /// Shows the table of all hosts: the tab that has one, else a new one, or this one if it is
    /// empty. False: there are too many tabs.
    pub(super) fn show_fleet(&mut self) -> bool {
        let has_one = |tab: &Tab| tab.canvas.fleet().is_some();
        if has_one(self.active()) {
            return true;
        }
        if let Some(place) = self.tabs.iter().position(has_one) {
            self.active = place;
            return true;
        }
        let canvas = Canvas::Fleet(Arc::default());
        let tab = self.active_mut();
        let is_empty = tab.name.is_none() && tab.canvas.tiles().is_some_and(Layout::is_empty);
        let is_there = if is_empty {
            tab.canvas = canvas;
            true
        } else {
            self.open(canvas, None)
        };
        if is_there {
            // It is of all hosts, and has no raw values.
            let tab = self.active_mut();
            (tab.host, tab.mode) = (None, Mode::Rate);
        }
        is_there
    }

    /// Puts panels somewhere, which get new numbers; false: there is no room for some.
    pub(super) fn add(&mut self, rules: Vec<Rule>, to: To) -> bool {
        let number = |workspace: &mut Self, rule| {
            let id = PanelId(workspace.next_panel);
            workspace.next_panel += 1;
            Rule { id, ..rule }
        };
        let rules: Vec<Rule> = rules.into_iter().map(|rule| number(self, rule)).collect();
        let first = rules.first().map(|rule| rule.id);
        let name = rules.first().map(short_name);
        match to {
            To::NewTab => {
                let layout = Layout::of(rules);
                let name = name.filter(|_| everywhere::title(&layout).is_none());
                let is_open = self.open(Canvas::Tiles(Arc::new(layout)), name);
                if is_open {
                    self.active_mut().panel = first;
                }
                is_open
            }
            To::Here(spot) => {
                let tab = self.active_mut();
                let Canvas::Tiles(layout) = &mut tab.canvas else { return false };
                if layout.is_empty() {
                    tab.name = tab.name.take().or(name);
                }
                (tab.panel, tab.maximised) = (first, false);
                Arc::make_mut(layout).insert_all(rules, spot)
            }
            To::Instead(id) => {
                let Some(place) = self.place(id) else { return false };
                self.active = place;
                let tab = self.active_mut();
                tab.canvas = Canvas::Tiles(Arc::new(Layout::of(rules)));
                (tab.panel, tab.maximised) = (None, false);
                true
            }
            To::Tab(id) => {
                let Some(place) = self.place(id) else { return false };
                let Some(tab) = self.tabs.get_mut(place) else { return false };
                let Canvas::Tiles(layout) = &mut tab.canvas else { return false };
                Arc::make_mut(layout).insert_all(rules, Spot::End)
            }
        }
    }

    /// Takes a panel off the canvas on screen.
    pub(super) fn take(&mut self, id: PanelId) -> Option<Rule> {
        let rule = self.tiles_mut()?.take(id);
        let tab = self.active_mut();
        if rule.is_some() && tab.panel == Some(id) {
            (tab.panel, tab.maximised) = (None, false);
        }
        rule
    }

    /// Keys are about no panel of the tab on screen that is not there any more.
    pub(crate) fn forget_panel(&mut self, is_there: impl FnOnce(PanelId) -> bool) {
        let tab = self.active_mut();
        if tab.panel.is_some_and(|panel| !is_there(panel)) {
            (tab.panel, tab.maximised) = (None, false);
        }
    }

    /// Does what concerns tabs. False: there are too many.
    pub(super) fn apply_to_tabs(&mut self, action: Action) -> bool {
        match action {
            Action::NewTab => return self.open(Canvas::Tiles(Arc::default()), None),
            Action::CloseTab(id) => self.close(id),
            Action::ShowTab(id) => self.show_place(self.place(id).unwrap_or(self.active)),
            Action::RenameTab { tab, name } => {
                let name = name.trim();
                if let Some(tab) = self.place(tab).and_then(|place| self.tabs.get_mut(place)) {
                    tab.name = (!name.is_empty()).then(|| name.to_owned());
                }
            }
            Action::MoveTab { tab, to } => {
                let shown = self.active().id;
                let Some(from) = self.place(tab) else { return true };
                let tab = self.tabs.remove(from);
                self.tabs.insert(to.min(self.tabs.len()), tab);
                self.active = self.place(shown).unwrap_or_default();
            }
            Action::SetTabHost(host) => self.active_mut().host = host,
            _ => debug_assert!(false, "not about tabs: {action:?}"),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::CdTime;
    use crate::view::names::Side;
    use crate::view::selector::Selector;

    fn workspace() -> Workspace {
        Workspace::new(TimeWindow::live(Interval::from_secs(60)))
    }

    fn rule(word: &str) -> Rule {
        Rule::new(PanelId(0), vec![Selector::new(word)])
    }

    fn shown(workspace: &Workspace) -> Vec<String> {
        let tiles = workspace.active().canvas.tiles().expect("tiles");
        tiles.rules().iter().map(|rule| rule.show[0].text().to_owned()).collect()
    }

    #[test]
    fn a_copy_is_a_step_that_can_be_taken_back() {
        let mut workspace = workspace();
        let before = workspace.clone();
        workspace.select(Scope::Host("web-1".into()));
        workspace.active_mut().window.pause(CdTime::from_secs(1_000), 7);
        assert!(!workspace.is_same_choice(&before));
        let back = workspace.with_choices_of(&before);
        assert!(back.is_same_choice(&before));
        assert!(!back.active().window.is_live(), "time has its own way back");
    }

    #[test]
    fn a_closed_tab_shows_its_neighbour_and_the_last_one_is_emptied() {
        let mut workspace = workspace();
        for _ in 0..2 {
            workspace.apply_to_tabs(Action::NewTab);
        }
        let ids: Vec<_> = workspace.tabs().iter().map(|tab| tab.id).collect();
        workspace.apply_to_tabs(Action::ShowTab(ids[1]));
        workspace.apply_to_tabs(Action::CloseTab(ids[1]));
        assert_eq!(workspace.active().id, ids[2]);
        workspace.apply_to_tabs(Action::CloseTab(ids[0]));
        assert_eq!(workspace.active().id, ids[2]);
        workspace.apply_to_tabs(Action::CloseTab(ids[2]));
        assert_eq!(workspace.tabs().len(), 1);
        assert!(workspace.active().canvas.tiles().is_some_and(Layout::is_empty));
        assert!(!ids.contains(&workspace.active().id));
    }

    #[test]
    fn a_tab_is_named_moved_and_stays_on_screen() {
        let mut workspace = workspace();
        workspace.apply_to_tabs(Action::NewTab);
        let tab = workspace.active().id;
        workspace.apply_to_tabs(Action::RenameTab { tab, name: " Web tier ".into() });
        workspace.apply_to_tabs(Action::MoveTab { tab, to: 0 });
        assert_eq!(
            (workspace.active_place(), workspace.active().title(&Aliases::default()).as_str()),
            (0, "Web tier")
        );
        workspace.apply_to_tabs(Action::RenameTab { tab, name: "  ".into() });
        assert_eq!(workspace.active().title(&Aliases::default()), "New tab");
    }

    #[test]
    fn a_host_is_shown_beside_what_the_user_put_together_and_never_instead() {
        let mut workspace = workspace();
        workspace.apply_to_tabs(Action::NewTab);
        assert!(workspace.add(vec![rule("load")], To::Here(Spot::End)));
        workspace.select(Scope::Host("web-1".into()));
        assert_eq!(workspace.active_place(), 0, "the tab that follows the catalogue");
        let first = workspace.active().id;
        workspace.apply_to_tabs(Action::CloseTab(first));
        assert_eq!(shown(&workspace), ["load"]);
        workspace.select(Scope::Host("web-2".into()));
        assert_eq!(workspace.tabs().len(), 2);
        assert_eq!(workspace.active().title(&Aliases::default()), "web-2");
    }

    #[test]
    fn panels_get_numbers_that_were_never_used() {
        let mut workspace = workspace();
        workspace.apply_to_tabs(Action::NewTab);
        workspace.add(vec![rule("a"), rule("b")], To::Here(Spot::End));
        let ids = |workspace: &Workspace| -> Vec<u32> {
            let tiles = workspace.active().canvas.tiles().expect("tiles");
            tiles.rules().iter().map(|rule| rule.id.0).collect()
        };
        assert_eq!(ids(&workspace), [0, 1]);
        let before = workspace.clone();
        workspace.take(PanelId(1));
        workspace.add(vec![rule("c")], To::Here(Spot::Beside(PanelId(0), Side::Left)));
        assert_eq!(
            (ids(&workspace), shown(&workspace)),
            (vec![2, 0], vec!["c".into(), "a".into()])
        );
        let mut back = workspace.with_choices_of(&before);
        back.add(vec![rule("d")], To::Here(Spot::End));
        assert_eq!(ids(&back), [0, 1, 3]);
    }

    #[test]
    fn tabs_have_a_bound() {
        let mut workspace = workspace();
        for _ in 0..2 * TABS_MAX {
            workspace.open(Canvas::Tiles(Arc::default()), None);
        }
        assert_eq!(workspace.tabs().len(), TABS_MAX);
    }
}
