//! Cache: what is kept of the plots that are on screen, and what it was made for.

use super::legend_table::LegendTable;
use super::line_texture::LineTexture;
use super::scales::Scales;
use super::shapes::Drawing;
use crate::metric::Span;
use crate::session::{Revision, Screen};
use crate::store::Mode;
use crate::view::axis::CalmAxis;
use crate::view::panels::{Panel, PanelKey};
use crate::view::plot::{Grid, PanelPlot, Scratch, Traces};
use std::collections::HashMap;

/// Lines that need not be made anew while neither data nor window changed: those of the panels
/// that were on screen in the last frame.
#[derive(Debug, Default)]
pub struct PlotCache {
    panels: HashMap<PanelKey, Kept>,
    grid: Grid,
    pub(super) scales: Scales,
    pub(super) texture: Option<LineTexture>,
    frame: u64,
    pub(super) made: Made,
}

/// How often something was made anew since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Lines of a panel, read from the store.
    pub lines: u64,
    /// Triangles of a panel.
    pub drawings: u64,
}

#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) made_for: Option<MadeFor>,
    /// Of its lines: another one whenever they were made anew.
    pub(super) number: u64,
    pub(super) plot: PanelPlot,
    traces: Traces,
    pub(super) axis: Option<CalmAxis>,
    /// The one at the right.
    pub(super) second: Option<CalmAxis>,
    pub(super) drawing: Drawing,
    pub(super) legend: LegendTable,
    /// When it was on screen last.
    frame: u64,
}

/// What a panel's lines depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct MadeFor {
    pub(super) span: Span,
    columns: usize,
    revision: Revision,
    mode: Mode,
}

/// Columns of a plot so wide.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn columns(width: f32) -> usize {
    (width as usize).clamp(16, 8_192)
}

impl PlotCache {
    pub(super) fn take(&mut self, screen: &Screen<'_>, panel: &Panel, width: f32) -> Kept {
        let made_for = MadeFor {
            span: span_of(screen, width),
            columns: columns(width),
            revision: screen.revision(),
            mode: screen.view.mode(),
        };
        // Taken out for as long as it is drawn.
        let mut kept = self.panels.get_mut(&panel.key).map(std::mem::take).unwrap_or_default();
        kept.frame = self.frame;
        if kept.made_for == Some(made_for) && !kept.plot.pending {
            return kept;
        }
        if kept.made_for.is_none_or(|old| old.mode != made_for.mode) {
            // Another mode has other units: its axis starts afresh.
            (kept.axis, kept.second) = (None, None);
        }
        self.made.lines += 1;
        kept.number = self.made.lines;
        kept.made_for = Some(made_for);
        let MadeFor { span, columns, mode, .. } = made_for;
        let scratch = Scratch { traces: &mut kept.traces, grid: &mut self.grid };
        screen.fill(&mut kept.plot, panel, span, columns, scratch);
        if kept.axis.is_none() {
            kept.axis = Some(CalmAxis::new(kept.plot.axis(panel, mode, 4.0)));
        }
        kept
    }

    pub(super) fn put_back(&mut self, panel: &Panel, kept: Kept) {
        match self.panels.get_mut(&panel.key) {
            Some(place) => *place = kept,
            None => drop(self.panels.insert(panel.key.clone(), kept)),
        }
    }

    /// A frame is done: panels that were not on screen are forgotten. True if another one is to
    /// follow at once.
    pub(super) fn end_frame(&mut self) -> bool {
        self.panels.retain(|_, kept| kept.frame == self.frame);
        self.frame += 1;
        self.scales.end_frame()
    }

    /// What is drawn of a panel, if it is on screen.
    pub fn get(&self, panel: &Panel) -> Option<&PanelPlot> {
        self.panels.get(&panel.key).map(|kept| &kept.plot)
    }

    /// The ends of the value axis of a panel, if it is on screen.
    pub(super) fn axis(&self, panel: &Panel) -> Option<(f64, f64)> {
        let axis = self.panels.get(&panel.key)?.axis.as_ref()?.shown();
        Some((axis.lo, axis.hi))
    }

    /// How often something was made anew.
    pub const fn made(&self) -> Made {
        self.made
    }

    /// Panels that are kept.
    pub fn kept(&self) -> usize {
        self.panels.len()
    }
}

/// What a plot so wide shows. The live edge moves on by whole columns: between two of them nothing
/// of a plot moves but what is new.
pub(super) fn span_of(screen: &Screen<'_>, width: f32) -> Span {
    let window = &screen.view.window();
    if window.is_live() {
        window.live_span(screen.now, columns(width))
    } else {
        window.span(screen.now)
    }
}
