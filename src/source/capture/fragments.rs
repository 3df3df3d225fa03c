//! IP fragments, put together again.
//!
//! Bounded: of too many datagrams the oldest are given up, and so are those whose rest does not
//! come in time, as an identification is used again. What is given up is counted.

use super::inside::{Fragment, FragmentOf};
use crate::metric::{CdTime, Interval};
use etherparse::IpNumber;
use etherparse::defrag::IpDefragBuf;
use std::collections::VecDeque;

/// Datagrams put together at the same time: 64 x 64 KiB = 4 MiB. Senders send the fragments of a
/// datagram one after another, so this many are only open where fragments are lost.
pub(super) const PARTIAL_MAX: usize = 64;
/// How long the rest of a datagram is waited for, in the capture's time; Linux waits as long
/// (`net.ipv4.ipfrag_time`).
pub(super) const REST_WITHIN: Interval = Interval::from_secs(30);

/// Datagrams of which only some fragments came so far, oldest first.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    partial: VecDeque<Partial>,
    given_up: u64,
}

#[derive(Debug)]
struct Partial {
    of: FragmentOf,
    since: CdTime,
    pieces: IpDefragBuf,
}

impl Fragments {
    /// Takes a fragment; if it was the last one missing, the payload of the whole IP packet.
    pub(super) fn add(&mut self, fragment: &Fragment<'_>, now: CdTime) -> Option<Vec<u8>> {
        while self.partial.front().is_some_and(|oldest| now.since(oldest.since) > REST_WITHIN) {
            self.give_up_oldest();
        }
        let known = self.partial.iter().position(|partial| partial.of == fragment.of);
        let place = known.unwrap_or_else(|| {
            if self.partial.len() >= PARTIAL_MAX {
                self.give_up_oldest();
            }
            let pieces = IpDefragBuf::new(IpNumber::UDP, Vec::new(), Vec::new());
            self.partial.push_back(Partial { of: fragment.of, since: now, pieces });
            self.partial.len() - 1
        });
        let pieces = &mut self.partial.get_mut(place)?.pieces;
        // Cut fragments are missing ones: without them it is never whole.
        let fits =
            fragment.is_cut || pieces.add(fragment.offset, fragment.more, fragment.bytes).is_ok();
        if !fits {
            // Pieces that contradict one another are nobody's datagram.
            self.partial.remove(place);
            self.given_up += 1;
            return None;
        }
        if !pieces.is_complete() {
            return None;
        }
        self.partial.remove(place).map(|partial| partial.pieces.take_bufs().0)
    }

    /// Datagrams that did not become whole; those that still may are among them.
    pub(super) fn incomplete(&self) -> u64 {
        self.given_up + self.partial.len() as u64
    }

    fn give_up_oldest(&mut self) {
        if self.partial.pop_front().is_some() {
            self.given_up += 1;
        }
    }
}
