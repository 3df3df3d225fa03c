//! The seal: whole payloads signed or encrypted in the name of a user, as a sender needs it.
//!
//! Randomness comes in as a parameter.

use super::code::{self, HEADER_BYTES, IV_BYTES, MAC_BYTES, SHA1_BYTES, USER_MAX_BYTES};
use super::crypto::Key;
use super::keys::KeyRing;
use super::trust::Protection;
use sha1::{Digest, Sha1};
use std::fmt;
use thiserror::Error;

/// Signs or encrypts whole payloads in the name of a user: what a sender needs.
///
/// The payload is what an [`super::Encoder`] gathers in at most `size_max -`
/// [`Seal::overhead_bytes`] bytes; sealed it is a datagram.
///
/// ```
/// use collectoscope::wire::{Decoder, Event, KeyRing, Protection, Seal, SecurityLevel, Trust};
/// use std::sync::Arc;
///
/// let seal = Seal::new(Protection::Encrypted, b"alice", b"secret").unwrap();
/// let payload = b"\0\0\0\x06h\0"; // a host part
/// let mut datagram = Vec::new();
/// let iv = [7; 16]; // random, and never the same twice
/// seal.seal(payload, &iv, &mut datagram);
/// assert_eq!(datagram.len(), payload.len() + seal.overhead_bytes());
///
/// let mut keys = KeyRing::new();
/// keys.insert(b"alice", b"secret");
/// let mut opened = None;
/// Decoder::new(Some(Arc::new(keys))).decode(SecurityLevel::Encrypt, &datagram, &mut |event| {
///     if let Event::Protected(part) = event {
///         opened = Some(part.outcome);
///     }
/// });
/// assert_eq!(opened, Some(Ok(Trust::Encrypted)));
/// ```
#[derive(Clone)]
pub struct Seal {
    protection: Protection,
    user: Box<[u8]>,
    key: Key,
}

/// Reason why nothing can be signed or encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// Receivers accept no part without user.
    #[error("no user to sign or encrypt for")]
    NoUser,
    /// The daemon's own senders have no room for more.
    #[error("user of {0} bytes, at most {USER_MAX_BYTES}")]
    UserTooLong(usize),
    /// An AuthFile cannot hold an empty one.
    #[error("no password to sign or encrypt with")]
    NoPassword,
    /// Not in the key ring.
    #[error("no such user")]
    UserUnknown,
}

impl Seal {
    /// A seal for payloads of `user`; the password is any bytes, but not empty.
    pub fn new(protection: Protection, user: &[u8], password: &[u8]) -> Result<Self, SealError> {
        if user.is_empty() {
            return Err(SealError::NoUser);
        }
        if user.len() > USER_MAX_BYTES {
            return Err(SealError::UserTooLong(user.len()));
        }
        let key = Some(password).filter(|password| !password.is_empty()).and_then(Key::new);
        let key = key.ok_or(SealError::NoPassword)?;
        Ok(Self { protection, user: user.into(), key })
    }

    /// As [`Seal::new`], with the password that `keys` have for `user`.
    pub fn of_user(protection: Protection, user: &[u8], keys: &KeyRing) -> Result<Self, SealError> {
        if user.len() > USER_MAX_BYTES {
            return Err(SealError::UserTooLong(user.len()));
        }
        let key = keys.get(user).ok_or(SealError::UserUnknown)?.clone();
        Ok(Self { protection, user: user.into(), key })
    }

    /// Signature or encryption.
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// Bytes that a sealed datagram has more than its payload.
    pub fn overhead_bytes(&self) -> usize {
        self.user.len()
            + HEADER_BYTES
            + match self.protection {
                Protection::Signed => MAC_BYTES,
                Protection::Encrypted => 2 + IV_BYTES + SHA1_BYTES,
            }
    }

    /// Writes the datagram that protects `payload` over what `datagram` holds.
    ///
    /// `iv` must be random and new for each datagram; a signature does not use it. A payload that
    /// leaves no room for [`Seal::overhead_bytes`] in 65,535 bytes gives an empty datagram.
    pub fn seal(&self, payload: &[u8], iv: &[u8; IV_BYTES], datagram: &mut Vec<u8>) {
        datagram.clear();
        let sealed_bytes = match self.protection {
            Protection::Signed => 0,
            Protection::Encrypted => payload.len(),
        };
        let Ok(length) = u16::try_from(self.overhead_bytes() + sealed_bytes) else {
            debug_assert!(false, "a payload of {} bytes cannot be sealed", payload.len());
            return;
        };
        match self.protection {
            Protection::Signed => {
                datagram.extend_from_slice(&code::SIGNATURE.to_be_bytes());
                datagram.extend_from_slice(&length.to_be_bytes());
                datagram.extend_from_slice(&self.key.sign(&[&self.user, payload]));
                datagram.extend_from_slice(&self.user);
                datagram.extend_from_slice(payload);
            }
            Protection::Encrypted => {
                datagram.extend_from_slice(&code::ENCRYPTION.to_be_bytes());
                datagram.extend_from_slice(&length.to_be_bytes());
                // At most USER_MAX_BYTES.
                let user_bytes = u16::try_from(self.user.len()).unwrap_or_default();
                datagram.extend_from_slice(&user_bytes.to_be_bytes());
                datagram.extend_from_slice(&self.user);
                datagram.extend_from_slice(iv);
                let plain = datagram.len();
                datagram.extend_from_slice(&Sha1::digest(payload));
                datagram.extend_from_slice(payload);
                if let Some(bytes) = datagram.get_mut(plain..) {
                    self.key.cipher_stream(iv, bytes);
                }
            }
        }
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").field("protection", &self.protection).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_needs_a_user_and_a_password() {
        for (user, password, error) in [
            (&b""[..], &b"secret"[..], SealError::NoUser),
            (b"alice", b"", SealError::NoPassword),
            (&[b'u'; 65], b"secret", SealError::UserTooLong(65)),
        ] {
            let seal = Seal::new(Protection::Signed, user, password);
            assert_eq!(seal.err(), Some(error));
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let seal = Seal::new(Protection::Signed, b"alice", b"secret").unwrap();
        assert_eq!(format!("{seal:?}"), "Seal { protection: Signed, .. }");
    }
}
