//! Faults of received bytes, in words that a person can act on.

use super::code::{MESSAGE_MAX_BYTES, NAME_MAX_BYTES, NESTING_MAX};
use super::stray::Stray;
use super::trust::SecurityLevel;
use crate::metric::counted;
use std::fmt;

/// One thing wrong in received bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the faulty part in the datagram.
    pub offset_bytes: usize,
    /// Kind of fault; its `Display` is for people.
    pub kind: FaultKind,
}

/// Kind of fault. Lengths are those written in the part, its four header bytes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Text: another program's protocol, or collectd's plain text protocol.
    Text(Stray),
    /// Fewer bytes left than a part needs; what stood before them was read.
    Trailing {
        /// Number of bytes left.
        bytes: usize,
    },
    /// Nothing but zeros to the end, as collectm pads; what stood before them was read.
    Padding {
        /// Number of bytes left.
        bytes: usize,
    },
    /// A part cannot be shorter than its header.
    LengthTooShort {
        /// As written.
        length: u16,
    },
    /// The datagram ends before the part does: cut on the way, or never right.
    LengthTooLong {
        /// As written.
        length: u16,
        /// From the start of the part to the end of the datagram.
        left_bytes: usize,
    },
    /// A string without even a NUL.
    StringEmpty,
    /// A string whose last byte is not NUL.
    StringUnterminated,
    /// Longer than the daemon accepts.
    NameTooLong {
        /// Without the NUL.
        bytes: usize,
    },
    /// Longer than the daemon accepts.
    MessageTooLong {
        /// Without the NUL.
        bytes: usize,
    },
    /// Times, intervals and severities are 12 bytes.
    NumberLength {
        /// As written.
        length: usize,
    },
    /// Length and count contradict each other.
    ValuesLength {
        /// As written.
        length: usize,
        /// As written.
        count: u16,
    },
    /// A values part that holds none.
    ValuesNone,
    /// More values than a datagram can hold, in a list that came without one.
    TooManyValues {
        /// Number of values.
        count: usize,
        /// Greatest number.
        count_max: usize,
    },
    /// A DS type code that does not exist.
    ValueKind {
        /// As written.
        kind: u8,
    },
    /// Values before a part they need.
    ValuesWithout(Needed),
    /// A message before any time.
    NotificationWithoutTime,
    /// A message of no bytes.
    MessageEmpty,
    /// Not 1, 2 or 4; zero when no severity came before the message.
    UnknownSeverity {
        /// As written.
        code: u64,
    },
    /// No room for the signature.
    SignatureTooShort {
        /// As written.
        length: usize,
    },
    /// No room for user, checksum and at least one byte.
    EncryptionTooShort {
        /// As written.
        length: usize,
    },
    /// A signed or encrypted part without user.
    UserEmpty,
    /// The key ring has no such user.
    UserUnknown,
    /// The signature is not that of the user's password over these bytes.
    SignatureWrong,
    /// The checksum of the decrypted content does not match: another password, or damage.
    ChecksumWrong,
    /// There is no key ring to open an encrypted part or to check a demanded signature.
    NoKeys,
    /// Signed or encrypted parts inside each other past [`super::NESTING_MAX`].
    NestedTooDeep,
    /// Parts less protected than the listener demands, all of this level together.
    Unprotected {
        /// Level that the listener demands.
        demanded: SecurityLevel,
    },
}

/// A part that must come before values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// A time that is not zero.
    Time,
    /// A host that is not empty.
    Host,
    /// A plugin that is not empty.
    Plugin,
    /// A type that is not empty.
    Type,
}

impl FaultKind {
    /// Whether nothing behind it can be trusted: lengths contradict each other, or a name that
    /// would be in force for what follows is lost. As the daemon does, except that a list with an
    /// unknown DS type is skipped alone: its lengths agree, so the next part is where it should
    /// be, and the names in force are right.
    pub const fn is_final(self) -> bool {
        !matches!(
            self,
            Self::ValuesNone
                | Self::ValueKind { .. }
                | Self::ValuesWithout(_)
                | Self::NotificationWithoutTime
                | Self::MessageEmpty
                | Self::UnknownSeverity { .. }
                | Self::UserUnknown
                | Self::SignatureWrong
                | Self::ChecksumWrong
                | Self::NoKeys
                | Self::NestedTooDeep
                | Self::Unprotected { .. }
        )
    }

