//! pcapng: blocks, of which some hold packets and some say what the packets are.
//!
//! Several sections, each in its own byte order, several interfaces, each with its own link type
//! and resolution of time. Blocks that hold no packet are passed over, whatever is in them.
//!
//! Written here because pcap-file 2 refuses files that Wireshark reads: an interface with a time
//! zone (`if_tzone` is always an error there), options without an end mark, a name that is not
//! UTF-8. Source: <https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/>.

use super::link::Link;
use super::packet::{PACKET_BYTES_MAX, Packet, Parsed, Start};
use crate::metric::{CdTime, Interval};

/// Blocks longer than this are damage: as in Wireshark, 16 MiB.
pub(super) const BLOCK_BYTES_MAX: usize = 16 << 20;
/// Interfaces of one section, 32 bytes each; a merged capture has one per merged file.
pub(super) const INTERFACES_MAX: usize = 65_536;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
/// Obsolete, but still to be found.
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
/// Type and length before the body; the length again behind it.
const HEAD_BYTES: usize = 8;
const BLOCK_BYTES_MIN: usize = 12;

/// The state of a pcapng file: what its present section has said so far.
#[derive(Debug)]
pub(super) struct Pcapng {
    big_endian: bool,
    interfaces: Vec<Interface>,
    /// Of the last packet that had one.
    time: CdTime,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: Result<Link, u32>,
    /// Zero: packets are whole.
    snap_bytes: usize,
    resolution: Resolution,
    offset_secs: i64,
}

/// Units of time in a second: a power of ten or of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resolution(u8);

impl Pcapng {
    /// The type of a section header, the same in both byte orders.
    pub(super) const MAGIC: [u8; 4] = SECTION_HEADER.to_be_bytes();

    /// Looks at the first block, which shows the byte order; it stays in the bytes.
    pub(super) fn start(bytes: &[u8]) -> Start<Self> {
        if bytes.len() < BLOCK_BYTES_MIN {
            return Start::More(BLOCK_BYTES_MIN);
        }
        let Some(big_endian) = byte_order(bytes) else {
            return Start::NotCapture;
        };
        Start::Header(0, Self { big_endian, interfaces: Vec::new(), time: CdTime::ZERO })
    }

    /// Looks at the next block.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Parsed {
        if bytes.len() < BLOCK_BYTES_MIN {
            return Parsed::More(BLOCK_BYTES_MIN);
        }
        if bytes.starts_with(&Self::MAGIC) {
            match byte_order(bytes) {
                Some(big_endian) => self.big_endian = big_endian,
                None => return Parsed::Damaged("a section of no byte order".into()),
            }
        }
        let fields = Fields { bytes, big_endian: self.big_endian };
        let (Some(kind), Some(length)) = (fields.u32(0), fields.size(4)) else {
            return Parsed::More(BLOCK_BYTES_MIN);
        };
        if !(BLOCK_BYTES_MIN..=BLOCK_BYTES_MAX).contains(&length) {
            return Parsed::Damaged(format!("what follows is no block of {length} bytes"));
        }
        if bytes.len() < length {
            return Parsed::More(length);
        }
        if fields.size(length - 4) != Some(length) {
            return Parsed::Damaged(format!("the lengths of a block ({length} bytes) differ"));
        }
        let block = bytes.get(..length - 4).unwrap_or_default();
        self.block(kind, Fields { bytes: block, big_endian: self.big_endian }, length)
    }

    fn block(&mut self, kind: u32, block: Fields<'_>, length: usize) -> Parsed {
        let too_short = || Parsed::Damaged("a block is shorter than what it must hold".into());
        match kind {
            SECTION_HEADER => self.interfaces.clear(),
            INTERFACE if self.interfaces.len() >= INTERFACES_MAX => {
                return Parsed::Damaged(format!("more than {INTERFACES_MAX} interfaces"));
            }
            INTERFACE => match Interface::read(&block) {
                Some(interface) => self.interfaces.push(interface),
                None => return too_short(),
            },
            ENHANCED_PACKET | PACKET => {
                let id = if kind == PACKET { block.u16(8).map(u32::from) } else { block.u32(8) };
                let (Some(id), Some(time), Some(count)) =
                    (id, block.u64_in_halves(12), block.size(20))
                else {
                    return too_short();
                };
                return self.packet(&block, length, id, Some(time), 28, count);
            }
            SIMPLE_PACKET => {
                let Some(count) = block.size(8) else {
                    return too_short();
                };
                let snap_bytes = match self.interfaces.first().map(|one| one.snap_bytes) {
                    None | Some(0) => usize::MAX,
                    Some(bytes) => bytes,
                };
                let room = block.bytes.len().saturating_sub(12);
                return self.packet(&block, length, 0, None, 12, count.min(snap_bytes).min(room));
            }
            _ => {}
        }
        Parsed::Other(length)
    }

    fn packet(
        &mut self,
        block: &Fields<'_>,
        length: usize,
        id: u32,
        time: Option<u64>,
        start: usize,
        count: usize,
    ) -> Parsed {
        let interface = usize::try_from(id).ok().and_then(|id| self.interfaces.get(id));
        let Some(interface) = interface else {
            return Parsed::Damaged(format!("a packet of interface {id}, which is not described"));
        };
        let data = start..start.saturating_add(count);
        if count > PACKET_BYTES_MAX || block.bytes.get(data.clone()).is_none() {
            return Parsed::Damaged(format!("a packet of {count} bytes in a block of {length}"));
        }
        if let Some(time) = time {
            self.time = interface.time(time);
        }
        let (link, arrival) = (interface.link, self.time);
        Parsed::Packet(length, Packet { data, arrival, link, interface: id })
    }
}

