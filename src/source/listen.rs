//! What to listen to, and what came of it: [`ListenSpec`] in, [`ListenReport`] out.
//!
//! A report is for people: its `Display` says in a sentence or two what works, what does not, and
//! what to do. Opens no socket.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::str::FromStr;

/// collectd's registered port.
pub const PORT_DEFAULT: u16 = 25_826;
/// collectd's default IPv4 group (`NET_DEFAULT_V4_ADDR`).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 192, 74, 66);
/// collectd's default IPv6 group (`NET_DEFAULT_V6_ADDR`).
pub const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff18, 0, 0, 0, 0, 0, 0xefc0, 0x4a42);

/// One address to listen on: one of this machine's, a wildcard, or a group to join.
///
/// Written `ADDR[:PORT][%IFACE]`, an IPv6 address with a port in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenSpec {
    /// Where to bind.
    pub address: IpAddr,
    /// Zero takes a free one.
    pub port: u16,
    /// Only there. A group without it is joined on every interface that is up.
    pub interface: Option<String>,
}

/// Why a [`ListenSpec`] could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
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
}

/// What came of one [`ListenSpec`].
#[derive(Clone, Debug)]
pub struct ListenReport {
    /// What was to be done.
    pub asked: ListenSpec,
    /// Where it listens, with the actual port; `None` when it could not.
    pub bound: Option<SocketAddr>,
    /// Interfaces the group was joined on.
    pub joined: Vec<String>,
    /// Interfaces where joining failed, and why.
    pub not_joined: Vec<(String, String)>,
    /// Why nothing arrives here.
    pub trouble: Option<Trouble>,
    /// What arrives all the same by the other sockets: "IPv4 multicast".
    pub still: Vec<&'static str>,
    /// Kernel receive buffer asked for.
    pub buffer_wanted_bytes: usize,
    /// Kernel receive buffer granted, without the share Linux adds for its own bookkeeping.
    pub buffer_bytes: usize,
}

/// Why nothing arrives on a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Another program listens there.
    Taken {
        /// "collectd (pid 17)", where it can be told.
        holder: Option<String>,
    },
    /// There is no such interface.
    NoInterface {
        /// The interfaces there are.
        known: Vec<String>,
    },
    /// The family is switched off or not built in.
    NoIpv6,
    /// The address is none of this machine's.
    NotOurs,
    /// A port below 1024 without the right to it.
    Privileged,
    /// A link-local address means something only together with an interface.
    NeedsInterface,
    /// No interface that is up takes multicast.
    NowhereToJoin,
    /// Anything else the system said.
    Other(String),
}

/// How much of a [`ListenSpec`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenState {
    /// All.
    Listening,
    /// Some interfaces, or with a smaller receive buffer than asked for.
    Partly,
    /// Nothing.
    Failed,
}

impl ListenSpec {
    /// An address and a port on any interface.
    pub const fn new(address: IpAddr, port: u16) -> Self {
        Self {
            address,
            port,
            interface: None,
        }
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
        let (address, port, interface) = match text.strip_prefix('[') {
            Some(rest) => split_bracketed(text, rest)?,
            None => split_plain(text),
        };
        let address = address
            .parse()
            .map_err(|_| ParseListenError::Address(text.into()))?;
        let port = match port {
            None => PORT_DEFAULT,
            Some(port) if port.starts_with(|c: char| c.is_ascii_digit()) => port
                .parse()
                .map_err(|_| ParseListenError::Port(port.into()))?,
            Some(port) => return Err(ParseListenError::Port(port.into())),
        };
        match interface {
            Some(name) if name.is_empty() || name.contains([':', '%', '/', ' ']) => {
                Err(ParseListenError::Interface(name.into()))
            }
            _ => Ok(Self {
                address,
                port,
                interface: interface.map(Into::into),
            }),
        }
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

fn split_interface(text: &str) -> (&str, Option<&str>) {
    match text.split_once('%') {
        Some((front, interface)) => (front, Some(interface)),
        None => (text, None),
    }
}

impl fmt::Display for ListenSpec {
    /// In the form [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", SocketAddr::new(self.address, self.port))?;
        match &self.interface {
            Some(name) => write!(f, "%{name}"),
            None => Ok(()),
        }
    }
}

impl ListenReport {
    /// How much works.
    pub fn state(&self) -> ListenState {
        if self.trouble.is_some() {
            ListenState::Failed
        } else if !self.not_joined.is_empty() || self.is_buffer_small() {
            ListenState::Partly
        } else {
            ListenState::Listening
        }
    }

    /// Whether the kernel granted less than asked for.
    pub fn is_buffer_small(&self) -> bool {
        self.trouble.is_none() && self.buffer_bytes < self.buffer_wanted_bytes
    }

    /// `udp 0.0.0.0:25826`, with the actual port and the interface asked for.
    pub fn place(&self) -> String {
        let port = self.bound.map_or(self.asked.port, |bound| bound.port());
        format!(
            "udp {}",
            ListenSpec {
                port,
                ..self.asked.clone()
            }
        )
    }

