//! pcap: a header, then records of a few numbers and a packet each.
//!
//! Either byte order, micro- or nanoseconds, and the "modified" format with longer records that
//! routers and old Linux systems write. Nanoseconds under the magic number of microseconds are
//! noticed by the first that a microsecond cannot be. Source:
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html>, `wiretap/libpcap.c`.

use super::link::Link;
use super::packet::{PACKET_BYTES_MAX, Packet, Parsed, Start};
use crate::metric::{CdTime, Interval};
use std::time::Duration;

/// Magic, version, two unused, snap length, link type.
pub(super) const HEADER_BYTES: usize = 24;
/// Times, then lengths: of what is in the file, of what was on the wire; four bytes each.
const RECORD_BYTES: usize = 16;
/// The same, then interface, protocol and direction.
const RECORD_BYTES_MODIFIED: usize = 24;

/// What the header of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pcap {
    is_big_endian: bool,
    record_bytes: usize,
    link_type: u32,
    unit: Unit,
}

/// What the fraction of a second counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// As long as nothing speaks against it.
    Micros,
    Nanos,
    /// Though the file says microseconds.
    NanosInDisguise,
}

impl Pcap {
    /// Looks at the first bytes of a file.
    pub(super) fn start(bytes: &[u8]) -> Start<Self> {
        let Some(magic) = bytes.first_chunk().copied().map(u32::from_be_bytes) else {
            return Start::More(4);
        };
        let big = Magic::read(magic).map(|magic| (magic, true));
        let little = || Magic::read(magic.swap_bytes()).map(|magic| (magic, false));
        let Some((magic, is_big_endian)) = big.or_else(little) else {
            return Start::NotCapture;
        };
        let field = |at| number(bytes, at, is_big_endian);
        let Some(link_type) = field(20) else {
            return Start::More(HEADER_BYTES);
        };
        // The upper half holds the length of a frame check sequence, which does not disturb us.
        let link_type = link_type & 0xffff;
        if Link::from_type(link_type).is_none() {
            return Start::LinkType(link_type);
        }
        let (record_bytes, unit) = match magic {
            Magic::Micros => (RECORD_BYTES, Unit::Micros),
            Magic::Nanos => (RECORD_BYTES, Unit::Nanos),
            Magic::Modified => (RECORD_BYTES_MODIFIED, Unit::Micros),
        };
        let pcap = Self { is_big_endian, record_bytes, link_type, unit };
        let unit = pcap.unit_seen(bytes.get(HEADER_BYTES..).unwrap_or_default());
        Start::Header(HEADER_BYTES, Self { unit, ..pcap })
    }

    /// Whether the file counts nanoseconds and says microseconds, as far as was seen.
    pub(super) fn has_nanos_in_disguise(&self) -> bool {
        self.unit == Unit::NanosInDisguise
    }

    /// The unit, after the records that are there already: the first of them may leave it open.
    fn unit_seen(&self, mut records: &[u8]) -> Unit {
        let mut seen = *self;
        while let Parsed::Packet(length, _) = seen.parse(records) {
            records = records.get(length..).unwrap_or_default();
        }
        seen.unit
    }

    /// Looks at the next record.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Parsed {
        let field = |at| number(bytes, at, self.is_big_endian);
        let (Some(secs), Some(fraction), Some(length)) = (field(0), field(4), field(8)) else {
            return Parsed::More(self.record_bytes);
        };
        let length = match usize::try_from(length) {
            Ok(length) if length <= PACKET_BYTES_MAX => length,
            _ => return Parsed::Damaged(format!("what follows is no packet of {length} bytes")),
        };
        let data = self.record_bytes..self.record_bytes + length;
        if bytes.len() < data.end {
            return Parsed::More(data.end);
        }
        if self.unit == Unit::Micros && (1_000_000..1_000_000_000).contains(&fraction) {
            self.unit = Unit::NanosInDisguise;
        }
        let fraction = match self.unit {
            Unit::Micros => Duration::from_micros(fraction.into()),
            Unit::Nanos | Unit::NanosInDisguise => Duration::from_nanos(fraction.into()),
        };
        let arrival =
            CdTime::from_secs(secs.into()).saturating_add(Interval::from_duration(fraction));
        let link = Link::from_type(self.link_type).ok_or(self.link_type);
        Parsed::Packet(data.end, Packet { data, arrival, link, interface: 0 })
    }
}

/// What the first four bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magic {
    Micros,
    Nanos,
    Modified,
}

impl Magic {
    const fn read(number: u32) -> Option<Self> {
        match number {
            0xa1b2_c3d4 => Some(Self::Micros),
            0xa1b2_3c4d => Some(Self::Nanos),
            0xa1b2_cd34 => Some(Self::Modified),
            _ => None,
        }
    }
}

fn number(bytes: &[u8], at: usize, is_big_endian: bool) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk().copied()?;
    Some(if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}
