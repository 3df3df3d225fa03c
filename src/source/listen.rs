//! Addresses to listen on: address, port, interface, and the senders to accept.
//!
//! Opens no socket and resolves no names.

use super::interfaces::split_interface;
use crate::wire::SecurityLevel;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::str::FromStr;
use thiserror::Error;

/// collectd's registered port.
pub const PORT_DEFAULT: u16 = 25_826;
/// collectd's default IPv4 group (`NET_DEFAULT_V4_ADDR`).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 192, 74, 66);
/// collectd's default IPv6 group (`NET_DEFAULT_V6_ADDR`).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff18, 0, 0, 0, 0, 0, 0xefc0, 0x4a42);

/// One address to listen on: one of this machine's, a wildcard, or a group to join.
///
/// Written `ADDR[:PORT][%IFACE]`, an IPv6 address with a port in brackets, then options, each
/// after a comma: the security level (`none`, `sign` or `encrypt`), and `from=SOURCE`, as often as
/// there are sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenSpec {
    /// Where to bind.
    pub address: IpAddr,
    /// Zero takes a free one.
    pub port: u16,
    /// Only there: a name, or the kernel's number. A group without it is joined on every interface
    /// that is up.
    pub interface: Option<String>,
    /// Minimum security level here; as [`super::udp::UdpOptions::level`] says without.
    pub level: Option<SecurityLevel>,
    /// Only what these addresses send, of the same family; empty takes everything. An IPv4 group
    /// is joined source-specifically, so the network need not bring the rest at all.
    pub from: Vec<IpAddr>,
}

/// Sources that one [`ListenSpec`] may name: as many as Linux takes for one membership of an IPv4
/// group by default (`net.ipv4.igmp_max_msf`).
pub(super) const SOURCES_MAX: usize = 10;

/// Why a [`ListenSpec`] could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseListenError {
    /// Neither IPv4 nor IPv6.
    #[error(
        "{0:?} is not an IP address; write ADDR[:PORT][%IFACE], as in 0.0.0.0:25827, \
         [::1]:25827 or 239.192.74.66%eth0"
    )]
    Address(String),
    /// Not a number up to 65535.
    #[error("{0:?} is not a port; write a number from 0 (any free one) to 65535")]
    Port(String),
    /// Nothing behind `%`, or the port came last, or two interfaces.
    #[error("{0:?} is not an interface; write the name last, once, as in 239.192.74.66:25826%eth0")]
    Interface(String),
    /// Behind a comma, and nothing known.
    #[error(
        "{0:?} is no option of an address; write none, sign, encrypt or from=SOURCE, as in \
         239.192.74.66,encrypt,from=10.0.0.7"
    )]
    Option(String),
    /// A second security level.
    #[error("{0:?} is a second security level; write one of none, sign and encrypt")]
    Level(String),
    /// Behind `from=`, and not the address of one machine.
    #[error("{0:?} is not the address of a machine; write from=SOURCE with an IP address")]
    Source(String),
    /// An IPv4 source of an IPv6 address, or the other way round.
    #[error("{0} cannot send to {1}: one is IPv4, the other IPv6")]
    Family(IpAddr, IpAddr),
    /// More than `SOURCES_MAX`.
    #[error("at most {SOURCES_MAX} times from= behind one address; give the address twice")]
    Sources,
}

impl ListenSpec {
    /// An address and a port on any interface.
    pub const fn new(address: IpAddr, port: u16) -> Self {
        Self { address, port, interface: None, level: None, from: Vec::new() }
    }

    /// Both wildcards and both of collectd's groups.
    pub fn default_set() -> Vec<Self> {
        [
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            IpAddr::V4(GROUP_V4),
            IpAddr::V6(GROUP_V6),
        ]
        .map(|address| Self::new(address, PORT_DEFAULT))
        .into()
    }

    /// Whether it is a group to be joined.
    pub fn is_group(&self) -> bool {
        self.address.is_multicast()
    }

    /// Whether it only means something together with an interface (`fe80::`, `ff02::`).
    pub fn is_link_local(&self) -> bool {
        match self.address {
            IpAddr::V4(_) => false,
            IpAddr::V6(v6) => {
                // The scope of a group is the low half of its second byte: 1 interface, 2 link.
                let [high, low, ..] = v6.octets();
                v6.is_unicast_link_local() || (high == 0xff && matches!(low & 0xf, 1 | 2))
            }
        }
    }

    /// As the system wants it; `index` is the interface of a link-local address.
    pub fn socket_addr(&self, index: u32) -> SocketAddr {
        match self.address {
            IpAddr::V6(v6) if self.is_link_local() => {
                SocketAddrV6::new(v6, self.port, 0, index).into()
            }
            address => SocketAddr::new(address, self.port),
        }
    }

