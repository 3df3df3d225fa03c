//! What a file format makes of the bytes of a capture: its header, then packets.

use super::link::Link;
use crate::metric::CdTime;
use std::ops::Range;

/// A packet longer than this is damage: it is the most that tcpdump and Wireshark capture of one.
pub(super) const PACKET_BYTES_MAX: usize = 262_144;

/// A packet in the bytes that were parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    /// Where it lies.
    pub(super) data: Range<usize>,
    /// When it was captured.
    pub(super) arrival: CdTime,
    /// What is around IP in it; a number that we do not know otherwise.
    pub(super) link: Result<Link, u32>,
    /// Which of several interfaces it came by.
    pub(super) interface: u32,
}

/// What the bytes begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A packet, and the number of bytes it takes.
    Packet(usize, Packet),
    /// Something else, and the number of bytes it takes.
    Other(usize),
    /// Undecided: the number of bytes needed to decide.
    More(usize),
    /// Nothing that could be.
    Damaged(String),
}

/// What a capture begins with.
pub(super) enum Start<H> {
    /// A header, and the number of bytes it takes.
    Header(usize, H),
    /// Undecided: the number of bytes needed to decide.
    More(usize),
    /// It is no capture.
    NotCapture,
    /// It is a pcap of a link type that we do not know.
    LinkType(u32),
}

impl<H> Start<H> {
    pub(super) fn map<T>(self, of: impl FnOnce(H) -> T) -> Start<T> {
        match self {
            Self::Header(bytes, header) => Start::Header(bytes, of(header)),
            Self::More(bytes) => Start::More(bytes),
            Self::NotCapture => Start::NotCapture,
            Self::LinkType(link_type) => Start::LinkType(link_type),
        }
    }
}
