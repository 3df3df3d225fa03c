//! collectd's binary network protocol, both ways.
//!
//! A datagram is a row of *parts* (type, length, payload); names, time and interval stay in force
//! until replaced, and a values part emits a value list. [`decode()`] never fails: it yields
//! what is good, and each fault with its offset, because real networks send half-good datagrams.
//! Nothing is allocated and no bytes can make it panic.
//!
//! [`Decoder`] also opens what is signed or encrypted, by the [`KeyRing`] of an AuthFile, and
//! demands as much of it as a [`SecurityLevel`] says; a [`Seal`] is the other direction.
//!
//! Source of the facts: collectd `src/network.c`, checked against the running daemon 5.12.

mod code;
mod crypto;
mod decode;
mod encode;
mod event;
mod fault;
mod keys;
mod listing;
mod part;
mod seal;
mod sink;
mod stray;
mod trust;
mod values;

pub use code::{IV_BYTES, MESSAGE_MAX_BYTES, NAME_MAX_BYTES, NESTING_MAX, USER_MAX_BYTES};
pub use decode::{Decoder, decode};
pub use encode::{EncodeError, Encoder, SIZE_MAX_DEFAULT, encode_notification};
pub use event::{Event, Notification, Protected, ValueList};
pub use fault::{Fault, FaultKind, Needed};
pub use keys::{AuthFault, AuthFaultKind, KeyRing};
pub use listing::listing;
pub use part::{Part, Parts, parts};
pub use seal::{Seal, SealError};
pub use sink::{Expected, Inherited, Matched, Sink, template};
pub use stray::Stray;
pub use trust::{ParseSecurityLevelError, Protection, SecurityLevel, Trust};
pub use values::{Values, bits, value};
