//! Parts: the type-length-value units a datagram is made of.
//!
//! [`parts`] borrows everything, allocates nothing and cannot panic. It checks each part by
//! itself; what parts mean together is up to [`super::decode()`].

use super::code::{
    self, HEADER_BYTES, IV_BYTES, MAC_BYTES, MESSAGE_MAX_BYTES, NAME_MAX_BYTES, SHA1_BYTES,
};
use super::fault::{Fault, FaultKind};
use super::values::Values;
use crate::metric::{CdTime, Interval};

/// One part. Names and messages come without their NUL and end at the first one inside.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Part<'a> {
    /// Sets the host.
    Host(&'a [u8]),
    /// Sets the time, of either resolution.
    Time(CdTime),
    /// Sets the plugin.
    Plugin(&'a [u8]),
    /// Sets the plugin instance.
    PluginInstance(&'a [u8]),
    /// Sets the type.
    Type(&'a [u8]),
    /// Sets the type instance.
    TypeInstance(&'a [u8]),
    /// Emits a value list.
    Values(Values<'a>),
    /// Sets the interval, of either resolution.
    Interval(Interval),
    /// Emits a notification.
    Message(&'a [u8]),
    /// Sets the severity; any number.
    Severity(u64),
    /// Signs every byte behind it, in the name of a user (never empty).
    Signature {
        /// HMAC-SHA-256 over the user and every byte behind the part.
        mac: &'a [u8; 32],
        /// User whose password signs.
        user: &'a [u8],
    },
    /// Holds parts of its own, encrypted for a user (never empty). What follows is not covered.
    Encryption {
        /// User whose password encrypts.
        user: &'a [u8],
        /// Initialisation vector of AES-256-OFB.
        iv: &'a [u8; 16],
        /// SHA-1 of the content and the content, encrypted; at least 21 bytes, the last of the
        /// part.
        sealed: &'a [u8],
    },
    /// A part of an unknown type, to be skipped.
    Unknown(u16),
}

/// The parts of a datagram in order; made by [`parts`].
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    rest: &'a [u8],
    offset_bytes: usize,
}

/// Splits `bytes` into parts, each with its offset, or the fault found there.
///
/// Ends after a fault that makes everything behind it meaningless ([`FaultKind::is_final`]).
pub fn parts(bytes: &[u8]) -> Parts<'_> {
    Parts { rest: bytes, offset_bytes: 0 }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<(usize, Part<'a>), Fault>;

    // A call here, once for each part, costs the decoder a third of its time.
    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let offset_bytes = self.offset_bytes;
        match self.split().and_then(|(part_type, payload)| read(part_type, payload)) {
            Ok(part) => Some(Ok((offset_bytes, part))),
            Err(kind) => {
                if kind.is_final() {
                    self.rest = &[];
                }
                Some(Err(Fault { offset_bytes, kind }))
            }
        }
    }
}

impl<'a> Parts<'a> {
    /// Bytes not split yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes on at `rest`, which is the end of [`Parts::rest`].
    pub(super) fn skip_to(&mut self, rest: &'a [u8]) {
        self.offset_bytes += self.rest.len().saturating_sub(rest.len());
        self.rest = rest;
    }

    /// Offset of [`Parts::rest`].
    pub fn offset_bytes(&self) -> usize {
        self.offset_bytes
    }

    /// Splits off the next part: its type and payload.
    #[inline]
    fn split(&mut self) -> Result<(u16, &'a [u8]), FaultKind> {
        let Some((&[type_0, type_1, length_0, length_1], behind)) = self.rest.split_first_chunk()
        else {
            return Err(FaultKind::Trailing { bytes: self.rest.len() });
        };
        let length = u16::from_be_bytes([length_0, length_1]);
        let split = usize::from(length)
            .checked_sub(HEADER_BYTES)
            .and_then(|payload_bytes| behind.split_at_checked(payload_bytes));
        let Some((payload, rest)) = split else {
            return Err(self.bad_length(length));
        };
        self.rest = rest;
        self.offset_bytes += usize::from(length);
        Ok((u16::from_be_bytes([type_0, type_1]), payload))
    }

    /// Reason why `length` cannot be that of the part at the front.
    #[cold]
    fn bad_length(&self, length: u16) -> FaultKind {
        if usize::from(length) >= HEADER_BYTES {
            return FaultKind::LengthTooLong { length, left_bytes: self.rest.len() };
        }
        if self.rest.iter().all(|&byte| byte == 0) {
            return FaultKind::Padding { bytes: self.rest.len() };
        }
        FaultKind::LengthTooShort { length }
    }
}

/// Passes the last name of each kind but the host to `visit`; `bytes` are whole and good parts.
pub(super) fn last_names<'a>(bytes: &'a [u8], visit: &mut impl FnMut(Part<'a>)) {
    const NOWHERE: &[u8] = &[];
    let mut last = [NOWHERE; 8];
    let mut rest = bytes;
    while let Some(&[_, part_type, length_0, length_1]) = rest.first_chunk() {
        // Others than names share the entries that are not read.
        if let Some(start) = last.get_mut(usize::from(part_type & 7)) {
            *start = rest;
        }
        let length = usize::from(u16::from_be_bytes([length_0, length_1]));
        rest = rest.get(length.max(HEADER_BYTES)..).unwrap_or_default();
    }
    let names = [code::PLUGIN, code::PLUGIN_INSTANCE, code::TYPE, code::TYPE_INSTANCE];
    for start in names.iter().filter_map(|&name| last.get(usize::from(name))) {
        if let Some(Ok((_, part))) = parts(start).next() {
            visit(part);
        }
    }
}

#[inline(always)]
fn read(part_type: u16, payload: &[u8]) -> Result<Part<'_>, FaultKind> {
    Ok(match part_type {
        code::HOST => Part::Host(name(payload)?),
        code::PLUGIN => Part::Plugin(name(payload)?),
        code::PLUGIN_INSTANCE => Part::PluginInstance(name(payload)?),
        code::TYPE => Part::Type(name(payload)?),
        code::TYPE_INSTANCE => Part::TypeInstance(name(payload)?),
        code::VALUES => Part::Values(Values::read(payload)?),
        code::TIME_HR => Part::Time(CdTime::from_raw(number(payload)?)),
        code::INTERVAL_HR => Part::Interval(Interval::from_raw(number(payload)?)),
        code::TIME => Part::Time(CdTime::from_secs(number(payload)?)),
        code::INTERVAL => Part::Interval(Interval::from_secs(number(payload)?)),
        code::MESSAGE => Part::Message(message(payload)?),
        code::SEVERITY => Part::Severity(number(payload)?),
        code::SIGNATURE => signature(payload)?,
        code::ENCRYPTION => encryption(payload)?,
        unknown => Part::Unknown(unknown),
    })
}

#[inline]
fn name(payload: &[u8]) -> Result<&[u8], FaultKind> {
    let text = until_nul(payload)?;
    // The daemon measures the part, not what stands before an embedded NUL.
    if payload.len() > NAME_MAX_BYTES + 1 {
        return Err(FaultKind::NameTooLong { bytes: payload.len() - 1 });
    }
    Ok(text)
}

fn message(payload: &[u8]) -> Result<&[u8], FaultKind> {
    let text = until_nul(payload)?;
    if payload.len() > MESSAGE_MAX_BYTES + 1 {
        return Err(FaultKind::MessageTooLong { bytes: payload.len() - 1 });
    }
    Ok(text)
}

/// The bytes before the first NUL; the last byte must be one. C strings: `ab\0cd\0` is `ab`.
#[inline]
fn until_nul(payload: &[u8]) -> Result<&[u8], FaultKind> {
    match payload.split_last() {
        None => Err(FaultKind::StringEmpty),
        Some((0, text)) => Ok(match text.iter().position(|&byte| byte == 0) {
            Some(end) => text.get(..end).unwrap_or(text),
            None => text,
        }),
        Some(_) => Err(FaultKind::StringUnterminated),
    }
}

#[inline]
fn number(payload: &[u8]) -> Result<u64, FaultKind> {
    // The daemon does not check this length and loses its place; what follows cannot be trusted.
    <[u8; 8]>::try_from(payload)
        .map(u64::from_be_bytes)
        .map_err(|_| FaultKind::NumberLength { length: payload.len() + HEADER_BYTES })
}

#[cold]
fn signature(payload: &[u8]) -> Result<Part<'_>, FaultKind> {
    match payload.split_first_chunk::<MAC_BYTES>() {
        None => Err(FaultKind::SignatureTooShort { length: payload.len() + HEADER_BYTES }),
        Some((_, [])) => Err(FaultKind::UserEmpty),
        Some((mac, user)) => Ok(Part::Signature { mac, user }),
    }
}

#[cold]
fn encryption(payload: &[u8]) -> Result<Part<'_>, FaultKind> {
    let too_short = FaultKind::EncryptionTooShort { length: payload.len() + HEADER_BYTES };
    let (&user_bytes, behind) = payload.split_first_chunk().ok_or(too_short)?;
    let (user, behind) =
        behind.split_at_checked(usize::from(u16::from_be_bytes(user_bytes))).ok_or(too_short)?;
    let (iv, sealed) = behind.split_first_chunk::<IV_BYTES>().ok_or(too_short)?;
    if sealed.len() <= SHA1_BYTES {
        return Err(too_short);
    }
    if user.is_empty() {
        return Err(FaultKind::UserEmpty);
    }
    Ok(Part::Encryption { user, iv, sealed })
}
