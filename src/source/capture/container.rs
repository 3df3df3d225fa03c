//! What is around the packets of a capture: a pcap or a pcapng file, told by its first bytes.

use super::link::Link;
use super::pcapng::Pcapng;
use crate::metric::{CdTime, Interval};
use pcap_file::pcap::PcapParser;
use pcap_file::{Endianness, PcapError, TsResolution};
use std::ops::Range;
use std::time::Duration;

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
    Pcap(PcapParser),
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
        if bytes.len() < 4 {
            return Start::More(4);
        }
        if bytes.starts_with(&Pcapng::MAGIC) {
            return Pcapng::start(bytes);
        }
        match PcapParser::new(bytes) {
            Ok((rest, parser)) => {
                let link_type = link_type(&parser);
                match Link::from_type(link_type) {
                    Some(_) => Start::Header(bytes.len() - rest.len(), Self::Pcap(parser)),
                    None => Start::LinkType(link_type),
                }
            }
            // The magic number is looked at only when the whole header is there.
            Err(PcapError::IncompleteBuffer) if is_pcap(bytes) => Start::More(24),
            Err(_) => Start::NotCapture,
        }
    }

    /// Looks at what comes next.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Parsed {
        match self {
            Self::Pcap(parser) => parse_pcap(parser, bytes),
            Self::Pcapng(pcapng) => pcapng.parse(bytes),
        }
    }
}

fn is_pcap(bytes: &[u8]) -> bool {
    let magics = [0xa1b2_c3d4_u32, 0xa1b2_3c4d];
    magics.iter().any(|magic| {
        bytes.starts_with(&magic.to_be_bytes()) || bytes.starts_with(&magic.to_le_bytes())
    })
}

/// The upper half holds the length of a frame check sequence, which does not disturb us.
fn link_type(parser: &PcapParser) -> u32 {
    u32::from(parser.header().datalink) & 0xffff
}

/// Times, then lengths: of what is in the file, of what was on the wire; four bytes each.
const RECORD_HEADER_BYTES: usize = 16;

fn parse_pcap(parser: &PcapParser, bytes: &[u8]) -> Parsed {
    let header = parser.header();
    let Some(length) = bytes.get(8..12).and_then(|field| field.try_into().ok()) else {
        return Parsed::More(RECORD_HEADER_BYTES);
    };
    let length = match header.endianness {
        Endianness::Big => u32::from_be_bytes(length),
        Endianness::Little => u32::from_le_bytes(length),
    };
    // pcap-file would wait for all the bytes, however many.
    let length = match usize::try_from(length) {
        Ok(length) if length <= PACKET_BYTES_MAX => length,
        _ => return Parsed::Damaged(format!("what follows is no packet of {length} bytes")),
    };
    match parser.next_raw_packet(bytes) {
        Ok((rest, packet)) => {
            let consumed = bytes.len() - rest.len();
            let fraction = u64::from(packet.ts_frac);
            let fraction = Duration::from_nanos(match header.ts_resolution {
                TsResolution::NanoSecond => fraction,
                TsResolution::MicroSecond => fraction * 1_000,
            });
            let arrival = CdTime::from_secs(packet.ts_sec.into())
                .saturating_add(Interval::from_duration(fraction));
            let link_type = link_type(parser);
            let link = Link::from_type(link_type).ok_or(link_type);
            let data = RECORD_HEADER_BYTES..consumed;
            Parsed::Packet(consumed, Packet { data, arrival, link, interface: 0 })
        }
        Err(PcapError::IncompleteBuffer) => Parsed::More(RECORD_HEADER_BYTES + length),
        Err(error) => Parsed::Damaged(error.to_string()),
    }
}
