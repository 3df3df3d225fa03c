//! Container of the packets of a capture: a pcap or a pcapng file, as its first bytes say.

use super::packet::{Parsed, Start};
use super::pcap::Pcap;
use super::pcapng::Pcapng;

/// A file format, past its header.
pub(super) enum Container {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Container {
    /// Looks at the first bytes of a capture.
    pub(super) fn start(bytes: &[u8]) -> Start<Self> {
        if bytes.starts_with(&Pcapng::MAGIC) {
            Pcapng::start(bytes).map(Self::Pcapng)
        } else {
            Pcap::start(bytes).map(Self::Pcap)
        }
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
