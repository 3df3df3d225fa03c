//! Ways: by which senders and how protected each host is heard, each told once.

use super::{Heard, Sender};
use crate::wire::Trust;
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::hash::BuildHasher;

/// Ways by which hosts are heard that one source tells: hosts and senders are easily invented.
/// 65,536 x 8 bytes; later ones are not told, which leaves out an explanation and no data.
pub const HEARD_MAX: usize = 1 << 16;

/// The ways that were told.
#[derive(Debug, Default)]
pub(super) struct Ways {
    hasher: RandomState,
    /// Their hashes.
    told: HashSet<u64, RandomState>,
    /// That of the previous value list or notification.
    previous: Option<Way>,
    /// Who signed or encrypted what is being read.
    user: String,
}

/// Where a host's name lies in the datagram being read, and how it is protected there: the same
/// for most of its lists, so that they need not be looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    host_at: usize,
    host_bytes: usize,
    trust: Trust,
}

impl Ways {
    /// A datagram begins.
    pub(super) fn begin(&mut self) {
        self.previous = None;
    }

    /// What follows is signed or encrypted by `user`; empty where that was refused.
    pub(super) fn protected_by(&mut self, user: &str) {
        self.previous = None;
        user.clone_into(&mut self.user);
    }

    /// The way by which `host` is heard, if it was not told before.
    #[inline]
    pub(super) fn hear(&mut self, sender: &Sender, host: &[u8], trust: Trust) -> Option<Heard> {
        let way = Way { host_at: host.as_ptr().addr(), host_bytes: host.len(), trust };
        if self.previous == Some(way) {
            return None;
        }
        self.previous = Some(way);
        self.hear_anew(sender, host, trust)
    }

    fn hear_anew(&mut self, sender: &Sender, host: &[u8], trust: Trust) -> Option<Heard> {
        let sender = sender.machine();
        let user = if trust == Trust::Plain { "" } else { &self.user };
        let hash = self.hasher.hash_one((host, &sender, trust, user));
        if self.told.contains(&hash) || self.told.len() >= HEARD_MAX {
            return None;
        }
        self.told.insert(hash);
        let user = (!user.is_empty()).then(|| user.into());
        Some(Heard { host: String::from_utf8_lossy(host).into(), sender, trust, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_invented_hosts_are_bounded() {
        let (mut ways, sender) = (Ways::default(), Sender::named("broker"));
        let told = (0..HEARD_MAX + 10).filter_map(|n| {
            ways.begin();
            ways.hear(&sender, format!("h{n}").as_bytes(), Trust::Plain)
        });
        assert_eq!(told.count(), HEARD_MAX);
    }
}
