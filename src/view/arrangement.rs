//! Arrangement: what the user made of the sidebar: hosts that stand above the others, names for
//! hosts, rows that are out of sight.
//!
//! It is about what is listed, and in which words. What panels draw is chosen by their selectors
//! and collectd's names alone, so that a panel draws the same for everybody who opens its layout.

use super::aliases::Aliases;
use super::hidden::Hidden;
use super::row::RowName;
use crate::metric::natural_cmp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Hosts that are pinned, hosts that have another name, and rows that are hidden, at most: each.
pub const ARRANGED_MAX: usize = 2_000;

/// What the user arranged once for all starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// Hosts that stand above the others.
    pub pinned: BTreeSet<Arc<str>>,
    /// What hosts are called.
    pub aliases: Aliases,
    /// Rows that are not listed.
    pub hidden: Hidden,
}

impl Arrangement {
    /// Puts a host above the others, or back; false where there is no room for more.
    pub fn pin(&mut self, host: Arc<str>, pinned: bool) -> bool {
        let fits = !pinned || self.pinned.len() < ARRANGED_MAX;
        if !pinned {
            self.pinned.remove(&host);
        } else if fits {
            self.pinned.insert(host);
        }
        fits
    }

    /// The same of a row that is hidden.
    pub fn hide(&mut self, row: RowName, hidden: bool) -> bool {
        let fits = !hidden || self.hidden.len() < ARRANGED_MAX;
        if fits {
            self.hidden.set(row, hidden);
        }
        fits
    }

    /// The same of what a host is called, see [`Aliases::set`].
    pub fn call(&mut self, host: &Arc<str>, alias: &str) -> bool {
        let is_more = !alias.is_empty() && alias != &**host && self.aliases.get(host).is_none();
        let fits = !is_more || self.aliases.len() < ARRANGED_MAX;
        if fits {
            self.aliases.set(host, alias);
        }
        fits
    }
}

/// An arrangement as it is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arranged {
    /// This machine, which stands above all.
    pub local: Option<Arc<str>>,
    /// What the user arranged.
    pub by_user: Arc<Arrangement>,
    /// What is hidden is listed for now.
    pub shows_hidden: bool,
}

/// Where a host stands, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Local,
    Pinned,
    Other,
}

impl Arranged {
    fn level(&self, host: &str) -> Level {
        if self.local.as_deref() == Some(host) {
            Level::Local
        } else if self.by_user.pinned.contains(host) {
            Level::Pinned
        } else {
            Level::Other
        }
    }

    /// What hosts are called.
    pub fn aliases(&self) -> &Aliases {
        &self.by_user.aliases
    }

    /// The rows that are not listed now; none: all are.
    pub fn hidden(&self) -> Option<&Hidden> {
        Some(&self.by_user.hidden).filter(|hidden| !self.shows_hidden && !hidden.is_empty())
    }

    /// The hosts that are listed, as they stand in the sidebar, each with its place among `hosts`,
    /// which are in order of their names; `name` says what collectd calls one.
    pub fn ordered<'n, T: Copy>(
        &self,
        hosts: impl Iterator<Item = T>,
        name: impl Fn(T) -> &'n str,
    ) -> Vec<(usize, T)> {
        let mut listed = self.listed(hosts, &name);
        if self.local.is_some() || !self.by_user.pinned.is_empty() {
            listed.sort_by_cached_key(|&(_, host)| self.level(name(host)));
        }
        listed
    }

    /// The same in order of what they are called.
    pub fn listed<'n, T: Copy>(
        &self,
        hosts: impl Iterator<Item = T>,
        name: impl Fn(T) -> &'n str,
    ) -> Vec<(usize, T)> {
        let mut all: Vec<_> = hosts.enumerate().collect();
        if let Some(hidden) = self.hidden() {
            all.retain(|&(_, host)| !hidden.has_host(name(host)));
        }
        let aliases = self.aliases();
        if !aliases.is_empty() {
            // People write them with capitals where daemons do not.
            let shown = |host| aliases.of(name(host)).to_lowercase();
            let mut keyed: Vec<_> = all.into_iter().map(|one| (shown(one.1), one)).collect();
            keyed.sort_by(|(a, _), (b, _)| natural_cmp(a, b));
            all = keyed.into_iter().map(|(_, one)| one).collect();
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::selection::Scope;

    fn ordered(arranged: &Arranged) -> String {
        let hosts = ["a", "b", "c", "d", "e"];
        let ordered = arranged.ordered(hosts.iter(), |host| *host);
        assert!(ordered.iter().all(|&(place, host)| hosts[place] == *host));
        ordered.into_iter().map(|(_, host)| *host).collect()
    }

    fn arranged(local: Option<&str>, by_user: Arrangement) -> Arranged {
        let by_user = Arc::new(by_user);
        Arranged { local: local.map(Arc::from), by_user, shows_hidden: false }
    }

    #[test]
    fn this_machine_stands_above_what_is_pinned_and_that_above_the_others() {
        assert_eq!(ordered(&Arranged::default()), "abcde");
        let pinned: BTreeSet<_> = ["d", "b", "gone"].map(Arc::from).into_iter().collect();
        let by_user = Arrangement { pinned, ..Arrangement::default() };
        assert_eq!(ordered(&arranged(Some("c"), by_user.clone())), "cbdae");
        assert_eq!(ordered(&arranged(Some("b"), by_user)), "bdace");
    }

    #[test]
    fn hosts_stand_in_the_order_of_what_they_are_called() {
        let mut by_user = Arrangement::default();
        by_user.call(&"d".into(), "B2");
        by_user.call(&"a".into(), "B10");
        assert_eq!(ordered(&arranged(None, by_user.clone())), "bdace");
        by_user.pinned.insert("e".into());
        assert_eq!(ordered(&arranged(Some("c"), by_user)), "cebda");
    }

    #[test]
    fn there_is_an_end_to_what_can_be_arranged() {
        let mut by_user = Arrangement::default();
        for n in 0..=ARRANGED_MAX {
            let (host, fits) = (Arc::<str>::from(format!("h{n}")), n < ARRANGED_MAX);
            assert_eq!(by_user.pin(Arc::clone(&host), true), fits);
            assert_eq!(by_user.call(&host, "x"), fits);
            assert_eq!(by_user.hide(Scope::Host(host).into(), true), fits);
        }
        let host = Arc::<str>::from("h0");
        assert!(by_user.pin(Arc::clone(&host), false) && by_user.call(&host, ""));
        assert!(by_user.hide(Scope::Host(Arc::clone(&host)).into(), false));
        assert!(by_user.pin(host, true));
    }

    #[test]
    fn what_is_hidden_is_listed_only_while_that_is_asked_for() {
        let mut by_user = Arrangement::default();
        by_user.hide(Scope::Host("c".into()).into(), true);
        let mut arranged = arranged(Some("c"), by_user);
        assert_eq!(ordered(&arranged), "abde");
        arranged.shows_hidden = true;
        assert_eq!(ordered(&arranged), "cabde");
    }
}
