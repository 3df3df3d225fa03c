//! The layers around IP and in it, and what each says comes next.
//!
//! Ethernet, VLAN tags, PPP, PPPoE, MPLS; GRE, IP in IP, VXLAN and Geneve. Lengths are never
//! believed: a layer only takes its own header off.

use super::inside::Inside;
use super::unread::Unread;
use etherparse::IpNumber;
use std::net::IpAddr;

/// What a run of bytes begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Ethernet,
    /// What this EtherType means.
    EtherType(u16),
    Ppp,
    Pppoe,
    /// Labels.
    Mpls,
    Gre,
    Ip,
    Udp {
        from: IpAddr,
        to: IpAddr,
    },
}

/// What comes behind a header.
#[derive(Debug)]
pub(super) enum Next<'a> {
    Layer(Layer, &'a [u8]),
    /// The same, on a network of its own, which has this number.
    Tagged(u16, Layer, &'a [u8]),
    End(Inside<'a>),
}

const OTHER: Next<'static> = Next::End(Inside::Other);

const fn unread(what: Unread) -> Next<'static> {
    Next::End(Inside::Unread(what))
}

/// The big-endian number at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

fn behind(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

impl Layer {
    /// Takes the header off; [`Layer::Ip`] and [`Layer::Udp`] are opened elsewhere.
    pub(super) fn open(self, bytes: &[u8]) -> Next<'_> {
        let next = match self {
            Self::Ethernet => {
                u16_at(bytes, 12).map(|kind| Next::Layer(Self::EtherType(kind), behind(bytes, 14)))
            }
            Self::EtherType(kind) => ether_type(kind, bytes),
            Self::Ppp => ppp(bytes),
            Self::Pppoe => pppoe(bytes),
            Self::Mpls => mpls(bytes),
            Self::Gre => gre(bytes),
            Self::Ip | Self::Udp { .. } => None,
        };
        next.unwrap_or(unread(Unread::Cut))
    }
}

/// None where the header is cut off, here and below.
fn ether_type(kind: u16, bytes: &[u8]) -> Option<Next<'_>> {
    Some(match kind {
        0x0800 | 0x86dd => Next::Layer(Layer::Ip, bytes),
        // VLAN tags, with the numbers that were used before the standard.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
            let tag = u16_at(bytes, 0)? & 0xfff;
            Next::Tagged(tag, Layer::EtherType(u16_at(bytes, 2)?), behind(bytes, 4))
        }
        0x8847 | 0x8848 => Next::Layer(Layer::Mpls, bytes),
        0x8864 => Next::Layer(Layer::Pppoe, bytes),
        0x880b => Next::Layer(Layer::Ppp, bytes),
        0x6558 => Next::Layer(Layer::Ethernet, bytes),
        // A length instead, then LLC: with a SNAP header an EtherType again, else spanning tree
        // and the like.
        0..0x600 => match bytes {
            [0xaa, 0xaa, 3, 0, 0, 0 | 0xf8, a, b, rest @ ..] => {
                Next::Layer(Layer::EtherType(u16::from_be_bytes([*a, *b])), rest)
            }
            [_, _, _, ..] => OTHER,
            _ => return None,
        },
        // MACsec: encrypted or changed as its flags say, else the EtherType behind its header.
        0x88e5 => match bytes.first()? {
            flags if flags & 0x0c != 0 => unread(Unread::EtherType(kind)),
            flags => {
                let length = if flags & 0x20 == 0 { 6 } else { 14 };
                let inner = Layer::EtherType(u16_at(bytes, length)?);
                Next::Layer(inner, behind(bytes, length + 2))
            }
        },
        // ARP, RARP, wake-on-LAN, PPPoE discovery, LACP, EAPOL, LLDP, PTP, loop tests, AoE: none
        // carries IP.
        0x0806 | 0x8035 | 0x0842 | 0x8863 | 0x8809 | 0x888e | 0x88cc | 0x88f7 | 0x9000 | 0x88a2 => {
            OTHER
        }
        _ => unread(Unread::EtherType(kind)),
    })
}

