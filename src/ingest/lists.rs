//! Lists: which number each identifier with its DS types has, and which is likely to come next.
//!
//! Names are kept once, in one arena; a value list that is known costs no allocation. Successive
//! datagrams of a sender name the same lists in the same order, so of each list is kept which one
//! followed, and how that was written (its *template*): where the same bytes come again nothing is
//! parsed. Where they do not, the names of the list that followed are compared, and only when that
//! guess fails too the hash table is asked. The hash is keyed per process, as the names come from
//! strangers.
//!
//! When a limit is reached, lists that were silent for hours, or that came once and not again, are
//! forgotten and their numbers used again, so that a fleet whose machines come and go is never
//! full of those that went. Where that does not help a sender that has little, those that have
//! most give back ([`Shares`]).

use super::key::{read_key, write_key};
use super::shares::{RESERVE_PART, Shares};
use super::{Announced, Incoming, Limits, ListId, Machine, Sender};
use crate::metric::{DsType, Identifier, Interval, Names};
use crate::wire::{Expected, template};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::ops::Range;

/// A list is announced anew so often while it speaks: the store may have had no room for its
/// names, or have forgotten them ([`crate::store::STALE_MIN`]), and then it comes back. For a
/// million lists that is a thousandth of a core.
pub const ANNOUNCED_EVERY: Interval = Interval::from_secs(480);
/// [`ANNOUNCED_EVERY`] in steps of 16 s.
const AGAIN_STEPS: u32 = 30;
/// So much of that depends on the list, so that not all of them come at once.
const AGAIN_SPREAD_STEPS: u32 = 8;
/// Where room is needed lists are forgotten that were silent for 2 h, as in the store.
const STALE_STEPS: u32 = 450;
/// The same for lists that came once.
const ONCE_STEPS: u32 = 20;
/// Looking for them takes 50 ms among a million, so it is done once a minute.
const FORGET_PAUSE_STEPS: u32 = 4;
/// The same where a sender has less than its share.
const SHORT_PAUSE_STEPS: u32 = 1;
/// Marks in [`Known::received`] a list that came once. Steps of today have 27 bits.
const ONCE: u32 = 1 << 31;
/// What a list takes beside its key.
const LIST_BYTES: usize = size_of::<Known>() + size_of::<u16>() + 16;

/// All lists of one source.
#[derive(Debug)]
pub(super) struct Lists {
    hasher: RandomState,
    table: HashTable<u32>,
    /// The keys, one after another.
    keys: Vec<u8>,
    known: Vec<Known>,
    /// Who named each first, as `shares` counts them.
    senders: Vec<u16>,
    /// Numbers of forgotten lists, whose keys are empty.
    free: Vec<u32>,
    /// Templates, one after another; all are given up when they would take too much.
    templates: Vec<u8>,
    /// The key being looked up.
    scratch: Vec<u8>,
    /// Of the lists named first by each sender, and when their level was last found.
    shares: Shares<Machine>,
    settled: u32,
    limits: Limits,
    /// One was refused since room was last looked for, which was at that step; one of a sender that
    /// has less than its share.
    is_full: bool,
    is_short: bool,
    looked: u32,
    /// A number was used again since this was last taken.
    pub(super) renumbered: bool,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    key_start: u32,
    key_end: u32,
    /// Which list came after this one last time; itself when nothing has.
    follower: u32,
    /// How that was written; empty when it is not known.
    template_start: u32,
    template_bytes: u16,
    /// Bytes there for a template, so that guesses that change do not take ever more.
    template_room: u16,
    /// Values of the list that came after.
    template_values: u16,
    /// When it was announced, or received the second time, in steps of 16 s; with [`ONCE`].
    received: u32,
}

/// A list that was found or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) id: u32,
    /// It is to be announced.
    pub(super) is_news: bool,
}

