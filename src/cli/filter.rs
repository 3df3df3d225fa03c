//! Which records `dump` prints, and what there was where it printed none.

use super::DumpArgs;
use crate::metric::{Names, display_safe};
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::BTreeSet;
use thiserror::Error;

/// Names remembered of what was not printed: enough to see a slip of the pen.
const SEEN_MAX: usize = 20;
/// Characters of a name that are shown; the wire allows 127.
const NAME_SHOWN_MAX: usize = 60;

/// Many globs make one large automaton, which has a limit.
#[derive(Debug, Error)]
#[error("the filter --{option} is too large: give fewer or shorter patterns")]
pub(super) struct TooLarge {
    option: &'static str,
}

/// The globs of one option. None at all take everything.
struct Globs {
    option: &'static str,
    set: GlobSet,
    /// The names of records that they did not take, or that a later option did not take.
    seen: BTreeSet<String>,
    more: bool,
    took_one: bool,
}

/// What is printed: records that all options take.
pub(super) struct Filter([Globs; 3]);

impl Filter {
    pub(super) fn new(args: &DumpArgs) -> Result<Self, TooLarge> {
        Ok(Self([
            Globs::new("host", &args.host)?,
            Globs::new("plugin", &args.plugin)?,
            Globs::new("type", &args.type_)?,
        ]))
    }

    /// Whether there are no globs at all.
    pub(super) fn takes_everything(&self) -> bool {
        self.0.iter().all(|globs| globs.set.is_empty())
    }

    /// Whether a record of these names is printed.
    pub(super) fn takes(&mut self, names: &Names<'_>) -> bool {
        let Self(all) = self;
        let names = [names.host, names.plugin, names.type_];
        all.iter_mut().zip(names).all(|(globs, name)| globs.take(name))
    }

    /// Why nothing was printed, if a record was there.
    pub(super) fn why_nothing(&self) -> Option<String> {
        let first = self.0.iter().find(|globs| !globs.set.is_empty() && !globs.took_one)?;
        let Globs { option, seen, more, .. } = first;
        if seen.is_empty() {
            return None;
        }
        let names: Vec<&str> =
            seen.iter().map(|name| if name.is_empty() { "(none)" } else { name }).collect();
        let more = if *more { ", ..." } else { "" };
        Some(format!("nothing matches --{option}; seen: {}{more}", names.join(", ")))
    }
}

impl Globs {
    fn new(option: &'static str, globs: &[Glob]) -> Result<Self, TooLarge> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(glob.clone());
        }
        // The cause speaks of automata.
        let set = set.build().map_err(|_| TooLarge { option })?;
        Ok(Self { option, set, seen: BTreeSet::new(), more: false, took_one: false })
    }

    fn take(&mut self, name: &[u8]) -> bool {
        if self.set.is_empty() {
            return true;
        }
        let name = String::from_utf8_lossy(name);
        if self.set.is_match(&*name) {
            self.took_one = true;
            return true;
        }
        if !self.took_one && !self.more {
            let name: String = display_safe(&name).chars().take(NAME_SHOWN_MAX).collect();
            self.more = self.seen.len() >= SEEN_MAX && !self.seen.contains(&name);
            if !self.more {
                self.seen.insert(name);
            }
        }
        false
    }
}