    /// Class by which faults are counted: the message without figures. For people, lower case.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Text(_) => "text, not collectd's binary protocol",
            Self::Trailing { .. } => "bytes behind the last part",
            Self::Padding { .. } => "zero bytes behind the last part",
            Self::LengthTooShort { .. } => "part length below 4",
            Self::LengthTooLong { .. } => "cut or damaged datagram",
            Self::StringEmpty => "string without any byte",
            Self::StringUnterminated => "string without terminating NUL",
            Self::NameTooLong { .. } => "name too long",
            Self::MessageTooLong { .. } => "message too long",
            Self::NumberLength { .. } => "number of a wrong length",
            Self::ValuesLength { .. } => "values part of a wrong length",
            Self::ValuesNone => "values part without values",
            Self::TooManyValues { .. } => "too many values",
            Self::ValueKind { .. } => "unknown data source type",
            Self::ValuesWithout(_) => "values without time or names",
            Self::NotificationWithoutTime => "notification without time",
            Self::MessageEmpty => "notification with an empty message",
            Self::UnknownSeverity { .. } => "unknown severity",
            Self::SignatureTooShort { .. } => "signature part too short",
            Self::EncryptionTooShort { .. } => "encrypted part too short",
            Self::UserEmpty => "signed or encrypted part without user",
            Self::UserUnknown => "unknown user",
            Self::SignatureWrong => "wrong signature",
            Self::ChecksumWrong => "wrong checksum",
            Self::NoKeys => "no AuthFile",
            Self::NestedTooDeep => "nested too deep",
            Self::Unprotected { .. } => "less protected than demanded",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset_bytes, self.kind)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Text(stray) => stray.fmt(f),
            Self::Trailing { bytes } => {
                write!(f, "{} behind the last part", counted(bytes as u64, "byte"))
            }
            Self::Padding { bytes } => {
                write!(f, "{} behind the last part", counted(bytes as u64, "zero byte"))
            }
            Self::LengthTooShort { length } => write!(f, "part length {length} is below 4"),
            Self::LengthTooLong { length, left_bytes } => write!(
                f,
                "part of {length} bytes, {left_bytes} left: the datagram was cut or is damaged"
            ),
            Self::StringEmpty => f.write_str("string without any byte"),
            Self::StringUnterminated => f.write_str("string without terminating NUL"),
            Self::NameTooLong { bytes } => {
                write!(f, "name of {bytes} bytes, at most {NAME_MAX_BYTES}")
            }
            Self::MessageTooLong { bytes } => {
                write!(f, "message of {bytes} bytes, at most {MESSAGE_MAX_BYTES}")
            }
            Self::NumberLength { length } => write!(f, "number part of {length} bytes, not 12"),
            Self::ValuesLength { length, count } => {
                let expected = 6 + 9 * usize::from(count);
                let values = counted(count.into(), "value");
                write!(f, "values part of {length} bytes, but {values} need {expected}")
            }
            Self::ValuesNone => f.write_str("values part without values"),
            Self::TooManyValues { count, count_max } => {
                write!(f, "list of {count} values, at most {count_max}")
            }
            Self::ValueKind { kind } => write!(f, "unknown data source type {kind}"),
            Self::ValuesWithout(needed) => write!(f, "values without {}", needed.name()),
            Self::NotificationWithoutTime => f.write_str("notification without time"),
            Self::MessageEmpty => f.write_str("notification with an empty message"),
            Self::UnknownSeverity { code } => {
                write!(f, "notification with severity {code}, none of 1, 2, 4")
            }
            Self::SignatureTooShort { length } => {
                write!(f, "signature part of {length} bytes, at least 37")
            }
            Self::EncryptionTooShort { length } => {
                write!(f, "encrypted part of {length} bytes is too short for its user and content")
            }
            Self::UserEmpty => f.write_str("signed or encrypted part without user"),
            Self::UserUnknown => f.write_str("the AuthFile does not know the user"),
            Self::SignatureWrong => {
                f.write_str("the signature does not match: another password, or damage")
            }
            Self::ChecksumWrong => {
                f.write_str("the checksum does not match: another password, or damage")
            }
            Self::NoKeys => f.write_str("no AuthFile to check or decrypt it with"),
            Self::NestedTooDeep => write!(f, "protected parts nested more than {NESTING_MAX} deep"),
            Self::Unprotected { demanded } => {
                write!(f, "refused: the listener demands {}", demanded.demand())
            }
        }
    }
}

impl Needed {
    const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Host => "host",
            Self::Plugin => "plugin",
            Self::Type => "type",
        }
    }
}
