//! Bars: amounts with a ceiling at one moment, and when they are full.

use super::format::{self, Unit};
use super::panels::{Line, Panel};
use super::role::Role;
use crate::metric::{CdTime, Interval, Span, display_safe};
use crate::store::{Mode, SeriesId, Store};
use std::borrow::Cow;

/// One filesystem, or anything else with a ceiling.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is.
    pub label: String,
    /// In use, in the panel's unit.
    pub used: f64,
    /// The ceiling: used, reserved and free.
    pub total: f64,
    /// Time until nothing is free, if it went on filling as it did over the window.
    pub full_in: Option<Interval>,
}

/// What is fuller than this is warned of.
pub const FULL_SHARE: f64 = 0.9;

impl Bar {
    /// How much of it is in use, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.used / self.total
    }

    /// Whether it is nearly full, or soon.
    pub fn warns(&self) -> bool {
        self.share() >= FULL_SHARE || self.full_in.is_some()
    }

    /// collectd writes `/` as `root` and `/var/lib` as `var-lib`; the latter cannot be read back.
    pub fn mount_point(&self) -> Cow<'_, str> {
        if self.label == "root" { "/".into() } else { display_safe(&self.label) }
    }

    /// When it is full, or `18.2 GiB of 252 GiB`.
    pub fn amount(&self, unit: &Unit) -> String {
        match self.full_in {
            Some(left) => format!("full in {}", format::age(left)),
            None => format!("{} of {}", unit.with_unit(self.used), unit.with_unit(self.total)),
        }
    }
}

/// How far back the filling is measured: long enough for a log that is flushed now and then.
const FILLING_OVER: Interval = Interval::from_secs(600);
/// Filling slower than this is not worth a warning.
const FULL_IN_MAX: Interval = Interval::from_secs(30 * 86_400);

/// How many bars a panel can have, whatever there is at a moment.
pub fn bars_at_most(panel: &Panel) -> usize {
    panel.lines.iter().filter(|line| line.role == Some(Role::Used)).count()
}

/// The bars of a panel at the moment `end`.
pub fn bars(panel: &Panel, store: &Store, end: CdTime) -> Vec<Bar> {
    let span = Span::new(end.saturating_sub(FILLING_OVER), end);
    let mut bars: Vec<(Bar, f64, f64)> = Vec::new();
    // What is not drawn still counts in the whole.
    let shown = |line: &&Line| panel.drawn().any(|drawn| drawn.instance == line.instance);
    for line in panel.lines.iter().filter(shown) {
        let value = |time| -> Option<f64> {
            let values = line.series.iter();
            let sum: f64 = values.filter_map(|&id| newest(store, id, time)).sum();
            (!line.series.is_empty()).then_some(sum * line.scale)
        };
        let (Some(now), before) = (value(span.end), value(span.start).unwrap_or(0.0)) else {
            continue;
        };
        let index = bars.iter().position(|(bar, ..)| bar.label == line.instance);
        let index = index.unwrap_or_else(|| {
            let label = line.instance.clone();
            bars.push((Bar { label, used: 0.0, total: 0.0, full_in: None }, 0.0, 0.0));
            bars.len() - 1
        });
        let Some((bar, free, free_before)) = bars.get_mut(index) else {
            continue;
        };
        bar.total += now;
        match line.role {
            Some(Role::Used) => bar.used += now,
            Some(Role::Free) => {
                *free += now;
                *free_before += before;
            }
            _ => {}
        }
    }
    let secs = span.width().secs_f64();
    bars.retain(|(bar, ..)| bar.total > 0.0);
    bars.into_iter()
        .map(|(bar, free, free_before)| {
            let per_sec = (free_before - free) / secs.max(1.0);
            let full_in = Interval::from_secs_f64(free / per_sec);
            let filling = per_sec > 0.0 && free_before > 0.0 && full_in < FULL_IN_MAX;
            Bar { full_in: filling.then_some(full_in), ..bar }
        })
        .collect()
}

fn newest(store: &Store, id: SeriesId, time: CdTime) -> Option<f64> {
    let reading = store.value_at(id, time, Mode::Rate);
    let latest = store.latest(id, Mode::Rate).filter(|latest| latest.time <= time);
    reading.or(latest)?.value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, used: f64, full_in: Option<u64>) -> Bar {
        let full_in = full_in.map(Interval::from_secs);
        Bar { label: label.into(), used, total: 2_048.0, full_in }
    }

    #[test]
    fn a_bar_says_how_much_of_it_is_used_or_when_it_is_full() {
        let unit = Unit::new("B");
        assert_eq!(bar("root", 512.0, None).amount(&unit), "512 B of 2.00 KiB");
        assert_eq!(bar("root", 512.0, Some(7_200)).amount(&unit), "full in 2 h");
        assert_eq!(bar("root", 512.0, None).mount_point(), "/");
        assert_eq!(bar("var-lib", 512.0, None).mount_point(), "var-lib");
    }

    #[test]
    fn what_is_nearly_full_or_soon_is_warned_of() {
        for (used, full_in, warns) in
            [(1_800.0, None, false), (1_900.0, None, true), (10.0, Some(60), true)]
        {
            assert_eq!(bar("root", used, full_in).warns(), warns, "{used} {full_in:?}");
        }
    }
}
