//! Capture files: the UDP datagrams of a pcap, in order, as if they had just arrived.
//!
//! Classic pcap (both byte orders, micro- and nanoseconds) over Ethernet with or without VLAN
//! tags, raw IP, Linux "cooked" (`-i any`, both versions) and BSD loopback. A capture that was cut
//! short gives what is there and then says so. IP fragments are counted and left out.

use super::udp::{Datagram, PORT_DEFAULT};
use crate::metric::{CdTime, Interval};
use crate::wire::{Event, decode};
use etherparse::{EtherType, IpNumber, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_file::pcap::{PcapReader, RawPcapPacket};
use pcap_file::{PcapError, TsResolution};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// Why a capture cannot be read, or not further.
#[derive(Debug, Error)]
pub enum CaptureError {
    /// No such file, no permission.
    #[error(
        "cannot read the capture: {cause}, in {}\n  one is made with: \
         tcpdump -i any -w FILE udp port 25826", path.display()
    )]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Not a pcap file.
    #[error("not a capture: {reason}, in {}\n  {advice}", path.display())]
    NotCapture {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        reason: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A link type we cannot look into.
    #[error(
        "cannot read link type {link_type}, in {}\n  known are Ethernet (1), raw IP (101), \
         Linux cooked (113, 276) and loopback (0, 108); capture again with: tcpdump -i any",
        path.display()
    )]
    LinkType {
        /// Which.
        path: PathBuf,
        /// Its number (`LINKTYPE_*` of tcpdump.org).
        link_type: u32,
    },
    /// The file ends in the middle of a packet.
    #[error(
        "the capture is cut short: it ends inside packet {}, the ones before were read, in {}",
        packets + 1, path.display()
    )]
    Cut {
        /// Which.
        path: PathBuf,
        /// Whole packets before the cut.
        packets: u64,
    },
    /// Reading failed on the way.
    #[error("cannot read on after packet {packets}: {cause}, in {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Whole packets before.
        packets: u64,
        /// Why.
        cause: PcapError,
    },
}

/// What was left out of a capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Fragments of UDP datagrams.
    pub fragments: u64,
    /// Packets that are not UDP, and UDP that is neither sent to collectd's port nor reads as its
    /// protocol.
    pub others: u64,
}

/// An open capture.
pub struct Capture {
    path: PathBuf,
    reader: PcapReader<Input>,
    link: Link,
    packets: u64,
    skipped: Skipped,
    ended: bool,
}

type Input = BufReader<Box<dyn io::Read + Send>>;

/// How IP is wrapped.
#[derive(Clone, Copy, Debug)]
enum Link {
    Ethernet,
    RawIp,
    /// 16 bytes, the last two an EtherType.
    LinuxCooked,
    /// 20 bytes, the first two an EtherType.
    LinuxCooked2,
    /// Four bytes of address family, which the IP version makes superfluous.
    Loopback,
}

impl Capture {
    /// Opens the capture at `path`, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Self, CaptureError> {
        let fail = |cause| CaptureError::Open { path: path.to_owned(), cause };
        let input: Box<dyn io::Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            let file = File::open(path).map_err(fail)?;
            if file.metadata().map_err(fail)?.is_dir() {
                return Err(fail(io::ErrorKind::IsADirectory.into()));
            }
            Box::new(file)
        };
        Self::read(path, input)
    }

    /// Reads a capture from `input`; `path` is for messages.
    pub fn read(path: &Path, input: Box<dyn io::Read + Send>) -> Result<Self, CaptureError> {
        let mut input = BufReader::new(input);
        let start = input.fill_buf();
        let start = start.map_err(|cause| CaptureError::Open { path: path.to_owned(), cause })?;
        let (reason, advice) = what_it_is(start);
        let reader = PcapReader::new(input).map_err(|_| CaptureError::NotCapture {
            path: path.to_owned(),
            reason,
            advice,
        })?;
        // The upper half holds the length of a frame check sequence, which does not disturb us.
        let link_type = u32::from(reader.header().datalink) & 0xffff;
        let link = Link::from_type(link_type)
            .ok_or_else(|| CaptureError::LinkType { path: path.to_owned(), link_type })?;
        Ok(Self {
            path: path.to_owned(),
            reader,
            link,
            packets: 0,
            skipped: Skipped::default(),
            ended: false,
        })
    }

    /// Hands the next datagram to `take`. False at the end; after an error there is no more.
    ///
    /// A datagram is what was sent to port 25826 (taken as it is, faults and all), or to another
    /// port if it begins as collectd's protocol does: no fault before the first value list,
    /// notification or protected part.
    pub fn next(&mut self, take: &mut dyn FnMut(&Datagram<'_>)) -> Result<bool, CaptureError> {
        while !self.ended {
            let nanos = self.reader.header().ts_resolution == TsResolution::NanoSecond;
            let packet = match self.reader.next_raw_packet() {
                None => break,
                Some(Ok(packet)) => packet,
                Some(Err(cause)) => {
                    self.ended = true;
                    return Err(stop(&self.path, self.packets, cause));
                }
            };
            self.packets += 1;
            match self.link.open(&packet.data) {
                Inside::Udp { sender, port, bytes }
                    if port == PORT_DEFAULT || is_collectd(bytes) =>
                {
                    let arrival = arrival(&packet, nanos);
                    take(&Datagram { bytes, sender, arrival, internal: false });
                    return Ok(true);
                }
                Inside::Fragment => self.skipped.fragments += 1,
                Inside::Udp { .. } | Inside::Other => self.skipped.others += 1,
            }
        }
        self.ended = true;
        Ok(false)
    }

    /// What was left out so far.
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }
}

