//! From a frame to the UDP datagram inside: link layer, tags, labels, tunnels, IP, fragments.
//!
//! Layers are taken off one after another, each by its own few bytes; what cannot be looked into
//! is [`Unread`], not passed off as something else.

use super::inside::{Fragment, FragmentOf, Inside, Udp};
use super::layers::{self, Layer, Next};
use super::unread::Unread;
use etherparse::{
    IpFragOffset, IpNumber, Ipv6FragmentHeader, LaxIpPayloadSlice, LaxNetSlice, LaxSlicedPacket,
    UdpSlice,
};
use std::net::{IpAddr, SocketAddr};

/// How IP is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    RawIp,
    /// 16 bytes, the last two an EtherType.
    LinuxCooked,
    /// 20 bytes, the first two an EtherType, from the fifth on the number of the interface.
    LinuxCooked2,
    /// Four bytes of address family, which the IP version makes superfluous.
    Loopback,
    /// With or without its first two bytes; also Cisco's HDLC, which begins otherwise.
    Ppp,
    /// One byte of direction before it.
    PppWithDirection,
    Pppoe,
    Mpls,
}

impl Link {
    /// Numbers: <https://www.tcpdump.org/linktypes.html>.
    pub(super) fn from_type(link_type: u32) -> Option<Self> {
        match link_type {
            0 | 108 => Some(Self::Loopback),
            1 => Some(Self::Ethernet),
            9 | 50 | 104 | 166 => Some(Self::Ppp),
            12 | 14 | 101 | 228 | 229 => Some(Self::RawIp),
            51 => Some(Self::Pppoe),
            113 => Some(Self::LinuxCooked),
            204 => Some(Self::PppWithDirection),
            219 => Some(Self::Mpls),
            276 => Some(Self::LinuxCooked2),
            _ => None,
        }
    }

    /// Looks into a frame of `interface`.
    pub(super) fn open(self, frame: &[u8], interface: u32) -> Inside<'_> {
        let behind = |count: usize| frame.get(count..).unwrap_or_default();
        let (layer, rest, interface) = match self {
            Self::Ethernet => (Layer::Ethernet, frame, interface),
            Self::RawIp => (Layer::Ip, frame, interface),
            Self::Loopback => (Layer::Ip, behind(4), interface),
            Self::Ppp => (Layer::Ppp, frame, interface),
            Self::PppWithDirection => (Layer::Ppp, behind(1), interface),
            Self::Pppoe => (Layer::Pppoe, frame, interface),
            Self::Mpls => (Layer::Mpls, frame, interface),
            Self::LinuxCooked => match layers::u16_at(frame, 14) {
                Some(ether_type) => (Layer::EtherType(ether_type), behind(16), interface),
                None => return Inside::Unread(Unread::Cut),
            },
            Self::LinuxCooked2 => match (layers::u16_at(frame, 0), frame.get(4..).unwrap_or(&[])) {
                (Some(ether_type), [a, b, c, d, ..]) => {
                    let interface = u32::from_be_bytes([*a, *b, *c, *d]);
                    (Layer::EtherType(ether_type), behind(20), interface)
                }
                _ => return Inside::Unread(Unread::Cut),
            },
        };
        walk(layer, rest, interface)
    }
}

/// The UDP packet of `fragment` once it is whole: a datagram, or a tunnel with one in it.
pub(super) fn reassembled<'a>(of: &FragmentOf, whole: &'a [u8]) -> Inside<'a> {
    walk(Layer::Udp { from: of.from, to: of.to }, whole, of.interface)
}

/// Takes off layer after layer. It ends, since there are fewer bytes with each but the last.
fn walk(mut layer: Layer, mut bytes: &[u8], interface: u32) -> Inside<'_> {
    let mut path = 0;
    loop {
        let next = match layer {
            Layer::Ip => ip(bytes, path, interface),
            Layer::Udp { from, to } => udp(from, to, bytes),
            _ => layer.open(bytes),
        };
        match next {
            Next::Layer(inner, rest) => (layer, bytes) = (inner, rest),
            // One more, so that a tag of zero is not none.
            Next::Tagged(tag, inner, rest) => {
                path = path << 13 | (u64::from(tag) + 1);
                (layer, bytes) = (inner, rest);
            }
            Next::End(inside) => return inside,
        }
    }
}

