//! Workspace: the user's tabs, each with what is on its canvas and its window of time.
//!
//! A plain value: a copy of it is a step that can be taken back, and equal ones are the same. It
//! holds rules and lasting names only, so it can be made before anything was received.

use super::selection::Selection;
use super::window::TimeWindow;
use super::{Action, Moment};
use crate::store::Mode;

/// The tabs; there is always one.
#[derive(Clone, Debug, PartialEq)]
pub struct Workspace {
    /// Never empty.
    tabs: Vec<Tab>,
    /// The place of one of them.
    active: usize,
}

/// One canvas, and how it is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Tab {
    /// What is on it.
    pub canvas: Canvas,
    /// The span on screen.
    pub window: TimeWindow,
    /// Rates, or raw values.
    pub mode: Mode,
}

/// What is on a canvas.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Canvas {
    /// The panels that the catalogue of graphs has for what was picked.
    Auto(Selection),
}

impl Workspace {
    /// A tab with this window, and nothing on its canvas.
    pub fn new(window: TimeWindow) -> Self {
        let canvas = Canvas::Auto(Selection::default());
        Self { tabs: vec![Tab { canvas, window, mode: Mode::Rate }], active: 0 }
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

    /// The tab on screen, to be changed.
    #[expect(clippy::indexing_slicing, reason = "the invariant of both fields")]
    pub(super) fn active_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.active]
    }
}

impl Tab {
    /// Does what concerns the tab on screen.
    pub(super) fn apply(&mut self, action: Action, at: &Moment) {
        let Self { canvas, window, mode } = self;
        match action {
            Action::TogglePause if window.is_live() => window.pause(at.now, at.values),
            Action::TogglePause | Action::GoLive => window.go_live(),
            Action::SetWidth(width) => window.set_width(width),
            Action::Pan(secs) => window.pan(secs, at.now),
            Action::Zoom { factor, at: moment } => window.zoom(factor, moment, at.now),
            Action::ZoomMiddle(factor) => {
                let span = window.span(at.now);
                let middle = span.start.saturating_add(span.width().mul_f64(0.5));
                window.zoom(factor, middle, at.now);
            }
            Action::ShowSpan(span) => window.show(span, at.now),
            Action::ZoomBack => window.zoom_back(),
            Action::GoOldest => {
                if let Some(oldest) = at.oldest {
                    window.go_oldest(oldest, at.now);
                }
            }
            Action::Select(scope) => canvas.selection_mut().select(scope),
            Action::ShowAllPanels => canvas.selection_mut().show_whole(),
            Action::SetShown { keys, shown } => canvas.selection_mut().set(&keys, shown),
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
    /// What was picked for it.
    pub const fn selection(&self) -> &Selection {
        let Self::Auto(selection) = self;
        selection
    }

    /// The same, to be changed.
    pub(super) const fn selection_mut(&mut self) -> &mut Selection {
        let Self::Auto(selection) = self;
        selection
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{CdTime, Interval};
    use crate::view::selection::Scope;

    #[test]
    fn a_copy_is_a_step_that_can_be_taken_back() {
        let mut workspace = Workspace::new(TimeWindow::live(Interval::from_secs(60)));
        let before = workspace.clone();
        let tab = workspace.active_mut();
        tab.canvas.selection_mut().select(Scope::Host("web-1".into()));
        tab.window.pause(CdTime::from_secs(1_000), 7);
        assert_ne!(workspace, before);
        workspace = before.clone();
        assert_eq!(workspace, before);
        assert!(workspace.active().window.is_live());
        assert_eq!(workspace.active().canvas.selection().scope(), None);
        assert_eq!(workspace.tabs().len(), 1);
    }
}
