//! Quota: how many names each sender may have while room for names is short.
//!
//! Counts in bytes, roughly, by [`Shares`]; [`crate::ingest`] does the same for its lists. Knows no
//! series: what they take is given.

use super::origin::Origin;
use crate::ingest::{RESERVE_PART, Shares};
use crate::metric::{CdTime, Interval};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::net::IpAddr;

/// Forgetting walks over all series; it is not tried again before this time has passed.
const FORGET_PAUSE: Interval = Interval::from_secs(60);
/// The same where a sender has less than its share. Among a million series it takes 0.1 s.
const SHORT_PAUSE: Interval = Interval::from_secs(10);

/// What senders have and may have.
#[derive(Debug, Default)]
pub(super) struct Quota {
    shares: Shares<Origin<IpAddr>>,
    /// Time at which the level of the shares was last found, in steps of 16 s.
    settled: u32,
    /// Value lists of each sender refused in this batch.
    refused: HashMap<u16, u64, RandomState>,
    /// Time at which room was last made.
    forgot: Option<CdTime>,
}

/// Bytes that names take and may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameBytes {
    pub(super) used: usize,
    pub(super) max: usize,
}

impl Quota {
    /// Number of a sender.
    pub(super) fn number(&mut self, sender: &Origin<IpAddr>) -> u16 {
        self.shares.number(sender)
    }

    /// Counts a name of `weight` bytes as a sender's.
    pub(super) fn take(&mut self, sender: u16, weight: usize) {
        self.shares.take(sender, weight);
    }

    /// Counts a name of `weight` bytes as gone.
    pub(super) fn give_back(&mut self, sender: u16, weight: usize) {
        self.shares.give_back(sender, weight);
    }

    /// Whether a list of `sender` that takes `cost` fits; finds the level anew if it is old.
    pub(super) fn fits(&mut self, sender: u16, cost: usize, names: NameBytes, now: CdTime) -> bool {
        let used = names.used + cost;
        if used <= names.max - names.max / RESERVE_PART {
            return true;
        }
        if self.settled != now.in_16_secs() {
            self.settle(names, now);
        }
        used <= self.shares.max_for(sender, names.max)
    }

    /// Whether others have begun to use up the reserve of a sender that has less than its share.
    pub(super) fn is_reserve_low(&self, sender: u16, names: NameBytes) -> bool {
        names.used > names.max - names.max / RESERVE_PART / 4 * 3 && self.shares.is_below(sender)
    }

    /// Begins to make room for `sender`, unless that was just done; whether it has less than its
    /// share.
    pub(super) fn begin_forgetting(&mut self, sender: u16, now: CdTime) -> Option<bool> {
        let is_below = self.shares.is_below(sender);
        let pause = if is_below { SHORT_PAUSE } else { FORGET_PAUSE };
        if self.forgot.is_some_and(|last| now >= last && now.since(last) < pause) {
            return None;
        }
        self.forgot = Some(now);
        Some(is_below)
    }

    /// Finds the level of the shares anew. Only while room is short: else everybody would be below
    /// it, until the next time.
    pub(super) fn settle(&mut self, names: NameBytes, now: CdTime) {
        self.settled = now.in_16_secs();
        self.shares.settle(names.used, names.max);
    }

    /// What each sender has above the level.
    pub(super) fn excess(&self) -> Vec<usize> {
        self.shares.excess()
    }

    /// Counts a value list that found no series.
    pub(super) fn count_refused(&mut self, sender: u16) {
        *self.refused.entry(sender).or_default() += 1;
    }

    /// Value lists counted since the last call, by sender; `None` are all senders that are not
    /// counted one by one.
    pub(super) fn take_refused(&mut self) -> impl Iterator<Item = (Option<&Origin<IpAddr>>, u64)> {
        let shares = &self.shares;
        self.refused.drain().map(|(sender, lists)| (shares.owner(sender), lists))
    }
}