    /// Whether `sender` is accepted.
    pub fn accepts(&self, sender: IpAddr) -> bool {
        self.from.is_empty() || self.from.contains(&sender)
    }

    fn add_option(&mut self, option: &str) -> Result<(), ParseListenError> {
        let Some(source) = option.strip_prefix("from=") else {
            let level = option.parse().map_err(|_| ParseListenError::Option(option.into()))?;
            return match self.level.replace(level) {
                None => Ok(()),
                Some(_) => Err(ParseListenError::Level(option.into())),
            };
        };
        let refused = || ParseListenError::Source(source.into());
        let source: IpAddr = source.parse().map_err(|_| refused())?;
        if source.is_multicast() || source.is_unspecified() {
            return Err(refused());
        }
        if source.is_ipv4() != self.address.is_ipv4() {
            return Err(ParseListenError::Family(source, self.address));
        }
        if !self.from.contains(&source) {
            self.from.push(source);
        }
        if self.from.len() > SOURCES_MAX { Err(ParseListenError::Sources) } else { Ok(()) }
    }

    /// What arrives by it, in words.
    pub fn kind(&self) -> &'static str {
        match (self.is_group(), self.address.is_ipv4()) {
            (false, true) => "IPv4 unicast",
            (false, false) => "IPv6 unicast",
            (true, true) => "IPv4 multicast",
            (true, false) => "IPv6 multicast",
        }
    }
}

impl FromStr for ListenSpec {
    type Err = ParseListenError;

    fn from_str(text: &str) -> Result<Self, ParseListenError> {
        let mut pieces = text.split(',');
        let mut spec = parse_place(pieces.next().unwrap_or_default())?;
        for option in pieces {
            spec.add_option(option)?;
        }
        Ok(spec)
    }
}

/// All before the first comma.
fn parse_place(text: &str) -> Result<ListenSpec, ParseListenError> {
    let (address, port, interface) = match text.strip_prefix('[') {
        Some(rest) => split_bracketed(text, rest)?,
        None => split_plain(text),
    };
    let address = address.parse().map_err(|_| ParseListenError::Address(text.into()))?;
    let port = match port {
        None => PORT_DEFAULT,
        Some(port) if port.starts_with(|c: char| c.is_ascii_digit()) => {
            port.parse().map_err(|_| ParseListenError::Port(port.into()))?
        }
        Some(port) => return Err(ParseListenError::Port(port.into())),
    };
    match interface {
        Some(name) if name.is_empty() || name.contains([':', '%', '/', ' ']) => {
            Err(ParseListenError::Interface(name.into()))
        }
        _ => Ok(ListenSpec {
            interface: interface.map(Into::into),
            ..ListenSpec::new(address, port)
        }),
    }
}

type Pieces<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

/// `[ADDR]`, `[ADDR]:PORT`, `[ADDR]:PORT%IFACE`, `[ADDR%IFACE]:PORT`; `rest` lacks the bracket.
fn split_bracketed<'a>(text: &str, rest: &'a str) -> Result<Pieces<'a>, ParseListenError> {
    let wrong = || ParseListenError::Address(text.into());
    let (inside, behind) = rest.split_once(']').ok_or_else(wrong)?;
    let (address, inner) = split_interface(inside);
    let (port, outer) = split_interface(behind);
    let port = match port {
        "" => None,
        port => Some(port.strip_prefix(':').ok_or_else(wrong)?),
    };
    match (inner, outer) {
        (Some(_), Some(second)) => Err(ParseListenError::Interface(second.into())),
        (inner, outer) => Ok((address, port, inner.or(outer))),
    }
}

/// `V4`, `V4:PORT`, `V6` (no port: its colons are the address's own), each with `%IFACE`.
fn split_plain(text: &str) -> Pieces<'_> {
    let (front, interface) = split_interface(text);
    match front.split_once(':') {
        Some((address, port)) if !port.contains(':') => (address, Some(port), interface),
        _ => (front, None, interface),
    }
}

