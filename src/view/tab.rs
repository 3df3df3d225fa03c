//! Tab: one canvas, what it is called, and how it is looked at.

use super::aliases::Aliases;
use super::everywhere;
use super::fleet::Fleet;
use super::layout::{Layout, Rule};
use super::names::{PanelId, TabId};
use super::selection::Selection;
use super::selector::Selector;
use super::window::TimeWindow;
use super::{Action, Moment};
use crate::store::Mode;
use std::sync::Arc;

/// One canvas, and how it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Tab {
    /// Which.
    pub id: TabId,
    /// What the user calls it; none: what it shows.
    pub name: Option<String>,
    /// The host that its panels are about where they leave it open.
    pub host: Option<Arc<str>>,
    /// What is on it.
    pub canvas: Canvas,
    /// The span on screen.
    pub window: TimeWindow,
    /// Rates, or raw values.
    pub mode: Mode,
    /// The panel that keys are about.
    pub panel: Option<PanelId>,
    /// That panel has the canvas for itself.
    pub maximised: bool,
}

/// What is on a canvas.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Canvas {
    /// The panels that the catalogue of graphs has for what was picked.
    Auto(Selection),
    /// The panels that the user put there. Shared, so that a copy is cheap.
    Tiles(Arc<Layout>),
    /// All hosts in a table.
    Fleet(Arc<Fleet>),
}

/// What a panel is called in a word or two: its title, or what is sought without its fields.
pub(super) fn short_name(rule: &Rule) -> String {
    let spoken = || rule.show.first().map(Selector::spoken).unwrap_or_default();
    rule.title.clone().unwrap_or_else(spoken)
}

impl Tab {
    /// One that shows rates.
    pub const fn new(id: TabId, canvas: Canvas, window: TimeWindow) -> Self {
        Self {
            id,
            name: None,
            host: None,
            canvas,
            window,
            mode: Mode::Rate,
            panel: None,
            maximised: false,
        }
    }

    /// What the user calls it, or what it shows.
    pub fn title(&self, aliases: &Aliases) -> String {
        match (&self.name, &self.canvas) {
            (Some(name), _) => name.clone(),
            (None, Canvas::Auto(selection)) => match selection.scope() {
                Some(scope) => scope.title(aliases),
                None => "Overview".into(),
            },
            (None, Canvas::Fleet(_)) => "Fleet".into(),
            (None, Canvas::Tiles(layout)) => {
                if let Some(title) = everywhere::title(layout) {
                    return title;
                }
                layout.rules().first().map_or_else(|| "New tab".into(), |rule| short_name(rule))
            }
        }
    }

    /// The text of the selector whose plugin of all hosts it shows, if that is all and the user
    /// changed nothing.
    pub fn everywhere(&self) -> Option<&str> {
        let is_own = self.name.is_some() || self.host.is_some();
        self.canvas.tiles().filter(|_| !is_own).and_then(everywhere::shown)
    }

    /// Whether it shows what this selector, of a plugin of all hosts, chooses.
    pub fn is_everywhere(&self, words: &str) -> bool {
        let first = self.canvas.tiles().and_then(Layout::first);
        let is_near = first.and_then(|rule| rule.show.first());
        is_near.is_some_and(|show| show.text().starts_with(words))
            && self.everywhere() == Some(words)
    }

    /// Does what concerns the tab on screen.
    pub(super) fn apply(&mut self, action: Action, at: &Moment) {
        let Self { canvas, window, mode, .. } = self;
        match action {
            Action::TogglePause if window.is_live() => window.pause(at.now, at.values),
            Action::TogglePause | Action::GoLive => window.go_live(),
            Action::SetWidth(width) => window.set_width(width),
            Action::Pan(secs) => window.pan(secs, at.now),
            Action::Zoom { factor, at: moment, gesture } => {
                window.zoom(factor, moment, at.now, Some(gesture));
            }
            Action::ZoomMiddle(factor) => {
                let span = window.span(at.now);
                let middle = span.start.saturating_add(span.width().mul_f64(0.5));
                window.zoom(factor, middle, at.now, None);
            }
            Action::ShowSpan(span) => window.show(span, at.now),
            Action::ZoomBack => window.zoom_back(),
            Action::GoOldest => {
                if let Some(oldest) = at.oldest {
                    window.go_oldest(oldest, at.now);
                }
            }
            Action::ShowAllPanels => {
                if let Canvas::Auto(selection) = canvas {
                    selection.show_whole();
                }
            }
            Action::SetShown { keys, shown } => {
                if let Canvas::Auto(selection) = canvas {
                    selection.set(&keys, shown);
                }
            }
            Action::ToggleMode => {
                *mode = match mode {
                    Mode::Rate => Mode::Raw,
                    Mode::Raw => Mode::Rate,
                };
            }
            _ => debug_assert!(false, "not about a tab: {action:?}"),
        }
    }
}

impl Canvas {
    /// Whether the user chose the same.
    pub fn is_same_choice(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Auto(one), Self::Auto(other)) => one.is_same_choice(other),
            (Self::Tiles(one), Self::Tiles(other)) => Arc::ptr_eq(one, other) || one == other,
            (Self::Fleet(one), Self::Fleet(other)) => one.is_same_choice(other),
            _ => false,
        }
    }

    /// What was picked for it, where it follows the catalogue.
    pub const fn selection(&self) -> Option<&Selection> {
        match self {
            Self::Auto(selection) => Some(selection),
            Self::Tiles(_) | Self::Fleet(_) => None,
        }
    }

    /// The user's tiles.
    pub fn tiles(&self) -> Option<&Layout> {
        match self {
            Self::Tiles(layout) => Some(layout),
            Self::Auto(_) | Self::Fleet(_) => None,
        }
    }

    /// The table of all hosts.
    pub fn fleet(&self) -> Option<&Fleet> {
        match self {
            Self::Fleet(fleet) => Some(fleet),
            Self::Auto(_) | Self::Tiles(_) => None,
        }
    }
}
