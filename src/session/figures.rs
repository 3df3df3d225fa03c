//! Figures and marks of the panels, for whoever asks for the state and draws nothing.

use super::derived::Derived;
use crate::metric::{CdTime, Span};
use crate::store::{Mode, Store};
use crate::view::View;
use crate::view::marks::PanelMarks;
use crate::view::panels::{Panel, PanelKey};
use crate::view::plot::{Grid, PanelPlot, Scratch, Traces};
use std::collections::HashMap;

/// Lines whose figures are made at most, from the first panel on: 500 that were not looked at for
/// long take about 50 ms.
const LINES_MAX: usize = 500;
/// Columns of time the window is cut into.
const COLUMNS: usize = 1_000;
/// Calls after which figures of many samples wait for the next time.
const CALLS_MAX: usize = 8;

/// What was made last.
#[derive(Debug, Default)]
pub(super) struct Figures {
    panels: HashMap<PanelKey, (PanelPlot, Traces)>,
    made_for: Option<(Span, u64, u64, Mode)>,
    marks: HashMap<PanelKey, PanelMarks>,
    /// Revisions of the events and of the panels.
    marks_for: Option<(Option<(u64, u64)>, u64)>,
    grid: Grid,
}

impl Figures {
    /// Those of `panel`, unless there were too many lines before it.
    pub(super) fn of(&self, panel: &Panel) -> Option<&PanelPlot> {
        self.panels.get(&panel.key).map(|(plot, _)| plot)
    }

    /// Notifications marked on `panel` within `span`.
    pub(super) fn marks(&self, panel: &Panel, span: Span) -> u64 {
        self.marks.get(&panel.key).map_or(0, |marks| marks.count(span))
    }

    /// Makes anew what is out of date.
    pub(super) fn update(&mut self, store: &Store, view: &View, derived: &Derived, now: CdTime) {
        self.update_marks(store, derived);
        let (span, mode) = (view.window().span(now), view.mode());
        let made_for = (span, store.data_revision(), derived.panels_revision, mode);
        if self.made_for == Some(made_for) {
            return;
        }
        self.made_for = Some(made_for);
        let mut before = std::mem::take(&mut self.panels);
        let mut lines = 0;
        for panel in &derived.panels {
            lines += panel.lines.len();
            if lines > LINES_MAX {
                return;
            }
            let (mut plot, mut traces) = before.remove(&panel.key).unwrap_or_default();
            for _ in 0..CALLS_MAX {
                let scratch = Scratch { traces: &mut traces, grid: &mut self.grid };
                plot.fill(panel, store, span, COLUMNS, mode, scratch);
                if !plot.pending {
                    break;
                }
            }
            self.panels.insert(panel.key.clone(), (plot, traces));
        }
    }
    fn update_marks(&mut self, store: &Store, derived: &Derived) {
        let marks_for = (derived.events.revision(), derived.panels_revision);
        if self.marks_for == Some(marks_for) {
            return;
        }
        self.marks_for = Some(marks_for);
        let marked = derived.panels.iter().filter(|panel| derived.events.concern(&panel.host));
        let marks = marked.map(|panel| (panel.key.clone(), derived.events.of_panel(store, panel)));
        self.marks = marks.collect();
    }
}
