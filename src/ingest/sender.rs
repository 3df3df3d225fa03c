//! Senders: where something was received from, an address or a name.

use crate::metric::display_safe;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Where something was received from.
///
/// Cheap to clone, so that each datagram may carry one: an address is copied, a name is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender<A = SocketAddr> {
    /// The address that datagrams came from.
    Address(A),
    /// What has no address: the topic root of a broker, a file.
    Name(Arc<str>),
    /// All those together that did not fit into a bounded list.
    Others,
}

/// A sender whatever its port: a daemon that starts again takes another.
pub type Machine = Sender<IpAddr>;

impl Sender {
    /// The same without its port.
    #[inline]
    pub fn machine(&self) -> Machine {
        match self {
            Self::Address(address) => Sender::Address(address.ip()),
            Self::Name(name) => Sender::Name(Arc::clone(name)),
            Self::Others => Sender::Others,
        }
    }
}

impl<A> Sender<A> {
    /// The sender of that name.
    pub fn named(name: &str) -> Self {
        Self::Name(name.into())
    }
}

impl From<SocketAddr> for Sender {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

impl From<IpAddr> for Machine {
    fn from(address: IpAddr) -> Self {
        Self::Address(address)
    }
}

impl From<[u8; 4]> for Machine {
    fn from(octets: [u8; 4]) -> Self {
        Self::Address(octets.into())
    }
}

impl<A: fmt::Display> fmt::Display for Sender<A> {
    /// Safe to show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(&display_safe(name)),
            Self::Others => f.write_str("all others"),
        }
    }
}
