//! Destinations: a name or an address, a port, perhaps an interface.
//!
//! Written `HOST[:PORT][%IFACE]`, an IPv6 address with a port in brackets. Opens no socket.

use crate::source::interfaces::split_interface;
use crate::source::udp::PORT_DEFAULT;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;
use thiserror::Error;

/// A destination to send to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// A host name, or an address of one machine or of a multicast group.
    pub host: String,
    /// UDP port, never zero.
    pub port: u16,
    /// Interface to send through; none leaves the choice to the system.
    pub interface: Option<String>,
}

/// Reason why a text is not a [`Destination`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseDestinationError {
    /// Empty, blanks, brackets that do not match.
    #[error(
        "{0:?} is not a destination; write HOST[:PORT][%IFACE], as in stats.example.net, \
         [2001:db8::1]:25826 or 239.192.74.66%eth0"
    )]
    Host(String),
    /// Not a number from 1 to 65535.
    #[error("{0:?} is not a port; write a number from 1 to 65535")]
    Port(String),
    /// Nothing behind `%`, or two interfaces.
    #[error("{0:?} is not an interface; write its name last, as in 239.192.74.66:25826%eth0")]
    Interface(String),
}

impl Destination {
    /// Its addresses, best first: one for an address, several for some names.
    pub(super) fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, self.port)]);
        }
        (self.host.as_str(), self.port).to_socket_addrs().map(Iterator::collect)
    }
}

impl FromStr for Destination {
    type Err = ParseDestinationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseDestinationError::Host(text.into());
        let (host, port, interface) = match text.strip_prefix('[') {
            Some(rest) => {
                let (inside, behind) = rest.split_once(']').ok_or_else(wrong)?;
                let (host, inner) = split_interface(inside);
                let (port, outer) = split_interface(behind);
                let port = match port {
                    "" => None,
                    port => Some(port.strip_prefix(':').ok_or_else(wrong)?),
                };
                if let (Some(_), Some(second)) = (inner, outer) {
                    return Err(ParseDestinationError::Interface(second.into()));
                }
                (host, port, inner.or(outer))
            }
            None => {
                let (front, interface) = split_interface(text);
                // More colons than one are an IPv6 address's own.
                match front.split_once(':') {
                    Some((host, port)) if !port.contains(':') => (host, Some(port), interface),
                    _ => (front, None, interface),
                }
            }
        };
        let is_address = host.parse::<IpAddr>().is_ok();
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || "[]/:%@,".contains(c);
        if host.is_empty() || (!is_address && host.contains(is_odd)) {
            return Err(wrong());
        }
        let port = match port {
            None => PORT_DEFAULT,
            Some(port) => match port.parse() {
                Ok(number) if number > 0 && !port.starts_with('+') => number,
                _ => return Err(ParseDestinationError::Port(port.into())),
            },
        };
        match interface {
            Some(name) if name.is_empty() || name.contains(is_odd) => {
                Err(ParseDestinationError::Interface(name.into()))
            }
            _ => Ok(Self { host: host.into(), port, interface: interface.map(Into::into) }),
        }
    }
}

impl From<SocketAddr> for Destination {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port(), interface: None }
    }
}

impl fmt::Display for Destination {
    /// In the form [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port)?,
            false => write!(f, "{}:{}", self.host, self.port)?,
        }
        match &self.interface {
            Some(name) => write!(f, "%{name}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, host: &str, port: u16, interface: Option<&str>) {
        let interface = interface.map(String::from);
        let wanted = Destination { host: host.into(), port, interface };
        assert_eq!(text.parse(), Ok(wanted.clone()), "{text}");
        assert_eq!(wanted.to_string().parse(), Ok(wanted), "{text} written and read again");
    }

    #[test]
    fn names_and_addresses_have_a_port_and_an_interface_if_they_want() {
        check("stats", "stats", 25_826, None);
        check("stats.example.net:9", "stats.example.net", 9, None);
        check("10.0.0.1", "10.0.0.1", 25_826, None);
        check("10.0.0.1:25827%br-lan.7", "10.0.0.1", 25_827, Some("br-lan.7"));
        check("239.192.74.66%eth0", "239.192.74.66", 25_826, Some("eth0"));
        check("::1", "::1", 25_826, None);
        check("[::1]:9", "::1", 9, None);
        check("fe80::1%eth0", "fe80::1", 25_826, Some("eth0"));
        check("[fe80::1%eth0]:9", "fe80::1", 9, Some("eth0"));
        check("[ff18::efc0:4a42]:9%eth0", "ff18::efc0:4a42", 9, Some("eth0"));
    }

    #[test]
    fn what_is_no_destination_is_refused_with_an_example() {
        for text in ["", ":9", "a b", "[::1", "[::1]9", "a/b", "a@b", "a,b", "%eth0", "1:2:3"] {
            let refused = text.parse::<Destination>();
            assert!(matches!(refused, Err(ParseDestinationError::Host(_))), "{text}: {refused:?}");
        }
    }

    #[test]
    fn what_is_no_port_or_interface_is_refused() {
        for text in ["a:", "a:0", "a:65536", "a:-1", "a:+1", "[::1]:x"] {
            let refused = text.parse::<Destination>();
            assert!(matches!(refused, Err(ParseDestinationError::Port(_))), "{text}: {refused:?}");
        }
        for text in ["a%", "a%eth0:9", "[::1%a]:1%b", "a%b%c"] {
            let refused = text.parse::<Destination>();
            let is_interface = matches!(refused, Err(ParseDestinationError::Interface(_)));
            assert!(is_interface, "{text}: {refused:?}");
        }
    }
}