impl Lists {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            hasher: RandomState::default(),
            table: HashTable::new(),
            keys: Vec::new(),
            known: Vec::new(),
            senders: Vec::new(),
            free: Vec::new(),
            templates: Vec::new(),
            scratch: Vec::new(),
            shares: Shares::default(),
            settled: 0,
            limits,
            is_full: false,
            is_short: false,
            looked: 0,
            renumbered: false,
        }
    }

    /// The number of a list that came behind `previous`; none when it is new and no more are taken.
    pub(super) fn find(
        &mut self,
        from: &Incoming,
        names: &Names<'_>,
        kinds: &[u8],
        previous: Option<u32>,
    ) -> Option<Found> {
        let guess = previous.and_then(|previous| self.known(previous)).map(|list| list.follower);
        if let Some(id) = guess.filter(|&guess| self.is(guess, names, kinds)) {
            return Some(Found { id, is_news: self.note(id, from.steps) });
        }
        write_key(&mut self.scratch, names, kinds);
        let found = match self.look_up() {
            Some(id) => Found { id, is_news: self.note(id, from.steps) },
            None => Found { id: self.add(from)?, is_news: true },
        };
        if let Some(list) = previous.and_then(|previous| self.known.get_mut(index(previous))) {
            list.follower = found.id;
            list.template_bytes = 0;
        }
        Some(found)
    }

    /// The list that is likely to follow `last`, and how it would be written.
    #[inline(always)]
    pub(super) fn next(&self, last: u32) -> Option<(u32, Expected<'_>)> {
        let &Known { follower, template_start, template_bytes, template_values, .. } =
            self.known(last)?;
        let start = index(template_start);
        let template = self.templates.get(start..start + usize::from(template_bytes))?;
        let expected = Expected { template, values_count: template_values };
        (!template.is_empty()).then_some((follower, expected))
    }

    /// Notes that a list was received; whether it is to be announced anew.
    #[inline]
    pub(super) fn note(&mut self, id: u32, now: u32) -> bool {
        match self.known.get_mut(index(id)) {
            Some(list) if now.wrapping_sub(list.received) >= AGAIN_STEPS => list.note(id, now),
            _ => false,
        }
    }

    /// What to tell about a list.
    pub(super) fn announcement(&self, id: u32) -> Option<Announced> {
        let [host, plugin, plugin_instance, type_, type_instance, kinds] = read_key(self.key(id)?);
        let names = Names { host, plugin, plugin_instance, type_, type_instance };
        let kinds = kinds.iter().filter_map(|&code| DsType::from_code(code)).collect();
        let owner = self.shares.owner(self.senders.get(index(id)).copied()?);
        let sender = owner.cloned().unwrap_or(Sender::Others);
        let identifier = Identifier::from_names(&names);
        Some(Announced { list: ListId(id), sender, identifier, kinds })
    }

    /// Keeps how the list behind `previous` was led up to.
    pub(super) fn learn(&mut self, previous: u32, lead: &[u8]) {
        let Some((template, template_values)) = template(lead) else { return };
        let Ok(template_bytes) = u16::try_from(template.len()) else { return };
        if self.templates.len() + template.len() > self.limits.template_bytes() {
            self.templates.clear();
            for list in &mut self.known {
                (list.template_bytes, list.template_room) = (0, 0);
            }
        }
        let end = self.templates.len();
        let Some(list) = self.known.get_mut(index(previous)) else { return };
        if list.template_room < template_bytes {
            let Ok(start) = u32::try_from(end) else { return };
            (list.template_start, list.template_room) = (start, template_bytes);
            self.templates.extend_from_slice(template);
        } else {
            let start = index(list.template_start);
            let Some(place) = self.templates.get_mut(start..start + template.len()) else { return };
            place.copy_from_slice(template);
        }
        list.template_bytes = template_bytes;
        list.template_values = template_values;
    }

    /// Forgets what was silent for long, if that is needed, and what senders have above their
    /// share, if others need it. Only between batches: a number must not stand for two lists in
    /// one.
    pub(super) fn make_room(&mut self, now: u32) {
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
    fn bytes(&self) -> usize {
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
    fn may_add(&mut self, sender: u16, key_bytes: usize, now: u32) -> bool {
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

    fn known(&self, id: u32) -> Option<&Known> {
        self.known.get(index(id))
    }

    fn key(&self, id: u32) -> Option<&[u8]> {
        self.keys.get(self.known(id)?.key())
    }

    /// Whether list `id` has these names and DS types.
    fn is(&self, id: u32, names: &Names<'_>, kinds: &[u8]) -> bool {
        let &Names { host, plugin, plugin_instance, type_, type_instance } = names;
        self.key(id).is_some_and(|key| {
            read_key(key) == [host, plugin, plugin_instance, type_, type_instance, kinds]
        })
    }

    fn look_up(&self) -> Option<u32> {
        let hash = self.hasher.hash_one(self.scratch.as_slice());
        let same = |&id: &u32| self.key(id) == Some(self.scratch.as_slice());
        self.table.find(hash, same).copied()
    }

    /// A number for the list whose key was written.
    fn add(&mut self, from: &Incoming) -> Option<u32> {
        let sender = self.shares.number(&from.sender.machine());
        let (start, end) = (self.keys.len(), self.keys.len() + self.scratch.len());
        if !self.may_add(sender, self.scratch.len(), from.steps) {
            return None;
        }
        let (key_start, key_end) = (u32::try_from(start).ok()?, u32::try_from(end).ok()?);
        let id = match self.free.last() {
            Some(&id) => id,
            None => u32::try_from(self.known.len()).ok()?,
        };
        let list = Known {
            key_start,
            key_end,
            follower: id,
            template_start: 0,
            template_bytes: 0,
            template_room: 0,
            template_values: 0,
            received: from.steps | ONCE,
        };
        match (self.free.pop(), self.known.get_mut(index(id)), self.senders.get_mut(index(id))) {
            (Some(_), Some(place), Some(known_by)) => {
                let Known { template_start, template_room, .. } = *place;
                (*place, *known_by) = (Known { template_start, template_room, ..list }, sender);
                self.renumbered = true;
            }
            _ => {
                self.known.push(list);
                self.senders.push(sender);
            }
        }
        self.shares.take(sender, LIST_BYTES + self.scratch.len());
        self.keys.extend_from_slice(&self.scratch);
        let (hasher, keys, known) = (&self.hasher, &self.keys, &self.known);
        let rehash = |&id: &u32| {
            let key = known.get(index(id)).and_then(|list| keys.get(list.key()));
            hasher.hash_one(key.unwrap_or_default())
        };
        self.table.insert_unique(hasher.hash_one(self.scratch.as_slice()), id, rehash);
        Some(id)
    }
}

impl Known {
    /// Notes that it was received, the second time or after long; whether it is to be announced
    /// anew.
    #[cold]
    fn note(&mut self, id: u32, now: u32) -> bool {
        let before = self.received & !ONCE;
        let is_due = now.saturating_sub(before) >= AGAIN_STEPS;
        self.received = if is_due { now.saturating_sub(id % AGAIN_SPREAD_STEPS) } else { now };
        is_due
    }

    fn key(&self) -> Range<usize> {
        index(self.key_start)..index(self.key_end)
    }
}

fn index(id: u32) -> usize {
    usize::try_from(id).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::CdTime;
    use std::net::SocketAddr;

    fn incoming(steps: u32) -> Incoming {
        let sender = SocketAddr::from(([10, 0, 0, 1], 25_826)).into();
        Incoming { slot: 0, sender, arrival: CdTime::ZERO, steps }
    }

    fn find(lists: &mut Lists, host: &str, steps: u32, previous: Option<u32>) -> Option<u32> {
        let identifier = Identifier::new(host, "p", "", "t", "");
        Some(lists.find(&incoming(steps), &identifier.names(), &[1], previous)?.id)
    }

    #[test]
    fn steps_are_those_of_the_documented_times() {
        let steps = |interval| CdTime::ZERO.saturating_add(interval).in_16_secs();
        assert_eq!(AGAIN_STEPS, steps(ANNOUNCED_EVERY));
        assert_eq!(STALE_STEPS, steps(crate::store::STALE_MIN));
    }

    #[test]
    fn the_same_names_with_other_ds_types_are_another_list() {
        let mut lists = Lists::new(Limits::default());
        let names = Identifier::new("h", "p", "", "t", "");
        let from = incoming(0);
        let one = lists.find(&from, &names.names(), &[1], None).unwrap().id;
        // By the hash table, and by a guess: what followed a list that nothing has is itself.
        for previous in [None, Some(one)] {
            for (kinds, same) in [(&[1_u8][..], true), (&[2], false), (&[1, 1], false)] {
                let found = lists.find(&from, &names.names(), kinds, previous).unwrap();
                assert_eq!(found.id == one, same, "{kinds:?}");
                lists.known[index(one)].follower = one;
            }
            let shifted = Identifier::new("hp", "", "", "t", "");
            assert_ne!(lists.find(&from, &shifted.names(), &[1], previous).unwrap().id, one);
        }
    }

    #[test]
    fn long_names_past_the_bound_are_refused() {
        let mut lists = Lists::new(Limits::new(10_000, None));
        let long = |number: usize| format!("{number}-{}", "x".repeat(1_000));
        let taken = (0..10_000).filter(|&n| find(&mut lists, &long(n), 0, None).is_some()).count();
        assert!(lists.bytes() <= lists.limits.bytes() && taken < 4_000, "{taken}");
        assert_eq!(find(&mut lists, &long(0), 0, None), Some(0), "known ones go on");
    }

    #[test]
    fn guesses_that_change_take_no_more_room() {
        let leads: [&[u8]; 2] =
            [b"\0\x05\0\x06x\0\0\x06\0\x0f\0\x01\x01", b"\0\x05\0\x07yz\0\0\x06\0\x0f\0\x01\x01"];
        let mut lists = Lists::new(Limits::default());
        let [a, ..] = ["a", "b", "c"].map(|host| find(&mut lists, host, 0, None).unwrap());
        for round in 0..100 {
            for (host, lead) in ["b", "c"].into_iter().zip(leads) {
                assert_eq!(
                    find(&mut lists, host, 0, Some(a)),
                    Some(if host == "b" { 1 } else { 2 })
                );
                lists.learn(a, lead);
                assert_eq!(lists.next(a).unwrap().1.template, lead, "{round}");
            }
        }
        assert_eq!(lists.templates.len(), leads[0].len() + leads[1].len());
    }

    #[test]
    fn what_was_expected_behind_a_list_is_forgotten_with_what_followed_it() {
        // Type instance "x" and one gauge.
        let lead = b"\0\x05\0\x06x\0\0\x06\0\x0f\0\x01\x01";
        let mut lists = Lists::new(Limits { lists: 3, ..Limits::default() });
        let [a, b, c] = ["a", "b", "c"].map(|host| find(&mut lists, host, 0, None).unwrap());
        for (host, previous) in [("b", a), ("a", b), ("c", a)] {
            let _ = find(&mut lists, host, 0, Some(previous));
            lists.learn(previous, lead);
        }
        assert_eq!((lists.next(a).unwrap().0, lists.next(b).unwrap().0), (c, a));
        assert_eq!(find(&mut lists, "d", 0, None), None);
        for host in ["a", "b"] {
            find(&mut lists, host, STALE_STEPS - 1, None);
        }
        lists.make_room(STALE_STEPS + 1);
        assert!(lists.next(a).is_none());
        assert_eq!(lists.next(b).unwrap().0, a);
        assert_eq!(lists.keys.len(), 2 * (10 + 4));
        // Its number is used again, and its name is another's.
        assert_eq!(find(&mut lists, "d", STALE_STEPS + 1, Some(a)), Some(c));
        assert_eq!(&*lists.announcement(c).unwrap().identifier.host, "d");
        assert_eq!(find(&mut lists, "c", STALE_STEPS + 1, Some(a)), None);
        assert_eq!(lists.shares.lists(lists.senders[0]), 3);
    }
}
