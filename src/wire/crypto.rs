//! HMAC-SHA-256 and AES-256-OFB as collectd's network plugin uses them: the key of a password.
//!
//! A signature's key is the password itself; a cipher's is SHA-256 of the password. Encrypted
//! parts hold a SHA-1 of their content, which reveals a wrong password but proves no origin: bits
//! under a stream cipher can be flipped. Keys are wiped from memory when dropped and never shown.
//!
//! Source: `network_init_crypto`, `parse_part_sign_sha256` and `parse_part_encr_aes256` in
//! collectd `src/network.c`.

use super::code::{IV_BYTES, MAC_BYTES, SHA1_BYTES};
use aes::Aes256;
use hmac::{Hmac, KeyInit, Mac};
use ofb::OfbCore;
use ofb::cipher::{InnerIvInit, StreamCipherCore};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Keys of one password: made once, used for every datagram.
#[derive(Clone)]
pub(super) struct Key {
    mac: Hmac<Sha256>,
    cipher: Aes256,
}

impl Key {
    pub(super) fn new(password: &[u8]) -> Option<Self> {
        let mac = Hmac::new_from_slice(password).ok()?;
        let mut hash = Sha256::digest(password);
        let cipher = Aes256::new(&hash);
        hash.as_mut_slice().zeroize();
        Some(Self { mac, cipher })
    }

    /// Whether `mac` is that of `covered`; compared in constant time.
    pub(super) fn verify(&self, covered: &[u8], mac: &[u8; MAC_BYTES]) -> bool {
        let mut own = self.mac.clone();
        own.update(covered);
        own.verify(mac.into()).is_ok()
    }

    pub(super) fn sign(&self, covered: &[&[u8]]) -> [u8; MAC_BYTES] {
        let mut own = self.mac.clone();
        for bytes in covered {
            own.update(bytes);
        }
        own.finalize().into_bytes().into()
    }

    /// Decrypts `sealed` into `plain`; its content if the checksum in front of it is right.
    pub(super) fn open<'p>(
        &self,
        iv: &[u8; IV_BYTES],
        sealed: &[u8],
        plain: &'p mut Vec<u8>,
    ) -> Option<&'p [u8]> {
        plain.clear();
        plain.extend_from_slice(sealed);
        self.cipher_stream(iv, plain);
        let (checksum, content) = plain.split_first_chunk::<SHA1_BYTES>()?;
        let own: [u8; SHA1_BYTES] = Sha1::digest(content).into();
        bool::from(own.ct_eq(checksum)).then_some(content)
    }

    /// Encrypting and decrypting are the same.
    pub(super) fn cipher_stream(&self, iv: &[u8; IV_BYTES], bytes: &mut [u8]) {
        let stream = OfbCore::inner_iv_init(self.cipher.clone(), iv.into());
        stream.apply_keystream_partial(bytes.into());
    }
}
