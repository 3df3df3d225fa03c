//! Top: the hosts that stand above the others in the sidebar.

use std::collections::BTreeSet;
use std::sync::Arc;

/// This machine, then those that the user pinned, each in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Top {
    /// This machine.
    pub local: Option<Arc<str>>,
    /// Pinned hosts.
    pub pinned: Arc<BTreeSet<Arc<str>>>,
}

/// Where a host stands, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Local,
    Pinned,
    Other,
}

impl Top {
    fn level(&self, host: &str) -> Level {
        if self.local.as_deref() == Some(host) {
            Level::Local
        } else if self.pinned.contains(host) {
            Level::Pinned
        } else {
            Level::Other
        }
    }

    /// Hosts as they stand in the sidebar, each with its place among `hosts`; `name` says what one
    /// is called.
    pub fn ordered<'n, T: Copy>(
        &self,
        hosts: impl Iterator<Item = T>,
        name: impl Fn(T) -> &'n str,
    ) -> Vec<(usize, T)> {
        let mut all: Vec<_> = hosts.enumerate().collect();
        if self.local.is_some() || !self.pinned.is_empty() {
            all.sort_by_cached_key(|&(_, host)| self.level(name(host)));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_stands_above_what_is_pinned_and_that_above_the_others() {
        let hosts = ["a", "b", "c", "d", "e"];
        let ordered = |top: &Top| -> String {
            let ordered = top.ordered(hosts.iter(), |host| *host);
            assert!(ordered.iter().all(|&(place, host)| hosts[place] == *host));
            ordered.into_iter().map(|(_, host)| *host).collect()
        };
        assert_eq!(ordered(&Top::default()), "abcde");
        let pinned = ["d", "b", "gone"].map(Arc::from).into_iter().collect();
        let top = Top { local: Some("c".into()), pinned: Arc::new(pinned) };
        assert_eq!(ordered(&top), "cbdae");
        assert_eq!(ordered(&Top { local: Some("b".into()), ..top }), "bdace");
    }
}
