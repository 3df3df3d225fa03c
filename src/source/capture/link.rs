//! From a frame to the UDP datagram inside: link layer, VLAN tags, IP, fragments.

use etherparse::{
    EtherType, IpFragOffset, IpNumber, Ipv6ExtensionSlice, LaxIpPayloadSlice, LaxNetSlice,
    LaxSlicedPacket, UdpSlice,
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
}

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inside<'a> {
    /// A datagram.
    Udp(Udp<'a>),
    /// A part of one.
    Fragment(Fragment<'a>),
    /// Anything else.
    Other,
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
    /// The same packet is captured twice where a VLAN and the interface below it are.
    pub(super) vlans: u64,
    pub(super) interface: u32,
}

impl Link {
    /// Numbers: <https://www.tcpdump.org/linktypes.html>.
    pub(super) fn from_type(link_type: u32) -> Option<Self> {
        match link_type {
            0 | 108 => Some(Self::Loopback),
            1 => Some(Self::Ethernet),
            12 | 14 | 101 | 228 | 229 => Some(Self::RawIp),
            113 => Some(Self::LinuxCooked),
            276 => Some(Self::LinuxCooked2),
            _ => None,
        }
    }

    /// Looks into a frame of `interface`.
    pub(super) fn open(self, frame: &[u8], interface: u32) -> Inside<'_> {
        // Lax: a frame captured in part still shows the parts before the cut.
        let (packet, interface) = match self {
            Self::Ethernet => (LaxSlicedPacket::from_ethernet(frame).ok(), interface),
            Self::RawIp => (LaxSlicedPacket::from_ip(frame).ok(), interface),
            Self::Loopback => {
                (frame.get(4..).and_then(|ip| LaxSlicedPacket::from_ip(ip).ok()), interface)
            }
            Self::LinuxCooked => (cooked(frame.get(14..16), frame.get(16..)), interface),
            Self::LinuxCooked2 => {
                let number = frame.get(4..8).and_then(|bytes| bytes.try_into().ok());
                let number = number.map_or(interface, u32::from_be_bytes);
                (cooked(frame.get(..2), frame.get(20..)), number)
            }
        };
        packet.map_or(Inside::Other, |packet| inside(&packet, interface))
    }
}

fn cooked<'a>(ether_type: Option<&[u8]>, behind: Option<&'a [u8]>) -> Option<LaxSlicedPacket<'a>> {
    let ether_type = EtherType(u16::from_be_bytes(ether_type?.try_into().ok()?));
    Some(LaxSlicedPacket::from_ether_type(ether_type, behind?))
}

fn inside<'a>(packet: &LaxSlicedPacket<'a>, interface: u32) -> Inside<'a> {
    let Some(Ip { from, to, payload, part }) = packet.net.as_ref().and_then(Ip::read) else {
        return Inside::Other;
    };
    if payload.ip_number != IpNumber::UDP {
        return Inside::Other;
    }
    match part {
        Some((id, offset, more)) => {
            let vlans = packet.vlan_ids().iter().fold(0, |all, vlan| {
                // One more, so that a tag of zero is not none.
                all << 13 | (u64::from(vlan.value()) + 1)
            });
            let of = FragmentOf { from, to, id, vlans, interface };
            let (bytes, is_cut) = (payload.payload, payload.incomplete);
            Inside::Fragment(Fragment { of, offset, more, bytes, is_cut })
        }
        None => datagram(from, to, payload.payload).map_or(Inside::Other, Inside::Udp),
    }
}

/// The datagram that `bytes`, the payload of IP packets, are.
pub(super) fn datagram(from: IpAddr, to: IpAddr, bytes: &[u8]) -> Option<Udp<'_>> {
    let udp = UdpSlice::from_slice_lax(bytes).ok()?;
    Some(Udp {
        from: SocketAddr::new(from, udp.source_port()),
        to: SocketAddr::new(to, udp.destination_port()),
        bytes: udp.payload(),
        is_cut: usize::from(udp.length()) > bytes.len(),
    })
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
                let part = ip.extensions().clone().into_iter().find_map(|one| match one {
                    Ipv6ExtensionSlice::Fragment(one) if one.is_fragmenting_payload() => {
                        Some((one.identification(), one.fragment_offset(), one.more_fragments()))
                    }
                    _ => None,
                });
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
