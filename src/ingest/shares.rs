//! Shares: what each sender has of something scarce, and how much of it a sender may have.
//!
//! A sender that is alone may have nearly all. The last part is a reserve: the less a sender has,
//! compared with the *level* up to which each could have its share, the further it may go into it.
//! When that is used up, those above the level have to give back what they have more. So one that
//! invents names never takes the room that others need for theirs.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::hash::Hash;

/// This part of all is a reserve.
pub(crate) const RESERVE_PART: usize = 8;
/// Senders counted one by one, as forged addresses are free; all others have one share together.
const ACCOUNTS_MAX: u16 = 4_096;

/// What each sender has; `K` is its key.
#[derive(Debug)]
pub(crate) struct Shares<K> {
    numbers: HashMap<K, u16, RandomState>,
    /// The first one is that of all others.
    accounts: Vec<Account<K>>,
    /// Of all accounts.
    weight: usize,
    /// What each could have so that three quarters of all were taken.
    level: usize,
}

/// What one sender has.
#[derive(Clone, Debug)]
struct Account<K> {
    /// None: of all others.
    owner: Option<K>,
    /// In bytes, roughly.
    weight: usize,
    lists: usize,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        let others = Account { owner: None, weight: 0, lists: 0 };
        let (numbers, accounts) = (HashMap::default(), vec![others]);
        Self { numbers, accounts, weight: 0, level: usize::MAX }
    }
}

impl<K: Clone + Eq + Hash> Shares<K> {
    /// The account of a sender.
    pub(crate) fn number(&mut self, owner: &K) -> u16 {
        if let Some(&number) = self.numbers.get(owner) {
            return number;
        }
        let number = u16::try_from(self.accounts.len()).unwrap_or(ACCOUNTS_MAX);
        if number >= ACCOUNTS_MAX {
            return 0;
        }
        self.accounts.push(Account { owner: Some(owner.clone()), weight: 0, lists: 0 });
        self.numbers.insert(owner.clone(), number);
        number
    }

    /// Whose account it is; none: that of all others.
    pub(crate) fn owner(&self, number: u16) -> Option<&K> {
        self.accounts.get(usize::from(number))?.owner.as_ref()
    }

    /// How many lists it has.
    pub(crate) fn lists(&self, number: u16) -> usize {
        self.accounts.get(usize::from(number)).map_or(0, |one| one.lists)
    }

    fn weight(&self, number: u16) -> usize {
        self.accounts.get(usize::from(number)).map_or(0, |one| one.weight)
    }

    pub(crate) fn take(&mut self, number: u16, weight: usize) {
        self.weight += weight;
        if let Some(account) = self.accounts.get_mut(usize::from(number)) {
            account.weight += weight;
            account.lists += 1;
        }
    }

    pub(crate) fn give_back(&mut self, number: u16, weight: usize) {
        self.weight = self.weight.saturating_sub(weight);
        if let Some(account) = self.accounts.get_mut(usize::from(number)) {
            account.weight = account.weight.saturating_sub(weight);
            account.lists = account.lists.saturating_sub(1);
        }
    }

    /// Finds the level anew: what all accounts have is `used` of `max`, in any unit.
    pub(crate) fn settle(&mut self, used: usize, max: usize) {
        let mut weights: Vec<usize> = self.accounts.iter().map(|one| one.weight).collect();
        let room = scaled(self.weight, max - max / 4, used);
        self.level = level(&mut weights, room);
    }

    /// How much of `max` may be used, in any unit, when a sender has what it asks for.
    pub(crate) fn max_for(&self, number: u16, max: usize) -> usize {
        let reserve = max / RESERVE_PART;
        let weight = self.weight(number).min(self.level);
        max - scaled(reserve, weight, self.level)
    }

    /// Whether a sender has less than its share.
    pub(crate) fn is_below(&self, number: u16) -> bool {
        self.weight(number) < self.level
    }

    /// What each account has above the level.
    pub(crate) fn excess(&self) -> Vec<usize> {
        self.accounts.iter().map(|one| one.weight.saturating_sub(self.level)).collect()
    }
}

/// `number` times `times` over `over`.
fn scaled(number: usize, times: usize, over: usize) -> usize {
    let product = number as u128 * times as u128 / (over as u128).max(1);
    usize::try_from(product).unwrap_or(usize::MAX)
}

/// What each may have at most so that all together have `room`.
fn level(weights: &mut [usize], room: usize) -> usize {
    weights.sort_unstable();
    let (mut left, count) = (room, weights.len());
    for (place, &weight) in weights.iter().enumerate() {
        let share = left / (count - place);
        if weight > share {
            return share;
        }
        left -= weight;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    proptest! {
        #[test]
        fn what_is_cut_at_the_level_fits_and_leaves_less_than_one_each(
            mut weights in prop::collection::vec(0_usize..1_000, 1..50),
            room in 0_usize..20_000,
        ) {
            let all: usize = weights.iter().sum();
            let level = level(&mut weights, room);
            let kept: usize = weights.iter().map(|weight| weight.min(&level)).sum();
            prop_assert!(kept <= room);
            prop_assert!(all <= room || kept + weights.len() > room, "{kept} of {room}");
        }

        /// However many send how much: one that has nothing yet may go to the end, or there is one
        /// that has to give back.
        #[test]
        fn whoever_has_least_is_never_shut_out(
            weights in prop::collection::vec(1_usize..100_000, 1..60),
        ) {
            let mut shares = Shares::default();
            for (number, &weight) in (0..).zip(&weights) {
                let number = shares.number(&number);
                shares.take(number, weight);
            }
            let (max, new) = (shares.weight, shares.number(&1_000));
            shares.settle(max, max);
            prop_assert_eq!(shares.max_for(new, max), max);
            prop_assert!(shares.is_below(new));
            let excess: usize = shares.excess().iter().sum();
            prop_assert!(excess >= max / 4);
        }
    }

    #[test]
    fn one_alone_may_have_all_but_the_reserve() {
        let mut shares = Shares::default();
        let number = shares.number(&1);
        shares.take(number, 800);
        shares.settle(80, 80);
        assert_eq!((shares.max_for(number, 80), shares.is_below(number)), (70, false));
    }

    #[test]
    fn addresses_past_the_bound_have_one_share() {
        let mut shares = Shares::default();
        for number in 0..10_000 {
            let number = shares.number(&number);
            shares.take(number, 1);
        }
        assert_eq!(shares.accounts.len(), usize::from(ACCOUNTS_MAX));
        assert_eq!((shares.weight(0), shares.owner(0)), (10_000 - 4_095, None));
        assert_eq!(shares.number(&7), shares.number(&7));
        assert_eq!(shares.owner(shares.numbers[&7]), Some(&7));
    }
}
