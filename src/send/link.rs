//! One socket to one destination.
//!
//! Connected, so that the answer "port unreachable" comes back; opened again when sending
//! fails, since addresses of names and of this machine change.

use super::OpenError;
use super::destination::Destination;
use crate::source::interfaces::{Interface, bind_to_interface, interfaces};
use crate::source::reason::errno;
use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::num::NonZeroU8;
use std::time::{Duration, Instant};

/// Least time before a destination that cannot be reached is looked up again: a name server that
/// does not answer would hold up everything.
const REOPEN_EVERY: Duration = Duration::from_secs(10);

/// An open socket, and what it takes to open it again.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) destination: Destination,
    ttl: Option<NonZeroU8>,
    pub(super) socket: Socket,
    pub(super) address: SocketAddr,
    opened: Instant,
}

impl Link {
    pub(super) fn open(
        destination: &Destination,
        ttl: Option<NonZeroU8>,
    ) -> Result<Self, OpenError> {
        let addresses = destination
            .resolve()
            .map_err(|cause| OpenError::Resolve { destination: destination.to_string(), cause })?;
        let found = find_interface(destination)?;
        let mut failure = None;
        // The first that can be reached: a machine without IPv6 still gets IPv6 addresses.
        for address in addresses {
            match connect(address, found.as_ref(), ttl) {
                Ok((socket, address)) => {
                    let opened = Instant::now();
                    return Ok(Self {
                        destination: destination.clone(),
                        ttl,
                        socket,
                        address,
                        opened,
                    });
                }
                Err(cause) => failure = failure.or(Some((address, cause))),
            }
        }
        let destination = destination.to_string();
        Err(match failure {
            Some((address, cause)) => OpenError::Socket { destination, address, cause },
            None => OpenError::Resolve {
                destination,
                cause: io::Error::new(io::ErrorKind::NotFound, "it has no address"),
            },
        })
    }

    /// Hands one datagram to the system. An error may be about an earlier one.
    pub(super) fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let Err(error) = self.socket.send(datagram) else {
            return Ok(());
        };
        match errno(&error) {
            // The answer to an earlier datagram; this one was not sent.
            Some(Errno::ECONNREFUSED) => self.socket.send(datagram).and(Err(error)),
            Some(Errno::EMSGSIZE | Errno::EINTR | Errno::EAGAIN) => Err(error),
            // No route, address gone, interface down: perhaps another way.
            _ if self.opened.elapsed() >= REOPEN_EVERY => {
                self.opened = Instant::now();
                *self = Self::open(&self.destination, self.ttl).map_err(|_| error)?;
                self.socket.send(datagram).map(drop)
            }
            _ => Err(error),
        }
    }

    /// Whether answers can come back: there are none from a group.
    pub(super) fn may_be_refused(&self) -> bool {
        !self.address.ip().is_multicast()
    }
}

fn find_interface(destination: &Destination) -> Result<Option<Interface>, OpenError> {
    let Some(name) = &destination.interface else {
        return Ok(None);
    };
    let all = interfaces().unwrap_or_default();
    match all.iter().find(|found| found.name == *name) {
        Some(found) => Ok(Some(found.clone())),
        None => Err(OpenError::NoInterface {
            destination: destination.to_string(),
            name: name.clone(),
            known: all.into_iter().map(|found| found.name).collect(),
        }),
    }
}

/// As `network_set_interface` and `network_set_ttl` of collectd's `src/network.c`.
fn connect(
    address: SocketAddr,
    interface: Option<&Interface>,
    ttl: Option<NonZeroU8>,
) -> io::Result<(Socket, SocketAddr)> {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    let is_group = address.ip().is_multicast();
    if let Some(interface) = interface {
        match (address.ip(), interface.v4.first()) {
            (IpAddr::V4(_), Some(own)) if is_group => socket.set_multicast_if_v4(own)?,
            (IpAddr::V6(_), _) if is_group => socket.set_multicast_if_v6(interface.index)?,
            _ => bind_to_interface(&socket, &interface.name)?,
        }
    }
    if let Some(ttl) = ttl {
        let hops = u32::from(ttl.get());
        match (address.is_ipv4(), is_group) {
            (true, true) => socket.set_multicast_ttl_v4(hops)?,
            (true, false) => socket.set_ttl_v4(hops)?,
            (false, true) => socket.set_multicast_hops_v6(hops)?,
            (false, false) => socket.set_unicast_hops_v6(hops)?,
        }
    }
    let address = scoped(address, interface);
    socket.connect(&address.into())?;
    Ok((socket, address))
}

/// With the interface as scope, which link-local addresses need.
fn scoped(address: SocketAddr, interface: Option<&Interface>) -> SocketAddr {
    match (address, interface) {
        (SocketAddr::V6(v6), Some(interface)) if v6.scope_id() == 0 => {
            let is_local = v6.ip().is_unicast_link_local() || v6.ip().is_multicast();
            let scope = if is_local { interface.index } else { 0 };
            SocketAddrV6::new(*v6.ip(), v6.port(), v6.flowinfo(), scope).into()
        }
        _ => address,
    }
}

/// The error in words, with advice where there is any.
pub(super) fn reason(error: &io::Error) -> String {
    match errno(error) {
        Some(Errno::ECONNREFUSED) => "connection refused, nothing listens on that port".into(),
        Some(Errno::EACCES) => {
            "permission denied, by a firewall or since it is a broadcast address".into()
        }
        _ => crate::source::reason::reason(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(destination: &str) -> Link {
        Link::open(&destination.parse().unwrap(), NonZeroU8::new(7)).unwrap()
    }

    #[test]
    fn hops_are_set_for_machines_and_for_groups() {
        assert_eq!(open("127.0.0.1").socket.ttl_v4().unwrap(), 7);
        assert_eq!(open("[::1]").socket.unicast_hops_v6().unwrap(), 7);
        assert_eq!(open("239.192.74.66%lo").socket.multicast_ttl_v4().unwrap(), 7);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_interface_is_chosen_as_by_the_daemon() {
        let lo = interfaces().unwrap().into_iter().find(|found| found.name == "lo").unwrap();
        let group = open("239.192.74.66%lo").socket;
        assert_eq!(group.multicast_if_v4().unwrap().to_string(), "127.0.0.1");
        let unicast = open("127.0.0.1%lo").socket;
        assert_eq!(unicast.device().unwrap().as_deref(), Some(&b"lo"[..]));
        let scoped = scoped("[ff18::efc0:4a42]:1".parse().unwrap(), Some(&lo));
        assert!(matches!(scoped, SocketAddr::V6(v6) if v6.scope_id() == lo.index));
        let global = super::scoped("[2001:db8::1]:1".parse().unwrap(), Some(&lo));
        assert!(matches!(global, SocketAddr::V6(v6) if v6.scope_id() == 0));
    }

    #[test]
    fn what_cannot_be_opened_is_reported_with_destination_and_reason() {
        let message =
            |text: &str| Link::open(&text.parse().unwrap(), None).unwrap_err().to_string();
        let no_interface = message("127.0.0.1%nosuch0");
        assert!(
            no_interface
                .starts_with("cannot send to 127.0.0.1:25826%nosuch0: no interface nosuch0"),
            "{no_interface}"
        );
        // RFC 6761: names below `invalid` have no address.
        let no_name = message("host.invalid:9");
        assert!(no_name.starts_with("cannot find the address of host.invalid:9: "), "{no_name}");
    }
}