    fn write_trouble(&self, f: &mut fmt::Formatter<'_>, trouble: &Trouble) -> fmt::Result {
        match trouble {
            Trouble::Taken { holder } => {
                let who = holder.as_deref().unwrap_or(
                    "another program (probably collectd itself or another collectoscope)",
                );
                write!(f, "{} is taken by {who}", self.place())
            }
            other => {
                write!(f, "cannot listen on {}: ", self.place())?;
                match other {
                    Trouble::NoInterface { .. } => f.write_str("there is no such interface"),
                    Trouble::NoIpv6 => f.write_str("this machine has no IPv6"),
                    Trouble::NotOurs => f.write_str("the address is none of this machine's"),
                    Trouble::Privileged => f.write_str("ports below 1024 need privileges"),
                    Trouble::NeedsInterface => {
                        f.write_str("a link-local address needs an interface")
                    }
                    Trouble::NowhereToJoin => {
                        f.write_str("no interface that is up takes multicast")
                    }
                    Trouble::Other(why) => f.write_str(why),
                    Trouble::Taken { .. } => Ok(()),
                }
            }
        }
    }

    /// What the user can do, or nothing when nothing needs doing.
    fn next_step(&self, trouble: &Trouble) -> Option<String> {
        let asked = &self.asked;
        Some(match trouble {
            Trouble::Taken { .. } if asked.is_group() => {
                "stop that program, or listen to another group or port".into()
            }
            Trouble::Taken { .. } => {
                let port = asked.port.checked_add(1).unwrap_or(PORT_DEFAULT + 1);
                let (listen, server) = match asked.address {
                    IpAddr::V4(_) => (format!("127.0.0.1:{port}"), "127.0.0.1"),
                    IpAddr::V6(_) => (format!("[::1]:{port}"), "::1"),
                };
                format!(
                    "for unicast start with --listen {listen} and add `Server \"{server}\" \
                     \"{port}\"` to collectd.conf"
                )
            }
            Trouble::NoInterface { known } if known.is_empty() => "no interface was found".into(),
            Trouble::NoInterface { known } => format!("interfaces here: {}", known.join(", ")),
            Trouble::NotOurs => format!(
                "use one of its own, or {} for all of them",
                if asked.address.is_ipv4() {
                    "0.0.0.0"
                } else {
                    "[::]"
                }
            ),
            Trouble::Privileged => format!("use a port above 1023, such as {PORT_DEFAULT}"),
            Trouble::NeedsInterface => format!("add it at the end, as in {asked}%eth0"),
            Trouble::NowhereToJoin => "bring one up, or let collectd send by unicast".into(),
            Trouble::NoIpv6 | Trouble::Other(_) => return None,
        })
    }
}

impl fmt::Display for ListenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(trouble) = &self.trouble {
            self.write_trouble(f, trouble)?;
            match self.still.split_last() {
                None => f.write_str("; nothing is listened to")?,
                Some((only, [])) => write!(f, "; {only} is still received")?,
                Some((last, rest)) => {
                    write!(f, "; {} and {last} are still received", rest.join(", "))?;
                }
            }
            return match self.next_step(trouble) {
                Some(step) => write!(f, "; {step}"),
                None => Ok(()),
            };
        }
        write!(f, "listening on {}", self.place())?;
        if self.asked.is_group() {
            write!(f, ", joined on {}", self.joined.join(", "))?;
        }
        for (name, why) in &self.not_joined {
            write!(f, "; not joined on {name}: {why}")?;
        }
        if self.is_buffer_small() {
            write!(
                f,
                "; receive buffer {} of {} granted, for more: sysctl -w net.core.rmem_max={}",
                kibibytes(self.buffer_bytes),
                kibibytes(self.buffer_wanted_bytes),
                self.buffer_wanted_bytes
            )?;
        }
        Ok(())
    }
}