/// What a packet holds.
enum Inside<'a> {
    Udp { sender: SocketAddr, port: u16, bytes: &'a [u8] },
    Fragment,
    Other,
}

impl Link {
    /// Numbers: <https://www.tcpdump.org/linktypes.html>.
    fn from_type(link_type: u32) -> Option<Self> {
        match link_type {
            0 | 108 => Some(Self::Loopback),
            1 => Some(Self::Ethernet),
            12 | 14 | 101 | 228 | 229 => Some(Self::RawIp),
            113 => Some(Self::LinuxCooked),
            276 => Some(Self::LinuxCooked2),
            _ => None,
        }
    }

    fn open(self, frame: &[u8]) -> Inside<'_> {
        // Lax: a frame captured in part still shows the parts before the cut.
        let packet = match self {
            Self::Ethernet => LaxSlicedPacket::from_ethernet(frame).ok(),
            Self::RawIp => LaxSlicedPacket::from_ip(frame).ok(),
            Self::Loopback => frame.get(4..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()),
            Self::LinuxCooked => cooked(frame.get(14..16), frame.get(16..)),
            Self::LinuxCooked2 => cooked(frame.get(..2), frame.get(20..)),
        };
        packet.map_or(Inside::Other, |packet| inside(&packet))
    }
}

fn cooked<'a>(ether_type: Option<&[u8]>, behind: Option<&'a [u8]>) -> Option<LaxSlicedPacket<'a>> {
    let ether_type = EtherType(u16::from_be_bytes(ether_type?.try_into().ok()?));
    Some(LaxSlicedPacket::from_ether_type(ether_type, behind?))
}

fn inside<'a>(packet: &LaxSlicedPacket<'a>) -> Inside<'a> {
    let ip: IpAddr = match &packet.net {
        Some(LaxNetSlice::Ipv4(ip)) => ip.header().source_addr().into(),
        Some(LaxNetSlice::Ipv6(ip)) => ip.header().source_addr().into(),
        _ => return Inside::Other,
    };
    let payload = packet.net.as_ref().and_then(LaxNetSlice::ip_payload_ref);
    if payload.is_some_and(|payload| payload.fragmented && payload.ip_number == IpNumber::UDP) {
        return Inside::Fragment;
    }
    match &packet.transport {
        Some(TransportSlice::Udp(udp)) => Inside::Udp {
            sender: SocketAddr::new(ip, udp.source_port()),
            port: udp.destination_port(),
            bytes: udp.payload(),
        },
        _ => Inside::Other,
    }
}

/// Whether the first thing `datagram` says is not a fault.
fn is_collectd(datagram: &[u8]) -> bool {
    let mut first_is_good = None;
    decode(datagram, &mut |event| {
        first_is_good.get_or_insert(!matches!(event, Event::Fault(_)));
    });
    first_is_good.unwrap_or(false)
}

fn arrival(packet: &RawPcapPacket<'_>, nanos: bool) -> CdTime {
    let fraction = u64::from(packet.ts_frac);
    let fraction = Duration::from_nanos(if nanos { fraction } else { fraction * 1_000 });
    CdTime::from_secs(packet.ts_sec.into()).saturating_add(Interval::from_duration(fraction))
}

