//! Room for lists: who may name one more, and which are forgotten where no more are taken.
//!
//! Lists that were silent for hours, or that came once and not again, go first, so that a fleet
//! whose machines come and go is never full of those that went. Where that does not help a sender
//! that has little, those that have most give back ([`Shares`](crate::ingest::shares::Shares)).

use super::{Known, LIST_BYTES, Lists, ONCE, index};
use crate::ingest::shares::RESERVE_PART;

/// Where room is needed lists are forgotten that were silent for 2 h, as in the store.
pub(super) const STALE_STEPS: u32 = 450;
/// The same for lists that came once.
const ONCE_STEPS: u32 = 20;
/// Looking for them takes 50 ms among a million, so it is done once a minute.
const FORGET_PAUSE_STEPS: u32 = 4;
/// The same where a sender has less than its share.
const SHORT_PAUSE_STEPS: u32 = 1;

impl Lists {
    /// Forgets what was silent for long, if that is needed, and what senders have above their
    /// share, if others need it. Only between batches: a number must not stand for two lists in
    /// one.
    pub(in crate::ingest) fn make_room(&mut self, now: u32) {
        let pause = if self.is_short { SHORT_PAUSE_STEPS } else { FORGET_PAUSE_STEPS };
        if !(self.is_full || self.is_short) || now.abs_diff(self.looked) < pause {
            return;
        }
        let gone = self.dispensable(now);
        (self.is_full, self.is_short, self.looked) = (false, false, now);
        let mut keys = Vec::new();
        for (id, (list, &is_gone)) in (0..).zip(self.known.iter_mut().zip(&gone)) {
            let key = self.keys.get(list.key()).unwrap_or_default();
            if key.is_empty() {
                continue;
            }
            let start = u32::try_from(keys.len()).unwrap_or_default();
            if is_gone {
                self.free.push(id);
                (list.follower, list.template_bytes) = (id, 0);
                let sender = self.senders.get(index(id)).copied().unwrap_or_default();
                self.shares.give_back(sender, LIST_BYTES + key.len());
            } else {
                keys.extend_from_slice(key);
            }
            (list.key_start, list.key_end) = (start, u32::try_from(keys.len()).unwrap_or(start));
        }
        self.keys = keys;
        let is_gone = |known: &[Known], id: u32| {
            known.get(index(id)).is_none_or(|list| list.key().is_empty())
        };
        self.table.retain(|&mut id| !is_gone(&self.known, id));
        for id in 0..self.known.len() {
            let follower = self.known.get(id).map_or(0, |list| list.follower);
            if is_gone(&self.known, follower)
                && let (Some(list), Ok(own)) = (self.known.get_mut(id), u32::try_from(id))
            {
                (list.follower, list.template_bytes) = (own, 0);
            }
        }
    }

    /// Which lists are to go: what was silent for long; and if a sender is short, of those that
    /// have more than their share what came once, then the newest.
    fn dispensable(&mut self, now: u32) -> Vec<bool> {
        let silent = |list: &Known| {
            let is_once = list.received & ONCE > 0;
            let steps_max = if is_once { ONCE_STEPS } else { STALE_STEPS };
            now.saturating_sub(list.received & !ONCE) >= steps_max
        };
        let mut gone: Vec<bool> = self.known.iter().map(silent).collect();
        if !self.is_short {
            return gone;
        }
        self.settle(now);
        let mut excess = self.shares.excess();
        // What goes anyway, then what came once, then whatever is left above the share.
        for turn in 0..3 {
            let lists = self.known.iter().zip(&self.senders).zip(&mut gone).rev();
            for ((list, &sender), gone) in lists.filter(|((list, _), _)| !list.key().is_empty()) {
                let Some(excess) = excess.get_mut(usize::from(sender)) else { continue };
                let goes = match turn {
                    0 => *gone,
                    1 => !*gone && *excess > 0 && list.received & ONCE > 0,
                    _ => !*gone && *excess > 0,
                };
                if goes {
                    *excess = excess.saturating_sub(LIST_BYTES + list.key().len());
                    *gone = true;
                }
            }
        }
        gone
    }

    fn count(&self) -> usize {
        self.known.len() - self.free.len()
    }

    /// What all lists take.
    pub(super) fn bytes(&self) -> usize {
        self.keys.len() + LIST_BYTES * self.count()
    }

    /// Finds the level of the shares anew, by the limit that is nearer. Only while room is short:
    /// else everybody would be below it, until the next time.
    fn settle(&mut self, now: u32) {
        self.settled = now;
        let (count, bytes) = (self.count(), self.bytes());
        let (lists_max, bytes_max) = (self.limits.with_reserve(), self.limits.bytes());
        if count as u128 * bytes_max as u128 > bytes as u128 * lists_max as u128 {
            self.shares.settle(count, lists_max);
        } else {
            self.shares.settle(bytes, bytes_max);
        }
    }

    /// Whether a sender may name one more list, of `key_bytes`.
    pub(super) fn may_add(&mut self, sender: u16, key_bytes: usize, now: u32) -> bool {
        let (count, bytes) = (self.count() + 1, self.bytes() + LIST_BYTES + key_bytes);
        let (lists_max, bytes_max) = (self.limits.with_reserve(), self.limits.bytes());
        if self.shares.lists(sender) >= self.limits.lists_per_sender {
            self.is_full = true;
            return false;
        }
        let fits = |count_max: usize, max: usize| count <= count_max && bytes <= max;
        let without_reserve = |max: usize| max - max / RESERVE_PART;
        if fits(without_reserve(lists_max), without_reserve(bytes_max)) {
            return true;
        }
        if self.settled != now {
            self.settle(now);
        }
        let max_for = |max| self.shares.max_for(sender, max);
        let may = fits(max_for(lists_max), max_for(bytes_max));
        self.is_full |= !may;
        // Long before the reserve is used up.
        let with_some = |max: usize| max - max / RESERVE_PART / 4 * 3;
        let is_short = !may || !fits(with_some(lists_max), with_some(bytes_max));
        self.is_short |= is_short && self.shares.is_below(sender);
        may
    }
}
