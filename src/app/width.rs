//! The width of the window while the user has not chosen what to see.

use super::App;
use crate::metric::CdTime;
use crate::view::Action;
use crate::view::window::width_for;

impl App {
    /// Lets all of a capture be seen that is read at once, until the user chooses what to see.
    pub(super) fn fit(&mut self, now: CdTime) {
        let (Some(fitted), Some(replay)) = (self.fitted, self.reception.replay()) else {
            return;
        };
        if !self.view.window.is_live() || self.view.window.width() != fitted {
            self.fitted = None;
            return;
        }
        if let Some(width) = replay.width(self.oldest_drawn(), now) {
            self.view.window.fit(width);
            self.fitted = (!replay.stage.is_over()).then(|| self.view.window.width());
        }
    }

    /// A window that has seen little is narrow, until the user chooses what to see.
    pub(super) fn grow(&mut self, now: CdTime) {
        let Some((wanted, fitted)) = self.growing else { return };
        if !self.view.window.is_live() || self.view.window.width() != fitted {
            self.growing = None;
            return;
        }
        self.view.window.fit(width_for(self.oldest_drawn(), now, wanted));
        let width = self.view.window.width();
        self.growing = (width < wanted).then_some((wanted, width));
    }

    /// A width that the user chooses is the one that the window has, be it the same.
    pub(super) fn chosen(&mut self, action: &Action) {
        if matches!(action, Action::SetWidth(_) | Action::Zoom { .. } | Action::ZoomMiddle(_)) {
            self.growing = None;
        }
    }

    /// The oldest sample of what is on the canvas.
    pub(super) fn oldest_drawn(&self) -> Option<CdTime> {
        self.drawn.keys().filter_map(|&id| self.store.first_time(id)).min()
    }
}
