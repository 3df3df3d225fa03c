//! Returning: value lists that were forgotten because the user asked for it.
//!
//! A receiver names a list only from time to time. What it sends before it does so again is to make
//! the list anew, so its name is kept for that.

use super::cost::allocated;
use super::origin::SourceId;
use super::series_table::IDENTIFIER_BYTES;
use crate::ingest::ListId;
use crate::metric::{DsType, Identifier};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;

/// The lists of all sources that come back when something is received for them.
#[derive(Debug, Default)]
pub(super) struct Returning {
    lists: HashMap<(SourceId, usize), Named, RandomState>,
    /// Bytes of what each of them points at.
    named_bytes: usize,
}

/// What a list is called, and who did so.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) identifier: Arc<Identifier>,
    pub(super) kinds: Box<[DsType]>,
    pub(super) sender: u16,
}

impl Returning {
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    pub(super) fn keep(&mut self, list: (SourceId, usize), named: Named) {
        self.named_bytes += named.bytes();
        if let Some(before) = self.lists.insert(list, named) {
            self.named_bytes -= before.bytes();
        }
    }

    /// The list of that number, which is here no longer.
    pub(super) fn take(&mut self, source: SourceId, list: ListId) -> Option<Named> {
        let named = self.lists.remove(&(source, usize::try_from(list.0).ok()?))?;
        self.named_bytes -= named.bytes();
        Some(named)
    }

    /// Bytes allocated but for the texts of names.
    pub(super) fn heap_bytes(&self) -> usize {
        allocated(self.lists.allocation_size()) + self.named_bytes
    }
}

impl Named {
    fn bytes(&self) -> usize {
        IDENTIFIER_BYTES + allocated(size_of_val(&*self.kinds))
    }
}
