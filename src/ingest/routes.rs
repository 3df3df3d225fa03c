//! Routes: by which senders, and how protected, the values of each host come; each once.

use super::{HostRoute, Sender};
use crate::wire::Trust;
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::hash::BuildHasher;

/// Routes that one source announces: hosts and senders are easily invented.
/// 65,536 x 8 bytes; later ones are not announced, which leaves out an explanation and no data.
pub const ROUTES_MAX: usize = 1 << 16;

/// The routes that were announced.
#[derive(Debug, Default)]
pub(super) struct Routes {
    hasher: RandomState,
    /// Their hashes.
    announced: HashSet<u64, RandomState>,
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

impl Routes {
    /// A datagram begins.
    pub(super) fn begin(&mut self) {
        self.previous = None;
    }

    /// What follows is signed or encrypted by `user`; empty where that was refused.
    pub(super) fn protected_by(&mut self, user: &str) {
        self.previous = None;
        user.clone_into(&mut self.user);
    }

    /// The route of `host`, if it was not announced before.
    #[inline]
    pub(super) fn note(&mut self, sender: &Sender, host: &[u8], trust: Trust) -> Option<HostRoute> {
        let way = Way { host_at: host.as_ptr().addr(), host_bytes: host.len(), trust };
        if self.previous == Some(way) {
            return None;
        }
        self.previous = Some(way);
        self.note_anew(sender, host, trust)
    }

    fn note_anew(&mut self, sender: &Sender, host: &[u8], trust: Trust) -> Option<HostRoute> {
        let sender = sender.machine();
        let user = if trust == Trust::Plain { "" } else { &self.user };
        let hash = self.hasher.hash_one((host, &sender, trust, user));
        if self.announced.contains(&hash) || self.announced.len() >= ROUTES_MAX {
            return None;
        }
        self.announced.insert(hash);
        let user = (!user.is_empty()).then(|| user.into());
        Some(HostRoute { host: String::from_utf8_lossy(host).into(), sender, trust, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_invented_hosts_are_bounded() {
        let (mut routes, sender) = (Routes::default(), Sender::named("broker"));
        let announced = (0..ROUTES_MAX + 10).filter_map(|n| {
            routes.begin();
            routes.note(&sender, format!("h{n}").as_bytes(), Trust::Plain)
        });
        assert_eq!(announced.count(), ROUTES_MAX);
    }
}