/// Whether the section that `bytes` begin with is big-endian.
fn byte_order(bytes: &[u8]) -> Option<bool> {
    const MARK: u32 = 0x1a2b_3c4d;
    let mark: [u8; 4] = bytes.get(8..12)?.try_into().ok()?;
    match mark {
        _ if mark == MARK.to_be_bytes() => Some(true),
        _ if mark == MARK.to_le_bytes() => Some(false),
        _ => None,
    }
}

impl Interface {
    fn read(block: &Fields<'_>) -> Option<Self> {
        let link_type = u32::from(block.u16(HEAD_BYTES)?);
        let mut interface = Self {
            link: Link::from_type(link_type).ok_or(link_type),
            snap_bytes: block.size(12)?,
            resolution: Resolution(6),
            offset_secs: 0,
        };
        let mut at = 16;
        // An option: code, length, its bytes, padded to a multiple of four.
        while let (Some(code @ 1..), Some(length)) = (block.u16(at), block.u16(at + 2)) {
            let value = at + 4;
            match (code, length) {
                (9, 1) => interface.resolution = Resolution(*block.bytes.get(value)?),
                (14, 8) => interface.offset_secs = block.u64(value)?.cast_signed(),
                _ => {}
            }
            at = value + usize::from(length).next_multiple_of(4);
        }
        Some(interface)
    }

    fn time(&self, units: u64) -> CdTime {
        let time = self.resolution.time(units);
        let offset = Interval::from_secs(self.offset_secs.unsigned_abs());
        if self.offset_secs < 0 { time.saturating_sub(offset) } else { time.saturating_add(offset) }
    }
}

impl Resolution {
    /// The moment `units` after 1970.
    fn time(self, units: u64) -> CdTime {
        let power = u32::from(self.0 & 0x7f);
        let per_sec =
            if self.0 & 0x80 == 0 { 10_u128.checked_pow(power) } else { 1_u128.checked_shl(power) };
        let Some(per_sec) = per_sec else {
            // Even all the units there can be are less than a second.
            return CdTime::ZERO;
        };
        let units = u128::from(units);
        let fraction = ((units % per_sec) << 30).saturating_add(per_sec / 2) / per_sec;
        let secs = u64::try_from(units / per_sec).unwrap_or(u64::MAX);
        CdTime::from_secs(secs)
            .saturating_add(Interval::from_raw(u64::try_from(fraction).unwrap_or_default()))
    }
}

/// Numbers at given places of a block, in the byte order of its section.
struct Fields<'a> {
    bytes: &'a [u8],
    big_endian: bool,
}

impl Fields<'_> {
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let bytes = self.array(at)?;
        Some(if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let bytes = self.array(at)?;
        Some(if self.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn u64(&self, at: usize) -> Option<u64> {
        let bytes = self.array(at)?;
        Some(if self.big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }

    /// The upper half comes first, whatever the byte order.
    fn u64_in_halves(&self, at: usize) -> Option<u64> {
        Some(u64::from(self.u32(at)?) << 32 | u64::from(self.u32(at + 4)?))
    }

    fn size(&self, at: usize) -> Option<usize> {
        usize::try_from(self.u32(at)?).ok()
    }
}
