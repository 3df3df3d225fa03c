//! Empty: why a line has nothing to draw in the window, in words.

use super::format;
use super::graphs::Graphs;
use crate::metric::{CLOCK_SLACK, CdTime, DsType, Span, display_safe};
use crate::store::{Mode, Outcomes, Series, SeriesId, Store};
use jiff::tz::TimeZone;

/// What the window shows, and when.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// Where the samples are.
    pub store: &'a Store,
    /// In which units.
    pub graphs: &'a Graphs,
    /// The window.
    pub span: Span,
    /// Our clock.
    pub now: CdTime,
    /// For moments.
    pub zone: &'a TimeZone,
}

/// Why nothing is drawn of these series, which are drawn as rates.
pub fn why_empty(sight: &Sight<'_>, ids: impl Iterator<Item = SeriesId>) -> String {
    let Sight { store, span, now, .. } = *sight;
    let series: Vec<&Series> = ids.filter_map(|id| store.series(id)).collect();
    let newest = |series: &&Series| Some((store.latest(series.id, Mode::Raw)?.time, series.id));
    let Some((time, _)) = series.iter().filter_map(newest).max() else {
        return "no samples kept".into();
    };
    if time < span.start {
        return format!("newest sample {} before this window", format::age(span.start.since(time)));
    }
    if time > now.saturating_add(CLOCK_SLACK) {
        let ahead = format::age(time.since(now));
        let at = format::clock(time, sight.zone, 1.0);
        return format!("its clock is {ahead} ahead of ours: newest sample at {at}");
    }
    let with_outcomes = series.iter().map(|series| (store.outcomes(series.id, span), *series));
    let worst = with_outcomes.max_by_key(|(outcomes, _)| (troubles(outcomes), outcomes.samples));
    match worst {
        Some((outcomes, _)) if outcomes.samples == 0 => "no samples this far back".into(),
        Some((outcomes, series)) => because(sight, &outcomes, series),
        None => String::new(),
    }
}

fn troubles(outcomes: &Outcomes) -> u64 {
    let Outcomes { above, below, restarts, undefined, gaps, bursts, .. } = *outcomes;
    above + below + restarts + undefined + gaps + bursts
}

/// The most frequent fate of the samples of one series.
fn because(sight: &Sight<'_>, outcomes: &Outcomes, series: &Series) -> String {
    let Outcomes { samples, above, below, restarts, undefined, gaps, bursts, .. } = *outcomes;
    let most = above.max(below).max(restarts).max(undefined).max(gaps).max(bursts);
    if most == 0 && series.kind != DsType::Gauge {
        return "waiting for a second sample to compute a rate".into();
    }
    let of = format!("{} of {}", format::count(most), format::counted(samples, "sample"));
    match most {
        _ if most == undefined => "only undefined values".into(),
        _ if most == restarts => {
            format!("{of}: each is a restart, for the counter falls, and a restart has no rate")
        }
        _ if most == above => beyond(sight, outcomes, series, "above the maximum", series.max),
        _ if most == below => beyond(sight, outcomes, series, "below the minimum", series.min),
        _ if most == gaps => {
            let interval = format::duration(series.interval.secs_f64());
            format!("{of}: too long after the one before to make a rate, interval {interval}")
        }
        _ => format!("{of}: too soon after the one before to make a rate"),
    }
}

/// Which bound was passed, how often and how far.
fn beyond(
    sight: &Sight<'_>,
    outcomes: &Outcomes,
    series: &Series,
    side: &str,
    bound: Option<f64>,
) -> String {
    let id = &series.identifier;
    let place = sight.graphs.place(id, &series.ds_name);
    let (unit, scale, _) = sight.graphs.drawn_as(series, place);
    // Of a share the unit is known to the panel only.
    let unit = if &*unit.name == "%" { sight.graphs.plain_unit(series) } else { unit };
    let text = |value: f64| unit.with_unit(value * scale);
    let count = format::counted(outcomes.above.max(outcomes.below), "rate");
    let type_ = display_safe(&id.type_);
    let source = if series.ds_count > 1 { format!(" {}", series.ds_name) } else { String::new() };
    let bound = bound.map_or_else(String::new, text);
    let (source, farthest) = (display_safe(&source), text(outcomes.farthest));
    format!("{count} {side} of {type_}{source} in types.db, {bound}: up to {farthest}")
}
