//! Sparklines: the last two minutes of a series in a few pixels, without axes.

use crate::metric::{CdTime, Interval, Span};
use crate::session::Screen;
use crate::store::{SeriesId, Trace};
use eframe::egui::{Pos2, Rect, pos2};
use std::collections::HashMap;

/// How far back a sparkline goes.
const SPARK_SPAN: Interval = Interval::from_secs(120);
/// Points of a sparkline.
const SPARK_COLUMNS: usize = 30;
/// Sparklines kept; more rows than fit on any screen.
const SPARKS_MAX: usize = 512;

/// Sparklines that need not be made anew: kept while their series has nothing newer.
#[derive(Debug, Default)]
pub struct Sparklines {
    known: HashMap<SeriesId, Sparkline>,
}

#[derive(Debug, Default)]
struct Sparkline {
    newest: CdTime,
    points: Vec<(f32, f32)>,
    /// What the store goes on with.
    trace: Trace,
}

impl Sparklines {
    /// The line of a series over the last two minutes, drawn into `rect`.
    pub(super) fn get(&mut self, screen: &Screen<'_>, id: SeriesId, rect: Rect) -> Vec<Pos2> {
        let newest = screen.newest(id);
        if self.known.len() > SPARKS_MAX {
            self.known.clear();
        }
        let known = self.known.entry(id).or_default();
        if known.newest != newest || known.points.is_empty() {
            let span = Span::new(newest.saturating_sub(SPARK_SPAN), newest);
            screen.trace(id, span, SPARK_COLUMNS, &mut known.trace);
            known.newest = newest;
            known.points.clear();
            known.points.extend(normalised(&known.trace, span));
        }
        let place = |&(x, y): &(f32, f32)| {
            pos2(rect.left() + x * rect.width(), rect.bottom() - y * rect.height())
        };
        known.points.iter().map(place).collect()
    }
}

/// A trace as points in a unit square, upwards.
fn normalised(trace: &Trace, span: Span) -> impl Iterator<Item = (f32, f32)> {
    let inside = move || trace.columns.iter().filter(move |column| span.contains(column.time));
    let lo = inside().map(|column| column.mean).fold(f64::INFINITY, f64::min);
    let hi = inside().map(|column| column.mean).fold(f64::NEG_INFINITY, f64::max);
    let secs = span.width().secs_f64().max(1e-9);
    inside().map(move |column| {
        let x = column.time.secs_from(span.start) / secs;
        let y = if hi > lo { (column.mean - lo) / (hi - lo) } else { 0.5 };
        #[expect(clippy::cast_possible_truncation, reason = "both lie between 0 and 1")]
        let point = (x as f32, y as f32);
        point
    })
}
