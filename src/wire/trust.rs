//! Protection of what is received, and the least that a listener demands.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Protection of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protection {
    /// Part 0x0200: a signature over everything behind it.
    Signed,
    /// Part 0x0210: parts inside it are encrypted.
    Encrypted,
}

/// Protection that something came with, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Unprotected.
    #[default]
    Plain,
    /// Signed, but not checked: there is no key ring.
    Unverified,
    /// With the right signature.
    Signed,
    /// Encrypted with the right password.
    Encrypted,
}

/// Security level: the least protection that a listener accepts.
///
/// Source: `SecurityLevel` in collectd.conf(5), as the daemon behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecurityLevel {
    /// All parts; with a key ring wrong signatures are refused all the same.
    #[default]
    None,
    /// Signed or encrypted parts only.
    Sign,
    /// Encrypted parts only; a signature alone counts for nothing.
    Encrypt,
}

/// Not the name of a [`SecurityLevel`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a security level; write none, sign or encrypt")]
pub struct ParseSecurityLevelError(Box<str>);

impl SecurityLevel {
    /// The least trust that it accepts.
    pub const fn least(self) -> Trust {
        match self {
            Self::None => Trust::Plain,
            Self::Sign => Trust::Signed,
            Self::Encrypt => Trust::Encrypted,
        }
    }

    /// Its name in collectd.conf, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sign => "sign",
            Self::Encrypt => "encrypt",
        }
    }

    /// Its demand in words.
    pub(super) const fn demand(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Sign => "a signature or encryption",
            Self::Encrypt => "encryption",
        }
    }
}

impl FromStr for SecurityLevel {
    type Err = ParseSecurityLevelError;

    /// As in collectd.conf, upper and lower case alike.
    fn from_str(text: &str) -> Result<Self, ParseSecurityLevelError> {
        let all = [Self::None, Self::Sign, Self::Encrypt];
        let found = all.into_iter().find(|level| level.name().eq_ignore_ascii_case(text));
        found.ok_or_else(|| ParseSecurityLevelError(text.into()))
    }
}

impl fmt::Display for SecurityLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Protection {
    /// `signed`, `encrypted`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }
}

impl Trust {
    /// `plain`, `unverified`, `signed`, `encrypted`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Unverified => "unverified",
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }
}
