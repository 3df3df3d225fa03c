//! Cost: memory that an allocation takes beyond the bytes asked for, and lists that ask for little.

/// Bytes that an allocation of `bytes` takes: with its header, in steps of 16, at least 32.
///
/// Source: glibc `malloc/malloc.c`, `request2size`. Other allocators are within a few percent.
pub(super) const fn allocated(bytes: usize) -> usize {
    match (bytes + 8).next_multiple_of(16) {
        _ if bytes == 0 => 0,
        16 => 32,
        bytes => bytes,
    }
}

/// Bytes of a vector with room for `capacity` elements of `T`.
pub(super) const fn vec_bytes<T>(capacity: usize) -> usize {
    allocated(capacity * size_of::<T>())
}

/// Makes room for `more` elements, by an eighth at a time: doubling would leave half unused.
pub(super) fn grow<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more.max(list.len() / 8).max(4));
    }
}
