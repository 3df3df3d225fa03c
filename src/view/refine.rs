//! Refining: from rows whose names match to those whose state does too (`>90`, `stale`).
//!
//! The newest values are in the store, which no other thread can look into; so a pass over very
//! many series is spread over frames, and the rows stay what they were until it is through. A pass
//! begins about once a second.

use super::latest::Latest;
use super::row::Row;
use super::selector::Selector;
use crate::metric::{CdTime, Interval};

/// Rows whose names match, and how far their state is known.
#[derive(Debug, Default)]
pub(super) struct Refining {
    named: Vec<Row>,
    pass: Option<Pass>,
    /// No pass is through yet.
    is_first: bool,
    /// When the last pass was through.
    done: Option<CdTime>,
}

/// One pass over the rows.
#[derive(Debug, Default)]
struct Pass {
    at: usize,
    rows: Vec<Row>,
    matched: usize,
    /// Rows above the next series that are not among `rows`.
    top: Option<Row>,
    plugin: Option<Row>,
}

/// Rows that are looked at in one frame: 5 to 10 ms where no value is in the cache.
const ROWS_AT_ONCE: usize = 50_000;
/// From the end of a pass to the next one.
const EVERY: Interval = Interval::from_secs(1);

impl Refining {
    /// Begins with the rows whose names match.
    pub(super) fn new(named: Vec<Row>) -> Self {
        Self { named, pass: Some(Pass::default()), is_first: true, done: None }
    }

    /// No rows of this selector are known yet.
    pub(super) const fn is_first(&self) -> bool {
        self.is_first
    }

    /// A pass is to go on in the next frame.
    pub(super) const fn is_under_way(&self) -> bool {
        self.pass.is_some()
    }

    /// Goes on with a pass, or begins one that is due. Returns the rows that match and how many
    /// series they are when a pass is through.
    pub(super) fn go_on(
        &mut self,
        selector: &Selector,
        latest: &Latest<'_>,
    ) -> Option<(Vec<Row>, usize)> {
        let now = latest.now;
        // A clock that was set back makes it due as well.
        let is_due = |done: CdTime| now < done || now.since(done) >= EVERY;
        if self.pass.is_none() && self.done.is_some_and(is_due) {
            self.pass = Some(Pass::default());
        }
        let pass = self.pass.as_mut()?;
        let end = pass.at + ROWS_AT_ONCE;
        for &row in self.named.get(pass.at..).unwrap_or_default().iter().take(ROWS_AT_ONCE) {
            pass.row(row, selector, latest);
        }
        pass.at = end;
        if end < self.named.len() {
            return None;
        }
        (self.is_first, self.done) = (false, Some(now));
        self.pass.take().map(|pass| (pass.rows, pass.matched))
    }
}

impl Pass {
    fn row(&mut self, row: Row, selector: &Selector, latest: &Latest<'_>) {
        match row {
            Row::Host { .. } | Row::Everywhere { .. } => {
                (self.top, self.plugin) = (Some(row), None);
            }
            Row::Plugin { .. } => self.plugin = Some(row),
            Row::Series { id, .. } => {
                let series = latest.store.series(id);
                if series.is_some_and(|series| selector.state_holds(series, latest)) {
                    self.rows.extend(self.top.take().into_iter().chain(self.plugin.take()));
                    self.rows.push(row);
                    self.matched += 1;
                }
            }
        }
    }
}
