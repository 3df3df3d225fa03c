//! Keys: the names and DS types of a list as one run of bytes.

use crate::metric::Names;

/// Lengths first, so that no two lists share a key: ("ab", "c") is not ("a", "bc").
pub(super) fn write_key(key: &mut Vec<u8>, names: &Names<'_>, kinds: &[u8]) {
    let Names { host, plugin, plugin_instance, type_, type_instance } = *names;
    key.clear();
    for name in [host, plugin, plugin_instance, type_, type_instance] {
        key.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
    }
    for name in [host, plugin, plugin_instance, type_, type_instance, kinds] {
        key.extend_from_slice(name);
    }
}

/// The five names and the DS types of a key.
pub(super) fn read_key(key: &[u8]) -> [&[u8]; 6] {
    let (lengths, mut rest) = key.split_at_checked(10).unwrap_or_default();
    let mut parts = [&[][..]; 6];
    let (lengths, _) = lengths.as_chunks::<2>();
    for (part, length) in parts.iter_mut().zip(lengths) {
        let length = usize::from(u16::from_le_bytes(*length));
        (*part, rest) = rest.split_at_checked(length).unwrap_or_default();
    }
    if let Some(kinds) = parts.last_mut() {
        *kinds = rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back() {
        let names = Names {
            host: b"h",
            plugin: b"",
            plugin_instance: b"pi",
            type_: b"type",
            type_instance: b"ti",
        };
        let mut key = Vec::new();
        write_key(&mut key, &names, &[1, 2]);
        assert_eq!(read_key(&key), [&b"h"[..], b"", b"pi", b"type", b"ti", &[1, 2]]);
    }
}
