//! What a frame holds: a UDP datagram, a fragment of one, or something else.

use super::unread::Unread;
use etherparse::IpFragOffset;
use std::net::{IpAddr, SocketAddr};

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inside<'a> {
    /// A datagram.
    Udp(Udp<'a>),
    /// A part of one.
    Fragment(Fragment<'a>),
    /// Anything else.
    Other,
    /// Something that may hold a datagram.
    Unread(Unread),
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Udp<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    /// Its payload.
    pub(super) bytes: &'a [u8],
    /// The end was not captured (a short snap length).
    pub(super) is_cut: bool,
}

/// A fragment of a UDP datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fragment<'a> {
    pub(super) of: FragmentOf,
    pub(super) offset: IpFragOffset,
    pub(super) more: bool,
    pub(super) bytes: &'a [u8],
    /// The end was not captured.
    pub(super) is_cut: bool,
}

/// Which datagram a fragment belongs to (RFC 791, RFC 8200), as seen on one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FragmentOf {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    pub(super) id: u32,
    /// VLANs and tunnels, outermost first: the same packet is captured twice where one of them
    /// and the interface below it are.
    pub(super) path: u64,
    pub(super) interface: u32,
}
