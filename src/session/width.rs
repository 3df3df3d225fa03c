//! The width of the time window while the user has not chosen what to see.

use crate::metric::{CdTime, Interval};
use crate::reception::{Replay, Speed};
use crate::view::Action;
use crate::view::names::TabId;
use crate::view::window::{TimeWindow, width_for};
use crate::view::workspace::Workspace;

/// How the width goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// As wide as the user wants.
    Chosen,
    /// Starts narrow and grows with the data: `now` wide, until `wanted` is reached.
    Growing { tab: TabId, wanted: Interval, now: Interval },
    /// Wide enough for a whole capture that is read at full speed: `now`.
    Fitted { tab: TabId, now: Interval },
}

impl Width {
    /// For what comes from now on.
    pub(super) fn growing(workspace: &Workspace) -> Self {
        let width = workspace.active().window.width();
        Self::Growing { tab: workspace.active().id, wanted: width, now: width }
    }

    /// For a capture.
    pub(super) fn of_capture(replay: &Replay, workspace: &Workspace) -> Self {
        if replay.speed == Speed::Max && !replay.live {
            let tab = workspace.active();
            Self::Fitted { tab: tab.id, now: tab.window.width() }
        } else {
            Self::Chosen
        }
    }

    /// Goes on with the tab on screen, if that is another one by now; the one that was left is as
    /// wide as is wanted, and so is one that `inherits` its width.
    pub(super) fn follow(&mut self, workspace: &mut Workspace, inherits: bool) {
        let (active, width) = (workspace.active().id, workspace.active().window.width());
        match *self {
            Self::Growing { tab, wanted, now } if tab != active => {
                workspace.fit(tab, now, wanted);
                if inherits {
                    workspace.fit(active, now, wanted);
                }
                let wanted = workspace.active().window.width();
                *self = Self::Growing { tab: active, wanted, now: wanted };
            }
            Self::Fitted { tab, .. } if tab != active => {
                *self = Self::Fitted { tab: active, now: width };
            }
            _ => {}
        }
    }

    /// The width that the user wants.
    pub(super) const fn wanted(&self, window: &TimeWindow) -> Interval {
        match self {
            Self::Growing { wanted, .. } => *wanted,
            Self::Chosen | Self::Fitted { .. } => window.width(),
        }
    }

    /// A width that the user sets ends the growing, even if it is the current one.
    pub(super) const fn chosen(&mut self, action: &Action) {
        let chooses =
            matches!(action, Action::SetWidth(_) | Action::Zoom { .. } | Action::ZoomMiddle(_));
        if chooses && matches!(self, Self::Growing { .. }) {
            *self = Self::Chosen;
        }
    }

    /// Gives the window the width for what there is: `oldest` is the oldest sample on the canvas.
    pub(super) fn adjust(
        &mut self,
        window: &mut TimeWindow,
        replay: Option<&Replay>,
        oldest: Option<CdTime>,
        now: CdTime,
    ) {
        let (Self::Growing { now: before, .. } | Self::Fitted { now: before, .. }) = *self else {
            return;
        };
        if !window.is_live() || window.width() != before {
            *self = Self::Chosen;
            return;
        }
        match (*self, replay) {
            (Self::Growing { tab, wanted, .. }, _) => {
                window.fit(width_for(oldest, now, wanted));
                let width = window.width();
                *self = if width < wanted {
                    Self::Growing { tab, wanted, now: width }
                } else {
                    Self::Chosen
                };
            }
            (Self::Fitted { tab, .. }, Some(replay)) => {
                let Some(width) = replay.width(oldest, now) else { return };
                window.fit(width);
                *self = if replay.stage.is_over() {
                    Self::Chosen
                } else {
                    Self::Fitted { tab, now: window.width() }
                };
            }
            _ => {}
        }
    }
}