/// RFC 1661 and 1662: address and control may be left out, and so may the first byte of a protocol
/// below 256. In their place stands the direction in some captures, and what Cisco's HDLC has.
fn ppp(bytes: &[u8]) -> Option<Next<'_>> {
    let bytes = match bytes {
        [0x0f | 0x8f, _, a, b, rest @ ..] => {
            return Some(Next::Layer(Layer::EtherType(u16::from_be_bytes([*a, *b])), rest));
        }
        [0xff | 0 | 1, 3, rest @ ..] => rest,
        _ => bytes,
    };
    let (protocol, rest) = match bytes {
        [short, rest @ ..] if short % 2 == 1 => (u16::from(*short), rest),
        _ => (u16_at(bytes, 0)?, behind(bytes, 2)),
    };
    Some(match protocol {
        0x0021 | 0x0057 => Next::Layer(Layer::Ip, rest),
        0x0281 | 0x0283 => Next::Layer(Layer::Mpls, rest),
        // TCP with short headers; the protocols that set up and control a link.
        0x002d | 0x002f | 0x8000.. => OTHER,
        _ => unread(Unread::Ppp(protocol)),
    })
}

/// RFC 2516: version and type, code, session, length.
fn pppoe(bytes: &[u8]) -> Option<Next<'_>> {
    let session = u16_at(bytes, 2)?;
    Some(match bytes.get(1)? {
        0 => Next::Tagged(session, Layer::Ppp, behind(bytes, 6)),
        _ => OTHER,
    })
}

/// RFC 3032: one label, and when it is the last, what is behind it, which nothing says. IP begins
/// with its version; an Ethernet frame may have a control word of zeros before it (RFC 4448).
fn mpls(bytes: &[u8]) -> Option<Next<'_>> {
    let [_, _, third, _, rest @ ..] = bytes else { return None };
    if third & 1 == 0 {
        return Some(Next::Layer(Layer::Mpls, rest));
    }
    let is_frame = matches!(u16_at(rest, 12), Some(0x0800 | 0x86dd | 0x8100 | 0x88a8));
    Some(match rest.first()? >> 4 {
        4 | 6 => Next::Layer(Layer::Ip, rest),
        0 if !is_frame => Next::Layer(Layer::Ethernet, behind(rest, 4)),
        // A channel of the network's own (RFC 4385).
        1 if !is_frame => OTHER,
        _ => Next::Layer(Layer::Ethernet, rest),
    })
}

/// RFC 2784, 2890 and 2637, with the frames that switches mirror in it (ERSPAN).
fn gre(bytes: &[u8]) -> Option<Next<'_>> {
    let (flags, protocol) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
    let has = |flag: u16| flags & flag != 0;
    let is_numbered = has(0x1000);
    let fields = [has(0x8000), has(0x2000), is_numbered, flags & 7 == 1 && has(0x0080)];
    let rest = behind(bytes, 4 + 4 * fields.iter().filter(|is_there| **is_there).count());
    Some(match protocol {
        // With a list of routes before it.
        _ if has(0x4000) => unread(Unread::IpProtocol(IpNumber::GRE.0)),
        0x88be if is_numbered => Next::Layer(Layer::Ethernet, behind(rest, 8)),
        0x88be => Next::Layer(Layer::Ethernet, rest),
        0x22eb => {
            let has_more = rest.get(11)? & 1 == 1;
            Next::Layer(Layer::Ethernet, behind(rest, if has_more { 20 } else { 12 }))
        }
        _ => Next::Layer(Layer::EtherType(protocol), rest),
    })
}

/// What the payload of an IP packet is.
pub(super) fn ip_payload(protocol: IpNumber, bytes: &[u8], from: IpAddr, to: IpAddr) -> Next<'_> {
    match protocol.0 {
        17 => Next::Layer(Layer::Udp { from, to }, bytes),
        4 | 41 => Next::Layer(Layer::Ip, bytes),
        47 => Next::Layer(Layer::Gre, bytes),
        137 => Next::Layer(Layer::Mpls, bytes),
        // Encrypted, compressed, and tunnels that are hardly to be found.
        50 | 94 | 97 | 108 | 115 => unread(Unread::IpProtocol(protocol.0)),
        _ => OTHER,
    }
}

/// What is in a datagram to `port`, if that is a tunnel: VXLAN (RFC 7348; Linux had another port
/// first) or Geneve (RFC 8926). Neither begins as anything of collectd does.
pub(super) fn tunnel(port: u16, bytes: &[u8]) -> Option<Next<'_>> {
    match (port, bytes) {
        (4_789 | 8_472, [8, 0, 0, 0, _, a, b, 0, frame @ ..]) => {
            Some(Next::Tagged(u16::from_be_bytes([*a, *b]), Layer::Ethernet, frame))
        }
        (6_081, [options, flags, c, d, _, a, b, 0, rest @ ..])
            if *options < 0x40 && flags & 0x3f == 0 =>
        {
            let inner = Layer::EtherType(u16::from_be_bytes([*c, *d]));
            let rest = behind(rest, usize::from(*options) * 4);
            Some(Next::Tagged(u16::from_be_bytes([*a, *b]), inner, rest))
        }
        _ => None,
    }
}
