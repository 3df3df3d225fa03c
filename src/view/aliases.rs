//! Aliases: what the user calls hosts, where collectd's name for them says little.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Characters of an alias; of a longer one the first are taken.
pub const ALIAS_CHARS_MAX: usize = 80;

/// What hosts are called, by collectd's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases(BTreeMap<Arc<str>, Arc<str>>);

impl Aliases {
    /// Whether every host is called what collectd calls it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many hosts have one.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What a host is called.
    pub fn of<'a>(&'a self, host: &'a str) -> &'a str {
        self.get(host).unwrap_or(host)
    }

    /// Its alias; none where it has none.
    pub fn get(&self, host: &str) -> Option<&str> {
        self.0.get(host).map(|alias| &**alias)
    }

    /// Calls a host `alias`; the name that collectd has for it, or nothing, takes the alias away.
    pub fn set(&mut self, host: &Arc<str>, alias: &str) {
        let alias: String = alias.trim().chars().take(ALIAS_CHARS_MAX).collect();
        if alias.is_empty() || alias == **host {
            self.0.remove(host);
        } else {
            self.0.insert(Arc::clone(host), alias.into());
        }
    }

    /// Hosts with their aliases.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_called_by_its_alias_until_that_is_taken_away() {
        let (mut aliases, host) = (Aliases::default(), Arc::from("ip-10-0-3-44"));
        assert_eq!((aliases.of(&host), aliases.get(&host)), ("ip-10-0-3-44", None));
        aliases.set(&host, "  db master ");
        assert_eq!((aliases.of(&host), aliases.get(&host)), ("db master", Some("db master")));
        assert_eq!(aliases.of("other"), "other");
        for gone in ["", "   ", "ip-10-0-3-44"] {
            aliases.set(&host, "x");
            aliases.set(&host, gone);
            assert!(aliases.is_empty(), "{gone:?}");
        }
        aliases.set(&host, &"é".repeat(1_000));
        assert_eq!(aliases.of(&host).chars().count(), ALIAS_CHARS_MAX);
    }
}
