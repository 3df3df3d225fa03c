//! Packets that may hold a datagram and cannot be looked into, by what they are.

use std::fmt;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unread {
    /// Of an interface of this link type (`LINKTYPE_*` of tcpdump.org).
    LinkType(u32),
    /// An Ethernet frame of this EtherType.
    EtherType(u16),
    /// PPP with this protocol in it.
    Ppp(u16),
    /// IP with this protocol in it.
    IpProtocol(u8),
    /// A fragment of a tunnel.
    TunnelFragment,
    /// Its headers are not all there, or are damaged.
    Cut,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, name) = match *self {
            Self::LinkType(number) => (format!("link type {number}"), link_type(number)),
            Self::EtherType(number) => {
                let name = match number {
                    0x88e5 => "MACsec, encrypted",
                    0x8903 => "FabricPath",
                    0x893f => "802.1BR",
                    0x894f => "network service header",
                    _ => "",
                };
                (format!("EtherType 0x{number:04x}"), name)
            }
            Self::Ppp(number) => {
                let name = match number {
                    0x003d => "multilink",
                    0x0053 | 0x0055 => "encrypted",
                    0x00fb | 0x00fd => "compressed",
                    _ => "",
                };
                (format!("PPP protocol 0x{number:04x}"), name)
            }
            Self::IpProtocol(number) => {
                let name = match number {
                    47 => "GRE with routes",
                    50 => "IPsec, encrypted",
                    108 => "compressed",
                    115 => "L2TP",
                    _ => "a tunnel",
                };
                (format!("IP protocol {number}"), name)
            }
            Self::TunnelFragment => ("fragments of a tunnel".to_owned(), ""),
            Self::Cut => ("headers cut off or damaged".to_owned(), ""),
        };
        f.write_str(&what)?;
        if name.is_empty() { Ok(()) } else { write!(f, " ({name})") }
    }
}

/// Those that are likely, from <https://www.tcpdump.org/linktypes.html>.
const fn link_type(number: u32) -> &'static str {
    match number {
        6 => "token ring",
        10 => "FDDI",
        105 | 119 | 127 | 163 | 192 => "Wi-Fi",
        107 => "frame relay",
        117 => "log of the pf firewall",
        187 | 201 => "Bluetooth",
        189 | 220 | 249 => "USB",
        239 => "log of the Linux firewall",
        253 => "netlink",
        _ => "",
    }
}