fn stop(path: &Path, packets: u64, cause: PcapError) -> CaptureError {
    let path = path.to_owned();
    match cause {
        PcapError::IoError(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => {
            CaptureError::Cut { path, packets }
        }
        cause => CaptureError::Read { path, packets, cause },
    }
}

/// What a file that is no pcap looks like, and what to do about it.
fn what_it_is(start: &[u8]) -> (&'static str, &'static str) {
    match start {
        [] => ("the file is empty", "did the capturing program end properly?"),
        [0x0a, 0x0d, 0x0d, 0x0a, ..] => {
            ("this is pcapng", "make a pcap of it with: editcap -F pcap IN OUT")
        }
        [0x1f, 0x8b, ..] => ("this is compressed", "unpack it first: gunzip -k FILE.gz"),
        [0xd4, 0xc3, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0xc3, 0xd4, ..]
        | [0x4d, 0x3c, 0xb2, 0xa1, ..]
        | [0xa1, 0xb2, 0x3c, 0x4d, ..] => {
            ("it ends inside its own header", "did the capturing program end properly?")
        }
        _ => (
            "it does not start as a pcap file does",
            "one is made with: tcpdump -i any -w FILE udp port 25826",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use etherparse::PacketBuilder;
    use std::path::PathBuf;

    const PAYLOAD: &[u8] = b"\x00\x00\x00\x06h\0";

    fn udp_packet(to_port: u16, payload: &[u8]) -> Vec<u8> {
        let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 9).udp(4_000, to_port);
        let mut packet = Vec::new();
        builder.write(&mut packet, payload).unwrap();
        packet
    }

    fn pcap(link_type: u32, frames: &[Vec<u8>]) -> Vec<u8> {
        let mut file = Vec::new();
        file.extend(0xa1b2_c3d4_u32.to_le_bytes());
        file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0]);
        file.extend(link_type.to_le_bytes());
        for frame in frames {
            let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
            file.extend(1_795_426_812_u32.to_le_bytes());
            file.extend(500_000_u32.to_le_bytes());
            file.extend([length, length].concat());
            file.extend(frame);
        }
        file
    }

    /// Payloads and senders, what was skipped, and how it ended.
    fn read(file: Vec<u8>) -> (Vec<Vec<u8>>, Skipped, Result<(), CaptureError>) {
        let mut payloads = Vec::new();
        let input = Box::new(io::Cursor::new(file));
        let mut capture = match Capture::read(&PathBuf::from("some.pcap"), input) {
            Ok(capture) => capture,
            Err(error) => return (payloads, Skipped::default(), Err(error)),
        };
        loop {
            let more = capture.next(&mut |datagram| {
                assert_eq!(datagram.sender, "10.0.0.1:4000".parse().unwrap());
                assert_eq!(datagram.arrival.to_string(), "1795426812.5");
                payloads.push(datagram.bytes.to_vec());
            });
            match more {
                Ok(true) => {}
                Ok(false) => return (payloads, capture.skipped(), Ok(())),
                Err(error) => return (payloads, capture.skipped(), Err(error)),
            }
        }
    }

    #[track_caller]
    fn check_link(link_type: u32, before_ip: &[u8]) {
        let frame = [before_ip, &udp_packet(PORT_DEFAULT, PAYLOAD)].concat();
        let (payloads, skipped, end) = read(pcap(link_type, &[frame]));
        assert!(end.is_ok());
        assert_eq!((payloads, skipped), (vec![PAYLOAD.to_vec()], Skipped::default()));
    }

    #[test]
    fn every_known_link_type_is_looked_into() {
        check_link(1, &[&[2; 12][..], &[8, 0]].concat());
        check_link(1, &[&[2; 12][..], &[0x81, 0, 0, 7, 8, 0]].concat());
        check_link(101, &[]);
        check_link(113, &[&[0; 14][..], &[8, 0]].concat());
        check_link(276, &[&[8, 0][..], &[0; 18]].concat());
        check_link(0, &[2, 0, 0, 0]);
        check_link(108, &[0, 0, 0, 2]);
    }

    #[test]
    fn an_unknown_link_type_is_named() {
        let (_, _, end) = read(pcap(105, &[]));
        assert!(end.unwrap_err().to_string().starts_with("cannot read link type 105"));
    }

    #[test]
    fn other_ports_are_taken_only_when_they_speak_the_protocol() {
        let good = b"\x02\x10\0\x2e\0\x03bob0123456789abcdef01234567890123456789x";
        let (payloads, skipped, end) =
            read(pcap(101, &[udp_packet(53, b"\x12\x34\x01\x00\0\x01"), udp_packet(7_000, good)]));
        assert!(end.is_ok());
        assert_eq!(payloads, [good.to_vec()]);
        assert_eq!(skipped, Skipped { fragments: 0, others: 1 });
    }

    #[test]
    fn fragments_are_counted_and_left_out() {
        let mut packet = udp_packet(PORT_DEFAULT, PAYLOAD);
        packet[6] |= 0x20;
        let (payloads, skipped, end) = read(pcap(101, &[packet]));
        assert!(end.is_ok() && payloads.is_empty());
        assert_eq!(skipped, Skipped { fragments: 1, others: 0 });
    }

    #[test]
    fn a_capture_cut_anywhere_gives_what_is_whole_and_then_says_so() {
        let file =
            pcap(101, &[udp_packet(PORT_DEFAULT, PAYLOAD), udp_packet(PORT_DEFAULT, PAYLOAD)]);
        let record = (file.len() - 24) / 2;
        for end in 0..file.len() {
            let (payloads, _, result) = read(file[..end].to_vec());
            let whole = end.saturating_sub(24) / record;
            assert_eq!(payloads.len(), whole, "cut at {end}");
            let at_border = end == 24 + whole * record;
            assert_eq!(result.is_ok(), at_border, "cut at {end}: {result:?}");
        }
    }

    #[test]
    fn what_is_no_capture_is_said() {
        for (bytes, words) in [
            (&b""[..], "empty"),
            (b"\x0a\x0d\x0d\x0a\0\0\0\0", "pcapng"),
            (b"\x1f\x8b\x08", "compressed"),
            (b"LoadPlugin network and more of it", "does not start as a pcap"),
        ] {
            let (_, _, end) = read(bytes.to_vec());
            let message = end.unwrap_err().to_string();
            assert!(message.contains(words) && message.contains(", in some.pcap\n"), "{message}");
        }
    }
}