impl fmt::Display for ListenSpec {
    /// In the form [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", SocketAddr::new(self.address, self.port))?;
        if let Some(name) = &self.interface {
            write!(f, "%{name}")?;
        }
        if let Some(level) = self.level
            && level != SecurityLevel::None
        {
            write!(f, ",{level}")?;
        }
        self.from.iter().try_for_each(|source| write!(f, ",from={source}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, address: &str, port: u16, interface: Option<&str>) {
        let interface = interface.map(String::from);
        let wanted = ListenSpec { interface, ..ListenSpec::new(address.parse().unwrap(), port) };
        assert_eq!(text.parse(), Ok(wanted.clone()), "{text}");
        assert_eq!(wanted.to_string().parse(), Ok(wanted), "{text} written and read again");
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        check("0.0.0.0", "0.0.0.0", 25_826, None);
        check("127.0.0.1:0", "127.0.0.1", 0, None);
        check("239.192.74.66%eth0", "239.192.74.66", 25_826, Some("eth0"));
        check("239.192.74.66:1%br-lan.7", "239.192.74.66", 1, Some("br-lan.7"));
        check("::", "::", 25_826, None);
        check("[::1]", "::1", 25_826, None);
        check("[::1]:25827", "::1", 25_827, None);
        check("ff18::efc0:4a42%eth0", "ff18::efc0:4a42", 25_826, Some("eth0"));
        check("[ff18::1]:9%eth0", "ff18::1", 9, Some("eth0"));
        check("[fe80::1%eth0]:9", "fe80::1", 9, Some("eth0"));
        check("fe80::1%eth0", "fe80::1", 25_826, Some("eth0"));
        check("ff02::1%2", "ff02::1", 25_826, Some("2"));
    }

    #[test]
    fn options_follow_commas_in_any_number() {
        let spec: ListenSpec =
            "[ff3e::1]:9%eth0,from=2001:db8::1,from=2001:db8::2,from=2001:db8::1".parse().unwrap();
        let sources = ["2001:db8::1", "2001:db8::2"].map(|source| source.parse().unwrap());
        assert_eq!(spec.from, sources);
        assert!(spec.accepts(sources[1]) && !spec.accepts("2001:db8::3".parse().unwrap()));
        assert_eq!(spec.to_string().parse(), Ok(spec));
        let spec: ListenSpec = "0.0.0.0,from=10.0.0.7,sign".parse().unwrap();
        assert_eq!(spec.level, Some(SecurityLevel::Sign));
        assert_eq!(spec.to_string(), "0.0.0.0:25826,sign,from=10.0.0.7");
        assert_eq!("::,none".parse::<ListenSpec>().unwrap().level, Some(SecurityLevel::None));
        let all: ListenSpec = "0.0.0.0".parse().unwrap();
        assert!(all.accepts("10.0.0.7".parse().unwrap()));
    }

    #[test]
    fn what_is_no_option_is_refused_with_the_right_form() {
        for (text, phrase) in [
            ("0.0.0.0,", "\"\" is no option of an address; write none, sign, encrypt or from="),
            ("0.0.0.0,encrypted", "\"encrypted\" is no option of an address"),
            ("0.0.0.0,sign,none", "\"none\" is a second security level"),
            ("0.0.0.0,to=10.0.0.7", "\"to=10.0.0.7\" is no option"),
            ("0.0.0.0,from=", "\"\" is not the address of a machine"),
            ("0.0.0.0,from=web-1", "\"web-1\" is not the address of a machine"),
            ("0.0.0.0,from=239.1.2.3", "\"239.1.2.3\" is not the address of a machine"),
            ("::,from=::", "\"::\" is not the address of a machine"),
            ("::,from=10.0.0.7", "10.0.0.7 cannot send to ::: one is IPv4, the other IPv6"),
        ] {
            let message = text.parse::<ListenSpec>().unwrap_err().to_string();
            assert!(message.contains(phrase), "{text}: {message}");
        }
        let many: String = (0..=SOURCES_MAX).map(|at| format!(",from=10.0.0.{at}")).collect();
        assert_eq!(format!("0.0.0.0{many}").parse::<ListenSpec>(), Err(ParseListenError::Sources));
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in ["", "localhost", ":25827", "1.2.3", "[::1", "[::1]25827", "1.2.3.4.5:1"] {
            let message = text.parse::<ListenSpec>().unwrap_err().to_string();
            assert!(
                message.contains("is not an IP address; write ADDR[:PORT][%IFACE]"),
                "{message}"
            );
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in ["1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1", "[::1]:x"] {
            let refused = text.parse::<ListenSpec>();
            assert!(matches!(refused, Err(ParseListenError::Port(_))), "{text}: {refused:?}");
        }
    }

    #[test]
    fn what_is_no_interface_is_refused() {
        for text in ["1.2.3.4%", "1.2.3.4%eth0:25826", "[::1%a]:1%b", "1.2.3.4%a%b", "::1%a/b"] {
            let refused = text.parse::<ListenSpec>();
            assert!(matches!(refused, Err(ParseListenError::Interface(_))), "{text}: {refused:?}");
        }
    }
}
