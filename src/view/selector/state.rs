//! The state part of a selector: words about the newest value of a series, its unit and its age.

use super::pattern::{Pattern, lower};
use crate::store::Series;
use crate::view::format::Unit;
use crate::view::health::Freshness;
use crate::view::latest::Latest;
use std::ops::Range;

/// The words about the state; all must hold.
#[derive(Clone, Debug, Default)]
pub(super) struct StatePart {
    words: Vec<StateWord>,
}

/// A word about the state.
#[derive(Clone, Debug)]
pub(super) struct StateWord {
    pub(super) asks: Asks,
    pub(super) exclude: bool,
    /// Where it stands in the text of the selector.
    pub(super) span: Range<usize>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) enum Asks {
    /// A value as it is shown.
    Value {
        /// How.
        compare: Compare,
        /// With what.
        number: f64,
        /// What is no percentage does not match.
        is_percent: bool,
    },
    /// The unit.
    Unit(Vec<Pattern>),
    /// Silence.
    Stale,
    /// That it came a short time ago.
    New,
}

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl StatePart {
    pub(super) const fn new(words: Vec<StateWord>) -> Self {
        Self { words }
    }

    pub(super) fn words(&self) -> &[StateWord] {
        &self.words
    }

    /// Whether some are about the newest sample.
    pub(super) fn asks_value(&self) -> bool {
        let is_cheap = |asks: &Asks| matches!(asks, Asks::Unit(_) | Asks::New);
        self.words.iter().any(|word| !is_cheap(&word.asks))
    }

    /// Whether a value of this unit is what all ask for; none where some ask for something else, or
    /// none asks.
    pub(super) fn compares(&self, value: f64, unit: &Unit) -> Option<bool> {
        let holds = |word: &StateWord| match &word.asks {
            Asks::Value { compare, number, is_percent } => {
                let is_it = (!is_percent || *unit.name == *"%") && compare.holds(value, *number);
                Some(is_it != word.exclude)
            }
            Asks::Unit(_) | Asks::Stale | Asks::New => None,
        };
        let all: Option<Vec<bool>> = self.words.iter().map(holds).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.into_iter().all(|holds| holds))
    }

    /// Whether all hold now.
    pub(super) fn holds(&self, series: &Series, latest: &Latest<'_>) -> bool {
        self.words.iter().all(|word| word.asks.holds(series, latest) != word.exclude)
    }
}

impl Asks {
    /// What has no value is neither above nor below anything.
    fn holds(&self, series: &Series, latest: &Latest<'_>) -> bool {
        match self {
            Self::Stale => {
                latest.age(series).is_some_and(|(_, freshness)| freshness == Freshness::Stale)
            }
            Self::New => latest.store.is_new(series.id, latest.now),
            Self::Unit(patterns) => {
                let unit = lower(&latest.drawn_as(series).0.name);
                patterns.iter().any(|pattern| pattern.is_in(&unit))
            }
            Self::Value { compare, number, is_percent } => {
                latest.value(series).is_some_and(|value| {
                    let (unit, scale, _) = latest.drawn_as(series);
                    let shown = value * scale;
                    (!is_percent || *unit.name == *"%") && compare.holds(shown, *number)
                })
            }
        }
    }
}

impl Compare {
    fn holds(self, value: f64, number: f64) -> bool {
        match self {
            Self::Above => value > number,
            Self::AtLeast => value >= number,
            Self::Below => value < number,
            Self::AtMost => value <= number,
        }
    }
}
