//! The network interfaces of this machine: names, addresses, and what they can do.

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use socket2::Socket;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name, as `ip link` shows it.
    pub name: String,
    /// The kernel's number for it; a name that comes back may get another.
    pub index: u32,
    /// Switched on.
    pub is_up: bool,
    /// Can send and receive multicast. Linux says no for `lo`, though joining works there.
    pub is_multicast: bool,
    /// The loopback.
    pub is_loopback: bool,
    /// Its IPv4 addresses.
    pub v4: Vec<Ipv4Addr>,
    /// Its IPv6 addresses.
    pub v6: Vec<Ipv6Addr>,
}

impl Interface {
    /// Whether joining a group here is worth trying.
    pub fn can_join(&self) -> bool {
        self.is_up && (self.is_multicast || self.is_loopback)
    }

    /// Whether it has an address of the family of `address`.
    pub fn speaks(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => !self.v4.is_empty(),
            IpAddr::V6(_) => !self.v6.is_empty(),
        }
    }
}

/// The interface that a user calls `name`: by its name, or by its number as in `fe80::1%2`.
pub fn find<'a>(all: &'a [Interface], name: &str) -> Option<&'a Interface> {
    let number = || name.parse::<u32>().ok();
    all.iter()
        .find(|found| found.name == name)
        .or_else(|| number().and_then(|index| all.iter().find(|found| found.index == index)))
}

/// `ADDRESS%INTERFACE` in two; what has no `%` names no interface.
pub(crate) fn split_interface(text: &str) -> (&str, Option<&str>) {
    match text.split_once('%') {
        Some((front, interface)) => (front, Some(interface)),
        None => (text, None),
    }
}

/// Ties `socket` to the interface, whatever the routes say.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "fuchsia"))]
pub(crate) fn bind_to_interface(socket: &Socket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

/// Elsewhere only link-local addresses and groups are tied to an interface, by their scope.
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "fuchsia")))]
pub(crate) fn bind_to_interface(_socket: &Socket, _name: &str) -> io::Result<()> {
    Ok(())
}

/// All interfaces, in the kernel's order.
pub fn interfaces() -> io::Result<Vec<Interface>> {
    let mut found: Vec<Interface> = Vec::new();
    // Each is listed once per address, and there may be thousands.
    let mut places: HashMap<String, usize> = HashMap::new();
    for entry in getifaddrs()? {
        let place = match places.entry(entry.interface_name.clone()) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                // An interface can vanish between the two calls: then it is none.
                let Ok(index) = if_nametoindex(entry.interface_name.as_str()) else {
                    continue;
                };
                found.push(Interface {
                    name: entry.interface_name,
                    index,
                    is_up: entry.flags.contains(InterfaceFlags::IFF_UP),
                    is_multicast: entry.flags.contains(InterfaceFlags::IFF_MULTICAST),
                    is_loopback: entry.flags.contains(InterfaceFlags::IFF_LOOPBACK),
                    ..Interface::default()
                });
                *new.insert(found.len() - 1)
            }
        };
        let Some(interface) = found.get_mut(place) else {
            continue;
        };
        let Some(address) = entry.address else {
            continue;
        };
        if let Some(v4) = address.as_sockaddr_in() {
            interface.v4.push(v4.ip());
        } else if let Some(v6) = address.as_sockaddr_in6() {
            interface.v6.push(v6.ip());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_found_once_with_its_address() {
        let all = interfaces().unwrap();
        let loopbacks: Vec<_> = all.iter().filter(|found| found.is_loopback).collect();
        assert_eq!(loopbacks.len(), 1, "{all:?}");
        assert!(loopbacks[0].v4.contains(&Ipv4Addr::LOCALHOST), "{all:?}");
        assert!(loopbacks[0].can_join(), "{all:?}");
    }

    #[test]
    fn an_interface_is_found_by_its_name_or_else_by_its_number() {
        let named =
            |name: &str, index| Interface { name: name.into(), index, ..Interface::default() };
        let all = [named("eth0", 3), named("4", 9), named("eth1", 4)];
        for (name, index) in [("eth0", 3), ("3", 3), ("4", 9)] {
            assert_eq!(find(&all, name).map(|found| found.index), Some(index), "{name}");
        }
        assert_eq!(find(&all, "eth9"), None);
        assert_eq!(find(&all, "5"), None);
    }
}
