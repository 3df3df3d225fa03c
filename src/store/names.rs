//! Names: every text that names something, kept once.
//!
//! In a fleet the same few hundred texts name a million series: plugins, types and instances are
//! those of every host, so a list costs its identifier and no text of its own.

use super::cost::allocated;
use crate::metric::Identifier;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The counters in front of a shared text.
const COUNTERS_BYTES: usize = 16;

/// Texts, each kept once.
#[derive(Debug, Default)]
pub(super) struct Names {
    table: HashTable<Arc<str>>,
    hasher: RandomState,
    text_bytes: usize,
}

impl Names {
    /// The one copy of `text`; it becomes that of others when there is none.
    pub(super) fn intern(&mut self, text: &Arc<str>) -> Arc<str> {
        let hash = self.hasher.hash_one(&**text);
        if let Some(known) = self.table.find(hash, |known| known == text) {
            return Arc::clone(known);
        }
        self.text_bytes += text_bytes(text);
        let hasher = &self.hasher;
        self.table.insert_unique(hash, Arc::clone(text), |known| hasher.hash_one(&**known));
        Arc::clone(text)
    }

    /// The same names, each the one copy.
    pub(super) fn identifier(&mut self, id: &Identifier) -> Identifier {
        Identifier {
            host: self.intern(&id.host),
            plugin: self.intern(&id.plugin),
            plugin_instance: self.intern(&id.plugin_instance),
            type_: self.intern(&id.type_),
            type_instance: self.intern(&id.type_instance),
        }
    }

    /// Lets go what nobody uses any more.
    pub(super) fn sweep(&mut self) {
        let text_bytes_kept = &mut self.text_bytes;
        self.table.retain(|text| {
            let used = Arc::strong_count(text) > 1;
            if !used {
                *text_bytes_kept -= text_bytes(text);
            }
            used
        });
        let hasher = &self.hasher;
        self.table.shrink_to_fit(|known| hasher.hash_one(&**known));
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        allocated(self.table.allocation_size()) + self.text_bytes
    }
}

fn text_bytes(text: &str) -> usize {
    allocated(COUNTERS_BYTES + text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_goes_when_nobody_uses_it() {
        let mut names = Names::default();
        let first = names.intern(&"web-01".into());
        let before = names.heap_bytes();
        let second = names.intern(&"web-01".into());
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(names.heap_bytes(), before);
        drop(first);
        names.sweep();
        assert!(names.heap_bytes() > 0, "one is still in use");
        drop(second);
        names.sweep();
        assert_eq!(names.heap_bytes(), 0);
    }
}