fn ip(bytes: &[u8], path: u64, interface: u32) -> Next<'_> {
    // Lax: a packet captured in part still shows the headers before the cut.
    let packet = LaxSlicedPacket::from_ip(bytes).ok();
    let Some(Ip { from, to, payload, part }) =
        packet.as_ref().and_then(|packet| packet.net.as_ref()).and_then(Ip::read)
    else {
        return Next::End(Inside::Unread(Unread::Cut));
    };
    match part {
        None => layers::ip_payload(payload.ip_number, payload.payload, from, to),
        Some((id, offset, more)) if payload.ip_number == IpNumber::UDP => {
            let of = FragmentOf { from, to, id, path, interface };
            let (bytes, is_cut) = (payload.payload, payload.incomplete);
            Next::End(Inside::Fragment(Fragment { of, offset, more, bytes, is_cut }))
        }
        Some(_) => Next::End(match layers::ip_payload(payload.ip_number, &[], from, to) {
            Next::End(Inside::Other) => Inside::Other,
            _ => Inside::Unread(Unread::TunnelFragment),
        }),
    }
}

/// What `bytes`, the payload of IP packets, are.
fn udp(from: IpAddr, to: IpAddr, bytes: &[u8]) -> Next<'_> {
    let Ok(udp) = UdpSlice::from_slice_lax(bytes) else {
        return Next::End(Inside::Unread(Unread::Cut));
    };
    let udp = Udp {
        from: SocketAddr::new(from, udp.source_port()),
        to: SocketAddr::new(to, udp.destination_port()),
        bytes: udp.payload(),
        is_cut: usize::from(udp.length()) > bytes.len(),
    };
    layers::tunnel(udp.to.port(), udp.bytes).unwrap_or(Next::End(Inside::Udp(udp)))
}

/// What we need of an IP packet.
struct Ip<'s, 'a> {
    from: IpAddr,
    to: IpAddr,
    payload: &'s LaxIpPayloadSlice<'a>,
    /// Of a fragment: identification, offset, whether more follow.
    part: Option<(u32, IpFragOffset, bool)>,
}

impl<'s, 'a> Ip<'s, 'a> {
    fn read(net: &'s LaxNetSlice<'a>) -> Option<Self> {
        match net {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                let part = (
                    header.identification().into(),
                    header.fragments_offset(),
                    header.more_fragments(),
                );
                Some(Self {
                    from: header.source_addr().into(),
                    to: header.destination_addr().into(),
                    payload: ip.payload(),
                    part: header.is_fragmenting_payload().then_some(part),
                })
            }
            LaxNetSlice::Ipv6(ip) => {
                let extensions = ip.extensions();
                let part = fragment_header(extensions.first_header(), extensions.slice());
                Some(Self {
                    from: ip.header().source_addr().into(),
                    to: ip.header().destination_addr().into(),
                    payload: ip.payload(),
                    part,
                })
            }
            LaxNetSlice::Arp(_) => None,
        }
    }
}

/// Identification, offset and whether more follow, of the fragment header among the IPv6 extension
/// headers `bytes`, of which `first` is the first.
///
/// Walked here: the iterator of etherparse 0.21 reads past the end where a lax packet's extension
/// headers were cut.
fn fragment_header(first: Option<IpNumber>, mut bytes: &[u8]) -> Option<(u32, IpFragOffset, bool)> {
    let mut header = first?;
    loop {
        let &[next, length, ..] = bytes else { return None };
        let length = match header {
            IpNumber::IPV6_FRAGMENTATION_HEADER => {
                let (header, _) = Ipv6FragmentHeader::from_slice(bytes).ok()?;
                let part = (header.identification, header.fragment_offset, header.more_fragments);
                return header.is_fragmenting_payload().then_some(part);
            }
            // RFC 4302: in units of four bytes, less two.
            IpNumber::AUTHENTICATION_HEADER => (usize::from(length) + 2) * 4,
            // RFC 8200: in units of eight bytes, less one.
            _ => (usize::from(length) + 1) * 8,
        };
        header = IpNumber(next);
        bytes = bytes.get(length..)?;
    }
}
