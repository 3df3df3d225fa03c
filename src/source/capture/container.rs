//! What is around the packets of a capture: a pcap or a pcapng file, told by its first bytes.

use super::link::Link;
use super::pcap::Pcap;
use super::pcapng::Pcapng;
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
    /// A packet, in so many bytes.
    Packet(usize, Packet),
    /// Something else, in so many bytes.
    Other(usize),
    /// So many bytes are needed to tell.
    More(usize),
    /// Nothing that could be.
    Damaged(String),
}

/// A file format, past its header.
pub(super) enum Container {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

/// What a capture begins with.
pub(super) enum Start {
    /// This header, in so many bytes.
    Header(usize, Container),
    /// So many bytes are needed to tell.
    More(usize),
    /// It is no capture.
    NotCapture,
    /// It is a pcap of a link type that we do not know.
    LinkType(u32),
}

impl Container {
    /// Looks at the first bytes of a capture.
    pub(super) fn start(bytes: &[u8]) -> Start {
        if bytes.starts_with(&Pcapng::MAGIC) { Pcapng::start(bytes) } else { Pcap::start(bytes) }
    }

    /// Looks at what comes next.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Parsed {
        match self {
            Self::Pcap(pcap) => pcap.parse(bytes),
            Self::Pcapng(pcapng) => pcapng.parse(bytes),
        }
    }

    /// Whether times are nanoseconds though the file says microseconds.
    pub(super) fn has_nanos_in_disguise(&self) -> bool {
        matches!(self, Self::Pcap(pcap) if pcap.has_nanos_in_disguise())
    }
}