fn kibibytes(bytes: usize) -> String {
    if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{} KiB", bytes >> 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, address: &str, port: u16, interface: Option<&str>) {
        let interface = interface.map(String::from);
        let wanted = ListenSpec {
            address: address.parse().unwrap(),
            port,
            interface,
        };
        assert_eq!(text.parse(), Ok(wanted.clone()), "{text}");
        assert_eq!(
            wanted.to_string().parse(),
            Ok(wanted),
            "{text} written and read again"
        );
    }

    #[test]
    fn every_form_of_an_address_is_read() {
        check("0.0.0.0", "0.0.0.0", 25_826, None);
        check("127.0.0.1:0", "127.0.0.1", 0, None);
        check("239.192.74.66%eth0", "239.192.74.66", 25_826, Some("eth0"));
        check(
            "239.192.74.66:1%br-lan.7",
            "239.192.74.66",
            1,
            Some("br-lan.7"),
        );
        check("::", "::", 25_826, None);
        check("[::1]", "::1", 25_826, None);
        check("[::1]:25827", "::1", 25_827, None);
        check(
            "ff18::efc0:4a42%eth0",
            "ff18::efc0:4a42",
            25_826,
            Some("eth0"),
        );
        check("[ff18::1]:9%eth0", "ff18::1", 9, Some("eth0"));
        check("[fe80::1%eth0]:9", "fe80::1", 9, Some("eth0"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        for text in [
            "",
            "localhost",
            ":25827",
            "1.2.3",
            "[::1",
            "[::1]25827",
            "1.2.3.4.5:1",
        ] {
            let told = text.parse::<ListenSpec>().unwrap_err().to_string();
            assert!(
                told.contains("is not an IP address; write ADDR[:PORT][%IFACE]"),
                "{told}"
            );
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in [
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:-1",
            "1.2.3.4:+1",
            "[::1]:x",
        ] {
            let refused = text.parse::<ListenSpec>();
            assert!(
                matches!(refused, Err(ParseListenError::Port(_))),
                "{text}: {refused:?}"
            );
        }
    }

    #[test]
    fn what_is_no_interface_is_refused() {
        for text in [
            "1.2.3.4%",
            "1.2.3.4%eth0:25826",
            "[::1%a]:1%b",
            "1.2.3.4%a%b",
            "::1%a/b",
        ] {
            let refused = text.parse::<ListenSpec>();
            assert!(
                matches!(refused, Err(ParseListenError::Interface(_))),
                "{text}: {refused:?}"
            );
        }
    }

    fn report(listen: &str, trouble: Option<Trouble>) -> ListenReport {
        ListenReport {
            asked: listen.parse().unwrap(),
            bound: None,
            joined: vec!["lo".into(), "eth0".into()],
            not_joined: Vec::new(),
            trouble,
            still: vec!["IPv4 unicast", "IPv6 unicast", "IPv4 multicast"],
            buffer_wanted_bytes: 8 << 20,
            buffer_bytes: 8 << 20,
        }
    }

    #[track_caller]
    fn says(listen: &str, trouble: Trouble, start: &str, end: &str) {
        let told = report(listen, Some(trouble)).to_string();
        assert!(told.starts_with(start), "{told}");
        let middle = "; IPv4 unicast, IPv6 unicast and IPv4 multicast are still received";
        assert!(told.ends_with(&format!("{middle}{end}")), "{told}");
    }

    #[test]
    fn each_trouble_is_said_with_what_still_works_and_what_to_do() {
        let taken = |holder: Option<&str>| Trouble::Taken {
            holder: holder.map(String::from),
        };
        says(
            "0.0.0.0",
            taken(None),
            "udp 0.0.0.0:25826 is taken by another program (probably collectd itself",
            "; for unicast start with --listen 127.0.0.1:25827 and add \
             `Server \"127.0.0.1\" \"25827\"` to collectd.conf",
        );
        says(
            "::",
            taken(Some("collectd (pid 17)")),
            "udp [::]:25826 is taken by collectd (pid 17)",
            "; for unicast start with --listen [::1]:25827 and add `Server \"::1\" \"25827\"` to \
             collectd.conf",
        );
        says(
            "239.192.74.66",
            taken(None),
            "udp 239.192.74.66:25826 is taken by",
            "; stop that program, or listen to another group or port",
        );
        says(
            "127.0.0.1:80",
            Trouble::Privileged,
            "cannot listen on udp 127.0.0.1:80: ports below 1024 need privileges",
            "; use a port above 1023, such as 25826",
        );
        says(
            "::",
            Trouble::NoIpv6,
            "cannot listen on udp [::]:25826: this machine has no IPv6",
            "",
        );
        says(
            "239.192.74.66",
            Trouble::NowhereToJoin,
            "cannot listen on udp 239.192.74.66:25826: no interface that is up takes multicast",
            "; bring one up, or let collectd send by unicast",
        );
        says(
            "0.0.0.0%eth9",
            Trouble::NoInterface {
                known: vec!["lo".into(), "eth0".into()],
            },
            "cannot listen on udp 0.0.0.0:25826%eth9: there is no such interface",
            "; interfaces here: lo, eth0",
        );
    }

    #[test]
    fn what_works_is_said_shortly_and_what_works_partly_with_the_reason() {
        let mut report = report("239.192.74.66", None);
        assert_eq!(report.state(), ListenState::Listening);
        assert_eq!(
            report.to_string(),
            "listening on udp 239.192.74.66:25826, joined on lo, eth0"
        );
        report.not_joined = vec![("wlan0".into(), "no such device".into())];
        report.buffer_bytes = 212_992;
        assert_eq!(report.state(), ListenState::Partly);
        assert_eq!(
            report.to_string(),
            "listening on udp 239.192.74.66:25826, joined on lo, eth0; not joined on wlan0: no \
             such device; receive buffer 208 KiB of 8 MiB granted, for more: \
             sysctl -w net.core.rmem_max=8388608"
        );
    }
}
