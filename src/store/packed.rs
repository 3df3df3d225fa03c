//! Packed samples: the bytes of a block, and who has them.

use super::cost::allocated;
use std::sync::Arc;

/// Bytes of two reference counts and of what they stand before.
const SHARED_BYTES: usize = 16 + size_of::<Box<[u8]>>();

/// Packed samples: times, then values. They are counted from when the first snapshot takes them:
/// most are never taken.
#[derive(Debug)]
pub(super) enum Packed {
    Own(Box<[u8]>),
    Shared(Arc<Box<[u8]>>),
}

impl Packed {
    /// The bytes: times, then values.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    /// The same for a snapshot; nothing is copied.
    pub(super) fn share(&mut self) -> Self {
        let shared = match std::mem::replace(self, Self::Own(Box::default())) {
            Self::Own(bytes) => Arc::new(bytes),
            Self::Shared(bytes) => bytes,
        };
        *self = Self::Shared(Arc::clone(&shared));
        Self::Shared(shared)
    }

    /// Whether a snapshot, too, has them.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(bytes) if Arc::strong_count(bytes) > 1)
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        let shared = if matches!(self, Self::Shared(_)) { allocated(SHARED_BYTES) } else { 0 };
        allocated(self.bytes().len()) + shared
    }
}
