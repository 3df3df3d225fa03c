//! Newcomers: series that came after all others had, the last of them.
//!
//! What comes while reception begins is no news. A network can invent names without end: the oldest
//! give way.

use super::SeriesId;
use crate::metric::{CdTime, Interval};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// After the first series all that are sent come within this time: six intervals of collectd.
const BEGINNING: Interval = Interval::from_secs(60);
/// A series is new for so long.
const NEW_FOR: Interval = Interval::from_secs(600);
/// Series remembered at once.
const NEWCOMERS_MAX: usize = 10_000;

/// The series that came last.
#[derive(Debug, Default)]
pub(super) struct Newcomers {
    began: Option<CdTime>,
    came: HashMap<SeriesId, CdTime, RandomState>,
    order: VecDeque<SeriesId>,
}

impl Newcomers {
    /// A series came, by our clock.
    pub(super) fn note(&mut self, id: SeriesId, now: CdTime) {
        let began = *self.began.get_or_insert(now);
        if now.since(began) < BEGINNING {
            return;
        }
        while let Some(&first) = self.order.front() {
            if self.order.len() < NEWCOMERS_MAX && self.has(first, now) {
                break;
            }
            self.order.pop_front();
            self.came.remove(&first);
        }
        self.came.insert(id, now);
        self.order.push_back(id);
    }

    /// Whether a series came a short time ago.
    pub(super) fn has(&self, id: SeriesId, now: CdTime) -> bool {
        self.came.get(&id).is_some_and(|&came| now.since(came) < NEW_FOR)
    }

    /// All that came a short time ago, in the order in which they came.
    pub(super) fn all(&self, now: CdTime) -> impl Iterator<Item = SeriesId> + '_ {
        self.order.iter().copied().filter(move |&id| self.has(id, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: CdTime = CdTime::from_secs(1_000_000);

    fn after(secs: u64) -> CdTime {
        START.saturating_add(Interval::from_secs(secs))
    }

    #[test]
    fn what_comes_while_reception_begins_is_not_new_and_nothing_is_for_ever() {
        let mut newcomers = Newcomers::default();
        for (id, secs) in [(0, 0), (1, 59), (2, 60), (3, 100)] {
            newcomers.note(SeriesId(id), after(secs));
        }
        let new = |newcomers: &Newcomers, secs| -> Vec<u32> {
            newcomers.all(after(secs)).map(|id| id.0).collect()
        };
        assert_eq!(new(&newcomers, 100), [2, 3]);
        assert_eq!(new(&newcomers, 660), [3]);
        assert!(!newcomers.has(SeriesId(2), after(660)) && newcomers.has(SeriesId(3), after(660)));
        newcomers.note(SeriesId(4), after(5_000));
        assert_eq!((new(&newcomers, 5_000), newcomers.came.len()), (vec![4], 1));
    }

    #[test]
    fn a_flood_of_names_leaves_the_last_of_them() {
        let mut newcomers = Newcomers::default();
        newcomers.note(SeriesId(0), START);
        for id in 1..30_000 {
            newcomers.note(SeriesId(id), after(100));
        }
        assert_eq!((newcomers.came.len(), newcomers.order.len()), (NEWCOMERS_MAX, NEWCOMERS_MAX));
        assert!(newcomers.has(SeriesId(29_999), after(100)));
        assert!(!newcomers.has(SeriesId(1), after(100)));
    }
}
