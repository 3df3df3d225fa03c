//! Lists: which number each identifier with its DS types has, and which is likely to come next.
//!
//! Names are kept once, in one arena; a value list that is known costs no allocation. Successive
//! datagrams of a sender name the same lists in the same order, so of each list is kept which one
//! followed, and how that was written (its *template*): where the same bytes come again nothing is
//! parsed. Where they do not, the names of the list that followed are compared, and only when that
//! guess fails too the hash table is asked. The hash is keyed per process, as the names come from
//! strangers.
//!
//! When a limit is reached lists are forgotten, and their numbers used again (`room`).

mod room;

use super::key::{read_key, write_key};
use super::shares::Shares;
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
    use super::room::STALE_STEPS;
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
